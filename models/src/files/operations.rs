//! What is done to files: reading, writing, making, moving, removing.

use std::sync::Arc;

use super::{FileSystem, InodeId, MAX_FILE, MountMode, Node, Place, host};
use crate::errno::Errno;

/// The most names of one file, as on ext4 (fs/ext4/ext4.h, `EXT4_LINK_MAX`).
const MAX_NAMES: u32 = 65_000;

impl FileSystem {
    /// The content of a file.
    pub(crate) fn content(&mut self, inode: InodeId) -> Result<Arc<Vec<u8>>, Errno> {
        self.fill(inode)?;
        match &self.inode(inode).node {
            Node::File(content) => Ok(content.clone()),
            Node::Directory { .. } => Err(Errno::EISDIR),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Reads from a place on; fewer bytes at the end of the file.
    pub(crate) fn read_at(&mut self, inode: InodeId, offset: u64, size: usize) -> Result<Vec<u8>, Errno> {
        let now = self.now;
        let content = self.content(inode)?;
        self.change(inode).accessed = now;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
        let end = start.saturating_add(size).min(content.len());
        Ok(content[start..end].to_vec())
    }

    /// Writes at a place; a hole before it is zeros.
    pub(crate) fn write_at(&mut self, inode: InodeId, offset: u64, bytes: &[u8]) -> Result<usize, Errno> {
        self.fill(inode)?;
        let end =
            offset.checked_add(bytes.len() as u64).filter(|end| *end <= MAX_FILE).ok_or(Errno::EFBIG)?;
        self.writable(inode)?;
        let now = self.now;
        let Node::File(content) = &self.inode(inode).node else { return Err(Errno::EINVAL) };
        self.take_room(end.saturating_sub(content.len() as u64))?;
        let it = self.change(inode);
        let Node::File(content) = &mut it.node else { return Err(Errno::EINVAL) };
        let content = Arc::make_mut(content);
        // Both fit: they are at most `MAX_FILE`.
        let (start, end) = (offset as usize, end as usize);
        if content.len() < end {
            content.resize(end, 0);
        }
        content[start..end].copy_from_slice(bytes);
        it.modified = now;
        it.changed = now;
        it.version += 1;
        host::wrote(self.inode(inode), offset, bytes)?;
        Ok(bytes.len())
    }

    /// Sets the size of a file.
    pub(crate) fn set_size(&mut self, inode: InodeId, size: u64) -> Result<(), Errno> {
        if size > MAX_FILE {
            return Err(Errno::EFBIG);
        }
        self.fill(inode)?;
        self.writable(inode)?;
        let now = self.now;
        let old = match &self.inode(inode).node {
            Node::File(content) => content.len() as u64,
            Node::Directory { .. } => return Err(Errno::EISDIR),
            _ => return Err(Errno::EINVAL),
        };
        self.take_room(size.saturating_sub(old))?;
        self.give_room(old.saturating_sub(size));
        let it = self.change(inode);
        if let Node::File(content) = &mut it.node {
            let content = Arc::make_mut(content);
            content.resize(size as usize, 0);
            content.shrink_to_fit();
        }
        it.modified = now;
        it.changed = now;
        it.version += 1;
        host::resized(self.inode(inode), size)
    }

    /// Whether what is mounted may be changed.
    pub(crate) fn writable(&self, inode: InodeId) -> Result<(), Errno> {
        match &self.inode(inode).host {
            Some(host) if host.mode == MountMode::ReadOnly => Err(Errno::EROFS),
            _ => Ok(()),
        }
    }

    /// Puts something new where a path led to nothing.
    pub(crate) fn create(&mut self, place: &Place, node: Node, mode: u32) -> Result<InodeId, Errno> {
        if place.inode.is_some() {
            return Err(Errno::EEXIST);
        }
        let folder = matches!(node, Node::Directory { .. });
        if place.must_be_folder && !folder {
            return Err(Errno::ENOENT);
        }
        self.alive(place.folder)?;
        self.writable(place.folder)?;
        let inode = self.add_inode(node, mode)?;
        match host::created(self.inode(place.folder), &place.name, &self.inode(inode).node, mode) {
            Ok(host) => self.change(inode).host = host,
            Err(error) => {
                self.change(inode).links = 0;
                self.release(inode);
                return Err(error);
            }
        }
        self.insert(place.folder, &place.name, inode)?;
        Ok(inode)
    }

    /// Whether something can be put into a folder: not after it was removed.
    fn alive(&self, folder: InodeId) -> Result<(), Errno> {
        if self.inode(folder).links == 0 { Err(Errno::ENOENT) } else { Ok(()) }
    }

    /// Adds an entry to a folder.
    pub(crate) fn insert(&mut self, folder: InodeId, name: &[u8], inode: InodeId) -> Result<(), Errno> {
        let now = self.now;
        let is_folder = self.inode(inode).is_directory();
        let it = self.change(folder);
        let Node::Directory { entries, .. } = &mut it.node else { return Err(Errno::ENOTDIR) };
        entries.insert(name.to_vec(), inode);
        it.links += u32::from(is_folder);
        it.modified = now;
        it.changed = now;
        let inode = self.change(inode);
        if !is_folder {
            inode.links += 1;
        }
        inode.changed = now;
        Ok(())
    }

    fn take(&mut self, folder: InodeId, name: &[u8]) -> Result<InodeId, Errno> {
        let now = self.now;
        let inode = self.entry(folder, name).ok_or(Errno::ENOENT)?;
        let is_folder = self.inode(inode).is_directory();
        let it = self.change(folder);
        if let Node::Directory { entries, .. } = &mut it.node {
            entries.remove(name);
        }
        it.links = it.links.saturating_sub(u32::from(is_folder));
        it.modified = now;
        it.changed = now;
        let inode_state = self.change(inode);
        if !is_folder {
            inode_state.links = inode_state.links.saturating_sub(1);
        }
        inode_state.changed = now;
        Ok(inode)
    }

    /// A further name for a file.
    pub(crate) fn link(&mut self, inode: InodeId, place: &Place) -> Result<(), Errno> {
        if place.inode.is_some() {
            return Err(Errno::EEXIST);
        }
        if self.inode(inode).is_directory() {
            return Err(Errno::EPERM);
        }
        if place.must_be_folder {
            return Err(Errno::ENOENT);
        }
        if self.inode(inode).links >= MAX_NAMES {
            return Err(Errno::EMLINK);
        }
        self.alive(place.folder)?;
        self.writable(place.folder)?;
        host::linked(self.inode(inode), self.inode(place.folder), &place.name)?;
        // The first name came with the inode.
        if self.inode(inode).links > 0 {
            self.take_entry()?;
        }
        self.insert(place.folder, &place.name, inode)
    }

    /// Removes a name of something that is no folder.
    pub(crate) fn unlink(&mut self, place: &Place) -> Result<(), Errno> {
        let inode = place.inode.ok_or(Errno::ENOENT)?;
        if self.inode(inode).is_directory() {
            return Err(Errno::EISDIR);
        }
        self.writable(place.folder)?;
        self.detach(inode, &place.name, place.folder, false)?;
        let inode = self.take(place.folder, &place.name)?;
        self.lost_name(inode);
        Ok(())
    }

    /// What has one name less: with the last one it goes, once nobody has it
    /// open.
    fn lost_name(&mut self, inode: InodeId) {
        if !self.inode(inode).is_directory() && self.inode(inode).links > 0 {
            self.give_entry();
        }
        self.release(inode);
    }

    /// Takes a file that loses its name away from the host: who has it open
    /// keeps its content, and nothing of what comes later reaches a file that
    /// has its name by then.
    fn detach(&mut self, inode: InodeId, name: &[u8], folder: InodeId, is_folder: bool) -> Result<(), Errno> {
        if self.inode(inode).host.is_some() {
            if self.inode(inode).open > 0 {
                self.fill(inode)?;
            }
            host::removed(self.inode(folder), name, is_folder, self.inode(inode))?;
            self.change(inode).host = None;
        }
        Ok(())
    }

    /// Removes an empty folder.
    pub(crate) fn remove_folder(&mut self, place: &Place) -> Result<(), Errno> {
        let inode = place.inode.ok_or(Errno::ENOENT)?;
        if place.name.is_empty() {
            return Err(Errno::EBUSY);
        }
        self.fill(inode)?;
        match &self.inode(inode).node {
            Node::Directory { entries, .. } if entries.is_empty() => {}
            Node::Directory { .. } => return Err(Errno::ENOTEMPTY),
            _ => return Err(Errno::ENOTDIR),
        }
        self.writable(place.folder)?;
        self.detach(inode, &place.name, place.folder, true)?;
        let inode = self.take(place.folder, &place.name)?;
        self.end_folder(inode);
        Ok(())
    }

    /// A folder that has no name any more. Who is still in it finds nothing
    /// above it: what was there may be gone before.
    fn end_folder(&mut self, inode: InodeId) {
        let it = self.change(inode);
        it.links = 0;
        if let Node::Directory { parent, .. } = &mut it.node {
            *parent = inode;
        }
        self.release(inode);
    }

    /// Moves a name (rename(2)).
    pub(crate) fn rename(&mut self, from: &Place, to: &Place, exchange: bool) -> Result<(), Errno> {
        let inode = from.inode.ok_or(Errno::ENOENT)?;
        if from.name.is_empty() || to.name.is_empty() {
            return Err(Errno::EBUSY);
        }
        let moves_folder = self.inode(inode).is_directory();
        if to.must_be_folder && !moves_folder {
            return Err(Errno::ENOTDIR);
        }
        if moves_folder && self.is_below(to.folder, inode) {
            return Err(Errno::EINVAL);
        }
        self.alive(to.folder)?;
        self.writable(from.folder)?;
        self.writable(to.folder)?;
        if to.inode == Some(inode) {
            return Ok(());
        }
        if exchange {
            return self.exchange(from, to);
        }
        if let Some(old) = to.inode {
            self.fill(old)?;
            match (&self.inode(old).node, moves_folder) {
                (Node::Directory { entries, .. }, true) if entries.is_empty() => {}
                (Node::Directory { .. }, true) => return Err(Errno::ENOTEMPTY),
                (Node::Directory { .. }, false) => return Err(Errno::EISDIR),
                (_, true) => return Err(Errno::ENOTDIR),
                (_, false) => {}
            }
        }
        // What is moved out of a mount is no longer the host's.
        self.fill_below(inode)?;
        host::moved(self.inode(from.folder), &from.name, self.inode(to.folder), &to.name)?;
        if to.inode.is_some() {
            let old = self.take(to.folder, &to.name)?;
            if self.inode(old).is_directory() {
                self.end_folder(old);
            } else {
                self.lost_name(old);
            }
        }
        self.take(from.folder, &from.name)?;
        self.insert(to.folder, &to.name, inode)?;
        self.set_parent(inode, to.folder);
        self.rehost(inode, to.folder, &to.name);
        Ok(())
    }

    fn exchange(&mut self, from: &Place, to: &Place) -> Result<(), Errno> {
        let (Some(one), Some(other)) = (from.inode, to.inode) else { return Err(Errno::ENOENT) };
        if self.inode(one).host.is_some() || self.inode(other).host.is_some() {
            return Err(Errno::EINVAL);
        }
        self.take(from.folder, &from.name)?;
        self.take(to.folder, &to.name)?;
        self.insert(from.folder, &from.name, other)?;
        self.insert(to.folder, &to.name, one)?;
        self.set_parent(other, from.folder);
        self.set_parent(one, to.folder);
        Ok(())
    }

    fn set_parent(&mut self, inode: InodeId, folder: InodeId) {
        if let Node::Directory { parent, .. } = &mut self.change(inode).node {
            *parent = folder;
        }
    }

    fn is_below(&self, folder: InodeId, above: InodeId) -> bool {
        let mut here = folder;
        loop {
            if here == above {
                return true;
            }
            let parent = self.parent(here);
            if parent == here {
                return false;
            }
            here = parent;
        }
    }
}
