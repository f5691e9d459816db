//! A file system in a file: all inodes as they are; of what a mount shows, what
//! was read of it, and the name of the folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use terrella_machine_state::Pages;

use super::{
    Device, FileLimits, FileSystem, HostPlace, Inode, InodeId, MAX_FILE, MountMode, Node, ROOT,
    host::{Mounted, Rooted},
};
use crate::{errno::Errno, serial::Text};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SavedNode {
    File { size: u64, content: Pages },
    Folder { entries: Vec<(Text, InodeId)>, parent: InodeId },
    Link(Text),
    Device(Device),
    Fifo(Option<u64>),
    Socket(u64),
}

#[derive(Serialize, Deserialize)]
struct SavedPlace {
    mount: usize,
    path: String,
    mode: MountMode,
    unread: bool,
    size: u64,
}

#[derive(Serialize, Deserialize)]
struct SavedInode {
    node: SavedNode,
    mode: u32,
    user: u32,
    group: u32,
    links: u32,
    open: u32,
    /// Accessed, modified and changed.
    times: [i64; 3],
    version: u64,
    seals: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<SavedPlace>,
}

#[derive(Serialize, Deserialize)]
struct SavedMount {
    host: String,
    guest: Text,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    inodes: Vec<Option<SavedInode>>,
    free: Vec<InodeId>,
    limits: FileLimits,
    used: FileLimits,
    now: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mounts: Vec<SavedMount>,
}

fn saved_inode(inode: &Inode, mounts: &mut Vec<Arc<Mounted>>) -> Result<SavedInode, String> {
    let node = match &inode.node {
        Node::File(bytes) => {
            let mut content = Pages::new();
            for (index, part) in bytes.chunks(terrella_machine_state::PAGE_SIZE).enumerate() {
                if part.iter().any(|byte| *byte != 0) {
                    content.write((index * terrella_machine_state::PAGE_SIZE) as u64, part);
                }
            }
            SavedNode::File { size: bytes.len() as u64, content }
        }
        Node::Directory { entries, parent } => SavedNode::Folder {
            entries: entries.iter().map(|(name, inode)| (Text(name.clone()), *inode)).collect(),
            parent: *parent,
        },
        Node::Link(target) => SavedNode::Link(Text(target.clone())),
        Node::Device(device) => SavedNode::Device(*device),
        Node::Fifo(pipe) => SavedNode::Fifo(*pipe),
        Node::Socket(socket) => SavedNode::Socket(*socket),
    };
    let host = match &inode.host {
        None => None,
        Some(HostPlace { place, mode, unread, size }) => {
            let known = mounts.iter().position(|mount| Arc::ptr_eq(mount, &place.root));
            let mount = known.unwrap_or_else(|| {
                mounts.push(Arc::clone(&place.root));
                mounts.len() - 1
            });
            let path = place.path.to_str().ok_or("a path of the host is no UTF-8")?.to_owned();
            Some(SavedPlace { mount, path, mode: *mode, unread: *unread, size: *size })
        }
    };
    Ok(SavedInode {
        node,
        mode: inode.mode,
        user: inode.uid,
        group: inode.gid,
        links: inode.links,
        open: inode.open,
        times: [inode.accessed, inode.modified, inode.changed],
        version: inode.version,
        seals: inode.seals,
        host,
    })
}

fn restored_inode(saved: SavedInode, mounts: &[Arc<Mounted>], room: &mut u64) -> Result<Inode, String> {
    let node = match saved.node {
        SavedNode::File { size, content } => {
            *room = room.checked_sub(size).filter(|_| size <= MAX_FILE).ok_or("the files are too large")?;
            Node::File(Arc::new(content.read_vec(0, size as usize)))
        }
        SavedNode::Folder { entries, parent } => Node::Directory {
            entries: entries.into_iter().map(|(name, inode)| (name.0, inode)).collect(),
            parent,
        },
        SavedNode::Link(target) => Node::Link(target.0),
        SavedNode::Device(device) => Node::Device(device),
        SavedNode::Fifo(pipe) => Node::Fifo(pipe),
        SavedNode::Socket(socket) => Node::Socket(socket),
    };
    let host = match saved.host {
        None => None,
        Some(SavedPlace { mount, path, mode, unread, size }) => {
            let root = Arc::clone(mounts.get(mount).ok_or("a mount is missing")?);
            Some(HostPlace { place: Rooted { root, path: PathBuf::from(path) }, mode, unread, size })
        }
    };
    let [accessed, modified, changed] = saved.times;
    Ok(Inode {
        node,
        mode: saved.mode,
        uid: saved.user,
        gid: saved.group,
        links: saved.links,
        open: saved.open,
        accessed,
        modified,
        changed,
        version: saved.version,
        seals: saved.seals,
        host,
    })
}

impl Serialize for FileSystem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut mounts = Vec::new();
        let inodes = self.inodes.iter();
        let inodes =
            inodes.map(|inode| inode.as_ref().map(|inode| saved_inode(inode, &mut mounts)).transpose());
        let inodes = inodes.collect::<Result<_, _>>().map_err(ser::Error::custom)?;
        let mounts = mounts.iter().map(|mount| {
            let host = mount.host.to_str().ok_or("the path of a mount is no UTF-8")?.to_owned();
            Ok(SavedMount { host, guest: Text(mount.guest.clone()) })
        });
        let mounts = mounts.collect::<Result<_, &str>>().map_err(ser::Error::custom)?;
        let free = self.free.clone();
        Saved { inodes, free, limits: self.limits, used: self.used, now: self.now, mounts }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FileSystem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = Saved::deserialize(deserializer)?;
        Self::restored(saved).map_err(|what| de::Error::custom(format!("the files cannot be loaded: {what}")))
    }
}

impl FileSystem {
    fn restored(saved: Saved) -> Result<Self, String> {
        let mounts = saved.mounts.into_iter();
        let mounts: Vec<_> =
            mounts.map(|it| Arc::new(Mounted::closed(PathBuf::from(it.host), it.guest.0))).collect();
        // No more than a system may hold by itself.
        let mut room = FileLimits::default().bytes;
        let inodes = saved.inodes.into_iter();
        let inodes = inodes
            .map(|it| it.map(|it| restored_inode(it, &mounts, &mut room).map(Arc::new)).transpose())
            .collect::<Result<Vec<_>, String>>()?;
        let files = Self { inodes, free: saved.free, limits: saved.limits, used: saved.used, now: saved.now };
        files.check_tree()?;
        Ok(files)
    }

    /// Whether there is an inode of a number.
    pub(crate) fn has_inode(&self, id: InodeId) -> bool {
        self.inodes.get(id).is_some_and(Option::is_some)
    }

    /// Checks that folders and their entries belong together, so that nothing
    /// is let go that something holds.
    fn check_tree(&self) -> Result<(), String> {
        if !self.inodes.first().is_some_and(|root| root.as_ref().is_some_and(|root| root.is_directory())) {
            return Err("there is no folder /".to_owned());
        }
        let free: BTreeSet<_> = self.free.iter().copied().collect();
        let gone = (0..self.inodes.len()).filter(|id| !self.has_inode(*id)).collect::<BTreeSet<_>>();
        if free.len() != self.free.len() || free != gone {
            return Err("the free numbers are not those that nothing has".to_owned());
        }
        let mut names: BTreeMap<InodeId, u32> = BTreeMap::new();
        let mut folders: BTreeMap<InodeId, u32> = BTreeMap::new();
        for (id, inode) in self.inodes.iter().enumerate() {
            let Some(Node::Directory { entries, parent }) = inode.as_ref().map(|inode| &inode.node) else {
                continue;
            };
            // The folder above may be gone before one that is still open.
            if !self.has_inode(*parent) && (inode.as_ref().is_some_and(|it| it.links >= 2)) {
                return Err(format!("folder {id} is in none"));
            }
            for inode in entries.values() {
                if !self.has_inode(*inode) {
                    return Err(format!("an entry of folder {id} is nothing"));
                }
                let named = names.entry(*inode).or_default();
                *named += 1;
                if self.inode(*inode).is_directory() {
                    // Else a way down could lead back to where it began.
                    if *named > 1 || *inode == ROOT {
                        return Err(format!("folder {inode} is in two folders"));
                    }
                    *folders.entry(id).or_default() += 1;
                }
            }
        }
        for (id, inode) in self.inodes.iter().enumerate() {
            let Some(inode) = inode else { continue };
            let named = names.get(&id).copied().unwrap_or(0);
            let least = match &inode.node {
                Node::Directory { .. } if named > 0 => {
                    folders.get(&id).copied().unwrap_or(0).saturating_add(2)
                }
                Node::Directory { .. } => folders.get(&id).copied().unwrap_or(0),
                _ => named,
            };
            if inode.links < least {
                return Err(format!("inode {id} has {} links of {least}", inode.links));
            }
        }
        Ok(())
    }

    /// Checks that what holds inodes is as many as each of them says.
    pub(crate) fn check_holders(&self, holders: &BTreeMap<InodeId, u32>) -> Result<(), String> {
        for id in holders.keys() {
            if !self.has_inode(*id) {
                return Err(format!("inode {id} is held and is not there"));
            }
        }
        for (id, inode) in self.inodes.iter().enumerate() {
            let Some(inode) = inode else { continue };
            let held = holders.get(&id).copied().unwrap_or(0);
            if inode.open < held {
                return Err(format!("inode {id} is held {held} times, not {}", inode.open));
            }
        }
        Ok(())
    }

    /// The path of a file or a folder that is the host's, if there is one.
    pub(crate) fn host_file(&self) -> Option<Vec<u8>> {
        self.inodes.iter().flatten().find_map(|inode| Some(inode.host.as_ref()?.place.root.guest.clone()))
    }

    /// Opens the folders of the host that mounts show and that are not open,
    /// each by the path that it
    /// was mounted from, or by another one that is given for the guest's.
    ///
    /// # Errors
    /// The guest's path, the host's, and what it says of it.
    pub(crate) fn attach(&mut self, other: &[(Vec<u8>, PathBuf)]) -> Result<(), (Vec<u8>, PathBuf, Errno)> {
        let mut open: Vec<(Arc<Mounted>, Arc<Mounted>)> = Vec::new();
        for slot in &mut self.inodes {
            let Some(inode) = slot else { continue };
            let Some(host) = &inode.host else { continue };
            let closed = &host.place.root;
            if closed.is_open() {
                continue;
            }
            let root = match open.iter().find(|(old, _)| Arc::ptr_eq(old, closed)) {
                Some((_, root)) => Arc::clone(root),
                None => {
                    let given = other.iter().find(|(guest, _)| same_path(guest, &closed.guest));
                    let path: &Path = given.map_or(&closed.host, |(_, path)| path);
                    let failed = |errno| (closed.guest.clone(), path.to_owned(), errno);
                    let root = Mounted::open(path, &closed.guest).map_err(failed)?.0.root;
                    open.push((Arc::clone(closed), Arc::clone(&root)));
                    root
                }
            };
            if let Some(host) = &mut Arc::make_mut(inode).host {
                host.place.root = root;
            }
        }
        Ok(())
    }
}

/// Paths of the guest, whatever slashes are at their ends.
fn same_path(one: &[u8], other: &[u8]) -> bool {
    let trimmed = |path: &[u8]| {
        let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
        path[..end].to_vec()
    };
    trimmed(one) == trimmed(other)
}
