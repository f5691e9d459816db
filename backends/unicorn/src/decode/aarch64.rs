//! AArch64. ARM Architecture Reference Manual for A-profile architecture (DDI
//! 0487), C4.1. Code is little-endian, whatever the order of data.

use terrella_platforms::{ByteOrder::Little, Platform};

use super::{CodeState, Decoder, fixed_length, matches, word};

pub(super) const DECODER: Decoder = Decoder { length: fixed_length, transfers, wide };

const TRANSFERS: &[(u32, u32)] = &[
    (0x7c00_0000, 0x1400_0000), // b, bl
    (0xff00_0000, 0x5400_0000), // b.cond, bc.cond
    (0x7c00_0000, 0x3400_0000), // cbz, cbnz, tbz, tbnz
    (0xfe00_0000, 0xd600_0000), // br, blr, ret, eret, and with authentication
    (0xff00_0000, 0xd400_0000), // svc, hvc, smc, brk, hlt, dcps
];

/// Accesses of sixteen bytes.
const SIXTEEN: &[(u32, u32)] = &[
    (0xff80_0000, 0x3d80_0000), // ldr, str q: unsigned offset
    (0xff80_0000, 0x3c80_0000), // ldr, str, ldur, stur q: the other addressing modes
    (0xff00_0000, 0x9c00_0000), // ldr q, literal
    (0xfe00_0000, 0xac00_0000), // ldp, stp, ldnp, stnp q
    (0xffa0_0000, 0xc820_0000), // ldxp, stxp, ldaxp, stlxp x
    (0xffa0_0000, 0x4820_0000), // casp x
    // ld1, st1 of one to four whole registers, without and with write-back
    (0xffbf_f000, 0x4c00_7000),
    (0xffbf_f000, 0x4c00_a000),
    (0xffbf_f000, 0x4c00_6000),
    (0xffbf_f000, 0x4c00_2000),
    (0xffa0_f000, 0x4c80_7000),
    (0xffa0_f000, 0x4c80_a000),
    (0xffa0_f000, 0x4c80_6000),
    (0xffa0_f000, 0x4c80_2000),
];

fn transfers(_: Platform, _: CodeState, bytes: &[u8]) -> bool {
    word(bytes, Little).is_some_and(|word| matches(word, TRANSFERS))
}

fn wide(_: Platform, _: CodeState, bytes: &[u8]) -> Option<u32> {
    matches(word(bytes, Little)?, SIXTEEN).then_some(16)
}
