//! Timers (`timer_create` and its kin): they run on the clock of the kernel, and
//! tell by a signal, by a thread, or not at all.

use super::{
    super::{
        context::Context,
        error::Result,
        threads::Notice,
        types::{CType, Header, Ptr, Reply, Standard, models},
    },
    clocks,
};
use crate::{
    errno::Errno,
    linux::{
        abi::generic::SIGALRM,
        limits,
        process::{IntervalTimer, PosixTimer},
    },
};

pub(crate) static HEADER: Header = Header {
    name: "time.h",
    standard: Standard::Posix,
    models: models! {
        timer_create = timer_create, "the attributes of SIGEV_THREAD are not looked at";
        timer_settime = timer_settime;
        __timer_settime64 = timer_settime;
        __timer_settime_time64 = timer_settime;
        timer_gettime = timer_gettime;
        __timer_gettime64 = timer_gettime;
        __timer_gettime_time64 = timer_gettime;
        timer_getoverrun = timer_getoverrun;
        timer_delete = timer_delete;
    },
};

/// `TIMER_ABSTIME`.
const ABSOLUTE: i32 = 1;

fn timers<'a>(c: &'a mut Context<'_>) -> Option<&'a mut std::collections::BTreeMap<i32, PosixTimer>> {
    Some(&mut c.state.kernel.processes.get_mut(&c.state.kernel.running)?.timers)
}

/// A timer by what the program has of it: its number.
fn find<'a>(c: &'a mut Context<'_>, timer: Ptr) -> Option<&'a mut PosixTimer> {
    let id = i32::try_from(timer.0).ok()?;
    timers(c)?.get_mut(&id)
}

fn timer_create(c: &mut Context<'_>, clock: i32, event: Ptr, to: Ptr) -> Result<i32> {
    if clocks::now(c, clock).is_none() {
        return c.fail(Errno::EINVAL);
    }
    // As the kernel: those that are read only (CLOCK_MONOTONIC_RAW, coarse).
    if matches!(clock, 4..=6) {
        return c.fail(Errno::EOPNOTSUPP);
    }
    let known = timers(c).map_or(0, |timers| timers.len());
    if known >= limits::TIMERS {
        return c.fail(Errno::EAGAIN);
    }
    let id = (0..).find(|id| !timers(c).is_some_and(|timers| timers.contains_key(id))).unwrap_or(0);
    let (signal, value) = if event.is_null() {
        (Some(SIGALRM as u8), id as u64)
    } else {
        match c.read_notice(event)? {
            None => return c.fail(Errno::EINVAL),
            Some(Notice::None) => (None, 0),
            Some(Notice::Signal { signal, value }) => (Some(signal), value),
            Some(Notice::Thread { function, value }) => (Some(c.keep_notice(id, function, value)), value),
        }
    };
    let timer = PosixTimer {
        clock: clock as u64,
        signal,
        thread: None,
        value,
        timer: IntervalTimer::default(),
        overrun: 0,
    };
    if let Some(timers) = timers(c) {
        timers.insert(id, timer);
    }
    c.write_pointer(to, Ptr(id as u64))?;
    Ok(0)
}

fn write_timer(c: &mut Context<'_>, to: Ptr, timer: IntervalTimer) -> Result<()> {
    let now = c.state.kernel.clock.monotonic();
    let left = timer.at.map_or(0, |at| at.saturating_sub(now).max(1));
    let size = u64::from(c.time_bytes()) * 2;
    clocks::write_pair(c, to, timer.interval as i64, 1)?;
    clocks::write_pair(c, to.add(size), left as i64, 1)
}

fn timer_settime(c: &mut Context<'_>, timer: Ptr, flags: i32, new: Ptr, old: Ptr) -> Result<Reply> {
    c.state.kernel.run_timers();
    let Some(before) = find(c, timer).copied() else { return c.fail(Errno::EINVAL).map(Reply::Int) };
    let size = u64::from(c.time_bytes()) * 2;
    let interval = clocks::read_pair(c, new)?;
    let (Some(interval), Some(value)) = (interval, clocks::read_pair(c, new.add(size))?) else {
        return c.fail(Errno::EINVAL).map(Reply::Int);
    };
    if !old.is_null() {
        write_timer(c, old, before.timer)?;
    }
    let now = c.state.kernel.clock.monotonic();
    let at = match value {
        0 => None,
        value if flags & ABSOLUTE != 0 => {
            let passed = clocks::now(c, before.clock as i32).unwrap_or(0);
            Some(now.saturating_add(value.saturating_sub(passed).max(0) as u64))
        }
        value => Some(now.saturating_add(value as u64)),
    };
    if let Some(it) = find(c, timer) {
        it.timer = IntervalTimer { at, interval: interval as u64 };
        it.overrun = 0;
    }
    c.state.kernel.run_timers();
    c.deliver_signals(0, CType::Int)
}

fn timer_gettime(c: &mut Context<'_>, timer: Ptr, to: Ptr) -> Result<i32> {
    c.state.kernel.run_timers();
    match find(c, timer).map(|it| it.timer) {
        None => c.fail(Errno::EINVAL),
        Some(timer) => {
            write_timer(c, to, timer)?;
            Ok(0)
        }
    }
}

fn timer_getoverrun(c: &mut Context<'_>, timer: Ptr) -> Result<i32> {
    match find(c, timer).map(|it| it.overrun) {
        None => c.fail(Errno::EINVAL),
        // DELAYTIMER_MAX is the largest `int`.
        Some(overrun) => Ok(overrun.min(i32::MAX as u64) as i32),
    }
}

fn timer_delete(c: &mut Context<'_>, timer: Ptr) -> Result<i32> {
    let id = i32::try_from(timer.0).unwrap_or(-1);
    let known = timers(c).and_then(|timers| timers.remove(&id));
    match known {
        None => c.fail(Errno::EINVAL),
        Some(_) => {
            c.forget_notice(id);
            Ok(0)
        }
    }
}
