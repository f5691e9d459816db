//! AArch32: ARM and Thumb.

mod banks;
mod coprocessor;
mod exclusive;
mod extensions;
mod hints;
mod media;
mod microcontroller;
mod multiple;
mod neon;
mod neon_misc;
mod returns;
mod status;
mod structures;
mod vfp;

pub(in crate::arm) use banks::SIZE as BANKS;
pub(crate) use coprocessor::TABLE as COPROCESSOR;

pub(super) use neon::even;

use super::products;
use crate::overrides::Override;

/// Instructions of ARM, and of Thumb where the words are the same but for the
/// first byte: the first row that fits counts.
pub(crate) const ARM: &[&[Override]] = &[
    extensions::ARM,
    products::A32,
    neon::ROWS,
    neon_misc::ROWS,
    structures::ROWS,
    vfp::ROWS,
    multiple::ROWS,
    status::FLOAT,
    status::ARM,
    hints::ROWS,
    coprocessor::ROWS,
    exclusive::ARM,
    media::ARM,
    banks::ROWS,
    returns::ARM,
];

/// The same of microcontrollers, which have no Advanced SIMD.
pub(crate) const MICROCONTROLLER: &[&[Override]] =
    &[microcontroller::ABSENT, vfp::ROWS, multiple::ROWS, status::FLOAT];

/// The same before ARMv6, which have the saturating sums only.
pub(crate) const OLD: &[&[Override]] =
    &[status::ARM, hints::ROWS, coprocessor::ROWS, media::OLD, banks::ROWS, returns::ARM];

/// Other instructions of Thumb; those of microcontrollers; and those of the
/// smallest of them, and of processors before Thumb had words of four bytes.
pub(crate) const THUMB: &[&[Override]] =
    &[status::THUMB, hints::THUMB, exclusive::THUMB, extensions::THUMB, media::THUMB, returns::THUMB];
pub(crate) const THUMB_MICROCONTROLLER: &[&[Override]] =
    &[microcontroller::ROWS, hints::THUMB, exclusive::THUMB, media::THUMB];
pub(crate) const THUMB_BASELINE: &[&[Override]] = &[microcontroller::ROWS];

/// Words that the manuals call unpredictable, and that are invalid here:
/// fields of bits that end before they begin, or beyond the register;
/// extensions with bits that should be zero (Arm ARM ARMv7-A, A8.8.19, BFI;
/// A8.8.164, SBFX; A8.8.230, SXTAB).
pub(crate) const fn is_reserved(word: u32, set: Set) -> bool {
    match set {
        Set::Arm => {
            let (upper, lower) = (word >> 16 & 31, word >> 7 & 31);
            word >> 28 != 15
                && (word & 0x0fe0_0070 == 0x07c0_0010 && upper < lower
                    || word & 0x0fa0_0070 == 0x07a0_0050 && lower + upper > 31
                    || word & 0x0f80_03f0 != word & 0x0f80_00f0 && word & 0x0f80_00f0 == 0x0680_0070)
        }
        Set::Thumb => {
            let (upper, lower) = (word & 31, word >> 10 & 0x1c | word >> 6 & 3);
            // blx to the middle of a word.
            word & 0xf800_d001 == 0xf000_c001
                || word & 0xfff0_8020 == 0xf360_0000 && upper < lower
                || word & 0xff70_8020 == 0xf340_0000 && lower + upper > 31
        }
    }
}

/// Which table an instruction is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    Arm,
    Thumb,
}

/// The word of an instruction of four bytes, the first half uppermost, and
/// its table. Floating point and Advanced SIMD have the same words in both
/// instruction sets, but for the first byte (Arm ARM, A6.3.18, A7.4).
pub(crate) const fn normalized(bytes: [u8; 4], thumb: bool, big_endian: bool) -> Option<(Set, u32)> {
    if !thumb {
        let word = if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        return Some((Set::Arm, word));
    }
    let word = if big_endian {
        u32::from_be_bytes(bytes)
    } else {
        u32::from_le_bytes([bytes[2], bytes[3], bytes[0], bytes[1]])
    };
    Some(match word >> 24 {
        0xef => (Set::Arm, 0xf200_0000 | word & 0xff_ffff),
        0xff => (Set::Arm, 0xf300_0000 | word & 0xff_ffff),
        0xf9 if word & 0x10_0000 == 0 => (Set::Arm, 0xf400_0000 | word & 0xff_ffff),
        // Coprocessor instructions, which are floating point in part.
        0xec..=0xee | 0xfc..=0xfe => (Set::Arm, word),
        0xe8..=0xff => (Set::Thumb, word),
        // Two bytes.
        _ => return None,
    })
}
