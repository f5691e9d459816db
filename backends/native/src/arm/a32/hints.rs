//! Hints to load what will be used, which do nothing (Arm ARM ARMv7-A, A8.8.126
//! to A8.8.130, PLD, PLDW, PLI).

use super::super::rows;
use crate::overrides::Override;

pub(in crate::arm) const ROWS: &[Override] = rows![
    // Of data, and of data that will be written, by an immediate or a register.
    0xff30_f000, 0xf510_f000 => |_, _| Ok(()),
    0xff30_f010, 0xf710_f000 => |_, _| Ok(()),
    // Of instructions.
    0xff70_f000, 0xf450_f000 => |_, _| Ok(()),
    0xff70_f010, 0xf650_f000 => |_, _| Ok(()),
];

/// Loads of halves with a sign into the program counter, which are hints that
/// nothing is told of (A6.3.19): by an immediate, beside the program counter,
/// by a register, and downwards.
pub(in crate::arm) const THUMB: &[Override] = rows![
    0xfff0_f000, 0xf9b0_f000 => |_, _| Ok(()),
    0xff7f_f000, 0xf93f_f000 => |_, _| Ok(()),
    0xfff0_ffc0, 0xf930_f000 => |_, _| Ok(()),
    0xfff0_ff00, 0xf930_fc00 => |_, _| Ok(()),
];
