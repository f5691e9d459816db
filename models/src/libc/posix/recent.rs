//! What IEEE Std 1003.1-2024 (Issue 8) has added, of headers with one function
//! or two.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Header, Long, Ptr, Size, Standard, models},
    },
    call,
};
use crate::errno::Errno;

pub(crate) static HEADER: [Header; 3] = [
    Header {
        name: "signal.h",
        standard: Standard::Posix,
        models: models! {
            sig2str = sig2str;
            str2sig = str2sig;
        },
    },
    Header {
        name: "dirent.h",
        standard: Standard::Posix,
        models: models! {
            posix_getdents = posix_getdents, "no flags are known";
        },
    },
    Header {
        name: "devctl.h",
        standard: Standard::Posix,
        models: models! {
            posix_devctl = posix_devctl, "no device has commands: it fails with ENOTTY";
        },
    },
];

/// Names of signals without `SIG`, by generic numbers (POSIX, `signal.h`; Linux'
/// own behind them).
pub(crate) const NAMES: [&str; 32] = [
    "EXIT", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];
/// The first real-time signal, and the last.
const FIRST: i32 = 34;
const LAST: i32 = 64;

fn sig2str(c: &mut Context<'_>, number: i32, to: Ptr) -> Result<i32> {
    let generic = if number == 0 { Some(0) } else { c.signal_number(number) };
    let name = match generic.map(i32::from) {
        Some(known @ 0..32) => NAMES[known as usize].to_owned(),
        Some(FIRST) => "RTMIN".to_owned(),
        Some(LAST) => "RTMAX".to_owned(),
        Some(other @ FIRST..LAST) if other - FIRST <= LAST - other => format!("RTMIN+{}", other - FIRST),
        Some(other @ FIRST..LAST) => format!("RTMAX-{}", LAST - other),
        _ => return Ok(-1),
    };
    c.write_text(to, name.as_bytes())?;
    Ok(0)
}

fn str2sig(c: &mut Context<'_>, text: Ptr, to: Ptr) -> Result<i32> {
    // SIG2STR_MAX is less.
    let text = String::from_utf8_lossy(&c.text_within(text, 64)?).into_owned();
    let offset = |part: &str, sign: char| -> Option<i32> {
        match part.strip_prefix(sign) {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
            None if part.is_empty() => Some(0),
            _ => None,
        }
    };
    let generic = match NAMES.iter().position(|name| *name == text) {
        Some(number) => Some(number as i32),
        None if text.starts_with("RTMIN") => offset(&text[5..], '+').map(|it| FIRST.saturating_add(it)),
        None if text.starts_with("RTMAX") => offset(&text[5..], '-').map(|it| LAST.saturating_sub(it)),
        None => {
            // A number of the program's own.
            let own = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
            let known = own.filter(|own| *own == 0 || c.signal_number(*own).is_some());
            return match known {
                Some(own) => c.write_int(to, own).map(|()| 0),
                None => Ok(-1),
            };
        }
    };
    match generic {
        Some(0) => c.write_int(to, 0)?,
        Some(it) if (1..32).contains(&it) || (FIRST..=LAST).contains(&it) => {
            let own = c.guest_signal(it as u8);
            c.write_int(to, own)?;
        }
        _ => return Ok(-1),
    }
    Ok(0)
}

/// `struct posix_dent` is the kernel's record.
fn posix_getdents(c: &mut Context<'_>, fd: i32, to: Ptr, size: Size, flags: i32) -> Result<Long> {
    if flags != 0 {
        return c.fail(Errno::EOPNOTSUPP).map(|it| Long(it.into()));
    }
    call(c, "getdents64", &[fd as u64, to.0, size.0.min(i32::MAX as u64)]).map(Long)
}

/// The number of the error is the result.
fn posix_devctl(
    c: &mut Context<'_>,
    fd: i32,
    _command: i32,
    _data: Ptr,
    _size: Size,
    _about: Ptr,
) -> Result<i32> {
    let error = c.state.kernel.description(c.state.kernel.running, fd).err().unwrap_or(Errno::ENOTTY);
    Ok(c.state.abi.error(error) as i32)
}
