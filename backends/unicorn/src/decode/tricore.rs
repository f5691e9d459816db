//! TriCore. TriCore Architecture volume 2, Instruction Set (V1.6), chapter 3
//! and its opcode tables.

use terrella_platforms::{ByteOrder::Little, Platform};

use super::{CodeState, Decoder, halfword, matches, never_wide, word};

pub(super) const DECODER: Decoder = Decoder { length, transfers, wide: never_wide };

/// The opcodes of two bytes that branch.
const SHORT_OPCODES: &[u8] = &[
    0x3c, 0x5c, // j, call
    0x1e, 0x9e, 0x3e, 0xbe, // jeq
    0x5e, 0xde, 0x7e, 0xfe, // jne
    0xce, 0x4e, 0x8e, 0x0e, // jgez, jgtz, jlez, jltz
    0xee, 0xf6, 0x7c, 0xae, // jnz, jnz.a, jnz.t
    0x6e, 0x76, 0xbc, 0x2e, // jz, jz.a, jz.t
    0xdc, 0xfc, // ji, loop
];

const SHORT: &[(u32, u32)] = &[
    (0xf0ff, 0x7000), // fret
    (0xf0ff, 0x8000), // rfe
    (0xf0ff, 0x9000), // ret
    (0xf0ff, 0xa000), // debug
];

/// The opcodes of four bytes that branch.
const LONG_OPCODES: &[u8] = &[
    0x1d, 0x9d, 0x5d, 0xdd, // j, ja, jl, jla
    0x6d, 0xed, 0x61, 0xe1, // call, calla, fcall, fcalla
    0xdf, 0xff, 0xbf, 0x9f, // with a constant: jeq and jne, jge, jlt, jned and jnei
    0x5f, 0x7d, 0x7f, 0x3f, 0x1f, // jeq and jne, of addresses, jge, jlt, jned and jnei
    0x6f, 0xbd, 0xfd, // jnz.t and jz.t, jnz.a and jz.a, loop and loopu
    0x2d, // calli, fcalli, jli, ji
];

const LONG: &[(u32, u32)] = &[
    (0x0fc0_00ff, 0x00c0_000d), // fret
    (0x0fc0_00ff, 0x0100_000d), // debug
    (0x0fc0_00ff, 0x0140_000d), // rfm
    (0x0fc0_00ff, 0x0180_000d), // ret
    (0x0fc0_00ff, 0x01c0_000d), // rfe
    (0x0fc0_00ff, 0x0500_000d), // trapv
    (0x0fc0_00ff, 0x0540_000d), // trapsv
    (0x0fe0_00ff, 0x0080_00ad), // syscall
];

fn length(_: Platform, _: CodeState, bytes: &[u8]) -> Option<usize> {
    Some(if bytes.first()? & 1 == 1 { 4 } else { 2 })
}

fn transfers(_: Platform, _: CodeState, bytes: &[u8]) -> bool {
    match word(bytes, Little) {
        Some(word) => LONG_OPCODES.contains(&bytes[0]) || matches(word, LONG),
        None => {
            SHORT_OPCODES.contains(&bytes[0])
                || halfword(bytes, Little).is_some_and(|half| matches(half.into(), SHORT))
        }
    }
}
