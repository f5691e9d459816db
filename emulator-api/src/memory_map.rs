//! [`MemoryMap`]: which addresses are mapped, to the byte.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AddressRange, Error, Permissions};

/// A mapped range with one set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MemoryRegion {
    /// The addresses, never empty.
    pub range: AddressRange,
    /// What the guest may do there.
    pub permissions: Permissions,
}

/// What happens where a new mapping meets an existing one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlap {
    /// It is an error.
    #[default]
    Refuse,
    /// The bytes that are mapped already keep their content; it is an error
    /// only if their permissions differ.
    Keep,
}

/// The mapped ranges of an address space, byte-exact, merged where they touch
/// and have equal permissions.
///
/// Backends embed one, so that all of them answer alike (contract, section 3).
///
/// ```
/// use terrella_emulator_api::{MemoryMap, Overlap, Permissions};
///
/// let mut map = MemoryMap::new(u64::MAX);
/// map.map((0x1000..0x1234).into(), Permissions::ALL, Overlap::Refuse)?;
/// map.map((0x1234..0x2000).into(), Permissions::ALL, Overlap::Refuse)?;
/// assert_eq!(map.regions().len(), 1);
/// assert_eq!(map.first_unmapped((0x1ff0..0x2010).into()), Some(0x2000));
/// # Ok::<(), terrella_emulator_api::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryMap {
    /// First address → (last address, permissions). Ranges do not overlap, and
    /// neighbours that touch differ in permissions.
    regions: BTreeMap<u64, (u64, Permissions)>,
    highest: u64,
}

impl MemoryMap {
    /// An empty map of an address space that ends at `highest`, inclusive.
    #[must_use]
    pub const fn new(highest: u64) -> Self {
        Self { regions: BTreeMap::new(), highest }
    }

    /// The highest address of the space.
    #[must_use]
    pub const fn highest_address(&self) -> u64 {
        self.highest
    }

    /// Maps a range. An empty range maps nothing.
    ///
    /// Returns the parts that were not mapped before.
    ///
    /// # Errors
    /// [`Error::WrappingRange`] if it leaves the address space,
    /// [`Error::MapOverlap`] if it overlaps and `overlap` does not allow it;
    /// nothing is mapped then.
    pub fn map(
        &mut self,
        range: AddressRange,
        permissions: Permissions,
        overlap: Overlap,
    ) -> Result<Vec<AddressRange>, Error> {
        self.check_in_space(range)?;
        if range.is_empty() {
            return Ok(Vec::new());
        }
        for existing in self.overlapping(range) {
            if overlap == Overlap::Refuse || existing.permissions != permissions {
                return Err(Error::MapOverlap {
                    range,
                    permissions,
                    existing: existing.range,
                    existing_permissions: existing.permissions,
                });
            }
        }
        let fresh = self.gaps(range);
        for gap in &fresh {
            self.insert(*gap, permissions);
        }
        Ok(fresh)
    }

    /// Takes a range out of the map; it need not match what was mapped.
    ///
    /// # Errors
    /// [`Error::WrappingRange`] if it leaves the address space;
    /// [`Error::NotMapped`] if a byte of it is not mapped; nothing is unmapped
    /// then.
    pub fn unmap(&mut self, range: AddressRange) -> Result<(), Error> {
        self.check_mapped(range)?;
        self.remove(range);
        Ok(())
    }

    /// Changes the permissions of a range, all of which must be mapped.
    ///
    /// # Errors
    /// As [`Self::unmap`].
    pub fn protect(&mut self, range: AddressRange, permissions: Permissions) -> Result<(), Error> {
        self.check_mapped(range)?;
        if !range.is_empty() {
            self.remove(range);
            self.insert(range, permissions);
        }
        Ok(())
    }

    /// The permissions at an address; `None` if it is not mapped.
    #[must_use]
    pub fn permissions_at(&self, address: u64) -> Option<Permissions> {
        self.region_at(address).map(|region| region.permissions)
    }

    /// The region that holds an address.
    #[must_use]
    #[inline]
    pub fn region_at(&self, address: u64) -> Option<MemoryRegion> {
        let (first, (last, permissions)) = self.regions.range(..=address).next_back()?;
        (*last >= address).then(|| MemoryRegion { range: (*first..=*last).into(), permissions: *permissions })
    }

    /// The first address of `range` that is not mapped.
    #[must_use]
    pub fn first_unmapped(&self, range: AddressRange) -> Option<u64> {
        let mut address = range.first();
        while range.contains(address) {
            match self.region_at(address) {
                None => return Some(address),
                Some(region) => address = region.range.last().checked_add(1)?,
            }
        }
        None
    }

    /// The first address of `range` that is not mapped or does not allow
    /// `wanted`, and whether it is mapped.
    #[must_use]
    pub fn first_forbidden(&self, range: AddressRange, wanted: Permissions) -> Option<(u64, bool)> {
        let mut address = range.first();
        // Mostly one region has it all.
        if let Some(region) = self.region_at(address)
            && region.range.covers(&range)
            && region.permissions.allows(wanted)
        {
            return None;
        }
        while range.contains(address) {
            match self.region_at(address) {
                None => return Some((address, false)),
                Some(region) if !region.permissions.allows(wanted) => return Some((address, true)),
                Some(region) => address = region.range.last().checked_add(1)?,
            }
        }
        None
    }

    /// All regions, by address.
    #[must_use]
    pub fn regions(&self) -> Vec<MemoryRegion> {
        self.iter().collect()
    }

    /// All regions, by address.
    pub fn iter(&self) -> impl Iterator<Item = MemoryRegion> {
        self.regions.iter().map(|(first, (last, permissions))| MemoryRegion {
            range: (*first..=*last).into(),
            permissions: *permissions,
        })
    }

    /// The regions that overlap a range, whole, by address.
    pub fn overlapping(&self, range: AddressRange) -> impl Iterator<Item = MemoryRegion> {
        let start = self.region_at(range.first()).map_or(range.first(), |region| region.range.first());
        let end = if range.is_empty() { start } else { range.last() };
        self.regions
            .range(start..=end.max(start))
            .map(|(first, (last, permissions))| MemoryRegion {
                range: (*first..=*last).into(),
                permissions: *permissions,
            })
            .filter(move |region| region.range.overlaps(&range))
    }

    /// The nearest region below and the nearest above an unmapped address:
    /// for fault reports.
    #[must_use]
    pub fn neighbours(&self, address: u64) -> (Option<MemoryRegion>, Option<MemoryRegion>) {
        let region = |(first, (last, permissions)): (&u64, &(u64, Permissions))| MemoryRegion {
            range: (*first..=*last).into(),
            permissions: *permissions,
        };
        (
            self.regions.range(..address).next_back().map(region),
            self.regions.range(address..).next().map(region),
        )
    }

    fn check_in_space(&self, range: AddressRange) -> Result<(), Error> {
        if !range.is_empty() && range.last() > self.highest {
            return Err(Error::WrappingRange {
                address: range.first(),
                size: range.size().unwrap_or(u64::MAX),
                highest: self.highest,
            });
        }
        Ok(())
    }

    fn check_mapped(&self, range: AddressRange) -> Result<(), Error> {
        self.check_in_space(range)?;
        match self.first_unmapped(range) {
            Some(address) => Err(Error::NotMapped { range, address }),
            None => Ok(()),
        }
    }

    /// The parts of `range` that are not mapped.
    fn gaps(&self, range: AddressRange) -> Vec<AddressRange> {
        let mut gaps = Vec::new();
        let mut next = Some(range.first());
        for region in self.overlapping(range) {
            if let Some(address) = next.filter(|address| *address < region.range.first()) {
                gaps.push((address..=region.range.first() - 1).into());
            }
            next = region.range.last().checked_add(1);
        }
        if let Some(address) = next.filter(|address| range.contains(*address)) {
            gaps.push((address..=range.last()).into());
        }
        gaps
    }

    /// Removes what is mapped of `range`.
    fn remove(&mut self, range: AddressRange) {
        let touched: Vec<MemoryRegion> = self.overlapping(range).collect();
        for region in touched {
            self.regions.remove(&region.range.first());
            if region.range.first() < range.first() {
                self.regions.insert(region.range.first(), (range.first() - 1, region.permissions));
            }
            if region.range.last() > range.last() {
                self.regions.insert(range.last() + 1, (region.range.last(), region.permissions));
            }
        }
    }

    /// Inserts an unmapped range and merges it with its neighbours.
    fn insert(&mut self, range: AddressRange, permissions: Permissions) {
        let (mut first, mut last) = (range.first(), range.last());
        if let Some(below) = first.checked_sub(1).and_then(|address| self.region_at(address))
            && below.permissions == permissions
        {
            first = below.range.first();
        }
        if let Some(above) = last.checked_add(1).and_then(|address| self.region_at(address))
            && above.permissions == permissions
        {
            self.regions.remove(&above.range.first());
            last = above.range.last();
        }
        self.regions.insert(first, (last, permissions));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One step of the model test, over a small space so that steps meet.
    #[derive(Debug, Clone)]
    enum Step {
        Map(u64, u64, u8, bool),
        Unmap(u64, u64),
        Protect(u64, u64, u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        let bounds = (0_u64..64, 0_u64..20);
        prop_oneof![
            (bounds.clone(), 0_u8..3, any::<bool>()).prop_map(|((a, n), p, k)| Step::Map(a, n, p, k)),
            bounds.clone().prop_map(|(a, n)| Step::Unmap(a, n)),
            (bounds, 0_u8..3).prop_map(|((a, n), p)| Step::Protect(a, n, p)),
        ]
    }

    fn permissions(number: u8) -> Permissions {
        [Permissions::ALL, Permissions::READ, Permissions::READ_WRITE][usize::from(number)]
    }

    proptest! {
        #[test]
        fn behaves_like_an_array_of_bytes(steps in proptest::collection::vec(step(), 1..40)) {
            let mut map = MemoryMap::new(79);
            let mut model: [Option<Permissions>; 80] = [None; 80];
            for step in steps {
                let (address, size) = match step {
                    Step::Map(a, n, ..) | Step::Unmap(a, n) | Step::Protect(a, n, _) => (a, n),
                };
                let range = AddressRange::sized(address, size).unwrap();
                let end = address + size;
                let inside = end <= 80;
                let cells = &mut model[address as usize..end.min(80) as usize];
                let (expected, value, result) = match step {
                    Step::Map(_, _, p, keep) => {
                        let overlap = if keep { Overlap::Keep } else { Overlap::Refuse };
                        let p = permissions(p);
                        let fits = cells.iter().all(|cell| cell.is_none_or(|old| keep && old == p));
                        (inside && fits, Some(p), map.map(range, p, overlap).map(|_| ()))
                    }
                    Step::Unmap(..) =>
                        (inside && cells.iter().all(Option::is_some), None, map.unmap(range)),
                    Step::Protect(_, _, p) =>
                        (inside && cells.iter().all(Option::is_some), Some(permissions(p)), map.protect(range, permissions(p))),
                };
                prop_assert_eq!(result.is_ok(), expected);
                if expected {
                    cells.fill(value);
                }
                for (address, cell) in model.iter().enumerate() {
                    prop_assert_eq!(map.permissions_at(address as u64), *cell);
                }
                let regions = map.regions();
                for pair in regions.windows(2) {
                    prop_assert!(pair[0].range.last() < pair[1].range.first());
                    prop_assert!(pair[0].range.last() + 1 < pair[1].range.first()
                        || pair[0].permissions != pair[1].permissions, "not merged");
                }
            }
        }
    }

    #[test]
    fn the_last_byte_of_the_space_can_be_mapped() {
        let mut map = MemoryMap::new(u64::MAX);
        map.map((u64::MAX..=u64::MAX).into(), Permissions::ALL, Overlap::Refuse).unwrap();
        map.map((u64::MAX - 9..=u64::MAX - 1).into(), Permissions::ALL, Overlap::Refuse).unwrap();
        assert_eq!(map.regions().len(), 1);
        assert_eq!(map.first_unmapped((u64::MAX - 20..=u64::MAX).into()), Some(u64::MAX - 20));
        map.unmap((u64::MAX..=u64::MAX).into()).unwrap();
        assert_eq!(map.permissions_at(u64::MAX), None);
    }
}
