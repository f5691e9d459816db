//! Forbidden slots of MIPS release 6: behind a compact branch that was not
//! taken, a control transfer is no instruction (MIPS Architecture For
//! Programmers, volume II-A, release 6, 4.1.3.1; volume I-A, 5.4.2).

use terrella_platforms::Architecture;
use terrella_sleigh::{Context, ContextCommit, Language};

/// The context field of instructions in forbidden slots.
#[derive(Debug, Clone, Copy)]
pub(super) struct Forbidden {
    high: u32,
    low: u32,
}

impl Forbidden {
    /// That of a processor, if it has such slots.
    pub(super) fn of(language: &Language, architecture: Architecture) -> Option<Self> {
        let has_slots = matches!(architecture, Architecture::Mips32R6 | Architecture::Mips64R6);
        let field = language.context_field("FORBIDDEN_SLOT").filter(|_| has_slots)?;
        Some(Self { high: field.high, low: field.low })
    }

    /// Whether a word is no instruction in a context.
    pub(super) const fn refuses(self, context: Context, word: u32) -> bool {
        context.get(self.high, self.low) != 0 && transfers(word)
    }

    /// The context of the slot behind an instruction, if it has one.
    pub(super) fn behind(self, word: u32, next: u64) -> Option<ContextCommit> {
        let mut context = Context(0);
        context.set(self.high, self.low, 1);
        let (mask, value) = (context.0, context.0);
        is_compact_condition(word).then_some(ContextCommit { address: next, mask, value, flows: false })
    }
}

/// A compact branch that may not be taken: those of POP06, POP07, POP10, POP26,
/// POP27, POP30, POP66 and POP76 (table A.2 and those after it).
const fn is_compact_condition(word: u32) -> bool {
    let (rs, rt) = (word >> 21 & 31, word >> 16 & 31);
    match word >> 26 {
        0x06 | 0x07 | 0x16 | 0x17 => rt != 0,
        0x08 | 0x18 => true,
        0x36 | 0x3e => rs != 0,
        _ => false,
    }
}

/// A control transfer: also returns from exceptions, WAIT and PAUSE.
const fn transfers(word: u32) -> bool {
    let (rt, function) = (word >> 16 & 31, word & 0x3f);
    match word >> 26 {
        0x00 => function == 9 || word == 0x140,
        // BLTZ, BGEZ, NAL, BAL.
        0x01 => matches!(rt, 0 | 1 | 16 | 17),
        // J to BGTZ, the compact branches, BC, BALC, JIC, JIALC.
        0x02..=0x08 | 0x16..=0x18 | 0x32 | 0x36 | 0x3a | 0x3e => true,
        0x10 => word >> 25 & 1 != 0 && matches!(function, 0x18 | 0x1f | 0x20),
        // BC1EQZ, BC1NEZ, BC2EQZ, BC2NEZ.
        0x11 | 0x12 => matches!(word >> 21 & 31, 9 | 13),
        _ => false,
    }
}
