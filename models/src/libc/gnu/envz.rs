//! `envz.h`: vectors whose entries are names and values, with `=` between them
//! (GNU C Library manual, 5.15.2).

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Header, Ptr, Size, Standard, models},
    },
    argz::{Vector, content, end_of, extended},
};

pub(crate) static HEADER: Header = Header {
    name: "envz.h",
    standard: Standard::Extension,
    models: models! {
        envz_entry = entry;
        envz_get = get;
        envz_add = add;
        envz_merge = merge;
        envz_remove = remove;
        envz_strip = strip;
    },
};

/// The name of an entry, or of a text that names one.
fn name(entry: &[u8]) -> &[u8] {
    let end = entry.iter().position(|byte| matches!(byte, b'=' | 0)).unwrap_or(entry.len());
    &entry[..end]
}

/// Where the entry of a name begins.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < bytes.len() {
        let end = end_of(bytes, at);
        if name(&bytes[at..end]) == name(wanted) {
            return Some(at);
        }
        at = end;
    }
    None
}

fn entry(c: &mut Context<'_>, address: Ptr, size: Size, wanted: Ptr) -> Result<Ptr> {
    let (bytes, wanted) = (content(c, address, size.0)?, c.text(wanted)?);
    Ok(find(&bytes, &wanted).map_or(Ptr::NULL, |place| address.add(place as u64)))
}

fn get(c: &mut Context<'_>, address: Ptr, size: Size, wanted: Ptr) -> Result<Ptr> {
    let (bytes, wanted) = (content(c, address, size.0)?, c.text(wanted)?);
    let Some(place) = find(&bytes, &wanted) else { return Ok(Ptr::NULL) };
    let value = place + name(&bytes[place..]).len();
    // Without a value there is nothing, not even an empty text.
    Ok(if bytes.get(value) == Some(&b'=') { address.add(value as u64 + 1) } else { Ptr::NULL })
}

fn removed(c: &mut Context<'_>, vector: Vector, wanted: &[u8]) -> Result<()> {
    let (address, bytes) = vector.read(c)?;
    match find(&bytes, wanted) {
        Some(place) => vector.remove(c, address.add(place as u64)),
        None => Ok(()),
    }
}

fn remove(c: &mut Context<'_>, address_at: Ptr, size_at: Ptr, wanted: Ptr) -> Result<()> {
    let wanted = c.text(wanted)?;
    removed(c, Vector { address_at, size_at }, &wanted)
}

fn add(c: &mut Context<'_>, address_at: Ptr, size_at: Ptr, wanted: Ptr, value: Ptr) -> Result<i32> {
    let vector = Vector { address_at, size_at };
    let mut entry = c.text(wanted)?;
    removed(c, vector, &entry)?;
    if !value.is_null() {
        entry.push(b'=');
        entry.extend(c.text(value)?);
    }
    entry.push(0);
    extended(c, vector, &entry)
}

fn merge(
    c: &mut Context<'_>,
    address_at: Ptr,
    size_at: Ptr,
    from: Ptr,
    size: Size,
    overrides: i32,
) -> Result<i32> {
    let vector = Vector { address_at, size_at };
    let more = content(c, from, size.0)?;
    let mut at = 0;
    while at < more.len() {
        let end = end_of(&more, at);
        let entry = &more[at..end];
        at = end;
        let (_, bytes) = vector.read(c)?;
        let known = find(&bytes, entry).is_some();
        if known && overrides == 0 {
            continue;
        }
        removed(c, vector, entry)?;
        let error = extended(c, vector, entry)?;
        if error != 0 {
            return Ok(error);
        }
    }
    Ok(0)
}

fn strip(c: &mut Context<'_>, address_at: Ptr, size_at: Ptr) -> Result<()> {
    let (address, bytes) = Vector { address_at, size_at }.read(c)?;
    let (mut at, mut kept) = (0, Vec::with_capacity(bytes.len()));
    while at < bytes.len() {
        let end = end_of(&bytes, at);
        if bytes[at..end].contains(&b'=') {
            kept.extend_from_slice(&bytes[at..end]);
        }
        at = end;
    }
    c.write(address, &kept)?;
    c.write_pointer(size_at, Ptr(kept.len() as u64))
}
