//! `fcntl.h` and `sys/file.h`.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{CType, Dots, Header, Long, Offset, Ptr, Standard, models},
        variable::Variable,
    },
    AT_FDCWD, call, calls,
};
use crate::{
    errno::Errno,
    linux::{
        abi::generic::{O_CREAT, O_TRUNC},
        descriptions::Kind,
    },
};

pub(crate) static HEADER: Header = Header {
    name: "fcntl.h",
    standard: Standard::Posix,
    models: models! {
        open = open;
        open64 = open;
        __open = open;
        __open64 = open;
        __open_2 = open_2;
        __open64_2 = open_2;
        openat = openat;
        openat64 = openat;
        __openat_2 = openat_2;
        __openat64_2 = openat_2;
        creat = creat;
        creat64 = creat;
        fcntl = fcntl;
        fcntl64 = fcntl;
        __fcntl_time64 = fcntl;
        flock = flock;
        lockf = lockf;
        lockf64 = lockf64;
        posix_fadvise = posix_fadvise;
        posix_fadvise64 = posix_fadvise64;
        posix_fallocate = posix_fallocate;
        posix_fallocate64 = posix_fallocate64;
        fallocate = fallocate;
        fallocate64 = fallocate64;
        sendfile = sendfile;
        sendfile64 = sendfile;
        splice = splice;
        copy_file_range = splice;
        mkstemp = mkstemp;
        mkstemp64 = mkstemp;
        mkostemp = mkostemp;
        mkostemp64 = mkostemp;
        mkostemps = mkostemps;
        mkostemps64 = mkostemps;
        mkstemps = mkstemps;
        mkstemps64 = mkstemps;
        mkdtemp = mkdtemp;
        mktemp = mktemp;
        renameat = renameat;
        renameat2 = renameat2;
        ioctl = ioctl;
        __ioctl_time64 = ioctl;
    },
};

calls! {
    flock(fd: i32, operation: i32) -> i32 = "flock";
    fallocate(fd: i32, mode: i32, offset: Offset, size: Offset) -> i32 = "fallocate";
    fallocate64(fd: i32, mode: i32, offset: i64, size: i64) -> i32 = "fallocate";
    sendfile(to: i32, from: i32, offset: Ptr, count: super::super::types::Size) -> Long = "sendfile64";
    splice(from: i32, from_at: Ptr, to: i32, to_at: Ptr, size: super::super::types::Size, flags: u32) -> Long = "splice";
    renameat(one: i32, from: Ptr, other: i32, to: Ptr) -> i32 = "renameat2"(one, from, other, to, 0_u64);
    renameat2(one: i32, from: Ptr, other: i32, to: Ptr, flags: u32) -> i32 = "renameat2";
}

/// The mode is there only where a file may be made (`O_CREAT`, `O_TMPFILE`).
fn open_at(c: &mut Context<'_>, folder: u64, path: Ptr, flags: i32) -> Result<i32> {
    let generic = c.state.abi.bits_to_generic(|tables| tables.open, flags as u32 as u64);
    let mode = if generic & (O_CREAT | 0o20_000_000) != 0 {
        c.variable_integer(&mut Variable::Call, CType::Unsigned)? as u64
    } else {
        0
    };
    call(c, "openat", &[folder, path.0, flags as u32 as u64, mode]).map(|fd| fd as i32)
}

fn open(c: &mut Context<'_>, path: Ptr, flags: i32, _: Dots) -> Result<i32> {
    open_at(c, AT_FDCWD, path, flags)
}

fn openat(c: &mut Context<'_>, folder: i32, path: Ptr, flags: i32, _: Dots) -> Result<i32> {
    open_at(c, i64::from(folder) as u64, path, flags)
}

fn open_2(c: &mut Context<'_>, path: Ptr, flags: i32) -> Result<i32> {
    call(c, "openat", &[AT_FDCWD, path.0, flags as u32 as u64, 0]).map(|fd| fd as i32)
}

fn openat_2(c: &mut Context<'_>, folder: i32, path: Ptr, flags: i32) -> Result<i32> {
    call(c, "openat", &[i64::from(folder) as u64, path.0, flags as u32 as u64, 0]).map(|fd| fd as i32)
}

fn creat(c: &mut Context<'_>, path: Ptr, mode: u32) -> Result<i32> {
    let flags = c.state.abi.bits_to_own(|tables| tables.open, O_CREAT | O_TRUNC | 1);
    call(c, "openat", &[AT_FDCWD, path.0, flags, mode.into()]).map(|fd| fd as i32)
}

fn fcntl(c: &mut Context<'_>, fd: i32, command: i32, _: Dots) -> Result<i32> {
    let argument = c.variable_integer(&mut Variable::Call, CType::UnsignedLong)? as u64;
    let name = if c.model.long == 4 { "fcntl64" } else { "fcntl" };
    call(c, name, &[fd as u64, command as u64, argument]).map(|value| value as i32)
}

fn ioctl(c: &mut Context<'_>, fd: i32, request: super::super::types::ULong, _: Dots) -> Result<i32> {
    let argument = c.variable_integer(&mut Variable::Call, CType::UnsignedLong)? as u64;
    call(c, "ioctl", &[fd as u64, request.0, argument]).map(|value| value as i32)
}

/// One process only: nobody else holds a lock.
fn lockf64(c: &mut Context<'_>, fd: i32, command: i32, _size: i64) -> Result<i32> {
    if let Err(errno) = c.state.kernel.descriptor(c.state.kernel.running, fd) {
        return c.fail(errno);
    }
    if (0..4).contains(&command) { Ok(0) } else { c.fail(Errno::EINVAL) }
}

fn lockf(c: &mut Context<'_>, fd: i32, command: i32, size: Offset) -> Result<i32> {
    lockf64(c, fd, command, size.0)
}

fn advise(c: &mut Context<'_>, fd: i32, advice: i32) -> Result<i32> {
    let known =
        c.state.kernel.description(c.state.kernel.running, fd).map(|it| matches!(it.kind, Kind::Pipe { .. }));
    Ok(match known {
        Err(errno) => c.state.abi.error(errno) as i32,
        Ok(true) => c.state.abi.error(Errno::ESPIPE) as i32,
        Ok(_) if !(0..8).contains(&advice) => c.state.abi.error(Errno::EINVAL) as i32,
        Ok(_) => 0,
    })
}

fn posix_fadvise(c: &mut Context<'_>, fd: i32, offset: Offset, size: Offset, advice: i32) -> Result<i32> {
    posix_fadvise64(c, fd, offset.0, size.0, advice)
}

fn posix_fadvise64(c: &mut Context<'_>, fd: i32, _offset: i64, size: i64, advice: i32) -> Result<i32> {
    advise(c, fd, if size < 0 { -1 } else { advice })
}

/// An error is the result, not in `errno`.
fn posix_fallocate64(c: &mut Context<'_>, fd: i32, offset: i64, size: i64) -> Result<i32> {
    let errno = Ptr(c.state.layout.errno);
    let before = c.read_int(errno)?;
    if fallocate64(c, fd, 0, offset, size)? == 0 {
        return Ok(0);
    }
    let error = c.read_int(errno)?;
    c.write_int(errno, before)?;
    Ok(error)
}

fn posix_fallocate(c: &mut Context<'_>, fd: i32, offset: Offset, size: Offset) -> Result<i32> {
    posix_fallocate64(c, fd, offset.0, size.0)
}

/// Fills in the `XXXXXX` before a suffix with a name that nothing has.
fn template(c: &mut Context<'_>, path: Ptr, suffix: i32) -> Result<bool> {
    let text = c.text(path)?;
    let end = text.len().checked_sub(usize::try_from(suffix).unwrap_or(0));
    let Some(start) = end.and_then(|end| end.checked_sub(6)) else { return Ok(false) };
    if &text[start..start + 6] != b"XXXXXX" {
        return Ok(false);
    }
    loop {
        let name = super::super::stdio::fresh_name(c, "");
        c.write(path.add(start as u64), &name)?;
        let errno = Ptr(c.state.layout.errno);
        let before = c.read_int(errno)?;
        let taken = call(c, "access", &[path.0, 0])? == 0;
        c.write_int(errno, before)?;
        if !taken {
            return Ok(true);
        }
    }
}

fn temporary(c: &mut Context<'_>, path: Ptr, suffix: i32, flags: i32) -> Result<i32> {
    if !template(c, path, suffix)? {
        return c.fail(Errno::EINVAL);
    }
    // O_CREAT | O_EXCL | O_RDWR
    let own = c.state.abi.bits_to_own(|tables| tables.open, O_CREAT | 0o200 | 2);
    call(c, "openat", &[AT_FDCWD, path.0, own | flags as u32 as u64, 0o600]).map(|fd| fd as i32)
}

fn mkstemp(c: &mut Context<'_>, path: Ptr) -> Result<i32> {
    temporary(c, path, 0, 0)
}

fn mkostemp(c: &mut Context<'_>, path: Ptr, flags: i32) -> Result<i32> {
    temporary(c, path, 0, flags)
}

fn mkstemps(c: &mut Context<'_>, path: Ptr, suffix: i32) -> Result<i32> {
    temporary(c, path, suffix, 0)
}

fn mkostemps(c: &mut Context<'_>, path: Ptr, suffix: i32, flags: i32) -> Result<i32> {
    temporary(c, path, suffix, flags)
}

fn mkdtemp(c: &mut Context<'_>, path: Ptr) -> Result<Ptr> {
    if !template(c, path, 0)? {
        return c.fail_null(Errno::EINVAL);
    }
    let made = call(c, "mkdirat", &[AT_FDCWD, path.0, 0o700])?;
    Ok(if made < 0 { Ptr::NULL } else { path })
}

fn mktemp(c: &mut Context<'_>, path: Ptr) -> Result<Ptr> {
    if !template(c, path, 0)? {
        c.set_errno(Errno::EINVAL)?;
        c.write(path, &[0])?;
    }
    Ok(path)
}
