//! [`System`]: runs processes and threads on emulators.

use std::{
    cell::Cell,
    collections::BTreeMap,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use terrella_emulator_api::{
    self as api, ArithmeticKind, Emulator, EmulatorExt, Fault, Flow, Limits, MemoryCause, Overlap, Stop,
};
use terrella_platforms::Platform;

use super::{
    ThreadId,
    abi::{Abi, ThreadPointer, generic::*},
    calls, frame,
    kernel::{Clock, Kernel, OPEN_LIMIT},
    memory::AddressSpace,
    process::{
        Action as SignalAction, Credentials, Descriptor, ExitStatus, Id, IntervalTimer, PendingCall, Process,
        SignalInfo, SpaceId, State, Thread,
    },
    scheduler::{RoundRobin, Scheduler},
    segments,
    signals::Delivered,
    start::{Failed, NoProgram, Program, Start, read_image},
    strace::{Trace, TraceOutput, call_text, signal_name},
    streams::Streams,
    task::{Action, CloneRequest, Refusal, Task},
};
use crate::{
    errno::Errno,
    files::{FileSystem, InodeId, ROOT},
};

/// Makes an emulator of a platform: a system needs one for each address space.
pub type Maker = Box<dyn Fn(Platform) -> api::Result<Box<dyn Emulator>>>;

/// What happens at a system call that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownCalls {
    /// It is told once, and the program gets `ENOSYS`.
    #[default]
    Refuse,
    /// The run ends with [`Error::UnknownCall`].
    Stop,
}

/// What a system is made of.
pub struct Options {
    /// The files.
    pub files: FileSystem,
    /// Standard input, output and error of the first process.
    pub streams: Streams,
    /// Nanoseconds since 1970 at the start; virtual time goes on from there,
    /// by one with each instruction.
    pub epoch: i64,
    /// Tell the host's time instead.
    pub real_time: bool,
    /// Of random numbers.
    pub seed: u64,
    /// Who chooses the thread that runs.
    pub scheduler: Box<dyn Scheduler>,
    /// Write each system call there.
    pub trace: Option<TraceOutput>,
    /// Only system calls of these names; all, if there are none.
    pub trace_only: Vec<String>,
    /// What happens at calls that are not there.
    pub unknown_calls: UnknownCalls,
}

impl Default for Options {
    /// Usual files, the streams of the host, the first of January 2024, turns of
    /// 100,000 instructions, no trace.
    fn default() -> Self {
        Self {
            files: FileSystem::new(),
            streams: Streams::host(),
            epoch: 1_704_067_200_000_000_000,
            real_time: false,
            seed: 0x7465_7272_656c_6c61,
            scheduler: Box::new(RoundRobin::default()),
            trace: None,
            trace_only: Vec::new(),
            unknown_calls: UnknownCalls::default(),
        }
    }
}

/// How the run of a system ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The first process ended.
    Exited(ExitStatus),
    /// As many instructions were executed as it was given.
    InstructionLimit,
    /// The time that it was given is over.
    TimeLimit,
}

/// Why a system cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file is no program for a Linux that is here.
    #[error("{path}: {reason}")]
    NotExecutable {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A program, or its interpreter, could not be found or begun.
    #[error("{path}: {errno}")]
    Start {
        /// The file.
        path: String,
        /// What the system says.
        errno: Errno,
    },
    /// A system call that is not there, where that is to end the run.
    #[error("system call {number} ({name}) at {pc:#x} of process {process} is not there")]
    UnknownCall {
        /// The process.
        process: i32,
        /// The number.
        number: u64,
        /// The name, if the platform has one for the number.
        name: String,
        /// The address of the instruction.
        pc: u64,
    },
    /// All threads wait, and nothing can wake one.
    #[error("all threads wait for ever: {0}")]
    Deadlock(String),
    /// Nothing was started.
    #[error("there is no process to run")]
    Empty,
    /// The emulator reports something that is no fault of the program.
    #[error(transparent)]
    Emulator(#[from] api::Error),
}

/// An address space on its emulator.
struct Space {
    emulator: Box<dyn Emulator>,
    /// The thread whose registers are in it.
    loaded: Option<Id>,
    /// Number and address of a system call that was met.
    met: Rc<Cell<Option<(u64, u64)>>>,
    /// The files of shared mappings, as they are in its memory.
    seen: BTreeMap<InodeId, u64>,
}

/// A Linux kernel with its processes.
///
/// ```no_run
/// use terrella_models::{FileSystem, linux::{Ending, ExitStatus, Options, Streams, System}};
/// # fn maker() -> terrella_models::linux::Maker { unimplemented!() }
///
/// let mut files = FileSystem::new();
/// files.write_program("/bin/hello", &std::fs::read("hello")?)?;
/// let (streams, output, _) = Streams::kept(b"");
/// let mut system = System::new(maker(), Options { files, streams, ..Options::default() });
/// system.start("/bin/hello", &["hello"], &["PATH=/bin"])?;
/// let ending = system.run(None, None)?;
/// assert_eq!(ending, Ending::Exited(ExitStatus::Code(0)));
/// assert_eq!(*output.borrow(), b"Hello, world!\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct System {
    kernel: Kernel,
    make: Maker,
    spaces: BTreeMap<SpaceId, Space>,
    scheduler: Box<dyn Scheduler>,
    unknown_calls: UnknownCalls,
    next_space: SpaceId,
    last_thread: Option<ThreadId>,
    last_space: Option<SpaceId>,
    faults: Vec<(i32, Fault)>,
}

impl std::fmt::Debug for System {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "System({} processes, {} threads, {} instructions)",
            self.kernel.processes.len(),
            self.kernel.threads.len(),
            self.kernel.clock.instructions
        )
    }
}

impl System {
    /// A system without processes.
    #[must_use]
    pub fn new(make: Maker, options: Options) -> Self {
        let clock = Clock {
            epoch: options.epoch,
            instructions: 0,
            idle: 0,
            real: options.real_time.then(Instant::now),
        };
        let mut kernel = Kernel::new(options.files, options.streams, options.seed, clock);
        kernel.trace = options.trace.map(|output| Trace::new(output, options.trace_only));
        Self {
            kernel,
            make,
            spaces: BTreeMap::new(),
            scheduler: options.scheduler,
            unknown_calls: options.unknown_calls,
            next_space: 1,
            last_thread: None,
            last_space: None,
            faults: Vec::new(),
        }
    }

    /// The files, to look at them or to change them.
    pub const fn files(&mut self) -> &mut FileSystem {
        &mut self.kernel.files
    }

    /// How many instructions all threads have executed together.
    #[must_use]
    pub const fn instructions(&self) -> u64 {
        self.kernel.clock.instructions
    }

    /// The faults that ended processes, with the process: what a signal was
    /// sent for that nothing handled.
    #[must_use]
    pub fn faults(&self) -> &[(i32, Fault)] {
        &self.faults
    }

    /// Starts the first process.
    ///
    /// # Errors
    /// [`Error::NotExecutable`], [`Error::Start`], [`Error::Emulator`].
    pub fn start<A: AsRef<[u8]>>(
        &mut self,
        path: &str,
        arguments: &[A],
        environment: &[A],
    ) -> Result<i32, Error> {
        self.start_in(path, arguments, environment, "/")
    }

    /// Starts the first process in a folder.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_in<A: AsRef<[u8]>>(
        &mut self,
        path: &str,
        arguments: &[A],
        environment: &[A],
        folder: &str,
    ) -> Result<i32, Error> {
        let failed = |errno| Error::Start { path: path.to_owned(), errno };
        self.kernel.files.now = self.kernel.clock.wall();
        let inode = self.kernel.files.find(path.as_bytes()).map_err(failed)?;
        let folder = self.kernel.files.find(folder.as_bytes()).map_err(failed)?;
        let content = self.kernel.files.content(inode).map_err(failed)?;
        let not = |reason: String| Error::NotExecutable { path: path.to_owned(), reason };
        let platform = match read_image(&content) {
            Ok(image) => image.platform,
            Err(NoProgram::NotExecutable(_)) if content.starts_with(b"#!") => Platform::X86_64,
            Err(NoProgram::NotExecutable(reason) | NoProgram::Platform(reason)) => return Err(not(reason)),
        };
        let abi = Abi::of(platform)
            .ok_or_else(|| not(format!("Linux programs of {platform} are not supported")))?;
        let id = self.kernel.new_id();
        let collect = |texts: &[A]| texts.iter().map(|text| text.as_ref().to_vec()).collect::<Vec<_>>();
        let mut process = first_process(id, platform, Arc::new(abi), folder);
        self.kernel.files.hold(folder);
        self.kernel.files.hold(ROOT);
        for stream in 0..3 {
            let flags = if stream == 0 { 0 } else { O_WRONLY };
            let kind = super::descriptions::Kind::Stream(stream);
            let description = self.kernel.add_description(kind, if stream == 0 { O_RDWR } else { flags });
            if let Some(it) = self.kernel.descriptions.get_mut(&description) {
                it.references = 1;
            }
            process.descriptors.insert(stream.into(), Descriptor { description, close_on_exec: false });
        }
        self.kernel.processes.insert(id, process);
        self.kernel.threads.insert(id, Thread::new(id, id, Vec::new()));
        self.kernel.terminal_group = id;
        let (arguments, environment) = (collect(arguments), collect(environment));
        match self.execute(id, inode, path.as_bytes().to_vec(), arguments, environment) {
            Ok(()) => Ok(id),
            Err(Failed::Error(errno)) => Err(failed(errno)),
            Err(Failed::Emulator(error)) => Err(error.into()),
        }
    }

    /// Runs until the first process has ended, or for so many instructions, or
    /// for so long at most.
    ///
    /// # Errors
    /// [`Error::Deadlock`], [`Error::UnknownCall`], [`Error::Emulator`]; faults of
    /// programs are signals to them.
    pub fn run(&mut self, instructions: Option<u64>, time: Option<Duration>) -> Result<Ending, Error> {
        let first = self.kernel.processes.keys().next().copied().ok_or(Error::Empty)?;
        let last = instructions.map(|count| self.kernel.clock.instructions.saturating_add(count));
        let begun = Instant::now();
        loop {
            match self.kernel.processes.get(&first) {
                Some(process) => {
                    if let Some(status) = process.ended {
                        return Ok(Ending::Exited(status));
                    }
                }
                None => return Err(Error::Empty),
            }
            if last.is_some_and(|last| self.kernel.clock.instructions >= last) {
                return Ok(Ending::InstructionLimit);
            }
            if time.is_some_and(|time| begun.elapsed() >= time) {
                return Ok(Ending::TimeLimit);
            }
            self.kernel.run_timers();
            self.retry_waiting()?;
            let ready: Vec<ThreadId> = self.ready();
            if ready.is_empty() {
                self.idle(first)?;
                continue;
            }
            let turn = self.scheduler.next(&ready, self.last_thread);
            let thread = if ready.contains(&turn.thread) { turn.thread } else { ready[0] };
            let mut count = turn.instructions.max(1);
            if let Some(last) = last {
                count = count.min(last - self.kernel.clock.instructions);
            }
            if let Some(at) = self.kernel.next_timer() {
                count = count.min(at.saturating_sub(self.kernel.clock.monotonic()).max(1));
            }
            self.last_thread = Some(thread);
            self.turn(thread, count)?;
        }
    }

    fn ready(&self) -> Vec<ThreadId> {
        let runs = |thread: &Thread| {
            thread.state == State::Ready
                && self
                    .kernel
                    .processes
                    .get(&thread.process)
                    .is_some_and(|process| process.ended.is_none() && process.stopped.is_none())
        };
        self.kernel.threads.values().filter(|thread| runs(thread)).map(|thread| thread.id).collect()
    }

    /// Nothing can run: time goes on to when something can.
    fn idle(&mut self, first: Id) -> Result<(), Error> {
        let waits = self.kernel.threads.values().filter_map(|thread| thread.call.as_ref()?.deadline);
        let now = self.kernel.clock.monotonic();
        let next = waits.chain(self.kernel.next_timer()).filter(|at| *at > now).min();
        let due =
            self.kernel.threads.values().any(|thread| {
                thread.call.as_ref().and_then(|call| call.deadline).is_some_and(|at| at <= now)
            });
        match next {
            _ if due => Ok(()),
            Some(at) if self.kernel.clock.real.is_some() => {
                std::thread::sleep(Duration::from_nanos(at - now));
                Ok(())
            }
            Some(at) => {
                self.kernel.clock.idle += at - now;
                Ok(())
            }
            None => {
                let names = self.kernel.threads.values().map(|thread| {
                    let process = self.kernel.processes.get(&thread.process);
                    let call = thread.call.as_ref().and_then(|call| {
                        process.and_then(|process| process.abi.convention.name_of(call.number))
                    });
                    match process.and_then(|process| process.stopped) {
                        Some((signal, _)) => format!("{} is stopped by {}", thread.id, signal_name(signal)),
                        None => format!("{} waits in {}", thread.id, call.unwrap_or("vfork")),
                    }
                });
                let text = names.collect::<Vec<_>>().join(", ");
                if text.is_empty() {
                    self.kernel.end_process(first, ExitStatus::Code(0));
                    return Ok(());
                }
                Err(Error::Deadlock(text))
            }
        }
    }

    // ---- turns

    fn turn(&mut self, thread: Id, count: u64) -> Result<(), Error> {
        self.load(thread)?;
        if !self.deliver_signals(thread)? {
            return Ok(());
        }
        let Some((process, space)) = self.place_of(thread) else { return Ok(()) };
        let Some(it) = self.spaces.get_mut(&space) else { return Ok(()) };
        let limits = Limits { instructions: Some(count), time: None, count: true };
        let result = it.emulator.run_with(&limits);
        let executed = it.emulator.instructions_executed().unwrap_or(0);
        let met = it.met.take();
        self.kernel.clock.instructions += executed;
        if let Some(thread) = self.kernel.threads.get_mut(&thread) {
            thread.instructions += executed;
        }
        match (result, met) {
            (Ok(Stop::Requested(_)), Some((number, address))) => self.call(thread, number, address),
            (Ok(Stop::InstructionLimit(pc)), _) => self.leave_helpers(thread, pc),
            (Ok(Stop::Halted(pc)), _) => {
                // A program may not stop the processor.
                let fault = Fault::InvalidInstruction { pc, bytes: Vec::new() };
                self.fault(process, thread, fault)
            }
            (Ok(_), _) => Ok(()),
            (Err(api::Error::Fault(fault)), _) => self.fault(process, thread, fault),
            (Err(error), _) => Err(error.into()),
        }
    }

    /// ARM's helpers are not interrupted: the kernel would begin them again.
    fn leave_helpers(&mut self, thread: Id, pc: u64) -> Result<(), Error> {
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

    fn place_of(&self, thread: Id) -> Option<(Id, SpaceId)> {
        let process = self.kernel.threads.get(&thread)?.process;
        Some((process, self.kernel.processes.get(&process)?.space))
    }

    /// Puts the registers of a thread into the emulator of its space.
    fn load(&mut self, thread: Id) -> Result<(), Error> {
        let Some((process, space)) = self.place_of(thread) else { return Ok(()) };
        self.enter_space(process, space)?;
        let Some(it) = self.spaces.get_mut(&space) else { return Ok(()) };
        if it.loaded == Some(thread) {
            return Ok(());
        }
        if let Some(old) = it.loaded.and_then(|old| self.kernel.threads.get_mut(&old)) {
            old.registers = frame::save(it.emulator.as_ref());
        }
        if let Some(new) = self.kernel.threads.get(&thread) {
            frame::load(it.emulator.as_mut(), &new.registers)?;
            let segment = self.kernel.processes.get(&process).map(|process| process.abi.thread_pointer);
            if let Some(ThreadPointer::Segment(_)) = segment {
                segments::describe(it.emulator.as_mut(), 12, new.thread_pointer as u32)?;
            }
            if self.kernel.processes.get(&process).is_some_and(|process| process.platform == Platform::ARMV5T)
            {
                it.emulator.write_integer(0xffff_0ff0, new.thread_pointer.into(), 4)?;
            }
        }
        it.loaded = Some(thread);
        Ok(())
    }

    /// Another space runs: what it shares with others is made the same.
    fn enter_space(&mut self, process: Id, space: SpaceId) -> Result<(), Error> {
        if self.last_space == Some(space) {
            return Ok(());
        }
        if let Some(old) = self.last_space {
            self.write_back_shared(old);
        }
        self.last_space = Some(space);
        let Some(areas) = self.kernel.spaces.get(&space) else { return Ok(()) };
        let shared: Vec<(u64, u64, InodeId, u64)> = areas
            .iter()
            .filter(|(_, area)| area.shared)
            .filter_map(|(start, area)| {
                let (inode, offset) = area.file?;
                Some((start, area.end, inode, offset))
            })
            .collect();
        let _ = process;
        let Some(it) = self.spaces.get_mut(&space) else { return Ok(()) };
        for (start, end, inode, offset) in shared {
            let version = self.kernel.files.inode(inode).version;
            if it.seen.get(&inode) == Some(&version) {
                continue;
            }
            if let Ok(content) = self.kernel.files.content(inode) {
                let from = (offset as usize).min(content.len());
                let to = from.saturating_add((end - start) as usize).min(content.len());
                it.emulator.write_memory(start, &content[from..to])?;
            }
        }
        let versions: Vec<(InodeId, u64)> = self
            .kernel
            .spaces
            .get(&space)
            .into_iter()
            .flat_map(AddressSpace::iter)
            .filter_map(|(_, area)| area.file.filter(|_| area.shared))
            .map(|(inode, _)| (inode, self.kernel.files.inode(inode).version))
            .collect();
        it.seen.extend(versions);
        Ok(())
    }

    fn write_back_shared(&mut self, space: SpaceId) {
        let process = self.kernel.processes.values().find(|process| process.space == space).map(|it| it.id);
        let (Some(process), Some(it)) = (process, self.spaces.get_mut(&space)) else { return };
        let Some(abi) = self.kernel.processes.get(&process).map(|process| process.abi.clone()) else {
            return;
        };
        let mut task = Task {
            kernel: &mut self.kernel,
            emulator: it.emulator.as_mut(),
            thread: process,
            process,
            abi,
            arguments: [0; 8],
        };
        // A file that grew too large keeps what it has.
        let _ = task.write_back(0, u64::MAX);
        let versions: Vec<(InodeId, u64)> = self
            .kernel
            .spaces
            .get(&space)
            .into_iter()
            .flat_map(AddressSpace::iter)
            .filter_map(|(_, area)| area.file.filter(|_| area.shared))
            .map(|(inode, _)| (inode, self.kernel.files.inode(inode).version))
            .collect();
        it.seen.extend(versions);
    }

    /// Delivers the signals of a thread that is loaded; `false` if it does not
    /// go on.
    fn deliver_signals(&mut self, thread: Id) -> Result<bool, Error> {
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
                Err(_) => {
                    self.end(process, ExitStatus::Signal(SIGSEGV as u8));
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// A fault of the program is a signal to it.
    fn fault(&mut self, process: Id, thread: Id, fault: Fault) -> Result<(), Error> {
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
        let bit = super::signals::bit(signal);
        let Some(it) = self.kernel.processes.get_mut(&process) else { return Ok(()) };
        let handled = it.actions[usize::from(signal)].handler > SIG_IGN;
        let blocked = self.kernel.threads.get(&thread).is_some_and(|thread| thread.mask & bit != 0);
        if !handled || blocked {
            if let Some(trace) = &self.kernel.trace {
                trace.line(thread, &format!("--- {} at {value:#x}: {fault} ---", signal_name(signal)));
            }
            self.faults.push((process, fault));
            self.end(process, ExitStatus::Signal(signal));
            return Ok(());
        }
        self.kernel.signal_thread(thread, SignalInfo { number: signal, code, sender: 0, value });
        Ok(())
    }

    /// The signal of an exception that is none of memory or arithmetic.
    fn interrupt_signal(&self, process: Id, number: u64, pc: u64) -> (u64, i32, u64) {
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

    fn trap_code(&self, process: Id, pc: u64) -> Option<u64> {
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

    fn end(&mut self, process: Id, status: ExitStatus) {
        if let Some(space) = self.kernel.processes.get(&process).map(|process| process.space) {
            for thread in self.kernel.threads_of(process) {
                self.end_task_state(thread);
            }
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
    fn end_task_state(&mut self, thread: Id) {
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

    fn drop_space(&mut self, space: SpaceId) {
        if self.kernel.processes.values().any(|process| process.space == space) {
            if let Some(it) = self.spaces.get_mut(&space) {
                it.loaded = it.loaded.filter(|thread| self.kernel.threads.contains_key(thread));
            }
            return;
        }
        if self.spaces.contains_key(&space) {
            self.write_back_shared_of(space);
        }
        self.spaces.remove(&space);
        if self.last_space == Some(space) {
            self.last_space = None;
        }
        if let Some(areas) = self.kernel.spaces.remove(&space) {
            for inode in areas.held {
                self.kernel.files.let_go(inode);
            }
        }
    }

    /// As [`Self::write_back_shared`], of a space that no process has any more.
    fn write_back_shared_of(&mut self, space: SpaceId) {
        let Some(it) = self.spaces.get_mut(&space) else { return };
        let Some(areas) = self.kernel.spaces.get(&space) else { return };
        let shared: Vec<(u64, u64, InodeId, u64)> = areas
            .iter()
            .filter(|(_, area)| area.shared && area.protection & PROT_WRITE != 0)
            .filter_map(|(start, area)| area.file.map(|(inode, offset)| (start, area.end, inode, offset)))
            .collect();
        for (start, end, inode, offset) in shared {
            let size = self.kernel.files.inode(inode).size();
            let length = (end - start).min(size.saturating_sub(offset));
            if let Ok(bytes) = it.emulator.read_bytes(start, length) {
                let _ = self.kernel.files.write_at(inode, offset, &bytes);
            }
        }
    }

    // ---- system calls

    fn call(&mut self, thread: Id, number: u64, address: u64) -> Result<(), Error> {
        if let Some(it) = self.kernel.threads.get_mut(&thread) {
            it.call = Some(PendingCall {
                number,
                address,
                deadline: None,
                woken: false,
                futex: None,
                done: 0,
                tried_at: 0,
                arguments: None,
            });
        }
        self.try_call(thread)
    }

    /// Makes the call that a thread is at, or makes it again.
    fn try_call(&mut self, thread: Id) -> Result<(), Error> {
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
    fn finish_call(&mut self, thread: Id, result: Result<u64, Errno>) -> Result<(), Error> {
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

    fn unknown_call(&mut self, thread: Id, number: u64, address: u64) -> Result<(), Error> {
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
        let seen = self.kernel.unknown.entry(format!("{name} {number}")).or_insert(0);
        *seen += 1;
        if *seen == 1 {
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
    fn retry_waiting(&mut self) -> Result<(), Error> {
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
                    running
                        && thread.call.as_ref().is_some_and(|call| {
                            call.tried_at != changes || call.deadline.is_some_and(|at| at <= now)
                        })
                        || running && self.kernel.next_signal(thread.id).is_some()
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
                if let Some((process, space)) = self.place_of(thread) {
                    self.enter_space(process, space)?;
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

    // ---- what only the system can do

    fn act(&mut self, thread: Id, action: Action) -> Result<(), Error> {
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

    fn clone_thread(&mut self, thread: Id, request: CloneRequest) -> Result<Id, Refusal> {
        let (process, space) = self.place_of(thread).ok_or(Errno::ESRCH)?;
        if self.kernel.threads.len() >= 4096 {
            return Err(Errno::EAGAIN.into());
        }
        let id = self.kernel.new_id();
        let new_thread = request.flags & CLONE_THREAD != 0;
        let shares_memory = request.flags & CLONE_VM != 0;
        let child_space = if shares_memory { space } else { self.copy_space(process, space)? };
        let old = self.kernel.threads.get(&thread).ok_or(Errno::ESRCH)?;
        let mut child = Thread::new(
            id,
            if new_thread { id_of_group(&self.kernel, process) } else { id },
            old.name.clone(),
        );
        child.mask = old.mask;
        child.thread_pointer = old.thread_pointer;
        child.frames = if shares_memory { Vec::new() } else { old.frames.clone() };
        if !shares_memory || request.flags & CLONE_VFORK != 0 {
            child.alternate = old.alternate;
        }
        // The registers of the child: those of its parent, with another
        // result, stack and thread pointer.
        let it = self.spaces.get_mut(&space).ok_or(Errno::ESRCH)?;
        let owner = self.kernel.processes.get(&process).ok_or(Errno::ESRCH)?;
        let (abi, platform) = (owner.abi.clone(), owner.platform);
        let before = frame::save(it.emulator.as_ref());
        let emulator = it.emulator.as_mut();
        calls::set_result(&abi, emulator, Ok(0))?;
        if request.stack != 0 {
            emulator.write_register(emulator.definition().stack_pointer, request.stack)?;
        }
        if matches!(platform, Platform::SPARC | Platform::SPARC64) {
            emulator.write_register("o1", 1_u64)?;
        }
        self.kernel.threads.insert(id, child);
        if !new_thread {
            self.add_process(id, process, child_space, request)?;
        }
        if request.flags & CLONE_SETTLS != 0 {
            self.set_tls(id, process, space, abi.clone(), request.tls)?;
        }
        let it = self.spaces.get_mut(&space).ok_or(Errno::ESRCH)?;
        let registers = frame::save(it.emulator.as_ref());
        frame::load(it.emulator.as_mut(), &before)?;
        if let (ThreadPointer::Segment(_), Some(parent)) =
            (abi.thread_pointer, self.kernel.threads.get(&thread))
        {
            segments::describe(it.emulator.as_mut(), 12, parent.thread_pointer as u32)?;
        }
        if let Some(child) = self.kernel.threads.get_mut(&id) {
            child.registers = registers;
            if request.flags & CLONE_CHILD_CLEARTID != 0 {
                child.clear_child_tid = request.child_tid;
            }
        }
        let tid = id as u32;
        for (flag, address, where_space) in [
            (CLONE_PARENT_SETTID, request.parent_tid, space),
            (CLONE_CHILD_SETTID, request.child_tid, child_space),
        ] {
            if request.flags & flag != 0
                && let Some(it) = self.spaces.get_mut(&where_space)
            {
                // A place that cannot be written is left.
                let _ = it.emulator.write_integer(address, tid.into(), 4);
            }
        }
        if request.flags & CLONE_VFORK != 0
            && let Some(child) = self.kernel.processes.get_mut(&id)
        {
            child.vfork_waiter = Some(thread);
        }
        Ok(id)
    }

    /// Sets the thread pointer of a new thread, as its creator asked: i386 gives
    /// a `user_desc`, the others the value.
    fn set_tls(
        &mut self,
        thread: Id,
        process: Id,
        space: SpaceId,
        abi: Arc<Abi>,
        tls: u64,
    ) -> Result<(), Refusal> {
        let it = self.spaces.get_mut(&space).ok_or(Errno::ESRCH)?;
        let value = match abi.thread_pointer {
            ThreadPointer::Segment(_) => it.emulator.read_integer(tls.wrapping_add(4), 4)? as u64,
            _ => tls,
        };
        let process = self.kernel.threads.get(&thread).map_or(process, |thread| thread.process);
        let emulator = it.emulator.as_mut();
        let mut task = Task { kernel: &mut self.kernel, emulator, thread, process, abi, arguments: [0; 8] };
        let old = task.emulator.read_integer(0xffff_0ff0, 4).ok();
        task.set_thread_pointer(value)?;
        // The word that ARM's helper reads is that of the thread that runs.
        if let Some(old) = old {
            let _ = task.emulator.write_integer(0xffff_0ff0, old, 4);
        }
        Ok(())
    }

    fn add_process(
        &mut self,
        id: Id,
        parent: Id,
        space: SpaceId,
        request: CloneRequest,
    ) -> Result<(), Errno> {
        let old = self.kernel.processes.get(&parent).ok_or(Errno::ESRCH)?;
        let mut child = old.clone();
        child.id = id;
        child.parent = if request.flags & CLONE_PARENT != 0 { old.parent } else { parent };
        child.space = space;
        child.pending = Vec::new();
        child.real_timer = IntervalTimer::default();
        child.timers = BTreeMap::new();
        child.ended = None;
        child.stopped = None;
        child.continued = false;
        child.exit_signal = request.exit_signal;
        child.vfork_waiter = None;
        child.instructions = 0;
        child.children_instructions = 0;
        let held: Vec<u64> = child.descriptors.values().map(|descriptor| descriptor.description).collect();
        let (folder, root) = (child.folder, child.root);
        for description in held {
            if let Some(it) = self.kernel.descriptions.get_mut(&description) {
                it.references += 1;
            }
        }
        self.kernel.files.hold(folder);
        self.kernel.files.hold(root);
        self.kernel.processes.insert(id, child);
        Ok(())
    }

    /// A copy of a space on an emulator of its own.
    fn copy_space(&mut self, process: Id, space: SpaceId) -> Result<SpaceId, Refusal> {
        self.write_back_shared(space);
        let platform = self.kernel.process(process)?.platform;
        let mut emulator = (self.make)(platform)?;
        let old = self.spaces.get(&space).ok_or(Errno::ESRCH)?;
        let mut chunk = vec![0; 1 << 16];
        for region in old.emulator.memory_map() {
            emulator.map_memory_with(region.range, region.permissions, Overlap::Refuse)?;
            let mut here = region.range.first();
            loop {
                let left = region.range.last() - here;
                let size = left.saturating_add(1).min(chunk.len() as u64) as usize;
                old.emulator.read_memory(here, &mut chunk[..size])?;
                if chunk[..size].iter().any(|byte| *byte != 0) {
                    emulator.write_code(here, &chunk[..size])?;
                }
                match here.checked_add(size as u64) {
                    Some(next) if next <= region.range.last() => here = next,
                    _ => break,
                }
            }
        }
        if platform == Platform::I386 {
            for register in ["gdtr_base", "gdtr_limit"] {
                let value = old.emulator.read_register(register)?;
                emulator.write_register(register, value)?;
            }
        }
        let areas = self.kernel.spaces.get(&space).ok_or(Errno::ESRCH)?.clone();
        for inode in &areas.held {
            self.kernel.files.hold(*inode);
        }
        let seen = self.spaces.get(&space).map(|it| it.seen.clone()).unwrap_or_default();
        let id = self.add_space(emulator, areas)?;
        if let Some(it) = self.spaces.get_mut(&id) {
            it.seen = seen;
        }
        Ok(id)
    }

    fn add_space(
        &mut self,
        mut emulator: Box<dyn Emulator>,
        areas: AddressSpace,
    ) -> Result<SpaceId, api::Error> {
        let met: Rc<Cell<Option<(u64, u64)>>> = Rc::default();
        let note = met.clone();
        emulator.hook_syscalls(move |emulator, number| {
            note.set(Some((number, emulator.program_counter())));
            Ok(Flow::Stop)
        })?;
        let id = self.next_space;
        self.next_space += 1;
        self.spaces.insert(id, Space { emulator, loaded: None, met, seen: BTreeMap::new() });
        self.kernel.spaces.insert(id, areas);
        Ok(id)
    }

    /// Another program takes the place of what a thread's process runs.
    fn execute(
        &mut self,
        thread: Id,
        inode: InodeId,
        path: Vec<u8>,
        arguments: Vec<Vec<u8>>,
        environment: Vec<Vec<u8>>,
    ) -> Result<(), Failed> {
        let (process, old_space) = self.place_of(thread).ok_or(Errno::ESRCH)?;
        let (inode, path, arguments) = self.resolve_scripts(process, inode, path, arguments)?;
        let content = self.kernel.files.content(inode)?;
        let image = read_image(&content).map_err(|error| self.not_executable(&path, error))?;
        let abi = Arc::new(Abi::of(image.platform).ok_or(Errno::ENOEXEC)?);
        let root = self.kernel.process(process)?.root;
        let interpreter = match &image.interpreter {
            Some(path) => {
                let inode = self.kernel.files.walk(root, root, path, true)?.inode.ok_or(Errno::ENOENT)?;
                let content = self.kernel.files.content(inode)?;
                let image = read_image(&content).map_err(|error| self.not_executable(path, error))?;
                Some((path.clone(), inode, content, image))
            }
            None => None,
        };
        let mut emulator = (self.make)(image.platform)?;
        let mut random = [0; 16];
        random.copy_from_slice(&self.kernel.random_bytes(16));
        let who = self.kernel.process(process)?.credentials.clone();
        let start = Start {
            abi: &abi,
            program: Program { image: &image, bytes: &content, inode, path: &path },
            interpreter: interpreter.as_ref().map(|(path, inode, content, image)| Program {
                image,
                bytes: content,
                inode: *inode,
                path,
            }),
            arguments: &arguments,
            environment: &environment,
            random,
            user: (who.user[0], who.user[1], who.group[0], who.group[1]),
        };
        if image.platform == Platform::I386 {
            segments::prepare(emulator.as_mut())?;
        }
        let mut started = start.begin(emulator.as_mut())?;
        started.space.held.insert(inode);
        started.space.held.extend(interpreter.as_ref().map(|(_, inode, ..)| *inode));
        for inode in &started.space.held {
            self.kernel.files.hold(*inode);
        }
        let space = self.add_space(emulator, started.space)?;
        // From here on nothing fails: the old program is gone.
        for other in self.kernel.threads_of(process).into_iter().filter(|other| *other != thread) {
            self.kernel.end_thread(other);
        }
        if old_space != 0 {
            self.end_task_state(thread);
        }
        let name: Vec<u8> =
            path.rsplit(|byte| *byte == b'/').next().unwrap_or_default().iter().copied().take(15).collect();
        let old = self
            .kernel
            .threads
            .remove(&thread)
            .map_or_else(|| Thread::new(process, process, Vec::new()), |old| old);
        let mut new = Thread::new(process, process, name);
        new.mask = old.mask;
        new.pending = old.pending;
        new.instructions = old.instructions;
        self.kernel.threads.insert(process, new);
        let full = self.kernel.files.any_path(inode).unwrap_or(path);
        let it = self.kernel.process_mut(process)?;
        it.space = space;
        it.platform = image.platform;
        it.abi = abi;
        it.executable = full;
        it.arguments = arguments;
        it.environment = environment;
        it.auxiliary = started.auxiliary;
        it.signal_return = started.signal_return;
        it.elf_flags = interpreter.as_ref().map_or(image.flags, |(.., image)| image.flags);
        it.timers.clear();
        for action in &mut it.actions {
            let handler = if action.handler == SIG_IGN { SIG_IGN } else { SIG_DFL };
            *action = SignalAction { handler, ..SignalAction::default() };
        }
        let closed: Vec<i32> =
            it.descriptors.iter().filter(|(_, it)| it.close_on_exec).map(|(fd, _)| *fd).collect();
        for fd in closed {
            self.kernel.close(process, fd)?;
        }
        self.kernel.end_vfork(process);
        if let Some(it) = self.spaces.get_mut(&space) {
            it.loaded = Some(process);
        }
        if self.last_thread == Some(thread) {
            self.last_thread = Some(process);
        }
        self.drop_space(old_space);
        self.kernel.changed();
        Ok(())
    }

    fn not_executable(&mut self, path: &[u8], error: NoProgram) -> Errno {
        if let NoProgram::Platform(reason) = error {
            let text = format!("terrella: {}: {reason}\n", String::from_utf8_lossy(path));
            let _ = self.kernel.streams.write(2, text.as_bytes());
        }
        Errno::ENOEXEC
    }

    /// Follows `#!` lines to the program that reads the script (execve(2)).
    #[allow(clippy::type_complexity, reason = "the three things that a script changes")]
    fn resolve_scripts(
        &mut self,
        process: Id,
        inode: InodeId,
        path: Vec<u8>,
        arguments: Vec<Vec<u8>>,
    ) -> Result<(InodeId, Vec<u8>, Vec<Vec<u8>>), Errno> {
        let (mut inode, mut path, mut arguments) = (inode, path, arguments);
        for _ in 0..5 {
            let content = self.kernel.files.content(inode)?;
            let Some(line) = content.strip_prefix(b"#!") else { return Ok((inode, path, arguments)) };
            let line: Vec<u8> = line.iter().copied().take(255).take_while(|byte| *byte != b'\n').collect();
            let text = line.trim_ascii();
            let end = text.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(text.len());
            let interpreter = text[..end].to_vec();
            if interpreter.is_empty() {
                return Err(Errno::ENOEXEC);
            }
            let rest = text[end..].trim_ascii().to_vec();
            let mut new = vec![interpreter.clone()];
            if !rest.is_empty() {
                new.push(rest);
            }
            new.push(path);
            new.extend(arguments.into_iter().skip(1));
            arguments = new;
            let it = self.kernel.process(process)?;
            let (folder, root) = (it.folder, it.root);
            inode = self.kernel.files.walk(folder, root, &interpreter, true)?.inode.ok_or(Errno::ENOENT)?;
            path = interpreter;
        }
        Err(Errno::ELOOP)
    }
}

fn id_of_group(kernel: &Kernel, process: Id) -> Id {
    kernel.processes.get(&process).map_or(process, |process| process.id)
}

fn first_process(id: Id, platform: Platform, abi: Arc<Abi>, folder: InodeId) -> Process {
    let unlimited = (u64::MAX, u64::MAX);
    let mut limits = [unlimited; 16];
    limits[3] = (8 << 20, u64::MAX);
    limits[4] = (0, u64::MAX);
    limits[6] = (4096, 4096);
    limits[7] = (OPEN_LIMIT, 1 << 20);
    Process {
        id,
        parent: 0,
        group: id,
        session: id,
        platform,
        abi,
        space: 0,
        descriptors: BTreeMap::new(),
        folder,
        root: ROOT,
        umask: 0o022,
        actions: [SignalAction::default(); 65],
        pending: Vec::new(),
        real_timer: IntervalTimer::default(),
        timers: BTreeMap::new(),
        ended: None,
        stopped: None,
        continued: false,
        exit_signal: 0,
        vfork_waiter: None,
        executable: Vec::new(),
        arguments: Vec::new(),
        environment: Vec::new(),
        auxiliary: Vec::new(),
        limits,
        signal_return: 0,
        elf_flags: 0,
        dumpable: 1,
        subreaper: false,
        instructions: 0,
        children_instructions: 0,
        credentials: Credentials::default(),
    }
}
