//! [`Cache`]: the blocks that were translated.

use std::rc::Rc;

use hashbrown::HashMap;

use crate::{block::Block, memory::PAGE_BITS};

/// What a block is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) address: u64,
    pub(crate) context: u128,
    /// It goes on inside a basic block, so no block hook is called.
    pub(crate) continues: bool,
    pub(crate) extent: Extent,
}

/// How far a block goes, and where it may be left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Extent {
    /// To the next transfer of control; it may be left there.
    Whole,
    /// As far, but it may be left at any instruction.
    Exact,
    /// One instruction, with that in its delay slot.
    Single,
}

/// How many blocks are found without looking in the map: a power of two.
const RECENT: usize = 1 << 10;
/// How many blocks there may be before all are dropped.
const MAX_BLOCKS: usize = 1 << 18;

/// The blocks that were translated.
pub(crate) struct Cache {
    blocks: Vec<Option<Rc<Block>>>,
    keys: Vec<Key>,
    map: HashMap<Key, u32>,
    /// The blocks with code in a page.
    pages: HashMap<u64, Vec<u32>>,
    recent: Box<[Option<(Key, u32)>; RECENT]>,
    /// Links of an earlier generation do not count.
    generation: u32,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            blocks: Vec::new(),
            keys: Vec::new(),
            map: HashMap::new(),
            pages: HashMap::new(),
            recent: Box::new([None; RECENT]),
            generation: 1,
        }
    }
}

const fn slot(key: &Key) -> usize {
    (key.address ^ key.address >> 10 ^ (key.continues as u64) << 1 ^ (key.extent as u64) << 2) as usize
        & (RECENT - 1)
}

impl Cache {
    pub(crate) const fn generation(&self) -> u32 {
        self.generation
    }

    /// The block of a number.
    pub(crate) fn block(&self, number: u32) -> Option<&Rc<Block>> {
        self.blocks.get(number as usize)?.as_ref()
    }

    /// The number of the block of a key.
    pub(crate) fn find(&mut self, key: &Key) -> Option<u32> {
        let slot = slot(key);
        if let Some((known, number)) = &self.recent[slot]
            && known == key
        {
            return Some(*number);
        }
        let number = *self.map.get(key)?;
        self.recent[slot] = Some((*key, number));
        Some(number)
    }

    /// Whether there is room for another block.
    pub(crate) fn is_full(&self) -> bool {
        self.blocks.len() >= MAX_BLOCKS
    }

    pub(crate) fn insert(&mut self, key: Key, block: Rc<Block>) -> u32 {
        let number = self.blocks.len() as u32;
        let last = block.seen_end.wrapping_sub(1).max(block.start);
        for page in block.start >> PAGE_BITS..=last >> PAGE_BITS {
            self.pages.entry(page).or_default().push(number);
        }
        self.blocks.push(Some(block));
        self.keys.push(key);
        self.map.insert(key, number);
        number
    }

    /// Drops all blocks.
    pub(crate) fn clear(&mut self) {
        self.blocks.clear();
        self.keys.clear();
        self.map.clear();
        self.pages.clear();
        self.recent.fill(None);
        self.generation = self.generation.wrapping_add(1);
    }

    /// Drops the blocks with code in a page.
    pub(crate) fn forget_page(&mut self, page: u64) {
        if let Some(numbers) = self.pages.remove(&page) {
            self.forget(&numbers);
        }
    }

    /// Drops the blocks with code at an address, and those that end before
    /// it.
    pub(crate) fn forget_address(&mut self, address: u64) {
        let mut numbers = Vec::new();
        for page in [address >> PAGE_BITS, address.wrapping_sub(1) >> PAGE_BITS] {
            let here = self.pages.get(&page).into_iter().flatten().copied();
            numbers.extend(here.filter(|number| {
                self.block(*number).is_some_and(|block| (block.start..=block.seen_end).contains(&address))
            }));
        }
        self.forget(&numbers);
    }

    fn forget(&mut self, numbers: &[u32]) {
        for number in numbers {
            if let Some(block) = self.blocks.get_mut(*number as usize) {
                *block = None;
                self.map.remove(&self.keys[*number as usize]);
            }
        }
        if !numbers.is_empty() {
            self.recent.fill(None);
            self.generation = self.generation.wrapping_add(1);
        }
    }
}
