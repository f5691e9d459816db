//! `aio.h`: requests, which are carried out when they are made.
//!
//! Of `struct aiocb` glibc and musl have the same fields at the same places
//! (glibc, `bits/types/struct_aiocb.h`; musl, `include/aio.h`): what is between
//! the notification and the offset is the library's own.

use super::{
    super::{
        context::Context,
        error::Result,
        threads::Notice,
        types::{CType, Header, Long, Ptr, Reply, Standard, models},
    },
    call,
};
use crate::errno::Errno;

/// What these functions deviate in.
macro_rules! requests {
    ($($name:ident = $function:path;)*) => {
        models! { $($name = $function, "requests are carried out at once, before the function returns";)* }
    };
}

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "aio.h",
        standard: Standard::Posix,
        models: requests! {
            aio_read = aio_read;
            aio_read64 = aio_read;
            aio_write = aio_write;
            aio_write64 = aio_write;
            aio_fsync = aio_fsync;
            aio_fsync64 = aio_fsync;
            lio_listio = lio_listio;
            lio_listio64 = lio_listio;
        },
    },
    Header {
        name: "aio.h",
        standard: Standard::Posix,
        models: models! {
            aio_error = aio_error;
            aio_error64 = aio_error;
            aio_return = aio_return;
            aio_return64 = aio_return;
            aio_cancel = aio_cancel;
            aio_cancel64 = aio_cancel;
            aio_suspend = aio_suspend;
            aio_suspend64 = aio_suspend;
            __aio_suspend_time64 = aio_suspend;
        },
    },
];

/// `SI_ASYNCIO`.
const OF_REQUEST: i32 = -4;
/// `AIO_ALLDONE`.
const ALL_DONE: i32 = 2;
/// `LIO_READ`, `LIO_WRITE`, `LIO_NOP`.
const READ: i32 = 0;
const WRITE: i32 = 1;
const NOTHING: i32 = 2;
/// So many requests there may be in a list (`AIO_LISTIO_MAX`, which is 2 at
/// least): one call does no more than so many transfers.
const MOST: i32 = 256;

/// Where the fields of a request are.
struct Places {
    buffer: u64,
    size: u64,
    notice: u64,
    error: u64,
    result: u64,
    offset: u64,
    /// Bytes of the offset.
    wide: u8,
}

fn places(c: &Context<'_>) -> Places {
    let wide = if c.name.ends_with("64") { 8 } else { c.model.offset };
    // Three `int`s before the pointer, and 64 bytes of notification.
    if c.model.pointer == 8 {
        Places { buffer: 16, size: 24, notice: 32, error: 112, result: 120, offset: 128, wide }
    } else {
        Places { buffer: 12, size: 16, notice: 20, error: 96, result: 100, offset: 104, wide }
    }
}

/// What a request is to do.
enum Work {
    Transfer { writes: bool },
    Flush,
}

/// Carries a request out: its result is in it then. Whether it failed.
fn perform(c: &mut Context<'_>, at: Ptr, work: &Work) -> Result<bool> {
    let places = places(c);
    let fd = c.read_integer(at, 4)? as i32;
    let result = match work {
        Work::Flush => call(c, "fsync", &[fd as u64])?,
        Work::Transfer { writes } => {
            let buffer = c.read_pointer(at.add(places.buffer))?;
            let size = c.read_pointer(at.add(places.size))?.0;
            let offset = c.read_integer(at.add(places.offset), places.wide)?;
            transfer(c, fd, *writes, buffer, size, offset, places.wide)?
        }
    };
    let errno = Ptr(c.state.layout.errno);
    let error = if result < 0 { c.read_int(errno)? } else { 0 };
    c.write_integer(at.add(places.error), error as u64, 4)?;
    let word = c.model.pointer;
    c.write_integer(at.add(places.result), result as u64, word)?;
    Ok(result < 0)
}

/// At a place of a file, or of a stream without places at its end.
fn transfer(
    c: &mut Context<'_>,
    fd: i32,
    writes: bool,
    buffer: Ptr,
    size: u64,
    offset: u64,
    wide: u8,
) -> Result<i64> {
    let offset = if wide == 4 { i64::from(offset as u32 as i32) } else { offset as i64 };
    if offset < 0 {
        return c.fail(Errno::EINVAL).map(i64::from);
    }
    let has_places = match c.state.kernel.description(c.state.kernel.running, fd) {
        Err(errno) => return c.fail(errno).map(i64::from),
        Ok(description) => description.inode().is_some(),
    };
    if has_places {
        return at_place(c, fd, writes, buffer, size, offset);
    }
    call(c, if writes { "write" } else { "read" }, &[fd as u64, buffer.0, size])
}

/// The position of the descriptor stays where it was.
fn at_place(c: &mut Context<'_>, fd: i32, writes: bool, buffer: Ptr, size: u64, offset: i64) -> Result<i64> {
    let before = match c.seek_fd(fd, 0, 1)? {
        Ok(before) => before,
        Err(errno) => return c.fail(errno).map(i64::from),
    };
    if let Err(errno) = c.seek_fd(fd, offset, 0)? {
        return c.fail(errno).map(i64::from);
    }
    let result = call(c, if writes { "write" } else { "read" }, &[fd as u64, buffer.0, size])?;
    let _ = c.seek_fd(fd, before as i64, 0)?;
    Ok(result)
}

/// Makes a request, and tells of its end.
fn request(c: &mut Context<'_>, at: Ptr, work: &Work) -> Result<Reply> {
    let notice = at.add(places(c).notice);
    let Some(notice) = c.read_notice(notice)? else { return c.fail(Errno::EINVAL).map(Reply::Int) };
    perform(c, at, work)?;
    c.tell(notice, OF_REQUEST)?;
    c.deliver_signals(0, CType::Int)
}

fn aio_read(c: &mut Context<'_>, at: Ptr) -> Result<Reply> {
    request(c, at, &Work::Transfer { writes: false })
}

fn aio_write(c: &mut Context<'_>, at: Ptr) -> Result<Reply> {
    request(c, at, &Work::Transfer { writes: true })
}

fn aio_fsync(c: &mut Context<'_>, operation: i32, at: Ptr) -> Result<Reply> {
    let generic = c.state.abi.bits_to_generic(|tables| tables.open, operation as u32 as u64);
    // O_SYNC and O_DSYNC.
    if !matches!(generic, 0o4_010_000 | 0o10_000) {
        return c.fail(Errno::EINVAL).map(Reply::Int);
    }
    let fd = c.read_integer(at, 4)? as i32;
    if let Err(errno) = c.state.kernel.description(c.state.kernel.running, fd).map(drop) {
        return c.fail(errno).map(Reply::Int);
    }
    request(c, at, &Work::Flush)
}

fn aio_error(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    let error = places(c).error;
    c.read_integer(at.add(error), 4).map(|error| error as i32)
}

fn aio_return(c: &mut Context<'_>, at: Ptr) -> Result<Long> {
    let result = places(c).result;
    c.read_long(at.add(result)).map(Long)
}

/// All are done already.
fn aio_cancel(c: &mut Context<'_>, fd: i32, _at: Ptr) -> Result<i32> {
    match c.state.kernel.description(c.state.kernel.running, fd).map(drop) {
        Ok(()) => Ok(ALL_DONE),
        Err(errno) => c.fail(errno),
    }
}

fn aio_suspend(_: &mut Context<'_>, _list: Ptr, _count: i32, _wait: Ptr) -> Result<i32> {
    Ok(0)
}

fn lio_listio(c: &mut Context<'_>, mode: i32, list: Ptr, count: i32, event: Ptr) -> Result<Reply> {
    if !matches!(mode, 0 | 1) || !(0..=MOST).contains(&count) {
        return c.fail(Errno::EINVAL).map(Reply::Int);
    }
    let waits = mode == 0;
    let told = if waits || event.is_null() { Some(Notice::None) } else { c.read_notice(event)? };
    let Some(told) = told else { return c.fail(Errno::EINVAL).map(Reply::Int) };
    let word = u64::from(c.model.pointer);
    let mut failed = false;
    for index in 0..count as u64 {
        let at = c.read_pointer(list.add(word * index))?;
        if at.is_null() {
            continue;
        }
        let places = places(c);
        let work = match c.read_integer(at.add(4), 4)? as i32 {
            NOTHING => continue,
            READ => Work::Transfer { writes: false },
            WRITE => Work::Transfer { writes: true },
            _ => {
                let error = c.state.abi.error(Errno::EINVAL);
                c.write_integer(at.add(places.error), error, 4)?;
                let word = c.model.pointer;
                c.write_integer(at.add(places.result), u64::MAX, word)?;
                failed = true;
                continue;
            }
        };
        let own = c.read_notice(at.add(places.notice))?;
        failed |= perform(c, at, &work)?;
        if let Some(own) = own {
            c.tell(own, OF_REQUEST)?;
        }
    }
    c.tell(told, OF_REQUEST)?;
    let result = if failed && waits { c.fail(Errno::EIO)? } else { 0 };
    c.deliver_signals(result.into(), CType::Int)
}
