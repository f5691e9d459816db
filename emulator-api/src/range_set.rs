//! [`RangeSet`]: a set of addresses, kept as merged ranges.

use std::collections::BTreeMap;

use crate::AddressRange;

/// A set of addresses as disjoint ranges, merged where they touch. Backends
/// keep their bounds in one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RangeSet {
    /// First address → last address.
    ranges: BTreeMap<u64, u64>,
}

impl RangeSet {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self { ranges: BTreeMap::new() }
    }

    /// Adds all addresses of a range.
    pub fn insert(&mut self, range: AddressRange) {
        if range.is_empty() {
            return;
        }
        let (mut first, mut last) = (range.first(), range.last());
        let reach = last.saturating_add(1);
        let touching: Vec<(u64, u64)> = self
            .ranges
            .range(..=reach)
            .rev()
            .take_while(|(_, end)| end.saturating_add(1) >= first)
            .map(|(start, end)| (*start, *end))
            .collect();
        for (start, end) in touching {
            self.ranges.remove(&start);
            first = first.min(start);
            last = last.max(end);
        }
        self.ranges.insert(first, last);
    }

    /// Removes all addresses of a range.
    pub fn remove(&mut self, range: AddressRange) {
        if range.is_empty() {
            return;
        }
        let touching: Vec<(u64, u64)> = self
            .ranges
            .range(..=range.last())
            .rev()
            .take_while(|(_, end)| **end >= range.first())
            .map(|(start, end)| (*start, *end))
            .collect();
        for (start, end) in touching {
            self.ranges.remove(&start);
            if start < range.first() {
                self.ranges.insert(start, range.first() - 1);
            }
            if end > range.last() {
                self.ranges.insert(range.last() + 1, end);
            }
        }
    }

    /// Whether an address is in the set.
    #[must_use]
    pub fn contains(&self, address: u64) -> bool {
        self.ranges.range(..=address).next_back().is_some_and(|(_, last)| *last >= address)
    }

    /// The range that holds an address, if one does.
    #[must_use]
    pub fn range_at(&self, address: u64) -> Option<AddressRange> {
        let (first, last) = self.ranges.range(..=address).next_back()?;
        (*last >= address).then(|| (*first..=*last).into())
    }

    /// Whether an address of `range` is in the set.
    #[must_use]
    pub fn overlaps(&self, range: AddressRange) -> bool {
        !range.is_empty()
            && self.ranges.range(..=range.last()).next_back().is_some_and(|(_, last)| *last >= range.first())
    }

    /// Whether there is no address in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The ranges, by address.
    pub fn iter(&self) -> impl Iterator<Item = AddressRange> {
        self.ranges.iter().map(|(first, last)| (*first..=*last).into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_like_an_array_of_booleans(
            steps in proptest::collection::vec((any::<bool>(), 0_u64..64, 0_u64..16), 1..40),
        ) {
            let mut set = RangeSet::new();
            let mut model = [false; 80];
            for (add, start, size) in steps {
                let range = AddressRange::from(start..start + size);
                if add { set.insert(range) } else { set.remove(range) }
                model[start as usize..(start + size) as usize].fill(add);
                for (address, expected) in model.iter().enumerate() {
                    prop_assert_eq!(set.contains(address as u64), *expected);
                }
                prop_assert_eq!(set.overlaps(range), model[start as usize..(start + size) as usize].contains(&true));
                let ranges: Vec<_> = set.iter().collect();
                prop_assert!(ranges.windows(2).all(|pair| pair[0].last() + 1 < pair[1].first()));
            }
        }
    }

    #[test]
    fn the_ends_of_the_address_space_are_addresses_like_others() {
        let mut set = RangeSet::new();
        set.insert(AddressRange::ALL);
        set.remove(AddressRange::single(u64::MAX));
        set.remove(AddressRange::single(0));
        assert_eq!(set.iter().collect::<Vec<_>>(), [AddressRange::from(1..u64::MAX)]);
    }
}
