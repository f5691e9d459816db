//! System V IPC: what is common to its three kinds, and the one call through
//! which some processors make all others (ipc(2)).

pub(crate) mod messages;
pub(crate) mod queues;
pub(crate) mod semaphores;
pub(crate) mod shared;

use super::super::{
    abi::{Abi, Structure, Tables},
    ipc::{IPC_PRIVATE, Ipc, Object, Permissions, Table, Wait},
    process::Credentials,
    task::{Answer, Refusal, Task},
};
use crate::errno::Errno;

const CREATE: u64 = 0o1000;
const EXCLUSIVE: u64 = 0o2000;
pub(super) const NO_WAIT: u64 = 0o4000;

/// `IPC_RMID`, `IPC_SET`, `IPC_STAT`, `IPC_INFO` (linux/ipc.h).
pub(super) const REMOVE: i32 = 0;
pub(super) const SET: i32 = 1;
pub(super) const STATUS: i32 = 2;
pub(super) const INFORMATION: i32 = 3;
/// In a command: structures of today are meant, where there are older ones.
const IPC_64: i32 = 0x100;

/// Bits of a mode for reading and writing.
pub(super) const READ: u32 = 0o444;
pub(super) const WRITE: u32 = 0o222;

/// Where the fields of a structure are: in the kernel's, or a C library's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) size: usize,
    pub(crate) places: &'static [(&'static str, usize, usize)],
}

impl From<&'static Structure> for Layout {
    fn from(structure: &'static Structure) -> Self {
        Self { size: structure.size, places: structure.places }
    }
}

impl Layout {
    /// The structure with these fields; of times the upper halves, too.
    fn filled(self, abi: &Abi, values: &[(&str, u64)]) -> Vec<u8> {
        let mut bytes = vec![0; self.size];
        for (name, offset, size) in self.places {
            let (base, shift) = name.strip_suffix("_high").map_or((*name, 0), |base| (base, 32));
            let value = values.iter().find(|(known, _)| *known == base).map_or(0, |(_, value)| *value);
            let bits = 8 * (*size).min(8) as u32;
            let value = value >> shift & u64::MAX >> (64 - bits);
            abi.order.write(value.into(), &mut bytes[*offset..*offset + *size]);
        }
        bytes
    }

    /// A field of the structure in these bytes.
    fn field(self, abi: &Abi, bytes: &[u8], name: &str) -> u64 {
        let place = self.places.iter().find(|(known, ..)| *known == name);
        let bytes = place.and_then(|(_, offset, size)| bytes.get(*offset..*offset + *size));
        bytes.map_or(0, |bytes| abi.order.read(bytes) as u64)
    }
}

/// Which structures there are: those of today, and those before.
type Structures = (fn(&Tables) -> Option<&'static Structure>, fn(&Tables) -> Option<&'static Structure>);

/// The command that is meant, and the layout of its structure. Some processors
/// have older structures still, unless the command says otherwise
/// (`ARCH_WANT_IPC_PARSE_VERSION`); those with one call for all have them there
/// only.
fn command(
    task: &Task<'_>,
    command: i32,
    structures: Structures,
    through_one: bool,
) -> Result<(i32, Layout), Errno> {
    let machine = task.abi.machine;
    let old =
        if through_one { machine != "sparc64" } else { machine.starts_with("arm") || machine == "mips64" };
    let is_new = !old || command & IPC_64 != 0;
    let structure = if is_new { structures.0 } else { structures.1 };
    let layout = structure(task.abi.tables).ok_or(Errno::ENOSYS)?.into();
    Ok((if old { command & !IPC_64 } else { command }, layout))
}

impl Task<'_> {
    fn credentials(&self) -> Result<Credentials, Errno> {
        Ok(self.this()?.credentials.clone())
    }

    /// Seconds since 1970.
    fn seconds(&self) -> i64 {
        self.kernel.clock.wall().div_euclid(1_000_000_000)
    }

    fn check_allowed(&self, permissions: &Permissions, wanted: u32) -> Result<(), Errno> {
        if permissions.allow(&self.this()?.credentials, wanted) { Ok(()) } else { Err(Errno::EACCES) }
    }

    /// Waits for an object.
    fn wait_for_object(&mut self, wait: Wait, deadline: Option<u64>) -> Refusal {
        if let Ok(thread) = self.thread_mut()
            && let Some(call) = &mut thread.call
        {
            call.ipc = Some(wait);
        }
        self.wait_until(deadline)
    }

    /// The error where an object is not there: it was, if the call has waited
    /// for it.
    fn gone(&self, error: Errno) -> Errno {
        let waited = self.thread().ok().and_then(|thread| thread.call.as_ref()?.ipc).is_some();
        if waited && error == Errno::EINVAL { Errno::EIDRM } else { error }
    }
}

/// The fields of `struct ipc_perm`, with names that begin so.
macro_rules! permission_fields {
    ($prefix:literal, $object:expr) => {{
        let it = &$object.permissions;
        [
            (concat!($prefix, "_perm.key"), u64::from(it.key as u32)),
            (concat!($prefix, "_perm.uid"), it.owner.0.into()),
            (concat!($prefix, "_perm.gid"), it.owner.1.into()),
            (concat!($prefix, "_perm.cuid"), it.creator.0.into()),
            (concat!($prefix, "_perm.cgid"), it.creator.1.into()),
            (concat!($prefix, "_perm.mode"), it.mode.into()),
            (concat!($prefix, "_perm.seq"), $object.sequence.into()),
        ]
    }};
}
use permission_fields;

/// What `IPC_SET` may say of any object: owner, group, mode.
#[derive(Debug, Clone, Copy)]
struct Settings {
    owner: (u32, u32),
    mode: u32,
}

impl Settings {
    fn of(layout: Layout, abi: &Abi, bytes: &[u8], names: [&str; 3]) -> Self {
        let [user, group, mode] = names.map(|name| layout.field(abi, bytes, name));
        Self { owner: (user as u32, group as u32), mode: mode as u32 & 0o777 }
    }

    fn apply<T>(self, object: &mut Object<T>) {
        object.permissions.owner = self.owner;
        object.permissions.mode = object.permissions.mode & !0o777 | self.mode;
    }
}

type OfIpc<T> = fn(&mut Ipc) -> &mut Table<T>;

/// The object of a key, or a new one (`ipcget`, ipc/util.c).
fn get<T>(
    task: &mut Task<'_>,
    table: OfIpc<T>,
    (key, flags, most): (i32, u64, usize),
    fits: impl Fn(&T) -> Result<(), Errno>,
    make: impl FnOnce(&mut Task<'_>) -> Result<T, Errno>,
) -> Answer {
    let found = if key == IPC_PRIVATE { None } else { table(&mut task.kernel.ipc).find(key) };
    if let Some(id) = found {
        if flags & (CREATE | EXCLUSIVE) == CREATE | EXCLUSIVE {
            return Err(Errno::EEXIST.into());
        }
        let object = table(&mut task.kernel.ipc).get(id)?;
        fits(&object.it)?;
        let permissions = object.permissions.clone();
        task.check_allowed(&permissions, flags as u32 & 0o777)?;
        return Ok(id as u64);
    }
    if key != IPC_PRIVATE && flags & CREATE == 0 {
        return Err(Errno::ENOENT.into());
    }
    if table(&mut task.kernel.ipc).len() >= most {
        return Err(Errno::ENOSPC.into());
    }
    let permissions = Permissions::new(key, &task.credentials()?, flags);
    let it = make(task)?;
    Ok(table(&mut task.kernel.ipc).add(permissions, it, most)? as u64)
}

/// The object of an identifier, which may be read; or that at a place, for
/// commands that list all.
fn to_be_told<T>(
    task: &mut Task<'_>,
    table: OfIpc<T>,
    id: i32,
    (by_place, to_all): (bool, bool),
) -> Result<i32, Errno> {
    let table = table(&mut task.kernel.ipc);
    let id = if by_place { table.at_place(id)? } else { id };
    let permissions = table.get(id)?.permissions.clone();
    if !to_all {
        task.check_allowed(&permissions, READ)?;
    }
    Ok(id)
}

/// The object of an identifier, which may be changed or removed.
fn to_be_changed<T>(task: &mut Task<'_>, table: OfIpc<T>, id: i32) -> Result<(), Errno> {
    let permissions = table(&mut task.kernel.ipc).get(id)?.permissions.clone();
    if permissions.belong_to(&task.this()?.credentials) { Ok(()) } else { Err(Errno::EPERM) }
}

/// The call that is meant by `ipc(call, first, second, third, pointer, fifth)`,
/// and its arguments (`ksys_ipc`, ipc/syscall.c; of sparc64 and s390x their
/// own).
pub(in crate::linux) fn meant(
    abi: &Abi,
    arguments: &[u64; 8],
    word: impl Fn(u64) -> Result<u64, Errno>,
) -> Result<(&'static str, [u64; 8]), Errno> {
    let [call, first, second, third, pointer, fifth, ..] = *arguments;
    let version = call >> 16 & 0xffff;
    let version = if abi.machine == "sparc64" { 1 } else { version };
    if abi.machine == "s390x" && version != 0 {
        return Err(Errno::EINVAL);
    }
    let (name, arguments): (_, &[u64]) = match call & 0xffff {
        1 => ("semop", &[first, pointer, second]),
        2 => ("semget", &[first, second, third]),
        3 => {
            let value = match (abi.machine, pointer) {
                ("sparc64", _) => pointer,
                (_, 0) => return Err(Errno::EINVAL),
                _ => word(pointer)?,
            };
            ("semctl", &[first, second, third, value])
        }
        // s390x has five arguments only.
        4 => ("semtimedop", &[first, pointer, second, if abi.machine == "s390x" { third } else { fifth }]),
        11 => ("msgsnd", &[first, pointer, second, third]),
        12 if version == 0 => {
            if pointer == 0 {
                return Err(Errno::EINVAL);
            }
            let kind = word(pointer.wrapping_add(abi.word as u64))?;
            ("msgrcv", &[first, word(pointer)?, second, kind, third])
        }
        12 => ("msgrcv", &[first, pointer, second, fifth, third]),
        13 => ("msgget", &[first, second]),
        14 => ("msgctl", &[first, second, pointer]),
        21 if version == 1 && abi.machine != "sparc64" => return Err(Errno::EINVAL),
        21 => ("shmat", &[first, pointer, second]),
        22 => ("shmdt", &[pointer]),
        23 => ("shmget", &[first, second, third]),
        24 => ("shmctl", &[first, second, pointer]),
        _ => return Err(Errno::ENOSYS),
    };
    let mut all = [0; 8];
    all[..arguments.len()].copy_from_slice(arguments);
    Ok((name, all))
}

/// `ipc(call, first, second, third, pointer, fifth)`.
pub(super) fn ipc(task: &mut Task<'_>) -> Answer {
    let place = task.argument(3);
    let (name, arguments) = meant(&task.abi, &task.arguments, |at| task.read_word(at))?;
    task.arguments = arguments;
    match name {
        "semop" => semaphores::semop(task),
        "semtimedop" => semaphores::semtimedop(task),
        "semget" => semaphores::semget(task),
        "semctl" => semaphores::semctl_with(task, true),
        "msgsnd" => messages::msgsnd(task),
        "msgrcv" => messages::msgrcv(task),
        "msgget" => messages::msgget(task),
        "msgctl" => messages::msgctl_with(task, true),
        "shmat" => {
            // Its result is too large for one of a call.
            task.check_writable(place, task.abi.word as u64)?;
            let at = shared::shmat(task)?;
            task.write_word(place, at)?;
            Ok(0)
        }
        "shmdt" => shared::shmdt(task),
        "shmget" => shared::shmget(task),
        _ => shared::shmctl_with(task, true),
    }
}
