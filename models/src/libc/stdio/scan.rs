//! The functions of the `scanf` family (C99 7.19.6.2).

use super::{
    super::{
        context::Context,
        ctype::is_space,
        error::Result,
        numbers,
        types::{CType, Header, Ptr, Standard, models},
        variable::Variable,
    },
    family::{Bytes, Characters, fscanf, scanf, sscanf, vfscanf, vscanf, vsscanf},
    length::{Length, length},
    print,
};

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "stdio.h",
        standard: Standard::C99,
        models: models! {
            scanf = scanf::<Bytes>;
            fscanf = fscanf::<Bytes>;
            sscanf = sscanf::<Bytes>;
            vscanf = vscanf::<Bytes>;
            vfscanf = vfscanf::<Bytes>;
            vsscanf = vsscanf::<Bytes>;
        },
    },
    Header {
        name: "bits/stdio.h",
        standard: Standard::Runtime,
        models: models! {
            __isoc99_scanf = scanf::<Bytes>;
            __isoc99_fscanf = fscanf::<Bytes>;
            __isoc99_sscanf = sscanf::<Bytes>;
            __isoc99_vscanf = vscanf::<Bytes>;
            __isoc99_vfscanf = vfscanf::<Bytes>;
            __isoc99_vsscanf = vsscanf::<Bytes>;
            __isoc23_scanf = scanf::<Bytes>;
            __isoc23_fscanf = fscanf::<Bytes>;
            __isoc23_sscanf = sscanf::<Bytes>;
            __isoc23_vscanf = vscanf::<Bytes>;
            __isoc23_vfscanf = vfscanf::<Bytes>;
            __isoc23_vsscanf = vsscanf::<Bytes>;
            siscanf = sscanf::<Bytes>;
            __scanfieee128 = scanf::<Bytes>;
            __fscanfieee128 = fscanf::<Bytes>;
            __sscanfieee128 = sscanf::<Bytes>;
            __vscanfieee128 = vscanf::<Bytes>;
            __vfscanfieee128 = vfscanf::<Bytes>;
            __vsscanfieee128 = vsscanf::<Bytes>;
            __isoc99_scanfieee128 = scanf::<Bytes>;
            __isoc99_fscanfieee128 = fscanf::<Bytes>;
            __isoc99_sscanfieee128 = sscanf::<Bytes>;
            __isoc99_vscanfieee128 = vscanf::<Bytes>;
            __isoc99_vfscanfieee128 = vfscanf::<Bytes>;
            __isoc99_vsscanfieee128 = vsscanf::<Bytes>;
            __isoc23_scanfieee128 = scanf::<Bytes>;
            __isoc23_fscanfieee128 = fscanf::<Bytes>;
            __isoc23_sscanfieee128 = sscanf::<Bytes>;
            __isoc23_vscanfieee128 = vscanf::<Bytes>;
            __isoc23_vfscanfieee128 = vfscanf::<Bytes>;
            __isoc23_vsscanfieee128 = vsscanf::<Bytes>;
        },
    },
];

const EOF: i32 = -1;

/// What is scanned.
enum Input {
    Text { bytes: Vec<u8>, at: usize },
    Stream { file: Ptr, taken: u64 },
}

impl Input {
    fn next(&mut self, c: &mut Context<'_>) -> Result<Option<u8>> {
        match self {
            Self::Text { bytes, at } => {
                let byte = bytes.get(*at).copied();
                *at += usize::from(byte.is_some());
                Ok(byte)
            }
            Self::Stream { file, taken } => {
                let byte = c.take_any(*file, 1)?.first().copied();
                *taken += u64::from(byte.is_some());
                Ok(byte)
            }
        }
    }

    fn put_back(&mut self, c: &mut Context<'_>, byte: u8) -> Result<()> {
        match self {
            Self::Text { at, .. } => *at -= 1,
            Self::Stream { file, taken } => {
                *taken -= 1;
                c.put_back(*file, byte)?;
            }
        }
        Ok(())
    }

    /// How many bytes have been read.
    const fn count(&self) -> u64 {
        match self {
            Self::Text { at, .. } => *at as u64,
            Self::Stream { taken, .. } => *taken,
        }
    }

    /// Skips white space; `false` at the end.
    fn skip_space(&mut self, c: &mut Context<'_>) -> Result<bool> {
        loop {
            match self.next(c)? {
                None => return Ok(false),
                Some(byte) if is_space(byte) => {}
                Some(byte) => {
                    self.put_back(c, byte)?;
                    return Ok(true);
                }
            }
        }
    }

    /// Bytes as long as they are wanted, at most so many.
    fn while_wanted(
        &mut self,
        c: &mut Context<'_>,
        most: usize,
        mut wanted: impl FnMut(&[u8], u8) -> bool,
    ) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while bytes.len() < most {
            let Some(byte) = self.next(c)? else { break };
            if !wanted(&bytes, byte) {
                self.put_back(c, byte)?;
                break;
            }
            bytes.push(byte);
        }
        Ok(bytes)
    }
}

/// Whether a byte can go on an integer: signs, prefix and digits.
fn goes_on_integer(before: &[u8], byte: u8, base: u32) -> bool {
    let signed = matches!(before.first(), Some(b'+' | b'-'));
    let digits = &before[usize::from(signed)..];
    match byte {
        b'+' | b'-' => before.is_empty(),
        b'x' | b'X' if digits == b"0" && matches!(base, 0 | 16) => true,
        _ => {
            let hexadecimal = digits.len() >= 2 && digits[1].eq_ignore_ascii_case(&b'x');
            let octal = base == 0 && digits.first() == Some(&b'0') && !hexadecimal;
            let base = match base {
                0 if hexadecimal => 16,
                0 if octal => 8,
                0 => 10,
                base => base,
            };
            char::from(byte).is_digit(base)
        }
    }
}

/// A null pointer, as `printf` writes it.
const NIL: &[u8] = b"(nil)";

fn goes_on_nil(before: &[u8], byte: u8) -> bool {
    let wanted = NIL.get(before.len()).map(u8::to_ascii_lowercase);
    NIL[..before.len().min(NIL.len())].eq_ignore_ascii_case(before)
        && wanted == Some(byte.to_ascii_lowercase())
}

/// Whether a byte can go on a floating-point number.
fn goes_on_float(before: &[u8], byte: u8) -> bool {
    let signed = usize::from(matches!(before.first(), Some(b'+' | b'-')));
    let body = before[signed..].to_ascii_lowercase();
    let lower = byte.to_ascii_lowercase();
    for word in [&b"infinity"[..], b"nan"] {
        if word.starts_with(&body) && word.get(body.len()) == Some(&lower) {
            return true;
        }
    }
    if body.first().is_some_and(|first| matches!(first, b'i' | b'n')) {
        return false;
    }
    let hexadecimal = body.starts_with(b"0x");
    let letter = if hexadecimal { b'p' } else { b'e' };
    let power = body.iter().position(|it| *it == letter);
    match lower {
        b'+' | b'-' => before.is_empty() || power == body.len().checked_sub(1) && power.is_some(),
        b'.' => power.is_none() && !body.contains(&b'.'),
        b'x' => body == b"0",
        _ if lower == letter && power.is_none() => body.iter().any(u8::is_ascii_hexdigit),
        b'0'..=b'9' => true,
        b'a'..=b'f' => hexadecimal && power.is_none(),
        _ => false,
    }
}

/// A set of `%[`: the bytes in it, and where the format goes on.
fn set(format: &[u8], mut at: usize) -> Option<([bool; 256], usize)> {
    let mut members = [false; 256];
    let negated = format.get(at) == Some(&b'^');
    at += usize::from(negated);
    let first = at;
    loop {
        let byte = *format.get(at)?;
        if byte == b']' && at > first {
            break;
        }
        match (format.get(at + 1), format.get(at + 2)) {
            (Some(b'-'), Some(end)) if *end != b']' && *end >= byte => {
                members[usize::from(byte)..=usize::from(*end)].fill(true);
                at += 3;
            }
            _ => {
                members[usize::from(byte)] = true;
                at += 1;
            }
        }
    }
    if negated {
        members.iter_mut().for_each(|member| *member = !*member);
    }
    Some((members, at + 1))
}

/// One conversion, without its letter.
#[derive(Debug, Clone, Copy)]
struct Conversion {
    suppressed: bool,
    width: Option<usize>,
    /// A block of the heap is made (`m`).
    allocates: bool,
    length: Length,
}

/// What a conversion came to.
enum Step {
    Stored,
    Suppressed,
    /// It does not match.
    Mismatch,
    /// The input ended before it.
    End,
}

/// Scans.
pub(super) fn scan(
    c: &mut Context<'_>,
    input: &mut Source,
    format: &[u8],
    from: &mut Variable,
) -> Result<i32> {
    let input = &mut input.0;
    let mut assigned = 0;
    let mut at = 0;
    let ends = |assigned: i32| if assigned == 0 { EOF } else { assigned };
    while let Some(byte) = format.get(at).copied() {
        at += 1;
        if is_space(byte) {
            input.skip_space(c)?;
            continue;
        }
        let percent = byte == b'%' && format.get(at) == Some(&b'%');
        if byte != b'%' || percent {
            if percent {
                at += 1;
                input.skip_space(c)?;
            }
            match input.next(c)? {
                None => return Ok(ends(assigned)),
                Some(other) if other == byte => continue,
                Some(other) => {
                    input.put_back(c, other)?;
                    return Ok(assigned);
                }
            }
        }
        let suppressed = format.get(at) == Some(&b'*');
        at += usize::from(suppressed);
        let mut width = None;
        while let Some(digit) = format.get(at).filter(|byte| byte.is_ascii_digit()) {
            width =
                Some(width.unwrap_or(0_usize).saturating_mul(10).saturating_add(usize::from(digit - b'0')));
            at += 1;
        }
        let allocates = format.get(at) == Some(&b'm');
        at += usize::from(allocates);
        let length = length(format, &mut at);
        let Some(letter) = format.get(at).copied() else { return Ok(assigned) };
        at += 1;
        let it = Conversion { suppressed, width: width.filter(|width| *width > 0), allocates, length };
        if letter == b'n' {
            if !suppressed {
                let to = Ptr(c.variable_integer(from, CType::Pointer)? as u64);
                let bytes = length.bytes(c);
                let count = input.count();
                c.write_integer(to, count, bytes)?;
            }
            continue;
        }
        let members = if letter == b'[' {
            let Some((members, next)) = set(format, at) else { return Ok(assigned) };
            at = next;
            Some(members)
        } else {
            None
        };
        match convert(c, input, letter, members.as_ref(), it, from)? {
            Step::Stored => assigned += 1,
            Step::Suppressed => {}
            Step::Mismatch => return Ok(assigned),
            Step::End => return Ok(ends(assigned)),
        }
    }
    Ok(assigned)
}

/// Input, as callers outside hold it.
pub(super) struct Source(Input);

impl Source {
    pub(super) const fn stream(file: Ptr) -> Self {
        Self(Input::Stream { file, taken: 0 })
    }

    pub(super) const fn text(bytes: Vec<u8>) -> Self {
        Self(Input::Text { bytes, at: 0 })
    }
}

fn convert(
    c: &mut Context<'_>,
    input: &mut Input,
    letter: u8,
    members: Option<&[bool; 256]>,
    it: Conversion,
    from: &mut Variable,
) -> Result<Step> {
    let skips = !matches!(letter, b'c' | b'C' | b'[');
    let is_text = matches!(letter, b'c' | b'C' | b's' | b'S' | b'[');
    // Of what makes a block, nothing is left if it fails.
    let block_at = if is_text && it.allocates && !it.suppressed {
        let place = Ptr(c.variable_integer(from, CType::Pointer)? as u64);
        c.write_pointer(place, Ptr::NULL)?;
        Some(place)
    } else {
        None
    };
    if skips && !input.skip_space(c)? {
        return Ok(Step::End);
    }
    let most = it.width.unwrap_or(usize::MAX);
    match letter {
        b'd' | b'i' | b'o' | b'u' | b'x' | b'X' | b'p' => {
            let base = match letter {
                b'i' => 0,
                b'o' => 8,
                b'x' | b'X' | b'p' => 16,
                _ => 10,
            };
            let text = input.while_wanted(c, most, |before, byte| {
                goes_on_integer(before, byte, base) || letter == b'p' && goes_on_nil(before, byte)
            })?;
            if text == NIL {
                if it.suppressed {
                    return Ok(Step::Suppressed);
                }
                let to = Ptr(c.variable_integer(from, CType::Pointer)? as u64);
                c.write_pointer(to, Ptr::NULL)?;
                return Ok(Step::Stored);
            }
            let found = numbers::integer(&text, base);
            if found.length == 0 {
                return Ok(if text.is_empty() && input.next_is_end(c)? { Step::End } else { Step::Mismatch });
            }
            if it.suppressed {
                return Ok(Step::Suppressed);
            }
            let bytes = if letter == b'p' { c.model.pointer } else { it.length.bytes(c) };
            let signed = matches!(letter, b'd' | b'i');
            let value = stored(found, signed);
            let to = Ptr(c.variable_integer(from, CType::Pointer)? as u64);
            c.write_integer(to, value, bytes)?;
        }
        b'a' | b'A' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => {
            let text = input.while_wanted(c, most, goes_on_float)?;
            let found = numbers::float(&text);
            // What was read must be a number as a whole.
            if found.length == 0 || found.length < text.len() {
                return Ok(if text.is_empty() && input.next_is_end(c)? { Step::End } else { Step::Mismatch });
            }
            if it.suppressed {
                return Ok(Step::Suppressed);
            }
            let to = Ptr(c.variable_integer(from, CType::Pointer)? as u64);
            match it.length {
                Length::Long if c.model.double == 8 => {
                    let value = super::super::stdlib::double(c, &text, &found)?;
                    c.write_integer(to, value.to_bits(), 8)?;
                }
                Length::LongDouble => {
                    let value = super::super::stdlib::long_double(c, &text, &found)?;
                    c.write_long_double(to, &value.0)?;
                }
                _ => {
                    let value = super::super::stdlib::single(c, &text, &found)?;
                    c.write_integer(to, value.to_bits().into(), 4)?;
                }
            }
        }
        b'c' | b'C' | b's' | b'S' | b'[' => {
            let text = match (letter, members) {
                (b'c' | b'C', _) => {
                    let count = it.width.unwrap_or(1);
                    input.while_wanted(c, count, |_, _| true)?
                }
                (_, Some(members)) => input.while_wanted(c, most, |_, byte| members[usize::from(byte)])?,
                _ => input.while_wanted(c, most, |_, byte| !is_space(byte))?,
            };
            let is_characters = matches!(letter, b'c' | b'C');
            if text.is_empty() {
                return Ok(if input.next_is_end(c)? { Step::End } else { Step::Mismatch });
            }
            if is_characters && text.len() < it.width.unwrap_or(1) {
                return Ok(Step::End);
            }
            if it.suppressed {
                return Ok(Step::Suppressed);
            }
            let wide = it.length == Length::Long || matches!(letter, b'C' | b'S');
            let mut bytes = if wide { c.wide_bytes(&text)? } else { text };
            if !is_characters {
                bytes.extend(std::iter::repeat_n(0, if wide { c.model.wide.into() } else { 1 }));
            }
            let to = match block_at {
                Some(place) => {
                    let Some(block) = c.malloc(bytes.len() as u64)? else { return Ok(Step::End) };
                    c.write_pointer(place, block)?;
                    block
                }
                None => Ptr(c.variable_integer(from, CType::Pointer)? as u64),
            };
            c.write(to, &bytes)?;
        }
        _ => return Ok(Step::Mismatch),
    }
    Ok(Step::Stored)
}

/// An integer as it is stored: what does not fit into the widest types is
/// their limit, as of `strtol`.
const fn stored(found: numbers::Integer, signed: bool) -> u64 {
    if signed {
        let limit = if found.negative { 1_u128 << 63 } else { (1 << 63) - 1 };
        let magnitude = if found.magnitude < limit { found.magnitude } else { limit } as u64;
        if found.negative { magnitude.wrapping_neg() } else { magnitude }
    } else {
        match found.magnitude {
            0..=0xffff_ffff_ffff_ffff if found.negative => (found.magnitude as u64).wrapping_neg(),
            0..=0xffff_ffff_ffff_ffff => found.magnitude as u64,
            _ => u64::MAX,
        }
    }
}

impl Input {
    fn next_is_end(&mut self, c: &mut Context<'_>) -> Result<bool> {
        match self.next(c)? {
            None => Ok(true),
            Some(byte) => {
                self.put_back(c, byte)?;
                Ok(false)
            }
        }
    }
}

fn of_stream(c: &mut Context<'_>, file: Ptr, format: Ptr, mut from: Variable) -> Result<i32> {
    let format = c.text(format)?;
    if !c.turn(file, -1)? {
        return Ok(EOF);
    }
    scan(c, &mut Source::stream(file), &format, &mut from)
}

fn of_text(c: &mut Context<'_>, text: Ptr, format: Ptr, mut from: Variable) -> Result<i32> {
    let (text, format) = (c.text(text)?, c.text(format)?);
    scan(c, &mut Source::text(text), &format, &mut from)
}

impl Characters for Bytes {
    fn print(c: &mut Context<'_>, file: Ptr, format: Ptr, from: Variable) -> Result<i32> {
        print::to_stream(c, file, format, from)
    }

    fn store(c: &mut Context<'_>, to: Ptr, size: u64, format: Ptr, from: Variable) -> Result<i32> {
        print::to_memory(c, to, size, format, from)
    }

    fn scan(c: &mut Context<'_>, file: Ptr, format: Ptr, from: Variable) -> Result<i32> {
        of_stream(c, file, format, from)
    }

    fn scan_text(c: &mut Context<'_>, text: Ptr, format: Ptr, from: Variable) -> Result<i32> {
        of_text(c, text, format, from)
    }
}
