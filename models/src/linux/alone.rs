//! A kernel without programs of its own: what stands behind the models of C
//! libraries, so that they see the same files, sockets and clocks as system
//! calls do. It begins with one process; calls are those of the process that
//! runs.

use std::sync::Arc;

use terrella_emulator_api::{Emulator, EmulatorExt, Permissions};
use terrella_platforms::Platform;

use super::{
    abi::{Abi, generic::*},
    calls,
    descriptions::Kind,
    kernel::{Clock, Kernel},
    limits::CHUNK,
    memory::{AddressSpace, Area, SharedFile},
    process::{Descriptor, Id, PendingCall, SignalInfo, SpaceId, Thread},
    streams::Streams,
    system::first_process,
    task::{Action, Answer, Refusal, Task},
};
use crate::{
    errno::Errno,
    files::{FileSystem, ROOT},
};

/// The number of the first process, and of its thread. Number 1 is who adopts
/// orphans, and is not there.
pub(crate) const FIRST: Id = 2;

/// The name of memory that is the machine's: no process has mapped it.
pub(crate) const MACHINE: &str = "[machine]";

/// Why a call of a process that is alone has no result.
#[derive(Debug)]
pub(crate) enum NoResult {
    /// It fails.
    Error(Errno),
    /// It waits, and nothing can wake it.
    WaitsForEver,
    /// It waits until a time at most, while something else may go on.
    Waits(Option<u64>),
    /// A signal came while it waited: whether the call is one of those that are
    /// made again where a handler asks for it, and what it has done already.
    Interrupted { restarts: bool, done: u64 },
    /// The process is to end.
    Exit(i32),
    /// It needs what only the library does: `fork`, `execve`.
    NotAlone,
    /// The emulator cannot go on.
    Emulator(terrella_emulator_api::Error),
}

impl Kernel {
    /// A kernel with one process.
    pub(crate) fn alone(
        platform: Platform,
        files: FileSystem,
        streams: Streams,
        seed: u64,
        epoch: i64,
    ) -> (Self, Arc<Abi>) {
        let abi = Arc::new(Abi::of(platform).unwrap_or_else(|| Abi::bare(platform)));
        let clock = Clock { epoch, instructions: 0, idle: 0, real: None };
        let mut kernel = Self::new(files, streams, seed, clock);
        let parent = kernel.new_id();
        let id = kernel.new_id();
        let mut process = first_process(id, platform, Arc::clone(&abi), ROOT);
        process.parent = parent;
        kernel.running = id;
        kernel.terminal_group = id;
        kernel.files.now = kernel.clock.wall();
        kernel.files.hold(ROOT);
        kernel.files.hold(ROOT);
        for stream in 0..3 {
            let flags = if stream == 0 { O_RDWR } else { O_WRONLY };
            let description = kernel.add_description(Kind::Stream(stream), flags);
            if let Some(it) = kernel.descriptions.get_mut(&description) {
                it.references = 1;
            }
            process.descriptors.insert(stream.into(), Descriptor { description, close_on_exec: false });
        }
        kernel.spaces.insert(process.space, AddressSpace::new(abi.page, abi.top, u64::MAX));
        kernel.processes.insert(id, process);
        kernel.threads.insert(id, Thread::new(id, id, b"harness".to_vec()));
        (kernel, abi)
    }

    /// Brings the kernel's view of the memory up to what the emulator has.
    fn see_memory(&mut self, emulator: &dyn Emulator) {
        let space = self.processes.get(&self.running).map_or(0, |process| process.space);
        let Some(space) = self.spaces.get_mut(&space) else { return };
        for region in emulator.memory_map() {
            let (start, end) = (region.range.first(), region.range.last().saturating_add(1));
            if space.is_mapped(start, end) {
                continue;
            }
            let allows = |permission, bit| if region.permissions.allows(permission) { bit } else { 0 };
            let protection = allows(Permissions::READ, PROT_READ)
                | allows(Permissions::WRITE, PROT_WRITE)
                | allows(Permissions::EXECUTE, PROT_EXEC);
            drop(space.remove(start, end));
            let area =
                Area { end, protection, shared: false, file: None, name: MACHINE.into(), untouched: false };
            space.insert(start, area);
        }
    }

    /// Another process is going to run than one with this memory: what that has
    /// of shared files is written to them.
    pub(crate) fn leave_shared(&mut self, emulator: &dyn Emulator, space: SpaceId) {
        let Some(areas) = self.spaces.get(&space) else { return };
        let written = areas.shared_files(0, u64::MAX, PROT_WRITE);
        // A file that grew too large keeps what it has.
        let _ = calls::write_back(self, emulator, &written);
    }

    /// A process with this memory is going to run: shared files are there as
    /// they are now.
    pub(crate) fn enter_shared(
        &mut self,
        emulator: &mut dyn Emulator,
        space: SpaceId,
    ) -> Result<(), terrella_emulator_api::Error> {
        let Some(areas) = self.spaces.get(&space) else { return Ok(()) };
        for SharedFile { start, end, inode, offset } in areas.shared_files(0, u64::MAX, !0) {
            let Ok(content) = self.files.content(inode) else { continue };
            for (at, part) in (start..end)
                .step_by(CHUNK as usize)
                .zip(calls::part(&content, offset, end - start).chunks(CHUNK as usize))
            {
                if emulator.read_bytes(at, part.len() as u64)? != part {
                    emulator.write_memory(at, part)?;
                }
            }
        }
        Ok(())
    }

    /// What the process that runs has mapped itself, and does not share.
    pub(crate) fn mapped_by_program(&self) -> Vec<terrella_emulator_api::AddressRange> {
        let space = self.processes.get(&self.running).and_then(|process| self.spaces.get(&process.space));
        let areas = space.into_iter().flat_map(AddressSpace::iter);
        let own = areas.filter(|(_, area)| &*area.name != MACHINE);
        own.map(|(start, area)| (start..=area.end - 1).into()).collect()
    }

    /// A memory like another one, for a process that is made.
    pub(crate) fn copy_space(&mut self, from: SpaceId, to: SpaceId) -> Result<(), Errno> {
        let areas = self.spaces.get(&from).ok_or(Errno::ESRCH)?.clone();
        for inode in &areas.held {
            self.files.hold(*inode);
        }
        self.spaces.insert(to, areas);
        Ok(())
    }

    /// No process has this memory any more.
    pub(crate) fn drop_space(&mut self, space: SpaceId) {
        if let Some(areas) = self.spaces.remove(&space) {
            for inode in areas.held {
                self.files.let_go(inode);
            }
        }
    }

    /// Whether any signal waits for the process that runs.
    pub(crate) fn has_signals(&self) -> bool {
        let waits = |pending: &[SignalInfo]| !pending.is_empty();
        self.processes.get(&self.running).is_some_and(|it| waits(&it.pending))
            || self.threads.get(&self.running).is_some_and(|it| waits(&it.pending))
    }

    /// The next signal that is not held back, taken out.
    pub(crate) fn take_next_signal(&mut self) -> Option<SignalInfo> {
        let (info, of_process) = self.next_signal(self.running)?;
        self.take_signal(self.running, info, of_process);
        Some(info)
    }

    /// Time goes on while nothing runs, to the next event before a time.
    pub(crate) fn idle_until(&mut self, deadline: Option<u64>) -> bool {
        let now = self.clock.monotonic();
        let next = match (deadline, self.next_timer()) {
            (Some(one), Some(other)) => one.min(other),
            (Some(one), None) => one,
            (None, Some(other)) => other,
            (None, None) => return false,
        };
        self.clock.idle = self.clock.idle.saturating_add(next.saturating_sub(now));
        self.run_timers();
        true
    }
}

/// Works as a task of the process. What waits goes on at once, in virtual time.
pub(crate) fn with_task<T>(
    kernel: &mut Kernel,
    emulator: &mut dyn Emulator,
    abi: &Arc<Abi>,
    arguments: [u64; 8],
    work: impl FnMut(&mut Task<'_>) -> Result<T, Refusal>,
) -> Result<T, NoResult> {
    match with_begun(kernel, emulator, abi, arguments, None, work) {
        Err(NoResult::Interrupted { .. }) => Err(NoResult::Error(Errno::EINTR)),
        other => other,
    }
}

/// Works as a task of the process, which sees its memory and clocks as they
/// are.
pub(crate) fn work(
    kernel: &mut Kernel,
    emulator: &mut dyn Emulator,
    abi: &Arc<Abi>,
    work: impl FnMut(&mut Task<'_>) -> Answer,
) -> Result<u64, NoResult> {
    kernel.see_memory(emulator);
    kernel.run_timers();
    with_task(kernel, emulator, abi, [0; 8], work)
}

/// Works as a task of the process. A call that waits goes on at once, in
/// virtual time; or, where there is a place for it, is put there, and begins
/// with what is there when it is made again.
fn with_begun<T>(
    kernel: &mut Kernel,
    emulator: &mut dyn Emulator,
    abi: &Arc<Abi>,
    arguments: [u64; 8],
    mut begun: Option<&mut Option<PendingCall>>,
    mut work: impl FnMut(&mut Task<'_>) -> Result<T, Refusal>,
) -> Result<T, NoResult> {
    let before = begun.as_mut().and_then(|begun| begun.take());
    let this = kernel.running;
    if let Some(thread) = kernel.threads.get_mut(&this) {
        thread.call = before.or(Some(PendingCall {
            opened: None,
            number: 0,
            address: 0,
            deadline: None,
            woken: false,
            futex: None,
            done: 0,
            ipc: None,
            tried_at: 0,
            arguments: Some(arguments),
        }));
    }
    let result = loop {
        let mut task = Task {
            kernel: &mut *kernel,
            emulator: &mut *emulator,
            thread: this,
            process: this,
            abi: Arc::clone(abi),
            arguments,
        };
        match work(&mut task) {
            Ok(value) => break Ok(value),
            Err(Refusal::Error(errno)) => break Err(NoResult::Error(errno)),
            Err(Refusal::Emulator(error)) => break Err(NoResult::Emulator(error)),
            Err(Refusal::Wait) => {
                let pending = kernel.threads.get(&this).and_then(|thread| thread.call.as_ref());
                if kernel.next_signal(this).is_some() {
                    let done = pending.map_or(0, |call| call.done);
                    break Err(NoResult::Interrupted { restarts: true, done });
                }
                let deadline = pending.and_then(|call| call.deadline);
                if let Some(begun) = &mut begun {
                    **begun = pending.cloned();
                    break Err(NoResult::Waits(deadline));
                }
                if !kernel.idle_until(deadline) {
                    break Err(NoResult::WaitsForEver);
                }
            }
            Err(Refusal::Action(Action::ExitThread(code) | Action::ExitProcess(code))) => {
                break Err(NoResult::Exit(code));
            }
            Err(Refusal::Action(_)) => break Err(NoResult::NotAlone),
        }
    };
    if let Some(thread) = kernel.threads.get_mut(&this) {
        thread.call = None;
    }
    result
}

/// Makes a system call by its name.
pub(crate) fn call(
    kernel: &mut Kernel,
    emulator: &mut dyn Emulator,
    abi: &Arc<Abi>,
    name: &str,
    arguments: [u64; 8],
) -> Result<u64, NoResult> {
    let Some(call) = calls::find(name) else { return Err(NoResult::Error(Errno::ENOSYS)) };
    kernel.see_memory(emulator);
    kernel.run_timers();
    with_task(kernel, emulator, abi, arguments, |task| (call.run)(task))
}

/// Makes a system call by its name, which says if it has to wait: it is made
/// again with what is left of it in `begun`. Without a place for that it waits
/// as [`call`] does.
pub(crate) fn call_that_waits(
    kernel: &mut Kernel,
    emulator: &mut dyn Emulator,
    abi: &Arc<Abi>,
    name: &str,
    arguments: [u64; 8],
    begun: Option<&mut Option<PendingCall>>,
) -> Result<u64, NoResult> {
    let Some(call) = calls::find(name) else { return Err(NoResult::Error(Errno::ENOSYS)) };
    kernel.see_memory(emulator);
    kernel.run_timers();
    match with_begun(kernel, emulator, abi, arguments, begun, |task| (call.run)(task)) {
        Err(NoResult::Interrupted { done, .. }) if done > 0 => Ok(done),
        Err(NoResult::Interrupted { done, .. }) => {
            Err(NoResult::Interrupted { restarts: calls::restarts(name), done })
        }
        result => result,
    }
}

/// Reads at most so many bytes from a descriptor; waits as
/// [`call_that_waits`] does.
pub(crate) fn read(
    kernel: &mut Kernel,
    emulator: &mut dyn Emulator,
    abi: &Arc<Abi>,
    fd: i32,
    size: u64,
    begun: Option<&mut Option<PendingCall>>,
) -> Result<Vec<u8>, NoResult> {
    with_begun(kernel, emulator, abi, [0; 8], begun, |task| {
        let description = task.description_of(fd)?;
        task.take(description, size, None)
    })
}

/// Writes some bytes at least to a descriptor: how many. Waits as
/// [`call_that_waits`] does.
pub(crate) fn write(
    kernel: &mut Kernel,
    emulator: &mut dyn Emulator,
    abi: &Arc<Abi>,
    fd: i32,
    bytes: &[u8],
    begun: Option<&mut Option<PendingCall>>,
) -> Result<usize, NoResult> {
    with_begun(kernel, emulator, abi, [0; 8], begun, |task| {
        let description = task.description_of(fd)?;
        task.put(description, bytes, None)
    })
}

/// Moves the position of a descriptor: where it is then.
pub(crate) fn seek(
    kernel: &mut Kernel,
    emulator: &mut dyn Emulator,
    abi: &Arc<Abi>,
    fd: i32,
    offset: i64,
    whence: i32,
) -> Result<u64, NoResult> {
    with_task(kernel, emulator, abi, [0; 8], |task| Ok(calls::seek(task, fd, offset, whence)?))
}
