//! `dirent.h`. A `DIR` is a block of the heap: the descriptor, and room for one
//! entry.

use terrella_emulator_api::EmulatorExt;

use super::{
    super::{
        context::Context,
        error::Result,
        layouts,
        types::{Header, Long, Ptr, Standard, models},
    },
    AT_FDCWD, call,
};
use crate::{
    errno::Errno,
    linux::{
        abi::generic::{O_CLOEXEC, O_DIRECTORY},
        alone::ALONE,
    },
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
        .description(ALONE, fd)
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
    let room = c.room("getdents64", 304)?;
    let count = call(c, "getdents64", &[fd as u64, room.0, 304])?;
    if count <= 0 {
        return Ok((count == 0).then_some(false));
    }
    // struct linux_dirent64: ino, off, reclen, type, name.
    let mut at = |offset: u64, bytes: usize| -> Result<u64> {
        Ok(c.emulator().read_integer(room.0 + offset, bytes)? as u64)
    };
    let (inode, position, kind) = (at(0, 8)?, at(8, 8)?, at(18, 1)?);
    let name = c.text(room.add(19))?;
    // Only the first of them is taken.
    if let Ok(it) = c.state.kernel.description_mut(ALONE, fd) {
        it.offset = position;
    }
    let Some(layouts) = layouts::of(c.state.platform) else {
        return c.misuse(format!("what struct dirent of {} looks like is not known here", c.state.platform));
    };
    let layout = if wide { layouts.dirent64 } else { layouts.dirent };
    let start = layout.place("d_name").map_or(0, |(offset, _)| offset);
    let length = (start + name.len() + 1).next_multiple_of(8);
    let order = c.emulator().platform().byte_order();
    let fields = [("d_ino", inode), ("d_off", position), ("d_reclen", length as u64), ("d_type", kind)];
    let Some(mut bytes) = layout.filled(order, &fields) else {
        c.set_errno(Errno::EOVERFLOW)?;
        return Ok(None);
    };
    bytes.truncate(start);
    bytes.extend_from_slice(&name[..name.len().min(255)]);
    bytes.push(0);
    c.write(to, &bytes)?;
    Ok(Some(true))
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
    if let Ok(it) = c.state.kernel.description_mut(ALONE, fd) {
        it.offset = u64::try_from(place.0).unwrap_or(0);
    }
    Ok(())
}

fn rewinddir(c: &mut Context<'_>, folder: Ptr) -> Result<()> {
    seekdir(c, folder, Long(0))
}

fn telldir(c: &mut Context<'_>, folder: Ptr) -> Result<Long> {
    let fd = descriptor(c, folder)?;
    Ok(Long(c.state.kernel.description(ALONE, fd).map_or(-1, |it| it.offset as i64)))
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
