//! SuperH: the types of binutils' `include/elf/sh.h`, which is the document
//! of this ABI; "ELF Handling For Thread-Local Storage", section 4.5.

use super::{
    Formula::{
        Absolute, Copy, FromTable, Nothing, PcRelative, Relative, SlotOffset, Special, Symbol, TablePc,
        ThreadLocal, TlsModule, TlsOffset, TpOffset,
    },
    Howto, Problem, Site,
    field::{BYTE, Check, Field, HALF, NONE, WORD},
    row,
};

/// Branches of 12 and of 8 bits, in units of two bytes.
const BRANCH12: Field = Field::data(2, &[(1, 12, 0)], Check::Signed(13)).of_multiples(2);
const BRANCH8: Field = Field::data(2, &[(1, 8, 0)], Check::Signed(9)).of_multiples(2);
/// Loads of words and long words relative to the program counter.
const LOAD_WORD: Field = Field::data(2, &[(1, 8, 0)], Check::Unsigned(9)).of_multiples(2);
const LOAD_LONG: Field = Field::data(2, &[(2, 8, 0)], Check::Unsigned(10)).of_multiples(4);

/// The types.
pub(super) const TYPES: &[Howto] = &[
    row(0, "R_SH_NONE", Nothing, NONE),
    row(1, "R_SH_DIR32", Absolute, WORD),
    row(2, "R_SH_REL32", PcRelative, WORD),
    row(3, "R_SH_DIR8WPN", Special(from_pipeline), BRANCH8),
    row(4, "R_SH_IND12W", Special(from_pipeline), BRANCH12),
    row(5, "R_SH_DIR8WPL", Special(from_long), LOAD_LONG),
    row(6, "R_SH_DIR8WPZ", Special(from_pipeline), LOAD_WORD),
    // What the linker may shorten, and marks of the assembler for it.
    row(25, "R_SH_SWITCH16", Nothing, NONE),
    row(26, "R_SH_SWITCH32", Nothing, NONE),
    row(27, "R_SH_USES", Nothing, NONE),
    row(28, "R_SH_COUNT", Nothing, NONE),
    row(29, "R_SH_ALIGN", Nothing, NONE),
    row(30, "R_SH_CODE", Nothing, NONE),
    row(31, "R_SH_DATA", Nothing, NONE),
    row(32, "R_SH_LABEL", Nothing, NONE),
    row(33, "R_SH_DIR16", Absolute, HALF),
    row(34, "R_SH_DIR8", Absolute, BYTE),
    row(144, "R_SH_TLS_GD_32", ThreadLocal, WORD),
    row(145, "R_SH_TLS_LD_32", ThreadLocal, WORD),
    row(146, "R_SH_TLS_LDO_32", ThreadLocal, WORD),
    row(147, "R_SH_TLS_IE_32", ThreadLocal, WORD),
    row(148, "R_SH_TLS_LE_32", TpOffset, WORD),
    row(149, "R_SH_TLS_DTPMOD32", TlsModule, WORD),
    row(150, "R_SH_TLS_DTPOFF32", TlsOffset, WORD),
    row(151, "R_SH_TLS_TPOFF32", TpOffset, WORD),
    row(160, "R_SH_GOT32", SlotOffset, WORD),
    row(161, "R_SH_PLT32", PcRelative, WORD),
    row(162, "R_SH_COPY", Copy, NONE),
    row(163, "R_SH_GLOB_DAT", Symbol, WORD),
    row(164, "R_SH_JMP_SLOT", Symbol, WORD),
    row(165, "R_SH_RELATIVE", Relative, WORD),
    row(166, "R_SH_GOTOFF", FromTable, WORD),
    row(167, "R_SH_GOTPC", TablePc, WORD),
];

/// `S + A - (P + 4)`.
fn from_pipeline(site: &mut Site<'_>) -> Result<(), Problem> {
    let target = site.target.value.wrapping_add(site.addend()?);
    let value = target.wrapping_sub(site.place().wrapping_add(4));
    site.put(value)
}

/// `S + A - ((P + 4) & ~3)`.
fn from_long(site: &mut Site<'_>) -> Result<(), Problem> {
    let target = site.target.value.wrapping_add(site.addend()?);
    let value = target.wrapping_sub(site.place().wrapping_add(4) & !3);
    site.put(value)
}
