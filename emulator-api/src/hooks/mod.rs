//! Hooks: the callback types of the families, and the table that backends
//! keep them in.

mod table;

use std::{any::Any, fmt};

use serde::Serialize;

use crate::{Emulator, HookError};
pub use table::{HookTable, RangeHooks, SiteHooks, Taken};

/// What a callback wants to happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flow {
    /// Go on.
    #[default]
    Continue,
    /// End the run gracefully with [`Stop::Requested`](crate::Stop::Requested).
    Stop,
}

/// What a memory-read callback wants to happen next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReadFlow {
    /// The load takes what it read.
    #[default]
    Continue,
    /// The load takes these bytes, in the order of memory and as many as it
    /// reads. Memory itself stays as it is.
    Replace(Vec<u8>),
    /// End the run gracefully, with the load not done.
    Stop,
}

/// What an interrupt callback says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterruptFlow {
    /// The interrupt is dealt with: execution goes on after the instruction
    /// for software interrupts and breakpoints, at the faulting instruction
    /// for exceptions, or where the callback set the program counter.
    Handled,
    /// It is not: the run ends with the fault.
    Unhandled,
    /// It is dealt with, and the run ends gracefully.
    Stop,
}

/// Called before an instruction executes, with its address.
pub type InstructionHook = Box<dyn FnMut(&mut dyn Emulator, u64) -> Result<Flow, HookError>>;
/// Called at a basic-block entry, with its address and its size in bytes.
pub type BlockHook = Box<dyn FnMut(&mut dyn Emulator, u64, u64) -> Result<Flow, HookError>>;
/// Called in place of a function, with its address.
pub type FunctionHook = Box<dyn FnMut(&mut dyn Emulator, u64) -> Result<Flow, HookError>>;
/// Called at a load, with its address and the bytes that it read.
pub type MemoryReadHook = Box<dyn FnMut(&mut dyn Emulator, u64, &[u8]) -> Result<ReadFlow, HookError>>;
/// Called before a store, with its address and the bytes that it will write.
pub type MemoryWriteHook = Box<dyn FnMut(&mut dyn Emulator, u64, &[u8]) -> Result<Flow, HookError>>;
/// Called at a system call, with its number.
pub type SyscallHook = Box<dyn FnMut(&mut dyn Emulator, u64) -> Result<Flow, HookError>>;
/// Called at an interrupt, trap or exception, with its number.
pub type InterruptHook = Box<dyn FnMut(&mut dyn Emulator, u64) -> Result<InterruptFlow, HookError>>;

/// A family of hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HookFamily {
    /// [`InstructionHookable`](crate::InstructionHookable).
    Instruction,
    /// [`BlockHookable`](crate::BlockHookable).
    Block,
    /// [`FunctionHookable`](crate::FunctionHookable).
    Function,
    /// [`MemoryReadHookable`](crate::MemoryReadHookable).
    MemoryRead,
    /// [`MemoryWriteHookable`](crate::MemoryWriteHookable).
    MemoryWrite,
    /// [`SyscallHookable`](crate::SyscallHookable).
    Syscall,
    /// [`InterruptHookable`](crate::InterruptHookable).
    Interrupt,
}

impl fmt::Display for HookFamily {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Instruction => "instruction",
            Self::Block => "block",
            Self::Function => "function",
            Self::MemoryRead => "memory read",
            Self::MemoryWrite => "memory write",
            Self::Syscall => "system call",
            Self::Interrupt => "interrupt",
        })
    }
}

/// Names one hook, for [`Emulator::unhook`](crate::Emulator::unhook).
///
/// Handles are never used again: that of a removed hook stays stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HookHandle {
    pub(crate) family: HookFamily,
    pub(crate) serial: u64,
}

impl HookHandle {
    /// The family of the hook.
    #[must_use]
    pub const fn family(&self) -> HookFamily {
        self.family
    }
}

/// A panic that was caught at the boundary of a callback and is to resume in
/// the caller of `run`.
pub type PanicPayload = Box<dyn Any + Send + 'static>;
