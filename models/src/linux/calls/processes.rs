//! Processes: beginning, ending, waiting for each other, who they are.

use super::super::{
    abi::{CloneOrder, generic::*},
    process::{ExitStatus, Id, Process},
    task::{Action, Answer, CloneRequest, Refusal, Task},
};
use crate::errno::Errno;

fn make(request: CloneRequest) -> Answer {
    if request.flags & CLONE_NEW != 0 {
        // Namespaces need rights that nobody has here.
        return Err(Errno::EPERM.into());
    }
    let needs = |flag: u64, other: u64| request.flags & flag != 0 && request.flags & other == 0;
    if needs(CLONE_THREAD, CLONE_SIGHAND) || needs(CLONE_SIGHAND, CLONE_VM) {
        return Err(Errno::EINVAL.into());
    }
    Err(Refusal::Action(Action::Clone(request)))
}

/// A number that is no signal's sends none.
fn exit_signal(task: &Task<'_>, number: u64) -> u8 {
    let number = task.generic(|tables| tables.signal, number & 0xff);
    if number <= 64 { number as u8 } else { 0 }
}

pub(super) fn fork(_task: &mut Task<'_>) -> Answer {
    make(CloneRequest { exit_signal: SIGCHLD as u8, ..CloneRequest::default() })
}

pub(super) fn vfork(_task: &mut Task<'_>) -> Answer {
    let flags = CLONE_VM | CLONE_VFORK;
    make(CloneRequest { flags, exit_signal: SIGCHLD as u8, ..CloneRequest::default() })
}

pub(super) fn clone(task: &mut Task<'_>) -> Answer {
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|index| task.argument(index));
    let (flags, stack, parent_tid, child_tid, tls) = match task.abi.clone {
        CloneOrder::ChildThenTls => (a, b, c, d, e),
        CloneOrder::TlsThenChild => (a, b, c, e, d),
        CloneOrder::StackFirst => (b, a, c, d, e),
    };
    let request = CloneRequest {
        flags: flags & !0xff & 0xffff_ffff,
        exit_signal: exit_signal(task, flags),
        stack,
        parent_tid,
        child_tid,
        tls,
    };
    make(request)
}

/// `clone3(arguments, size)`.
pub(super) fn clone3(task: &mut Task<'_>) -> Answer {
    let (address, size) = (task.argument(0), task.argument(1));
    if size < 64 {
        return Err(Errno::EINVAL.into());
    }
    let field = |index: u64| task.read_integer(address.wrapping_add(8 * index), 8);
    let (flags, child_tid, parent_tid, signal) = (field(0)?, field(2)?, field(3)?, field(4)?);
    let (stack, stack_size, tls) = (field(5)?, field(6)?, field(7)?);
    if flags & !(0x1_ffff_ffff) != 0 || flags & 0xff != 0 {
        return Err(Errno::EINVAL.into());
    }
    let mask = if task.abi.is_64() { u64::MAX } else { 0xffff_ffff };
    if signal > 64 || (stack | stack_size | tls | child_tid | parent_tid) & !mask != 0 {
        return Err(Errno::EINVAL.into());
    }
    let stack = if stack == 0 { 0 } else { stack.wrapping_add(stack_size) & mask };
    let exit_signal = exit_signal(task, signal);
    make(CloneRequest { flags, exit_signal, stack, parent_tid, child_tid, tls })
}

fn execute(task: &mut Task<'_>, folder: i32, path: Vec<u8>, from: usize, flags: u64) -> Answer {
    let arguments = task.read_strings(task.argument(from))?;
    let environment = task.read_strings(task.argument(from + 1))?;
    let inode = if path.is_empty() && flags & AT_EMPTY_PATH != 0 {
        task.kernel.description(task.process, folder)?.inode().ok_or(Errno::EBADF)?
    } else {
        task.inode_at(folder, &path, flags & AT_SYMLINK_NOFOLLOW == 0)?
    };
    let it = task.kernel.files.inode(inode);
    if it.is_directory() || it.mode & 0o111 == 0 {
        return Err(Errno::EACCES.into());
    }
    Err(Refusal::Action(Action::Execute { inode, path, arguments, environment }))
}

pub(super) fn execve(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    execute(task, AT_FDCWD, path, 1, 0)
}

pub(super) fn execveat(task: &mut Task<'_>) -> Answer {
    let path = task.path(1)?;
    execute(task, task.int(0), path, 2, task.argument(4))
}

pub(super) fn exit(task: &mut Task<'_>) -> Answer {
    Err(Refusal::Action(Action::ExitThread(task.int(0))))
}

pub(super) fn exit_group(task: &mut Task<'_>) -> Answer {
    Err(Refusal::Action(Action::ExitProcess(task.int(0))))
}

/// Which children a call waits for.
#[derive(Debug, Clone, Copy)]
enum Whom {
    Any,
    Process(Id),
    Group(Id),
}

/// What was heard of a child.
enum News {
    Ended(ExitStatus),
    Stopped(u8),
    Continued,
}

impl Task<'_> {
    fn hear(&mut self, whom: Whom, options: u64) -> Result<Option<(Id, News)>, Errno> {
        let parent = self.process;
        let wanted = |child: &&mut Process| {
            child.parent == parent
                && match whom {
                    Whom::Any => true,
                    Whom::Process(id) => child.id == id,
                    Whom::Group(group) => child.group == group,
                }
        };
        let keeps = options & WNOWAIT != 0;
        let mut any = false;
        let mut found = None;
        for child in self.kernel.processes.values_mut().filter(wanted) {
            any = true;
            let news = if let Some(status) = child.ended.filter(|_| options & WEXITED != 0) {
                News::Ended(status)
            } else if let Some((signal, heard)) = &mut child.stopped
                && !*heard
                && options & WUNTRACED != 0
            {
                *heard = !keeps;
                News::Stopped(*signal)
            } else if child.continued && options & WCONTINUED != 0 {
                child.continued = keeps;
                News::Continued
            } else {
                continue;
            };
            found = Some((child.id, news));
            break;
        }
        if !any {
            return Err(Errno::ECHILD);
        }
        if let Some((id, News::Ended(_))) = found
            && !keeps
            && let Some(child) = self.kernel.processes.remove(&id)
        {
            let time = child.instructions + child.children_instructions;
            self.this_mut()?.children_instructions += time;
        }
        Ok(found)
    }

    /// `struct rusage` of a process that has executed so many instructions.
    pub(in crate::linux) fn write_usage(&mut self, address: u64, instructions: u64) -> Result<(), Errno> {
        let mut fields = self.fields();
        fields.long(instructions / 1_000_000_000).long(instructions % 1_000_000_000 / 1000);
        fields.long(0).long(0);
        // ru_maxrss, and the rest.
        fields.long(1024);
        let size = 18 * self.abi.word;
        let bytes = fields.pad_to(size).finish();
        self.write(address, &bytes)
    }
}

/// `wait4(process, status, options, usage)`.
pub(super) fn wait4(task: &mut Task<'_>) -> Answer {
    let options = task.argument(2) & 0xffff_ffff;
    let whom = match task.int(0) {
        -1 => Whom::Any,
        0 => Whom::Group(task.this()?.group),
        id if id > 0 => Whom::Process(id),
        id => Whom::Group(id.checked_neg().ok_or(Errno::ESRCH)?),
    };
    let Some((id, news)) = task.hear(whom, options & (WUNTRACED | WCONTINUED) | WEXITED)? else {
        return if options & WNOHANG != 0 { Ok(0) } else { Err(task.wait_until(None)) };
    };
    let own = |signal: u8| task.abi.to_own(|tables| tables.signal, signal.into()) as u32;
    let status = match news {
        News::Ended(ExitStatus::Signal(signal)) => own(signal),
        News::Ended(status) => status.encoded(),
        News::Stopped(signal) => own(signal) << 8 | 0x7f,
        News::Continued => 0xffff,
    };
    if task.argument(1) != 0 {
        task.write_u32(task.argument(1), status)?;
    }
    if task.argument(3) != 0 {
        let time = task.this()?.children_instructions;
        task.write_usage(task.argument(3), time)?;
    }
    Ok(id as u64)
}

/// `waitpid(process, status, options)`.
pub(super) fn waitpid(task: &mut Task<'_>) -> Answer {
    task.arguments[3] = 0;
    wait4(task)
}

/// `waitid(which, id, info, options, usage)`.
pub(super) fn waitid(task: &mut Task<'_>) -> Answer {
    let options = task.argument(3);
    let whom = match (task.int(0), task.int(1)) {
        (0, _) => Whom::Any,
        (1, id) => Whom::Process(id),
        (2, 0) => Whom::Group(task.this()?.group),
        (2, id) => Whom::Group(id),
        _ => return Err(Errno::EINVAL.into()),
    };
    if options & (WEXITED | WUNTRACED | WCONTINUED) == 0 {
        return Err(Errno::EINVAL.into());
    }
    let address = task.argument(2);
    let Some((id, news)) = task.hear(whom, options)? else {
        if options & WNOHANG == 0 {
            return Err(task.wait_until(None));
        }
        if address != 0 {
            task.write(address, &[0; 32])?;
        }
        return Ok(0);
    };
    let (code, value) = match news {
        News::Ended(ExitStatus::Code(code)) => (1, u64::from(code)),
        News::Ended(ExitStatus::Signal(signal)) => (2, u64::from(signal)),
        News::Stopped(signal) => (5, u64::from(signal)),
        News::Continued => (6, SIGCONT),
    };
    if address != 0 {
        let info = super::super::process::SignalInfo { number: SIGCHLD as u8, code, sender: id, value };
        let bytes = super::super::signal_words::information(&task.abi, info);
        task.write(address, &bytes)?;
    }
    if task.argument(4) != 0 {
        let time = task.this()?.children_instructions;
        task.write_usage(task.argument(4), time)?;
    }
    Ok(0)
}

// ---- numbers

pub(super) fn getpid(task: &mut Task<'_>) -> Answer {
    Ok(task.process as u64)
}

pub(super) fn gettid(task: &mut Task<'_>) -> Answer {
    Ok(task.thread as u64)
}

pub(super) fn getppid(task: &mut Task<'_>) -> Answer {
    let parent = task.this()?.parent;
    Ok(parent as u64)
}

fn other<'a>(task: &'a Task<'_>, index: usize) -> Result<&'a Process, Errno> {
    match task.int(index) {
        0 => task.this(),
        id => task.kernel.process(id),
    }
}

pub(super) fn getpgid(task: &mut Task<'_>) -> Answer {
    Ok(other(task, 0)?.group as u64)
}

pub(super) fn getpgrp(task: &mut Task<'_>) -> Answer {
    Ok(task.this()?.group as u64)
}

pub(super) fn getsid(task: &mut Task<'_>) -> Answer {
    Ok(other(task, 0)?.session as u64)
}

pub(super) fn setpgid(task: &mut Task<'_>) -> Answer {
    let id = other(task, 0)?.id;
    let group = match task.int(1) {
        0 => id,
        group if group > 0 => group,
        _ => return Err(Errno::EINVAL.into()),
    };
    let session = task.this()?.session;
    let it = task.kernel.process(id)?;
    if it.session != session || it.session == it.id || id != task.process && it.parent != task.process {
        return Err(if it.session == it.id { Errno::EPERM } else { Errno::ESRCH }.into());
    }
    let exists = group == id
        || task.kernel.processes.values().any(|process| process.group == group && process.session == session);
    if !exists {
        return Err(Errno::EPERM.into());
    }
    task.kernel.process_mut(id)?.group = group;
    Ok(0)
}

pub(super) fn setsid(task: &mut Task<'_>) -> Answer {
    let id = task.process;
    if task.kernel.processes.values().any(|process| process.group == id) {
        return Err(Errno::EPERM.into());
    }
    let it = task.this_mut()?;
    (it.group, it.session) = (id, id);
    Ok(id as u64)
}

// ---- who they are

pub(super) fn getuid(task: &mut Task<'_>) -> Answer {
    Ok(task.this()?.credentials.user[0].into())
}

pub(super) fn geteuid(task: &mut Task<'_>) -> Answer {
    Ok(task.this()?.credentials.user[1].into())
}

pub(super) fn getgid(task: &mut Task<'_>) -> Answer {
    Ok(task.this()?.credentials.group[0].into())
}

pub(super) fn getegid(task: &mut Task<'_>) -> Answer {
    Ok(task.this()?.credentials.group[1].into())
}

/// Sets real, effective and saved numbers; -1 leaves one. Who is not the
/// superuser can only take what it has.
fn set_ids(task: &mut Task<'_>, group: bool, wanted: [Option<u32>; 3]) -> Answer {
    let who = &task.this()?.credentials;
    let old = if group { who.group } else { who.user };
    let powerful = who.user[1] == 0;
    if !powerful && wanted.iter().flatten().any(|id| !old[..3].contains(id)) {
        return Err(Errno::EPERM.into());
    }
    let [real, effective, saved] = [0, 1, 2].map(|index| wanted[index].unwrap_or(old[index]));
    let who = &mut task.this_mut()?.credentials;
    *(if group { &mut who.group } else { &mut who.user }) = [real, effective, saved, effective];
    Ok(0)
}

fn chosen(task: &Task<'_>, index: usize) -> Option<u32> {
    Some(task.argument(index) as u32).filter(|id| *id != u32::MAX)
}

fn set_one(task: &mut Task<'_>, group: bool) -> Answer {
    let id = chosen(task, 0);
    let powerful = task.this()?.credentials.user[1] == 0;
    set_ids(task, group, if powerful { [id, id, id] } else { [None, id, None] })
}

pub(super) fn setuid(task: &mut Task<'_>) -> Answer {
    set_one(task, false)
}

pub(super) fn setgid(task: &mut Task<'_>) -> Answer {
    set_one(task, true)
}

fn set_two(task: &mut Task<'_>, group: bool) -> Answer {
    let (real, effective) = (chosen(task, 0), chosen(task, 1));
    // The saved one follows where the real one is set.
    let saved = if real.is_some() { effective } else { None };
    set_ids(task, group, [real, effective, saved])
}

pub(super) fn setreuid(task: &mut Task<'_>) -> Answer {
    set_two(task, false)
}

pub(super) fn setregid(task: &mut Task<'_>) -> Answer {
    set_two(task, true)
}

pub(super) fn setresuid(task: &mut Task<'_>) -> Answer {
    let wanted = [0, 1, 2].map(|index| chosen(task, index));
    set_ids(task, false, wanted)
}

pub(super) fn setresgid(task: &mut Task<'_>) -> Answer {
    let wanted = [0, 1, 2].map(|index| chosen(task, index));
    set_ids(task, true, wanted)
}

fn write_ids(task: &mut Task<'_>, ids: [u32; 4]) -> Answer {
    for (index, id) in ids.into_iter().take(3).enumerate() {
        task.write_u32(task.argument(index), id)?;
    }
    Ok(0)
}

pub(super) fn getresuid(task: &mut Task<'_>) -> Answer {
    let ids = task.this()?.credentials.user;
    write_ids(task, ids)
}

pub(super) fn getresgid(task: &mut Task<'_>) -> Answer {
    let ids = task.this()?.credentials.group;
    write_ids(task, ids)
}

pub(super) fn setfsuid(task: &mut Task<'_>) -> Answer {
    Ok(task.this()?.credentials.user[3].into())
}

pub(super) fn setfsgid(task: &mut Task<'_>) -> Answer {
    Ok(task.this()?.credentials.group[3].into())
}

pub(super) fn getgroups(task: &mut Task<'_>) -> Answer {
    let groups = task.this()?.credentials.groups.clone();
    let size = task.int(0);
    if size != 0 {
        if usize::try_from(size).map_or(true, |size| size < groups.len()) {
            return Err(Errno::EINVAL.into());
        }
        for (index, group) in groups.iter().enumerate() {
            task.write_u32(task.argument(1).wrapping_add(4 * index as u64), *group)?;
        }
    }
    Ok(groups.len() as u64)
}

pub(super) fn setgroups(task: &mut Task<'_>) -> Answer {
    let count = task.argument(0);
    if task.this()?.credentials.user[1] != 0 {
        return Err(Errno::EPERM.into());
    }
    if count > 65536 {
        return Err(Errno::EINVAL.into());
    }
    let address = task.argument(1);
    let groups: Result<Vec<u32>, Errno> =
        (0..count).map(|index| task.read_u32(address.wrapping_add(4 * index))).collect();
    let groups = groups?;
    task.this_mut()?.credentials.groups = groups;
    Ok(0)
}
