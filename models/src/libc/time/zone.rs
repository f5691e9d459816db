//! Time zones of the variable `TZ` (IEEE Std 1003.1-2017, Base Definitions,
//! 8.3).

use super::calendar::{DAY, Date, date_of, days_to, is_leap};

/// When daylight saving time begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// `Jn`: a day from 1 to 365; February 29 is never counted.
    Day(i64),
    /// `n`: a day from 0 to 365.
    ZeroDay(i64),
    /// `Mm.w.d`: month, week (5 is the last), day of the week.
    Week(i64, i64, i64),
}

/// A time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(super) name: String,
    /// Seconds east of Greenwich.
    pub(super) offset: i64,
    pub(super) daylight: Option<Daylight>,
}

/// Daylight saving time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Daylight {
    pub(super) name: String,
    pub(super) offset: i64,
    begin: (Rule, i64),
    end: (Rule, i64),
}

impl Zone {
    pub(super) fn utc(name: &str) -> Self {
        Self { name: name.to_owned(), offset: 0, daylight: None }
    }

    /// The zone that the variable tells. What cannot be read is UTC, as a zone
    /// is of which there is no file: none are looked for.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.strip_prefix(':').unwrap_or(text);
        let mut rest = text.as_bytes();
        let found = name(&mut rest).and_then(|name| Some((name, offset(&mut rest, 24)?)));
        let Some((standard, west)) = found else {
            return Self::utc(if text.is_empty() { "UTC" } else { unknown(text) });
        };
        let mut zone = Self { name: standard, offset: -west, daylight: None };
        let Some(name) = name(&mut rest) else { return zone };
        let own = if matches!(rest.first(), None | Some(b',')) { None } else { offset(&mut rest, 24) };
        let offset = own.map_or(zone.offset + 3600, |west| -west);
        let mut rules = [(Rule::Week(3, 2, 0), 7200), (Rule::Week(11, 1, 0), 7200)];
        for place in &mut rules {
            if let Some((b',', after)) = rest.split_first() {
                rest = after;
                match rule(&mut rest) {
                    Some(found) => *place = found,
                    None => return zone,
                }
            }
        }
        zone.daylight = Some(Daylight { name, offset, begin: rules[0], end: rules[1] });
        zone
    }

    /// The offset at a time, and whether daylight saving time is in force.
    pub(super) fn at(&self, time: i64) -> (i64, bool) {
        let Some(daylight) = &self.daylight else { return (self.offset, false) };
        let Some(date) = date_of(time, self.offset) else { return (self.offset, false) };
        // As glibc, which takes the days of 1970 for all years before.
        let year = (i64::from(date.year) + 1900).max(1970);
        let begin = moment(year, daylight.begin) - self.offset;
        let end = moment(year, daylight.end) - daylight.offset;
        let summer = if begin < end { (begin..end).contains(&time) } else { !(end..begin).contains(&time) };
        (if summer { daylight.offset } else { self.offset }, summer)
    }

    /// The date in the zone.
    pub(super) fn local(&self, time: i64) -> Option<Date> {
        let (offset, summer) = self.at(time);
        date_of(time, offset).map(|date| Date { daylight: i32::from(summer), ..date })
    }

    /// The name that a date in the zone has.
    pub(super) fn name_of(&self, daylight: bool) -> &str {
        match &self.daylight {
            Some(it) if daylight => &it.name,
            _ => &self.name,
        }
    }

    /// The time of a date in the zone, whose fields may be out of their
    /// ranges.
    pub(super) fn time_of(&self, date: &Date) -> i64 {
        let plain = date.seconds();
        let standard = plain - self.offset;
        // Where there is no daylight saving time, glibc takes it to be an hour.
        let Some(daylight) = &self.daylight else {
            return if date.daylight > 0 { standard - 3600 } else { standard };
        };
        let summer = plain - daylight.offset;
        match date.daylight {
            0 => standard,
            1.. => summer,
            _ if !self.at(standard).1 => standard,
            _ if self.at(summer).1 => summer,
            _ => standard,
        }
    }
}

/// What glibc calls a zone of which it has no file: the letters at the
/// beginning.
fn unknown(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(text.len());
    if end >= 3 { &text[..end] } else { "UTC" }
}

fn name(rest: &mut &[u8]) -> Option<String> {
    let (start, end, after) = if rest.first() == Some(&b'<') {
        let end = rest.iter().position(|byte| *byte == b'>')?;
        (1, end, end + 1)
    } else {
        let end = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        (0, end, end)
    };
    if end < start + 3 {
        return None;
    }
    let name = String::from_utf8_lossy(&rest[start..end]).into_owned();
    *rest = &rest[after..];
    Some(name)
}

fn number(rest: &mut &[u8]) -> Option<i64> {
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 || count > 4 {
        return None;
    }
    let value = rest[..count].iter().fold(0, |value, byte| value * 10 + i64::from(byte - b'0'));
    *rest = &rest[count..];
    Some(value)
}

/// `[+|-]hh[:mm[:ss]]`, in seconds.
fn offset(rest: &mut &[u8], most: i64) -> Option<i64> {
    let negative = rest.first() == Some(&b'-');
    if matches!(rest.first(), Some(b'+' | b'-')) {
        *rest = &rest[1..];
    }
    let mut seconds = number(rest).filter(|hours| *hours <= most)? * 3600;
    for unit in [60, 1] {
        if let Some((b':', after)) = rest.split_first() {
            *rest = after;
            seconds += number(rest)? * unit;
        }
    }
    Some(if negative { -seconds } else { seconds })
}

fn rule(rest: &mut &[u8]) -> Option<(Rule, i64)> {
    let then = |rest: &mut &[u8], byte: u8| -> Option<i64> {
        if rest.first() != Some(&byte) {
            return None;
        }
        *rest = &rest[1..];
        number(rest)
    };
    let found = match rest.first()? {
        b'J' => Rule::Day(then(rest, b'J').filter(|day| (1..=365).contains(day))?),
        b'M' => {
            let month = then(rest, b'M').filter(|month| (1..=12).contains(month))?;
            let week = then(rest, b'.').filter(|week| (1..=5).contains(week))?;
            Rule::Week(month, week, then(rest, b'.').filter(|day| (0..=6).contains(day))?)
        }
        _ => Rule::ZeroDay(number(rest).filter(|day| (0..=365).contains(day))?),
    };
    let time = match rest.split_first() {
        Some((b'/', after)) => {
            *rest = after;
            offset(rest, 167)?
        }
        _ => 7200,
    };
    Some((found, time))
}

/// When a rule holds in a year, in seconds since 1970 of the clocks there.
fn moment(year: i64, (rule, time): (Rule, i64)) -> i64 {
    let first = days_to(year, 0);
    let day = match rule {
        Rule::Day(day) => first + day - 1 + i64::from(is_leap(year) && day > 59),
        Rule::ZeroDay(day) => first + day,
        Rule::Week(month, week, weekday) => {
            let start = days_to(year, month - 1);
            let next = if month == 12 { days_to(year + 1, 0) } else { days_to(year, month) };
            let ahead = (weekday - (start + 4)).rem_euclid(7);
            let day = start + ahead + (week - 1) * 7;
            if day >= next { day - 7 } else { day }
        }
    };
    day * DAY + time
}
