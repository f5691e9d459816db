//! Other programs: `exec`, `posix_spawn`, `system`, `popen`.
//!
//! Models answer the library of programs that are in the machine. They cannot
//! begin one: a file that is a program is refused as one of another format.

use super::{
    super::{
        context::Context,
        environment::variable,
        error::Result,
        posix::spawn,
        types::{CType, Dots, Flavour, Header, Ptr, Reply, Standard, models},
    },
    MOST,
};
use crate::{
    errno::Errno,
    files::InodeId,
    linux::{
        abi::generic::SIGCHLD,
        alone,
        process::{ExitStatus, Thread},
        task::CloneRequest,
    },
};

/// What these functions deviate in.
macro_rules! programs {
    ($($name:ident = $function:path;)*) => {
        models! { $($name = $function, "there is no other program: it fails, with ENOEXEC for one that could be begun";)* }
    };
}

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "unistd.h",
        standard: Standard::Posix,
        models: programs! {
            execl = execl;
            execle = execl;
            execlp = execlp;
            execv = execv;
            execve = execve;
            execvp = execvp;
            execvpe = execvpe;
            fexecve = fexecve;
            execveat = execveat;
        },
    },
    Header {
        name: "spawn.h",
        standard: Standard::Posix,
        models: programs! {
            posix_spawn = posix_spawn;
            posix_spawnp = posix_spawnp;
            system = system;
            popen = popen;
            pclose = pclose;
        },
    },
];

/// The shell of `system` and `popen`.
const SHELL: &[u8] = b"/bin/sh";
/// Interpreters of interpreters (BINPRM_BUF in fs/exec.c has five loaders).
const DEEPEST: usize = 5;

/// Why the file of an inode is not executed (execve(2)).
fn refusal(c: &mut Context<'_>, mut inode: InodeId) -> Errno {
    for _ in 0..DEEPEST {
        let files = &mut c.state.kernel.files;
        let it = files.inode(inode);
        if it.is_directory() || it.mode & 0o111 == 0 {
            return Errno::EACCES;
        }
        let Ok(content) = files.content(inode) else { return Errno::EACCES };
        let Some(line) = content.strip_prefix(b"#!") else { return Errno::ENOEXEC };
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
        let path = line.split(|byte| matches!(byte, b' ' | b'\t')).next().unwrap_or_default();
        if path.is_empty() {
            return Errno::ENOEXEC;
        }
        inode = match files.find(path) {
            Ok(inode) => inode,
            Err(errno) => return errno,
        };
    }
    Errno::ELOOP
}

/// Executes a file: why that fails.
fn execute(c: &mut Context<'_>, folder: i32, path: &[u8], follow: bool) -> Result<Errno> {
    let abi = c.state.abi.clone();
    let emulator = c.call.emulator();
    let found = alone::with_task(&mut c.state.kernel, emulator, &abi, [0; 8], |task| {
        Ok(task.inode_at(folder, path, follow)?)
    });
    Ok(match c.settle(found)? {
        Ok(inode) => refusal(c, inode),
        Err(errno) => errno,
    })
}

const HERE: i32 = -100;

/// Executes a file that is looked for in `PATH`, as `execvp` does: one without a
/// format is a script of the shell (glibc, posix/execvpe.c).
fn execute_found(c: &mut Context<'_>, name: &[u8], scripts: bool) -> Result<Errno> {
    let tried = |c: &mut Context<'_>, path: &[u8]| -> Result<Errno> {
        match execute(c, HERE, path, true)? {
            Errno::ENOEXEC if scripts => execute(c, HERE, SHELL, true),
            errno => Ok(errno),
        }
    };
    if name.is_empty() {
        return Ok(Errno::ENOENT);
    }
    if name.contains(&b'/') {
        return tried(c, name);
    }
    if name.len() > 255 {
        return Ok(Errno::ENAMETOOLONG);
    }
    let folders = variable(c, b"PATH")?.unwrap_or_else(|| b"/bin:/usr/bin".to_vec());
    let (mut denied, mut last) = (false, Errno::ENOENT);
    for folder in folders.split(|byte| *byte == b':') {
        let mut path = folder.to_vec();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        last = tried(c, &path)?;
        match last {
            Errno::EACCES => denied = true,
            Errno::ENOENT | Errno::ENOTDIR => {}
            other => return Ok(other),
        }
    }
    Ok(if denied { Errno::EACCES } else { last })
}

fn exec(c: &mut Context<'_>, path: Ptr) -> Result<i32> {
    let path = c.text(path)?;
    let errno = execute(c, HERE, &path, true)?;
    c.fail(errno)
}

fn exec_found(c: &mut Context<'_>, name: Ptr) -> Result<i32> {
    let name = c.text(name)?;
    let errno = execute_found(c, &name, true)?;
    c.fail(errno)
}

fn execv(c: &mut Context<'_>, path: Ptr, _arguments: Ptr) -> Result<i32> {
    exec(c, path)
}

fn execve(c: &mut Context<'_>, path: Ptr, _arguments: Ptr, _environment: Ptr) -> Result<i32> {
    exec(c, path)
}

/// With the arguments one by one.
fn execl(c: &mut Context<'_>, path: Ptr, _argument: Ptr, _: Dots) -> Result<i32> {
    exec(c, path)
}

fn execlp(c: &mut Context<'_>, name: Ptr, _argument: Ptr, _: Dots) -> Result<i32> {
    exec_found(c, name)
}

fn execvp(c: &mut Context<'_>, name: Ptr, _arguments: Ptr) -> Result<i32> {
    exec_found(c, name)
}

fn execvpe(c: &mut Context<'_>, name: Ptr, _arguments: Ptr, _environment: Ptr) -> Result<i32> {
    exec_found(c, name)
}

/// The file of a descriptor.
fn executed(c: &mut Context<'_>, fd: i32) -> Result<i32> {
    let errno = match c.state.kernel.description(c.state.kernel.running, fd).map(|it| it.inode()) {
        Ok(Some(inode)) => refusal(c, inode),
        Ok(None) => Errno::EACCES,
        Err(errno) => errno,
    };
    c.fail(errno)
}

fn fexecve(c: &mut Context<'_>, fd: i32, arguments: Ptr, environment: Ptr) -> Result<i32> {
    if fd < 0 || arguments.is_null() || environment.is_null() {
        return c.fail(Errno::EINVAL);
    }
    executed(c, fd)
}

fn execveat(
    c: &mut Context<'_>,
    folder: i32,
    path: Ptr,
    _arguments: Ptr,
    _environment: Ptr,
    flags: i32,
) -> Result<i32> {
    // AT_EMPTY_PATH and AT_SYMLINK_NOFOLLOW.
    let path = c.text(path)?;
    if path.is_empty() && flags & 0x1000 != 0 {
        return executed(c, folder);
    }
    let errno = execute(c, folder, &path, flags & 0x100 == 0)?;
    c.fail(errno)
}

/// What a process that is to execute something else does in between.
struct Child<'a> {
    actions: &'a [spawn::Action],
    attributes: Option<&'a spawn::Attributes>,
    /// The program, and whether it is looked for in `PATH`.
    program: &'a [u8],
    searched: bool,
}

impl Child<'_> {
    /// Why it fails.
    fn run(&self, c: &mut Context<'_>) -> Result<Errno> {
        if let Some(attributes) = self.attributes
            && let Some(errno) = attributes.apply(c)?
        {
            return Ok(errno);
        }
        for action in self.actions {
            if let Some(errno) = action.carry_out(c)? {
                return Ok(errno);
            }
        }
        if self.searched {
            execute_found(c, self.program, false)
        } else {
            execute(c, HERE, self.program, true)
        }
    }

    /// Makes a process for it, which ends as it fails. What it has done to files
    /// is done.
    fn spawn(&self, c: &mut Context<'_>) -> Result<Errno> {
        let this = c.state.kernel.running;
        if c.state.kernel.processes.len() >= MOST || !c.state.kernel.has_room() {
            return Ok(Errno::EAGAIN);
        }
        let space = c.state.processes.loaded();
        let kernel = &mut c.state.kernel;
        let id = kernel.new_id();
        let request = CloneRequest { exit_signal: SIGCHLD as u8, ..CloneRequest::default() };
        if let Err(errno) = kernel.add_process(id, this, space, request) {
            return Ok(errno);
        }
        let mut thread = Thread::new(id, id, b"harness".to_vec());
        thread.mask = kernel.threads.get(&this).map_or(0, |thread| thread.mask);
        kernel.threads.insert(id, thread);
        kernel.running = id;
        let errno = c.state.layout.errno;
        let before = c.read_int(Ptr(errno))?;
        let result = self.run(c);
        c.write_int(Ptr(errno), before)?;
        let kernel = &mut c.state.kernel;
        kernel.running = this;
        kernel.end_process(id, ExitStatus::Code(127));
        kernel.processes.remove(&id);
        result
    }
}

fn spawn_with(
    c: &mut Context<'_>,
    path: Ptr,
    actions: Ptr,
    attributes: Ptr,
    searched: bool,
) -> Result<Reply> {
    let program = c.text(path)?;
    let actions = spawn::actions(c, actions)?;
    let attributes = spawn::attributes(c, attributes)?;
    let child = Child { actions: &actions, attributes: attributes.as_ref(), program: &program, searched };
    let errno = child.spawn(c)?;
    let number = c.state.abi.error(errno) as i32;
    c.deliver_signals(number.into(), CType::Int)
}

fn posix_spawn(
    c: &mut Context<'_>,
    _process: Ptr,
    path: Ptr,
    actions: Ptr,
    attributes: Ptr,
    _arguments: Ptr,
    _environment: Ptr,
) -> Result<Reply> {
    spawn_with(c, path, actions, attributes, false)
}

fn posix_spawnp(
    c: &mut Context<'_>,
    _process: Ptr,
    path: Ptr,
    actions: Ptr,
    attributes: Ptr,
    _arguments: Ptr,
    _environment: Ptr,
) -> Result<Reply> {
    spawn_with(c, path, actions, attributes, true)
}

/// Without a shell a command ends as one that a shell does not find.
fn system(c: &mut Context<'_>, command: Ptr) -> Result<Reply> {
    let child = Child { actions: &[], attributes: None, program: SHELL, searched: false };
    let errno = child.spawn(c)?;
    c.set_errno(errno)?;
    c.deliver_signals(if command.is_null() { 0 } else { 127 << 8 }, CType::Int)
}

/// Without a shell there is nothing to be at the other end of the pipe.
fn popen(c: &mut Context<'_>, _command: Ptr, mode: Ptr) -> Result<Ptr> {
    let mode = c.text(mode)?;
    let ways = mode.iter().filter(|byte| matches!(byte, b'r' | b'w')).count();
    if ways != 1 || mode.iter().any(|byte| !matches!(byte, b'r' | b'w' | b'e')) {
        return c.fail_null(Errno::EINVAL);
    }
    let child = Child { actions: &[], attributes: None, program: SHELL, searched: false };
    let errno = child.spawn(c)?;
    // glibc says so whatever it was (2.36, libio/iopopen.c).
    c.fail_null(if c.state.flavour == Flavour::Gnu { Errno::ENOMEM } else { errno })
}

/// No stream is of `popen`.
fn pclose(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    c.stream(file)?;
    c.fail(Errno::ECHILD)
}
