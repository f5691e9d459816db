//! [`AddressSpace`]: what a process has mapped, as the kernel keeps it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::Permissions;

use super::{
    abi::generic::{PROT_EXEC, PROT_READ, PROT_WRITE},
    limits,
};
use crate::{errno::Errno, files::InodeId, serial::pairs};

/// Something mapped from its address to `end`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Area {
    pub(crate) end: u64,
    pub(crate) protection: u64,
    pub(crate) shared: bool,
    /// The file behind it, and the offset of its first byte. Anonymous shared
    /// memory has a file of no name.
    pub(crate) file: Option<(InodeId, u64)>,
    /// What `/proc/self/maps` calls it.
    #[serde(with = "name")]
    pub(crate) name: Arc<str>,
    /// It was never accessible and nothing was put there: all of it is zero.
    pub(crate) untouched: bool,
}

impl Area {
    /// The bytes that count as memory of the process, from an address on.
    const fn accessible(&self, start: u64) -> u64 {
        if self.protection == 0 { 0 } else { self.end - start }
    }
}

/// A part of a file in memory that processes share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SharedFile {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) inode: InodeId,
    pub(crate) offset: u64,
}

/// Names, which areas share.
mod name {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(name: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(name)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(deserializer).map(Into::into)
    }
}

/// What a process has mapped.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AddressSpace {
    #[serde(with = "pairs")]
    areas: BTreeMap<u64, Area>,
    pub(crate) page: u64,
    /// New mappings go below.
    pub(crate) top: u64,
    /// And not below this.
    pub(crate) bottom: u64,
    pub(crate) break_start: u64,
    pub(crate) break_end: u64,
    /// The files that are, or were, mapped.
    pub(crate) held: BTreeSet<InodeId>,
    /// The bytes that can be accessed, and how many there may be.
    accessible: u64,
    most: u64,
}

/// Permissions of memory for `PROT_` bits: what can be written or executed can
/// be read, as on the processors with page tables that say so.
pub(crate) fn permissions(protection: u64) -> Permissions {
    let mut permissions = Permissions::NONE;
    if protection & (PROT_READ | PROT_WRITE | PROT_EXEC) != 0 {
        permissions = permissions | Permissions::READ;
    }
    if protection & PROT_WRITE != 0 {
        permissions = permissions | Permissions::WRITE;
    }
    if protection & PROT_EXEC != 0 {
        permissions = permissions | Permissions::EXECUTE;
    }
    permissions
}

impl AddressSpace {
    /// Nothing is mapped yet, below `top`; of which `most` bytes can become
    /// accessible.
    pub(crate) fn new(page: u64, top: u64, most: u64) -> Self {
        Self {
            areas: BTreeMap::new(),
            page,
            top,
            bottom: 0x1_0000.max(page),
            break_start: 0,
            break_end: 0,
            held: BTreeSet::new(),
            accessible: 0,
            most,
        }
    }

    /// The most bytes that can become accessible.
    pub(crate) const fn most(&self) -> u64 {
        self.most
    }

    /// The length in whole pages; `None` if it wraps.
    pub(crate) fn whole_pages(&self, length: u64) -> Option<u64> {
        length.checked_next_multiple_of(self.page)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &Area)> {
        self.areas.iter().map(|(start, area)| (*start, area))
    }

    pub(crate) fn at(&self, address: u64) -> Option<(u64, &Area)> {
        let (start, area) = self.areas.range(..=address).next_back()?;
        (address < area.end).then_some((*start, area))
    }

    /// Those that overlap a range.
    pub(crate) fn overlapping(&self, start: u64, end: u64) -> impl Iterator<Item = (u64, &Area)> {
        let first = self.at(start).map_or(start, |(first, _)| first);
        self.areas
            .range(first..end.max(first))
            .map(|(start, area)| (*start, area))
            .filter(move |(_, area)| area.end > start)
    }

    pub(crate) fn is_free(&self, start: u64, end: u64) -> bool {
        self.overlapping(start, end).next().is_none()
    }

    /// Whether all of a range is mapped.
    pub(crate) fn is_mapped(&self, start: u64, end: u64) -> bool {
        let mut here = start;
        while here < end {
            match self.at(here) {
                Some((_, area)) => here = area.end,
                None => return false,
            }
        }
        true
    }

    /// Room for a mapping: at the hint if it is free, else below the others.
    pub(crate) fn find_room(&self, hint: u64, length: u64) -> Result<u64, Errno> {
        let hint = hint / self.page * self.page;
        if hint >= self.bottom
            && hint.checked_add(length).is_some_and(|end| end <= self.top && self.is_free(hint, end))
        {
            return Ok(hint);
        }
        let mut end = self.top;
        loop {
            let start = end.checked_sub(length).filter(|start| *start >= self.bottom).ok_or(Errno::ENOMEM)?;
            match self.overlapping(start, end).next() {
                None => return Ok(start),
                Some((taken, _)) => end = taken,
            }
        }
    }

    /// Whether so many more bytes may be mapped with a protection.
    pub(crate) fn check_room(&self, length: u64, protection: u64) -> Result<(), Errno> {
        let more = if protection == 0 { 0 } else { length };
        let fits = self.accessible.checked_add(more).is_some_and(|sum| more == 0 || sum <= self.most);
        if fits && self.areas.len() < limits::AREAS { Ok(()) } else { Err(Errno::ENOMEM) }
    }

    /// The bytes of a range that cannot be accessed now.
    pub(crate) fn inaccessible(&self, start: u64, end: u64) -> u64 {
        self.overlapping(start, end)
            .filter(|(_, area)| area.protection == 0)
            .map(|(from, area)| area.end.min(end) - from.max(start))
            .sum()
    }

    /// Notes what is mapped now; nothing was there.
    pub(crate) fn insert(&mut self, start: u64, area: Area) {
        self.accessible = self.accessible.saturating_add(area.accessible(start));
        // Neighbours of one kind become one, as `brk` makes many.
        if let Some((_, old)) = self.areas.range_mut(..start).next_back()
            && old.end == start
            && old.file.is_none()
            && area.file.is_none()
            && old.protection == area.protection
            && old.name == area.name
            && !old.shared
            && !area.shared
            && old.untouched == area.untouched
        {
            old.end = area.end;
            return;
        }
        self.areas.insert(start, area);
    }

    /// Takes a range out, and gives the parts that were mapped.
    pub(crate) fn remove(&mut self, start: u64, end: u64) -> Vec<(u64, Area)> {
        self.split_at(start);
        self.split_at(end);
        let inside: Vec<u64> = self.areas.range(start..end).map(|(start, _)| *start).collect();
        let removed: Vec<(u64, Area)> =
            inside.into_iter().filter_map(|start| Some((start, self.areas.remove(&start)?))).collect();
        for (start, area) in &removed {
            self.accessible = self.accessible.saturating_sub(area.accessible(*start));
        }
        removed
    }

    /// Changes the protection of a range, all of which is mapped.
    pub(crate) fn protect(&mut self, start: u64, end: u64, protection: u64) {
        self.split_at(start);
        self.split_at(end);
        for (from, area) in self.areas.range_mut(start..end) {
            self.accessible = self.accessible.saturating_sub(area.accessible(*from));
            area.protection = protection;
            area.untouched &= protection == 0;
            self.accessible = self.accessible.saturating_add(area.accessible(*from));
        }
    }

    /// The shared mappings of files in a range, that have any of these bits of
    /// protection.
    pub(crate) fn shared_files(&self, start: u64, end: u64, protection: u64) -> Vec<SharedFile> {
        self.overlapping(start, end)
            .filter(|(_, area)| area.shared && area.protection & protection != 0)
            .filter_map(|(from, area)| {
                let (inode, offset) = area.file?;
                let begin = from.max(start);
                Some(SharedFile {
                    start: begin,
                    end: area.end.min(end),
                    inode,
                    offset: offset + (begin - from),
                })
            })
            .collect()
    }

    /// Checks what was loaded: that areas are whole pages one after the other,
    /// and counts what can be accessed.
    pub(crate) fn check(&mut self, page: u64) -> Result<(), String> {
        self.check_units(page, page)
    }

    /// The same of areas in whole units, which are not those of the processor.
    pub(crate) fn check_units(&mut self, page: u64, unit: u64) -> Result<(), String> {
        if self.page != page {
            return Err(format!("pages of {:#x}, not {page:#x}", self.page));
        }
        let mut last = 0;
        self.accessible = 0;
        for (start, area) in &self.areas {
            let whole = start.is_multiple_of(unit) && area.end.is_multiple_of(unit);
            // The last page of 64 bits has no end.
            if *start < last || area.end <= *start || !whole {
                return Err(format!("the mapping at {start:#x} ends at {:#x}", area.end));
            }
            let reach = area.file.map_or(0, |(_, offset)| offset).checked_add(area.end - start);
            if reach.is_none_or(|reach| reach > i64::MAX as u64) {
                return Err(format!("the mapping at {start:#x} has no such part of a file"));
            }
            if area.file.is_some_and(|(inode, _)| !self.held.contains(&inode)) {
                return Err(format!("the file of the mapping at {start:#x} is not held"));
            }
            last = area.end;
            self.accessible = self.accessible.saturating_add(area.accessible(*start));
        }
        Ok(())
    }

    fn split_at(&mut self, address: u64) {
        let Some((start, area)) = self.areas.range_mut(..address).next_back() else { return };
        if area.end <= address {
            return;
        }
        let mut upper = area.clone();
        if let Some((_, offset)) = &mut upper.file {
            *offset += address - *start;
        }
        area.end = address;
        self.areas.insert(address, upper);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(end: u64, file: Option<(InodeId, u64)>) -> Area {
        Area { end, protection: 3, shared: false, file, name: "".into(), untouched: false }
    }

    #[test]
    fn rooms_are_found_from_the_top() {
        let mut space = AddressSpace::new(0x1000, 0x10_0000, 1 << 20);
        assert_eq!(space.find_room(0, 0x2000), Ok(0xf_e000));
        space.insert(0xf_e000, area(0x10_0000, None));
        assert_eq!(space.find_room(0xf_e000, 0x1000), Ok(0xf_d000), "the hint is taken");
        assert_eq!(space.find_room(0x5_0000, 0x1000), Ok(0x5_0000));
        assert_eq!(space.find_room(0, 0x100_0000), Err(Errno::ENOMEM));
    }

    #[test]
    fn parts_of_files_keep_their_offsets() {
        let mut space = AddressSpace::new(0x1000, 0x10_0000, 1 << 20);
        space.insert(0x1_0000, area(0x1_4000, Some((7, 0x1000))));
        let removed = space.remove(0x1_1000, 0x1_2000);
        assert_eq!(removed, [(0x1_1000, area(0x1_2000, Some((7, 0x2000))))]);
        assert_eq!(space.at(0x1_3000).map(|(_, area)| area.file), Some(Some((7, 0x3000))));
        assert!(!space.is_mapped(0x1_0000, 0x1_4000));
        assert!(space.is_free(0x1_1000, 0x1_2000));
    }

    #[test]
    fn what_is_accessible_is_counted() {
        let mut space = AddressSpace::new(0x1000, 0x10_0000, 0x5000);
        space.insert(0x1_0000, area(0x1_4000, None));
        assert_eq!(space.check_room(0x1000, 3), Ok(()));
        assert_eq!(space.check_room(0x2000, 1), Err(Errno::ENOMEM));
        assert_eq!(space.check_room(1 << 40, 0), Ok(()), "reserved, not accessible");
        space.protect(0x1_1000, 0x1_3000, 0);
        assert_eq!((space.accessible, space.inaccessible(0x1_0000, 0x1_4000)), (0x2000, 0x2000));
        space.remove(0x1_2000, 0x1_4000);
        assert_eq!(space.accessible, 0x1000);
        space.protect(0x1_0000, 0x1_2000, 1);
        assert_eq!(space.accessible, 0x2000);
    }
}
