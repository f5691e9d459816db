//! SuperH: the types of binutils' `include/elf/sh.h`, which is the document
//! of this ABI; "ELF Handling For Thread-Local Storage", section 4.5.

use super::{
    Content,
    Formula::{
        Absolute, Copy, FromTable, Nothing, PcRelative, Relative, Slot, Special, Symbol, TablePc, TlsModule,
        TlsOffset, TpOffset, Unsupported,
    },
    Howto, Problem, Reach, Site,
    field::{BYTE, Check, Field, HALF, NONE, Unit, WORD},
    formula::{SLOT_OFFSET, row},
};

/// Branches of 12 and of 8 bits, in units of two bytes.
const BRANCH12: Field = Field::data(2, &[(1, 12, 0)], Check::Signed(13)).of_multiples(2);
const BRANCH8: Field = Field::data(2, &[(1, 8, 0)], Check::Signed(9)).of_multiples(2);
/// Loads of words and long words relative to the program counter.
const LOAD_WORD: Field = Field::data(2, &[(1, 8, 0)], Check::Unsigned(9)).of_multiples(2);
const LOAD_LONG: Field = Field::data(2, &[(2, 8, 0)], Check::Unsigned(10)).of_multiples(4);

/// `movi20` of the SH-2A.
const MOVI20: Field = Field {
    unit: Unit::Halves,
    pieces: &[(0, 16, 0), (16, 4, 20)],
    round: 0,
    check: Check::Signed(20),
    multiple: 1,
};

const FDPIC: super::Formula = Unsupported("there are no function descriptors in this ABI");
const UNUSED: super::Formula = Unsupported("the GNU tools do not make it");
const SHMEDIA: super::Formula = Unsupported("it is of the SH-5");

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
    row(144, "R_SH_TLS_GD_32", Slot(Content::TlsIndex, Reach::Offset), WORD),
    row(145, "R_SH_TLS_LD_32", Slot(Content::TlsBlock, Reach::Offset), WORD),
    row(146, "R_SH_TLS_LDO_32", TlsOffset, WORD),
    row(147, "R_SH_TLS_IE_32", Slot(Content::TpOffset, Reach::Offset), WORD),
    row(148, "R_SH_TLS_LE_32", TpOffset, WORD),
    row(149, "R_SH_TLS_DTPMOD32", TlsModule, WORD),
    row(150, "R_SH_TLS_DTPOFF32", TlsOffset, WORD),
    row(151, "R_SH_TLS_TPOFF32", TpOffset, WORD),
    row(160, "R_SH_GOT32", SLOT_OFFSET, WORD),
    row(161, "R_SH_PLT32", PcRelative, WORD),
    row(162, "R_SH_COPY", Copy, NONE),
    row(163, "R_SH_GLOB_DAT", Symbol, WORD),
    row(164, "R_SH_JMP_SLOT", Symbol, WORD),
    row(165, "R_SH_RELATIVE", Relative, WORD),
    row(166, "R_SH_GOTOFF", FromTable, WORD),
    row(167, "R_SH_GOTPC", TablePc, WORD),
    row(10, "R_SH_LOOP_START", Unsupported("loops of the SH-DSP"), NONE),
    row(11, "R_SH_LOOP_END", Unsupported("loops of the SH-DSP"), NONE),
    row(22, "R_SH_GNU_VTINHERIT", Nothing, NONE),
    row(23, "R_SH_GNU_VTENTRY", Nothing, NONE),
    row(24, "R_SH_SWITCH8", Nothing, NONE),
    row(168, "R_SH_GOTPLT32", SLOT_OFFSET, WORD),
    row(201, "R_SH_GOT20", SLOT_OFFSET, MOVI20),
    row(202, "R_SH_GOTOFF20", FromTable, MOVI20),
    row(203, "R_SH_GOTFUNCDESC", FDPIC, NONE),
    row(204, "R_SH_GOTFUNCDESC20", FDPIC, NONE),
    row(205, "R_SH_GOTOFFFUNCDESC", FDPIC, NONE),
    row(206, "R_SH_GOTOFFFUNCDESC20", FDPIC, NONE),
    row(207, "R_SH_FUNCDESC", FDPIC, NONE),
    row(208, "R_SH_FUNCDESC_VALUE", FDPIC, NONE),
    row(7, "R_SH_DIR8BP", UNUSED, NONE),
    row(8, "R_SH_DIR8W", UNUSED, NONE),
    row(9, "R_SH_DIR8L", UNUSED, NONE),
    row(35, "R_SH_DIR8UL", UNUSED, NONE),
    row(36, "R_SH_DIR8UW", UNUSED, NONE),
    row(37, "R_SH_DIR8U", UNUSED, NONE),
    row(38, "R_SH_DIR8SW", UNUSED, NONE),
    row(39, "R_SH_DIR8S", UNUSED, NONE),
    row(40, "R_SH_DIR4UL", UNUSED, NONE),
    row(41, "R_SH_DIR4UW", UNUSED, NONE),
    row(42, "R_SH_DIR4U", UNUSED, NONE),
    row(43, "R_SH_PSHA", UNUSED, NONE),
    row(44, "R_SH_PSHL", UNUSED, NONE),
    row(45, "R_SH_DIR5U", SHMEDIA, NONE),
    row(46, "R_SH_DIR6U", SHMEDIA, NONE),
    row(47, "R_SH_DIR6S", SHMEDIA, NONE),
    row(48, "R_SH_DIR10S", SHMEDIA, NONE),
    row(49, "R_SH_DIR10SW", SHMEDIA, NONE),
    row(50, "R_SH_DIR10SL", SHMEDIA, NONE),
    row(51, "R_SH_DIR10SQ", SHMEDIA, NONE),
    row(53, "R_SH_DIR16S", SHMEDIA, NONE),
    row(169, "R_SH_GOT_LOW16", SHMEDIA, NONE),
    row(170, "R_SH_GOT_MEDLOW16", SHMEDIA, NONE),
    row(171, "R_SH_GOT_MEDHI16", SHMEDIA, NONE),
    row(172, "R_SH_GOT_HI16", SHMEDIA, NONE),
    row(173, "R_SH_GOTPLT_LOW16", SHMEDIA, NONE),
    row(174, "R_SH_GOTPLT_MEDLOW16", SHMEDIA, NONE),
    row(175, "R_SH_GOTPLT_MEDHI16", SHMEDIA, NONE),
    row(176, "R_SH_GOTPLT_HI16", SHMEDIA, NONE),
    row(177, "R_SH_PLT_LOW16", SHMEDIA, NONE),
    row(178, "R_SH_PLT_MEDLOW16", SHMEDIA, NONE),
    row(179, "R_SH_PLT_MEDHI16", SHMEDIA, NONE),
    row(180, "R_SH_PLT_HI16", SHMEDIA, NONE),
    row(181, "R_SH_GOTOFF_LOW16", SHMEDIA, NONE),
    row(182, "R_SH_GOTOFF_MEDLOW16", SHMEDIA, NONE),
    row(183, "R_SH_GOTOFF_MEDHI16", SHMEDIA, NONE),
    row(184, "R_SH_GOTOFF_HI16", SHMEDIA, NONE),
    row(185, "R_SH_GOTPC_LOW16", SHMEDIA, NONE),
    row(186, "R_SH_GOTPC_MEDLOW16", SHMEDIA, NONE),
    row(187, "R_SH_GOTPC_MEDHI16", SHMEDIA, NONE),
    row(188, "R_SH_GOTPC_HI16", SHMEDIA, NONE),
    row(189, "R_SH_GOT10BY4", SHMEDIA, NONE),
    row(190, "R_SH_GOTPLT10BY4", SHMEDIA, NONE),
    row(191, "R_SH_GOT10BY8", SHMEDIA, NONE),
    row(192, "R_SH_GOTPLT10BY8", SHMEDIA, NONE),
    row(193, "R_SH_COPY64", SHMEDIA, NONE),
    row(194, "R_SH_GLOB_DAT64", SHMEDIA, NONE),
    row(195, "R_SH_JMP_SLOT64", SHMEDIA, NONE),
    row(196, "R_SH_RELATIVE64", SHMEDIA, NONE),
    row(242, "R_SH_SHMEDIA_CODE", SHMEDIA, NONE),
    row(243, "R_SH_PT_16", SHMEDIA, NONE),
    row(244, "R_SH_IMMS16", SHMEDIA, NONE),
    row(245, "R_SH_IMMU16", SHMEDIA, NONE),
    row(246, "R_SH_IMM_LOW16", SHMEDIA, NONE),
    row(247, "R_SH_IMM_LOW16_PCREL", SHMEDIA, NONE),
    row(248, "R_SH_IMM_MEDLOW16", SHMEDIA, NONE),
    row(249, "R_SH_IMM_MEDLOW16_PCREL", SHMEDIA, NONE),
    row(250, "R_SH_IMM_MEDHI16", SHMEDIA, NONE),
    row(251, "R_SH_IMM_MEDHI16_PCREL", SHMEDIA, NONE),
    row(252, "R_SH_IMM_HI16", SHMEDIA, NONE),
    row(253, "R_SH_IMM_HI16_PCREL", SHMEDIA, NONE),
    row(254, "R_SH_64", SHMEDIA, NONE),
    row(255, "R_SH_64_PCREL", SHMEDIA, NONE),
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

/// Whether the addend of a type is what its place holds, whatever the table
/// says (`R_SH_DIR32`, `R_SH_REL32`, `R_SH_GOT32`).
pub(super) const fn is_in_place(number: u32) -> bool {
    matches!(number, 1 | 2 | 160)
}
