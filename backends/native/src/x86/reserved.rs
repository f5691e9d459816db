//! Encodings that are no instructions, where the published specification has
//! one: prefixes that select nothing, a VEX operand that is not there, and
//! what 64-bit mode took away (Intel SDM, volume 2, 2.3.5, 2.3.6, and the
//! opcode tables of its appendix A).

use std::ops::RangeInclusive;

use super::decode::{Decoded, NONE, P66, PF2, PF3};

/// What is asked of an encoding.
struct Rule {
    map: u8,
    opcodes: RangeInclusive<u8>,
    /// The prefixes that it is asked with.
    prefixes: u8,
    /// Asked of memory operands only, or of registers only.
    in_memory: Option<bool>,
}

const ANY: u8 = NONE | P66 | PF2 | PF3;

const fn rule(map: u8, opcodes: RangeInclusive<u8>, prefixes: u8) -> Rule {
    Rule { map, opcodes, prefixes, in_memory: None }
}

const fn memory(map: u8, opcodes: RangeInclusive<u8>, prefixes: u8) -> Rule {
    Rule { map, opcodes, prefixes, in_memory: Some(true) }
}

const fn register(map: u8, opcodes: RangeInclusive<u8>, prefixes: u8) -> Rule {
    Rule { map, opcodes, prefixes, in_memory: Some(false) }
}

/// VEX encodings without a second source: `vvvv` must be 1111.
const TWO_OPERANDS: &[Rule] = &[
    // Moves.
    rule(1, 0x10..=0x11, NONE | P66),
    memory(1, 0x10..=0x11, PF2 | PF3),
    rule(1, 0x12..=0x12, PF2 | PF3),
    memory(1, 0x13..=0x13, NONE | P66),
    rule(1, 0x16..=0x16, PF3),
    memory(1, 0x17..=0x17, NONE | P66),
    rule(1, 0x28..=0x29, ANY),
    rule(1, 0x2b..=0x2b, ANY),
    rule(1, 0x6e..=0x6f, ANY),
    rule(1, 0x7e..=0x7f, ANY),
    rule(1, 0xd6..=0xd6, P66),
    rule(1, 0xe7..=0xe7, P66),
    rule(1, 0xf0..=0xf0, PF2),
    rule(1, 0xf7..=0xf7, P66),
    rule(2, 0x2a..=0x2a, P66),
    // Conversions and comparisons.
    rule(1, 0x2c..=0x2f, ANY),
    rule(1, 0x5a..=0x5a, NONE | P66),
    rule(1, 0x5b..=0x5b, ANY),
    rule(1, 0xe6..=0xe6, ANY),
    rule(2, 0x13..=0x13, P66),
    rule(3, 0x1d..=0x1d, P66),
    rule(2, 0x0e..=0x0f, P66),
    rule(2, 0x17..=0x17, P66),
    rule(3, 0x60..=0x63, P66),
    // Roots, reciprocals, rounding, absolute values.
    rule(1, 0x51..=0x53, NONE | P66),
    rule(3, 0x08..=0x09, P66),
    rule(2, 0x1c..=0x1e, P66),
    rule(2, 0x41..=0x41, P66),
    // Masks and single elements.
    rule(1, 0x50..=0x50, NONE | P66),
    rule(1, 0xc5..=0xc5, P66),
    rule(1, 0xd7..=0xd7, P66),
    rule(3, 0x14..=0x17, P66),
    rule(3, 0x19..=0x19, P66),
    rule(3, 0x39..=0x39, P66),
    // Broadcasts, extensions, and permutations by an immediate.
    rule(1, 0x70..=0x70, ANY),
    rule(2, 0x18..=0x1a, P66),
    rule(2, 0x20..=0x25, P66),
    rule(2, 0x30..=0x35, P66),
    rule(2, 0x58..=0x5a, P66),
    rule(2, 0x78..=0x79, P66),
    rule(3, 0x00..=0x01, P66),
    rule(3, 0x04..=0x05, P66),
    // AES, RORX, VZEROUPPER and VZEROALL.
    rule(2, 0xdb..=0xdb, P66),
    rule(3, 0xdf..=0xdf, P66),
    rule(3, 0xf0..=0xf0, PF2),
    rule(1, 0x77..=0x77, NONE),
];

/// Encodings without VEX that are none.
const NO_INSTRUCTIONS: &[Rule] = &[
    rule(1, 0x77..=0x77, P66 | PF2 | PF3),
    rule(1, 0x50..=0x50, PF2 | PF3),
    memory(1, 0x50..=0x50, ANY),
    rule(1, 0xc3..=0xc3, P66 | PF2 | PF3),
    register(1, 0xc3..=0xc3, ANY),
    rule(1, 0xc5..=0xc5, PF2 | PF3),
    memory(1, 0xc5..=0xc5, ANY),
    memory(1, 0xd6..=0xd6, PF2 | PF3),
    rule(1, 0xd7..=0xd7, PF2 | PF3),
    memory(1, 0xd7..=0xd7, ANY),
    rule(1, 0xf7..=0xf7, PF2 | PF3),
    memory(1, 0xf7..=0xf7, ANY),
    rule(2, 0xc8..=0xcd, P66 | PF2 | PF3),
    rule(3, 0xcc..=0xcc, P66 | PF2 | PF3),
    rule(2, 0xf0..=0xf1, PF3),
    register(2, 0xf0..=0xf1, NONE | P66),
    rule(2, 0xf6..=0xf6, PF2),
    // What VIA's processors have there.
    rule(1, 0xa6..=0xa7, ANY),
];

/// Encodings with VEX that are none: broadcasts of 128 bits are of memory.
const NO_VEX_INSTRUCTIONS: &[Rule] = &[register(2, 0x1a..=0x1a, P66), register(2, 0x5a..=0x5a, P66)];

/// One-byte opcodes that 64-bit mode does not have, and that the
/// specification has there behind an address size prefix.
const NOT_IN_64_BIT_MODE: &[u8] = &[0x27, 0x2f, 0x37, 0x3f, 0xd4, 0xd5, 0xd6];

impl Rule {
    fn holds(&self, decoded: &Decoded) -> bool {
        self.map == decoded.map
            && self.opcodes.contains(&decoded.opcode)
            && self.prefixes & decoded.prefix != 0
            && self.in_memory.is_none_or(|wanted| wanted == decoded.address.is_some())
    }
}

/// Whether an encoding is no instruction.
pub(super) fn is_reserved(decoded: &Decoded, is_64: bool) -> bool {
    if decoded.vex {
        return NO_VEX_INSTRUCTIONS.iter().any(|rule| rule.holds(decoded))
            || decoded.vvvv != 0 && TWO_OPERANDS.iter().any(|rule| rule.holds(decoded))
            || gathers_over_itself(decoded);
    }
    if decoded.map == 0 {
        // Of 0xfe, there are INC and DEC alone; of 0xff, all but the last.
        return is_64 && NOT_IN_64_BIT_MODE.contains(&decoded.opcode)
            || decoded.opcode == 0xfe && decoded.modrm >> 3 & 7 > 1
            || decoded.opcode == 0xff
                && (decoded.modrm >> 3 & 7 == 7 || decoded.locks && decoded.modrm >> 3 & 7 > 1);
    }
    NO_INSTRUCTIONS.iter().any(|rule| rule.holds(decoded))
}

/// Whether an instruction that gathers names a register twice.
fn gathers_over_itself(decoded: &Decoded) -> bool {
    let gathers = decoded.map == 2 && (0x90..=0x93).contains(&decoded.opcode) && decoded.prefix == P66;
    let index = decoded.address.and_then(|address| address.index);
    gathers
        && index
            .is_none_or(|index| index == decoded.reg || index == decoded.vvvv || decoded.reg == decoded.vvvv)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x86::decode::{Mode, decode};

    /// Encodings, whether the mode is of 64 bits, and whether a processor
    /// refuses them. As measured on an Intel Xeon.
    const ENCODINGS: &[(&[u8], bool, bool)] = &[
        // daa, with an address size prefix
        (&[0x67, 0x27], true, true),
        (&[0x67, 0x27], false, false),
        // inc byte [rax]; the same with another extension
        (&[0xfe, 0x00], true, false),
        (&[0xfe, 0x30], true, true),
        // jmp [rax]; the same locked; inc dword [rax] locked; /7
        (&[0xff, 0x20], true, false),
        (&[0xf0, 0xff, 0x20], true, true),
        (&[0xf0, 0xff, 0x00], true, false),
        (&[0xff, 0x38], true, true),
        // sha1msg1 xmm2, xmm6, with and without prefixes
        (&[0x0f, 0x38, 0xc9, 0xd6], true, false),
        (&[0x66, 0x0f, 0x38, 0xc9, 0xd6], true, true),
        (&[0xf2, 0x0f, 0x38, 0xc9, 0xd6], true, true),
        // movmskps eax, xmm1; of memory, with all of its address and without
        (&[0x0f, 0x50, 0xc1], true, false),
        (&[0x0f, 0x50, 0x01], true, true),
        (&[0x0f, 0x50, 0x84], true, true),
        // emms
        (&[0x0f, 0x77], true, false),
        (&[0xf3, 0x0f, 0x77], true, true),
        // vmovaps xmm3, xmm5, without and with a second source
        (&[0xc5, 0xf8, 0x28, 0xdd], true, false),
        (&[0xc5, 0x98, 0x28, 0xdd], true, true),
        // vmovss xmm1, xmm4, xmm3; vmovss xmm1, [rax]
        (&[0xc5, 0xda, 0x10, 0xcb], true, false),
        (&[0xc5, 0xda, 0x10, 0x08], true, true),
        (&[0xc5, 0xfa, 0x10, 0x08], true, false),
        // vbroadcastf128 ymm0, [rax]; of a register
        (&[0xc4, 0xe2, 0x7d, 0x1a, 0x00], true, false),
        (&[0xc4, 0xe2, 0x7d, 0x1a, 0xc1], true, true),
        // vgatherdps xmm1, [rax + xmm2], xmm3; with one register twice
        (&[0xc4, 0xe2, 0x61, 0x92, 0x0c, 0x10], true, false),
        (&[0xc4, 0xe2, 0x69, 0x92, 0x0c, 0x10], true, true),
        (&[0xc4, 0xe2, 0x71, 0x92, 0x0c, 0x10], true, true),
        (&[0xc4, 0xe2, 0x61, 0x92, 0x14, 0x10], true, true),
    ];

    #[test]
    fn encodings_are_refused_as_by_hardware() {
        for (bytes, is_64, refused) in ENCODINGS {
            let decoded = decode(bytes, if *is_64 { Mode::Long } else { Mode::Protected });
            let reserved = decoded.is_some_and(|decoded| is_reserved(&decoded, *is_64));
            assert_eq!(reserved, *refused, "{bytes:02x?}");
        }
    }
}
