//! `sys/stat.h`, `sys/statvfs.h` and `utime.h`.

use terrella_emulator_api::EmulatorExt;

use super::{
    super::{
        context::Context,
        error::Result,
        layouts::{self, Structure},
        types::{Header, Ptr, Standard, models},
    },
    AT_FDCWD, call, calls,
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "sys/stat.h",
    standard: Standard::Posix,
    models: models! {
        stat = stat;
        lstat = lstat;
        fstat = fstat;
        fstatat = fstatat;
        __stat_time64 = stat;
        __lstat_time64 = lstat;
        __fstat_time64 = fstat;
        __fstatat_time64 = fstatat;
        __utimensat_time64 = utimensat_time64;
        __futimens_time64 = futimens_time64;
        __utimes_time64 = utimes;
        stat64 = stat64;
        lstat64 = lstat64;
        fstat64 = fstat64;
        fstatat64 = fstatat64;
        chmod = chmod;
        fchmod = fchmod;
        fchmodat = fchmodat;
        lchmod = chmod;
        mkdir = mkdir;
        mkdirat = mkdirat;
        mkfifo = mkfifo;
        mkfifoat = mkfifoat;
        mknod = mknod;
        mknodat = mknodat;
        umask = umask;
        utimensat = utimensat;
        futimens = futimens;
        utimes = utimes;
        lutimes = lutimes;
        __lutimes_time64 = lutimes;
        __futimes_time64 = futimes;
        __futimesat_time64 = futimesat;
        futimes = futimes;
        futimesat = futimesat;
        utime = utime;
        statvfs = statvfs;
        fstatvfs = fstatvfs;
        statvfs64 = statvfs64;
        fstatvfs64 = fstatvfs64;
        statx = statx;
        gnu_dev_major = major;
        gnu_dev_minor = minor;
        gnu_dev_makedev = makedev;
    },
};

pub(crate) static OLD: Header = Header {
    name: "sys/stat.h",
    standard: Standard::Runtime,
    models: models! {
        __xstat = xstat;
        __lxstat = lxstat;
        __fxstat = fxstat;
        __fxstatat = fxstatat;
        __xstat64 = xstat64;
        __lxstat64 = lxstat64;
        __fxstat64 = fxstat64;
        __fxstatat64 = fxstatat64;
        __xmknod = xmknod;
        __xmknodat = xmknodat;
    },
};

calls! {
    chmod(path: Ptr, mode: u32) -> i32 = "fchmodat"(AT_FDCWD, path, mode);
    fchmod(fd: i32, mode: u32) -> i32 = "fchmod";
    fchmodat(folder: i32, path: Ptr, mode: u32, flags: i32) -> i32 = "fchmodat";
    mkdir(path: Ptr, mode: u32) -> i32 = "mkdirat"(AT_FDCWD, path, mode);
    mkdirat(folder: i32, path: Ptr, mode: u32) -> i32 = "mkdirat";
    mkfifo(path: Ptr, mode: u32) -> i32 = "mknodat"(AT_FDCWD, path, mode | 0o010_000, 0_u64);
    mkfifoat(folder: i32, path: Ptr, mode: u32) -> i32 = "mknodat"(folder, path, mode | 0o010_000, 0_u64);
    mknod(path: Ptr, mode: u32, device: u64) -> i32 = "mknodat"(AT_FDCWD, path, mode, device);
    mknodat(folder: i32, path: Ptr, mode: u32, device: u64) -> i32 = "mknodat";
    umask(mask: u32) -> u32 = "umask";
    utimensat_time64(folder: i32, path: Ptr, times: Ptr, flags: i32) -> i32 = "utimensat_time64";
    futimens_time64(fd: i32, times: Ptr) -> i32 = "utimensat_time64"(fd, 0_u64, times, 0_u64);
    statx(folder: i32, path: Ptr, flags: i32, mask: u32, to: Ptr) -> i32 = "statx";
}

/// Two `struct timeval` as two `struct timespec` of 64-bit words.
/// The call whose times are as wide as the program's.
fn set_times(c: &mut Context<'_>, folder: i32, path: Ptr, times: Ptr, flags: i32) -> Result<i32> {
    let name = if c.model.time > c.model.pointer { "utimensat_time64" } else { "utimensat" };
    call(c, name, &[folder as u64, path.0, times.0, flags as u64]).map(|result| result as i32)
}

fn utimensat(c: &mut Context<'_>, folder: i32, path: Ptr, times: Ptr, flags: i32) -> Result<i32> {
    set_times(c, folder, path, times, flags)
}

fn futimens(c: &mut Context<'_>, fd: i32, times: Ptr) -> Result<i32> {
    set_times(c, fd, Ptr::NULL, times, 0)
}

/// `struct utimbuf` is two of `time_t`, whose width the kernel need not know.
fn utime(c: &mut Context<'_>, path: Ptr, times: Ptr) -> Result<i32> {
    let room = c.room("utimes", 32)?;
    let step = u64::from(c.model.time);
    if !times.is_null() {
        for index in 0..2 {
            let seconds = c.read_time(times.add(index * step))?;
            c.write_integer(room.add(16 * index), seconds as u64, 8)?;
            c.write_integer(room.add(16 * index + 8), 0, 8)?;
        }
    }
    let times = if times.is_null() { Ptr::NULL } else { room };
    call(c, "utimensat_time64", &[AT_FDCWD, path.0, times.0, 0]).map(|result| result as i32)
}

fn utimes(c: &mut Context<'_>, path: Ptr, times: Ptr) -> Result<i32> {
    set_timevals(c, AT_FDCWD, path, times, 0)
}

fn lutimes(c: &mut Context<'_>, path: Ptr, times: Ptr) -> Result<i32> {
    set_timevals(c, AT_FDCWD, path, times, NO_FOLLOW)
}

fn futimes(c: &mut Context<'_>, fd: i32, times: Ptr) -> Result<i32> {
    set_timevals(c, i64::from(fd) as u64, Ptr::NULL, times, 0)
}

/// Without a path, of the descriptor itself.
fn futimesat(c: &mut Context<'_>, folder: i32, path: Ptr, times: Ptr) -> Result<i32> {
    set_timevals(c, i64::from(folder) as u64, path, times, 0)
}

/// Two of `struct timeval`, or none for the time that it is.
fn set_timevals(c: &mut Context<'_>, folder: u64, path: Ptr, times: Ptr, flags: u64) -> Result<i32> {
    let room = c.room("utimes", 32)?;
    for index in 0..2 {
        if times.is_null() {
            break;
        }
        let size = c.timeval_bytes();
        let Some((seconds, nanoseconds)) = c.read_timeval(times.add(index * size))? else {
            return c.fail(Errno::EINVAL);
        };
        c.write_integer(room.add(16 * index), seconds as u64, 8)?;
        c.write_integer(room.add(16 * index + 8), nanoseconds, 8)?;
    }
    let times = if times.is_null() { Ptr::NULL } else { room };
    call(c, "utimensat_time64", &[folder, path.0, times.0, flags]).map(|result| result as i32)
}

impl Context<'_> {
    /// Bytes of the fields of a `struct timeval`: microseconds are an `int` on
    /// 64-bit SPARC.
    fn timeval_fields(&self) -> (u8, u8) {
        let time = self.model.time;
        let micros = if self.state.platform.name() == "sparc64" { 4 } else { time };
        (time, micros)
    }

    pub(crate) fn timeval_bytes(&self) -> u64 {
        2 * u64::from(self.model.time)
    }

    /// Seconds and nanoseconds of a `struct timeval`, if they make sense.
    pub(crate) fn read_timeval(&mut self, at: Ptr) -> Result<Option<(i64, u64)>> {
        let (time, micros) = self.timeval_fields();
        let extended =
            |value: u64, bytes: u8| if bytes == 4 { i64::from(value as i32) } else { value as i64 };
        let seconds = extended(self.read_integer(at, time)?, time);
        let micros = extended(self.read_integer(at.add(time.into()), micros)?, micros);
        Ok((0..1_000_000).contains(&micros).then(|| (seconds, micros as u64 * 1000)))
    }
}

/// What `statx` tells, as the library's structure.
fn status(c: &mut Context<'_>, folder: u64, path: Ptr, flags: u64, to: Ptr, wide: bool) -> Result<i32> {
    let Some(layouts) = layouts::of(c.state.platform) else {
        return c.misuse(format!("what struct stat of {} looks like is not known here", c.state.platform));
    };
    let layout: &Structure = if wide { layouts.stat64 } else { layouts.stat };
    let room = c.room("statx", 256)?;
    // AT_EMPTY_PATH where there is no path.
    let empty = if path.is_null() { 0x1000 } else { 0 };
    if call(c, "statx", &[folder, path.0, flags | empty, 0x7ff, room.0])? < 0 {
        return Ok(-1);
    }
    let mut at = |offset: u64, bytes: usize| -> Result<u64> {
        Ok(c.emulator().read_integer(room.0 + offset, bytes)? as u64)
    };
    let device = |major: u64, minor: u64| minor & 0xff | major << 8 | (minor & !0xff) << 12;
    // Offsets of `struct statx` (linux/stat.h).
    let fields = [
        ("st_blksize", at(4, 4)?),
        ("st_nlink", at(16, 4)?),
        ("st_uid", at(20, 4)?),
        ("st_gid", at(24, 4)?),
        ("st_mode", at(28, 2)?),
        ("st_ino", at(32, 8)?),
        ("st_size", at(40, 8)?),
        ("st_blocks", at(48, 8)?),
        ("st_atim_sec", at(64, 8)?),
        ("st_atim_nsec", at(72, 4)?),
        ("st_ctim_sec", at(96, 8)?),
        ("st_ctim_nsec", at(104, 4)?),
        ("st_mtim_sec", at(112, 8)?),
        ("st_mtim_nsec", at(120, 4)?),
        ("st_rdev", device(at(128, 4)?, at(132, 4)?)),
        ("st_dev", device(at(136, 4)?, at(140, 4)?)),
    ];
    let order = c.emulator().platform().byte_order();
    match layout.filled(order, &fields) {
        Some(bytes) => {
            c.write(to, &bytes)?;
            Ok(0)
        }
        None => c.fail(Errno::EOVERFLOW),
    }
}

/// `AT_SYMLINK_NOFOLLOW`.
const NO_FOLLOW: u64 = 0x100;

/// The mode and the device of a file, whose status is stored; `None`, with
/// `errno`, if there is none.
pub(super) fn brief(
    c: &mut Context<'_>,
    path: Ptr,
    follows: bool,
    to: Ptr,
    wide: bool,
) -> Result<Option<(u64, u64)>> {
    if status(c, AT_FDCWD, path, if follows { 0 } else { NO_FOLLOW }, to, wide)? < 0 {
        return Ok(None);
    }
    // Of the `struct statx` that it was read as.
    let room = c.room("statx", 256)?;
    let (mode, device) = (c.read_integer(room.add(28), 2)?, c.read_integer(room.add(136), 8)?);
    Ok(Some((mode, device)))
}

fn stat(c: &mut Context<'_>, path: Ptr, to: Ptr) -> Result<i32> {
    status(c, AT_FDCWD, path, 0, to, false)
}

fn lstat(c: &mut Context<'_>, path: Ptr, to: Ptr) -> Result<i32> {
    status(c, AT_FDCWD, path, NO_FOLLOW, to, false)
}

fn fstat(c: &mut Context<'_>, fd: i32, to: Ptr) -> Result<i32> {
    status(c, i64::from(fd) as u64, Ptr::NULL, 0, to, false)
}

fn fstatat(c: &mut Context<'_>, folder: i32, path: Ptr, to: Ptr, flags: i32) -> Result<i32> {
    status(c, i64::from(folder) as u64, path, flags as u32 as u64, to, false)
}

fn stat64(c: &mut Context<'_>, path: Ptr, to: Ptr) -> Result<i32> {
    status(c, AT_FDCWD, path, 0, to, true)
}

fn lstat64(c: &mut Context<'_>, path: Ptr, to: Ptr) -> Result<i32> {
    status(c, AT_FDCWD, path, NO_FOLLOW, to, true)
}

fn fstat64(c: &mut Context<'_>, fd: i32, to: Ptr) -> Result<i32> {
    status(c, i64::from(fd) as u64, Ptr::NULL, 0, to, true)
}

fn fstatat64(c: &mut Context<'_>, folder: i32, path: Ptr, to: Ptr, flags: i32) -> Result<i32> {
    status(c, i64::from(folder) as u64, path, flags as u32 as u64, to, true)
}

// ---- what programs of older libraries call, with a version before

fn xstat(c: &mut Context<'_>, _version: i32, path: Ptr, to: Ptr) -> Result<i32> {
    stat(c, path, to)
}

fn lxstat(c: &mut Context<'_>, _version: i32, path: Ptr, to: Ptr) -> Result<i32> {
    lstat(c, path, to)
}

fn fxstat(c: &mut Context<'_>, _version: i32, fd: i32, to: Ptr) -> Result<i32> {
    fstat(c, fd, to)
}

fn fxstatat(c: &mut Context<'_>, _version: i32, folder: i32, path: Ptr, to: Ptr, flags: i32) -> Result<i32> {
    fstatat(c, folder, path, to, flags)
}

fn xstat64(c: &mut Context<'_>, _version: i32, path: Ptr, to: Ptr) -> Result<i32> {
    stat64(c, path, to)
}

fn lxstat64(c: &mut Context<'_>, _version: i32, path: Ptr, to: Ptr) -> Result<i32> {
    lstat64(c, path, to)
}

fn fxstat64(c: &mut Context<'_>, _version: i32, fd: i32, to: Ptr) -> Result<i32> {
    fstat64(c, fd, to)
}

fn fxstatat64(
    c: &mut Context<'_>,
    _version: i32,
    folder: i32,
    path: Ptr,
    to: Ptr,
    flags: i32,
) -> Result<i32> {
    fstatat64(c, folder, path, to, flags)
}

fn xmknod(c: &mut Context<'_>, _version: i32, path: Ptr, mode: u32, device: Ptr) -> Result<i32> {
    let device = c.read_integer(device, 8)?;
    mknod(c, path, mode, device)
}

fn xmknodat(
    c: &mut Context<'_>,
    _version: i32,
    folder: i32,
    path: Ptr,
    mode: u32,
    device: Ptr,
) -> Result<i32> {
    let device = c.read_integer(device, 8)?;
    mknodat(c, folder, path, mode, device)
}

/// A file system in memory of 1 GiB.
fn file_system(c: &mut Context<'_>, to: Ptr, wide: bool) -> Result<i32> {
    let Some(layouts) = layouts::of(c.state.platform) else {
        return c.misuse(format!("what struct statvfs of {} looks like is not known here", c.state.platform));
    };
    let layout = if wide { layouts.statvfs64 } else { layouts.statvfs };
    let fields = [
        ("f_bsize", 4096),
        ("f_frsize", 4096),
        ("f_blocks", 1 << 18),
        ("f_bfree", 1 << 18),
        ("f_bavail", 1 << 18),
        ("f_files", 1 << 20),
        ("f_ffree", 1 << 20),
        ("f_favail", 1 << 20),
        ("f_namemax", 255),
    ];
    let order = c.emulator().platform().byte_order();
    let bytes = layout.filled(order, &fields).unwrap_or_default();
    c.write(to, &bytes)?;
    Ok(0)
}

fn of_path(c: &mut Context<'_>, path: Ptr, to: Ptr, wide: bool) -> Result<i32> {
    if call(c, "access", &[path.0, 0])? < 0 {
        return Ok(-1);
    }
    file_system(c, to, wide)
}

fn of_descriptor(c: &mut Context<'_>, fd: i32, to: Ptr, wide: bool) -> Result<i32> {
    if let Err(errno) = c.state.kernel.descriptor(c.state.kernel.running, fd) {
        return c.fail(errno);
    }
    file_system(c, to, wide)
}

fn statvfs(c: &mut Context<'_>, path: Ptr, to: Ptr) -> Result<i32> {
    of_path(c, path, to, false)
}

fn fstatvfs(c: &mut Context<'_>, fd: i32, to: Ptr) -> Result<i32> {
    of_descriptor(c, fd, to, false)
}

fn statvfs64(c: &mut Context<'_>, path: Ptr, to: Ptr) -> Result<i32> {
    of_path(c, path, to, true)
}

fn fstatvfs64(c: &mut Context<'_>, fd: i32, to: Ptr) -> Result<i32> {
    of_descriptor(c, fd, to, true)
}

fn major(_: &mut Context<'_>, device: u64) -> Result<u32> {
    Ok((device >> 8 & 0xfff | device >> 32 & 0xffff_f000) as u32)
}

fn minor(_: &mut Context<'_>, device: u64) -> Result<u32> {
    Ok((device & 0xff | device >> 12 & 0xffff_ff00) as u32)
}

fn makedev(_: &mut Context<'_>, major: u32, minor: u32) -> Result<u64> {
    let (major, minor) = (u64::from(major), u64::from(minor));
    Ok(minor & 0xff | (major & 0xfff) << 8 | (minor & 0xffff_ff00) << 12 | (major & 0xffff_f000) << 32)
}
