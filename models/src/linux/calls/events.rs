//! Waiting for several things at once: `poll`, `select`, `epoll`, and the
//! descriptors made for it.

use std::collections::BTreeMap;

use super::super::{
    abi::generic::*,
    descriptions::{Kind, PIPE_CAPACITY, Watch},
    kernel::Kernel,
    limits,
    process::{Id, IntervalTimer},
    task::{Answer, Refusal, Task},
};
use crate::errno::Errno;

impl Kernel {
    /// What a description is ready for, as `poll` tells it; and a number that
    /// grows with what arrives.
    pub(in crate::linux) fn readiness(&mut self, description: u64, thread: Id) -> (u64, u64) {
        self.expire_timers();
        let Some(it) = self.descriptions.get(&description) else { return (POLLNVAL, 0) };
        let read = POLLIN | POLLRDNORM;
        let write = POLLOUT | POLLWRNORM;
        match &it.kind {
            Kind::File(_) | Kind::Directory(_) | Kind::Device(..) => (read | write, 0),
            Kind::Path(_) => (POLLNVAL, 0),
            Kind::Stream(0) => (read, 0),
            Kind::Stream(_) => (write, 0),
            Kind::Pipe { pipe, writes, reads } => {
                let Some(state) = self.pipes.get(pipe) else { return (POLLNVAL, 0) };
                let mut ready = 0;
                if *reads {
                    if !state.bytes.is_empty() {
                        ready |= read;
                    }
                    if state.writers == 0 {
                        ready |= POLLHUP;
                    }
                }
                if *writes {
                    if state.capacity - state.bytes.len().min(state.capacity) >= PIPE_CAPACITY.min(4096) {
                        ready |= write;
                    }
                    if state.readers == 0 {
                        ready |= POLLERR;
                    }
                }
                (ready, state.version)
            }
            Kind::Event { value, .. } => {
                let mut ready = if *value > 0 { read } else { 0 };
                if *value < u64::MAX - 1 {
                    ready |= write;
                }
                (ready, *value)
            }
            Kind::Timer { expired, .. } => (if *expired > 0 { read } else { 0 }, *expired),
            Kind::Signals(mask) => {
                let mask = *mask;
                let any = self.pending_in(thread, mask);
                (if any { read } else { 0 }, 0)
            }
            Kind::Poll(watched) => {
                let watched: Vec<((i32, u64), u32)> =
                    watched.iter().map(|(key, watch)| (*key, watch.events)).collect();
                let any = watched.into_iter().any(|((_, target), events)| {
                    // One instance may watch another, not itself.
                    target != description
                        && !matches!(self.descriptions.get(&target).map(|it| &it.kind), Some(Kind::Poll(_)))
                        && self.readiness(target, thread).0 & (u64::from(events) | POLLERR | POLLHUP) != 0
                });
                (if any { read } else { 0 }, 0)
            }
            Kind::Socket(socket) => self.network.readiness(*socket),
            Kind::Queue(queue) => {
                let Some(it) = self.ipc.queues.all.get(queue) else { return (POLLNVAL, 0) };
                let ready = if it.messages.is_empty() { 0 } else { read };
                (if it.is_full() { ready } else { ready | write }, it.messages.len() as u64)
            }
            Kind::Terminal { number, master } => {
                let Some(it) = self.terminals.get(number) else { return (POLLNVAL, 0) };
                let (reads, writes, closed) = it.readiness(*master);
                let flags = [(reads, read), (writes, write), (closed, POLLHUP)];
                let ready = flags.iter().filter(|(is, _)| *is).fold(0, |all, (_, flag)| all | flag);
                (ready, it.available(*master) as u64)
            }
        }
    }

    /// Timers of descriptors that have run out.
    pub(in crate::linux) fn expire_timers(&mut self) {
        let now = self.clock.monotonic();
        let mut any = 0;
        for it in self.descriptions.values_mut() {
            if let Kind::Timer { timer, expired, .. } = &mut it.kind {
                let times = timer.expire(now);
                *expired = expired.saturating_add(times);
                any |= times;
            }
        }
        if any > 0 {
            self.changed();
        }
    }

    fn pending_in(&self, thread: Id, mask: u64) -> bool {
        let Some(it) = self.threads.get(&thread) else { return false };
        let process = self.processes.get(&it.process).map(|process| process.pending.as_slice());
        let all = it.pending.iter().chain(process.unwrap_or_default());
        all.into_iter().any(|info| mask & super::super::signals::bit(info.number) != 0)
    }
}

impl IntervalTimer {
    /// How often it has run out until now.
    pub(in crate::linux) fn expire(&mut self, now: u64) -> u64 {
        let Some(at) = self.at.filter(|at| *at <= now) else { return 0 };
        if self.interval == 0 {
            self.at = None;
            return 1;
        }
        let times = (now - at) / self.interval + 1;
        self.at = Some(at.saturating_add(times.saturating_mul(self.interval)));
        times
    }
}

/// How long a call waits: not at all, for so many nanoseconds, or for ever.
type Timeout = Option<u64>;

impl Task<'_> {
    /// Waits until `ready` counts something, for at most a time.
    fn wait_for(&mut self, timeout: Timeout, count: u64) -> Result<u64, Refusal> {
        if count > 0 || timeout == Some(0) {
            return Ok(count);
        }
        match timeout {
            Some(nanoseconds) => {
                let deadline = self.deadline(nanoseconds);
                if self.has_passed(deadline) {
                    return Ok(0);
                }
                Err(self.wait_until(Some(deadline)))
            }
            None => Err(self.wait_until(None)),
        }
    }

    /// A call with a mask of its own: it holds while the call waits.
    fn with_mask(&mut self, address: u64, size: u64) -> Result<(), Errno> {
        if address == 0 {
            return Ok(());
        }
        if size != super::signals::mask_size(self) {
            return Err(Errno::EINVAL);
        }
        let mask = super::signals::read_mask(self, address)? & !super::super::signals::UNBLOCKABLE;
        let thread = self.thread_mut()?;
        if thread.old_mask.is_none() {
            thread.old_mask = Some(thread.mask);
            thread.mask = mask;
        }
        Ok(())
    }

    /// The call is over: the mask is what it was, unless a handler comes first.
    fn restore_mask(&mut self, result: &Answer) {
        if matches!(result, Err(Refusal::Wait)) || self.is_interrupted() {
            return;
        }
        if let Ok(thread) = self.thread_mut()
            && let Some(mask) = thread.old_mask.take()
        {
            thread.mask = mask;
        }
    }
}

fn poll_with(task: &mut Task<'_>, timeout: Timeout) -> Answer {
    let (address, count) = (task.argument(0), task.argument(1));
    if count > task.this()?.limits[7].0 {
        return Err(Errno::EINVAL.into());
    }
    let mut ready = 0;
    for index in 0..count {
        let at = address.wrapping_add(8 * index);
        let fd = task.read_u32(at)? as i32;
        let events = task.read_integer(at.wrapping_add(4), 2)?;
        let events = task.abi.bits_to_generic(|tables| tables.poll, events);
        let found = if fd < 0 {
            0
        } else {
            match task.kernel.descriptor(task.process, fd) {
                Ok(descriptor) => {
                    let thread = task.thread;
                    task.kernel.readiness(descriptor.description, thread).0
                        & (events | POLLERR | POLLHUP | POLLNVAL)
                }
                Err(_) => POLLNVAL,
            }
        };
        ready += u64::from(found != 0);
        let own = task.abi.bits_to_own(|tables| tables.poll, found);
        task.write_integer(at.wrapping_add(6), own, 2)?;
    }
    task.wait_for(timeout, ready)
}

pub(super) fn poll(task: &mut Task<'_>) -> Answer {
    let timeout = u64::try_from(task.int(2)).ok().map(|milliseconds| milliseconds * 1_000_000);
    poll_with(task, timeout)
}

fn ppoll_with(task: &mut Task<'_>, wide: bool) -> Answer {
    let timeout = match task.argument(2) {
        0 => None,
        address => Some(task.read_time(address, wide)?),
    };
    task.with_mask(task.argument(3), task.argument(4))?;
    let result = poll_with(task, timeout);
    task.restore_mask(&result);
    result
}

pub(super) fn ppoll(task: &mut Task<'_>) -> Answer {
    ppoll_with(task, false)
}

pub(super) fn ppoll64(task: &mut Task<'_>) -> Answer {
    ppoll_with(task, true)
}

/// A set of descriptors: an array of `long`s of bits.
fn read_set(task: &Task<'_>, address: u64, count: u64) -> Result<Vec<bool>, Errno> {
    if address == 0 {
        return Ok(vec![false; count as usize]);
    }
    let bits = 8 * task.abi.word as u64;
    (0..count)
        .map(|fd| {
            let word = task.read_word(address.wrapping_add(fd / bits * task.abi.word as u64))?;
            Ok(word >> (fd % bits) & 1 != 0)
        })
        .collect()
}

fn write_set(task: &mut Task<'_>, address: u64, set: &[bool]) -> Result<(), Errno> {
    if address == 0 {
        return Ok(());
    }
    let bits = 8 * task.abi.word;
    for (index, part) in set.chunks(bits).enumerate() {
        let word = part.iter().enumerate().fold(0, |word, (bit, on)| word | u64::from(*on) << bit);
        task.write_word(address.wrapping_add((index * task.abi.word) as u64), word)?;
    }
    Ok(())
}

fn select_with(task: &mut Task<'_>, timeout: Timeout) -> Answer {
    const SETS: [u64; 3] = [POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI];
    let count = u64::try_from(task.int(0)).ok().filter(|count| *count <= 1024).ok_or(Errno::EINVAL)?;
    let mut sets = Vec::new();
    for index in 1..=3 {
        sets.push(read_set(task, task.argument(index), count)?);
    }
    let mut ready = 0;
    for (set, wanted) in sets.iter_mut().zip(SETS) {
        for (fd, wants) in set.iter_mut().enumerate().filter(|(_, wants)| **wants) {
            let descriptor = task.kernel.descriptor(task.process, fd as i32)?;
            let thread = task.thread;
            *wants = task.kernel.readiness(descriptor.description, thread).0 & wanted != 0;
            ready += u64::from(*wants);
        }
    }
    let count = task.wait_for(timeout, ready)?;
    for (index, set) in sets.iter().enumerate() {
        write_set(task, task.argument(index + 1), set)?;
    }
    Ok(count)
}

pub(super) fn select(task: &mut Task<'_>) -> Answer {
    let timeout = match task.argument(4) {
        0 => None,
        address => Some(task.read_timeval(address)?),
    };
    select_with(task, timeout)
}

fn pselect_with(task: &mut Task<'_>, wide: bool) -> Answer {
    let timeout = match task.argument(4) {
        0 => None,
        address => Some(task.read_time(address, wide)?),
    };
    if task.argument(5) != 0 {
        let mask = task.read_word(task.argument(5))?;
        let size = task.read_word(task.argument(5).wrapping_add(task.abi.word as u64))?;
        task.with_mask(mask, size)?;
    }
    let result = select_with(task, timeout);
    task.restore_mask(&result);
    result
}

pub(super) fn pselect6(task: &mut Task<'_>) -> Answer {
    pselect_with(task, false)
}

pub(super) fn pselect6_64(task: &mut Task<'_>) -> Answer {
    pselect_with(task, true)
}

// ---- epoll(7)

const EPOLLET: u32 = 1 << 31;
const EPOLLONESHOT: u32 = 1 << 30;

fn make_poll(task: &mut Task<'_>, flags: u64) -> Answer {
    let flags = task.abi.bits_to_generic(|tables| tables.open, flags);
    let description = task.kernel.add_description(Kind::Poll(BTreeMap::new()), O_RDWR);
    Ok(task.kernel.install(task.process, description, flags)? as u64)
}

pub(super) fn epoll_create(task: &mut Task<'_>) -> Answer {
    if task.int(0) <= 0 {
        return Err(Errno::EINVAL.into());
    }
    make_poll(task, 0)
}

pub(super) fn epoll_create1(task: &mut Task<'_>) -> Answer {
    make_poll(task, task.argument(0))
}

/// Where the data is in `struct epoll_event`, which is packed on x86-64.
fn event_data(task: &Task<'_>) -> u64 {
    if task.abi.machine == "x86_64" || task.abi.alignment < 8 { 4 } else { 8 }
}

pub(super) fn epoll_ctl(task: &mut Task<'_>) -> Answer {
    let description = task.description_of(task.int(0))?;
    let (operation, fd) = (task.int(1), task.int(2));
    let target = task.kernel.descriptor(task.process, fd)?.description;
    if target == description {
        return Err(Errno::EINVAL.into());
    }
    if matches!(
        task.kernel.descriptions.get(&target).map(|it| &it.kind),
        Some(Kind::File(_) | Kind::Directory(_) | Kind::Path(_))
    ) {
        return Err(Errno::EPERM.into());
    }
    let watch = if operation == 2 {
        None
    } else {
        let address = task.argument(3);
        let events = task.read_u32(address)?;
        let data = task.read_integer(address.wrapping_add(event_data(task)), 8)?;
        Some(Watch { events, data, told: 0, version: 0, disabled: false })
    };
    let Some(Kind::Poll(watched)) = task.kernel.descriptions.get_mut(&description).map(|it| &mut it.kind)
    else {
        return Err(Errno::EINVAL.into());
    };
    let key = (fd, target);
    match (operation, watch) {
        (1, Some(watch)) => match watched.contains_key(&key) {
            true => return Err(Errno::EEXIST.into()),
            false if watched.len() >= limits::WATCHES => return Err(Errno::ENOSPC.into()),
            false => drop(watched.insert(key, watch)),
        },
        (2, _) => drop(watched.remove(&key).ok_or(Errno::ENOENT)?),
        (3, Some(watch)) => *watched.get_mut(&key).ok_or(Errno::ENOENT)? = watch,
        _ => return Err(Errno::EINVAL.into()),
    }
    task.kernel.changed();
    Ok(0)
}

fn epoll_with(task: &mut Task<'_>, timeout: Timeout) -> Answer {
    let description = task.description_of(task.int(0))?;
    let most = usize::try_from(task.int(2)).ok().filter(|most| *most > 0).ok_or(Errno::EINVAL)?;
    let Some(Kind::Poll(watched)) = task.kernel.descriptions.get(&description).map(|it| &it.kind) else {
        return Err(Errno::EINVAL.into());
    };
    let mut watched = watched.clone();
    let mut found = Vec::new();
    // Descriptions that are closed are watched no more.
    watched.retain(|(_, target), _| task.kernel.descriptions.contains_key(target));
    for ((_, target), watch) in &mut watched {
        if found.len() == most || watch.disabled {
            continue;
        }
        let thread = task.thread;
        let (ready, version) = task.kernel.readiness(*target, thread);
        let ready = ready as u32 & (watch.events | POLLERR as u32 | POLLHUP as u32) & 0xffff;
        let news = ready & !watch.told != 0 || version != watch.version;
        if ready != 0 && (watch.events & EPOLLET == 0 || news) {
            found.push((ready, watch.data));
            watch.disabled = watch.events & EPOLLONESHOT != 0;
        }
        (watch.told, watch.version) = (ready, version);
    }
    if let Some(it) = task.kernel.descriptions.get_mut(&description) {
        it.kind = Kind::Poll(watched);
    }
    let place = event_data(task);
    for (index, (events, data)) in found.iter().enumerate() {
        let at = task.argument(1).wrapping_add(index as u64 * (place.wrapping_add(8)));
        task.write_u32(at, *events)?;
        task.write_integer(at.wrapping_add(place), *data, 8)?;
    }
    task.wait_for(timeout, found.len() as u64)
}

pub(super) fn epoll_wait(task: &mut Task<'_>) -> Answer {
    let timeout = u64::try_from(task.int(3)).ok().map(|milliseconds| milliseconds * 1_000_000);
    epoll_with(task, timeout)
}

pub(super) fn epoll_pwait(task: &mut Task<'_>) -> Answer {
    task.with_mask(task.argument(4), task.argument(5))?;
    let result = epoll_wait(task);
    task.restore_mask(&result);
    result
}

/// `epoll_pwait2(fd, events, count, timeout, mask, size)`.
pub(super) fn epoll_pwait2(task: &mut Task<'_>) -> Answer {
    let timeout = match task.argument(3) {
        0 => None,
        address => Some(task.read_time(address, true)?),
    };
    task.with_mask(task.argument(4), task.argument(5))?;
    let result = epoll_with(task, timeout);
    task.restore_mask(&result);
    result
}

// ---- eventfd(2), timerfd_create(2)

fn make_event(task: &mut Task<'_>, flags: u64) -> Answer {
    let value = task.argument(0) as u32;
    let semaphore = flags & 1 != 0;
    let flags = task.abi.bits_to_generic(|tables| tables.open, flags & !1);
    let kind = Kind::Event { value: value.into(), semaphore };
    let description = task.kernel.add_description(kind, O_RDWR | flags & O_NONBLOCK);
    Ok(task.kernel.install(task.process, description, flags)? as u64)
}

pub(super) fn eventfd(task: &mut Task<'_>) -> Answer {
    make_event(task, 0)
}

pub(super) fn eventfd2(task: &mut Task<'_>) -> Answer {
    make_event(task, task.argument(1))
}

pub(super) fn timerfd_create(task: &mut Task<'_>) -> Answer {
    let clock = task.argument(0);
    if ![0, 1, 7, 8, 9].contains(&clock) {
        return Err(Errno::EINVAL.into());
    }
    let flags = task.abi.bits_to_generic(|tables| tables.open, task.argument(1));
    let kind = Kind::Timer { clock, timer: IntervalTimer::default(), expired: 0 };
    let description = task.kernel.add_description(kind, O_RDWR | flags & O_NONBLOCK);
    Ok(task.kernel.install(task.process, description, flags)? as u64)
}

fn timer_of(task: &Task<'_>) -> Result<(u64, u64, IntervalTimer), Errno> {
    let id = task.description_of(task.int(0))?;
    match task.kernel.descriptions.get(&id).map(|it| &it.kind) {
        Some(Kind::Timer { clock, timer, .. }) => Ok((id, *clock, *timer)),
        _ => Err(Errno::EINVAL),
    }
}

fn timerfd_settime_with(task: &mut Task<'_>, wide: bool) -> Answer {
    task.kernel.expire_timers();
    let (id, clock, old) = timer_of(task)?;
    let new = super::time::read_timer(task, task.argument(2), clock, task.argument(1) & 1 != 0, wide)?;
    if task.argument(3) != 0 {
        super::time::write_timer(task, task.argument(3), old, wide)?;
    }
    if let Some(it) = task.kernel.descriptions.get_mut(&id) {
        it.kind = Kind::Timer { clock, timer: new, expired: 0 };
    }
    Ok(0)
}

pub(super) fn timerfd_settime(task: &mut Task<'_>) -> Answer {
    timerfd_settime_with(task, false)
}

pub(super) fn timerfd_settime64(task: &mut Task<'_>) -> Answer {
    timerfd_settime_with(task, true)
}

pub(super) fn timerfd_gettime(task: &mut Task<'_>) -> Answer {
    task.kernel.expire_timers();
    let (_, _, timer) = timer_of(task)?;
    super::time::write_timer(task, task.argument(1), timer, false)?;
    Ok(0)
}

pub(super) fn timerfd_gettime64(task: &mut Task<'_>) -> Answer {
    task.kernel.expire_timers();
    let (_, _, timer) = timer_of(task)?;
    super::time::write_timer(task, task.argument(1), timer, true)?;
    Ok(0)
}
