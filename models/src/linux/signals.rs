//! Signals: which wait, which is delivered next, and what happens then.

use terrella_emulator_api::Emulator;

use super::{
    abi::generic::*,
    frame,
    kernel::Kernel,
    limits,
    process::{Id, SignalInfo, State},
    task::Refusal,
};

/// What a signal does where no handler is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Default {
    Ignore,
    End,
    Stop,
    Continue,
}

/// What it does by default (signal(7)).
pub(crate) const fn default_of(signal: u8) -> Default {
    match signal as u64 {
        SIGCHLD | SIGURG | SIGWINCH => Default::Ignore,
        SIGCONT => Default::Continue,
        SIGSTOP | SIGTSTP | SIGTTIN | SIGTTOU => Default::Stop,
        _ => Default::End,
    }
}

/// The bit of a signal in a mask.
pub(crate) const fn bit(signal: u8) -> u64 {
    if signal == 0 || signal > 64 { 0 } else { 1 << (signal - 1) }
}

/// Those that cannot be held back: `SIGKILL`, `SIGSTOP`.
pub(crate) const UNBLOCKABLE: u64 = bit(SIGKILL as u8) | bit(SIGSTOP as u8);

/// Adds a signal to those that wait. Those of real time wait as often as they
/// are sent, up to a limit; of the others, and beyond it, one of a number does
/// (signal(7)).
fn queue(pending: &mut Vec<SignalInfo>, info: SignalInfo) -> bool {
    let known = pending.iter().any(|other| other.number == info.number);
    let full = pending.len() >= limits::SIGNALS;
    if !known || info.number >= 32 && !full {
        pending.push(info);
    }
    !full || info.number < 32
}

/// What delivering a signal came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// Nothing was to be delivered.
    Nothing,
    /// A handler begins.
    Handler,
    /// The process ends by this signal.
    Ended(u8),
    /// The process stops.
    Stopped,
}

impl Kernel {
    /// Sends a signal to a process: any thread that does not block it gets it.
    /// `false` if it had to wait and there is no room.
    pub(crate) fn signal_process(&mut self, process: Id, info: SignalInfo) -> bool {
        if bit(info.number) == 0 || self.discards(process, info.number) {
            return true;
        }
        self.on_arrival(process, info.number);
        let Some(it) = self.processes.get_mut(&process).filter(|it| it.ended.is_none()) else { return true };
        let queued = queue(&mut it.pending, info);
        self.changed();
        queued
    }

    /// Sends a signal to a thread; `false` as for [`Self::signal_process`].
    pub(crate) fn signal_thread(&mut self, thread: Id, info: SignalInfo) -> bool {
        let Some(process) = self.threads.get(&thread).map(|thread| thread.process) else { return true };
        if bit(info.number) == 0 || self.discards(process, info.number) {
            return true;
        }
        self.on_arrival(process, info.number);
        let queued = self.threads.get_mut(&thread).is_none_or(|it| queue(&mut it.pending, info));
        self.changed();
        queued
    }

    /// Whether a process ignores a signal.
    pub(crate) fn ignores(&self, process: Id, signal: u8) -> bool {
        let Some(it) = self.processes.get(&process) else { return true };
        let action = it.actions[usize::from(signal).min(64)];
        action.handler == SIG_IGN || action.handler == SIG_DFL && default_of(signal) == Default::Ignore
    }

    /// Whether a signal has no effect at all, unless somebody waits for it.
    pub(crate) fn discards(&self, process: Id, signal: u8) -> bool {
        let ignored = self.ignores(process, signal);
        // A blocked signal waits, as its action may change.
        let blocked =
            self.threads.values().any(|thread| thread.process == process && thread.mask & bit(signal) != 0);
        ignored && !blocked && signal != SIGCONT as u8
    }

    fn on_arrival(&mut self, process: Id, signal: u8) {
        let Some(it) = self.processes.get_mut(&process) else { return };
        match signal as u64 {
            SIGCONT => {
                it.pending.retain(|info| default_of(info.number) != Default::Stop);
                if it.stopped.take().is_some() {
                    it.continued = true;
                    self.tell_parent(process, 6, SIGCONT);
                }
            }
            SIGKILL => it.stopped = None,
            SIGSTOP | SIGTSTP | SIGTTIN | SIGTTOU => it.pending.retain(|info| info.number != SIGCONT as u8),
            _ => {}
        }
    }

    /// A signal has stopped a process: its parent is told.
    pub(crate) fn stop_process(&mut self, process: Id, signal: u8) {
        if let Some(it) = self.processes.get_mut(&process) {
            it.stopped = Some((signal, false));
            self.tell_parent(process, 5, signal.into());
        }
    }

    fn tell_parent(&mut self, process: Id, code: i32, signal: u64) {
        let Some(parent) = self.processes.get(&process).map(|it| it.parent) else { return };
        let stops = self
            .processes
            .get(&parent)
            .is_some_and(|it| it.actions[SIGCHLD as usize].flags & SA_NOCLDSTOP == 0);
        if stops {
            let info = SignalInfo { number: SIGCHLD as u8, code, sender: process, value: signal };
            self.signal_process(parent, info);
        }
        self.changed();
    }

    /// The signal that a thread would get next, and whether it is the
    /// process's.
    pub(crate) fn next_signal(&self, thread: Id) -> Option<(SignalInfo, bool)> {
        let it = self.threads.get(&thread)?;
        let process = self.processes.get(&it.process)?;
        let wanted = |info: &&SignalInfo| {
            let ready = it.mask & bit(info.number) == 0 || bit(info.number) & UNBLOCKABLE != 0;
            let action = process.actions[usize::from(info.number)];
            let ignored = action.handler == SIG_IGN
                || action.handler == SIG_DFL
                    && matches!(default_of(info.number), Default::Ignore | Default::Continue);
            ready && !ignored
        };
        let own = it.pending.iter().filter(wanted).min_by_key(|info| info.number);
        let all = process.pending.iter().filter(wanted).min_by_key(|info| info.number);
        own.map(|info| (*info, false)).or_else(|| all.map(|info| (*info, true)))
    }

    pub(crate) fn take_signal(&mut self, thread: Id, info: SignalInfo, of_process: bool) {
        let Some(it) = self.threads.get_mut(&thread) else { return };
        let list = if of_process {
            match self.processes.get_mut(&it.process) {
                Some(process) => &mut process.pending,
                None => return,
            }
        } else {
            &mut it.pending
        };
        if let Some(index) = list.iter().position(|pending| *pending == info) {
            list.remove(index);
        }
    }

    /// Drops signals that are ignored, so that they do not pile up.
    pub(crate) fn drop_ignored(&mut self, process: Id, signal: u8) {
        if let Some(it) = self.processes.get_mut(&process) {
            it.pending.retain(|info| info.number != signal);
        }
        for thread in self.threads.values_mut().filter(|thread| thread.process == process) {
            thread.pending.retain(|info| info.number != signal);
        }
    }

    /// Delivers the next signal of a thread whose registers are in the
    /// emulator. A call that it waits in ends with `EINTR`, or is made again.
    pub(crate) fn deliver(&mut self, emulator: &mut dyn Emulator, thread: Id) -> Result<Delivered, Refusal> {
        let Some((info, of_process)) = self.next_signal(thread) else { return Ok(Delivered::Nothing) };
        self.take_signal(thread, info, of_process);
        let Some(process) = self.threads.get(&thread).map(|it| it.process) else {
            return Ok(Delivered::Nothing);
        };
        let Some(it) = self.processes.get_mut(&process) else { return Ok(Delivered::Nothing) };
        let action = it.actions[usize::from(info.number)];
        if action.handler == SIG_DFL {
            return Ok(match default_of(info.number) {
                Default::Ignore | Default::Continue => Delivered::Nothing,
                Default::End => Delivered::Ended(info.number),
                Default::Stop => {
                    it.stopped = Some((info.number, false));
                    self.tell_parent(process, 5, info.number.into());
                    Delivered::Stopped
                }
            });
        }
        if action.flags & SA_RESETHAND != 0 {
            it.actions[usize::from(info.number)].handler = SIG_DFL;
        }
        self.interrupt_call(emulator, thread, action.flags & SA_RESTART != 0)?;
        let Some(it) = self.threads.get_mut(&thread) else { return Ok(Delivered::Nothing) };
        let mask = it.old_mask.take().unwrap_or(it.mask);
        it.mask |= action.mask;
        if action.flags & SA_NODEFER == 0 {
            it.mask |= bit(info.number);
        }
        it.mask &= !UNBLOCKABLE;
        frame::enter(self, emulator, thread, info, action, mask)?;
        Ok(Delivered::Handler)
    }

    /// A call that waits is interrupted.
    fn interrupt_call(
        &mut self,
        emulator: &mut dyn Emulator,
        thread: Id,
        restarts: bool,
    ) -> Result<(), Refusal> {
        let Some(it) = self.threads.get_mut(&thread) else { return Ok(()) };
        let Some(call) = it.call.take() else { return Ok(()) };
        it.state = State::Ready;
        let process = it.process;
        if let Some(opened) = call.opened {
            self.drop_if_unused(opened);
        }
        let Some(process) = self.processes.get(&process) else { return Ok(()) };
        let abi = process.abi.clone();
        let name = abi.convention.name_of(call.number).unwrap_or_default();
        if restarts && super::calls::restarts(name) && call.done == 0 {
            // The registers of the arguments are as they were: the call is
            // made again when the handler has returned.
            let pointer = frame::code_pointer(emulator, call.address);
            emulator.set_program_counter(pointer)?;
        } else if call.done > 0 {
            super::calls::set_result(&abi, emulator, Ok(call.done))?;
        } else {
            super::calls::set_result(&abi, emulator, Err(crate::Errno::EINTR))?;
        }
        if let Some(trace) = &mut self.trace {
            trace.interrupted(thread, restarts);
        }
        Ok(())
    }
}
