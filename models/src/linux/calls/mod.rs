//! The system calls: one table of names, with their arguments and who answers
//! them; numbers and registers are the platform's.

mod attributes;
mod descriptors;
mod events;
mod folders;
mod io;
pub(crate) mod ipc;
mod memory;
mod messages;
mod names;
mod open;
mod processes;
pub(super) mod signals;
mod sockets;
mod status;
mod system;
mod table;
mod terminals;
mod threads;
pub(super) mod time;

pub(super) use io::seek;
pub(super) use memory::{part, write_back};

use std::{collections::HashMap, sync::OnceLock};

use terrella_emulator_api::{Emulator, EmulatorExt};
use terrella_platforms::{ByteOrder, SyscallError};

use super::{
    abi::Abi,
    task::{Answer, Task},
};
use crate::errno::Errno;

/// What an argument is: how many words it has, and how a trace shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A descriptor.
    Fd,
    /// A descriptor of a folder, or `AT_FDCWD`.
    Folder,
    Int,
    Unsigned,
    /// A `long` with a sign.
    Long,
    Hex,
    Pointer,
    /// A string that ends with zero.
    Text,
    /// A buffer that is read; its length is the next argument.
    Bytes,
    /// A buffer that is filled; its length is the result.
    Filled,
    /// Permission bits.
    Mode,
    Signal,
    /// 64 bits, which a 32-bit processor has in two words.
    Wide,
    OpenFlags,
    Protection,
    MapFlags,
    CloneFlags,
    /// An array of strings.
    Texts,
    /// The key of an object of System V IPC.
    Key,
    /// How such an object is got: flags and mode.
    GetFlags,
    /// A message of System V: a `long`, and bytes, whose number comes next.
    Message,
    /// The same, as it is received.
    Received,
    MessageFlags,
    AttachFlags,
    MessageCommand,
    SemaphoreCommand,
    SegmentCommand,
    /// An array of `struct sembuf`, whose length comes next.
    Operations,
    /// `struct mq_attr`.
    QueueAttributes,
    /// `struct sigevent`.
    Event,
}

/// A call.
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [Kind],
    pub(crate) run: fn(&mut Task<'_>) -> Answer,
}

/// The call of a name.
pub(crate) fn find(name: &str) -> Option<&'static Call> {
    static BY_NAME: OnceLock<HashMap<&'static str, &'static Call>> = OnceLock::new();
    let names = BY_NAME.get_or_init(|| table::CALLS.iter().map(|call| (call.name, call)).collect());
    names.get(name).copied()
}

/// The names of all calls that are answered, sorted.
pub(crate) fn all_names() -> Vec<&'static str> {
    let mut names: Vec<&str> = table::CALLS.iter().map(|call| call.name).collect();
    names.sort_unstable();
    names
}

/// Whether a call that a handler interrupted is made again where the handler
/// asks for it (signal(7)).
pub(crate) fn restarts(name: &str) -> bool {
    !matches!(
        name,
        "pause"
            | "rt_sigsuspend"
            | "rt_sigtimedwait"
            | "rt_sigtimedwait_time64"
            | "nanosleep"
            | "clock_nanosleep"
            | "clock_nanosleep_time64"
            | "poll"
            | "ppoll"
            | "ppoll_time64"
            | "select"
            | "_newselect"
            | "pselect6"
            | "pselect6_time64"
            | "epoll_wait"
            | "epoll_pwait"
            | "epoll_pwait2"
            | "semop"
            | "semtimedop"
            | "semtimedop_time64"
            | "msgsnd"
            | "msgrcv"
            // Of what is made through it, only those wait.
            | "ipc"
    )
}

/// The words of a call as the processor has them.
pub(crate) fn raw_arguments(abi: &Abi, emulator: &dyn Emulator, count: usize) -> Vec<u64> {
    let convention = abi.convention;
    let mask = if abi.is_64() { u64::MAX } else { 0xffff_ffff };
    let stack = emulator.read_register(emulator.definition().stack_pointer).unwrap_or(0);
    (0..count)
        .map(|index| {
            if let Some(register) = convention.arguments.get(index) {
                return emulator.read_register(*register).unwrap_or(0) & mask;
            }
            let Some(offset) = convention.stack_arguments else { return 0 };
            let place = index - convention.arguments.len();
            let at = stack.wrapping_add(u64::from(offset) + (place * abi.word) as u64);
            emulator.read_integer(at, abi.word).map_or(0, |value| value as u64)
        })
        .collect()
}

/// The arguments of a call, with those of 64 bits put together.
pub(crate) fn arguments(abi: &Abi, emulator: &dyn Emulator, kinds: &[Kind]) -> [u64; 8] {
    let words = raw_arguments(abi, emulator, 8);
    let mut next = 0;
    let mut arguments = [0; 8];
    for (index, argument) in arguments.iter_mut().enumerate() {
        let wide = kinds.get(index) == Some(&Kind::Wide) && !abi.is_64();
        if wide && abi.aligned_pairs {
            next += next % 2;
        }
        if wide && abi.padded_fourth && next == 3 {
            next += 1;
        }
        let mut word = || {
            next += 1;
            words.get(next - 1).copied().unwrap_or(0)
        };
        *argument = if wide {
            let (first, second) = (word(), word());
            match abi.order {
                ByteOrder::Little => first | second << 32,
                ByteOrder::Big => first << 32 | second,
            }
        } else {
            word()
        };
    }
    arguments
}

/// Puts the result of a call where the platform has it.
pub(crate) fn set_result(
    abi: &Abi,
    emulator: &mut dyn Emulator,
    result: Result<u64, Errno>,
) -> Result<(), terrella_emulator_api::Error> {
    let convention = abi.convention;
    let mask = if abi.is_64() { u64::MAX } else { 0xffff_ffff };
    let (value, failed) = match (result, convention.error) {
        (Ok(value), _) => (value, false),
        (Err(errno), SyscallError::NegativeResult) => (abi.error(errno).wrapping_neg(), true),
        (Err(errno), _) => (abi.error(errno), true),
    };
    emulator.write_register(convention.result, value & mask)?;
    match convention.error {
        SyscallError::NegativeResult => Ok(()),
        SyscallError::Register(register) | SyscallError::Flag(register) => {
            emulator.write_register(register, u64::from(failed))
        }
    }
}

/// Puts a second result where the platform has it (`pipe`).
pub(crate) fn set_second_result(task: &mut Task<'_>, value: u64) -> Result<(), Errno> {
    let register = match task.abi.machine {
        "sh4" => "r1",
        "sparc" | "sparc64" => "o1",
        _ => task.abi.convention.second_result.unwrap_or("v1"),
    };
    task.emulator.write_register(register, value).map_err(|_| Errno::EFAULT)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn names_are_there_once_and_enough_of_them() {
        let names = super::all_names();
        let unique: BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len());
        assert!(names.len() >= 220, "{} calls", names.len());
    }
}
