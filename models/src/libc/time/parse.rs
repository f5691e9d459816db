//! `strptime` in the locale `C`.

use super::{
    super::ctype::is_space,
    calendar::{DAY, Date, date_of, days_to},
    format::{DAYS, MONTHS},
    zone::Zone,
};

/// What has been read besides the fields themselves.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    century: Option<i32>,
    year_of_century: Option<i32>,
    afternoon: Option<bool>,
    twelve: bool,
    month: bool,
    day: bool,
    year: bool,
    yearday: bool,
    weekday: bool,
    /// The week of the year, and whether it begins on Monday.
    week: Option<(i32, bool)>,
}

/// Formats within formats: `%D` and the like have no others.
const DEEPEST: u32 = 4;

/// Reads a date; how many bytes of the text it took. What is not in the text
/// is left as it was.
pub(super) fn parse(text: &[u8], format: &[u8], date: &mut Date, zone: &Zone) -> Option<usize> {
    parse_some(text, format, date, zone).map(|(length, _)| length)
}

/// The same, and whether the text has a day of the week.
pub(super) fn parse_some(text: &[u8], format: &[u8], date: &mut Date, zone: &Zone) -> Option<(usize, bool)> {
    let mut seen = Seen::default();
    let mut at = 0;
    read(text, &mut at, format, (date, zone), &mut seen, 0)?;
    finish(date, seen);
    Some((at, seen.weekday))
}

/// Fields that follow from others.
fn finish(date: &mut Date, seen: Seen) {
    if let (true, Some(afternoon)) = (seen.twelve, seen.afternoon) {
        date.hour = date.hour % 12 + if afternoon { 12 } else { 0 };
    }
    match (seen.century, seen.year_of_century) {
        (Some(century), Some(year)) => date.year = century * 100 - 1900 + year,
        (Some(century), None) => date.year = date.year % 100 + (century - 19) * 100,
        _ => {}
    }
    let year = i64::from(date.year) + 1900;
    let any_year = seen.year || seen.century.is_some() || seen.year_of_century.is_some();
    if let (Some((week, monday)), true, false) = (seen.week, seen.weekday, seen.month && seen.day) {
        let first = (days_to(year, 0) + 4).rem_euclid(7);
        let shift = i64::from(monday);
        let offset = (i64::from(date.weekday) - shift).rem_euclid(7);
        let yearday = (7 - (first - shift)).rem_euclid(7) + (i64::from(week) - 1) * 7 + offset;
        // The month in which it would be, also before the year and behind it.
        let begin =
            |month: i64| days_to(year + month.div_euclid(12), month.rem_euclid(12)) - days_to(year, 0);
        let month = (0..=12).rev().find(|month| begin(*month) <= yearday);
        date.yearday = yearday as i32;
        date.month = month.unwrap_or(-1) as i32;
        date.day = (yearday - month.map_or(0, begin)) as i32 + 1;
        return;
    }
    let computes = any_year || seen.month || seen.day;
    if computes
        && seen.yearday
        && !seen.weekday
        && !(seen.month && seen.day)
        && let Some(found) = date_of((days_to(year, 0) + i64::from(date.yearday)) * DAY, 0)
    {
        if !seen.month {
            date.month = found.month;
        }
        if !seen.day {
            date.day = found.day;
        }
    }
    if computes && (0..12).contains(&date.month) {
        let days = days_to(year, date.month.into()) + i64::from(date.day) - 1;
        if !seen.weekday {
            date.weekday = (days + 4).rem_euclid(7) as i32;
        }
        if !seen.yearday {
            date.yearday = (days - days_to(year, 0)) as i32;
        }
    }
}

fn skip(text: &[u8], at: &mut usize) {
    while text.get(*at).is_some_and(|byte| is_space(*byte)) {
        *at += 1;
    }
}

/// A number of at most so many digits, within a range.
fn number(text: &[u8], at: &mut usize, digits: usize, low: i32, high: i32) -> Option<i32> {
    skip(text, at);
    let rest = text.get(*at..)?;
    let count = rest.iter().take(digits).take_while(|byte| byte.is_ascii_digit()).count();
    let value = rest[..count].iter().fold(0, |value, byte| value * 10 + i32::from(byte - b'0'));
    *at += count;
    (count > 0 && (low..=high).contains(&value)).then_some(value)
}

/// The longest of the names, or its first three letters.
fn name(text: &[u8], at: &mut usize, names: &[&str]) -> Option<i32> {
    let rest = text.get(*at..)?;
    for (index, name) in names.iter().enumerate() {
        for length in [name.len(), 3] {
            if rest.len() >= length && rest[..length].eq_ignore_ascii_case(&name.as_bytes()[..length]) {
                *at += length;
                return Some(index as i32);
            }
        }
    }
    None
}

fn read(
    text: &[u8],
    at: &mut usize,
    format: &[u8],
    (date, zone): (&mut Date, &Zone),
    seen: &mut Seen,
    depth: u32,
) -> Option<()> {
    let mut place = 0;
    while let Some(byte) = format.get(place).copied() {
        place += 1;
        if is_space(byte) {
            skip(text, at);
            continue;
        }
        if byte != b'%' {
            if text.get(*at) != Some(&byte) {
                return None;
            }
            *at += 1;
            continue;
        }
        while matches!(format.get(place), Some(b'-' | b'_' | b'^' | b'#' | b'0'..=b'9')) {
            place += 1;
        }
        let modifier = format.get(place).copied().filter(|letter| matches!(letter, b'E' | b'O'));
        place += usize::from(modifier.is_some());
        let letter = *format.get(place)?;
        place += 1;
        let known = match modifier {
            Some(b'E') => b"cCxXyY".contains(&letter),
            Some(_) => b"bBdehHImMSUVwWy".contains(&letter),
            None => true,
        };
        if !known {
            return None;
        }
        let inner = match letter {
            b'c' => &b"%a %b %e %H:%M:%S %Y"[..],
            b'D' | b'x' => b"%m/%d/%y",
            b'F' => b"%Y-%m-%d",
            b'r' => b"%I:%M:%S %p",
            b'R' => b"%H:%M",
            b'T' | b'X' => b"%H:%M:%S",
            _ => b"",
        };
        if inner.is_empty() {
            field(text, at, letter, (&mut *date, zone), seen)?;
        } else if depth < DEEPEST {
            read(text, at, inner, (&mut *date, zone), seen, depth + 1)?;
        }
    }
    Some(())
}

fn field(
    text: &[u8],
    at: &mut usize,
    letter: u8,
    (date, zone): (&mut Date, &Zone),
    seen: &mut Seen,
) -> Option<()> {
    match letter {
        b'%' => {
            if text.get(*at) != Some(&b'%') {
                return None;
            }
            *at += 1;
        }
        b'n' | b't' => skip(text, at),
        b'a' | b'A' => {
            date.weekday = name(text, at, &DAYS)?;
            seen.weekday = true;
        }
        b'b' | b'B' | b'h' => {
            date.month = name(text, at, &MONTHS)?;
            seen.month = true;
        }
        b'C' => seen.century = Some(number(text, at, 2, 0, 99)?),
        b'd' | b'e' => {
            date.day = number(text, at, 2, 1, 31)?;
            seen.day = true;
        }
        b'H' | b'k' => {
            date.hour = number(text, at, 2, 0, 23)?;
            seen.twelve = false;
        }
        b'I' | b'l' => {
            date.hour = number(text, at, 2, 1, 12)? % 12;
            seen.twelve = true;
        }
        b'j' => {
            date.yearday = number(text, at, 3, 1, 366)? - 1;
            seen.yearday = true;
        }
        b'm' => {
            date.month = number(text, at, 2, 1, 12)? - 1;
            seen.month = true;
        }
        b'M' => date.minute = number(text, at, 2, 0, 59)?,
        b'p' | b'P' => {
            let rest = text.get(*at..*at + 2)?;
            seen.afternoon = Some(match &rest.to_ascii_uppercase()[..] {
                b"AM" => false,
                b"PM" => true,
                _ => return None,
            });
            *at += 2;
        }
        b's' => {
            let rest = text.get(*at..)?;
            let count = rest.iter().take(18).take_while(|byte| byte.is_ascii_digit()).count();
            if count == 0 {
                return None;
            }
            let seconds = rest[..count].iter().fold(0, |value, byte| value * 10 + i64::from(byte - b'0'));
            *at += count;
            *date = zone.local(seconds)?;
            (seen.weekday, seen.yearday, seen.month, seen.day, seen.year) = (true, true, true, true, true);
        }
        b'S' => date.second = number(text, at, 2, 0, 61)?,
        b'u' => {
            date.weekday = number(text, at, 1, 1, 7)? % 7;
            seen.weekday = true;
        }
        b'w' => {
            date.weekday = number(text, at, 1, 0, 6)?;
            seen.weekday = true;
        }
        b'U' | b'W' => seen.week = Some((number(text, at, 2, 0, 53)?, letter == b'W')),
        b'V' => drop(number(text, at, 2, 0, 53)?),
        b'G' => drop(number(text, at, 4, 0, 9999)?),
        b'g' => drop(number(text, at, 2, 0, 99)?),
        b'y' => {
            let year = number(text, at, 2, 0, 99)?;
            seen.year_of_century = Some(year);
            date.year = if year >= 69 { year } else { year + 100 };
        }
        b'Y' => {
            date.year = number(text, at, 4, 0, 9999)? - 1900;
            (seen.year, seen.century, seen.year_of_century) = (true, None, None);
        }
        b'z' => {
            skip(text, at);
            if text.get(*at) == Some(&b'Z') {
                *at += 1;
                date.offset = 0;
                return Some(());
            }
            let negative = match text.get(*at)? {
                b'+' => false,
                b'-' => true,
                _ => return None,
            };
            *at += 1;
            // Two digits or four, with a colon in the middle if more follow.
            let (mut count, mut value) = (0, 0);
            while let Some(digit) = text.get(*at).filter(|byte| count < 4 && byte.is_ascii_digit()) {
                value = value * 10 + i64::from(digit - b'0');
                count += 1;
                *at += 1;
                let more = text.get(*at + 1).is_some_and(u8::is_ascii_digit);
                if count == 2 && text.get(*at) == Some(&b':') && more {
                    *at += 1;
                }
            }
            let (hours, minutes) = match count {
                2 => (value, 0),
                4 if value % 100 < 60 => (value / 100, value % 100),
                _ => return None,
            };
            let seconds = hours * 3600 + minutes * 60;
            date.offset = if negative { -seconds } else { seconds };
        }
        // Any word, which tells glibc nothing.
        b'Z' => {
            skip(text, at);
            while text.get(*at).is_some_and(|byte| !is_space(*byte)) {
                *at += 1;
            }
        }
        _ => return None,
    }
    Some(())
}
