//! The environment: an array of pointers to texts, in guest memory.

use super::{context::Context, error::Result, types::Ptr};
use crate::errno::Errno;

/// So many variables an environment has at most.
const MOST_VARIABLES: usize = 1 << 16;

/// The entries: the address of each text, and the text.
fn environment(c: &mut Context<'_>) -> Result<Vec<(Ptr, Vec<u8>)>> {
    let array = Ptr(c.state.layout.environ);
    let array = c.read_pointer(array)?;
    let mut entries = Vec::new();
    if array.is_null() {
        return Ok(entries);
    }
    let word = u64::from(c.model.pointer);
    for index in 0..MOST_VARIABLES {
        let text = c.read_pointer(array.add(word * index as u64))?;
        if text.is_null() {
            return Ok(entries);
        }
        // The longest that a kernel takes (MAX_ARG_STRLEN).
        entries.push((text, c.text_within(text, 1 << 17)?));
    }
    c.misuse("an environment without an end")
}

fn is_called(entry: &[u8], name: &[u8]) -> bool {
    entry.len() > name.len() && entry.starts_with(name) && entry[name.len()] == b'='
}

/// Writes another array.
fn set_environment(c: &mut Context<'_>, entries: &[Ptr]) -> Result<bool> {
    let word = u64::from(c.model.pointer);
    let Some(array) = c.malloc(word * (entries.len() as u64 + 1))? else { return Ok(false) };
    for (index, entry) in entries.iter().enumerate() {
        c.write_pointer(array.add(word * index as u64), *entry)?;
    }
    c.write_pointer(array.add(word * entries.len() as u64), Ptr::NULL)?;
    let own = c.state.numbers.insert("environment".to_owned(), array.0 as i64);
    let environ = Ptr(c.state.layout.environ);
    let old = c.read_pointer(environ)?;
    c.write_pointer(environ, array)?;
    // An array of the library's own is no longer needed.
    if own == Some(old.0 as i64) {
        c.free(old)?;
    }
    Ok(true)
}

/// The value of a variable of the environment.
pub(super) fn variable(c: &mut Context<'_>, name: &[u8]) -> Result<Option<Vec<u8>>> {
    let entries = environment(c)?;
    let found = entries.into_iter().find(|(_, entry)| is_called(entry, name));
    Ok(found.map(|(_, entry)| entry[(name.len() + 1).min(entry.len())..].to_vec()))
}

pub(super) fn getenv(c: &mut Context<'_>, name: Ptr) -> Result<Ptr> {
    let name = c.text(name)?;
    let entries = environment(c)?;
    let found = entries.iter().find(|(_, entry)| is_called(entry, &name));
    Ok(found.map_or(Ptr::NULL, |(address, _)| address.add(name.len() as u64 + 1)))
}

fn put(c: &mut Context<'_>, name: &[u8], entry: Ptr) -> Result<i32> {
    let entries = environment(c)?;
    let mut addresses: Vec<Ptr> = entries.iter().map(|(address, _)| *address).collect();
    match entries.iter().position(|(_, text)| is_called(text, name)) {
        Some(place) => addresses[place] = entry,
        None => addresses.push(entry),
    }
    if set_environment(c, &addresses)? { Ok(0) } else { c.fail(Errno::ENOMEM) }
}

pub(super) fn setenv(c: &mut Context<'_>, name: Ptr, value: Ptr, replace: i32) -> Result<i32> {
    if name.is_null() {
        return c.fail(Errno::EINVAL);
    }
    let (name, value) = (c.text(name)?, c.text(value)?);
    if name.is_empty() || name.contains(&b'=') {
        return c.fail(Errno::EINVAL);
    }
    if replace == 0 && environment(c)?.iter().any(|(_, entry)| is_called(entry, &name)) {
        return Ok(0);
    }
    assign(c, &name, &value)
}

/// Gives a variable a value, whether it had one or not.
pub(super) fn assign(c: &mut Context<'_>, name: &[u8], value: &[u8]) -> Result<i32> {
    let entry = c.duplicate(&[name, b"=", value].concat())?;
    if entry.is_null() {
        return Ok(-1);
    }
    put(c, name, entry)
}

pub(super) fn unsetenv(c: &mut Context<'_>, name: Ptr) -> Result<i32> {
    if name.is_null() {
        return c.fail(Errno::EINVAL);
    }
    let name = c.text(name)?;
    if name.is_empty() || name.contains(&b'=') {
        return c.fail(Errno::EINVAL);
    }
    let entries = environment(c)?;
    let left: Vec<Ptr> =
        entries.iter().filter(|(_, entry)| !is_called(entry, &name)).map(|(address, _)| *address).collect();
    if left.len() < entries.len() {
        set_environment(c, &left)?;
    }
    Ok(0)
}

pub(super) fn putenv(c: &mut Context<'_>, entry: Ptr) -> Result<i32> {
    let text = c.text(entry)?;
    match text.iter().position(|byte| *byte == b'=') {
        Some(end) => put(c, &text[..end], entry),
        None => unsetenv(c, entry),
    }
}

pub(super) fn clearenv(c: &mut Context<'_>) -> Result<i32> {
    let environ = Ptr(c.state.layout.environ);
    c.write_pointer(environ, Ptr::NULL)?;
    c.state.numbers.remove("environment");
    Ok(0)
}
