//! `mqueue.h`: message queues.

use super::{
    super::{
        context::Context,
        error::Result,
        signals::NOTICE,
        threads::Notice,
        types::{CType, Dots, Header, Long, Ptr, Reply, Size, Standard, models},
        variable::Variable,
    },
    call, call_alone, calls,
};
use crate::{
    errno::Errno,
    linux::{abi::generic::O_CREAT, alone, calls::ipc::queues, ipc::queues::Notification},
};

pub(crate) static HEADER: Header = Header {
    name: "mqueue.h",
    standard: Standard::Posix,
    models: models! {
        mq_open = mq_open;
        __mq_open_2 = mq_open_2;
        mq_close = mq_close;
        mq_unlink = mq_unlink;
        mq_getattr = mq_getattr;
        mq_setattr = mq_setattr;
        mq_notify = mq_notify, "a thread that is to be told begins where the program waits";
        mq_send = mq_send;
        mq_receive = mq_receive;
        mq_timedsend = mq_timedsend;
        __mq_timedsend_time64 = mq_timedsend;
        mq_timedreceive = mq_timedreceive;
        __mq_timedreceive_time64 = mq_timedreceive;
    },
};

calls! {
    mq_close(queue: i32) -> i32 = "close";
    mq_getattr(queue: i32, to: Ptr) -> i32 = "mq_getsetattr"(queue, 0_u64, to);
    mq_setattr(queue: i32, from: Ptr, to: Ptr) -> i32 = "mq_getsetattr";
    mq_receive(queue: i32, to: Ptr, size: Size, priority: Ptr) -> Long =
        "mq_timedreceive"(queue, to, size, priority, 0_u64);
}

/// Names begin with a slash, which the kernel does not want.
fn begins_with_slash(c: &mut Context<'_>, name: Ptr) -> Result<bool> {
    Ok(c.text_within(name, 1)? == b"/")
}

fn mq_open(c: &mut Context<'_>, name: Ptr, flags: i32, _: Dots) -> Result<i32> {
    let generic = c.state.abi.bits_to_generic(|tables| tables.open, flags as u32 as u64);
    let (mut mode, mut attributes) = (0, 0);
    if generic & O_CREAT != 0 {
        mode = c.variable_integer(&mut Variable::Call, CType::Unsigned)? as u64;
        attributes = c.variable_integer(&mut Variable::Call, CType::Pointer)? as u64;
    }
    if !begins_with_slash(c, name)? {
        return c.fail(Errno::EINVAL);
    }
    call(c, "mq_open", &[name.add(1).0, flags as u32 as u64, mode, attributes]).map(|fd| fd as i32)
}

fn mq_open_2(c: &mut Context<'_>, name: Ptr, flags: i32) -> Result<i32> {
    if !begins_with_slash(c, name)? {
        return c.fail(Errno::EINVAL);
    }
    call(c, "mq_open", &[name.add(1).0, flags as u32 as u64, 0, 0]).map(|fd| fd as i32)
}

fn mq_unlink(c: &mut Context<'_>, name: Ptr) -> Result<i32> {
    if !begins_with_slash(c, name)? {
        return c.fail(Errno::EINVAL);
    }
    let result = call(c, "mq_unlink", &[name.add(1).0])? as i32;
    // POSIX has no EPERM here.
    let at = Ptr(c.state.layout.errno);
    if result == -1 && c.read_int(at)? == c.state.abi.error(Errno::EPERM) as i32 {
        return c.fail(Errno::EACCES);
    }
    Ok(result)
}

/// The call whose times are as wide as the program's.
fn timed(c: &mut Context<'_>, names: [&str; 2], arguments: [u64; 5]) -> Result<i64> {
    let wide = c.model.time > c.model.pointer;
    call_alone(c, names[usize::from(wide)], &arguments)
}

/// Sends; who is told of it by a signal is told at once.
fn send(c: &mut Context<'_>, arguments: [u64; 5]) -> Result<Reply> {
    let result = timed(c, ["mq_timedsend", "mq_timedsend_time64"], arguments)?;
    c.deliver_signals(result, CType::Int)
}

fn mq_send(c: &mut Context<'_>, queue: i32, from: Ptr, size: Size, priority: u32) -> Result<Reply> {
    send(c, [queue as u64, from.0, size.0, priority.into(), 0])
}

fn mq_timedsend(
    c: &mut Context<'_>,
    queue: i32,
    from: Ptr,
    size: Size,
    priority: u32,
    until: Ptr,
) -> Result<Reply> {
    send(c, [queue as u64, from.0, size.0, priority.into(), until.0])
}

fn mq_timedreceive(
    c: &mut Context<'_>,
    queue: i32,
    to: Ptr,
    size: Size,
    priority: Ptr,
    until: Ptr,
) -> Result<Long> {
    let arguments = [queue as u64, to.0, size.0, priority.0, until.0];
    timed(c, ["mq_timedreceive", "mq_timedreceive_time64"], arguments).map(Long)
}

fn mq_notify(c: &mut Context<'_>, queue: i32, event: Ptr) -> Result<i32> {
    let notice = if event.is_null() { None } else { Some(c.read_notice(event)?) };
    let to = |signal, value, from| Notification { process: c.state.kernel.running, signal, value, from };
    // What a thread begins for: numbers below zero are none of timers.
    let number = (-1_i32).wrapping_sub(queue);
    let wanted = match notice {
        None => None,
        Some(None) => return c.fail(Errno::EINVAL),
        Some(Some(Notice::None)) => Some(to(None, 0, None)),
        Some(Some(Notice::Signal { signal, value })) => Some(to(Some(signal), value, None)),
        Some(Some(Notice::Thread { value, .. })) => Some(to(Some(NOTICE), value, Some(number))),
    };
    let abi = c.state.abi.clone();
    let emulator = c.call.emulator();
    let result = alone::work(&mut c.state.kernel, emulator, &abi, |task| queues::ask(task, queue, wanted));
    if let Err(errno) = c.settle(result)? {
        return c.fail(errno);
    }
    if let Some(Some(Notice::Thread { function, value })) = notice {
        c.keep_notice(number, function, value);
    }
    Ok(0)
}
