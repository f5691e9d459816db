//! [`Traits`]: what was found out about instructions and blocks, remembered.

use hashbrown::HashMap;

/// What is known of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct InstructionTraits {
    /// Something is to be done at it besides the hook of all instructions.
    pub(crate) watched: bool,
    /// It is a repeated string instruction.
    pub(crate) repeats: bool,
    /// A delay slot follows.
    pub(crate) has_slot: bool,
    /// Its stores are in the other byte order than the platform's.
    pub(crate) reversed: bool,
    /// The size of its accesses, if Unicorn makes them in pieces; 0 if not.
    pub(crate) wide: u32,
    /// Size and number of its accesses, if Unicorn makes them in another order.
    pub(crate) many: Option<(u8, u8)>,
}

impl InstructionTraits {
    /// Whether nothing but counting and the hook of all instructions is to be
    /// done at it.
    #[inline]
    pub(crate) const fn is_plain(self) -> bool {
        !(self.watched || self.repeats || self.has_slot)
    }
}

#[derive(Clone, Copy)]
struct Entry {
    address: u64,
    generation: u64,
    traits: InstructionTraits,
}

/// How many instructions are remembered: a power of two.
const ENTRIES: usize = 1 << 11;

/// A direct-mapped memory of instructions, and one of blocks, that forget
/// everything when code or hooks change.
pub(crate) struct Traits {
    generation: u64,
    entries: Vec<Entry>,
    /// Start and size of a block of Unicorn's → whether it ends in a control
    /// transfer.
    blocks: HashMap<(u64, u64), bool>,
}

impl Default for Traits {
    fn default() -> Self {
        let empty = Entry { address: 0, generation: 0, traits: InstructionTraits::default() };
        Self { generation: 1, entries: vec![empty; ENTRIES], blocks: HashMap::new() }
    }
}

impl Traits {
    /// Forgets everything.
    pub(crate) fn forget(&mut self) {
        self.generation += 1;
        self.blocks.clear();
    }

    /// What is remembered of an instruction.
    #[inline]
    pub(crate) fn instruction(&self, address: u64) -> Option<InstructionTraits> {
        let entry = &self.entries[Self::index(address)];
        (entry.address == address && entry.generation == self.generation).then_some(entry.traits)
    }

    pub(crate) fn remember(&mut self, address: u64, traits: InstructionTraits) {
        self.entries[Self::index(address)] = Entry { address, generation: self.generation, traits };
    }

    pub(crate) fn block(&self, address: u64, size: u64) -> Option<bool> {
        self.blocks.get(&(address, size)).copied()
    }

    pub(crate) fn remember_block(&mut self, address: u64, size: u64, ends: bool) {
        self.blocks.insert((address, size), ends);
    }

    const fn index(address: u64) -> usize {
        (address ^ address >> 11) as usize & (ENTRIES - 1)
    }
}
