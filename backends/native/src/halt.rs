//! [`Halt`]: why the interpreter stops inside a block.

use terrella_emulator_api::{Access, ArithmeticKind, Error, MemoryCause};

use crate::memory::Denied;

/// Why the interpreter stops at an operation.
#[derive(Debug)]
pub(crate) enum Halt {
    /// An access failed.
    Memory { access: Access, cause: MemoryCause, address: u64, size: u64 },
    /// An arithmetic exception, with its architectural number.
    Arithmetic(ArithmeticKind, u64),
    /// The instruction is none, though it decodes.
    Invalid,
    /// A system call.
    Syscall,
    /// A software interrupt, breakpoint or trap of this number; execution
    /// goes on after it.
    Interrupt(u64),
    /// An exception of this number, before the instruction.
    Exception(u64),
    /// The processor waits.
    Wait,
    /// Something that is not there, by its name.
    Missing(String),
    /// A callback returned an error.
    Error(Error),
    /// A callback panicked.
    Panic,
    /// A callback asked for the end of the run before the instruction.
    Stop,
    /// A callback asked for something that takes effect before the
    /// instruction: the program counter or the code is another.
    Resume,
    /// Code was written, or hooks changed: the instruction is finished, and
    /// the next one looked up anew.
    Reenter,
    /// The clock ran out in a repeated instruction.
    TimeLimit,
    /// A function was answered: go to this code pointer.
    Returned(u64),
}

impl Halt {
    pub(crate) fn denied(denied: Denied, access: Access, size: usize) -> Self {
        Self::Memory { access, cause: denied.cause, address: denied.address, size: size as u64 }
    }
}
