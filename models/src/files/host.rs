//! Folders of the host in the guest's tree.
//!
//! The host is reached through a handle of the mounted folder (`cap-std`),
//! which no path and no symbolic link leaves. What the guest sees as a link is
//! followed in the guest's tree only.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use cap_std::{
    ambient_authority,
    fs::{Dir, Metadata, OpenOptions},
};

use serde::{Deserialize, Serialize};

use super::{FileSystem, HostPlace, Inode, InodeId, MAX_FILE, Node, ROOT};
use crate::errno::Errno;

/// What a guest may do with a mounted folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MountMode {
    /// Nothing can be changed: `EROFS`.
    ReadOnly,
    /// Changes are seen by the guest, and stay in memory.
    #[default]
    CopyOnWrite,
    /// Changes reach the host.
    ReadWrite,
}

/// A folder of the host that is shown to a guest.
#[derive(Debug)]
pub(crate) struct Mounted {
    /// The handle; there is none before a saved system is running again.
    dir: Option<Dir>,
    /// The path that was mounted, and where the guest has it.
    pub(crate) host: PathBuf,
    pub(crate) guest: Vec<u8>,
}

/// A folder of the host, and a path in it.
#[derive(Debug, Clone)]
pub(crate) struct Rooted {
    pub(crate) root: Arc<Mounted>,
    pub(crate) path: PathBuf,
}

impl Rooted {
    fn dir(&self) -> Result<&Dir, Errno> {
        self.root.dir.as_ref().ok_or(Errno::ENODEV)
    }
}

impl Mounted {
    /// One whose folder is not open.
    pub(crate) const fn closed(host: PathBuf, guest: Vec<u8>) -> Self {
        Self { dir: None, host, guest }
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.dir.is_some()
    }

    /// Opens a folder, or that of a file: the mount, the path in it, and what
    /// is there.
    pub(crate) fn open(host: &Path, guest: &[u8]) -> Result<(Rooted, Metadata), Errno> {
        let metadata = std::fs::metadata(host).map_err(error)?;
        let (folder, path) = if metadata.is_dir() {
            (host, Path::new(".").to_owned())
        } else {
            let name = host.file_name().ok_or(Errno::EINVAL)?;
            let above = host.parent().filter(|above| !above.as_os_str().is_empty());
            (above.unwrap_or(Path::new(".")), Path::new(name).to_owned())
        };
        let dir = Dir::open_ambient_dir(folder, ambient_authority()).map_err(error)?;
        // A file that is itself a link: what it leads to, within its folder.
        let metadata = dir.metadata(&path).map_err(error)?;
        // A saved system is looked for wherever the next program begins.
        let host = std::path::absolute(host).map_err(error)?;
        Ok((Rooted { root: Arc::new(Self { dir: Some(dir), host, guest: guest.to_vec() }), path }, metadata))
    }
}

fn error(error: io::Error) -> Errno {
    Errno::from(&error)
}

fn name_of(name: &[u8]) -> Result<&Path, Errno> {
    std::str::from_utf8(name).map(Path::new).map_err(|_| Errno::EILSEQ)
}

fn mode_of(metadata: &Metadata) -> u32 {
    #[cfg(unix)]
    {
        use cap_std::fs::PermissionsExt;
        metadata.permissions().mode() & 0o7777
    }
    #[cfg(not(unix))]
    {
        if metadata.is_dir() { 0o755 } else { 0o644 }
    }
}

fn modified(metadata: &Metadata) -> i64 {
    let time = metadata.modified().map(cap_std::time::SystemTime::into_std).ok();
    let since = time.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0)
}

impl HostPlace {
    fn writes(inode: &Inode) -> Option<&Self> {
        inode.host.as_ref().filter(|host| host.mode == MountMode::ReadWrite)
    }

    fn child(&self, name: &[u8]) -> Result<Rooted, Errno> {
        Ok(Rooted { root: self.place.root.clone(), path: self.place.path.join(name_of(name)?) })
    }
}

impl FileSystem {
    pub(super) fn mount_host(&mut self, host: &Path, guest: &[u8], mode: MountMode) -> Result<(), Errno> {
        let (place, metadata) = Mounted::open(host, guest)?;
        if guest.iter().all(|byte| *byte == b'/') {
            if !metadata.is_dir() {
                return Err(Errno::ENOTDIR);
            }
            self.change(ROOT).host = Some(HostPlace { place, mode, unread: true, size: 0 });
            return Ok(());
        }
        let end = guest.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
        let guest = &guest[..end];
        let slash = guest.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let above = self.make_folders(&guest[..slash])?;
        let name = &guest[slash..];
        let inode = self.found(place, mode, &metadata, above)?;
        self.add_found(above, name.to_vec(), inode);
        Ok(())
    }

    /// Puts what the host has into a folder.
    fn add_found(&mut self, folder: InodeId, name: Vec<u8>, inode: InodeId) {
        let is_folder = self.inode(inode).is_directory();
        if !is_folder {
            self.change(inode).links = 1;
        }
        let it = self.change(folder);
        let Node::Directory { entries, .. } = &mut it.node else { return };
        let old = entries.insert(name, inode);
        it.links += u32::from(is_folder);
        // What a mount hides stays, as on a real system.
        if let Some(old) = old
            && self.inode(old).is_directory()
        {
            let it = self.change(folder);
            it.links = it.links.saturating_sub(1);
        }
    }

    /// An inode for something of the host, not yet read.
    fn found(
        &mut self,
        place: Rooted,
        mode: MountMode,
        metadata: &Metadata,
        parent: InodeId,
    ) -> Result<InodeId, Errno> {
        let node = if metadata.is_dir() {
            Node::Directory { entries: BTreeMap::new(), parent }
        } else if metadata.is_symlink() {
            let target = place.dir()?.read_link_contents(&place.path).unwrap_or_default();
            Node::Link(target.to_string_lossy().into_owned().into_bytes())
        } else {
            Node::File(Arc::default())
        };
        let unread = !matches!(node, Node::Link(_));
        let inode = self.add_inode(node, mode_of(metadata))?;
        let time = modified(metadata);
        let it = self.change(inode);
        it.accessed = time;
        it.modified = time;
        it.changed = time;
        it.host = Some(HostPlace { place, mode, unread, size: metadata.len() });
        Ok(inode)
    }

    /// Reads what is still unread of an inode: the entries of a folder, the
    /// content of a file.
    pub(crate) fn fill(&mut self, inode: InodeId) -> Result<(), Errno> {
        let Some(host) = self.inode(inode).host.clone().filter(|host| host.unread) else { return Ok(()) };
        let folder = self.inode(inode).is_directory();
        if folder {
            let mut more = Vec::new();
            for entry in host.place.dir()?.read_dir(&host.place.path).map_err(error)? {
                let entry = entry.map_err(error)?;
                // Names that are no UTF-8, and what vanished meanwhile, are not shown.
                let (Some(name), Ok(metadata)) =
                    (entry.file_name().to_str().map(str::to_owned), entry.metadata())
                else {
                    continue;
                };
                let plain = metadata.is_file() || metadata.is_dir() || metadata.is_symlink();
                match self.entry(inode, name.as_bytes()) {
                    _ if !plain => {}
                    None => more.push((name, metadata)),
                    // A folder that is there already shows what the host has
                    // in it, too.
                    Some(known) if metadata.is_dir() && self.inode(known).is_directory() => {
                        if self.inode(known).host.is_none() {
                            let place = host.child(name.as_bytes())?;
                            let size = metadata.len();
                            self.change(known).host =
                                Some(HostPlace { place, mode: host.mode, unread: true, size });
                        }
                    }
                    // An empty folder that every system has gives way to a
                    // link, as distributions with one `/usr` have it.
                    Some(known) if metadata.is_symlink() && self.is_empty_folder(known) => {
                        more.push((name, metadata));
                    }
                    Some(_) => {}
                }
            }
            for (name, metadata) in more {
                let place = host.child(name.as_bytes())?;
                let child = self.found(place, host.mode, &metadata, inode)?;
                self.add_found(inode, name.into_bytes(), child);
            }
        } else {
            if host.size > MAX_FILE {
                return Err(Errno::EFBIG);
            }
            let content = host.place.dir()?.read(&host.place.path).map_err(error)?;
            self.take_room(content.len() as u64)?;
            self.change(inode).node = Node::File(Arc::new(content));
        }
        if let Some(host) = &mut self.change(inode).host {
            host.unread = false;
        }
        Ok(())
    }

    /// Whether an inode is a folder that has nothing in it, and no part of the
    /// host behind it.
    fn is_empty_folder(&self, inode: InodeId) -> bool {
        let it = self.inode(inode);
        let empty = matches!(&it.node, Node::Directory { entries, .. } if entries.is_empty());
        empty && it.open == 0 && it.host.is_none()
    }

    /// Reads everything below an inode. Trees may be deep: no recursion.
    pub(super) fn fill_below(&mut self, inode: InodeId) -> Result<(), Errno> {
        let mut waiting = vec![inode];
        while let Some(inode) = waiting.pop() {
            self.fill(inode)?;
            if let Node::Directory { entries, .. } = &self.inode(inode).node {
                waiting.extend(entries.values().copied());
            }
        }
        Ok(())
    }

    /// Tells an inode, and all below it, where the host has them now: in a
    /// folder that is written through, or nowhere.
    pub(super) fn rehost(&mut self, inode: InodeId, folder: InodeId, name: &[u8]) {
        let mut waiting = vec![(inode, folder, name.to_vec())];
        while let Some((inode, folder, name)) = waiting.pop() {
            let host = HostPlace::writes(self.inode(folder)).and_then(|above| {
                let place = above.child(&name).ok()?;
                Some(HostPlace { place, mode: above.mode, unread: false, size: 0 })
            });
            self.change(inode).host = host;
            if let Node::Directory { entries, .. } = &self.inode(inode).node {
                waiting.extend(entries.iter().map(|(name, child)| (*child, inode, name.clone())));
            }
        }
    }
}

/// Writes through what was written to a file.
pub(super) fn wrote(inode: &Inode, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
    use std::io::{Seek, SeekFrom, Write};
    let Some(host) = HostPlace::writes(inode) else { return Ok(()) };
    let place = &host.place;
    let mut file = place.dir()?.open_with(&place.path, OpenOptions::new().write(true)).map_err(error)?;
    file.seek(SeekFrom::Start(offset)).and_then(|_| file.write_all(bytes)).map_err(error)
}

pub(super) fn resized(inode: &Inode, size: u64) -> Result<(), Errno> {
    let Some(host) = HostPlace::writes(inode) else { return Ok(()) };
    let place = &host.place;
    let file = place.dir()?.open_with(&place.path, OpenOptions::new().write(true)).map_err(error)?;
    file.set_len(size).map_err(error)
}

/// Makes on the host what the guest made in a folder that is written through.
/// Links, devices and sockets stay in memory: a link could mean another place
/// on the host than it means to the guest.
pub(super) fn created(
    folder: &Inode,
    name: &[u8],
    node: &Node,
    #[cfg_attr(not(unix), expect(unused_variables, reason = "other hosts have no such bits"))] mode: u32,
) -> Result<Option<HostPlace>, Errno> {
    let Some(host) = HostPlace::writes(folder) else { return Ok(None) };
    let place = host.child(name)?;
    match node {
        Node::Directory { .. } => place.dir()?.create_dir(&place.path).map_err(error)?,
        Node::File(_) => {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            {
                use cap_std::fs::OpenOptionsExt;
                options.mode(mode & 0o777);
            }
            place.dir()?.open_with(&place.path, &options).map_err(error)?;
        }
        _ => return Ok(None),
    }
    Ok(Some(HostPlace { place, mode: host.mode, unread: false, size: 0 }))
}

pub(super) fn removed(folder: &Inode, name: &[u8], is_folder: bool, inode: &Inode) -> Result<(), Errno> {
    let (Some(host), Some(_)) = (HostPlace::writes(folder), HostPlace::writes(inode)) else { return Ok(()) };
    let place = host.child(name)?;
    if is_folder { place.dir()?.remove_dir(&place.path) } else { place.dir()?.remove_file(&place.path) }
        .map_err(error)
}

/// Moves on the host what the guest moves within folders that are written
/// through; what would leave or enter one is refused, as between file systems.
pub(super) fn moved(from: &Inode, old: &[u8], to: &Inode, new: &[u8]) -> Result<(), Errno> {
    match (HostPlace::writes(from), HostPlace::writes(to)) {
        (None, None) => Ok(()),
        (Some(from), Some(to)) => {
            let (old, new) = (from.child(old)?, to.child(new)?);
            match old.dir()?.symlink_metadata(&old.path) {
                Ok(_) => old.dir()?.rename(&old.path, new.dir()?, &new.path).map_err(error),
                // It was never on the host: a link.
                Err(_) => Ok(()),
            }
        }
        _ => Err(Errno::EXDEV),
    }
}

pub(super) fn linked(inode: &Inode, folder: &Inode, name: &[u8]) -> Result<(), Errno> {
    match (HostPlace::writes(inode), HostPlace::writes(folder)) {
        (None, None) => Ok(()),
        (Some(from), Some(to)) => {
            let new = to.child(name)?;
            from.place.dir()?.hard_link(&from.place.path, new.dir()?, &new.path).map_err(error)
        }
        _ => Err(Errno::EXDEV),
    }
}
