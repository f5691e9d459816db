//! A turn of a thread: it runs, gets its signals, and faults.

use terrella_emulator_api::{self as api, ArithmeticKind, EmulatorExt, Fault, Limits, MemoryCause, Stop};
use terrella_platforms::Platform;

use super::{Crash, Error, System};
use crate::linux::{
    abi::generic::{SIG_IGN, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP},
    limits,
    process::{ExitStatus, Id, SignalInfo},
    signals::Delivered,
    strace::signal_name,
    task::Refusal,
};

impl System {
    /// Whether the turn was as long as it might be, with nothing that ends it.
    pub(super) fn turn(&mut self, thread: Id, count: u64) -> Result<bool, Error> {
        self.load(thread)?;
        if !self.deliver_signals(thread)? {
            return Ok(false);
        }
        let Some((process, space)) = self.place_of(thread) else { return Ok(false) };
        let Some(it) = self.spaces.get_mut(&space) else { return Ok(false) };
        let limits = Limits { instructions: Some(count), time: None, count: true };
        let result = it.emulator.run_with(&limits);
        let executed = it.emulator.instructions_executed().unwrap_or(0);
        let met = it.met.take();
        self.kernel.clock.instructions += executed;
        if let Some(thread) = self.kernel.threads.get_mut(&thread) {
            thread.instructions += executed;
        }
        match (result, met) {
            (Ok(Stop::Requested(_)), Some((number, address))) => self.call(thread, number, address)?,
            (Ok(Stop::InstructionLimit(pc)), _) => {
                self.leave_helpers(thread, pc)?;
                return Ok(true);
            }
            (Ok(Stop::Halted(pc)), _) => {
                // A program may not stop the processor.
                let fault = Fault::InvalidInstruction { pc, bytes: Vec::new() };
                self.fault(process, thread, fault)?;
            }
            (Ok(_), _) => {}
            (Err(api::Error::Fault(fault)), _) => self.fault(process, thread, fault)?,
            (Err(error), _) => return Err(error.into()),
        }
        Ok(false)
    }

    /// ARM's helpers are not interrupted: the kernel would begin them again.
    pub(super) fn leave_helpers(&mut self, thread: Id, pc: u64) -> Result<(), Error> {
        let Some((process, space)) = self.place_of(thread) else { return Ok(()) };
        let arm = self
            .kernel
            .processes
            .get(&process)
            .is_some_and(|process| matches!(process.platform, Platform::ARMV5T | Platform::ARMV7A));
        if !arm || !(0xffff_0f00..0xffff_1000).contains(&pc) {
            return Ok(());
        }
        let Some(it) = self.spaces.get_mut(&space) else { return Ok(()) };
        for _ in 0..32 {
            if !(0xffff_0f00..0xffff_1000).contains(&it.emulator.program_counter()) {
                break;
            }
            it.emulator.step()?;
            self.kernel.clock.instructions += 1;
        }
        Ok(())
    }

    /// Delivers the signals of a thread that is loaded; `false` if it does not
    /// go on.
    pub(super) fn deliver_signals(&mut self, thread: Id) -> Result<bool, Error> {
        // Each handler that begins is on top of the one before.
        for _ in 0..64 {
            let Some((process, space)) = self.place_of(thread) else { return Ok(false) };
            let Some(it) = self.spaces.get_mut(&space) else { return Ok(false) };
            match self.kernel.deliver(it.emulator.as_mut(), thread) {
                Ok(Delivered::Nothing) => {
                    if self.kernel.next_signal(thread).is_none() {
                        return Ok(true);
                    }
                }
                Ok(Delivered::Handler) => {}
                Ok(Delivered::Stopped) => return Ok(false),
                Ok(Delivered::Ended(signal)) => {
                    self.end(process, ExitStatus::Signal(signal));
                    return Ok(false);
                }
                Err(Refusal::Emulator(error)) => return Err(error.into()),
                // There was no room for the frame.
                Err(refusal) => {
                    if let Some(trace) = &self.kernel.trace {
                        trace.line(thread, &format!("--- a handler cannot begin: {refusal:?} ---"));
                    }
                    self.end(process, ExitStatus::Signal(SIGSEGV as u8));
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// A fault of the program is a signal to it.
    pub(super) fn fault(&mut self, process: Id, thread: Id, fault: Fault) -> Result<(), Error> {
        let (signal, code, value) = match &fault {
            Fault::Memory { cause: MemoryCause::Unaligned, address, .. } => (SIGBUS, 1, *address),
            Fault::Memory { cause: MemoryCause::Unmapped, address, .. } => (SIGSEGV, 1, *address),
            Fault::Memory { address, .. } => (SIGSEGV, 2, *address),
            Fault::InvalidInstruction { pc, .. } => (SIGILL, 1, *pc),
            Fault::Arithmetic { kind, pc } => {
                let code = match kind {
                    ArithmeticKind::Division => 1,
                    ArithmeticKind::Overflow => 2,
                    _ => 7,
                };
                (SIGFPE, code, *pc)
            }
            Fault::UnhandledInterrupt { number, pc } => self.interrupt_signal(process, *number, *pc),
            other => (SIGILL, 1, other.pc()),
        };
        let signal = signal as u8;
        let bit = crate::linux::signals::bit(signal);
        let Some(it) = self.kernel.processes.get_mut(&process) else { return Ok(()) };
        let handled = it.actions[usize::from(signal)].handler > SIG_IGN;
        let blocked = self.kernel.threads.get(&thread).is_some_and(|thread| thread.mask & bit != 0);
        if !handled || blocked {
            if let Some(trace) = &self.kernel.trace {
                trace.line(thread, &format!("--- {} at {value:#x}: {fault} ---", signal_name(signal)));
            }
            self.tell_crash(process, thread, signal, &fault);
            if self.faults.len() < limits::FAULTS {
                self.faults.push((process, fault));
            }
            self.end(process, ExitStatus::Signal(signal));
            return Ok(());
        }
        self.kernel.signal_thread(thread, SignalInfo { number: signal, code, sender: 0, value });
        Ok(())
    }

    /// Tells who wants to know that a fault ends a process, before it is gone.
    fn tell_crash(&mut self, process: Id, thread: Id, signal: u8, fault: &Fault) {
        let Some(mut observer) = self.on_crash.take() else { return };
        let space = self.kernel.processes.get(&process).map(|process| process.space);
        if let Some(space) = space
            && let (Some(it), Some(areas)) = (self.spaces.get(&space), self.kernel.spaces.get(&space))
        {
            let mut mappings = Vec::new();
            let mut begun = Vec::new();
            for (start, area) in areas.iter() {
                let path = area.file.and_then(|(inode, offset)| {
                    let path = self.kernel.files.any_path(inode);
                    begun.extend((offset == 0).then_some((start, inode)));
                    path.map(|path| String::from_utf8_lossy(&path).into_owned())
                });
                let name = path.unwrap_or_else(|| area.name.to_string());
                mappings.push(((start..=area.end - 1).into(), name));
            }
            let mut files = Vec::new();
            for (start, inode) in begun {
                let name = self.kernel.files.any_path(inode);
                let name = name
                    .map_or_else(|| format!("file {inode}"), |it| String::from_utf8_lossy(&it).into_owned());
                let known = files.iter().any(|(_, other, _)| *other == name);
                if let Ok(content) = self.kernel.files.content(inode)
                    && !known
                {
                    files.push((start, name, content));
                }
            }
            let emulator = it.emulator.as_ref();
            observer(&Crash { process, thread, signal, fault, emulator, mappings, files });
        }
        self.on_crash = Some(observer);
    }

    /// The signal of an exception that is none of memory or arithmetic.
    pub(super) fn interrupt_signal(&self, process: Id, number: u64, pc: u64) -> (u64, i32, u64) {
        let platform = self.kernel.processes.get(&process).map(|process| process.platform);
        let name = platform.and_then(|platform| platform.definition().interrupt_name(number));
        let name = name.unwrap_or_default().to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
        // MIPS and others tell a division by zero with the code of a break or
        // trap (System V ABI, MIPS supplement, 3-19).
        let code = self.trap_code(process, pc);
        match () {
            () if code == Some(7) => (SIGFPE, 1, pc),
            () if code == Some(6) => (SIGFPE, 2, pc),
            () if says(&["break", "debug", "trace", "watch", "trap", "bkpt"]) => (SIGTRAP, 1, pc),
            () if says(&["divi", "overflow", "float", "arith", "chk"]) => (SIGFPE, 1, pc),
            () if says(&["protection", "segment", "page", "access", "address"]) => (SIGSEGV, 128, 0),
            () if says(&["align"]) => (SIGBUS, 1, pc),
            () if says(&["illegal", "undefined", "invalid", "privilege", "reserved", "line"]) => {
                (SIGILL, 1, pc)
            }
            () => (SIGTRAP, 1, pc),
        }
    }

    pub(super) fn trap_code(&self, process: Id, pc: u64) -> Option<u64> {
        let process = self.kernel.processes.get(&process)?;
        if !process.abi.machine.starts_with("mips") {
            return None;
        }
        let word = self.spaces.get(&process.space)?.emulator.read_integer(pc, 4).ok()? as u64;
        match word & 0xfc00_003f {
            0x0d => Some(word >> 16 & 0x3ff),
            0x30..=0x36 => Some(word >> 6 & 0x3ff),
            _ => None,
        }
    }
}
