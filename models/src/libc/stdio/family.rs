//! The functions of `stdio.h` and of `wchar.h` that are the same but for their
//! characters: those of the `printf` and `scanf` families.

use super::super::{
    context::Context,
    error::Result,
    types::{Dots, Ptr, Size},
    variable::Variable,
};

/// What texts and streams are made of.
pub(super) trait Characters {
    /// Writes a format to a stream: how many characters, or -1 with `errno`.
    fn print(c: &mut Context<'_>, file: Ptr, format: Ptr, from: Variable) -> Result<i32>;
    /// The same to memory for so many characters.
    fn store(c: &mut Context<'_>, to: Ptr, size: u64, format: Ptr, from: Variable) -> Result<i32>;
    /// Reads by a format from a stream: how many fields, or -1.
    fn scan(c: &mut Context<'_>, file: Ptr, format: Ptr, from: Variable) -> Result<i32>;
    /// The same from a text.
    fn scan_text(c: &mut Context<'_>, text: Ptr, format: Ptr, from: Variable) -> Result<i32>;
}

/// Bytes.
pub(super) struct Bytes;
/// Wide characters.
pub(super) struct Wides;

pub(super) fn input(c: &mut Context<'_>) -> Result<Ptr> {
    c.standard(0)
}

pub(super) fn output(c: &mut Context<'_>) -> Result<Ptr> {
    c.standard(1)
}

// ---- printing

pub(super) fn printf<C: Characters>(c: &mut Context<'_>, format: Ptr, _: Dots) -> Result<i32> {
    vprintf::<C>(c, format, Variable::Call)
}

pub(super) fn vprintf<C: Characters>(c: &mut Context<'_>, format: Ptr, from: Variable) -> Result<i32> {
    let output = output(c)?;
    C::print(c, output, format, from)
}

pub(super) fn fprintf<C: Characters>(c: &mut Context<'_>, file: Ptr, format: Ptr, _: Dots) -> Result<i32> {
    C::print(c, file, format, Variable::Call)
}

pub(super) fn vfprintf<C: Characters>(
    c: &mut Context<'_>,
    file: Ptr,
    format: Ptr,
    from: Variable,
) -> Result<i32> {
    C::print(c, file, format, from)
}

/// `snprintf` and `swprintf`.
pub(super) fn snprintf<C: Characters>(
    c: &mut Context<'_>,
    to: Ptr,
    size: Size,
    format: Ptr,
    _: Dots,
) -> Result<i32> {
    C::store(c, to, size.0, format, Variable::Call)
}

pub(super) fn vsnprintf<C: Characters>(
    c: &mut Context<'_>,
    to: Ptr,
    size: Size,
    format: Ptr,
    from: Variable,
) -> Result<i32> {
    C::store(c, to, size.0, format, from)
}

// ---- the fortified forms: with a flag, and the size of the object

pub(super) fn printf_chk<C: Characters>(
    c: &mut Context<'_>,
    _flag: i32,
    format: Ptr,
    _: Dots,
) -> Result<i32> {
    vprintf::<C>(c, format, Variable::Call)
}

pub(super) fn vprintf_chk<C: Characters>(
    c: &mut Context<'_>,
    _flag: i32,
    format: Ptr,
    from: Variable,
) -> Result<i32> {
    vprintf::<C>(c, format, from)
}

pub(super) fn fprintf_chk<C: Characters>(
    c: &mut Context<'_>,
    file: Ptr,
    _flag: i32,
    format: Ptr,
    _: Dots,
) -> Result<i32> {
    C::print(c, file, format, Variable::Call)
}

pub(super) fn vfprintf_chk<C: Characters>(
    c: &mut Context<'_>,
    file: Ptr,
    _flag: i32,
    format: Ptr,
    from: Variable,
) -> Result<i32> {
    C::print(c, file, format, from)
}

pub(super) fn snprintf_chk<C: Characters>(
    c: &mut Context<'_>,
    to: Ptr,
    size: Size,
    _flag: i32,
    room: Size,
    format: Ptr,
    _: Dots,
) -> Result<i32> {
    c.check_room(size.0, room.0)?;
    C::store(c, to, size.0, format, Variable::Call)
}

pub(super) fn vsnprintf_chk<C: Characters>(
    c: &mut Context<'_>,
    to: Ptr,
    size: Size,
    _flag: i32,
    room: Size,
    format: Ptr,
    from: Variable,
) -> Result<i32> {
    c.check_room(size.0, room.0)?;
    C::store(c, to, size.0, format, from)
}

// ---- scanning

pub(super) fn scanf<C: Characters>(c: &mut Context<'_>, format: Ptr, _: Dots) -> Result<i32> {
    vscanf::<C>(c, format, Variable::Call)
}

pub(super) fn vscanf<C: Characters>(c: &mut Context<'_>, format: Ptr, from: Variable) -> Result<i32> {
    let input = input(c)?;
    C::scan(c, input, format, from)
}

pub(super) fn fscanf<C: Characters>(c: &mut Context<'_>, file: Ptr, format: Ptr, _: Dots) -> Result<i32> {
    C::scan(c, file, format, Variable::Call)
}

pub(super) fn vfscanf<C: Characters>(
    c: &mut Context<'_>,
    file: Ptr,
    format: Ptr,
    from: Variable,
) -> Result<i32> {
    C::scan(c, file, format, from)
}

pub(super) fn sscanf<C: Characters>(c: &mut Context<'_>, text: Ptr, format: Ptr, _: Dots) -> Result<i32> {
    C::scan_text(c, text, format, Variable::Call)
}

pub(super) fn vsscanf<C: Characters>(
    c: &mut Context<'_>,
    text: Ptr,
    format: Ptr,
    from: Variable,
) -> Result<i32> {
    C::scan_text(c, text, format, from)
}
