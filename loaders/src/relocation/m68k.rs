//! Motorola 68000: "System V ABI, Motorola 68000 Processor Family
//! Supplement", table 4-4, with the short forms of the GNU tools.

use object::elf;

use super::{
    Content,
    Formula::{
        Absolute, Copy, FromTable, Nothing, PcRelative, Relative, Slot, SlotSpecial, TlsModule, TlsOffset,
        TpOffset,
    },
    Howto, Problem, Reach, Site,
    field::{BYTE, BYTE_SIGNED, HALF, HALF_SIGNED, NONE, WORD, WORD_ANY},
    formula::{SLOT_FROM_TABLE, row},
};

/// The types.
pub(super) const TYPES: &[Howto] = &[
    row(elf::R_68K_NONE, "R_68K_NONE", Nothing, NONE),
    row(elf::R_68K_32, "R_68K_32", Absolute, WORD_ANY),
    row(elf::R_68K_16, "R_68K_16", Absolute, HALF),
    row(elf::R_68K_8, "R_68K_8", Absolute, BYTE),
    row(elf::R_68K_PC32, "R_68K_PC32", PcRelative, WORD_ANY),
    row(elf::R_68K_PC16, "R_68K_PC16", PcRelative, HALF_SIGNED),
    row(elf::R_68K_PC8, "R_68K_PC8", PcRelative, BYTE_SIGNED),
    row(elf::R_68K_GOT32, "R_68K_GOT32", SlotSpecial(Content::Address, Reach::Pc, slot_or_table), WORD_ANY),
    row(
        elf::R_68K_GOT16,
        "R_68K_GOT16",
        SlotSpecial(Content::Address, Reach::Pc, slot_or_table),
        HALF_SIGNED,
    ),
    row(elf::R_68K_GOT8, "R_68K_GOT8", SlotSpecial(Content::Address, Reach::Pc, slot_or_table), BYTE_SIGNED),
    row(elf::R_68K_GOT32O, "R_68K_GOT32O", SLOT_FROM_TABLE, WORD_ANY),
    row(elf::R_68K_GOT16O, "R_68K_GOT16O", SLOT_FROM_TABLE, HALF_SIGNED),
    row(elf::R_68K_GOT8O, "R_68K_GOT8O", SLOT_FROM_TABLE, BYTE_SIGNED),
    row(elf::R_68K_PLT32, "R_68K_PLT32", PcRelative, WORD_ANY),
    row(elf::R_68K_PLT16, "R_68K_PLT16", PcRelative, HALF_SIGNED),
    row(elf::R_68K_PLT8, "R_68K_PLT8", PcRelative, BYTE_SIGNED),
    row(elf::R_68K_PLT32O, "R_68K_PLT32O", FromTable, WORD_ANY),
    row(elf::R_68K_PLT16O, "R_68K_PLT16O", FromTable, HALF_SIGNED),
    row(elf::R_68K_PLT8O, "R_68K_PLT8O", FromTable, BYTE_SIGNED),
    row(elf::R_68K_COPY, "R_68K_COPY", Copy, NONE),
    row(elf::R_68K_GLOB_DAT, "R_68K_GLOB_DAT", Absolute, WORD_ANY),
    row(elf::R_68K_JMP_SLOT, "R_68K_JMP_SLOT", Absolute, WORD_ANY),
    row(elf::R_68K_RELATIVE, "R_68K_RELATIVE", Relative, WORD_ANY),
    row(elf::R_68K_TLS_GD32, "R_68K_TLS_GD32", Slot(Content::TlsIndex, Reach::FromTable), WORD_ANY),
    row(elf::R_68K_TLS_LDM32, "R_68K_TLS_LDM32", Slot(Content::TlsBlock, Reach::FromTable), WORD_ANY),
    row(elf::R_68K_TLS_LDO32, "R_68K_TLS_LDO32", TlsOffset, WORD_ANY),
    row(elf::R_68K_TLS_IE32, "R_68K_TLS_IE32", Slot(Content::TpOffset, Reach::FromTable), WORD_ANY),
    row(elf::R_68K_TLS_LE32, "R_68K_TLS_LE32", TpOffset, WORD),
    row(elf::R_68K_TLS_DTPMOD32, "R_68K_TLS_DTPMOD32", TlsModule, WORD),
    row(elf::R_68K_TLS_DTPREL32, "R_68K_TLS_DTPREL32", TlsOffset, WORD),
    row(elf::R_68K_TLS_TPREL32, "R_68K_TLS_TPREL32", TpOffset, WORD),
    row(26, "R_68K_TLS_GD16", Slot(Content::TlsIndex, Reach::FromTable), HALF_SIGNED),
    row(27, "R_68K_TLS_GD8", Slot(Content::TlsIndex, Reach::FromTable), BYTE_SIGNED),
    row(29, "R_68K_TLS_LDM16", Slot(Content::TlsBlock, Reach::FromTable), HALF_SIGNED),
    row(30, "R_68K_TLS_LDM8", Slot(Content::TlsBlock, Reach::FromTable), BYTE_SIGNED),
    row(32, "R_68K_TLS_LDO16", TlsOffset, HALF_SIGNED),
    row(33, "R_68K_TLS_LDO8", TlsOffset, BYTE_SIGNED),
    row(35, "R_68K_TLS_IE16", Slot(Content::TpOffset, Reach::FromTable), HALF_SIGNED),
    row(36, "R_68K_TLS_IE8", Slot(Content::TpOffset, Reach::FromTable), BYTE_SIGNED),
    row(38, "R_68K_TLS_LE16", TpOffset, HALF_SIGNED),
    row(39, "R_68K_TLS_LE8", TpOffset, BYTE_SIGNED),
    row(23, "R_68K_GNU_VTINHERIT", Nothing, NONE),
    row(24, "R_68K_GNU_VTENTRY", Nothing, NONE),
];

/// `G + A - P`; of `_GLOBAL_OFFSET_TABLE_`, the table's own address is meant.
fn slot_or_table(site: &mut Site<'_>) -> Result<(), Problem> {
    let table = site.table();
    let from = if site.target.value == table { table } else { site.slot()? };
    let value = from.wrapping_add(site.addend()?).wrapping_sub(site.place());
    site.put(value)
}
