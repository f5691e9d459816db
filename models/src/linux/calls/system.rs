//! What a system says of itself, and limits.

use super::super::{
    kernel::RELEASE,
    limits,
    task::{Answer, Task},
};
use crate::errno::Errno;

/// `struct utsname`: six names of 65 bytes.
pub(super) fn uname(task: &mut Task<'_>) -> Answer {
    let mut bytes = Vec::new();
    let names: [&[u8]; 6] = [
        b"Linux",
        &task.kernel.host_name.clone(),
        RELEASE.as_bytes(),
        b"#1 Terrella",
        task.abi.machine.as_bytes(),
        b"(none)",
    ];
    for name in names {
        let start = bytes.len();
        bytes.extend(name.iter().take(64));
        bytes.resize(start + 65, 0);
    }
    task.write(task.argument(0), &bytes)?;
    Ok(0)
}

pub(super) fn sethostname(task: &mut Task<'_>) -> Answer {
    let length = task.argument(1);
    if length > 64 {
        return Err(Errno::EINVAL.into());
    }
    task.kernel.host_name = task.read(task.argument(0), length)?;
    Ok(0)
}

/// `struct sysinfo`.
pub(super) fn sysinfo(task: &mut Task<'_>) -> Answer {
    const MEMORY: u64 = 1 << 30;
    let mut fields = task.fields();
    let seconds = task.kernel.clock.monotonic() / 1_000_000_000;
    fields.long(seconds).long(0).long(0).long(0);
    fields.long(MEMORY).long(MEMORY / 2).long(0).long(0).long(0).long(0);
    let processes = task.kernel.processes.len() as u64;
    fields.short(processes).short(0).long(0).long(0).int(1);
    let size = if task.abi.is_64() { 112 } else { 64 };
    let bytes = fields.pad_to(size).finish();
    task.write(task.argument(0), &bytes)?;
    Ok(0)
}

pub(super) fn getrandom(task: &mut Task<'_>) -> Answer {
    let size = task.argument(1).min(1 << 25);
    if task.argument(2) & !7 != 0 {
        return Err(Errno::EINVAL.into());
    }
    task.check_writable(task.argument(0), size)?;
    let bytes = task.kernel.random_bytes(size as usize);
    task.write(task.argument(0), &bytes)?;
    Ok(size)
}

/// No limit, as the guest writes it.
fn infinity(task: &Task<'_>) -> u64 {
    match (task.abi.is_64(), task.abi.machine) {
        (true, _) => u64::MAX,
        (false, "mips") => 0x7fff_ffff,
        (false, _) => 0xffff_ffff,
    }
}

fn limit_of(task: &Task<'_>, index: usize) -> Result<usize, Errno> {
    let which = task.generic(|tables| tables.limit, task.argument(index) & 0xffff_ffff);
    if which < 16 { Ok(which as usize) } else { Err(Errno::EINVAL) }
}

pub(super) fn getrlimit(task: &mut Task<'_>) -> Answer {
    let which = limit_of(task, 0)?;
    let (soft, hard) = task.this()?.limits[which];
    let most = infinity(task);
    let mut fields = task.fields();
    let bytes = fields.long(soft.min(most)).long(hard.min(most)).finish();
    task.write(task.argument(1), &bytes)?;
    Ok(0)
}

fn set_limit(task: &mut Task<'_>, which: usize, soft: u64, hard: u64) -> Answer {
    let old = task.this()?.limits[which];
    if soft > hard {
        return Err(Errno::EINVAL.into());
    }
    // RLIMIT_NOFILE is bounded for everybody (setrlimit(2), EPERM).
    if which == 7 && hard > limits::DESCRIPTORS {
        return Err(Errno::EPERM.into());
    }
    if hard > old.1 && task.this()?.credentials.user[1] != 0 {
        return Err(Errno::EPERM.into());
    }
    task.this_mut()?.limits[which] = (soft, hard);
    Ok(0)
}

pub(super) fn setrlimit(task: &mut Task<'_>) -> Answer {
    let which = limit_of(task, 0)?;
    let mut reader = task.reader(task.argument(1));
    let (soft, hard) = (reader.long()?, reader.long()?);
    let most = infinity(task);
    let wide = |value: u64| if value >= most { u64::MAX } else { value };
    set_limit(task, which, wide(soft), wide(hard))
}

/// `prlimit64(process, which, new, old)`.
pub(super) fn prlimit64(task: &mut Task<'_>) -> Answer {
    if task.int(0) != 0 && task.int(0) != task.process {
        return Err(Errno::EPERM.into());
    }
    let which = limit_of(task, 1)?;
    let (soft, hard) = task.this()?.limits[which];
    let new = match task.argument(2) {
        0 => None,
        address => Some((task.read_integer(address, 8)?, task.read_integer(address.wrapping_add(8), 8)?)),
    };
    if task.argument(3) != 0 {
        task.write_integer(task.argument(3), soft, 8)?;
        task.write_integer(task.argument(3).wrapping_add(8), hard, 8)?;
    }
    match new {
        Some((soft, hard)) => set_limit(task, which, soft, hard),
        None => Ok(0),
    }
}

/// `getrusage(who, usage)`.
pub(super) fn getrusage(task: &mut Task<'_>) -> Answer {
    let own = task.this()?.instructions;
    let live: u64 = task
        .kernel
        .threads
        .values()
        .filter(|thread| thread.process == task.process)
        .map(|thread| thread.instructions)
        .sum();
    let instructions = match task.int(0) {
        0 => own + live,
        -1 => task.this()?.children_instructions,
        1 => task.thread()?.instructions,
        _ => return Err(Errno::EINVAL.into()),
    };
    task.write_usage(task.argument(1), instructions)?;
    Ok(0)
}

/// `prctl(option, …)`.
pub(super) fn prctl(task: &mut Task<'_>) -> Answer {
    let (option, argument) = (task.argument(0) & 0xffff_ffff, task.argument(1));
    match option {
        // SET_PDEATHSIG, SET_KEEPCAPS, SET_TIMERSLACK, SET_SECCOMP's kin are taken
        // note of nowhere; GET_ gives what is usual.
        1 | 8 | 29 => Ok(0),
        2 => {
            task.write_u32(argument, 0)?;
            Ok(0)
        }
        3 => Ok(task.this()?.dumpable),
        4 => {
            if argument > 1 {
                return Err(Errno::EINVAL.into());
            }
            task.this_mut()?.dumpable = argument;
            Ok(0)
        }
        7 | 30 => Ok(0),
        // SET_NAME, GET_NAME
        15 => {
            let mut name = task.read_string(argument, 4096)?;
            name.truncate(15);
            task.thread_mut()?.name = name;
            Ok(0)
        }
        16 => {
            let mut name = task.thread()?.name.clone();
            name.resize(16, 0);
            task.write(argument, &name)?;
            Ok(0)
        }
        // CAPBSET_READ, SET_NO_NEW_PRIVS, GET_NO_NEW_PRIVS
        23 => Ok(1),
        38 => Ok(0),
        39 => Ok(0),
        // SET_CHILD_SUBREAPER, GET_CHILD_SUBREAPER
        36 => {
            task.this_mut()?.subreaper = argument != 0;
            Ok(0)
        }
        37 => {
            let on = task.this()?.subreaper;
            task.write_u32(argument, on.into())?;
            Ok(0)
        }
        // SET_VMA
        0x5356_4d41 => Ok(0),
        _ => Err(Errno::EINVAL.into()),
    }
}

pub(super) fn getcpu(task: &mut Task<'_>) -> Answer {
    for index in 0..2 {
        if task.argument(index) != 0 {
            task.write_u32(task.argument(index), 0)?;
        }
    }
    Ok(0)
}

/// `membarrier(command, flags, cpu)`: one processor is always in order.
pub(super) fn membarrier(task: &mut Task<'_>) -> Answer {
    match task.int(0) {
        0 => Ok(0x1f),
        _ => Ok(0),
    }
}

pub(super) fn personality(_task: &mut Task<'_>) -> Answer {
    Ok(0)
}

pub(super) fn getpriority(_task: &mut Task<'_>) -> Answer {
    // 20 minus the niceness.
    Ok(20)
}

/// `capget(header, data)`: all for the superuser, nothing for others.
pub(super) fn capget(task: &mut Task<'_>) -> Answer {
    const VERSION: u32 = 0x2008_0522;
    if task.read_u32(task.argument(0))? != VERSION {
        task.write_u32(task.argument(0), VERSION)?;
        return if task.argument(1) == 0 { Ok(0) } else { Err(Errno::EINVAL.into()) };
    }
    if task.argument(1) != 0 {
        let all = if task.this()?.credentials.user[1] == 0 { u32::MAX } else { 0 };
        for index in 0..6 {
            let value = if index % 3 == 2 { 0 } else { all };
            task.write_u32(task.argument(1).wrapping_add(4 * index), value)?;
        }
    }
    Ok(0)
}

/// Calls that need rights which nobody has in this system.
pub(super) fn refused(_task: &mut Task<'_>) -> Answer {
    Err(Errno::EPERM.into())
}

/// Calls of parts of the kernel that are not there; programs do without.
pub(super) fn absent(_task: &mut Task<'_>) -> Answer {
    Err(Errno::ENOSYS.into())
}
