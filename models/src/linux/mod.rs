//! Linux: programs as the kernel runs them.
//!
//! A [`System`] is a kernel with its files, clocks and processes, on emulators
//! that it makes for itself: one for each address space. The kernel is ours,
//! one implementation for all processors; what differs between them are
//! tables.

pub(crate) mod abi;
pub(crate) mod alone;
pub(crate) mod calls;
pub(crate) mod descriptions;
pub(crate) mod frame;
pub(crate) mod ipc;
pub(crate) mod kernel;
pub(crate) mod limits;
mod memory;
mod proc;
pub(crate) mod process;
mod scheduler;
mod segments;
mod signal_words;
pub(crate) mod signals;
mod sockets;
mod start;
mod strace;
mod strace_ipc;
mod streams;
pub(crate) mod system;
pub(crate) mod task;
mod terminal_sessions;
pub(crate) mod terminals;

pub use process::ExitStatus;
pub use scheduler::{RoundRobin, Scheduler, Turn};
pub use strace::{TraceOutput, signal_name};
pub use streams::{Input, Output, Shared, Streams, Written};
pub use system::{Attach, Crash, Ending, Error, Maker, OnCrash, Options, System, SystemState, UnknownCalls};

/// The number of a thread; that of the first thread of a process is that of
/// the process.
pub type ThreadId = i32;

/// Whether Linux programs of a platform can be run.
#[must_use]
pub fn supports(platform: terrella_platforms::Platform) -> bool {
    abi::Abi::of(platform).is_some()
}

/// The names of the system calls that are answered, sorted.
#[must_use]
pub fn call_names() -> Vec<&'static str> {
    calls::all_names()
}
