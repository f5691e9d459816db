//! `signal.h`: signals with a value, and waiting for them; the masks of BSD.

use super::{
    context::Context,
    error::Result,
    signals::{psignal, wait_for, wait_for_signal},
    structures::Words,
    types::{CType, Header, Ptr, Reply, Standard, models},
};
use crate::{
    errno::Errno,
    linux::{process::SignalInfo, signals::bit},
};

pub(crate) static HEADER: Header = Header {
    name: "signal.h",
    standard: Standard::Posix,
    models: models! {
        sigwaitinfo = sigwaitinfo;
        sigtimedwait = sigtimedwait;
        __sigtimedwait64 = sigtimedwait;
        __sigtimedwait_time64 = sigtimedwait;
        sigqueue = sigqueue;
        sigpause = sigpause;
        __xpg_sigpause = sigpause;
        psiginfo = psiginfo;
        __libc_current_sigrtmin = first_real_time;
        __libc_current_sigrtmax = last_real_time;
        sigandset = sigandset;
        sigorset = sigorset;
        sigblock = sigblock;
        sigsetmask = sigsetmask;
        siggetmask = siggetmask;
    },
};

fn waited(c: &mut Context<'_>, set: Ptr, about: Ptr, deadline: Option<u64>) -> Result<i32> {
    let wanted = c.read_set(set)?;
    let Some(info) = wait_for(c, wanted, deadline)? else { return c.fail(Errno::EAGAIN) };
    let number = c.guest_signal(info.number);
    if !about.is_null() {
        c.write_information(about, number, info)?;
    }
    Ok(number)
}

fn sigwaitinfo(c: &mut Context<'_>, set: Ptr, about: Ptr) -> Result<i32> {
    waited(c, set, about, None)
}

fn sigtimedwait(c: &mut Context<'_>, set: Ptr, about: Ptr, timeout: Ptr) -> Result<i32> {
    if timeout.is_null() {
        return waited(c, set, about, None);
    }
    let time = c.model.time;
    let long = c.model.long.max(time);
    let seconds = c.read_integer(timeout, time)?;
    let seconds = if time == 4 { i64::from(seconds as i32) } else { seconds as i64 };
    let nanoseconds = c.read_integer(timeout.add(time.into()), if long == 8 { 8 } else { 4 })?;
    if seconds < 0 || nanoseconds >= 1_000_000_000 {
        return c.fail(Errno::EINVAL);
    }
    let span = (seconds as u64).saturating_mul(1_000_000_000).saturating_add(nanoseconds);
    let deadline = c.state.kernel.clock.monotonic().saturating_add(span);
    waited(c, set, about, Some(deadline))
}

/// `SI_QUEUE`.
const QUEUED: i32 = -1;

fn sigqueue(c: &mut Context<'_>, process: i32, number: i32, value: Words<1>) -> Result<Reply> {
    let kernel = &c.state.kernel;
    if !kernel.processes.contains_key(&process) {
        return c.fail(Errno::ESRCH).map(Reply::Int);
    }
    if number != 0 {
        let Some(signal) = c.signal_number(number) else {
            return c.fail(Errno::EINVAL).map(Reply::Int);
        };
        let info =
            SignalInfo { number: signal, code: QUEUED, sender: c.state.kernel.running, value: value.0[0] };
        if !c.state.kernel.signal_process(process, info) {
            return c.fail(Errno::EAGAIN).map(Reply::Int);
        }
    }
    c.deliver_signals(0, CType::Int)
}

/// Of X/Open: a signal, which is let through.
fn sigpause(c: &mut Context<'_>, number: i32) -> Result<Reply> {
    let Some(signal) = c.signal_number(number) else { return c.fail(Errno::EINVAL).map(Reply::Int) };
    let mask = c.mask() & !bit(signal);
    wait_for_signal(c, Some(mask))
}

fn psiginfo(c: &mut Context<'_>, about: Ptr, prefix: Ptr) -> Result<()> {
    let number = c.read_integer(about, 4)? as i32;
    psignal(c, number, prefix)
}

/// The first and the last signal that the library has no use for itself.
fn first_real_time(_: &mut Context<'_>) -> Result<i32> {
    Ok(34)
}

fn last_real_time(c: &mut Context<'_>) -> Result<i32> {
    Ok(if c.state.platform.name().contains("mips") { 127 } else { 64 })
}

fn sigandset(c: &mut Context<'_>, to: Ptr, one: Ptr, other: Ptr) -> Result<i32> {
    let mask = c.read_set(one)? & c.read_set(other)?;
    c.write_set(to, mask)?;
    Ok(0)
}

fn sigorset(c: &mut Context<'_>, to: Ptr, one: Ptr, other: Ptr) -> Result<i32> {
    let mask = c.read_set(one)? | c.read_set(other)?;
    c.write_set(to, mask)?;
    Ok(0)
}

/// The mask of BSD: the first 32 signals, by the program's numbers.
fn old_mask(c: &mut Context<'_>, mask: u64) -> i32 {
    let mut own = 0_u32;
    for generic in (1..=64).filter(|number| mask & bit(*number) != 0) {
        let number = c.guest_signal(generic);
        if (1..=32).contains(&number) {
            own |= 1 << (number - 1);
        }
    }
    own as i32
}

fn of_old_mask(c: &mut Context<'_>, own: i32) -> u64 {
    let numbers = (1..=32).filter(|number| own as u32 >> (number - 1) & 1 == 1);
    numbers.filter_map(|number| c.signal_number(number)).fold(0, |mask, it| mask | bit(it))
}

fn sigblock(c: &mut Context<'_>, own: i32) -> Result<i32> {
    let before = c.mask();
    let mask = before | of_old_mask(c, own);
    c.set_mask(mask);
    Ok(old_mask(c, before))
}

fn sigsetmask(c: &mut Context<'_>, own: i32) -> Result<Reply> {
    let before = c.mask();
    let mask = of_old_mask(c, own);
    c.set_mask(mask);
    let result = old_mask(c, before);
    c.deliver_signals(result.into(), CType::Int)
}

fn siggetmask(c: &mut Context<'_>) -> Result<i32> {
    let mask = c.mask();
    Ok(old_mask(c, mask))
}
