//! Clocks, and waiting.

use super::super::{
    context::Context,
    error::Result,
    threads::Slept,
    types::{CType, Header, Long, Ptr, Reply, Standard, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: [Header; 2] = [
    Header { name: "time.h", standard: Standard::C99, models: models! { clock = clock; } },
    Header {
        name: "time.h",
        standard: Standard::Posix,
        models: models! {
            clock_gettime = clock_gettime;
            __clock_gettime = clock_gettime;
            __clock_gettime64 = clock_gettime;
            clock_getres = clock_getres;
            __clock_getres64 = clock_getres;
            __clock_getres_time64 = clock_getres;
            clock_settime = clock_settime;
            __clock_settime64 = clock_settime;
            clock_getcpuclockid = clock_getcpuclockid;
            clock_nanosleep = clock_nanosleep;
            __clock_nanosleep_time64 = clock_nanosleep;
            nanosleep = nanosleep;
            __nanosleep64 = nanosleep;
            __nanosleep_time64 = nanosleep;
            gettimeofday = gettimeofday;
            __gettimeofday64 = gettimeofday;
            __gettimeofday_time64 = gettimeofday;
            settimeofday = settimeofday;
            stime = stime;
            timespec_get = timespec_get;
            timespec_getres = timespec_getres;
            __timespec_getres64 = timespec_getres;
            __timespec_get_time64 = timespec_get;
        },
    },
];

const SECOND: i64 = 1_000_000_000;

/// Writes a `struct timespec` (or `timeval`): two integers as wide as
/// `time_t`. A `long` of 32 bits beside a `time_t` of 64 has padding that
/// makes it so, on the side where its high bits would be.
pub(super) fn write_pair(c: &mut Context<'_>, to: Ptr, nanoseconds: i64, unit: i64) -> Result<()> {
    let bytes = c.time_bytes();
    c.write_integer(to, nanoseconds.div_euclid(SECOND) as u64, bytes)?;
    let part = nanoseconds.rem_euclid(SECOND) / unit;
    c.write_integer(to.add(bytes.into()), part as u64, bytes)
}

/// Reads a `struct timespec`; `None` if it is none.
pub(super) fn read_pair(c: &mut Context<'_>, from: Ptr) -> Result<Option<i64>> {
    let bytes = c.time_bytes();
    let seconds = c.read_time(from)?;
    let big = c.emulator().platform().byte_order() == terrella_platforms::ByteOrder::Big;
    let long = c.model.long;
    // Padding is not looked at.
    let padding = if big && bytes > long { u64::from(bytes - long) } else { 0 };
    let part = c.read_long(from.add(u64::from(bytes) + padding))?;
    let valid = seconds >= 0 && (0..SECOND).contains(&part);
    Ok(valid.then(|| seconds.saturating_mul(SECOND).saturating_add(part)))
}

/// The time of a clock, in nanoseconds.
pub(super) fn now(c: &Context<'_>, clock: i32) -> Option<i64> {
    let kernel = &c.state.kernel.clock;
    Some(match clock {
        0 | 5 | 8 | 11 => kernel.wall(),
        1 | 4 | 6 | 7 | 9 => kernel.monotonic() as i64,
        2 | 3 => kernel.instructions as i64,
        // That of a process by its number: there is one.
        other if other < 0 && other & 3 == 2 && matches!(!(other >> 3), 0 | 1) => kernel.instructions as i64,
        _ => return None,
    })
}

/// A microsecond for each thousand instructions.
fn clock(c: &mut Context<'_>) -> Result<Long> {
    Ok(Long((c.state.kernel.clock.instructions / 1000) as i64))
}

fn clock_gettime(c: &mut Context<'_>, clock: i32, to: Ptr) -> Result<i32> {
    let Some(now) = now(c, clock) else { return c.fail(Errno::EINVAL) };
    write_pair(c, to, now, 1)?;
    Ok(0)
}

fn clock_getres(c: &mut Context<'_>, clock: i32, to: Ptr) -> Result<i32> {
    if now(c, clock).is_none() {
        return c.fail(Errno::EINVAL);
    }
    if !to.is_null() {
        write_pair(c, to, 1, 1)?;
    }
    Ok(0)
}

/// Sets what time it is.
pub(in crate::libc) fn set(c: &mut Context<'_>, time: i64) {
    let clock = &mut c.state.kernel.clock;
    clock.epoch = time.saturating_sub(clock.monotonic() as i64);
}

fn clock_settime(c: &mut Context<'_>, clock: i32, from: Ptr) -> Result<i32> {
    match (clock, read_pair(c, from)?) {
        (0, Some(time)) => {
            set(c, time);
            Ok(0)
        }
        _ => c.fail(Errno::EINVAL),
    }
}

fn clock_getcpuclockid(c: &mut Context<'_>, process: i32, to: Ptr) -> Result<i32> {
    if !matches!(process, 0 | 1) {
        return Ok(c.state.abi.error(Errno::ESRCH) as i32);
    }
    c.write_int(to, !process << 3 | 2)?;
    Ok(0)
}

/// How sleeping ends: with an error, with nothing, or later.
enum Ended {
    Error(Errno),
    Whole,
    Later(Reply),
}

fn sleep(c: &mut Context<'_>, clock: i32, absolute: bool, from: Ptr, rest: Ptr) -> Result<Ended> {
    let (Some(time), Some(now)) = (read_pair(c, from)?, now(c, clock)) else {
        return Ok(Ended::Error(Errno::EINVAL));
    };
    let span = if absolute { time.saturating_sub(now).max(0) } else { time };
    Ok(match c.sleeps(span as u64)? {
        Slept::Whole => Ended::Whole,
        Slept::Later(reply) => Ended::Later(reply),
        Slept::Interrupted(left) => {
            if !rest.is_null() && !absolute {
                write_pair(c, rest, left as i64, 1)?;
            }
            Ended::Error(Errno::EINTR)
        }
    })
}

fn nanosleep(c: &mut Context<'_>, from: Ptr, rest: Ptr) -> Result<Reply> {
    let result = match sleep(c, 1, false, from, rest)? {
        Ended::Later(reply) => return Ok(reply),
        Ended::Whole => 0,
        Ended::Error(errno) => c.fail(errno)?,
    };
    c.deliver_signals(result.into(), CType::Int)
}

/// It returns the error and leaves `errno` alone.
fn clock_nanosleep(c: &mut Context<'_>, clock: i32, flags: i32, from: Ptr, rest: Ptr) -> Result<Reply> {
    let result = match sleep(c, clock, flags & 1 != 0, from, rest)? {
        Ended::Later(reply) => return Ok(reply),
        Ended::Whole => 0,
        Ended::Error(errno) => c.state.abi.error(errno) as i64,
    };
    c.deliver_signals(result, CType::Int)
}

fn gettimeofday(c: &mut Context<'_>, to: Ptr, zone: Ptr) -> Result<i32> {
    let now = c.state.kernel.clock.wall();
    if !to.is_null() {
        write_pair(c, to, now, 1000)?;
    }
    if !zone.is_null() {
        let int = u64::from(c.model.int);
        c.write_int(zone, 0)?;
        c.write_int(zone.add(int), 0)?;
    }
    Ok(0)
}

fn settimeofday(c: &mut Context<'_>, from: Ptr, _zone: Ptr) -> Result<i32> {
    if from.is_null() {
        return Ok(0);
    }
    let seconds = c.read_time(from)?;
    let bytes = c.time_bytes();
    let part = c.read_time(from.add(bytes.into()))?;
    if seconds < 0 || !(0..1_000_000).contains(&part) {
        return c.fail(Errno::EINVAL);
    }
    set(c, seconds.saturating_mul(SECOND).saturating_add(part * 1000));
    Ok(0)
}

fn stime(c: &mut Context<'_>, from: Ptr) -> Result<i32> {
    let seconds = c.read_time(from)?;
    set(c, seconds.saturating_mul(SECOND));
    Ok(0)
}

/// Of C11: the base is 1 (`TIME_UTC`), or nothing is known.
fn timespec_getres(c: &mut Context<'_>, to: Ptr, base: i32) -> Result<i32> {
    if base != 1 {
        return Ok(0);
    }
    if !to.is_null() {
        write_pair(c, to, 1, 1)?;
    }
    Ok(base)
}

fn timespec_get(c: &mut Context<'_>, to: Ptr, base: i32) -> Result<i32> {
    if base != 1 {
        return Ok(0);
    }
    let now = c.state.kernel.clock.wall();
    write_pair(c, to, now, 1)?;
    Ok(base)
}
