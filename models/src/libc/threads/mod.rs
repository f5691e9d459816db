//! Threads inside one emulator: `pthread.h` and `semaphore.h`.
//!
//! A thread is a set of registers with a stack from the heap. Threads are
//! switched where one has to wait, or yields, or ends: what blocks is tried
//! again when another thread has called something since. So every run is the
//! same, and a program that spins without calling anything spins for ever.

mod attributes;
mod lives;
mod locks;
mod notices;
mod semaphores;
mod specific;
mod standard;
mod turns;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use terrella_machine_state::{ArgumentValue, RegisterValue};

use super::{
    context::Context,
    error::Result,
    nested::{Continuation, Frame},
    types::{CType, Header, Ptr, Reply},
};
use crate::{
    errno::Errno,
    linux::{
        process::{PendingCall, SignalInfo},
        signals::bit,
    },
};

pub(crate) use notices::{Notice, Slept};

/// The headers of this folder.
pub(crate) const HEADERS: &[&Header] = &[
    &lives::HEADER,
    &lives::ATTRIBUTES,
    &attributes::HEADER[0],
    &attributes::HEADER[1],
    &attributes::HEADER[2],
    &locks::HEADER,
    &locks::OTHERS,
    &semaphores::HEADER,
    &specific::HEADER,
    &standard::HEADER,
];

/// Bytes of a thread's stack.
const STACK: u64 = 256 << 10;
/// So many threads there can be.
const MOST: usize = 1024;

/// What a thread is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Status {
    /// It has not begun: its function and its argument; whether the function
    /// returns an `int`.
    New { function: u64, argument: u64, is_integer: bool },
    /// It can run, or try again what it waits for.
    Waiting,
    /// It has ended, with this result.
    Ended(u64),
}

/// A thread.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Thread {
    status: Status,
    registers: Vec<(String, RegisterValue)>,
    frames: Vec<Frame>,
    stack: u64,
    detached: bool,
    /// How far the program was when it last tried.
    tried_at: u64,
    /// Until when it waits at most, in nanoseconds of the monotonic clock.
    deadline: Option<u64>,
    /// Until when it sleeps.
    #[serde(default)]
    pub(super) sleeps_until: Option<u64>,
    /// What is left of a system call that waits, and the address of the call.
    #[serde(default)]
    begun: Option<(u64, PendingCall)>,
    /// How much of the output of a model that has to wait is written, and the
    /// address of the call.
    #[serde(default)]
    output: Option<(u64, usize)>,
    /// Its signals, while another thread runs: those that are held back, those
    /// that wait for it alone, and what was held back before a call that has
    /// its own.
    #[serde(default)]
    mask: u64,
    #[serde(default)]
    pending: Vec<SignalInfo>,
    #[serde(default)]
    old_mask: Option<u64>,
    /// What was held back before it began to wait for a signal.
    #[serde(default)]
    pub(super) suspended: Option<u64>,
    /// It has been woken: by a condition, a barrier, or a turn of its own.
    woken: bool,
    /// The call that it goes on with has been made before.
    #[serde(default)]
    pub(super) again: bool,
    cancelled: bool,
    specific: BTreeMap<u32, u64>,
    errno: i64,
    name: String,
}

impl Thread {
    const fn new(status: Status) -> Self {
        Self {
            status,
            registers: Vec::new(),
            frames: Vec::new(),
            stack: 0,
            detached: false,
            tried_at: 0,
            deadline: None,
            sleeps_until: None,
            begun: None,
            output: None,
            mask: 0,
            pending: Vec::new(),
            old_mask: None,
            suspended: None,
            woken: false,
            again: false,
            cancelled: false,
            specific: BTreeMap::new(),
            errno: 0,
            name: String::new(),
        }
    }
}

/// A mutex that is known: others are free.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Mutex {
    owner: Option<u64>,
    count: u32,
    kind: i32,
}

/// A lock for readers and writers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Lock {
    writer: Option<u64>,
    readers: Vec<u64>,
}

/// A barrier.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Barrier {
    count: u32,
    arrived: Vec<u64>,
}

/// All threads of a program, and what they wait at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Threads {
    all: BTreeMap<u64, Thread>,
    current: u64,
    next: u64,
    /// Counts calls that did not wait.
    progress: u64,
    mutexes: BTreeMap<u64, Mutex>,
    locks: BTreeMap<u64, Lock>,
    conditions: BTreeMap<u64, VecDeque<u64>>,
    barriers: BTreeMap<u64, Barrier>,
    /// Functions that are being called by `pthread_once`.
    onces: BTreeMap<u64, bool>,
    /// Keys of data of threads: their destructors.
    keys: BTreeMap<u32, u64>,
    /// Named semaphores: where the process has their files.
    semaphores: BTreeMap<String, u64>,
    /// Functions of threads that timers begin, with their values.
    #[serde(default)]
    notices: BTreeMap<i32, (u64, u64)>,
    /// The state of the kernel when threads last looked at it.
    #[serde(default)]
    seen: u64,
}

/// The first thread.
const MAIN: u64 = 1;

impl Default for Threads {
    fn default() -> Self {
        Self {
            all: BTreeMap::from([(MAIN, Thread::new(Status::Waiting))]),
            current: MAIN,
            next: MAIN + 1,
            progress: 1,
            mutexes: BTreeMap::new(),
            locks: BTreeMap::new(),
            conditions: BTreeMap::new(),
            barriers: BTreeMap::new(),
            onces: BTreeMap::new(),
            keys: BTreeMap::new(),
            semaphores: BTreeMap::new(),
            notices: BTreeMap::new(),
            seen: 0,
        }
    }
}

impl Threads {
    pub(super) fn this(&mut self) -> &mut Thread {
        self.all.entry(self.current).or_insert_with(|| Thread::new(Status::Waiting))
    }

    /// The signals that wait for one thread.
    pub(super) fn pending(&self) -> impl Iterator<Item = &SignalInfo> {
        self.all.values().flat_map(|thread| &thread.pending)
    }

    /// Something happened that another thread may wait for.
    pub(super) const fn moved(&mut self) {
        self.progress = self.progress.saturating_add(1);
    }

    /// Whether something has happened for a thread, when so much has happened.
    const fn is_ready(thread: &Thread, progress: u64) -> bool {
        match thread.status {
            Status::Ended(_) => false,
            Status::New { .. } => true,
            Status::Waiting => thread.tried_at < progress,
        }
    }

    /// The next thread that something has happened for, the one that runs last.
    pub(super) fn ready(&self, progress: u64) -> Option<u64> {
        let behind = self.all.range(self.current + 1..).chain(self.all.range(..=self.current));
        behind.filter(|(_, thread)| Self::is_ready(thread, progress)).map(|(id, _)| *id).next()
    }

    /// The same of those behind the one that runs.
    pub(super) fn ready_behind(&self) -> Option<u64> {
        let mut behind = self.all.range(self.current + 1..);
        behind.find(|(_, thread)| Self::is_ready(thread, self.progress)).map(|(id, _)| *id)
    }

    pub(super) const fn progress(&self) -> u64 {
        self.progress
    }

    /// What has happened while the threads of another process ran.
    pub(super) const fn go_on_from(&mut self, others: &Self) {
        (self.progress, self.seen) = (others.progress, others.seen);
    }

    /// What threads that have not ended hold back, while none of them runs.
    pub(super) fn masks(&self) -> impl Iterator<Item = u64> {
        self.all.values().filter(|it| !matches!(it.status, Status::Ended(_))).map(|thread| thread.mask)
    }

    /// The signals for single threads that these do not hold back, while none of
    /// them runs.
    pub(super) fn own_signals(&self) -> impl Iterator<Item = &SignalInfo> {
        let ready = |thread: &Thread, info: &SignalInfo| thread.mask & bit(info.number) == 0;
        let all = self.all.values();
        all.flat_map(move |thread| thread.pending.iter().filter(move |info| ready(thread, info)))
    }

    pub(super) fn forget_signal(&mut self, signal: u8) {
        for thread in self.all.values_mut() {
            thread.pending.retain(|info| info.number != signal);
        }
    }

    /// What a process made by the thread that runs has of these: a copy of that
    /// one, which goes on with these registers and calls of the guest.
    pub(super) fn forked(
        &self,
        registers: Vec<(String, RegisterValue)>,
        frames: Vec<Frame>,
        mask: u64,
        errno: i64,
    ) -> Self {
        let mut copy = self.clone();
        let this = self.current;
        copy.all.retain(|id, _| *id == this);
        copy.conditions.clear();
        copy.notices.clear();
        let thread = copy.this();
        *thread = Thread {
            registers,
            frames,
            status: Status::Waiting,
            tried_at: 0,
            deadline: None,
            sleeps_until: None,
            begun: None,
            output: None,
            pending: Vec::new(),
            again: false,
            mask,
            errno,
            ..thread.clone()
        };
        copy
    }

    /// When the first of those that wait waits no longer.
    pub(super) fn first_deadline(&self) -> Option<u64> {
        let waiting = self.all.values().filter(|thread| thread.status == Status::Waiting);
        waiting.filter_map(|thread| thread.deadline).min()
    }

    /// Whether there is more than one thread.
    fn several(&self) -> bool {
        self.all.values().filter(|thread| !matches!(thread.status, Status::Ended(_))).count() > 1
    }
}

impl Context<'_> {
    fn error(&self, errno: Errno) -> i32 {
        self.state.abi.error(errno) as i32
    }

    fn stack_size(&self) -> u64 {
        if self.state.model.int == 2 { 0x400 } else { STACK }
    }

    /// What is left of the call that is being made, if it has begun already.
    pub(super) fn begun_call(&mut self) -> Option<PendingCall> {
        let address = self.call.address();
        let (at, call) = self.state.threads.this().begun.take()?;
        (at == address).then_some(call)
    }

    pub(super) fn keep_begun_call(&mut self, call: Option<PendingCall>) {
        let address = self.call.address();
        self.state.threads.this().begun = call.map(|call| (address, call));
    }

    /// Leaves out what the call that is made again has written already.
    pub(super) fn go_on_with_output(&mut self) {
        let address = self.call.address();
        let before = self.state.threads.this().output.take();
        self.output.left_out = before.filter(|(at, _)| *at == address).map_or(0, |(_, size)| size);
    }

    pub(super) fn keep_output(&mut self) {
        let kept = (self.call.address(), self.output.written);
        self.state.threads.this().output = Some(kept);
    }

    /// Tells the kernel what other threads wait for.
    pub(super) fn tell_waits(&mut self) {
        let (current, threads) = (self.state.threads.current, &self.state.threads.all);
        let others = threads.iter().filter(|(id, _)| **id != current);
        let waits = others.filter_map(|(_, thread)| thread.begun.as_ref()?.1.ipc).collect();
        self.state.kernel.ipc.elsewhere = waits;
    }

    /// Sends a signal to one thread; `false` if there is none of this number.
    pub(super) fn signal_one_thread(&mut self, id: u64, info: SignalInfo) -> bool {
        let threads = &mut self.state.threads;
        if id == threads.current {
            self.state.kernel.signal_thread(self.state.kernel.running, info);
            return true;
        }
        let Some(thread) = threads.all.get_mut(&id) else { return false };
        let blocked = thread.mask & bit(info.number) != 0;
        let known = thread.pending.iter().any(|other| other.number == info.number);
        let ended = matches!(thread.status, Status::Ended(_));
        if !ended && !known && (blocked || !self.state.kernel.ignores(self.state.kernel.running, info.number))
        {
            thread.pending.push(info);
            threads.moved();
        }
        true
    }

    /// A thread's function has returned.
    pub(super) fn thread_ended(&mut self, result: u64) -> Result<Reply> {
        let threads = &mut self.state.threads;
        let id = threads.current;
        // Destructors of its data, as often as they leave some (POSIX: at most
        // PTHREAD_DESTRUCTOR_ITERATIONS times each; here until none is left).
        let keys = threads.keys.clone();
        let thread = threads.this();
        let due = thread
            .specific
            .iter()
            .find(|(key, value)| **value != 0 && keys.get(key).is_some_and(|it| *it != 0));
        if let Some((key, value)) = due.map(|(key, value)| (*key, *value)) {
            thread.specific.insert(key, 0);
            let function = keys.get(&key).copied().unwrap_or(0);
            let arguments = [ArgumentValue::Pointer(value)];
            let then = Continuation::Thread { result: Some(result) };
            return self.call_guest(Ptr(function), &arguments, CType::Void, CType::Void, then);
        }
        let thread = threads.this();
        thread.status = Status::Ended(result);
        thread.registers = Vec::new();
        thread.frames = Vec::new();
        let (stack, detached) = (std::mem::take(&mut thread.stack), thread.detached);
        threads.moved();
        if id == MAIN {
            // The program ends with its last thread.
            if !threads.several() && threads.all.values().all(|it| matches!(it.status, Status::Ended(_))) {
                return super::ending::exit(self, 0);
            }
        } else if detached {
            threads.all.remove(&id);
        }
        let left = self.state.threads.all.values().any(|it| !matches!(it.status, Status::Ended(_)));
        if !left {
            return super::ending::exit(self, 0);
        }
        // Nothing of this process runs before others do.
        if stack != 0 {
            self.free(Ptr(stack))?;
        }
        self.leave()
    }

    /// A time of the real clock, or of another, as one of the monotonic clock.
    fn deadline_at(&mut self, at: Ptr, clock: i32) -> Result<Result<u64, Errno>> {
        let time = self.model.time;
        let word = self.model.long.max(time);
        let seconds = self.read_integer(at, time)?;
        let seconds = if time == 4 { i64::from(seconds as i32) } else { seconds as i64 };
        let nanoseconds = self.read_integer(at.add(time.into()), if word == 8 { 8 } else { 4 })?;
        if nanoseconds >= 1_000_000_000 || seconds < 0 {
            return Ok(Err(Errno::EINVAL));
        }
        let wanted = i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
        let offset = if clock == 1 { 0 } else { i128::from(self.state.kernel.clock.epoch) };
        Ok(Ok(u64::try_from((wanted - offset).max(0)).unwrap_or(u64::MAX)))
    }

    fn passed(&self, deadline: Option<u64>) -> bool {
        deadline.is_some_and(|deadline| self.state.kernel.clock.monotonic() >= deadline)
    }
}
