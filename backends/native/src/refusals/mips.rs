//! MIPS: what is reserved in release 2 (MIPS Architecture For Programmers,
//! volume II-A, appendix A): virtual memory and threads of later modules, the
//! second coprocessor, which is not there.

use super::{Refusal, field, refuse};

const ALWAYS: fn(u32) -> bool = |_| true;

/// An opcode of SPECIAL3.
const fn special3(number: u32) -> Refusal {
    refuse(0xfc00_003f, 0x7c00_0000 | number, ALWAYS)
}

/// An opcode of its own.
const fn opcode(number: u32) -> Refusal {
    refuse(0xfc00_0000, number << 26, ALWAYS)
}

/// What both widths refuse, with what one of them does.
macro_rules! list {
    ($($more:expr),* $(,)?) => {
        &[
            special3(0x19),
            special3(0x1a),
            special3(0x1b),
            special3(0x1c),
            special3(0x1d),
            special3(0x1e),
            special3(0x1f),
            special3(0x21),
            special3(0x22),
            special3(0x23),
            special3(0x28),
            special3(0x29),
            special3(0x2c),
            special3(0x2d),
            special3(0x2e),
            special3(0x2f),
            // fork, yield, mftr, mttr.
            special3(0x08),
            special3(0x09),
            refuse(0xffe0_0000, 0x4100_0000, ALWAYS),
            refuse(0xffe0_0000, 0x4180_0000, ALWAYS),
            opcode(0x12),
            opcode(0x32),
            opcode(0x36),
            opcode(0x3a),
            opcode(0x3e),
            $($more),*
        ]
    };
}

pub(super) const MIPS32: &[Refusal] = list![
    refuse(0xfc00_0000, 0x7000_0000, |word| !is_special2(word, false)),
    // Indexed loads: LWX, LHX, LBUX.
    refuse(0xfc00_003f, 0x7c00_000a, |word| !matches!(field(word, 6, 5), 0 | 4 | 6)),
];

pub(super) const MIPS64: &[Refusal] = list![
    refuse(0xfc00_0000, 0x7000_0000, |word| !is_special2(word, true)),
    refuse(0xfc00_003f, 0x7c00_000a, |word| !matches!(field(word, 6, 5), 0 | 4 | 6 | 8)),
];

/// MADD, MADDU, MUL, MSUB, MSUBU, CLZ, CLO, SDBBP, and DCLZ and DCLO.
const fn is_special2(word: u32, is_wide: bool) -> bool {
    match field(word, 0, 6) {
        0 | 1 | 2 | 4 | 5 | 0x20 | 0x21 | 0x3f => true,
        0x24 | 0x25 => is_wide,
        _ => false,
    }
}
