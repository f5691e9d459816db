//! The functions of the `printf` family.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Dots, Header, Ptr, Size, Standard, models},
        variable::Variable,
    },
    family::{
        Bytes, fprintf, fprintf_chk, printf, printf_chk, snprintf, snprintf_chk, vfprintf, vfprintf_chk,
        vprintf, vprintf_chk, vsnprintf, vsnprintf_chk,
    },
};

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "stdio.h",
        standard: Standard::C99,
        models: models! {
            printf = printf::<Bytes>;
            fprintf = fprintf::<Bytes>;
            sprintf = sprintf;
            snprintf = snprintf::<Bytes>;
            vprintf = vprintf::<Bytes>;
            vfprintf = vfprintf::<Bytes>;
            vsprintf = vsprintf;
            vsnprintf = vsnprintf::<Bytes>;
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
            iprintf = printf::<Bytes>;
            fiprintf = fprintf::<Bytes>;
            siprintf = sprintf;
            sniprintf = snprintf::<Bytes>;
        },
    },
];

pub(crate) static FORTIFIED: Header = Header {
    name: "bits/stdio2.h",
    standard: Standard::Runtime,
    models: models! {
        __printf_chk = printf_chk::<Bytes>;
        __fprintf_chk = fprintf_chk::<Bytes>;
        __sprintf_chk = sprintf_chk;
        __snprintf_chk = snprintf_chk::<Bytes>;
        __vprintf_chk = vprintf_chk::<Bytes>;
        __vfprintf_chk = vfprintf_chk::<Bytes>;
        __vsprintf_chk = vsprintf_chk;
        __vsnprintf_chk = vsnprintf_chk::<Bytes>;
        __dprintf_chk = dprintf_chk;
        __vdprintf_chk = vdprintf_chk;
        __asprintf_chk = asprintf_chk;
        __vasprintf_chk = vasprintf_chk;
        __printfieee128 = printf::<Bytes>;
        __fprintfieee128 = fprintf::<Bytes>;
        __sprintfieee128 = sprintf;
        __snprintfieee128 = snprintf::<Bytes>;
        __vprintfieee128 = vprintf::<Bytes>;
        __vfprintfieee128 = vfprintf::<Bytes>;
        __vsprintfieee128 = vsprintf;
        __vsnprintfieee128 = vsnprintf::<Bytes>;
        __dprintfieee128 = dprintf;
        __vdprintfieee128 = vdprintf;
        __asprintfieee128 = asprintf;
        __vasprintfieee128 = vasprintf;
        __printf_chkieee128 = printf_chk::<Bytes>;
        __fprintf_chkieee128 = fprintf_chk::<Bytes>;
        __sprintf_chkieee128 = sprintf_chk;
        __snprintf_chkieee128 = snprintf_chk::<Bytes>;
        __vprintf_chkieee128 = vprintf_chk::<Bytes>;
        __vfprintf_chkieee128 = vfprintf_chk::<Bytes>;
        __vsprintf_chkieee128 = vsprintf_chk;
        __vsnprintf_chkieee128 = vsnprintf_chk::<Bytes>;
    },
};

/// The text of a format in guest memory, or `None` with `errno`.
pub(crate) fn text(c: &mut Context<'_>, format: Ptr, from: &mut Variable) -> Result<Option<Vec<u8>>> {
    let format = c.text(format)?;
    c.format(&format, from)?.text(c)
}

fn length(text: &[u8]) -> i32 {
    i32::try_from(text.len()).unwrap_or(-1)
}

pub(super) fn to_stream(c: &mut Context<'_>, file: Ptr, format: Ptr, mut from: Variable) -> Result<i32> {
    let Some(text) = text(c, format, &mut from)? else { return Ok(-1) };
    Ok(if c.put(file, &text)? { length(&text) } else { -1 })
}

pub(super) fn to_memory(
    c: &mut Context<'_>,
    to: Ptr,
    size: u64,
    format: Ptr,
    mut from: Variable,
) -> Result<i32> {
    if size > 0 && size < u64::MAX {
        // What is written may be an argument too: glibc ends it first.
        c.write(to, &[0])?;
    }
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

fn sprintf(c: &mut Context<'_>, to: Ptr, format: Ptr, _: Dots) -> Result<i32> {
    to_memory(c, to, u64::MAX, format, Variable::Call)
}

fn vsprintf(c: &mut Context<'_>, to: Ptr, format: Ptr, from: Variable) -> Result<i32> {
    to_memory(c, to, u64::MAX, format, from)
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

/// As [`to_memory`], with the size that the object has.
fn to_object(c: &mut Context<'_>, to: Ptr, room: u64, format: Ptr, mut from: Variable) -> Result<i32> {
    c.check_room(1, room)?;
    c.write(to, &[0])?;
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
