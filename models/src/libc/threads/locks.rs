//! Mutexes, conditions, locks for readers and writers, barriers, spin locks and
//! `pthread_once`.

use super::{
    super::{
        context::Context,
        error::Result,
        nested::Continuation,
        types::{CType, Flavour, Header, Ptr, Reply, Standard, models},
    },
    Barrier, Mutex,
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "pthread.h",
    standard: Standard::Posix,
    models: models! {
        pthread_mutex_init = mutex_init;
        pthread_mutex_destroy = mutex_destroy;
        pthread_mutex_lock = mutex_lock;
        pthread_mutex_trylock = mutex_trylock;
        pthread_mutex_timedlock = mutex_timedlock;
        pthread_mutex_unlock = mutex_unlock;
        pthread_mutex_consistent = mutex_consistent;
        __pthread_mutex_lock = mutex_lock;
        __pthread_mutex_unlock = mutex_unlock;
        pthread_cond_init = cond_init;
        pthread_cond_destroy = cond_destroy;
        pthread_cond_wait = cond_wait;
        pthread_cond_timedwait = cond_timedwait;
        __pthread_cond_timedwait_time64 = cond_timedwait;
        __pthread_mutex_timedlock_time64 = mutex_timedlock;
        pthread_cond_signal = cond_signal;
        pthread_cond_broadcast = cond_broadcast;
    },
};

pub(crate) static OTHERS: Header = Header {
    name: "pthread.h",
    standard: Standard::Posix,
    models: models! {
        pthread_rwlock_init = rwlock_init;
        pthread_rwlock_destroy = rwlock_destroy;
        pthread_rwlock_rdlock = rwlock_rdlock;
        pthread_rwlock_tryrdlock = rwlock_tryrdlock;
        pthread_rwlock_wrlock = rwlock_wrlock;
        pthread_rwlock_trywrlock = rwlock_trywrlock;
        pthread_rwlock_unlock = rwlock_unlock;
        pthread_rwlock_timedrdlock = rwlock_timedrdlock;
        pthread_rwlock_timedwrlock = rwlock_timedwrlock;
        __pthread_rwlock_timedrdlock_time64 = rwlock_timedrdlock;
        __pthread_rwlock_timedwrlock_time64 = rwlock_timedwrlock;
        pthread_rwlock_clockrdlock = rwlock_clockrdlock;
        pthread_rwlock_clockwrlock = rwlock_clockwrlock;
        pthread_mutex_clocklock = mutex_clocklock;
        pthread_cond_clockwait = cond_clockwait;
        pthread_barrier_init = barrier_init;
        pthread_barrier_destroy = barrier_destroy;
        pthread_barrier_wait = barrier_wait;
        pthread_spin_init = spin_init;
        pthread_spin_destroy = mutex_destroy;
        pthread_spin_lock = spin_lock;
        pthread_spin_trylock = spin_trylock;
        pthread_spin_unlock = spin_unlock;
        pthread_once = once;
        __pthread_once = once;
    },
};

/// Kinds of mutexes: `PTHREAD_MUTEX_RECURSIVE`, `PTHREAD_MUTEX_ERRORCHECK`.
const RECURSIVE: i32 = 1;
const CHECKS: i32 = 2;

/// A mutex; one that is met for the first time has the kind that its
/// initialiser says: `__kind` is behind lock, count and owner in glibc
/// (`bits/struct_mutex.h`), and first in musl.
fn mutex(c: &mut Context<'_>, at: Ptr) -> Result<Mutex> {
    if let Some(known) = c.state.threads.mutexes.get(&at.0) {
        return Ok(*known);
    }
    let place = kind_place(c, at);
    let kind = c.read_int(place)? & 3;
    Ok(Mutex { owner: None, count: 0, kind })
}

/// Where the kind of a mutex stands: what is not locked is in the program's
/// memory only.
fn kind_place(c: &Context<'_>, at: Ptr) -> Ptr {
    at.add(match (c.state.flavour, c.model.pointer) {
        (Flavour::Musl, _) => 0,
        (_, 8) => 16,
        _ => 12,
    })
}

/// Remembers a mutex while somebody has it.
fn keep(c: &mut Context<'_>, at: Ptr, it: Mutex) {
    if it.owner.is_some() {
        c.state.threads.mutexes.insert(at.0, it);
    } else {
        c.state.threads.mutexes.remove(&at.0);
    }
}

fn mutex_init(c: &mut Context<'_>, at: Ptr, attributes: Ptr) -> Result<i32> {
    let kind = if attributes.is_null() { 0 } else { c.read_int(attributes)? & 3 };
    begin_mutex(c, at, kind)?;
    Ok(0)
}

/// Makes a mutex of a kind.
pub(super) fn begin_mutex(c: &mut Context<'_>, at: Ptr, kind: i32) -> Result<()> {
    let place = kind_place(c, at);
    c.write_int(place, kind)?;
    c.state.threads.mutexes.remove(&at.0);
    Ok(())
}

// A spin lock is an `int`, of which nothing is read: it has no kind.

fn spin_init(c: &mut Context<'_>, at: Ptr, _shared: i32) -> Result<i32> {
    c.state.threads.mutexes.remove(&at.0);
    Ok(0)
}

fn spin(c: &Context<'_>, at: Ptr) -> Mutex {
    c.state.threads.mutexes.get(&at.0).copied().unwrap_or_default()
}

fn spin_lock(c: &mut Context<'_>, at: Ptr) -> Result<Reply> {
    let it = spin(c, at);
    match take(c, at, it, true)? {
        Some(result) => Ok(Reply::Int(result)),
        None => c.wait_here(None),
    }
}

fn spin_trylock(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    let it = spin(c, at);
    Ok(take(c, at, it, false)?.unwrap_or(c.error(Errno::EBUSY)))
}

fn spin_unlock(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    c.state.threads.mutexes.remove(&at.0);
    c.state.threads.moved();
    Ok(0)
}

pub(super) fn mutex_destroy(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    if c.state.threads.mutexes.get(&at.0).is_some_and(|it| it.owner.is_some()) {
        return Ok(c.error(Errno::EBUSY));
    }
    c.state.threads.mutexes.remove(&at.0);
    Ok(0)
}

/// Tries to lock: an error number, or `None` if it is another's.
fn try_lock(c: &mut Context<'_>, at: Ptr, waits: bool) -> Result<Option<i32>> {
    let it = mutex(c, at)?;
    take(c, at, it, waits)
}

fn take(c: &mut Context<'_>, at: Ptr, mut it: Mutex, waits: bool) -> Result<Option<i32>> {
    let this = c.state.threads.current;
    match it.owner {
        None => {
            it.owner = Some(this);
            it.count = 1;
        }
        Some(owner) if owner == this && it.kind == RECURSIVE => it.count += 1,
        Some(owner) if owner == this && it.kind == CHECKS && waits => {
            return Ok(Some(c.error(Errno::EDEADLK)));
        }
        Some(_) => return Ok(None),
    }
    c.state.threads.mutexes.insert(at.0, it);
    Ok(Some(0))
}

pub(super) fn mutex_lock(c: &mut Context<'_>, at: Ptr) -> Result<Reply> {
    match try_lock(c, at, true)? {
        Some(result) => Ok(Reply::Int(result)),
        None => c.wait_here(None),
    }
}

pub(super) fn mutex_trylock(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    Ok(try_lock(c, at, false)?.unwrap_or(c.error(Errno::EBUSY)))
}

pub(super) fn mutex_timedlock(c: &mut Context<'_>, at: Ptr, until: Ptr) -> Result<Reply> {
    if let Some(result) = try_lock(c, at, true)? {
        return Ok(Reply::Int(result));
    }
    match c.deadline_at(until, 0)? {
        Err(errno) => Ok(Reply::Int(c.error(errno))),
        Ok(deadline) if c.passed(Some(deadline)) => Ok(Reply::Int(c.error(Errno::ETIMEDOUT))),
        Ok(deadline) => c.wait_here(Some(deadline)),
    }
}

pub(super) fn mutex_unlock(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    let mut it = mutex(c, at)?;
    let this = c.state.threads.current;
    let foreign = it.owner != Some(this);
    if foreign && matches!(it.kind, RECURSIVE | CHECKS) {
        return Ok(c.error(Errno::EPERM));
    }
    it.count = it.count.saturating_sub(1);
    if it.count == 0 {
        it.owner = None;
    }
    keep(c, at, it);
    c.state.threads.moved();
    Ok(0)
}

/// No owner of a lock dies here without leaving it, so that none is to be made
/// consistent.
fn mutex_consistent(c: &mut Context<'_>, _at: Ptr) -> Result<i32> {
    Ok(c.error(Errno::EINVAL))
}

// ---- conditions

pub(super) fn cond_init(c: &mut Context<'_>, at: Ptr, attributes: Ptr) -> Result<i32> {
    c.state.threads.conditions.remove(&at.0);
    let clock = if attributes.is_null() { 0 } else { c.read_int(attributes)? & 15 };
    let place = clock_place(c, at);
    c.write_int(place, if clock == 0 { 0 } else { MONOTONIC })?;
    Ok(0)
}

/// The clock of a condition is in the program's memory: in glibc bit 1 of
/// `__wrefs`, behind 36 bytes (`bits/thread-shared-types.h`); in musl the fifth
/// `int`.
fn clock_place(c: &Context<'_>, at: Ptr) -> Ptr {
    at.add(if c.state.flavour == Flavour::Musl { 16 } else { 36 })
}

const MONOTONIC: i32 = 2;

pub(super) fn cond_destroy(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    c.state.threads.conditions.remove(&at.0);
    Ok(0)
}

fn wait(c: &mut Context<'_>, at: Ptr, lock: Ptr, deadline: Option<u64>) -> Result<Reply> {
    let this = c.state.threads.current;
    let queued = c.state.threads.conditions.get(&at.0).is_some_and(|queue| queue.contains(&this));
    let woken = c.state.threads.this().woken;
    let late = queued && c.passed(deadline);
    if !queued && !woken {
        // It begins to wait.
        mutex_unlock(c, lock)?;
        c.state.threads.conditions.entry(at.0).or_default().push_back(this);
        return c.wait_here(deadline);
    }
    if queued && !late {
        return c.wait_here(deadline);
    }
    if try_lock(c, lock, false)?.is_none() {
        return c.wait_here(None);
    }
    c.state.threads.this().woken = false;
    if let Some(queue) = c.state.threads.conditions.get_mut(&at.0) {
        queue.retain(|id| *id != this);
        if queue.is_empty() {
            c.state.threads.conditions.remove(&at.0);
        }
    }
    Ok(Reply::Int(if late { c.error(Errno::ETIMEDOUT) } else { 0 }))
}

pub(super) fn cond_wait(c: &mut Context<'_>, at: Ptr, lock: Ptr) -> Result<Reply> {
    wait(c, at, lock, None)
}

pub(super) fn cond_timedwait(c: &mut Context<'_>, at: Ptr, lock: Ptr, until: Ptr) -> Result<Reply> {
    let place = clock_place(c, at);
    let clock = i32::from(c.read_int(place)? & MONOTONIC != 0);
    match c.deadline_at(until, clock)? {
        Ok(deadline) => wait(c, at, lock, Some(deadline)),
        Err(errno) => Ok(Reply::Int(c.error(errno))),
    }
}

fn wake(c: &mut Context<'_>, at: Ptr, most: usize) {
    for _ in 0..most {
        let threads = &mut c.state.threads;
        let Some(id) = threads.conditions.get_mut(&at.0).and_then(std::collections::VecDeque::pop_front)
        else {
            break;
        };
        if let Some(thread) = threads.all.get_mut(&id) {
            thread.woken = true;
        }
    }
    if c.state.threads.conditions.get(&at.0).is_some_and(std::collections::VecDeque::is_empty) {
        c.state.threads.conditions.remove(&at.0);
    }
    c.state.threads.moved();
}

pub(super) fn cond_signal(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    wake(c, at, 1);
    Ok(0)
}

pub(super) fn cond_broadcast(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    wake(c, at, usize::MAX);
    Ok(0)
}

// ---- locks for readers and writers

fn rwlock_init(c: &mut Context<'_>, at: Ptr, _attributes: Ptr) -> Result<i32> {
    c.state.threads.locks.remove(&at.0);
    Ok(0)
}

fn rwlock_destroy(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    c.state.threads.locks.remove(&at.0);
    Ok(0)
}

fn try_read(c: &mut Context<'_>, at: Ptr) -> Option<i32> {
    let this = c.state.threads.current;
    let deadlock = c.error(Errno::EDEADLK);
    let it = c.state.threads.locks.entry(at.0).or_default();
    match it.writer {
        Some(writer) if writer == this => Some(deadlock),
        Some(_) => None,
        None => {
            it.readers.push(this);
            Some(0)
        }
    }
}

fn try_write(c: &mut Context<'_>, at: Ptr) -> Option<i32> {
    let this = c.state.threads.current;
    let deadlock = c.error(Errno::EDEADLK);
    let it = c.state.threads.locks.entry(at.0).or_default();
    if it.writer == Some(this) || it.readers.contains(&this) {
        return Some(deadlock);
    }
    if it.writer.is_some() || !it.readers.is_empty() {
        return None;
    }
    it.writer = Some(this);
    Some(0)
}

fn rwlock_rdlock(c: &mut Context<'_>, at: Ptr) -> Result<Reply> {
    try_read(c, at).map_or_else(|| c.wait_here(None), |result| Ok(Reply::Int(result)))
}

fn rwlock_wrlock(c: &mut Context<'_>, at: Ptr) -> Result<Reply> {
    try_write(c, at).map_or_else(|| c.wait_here(None), |result| Ok(Reply::Int(result)))
}

/// Who reads, and wants to write, waits until the time is over.
fn try_write_at_last(c: &mut Context<'_>, at: Ptr) -> Option<i32> {
    let this = c.state.threads.current;
    let reads = c.state.threads.locks.get(&at.0).is_some_and(|it| it.readers.contains(&this));
    if reads { None } else { try_write(c, at) }
}

/// A lock until a time of a clock.
fn until(
    c: &mut Context<'_>,
    at: Ptr,
    clock: i32,
    time: Ptr,
    attempt: fn(&mut Context<'_>, Ptr) -> Option<i32>,
) -> Result<Reply> {
    if let Some(result) = attempt(c, at) {
        return Ok(Reply::Int(result));
    }
    match c.deadline_at(time, clock)? {
        Err(errno) => Ok(Reply::Int(c.error(errno))),
        Ok(deadline) if c.passed(Some(deadline)) => Ok(Reply::Int(c.error(Errno::ETIMEDOUT))),
        Ok(deadline) => c.wait_here(Some(deadline)),
    }
}

fn rwlock_timedrdlock(c: &mut Context<'_>, at: Ptr, time: Ptr) -> Result<Reply> {
    until(c, at, 0, time, try_read)
}

fn rwlock_timedwrlock(c: &mut Context<'_>, at: Ptr, time: Ptr) -> Result<Reply> {
    until(c, at, 0, time, try_write_at_last)
}

fn rwlock_clockrdlock(c: &mut Context<'_>, at: Ptr, clock: i32, time: Ptr) -> Result<Reply> {
    until(c, at, clock, time, try_read)
}

fn rwlock_clockwrlock(c: &mut Context<'_>, at: Ptr, clock: i32, time: Ptr) -> Result<Reply> {
    until(c, at, clock, time, try_write_at_last)
}

fn mutex_clocklock(c: &mut Context<'_>, at: Ptr, clock: i32, time: Ptr) -> Result<Reply> {
    if let Some(result) = try_lock(c, at, true)? {
        return Ok(Reply::Int(result));
    }
    match c.deadline_at(time, clock)? {
        Err(errno) => Ok(Reply::Int(c.error(errno))),
        Ok(deadline) if c.passed(Some(deadline)) => Ok(Reply::Int(c.error(Errno::ETIMEDOUT))),
        Ok(deadline) => c.wait_here(Some(deadline)),
    }
}

fn cond_clockwait(c: &mut Context<'_>, at: Ptr, lock: Ptr, clock: i32, time: Ptr) -> Result<Reply> {
    match c.deadline_at(time, clock)? {
        Ok(deadline) => wait(c, at, lock, Some(deadline)),
        Err(errno) => Ok(Reply::Int(c.error(errno))),
    }
}

fn rwlock_tryrdlock(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    let busy = c.error(Errno::EBUSY);
    Ok(try_read(c, at).filter(|result| *result == 0).unwrap_or(busy))
}

fn rwlock_trywrlock(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    let busy = c.error(Errno::EBUSY);
    Ok(try_write(c, at).filter(|result| *result == 0).unwrap_or(busy))
}

fn rwlock_unlock(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    let this = c.state.threads.current;
    let not_held = c.error(Errno::EPERM);
    let Some(it) = c.state.threads.locks.get_mut(&at.0) else { return Ok(not_held) };
    if it.writer == Some(this) {
        it.writer = None;
    } else if let Some(place) = it.readers.iter().position(|reader| *reader == this) {
        it.readers.remove(place);
    } else {
        return Ok(not_held);
    }
    if it.writer.is_none() && it.readers.is_empty() {
        c.state.threads.locks.remove(&at.0);
    }
    c.state.threads.moved();
    Ok(0)
}

// ---- barriers

/// `PTHREAD_BARRIER_SERIAL_THREAD`.
const SERIAL: i32 = -1;

fn barrier_init(c: &mut Context<'_>, at: Ptr, _attributes: Ptr, count: u32) -> Result<i32> {
    if count == 0 {
        return Ok(c.error(Errno::EINVAL));
    }
    c.state.threads.barriers.insert(at.0, Barrier { count, arrived: Vec::new() });
    Ok(0)
}

fn barrier_destroy(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    c.state.threads.barriers.remove(&at.0);
    Ok(0)
}

fn barrier_wait(c: &mut Context<'_>, at: Ptr) -> Result<Reply> {
    if std::mem::take(&mut c.state.threads.this().woken) {
        return Ok(Reply::Int(0));
    }
    let threads = &mut c.state.threads;
    let this = threads.current;
    let Some(it) = threads.barriers.get_mut(&at.0) else {
        return c.misuse(format!("{:#x} is no barrier that was initialised", at.0));
    };
    if !it.arrived.contains(&this) {
        it.arrived.push(this);
    }
    if it.arrived.len() < it.count as usize {
        return c.wait_here(None);
    }
    let others = std::mem::take(&mut it.arrived);
    for id in others.into_iter().filter(|id| *id != this) {
        if let Some(thread) = threads.all.get_mut(&id) {
            thread.woken = true;
        }
    }
    threads.moved();
    Ok(Reply::Int(SERIAL))
}

// ---- once

/// The control word is 2 when it is done, as in glibc and musl.
pub(super) fn once(c: &mut Context<'_>, control: Ptr, function: Ptr) -> Result<Reply> {
    match c.state.threads.onces.get(&control.0).copied() {
        Some(true) => Ok(Reply::Int(0)),
        // Another thread is at it.
        Some(false) => c.wait_here(None),
        None if c.read_int(control)? == 2 => Ok(Reply::Int(0)),
        None => {
            c.state.threads.onces.insert(control.0, false);
            c.call_guest(function, &[], CType::Void, CType::Int, Continuation::Once(control))
        }
    }
}

impl Context<'_> {
    /// The function of `pthread_once` has returned.
    pub(in crate::libc) fn once_done(&mut self, control: Ptr) -> Result<Reply> {
        self.write_int(control, 2)?;
        self.state.threads.onces.remove(&control.0);
        self.state.threads.moved();
        Ok(Reply::Int(0))
    }
}
