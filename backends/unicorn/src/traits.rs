//! [`Traits`]: what was found out about instructions and blocks, remembered.

use std::ptr::NonNull;

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
    /// It begins an if-then block.
    pub(crate) if_then: bool,
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
        !(self.watched || self.repeats || self.has_slot || self.if_then)
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
    /// The addresses of plain instructions, at their indices: what the hook of
    /// all instructions looks at.
    plain: Box<PlainAddresses>,
    /// Whether there are any.
    any_plain: bool,
    /// Start and size of a block of Unicorn's → whether it ends in a control
    /// transfer.
    blocks: HashMap<(u64, u64), bool>,
}

/// Addresses of plain instructions, at their indices.
pub(crate) type PlainAddresses = [u64; ENTRIES];

/// Whether an instruction is one of these.
#[inline]
pub(crate) const fn is_plain(plain: &PlainAddresses, address: u64) -> bool {
    plain[Traits::index(address)] == address
}

/// No addresses: at index 0 one that has another index, elsewhere 0, whose
/// index is 0.
pub(crate) static NO_ADDRESSES: PlainAddresses = {
    let mut none = [0; ENTRIES];
    none[0] = 1;
    none
};

impl Default for Traits {
    fn default() -> Self {
        let empty = Entry { address: 0, generation: 0, traits: InstructionTraits::default() };
        Self {
            generation: 1,
            entries: vec![empty; ENTRIES],
            plain: Box::new(NO_ADDRESSES),
            any_plain: false,
            blocks: HashMap::new(),
        }
    }
}

impl Traits {
    /// Forgets everything.
    pub(crate) fn forget(&mut self) {
        self.generation += 1;
        self.blocks.clear();
        if self.any_plain {
            self.plain.copy_from_slice(&NO_ADDRESSES);
            self.any_plain = false;
        }
    }

    /// Whether an instruction is remembered, and plain.
    #[inline]
    pub(crate) fn is_plain(&self, address: u64) -> bool {
        is_plain(&self.plain, address)
    }

    /// The addresses that [`is_plain`] looks at, for as long as this exists.
    pub(crate) fn plain(&self) -> NonNull<PlainAddresses> {
        NonNull::from(&*self.plain)
    }

    /// What is remembered of an instruction.
    #[inline]
    pub(crate) fn instruction(&self, address: u64) -> Option<InstructionTraits> {
        let entry = &self.entries[Self::index(address)];
        (entry.address == address && entry.generation == self.generation).then_some(entry.traits)
    }

    pub(crate) fn remember(&mut self, address: u64, traits: InstructionTraits) {
        let index = Self::index(address);
        self.entries[index] = Entry { address, generation: self.generation, traits };
        if traits.is_plain() {
            self.plain[index] = address;
            self.any_plain = true;
        }
    }

    pub(crate) fn block(&self, address: u64, size: u64) -> Option<bool> {
        self.blocks.get(&(address, size)).copied()
    }

    pub(crate) fn remember_block(&mut self, address: u64, size: u64, ends: bool) {
        self.blocks.insert((address, size), ends);
    }

    /// By multiplicative hashing, which takes two instructions.
    #[inline]
    const fn index(address: u64) -> usize {
        ((address as u32).wrapping_mul(0x9e37_79b1) >> (32 - ENTRIES.ilog2())) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_remembered_is_plain() {
        let addresses = [0, 1, 2, 0x800, 0x801, u64::MAX, 1 << 63, 0x40_1000];
        let mut traits = Traits::default();
        for address in addresses {
            assert!(!traits.is_plain(address), "{address:#x}");
            traits.remember(address, InstructionTraits { repeats: true, ..Default::default() });
            assert!(!traits.is_plain(address), "{address:#x}");
            traits.remember(address, InstructionTraits::default());
            assert!(traits.is_plain(address), "{address:#x}");
            traits.forget();
            assert!(!traits.is_plain(address), "{address:#x}");
        }
    }
}
