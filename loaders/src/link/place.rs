//! Placing: every module gets addresses of its own.

use terrella_emulator_api::AddressRange;
use terrella_platforms::Platform;

use super::{LinkReport, Member, PlacedModule};
use crate::{Error, Options, Result, pe};

/// Where the first module goes that can go anywhere.
const DEFAULT_BASE: u64 = 0x40_0000;
/// The same, in address spaces of less than 32 bits.
const SMALL_BASE: u64 = 0x4400;

/// Gives every movable module its bias, fixed ones first. Returns the first
/// address above all of them.
pub(super) fn place(
    members: &mut [Member],
    platform: Platform,
    options: &Options,
    report: &mut LinkReport,
) -> Result<u64> {
    let small = platform.definition().address_bits < 32;
    let mut taken: Vec<(AddressRange, String)> = Vec::new();
    for member in members.iter() {
        match member {
            Member::Ready(executable) => {
                for segment in &executable.segments {
                    take(&mut taken, segment.range, &executable.name)?;
                }
            }
            Member::Module(module) if !module.movable => {
                for segment in &module.segments {
                    take(&mut taken, segment.range, &module.name)?;
                }
            }
            Member::Windows(image) if !image.movable => take(&mut taken, image.range(), &image.name)?,
            Member::Module(_) | Member::Windows(_) => {}
        }
    }
    let mut base = options.base;
    let mut next = base.unwrap_or(if small { SMALL_BASE } else { DEFAULT_BASE });
    let highest = platform.definition().highest_address();
    for member in members.iter_mut() {
        let module = match member {
            Member::Module(module) => module,
            Member::Windows(image) if image.movable => {
                windows(image, base.take(), highest, &mut taken)?;
                next = next.max(image.range().last().saturating_add(1));
                continue;
            }
            _ => continue,
        };
        let span = module.span();
        if !module.movable || span.is_empty() {
            continue;
        }
        let size = span.size().unwrap_or(u64::MAX);
        let no_room = |from| Error::NoRoom { file: module.name.clone(), size, from, platform };
        let highest = if module.class_bits == 32 { highest.min(u64::from(u32::MAX)) } else { highest };
        // The caller's base is a bias; ours is for the first address.
        let (bias, range) = match base.take() {
            Some(bias) => {
                let first = span.first().checked_add(bias).ok_or_else(|| no_room(bias))?;
                (bias, AddressRange::sized(first, size).map_err(|_| no_room(bias))?)
            }
            None => {
                let align = module.alignment;
                let from_page = span.first() & (align - 1);
                let mut start = next;
                loop {
                    start = start.checked_add(align - 1).ok_or_else(|| no_room(next))? & !(align - 1);
                    let first = start.checked_add(from_page).ok_or_else(|| no_room(next))?;
                    let range = AddressRange::sized(first, size).map_err(|_| no_room(next))?;
                    match taken.iter().find(|(other, _)| other.overlaps(&range)) {
                        None => break (first.wrapping_sub(span.first()), range),
                        Some((other, _)) => {
                            start = other.last().checked_add(1).ok_or_else(|| no_room(next))?
                        }
                    }
                }
            }
        };
        if range.last() > highest {
            return Err(no_room(next));
        }
        module.bias = bias;
        take(&mut taken, range, &module.name)?;
        next = range.last().saturating_add(1);
    }
    for member in members.iter() {
        report.modules.push(match member {
            Member::Module(module) => {
                let span = module.span();
                PlacedModule {
                    name: module.name.clone(),
                    range: if span.is_empty() {
                        span
                    } else {
                        (module.placed(span.first())..=module.placed(span.last())).into()
                    },
                    bias: module.bias,
                    needed: module.needed.clone(),
                }
            }
            Member::Windows(image) => PlacedModule {
                name: image.name.clone(),
                range: image.range(),
                bias: image.base.wrapping_sub(image.preferred),
                needed: image.imports.iter().map(|library| library.name.clone()).collect(),
            },
            Member::Ready(executable) => PlacedModule {
                name: executable.name.clone(),
                range: executable.span().unwrap_or(AddressRange::EMPTY),
                bias: executable.load_bias,
                needed: Vec::new(),
            },
        });
    }
    let last = taken.iter().map(|(range, _)| range.last()).filter(|last| *last < highest).max();
    Ok(last.map_or(next, |last| last + 1))
}

/// Puts an image where it wants to be, or else above what is in the way.
fn windows(
    image: &mut pe::Image,
    base: Option<u64>,
    highest: u64,
    taken: &mut Vec<(AddressRange, String)>,
) -> Result<()> {
    let no_room = |image: &pe::Image, from| Error::NoRoom {
        file: image.name.clone(),
        size: image.size,
        from,
        platform: image.platform,
    };
    let highest = if image.word == 4 { highest.min(u64::from(u32::MAX)) } else { highest };
    let wanted = base.unwrap_or(image.preferred);
    if !wanted.is_multiple_of(pe::IMAGE_ALIGNMENT) {
        return Err(no_room(image, wanted));
    }
    let mut first = wanted;
    loop {
        let range = AddressRange::sized(first, image.size).map_err(|_| no_room(image, wanted))?;
        if range.last() > highest {
            return Err(no_room(image, wanted));
        }
        match taken.iter().find(|(other, _)| other.overlaps(&range)) {
            Some((other, _)) if base.is_none() => {
                let next = other.last().checked_add(1).ok_or_else(|| no_room(image, wanted))?;
                first = next
                    .checked_next_multiple_of(pe::IMAGE_ALIGNMENT)
                    .ok_or_else(|| no_room(image, wanted))?;
            }
            _ => {
                image.base = first;
                return take(taken, range, &image.name);
            }
        }
    }
}

fn take(taken: &mut Vec<(AddressRange, String)>, range: AddressRange, name: &str) -> Result<()> {
    if range.is_empty() {
        return Ok(());
    }
    if let Some((existing, other)) = taken.iter().find(|(existing, _)| existing.overlaps(&range)) {
        return Err(Error::Overlap {
            file: name.to_owned(),
            range,
            other: other.clone(),
            existing: *existing,
        });
    }
    taken.push((range, name.to_owned()));
    Ok(())
}
