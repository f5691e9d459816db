//! `stdio_ext.h`: what can be asked of streams (Solaris', and of glibc and musl).

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Header, Ptr, Size, Standard, models},
    },
    LINES, Last, UNBUFFERED,
};

pub(crate) static HEADER: Header = Header {
    name: "stdio_ext.h",
    standard: Standard::Extension,
    models: models! {
        __fbufsize = size;
        __freading = reading;
        __fwriting = writing;
        __freadable = readable;
        __fwritable = writable;
        __flbf = line_buffered;
        __fpending = pending, "0: streams keep nothing back";
        _flushlbf = flush;
        __fsetlocking = set_locking, "streams are never locked by the library";
    },
};

/// glibc's buffer of a file that is no terminal.
const USUAL: u64 = 4096;

fn size(c: &mut Context<'_>, file: Ptr) -> Result<Size> {
    Ok(Size(match c.stream(file)?.buffering {
        Some((UNBUFFERED, _)) => 1,
        Some((_, 0)) | None => USUAL,
        Some((_, size)) => size,
    }))
}

fn reading(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    let stream = c.stream(file)?;
    Ok(i32::from(!stream.writes || stream.last == Some(Last::Read)))
}

fn writing(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    let stream = c.stream(file)?;
    Ok(i32::from(!stream.reads || stream.last == Some(Last::Written)))
}

fn readable(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    Ok(i32::from(c.stream(file)?.reads))
}

fn writable(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    Ok(i32::from(c.stream(file)?.writes))
}

fn line_buffered(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    Ok(i32::from(c.stream(file)?.buffering.is_some_and(|(mode, _)| mode == LINES)))
}

fn pending(c: &mut Context<'_>, file: Ptr) -> Result<Size> {
    c.stream(file).map(|_| Size(0))
}

fn flush(_: &mut Context<'_>) -> Result<()> {
    Ok(())
}

/// `FSETLOCKING_INTERNAL`, `FSETLOCKING_BYCALLER` or only a question: what held
/// before.
fn set_locking(c: &mut Context<'_>, file: Ptr, kind: i32) -> Result<i32> {
    c.stream(file)?;
    let key = format!("locking of {:#x}", file.0);
    let before = c.state.numbers.get(&key).copied().unwrap_or(1);
    if matches!(kind, 1 | 2) {
        c.state.numbers.insert(key, kind.into());
    }
    Ok(before as i32)
}
