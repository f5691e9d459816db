//! MIPS: "System V ABI, MIPS RISC Processor Supplement", third edition,
//! table 4-11, and "64-bit ELF Object File Specification", version 2.5.

use std::collections::HashMap;

use object::elf;

use super::{
    Content,
    Formula::{
        Absolute, Copy, FromPointer, Nothing, PcRelative, Slot, Special, Symbol, TlsModule, TlsOffset,
        TpOffset, Unsupported,
    },
    Howto, Problem, Reach, Site, Target, Types,
    field::{Check, Field, HALF_ANY, HALF_SIGNED, LONG, NONE, WORD, WORD_ANY},
    formula::{SLOT_FROM_POINTER, row},
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
/// In units of the instructions.
const JUMP: Field = low(&[(0, 26, 0)], Check::Any);
const PC16: Field = low(&[(2, 16, 0)], Check::Signed(18)).of_multiples(4);
const PC18: Field = low(&[(3, 18, 0)], Check::Signed(21));
const PC19: Field = low(&[(2, 19, 0)], Check::Signed(21)).of_multiples(4);
const PC21: Field = low(&[(2, 21, 0)], Check::Signed(23)).of_multiples(4);
const PC26: Field = low(&[(2, 26, 0)], Check::Signed(28)).of_multiples(4);

const IRIX: super::Formula = Unsupported("it is of IRIX only");

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
    row(GOT16, "R_MIPS_GOT16", SLOT_FROM_POINTER, IMM16),
    row(elf::R_MIPS_PC16, "R_MIPS_PC16", PcRelative, PC16),
    row(elf::R_MIPS_CALL16, "R_MIPS_CALL16", SLOT_FROM_POINTER, IMM16),
    row(elf::R_MIPS_GPREL32, "R_MIPS_GPREL32", FromPointer, WORD_ANY),
    row(elf::R_MIPS_64, "R_MIPS_64", Absolute, LONG),
    row(elf::R_MIPS_GOT_DISP, "R_MIPS_GOT_DISP", SLOT_FROM_POINTER, IMM16),
    row(GOT_PAGE, "R_MIPS_GOT_PAGE", SLOT_FROM_POINTER, IMM16),
    row(elf::R_MIPS_GOT_OFST, "R_MIPS_GOT_OFST", Absolute, LO16),
    row(elf::R_MIPS_GOT_HI16, "R_MIPS_GOT_HI16", SLOT_FROM_POINTER, HI16),
    row(elf::R_MIPS_GOT_LO16, "R_MIPS_GOT_LO16", SLOT_FROM_POINTER, LO16),
    row(elf::R_MIPS_SUB, "R_MIPS_SUB", Special(subtract), LONG),
    row(elf::R_MIPS_HIGHER, "R_MIPS_HIGHER", Absolute, HIGHER),
    row(elf::R_MIPS_HIGHEST, "R_MIPS_HIGHEST", Absolute, HIGHEST),
    row(elf::R_MIPS_CALL_HI16, "R_MIPS_CALL_HI16", SLOT_FROM_POINTER, HI16),
    row(elf::R_MIPS_CALL_LO16, "R_MIPS_CALL_LO16", SLOT_FROM_POINTER, LO16),
    row(elf::R_MIPS_SCN_DISP, "R_MIPS_SCN_DISP", IRIX, NONE),
    row(elf::R_MIPS_REL16, "R_MIPS_REL16", Absolute, HALF_SIGNED),
    // A hint that an indirect jump goes to the symbol.
    row(elf::R_MIPS_JALR, "R_MIPS_JALR", Nothing, NONE),
    row(elf::R_MIPS_TLS_DTPMOD32, "R_MIPS_TLS_DTPMOD32", TlsModule, WORD),
    row(elf::R_MIPS_TLS_DTPREL32, "R_MIPS_TLS_DTPREL32", TlsOffset, WORD),
    row(elf::R_MIPS_TLS_DTPMOD64, "R_MIPS_TLS_DTPMOD64", TlsModule, LONG),
    row(elf::R_MIPS_TLS_DTPREL64, "R_MIPS_TLS_DTPREL64", TlsOffset, LONG),
    row(elf::R_MIPS_TLS_GD, "R_MIPS_TLS_GD", Slot(Content::TlsIndex, Reach::FromPointer), IMM16),
    row(elf::R_MIPS_TLS_LDM, "R_MIPS_TLS_LDM", Slot(Content::TlsBlock, Reach::FromPointer), IMM16),
    row(elf::R_MIPS_TLS_DTPREL_HI16, "R_MIPS_TLS_DTPREL_HI16", TlsOffset, HI16),
    row(elf::R_MIPS_TLS_DTPREL_LO16, "R_MIPS_TLS_DTPREL_LO16", TlsOffset, LO16),
    row(elf::R_MIPS_TLS_GOTTPREL, "R_MIPS_TLS_GOTTPREL", Slot(Content::TpOffset, Reach::FromPointer), IMM16),
    row(elf::R_MIPS_TLS_TPREL32, "R_MIPS_TLS_TPREL32", TpOffset, WORD),
    row(elf::R_MIPS_TLS_TPREL64, "R_MIPS_TLS_TPREL64", TpOffset, LONG),
    row(elf::R_MIPS_TLS_TPREL_HI16, "R_MIPS_TLS_TPREL_HI16", TpOffset, HI16),
    row(elf::R_MIPS_TLS_TPREL_LO16, "R_MIPS_TLS_TPREL_LO16", TpOffset, LO16),
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
    row(13, "R_MIPS_UNUSED1", IRIX, NONE),
    row(14, "R_MIPS_UNUSED2", IRIX, NONE),
    row(15, "R_MIPS_UNUSED3", IRIX, NONE),
    row(16, "R_MIPS_SHIFT5", Absolute, low(&[(0, 5, 6)], Check::Unsigned(5))),
    row(17, "R_MIPS_SHIFT6", Absolute, low(&[(0, 5, 6), (5, 1, 2)], Check::Unsigned(6))),
    row(25, "R_MIPS_INSERT_A", IRIX, NONE),
    row(26, "R_MIPS_INSERT_B", IRIX, NONE),
    row(27, "R_MIPS_DELETE", IRIX, NONE),
    row(34, "R_MIPS_ADD_IMMEDIATE", IRIX, NONE),
    row(35, "R_MIPS_PJUMP", IRIX, NONE),
    row(36, "R_MIPS_RELGOT", IRIX, NONE),
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
pub(super) fn is_page_slot(number: u32, is_local: impl Fn() -> bool) -> bool {
    match number {
        GOT_PAGE | 146 => true,
        _ => part(number) == Some(Part::Table) && is_local(),
    }
}

/// The part of an address that a type puts in, of those whose addends are
/// spread over two instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    High,
    Low,
    /// A high part of the offset table, of a local symbol.
    Table,
    /// A high part of thread-local storage, whose addend is not shifted.
    Variable,
}

/// Those of MIPS, MIPS16 and microMIPS.
const fn part(number: u32) -> Option<Part> {
    Some(match number {
        elf::R_MIPS_HI16 | 64 | 104 | 134 => Part::High,
        elf::R_MIPS_LO16 | 65 | 105 | 135 => Part::Low,
        GOT16 | 102 | 138 => Part::Table,
        elf::R_MIPS_TLS_DTPREL_HI16 | elf::R_MIPS_TLS_TPREL_HI16 | 108 | 111 | 164 | 169 => Part::Variable,
        _ => return None,
    })
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
    let types = Types::of(module);
    let mut low_parts: HashMap<(u32, u32), i64> = HashMap::new();
    for index in (0..module.relocations.len()).rev() {
        let relocation = module.relocations[index];
        let (None, Some(part), Some(howto)) =
            (relocation.addend, part(relocation.kind), types.get(relocation.kind))
        else {
            continue;
        };
        let mut bytes = [0; 4];
        if module.read(relocation.place, &mut bytes).is_none() {
            continue;
        }
        let stored = howto.field.extract(howto.field.load(module.order, &bytes));
        // Parts of one kind of code belong together, and distances by themselves.
        let low_kind = match relocation.kind {
            64 | 65 => 65,
            102 | 104 | 105 => 105,
            134 | 135 | 138 => 135,
            _ => elf::R_MIPS_LO16,
        };
        let key = (relocation.symbol, low_kind);
        let low_part = || low_parts.get(&key).copied().unwrap_or(0);
        let symbol = module.link_symbols.get(relocation.symbol as usize);
        let is_local =
            symbol.is_some_and(|symbol| symbol.binding == terrella_machine_state::SymbolBinding::Local);
        let addend = match part {
            Part::Low => {
                low_parts.insert(key, stored);
                stored
            }
            Part::High => stored + low_part(),
            Part::Table if is_local => (stored << 16) + low_part(),
            Part::Table => 0,
            Part::Variable => stored >> 16,
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

pub(super) fn subtract(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = site.addend()?;
    site.put(site.target.value.wrapping_sub(addend))
}

/// `HI16` and `LO16`; `_gp_disp` stands for the distance from the `HI16`
/// instruction to the global pointer. In MIPS16 code the distance is from the
/// word of the `LO16`'s instruction, and in microMIPS code `t9` is odd.
pub(super) fn high_or_low(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = site.addend()?;
    let place = site.place();
    let symbol = if site.target.pointer_displacement {
        let from = match site.howto.number {
            elf::R_MIPS_LO16 => place.wrapping_sub(4),
            104 => place.wrapping_add(4) & !3,
            105 => place & !3,
            134 => place.wrapping_add(1),
            135 => place.wrapping_sub(3),
            _ => place,
        };
        site.pointer().wrapping_sub(from)
    } else {
        site.target.value
    };
    site.put(symbol.wrapping_add(addend))
}

/// What differs between the jumps of two kinds of code.
struct Jump {
    /// The opcodes (the upper six bits) of `jal` and `jalx`.
    call: u64,
    exchange: u64,
    /// Whether this is compressed code itself.
    compressed: bool,
    /// How far a target is shifted: in a `jalx`, by two.
    shift: u32,
}

/// `j` and `jal`: 256 MiB around the delay slot (128 MiB in microMIPS). A call
/// of the other kind of code becomes `jalx`.
fn jump(site: &mut Site<'_>) -> Result<(), Problem> {
    jump_as(site, &Jump { call: 0x03, exchange: 0x1d, compressed: false, shift: 2 })
}

/// `jal` of MIPS16.
pub(super) fn jump_in_mips16(site: &mut Site<'_>) -> Result<(), Problem> {
    jump_as(site, &Jump { call: 0x06, exchange: 0x07, compressed: true, shift: 2 })
}

/// `jal` of microMIPS.
pub(super) fn jump_in_micromips(site: &mut Site<'_>) -> Result<(), Problem> {
    jump_as(site, &Jump { call: 0x3d, exchange: 0x3c, compressed: true, shift: 1 })
}

fn jump_as(site: &mut Site<'_>, jump: &Jump) -> Result<(), Problem> {
    let unit = site.unit()?;
    let crosses = site.target.compressed != jump.compressed && !site.target.missing_weak;
    let opcode = unit >> 26;
    if crosses && opcode != jump.call && opcode != jump.exchange {
        let reason = "only a jal can go to the other kind of code";
        return Err(Problem::Unsupported(site.howto.name, reason));
    }
    let exchanges = crosses || opcode == jump.exchange;
    let shift = if exchanges { 2 } else { jump.shift };
    let field = site.howto.field;
    let addend = match site.relocation.addend {
        Some(addend) => addend as u64,
        // In units of the row's field; local ones are not signed.
        None => {
            let units = field.extract(unit) as u64;
            let units = if site.target.local { units & 0x3ff_ffff } else { units };
            units << if opcode == jump.exchange { 2 } else { jump.shift }
        }
    };
    let slot = site.place().wrapping_add(4);
    let target = site.target.value.wrapping_add(addend) & !u64::from(site.target.compressed);
    let out_of_reach = ((target ^ slot) & 0xffff_ffff) >> (26 + shift) != 0;
    if out_of_reach || target & ((1 << shift) - 1) != 0 {
        if site.target.missing_weak {
            return Ok(());
        }
        return Err(Problem::Overflow(site.howto.name, target));
    }
    let unit = if crosses { unit & 0x3ff_ffff | jump.exchange << 26 } else { unit };
    let unit = field.insert(unit, target >> shift, site.module.class_bits);
    let unit = unit.ok_or(Problem::Overflow(site.howto.name, target))?;
    site.put_unit(unit)
}
