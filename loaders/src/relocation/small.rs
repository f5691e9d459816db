//! MSP430, TriCore and Xtensa.
//!
//! * "MSP430 Embedded Application Binary Interface" (SLAA534), section 13.5,
//!   and the older numbers of the GNU tools for the plain MSP430;
//! * "TriCore Embedded ABI User's Manual", section 4;
//! * the relocations of the Xtensa GNU tools, with the instruction formats of
//!   the "Xtensa Instruction Set Architecture Reference Manual".

use object::elf;
use terrella_platforms::{Architecture, ByteOrder};

use super::riscv::{set_uleb, subtract_uleb};
use super::{
    Formula::{Absolute, Nothing, PcRelative, Special, TlsOffset, TpOffset, Unsupported},
    Howto, Problem, Site,
    field::{BYTE, Check, Field, HALF, HALF_ANY, NONE, WORD_ANY},
    formula::row,
};
use crate::module::Module;

/// Whether a module has the relocation numbers of the MSP430 EABI.
pub(super) fn is_msp430x(module: &Module) -> bool {
    module.platform.architecture() == Architecture::Msp430X
}

const WORDS10: Field = Field::data(2, &[(1, 10, 0)], Check::Signed(11)).of_multiples(2);

/// The types of MSP430 (GNU numbers).
pub(super) const MSP430: &[Howto] = &[
    row(0, "R_MSP430_NONE", Nothing, NONE),
    row(1, "R_MSP430_32", Absolute, WORD_ANY),
    row(2, "R_MSP430_10_PCREL", Special(jump10), WORDS10),
    row(3, "R_MSP430_16", Absolute, HALF_ANY),
    row(4, "R_MSP430_16_PCREL", PcRelative, HALF_ANY),
    row(5, "R_MSP430_16_BYTE", Absolute, HALF_ANY),
    row(6, "R_MSP430_16_PCREL_BYTE", PcRelative, HALF_ANY),
    row(7, "R_MSP430_2X_PCREL", Unsupported("it is for relaxation"), NONE),
    row(8, "R_MSP430_RL_PCREL", Unsupported("it is for relaxation"), NONE),
    row(9, "R_MSP430_8", Absolute, BYTE),
    row(10, "R_MSP430_SYM_DIFF", Nothing, NONE),
    row(11, "R_MSP430_GNU_SET_ULEB128", Special(set_uleb), NONE),
    row(12, "R_MSP430_GNU_SUB_ULEB128", Special(subtract_uleb), NONE),
];

const WORD16: Field = HALF_ANY;

/// The types of MSP430X (EABI numbers).
pub(super) const MSP430X: &[Howto] = &[
    row(0, "R_MSP430_NONE", Nothing, NONE),
    row(1, "R_MSP430_ABS32", Absolute, WORD_ANY),
    row(2, "R_MSP430_ABS16", Absolute, WORD16),
    row(3, "R_MSP430_ABS8", Absolute, BYTE),
    row(4, "R_MSP430_PCR16", PcRelative, WORD16),
    row(5, "R_MSP430X_PCR20_EXT_SRC", Special(pcr20_ext_src), NONE),
    row(6, "R_MSP430X_PCR20_EXT_DST", Special(pcr20_ext_dst), NONE),
    row(7, "R_MSP430X_PCR20_EXT_ODST", Special(pcr20_ext_odst), NONE),
    row(8, "R_MSP430X_ABS20_EXT_SRC", Special(abs20_ext_src), NONE),
    row(9, "R_MSP430X_ABS20_EXT_DST", Special(abs20_ext_dst), NONE),
    row(10, "R_MSP430X_ABS20_EXT_ODST", Special(abs20_ext_odst), NONE),
    row(11, "R_MSP430X_ABS20_ADR_SRC", Special(abs20_adr_src), NONE),
    row(12, "R_MSP430X_ABS20_ADR_DST", Special(abs20_adr_dst), NONE),
    row(13, "R_MSP430X_PCR16", PcRelative, HALF),
    row(14, "R_MSP430X_PCR20_CALL", Special(pcr20_call), NONE),
    row(15, "R_MSP430X_ABS16", Absolute, HALF),
    row(16, "R_MSP430_ABS_HI16", Absolute, Field::data(2, &[(16, 16, 0)], Check::Any)),
    row(17, "R_MSP430_PREL31", PcRelative, Field::data(4, &[(0, 31, 0)], Check::Signed(31))),
    row(18, "R_MSP430_EHTYPE", Unsupported("exception tables"), NONE),
    row(19, "R_MSP430X_10_PCREL", Special(jump10), WORDS10),
    row(20, "R_MSP430X_2X_PCREL", Unsupported("it is for relaxation"), NONE),
    row(21, "R_MSP430X_SYM_DIFF", Nothing, NONE),
    row(22, "R_MSP430X_GNU_SET_ULEB128", Special(set_uleb), NONE),
    row(23, "R_MSP430X_GNU_SUB_ULEB128", Special(subtract_uleb), NONE),
];

/// A jump: 10 bits of words from the instruction behind it.
fn jump10(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?).wrapping_sub(site.place());
    site.put(value.wrapping_sub(2))
}

/// 20 bits: the high four in the first word from bit `high_at` on, the low
/// sixteen in the word at `low_at`, which a distance counts from.
fn put20(site: &mut Site<'_>, high_at: u8, low_at: u64, relative: bool) -> Result<(), Problem> {
    const HIGH_0: Field = Field::data(2, &[(16, 4, 0)], Check::Any);
    const HIGH_7: Field = Field::data(2, &[(16, 4, 7)], Check::Any);
    const HIGH_8: Field = Field::data(2, &[(16, 4, 8)], Check::Any);
    let at = site.relocation.place;
    let low_place = at.wrapping_add(low_at);
    let mut value = site.target.value.wrapping_add(site.addend()?);
    if relative {
        value = value.wrapping_sub(site.module.placed(low_place));
    }
    let signed = i64::from(value as u32 as i32);
    if !(-(1 << 19)..1 << 20).contains(&signed) {
        return Err(Problem::Overflow(site.howto.name, value));
    }
    let high = match high_at {
        7 => &HIGH_7,
        8 => &HIGH_8,
        _ => &HIGH_0,
    };
    site.put_into(at, high, value)?;
    site.put_into(low_place, &WORD16, value)
}

fn pcr20_ext_src(site: &mut Site<'_>) -> Result<(), Problem> {
    put20(site, 7, 4, true)
}

fn pcr20_ext_dst(site: &mut Site<'_>) -> Result<(), Problem> {
    put20(site, 0, 4, true)
}

fn pcr20_ext_odst(site: &mut Site<'_>) -> Result<(), Problem> {
    put20(site, 0, 6, true)
}

fn abs20_ext_src(site: &mut Site<'_>) -> Result<(), Problem> {
    put20(site, 7, 4, false)
}

fn abs20_ext_dst(site: &mut Site<'_>) -> Result<(), Problem> {
    put20(site, 0, 4, false)
}

fn abs20_ext_odst(site: &mut Site<'_>) -> Result<(), Problem> {
    put20(site, 0, 6, false)
}

fn abs20_adr_src(site: &mut Site<'_>) -> Result<(), Problem> {
    put20(site, 8, 2, false)
}

fn abs20_adr_dst(site: &mut Site<'_>) -> Result<(), Problem> {
    put20(site, 0, 2, false)
}

fn pcr20_call(site: &mut Site<'_>) -> Result<(), Problem> {
    put20(site, 0, 2, true)
}

const SMALL_DATA: super::Formula = Unsupported("there is no small-data area");

/// The types of TriCore.
pub(super) const TRICORE: &[Howto] = &[
    row(0, "R_TRICORE_NONE", Nothing, NONE),
    row(1, "R_TRICORE_32REL", PcRelative, WORD_ANY),
    row(2, "R_TRICORE_32ABS", Absolute, WORD_ANY),
    row(
        3,
        "R_TRICORE_24REL",
        PcRelative,
        Field::data(4, &[(1, 16, 16), (17, 8, 8)], Check::Signed(25)).of_multiples(2),
    ),
    row(4, "R_TRICORE_24ABS", Special(absolute24), NONE),
    row(5, "R_TRICORE_16SM", SMALL_DATA, NONE),
    row(6, "R_TRICORE_HI", Absolute, Field::data(4, &[(16, 16, 12)], Check::Any).rounded(0x8000)),
    row(7, "R_TRICORE_LO", Absolute, Field::data(4, &[(0, 16, 12)], Check::Any)),
    row(8, "R_TRICORE_LO2", Absolute, Field::data(4, &[(0, 6, 16), (6, 4, 28), (10, 6, 22)], Check::Any)),
    row(9, "R_TRICORE_18ABS", Special(absolute18), NONE),
    row(10, "R_TRICORE_10SM", SMALL_DATA, NONE),
    row(11, "R_TRICORE_15REL", PcRelative, Field::data(4, &[(1, 15, 16)], Check::Signed(16)).of_multiples(2)),
    row(12, "R_TRICORE_10LI", SMALL_DATA, NONE),
    row(13, "R_TRICORE_16LI", SMALL_DATA, NONE),
];

/// An absolute call: the lowest 2 MiB of each of the 16 segments.
fn absolute24(site: &mut Site<'_>) -> Result<(), Problem> {
    const FIELD: Field = Field::data(4, &[(1, 16, 16), (17, 4, 8), (28, 4, 12)], Check::Any).of_multiples(2);
    absolute(site, &FIELD, 0x0fe0_0000)
}

/// An absolute access: the lowest 16 KiB of each of the 16 segments.
fn absolute18(site: &mut Site<'_>) -> Result<(), Problem> {
    const FIELD: Field = Field::data(4, &[(0, 6, 16), (6, 4, 28), (10, 4, 22), (28, 4, 12)], Check::Any);
    absolute(site, &FIELD, 0x0fff_c000)
}

fn absolute(site: &mut Site<'_>, field: &Field, out_of_reach: u64) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?);
    if value & out_of_reach != 0 {
        return Err(Problem::Overflow(site.howto.name, value));
    }
    let at = site.relocation.place;
    site.put_into(at, field, value)
}

const FLIX: super::Formula = Unsupported("bundles of instructions are not known");
const DESCRIPTOR: super::Formula = Unsupported("descriptors need a run-time linker on this processor");

/// The types of Xtensa.
pub(super) const XTENSA: &[Howto] = &[
    row(elf::R_XTENSA_NONE, "R_XTENSA_NONE", Nothing, NONE),
    row(elf::R_XTENSA_32, "R_XTENSA_32", Special(add_word), WORD_ANY),
    row(elf::R_XTENSA_RTLD, "R_XTENSA_RTLD", Nothing, NONE),
    row(elf::R_XTENSA_GLOB_DAT, "R_XTENSA_GLOB_DAT", Absolute, WORD_ANY),
    row(elf::R_XTENSA_JMP_SLOT, "R_XTENSA_JMP_SLOT", Absolute, WORD_ANY),
    row(elf::R_XTENSA_RELATIVE, "R_XTENSA_RELATIVE", Special(add_bias), WORD_ANY),
    row(elf::R_XTENSA_PLT, "R_XTENSA_PLT", Absolute, WORD_ANY),
    // The assembler's marks for relaxation, and differences that are right
    // as long as nothing is relaxed.
    row(elf::R_XTENSA_ASM_EXPAND, "R_XTENSA_ASM_EXPAND", Nothing, NONE),
    row(elf::R_XTENSA_ASM_SIMPLIFY, "R_XTENSA_ASM_SIMPLIFY", Nothing, NONE),
    row(elf::R_XTENSA_32_PCREL, "R_XTENSA_32_PCREL", PcRelative, WORD_ANY),
    row(elf::R_XTENSA_GNU_VTINHERIT, "R_XTENSA_GNU_VTINHERIT", Nothing, NONE),
    row(elf::R_XTENSA_GNU_VTENTRY, "R_XTENSA_GNU_VTENTRY", Nothing, NONE),
    row(elf::R_XTENSA_DIFF8, "R_XTENSA_DIFF8", Nothing, NONE),
    row(elf::R_XTENSA_DIFF16, "R_XTENSA_DIFF16", Nothing, NONE),
    row(elf::R_XTENSA_DIFF32, "R_XTENSA_DIFF32", Nothing, NONE),
    row(elf::R_XTENSA_SLOT0_OP, "R_XTENSA_SLOT0_OP", Special(instruction), NONE),
    row(elf::R_XTENSA_SLOT0_ALT, "R_XTENSA_SLOT0_ALT", Nothing, NONE),
    row(elf::R_XTENSA_TLSDESC_FN, "R_XTENSA_TLSDESC_FN", DESCRIPTOR, NONE),
    row(elf::R_XTENSA_TLSDESC_ARG, "R_XTENSA_TLSDESC_ARG", DESCRIPTOR, NONE),
    row(elf::R_XTENSA_TLS_DTPOFF, "R_XTENSA_TLS_DTPOFF", TlsOffset, WORD_ANY),
    row(elf::R_XTENSA_TLS_TPOFF, "R_XTENSA_TLS_TPOFF", TpOffset, WORD_ANY),
    row(elf::R_XTENSA_TLS_FUNC, "R_XTENSA_TLS_FUNC", Nothing, NONE),
    row(elf::R_XTENSA_TLS_ARG, "R_XTENSA_TLS_ARG", Nothing, NONE),
    row(elf::R_XTENSA_TLS_CALL, "R_XTENSA_TLS_CALL", Nothing, NONE),
    row(elf::R_XTENSA_PDIFF8, "R_XTENSA_PDIFF8", Nothing, NONE),
    row(elf::R_XTENSA_PDIFF16, "R_XTENSA_PDIFF16", Nothing, NONE),
    row(elf::R_XTENSA_PDIFF32, "R_XTENSA_PDIFF32", Nothing, NONE),
    row(elf::R_XTENSA_NDIFF8, "R_XTENSA_NDIFF8", Nothing, NONE),
    row(elf::R_XTENSA_NDIFF16, "R_XTENSA_NDIFF16", Nothing, NONE),
    row(elf::R_XTENSA_NDIFF32, "R_XTENSA_NDIFF32", Nothing, NONE),
    row(8, "R_XTENSA_OP0", Unsupported("it is obsolete"), NONE),
    row(9, "R_XTENSA_OP1", Unsupported("it is obsolete"), NONE),
    row(10, "R_XTENSA_OP2", Unsupported("it is obsolete"), NONE),
    row(21, "R_XTENSA_SLOT1_OP", FLIX, NONE),
    row(22, "R_XTENSA_SLOT2_OP", FLIX, NONE),
    row(23, "R_XTENSA_SLOT3_OP", FLIX, NONE),
    row(24, "R_XTENSA_SLOT4_OP", FLIX, NONE),
    row(25, "R_XTENSA_SLOT5_OP", FLIX, NONE),
    row(26, "R_XTENSA_SLOT6_OP", FLIX, NONE),
    row(27, "R_XTENSA_SLOT7_OP", FLIX, NONE),
    row(28, "R_XTENSA_SLOT8_OP", FLIX, NONE),
    row(29, "R_XTENSA_SLOT9_OP", FLIX, NONE),
    row(30, "R_XTENSA_SLOT10_OP", FLIX, NONE),
    row(31, "R_XTENSA_SLOT11_OP", FLIX, NONE),
    row(32, "R_XTENSA_SLOT12_OP", FLIX, NONE),
    row(33, "R_XTENSA_SLOT13_OP", FLIX, NONE),
    row(34, "R_XTENSA_SLOT14_OP", FLIX, NONE),
    row(36, "R_XTENSA_SLOT1_ALT", FLIX, NONE),
    row(37, "R_XTENSA_SLOT2_ALT", FLIX, NONE),
    row(38, "R_XTENSA_SLOT3_ALT", FLIX, NONE),
    row(39, "R_XTENSA_SLOT4_ALT", FLIX, NONE),
    row(40, "R_XTENSA_SLOT5_ALT", FLIX, NONE),
    row(41, "R_XTENSA_SLOT6_ALT", FLIX, NONE),
    row(42, "R_XTENSA_SLOT7_ALT", FLIX, NONE),
    row(43, "R_XTENSA_SLOT8_ALT", FLIX, NONE),
    row(44, "R_XTENSA_SLOT9_ALT", FLIX, NONE),
    row(45, "R_XTENSA_SLOT10_ALT", FLIX, NONE),
    row(46, "R_XTENSA_SLOT11_ALT", FLIX, NONE),
    row(47, "R_XTENSA_SLOT12_ALT", FLIX, NONE),
    row(48, "R_XTENSA_SLOT13_ALT", FLIX, NONE),
    row(49, "R_XTENSA_SLOT14_ALT", FLIX, NONE),
];

/// The word is added to, besides the addend of the relocation.
fn add_word(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = site.relocation.addend.unwrap_or(0) as u64;
    let value = site.unit()?.wrapping_add(site.target.value).wrapping_add(addend);
    site.put(value)
}

fn add_bias(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = site.relocation.addend.unwrap_or(0) as u64;
    let value = site.unit()?.wrapping_add(site.module.bias).wrapping_add(addend);
    site.put(value)
}

/// The operand of an instruction: which one it is shows in its lowest bits.
fn instruction(site: &mut Site<'_>) -> Result<(), Problem> {
    const LITERAL: Field = Field::little(3, &[(2, 16, 8)], Check::Any).of_multiples(4);
    const CALL: Field = Field::little(3, &[(2, 18, 6)], Check::Signed(20)).of_multiples(4);
    const JUMP: Field = Field::little(3, &[(0, 18, 6)], Check::Signed(18));
    const BRANCH12: Field = Field::little(3, &[(0, 12, 12)], Check::Signed(12));
    const BRANCH8: Field = Field::little(3, &[(0, 8, 16)], Check::Signed(8));
    const NARROW: Field = Field::little(2, &[(0, 4, 12), (4, 2, 4)], Check::Unsigned(6));
    if site.module.order == ByteOrder::Big {
        let reason = "instructions of big-endian Xtensa are not implemented";
        return Err(Problem::Unsupported(site.howto.name, reason));
    }
    let (at, place) = (site.relocation.place, site.place());
    let outside = Problem::Outside(site.howto.name);
    let first = site.module.read_integer(at, 1).ok_or(outside)?;
    let target = site.target.value.wrapping_add(site.addend()?);
    let behind = target.wrapping_sub(place.wrapping_add(4));
    // The four bits of `op0`, then `n` and `m`.
    match (first & 0xf, first >> 4 & 3, first >> 6) {
        (1, ..) => {
            let distance = target.wrapping_sub(place.wrapping_add(3) & !3);
            // Literals are up to 256 KiB before the instruction.
            let signed = i64::from(distance as u32 as i32);
            if !(-0x4_0000..0).contains(&signed) {
                return Err(Problem::Overflow(site.howto.name, distance));
            }
            site.put_into(at, &LITERAL, distance)
        }
        (5, ..) => site.put_into(at, &CALL, target.wrapping_sub((place & !3).wrapping_add(4))),
        (6, 0, _) => site.put_into(at, &JUMP, behind),
        (6, 1, _) => site.put_into(at, &BRANCH12, behind),
        (6, 2, _) | (6, 3, 2 | 3) | (7, ..) => site.put_into(at, &BRANCH8, behind),
        // `beqz.n`, `bnez.n`.
        (0xc, 0..=3, 2 | 3) => site.put_into(at, &NARROW, behind),
        // Loops and `bt`, `bf`.
        (6, 3, 1) => site.put_into(at, &BRANCH8, behind),
        // Other instructions have no operand of this kind.
        _ => Err(Problem::Unsupported(site.howto.name, "no operand of this instruction is an address")),
    }
}
