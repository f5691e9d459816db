//! What happens before instructions: stops, checks, hooks, counting.

use std::panic::{AssertUnwindSafe, catch_unwind};

use terrella_emulator_api::{AddressRange, Emulator, Error, Flow, HookError, Stop};
use terrella_platforms::ReturnBy;

use crate::{
    by_hand::is_watched,
    decode::{ends_basic_block, has_delay_slot, instruction_length, is_vex, wide_access},
    emulator::UnicornEmulator,
    if_then,
    run::{LastInstruction, Outcome},
    traits::InstructionTraits,
};

/// What a callback left behind, apart from what it returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// Nothing: execution goes on.
    GoOn,
    /// The native run was asked to end.
    Ended,
}

impl UnicornEmulator {
    /// Ends the native run for a reason; the first one counts.
    pub(crate) fn end(&mut self, outcome: Outcome) -> After {
        if self.run.outcome.is_none() {
            self.run.outcome = Some(outcome);
        }
        self.link.attention.set(true);
        self.engine.stop();
        After::Ended
    }

    /// Calls a user's closure with the emulator at `pc`, and takes up what it
    /// returned and did. `None` if the run ends.
    pub(crate) fn call_hook<R>(
        &mut self,
        pc: u64,
        call: impl FnOnce(&mut Self) -> Result<R, HookError>,
    ) -> Option<R> {
        let outer = self.link.replace_pc(Some(pc));
        // The closure goes back into its slot, whatever it does.
        let result = catch_unwind(AssertUnwindSafe(|| call(self)));
        self.link.replace_pc(outer);
        let result = match result {
            Ok(result) => result,
            Err(panic) => {
                self.run.panic.get_or_insert(panic);
                self.link.attention.set(true);
                self.engine.stop();
                return None;
            }
        };
        self.take_error(pc, result)
    }

    /// Ends the run if a closure gave an error.
    fn take_error<R>(&mut self, pc: u64, result: Result<R, HookError>) -> Option<R> {
        match result {
            Ok(value) => Some(value),
            Err(source) => {
                self.end(Outcome::Error(Error::from_callback(source), pc));
                None
            }
        }
    }

    /// Deals with what a callback did at `pc`: whether the native run ends.
    pub(crate) fn settle_hook(&mut self, pc: u64, flow: Flow) -> After {
        if flow == Flow::Stop || self.run.stop_requested {
            self.run.stop_requested = false;
            return self.end(Outcome::Stop(Stop::Requested(pc)));
        }
        if self.run.new_pc.is_some() || self.run.restore.is_some() {
            return self.end(Outcome::Resume(pc));
        }
        After::GoOn
    }

    /// Before an instruction: stops, checks, hooks, counting.
    #[inline]
    pub(crate) fn on_code(&mut self, address: u64, size: u32) {
        // The common case first: nothing but counting and the hook of all
        // instructions.
        if self.traits.is_plain(address)
            && !self.link.attention.get()
            && self.run.count < self.run.count_limit
        {
            if self.lent.is_some() {
                return self.global_hook_only(address);
            }
            if !self.hooks.instructions.has_global() {
                self.run.count += 1;
                return;
            }
        }
        self.on_special_code(address, size);
    }

    /// Calls the hook of all instructions, which is lent, where there is
    /// nothing else to do but counting.
    fn global_hook_only(&mut self, address: u64) {
        if let Some(lent) = &mut self.lent {
            let hook = &raw mut *lent.hook;
            self.link.replace_pc(Some(address));
            // SAFETY: the closure is on the heap, and its owner, `lent`, is
            // touched by nothing that a callback can reach: it is given back
            // before the next slow instruction and when the native run ends.
            let flow = unsafe { (*hook)(self, address) };
            if (self.link.attention.get() || !matches!(flow, Ok(Flow::Continue)))
                && self.after_global_hook(address, flow) == After::Ended
            {
                return;
            }
        }
        self.run.count += 1;
    }

    /// Deals with what the hook of all instructions did.
    #[cold]
    pub(crate) fn after_global_hook(&mut self, address: u64, flow: Result<Flow, HookError>) -> After {
        let flow = self.take_error(address, flow);
        if self.settle_instruction_hook(address, flow) == After::Ended
            || self.settle_changes(address) == After::Ended
        {
            self.run.ended_at = Some((address, false));
            return After::Ended;
        }
        self.link.attention.set(self.needs_attention());
        After::GoOn
    }

    /// Whether the next instruction needs more than the common case.
    pub(crate) fn needs_attention(&self) -> bool {
        let run = &self.run;
        run.outcome.is_some()
            || run.panic.is_some()
            || run.skip_at.is_some()
            || run.after.is_some()
            || run.diagnosing.is_some()
            || run.elsewhere.is_some()
            || run.if_then.alone.is_some()
            || self.steps_natively()
            || run.last.is_some_and(|last| last.has_slot || last.repeats.is_some())
    }

    /// What is to be known of an instruction.
    pub(crate) fn instruction_traits(&mut self, address: u64) -> InstructionTraits {
        if let Some(known) = self.traits.instruction(address) {
            return known;
        }
        let code = self.code_at(address);
        let traits = InstructionTraits {
            watched: self.exits.contains(&address)
                || self.exit_afters.contains(&address)
                || self.native.guards.contains(address)
                || self.refused_code.contains(&address)
                || self.trapping.contains(&address)
                || self.hooks.functions.has_site(address)
                || self.hooks.instructions.has_site(address),
            repeats: crate::quirks::is_repeated_string(self.platform, &code),
            has_slot: self.definition.delay_slots && has_delay_slot(self.platform, &code),
            if_then: self.has_if_then() && self.thumb() && if_then::state_of(&code).is_some(),
            reversed: crate::quirks::is_byte_reversed(self.platform, &code),
            wide: wide_access(self.platform, self.code_state(), &code).unwrap_or(0),
            many: (self.target.arch == unicorn_engine::Arch::S390X)
                .then(|| crate::many::load_many(&code))
                .flatten(),
        };
        // Only what the common case looks at keeps an instruction out of it.
        self.traits.remember(address, traits);
        traits
    }

    #[inline(never)]
    pub(crate) fn on_special_code(&mut self, address: u64, size: u32) {
        self.give_back_global_hook();
        if self.run.elsewhere.is_some() {
            return;
        }
        if self.run.outcome.is_some() || self.run.panic.is_some() {
            self.engine.stop();
            return;
        }
        if let Some(pc) = self.run.diagnosing {
            if pc != address {
                self.engine.stop();
            }
            return;
        }
        if self.is_alone(address) || self.ends_after_one(address) || self.enters_slot(address) {
            return;
        }
        let last = self.run.last;
        if last.is_some_and(|last| self.is_repetition(&last, address)) {
            return;
        }
        let in_slot = last.is_some_and(|last| last.has_slot && last.address.wrapping_add(4) == address)
            || last.is_none_or(|last| last.address.wrapping_add(4) != address) && self.is_slot(address);
        let skips_hooks = self.run.skip_at.take() == Some(address);
        if !in_slot && self.before_instruction(address, size, skips_hooks) == After::Ended {
            self.run.ended_at = Some((address, false));
            return;
        }
        if in_slot && !skips_hooks && self.instruction_hooks(address) == After::Ended {
            // Where a slot can be stopped before, it has not executed.
            self.run.ended_at = Some((address, !self.is_sparc()));
            self.run.count += u64::from(!self.is_sparc());
            return;
        }
        self.run.count += 1;
        if in_slot {
            self.mend_jump();
        }
        let traits = self.instruction_traits(address);
        let has_slot = traits.has_slot;
        if has_slot {
            self.note_jump(address);
        }
        let repeats = self.repeat_counter(address);
        self.run.last = Some(LastInstruction { address, has_slot, repeats });
        self.link.attention.set(self.needs_attention());
        if traits.if_then {
            self.enter_if_then(address);
        }
        self.lend_global_hook();
    }

    /// Everything that may end the run before an instruction.
    pub(crate) fn before_instruction(&mut self, address: u64, size: u32, skips_hooks: bool) -> After {
        if self.exits.contains(&address) {
            return self.end(Outcome::Stop(Stop::ExitPoint(address)));
        }
        if let Some((point, passed)) = self.run.after {
            if passed {
                return self.end(Outcome::Stop(Stop::ExitAfter { point, pc: address }));
            }
            self.run.after = Some((point, true));
        }
        if self.native.guards.contains(address)
            && let Some(outcome) = self.fetch_outcome(address, size)
        {
            return self.end(outcome);
        }
        if self.refused_code.contains(&address) && !self.has_by_hand() {
            if is_vex(self.platform, &self.code_at(address)) {
                // It counts as one that faults.
                self.run.count += 1;
                self.invalid(address);
                return After::Ended;
            }
            self.refused_code.remove(&address);
        }
        if self.run.limit().is_some_and(|limit| self.run.count >= limit) {
            return self.end(Outcome::Stop(Stop::InstructionLimit(address)));
        }
        if !skips_hooks && self.instruction_hooks(address) == After::Ended {
            return After::Ended;
        }
        if self.run.after.is_none() && self.exit_afters.contains(&address) {
            self.run.after = Some((address, true));
            if !self.native.all {
                // The next instruction must call back: take the run up again
                // with all of them.
                self.run.after = Some((address, false));
                self.run.skip_at = Some(address);
                return self.end(Outcome::Resume(address));
            }
        }
        if self.hooks.functions.has_site(address) {
            return self.function_hook(address);
        }
        if self.before_trap(address) {
            return After::Ended;
        }
        self.leaves_for_hand(address)
    }

    /// Whether the instruction at `address` is not executable to its end.
    pub(crate) fn fetch_outcome(&self, address: u64, size: u32) -> Option<Outcome> {
        if !self.in_bounds(address) {
            return Some(Outcome::Stop(Stop::OutOfBounds(address)));
        }
        // Unicorn gives a wild size for what it cannot decode.
        let length = if size <= 16 {
            u64::from(size.max(1))
        } else {
            instruction_length(self.platform, self.code_state(), &self.code_at(address)).unwrap_or(1) as u64
        };
        let range = (address..=address.saturating_add(length - 1)).into();
        let (bad, _) = self.memory.map.first_forbidden(range, terrella_emulator_api::Permissions::EXECUTE)?;
        Some(Outcome::Fault(self.fetch_fault(bad, address)))
    }

    /// The instruction hooks of an address: the specific one, then the one of
    /// all instructions.
    pub(crate) fn instruction_hooks(&mut self, address: u64) -> After {
        if self.hooks.instructions.is_empty() {
            return After::GoOn;
        }
        self.run.flags_written = false;
        if let Some(mut taken) = self.hooks.instructions.take(address) {
            let flow = self.call_hook(address, |emulator| (taken.hook)(emulator, address));
            self.hooks.instructions.put_back(address, taken);
            if self.settle_instruction_hook(address, flow) == After::Ended {
                return After::Ended;
            }
        }
        if let Some(mut taken) = self.hooks.instructions.take_global() {
            let flow = self.call_hook(address, |emulator| (taken.hook)(emulator, address));
            self.hooks.instructions.put_back_global(taken);
            if self.settle_instruction_hook(address, flow) == After::Ended {
                return After::Ended;
            }
        }
        self.settle_changes(address)
    }

    /// Takes the run up again at this instruction, with what callbacks changed
    /// in force, and without asking the hooks again.
    pub(crate) fn settle_changes(&mut self, address: u64) -> After {
        if self.run.resync || self.run.flags_written {
            self.run.skip_at = Some(address);
            return self.end(Outcome::Resume(address));
        }
        After::GoOn
    }

    pub(crate) fn settle_instruction_hook(&mut self, address: u64, flow: Option<Flow>) -> After {
        let Some(flow) = flow else { return After::Ended };
        let after = self.settle_hook(address, flow);
        if after == After::Ended && self.run.new_pc.is_none() {
            // Going on from here does not ask the same hooks again.
            self.run.skip_at = Some(address);
        }
        after
    }

    /// Calls the function hook of an address, and returns from the function.
    pub(crate) fn function_hook(&mut self, address: u64) -> After {
        let Some(mut taken) = self.hooks.functions.take(address) else { return After::GoOn };
        // Who stands for a function may go elsewhere than back: to another
        // stack, or to one that was copied.
        self.spill_windows();
        let flow = self.call_hook(address, |emulator| (taken.hook)(emulator, address));
        self.hooks.functions.put_back(address, taken);
        let Some(flow) = flow else { return After::Ended };
        self.run.count += 1;
        if self.run.new_pc.is_none() && self.run.restore.is_none() {
            match self.return_from_function(address) {
                Ok(pointer) => self.run.new_pc = Some(pointer),
                Err(error) => return self.end(Outcome::Error(error, address)),
            }
        }
        if flow == Flow::Stop || self.run.stop_requested {
            self.run.stop_requested = false;
            return self.end(Outcome::Stop(Stop::Requested(address)));
        }
        self.end(Outcome::Resume(address))
    }

    /// What a return of the platform's default ABI does: the code pointer to
    /// go to.
    pub(crate) fn return_from_function(&mut self, address: u64) -> terrella_emulator_api::Result<u64> {
        let convention = self.definition.default_convention();
        match convention.return_by {
            ReturnBy::Link { register, offset } => {
                let id = self.definition.register(register).unwrap_or(self.registers.pc);
                let link = self.read_register_id(id)?;
                let pointer = link.wrapping_add(offset.into()) & self.definition.highest_address();
                self.interwork(pointer)?;
                Ok(pointer)
            }
            ReturnBy::Stack { bytes } => {
                let pointer = self.pop_return_address(address, bytes, 0)?;
                Ok(self.code_base().wrapping_add(pointer) & self.definition.highest_address())
            }
            ReturnBy::EmptyStack { bytes, offset } => {
                let pointer = self.pop_return_address(address, bytes, 1)?;
                Ok(pointer.wrapping_add(offset.into()) & self.definition.highest_address())
            }
            // Of no platform that Unicorn has.
            ReturnBy::RisingStack { .. } => Err(terrella_emulator_api::Error::Backend {
                backend: crate::NAME,
                message: "returns off a stack that grows upwards".to_owned(),
            }),
            ReturnBy::WordOnEmptyStack { bytes } => {
                let pushed = self.pop_return_address(address, bytes, 1)?;
                let word = pushed.swap_bytes() >> (64 - 8 * u32::from(bytes.clamp(1, 8)));
                Ok(word.wrapping_mul(2) & self.definition.highest_address())
            }
        }
    }

    /// Takes the return address of the function at `address` off the stack,
    /// which begins so many bytes after the stack pointer.
    fn pop_return_address(
        &mut self,
        address: u64,
        bytes: u8,
        below: u64,
    ) -> terrella_emulator_api::Result<u64> {
        let id = self.definition.register(self.definition.stack_pointer).unwrap_or(self.registers.pc);
        let sp = self.read_register_id(id)?;
        let mut buffer = [0; 8];
        let buffer = &mut buffer[..usize::from(bytes).min(8)];
        let highest = self.definition.highest_address();
        let place = self.stack_base()?.wrapping_add(sp).wrapping_add(below);
        self.memory.read(place & highest, buffer)?;
        let pops = self.function_pops.get(&address).copied().unwrap_or(0);
        let popped = sp.wrapping_add(u64::from(bytes)).wrapping_add(pops) & highest;
        let bits = self.definition.registers().get(id).bits;
        self.write_register_id(id, popped & u64::MAX >> (64 - bits.min(64)))?;
        Ok(self.platform.byte_order().read(buffer) as u64)
    }

    /// Goes to the state that bit 0 of a code pointer asks for.
    pub(crate) fn interwork(&mut self, pointer: u64) -> terrella_emulator_api::Result<()> {
        use terrella_platforms::CodeAddressBit;
        if self.definition.code_address_bit == CodeAddressBit::Thumb
            && let Some(flag) = self.definition.register("t")
        {
            self.registers.write(&self.engine, flag, (pointer & 1).into())?;
        }
        Ok(())
    }

    /// The counter of a repeated string instruction, if this is one.
    pub(crate) fn repeat_counter(&mut self, address: u64) -> Option<u64> {
        if self.target.arch != unicorn_engine::Arch::X86 {
            return None;
        }
        if !self.instruction_traits(address).repeats {
            return None;
        }
        let counter = self.definition.register("rcx").or_else(|| self.definition.register("ecx"))?;
        self.registers.read(&self.engine, counter).ok()
    }

    /// Whether this is a further iteration of the repeated string instruction
    /// that called back last.
    pub(crate) fn is_repetition(&mut self, last: &LastInstruction, address: u64) -> bool {
        let (true, Some(before)) = (last.address == address, last.repeats) else { return false };
        let now = self.repeat_counter(address);
        if before == 0 || now != Some(before - 1) {
            return false;
        }
        self.run.last = Some(LastInstruction { repeats: now, ..*last });
        true
    }

    // ---- code that Unicorn executes wrongly

    /// When a block has been translated, before it is executed: VEX-encoded
    /// instructions are looked for. Unicorn's processors have none, by their
    /// CPUID, but it executes those of 128 bits, wrongly.
    pub(crate) fn on_translation(&mut self, address: u64, size: u64) {
        self.traits.forget();
        if let Ok(range) = AddressRange::sized(address, size) {
            self.memory.note_code(range);
        }
        self.note_single(address, size);
        if self.find_traps(address, size) {
            self.end(Outcome::Resume(address));
        }
        if self.refuses_code() && self.refuse_code(address, size) {
            self.end(Outcome::Resume(address));
        }
    }

    /// Does the same for the block that a native run begins with, which
    /// Unicorn does not tell.
    pub(crate) fn check_first_block(&mut self, pc: u64) {
        if self.memory.is_code(pc) && !self.run.rewritten {
            return;
        }
        let size = self.translated_size(pc);
        if let Ok(range) = AddressRange::sized(pc, size) {
            self.memory.note_code(range);
        }
        if self.refuses_code() && self.refuse_code(pc, size) {
            // What is watched changed after it was put in force.
            self.run.watch_again = true;
        }
        self.run.watch_again |= self.find_all_traps(pc);
    }

    /// How much Unicorn translates at an address, or more: up to a control
    /// transfer, or to the end of the page where none is seen.
    fn translated_size(&self, address: u64) -> u64 {
        let state = self.code_state();
        let end = (address | (self.memory.page - 1)).saturating_add(1);
        let mut at = address;
        while at < end {
            let code = self.code_at(at);
            let Some(length) = instruction_length(self.platform, state, &code) else {
                return end - address;
            };
            if length > code.len() {
                return end - address;
            }
            at = at.saturating_add(length as u64);
            if ends_basic_block(self.platform, state, &code) {
                let slot = if has_delay_slot(self.platform, &code) { 4 } else { 0 };
                return at.saturating_add(slot) - address;
            }
        }
        at - address
    }

    fn refuses_code(&self) -> bool {
        self.target.arch == unicorn_engine::Arch::X86 || self.has_by_hand()
    }

    /// Watches the instructions of a range that must not execute; whether
    /// there are new ones.
    pub(crate) fn refuse_code(&mut self, address: u64, size: u64) -> bool {
        let mut found = false;
        let mut at = address;
        while at.wrapping_sub(address) < size {
            let code = self.code_at(at);
            if is_vex(self.platform, &code) || self.has_by_hand() && is_watched(&code) {
                found |= self.refused_code.insert(at);
            }
            let Some(length) = instruction_length(self.platform, self.code_state(), &code) else { break };
            at = at.wrapping_add(length as u64);
        }
        self.native.stale |= found;
        found
    }
}
