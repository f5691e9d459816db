//! `sys/mman.h`.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Dots, Header, Offset, Ptr, Size, Standard, models},
    },
    AT_FDCWD, call, calls,
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "sys/mman.h",
    standard: Standard::Posix,
    models: models! {
        mmap = mmap;
        mmap64 = mmap64;
        munmap = munmap;
        mprotect = mprotect;
        msync = msync;
        madvise = madvise;
        posix_madvise = posix_madvise;
        mlock = mlock;
        munlock = munlock;
        mlockall = mlockall;
        munlockall = munlockall;
        mincore = mincore;
        mremap = mremap;
        shm_open = shm_open;
        shm_unlink = shm_unlink;
        memfd_create = memfd_create;
    },
};

calls! {
    munmap(address: Ptr, size: Size) -> i32 = "munmap";
    mprotect(address: Ptr, size: Size, protection: i32) -> i32 = "mprotect";
    msync(address: Ptr, size: Size, flags: i32) -> i32 = "msync";
    madvise(address: Ptr, size: Size, advice: i32) -> i32 = "madvise";
    mlock(address: Ptr, size: Size) -> i32 = "mlock";
    munlock(address: Ptr, size: Size) -> i32 = "munlock";
    mlockall(flags: i32) -> i32 = "mlockall";
    munlockall() -> i32 = "munlockall";
    mincore(address: Ptr, size: Size, to: Ptr) -> i32 = "mincore";
    memfd_create(name: Ptr, flags: u32) -> i32 = "memfd_create";
}

/// `mmap2` counts the offset in units of 4096 bytes, and has its arguments in
/// registers everywhere (`mmap` of z/Architecture has not).
fn mmap64(
    c: &mut Context<'_>,
    at: Ptr,
    size: Size,
    protection: i32,
    flags: i32,
    fd: i32,
    offset: i64,
) -> Result<Ptr> {
    let arguments = [at.0, size.0, protection as u64, flags as u32 as u64, fd as u64];
    let mut all = [0; 6];
    all[..5].copy_from_slice(&arguments);
    if offset % 4096 != 0 {
        c.set_errno(Errno::EINVAL)?;
        return Ok(Ptr(u64::MAX));
    }
    all[5] = (offset as u64) / 4096;
    call(c, "mmap2", &all).map(|address| Ptr(address as u64))
}

fn mmap(
    c: &mut Context<'_>,
    at: Ptr,
    size: Size,
    protection: i32,
    flags: i32,
    fd: i32,
    offset: Offset,
) -> Result<Ptr> {
    mmap64(c, at, size, protection, flags, fd, offset.0)
}

fn mremap(c: &mut Context<'_>, at: Ptr, old: Size, new: Size, flags: i32, _: Dots) -> Result<Ptr> {
    use super::super::{types::CType, variable::Variable};
    // MREMAP_FIXED.
    let to = if flags & 2 != 0 { c.variable_integer(&mut Variable::Call, CType::Pointer)? as u64 } else { 0 };
    call(c, "mremap", &[at.0, old.0, new.0, flags as u64, to]).map(|address| Ptr(address as u64))
}

fn posix_madvise(c: &mut Context<'_>, _address: Ptr, _size: Size, advice: i32) -> Result<i32> {
    Ok(if (0..5).contains(&advice) { 0 } else { c.state.abi.error(Errno::EINVAL) as i32 })
}

/// Shared memory is a file in `/dev/shm`: the path of a name, behind a prefix.
/// `None`, with `errno`, if it is none.
pub(crate) fn shared_name(c: &mut Context<'_>, name: Ptr, prefix: &[u8]) -> Result<Option<Ptr>> {
    let text = c.text(name)?;
    let name: Vec<u8> = text.iter().copied().skip_while(|byte| *byte == b'/').collect();
    if name.is_empty() || name.contains(&b'/') || name.len() + prefix.len() > 255 {
        c.set_errno(Errno::EINVAL)?;
        return Ok(None);
    }
    let room = c.room("shm_open", 280)?;
    c.write_text(room, &[&b"/dev/shm/"[..], prefix, &name].concat())?;
    Ok(Some(room))
}

fn shm_open(c: &mut Context<'_>, name: Ptr, flags: i32, mode: u32) -> Result<i32> {
    let Some(path) = shared_name(c, name, b"")? else { return Ok(-1) };
    call(c, "openat", &[AT_FDCWD, path.0, flags as u32 as u64, mode.into()]).map(|fd| fd as i32)
}

fn shm_unlink(c: &mut Context<'_>, name: Ptr) -> Result<i32> {
    let Some(path) = shared_name(c, name, b"")? else { return Ok(-1) };
    call(c, "unlinkat", &[AT_FDCWD, path.0, 0]).map(|result| result as i32)
}
