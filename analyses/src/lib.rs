//! Watching a run: what happened, shown so that a person can act on it.
//!
//! - [`FaultReport`]: a fault with its back-trace, the code around it, the
//!   registers, the mappings near the access, and a hint; a value that can be
//!   serialised, with a short and a long form for people.
//! - [`Modules`]: addresses to symbols and source lines, and callers.
//! - [`views`]: a hex dump, registers with what changed, the memory map, the
//!   stack with what its words lead to.
//! - [`BlockRing`]: the blocks that were executed last.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod backtrace;
mod blocks;
mod modules;
mod report;
mod signal_frames;
pub mod views;

pub use backtrace::{FoundBy, Frame, backtrace};
pub use blocks::BlockRing;
pub use modules::{Module, Modules, Place};
pub use report::{AccessReport, FaultReport, Instruction, Mapping, RegisterReport, Reporter};
