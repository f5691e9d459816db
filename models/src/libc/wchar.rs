//! Texts of wide characters (C99 7.24.4 and 7.24.5).

use std::cmp::Ordering;

use super::{
    context::Context,
    error::Result,
    numbers, stdlib, time,
    types::{Header, Long, LongDouble, Ptr, Size, Standard, ULong, Wide, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: [Header; 3] = [
    Header {
        name: "wchar.h",
        standard: Standard::C99,
        models: models! {
            wcscpy = wcscpy;
            wcsncpy = wcsncpy;
            wcscat = wcscat;
            wcsncat = wcsncat;
            wcscmp = wcscmp;
            wcsncmp = wcsncmp;
            wcscoll = wcscmp;
            wcsxfrm = wcsxfrm;
            wcschr = wcschr;
            wcsrchr = wcsrchr;
            wcsspn = wcsspn;
            wcscspn = wcscspn;
            wcspbrk = wcspbrk;
            wcsstr = wcsstr;
            wcstok = wcstok;
            wcslen = wcslen;
            wmemchr = wmemchr;
            wmemcmp = wmemcmp;
            wmemcpy = wmemcpy;
            wmemmove = wmemcpy;
            wmemset = wmemset;
            wcstol = wcstol;
            wcstoul = wcstoul;
            wcstoll = wcstoll;
            wcstoull = wcstoull;
            wcstoimax = wcstoll;
            wcstoumax = wcstoull;
            wcstod = wcstod;
            wcstof = wcstof;
            wcstold = wcstold;
            wcsftime = wcsftime;
        },
    },
    Header {
        name: "wchar.h",
        standard: Standard::Posix,
        models: models! {
            wcsnlen = wcsnlen;
            wcsdup = wcsdup;
            wcpcpy = wcpcpy;
            wcpncpy = wcpncpy;
            wcscasecmp = wcscasecmp;
            wcsncasecmp = wcsncasecmp;
            wcscasecmp_l = wcscasecmp;
            wcsncasecmp_l = wcsncasecmp;
            wcscoll_l = wcscmp;
            wcsxfrm_l = wcsxfrm;
            wcswidth = wcswidth, "wide East Asian characters and combining ones by their blocks";
            wcwidth = wcwidth, "wide East Asian characters and combining ones by their blocks";
            wcschrnul = wcschrnul;
            wcswcs = wcsstr;
            wmempcpy = wmempcpy;
            wcsftime_l = wcsftime_l;
            wcstol_l = wcstol;
            wcstoul_l = wcstoul;
            wcstod_l = wcstod;
            wcslcpy = wcslcpy;
            wcslcat = wcslcat;
        },
    },
    Header {
        name: "bits/wchar2.h",
        standard: Standard::Runtime,
        models: models! {
            __isoc23_wcstol = wcstol;
            __isoc23_wcstoul = wcstoul;
            __isoc23_wcstoll = wcstoll;
            __isoc23_wcstoull = wcstoull;
            __wcstoieee128 = wcstold;
            __wcscpy_chk = wcscpy_chk;
            __wcsncpy_chk = wcsncpy_chk;
            __wcscat_chk = wcscat_chk;
            __wcsncat_chk = wcsncat_chk;
            __wcpcpy_chk = wcpcpy_chk;
            __wmemcpy_chk = wmemcpy_chk;
            __wmemmove_chk = wmemcpy_chk;
            __wmemset_chk = wmemset_chk;
        },
    },
];

/// The address of a character of a text.
fn at(c: &Context<'_>, text: Ptr, index: usize) -> Ptr {
    text.add(index as u64 * u64::from(c.model.wide))
}

fn found(c: &Context<'_>, text: Ptr, index: Option<usize>) -> Ptr {
    index.map_or(Ptr::NULL, |index| at(c, text, index))
}

/// Writes a text with a zero behind it.
fn put(c: &mut Context<'_>, to: Ptr, mut text: Vec<u32>) -> Result<()> {
    text.push(0);
    c.write_wide(to, &text)
}

fn wcslen(c: &mut Context<'_>, text: Ptr) -> Result<Size> {
    Ok(Size(c.wide_text(text)?.len() as u64))
}

fn wcsnlen(c: &mut Context<'_>, text: Ptr, limit: Size) -> Result<Size> {
    Ok(Size(c.wide_within(text, limit.0)?.len() as u64))
}

fn wcscpy(c: &mut Context<'_>, to: Ptr, from: Ptr) -> Result<Ptr> {
    wcpcpy(c, to, from)?;
    Ok(to)
}

fn wcpcpy(c: &mut Context<'_>, to: Ptr, from: Ptr) -> Result<Ptr> {
    let text = c.wide_text(from)?;
    let end = at(c, to, text.len());
    put(c, to, text)?;
    Ok(end)
}

fn wcpncpy(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Ptr> {
    let mut text = c.wide_within(from, size.0)?;
    let end = at(c, to, text.len());
    let whole = usize::try_from(size.0).ok().filter(|size| *size <= super::context::LONGEST);
    let Some(whole) = whole else { return c.misuse(format!("{} wide characters", size.0)) };
    text.resize(whole, 0);
    c.write_wide(to, &text)?;
    Ok(end)
}

fn wcsncpy(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Ptr> {
    wcpncpy(c, to, from, size)?;
    Ok(to)
}

fn wcsncat(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Ptr> {
    let length = c.wide_text(to)?.len();
    let text = c.wide_within(from, size.0)?;
    let end = at(c, to, length);
    put(c, end, text)?;
    Ok(to)
}

fn wcscat(c: &mut Context<'_>, to: Ptr, from: Ptr) -> Result<Ptr> {
    wcsncat(c, to, from, Size(super::context::LONGEST as u64))
}

fn wcslcpy(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Size> {
    let mut text = c.wide_text(from)?;
    let length = text.len();
    if let Some(most) = size.0.checked_sub(1) {
        text.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        put(c, to, text)?;
    }
    Ok(Size(length as u64))
}

fn wcslcat(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Size> {
    let before = c.wide_within(to, size.0)?.len();
    let end = at(c, to, before);
    let copied = wcslcpy(c, end, from, Size(size.0 - before as u64))?;
    Ok(Size(before as u64 + copied.0))
}

fn wcsdup(c: &mut Context<'_>, from: Ptr) -> Result<Ptr> {
    let text = c.wide_text(from)?;
    let size = (text.len() as u64 + 1) * u64::from(c.model.wide);
    match c.malloc(size)? {
        None => c.fail_null(Errno::ENOMEM),
        Some(to) => {
            put(c, to, text)?;
            Ok(to)
        }
    }
}

/// The order of two characters: `wchar_t` has a sign or not.
fn order(c: &Context<'_>, one: u32, other: u32) -> Ordering {
    if c.model.unsigned_wide { one.cmp(&other) } else { (one as i32).cmp(&(other as i32)) }
}

fn compared(c: &Context<'_>, one: &[u32], other: &[u32]) -> i32 {
    let differing = one.iter().zip(other).find(|(one, other)| one != other);
    match differing {
        Some((one, other)) => order(c, *one, *other) as i32,
        None => one.len().cmp(&other.len()) as i32,
    }
}

fn wcscmp(c: &mut Context<'_>, one: Ptr, other: Ptr) -> Result<i32> {
    let (one, other) = (c.wide_text(one)?, c.wide_text(other)?);
    Ok(compared(c, &one, &other))
}

fn wcsncmp(c: &mut Context<'_>, one: Ptr, other: Ptr, size: Size) -> Result<i32> {
    let (one, other) = (c.wide_within(one, size.0)?, c.wide_within(other, size.0)?);
    Ok(compared(c, &one, &other))
}

fn lowered(c: &Context<'_>, text: &[u32]) -> Vec<u32> {
    text.iter().map(|wide| super::wctype::lower(c.state.is_utf8(), *wide)).collect()
}

fn wcscasecmp(c: &mut Context<'_>, one: Ptr, other: Ptr) -> Result<i32> {
    let (one, other) = (c.wide_text(one)?, c.wide_text(other)?);
    Ok(compared(c, &lowered(c, &one), &lowered(c, &other)))
}

fn wcsncasecmp(c: &mut Context<'_>, one: Ptr, other: Ptr, size: Size) -> Result<i32> {
    let (one, other) = (c.wide_within(one, size.0)?, c.wide_within(other, size.0)?);
    Ok(compared(c, &lowered(c, &one), &lowered(c, &other)))
}

fn wcsxfrm(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Size> {
    let text = c.wide_text(from)?;
    let length = text.len() as u64;
    if length < size.0 {
        put(c, to, text)?;
    } else if size.0 > 0 {
        c.write_wide(to, &text[..size.0 as usize])?;
    }
    Ok(Size(length))
}

fn with_zero(c: &mut Context<'_>, text: Ptr) -> Result<Vec<u32>> {
    let mut text = c.wide_text(text)?;
    text.push(0);
    Ok(text)
}

fn wcschr(c: &mut Context<'_>, text: Ptr, wide: Wide) -> Result<Ptr> {
    let place = with_zero(c, text)?.iter().position(|it| *it == wide.0);
    Ok(found(c, text, place))
}

fn wcschrnul(c: &mut Context<'_>, text: Ptr, wide: Wide) -> Result<Ptr> {
    let all = c.wide_text(text)?;
    let place = all.iter().position(|it| *it == wide.0).unwrap_or(all.len());
    Ok(at(c, text, place))
}

fn wcsrchr(c: &mut Context<'_>, text: Ptr, wide: Wide) -> Result<Ptr> {
    let place = with_zero(c, text)?.iter().rposition(|it| *it == wide.0);
    Ok(found(c, text, place))
}

fn wcsspn(c: &mut Context<'_>, text: Ptr, set: Ptr) -> Result<Size> {
    let (text, set) = (c.wide_text(text)?, c.wide_text(set)?);
    Ok(Size(text.iter().take_while(|wide| set.contains(wide)).count() as u64))
}

fn wcscspn(c: &mut Context<'_>, text: Ptr, set: Ptr) -> Result<Size> {
    let (text, set) = (c.wide_text(text)?, c.wide_text(set)?);
    Ok(Size(text.iter().take_while(|wide| !set.contains(wide)).count() as u64))
}

fn wcspbrk(c: &mut Context<'_>, text: Ptr, set: Ptr) -> Result<Ptr> {
    let (all, set) = (c.wide_text(text)?, c.wide_text(set)?);
    let place = all.iter().position(|wide| set.contains(wide));
    Ok(found(c, text, place))
}

fn wcsstr(c: &mut Context<'_>, text: Ptr, part: Ptr) -> Result<Ptr> {
    let (all, part) = (c.wide_text(text)?, c.wide_text(part)?);
    if part.is_empty() {
        return Ok(text);
    }
    let place = all.windows(part.len()).position(|window| window == part);
    Ok(found(c, text, place))
}

fn wcstok(c: &mut Context<'_>, text: Ptr, set: Ptr, place: Ptr) -> Result<Ptr> {
    let from = if text.is_null() { c.read_pointer(place)? } else { text };
    if from.is_null() {
        return Ok(from);
    }
    let (all, set) = (c.wide_text(from)?, c.wide_text(set)?);
    let Some(start) = all.iter().position(|wide| !set.contains(wide)) else {
        c.write_pointer(place, Ptr::NULL)?;
        return Ok(Ptr::NULL);
    };
    let next = match all[start..].iter().position(|wide| set.contains(wide)) {
        Some(length) => {
            let end = at(c, from, start + length);
            c.write_wide(end, &[0])?;
            at(c, from, start + length + 1)
        }
        None => Ptr::NULL,
    };
    c.write_pointer(place, next)?;
    Ok(at(c, from, start))
}

fn wmemchr(c: &mut Context<'_>, text: Ptr, wide: Wide, size: Size) -> Result<Ptr> {
    let all = c.read_wide(text, size.0)?;
    let place = all.iter().position(|it| *it == wide.0);
    Ok(found(c, text, place))
}

fn wmemcmp(c: &mut Context<'_>, one: Ptr, other: Ptr, size: Size) -> Result<i32> {
    let (one, other) = (c.read_wide(one, size.0)?, c.read_wide(other, size.0)?);
    Ok(compared(c, &one, &other))
}

fn wmemcpy(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Ptr> {
    let all = c.read_wide(from, size.0)?;
    c.write_wide(to, &all)?;
    Ok(to)
}

fn wmempcpy(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<Ptr> {
    wmemcpy(c, to, from, size)?;
    Ok(at(c, to, size.0 as usize))
}

fn wmemset(c: &mut Context<'_>, to: Ptr, wide: Wide, size: Size) -> Result<Ptr> {
    const CHUNK: u64 = 1 << 14;
    let chunk = vec![wide.0; size.0.min(CHUNK) as usize];
    let mut done = 0;
    while done < size.0 {
        let count = (size.0 - done).min(CHUNK);
        let place = at(c, to, done as usize);
        c.write_wide(place, &chunk[..count as usize])?;
        done += count;
    }
    Ok(to)
}

/// How many columns a character takes.
fn width(c: &Context<'_>, wide: u32) -> i32 {
    let Some(character) = char::from_u32(wide) else { return -1 };
    if wide == 0 {
        return 0;
    }
    if character.is_control() || !character.is_ascii() && !c.state.is_utf8() {
        return -1;
    }
    match wide {
        0x300..=0x36f | 0x200b..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

fn wcwidth(c: &mut Context<'_>, wide: Wide) -> Result<i32> {
    Ok(width(c, wide.0))
}

fn wcswidth(c: &mut Context<'_>, text: Ptr, size: Size) -> Result<i32> {
    let mut columns = 0_i32;
    for wide in c.wide_within(text, size.0)? {
        match width(c, wide) {
            -1 => return Ok(-1),
            width => columns = columns.saturating_add(width),
        }
    }
    Ok(columns)
}

// ---- numbers

/// A text as bytes, one for each character: numbers have only those of ASCII.
fn bytes_of(c: &mut Context<'_>, text: Ptr) -> Result<Vec<u8>> {
    Ok(c.wide_text(text)?.iter().map(|wide| u8::try_from(*wide).map_or(0xff, |byte| byte)).collect())
}

fn tell_end(c: &mut Context<'_>, end: Ptr, text: Ptr, length: usize) -> Result<()> {
    if end.is_null() {
        return Ok(());
    }
    let to = at(c, text, length);
    c.write_pointer(end, to)
}

fn integer(c: &mut Context<'_>, text: Ptr, end: Ptr, base: i32, bits: u32, signed: bool) -> Result<i128> {
    let bytes = bytes_of(c, text)?;
    let (value, length) = stdlib::integer(c, &bytes, base, bits, signed)?;
    if let Some(length) = length {
        tell_end(c, end, text, length as usize)?;
    }
    Ok(value)
}

fn wcstol(c: &mut Context<'_>, text: Ptr, end: Ptr, base: i32) -> Result<Long> {
    let bits = 8 * u32::from(c.model.long);
    integer(c, text, end, base, bits, true).map(|value| Long(value as i64))
}

fn wcstoul(c: &mut Context<'_>, text: Ptr, end: Ptr, base: i32) -> Result<ULong> {
    let bits = 8 * u32::from(c.model.long);
    integer(c, text, end, base, bits, false).map(|value| ULong(value as u64))
}

fn wcstoll(c: &mut Context<'_>, text: Ptr, end: Ptr, base: i32) -> Result<i64> {
    integer(c, text, end, base, 64, true).map(|value| value as i64)
}

fn wcstoull(c: &mut Context<'_>, text: Ptr, end: Ptr, base: i32) -> Result<u64> {
    integer(c, text, end, base, 64, false).map(|value| value as u64)
}

fn wcstod(c: &mut Context<'_>, text: Ptr, end: Ptr) -> Result<f64> {
    let bytes = bytes_of(c, text)?;
    let found = numbers::float(&bytes);
    tell_end(c, end, text, found.length)?;
    stdlib::double(c, &bytes, &found)
}

fn wcstof(c: &mut Context<'_>, text: Ptr, end: Ptr) -> Result<f32> {
    let bytes = bytes_of(c, text)?;
    let found = numbers::float(&bytes);
    tell_end(c, end, text, found.length)?;
    stdlib::single(c, &bytes, &found)
}

fn wcstold(c: &mut Context<'_>, text: Ptr, end: Ptr) -> Result<LongDouble> {
    let bytes = bytes_of(c, text)?;
    let found = numbers::float(&bytes);
    tell_end(c, end, text, found.length)?;
    stdlib::long_double(c, &bytes, &found)
}

fn wcsftime(c: &mut Context<'_>, to: Ptr, size: Size, format: Ptr, from: Ptr) -> Result<Size> {
    let format: Option<String> = c.wide_text(format)?.iter().map(|wide| char::from_u32(*wide)).collect();
    let Some(format) = format else { return Ok(Size(0)) };
    let text = time::formatted(c, format.as_bytes(), from)?;
    let text: Vec<u32> = String::from_utf8_lossy(&text).chars().map(u32::from).collect();
    let length = text.len() as u64;
    if length >= size.0 {
        return Ok(Size(0));
    }
    put(c, to, text)?;
    Ok(Size(length))
}

fn wcsftime_l(
    c: &mut Context<'_>,
    to: Ptr,
    size: Size,
    format: Ptr,
    from: Ptr,
    _locale: Ptr,
) -> Result<Size> {
    wcsftime(c, to, size, format, from)
}

// ---- the fortified forms: with the size of the object, in characters

fn wcscpy_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, room: Size) -> Result<Ptr> {
    let needed = c.wide_text(from)?.len() as u64 + 1;
    c.check_room(needed, room.0)?;
    wcscpy(c, to, from)
}

fn wcpcpy_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, room: Size) -> Result<Ptr> {
    let needed = c.wide_text(from)?.len() as u64 + 1;
    c.check_room(needed, room.0)?;
    wcpcpy(c, to, from)
}

fn wcsncpy_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size, room: Size) -> Result<Ptr> {
    c.check_room(size.0, room.0)?;
    wcsncpy(c, to, from, size)
}

fn wcscat_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, room: Size) -> Result<Ptr> {
    let needed = c.wide_text(to)?.len() as u64 + c.wide_text(from)?.len() as u64 + 1;
    c.check_room(needed, room.0)?;
    wcscat(c, to, from)
}

fn wcsncat_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size, room: Size) -> Result<Ptr> {
    let needed = c.wide_text(to)?.len() as u64 + c.wide_within(from, size.0)?.len() as u64 + 1;
    c.check_room(needed, room.0)?;
    wcsncat(c, to, from, size)
}

fn wmemcpy_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size, room: Size) -> Result<Ptr> {
    c.check_room(size.0, room.0)?;
    wmemcpy(c, to, from, size)
}

fn wmemset_chk(c: &mut Context<'_>, to: Ptr, wide: Wide, size: Size, room: Size) -> Result<Ptr> {
    c.check_room(size.0, room.0)?;
    wmemset(c, to, wide, size)
}
