//! Mapping memory.

use std::sync::Arc;

use terrella_emulator_api::{Emulator, EmulatorExt, Overlap};

use super::super::{
    abi::generic::*,
    descriptions::Kind,
    kernel::Kernel,
    limits::CHUNK,
    memory::{Area, SharedFile, permissions},
    task::{Answer, Refusal, Task},
};
use crate::{
    errno::Errno,
    files::{InodeId, Node},
};

/// The largest mapping: what a program asks for beyond is refused, so that it
/// does not take the host's memory.
const MOST: u64 = 1 << 40;

impl Task<'_> {
    /// Maps a range, where nothing is.
    pub(in crate::linux) fn map_area(&mut self, start: u64, area: Area) -> Result<(), Errno> {
        self.space()?.check_room(area.end - start, area.protection)?;
        let range = (start..=area.end - 1).into();
        self.emulator
            .map_memory_with(range, permissions(area.protection), Overlap::Refuse)
            .map_err(|_| Errno::ENOMEM)?;
        if let Some((inode, offset)) = area.file {
            self.hold_mapped(inode)?;
            let content = self.kernel.files.content(inode)?;
            let shown = part(&content, offset, area.end - start);
            self.emulator.write_code(start, shown).map_err(|_| Errno::ENOMEM)?;
        }
        self.space_mut()?.insert(start, area);
        Ok(())
    }

    /// A file that is mapped stays until the space of the process ends.
    fn hold_mapped(&mut self, inode: InodeId) -> Result<(), Errno> {
        if self.space_mut()?.held.insert(inode) {
            self.kernel.files.hold(inode);
        }
        Ok(())
    }

    /// Takes a range out; what was written to shared files is in them.
    pub(in crate::linux) fn unmap_range(&mut self, start: u64, end: u64) -> Result<(), Errno> {
        self.write_back(start, end)?;
        let removed = self.space_mut()?.remove(start, end);
        for (from, area) in &removed {
            let _ = self.emulator.unmap_memory((*from..=area.end - 1).into());
        }
        self.kernel.detached(&removed, self.process);
        Ok(())
    }

    /// Writes shared mappings of files back to them.
    pub(in crate::linux) fn write_back(&mut self, start: u64, end: u64) -> Result<(), Errno> {
        let shared = self.space()?.shared_files(start, end, PROT_WRITE);
        write_back(self.kernel, self.emulator, &shared)
    }
}

/// The part of a file that a mapping shows.
pub(in crate::linux) fn part(content: &[u8], offset: u64, size: u64) -> &[u8] {
    let place = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
    &content[place(offset)..place(offset.saturating_add(size))]
}

/// Writes what is in memory of shared mappings to their files, where it
/// differs.
pub(in crate::linux) fn write_back(
    kernel: &mut Kernel,
    emulator: &dyn Emulator,
    shared: &[SharedFile],
) -> Result<(), Errno> {
    for SharedFile { start, end, inode, offset } in shared.iter().copied() {
        let size = kernel.files.inode(inode).size();
        let end = end.min(start.saturating_add(size.saturating_sub(offset)));
        // What was never touched is as the file was when it was mapped: zeros.
        for touched in emulator.touched_memory((start..end.max(start)).into()) {
            let mut here = touched.first();
            while here <= touched.last() {
                let length = (touched.last() - here + 1).min(CHUNK);
                let at = offset + (here - start);
                let bytes = emulator.read_bytes(here, length).map_err(|_| Errno::EFAULT)?;
                let content = kernel.files.content(inode)?;
                if part(&content, at, length) != bytes {
                    drop(content);
                    kernel.files.write_at(inode, at, &bytes)?;
                }
                here += length;
            }
        }
    }
    Ok(())
}

/// `mmap(address, length, protection, flags, fd, offset)`, the offset in bytes.
fn map_with(task: &mut Task<'_>, arguments: [u64; 5], offset: u64) -> Answer {
    let [hint, length, protection, flags, fd] = arguments;
    let flags = task.abi.bits_to_generic(|tables| tables.map, flags);
    let page = task.abi.page;
    if length == 0 || !offset.is_multiple_of(page) {
        return Err(Errno::EINVAL.into());
    }
    let length = task.space()?.whole_pages(length).filter(|length| *length <= MOST).ok_or(Errno::ENOMEM)?;
    let shared = match flags & MAP_TYPE {
        MAP_SHARED | MAP_SHARED_VALIDATE => true,
        MAP_PRIVATE => false,
        _ => return Err(Errno::EINVAL.into()),
    };
    let protection = protection & (PROT_READ | PROT_WRITE | PROT_EXEC);
    let mut name: Arc<str> = "".into();
    let file = if flags & MAP_ANONYMOUS != 0 {
        if shared {
            // What processes share after `fork` is a file without a name.
            if length > crate::files::MAX_FILE {
                return Err(Errno::ENOMEM.into());
            }
            task.space()?.check_room(length, protection)?;
            let inode = task.kernel.files.add_inode(Node::File(Arc::default()), 0o600)?;
            if let Err(error) = task.kernel.files.set_size(inode, length) {
                task.kernel.files.release(inode);
                return Err(if error == Errno::ENOSPC { Errno::ENOMEM } else { error }.into());
            }
            name = "/dev/zero (deleted)".into();
            Some((inode, 0))
        } else {
            None
        }
    } else {
        let it = task.kernel.description(task.process, fd as i32)?;
        let inode = match it.kind {
            Kind::File(inode) => inode,
            Kind::Device(crate::files::Device::Zero, _) => {
                return map_with(
                    task,
                    [hint, length, protection, flags_own(task, flags | MAP_ANONYMOUS), fd],
                    0,
                );
            }
            Kind::Path(_) => return Err(Errno::EBADF.into()),
            _ => return Err(Errno::ENODEV.into()),
        };
        if !it.may_read() || shared && protection & PROT_WRITE != 0 && !it.may_write() {
            return Err(Errno::EACCES.into());
        }
        name = format!("[file {inode}]").into();
        Some((inode, offset))
    };
    let start = if flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) != 0 {
        let end = hint.checked_add(length).filter(|end| *end <= task.abi.top).ok_or(Errno::ENOMEM)?;
        if !hint.is_multiple_of(page) {
            return Err(Errno::EINVAL.into());
        }
        task.space()?.check_room(length, protection)?;
        if flags & MAP_FIXED_NOREPLACE != 0 {
            if !task.space()?.is_free(hint, end) {
                return Err(Errno::EEXIST.into());
            }
        } else {
            task.unmap_range(hint, end)?;
        }
        hint
    } else {
        task.space()?.find_room(hint, length)?
    };
    let untouched = protection == 0 && file.is_none();
    task.map_area(start, Area { end: start + length, protection, shared, file, name, untouched })?;
    Ok(start)
}

fn flags_own(task: &Task<'_>, flags: u64) -> u64 {
    task.abi.bits_to_own(|tables| tables.map, flags)
}

fn five(task: &Task<'_>) -> [u64; 5] {
    [0, 1, 2, 3, 4].map(|index| task.argument(index))
}

pub(super) fn mmap(task: &mut Task<'_>) -> Answer {
    if ["i686", "m68k", "s390x"].contains(&task.abi.machine) {
        return old_mmap(task);
    }
    map_with(task, five(task), task.argument(5))
}

/// With the offset in units of 4096 bytes.
pub(super) fn mmap2(task: &mut Task<'_>) -> Answer {
    let offset = task.argument(5).checked_mul(4096).ok_or(Errno::EOVERFLOW)?;
    map_with(task, five(task), offset)
}

/// With the arguments in memory (i386, m68k, s390x).
pub(super) fn old_mmap(task: &mut Task<'_>) -> Answer {
    let mut reader = task.reader(task.argument(0));
    let mut arguments = [0; 5];
    for argument in &mut arguments {
        *argument = reader.long()?;
    }
    let offset = reader.long()?;
    map_with(task, arguments, offset)
}

pub(super) fn munmap(task: &mut Task<'_>) -> Answer {
    let (start, length) = (task.argument(0), task.argument(1));
    if !start.is_multiple_of(task.abi.page) || length == 0 {
        return Err(Errno::EINVAL.into());
    }
    let end = task.space()?.whole_pages(length).and_then(|length| start.checked_add(length));
    let end = end.filter(|end| *end <= task.abi.top).ok_or(Errno::EINVAL)?;
    task.unmap_range(start, end)?;
    Ok(0)
}

pub(super) fn mprotect(task: &mut Task<'_>) -> Answer {
    const GROWSDOWN: u64 = 0x0100_0000;
    let (start, length, protection) = (task.argument(0), task.argument(1), task.argument(2));
    if !start.is_multiple_of(task.abi.page) {
        return Err(Errno::EINVAL.into());
    }
    let end = task.space()?.whole_pages(length).and_then(|length| start.checked_add(length));
    let end = end.ok_or(Errno::ENOMEM)?;
    if start == end {
        return Ok(0);
    }
    let start = if protection & GROWSDOWN != 0 {
        task.space()?.at(start).map_or(start, |(start, _)| start)
    } else {
        start
    };
    if !task.space()?.is_mapped(start, end) {
        return Err(Errno::ENOMEM.into());
    }
    let protection = protection & (PROT_READ | PROT_WRITE | PROT_EXEC);
    task.space()?.check_room(task.space()?.inaccessible(start, end), protection)?;
    task.write_back(start, end)?;
    task.emulator.protect_memory((start..=end - 1).into(), permissions(protection))?;
    task.space_mut()?.protect(start, end, protection);
    Ok(0)
}

pub(super) fn brk(task: &mut Task<'_>) -> Answer {
    let wanted = task.argument(0);
    let space = task.space()?;
    let (start, old) = (space.break_start, space.break_end);
    let (Some(old_page), Some(new_page)) = (space.whole_pages(old), space.whole_pages(wanted)) else {
        return Ok(old);
    };
    if wanted < start || wanted - start > MOST {
        return Ok(old);
    }
    if new_page > old_page {
        if new_page > task.abi.top || !task.space()?.is_free(old_page, new_page) {
            return Ok(old);
        }
        let area = Area {
            end: new_page,
            protection: PROT_READ | PROT_WRITE,
            shared: false,
            file: None,
            name: "[heap]".into(),
            untouched: false,
        };
        if task.map_area(old_page, area).is_err() {
            return Ok(old);
        }
    } else if new_page < old_page {
        task.unmap_range(new_page, old_page)?;
    }
    task.space_mut()?.break_end = wanted;
    Ok(wanted)
}

/// `mremap(old, old length, new length, flags, new)`.
pub(super) fn mremap(task: &mut Task<'_>) -> Answer {
    let (old, old_length, new_length, flags) =
        (task.argument(0), task.argument(1), task.argument(2), task.argument(3));
    let space = task.space()?;
    if !old.is_multiple_of(space.page) || new_length == 0 || flags & !(MREMAP_MAYMOVE | MREMAP_FIXED) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let (Some(old_length), Some(new_length)) = (space.whole_pages(old_length), space.whole_pages(new_length))
    else {
        return Err(Errno::EINVAL.into());
    };
    if new_length > MOST {
        return Err(Errno::ENOMEM.into());
    }
    let (from, area) = space.at(old).ok_or(Errno::EFAULT)?;
    let area = area.clone();
    let old_end = old.checked_add(old_length).filter(|end| *end <= area.end).ok_or(Errno::EFAULT)?;
    let file = area.file.map(|(inode, offset)| (inode, offset + (old - from)));
    let fixed = flags & MREMAP_FIXED != 0;
    if !fixed && new_length <= old_length {
        if new_length < old_length {
            task.unmap_range(old + new_length, old_end)?;
        }
        return Ok(old);
    }
    let grown = |start: u64, file| Area { end: start + new_length, file, ..area.clone() };
    if !fixed {
        let end = old.checked_add(new_length).ok_or(Errno::ENOMEM)?;
        if end <= task.space()?.top.max(old_end) && task.space()?.is_free(old_end, end) {
            let rest = file.map(|(inode, offset)| (inode, offset + old_length));
            task.map_area(old_end, Area { end, file: rest, ..area.clone() })?;
            return Ok(old);
        }
        if flags & MREMAP_MAYMOVE == 0 {
            return Err(Errno::ENOMEM.into());
        }
    }
    task.space()?.check_room(new_length, area.protection)?;
    let start = if fixed {
        let start = task.argument(4);
        let end = start.checked_add(new_length).filter(|end| *end <= task.abi.top).ok_or(Errno::EINVAL)?;
        if !start.is_multiple_of(task.abi.page) || start < old_end && old < end {
            return Err(Errno::EINVAL.into());
        }
        task.unmap_range(start, end)?;
        start
    } else {
        task.space()?.find_room(0, new_length)?
    };
    task.write_back(old, old_end)?;
    task.map_area(start, grown(start, file))?;
    copy(task, old, start, old_length.min(new_length))?;
    task.unmap_range(old, old_end)?;
    Ok(start)
}

/// Copies memory to where there are zeros, or the same.
fn copy(task: &mut Task<'_>, from: u64, to: u64, length: u64) -> Result<(), Refusal> {
    for touched in task.emulator.touched_memory((from..from + length).into()) {
        let mut here = touched.first();
        while here <= touched.last() {
            let size = (touched.last() - here).saturating_add(1).min(CHUNK);
            let bytes = task.emulator.read_bytes(here, size)?;
            task.emulator.write_code(to + (here - from), &bytes)?;
            here += size;
        }
    }
    Ok(())
}

pub(super) fn msync(task: &mut Task<'_>) -> Answer {
    // MS_ASYNC, MS_INVALIDATE and MS_SYNC, not the first and the last together.
    let (start, length, flags) = (task.argument(0), task.argument(1), task.argument(2) & 0xffff_ffff);
    if flags & !7 != 0 || flags & 5 == 5 || !start.is_multiple_of(task.abi.page) {
        return Err(Errno::EINVAL.into());
    }
    let end = task.space()?.whole_pages(length).and_then(|length| start.checked_add(length));
    let end = end.ok_or(Errno::ENOMEM)?;
    if !task.space()?.is_mapped(start, end) {
        return Err(Errno::ENOMEM.into());
    }
    task.write_back(start, end)?;
    Ok(0)
}

/// `madvise(address, length, advice)`: what is dropped is zeros afterwards.
pub(super) fn madvise(task: &mut Task<'_>) -> Answer {
    const DONTNEED: u64 = 4;
    const FREE: u64 = 8;
    let (start, length, advice) = (task.argument(0), task.argument(1), task.argument(2));
    let end = task.space()?.whole_pages(length).and_then(|length| start.checked_add(length));
    let end = end.filter(|_| start.is_multiple_of(task.abi.page)).ok_or(Errno::EINVAL)?;
    if !task.space()?.is_mapped(start, end) {
        return Err(Errno::ENOMEM.into());
    }
    if advice == DONTNEED || advice == FREE {
        let areas: Vec<(u64, Area)> =
            task.space()?.overlapping(start, end).map(|(from, area)| (from, area.clone())).collect();
        for (from, area) in areas.into_iter().filter(|(_, area)| !area.shared && area.file.is_none()) {
            let range = (from.max(start)..=area.end.min(end) - 1).into();
            // What is known to be zero stays so.
            if area.untouched {
                continue;
            }
            task.emulator.unmap_memory(range)?;
            task.emulator.map_memory_with(range, permissions(area.protection), Overlap::Refuse)?;
        }
    }
    Ok(0)
}

pub(super) fn mincore(task: &mut Task<'_>) -> Answer {
    let (start, length) = (task.argument(0), task.argument(1));
    let page = task.abi.page;
    let end = task.space()?.whole_pages(length).and_then(|length| start.checked_add(length));
    let end = end.filter(|_| start.is_multiple_of(page)).ok_or(Errno::EINVAL)?;
    if !task.space()?.is_mapped(start, end) {
        return Err(Errno::ENOMEM.into());
    }
    let (mut here, mut pages) = (task.argument(2), (end - start) / page);
    while pages > 0 {
        let count = pages.min(CHUNK);
        task.write(here, &vec![1; count as usize])?;
        here = here.checked_add(count).ok_or(Errno::EFAULT)?;
        pages -= count;
    }
    Ok(0)
}
