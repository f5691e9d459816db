//! Relocation: a table of types for each processor, and one engine that
//! applies them.
//!
//! A row of a table tells the number and name of a type, its formula in the
//! letters that the processor supplements use, and the field that takes the
//! value. What does not fit into a row is a small function.

mod aarch64;
mod arm;
mod bpf;
mod field;
mod loongarch;
mod m68k;
mod mips;
mod powerpc;
mod powerpc64;
mod riscv;
mod s390x;
#[cfg(test)]
mod samples;
mod slots;
mod small;
mod sparc;
mod superh;
mod x86;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(crate) use mips::{MipsGot, relocate_got};
use object::elf;
pub(crate) use slots::SlotShape;

use crate::module::{Module, Relocation};
use field::Field;

/// The type number given to entries of a RELR table.
pub(crate) const RELR_KIND: u32 = u32::MAX;

/// A relocation type.
#[derive(Debug)]
pub(crate) struct Howto {
    pub(crate) number: u32,
    pub(crate) name: &'static str,
    pub(crate) formula: Formula,
    pub(crate) field: Field,
}

/// A row of a table.
const fn row(number: u32, name: &'static str, formula: Formula, field: Field) -> Howto {
    Howto { number, name, formula, field }
}

/// How a value is computed.
///
/// `S` is the symbol, `A` the addend, `P` the place, `B` the load bias, `T` 1
/// for a Thumb function, `Z` the symbol's size, `G` the slot of the symbol in
/// the offset table `GOT`, `GP` the global pointer or table-of-contents
/// pointer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Formula {
    /// Nothing is to be done: markers and hints.
    Nothing,
    /// `S + A`.
    Absolute,
    /// `(S + A) | T`.
    AbsoluteThumb,
    /// `S + A - P`.
    PcRelative,
    /// `((S + A) | T) - P`.
    PcRelativeThumb,
    /// `B + A`.
    Relative,
    /// `S`, whatever the addend.
    Symbol,
    /// `S | T`, whatever the addend.
    SymbolThumb,
    /// `Z + A`.
    Size,
    /// `Page(S + A) - Page(P)`, pages of 4 KiB.
    Page,
    /// `G + A - P`.
    SlotPc,
    /// `G + A - GOT`.
    SlotOffset,
    /// `G` of a slot with `S + A`.
    SlotAbsolute,
    /// `Page(G) - Page(P)` of a slot with `S + A`.
    SlotPage,
    /// `G - GOT` of a slot with `S + A`.
    SlotFromTable,
    /// `G - GP` of a slot with `S + A`.
    SlotFromPointer,
    /// `GOT + A - P`.
    TablePc,
    /// `S + A - GOT`.
    FromTable,
    /// `S + A - GP`.
    FromPointer,
    /// `GP`.
    Pointer,
    /// The content of the symbol in another module; done by the linker.
    Copy,
    /// The result of calling the function at `B + A`.
    Indirect,
    /// The number of the module of a thread-local symbol.
    TlsModule,
    /// `S + A` in the block of its module, less the bias of the processor.
    TlsOffset,
    /// The distance of `S + A` from the thread pointer.
    TpOffset,
    /// `A` less the distance of `S` from the thread pointer.
    NegatedTpOffset,
    /// A descriptor: a function, and what it gives.
    TlsDescriptor,
    /// Thread-local storage of relocatable files, in ways that are not done.
    ThreadLocal,
    /// Known, but not done.
    Unsupported(&'static str),
    /// A function.
    Special(fn(&mut Site<'_>) -> Result<(), Problem>),
    /// As `Special`, with a slot of the offset table.
    SlotSpecial(fn(&mut Site<'_>) -> Result<(), Problem>),
    /// A function that needs all others to be done.
    Deferred(fn(&mut Site<'_>) -> Result<(), Problem>),
}

/// What a relocation's symbol turned out to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Target {
    /// The address, without a Thumb bit.
    pub(crate) value: u64,
    pub(crate) thumb: bool,
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
    /// Whether it stands for the global pointer's displacement (MIPS).
    pub(crate) pointer_displacement: bool,
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
    /// MIPS: the slot holds the address rounded to 64 KiB.
    pub(crate) page: bool,
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
}

/// One relocation at work.
pub(crate) struct Site<'a> {
    pub(crate) module: &'a mut Module,
    pub(crate) relocation: Relocation,
    pub(crate) howto: &'static Howto,
    pub(crate) target: &'a Target,
    pub(crate) state: &'a mut State,
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

fn rows(module: &Module) -> &'static [&'static [Howto]] {
    match (module.machine, module.class_bits) {
        (elf::EM_X86_64, _) => &[x86::AMD64],
        (elf::EM_386 | 6, _) => &[x86::I386],
        (elf::EM_AARCH64, _) => &[aarch64::TYPES],
        (elf::EM_ARM, _) => &[arm::DATA, arm::CODE],
        (elf::EM_MIPS | 10, _) => &[mips::TYPES],
        (elf::EM_PPC, _) => &[powerpc::TYPES],
        (elf::EM_PPC64, _) => &[powerpc64::TYPES],
        (elf::EM_RISCV, 64) => &[riscv::LONG_TYPES, riscv::TYPES],
        (elf::EM_RISCV, _) => &[riscv::SHORT_TYPES, riscv::TYPES],
        (elf::EM_68K, _) => &[m68k::TYPES],
        (elf::EM_LOONGARCH, 64) => &[loongarch::LONG_TYPES, loongarch::TYPES],
        (elf::EM_LOONGARCH, _) => &[loongarch::SHORT_TYPES, loongarch::TYPES],
        (elf::EM_S390, _) => &[s390x::TYPES],
        (elf::EM_SPARCV9, _) => &[sparc::LONG_TYPES, sparc::TYPES],
        (elf::EM_SPARC | elf::EM_SPARC32PLUS, _) => &[sparc::SHORT_TYPES, sparc::TYPES],
        (elf::EM_MSP430, _) if small::is_msp430x(module) => &[small::MSP430X],
        (elf::EM_MSP430, _) => &[small::MSP430],
        (elf::EM_TRICORE, _) => &[small::TRICORE],
        (elf::EM_XTENSA, _) => &[small::XTENSA],
        (elf::EM_SH, _) => &[superh::TYPES],
        (elf::EM_BPF, _) => &[bpf::TYPES],
        _ => &[],
    }
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
    let key = |addend, page| Some(GotKey { symbol: relocation.symbol, addend, page });
    let addend = relocation.addend.unwrap_or(0);
    match howto.formula {
        Formula::SlotPc | Formula::SlotOffset | Formula::SlotSpecial(_) => key(0, false),
        Formula::SlotAbsolute | Formula::SlotPage | Formula::SlotFromTable => key(addend, false),
        Formula::SlotFromPointer => {
            let local = module
                .link_symbols
                .get(relocation.symbol as usize)
                .is_some_and(|symbol| symbol.binding == terrella_machine_state::SymbolBinding::Local);
            key(addend, mips::is_page_slot(howto.number, local))
        }
        _ => None,
    }
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
            Some(key) if key.addend == 0 && !key.page => {
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

impl Site<'_> {
    fn apply(&mut self) -> Result<(), Problem> {
        let name = self.howto.name;
        match self.howto.formula {
            Formula::Nothing | Formula::Copy => return Ok(()),
            Formula::Special(function) | Formula::SlotSpecial(function) | Formula::Deferred(function) => {
                return function(self);
            }
            Formula::TlsModule
            | Formula::TlsOffset
            | Formula::TpOffset
            | Formula::NegatedTpOffset
            | Formula::TlsDescriptor => return self.thread_local(),
            Formula::ThreadLocal => {
                return Err(Problem::Unsupported(name, "this way to thread-local storage needs a linker"));
            }
            Formula::Indirect => {
                let resolver = self.module.bias.wrapping_add(self.addend()?);
                return self.indirect(resolver);
            }
            Formula::Unsupported(reason) => return Err(Problem::Unsupported(name, reason)),
            _ => {}
        }
        let addend = self.addend()?;
        let is_word = self.howto.field.bytes() == self.module.word_bytes();
        let is_address = matches!(
            self.howto.formula,
            Formula::Symbol | Formula::SymbolThumb | Formula::Absolute | Formula::AbsoluteThumb
        );
        if self.target.indirect && is_word && is_address {
            return self.indirect(self.target.value | u64::from(self.target.thumb));
        }
        let value = self.value(addend)?;
        self.put(value)
    }

    /// Notes a word that takes what a function returns; until then it has the
    /// function's address.
    pub(super) fn indirect(&mut self, resolver: u64) -> Result<(), Problem> {
        let mask = if self.module.word_bytes() == 4 { 0xffff_ffff } else { u64::MAX };
        let place = self.place();
        self.put(resolver & mask)?;
        self.state.indirect.insert(place, resolver & mask);
        Ok(())
    }

    /// The relocations of thread-local storage.
    fn thread_local(&mut self) -> Result<(), Problem> {
        let name = self.howto.name;
        let Some(block) = self.target.block else {
            // A weak symbol that nothing defines is at the thread pointer.
            return match self.target.missing_weak {
                true => Ok(()),
                false => Err(Problem::Unsupported(name, "the symbol is in no module's thread-local storage")),
            };
        };
        if let Formula::TlsDescriptor = self.howto.formula {
            let word = self.module.word_bytes() as u64;
            let (function, argument) = match block.argument_first {
                true => (word, 0),
                false => (0, word),
            };
            if block.resolver == 0 {
                return Err(Problem::Unsupported(name, "there are no descriptors on this processor"));
            }
            let place = self.relocation.place;
            let addend = match self.relocation.addend {
                Some(addend) => addend as u64,
                None => self.module.read_word(place.wrapping_add(argument)).ok_or(Problem::Outside(name))?,
            };
            let value = block.offset.wrapping_add(self.target.value).wrapping_add(addend);
            let written = self.module.write_word(place.wrapping_add(function), block.resolver);
            let written = written.and(self.module.write_word(place.wrapping_add(argument), value));
            return written.ok_or(Problem::Outside(name));
        }
        let addend = self.addend()?;
        let sum = self.target.value.wrapping_add(addend);
        let value = match self.howto.formula {
            Formula::TlsModule => block.module,
            Formula::TlsOffset => sum.wrapping_sub(block.bias),
            Formula::NegatedTpOffset => addend.wrapping_sub(self.target.value.wrapping_add(block.offset)),
            _ => sum.wrapping_add(block.offset),
        };
        self.put(value)
    }

    /// The value of a formula without a function.
    fn value(&mut self, addend: u64) -> Result<u64, Problem> {
        if self.target.thread_local {
            let reason = "its symbol is thread-local";
            return Err(Problem::Unsupported(self.howto.name, reason));
        }
        if self.target.indirect {
            let reason = "the address of an indirect function is only known in a word of its own";
            return Err(Problem::Unsupported(self.howto.name, reason));
        }
        let (symbol, place) = (self.target.value, self.place());
        let thumb = u64::from(self.target.thumb);
        let plus = symbol.wrapping_add(addend);
        Ok(match self.howto.formula {
            Formula::Absolute => plus,
            Formula::AbsoluteThumb => plus | thumb,
            Formula::PcRelative => plus.wrapping_sub(place),
            Formula::PcRelativeThumb => (plus | thumb).wrapping_sub(place),
            Formula::Relative => self.module.bias.wrapping_add(addend),
            Formula::Symbol => symbol,
            Formula::SymbolThumb => symbol | thumb,
            Formula::Size => self.target.size.wrapping_add(addend),
            Formula::Page => page(plus).wrapping_sub(page(place)),
            Formula::SlotPc => self.slot()?.wrapping_add(addend).wrapping_sub(place),
            Formula::SlotOffset => self.slot()?.wrapping_add(addend).wrapping_sub(self.table()),
            Formula::SlotAbsolute => self.slot()?,
            Formula::SlotPage => page(self.slot()?).wrapping_sub(page(place)),
            Formula::SlotFromTable => self.slot()?.wrapping_sub(self.table()),
            Formula::SlotFromPointer => self.slot()?.wrapping_sub(self.pointer()),
            Formula::TablePc => self.table().wrapping_add(addend).wrapping_sub(place),
            Formula::FromTable => plus.wrapping_sub(self.table()),
            Formula::FromPointer => plus.wrapping_sub(self.pointer()),
            Formula::Pointer => self.pointer(),
            _ => return Err(Problem::Unknown),
        })
    }

    /// `P`.
    fn place(&self) -> u64 {
        self.module.placed(self.relocation.place)
    }

    /// `GOT`: the start of the offset table.
    fn table(&self) -> u64 {
        self.module.got.as_ref().map_or(0, |got| self.module.placed(got.address))
    }

    /// `GP`: the global pointer.
    fn pointer(&self) -> u64 {
        self.module.pointer.map_or(0, |pointer| self.module.placed(pointer))
    }

    /// `G`: the slot of the symbol, with its address put in.
    fn slot(&mut self) -> Result<u64, Problem> {
        let none = Problem::Unsupported(self.howto.name, "there is no offset table made for it");
        let key = slot_key(self.module, self.howto, &self.relocation).ok_or(none)?;
        let slot = *self.module.got.as_ref().and_then(|got| got.slots.get(&key)).ok_or(none)?;
        let value = self.target.value.wrapping_add(key.addend as u64) | u64::from(self.target.thumb);
        let value = if key.page { value.wrapping_add(0x8000) & !0xffff } else { value };
        self.module.write_word(slot, value).ok_or(Problem::Outside(self.howto.name))?;
        Ok(self.module.placed(slot))
    }

    /// `A`: from the relocation, or from the field.
    fn addend(&self) -> Result<u64, Problem> {
        match self.relocation.addend {
            Some(addend) => Ok(addend as u64),
            None => Ok(self.howto.field.extract(self.unit()?) as u64),
        }
    }

    /// What the unit of the field holds.
    fn unit(&self) -> Result<u64, Problem> {
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..self.howto.field.bytes().min(8)];
        self.module.read(self.relocation.place, bytes).ok_or(Problem::Outside(self.howto.name))?;
        Ok(self.howto.field.load(self.module.order, bytes))
    }

    /// Puts a value into the field.
    fn put(&mut self, value: u64) -> Result<(), Problem> {
        let unit = self.unit()?;
        let unit = self
            .howto
            .field
            .insert(unit, value, self.module.class_bits)
            .ok_or(Problem::Overflow(self.howto.name, value))?;
        self.put_unit(unit)
    }

    /// Replaces the unit of the field.
    fn put_unit(&mut self, unit: u64) -> Result<(), Problem> {
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..self.howto.field.bytes().min(8)];
        self.howto.field.store(self.module.order, bytes, unit);
        self.module.write(self.relocation.place, bytes).ok_or(Problem::Outside(self.howto.name))
    }

    /// Puts a value into a field other than the row's.
    fn put_into(&mut self, at: u64, field: &Field, value: u64) -> Result<(), Problem> {
        let outside = Problem::Outside(self.howto.name);
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..field.bytes().min(8)];
        self.module.read(at, bytes).ok_or(outside)?;
        let unit = field.load(self.module.order, bytes);
        let unit = field
            .insert(unit, value, self.module.class_bits)
            .ok_or(Problem::Overflow(self.howto.name, value))?;
        field.store(self.module.order, bytes, unit);
        self.module.write(at, bytes).ok_or(outside)
    }
}

/// The 4 KiB page of an address.
const fn page(address: u64) -> u64 {
    address & !0xfff
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &[&[&[Howto]]] = &[
        &[x86::AMD64],
        &[x86::I386],
        &[aarch64::TYPES],
        &[arm::DATA, arm::CODE],
        &[mips::TYPES],
        &[powerpc::TYPES],
        &[powerpc64::TYPES],
        &[riscv::LONG_TYPES, riscv::TYPES],
        &[riscv::SHORT_TYPES, riscv::TYPES],
        &[m68k::TYPES],
        &[loongarch::LONG_TYPES, loongarch::TYPES],
        &[loongarch::SHORT_TYPES, loongarch::TYPES],
        &[s390x::TYPES],
        &[sparc::LONG_TYPES, sparc::TYPES],
        &[sparc::SHORT_TYPES, sparc::TYPES],
        &[small::MSP430],
        &[small::MSP430X],
        &[small::TRICORE],
        &[small::XTENSA],
        &[bpf::TYPES],
        &[superh::TYPES],
    ];

    #[test]
    fn numbers_and_names_are_used_once_and_fields_fit() {
        for table in TABLES {
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
