//! `time.h` and what belongs to it in `sys/time.h`. The clock is the kernel's.

mod calendar;
mod clocks;
mod format;
mod getdate;
mod parse;
mod timers;
mod zone;

pub(super) use calendar::is_leap as calendar_is_leap;
pub(crate) use clocks::HEADER as CLOCKS;
pub(super) use clocks::set as set_clock;
pub(super) use format::{DAYS, MONTHS};
pub(crate) use getdate::HEADER as GETDATE;
pub(crate) use timers::HEADER as TIMERS;

use super::{
    context::Context,
    error::Result,
    types::{Argument, CType, Header, Outcome, Ptr, Size, Standard, models},
};
use crate::errno::Errno;
use calendar::{Date, date_of};
use terrella_emulator_api::Flow;
use zone::Zone;

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "time.h",
        standard: Standard::C99,
        models: models! {
            time = time;
            __time64 = time;
            difftime = difftime;
            __difftime64 = difftime;
            mktime = mktime;
            __mktime64 = mktime;
            gmtime = gmtime;
            __gmtime64 = gmtime;
            localtime = localtime, "the variable TZ in its POSIX form; no files of zones are read";
            __localtime64 = localtime, "the variable TZ in its POSIX form; no files of zones are read";
            asctime = asctime;
            ctime = ctime;
            __ctime64 = ctime;
            strftime = strftime;
        },
    },
    Header {
        name: "time.h",
        standard: Standard::Posix,
        models: models! {
            timegm = timegm;
            __timegm64 = timegm;
            __timegm_time64 = timegm;
            timelocal = mktime;
            gmtime_r = gmtime_r;
            __gmtime_r = gmtime_r;
            __gmtime64_r = gmtime_r;
            localtime_r = localtime_r;
            __localtime_r = localtime_r;
            __localtime64_r = localtime_r;
            asctime_r = asctime_r;
            ctime_r = ctime_r;
            __ctime64_r = ctime_r;
            strftime_l = strftime_l;
            __strftime_l = strftime_l;
            strptime = strptime;
            tzset = tzset;
            __tzset = tzset;
        },
    },
];

/// `time_t`, with 64 bits where the name of the function says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Time(pub(super) i64);

impl Argument for Time {
    const TYPE: CType = CType::Time;
    fn take(context: &mut Context<'_>) -> Result<Self> {
        let ctype = if context.wide_time() { CType::LongLong } else { CType::Time };
        Ok(Self(context.next_integer(ctype)? as i64))
    }
}

impl Outcome for Time {
    const TYPE: CType = CType::Time;
    fn give(self, context: &mut Context<'_>) -> Result<Flow> {
        let ctype = if context.wide_time() { CType::LongLong } else { CType::Time };
        context.give_integer(ctype, self.0.into())
    }
}

impl Context<'_> {
    /// Whether `time_t` has 64 bits in this function.
    pub(super) fn wide_time(&self) -> bool {
        self.model.time == 8 || self.name.contains("64")
    }

    pub(super) fn time_bytes(&self) -> u8 {
        if self.wide_time() { 8 } else { self.model.time }
    }

    pub(super) fn read_time(&mut self, from: Ptr) -> Result<i64> {
        let bytes = self.time_bytes();
        let value = self.read_integer(from, bytes)?;
        Ok(if bytes == 4 { i64::from(value as i32) } else { value as i64 })
    }

    /// The zone of the variable `TZ`, which also goes into the variables of the
    /// library.
    fn zone(&mut self) -> Result<Zone> {
        let value = super::environment::variable(self, b"TZ")?;
        let zone = match &value {
            Some(text) => Zone::parse(&String::from_utf8_lossy(text)),
            None => Zone::utc("UTC"),
        };
        let names = [zone.name_of(false).to_owned(), zone.name_of(true).to_owned()];
        let texts = [self.zone_name(&names[0])?, self.zone_name(&names[1])?];
        let word = u64::from(self.model.pointer);
        for name in ["tzname", "__tzname"] {
            if let Some(at) = self.state.layout.variable(name) {
                self.write_pointer(Ptr(at), texts[0])?;
                self.write_pointer(Ptr(at.wrapping_add(word)), texts[1])?;
            }
        }
        for name in ["timezone", "__timezone"] {
            if let Some(at) = self.state.layout.variable(name) {
                self.write_long(Ptr(at), -zone.offset)?;
            }
        }
        for name in ["daylight", "__daylight"] {
            if let Some(at) = self.state.layout.variable(name) {
                self.write_int(Ptr(at), i32::from(zone.daylight.is_some()))?;
            }
        }
        Ok(zone)
    }

    /// The name of a zone in guest memory. Names are kept, as glibc keeps them.
    fn zone_name(&mut self, name: &str) -> Result<Ptr> {
        let key = format!("zone {name}");
        if let Some(at) = self.state.numbers.get(&key) {
            return Ok(Ptr(*at as u64));
        }
        let at = self.duplicate(name.as_bytes())?;
        self.state.numbers.insert(key, at.0 as i64);
        Ok(at)
    }

    /// Where `tm_gmtoff` and `tm_zone` are, where the structure has them.
    fn extra_fields(&self) -> Option<(u64, u64)> {
        if self.model.int != 4 {
            return None;
        }
        let align = u64::from(self.model.long).min(self.model.alignment.into());
        let offset = 36_u64.next_multiple_of(align);
        Some((offset, offset + u64::from(self.model.long)))
    }

    fn date_bytes(&self) -> u64 {
        match self.extra_fields() {
            Some((_, zone)) => zone + u64::from(self.model.pointer),
            None => 9 * u64::from(self.model.int),
        }
    }

    /// Reads a `struct tm`.
    pub(super) fn read_date(&mut self, from: Ptr) -> Result<Date> {
        let step = u64::from(self.model.int);
        let mut fields = [0; 9];
        for (index, field) in fields.iter_mut().enumerate() {
            *field = self.read_int(from.add(step * index as u64))?;
        }
        let [second, minute, hour, day, month, year, weekday, yearday, daylight] = fields;
        Ok(Date { second, minute, hour, day, month, year, weekday, yearday, daylight, offset: 0 })
    }

    /// Writes a `struct tm`; with the name of the zone if there is one.
    pub(super) fn write_date(&mut self, to: Ptr, date: &Date, zone: Option<&str>) -> Result<()> {
        let step = u64::from(self.model.int);
        let fields = [
            date.second,
            date.minute,
            date.hour,
            date.day,
            date.month,
            date.year,
            date.weekday,
            date.yearday,
            date.daylight,
        ];
        for (index, field) in fields.into_iter().enumerate() {
            self.write_int(to.add(step * index as u64), field)?;
        }
        if let (Some((offset, name_at)), Some(zone)) = (self.extra_fields(), zone) {
            self.write_long(to.add(offset), date.offset)?;
            let name = self.zone_name(zone)?;
            self.write_pointer(to.add(name_at), name)?;
        }
        Ok(())
    }
}

fn time(c: &mut Context<'_>, to: Ptr) -> Result<Time> {
    let now = c.state.kernel.clock.wall().div_euclid(1_000_000_000);
    if !to.is_null() {
        let bytes = c.time_bytes();
        c.write_integer(to, now as u64, bytes)?;
    }
    Ok(Time(now))
}

fn difftime(_: &mut Context<'_>, one: Time, other: Time) -> Result<f64> {
    Ok((i128::from(one.0) - i128::from(other.0)) as f64)
}

/// Normalizes a date in guest memory, and gives its time.
fn make(c: &mut Context<'_>, at: Ptr, zone: &Zone) -> Result<Time> {
    let date = c.read_date(at)?;
    let time = zone.time_of(&date);
    let fits = c.time_bytes() == 8 || i32::try_from(time).is_ok();
    let Some(local) = zone.local(time).filter(|_| fits) else {
        c.set_errno(Errno::EOVERFLOW)?;
        return Ok(Time(-1));
    };
    let name = zone.name_of(local.daylight > 0).to_owned();
    c.write_date(at, &local, Some(&name))?;
    Ok(Time(time))
}

fn mktime(c: &mut Context<'_>, at: Ptr) -> Result<Time> {
    let zone = c.zone()?;
    make(c, at, &zone)
}

fn timegm(c: &mut Context<'_>, at: Ptr) -> Result<Time> {
    c.write_int(at.add(8 * u64::from(c.model.int)), 0)?;
    make(c, at, &Zone::utc("GMT"))
}

/// Stores a date, or `EOVERFLOW`.
fn store(c: &mut Context<'_>, date: Option<Date>, zone: &str, to: Ptr) -> Result<Ptr> {
    match date {
        None => c.fail_null(Errno::EOVERFLOW),
        Some(date) => {
            c.write_date(to, &date, Some(zone))?;
            Ok(to)
        }
    }
}

fn gmtime_r(c: &mut Context<'_>, from: Ptr, to: Ptr) -> Result<Ptr> {
    let time = c.read_time(from)?;
    store(c, date_of(time, 0), "GMT", to)
}

fn localtime_r(c: &mut Context<'_>, from: Ptr, to: Ptr) -> Result<Ptr> {
    let time = c.read_time(from)?;
    let zone = c.zone()?;
    let date = zone.local(time);
    let name = zone.name_of(date.is_some_and(|date| date.daylight > 0)).to_owned();
    store(c, date, &name, to)
}

/// The one structure that `gmtime` and `localtime` share.
fn shared(c: &mut Context<'_>) -> Result<Ptr> {
    let size = c.date_bytes();
    c.room("struct tm", size)
}

fn gmtime(c: &mut Context<'_>, from: Ptr) -> Result<Ptr> {
    let to = shared(c)?;
    gmtime_r(c, from, to)
}

fn localtime(c: &mut Context<'_>, from: Ptr) -> Result<Ptr> {
    let to = shared(c)?;
    localtime_r(c, from, to)
}

fn asctime_r(c: &mut Context<'_>, from: Ptr, to: Ptr) -> Result<Ptr> {
    written(c, from, to, 26)
}

/// The text of a date in a room of so many bytes, as far as it fits; `EOVERFLOW`
/// if it does not.
fn written(c: &mut Context<'_>, from: Ptr, to: Ptr, room: usize) -> Result<Ptr> {
    if from.is_null() {
        return c.fail_null(Errno::EINVAL);
    }
    let date = c.read_date(from)?;
    let short = |list: &[&'static str], index: i32| match format::named(list, index, 3) {
        "?" => "???",
        name => name,
    };
    let Some(year) = date.year.checked_add(1900) else { return c.fail_null(Errno::EOVERFLOW) };
    let two = |value: i32| {
        let sign = if value < 0 { "-" } else { "" };
        format!("{sign}{:02}", value.unsigned_abs())
    };
    let text = format!(
        "{} {}{:3} {}:{}:{} {year}\n",
        short(&DAYS, date.weekday),
        short(&MONTHS, date.month),
        date.day,
        two(date.hour),
        two(date.minute),
        two(date.second),
    );
    let shown = text.len().min(room - 1);
    c.write_text(to, &text.as_bytes()[..shown])?;
    if shown < text.len() { c.fail_null(Errno::EOVERFLOW) } else { Ok(to) }
}

/// What `asctime` has for its text.
const TEXT_ROOM: usize = 114;

fn asctime(c: &mut Context<'_>, from: Ptr) -> Result<Ptr> {
    let to = c.room("asctime", 128)?;
    written(c, from, to, TEXT_ROOM)
}

fn ctime_r(c: &mut Context<'_>, from: Ptr, to: Ptr) -> Result<Ptr> {
    let date = shared(c)?;
    if localtime_r(c, from, date)?.is_null() {
        return Ok(Ptr::NULL);
    }
    asctime_r(c, date, to)
}

fn ctime(c: &mut Context<'_>, from: Ptr) -> Result<Ptr> {
    let date = localtime(c, from)?;
    if date.is_null() { Ok(date) } else { asctime(c, date) }
}

/// A date by a format.
pub(super) fn formatted(c: &mut Context<'_>, format: &[u8], from: Ptr) -> Result<Vec<u8>> {
    let zone = c.zone()?;
    let mut date = c.read_date(from)?;
    // Of what is neither 0 nor 1, there is no name.
    let mut name = if date.daylight > 1 { "?" } else { zone.name_of(date.daylight > 0) }.to_owned();
    if let Some((offset, name_at)) = c.extra_fields() {
        date.offset = c.read_long(from.add(offset))?;
        let own = c.read_pointer(from.add(name_at))?;
        if !own.is_null() {
            name = String::from_utf8_lossy(&c.text(own)?).into_owned();
        }
    }
    if date.daylight < 0 {
        name.clear();
    }
    Ok(format::format(format, &date, &name, &zone))
}

fn strftime(c: &mut Context<'_>, to: Ptr, size: Size, format: Ptr, from: Ptr) -> Result<Size> {
    let format = c.text(format)?;
    let text = formatted(c, &format, from)?;
    if text.len() as u64 >= size.0 {
        return Ok(Size(0));
    }
    c.write_text(to, &text)?;
    Ok(Size(text.len() as u64))
}

fn strftime_l(
    c: &mut Context<'_>,
    to: Ptr,
    size: Size,
    format: Ptr,
    from: Ptr,
    _locale: Ptr,
) -> Result<Size> {
    strftime(c, to, size, format, from)
}

fn strptime(c: &mut Context<'_>, text: Ptr, format: Ptr, to: Ptr) -> Result<Ptr> {
    let (bytes, format) = (c.text(text)?, c.text(format)?);
    let mut date = c.read_date(to)?;
    let offset_at = c.extra_fields().map(|(offset, _)| offset);
    if let Some(at) = offset_at {
        date.offset = c.read_long(to.add(at))?;
    }
    let zone = c.zone()?;
    let found = parse::parse(&bytes, &format, &mut date, &zone);
    // What was read before it failed stays.
    c.write_date(to, &date, None)?;
    if let Some(at) = offset_at {
        c.write_long(to.add(at), date.offset)?;
    }
    Ok(found.map_or(Ptr::NULL, |length| text.add(length as u64)))
}

fn tzset(c: &mut Context<'_>) -> Result<()> {
    c.zone().map(drop)
}
