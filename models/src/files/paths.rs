//! From paths to inodes.

use std::collections::BTreeMap;

use super::{FileSystem, InodeId, Node, ROOT};
use crate::errno::Errno;

/// The longest path, with its end (`PATH_MAX`).
pub(crate) const MAX_PATH: usize = 4096;
/// The longest name in a folder (`NAME_MAX`).
const MAX_NAME: usize = 255;
/// So many symbolic links are followed (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The folder that the last name is in.
    pub(crate) folder: InodeId,
    /// The last name; empty for a folder itself.
    pub(crate) name: Vec<u8>,
    /// What has that name, if anything.
    pub(crate) inode: Option<InodeId>,
    /// The path ended in a slash: only a folder may be there.
    pub(crate) must_be_folder: bool,
}

impl FileSystem {
    /// Follows a path from a folder, within a root that `..` does not leave.
    /// The last name need not exist.
    pub(crate) fn walk(
        &mut self,
        start: InodeId,
        root: InodeId,
        path: &[u8],
        follow_last: bool,
    ) -> Result<Place, Errno> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        if path.len() >= MAX_PATH {
            return Err(Errno::ENAMETOOLONG);
        }
        let mut rest: Vec<Vec<u8>> = parts(path);
        let mut must_be_folder = ends_as_folder(path);
        let mut here = if path[0] == b'/' { root } else { start };
        let mut links = 0;
        while let Some(name) = rest.pop() {
            let last = rest.is_empty();
            if !self.inode(here).is_directory() {
                return Err(Errno::ENOTDIR);
            }
            self.fill(here)?;
            if name == b"." {
                continue;
            }
            if name == b".." {
                here = if here == root { root } else { self.parent(here) };
                continue;
            }
            if name.len() > MAX_NAME {
                return Err(Errno::ENAMETOOLONG);
            }
            let Some(inode) = self.entry(here, &name) else {
                return if last {
                    Ok(Place { folder: here, name, inode: None, must_be_folder })
                } else {
                    Err(Errno::ENOENT)
                };
            };
            if let Node::Link(target) = &self.inode(inode).node
                && (!last || follow_last || must_be_folder)
            {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Errno::ELOOP);
                }
                if target.is_empty() {
                    return Err(Errno::ENOENT);
                }
                if target[0] == b'/' {
                    here = root;
                }
                must_be_folder |= last && ends_as_folder(target);
                let more = parts(target);
                rest.extend(more);
                continue;
            }
            if last {
                if must_be_folder && !self.inode(inode).is_directory() {
                    return Err(Errno::ENOTDIR);
                }
                return Ok(Place { folder: here, name, inode: Some(inode), must_be_folder });
            }
            here = inode;
        }
        Ok(Place { folder: self.parent(here), name: Vec::new(), inode: Some(here), must_be_folder: true })
    }

    /// The inode of an absolute path.
    pub(crate) fn find(&mut self, path: &[u8]) -> Result<InodeId, Errno> {
        self.walk(ROOT, ROOT, path, true)?.inode.ok_or(Errno::ENOENT)
    }

    pub(crate) fn entry(&self, folder: InodeId, name: &[u8]) -> Option<InodeId> {
        match &self.inode(folder).node {
            Node::Directory { entries, .. } => entries.get(name).copied(),
            _ => None,
        }
    }

    pub(crate) fn parent(&self, folder: InodeId) -> InodeId {
        match self.inode(folder).node {
            Node::Directory { parent, .. } => parent,
            _ => ROOT,
        }
    }

    /// Makes all folders of an absolute path that are missing.
    pub(crate) fn make_folders(&mut self, path: &[u8]) -> Result<InodeId, Errno> {
        let mut here = ROOT;
        let mut names = parts(path);
        names.reverse();
        for name in names {
            let place = self.walk(here, ROOT, &name, true)?;
            here = match place.inode {
                Some(inode) if self.inode(inode).is_directory() => inode,
                Some(_) => return Err(Errno::ENOTDIR),
                None => {
                    let node = Node::Directory { entries: BTreeMap::new(), parent: place.folder };
                    self.create(&place, node, 0o755)?
                }
            };
        }
        Ok(here)
    }

    /// The path of a folder, and of a name in it, within a root.
    pub(crate) fn path_of(&self, folder: InodeId, name: &[u8]) -> Vec<u8> {
        let mut names: Vec<&[u8]> = if name.is_empty() { Vec::new() } else { vec![name] };
        let mut here = folder;
        // No tree is deeper than it has inodes.
        for _ in 0..self.inodes.len() {
            if here == ROOT {
                break;
            }
            let parent = self.parent(here);
            let Node::Directory { entries, .. } = &self.inode(parent).node else { break };
            match entries.iter().find(|(_, inode)| **inode == here) {
                Some((name, _)) => names.push(name),
                None => break,
            }
            here = parent;
        }
        let mut path = Vec::new();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        if path.is_empty() { b"/".to_vec() } else { path }
    }
}

/// The names of a path, the first one last.
fn parts(path: &[u8]) -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> =
        path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect();
    names.reverse();
    names
}

fn ends_as_folder(path: &[u8]) -> bool {
    path.ends_with(b"/") || path.ends_with(b"/.") || path.ends_with(b"/..") || path == b"." || path == b".."
}
