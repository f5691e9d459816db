//! SPARC V8: what only V9 has (SPARC Architecture Manual, V8, appendix F; V9,
//! appendix E). The specification of the 32-bit processor is one of V9.

use super::{ALWAYS, Refusal, field, refuse};

/// Branches on registers and with predictions.
const fn branch(number: u32) -> Refusal {
    refuse(0xc1c0_0000, number << 22, ALWAYS)
}

/// An operation of arithmetic.
const fn arithmetic(number: u32, when: fn(u32) -> bool) -> Refusal {
    refuse(0xc1f8_0000, 0x8000_0000 | number << 19, when)
}

/// An access to memory.
const fn memory(number: u32) -> Refusal {
    refuse(0xc1f8_0000, 0xc000_0000 | number << 19, ALWAYS)
}

/// A pair of registers that begins with an odd one (V9, A.28 and A.54: "an
/// attempt to execute … with a misaligned (odd) destination register number
/// causes an illegal_instruction exception").
const fn pair(number: u32) -> Refusal {
    refuse(0xc1f8_0000, 0xc000_0000 | number << 19, |word| field(word, 25, 1) == 1)
}

/// LDD, STD, LDDA and STDA.
pub(super) const V9: &[Refusal] = &[pair(0x03), pair(0x07), pair(0x13), pair(0x17)];

pub(super) const V8: &[Refusal] = &[
    branch(1),
    branch(3),
    branch(5),
    // mulx, udivx, sdivx; shifts of 64 bits.
    arithmetic(0x09, ALWAYS),
    arithmetic(0x0d, ALWAYS),
    arithmetic(0x2d, ALWAYS),
    arithmetic(0x25, |word| field(word, 12, 1) == 1),
    arithmetic(0x26, |word| field(word, 12, 1) == 1),
    arithmetic(0x27, |word| field(word, 12, 1) == 1),
    // rdpr, flushw, movcc, popc, movr; saved and wrpr; done and retry.
    arithmetic(0x2a, ALWAYS),
    arithmetic(0x2b, ALWAYS),
    arithmetic(0x2c, ALWAYS),
    arithmetic(0x2e, ALWAYS),
    arithmetic(0x2f, ALWAYS),
    arithmetic(0x31, ALWAYS),
    arithmetic(0x32, ALWAYS),
    arithmetic(0x3e, ALWAYS),
    // RETT, with traps enabled (V8, B.26).
    arithmetic(0x39, ALWAYS),
    // What VIS uses are instructions of coprocessors.
    arithmetic(0x36, ALWAYS),
    arithmetic(0x37, ALWAYS),
    // Moves of doubles and conversions from and to 64-bit integers.
    arithmetic(0x34, |word| {
        matches!(
            field(word, 5, 9),
            0x02 | 0x03 | 0x06 | 0x07 | 0x0a | 0x0b | 0x81 | 0x82 | 0x83 | 0x84 | 0x88 | 0x8c
        )
    }),
    // Of the second group there are comparisons, with one condition.
    arithmetic(0x35, |word| {
        !matches!(field(word, 5, 9), 0x51 | 0x52 | 0x53 | 0x55 | 0x56 | 0x57) || field(word, 25, 5) != 0
    }),
    // ldsw, ldx, stx and their alternates; quads; prefetch; casa.
    memory(0x08),
    memory(0x0b),
    memory(0x0e),
    memory(0x18),
    memory(0x1b),
    memory(0x1e),
    memory(0x22),
    memory(0x2d),
    memory(0x30),
    memory(0x32),
    memory(0x33),
    memory(0x34),
    memory(0x36),
    memory(0x37),
    memory(0x3d),
    memory(0x3c),
    memory(0x3e),
];
