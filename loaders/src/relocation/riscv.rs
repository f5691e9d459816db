//! RISC-V: "RISC-V ELF psABI Specification", version 1.0, section 8.5.
//!
//! Nothing is relaxed: padding for alignment stays as the assembler put it,
//! and hints are ignored.

use object::elf;

use super::{
    Content,
    Formula::{
        Absolute, Copy, Deferred, Indirect, Nothing, PcRelative, Relative, SlotSpecial, Special, Symbol,
        TlsDescriptor, TlsModule, TlsOffset, TpOffset, Unsupported,
    },
    Howto, Problem, Reach, Site,
    field::{Check, Field, LONG, NONE, WORD, WORD_ANY, WORD_SIGNED},
    formula::{SLOT_PC, row},
};

const fn instruction(pieces: &'static [(u8, u8, u8)], check: Check) -> Field {
    Field::little(4, pieces, check)
}

const BRANCH: Field = instruction(&[(12, 1, 31), (5, 6, 25), (1, 4, 8), (11, 1, 7)], Check::Signed(13));
const JAL: Field = instruction(&[(20, 1, 31), (1, 10, 21), (11, 1, 20), (12, 8, 12)], Check::Signed(21));
const HI20: Field = instruction(&[(12, 20, 12)], Check::Signed(32)).rounded(0x800);
const LO12_I: Field = instruction(&[(0, 12, 20)], Check::Any);
const LO12_S: Field = instruction(&[(0, 5, 7), (5, 7, 25)], Check::Any);
const RVC_BRANCH: Field =
    Field::little(2, &[(8, 1, 12), (3, 2, 10), (6, 2, 5), (1, 2, 3), (5, 1, 2)], Check::Signed(9));
const RVC_JUMP: Field = Field::little(
    2,
    &[(11, 1, 12), (4, 1, 11), (8, 2, 9), (10, 1, 8), (6, 1, 7), (7, 1, 6), (1, 3, 3), (5, 1, 2)],
    Check::Signed(12),
);
const RVC_LUI: Field = Field::little(2, &[(17, 1, 12), (12, 5, 2)], Check::Signed(18)).rounded(0x800);
const SIX_BITS: Field = Field::data(1, &[(0, 6, 0)], Check::Any);
const BYTE: Field = Field::data(1, &[(0, 8, 0)], Check::Any);
const HALF: Field = Field::data(2, &[(0, 16, 0)], Check::Any);

const RELAXED: super::Formula = Unsupported("only linkers make it, of what they relaxed");

/// The types of words as wide as a pointer, in 64-bit files.
pub(super) const LONG_TYPES: &[Howto] = &[
    row(elf::R_RISCV_RELATIVE, "R_RISCV_RELATIVE", Relative, LONG),
    row(elf::R_RISCV_JUMP_SLOT, "R_RISCV_JUMP_SLOT", Symbol, LONG),
    row(elf::R_RISCV_IRELATIVE, "R_RISCV_IRELATIVE", Indirect, LONG),
];

/// Those in 32-bit files.
pub(super) const SHORT_TYPES: &[Howto] = &[
    row(elf::R_RISCV_RELATIVE, "R_RISCV_RELATIVE", Relative, WORD),
    row(elf::R_RISCV_JUMP_SLOT, "R_RISCV_JUMP_SLOT", Symbol, WORD),
    row(elf::R_RISCV_IRELATIVE, "R_RISCV_IRELATIVE", Indirect, WORD),
];

/// The others.
pub(super) const TYPES: &[Howto] = &[
    row(elf::R_RISCV_NONE, "R_RISCV_NONE", Nothing, NONE),
    row(elf::R_RISCV_32, "R_RISCV_32", Absolute, WORD),
    row(elf::R_RISCV_64, "R_RISCV_64", Absolute, LONG),
    row(elf::R_RISCV_COPY, "R_RISCV_COPY", Copy, NONE),
    row(elf::R_RISCV_TLS_DTPMOD32, "R_RISCV_TLS_DTPMOD32", TlsModule, WORD),
    row(elf::R_RISCV_TLS_DTPMOD64, "R_RISCV_TLS_DTPMOD64", TlsModule, LONG),
    row(elf::R_RISCV_TLS_DTPREL32, "R_RISCV_TLS_DTPREL32", TlsOffset, WORD),
    row(elf::R_RISCV_TLS_DTPREL64, "R_RISCV_TLS_DTPREL64", TlsOffset, LONG),
    row(elf::R_RISCV_TLS_TPREL32, "R_RISCV_TLS_TPREL32", TpOffset, WORD),
    row(elf::R_RISCV_TLS_TPREL64, "R_RISCV_TLS_TPREL64", TpOffset, LONG),
    row(elf::R_RISCV_TLSDESC, "R_RISCV_TLSDESC", TlsDescriptor, LONG),
    row(elf::R_RISCV_BRANCH, "R_RISCV_BRANCH", Special(branch), BRANCH),
    row(elf::R_RISCV_JAL, "R_RISCV_JAL", Special(branch), JAL),
    row(elf::R_RISCV_CALL, "R_RISCV_CALL", Special(call), HI20),
    row(elf::R_RISCV_CALL_PLT, "R_RISCV_CALL_PLT", Special(call), HI20),
    row(elf::R_RISCV_GOT_HI20, "R_RISCV_GOT_HI20", SlotSpecial(Content::Address, Reach::Pc, slot_high), HI20),
    row(
        elf::R_RISCV_TLS_GOT_HI20,
        "R_RISCV_TLS_GOT_HI20",
        SlotSpecial(Content::TpOffset, Reach::Pc, slot_high),
        HI20,
    ),
    row(
        elf::R_RISCV_TLS_GD_HI20,
        "R_RISCV_TLS_GD_HI20",
        SlotSpecial(Content::TlsIndex, Reach::Pc, slot_high),
        HI20,
    ),
    row(elf::R_RISCV_PCREL_HI20, "R_RISCV_PCREL_HI20", Special(high), HI20),
    row(elf::R_RISCV_PCREL_LO12_I, "R_RISCV_PCREL_LO12_I", Deferred(low), LO12_I),
    row(elf::R_RISCV_PCREL_LO12_S, "R_RISCV_PCREL_LO12_S", Deferred(low), LO12_S),
    row(elf::R_RISCV_HI20, "R_RISCV_HI20", Absolute, HI20),
    row(elf::R_RISCV_LO12_I, "R_RISCV_LO12_I", Absolute, LO12_I),
    row(elf::R_RISCV_LO12_S, "R_RISCV_LO12_S", Absolute, LO12_S),
    row(elf::R_RISCV_TPREL_HI20, "R_RISCV_TPREL_HI20", TpOffset, HI20),
    row(elf::R_RISCV_TPREL_LO12_I, "R_RISCV_TPREL_LO12_I", TpOffset, LO12_I),
    row(elf::R_RISCV_TPREL_LO12_S, "R_RISCV_TPREL_LO12_S", TpOffset, LO12_S),
    row(elf::R_RISCV_TPREL_ADD, "R_RISCV_TPREL_ADD", Nothing, NONE),
    row(elf::R_RISCV_ADD8, "R_RISCV_ADD8", Special(add), BYTE),
    row(elf::R_RISCV_ADD16, "R_RISCV_ADD16", Special(add), HALF),
    row(elf::R_RISCV_ADD32, "R_RISCV_ADD32", Special(add), WORD_ANY),
    row(elf::R_RISCV_ADD64, "R_RISCV_ADD64", Special(add), LONG),
    row(elf::R_RISCV_SUB8, "R_RISCV_SUB8", Special(subtract), BYTE),
    row(elf::R_RISCV_SUB16, "R_RISCV_SUB16", Special(subtract), HALF),
    row(elf::R_RISCV_SUB32, "R_RISCV_SUB32", Special(subtract), WORD_ANY),
    row(elf::R_RISCV_SUB64, "R_RISCV_SUB64", Special(subtract), LONG),
    row(elf::R_RISCV_GOT32_PCREL, "R_RISCV_GOT32_PCREL", SLOT_PC, WORD_SIGNED),
    row(elf::R_RISCV_ALIGN, "R_RISCV_ALIGN", Nothing, NONE),
    row(elf::R_RISCV_RVC_BRANCH, "R_RISCV_RVC_BRANCH", Special(branch), RVC_BRANCH),
    row(elf::R_RISCV_RVC_JUMP, "R_RISCV_RVC_JUMP", Special(branch), RVC_JUMP),
    row(elf::R_RISCV_RVC_LUI, "R_RISCV_RVC_LUI", Absolute, RVC_LUI),
    row(elf::R_RISCV_RELAX, "R_RISCV_RELAX", Nothing, NONE),
    row(elf::R_RISCV_SUB6, "R_RISCV_SUB6", Special(subtract), SIX_BITS),
    row(elf::R_RISCV_SET6, "R_RISCV_SET6", Absolute, SIX_BITS),
    row(elf::R_RISCV_SET8, "R_RISCV_SET8", Absolute, BYTE),
    row(elf::R_RISCV_SET16, "R_RISCV_SET16", Absolute, HALF),
    row(elf::R_RISCV_SET32, "R_RISCV_SET32", Absolute, WORD_ANY),
    row(elf::R_RISCV_32_PCREL, "R_RISCV_32_PCREL", PcRelative, WORD_SIGNED),
    row(elf::R_RISCV_PLT32, "R_RISCV_PLT32", PcRelative, WORD_SIGNED),
    row(elf::R_RISCV_SET_ULEB128, "R_RISCV_SET_ULEB128", Special(set_uleb), NONE),
    row(elf::R_RISCV_SUB_ULEB128, "R_RISCV_SUB_ULEB128", Special(subtract_uleb), NONE),
    row(
        elf::R_RISCV_TLSDESC_HI20,
        "R_RISCV_TLSDESC_HI20",
        SlotSpecial(Content::TlsDescriptor, Reach::Pc, slot_high),
        HI20,
    ),
    row(elf::R_RISCV_TLSDESC_LOAD_LO12, "R_RISCV_TLSDESC_LOAD_LO12", Deferred(low), LO12_I),
    row(elf::R_RISCV_TLSDESC_ADD_LO12, "R_RISCV_TLSDESC_ADD_LO12", Deferred(low), LO12_I),
    row(elf::R_RISCV_TLSDESC_CALL, "R_RISCV_TLSDESC_CALL", Nothing, NONE),
    row(47, "R_RISCV_GPREL_I", RELAXED, NONE),
    row(48, "R_RISCV_GPREL_S", RELAXED, NONE),
    row(49, "R_RISCV_TPREL_I", RELAXED, NONE),
    row(50, "R_RISCV_TPREL_S", RELAXED, NONE),
    row(191, "R_RISCV_VENDOR", Unsupported("types of vendors are not known"), NONE),
];

fn distance(site: &Site<'_>) -> Result<u64, Problem> {
    Ok(site.target.value.wrapping_add(site.addend()?).wrapping_sub(site.place()))
}

/// A branch; one to a weak symbol that nothing defines stays as it is.
fn branch(site: &mut Site<'_>) -> Result<(), Problem> {
    let distance = distance(site)?;
    let at = site.relocation.place;
    match site.put_into(at, &site.howto.field.of_multiples(2), distance) {
        Err(Problem::Overflow(..)) if site.target.missing_weak => Ok(()),
        result => result,
    }
}

/// `auipc` and the `jalr` behind it.
fn call(site: &mut Site<'_>) -> Result<(), Problem> {
    let distance = distance(site)?;
    let at = site.relocation.place;
    match site.put(distance) {
        Err(Problem::Overflow(..)) if site.target.missing_weak => return Ok(()),
        result => result?,
    }
    site.put_into(at.wrapping_add(4), &LO12_I, distance)
}

/// The upper part of a distance; the lower part refers to its place.
fn high(site: &mut Site<'_>) -> Result<(), Problem> {
    let distance = distance(site)?;
    record(site, distance)
}

fn slot_high(site: &mut Site<'_>) -> Result<(), Problem> {
    let distance = site.slot()?.wrapping_add(site.addend()?).wrapping_sub(site.place());
    record(site, distance)
}

fn record(site: &mut Site<'_>, distance: u64) -> Result<(), Problem> {
    let place = site.place();
    site.state.high_parts.insert(place, distance);
    match site.put(distance) {
        Err(Problem::Overflow(..)) if site.target.missing_weak => Ok(()),
        result => result,
    }
}

/// The lower part: the symbol is the place of the upper one.
fn low(site: &mut Site<'_>) -> Result<(), Problem> {
    let Some(distance) = site.state.high_parts.get(&site.target.value).copied() else {
        return Err(Problem::Unsupported(site.howto.name, "there is no upper part at its symbol"));
    };
    site.put(distance)
}

pub(super) fn add(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.unit()?.wrapping_add(site.target.value).wrapping_add(site.addend()?);
    site.put(value)
}

pub(super) fn subtract(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.unit()?.wrapping_sub(site.target.value.wrapping_add(site.addend()?));
    site.put(value)
}

pub(super) fn set_uleb(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?);
    site.state.sums.insert(site.relocation.place, value);
    Ok(())
}

pub(super) fn subtract_uleb(site: &mut Site<'_>) -> Result<(), Problem> {
    let place = site.relocation.place;
    let start = site.state.sums.remove(&place).unwrap_or(0);
    let value = start.wrapping_sub(site.target.value.wrapping_add(site.addend()?));
    put_uleb(site, value)
}

/// LoongArch adds to what is there, and then subtracts from it.
pub(super) fn add_uleb(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = read_uleb(site)?.wrapping_add(site.target.value).wrapping_add(site.addend()?);
    site.state.sums.insert(site.relocation.place, value);
    Ok(())
}

fn read_uleb(site: &Site<'_>) -> Result<u64, Problem> {
    let mut value = 0;
    for index in 0..10 {
        let at = site.relocation.place.wrapping_add(index);
        let byte = site.module.read_integer(at, 1).ok_or(Problem::Outside(site.howto.name))?;
        value |= (byte & 0x7f).checked_shl(7 * index as u32).unwrap_or(0);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Ok(value)
}

/// The number keeps its length.
pub(super) fn put_uleb(site: &mut Site<'_>, value: u64) -> Result<(), Problem> {
    let outside = Problem::Outside(site.howto.name);
    let mut rest = value;
    for index in 0..10 {
        let at = site.relocation.place.wrapping_add(index);
        let byte = site.module.read_integer(at, 1).ok_or(outside)?;
        site.module.write_integer(at, byte & 0x80 | rest & 0x7f, 1).ok_or(outside)?;
        rest >>= 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    if rest == 0 { Ok(()) } else { Err(Problem::Overflow(site.howto.name, value)) }
}

/// The second half of a difference.
pub(super) fn subtract_uleb_in_place(site: &mut Site<'_>) -> Result<(), Problem> {
    subtract_uleb(site)
}
