//! `sys/msg.h`, `sys/sem.h` and `sys/shm.h`: System V IPC.

use super::{
    super::{
        context::Context,
        error::Result,
        layouts::{self, Layouts},
        structures::Words,
        types::{Argument, Dots, Header, Long, Ptr, Size, Standard, models},
    },
    call_alone, calls,
};
use crate::{
    errno::Errno,
    linux::{
        alone,
        calls::ipc::{messages, semaphores, shared},
        task::{Answer, Task},
    },
};

pub(crate) static HEADER: Header = Header {
    name: "sys/ipc.h",
    standard: Standard::Posix,
    models: models! {
        msgget = msgget;
        msgsnd = msgsnd;
        msgrcv = msgrcv;
        msgctl = msgctl;
        semget = semget;
        semop = semop;
        semtimedop = semtimedop;
        __semtimedop64 = semtimedop;
        __semtimedop_time64 = semtimedop;
        semctl = semctl;
        shmget = shmget;
        shmat = shmat, "one process sees what it writes through one of two places of a segment at the other place when it detaches the first";
        shmdt = shmdt;
        shmctl = shmctl;
    },
};

calls! {
    msgget(key: i32, flags: i32) -> i32 = "msgget";
    msgsnd(queue: i32, message: Ptr, size: Size, flags: i32) -> i32 = "msgsnd";
    msgrcv(queue: i32, to: Ptr, size: Size, kind: Long, flags: i32) -> Long = "msgrcv";
    semget(key: i32, count: i32, flags: i32) -> i32 = "semget";
    semop(set: i32, operations: Ptr, count: Size) -> i32 = "semop";
    shmget(key: i32, size: Size, flags: i32) -> i32 = "shmget";
    shmat(segment: i32, at: Ptr, flags: i32) -> Ptr = "shmat";
    shmdt(at: Ptr) -> i32 = "shmdt";
}

fn semtimedop(c: &mut Context<'_>, set: i32, operations: Ptr, count: Size, timeout: Ptr) -> Result<i32> {
    let name = if c.model.time > c.model.pointer { "semtimedop_time64" } else { "semtimedop" };
    call_alone(c, name, &[set as u64, operations.0, count.0, timeout.0]).map(|result| result as i32)
}

/// A command without the bit by which musl says that its structures have times
/// of 64 bits (`IPC_TIME64`).
const fn plain(c: &Context<'_>, command: i32) -> i32 {
    if c.model.time > c.model.pointer { command & !0x100 } else { command }
}

/// Controls an object, with the structures of the library's headers.
fn control(c: &mut Context<'_>, work: impl Fn(&mut Task<'_>, &'static Layouts) -> Answer) -> Result<i32> {
    let Some(layouts) = layouts::of(c.state.platform) else { return c.fail(Errno::ENOSYS) };
    c.tell_waits();
    let abi = c.state.abi.clone();
    let emulator = c.call.emulator();
    let result = alone::work(&mut c.state.kernel, emulator, &abi, |task| work(task, layouts));
    match c.settle(result)? {
        Ok(value) => Ok(value as i32),
        Err(errno) => c.fail(errno),
    }
}

fn msgctl(c: &mut Context<'_>, queue: i32, command: i32, buffer: Ptr) -> Result<i32> {
    let command = plain(c, command);
    control(c, |task, layouts| messages::control(task, queue, command, buffer.0, layouts.msqid.into()))
}

fn shmctl(c: &mut Context<'_>, segment: i32, command: i32, buffer: Ptr) -> Result<i32> {
    let command = plain(c, command);
    control(c, |task, layouts| shared::control(task, segment, command, buffer.0, layouts.shmid.into()))
}

/// With a `union semun` where the command has one.
fn semctl(c: &mut Context<'_>, set: i32, number: i32, command: i32, _: Dots) -> Result<i32> {
    let command = plain(c, command);
    let argument = if semaphores::has_argument(command) { Words::<1>::take(c)?.0[0] } else { 0 };
    // The `int` is at its beginning.
    let upper = c.state.platform.byte_order() == terrella_platforms::ByteOrder::Big && c.model.pointer == 8;
    let value = if upper { argument >> 32 } else { argument } as i32;
    control(c, |task, layouts| {
        semaphores::control(task, (set, number), command, (value, argument), layouts.semid.into())
    })
}
