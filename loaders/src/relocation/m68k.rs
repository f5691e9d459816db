//! Motorola 68000: "System V ABI, Motorola 68000 Processor Family
//! Supplement", table 4-4, with the short forms of the GNU tools.

use object::elf;

use super::{
    Formula::{
        Absolute, Copy, Nothing, PcRelative, Relative, SlotFromTable, SlotPc, ThreadLocal, TlsModule,
        TlsOffset, TpOffset, Unsupported,
    },
    Howto,
    field::{BYTE, BYTE_SIGNED, HALF, HALF_SIGNED, NONE, WORD, WORD_ANY},
    row,
};

const PLT_OFFSET: super::Formula = Unsupported("there is no procedure linkage table");

/// The types.
pub(super) const TYPES: &[Howto] = &[
    row(elf::R_68K_NONE, "R_68K_NONE", Nothing, NONE),
    row(elf::R_68K_32, "R_68K_32", Absolute, WORD_ANY),
    row(elf::R_68K_16, "R_68K_16", Absolute, HALF),
    row(elf::R_68K_8, "R_68K_8", Absolute, BYTE),
    row(elf::R_68K_PC32, "R_68K_PC32", PcRelative, WORD_ANY),
    row(elf::R_68K_PC16, "R_68K_PC16", PcRelative, HALF_SIGNED),
    row(elf::R_68K_PC8, "R_68K_PC8", PcRelative, BYTE_SIGNED),
    row(elf::R_68K_GOT32, "R_68K_GOT32", SlotPc, WORD_ANY),
    row(elf::R_68K_GOT16, "R_68K_GOT16", SlotPc, HALF_SIGNED),
    row(elf::R_68K_GOT8, "R_68K_GOT8", SlotPc, BYTE_SIGNED),
    row(elf::R_68K_GOT32O, "R_68K_GOT32O", SlotFromTable, WORD_ANY),
    row(elf::R_68K_GOT16O, "R_68K_GOT16O", SlotFromTable, HALF_SIGNED),
    row(elf::R_68K_GOT8O, "R_68K_GOT8O", SlotFromTable, BYTE_SIGNED),
    row(elf::R_68K_PLT32, "R_68K_PLT32", PcRelative, WORD_ANY),
    row(elf::R_68K_PLT16, "R_68K_PLT16", PcRelative, HALF_SIGNED),
    row(elf::R_68K_PLT8, "R_68K_PLT8", PcRelative, BYTE_SIGNED),
    row(elf::R_68K_PLT32O, "R_68K_PLT32O", PLT_OFFSET, NONE),
    row(elf::R_68K_PLT16O, "R_68K_PLT16O", PLT_OFFSET, NONE),
    row(elf::R_68K_PLT8O, "R_68K_PLT8O", PLT_OFFSET, NONE),
    row(elf::R_68K_COPY, "R_68K_COPY", Copy, NONE),
    row(elf::R_68K_GLOB_DAT, "R_68K_GLOB_DAT", Absolute, WORD_ANY),
    row(elf::R_68K_JMP_SLOT, "R_68K_JMP_SLOT", Absolute, WORD_ANY),
    row(elf::R_68K_RELATIVE, "R_68K_RELATIVE", Relative, WORD_ANY),
    row(elf::R_68K_TLS_GD32, "R_68K_TLS_GD32", ThreadLocal, NONE),
    row(elf::R_68K_TLS_LDM32, "R_68K_TLS_LDM32", ThreadLocal, NONE),
    row(elf::R_68K_TLS_LDO32, "R_68K_TLS_LDO32", ThreadLocal, NONE),
    row(elf::R_68K_TLS_IE32, "R_68K_TLS_IE32", ThreadLocal, NONE),
    row(elf::R_68K_TLS_LE32, "R_68K_TLS_LE32", TpOffset, WORD),
    row(elf::R_68K_TLS_DTPMOD32, "R_68K_TLS_DTPMOD32", TlsModule, WORD),
    row(elf::R_68K_TLS_DTPREL32, "R_68K_TLS_DTPREL32", TlsOffset, WORD),
    row(elf::R_68K_TLS_TPREL32, "R_68K_TLS_TPREL32", TpOffset, WORD),
];
