//! 32-bit PowerPC: "Power Architecture 32-bit ABI Supplement 1.0", table 4-5,
//! and the secure procedure linkage table of the GNU tools.

use object::elf;

use super::{
    Content,
    Formula::{
        Absolute, Copy, Indirect, Negated, Nothing, PcRelative, Relative, Slot, SlotSpecial, Special,
        TlsModule, TlsOffset, TpOffset, Unsupported,
    },
    Howto, Problem, Reach, Site,
    field::{Check, Field, HALF, HALF_ANY, HALF_SIGNED, NONE, WORD, WORD_ANY},
    formula::{SLOT_OFFSET, row},
};

const LO: Field = HALF_ANY;
const HI: Field = Field::data(2, &[(16, 16, 0)], Check::Any);
const HA: Field = HI.rounded(0x8000);
const BRANCH24: Field = Field::data(4, &[(2, 24, 2)], Check::Signed(26)).of_multiples(4);
const BRANCH14: Field = Field::data(4, &[(2, 14, 2)], Check::Signed(16)).of_multiples(4);

const WORD30: Field = Field::data(4, &[(2, 30, 2)], Check::Any).of_multiples(4);
/// `addpcis`.
const SPLIT_HA: Field = Field::data(4, &[(16, 1, 0), (17, 5, 16), (22, 10, 6)], Check::Any).rounded(0x8000);

const SECTION: super::Formula = Unsupported("the sections of a file are not known any more");
const LINKER: super::Formula = Unsupported("only linkers make it");
const VLE: super::Formula = Unsupported("it is of code with variable-length encoding");
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
    row(
        elf::R_PPC_ADDR14_BRTAKEN,
        "R_PPC_ADDR14_BRTAKEN",
        Special(|site| predicted(site, true, false)),
        BRANCH14,
    ),
    row(
        elf::R_PPC_ADDR14_BRNTAKEN,
        "R_PPC_ADDR14_BRNTAKEN",
        Special(|site| predicted(site, false, false)),
        BRANCH14,
    ),
    row(elf::R_PPC_REL24, "R_PPC_REL24", PcRelative, BRANCH24),
    row(elf::R_PPC_REL14, "R_PPC_REL14", PcRelative, BRANCH14),
    row(
        elf::R_PPC_REL14_BRTAKEN,
        "R_PPC_REL14_BRTAKEN",
        Special(|site| predicted(site, true, true)),
        BRANCH14,
    ),
    row(
        elf::R_PPC_REL14_BRNTAKEN,
        "R_PPC_REL14_BRNTAKEN",
        Special(|site| predicted(site, false, true)),
        BRANCH14,
    ),
    row(elf::R_PPC_GOT16, "R_PPC_GOT16", SLOT_OFFSET, HALF_SIGNED),
    row(elf::R_PPC_GOT16_LO, "R_PPC_GOT16_LO", SLOT_OFFSET, LO),
    row(elf::R_PPC_GOT16_HI, "R_PPC_GOT16_HI", SLOT_OFFSET, HI),
    row(elf::R_PPC_GOT16_HA, "R_PPC_GOT16_HA", SLOT_OFFSET, HA),
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
    row(elf::R_PPC_TLS, "R_PPC_TLS", Nothing, NONE),
    row(elf::R_PPC_DTPMOD32, "R_PPC_DTPMOD32", TlsModule, WORD),
    row(elf::R_PPC_TPREL16_LO, "R_PPC_TPREL16_LO", TpOffset, LO),
    row(elf::R_PPC_TPREL16_HA, "R_PPC_TPREL16_HA", TpOffset, HA),
    row(elf::R_PPC_TPREL32, "R_PPC_TPREL32", TpOffset, WORD),
    row(elf::R_PPC_DTPREL32, "R_PPC_DTPREL32", TlsOffset, WORD),
    row(elf::R_PPC_GOT_TLSGD16, "R_PPC_GOT_TLSGD16", Slot(Content::TlsIndex, Reach::Offset), HALF_SIGNED),
    row(elf::R_PPC_GOT_TPREL16, "R_PPC_GOT_TPREL16", Slot(Content::TpOffset, Reach::Offset), HALF_SIGNED),
    row(elf::R_PPC_TLSGD, "R_PPC_TLSGD", Nothing, NONE),
    row(elf::R_PPC_TLSLD, "R_PPC_TLSLD", Nothing, NONE),
    row(elf::R_PPC_EMB_SDA21, "R_PPC_EMB_SDA21", SMALL_DATA, NONE),
    row(elf::R_PPC_IRELATIVE, "R_PPC_IRELATIVE", Indirect, WORD),
    row(elf::R_PPC_REL16, "R_PPC_REL16", PcRelative, HALF_SIGNED),
    row(elf::R_PPC_REL16_LO, "R_PPC_REL16_LO", PcRelative, LO),
    row(elf::R_PPC_REL16_HI, "R_PPC_REL16_HI", PcRelative, HI),
    row(elf::R_PPC_REL16_HA, "R_PPC_REL16_HA", PcRelative, HA),
    row(29, "R_PPC_PLT16_LO", SlotSpecial(Content::Address, Reach::Pc, plt_slot), LO),
    row(30, "R_PPC_PLT16_HI", SlotSpecial(Content::Address, Reach::Pc, plt_slot), HI),
    row(31, "R_PPC_PLT16_HA", SlotSpecial(Content::Address, Reach::Pc, plt_slot), HA),
    row(33, "R_PPC_SECTOFF", SECTION, NONE),
    row(34, "R_PPC_SECTOFF_LO", SECTION, NONE),
    row(35, "R_PPC_SECTOFF_HI", SECTION, NONE),
    row(36, "R_PPC_SECTOFF_HA", SECTION, NONE),
    row(37, "R_PPC_ADDR30", PcRelative, WORD30),
    row(48, "R_PPC_RELAX", LINKER, NONE),
    row(49, "R_PPC_RELAX_PLT", LINKER, NONE),
    row(50, "R_PPC_RELAX_PLTREL24", LINKER, NONE),
    row(51, "R_PPC_16DX_HA", Absolute, SPLIT_HA),
    row(69, "R_PPC_TPREL16", TpOffset, HALF_SIGNED),
    row(71, "R_PPC_TPREL16_HI", TpOffset, HI),
    row(74, "R_PPC_DTPREL16", TlsOffset, HALF_SIGNED),
    row(75, "R_PPC_DTPREL16_LO", TlsOffset, LO),
    row(76, "R_PPC_DTPREL16_HI", TlsOffset, HI),
    row(77, "R_PPC_DTPREL16_HA", TlsOffset, HA),
    row(80, "R_PPC_GOT_TLSGD16_LO", Slot(Content::TlsIndex, Reach::Offset), LO),
    row(81, "R_PPC_GOT_TLSGD16_HI", Slot(Content::TlsIndex, Reach::Offset), HI),
    row(82, "R_PPC_GOT_TLSGD16_HA", Slot(Content::TlsIndex, Reach::Offset), HA),
    row(83, "R_PPC_GOT_TLSLD16", Slot(Content::TlsBlock, Reach::Offset), HALF_SIGNED),
    row(84, "R_PPC_GOT_TLSLD16_LO", Slot(Content::TlsBlock, Reach::Offset), LO),
    row(85, "R_PPC_GOT_TLSLD16_HI", Slot(Content::TlsBlock, Reach::Offset), HI),
    row(86, "R_PPC_GOT_TLSLD16_HA", Slot(Content::TlsBlock, Reach::Offset), HA),
    row(88, "R_PPC_GOT_TPREL16_LO", Slot(Content::TpOffset, Reach::Offset), LO),
    row(89, "R_PPC_GOT_TPREL16_HI", Slot(Content::TpOffset, Reach::Offset), HI),
    row(90, "R_PPC_GOT_TPREL16_HA", Slot(Content::TpOffset, Reach::Offset), HA),
    row(91, "R_PPC_GOT_DTPREL16", Slot(Content::TlsOffset, Reach::Offset), HALF_SIGNED),
    row(92, "R_PPC_GOT_DTPREL16_LO", Slot(Content::TlsOffset, Reach::Offset), LO),
    row(93, "R_PPC_GOT_DTPREL16_HI", Slot(Content::TlsOffset, Reach::Offset), HI),
    row(94, "R_PPC_GOT_DTPREL16_HA", Slot(Content::TlsOffset, Reach::Offset), HA),
    row(101, "R_PPC_EMB_NADDR32", Negated, WORD_ANY),
    row(102, "R_PPC_EMB_NADDR16", Negated, HALF),
    row(103, "R_PPC_EMB_NADDR16_LO", Negated, LO),
    row(104, "R_PPC_EMB_NADDR16_HI", Negated, HI),
    row(105, "R_PPC_EMB_NADDR16_HA", Negated, HA),
    row(106, "R_PPC_EMB_SDAI16", SMALL_DATA, NONE),
    row(107, "R_PPC_EMB_SDA2I16", SMALL_DATA, NONE),
    row(108, "R_PPC_EMB_SDA2REL", SMALL_DATA, NONE),
    row(110, "R_PPC_EMB_MRKREF", Nothing, NONE),
    row(111, "R_PPC_EMB_RELSEC16", SECTION, NONE),
    row(112, "R_PPC_EMB_RELST_LO", SECTION, NONE),
    row(113, "R_PPC_EMB_RELST_HI", SECTION, NONE),
    row(114, "R_PPC_EMB_RELST_HA", SECTION, NONE),
    row(115, "R_PPC_EMB_BIT_FLD", Unsupported("no tool makes it"), NONE),
    row(116, "R_PPC_EMB_RELSDA", SMALL_DATA, NONE),
    row(119, "R_PPC_PLTSEQ", Nothing, NONE),
    row(120, "R_PPC_PLTCALL", Nothing, NONE),
    row(216, "R_PPC_VLE_REL8", VLE, NONE),
    row(217, "R_PPC_VLE_REL15", VLE, NONE),
    row(218, "R_PPC_VLE_REL24", VLE, NONE),
    row(219, "R_PPC_VLE_LO16A", VLE, NONE),
    row(220, "R_PPC_VLE_LO16D", VLE, NONE),
    row(221, "R_PPC_VLE_HI16A", VLE, NONE),
    row(222, "R_PPC_VLE_HI16D", VLE, NONE),
    row(223, "R_PPC_VLE_HA16A", VLE, NONE),
    row(224, "R_PPC_VLE_HA16D", VLE, NONE),
    row(225, "R_PPC_VLE_SDA21", VLE, NONE),
    row(226, "R_PPC_VLE_SDA21_LO", VLE, NONE),
    row(227, "R_PPC_VLE_SDAREL_LO16A", VLE, NONE),
    row(228, "R_PPC_VLE_SDAREL_LO16D", VLE, NONE),
    row(229, "R_PPC_VLE_SDAREL_HI16A", VLE, NONE),
    row(230, "R_PPC_VLE_SDAREL_HI16D", VLE, NONE),
    row(231, "R_PPC_VLE_SDAREL_HA16A", VLE, NONE),
    row(232, "R_PPC_VLE_SDAREL_HA16D", VLE, NONE),
    row(233, "R_PPC_VLE_ADDR20", VLE, NONE),
    row(246, "R_PPC_REL16DX_HA", PcRelative, SPLIT_HA),
    row(253, "R_PPC_GNU_VTINHERIT", Nothing, NONE),
    row(254, "R_PPC_GNU_VTENTRY", Nothing, NONE),
    row(255, "R_PPC_TOC16", Unsupported("there is no table of contents in this ABI"), NONE),
];

/// A call; the addend of position-independent code (from 0x8000 on) is for
/// the linkage table's use of `.got2` and not for the target.
fn plt_branch(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = site.addend()?;
    let addend = if addend < 0x8000 { addend } else { 0 };
    site.put(site.target.value.wrapping_add(addend).wrapping_sub(site.place()))
}

/// A conditional branch with the bit that says where it goes as a rule: by
/// default, back and not ahead.
fn predicted(site: &mut Site<'_>, taken: bool, relative: bool) -> Result<(), Problem> {
    const PREDICTION: u64 = 1 << 21;
    let target = site.target.value.wrapping_add(site.addend()?);
    let distance = target.wrapping_sub(site.place());
    site.put(if relative { distance } else { target })?;
    let backwards = (distance as u32 as i32) < 0;
    let unit = site.unit()? & !PREDICTION;
    site.put_unit(if taken != backwards { unit | PREDICTION } else { unit })
}

/// The address of the slot that stands for an entry of the procedure linkage
/// table. In position-independent code it is relative to a part of `.got2`.
fn plt_slot(site: &mut Site<'_>) -> Result<(), Problem> {
    if site.addend()? >= 0x8000 {
        let reason = "an inline call relative to .got2 is not implemented";
        return Err(Problem::Unsupported(site.howto.name, reason));
    }
    let slot = site.slot()?;
    site.put(slot)
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
