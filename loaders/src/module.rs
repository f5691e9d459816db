//! [`Module`]: a file read into memory terms, before it has its final address
//! and before relocation.
//!
//! All addresses are the file's own; a module that can move gets its bias
//! when the linker places it.

use std::{path::PathBuf, sync::Arc};

use terrella_emulator_api::{AddressRange, Permissions};
use terrella_machine_state::{Pages, SymbolBinding, SymbolKind, TlsTemplate};
use terrella_platforms::{ByteOrder, Platform};

use crate::relocation::{GotKey, MipsGot, TlsBlock};

/// A file in memory terms.
#[derive(Debug, Clone)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) platform: Platform,
    pub(crate) order: ByteOrder,
    pub(crate) class_bits: u8,
    pub(crate) machine: u16,
    pub(crate) flags: u32,
    /// Whether it is a relocatable file, laid out by us.
    pub(crate) relocatable: bool,
    /// Whether its addresses may change.
    pub(crate) movable: bool,
    /// What the bias must be a multiple of.
    pub(crate) alignment: u64,
    /// Added to the file's addresses; set when the module is placed.
    pub(crate) bias: u64,
    pub(crate) segments: Vec<ModuleSegment>,
    pub(crate) entry: Option<u64>,
    /// What the module shows to users.
    pub(crate) symbols: Vec<ModuleSymbol>,
    /// The table that relocations refer to, and what other modules see.
    pub(crate) link_symbols: Vec<ModuleSymbol>,
    pub(crate) relocations: Vec<Relocation>,
    pub(crate) needed: Vec<String>,
    /// Where its libraries are looked for: `DT_RPATH` and `DT_RUNPATH`.
    pub(crate) search: [Option<String>; 2],
    /// The folder that the file is in.
    pub(crate) origin: Option<PathBuf>,
    /// Whether its own definitions come first for its own references.
    pub(crate) symbolic: bool,
    pub(crate) tls: Option<TlsTemplate>,
    /// Where the template's copy is; set when the blocks are laid out.
    pub(crate) tls_block: Option<TlsBlock>,
    pub(crate) constructors: FunctionLists,
    pub(crate) destructors: FunctionLists,
    /// The offset table made for a relocatable file: entries, and address.
    pub(crate) got: Option<GotTable>,
    pub(crate) mips_got: Option<MipsGot>,
    /// The file's own global pointer or table-of-contents pointer.
    pub(crate) pointer: Option<u64>,
    /// PowerPC: the procedure linkage table holds addresses, not code.
    pub(crate) secure_plt: bool,
    /// PowerPC64 ELFv1: the addresses of function descriptors.
    pub(crate) descriptors: Option<AddressRange>,
}

/// Where functions to call are listed in a module.
#[derive(Debug, Clone, Default)]
pub(crate) struct FunctionLists {
    /// Addresses of functions.
    pub(crate) functions: Vec<u64>,
    /// Arrays of function pointers: address, size in bytes.
    pub(crate) arrays: Vec<(u64, u64)>,
}

/// Slots for the addresses of symbols, made for a relocatable file.
#[derive(Debug, Clone)]
pub(crate) struct GotTable {
    pub(crate) address: u64,
    pub(crate) slots: std::collections::BTreeMap<GotKey, u64>,
}

/// A segment at the file's own address.
#[derive(Debug, Clone)]
pub(crate) struct ModuleSegment {
    pub(crate) name: String,
    pub(crate) range: AddressRange,
    pub(crate) permissions: Permissions,
    pub(crate) data: Pages,
}

/// A symbol at the file's own address.
#[derive(Debug, Clone)]
pub(crate) struct ModuleSymbol {
    pub(crate) name: String,
    /// As the file has it, state bits included.
    pub(crate) value: u64,
    pub(crate) size: u64,
    pub(crate) kind: SymbolKind,
    pub(crate) binding: SymbolBinding,
    pub(crate) definition: Definition,
    /// Whether other modules cannot see it.
    pub(crate) hidden: bool,
    /// Whether its own module's references cannot be taken over by another.
    pub(crate) protected: bool,
    /// Whether it is an old version, that only references by version get.
    pub(crate) old_version: bool,
    /// The version that it has, or that is referred to.
    pub(crate) version: Option<Arc<str>>,
    /// An indirect function: the value is a resolver.
    pub(crate) indirect: bool,
    /// `st_other`.
    pub(crate) other: u8,
}

/// What a symbol's value is relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Definition {
    /// Another module has to define it.
    Undefined,
    /// It moves with the module.
    Address,
    /// It is a number.
    Absolute,
}

/// A relocation at the file's own address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Relocation {
    pub(crate) place: u64,
    pub(crate) kind: u32,
    pub(crate) symbol: u32,
    /// `None`: the place holds it.
    pub(crate) addend: Option<i64>,
}

impl Module {
    /// Whether it is for the ELFv1 ABI of 64-bit PowerPC, where pointers to
    /// functions are to descriptors (`e_flags`, ELFv2 ABI, 3.1.2).
    pub(crate) fn is_elfv1(&self) -> bool {
        self.machine == object::elf::EM_PPC64
            && match self.flags & 3 {
                0 => self.order == terrella_platforms::ByteOrder::Big,
                version => version == 1,
            }
    }

    /// The segment that holds an address of the file.
    pub(crate) fn segment_at(&self, address: u64) -> Option<&ModuleSegment> {
        self.segments.get(self.segment_index(address)?)
    }

    /// Segments are kept by address.
    fn segment_index(&self, address: u64) -> Option<usize> {
        let index =
            self.segments.partition_point(|segment| segment.range.first() <= address).checked_sub(1)?;
        self.segments.get(index)?.range.contains(address).then_some(index)
    }

    /// Reads memory; `None` if it is not all in one segment.
    pub(crate) fn read(&self, address: u64, bytes: &mut [u8]) -> Option<()> {
        let segment = self.segment_at(address)?;
        let last = address.checked_add(bytes.len() as u64)?.checked_sub(1)?;
        if last > segment.range.last() {
            return None;
        }
        segment.data.read(address, bytes);
        Some(())
    }

    /// Reads an unsigned integer of up to 8 bytes.
    pub(crate) fn read_integer(&self, address: u64, size: usize) -> Option<u64> {
        let mut bytes = [0; 8];
        let bytes = bytes.get_mut(..size)?;
        self.read(address, bytes)?;
        Some(self.order.read(bytes) as u64)
    }

    /// Reads a pointer.
    pub(crate) fn read_word(&self, address: u64) -> Option<u64> {
        self.read_integer(address, self.word_bytes())
    }

    /// Writes memory; `None` if it is not all in one segment.
    pub(crate) fn write(&mut self, address: u64, bytes: &[u8]) -> Option<()> {
        let last = address.checked_add(bytes.len() as u64)?.checked_sub(1)?;
        let index = self.segment_index(address)?;
        let segment = self.segments.get_mut(index)?;
        if last > segment.range.last() {
            return None;
        }
        segment.data.write(address, bytes);
        Some(())
    }

    /// Writes the lowest bytes of an integer.
    pub(crate) fn write_integer(&mut self, address: u64, value: u64, size: usize) -> Option<()> {
        let mut bytes = [0; 8];
        let bytes = bytes.get_mut(..size)?;
        self.order.write(value.into(), bytes);
        self.write(address, bytes)
    }

    /// Writes a pointer.
    pub(crate) fn write_word(&mut self, address: u64, value: u64) -> Option<()> {
        self.write_integer(address, value, self.word_bytes())
    }

    /// Whether a symbol is a label in MIPS16 or microMIPS code, which `st_other`
    /// says (`STO_MIPS16`, `STO_MICROMIPS`) where the value does not.
    pub(crate) fn is_compressed(&self, symbol: &ModuleSymbol) -> bool {
        self.machine == object::elf::EM_MIPS
            && symbol.definition != Definition::Undefined
            && matches!(symbol.kind, SymbolKind::Function | SymbolKind::Other)
            && (symbol.other & 0xf0 == 0xf0 || symbol.other & 0xc0 == 0x80)
    }

    /// The size of a pointer, in bytes.
    pub(crate) const fn word_bytes(&self) -> usize {
        (self.class_bits / 8) as usize
    }

    /// From the lowest to the highest address.
    pub(crate) fn span(&self) -> AddressRange {
        let ranges = || self.segments.iter().map(|segment| segment.range).filter(|range| !range.is_empty());
        match (ranges().map(|range| range.first()).min(), ranges().map(|range| range.last()).max()) {
            (Some(first), Some(last)) => (first..=last).into(),
            _ => AddressRange::EMPTY,
        }
    }

    /// A file's address after placing.
    pub(crate) const fn placed(&self, address: u64) -> u64 {
        let sum = address.wrapping_add(self.bias);
        if self.class_bits == 32 { sum & 0xffff_ffff } else { sum }
    }

    /// The value of a defined symbol after placing.
    pub(crate) const fn symbol_value(&self, symbol: &ModuleSymbol) -> u64 {
        match symbol.definition {
            Definition::Address => self.placed(symbol.value),
            _ => symbol.value,
        }
    }
}
