//! Names of files: making, moving and removing them.

use std::{collections::BTreeMap, sync::Arc};

use super::super::{
    abi::generic::*,
    task::{Answer, Task},
};
use crate::{
    errno::Errno,
    files::{Node, Place},
};

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
    if flags & !(NOREPLACE | EXCHANGE) != 0 || flags == NOREPLACE | EXCHANGE {
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
