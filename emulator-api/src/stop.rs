//! Why and where a run ended: [`Stop`] and [`Fault`].

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// Why a run came to an end that was asked for or that is not an error. Each
/// variant holds the program counter, which is where `run` would go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stop {
    /// The instruction at an exit point would be next.
    ExitPoint(u64),
    /// The instruction at an exit-after point has executed.
    ExitAfter {
        /// The exit-after point.
        point: u64,
        /// The program counter now.
        pc: u64,
    },
    /// The program counter left the bounds.
    OutOfBounds(u64),
    /// A callback asked for it, or [`Emulator::request_stop`](crate::Emulator::request_stop).
    Requested(u64),
    /// The instruction limit was reached.
    InstructionLimit(u64),
    /// The wall-clock limit was reached.
    TimeLimit(u64),
    /// The processor waits for an interrupt that will not come (`hlt`, `wfi`,
    /// `wait`): the instruction has executed.
    Halted(u64),
}

impl Stop {
    /// The program counter at the stop.
    #[must_use]
    pub const fn pc(&self) -> u64 {
        match *self {
            Self::ExitPoint(pc)
            | Self::ExitAfter { pc, .. }
            | Self::OutOfBounds(pc)
            | Self::Requested(pc)
            | Self::InstructionLimit(pc)
            | Self::TimeLimit(pc)
            | Self::Halted(pc) => pc,
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExitPoint(pc) => write!(formatter, "exit point {pc:#x}"),
            Self::ExitAfter { point, pc } => write!(formatter, "after {point:#x}, at {pc:#x}"),
            Self::OutOfBounds(pc) => write!(formatter, "out of bounds at {pc:#x}"),
            Self::Requested(pc) => write!(formatter, "stopped on request at {pc:#x}"),
            Self::InstructionLimit(pc) => write!(formatter, "instruction limit at {pc:#x}"),
            Self::TimeLimit(pc) => write!(formatter, "time limit at {pc:#x}"),
            Self::Halted(pc) => write!(formatter, "processor halted, at {pc:#x}"),
        }
    }
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It executed, and the emulator can go on.
    Done,
    /// The emulator has stopped, and why. The last instruction may or may not
    /// have executed: the program counter in the stop tells.
    Stopped(Stop),
}

/// Limits of one run.
///
/// ```
/// use terrella_emulator_api::Limits;
///
/// let limits = Limits::instructions(1_000).and_time(std::time::Duration::from_secs(2));
/// assert_eq!(limits.instructions, Some(1_000));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// At most so many instructions, exactly (contract, 4.6).
    pub instructions: Option<u64>,
    /// At most so long; checked between basic blocks, so it is overshot by
    /// one block and by what callbacks take.
    pub time: Option<Duration>,
    /// Count instructions even if there is no limit on them: see
    /// [`Emulator::instructions_executed`](crate::Emulator::instructions_executed).
    pub count: bool,
}

impl Limits {
    /// No limit.
    pub const NONE: Self = Self { instructions: None, time: None, count: false };

    /// At most `count` instructions.
    #[must_use]
    pub const fn instructions(count: u64) -> Self {
        Self { instructions: Some(count), ..Self::NONE }
    }

    /// At most so long.
    #[must_use]
    pub const fn time(limit: Duration) -> Self {
        Self { time: Some(limit), ..Self::NONE }
    }

    /// Count instructions, without a limit.
    #[must_use]
    pub const fn counted() -> Self {
        Self { count: true, ..Self::NONE }
    }

    /// The same with a wall-clock limit.
    #[must_use]
    pub const fn and_time(self, limit: Duration) -> Self {
        Self { time: Some(limit), ..self }
    }
}

/// What the processor does at a faulting access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// A load.
    Read,
    /// A store.
    Write,
    /// An instruction fetch.
    Fetch,
}

impl fmt::Display for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Fetch => "fetch",
        })
    }
}

/// Why an access cannot be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryCause {
    /// Nothing is mapped there.
    Unmapped,
    /// The permissions do not allow it.
    Permission,
    /// The architecture does not allow it at that alignment.
    Unaligned,
}

impl fmt::Display for MemoryCause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unmapped => "unmapped",
            Self::Permission => "not permitted",
            Self::Unaligned => "unaligned",
        })
    }
}

/// An arithmetic exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ArithmeticKind {
    /// Division by zero, or a quotient that does not fit where the
    /// architecture has one exception for both (x86).
    Division,
    /// A trapping overflow.
    Overflow,
    /// A floating-point exception that is not masked.
    FloatingPoint,
}

impl fmt::Display for ArithmeticKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Division => "division error",
            Self::Overflow => "overflow",
            Self::FloatingPoint => "floating-point exception",
        })
    }
}

/// Something that the guest did and that cannot go on as it is. The program
/// counter stays at the faulting instruction, none of whose effects on
/// registers are visible; after a repair the emulator can run on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// An access to memory failed.
    #[error("{access} of {size} byte{} at {address:#x}: {cause} (pc {pc:#x})", if *.size == 1 { "" } else { "s" })]
    Memory {
        /// What was tried.
        access: Access,
        /// Why it failed.
        cause: MemoryCause,
        /// The first address of the access that cannot be accessed; for
        /// `Unaligned`, the address of the access.
        address: u64,
        /// The size of the whole access, in bytes. A fetch counts from
        /// `address` on and has size 1: how long the instruction would be is
        /// not known.
        size: u64,
        /// The program counter of the instruction.
        pc: u64,
    },
    /// The bytes at the program counter are not an instruction.
    #[error("invalid instruction {} at {pc:#x}", hex(.bytes))]
    InvalidInstruction {
        /// The program counter.
        pc: u64,
        /// The bytes there: as many as the longest instruction of the
        /// platform has, fewer where the memory ends before.
        bytes: Vec<u8>,
    },
    /// An arithmetic exception.
    #[error("{kind} at {pc:#x}")]
    Arithmetic {
        /// What kind.
        kind: ArithmeticKind,
        /// The program counter of the instruction.
        pc: u64,
    },
    /// A system call that no hook answers.
    #[error("unhandled system call {number} at {pc:#x}")]
    UnhandledSyscall {
        /// The number, by the platform's convention.
        number: u64,
        /// The program counter of the system-call instruction.
        pc: u64,
    },
    /// An interrupt, trap or exception that no hook handles.
    #[error("unhandled interrupt {number:#x} at {pc:#x}")]
    UnhandledInterrupt {
        /// The number, as the architecture numbers it.
        number: u64,
        /// The program counter of the instruction.
        pc: u64,
    },
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

impl Fault {
    /// The program counter of the faulting instruction.
    #[must_use]
    pub const fn pc(&self) -> u64 {
        match self {
            Self::Memory { pc, .. }
            | Self::InvalidInstruction { pc, .. }
            | Self::Arithmetic { pc, .. }
            | Self::UnhandledSyscall { pc, .. }
            | Self::UnhandledInterrupt { pc, .. } => *pc,
        }
    }
}
