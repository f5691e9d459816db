//! `getdate`: a date by one of the templates in a file.

use super::{
    super::{
        context::Context,
        environment,
        error::Result,
        types::{Header, Ptr, Standard, models},
    },
    calendar::{Date, days_to},
    parse,
};
use crate::linux::{abi::generic::AT_FDCWD, alone::with_task};

pub(crate) static HEADER: Header = Header {
    name: "time.h",
    standard: Standard::Posix,
    models: models! {
        getdate = getdate;
        getdate_r = getdate_r;
    },
};

/// What `getdate_err` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// The variable is not set.
    NoVariable = 1,
    /// The file cannot be opened.
    NotOpened = 2,
    /// There is none.
    NoStatus = 3,
    NotRegular = 4,
    NoMatch = 7,
    /// It is no date.
    Invalid = 8,
}

/// Templates longer than this are not read.
const LONGEST: usize = 1 << 20;
/// A field that is not told.
const UNKNOWN: i32 = i32::MIN;

/// The templates, which `DATEMSK` names.
fn templates(c: &mut Context<'_>) -> Result<std::result::Result<Vec<u8>, Wrong>> {
    let Some(path) = environment::variable(c, b"DATEMSK")?.filter(|path| !path.is_empty()) else {
        return Ok(Err(Wrong::NoVariable));
    };
    let abi = c.state.abi.clone();
    let emulator = c.call.emulator();
    let found = with_task(&mut c.state.kernel, emulator, &abi, [0; 8], |task| {
        let inode = task.inode_at(AT_FDCWD, &path, true)?;
        let it = task.kernel.files.inode(inode);
        if it.type_bits() != 0o100_000 {
            return Ok(Err(Wrong::NotRegular));
        }
        Ok(task.kernel.files.read_at(inode, 0, LONGEST).map_err(|_| Wrong::NotOpened))
    });
    Ok(c.settle(found)?.unwrap_or(Err(Wrong::NoStatus)))
}

/// A date by one of the templates, with what is told of now (POSIX, `getdate`).
fn read(c: &mut Context<'_>, text: &[u8]) -> Result<std::result::Result<(Date, String), Wrong>> {
    let templates = match templates(c)? {
        Ok(templates) => templates,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let text = text.trim_ascii();
    let zone = c.zone()?;
    let found = templates.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).find_map(|line| {
        let mut date = Date {
            second: UNKNOWN,
            minute: UNKNOWN,
            hour: UNKNOWN,
            day: UNKNOWN,
            month: UNKNOWN,
            year: UNKNOWN,
            weekday: UNKNOWN,
            yearday: UNKNOWN,
            daylight: -1,
            offset: 0,
        };
        let (length, has_weekday) = parse::parse_some(text, line, &mut date, &zone)?;
        if !has_weekday {
            date.weekday = UNKNOWN;
        }
        (length == text.len()).then_some(date)
    });
    let Some(mut date) = found else { return Ok(Err(Wrong::NoMatch)) };
    let now = c.state.kernel.clock.wall().div_euclid(1_000_000_000);
    let Some(today) = zone.local(now) else { return Ok(Err(Wrong::Invalid)) };
    if !complete(&mut date, &today) {
        return Ok(Err(Wrong::Invalid));
    }
    let time = zone.time_of(&date);
    let Some(local) = zone.local(time) else { return Ok(Err(Wrong::Invalid)) };
    Ok(Ok((local, zone.name_of(local.daylight > 0).to_owned())))
}

/// Fills in what was not told; `false` if there is no such day.
fn complete(date: &mut Date, today: &Date) -> bool {
    let (has_day, has_month, has_year) = (date.day != UNKNOWN, date.month != UNKNOWN, date.year != UNKNOWN);
    let has_weekday = date.weekday != UNKNOWN;
    let mut is_exact = has_day;
    if !has_day && !has_month && !has_year && has_weekday {
        // The next such day, which may be today.
        (date.month, date.year) = (today.month, today.year);
        date.day = today.day + (date.weekday - today.weekday).rem_euclid(7);
        is_exact = false;
    } else if has_month && !has_day {
        if !has_year {
            date.year = today.year + i32::from(date.month < today.month);
        }
        let first = (days_to(i64::from(date.year) + 1900, date.month.into()) + 4).rem_euclid(7);
        date.day = 1 + if has_weekday { (i64::from(date.weekday) - first).rem_euclid(7) as i32 } else { 0 };
    }
    if [date.hour, date.minute, date.second] == [UNKNOWN; 3] {
        (date.hour, date.minute, date.second) = (today.hour, today.minute, today.second);
    } else {
        let was_told = date.hour != UNKNOWN;
        for field in [&mut date.hour, &mut date.minute, &mut date.second] {
            if *field == UNKNOWN {
                *field = 0;
            }
        }
        if was_told && !has_day && !has_month && !has_weekday {
            date.month = today.month;
            date.day = today.day + i32::from(date.hour < today.hour);
            is_exact = false;
        }
    }
    for (field, now) in
        [(&mut date.year, today.year), (&mut date.month, today.month), (&mut date.day, today.day)]
    {
        if *field == UNKNOWN {
            *field = now;
        }
    }
    let year = i64::from(date.year) + 1900;
    let month = i64::from(date.month);
    let length = days_to(year + (month + 1) / 12, (month + 1) % 12) - days_to(year, month);
    !is_exact || (1..=length).contains(&i64::from(date.day))
}

fn getdate_r(c: &mut Context<'_>, text: Ptr, to: Ptr) -> Result<i32> {
    let text = c.text(text)?;
    match read(c, &text)? {
        Err(wrong) => Ok(wrong as i32),
        Ok((date, zone)) => {
            c.write_date(to, &date, Some(&zone))?;
            Ok(0)
        }
    }
}

fn getdate(c: &mut Context<'_>, text: Ptr) -> Result<Ptr> {
    let size = c.date_bytes();
    let to = c.room("getdate", size)?;
    let wrong = getdate_r(c, text, to)?;
    if wrong == 0 {
        return Ok(to);
    }
    if let Some(at) = c.state.layout.variable("getdate_err") {
        c.write_int(Ptr(at), wrong)?;
    }
    Ok(Ptr::NULL)
}
