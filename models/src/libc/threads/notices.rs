//! `struct sigevent`: who is told of the end of a timer or of a request, and
//! how. Threads that are told begin where the program waits; and a thread that
//! sleeps lets the others go on.

use super::{
    super::{
        context::Context,
        error::Result,
        signals::NOTICE,
        types::{Ptr, Reply},
    },
    MOST, Status, Thread,
};
use crate::linux::process::SignalInfo;

/// How a program is told of something.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Notice {
    None,
    Signal { signal: u8, value: u64 },
    Thread { function: Ptr, value: u64 },
}

/// What became of sleeping.
pub(crate) enum Slept {
    /// The time is over.
    Whole,
    /// A signal came before: what is left.
    Interrupted(u64),
    /// Another thread goes on; the call is made again.
    Later(Reply),
}

impl Context<'_> {
    /// Reads a `struct sigevent`: value, signal, how, and a union with the
    /// function. `None` if it makes no sense.
    pub(crate) fn read_notice(&mut self, at: Ptr) -> Result<Option<Notice>> {
        let word = u64::from(self.model.pointer);
        let value = self.read_pointer(at)?.0;
        let signal = self.read_integer(at.add(word), 4)? as i32;
        let how = self.read_integer(at.add(word + 4), 4)? as i32;
        let signal = self.signal_number(signal);
        Ok(match (how, signal) {
            // SIGEV_SIGNAL, SIGEV_THREAD_ID: there is one thread that has signals.
            (0 | 4, Some(signal)) => Some(Notice::Signal { signal, value }),
            (1, _) => Some(Notice::None),
            (2, _) => {
                let function = self.read_pointer(at.add(word + 8))?;
                Some(Notice::Thread { function, value })
            }
            _ => None,
        })
    }

    /// Has a thread begin when a timer runs out: the signal that the kernel
    /// sends then, which the program does not see.
    pub(crate) fn keep_notice(&mut self, timer: i32, function: Ptr, value: u64) -> u8 {
        self.state.threads.notices.insert(timer, (function.0, value));
        let mask = self.mask();
        self.set_mask(mask);
        NOTICE
    }

    /// A timer is gone, and what it had to tell.
    pub(crate) fn forget_notice(&mut self, timer: i32) {
        self.state.threads.notices.remove(&timer);
        if let Some(process) = self.state.kernel.processes.get_mut(&self.state.kernel.running) {
            process.pending.retain(|info| info.number != NOTICE || info.sender != timer);
        }
    }

    /// Tells of the end of a request.
    pub(crate) fn tell(&mut self, notice: Notice, code: i32) -> Result<()> {
        match notice {
            Notice::None => Ok(()),
            Notice::Signal { signal, value } => {
                let info = SignalInfo { number: signal, code, sender: self.state.kernel.running, value };
                self.state.kernel.signal_process(self.state.kernel.running, info);
                Ok(())
            }
            Notice::Thread { function, value } => self.begin_notice(function.0, value),
        }
    }

    /// Begins the threads of timers that have run out.
    pub(crate) fn begin_notices(&mut self) -> Result<()> {
        loop {
            let Some(process) = self.state.kernel.processes.get_mut(&self.state.kernel.running) else {
                return Ok(());
            };
            let Some(at) = process.pending.iter().position(|info| info.number == NOTICE) else {
                return Ok(());
            };
            let timer = process.pending.remove(at).sender;
            if let Some((function, value)) = self.state.threads.notices.get(&timer).copied() {
                self.begin_notice(function, value)?;
            }
        }
    }

    /// A thread with a `union sigval`, which is passed as a pointer is, or by
    /// its address (System V PowerPC 3-20, SPARC 3-15).
    fn begin_notice(&mut self, function: u64, value: u64) -> Result<()> {
        // As a system that has no more threads: nobody is told.
        if self.state.threads.all.len() >= MOST {
            return Ok(());
        }
        let size = self.stack_size();
        let Some(stack) = self.allocate(size, 256)? else { return Ok(()) };
        let by_address = matches!(self.state.platform.name(), "ppc" | "ppcle" | "sparc");
        let argument = if by_address {
            // Where the stack ends.
            self.write_pointer(stack, Ptr(value))?;
            stack.0
        } else {
            value
        };
        let threads = &mut self.state.threads;
        let id = threads.next;
        threads.next = id.wrapping_add(1);
        let mut thread = Thread::new(Status::New { function, argument, is_integer: false });
        thread.stack = stack.0;
        thread.mask = self.state.kernel.threads.get(&self.state.kernel.running).map_or(0, |it| it.mask);
        thread.detached = true;
        threads.all.insert(id, thread);
        threads.moved();
        Ok(())
    }

    /// Whether there are threads that could go on instead of this one, of this
    /// process or another.
    pub(crate) fn has_other_threads(&self) -> bool {
        self.state.threads.several() || self.has_other_processes()
    }

    /// Sleeps, while other threads go on.
    pub(crate) fn sleeps(&mut self, nanoseconds: u64) -> Result<Slept> {
        let until = self.state.kernel.clock.monotonic().saturating_add(nanoseconds);
        // The call may be made again: it ends when it first was to end.
        let until = *self.state.threads.this().sleeps_until.get_or_insert(until);
        loop {
            self.state.kernel.run_timers();
            self.begin_notices()?;
            let left = until.saturating_sub(self.state.kernel.clock.monotonic());
            let interrupted = self.state.kernel.next_signal(self.state.kernel.running).is_some();
            if left == 0 || interrupted || self.state.kernel.clock.real.is_some() {
                self.state.threads.this().sleeps_until = None;
                return Ok(if left == 0 { Slept::Whole } else { Slept::Interrupted(left) });
            }
            if self.has_other_threads() {
                return Ok(Slept::Later(self.wait_here(Some(until))?));
            }
            self.state.kernel.idle_until(Some(until));
        }
    }
}
