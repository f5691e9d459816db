//! [`System`]: runs processes and threads on emulators.

mod programs;
mod requests;
mod saved;
mod spaces;
mod turns;

pub(crate) use programs::first_process;
pub use saved::{Attach, SystemState};
pub(crate) use saved::{check_kernel, check_signals};

use std::{
    cell::Cell,
    collections::BTreeMap,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{self as api, Emulator, Fault};
use terrella_platforms::Platform;

use super::{
    ThreadId,
    abi::{
        Abi,
        generic::{O_RDWR, O_WRONLY},
    },
    kernel::{Clock, Kernel},
    process::{Descriptor, ExitStatus, Id, SpaceId, State, Thread},
    scheduler::{RoundRobin, Scheduler},
    start::{Failed, NoProgram, read_image},
    strace::{Trace, TraceOutput, signal_name},
    streams::Streams,
};
use crate::{
    errno::Errno,
    files::{EPOCH, FileSystem, InodeId, ROOT},
};

/// Makes an emulator of a platform: a system needs one for each address space.
pub type Maker = Box<dyn Fn(Platform) -> api::Result<Box<dyn Emulator>>>;

/// How often time may go on without a thread that can run then.
const MOST_IDLE: u64 = 1_000_000;

/// What happens at a system call that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// The most bytes of memory that can be accessed which a process may map;
    /// beyond is `ENOMEM`. What it only reserves does not count.
    pub memory: u64,
    /// Is called where a fault ends a process.
    pub on_crash: Option<OnCrash>,
}

impl Default for Options {
    /// Usual files, the streams of the host, the first of January 2024, turns of
    /// 100,000 instructions, no trace, 16 GiB for each process.
    fn default() -> Self {
        Self {
            files: FileSystem::new(),
            streams: Streams::host(),
            epoch: EPOCH,
            real_time: false,
            seed: 0x7465_7272_656c_6c61,
            scheduler: Box::new(RoundRobin::default()),
            trace: None,
            trace_only: Vec::new(),
            unknown_calls: UnknownCalls::default(),
            memory: 16 << 30,
            on_crash: None,
        }
    }
}

/// A process that a fault ends, while all of it is still there: for reports.
pub struct Crash<'a> {
    /// The process.
    pub process: i32,
    /// The thread that faulted.
    pub thread: ThreadId,
    /// The signal that ends it, by its generic number.
    pub signal: u8,
    /// The fault.
    pub fault: &'a Fault,
    /// Its memory, and the registers of the thread.
    pub emulator: &'a dyn Emulator,
    /// What is mapped, with the names that `/proc/self/maps` has.
    pub mappings: Vec<(api::AddressRange, String)>,
    /// The files whose beginning is mapped: where, their name and content.
    pub files: Vec<(u64, String, Arc<Vec<u8>>)>,
}

impl std::fmt::Debug for Crash<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Crash(process {}, {})", self.process, self.fault)
    }
}

/// Looks at a process that a fault ends.
pub type OnCrash = Box<dyn FnMut(&Crash<'_>)>;

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
    /// A saved system shows a folder or file of the host that is not there.
    #[error("{guest} shows {host} of the host: {errno}")]
    Mount {
        /// Where the guest has it.
        guest: String,
        /// Where the host should have it.
        host: std::path::PathBuf,
        /// What the host says.
        errno: Errno,
    },
    /// A system whose scheduler is not [`RoundRobin`] is loaded without one.
    #[error("the saved system had a scheduler of its own, which has to be given again")]
    NoScheduler,
    /// The machine of a system cannot be written or read, or has none.
    #[error(transparent)]
    Machine(#[from] terrella_machine_state::Error),
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
    memory: u64,
    on_crash: Option<OnCrash>,
    next_space: SpaceId,
    last_thread: Option<ThreadId>,
    last_space: Option<SpaceId>,
    faults: Vec<(i32, Fault)>,
    /// A turn that the end of a run cut short: the thread, and at how many
    /// instructions of all it ends.
    cut: Option<(ThreadId, u64)>,
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
            memory: options.memory,
            on_crash: options.on_crash,
            next_space: 1,
            last_thread: None,
            last_space: None,
            faults: Vec::new(),
            cut: None,
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
        let mut process = programs::first_process(id, platform, Arc::new(abi), folder);
        self.kernel.files.hold(folder);
        self.kernel.files.hold(ROOT);
        for stream in 0..3 {
            let flags = if stream == 0 { 0 } else { O_WRONLY };
            let kind = crate::linux::descriptions::Kind::Stream(stream);
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
    /// for so long at most. A run that goes on after a limit of instructions is
    /// the same as one without it.
    ///
    /// # Errors
    /// [`Error::Deadlock`], [`Error::UnknownCall`], [`Error::Emulator`]; faults of
    /// programs are signals to them.
    pub fn run(&mut self, instructions: Option<u64>, time: Option<Duration>) -> Result<Ending, Error> {
        let first = self.kernel.processes.keys().next().copied().ok_or(Error::Empty)?;
        let last = instructions.map(|count| self.kernel.clock.instructions.saturating_add(count));
        let begun = Instant::now();
        let mut idle = 0;
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
            // A turn that was cut short goes on before anything else is done.
            if let Some((thread, end)) = self.cut.take() {
                let count = end.saturating_sub(self.kernel.clock.instructions);
                if count > 0 && self.runs(thread) {
                    self.limited_turn(thread, count, last)?;
                    continue;
                }
            }
            self.kernel.run_timers();
            self.retry_waiting()?;
            let ready: Vec<ThreadId> = self.ready();
            if ready.is_empty() {
                let left = time.map(|time| time.saturating_sub(begun.elapsed()));
                self.idle(first, left)?;
                idle += 1;
                if idle > MOST_IDLE {
                    return Err(Error::Deadlock("timers run out again and again".to_owned()));
                }
                continue;
            }
            idle = 0;
            let turn = self.scheduler.next(&ready, self.last_thread);
            let thread = if ready.contains(&turn.thread) { turn.thread } else { ready[0] };
            let mut count = turn.instructions.max(1);
            if let Some(at) = self.kernel.next_timer() {
                count = count.min(at.saturating_sub(self.kernel.clock.monotonic()).max(1));
            }
            if let Some(left) = self.kernel.own_time_left(thread) {
                count = count.min(left.max(1));
            }
            self.last_thread = Some(thread);
            self.limited_turn(thread, count, last)?;
        }
    }

    /// A turn, within the instructions that are left of the run: if it is cut
    /// short, the rest of it comes first in the next one.
    fn limited_turn(&mut self, thread: ThreadId, count: u64, last: Option<u64>) -> Result<(), Error> {
        let now = self.kernel.clock.instructions;
        let end = now.saturating_add(count);
        let left = last.map_or(u64::MAX, |last| last.saturating_sub(now));
        let whole = self.turn(thread, count.min(left))?;
        if whole && count > left {
            self.cut = Some((thread, end));
        }
        Ok(())
    }

    fn runs(&self, thread: ThreadId) -> bool {
        self.ready().contains(&thread)
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

    /// Nothing can run: time goes on to when something can; real time for at
    /// most so long.
    fn idle(&mut self, first: Id, most: Option<Duration>) -> Result<(), Error> {
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
                let wait = Duration::from_nanos(at - now);
                std::thread::sleep(most.map_or(wait, |most| wait.min(most)));
                Ok(())
            }
            Some(at) => {
                self.kernel.clock.idle = self.kernel.clock.idle.saturating_add(at - now);
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

    fn place_of(&self, thread: Id) -> Option<(Id, SpaceId)> {
        let process = self.kernel.threads.get(&thread)?.process;
        Some((process, self.kernel.processes.get(&process)?.space))
    }
}
