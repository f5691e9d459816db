//! Format strings of `printf` (C99 7.19.6.1, with POSIX's numbered arguments
//! and apostrophes).

use super::{
    super::{
        context::Context,
        error::Result,
        exact::{Format, Number},
        fenv::Rounding,
        numbers::{self, Style},
        types::{CType, Ptr},
        variable::Variable,
    },
    digits::Writer,
    length::{Length, length},
};
use crate::errno::Errno;

#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    left: bool,
    plus: bool,
    space: bool,
    alternative: bool,
    zero: bool,
    /// Characters are counted, not bytes.
    wide: bool,
    /// Two that change nothing here, but are written again where the conversion
    /// is unknown.
    grouped: bool,
    localised: bool,
}

/// A width or a precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Amount {
    None,
    Given(usize),
    /// The next argument, or the one of a number.
    Argument(Option<usize>),
}

/// A conversion, as it is written.
#[derive(Debug, Clone, Copy)]
struct Conversion {
    /// Its argument, where they are numbered: from 1.
    argument: Option<usize>,
    flags: Flags,
    width: Amount,
    precision: Amount,
    length: Length,
    letter: u8,
}

/// Nothing is wider than this, but what is too wide for glibc as well.
const WIDEST: usize = 1 << 28;
/// What is wider than an `int` can tell is an error of the format.
const OVERFLOW: usize = i32::MAX as usize;
/// The most numbered arguments.
const MOST_ARGUMENTS: usize = 512;

pub(crate) fn number(text: &[u8], at: &mut usize) -> Option<usize> {
    let start = *at;
    let mut value = 0_usize;
    while let Some(digit) = text.get(*at).filter(|byte| byte.is_ascii_digit()) {
        value = value.saturating_mul(10).saturating_add(usize::from(digit - b'0'));
        *at += 1;
    }
    (*at > start).then_some(value)
}

/// `3$` of a numbered argument.
fn numbered(text: &[u8], at: &mut usize) -> Option<usize> {
    let mut ahead = *at;
    let value = number(text, &mut ahead)?;
    if text.get(ahead) != Some(&b'$') || value == 0 || value > MOST_ARGUMENTS {
        return None;
    }
    *at = ahead + 1;
    Some(value)
}

fn amount(text: &[u8], at: &mut usize) -> Amount {
    if text.get(*at) == Some(&b'*') {
        *at += 1;
        return Amount::Argument(numbered(text, at));
    }
    number(text, at).map_or(Amount::None, Amount::Given)
}

/// Reads a conversion from behind its percent sign.
fn conversion(text: &[u8], at: &mut usize) -> Option<Conversion> {
    let argument = numbered(text, at);
    let mut flags = Flags::default();
    loop {
        match text.get(*at)? {
            b'-' => flags.left = true,
            b'+' => flags.plus = true,
            b' ' => flags.space = true,
            b'#' => flags.alternative = true,
            b'0' => flags.zero = true,
            // Groups of thousands: there are none in the locale C.
            b'\'' => flags.grouped = true,
            b'I' => flags.localised = true,
            _ => break,
        }
        *at += 1;
    }
    let width = amount(text, at);
    let mut precision = Amount::None;
    if text.get(*at) == Some(&b'.') {
        *at += 1;
        // A negative precision is none, and a missing one is zero.
        if text.get(*at) == Some(&b'-') {
            *at += 1;
            number(text, at);
        } else {
            precision = match amount(text, at) {
                Amount::None => Amount::Given(0),
                other => other,
            };
        }
    }
    let length = length(text, at);
    let letter = *text.get(*at)?;
    *at += 1;
    Some(Conversion { argument, flags, width, precision, length, letter })
}

/// An argument as it was fetched.
#[derive(Debug, Clone)]
enum Value {
    Integer(i128),
    Float(f64),
    Long(Number),
}

/// Where arguments come from: one after the other, or by their numbers.
struct Arguments<'v> {
    from: &'v mut Variable,
    numbered: Option<Vec<Value>>,
}

impl Conversion {
    /// The type of its argument.
    fn ctype(&self) -> Option<CType> {
        Some(match self.letter {
            b'd' | b'i' => self.length.ctype(true),
            b'o' | b'u' | b'x' | b'X' | b'b' | b'B' => self.length.ctype(false),
            b'c' if self.length == Length::Long => CType::Wide,
            b'C' => CType::Wide,
            b'c' => CType::Int,
            b's' | b'S' | b'p' | b'n' => CType::Pointer,
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A' => CType::Double,
            _ => return None,
        })
    }
}

impl Arguments<'_> {
    /// All numbered arguments: their types are those of the conversions.
    fn collect(&mut self, c: &mut Context<'_>, format: &[u8]) -> Result<()> {
        let mut types: Vec<Option<(CType, bool)>> = Vec::new();
        let mut note = |place: usize, ctype: CType, long: bool| {
            if types.len() < place {
                types.resize(place, None);
            }
            types[place - 1] = Some((ctype, long));
        };
        let mut at = 0;
        while let Some(percent) = format[at..].iter().position(|byte| *byte == b'%') {
            at += percent + 1;
            let Some(it) = conversion(format, &mut at) else { break };
            for amount in [it.width, it.precision] {
                if let Amount::Argument(Some(place)) = amount {
                    note(place, CType::Int, false);
                }
            }
            if let (Some(place), Some(ctype)) = (it.argument, it.ctype()) {
                note(place, ctype, it.length == Length::LongDouble);
            }
        }
        let mut values = Vec::new();
        for slot in types {
            let (ctype, long) = slot.unwrap_or((CType::Int, false));
            values.push(fetch(c, self.from, ctype, long)?);
        }
        self.numbered = Some(values);
        Ok(())
    }

    fn next(&mut self, c: &mut Context<'_>, place: Option<usize>, ctype: CType, long: bool) -> Result<Value> {
        match (place, &self.numbered) {
            (Some(place), Some(values)) => Ok(values.get(place - 1).cloned().unwrap_or(Value::Integer(0))),
            _ => fetch(c, self.from, ctype, long),
        }
    }

    fn integer(&mut self, c: &mut Context<'_>, place: Option<usize>, ctype: CType) -> Result<i128> {
        Ok(match self.next(c, place, ctype, false)? {
            Value::Integer(value) => value,
            Value::Float(_) | Value::Long(_) => 0,
        })
    }

    fn amount(&mut self, c: &mut Context<'_>, amount: Amount) -> Result<Option<i64>> {
        Ok(match amount {
            Amount::None => None,
            Amount::Given(value) => Some(value.min(WIDEST) as i64),
            Amount::Argument(place) => {
                let value = self.integer(c, place, CType::Int)?;
                Some((value as i64).clamp(-(WIDEST as i64), WIDEST as i64))
            }
        })
    }
}

fn fetch(c: &mut Context<'_>, from: &mut Variable, ctype: CType, long: bool) -> Result<Value> {
    Ok(match ctype {
        CType::Double if long => Value::Long(c.variable_long_double(from)?),
        CType::Double => Value::Float(c.variable_double(from)?),
        _ => Value::Integer(c.variable_integer(from, ctype)?),
    })
}

/// What a format came to.
pub(crate) enum Formatted {
    Text(Vec<u8>),
    /// A character has no bytes in this locale: `EILSEQ`.
    NoCharacter,
    /// It would be longer than an `int` can tell: `EOVERFLOW`.
    TooLong,
}

impl Formatted {
    /// The text, or `None` with `errno`.
    pub(super) fn text(self, c: &mut Context<'_>) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Text(text) => return Ok(Some(text)),
            Self::NoCharacter => c.set_errno(Errno::EILSEQ)?,
            Self::TooLong => c.set_errno(Errno::EOVERFLOW)?,
        }
        Ok(None)
    }
}

/// Digits with zeros before them, so that they are so many. (Rust's own formats
/// have a limit.)
fn zero_filled(digits: &str, count: usize) -> String {
    let missing = count.saturating_sub(digits.len());
    let mut text = String::with_capacity(digits.len() + missing);
    text.extend(std::iter::repeat_n('0', missing));
    text.push_str(digits);
    text
}

/// A number with its sign or prefix, padded.
fn pad(out: &mut Vec<u8>, sign: &str, body: &[u8], width: usize, flags: Flags, zeros: bool) {
    let is_first = |byte: &&u8| !flags.wide || **byte & 0xc0 != 0x80;
    let length = sign.len() + body.iter().filter(is_first).count();
    let padding = width.saturating_sub(length);
    if !flags.left && !zeros {
        out.resize(out.len() + padding, b' ');
    }
    out.extend_from_slice(sign.as_bytes());
    if !flags.left && zeros {
        out.resize(out.len() + padding, b'0');
    }
    out.extend_from_slice(body);
    if flags.left {
        out.resize(out.len() + padding, b' ');
    }
}

/// A conversion that there is not, as glibc writes it again: without the letters
/// of its length.
fn unknown(out: &mut Vec<u8>, letter: u8, flags: Flags, width: usize, precision: Option<usize>) {
    out.push(b'%');
    let signs = if flags.plus { Some(b'+') } else { flags.space.then_some(b' ') };
    let all = [
        flags.alternative.then_some(b'#'),
        flags.grouped.then_some(b'\''),
        signs,
        if flags.left { Some(b'-') } else { flags.zero.then_some(b'0') },
        flags.localised.then_some(b'I'),
    ];
    out.extend(all.into_iter().flatten());
    if width > 0 {
        out.extend(width.to_string().bytes());
    }
    if let Some(precision) = precision {
        out.extend(format!(".{precision}").bytes());
    }
    out.push(letter);
}

const fn sign_of(negative: bool, flags: Flags) -> &'static str {
    match (negative, flags.plus, flags.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    }
}

impl Context<'_> {
    /// Formats. The counts of `%n` are written.
    pub(crate) fn format(&mut self, format: &[u8], from: &mut Variable) -> Result<Formatted> {
        let mut arguments = Arguments { from, numbered: None };
        let mut probe = 0;
        if let Some(percent) = format.iter().position(|byte| *byte == b'%') {
            probe += percent + 1;
            let is_numbered = numbered(format, &mut probe).is_some();
            if is_numbered || format.windows(2).any(|pair| pair[0].is_ascii_digit() && pair[1] == b'$') {
                arguments.collect(self, format)?;
            }
        }
        let mut out = Vec::with_capacity(format.len());
        let mut at = 0;
        while let Some(percent) = format[at..].iter().position(|byte| *byte == b'%') {
            out.extend_from_slice(&format[at..at + percent]);
            at += percent + 1;
            let Some(it) = conversion(format, &mut at) else {
                // Incomplete: nothing more is written.
                return Ok(Formatted::Text(out));
            };
            let is_too_wide = |amount| matches!(amount, Amount::Given(value) if value > OVERFLOW);
            if is_too_wide(it.width) || is_too_wide(it.precision) {
                return Ok(Formatted::TooLong);
            }
            if !self.convert(&it, &mut arguments, &mut out)? {
                return Ok(Formatted::NoCharacter);
            }
            if out.len() >= WIDEST {
                return self.misuse("a format that makes 256 MiB or more");
            }
        }
        out.extend_from_slice(&format[at..]);
        Ok(Formatted::Text(out))
    }

    /// A number of a format without its sign, as a conversion writes it.
    fn digits_of(&mut self, letter: u8, style: Style, number: &Number, format: Format) -> String {
        let Number::Finite(exact) = number else {
            let text = match (number.is_nan(), style.upper) {
                (true, false) => "nan",
                (true, true) => "NAN",
                (false, false) => "inf",
                (false, true) => "INF",
            };
            return text.to_owned();
        };
        let rounding = self.rounding();
        if format == Format::DOUBLE && rounding == Rounding::Nearest {
            let value = number.to_double().abs();
            return match letter {
                b'e' => numbers::scientific(value, style),
                b'f' => numbers::fixed(value, style),
                b'g' => numbers::general(value, style),
                _ => numbers::hexadecimal_form(value, style),
            };
        }
        let writer = Writer { exact, style, rounding };
        match letter {
            b'e' => writer.scientific(),
            b'f' => writer.fixed(),
            b'g' => writer.general(),
            _ => writer.hexadecimal(format),
        }
    }

    /// A number by a format of `strfromd`: a precision and a letter (ISO/IEC TS
    /// 18661-1, 11).
    pub(crate) fn number_by(&mut self, text: &[u8], number: &Number, format: Format) -> Option<Vec<u8>> {
        let mut at = usize::from(text.first() == Some(&b'%'));
        let mut precision = None;
        if text.get(at) == Some(&b'.') {
            at += 1;
            precision = Some(self::number(text, &mut at).unwrap_or(0));
        }
        let letter = *text.get(at).filter(|letter| b"aAeEfFgG".contains(letter))?;
        if at == 0 || text.len() > at + 1 || precision.is_some_and(|it| it >= WIDEST) {
            return None;
        }
        let style = Style { alternative: false, upper: letter.is_ascii_uppercase(), precision };
        let digits = self.digits_of(letter.to_ascii_lowercase(), style, number, format);
        let sign = if number.is_negative() { "-" } else { "" };
        Some(format!("{sign}{digits}").into_bytes())
    }

    /// At most so many characters of a text of the locale; `None` if it is
    /// none.
    fn characters_within(&self, text: &[u8], limit: Option<usize>) -> Option<String> {
        let limit = limit.unwrap_or(usize::MAX);
        let valid = match std::str::from_utf8(text) {
            Ok(text) => text,
            // What is behind the limit does not count.
            Err(error) => std::str::from_utf8(text.get(..error.valid_up_to())?)
                .ok()
                .filter(|text| text.chars().count() >= limit)?,
        };
        let taken: String = valid.chars().take(limit).collect();
        (self.state.is_utf8() || taken.is_ascii()).then_some(taken)
    }

    /// `false` if a wide character has no bytes.
    fn convert(&mut self, it: &Conversion, arguments: &mut Arguments<'_>, out: &mut Vec<u8>) -> Result<bool> {
        let mut flags = it.flags;
        let width = arguments.amount(self, it.width)?.unwrap_or(0);
        flags.left |= width < 0;
        flags.wide = self.wide_format;
        let width = width.unsigned_abs() as usize;
        let precision = arguments.amount(self, it.precision)?.and_then(|value| usize::try_from(value).ok());
        match it.letter {
            b'%' => out.push(b'%'),
            b'd' | b'i' => {
                let value = arguments.integer(self, it.argument, it.length.ctype(true))?;
                let shift = 128 - 8 * u32::from(it.length.bytes(self));
                let value = value << shift >> shift;
                let digits = if value == 0 && precision == Some(0) {
                    String::new()
                } else {
                    zero_filled(&value.unsigned_abs().to_string(), precision.unwrap_or(1))
                };
                let zeros = flags.zero && precision.is_none();
                pad(out, sign_of(value < 0, flags), digits.as_bytes(), width, flags, zeros);
            }
            b'o' | b'u' | b'x' | b'X' | b'b' | b'B' => {
                let value = arguments.integer(self, it.argument, it.length.ctype(false))?;
                let shift = 128 - 8 * u32::from(it.length.bytes(self));
                let value = (value as u128) << shift >> shift;
                let digits = match it.letter {
                    b'o' => format!("{value:o}"),
                    b'u' => format!("{value}"),
                    b'x' => format!("{value:x}"),
                    b'X' => format!("{value:X}"),
                    _ => format!("{value:b}"),
                };
                let digits = if value == 0 && precision == Some(0) { String::new() } else { digits };
                let mut digits = zero_filled(&digits, precision.unwrap_or(0));
                let mut prefix = "";
                if flags.alternative {
                    match it.letter {
                        b'o' if !digits.starts_with('0') => digits.insert(0, '0'),
                        b'x' if value != 0 => prefix = "0x",
                        b'X' if value != 0 => prefix = "0X",
                        b'b' if value != 0 => prefix = "0b",
                        b'B' if value != 0 => prefix = "0B",
                        _ => {}
                    }
                }
                let zeros = flags.zero && precision.is_none();
                pad(out, prefix, digits.as_bytes(), width, flags, zeros);
            }
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A' => {
                let long = it.length == Length::LongDouble;
                let value = arguments.next(self, it.argument, CType::Double, long)?;
                let upper = it.letter.is_ascii_uppercase();
                let style = Style { alternative: flags.alternative, upper, precision };
                let number = match &value {
                    Value::Float(value) => Number::of_double(*value),
                    Value::Long(number) => number.clone(),
                    Value::Integer(_) => Number::zero(false),
                };
                let sign = sign_of(number.is_negative(), flags);
                let format = if long { self.long_format()? } else { Format::DOUBLE };
                let letter = it.letter.to_ascii_lowercase();
                let text = self.digits_of(letter, style, &number, format);
                if !number.is_finite() {
                    pad(out, sign, text.as_bytes(), width, flags, false);
                    return Ok(true);
                }
                if letter == b'a' {
                    // The zeros stand behind the prefix.
                    let (prefix, digits) = text.split_at(2);
                    let sign = format!("{sign}{prefix}");
                    pad(out, &sign, digits.as_bytes(), width, flags, flags.zero);
                    return Ok(true);
                }
                pad(out, sign, text.as_bytes(), width, flags, flags.zero);
            }
            b'c' if it.length != Length::Long => {
                let byte = arguments.integer(self, it.argument, CType::Int)? as u8;
                if flags.wide && byte >= 0x80 {
                    return Ok(false);
                }
                pad(out, "", &[byte], width, flags, false);
            }
            b'c' | b'C' => {
                let wide = arguments.integer(self, it.argument, CType::Wide)? as u32;
                let Some(bytes) = self.formatted_character(wide) else { return Ok(false) };
                pad(out, "", &bytes, width, flags, false);
            }
            b's' if it.length != Length::Long => {
                let address = Ptr(arguments.integer(self, it.argument, CType::Pointer)? as u64);
                let text = match (address.is_null(), precision) {
                    (true, Some(limit)) if limit < 6 => Vec::new(),
                    (true, _) => b"(null)".to_vec(),
                    // A character has at most four bytes.
                    (false, Some(limit)) if flags.wide => self.text_within(address, 4 * limit as u64)?,
                    (false, Some(limit)) => self.text_within(address, limit as u64)?,
                    (false, None) => self.text(address)?,
                };
                if flags.wide {
                    let Some(text) = self.characters_within(&text, precision) else { return Ok(false) };
                    pad(out, "", text.as_bytes(), width, flags, false);
                    return Ok(true);
                }
                pad(out, "", &text, width, flags, false);
            }
            b's' | b'S' => {
                let address = Ptr(arguments.integer(self, it.argument, CType::Pointer)? as u64);
                let mut text = Vec::new();
                if address.is_null() {
                    text.extend_from_slice(b"(null)");
                } else {
                    let size = u64::from(self.model.wide);
                    let limit = precision.unwrap_or(super::super::context::LONGEST);
                    let mut count = 0;
                    for index in 0.. {
                        if count >= limit {
                            break;
                        }
                        let wide = self.read_integer(address.add(index * size), size as u8)? as u32;
                        if wide == 0 {
                            break;
                        }
                        let Some(bytes) = self.formatted_character(wide) else { return Ok(false) };
                        if flags.wide {
                            count += 1;
                        } else {
                            count += bytes.len();
                        }
                        if count > limit {
                            break;
                        }
                        text.extend(bytes);
                    }
                }
                pad(out, "", &text, width, flags, false);
            }
            b'p' => {
                let value = arguments.integer(self, it.argument, CType::Pointer)? as u64;
                let text = if value == 0 { "(nil)".to_owned() } else { format!("{value:x}") };
                let prefix = if value == 0 { String::new() } else { format!("{}0x", sign_of(false, flags)) };
                pad(out, &prefix, text.as_bytes(), width, flags, flags.zero && value != 0);
            }
            b'n' => {
                let address = Ptr(arguments.integer(self, it.argument, CType::Pointer)? as u64);
                let bytes = it.length.bytes(self);
                let is_first = |byte: &&u8| !flags.wide || **byte & 0xc0 != 0x80;
                let count = out.iter().filter(is_first).count();
                self.write_integer(address, count as u64, bytes)?;
            }
            b'm' => {
                let at = Ptr(self.state.layout.errno);
                let number = self.read_int(at)?;
                let text = if flags.alternative {
                    super::super::string::error_name(self, number).into_bytes()
                } else {
                    super::super::string::error_text(self, number)
                };
                pad(out, "", &text, width, flags, false);
            }
            letter => unknown(out, letter, flags, width, precision),
        }
        Ok(true)
    }
}
