//! The tables of PE files: base relocations, imports, delayed imports,
//! exports and thread-local storage.

use object::{LittleEndian as LE, pe, read::pe::DataDirectories};

use super::{BaseRelocation, Export, Image, Library, Reference, TlsDirectory, headers::malformed};
use crate::{Error, Result};

/// Most relocations, imports, exports and libraries of a file.
const RELOCATION_LIMIT: usize = 1 << 22;
const IMPORT_LIMIT: usize = 1 << 20;
const EXPORT_LIMIT: u64 = 1 << 20;
const LIBRARY_LIMIT: u64 = 4096;
/// The longest name of an export, an import or a library.
const NAME_LIMIT: usize = 4096;
/// Most bytes of names of one file.
const NAMES_LIMIT: usize = 1 << 24;

/// Reads the tables that the headers name.
pub(super) fn read(directories: &DataDirectories<'_>, image: &mut Image) -> Result<()> {
    let directory = |index: usize| {
        let found = directories.get(index)?;
        let (place, size) = (u64::from(found.virtual_address.get(LE)), u64::from(found.size.get(LE)));
        (place != 0).then_some((place, size))
    };
    if let Some((place, size)) = directory(pe::IMAGE_DIRECTORY_ENTRY_BASERELOC) {
        image.relocations = relocations(image, place, size)?;
    }
    let mut names = NAMES_LIMIT;
    if let Some((place, _)) = directory(pe::IMAGE_DIRECTORY_ENTRY_IMPORT) {
        imports(image, place, &mut names)?;
    }
    if let Some((place, _)) = directory(pe::IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT) {
        delayed(image, place, &mut names)?;
    }
    if let Some((place, size)) = directory(pe::IMAGE_DIRECTORY_ENTRY_EXPORT) {
        exports(image, place, size, &mut names)?;
    }
    if let Some((place, _)) = directory(pe::IMAGE_DIRECTORY_ENTRY_TLS) {
        let word = image.word as u64;
        let outside = || malformed(&image.name, "the table of thread-local storage is not in memory", place);
        let zeros = image.integer(place + 4 * word, 4).ok_or_else(outside)?;
        let flags = image.integer(place + 4 * word + 4, 4).ok_or_else(outside)?;
        // IMAGE_SCN_ALIGN_*: one more than the power of two.
        let power = (flags >> 20 & 0xf).saturating_sub(1);
        image.tls = Some(TlsDirectory { place, zeros, alignment: 1 << power });
    }
    Ok(())
}

/// Blocks of relocations: the page, the size, and entries of four bits of
/// type and twelve bits of offset.
fn relocations(image: &Image, place: u64, size: u64) -> Result<Vec<BaseRelocation>> {
    let outside = |at| malformed(&image.name, "the table of relocations is not in memory", at);
    let mut found = Vec::new();
    let mut at = place;
    let end = place.saturating_add(size);
    while end.saturating_sub(at) >= 8 {
        let page = image.integer(at, 4).ok_or_else(|| outside(at))?;
        let block = image.integer(at + 4, 4).ok_or_else(|| outside(at))?;
        if block < 8 {
            // Zeros fill the table up.
            break;
        }
        let mut entries = (at + 8..(at + block).min(end)).step_by(2);
        while let Some(entry) = entries.next() {
            let value = image.integer(entry, 2).ok_or_else(|| outside(entry))?;
            let kind = (value >> 12) as u16;
            let low = match kind {
                pe::IMAGE_REL_BASED_HIGHADJ => match entries.next() {
                    Some(next) => image.integer(next, 2).ok_or_else(|| outside(next))? as u16,
                    None => return Err(outside(entry)),
                },
                _ => 0,
            };
            if kind != pe::IMAGE_REL_BASED_ABSOLUTE {
                found.push(BaseRelocation { place: page + (value & 0xfff), kind, low });
            }
            if found.len() > RELOCATION_LIMIT {
                return Err(too_many(image, "table of relocations", RELOCATION_LIMIT as u64));
            }
        }
        at += block;
    }
    Ok(found)
}

fn too_many(image: &Image, what: &'static str, limit: u64) -> Error {
    Error::TooLarge { file: image.name.clone(), what, size: limit + 1, limit }
}

/// A name, within what all names of a file may have.
fn name(image: &Image, place: u64, budget: &mut usize) -> Result<String> {
    let broken = || malformed(&image.name, "a name is not in memory, or too long", place);
    let name = image.text(place, NAME_LIMIT).ok_or_else(broken)?;
    *budget = budget.checked_sub(name.len() + 1).ok_or_else(broken)?;
    Ok(name)
}

/// Descriptors of 20 bytes: names, time, forwarders, library, addresses.
fn imports(image: &mut Image, place: u64, budget: &mut usize) -> Result<()> {
    for index in 0..LIBRARY_LIMIT {
        let at = place + 20 * index;
        let outside = || malformed(&image.name, "the table of imports is not in memory", at);
        let field = |field: u64| image.integer(at + 4 * field, 4).ok_or_else(outside);
        let (names, library, slots) = (field(0)?, field(3)?, field(4)?);
        if library == 0 || slots == 0 {
            return Ok(());
        }
        // Old linkers leave the names where the addresses go.
        let names = if names == 0 { slots } else { names };
        let library = self::library(image, library, names, slots, 0, budget)?;
        image.imports.push(library);
    }
    Err(too_many(image, "table of imports", LIBRARY_LIMIT))
}

/// Descriptors of 32 bytes: attributes, library, handle, addresses, names,
/// bound addresses, unload table, time. Without the first attribute, places
/// are addresses.
fn delayed(image: &mut Image, place: u64, budget: &mut usize) -> Result<()> {
    for index in 0..LIBRARY_LIMIT {
        let at = place + 32 * index;
        let outside = || malformed(&image.name, "the table of delayed imports is not in memory", at);
        let field = |field: u64| image.integer(at + 4 * field, 4).ok_or_else(outside);
        let (attributes, library, slots, names) = (field(0)?, field(1)?, field(3)?, field(4)?);
        if library == 0 {
            return Ok(());
        }
        let base = if attributes & 1 == 1 { 0 } else { image.preferred };
        let from = |address: u64| address.wrapping_sub(base) & 0xffff_ffff;
        let library = self::library(image, from(library), from(names), from(slots), base, budget)?;
        image.imports.push(library);
    }
    Err(too_many(image, "table of delayed imports", LIBRARY_LIMIT))
}

/// The entries of a library: an ordinal with the highest bit, or the place of
/// a hint of 16 bits and a name.
fn library(
    image: &Image,
    title: u64,
    names: u64,
    slots: u64,
    base: u64,
    budget: &mut usize,
) -> Result<Library> {
    let word = image.word as u64;
    let mut library = Library { name: name(image, title, budget)?, entries: Vec::new() };
    let imported: usize = image.imports.iter().map(|library| library.entries.len()).sum();
    for index in 0.. {
        let at = names + index * word;
        let entry = image
            .pointer(at)
            .ok_or_else(|| malformed(&image.name, "the names of imports are not in memory", at))?;
        if entry == 0 {
            break;
        }
        if imported + library.entries.len() >= IMPORT_LIMIT {
            return Err(too_many(image, "table of imports", IMPORT_LIMIT as u64));
        }
        let reference = if entry >> (8 * word - 1) == 1 {
            Reference::Ordinal(entry as u32 & 0xffff)
        } else {
            let place = entry.wrapping_sub(base) & 0x7fff_ffff;
            Reference::Name(name(image, place + 2, budget)?)
        };
        library.entries.push((slots + index * word, reference));
    }
    Ok(library)
}

/// The directory, the addresses by ordinal, the names, and their ordinals. An
/// address inside of the directory's own range is the name of a forwarder.
fn exports(image: &mut Image, place: u64, size: u64, budget: &mut usize) -> Result<()> {
    let outside = |at| malformed(&image.name, "the table of exports is not in memory", at);
    let field = |at: u64| image.integer(place + at, 4).ok_or_else(|| outside(place + at));
    let (base, functions, named) = (field(16)?, field(20)?, field(24)?);
    let (addresses, names, ordinals) = (field(28)?, field(32)?, field(36)?);
    if functions > EXPORT_LIMIT || named > EXPORT_LIMIT {
        return Err(too_many(image, "table of exports", EXPORT_LIMIT));
    }
    let mut found = super::Exports::default();
    for index in 0..functions {
        let at = addresses + 4 * index;
        let address = image.integer(at, 4).ok_or_else(|| outside(at))?;
        let export = match address {
            0 => continue,
            _ if (place..place.saturating_add(size)).contains(&address) => {
                Export::Forward(name(image, address, budget)?)
            }
            _ => Export::Address(address),
        };
        found.by_ordinal.insert(base.wrapping_add(index) as u32, export);
    }
    for index in 0..named {
        let (name_at, ordinal_at) = (names + 4 * index, ordinals + 2 * index);
        let text = image.integer(name_at, 4).ok_or_else(|| outside(name_at))?;
        let ordinal = image.integer(ordinal_at, 2).ok_or_else(|| outside(ordinal_at))?;
        let name = name(image, text, budget)?;
        found.by_name.entry(name).or_insert(base.wrapping_add(ordinal) as u32);
    }
    image.exports = found;
    Ok(())
}
