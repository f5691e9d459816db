//! LoongArch: "ELF for the LoongArch Architecture", version 20231219.
//!
//! Nothing is relaxed. The stack machine of the first version of the document
//! is in `loongarch_stack.rs`; descriptors are those of version 20231219.

use object::elf;

use super::{
    Content,
    Formula::{
        self, Absolute, Copy, Indirect, Nothing, PcRelative, Relative, Slot, SlotSpecial, Special, Symbol,
        TlsDescriptor, TlsModule, TlsOffset, TpOffset, Unsupported,
    },
    Howto, Problem, Reach, Site,
    field::{Check, Field, LONG, NONE, WORD, WORD_ANY, WORD_SIGNED},
    formula::{SLOT_ABSOLUTE, row},
    riscv::{add, add_uleb, subtract, subtract_uleb_in_place},
};

const fn instruction(pieces: &'static [(u8, u8, u8)], check: Check) -> Field {
    Field::little(4, pieces, check)
}

const B16: Field = instruction(&[(2, 16, 10)], Check::Signed(18)).of_multiples(4);
const B21: Field = instruction(&[(2, 16, 10), (18, 5, 0)], Check::Signed(23)).of_multiples(4);
const B26: Field = instruction(&[(2, 16, 10), (18, 10, 0)], Check::Signed(28)).of_multiples(4);
const PC20: Field = instruction(&[(2, 20, 5)], Check::Signed(22)).of_multiples(4);
const HI20: Field = instruction(&[(12, 20, 5)], Check::Any);
const HI20_ROUNDED: Field = HI20.rounded(0x800);
const LO12: Field = instruction(&[(0, 12, 10)], Check::Any);
const LO20_64: Field = instruction(&[(32, 20, 5)], Check::Any);
const HI12_64: Field = instruction(&[(52, 12, 10)], Check::Any);
const SIX_BITS: Field = Field::data(1, &[(0, 6, 0)], Check::Any);
const BYTE: Field = Field::data(1, &[(0, 8, 0)], Check::Any);
const HALF: Field = Field::data(2, &[(0, 16, 0)], Check::Any);
const THREE: Field = Field::data(3, &[(0, 24, 0)], Check::Any);

const LINKER: Formula = Unsupported("only linkers make it");

/// The types of words as wide as a pointer, in 64-bit files.
pub(super) const LONG_TYPES: &[Howto] = &[
    row(elf::R_LARCH_RELATIVE, "R_LARCH_RELATIVE", Relative, LONG),
    row(elf::R_LARCH_JUMP_SLOT, "R_LARCH_JUMP_SLOT", Symbol, LONG),
    row(elf::R_LARCH_IRELATIVE, "R_LARCH_IRELATIVE", Indirect, LONG),
];

/// Those in 32-bit files.
pub(super) const SHORT_TYPES: &[Howto] = &[
    row(elf::R_LARCH_RELATIVE, "R_LARCH_RELATIVE", Relative, WORD),
    row(elf::R_LARCH_JUMP_SLOT, "R_LARCH_JUMP_SLOT", Symbol, WORD),
    row(elf::R_LARCH_IRELATIVE, "R_LARCH_IRELATIVE", Indirect, WORD),
];

/// The others.
pub(super) const TYPES: &[Howto] = &[
    row(elf::R_LARCH_NONE, "R_LARCH_NONE", Nothing, NONE),
    row(elf::R_LARCH_32, "R_LARCH_32", Absolute, WORD),
    row(elf::R_LARCH_64, "R_LARCH_64", Absolute, LONG),
    row(elf::R_LARCH_COPY, "R_LARCH_COPY", Copy, NONE),
    row(elf::R_LARCH_TLS_DTPMOD32, "R_LARCH_TLS_DTPMOD32", TlsModule, WORD),
    row(elf::R_LARCH_TLS_DTPMOD64, "R_LARCH_TLS_DTPMOD64", TlsModule, LONG),
    row(elf::R_LARCH_TLS_DTPREL32, "R_LARCH_TLS_DTPREL32", TlsOffset, WORD),
    row(elf::R_LARCH_TLS_DTPREL64, "R_LARCH_TLS_DTPREL64", TlsOffset, LONG),
    row(elf::R_LARCH_TLS_TPREL32, "R_LARCH_TLS_TPREL32", TpOffset, WORD),
    row(elf::R_LARCH_TLS_TPREL64, "R_LARCH_TLS_TPREL64", TpOffset, LONG),
    row(elf::R_LARCH_MARK_LA, "R_LARCH_MARK_LA", Nothing, NONE),
    row(elf::R_LARCH_MARK_PCREL, "R_LARCH_MARK_PCREL", Nothing, NONE),
    row(elf::R_LARCH_ADD8, "R_LARCH_ADD8", Special(add), BYTE),
    row(elf::R_LARCH_ADD16, "R_LARCH_ADD16", Special(add), HALF),
    row(elf::R_LARCH_ADD24, "R_LARCH_ADD24", Special(add), THREE),
    row(elf::R_LARCH_ADD32, "R_LARCH_ADD32", Special(add), WORD_ANY),
    row(elf::R_LARCH_ADD64, "R_LARCH_ADD64", Special(add), LONG),
    row(elf::R_LARCH_SUB8, "R_LARCH_SUB8", Special(subtract), BYTE),
    row(elf::R_LARCH_SUB16, "R_LARCH_SUB16", Special(subtract), HALF),
    row(elf::R_LARCH_SUB24, "R_LARCH_SUB24", Special(subtract), THREE),
    row(elf::R_LARCH_SUB32, "R_LARCH_SUB32", Special(subtract), WORD_ANY),
    row(elf::R_LARCH_SUB64, "R_LARCH_SUB64", Special(subtract), LONG),
    row(elf::R_LARCH_B16, "R_LARCH_B16", Special(branch), B16),
    row(elf::R_LARCH_B21, "R_LARCH_B21", Special(branch), B21),
    row(elf::R_LARCH_B26, "R_LARCH_B26", Special(branch), B26),
    row(elf::R_LARCH_ABS_HI20, "R_LARCH_ABS_HI20", Absolute, HI20),
    row(elf::R_LARCH_ABS_LO12, "R_LARCH_ABS_LO12", Absolute, LO12),
    row(elf::R_LARCH_ABS64_LO20, "R_LARCH_ABS64_LO20", Absolute, LO20_64),
    row(elf::R_LARCH_ABS64_HI12, "R_LARCH_ABS64_HI12", Absolute, HI12_64),
    row(elf::R_LARCH_PCALA_HI20, "R_LARCH_PCALA_HI20", Special(page), HI20),
    row(elf::R_LARCH_PCALA_LO12, "R_LARCH_PCALA_LO12", Absolute, LO12),
    row(elf::R_LARCH_PCALA64_LO20, "R_LARCH_PCALA64_LO20", Special(page_third), LO20_64),
    row(elf::R_LARCH_PCALA64_HI12, "R_LARCH_PCALA64_HI12", Special(page_fourth), HI12_64),
    row(
        elf::R_LARCH_GOT_PC_HI20,
        "R_LARCH_GOT_PC_HI20",
        SlotSpecial(Content::Address, Reach::Pc, slot_page),
        HI20,
    ),
    row(elf::R_LARCH_GOT_PC_LO12, "R_LARCH_GOT_PC_LO12", SLOT_ABSOLUTE, LO12),
    row(elf::R_LARCH_GOT_HI20, "R_LARCH_GOT_HI20", SLOT_ABSOLUTE, HI20),
    row(elf::R_LARCH_GOT_LO12, "R_LARCH_GOT_LO12", SLOT_ABSOLUTE, LO12),
    row(elf::R_LARCH_GOT64_LO20, "R_LARCH_GOT64_LO20", SLOT_ABSOLUTE, LO20_64),
    row(elf::R_LARCH_GOT64_HI12, "R_LARCH_GOT64_HI12", SLOT_ABSOLUTE, HI12_64),
    row(elf::R_LARCH_TLS_LE_HI20, "R_LARCH_TLS_LE_HI20", TpOffset, HI20),
    row(elf::R_LARCH_TLS_LE_LO12, "R_LARCH_TLS_LE_LO12", TpOffset, LO12),
    row(
        elf::R_LARCH_TLS_IE_PC_HI20,
        "R_LARCH_TLS_IE_PC_HI20",
        SlotSpecial(Content::TpOffset, Reach::Pc, slot_page),
        HI20,
    ),
    row(
        elf::R_LARCH_TLS_IE_PC_LO12,
        "R_LARCH_TLS_IE_PC_LO12",
        Slot(Content::TpOffset, Reach::Absolute),
        LO12,
    ),
    row(
        elf::R_LARCH_TLS_LD_PC_HI20,
        "R_LARCH_TLS_LD_PC_HI20",
        SlotSpecial(Content::TlsIndex, Reach::Pc, slot_page),
        HI20,
    ),
    row(
        elf::R_LARCH_TLS_GD_PC_HI20,
        "R_LARCH_TLS_GD_PC_HI20",
        SlotSpecial(Content::TlsIndex, Reach::Pc, slot_page),
        HI20,
    ),
    row(elf::R_LARCH_32_PCREL, "R_LARCH_32_PCREL", PcRelative, WORD_SIGNED),
    row(elf::R_LARCH_RELAX, "R_LARCH_RELAX", Nothing, NONE),
    row(elf::R_LARCH_ALIGN, "R_LARCH_ALIGN", Nothing, NONE),
    row(elf::R_LARCH_PCREL20_S2, "R_LARCH_PCREL20_S2", PcRelative, PC20),
    row(elf::R_LARCH_ADD6, "R_LARCH_ADD6", Special(add), SIX_BITS),
    row(elf::R_LARCH_SUB6, "R_LARCH_SUB6", Special(subtract), SIX_BITS),
    row(elf::R_LARCH_ADD_ULEB128, "R_LARCH_ADD_ULEB128", Special(add_uleb), NONE),
    row(elf::R_LARCH_SUB_ULEB128, "R_LARCH_SUB_ULEB128", Special(subtract_uleb_in_place), NONE),
    row(elf::R_LARCH_64_PCREL, "R_LARCH_64_PCREL", PcRelative, LONG),
    row(elf::R_LARCH_CALL36, "R_LARCH_CALL36", Special(call36), NONE),
    row(57, "R_LARCH_GNU_VTINHERIT", Nothing, NONE),
    row(58, "R_LARCH_GNU_VTENTRY", Nothing, NONE),
    row(77, "R_LARCH_GOT64_PC_LO20", SlotSpecial(Content::Address, Reach::Pc, slot_third), LO20_64),
    row(78, "R_LARCH_GOT64_PC_HI12", SlotSpecial(Content::Address, Reach::Pc, slot_fourth), HI12_64),
    row(85, "R_LARCH_TLS_LE64_LO20", TpOffset, LO20_64),
    row(86, "R_LARCH_TLS_LE64_HI12", TpOffset, HI12_64),
    row(89, "R_LARCH_TLS_IE64_PC_LO20", SlotSpecial(Content::TpOffset, Reach::Pc, slot_third), LO20_64),
    row(90, "R_LARCH_TLS_IE64_PC_HI12", SlotSpecial(Content::TpOffset, Reach::Pc, slot_fourth), HI12_64),
    row(91, "R_LARCH_TLS_IE_HI20", Slot(Content::TpOffset, Reach::Absolute), HI20),
    row(92, "R_LARCH_TLS_IE_LO12", Slot(Content::TpOffset, Reach::Absolute), LO12),
    row(93, "R_LARCH_TLS_IE64_LO20", Slot(Content::TpOffset, Reach::Absolute), LO20_64),
    row(94, "R_LARCH_TLS_IE64_HI12", Slot(Content::TpOffset, Reach::Absolute), HI12_64),
    row(96, "R_LARCH_TLS_LD_HI20", Slot(Content::TlsIndex, Reach::Absolute), HI20),
    row(98, "R_LARCH_TLS_GD_HI20", Slot(Content::TlsIndex, Reach::Absolute), HI20),
    row(13, "R_LARCH_TLS_DESC32", TlsDescriptor, WORD),
    row(14, "R_LARCH_TLS_DESC64", TlsDescriptor, LONG),
    row(101, "R_LARCH_DELETE", LINKER, NONE),
    row(104, "R_LARCH_CFA", LINKER, NONE),
    row(111, "R_LARCH_TLS_DESC_PC_HI20", SlotSpecial(Content::TlsDescriptor, Reach::Pc, slot_page), HI20),
    row(112, "R_LARCH_TLS_DESC_PC_LO12", Slot(Content::TlsDescriptor, Reach::Absolute), LO12),
    row(
        113,
        "R_LARCH_TLS_DESC64_PC_LO20",
        SlotSpecial(Content::TlsDescriptor, Reach::Pc, slot_third),
        LO20_64,
    ),
    row(
        114,
        "R_LARCH_TLS_DESC64_PC_HI12",
        SlotSpecial(Content::TlsDescriptor, Reach::Pc, slot_fourth),
        HI12_64,
    ),
    row(115, "R_LARCH_TLS_DESC_HI20", Slot(Content::TlsDescriptor, Reach::Absolute), HI20),
    row(116, "R_LARCH_TLS_DESC_LO12", Slot(Content::TlsDescriptor, Reach::Absolute), LO12),
    row(117, "R_LARCH_TLS_DESC64_LO20", Slot(Content::TlsDescriptor, Reach::Absolute), LO20_64),
    row(118, "R_LARCH_TLS_DESC64_HI12", Slot(Content::TlsDescriptor, Reach::Absolute), HI12_64),
    row(119, "R_LARCH_TLS_DESC_LD", Nothing, NONE),
    row(120, "R_LARCH_TLS_DESC_CALL", Nothing, NONE),
    row(121, "R_LARCH_TLS_LE_HI20_R", TpOffset, HI20_ROUNDED),
    row(122, "R_LARCH_TLS_LE_ADD_R", Nothing, NONE),
    row(123, "R_LARCH_TLS_LE_LO12_R", TpOffset, LO12),
    row(124, "R_LARCH_TLS_LD_PCREL20_S2", Slot(Content::TlsIndex, Reach::Distance), PC20),
    row(125, "R_LARCH_TLS_GD_PCREL20_S2", Slot(Content::TlsIndex, Reach::Distance), PC20),
    row(126, "R_LARCH_TLS_DESC_PCREL20_S2", Slot(Content::TlsDescriptor, Reach::Distance), PC20),
];

/// A branch; one to a weak symbol that nothing defines stays as it is.
fn branch(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?).wrapping_sub(site.place());
    match site.put(value) {
        Err(Problem::Overflow(..)) if site.target.missing_weak => Ok(()),
        result => result,
    }
}

/// `pcalau12i`: pages from the instruction at `place` to the target, rounded
/// so that the signed low part reaches it.
fn put_page(site: &mut Site<'_>, target: u64) -> Result<(), Problem> {
    let delta = (target.wrapping_add(0x800) & !0xfff).wrapping_sub(site.place() & !0xfff);
    let signed = delta as i64;
    if site.module.class_bits == 64 && (signed >> 31 != 0 && signed >> 31 != -1) && !site.target.missing_weak
    {
        return Err(Problem::Overflow(site.howto.name, delta));
    }
    site.put(delta)
}

fn page(site: &mut Site<'_>) -> Result<(), Problem> {
    let target = site.target.value.wrapping_add(site.addend()?);
    put_page(site, target)
}

fn slot_page(site: &mut Site<'_>) -> Result<(), Problem> {
    let slot = site.slot()?;
    put_page(site, slot)
}

/// The upper half of a distance of 64 bits, `back` bytes behind its
/// `pcalau12i`: it makes up for the signs of both lower parts.
fn upper(site: &mut Site<'_>, target: u64, back: u64) -> Result<(), Problem> {
    let first = site.place().wrapping_sub(back);
    let mut delta = (target & !0xfff).wrapping_sub(first & !0xfff);
    if target & 0x800 != 0 {
        delta = delta.wrapping_add(0x1000).wrapping_sub(1 << 32);
    }
    if delta & 0x8000_0000 != 0 {
        delta = delta.wrapping_add(1 << 32);
    }
    site.put(delta)
}

fn page_third(site: &mut Site<'_>) -> Result<(), Problem> {
    let target = site.target.value.wrapping_add(site.addend()?);
    upper(site, target, 8)
}

fn page_fourth(site: &mut Site<'_>) -> Result<(), Problem> {
    let target = site.target.value.wrapping_add(site.addend()?);
    upper(site, target, 12)
}

fn slot_third(site: &mut Site<'_>) -> Result<(), Problem> {
    let slot = site.slot()?;
    upper(site, slot, 8)
}

fn slot_fourth(site: &mut Site<'_>) -> Result<(), Problem> {
    let slot = site.slot()?;
    upper(site, slot, 12)
}

/// `pcaddu18i` and the `jirl` behind it.
fn call36(site: &mut Site<'_>) -> Result<(), Problem> {
    const HIGH: Field = instruction(&[(18, 20, 5)], Check::Signed(38)).rounded(0x2_0000);
    const LOW: Field = instruction(&[(2, 16, 10)], Check::Any);
    let value = site.target.value.wrapping_add(site.addend()?).wrapping_sub(site.place());
    let at = site.relocation.place;
    site.put_into(at, &HIGH, value)?;
    site.put_into(at.wrapping_add(4), &LOW, value)
}
