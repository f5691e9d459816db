//! `dirent.h`. A `DIR` is a block of the heap: the descriptor, and room for one
//! entry.

use serde::{Deserialize, Serialize};
use terrella_emulator_api::EmulatorExt;
use terrella_machine_state::ArgumentValue;

use super::{
    super::{
        context::Context,
        error::Result,
        layouts,
        nested::Continuation,
        sort,
        types::{CType, Header, Long, Ptr, Reply, Standard, models},
    },
    AT_FDCWD, call,
};
use crate::{
    errno::Errno,
    linux::abi::generic::{O_CLOEXEC, O_DIRECTORY},
};

pub(crate) static HEADER: Header = Header {
    name: "dirent.h",
    standard: Standard::Posix,
    models: models! {
        opendir = opendir;
        fdopendir = fdopendir;
        closedir = closedir;
        readdir = readdir;
        readdir64 = readdir64;
        readdir_r = readdir_r;
        readdir64_r = readdir64_r;
        rewinddir = rewinddir;
        telldir = telldir;
        seekdir = seekdir;
        dirfd = dirfd;
        alphasort = alphasort;
        alphasort64 = alphasort64;
        scandir = scandir;
        scandir64 = scandir64;
    },
};

pub(crate) static EXTENSIONS: Header = Header {
    name: "dirent.h",
    standard: Standard::Extension,
    models: models! {
        scandirat = scandirat;
        scandirat64 = scandirat64;
        versionsort = versionsort;
        versionsort64 = versionsort64;
        getdirentries = getdirentries, "there is none: ENOSYS";
    },
};

/// Bytes of a `DIR`.
const SIZE: u64 = 512;
/// Where its entry is.
const ENTRY: u64 = 32;
/// What says that it is one.
const MARK: u64 = 0x5449_5244;

fn make(c: &mut Context<'_>, fd: i32) -> Result<Ptr> {
    let Some(block) = c.malloc(SIZE)? else { return c.fail_null(Errno::ENOMEM) };
    c.write(block, &[0; SIZE as usize])?;
    c.write_integer(block, MARK, 4)?;
    c.write_integer(block.add(4), fd as u64, 4)?;
    Ok(block)
}

fn descriptor(c: &mut Context<'_>, folder: Ptr) -> Result<i32> {
    if folder.is_null() || c.read_integer(folder, 4)? != MARK {
        return c.misuse(format!("{:#x} is no open folder", folder.0));
    }
    c.read_integer(folder.add(4), 4).map(|fd| fd as i32)
}

fn opendir(c: &mut Context<'_>, path: Ptr) -> Result<Ptr> {
    let flags = c.state.abi.bits_to_own(|tables| tables.open, O_DIRECTORY | O_CLOEXEC);
    let fd = call(c, "openat", &[AT_FDCWD, path.0, flags, 0])?;
    if fd < 0 { Ok(Ptr::NULL) } else { make(c, fd as i32) }
}

fn fdopendir(c: &mut Context<'_>, fd: i32) -> Result<Ptr> {
    match c
        .state
        .kernel
        .description(c.state.kernel.running, fd)
        .map(|it| matches!(it.kind, crate::linux::descriptions::Kind::Directory(_)))
    {
        Ok(true) => make(c, fd),
        Ok(false) => c.fail_null(Errno::ENOTDIR),
        Err(errno) => c.fail_null(errno),
    }
}

fn closedir(c: &mut Context<'_>, folder: Ptr) -> Result<i32> {
    let fd = descriptor(c, folder)?;
    c.write_integer(folder, 0, 4)?;
    c.free(folder)?;
    call(c, "close", &[fd as u64]).map(|result| result as i32)
}

/// The next entry, as the library has it, at an address: `false` at the end,
/// `None` with `errno` if it fails.
fn next(c: &mut Context<'_>, folder: Ptr, to: Ptr, wide: bool) -> Result<Option<bool>> {
    let fd = descriptor(c, folder)?;
    let Some(entry) = taken(c, fd)? else { return Ok(None) };
    let Some(entry) = entry else { return Ok(Some(false)) };
    let Some(bytes) = record(c, &entry, wide)? else { return Ok(None) };
    c.write(to, &bytes)?;
    Ok(Some(true))
}

/// An entry of a folder: its name, inode, place and kind.
type Entry = (Vec<u8>, u64, u64, u64);

/// The next entry of a descriptor: nothing at the end, `None` with `errno` if
/// it fails.
fn taken(c: &mut Context<'_>, fd: i32) -> Result<Option<Option<Entry>>> {
    let room = c.room("getdents64", 304)?;
    let count = call(c, "getdents64", &[fd as u64, room.0, 304])?;
    if count <= 0 {
        return Ok((count == 0).then_some(None));
    }
    // struct linux_dirent64: ino, off, reclen, type, name.
    let mut at = |offset: u64, bytes: usize| -> Result<u64> {
        Ok(c.emulator().read_integer(room.0 + offset, bytes)? as u64)
    };
    let (inode, position, kind) = (at(0, 8)?, at(8, 8)?, at(18, 1)?);
    let name = c.text(room.add(19))?;
    // Only the first of them is taken.
    if let Ok(it) = c.state.kernel.description_mut(c.state.kernel.running, fd) {
        it.offset = position;
    }
    Ok(Some(Some((name, inode, position, kind))))
}

/// So many entries a folder may have.
const MOST: usize = 1 << 20;

/// All entries of a folder; `None`, with `errno`, if it cannot be read.
fn entries(c: &mut Context<'_>, folder: u64, path: Ptr) -> Result<Option<Vec<Entry>>> {
    let flags = c.state.abi.bits_to_own(|tables| tables.open, O_DIRECTORY | O_CLOEXEC);
    let fd = call(c, "openat", &[folder, path.0, flags, 0])?;
    if fd < 0 {
        return Ok(None);
    }
    let mut all = Vec::new();
    let complete = loop {
        match taken(c, fd as i32)? {
            None => break false,
            Some(None) => break true,
            Some(Some(_)) if all.len() >= MOST => {
                return c.misuse(format!("a folder of more than {MOST} files"));
            }
            Some(Some(entry)) => all.push(entry),
        }
    };
    let errno = Ptr(c.state.layout.errno);
    let before = c.read_int(errno)?;
    call(c, "close", &[fd as u64])?;
    c.write_int(errno, before)?;
    Ok(complete.then_some(all))
}

/// The same of a folder by its path.
pub(super) fn names(c: &mut Context<'_>, path: &[u8]) -> Result<Option<Vec<Entry>>> {
    let room = c.room("path of a folder", 4096)?;
    if path.len() > 4095 {
        c.set_errno(Errno::ENAMETOOLONG)?;
        return Ok(None);
    }
    c.write_text(room, path)?;
    entries(c, AT_FDCWD, room)
}

/// An entry as a `struct dirent`; `None`, with `errno`, if it does not fit.
fn record(c: &mut Context<'_>, entry: &Entry, wide: bool) -> Result<Option<Vec<u8>>> {
    let (name, inode, position, kind) = entry;
    let Some(layouts) = layouts::of(c.state.platform) else {
        return c.misuse(format!("what struct dirent of {} looks like is not known here", c.state.platform));
    };
    let layout = if wide { layouts.dirent64 } else { layouts.dirent };
    let start = layout.place("d_name").map_or(0, |(offset, _)| offset);
    let length = (start + name.len() + 1).next_multiple_of(8);
    let order = c.emulator().platform().byte_order();
    let fields = [("d_ino", *inode), ("d_off", *position), ("d_reclen", length as u64), ("d_type", *kind)];
    let Some(mut bytes) = layout.filled(order, &fields) else {
        c.set_errno(Errno::EOVERFLOW)?;
        return Ok(None);
    };
    bytes.truncate(start);
    bytes.extend_from_slice(&name[..name.len().min(255)]);
    bytes.push(0);
    Ok(Some(bytes))
}

fn read_entry(c: &mut Context<'_>, folder: Ptr, wide: bool) -> Result<Ptr> {
    let entry = folder.add(ENTRY);
    let found = next(c, folder, entry, wide)?;
    Ok(if found == Some(true) { entry } else { Ptr::NULL })
}

fn readdir(c: &mut Context<'_>, folder: Ptr) -> Result<Ptr> {
    read_entry(c, folder, false)
}

fn readdir64(c: &mut Context<'_>, folder: Ptr) -> Result<Ptr> {
    read_entry(c, folder, true)
}

fn read_into(c: &mut Context<'_>, folder: Ptr, entry: Ptr, place: Ptr, wide: bool) -> Result<i32> {
    let found = next(c, folder, entry, wide)?;
    c.write_pointer(place, if found == Some(true) { entry } else { Ptr::NULL })?;
    if found.is_some() {
        return Ok(0);
    }
    let errno = Ptr(c.state.layout.errno);
    c.read_int(errno)
}

fn readdir_r(c: &mut Context<'_>, folder: Ptr, entry: Ptr, place: Ptr) -> Result<i32> {
    read_into(c, folder, entry, place, false)
}

fn readdir64_r(c: &mut Context<'_>, folder: Ptr, entry: Ptr, place: Ptr) -> Result<i32> {
    read_into(c, folder, entry, place, true)
}

fn seekdir(c: &mut Context<'_>, folder: Ptr, place: Long) -> Result<()> {
    let fd = descriptor(c, folder)?;
    if let Ok(it) = c.state.kernel.description_mut(c.state.kernel.running, fd) {
        it.offset = u64::try_from(place.0).unwrap_or(0);
    }
    Ok(())
}

fn rewinddir(c: &mut Context<'_>, folder: Ptr) -> Result<()> {
    seekdir(c, folder, Long(0))
}

fn telldir(c: &mut Context<'_>, folder: Ptr) -> Result<Long> {
    let fd = descriptor(c, folder)?;
    Ok(Long(c.state.kernel.description(c.state.kernel.running, fd).map_or(-1, |it| it.offset as i64)))
}

fn dirfd(c: &mut Context<'_>, folder: Ptr) -> Result<i32> {
    descriptor(c, folder)
}

fn compare(c: &mut Context<'_>, one: Ptr, other: Ptr, wide: bool) -> Result<i32> {
    let layouts = layouts::of(c.state.platform);
    let layout = layouts.map(|it| if wide { it.dirent64 } else { it.dirent });
    let start = layout.and_then(|it| it.place("d_name")).map_or(0, |(offset, _)| offset as u64);
    let (one, other) = (c.read_pointer(one)?, c.read_pointer(other)?);
    let (one, other) = (c.text(one.add(start))?, c.text(other.add(start))?);
    Ok(one.cmp(&other) as i32)
}

fn alphasort(c: &mut Context<'_>, one: Ptr, other: Ptr) -> Result<i32> {
    compare(c, one, other, false)
}

fn alphasort64(c: &mut Context<'_>, one: Ptr, other: Ptr) -> Result<i32> {
    compare(c, one, other, true)
}

fn version_of(c: &mut Context<'_>, one: Ptr, other: Ptr, wide: bool) -> Result<i32> {
    let layouts = layouts::of(c.state.platform);
    let layout = layouts.map(|it| if wide { it.dirent64 } else { it.dirent });
    let start = layout.and_then(|it| it.place("d_name")).map_or(0, |(offset, _)| offset as u64);
    let (one, other) = (c.read_pointer(one)?, c.read_pointer(other)?);
    let (one, other) = (c.text(one.add(start))?, c.text(other.add(start))?);
    Ok(super::super::string::compare_versions(&one, &other))
}

fn versionsort(c: &mut Context<'_>, one: Ptr, other: Ptr) -> Result<i32> {
    version_of(c, one, other, false)
}

fn versionsort64(c: &mut Context<'_>, one: Ptr, other: Ptr) -> Result<i32> {
    version_of(c, one, other, true)
}

fn getdirentries(
    c: &mut Context<'_>,
    _fd: i32,
    _to: Ptr,
    _size: super::super::types::Size,
    _place: Ptr,
) -> Result<Long> {
    c.set_errno(Errno::ENOSYS)?;
    Ok(Long(-1))
}

/// A `scandir`: entries that were read, and those that the program wants.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Scan {
    entries: Vec<Ptr>,
    next: usize,
    selected: Vec<Ptr>,
    select: Ptr,
    compare: Ptr,
    list: Ptr,
}

impl Scan {
    fn go_on(mut self, c: &mut Context<'_>) -> Result<Reply> {
        if let Some(entry) = self.entries.get(self.next).copied() {
            if !self.select.is_null() {
                let (select, arguments) = (self.select, [ArgumentValue::Pointer(entry.0)]);
                let then = Continuation::Scan(Box::new(self));
                return c.call_guest(select, &arguments, CType::Int, CType::Int, then);
            }
            self.selected = std::mem::take(&mut self.entries);
        }
        let word = u64::from(c.model.pointer);
        let count = self.selected.len() as u64;
        let Some(array) = c.malloc(word * count.max(1))? else {
            return c.fail(Errno::ENOMEM).map(Reply::Int);
        };
        for (index, entry) in self.selected.iter().enumerate() {
            c.write_pointer(array.add(word * index as u64), *entry)?;
        }
        c.write_pointer(self.list, array)?;
        if self.compare.is_null() {
            return Ok(Reply::Int(count as i32));
        }
        sort::counted(c, array, count, word, self.compare)
    }

    /// The program has said whether it wants an entry.
    pub(in crate::libc) fn decided(mut self, c: &mut Context<'_>, wanted: bool) -> Result<Reply> {
        if let Some(entry) = self.entries.get(self.next).copied() {
            if wanted {
                self.selected.push(entry);
            } else {
                c.free(entry)?;
            }
        }
        self.next = self.next.saturating_add(1);
        self.go_on(c)
    }
}

fn scan(
    c: &mut Context<'_>,
    folder: u64,
    path: Ptr,
    list: Ptr,
    select: Ptr,
    compare: Ptr,
    wide: bool,
) -> Result<Reply> {
    let Some(found) = entries(c, folder, path)? else { return Ok(Reply::Int(-1)) };
    let mut blocks = Vec::new();
    for entry in &found {
        let Some(bytes) = record(c, entry, wide)? else { return Ok(Reply::Int(-1)) };
        let Some(block) = c.malloc(bytes.len() as u64)? else {
            return c.fail(Errno::ENOMEM).map(Reply::Int);
        };
        c.write(block, &bytes)?;
        blocks.push(block);
    }
    Scan { entries: blocks, next: 0, selected: Vec::new(), select, compare, list }.go_on(c)
}

fn scandir(c: &mut Context<'_>, path: Ptr, list: Ptr, select: Ptr, compare: Ptr) -> Result<Reply> {
    scan(c, AT_FDCWD, path, list, select, compare, false)
}

fn scandir64(c: &mut Context<'_>, path: Ptr, list: Ptr, select: Ptr, compare: Ptr) -> Result<Reply> {
    scan(c, AT_FDCWD, path, list, select, compare, true)
}

fn scandirat(
    c: &mut Context<'_>,
    folder: i32,
    path: Ptr,
    list: Ptr,
    select: Ptr,
    compare: Ptr,
) -> Result<Reply> {
    scan(c, i64::from(folder) as u64, path, list, select, compare, false)
}

fn scandirat64(
    c: &mut Context<'_>,
    folder: i32,
    path: Ptr,
    list: Ptr,
    select: Ptr,
    compare: Ptr,
) -> Result<Reply> {
    scan(c, i64::from(folder) as u64, path, list, select, compare, true)
}
