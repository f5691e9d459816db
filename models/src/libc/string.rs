//! `string.h` and `strings.h`.

use super::{
    context::Context,
    error::Result,
    types::{Header, Long, Ptr, Size, Standard, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "string.h",
    standard: Standard::C99,
    models: models! {
        memcpy = memcpy;
        memmove = memcpy;
        memset = memset;
        memcmp = memcmp;
        memchr = memchr;
        strcpy = strcpy;
        strncpy = strncpy;
        strcat = strcat;
        strncat = strncat;
        strcmp = strcmp;
        strncmp = strncmp;
        strcoll = strcmp;
        strxfrm = strxfrm;
        strchr = strchr;
        strrchr = strrchr;
        strspn = strspn;
        strcspn = strcspn;
        strpbrk = strpbrk;
        strstr = strstr;
        strtok = strtok;
        strlen = strlen;
        strerror = strerror;
    },
};

pub(crate) static EXTENSIONS: Header = Header {
    name: "strings.h",
    standard: Standard::Posix,
    models: models! {
        strdup = strdup;
        __strdup = strdup;
        strndup = strndup;
        __strndup = strndup;
        strnlen = strnlen;
        strtok_r = strtok_r;
        __strtok_r = strtok_r;
        strsep = strsep;
        strerror_r = strerror_gnu;
        __xpg_strerror_r = strerror_r;
        strerror_l = strerror_l;
        strsignal = strsignal;
        strcoll_l = strcmp;
        strxfrm_l = strxfrm;
        stpcpy = stpcpy;
        __stpcpy = stpcpy;
        stpncpy = stpncpy;
        strcasecmp = strcasecmp;
        strncasecmp = strncasecmp;
        strcasecmp_l = strcasecmp;
        strncasecmp_l = strncasecmp;
        strchrnul = strchrnul;
        __strchrnul = strchrnul;
        strcasestr = strcasestr;
        strlcpy = strlcpy;
        strlcat = strlcat;
        strverscmp = strverscmp;
        memccpy = memccpy;
        memmem = memmem;
        mempcpy = mempcpy;
        __mempcpy = mempcpy;
        memrchr = memrchr;
        rawmemchr = rawmemchr;
        __rawmemchr = rawmemchr;
        memfrob = memfrob;
        bcmp = memcmp;
        bcopy = bcopy;
        bzero = bzero;
        explicit_bzero = bzero;
        index = strchr;
        rindex = strrchr;
        ffs = ffs;
        ffsl = ffsl;
        ffsll = ffsll;
        swab = swab;
    },
};

/// What is written or looked through at a time.
const CHUNK: u64 = 1 << 16;

pub(super) fn memcpy(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Ptr> {
    let bytes = c.read(from, size.0)?;
    c.write(to, &bytes)?;
    Ok(to)
}

pub(super) fn mempcpy(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Ptr> {
    memcpy(c, to, from, size).map(|to| to.add(size.0))
}

/// Writes a byte so many times.
pub(super) fn fill(c: &mut Context<'_>, to: Ptr, byte: u8, size: u64) -> Result<()> {
    let chunk = vec![byte; size.min(CHUNK) as usize];
    let mut done = 0;
    while done < size {
        let count = (size - done).min(CHUNK);
        c.write(to.add(done), &chunk[..count as usize])?;
        done += count;
    }
    Ok(())
}

pub(super) fn memset(c: &mut Context<'_>, to: Ptr, value: i32, size: Size) -> Result<Ptr> {
    fill(c, to, value as u8, size.0)?;
    Ok(to)
}

pub(super) fn bzero(c: &mut Context<'_>, to: Ptr, size: Size) -> Result<()> {
    memset(c, to, 0, size).map(drop)
}

fn bcopy(c: &mut Context<'_>, from: Ptr, to: Ptr, size: Size) -> Result<()> {
    memcpy(c, to, from, size).map(drop)
}

/// The difference of the first bytes that differ.
fn compare(one: &[u8], other: &[u8]) -> i32 {
    let differing = one.iter().zip(other).find(|(one, other)| one != other);
    differing.map_or(0, |(one, other)| i32::from(*one) - i32::from(*other))
}

fn memcmp(c: &mut Context<'_>, one: Ptr, other: Ptr, size: Size) -> Result<i32> {
    let mut done = 0;
    while done < size.0 {
        let count = (size.0 - done).min(CHUNK);
        let difference = compare(&c.read(one.add(done), count)?, &c.read(other.add(done), count)?);
        if difference != 0 {
            return Ok(difference);
        }
        done += count;
    }
    Ok(0)
}

/// Looks for a byte in at most so many; memory behind it need not be there.
fn find_byte(c: &mut Context<'_>, text: Ptr, byte: u8, size: u64) -> Result<Option<u64>> {
    let mut done = 0;
    while done < size {
        // Not over the end of a page.
        let at = text.add(done);
        let count = (4096 - at.0 % 4096).min(size - done);
        let chunk = match c.read(at, count) {
            Ok(chunk) => chunk,
            Err(_) => c.read(at, 1)?,
        };
        if let Some(place) = chunk.iter().position(|it| *it == byte) {
            return Ok(Some(done + place as u64));
        }
        done += chunk.len() as u64;
    }
    Ok(None)
}

fn memchr(c: &mut Context<'_>, text: Ptr, byte: i32, size: Size) -> Result<Ptr> {
    Ok(find_byte(c, text, byte as u8, size.0)?.map_or(Ptr::NULL, |place| text.add(place)))
}

fn rawmemchr(c: &mut Context<'_>, text: Ptr, byte: i32) -> Result<Ptr> {
    memchr(c, text, byte, Size(u64::MAX))
}

fn memrchr(c: &mut Context<'_>, text: Ptr, byte: i32, size: Size) -> Result<Ptr> {
    let bytes = c.read(text, size.0)?;
    let place = bytes.iter().rposition(|it| *it == byte as u8);
    Ok(place.map_or(Ptr::NULL, |place| text.add(place as u64)))
}

fn memccpy(c: &mut Context<'_>, to: Ptr, from: Ptr, byte: i32, size: Size) -> Result<Ptr> {
    let found = find_byte(c, from, byte as u8, size.0)?;
    let count = found.map_or(size.0, |place| place + 1);
    memcpy(c, to, from, Size(count))?;
    Ok(if found.is_some() { to.add(count) } else { Ptr::NULL })
}

fn find(text: &[u8], part: &[u8]) -> Option<u64> {
    if part.is_empty() {
        return Some(0);
    }
    ::memchr::memmem::find(text, part).map(|place| place as u64)
}

fn memmem(c: &mut Context<'_>, text: Ptr, size: Size, part: Ptr, part_size: Size) -> Result<Ptr> {
    let (bytes, part) = (c.read(text, size.0)?, c.read(part, part_size.0)?);
    Ok(find(&bytes, &part).map_or(Ptr::NULL, |place| text.add(place)))
}

fn memfrob(c: &mut Context<'_>, text: Ptr, size: Size) -> Result<Ptr> {
    let bytes: Vec<u8> = c.read(text, size.0)?.iter().map(|byte| byte ^ 42).collect();
    c.write(text, &bytes)?;
    Ok(text)
}

fn strlen(c: &mut Context<'_>, text: Ptr) -> Result<Size> {
    Ok(Size(c.text(text)?.len() as u64))
}

fn strnlen(c: &mut Context<'_>, text: Ptr, limit: Size) -> Result<Size> {
    Ok(Size(c.text_within(text, limit.0)?.len() as u64))
}

pub(super) fn strcpy(c: &mut Context<'_>, to: Ptr, from: Ptr) -> Result<Ptr> {
    let text = c.text(from)?;
    c.write_text(to, &text)?;
    Ok(to)
}

pub(super) fn stpcpy(c: &mut Context<'_>, to: Ptr, from: Ptr) -> Result<Ptr> {
    let text = c.text(from)?;
    c.write_text(to, &text)?;
    Ok(to.add(text.len() as u64))
}

/// The text, and zeros up to the size.
fn copy_padded(c: &mut Context<'_>, to: Ptr, from: Ptr, size: u64) -> Result<u64> {
    let text = c.text_within(from, size)?;
    c.write(to, &text)?;
    let length = text.len() as u64;
    memset(c, to.add(length), 0, Size(size - length))?;
    Ok(length)
}

pub(super) fn strncpy(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Ptr> {
    copy_padded(c, to, from, size.0)?;
    Ok(to)
}

pub(super) fn stpncpy(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Ptr> {
    copy_padded(c, to, from, size.0).map(|length| to.add(length))
}

pub(super) fn strcat(c: &mut Context<'_>, to: Ptr, from: Ptr) -> Result<Ptr> {
    let length = c.text(to)?.len() as u64;
    strcpy(c, to.add(length), from)?;
    Ok(to)
}

pub(super) fn strncat(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Ptr> {
    let length = c.text(to)?.len() as u64;
    let text = c.text_within(from, size.0)?;
    c.write_text(to.add(length), &text)?;
    Ok(to)
}

pub(super) fn strlcpy(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Size> {
    let text = c.text(from)?;
    if let Some(most) = size.0.checked_sub(1) {
        c.write_text(to, &text[..text.len().min(most as usize)])?;
    }
    Ok(Size(text.len() as u64))
}

pub(super) fn strlcat(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Size> {
    let before = c.text_within(to, size.0)?.len() as u64;
    let copied = strlcpy(c, to.add(before), from, Size(size.0 - before))?;
    Ok(Size(before + copied.0))
}

/// With its zero.
fn whole(c: &mut Context<'_>, text: Ptr) -> Result<Vec<u8>> {
    let mut text = c.text(text)?;
    text.push(0);
    Ok(text)
}

fn strcmp(c: &mut Context<'_>, one: Ptr, other: Ptr) -> Result<i32> {
    Ok(compare(&whole(c, one)?, &whole(c, other)?))
}

fn within(c: &mut Context<'_>, text: Ptr, size: u64) -> Result<Vec<u8>> {
    let mut text = c.text_within(text, size)?;
    if (text.len() as u64) < size {
        text.push(0);
    }
    Ok(text)
}

fn strncmp(c: &mut Context<'_>, one: Ptr, other: Ptr, size: Size) -> Result<i32> {
    Ok(compare(&within(c, one, size.0)?, &within(c, other, size.0)?))
}

fn strcasecmp(c: &mut Context<'_>, one: Ptr, other: Ptr) -> Result<i32> {
    let (one, other) = (whole(c, one)?, whole(c, other)?);
    Ok(compare(&one.to_ascii_lowercase(), &other.to_ascii_lowercase()))
}

fn strncasecmp(c: &mut Context<'_>, one: Ptr, other: Ptr, size: Size) -> Result<i32> {
    let (one, other) = (within(c, one, size.0)?, within(c, other, size.0)?);
    Ok(compare(&one.to_ascii_lowercase(), &other.to_ascii_lowercase()))
}

fn strxfrm(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Size> {
    let text = c.text(from)?;
    if (text.len() as u64) < size.0 {
        c.write_text(to, &text)?;
    } else if size.0 > 0 {
        c.write(to, &text[..size.0 as usize])?;
    }
    Ok(Size(text.len() as u64))
}

fn strchr(c: &mut Context<'_>, text: Ptr, byte: i32) -> Result<Ptr> {
    let bytes = whole(c, text)?;
    let place = bytes.iter().position(|it| *it == byte as u8);
    Ok(place.map_or(Ptr::NULL, |place| text.add(place as u64)))
}

fn strchrnul(c: &mut Context<'_>, text: Ptr, byte: i32) -> Result<Ptr> {
    let bytes = c.text(text)?;
    let place = bytes.iter().position(|it| *it == byte as u8).unwrap_or(bytes.len());
    Ok(text.add(place as u64))
}

fn strrchr(c: &mut Context<'_>, text: Ptr, byte: i32) -> Result<Ptr> {
    let bytes = whole(c, text)?;
    let place = bytes.iter().rposition(|it| *it == byte as u8);
    Ok(place.map_or(Ptr::NULL, |place| text.add(place as u64)))
}

fn strspn(c: &mut Context<'_>, text: Ptr, set: Ptr) -> Result<Size> {
    let (text, set) = (c.text(text)?, c.text(set)?);
    Ok(Size(text.iter().take_while(|byte| set.contains(byte)).count() as u64))
}

fn strcspn(c: &mut Context<'_>, text: Ptr, set: Ptr) -> Result<Size> {
    let (text, set) = (c.text(text)?, c.text(set)?);
    Ok(Size(text.iter().take_while(|byte| !set.contains(byte)).count() as u64))
}

fn strpbrk(c: &mut Context<'_>, text: Ptr, set: Ptr) -> Result<Ptr> {
    let (bytes, set) = (c.text(text)?, c.text(set)?);
    let place = bytes.iter().position(|byte| set.contains(byte));
    Ok(place.map_or(Ptr::NULL, |place| text.add(place as u64)))
}

fn strstr(c: &mut Context<'_>, text: Ptr, part: Ptr) -> Result<Ptr> {
    let (bytes, part) = (c.text(text)?, c.text(part)?);
    Ok(find(&bytes, &part).map_or(Ptr::NULL, |place| text.add(place)))
}

fn strcasestr(c: &mut Context<'_>, text: Ptr, part: Ptr) -> Result<Ptr> {
    let (bytes, part) = (c.text(text)?.to_ascii_lowercase(), c.text(part)?.to_ascii_lowercase());
    Ok(find(&bytes, &part).map_or(Ptr::NULL, |place| text.add(place)))
}

/// The next token from an address on: the token, and where to go on.
fn token(c: &mut Context<'_>, from: Ptr, set: Ptr) -> Result<(Ptr, Ptr)> {
    if from.is_null() {
        return Ok((Ptr::NULL, Ptr::NULL));
    }
    let (text, set) = (c.text(from)?, c.text(set)?);
    let Some(start) = text.iter().position(|byte| !set.contains(byte)) else {
        return Ok((Ptr::NULL, from.add(text.len() as u64)));
    };
    let end = text[start..].iter().position(|byte| set.contains(byte)).map(|end| start + end);
    let next = match end {
        Some(end) => {
            c.write(from.add(end as u64), &[0])?;
            end + 1
        }
        None => text.len(),
    };
    Ok((from.add(start as u64), from.add(next as u64)))
}

fn strtok(c: &mut Context<'_>, text: Ptr, set: Ptr) -> Result<Ptr> {
    let from = if text.is_null() { Ptr(c.state.token) } else { text };
    let (token, next) = token(c, from, set)?;
    c.state.token = next.0;
    Ok(token)
}

fn strtok_r(c: &mut Context<'_>, text: Ptr, set: Ptr, place: Ptr) -> Result<Ptr> {
    let from = if text.is_null() { c.read_pointer(place)? } else { text };
    let (token, next) = token(c, from, set)?;
    c.write_pointer(place, next)?;
    Ok(token)
}

fn strsep(c: &mut Context<'_>, place: Ptr, set: Ptr) -> Result<Ptr> {
    let from = c.read_pointer(place)?;
    if from.is_null() {
        return Ok(from);
    }
    let (text, set) = (c.text(from)?, c.text(set)?);
    let next = match text.iter().position(|byte| set.contains(byte)) {
        Some(end) => {
            c.write(from.add(end as u64), &[0])?;
            from.add(end as u64 + 1)
        }
        None => Ptr::NULL,
    };
    c.write_pointer(place, next)?;
    Ok(from)
}

/// The name of an error number of the guest's, or the number.
pub(super) fn error_name(c: &Context<'_>, number: i32) -> String {
    let generic = u16::try_from(c.state.abi.to_generic(|tables| tables.error, number as u32 as u64));
    match generic.ok().filter(|_| number > 0).map(|number| Errno(number).name()) {
        Some(name) if name != "E?" => name.to_owned(),
        _ => number.to_string(),
    }
}

/// What an error number of the guest's means.
pub(super) fn error_text(c: &Context<'_>, number: i32) -> Vec<u8> {
    if number == 0 {
        return b"Success".to_vec();
    }
    let generic = u16::try_from(c.state.abi.to_generic(|tables| tables.error, number as u32 as u64));
    let message = generic.ok().filter(|_| number > 0).map(|number| Errno(number).message());
    match message.filter(|message| *message != "Unknown error") {
        Some(message) => message.into(),
        None => format!("Unknown error {number}").into_bytes(),
    }
}

fn strerror(c: &mut Context<'_>, number: i32) -> Result<Ptr> {
    let text = error_text(c, number);
    let room = c.room("strerror", 64)?;
    c.write_text(room, &text)?;
    Ok(room)
}

fn strerror_l(c: &mut Context<'_>, number: i32, _locale: Ptr) -> Result<Ptr> {
    strerror(c, number)
}

/// The GNU form: it returns the text.
fn strerror_gnu(c: &mut Context<'_>, number: i32, to: Ptr, size: Size) -> Result<Ptr> {
    let text = error_text(c, number);
    if let Some(most) = size.0.checked_sub(1) {
        c.write_text(to, &text[..text.len().min(most as usize)])?;
    }
    Ok(to)
}

/// The POSIX form: it returns an error.
fn strerror_r(c: &mut Context<'_>, number: i32, to: Ptr, size: Size) -> Result<i32> {
    let text = error_text(c, number);
    let short = size.0 <= text.len() as u64;
    strerror_gnu(c, number, to, size)?;
    let error = match short {
        true => Errno::ERANGE,
        false if text.starts_with(b"Unknown error") => Errno::EINVAL,
        false => return Ok(0),
    };
    Ok(c.state.abi.error(error) as i32)
}

/// What signals are called, by generic numbers (glibc's texts, which POSIX
/// leaves to the library).
pub(super) const SIGNALS: [&str; 32] = [
    "",
    "Hangup",
    "Interrupt",
    "Quit",
    "Illegal instruction",
    "Trace/breakpoint trap",
    "Aborted",
    "Bus error",
    "Floating point exception",
    "Killed",
    "User defined signal 1",
    "Segmentation fault",
    "User defined signal 2",
    "Broken pipe",
    "Alarm clock",
    "Terminated",
    "Stack fault",
    "Child exited",
    "Continued",
    "Stopped (signal)",
    "Stopped",
    "Stopped (tty input)",
    "Stopped (tty output)",
    "Urgent I/O condition",
    "CPU time limit exceeded",
    "File size limit exceeded",
    "Virtual timer expired",
    "Profiling timer expired",
    "Window changed",
    "I/O possible",
    "Power failure",
    "Bad system call",
];

pub(super) fn signal_text(c: &Context<'_>, number: i32) -> Vec<u8> {
    let generic = c.state.abi.to_generic(|tables| tables.signal, number as u32 as u64);
    match SIGNALS.get(generic as usize).filter(|_| generic > 0) {
        Some(text) => text.as_bytes().to_vec(),
        None if (34..=64).contains(&number) => format!("Real-time signal {}", number - 34).into_bytes(),
        None => format!("Unknown signal {number}").into_bytes(),
    }
}

fn strsignal(c: &mut Context<'_>, number: i32) -> Result<Ptr> {
    let text = signal_text(c, number);
    let room = c.room("strsignal", 64)?;
    c.write_text(room, &text)?;
    Ok(room)
}

fn strdup(c: &mut Context<'_>, text: Ptr) -> Result<Ptr> {
    let text = c.text(text)?;
    c.duplicate(&text)
}

fn strndup(c: &mut Context<'_>, text: Ptr, size: Size) -> Result<Ptr> {
    let text = c.text_within(text, size.0)?;
    c.duplicate(&text)
}

/// Compares digits in texts as numbers (strverscmp(3)).
fn strverscmp(c: &mut Context<'_>, one: Ptr, other: Ptr) -> Result<i32> {
    let (one, other) = (c.text(one)?, c.text(other)?);
    Ok(compare_versions(&one, &other))
}

/// The same of texts without their zeros.
pub(super) fn compare_versions(one: &[u8], other: &[u8]) -> i32 {
    let with_zero = |text: &[u8]| [text, &[0]].concat();
    let (one, other) = (with_zero(one), with_zero(other));
    let Some(place) = one.iter().zip(&other).position(|(one, other)| one != other) else { return 0 };
    let digits =
        |text: &[u8], from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let start = one[..place].iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1);
    let plain = i32::from(one[place]) - i32::from(other[place]);
    let (length, length_of_other) =
        (place - start + digits(&one, place), place - start + digits(&other, place));
    if length == 0
        || length_of_other == 0
        || (place == start && (digits(&one, place) == 0 || digits(&other, place) == 0))
    {
        return plain;
    }
    // A number with leading zeros is a fraction: compared digit by digit, and
    // the longer run of zeros comes first.
    let (first, first_of_other) = (one[start], other[start]);
    if first == b'0' || first_of_other == b'0' {
        let zeros = one[start..place].iter().all(|byte| *byte == b'0');
        if zeros && place > start {
            // All zeros so far: what goes on with a digit comes before the end.
            let (digit, digit_of_other) = (one[place].is_ascii_digit(), other[place].is_ascii_digit());
            return match (digit, digit_of_other) {
                (true, false) => -1,
                (false, true) => 1,
                _ => plain,
            };
        }
        return plain;
    }
    match length.cmp(&length_of_other) {
        std::cmp::Ordering::Less => -1,
        std::cmp::Ordering::Greater => 1,
        std::cmp::Ordering::Equal => plain,
    }
}

fn ffs(_: &mut Context<'_>, value: i32) -> Result<i32> {
    Ok(if value == 0 { 0 } else { value.trailing_zeros() as i32 + 1 })
}

fn ffsl(_: &mut Context<'_>, value: Long) -> Result<i32> {
    Ok(if value.0 == 0 { 0 } else { value.0.trailing_zeros() as i32 + 1 })
}

fn ffsll(_: &mut Context<'_>, value: i64) -> Result<i32> {
    Ok(if value == 0 { 0 } else { value.trailing_zeros() as i32 + 1 })
}

fn swab(c: &mut Context<'_>, from: Ptr, to: Ptr, size: Long) -> Result<()> {
    let Ok(size) = u64::try_from(size.0) else { return Ok(()) };
    let mut bytes = c.read(from, size & !1)?;
    bytes.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
    c.write(to, &bytes)
}
