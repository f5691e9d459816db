//! TriCore: products of two pairs of halves that are added to a pair of words,
//! to a double word, or rounded to halves: MADD.H, MSUB.H and their relatives
//! (TriCore Architecture Manual, volume 2).

use super::tricore_arithmetic::{Kind, data, entry, note, set_data, settle, wide_number, word};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

/// The second opcode has six bits from bit 18 on, of which the lowest two
/// select the halves.
const fn form(first: u32, second: u32, function: super::Function) -> Override {
    entry(0x00f0_00ff, second << 18 | first, function)
}

/// For the four first opcodes.
macro_rules! forms {
    ($($second:literal => $function:ident),*) => {
        &[$(
            form(0x83, $second, $function),
            form(0xa3, $second, $function),
            form(0xc3, $second, $function),
            form(0xe3, $second, $function),
        )*]
    };
}

pub(crate) const OVERRIDES: &[Override] = forms! {
    0x0c => rounded, 0x2c => rounded,
    0x18 => words, 0x38 => words,
    0x1c => double_word, 0x3c => double_word
};

/// The signs of the upper and of the lower product: MADD.H, MSUB.H, MADDSU.H,
/// MSUBAD.H.
const fn signs(word: u32) -> (i128, i128) {
    match word & 0xff {
        0x83 => (1, 1),
        0xa3 => (-1, -1),
        0xc3 => (1, -1),
        _ => (-1, 1),
    }
}

/// The product of two halves, as a fraction if n is 1: then -1 by -1 is the
/// highest number.
const fn product(a: i16, b: i16, n: u32) -> i128 {
    if n == 1 && a == i16::MIN && b == i16::MIN {
        return i32::MAX as i128;
    }
    ((a as i32 * b as i32) << n) as i128
}

/// The upper and the lower product.
pub(super) fn both(emulator: &NativeEmulator, word: u32) -> (i128, i128) {
    let halves = |value: u32| ((value >> 16) as i16, value as i16);
    let ((a_upper, a_lower), (b_upper, b_lower)) =
        (halves(data(emulator, word >> 8)), halves(data(emulator, word >> 12)));
    let n = word >> 16 & 3;
    let (upper, lower) = match word >> 18 & 3 {
        0 => ((a_upper, b_upper), (a_lower, b_lower)),
        1 => ((a_upper, b_lower), (a_lower, b_upper)),
        2 => ((a_upper, b_lower), (a_lower, b_lower)),
        _ => ((a_lower, b_upper), (a_upper, b_upper)),
    };
    (product(upper.0, upper.1, n), product(lower.0, lower.1, n))
}

/// Bit 23 tells what saturates.
const fn kind(word: u32) -> Kind {
    Kind::of(false, word >> 23 & 1 != 0)
}

/// To the two words of a pair.
fn words(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let (upper, lower) = both(emulator, word);
    let (sign_upper, sign_lower) = signs(word);
    let start = |register| i128::from(data(emulator, register) as i32);
    let high = settle(start((word >> 24) + 1) + sign_upper * upper, 32, kind(word));
    let low = settle(start(word >> 24) + sign_lower * lower, 32, kind(word));
    set_data(emulator, word >> 28, low.bits as u32);
    set_data(emulator, (word >> 28) + 1, high.bits as u32);
    note(emulator, high.overflows || low.overflows, high.nearly || low.nearly, None);
    Ok(())
}

/// To a double word: what the products add up to stands 16 bits higher.
fn double_word(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let (upper, lower) = both(emulator, word);
    let (sign_upper, sign_lower) = signs(word);
    let sum = sign_upper * upper + sign_lower * lower;
    let exact = wide_number(emulator, word >> 24, false) + (sum << 16);
    let settled = settle(exact, 64, kind(word));
    set_data(emulator, word >> 28, settled.bits as u32);
    set_data(emulator, (word >> 28) + 1, (settled.bits >> 32) as u32);
    note(emulator, settled.overflows, settled.nearly, None);
    Ok(())
}

/// To two halves, which stand for upper halves of words and are rounded.
fn rounded(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let (upper, lower) = both(emulator, word);
    let (sign_upper, sign_lower) = signs(word);
    let start = data(emulator, word >> 24);
    let half = |bits: u32, product: i128| settle(i128::from(bits as i32) + product + 0x8000, 32, kind(word));
    let high = half(start & 0xffff_0000, sign_upper * upper);
    let low = half(start << 16, sign_lower * lower);
    let value = high.bits as u32 & 0xffff_0000 | low.bits as u32 >> 16;
    set_data(emulator, word >> 28, value);
    note(emulator, high.overflows || low.overflows, high.nearly || low.nearly, None);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_fractions_if_n_is_one() {
        assert_eq!(product(i16::MIN, i16::MIN, 0), 0x4000_0000);
        assert_eq!(product(i16::MIN, i16::MIN, 1), 0x7fff_ffff);
        assert_eq!(product(-2, 3, 1), -12);
    }
}
