//! [`Capability`]: what a backend says it can do.

use std::fmt;

use serde::Serialize;

/// Something that a backend can do or cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[repr(u8)]
pub enum Capability {
    /// Hooks before instructions.
    InstructionHooks,
    /// Hooks at basic-block entries.
    BlockHooks,
    /// Callbacks in place of functions.
    FunctionHooks,
    /// Hooks on loads.
    MemoryReadHooks,
    /// Hooks on stores.
    MemoryWriteHooks,
    /// Hooks on system calls.
    SyscallHooks,
    /// Hooks on interrupts, traps and exceptions.
    InterruptHooks,
    /// Snapshots at a cost proportional to the change.
    Snapshots,
    /// Memory permissions that are enforced.
    Permissions,
    /// Mappings that end at any byte.
    ByteExactMaps,
    /// Exact instruction limits and counts.
    InstructionLimits,
    /// Stepping by instruction and by basic block.
    Stepping,
    /// Labels on registers and memory.
    Labels,
}

impl Capability {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::InstructionHooks,
        Self::BlockHooks,
        Self::FunctionHooks,
        Self::MemoryReadHooks,
        Self::MemoryWriteHooks,
        Self::SyscallHooks,
        Self::InterruptHooks,
        Self::Snapshots,
        Self::Permissions,
        Self::ByteExactMaps,
        Self::InstructionLimits,
        Self::Stepping,
        Self::Labels,
    ];

    /// A short name for tables and error texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InstructionHooks => "instruction hooks",
            Self::BlockHooks => "block hooks",
            Self::FunctionHooks => "function hooks",
            Self::MemoryReadHooks => "memory read hooks",
            Self::MemoryWriteHooks => "memory write hooks",
            Self::SyscallHooks => "syscall hooks",
            Self::InterruptHooks => "interrupt hooks",
            Self::Snapshots => "snapshots",
            Self::Permissions => "permissions",
            Self::ByteExactMaps => "byte-exact maps",
            Self::InstructionLimits => "instruction limits",
            Self::Stepping => "stepping",
            Self::Labels => "labels",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A set of capabilities.
///
/// ```
/// use terrella_emulator_api::{Capabilities, Capability};
///
/// let some = Capabilities::NONE.with(Capability::Snapshots);
/// assert!(some.has(Capability::Snapshots) && !some.has(Capability::Labels));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities(u32);

impl Capabilities {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// The set with one more.
    #[must_use]
    pub const fn with(self, capability: Capability) -> Self {
        Self(self.0 | 1 << capability as u32)
    }

    /// The set without one.
    #[must_use]
    pub const fn without(self, capability: Capability) -> Self {
        Self(self.0 & !(1 << capability as u32))
    }

    /// Whether it is in the set.
    #[must_use]
    pub const fn has(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u32) != 0
    }

    /// Those in the set.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.iter().copied().filter(move |capability| self.has(*capability))
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}
