//! `threads.h` of C11, in terms of POSIX's threads.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Header, Ptr, Reply, Standard, ULong, models},
    },
    lives, locks, specific,
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "threads.h",
    standard: Standard::Extension,
    models: models! {
        thrd_create = create, "threads are switched where they wait, yield or end";
        thrd_join = join;
        thrd_detach = detach;
        thrd_equal = equal;
        thrd_exit = exit;
        mtx_init = mutex_init;
        mtx_destroy = mutex_destroy;
        mtx_lock = mutex_lock;
        mtx_trylock = mutex_trylock;
        mtx_timedlock = mutex_timedlock;
        __mtx_timedlock64 = mutex_timedlock;
        mtx_unlock = mutex_unlock;
        cnd_init = condition_init;
        cnd_destroy = condition_destroy;
        cnd_wait = condition_wait;
        cnd_timedwait = condition_timedwait;
        __cnd_timedwait64 = condition_timedwait;
        cnd_signal = condition_signal;
        cnd_broadcast = condition_broadcast;
        call_once = call_once;
        tss_create = specific_create;
        tss_delete = specific_delete;
        tss_get = specific_get;
        tss_set = specific_set;
    },
};

/// `thrd_busy`, `thrd_error`, `thrd_nomem`, `thrd_timedout`: the same in glibc
/// and musl.
const BUSY: i32 = 1;
const ERROR: i32 = 2;
const NO_MEMORY: i32 = 3;
const TIMED_OUT: i32 = 4;

/// The result of a function of POSIX as one of C11.
fn told(c: &Context<'_>, number: i32) -> i32 {
    if number == 0 {
        return 0;
    }
    let known = [(Errno::EBUSY, BUSY), (Errno::ENOMEM, NO_MEMORY), (Errno::ETIMEDOUT, TIMED_OUT)];
    known.iter().find(|(errno, _)| c.error(*errno) == number).map_or(ERROR, |(_, result)| *result)
}

fn replied(c: &Context<'_>, reply: Reply) -> Reply {
    match reply {
        Reply::Int(number) => Reply::Int(told(c, number)),
        other => other,
    }
}

fn create(c: &mut Context<'_>, place: Ptr, function: Ptr, argument: Ptr) -> Result<i32> {
    let result = lives::begin(c, place, Ptr::NULL, (function, true), argument)?;
    Ok(told(c, result))
}

/// The result is an `int`.
fn join(c: &mut Context<'_>, thread: ULong, result_to: Ptr) -> Result<Reply> {
    let room = c.room("result of a thread", 8)?;
    let reply = lives::join(c, thread, room)?;
    if matches!(reply, Reply::Int(0)) && !result_to.is_null() {
        let value = c.read_pointer(room)?;
        c.write_int(result_to, value.0 as i32)?;
    }
    Ok(replied(c, reply))
}

fn detach(c: &mut Context<'_>, thread: ULong) -> Result<i32> {
    let result = lives::detach(c, thread)?;
    Ok(told(c, result))
}

fn equal(_: &mut Context<'_>, one: Ptr, other: Ptr) -> Result<i32> {
    Ok(i32::from(one == other))
}

fn exit(c: &mut Context<'_>, result: i32) -> Result<Reply> {
    lives::exit(c, Ptr(i64::from(result) as u64))
}

/// `mtx_recursive` is 1, `mtx_timed` 2.
fn mutex_init(c: &mut Context<'_>, at: Ptr, kind: i32) -> Result<i32> {
    if !(0..4).contains(&kind) {
        return Ok(ERROR);
    }
    locks::begin_mutex(c, at, kind & 1)?;
    Ok(0)
}

fn mutex_destroy(c: &mut Context<'_>, at: Ptr) -> Result<()> {
    locks::mutex_destroy(c, at).map(drop)
}

fn mutex_lock(c: &mut Context<'_>, at: Ptr) -> Result<Reply> {
    let reply = locks::mutex_lock(c, at)?;
    Ok(replied(c, reply))
}

fn mutex_trylock(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    let result = locks::mutex_trylock(c, at)?;
    Ok(told(c, result))
}

fn mutex_timedlock(c: &mut Context<'_>, at: Ptr, time: Ptr) -> Result<Reply> {
    let reply = locks::mutex_timedlock(c, at, time)?;
    Ok(replied(c, reply))
}

fn mutex_unlock(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    let result = locks::mutex_unlock(c, at)?;
    Ok(told(c, result))
}

fn condition_init(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    locks::cond_init(c, at, Ptr::NULL)
}

fn condition_destroy(c: &mut Context<'_>, at: Ptr) -> Result<()> {
    locks::cond_destroy(c, at).map(drop)
}

fn condition_wait(c: &mut Context<'_>, at: Ptr, mutex: Ptr) -> Result<Reply> {
    let reply = locks::cond_wait(c, at, mutex)?;
    Ok(replied(c, reply))
}

fn condition_timedwait(c: &mut Context<'_>, at: Ptr, mutex: Ptr, time: Ptr) -> Result<Reply> {
    let reply = locks::cond_timedwait(c, at, mutex, time)?;
    Ok(replied(c, reply))
}

fn condition_signal(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    locks::cond_signal(c, at)
}

fn condition_broadcast(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    locks::cond_broadcast(c, at)
}

fn call_once(c: &mut Context<'_>, control: Ptr, function: Ptr) -> Result<Reply> {
    locks::once(c, control, function)
}

fn specific_create(c: &mut Context<'_>, place: Ptr, destructor: Ptr) -> Result<i32> {
    let result = specific::key_create(c, place, destructor)?;
    Ok(told(c, result))
}

fn specific_delete(c: &mut Context<'_>, key: u32) -> Result<()> {
    specific::key_delete(c, key).map(drop)
}

fn specific_get(c: &mut Context<'_>, key: u32) -> Result<Ptr> {
    specific::get_specific(c, key)
}

fn specific_set(c: &mut Context<'_>, key: u32, value: Ptr) -> Result<i32> {
    let result = specific::set_specific(c, key, value)?;
    Ok(told(c, result))
}
