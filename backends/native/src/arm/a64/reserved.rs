//! Words that the specification decodes though they are reserved, or belong
//! to extensions that the processor has not; and what remains of general
//! instructions.

use super::super::{Word, rows};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(super) const ROWS: &[Override] = rows![
    // Bit masks of nothing but ones (Arm ARM, DecodeBitMasks).
    0x1fc0_fc00, 0x1240_fc00 => invalid,
    0x1fc0_fc00, 0x1200_7c00 => invalid,
    0x1fc0_fc00, 0x1200_bc00 => invalid,
    0x1fc0_fc00, 0x1200_dc00 => invalid,
    0x1fc0_fc00, 0x1200_ec00 => invalid,
    0x1fc0_fc00, 0x1200_f400 => invalid,
    0x1fc0_f800, 0x1200_f800 => invalid,
    0x9fc0_0000, 0x1240_0000 => invalid,
    // bc.cond.
    0xff00_0010, 0x5400_0010 => invalid,
    // Memory tagging: addg, subg, subp, subps, irg, gmi, stg and its like,
    // stgp.
    0xbfc0_0000, 0x9180_0000 => invalid,
    0xdfe0_fc00, 0x9ac0_0000 => invalid,
    0xffe0_f800, 0x9ac0_1000 => invalid,
    0xff20_0000, 0xd920_0000 => invalid,
    0xfe40_0000, 0x6800_0000 => invalid,
    // Copies and sets of memory.
    0x3b20_0c00, 0x1900_0400 => invalid,
    // rmif.
    0xffe0_7c10, 0xba00_0400 => rotate_into_flags,
];

fn invalid(_: &mut NativeEmulator, _: Word) -> Result<(), Halt> {
    Err(Halt::Invalid)
}

/// Bits of a register, rotated, become flags.
fn rotate_into_flags(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let value = emulator.x(word.field(5, 5)).rotate_right(word.field(15, 6));
    let mut flags = emulator.nzcv();
    for (index, flag) in flags.iter_mut().enumerate() {
        let bit = 3 - index as u32;
        if word.bit(bit) {
            *flag = value >> bit & 1 != 0;
        }
    }
    emulator.set_nzcv(flags);
    Ok(())
}
