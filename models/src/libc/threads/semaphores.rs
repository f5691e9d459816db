//! `semaphore.h`: the value is in the first word of the object.

use super::super::{
    context::Context,
    error::Result,
    types::{Dots, Header, Ptr, Reply, Standard, models},
    variable::Variable,
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "semaphore.h",
    standard: Standard::Posix,
    models: models! {
        sem_init = sem_init;
        sem_destroy = sem_destroy;
        sem_post = sem_post;
        sem_wait = sem_wait;
        sem_trywait = sem_trywait;
        sem_timedwait = sem_timedwait;
        __sem_timedwait_time64 = sem_timedwait;
        sem_clockwait = sem_clockwait;
        __sem_clockwait64 = sem_clockwait;
        __sem_clockwait_time64 = sem_clockwait;
        sem_getvalue = sem_getvalue;
        sem_open = sem_open;
        sem_close = sem_close;
        sem_unlink = sem_unlink;
    },
};

fn sem_init(c: &mut Context<'_>, at: Ptr, _shared: i32, value: u32) -> Result<i32> {
    if value > i32::MAX as u32 {
        return c.fail(Errno::EINVAL);
    }
    c.write_int(at, value as i32)?;
    Ok(0)
}

fn sem_destroy(_: &mut Context<'_>, _at: Ptr) -> Result<i32> {
    Ok(0)
}

fn sem_post(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    let value = c.read_int(at)?;
    let Some(more) = value.checked_add(1) else { return c.fail(Errno::EOVERFLOW) };
    c.write_int(at, more)?;
    c.state.threads.moved();
    Ok(0)
}

fn take(c: &mut Context<'_>, at: Ptr) -> Result<bool> {
    let value = c.read_int(at)?;
    if value > 0 {
        c.write_int(at, value - 1)?;
    }
    Ok(value > 0)
}

fn sem_wait(c: &mut Context<'_>, at: Ptr) -> Result<Reply> {
    if take(c, at)? { Ok(Reply::Int(0)) } else { c.wait_here(None) }
}

fn sem_trywait(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    if take(c, at)? { Ok(0) } else { c.fail(Errno::EAGAIN) }
}

fn sem_timedwait(c: &mut Context<'_>, at: Ptr, until: Ptr) -> Result<Reply> {
    sem_clockwait(c, at, 0, until)
}

/// By `CLOCK_REALTIME` or `CLOCK_MONOTONIC`.
fn sem_clockwait(c: &mut Context<'_>, at: Ptr, clock: i32, until: Ptr) -> Result<Reply> {
    if !matches!(clock, 0 | 1) {
        return c.fail(Errno::EINVAL).map(Reply::Int);
    }
    if take(c, at)? {
        return Ok(Reply::Int(0));
    }
    match c.deadline_at(until, clock)? {
        Err(errno) => c.fail(errno).map(Reply::Int),
        Ok(deadline) if c.passed(Some(deadline)) => c.fail(Errno::ETIMEDOUT).map(Reply::Int),
        Ok(deadline) => c.wait_here(Some(deadline)),
    }
}

fn sem_getvalue(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
    let value = c.read_int(at)?;
    c.write_int(to, value)?;
    Ok(0)
}

/// Named ones are in the heap.
fn sem_open(c: &mut Context<'_>, name: Ptr, flags: i32, _: Dots) -> Result<Ptr> {
    use super::super::types::CType;
    let name = String::from_utf8_lossy(&c.text(name)?).into_owned();
    let generic = c.state.abi.bits_to_generic(|tables| tables.open, flags as u32 as u64);
    // O_CREAT, O_EXCL.
    let (creates, exclusive) = (generic & 0o100 != 0, generic & 0o200 != 0);
    if let Some(at) = c.state.threads.semaphores.get(&name).copied() {
        return if creates && exclusive { c.fail_null(Errno::EEXIST) } else { Ok(Ptr(at)) };
    }
    if !creates {
        return c.fail_null(Errno::ENOENT);
    }
    c.variable_integer(&mut Variable::Call, CType::Unsigned)?;
    let value = c.variable_integer(&mut Variable::Call, CType::Unsigned)? as u32;
    let Some(at) = c.malloc(32)? else { return c.fail_null(Errno::ENOMEM) };
    c.write(at, &[0; 32])?;
    c.write_int(at, value as i32)?;
    c.state.threads.semaphores.insert(name, at.0);
    Ok(at)
}

fn sem_close(_: &mut Context<'_>, _at: Ptr) -> Result<i32> {
    Ok(0)
}

fn sem_unlink(c: &mut Context<'_>, name: Ptr) -> Result<i32> {
    let name = String::from_utf8_lossy(&c.text(name)?).into_owned();
    match c.state.threads.semaphores.remove(&name) {
        Some(_) => Ok(0),
        None => c.fail(Errno::ENOENT),
    }
}
