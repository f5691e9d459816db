//! Terrella's own engine: any processor with a SLEIGH specification, behind
//! the emulator contract.
//!
//! ```
//! use terrella_emulator_api::{Emulator, EmulatorExt, Permissions, Platform, Stop};
//! use terrella_native::NativeEmulator;
//!
//! # fn main() -> Result<(), terrella_emulator_api::Error> {
//! let mut emulator = NativeEmulator::new(Platform::X86_64)?;
//! emulator.map_memory(0x1000..0x2000, Permissions::ALL)?;
//! // lea eax, [rdi + rsi * 2]
//! emulator.write_code(0x1000, &[0x8d, 0x04, 0x77])?;
//! emulator.write_register("rdi", 30_u64)?;
//! emulator.write_register("rsi", 6_u64)?;
//! emulator.set_program_counter(0x1000)?;
//! emulator.add_exit_point(0x1003);
//! assert_eq!(emulator.run()?, Stop::ExitPoint(0x1003));
//! assert_eq!(emulator.read_register("rax")?, 42);
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod accesses;
mod alignment;
mod arm;
mod block;
mod cache;
mod emulator;
mod events;
mod exact;
mod file;
mod float;
mod halt;
mod hooks;
mod ieee;
mod interpret;
mod layout;
mod loops;
mod lower;
mod m68k;
mod memory;
mod mode;
mod op;
mod optimize;
mod outside;
mod overrides;
mod refusals;
mod registers;
mod run;
mod run_state;
mod segmented;
mod snapshot;
mod soft;
mod spaces;
mod target;
mod translate;
mod userops;
mod wide;
mod x86;

pub use emulator::NativeEmulator;

/// The name that the backend gives itself.
pub const NAME: &str = "native";

/// The version of the engine.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
