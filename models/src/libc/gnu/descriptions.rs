//! `string.h` and `gnu/libc-version.h`: names and descriptions of errors and
//! signals, and texts that are stirred.

use super::super::{
    context::Context,
    error::Result,
    string::SIGNALS,
    types::{Header, Ptr, Standard, models},
};
use crate::{errno::Errno, libc::posix::SIGNAL_NAMES};

pub(crate) static HEADER: Header = Header {
    name: "string.h",
    standard: Standard::Extension,
    models: models! {
        strerrorname_np = error_name;
        strerrordesc_np = error_description;
        sigabbrev_np = signal_name;
        sigdescr_np = signal_description;
        strfry = stir, "another order than glibc's, whose seed is the time";
        gnu_get_libc_version = version;
        gnu_get_libc_release = release;
        rpmatch = answer;
    },
};

/// A text that keeps its place.
fn constant(c: &mut Context<'_>, text: &'static str) -> Result<Ptr> {
    let room = c.room(text, text.len() as u64 + 1)?;
    c.write_text(room, text.as_bytes())?;
    Ok(room)
}

/// An error that there is.
fn error(c: &Context<'_>, number: i32) -> Option<Errno> {
    let generic = c.state.abi.to_generic(|tables| tables.error, u64::from(number as u32));
    let error = u16::try_from(generic).ok().filter(|_| number > 0).map(Errno)?;
    (error.name() != "E?").then_some(error)
}

fn error_name(c: &mut Context<'_>, number: i32) -> Result<Ptr> {
    match (number, error(c, number)) {
        (0, _) => constant(c, "0"),
        (_, Some(error)) => constant(c, error.name()),
        _ => Ok(Ptr::NULL),
    }
}

fn error_description(c: &mut Context<'_>, number: i32) -> Result<Ptr> {
    match (number, error(c, number)) {
        (0, _) => constant(c, "Success"),
        (_, Some(error)) => constant(c, error.message()),
        _ => Ok(Ptr::NULL),
    }
}

/// The generic number of a signal that has a name.
fn signal(c: &Context<'_>, number: i32) -> Option<usize> {
    let generic = c.state.abi.to_generic(|tables| tables.signal, u64::from(number as u32));
    usize::try_from(generic).ok().filter(|generic| number > 0 && (1..32).contains(generic))
}

fn signal_name(c: &mut Context<'_>, number: i32) -> Result<Ptr> {
    match signal(c, number).map(|generic| SIGNAL_NAMES[generic]) {
        // By its name in POSIX.
        Some("IO") => constant(c, "POLL"),
        Some(name) => constant(c, name),
        None => Ok(Ptr::NULL),
    }
}

fn signal_description(c: &mut Context<'_>, number: i32) -> Result<Ptr> {
    match signal(c, number) {
        Some(generic) => constant(c, SIGNALS[generic]),
        None => Ok(Ptr::NULL),
    }
}

fn stir(c: &mut Context<'_>, text: Ptr) -> Result<Ptr> {
    let mut bytes = c.text(text)?;
    let random = c.state.kernel.random_bytes(4 * bytes.len());
    for (index, number) in random.chunks_exact(4).enumerate() {
        let number = number.iter().fold(0, |value, byte| value << 8 | usize::from(*byte));
        let other = index + number % (bytes.len() - index);
        bytes.swap(index, other);
    }
    c.write_text(text, &bytes)?;
    Ok(text)
}

/// That whose behaviour the models have.
fn version(c: &mut Context<'_>) -> Result<Ptr> {
    constant(c, "2.36")
}

fn release(c: &mut Context<'_>) -> Result<Ptr> {
    constant(c, "stable")
}

/// Yes, no, or neither, in the locale `C`: `^[yY]` and `^[nN]`.
fn answer(c: &mut Context<'_>, text: Ptr) -> Result<i32> {
    Ok(match c.text_within(text, 1)?.first() {
        Some(b'y' | b'Y') => 1,
        Some(b'n' | b'N') => 0,
        _ => -1,
    })
}
