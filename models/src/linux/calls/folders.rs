//! Folders: the current one, and what is in one.

use std::sync::Arc;

use super::super::{
    abi::generic::*,
    descriptions::Kind,
    task::{Answer, Task},
};
use crate::{
    errno::Errno,
    files::{InodeId, Node},
};

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
    let inode = task.kernel.files.add_inode(Node::File(Arc::default()), 0o777)?;
    // Without MFD_ALLOW_SEALING nothing more can be sealed.
    task.kernel.files.change(inode).seals = if task.argument(1) & 2 != 0 { 0 } else { 1 };
    let description = task.kernel.add_description(Kind::File(inode), O_RDWR);
    let flags = if task.argument(1) & 1 != 0 { O_CLOEXEC } else { 0 };
    task.install(description, flags)
}
