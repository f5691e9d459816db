//! MIPS32 and MIPS64, up to release 5. MIPS Architecture For Programmers,
//! volume II-A (MD00086), appendix A; MSA, volume IV-j (MD00867).

use terrella_platforms::Platform;

use super::{CodeState, Decoder, fixed_length, matches, word};

pub(super) const DECODER: Decoder = Decoder { length: fixed_length, transfers, wide };

/// Those with a delay slot.
const BRANCHES: &[(u32, u32)] = &[
    (0xfc00_003e, 0x0000_0008), // jr, jalr
    (0xfc0c_0000, 0x0400_0000), // bltz, bgez, and likely, and linking
    (0xfc1e_0000, 0x041c_0000), // bposge32, bposge64
    (0xf800_0000, 0x0800_0000), // j, jal
    (0xf000_0000, 0x1000_0000), // beq, bne, blez, bgtz
    (0xf000_0000, 0x5000_0000), // the same, likely
    (0xfc00_0000, 0x7400_0000), // jalx
    (0xf3e0_0000, 0x4100_0000), // bc0, bc1, bc2
    (0xffe0_0000, 0x4520_0000), // bc1any2
    (0xffe0_0000, 0x4540_0000), // bc1any4
    (0xff60_0000, 0x4560_0000), // bz.v, bnz.v
    (0xff00_0000, 0x4700_0000), // bz, bnz with a format
];

const OTHERS: &[(u32, u32)] = &[
    (0xfc00_003f, 0x0000_000c), // syscall
    (0xfc00_003f, 0x0000_000d), // break
    (0xfe00_003f, 0x4200_0018), // eret
    (0xfe00_003f, 0x4200_001f), // deret
    (0xfc00_003f, 0x7000_003f), // sdbbp
];

/// `ld` and `st` of MSA.
const SIXTEEN: &[(u32, u32)] = &[(0xfc00_0038, 0x7800_0020)];

pub(super) fn has_delay_slot(word: u32) -> bool {
    matches(word, BRANCHES)
}

/// `teq`, `tge` and `tgeu` of a register with itself.
fn always_traps(word: u32) -> bool {
    let same = word >> 21 & 31 == word >> 16 & 31;
    same && matches!(word & 0xfc00_003f, 0x30 | 0x31 | 0x34)
}

fn transfers(platform: Platform, _: CodeState, bytes: &[u8]) -> bool {
    word(bytes, platform.byte_order())
        .is_some_and(|word| matches(word, BRANCHES) || matches(word, OTHERS) || always_traps(word))
}

fn wide(platform: Platform, _: CodeState, bytes: &[u8]) -> Option<u32> {
    matches(word(bytes, platform.byte_order())?, SIXTEEN).then_some(16)
}
