//! Files and folders by their paths, and what is told of them.

use std::{collections::BTreeMap, sync::Arc};

use super::super::{
    abi::{Structure, generic::*},
    descriptions::Kind,
    task::{Answer, Refusal, Task},
};
use crate::{
    errno::Errno,
    files::{InodeId, Node, Place},
};

/// How an open file is to be opened.
fn open_flags(task: &Task<'_>, index: usize) -> u64 {
    task.abi.bits_to_generic(|tables| tables.open, task.argument(index))
}

impl Task<'_> {
    /// Opens a path; the result is a descriptor.
    pub(in crate::linux) fn open_at(&mut self, folder: i32, path: &[u8], flags: u64, mode: u32) -> Answer {
        if flags & O_TMPFILE != 0 && flags & O_DIRECTORY != 0 {
            return self.open_unnamed(folder, path, flags, mode);
        }
        let follow = flags & O_NOFOLLOW == 0 && flags & (O_CREAT | O_EXCL) != O_CREAT | O_EXCL;
        if let Some(description) = self.own_descriptor(folder, path, follow)? {
            return self.install(description, flags);
        }
        let place = self.place(folder, path, follow)?;
        let inode = match place.inode {
            Some(_) if flags & (O_CREAT | O_EXCL) == O_CREAT | O_EXCL => return Err(Errno::EEXIST.into()),
            Some(inode) => inode,
            None if flags & O_CREAT == 0 => return Err(Errno::ENOENT.into()),
            None if place.must_be_folder => return Err(Errno::EISDIR.into()),
            None => {
                let mode = mode & 0o7777 & !self.this()?.umask;
                let made = self.kernel.files.create(&place, Node::File(Arc::default()), mode)?;
                self.own(made)?;
                return self.open_inode(made, flags & !O_TRUNC);
            }
        };
        self.open_inode(inode, flags)
    }

    /// What is made belongs to who makes it.
    fn own(&mut self, inode: InodeId) -> Result<(), Errno> {
        let who = &self.this()?.credentials;
        let (uid, gid) = (who.user[3], who.group[3]);
        let it = self.kernel.files.change(inode);
        (it.uid, it.gid) = (uid, gid);
        Ok(())
    }

    /// `/proc/self/fd/N` and its kin stand for the description itself where
    /// there is no file of that name.
    fn own_descriptor(&mut self, folder: i32, path: &[u8], follow: bool) -> Result<Option<u64>, Errno> {
        if !follow {
            return Ok(None);
        }
        let Ok(place) = self.place(folder, path, false) else { return Ok(None) };
        let Some(inode) = place.inode else { return Ok(None) };
        let Node::Link(target) = &self.kernel.files.inode(inode).node else { return Ok(None) };
        let own = self.kernel.files.path_of(place.folder, &place.name);
        let text = if own.starts_with(b"/proc/") { own } else { target.clone() };
        let text = String::from_utf8_lossy(&text).into_owned();
        let parts: Vec<&str> = text.trim_start_matches('/').split('/').collect();
        let ["proc", id, "fd", number] = parts[..] else { return Ok(None) };
        let process = if id == "self" { self.process } else { id.parse().unwrap_or(0) };
        let Ok(number) = number.parse::<i32>() else { return Ok(None) };
        let Ok(descriptor) = self.kernel.descriptor(process, number) else { return Ok(None) };
        let is_file = self
            .kernel
            .descriptions
            .get(&descriptor.description)
            .is_some_and(|it| matches!(it.kind, Kind::File(_) | Kind::Directory(_)));
        Ok((!is_file).then_some(descriptor.description))
    }

    fn install(&mut self, description: u64, flags: u64) -> Answer {
        let fd = self.kernel.install(self.process, description, flags)?;
        Ok(fd as u64)
    }

    fn open_unnamed(&mut self, folder: i32, path: &[u8], flags: u64, mode: u32) -> Answer {
        let inode = self.inode_at(folder, path, true)?;
        if !self.kernel.files.inode(inode).is_directory() {
            return Err(Errno::ENOTDIR.into());
        }
        if flags & O_ACCMODE == 0 {
            return Err(Errno::EINVAL.into());
        }
        let made = self.kernel.files.add_inode(Node::File(Arc::default()), mode & 0o7777);
        self.own(made)?;
        self.open_inode(made, flags & !(O_TMPFILE | O_DIRECTORY))
    }

    /// Opens an inode; the result is a descriptor.
    pub(in crate::linux) fn open_inode(&mut self, inode: InodeId, flags: u64) -> Answer {
        let status = flags & !(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC | 0x100);
        if flags & O_PATH != 0 {
            let description = self.kernel.add_description(Kind::Path(inode), O_PATH);
            return self.install(description, flags);
        }
        let writes = flags & O_ACCMODE != 0;
        let it = self.kernel.files.inode(inode);
        if flags & O_DIRECTORY != 0 && !it.is_directory() {
            return Err(Errno::ENOTDIR.into());
        }
        let kind = match &it.node {
            Node::Directory { .. } if writes || flags & O_CREAT != 0 => return Err(Errno::EISDIR.into()),
            Node::Directory { .. } => Kind::Directory(inode),
            Node::Link(_) => return Err(Errno::ELOOP.into()),
            Node::Socket(_) => return Err(Errno::ENXIO.into()),
            Node::Device(device) => Kind::Device(*device, inode),
            Node::Fifo(_) => return self.open_fifo(inode, flags, status),
            Node::File(_) => {
                if writes {
                    self.kernel.files.writable(inode)?;
                }
                if flags & O_TRUNC != 0 && writes {
                    self.kernel.files.set_size(inode, 0)?;
                }
                Kind::File(inode)
            }
        };
        let description = self.kernel.add_description(kind, status);
        self.install(description, flags)
    }

    /// A named pipe: opening waits for the other side (fifo(7)).
    fn open_fifo(&mut self, inode: InodeId, flags: u64, status: u64) -> Answer {
        let pipe = self.kernel.pipe_of(inode)?;
        let (reads, writes) = match flags & O_ACCMODE {
            0 => (true, false),
            1 => (false, true),
            _ => (true, true),
        };
        let waits = flags & O_NONBLOCK == 0;
        let held = self.thread()?.call.as_ref().map_or(0, |call| call.done);
        if held == 0 {
            if writes && !reads && !waits && self.kernel.pipes.get(&pipe).is_none_or(|pipe| pipe.readers == 0)
            {
                return Err(Errno::ENXIO.into());
            }
            let description = self.kernel.add_description(Kind::Pipe { pipe, writes, reads }, status);
            if !waits || reads && writes {
                return self.install(description, flags);
            }
            if let Some(call) = &mut self.thread_mut()?.call {
                call.done = description;
            }
        }
        let other = self.kernel.pipes.get(&pipe).is_some_and(|pipe| match reads {
            true => pipe.writers > 0 || !pipe.bytes.is_empty(),
            false => pipe.readers > 0,
        });
        if !other {
            return Err(self.wait_until(None));
        }
        let held = self.thread()?.call.as_ref().map_or(0, |call| call.done);
        self.install(held, flags)
    }

    /// The inode that a call means: a path, or with an empty one the
    /// descriptor itself.
    fn inode_or_descriptor(&mut self, folder: i32, path: &[u8], flags: u64) -> Result<InodeId, Refusal> {
        if path.is_empty() && flags & AT_EMPTY_PATH != 0 {
            if folder == AT_FDCWD {
                return Ok(self.this()?.folder);
            }
            return self.kernel.description(self.process, folder)?.inode().ok_or_else(|| Errno::EBADF.into());
        }
        Ok(self.inode_at(folder, path, flags & AT_SYMLINK_NOFOLLOW == 0)?)
    }
}

pub(super) fn open(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    task.open_at(AT_FDCWD, &path, open_flags(task, 1), task.argument(2) as u32)
}

pub(super) fn openat(task: &mut Task<'_>) -> Answer {
    let path = task.path(1)?;
    task.open_at(task.int(0), &path, open_flags(task, 2), task.argument(3) as u32)
}

/// `openat2(folder, path, how, size)`.
pub(super) fn openat2(task: &mut Task<'_>) -> Answer {
    if task.argument(3) < 24 {
        return Err(Errno::EINVAL.into());
    }
    let path = task.path(1)?;
    let how = task.argument(2);
    let flags = task.read_integer(how, 8)?;
    let mode = task.read_integer(how + 8, 8)? as u32;
    if task.read_integer(how + 16, 8)? != 0 {
        // Restrictions of the resolution: programs go on without.
        return Err(Errno::ENOSYS.into());
    }
    let flags = task.abi.bits_to_generic(|tables| tables.open, flags);
    task.open_at(task.int(0), &path, flags, mode)
}

pub(super) fn creat(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    task.open_at(AT_FDCWD, &path, O_CREAT | O_WRONLY | O_TRUNC, task.argument(1) as u32)
}

// ---- what is told of files

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
    let time = |fields: &mut super::super::task::Fields, time: i64| {
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

// ---- making and removing

fn make_folder(task: &mut Task<'_>, folder: i32, path: &[u8], mode: u64) -> Answer {
    let place = task.place(folder, path, true)?;
    let mode = mode as u32 & 0o1777 & !task.this()?.umask;
    let node = Node::Directory { entries: BTreeMap::new(), parent: place.folder };
    let made = task.kernel.files.create(&place, node, mode)?;
    task.own(made)?;
    Ok(0)
}

pub(super) fn mkdir(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    make_folder(task, AT_FDCWD, &path, task.argument(1))
}

pub(super) fn mkdirat(task: &mut Task<'_>) -> Answer {
    let path = task.path(1)?;
    make_folder(task, task.int(0), &path, task.argument(2))
}

fn make_node(task: &mut Task<'_>, folder: i32, path: &[u8], mode: u64) -> Answer {
    let place = task.place(folder, path, false)?;
    let node = match mode & 0o170_000 {
        0 | 0o100_000 => Node::File(Arc::default()),
        0o010_000 => Node::Fifo(None),
        _ => return Err(Errno::EPERM.into()),
    };
    let mode = mode as u32 & 0o7777 & !task.this()?.umask;
    let made = task.kernel.files.create(&place, node, mode)?;
    task.own(made)?;
    Ok(0)
}

pub(super) fn mknod(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    make_node(task, AT_FDCWD, &path, task.argument(1))
}

pub(super) fn mknodat(task: &mut Task<'_>) -> Answer {
    let path = task.path(1)?;
    make_node(task, task.int(0), &path, task.argument(2))
}

fn make_link(task: &mut Task<'_>, target: Vec<u8>, folder: i32, path: &[u8]) -> Answer {
    if target.is_empty() {
        return Err(Errno::ENOENT.into());
    }
    let place = task.place(folder, path, false)?;
    let made = task.kernel.files.create(&place, Node::Link(target), 0o777)?;
    task.own(made)?;
    Ok(0)
}

pub(super) fn symlink(task: &mut Task<'_>) -> Answer {
    let (target, path) = (task.path(0)?, task.path(1)?);
    make_link(task, target, AT_FDCWD, &path)
}

pub(super) fn symlinkat(task: &mut Task<'_>) -> Answer {
    let (target, path) = (task.path(0)?, task.path(2)?);
    make_link(task, target, task.int(1), &path)
}

fn hard_link(task: &mut Task<'_>, from: (i32, &[u8]), to: (i32, &[u8]), flags: u64) -> Answer {
    let inode = if from.1.is_empty() && flags & AT_EMPTY_PATH != 0 {
        task.kernel.description(task.process, from.0)?.inode().ok_or(Errno::EBADF)?
    } else {
        task.inode_at(from.0, from.1, flags & AT_SYMLINK_FOLLOW != 0)?
    };
    let place = task.place(to.0, to.1, false)?;
    task.kernel.files.link(inode, &place)?;
    Ok(0)
}

pub(super) fn link(task: &mut Task<'_>) -> Answer {
    let (from, to) = (task.path(0)?, task.path(1)?);
    hard_link(task, (AT_FDCWD, &from), (AT_FDCWD, &to), 0)
}

pub(super) fn linkat(task: &mut Task<'_>) -> Answer {
    let (from, to) = (task.path(1)?, task.path(3)?);
    hard_link(task, (task.int(0), &from), (task.int(2), &to), task.argument(4))
}

fn remove(task: &mut Task<'_>, folder: i32, path: &[u8], is_folder: bool) -> Answer {
    let place = task.place(folder, path, false)?;
    if is_folder {
        if path.ends_with(b"/.") || path == b"." {
            return Err(Errno::EINVAL.into());
        }
        task.kernel.files.remove_folder(&place)?;
    } else {
        task.kernel.files.unlink(&place)?;
    }
    Ok(0)
}

pub(super) fn unlink(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    remove(task, AT_FDCWD, &path, false)
}

pub(super) fn rmdir(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    remove(task, AT_FDCWD, &path, true)
}

pub(super) fn unlinkat(task: &mut Task<'_>) -> Answer {
    let path = task.path(1)?;
    remove(task, task.int(0), &path, task.argument(2) & AT_REMOVEDIR != 0)
}

fn rename_with(task: &mut Task<'_>, from: (i32, &[u8]), to: (i32, &[u8]), flags: u64) -> Answer {
    const NOREPLACE: u64 = 1;
    const EXCHANGE: u64 = 2;
    if flags & !(NOREPLACE | EXCHANGE) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let from: Place = task.place(from.0, from.1, false)?;
    let to = task.place(to.0, to.1, false)?;
    if flags & NOREPLACE != 0 && to.inode.is_some() {
        return Err(Errno::EEXIST.into());
    }
    task.kernel.files.rename(&from, &to, flags & EXCHANGE != 0)?;
    Ok(0)
}

pub(super) fn rename(task: &mut Task<'_>) -> Answer {
    let (from, to) = (task.path(0)?, task.path(1)?);
    rename_with(task, (AT_FDCWD, &from), (AT_FDCWD, &to), 0)
}

pub(super) fn renameat(task: &mut Task<'_>) -> Answer {
    let (from, to) = (task.path(1)?, task.path(3)?);
    rename_with(task, (task.int(0), &from), (task.int(2), &to), 0)
}

pub(super) fn renameat2(task: &mut Task<'_>) -> Answer {
    let (from, to) = (task.path(1)?, task.path(3)?);
    rename_with(task, (task.int(0), &from), (task.int(2), &to), task.argument(4))
}

// ---- attributes

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
        *time = match task.read_time_parts(address + index as u64 * size, wide)? {
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
    let times = [task.read_timeval(address)?, task.read_timeval(address + size)?];
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

// ---- folders

pub(super) fn getcwd(task: &mut Task<'_>) -> Answer {
    let process = task.this()?;
    let (folder, root) = (process.folder, process.root);
    let mut path = task.kernel.files.path_of(folder, b"");
    let above = task.kernel.files.path_of(root, b"");
    if above != b"/" && path.starts_with(&above) {
        path.drain(..above.len());
        if path.is_empty() {
            path.push(b'/');
        }
    }
    path.push(0);
    if (path.len() as u64) > task.argument(1) {
        return Err(Errno::ERANGE.into());
    }
    task.write(task.argument(0), &path)?;
    Ok(path.len() as u64)
}

fn change_folder(task: &mut Task<'_>, inode: InodeId, root: bool) -> Answer {
    if !task.kernel.files.inode(inode).is_directory() {
        return Err(Errno::ENOTDIR.into());
    }
    task.kernel.files.hold(inode);
    let process = task.this_mut()?;
    let place = if root { &mut process.root } else { &mut process.folder };
    let old = std::mem::replace(place, inode);
    task.kernel.files.let_go(old);
    Ok(0)
}

pub(super) fn chdir(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    let inode = task.inode_at(AT_FDCWD, &path, true)?;
    change_folder(task, inode, false)
}

pub(super) fn fchdir(task: &mut Task<'_>) -> Answer {
    let inode = task.kernel.description(task.process, task.int(0))?.inode().ok_or(Errno::ENOTDIR)?;
    change_folder(task, inode, false)
}

pub(super) fn chroot(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    let inode = task.inode_at(AT_FDCWD, &path, true)?;
    change_folder(task, inode, true)
}

pub(super) fn umask(task: &mut Task<'_>) -> Answer {
    let mask = task.argument(0) as u32 & 0o777;
    Ok(std::mem::replace(&mut task.this_mut()?.umask, mask).into())
}

/// The entries of a folder, from the position of the description on; the
/// position counts entries.
fn entries(task: &mut Task<'_>, wide: bool) -> Answer {
    let fd = task.int(0);
    let it = task.kernel.description(task.process, fd)?;
    let Kind::Directory(inode) = it.kind else { return Err(Errno::ENOTDIR.into()) };
    let position = it.offset;
    let path = task.kernel.files.path_of(inode, b"");
    task.refresh_processes(inode, &path);
    task.kernel.files.fill(inode)?;
    let Node::Directory { entries, parent } = &task.kernel.files.inode(inode).node else {
        return Err(Errno::ENOTDIR.into());
    };
    let mut all: Vec<(&[u8], InodeId)> = vec![(b".", inode), (b"..", *parent)];
    all.extend(entries.iter().map(|(name, inode)| (name.as_slice(), *inode)));
    let room = task.argument(2) as usize;
    let mut bytes = Vec::new();
    let mut next = position;
    for (name, child) in all.into_iter().skip(position as usize) {
        let kind = (task.kernel.files.inode(child).type_bits() >> 12) as u8;
        let mut fields = task.fields();
        let (head, tail) = if wide { (19, 1) } else { (2 * task.abi.word + 2, 2) };
        let unit = if wide { 8 } else { task.abi.word };
        let length = (head + name.len() + tail).next_multiple_of(unit);
        if bytes.len() + length > room {
            break;
        }
        next += 1;
        if wide {
            fields.wide(child as u64 + 1).wide(next).short(length as u64).bytes(&[kind]).bytes(name);
        } else {
            fields.long(child as u64 + 1).long(next).short(length as u64).bytes(name);
        }
        let mut entry = fields.pad_to(length).finish();
        if !wide {
            entry[length - 1] = kind;
        }
        bytes.extend(entry);
    }
    if bytes.is_empty() && next == position {
        let any = match &task.kernel.files.inode(inode).node {
            Node::Directory { entries, .. } => position < entries.len() as u64 + 2,
            _ => false,
        };
        return if any { Err(Errno::EINVAL.into()) } else { Ok(0) };
    }
    task.write(task.argument(1), &bytes)?;
    task.kernel.description_mut(task.process, fd)?.offset = next;
    Ok(bytes.len() as u64)
}

pub(super) fn getdents(task: &mut Task<'_>) -> Answer {
    entries(task, false)
}

pub(super) fn getdents64(task: &mut Task<'_>) -> Answer {
    entries(task, true)
}

/// `memfd_create(name, flags)`.
pub(super) fn memfd_create(task: &mut Task<'_>) -> Answer {
    task.read_string(task.argument(0), 250)?;
    let inode = task.kernel.files.add_inode(Node::File(Arc::default()), 0o777);
    // Without MFD_ALLOW_SEALING nothing more can be sealed.
    task.kernel.files.change(inode).seals = if task.argument(1) & 2 != 0 { 0 } else { 1 };
    let description = task.kernel.add_description(Kind::File(inode), O_RDWR);
    let flags = if task.argument(1) & 1 != 0 { O_CLOEXEC } else { 0 };
    task.install(description, flags)
}
