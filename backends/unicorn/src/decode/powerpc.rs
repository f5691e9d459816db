//! PowerPC. Power ISA 3.0B: book I, 2.4 (branches), 3.3.11 (traps), 6.7 and 7.6
//! (vector storage access); book III, 3.3 (system linkage). Book E for the
//! further returns from interrupts.

use terrella_platforms::Platform;

use super::{CodeState, Decoder, fixed_length, matches, word};

pub(super) const DECODER: Decoder = Decoder { length: fixed_length, transfers, wide };

/// An extended opcode of ten bits.
const fn extended(primary: u32, opcode: u32) -> (u32, u32) {
    (0xfc00_07fe, primary << 26 | opcode << 1)
}

const TRANSFERS: &[(u32, u32)] = &[
    (0xfc00_0000, 18 << 26), // b
    (0xfc00_0000, 16 << 26), // bc
    (0xfc00_0000, 17 << 26), // sc, scv
    extended(19, 16),        // bclr
    extended(19, 528),       // bcctr
    extended(19, 560),       // bctar
    extended(19, 18),        // rfid
    extended(19, 38),        // rfmci
    extended(19, 39),        // rfdi
    extended(19, 50),        // rfi
    extended(19, 51),        // rfci
    extended(19, 82),        // rfscv
    extended(19, 146),       // rfebb
    extended(19, 274),       // hrfid
    // Traps on any condition.
    (0xffe0_0000, 3 << 26 | 31 << 21),            // twi
    (0xffe0_0000, 2 << 26 | 31 << 21),            // tdi
    (0xffe0_07fe, 31 << 26 | 31 << 21 | 4 << 1),  // tw
    (0xffe0_07fe, 31 << 26 | 31 << 21 | 68 << 1), // td
];

const SIXTEEN: &[(u32, u32)] = &[
    extended(31, 103),           // lvx
    extended(31, 359),           // lvxl
    extended(31, 231),           // stvx
    extended(31, 487),           // stvxl
    extended(31, 844),           // lxvd2x
    extended(31, 972),           // stxvd2x
    extended(31, 780),           // lxvw4x
    extended(31, 908),           // stxvw4x
    extended(31, 812),           // lxvh8x
    extended(31, 940),           // stxvh8x
    extended(31, 876),           // lxvb16x
    extended(31, 1004),          // stxvb16x
    extended(31, 268),           // lxvx
    extended(31, 300),           // lxvx of the last 32 registers
    extended(31, 396),           // stxvx
    extended(31, 276),           // lqarx
    extended(31, 182),           // stqcx.
    (0xfc00_0007, 61 << 26 | 1), // lxv
    (0xfc00_0007, 61 << 26 | 5), // stxv
    (0xfc00_0000, 56 << 26),     // lq
    (0xfc00_0003, 62 << 26 | 2), // stq
];

fn transfers(platform: Platform, _: CodeState, bytes: &[u8]) -> bool {
    word(bytes, platform.byte_order()).is_some_and(|word| matches(word, TRANSFERS))
}

fn wide(platform: Platform, _: CodeState, bytes: &[u8]) -> Option<u32> {
    matches(word(bytes, platform.byte_order())?, SIXTEEN).then_some(16)
}
