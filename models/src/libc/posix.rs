//! Functions that are system calls in other words: they make them, of the one
//! process that the library stands for.

use super::{context::Context, error::Result};
use crate::linux::alone;

/// `AT_FDCWD`.
pub(crate) const AT_FDCWD: u64 = -100_i64 as u64;
/// `AT_REMOVEDIR`.
pub(crate) const AT_REMOVEDIR: u64 = 0x200;

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
