//! [`AddressSpace`]: what a process has mapped, as the kernel keeps it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use terrella_emulator_api::Permissions;

use super::abi::generic::{PROT_EXEC, PROT_READ, PROT_WRITE};
use crate::{errno::Errno, files::InodeId};

/// Something mapped from its address to `end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) end: u64,
    pub(crate) protection: u64,
    pub(crate) shared: bool,
    /// The file behind it, and the offset of its first byte. Anonymous shared
    /// memory has a file of no name.
    pub(crate) file: Option<(InodeId, u64)>,
    /// What `/proc/self/maps` calls it.
    pub(crate) name: Arc<str>,
}

/// What a process has mapped.
#[derive(Debug, Clone)]
pub(crate) struct AddressSpace {
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
    pub(crate) fn new(page: u64, top: u64) -> Self {
        Self {
            areas: BTreeMap::new(),
            page,
            top,
            bottom: 0x1_0000.max(page),
            break_start: 0,
            break_end: 0,
            held: BTreeSet::new(),
        }
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

    /// Notes what is mapped now; nothing was there.
    pub(crate) fn insert(&mut self, start: u64, area: Area) {
        // Neighbours of one kind become one, as `brk` makes many.
        if let Some((before, old)) = self.areas.range_mut(..start).next_back()
            && old.end == start
            && old.file.is_none()
            && area.file.is_none()
            && old.protection == area.protection
            && old.name == area.name
            && !old.shared
            && !area.shared
        {
            let _ = before;
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
        inside.into_iter().filter_map(|start| Some((start, self.areas.remove(&start)?))).collect()
    }

    /// Changes the protection of a range, all of which is mapped.
    pub(crate) fn protect(&mut self, start: u64, end: u64, protection: u64) {
        self.split_at(start);
        self.split_at(end);
        for (_, area) in self.areas.range_mut(start..end) {
            area.protection = protection;
        }
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
        Area { end, protection: 3, shared: false, file, name: "".into() }
    }

    #[test]
    fn rooms_are_found_from_the_top() {
        let mut space = AddressSpace::new(0x1000, 0x10_0000);
        assert_eq!(space.find_room(0, 0x2000), Ok(0xf_e000));
        space.insert(0xf_e000, area(0x10_0000, None));
        assert_eq!(space.find_room(0xf_e000, 0x1000), Ok(0xf_d000), "the hint is taken");
        assert_eq!(space.find_room(0x5_0000, 0x1000), Ok(0x5_0000));
        assert_eq!(space.find_room(0, 0x100_0000), Err(Errno::ENOMEM));
    }

    #[test]
    fn parts_of_files_keep_their_offsets() {
        let mut space = AddressSpace::new(0x1000, 0x10_0000);
        space.insert(0x1_0000, area(0x1_4000, Some((7, 0x1000))));
        let removed = space.remove(0x1_1000, 0x1_2000);
        assert_eq!(removed, [(0x1_1000, area(0x1_2000, Some((7, 0x2000))))]);
        assert_eq!(space.at(0x1_3000).map(|(_, area)| area.file), Some(Some((7, 0x3000))));
        assert!(!space.is_mapped(0x1_0000, 0x1_4000));
        assert!(space.is_free(0x1_1000, 0x1_2000));
    }
}
