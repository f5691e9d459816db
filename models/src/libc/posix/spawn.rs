//! `spawn.h`: what a new process is to get. There is none: actions are checked
//! and counted, attributes are kept.

use super::super::{
    context::Context,
    error::Result,
    types::{Header, Ptr, Standard, models},
};
use crate::errno::Errno;

/// What the functions for actions deviate in.
macro_rules! actions {
    ($($name:ident = $function:path;)*) => {
        models! { $($name = $function, "actions are checked and counted, as no process begins";)* }
    };
}

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "spawn.h",
        standard: Standard::Posix,
        models: actions! {
            posix_spawn_file_actions_init = actions_init;
            posix_spawn_file_actions_destroy = actions_destroy;
            posix_spawn_file_actions_addclose = add_close;
            posix_spawn_file_actions_adddup2 = add_dup2;
            posix_spawn_file_actions_addopen = add_open;
            posix_spawn_file_actions_addchdir = add_chdir;
            posix_spawn_file_actions_addchdir_np = add_chdir;
            posix_spawn_file_actions_addfchdir = add_fchdir;
            posix_spawn_file_actions_addfchdir_np = add_fchdir;
            posix_spawn_file_actions_addclosefrom_np = add_close;
            posix_spawn_file_actions_addtcsetpgrp_np = add_close;
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

/// Where the number of actions is; the objects have room for more in every
/// library.
const COUNT: u64 = 4;
/// Bytes of `posix_spawn_file_actions_t` that are used.
const ACTIONS: usize = 8;

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

fn actions_init(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    c.write(at, &[0; ACTIONS])?;
    Ok(0)
}

fn actions_destroy(_: &mut Context<'_>, _at: Ptr) -> Result<i32> {
    Ok(0)
}

/// One more action, if its descriptors can be some.
fn add(c: &mut Context<'_>, at: Ptr, descriptors: &[i32]) -> Result<i32> {
    let most = crate::linux::kernel::OPEN_LIMIT as i32;
    if descriptors.iter().any(|fd| !(0..most).contains(fd)) {
        return Ok(c.state.abi.error(Errno::EBADF) as i32);
    }
    let count = c.read_integer(at.add(COUNT), 4)? as u32;
    c.write_integer(at.add(COUNT), count.saturating_add(1).into(), 4)?;
    Ok(0)
}

fn add_close(c: &mut Context<'_>, at: Ptr, fd: i32) -> Result<i32> {
    add(c, at, &[fd])
}

fn add_dup2(c: &mut Context<'_>, at: Ptr, from: i32, to: i32) -> Result<i32> {
    add(c, at, &[from, to])
}

fn add_open(c: &mut Context<'_>, at: Ptr, fd: i32, path: Ptr, _flags: i32, _mode: u32) -> Result<i32> {
    c.text(path)?;
    add(c, at, &[fd])
}

fn add_chdir(c: &mut Context<'_>, at: Ptr, path: Ptr) -> Result<i32> {
    c.text(path)?;
    add(c, at, &[])
}

fn add_fchdir(c: &mut Context<'_>, at: Ptr, fd: i32) -> Result<i32> {
    add(c, at, &[fd])
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
