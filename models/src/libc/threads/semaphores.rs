//! `semaphore.h`: the value is in the first word of the object.

use super::super::{
    context::Context,
    error::Result,
    posix,
    types::{Dots, Header, Ptr, Reply, Standard, models},
    variable::Variable,
};
use crate::{
    errno::Errno,
    linux::abi::generic::{O_CREAT, O_EXCL, O_RDWR},
};

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

/// Bytes of a `sem_t` of glibc (`__SIZEOF_SEM_T`), or more.
const SIZE: u64 = 32;

/// Named ones are files in shared memory, as in glibc, so that all processes see
/// one value.
fn sem_open(c: &mut Context<'_>, name: Ptr, flags: i32, _: Dots) -> Result<Ptr> {
    use super::super::types::CType;
    let Some(path) = posix::shared_name(c, name, b"sem.")? else { return Ok(Ptr::NULL) };
    let generic = c.state.abi.bits_to_generic(|tables| tables.open, flags as u32 as u64);
    let (creates, exclusive) = (generic & O_CREAT != 0, generic & O_EXCL != 0);
    let mut first = None;
    if creates {
        let mode = c.variable_integer(&mut Variable::Call, CType::Unsigned)? as u64;
        let value = c.variable_integer(&mut Variable::Call, CType::Unsigned)? as u32;
        if value > i32::MAX as u32 {
            return c.fail_null(Errno::EINVAL);
        }
        first = Some((mode, value));
    }
    let open = |c: &mut Context<'_>, flags: u64, mode: u64| {
        let flags = c.state.abi.bits_to_own(|tables| tables.open, flags);
        posix::call(c, "openat", &[posix::AT_FDCWD, path.0, flags, mode])
    };
    let existing = if exclusive && creates { -1 } else { open(c, O_RDWR, 0)? };
    let (fd, value) = match first {
        Some((mode, value)) if existing < 0 => (open(c, O_RDWR | O_CREAT | O_EXCL, mode)?, Some(value)),
        _ => (existing, None),
    };
    if fd < 0 {
        return Ok(Ptr::NULL);
    }
    if value.is_some() && posix::call(c, "ftruncate64", &[fd as u64, SIZE])? < 0 {
        return Ok(Ptr::NULL);
    }
    let file = c.state.kernel.description(c.state.kernel.running, fd as i32).ok().and_then(|it| it.inode());
    let file = file.unwrap_or_default().to_string();
    let known = c.state.threads.semaphores.get(&file).copied();
    let at = match known {
        Some(at) => at as i64,
        // PROT_READ and PROT_WRITE, MAP_SHARED.
        None => posix::call(c, "mmap2", &[0, SIZE, 3, 1, fd as u64, 0])?,
    };
    posix::call(c, "close", &[fd as u64])?;
    if at == -1 {
        return Ok(Ptr::NULL);
    }
    let at = Ptr(at as u64);
    c.state.threads.semaphores.insert(file, at.0);
    if let Some(value) = value {
        c.write_int(at, value as i32)?;
    }
    Ok(at)
}

fn sem_close(_: &mut Context<'_>, _at: Ptr) -> Result<i32> {
    Ok(0)
}

fn sem_unlink(c: &mut Context<'_>, name: Ptr) -> Result<i32> {
    let Some(path) = posix::shared_name(c, name, b"sem.")? else { return c.fail(Errno::ENOENT) };
    posix::call(c, "unlinkat", &[posix::AT_FDCWD, path.0, 0]).map(|result| result as i32)
}
