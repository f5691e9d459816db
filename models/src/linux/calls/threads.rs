//! Threads: futexes, thread pointers, scheduling.

use terrella_emulator_api::EmulatorExt;
use terrella_platforms::Platform;

use super::super::{
    abi::ThreadPointer,
    process::FutexKey,
    task::{Answer, Refusal, Task},
};
use crate::errno::Errno;

impl Task<'_> {
    /// What a futex at an address is known by: shared memory is the same in
    /// all processes.
    fn futex_key(&self, address: u64, private: bool) -> Result<FutexKey, Errno> {
        let space = self.this()?.space;
        if !private
            && let Some((from, area)) = self.space()?.at(address)
            && area.shared
            && let Some((inode, offset)) = area.file
        {
            return Ok(FutexKey::Shared(inode, offset + (address - from)));
        }
        Ok(FutexKey::Private(space, address))
    }

    fn futex_wait(&mut self, key: FutexKey, value: u32, bits: u32, until: Option<u64>) -> Answer {
        let address = self.argument(0);
        let call = self.thread()?.call.as_ref();
        if call.is_some_and(|call| call.woken) {
            return Ok(0);
        }
        let waits = call.is_some_and(|call| call.futex.is_some());
        if !waits {
            if bits == 0 {
                return Err(Errno::EINVAL.into());
            }
            if self.read_u32(address)? != value {
                return Err(Errno::EAGAIN.into());
            }
        }
        if until.is_some_and(|until| self.has_passed(until)) {
            return Err(Errno::ETIMEDOUT.into());
        }
        // One that waits may have been moved to another futex.
        if !waits && let Some(call) = &mut self.thread_mut()?.call {
            call.futex = Some((key, bits));
        }
        Err(self.wait_until(until))
    }
}

const PRIVATE: u64 = 128;
const CLOCK_REALTIME: u64 = 256;
const ALL: u32 = u32::MAX;

fn futex_with(task: &mut Task<'_>, wide: bool) -> Answer {
    let address = task.argument(0);
    let operation = task.argument(1);
    let value = task.argument(2) as u32;
    let private = operation & PRIVATE != 0;
    if !address.is_multiple_of(4) {
        return Err(Errno::EINVAL.into());
    }
    let key = task.futex_key(address, private)?;
    let second = task.argument(4);
    // Where a call has no timeout the argument is a number.
    let count = task.argument(3) as u32;
    match operation & !(PRIVATE | CLOCK_REALTIME) {
        // WAIT, WAIT_BITSET
        what @ (0 | 9) => {
            let until = match task.argument(3) {
                0 => None,
                time => {
                    let time = task.read_time(time, wide)?;
                    Some(match (what, operation & CLOCK_REALTIME != 0) {
                        (0, _) => task.deadline(time),
                        (_, true) => time.saturating_sub(task.kernel.clock.epoch.max(0) as u64),
                        (_, false) => time,
                    })
                }
            };
            let bits = if what == 9 { task.argument(5) as u32 } else { ALL };
            task.futex_wait(key, value, bits, until)
        }
        // WAKE, WAKE_BITSET
        1 => {
            task.read_u32(address)?;
            Ok(task.kernel.wake(key, value, ALL).into())
        }
        10 => {
            let bits = task.argument(5) as u32;
            if bits == 0 {
                return Err(Errno::EINVAL.into());
            }
            Ok(task.kernel.wake(key, value, bits).into())
        }
        // REQUEUE, CMP_REQUEUE
        what @ (3 | 4) => {
            if what == 4 && task.read_u32(address)? != task.argument(5) as u32 {
                return Err(Errno::EAGAIN.into());
            }
            let other = task.futex_key(second, private)?;
            let woken = task.kernel.wake(key, value, ALL);
            let mut moved = 0;
            for thread in task.kernel.threads.values_mut() {
                if moved == count {
                    break;
                }
                if let Some(call) = &mut thread.call
                    && let Some((at, _)) = &mut call.futex
                    && *at == key
                    && !call.woken
                {
                    *at = other;
                    moved += 1;
                }
            }
            Ok((woken + if what == 4 { moved } else { 0 }).into())
        }
        // WAKE_OP
        5 => {
            let other = task.futex_key(second, private)?;
            let code = task.argument(5) as u32;
            let (operation, comparison) = (code >> 28 & 7, code >> 24 & 15);
            let extend = |value: u32| ((value << 20) as i32 >> 20) as u32;
            let (mut argument, compared) = (extend(code >> 12), extend(code));
            if code >> 31 != 0 {
                argument = 1_u32.checked_shl(argument).ok_or(Errno::EINVAL)?;
            }
            let old = task.read_u32(second)?;
            let new = match operation {
                0 => argument,
                1 => old.wrapping_add(argument),
                2 => old | argument,
                3 => old & !argument,
                4 => old ^ argument,
                _ => return Err(Errno::ENOSYS.into()),
            };
            let (signed, limit) = (old as i32, compared as i32);
            let holds = match comparison {
                0 => signed == limit,
                1 => signed != limit,
                2 => signed < limit,
                3 => signed <= limit,
                4 => signed > limit,
                5 => signed >= limit,
                _ => return Err(Errno::ENOSYS.into()),
            };
            task.write_u32(second, new)?;
            let mut woken = task.kernel.wake(key, value, ALL);
            if holds {
                woken += task.kernel.wake(other, count, ALL);
            }
            Ok(woken.into())
        }
        // LOCK_PI, LOCK_PI2: the owner's number is in the word.
        what @ (6 | 13) => {
            let until = match task.argument(3) {
                0 => None,
                time => {
                    let time = task.read_time(time, wide)?;
                    let real = what == 6 || operation & CLOCK_REALTIME != 0;
                    Some(if real { time.saturating_sub(task.kernel.clock.epoch.max(0) as u64) } else { time })
                }
            };
            lock_pi(task, key, until)
        }
        // TRYLOCK_PI
        8 => {
            let word = task.read_u32(address)?;
            if word & OWNER != 0 {
                return Err(Errno::EAGAIN.into());
            }
            let id = task.thread as u32;
            task.write_u32(address, word & WAITERS | id)?;
            Ok(0)
        }
        // UNLOCK_PI
        7 => {
            let word = task.read_u32(address)?;
            if word & OWNER != task.thread as u32 {
                return Err(Errno::EPERM.into());
            }
            unlock_pi(task, address, key)?;
            Ok(0)
        }
        _ => Err(Errno::ENOSYS.into()),
    }
}

const OWNER: u32 = 0x3fff_ffff;
const WAITERS: u32 = 0x8000_0000;
const DIED: u32 = 0x4000_0000;

fn lock_pi(task: &mut Task<'_>, key: FutexKey, until: Option<u64>) -> Answer {
    let address = task.argument(0);
    let word = task.read_u32(address)?;
    let id = task.thread as u32;
    let given = task.thread()?.call.as_ref().is_some_and(|call| call.woken);
    if word & OWNER == id && !given {
        return Err(Errno::EDEADLK.into());
    }
    if given && word & OWNER == id {
        return Ok(0);
    }
    if word & OWNER == 0 || word & DIED != 0 && !task.kernel.threads.contains_key(&((word & OWNER) as i32)) {
        task.write_u32(address, word & WAITERS | id)?;
        return Ok(0);
    }
    if until.is_some_and(|until| task.has_passed(until)) {
        return Err(Errno::ETIMEDOUT.into());
    }
    task.write_u32(address, word | WAITERS)?;
    if let Some(call) = &mut task.thread_mut()?.call {
        call.futex = Some((key, ALL));
    }
    Err(task.wait_until(until))
}

/// The lock goes to the first that waits, if any does.
fn unlock_pi(task: &mut Task<'_>, address: u64, key: FutexKey) -> Result<(), Errno> {
    let waiting: Vec<i32> = task
        .kernel
        .threads
        .values()
        .filter(|thread| {
            thread
                .call
                .as_ref()
                .is_some_and(|call| !call.woken && call.futex.is_some_and(|(at, _)| at == key))
        })
        .map(|thread| thread.id)
        .collect();
    match waiting.first() {
        Some(next) => {
            let more = if waiting.len() > 1 { WAITERS } else { 0 };
            task.write_u32(address, *next as u32 | more)?;
            task.kernel.wake(key, 1, ALL);
        }
        None => task.write_u32(address, 0)?,
    }
    Ok(())
}

pub(super) fn futex(task: &mut Task<'_>) -> Answer {
    futex_with(task, false)
}

pub(super) fn futex64(task: &mut Task<'_>) -> Answer {
    futex_with(task, true)
}

pub(super) fn set_robust_list(task: &mut Task<'_>) -> Answer {
    if task.argument(1) != 3 * task.abi.word as u64 {
        return Err(Errno::EINVAL.into());
    }
    let head = task.argument(0);
    task.thread_mut()?.robust_list = head;
    Ok(0)
}

pub(super) fn get_robust_list(task: &mut Task<'_>) -> Answer {
    let id = if task.int(0) == 0 { task.thread } else { task.int(0) };
    let head = task.kernel.threads.get(&id).ok_or(Errno::ESRCH)?.robust_list;
    task.write_word(task.argument(1), head)?;
    task.write_word(task.argument(2), 3 * task.abi.word as u64)?;
    Ok(0)
}

impl Task<'_> {
    /// The locks of a thread that ends are marked, so that others can have
    /// them (Documentation/locking/robust-futexes.rst).
    pub(in crate::linux) fn end_robust_list(&mut self) -> Result<(), Errno> {
        let head = self.thread()?.robust_list;
        if head == 0 {
            return Ok(());
        }
        let word = self.abi.word as u64;
        let offset = self.read_word(head.wrapping_add(word))?;
        let pending = self.read_word(head.wrapping_add(2 * word))?;
        let mut entry = self.read_word(head)?;
        let mut locks = Vec::new();
        for _ in 0..2048 {
            if entry & !1 == head || entry == 0 {
                break;
            }
            locks.push(entry & !1);
            entry = self.read_word(entry & !1)?;
        }
        if pending != 0 {
            locks.push(pending & !1);
        }
        let id = self.thread as u32;
        for lock in locks {
            let mask = if self.abi.is_64() { u64::MAX } else { 0xffff_ffff };
            let address = lock.wrapping_add(offset) & mask;
            let Ok(value) = self.read_u32(address) else { continue };
            if value & OWNER == id {
                self.write_u32(address, value & WAITERS | DIED)?;
                let (private, shared) = (self.futex_key(address, true)?, self.futex_key(address, false)?);
                self.kernel.wake(private, 1, ALL);
                if shared != private {
                    self.kernel.wake(shared, 1, ALL);
                }
            }
        }
        Ok(())
    }

    /// The word that is cleared when a thread ends.
    pub(in crate::linux) fn clear_child_tid(&mut self) -> Result<(), Errno> {
        let address = std::mem::take(&mut self.thread_mut()?.clear_child_tid);
        if address == 0 {
            return Ok(());
        }
        let (private, shared) = (self.futex_key(address, true)?, self.futex_key(address, false)?);
        self.write_u32(address, 0)?;
        self.kernel.wake(private, u32::MAX, ALL);
        self.kernel.wake(shared, u32::MAX, ALL);
        Ok(())
    }

    /// Sets the thread pointer of this thread.
    pub(in crate::linux) fn set_thread_pointer(&mut self, value: u64) -> Result<(), Refusal> {
        let platform = self.this()?.platform;
        self.thread_mut()?.thread_pointer = value;
        match self.abi.thread_pointer {
            ThreadPointer::Register(register) => {
                if platform == Platform::S390X {
                    self.emulator.write_register("acr0", value >> 32)?;
                    self.emulator.write_register("acr1", value & 0xffff_ffff)?;
                } else {
                    self.emulator.write_register(register, value)?;
                }
            }
            ThreadPointer::Segment(register) => self.emulator.write_register(register, value)?,
            ThreadPointer::Kernel => {}
        }
        if matches!(platform, Platform::ARMV5T) {
            self.emulator.write_integer(0xffff_0ff0, value.into(), 4)?;
        }
        Ok(())
    }
}

pub(super) fn set_tid_address(task: &mut Task<'_>) -> Answer {
    let address = task.argument(0);
    task.thread_mut()?.clear_child_tid = address;
    Ok(task.thread as u64)
}

/// ARM's `set_tls`; MIPS' `set_thread_area`; m68k's.
pub(super) fn set_tls(task: &mut Task<'_>) -> Answer {
    if let ThreadPointer::Segment(_) = task.abi.thread_pointer {
        return set_descriptor(task);
    }
    task.set_thread_pointer(task.argument(0))?;
    Ok(0)
}

/// i386: `struct user_desc` with the number of a descriptor, or -1, and its
/// base; 12 to 14 are for threads.
fn set_descriptor(task: &mut Task<'_>) -> Answer {
    let address = task.argument(0);
    let entry = task.read_u32(address)?;
    let entry = if entry == u32::MAX { 12 } else { entry };
    if !(12..=14).contains(&entry) {
        return Err(Errno::EINVAL.into());
    }
    let base = task.read_u32(address.wrapping_add(4))?;
    task.write_u32(address, entry)?;
    super::super::segments::describe(task.emulator, entry, base)?;
    task.set_thread_pointer(base.into())?;
    Ok(0)
}

pub(super) fn get_tls(task: &mut Task<'_>) -> Answer {
    if let ThreadPointer::Segment(_) = task.abi.thread_pointer {
        let base = task.thread()?.thread_pointer;
        task.write_u32(task.argument(0).wrapping_add(4), base as u32)?;
        return Ok(0);
    }
    Ok(task.thread()?.thread_pointer)
}

/// `arch_prctl(code, address)` of x86-64.
pub(super) fn arch_prctl(task: &mut Task<'_>) -> Answer {
    let address = task.argument(1);
    match task.argument(0) {
        0x1001 => task.emulator.write_register("gs_base", address)?,
        0x1002 => task.set_thread_pointer(address)?,
        0x1003 | 0x1004 => {
            let register = if task.argument(0) == 0x1003 { "fs_base" } else { "gs_base" };
            let base = task.emulator.read_register(register)?;
            task.write_word(address, base)?;
        }
        _ => return Err(Errno::EINVAL.into()),
    }
    Ok(0)
}

/// m68k's `atomic_cmpxchg_32(new, old, -, -, -, address)`.
pub(super) fn compare_and_exchange(task: &mut Task<'_>) -> Answer {
    let (new, old, address) = (task.argument(0), task.argument(1), task.argument(5));
    let value = task.read_u32(address)?;
    if value == old as u32 {
        task.write_u32(address, new as u32)?;
    }
    Ok(value.into())
}

pub(super) fn sched_yield(_task: &mut Task<'_>) -> Answer {
    Ok(0)
}

/// `sched_getaffinity(process, size, mask)`: one processor.
pub(super) fn sched_getaffinity(task: &mut Task<'_>) -> Answer {
    let word = task.abi.word as u64;
    if task.argument(1) < word || !task.argument(1).is_multiple_of(word) {
        return Err(Errno::EINVAL.into());
    }
    task.write_word(task.argument(2), 1)?;
    Ok(word)
}

pub(super) fn sched_setaffinity(task: &mut Task<'_>) -> Answer {
    let mask = task.read_integer(task.argument(2), 1)?;
    if mask & 1 == 0 { Err(Errno::EINVAL.into()) } else { Ok(0) }
}

pub(super) fn sched_getparam(task: &mut Task<'_>) -> Answer {
    task.write_u32(task.argument(1), 0)?;
    Ok(0)
}

/// Only the usual policy is there.
pub(super) fn sched_setscheduler(task: &mut Task<'_>) -> Answer {
    match task.int(1) {
        0 | 3 | 5 => Ok(0),
        1 | 2 => Err(Errno::EPERM.into()),
        _ => Err(Errno::EINVAL.into()),
    }
}

pub(super) fn sched_priority(task: &mut Task<'_>) -> Answer {
    match task.int(0) {
        0 | 3 | 5 => Ok(0),
        1 | 2 => Ok(1),
        _ => Err(Errno::EINVAL.into()),
    }
}

pub(super) fn sched_priority_max(task: &mut Task<'_>) -> Answer {
    match task.int(0) {
        0 | 3 | 5 => Ok(0),
        1 | 2 => Ok(99),
        _ => Err(Errno::EINVAL.into()),
    }
}

fn interval(task: &mut Task<'_>, wide: bool) -> Answer {
    task.write_time(task.argument(1), 100_000, wide)?;
    Ok(0)
}

pub(super) fn sched_interval(task: &mut Task<'_>) -> Answer {
    interval(task, false)
}

pub(super) fn sched_interval64(task: &mut Task<'_>) -> Answer {
    interval(task, true)
}
