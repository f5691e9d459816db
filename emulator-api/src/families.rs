//! The hook families: one small trait each, reached from an
//! [`Emulator`](crate::Emulator) by its `…_hookable` methods.
//!
//! A site of `None` is the hook for all sites. Harnesses rather call the
//! methods of [`EmulatorExt`](crate::EmulatorExt), which carry the names of
//! the contract (5.3) and take plain closures.

use crate::{
    AddressRange, BlockHook, Emulator, FunctionHook, HookHandle, InstructionHook, InterruptHook,
    MemoryReadHook, MemoryWriteHook, Result, SyscallHook,
};

/// Hooks before the execution of one instruction, or of all (6.1).
pub trait InstructionHookable: Emulator {
    /// Adds the hook of an address, or that of all.
    ///
    /// # Errors
    /// [`Error::HookExists`](crate::Error::HookExists).
    fn add_instruction_hook(&mut self, address: Option<u64>, hook: InstructionHook) -> Result<HookHandle>;

    /// Removes the hook of an address, or that of all.
    ///
    /// # Errors
    /// [`Error::NoSuchHook`](crate::Error::NoSuchHook).
    fn remove_instruction_hook(&mut self, address: Option<u64>) -> Result<()>;
}

/// A hook at the entries of basic blocks (6.2).
pub trait BlockHookable: Emulator {
    /// Adds the block hook.
    ///
    /// # Errors
    /// [`Error::HookExists`](crate::Error::HookExists).
    fn add_block_hook(&mut self, hook: BlockHook) -> Result<HookHandle>;

    /// Removes the block hook.
    ///
    /// # Errors
    /// [`Error::NoSuchHook`](crate::Error::NoSuchHook).
    fn remove_block_hook(&mut self) -> Result<()>;
}

/// Callbacks in place of functions (6.3).
pub trait FunctionHookable: Emulator {
    /// Adds the hook of a function. `callee_pops` bytes of stack arguments are
    /// taken off at its return, as `stdcall` functions do.
    ///
    /// # Errors
    /// [`Error::HookExists`](crate::Error::HookExists),
    /// [`Error::FunctionHookUnmapped`](crate::Error::FunctionHookUnmapped).
    fn add_function_hook(&mut self, address: u64, callee_pops: u64, hook: FunctionHook)
    -> Result<HookHandle>;

    /// Removes the hook of a function.
    ///
    /// # Errors
    /// [`Error::NoSuchHook`](crate::Error::NoSuchHook).
    fn remove_function_hook(&mut self, address: u64) -> Result<()>;
}

/// Hooks on loads (6.4).
pub trait MemoryReadHookable: Emulator {
    /// Adds the hook of a range, or that of all addresses.
    ///
    /// # Errors
    /// [`Error::HookExists`](crate::Error::HookExists).
    fn add_memory_read_hook(
        &mut self,
        range: Option<AddressRange>,
        hook: MemoryReadHook,
    ) -> Result<HookHandle>;

    /// Removes the hook of a range, or that of all addresses.
    ///
    /// # Errors
    /// [`Error::NoSuchHook`](crate::Error::NoSuchHook).
    fn remove_memory_read_hook(&mut self, range: Option<AddressRange>) -> Result<()>;
}

/// Hooks on stores (6.5).
pub trait MemoryWriteHookable: Emulator {
    /// Adds the hook of a range, or that of all addresses.
    ///
    /// # Errors
    /// [`Error::HookExists`](crate::Error::HookExists).
    fn add_memory_write_hook(
        &mut self,
        range: Option<AddressRange>,
        hook: MemoryWriteHook,
    ) -> Result<HookHandle>;

    /// Removes the hook of a range, or that of all addresses.
    ///
    /// # Errors
    /// [`Error::NoSuchHook`](crate::Error::NoSuchHook).
    fn remove_memory_write_hook(&mut self, range: Option<AddressRange>) -> Result<()>;
}

/// Hooks on system calls (6.7).
pub trait SyscallHookable: Emulator {
    /// Adds the hook of a number, or that of all.
    ///
    /// # Errors
    /// [`Error::HookExists`](crate::Error::HookExists).
    fn add_syscall_hook(&mut self, number: Option<u64>, hook: SyscallHook) -> Result<HookHandle>;

    /// Removes the hook of a number, or that of all.
    ///
    /// # Errors
    /// [`Error::NoSuchHook`](crate::Error::NoSuchHook).
    fn remove_syscall_hook(&mut self, number: Option<u64>) -> Result<()>;
}

/// Hooks on interrupts, traps and exceptions (6.8).
pub trait InterruptHookable: Emulator {
    /// Adds the hook of a number, or that of all.
    ///
    /// # Errors
    /// [`Error::HookExists`](crate::Error::HookExists).
    fn add_interrupt_hook(&mut self, number: Option<u64>, hook: InterruptHook) -> Result<HookHandle>;

    /// Removes the hook of a number, or that of all.
    ///
    /// # Errors
    /// [`Error::NoSuchHook`](crate::Error::NoSuchHook).
    fn remove_interrupt_hook(&mut self, number: Option<u64>) -> Result<()>;
}
