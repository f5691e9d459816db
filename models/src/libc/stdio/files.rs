//! Opening, closing and positioning of streams.

use super::{
    super::{
        context::Context,
        error::Result,
        posix,
        types::{Header, Long, Offset, Ptr, Size, Standard, models},
    },
    Source, Stream,
};
use crate::{
    errno::Errno,
    linux::abi::generic::{O_APPEND, O_CLOEXEC, O_CREAT, O_EXCL, O_TRUNC},
};

pub(crate) static HEADER: Header = Header {
    name: "stdio.h",
    standard: Standard::C99,
    models: models! {
        fopen = fopen;
        freopen = freopen;
        fclose = fclose;
        fflush = fflush;
        setbuf = setbuf;
        setvbuf = setvbuf;
        fseek = fseek;
        ftell = ftell;
        rewind = rewind;
        fgetpos = fgetpos;
        fsetpos = fsetpos;
        feof = feof;
        ferror = ferror;
        clearerr = clearerr;
        perror = perror;
        remove = remove;
        rename = rename;
        tmpfile = tmpfile;
        tmpnam = tmpnam;
    },
};

pub(crate) static EXTENSIONS: Header = Header {
    name: "stdio.h",
    standard: Standard::Posix,
    models: models! {
        fopen64 = fopen;
        freopen64 = freopen;
        fdopen = fdopen;
        fileno = fileno;
        fileno_unlocked = fileno;
        fseeko = fseeko;
        fseeko64 = fseeko64;
        ftello = ftello;
        ftello64 = ftello64;
        fgetpos64 = fgetpos64;
        fsetpos64 = fsetpos64;
        feof_unlocked = feof;
        ferror_unlocked = ferror;
        clearerr_unlocked = clearerr;
        fflush_unlocked = fflush;
        setbuffer = setbuffer;
        setlinebuf = setlinebuf;
        fmemopen = fmemopen;
        open_memstream = open_memstream;
        open_wmemstream = open_wmemstream;
        flockfile = lock;
        funlockfile = lock;
        ftrylockfile = trylock;
        tmpfile64 = tmpfile;
        tmpnam_r = tmpnam_r;
        tempnam = tempnam;
        fcloseall = fcloseall;
        __fpurge = fpurge;
        fpurge = fpurge;
    },
};

/// The flags of a mode such as `"rb+"` (C99 7.19.5.3): reads, writes, and
/// generic `O_` bits.
fn mode(text: &[u8]) -> Option<(bool, bool, u64)> {
    let plus = text.contains(&b'+');
    let (reads, writes, flags) = match text.first()? {
        b'r' => (true, plus, 0),
        b'w' => (plus, true, O_CREAT | O_TRUNC),
        b'a' => (plus, true, O_CREAT | O_APPEND),
        _ => return None,
    };
    let access = match (reads, writes) {
        (true, true) => 2,
        (false, true) => 1,
        _ => 0,
    };
    let extra =
        if text.contains(&b'x') { O_EXCL } else { 0 } | if text.contains(&b'e') { O_CLOEXEC } else { 0 };
    Some((reads, writes, flags | access | extra))
}

/// The object of a stream: opaque to the program.
const OBJECT: u64 = 256;

fn add(c: &mut Context<'_>, mut stream: Stream) -> Result<Ptr> {
    let Some(object) = c.malloc(OBJECT)? else { return c.fail_null(Errno::ENOMEM) };
    c.write(object, &[0; OBJECT as usize])?;
    stream.owned = true;
    c.state.streams.insert(object.0, stream);
    Ok(object)
}

/// Opens a file of a path in guest memory: its descriptor.
fn open(c: &mut Context<'_>, path: Ptr, flags: u64) -> Result<i32> {
    let flags = c.state.abi.bits_to_own(|tables| tables.open, flags);
    posix::call(c, "openat", &[posix::AT_FDCWD, path.0, flags, 0o666]).map(|fd| fd as i32)
}

pub(crate) fn fopen(c: &mut Context<'_>, path: Ptr, mode_text: Ptr) -> Result<Ptr> {
    let text = c.text(mode_text)?;
    let Some((reads, writes, flags)) = mode(&text) else { return c.fail_null(Errno::EINVAL) };
    let fd = open(c, path, flags)?;
    if fd < 0 {
        return Ok(Ptr::NULL);
    }
    add(c, Stream::new(Source::Descriptor(fd), reads, writes))
}

fn fdopen(c: &mut Context<'_>, fd: i32, mode_text: Ptr) -> Result<Ptr> {
    let text = c.text(mode_text)?;
    let Some((reads, writes, flags)) = mode(&text) else { return c.fail_null(Errno::EINVAL) };
    if c.state.kernel.description(c.state.kernel.running, fd).is_err() {
        return c.fail_null(Errno::EBADF);
    }
    // F_GETFL and F_SETFL: it must be open for that, and appends from here on.
    let own = posix::call(c, "fcntl", &[fd as u64, 3, 0])?;
    if own & 3 == 0 && writes || own & 3 == 1 && reads {
        return c.fail_null(Errno::EINVAL);
    }
    if flags & O_APPEND != 0 {
        let appends = c.state.abi.bits_to_own(|tables| tables.open, O_APPEND);
        posix::call(c, "fcntl", &[fd as u64, 4, own as u64 | appends])?;
    }
    add(c, Stream::new(Source::Descriptor(fd), reads, writes))
}

/// Closes what is behind a stream.
fn close(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    match c.stream(file)?.source {
        Source::Descriptor(fd) => posix::call(c, "close", &[fd as u64]).map(|result| result as i32),
        source => {
            tell_block(c, file)?;
            // The text ends where the stream is.
            match source {
                Source::Growing { block, position, .. } => c.write(block.add(position), &[0])?,
                Source::GrowingWide { block, position, .. } => {
                    let wide = u64::from(c.model.wide);
                    c.write_wide(block.add(position.saturating_mul(wide)), &[0])?;
                }
                _ => {}
            }
            Ok(0)
        }
    }
}

/// Tells where the block of `open_memstream` is, and how much is in it: what is
/// before the place that is written next.
fn tell_block(c: &mut Context<'_>, file: Ptr) -> Result<()> {
    if let Source::Growing { block, position, length, address_at, size_at, .. }
    | Source::GrowingWide { block, position, length, address_at, size_at, .. } = c.stream(file)?.source
    {
        c.write_pointer(address_at, block)?;
        c.write_pointer(size_at, Ptr(position.min(length)))?;
    }
    Ok(())
}

fn freopen(c: &mut Context<'_>, path: Ptr, mode_text: Ptr, file: Ptr) -> Result<Ptr> {
    let text = c.text(mode_text)?;
    let Some((reads, writes, flags)) = mode(&text) else { return c.fail_null(Errno::EINVAL) };
    if path.is_null() {
        let stream = c.stream(file)?;
        (stream.reads, stream.writes) = (reads, writes);
        return Ok(file);
    }
    let old = c.stream(file)?.source;
    close(c, file)?;
    let fd = open(c, path, flags)?;
    if fd < 0 {
        c.stream(file)?.source = Source::Closed;
        return Ok(Ptr::NULL);
    }
    // It keeps its number, which programs count on.
    let fd = match old {
        Source::Descriptor(wanted) if wanted != fd => {
            let moved = posix::call(c, "dup3", &[fd as u64, wanted as u64, 0])?;
            posix::call(c, "close", &[fd as u64])?;
            moved as i32
        }
        _ => fd,
    };
    let owned = c.stream(file)?.owned;
    *c.stream(file)? = Stream { owned, ..Stream::new(Source::Descriptor(fd), reads, writes) };
    Ok(file)
}

pub(crate) fn fclose(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    let lost = told_lost(c, file)?;
    let result = if close(c, file)? < 0 || lost { -1 } else { 0 };
    let owned = c.stream(file)?.owned;
    c.state.numbers.remove(&format!("locking of {:#x}", file.0));
    c.state.streams.remove(&file.0);
    if owned {
        c.free(file)?;
    }
    Ok(result)
}

fn fcloseall(c: &mut Context<'_>) -> Result<i32> {
    let all: Vec<u64> = c.state.streams.keys().copied().collect();
    for file in all {
        fclose(c, Ptr(file))?;
    }
    Ok(0)
}

/// What was lost shows when a buffer would be written.
fn told_lost(c: &mut Context<'_>, file: Ptr) -> Result<bool> {
    let stream = c.stream(file)?;
    let Some(all) = stream.lost.take() else { return Ok(false) };
    stream.error = true;
    // What is written in part is an error without a number, in glibc.
    if all {
        c.set_errno(Errno::ENOSPC)?;
    }
    Ok(true)
}

fn fflush(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    let all = if file.is_null() { c.state.streams.keys().map(|it| Ptr(*it)).collect() } else { vec![file] };
    let mut result = 0;
    for file in all {
        tell_block(c, file)?;
        if told_lost(c, file)? {
            result = -1;
        }
    }
    Ok(result)
}

fn fpurge(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    c.stream(file)?.pushed.clear();
    Ok(0)
}

/// `BUFSIZ`.
const BUFFER: u64 = 8192;

fn setbuf(c: &mut Context<'_>, file: Ptr, buffer: Ptr) -> Result<()> {
    setbuffer(c, file, buffer, Size(BUFFER))
}

fn setbuffer(c: &mut Context<'_>, file: Ptr, buffer: Ptr, size: Size) -> Result<()> {
    let mode = if buffer.is_null() { super::UNBUFFERED } else { 0 };
    c.stream(file)?.buffering = Some((mode, size.0));
    Ok(())
}

fn setlinebuf(c: &mut Context<'_>, file: Ptr) -> Result<()> {
    setvbuf(c, file, Ptr::NULL, super::LINES, Size(0)).map(drop)
}

fn setvbuf(c: &mut Context<'_>, file: Ptr, buffer: Ptr, mode: i32, size: Size) -> Result<i32> {
    let stream = c.stream(file)?;
    if !(0..3).contains(&mode) {
        return c.fail(Errno::EINVAL);
    }
    stream.buffering = Some((mode, if buffer.is_null() { 0 } else { size.0 }));
    Ok(0)
}

/// Moves a stream; where it is then.
pub(crate) fn seek(c: &mut Context<'_>, file: Ptr, offset: i64, whence: i32) -> Result<Option<u64>> {
    if told_lost(c, file)? {
        return Ok(None);
    }
    let stream = c.stream(file)?;
    let ahead = stream.pushed.len() as i64;
    let source = stream.source;
    let place = |position: u64, length: u64, most: u64| {
        let base = match whence {
            0 => 0,
            1 => position.saturating_sub(ahead as u64),
            2 => length,
            _ => return None,
        };
        base.checked_add_signed(offset).filter(|to| *to <= most)
    };
    let result = match source {
        Source::Descriptor(fd) => {
            let offset = if whence == 1 { offset.saturating_sub(ahead) } else { offset };
            match c.seek_fd(fd, offset, whence)? {
                Ok(to) => Some(to),
                Err(errno) => {
                    c.set_errno(errno)?;
                    return Ok(None);
                }
            }
        }
        Source::Memory { position, length, size, .. } => place(position, length, size),
        Source::Growing { position, length, .. } | Source::GrowingWide { position, length, .. } => {
            place(position, length, 1 << 40)
        }
        Source::Closed => None,
    };
    let Some(to) = result else {
        c.set_errno(Errno::EINVAL)?;
        return Ok(None);
    };
    let stream = c.stream(file)?;
    stream.pushed.clear();
    stream.at_end = false;
    if let Source::Memory { position, .. }
    | Source::Growing { position, .. }
    | Source::GrowingWide { position, .. } = &mut stream.source
    {
        *position = to;
    }
    Ok(Some(to))
}

/// Where a stream is.
fn position(c: &mut Context<'_>, file: Ptr) -> Result<Option<u64>> {
    let stream = c.stream(file)?;
    let ahead = stream.pushed.len() as u64;
    match stream.source {
        Source::Descriptor(fd) => match c.seek_fd(fd, 0, 1)? {
            Ok(at) => Ok(Some(at.saturating_sub(ahead))),
            Err(errno) => {
                c.set_errno(errno)?;
                Ok(None)
            }
        },
        Source::Memory { position, .. }
        | Source::Growing { position, .. }
        | Source::GrowingWide { position, .. } => Ok(Some(position.saturating_sub(ahead))),
        Source::Closed => {
            c.set_errno(Errno::EBADF)?;
            Ok(None)
        }
    }
}

fn fseek(c: &mut Context<'_>, file: Ptr, offset: Long, whence: i32) -> Result<i32> {
    Ok(if seek(c, file, offset.0, whence)?.is_some() { 0 } else { -1 })
}

fn fseeko(c: &mut Context<'_>, file: Ptr, offset: Offset, whence: i32) -> Result<i32> {
    fseek(c, file, Long(offset.0), whence)
}

fn ftello(c: &mut Context<'_>, file: Ptr) -> Result<Offset> {
    match position(c, file)? {
        Some(at) if c.model.offset == 4 && at > i32::MAX as u64 => {
            c.fail(Errno::EOVERFLOW).map(|_| Offset(-1))
        }
        Some(at) => Ok(Offset(at as i64)),
        None => Ok(Offset(-1)),
    }
}

fn fseeko64(c: &mut Context<'_>, file: Ptr, offset: i64, whence: i32) -> Result<i32> {
    fseek(c, file, Long(offset), whence)
}

fn ftell(c: &mut Context<'_>, file: Ptr) -> Result<Long> {
    match position(c, file)? {
        Some(at) if c.model.long == 4 && at > i32::MAX as u64 => c.fail(Errno::EOVERFLOW).map(|_| Long(-1)),
        Some(at) => Ok(Long(at as i64)),
        None => Ok(Long(-1)),
    }
}

fn ftello64(c: &mut Context<'_>, file: Ptr) -> Result<i64> {
    Ok(position(c, file)?.map_or(-1, |at| at as i64))
}

fn rewind(c: &mut Context<'_>, file: Ptr) -> Result<()> {
    seek(c, file, 0, 0)?;
    c.stream(file)?.error = false;
    Ok(())
}

fn fgetpos(c: &mut Context<'_>, file: Ptr, place: Ptr) -> Result<i32> {
    match position(c, file)? {
        Some(at) => {
            c.write_long(place, at as i64)?;
            Ok(0)
        }
        None => Ok(-1),
    }
}

fn fsetpos(c: &mut Context<'_>, file: Ptr, place: Ptr) -> Result<i32> {
    let at = c.read_long(place)?;
    fseek(c, file, Long(at), 0)
}

fn fgetpos64(c: &mut Context<'_>, file: Ptr, place: Ptr) -> Result<i32> {
    match position(c, file)? {
        Some(at) => {
            c.write_integer(place, at, 8)?;
            Ok(0)
        }
        None => Ok(-1),
    }
}

fn fsetpos64(c: &mut Context<'_>, file: Ptr, place: Ptr) -> Result<i32> {
    let at = c.read_integer(place, 8)?;
    fseek(c, file, Long(at as i64), 0)
}

fn feof(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    Ok(i32::from(c.stream(file)?.at_end))
}

fn ferror(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    Ok(i32::from(c.stream(file)?.error))
}

fn clearerr(c: &mut Context<'_>, file: Ptr) -> Result<()> {
    let stream = c.stream(file)?;
    stream.at_end = false;
    stream.error = false;
    Ok(())
}

fn fileno(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    match c.stream(file)?.source {
        Source::Descriptor(fd) => Ok(fd),
        _ => c.fail(Errno::EBADF),
    }
}

fn perror(c: &mut Context<'_>, prefix: Ptr) -> Result<()> {
    let at = Ptr(c.state.layout.errno);
    let number = c.read_int(at)?;
    let mut text = if prefix.is_null() { Vec::new() } else { c.text(prefix)? };
    if !text.is_empty() {
        text.extend_from_slice(b": ");
    }
    text.extend(super::super::string::error_text(c, number));
    text.push(b'\n');
    // It leaves the orientation of the stream as it is.
    let error = c.standard(2)?;
    if c.state.streams.contains_key(&error.0) {
        c.put_any(error, &text)?;
    }
    Ok(())
}

fn remove(c: &mut Context<'_>, path: Ptr) -> Result<i32> {
    let result = posix::call(c, "unlinkat", &[posix::AT_FDCWD, path.0, 0])?;
    if result as i32 >= 0 {
        return Ok(0);
    }
    // A folder, perhaps.
    let at = Ptr(c.state.layout.errno);
    let number = c.read_int(at)?;
    let is_folder = number == c.state.abi.error(Errno::EISDIR) as i32;
    if !is_folder {
        return Ok(-1);
    }
    posix::call(c, "unlinkat", &[posix::AT_FDCWD, path.0, posix::AT_REMOVEDIR]).map(|result| result as i32)
}

fn rename(c: &mut Context<'_>, from: Ptr, to: Ptr) -> Result<i32> {
    let arguments = [posix::AT_FDCWD, from.0, posix::AT_FDCWD, to.0, 0];
    posix::call(c, "renameat2", &arguments).map(|result| result as i32)
}

/// A name that nothing has yet.
pub(crate) fn fresh_name(c: &mut Context<'_>, prefix: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let random = c.state.kernel.random_bytes(6);
    let letters = random.iter().map(|byte| LETTERS[usize::from(*byte) % LETTERS.len()]);
    prefix.bytes().chain(letters).collect()
}

fn tmpfile(c: &mut Context<'_>) -> Result<Ptr> {
    let name = fresh_name(c, "/tmp/tmpf");
    let room = c.room("tmpfile", 64)?;
    c.write_text(room, &name)?;
    let fd = open(c, room, O_CREAT | O_EXCL | 2)?;
    if fd < 0 {
        return Ok(Ptr::NULL);
    }
    posix::call(c, "unlinkat", &[posix::AT_FDCWD, room.0, 0])?;
    add(c, Stream::new(Source::Descriptor(fd), true, true))
}

fn tmpnam(c: &mut Context<'_>, to: Ptr) -> Result<Ptr> {
    let name = fresh_name(c, "/tmp/file");
    let to = if to.is_null() { c.room("tmpnam", 64)? } else { to };
    c.write_text(to, &name)?;
    Ok(to)
}

fn tmpnam_r(c: &mut Context<'_>, to: Ptr) -> Result<Ptr> {
    if to.is_null() { Ok(to) } else { tmpnam(c, to) }
}

fn tempnam(c: &mut Context<'_>, folder: Ptr, prefix: Ptr) -> Result<Ptr> {
    let folder = if folder.is_null() { b"/tmp".to_vec() } else { c.text(folder)? };
    let prefix = if prefix.is_null() { b"file".to_vec() } else { c.text_within(prefix, 5)? };
    let start = format!("{}/{}", String::from_utf8_lossy(&folder), String::from_utf8_lossy(&prefix));
    let name = fresh_name(c, &start);
    c.duplicate(&name)
}

fn fmemopen(c: &mut Context<'_>, buffer: Ptr, size: Size, mode_text: Ptr) -> Result<Ptr> {
    let text = c.text(mode_text)?;
    let Some((reads, writes, flags)) = mode(&text) else { return c.fail_null(Errno::EINVAL) };
    let address = if buffer.is_null() {
        match c.malloc(size.0)? {
            Some(address) => {
                c.write(address, &vec![0; size.0 as usize])?;
                address
            }
            None => return c.fail_null(Errno::ENOMEM),
        }
    } else {
        buffer
    };
    // As glibc: only this mode empties what is there, whatever its size.
    if text.starts_with(b"w+") {
        c.write(address, &[0])?;
    }
    let append = flags & O_APPEND != 0;
    let length = match text.first() {
        Some(b'r') => size.0,
        Some(b'a') => c.text_within(address, size.0)?.len() as u64,
        _ => 0,
    };
    let position = if append { length } else { 0 };
    add(c, Stream::new(Source::Memory { address, size: size.0, position, length, append }, reads, writes))
}

fn open_memstream(c: &mut Context<'_>, address_at: Ptr, size_at: Ptr) -> Result<Ptr> {
    let Some(block) = c.malloc(128)? else { return c.fail_null(Errno::ENOMEM) };
    c.write(block, &[0; 128])?;
    let source = Source::Growing { block, room: 128, position: 0, length: 0, address_at, size_at };
    add(c, Stream::new(source, false, true))
}

/// Of wide characters from the beginning (POSIX, `open_memstream`).
fn open_wmemstream(c: &mut Context<'_>, address_at: Ptr, size_at: Ptr) -> Result<Ptr> {
    let size = 128 * u64::from(c.model.wide);
    let Some(block) = c.malloc(size)? else { return c.fail_null(Errno::ENOMEM) };
    c.write(block, &vec![0; size as usize])?;
    let source = Source::GrowingWide { block, room: 128, position: 0, length: 0, address_at, size_at };
    let mut stream = Stream::new(source, false, true);
    stream.orientation = 1;
    add(c, stream)
}

fn lock(c: &mut Context<'_>, file: Ptr) -> Result<()> {
    c.stream(file).map(drop)
}

fn trylock(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    c.stream(file).map(|_| 0)
}
