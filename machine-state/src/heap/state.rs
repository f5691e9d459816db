//! The book-keeping of a heap, apart from the memory that it is about, so
//! that it works alike before a run and inside one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{AddressRange, Emulator, EmulatorExt, Permissions};
use terrella_platforms::Platform;

use crate::{Error, Memory, Result};

/// How a heap finds room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HeapStrategy {
    /// Each block after the last; what is freed is not used again.
    #[default]
    Bump,
    /// The first room that is large enough; what is freed is used again.
    FreeList,
    /// Each block at the end of pages of its own, mapped to the byte, and an
    /// unmapped page after it: an access behind a block or to a freed one
    /// faults. What is freed is not used again.
    Guarded,
}

/// The memory that a heap is about.
pub(super) trait Backing {
    fn map(&mut self, range: AddressRange) -> Result<()>;
    fn unmap(&mut self, range: AddressRange) -> Result<()>;
    fn read(&self, address: u64, size: u64) -> Result<Vec<u8>>;
    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<()>;
    fn platform(&self) -> Platform;
}

impl Backing for Memory {
    fn map(&mut self, range: AddressRange) -> Result<()> {
        self.map_part(range, Permissions::READ_WRITE)
    }

    fn unmap(&mut self, range: AddressRange) -> Result<()> {
        self.unmap_part(range)
    }

    fn read(&self, address: u64, size: u64) -> Result<Vec<u8>> {
        Self::read(self, address, usize::try_from(size).unwrap_or(usize::MAX))
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        Self::write(self, address, bytes)
    }

    fn platform(&self) -> Platform {
        Self::platform(self)
    }
}

/// The memory of an emulator.
pub(super) struct Live<'a>(pub(super) &'a mut dyn Emulator);

impl Backing for Live<'_> {
    fn map(&mut self, range: AddressRange) -> Result<()> {
        Ok(self.0.map_memory(range, Permissions::READ_WRITE)?)
    }

    fn unmap(&mut self, range: AddressRange) -> Result<()> {
        Ok(self.0.unmap_memory(range)?)
    }

    fn read(&self, address: u64, size: u64) -> Result<Vec<u8>> {
        Ok(self.0.read_bytes(address, size)?)
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        Ok(self.0.write_memory(address, bytes)?)
    }

    fn platform(&self) -> Platform {
        self.0.platform()
    }
}

/// What is handed out, and what is free.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeapState {
    pub(super) strategy: HeapStrategy,
    /// The first address of the heap, and the one after the last.
    start: u64,
    end: u64,
    page: u64,
    /// Where nothing was handed out yet.
    fresh: u64,
    /// Address → size in bytes.
    blocks: BTreeMap<u64, u64>,
    /// Address → size of room below `fresh` that can be used again.
    free: BTreeMap<u64, u64>,
    /// Addresses of blocks that were freed and not handed out again.
    freed: BTreeSet<u64>,
}

impl HeapState {
    pub(super) fn new(range: AddressRange, strategy: HeapStrategy, page: u64) -> Self {
        let (start, end) = (range.first(), range.last().saturating_add(1));
        Self { strategy, start, end, page: page.max(1), fresh: start, ..Self::default() }
    }

    /// Whether what is handed out lies where the heap is.
    fn is_sound(&self) -> bool {
        let inside = |address: u64, size: u64| {
            address >= self.start && address.checked_add(size).is_some_and(|end| end <= self.end)
        };
        (self.start..=self.end).contains(&self.fresh)
            && self.page.is_power_of_two()
            && self.blocks.iter().chain(&self.free).all(|(address, size)| inside(*address, *size))
    }

    /// The first address and the size.
    pub(super) const fn place(&self) -> (u64, u64) {
        (self.start, self.end.saturating_sub(self.start))
    }

    /// Whether another state, which may have been read, is of the same heap.
    pub(super) fn is_of_one_heap(&self, other: &Self) -> bool {
        let what = |it: &Self| (it.strategy, it.start, it.end, it.page);
        what(self) == what(other) && other.is_sound()
    }

    /// Whether a state that was read goes with its memory.
    pub(super) fn check(&self, memory: &Memory) -> Result<()> {
        let range = memory.range();
        let at_its_place = self.start == range.first() && self.end == range.last().saturating_add(1);
        if at_its_place && self.is_sound() {
            return Ok(());
        }
        let size = range.size().unwrap_or(u64::MAX);
        Err(Error::InvalidRange { platform: memory.platform(), address: range.first(), size })
    }

    pub(super) fn blocks(&self) -> impl Iterator<Item = (u64, u64)> {
        self.blocks.iter().map(|(address, size)| (*address, *size))
    }

    pub(super) fn allocate(&mut self, backing: &mut dyn Backing, size: u64, alignment: u64) -> Result<u64> {
        if !alignment.is_power_of_two() {
            return Err(Error::InvalidAlignment { alignment });
        }
        // A block of no bytes has an address of its own, as in C.
        let needed = size.max(1);
        let found = match self.strategy {
            HeapStrategy::Bump => self.take_fresh(needed, alignment),
            HeapStrategy::FreeList => {
                self.take_free(needed, alignment).or_else(|| self.take_fresh(needed, alignment))
            }
            HeapStrategy::Guarded => self.take_guarded(needed, alignment),
        };
        let no_room = || Error::NoRoom { item: format!("heap {:#x}..{:#x}", self.start, self.end), size };
        let address = found.ok_or_else(no_room)?;
        if self.strategy == HeapStrategy::Guarded {
            backing.map(AddressRange::sized(address, size)?)?;
        }
        self.blocks.insert(address, size);
        self.freed.remove(&address);
        Ok(address)
    }

    fn take_fresh(&mut self, size: u64, alignment: u64) -> Option<u64> {
        let address = self.fresh.checked_next_multiple_of(alignment)?;
        let end = address.checked_add(size).filter(|end| *end <= self.end)?;
        if self.strategy == HeapStrategy::FreeList && address > self.fresh {
            self.free.insert(self.fresh, address - self.fresh);
        }
        self.fresh = end;
        Some(address)
    }

    fn take_free(&mut self, size: u64, alignment: u64) -> Option<u64> {
        let (hole, length, address) = self.free.iter().find_map(|(hole, length)| {
            let address = hole.checked_next_multiple_of(alignment)?;
            let end = address.checked_add(size)?;
            (end <= hole + length).then_some((*hole, *length, address))
        })?;
        self.free.remove(&hole);
        if address > hole {
            self.free.insert(hole, address - hole);
        }
        let (end, hole_end) = (address + size, hole + length);
        if hole_end > end {
            self.free.insert(end, hole_end - end);
        }
        Some(address)
    }

    fn take_guarded(&mut self, size: u64, alignment: u64) -> Option<u64> {
        let first = self.fresh.checked_next_multiple_of(self.page)?;
        // Rounded down to its alignment, a block must not leave its pages.
        let room = size.checked_add(alignment - 1)?.checked_next_multiple_of(self.page)?;
        let end = first.checked_add(room)?;
        let next = end.checked_add(self.page)?;
        if end > self.end {
            return None;
        }
        self.fresh = next.min(self.end);
        Some((end - size) & !(alignment - 1))
    }

    fn not_allocated(&self, address: u64) -> Error {
        Error::NotAllocated { address, freed: self.freed.contains(&address) }
    }

    pub(super) fn size_of(&self, address: u64) -> Result<u64> {
        self.blocks.get(&address).copied().ok_or_else(|| self.not_allocated(address))
    }

    pub(super) fn free(&mut self, backing: &mut dyn Backing, address: u64) -> Result<()> {
        let size = self.size_of(address)?;
        match self.strategy {
            HeapStrategy::Guarded => backing.unmap(AddressRange::sized(address, size)?)?,
            HeapStrategy::FreeList => self.give_back(address, size.max(1)),
            HeapStrategy::Bump => {}
        }
        self.blocks.remove(&address);
        self.freed.insert(address);
        Ok(())
    }

    /// Adds room to the free list, merged with its neighbours.
    fn give_back(&mut self, address: u64, size: u64) {
        let (mut first, mut end) = (address, address + size);
        if let Some((below, length)) = self.free.range(..address).next_back()
            && below + length == address
        {
            first = *below;
        }
        if let Some(length) = self.free.remove(&end) {
            end += length;
        }
        self.free.insert(first, end - first);
    }

    pub(super) fn reallocate(
        &mut self,
        backing: &mut dyn Backing,
        address: u64,
        size: u64,
        alignment: u64,
    ) -> Result<u64> {
        let before = self.size_of(address)?;
        let kept = backing.read(address, before.min(size))?;
        let moved = self.allocate(backing, size, alignment)?;
        backing.write(moved, &kept)?;
        self.free(backing, address)?;
        Ok(moved)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use terrella_platforms::Platform;

    use super::*;
    use crate::Heap;

    #[test]
    fn guarded_blocks_end_where_the_mapping_ends() {
        let mut heap = Heap::new(Platform::X86_64, 0x1_0000, 0x1_0000, HeapStrategy::Guarded).unwrap();
        let block = heap.allocate(100, 1).unwrap();
        assert_eq!(block, 0x1_1000 - 100);
        heap.memory_mut().write(block, &[1; 100]).unwrap();
        assert!(heap.memory_mut().write(block, &[1; 101]).is_err());
        let other = heap.allocate(100, 16).unwrap();
        assert_eq!((other % 16, heap.memory().permissions_at(other + 100)), (0, None));
        heap.free(block).unwrap();
        assert!(heap.memory().read(block, 1).is_err(), "use after free");
        assert_eq!(heap.free(block).unwrap_err().to_string(), "0x10f9c is freed already");
        assert_eq!(heap.free(1).unwrap_err().to_string(), "0x1 is no allocation of this heap");
        assert!(heap.allocate(1, 3).is_err());
        let text = serde_json::to_string(&heap).unwrap();
        assert_eq!(serde_json::from_str::<Heap>(&text).unwrap(), heap);
    }

    #[test]
    fn a_record_is_of_its_heap() {
        let range = |first: u64| AddressRange::from(first..first + 0x1000);
        let state = HeapState::new(range(0x1_0000), HeapStrategy::FreeList, 0x1000);
        let mut later = state.clone();
        later.blocks.insert(0x1_0010, 0x20);
        assert!(state.is_of_one_heap(&later));
        later.blocks.insert(0x1_0ff0, 0x20);
        assert!(!state.is_of_one_heap(&later), "a block behind the end");
        assert!(!state.is_of_one_heap(&HeapState::new(range(0x2_0000), HeapStrategy::FreeList, 0x1000)));
        assert!(!state.is_of_one_heap(&HeapState::new(range(0x1_0000), HeapStrategy::Bump, 0x1000)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn blocks_never_overlap(
            strategy in prop_oneof![Just(HeapStrategy::Bump), Just(HeapStrategy::FreeList), Just(HeapStrategy::Guarded)],
            steps in proptest::collection::vec((0_u64..600, 0_u32..6, any::<bool>()), 1..60),
        ) {
            let mut heap = Heap::new(Platform::I386, 0x1_0000, 0x8000, strategy).unwrap();
            for (size, alignment, free) in steps {
                if free {
                    let first = heap.blocks().next();
                    if let Some((address, before)) = first {
                        heap.memory_mut().write(address, &vec![7; before as usize]).unwrap();
                        if let Ok(moved) = heap.reallocate(address, size) {
                            let kept = before.min(size) as usize;
                            prop_assert_eq!(heap.memory().read(moved, kept).unwrap(), vec![7; kept]);
                            heap.free(moved).unwrap();
                        }
                    }
                } else if let Ok(address) = heap.allocate(size, 1 << alignment) {
                    prop_assert_eq!(address % (1 << alignment), 0);
                }
                let blocks: Vec<_> = heap.blocks().collect();
                for pair in blocks.windows(2) {
                    prop_assert!(pair[0].0 + pair[0].1.max(1) <= pair[1].0);
                }
                prop_assert!(blocks.iter().all(|(address, size)| heap.memory().read(*address, *size as usize).is_ok()));
            }
        }
    }
}
