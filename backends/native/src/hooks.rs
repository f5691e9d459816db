//! The hook families, and how their callbacks are called.

use std::panic::{AssertUnwindSafe, catch_unwind};

use terrella_emulator_api::{
    AddressRange, BlockHook, BlockHookable, Emulator, Error, Flow, FunctionHook, FunctionHookable, HookError,
    HookHandle, InstructionHook, InstructionHookable, InterruptHook, InterruptHookable, MemoryReadHook,
    MemoryReadHookable, MemoryWriteHook, MemoryWriteHookable, ReadFlow, Result, SyscallHook, SyscallHookable,
};
use terrella_platforms::ReturnBy;

use crate::{
    block::{Block, Instruction},
    emulator::NativeEmulator,
    halt::Halt,
};

impl NativeEmulator {
    /// Calls a callback at an instruction.
    pub(crate) fn callback<T>(
        &mut self,
        pc: u64,
        call: impl FnOnce(&mut dyn Emulator) -> Result<T, HookError>,
    ) -> Result<T, Halt> {
        let outer = self.run.callback_pc.replace(pc);
        let context = self.context;
        let result = catch_unwind(AssertUnwindSafe(|| call(self)));
        self.run.callback_pc = outer;
        if self.context != context {
            self.run.new_context = Some(self.context);
        }
        match result {
            Ok(Ok(flow)) => Ok(flow),
            Ok(Err(error)) => Err(Halt::Error(Error::from_callback(error))),
            Err(panic) => {
                self.run.panic = Some(panic);
                Err(Halt::Panic)
            }
        }
    }

    /// What a callback asked for besides what it returned.
    fn settle(&mut self, flow: Flow) -> Result<(), Halt> {
        if flow == Flow::Stop || std::mem::take(&mut self.run.stop_requested) {
            return Err(Halt::Stop);
        }
        if self.run.new_pc.is_some() || self.run.new_context.is_some() {
            return Err(Halt::Resume);
        }
        Ok(())
    }

    /// The hooks before an instruction.
    pub(crate) fn instruction_hooks(&mut self, instruction: &Instruction) -> Result<(), Halt> {
        let pc = instruction.address;
        self.context = instruction.context;
        if self.run.skip_at.take() == Some(pc) {
            return Ok(());
        }
        let result = self.call_instruction_hooks(pc);
        match result {
            Ok(()) if self.stale => {
                // What the callback changed takes effect at once; it is not
                // called again.
                self.run.skip_at = Some(pc);
                Err(Halt::Resume)
            }
            Err(halt @ (Halt::Stop | Halt::Resume)) => {
                if self.run.new_pc.is_none() {
                    self.run.skip_at = Some(pc);
                }
                Err(halt)
            }
            other => other,
        }
    }

    fn call_instruction_hooks(&mut self, pc: u64) -> Result<(), Halt> {
        if let Some(mut taken) = self.hooks.instructions.take(pc) {
            let flow = self.callback(pc, |emulator| (taken.hook)(emulator, pc));
            self.hooks.instructions.put_back(pc, taken);
            self.settle(flow?)?;
        }
        if let Some(mut taken) = self.hooks.instructions.take_global() {
            let flow = self.callback(pc, |emulator| (taken.hook)(emulator, pc));
            self.hooks.instructions.put_back_global(taken);
            self.settle(flow?)?;
        }
        Ok(())
    }

    /// The hook at the entry of a basic block.
    pub(crate) fn block_hooks(&mut self, block: &Block) -> Result<(), Halt> {
        let pc = block.start;
        self.context = block.context;
        if self.run.skip_block_at.take() == Some(pc) {
            return Ok(());
        }
        let Some(mut taken) = self.hooks.blocks.take_global() else { return Ok(()) };
        let size = block.basic_block_size;
        let flow = self.callback(pc, |emulator| (taken.hook)(emulator, pc, size));
        self.hooks.blocks.put_back_global(taken);
        let result = self.settle(flow?);
        if self.run.new_pc.is_none() && (result.is_err() || self.stale) {
            self.run.skip_block_at = Some(pc);
            return result.and(Err(Halt::Resume));
        }
        result
    }

    /// The hook in place of a function.
    pub(crate) fn function_hook(&mut self, pc: u64) -> Halt {
        if let Err(halt) = self.enter_function(pc) {
            return halt;
        }
        let Some(mut taken) = self.hooks.functions.take(pc) else { return Halt::Resume };
        // Who stands for a function may go elsewhere than back: to another
        // stack, or to one that was copied.
        self.spill_windows();
        let flow = self.callback(pc, |emulator| (taken.hook)(emulator, pc));
        self.hooks.functions.put_back(pc, taken);
        let windowed = self.leave_function(pc);
        let flow = match flow {
            Ok(flow) => flow,
            Err(halt) => return halt,
        };
        if flow == Flow::Stop {
            self.run.stop_requested = true;
        }
        match self.run.new_pc.take().or(windowed) {
            Some(pointer) => Halt::Returned(pointer),
            None => match self.return_from_function(pc) {
                Ok(pointer) => Halt::Returned(pointer),
                Err(error) => Halt::Error(error),
            },
        }
    }

    /// What a return of the platform's default ABI does: the code pointer to
    /// go to.
    fn return_from_function(&mut self, address: u64) -> Result<u64> {
        let highest = self.definition.highest_address();
        match self.definition.default_convention().return_by {
            ReturnBy::Link { register, offset } => {
                let link = self.named(register)?;
                if self.target.keeps_frames {
                    self.leave_frame(link)?;
                }
                Ok(link.wrapping_add(offset.into()) & highest)
            }
            ReturnBy::Stack { bytes } => {
                let pointer = self.pop_return_address(address, bytes, 0)?;
                Ok(self.code_base().wrapping_add(pointer) & highest)
            }
            ReturnBy::EmptyStack { bytes, offset } => {
                let pointer = self.pop_return_address(address, bytes, 1)?;
                Ok(pointer.wrapping_add(offset.into()) & highest)
            }
            ReturnBy::RisingStack { bytes } => self.drop_return_address(address, bytes),
            ReturnBy::WordOnEmptyStack { bytes } => {
                let pushed = self.pop_return_address(address, bytes, 1)?;
                let word = pushed.swap_bytes() >> (64 - 8 * u32::from(bytes.clamp(1, 8)));
                Ok(word.wrapping_mul(2) & highest)
            }
        }
    }

    /// The same of a stack that grows upwards.
    fn drop_return_address(&mut self, address: u64, bytes: u8) -> Result<u64> {
        let sp = self.named(self.definition.stack_pointer)?;
        let mut buffer = [0; 8];
        let buffer = &mut buffer[..usize::from(bytes).min(8)];
        let below = sp.wrapping_sub(u64::from(bytes));
        self.memory.read(below.wrapping_add(1), buffer)?;
        let pops = self.function_pops.get(&address).copied().unwrap_or(0);
        self.set_named(
            self.definition.stack_pointer,
            below.wrapping_sub(pops) & self.definition.highest_address(),
        )?;
        Ok(self.platform.byte_order().read(buffer) as u64)
    }

    /// Takes the return address of the function at `address` off the stack,
    /// which begins so many bytes after the stack pointer.
    fn pop_return_address(&mut self, address: u64, bytes: u8, below: u64) -> Result<u64> {
        let sp = self.named(self.definition.stack_pointer)?;
        let mut buffer = [0; 8];
        let buffer = &mut buffer[..usize::from(bytes).min(8)];
        let highest = self.definition.highest_address();
        let place = self.stack_base()?.wrapping_add(sp).wrapping_add(below);
        self.memory.read(place & highest, buffer)?;
        let pops = self.function_pops.get(&address).copied().unwrap_or(0);
        let popped = sp.wrapping_add(u64::from(bytes)).wrapping_add(pops) & highest;
        if let Some(id) = self.definition.register(self.definition.stack_pointer) {
            let bits = self.definition.registers().get(id).bits;
            self.write_register_id(id, popped & u64::MAX >> (64 - bits.min(64)))?;
        }
        Ok(self.platform.byte_order().read(buffer) as u64)
    }

    /// Gives back the frame that the call kept which returns to `link`.
    fn leave_frame(&mut self, link: u64) -> Result<()> {
        let Some(last) = self.named("depth")?.checked_sub(1) else { return Ok(()) };
        if self.named(&format!("frame{last}_pc"))? != link {
            return Ok(());
        }
        for name in ["ra", "r6", "r7", "r8", "r9", "r10"] {
            let kept = self.named(&format!("frame{last}_{name}"))?;
            self.set_named(name, kept)?;
        }
        self.set_named("depth", last)
    }

    fn set_named(&mut self, name: &str, value: u64) -> Result<()> {
        self.definition.register(name).map_or(Ok(()), |id| self.write_register_id(id, value))
    }

    /// The content of a register by its name.
    pub(crate) fn named(&self, name: &str) -> Result<u64> {
        match self.definition.register(name) {
            Some(id) => self.read_register_id(id),
            None => Ok(0),
        }
    }

    /// The hooks of a load; they may replace what it reads.
    pub(crate) fn read_hooks(&mut self, pc: u64, address: u64, bytes: &mut [u8]) -> Result<(), Halt> {
        let mut serials = std::mem::take(&mut self.serials);
        self.hooks.reads.matching(access_range(address, bytes.len()), &mut serials);
        let mut result = Ok(());
        for serial in &serials {
            let Some(mut taken) = self.hooks.reads.take(*serial) else { continue };
            let flow = self.callback(pc, |emulator| (taken.hook)(emulator, address, bytes));
            self.hooks.reads.put_back(taken);
            result = flow.and_then(|flow| match flow {
                ReadFlow::Continue => self.settle(Flow::Continue),
                ReadFlow::Stop => self.settle(Flow::Stop),
                ReadFlow::Replace(new) if new.len() == bytes.len() => {
                    bytes.copy_from_slice(&new);
                    self.settle(Flow::Continue)
                }
                ReadFlow::Replace(new) => Err(Halt::Error(Error::WrongReplacementLength {
                    address,
                    expected: bytes.len(),
                    given: new.len(),
                })),
            });
            if result.is_err() {
                break;
            }
        }
        self.serials = serials;
        self.keep_hooks_done(pc, result)
    }

    /// The hooks of a store.
    pub(crate) fn write_hooks(&mut self, pc: u64, address: u64, bytes: &[u8]) -> Result<(), Halt> {
        let mut serials = std::mem::take(&mut self.serials);
        self.hooks.writes.matching(access_range(address, bytes.len()), &mut serials);
        let mut result = Ok(());
        for serial in &serials {
            let Some(mut taken) = self.hooks.writes.take(*serial) else { continue };
            let flow = self.callback(pc, |emulator| (taken.hook)(emulator, address, bytes));
            self.hooks.writes.put_back(taken);
            result = flow.and_then(|flow| self.settle(flow));
            if result.is_err() {
                break;
            }
        }
        self.serials = serials;
        self.keep_hooks_done(pc, result)
    }

    /// After a stop at an access, the hooks before its instruction are not
    /// called again.
    fn keep_hooks_done(&mut self, pc: u64, result: Result<(), Halt>) -> Result<(), Halt> {
        if matches!(result, Err(Halt::Stop)) && self.run.new_pc.is_none() {
            self.run.skip_at = Some(pc);
        }
        result
    }

    /// Tells that hooks changed: everything is translated anew.
    fn hooks_changed(&mut self) {
        self.memory.reads_watched.all = self.hooks.reads.has_global();
        self.memory.reads_watched.ranges = self.hooks.reads.ranges().collect();
        self.memory.writes_watched.all = self.hooks.writes.has_global();
        self.memory.writes_watched.ranges = self.hooks.writes.ranges().collect();
        self.memory.forget_translations();
        // Code is optimised as far as hooks leave it.
        self.retranslate(None);
    }

    /// Tells that the code at an address is to be translated anew; at all
    /// addresses for `None`.
    pub(crate) fn retranslate(&mut self, address: Option<u64>) {
        match address {
            Some(address) => self.cache.forget_address(address),
            None => self.cache.clear(),
        }
        self.stale = true;
    }
}

fn access_range(address: u64, size: usize) -> AddressRange {
    let last = address.saturating_add((size as u64).saturating_sub(1));
    (address..=last).into()
}

impl InstructionHookable for NativeEmulator {
    fn add_instruction_hook(&mut self, address: Option<u64>, hook: InstructionHook) -> Result<HookHandle> {
        let handle = self.hooks.instructions.add(address, hook)?;
        self.retranslate(address);
        Ok(handle)
    }

    fn remove_instruction_hook(&mut self, address: Option<u64>) -> Result<()> {
        self.hooks.instructions.remove(address)?;
        self.retranslate(address);
        Ok(())
    }
}

impl BlockHookable for NativeEmulator {
    fn add_block_hook(&mut self, hook: BlockHook) -> Result<HookHandle> {
        let handle = self.hooks.blocks.add(None, hook)?;
        self.retranslate(None);
        Ok(handle)
    }

    fn remove_block_hook(&mut self) -> Result<()> {
        self.hooks.blocks.remove(None)?;
        self.retranslate(None);
        Ok(())
    }
}

impl FunctionHookable for NativeEmulator {
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
        self.retranslate(Some(address));
        Ok(handle)
    }

    fn remove_function_hook(&mut self, address: u64) -> Result<()> {
        let address = self.definition.code_address(address);
        self.hooks.functions.remove(Some(address))?;
        self.function_pops.remove(&address);
        self.retranslate(Some(address));
        Ok(())
    }
}

impl MemoryReadHookable for NativeEmulator {
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

impl MemoryWriteHookable for NativeEmulator {
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

impl SyscallHookable for NativeEmulator {
    fn add_syscall_hook(&mut self, number: Option<u64>, hook: SyscallHook) -> Result<HookHandle> {
        self.hooks.syscalls.add(number, hook)
    }

    fn remove_syscall_hook(&mut self, number: Option<u64>) -> Result<()> {
        self.hooks.syscalls.remove(number)
    }
}

impl InterruptHookable for NativeEmulator {
    fn add_interrupt_hook(&mut self, number: Option<u64>, hook: InterruptHook) -> Result<HookHandle> {
        self.hooks.interrupts.add(number, hook)
    }

    fn remove_interrupt_hook(&mut self, number: Option<u64>) -> Result<()> {
        self.hooks.interrupts.remove(number)
    }
}

impl NativeEmulator {
    /// Removes the hook of a handle, of whatever family.
    pub(crate) fn remove_hook(&mut self, handle: HookHandle) -> Result<()> {
        self.hooks.remove(handle)?;
        self.function_pops.retain(|address, _| self.hooks.functions.has_site(*address));
        self.hooks_changed();
        self.retranslate(None);
        Ok(())
    }
}
