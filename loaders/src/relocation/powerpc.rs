//! 32-bit PowerPC: "Power Architecture 32-bit ABI Supplement 1.0", table 4-5,
//! and the secure procedure linkage table of the GNU tools.

use object::elf;

use super::{
    Formula::{
        Absolute, Copy, Indirect, Nothing, PcRelative, Relative, SlotFromTable, Special, ThreadLocal,
        TlsModule, TlsOffset, TpOffset, Unsupported,
    },
    Howto, Problem, Site,
    field::{Check, Field, HALF, HALF_ANY, HALF_SIGNED, NONE, WORD, WORD_ANY},
    row,
};

const LO: Field = HALF_ANY;
const HI: Field = Field::data(2, &[(16, 16, 0)], Check::Any);
const HA: Field = HI.rounded(0x8000);
const BRANCH24: Field = Field::data(4, &[(2, 24, 2)], Check::Signed(26)).of_multiples(4);
const BRANCH14: Field = Field::data(4, &[(2, 14, 2)], Check::Signed(16)).of_multiples(4);

const SMALL_DATA: super::Formula = Unsupported("there is no small-data area");

/// The types.
pub(super) const TYPES: &[Howto] = &[
    row(elf::R_PPC_NONE, "R_PPC_NONE", Nothing, NONE),
    row(elf::R_PPC_ADDR32, "R_PPC_ADDR32", Absolute, WORD_ANY),
    row(elf::R_PPC_ADDR24, "R_PPC_ADDR24", Absolute, BRANCH24),
    row(elf::R_PPC_ADDR16, "R_PPC_ADDR16", Absolute, HALF),
    row(elf::R_PPC_ADDR16_LO, "R_PPC_ADDR16_LO", Absolute, LO),
    row(elf::R_PPC_ADDR16_HI, "R_PPC_ADDR16_HI", Absolute, HI),
    row(elf::R_PPC_ADDR16_HA, "R_PPC_ADDR16_HA", Absolute, HA),
    row(elf::R_PPC_ADDR14, "R_PPC_ADDR14", Absolute, BRANCH14),
    row(elf::R_PPC_ADDR14_BRTAKEN, "R_PPC_ADDR14_BRTAKEN", Absolute, BRANCH14),
    row(elf::R_PPC_ADDR14_BRNTAKEN, "R_PPC_ADDR14_BRNTAKEN", Absolute, BRANCH14),
    row(elf::R_PPC_REL24, "R_PPC_REL24", PcRelative, BRANCH24),
    row(elf::R_PPC_REL14, "R_PPC_REL14", PcRelative, BRANCH14),
    row(elf::R_PPC_REL14_BRTAKEN, "R_PPC_REL14_BRTAKEN", PcRelative, BRANCH14),
    row(elf::R_PPC_REL14_BRNTAKEN, "R_PPC_REL14_BRNTAKEN", PcRelative, BRANCH14),
    row(elf::R_PPC_GOT16, "R_PPC_GOT16", SlotFromTable, HALF_SIGNED),
    row(elf::R_PPC_GOT16_LO, "R_PPC_GOT16_LO", SlotFromTable, LO),
    row(elf::R_PPC_GOT16_HI, "R_PPC_GOT16_HI", SlotFromTable, HI),
    row(elf::R_PPC_GOT16_HA, "R_PPC_GOT16_HA", SlotFromTable, HA),
    row(elf::R_PPC_PLTREL24, "R_PPC_PLTREL24", Special(plt_branch), BRANCH24),
    row(elf::R_PPC_COPY, "R_PPC_COPY", Copy, NONE),
    row(elf::R_PPC_GLOB_DAT, "R_PPC_GLOB_DAT", Absolute, WORD_ANY),
    row(elf::R_PPC_JMP_SLOT, "R_PPC_JMP_SLOT", Special(jump_slot), WORD),
    row(elf::R_PPC_RELATIVE, "R_PPC_RELATIVE", Relative, WORD_ANY),
    row(elf::R_PPC_LOCAL24PC, "R_PPC_LOCAL24PC", PcRelative, BRANCH24),
    row(elf::R_PPC_UADDR32, "R_PPC_UADDR32", Absolute, WORD_ANY),
    row(elf::R_PPC_UADDR16, "R_PPC_UADDR16", Absolute, HALF),
    row(elf::R_PPC_REL32, "R_PPC_REL32", PcRelative, WORD_ANY),
    row(elf::R_PPC_PLT32, "R_PPC_PLT32", Absolute, WORD_ANY),
    row(elf::R_PPC_PLTREL32, "R_PPC_PLTREL32", PcRelative, WORD_ANY),
    row(elf::R_PPC_SDAREL16, "R_PPC_SDAREL16", SMALL_DATA, NONE),
    row(elf::R_PPC_TLS, "R_PPC_TLS", ThreadLocal, NONE),
    row(elf::R_PPC_DTPMOD32, "R_PPC_DTPMOD32", TlsModule, WORD),
    row(elf::R_PPC_TPREL16_LO, "R_PPC_TPREL16_LO", TpOffset, LO),
    row(elf::R_PPC_TPREL16_HA, "R_PPC_TPREL16_HA", TpOffset, HA),
    row(elf::R_PPC_TPREL32, "R_PPC_TPREL32", TpOffset, WORD),
    row(elf::R_PPC_DTPREL32, "R_PPC_DTPREL32", TlsOffset, WORD),
    row(elf::R_PPC_GOT_TLSGD16, "R_PPC_GOT_TLSGD16", ThreadLocal, NONE),
    row(elf::R_PPC_GOT_TPREL16, "R_PPC_GOT_TPREL16", ThreadLocal, NONE),
    row(elf::R_PPC_TLSGD, "R_PPC_TLSGD", ThreadLocal, NONE),
    row(elf::R_PPC_TLSLD, "R_PPC_TLSLD", ThreadLocal, NONE),
    row(elf::R_PPC_EMB_SDA21, "R_PPC_EMB_SDA21", SMALL_DATA, NONE),
    row(elf::R_PPC_IRELATIVE, "R_PPC_IRELATIVE", Indirect, WORD),
    row(elf::R_PPC_REL16, "R_PPC_REL16", PcRelative, HALF_SIGNED),
    row(elf::R_PPC_REL16_LO, "R_PPC_REL16_LO", PcRelative, LO),
    row(elf::R_PPC_REL16_HI, "R_PPC_REL16_HI", PcRelative, HI),
    row(elf::R_PPC_REL16_HA, "R_PPC_REL16_HA", PcRelative, HA),
];

/// A call; the addend of position-independent code (from 0x8000 on) is for
/// the linkage table's use of `.got2` and not for the target.
fn plt_branch(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = site.addend()?;
    let addend = if addend < 0x8000 { addend } else { 0 };
    site.put(site.target.value.wrapping_add(addend).wrapping_sub(site.place()))
}

/// An entry of the procedure linkage table: an address, or, in the old kind,
/// code: a branch is put there.
fn jump_slot(site: &mut Site<'_>) -> Result<(), Problem> {
    let target = site.target.value.wrapping_add(site.addend()?);
    if site.module.secure_plt {
        return site.put(target);
    }
    let at = site.relocation.place;
    let offset = target.wrapping_sub(site.place());
    // `b`, relative or absolute.
    let branch = |site: &mut Site<'_>, opcode, value| {
        let unit = BRANCH24.insert(opcode, value, 32).ok_or(Problem::Overflow(site.howto.name, value))?;
        site.module.write_integer(at, unit, 4).ok_or(Problem::Outside(site.howto.name))
    };
    branch(site, 0x4800_0000, offset).or_else(|_| branch(site, 0x4800_0002, target))
}
