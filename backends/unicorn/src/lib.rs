//! The Unicorn engine behind Terrella's emulator contract.
//!
//! [`UnicornEmulator`] is an [`Emulator`](terrella_emulator_api::Emulator) for
//! every platform that Unicorn 2.1.5 has. What Unicorn does not do itself, the
//! backend does: byte-exact memory, precise faults with address and size, exit
//! points anywhere, loaded-value override without touching memory, hooks that
//! fire in code that has run before, exact instruction limits, snapshots at
//! the cost of the change, panics and errors carried through C.
//!
//! ```
//! use terrella_emulator_api::{Emulator, EmulatorExt, Permissions, Platform, Stop};
//! use terrella_unicorn::UnicornEmulator;
//!
//! let mut emulator = UnicornEmulator::new(Platform::X86_64)?;
//! emulator.map_memory(0x1000..0x2000, Permissions::ALL)?;
//! emulator.write_code(0x1000, &[0x48, 0x0f, 0xaf, 0xff])?; // imul rdi, rdi
//! emulator.write_register("rdi", 12_u64)?;
//! emulator.set_program_counter(0x1000)?;
//! emulator.add_exit_point(0x1004);
//! assert_eq!(emulator.run()?, Stop::ExitPoint(0x1004));
//! assert_eq!(emulator.read_register("rdi")?, 144);
//! # Ok::<(), terrella_emulator_api::Error>(())
//! ```
//!
//! # How it works
//! - Guest-virtual pages are placed anywhere in one range of host memory by
//!   Unicorn's TLB-fill hook (`memory`, `frames`). A page that needs a look at
//!   each access (it is mapped in part, or hooked) is placed in an alias whose
//!   every access calls back; all other pages run at full speed.
//! - Exit points, bounds and hooks on single instructions are native hooks on
//!   a few narrow ranges (`watch`), so code outside them pays nothing.
//! - A run is a sequence of native runs (`run`): whenever something must
//!   change that Unicorn cannot change under way, the native run is ended and
//!   taken up again at the same instruction.
//! - Registers that Unicorn's interface leaves out are read from and written to
//!   the processor's state, whose layout is checked first (`hidden`).
//!
//! # Licence
//! Unicorn is GPL-2.0, and so is this crate, which links it. The other crates
//! of Terrella do not depend on it unless their feature `unicorn` is asked for.
#![deny(missing_docs)]

mod access;
mod blocks;
mod by_hand;
mod callbacks;
mod decode;
mod emulator;
mod engine;
mod events;
mod families;
mod frames;
mod hidden;
mod history;
mod if_then;
mod linked;
mod m68k;
mod many;
mod memory;
mod mips;
mod quirks;
mod refusals;
mod register_file;
mod registers;
mod run;
mod saved;
mod segmented;
mod sparc;
mod sparc_windows;
mod target;
mod traits;
mod traps;
mod tricore;
mod watch;

pub use emulator::UnicornEmulator;

/// The name of the backend.
pub const NAME: &str = "unicorn";

/// The version of the Unicorn crate that the backend is written for.
pub const VERSION: &str = "2.1.5";
