//! z/Architecture: "ELF Application Binary Interface s390x Supplement",
//! version 1.6.1, table 3.

use object::elf;

use super::{
    Content,
    Formula::{
        Absolute, Copy, FromTable, Indirect, Nothing, PcRelative, Relative, Slot, TablePc, TlsModule,
        TlsOffset, TpOffset,
    },
    Howto, Reach,
    field::{BYTE, Check, Field, HALF, HALF_SIGNED, LONG, NONE, WORD, WORD_SIGNED},
    formula::{SLOT_OFFSET, SLOT_PC, row},
};

const LOW12: Field = Field::data(2, &[(0, 12, 0)], Check::Unsigned(12));
/// A long displacement: the low 12 bits, then the high 8 bits.
const LONG20: Field = Field::data(4, &[(0, 12, 16), (12, 8, 8)], Check::Signed(20));
/// Distances in halfwords.
const DOUBLE12: Field = Field::data(2, &[(1, 12, 0)], Check::Signed(13)).of_multiples(2);
const DOUBLE16: Field = Field::data(2, &[(1, 16, 0)], Check::Signed(17)).of_multiples(2);
const DOUBLE24: Field = Field::data(3, &[(1, 24, 0)], Check::Signed(25)).of_multiples(2);
const DOUBLE32: Field = Field::data(4, &[(1, 32, 0)], Check::Signed(33)).of_multiples(2);

/// The types.
pub(super) const TYPES: &[Howto] = &[
    row(elf::R_390_NONE, "R_390_NONE", Nothing, NONE),
    row(elf::R_390_8, "R_390_8", Absolute, BYTE),
    row(elf::R_390_12, "R_390_12", Absolute, LOW12),
    row(elf::R_390_16, "R_390_16", Absolute, HALF),
    row(elf::R_390_32, "R_390_32", Absolute, WORD),
    row(elf::R_390_PC32, "R_390_PC32", PcRelative, WORD_SIGNED),
    row(elf::R_390_GOT12, "R_390_GOT12", SLOT_OFFSET, LOW12),
    row(elf::R_390_GOT32, "R_390_GOT32", SLOT_OFFSET, WORD),
    row(elf::R_390_PLT32, "R_390_PLT32", PcRelative, WORD_SIGNED),
    row(elf::R_390_COPY, "R_390_COPY", Copy, NONE),
    row(elf::R_390_GLOB_DAT, "R_390_GLOB_DAT", Absolute, LONG),
    row(elf::R_390_JMP_SLOT, "R_390_JMP_SLOT", Absolute, LONG),
    row(elf::R_390_RELATIVE, "R_390_RELATIVE", Relative, LONG),
    row(elf::R_390_GOTOFF32, "R_390_GOTOFF32", FromTable, WORD_SIGNED),
    row(elf::R_390_GOTPC, "R_390_GOTPC", TablePc, LONG),
    row(elf::R_390_GOT16, "R_390_GOT16", SLOT_OFFSET, HALF),
    row(elf::R_390_PC16, "R_390_PC16", PcRelative, HALF_SIGNED),
    row(elf::R_390_PC16DBL, "R_390_PC16DBL", PcRelative, DOUBLE16),
    row(elf::R_390_PLT16DBL, "R_390_PLT16DBL", PcRelative, DOUBLE16),
    row(elf::R_390_PC32DBL, "R_390_PC32DBL", PcRelative, DOUBLE32),
    row(elf::R_390_PLT32DBL, "R_390_PLT32DBL", PcRelative, DOUBLE32),
    row(elf::R_390_GOTPCDBL, "R_390_GOTPCDBL", TablePc, DOUBLE32),
    row(elf::R_390_64, "R_390_64", Absolute, LONG),
    row(elf::R_390_PC64, "R_390_PC64", PcRelative, LONG),
    row(elf::R_390_GOT64, "R_390_GOT64", SLOT_OFFSET, LONG),
    row(elf::R_390_PLT64, "R_390_PLT64", PcRelative, LONG),
    row(elf::R_390_GOTENT, "R_390_GOTENT", SLOT_PC, DOUBLE32),
    row(elf::R_390_GOTOFF16, "R_390_GOTOFF16", FromTable, HALF_SIGNED),
    row(elf::R_390_GOTOFF64, "R_390_GOTOFF64", FromTable, LONG),
    row(elf::R_390_GOTPLT12, "R_390_GOTPLT12", SLOT_OFFSET, LOW12),
    row(elf::R_390_GOTPLT16, "R_390_GOTPLT16", SLOT_OFFSET, HALF),
    row(elf::R_390_GOTPLT32, "R_390_GOTPLT32", SLOT_OFFSET, WORD),
    row(elf::R_390_GOTPLT64, "R_390_GOTPLT64", SLOT_OFFSET, LONG),
    row(elf::R_390_GOTPLTENT, "R_390_GOTPLTENT", SLOT_PC, DOUBLE32),
    row(elf::R_390_PLTOFF16, "R_390_PLTOFF16", FromTable, HALF_SIGNED),
    row(elf::R_390_PLTOFF32, "R_390_PLTOFF32", FromTable, WORD_SIGNED),
    row(elf::R_390_PLTOFF64, "R_390_PLTOFF64", FromTable, LONG),
    row(elf::R_390_TLS_LOAD, "R_390_TLS_LOAD", Nothing, NONE),
    row(elf::R_390_TLS_GDCALL, "R_390_TLS_GDCALL", Nothing, NONE),
    row(elf::R_390_TLS_LDCALL, "R_390_TLS_LDCALL", Nothing, NONE),
    row(elf::R_390_TLS_GD64, "R_390_TLS_GD64", Slot(Content::TlsIndex, Reach::Offset), LONG),
    row(elf::R_390_TLS_LDM64, "R_390_TLS_LDM64", Slot(Content::TlsBlock, Reach::Offset), LONG),
    row(elf::R_390_TLS_IE64, "R_390_TLS_IE64", Slot(Content::TpOffset, Reach::Absolute), LONG),
    row(elf::R_390_TLS_IEENT, "R_390_TLS_IEENT", Slot(Content::TpOffset, Reach::Pc), DOUBLE32),
    row(elf::R_390_TLS_LE64, "R_390_TLS_LE64", TpOffset, LONG),
    row(elf::R_390_TLS_LDO64, "R_390_TLS_LDO64", TlsOffset, LONG),
    row(elf::R_390_TLS_DTPMOD, "R_390_TLS_DTPMOD", TlsModule, LONG),
    row(elf::R_390_TLS_DTPOFF, "R_390_TLS_DTPOFF", TlsOffset, LONG),
    row(elf::R_390_TLS_TPOFF, "R_390_TLS_TPOFF", TpOffset, LONG),
    row(elf::R_390_20, "R_390_20", Absolute, LONG20),
    row(elf::R_390_GOT20, "R_390_GOT20", SLOT_OFFSET, LONG20),
    row(elf::R_390_GOTPLT20, "R_390_GOTPLT20", SLOT_OFFSET, LONG20),
    row(elf::R_390_IRELATIVE, "R_390_IRELATIVE", Indirect, LONG),
    row(62, "R_390_PC12DBL", PcRelative, DOUBLE12),
    row(63, "R_390_PLT12DBL", PcRelative, DOUBLE12),
    row(64, "R_390_PC24DBL", PcRelative, DOUBLE24),
    row(65, "R_390_PLT24DBL", PcRelative, DOUBLE24),
    row(40, "R_390_TLS_GD32", Slot(Content::TlsIndex, Reach::Offset), WORD),
    row(42, "R_390_TLS_GOTIE12", Slot(Content::TpOffset, Reach::Offset), LOW12),
    row(43, "R_390_TLS_GOTIE32", Slot(Content::TpOffset, Reach::Offset), WORD),
    row(44, "R_390_TLS_GOTIE64", Slot(Content::TpOffset, Reach::Offset), LONG),
    row(45, "R_390_TLS_LDM32", Slot(Content::TlsBlock, Reach::Offset), WORD),
    row(47, "R_390_TLS_IE32", Slot(Content::TpOffset, Reach::Absolute), WORD),
    row(50, "R_390_TLS_LE32", TpOffset, WORD),
    row(52, "R_390_TLS_LDO32", TlsOffset, WORD),
    row(60, "R_390_TLS_GOTIE20", Slot(Content::TpOffset, Reach::Offset), LONG20),
    row(250, "R_390_GNU_VTINHERIT", Nothing, NONE),
    row(251, "R_390_GNU_VTENTRY", Nothing, NONE),
];
