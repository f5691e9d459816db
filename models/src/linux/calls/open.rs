//! Opening files.

use std::sync::Arc;

use super::super::{
    abi::generic::*,
    descriptions::Kind,
    task::{Answer, Refusal, Task},
};
use crate::{
    errno::Errno,
    files::{Device, InodeId, Node},
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
    pub(super) fn own(&mut self, inode: InodeId) -> Result<(), Errno> {
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

    pub(super) fn install(&mut self, description: u64, flags: u64) -> Answer {
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
        let made = self.kernel.files.add_inode(Node::File(Arc::default()), mode & 0o7777)?;
        self.own(made)?;
        self.open_inode(made, flags & !(O_TMPFILE | O_DIRECTORY))
    }

    /// Opens the slave of a pseudoterminal; the leader of a session without a
    /// terminal gets it as its own (credentials(7), setsid(2)).
    fn open_slave(&mut self, number: u32, flags: u64) -> Result<Kind, Errno> {
        self.kernel.open_terminal(number)?;
        if flags & O_NOCTTY == 0 {
            // Who cannot have it may still use it.
            let _ = self.kernel.take_terminal(number, self.process);
        }
        Ok(Kind::Terminal { number, master: false })
    }

    /// Opens an inode; the result is a descriptor.
    pub(in crate::linux) fn open_inode(&mut self, inode: InodeId, flags: u64) -> Answer {
        let status = flags & !(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC | O_NOCTTY);
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
            Node::Device(Device::Multiplexer) => {
                let name = self.this()?.platform.name();
                Kind::Terminal { number: self.kernel.new_terminal(name)?, master: true }
            }
            Node::Device(Device::Pseudo(number)) => {
                let number = *number;
                self.open_slave(number, flags)?
            }
            // That of the session; without one, the system's own.
            Node::Device(Device::Terminal) if self.kernel.terminal_of(self.this()?.session).is_some() => {
                let number = self.kernel.terminal_of(self.this()?.session).unwrap_or_default();
                self.open_slave(number, flags | O_NOCTTY)?
            }
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
        let held = self.thread()?.call.as_ref().and_then(|call| call.opened);
        if held.is_none() {
            if writes && !reads && !waits && self.kernel.pipes.get(&pipe).is_none_or(|pipe| pipe.readers == 0)
            {
                return Err(Errno::ENXIO.into());
            }
            let description = self.kernel.add_description(Kind::Pipe { pipe, writes, reads }, status);
            if !waits || reads && writes {
                return self.install(description, flags);
            }
            if let Some(call) = &mut self.thread_mut()?.call {
                call.opened = Some(description);
            }
        }
        let other = self.kernel.pipes.get(&pipe).is_some_and(|pipe| match reads {
            true => pipe.writers > 0 || !pipe.bytes.is_empty(),
            false => pipe.readers > 0,
        });
        if !other {
            return Err(self.wait_until(None));
        }
        match self.thread_mut()?.call.as_mut().and_then(|call| call.opened.take()) {
            Some(held) => self.install(held, flags),
            None => Err(Errno::EBADF.into()),
        }
    }

    /// The inode that a call means: a path, or with an empty one the
    /// descriptor itself.
    pub(super) fn inode_or_descriptor(
        &mut self,
        folder: i32,
        path: &[u8],
        flags: u64,
    ) -> Result<InodeId, Refusal> {
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
    let mode = task.read_integer(how.wrapping_add(8), 8)? as u32;
    if task.read_integer(how.wrapping_add(16), 8)? != 0 {
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
