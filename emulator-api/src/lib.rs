//! What an emulator can do: the contract between harnesses and engines.
//!
//! [`Emulator`] is the object-safe core that every backend implements. The
//! hook families are small traits of their own ([`InstructionHookable`],
//! [`MemoryReadHookable`] …), reached from an emulator by methods that give
//! the family or a typed [`Error::Unsupported`]. [`EmulatorExt`] is what
//! harness code calls: registers by name, hooks as plain closures.
//!
//! ```
//! use terrella_emulator_api::{Emulator, EmulatorExt, Flow, Permissions, Result, Stop};
//!
//! /// Runs code that ends at `end`, whatever the engine, and counts blocks.
//! fn blocks(emulator: &mut dyn Emulator, entry: u64, code: &[u8]) -> Result<u64> {
//!     let end = entry + code.len() as u64;
//!     emulator.map_memory(entry..entry + 0x1000, Permissions::ALL)?;
//!     emulator.write_code(entry, code)?;
//!     emulator.set_program_counter(entry)?;
//!     emulator.add_exit_point(end);
//!     let count = std::rc::Rc::new(std::cell::Cell::new(0));
//!     let counter = count.clone();
//!     emulator.hook_blocks(move |_, _, _| {
//!         counter.set(counter.get() + 1);
//!         Ok(Flow::Continue)
//!     })?;
//!     assert_eq!(emulator.run()?, Stop::ExitPoint(end));
//!     Ok(count.get())
//! }
//! ```
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod capability;
mod emulator;
mod error;
mod ext;
mod extensions;
mod families;
mod hooks;
mod memory_map;
mod range;
mod range_set;
mod snapshot;
mod stop;

pub use capability::{Capabilities, Capability};
pub use emulator::{BackendInfo, Emulator};
pub use error::{Error, HookError, Result};
pub use ext::{EmulatorExt, RegisterRef};
pub use extensions::Extensions;
pub use families::{
    BlockHookable, FunctionHookable, InstructionHookable, InterruptHookable, MemoryReadHookable,
    MemoryWriteHookable, SyscallHookable,
};
pub use hooks::{
    BlockHook, Flow, FunctionHook, HookFamily, HookHandle, HookTable, InstructionHook, InterruptFlow,
    InterruptHook, MemoryReadHook, MemoryWriteHook, PanicPayload, RangeHooks, ReadFlow, SiteHooks,
    SyscallHook, Taken,
};
pub use memory_map::{MemoryMap, MemoryRegion, Overlap};
pub use range::{AddressRange, InvalidPermissions, Permissions};
pub use range_set::RangeSet;
pub use snapshot::Snapshot;
pub use stop::{Access, ArithmeticKind, Fault, Limits, MemoryCause, Step, Stop};
pub use terrella_platforms::{Platform, RegisterId, RegisterValue};
