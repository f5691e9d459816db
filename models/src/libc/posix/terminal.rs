//! `termios.h`: a terminal that keeps its settings and does nothing with them.

use super::{
    super::{
        context::Context,
        error::Result,
        layouts,
        types::{Header, Ptr, Size, Standard, models},
    },
    calls,
};
use crate::{
    errno::Errno,
    files::Device,
    linux::{
        descriptions::Kind,
        terminals::{ECHO, Numbers, Settings},
    },
};

pub(crate) static HEADER: Header = Header {
    name: "termios.h",
    standard: Standard::Posix,
    models: models! {
        tcgetattr = tcgetattr;
        tcsetattr = tcsetattr;
        tcsendbreak = tcsendbreak;
        tcdrain = tcdrain;
        tcflush = tcflush;
        tcflow = tcflow;
        tcgetwinsize = tcgetwinsize;
        tcsetwinsize = tcsetwinsize;
        tcgetpgrp = tcgetpgrp;
        tcsetpgrp = tcsetpgrp;
        tcgetsid = tcgetsid;
        cfgetispeed = speed, "speeds have the kernel's numbers, as in glibc before 2.42";
        cfgetospeed = speed, "speeds have the kernel's numbers, as in glibc before 2.42";
        cfsetispeed = set_speed, "speeds have the kernel's numbers, as in glibc before 2.42";
        cfsetospeed = set_speed, "speeds have the kernel's numbers, as in glibc before 2.42";
        cfsetspeed = set_speed, "speeds have the kernel's numbers, as in glibc before 2.42";
        cfmakeraw = cfmakeraw;
    },
};

calls! {
    tcgetsid(fd: i32) -> i32 = "getsid"(fd);
}

/// What a descriptor of a terminal is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// The terminal of the program.
    Own,
    /// An end of a pseudoterminal: its number, and whether it is the master.
    Pseudo(u32, bool),
}

/// The terminal behind a descriptor, or `None` with `errno`.
fn line(c: &mut Context<'_>, fd: i32) -> Result<Option<Line>> {
    let kernel = &c.state.kernel;
    let error = match kernel.description(kernel.running, fd).map(|it| &it.kind) {
        Err(errno) => errno,
        Ok(Kind::Stream(stream)) if kernel.streams.terminal[usize::from(*stream).min(2)] => {
            return Ok(Some(Line::Own));
        }
        Ok(Kind::Device(Device::Terminal, _)) => return Ok(Some(Line::Own)),
        Ok(Kind::Terminal { number, master }) => return Ok(Some(Line::Pseudo(*number, *master))),
        Ok(_) => Errno::ENOTTY,
    };
    c.set_errno(error)?;
    Ok(None)
}

/// Whether a descriptor is of a terminal.
fn check(c: &mut Context<'_>, fd: i32) -> Result<bool> {
    Ok(line(c, fd)?.is_some())
}

pub(super) fn isatty(c: &mut Context<'_>, fd: i32) -> Result<i32> {
    Ok(i32::from(check(c, fd)?))
}

/// The name of the terminal of a descriptor, or `None` with `errno`.
fn name(c: &mut Context<'_>, fd: i32) -> Result<Option<String>> {
    Ok(line(c, fd)?.map(|line| match line {
        Line::Own => "/dev/tty".to_owned(),
        Line::Pseudo(_, true) => "/dev/ptmx".to_owned(),
        Line::Pseudo(number, false) => format!("/dev/pts/{number}"),
    }))
}

pub(super) fn ttyname(c: &mut Context<'_>, fd: i32) -> Result<Ptr> {
    let Some(name) = name(c, fd)? else { return Ok(Ptr::NULL) };
    let room = c.room("ttyname", 32)?;
    c.write_text(room, name.as_bytes())?;
    Ok(room)
}

/// The number of the error is the result, and in `errno`.
pub(super) fn ttyname_r(c: &mut Context<'_>, fd: i32, to: Ptr, size: Size) -> Result<i32> {
    let Some(name) = name(c, fd)? else {
        let errno = Ptr(c.state.layout.errno);
        return c.read_int(errno);
    };
    if name.len() as u64 >= size.0 {
        c.set_errno(Errno::ERANGE)?;
        return Ok(c.state.abi.error(Errno::ERANGE) as i32);
    }
    c.write_text(to, name.as_bytes())?;
    Ok(0)
}

fn numbers(c: &Context<'_>) -> &'static Numbers {
    Numbers::of(c.state.platform.name())
}

/// A `struct termios`, where the processor's library is known.
fn image(c: &mut Context<'_>, settings: &Settings) -> Option<Vec<u8>> {
    let layout = layouts::of(c.state.platform)?.termios;
    let fields = [
        ("c_iflag", settings.input),
        ("c_oflag", settings.output),
        ("c_cflag", settings.control),
        ("c_lflag", settings.local),
        ("c_line", settings.line.into()),
    ];
    let order = c.emulator().platform().byte_order();
    let mut bytes = layout.filled(order, &fields.map(|(name, value)| (name, u64::from(value))))?;
    let (at, size) = layout.place("c_cc")?;
    let count = size.min(settings.characters.len());
    bytes[at..at + count].copy_from_slice(&settings.characters[..count]);
    Some(bytes)
}

/// The settings in a `struct termios`.
fn settings_at(c: &mut Context<'_>, from: Ptr) -> Result<Option<Settings>> {
    let Some(layouts) = layouts::of(c.state.platform) else { return Ok(None) };
    let layout = layouts.termios;
    let mut field = |name: &str| match layout.place(name) {
        Some((at, size)) => c.read_integer(from.add(at as u64), size as u8).map(|value| value as u32),
        None => Ok(0),
    };
    let (input, output, control, local) =
        (field("c_iflag")?, field("c_oflag")?, field("c_cflag")?, field("c_lflag")?);
    let line = field("c_line")? as u8;
    let mut characters = [0; 32];
    if let Some((at, size)) = layout.place("c_cc") {
        let count = size.min(characters.len());
        let own = c.read(from.add(at as u64), count as u64)?;
        characters[..count].copy_from_slice(&own);
    }
    Ok(Some(Settings { input, output, control, local, line, characters }))
}

fn tcgetattr(c: &mut Context<'_>, fd: i32, to: Ptr) -> Result<i32> {
    let Some(line) = line(c, fd)? else { return Ok(-1) };
    let Some(layouts) = layouts::of(c.state.platform) else { return c.fail(Errno::ENOTTY) };
    let bytes = match line {
        Line::Pseudo(number, _) => {
            let Some(settings) = c.state.kernel.terminals.get(&number).map(|it| it.settings.clone()) else {
                return c.fail(Errno::EIO);
            };
            image(c, &settings).unwrap_or_default()
        }
        Line::Own => {
            let size = layouts.termios.size as u64;
            let known = c.state.rooms.contains_key("termios");
            let room = c.room("termios", size)?;
            if !known {
                let first = Settings::first(numbers(c));
                let bytes = image(c, &first).unwrap_or_default();
                c.write(room, &bytes)?;
            }
            c.read(room, size)?
        }
    };
    c.write(to, &bytes)?;
    Ok(0)
}

fn tcsetattr(c: &mut Context<'_>, fd: i32, action: i32, from: Ptr) -> Result<i32> {
    let Some(line) = line(c, fd)? else { return Ok(-1) };
    // TCSANOW, TCSADRAIN, TCSAFLUSH; on MIPS they are the numbers of requests.
    let action = if (0x540e..=0x5410).contains(&action) { action - 0x540e } else { action };
    if !(0..3).contains(&action) {
        return c.fail(Errno::EINVAL);
    }
    let Some(layouts) = layouts::of(c.state.platform) else { return c.fail(Errno::ENOTTY) };
    match line {
        Line::Pseudo(number, master) => {
            let settings = settings_at(c, from)?;
            let terminal = c.state.kernel.terminals.get_mut(&number);
            if let (Some(settings), Some(terminal)) = (settings, terminal) {
                if action == 2 {
                    terminal.flush(master, true, false);
                }
                terminal.set(settings);
            }
        }
        Line::Own => {
            let size = layouts.termios.size as u64;
            let bytes = c.read(from, size)?;
            let room = c.room("termios", size)?;
            c.write(room, &bytes)?;
        }
    }
    Ok(0)
}

fn tcsendbreak(c: &mut Context<'_>, fd: i32, _duration: i32) -> Result<i32> {
    Ok(if check(c, fd)? { 0 } else { -1 })
}

fn tcdrain(c: &mut Context<'_>, fd: i32) -> Result<i32> {
    Ok(if check(c, fd)? { 0 } else { -1 })
}

/// `TCIFLUSH`, `TCOFLUSH` and `TCIOFLUSH` are 0, 1 and 2.
fn tcflush(c: &mut Context<'_>, fd: i32, what: i32) -> Result<i32> {
    let Some(line) = line(c, fd)? else { return Ok(-1) };
    if !(0..3).contains(&what) {
        return c.fail(Errno::EINVAL);
    }
    if let Line::Pseudo(number, master) = line
        && let Some(terminal) = c.state.kernel.terminals.get_mut(&number)
    {
        terminal.flush(master, what != 1, what != 0);
    }
    Ok(0)
}

/// What is written is not held back.
fn tcflow(c: &mut Context<'_>, fd: i32, what: i32) -> Result<i32> {
    if !check(c, fd)? {
        return Ok(-1);
    }
    if (0..4).contains(&what) { Ok(0) } else { c.fail(Errno::EINVAL) }
}

/// Four `unsigned short`: rows, columns, and both in pixels.
fn tcgetwinsize(c: &mut Context<'_>, fd: i32, to: Ptr) -> Result<i32> {
    let size = match line(c, fd)? {
        None => return Ok(-1),
        Some(Line::Own) => [24, 80, 0, 0],
        Some(Line::Pseudo(number, _)) => c.state.kernel.terminals.get(&number).map_or([0; 4], |it| it.size),
    };
    for (index, part) in size.into_iter().enumerate() {
        c.write_integer(to.add(2 * index as u64), part.into(), 2)?;
    }
    Ok(0)
}

/// The terminal of the program stays as large as it is.
fn tcsetwinsize(c: &mut Context<'_>, fd: i32, from: Ptr) -> Result<i32> {
    let Some(line) = line(c, fd)? else { return Ok(-1) };
    let mut size = [0; 4];
    for (index, part) in size.iter_mut().enumerate() {
        *part = c.read_integer(from.add(2 * index as u64), 2)? as u16;
    }
    if let Line::Pseudo(number, _) = line
        && let Some(terminal) = c.state.kernel.terminals.get_mut(&number)
    {
        terminal.size = size;
    }
    Ok(0)
}

fn tcgetpgrp(c: &mut Context<'_>, fd: i32) -> Result<i32> {
    if !check(c, fd)? {
        return Ok(-1);
    }
    Ok(c.state.kernel.terminal_group)
}

pub(super) fn tcsetpgrp(c: &mut Context<'_>, fd: i32, group: i32) -> Result<i32> {
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
    let (at, mask) = (control(c, from), numbers(c).speed);
    c.read_integer(at, 4).map(|flags| flags as u32 & mask)
}

fn set_speed(c: &mut Context<'_>, to: Ptr, speed: u32) -> Result<i32> {
    let mask = numbers(c).speed;
    if speed & !mask != 0 {
        return c.fail(Errno::EINVAL);
    }
    let at = control(c, to);
    let flags = c.read_integer(at, 4)? as u32;
    c.write_integer(at, (flags & !mask | speed).into(), 4)?;
    Ok(0)
}

/// termios(3): no processing at all.
fn cfmakeraw(c: &mut Context<'_>, to: Ptr) -> Result<()> {
    let Some(mut it) = settings_at(c, to)? else { return Ok(()) };
    let numbers = numbers(c);
    // IGNBRK, BRKINT, PARMRK, ISTRIP, INLCR, IGNCR, ICRNL are the same on all.
    it.input &= !(0x1eb | numbers.start_stop);
    it.output &= !1;
    // ECHONL is IEXTEN's neighbour, ECHO the same on all.
    let newline_echo = if numbers.canonical == 0x100 { 0x10 } else { 0x40 };
    it.local &= !(ECHO | newline_echo | numbers.canonical | numbers.signals | numbers.extensions);
    it.control = it.control & !numbers.size | numbers.eight;
    let least = numbers.least;
    it.characters[least] = 1;
    it.characters[numbers.time] = 0;
    let bytes = image(c, &it).unwrap_or_default();
    // Speeds are behind the control characters where the structure has them.
    let known = layouts::of(c.state.platform).and_then(|it| it.termios.place("c_cc"));
    let end = known.map_or(bytes.len(), |(at, size)| at + size).min(bytes.len());
    c.write(to, &bytes[..end])
}
