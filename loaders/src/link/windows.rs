//! Linking of PE files: base relocations, and imports from the exports of
//! other modules.

use std::collections::HashMap;

use object::pe as format;
use terrella_platforms::Platform;

use super::{Binding, LinkReport, Member, SkippedRelocation, imports::Imports};
use crate::{
    Error, Options, Result, UnknownRelocations,
    pe::{BaseRelocation, Export, Image, Reference},
    relocation::Target,
};

/// How many forwarders are followed from one export to the next.
const FORWARD_LIMIT: usize = 32;

/// Applies the base relocations of all images.
pub(super) fn relocate(members: &mut [Member], options: &Options, report: &mut LinkReport) -> Result<()> {
    for member in members.iter_mut() {
        if let Member::Windows(image) = member {
            move_image(image, options, report)?;
        }
    }
    Ok(())
}

/// Puts addresses into the slots of imports, and numbers the modules with
/// thread-local storage.
pub(super) fn bind(members: &mut [Member], imports: &mut Imports, report: &mut LinkReport) -> Result<()> {
    let libraries = libraries(members);
    let mut number = 0;
    for index in 0..members.len() {
        let Some(Member::Windows(image)) = members.get(index) else { continue };
        let wanted = image.imports.clone();
        let from = image.name.clone();
        // The number by which code finds its block of thread-local storage.
        let local = image.thread_local().map(|(_, place)| place);
        let mut values = Vec::new();
        for library in wanted {
            for (slot, reference) in library.entries {
                let value = match find(members, &libraries, &library.name, &reference) {
                    Some((member, address)) => {
                        let to = members[member].name().to_owned();
                        report.bindings.push(Binding { symbol: reference.text(), from: from.clone(), to });
                        address
                    }
                    None => {
                        let target = imports.target_from(&library.name, &reference.text(), index);
                        let Target { value, thumb, .. } = target;
                        if let Some(Member::Windows(image)) = members.get(index) {
                            imports.slot_from(&library.name, &reference.text(), index, image.placed(slot));
                        }
                        value | u64::from(thumb)
                    }
                };
                values.push((slot, value));
            }
        }
        let Some(Member::Windows(image)) = members.get_mut(index) else { continue };
        let word = image.word;
        for (slot, value) in values {
            image.put(slot, value, word).ok_or_else(|| Error::RelocationOutside {
                file: from.clone(),
                name: "an import",
                place: image.placed(slot),
            })?;
        }
        if let Some(place) = local {
            image.put(place, number, 4).ok_or_else(|| Error::RelocationOutside {
                file: from.clone(),
                name: "the index of thread-local storage",
                place: image.placed(place),
            })?;
            number += 1;
        }
    }
    report.bindings.sort();
    report.bindings.dedup();
    Ok(())
}

/// Modules by the name that imports use: in lower case, without `.dll`.
fn key(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    name.strip_suffix(".dll").map_or(name.clone(), str::to_owned)
}

fn libraries(members: &[Member]) -> HashMap<String, usize> {
    let mut libraries = HashMap::new();
    for (index, member) in members.iter().enumerate() {
        libraries.entry(key(member.name())).or_insert(index);
    }
    libraries
}

/// The module and the address of what a library exports.
fn find(
    members: &[Member],
    libraries: &HashMap<String, usize>,
    library: &str,
    reference: &Reference,
) -> Option<(usize, u64)> {
    let mut library = key(library);
    let mut reference = reference.clone();
    for _ in 0..FORWARD_LIMIT {
        let index = *libraries.get(&library)?;
        match members.get(index)? {
            Member::Windows(image) => match image.exports.find(&reference)? {
                Export::Address(place) => return Some((index, image.placed(*place))),
                Export::Forward(text) => {
                    // The library's name may have dots, the symbol's has none.
                    let (to, symbol) = text.rsplit_once('.')?;
                    library = key(to);
                    reference = match symbol.strip_prefix('#').map(str::parse) {
                        Some(Ok(ordinal)) => Reference::Ordinal(ordinal),
                        _ => Reference::Name(symbol.to_owned()),
                    };
                }
            },
            // An image made by hand.
            Member::Ready(executable) => {
                let symbol = executable.symbol(&reference.text()).ok()?;
                return Some((index, symbol.address));
            }
            Member::Module(_) => return None,
        }
    }
    None
}

fn move_image(image: &mut Image, options: &Options, report: &mut LinkReport) -> Result<()> {
    let delta = image.base.wrapping_sub(image.preferred);
    if delta == 0 {
        return Ok(());
    }
    for relocation in std::mem::take(&mut image.relocations) {
        let place = image.placed(relocation.place);
        match one(image, &relocation, delta) {
            Ok(()) => report.applied += 1,
            Err(Problem::Outside(name)) => {
                return Err(Error::RelocationOutside { file: image.name.clone(), name, place });
            }
            Err(Problem::Unknown) => {
                let number = relocation.kind.into();
                if options.unknown_relocations == UnknownRelocations::Refuse {
                    return Err(Error::UnknownRelocation {
                        file: image.name.clone(),
                        platform: image.platform,
                        number,
                        place,
                    });
                }
                report.skipped.push(SkippedRelocation {
                    module: image.name.clone(),
                    kind: format!("type {number}"),
                    place,
                    symbol: String::new(),
                });
            }
        }
    }
    Ok(())
}

enum Problem {
    Unknown,
    Outside(&'static str),
}

/// "PE Format", section "Base relocation types".
fn one(image: &mut Image, relocation: &BaseRelocation, delta: u64) -> Result<(), Problem> {
    let place = relocation.place;
    let arm = image.platform == Platform::ARMV7A;
    let mut change = |name, size: usize, value: &dyn Fn(u64) -> u64| {
        let old = image.integer(place, size).ok_or(Problem::Outside(name))?;
        image.put(place, value(old), size).ok_or(Problem::Outside(name))
    };
    match relocation.kind {
        format::IMAGE_REL_BASED_HIGHLOW => {
            change("IMAGE_REL_BASED_HIGHLOW", 4, &|old| old.wrapping_add(delta))
        }
        format::IMAGE_REL_BASED_DIR64 => change("IMAGE_REL_BASED_DIR64", 8, &|old| old.wrapping_add(delta)),
        format::IMAGE_REL_BASED_HIGH => {
            change("IMAGE_REL_BASED_HIGH", 2, &|old| old.wrapping_add(delta >> 16))
        }
        format::IMAGE_REL_BASED_LOW => change("IMAGE_REL_BASED_LOW", 2, &|old| old.wrapping_add(delta)),
        format::IMAGE_REL_BASED_HIGHADJ => change("IMAGE_REL_BASED_HIGHADJ", 2, &|old| {
            let low = i64::from(relocation.low as i16) as u64;
            (old << 16).wrapping_add(low).wrapping_add(delta).wrapping_add(0x8000) >> 16
        }),
        format::IMAGE_REL_BASED_THUMB_MOV32 if arm => thumb_mov32(image, place, delta as u32),
        format::IMAGE_REL_BASED_ARM_MOV32 if arm => arm_mov32(image, place, delta as u32),
        _ => Err(Problem::Unknown),
    }
}

/// MOVW and MOVT of Thumb, whose halves of the value are in `imm4:i:imm3:imm8`
/// (Arm Architecture Reference Manual, ARMv7-A, A8.8.102, A8.8.106).
fn thumb_mov32(image: &mut Image, place: u64, delta: u32) -> Result<(), Problem> {
    const NAME: Problem = Problem::Outside("IMAGE_REL_BASED_THUMB_MOV32");
    let get = |unit: u64| {
        let (high, low) = (unit as u32 & 0xffff, (unit >> 16) as u32);
        (high & 0xf) << 12 | (high >> 10 & 1) << 11 | (low >> 12 & 7) << 8 | low & 0xff
    };
    let set = |unit: u64, value: u32| {
        let high = (unit as u32 & 0xfbf0) | value >> 12 & 0xf | (value >> 11 & 1) << 10;
        let low = ((unit >> 16) as u32 & 0x8f00) | (value >> 8 & 7) << 12 | value & 0xff;
        u64::from(high) | u64::from(low) << 16
    };
    let (first, second) = (image.integer(place, 4).ok_or(NAME)?, image.integer(place + 4, 4).ok_or(NAME)?);
    let value = (get(first) | get(second) << 16).wrapping_add(delta);
    image.put(place, set(first, value & 0xffff), 4).ok_or(NAME)?;
    image.put(place + 4, set(second, value >> 16), 4).ok_or(NAME)
}

/// MOVW and MOVT of ARM, with the halves in `imm4:imm12`.
fn arm_mov32(image: &mut Image, place: u64, delta: u32) -> Result<(), Problem> {
    const NAME: Problem = Problem::Outside("IMAGE_REL_BASED_ARM_MOV32");
    let get = |unit: u64| (unit as u32 >> 4 & 0xf000) | unit as u32 & 0xfff;
    let set = |unit: u64, value: u32| {
        u64::from((unit as u32 & 0xfff0_f000) | (value & 0xf000) << 4 | value & 0xfff)
    };
    let (first, second) = (image.integer(place, 4).ok_or(NAME)?, image.integer(place + 4, 4).ok_or(NAME)?);
    let value = (get(first) | get(second) << 16).wrapping_add(delta);
    image.put(place, set(first, value & 0xffff), 4).ok_or(NAME)?;
    image.put(place + 4, set(second, value >> 16), 4).ok_or(NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_found_in_any_case() {
        assert_eq!(key("KERNEL32.dll"), "kernel32");
        assert_eq!(key("Foo"), key("foo.DLL"));
    }
}
