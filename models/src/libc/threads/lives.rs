//! Threads begin, end and are waited for.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Header, Ptr, Reply, Size, Standard, ULong, models},
    },
    MOST, Status, Thread,
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "pthread.h",
    standard: Standard::Posix,
    models: models! {
        pthread_create = create, "threads are switched where they wait, yield or end";
        pthread_join = join;
        pthread_tryjoin_np = try_join;
        pthread_timedjoin_np = timed_join;
        pthread_detach = detach;
        pthread_exit = exit;
        pthread_self = this;
        thrd_current = this;
        pthread_equal = equal;
        pthread_yield = yields;
        thrd_yield = yields;
        pthread_cancel = cancel, "a thread ends when it waits next, and its cleanup handlers are not called";
        pthread_setcancelstate = set_cancel;
        pthread_setcanceltype = set_cancel;
        pthread_testcancel = test_cancel;
        pthread_setname_np = set_name;
        pthread_getname_np = get_name;
        pthread_setconcurrency = set_concurrency;
        pthread_getconcurrency = get_concurrency;
    },
};

pub(crate) static ATTRIBUTES: Header = Header {
    name: "pthread.h",
    standard: Standard::Posix,
    models: models! {
        pthread_attr_init = attr_init;
        pthread_attr_destroy = attr_destroy;
        pthread_attr_setdetachstate = attr_set_first;
        pthread_attr_getdetachstate = attr_get_first;
        pthread_attr_setstacksize = attr_set_stack;
        pthread_attr_getstacksize = attr_get_stack;
        pthread_mutexattr_init = attribute_init;
        pthread_mutexattr_destroy = attr_destroy;
        pthread_mutexattr_settype = attr_set_first;
        pthread_mutexattr_setkind_np = attr_set_first;
        pthread_mutexattr_gettype = attr_get_first;
        pthread_condattr_init = attribute_init;
        pthread_condattr_destroy = attr_destroy;
        pthread_condattr_setclock = attr_set_first;
        pthread_condattr_getclock = attr_get_first;
        pthread_rwlockattr_init = attribute_init;
        pthread_rwlockattr_destroy = attr_destroy;
        pthread_barrierattr_init = attribute_init;
        pthread_barrierattr_destroy = attr_destroy;
    },
};

/// `PTHREAD_CANCELED`.
const CANCELED: u64 = u64::MAX;

fn create(c: &mut Context<'_>, place: Ptr, attributes: Ptr, function: Ptr, argument: Ptr) -> Result<i32> {
    begin(c, place, attributes, (function, false), argument)
}

/// Makes a thread, of a function that returns a pointer or an `int`.
pub(super) fn begin(
    c: &mut Context<'_>,
    place: Ptr,
    attributes: Ptr,
    (function, is_integer): (Ptr, bool),
    argument: Ptr,
) -> Result<i32> {
    if c.state.threads.all.len() >= MOST {
        return Ok(c.error(Errno::EAGAIN));
    }
    let detached = !attributes.is_null() && c.read_int(attributes)? & LOW_BITS != 0;
    let size = c.stack_size();
    let Some(stack) = c.allocate(size, 256)? else { return Ok(c.error(Errno::EAGAIN)) };
    let id = c.state.threads.next;
    c.state.threads.next = id.wrapping_add(1);
    let mut thread = Thread::new(Status::New { function: function.0, argument: argument.0, is_integer });
    thread.stack = stack.0;
    thread.mask = c.state.kernel.threads.get(&c.state.kernel.running).map_or(0, |it| it.mask);
    thread.detached = detached;
    c.state.threads.all.insert(id, thread);
    c.state.threads.moved();
    c.write_pointer(place, Ptr(id))?;
    Ok(0)
}

/// The result of a thread that has ended; it is forgotten then.
fn ended(c: &mut Context<'_>, id: u64, place: Ptr) -> Result<Option<i32>> {
    let this = c.state.threads.current;
    let result = match c.state.threads.all.get(&id) {
        None => return Ok(Some(c.error(Errno::ESRCH))),
        Some(_) if id == this => return Ok(Some(c.error(Errno::EDEADLK))),
        Some(thread) if thread.detached => return Ok(Some(c.error(Errno::EINVAL))),
        Some(thread) => match thread.status {
            Status::Ended(result) => result,
            _ => return Ok(None),
        },
    };
    c.state.threads.all.remove(&id);
    if !place.is_null() {
        let bits = 8 * u32::from(c.model.pointer.clamp(1, 8));
        c.write_pointer(place, Ptr(result & u64::MAX >> (64 - bits)))?;
    }
    Ok(Some(0))
}

pub(super) fn join(c: &mut Context<'_>, id: ULong, place: Ptr) -> Result<Reply> {
    match ended(c, id.0, place)? {
        Some(result) => Ok(Reply::Int(result)),
        None => c.wait_here(None),
    }
}

fn try_join(c: &mut Context<'_>, id: ULong, place: Ptr) -> Result<i32> {
    Ok(ended(c, id.0, place)?.unwrap_or(c.error(Errno::EBUSY)))
}

fn timed_join(c: &mut Context<'_>, id: ULong, place: Ptr, until: Ptr) -> Result<Reply> {
    if let Some(result) = ended(c, id.0, place)? {
        return Ok(Reply::Int(result));
    }
    match c.deadline_at(until, 0)? {
        Err(errno) => Ok(Reply::Int(c.error(errno))),
        Ok(deadline) if c.passed(Some(deadline)) => Ok(Reply::Int(c.error(Errno::ETIMEDOUT))),
        Ok(deadline) => c.wait_here(Some(deadline)),
    }
}

pub(super) fn detach(c: &mut Context<'_>, id: ULong) -> Result<i32> {
    match c.state.threads.all.get_mut(&id.0) {
        None => Ok(c.error(Errno::ESRCH)),
        Some(thread) if thread.detached => Ok(c.error(Errno::EINVAL)),
        Some(thread) => {
            thread.detached = true;
            if matches!(thread.status, Status::Ended(_)) {
                c.state.threads.all.remove(&id.0);
            }
            Ok(0)
        }
    }
}

pub(super) fn exit(c: &mut Context<'_>, result: Ptr) -> Result<Reply> {
    c.thread_ended(result.0)
}

fn this(c: &mut Context<'_>) -> Result<ULong> {
    Ok(ULong(c.state.threads.current))
}

fn equal(_: &mut Context<'_>, one: ULong, other: ULong) -> Result<i32> {
    Ok(i32::from(one == other))
}

fn yields(c: &mut Context<'_>) -> Result<Reply> {
    c.yields()
}

fn cancel(c: &mut Context<'_>, id: ULong) -> Result<i32> {
    let current = c.state.threads.current;
    let Some(thread) = c.state.threads.all.get_mut(&id.0) else { return Ok(c.error(Errno::ESRCH)) };
    thread.cancelled = true;
    if id.0 != current && thread.status == Status::Waiting {
        thread.status = Status::Ended(CANCELED);
        thread.registers = Vec::new();
    } else if let Status::New { .. } = thread.status {
        thread.status = Status::Ended(CANCELED);
    }
    c.state.threads.moved();
    Ok(0)
}

fn set_cancel(c: &mut Context<'_>, _state: i32, old: Ptr) -> Result<i32> {
    if !old.is_null() {
        c.write_int(old, 0)?;
    }
    Ok(0)
}

fn test_cancel(c: &mut Context<'_>) -> Result<Reply> {
    if c.state.threads.this().cancelled { c.thread_ended(CANCELED) } else { Ok(Reply::Void) }
}

fn set_name(c: &mut Context<'_>, id: ULong, name: Ptr) -> Result<i32> {
    let name = c.text(name)?;
    if name.len() > 15 {
        return Ok(c.error(Errno::ERANGE));
    }
    match c.state.threads.all.get_mut(&id.0) {
        Some(thread) => {
            thread.name = String::from_utf8_lossy(&name).into_owned();
            Ok(0)
        }
        None => Ok(c.error(Errno::ESRCH)),
    }
}

fn get_name(c: &mut Context<'_>, id: ULong, to: Ptr, size: Size) -> Result<i32> {
    let Some(name) = c.state.threads.all.get(&id.0).map(|thread| thread.name.clone()) else {
        return Ok(c.error(Errno::ESRCH));
    };
    if name.len() as u64 >= size.0 {
        return Ok(c.error(Errno::ERANGE));
    }
    c.write_text(to, name.as_bytes())?;
    Ok(0)
}

/// The level that a program asked for, which changes nothing.
const CONCURRENCY: &str = "pthread concurrency";

fn set_concurrency(c: &mut Context<'_>, level: i32) -> Result<i32> {
    if level < 0 {
        return Ok(c.error(Errno::EINVAL));
    }
    c.state.numbers.insert(CONCURRENCY.to_owned(), level.into());
    Ok(0)
}

fn get_concurrency(c: &mut Context<'_>) -> Result<i32> {
    Ok(c.state.numbers.get(CONCURRENCY).map_or(0, |it| *it as i32))
}

// ---- attributes: an `int`, and the size of the stack of threads

/// Where the size of the stack is.
const STACK_AT: u64 = 8;

fn attr_init(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    c.write_int(at, 0)?;
    let size = c.stack_size();
    c.write_pointer(at.add(STACK_AT), Ptr(size))?;
    // A guard of a page, and nothing else (`attributes`).
    let word = u64::from(c.model.pointer);
    c.write_pointer(at.add(8 + word), Ptr(4096))?;
    c.write(at.add(8 + 2 * word), &vec![0; word as usize + 4])?;
    Ok(0)
}

fn attribute_init(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    c.write_int(at, 0)?;
    Ok(0)
}

fn attr_destroy(_: &mut Context<'_>, _at: Ptr) -> Result<i32> {
    Ok(0)
}

/// The state of threads, the kind of mutexes, the clock of conditions; other
/// attributes are in the bits above.
const LOW_BITS: i32 = 15;

fn attr_set_first(c: &mut Context<'_>, at: Ptr, value: i32) -> Result<i32> {
    if !(0..16).contains(&value) {
        return Ok(c.error(Errno::EINVAL));
    }
    let others = c.read_int(at)? & !LOW_BITS;
    c.write_int(at, others | value)?;
    Ok(0)
}

fn attr_get_first(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
    let value = c.read_int(at)? & LOW_BITS;
    c.write_int(to, value)?;
    Ok(0)
}

fn attr_set_stack(c: &mut Context<'_>, at: Ptr, size: Size) -> Result<i32> {
    if size.0 < 16384 {
        return Ok(c.error(Errno::EINVAL));
    }
    c.write_pointer(at.add(STACK_AT), Ptr(size.0))?;
    Ok(0)
}

fn attr_get_stack(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
    let size = c.read_pointer(at.add(STACK_AT))?;
    c.write_pointer(to, size)?;
    Ok(0)
}
