//! What items that map memory have in common: writing mappings into an
//! emulator, and reading them back without copying what did not change.

use std::sync::Arc;

use terrella_emulator_api::{AddressRange, Emulator, MemoryMap, MemoryRegion, Overlap, Permissions};

use crate::{
    Difference, PAGE_SIZE, Pages, Result,
    pages::{is_zero, page_range},
};

/// Maps a region and writes the bytes of it that are not zero.
pub(crate) fn apply(emulator: &mut dyn Emulator, region: MemoryRegion, data: &Pages) -> Result<()> {
    let range = region.range;
    if range.is_empty() {
        return Ok(());
    }
    emulator.map_memory_with(range, region.permissions, Overlap::Refuse)?;
    for (number, page) in data.in_range(range) {
        if is_zero(&page[..]) {
            continue;
        }
        let cut = page_range(number).intersection(&range);
        let first = (cut.first() % PAGE_SIZE as u64) as usize;
        let bytes = &page[first..=first + (cut.last() - cut.first()) as usize];
        if region.permissions.allows(Permissions::EXECUTE) {
            emulator.write_code(cut.first(), bytes)?;
        } else {
            emulator.write_memory(cut.first(), bytes)?;
        }
    }
    Ok(())
}

/// What is mapped of a range.
pub(crate) fn mapped_in(emulator: &dyn Emulator, range: AddressRange) -> Vec<MemoryRegion> {
    emulator
        .memory_map()
        .into_iter()
        .map(|region| MemoryRegion { range: region.range.intersection(&range), ..region })
        .filter(|region| !region.range.is_empty())
        .collect()
}

/// Reads a mapped range into `data`, page by page; a page that did not change
/// stays shared. Gives the parts of pages that changed.
pub(crate) fn read_pages(
    emulator: &dyn Emulator,
    range: AddressRange,
    data: &mut Pages,
) -> Result<Vec<AddressRange>> {
    let mut changed = Vec::new();
    if range.is_empty() {
        return Ok(changed);
    }
    let mut buffer = [0; PAGE_SIZE];
    for number in range.first() / PAGE_SIZE as u64..=range.last() / PAGE_SIZE as u64 {
        let cut = page_range(number).intersection(&range);
        let first = (cut.first() % PAGE_SIZE as u64) as usize;
        let last = first + (cut.last() - cut.first()) as usize;
        let bytes = &mut buffer[first..=last];
        emulator.read_memory(cut.first(), bytes)?;
        let same = match data.page(number) {
            Some(page) => page[first..=last] == *bytes,
            None => is_zero(bytes),
        };
        if same {
            continue;
        }
        if bytes.len() == PAGE_SIZE {
            data.set_page(number, Arc::new(buffer));
        } else {
            data.write(cut.first(), bytes);
        }
        changed.push(cut);
    }
    Ok(changed)
}

/// How many of `size` bytes from `address` on are mapped.
pub(crate) fn held(map: &MemoryMap, address: u64, size: usize) -> usize {
    let Ok(range) = AddressRange::sized(address, size as u64) else { return 0 };
    map.first_unmapped(range).map_or(size, |missing| (missing - address) as usize)
}

/// The mapped ranges for people.
pub(crate) fn map_text(parts: &[MemoryRegion]) -> String {
    match parts {
        [] => "(not mapped)".to_owned(),
        [part] => part.permissions.to_string(),
        parts => {
            let texts: Vec<String> =
                parts.iter().take(8).map(|part| format!("{} {}", part.range, part.permissions)).collect();
            let more = if parts.len() > 8 { format!(" and {} more", parts.len() - 8) } else { String::new() };
            texts.join(", ") + &more
        }
    }
}

/// Adds a change of the mapped ranges.
pub(crate) fn map_diff(
    item: &str,
    before: &[MemoryRegion],
    after: &[MemoryRegion],
    out: &mut Vec<Difference>,
) {
    if before != after {
        let text = |parts: &[MemoryRegion]| {
            let texts: Vec<String> =
                parts.iter().map(|part| format!("{} {}", part.range, part.permissions)).collect();
            if texts.is_empty() { "(not mapped)".to_owned() } else { texts.join(", ") }
        };
        out.push(Difference::Map { item: item.to_owned(), before: text(before), after: text(after) });
    }
}
