//! 64-bit PowerPC: "64-bit PowerPC ELF ABI Supplement 1.9" (ELFv1) and
//! "Power Architecture 64-Bit ELF V2 ABI Specification" (ELFv2), section 3.5.

use object::elf;

use super::{
    Formula::{
        Absolute, Copy, Deferred, FromPointer, Indirect, Nothing, PcRelative, Pointer, Relative,
        SlotFromPointer, SlotSpecial, Special, ThreadLocal, TlsModule, TlsOffset, TpOffset,
    },
    Howto, Problem, Site, SlotShape,
    field::{Check, Field, HALF, HALF_ANY, HALF_SIGNED, LONG, NONE, WORD, WORD_SIGNED},
    row,
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
/// Split over the two words of a prefixed instruction.
const PREFIXED34: Field = Field::data(4, &[(0, 32, 0)], Check::Any);

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
    row(elf::R_PPC64_GOT16, "R_PPC64_GOT16", SlotFromPointer, HALF_SIGNED),
    row(elf::R_PPC64_GOT16_LO, "R_PPC64_GOT16_LO", SlotFromPointer, LO),
    row(elf::R_PPC64_GOT16_HI, "R_PPC64_GOT16_HI", SlotFromPointer, HI),
    row(elf::R_PPC64_GOT16_HA, "R_PPC64_GOT16_HA", SlotFromPointer, HA),
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
    row(elf::R_PPC64_GOT16_DS, "R_PPC64_GOT16_DS", SlotFromPointer, DS),
    row(elf::R_PPC64_GOT16_LO_DS, "R_PPC64_GOT16_LO_DS", SlotFromPointer, LO_DS),
    row(elf::R_PPC64_TOC16_DS, "R_PPC64_TOC16_DS", FromPointer, DS),
    row(elf::R_PPC64_TOC16_LO_DS, "R_PPC64_TOC16_LO_DS", FromPointer, LO_DS),
    row(elf::R_PPC64_TLS, "R_PPC64_TLS", ThreadLocal, NONE),
    row(elf::R_PPC64_DTPMOD64, "R_PPC64_DTPMOD64", TlsModule, LONG),
    row(elf::R_PPC64_TPREL16_LO, "R_PPC64_TPREL16_LO", TpOffset, LO),
    row(elf::R_PPC64_TPREL16_HA, "R_PPC64_TPREL16_HA", TpOffset, HA),
    row(elf::R_PPC64_TPREL64, "R_PPC64_TPREL64", TpOffset, LONG),
    row(elf::R_PPC64_DTPREL64, "R_PPC64_DTPREL64", TlsOffset, LONG),
    row(elf::R_PPC64_GOT_TLSGD16_LO, "R_PPC64_GOT_TLSGD16_LO", ThreadLocal, NONE),
    row(elf::R_PPC64_GOT_TLSGD16_HA, "R_PPC64_GOT_TLSGD16_HA", ThreadLocal, NONE),
    row(elf::R_PPC64_GOT_TPREL16_LO_DS, "R_PPC64_GOT_TPREL16_LO_DS", ThreadLocal, NONE),
    row(elf::R_PPC64_GOT_TPREL16_HA, "R_PPC64_GOT_TPREL16_HA", ThreadLocal, NONE),
    row(elf::R_PPC64_TLSGD, "R_PPC64_TLSGD", ThreadLocal, NONE),
    row(elf::R_PPC64_TLSLD, "R_PPC64_TLSLD", ThreadLocal, NONE),
    row(elf::R_PPC64_TOCSAVE, "R_PPC64_TOCSAVE", Nothing, NONE),
    row(elf::R_PPC64_ADDR16_HIGH, "R_PPC64_ADDR16_HIGH", Absolute, HIGH),
    row(elf::R_PPC64_ADDR16_HIGHA, "R_PPC64_ADDR16_HIGHA", Absolute, HIGHA),
    row(116, "R_PPC64_REL24_NOTOC", Deferred(call), BRANCH24),
    row(117, "R_PPC64_ADDR64_LOCAL", Special(address_of_local_entry), LONG),
    row(118, "R_PPC64_ENTRY", Nothing, NONE),
    row(123, "R_PPC64_PCREL_OPT", Nothing, NONE),
    row(132, "R_PPC64_PCREL34", Special(prefixed), PREFIXED34),
    row(133, "R_PPC64_GOT_PCREL34", SlotSpecial(prefixed_slot), PREFIXED34),
    row(elf::R_PPC64_JMP_IREL, "R_PPC64_JMP_IREL", Special(resolved_slot), LONG),
    row(elf::R_PPC64_IRELATIVE, "R_PPC64_IRELATIVE", Indirect, LONG),
    row(elf::R_PPC64_REL16, "R_PPC64_REL16", PcRelative, HALF_SIGNED),
    row(elf::R_PPC64_REL16_LO, "R_PPC64_REL16_LO", PcRelative, LO),
    row(elf::R_PPC64_REL16_HI, "R_PPC64_REL16_HI", PcRelative, HI),
    row(elf::R_PPC64_REL16_HA, "R_PPC64_REL16_HA", PcRelative, HA),
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
    if !same_pointer {
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

/// 34 bits in a prefixed instruction: 18 in the prefix, 16 in the suffix.
fn prefixed(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?);
    put_prefixed(site, value)
}

/// The same of the slot that holds the symbol's address (3.5.4,
/// `R_PPC64_GOT_PCREL34`).
fn prefixed_slot(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.slot()?.wrapping_add(site.addend()?);
    put_prefixed(site, value)
}

fn put_prefixed(site: &mut Site<'_>, target: u64) -> Result<(), Problem> {
    const HIGH18: Field = Field::data(4, &[(16, 18, 0)], Check::Signed(34));
    const LOW16: Field = Field::data(4, &[(0, 16, 0)], Check::Any);
    let value = target.wrapping_sub(site.place());
    let at = site.relocation.place;
    site.put_into(at, &HIGH18, value)?;
    site.put_into(at.wrapping_add(4), &LOW16, value)
}
