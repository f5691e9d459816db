//! SPARC. The SPARC Architecture Manual, version 8, appendix F; version 9,
//! appendix E.

use terrella_platforms::{Architecture, ByteOrder::Big, Platform};

use super::{CodeState, Decoder, fixed_length, matches, word};

pub(super) const DECODER: Decoder = Decoder { length: fixed_length, transfers, wide };

/// The annul bit.
const ANNUL: u32 = 1 << 29;

/// Branches by a condition field: the annul bit and the condition matter.
const CONDITIONAL: &[(u32, u32)] = &[
    (0xc1c0_0000, 0x0040_0000), // bpcc
    (0xc1c0_0000, 0x0080_0000), // bicc
    (0xc1c0_0000, 0x0140_0000), // fbpfcc
    (0xc1c0_0000, 0x0180_0000), // fbfcc
    (0xc1c0_0000, 0x01c0_0000), // cbccc
];

/// Other transfers with a delay slot.
const UNCONDITIONAL: &[(u32, u32)] = &[
    (0xc000_0000, 0x4000_0000), // call
    (0xc1c0_0000, 0x00c0_0000), // bpr
    (0xc1f8_0000, 0x81c0_0000), // jmpl
    (0xc1f8_0000, 0x81c8_0000), // rett, return
];

/// Those without a delay slot.
const OTHERS: &[(u32, u32)] = &[
    (0xc1f8_0000, 0x81f0_0000), // done, retry
];

/// `ldqf`, `stqf`.
const SIXTEEN: &[(u32, u32)] = &[(0xc1f8_0000, 0xc110_0000), (0xc1f8_0000, 0xc130_0000)];

/// Whether it is a trap on a condition other than "never".
fn traps(word: u32) -> bool {
    word & 0xc1f8_0000 == 0x81d0_0000 && word >> 25 & 15 != 0
}

pub(super) fn has_delay_slot(word: u32) -> bool {
    let never_or_always = word >> 25 & 7 == 0;
    let annulled = word & ANNUL != 0 && never_or_always;
    matches(word, UNCONDITIONAL) || matches(word, CONDITIONAL) && !annulled
}

fn transfers(_: Platform, _: CodeState, bytes: &[u8]) -> bool {
    word(bytes, Big).is_some_and(|word| {
        matches(word, CONDITIONAL) || matches(word, UNCONDITIONAL) || matches(word, OTHERS) || traps(word)
    })
}

fn wide(platform: Platform, _: CodeState, bytes: &[u8]) -> Option<u32> {
    let quad = matches(word(bytes, Big)?, SIXTEEN);
    (quad && platform.architecture() == Architecture::Sparc64).then_some(16)
}
