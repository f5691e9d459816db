//! `spawn.h`: what a new process is to do and to get before it executes its
//! program.

use super::super::{
    context::Context,
    error::Result,
    types::{Header, Ptr, Standard, models},
};
use crate::{errno::Errno, linux::signals::bit};

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "spawn.h",
        standard: Standard::Posix,
        models: models! {
            posix_spawn_file_actions_init = actions_init;
            posix_spawn_file_actions_destroy = actions_destroy;
            posix_spawn_file_actions_addclose = add_close;
            posix_spawn_file_actions_adddup2 = add_dup2;
            posix_spawn_file_actions_addopen = add_open;
            posix_spawn_file_actions_addchdir = add_chdir;
            posix_spawn_file_actions_addchdir_np = add_chdir;
            posix_spawn_file_actions_addfchdir = add_fchdir;
            posix_spawn_file_actions_addfchdir_np = add_fchdir;
            posix_spawn_file_actions_addclosefrom_np = add_close_from;
            posix_spawn_file_actions_addtcsetpgrp_np = add_group;
        },
    },
    Header {
        name: "spawn.h",
        standard: Standard::Posix,
        models: models! {
            posix_spawnattr_init = attributes_init;
            posix_spawnattr_destroy = attributes_destroy;
            posix_spawnattr_getflags = get_flags;
            posix_spawnattr_setflags = set_flags;
            posix_spawnattr_getpgroup = get_group;
            posix_spawnattr_setpgroup = set_group;
            posix_spawnattr_getsigdefault = get_default;
            posix_spawnattr_setsigdefault = set_default;
            posix_spawnattr_getsigmask = get_mask;
            posix_spawnattr_setsigmask = set_mask;
            posix_spawnattr_getschedparam = get_param;
            posix_spawnattr_setschedparam = set_param;
            posix_spawnattr_getschedpolicy = get_policy;
            posix_spawnattr_setschedpolicy = set_policy;
        },
    },
];

/// Where the room for actions, their number, and the address of the list are in
/// `posix_spawn_file_actions_t` (glibc, `spawn.h`; musl has the address at the
/// same place).
const ROOM: u64 = 0;
const COUNT: u64 = 4;
const LIST: u64 = 8;
/// An action in the list: what, two descriptors, flags, mode, and the address of
/// a path.
const RECORD: u64 = 32;
/// So many actions there can be.
const MOST: u32 = 1 << 12;

/// Where attributes are: flags, group, the two sets of signals, priority and
/// policy (glibc, `spawn.h`; musl has the same).
const GROUP: u64 = 4;
const DEFAULT: u64 = 8;
const MASK: u64 = 136;
const PRIORITY: u64 = 264;
const POLICY: u64 = 268;
const ATTRIBUTES: usize = 272;
/// Bytes of a set.
const SET: u64 = 128;
/// All flags of glibc 2.36 (`POSIX_SPAWN_SETSID` is the last).
const FLAGS: i32 = 0xff;

/// What a new process does with its descriptors.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    Close(i32),
    CloseFrom(i32),
    Duplicate(i32, i32),
    Open { fd: i32, path: Ptr, flags: u32, mode: u32 },
    Folder(Ptr),
    FolderOf(i32),
    Group(i32),
}

impl Action {
    /// The form in the list.
    const fn record(&self) -> ([u32; 5], Ptr) {
        match *self {
            Self::Close(fd) => ([0, fd as u32, 0, 0, 0], Ptr::NULL),
            Self::Duplicate(from, to) => ([1, from as u32, to as u32, 0, 0], Ptr::NULL),
            Self::Open { fd, path, flags, mode } => ([2, fd as u32, 0, flags, mode], path),
            Self::Folder(path) => ([3, 0, 0, 0, 0], path),
            Self::FolderOf(fd) => ([4, fd as u32, 0, 0, 0], Ptr::NULL),
            Self::CloseFrom(fd) => ([5, fd as u32, 0, 0, 0], Ptr::NULL),
            Self::Group(fd) => ([6, fd as u32, 0, 0, 0], Ptr::NULL),
        }
    }

    /// Carries it out in the process that runs: why that fails.
    pub(crate) fn carry_out(&self, c: &mut Context<'_>) -> Result<Option<Errno>> {
        match *self {
            Self::Close(fd) => {
                let this = c.state.kernel.running;
                // What is not open is closed (glibc, sysdeps/unix/sysv/linux/spawni.c).
                let _ = c.state.kernel.close(this, fd);
                Ok(None)
            }
            Self::CloseFrom(fd) => {
                super::unistd::closefrom(c, fd)?;
                Ok(None)
            }
            Self::Duplicate(from, to) if from == to => {
                // It stays open when the program is executed.
                let this = c.state.kernel.running;
                let process = c.state.kernel.processes.get_mut(&this);
                Ok(match process.and_then(|process| process.descriptors.get_mut(&from)) {
                    Some(descriptor) => {
                        descriptor.close_on_exec = false;
                        None
                    }
                    None => Some(Errno::EBADF),
                })
            }
            Self::Duplicate(from, to) => tried(c, "dup3", &[from as u64, to as u64, 0]).map(Result::err),
            Self::Open { fd, path, flags, mode } => {
                let this = c.state.kernel.running;
                let _ = c.state.kernel.close(this, fd);
                let arguments = [super::AT_FDCWD, path.0, flags.into(), mode.into()];
                let opened = match tried(c, "openat", &arguments)? {
                    Ok(opened) => opened,
                    Err(errno) => return Ok(Some(errno)),
                };
                if opened == fd as u64 {
                    return Ok(None);
                }
                let result = tried(c, "dup3", &[opened, fd as u64, 0])?;
                let _ = c.state.kernel.close(this, opened as i32);
                Ok(result.err())
            }
            Self::Folder(path) => tried(c, "chdir", &[path.0]).map(Result::err),
            Self::FolderOf(fd) => tried(c, "fchdir", &[fd as u64]).map(Result::err),
            Self::Group(fd) => {
                let group = c.state.kernel.processes.get(&c.state.kernel.running).map_or(0, |it| it.group);
                let result = super::terminal::tcsetpgrp(c, fd, group)?;
                Ok(if result == 0 { None } else { Some(Errno::ENOTTY) })
            }
        }
    }
}

/// Makes a system call that does not set `errno`.
fn tried(c: &mut Context<'_>, name: &str, arguments: &[u64]) -> Result<Result<u64, Errno>> {
    let mut all = [0; 8];
    all[..arguments.len()].copy_from_slice(arguments);
    let abi = c.state.abi.clone();
    let emulator = c.call.emulator();
    let result = crate::linux::alone::call(&mut c.state.kernel, emulator, &abi, name, all);
    c.settle(result)
}

fn actions_init(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    let size = LIST + u64::from(c.model.pointer);
    c.write(at, &vec![0; size as usize])?;
    Ok(0)
}

/// The list of an object, of how many.
fn list(c: &mut Context<'_>, at: Ptr) -> Result<(Ptr, u32)> {
    let count = c.read_integer(at.add(COUNT), 4)? as u32;
    if count > MOST {
        return c.misuse(format!("{:#x} has no file actions that were initialised", at.0));
    }
    Ok((c.read_pointer(at.add(LIST))?, count))
}

/// The actions that were added to an object; none for a null pointer.
pub(crate) fn actions(c: &mut Context<'_>, at: Ptr) -> Result<Vec<Action>> {
    if at.is_null() {
        return Ok(Vec::new());
    }
    let (list, count) = list(c, at)?;
    let mut all = Vec::with_capacity(count as usize);
    for index in 0..u64::from(count) {
        let record = list.add(RECORD * index);
        let mut words = [0; 5];
        for (word, place) in words.iter_mut().zip(0..) {
            *word = c.read_integer(record.add(4 * place), 4)? as u32;
        }
        let path = c.read_pointer(record.add(24))?;
        let [what, fd, other, flags, mode] = words;
        all.push(match what {
            0 => Action::Close(fd as i32),
            1 => Action::Duplicate(fd as i32, other as i32),
            2 => Action::Open { fd: fd as i32, path, flags, mode },
            3 => Action::Folder(path),
            4 => Action::FolderOf(fd as i32),
            5 => Action::CloseFrom(fd as i32),
            6 => Action::Group(fd as i32),
            _ => return c.misuse(format!("{what} is no file action")),
        });
    }
    Ok(all)
}

fn actions_destroy(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    for action in actions(c, at)? {
        if let Action::Open { path, .. } | Action::Folder(path) = action {
            c.free(path)?;
        }
    }
    let (list, _) = list(c, at)?;
    if !list.is_null() {
        c.free(list)?;
    }
    actions_init(c, at)
}

/// One more action, if its descriptors can be some.
fn add(c: &mut Context<'_>, at: Ptr, descriptors: &[i32], action: &Action) -> Result<i32> {
    let most = crate::linux::kernel::OPEN_LIMIT as i32;
    if descriptors.iter().any(|fd| !(0..most).contains(fd)) {
        return Ok(c.state.abi.error(Errno::EBADF) as i32);
    }
    let (mut list, count) = list(c, at)?;
    let room = c.read_integer(at.add(ROOM), 4)? as u32;
    if count >= room {
        let larger = (2 * room.min(MOST)).max(8);
        let new = if count < MOST { c.malloc(RECORD * u64::from(larger))? } else { None };
        let Some(new) = new else { return Ok(c.state.abi.error(Errno::ENOMEM) as i32) };
        if !list.is_null() {
            let old = c.read(list, RECORD * u64::from(count))?;
            c.write(new, &old)?;
            c.free(list)?;
        }
        c.write_integer(at.add(ROOM), larger.into(), 4)?;
        c.write_pointer(at.add(LIST), new)?;
        list = new;
    }
    let record = list.add(RECORD * u64::from(count));
    let (words, path) = action.record();
    for (word, place) in words.into_iter().zip(0..) {
        c.write_integer(record.add(4 * place), word.into(), 4)?;
    }
    c.write_pointer(record.add(24), path)?;
    c.write_integer(at.add(COUNT), (count + 1).into(), 4)?;
    Ok(0)
}

/// The same with a path, of which the list has its own copy.
fn add_path(
    c: &mut Context<'_>,
    at: Ptr,
    descriptors: &[i32],
    path: Ptr,
    action: impl Fn(Ptr) -> Action,
) -> Result<i32> {
    let text = c.text(path)?;
    let copy = c.duplicate(&text)?;
    if copy.is_null() {
        return Ok(c.state.abi.error(Errno::ENOMEM) as i32);
    }
    let result = add(c, at, descriptors, &action(copy))?;
    if result != 0 {
        c.free(copy)?;
    }
    Ok(result)
}

fn add_close(c: &mut Context<'_>, at: Ptr, fd: i32) -> Result<i32> {
    add(c, at, &[fd], &Action::Close(fd))
}

fn add_close_from(c: &mut Context<'_>, at: Ptr, fd: i32) -> Result<i32> {
    add(c, at, &[fd], &Action::CloseFrom(fd))
}

fn add_group(c: &mut Context<'_>, at: Ptr, fd: i32) -> Result<i32> {
    add(c, at, &[fd], &Action::Group(fd))
}

fn add_dup2(c: &mut Context<'_>, at: Ptr, from: i32, to: i32) -> Result<i32> {
    add(c, at, &[from, to], &Action::Duplicate(from, to))
}

fn add_open(c: &mut Context<'_>, at: Ptr, fd: i32, path: Ptr, flags: i32, mode: u32) -> Result<i32> {
    add_path(c, at, &[fd], path, |path| Action::Open { fd, path, flags: flags as u32, mode })
}

fn add_chdir(c: &mut Context<'_>, at: Ptr, path: Ptr) -> Result<i32> {
    add_path(c, at, &[], path, Action::Folder)
}

fn add_fchdir(c: &mut Context<'_>, at: Ptr, fd: i32) -> Result<i32> {
    add(c, at, &[fd], &Action::FolderOf(fd))
}

/// What a new process gets: `posix_spawnattr_t`.
#[derive(Debug, Clone)]
pub(crate) struct Attributes {
    flags: u64,
    group: u64,
    default: u64,
    mask: u64,
}

/// Bits of the flags (`spawn.h`; `POSIX_SPAWN_SETSID` is of musl and glibc).
const RESET_IDS: u64 = 1;
const SET_GROUP: u64 = 2;
const SET_DEFAULT: u64 = 4;
const SET_MASK: u64 = 8;
const SET_SESSION: u64 = 0x80;

/// The attributes at an address, if it is no null pointer.
pub(crate) fn attributes(c: &mut Context<'_>, at: Ptr) -> Result<Option<Attributes>> {
    if at.is_null() {
        return Ok(None);
    }
    Ok(Some(Attributes {
        flags: c.read_integer(at, 2)?,
        group: c.read_integer(at.add(GROUP), 4)?,
        default: c.read_set(at.add(DEFAULT))?,
        mask: c.read_set(at.add(MASK))?,
    }))
}

impl Attributes {
    /// Gives them to the process that runs: why that fails. In the order of
    /// glibc (sysdeps/unix/sysv/linux/spawni.c).
    pub(crate) fn apply(&self, c: &mut Context<'_>) -> Result<Option<Errno>> {
        let this = c.state.kernel.running;
        let has = |flag: u64| self.flags & flag != 0;
        if has(SET_DEFAULT)
            && let Some(process) = c.state.kernel.processes.get_mut(&this)
        {
            for (signal, action) in process.actions.iter_mut().enumerate().skip(1) {
                if self.default & bit(signal as u8) != 0 {
                    *action = Default::default();
                }
            }
        }
        let calls: [(bool, &str, &[u64]); 2] =
            [(has(SET_SESSION), "setsid", &[]), (has(SET_GROUP), "setpgid", &[0, self.group])];
        for (wanted, name, arguments) in calls {
            if wanted && let Err(errno) = tried(c, name, arguments)? {
                return Ok(Some(errno));
            }
        }
        if has(RESET_IDS)
            && let Some(process) = c.state.kernel.processes.get_mut(&this)
        {
            let who = &mut process.credentials;
            for ids in [&mut who.user, &mut who.group] {
                ids[1] = ids[0];
                ids[3] = ids[0];
            }
        }
        if has(SET_MASK) {
            c.set_mask(self.mask);
        }
        Ok(None)
    }
}

fn attributes_init(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    c.write(at, &[0; ATTRIBUTES])?;
    Ok(0)
}

fn attributes_destroy(_: &mut Context<'_>, _at: Ptr) -> Result<i32> {
    Ok(0)
}

fn get_flags(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
    let flags = c.read_integer(at, 2)?;
    c.write_integer(to, flags, 2)?;
    Ok(0)
}

/// The argument is a `short`, which is passed as an `int`.
fn set_flags(c: &mut Context<'_>, at: Ptr, flags: i32) -> Result<i32> {
    if flags & !FLAGS != 0 {
        return Ok(c.state.abi.error(Errno::EINVAL) as i32);
    }
    c.write_integer(at, flags as u64, 2)?;
    Ok(0)
}

macro_rules! fields {
    ($($get:ident, $set:ident = $place:ident;)*) => {$(
        fn $get(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
            let value = c.read_integer(at.add($place), 4)?;
            c.write_integer(to, value, 4)?;
            Ok(0)
        }

        fn $set(c: &mut Context<'_>, at: Ptr, value: i32) -> Result<i32> {
            c.write_integer(at.add($place), value as u64, 4)?;
            Ok(0)
        }
    )*};
}

fields! {
    get_group, set_group = GROUP;
    get_param, keep_priority = PRIORITY;
    get_policy, keep_policy = POLICY;
}

/// `struct sched_param` begins with the priority.
fn set_param(c: &mut Context<'_>, at: Ptr, from: Ptr) -> Result<i32> {
    let priority = c.read_integer(from, 4)? as i32;
    keep_priority(c, at, priority)
}

/// `SCHED_OTHER`, `SCHED_FIFO` and `SCHED_RR`.
fn set_policy(c: &mut Context<'_>, at: Ptr, policy: i32) -> Result<i32> {
    if !(0..3).contains(&policy) {
        return Ok(c.state.abi.error(Errno::EINVAL) as i32);
    }
    keep_policy(c, at, policy)
}

macro_rules! sets {
    ($($get:ident, $set:ident = $place:ident;)*) => {$(
        fn $get(c: &mut Context<'_>, at: Ptr, to: Ptr) -> Result<i32> {
            let set = c.read(at.add($place), SET)?;
            c.write(to, &set)?;
            Ok(0)
        }

        fn $set(c: &mut Context<'_>, at: Ptr, from: Ptr) -> Result<i32> {
            let set = c.read(from, SET)?;
            c.write(at.add($place), &set)?;
            Ok(0)
        }
    )*};
}

sets! {
    get_default, set_default = DEFAULT;
    get_mask, set_mask = MASK;
}
