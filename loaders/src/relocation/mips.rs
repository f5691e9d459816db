//! MIPS: "System V ABI, MIPS RISC Processor Supplement", third edition,
//! table 4-11, and "64-bit ELF Object File Specification", version 2.5.

use std::collections::HashMap;

use object::elf;

use super::{
    Formula::{
        Absolute, Copy, FromPointer, Nothing, PcRelative, SlotFromPointer, Special, Symbol, ThreadLocal,
        TlsModule, TlsOffset, TpOffset, Unsupported,
    },
    Howto, Problem, Site, Target, Types,
    field::{Check, Field, HALF_ANY, HALF_SIGNED, LONG, NONE, WORD, WORD_ANY},
    row,
};
use crate::module::Module;

const fn low(pieces: &'static [(u8, u8, u8)], check: Check) -> Field {
    Field::data(4, pieces, check)
}

const LO16: Field = low(&[(0, 16, 0)], Check::Any);
const IMM16: Field = low(&[(0, 16, 0)], Check::Signed(16));
const HI16: Field = low(&[(16, 16, 0)], Check::Any).rounded(0x8000);
const HIGHER: Field = low(&[(32, 16, 0)], Check::Any).rounded(0x8000_8000);
const HIGHEST: Field = low(&[(48, 16, 0)], Check::Any).rounded(0x8000_8000_8000);
const JUMP: Field = low(&[(2, 26, 0)], Check::Any);
const PC16: Field = low(&[(2, 16, 0)], Check::Signed(18)).of_multiples(4);
const PC18: Field = low(&[(3, 18, 0)], Check::Signed(21));
const PC19: Field = low(&[(2, 19, 0)], Check::Signed(21)).of_multiples(4);
const PC21: Field = low(&[(2, 21, 0)], Check::Signed(23)).of_multiples(4);
const PC26: Field = low(&[(2, 26, 0)], Check::Signed(28)).of_multiples(4);

const GOT16: u32 = elf::R_MIPS_GOT16;
const GOT_PAGE: u32 = elf::R_MIPS_GOT_PAGE;

/// The types.
pub(super) const TYPES: &[Howto] = &[
    row(elf::R_MIPS_NONE, "R_MIPS_NONE", Nothing, NONE),
    row(elf::R_MIPS_16, "R_MIPS_16", Absolute, IMM16),
    row(elf::R_MIPS_32, "R_MIPS_32", Absolute, WORD_ANY),
    row(elf::R_MIPS_REL32, "R_MIPS_REL32", Special(rel32), WORD),
    row(elf::R_MIPS_26, "R_MIPS_26", Special(jump), JUMP),
    row(elf::R_MIPS_HI16, "R_MIPS_HI16", Special(high_or_low), HI16),
    row(elf::R_MIPS_LO16, "R_MIPS_LO16", Special(high_or_low), LO16),
    row(elf::R_MIPS_GPREL16, "R_MIPS_GPREL16", FromPointer, IMM16),
    row(elf::R_MIPS_LITERAL, "R_MIPS_LITERAL", FromPointer, IMM16),
    row(GOT16, "R_MIPS_GOT16", SlotFromPointer, IMM16),
    row(elf::R_MIPS_PC16, "R_MIPS_PC16", PcRelative, PC16),
    row(elf::R_MIPS_CALL16, "R_MIPS_CALL16", SlotFromPointer, IMM16),
    row(elf::R_MIPS_GPREL32, "R_MIPS_GPREL32", FromPointer, WORD_ANY),
    row(elf::R_MIPS_64, "R_MIPS_64", Absolute, LONG),
    row(elf::R_MIPS_GOT_DISP, "R_MIPS_GOT_DISP", SlotFromPointer, IMM16),
    row(GOT_PAGE, "R_MIPS_GOT_PAGE", SlotFromPointer, IMM16),
    row(elf::R_MIPS_GOT_OFST, "R_MIPS_GOT_OFST", Absolute, LO16),
    row(elf::R_MIPS_GOT_HI16, "R_MIPS_GOT_HI16", SlotFromPointer, HI16),
    row(elf::R_MIPS_GOT_LO16, "R_MIPS_GOT_LO16", SlotFromPointer, LO16),
    row(elf::R_MIPS_SUB, "R_MIPS_SUB", Special(subtract), LONG),
    row(elf::R_MIPS_HIGHER, "R_MIPS_HIGHER", Absolute, HIGHER),
    row(elf::R_MIPS_HIGHEST, "R_MIPS_HIGHEST", Absolute, HIGHEST),
    row(elf::R_MIPS_CALL_HI16, "R_MIPS_CALL_HI16", SlotFromPointer, HI16),
    row(elf::R_MIPS_CALL_LO16, "R_MIPS_CALL_LO16", SlotFromPointer, LO16),
    row(elf::R_MIPS_SCN_DISP, "R_MIPS_SCN_DISP", Unsupported("it is of IRIX only"), NONE),
    row(elf::R_MIPS_REL16, "R_MIPS_REL16", Absolute, HALF_SIGNED),
    // A hint that an indirect jump goes to the symbol.
    row(elf::R_MIPS_JALR, "R_MIPS_JALR", Nothing, NONE),
    row(elf::R_MIPS_TLS_DTPMOD32, "R_MIPS_TLS_DTPMOD32", TlsModule, WORD),
    row(elf::R_MIPS_TLS_DTPREL32, "R_MIPS_TLS_DTPREL32", TlsOffset, WORD),
    row(elf::R_MIPS_TLS_DTPMOD64, "R_MIPS_TLS_DTPMOD64", TlsModule, LONG),
    row(elf::R_MIPS_TLS_DTPREL64, "R_MIPS_TLS_DTPREL64", TlsOffset, LONG),
    row(elf::R_MIPS_TLS_GD, "R_MIPS_TLS_GD", ThreadLocal, NONE),
    row(elf::R_MIPS_TLS_LDM, "R_MIPS_TLS_LDM", ThreadLocal, NONE),
    row(elf::R_MIPS_TLS_DTPREL_HI16, "R_MIPS_TLS_DTPREL_HI16", ThreadLocal, NONE),
    row(elf::R_MIPS_TLS_DTPREL_LO16, "R_MIPS_TLS_DTPREL_LO16", ThreadLocal, NONE),
    row(elf::R_MIPS_TLS_GOTTPREL, "R_MIPS_TLS_GOTTPREL", ThreadLocal, NONE),
    row(elf::R_MIPS_TLS_TPREL32, "R_MIPS_TLS_TPREL32", TpOffset, WORD),
    row(elf::R_MIPS_TLS_TPREL64, "R_MIPS_TLS_TPREL64", TpOffset, LONG),
    row(elf::R_MIPS_TLS_TPREL_HI16, "R_MIPS_TLS_TPREL_HI16", ThreadLocal, NONE),
    row(elf::R_MIPS_TLS_TPREL_LO16, "R_MIPS_TLS_TPREL_LO16", ThreadLocal, NONE),
    row(elf::R_MIPS_GLOB_DAT, "R_MIPS_GLOB_DAT", Symbol, WORD),
    row(60, "R_MIPS_PC21_S2", PcRelative, PC21),
    row(61, "R_MIPS_PC26_S2", PcRelative, PC26),
    row(62, "R_MIPS_PC18_S3", PcRelative, PC18),
    row(63, "R_MIPS_PC19_S2", PcRelative, PC19),
    row(64, "R_MIPS_PCHI16", PcRelative, HI16),
    row(65, "R_MIPS_PCLO16", PcRelative, LO16),
    row(elf::R_MIPS_COPY, "R_MIPS_COPY", Copy, NONE),
    row(elf::R_MIPS_JUMP_SLOT, "R_MIPS_JUMP_SLOT", Special(jump_slot), NONE),
    row(248, "R_MIPS_PC32", PcRelative, WORD_ANY),
    row(249, "R_MIPS_EH", PcRelative, WORD_ANY),
    row(250, "R_MIPS_GNU_REL16_S2", PcRelative, PC16),
    row(253, "R_MIPS_GNU_VTINHERIT", Nothing, NONE),
    row(254, "R_MIPS_GNU_VTENTRY", Nothing, HALF_ANY),
];

/// The offset table that a dynamic MIPS module has without relocations for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MipsGot {
    /// Where it is.
    pub(crate) address: u64,
    /// How many entries move with the module.
    pub(crate) local_entries: u64,
    /// The first symbol that has an entry behind those.
    pub(crate) first_symbol: u64,
    /// The number of symbols.
    pub(crate) symbols: u64,
}

/// Whether a slot holds an address rounded to 64 KiB.
pub(super) const fn is_page_slot(number: u32, local: bool) -> bool {
    number == GOT_PAGE || number == GOT16 && local
}

/// Relocates the offset table: entries of the module itself get the bias
/// (but for the first, or the first two where the second has its top bit set:
/// they belong to the run-time linker), those of symbols get what `resolve`
/// says (MIPS ABI, page 5-11).
pub(crate) fn relocate_got(module: &mut Module, mut resolve: impl FnMut(u64, u64) -> u64) {
    let Some(got) = module.mips_got else { return };
    let word = module.word_bytes() as u64;
    let entry = |index: u64| got.address.wrapping_add(index.wrapping_mul(word));
    let top = 1 << (module.class_bits - 1);
    let reserved = if module.read_word(entry(1)).is_some_and(|second| second & top != 0) { 2 } else { 1 };
    for index in reserved..got.local_entries {
        let Some(value) = module.read_word(entry(index)) else { return };
        let moved = module.placed(value);
        module.write_word(entry(index), moved);
    }
    for symbol in got.first_symbol..got.symbols.min(module.link_symbols.len() as u64) {
        let slot = entry(got.local_entries.wrapping_add(symbol - got.first_symbol));
        if module.read_word(slot).is_none() {
            return;
        }
        let value = resolve(symbol, slot);
        module.write_word(slot, value);
    }
}

/// Puts the addends together that a REL table spreads over two instructions:
/// the high half stands in `HI16` (or `GOT16` of a local symbol), the low one
/// in the `LO16` of the same symbol that follows.
pub(super) fn pair_addends(module: &mut Module) {
    if module.machine != elf::EM_MIPS || module.class_bits != 32 {
        return;
    }
    let mut low_parts: HashMap<u32, i64> = HashMap::new();
    for index in (0..module.relocations.len()).rev() {
        let relocation = module.relocations[index];
        let is_high = matches!(relocation.kind, elf::R_MIPS_HI16 | GOT16);
        if relocation.addend.is_some() || !(is_high || relocation.kind == elf::R_MIPS_LO16) {
            continue;
        }
        let Some(unit) = module.read_integer(relocation.place, 4) else { continue };
        let half = i64::from(unit as u16 as i16);
        let addend = if is_high {
            let local = module
                .link_symbols
                .get(relocation.symbol as usize)
                .is_some_and(|symbol| symbol.binding == terrella_machine_state::SymbolBinding::Local);
            match relocation.kind {
                GOT16 if !local => 0,
                _ => (half << 16) + low_parts.get(&relocation.symbol).copied().unwrap_or(0),
            }
        } else {
            low_parts.insert(relocation.symbol, half);
            half
        };
        module.relocations[index].addend = Some(addend);
    }
}

/// Up to three types in one relocation: each takes the value of the one
/// before as its addend; the last one's field takes the result.
pub(super) fn apply_packed(site: &mut Site<'_>, types: &Types) -> Result<(), Problem> {
    let kinds =
        [site.relocation.kind & 0xff, site.relocation.kind >> 8 & 0xff, site.relocation.kind >> 16 & 0xff];
    let steps = kinds.iter().rposition(|kind| *kind != 0).map_or(0, |last| last + 1);
    let nothing = Target::default();
    let Some(last) = kinds.get(steps.saturating_sub(1)).and_then(|kind| types.get(*kind)) else {
        return Err(Problem::Unknown);
    };
    let mut value = match site.relocation.addend {
        Some(addend) => addend as u64,
        None => Site { howto: last, ..reborrow(site) }.addend()?,
    };
    for (index, kind) in kinds.iter().take(steps).enumerate() {
        let howto = types.get(*kind).ok_or(Problem::Unknown)?;
        let mut step = Site { howto, ..reborrow(site) };
        if index > 0 {
            step.target = &nothing;
        }
        value = match *kind {
            elf::R_MIPS_REL32 if index == 0 => rel32_value(&step, value),
            elf::R_MIPS_SUB => step.target.value.wrapping_sub(value),
            elf::R_MIPS_HI16 | elf::R_MIPS_LO16 => step.target.value.wrapping_add(value),
            elf::R_MIPS_JUMP_SLOT => step.target.value,
            _ => step.value(value)?,
        };
    }
    Site { howto: last, ..reborrow(site) }.put(value)
}

fn reborrow<'b>(site: &'b mut Site<'_>) -> Site<'b> {
    Site {
        module: &mut *site.module,
        relocation: site.relocation,
        howto: site.howto,
        target: site.target,
        state: &mut *site.state,
    }
}

/// `R_MIPS_REL32`: without a symbol, the place moves with the module.
fn rel32_value(site: &Site<'_>, addend: u64) -> u64 {
    let from = if site.relocation.symbol == 0 { site.module.bias } else { site.target.value };
    from.wrapping_add(addend)
}

fn rel32(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = site.addend()?;
    let value = rel32_value(site, addend);
    site.put(value)
}

fn jump_slot(site: &mut Site<'_>) -> Result<(), Problem> {
    let (place, value) = (site.relocation.place, site.target.value);
    site.module.write_word(place, value).ok_or(Problem::Outside(site.howto.name))
}

fn subtract(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = site.addend()?;
    site.put(site.target.value.wrapping_sub(addend))
}

/// `HI16` and `LO16`; `_gp_disp` stands for the distance from the `HI16`
/// instruction to the global pointer.
fn high_or_low(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = site.addend()?;
    let symbol = if site.target.pointer_displacement {
        let back = if site.howto.number == elf::R_MIPS_LO16 { 4 } else { 0 };
        site.pointer().wrapping_sub(site.place()).wrapping_add(back)
    } else {
        site.target.value
    };
    site.put(symbol.wrapping_add(addend))
}

/// `j` and `jal`: 256 MiB around the delay slot.
fn jump(site: &mut Site<'_>) -> Result<(), Problem> {
    let mut addend = site.addend()?;
    let slot = site.place().wrapping_add(4);
    if site.target.local && site.relocation.addend.is_none() {
        addend &= 0xfff_ffff;
    }
    let target = site.target.value.wrapping_add(addend);
    if ((target ^ slot) & 0xffff_ffff) >> 28 != 0 || target & 3 != 0 {
        if site.target.missing_weak {
            return Ok(());
        }
        return Err(Problem::Overflow(site.howto.name, target));
    }
    site.put(target)
}
