//! [`EmulatorExt`]: the contract as harness authors call it.

use std::borrow::Cow;

use terrella_platforms::{RegisterId, RegisterValue};

use crate::{
    AddressRange, Emulator, Error, Flow, HookError, HookHandle, InterruptFlow, Limits, Overlap, Permissions,
    ReadFlow, Result, Stop,
};

/// A register by name or by resolved id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegisterRef<'a> {
    /// By name: looked up at each use.
    Name(Cow<'a, str>),
    /// By id: no look-up.
    Id(RegisterId),
}

impl<'a> From<&'a str> for RegisterRef<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(Cow::Borrowed(name))
    }
}

impl<'a> From<&'a String> for RegisterRef<'a> {
    fn from(name: &'a String) -> Self {
        Self::Name(Cow::Borrowed(name))
    }
}

impl From<RegisterId> for RegisterRef<'_> {
    fn from(id: RegisterId) -> Self {
        Self::Id(id)
    }
}

/// The contract as harness authors call it: registers by name, memory as
/// vectors and integers, hooks as plain closures.
///
/// It is implemented for every [`Emulator`], `dyn Emulator` included, so it
/// works the same on a boxed backend and inside a callback.
pub trait EmulatorExt: Emulator {
    /// Resolves a register name once, for use in hot code.
    ///
    /// # Errors
    /// [`Error::UnknownRegister`] with the nearest names.
    fn resolve_register(&self, name: &str) -> Result<RegisterId> {
        let registers = self.definition().registers();
        registers.lookup(name).ok_or_else(|| Error::UnknownRegister {
            platform: self.platform(),
            name: name.to_owned(),
            nearest: registers.nearest(name),
        })
    }

    /// The content of a register of up to 64 bits.
    ///
    /// # Errors
    /// [`Error::UnknownRegister`], and as [`Emulator::read_register_id`].
    fn read_register<'a>(&self, register: impl Into<RegisterRef<'a>>) -> Result<u64> {
        match register.into() {
            RegisterRef::Id(id) => self.read_register_id(id),
            RegisterRef::Name(name) => self.read_register_id(self.resolve_register(&name)?),
        }
    }

    /// Writes a register; values of any width are taken.
    ///
    /// # Errors
    /// [`Error::UnknownRegister`], and as [`Emulator::write_register_id`].
    fn write_register<'a>(
        &mut self,
        register: impl Into<RegisterRef<'a>>,
        value: impl Into<RegisterValue>,
    ) -> Result<()> {
        let id = match register.into() {
            RegisterRef::Id(id) => id,
            RegisterRef::Name(name) => self.resolve_register(&name)?,
        };
        let value = value.into();
        match u64::try_from(value) {
            Ok(narrow) => self.write_register_id(id, narrow),
            Err(_) => self.write_wide_register_id(id, value),
        }
    }

    /// The content of a register of any width.
    ///
    /// # Errors
    /// [`Error::UnknownRegister`], and as [`Emulator::read_wide_register_id`].
    fn read_wide_register<'a>(&self, register: impl Into<RegisterRef<'a>>) -> Result<RegisterValue> {
        match register.into() {
            RegisterRef::Id(id) => self.read_wide_register_id(id),
            RegisterRef::Name(name) => self.read_wide_register_id(self.resolve_register(&name)?),
        }
    }

    /// Maps a range of zeros that must not overlap what is mapped.
    ///
    /// # Errors
    /// As [`Emulator::map_memory_with`].
    fn map_memory(&mut self, range: impl Into<AddressRange>, permissions: Permissions) -> Result<()> {
        self.map_memory_with(range.into(), permissions, Overlap::Refuse)
    }

    /// Reads `size` bytes of memory.
    ///
    /// # Errors
    /// As [`Emulator::read_memory`]; a size that is not mapped is an error
    /// before anything is allocated.
    fn read_bytes(&self, address: u64, size: u64) -> Result<Vec<u8>> {
        // A wild size must not allocate: look at both ends first.
        let range = AddressRange::sized(address, size)?;
        if let Some(last) = (size > 4096).then(|| range.last()) {
            self.read_memory(last, &mut [0])?;
        }
        let length = usize::try_from(size).map_err(|_| Error::OutOfMemory { address, size })?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(|_| Error::OutOfMemory { address, size })?;
        bytes.resize(length, 0);
        self.read_memory(address, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads an unsigned integer of 1 to 16 bytes in the platform's byte order.
    ///
    /// # Errors
    /// As [`Emulator::read_memory`].
    fn read_integer(&self, address: u64, bytes: usize) -> Result<u128> {
        let mut buffer = [0; 16];
        let buffer = &mut buffer[..bytes.min(16)];
        self.read_memory(address, buffer)?;
        Ok(self.platform().byte_order().read(buffer))
    }

    /// Writes the lowest 1 to 16 bytes of an integer in the platform's byte
    /// order.
    ///
    /// # Errors
    /// As [`Emulator::write_memory`].
    fn write_integer(&mut self, address: u64, value: u128, bytes: usize) -> Result<()> {
        let mut buffer = [0; 16];
        let buffer = &mut buffer[..bytes.min(16)];
        self.platform().byte_order().write(value, buffer);
        self.write_memory(address, buffer)
    }

    /// Reads bytes up to a zero byte, which is not part of the result; at most
    /// `limit` bytes.
    ///
    /// # Errors
    /// As [`Emulator::read_memory`].
    fn read_c_string(&self, address: u64, limit: usize) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        let mut at = address;
        while text.len() < limit {
            // Up to the end of a page at a time: the page is mapped, or it
            // is asked byte by byte.
            let mut chunk = [0; 256];
            let room = (256 - (at % 256) as usize).min(limit - text.len());
            let chunk = &mut chunk[..room];
            let length = if self.read_memory(at, chunk).is_ok() {
                room
            } else {
                self.read_memory(at, &mut chunk[..1])?;
                1
            };
            if let Some(end) = chunk[..length].iter().position(|byte| *byte == 0) {
                text.extend_from_slice(&chunk[..end]);
                return Ok(text);
            }
            text.extend_from_slice(&chunk[..length]);
            at = at.wrapping_add(length as u64);
        }
        Ok(text)
    }

    /// Runs without limits.
    ///
    /// # Errors
    /// As [`Emulator::run_with`].
    fn run(&mut self) -> Result<Stop> {
        self.run_with(&Limits::NONE)
    }

    // ---- the hook families, by the names of the contract (5.3)

    /// Calls `callback` before the instruction at `address` executes.
    ///
    /// # Errors
    /// [`Error::HookExists`], [`Error::Unsupported`], as for all `hook_…`.
    fn hook_instruction<F>(&mut self, address: u64, callback: F) -> Result<HookHandle>
    where
        F: FnMut(&mut dyn Emulator, u64) -> Result<Flow, HookError> + 'static,
    {
        self.instruction_hookable()?.add_instruction_hook(Some(address), Box::new(callback))
    }

    /// Calls `callback` before every instruction, with its address.
    ///
    /// # Errors
    /// As [`Self::hook_instruction`].
    fn hook_instructions<F>(&mut self, callback: F) -> Result<HookHandle>
    where
        F: FnMut(&mut dyn Emulator, u64) -> Result<Flow, HookError> + 'static,
    {
        self.instruction_hookable()?.add_instruction_hook(None, Box::new(callback))
    }

    /// Removes the hook of [`Self::hook_instruction`].
    ///
    /// # Errors
    /// [`Error::NoSuchHook`], [`Error::Unsupported`], as for all `unhook_…`.
    fn unhook_instruction(&mut self, address: u64) -> Result<()> {
        self.instruction_hookable()?.remove_instruction_hook(Some(address))
    }

    /// Removes the hook of [`Self::hook_instructions`].
    ///
    /// # Errors
    /// As [`Self::unhook_instruction`].
    fn unhook_instructions(&mut self) -> Result<()> {
        self.instruction_hookable()?.remove_instruction_hook(None)
    }

    /// Calls `callback` at every basic-block entry, with its address and size
    /// in bytes.
    ///
    /// # Errors
    /// As [`Self::hook_instruction`].
    fn hook_blocks<F>(&mut self, callback: F) -> Result<HookHandle>
    where
        F: FnMut(&mut dyn Emulator, u64, u64) -> Result<Flow, HookError> + 'static,
    {
        self.block_hookable()?.add_block_hook(Box::new(callback))
    }

    /// Removes the hook of [`Self::hook_blocks`].
    ///
    /// # Errors
    /// As [`Self::unhook_instruction`].
    fn unhook_blocks(&mut self) -> Result<()> {
        self.block_hookable()?.remove_block_hook()
    }

    /// Calls `callback` in place of the function at `address`, and then
    /// returns from it as the platform's ABI does.
    ///
    /// # Errors
    /// As [`Self::hook_instruction`]; [`Error::FunctionHookUnmapped`].
    fn hook_function<F>(&mut self, address: u64, callback: F) -> Result<HookHandle>
    where
        F: FnMut(&mut dyn Emulator, u64) -> Result<Flow, HookError> + 'static,
    {
        self.function_hookable()?.add_function_hook(address, 0, Box::new(callback))
    }

    /// Removes the hook of [`Self::hook_function`].
    ///
    /// # Errors
    /// As [`Self::unhook_instruction`].
    fn unhook_function(&mut self, address: u64) -> Result<()> {
        self.function_hookable()?.remove_function_hook(address)
    }

    /// Calls `callback` at loads that overlap `range`, with the address and
    /// the bytes of the whole access.
    ///
    /// # Errors
    /// As [`Self::hook_instruction`].
    fn hook_memory_read<F>(&mut self, range: impl Into<AddressRange>, callback: F) -> Result<HookHandle>
    where
        F: FnMut(&mut dyn Emulator, u64, &[u8]) -> Result<ReadFlow, HookError> + 'static,
    {
        self.memory_read_hookable()?.add_memory_read_hook(Some(range.into()), Box::new(callback))
    }

    /// Calls `callback` at every load.
    ///
    /// # Errors
    /// As [`Self::hook_instruction`].
    fn hook_memory_reads<F>(&mut self, callback: F) -> Result<HookHandle>
    where
        F: FnMut(&mut dyn Emulator, u64, &[u8]) -> Result<ReadFlow, HookError> + 'static,
    {
        self.memory_read_hookable()?.add_memory_read_hook(None, Box::new(callback))
    }

    /// Removes the hook of [`Self::hook_memory_read`].
    ///
    /// # Errors
    /// As [`Self::unhook_instruction`].
    fn unhook_memory_read(&mut self, range: impl Into<AddressRange>) -> Result<()> {
        self.memory_read_hookable()?.remove_memory_read_hook(Some(range.into()))
    }

    /// Removes the hook of [`Self::hook_memory_reads`].
    ///
    /// # Errors
    /// As [`Self::unhook_instruction`].
    fn unhook_memory_reads(&mut self) -> Result<()> {
        self.memory_read_hookable()?.remove_memory_read_hook(None)
    }

    /// Calls `callback` before stores that overlap `range`, with the address
    /// and the bytes of the whole access.
    ///
    /// # Errors
    /// As [`Self::hook_instruction`].
    fn hook_memory_write<F>(&mut self, range: impl Into<AddressRange>, callback: F) -> Result<HookHandle>
    where
        F: FnMut(&mut dyn Emulator, u64, &[u8]) -> Result<Flow, HookError> + 'static,
    {
        self.memory_write_hookable()?.add_memory_write_hook(Some(range.into()), Box::new(callback))
    }

    /// Calls `callback` before every store.
    ///
    /// # Errors
    /// As [`Self::hook_instruction`].
    fn hook_memory_writes<F>(&mut self, callback: F) -> Result<HookHandle>
    where
        F: FnMut(&mut dyn Emulator, u64, &[u8]) -> Result<Flow, HookError> + 'static,
    {
        self.memory_write_hookable()?.add_memory_write_hook(None, Box::new(callback))
    }

    /// Removes the hook of [`Self::hook_memory_write`].
    ///
    /// # Errors
    /// As [`Self::unhook_instruction`].
    fn unhook_memory_write(&mut self, range: impl Into<AddressRange>) -> Result<()> {
        self.memory_write_hookable()?.remove_memory_write_hook(Some(range.into()))
    }

    /// Removes the hook of [`Self::hook_memory_writes`].
    ///
    /// # Errors
    /// As [`Self::unhook_instruction`].
    fn unhook_memory_writes(&mut self) -> Result<()> {
        self.memory_write_hookable()?.remove_memory_write_hook(None)
    }

    /// Calls `callback` at the system call of a number.
    ///
    /// # Errors
    /// As [`Self::hook_instruction`].
    fn hook_syscall<F>(&mut self, number: u64, callback: F) -> Result<HookHandle>
    where
        F: FnMut(&mut dyn Emulator, u64) -> Result<Flow, HookError> + 'static,
    {
        self.syscall_hookable()?.add_syscall_hook(Some(number), Box::new(callback))
    }

    /// Calls `callback` at every system call, with its number.
    ///
    /// # Errors
    /// As [`Self::hook_instruction`].
    fn hook_syscalls<F>(&mut self, callback: F) -> Result<HookHandle>
    where
        F: FnMut(&mut dyn Emulator, u64) -> Result<Flow, HookError> + 'static,
    {
        self.syscall_hookable()?.add_syscall_hook(None, Box::new(callback))
    }

    /// Removes the hook of [`Self::hook_syscall`].
    ///
    /// # Errors
    /// As [`Self::unhook_instruction`].
    fn unhook_syscall(&mut self, number: u64) -> Result<()> {
        self.syscall_hookable()?.remove_syscall_hook(Some(number))
    }

    /// Removes the hook of [`Self::hook_syscalls`].
    ///
    /// # Errors
    /// As [`Self::unhook_instruction`].
    fn unhook_syscalls(&mut self) -> Result<()> {
        self.syscall_hookable()?.remove_syscall_hook(None)
    }

    /// Calls `callback` at the interrupt of a number.
    ///
    /// # Errors
    /// As [`Self::hook_instruction`].
    fn hook_interrupt<F>(&mut self, number: u64, callback: F) -> Result<HookHandle>
    where
        F: FnMut(&mut dyn Emulator, u64) -> Result<InterruptFlow, HookError> + 'static,
    {
        self.interrupt_hookable()?.add_interrupt_hook(Some(number), Box::new(callback))
    }

    /// Calls `callback` at every interrupt, with its number.
    ///
    /// # Errors
    /// As [`Self::hook_instruction`].
    fn hook_interrupts<F>(&mut self, callback: F) -> Result<HookHandle>
    where
        F: FnMut(&mut dyn Emulator, u64) -> Result<InterruptFlow, HookError> + 'static,
    {
        self.interrupt_hookable()?.add_interrupt_hook(None, Box::new(callback))
    }

    /// Removes the hook of [`Self::hook_interrupt`].
    ///
    /// # Errors
    /// As [`Self::unhook_instruction`].
    fn unhook_interrupt(&mut self, number: u64) -> Result<()> {
        self.interrupt_hookable()?.remove_interrupt_hook(Some(number))
    }

    /// Removes the hook of [`Self::hook_interrupts`].
    ///
    /// # Errors
    /// As [`Self::unhook_instruction`].
    fn unhook_interrupts(&mut self) -> Result<()> {
        self.interrupt_hookable()?.remove_interrupt_hook(None)
    }
}

impl<E: Emulator + ?Sized> EmulatorExt for E {}
