//! 32-bit ARM. ARM Architecture Reference Manual ARMv7-A and ARMv7-R edition
//! (DDI 0406C), A5 (ARM) and A6 (Thumb); ARMv5 (DDI 0100I), A7.
//!
//! Code is little-endian, whatever the order of data (BE-8). There are no wide
//! accesses: multiple loads access words, vector loads elements.

use terrella_platforms::{Architecture, ByteOrder::Little, Platform};

use super::{CodeState, Decoder, halfword, matches, never_wide, word};

pub(super) const DECODER: Decoder = Decoder { length, transfers, wide: never_wide };

/// Under any condition.
const ARM: &[(u32, u32)] = &[
    (0x0e00_0000, 0x0a00_0000), // b, bl
    (0x0fff_fff0, 0x012f_ff10), // bx
    (0x0fff_fff0, 0x012f_ff20), // bxj
    (0x0fff_fff0, 0x012f_ff30), // blx
    (0x0f00_0000, 0x0f00_0000), // svc
    (0x0ff0_00f0, 0x0120_0070), // bkpt
    (0x0ff0_00f0, 0x0140_0070), // hvc
    (0x0ff0_00f0, 0x0160_0070), // smc
    (0x0fff_ffff, 0x0160_006e), // eret
    (0x0e10_8000, 0x0810_8000), // ldm with pc
    (0x0e10_f000, 0x0410_f000), // ldr pc, immediate
    (0x0e10_f010, 0x0610_f000), // ldr pc, register
];

/// With the condition field 1111.
const ARM_UNCONDITIONAL: &[(u32, u32)] = &[
    (0xfe00_0000, 0xfa00_0000), // blx
    (0xfe50_0000, 0xf810_0000), // rfe
];

const THUMB_16: &[(u32, u32)] = &[
    (0xf800, 0xe000), // b
    (0xff00, 0x4700), // bx, blx
    (0xff87, 0x4687), // mov pc
    (0xff87, 0x4487), // add pc
    (0xf500, 0xb100), // cbz, cbnz
    (0xff00, 0xbd00), // pop with pc
    (0xff00, 0xbe00), // bkpt
    (0xffc0, 0xba80), // hlt
    (0xf800, 0xe800), // second half of blx, alone
    (0xf800, 0xf800), // second half of bl, alone
];

const THUMB_32: &[(u32, u32)] = &[
    (0xf800_9000, 0xf000_9000), // b, bl
    (0xf800_d000, 0xf000_c000), // blx
    (0xfff0_d000, 0xf3c0_8000), // bxj
    (0xfff0_d000, 0xf3d0_8000), // subs pc, lr; eret
    (0xfff0_f000, 0xf7e0_8000), // hvc
    (0xfff0_f000, 0xf7f0_8000), // smc
    (0xffd0_8000, 0xe890_8000), // ldmia with pc, pop with pc
    (0xffd0_8000, 0xe910_8000), // ldmdb with pc
    (0xffd0_0000, 0xe810_0000), // rfedb
    (0xffd0_0000, 0xe990_0000), // rfeia
    (0xff70_f000, 0xf850_f000), // ldr pc: 12-bit offset, the other addressing modes, literal
    (0xfff0_ffe0, 0xe8d0_f000), // tbb, tbh
];

fn is_thumb(platform: Platform, state: CodeState) -> bool {
    state.thumb || matches!(platform.architecture(), Architecture::ArmV6M | Architecture::ArmV7M)
}

fn length(platform: Platform, state: CodeState, bytes: &[u8]) -> Option<usize> {
    if !is_thumb(platform, state) {
        return Some(4);
    }
    // Without Thumb-2 the halves of `bl` and `blx` are instructions; the first
    // one is only seen together with a second one.
    let long = match halfword(bytes, Little)? >> 11 {
        0b11110 => true,
        0b11101 | 0b11111 => platform.architecture() != Architecture::ArmV5T,
        _ => false,
    };
    Some(if long { 4 } else { 2 })
}

fn transfers(platform: Platform, state: CodeState, bytes: &[u8]) -> bool {
    if !is_thumb(platform, state) {
        return word(bytes, Little).is_some_and(arm_transfers);
    }
    let Some(first) = halfword(bytes, Little) else { return false };
    match halfword(bytes.get(2..).unwrap_or(&[]), Little) {
        None => {
            // The condition 1110 is an undefined instruction, 1111 is `svc`.
            let conditional = first & 0xf000 == 0xd000 && first & 0x0f00 != 0x0e00;
            conditional || matches(first.into(), THUMB_16)
        }
        Some(second) => {
            let word = u32::from(first) << 16 | u32::from(second);
            let conditional = word & 0xf800_d000 == 0xf000_8000 && word & 0x0380_0000 != 0x0380_0000;
            conditional || matches(word, THUMB_32)
        }
    }
}

fn arm_transfers(word: u32) -> bool {
    if word >> 28 == 0xf {
        return matches(word, ARM_UNCONDITIONAL);
    }
    matches(word, ARM) || writes_pc_as_data(word)
}

/// A data-processing instruction, not a comparison, whose result goes to `pc`.
fn writes_pc_as_data(word: u32) -> bool {
    let immediate = word & 0x0200_0000 != 0;
    let data_processing = word & 0x0c00_0000 == 0 && (immediate || word & 0x90 != 0x90);
    let comparison_or_other = word & 0x0180_0000 == 0x0100_0000;
    data_processing && !comparison_or_other && word & 0xf000 == 0xf000
}
