//! Entries of procedure linkage tables that are written by what a resolver
//! returns (`R_PPC64_JMP_IREL`, `R_SPARC_JMP_IREL`): descriptors, and code.

use serde::{Deserialize, Serialize};

use super::{Problem, Site, sparc};

/// What an entry is, if it is more than a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SlotShape {
    /// A copy of a function descriptor (64-bit PowerPC ELF ABI 1.9, 3.5.1).
    Descriptor,
    /// Code of 32-bit SPARC, behind its first instruction.
    ShortCode,
    /// The same of 64-bit SPARC.
    LongCode,
}

impl SlotShape {
    /// How many bytes an entry has.
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::Descriptor => 24,
            Self::ShortCode => 12,
            Self::LongCode => 32,
        }
    }

    /// The instructions that jump to a function, behind the first of the entry.
    pub(crate) fn code(self, target: u64) -> Vec<u64> {
        match self {
            Self::Descriptor => Vec::new(),
            Self::ShortCode => sparc::short_entry(target).to_vec(),
            Self::LongCode => sparc::long_entry(target).to_vec(),
        }
    }
}

impl Site<'_> {
    /// Notes an entry that is written by what a function returns.
    pub(super) fn indirect_slot(&mut self, shape: SlotShape) -> Result<(), Problem> {
        let resolver = self.module.bias.wrapping_add(self.addend()?);
        let first = self.relocation.place;
        for at in (0..shape.bytes() as u64).step_by(4) {
            let there = self.module.read_integer(first.wrapping_add(at), 4);
            there.ok_or(Problem::Outside(self.howto.name))?;
        }
        let place = self.place();
        self.state.indirect.insert(place, resolver);
        self.state.shapes.insert(place, shape);
        Ok(())
    }
}
