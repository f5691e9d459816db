//! 64-bit PowerPC: "64-bit PowerPC ELF ABI Supplement 1.9" (ELFv1) and
//! "Power Architecture 64-Bit ELF V2 ABI Specification" (ELFv2), section 3.5.

use object::elf;

use super::{
    Content,
    Formula::{
        Absolute, Copy, Deferred, FromPointer, Indirect, Nothing, PcRelative, Pointer, Relative, Slot,
        SlotSpecial, Special, TlsModule, TlsOffset, TpOffset, Unsupported,
    },
    Howto, Problem, Reach, Site, SlotShape,
    field::{Check, Field, HALF, HALF_ANY, HALF_SIGNED, LONG, NONE, Unit, WORD, WORD_SIGNED},
    formula::{SLOT_FROM_POINTER, row},
};

const LO: Field = HALF_ANY;
const HI: Field = Field::data(2, &[(16, 16, 0)], Check::Signed(32));
const HA: Field = HI.rounded(0x8000);
const HIGH: Field = Field::data(2, &[(16, 16, 0)], Check::Any);
const HIGHA: Field = HIGH.rounded(0x8000);
const HIGHER: Field = Field::data(2, &[(32, 16, 0)], Check::Any);
const HIGHERA: Field = HIGHER.rounded(0x8000);
const HIGHEST: Field = Field::data(2, &[(48, 16, 0)], Check::Any);
const HIGHESTA: Field = HIGHEST.rounded(0x8000);
const DS: Field = Field::data(2, &[(2, 14, 2)], Check::Signed(16)).of_multiples(4);
const LO_DS: Field = Field::data(2, &[(2, 14, 2)], Check::Any).of_multiples(4);
const BRANCH24: Field = Field::data(4, &[(2, 24, 2)], Check::Signed(26)).of_multiples(4);
const BRANCH14: Field = Field::data(4, &[(2, 14, 2)], Check::Signed(16)).of_multiples(4);
const WORD30: Field = Field::data(4, &[(2, 30, 2)], Check::Signed(32)).of_multiples(4);
/// `addpcis`.
const SPLIT_HA: Field =
    Field::data(4, &[(16, 1, 0), (17, 5, 16), (22, 10, 6)], Check::Signed(32)).rounded(0x8000);
/// Split over the two words of a prefixed instruction.
const PREFIXED34: Field = words(&[(0, 16, 0), (16, 18, 32)], Check::Signed(34));
const PREFIXED34_ANY: Field = Field { check: Check::Any, ..PREFIXED34 };
const PREFIXED_HI30: Field = words(&[(34, 16, 0), (50, 14, 32)], Check::Any);
const PREFIXED_HA30: Field = PREFIXED_HI30.rounded(1 << 33);
const PREFIXED28: Field = words(&[(0, 16, 0), (16, 12, 32)], Check::Signed(28));
/// What is above the 34 bits of a prefixed instruction.
const HIGHER34: Field = Field::data(2, &[(34, 16, 0)], Check::Any);
const HIGHERA34: Field = HIGHER34.rounded(1 << 33);
const HIGHEST34: Field = Field::data(2, &[(50, 14, 0)], Check::Any);
const HIGHESTA34: Field = HIGHEST34.rounded(1 << 33);

const fn words(pieces: &'static [(u8, u8, u8)], check: Check) -> Field {
    Field { unit: Unit::Words, pieces, round: 0, check, multiple: 1 }
}

const LINKAGE: super::Formula = Unsupported("there is no procedure linkage table");
const SECTION: super::Formula = Unsupported("the sections of a file are not known any more");

/// The types. Those that look into function descriptors come after all others,
/// because descriptors are relocated too.
pub(super) const TYPES: &[Howto] = &[
    row(elf::R_PPC64_NONE, "R_PPC64_NONE", Nothing, NONE),
    row(elf::R_PPC64_ADDR32, "R_PPC64_ADDR32", Absolute, WORD),
    row(elf::R_PPC64_ADDR24, "R_PPC64_ADDR24", Absolute, BRANCH24),
    row(elf::R_PPC64_ADDR16, "R_PPC64_ADDR16", Absolute, HALF),
    row(elf::R_PPC64_ADDR16_LO, "R_PPC64_ADDR16_LO", Absolute, LO),
    row(elf::R_PPC64_ADDR16_HI, "R_PPC64_ADDR16_HI", Absolute, HI),
    row(elf::R_PPC64_ADDR16_HA, "R_PPC64_ADDR16_HA", Absolute, HA),
    row(elf::R_PPC64_ADDR14, "R_PPC64_ADDR14", Absolute, BRANCH14),
    row(elf::R_PPC64_REL24, "R_PPC64_REL24", Deferred(call), BRANCH24),
    row(elf::R_PPC64_REL14, "R_PPC64_REL14", Deferred(call), BRANCH14),
    row(elf::R_PPC64_REL14_BRTAKEN, "R_PPC64_REL14_BRTAKEN", Deferred(call), BRANCH14),
    row(elf::R_PPC64_REL14_BRNTAKEN, "R_PPC64_REL14_BRNTAKEN", Deferred(call), BRANCH14),
    row(elf::R_PPC64_GOT16, "R_PPC64_GOT16", SLOT_FROM_POINTER, HALF_SIGNED),
    row(elf::R_PPC64_GOT16_LO, "R_PPC64_GOT16_LO", SLOT_FROM_POINTER, LO),
    row(elf::R_PPC64_GOT16_HI, "R_PPC64_GOT16_HI", SLOT_FROM_POINTER, HI),
    row(elf::R_PPC64_GOT16_HA, "R_PPC64_GOT16_HA", SLOT_FROM_POINTER, HA),
    row(elf::R_PPC64_COPY, "R_PPC64_COPY", Copy, NONE),
    row(elf::R_PPC64_GLOB_DAT, "R_PPC64_GLOB_DAT", Absolute, LONG),
    row(elf::R_PPC64_JMP_SLOT, "R_PPC64_JMP_SLOT", Deferred(jump_slot), LONG),
    row(elf::R_PPC64_RELATIVE, "R_PPC64_RELATIVE", Relative, LONG),
    row(elf::R_PPC64_UADDR32, "R_PPC64_UADDR32", Absolute, WORD),
    row(elf::R_PPC64_UADDR16, "R_PPC64_UADDR16", Absolute, HALF),
    row(elf::R_PPC64_REL32, "R_PPC64_REL32", PcRelative, WORD_SIGNED),
    row(elf::R_PPC64_ADDR30, "R_PPC64_ADDR30", PcRelative, WORD30),
    row(elf::R_PPC64_ADDR64, "R_PPC64_ADDR64", Absolute, LONG),
    row(elf::R_PPC64_ADDR16_HIGHER, "R_PPC64_ADDR16_HIGHER", Absolute, HIGHER),
    row(elf::R_PPC64_ADDR16_HIGHERA, "R_PPC64_ADDR16_HIGHERA", Absolute, HIGHERA),
    row(elf::R_PPC64_ADDR16_HIGHEST, "R_PPC64_ADDR16_HIGHEST", Absolute, HIGHEST),
    row(elf::R_PPC64_ADDR16_HIGHESTA, "R_PPC64_ADDR16_HIGHESTA", Absolute, HIGHESTA),
    row(elf::R_PPC64_UADDR64, "R_PPC64_UADDR64", Absolute, LONG),
    row(elf::R_PPC64_REL64, "R_PPC64_REL64", PcRelative, LONG),
    row(elf::R_PPC64_TOC16, "R_PPC64_TOC16", FromPointer, HALF_SIGNED),
    row(elf::R_PPC64_TOC16_LO, "R_PPC64_TOC16_LO", FromPointer, LO),
    row(elf::R_PPC64_TOC16_HI, "R_PPC64_TOC16_HI", FromPointer, HI),
    row(elf::R_PPC64_TOC16_HA, "R_PPC64_TOC16_HA", FromPointer, HA),
    row(elf::R_PPC64_TOC, "R_PPC64_TOC", Pointer, LONG),
    row(elf::R_PPC64_ADDR16_DS, "R_PPC64_ADDR16_DS", Absolute, DS),
    row(elf::R_PPC64_ADDR16_LO_DS, "R_PPC64_ADDR16_LO_DS", Absolute, LO_DS),
    row(elf::R_PPC64_GOT16_DS, "R_PPC64_GOT16_DS", SLOT_FROM_POINTER, DS),
    row(elf::R_PPC64_GOT16_LO_DS, "R_PPC64_GOT16_LO_DS", SLOT_FROM_POINTER, LO_DS),
    row(elf::R_PPC64_TOC16_DS, "R_PPC64_TOC16_DS", FromPointer, DS),
    row(elf::R_PPC64_TOC16_LO_DS, "R_PPC64_TOC16_LO_DS", FromPointer, LO_DS),
    row(elf::R_PPC64_TLS, "R_PPC64_TLS", Nothing, NONE),
    row(elf::R_PPC64_DTPMOD64, "R_PPC64_DTPMOD64", TlsModule, LONG),
    row(elf::R_PPC64_TPREL16_LO, "R_PPC64_TPREL16_LO", TpOffset, LO),
    row(elf::R_PPC64_TPREL16_HA, "R_PPC64_TPREL16_HA", TpOffset, HA),
    row(elf::R_PPC64_TPREL64, "R_PPC64_TPREL64", TpOffset, LONG),
    row(elf::R_PPC64_DTPREL64, "R_PPC64_DTPREL64", TlsOffset, LONG),
    row(
        elf::R_PPC64_GOT_TLSGD16_LO,
        "R_PPC64_GOT_TLSGD16_LO",
        Slot(Content::TlsIndex, Reach::FromPointer),
        LO,
    ),
    row(
        elf::R_PPC64_GOT_TLSGD16_HA,
        "R_PPC64_GOT_TLSGD16_HA",
        Slot(Content::TlsIndex, Reach::FromPointer),
        HA,
    ),
    row(
        elf::R_PPC64_GOT_TPREL16_LO_DS,
        "R_PPC64_GOT_TPREL16_LO_DS",
        Slot(Content::TpOffset, Reach::FromPointer),
        LO_DS,
    ),
    row(
        elf::R_PPC64_GOT_TPREL16_HA,
        "R_PPC64_GOT_TPREL16_HA",
        Slot(Content::TpOffset, Reach::FromPointer),
        HA,
    ),
    row(elf::R_PPC64_TLSGD, "R_PPC64_TLSGD", Nothing, NONE),
    row(elf::R_PPC64_TLSLD, "R_PPC64_TLSLD", Nothing, NONE),
    row(elf::R_PPC64_TOCSAVE, "R_PPC64_TOCSAVE", Nothing, NONE),
    row(elf::R_PPC64_ADDR16_HIGH, "R_PPC64_ADDR16_HIGH", Absolute, HIGH),
    row(elf::R_PPC64_ADDR16_HIGHA, "R_PPC64_ADDR16_HIGHA", Absolute, HIGHA),
    row(116, "R_PPC64_REL24_NOTOC", Deferred(call), BRANCH24),
    row(117, "R_PPC64_ADDR64_LOCAL", Special(address_of_local_entry), LONG),
    row(118, "R_PPC64_ENTRY", Nothing, NONE),
    row(123, "R_PPC64_PCREL_OPT", Nothing, NONE),
    row(132, "R_PPC64_PCREL34", PcRelative, PREFIXED34),
    row(133, "R_PPC64_GOT_PCREL34", Slot(Content::Address, Reach::Distance), PREFIXED34),
    row(elf::R_PPC64_JMP_IREL, "R_PPC64_JMP_IREL", Special(resolved_slot), LONG),
    row(elf::R_PPC64_IRELATIVE, "R_PPC64_IRELATIVE", Indirect, LONG),
    row(elf::R_PPC64_REL16, "R_PPC64_REL16", PcRelative, HALF_SIGNED),
    row(elf::R_PPC64_REL16_LO, "R_PPC64_REL16_LO", PcRelative, LO),
    row(elf::R_PPC64_REL16_HI, "R_PPC64_REL16_HI", PcRelative, HI),
    row(elf::R_PPC64_REL16_HA, "R_PPC64_REL16_HA", PcRelative, HA),
    row(8, "R_PPC64_ADDR14_BRTAKEN", Absolute, BRANCH14),
    row(9, "R_PPC64_ADDR14_BRNTAKEN", Absolute, BRANCH14),
    row(27, "R_PPC64_PLT32", LINKAGE, NONE),
    row(28, "R_PPC64_PLTREL32", LINKAGE, NONE),
    row(29, "R_PPC64_PLT16_LO", SlotSpecial(Content::Address, Reach::FromPointer, plt_slot), LO),
    row(30, "R_PPC64_PLT16_HI", SlotSpecial(Content::Address, Reach::FromPointer, plt_slot), HI),
    row(31, "R_PPC64_PLT16_HA", SlotSpecial(Content::Address, Reach::FromPointer, plt_slot), HA),
    row(45, "R_PPC64_PLT64", LINKAGE, NONE),
    row(46, "R_PPC64_PLTREL64", LINKAGE, NONE),
    row(60, "R_PPC64_PLT16_LO_DS", SlotSpecial(Content::Address, Reach::FromPointer, plt_slot), LO_DS),
    row(33, "R_PPC64_SECTOFF", SECTION, NONE),
    row(34, "R_PPC64_SECTOFF_LO", SECTION, NONE),
    row(35, "R_PPC64_SECTOFF_HI", SECTION, NONE),
    row(36, "R_PPC64_SECTOFF_HA", SECTION, NONE),
    row(61, "R_PPC64_SECTOFF_DS", SECTION, NONE),
    row(62, "R_PPC64_SECTOFF_LO_DS", SECTION, NONE),
    row(52, "R_PPC64_PLTGOT16", LINKAGE, NONE),
    row(53, "R_PPC64_PLTGOT16_LO", LINKAGE, NONE),
    row(54, "R_PPC64_PLTGOT16_HI", LINKAGE, NONE),
    row(55, "R_PPC64_PLTGOT16_HA", LINKAGE, NONE),
    row(65, "R_PPC64_PLTGOT16_DS", LINKAGE, NONE),
    row(66, "R_PPC64_PLTGOT16_LO_DS", LINKAGE, NONE),
    row(69, "R_PPC64_TPREL16", TpOffset, HALF_SIGNED),
    row(71, "R_PPC64_TPREL16_HI", TpOffset, HI),
    row(74, "R_PPC64_DTPREL16", TlsOffset, HALF_SIGNED),
    row(75, "R_PPC64_DTPREL16_LO", TlsOffset, LO),
    row(76, "R_PPC64_DTPREL16_HI", TlsOffset, HI),
    row(77, "R_PPC64_DTPREL16_HA", TlsOffset, HA),
    row(79, "R_PPC64_GOT_TLSGD16", Slot(Content::TlsIndex, Reach::FromPointer), HALF_SIGNED),
    row(81, "R_PPC64_GOT_TLSGD16_HI", Slot(Content::TlsIndex, Reach::FromPointer), HI),
    row(83, "R_PPC64_GOT_TLSLD16", Slot(Content::TlsBlock, Reach::FromPointer), HALF_SIGNED),
    row(84, "R_PPC64_GOT_TLSLD16_LO", Slot(Content::TlsBlock, Reach::FromPointer), LO),
    row(85, "R_PPC64_GOT_TLSLD16_HI", Slot(Content::TlsBlock, Reach::FromPointer), HI),
    row(86, "R_PPC64_GOT_TLSLD16_HA", Slot(Content::TlsBlock, Reach::FromPointer), HA),
    row(87, "R_PPC64_GOT_TPREL16_DS", Slot(Content::TpOffset, Reach::FromPointer), DS),
    row(89, "R_PPC64_GOT_TPREL16_HI", Slot(Content::TpOffset, Reach::FromPointer), HI),
    row(91, "R_PPC64_GOT_DTPREL16_DS", Slot(Content::TlsOffset, Reach::FromPointer), DS),
    row(92, "R_PPC64_GOT_DTPREL16_LO_DS", Slot(Content::TlsOffset, Reach::FromPointer), LO_DS),
    row(93, "R_PPC64_GOT_DTPREL16_HI", Slot(Content::TlsOffset, Reach::FromPointer), HI),
    row(94, "R_PPC64_GOT_DTPREL16_HA", Slot(Content::TlsOffset, Reach::FromPointer), HA),
    row(95, "R_PPC64_TPREL16_DS", TpOffset, DS),
    row(96, "R_PPC64_TPREL16_LO_DS", TpOffset, LO_DS),
    row(97, "R_PPC64_TPREL16_HIGHER", TpOffset, HIGHER),
    row(98, "R_PPC64_TPREL16_HIGHERA", TpOffset, HIGHERA),
    row(99, "R_PPC64_TPREL16_HIGHEST", TpOffset, HIGHEST),
    row(100, "R_PPC64_TPREL16_HIGHESTA", TpOffset, HIGHESTA),
    row(101, "R_PPC64_DTPREL16_DS", TlsOffset, DS),
    row(102, "R_PPC64_DTPREL16_LO_DS", TlsOffset, LO_DS),
    row(103, "R_PPC64_DTPREL16_HIGHER", TlsOffset, HIGHER),
    row(104, "R_PPC64_DTPREL16_HIGHERA", TlsOffset, HIGHERA),
    row(105, "R_PPC64_DTPREL16_HIGHEST", TlsOffset, HIGHEST),
    row(106, "R_PPC64_DTPREL16_HIGHESTA", TlsOffset, HIGHESTA),
    row(112, "R_PPC64_TPREL16_HIGH", TpOffset, HIGH),
    row(113, "R_PPC64_TPREL16_HIGHA", TpOffset, HIGHA),
    row(114, "R_PPC64_DTPREL16_HIGH", TlsOffset, HIGH),
    row(115, "R_PPC64_DTPREL16_HIGHA", TlsOffset, HIGHA),
    row(119, "R_PPC64_PLTSEQ", Nothing, NONE),
    row(120, "R_PPC64_PLTCALL", Nothing, NONE),
    row(121, "R_PPC64_PLTSEQ_NOTOC", Nothing, NONE),
    row(122, "R_PPC64_PLTCALL_NOTOC", Nothing, NONE),
    row(124, "R_PPC64_REL24_P9NOTOC", Deferred(call), BRANCH24),
    row(128, "R_PPC64_D34", Absolute, PREFIXED34),
    row(129, "R_PPC64_D34_LO", Absolute, PREFIXED34_ANY),
    row(130, "R_PPC64_D34_HI30", Absolute, PREFIXED_HI30),
    row(131, "R_PPC64_D34_HA30", Absolute, PREFIXED_HA30),
    row(134, "R_PPC64_PLT_PCREL34", SlotSpecial(Content::Address, Reach::Pc, plt_distance), PREFIXED34),
    row(135, "R_PPC64_PLT_PCREL34_NOTOC", SlotSpecial(Content::Address, Reach::Pc, plt_distance), PREFIXED34),
    row(136, "R_PPC64_ADDR16_HIGHER34", Absolute, HIGHER34),
    row(137, "R_PPC64_ADDR16_HIGHERA34", Absolute, HIGHERA34),
    row(138, "R_PPC64_ADDR16_HIGHEST34", Absolute, HIGHEST34),
    row(139, "R_PPC64_ADDR16_HIGHESTA34", Absolute, HIGHESTA34),
    row(140, "R_PPC64_REL16_HIGHER34", PcRelative, HIGHER34),
    row(141, "R_PPC64_REL16_HIGHERA34", PcRelative, HIGHERA34),
    row(142, "R_PPC64_REL16_HIGHEST34", PcRelative, HIGHEST34),
    row(143, "R_PPC64_REL16_HIGHESTA34", PcRelative, HIGHESTA34),
    row(144, "R_PPC64_D28", Absolute, PREFIXED28),
    row(145, "R_PPC64_PCREL28", PcRelative, PREFIXED28),
    row(146, "R_PPC64_TPREL34", TpOffset, PREFIXED34),
    row(147, "R_PPC64_DTPREL34", TlsOffset, PREFIXED34),
    row(148, "R_PPC64_GOT_TLSGD_PCREL34", Slot(Content::TlsIndex, Reach::Distance), PREFIXED34),
    row(149, "R_PPC64_GOT_TLSLD_PCREL34", Slot(Content::TlsBlock, Reach::Distance), PREFIXED34),
    row(150, "R_PPC64_GOT_TPREL_PCREL34", Slot(Content::TpOffset, Reach::Distance), PREFIXED34),
    row(151, "R_PPC64_GOT_DTPREL_PCREL34", Slot(Content::TlsOffset, Reach::Distance), PREFIXED34),
    row(200, "R_PPC64_LO_DS_OPT", Unsupported("only linkers make it"), NONE),
    row(201, "R_PPC64_16DX_HA", Absolute, SPLIT_HA),
    row(240, "R_PPC64_REL16_HIGH", PcRelative, HIGH),
    row(241, "R_PPC64_REL16_HIGHA", PcRelative, HIGHA),
    row(242, "R_PPC64_REL16_HIGHER", PcRelative, HIGHER),
    row(243, "R_PPC64_REL16_HIGHERA", PcRelative, HIGHERA),
    row(244, "R_PPC64_REL16_HIGHEST", PcRelative, HIGHEST),
    row(245, "R_PPC64_REL16_HIGHESTA", PcRelative, HIGHESTA),
    row(246, "R_PPC64_REL16DX_HA", PcRelative, SPLIT_HA),
    row(253, "R_PPC64_GNU_VTINHERIT", Nothing, NONE),
    row(254, "R_PPC64_GNU_VTENTRY", Nothing, NONE),
];

/// How far the local entry point of an ELFv2 function is behind the global
/// one: bits 5 to 7 of `st_other`.
fn local_entry(other: u8) -> u64 {
    match other >> 5 {
        0 | 1 => 0,
        exponent => 1 << exponent,
    }
}

/// A call: of the local entry point, and of what a descriptor points to. A
/// function with another table pointer needs a stub, which only a linkage
/// table has.
fn call(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = site.addend()?;
    let own_pointer = site.pointer();
    let (entry, same_pointer) = match site.target.descriptor {
        Some((code, pointer)) => (code, site.target.same_module || pointer == own_pointer),
        None => {
            let skip = if site.target.same_module { local_entry(site.target.other) } else { 0 };
            let needs_pointer = site.target.function && site.target.other >> 5 != 1;
            (site.target.value.wrapping_add(skip), site.target.same_module || !needs_pointer)
        }
    };
    // What answers an import needs no table pointer.
    if !same_pointer && !site.target.import {
        let reason = "a call into another module needs a linkage stub that sets the table pointer";
        return Err(Problem::Unsupported(site.howto.name, reason));
    }
    match site.put(entry.wrapping_add(addend).wrapping_sub(site.place())) {
        Err(Problem::Overflow(..)) if site.target.missing_weak => Ok(()),
        result => result,
    }
}

/// An entry of the procedure linkage table: an address in ELFv2, a copy of
/// the function descriptor in ELFv1.
fn jump_slot(site: &mut Site<'_>) -> Result<(), Problem> {
    let Some((code, pointer)) = site.target.descriptor else {
        if site.target.indirect {
            return site.indirect(site.target.value);
        }
        let value = site.target.value.wrapping_add(site.addend()?);
        return site.put(value);
    };
    let outside = Problem::Outside(site.howto.name);
    let place = site.relocation.place;
    for (index, value) in [code, pointer, 0].into_iter().enumerate() {
        let at = place.wrapping_add(8 * index as u64);
        site.module.write_integer(at, value, 8).ok_or(outside)?;
    }
    Ok(())
}

/// An entry that the resolver at the addend chooses: an address in ELFv2, a copy
/// of a descriptor in ELFv1.
fn resolved_slot(site: &mut Site<'_>) -> Result<(), Problem> {
    if site.module.is_elfv1() {
        return site.indirect_slot(SlotShape::Descriptor);
    }
    let resolver = site.module.bias.wrapping_add(site.addend()?);
    site.indirect(resolver)
}

fn address_of_local_entry(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = site.addend()?;
    site.put(site.target.value.wrapping_add(local_entry(site.target.other)).wrapping_add(addend))
}

/// The slot that stands for an entry of the procedure linkage table, of an
/// inline call. In ELFv1 an entry would be a copy of a descriptor.
fn entry(site: &mut Site<'_>) -> Result<u64, Problem> {
    if site.target.descriptor.is_some() || site.module.descriptors.is_some() {
        let reason = "an inline call needs an entry of a procedure linkage table";
        return Err(Problem::Unsupported(site.howto.name, reason));
    }
    site.slot()
}

fn plt_slot(site: &mut Site<'_>) -> Result<(), Problem> {
    let slot = entry(site)?;
    site.put(slot.wrapping_sub(site.pointer()))
}

fn plt_distance(site: &mut Site<'_>) -> Result<(), Problem> {
    let slot = entry(site)?;
    site.put(slot.wrapping_sub(site.place()))
}
