//! Multibyte characters and their states (C99 7.20.7, 7.20.8 and 7.24.6).

use super::{
    context::Context,
    error::Result,
    types::{Header, Ptr, Size, Standard, Wide, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: [Header; 4] = [
    Header {
        name: "stdlib.h",
        standard: Standard::C99,
        models: models! {
            mblen = mblen;
            mbtowc = mbtowc;
            wctomb = wctomb;
            mbstowcs = mbstowcs;
            wcstombs = wcstombs;
        },
    },
    Header {
        name: "wchar.h",
        standard: Standard::C99,
        models: models! {
            btowc = btowc;
            wctob = wctob;
            mbsinit = mbsinit;
            mbrlen = mbrlen;
            __mbrlen = mbrlen;
            mbrtowc = mbrtowc;
            wcrtomb = wcrtomb;
            mbsrtowcs = mbsrtowcs;
            wcsrtombs = wcsrtombs;
            mbsnrtowcs = mbsnrtowcs;
            wcsnrtombs = wcsnrtombs;
        },
    },
    Header {
        name: "uchar.h",
        standard: Standard::Posix,
        models: models! {
            mbrtoc16 = mbrtoc16;
            c16rtomb = c16rtomb;
        },
    },
    Header {
        name: "bits/wchar2.h",
        standard: Standard::Runtime,
        models: models! {
            __mbstowcs_chk = mbstowcs_chk;
            __wcstombs_chk = wcstombs_chk;
            __wctomb_chk = wctomb_chk;
            __wcrtomb_chk = wcrtomb_chk;
            __mbsrtowcs_chk = mbsrtowcs_chk;
            __wcsrtombs_chk = wcsrtombs_chk;
            __mbsnrtowcs_chk = mbsnrtowcs_chk;
            __wcsnrtombs_chk = wcsnrtombs_chk;
        },
    },
];

/// What bytes come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decoded {
    /// A character, of so many bytes.
    Character(u32, usize),
    /// The beginning of one.
    Incomplete,
    Invalid,
}

/// The first character of bytes: UTF-8 or ASCII.
pub(super) fn decode(bytes: &[u8], utf8: bool) -> Decoded {
    let Some(first) = bytes.first() else { return Decoded::Incomplete };
    if *first < 0x80 {
        return Decoded::Character((*first).into(), 1);
    }
    if !utf8 {
        return Decoded::Invalid;
    }
    let part = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(part) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            std::str::from_utf8(&part[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) if error.error_len().is_none() => return Decoded::Incomplete,
        Err(_) => return Decoded::Invalid,
    };
    match valid.chars().next() {
        Some(character) => Decoded::Character(character.into(), character.len_utf8()),
        None => Decoded::Invalid,
    }
}

/// `(size_t)-1` and `(size_t)-2`.
const INVALID: Size = Size(u64::MAX);
const INCOMPLETE: Size = Size(u64::MAX - 1);

impl Context<'_> {
    /// Wide characters up to a zero.
    pub(super) fn wide_text(&mut self, from: Ptr) -> Result<Vec<u32>> {
        let text = self.wide_within(from, super::context::LONGEST as u64)?;
        if text.len() >= super::context::LONGEST {
            return self.misuse(format!("the wide text at {:#x} has no end", from.0));
        }
        Ok(text)
    }

    /// Wide characters up to a zero, or so many.
    pub(super) fn wide_within(&mut self, from: Ptr, limit: u64) -> Result<Vec<u32>> {
        let size = u64::from(self.model.wide);
        let mut text = Vec::new();
        while (text.len() as u64) < limit {
            let at = from.add(text.len() as u64 * size);
            // Not over the end of a page.
            let ahead = ((4096 - at.0 % 4096) / size).clamp(1, (limit - text.len() as u64).max(1)).min(64);
            // Memory behind the end need not be there.
            let chunk = match self.read_wide(at, ahead) {
                Ok(chunk) => chunk,
                Err(_) => self.read_wide(at, 1)?,
            };
            for wide in chunk {
                if wide == 0 {
                    return Ok(text);
                }
                text.push(wide);
            }
        }
        Ok(text)
    }

    /// So many wide characters.
    pub(super) fn read_wide(&mut self, from: Ptr, count: u64) -> Result<Vec<u32>> {
        let size = self.model.wide;
        let order = self.emulator().platform().byte_order();
        let bytes = self.read(from, count.saturating_mul(size.into()))?;
        Ok(bytes.chunks_exact(usize::from(size.max(1))).map(|chunk| order.read(chunk) as u32).collect())
    }

    pub(super) fn write_wide(&mut self, to: Ptr, text: &[u32]) -> Result<()> {
        let size = usize::from(self.model.wide);
        let order = self.emulator().platform().byte_order();
        let mut bytes = vec![0; size * text.len()];
        for (chunk, wide) in bytes.chunks_exact_mut(size.max(1)).zip(text) {
            order.write((*wide).into(), chunk);
        }
        self.write(to, &bytes)
    }

    /// The bytes that a conversion state has seen of a character: how many is
    /// in its first word, as in glibc's `mbstate_t`.
    fn pending(&mut self, state: Ptr) -> Result<Vec<u8>> {
        let count = self.read_integer(state, 4)?.min(3);
        self.read(state.add(4), count)
    }

    fn set_pending(&mut self, state: Ptr, bytes: &[u8]) -> Result<()> {
        self.write_integer(state, bytes.len() as u64, 4)?;
        let mut all = [0; 4];
        all[..bytes.len()].copy_from_slice(bytes);
        self.write(state.add(4), &all)
    }

    /// The state that is given, or the function's own.
    fn state_or_own(&mut self, state: Ptr, own: &'static str) -> Result<Ptr> {
        if state.is_null() { self.room(own, 8) } else { Ok(state) }
    }
}

fn btowc(_: &mut Context<'_>, byte: i32) -> Result<u32> {
    Ok(if (0..0x80).contains(&byte) { byte as u32 } else { u32::MAX })
}

fn wctob(_: &mut Context<'_>, wide: u32) -> Result<i32> {
    Ok(if wide < 0x80 { wide as i32 } else { -1 })
}

fn mbsinit(c: &mut Context<'_>, state: Ptr) -> Result<i32> {
    Ok(i32::from(state.is_null() || c.pending(state)?.is_empty()))
}

/// `mbrtowc` with a state that is there.
fn convert(c: &mut Context<'_>, to: Ptr, from: Ptr, size: u64, state: Ptr) -> Result<Size> {
    if from.is_null() {
        c.set_pending(state, &[])?;
        return Ok(Size(0));
    }
    let before = c.pending(state)?;
    let mut bytes = before.clone();
    let utf8 = c.state.is_utf8();
    for index in 0..size {
        bytes.push(c.read_integer(from.add(index), 1)? as u8);
        match decode(&bytes, utf8) {
            Decoded::Incomplete => {}
            Decoded::Invalid => {
                c.set_errno(Errno::EILSEQ)?;
                return Ok(INVALID);
            }
            Decoded::Character(wide, length) => {
                if !to.is_null() {
                    c.write_wide(to, &[wide])?;
                }
                c.set_pending(state, &[])?;
                return Ok(Size(if wide == 0 { 0 } else { length.saturating_sub(before.len()) as u64 }));
            }
        }
    }
    c.set_pending(state, &bytes)?;
    Ok(INCOMPLETE)
}

fn mbrtowc(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size, state: Ptr) -> Result<Size> {
    let state = c.state_or_own(state, "mbrtowc")?;
    convert(c, to, from, size.0, state)
}

fn mbrlen(c: &mut Context<'_>, from: Ptr, size: Size, state: Ptr) -> Result<Size> {
    let state = c.state_or_own(state, "mbrlen")?;
    convert(c, Ptr::NULL, from, size.0, state)
}

fn wcrtomb(c: &mut Context<'_>, to: Ptr, wide: Wide, state: Ptr) -> Result<Size> {
    let state = c.state_or_own(state, "wcrtomb")?;
    c.set_pending(state, &[])?;
    if to.is_null() {
        return Ok(Size(1));
    }
    match c.state.multibyte(wide.0) {
        Some(bytes) => {
            c.write(to, &bytes)?;
            Ok(Size(bytes.len() as u64))
        }
        None => {
            c.set_errno(Errno::EILSEQ)?;
            Ok(INVALID)
        }
    }
}

/// `(size_t)-3`: what was stored is of bytes that were read before.
const FROM_BEFORE: Size = Size(u64::MAX - 2);
/// In the first word of a state: the second word is a surrogate that waits.
const SURROGATE: u64 = 0x8000_0000;

fn mbrtoc16(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size, state: Ptr) -> Result<Size> {
    let state = c.state_or_own(state, "mbrtoc16")?;
    if !from.is_null() && c.read_integer(state, 4)? == SURROGATE {
        let low = c.read_integer(state.add(4), 4)?;
        c.set_pending(state, &[])?;
        if !to.is_null() {
            c.write_integer(to, low, 2)?;
        }
        return Ok(FROM_BEFORE);
    }
    let room = c.room("mbrtoc16 character", 8)?;
    let result = convert(c, room, from, size.0, state)?;
    if from.is_null() || result == INVALID || result == INCOMPLETE {
        return Ok(result);
    }
    let wide = c.read_wide(room, 1)?.first().copied().unwrap_or(0);
    let first = match wide.checked_sub(0x1_0000) {
        None => wide,
        Some(rest) => {
            c.write_integer(state, SURROGATE, 4)?;
            c.write_integer(state.add(4), (0xdc00 | rest & 0x3ff).into(), 4)?;
            0xd800 | rest >> 10
        }
    };
    if !to.is_null() {
        c.write_integer(to, first.into(), 2)?;
    }
    Ok(result)
}

fn c16rtomb(c: &mut Context<'_>, to: Ptr, unit: u16, state: Ptr) -> Result<Size> {
    let state = c.state_or_own(state, "c16rtomb")?;
    let high = match c.read_integer(state, 4)? {
        SURROGATE => Some(c.read_integer(state.add(4), 4)? as u32),
        _ => None,
    };
    c.set_pending(state, &[])?;
    if to.is_null() {
        return Ok(Size(1));
    }
    let unit = u32::from(unit);
    let wide = match (high, unit) {
        (None, 0xd800..0xdc00) => {
            c.write_integer(state, SURROGATE, 4)?;
            c.write_integer(state.add(4), unit.into(), 4)?;
            return Ok(Size(0));
        }
        (Some(high), 0xdc00..0xe000) => 0x1_0000 + ((high & 0x3ff) << 10 | unit & 0x3ff),
        // Half a pair is no character.
        (Some(_), _) => 0xd800,
        (None, _) => unit,
    };
    wcrtomb(c, to, Wide(wide), state)
}

fn mbtowc(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<i32> {
    if from.is_null() {
        return Ok(0);
    }
    let state = c.room("mbtowc", 8)?;
    c.set_pending(state, &[])?;
    let result = convert(c, to, from, size.0, state)?;
    c.set_pending(state, &[])?;
    Ok(if result == INCOMPLETE || result == INVALID { -1 } else { result.0 as i32 })
}

fn mblen(c: &mut Context<'_>, from: Ptr, size: Size) -> Result<i32> {
    mbtowc(c, Ptr::NULL, from, size)
}

fn wctomb(c: &mut Context<'_>, to: Ptr, wide: Wide) -> Result<i32> {
    if to.is_null() {
        return Ok(0);
    }
    wcrtomb(c, to, wide, Ptr::NULL).map(|size| size.0 as i32)
}

/// Converts a text of at most so many bytes into at most so many characters;
/// where to go on is told if there is a place for it.
fn to_wide(c: &mut Context<'_>, to: Ptr, place: Ptr, bytes: u64, most: u64, state: Ptr) -> Result<Size> {
    let start = c.read_pointer(place)?;
    let before = c.pending(state)?;
    let mut text = before.clone();
    text.extend(c.text_within(start, bytes)?);
    let ended = (text.len() - before.len()) as u64 != bytes;
    let utf8 = c.state.is_utf8();
    let (mut out, mut at, mut invalid, mut finished) = (Vec::new(), 0, false, false);
    let most = if to.is_null() { u64::MAX } else { most };
    let mut left: Vec<u8> = Vec::new();
    while (out.len() as u64) < most {
        if at == text.len() {
            finished = ended;
            break;
        }
        match decode(&text[at..], utf8) {
            Decoded::Character(wide, length) => {
                out.push(wide);
                at += length;
            }
            // Before the zero it is no beginning.
            Decoded::Incomplete if !ended => {
                left = text[at..].to_vec();
                at = text.len();
                break;
            }
            _ => {
                invalid = true;
                break;
            }
        }
    }
    let count = out.len() as u64;
    if !to.is_null() {
        if finished {
            out.push(0);
        }
        c.write_wide(to, &out)?;
        c.set_pending(state, &left)?;
        let next = if finished { Ptr::NULL } else { start.add((at.max(before.len()) - before.len()) as u64) };
        c.write_pointer(place, next)?;
    }
    if invalid {
        c.set_errno(Errno::EILSEQ)?;
        return Ok(INVALID);
    }
    Ok(Size(count))
}

/// The other way: at most so many characters into at most so many bytes.
fn to_bytes(c: &mut Context<'_>, to: Ptr, place: Ptr, characters: u64, most: u64) -> Result<Size> {
    let start = c.read_pointer(place)?;
    let text = c.wide_within(start, characters)?;
    let ended = text.len() as u64 != characters;
    let most = if to.is_null() { u64::MAX } else { most };
    let (mut out, mut at, mut invalid) = (Vec::new(), 0, false);
    for wide in &text {
        let Some(bytes) = c.state.multibyte(*wide) else {
            invalid = true;
            break;
        };
        if (out.len() + bytes.len()) as u64 > most {
            break;
        }
        out.extend(bytes);
        at += 1;
    }
    let count = out.len() as u64;
    if !to.is_null() {
        let finished = ended && at == text.len() && count < most;
        if finished {
            out.push(0);
        }
        c.write(to, &out)?;
        let next = if finished { Ptr::NULL } else { start.add(at as u64 * u64::from(c.model.wide)) };
        c.write_pointer(place, next)?;
    }
    if invalid {
        c.set_errno(Errno::EILSEQ)?;
        return Ok(INVALID);
    }
    Ok(Size(count))
}

fn mbsrtowcs(c: &mut Context<'_>, to: Ptr, place: Ptr, most: Size, state: Ptr) -> Result<Size> {
    mbsnrtowcs(c, to, place, Size(super::context::LONGEST as u64), most, state)
}

fn mbsnrtowcs(c: &mut Context<'_>, to: Ptr, place: Ptr, bytes: Size, most: Size, state: Ptr) -> Result<Size> {
    let state = c.state_or_own(state, "mbsrtowcs")?;
    to_wide(c, to, place, bytes.0, most.0, state)
}

fn wcsrtombs(c: &mut Context<'_>, to: Ptr, place: Ptr, most: Size, _state: Ptr) -> Result<Size> {
    to_bytes(c, to, place, super::context::LONGEST as u64, most.0)
}

fn wcsnrtombs(
    c: &mut Context<'_>,
    to: Ptr,
    place: Ptr,
    characters: Size,
    most: Size,
    _state: Ptr,
) -> Result<Size> {
    to_bytes(c, to, place, characters.0, most.0)
}

/// A place that holds an address.
fn place_of(c: &mut Context<'_>, address: Ptr) -> Result<Ptr> {
    let place = c.room("multibyte place", 8)?;
    c.write_pointer(place, address)?;
    Ok(place)
}

fn mbstowcs(c: &mut Context<'_>, to: Ptr, from: Ptr, most: Size) -> Result<Size> {
    let place = place_of(c, from)?;
    let state = c.room("mbstowcs", 8)?;
    c.set_pending(state, &[])?;
    to_wide(c, to, place, super::context::LONGEST as u64, most.0, state)
}

fn wcstombs(c: &mut Context<'_>, to: Ptr, from: Ptr, most: Size) -> Result<Size> {
    let place = place_of(c, from)?;
    to_bytes(c, to, place, super::context::LONGEST as u64, most.0)
}

// ---- the fortified forms: with the size of the object

fn mbstowcs_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, most: Size, room: Size) -> Result<Size> {
    c.check_room(most.0, room.0)?;
    mbstowcs(c, to, from, most)
}

fn wcstombs_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, most: Size, room: Size) -> Result<Size> {
    c.check_room(most.0, room.0)?;
    wcstombs(c, to, from, most)
}

fn wctomb_chk(c: &mut Context<'_>, to: Ptr, wide: Wide, _room: Size) -> Result<i32> {
    wctomb(c, to, wide)
}

fn wcrtomb_chk(c: &mut Context<'_>, to: Ptr, wide: Wide, state: Ptr, _room: Size) -> Result<Size> {
    wcrtomb(c, to, wide, state)
}

fn mbsrtowcs_chk(
    c: &mut Context<'_>,
    to: Ptr,
    place: Ptr,
    most: Size,
    state: Ptr,
    room: Size,
) -> Result<Size> {
    c.check_room(most.0, room.0)?;
    mbsrtowcs(c, to, place, most, state)
}

fn wcsrtombs_chk(
    c: &mut Context<'_>,
    to: Ptr,
    place: Ptr,
    most: Size,
    state: Ptr,
    room: Size,
) -> Result<Size> {
    c.check_room(most.0, room.0)?;
    wcsrtombs(c, to, place, most, state)
}

fn mbsnrtowcs_chk(
    c: &mut Context<'_>,
    to: Ptr,
    place: Ptr,
    bytes: Size,
    most: Size,
    state: Ptr,
    room: Size,
) -> Result<Size> {
    c.check_room(most.0, room.0)?;
    mbsnrtowcs(c, to, place, bytes, most, state)
}

fn wcsnrtombs_chk(
    c: &mut Context<'_>,
    to: Ptr,
    place: Ptr,
    characters: Size,
    most: Size,
    state: Ptr,
    room: Size,
) -> Result<Size> {
    c.check_room(most.0, room.0)?;
    wcsnrtombs(c, to, place, characters, most, state)
}
