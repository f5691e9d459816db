//! SPARC: "System V ABI, SPARC Processor Supplement", third edition, table
//! 4-14, and "SPARC Compliance Definition 2.4.1", table 4D, for V9.

use object::elf;

use super::{
    Content,
    Formula::{
        Absolute, Copy, FinderCall, Indirect, Nothing, PcRelative, Relative, Size, Slot, SlotSpecial,
        Special, TlsModule, TlsOffset, TpOffset, Unsupported,
    },
    Howto, Problem, Reach, Site, SlotShape,
    field::{BYTE, BYTE_SIGNED, Check, Field, HALF, HALF_SIGNED, LONG, NONE, WORD, WORD_ANY, WORD_SIGNED},
    formula::{SLOT_OFFSET, row},
};

const fn instruction(pieces: &'static [(u8, u8, u8)], check: Check) -> Field {
    Field::data(4, pieces, check)
}

const DISP30: Field = instruction(&[(2, 30, 0)], Check::Signed(32)).of_multiples(4);
const DISP22: Field = instruction(&[(2, 22, 0)], Check::Signed(24)).of_multiples(4);
const DISP19: Field = instruction(&[(2, 19, 0)], Check::Signed(21)).of_multiples(4);
const DISP16: Field = instruction(&[(2, 14, 0), (16, 2, 20)], Check::Signed(18)).of_multiples(4);
const DISP10: Field = instruction(&[(2, 8, 5), (10, 2, 19)], Check::Signed(12)).of_multiples(4);
const HI22: Field = instruction(&[(10, 22, 0)], Check::Any);
const LO10: Field = instruction(&[(0, 10, 0)], Check::Any);
const HH22: Field = instruction(&[(42, 22, 0)], Check::Any);
const HM10: Field = instruction(&[(32, 10, 0)], Check::Any);
const H44: Field = instruction(&[(22, 22, 0)], Check::Unsigned(44));
const M44: Field = instruction(&[(12, 10, 0)], Check::Any);
const L44: Field = instruction(&[(0, 12, 0)], Check::Any);
const H34: Field = instruction(&[(12, 22, 0)], Check::Unsigned(34));
const IMM22: Field = instruction(&[(0, 22, 0)], Check::Either(22));
const IMM13: Field = instruction(&[(0, 13, 0)], Check::Either(13));
const IMM13_ANY: Field = instruction(&[(0, 13, 0)], Check::Any);
const IMM11: Field = instruction(&[(0, 11, 0)], Check::Signed(11));
const IMM10: Field = instruction(&[(0, 10, 0)], Check::Signed(10));
const IMM7: Field = instruction(&[(0, 7, 0)], Check::Unsigned(7));
const IMM6: Field = instruction(&[(0, 6, 0)], Check::Unsigned(6));
const IMM5: Field = instruction(&[(0, 5, 0)], Check::Unsigned(5));

/// The types that differ in 64-bit files.
pub(super) const LONG_TYPES: &[Howto] = &[
    row(elf::R_SPARC_GLOB_DAT, "R_SPARC_GLOB_DAT", Absolute, LONG),
    row(elf::R_SPARC_JMP_SLOT, "R_SPARC_JMP_SLOT", Special(long_jump_slot), LONG),
    row(elf::R_SPARC_RELATIVE, "R_SPARC_RELATIVE", Relative, LONG),
    row(elf::R_SPARC_IRELATIVE, "R_SPARC_IRELATIVE", Indirect, LONG),
    row(elf::R_SPARC_JMP_IREL, "R_SPARC_JMP_IREL", Special(long_resolved), NONE),
];

/// The types that differ in 32-bit files.
pub(super) const SHORT_TYPES: &[Howto] = &[
    row(elf::R_SPARC_GLOB_DAT, "R_SPARC_GLOB_DAT", Absolute, WORD_ANY),
    row(elf::R_SPARC_JMP_SLOT, "R_SPARC_JMP_SLOT", Special(short_jump_slot), NONE),
    row(elf::R_SPARC_RELATIVE, "R_SPARC_RELATIVE", Relative, WORD_ANY),
    row(elf::R_SPARC_IRELATIVE, "R_SPARC_IRELATIVE", Indirect, WORD),
    row(elf::R_SPARC_JMP_IREL, "R_SPARC_JMP_IREL", Special(short_resolved), NONE),
];

/// The others.
pub(super) const TYPES: &[Howto] = &[
    row(elf::R_SPARC_NONE, "R_SPARC_NONE", Nothing, NONE),
    row(elf::R_SPARC_8, "R_SPARC_8", Absolute, BYTE),
    row(elf::R_SPARC_16, "R_SPARC_16", Absolute, HALF),
    row(elf::R_SPARC_32, "R_SPARC_32", Absolute, WORD),
    row(elf::R_SPARC_DISP8, "R_SPARC_DISP8", PcRelative, BYTE_SIGNED),
    row(elf::R_SPARC_DISP16, "R_SPARC_DISP16", PcRelative, HALF_SIGNED),
    row(elf::R_SPARC_DISP32, "R_SPARC_DISP32", PcRelative, WORD_SIGNED),
    row(elf::R_SPARC_WDISP30, "R_SPARC_WDISP30", PcRelative, DISP30),
    row(elf::R_SPARC_WDISP22, "R_SPARC_WDISP22", PcRelative, DISP22),
    row(elf::R_SPARC_HI22, "R_SPARC_HI22", Absolute, HI22),
    row(elf::R_SPARC_22, "R_SPARC_22", Absolute, IMM22),
    row(elf::R_SPARC_13, "R_SPARC_13", Absolute, IMM13),
    row(elf::R_SPARC_LO10, "R_SPARC_LO10", Absolute, LO10),
    row(elf::R_SPARC_GOT10, "R_SPARC_GOT10", SLOT_OFFSET, LO10),
    row(elf::R_SPARC_GOT13, "R_SPARC_GOT13", SLOT_OFFSET, IMM13),
    row(elf::R_SPARC_GOT22, "R_SPARC_GOT22", SLOT_OFFSET, HI22),
    row(elf::R_SPARC_PC10, "R_SPARC_PC10", PcRelative, LO10),
    row(elf::R_SPARC_PC22, "R_SPARC_PC22", PcRelative, HI22),
    row(elf::R_SPARC_WPLT30, "R_SPARC_WPLT30", PcRelative, DISP30),
    row(elf::R_SPARC_COPY, "R_SPARC_COPY", Copy, NONE),
    row(elf::R_SPARC_UA32, "R_SPARC_UA32", Absolute, WORD),
    row(elf::R_SPARC_PLT32, "R_SPARC_PLT32", Absolute, WORD),
    row(elf::R_SPARC_HIPLT22, "R_SPARC_HIPLT22", Absolute, HI22),
    row(elf::R_SPARC_LOPLT10, "R_SPARC_LOPLT10", Absolute, LO10),
    row(elf::R_SPARC_PCPLT32, "R_SPARC_PCPLT32", PcRelative, WORD_SIGNED),
    row(elf::R_SPARC_PCPLT22, "R_SPARC_PCPLT22", PcRelative, HI22),
    row(elf::R_SPARC_PCPLT10, "R_SPARC_PCPLT10", PcRelative, LO10),
    row(elf::R_SPARC_10, "R_SPARC_10", Absolute, IMM10),
    row(elf::R_SPARC_11, "R_SPARC_11", Absolute, IMM11),
    row(elf::R_SPARC_64, "R_SPARC_64", Absolute, LONG),
    row(elf::R_SPARC_OLO10, "R_SPARC_OLO10", Special(low_and_offset), IMM13),
    row(elf::R_SPARC_HH22, "R_SPARC_HH22", Absolute, HH22),
    row(elf::R_SPARC_HM10, "R_SPARC_HM10", Absolute, HM10),
    row(elf::R_SPARC_LM22, "R_SPARC_LM22", Absolute, HI22),
    row(elf::R_SPARC_PC_HH22, "R_SPARC_PC_HH22", PcRelative, HH22),
    row(elf::R_SPARC_PC_HM10, "R_SPARC_PC_HM10", PcRelative, HM10),
    row(elf::R_SPARC_PC_LM22, "R_SPARC_PC_LM22", PcRelative, HI22),
    row(elf::R_SPARC_WDISP16, "R_SPARC_WDISP16", PcRelative, DISP16),
    row(elf::R_SPARC_WDISP19, "R_SPARC_WDISP19", PcRelative, DISP19),
    row(elf::R_SPARC_7, "R_SPARC_7", Absolute, IMM7),
    row(elf::R_SPARC_5, "R_SPARC_5", Absolute, IMM5),
    row(elf::R_SPARC_6, "R_SPARC_6", Absolute, IMM6),
    row(elf::R_SPARC_DISP64, "R_SPARC_DISP64", PcRelative, LONG),
    row(elf::R_SPARC_PLT64, "R_SPARC_PLT64", Absolute, LONG),
    row(elf::R_SPARC_HIX22, "R_SPARC_HIX22", Special(inverted_high), HI22),
    row(elf::R_SPARC_LOX10, "R_SPARC_LOX10", Special(low_of_inverted), IMM13_ANY),
    row(elf::R_SPARC_H44, "R_SPARC_H44", Absolute, H44),
    row(elf::R_SPARC_M44, "R_SPARC_M44", Absolute, M44),
    row(elf::R_SPARC_L44, "R_SPARC_L44", Absolute, L44),
    // A declaration of what a global register is used for.
    row(elf::R_SPARC_REGISTER, "R_SPARC_REGISTER", Nothing, NONE),
    row(elf::R_SPARC_UA64, "R_SPARC_UA64", Absolute, LONG),
    row(elf::R_SPARC_UA16, "R_SPARC_UA16", Absolute, HALF),
    row(elf::R_SPARC_TLS_GD_HI22, "R_SPARC_TLS_GD_HI22", Slot(Content::TlsIndex, Reach::Offset), HI22),
    row(elf::R_SPARC_TLS_GD_LO10, "R_SPARC_TLS_GD_LO10", Slot(Content::TlsIndex, Reach::Offset), LO10),
    row(elf::R_SPARC_TLS_IE_HI22, "R_SPARC_TLS_IE_HI22", Slot(Content::TpOffset, Reach::Offset), HI22),
    row(elf::R_SPARC_TLS_IE_LO10, "R_SPARC_TLS_IE_LO10", Slot(Content::TpOffset, Reach::Offset), LO10),
    row(elf::R_SPARC_TLS_LE_HIX22, "R_SPARC_TLS_LE_HIX22", Special(high_of_distance), HI22),
    row(elf::R_SPARC_TLS_LE_LOX10, "R_SPARC_TLS_LE_LOX10", Special(low_of_distance), IMM13_ANY),
    row(elf::R_SPARC_TLS_DTPMOD32, "R_SPARC_TLS_DTPMOD32", TlsModule, WORD),
    row(elf::R_SPARC_TLS_DTPMOD64, "R_SPARC_TLS_DTPMOD64", TlsModule, LONG),
    row(elf::R_SPARC_TLS_DTPOFF32, "R_SPARC_TLS_DTPOFF32", TlsOffset, WORD),
    row(elf::R_SPARC_TLS_DTPOFF64, "R_SPARC_TLS_DTPOFF64", TlsOffset, LONG),
    row(elf::R_SPARC_TLS_TPOFF32, "R_SPARC_TLS_TPOFF32", TpOffset, WORD),
    row(elf::R_SPARC_TLS_TPOFF64, "R_SPARC_TLS_TPOFF64", TpOffset, LONG),
    row(elf::R_SPARC_GOTDATA_HIX22, "R_SPARC_GOTDATA_HIX22", Special(high_from_table), HI22),
    row(elf::R_SPARC_GOTDATA_LOX10, "R_SPARC_GOTDATA_LOX10", Special(low_from_table), IMM13_ANY),
    // Loads from the offset table that could be made additions: the load
    // stays.
    row(
        elf::R_SPARC_GOTDATA_OP_HIX22,
        "R_SPARC_GOTDATA_OP_HIX22",
        SlotSpecial(Content::Address, Reach::Offset, high_of_slot),
        HI22,
    ),
    row(
        elf::R_SPARC_GOTDATA_OP_LOX10,
        "R_SPARC_GOTDATA_OP_LOX10",
        SlotSpecial(Content::Address, Reach::Offset, low_of_slot),
        IMM13_ANY,
    ),
    row(elf::R_SPARC_GOTDATA_OP, "R_SPARC_GOTDATA_OP", Nothing, NONE),
    row(elf::R_SPARC_H34, "R_SPARC_H34", Absolute, H34),
    row(elf::R_SPARC_WDISP10, "R_SPARC_WDISP10", PcRelative, DISP10),
    row(elf::R_SPARC_GNU_VTINHERIT, "R_SPARC_GNU_VTINHERIT", Nothing, NONE),
    row(elf::R_SPARC_GNU_VTENTRY, "R_SPARC_GNU_VTENTRY", Nothing, NONE),
    row(58, "R_SPARC_TLS_GD_ADD", Nothing, NONE),
    row(59, "R_SPARC_TLS_GD_CALL", FinderCall, DISP30),
    row(60, "R_SPARC_TLS_LDM_HI22", Slot(Content::TlsBlock, Reach::Offset), HI22),
    row(61, "R_SPARC_TLS_LDM_LO10", Slot(Content::TlsBlock, Reach::Offset), LO10),
    row(62, "R_SPARC_TLS_LDM_ADD", Nothing, NONE),
    row(63, "R_SPARC_TLS_LDM_CALL", FinderCall, DISP30),
    row(64, "R_SPARC_TLS_LDO_HIX22", Special(high_of_offset), HI22),
    row(65, "R_SPARC_TLS_LDO_LOX10", Special(low_of_offset), IMM13_ANY),
    row(66, "R_SPARC_TLS_LDO_ADD", Nothing, NONE),
    row(69, "R_SPARC_TLS_IE_LD", Nothing, NONE),
    row(70, "R_SPARC_TLS_IE_LDX", Nothing, NONE),
    row(71, "R_SPARC_TLS_IE_ADD", Nothing, NONE),
    row(86, "R_SPARC_SIZE32", Size, WORD),
    row(87, "R_SPARC_SIZE64", Size, LONG),
    row(252, "R_SPARC_REV32", Absolute, Field::little(4, &[(0, 32, 0)], Check::Either(32))),
    row(42, "R_SPARC_UNUSED_42", Unsupported("no tool makes it"), NONE),
];

/// `((S + A) & 0x3ff) + O`, with `O` in the upper bits of the type.
fn low_and_offset(site: &mut Site<'_>) -> Result<(), Problem> {
    let offset = i64::from(site.relocation.kind as i32 >> 8) as u64;
    let low = site.target.value.wrapping_add(site.addend()?) & 0x3ff;
    site.put(low.wrapping_add(offset))
}

/// `HIX22`: the upper bits of the complement, for negative numbers.
fn inverted_high(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?);
    site.put(!value)
}

/// `LOX10`: the lower bits, with all bits above set.
fn low_of_inverted(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?);
    site.put(value & 0x3ff | 0x1c00)
}

/// The upper bits of a number of either sign; of the complement of a negative
/// one.
fn put_high(site: &mut Site<'_>, value: u64) -> Result<(), Problem> {
    site.put(if is_negative(site, value) { !value } else { value })
}

/// The lower bits that go with them.
fn put_low(site: &mut Site<'_>, value: u64) -> Result<(), Problem> {
    let sign = if is_negative(site, value) { 0x1c00 } else { 0 };
    site.put(value & 0x3ff | sign)
}

fn is_negative(site: &Site<'_>, value: u64) -> bool {
    value >> (site.module.class_bits - 1) & 1 == 1
}

/// `S + A - GOT`.
fn from_table(site: &Site<'_>) -> Result<u64, Problem> {
    Ok(site.target.value.wrapping_add(site.addend()?).wrapping_sub(site.table()))
}

fn high_from_table(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = from_table(site)?;
    put_high(site, value)
}

fn low_from_table(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = from_table(site)?;
    put_low(site, value)
}

/// `G + A - GOT`.
fn high_of_slot(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.slot()?.wrapping_add(site.addend()?).wrapping_sub(site.table());
    put_high(site, value)
}

fn low_of_slot(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.slot()?.wrapping_add(site.addend()?).wrapping_sub(site.table());
    put_low(site, value)
}

/// The distance of a variable from the thread pointer.
fn high_of_distance(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.distance_of_variable(site.addend()?)?;
    value.map_or(Ok(()), |value| put_high(site, value))
}

fn low_of_distance(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.distance_of_variable(site.addend()?)?;
    value.map_or(Ok(()), |value| put_low(site, value))
}

/// The offset of a variable in its block.
fn high_of_offset(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.offset_of_variable(site.addend()?)?;
    value.map_or(Ok(()), |value| put_high(site, value))
}

fn low_of_offset(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.offset_of_variable(site.addend()?)?;
    value.map_or(Ok(()), |value| put_low(site, value))
}

/// An entry of the procedure linkage table is code: the second and third
/// instruction become `sethi %hi(S), %g1; jmpl %g1 + %lo(S), %g0`.
fn short_jump_slot(site: &mut Site<'_>) -> Result<(), Problem> {
    let target = site.target.value.wrapping_add(site.addend()?) & 0xffff_ffff;
    put_code(site, &short_entry(target))
}

/// What comes behind the first instruction of an entry for this function.
pub(super) const fn short_entry(target: u64) -> [u64; 2] {
    let target = target & 0xffff_ffff;
    [0x0300_0000 | target >> 10, 0x81c0_6000 | target & 0x3ff]
}

fn short_resolved(site: &mut Site<'_>) -> Result<(), Problem> {
    site.indirect_slot(SlotShape::ShortCode)
}

fn long_resolved(site: &mut Site<'_>) -> Result<(), Problem> {
    site.indirect_slot(SlotShape::LongCode)
}

/// As [`short_jump_slot`], with an address of 64 bits put together in `%g1`
/// and `%g5`. Entries from the 32768th on are addresses, with an addend.
fn long_jump_slot(site: &mut Site<'_>) -> Result<(), Problem> {
    let (target, addend) = (site.target.value, site.addend()?);
    if addend != 0 {
        return site.put(target.wrapping_add(addend));
    }
    put_code(site, &long_entry(target))
}

/// As [`short_entry`], of 64 bits.
pub(super) const fn long_entry(target: u64) -> [u64; 7] {
    [
        0x0300_0000 | target >> 42,
        0x0b00_0000 | target >> 10 & 0x3f_ffff,
        0x8210_6000 | target >> 32 & 0x3ff,
        0x8a11_6000 | target & 0x3ff,
        0x8328_7020,
        0x81c0_4005,
        0x0100_0000,
    ]
}

/// Writes instructions behind the first one of the entry.
fn put_code(site: &mut Site<'_>, words: &[u64]) -> Result<(), Problem> {
    let mut at = site.relocation.place;
    for word in words {
        at = at.wrapping_add(4);
        site.module.write_integer(at, *word, 4).ok_or(Problem::Outside(site.howto.name))?;
    }
    Ok(())
}
