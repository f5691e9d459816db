//! [`Image`]: the memory of a process that does not run.
//!
//! Pages that two processes have alike since a `fork` are kept once: going
//! away from a process copies those that it has written, and going to one
//! writes those that differ.

use std::{collections::HashSet, sync::Arc};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{AddressRange, Emulator, Error, MemoryRegion, Overlap, Permissions};
use terrella_machine_state::{PAGE_SIZE, Page, Pages};

/// The part of memory that is copied at a time.
const CHUNK: usize = 1 << 20;

/// What is mapped, and what is in it, except for what processes share.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Image {
    regions: Vec<MemoryRegion>,
    pages: Pages,
}

/// Ranges that are sorted and apart from each other, without the parts that are
/// in others.
fn without(ranges: impl Iterator<Item = AddressRange>, others: &[AddressRange]) -> Vec<AddressRange> {
    let mut rest: Vec<AddressRange> = ranges.collect();
    for other in others.iter().filter(|other| !other.is_empty()) {
        let mut next = Vec::with_capacity(rest.len() + 1);
        for range in rest {
            if !range.overlaps(other) {
                next.push(range);
                continue;
            }
            if range.first() < other.first() {
                next.push((range.first()..=other.first() - 1).into());
            }
            if range.last() > other.last() {
                next.push((other.last() + 1..=range.last()).into());
            }
        }
        rest = next;
    }
    rest
}

fn ranges_of(regions: &[MemoryRegion]) -> Vec<AddressRange> {
    regions.iter().map(|region| region.range).collect()
}

/// The permissions at an address, and the last address to which they are the
/// same.
fn at(regions: &[MemoryRegion], address: u64) -> (Option<Permissions>, u64) {
    let after = regions.partition_point(|region| region.range.last() < address);
    match regions.get(after) {
        Some(region) if region.range.first() <= address => (Some(region.permissions), region.range.last()),
        Some(region) => (None, region.range.first() - 1),
        None => (None, u64::MAX),
    }
}

/// Makes the map of an emulator that of these regions.
fn remap(emulator: &mut dyn Emulator, wanted: &[MemoryRegion]) -> Result<(), Error> {
    let present = emulator.memory_map();
    let mut here = 0;
    loop {
        let ((old, old_end), (new, new_end)) = (at(&present, here), at(wanted, here));
        let last = old_end.min(new_end);
        let range = AddressRange::from(here..=last);
        match (old, new) {
            (Some(_), None) => emulator.unmap_memory(range)?,
            (None, Some(new)) => emulator.map_memory_with(range, new, Overlap::Refuse)?,
            (Some(old), Some(new)) if old != new => emulator.protect_memory(range, new)?,
            _ => {}
        }
        match last.checked_add(1) {
            Some(next) => here = next,
            None => return Ok(()),
        }
    }
}

impl Image {
    /// Takes up what the memory of the process is now: all but the ranges that
    /// processes share, of which there are none before and after in pages.
    pub(crate) fn refresh(&mut self, emulator: &dyn Emulator, shared: &[AddressRange]) -> Result<(), Error> {
        self.regions = emulator.memory_map();
        let mut next = Some(0);
        let touched = self.regions.iter().flat_map(|region| emulator.touched_memory(region.range));
        let mut buffer = vec![0; CHUNK];
        for range in without(touched, shared) {
            // What is between was never touched, or is there no more.
            if let Some(from) = next.filter(|from| *from < range.first()) {
                self.pages.clear((from..=range.first() - 1).into());
            }
            let mut here = range.first();
            loop {
                // Whole pages at a time, so that none is copied twice.
                let most = CHUNK as u64 - here % PAGE_SIZE as u64;
                let size = (range.last() - here).saturating_add(1).min(most);
                let bytes = &mut buffer[..size as usize];
                emulator.read_memory(here, bytes)?;
                self.pages.write(here, bytes);
                match here.checked_add(size) {
                    Some(after) if after <= range.last() => here = after,
                    _ => break,
                }
            }
            next = range.last().checked_add(1);
        }
        if let Some(from) = next {
            self.pages.clear((from..=u64::MAX).into());
        }
        Ok(())
    }

    /// Whether regions are in order and apart, as those of a map are.
    pub(crate) fn is_sound(&self) -> bool {
        let sorted = self.regions.windows(2).all(|pair| pair[0].range.last() < pair[1].range.first());
        sorted && self.regions.iter().all(|region| !region.range.is_empty())
    }

    /// Puts the memory into an emulator that has another one, which has just
    /// been refreshed. Shared ranges, which both have, stay as they are.
    pub(crate) fn put(
        &self,
        emulator: &mut dyn Emulator,
        present: &Self,
        shared: &[AddressRange],
    ) -> Result<(), Error> {
        remap(emulator, &self.regions)?;
        let own = without(self.regions.iter().map(|region| region.range), shared);
        let mut write = |number: u64, page: Option<&Page>| -> Result<(), Error> {
            let first = number.wrapping_mul(PAGE_SIZE as u64);
            let whole = AddressRange::from(first..=first | (PAGE_SIZE as u64 - 1));
            let after = own.partition_point(|range| range.last() < first);
            for range in own[after..].iter().take_while(|range| range.first() <= whole.last()) {
                let part = range.intersection(&whole);
                let (from, to) = ((part.first() - first) as usize, (part.last() - first) as usize);
                let zeros = [0; PAGE_SIZE];
                emulator.write_memory(part.first(), &page.map_or(&zeros, |page| page)[from..=to])?;
            }
            Ok(())
        };
        for (number, page) in self.pages.iter() {
            let same = present.pages.page(number).is_some_and(|other| Arc::ptr_eq(other, page));
            if !same {
                write(number, Some(page))?;
            }
        }
        for (number, _) in present.pages.iter() {
            if self.pages.page(number).is_none() {
                write(number, None)?;
            }
        }
        Ok(())
    }

    /// What is in these ranges of an emulator.
    pub(crate) fn of_ranges(emulator: &dyn Emulator, ranges: &[AddressRange]) -> Result<Self, Error> {
        let mut image = Self::default();
        let others = without([AddressRange::ALL].into_iter(), ranges);
        image.refresh(emulator, &others)?;
        let regions = std::mem::take(&mut image.regions);
        for region in regions {
            let inside = ranges.iter().map(|range| range.intersection(&region.range));
            let inside = inside.filter(|range| !range.is_empty());
            image.regions.extend(inside.map(|range| MemoryRegion { range, permissions: region.permissions }));
        }
        image.regions.sort_by_key(|region| region.range.first());
        Ok(image)
    }

    /// Maps what is not mapped, and puts the memory there.
    pub(crate) fn add_to(&self, emulator: &mut dyn Emulator) -> Result<(), Error> {
        let mut regions = emulator.memory_map();
        for region in &self.regions {
            let free = without([region.range].into_iter(), &ranges_of(&regions));
            regions.extend(
                free.into_iter().map(|range| MemoryRegion { range, permissions: region.permissions }),
            );
        }
        regions.sort_by_key(|region| region.range.first());
        let whole = Self { regions, pages: self.pages.clone() };
        let others = without([AddressRange::ALL].into_iter(), &ranges_of(&self.regions));
        whole.put(emulator, &Self::default(), &others)
    }

    /// How many pages there are.
    pub(crate) fn len(&self) -> usize {
        self.pages.len()
    }

    /// Adds the pages to those that are known.
    pub(crate) fn count(&self, known: &mut HashSet<*const [u8; PAGE_SIZE]>) {
        known.extend(self.pages.iter().map(|(_, page)| Arc::as_ptr(page)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(list: &[(u64, u64)]) -> Vec<AddressRange> {
        list.iter().map(|(first, last)| (*first..=*last).into()).collect()
    }

    #[test]
    fn shared_parts_are_left_out() {
        let all = ranges(&[(0x1000, 0x4fff), (0x8000, 0x8fff), (u64::MAX - 9, u64::MAX)]);
        let shared = ranges(&[(0x2000, 0x2fff), (0x4800, 0x87ff), (u64::MAX - 4, u64::MAX)]);
        let rest = without(all.into_iter(), &shared);
        let wanted = [(0x1000, 0x1fff), (0x3000, 0x47ff), (0x8800, 0x8fff), (u64::MAX - 9, u64::MAX - 5)];
        assert_eq!(rest, ranges(&wanted));
    }

    #[test]
    fn regions_are_found_with_where_they_end() {
        let region = |(first, last): (u64, u64), permissions| MemoryRegion {
            range: (first..=last).into(),
            permissions,
        };
        let regions =
            [region((0x1000, 0x1fff), Permissions::READ), region((0x2000, 0x2fff), Permissions::READ_WRITE)];
        assert_eq!(at(&regions, 0), (None, 0xfff));
        assert_eq!(at(&regions, 0x1800), (Some(Permissions::READ), 0x1fff));
        assert_eq!(at(&regions, 0x2000), (Some(Permissions::READ_WRITE), 0x2fff));
        assert_eq!(at(&regions, 0x3000), (None, u64::MAX));
    }
}
