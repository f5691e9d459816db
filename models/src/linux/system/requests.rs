//! System calls: made, waited for, made again; and what only the whole system
//! can do.

use terrella_emulator_api as api;

use super::{Error, System, UnknownCalls};
use crate::{
    errno::Errno,
    linux::{
        abi::generic::{CLONE_VFORK, SIGSEGV},
        calls, frame, limits,
        process::{ExitStatus, Id, PendingCall, State},
        start::Failed,
        strace::{call_text, signal_name},
        task::{Action, Refusal, Task},
    },
};

impl System {
    pub(super) fn call(&mut self, thread: Id, number: u64, address: u64) -> Result<(), Error> {
        if let Some(it) = self.kernel.threads.get_mut(&thread) {
            it.call = Some(PendingCall {
                number,
                address,
                deadline: None,
                woken: false,
                futex: None,
                opened: None,
                done: 0,
                ipc: None,
                tried_at: 0,
                arguments: None,
            });
        }
        self.try_call(thread)
    }

    /// Makes the call that a thread is at, or makes it again.
    pub(super) fn try_call(&mut self, thread: Id) -> Result<(), Error> {
        let Some((process, space)) = self.place_of(thread) else { return Ok(()) };
        let (Some(it), Some(owner)) = (self.spaces.get_mut(&space), self.kernel.processes.get(&process))
        else {
            return Ok(());
        };
        let abi = owner.abi.clone();
        let changes = self.kernel.changes;
        let Some(pending) = self.kernel.threads.get_mut(&thread).and_then(|thread| thread.call.as_mut())
        else {
            return Ok(());
        };
        pending.tried_at = changes;
        let (number, address) = (pending.number, pending.address);
        let name = abi.convention.name_of(number);
        let Some(call) = name.and_then(calls::find) else {
            return self.unknown_call(thread, number, address);
        };
        let arguments = *pending
            .arguments
            .get_or_insert_with(|| calls::arguments(&abi, it.emulator.as_ref(), call.arguments));
        let traced = self.kernel.trace.as_ref().is_some_and(|trace| trace.wants(call.name));
        let before = (traced && call.name.starts_with("exec"))
            .then(|| call_text(&abi, it.emulator.as_ref(), call, &arguments, None));
        let mut task = Task {
            kernel: &mut self.kernel,
            emulator: it.emulator.as_mut(),
            thread,
            process,
            abi: abi.clone(),
            arguments,
        };
        let answer = (call.run)(&mut task);
        let result = match answer {
            Ok(value) => Ok(value),
            Err(Refusal::Error(errno)) => Err(errno),
            Err(Refusal::Wait) => {
                if let Some(it) = self.kernel.threads.get_mut(&thread) {
                    it.state = State::Waiting;
                }
                return Ok(());
            }
            Err(Refusal::Emulator(error)) => return Err(error.into()),
            Err(Refusal::Action(action)) => {
                if traced && let Some(trace) = &self.kernel.trace {
                    let text = before
                        .unwrap_or_else(|| call_text(&abi, it.emulator.as_ref(), call, &arguments, None));
                    trace.line(process, &text);
                }
                return self.act(thread, action);
            }
        };
        if traced && let Some(trace) = &self.kernel.trace {
            let text = call_text(&abi, it.emulator.as_ref(), call, &arguments, Some(result));
            trace.line(process, &text);
        }
        self.finish_call(thread, result)
    }

    /// The call of a thread has its result.
    pub(super) fn finish_call(&mut self, thread: Id, result: Result<u64, Errno>) -> Result<(), Error> {
        self.load(thread)?;
        let Some((process, space)) = self.place_of(thread) else { return Ok(()) };
        let (Some(it), Some(owner)) = (self.spaces.get_mut(&space), self.kernel.processes.get(&process))
        else {
            return Ok(());
        };
        calls::set_result(&owner.abi.clone(), it.emulator.as_mut(), result)?;
        if let Some(it) = self.kernel.threads.get_mut(&thread) {
            it.call = None;
            it.state = State::Ready;
        }
        Ok(())
    }

    pub(super) fn unknown_call(&mut self, thread: Id, number: u64, address: u64) -> Result<(), Error> {
        let Some((process, space)) = self.place_of(thread) else { return Ok(()) };
        let (Some(it), Some(owner)) = (self.spaces.get(&space), self.kernel.processes.get(&process)) else {
            return Ok(());
        };
        let abi = owner.abi.clone();
        let name = abi.convention.name_of(number).unwrap_or("no name").to_owned();
        if self.unknown_calls == UnknownCalls::Stop {
            return Err(Error::UnknownCall { process, number, name, pc: address });
        }
        let words = calls::raw_arguments(&abi, it.emulator.as_ref(), 6);
        let key = format!("{name} {number}");
        let is_new = !self.kernel.unknown.contains_key(&key);
        let told = self.kernel.unknown.len();
        if is_new && told < limits::UNKNOWN_CALLS {
            self.kernel.unknown.insert(key, 1);
            if told + 1 == limits::UNKNOWN_CALLS {
                let text = b"terrella: there are more such calls, which are not told\n";
                let _ = self.kernel.streams.write(2, text);
            }
            let words: Vec<String> = words.iter().map(|word| format!("{word:#x}")).collect();
            let text = format!(
                "terrella: system call {number} ({name}) is not there: ENOSYS; arguments {}\n",
                words.join(", ")
            );
            let _ = self.kernel.streams.write(2, text.as_bytes());
        }
        self.finish_call(thread, Err(Errno::ENOSYS))
    }

    /// Makes the calls of waiting threads again where something has changed.
    pub(super) fn retry_waiting(&mut self) -> Result<(), Error> {
        loop {
            let now = self.kernel.clock.monotonic();
            let changes = self.kernel.changes;
            let due: Vec<Id> = self
                .kernel
                .threads
                .values()
                .filter(|thread| thread.state == State::Waiting)
                .filter(|thread| {
                    let running = self
                        .kernel
                        .processes
                        .get(&thread.process)
                        .is_some_and(|process| process.stopped.is_none());
                    let is_due = thread.call.as_ref().is_some_and(|call| {
                        call.tried_at != changes || call.deadline.is_some_and(|at| at <= now)
                    });
                    running && (is_due || self.kernel.next_signal(thread.id).is_some())
                })
                .map(|thread| thread.id)
                .collect();
            if due.is_empty() {
                return Ok(());
            }
            for thread in due {
                if !self.kernel.threads.get(&thread).is_some_and(|thread| thread.state == State::Waiting) {
                    continue;
                }
                if let Some((_, space)) = self.place_of(thread) {
                    self.enter_space(space)?;
                }
                self.try_call(thread)?;
                let waits = self.kernel.threads.get(&thread).is_some_and(|it| it.state == State::Waiting);
                if waits && self.kernel.next_signal(thread).is_some() {
                    self.load(thread)?;
                    self.deliver_signals(thread)?;
                }
                // What has been tried now waits for the next change.
                let now = self.kernel.changes;
                if let Some(call) = self.kernel.threads.get_mut(&thread).and_then(|it| it.call.as_mut())
                    && call.tried_at == changes
                    && now == changes
                {
                    call.tried_at = now;
                }
            }
            if self.kernel.changes == changes {
                return Ok(());
            }
        }
    }

    pub(super) fn act(&mut self, thread: Id, action: Action) -> Result<(), Error> {
        let Some((process, space)) = self.place_of(thread) else { return Ok(()) };
        match action {
            Action::ExitProcess(code) => {
                self.end(process, ExitStatus::Code(code as u8));
                Ok(())
            }
            Action::ExitThread(code) => {
                if self.kernel.threads_of(process).len() <= 1 {
                    self.end(process, ExitStatus::Code(code as u8));
                    return Ok(());
                }
                self.end_task_state(thread);
                self.kernel.end_thread(thread);
                if let Some(it) = self.spaces.get_mut(&space)
                    && it.loaded == Some(thread)
                {
                    it.loaded = None;
                }
                Ok(())
            }
            Action::Clone(request) => match self.clone_thread(thread, request) {
                Ok(id) => {
                    let vfork = request.flags & CLONE_VFORK != 0;
                    self.finish_call(thread, Ok(id as u64))?;
                    if vfork && let Some(it) = self.kernel.threads.get_mut(&thread) {
                        it.state = State::Vforked;
                    }
                    Ok(())
                }
                Err(Refusal::Error(errno)) => self.finish_call(thread, Err(errno)),
                Err(Refusal::Emulator(error)) => Err(error.into()),
                Err(_) => self.finish_call(thread, Err(Errno::EAGAIN)),
            },
            Action::Execute { inode, path, arguments, environment } => {
                match self.execute(thread, inode, path, arguments, environment) {
                    Ok(()) => Ok(()),
                    Err(Failed::Error(errno)) => self.finish_call(thread, Err(errno)),
                    Err(Failed::Emulator(error)) => Err(error.into()),
                }
            }
            Action::SignalReturn { old } => {
                let Some(it) = self.spaces.get_mut(&space) else { return Ok(()) };
                if let Some(it) = self.kernel.threads.get_mut(&thread) {
                    it.call = None;
                }
                match frame::leave(&mut self.kernel, it.emulator.as_mut(), thread, old) {
                    Ok(()) => Ok(()),
                    Err(Refusal::Emulator(error)) if !matches!(error, api::Error::Fault(_)) => {
                        Err(error.into())
                    }
                    // The frame cannot be read.
                    Err(_) => {
                        self.end(process, ExitStatus::Signal(SIGSEGV as u8));
                        Ok(())
                    }
                }
            }
        }
    }

    pub(super) fn end(&mut self, process: Id, status: ExitStatus) {
        if let Some(space) = self.kernel.processes.get(&process).map(|process| process.space) {
            for thread in self.kernel.threads_of(process) {
                self.end_task_state(thread);
            }
            self.kernel.detached_space(space, process);
            self.kernel.end_process(process, status);
            if let Some(it) = self.kernel.processes.get_mut(&process) {
                it.space = 0;
            }
            if let Some(trace) = &self.kernel.trace {
                let how = match status {
                    ExitStatus::Code(code) => format!("+++ exited with {code} +++"),
                    ExitStatus::Signal(signal) => format!("+++ killed by {} +++", signal_name(signal)),
                };
                trace.line(process, &how);
            }
            self.drop_space(space);
        }
    }

    /// What a thread that ends does to memory: its robust locks, and the word
    /// that others wait for.
    pub(super) fn end_task_state(&mut self, thread: Id) {
        let Some((process, space)) = self.place_of(thread) else { return };
        let (Some(it), Some(abi)) =
            (self.spaces.get_mut(&space), self.kernel.processes.get(&process).map(|it| it.abi.clone()))
        else {
            return;
        };
        let mut task = Task {
            kernel: &mut self.kernel,
            emulator: it.emulator.as_mut(),
            thread,
            process,
            abi,
            arguments: [0; 8],
        };
        // Lists that lead nowhere are left alone, as the kernel does.
        let _ = task.end_robust_list();
        let _ = task.clear_child_tid();
    }
}
