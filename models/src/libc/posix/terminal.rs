//! `termios.h`: a terminal that keeps its settings and does nothing with them.

use super::{
    super::{
        context::Context,
        error::Result,
        layouts,
        types::{Header, Ptr, Standard, models},
    },
    calls,
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "termios.h",
    standard: Standard::Posix,
    models: models! {
        tcgetattr = tcgetattr;
        tcsetattr = tcsetattr;
        tcsendbreak = tcsendbreak;
        tcdrain = tcdrain;
        tcflush = tcflush;
        tcflow = tcflush;
        tcgetpgrp = tcgetpgrp;
        tcsetpgrp = tcsetpgrp;
        tcgetsid = tcgetsid;
        cfgetispeed = speed;
        cfgetospeed = speed;
        cfsetispeed = set_speed;
        cfsetospeed = set_speed;
        cfsetspeed = set_speed;
        cfmakeraw = cfmakeraw;
    },
};

calls! {
    tcgetsid(fd: i32) -> i32 = "getsid"(fd);
}

/// The bits of the speed in `c_cflag`, where glibc and the kernel have them
/// (`asm-generic/termbits.h`).
const SPEED: u64 = 0o010_017;

/// Whether a descriptor is of a terminal.
fn check(c: &mut Context<'_>, fd: i32) -> Result<bool> {
    use crate::{
        files::Device,
        linux::{alone::ALONE, descriptions::Kind},
    };
    let kernel = &c.state.kernel;
    let error = match kernel.description(ALONE, fd).map(|it| &it.kind) {
        Err(errno) => errno,
        Ok(Kind::Stream(stream)) if kernel.streams.terminal[usize::from(*stream).min(2)] => return Ok(true),
        Ok(Kind::Device(Device::Terminal, _)) => return Ok(true),
        Ok(_) => Errno::ENOTTY,
    };
    c.set_errno(error)?;
    Ok(false)
}

fn tcgetattr(c: &mut Context<'_>, fd: i32, to: Ptr) -> Result<i32> {
    if !check(c, fd)? {
        return Ok(-1);
    }
    let Some(layouts) = layouts::of(c.state.platform) else { return c.fail(Errno::ENOTTY) };
    let size = layouts.termios.size as u64;
    let known = c.state.rooms.contains_key("termios");
    let room = c.room("termios", size)?;
    if !known {
        // ICRNL, OPOST | ONLCR, 38400 baud, CS8 | CREAD, ISIG | ICANON | ECHO…
        let fields = [("c_iflag", 0x500), ("c_oflag", 5), ("c_cflag", 0xbf), ("c_lflag", 0x8a3b)];
        let order = c.emulator().platform().byte_order();
        let bytes = layouts.termios.filled(order, &fields).unwrap_or_default();
        c.write(room, &bytes)?;
    }
    let bytes = c.read(room, size)?;
    c.write(to, &bytes)?;
    Ok(0)
}

fn tcsetattr(c: &mut Context<'_>, fd: i32, action: i32, from: Ptr) -> Result<i32> {
    if !check(c, fd)? {
        return Ok(-1);
    }
    if !(0..3).contains(&action) && !(0x540e..=0x5410).contains(&action) {
        return c.fail(Errno::EINVAL);
    }
    let Some(layouts) = layouts::of(c.state.platform) else { return c.fail(Errno::ENOTTY) };
    let size = layouts.termios.size as u64;
    let bytes = c.read(from, size)?;
    let room = c.room("termios", size)?;
    c.write(room, &bytes)?;
    Ok(0)
}

fn tcsendbreak(c: &mut Context<'_>, fd: i32, _duration: i32) -> Result<i32> {
    Ok(if check(c, fd)? { 0 } else { -1 })
}

fn tcdrain(c: &mut Context<'_>, fd: i32) -> Result<i32> {
    Ok(if check(c, fd)? { 0 } else { -1 })
}

fn tcflush(c: &mut Context<'_>, fd: i32, what: i32) -> Result<i32> {
    if !check(c, fd)? {
        return Ok(-1);
    }
    if (0..4).contains(&what) { Ok(0) } else { c.fail(Errno::EINVAL) }
}

fn tcgetpgrp(c: &mut Context<'_>, fd: i32) -> Result<i32> {
    if !check(c, fd)? {
        return Ok(-1);
    }
    Ok(c.state.kernel.terminal_group)
}

fn tcsetpgrp(c: &mut Context<'_>, fd: i32, group: i32) -> Result<i32> {
    if !check(c, fd)? {
        return Ok(-1);
    }
    c.state.kernel.terminal_group = group;
    Ok(0)
}

/// Where `c_cflag` is.
fn control(c: &Context<'_>, at: Ptr) -> Ptr {
    let layout = layouts::of(c.state.platform).and_then(|layouts| layouts.termios.place("c_cflag"));
    at.add(layout.map_or(8, |(offset, _)| offset as u64))
}

fn speed(c: &mut Context<'_>, from: Ptr) -> Result<u32> {
    let at = control(c, from);
    c.read_integer(at, 4).map(|flags| (flags & SPEED) as u32)
}

fn set_speed(c: &mut Context<'_>, to: Ptr, speed: u32) -> Result<i32> {
    if u64::from(speed) & !SPEED != 0 {
        return c.fail(Errno::EINVAL);
    }
    let at = control(c, to);
    let flags = c.read_integer(at, 4)?;
    c.write_integer(at, flags & !SPEED | u64::from(speed), 4)?;
    Ok(0)
}

/// termios(3): no processing at all.
fn cfmakeraw(c: &mut Context<'_>, to: Ptr) -> Result<()> {
    let Some(layouts) = layouts::of(c.state.platform) else { return Ok(()) };
    let clear = [("c_iflag", 0x5eb, 0), ("c_oflag", 1, 0), ("c_lflag", 0x804b, 0), ("c_cflag", 0x130, 0x30)];
    for (name, off, on) in clear {
        if let Some((offset, _)) = layouts.termios.place(name) {
            let at = to.add(offset as u64);
            let flags = c.read_integer(at, 4)?;
            c.write_integer(at, flags & !off | on, 4)?;
        }
    }
    Ok(())
}
