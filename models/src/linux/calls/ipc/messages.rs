//! Queues of messages: `msgget`, `msgsnd`, `msgrcv`, `msgctl` (msgop(2),
//! msgctl(2)).

use super::{
    super::super::{
        ipc::{
            Ipc, Table, Wait,
            messages::{CAPACITY, LONGEST, MOST, Message, Queue, Wanted},
        },
        task::{Answer, Task},
    },
    INFORMATION, Layout, NO_WAIT, READ, REMOVE, SET, STATUS, Settings, WRITE, command, get,
    permission_fields, to_be_changed, to_be_told,
};
use crate::errno::Errno;

/// `MSG_NOERROR`, `MSG_EXCEPT`, `MSG_COPY`.
const CUT: u64 = 0o10_000;
const EXCEPT: u64 = 0o20_000;
const COPY: u64 = 0o40_000;
/// `MSG_STAT`, `MSG_INFO`, `MSG_STAT_ANY`.
const STATUS_AT: i32 = 11;
const INFORMATION_NOW: i32 = 12;
const STATUS_AT_ANY: i32 = 13;

fn table(ipc: &mut Ipc) -> &mut Table<Queue> {
    &mut ipc.messages
}

/// `msgget(key, flags)`.
pub(in crate::linux::calls) fn msgget(task: &mut Task<'_>) -> Answer {
    let how = (task.int(0), task.argument(1), MOST);
    let make = |task: &mut Task<'_>| Ok(Queue::new(task.seconds()));
    get(task, table, how, |_| Ok(()), make)
}

/// `msgsnd(id, message, size, flags)`: the message is a `long` with its kind,
/// and so many bytes.
pub(in crate::linux::calls) fn msgsnd(task: &mut Task<'_>) -> Answer {
    let (id, at, size, flags) = (task.int(0), task.argument(1), task.argument(2), task.argument(3));
    let word = task.abi.word as u64;
    task.check_readable(at, word)?;
    let kind = task.reader(at).signed_long()?;
    if size > LONGEST || kind < 1 {
        return Err(Errno::EINVAL.into());
    }
    let bytes = task.read(at.wrapping_add(word), size)?;
    let object = task.kernel.ipc.messages.get(id).map_err(|error| task.gone(error))?;
    task.check_allowed(&object.permissions, WRITE)?;
    if !object.it.has_room(size) {
        if flags & NO_WAIT != 0 {
            return Err(Errno::EAGAIN.into());
        }
        return Err(task.wait_for_object(Wait::Message, None));
    }
    if !task.kernel.ipc.has_room_for_message(size) {
        return Err(Errno::ENOMEM.into());
    }
    let (now, process) = (task.seconds(), task.process);
    let queue = &mut task.kernel.ipc.messages.get_mut(id)?.it;
    queue.add(Message { kind, bytes });
    (queue.sent, queue.last_sender) = (now, process);
    task.kernel.changed();
    Ok(0)
}

/// `msgrcv(id, message, size, kind, flags)`.
pub(in crate::linux::calls) fn msgrcv(task: &mut Task<'_>) -> Answer {
    let (id, at, flags) = (task.int(0), task.argument(1), task.argument(4));
    let (room, kind) = (task.long(2), task.long(3));
    let room = u64::try_from(room).map_err(|_| Errno::EINVAL)?;
    if flags & COPY != 0 && (flags & EXCEPT != 0 || flags & NO_WAIT == 0) {
        return Err(Errno::EINVAL.into());
    }
    let wanted = match kind {
        kind if flags & COPY != 0 => Wanted::Number(kind as u64),
        0 => Wanted::First,
        ..0 => Wanted::Lowest(kind.checked_neg().unwrap_or(i64::MAX)),
        kind if flags & EXCEPT != 0 => Wanted::Other(kind),
        kind => Wanted::Kind(kind),
    };
    let object = task.kernel.ipc.messages.get(id).map_err(|error| task.gone(error))?;
    task.check_allowed(&object.permissions, READ)?;
    let queue = &object.it;
    let Some(position) = queue.position(wanted) else {
        if flags & NO_WAIT != 0 {
            return Err(Errno::ENOMSG.into());
        }
        return Err(task.wait_for_object(Wait::Message, None));
    };
    let message = queue.messages.get(position).cloned().ok_or(Errno::ENOMSG)?;
    let size = message.bytes.len() as u64;
    if size > room && flags & CUT == 0 {
        return Err(Errno::E2BIG.into());
    }
    let size = size.min(room);
    let word = task.abi.word as u64;
    task.check_writable(at, word.saturating_add(size))?;
    task.write_word(at, message.kind as u64)?;
    task.write(at.wrapping_add(word), &message.bytes[..size as usize])?;
    if flags & COPY == 0 {
        let (now, process) = (task.seconds(), task.process);
        let queue = &mut task.kernel.ipc.messages.get_mut(id)?.it;
        queue.take(position);
        (queue.received, queue.last_receiver) = (now, process);
        task.kernel.changed();
    }
    Ok(size)
}

/// `msgctl(id, command, buffer)`.
pub(in crate::linux::calls) fn msgctl(task: &mut Task<'_>) -> Answer {
    msgctl_with(task, false)
}

pub(super) fn msgctl_with(task: &mut Task<'_>, through_one: bool) -> Answer {
    let (command, layout) = command(task, task.int(1), (|it| it.msqid, |it| it.msqid_old), through_one)?;
    control(task, task.int(0), command, task.argument(2), layout)
}

/// What `msgctl` does, with a structure of a layout.
pub(crate) fn control(task: &mut Task<'_>, id: i32, command: i32, at: u64, layout: Layout) -> Answer {
    if id < 0 || command < 0 {
        return Err(Errno::EINVAL.into());
    }
    match command {
        STATUS | STATUS_AT | STATUS_AT_ANY => {
            let how = (command != STATUS, command == STATUS_AT_ANY);
            let id = to_be_told(task, table, id, how)?;
            let object = task.kernel.ipc.messages.get(id)?;
            let it = &object.it;
            let own = [
                ("msg_stime", it.sent as u64),
                ("msg_rtime", it.received as u64),
                ("msg_ctime", it.changed as u64),
                ("msg_cbytes", it.bytes),
                ("msg_qnum", it.messages.len() as u64),
                ("msg_qbytes", it.capacity),
                ("msg_lspid", it.last_sender as u64),
                ("msg_lrpid", it.last_receiver as u64),
            ];
            let values = [&permission_fields!("msg", object)[..], &own].concat();
            let bytes = layout.filled(&task.abi, &values);
            task.write(at, &bytes)?;
            Ok(if command == STATUS { 0 } else { id as u64 })
        }
        SET => {
            let bytes = task.read(at, layout.size as u64)?;
            let names = ["msg_perm.uid", "msg_perm.gid", "msg_perm.mode"];
            let settings = Settings::of(layout, &task.abi, &bytes, names);
            let capacity = layout.field(&task.abi, &bytes, "msg_qbytes");
            to_be_changed(task, table, id)?;
            if capacity > CAPACITY && task.this()?.credentials.user[1] != 0 {
                return Err(Errno::EPERM.into());
            }
            let now = task.seconds();
            let object = task.kernel.ipc.messages.get_mut(id)?;
            settings.apply(object);
            (object.it.capacity, object.it.changed) = (capacity, now);
            task.kernel.changed();
            Ok(0)
        }
        REMOVE => {
            to_be_changed(task, table, id)?;
            task.kernel.ipc.messages.remove(id)?;
            task.kernel.changed();
            Ok(0)
        }
        INFORMATION | INFORMATION_NOW => {
            let all = &task.kernel.ipc.messages;
            let highest = all.highest();
            let waiting = all.iter().map(|(_, object)| object.it.messages.len() as u64).sum::<u64>();
            let bytes = all.iter().map(|(_, object)| object.it.bytes).sum::<u64>();
            let queues = MOST as u64;
            let (pool, map, headers) = if command == INFORMATION {
                (queues * CAPACITY / 1024, CAPACITY, CAPACITY)
            } else {
                (all.len() as u64, waiting, bytes)
            };
            // `struct msginfo`.
            let mut fields = task.fields();
            for value in [pool, map, LONGEST, CAPACITY, queues, 16, headers] {
                fields.int(value);
            }
            let bytes = fields.short(0xffff).pad_to(32).finish();
            task.write(at, &bytes)?;
            Ok(highest.into())
        }
        _ => Err(Errno::EINVAL.into()),
    }
}
