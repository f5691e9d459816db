//! The hook families.

use terrella_emulator_api::{
    AddressRange, BlockHook, BlockHookable, Error, FunctionHook, FunctionHookable, HookHandle,
    InstructionHook, InstructionHookable, InterruptHook, InterruptHookable, MemoryReadHook,
    MemoryReadHookable, MemoryWriteHook, MemoryWriteHookable, Result, SyscallHook, SyscallHookable,
};

use crate::emulator::UnicornEmulator;

impl InstructionHookable for UnicornEmulator {
    fn add_instruction_hook(&mut self, address: Option<u64>, hook: InstructionHook) -> Result<HookHandle> {
        let handle = self.hooks.instructions.add(address, hook)?;
        self.hooks_changed();
        Ok(handle)
    }

    fn remove_instruction_hook(&mut self, address: Option<u64>) -> Result<()> {
        self.hooks.instructions.remove(address)?;
        self.hooks_changed();
        Ok(())
    }
}

impl BlockHookable for UnicornEmulator {
    fn add_block_hook(&mut self, hook: BlockHook) -> Result<HookHandle> {
        let handle = self.hooks.blocks.add(None, hook)?;
        self.hooks_changed();
        Ok(handle)
    }

    fn remove_block_hook(&mut self) -> Result<()> {
        self.hooks.blocks.remove(None)?;
        self.hooks_changed();
        Ok(())
    }
}

impl FunctionHookable for UnicornEmulator {
    fn add_function_hook(
        &mut self,
        address: u64,
        callee_pops: u64,
        hook: FunctionHook,
    ) -> Result<HookHandle> {
        let address = self.definition.code_address(address);
        if self.memory.map.permissions_at(address).is_none() {
            return Err(Error::FunctionHookUnmapped { address });
        }
        let handle = self.hooks.functions.add(Some(address), hook)?;
        self.function_pops.insert(address, callee_pops);
        self.hooks_changed();
        Ok(handle)
    }

    fn remove_function_hook(&mut self, address: u64) -> Result<()> {
        let address = self.definition.code_address(address);
        self.hooks.functions.remove(Some(address))?;
        self.function_pops.remove(&address);
        self.hooks_changed();
        Ok(())
    }
}

impl MemoryReadHookable for UnicornEmulator {
    fn add_memory_read_hook(
        &mut self,
        range: Option<AddressRange>,
        hook: MemoryReadHook,
    ) -> Result<HookHandle> {
        let handle = self.hooks.reads.add(range, hook)?;
        self.hooks_changed();
        Ok(handle)
    }

    fn remove_memory_read_hook(&mut self, range: Option<AddressRange>) -> Result<()> {
        self.hooks.reads.remove(range)?;
        self.hooks_changed();
        Ok(())
    }
}

impl MemoryWriteHookable for UnicornEmulator {
    fn add_memory_write_hook(
        &mut self,
        range: Option<AddressRange>,
        hook: MemoryWriteHook,
    ) -> Result<HookHandle> {
        let handle = self.hooks.writes.add(range, hook)?;
        self.hooks_changed();
        Ok(handle)
    }

    fn remove_memory_write_hook(&mut self, range: Option<AddressRange>) -> Result<()> {
        self.hooks.writes.remove(range)?;
        self.hooks_changed();
        Ok(())
    }
}

impl SyscallHookable for UnicornEmulator {
    fn add_syscall_hook(&mut self, number: Option<u64>, hook: SyscallHook) -> Result<HookHandle> {
        self.hooks.syscalls.add(number, hook)
    }

    fn remove_syscall_hook(&mut self, number: Option<u64>) -> Result<()> {
        self.hooks.syscalls.remove(number)
    }
}

impl InterruptHookable for UnicornEmulator {
    fn add_interrupt_hook(&mut self, number: Option<u64>, hook: InterruptHook) -> Result<HookHandle> {
        self.hooks.interrupts.add(number, hook)
    }

    fn remove_interrupt_hook(&mut self, number: Option<u64>) -> Result<()> {
        self.hooks.interrupts.remove(number)
    }
}
