//! What is told of files.

use super::super::{
    abi::{Structure, generic::*},
    descriptions::Kind,
    task::{Answer, Fields, Refusal, Task},
};
use crate::{
    errno::Errno,
    files::{InodeId, Node},
};

/// What `stat` tells.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::linux) struct Status {
    device: u64,
    inode: u64,
    mode: u32,
    links: u32,
    uid: u32,
    gid: u32,
    special: (u32, u32),
    size: u64,
    accessed: i64,
    modified: i64,
    changed: i64,
}

/// The device that holds the files of the guest.
const DEVICE: u64 = 0x801;
const BLOCK: u64 = 4096;

impl Task<'_> {
    fn status_of(&self, inode: InodeId) -> Status {
        let it = self.kernel.files.inode(inode);
        let special = match it.node {
            Node::Device(device) => device.number(),
            _ => (0, 0),
        };
        Status {
            device: DEVICE,
            inode: inode as u64 + 1,
            mode: it.type_bits() | it.mode,
            links: it.links.max(u32::from(it.open == 0)),
            uid: it.uid,
            gid: it.gid,
            special,
            size: it.size(),
            accessed: it.accessed,
            modified: it.modified,
            changed: it.changed,
        }
    }

    fn status_of_descriptor(&self, fd: i32) -> Result<Status, Errno> {
        let it = self.kernel.description(self.process, fd)?;
        if let Some(inode) = it.inode() {
            return Ok(self.status_of(inode));
        }
        if let Kind::Terminal { number, master: false } = it.kind
            && let Some(terminal) = self.kernel.terminals.get(&number)
        {
            return Ok(self.status_of(terminal.inode));
        }
        let now = self.kernel.clock.epoch;
        let base =
            Status { device: 0xc, links: 1, accessed: now, modified: now, changed: now, ..Status::default() };
        let owner = |id: u64| Status { inode: id, ..base };
        let id = self.kernel.descriptor(self.process, fd)?.description;
        Ok(match it.kind {
            Kind::Stream(stream) if self.kernel.streams.terminal[usize::from(stream)] => {
                Status { mode: 0o020_620, special: (136, 0), ..owner(3) }
            }
            Kind::Stream(stream) => Status { mode: 0o010_600, ..owner(u64::from(stream) + 1) },
            Kind::Pipe { pipe, .. } => Status { mode: 0o010_600, ..owner(pipe) },
            Kind::Terminal { number, master } => {
                let special = if master { (5, 2) } else { (136, number) };
                let mode = if master { 0o020_666 } else { 0o020_620 };
                Status { mode, special, ..owner(id) }
            }
            Kind::Queue(queue) => {
                let Some(queue) = self.kernel.ipc.queues.all.get(&queue) else { return Err(Errno::EBADF) };
                let (uid, gid) = queue.permissions.owner;
                // A line of text of at most 80 bytes (`FILENT_SIZE`, ipc/mqueue.c).
                Status { mode: 0o100_000 | queue.permissions.mode, uid, gid, size: 80, ..owner(id) }
            }
            Kind::Socket(socket) => Status { mode: 0o140_777, ..owner(socket) },
            _ => Status { mode: 0o600, ..owner(id) },
        })
    }

    fn write_status(&mut self, address: u64, layout: &Structure, status: Status) -> Result<(), Errno> {
        let mut bytes = vec![0; layout.size];
        let nanos = 1_000_000_000;
        // The old encoding of devices has 8 bits each, the new one more.
        let device =
            |(major, minor): (u32, u32)| u64::from(minor & 0xff | major << 8 | (minor & !0xff) << 12);
        for (name, offset, size) in layout.places {
            let value = match *name {
                "st_dev" => status.device,
                "st_ino" => status.inode,
                "st_mode" => status.mode.into(),
                "st_nlink" => status.links.into(),
                "st_uid" => status.uid.into(),
                "st_gid" => status.gid.into(),
                "st_rdev" => device(status.special),
                "st_size" => status.size,
                "st_blksize" => BLOCK,
                "st_blocks" => status.size.div_ceil(512),
                "st_atime" => status.accessed.div_euclid(nanos) as u64,
                "st_atime_nsec" => status.accessed.rem_euclid(nanos) as u64,
                "st_mtime" => status.modified.div_euclid(nanos) as u64,
                "st_mtime_nsec" => status.modified.rem_euclid(nanos) as u64,
                "st_ctime" => status.changed.div_euclid(nanos) as u64,
                "st_ctime_nsec" => status.changed.rem_euclid(nanos) as u64,
                _ => continue,
            };
            if *name == "st_size" && *size == 4 && value > i32::MAX as u64 {
                return Err(Errno::EOVERFLOW);
            }
            self.abi.order.write(value.into(), &mut bytes[*offset..*offset + *size]);
        }
        self.write(address, &bytes)
    }

    fn layout(&self, wide: bool) -> Result<&'static Structure, Errno> {
        let tables = self.abi.tables;
        // On 64-bit processors the calls with 64 in their name have the one
        // structure there is.
        if wide && !self.abi.is_64() { tables.stat64 } else { tables.stat }.ok_or(Errno::ENOSYS)
    }
}

fn stat_with(task: &mut Task<'_>, follow: bool, wide: bool) -> Answer {
    let path = task.path(0)?;
    let inode = task.inode_at(AT_FDCWD, &path, follow)?;
    let status = task.status_of(inode);
    task.write_status(task.argument(1), task.layout(wide)?, status)?;
    Ok(0)
}

pub(super) fn stat(task: &mut Task<'_>) -> Answer {
    stat_with(task, true, false)
}

pub(super) fn lstat(task: &mut Task<'_>) -> Answer {
    stat_with(task, false, false)
}

pub(super) fn stat64(task: &mut Task<'_>) -> Answer {
    stat_with(task, true, true)
}

pub(super) fn lstat64(task: &mut Task<'_>) -> Answer {
    stat_with(task, false, true)
}

pub(super) fn fstat(task: &mut Task<'_>) -> Answer {
    let status = task.status_of_descriptor(task.int(0))?;
    task.write_status(task.argument(1), task.layout(false)?, status)?;
    Ok(0)
}

pub(super) fn fstat64(task: &mut Task<'_>) -> Answer {
    let status = task.status_of_descriptor(task.int(0))?;
    task.write_status(task.argument(1), task.layout(true)?, status)?;
    Ok(0)
}

fn status_at(task: &mut Task<'_>, folder: i32, path: &[u8], flags: u64) -> Result<Status, Refusal> {
    if path.is_empty() && flags & AT_EMPTY_PATH != 0 && folder != AT_FDCWD {
        return Ok(task.status_of_descriptor(folder)?);
    }
    let inode = task.inode_or_descriptor(folder, path, flags)?;
    Ok(task.status_of(inode))
}

pub(super) fn fstatat(task: &mut Task<'_>) -> Answer {
    let path = task.path(1)?;
    let status = status_at(task, task.int(0), &path, task.argument(3))?;
    task.write_status(task.argument(2), task.layout(true)?, status)?;
    Ok(0)
}

/// `statx(folder, path, flags, mask, buffer)`: one structure on all
/// processors.
pub(super) fn statx(task: &mut Task<'_>) -> Answer {
    let path = if task.argument(1) == 0 { Vec::new() } else { task.path(1)? };
    let flags = task.argument(2) | if task.argument(1) == 0 { AT_EMPTY_PATH } else { 0 };
    let status = status_at(task, task.int(0), &path, flags)?;
    let mut fields = task.fields();
    let time = |fields: &mut Fields, time: i64| {
        fields.wide(time.div_euclid(1_000_000_000) as u64).int(time.rem_euclid(1_000_000_000) as u64).int(0);
    };
    fields
        .int(0x7ff)
        .int(BLOCK)
        .wide(0)
        .int(status.links.into())
        .int(status.uid.into())
        .int(status.gid.into());
    fields.short(status.mode.into()).short(0).wide(status.inode).wide(status.size);
    fields.wide(status.size.div_ceil(512)).wide(0);
    for at in [status.accessed, status.changed, status.changed, status.modified] {
        time(&mut fields, at);
    }
    let (major, minor) = status.special;
    fields.int(major.into()).int(minor.into()).int(status.device >> 8).int(status.device & 0xff);
    let bytes = fields.pad_to(256).finish();
    task.write(task.argument(4), &bytes)?;
    Ok(0)
}

fn write_statfs(task: &mut Task<'_>, address: u64, wide: bool) -> Answer {
    let tables = task.abi.tables;
    let layout = if wide && !task.abi.is_64() { tables.statfs64 } else { tables.statfs };
    let layout = layout.ok_or(Errno::ENOSYS)?;
    let mut bytes = vec![0; layout.size];
    for (name, offset, size) in layout.places {
        // TMPFS_MAGIC, 1 GiB.
        let value: u64 = match *name {
            "f_type" => 0x0102_1994,
            "f_bsize" | "f_frsize" => BLOCK,
            "f_blocks" | "f_bfree" | "f_bavail" => 1 << 18,
            "f_files" | "f_ffree" => 1 << 20,
            "f_namelen" => 255,
            _ => 0,
        };
        if *size <= 8 {
            task.abi.order.write(value.into(), &mut bytes[*offset..*offset + *size]);
        }
    }
    task.write(address, &bytes)?;
    Ok(0)
}

pub(super) fn statfs(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    task.inode_at(AT_FDCWD, &path, true)?;
    write_statfs(task, task.argument(1), false)
}

pub(super) fn fstatfs(task: &mut Task<'_>) -> Answer {
    task.kernel.description(task.process, task.int(0))?;
    write_statfs(task, task.argument(1), false)
}

/// With the size of the structure as an argument before it.
pub(super) fn statfs64(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    task.inode_at(AT_FDCWD, &path, true)?;
    write_statfs(task, task.argument(2), true)
}

pub(super) fn fstatfs64(task: &mut Task<'_>) -> Answer {
    task.kernel.description(task.process, task.int(0))?;
    write_statfs(task, task.argument(2), true)
}

fn access_at(task: &mut Task<'_>, folder: i32, path: &[u8], mode: u64, flags: u64) -> Answer {
    if mode & 0xffff_ffff & !7 != 0 {
        return Err(Errno::EINVAL.into());
    }
    let inode = task.inode_or_descriptor(folder, path, flags)?;
    if mode & 2 != 0 {
        task.kernel.files.writable(inode)?;
    }
    let it = task.kernel.files.inode(inode);
    // The superuser may do all but execute what nobody may.
    let super_user = task.this()?.credentials.user[0] == 0;
    let bits = if task.this()?.credentials.user[0] == it.uid { it.mode >> 6 } else { it.mode };
    let refused = if super_user {
        mode & 1 != 0 && !it.is_directory() && it.mode & 0o111 == 0
    } else {
        u64::from(bits) & mode & 7 != mode & 7
    };
    if refused { Err(Errno::EACCES.into()) } else { Ok(0) }
}

pub(super) fn access(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    access_at(task, AT_FDCWD, &path, task.argument(1), 0)
}

pub(super) fn faccessat(task: &mut Task<'_>) -> Answer {
    let path = task.path(1)?;
    access_at(task, task.int(0), &path, task.argument(2), 0)
}

pub(super) fn faccessat2(task: &mut Task<'_>) -> Answer {
    let path = task.path(1)?;
    access_at(task, task.int(0), &path, task.argument(2), task.argument(3))
}

fn read_link(task: &mut Task<'_>, folder: i32, path: &[u8], buffer: u64, size: u64) -> Answer {
    let inode = if path.is_empty() {
        task.kernel.description(task.process, folder)?.inode().ok_or(Errno::ENOENT)?
    } else {
        task.inode_at(folder, path, false)?
    };
    if size == 0 || size > i32::MAX as u64 {
        return Err(Errno::EINVAL.into());
    }
    let Node::Link(target) = task.kernel.files.inode(inode).node.clone() else {
        return Err(Errno::EINVAL.into());
    };
    let length = target.len().min(size as usize);
    task.write(buffer, &target[..length])?;
    Ok(length as u64)
}

pub(super) fn readlink(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    read_link(task, AT_FDCWD, &path, task.argument(1), task.argument(2))
}

pub(super) fn readlinkat(task: &mut Task<'_>) -> Answer {
    let path = task.path(1)?;
    read_link(task, task.int(0), &path, task.argument(2), task.argument(3))
}
