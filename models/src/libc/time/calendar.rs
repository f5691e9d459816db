//! The calendar: seconds since 1970, and dates.

/// `struct tm`, but for the fields that glibc has added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Date {
    pub(crate) second: i32,
    pub(crate) minute: i32,
    pub(crate) hour: i32,
    /// From 1.
    pub(crate) day: i32,
    /// From 0.
    pub(crate) month: i32,
    /// Since 1900.
    pub(crate) year: i32,
    /// Since Sunday.
    pub(crate) weekday: i32,
    /// Since January 1.
    pub(crate) yearday: i32,
    /// Whether it is daylight saving time; less than 0 if that is not known.
    pub(crate) daylight: i32,
    /// Seconds east of Greenwich.
    pub(crate) offset: i64,
}

pub(super) const DAY: i64 = 86_400;

pub(in crate::libc) const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days from 1970 to a month (from 0) of a year, in the Gregorian calendar.
pub(super) const fn days_to(year: i64, month: i64) -> i64 {
    // Years that begin with March end with the day that may be missing.
    let year = if month < 2 { year - 1 } else { year };
    let from_march = (month + 10) % 12;
    let cycle = year.div_euclid(400);
    let year_of_cycle = year.rem_euclid(400);
    let day_of_year = (153 * from_march + 2) / 5;
    cycle * 146_097 + year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year - 719_468
}

/// The date of so many seconds since 1970; `None` if the year does not fit.
pub(super) fn date_of(time: i64, offset: i64) -> Option<Date> {
    let time = time.checked_add(offset)?;
    let (days, rest) = (time.div_euclid(DAY), time.rem_euclid(DAY));
    // The year is that which an average year suggests, or one beside it.
    let mut year = 1970 + (i128::from(days) * 400).div_euclid(146_097) as i64;
    while days_to(year, 0) > days {
        year -= 1;
    }
    while days_to(year + 1, 0) <= days {
        year += 1;
    }
    let yearday = days - days_to(year, 0);
    let month = (0..12).rev().find(|month| days_to(year, *month) <= days).unwrap_or(0);
    Some(Date {
        second: (rest % 60) as i32,
        minute: (rest / 60 % 60) as i32,
        hour: (rest / 3600) as i32,
        day: (days - days_to(year, month)) as i32 + 1,
        month: month as i32,
        year: i32::try_from(year - 1900).ok()?,
        weekday: (days + 4).rem_euclid(7) as i32,
        yearday: yearday as i32,
        daylight: 0,
        offset,
    })
}

impl Date {
    /// Seconds since 1970, as if it were of Greenwich; fields may be out of
    /// their ranges.
    pub(super) fn seconds(&self) -> i64 {
        let months = i64::from(self.year) * 12 + i64::from(self.month);
        let days = days_to(1900 + months.div_euclid(12), months.rem_euclid(12)) + i64::from(self.day) - 1;
        days * DAY + i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second)
    }

    /// The week of ISO 8601 and its year.
    pub(super) fn iso_week(&self) -> (i64, i64) {
        let year = i64::from(self.year) + 1900;
        let since_monday = (i64::from(self.weekday) + 6).rem_euclid(7);
        // The week belongs to the year that has its Thursday.
        let week = (i64::from(self.yearday) - since_monday + 10).div_euclid(7);
        let weeks_of = |year: i64| {
            let first = (days_to(year, 0) + 3).rem_euclid(7);
            if first == 3 || first == 2 && is_leap(year) { 53 } else { 52 }
        };
        match week {
            0 => (year - 1, weeks_of(year - 1)),
            53 if weeks_of(year) < 53 => (year + 1, 1),
            week => (year, week),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_seconds_are_one_to_one() {
        for time in (-80_000_000_000_i64..80_000_000_000).step_by(7_654_321) {
            let date = date_of(time, 0).unwrap();
            assert_eq!(date.seconds(), time, "{date:?}");
            assert_eq!(i64::from(date.weekday), (time.div_euclid(DAY) + 4).rem_euclid(7));
        }
        // What `date -u -d @…` prints.
        let date = date_of(951_782_400, 0).unwrap();
        assert_eq!((date.year, date.month, date.day, date.yearday), (100, 1, 29, 59));
        assert_eq!(date_of(i64::MAX, 0), None);
    }

    #[test]
    fn weeks_of_iso() {
        // date +%G-%V
        for (year, month, day, found) in [
            (2005, 1, 1, (2004, 53)),
            (2008, 12, 29, (2009, 1)),
            (2010, 1, 3, (2009, 53)),
            (2026, 7, 1, (2026, 27)),
        ] {
            let date = Date { year: year - 1900, month: month - 1, day, ..Date::default() };
            assert_eq!(date_of(date.seconds(), 0).unwrap().iso_week(), found, "{year}-{month}-{day}");
        }
    }
}
