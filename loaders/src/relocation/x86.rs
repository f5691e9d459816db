//! x86: "System V Application Binary Interface, AMD64 Architecture Processor
//! Supplement", table 4.9, and the "Intel386 Architecture Processor
//! Supplement", table 2.5.

use object::elf;

use super::{
    Formula::{
        Absolute, Copy, FromTable, Indirect, NegatedTpOffset, Nothing, PcRelative, Relative, Size,
        SlotOffset, SlotPc, SlotSpecial, Symbol, TablePc, ThreadLocal, TlsDescriptor, TlsModule, TlsOffset,
        TpOffset,
    },
    Howto, Problem, Site,
    field::{BYTE, BYTE_SIGNED, HALF, HALF_SIGNED, LONG, NONE, WORD, WORD_ANY, WORD_SIGNED, WORD_UNSIGNED},
    row,
};

/// The types of x86-64.
pub(super) const AMD64: &[Howto] = &[
    row(elf::R_X86_64_NONE, "R_X86_64_NONE", Nothing, NONE),
    row(elf::R_X86_64_64, "R_X86_64_64", Absolute, LONG),
    row(elf::R_X86_64_PC32, "R_X86_64_PC32", PcRelative, WORD_SIGNED),
    row(elf::R_X86_64_GOT32, "R_X86_64_GOT32", SlotOffset, WORD_SIGNED),
    row(elf::R_X86_64_PLT32, "R_X86_64_PLT32", PcRelative, WORD_SIGNED),
    row(elf::R_X86_64_COPY, "R_X86_64_COPY", Copy, NONE),
    row(elf::R_X86_64_GLOB_DAT, "R_X86_64_GLOB_DAT", Symbol, LONG),
    row(elf::R_X86_64_JUMP_SLOT, "R_X86_64_JUMP_SLOT", Symbol, LONG),
    row(elf::R_X86_64_RELATIVE, "R_X86_64_RELATIVE", Relative, LONG),
    row(elf::R_X86_64_GOTPCREL, "R_X86_64_GOTPCREL", SlotPc, WORD_SIGNED),
    row(elf::R_X86_64_32, "R_X86_64_32", Absolute, WORD_UNSIGNED),
    row(elf::R_X86_64_32S, "R_X86_64_32S", Absolute, WORD_SIGNED),
    row(elf::R_X86_64_16, "R_X86_64_16", Absolute, HALF),
    row(elf::R_X86_64_PC16, "R_X86_64_PC16", PcRelative, HALF_SIGNED),
    row(elf::R_X86_64_8, "R_X86_64_8", Absolute, BYTE),
    row(elf::R_X86_64_PC8, "R_X86_64_PC8", PcRelative, BYTE_SIGNED),
    row(elf::R_X86_64_DTPMOD64, "R_X86_64_DTPMOD64", TlsModule, LONG),
    row(elf::R_X86_64_DTPOFF64, "R_X86_64_DTPOFF64", TlsOffset, LONG),
    row(elf::R_X86_64_TPOFF64, "R_X86_64_TPOFF64", TpOffset, LONG),
    row(elf::R_X86_64_TLSGD, "R_X86_64_TLSGD", ThreadLocal, WORD),
    row(elf::R_X86_64_TLSLD, "R_X86_64_TLSLD", ThreadLocal, WORD),
    row(elf::R_X86_64_DTPOFF32, "R_X86_64_DTPOFF32", TlsOffset, WORD_SIGNED),
    row(elf::R_X86_64_GOTTPOFF, "R_X86_64_GOTTPOFF", ThreadLocal, WORD),
    row(elf::R_X86_64_TPOFF32, "R_X86_64_TPOFF32", TpOffset, WORD_SIGNED),
    row(elf::R_X86_64_PC64, "R_X86_64_PC64", PcRelative, LONG),
    row(elf::R_X86_64_GOTOFF64, "R_X86_64_GOTOFF64", FromTable, LONG),
    row(elf::R_X86_64_GOTPC32, "R_X86_64_GOTPC32", TablePc, WORD_SIGNED),
    row(elf::R_X86_64_GOT64, "R_X86_64_GOT64", SlotOffset, LONG),
    row(elf::R_X86_64_GOTPCREL64, "R_X86_64_GOTPCREL64", SlotPc, LONG),
    row(elf::R_X86_64_GOTPC64, "R_X86_64_GOTPC64", TablePc, LONG),
    row(elf::R_X86_64_PLTOFF64, "R_X86_64_PLTOFF64", FromTable, LONG),
    row(elf::R_X86_64_SIZE32, "R_X86_64_SIZE32", Size, WORD_UNSIGNED),
    row(elf::R_X86_64_SIZE64, "R_X86_64_SIZE64", Size, LONG),
    row(elf::R_X86_64_GOTPC32_TLSDESC, "R_X86_64_GOTPC32_TLSDESC", ThreadLocal, WORD),
    row(elf::R_X86_64_TLSDESC_CALL, "R_X86_64_TLSDESC_CALL", ThreadLocal, NONE),
    row(elf::R_X86_64_TLSDESC, "R_X86_64_TLSDESC", TlsDescriptor, LONG),
    row(elf::R_X86_64_IRELATIVE, "R_X86_64_IRELATIVE", Indirect, LONG),
    row(elf::R_X86_64_RELATIVE64, "R_X86_64_RELATIVE64", Relative, LONG),
    row(elf::R_X86_64_GOTPCRELX, "R_X86_64_GOTPCRELX", SlotPc, WORD_SIGNED),
    row(elf::R_X86_64_REX_GOTPCRELX, "R_X86_64_REX_GOTPCRELX", SlotPc, WORD_SIGNED),
];

/// The types of i386.
pub(super) const I386: &[Howto] = &[
    row(elf::R_386_NONE, "R_386_NONE", Nothing, NONE),
    row(elf::R_386_32, "R_386_32", Absolute, WORD),
    row(elf::R_386_PC32, "R_386_PC32", PcRelative, WORD),
    row(elf::R_386_GOT32, "R_386_GOT32", SlotOffset, WORD),
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
    row(elf::R_386_TLS_IE, "R_386_TLS_IE", ThreadLocal, WORD),
    row(elf::R_386_TLS_GOTIE, "R_386_TLS_GOTIE", ThreadLocal, WORD),
    row(elf::R_386_TLS_LE, "R_386_TLS_LE", TpOffset, WORD),
    row(elf::R_386_TLS_GD, "R_386_TLS_GD", ThreadLocal, WORD),
    row(elf::R_386_TLS_LDM, "R_386_TLS_LDM", ThreadLocal, WORD),
    row(elf::R_386_TLS_LDO_32, "R_386_TLS_LDO_32", ThreadLocal, WORD),
    row(elf::R_386_TLS_DTPMOD32, "R_386_TLS_DTPMOD32", TlsModule, WORD),
    row(elf::R_386_TLS_DTPOFF32, "R_386_TLS_DTPOFF32", TlsOffset, WORD),
    row(elf::R_386_TLS_TPOFF32, "R_386_TLS_TPOFF32", NegatedTpOffset, WORD),
    row(elf::R_386_SIZE32, "R_386_SIZE32", Size, WORD),
    row(elf::R_386_TLS_DESC, "R_386_TLS_DESC", TlsDescriptor, WORD),
    row(elf::R_386_IRELATIVE, "R_386_IRELATIVE", Indirect, WORD),
    row(elf::R_386_GOT32X, "R_386_GOT32X", SlotSpecial(got32x), WORD_ANY),
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
