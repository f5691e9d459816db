//! `iconv.h`: texts between UTF-8, UTF-16, UTF-32, ASCII and ISO 8859-1.

use super::super::{
    context::Context,
    error::Result,
    types::{Header, Ptr, Size, Standard, models},
};
use crate::errno::Errno;
use terrella_platforms::ByteOrder;

pub(crate) static HEADER: Header = Header {
    name: "iconv.h",
    standard: Standard::Posix,
    models: models! {
        iconv_open = iconv_open, "UTF-8, UTF-16, UTF-32, UCS-2, UCS-4, ASCII, ISO-8859-1 and wchar_t; nothing is transliterated";
        iconv = iconv;
        iconv_close = iconv_close;
    },
};

/// How characters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Ascii,
    Latin1,
    Utf8,
    /// In units of two or four bytes; with a mark of the order before it, if the
    /// name has none.
    Units {
        bytes: u8,
        big: bool,
        marked: bool,
        pairs: bool,
    },
}

/// What cannot be read or written.
enum Problem {
    /// It is no character.
    Illegal,
    /// The rest of one is missing.
    Incomplete,
}

impl Coding {
    fn named(name: &[u8], host: ByteOrder) -> Option<(Self, bool)> {
        let text = String::from_utf8_lossy(name).to_ascii_uppercase();
        let (plain, options) = text.split_once("//").unwrap_or((&text, ""));
        let ignores = options.contains("IGNORE");
        let own = host == ByteOrder::Big;
        let units = |bytes, big, marked, pairs| Self::Units { bytes, big, marked, pairs };
        let coding = match plain {
            "ASCII" | "US-ASCII" | "ANSI_X3.4-1968" | "646" | "C" | "POSIX" => Self::Ascii,
            "ISO-8859-1" | "ISO8859-1" | "ISO_8859-1" | "LATIN1" | "L1" | "8859_1" => Self::Latin1,
            "UTF-8" | "UTF8" => Self::Utf8,
            "UTF-16" | "UTF16" => units(2, own, true, true),
            "UTF-16LE" | "UTF16LE" => units(2, false, false, true),
            "UTF-16BE" | "UTF16BE" => units(2, true, false, true),
            "UTF-32" | "UTF32" => units(4, own, true, false),
            "UTF-32LE" | "UTF32LE" | "UCS-4LE" => units(4, false, false, false),
            "UTF-32BE" | "UTF32BE" | "UCS-4BE" | "UCS-4" | "UCS4" => units(4, true, false, false),
            "UCS-2" | "UCS2" => units(2, own, false, false),
            "UCS-2LE" => units(2, false, false, false),
            "UCS-2BE" => units(2, true, false, false),
            "WCHAR_T" => units(4, own, false, false),
            _ => return None,
        };
        Some((coding, ignores))
    }

    /// A character at the beginning, and its length.
    fn read(self, text: &[u8]) -> Result<(char, usize), Problem> {
        let first = *text.first().ok_or(Problem::Incomplete)?;
        match self {
            Self::Ascii if first >= 0x80 => Err(Problem::Illegal),
            Self::Ascii | Self::Latin1 => Ok((char::from(first), 1)),
            Self::Utf8 => {
                let part = &text[..text.len().min(4)];
                let valid = match std::str::from_utf8(part) {
                    Ok(_) => part.len(),
                    Err(error) if error.valid_up_to() > 0 => error.valid_up_to(),
                    Err(error) if error.error_len().is_none() => return Err(Problem::Incomplete),
                    Err(_) => return Err(Problem::Illegal),
                };
                let character = std::str::from_utf8(&part[..valid]).ok().and_then(|it| it.chars().next());
                character.map(|it| (it, it.len_utf8())).ok_or(Problem::Illegal)
            }
            Self::Units { bytes, big, pairs, .. } => {
                let size = usize::from(bytes);
                let unit = |at: usize| -> Result<u32, Problem> {
                    let part = text.get(at..at + size).ok_or(Problem::Incomplete)?;
                    let order = if big { ByteOrder::Big } else { ByteOrder::Little };
                    Ok(order.read(part) as u32)
                };
                let first = unit(0)?;
                if pairs && (0xd800..0xdc00).contains(&first) {
                    let second = unit(size)?;
                    if !(0xdc00..0xe000).contains(&second) {
                        return Err(Problem::Illegal);
                    }
                    let value = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                    return char::from_u32(value).map(|it| (it, 2 * size)).ok_or(Problem::Illegal);
                }
                char::from_u32(first).map(|it| (it, size)).ok_or(Problem::Illegal)
            }
        }
    }

    /// The bytes of a character, if it has some.
    fn write(self, character: char) -> Option<Vec<u8>> {
        let value = u32::from(character);
        match self {
            Self::Ascii => character.is_ascii().then(|| vec![value as u8]),
            Self::Latin1 => u8::try_from(value).ok().map(|byte| vec![byte]),
            Self::Utf8 => Some(character.to_string().into_bytes()),
            Self::Units { bytes, big, pairs, .. } => {
                let order = if big { ByteOrder::Big } else { ByteOrder::Little };
                let size = usize::from(bytes);
                let one = |unit: u32| {
                    let mut part = vec![0; size];
                    order.write(unit.into(), &mut part);
                    part
                };
                if size == 4 || value < 0x1_0000 {
                    return Some(one(value));
                }
                let rest = value - 0x1_0000;
                pairs.then(|| [one(0xd800 + (rest >> 10)), one(0xdc00 + (rest & 0x3ff))].concat())
            }
        }
    }
}

// A descriptor is a block of the heap: a mark, a state, and the two names.

const MARK: u64 = 0x6963_6f6e;
const NAMES: u64 = 8;
/// Bits of the state: a mark of the order was written, or read, and what was
/// read said the other order.
const WRITTEN: u64 = 1;
const READ: u64 = 2;
const SWAPPED: u64 = 4;

const FAILED: Ptr = Ptr(u64::MAX);

fn iconv_open(c: &mut Context<'_>, to: Ptr, from: Ptr) -> Result<Ptr> {
    let (to, from) = (c.text(to)?, c.text(from)?);
    let order = c.state.platform.byte_order();
    if Coding::named(&to, order).is_none() || Coding::named(&from, order).is_none() {
        c.set_errno(Errno::EINVAL)?;
        return Ok(FAILED);
    }
    let size = NAMES + to.len() as u64 + from.len() as u64 + 2;
    let Some(block) = c.malloc(size)? else {
        c.set_errno(Errno::ENOMEM)?;
        return Ok(FAILED);
    };
    c.write_integer(block, MARK, 4)?;
    c.write_integer(block.add(4), 0, 4)?;
    c.write_text(block.add(NAMES), &to)?;
    c.write_text(block.add(NAMES + to.len() as u64 + 1), &from)?;
    Ok(block)
}

/// The two codings of a descriptor, and whether what has no form is left out.
fn codings(c: &mut Context<'_>, descriptor: Ptr) -> Result<(Coding, Coding, bool)> {
    let failed = u64::MAX >> (64 - 8 * u32::from(c.model.pointer.clamp(1, 8)));
    if descriptor.is_null() || descriptor.0 == failed || c.read_integer(descriptor, 4)? != MARK {
        return c.misuse(format!("{:#x} is no descriptor of iconv_open", descriptor.0));
    }
    let to = c.text(descriptor.add(NAMES))?;
    let from = c.text(descriptor.add(NAMES + to.len() as u64 + 1))?;
    let order = c.state.platform.byte_order();
    match (Coding::named(&to, order), Coding::named(&from, order)) {
        (Some((to, ignores)), Some((from, _))) => Ok((to, from, ignores)),
        _ => c.misuse(format!("the descriptor {:#x} was overwritten", descriptor.0)),
    }
}

fn iconv(
    c: &mut Context<'_>,
    descriptor: Ptr,
    input: Ptr,
    input_left: Ptr,
    output: Ptr,
    output_left: Ptr,
) -> Result<Size> {
    let (to, mut from, ignores) = codings(c, descriptor)?;
    let mut state = c.read_integer(descriptor.add(4), 4)?;
    if input.is_null() || c.read_pointer(input)?.is_null() {
        c.write_integer(descriptor.add(4), 0, 4)?;
        return Ok(Size(0));
    }
    let (source, target) = (c.read_pointer(input)?, c.read_pointer(output)?);
    let (available, room) = (c.read_pointer(input_left)?.0, c.read_pointer(output_left)?.0);
    let text = c.read(source, available.min(super::super::context::LONGEST as u64))?;
    let mut done = Vec::new();
    let mut at = 0;
    let mut problem = None;
    let mut ignored = false;
    // A mark of the order tells it, and is no character.
    if let Coding::Units { bytes, big, marked: true, pairs } = from {
        if state & READ == 0 && text.len() >= usize::from(bytes) {
            state |= READ;
            let mark = |big| Coding::Units { bytes, big, marked: false, pairs }.write('\u{feff}');
            let begins = |mark: Option<Vec<u8>>| mark.is_some_and(|mark| text.starts_with(&mark));
            if begins(mark(!big)) {
                state |= SWAPPED;
            }
            if begins(mark(big)) || begins(mark(!big)) {
                at = usize::from(bytes);
            }
        }
        from = Coding::Units { bytes, big: big != (state & SWAPPED != 0), marked: false, pairs };
    }
    while at < text.len() {
        let (character, length) = match from.read(&text[at..]) {
            Ok(found) => found,
            Err(Problem::Incomplete) => {
                problem = Some(Errno::EINVAL);
                break;
            }
            Err(Problem::Illegal) => {
                problem = Some(Errno::EILSEQ);
                break;
            }
        };
        let mut bytes = match to.write(character) {
            Some(bytes) => bytes,
            None if ignores => {
                ignored = true;
                at += length;
                continue;
            }
            None => {
                problem = Some(Errno::EILSEQ);
                break;
            }
        };
        let marks = matches!(to, Coding::Units { marked: true, .. }) && state & WRITTEN == 0;
        if marks {
            bytes = [to.write('\u{feff}').unwrap_or_default(), bytes].concat();
        }
        if done.len() as u64 + bytes.len() as u64 > room {
            problem = Some(Errno::E2BIG);
            break;
        }
        state |= if marks { WRITTEN } else { 0 };
        done.extend(bytes);
        at += length;
    }
    c.write(target, &done)?;
    c.write_integer(descriptor.add(4), state, 4)?;
    let (taken, made) = (at as u64, done.len() as u64);
    c.write_pointer(input, source.add(taken))?;
    c.write_pointer(input_left, Ptr(available - taken))?;
    c.write_pointer(output, target.add(made))?;
    c.write_pointer(output_left, Ptr(room - made))?;
    // What was left out is told at the end (glibc).
    match problem.or(ignored.then_some(Errno::EILSEQ)) {
        None => Ok(Size(0)),
        Some(errno) => {
            c.set_errno(errno)?;
            Ok(Size(u64::MAX))
        }
    }
}

fn iconv_close(c: &mut Context<'_>, descriptor: Ptr) -> Result<i32> {
    codings(c, descriptor)?;
    c.write_integer(descriptor, 0, 4)?;
    c.free(descriptor)?;
    Ok(0)
}
