//! `glob.h`: paths that match a pattern.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Header, Ptr, Standard, models},
    },
    directories::names,
    paths::matches,
    status,
};

pub(crate) static HEADER: Header = Header {
    name: "glob.h",
    standard: Standard::Posix,
    models: models! {
        glob = glob, "a function for errors is not called; GLOB_ALTDIRFUNC is refused";
        glob64 = glob, "a function for errors is not called; GLOB_ALTDIRFUNC is refused";
        globfree = globfree;
        globfree64 = globfree;
    },
};

/// Flags, the same in glibc and musl.
const MARK: i32 = 2;
const NO_SORT: i32 = 4;
const OFFSETS: i32 = 8;
const NO_CHECK: i32 = 16;
const APPEND: i32 = 32;
const NO_ESCAPE: i32 = 64;
const PERIOD: i32 = 128;
const MAGIC_CHARACTERS: i32 = 256;
const OTHER_FUNCTIONS: i32 = 512;
const BRACES: i32 = 1024;
const NO_MAGIC: i32 = 2048;
const TILDE: i32 = 4096;
const ONLY_FOLDERS: i32 = 8192;
const TILDE_CHECK: i32 = 16384;

const NO_SPACE: i32 = 1;
const NO_MATCH: i32 = 3;

/// So many paths there may be, and so many alternatives in braces.
const MOST: usize = 1 << 16;

fn is_magic(part: &[u8], flags: i32) -> bool {
    let mut escaped = false;
    let mut open = false;
    for byte in part {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if flags & NO_ESCAPE == 0 => escaped = true,
            b'*' | b'?' => return true,
            b'[' => open = true,
            b']' if open => return true,
            _ => {}
        }
    }
    false
}

/// A pattern without its backslashes.
fn plain(part: &[u8], flags: i32) -> Vec<u8> {
    let mut text = Vec::new();
    let mut escaped = false;
    for byte in part {
        if *byte == b'\\' && !escaped && flags & NO_ESCAPE == 0 {
            escaped = true;
            continue;
        }
        escaped = false;
        text.push(*byte);
    }
    text
}

/// The alternatives of `{a,b}`, as csh has them.
fn alternatives(pattern: &[u8]) -> Vec<Vec<u8>> {
    let mut done = Vec::new();
    let mut open = vec![pattern.to_vec()];
    while let Some(text) = open.pop() {
        if done.len() + open.len() > MOST {
            break;
        }
        let found =
            text.iter().enumerate().find(|(at, byte)| **byte == b'{' && text.get(at + 1) != Some(&b'}'));
        let Some((start, _)) = found else {
            done.push(text);
            continue;
        };
        let (mut depth, mut from, mut parts, mut end) = (0, start + 1, Vec::new(), None);
        for (at, byte) in text.iter().enumerate().skip(start) {
            match byte {
                b'{' => depth += 1,
                b',' if depth == 1 => {
                    parts.push(&text[from..at]);
                    from = at + 1;
                }
                b'}' => {
                    depth -= 1;
                    if depth == 0 {
                        parts.push(&text[from..at]);
                        end = Some(at);
                        break;
                    }
                }
                _ => {}
            }
        }
        let Some(end) = end else {
            done.push(text);
            continue;
        };
        // The first alternative is done first.
        for part in parts.iter().rev() {
            open.push([&text[..start], *part, &text[end + 1..]].concat());
        }
    }
    done
}

/// Whether there is a file, and whether it is a folder.
fn kind(c: &mut Context<'_>, path: &[u8]) -> Result<Option<bool>> {
    if path.is_empty() || path.len() > 4095 {
        return Ok(None);
    }
    let text = c.room("path of a pattern", 4096)?;
    let room = c.room("status of a pattern", 256)?;
    c.write_text(text, path)?;
    for follows in [true, false] {
        if let Some((mode, _)) = status::brief(c, text, follows, room, true)? {
            return Ok(Some(mode & 0o170_000 == 0o040_000));
        }
    }
    Ok(None)
}

/// All paths that match a pattern without braces.
pub(super) fn expand(c: &mut Context<'_>, pattern: &[u8], flags: i32) -> Result<Vec<Vec<u8>>> {
    let mut found: Vec<Vec<u8>> = vec![Vec::new()];
    let mut rest = pattern;
    while !rest.is_empty() {
        let slashes = rest.iter().take_while(|byte| **byte == b'/').count();
        found.iter_mut().for_each(|path| path.extend_from_slice(&rest[..slashes]));
        rest = &rest[slashes..];
        let length = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
        let (part, after) = rest.split_at(length);
        rest = after;
        if part.is_empty() {
            break;
        }
        if !is_magic(part, flags) {
            let text = plain(part, flags);
            found.iter_mut().for_each(|path| path.extend_from_slice(&text));
            continue;
        }
        let mut next = Vec::new();
        for path in found {
            let folder = if path.is_empty() { b".".to_vec() } else { path.clone() };
            let Some(listed) = names(c, &folder)? else { continue };
            // FNM_PERIOD, if leading periods count, and FNM_NOESCAPE.
            let rules = if flags & PERIOD != 0 { 0 } else { 4 } | if flags & NO_ESCAPE != 0 { 2 } else { 0 };
            for (name, ..) in listed {
                if matches(part, &name, rules) && next.len() < MOST {
                    next.push([path.as_slice(), &name].concat());
                }
            }
        }
        found = next;
    }
    let mut all = Vec::new();
    for path in found {
        let Some(is_folder) = kind(c, &path)? else { continue };
        if !is_folder && flags & ONLY_FOLDERS != 0 {
            continue;
        }
        let marked = is_folder && flags & MARK != 0 && path.last() != Some(&b'/');
        all.push(if marked { [path.as_slice(), b"/"].concat() } else { path });
    }
    Ok(all)
}

/// A home folder for a tilde.
fn home(c: &mut Context<'_>, pattern: Vec<u8>, flags: i32) -> Result<Option<Vec<u8>>> {
    if flags & (TILDE | TILDE_CHECK) == 0 || pattern.first() != Some(&b'~') {
        return Ok(Some(pattern));
    }
    let end = pattern.iter().position(|byte| *byte == b'/').unwrap_or(pattern.len());
    if end > 1 && &pattern[1..end] != b"root" {
        return Ok((flags & TILDE_CHECK == 0).then_some(pattern));
    }
    let folder = if end == 1 { super::super::environment::variable(c, b"HOME")? } else { None };
    let folder = folder.unwrap_or_else(|| b"/root".to_vec());
    Ok(Some([folder.as_slice(), &pattern[end..]].concat()))
}

fn glob(c: &mut Context<'_>, pattern: Ptr, flags: i32, _error: Ptr, to: Ptr) -> Result<i32> {
    if flags & OTHER_FUNCTIONS != 0 {
        return c.misuse("glob with GLOB_ALTDIRFUNC is not done here");
    }
    let text = c.text(pattern)?;
    let word = u64::from(c.model.pointer);
    // glob_t: gl_pathc, gl_pathv, gl_offs, gl_flags.
    let offsets = if flags & OFFSETS != 0 { c.read_pointer(to.add(2 * word))?.0 } else { 0 };
    if offsets > MOST as u64 {
        return Ok(NO_SPACE);
    }
    let mut old = Vec::new();
    if flags & APPEND != 0 {
        let (count, array) = (c.read_pointer(to)?.0, c.read_pointer(to.add(word))?);
        for index in 0..count.min(MOST as u64) {
            old.push(c.read_pointer(array.add(word.wrapping_mul(offsets.wrapping_add(index))))?);
        }
        if !array.is_null() {
            c.free(array)?;
        }
    }
    let mut all = Vec::new();
    let mut magic = false;
    let patterns = if flags & BRACES != 0 { alternatives(&text) } else { vec![text.clone()] };
    for pattern in patterns {
        magic |= is_magic(&pattern, flags);
        let Some(pattern) = home(c, pattern, flags)? else { continue };
        let mut found = expand(c, &pattern, flags)?;
        if flags & NO_SORT == 0 {
            found.sort();
        }
        all.extend(found);
    }
    let wanted = flags & NO_CHECK != 0 || flags & NO_MAGIC != 0 && !magic;
    let nothing = all.is_empty();
    if nothing && wanted {
        all.push(text);
    }
    let result = if all.is_empty() { NO_MATCH } else { 0 };
    let mut addresses = old;
    for path in all {
        addresses.push(c.duplicate(&path)?);
    }
    let count = addresses.len() as u64;
    let Some(array) = c.malloc(word * (offsets + count + 1))? else { return Ok(NO_SPACE) };
    let leading = vec![Ptr::NULL; offsets as usize];
    for (index, address) in leading.into_iter().chain(addresses).chain([Ptr::NULL]).enumerate() {
        c.write_pointer(array.add(word * index as u64), address)?;
    }
    c.write_pointer(to, Ptr(count))?;
    c.write_pointer(to.add(word), array)?;
    if flags & OFFSETS == 0 {
        c.write_pointer(to.add(2 * word), Ptr::NULL)?;
    }
    let own = flags & !MAGIC_CHARACTERS | if magic { MAGIC_CHARACTERS } else { 0 };
    c.write_int(to.add(3 * word), own)?;
    Ok(result)
}

fn globfree(c: &mut Context<'_>, at: Ptr) -> Result<()> {
    let word = u64::from(c.model.pointer);
    let (count, array) = (c.read_pointer(at)?.0, c.read_pointer(at.add(word))?);
    if array.is_null() {
        return Ok(());
    }
    let offsets = c.read_pointer(at.add(2 * word))?.0;
    for index in 0..count.min(MOST as u64) {
        let path = c.read_pointer(array.add(word.wrapping_mul(offsets.wrapping_add(index))))?;
        c.free(path)?;
    }
    c.free(array)?;
    c.write_pointer(at, Ptr(0))?;
    c.write_pointer(at.add(word), Ptr::NULL)
}
