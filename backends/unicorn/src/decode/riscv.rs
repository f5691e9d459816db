//! RISC-V. The RISC-V Instruction Set Manual, volume I, chapters "RV32/64G
//! instruction set listings" and "C"; volume II for the returns.

use terrella_platforms::{Architecture, ByteOrder::Little, Platform};

use super::{CodeState, Decoder, halfword, matches, never_wide, word};

pub(super) const DECODER: Decoder = Decoder { length, transfers, wide: never_wide };

const LONG: &[(u32, u32)] = &[
    (0x0000_007f, 0x0000_0063), // beq, bne, blt, bge, bltu, bgeu
    (0x0000_007f, 0x0000_006f), // jal
    (0x0000_707f, 0x0000_0067), // jalr
    (0xffff_ffff, 0x0000_0073), // ecall
    (0xffff_ffff, 0x0010_0073), // ebreak
    (0xffff_ffff, 0x0020_0073), // uret
    (0xffff_ffff, 0x1020_0073), // sret
    (0xffff_ffff, 0x3020_0073), // mret
    (0xffff_ffff, 0x7b20_0073), // dret
];

const COMPRESSED: &[(u32, u32)] = &[
    (0xe003, 0xa001), // c.j
    (0xe003, 0xc001), // c.beqz
    (0xe003, 0xe001), // c.bnez
];

/// Lengths above four bytes belong to no standard extension.
fn length(_: Platform, _: CodeState, bytes: &[u8]) -> Option<usize> {
    match halfword(bytes, Little)? {
        low if low & 0b11 != 0b11 => Some(2),
        low if low & 0b11100 != 0b11100 => Some(4),
        _ => None,
    }
}

fn transfers(platform: Platform, _: CodeState, bytes: &[u8]) -> bool {
    if let Some(word) = word(bytes, Little) {
        return matches(word, LONG);
    }
    halfword(bytes, Little).is_some_and(|half| {
        // `c.addiw` on RV64.
        let jal = platform.architecture() == Architecture::RiscV32 && half & 0xe003 == 0x2001;
        // `c.jr` and `c.jalr`, and `c.ebreak` in the place of `c.jalr x0`.
        let through_register = half & 0xe07f == 0x8002 && half != 0x8002;
        jal || through_register || matches(half.into(), COMPRESSED)
    })
}
