//! `argz.h`: texts one behind the other, with a zero behind each (GNU C Library
//! manual, 5.15.1).

use super::super::{
    context::{Context, LONGEST},
    error::Result,
    stdlib::{free, realloc},
    types::{Header, Ptr, Size, Standard, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "argz.h",
    standard: Standard::Extension,
    models: models! {
        argz_create = create;
        argz_create_sep = create_separated;
        argz_count = count;
        __argz_count = count;
        argz_extract = extract;
        argz_stringify = stringify;
        __argz_stringify = stringify;
        argz_append = append;
        argz_add = add;
        argz_add_sep = add_separated;
        argz_delete = delete;
        argz_insert = insert;
        argz_replace = replace;
        argz_next = next;
        __argz_next = next;
    },
};

/// The variables of a program that hold a vector: its address and its size.
#[derive(Clone, Copy)]
pub(super) struct Vector {
    pub(super) address_at: Ptr,
    pub(super) size_at: Ptr,
}

impl Vector {
    pub(super) fn read(self, c: &mut Context<'_>) -> Result<(Ptr, Vec<u8>)> {
        let (address, size) = (c.read_pointer(self.address_at)?, c.read_pointer(self.size_at)?.0);
        Ok((address, content(c, address, size)?))
    }

    /// Puts other bytes into the block, which may move; the number of an error.
    pub(super) fn store(self, c: &mut Context<'_>, bytes: &[u8]) -> Result<i32> {
        let address = c.read_pointer(self.address_at)?;
        if bytes.is_empty() {
            free(c, address)?;
            c.write_pointer(self.address_at, Ptr::NULL)?;
        } else {
            let block = realloc(c, address, Size(bytes.len() as u64))?;
            if block.is_null() {
                return Ok(no_memory(c));
            }
            c.write(block, bytes)?;
            c.write_pointer(self.address_at, block)?;
        }
        c.write_pointer(self.size_at, Ptr(bytes.len() as u64))?;
        Ok(0)
    }

    /// Takes out an entry of the block, which stays where it is.
    pub(super) fn remove(self, c: &mut Context<'_>, entry: Ptr) -> Result<()> {
        let (address, mut bytes) = self.read(c)?;
        let Some(place) = place(address, &bytes, entry) else { return Ok(()) };
        let end = end_of(&bytes, place);
        bytes.drain(place..end);
        if bytes.is_empty() {
            return self.store(c, &[]).map(drop);
        }
        c.write(address, &bytes)?;
        c.write_pointer(self.size_at, Ptr(bytes.len() as u64))
    }
}

pub(super) fn no_memory(c: &Context<'_>) -> i32 {
    c.state.abi.error(Errno::ENOMEM) as i32
}

/// The bytes of a vector.
pub(super) fn content(c: &mut Context<'_>, address: Ptr, size: u64) -> Result<Vec<u8>> {
    if size > LONGEST as u64 {
        return c.misuse(format!("a vector of {size:#x} bytes"));
    }
    if size == 0 { Ok(Vec::new()) } else { c.read(address, size) }
}

/// Where an entry is in the bytes; `None` if it is outside.
pub(super) fn place(address: Ptr, bytes: &[u8], entry: Ptr) -> Option<usize> {
    let place = usize::try_from(entry.0.checked_sub(address.0)?).ok()?;
    (place < bytes.len()).then_some(place)
}

/// Where the entry of a place ends, behind its zero.
pub(super) fn end_of(bytes: &[u8], place: usize) -> usize {
    let zero = bytes[place..].iter().position(|byte| *byte == 0);
    zero.map_or(bytes.len(), |zero| place + zero + 1)
}

/// The parts of a text that has separators: those that stand at the beginning
/// and behind each other are left out.
fn separated(text: &[u8], separator: i32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() + 1);
    for byte in text.iter().chain([&0]) {
        if i32::from(*byte) != separator {
            bytes.push(*byte);
        } else if bytes.last().is_some_and(|last| *last != 0) {
            bytes.push(0);
        }
    }
    bytes
}

/// As a `char`, whose sign depends on the platform.
fn byte(separator: i32) -> i32 {
    i32::from(separator as u8)
}

fn create(c: &mut Context<'_>, texts: Ptr, address_at: Ptr, size_at: Ptr) -> Result<i32> {
    let word = u64::from(c.model.pointer);
    let mut bytes = Vec::new();
    for index in 0.. {
        let text = c.read_pointer(texts.add(word * index))?;
        if text.is_null() {
            break;
        }
        bytes.extend(c.text(text)?);
        bytes.push(0);
        if bytes.len() > LONGEST {
            return c.misuse(format!("the list of texts at {:#x} has no end", texts.0));
        }
    }
    made(c, &bytes, Vector { address_at, size_at })
}

/// Stores a vector in variables that have held none.
fn made(c: &mut Context<'_>, bytes: &[u8], vector: Vector) -> Result<i32> {
    c.write_pointer(vector.address_at, Ptr::NULL)?;
    vector.store(c, bytes)
}

fn create_separated(
    c: &mut Context<'_>,
    text: Ptr,
    separator: i32,
    address_at: Ptr,
    size_at: Ptr,
) -> Result<i32> {
    let text = c.text(text)?;
    // Of an empty text there is nothing.
    let bytes = if text.is_empty() { Vec::new() } else { separated(&text, byte(separator)) };
    made(c, &bytes, Vector { address_at, size_at })
}

fn count(c: &mut Context<'_>, address: Ptr, size: Size) -> Result<Size> {
    let bytes = content(c, address, size.0)?;
    let last = usize::from(bytes.last().is_some_and(|byte| *byte != 0));
    Ok(Size((bytes.iter().filter(|byte| **byte == 0).count() + last) as u64))
}

fn extract(c: &mut Context<'_>, address: Ptr, size: Size, places: Ptr) -> Result<()> {
    let bytes = content(c, address, size.0)?;
    let word = u64::from(c.model.pointer);
    let (mut at, mut to) = (0, places);
    while at < bytes.len() {
        c.write_pointer(to, address.add(at as u64))?;
        at = end_of(&bytes, at);
        to = to.add(word);
    }
    c.write_pointer(to, Ptr::NULL)
}

fn stringify(c: &mut Context<'_>, address: Ptr, size: Size, separator: i32) -> Result<()> {
    let mut bytes = content(c, address, size.0)?;
    let Some((_, before)) = bytes.split_last_mut() else { return Ok(()) };
    for it in before.iter_mut().filter(|byte| **byte == 0) {
        *it = separator as u8;
    }
    c.write(address, &bytes)
}

/// Adds bytes at the end.
pub(super) fn extended(c: &mut Context<'_>, vector: Vector, more: &[u8]) -> Result<i32> {
    let (_, mut bytes) = vector.read(c)?;
    bytes.extend_from_slice(more);
    vector.store(c, &bytes)
}

fn append(c: &mut Context<'_>, address_at: Ptr, size_at: Ptr, from: Ptr, size: Size) -> Result<i32> {
    let more = content(c, from, size.0)?;
    extended(c, Vector { address_at, size_at }, &more)
}

fn add(c: &mut Context<'_>, address_at: Ptr, size_at: Ptr, text: Ptr) -> Result<i32> {
    let mut text = c.text(text)?;
    text.push(0);
    extended(c, Vector { address_at, size_at }, &text)
}

fn add_separated(
    c: &mut Context<'_>,
    address_at: Ptr,
    size_at: Ptr,
    text: Ptr,
    separator: i32,
) -> Result<i32> {
    let text = c.text(text)?;
    if text.is_empty() {
        return Ok(0);
    }
    let vector = Vector { address_at, size_at };
    let (_, mut bytes) = vector.read(c)?;
    let separator = byte(separator);
    for it in text.iter().chain([&0]) {
        if i32::from(*it) != separator {
            bytes.push(*it);
        } else if bytes.last().is_some_and(|last| *last != 0) {
            bytes.push(0);
        }
    }
    vector.store(c, &bytes)
}

fn delete(c: &mut Context<'_>, address_at: Ptr, size_at: Ptr, entry: Ptr) -> Result<()> {
    if entry.is_null() {
        return Ok(());
    }
    Vector { address_at, size_at }.remove(c, entry)
}

fn insert(c: &mut Context<'_>, address_at: Ptr, size_at: Ptr, before: Ptr, text: Ptr) -> Result<i32> {
    if before.is_null() {
        return add(c, address_at, size_at, text);
    }
    let vector = Vector { address_at, size_at };
    let (address, mut bytes) = vector.read(c)?;
    let Some(mut place) = place(address, &bytes, before) else {
        return Ok(c.state.abi.error(Errno::EINVAL) as i32);
    };
    // The middle of an entry means its beginning.
    while place > 0 && bytes[place - 1] != 0 {
        place -= 1;
    }
    let mut text = c.text(text)?;
    text.push(0);
    bytes.splice(place..place, text);
    vector.store(c, &bytes)
}

fn replace(
    c: &mut Context<'_>,
    address_at: Ptr,
    size_at: Ptr,
    wanted: Ptr,
    with: Ptr,
    count_at: Ptr,
) -> Result<i32> {
    let wanted = c.text(wanted)?;
    if wanted.is_empty() {
        return Ok(0);
    }
    let with = c.text(with)?;
    let vector = Vector { address_at, size_at };
    let (_, bytes) = vector.read(c)?;
    let (mut found, mut at, mut out) = (0_u32, 0, Vec::new());
    for place in ::memchr::memmem::find_iter(&bytes, &wanted) {
        out.extend_from_slice(&bytes[at..place]);
        out.extend_from_slice(&with);
        at = place + wanted.len();
        found = found.wrapping_add(1);
        if out.len() > LONGEST {
            return Ok(no_memory(c));
        }
    }
    if found == 0 {
        return Ok(0);
    }
    out.extend_from_slice(&bytes[at..]);
    if !count_at.is_null() {
        let before = c.read_int(count_at)? as u32;
        c.write_int(count_at, before.wrapping_add(found) as i32)?;
    }
    vector.store(c, &out)
}

fn next(c: &mut Context<'_>, address: Ptr, size: Size, entry: Ptr) -> Result<Ptr> {
    if entry.is_null() {
        return Ok(if size.0 > 0 { address } else { Ptr::NULL });
    }
    let end = address.add(size.0);
    if entry >= end {
        return Ok(Ptr::NULL);
    }
    let length = c.text(entry)?.len() as u64;
    let next = entry.add(length + 1);
    Ok(if next < end { next } else { Ptr::NULL })
}
