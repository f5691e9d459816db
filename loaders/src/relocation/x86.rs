//! x86: "System V Application Binary Interface, AMD64 Architecture Processor
//! Supplement", table 4.9, and the "Intel386 Architecture Processor
//! Supplement", table 2.5.

use object::elf;

use super::{
    Content,
    Formula::{
        Absolute, Copy, FromTable, Indirect, NegatedTpOffset, Nothing, PcRelative, Relative, Size, Slot,
        SlotSpecial, Symbol, TablePc, TlsDescriptor, TlsModule, TlsOffset, TpOffset, Unsupported,
    },
    Howto, Problem, Reach, Site,
    field::{BYTE, BYTE_SIGNED, HALF, HALF_SIGNED, LONG, NONE, WORD, WORD_ANY, WORD_SIGNED, WORD_UNSIGNED},
    formula::{SLOT_OFFSET, SLOT_PC, row},
};

/// The types of x86-64.
pub(super) const AMD64: &[Howto] = &[
    row(elf::R_X86_64_NONE, "R_X86_64_NONE", Nothing, NONE),
    row(elf::R_X86_64_64, "R_X86_64_64", Absolute, LONG),
    row(elf::R_X86_64_PC32, "R_X86_64_PC32", PcRelative, WORD_SIGNED),
    row(elf::R_X86_64_GOT32, "R_X86_64_GOT32", SLOT_OFFSET, WORD_SIGNED),
    row(elf::R_X86_64_PLT32, "R_X86_64_PLT32", PcRelative, WORD_SIGNED),
    row(elf::R_X86_64_COPY, "R_X86_64_COPY", Copy, NONE),
    row(elf::R_X86_64_GLOB_DAT, "R_X86_64_GLOB_DAT", Symbol, LONG),
    row(elf::R_X86_64_JUMP_SLOT, "R_X86_64_JUMP_SLOT", Symbol, LONG),
    row(elf::R_X86_64_RELATIVE, "R_X86_64_RELATIVE", Relative, LONG),
    row(elf::R_X86_64_GOTPCREL, "R_X86_64_GOTPCREL", SLOT_PC, WORD_SIGNED),
    row(elf::R_X86_64_32, "R_X86_64_32", Absolute, WORD_UNSIGNED),
    row(elf::R_X86_64_32S, "R_X86_64_32S", Absolute, WORD_SIGNED),
    row(elf::R_X86_64_16, "R_X86_64_16", Absolute, HALF),
    row(elf::R_X86_64_PC16, "R_X86_64_PC16", PcRelative, HALF_SIGNED),
    row(elf::R_X86_64_8, "R_X86_64_8", Absolute, BYTE),
    row(elf::R_X86_64_PC8, "R_X86_64_PC8", PcRelative, BYTE_SIGNED),
    row(elf::R_X86_64_DTPMOD64, "R_X86_64_DTPMOD64", TlsModule, LONG),
    row(elf::R_X86_64_DTPOFF64, "R_X86_64_DTPOFF64", TlsOffset, LONG),
    row(elf::R_X86_64_TPOFF64, "R_X86_64_TPOFF64", TpOffset, LONG),
    row(elf::R_X86_64_TLSGD, "R_X86_64_TLSGD", Slot(Content::TlsIndex, Reach::Pc), WORD_SIGNED),
    row(elf::R_X86_64_TLSLD, "R_X86_64_TLSLD", Slot(Content::TlsBlock, Reach::Pc), WORD_SIGNED),
    row(elf::R_X86_64_DTPOFF32, "R_X86_64_DTPOFF32", TlsOffset, WORD_SIGNED),
    row(elf::R_X86_64_GOTTPOFF, "R_X86_64_GOTTPOFF", Slot(Content::TpOffset, Reach::Pc), WORD_SIGNED),
    row(elf::R_X86_64_TPOFF32, "R_X86_64_TPOFF32", TpOffset, WORD_SIGNED),
    row(elf::R_X86_64_PC64, "R_X86_64_PC64", PcRelative, LONG),
    row(elf::R_X86_64_GOTOFF64, "R_X86_64_GOTOFF64", FromTable, LONG),
    row(elf::R_X86_64_GOTPC32, "R_X86_64_GOTPC32", TablePc, WORD_SIGNED),
    row(elf::R_X86_64_GOT64, "R_X86_64_GOT64", SLOT_OFFSET, LONG),
    row(elf::R_X86_64_GOTPCREL64, "R_X86_64_GOTPCREL64", SLOT_PC, LONG),
    row(elf::R_X86_64_GOTPC64, "R_X86_64_GOTPC64", TablePc, LONG),
    row(elf::R_X86_64_PLTOFF64, "R_X86_64_PLTOFF64", FromTable, LONG),
    row(elf::R_X86_64_SIZE32, "R_X86_64_SIZE32", Size, WORD_UNSIGNED),
    row(elf::R_X86_64_SIZE64, "R_X86_64_SIZE64", Size, LONG),
    row(
        elf::R_X86_64_GOTPC32_TLSDESC,
        "R_X86_64_GOTPC32_TLSDESC",
        Slot(Content::TlsDescriptor, Reach::Pc),
        WORD_SIGNED,
    ),
    row(elf::R_X86_64_TLSDESC_CALL, "R_X86_64_TLSDESC_CALL", Nothing, NONE),
    row(elf::R_X86_64_TLSDESC, "R_X86_64_TLSDESC", TlsDescriptor, LONG),
    row(elf::R_X86_64_IRELATIVE, "R_X86_64_IRELATIVE", Indirect, LONG),
    row(elf::R_X86_64_RELATIVE64, "R_X86_64_RELATIVE64", Relative, LONG),
    row(elf::R_X86_64_GOTPCRELX, "R_X86_64_GOTPCRELX", SLOT_PC, WORD_SIGNED),
    row(elf::R_X86_64_REX_GOTPCRELX, "R_X86_64_REX_GOTPCRELX", SLOT_PC, WORD_SIGNED),
    row(30, "R_X86_64_GOTPLT64", SLOT_OFFSET, LONG),
    row(39, "R_X86_64_PC32_BND", PcRelative, WORD_SIGNED),
    row(40, "R_X86_64_PLT32_BND", PcRelative, WORD_SIGNED),
    // Of instructions with longer prefixes.
    row(43, "R_X86_64_CODE_4_GOTPCRELX", SLOT_PC, WORD_SIGNED),
    row(44, "R_X86_64_CODE_4_GOTTPOFF", Slot(Content::TpOffset, Reach::Pc), WORD_SIGNED),
    row(45, "R_X86_64_CODE_4_GOTPC32_TLSDESC", Slot(Content::TlsDescriptor, Reach::Pc), WORD_SIGNED),
    row(46, "R_X86_64_CODE_5_GOTPCRELX", SLOT_PC, WORD_SIGNED),
    row(47, "R_X86_64_CODE_5_GOTTPOFF", Slot(Content::TpOffset, Reach::Pc), WORD_SIGNED),
    row(48, "R_X86_64_CODE_5_GOTPC32_TLSDESC", Slot(Content::TlsDescriptor, Reach::Pc), WORD_SIGNED),
    row(49, "R_X86_64_CODE_6_GOTPCRELX", SLOT_PC, WORD_SIGNED),
    row(50, "R_X86_64_CODE_6_GOTTPOFF", Slot(Content::TpOffset, Reach::Pc), WORD_SIGNED),
    row(51, "R_X86_64_CODE_6_GOTPC32_TLSDESC", Slot(Content::TlsDescriptor, Reach::Pc), WORD_SIGNED),
    row(250, "R_X86_64_GNU_VTINHERIT", Nothing, NONE),
    row(251, "R_X86_64_GNU_VTENTRY", Nothing, NONE),
];

const SUN: super::Formula = Unsupported("it is of Sun's sequences of instructions");

/// The types of i386.
pub(super) const I386: &[Howto] = &[
    row(elf::R_386_NONE, "R_386_NONE", Nothing, NONE),
    row(elf::R_386_32, "R_386_32", Absolute, WORD),
    row(elf::R_386_PC32, "R_386_PC32", PcRelative, WORD),
    row(elf::R_386_GOT32, "R_386_GOT32", SLOT_OFFSET, WORD),
    row(elf::R_386_PLT32, "R_386_PLT32", PcRelative, WORD),
    row(elf::R_386_COPY, "R_386_COPY", Copy, NONE),
    row(elf::R_386_GLOB_DAT, "R_386_GLOB_DAT", Symbol, WORD),
    row(elf::R_386_JMP_SLOT, "R_386_JMP_SLOT", Symbol, WORD),
    row(elf::R_386_RELATIVE, "R_386_RELATIVE", Relative, WORD),
    row(elf::R_386_GOTOFF, "R_386_GOTOFF", FromTable, WORD),
    row(elf::R_386_GOTPC, "R_386_GOTPC", TablePc, WORD),
    row(elf::R_386_16, "R_386_16", Absolute, HALF),
    row(elf::R_386_PC16, "R_386_PC16", PcRelative, HALF),
    row(elf::R_386_8, "R_386_8", Absolute, BYTE),
    row(elf::R_386_PC8, "R_386_PC8", PcRelative, BYTE_SIGNED),
    row(elf::R_386_TLS_TPOFF, "R_386_TLS_TPOFF", TpOffset, WORD),
    row(elf::R_386_TLS_IE, "R_386_TLS_IE", Slot(Content::TpOffset, Reach::Absolute), WORD),
    row(elf::R_386_TLS_GOTIE, "R_386_TLS_GOTIE", Slot(Content::TpOffset, Reach::Offset), WORD),
    row(elf::R_386_TLS_LE, "R_386_TLS_LE", TpOffset, WORD),
    row(elf::R_386_TLS_GD, "R_386_TLS_GD", Slot(Content::TlsIndex, Reach::Offset), WORD),
    row(elf::R_386_TLS_LDM, "R_386_TLS_LDM", Slot(Content::TlsBlock, Reach::Offset), WORD),
    row(elf::R_386_TLS_LDO_32, "R_386_TLS_LDO_32", TlsOffset, WORD),
    row(elf::R_386_TLS_DTPMOD32, "R_386_TLS_DTPMOD32", TlsModule, WORD),
    row(elf::R_386_TLS_DTPOFF32, "R_386_TLS_DTPOFF32", TlsOffset, WORD),
    row(elf::R_386_TLS_TPOFF32, "R_386_TLS_TPOFF32", NegatedTpOffset, WORD),
    row(elf::R_386_SIZE32, "R_386_SIZE32", Size, WORD),
    row(elf::R_386_TLS_DESC, "R_386_TLS_DESC", TlsDescriptor, WORD),
    row(elf::R_386_IRELATIVE, "R_386_IRELATIVE", Indirect, WORD),
    row(elf::R_386_GOT32X, "R_386_GOT32X", SlotSpecial(Content::Address, Reach::Pc, got32x), WORD_ANY),
    row(11, "R_386_32PLT", Unsupported("no tool makes it"), NONE),
    row(24, "R_386_TLS_GD_32", SUN, NONE),
    row(25, "R_386_TLS_GD_PUSH", SUN, NONE),
    row(26, "R_386_TLS_GD_CALL", SUN, NONE),
    row(27, "R_386_TLS_GD_POP", SUN, NONE),
    row(28, "R_386_TLS_LDM_32", SUN, NONE),
    row(29, "R_386_TLS_LDM_PUSH", SUN, NONE),
    row(30, "R_386_TLS_LDM_CALL", SUN, NONE),
    row(31, "R_386_TLS_LDM_POP", SUN, NONE),
    row(33, "R_386_TLS_IE_32", Slot(Content::NegatedTpOffset, Reach::Offset), WORD),
    row(34, "R_386_TLS_LE_32", NegatedTpOffset, WORD),
    row(39, "R_386_TLS_GOTDESC", Slot(Content::TlsDescriptor, Reach::Offset), WORD),
    row(40, "R_386_TLS_DESC_CALL", Nothing, NONE),
    row(200, "R_386_USED_BY_INTEL_200", Unsupported("no tool makes it"), NONE),
    row(250, "R_386_GNU_VTINHERIT", Nothing, NONE),
    row(251, "R_386_GNU_VTENTRY", Nothing, NONE),
];

/// `R_386_GOT32X` is an address, and not a distance from the table, in an
/// instruction without a base register (ModRM `00xxx101` before the field).
fn got32x(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = site.addend()?;
    let before = site.relocation.place.wrapping_sub(1);
    let based = site.module.read_integer(before, 1).is_none_or(|modrm| modrm & 0xc7 != 0x05);
    let slot = site.slot()?;
    let from = if based { site.table() } else { 0 };
    site.put(slot.wrapping_add(addend).wrapping_sub(from))
}
