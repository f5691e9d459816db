//! `sys/sysinfo.h`, `grp.h` and `sys/timeb.h`: what a program asks about the
//! machine, its user and the time.

use super::super::{
    context::Context,
    ctype::glibc_bits,
    error::Result,
    posix::call,
    time::{calendar_is_leap, set_clock},
    types::{Header, Long, Ptr, Standard, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: [Header; 3] = [
    Header {
        name: "sys/sysinfo.h",
        standard: Standard::Extension,
        models: models! {
            get_phys_pages = pages;
            get_avphys_pages = free_pages;
            getloadavg = load;
        },
    },
    Header {
        name: "grp.h",
        standard: Standard::Extension,
        models: models! {
            initgroups = begin_groups;
            getgrouplist = groups;
            group_member = is_member;
            isctype = is_of_class;
            __isctype = is_of_class;
        },
    },
    Header {
        name: "sys/timeb.h",
        standard: Standard::Extension,
        models: models! {
            ftime = ftime;
            adjtime = adjust, "the clock is set at once";
            dysize = days_of_year;
        },
    },
];

/// As `sysconf` tells them.
fn pages(_: &mut Context<'_>) -> Result<Long> {
    Ok(Long(262_144))
}

fn free_pages(_: &mut Context<'_>) -> Result<Long> {
    Ok(Long(131_072))
}

/// Nothing else runs.
fn load(c: &mut Context<'_>, to: Ptr, count: i32) -> Result<i32> {
    let count = count.clamp(0, 3);
    for index in 0..count {
        c.write_integer(to.add(8 * index as u64), 0, 8)?;
    }
    Ok(count)
}

/// The groups of a user: the one that is given, and those that name it.
fn groups_of(c: &mut Context<'_>, user: &[u8], group: u32) -> Vec<u32> {
    let content = c.state.kernel.files.read("/etc/group").unwrap_or_default();
    let mut all = vec![group];
    for line in content.split(|byte| *byte == b'\n') {
        let parts: Vec<&[u8]> = line.split(|byte| *byte == b':').collect();
        let [_, _, number, members] = parts[..] else { continue };
        if members.split(|byte| *byte == b',').any(|member| member == user) {
            let number = super::super::numbers::integer(number, 10).magnitude as u32;
            if !all.contains(&number) {
                all.push(number);
            }
        }
    }
    all
}

fn groups(c: &mut Context<'_>, user: Ptr, group: u32, to: Ptr, count_at: Ptr) -> Result<i32> {
    let user = c.text(user)?;
    let all = groups_of(c, &user, group);
    let room = c.read_int(count_at)?;
    for (index, group) in all.iter().take(room.max(0) as usize).enumerate() {
        c.write_integer(to.add(4 * index as u64), (*group).into(), 4)?;
    }
    c.write_int(count_at, all.len() as i32)?;
    Ok(if all.len() as i64 > i64::from(room) { -1 } else { all.len() as i32 })
}

fn begin_groups(c: &mut Context<'_>, user: Ptr, group: u32) -> Result<i32> {
    let user = c.text(user)?;
    let all = groups_of(c, &user, group);
    let size = 4 * all.len() as u64;
    let Some(list) = c.malloc(size)? else { return c.fail(Errno::ENOMEM) };
    for (index, group) in all.iter().enumerate() {
        c.write_integer(list.add(4 * index as u64), (*group).into(), 4)?;
    }
    let result = call(c, "setgroups", &[all.len() as u64, list.0])?;
    c.free(list)?;
    Ok(result as i32)
}

fn is_member(c: &mut Context<'_>, group: u32) -> Result<i32> {
    let known =
        c.state.kernel.process(c.state.kernel.running).map(|it| it.credentials.groups.contains(&group));
    Ok(i32::from(known.unwrap_or(false)))
}

/// The bits of a byte in the table of classes.
fn is_of_class(c: &mut Context<'_>, value: i32, mask: i32) -> Result<i32> {
    let bits = u8::try_from(value).map_or(0, glibc_bits);
    let big = c.emulator().platform().byte_order() == terrella_platforms::ByteOrder::Big;
    Ok(i32::from(if big { bits } else { bits.swap_bytes() }) & mask)
}

/// `struct timeb`: the time, milliseconds, and what is zero on Linux.
fn ftime(c: &mut Context<'_>, to: Ptr) -> Result<i32> {
    let now = c.state.kernel.clock.wall();
    let bytes = c.model.time;
    c.write_integer(to, now.div_euclid(1_000_000_000) as u64, bytes)?;
    let rest = to.add(bytes.into());
    c.write_integer(rest, (now.rem_euclid(1_000_000_000) / 1_000_000) as u64, 2)?;
    c.write_integer(rest.add(2), 0, 2)?;
    c.write_integer(rest.add(4), 0, 2)?;
    Ok(0)
}

fn adjust(c: &mut Context<'_>, delta: Ptr, rest: Ptr) -> Result<i32> {
    if !delta.is_null() {
        let bytes = c.model.time;
        let seconds = c.read_long(delta)?;
        let micros = c.read_long(delta.add(bytes.into()))?;
        // adjtime(3): half an hour, about, in glibc.
        let total = i128::from(seconds) * 1_000_000 + i128::from(micros);
        if total.unsigned_abs() > 2145 * 1_000_000 {
            return c.fail(Errno::EINVAL);
        }
        let now = c.state.kernel.clock.wall();
        set_clock(c, now.saturating_add(total as i64 * 1000));
    }
    if !rest.is_null() {
        let bytes = c.model.time;
        c.write_integer(rest, 0, bytes)?;
        c.write_integer(rest.add(bytes.into()), 0, bytes)?;
    }
    Ok(0)
}

fn days_of_year(_: &mut Context<'_>, year: i32) -> Result<i32> {
    Ok(if calendar_is_leap(year.into()) { 366 } else { 365 })
}
