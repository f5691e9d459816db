//! Relocation: a table of types for each processor, and one engine that
//! applies them.
//!
//! A row of a table tells the number and name of a type, its formula in the
//! letters that the processor supplements use, and the field that takes the
//! value. What does not fit into a row is a small function.

mod aarch64;
mod arm;
mod arm_groups;
mod avr;
mod bpf;
mod field;
mod formula;
mod list;
mod loongarch;
mod loongarch_stack;
mod m68k;
mod mips;
mod mips_compressed;
mod powerpc;
mod powerpc64;
mod riscv;
mod s390x;
#[cfg(test)]
mod samples;
mod site;
mod slots;
mod small;
mod sparc;
mod superh;
#[cfg(test)]
mod witness;
mod x86;
mod z80;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(crate) use formula::{Content, Formula, Howto, Reach};
pub use list::{RelocationSupport, RelocationType, relocation_types};
pub(crate) use mips::{MipsGot, relocate_got};
use object::elf;
pub(crate) use slots::SlotShape;

use crate::module::{Module, Relocation};
use site::Site;

/// The type number given to entries of a RELR table.
pub(crate) const RELR_KIND: u32 = u32::MAX;

/// What a relocation's symbol turned out to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Target {
    /// The address, without a Thumb bit.
    pub(crate) value: u64,
    pub(crate) thumb: bool,
    /// Whether it is MIPS16 or microMIPS code; the address is odd then.
    pub(crate) compressed: bool,
    pub(crate) size: u64,
    pub(crate) function: bool,
    pub(crate) indirect: bool,
    pub(crate) thread_local: bool,
    /// Whether the symbol is local to the file, or its own section's.
    pub(crate) local: bool,
    /// Whether the definition is in the module that is relocated.
    pub(crate) same_module: bool,
    /// Whether nothing defines it, and it may stay so.
    pub(crate) missing_weak: bool,
    /// Whether it is the address of an open import.
    pub(crate) import: bool,
    /// Whether it stands for the global pointer's displacement (MIPS).
    pub(crate) pointer_displacement: bool,
    /// Where the segment that it is in starts.
    pub(crate) origin: u64,
    /// `st_other` of the definition.
    pub(crate) other: u8,
    /// The block of thread-local storage that the symbol is in.
    pub(crate) block: Option<TlsBlock>,
    /// The code behind a function descriptor, and its table pointer.
    pub(crate) descriptor: Option<(u64, u64)>,
}

/// The block of a module's thread-local storage, in the one thread that there
/// is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TlsBlock {
    /// The number of the module.
    pub(crate) module: u64,
    /// Where the block is, from the thread pointer on.
    pub(crate) offset: u64,
    /// What relocations in the block subtract.
    pub(crate) bias: u64,
    /// The function that descriptors name; 0 where there is none.
    pub(crate) resolver: u64,
    /// Whether a descriptor has its argument first.
    pub(crate) argument_first: bool,
}

/// Why a relocation could not be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The type is not in the table.
    Unknown,
    /// It is known, but not supported.
    Unsupported(&'static str, &'static str),
    /// The value does not fit.
    Overflow(&'static str, u64),
    /// The place is not in memory.
    Outside(&'static str),
}

/// What a slot of an offset table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GotKey {
    pub(crate) symbol: u32,
    pub(crate) addend: i64,
    pub(crate) content: Content,
}

/// What relocations of one module leave for later ones.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// RISC-V: the values that went into high parts, by place.
    pub(crate) high_parts: HashMap<u64, u64>,
    /// Words that take what a function returns: place and function, both as
    /// they are placed.
    pub(crate) indirect: BTreeMap<u64, u64>,
    /// Those of them that are more than a word.
    pub(crate) shapes: BTreeMap<u64, SlotShape>,
    /// RISC-V, LoongArch: running ULEB128 sums, by place.
    pub(crate) sums: HashMap<u64, u64>,
    /// LoongArch: the numbers of its stack machine.
    pub(crate) stack: Vec<i64>,
}

/// The types of a machine, by number.
pub(crate) struct Types {
    rows: HashMap<u32, &'static Howto>,
    /// 64-bit MIPS: up to three types in one number.
    packed: bool,
    /// The bits of the number that tell the (first) type.
    mask: u32,
}

impl Types {
    /// The table for a module.
    pub(crate) fn of(module: &Module) -> Self {
        let rows = rows(module).iter().flat_map(|rows| rows.iter()).map(|row| (row.number, row)).collect();
        let packed = module.machine == elf::EM_MIPS && module.class_bits == 64;
        // 64-bit SPARC has a second addend above the type.
        let mask = if packed || module.machine == elf::EM_SPARCV9 { 0xff } else { u32::MAX };
        Self { rows, packed, mask }
    }

    /// The row of a type; of the first of several packed into one number.
    pub(crate) fn get(&self, kind: u32) -> Option<&'static Howto> {
        self.rows.get(&(kind & self.mask)).copied()
    }
}

/// A machine and its tables.
struct Machine {
    name: &'static str,
    /// `e_machine`.
    numbers: &'static [u16],
    /// 32 or 64, or 0 for both.
    class_bits: u8,
    tables: &'static [&'static [Howto]],
}

const fn machine(
    name: &'static str,
    numbers: &'static [u16],
    class_bits: u8,
    tables: &'static [&'static [Howto]],
) -> Machine {
    Machine { name, numbers, class_bits, tables }
}

const MSP430X: &str = "MSP430X";

/// All machines; the first that fits is taken.
const MACHINES: &[Machine] = &[
    machine("x86-64", &[elf::EM_X86_64], 0, &[x86::AMD64]),
    machine("i386", &[elf::EM_386, 6], 0, &[x86::I386]),
    machine("AArch64", &[elf::EM_AARCH64], 0, &[aarch64::TYPES]),
    machine("Arm", &[elf::EM_ARM], 0, &[arm::DATA, arm::CODE, arm_groups::TYPES]),
    machine("MIPS", &[elf::EM_MIPS, 10], 0, &[mips::TYPES, mips_compressed::TYPES]),
    machine("PowerPC", &[elf::EM_PPC], 0, &[powerpc::TYPES]),
    machine("64-bit PowerPC", &[elf::EM_PPC64], 0, &[powerpc64::TYPES]),
    machine("64-bit RISC-V", &[elf::EM_RISCV], 64, &[riscv::LONG_TYPES, riscv::TYPES]),
    machine("32-bit RISC-V", &[elf::EM_RISCV], 0, &[riscv::SHORT_TYPES, riscv::TYPES]),
    machine("m68k", &[elf::EM_68K], 0, &[m68k::TYPES]),
    machine(
        "64-bit LoongArch",
        &[elf::EM_LOONGARCH],
        64,
        &[loongarch::LONG_TYPES, loongarch::TYPES, loongarch_stack::TYPES],
    ),
    machine(
        "32-bit LoongArch",
        &[elf::EM_LOONGARCH],
        0,
        &[loongarch::SHORT_TYPES, loongarch::TYPES, loongarch_stack::TYPES],
    ),
    machine("s390x", &[elf::EM_S390], 0, &[s390x::TYPES]),
    machine("64-bit SPARC", &[elf::EM_SPARCV9], 0, &[sparc::LONG_TYPES, sparc::TYPES]),
    machine("SPARC", &[elf::EM_SPARC, elf::EM_SPARC32PLUS], 0, &[sparc::SHORT_TYPES, sparc::TYPES]),
    machine(MSP430X, &[elf::EM_MSP430], 0, &[small::MSP430X]),
    machine("MSP430", &[elf::EM_MSP430], 0, &[small::MSP430]),
    machine("TriCore", &[elf::EM_TRICORE], 0, &[small::TRICORE]),
    machine("Xtensa", &[elf::EM_XTENSA], 0, &[small::XTENSA]),
    machine("SuperH", &[elf::EM_SH], 0, &[superh::TYPES]),
    machine("AVR", &[elf::EM_AVR], 0, &[avr::TYPES]),
    machine("Z80", &[elf::EM_Z80], 0, &[z80::TYPES]),
    machine("eBPF", &[elf::EM_BPF], 0, &[bpf::TYPES]),
];

fn rows(module: &Module) -> &'static [&'static [Howto]] {
    let fits = |machine: &&Machine| {
        machine.numbers.contains(&module.machine)
            && (machine.class_bits == 0 || machine.class_bits == module.class_bits)
            && (machine.name != MSP430X || small::is_msp430x(module))
    };
    MACHINES.iter().find(fits).map_or(&[], |machine| machine.tables)
}

/// The slots of the offset table that a relocatable file needs.
pub(crate) fn wanted_slots(module: &mut Module) -> BTreeSet<GotKey> {
    mips::pair_addends(module);
    let types = Types::of(module);
    module
        .relocations
        .iter()
        .filter_map(|relocation| slot_key(module, types.get(relocation.kind)?, relocation))
        .collect()
}

/// The slot that a relocation needs, if it needs one.
fn slot_key(module: &Module, howto: &Howto, relocation: &Relocation) -> Option<GotKey> {
    let (content, reach) = match howto.formula {
        Formula::Slot(content, reach) | Formula::SlotSpecial(content, reach, _) => (content, reach),
        _ => return None,
    };
    // LoongArch reaches the lower part of all slots by one type.
    let symbol_is_variable = || {
        let symbol = module.link_symbols.get(relocation.symbol as usize);
        symbol.is_some_and(|symbol| symbol.kind == terrella_machine_state::SymbolKind::Tls)
    };
    let content = match content {
        Content::Address if module.machine == elf::EM_LOONGARCH && symbol_is_variable() => Content::TlsIndex,
        _ => content,
    };
    let addend = match reach {
        Reach::Pc | Reach::Offset => 0,
        _ => relocation.addend.unwrap_or(0),
    };
    let is_local = || {
        let symbol = module.link_symbols.get(relocation.symbol as usize);
        symbol.is_some_and(|symbol| symbol.binding == terrella_machine_state::SymbolBinding::Local)
    };
    Some(match content {
        // One for the file.
        Content::TlsBlock => GotKey { symbol: 0, addend: 0, content },
        Content::Address if module.machine == elf::EM_MIPS && mips::is_page_slot(howto.number, is_local) => {
            GotKey { symbol: relocation.symbol, addend, content: Content::Rounded }
        }
        _ => GotKey { symbol: relocation.symbol, addend, content },
    })
}

/// What has to be done to addends before anything is applied.
pub(crate) fn prepare(module: &mut Module) {
    mips::pair_addends(module);
}

/// Whether a relocation waits for all others of its module.
pub(crate) fn is_deferred(types: &Types, relocation: &Relocation) -> bool {
    types.get(relocation.kind).is_some_and(|howto| matches!(howto.formula, Formula::Deferred(_)))
}

/// Applies one relocation. Gives the place (in the file's terms) of a word
/// that now holds just the symbol's address, if there is one.
pub(crate) fn apply(
    module: &mut Module,
    types: &Types,
    relocation: Relocation,
    target: &Target,
    state: &mut State,
) -> Result<Filled, Problem> {
    if relocation.kind == RELR_KIND {
        let outside = Problem::Outside("RELR");
        let value = module.read_word(relocation.place).ok_or(outside)?;
        let bias = module.bias;
        module.write_word(relocation.place, value.wrapping_add(bias)).ok_or(outside)?;
        return Ok(Filled::Other);
    }
    let howto = types.get(relocation.kind).ok_or(Problem::Unknown)?;
    let mut site = Site { module, relocation, howto, target, state };
    if types.packed && relocation.kind >> 8 & 0xffff != 0 {
        mips::apply_packed(&mut site, types)?;
    } else {
        site.apply()?;
    }
    if module.is_elfv1() && howto.name == "R_PPC64_JMP_SLOT" {
        return Ok(Filled::Descriptor(relocation.place));
    }
    let word = match howto.formula {
        Formula::Symbol | Formula::SymbolThumb | Formula::Absolute | Formula::AbsoluteThumb => {
            relocation.place
        }
        // Entries of linkage tables, which are code on some processors.
        Formula::Special(_) | Formula::Deferred(_) => relocation.place,
        _ => match slot_key(module, howto, &relocation) {
            Some(key) if key.addend == 0 && key.content == Content::Address => {
                let slot = module.got.as_ref().and_then(|got| got.slots.get(&key));
                return Ok(slot.map_or(Filled::Other, |slot| Filled::Word(*slot)));
            }
            _ => return Ok(Filled::Other),
        },
    };
    let pointer = target.value | u64::from(target.thumb);
    Ok(if module.read_word(word) == Some(pointer) { Filled::Word(word) } else { Filled::Other })
}

/// What a relocation has filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    /// The word at this address is the address of the symbol.
    Word(u64),
    /// There is a copy of the symbol's function descriptor at this address.
    Descriptor(u64),
    /// Something else depends on the symbol.
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_used_once_and_fields_fit() {
        for machine in MACHINES {
            let table = machine.tables;
            let (mut numbers, mut names) = (BTreeSet::new(), BTreeSet::new());
            for row in table.iter().flat_map(|rows| rows.iter()) {
                assert!(numbers.insert(row.number), "{}", row.name);
                assert!(names.insert(row.name), "{}", row.name);
                assert!(row.field.bytes() <= 8, "{}", row.name);
                let mut used = 0_u64;
                for (from, bits, to) in row.field.pieces {
                    assert!(from + bits <= 64, "{}", row.name);
                    assert!(usize::from(to + bits) <= 8 * row.field.bytes(), "{}", row.name);
                    let taken = if *bits == 64 { u64::MAX } else { ((1 << bits) - 1) << to };
                    assert_eq!(used & taken, 0, "{}: overlapping pieces", row.name);
                    used |= taken;
                }
            }
        }
    }
}
