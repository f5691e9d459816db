//! Descriptors: copies, flags, locks, pipes, terminals.

use terrella_platforms::Platform;

use super::{
    super::{
        abi::generic::*,
        descriptions::{Kind, Lock, LockOwner},
        limits,
        task::{Answer, Refusal, Task},
    },
    terminals,
};
use crate::{errno::Errno, files::Device};

pub(super) fn close(task: &mut Task<'_>) -> Answer {
    task.kernel.close(task.process, task.int(0))?;
    Ok(0)
}

/// `close_range(first, last, flags)`.
pub(super) fn close_range(task: &mut Task<'_>) -> Answer {
    const CLOEXEC: u64 = 4;
    let (first, last) = (task.argument(0) as u32, task.argument(1) as u32);
    if first > last || task.argument(2) & !(CLOEXEC | 2) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let open: Vec<i32> = task.this()?.descriptors.keys().copied().collect();
    for fd in open.into_iter().filter(|fd| (first..=last).contains(&(*fd as u32))) {
        if task.argument(2) & CLOEXEC != 0 {
            if let Some(descriptor) = task.this_mut()?.descriptors.get_mut(&fd) {
                descriptor.close_on_exec = true;
            }
        } else {
            task.kernel.close(task.process, fd)?;
        }
    }
    Ok(0)
}

fn copy(task: &mut Task<'_>, from: i32, close_on_exec: bool) -> Answer {
    let description = task.kernel.descriptor(task.process, task.int(0))?.description;
    let limit = task.this()?.limits[7].0.min(limits::DESCRIPTORS);
    if from < 0 || from as u64 >= limit {
        return Err(Errno::EINVAL.into());
    }
    let fd = task.kernel.free_descriptor(task.process, from)?;
    task.kernel.install_at(task.process, fd, description, close_on_exec)?;
    Ok(fd as u64)
}

pub(super) fn dup(task: &mut Task<'_>) -> Answer {
    copy(task, 0, false)
}

fn copy_to(task: &mut Task<'_>, to: i32, close_on_exec: bool) -> Answer {
    let description = task.kernel.descriptor(task.process, task.int(0))?.description;
    if to < 0 || to as u64 >= task.this()?.limits[7].0.min(limits::DESCRIPTORS) {
        return Err(Errno::EBADF.into());
    }
    task.kernel.install_at(task.process, to, description, close_on_exec)?;
    Ok(to as u64)
}

pub(super) fn dup2(task: &mut Task<'_>) -> Answer {
    if task.int(0) == task.int(1) {
        task.kernel.descriptor(task.process, task.int(0))?;
        return Ok(task.int(1) as u64);
    }
    copy_to(task, task.int(1), false)
}

pub(super) fn dup3(task: &mut Task<'_>) -> Answer {
    let flags = task.abi.bits_to_generic(|tables| tables.open, task.argument(2));
    if task.int(0) == task.int(1) || flags & !O_CLOEXEC != 0 {
        return Err(Errno::EINVAL.into());
    }
    copy_to(task, task.int(1), flags & O_CLOEXEC != 0)
}

/// `fcntl(fd, command, argument)`.
pub(super) fn fcntl(task: &mut Task<'_>) -> Answer {
    let fd = task.int(0);
    let command = task.generic(|tables| tables.control, task.argument(1));
    let argument = task.argument(2);
    match command {
        F_DUPFD => copy(task, argument as i32, false),
        F_DUPFD_CLOEXEC => copy(task, argument as i32, true),
        F_GETFD => Ok(task.kernel.descriptor(task.process, fd)?.close_on_exec.into()),
        F_SETFD => {
            let descriptor = task.this_mut()?.descriptors.get_mut(&fd).ok_or(Errno::EBADF)?;
            descriptor.close_on_exec = argument & 1 != 0;
            Ok(0)
        }
        F_GETFL => {
            let flags = task.kernel.description(task.process, fd)?.flags;
            // 32-bit processors are told that files can be large.
            let large = if task.abi.is_64() { 0 } else { flags & O_LARGEFILE };
            Ok(task.abi.bits_to_own(|tables| tables.open, flags & !O_LARGEFILE | large))
        }
        F_SETFL => {
            const MUTABLE: u64 = O_APPEND | O_NONBLOCK | O_DIRECT | 0x2000 | 0x4_0000;
            let flags = task.abi.bits_to_generic(|tables| tables.open, argument);
            let it = task.kernel.description_mut(task.process, fd)?;
            it.flags = it.flags & !MUTABLE | flags & MUTABLE;
            Ok(0)
        }
        F_SETOWN => {
            task.kernel.description_mut(task.process, fd)?.owner = argument as i32;
            Ok(0)
        }
        F_GETOWN => Ok(task.kernel.description(task.process, fd)?.owner as u64),
        F_GETLK | F_SETLK | F_SETLKW => record_lock(task, command, command, !task.abi.is_64()),
        F_GETLK64 | F_SETLK64 | F_SETLKW64 => {
            record_lock(task, command - F_GETLK64 + F_GETLK, command, false)
        }
        F_OFD_GETLK | F_OFD_SETLK | F_OFD_SETLKW => {
            record_lock(task, command - F_OFD_GETLK + F_GETLK, command, false)
        }
        F_GETPIPE_SZ | F_SETPIPE_SZ => {
            let Kind::Pipe { pipe, .. } = task.kernel.description(task.process, fd)?.kind else {
                return Err(Errno::EBADF.into());
            };
            let state = task.kernel.pipes.get_mut(&pipe).ok_or(Errno::EBADF)?;
            if command == F_SETPIPE_SZ {
                let wanted =
                    (argument as usize).max(4096).checked_next_power_of_two().ok_or(Errno::EINVAL)?;
                if wanted > 1 << 20 {
                    return Err(Errno::EPERM.into());
                }
                if wanted < state.bytes.len() {
                    return Err(Errno::EBUSY.into());
                }
                state.capacity = wanted;
            }
            Ok(state.capacity as u64)
        }
        F_ADD_SEALS | F_GET_SEALS => {
            let inode = task.kernel.description(task.process, fd)?.inode().ok_or(Errno::EINVAL)?;
            let it = task.kernel.files.change(inode);
            if command == F_GET_SEALS {
                return Ok(it.seals.into());
            }
            if it.seals & 1 != 0 {
                return Err(Errno::EPERM.into());
            }
            it.seals |= argument as u32;
            Ok(0)
        }
        // F_SETSIG, F_GETSIG: signals at events are not sent.
        10 | 11 => Ok(0),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Locks on parts of files; `struct flock` has `long` or 64-bit fields.
fn record_lock(task: &mut Task<'_>, what: u64, command: u64, narrow: bool) -> Answer {
    let (fd, address) = (task.int(0), task.argument(2));
    let description = task.description_of(fd)?;
    let it = task.kernel.descriptions.get(&description).ok_or(Errno::EBADF)?;
    let Kind::File(inode) = it.kind else { return Err(Errno::EBADF.into()) };
    let position = it.offset;
    let mut reader = task.reader(address);
    let (kind, whence) = (reader.short()?, reader.short()?);
    let (start, length) = if narrow {
        (reader.signed_long()?, reader.signed_long()?)
    } else {
        (reader.wide()? as i64, reader.wide()? as i64)
    };
    // The narrow structure of MIPS has `l_sysid` here, which the kernel leaves
    // as it is (arch/mips/include/uapi/asm/fcntl.h).
    let system = match task.this()?.platform {
        Platform::MIPS | Platform::MIPSEL if narrow => Some(reader.long()?),
        _ => None,
    };
    let base = match whence {
        0 => 0,
        1 => position as i64,
        2 => task.kernel.files.inode(inode).size() as i64,
        _ => return Err(Errno::EINVAL.into()),
    };
    let start = base.checked_add(start).ok_or(Errno::EOVERFLOW)?;
    let (start, end) = match length {
        0 => (start, u64::MAX),
        1.. => (start, start.checked_add(length).ok_or(Errno::EOVERFLOW)? as u64),
        _ => (start.checked_add(length).ok_or(Errno::EINVAL)?, start as u64),
    };
    let start = u64::try_from(start).map_err(|_| Errno::EINVAL)?;
    let owner = if command >= F_OFD_GETLK {
        LockOwner::Description(description)
    } else {
        LockOwner::Process(task.process)
    };
    // F_RDLCK, F_WRLCK, F_UNLCK
    let wanted = Lock { inode, owner, exclusive: kind == 1, start, end };
    let conflict = task.kernel.locks.iter().copied().find(|lock| kind != 2 && conflicts(lock, &wanted));
    if what == F_GETLK {
        let mut fields = task.fields();
        match conflict {
            Some(lock) => {
                let length = if lock.end == u64::MAX { 0 } else { lock.end - lock.start };
                fields.short(lock.exclusive.into()).short(0);
                if narrow {
                    fields.long(lock.start).long(length);
                } else {
                    fields.wide(lock.start).wide(length);
                }
                if let Some(system) = system {
                    fields.long(system);
                }
                fields.int(match lock.owner {
                    LockOwner::Process(id) => id as u32 as u64,
                    _ => u32::MAX.into(),
                });
            }
            None => {
                fields.short(2);
            }
        }
        task.write(address, &fields.finish())?;
        return Ok(0);
    }
    match conflict {
        Some(_) if what == F_SETLKW => return Err(task.wait_until(None)),
        Some(_) => return Err(Errno::EAGAIN.into()),
        None => {}
    }
    // What is taken out of the middle of a lock makes two of it.
    let splits = |lock: &Lock| {
        lock.owner == wanted.owner
            && lock.inode == wanted.inode
            && lock.start < wanted.start
            && wanted.end < lock.end
    };
    let more = usize::from(kind != 2) + usize::from(task.kernel.locks.iter().any(splits));
    if more > 0 && task.kernel.locks.len() + more > limits::LOCKS {
        return Err(Errno::ENOLCK.into());
    }
    release(&mut task.kernel.locks, &wanted);
    if kind != 2 {
        task.kernel.locks.push(wanted);
    }
    task.kernel.changed();
    Ok(0)
}

fn conflicts(lock: &Lock, wanted: &Lock) -> bool {
    let whole = |owner: LockOwner| matches!(owner, LockOwner::Whole(_));
    lock.inode == wanted.inode
        && lock.owner != wanted.owner
        && whole(lock.owner) == whole(wanted.owner)
        && (lock.exclusive || wanted.exclusive)
        && lock.start < wanted.end
        && wanted.start < lock.end
}

/// Takes a range out of what its owner holds.
fn release(locks: &mut Vec<Lock>, range: &Lock) {
    let mut parts = Vec::new();
    locks.retain(|lock| {
        let hit = lock.inode == range.inode
            && lock.owner == range.owner
            && lock.start < range.end
            && range.start < lock.end;
        if hit {
            if lock.start < range.start {
                parts.push(Lock { end: range.start, ..*lock });
            }
            if lock.end > range.end {
                parts.push(Lock { start: range.end, ..*lock });
            }
        }
        !hit
    });
    locks.extend(parts);
}

/// `flock(fd, operation)`.
pub(super) fn flock(task: &mut Task<'_>) -> Answer {
    let description = task.description_of(task.int(0))?;
    let it = task.kernel.descriptions.get(&description).ok_or(Errno::EBADF)?;
    let inode = it.inode().ok_or(Errno::EBADF)?;
    let operation = task.argument(1);
    let owner = LockOwner::Whole(description);
    let wanted = Lock { inode, owner, exclusive: operation & 2 != 0, start: 0, end: u64::MAX };
    match operation & !4 {
        8 => {
            release(&mut task.kernel.locks, &wanted);
            task.kernel.changed();
            return Ok(0);
        }
        1 | 2 => {}
        _ => return Err(Errno::EINVAL.into()),
    }
    if task.kernel.locks.iter().any(|lock| conflicts(lock, &wanted)) {
        return Err(if operation & 4 != 0 { Errno::EAGAIN.into() } else { task.wait_until(None) });
    }
    if task.kernel.locks.len() >= limits::LOCKS {
        return Err(Errno::ENOLCK.into());
    }
    release(&mut task.kernel.locks, &wanted);
    task.kernel.locks.push(wanted);
    Ok(0)
}

fn make_pipe(task: &mut Task<'_>, flags: u64) -> Result<(i32, i32), Refusal> {
    let flags = task.abi.bits_to_generic(|tables| tables.open, flags);
    if flags & !(O_CLOEXEC | O_NONBLOCK | O_DIRECT) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let pipe = task.kernel.new_pipe();
    let status = flags & O_NONBLOCK;
    let read = task.kernel.add_description(Kind::Pipe { pipe, writes: false, reads: true }, status);
    let write =
        task.kernel.add_description(Kind::Pipe { pipe, writes: true, reads: false }, status | O_WRONLY);
    let read = match task.kernel.install(task.process, read, flags) {
        Ok(fd) => fd,
        Err(error) => {
            task.kernel.drop_if_unused(write);
            return Err(error.into());
        }
    };
    match task.kernel.install(task.process, write, flags) {
        Ok(write) => Ok((read, write)),
        Err(error) => {
            task.kernel.close(task.process, read)?;
            Err(error.into())
        }
    }
}

/// `pipe(fds)`; some processors have the two in registers.
pub(super) fn pipe(task: &mut Task<'_>) -> Answer {
    let in_registers = ["mips", "mips64", "sparc", "sparc64", "sh4"].contains(&task.abi.machine);
    if in_registers {
        let (read, write) = make_pipe(task, 0)?;
        super::set_second_result(task, write as u64)?;
        return Ok(read as u64);
    }
    task.check_writable(task.argument(0), 8)?;
    let (read, write) = make_pipe(task, 0)?;
    let address = task.argument(0);
    task.write_u32(address, read as u32)?;
    task.write_u32(address.wrapping_add(4), write as u32)?;
    Ok(0)
}

pub(super) fn pipe2(task: &mut Task<'_>) -> Answer {
    let address = task.argument(0);
    task.check_writable(address, 8)?;
    let (read, write) = make_pipe(task, task.argument(1))?;
    task.write_u32(address, read as u32)?;
    task.write_u32(address.wrapping_add(4), write as u32)?;
    Ok(0)
}

impl Task<'_> {
    fn is_terminal(&self, fd: i32) -> Result<bool, Errno> {
        Ok(match self.kernel.description(self.process, fd)?.kind {
            Kind::Stream(stream) => self.kernel.streams.terminal[usize::from(stream)],
            Kind::Terminal { .. } => true,
            Kind::Device(Device::Terminal, _) => self.kernel.streams.terminal.contains(&true),
            _ => false,
        })
    }
}

/// `ioctl(fd, request, argument)`.
pub(super) fn ioctl(task: &mut Task<'_>) -> Answer {
    let fd = task.int(0);
    let request = task.generic(|tables| tables.ioctl, task.argument(1) & 0xffff_ffff);
    let address = task.argument(2);
    let terminal = task.is_terminal(fd)?;
    let pseudo = terminals::end_of(task, fd)?;
    match request {
        FIOCLEX | FIONCLEX => {
            let descriptor = task.this_mut()?.descriptors.get_mut(&fd).ok_or(Errno::EBADF)?;
            descriptor.close_on_exec = request == FIOCLEX;
            Ok(0)
        }
        FIONBIO => {
            let on = task.read_u32(address)? != 0;
            let it = task.kernel.description_mut(task.process, fd)?;
            it.flags = it.flags & !O_NONBLOCK | if on { O_NONBLOCK } else { 0 };
            Ok(0)
        }
        FIONREAD => {
            let it = task.kernel.description(task.process, fd)?;
            let count = match it.kind {
                Kind::Pipe { pipe, .. } => task.kernel.pipes.get(&pipe).map_or(0, |pipe| pipe.bytes.len()),
                Kind::File(inode) => task.kernel.files.inode(inode).size().saturating_sub(it.offset) as usize,
                Kind::Stream(0) => task.kernel.streams.available(),
                Kind::Terminal { number, master } => {
                    task.kernel.terminals.get(&number).map_or(0, |it| it.available(master))
                }
                Kind::Socket(socket) => task.kernel.network.available(socket),
                _ => return Err(Errno::ENOTTY.into()),
            };
            task.write_u32(address, count as u32)?;
            Ok(0)
        }
        _ if !terminal => Err(Errno::ENOTTY.into()),
        _ if pseudo.is_some() => {
            let (number, master) = pseudo.unwrap_or_default();
            terminals::request(task, number, master, request)
        }
        TCGETS => {
            let bytes = terminal_settings(task);
            task.write(address, &bytes)?;
            Ok(0)
        }
        // The host's terminal stays as it is.
        TCSETS | TCSETSW | TCSETSF | TIOCSWINSZ => Ok(0),
        TIOCGWINSZ => {
            let mut fields = task.fields();
            let bytes = fields.short(24).short(80).short(0).short(0).finish();
            task.write(address, &bytes)?;
            Ok(0)
        }
        TIOCGPGRP => {
            let group = task.kernel.terminal_group as u32;
            task.write_u32(address, group)?;
            Ok(0)
        }
        TIOCSPGRP => {
            task.kernel.terminal_group = task.read_u32(address)? as i32;
            Ok(0)
        }
        TIOCGSID => {
            let session = task.this()?.session as u32;
            task.write_u32(address, session)?;
            Ok(0)
        }
        _ => Err(Errno::ENOTTY.into()),
    }
}

/// `struct termios` of a terminal as it begins: cooked, 38400 baud
/// (`asm-generic/termbits.h`; 19 control characters, 23 on MIPS).
fn terminal_settings(task: &Task<'_>) -> Vec<u8> {
    let characters: &[u8] = &[3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0];
    let mut fields = task.fields();
    fields.int(0x6d02).int(5).int(0xbf).int(0x8a3b);
    if task.abi.machine.starts_with("ppc") {
        fields.bytes(characters).bytes(&[0]).int(15).int(15);
    } else {
        let count = if task.abi.machine.starts_with("mips") { 23 } else { 19 };
        fields.bytes(&[0]).bytes(characters).pad_to(17 + count);
    }
    fields.finish()
}
