//! [`FileSystem`]: the files that a program sees.
//!
//! Everything is in memory. Folders of the host are seen where they are
//! mounted, and read when they are asked for; what the guest changes stays in
//! memory, unless the mount says that it may write.

mod host;
mod limits;
mod operations;
mod paths;
mod saved;

use std::{collections::BTreeMap, path::Path, sync::Arc};

pub use host::MountMode;
pub use limits::FileLimits;
pub(crate) use paths::{MAX_PATH, Place};
use serde::{Deserialize, Serialize};

use crate::errno::Errno;

/// Where an inode is in its file system.
pub(crate) type InodeId = usize;
/// The folder `/`.
pub(crate) const ROOT: InodeId = 0;
/// The largest file, so that no program takes all memory of the host: 1 GiB.
pub(crate) const MAX_FILE: u64 = 1 << 30;

/// The time that files have which are there from the start: the first of
/// January 2024, in nanoseconds since 1970.
pub(crate) const EPOCH: i64 = 1_704_067_200_000_000_000;

/// A device that every system has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Device {
    Null,
    Zero,
    Full,
    Random,
    Terminal,
    /// `/dev/ptmx`: opening it makes a pseudoterminal.
    Multiplexer,
    /// The slave of a pseudoterminal.
    Pseudo(u32),
}

impl Device {
    /// Its number, as `stat` tells it: major and minor (Linux
    /// admin-guide/devices.txt).
    pub(crate) const fn number(self) -> (u32, u32) {
        match self {
            Self::Null => (1, 3),
            Self::Zero => (1, 5),
            Self::Full => (1, 7),
            Self::Random => (1, 9),
            Self::Terminal => (5, 0),
            Self::Multiplexer => (5, 2),
            Self::Pseudo(number) => (136, number),
        }
    }
}

/// What an inode is.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    File(Arc<Vec<u8>>),
    Directory {
        entries: BTreeMap<Vec<u8>, InodeId>,
        parent: InodeId,
    },
    Link(Vec<u8>),
    Device(Device),
    /// A named pipe; the number is that of its pipe while it is open.
    Fifo(Option<u64>),
    /// A socket in the file system, by its number.
    Socket(u64),
}

/// Where an inode comes from.
#[derive(Debug, Clone)]
pub(crate) struct HostPlace {
    pub(crate) place: host::Rooted,
    pub(crate) mode: MountMode,
    /// Its content or its entries are still to be read.
    pub(crate) unread: bool,
    /// The size that the host told.
    pub(crate) size: u64,
}

/// One file, folder, link or device.
#[derive(Debug, Clone)]
pub(crate) struct Inode {
    pub(crate) node: Node,
    /// Permission bits.
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) links: u32,
    /// How many descriptions hold it.
    pub(crate) open: u32,
    /// Nanoseconds since 1970.
    pub(crate) accessed: i64,
    pub(crate) modified: i64,
    pub(crate) changed: i64,
    /// Counts changes of the content.
    pub(crate) version: u64,
    pub(crate) seals: u32,
    pub(crate) host: Option<HostPlace>,
}

impl Inode {
    pub(crate) const fn is_directory(&self) -> bool {
        matches!(self.node, Node::Directory { .. })
    }

    /// The type bits of `st_mode` (POSIX `sys/stat.h`, with Linux' numbers).
    pub(crate) const fn type_bits(&self) -> u32 {
        match self.node {
            Node::File(_) => 0o100_000,
            Node::Directory { .. } => 0o040_000,
            Node::Link(_) => 0o120_000,
            Node::Device(_) => 0o020_000,
            Node::Fifo(_) => 0o010_000,
            Node::Socket(_) => 0o140_000,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        match (&self.node, &self.host) {
            (Node::File(_), Some(host)) if host.unread => host.size,
            (Node::File(content), _) => content.len() as u64,
            (Node::Link(target), _) => target.len() as u64,
            (Node::Directory { .. }, _) => 4096,
            _ => 0,
        }
    }
}

/// The files that a program sees: a tree in memory.
///
/// ```
/// use terrella_models::FileSystem;
///
/// let mut files = FileSystem::new();
/// files.write("/etc/hostname", b"terrella\n")?;
/// assert_eq!(files.read("/etc/hostname")?, b"terrella\n");
/// assert!(files.read("/etc/shadow").is_err());
/// # Ok::<(), terrella_models::Errno>(())
/// ```
#[derive(Debug, Clone)]
pub struct FileSystem {
    inodes: Vec<Option<Arc<Inode>>>,
    free: Vec<InodeId>,
    /// How much there may be, and how much there is.
    limits: FileLimits,
    used: FileLimits,
    /// The time that changes get, in nanoseconds since 1970.
    pub(crate) now: i64,
}

impl Default for FileSystem {
    fn default() -> Self {
        Self::new()
    }
}

impl FileSystem {
    /// A system with `/dev`, `/tmp`, `/proc` and `/etc`, and nothing in them but
    /// the usual devices and the names of the users.
    #[must_use]
    pub fn new() -> Self {
        let mut files = Self {
            inodes: Vec::new(),
            free: Vec::new(),
            limits: FileLimits::default(),
            used: FileLimits { bytes: 0, entries: 0 },
            now: EPOCH,
        };
        files.place_inode(Node::Directory { entries: BTreeMap::new(), parent: ROOT }, 0o755);
        files.usual();
        files
    }

    fn usual(&mut self) {
        const DEVICES: &[(&str, Device)] = &[
            ("null", Device::Null),
            ("zero", Device::Zero),
            ("full", Device::Full),
            ("random", Device::Random),
            ("urandom", Device::Random),
            ("tty", Device::Terminal),
            ("ptmx", Device::Multiplexer),
        ];
        const LINKS: &[(&str, &str)] = &[
            ("fd", "/proc/self/fd"),
            ("stdin", "/proc/self/fd/0"),
            ("stdout", "/proc/self/fd/1"),
            ("stderr", "/proc/self/fd/2"),
        ];
        // Nothing is there yet that could be in the way.
        let Ok(dev) = self.make_folders(b"/dev/shm") else { return };
        self.change(dev).mode = 0o1777;
        if let Ok(tmp) = self.make_folders(b"/tmp") {
            self.change(tmp).mode = 0o1777;
        }
        for folder in ["/proc", "/etc", "/root", "/bin", "/usr/bin"] {
            let _ = self.make_folders(folder.as_bytes());
        }
        let Ok(dev) = self.find(b"/dev") else { return };
        for (name, device) in DEVICES {
            let inode = self.place_inode(Node::Device(*device), 0o666);
            let _ = self.insert(dev, name.as_bytes(), inode);
        }
        for (name, target) in LINKS {
            let inode = self.place_inode(Node::Link(target.as_bytes().to_vec()), 0o777);
            let _ = self.insert(dev, name.as_bytes(), inode);
        }
        let _ = self.write("/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n");
        let _ = self.write("/etc/group", b"root:x:0:\n");
    }

    /// Writes a file, with the folders above it; replaces what is there.
    ///
    /// # Errors
    /// [`Errno::ENOTDIR`] if a part of the path is a file, [`Errno::EISDIR`] if
    /// it is a folder, and those of the host for a mount that is written.
    pub fn write(&mut self, path: impl AsRef<[u8]>, content: &[u8]) -> Result<(), Errno> {
        self.write_with_mode(path.as_ref(), content, 0o644)
    }

    /// Writes a program: a file that may be executed.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_program(&mut self, path: impl AsRef<[u8]>, content: &[u8]) -> Result<(), Errno> {
        self.write_with_mode(path.as_ref(), content, 0o755)
    }

    fn write_with_mode(&mut self, path: &[u8], content: &[u8], mode: u32) -> Result<(), Errno> {
        let end = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let (folder, name) = path.split_at(end);
        let folder = self.make_folders(folder)?;
        let place = self.walk(folder, ROOT, name, true)?;
        let inode = match place.inode {
            Some(inode) => inode,
            None => self.create(&place, Node::File(Arc::default()), mode)?,
        };
        self.change(inode).mode = mode;
        self.set_size(inode, 0)?;
        self.write_at(inode, 0, content).map(|_| ())
    }

    /// The content of a file.
    ///
    /// # Errors
    /// [`Errno::ENOENT`] if there is none, [`Errno::EISDIR`] if it is a folder,
    /// and those of the host for a mounted file.
    pub fn read(&mut self, path: impl AsRef<[u8]>) -> Result<Vec<u8>, Errno> {
        let inode = self.find(path.as_ref())?;
        self.content(inode).map(|content| content.as_ref().clone())
    }

    /// The names in a folder, sorted.
    ///
    /// # Errors
    /// [`Errno::ENOENT`], [`Errno::ENOTDIR`], and those of the host.
    pub fn list(&mut self, path: impl AsRef<[u8]>) -> Result<Vec<Vec<u8>>, Errno> {
        let folder = self.find(path.as_ref())?;
        self.fill(folder)?;
        match &self.inode(folder).node {
            Node::Directory { entries, .. } => Ok(entries.keys().cloned().collect()),
            _ => Err(Errno::ENOTDIR),
        }
    }

    /// Makes a symbolic link, with the folders above it.
    ///
    /// # Errors
    /// [`Errno::EEXIST`], [`Errno::ENOTDIR`].
    pub fn symlink(&mut self, target: impl AsRef<[u8]>, path: impl AsRef<[u8]>) -> Result<(), Errno> {
        let path = path.as_ref();
        let end = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let folder = self.make_folders(&path[..end])?;
        let place = self.walk(folder, ROOT, &path[end..], false)?;
        self.create(&place, Node::Link(target.as_ref().to_vec()), 0o777).map(|_| ())
    }

    /// Shows a folder or a file of the host at a path of the guest. Symbolic
    /// links in it are the guest's own: they lead to where the guest has their
    /// target, never out of the mount.
    ///
    /// # Errors
    /// What the host says of the path; [`Errno::ENOTDIR`] if a part of the
    /// guest's path is a file.
    pub fn mount(&mut self, host: &Path, guest: impl AsRef<[u8]>, mode: MountMode) -> Result<(), Errno> {
        self.mount_host(host, guest.as_ref(), mode)
    }

    // ---- inodes

    /// A new inode, if there may be one more.
    pub(crate) fn add_inode(&mut self, node: Node, mode: u32) -> Result<InodeId, Errno> {
        self.take_room(limits::bytes_of(&node))?;
        self.take_entry()?;
        Ok(self.place_inode(node, mode))
    }

    fn place_inode(&mut self, node: Node, mode: u32) -> InodeId {
        let links = if matches!(node, Node::Directory { .. }) { 2 } else { 0 };
        let inode = Arc::new(Inode {
            node,
            mode,
            uid: 0,
            gid: 0,
            links,
            open: 0,
            accessed: self.now,
            modified: self.now,
            changed: self.now,
            version: 0,
            seals: 0,
            host: None,
        });
        match self.free.pop() {
            Some(id) => {
                self.inodes[id] = Some(inode);
                id
            }
            None => {
                self.inodes.push(Some(inode));
                self.inodes.len() - 1
            }
        }
    }

    /// An inode that something holds: an entry, a description, a process.
    pub(crate) fn inode(&self, id: InodeId) -> &Inode {
        match self.inodes.get(id) {
            Some(Some(inode)) => inode,
            _ => unreachable!("inode {id} is held and gone"),
        }
    }

    /// The same, to be changed.
    pub(crate) fn change(&mut self, id: InodeId) -> &mut Inode {
        match self.inodes.get_mut(id) {
            Some(Some(inode)) => Arc::make_mut(inode),
            _ => unreachable!("inode {id} is held and gone"),
        }
    }

    /// Forgets an inode that nothing holds any more.
    pub(crate) fn release(&mut self, id: InodeId) {
        let inode = self.inode(id);
        let empty = match &inode.node {
            Node::Directory { .. } => inode.links < 2,
            _ => inode.links == 0,
        };
        if empty && inode.open == 0 && id != ROOT {
            let size = limits::bytes_of(&inode.node);
            self.inodes[id] = None;
            self.free.push(id);
            self.give_room(size);
            self.give_entry();
        }
    }

    pub(crate) fn hold(&mut self, id: InodeId) {
        self.change(id).open += 1;
    }

    pub(crate) fn let_go(&mut self, id: InodeId) {
        let inode = self.change(id);
        inode.open = inode.open.saturating_sub(1);
        self.release(id);
    }
}

#[cfg(test)]
mod tests;
