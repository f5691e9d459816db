//! Attributes of files: modes, owners, times.

use super::super::{
    abi::generic::*,
    task::{Answer, Task},
};
use crate::{errno::Errno, files::InodeId};

fn set_mode(task: &mut Task<'_>, inode: InodeId, mode: u64) -> Answer {
    task.kernel.files.writable(inode)?;
    let now = task.kernel.clock.wall();
    let it = task.kernel.files.change(inode);
    it.mode = mode as u32 & 0o7777;
    it.changed = now;
    Ok(0)
}

pub(super) fn chmod(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    let inode = task.inode_at(AT_FDCWD, &path, true)?;
    set_mode(task, inode, task.argument(1))
}

pub(super) fn fchmod(task: &mut Task<'_>) -> Answer {
    let inode = task.kernel.description(task.process, task.int(0))?.inode().ok_or(Errno::EINVAL)?;
    set_mode(task, inode, task.argument(1))
}

pub(super) fn fchmodat(task: &mut Task<'_>) -> Answer {
    let path = task.path(1)?;
    let inode = task.inode_at(task.int(0), &path, true)?;
    set_mode(task, inode, task.argument(2))
}

fn set_owner(task: &mut Task<'_>, inode: InodeId, uid: u64, gid: u64) -> Answer {
    task.kernel.files.writable(inode)?;
    let now = task.kernel.clock.wall();
    let it = task.kernel.files.change(inode);
    // -1 leaves it; the old calls have 16 bits.
    let chosen = |value: u64, old: u32| match value as u32 {
        u32::MAX => old,
        value => value,
    };
    it.uid = chosen(uid, it.uid);
    it.gid = chosen(gid, it.gid);
    it.changed = now;
    Ok(0)
}

fn chown_with(task: &mut Task<'_>, follow: bool) -> Answer {
    let path = task.path(0)?;
    let inode = task.inode_at(AT_FDCWD, &path, follow)?;
    set_owner(task, inode, task.argument(1), task.argument(2))
}

pub(super) fn chown(task: &mut Task<'_>) -> Answer {
    chown_with(task, true)
}

pub(super) fn lchown(task: &mut Task<'_>) -> Answer {
    chown_with(task, false)
}

pub(super) fn fchown(task: &mut Task<'_>) -> Answer {
    let inode = task.kernel.description(task.process, task.int(0))?.inode().ok_or(Errno::EINVAL)?;
    set_owner(task, inode, task.argument(1), task.argument(2))
}

pub(super) fn fchownat(task: &mut Task<'_>) -> Answer {
    let path = task.path(1)?;
    let inode = task.inode_or_descriptor(task.int(0), &path, task.argument(4))?;
    set_owner(task, inode, task.argument(2), task.argument(3))
}

fn set_times(task: &mut Task<'_>, inode: InodeId, times: Option<[Option<i64>; 2]>) -> Answer {
    task.kernel.files.writable(inode)?;
    let now = task.kernel.clock.wall();
    let it = task.kernel.files.change(inode);
    let [accessed, modified] = times.unwrap_or([Some(now), Some(now)]);
    it.accessed = accessed.unwrap_or(it.accessed);
    it.modified = modified.unwrap_or(it.modified);
    it.changed = now;
    Ok(0)
}

fn utimensat_with(task: &mut Task<'_>, wide: bool) -> Answer {
    const NOW: i64 = 0x3fff_ffff;
    const OMIT: i64 = 0x3fff_fffe;
    let inode = if task.argument(1) == 0 {
        task.kernel.description(task.process, task.int(0))?.inode().ok_or(Errno::EBADF)?
    } else {
        let path = task.path(1)?;
        task.inode_or_descriptor(task.int(0), &path, task.argument(3))?
    };
    let address = task.argument(2);
    if address == 0 {
        return set_times(task, inode, None);
    }
    let size = if wide { 16 } else { 2 * task.abi.word as u64 };
    let now = task.kernel.clock.wall();
    let mut times = [None; 2];
    for (index, time) in times.iter_mut().enumerate() {
        *time = match task.read_time_parts(address.wrapping_add(index as u64 * size), wide)? {
            (_, NOW) => Some(now),
            (_, OMIT) => None,
            (seconds, nanos @ 0..1_000_000_000) => {
                Some(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
            }
            _ => return Err(Errno::EINVAL.into()),
        };
    }
    set_times(task, inode, Some(times))
}

pub(super) fn utimensat(task: &mut Task<'_>) -> Answer {
    utimensat_with(task, false)
}

pub(super) fn utimensat64(task: &mut Task<'_>) -> Answer {
    utimensat_with(task, true)
}

/// `utimes(path, times)`.
pub(super) fn utimes(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    let inode = task.inode_at(AT_FDCWD, &path, true)?;
    let address = task.argument(1);
    if address == 0 {
        return set_times(task, inode, None);
    }
    let size = 2 * task.abi.word as u64;
    let times = [task.read_timeval(address)?, task.read_timeval(address.wrapping_add(size))?];
    set_times(task, inode, Some(times.map(|time| i64::try_from(time).ok())))
}

/// `utime(path, times)`: seconds.
pub(super) fn utime(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    let inode = task.inode_at(AT_FDCWD, &path, true)?;
    let address = task.argument(1);
    if address == 0 {
        return set_times(task, inode, None);
    }
    let mut reader = task.reader(address);
    let times = [reader.signed_long()?, reader.signed_long()?];
    set_times(task, inode, Some(times.map(|time| Some(time.saturating_mul(1_000_000_000)))))
}

/// Extended attributes: these files have none.
pub(super) fn no_attributes(_task: &mut Task<'_>) -> Answer {
    Err(Errno::EOPNOTSUPP.into())
}
