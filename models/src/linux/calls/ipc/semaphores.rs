//! Sets of semaphores: `semget`, `semop`, `semtimedop`, `semctl` (semop(2),
//! semctl(2)).

use super::{
    super::super::{
        ipc::{
            Ipc, Table, Wait,
            semaphores::{
                Array, LARGEST, MOST, MOST_IN_SET, MOST_OPERATIONS, MOST_SETS, Operation, Refused, Semaphore,
            },
        },
        task::{Answer, Task},
    },
    INFORMATION, Layout, READ, REMOVE, SET, STATUS, Settings, WRITE, command, get, permission_fields,
    to_be_changed, to_be_told,
};
use crate::errno::Errno;

/// Commands (linux/sem.h): `GETPID` to `SETALL`, `SEM_STAT`, `SEM_INFO`,
/// `SEM_STAT_ANY`.
const GET_PROCESS: i32 = 11;
const GET_VALUE: i32 = 12;
const GET_ALL: i32 = 13;
const GET_LARGER: i32 = 14;
const GET_ZERO: i32 = 15;
const SET_VALUE: i32 = 16;
const SET_ALL: i32 = 17;
const STATUS_AT: i32 = 18;
const INFORMATION_NOW: i32 = 19;
const STATUS_AT_ANY: i32 = 20;

fn table(ipc: &mut Ipc) -> &mut Table<Array> {
    &mut ipc.semaphores
}

/// Whether a command has a fourth argument.
pub(crate) const fn has_argument(command: i32) -> bool {
    matches!(
        command,
        SET | STATUS
            | INFORMATION
            | GET_ALL
            | SET_VALUE
            | SET_ALL
            | STATUS_AT
            | INFORMATION_NOW
            | STATUS_AT_ANY
    )
}

/// `semget(key, count, flags)`.
pub(in crate::linux::calls) fn semget(task: &mut Task<'_>) -> Answer {
    let count =
        usize::try_from(task.int(1)).ok().filter(|count| *count <= MOST_IN_SET).ok_or(Errno::EINVAL)?;
    let how = (task.int(0), task.argument(2), MOST_SETS);
    let fits = |set: &Array| if count <= set.all.len() { Ok(()) } else { Err(Errno::EINVAL) };
    let make = |task: &mut Task<'_>| {
        if count == 0 {
            return Err(Errno::EINVAL);
        }
        let sum = task.kernel.ipc.semaphores.iter().map(|(_, object)| object.it.all.len()).sum::<usize>();
        if sum + count > MOST {
            return Err(Errno::ENOSPC);
        }
        Ok(Array { all: vec![Semaphore::default(); count], operated: 0, changed: task.seconds() })
    };
    get(task, table, how, fits, make)
}

/// `semop(id, operations, count)`.
pub(in crate::linux::calls) fn semop(task: &mut Task<'_>) -> Answer {
    operate(task, None)
}

/// `semtimedop(id, operations, count, timeout)`.
pub(in crate::linux::calls) fn semtimedop(task: &mut Task<'_>) -> Answer {
    timed(task, false)
}

pub(in crate::linux::calls) fn semtimedop64(task: &mut Task<'_>) -> Answer {
    timed(task, true)
}

fn timed(task: &mut Task<'_>, wide: bool) -> Answer {
    let timeout = match task.argument(3) {
        0 => None,
        at => Some(task.read_time(at, wide)?),
    };
    operate(task, timeout)
}

fn operate(task: &mut Task<'_>, timeout: Option<u64>) -> Answer {
    let (id, at, count) = (task.int(0), task.argument(1), task.argument(2) & 0xffff_ffff);
    if count < 1 || id < 0 {
        return Err(Errno::EINVAL.into());
    }
    if count > MOST_OPERATIONS {
        return Err(Errno::E2BIG.into());
    }
    // `struct sembuf` is three `short`s.
    let bytes = task.read(at, 6 * count)?;
    let order = task.abi.order;
    let short = |bytes: &[u8]| order.read(bytes) as u16;
    let operations: Vec<Operation> = bytes
        .chunks_exact(6)
        .map(|it| Operation { number: short(&it[..2]), by: short(&it[2..4]) as i16, flags: short(&it[4..]) })
        .collect();
    let object = task.kernel.ipc.semaphores.get(id).map_err(|error| task.gone(error))?;
    if operations.iter().any(|operation| usize::from(operation.number) >= object.it.all.len()) {
        return Err(Errno::EFBIG.into());
    }
    let alters = operations.iter().any(|operation| operation.by != 0);
    task.check_allowed(&object.permissions, if alters { WRITE } else { READ })?;
    match task.kernel.ipc.operate(id, task.process, &operations) {
        Ok(()) => {
            let now = task.seconds();
            task.kernel.ipc.semaphores.get_mut(id)?.it.operated = now;
            task.kernel.changed();
            Ok(0)
        }
        Err(Refused::Error(errno)) => Err(errno.into()),
        Err(Refused::Waits(operation)) => {
            let deadline = timeout.map(|nanoseconds| task.deadline(nanoseconds));
            if deadline.is_some_and(|deadline| task.has_passed(deadline)) {
                return Err(Errno::EAGAIN.into());
            }
            let wait = Wait::Semaphore { id, number: operation.number, for_zero: operation.by == 0 };
            Err(task.wait_for_object(wait, deadline))
        }
    }
}

/// `semctl(id, number, command, union semun)`.
pub(in crate::linux::calls) fn semctl(task: &mut Task<'_>) -> Answer {
    semctl_with(task, false)
}

pub(super) fn semctl_with(task: &mut Task<'_>, through_one: bool) -> Answer {
    let (command, layout) = command(task, task.int(2), (|it| it.semid, |it| it.semid_old), through_one)?;
    let argument = task.argument(3);
    // The `int` of the union is at its beginning.
    let upper = task.abi.is_64() && task.abi.order == terrella_platforms::ByteOrder::Big;
    let value = if upper { argument >> 32 } else { argument } as i32;
    control(task, (task.int(0), task.int(1)), command, (value, argument), layout)
}

/// What `semctl` does, with the two members of its union, and a structure of a
/// layout.
pub(crate) fn control(
    task: &mut Task<'_>,
    (id, number): (i32, i32),
    command: i32,
    (value, at): (i32, u64),
    layout: Layout,
) -> Answer {
    if id < 0 {
        return Err(Errno::EINVAL.into());
    }
    match command {
        STATUS | STATUS_AT | STATUS_AT_ANY => {
            let how = (command != STATUS, command == STATUS_AT_ANY);
            let id = to_be_told(task, table, id, how)?;
            let object = task.kernel.ipc.semaphores.get(id)?;
            let it = &object.it;
            let own = [
                ("sem_otime", it.operated as u64),
                ("sem_ctime", it.changed as u64),
                ("sem_nsems", it.all.len() as u64),
            ];
            let values = [&permission_fields!("sem", object)[..], &own].concat();
            let bytes = layout.filled(&task.abi, &values);
            task.write(at, &bytes)?;
            Ok(if command == STATUS { 0 } else { id as u64 })
        }
        SET => {
            let bytes = task.read(at, layout.size as u64)?;
            let names = ["sem_perm.uid", "sem_perm.gid", "sem_perm.mode"];
            let settings = Settings::of(layout, &task.abi, &bytes, names);
            to_be_changed(task, table, id)?;
            let now = task.seconds();
            let object = task.kernel.ipc.semaphores.get_mut(id)?;
            settings.apply(object);
            object.it.changed = now;
            task.kernel.changed();
            Ok(0)
        }
        REMOVE => {
            to_be_changed(task, table, id)?;
            task.kernel.ipc.semaphores.remove(id)?;
            task.kernel.ipc.forget_undo(id, None);
            task.kernel.changed();
            Ok(0)
        }
        INFORMATION | INFORMATION_NOW => information(task, command, at),
        GET_ALL | SET_ALL => all_values(task, id, command, at),
        GET_PROCESS | GET_VALUE | GET_LARGER | GET_ZERO | SET_VALUE => {
            one_value(task, (id, number), command, value)
        }
        _ => Err(Errno::EINVAL.into()),
    }
}

/// `struct seminfo`.
fn information(task: &mut Task<'_>, command: i32, at: u64) -> Answer {
    let all = &task.kernel.ipc.semaphores;
    let highest = all.highest();
    let (used, unit) = match command {
        INFORMATION => (MOST as u64, 20),
        _ => (all.iter().map(|(_, object)| object.it.all.len() as u64).sum(), all.len() as u64),
    };
    let adjusted = if command == INFORMATION { LARGEST as u64 } else { used };
    let most = MOST as u64;
    let mut fields = task.fields();
    let sizes =
        [most, MOST_SETS as u64, most, most, MOST_IN_SET as u64, MOST_OPERATIONS, MOST_OPERATIONS, unit];
    for value in sizes {
        fields.int(value);
    }
    let bytes = fields.int(LARGEST as u64).int(adjusted).finish();
    task.write(at, &bytes)?;
    Ok(highest.into())
}

/// `GETALL`, `SETALL`: values as an array of `unsigned short`.
fn all_values(task: &mut Task<'_>, id: i32, command: i32, at: u64) -> Answer {
    let object = task.kernel.ipc.semaphores.get(id)?;
    task.check_allowed(&object.permissions, if command == SET_ALL { WRITE } else { READ })?;
    let order = task.abi.order;
    if command == GET_ALL {
        let mut bytes = vec![0; 2 * object.it.all.len()];
        for (place, semaphore) in bytes.chunks_exact_mut(2).zip(&object.it.all) {
            order.write(semaphore.value as u128, place);
        }
        task.write(at, &bytes)?;
        return Ok(0);
    }
    let bytes = task.read(at, 2 * object.it.all.len() as u64)?;
    let values: Vec<i32> = bytes.chunks_exact(2).map(|bytes| order.read(bytes) as i32).collect();
    if values.iter().any(|value| *value > LARGEST) {
        return Err(Errno::ERANGE.into());
    }
    let (now, process) = (task.seconds(), task.process);
    let set = &mut task.kernel.ipc.semaphores.get_mut(id)?.it;
    for (semaphore, value) in set.all.iter_mut().zip(values) {
        *semaphore = Semaphore { value, process };
    }
    set.changed = now;
    task.kernel.ipc.forget_undo(id, None);
    task.kernel.changed();
    Ok(0)
}

fn one_value(task: &mut Task<'_>, (id, number): (i32, i32), command: i32, value: i32) -> Answer {
    let object = task.kernel.ipc.semaphores.get(id)?;
    if command == SET_VALUE && !(0..=LARGEST).contains(&value) {
        return Err(Errno::ERANGE.into());
    }
    let place =
        usize::try_from(number).ok().filter(|place| *place < object.it.all.len()).ok_or(Errno::EINVAL)?;
    task.check_allowed(&object.permissions, if command == SET_VALUE { WRITE } else { READ })?;
    let semaphore = object.it.all[place];
    let waiting = |zero: bool| {
        let wait = Wait::Semaphore { id, number: number as u16, for_zero: zero };
        task.kernel.ipc_waits().filter(|it| *it == wait).count() as u64
    };
    match command {
        GET_PROCESS => Ok(semaphore.process as u64),
        GET_VALUE => Ok(semaphore.value as u64),
        GET_LARGER => Ok(waiting(false)),
        GET_ZERO => Ok(waiting(true)),
        _ => {
            let (now, process) = (task.seconds(), task.process);
            let set = &mut task.kernel.ipc.semaphores.get_mut(id)?.it;
            set.all[place] = Semaphore { value, process };
            set.changed = now;
            task.kernel.ipc.forget_undo(id, Some(number as u16));
            task.kernel.changed();
            Ok(0)
        }
    }
}
