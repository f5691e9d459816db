//! Segments of shared memory: `shmget`, `shmat`, `shmdt`, `shmctl` (shmop(2),
//! shmctl(2)).

use super::{
    super::super::{
        abi::generic::{PROT_EXEC, PROT_READ, PROT_WRITE},
        ipc::{
            IPC_PRIVATE, Ipc, Table,
            shared::{LOCKED, MOST, Segment, TO_GO},
        },
        memory::Area,
        task::{Answer, Task},
    },
    INFORMATION, Layout, READ, REMOVE, SET, STATUS, Settings, WRITE, command, get, permission_fields,
    to_be_changed, to_be_told,
};
use crate::{
    errno::Errno,
    files::{MAX_FILE, Node},
};

/// `SHM_RDONLY`, `SHM_RND`, `SHM_REMAP`, `SHM_EXEC`.
const READ_ONLY: u64 = 0o10_000;
const ROUND: u64 = 0o20_000;
const REPLACE: u64 = 0o40_000;
const EXECUTE: u64 = 0o100_000;
/// `SHM_HUGETLB`, of `shmget`.
const HUGE: u64 = 0o4000;
/// `SHM_LOCK`, `SHM_UNLOCK`, `SHM_STAT`, `SHM_INFO`, `SHM_STAT_ANY`.
const LOCK: i32 = 11;
const UNLOCK: i32 = 12;
const STATUS_AT: i32 = 13;
const INFORMATION_NOW: i32 = 14;
const STATUS_AT_ANY: i32 = 15;

fn table(ipc: &mut Ipc) -> &mut Table<Segment> {
    &mut ipc.segments
}

impl Task<'_> {
    /// The size of the largest segment (`SHMMAX`): one that a process may have
    /// in memory.
    fn largest_segment(&self) -> Result<u64, Errno> {
        Ok(self.space()?.most().min(MAX_FILE))
    }

    /// Addresses of segments are multiples of it (`SHMLBA`).
    fn segment_boundary(&self) -> u64 {
        self.abi.segment_boundary.max(self.abi.page)
    }
}

/// `shmget(key, size, flags)`.
pub(in crate::linux::calls) fn shmget(task: &mut Task<'_>) -> Answer {
    let (size, flags) = (task.argument(1), task.argument(2));
    let how = (task.int(0), flags, MOST);
    let fits = |segment: &Segment| if size <= segment.size { Ok(()) } else { Err(Errno::EINVAL) };
    let make = |task: &mut Task<'_>| {
        if size < 1 || size > task.largest_segment()? || flags & HUGE != 0 {
            return Err(Errno::EINVAL);
        }
        let inode = task.kernel.files.add_inode(Node::File(std::sync::Arc::default()), 0o600)?;
        let pages = size.next_multiple_of(task.abi.page).min(MAX_FILE);
        if let Err(error) = task.kernel.files.set_size(inode, pages) {
            task.kernel.files.release(inode);
            return Err(error);
        }
        task.kernel.files.hold(inode);
        let changed = task.seconds();
        Ok(Segment { inode, size, attached: 0, detached: 0, changed, creator: task.process, last: 0 })
    };
    get(task, table, how, fits, make)
}

/// `shmat(id, address, flags)`.
pub(in crate::linux::calls) fn shmat(task: &mut Task<'_>) -> Answer {
    let (id, mut at, flags) = (task.int(0), task.argument(1), task.argument(2));
    if id < 0 {
        return Err(Errno::EINVAL.into());
    }
    let (boundary, page) = (task.segment_boundary(), task.abi.page);
    if at % boundary != 0 {
        if flags & ROUND != 0 {
            at -= at % boundary;
            if at == 0 && flags & REPLACE != 0 {
                return Err(Errno::EINVAL.into());
            }
        } else if task.abi.forced_boundary || at % page != 0 {
            return Err(Errno::EINVAL.into());
        }
    } else if at == 0 && flags & REPLACE != 0 {
        return Err(Errno::EINVAL.into());
    }
    let object = task.kernel.ipc.segments.get(id)?;
    let (mut protection, mut wanted) = (PROT_READ | PROT_WRITE, READ | WRITE);
    if flags & READ_ONLY != 0 {
        (protection, wanted) = (PROT_READ, READ);
    }
    if flags & EXECUTE != 0 {
        (protection, wanted) = (protection | PROT_EXEC, wanted | 0o111);
    }
    task.check_allowed(&object.permissions, wanted)?;
    let (inode, key) = (object.it.inode, object.permissions.key);
    let length = task.space()?.whole_pages(object.it.size).ok_or(Errno::ENOMEM)?;
    task.space()?.check_room(length, protection)?;
    let start = if at == 0 {
        let found = task.space()?.find_room(0, length.saturating_add(boundary - page))?;
        found.next_multiple_of(boundary)
    } else {
        let end = at.checked_add(length).filter(|end| *end <= task.abi.top).ok_or(Errno::EINVAL)?;
        if flags & REPLACE != 0 {
            task.unmap_range(at, end)?;
        } else if !task.space()?.is_free(at, end) {
            return Err(Errno::EINVAL.into());
        }
        at
    };
    let name = format!("/SYSV{key:08x} (deleted)").into();
    let file = Some((inode, 0));
    task.map_area(
        start,
        Area { end: start + length, protection, shared: true, file, name, untouched: false },
    )?;
    let (now, process) = (task.seconds(), task.process);
    let segment = &mut task.kernel.ipc.segments.get_mut(id)?.it;
    (segment.attached, segment.last) = (now, process);
    Ok(start)
}

/// `shmdt(address)`.
pub(in crate::linux::calls) fn shmdt(task: &mut Task<'_>) -> Answer {
    let at = task.argument(0);
    let space = task.space()?;
    let (start, area) = space.at(at).ok_or(Errno::EINVAL)?;
    let (inode, offset) = area.file.ok_or(Errno::EINVAL)?;
    let segments = &task.kernel.ipc.segments;
    let (_, object) = segments.iter().find(|(_, object)| object.it.inode == inode).ok_or(Errno::EINVAL)?;
    if start != at || offset != 0 {
        return Err(Errno::EINVAL.into());
    }
    // What is left of it may be in several parts.
    let end = at.saturating_add(object.it.size);
    let is_of = |from: u64, area: &Area| area.file == Some((inode, from.wrapping_sub(at)));
    let parts: Vec<(u64, u64)> = space
        .overlapping(at, end)
        .filter(|(from, area)| is_of(*from, area))
        .map(|(from, area)| (from, area.end))
        .collect();
    for (from, end) in parts {
        task.unmap_range(from, end)?;
    }
    Ok(0)
}

/// `shmctl(id, command, buffer)`.
pub(in crate::linux::calls) fn shmctl(task: &mut Task<'_>) -> Answer {
    shmctl_with(task, false)
}

pub(super) fn shmctl_with(task: &mut Task<'_>, through_one: bool) -> Answer {
    let (command, layout) = command(task, task.int(1), (|it| it.shmid, |it| it.shmid_old), through_one)?;
    control(task, task.int(0), command, task.argument(2), layout)
}

/// What `shmctl` does, with a structure of a layout.
pub(crate) fn control(task: &mut Task<'_>, id: i32, command: i32, at: u64, layout: Layout) -> Answer {
    if id < 0 || command < 0 {
        return Err(Errno::EINVAL.into());
    }
    match command {
        STATUS | STATUS_AT | STATUS_AT_ANY => {
            let how = (command != STATUS, command == STATUS_AT_ANY);
            let id = to_be_told(task, table, id, how)?;
            let object = task.kernel.ipc.segments.get(id)?;
            let it = &object.it;
            let own = [
                ("shm_segsz", it.size),
                ("shm_atime", it.attached as u64),
                ("shm_dtime", it.detached as u64),
                ("shm_ctime", it.changed as u64),
                ("shm_cpid", it.creator as u64),
                ("shm_lpid", it.last as u64),
                ("shm_nattch", task.kernel.attachments(it.inode)),
            ];
            let values = [&permission_fields!("shm", object)[..], &own].concat();
            let bytes = layout.filled(&task.abi, &values);
            task.write(at, &bytes)?;
            Ok(if command == STATUS { 0 } else { id as u64 })
        }
        SET => {
            let bytes = task.read(at, layout.size as u64)?;
            let names = ["shm_perm.uid", "shm_perm.gid", "shm_perm.mode"];
            let settings = Settings::of(layout, &task.abi, &bytes, names);
            to_be_changed(task, table, id)?;
            let now = task.seconds();
            let object = task.kernel.ipc.segments.get_mut(id)?;
            settings.apply(object);
            object.it.changed = now;
            Ok(0)
        }
        REMOVE => {
            to_be_changed(task, table, id)?;
            let permissions = &mut task.kernel.ipc.segments.get_mut(id)?.permissions;
            permissions.mode |= TO_GO;
            // Nobody finds it any more.
            permissions.key = IPC_PRIVATE;
            task.kernel.end_segments();
            Ok(0)
        }
        LOCK | UNLOCK => {
            to_be_changed(task, table, id)?;
            let permissions = &mut task.kernel.ipc.segments.get_mut(id)?.permissions;
            match command {
                LOCK => permissions.mode |= LOCKED,
                _ => permissions.mode &= !LOCKED,
            }
            Ok(0)
        }
        INFORMATION | INFORMATION_NOW => information(task, command, at),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// `struct shminfo64`, or `struct shm_info`.
fn information(task: &mut Task<'_>, command: i32, at: u64) -> Answer {
    let all = &task.kernel.ipc.segments;
    let (highest, count) = (all.highest(), all.len() as u64);
    let page = task.abi.page;
    let pages: u64 = all.iter().map(|(_, object)| object.it.size.div_ceil(page)).sum();
    let most = task.largest_segment()?;
    let mut fields = task.fields();
    if command == INFORMATION {
        for value in [most, 1, MOST as u64, MOST as u64, most / page, 0, 0, 0, 0] {
            fields.long(value);
        }
    } else {
        fields.int(count);
        for value in [pages, pages, 0, 0, 0] {
            fields.long(value);
        }
    }
    let bytes = fields.finish();
    task.write(at, &bytes)?;
    Ok(highest.into())
}
