//! `poll.h`, `sys/select.h`, `sys/epoll.h`, `sys/eventfd.h`.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Header, Long, Ptr, Size, Standard, ULong, models},
    },
    calls,
};

pub(crate) static HEADER: Header = Header {
    name: "poll.h",
    standard: Standard::Posix,
    models: models! {
        poll = poll;
        ppoll = ppoll;
        __poll_chk = poll_chk;
        select = select;
        __select_time64 = select;
        pselect = pselect;
        __pselect_time64 = pselect_time64;
        __ppoll_time64 = ppoll_time64;
        __fdelt_chk = fdelt_chk;
        __fdelt_warn = fdelt_chk;
        epoll_create = epoll_create;
        epoll_create1 = epoll_create1;
        epoll_ctl = epoll_ctl;
        epoll_wait = epoll_wait;
        eventfd = eventfd;
        timerfd_create = timerfd_create;
        timerfd_settime = timerfd_settime;
        timerfd_gettime = timerfd_gettime;
    },
};

calls! {
    ppoll(list: Ptr, count: ULong, wait: Ptr, mask: Ptr) -> i32 = "ppoll"(list, count, wait, mask, 8_u64);
    ppoll_time64(list: Ptr, count: ULong, wait: Ptr, mask: Ptr) -> i32 = "ppoll_time64"(list, count, wait, mask, 8_u64);
    epoll_create(size: i32) -> i32 = "epoll_create";
    epoll_create1(flags: i32) -> i32 = "epoll_create1";
    epoll_ctl(fd: i32, operation: i32, other: i32, event: Ptr) -> i32 = "epoll_ctl";
    epoll_wait(fd: i32, events: Ptr, most: i32, wait: i32) -> i32 = "epoll_pwait"(fd, events, most, wait, 0_u64, 0_u64);
    eventfd(value: u32, flags: i32) -> i32 = "eventfd2";
    timerfd_create(clock: i32, flags: i32) -> i32 = "timerfd_create";
    timerfd_settime(fd: i32, flags: i32, new: Ptr, old: Ptr) -> i32 = "timerfd_settime";
    timerfd_gettime(fd: i32, to: Ptr) -> i32 = "timerfd_gettime";
}

/// Through `poll`, whose argument is in milliseconds.
fn poll(c: &mut Context<'_>, list: Ptr, count: ULong, wait: i32) -> Result<i32> {
    super::call_alone(c, "poll", &[list.0, count.0, i64::from(wait) as u64]).map(|value| value as i32)
}

fn poll_chk(c: &mut Context<'_>, list: Ptr, count: ULong, wait: i32, room: Size) -> Result<i32> {
    c.check_room(count.0.saturating_mul(8), room.0)?;
    poll(c, list, count, wait)
}

fn select(c: &mut Context<'_>, count: i32, reads: Ptr, writes: Ptr, errors: Ptr, wait: Ptr) -> Result<i32> {
    let mut limit = Ptr::NULL;
    if !wait.is_null() {
        let Some((seconds, nanoseconds)) = c.read_timeval(wait)?.filter(|(seconds, _)| *seconds >= 0) else {
            return c.fail(crate::errno::Errno::EINVAL);
        };
        limit = c.room("select", 16)?;
        c.write_integer(limit, seconds as u64, 8)?;
        c.write_integer(limit.add(8), nanoseconds, 8)?;
    }
    let arguments = [count as u64, reads.0, writes.0, errors.0, limit.0, 0];
    super::call_alone(c, "pselect6_time64", &arguments).map(|value| value as i32)
}

fn pselect(
    c: &mut Context<'_>,
    count: i32,
    reads: Ptr,
    writes: Ptr,
    errors: Ptr,
    wait: Ptr,
    _mask: Ptr,
) -> Result<i32> {
    let arguments = [count as u64, reads.0, writes.0, errors.0, wait.0, 0];
    super::call_alone(c, "pselect6", &arguments).map(|value| value as i32)
}

fn pselect_time64(
    c: &mut Context<'_>,
    count: i32,
    reads: Ptr,
    writes: Ptr,
    errors: Ptr,
    wait: Ptr,
    _mask: Ptr,
) -> Result<i32> {
    let arguments = [count as u64, reads.0, writes.0, errors.0, wait.0, 0];
    super::call_alone(c, "pselect6_time64", &arguments).map(|value| value as i32)
}

/// The word of an `fd_set` that a descriptor is in.
fn fdelt_chk(c: &mut Context<'_>, fd: Long) -> Result<Long> {
    if !(0..1024).contains(&fd.0) {
        return c.misuse(format!("descriptor {} in an fd_set of 1024", fd.0));
    }
    Ok(Long(fd.0 / (8 * i64::from(c.model.long))))
}
