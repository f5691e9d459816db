//! Arm: what the specification has on all processors, and only later ones, or
//! larger ones, have.

use super::{ALWAYS, Refusal, refuse};

/// A halfword of Thumb.
const fn half(mask: u32, value: u32, when: fn(u32) -> bool) -> Refusal {
    Refusal { length: 2, mask: mask << 16, value: value << 16, when }
}

/// HLT, of ARMv8 (Arm ARM, F5.1.57).
const HLT: Refusal = half(0xffc0, 0xba80, ALWAYS);

pub(super) const ARM: &[Refusal] = &[
    // HLT; LDA, STL and the exclusive ones of them (F5.1), of ARMv8.
    refuse(0x0ff0_00f0, 0x0100_0070, ALWAYS),
    refuse(0x0f80_0df0, 0x0180_0c90, |word| word >> 28 != 15),
    LATER,
];

/// VCMLA, VCADD and what else of ARMv8.2 on is at coprocessors 8 and 9 (Arm
/// ARM, F6.1).
const LATER: Refusal = refuse(0xfc00_0e00, 0xfc00_0800, |word| word >> 24 != 0xff);

pub(super) const THUMB: &[Refusal] = &[HLT];

/// ARMv7 with Thumb-2: LDA, STL and the exclusive ones of them are of ARMv8.
pub(super) const THUMB_7: &[Refusal] =
    &[HLT, refuse(0xffe0_0080, 0xe8c0_0080, ALWAYS), LITERAL_STORES, LATER];

/// Stores relative to the program counter (Arm ARM ARMv7-A, A6.3.10).
const LITERAL_STORES: Refusal = refuse(0xff1f_0000, 0xf80f_0000, ALWAYS);

/// ARMv6-M (ARMv6-M Arm ARM, A5.2 and A5.3): no IT, CBZ and CBNZ; of words of
/// four bytes, BL, MSR, MRS and barriers.
pub(super) const THUMB_BASELINE: &[Refusal] = &[
    HLT,
    half(0xff00, 0xbf00, |word| word >> 16 & 15 != 0),
    half(0xf500, 0xb100, ALWAYS),
    refuse(0, 0, |word| !is_baseline(word)),
];

const fn is_of(word: u32, mask: u32, value: u32) -> bool {
    word & mask == value
}

const fn is_baseline(word: u32) -> bool {
    is_of(word, 0xf800_d000, 0xf000_d000)
        || is_of(word, 0xffe0_d000, 0xf380_8000)
        || is_of(word, 0xffe0_d000, 0xf3e0_8000)
        || is_of(word, 0xfff0_d0c0, 0xf3b0_8040) && word >> 4 & 3 != 3
}
