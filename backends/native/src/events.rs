//! Events: invalid instructions, system calls and interrupts, with the hooks
//! that are called at them.

use terrella_emulator_api::{Fault, Flow, InterruptFlow, Stop};
use terrella_platforms::SyscallNumber;
use terrella_sleigh::Context;

use crate::{emulator::NativeEmulator, halt::Halt, run::Next};

impl NativeEmulator {
    pub(crate) fn invalid(&mut self, pc: u64) -> Next {
        let longest = usize::from(self.definition.longest_instruction);
        let mut bytes = Vec::with_capacity(longest);
        for offset in 0..longest as u64 {
            let mut byte = [0];
            match pc.checked_add(offset) {
                Some(address) if self.memory.read(address, &mut byte).is_ok() => bytes.push(byte[0]),
                _ => break,
            }
        }
        let number = self.target.invalid;
        self.interrupt(pc, (pc, self.context), number, Some(Fault::InvalidInstruction { pc, bytes }))
    }

    /// Calls the hooks of a system call at `pc`; execution goes on at `next`,
    /// in that context.
    pub(crate) fn system_call(&mut self, pc: u64, next: (u64, Context)) -> Next {
        let number = self.syscall_number(pc);
        if !self.hooks.syscalls.has_site(number) && !self.hooks.syscalls.has_global() {
            return Next::Ended(Err(Fault::UnhandledSyscall { number, pc }.into()));
        }
        let mut ends = false;
        if let Some(mut taken) = self.hooks.syscalls.take(number) {
            let flow = self.callback(pc, |emulator| (taken.hook)(emulator, number));
            self.hooks.syscalls.put_back(number, taken);
            match flow {
                Ok(flow) => ends |= flow == Flow::Stop,
                Err(halt) => return self.ended_by(halt),
            }
        }
        if !ends
            && self.run.new_pc.is_none()
            && let Some(mut taken) = self.hooks.syscalls.take_global()
        {
            let flow = self.callback(pc, |emulator| (taken.hook)(emulator, number));
            self.hooks.syscalls.put_back_global(taken);
            match flow {
                Ok(flow) => ends |= flow == Flow::Stop,
                Err(halt) => return self.ended_by(halt),
            }
        }
        self.settle_event(next, ends)
    }

    /// A callback of an event ended the run.
    fn ended_by(&mut self, halt: Halt) -> Next {
        self.go_to_new_pc();
        match halt {
            Halt::Error(error) => Next::Ended(Err(error)),
            // The panic is resumed by the caller.
            _ => Next::Ended(Ok(Stop::Requested(self.pc))),
        }
    }

    /// Goes on after an event, or ends the run there.
    fn settle_event(&mut self, (next, context): (u64, Context), ends: bool) -> Next {
        self.run.count += u64::from(next != self.pc || self.run.new_pc.is_some());
        let context = self.run.new_context.take().unwrap_or(context);
        self.run.mid_block = None;
        self.run.in_slot = None;
        match self.run.new_pc {
            Some(_) => self.go_to_new_pc(),
            None => {
                self.pc = if next == self.pc { next } else { self.after_event(next) };
                self.context = context;
            }
        }
        if std::mem::take(&mut self.run.stop_requested) || ends {
            return Next::Ended(Ok(Stop::Requested(self.pc)));
        }
        Next::GoOn
    }

    /// The number of the system call at `pc`.
    fn syscall_number(&self, pc: u64) -> u64 {
        let immediate = || {
            let mut bytes = [0; 2];
            self.memory.copy_out(pc, &mut bytes);
            self.platform.byte_order().read(&bytes) as u64 & 0xff
        };
        let Some(convention) = self.definition.syscall_conventions.first() else { return immediate() };
        match convention.number {
            SyscallNumber::Register(register) => self.named(register).unwrap_or(0),
            SyscallNumber::ImmediateOrRegister(register) => match immediate() {
                0 => self.named(register).unwrap_or(0),
                number => number,
            },
        }
    }

    /// Calls the hooks of an interrupt at `pc`. Not handled, it is `fault`, or
    /// else an unhandled interrupt.
    pub(crate) fn interrupt(
        &mut self,
        pc: u64,
        next: (u64, Context),
        number: u64,
        fault: Option<Fault>,
    ) -> Next {
        let (mut handled, mut ends) = (false, false);
        let mut note = |flow: InterruptFlow| match flow {
            InterruptFlow::Handled => handled = true,
            InterruptFlow::Stop => (handled, ends) = (true, true),
            InterruptFlow::Unhandled => {}
        };
        if let Some(mut taken) = self.hooks.interrupts.take(number) {
            let flow = self.callback(pc, |emulator| (taken.hook)(emulator, number));
            self.hooks.interrupts.put_back(number, taken);
            match flow {
                Ok(flow) => note(flow),
                Err(halt) => return self.ended_by(halt),
            }
        }
        if self.run.new_pc.is_none()
            && let Some(mut taken) = self.hooks.interrupts.take_global()
        {
            let flow = self.callback(pc, |emulator| (taken.hook)(emulator, number));
            self.hooks.interrupts.put_back_global(taken);
            match flow {
                Ok(flow) => note(flow),
                Err(halt) => return self.ended_by(halt),
            }
        }
        if handled {
            return self.settle_event(next, ends);
        }
        self.run.new_pc = None;
        let fault = fault.unwrap_or(Fault::UnhandledInterrupt { number, pc });
        Next::Ended(Err(fault.into()))
    }
}
