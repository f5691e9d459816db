//! TriCore: products of fractions, of words and halves: MUL.Q, MADD.Q, MSUB.Q
//! and their rounding relatives (TriCore Architecture Manual, volume 2).

use super::tricore_arithmetic::{Kind, data, entry, note, set_data, settle, wide_number, word};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

/// The second opcode has six bits from bit 18 on.
macro_rules! forms {
    ($($first:literal: $($second:literal),*;)*) => {
        &[$($(entry(0x00fc_00ff, $second << 18 | $first, products),)*)*]
    };
}

pub(crate) const OVERRIDES: &[Override] = forms! {
    0x43: 0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x07, 0x18, 0x19, 0x1b, 0x1c, 0x1d;
    0x43: 0x20, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x38, 0x39, 0x3b, 0x3c, 0x3d;
    0x63: 0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x07, 0x18, 0x19, 0x1b, 0x1c, 0x1d;
    0x63: 0x20, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x38, 0x39, 0x3b, 0x3c, 0x3d;
    0x93: 0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x07, 0x18, 0x19, 0x1b;
};

/// What is multiplied by what.
fn operands(emulator: &NativeEmulator, word: u32) -> (i32, i32) {
    let (a, b) = (data(emulator, word >> 8) as i32, data(emulator, word >> 12) as i32);
    let (upper, lower) = (|value: i32| value >> 16, |value: i32| i32::from(value as i16));
    match word >> 18 & 7 {
        0 => (a, upper(b)),
        1 => (a, lower(b)),
        4 | 6 => (upper(a), upper(b)),
        5 | 7 => (lower(a), lower(b)),
        _ => (a, b),
    }
}

/// MUL.Q, MADD.Q, MSUB.Q, and with R, rounded to an upper half.
fn products(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let (code, n) = (word >> 18 & 7, word >> 16 & 3);
    let is_wide = word >> 21 & 3 == 3;
    let (a, b) = operands(emulator, word);
    let is_half = code >= 4;
    // -1 by -1 of halves is the highest number.
    let highest = is_half && n == 1 && a == i32::from(i16::MIN) && b == a;
    let product = if highest { i32::MAX.into() } else { (i128::from(a) * i128::from(b)) << n };
    // How far the product stands above the result.
    let shift = match (is_half, is_wide, code) {
        (true, true, _) => -16,
        (true, false, _) | (_, true, _) => 0,
        (_, _, 0 | 1) => 16,
        _ => 32,
    };
    let subtracts = word & 0xff == 0x63;
    let start = match (word & 0xff, is_wide) {
        (0x93, _) => 0,
        (_, true) => wide_number(emulator, word >> 24, false),
        (_, false) => i128::from(data(emulator, word >> 24) as i32),
    };
    // The sum is cut off, not the product.
    let product = if subtracts { -product } else { product };
    let mut exact =
        if shift < 0 { start + (product << -shift) } else { ((start << shift) + product) >> shift };
    let rounds = code >= 6 && !is_wide;
    if rounds {
        exact += 0x8000;
    }
    let settled = settle(exact, if is_wide { 64 } else { 32 }, Kind::of(false, word >> 23 & 1 != 0));
    let bits = if rounds { settled.bits & 0xffff_0000 } else { settled.bits };
    set_data(emulator, word >> 28, bits as u32);
    if is_wide {
        set_data(emulator, (word >> 28) + 1, (bits >> 32) as u32);
    }
    note(emulator, settled.overflows, settled.nearly, None);
    Ok(())
}
