//! POSIX: functions that are system calls in other words make them, of the
//! process that runs.

mod absent;
mod arithmetic;
mod conversion;
pub(crate) mod directories;
mod files;
mod glob;
mod inet;
mod ipc;
mod lesser;
mod memory;
mod messages;
mod mqueue;
mod names;
mod netdb;
mod options;
mod paths;
mod pseudo;
mod recent;
mod requests;
mod sockets;
pub(crate) mod spawn;
mod status;
mod symbols;
mod system;
mod terminal;
mod unistd;
mod users;
mod waiting;
pub(crate) mod walk;
mod words;

pub(crate) use recent::NAMES as SIGNAL_NAMES;

use super::{
    context::Context,
    error::Result,
    types::{Header, Long, Offset, Ptr, Size, ULong},
};
use crate::linux::alone;
pub(crate) use memory::shared_name;

/// `AT_FDCWD`.
pub(crate) const AT_FDCWD: u64 = -100_i64 as u64;
/// `AT_REMOVEDIR`.
pub(crate) const AT_REMOVEDIR: u64 = 0x200;

/// The headers of this folder.
pub(crate) const HEADERS: &[&Header] = &[
    &unistd::HEADER,
    &unistd::PROCESSES,
    &unistd::FORTIFIED,
    &files::HEADER,
    &status::HEADER,
    &status::OLD,
    &directories::HEADER,
    &directories::EXTENSIONS,
    &glob::HEADER,
    &conversion::HEADER,
    &lesser::HEADER[0],
    &lesser::HEADER[1],
    &lesser::HEADER[2],
    &lesser::HEADER[3],
    &lesser::HEADER[4],
    &absent::HEADER[0],
    &absent::HEADER[1],
    &absent::HEADER[2],
    &absent::HEADER[3],
    &ipc::HEADER,
    &mqueue::HEADER,
    &walk::HEADER,
    &memory::HEADER,
    &sockets::HEADER,
    &inet::HEADER,
    &netdb::HEADER,
    &waiting::HEADER,
    &terminal::HEADER,
    &users::HEADER,
    &paths::HEADER,
    &options::HEADER,
    &symbols::HEADER,
    &system::HEADER,
    &recent::HEADER[0],
    &recent::HEADER[1],
    &recent::HEADER[2],
    &requests::HEADER[0],
    &requests::HEADER[1],
    &spawn::HEADER[0],
    &spawn::HEADER[1],
    &words::HEADER,
    &messages::HEADER,
    &pseudo::HEADER,
];

/// Makes a system call: its result, or -1 and `errno`.
pub(crate) fn call(c: &mut Context<'_>, name: &str, arguments: &[u64]) -> Result<i64> {
    let mut all = [0; 8];
    for (slot, argument) in all.iter_mut().zip(arguments) {
        *slot = *argument;
    }
    let abi = c.state.abi.clone();
    let emulator = c.call.emulator();
    let result = alone::call(&mut c.state.kernel, emulator, &abi, name, all);
    match c.settle(result)? {
        Ok(value) => Ok(value as i64),
        Err(errno) => c.fail(errno).map(i64::from),
    }
}

/// Makes a system call that is all that a model does: where it has to wait,
/// other threads go on, and the model is called again.
pub(crate) fn call_alone(c: &mut Context<'_>, name: &str, arguments: &[u64]) -> Result<i64> {
    let mut all = [0; 8];
    for (slot, argument) in all.iter_mut().zip(arguments) {
        *slot = *argument;
    }
    let abi = c.state.abi.clone();
    c.tell_waits();
    let mut begun = c.begun_call();
    let several = c.is_direct && c.has_other_threads();
    let emulator = c.call.emulator();
    let place = several.then_some(&mut begun);
    let result = alone::call_that_waits(&mut c.state.kernel, emulator, &abi, name, all, place);
    c.keep_begun_call(begun);
    match c.settle(result)? {
        Ok(value) => Ok(value as i64),
        Err(errno) => c.fail(errno).map(i64::from),
    }
}

/// An argument as a system call takes it.
pub(crate) trait Raw {
    fn raw(self) -> u64;
}

macro_rules! raw {
    ($($type:ty, $raw:expr;)*) => {$(
        impl Raw for $type {
            fn raw(self) -> u64 {
                $raw(self)
            }
        }
    )*};
}

raw! {
    i32, |value: i32| i64::from(value) as u64;
    u32, |value: u32| u64::from(value);
    i64, |value: i64| value as u64;
    u64, |value: u64| value;
    Ptr, |value: Ptr| value.0;
    Size, |value: Size| value.0;
    Long, |value: Long| value.0 as u64;
    Offset, |value: Offset| value.0 as u64;
    ULong, |value: ULong| value.0;
}

/// A result of a system call as a function returns it.
pub(crate) trait Given {
    fn given(value: i64) -> Self;
}

impl Given for i32 {
    fn given(value: i64) -> Self {
        value as Self
    }
}

impl Given for i64 {
    fn given(value: i64) -> Self {
        value
    }
}

impl Given for u32 {
    fn given(value: i64) -> Self {
        value as Self
    }
}

impl Given for Long {
    fn given(value: i64) -> Self {
        Self(value)
    }
}

impl Given for Ptr {
    fn given(value: i64) -> Self {
        Self(value as u64)
    }
}

/// Functions that are nothing but a system call: with the same arguments, or
/// with those that are given.
macro_rules! calls {
    ($($function:ident($($argument:ident: $type:ty),*) -> $result:ty = $call:literal $(($($given:expr),*))?;)*) => {$(
        fn $function(c: &mut Context<'_>, $($argument: $type),*) -> Result<$result> {
            let arguments: &[u64] = calls!(@arguments [$($argument),*] $(($($given),*))?);
            let value = $crate::libc::posix::call_alone(c, $call, arguments)?;
            Ok(<$result as $crate::libc::posix::Given>::given(value))
        }
    )*};
    (@arguments [$($argument:ident),*]) => { &[$($crate::libc::posix::Raw::raw($argument)),*] };
    (@arguments [$($argument:ident),*] ($($given:expr),*)) => {
        &[$($crate::libc::posix::Raw::raw($given)),*]
    };
}
pub(crate) use calls;
