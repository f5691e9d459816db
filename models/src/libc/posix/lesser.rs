//! What else POSIX has, of headers with one function or two.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Header, LongDouble, Ptr, Standard, models},
    },
    status,
};
use crate::{errno::Errno, libc::fenv::Exceptions};

pub(crate) static HEADER: [Header; 5] = [
    Header {
        name: "sys/ipc.h",
        standard: Standard::Posix,
        models: models! {
            ftok = ftok;
        },
    },
    Header { name: "sys/wait.h", standard: Standard::Posix, models: models! {} },
    Header {
        name: "net/if.h",
        standard: Standard::Posix,
        models: models! {
            if_nameindex = if_nameindex;
            if_freenameindex = if_freenameindex;
        },
    },
    Header {
        name: "utmpx.h",
        standard: Standard::Posix,
        models: models! {
            setutxent = begin_users;
            endutxent = begin_users;
            getutxent = next_user, "nobody is logged in";
            getutxid = find_user, "nobody is logged in";
            getutxline = find_user, "nobody is logged in";
            pututxline = put_user, "it fails with EPERM";
        },
    },
    Header {
        name: "math.h",
        standard: Standard::Runtime,
        models: models! {
            __issignaling = is_signalling;
            __issignalingf = is_signalling_single;
            __issignalingl = is_signalling_long;
            __iseqsig = equals;
            __iseqsigf = equals_single;
            __iseqsigl = equals_long;
        },
    },
];

/// As glibc: the lower bits of the number, of the device and of the inode.
fn ftok(c: &mut Context<'_>, path: Ptr, project: i32) -> Result<i32> {
    let room = c.room("status of ftok", 256)?;
    let Some((_, device)) = status::brief(c, path, true, room, true)? else { return Ok(-1) };
    let inode = {
        let statx = c.room("statx", 256)?;
        c.read_integer(statx.add(32), 8)?
    };
    // The minor number, which `brief` has in the upper half.
    let device = match c.state.platform.byte_order() {
        terrella_platforms::ByteOrder::Little => device >> 32,
        terrella_platforms::ByteOrder::Big => device & 0xffff_ffff,
    };
    let key = (project as u32 & 0xff) << 24 | (device as u32 & 0xff) << 16 | inode as u32 & 0xffff;
    Ok(key as i32)
}

/// One interface, `lo`, and the end: `struct if_nameindex { unsigned, char * }`.
fn if_nameindex(c: &mut Context<'_>) -> Result<Ptr> {
    let word = u64::from(c.model.pointer);
    let Some(list) = c.malloc(4 * word + 4)? else { return c.fail_null(Errno::ENOBUFS) };
    c.write(list, &vec![0; 4 * word as usize + 4])?;
    let text = list.add(4 * word);
    c.write_text(text, b"lo")?;
    let int = c.model.int;
    c.write_integer(list, 1, int)?;
    c.write_pointer(list.add(word), text)?;
    Ok(list)
}

fn if_freenameindex(c: &mut Context<'_>, list: Ptr) -> Result<()> {
    c.free(list)
}

fn begin_users(_: &mut Context<'_>) -> Result<()> {
    Ok(())
}

fn next_user(_: &mut Context<'_>) -> Result<Ptr> {
    Ok(Ptr::NULL)
}

fn find_user(c: &mut Context<'_>, _wanted: Ptr) -> Result<Ptr> {
    c.fail_null(Errno::ESRCH)
}

fn put_user(c: &mut Context<'_>, _entry: Ptr) -> Result<Ptr> {
    c.fail_null(Errno::EPERM)
}

fn is_signalling(_: &mut Context<'_>, x: f64) -> Result<i32> {
    Ok(i32::from(x.is_nan() && x.to_bits() >> 51 & 1 == 0))
}

fn is_signalling_single(_: &mut Context<'_>, x: f32) -> Result<i32> {
    Ok(i32::from(x.is_nan() && x.to_bits() >> 22 & 1 == 0))
}

fn is_signalling_long(_: &mut Context<'_>, x: LongDouble) -> Result<i32> {
    Ok(i32::from(x.0.is_signalling()))
}

/// Equality, of which what is no number is an invalid operation and `EDOM`.
fn told(c: &mut Context<'_>, no_number: bool, equal: bool) -> Result<i32> {
    if no_number {
        c.set_errno(Errno::EDOM)?;
        c.raise_exceptions(Exceptions::INVALID)?;
    }
    Ok(i32::from(equal))
}

fn equals(c: &mut Context<'_>, x: f64, y: f64) -> Result<i32> {
    told(c, x.is_nan() || y.is_nan(), x == y)
}

fn equals_single(c: &mut Context<'_>, x: f32, y: f32) -> Result<i32> {
    told(c, x.is_nan() || y.is_nan(), x == y)
}

fn equals_long(c: &mut Context<'_>, x: LongDouble, y: LongDouble) -> Result<i32> {
    let order = x.0.order(&y.0);
    told(c, order.is_none(), order.is_some_and(std::cmp::Ordering::is_eq))
}
