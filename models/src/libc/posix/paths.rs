//! `libgen.h`, and names of files.

use super::super::{
    context::Context,
    error::Result,
    types::{Header, Ptr, Standard, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "libgen.h",
    standard: Standard::Posix,
    models: models! {
        __xpg_basename = xpg_basename;
        basename = basename;
        dirname = dirname;
        realpath = realpath;
        canonicalize_file_name = canonicalize_file_name;
        __realpath_chk = realpath_chk;
        fnmatch = fnmatch;
    },
};

/// A text that stays.
fn fixed(c: &mut Context<'_>, text: &'static [u8], name: &'static str) -> Result<Ptr> {
    let room = c.room(name, 4)?;
    c.write_text(room, text)?;
    Ok(room)
}

/// POSIX: slashes at the end do not count, and the text may be changed.
fn xpg_basename(c: &mut Context<'_>, path: Ptr) -> Result<Ptr> {
    let text = if path.is_null() { Vec::new() } else { c.text(path)? };
    if text.is_empty() {
        return fixed(c, b".", "basename");
    }
    let Some(end) = text.iter().rposition(|byte| *byte != b'/') else {
        return Ok(path.add(text.len() as u64 - 1));
    };
    if end + 1 < text.len() {
        c.write(path.add(end as u64 + 1), &[0])?;
    }
    let start = text[..end].iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    Ok(path.add(start as u64))
}

/// GNU: what is behind the last slash.
fn basename(c: &mut Context<'_>, path: Ptr) -> Result<Ptr> {
    let text = c.text(path)?;
    let start = text.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    Ok(path.add(start as u64))
}

fn dirname(c: &mut Context<'_>, path: Ptr) -> Result<Ptr> {
    let text = if path.is_null() { Vec::new() } else { c.text(path)? };
    let name_end = text.iter().rposition(|byte| *byte != b'/').map_or(0, |end| end + 1);
    let Some(slash) = text[..name_end].iter().rposition(|byte| *byte == b'/') else {
        return if name_end == 0 && !text.is_empty() {
            root(c, path, &text)
        } else {
            fixed(c, b".", "dirname")
        };
    };
    match text[..slash].iter().rposition(|byte| *byte != b'/') {
        Some(end) => {
            c.write(path.add(end as u64 + 1), &[0])?;
            Ok(path)
        }
        None => {
            // Two slashes at the beginning stay two.
            let keep = if slash == 1 { 2 } else { 1 };
            c.write(path.add(keep), &[0])?;
            Ok(path)
        }
    }
}

/// A path of nothing but slashes.
fn root(c: &mut Context<'_>, path: Ptr, text: &[u8]) -> Result<Ptr> {
    let keep = if text.len() == 2 { 2 } else { 1 };
    c.write(path.add(keep), &[0])?;
    Ok(path)
}

fn realpath(c: &mut Context<'_>, path: Ptr, to: Ptr) -> Result<Ptr> {
    if path.is_null() {
        return c.fail_null(Errno::EINVAL);
    }
    let text = c.text(path)?;
    let kernel = &mut c.state.kernel;
    let (folder, root) =
        kernel.process(kernel.running).map_or((0, 0), |process| (process.folder, process.root));
    let found = kernel.files.walk(folder, root, &text, true).and_then(|place| {
        place.inode.ok_or(Errno::ENOENT)?;
        Ok(kernel
            .files
            .path_of(place.inode.filter(|_| place.name.is_empty()).unwrap_or(place.folder), &place.name))
    });
    let resolved = match found {
        Ok(resolved) => resolved,
        Err(errno) => return c.fail_null(errno),
    };
    if to.is_null() {
        return c.duplicate(&resolved);
    }
    c.write_text(to, &resolved)?;
    Ok(to)
}

fn realpath_chk(c: &mut Context<'_>, path: Ptr, to: Ptr, room: super::super::types::Size) -> Result<Ptr> {
    c.check_room(4096, room.0)?;
    realpath(c, path, to)
}

fn canonicalize_file_name(c: &mut Context<'_>, path: Ptr) -> Result<Ptr> {
    realpath(c, path, Ptr::NULL)
}

/// `FNM_PATHNAME`, `FNM_NOESCAPE`, `FNM_PERIOD`, `FNM_LEADING_DIR`,
/// `FNM_CASEFOLD` of glibc.
const PATHNAME: i32 = 1;
const NO_ESCAPE: i32 = 2;
const PERIOD: i32 = 4;
const LEADING: i32 = 8;
const FOLD: i32 = 16;

fn fold(byte: u8, flags: i32) -> u8 {
    if flags & FOLD != 0 { byte.to_ascii_lowercase() } else { byte }
}

/// A set of a pattern behind its bracket: whether a byte is in it, and how long
/// it is; `None` if it has no end.
fn bracket(pattern: &[u8], byte: u8, flags: i32) -> Option<(bool, usize)> {
    let negated = matches!(pattern.first(), Some(b'!' | b'^'));
    let mut at = usize::from(negated);
    let first = at;
    let mut inside = false;
    loop {
        let mut low = *pattern.get(at)?;
        if low == b']' && at > first {
            return Some((inside != negated, at + 1));
        }
        if low == b'[' && pattern.get(at + 1) == Some(&b':') {
            // What is not made of small letters is no name, and its bracket itself.
            let letters = pattern[at + 2..].iter().take_while(|byte| byte.is_ascii_lowercase()).count();
            if !pattern[at + 2 + letters..].starts_with(b":]") {
                inside |= byte == b'[';
                at += 1;
                continue;
            }
            let end = 2 + letters;
            let is = match &pattern[at + 2..at + end] {
                b"alpha" => byte.is_ascii_alphabetic(),
                b"digit" => byte.is_ascii_digit(),
                b"alnum" => byte.is_ascii_alphanumeric(),
                b"upper" => byte.is_ascii_uppercase() || flags & FOLD != 0 && byte.is_ascii_alphabetic(),
                b"lower" => byte.is_ascii_lowercase() || flags & FOLD != 0 && byte.is_ascii_alphabetic(),
                b"space" => super::super::ctype::is_space(byte),
                b"punct" => byte.is_ascii_punctuation(),
                b"xdigit" => byte.is_ascii_hexdigit(),
                b"blank" => matches!(byte, b' ' | b'\t'),
                b"cntrl" => byte.is_ascii_control(),
                b"graph" => byte.is_ascii_graphic(),
                b"print" => matches!(byte, b' '..=b'~'),
                _ => false,
            };
            inside |= is;
            at += end + 2;
            continue;
        }
        if low == b'\\' && flags & NO_ESCAPE == 0 {
            at += 1;
            low = *pattern.get(at)?;
        }
        let mut high = low;
        if pattern.get(at + 1) == Some(&b'-') && pattern.get(at + 2).is_some_and(|end| *end != b']') {
            high = *pattern.get(at + 2)?;
            at += 2;
        }
        at += 1;
        inside |= (fold(low, flags)..=fold(high, flags)).contains(&fold(byte, flags));
    }
}

/// Whether a text matches (POSIX, 2.13), with places of stars remembered
/// instead of recursion.
pub(super) fn matches(pattern: &[u8], text: &[u8], flags: i32) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    let leading = |t: usize| {
        flags & PERIOD != 0
            && text.get(t) == Some(&b'.')
            && (t == 0 || flags & PATHNAME != 0 && text[t - 1] == b'/')
    };
    loop {
        let slash = flags & PATHNAME != 0 && text.get(t) == Some(&b'/');
        let step = match pattern.get(p) {
            None if t == text.len() => return true,
            None if flags & LEADING != 0 && text[t] == b'/' => return true,
            None => None,
            Some(b'*') if !leading(t) => {
                star = Some((p + 1, t));
                Some((p + 1, t))
            }
            Some(b'?') if t < text.len() && !slash && !leading(t) => Some((p + 1, t + 1)),
            Some(b'[') if t < text.len() => match bracket(&pattern[p + 1..], text[t], flags) {
                Some((true, length)) if !slash && !leading(t) => Some((p + 1 + length, t + 1)),
                Some(_) => None,
                None if text[t] == b'[' => Some((p + 1, t + 1)),
                None => None,
            },
            Some(b'\\') if flags & NO_ESCAPE == 0 && p + 1 < pattern.len() => {
                let same = t < text.len() && fold(pattern[p + 1], flags) == fold(text[t], flags);
                same.then_some((p + 2, t + 1))
            }
            Some(byte) if t < text.len() && *byte != b'*' && *byte != b'?' => {
                (fold(*byte, flags) == fold(text[t], flags)).then_some((p + 1, t + 1))
            }
            Some(_) => None,
        };
        match (step, star) {
            (Some((next_p, next_t)), _) => (p, t) = (next_p, next_t),
            // The last star takes one byte more.
            (None, Some((after, from)))
                if from < text.len() && !(flags & PATHNAME != 0 && text[from] == b'/') =>
            {
                star = Some((after, from + 1));
                (p, t) = (after, from + 1);
            }
            _ => return false,
        }
    }
}

fn fnmatch(c: &mut Context<'_>, pattern: Ptr, text: Ptr, flags: i32) -> Result<i32> {
    let (pattern, text) = (c.text(pattern)?, c.text(text)?);
    Ok(i32::from(!matches(&pattern, &text, flags)))
}
