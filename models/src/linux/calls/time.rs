//! Clocks, sleeping, timers.

use super::super::{
    abi::generic::{SIGALRM, SIGPROF, SIGVTALRM},
    descriptions::Kind,
    kernel::Kernel,
    limits,
    process::{Id, IntervalTimer, PosixTimer, Process, SignalInfo},
    task::{Answer, Task},
};
use crate::errno::Errno;

const SECOND: u64 = 1_000_000_000;
/// `SI_TIMER`.
const TIMER: i32 = -2;

impl Task<'_> {
    /// Nanoseconds of a clock (clock_gettime(2)).
    fn clock(&self, clock: u64) -> Result<u64, Errno> {
        Ok(match clock as u32 {
            // REALTIME, REALTIME_COARSE, REALTIME_ALARM, TAI
            0 | 5 | 8 | 11 => self.kernel.clock.wall().max(0) as u64,
            // MONOTONIC, MONOTONIC_RAW, MONOTONIC_COARSE, BOOTTIME, BOOTTIME_ALARM
            1 | 4 | 6 | 7 | 9 => self.kernel.clock.monotonic(),
            // PROCESS_CPUTIME_ID: a nanosecond for each instruction.
            2 => {
                self.this()?;
                self.kernel.time_of(self.process)
            }
            // THREAD_CPUTIME_ID
            3 => self.thread()?.instructions,
            // Those of other processes and threads are numbers below zero.
            other if (other as i32) < 0 => {
                let id = !(other as i32 >> 3);
                let id = if id == 0 { self.process } else { id };
                match (other & 4 != 0, self.kernel.threads.get(&id)) {
                    (true, Some(thread)) => thread.instructions,
                    (true, None) => return Err(Errno::EINVAL),
                    (false, _) => self.kernel.process(id).map_err(|_| Errno::EINVAL)?.instructions,
                }
            }
            _ => return Err(Errno::EINVAL),
        })
    }

    /// A time of a clock as one of the monotonic clock.
    pub(super) fn to_monotonic(&self, clock: u64, time: u64) -> u64 {
        match clock {
            0 | 8 | 11 => time.saturating_sub(self.kernel.clock.epoch.max(0) as u64),
            _ => time,
        }
    }
}

fn gettime(task: &mut Task<'_>, wide: bool) -> Answer {
    let now = task.clock(task.argument(0))?;
    task.write_time(task.argument(1), now, wide)?;
    Ok(0)
}

pub(super) fn clock_gettime(task: &mut Task<'_>) -> Answer {
    gettime(task, false)
}

pub(super) fn clock_gettime64(task: &mut Task<'_>) -> Answer {
    gettime(task, true)
}

fn getres(task: &mut Task<'_>, wide: bool) -> Answer {
    task.clock(task.argument(0))?;
    if task.argument(1) != 0 {
        task.write_time(task.argument(1), 1, wide)?;
    }
    Ok(0)
}

pub(super) fn clock_getres(task: &mut Task<'_>) -> Answer {
    getres(task, false)
}

pub(super) fn clock_getres64(task: &mut Task<'_>) -> Answer {
    getres(task, true)
}

fn settime(task: &mut Task<'_>, wide: bool) -> Answer {
    let time = task.read_time(task.argument(1), wide)?;
    if task.argument(0) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let now = task.kernel.clock.monotonic();
    task.kernel.clock.epoch = i64::try_from(time.saturating_sub(now)).map_err(|_| Errno::EINVAL)?;
    Ok(0)
}

pub(super) fn clock_settime(task: &mut Task<'_>) -> Answer {
    settime(task, false)
}

pub(super) fn clock_settime64(task: &mut Task<'_>) -> Answer {
    settime(task, true)
}

pub(super) fn gettimeofday(task: &mut Task<'_>) -> Answer {
    let now = task.kernel.clock.wall().max(0) as u64;
    if task.argument(0) != 0 {
        task.write_timeval(task.argument(0), now)?;
    }
    if task.argument(1) != 0 {
        task.write(task.argument(1), &[0; 8])?;
    }
    Ok(0)
}

pub(super) fn time(task: &mut Task<'_>) -> Answer {
    let now = task.kernel.clock.wall().max(0) as u64 / SECOND;
    if task.argument(0) != 0 {
        task.write_word(task.argument(0), now)?;
    }
    Ok(now)
}

/// Sleeps until a time; what is left is written if a signal comes first.
fn sleep(task: &mut Task<'_>, until: u64) -> Answer {
    if task.has_passed(until) {
        return Ok(0);
    }
    Err(task.wait_until(Some(until)))
}

pub(super) fn nanosleep(task: &mut Task<'_>) -> Answer {
    let time = task.read_time(task.argument(0), false)?;
    let until = task.deadline(time);
    write_rest(task, task.argument(1), until, false)?;
    sleep(task, until)
}

/// What would be left if a signal came now.
fn write_rest(task: &mut Task<'_>, address: u64, until: u64, wide: bool) -> Result<(), Errno> {
    if address != 0 && task.is_interrupted() {
        let left = until.saturating_sub(task.kernel.clock.monotonic());
        task.write_time(address, left, wide)?;
    }
    Ok(())
}

fn clock_sleep(task: &mut Task<'_>, wide: bool) -> Answer {
    let clock = task.argument(0);
    task.clock(clock)?;
    let time = task.read_time(task.argument(2), wide)?;
    if task.argument(1) & 1 != 0 {
        let until = task.to_monotonic(clock, time);
        return sleep(task, until);
    }
    let until = task.deadline(time);
    write_rest(task, task.argument(3), until, wide)?;
    sleep(task, until)
}

pub(super) fn clock_nanosleep(task: &mut Task<'_>) -> Answer {
    clock_sleep(task, false)
}

pub(super) fn clock_nanosleep64(task: &mut Task<'_>) -> Answer {
    clock_sleep(task, true)
}

/// `times(buffer)`: ticks of 1/100 s.
pub(super) fn times(task: &mut Task<'_>) -> Answer {
    const TICK: u64 = SECOND / 100;
    let own = task.clock(2)? / TICK;
    let children = task.this()?.children_instructions / TICK;
    if task.argument(0) != 0 {
        let mut fields = task.fields();
        let bytes = fields.long(own).long(0).long(children).long(0).finish();
        task.write(task.argument(0), &bytes)?;
    }
    Ok(task.kernel.clock.monotonic() / TICK)
}

// ---- interval timers

/// `struct itimerspec`, with the time as it is given or from now on.
pub(super) fn read_timer(
    task: &Task<'_>,
    address: u64,
    clock: u64,
    absolute: bool,
    wide: bool,
) -> Result<IntervalTimer, Errno> {
    let size = if wide { 16 } else { 2 * task.abi.word as u64 };
    let interval = task.read_time(address, wide)?;
    let value = task.read_time(address.wrapping_add(size), wide)?;
    let now = task.kernel.clock.monotonic();
    let at = match value {
        0 => None,
        value if absolute => Some(task.to_monotonic(clock, value)),
        value => Some(now.saturating_add(value)),
    };
    Ok(IntervalTimer { at, interval })
}

pub(super) fn write_timer(
    task: &mut Task<'_>,
    address: u64,
    timer: IntervalTimer,
    wide: bool,
) -> Result<(), Errno> {
    let size = if wide { 16 } else { 2 * task.abi.word as u64 };
    let left = timer.at.map_or(0, |at| at.saturating_sub(task.kernel.clock.monotonic()).max(1));
    task.write_time(address, timer.interval, wide)?;
    task.write_time(address.wrapping_add(size), left, wide)
}

/// `alarm(seconds)`.
pub(super) fn alarm(task: &mut Task<'_>) -> Answer {
    let seconds = task.argument(0) & 0xffff_ffff;
    let now = task.kernel.clock.monotonic();
    let at = (seconds > 0).then(|| now.saturating_add(seconds * SECOND));
    let old = std::mem::replace(&mut task.this_mut()?.real_timer, IntervalTimer { at, interval: 0 });
    Ok(old.at.map_or(0, |at| at.saturating_sub(now).div_ceil(SECOND)))
}

/// What an interval timer counts: the monotonic clock, or the time that the
/// process has run. All of that is its own, as no time passes in the kernel.
fn counted(task: &Task<'_>, which: u64) -> u64 {
    if which == 0 { task.kernel.clock.monotonic() } else { task.kernel.time_of(task.process) }
}

fn interval_timer<'a>(task: &'a mut Task<'_>, which: u64) -> Result<&'a mut IntervalTimer, Errno> {
    let process = task.this_mut()?;
    match which {
        0 => Ok(&mut process.real_timer),
        1 | 2 => Ok(&mut process.own_timers[which as usize - 1]),
        _ => Err(Errno::EINVAL),
    }
}

fn write_interval(task: &mut Task<'_>, address: u64, timer: IntervalTimer, now: u64) -> Result<(), Errno> {
    let size = 2 * task.abi.word as u64;
    let left = timer.at.map_or(0, |at| at.saturating_sub(now).max(1000));
    task.write_timeval(address, timer.interval)?;
    task.write_timeval(address.wrapping_add(size), left)
}

/// `setitimer(which, new, old)`: real time, and that of the process, which goes
/// on by a nanosecond with each instruction.
pub(super) fn setitimer(task: &mut Task<'_>) -> Answer {
    let which = task.argument(0) & 0xffff_ffff;
    let now = counted(task, which);
    let size = 2 * task.abi.word as u64;
    let address = task.argument(1);
    let old = *interval_timer(task, which)?;
    if address != 0 {
        let (interval, value) = (task.read_timeval(address)?, task.read_timeval(address.wrapping_add(size))?);
        let at = (value > 0).then(|| now.saturating_add(value));
        *interval_timer(task, which)? = IntervalTimer { at, interval };
    }
    if task.argument(2) != 0 {
        write_interval(task, task.argument(2), old, now)?;
    }
    Ok(0)
}

pub(super) fn getitimer(task: &mut Task<'_>) -> Answer {
    let which = task.argument(0) & 0xffff_ffff;
    let timer = *interval_timer(task, which)?;
    write_interval(task, task.argument(1), timer, counted(task, which))?;
    Ok(0)
}

/// `timer_create(clock, event, id)`.
pub(super) fn timer_create(task: &mut Task<'_>) -> Answer {
    let clock = task.argument(0);
    task.clock(clock)?;
    if task.this()?.timers.len() >= limits::TIMERS {
        return Err(Errno::EAGAIN.into());
    }
    let id = (0..).find(|id| !task.this().is_ok_and(|this| this.timers.contains_key(id))).unwrap_or(0);
    let (signal, thread, value) = match task.argument(1) {
        0 => (Some(SIGALRM as u8), None, id as u64),
        address => {
            let mut reader = task.reader(address);
            let (value, own, how) = (reader.long()?, reader.int()?, reader.int()?);
            let target = reader.int()?;
            let signal = if own < 32 { task.generic(|tables| tables.signal, own) } else { own };
            let signal = u8::try_from(signal).ok().filter(|signal| (1..=64).contains(signal));
            match how {
                // SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD_ID
                0 => (Some(signal.ok_or(Errno::EINVAL)?), None, value),
                1 => (None, None, value),
                4 => (Some(signal.ok_or(Errno::EINVAL)?), Some(target as i32), value),
                _ => return Err(Errno::EINVAL.into()),
            }
        }
    };
    let timer = PosixTimer { clock, signal, thread, value, timer: IntervalTimer::default(), overrun: 0 };
    task.write_u32(task.argument(2), id as u32)?;
    task.this_mut()?.timers.insert(id, timer);
    Ok(0)
}

fn timer_settime_with(task: &mut Task<'_>, wide: bool) -> Answer {
    let id = task.int(0);
    let old = *task.this()?.timers.get(&id).ok_or(Errno::EINVAL)?;
    let new = read_timer(task, task.argument(2), old.clock, task.argument(1) & 1 != 0, wide)?;
    if task.argument(3) != 0 {
        write_timer(task, task.argument(3), old.timer, wide)?;
    }
    if let Some(timer) = task.this_mut()?.timers.get_mut(&id) {
        timer.timer = new;
        timer.overrun = 0;
    }
    Ok(0)
}

pub(super) fn timer_settime(task: &mut Task<'_>) -> Answer {
    timer_settime_with(task, false)
}

pub(super) fn timer_settime64(task: &mut Task<'_>) -> Answer {
    timer_settime_with(task, true)
}

fn timer_gettime_with(task: &mut Task<'_>, wide: bool) -> Answer {
    let timer = task.this()?.timers.get(&task.int(0)).ok_or(Errno::EINVAL)?.timer;
    write_timer(task, task.argument(1), timer, wide)?;
    Ok(0)
}

pub(super) fn timer_gettime(task: &mut Task<'_>) -> Answer {
    timer_gettime_with(task, false)
}

pub(super) fn timer_gettime64(task: &mut Task<'_>) -> Answer {
    timer_gettime_with(task, true)
}

pub(super) fn timer_getoverrun(task: &mut Task<'_>) -> Answer {
    // DELAYTIMER_MAX is the largest `int`.
    Ok(task.this()?.timers.get(&task.int(0)).ok_or(Errno::EINVAL)?.overrun.min(i32::MAX as u64))
}

pub(super) fn timer_delete(task: &mut Task<'_>) -> Answer {
    let id = task.int(0);
    task.this_mut()?.timers.remove(&id).ok_or(Errno::EINVAL)?;
    Ok(0)
}

/// The clock of the kernel cannot be tuned.
pub(super) fn adjtimex(_task: &mut Task<'_>) -> Answer {
    Err(Errno::EPERM.into())
}

impl Kernel {
    /// How long a process has run: a nanosecond for each instruction of all its
    /// threads.
    pub(crate) fn time_of(&self, process: Id) -> u64 {
        let own = self.processes.get(&process).map_or(0, |it| it.instructions);
        let live = self.threads.values().filter(|thread| thread.process == process);
        live.map(|thread| thread.instructions).fold(own, u64::saturating_add)
    }

    /// How long a thread may run until a timer of its process's own time runs
    /// out.
    pub(crate) fn own_time_left(&self, thread: Id) -> Option<u64> {
        let process = self.threads.get(&thread)?.process;
        let next = self.processes.get(&process)?.own_timers.iter().filter_map(|timer| timer.at).min()?;
        Some(next.saturating_sub(self.time_of(process)))
    }

    /// The timers of processes' own time that have run out: process and signal.
    fn own_timers_due(&mut self) -> Vec<(Id, u64)> {
        const SIGNALS: [u64; 2] = [SIGVTALRM, SIGPROF];
        let used = |it: &Process| it.own_timers.iter().any(|timer| timer.at.is_some());
        let users: Vec<Id> = self.processes.values().filter(|it| used(it)).map(|it| it.id).collect();
        let mut due = Vec::new();
        for id in users {
            let now = self.time_of(id);
            let Some(process) = self.processes.get_mut(&id) else { continue };
            for (timer, signal) in process.own_timers.iter_mut().zip(SIGNALS) {
                if timer.expire(now) > 0 {
                    due.push((id, signal));
                }
            }
        }
        due
    }

    /// Whether there is a timer that may run out.
    pub(crate) fn has_timers(&self) -> bool {
        self.processes.values().any(|it| {
            it.real_timer.at.is_some()
                || it.own_timers.iter().any(|timer| timer.at.is_some())
                || it.timers.values().any(|timer| timer.timer.at.is_some())
        })
    }

    /// Sends the signals of the timers that have run out.
    pub(crate) fn run_timers(&mut self) {
        self.expire_timers();
        let now = self.clock.monotonic();
        let mut due = Vec::new();
        for (process, signal) in self.own_timers_due() {
            let info = SignalInfo { number: signal as u8, code: 0x80, sender: 0, value: 0 };
            due.push((process, None, info));
        }
        for process in self.processes.values_mut() {
            if process.real_timer.expire(now) > 0 {
                let info = SignalInfo { number: SIGALRM as u8, code: 0x80, sender: 0, value: 0 };
                due.push((process.id, None, info));
            }
            for (id, timer) in &mut process.timers {
                let times = timer.timer.expire(now);
                if times > 0 {
                    // A signal of a timer waits once; the others are counted.
                    let waits = |info: &SignalInfo| info.code == TIMER && info.sender == *id;
                    let known = process.pending.iter().any(waits);
                    timer.overrun = if known { timer.overrun.saturating_add(times) } else { times - 1 };
                    if let Some(number) = timer.signal.filter(|_| !known) {
                        let info = SignalInfo { number, code: TIMER, sender: *id, value: timer.value };
                        due.push((process.id, timer.thread, info));
                    }
                }
            }
        }
        for (process, thread, info) in due {
            match thread {
                Some(thread) => self.signal_thread(thread, info),
                None => self.signal_process(process, info),
            };
        }
    }

    /// When the next timer runs out whose end changes anything. One whose
    /// signal waits already, or that nobody has read, is only counted, which
    /// can be done later.
    pub(crate) fn next_timer(&self) -> Option<u64> {
        let processes = self.processes.values().flat_map(|process| {
            let timers = process.timers.iter().filter(|(id, timer)| {
                let own = timer.thread.and_then(|id| self.threads.get(&id)).map(|it| &it.pending);
                let waits = |info: &SignalInfo| info.code == TIMER && info.sender == **id;
                timer.signal.is_some_and(|signal| !self.discards(process.id, signal))
                    && !own.unwrap_or(&process.pending).iter().any(waits)
            });
            let alarm = process.real_timer.at.filter(|_| {
                !self.discards(process.id, SIGALRM as u8)
                    && !process.pending.iter().any(|info| info.number == SIGALRM as u8)
            });
            timers.filter_map(|(_, timer)| timer.timer.at).chain(alarm)
        });
        let descriptors = self.descriptions.iter().filter_map(|(id, it)| match &it.kind {
            Kind::Timer { timer, expired, .. } => timer.at.filter(|_| *expired == 0 || self.is_edge(*id)),
            _ => None,
        });
        processes.chain(descriptors).min()
    }

    /// Whether somebody wants to be told each time that something arrives.
    fn is_edge(&self, description: u64) -> bool {
        const EDGE: u32 = 1 << 31;
        self.descriptions.values().any(|it| match &it.kind {
            Kind::Poll(watched) => {
                watched.iter().any(|((_, target), watch)| *target == description && watch.events & EDGE != 0)
            }
            _ => false,
        })
    }
}
