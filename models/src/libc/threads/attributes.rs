//! Attributes of threads and locks that are kept and given back, and
//! scheduling, of which there is only `SCHED_OTHER`.
//!
//! Attributes of locks are an `int` of bits, as glibc has them
//! (`nptl/pthreadP.h`); those of threads, words and bytes behind each other.

use super::super::{
    context::Context,
    error::Result,
    types::{Header, Ptr, Reply, Size, Standard, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: [Header; 3] = [
    Header {
        name: "pthread.h",
        standard: Standard::Posix,
        models: models! {
            pthread_attr_setguardsize = set_guard;
            pthread_attr_getguardsize = get_guard;
            pthread_attr_setscope = set_scope;
            pthread_attr_getscope = get_scope;
            pthread_attr_setinheritsched = set_inheritance;
            pthread_attr_getinheritsched = get_inheritance;
            pthread_attr_setschedpolicy = set_policy;
            pthread_attr_getschedpolicy = get_policy;
            pthread_attr_setschedparam = set_priority;
            pthread_attr_getschedparam = get_priority;
            pthread_attr_setstack = set_stack, "threads have stacks of the heap all the same";
            pthread_attr_getstack = get_stack;
            pthread_attr_setstackaddr = set_stack_address, "threads have stacks of the heap all the same";
            pthread_attr_getstackaddr = get_stack_address;
            pthread_mutexattr_setpshared = set_shared, "a lock is one of a process alone";
            pthread_mutexattr_getpshared = get_shared;
            pthread_mutexattr_setprotocol = set_protocol, "priorities do not matter here";
            pthread_mutexattr_getprotocol = get_protocol;
            pthread_mutexattr_setrobust = set_robust, "a mutex of a thread that has ended stays locked";
            pthread_mutexattr_getrobust = get_robust;
            pthread_mutexattr_setrobust_np = set_robust, "a mutex of a thread that has ended stays locked";
            pthread_mutexattr_getrobust_np = get_robust;
            pthread_mutexattr_setprioceiling = set_ceiling;
            pthread_mutexattr_getprioceiling = get_ceiling;
            pthread_mutex_setprioceiling = no_ceiling_to_set;
            pthread_mutex_getprioceiling = no_ceiling;
            pthread_condattr_setpshared = set_shared, "a lock is one of a process alone";
            pthread_condattr_getpshared = get_shared;
            pthread_rwlockattr_setpshared = set_shared, "a lock is one of a process alone";
            pthread_rwlockattr_getpshared = get_shared;
            pthread_barrierattr_setpshared = set_shared, "a lock is one of a process alone";
            pthread_barrierattr_getpshared = get_shared;
        },
    },
    Header {
        name: "sched.h",
        standard: Standard::Posix,
        models: models! {
            sched_getscheduler = sched_getscheduler;
            sched_setscheduler = sched_setscheduler, "there is SCHED_OTHER only";
            sched_getparam = sched_getparam;
            sched_setparam = sched_setparam, "there is SCHED_OTHER only";
            sched_rr_get_interval = sched_rr_get_interval;
            pthread_getschedparam = pthread_getschedparam;
            pthread_setschedparam = pthread_setschedparam, "there is SCHED_OTHER only";
            pthread_setschedprio = pthread_setschedprio, "there is SCHED_OTHER only";
            pthread_getcpuclockid = pthread_getcpuclockid;
        },
    },
    Header {
        name: "pthread.h",
        standard: Standard::Extension,
        models: models! {
            pthread_rwlockattr_setkind_np = set_kind, "writers are not preferred";
            pthread_rwlockattr_getkind_np = get_kind;
            __sched_cpualloc = cpu_alloc;
            __sched_cpufree = cpu_free;
        },
    },
];

// ---- of threads: what is behind the state and the size of the stack

/// Places of a `pthread_attr_t`, which has 32 bytes at least: words, and bytes
/// behind them.
enum Place {
    Guard,
    Address,
    Scope,
    Inheritance,
    Policy,
    Priority,
}

fn place(c: &Context<'_>, at: Ptr, what: &Place) -> Ptr {
    let word = u64::from(c.model.pointer);
    // The state is in the first word, the size of the stack behind 8 bytes.
    let words = 8 + word;
    at.add(match what {
        Place::Guard => words,
        Place::Address => words + word,
        Place::Scope => words + 2 * word,
        Place::Inheritance => words + 2 * word + 1,
        Place::Policy => words + 2 * word + 2,
        Place::Priority => words + 2 * word + 3,
    })
}

fn set_int(c: &mut Context<'_>, at: Ptr, what: &Place, value: i32) -> Result<i32> {
    let at = place(c, at, what);
    c.write_integer(at, value as u64, 1)?;
    Ok(0)
}

fn get_int(c: &mut Context<'_>, at: Ptr, what: &Place, to: Ptr) -> Result<i32> {
    let at = place(c, at, what);
    let value = c.read_integer(at, 1)? as i32;
    c.write_int(to, value)?;
    Ok(0)
}

fn set_guard(c: &mut Context<'_>, at: Ptr, size: Size) -> Result<i32> {
    let at = place(c, at, &Place::Guard);
    c.write_pointer(at, Ptr(size.0))?;
    Ok(0)
}

fn get_guard(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
    let at = place(c, at, &Place::Guard);
    let size = c.read_pointer(at)?;
    c.write_pointer(to, size)?;
    Ok(0)
}

fn set_scope(c: &mut Context<'_>, at: Ptr, scope: i32) -> Result<i32> {
    match scope {
        0 => set_int(c, at, &Place::Scope, scope),
        // PTHREAD_SCOPE_PROCESS.
        1 => Ok(c.error(Errno::EOPNOTSUPP)),
        _ => Ok(c.error(Errno::EINVAL)),
    }
}

fn get_scope(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
    get_int(c, at, &Place::Scope, to)
}

fn set_inheritance(c: &mut Context<'_>, at: Ptr, value: i32) -> Result<i32> {
    if matches!(value, 0 | 1) {
        set_int(c, at, &Place::Inheritance, value)
    } else {
        Ok(c.error(Errno::EINVAL))
    }
}

fn get_inheritance(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
    get_int(c, at, &Place::Inheritance, to)
}

fn set_policy(c: &mut Context<'_>, at: Ptr, policy: i32) -> Result<i32> {
    if matches!(policy, 0..=2) { set_int(c, at, &Place::Policy, policy) } else { Ok(c.error(Errno::EINVAL)) }
}

fn get_policy(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
    get_int(c, at, &Place::Policy, to)
}

fn set_priority(c: &mut Context<'_>, at: Ptr, parameters: Ptr) -> Result<i32> {
    let priority = c.read_int(parameters)?;
    let policy_at = place(c, at, &Place::Policy);
    let real_time = c.read_integer(policy_at, 1)? != 0;
    let allowed = if real_time { 1..=99 } else { 0..=0 };
    if allowed.contains(&priority) {
        set_int(c, at, &Place::Priority, priority)
    } else {
        Ok(c.error(Errno::EINVAL))
    }
}

fn get_priority(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
    get_int(c, at, &Place::Priority, to)
}

/// The smallest stack (`PTHREAD_STACK_MIN`).
const SMALLEST: u64 = 16384;

fn set_stack(c: &mut Context<'_>, at: Ptr, address: Ptr, size: Size) -> Result<i32> {
    if size.0 < SMALLEST {
        return Ok(c.error(Errno::EINVAL));
    }
    c.write_pointer(at.add(8), Ptr(size.0))?;
    let at = place(c, at, &Place::Address);
    c.write_pointer(at, address)?;
    Ok(0)
}

fn get_stack(c: &mut Context<'_>, at: Ptr, address: Ptr, size: Ptr) -> Result<i32> {
    let bytes = c.read_pointer(at.add(8))?;
    c.write_pointer(size, bytes)?;
    let at = place(c, at, &Place::Address);
    let lowest = c.read_pointer(at)?;
    c.write_pointer(address, lowest)?;
    Ok(0)
}

/// The highest address, as stacks grow downwards.
fn set_stack_address(c: &mut Context<'_>, at: Ptr, address: Ptr) -> Result<i32> {
    let size = c.read_pointer(at.add(8))?.0;
    let at = place(c, at, &Place::Address);
    c.write_pointer(at, Ptr(address.0.wrapping_sub(size)))?;
    Ok(0)
}

fn get_stack_address(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
    let size = c.read_pointer(at.add(8))?.0;
    let at = place(c, at, &Place::Address);
    let lowest = c.read_pointer(at)?;
    c.write_pointer(to, lowest.add(size))?;
    Ok(0)
}

// ---- of locks: bits of an `int`

/// A bit or some bits: the lowest, and how many.
const SHARED: (u32, u32) = (31, 1);
const ROBUST: (u32, u32) = (30, 1);
const PROTOCOL: (u32, u32) = (28, 2);
const CEILING: (u32, u32) = (12, 12);
const KIND: (u32, u32) = (4, 2);

fn set_bits(c: &mut Context<'_>, at: Ptr, (low, count): (u32, u32), value: i32, most: i32) -> Result<i32> {
    if !(0..=most).contains(&value) {
        return Ok(c.error(Errno::EINVAL));
    }
    let mask = ((1_u32 << count) - 1) << low;
    let old = c.read_int(at)? as u32;
    c.write_int(at, (old & !mask | (value as u32) << low) as i32)?;
    Ok(0)
}

fn get_bits(c: &mut Context<'_>, at: Ptr, (low, count): (u32, u32), to: Ptr) -> Result<i32> {
    let value = c.read_int(at)? as u32 >> low & ((1 << count) - 1);
    c.write_int(to, value as i32)?;
    Ok(0)
}

fn set_shared(c: &mut Context<'_>, at: Ptr, value: i32) -> Result<i32> {
    set_bits(c, at, SHARED, value, 1)
}

fn get_shared(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
    get_bits(c, at, SHARED, to)
}

fn set_robust(c: &mut Context<'_>, at: Ptr, value: i32) -> Result<i32> {
    set_bits(c, at, ROBUST, value, 1)
}

fn get_robust(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
    get_bits(c, at, ROBUST, to)
}

fn set_protocol(c: &mut Context<'_>, at: Ptr, value: i32) -> Result<i32> {
    set_bits(c, at, PROTOCOL, value, 2)
}

fn get_protocol(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
    get_bits(c, at, PROTOCOL, to)
}

fn set_ceiling(c: &mut Context<'_>, at: Ptr, value: i32) -> Result<i32> {
    if value == 0 { Ok(c.error(Errno::EINVAL)) } else { set_bits(c, at, CEILING, value, 99) }
}

/// What was never set is the lowest priority of `SCHED_FIFO`.
fn get_ceiling(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
    get_bits(c, at, CEILING, to)?;
    if c.read_int(to)? == 0 {
        c.write_int(to, 1)?;
    }
    Ok(0)
}

fn set_kind(c: &mut Context<'_>, at: Ptr, value: i32) -> Result<i32> {
    set_bits(c, at, KIND, value, 2)
}

fn get_kind(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
    get_bits(c, at, KIND, to)
}

/// No mutex has a ceiling here.
fn no_ceiling(c: &mut Context<'_>, _mutex: Ptr, _to: Ptr) -> Result<i32> {
    Ok(c.error(Errno::EINVAL))
}

fn no_ceiling_to_set(c: &mut Context<'_>, _mutex: Ptr, _ceiling: i32, _old: Ptr) -> Result<i32> {
    Ok(c.error(Errno::EINVAL))
}

// ---- scheduling

/// Whether a policy with a priority is the only one that there is.
fn allowed(policy: i32, priority: i32) -> Result<(), Errno> {
    match policy {
        0 if priority == 0 => Ok(()),
        1 | 2 if (1..=99).contains(&priority) => Err(Errno::EPERM),
        _ => Err(Errno::EINVAL),
    }
}

fn is_own(c: &Context<'_>, process: i32) -> bool {
    process == 0 || c.state.kernel.processes.contains_key(&process)
}

fn sched_getscheduler(c: &mut Context<'_>, process: i32) -> Result<i32> {
    if is_own(c, process) { Ok(0) } else { c.fail(Errno::ESRCH) }
}

fn sched_setscheduler(c: &mut Context<'_>, process: i32, policy: i32, parameters: Ptr) -> Result<i32> {
    if !is_own(c, process) {
        return c.fail(Errno::ESRCH);
    }
    let priority = c.read_int(parameters)?;
    match allowed(policy, priority) {
        Ok(()) => Ok(0),
        Err(errno) => c.fail(errno),
    }
}

fn sched_getparam(c: &mut Context<'_>, process: i32, parameters: Ptr) -> Result<i32> {
    if !is_own(c, process) {
        return c.fail(Errno::ESRCH);
    }
    c.write_int(parameters, 0)?;
    Ok(0)
}

fn sched_setparam(c: &mut Context<'_>, process: i32, parameters: Ptr) -> Result<i32> {
    sched_setscheduler(c, process, 0, parameters)
}

fn sched_rr_get_interval(c: &mut Context<'_>, process: i32, to: Ptr) -> Result<i32> {
    if !is_own(c, process) {
        return c.fail(Errno::ESRCH);
    }
    // Linux' 4 milliseconds of a processor that nobody else wants.
    let time = c.model.time;
    c.write_integer(to, 0, time)?;
    // With the padding of a `long` beside a wider `time_t`.
    c.write_integer(to.add(time.into()), 4_000_000, time)?;
    Ok(0)
}

fn pthread_getschedparam(c: &mut Context<'_>, _thread: Ptr, policy: Ptr, parameters: Ptr) -> Result<i32> {
    c.write_int(policy, 0)?;
    c.write_int(parameters, 0)?;
    Ok(0)
}

fn pthread_setschedparam(c: &mut Context<'_>, _thread: Ptr, policy: i32, parameters: Ptr) -> Result<i32> {
    let priority = c.read_int(parameters)?;
    Ok(allowed(policy, priority).map_or_else(|errno| c.error(errno), |()| 0))
}

fn pthread_setschedprio(c: &mut Context<'_>, _thread: Ptr, priority: i32) -> Result<i32> {
    Ok(allowed(0, priority).map_or_else(|errno| c.error(errno), |()| 0))
}

/// `CLOCK_THREAD_CPUTIME_ID`.
fn pthread_getcpuclockid(c: &mut Context<'_>, _thread: Ptr, clock: Ptr) -> Result<i32> {
    c.write_int(clock, 3)?;
    Ok(0)
}

fn cpu_alloc(c: &mut Context<'_>, count: Size) -> Result<Ptr> {
    // Bits of `unsigned long`s.
    let bits = 8 * u64::from(c.model.long);
    let size = count.0.div_ceil(bits).saturating_mul(u64::from(c.model.long));
    match c.malloc(size.max(1))? {
        Some(block) => Ok(block),
        None => c.fail_null(Errno::ENOMEM),
    }
}

fn cpu_free(c: &mut Context<'_>, set: Ptr) -> Result<Reply> {
    if !set.is_null() {
        c.free(set)?;
    }
    Ok(Reply::Void)
}
