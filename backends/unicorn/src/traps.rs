//! What happens at system calls, interrupts and exceptions.

use terrella_emulator_api::{
    Access, ArithmeticKind, Emulator, Fault, Flow, InterruptFlow, MemoryCause, Stop, Taken,
};
use terrella_platforms::SyscallNumber;

use crate::{
    decode::instruction_length, emulator::UnicornEmulator, events::After, run::Outcome, target::Event,
};

impl UnicornEmulator {
    /// At `syscall` and `sysenter`, which Unicorn tells before they execute.
    pub(crate) fn on_syscall_instruction(&mut self) {
        let pc = self.native_pc();
        self.run.new_pc = None;
        let next = self.next_instruction(pc);
        self.system_call(pc, next);
    }

    /// At an undecodable instruction; `false` for an error of Unicorn's.
    pub(crate) fn on_invalid(&mut self) -> bool {
        let pc = self.native_pc();
        self.invalid(pc);
        false
    }

    pub(crate) fn invalid(&mut self, pc: u64) {
        // Where nothing may be executed, it does not matter what is there.
        if self.exits.contains(&pc) {
            self.end(Outcome::Stop(Stop::ExitPoint(pc)));
            return;
        }
        if self.native.guards.contains(pc)
            && let Some(outcome) = self.fetch_outcome(pc, 1)
        {
            self.end(outcome);
            return;
        }
        // A function that is answered by a hook need not be code.
        if self.hooks.functions.has_site(pc) {
            self.function_hook(pc);
            return;
        }
        // Some are breakpoints, told as invalid (RISC-V `ebreak`).
        let code = self.code_at(pc);
        if self.target.arch == unicorn_engine::Arch::RISCV
            && (code.starts_with(&[0x73, 0x00, 0x10, 0x00]) || code.starts_with(&[0x02, 0x90]))
        {
            let next = self.next_instruction(pc);
            return self.interrupt(pc, next, 3, None);
        }
        let fault = self.invalid_instruction(pc);
        self.interrupt(pc, pc, self.target.invalid, Some(fault));
    }

    /// The address of the instruction after the one at `pc`.
    pub(crate) fn next_instruction(&self, pc: u64) -> u64 {
        let length = instruction_length(self.platform, self.code_state(), &self.code_at(pc));
        pc.wrapping_add(length.unwrap_or(usize::from(self.definition.instruction_alignment)) as u64)
            & self.definition.highest_address()
    }

    /// At an exception of Unicorn's.
    pub(crate) fn on_exception(&mut self, number: u32) {
        if self.run.outcome.is_some() || self.run.panic.is_some() {
            self.engine.stop();
            return;
        }
        if self.run.diagnosing.is_some() {
            self.engine.stop();
            return;
        }
        if self.run.refused.is_some() {
            // The exception of a refused page: the run loop deals with it.
            self.engine.stop();
            return;
        }
        if self.misses_translation(number) {
            return;
        }
        let pc = self.exception_pc(number);
        if self.target.arch == unicorn_engine::Arch::X86 && self.native_pc() == pc {
            self.run.exception_pending = true;
        }
        let mut next = self.next_instruction(pc);
        if self.is_sparc() {
            // Unicorn has gone on already, also behind a delay slot.
            next = self.native_pc();
            self.run.excepted = Some((pc, next));
            if self.handles_window_trap(number, pc) {
                return;
            }
        }
        let unaligned = |access| {
            let (address, size) = if access == Access::Fetch { (pc, 1) } else { self.unaligned_at(pc) };
            Fault::Memory { access, cause: MemoryCause::Unaligned, address, size, pc }
        };
        match self.event(number) {
            Event::Syscall => self.system_call(pc, next),
            Event::Interrupt(number) => self.interrupt(pc, next, number, None),
            Event::InterruptByNumber => {
                let legacy = self.definition.syscall_conventions.first();
                let is_syscall = legacy.is_some_and(|it| it.instruction == format!("int {number:#x}"));
                // The traps of m68k are told at the instruction.
                let trap = self.target.arch == unicorn_engine::Arch::M68K && (32..=47).contains(&number);
                let software = trap || self.native_pc() != pc;
                if is_syscall && software {
                    self.system_call(pc, next);
                } else {
                    self.interrupt(pc, if software { next } else { pc }, number.into(), None);
                }
            }
            Event::Invalid => self.invalid(pc),
            Event::Division => {
                let fault = Self::arithmetic(ArithmeticKind::Division, pc);
                self.interrupt(pc, pc, number.into(), Some(fault));
            }
            Event::Program if crate::quirks::is_s390x_divide(&self.code_at(pc)) => {
                let fault = Self::arithmetic(ArithmeticKind::Division, pc);
                self.interrupt(pc, pc, 9, Some(fault));
            }
            Event::Program => self.invalid(pc),
            Event::Overflow(number) => {
                let fault = Self::arithmetic(ArithmeticKind::Overflow, pc);
                self.interrupt(pc, pc, number, Some(fault));
            }
            Event::FloatingPoint(number) => {
                let fault = Self::arithmetic(ArithmeticKind::FloatingPoint, pc);
                self.interrupt(pc, pc, number, Some(fault));
            }
            Event::UnalignedRead if self.sparc_access(pc).is_some_and(|(.., writes)| writes) => {
                // SPARC has one trap for both.
                self.end(Outcome::Fault(unaligned(Access::Write)));
            }
            Event::UnalignedRead => drop(self.end(Outcome::Fault(unaligned(Access::Read)))),
            Event::UnalignedWrite => drop(self.end(Outcome::Fault(unaligned(Access::Write)))),
            Event::UnalignedFetch => drop(self.end(Outcome::Fault(unaligned(Access::Fetch)))),
        }
    }

    /// Address and size of an unaligned access at `pc`, where they can be told.
    pub(crate) fn unaligned_at(&self, pc: u64) -> (u64, u64) {
        if self.is_sparc() {
            return self.sparc_access(pc).map_or((0, 1), |(address, size, _)| (address, size));
        }
        if self.target.arch != unicorn_engine::Arch::MIPS {
            return (0, 1);
        }
        let mut bytes = [0; 4];
        self.memory.read_unchecked((pc..=pc.saturating_add(3)).into(), &mut bytes);
        let word = self.platform.byte_order().read(&bytes) as u32;
        (self.unaligned_address(word), Self::access_size(word))
    }

    /// The number of the system call at `pc`.
    pub(crate) fn syscall_number(&self, pc: u64) -> u64 {
        let Some(convention) = self.definition.syscall_conventions.first() else {
            return self.immediate_of_svc(pc);
        };
        let (register, immediate) = match convention.number {
            SyscallNumber::Register(register) => (register, 0),
            SyscallNumber::ImmediateOrRegister(register) => (register, self.immediate_of_svc(pc)),
        };
        if immediate != 0 {
            return immediate;
        }
        self.definition.register(register).and_then(|id| self.read_register_id(id).ok()).unwrap_or(0)
    }

    /// The immediate operand of a two-byte `svc n` (Thumb, z/Architecture).
    pub(crate) fn immediate_of_svc(&self, pc: u64) -> u64 {
        let mut bytes = [0; 2];
        self.memory.read_unchecked((pc..=pc.saturating_add(1)).into(), &mut bytes);
        self.platform.byte_order().read(&bytes) as u64 & 0xff
    }

    /// Calls the hooks of a system call at `pc`; execution goes on at `next`.
    pub(crate) fn system_call(&mut self, pc: u64, next: u64) {
        let number = self.syscall_number(pc);
        if !self.hooks.syscalls.has_site(number) && !self.hooks.syscalls.has_global() {
            self.end(Outcome::Fault(Fault::UnhandledSyscall { number, pc }));
            return;
        }
        // Callbacks see the instruction itself, and go on behind it.
        if let Some(mut taken) = self.hooks.syscalls.take(number) {
            let flow = self.call_hook(pc, |emulator| (taken.hook)(emulator, number));
            self.hooks.syscalls.put_back(number, taken);
            if self.settle_event(flow, next) == After::Ended {
                return;
            }
        }
        if self.run.new_pc.is_none()
            && let Some(mut taken) = self.hooks.syscalls.take_global()
        {
            let flow = self.call_hook(pc, |emulator| (taken.hook)(emulator, number));
            self.hooks.syscalls.put_back_global(taken);
            if self.settle_event(flow, next) == After::Ended {
                return;
            }
        }
        self.go_on_at(next);
    }

    pub(crate) fn settle_event(&mut self, flow: Option<Flow>, next: u64) -> After {
        match flow {
            None => After::Ended,
            Some(Flow::Stop) => self.stop_at(next),
            Some(Flow::Continue) if self.run.stop_requested => self.stop_at(next),
            Some(Flow::Continue) => After::GoOn,
        }
    }

    /// Ends the run gracefully at the next instruction, or where a callback
    /// set the program counter.
    pub(crate) fn stop_at(&mut self, next: u64) -> After {
        self.run.stop_requested = false;
        let pc = self.run.new_pc.map_or(next, |pointer| self.definition.code_address(pointer));
        self.end(Outcome::Stop(Stop::Requested(pc)))
    }

    /// Goes on at `next`, or where a callback set the program counter.
    pub(crate) fn go_on_at(&mut self, next: u64) {
        self.end(Outcome::Resume(next));
    }

    /// Calls the hooks of an interrupt at `pc`. Not handled, it is `fault`, or
    /// else an unhandled interrupt.
    pub(crate) fn interrupt(&mut self, pc: u64, next: u64, number: u64, fault: Option<Fault>) {
        let mut handled = false;
        let specific = self.hooks.interrupts.take(number);
        if let Some(mut taken) = specific {
            let flow = self.call_hook(pc, |emulator| (taken.hook)(emulator, number));
            self.hooks.interrupts.put_back(number, taken);
            match self.interrupt_flow(flow, next) {
                Some(done) => handled |= done,
                None => return,
            }
        }
        let global: Option<Taken<_>> =
            if self.run.new_pc.is_none() { self.hooks.interrupts.take_global() } else { None };
        if let Some(mut taken) = global {
            let flow = self.call_hook(pc, |emulator| (taken.hook)(emulator, number));
            self.hooks.interrupts.put_back_global(taken);
            match self.interrupt_flow(flow, next) {
                Some(done) => handled |= done,
                None => return,
            }
        }
        if handled {
            self.go_on_at(next);
        } else {
            let fault = fault.unwrap_or(Fault::UnhandledInterrupt { number, pc });
            self.run.new_pc = None;
            self.end(Outcome::Fault(fault));
        }
    }

    /// Whether an interrupt callback handled it; `None` if the run ends.
    pub(crate) fn interrupt_flow(&mut self, flow: Option<InterruptFlow>, next: u64) -> Option<bool> {
        match flow? {
            InterruptFlow::Stop => {
                self.stop_at(next);
                None
            }
            InterruptFlow::Handled if self.run.stop_requested => {
                self.stop_at(next);
                None
            }
            InterruptFlow::Handled => Some(true),
            InterruptFlow::Unhandled => Some(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use terrella_emulator_api::{
        AddressRange, Emulator, EmulatorExt, Error, Fault, Permissions, Platform, Result,
    };

    use crate::UnicornEmulator;

    #[test]
    fn interrupts_at_the_start_of_memory_are_told_there() -> Result<()> {
        for (platform, code, number) in [
            (Platform::X86_64, &[0xcc_u8][..], 3),
            (Platform::I386, &[0xcc], 3),
            (Platform::I386, &[0xcd, 0x2e], 0x2e),
            (Platform::M68K, &[0x4e, 0x41], 33),
        ] {
            for address in [0, 0x1000] {
                let mut emulator = UnicornEmulator::new(platform)?;
                emulator.map_memory(AddressRange::sized(address, code.len() as u64)?, Permissions::ALL)?;
                emulator.write_code(address, code)?;
                emulator.set_program_counter(address)?;
                let result = emulator.run();
                let Err(Error::Fault(fault)) = result else { panic!("{platform}: {result:?}") };
                assert_eq!(fault, Fault::UnhandledInterrupt { number, pc: address }, "{platform}");
                assert_eq!(emulator.program_counter(), address, "{platform}");
            }
        }
        Ok(())
    }
}
