//! What an emulation starts from and ends with, as a value.
//!
//! A [`Machine`] is a named collection of items: a [`Cpu`], [`Memory`],
//! [`Stack`], [`Heap`], [`Executable`]s, [`FunctionModel`]s,
//! [`MappedDevice`]s, and items of one's own ([`MachineItem`]). It is
//! applied to any [`Emulator`], extracted from it, compared and saved.
//!
//! ```
//! use terrella_machine_state::{
//!     Emulator, Executable, Machine, Platform, Result, Return, Stack,
//! };
//!
//! fn square(emulator: &mut dyn Emulator) -> Result<i64> {
//!     let platform = Platform::X86_64;
//!     let mut machine = Machine::new(platform);
//!     // mov eax, edi; imul eax, eax; ret
//!     let code = b"\x89\xf8\x0f\xaf\xc0\xc3";
//!     machine.add("code", Executable::from_bytes("code", platform, 0x40_0000, code)?)?;
//!     machine.add("stack", Stack::new(platform, 0x7000_0000, 0x1_0000)?)?;
//!     Ok(machine.call(emulator, 0x40_0000_u64, &[12_i32.into()], Return::I32)?.value.as_i64())
//! }
//! ```
#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod call;
mod cpu;
mod device;
mod diff;
mod error;
mod executable;
mod format;
mod function;
mod heap;
mod item;
mod machine;
mod memory;
mod names;
mod pages;
mod process;
mod region;
mod stack;
mod step;
mod structure;
mod symbols;

pub use call::{ArgumentValue, Return, ReturnValue};
pub use cpu::Cpu;
pub use device::{Device, MappedDevice};
pub use diff::{Difference, MachineDiff};
pub use error::{Error, FormatError, Result};
pub use executable::{Executable, Import, Segment, TlsTemplate};
pub use format::LoadLimits;
pub use function::{Function, FunctionModel, FunctionSite, live_symbol};
pub use heap::{Heap, HeapRecord, HeapStrategy, LiveHeap};
pub use item::{MachineItem, Phase};
pub use machine::{Machine, Outcome};
pub use memory::Memory;
pub use pages::{PAGE_SIZE, Page, Pages};
pub use process::{FileRecord, ProcessRecord, Signal, ThreadRecord};
pub use stack::Stack;
pub use step::{RegisterChange, StepState, Steps};
pub use structure::{GuestStruct, StructBuilder};
pub use symbols::{Symbol, SymbolAt, SymbolBinding, SymbolKind, SymbolTable};
pub use terrella_emulator_api::{
    AddressRange, Emulator, EmulatorExt, Flow, HookError, Limits, MemoryRegion, Permissions, Stop,
};
pub use terrella_platforms::{Platform, RegisterValue};
pub use typetag;
