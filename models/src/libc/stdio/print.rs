//! The functions of the `printf` family.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Dots, Header, Ptr, Size, Standard, models},
        variable::Variable,
    },
    format::Formatted,
};
use crate::errno::Errno;

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "stdio.h",
        standard: Standard::C99,
        models: models! {
            printf = printf;
            fprintf = fprintf;
            sprintf = sprintf;
            snprintf = snprintf;
            vprintf = vprintf;
            vfprintf = vfprintf;
            vsprintf = vsprintf;
            vsnprintf = vsnprintf;
        },
    },
    Header {
        name: "stdio.h",
        standard: Standard::Posix,
        models: models! {
            dprintf = dprintf;
            vdprintf = vdprintf;
            asprintf = asprintf;
            vasprintf = vasprintf;
            iprintf = printf;
            fiprintf = fprintf;
            siprintf = sprintf;
            sniprintf = snprintf;
        },
    },
];

pub(crate) static FORTIFIED: Header = Header {
    name: "bits/stdio2.h",
    standard: Standard::Runtime,
    models: models! {
        __printf_chk = printf_chk;
        __fprintf_chk = fprintf_chk;
        __sprintf_chk = sprintf_chk;
        __snprintf_chk = snprintf_chk;
        __vprintf_chk = vprintf_chk;
        __vfprintf_chk = vfprintf_chk;
        __vsprintf_chk = vsprintf_chk;
        __vsnprintf_chk = vsnprintf_chk;
        __dprintf_chk = dprintf_chk;
        __vdprintf_chk = vdprintf_chk;
        __asprintf_chk = asprintf_chk;
        __vasprintf_chk = vasprintf_chk;
        __printfieee128 = printf;
        __fprintfieee128 = fprintf;
        __sprintfieee128 = sprintf;
        __snprintfieee128 = snprintf;
        __vprintfieee128 = vprintf;
        __vfprintfieee128 = vfprintf;
        __vsprintfieee128 = vsprintf;
        __vsnprintfieee128 = vsnprintf;
        __dprintfieee128 = dprintf;
        __vdprintfieee128 = vdprintf;
        __asprintfieee128 = asprintf;
        __vasprintfieee128 = vasprintf;
        __printf_chkieee128 = printf_chk;
        __fprintf_chkieee128 = fprintf_chk;
        __sprintf_chkieee128 = sprintf_chk;
        __snprintf_chkieee128 = snprintf_chk;
        __vprintf_chkieee128 = vprintf_chk;
        __vfprintf_chkieee128 = vfprintf_chk;
        __vsprintf_chkieee128 = vsprintf_chk;
        __vsnprintf_chkieee128 = vsnprintf_chk;
    },
};

/// The text of a format in guest memory, or `None` with `errno`.
pub(crate) fn text(c: &mut Context<'_>, format: Ptr, from: &mut Variable) -> Result<Option<Vec<u8>>> {
    let format = c.text(format)?;
    match c.format(&format, from)? {
        Formatted::Text(text) => Ok(Some(text)),
        Formatted::NoCharacter => {
            c.set_errno(Errno::EILSEQ)?;
            Ok(None)
        }
    }
}

fn length(text: &[u8]) -> i32 {
    i32::try_from(text.len()).unwrap_or(-1)
}

fn to_stream(c: &mut Context<'_>, file: Ptr, format: Ptr, mut from: Variable) -> Result<i32> {
    let Some(text) = text(c, format, &mut from)? else { return Ok(-1) };
    Ok(if c.put(file, &text)? { length(&text) } else { -1 })
}

fn to_memory(c: &mut Context<'_>, to: Ptr, size: u64, format: Ptr, mut from: Variable) -> Result<i32> {
    let Some(text) = text(c, format, &mut from)? else { return Ok(-1) };
    if let Some(most) = size.checked_sub(1) {
        let shown = text.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        c.write_text(to, &text[..shown])?;
    }
    Ok(length(&text))
}

fn to_descriptor(c: &mut Context<'_>, fd: i32, format: Ptr, mut from: Variable) -> Result<i32> {
    let Some(text) = text(c, format, &mut from)? else { return Ok(-1) };
    match c.write_fd(fd, &text)? {
        Ok(()) => Ok(length(&text)),
        Err(errno) => c.fail(errno),
    }
}

fn to_heap(c: &mut Context<'_>, place: Ptr, format: Ptr, mut from: Variable) -> Result<i32> {
    let Some(text) = text(c, format, &mut from)? else { return Ok(-1) };
    let block = c.duplicate(&text)?;
    if block.is_null() {
        return Ok(-1);
    }
    c.write_pointer(place, block)?;
    Ok(length(&text))
}

fn output(c: &Context<'_>) -> Ptr {
    Ptr(c.state.layout.files[1])
}

fn printf(c: &mut Context<'_>, format: Ptr, _: Dots) -> Result<i32> {
    vprintf(c, format, Variable::Call)
}

fn vprintf(c: &mut Context<'_>, format: Ptr, from: Variable) -> Result<i32> {
    let output = output(c);
    to_stream(c, output, format, from)
}

fn fprintf(c: &mut Context<'_>, file: Ptr, format: Ptr, _: Dots) -> Result<i32> {
    to_stream(c, file, format, Variable::Call)
}

fn vfprintf(c: &mut Context<'_>, file: Ptr, format: Ptr, from: Variable) -> Result<i32> {
    to_stream(c, file, format, from)
}

fn sprintf(c: &mut Context<'_>, to: Ptr, format: Ptr, _: Dots) -> Result<i32> {
    to_memory(c, to, u64::MAX, format, Variable::Call)
}

fn vsprintf(c: &mut Context<'_>, to: Ptr, format: Ptr, from: Variable) -> Result<i32> {
    to_memory(c, to, u64::MAX, format, from)
}

fn snprintf(c: &mut Context<'_>, to: Ptr, size: Size, format: Ptr, _: Dots) -> Result<i32> {
    to_memory(c, to, size.0, format, Variable::Call)
}

fn vsnprintf(c: &mut Context<'_>, to: Ptr, size: Size, format: Ptr, from: Variable) -> Result<i32> {
    to_memory(c, to, size.0, format, from)
}

fn dprintf(c: &mut Context<'_>, fd: i32, format: Ptr, _: Dots) -> Result<i32> {
    to_descriptor(c, fd, format, Variable::Call)
}

fn vdprintf(c: &mut Context<'_>, fd: i32, format: Ptr, from: Variable) -> Result<i32> {
    to_descriptor(c, fd, format, from)
}

fn asprintf(c: &mut Context<'_>, place: Ptr, format: Ptr, _: Dots) -> Result<i32> {
    to_heap(c, place, format, Variable::Call)
}

fn vasprintf(c: &mut Context<'_>, place: Ptr, format: Ptr, from: Variable) -> Result<i32> {
    to_heap(c, place, format, from)
}

// ---- the fortified forms: with a flag, and the size of the object

fn printf_chk(c: &mut Context<'_>, _flag: i32, format: Ptr, _: Dots) -> Result<i32> {
    vprintf(c, format, Variable::Call)
}

fn vprintf_chk(c: &mut Context<'_>, _flag: i32, format: Ptr, from: Variable) -> Result<i32> {
    vprintf(c, format, from)
}

fn fprintf_chk(c: &mut Context<'_>, file: Ptr, _flag: i32, format: Ptr, _: Dots) -> Result<i32> {
    to_stream(c, file, format, Variable::Call)
}

fn vfprintf_chk(c: &mut Context<'_>, file: Ptr, _flag: i32, format: Ptr, from: Variable) -> Result<i32> {
    to_stream(c, file, format, from)
}

/// As [`to_memory`], with the size that the object has.
fn to_object(c: &mut Context<'_>, to: Ptr, room: u64, format: Ptr, mut from: Variable) -> Result<i32> {
    let Some(text) = text(c, format, &mut from)? else { return Ok(-1) };
    c.check_room(text.len() as u64 + 1, room)?;
    c.write_text(to, &text)?;
    Ok(length(&text))
}

fn sprintf_chk(c: &mut Context<'_>, to: Ptr, _flag: i32, room: Size, format: Ptr, _: Dots) -> Result<i32> {
    to_object(c, to, room.0, format, Variable::Call)
}

fn vsprintf_chk(
    c: &mut Context<'_>,
    to: Ptr,
    _flag: i32,
    room: Size,
    format: Ptr,
    from: Variable,
) -> Result<i32> {
    to_object(c, to, room.0, format, from)
}

fn snprintf_chk(
    c: &mut Context<'_>,
    to: Ptr,
    size: Size,
    _flag: i32,
    room: Size,
    format: Ptr,
    _: Dots,
) -> Result<i32> {
    c.check_room(size.0, room.0)?;
    to_memory(c, to, size.0, format, Variable::Call)
}

fn vsnprintf_chk(
    c: &mut Context<'_>,
    to: Ptr,
    size: Size,
    _flag: i32,
    room: Size,
    format: Ptr,
    from: Variable,
) -> Result<i32> {
    c.check_room(size.0, room.0)?;
    to_memory(c, to, size.0, format, from)
}

fn dprintf_chk(c: &mut Context<'_>, fd: i32, _flag: i32, format: Ptr, _: Dots) -> Result<i32> {
    to_descriptor(c, fd, format, Variable::Call)
}

fn vdprintf_chk(c: &mut Context<'_>, fd: i32, _flag: i32, format: Ptr, from: Variable) -> Result<i32> {
    to_descriptor(c, fd, format, from)
}

fn asprintf_chk(c: &mut Context<'_>, place: Ptr, _flag: i32, format: Ptr, _: Dots) -> Result<i32> {
    to_heap(c, place, format, Variable::Call)
}

fn vasprintf_chk(c: &mut Context<'_>, place: Ptr, _flag: i32, format: Ptr, from: Variable) -> Result<i32> {
    to_heap(c, place, format, from)
}
