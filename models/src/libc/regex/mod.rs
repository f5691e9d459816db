//! `regex.h`: POSIX regular expressions (IEEE Std 1003.1-2017, XBD 9), basic
//! and extended, with GNU's operators.
//!
//! A `regex_t` holds the address of a copy of the expression, which is compiled
//! anew for each search: so it is in guest memory like everything else of the
//! program's.

mod gnu;
mod parse;
mod search;
mod sets;
mod syntax;

pub(crate) use gnu::HEADER as GNU;
use parse::{Options, Problem, Program, compile};
use search::Searched;

use super::{
    context::Context,
    error::Result,
    types::{Flavour, Header, Ptr, Size, Standard, models},
};

pub(crate) static HEADER: Header = Header {
    name: "regex.h",
    standard: Standard::Posix,
    models: models! {
        regcomp = regcomp;
        regexec = regexec, "where a longest match can be made in several ways, parts are those of the first way";
        regerror = regerror;
        regfree = regfree;
    },
};

const EXTENDED: i32 = 1;
const NO_CASE: i32 = 2;
const NEWLINE: i32 = 4;
const NO_PARTS: i32 = 8;

const NOT_BEGIN: i32 = 1;
const NOT_END: i32 = 2;
/// GNU's: the text is what the first match says.
const START_END: i32 = 4;

/// `REG_NOMATCH` and `REG_ESPACE`, the same in glibc and musl.
const NO_MATCH: i32 = 1;
const NO_SPACE: i32 = 12;

/// What is before the expression in its copy: a mark, the flags, the bits of its
/// syntax, and how long it is.
const MARK: u64 = 0x7265_6778;
const TEXT: u64 = 24;

/// Where a `regex_t` has the address of its expression, and `re_nsub`.
fn places(c: &Context<'_>) -> (u64, u64) {
    let word = u64::from(c.model.pointer);
    match c.state.flavour {
        // size_t re_nsub; void *__opaque, …; GNU's own functions have GNU's.
        Flavour::Musl if !c.name.starts_with("re_") => (word, 0),
        // buffer, allocated, used, syntax, fastmap, translate, re_nsub.
        _ => (0, 6 * word),
    }
}

/// The syntax of POSIX' flags.
fn syntax_of(flags: i32) -> u64 {
    let mut bits = if flags & EXTENDED != 0 { syntax::EXTENDED } else { syntax::BASIC };
    if flags & NO_CASE != 0 {
        bits |= syntax::NO_CASE;
    }
    if flags & NEWLINE != 0 {
        bits = bits & !syntax::DOT_NEWLINE | syntax::LISTS_NOT_NEWLINE;
    }
    bits
}

fn options(c: &Context<'_>, bits: u64, newline: bool) -> Options {
    Options { syntax: bits, folds: bits & syntax::NO_CASE != 0, newline, characters: c.state.is_utf8() }
}

/// Puts an expression into a `regex_t`: what it compiles to, or why it is none.
fn stored(
    c: &mut Context<'_>,
    to: Ptr,
    text: &[u8],
    (flags, bits): (i32, u64),
) -> Result<std::result::Result<Program, Problem>> {
    let options = options(c, bits, flags & NEWLINE != 0);
    let program = match compile(text, options) {
        Ok(program) => program,
        Err(problem) => return Ok(Err(problem)),
    };
    let (copy_at, parts_at) = places(c);
    let Some(block) = c.malloc(TEXT + text.len() as u64 + 1)? else { return Ok(Err(Problem::Space)) };
    c.write_integer(block, MARK, 4)?;
    c.write_integer(block.add(4), flags as u64, 4)?;
    c.write_integer(block.add(8), bits, 8)?;
    c.write_integer(block.add(16), text.len() as u64, 8)?;
    c.write_text(block.add(TEXT), text)?;
    c.write_pointer(to.add(copy_at), block)?;
    c.write_pointer(to.add(parts_at), Ptr(program.parts as u64))?;
    Ok(Ok(program))
}

/// The compiled expression of a `regex_t`, and its flags.
fn loaded(c: &mut Context<'_>, at: Ptr) -> Result<(Program, i32)> {
    let (block, flags) = expression(c, at)?;
    let (bits, size) = (c.read_integer(block.add(8), 8)?, c.read_integer(block.add(16), 8)?);
    let pattern = c.read(block.add(TEXT), size.min(super::context::LONGEST as u64))?;
    match compile(&pattern, options(c, bits, flags & NEWLINE != 0)) {
        Ok(program) => Ok((program, flags)),
        Err(_) => c.misuse(format!("the expression at {:#x} was overwritten", block.0)),
    }
}

fn regcomp(c: &mut Context<'_>, to: Ptr, pattern: Ptr, flags: i32) -> Result<i32> {
    let text = c.text(pattern)?;
    Ok(match stored(c, to, &text, (flags, syntax_of(flags)))? {
        Ok(_) => 0,
        // POSIX has one number for both.
        Err(Problem::LoneParenthesis) => Problem::Parenthesis as i32,
        Err(problem) => problem as i32,
    })
}

/// The expression of a `regex_t`.
fn expression(c: &mut Context<'_>, at: Ptr) -> Result<(Ptr, i32)> {
    let (copy_at, _) = places(c);
    let block = c.read_pointer(at.add(copy_at))?;
    if block.is_null() || c.read_integer(block, 4)? != MARK {
        return c.misuse(format!("{:#x} is no regex_t that regcomp has filled", at.0));
    }
    let flags = c.read_integer(block.add(4), 4)? as i32;
    Ok((block, flags))
}

fn regexec(c: &mut Context<'_>, at: Ptr, text: Ptr, count: Size, parts: Ptr, flags: i32) -> Result<i32> {
    let (program, own) = loaded(c, at)?;
    // regoff_t is int in glibc, and ptrdiff_t in musl.
    let width = match c.state.flavour {
        Flavour::Gnu => 4,
        Flavour::Musl => c.model.pointer,
    };
    let (start, bytes) = if flags & START_END != 0 {
        let start = c.read_integer(parts, width)?;
        let end = c.read_integer(parts.add(width.into()), width)?;
        let size = end.saturating_sub(start).min(super::context::LONGEST as u64);
        (start, c.read(text.add(start), size)?)
    } else {
        (0, c.text(text)?)
    };
    let found = program.search(&bytes, flags & NOT_BEGIN != 0, flags & NOT_END != 0);
    let places = match found {
        Searched::Found(places) => places,
        Searched::Nothing => return Ok(NO_MATCH),
        Searched::TooMuch => return Ok(NO_SPACE),
    };
    if own & NO_PARTS != 0 {
        return Ok(0);
    }
    let step = 2 * u64::from(width);
    for index in 0..count.0.min(1 << 16) {
        let place = places.get(index as usize).copied().flatten();
        let (from, to) = place.map_or((u64::MAX, u64::MAX), |(from, to)| {
            (start.wrapping_add(from as u64), start.wrapping_add(to as u64))
        });
        c.write_integer(parts.add(index * step), from, width)?;
        c.write_integer(parts.add(index * step + u64::from(width)), to, width)?;
    }
    Ok(0)
}

/// Glibc's texts (`posix/regcomp.c`), by number.
const MESSAGES: [&str; 17] = [
    "Success",
    "No match",
    "Invalid regular expression",
    "Invalid collation character",
    "Invalid character class name",
    "Trailing backslash",
    "Invalid back reference",
    "Unmatched [, [^, [:, [., or [=",
    "Unmatched ( or \\(",
    "Unmatched \\{",
    "Invalid content of \\{\\}",
    "Invalid range end",
    "Memory exhausted",
    "Invalid preceding regular expression",
    "Premature end of regular expression",
    "Regular expression too big",
    "Unmatched ) or \\)",
];

fn regerror(c: &mut Context<'_>, code: i32, _at: Ptr, to: Ptr, size: Size) -> Result<Size> {
    let Some(text) = usize::try_from(code).ok().and_then(|index| MESSAGES.get(index)) else {
        return c.misuse(format!("{code} is no error of regcomp's"));
    };
    if size.0 > 0 {
        let shown = text.len().min(usize::try_from(size.0 - 1).unwrap_or(usize::MAX));
        c.write_text(to, &text.as_bytes()[..shown])?;
    }
    Ok(Size(text.len() as u64 + 1))
}

fn regfree(c: &mut Context<'_>, at: Ptr) -> Result<()> {
    let (copy_at, _) = places(c);
    let block = c.read_pointer(at.add(copy_at))?;
    if block.is_null() {
        return Ok(());
    }
    let (block, _) = expression(c, at)?;
    c.write_pointer(at.add(copy_at), Ptr::NULL)?;
    c.free(block)
}

#[cfg(test)]
mod tests {
    use super::{
        parse::{Options, Problem, compile},
        search::Searched,
    };

    fn first(pattern: &str, text: &str, extended: bool) -> Result<Option<(usize, usize)>, Problem> {
        let syntax = if extended { super::syntax::EXTENDED } else { super::syntax::BASIC };
        let options = Options { syntax, folds: false, newline: false, characters: false };
        let program = compile(pattern.as_bytes(), options)?;
        Ok(match program.search(text.as_bytes(), false, false) {
            Searched::Found(places) => places.first().copied().flatten(),
            _ => None,
        })
    }

    #[test]
    fn hostile_expressions_end() {
        let many = "(a*)*".repeat(50) + "b";
        assert_eq!(first(&many, &"a".repeat(2000), true), Ok(None));
        assert_eq!(first("((a{1,255}){1,255}){1,255}", "a", true), Err(Problem::Space));
        assert_eq!(first(&"(".repeat(100_000), "", true), Err(Problem::Space));
        // With a reference back, ways are counted.
        assert_eq!(first("\\(a*\\)*\\(a*\\)*\\1b", &"a".repeat(64), false), Ok(None));
    }
}
