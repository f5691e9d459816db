//! What an emulation starts from and ends with, as a value.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod cpu;
mod diff;
mod error;
mod executable;
mod format;
mod heap;
mod item;
mod machine;
mod memory;
mod names;
mod pages;
mod region;
mod stack;
mod structure;
mod symbols;

pub use cpu::Cpu;
pub use diff::{Difference, MachineDiff};
pub use error::{Error, FormatError, Result};
pub use executable::{Executable, Import, Segment, TlsTemplate};
pub use format::LoadLimits;
pub use heap::{Heap, HeapStrategy, LiveHeap};
pub use item::{MachineItem, Phase};
pub use machine::{Machine, Outcome};
pub use memory::Memory;
pub use pages::{PAGE_SIZE, Page, Pages};
pub use stack::Stack;
pub use structure::{GuestStruct, StructBuilder};
pub use symbols::{Symbol, SymbolAt, SymbolBinding, SymbolKind, SymbolTable};
pub use terrella_emulator_api::{AddressRange, Emulator, MemoryRegion, Permissions};
pub use terrella_platforms::{Platform, RegisterValue};
pub use typetag;
