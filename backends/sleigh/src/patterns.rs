//! [`Pattern`]: the fixed bits of instructions, for tests that go through all
//! of them.

use std::collections::BTreeSet;

use crate::{
    language::{Context, Language},
    layout,
};

/// The fixed bits of an instruction and of its context; the first byte of the
/// instruction is the highest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// Which bits are fixed.
    pub mask: u128,
    /// Their values.
    pub value: u128,
    /// Which bits of the context are fixed.
    pub context_mask: Context,
    /// Their values.
    pub context: Context,
}

impl Language {
    /// The fixed bits of all instructions; each once.
    #[must_use]
    pub fn instruction_patterns(&self) -> Vec<Pattern> {
        let mut found = BTreeSet::new();
        let (mut seen, mut open) = (BTreeSet::new(), Vec::from_iter(self.tables.first().copied()));
        while let Some(at) = open.pop() {
            // Nodes are shared, and a damaged tree might go in circles.
            if !seen.insert(at) {
                continue;
            }
            let head = self.word(at);
            if head & 3 == 0 {
                found.extend((0..head >> 2).map(|index| self.fixed_bits(self.offset(at + 1 + index))));
            } else {
                let children = 1 << (head >> 16 & 0xff).min(8);
                open.extend((0..children).map(|child| self.offset(at + 1 + child)));
            }
        }
        let pattern = |[mask, value, context_mask, context]: [u128; 4]| Pattern {
            mask,
            value,
            context_mask: Context(context_mask),
            context: Context(context),
        };
        found.into_iter().map(pattern).collect()
    }

    /// The mask and the value of a pattern's instruction, and of its context.
    fn fixed_bits(&self, pattern: u32) -> [u128; 4] {
        use layout::pattern as flags;
        let present = self.word(pattern + 1);
        let mut bits = [0; 4];
        let mut word = pattern + 2;
        let long = |at| u128::from(self.word(at)) | u128::from(self.word(at + 1)) << 32;
        for (flag, index, shift) in [
            (flags::INSTRUCTION_HIGH, 0, 64),
            (flags::INSTRUCTION_LOW, 0, 0),
            (flags::CONTEXT_HIGH, 2, 64),
            (flags::CONTEXT_LOW, 2, 0),
        ] {
            if present & flag != 0 {
                bits[index] |= long(word) << shift;
                bits[index + 1] |= long(word + 2) << shift;
                word += 4;
            }
        }
        bits
    }
}
