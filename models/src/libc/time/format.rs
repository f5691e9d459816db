//! `strftime` in the locale `C`, with the flags of the GNU library.

use super::{calendar::Date, zone::Zone};

pub(crate) const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A name of a list, or a question mark.
pub(super) fn named(list: &[&'static str], index: i32, letters: usize) -> &'static str {
    match usize::try_from(index).ok().and_then(|index| list.get(index)) {
        Some(name) => &name[..letters.min(name.len())],
        None => "?",
    }
}

/// Of `%` and its letter: `_`, `-`, `0`, `^`, `#`, and a width.
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    pad: Option<u8>,
    upper: bool,
    swapped: bool,
    width: Option<usize>,
}

/// The widest field.
const WIDEST: usize = 1 << 16;
/// Formats within formats: `%c` and the like, which have no others.
const DEEPEST: u32 = 4;

/// Formats a date.
pub(crate) fn format(format: &[u8], date: &Date, zone_name: &str, zone: &Zone) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, format, date, zone_name, zone, false, 0);
    out
}

fn write(
    out: &mut Vec<u8>,
    format: &[u8],
    date: &Date,
    zone_name: &str,
    zone: &Zone,
    upper: bool,
    depth: u32,
) {
    let mut at = 0;
    while let Some(byte) = format.get(at).copied() {
        at += 1;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let start = at - 1;
        let mut flags = Flags { upper, ..Flags::default() };
        while let Some(flag) = format.get(at) {
            match flag {
                b'_' | b'-' | b'0' => flags.pad = Some(*flag),
                b'^' => flags.upper = true,
                b'#' => flags.swapped = true,
                _ => break,
            }
            at += 1;
        }
        while let Some(digit) = format.get(at).filter(|byte| byte.is_ascii_digit()) {
            let width = flags.width.unwrap_or(0) * 10 + usize::from(digit - b'0');
            flags.width = Some(width.min(WIDEST));
            at += 1;
        }
        let modifier = format.get(at).copied().filter(|letter| matches!(letter, b'E' | b'O'));
        at += usize::from(modifier.is_some());
        let Some(letter) = format.get(at).copied() else {
            text(out, flags, &String::from_utf8_lossy(&format[start..]));
            return;
        };
        at += 1;
        let known = match modifier {
            Some(b'E') => !b"aAbBdDeFgGhHIjklmMSUVwW".contains(&letter),
            Some(_) => !b"aAcDFxXY".contains(&letter),
            None => true,
        };
        if !known || !convert(out, letter, flags, date, zone_name, zone, depth) {
            text(out, flags, &String::from_utf8_lossy(&format[start..at]));
        }
    }
}

fn text(out: &mut Vec<u8>, flags: Flags, text: &str) {
    let padding = flags.width.unwrap_or(0).saturating_sub(text.len());
    let with = if flags.pad == Some(b'0') { b'0' } else { b' ' };
    out.extend(std::iter::repeat_n(with, padding));
    let text = if flags.upper { text.to_ascii_uppercase() } else { text.to_owned() };
    out.extend_from_slice(text.as_bytes());
}

/// A number of at least so many digits, padded with a byte unless a flag says
/// otherwise.
fn number(out: &mut Vec<u8>, flags: Flags, value: i64, digits: usize, pad: u8) {
    let pad = match flags.pad {
        Some(b'_') => b' ',
        Some(b'0') => b'0',
        Some(_) => b'-',
        None => pad,
    };
    let shown = value.unsigned_abs().to_string();
    let sign = usize::from(value < 0);
    let wanted = flags.width.unwrap_or(0).max(if pad == b'-' { 0 } else { digits });
    let padding = wanted.saturating_sub(shown.len() + sign);
    if pad != b'0' {
        out.extend(std::iter::repeat_n(b' ', padding));
    }
    if value < 0 {
        out.push(b'-');
    }
    if pad == b'0' {
        out.extend(std::iter::repeat_n(b'0', padding));
    }
    out.extend_from_slice(shown.as_bytes());
}

fn convert(
    out: &mut Vec<u8>,
    letter: u8,
    flags: Flags,
    date: &Date,
    zone_name: &str,
    zone: &Zone,
    depth: u32,
) -> bool {
    let year = i64::from(date.year) + 1900;
    let name_flags = Flags { upper: flags.upper || flags.swapped, ..flags };
    let composed = |out: &mut Vec<u8>, format: &[u8]| {
        let mut inner = Vec::new();
        if depth < DEEPEST {
            write(&mut inner, format, date, zone_name, zone, flags.upper, depth + 1);
        }
        text(out, Flags { upper: false, ..flags }, &String::from_utf8_lossy(&inner));
    };
    let twelve = match date.hour {
        0 => 12,
        13.. => date.hour - 12,
        hour => hour,
    };
    match letter {
        b'%' => text(out, flags, "%"),
        b'n' => text(out, flags, "\n"),
        b't' => text(out, flags, "\t"),
        b'a' => text(out, name_flags, named(&DAYS, date.weekday, 3)),
        b'A' => text(out, name_flags, named(&DAYS, date.weekday, 9)),
        b'b' | b'h' => text(out, name_flags, named(&MONTHS, date.month, 3)),
        b'B' => text(out, name_flags, named(&MONTHS, date.month, 9)),
        b'c' => composed(out, b"%a %b %e %H:%M:%S %Y"),
        b'C' => number(out, flags, year.div_euclid(100), 1, b'0'),
        b'd' => number(out, flags, date.day.into(), 2, b'0'),
        b'D' | b'x' => composed(out, b"%m/%d/%y"),
        b'e' => number(out, flags, date.day.into(), 2, b' '),
        b'F' => composed(out, b"%Y-%m-%d"),
        b'g' => number(out, flags, date.iso_week().0.rem_euclid(100), 2, b'0'),
        b'G' => number(out, flags, date.iso_week().0, if flags.pad.is_some() { 4 } else { 1 }, b'0'),
        b'H' => number(out, flags, date.hour.into(), 2, b'0'),
        b'I' => number(out, flags, twelve.into(), 2, b'0'),
        b'j' => number(out, flags, i64::from(date.yearday) + 1, 3, b'0'),
        b'k' => number(out, flags, date.hour.into(), 2, b' '),
        b'l' => number(out, flags, twelve.into(), 2, b' '),
        b'm' => number(out, flags, i64::from(date.month) + 1, 2, b'0'),
        b'M' => number(out, flags, date.minute.into(), 2, b'0'),
        b'p' if flags.swapped => text(out, flags, if date.hour > 11 { "pm" } else { "am" }),
        b'p' => text(out, flags, if date.hour > 11 { "PM" } else { "AM" }),
        b'P' => text(out, Flags { upper: false, ..flags }, if date.hour > 11 { "pm" } else { "am" }),
        b'r' => composed(out, b"%I:%M:%S %p"),
        b'R' => composed(out, b"%H:%M"),
        b's' => {
            let time = zone.time_of(date);
            number(out, flags, time, 1, b' ');
        }
        b'S' => number(out, flags, date.second.into(), 2, b'0'),
        b'T' | b'X' => composed(out, b"%H:%M:%S"),
        b'u' => number(out, flags, (i64::from(date.weekday) + 6).rem_euclid(7) + 1, 1, b'0'),
        b'U' => number(out, flags, i64::from(date.yearday - date.weekday + 7) / 7, 2, b'0'),
        b'V' => number(out, flags, date.iso_week().1, 2, b'0'),
        b'w' => number(out, flags, date.weekday.into(), 1, b'0'),
        b'W' => {
            let monday = (i64::from(date.weekday) + 6).rem_euclid(7);
            number(out, flags, (i64::from(date.yearday) - monday + 7) / 7, 2, b'0');
        }
        b'y' => number(out, flags, year.rem_euclid(100), 2, b'0'),
        b'Y' => number(out, flags, year, if flags.pad.is_some() { 4 } else { 1 }, b'0'),
        b'z' => {
            if date.daylight >= 0 {
                // An `int` in glibc.
                let minutes = i64::from(date.offset as i32).abs() / 60;
                text(out, flags, if date.offset < 0 { "-" } else { "+" });
                number(out, flags, minutes / 60 * 100 + minutes % 60, 4, b'0');
            }
        }
        b'Z' => {
            let name = if flags.swapped { zone_name.to_ascii_lowercase() } else { zone_name.to_owned() };
            text(out, flags, &name);
        }
        _ => return false,
    }
    true
}
