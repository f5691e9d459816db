//! Pseudoterminals (`posix_openpt` and its kin), on those of the kernel.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Header, Ptr, Size, Standard, models},
    },
    AT_FDCWD, call,
};
use crate::{errno::Errno, linux::descriptions::Kind};

pub(crate) static HEADER: Header = Header {
    name: "stdlib.h",
    standard: Standard::Posix,
    models: models! {
        posix_openpt = posix_openpt, "no session has the terminal: characters raise no signals";
        getpt = getpt, "no session has the terminal: characters raise no signals";
        grantpt = grantpt;
        unlockpt = unlockpt;
        ptsname = ptsname;
        ptsname_r = ptsname_r;
        __ptsname_r_chk = ptsname_r_chk;
    },
};

fn posix_openpt(c: &mut Context<'_>, flags: i32) -> Result<i32> {
    let room = c.room("/dev/ptmx", 16)?;
    c.write_text(room, b"/dev/ptmx")?;
    call(c, "openat", &[AT_FDCWD, room.0, flags as u32 as u64, 0]).map(|fd| fd as i32)
}

/// Of GNU: for reading and writing.
fn getpt(c: &mut Context<'_>) -> Result<i32> {
    posix_openpt(c, 2)
}

/// The number of the pair that a descriptor is the master of.
fn master(c: &Context<'_>, fd: i32, wrong: Errno) -> Result<u32, Errno> {
    match c.state.kernel.description(c.state.kernel.running, fd)?.kind {
        Kind::Terminal { number, master: true } => Ok(number),
        _ => Err(wrong),
    }
}

fn grantpt(c: &mut Context<'_>, fd: i32) -> Result<i32> {
    match master(c, fd, Errno::EINVAL) {
        Ok(_) => Ok(0),
        Err(errno) => c.fail(errno),
    }
}

fn unlockpt(c: &mut Context<'_>, fd: i32) -> Result<i32> {
    match master(c, fd, Errno::EINVAL) {
        Ok(number) => {
            if let Some(terminal) = c.state.kernel.terminals.get_mut(&number) {
                terminal.locked = false;
            }
            Ok(0)
        }
        Err(errno) => c.fail(errno),
    }
}

fn ptsname(c: &mut Context<'_>, fd: i32) -> Result<Ptr> {
    let room = c.room("ptsname", 32)?;
    let error = ptsname_r(c, fd, room, Size(32))?;
    Ok(if error == 0 { room } else { Ptr::NULL })
}

/// The number of the error is the result, and in `errno`.
fn ptsname_r(c: &mut Context<'_>, fd: i32, to: Ptr, size: Size) -> Result<i32> {
    let name = master(c, fd, Errno::ENOTTY).map(|number| format!("/dev/pts/{number}"));
    let error = match name {
        Ok(name) if (name.len() as u64) < size.0 => {
            c.write_text(to, name.as_bytes())?;
            return Ok(0);
        }
        Ok(_) => Errno::ERANGE,
        Err(errno) => errno,
    };
    c.set_errno(error)?;
    Ok(c.state.abi.error(error) as i32)
}

fn ptsname_r_chk(c: &mut Context<'_>, fd: i32, to: Ptr, size: Size, room: Size) -> Result<i32> {
    c.check_room(size.0, room.0)?;
    ptsname_r(c, fd, to, size)
}
