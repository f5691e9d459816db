//! `err.h` and `error.h`: messages with the name of the program before them.

use super::{
    context::Context,
    ending::exit,
    error::Result,
    stdio::formatted,
    string::error_text,
    types::{Dots, Header, Ptr, Reply, Standard, models},
    variable::Variable,
};

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "err.h",
        standard: Standard::Extension,
        models: models! {
            err = err;
            errx = errx;
            verr = verr;
            verrx = verrx;
            warn = warn;
            warnx = warnx;
            vwarn = vwarn;
            vwarnx = vwarnx;
            __errieee128 = err;
            __errxieee128 = errx;
            __verrieee128 = verr;
            __verrxieee128 = verrx;
            __warnieee128 = warn;
            __warnxieee128 = warnx;
            __vwarnieee128 = vwarn;
            __vwarnxieee128 = vwarnx;
        },
    },
    Header {
        name: "error.h",
        standard: Standard::Extension,
        models: models! {
            error = error;
            error_at_line = error_at_line;
            __errorieee128 = error;
            __error_at_lineieee128 = error_at_line;
        },
    },
];

/// Writes a message; what follows the format, and the text of an error.
fn tell(
    c: &mut Context<'_>,
    before: &[u8],
    format: Ptr,
    from: &mut Variable,
    number: Option<i32>,
) -> Result<()> {
    let mut text = before.to_vec();
    if !format.is_null() {
        text.extend(formatted(c, format, from)?.unwrap_or_default());
    }
    if let Some(number) = number {
        if !format.is_null() {
            text.extend_from_slice(b": ");
        }
        text.extend(error_text(c, number));
    }
    text.push(b'\n');
    let error = c.standard(2)?;
    c.put(error, &text).map(drop)
}

/// The name of the program, whole or its last part.
fn program(c: &mut Context<'_>, whole: bool) -> Result<Vec<u8>> {
    // The program may have given itself another.
    let variables = if whole {
        ["program_invocation_name", "__progname_full"]
    } else {
        ["program_invocation_short_name", "__progname"]
    };
    if let Some(at) = variables.iter().find_map(|name| c.state.layout.variable(name)) {
        let text = c.read_pointer(Ptr(at))?;
        if !text.is_null() {
            return Ok([c.text(text)?.as_slice(), b": "].concat());
        }
    }
    let name = c.state.program.as_str();
    let last = name.rsplit('/').next().unwrap_or(name);
    Ok([if whole { name } else { last }.as_bytes(), b": "].concat())
}

fn warning(c: &mut Context<'_>, format: Ptr, mut from: Variable, with_error: bool) -> Result<()> {
    let errno = Ptr(c.state.layout.errno);
    let number = if with_error { Some(c.read_int(errno)?) } else { None };
    let name = program(c, false)?;
    tell(c, &name, format, &mut from, number)
}

fn vwarn(c: &mut Context<'_>, format: Ptr, from: Variable) -> Result<()> {
    warning(c, format, from, true)
}

fn vwarnx(c: &mut Context<'_>, format: Ptr, from: Variable) -> Result<()> {
    warning(c, format, from, false)
}

fn warn(c: &mut Context<'_>, format: Ptr, _: Dots) -> Result<()> {
    warning(c, format, Variable::Call, true)
}

fn warnx(c: &mut Context<'_>, format: Ptr, _: Dots) -> Result<()> {
    warning(c, format, Variable::Call, false)
}

fn verr(c: &mut Context<'_>, status: i32, format: Ptr, from: Variable) -> Result<Reply> {
    warning(c, format, from, true)?;
    exit(c, status)
}

fn verrx(c: &mut Context<'_>, status: i32, format: Ptr, from: Variable) -> Result<Reply> {
    warning(c, format, from, false)?;
    exit(c, status)
}

fn err(c: &mut Context<'_>, status: i32, format: Ptr, _: Dots) -> Result<Reply> {
    verr(c, status, format, Variable::Call)
}

fn errx(c: &mut Context<'_>, status: i32, format: Ptr, _: Dots) -> Result<Reply> {
    verrx(c, status, format, Variable::Call)
}

fn count(c: &mut Context<'_>) -> Result<()> {
    if let Some(at) = c.state.layout.variable("error_message_count") {
        let number = c.read_int(Ptr(at))?;
        c.write_int(Ptr(at), number.wrapping_add(1))?;
    }
    Ok(())
}

fn error(c: &mut Context<'_>, status: i32, number: i32, format: Ptr, _: Dots) -> Result<Reply> {
    let name = program(c, true)?;
    tell(c, &name, format, &mut Variable::Call, (number != 0).then_some(number))?;
    count(c)?;
    if status == 0 { Ok(Reply::Void) } else { exit(c, status) }
}

fn error_at_line(
    c: &mut Context<'_>,
    status: i32,
    number: i32,
    file: Ptr,
    line: u32,
    format: Ptr,
    _: Dots,
) -> Result<Reply> {
    let mut before = program(c, true)?;
    // Without the space.
    before.pop();
    if !file.is_null() {
        before.extend(c.text(file)?);
        before.extend_from_slice(format!(":{line}: ").as_bytes());
    } else {
        before.push(b' ');
    }
    tell(c, &before, format, &mut Variable::Call, (number != 0).then_some(number))?;
    count(c)?;
    if status == 0 { Ok(Reply::Void) } else { exit(c, status) }
}
