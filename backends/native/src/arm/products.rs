//! Products of bytes of which one is signed and the other not, and of matrices
//! of bytes (Arm ARM, DDI 0487, C7.2, SMMLA, SUDOT, UMMLA, USDOT, USMMLA; F6.1,
//! VSMMLA, VSUDOT, VUMMLA, VUSDOT, VUSMMLA).

use super::{
    Word,
    a32::even,
    lanes::{lane, number, vector},
    rows,
};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(super) const A32: &[Override] = rows![
    // vusdot; with one lane, vusdot and vsudot.
    0xffb0_0f10, 0xfca0_0d00 => |e, w: Word| dot_a32(e, w, (false, true), w.m(), None),
    0xffb0_0f10, 0xfe80_0d00 => |e, w: Word| dot_a32(e, w, (false, true), w.field(0, 4), Some(w.field(5, 1))),
    0xffb0_0f10, 0xfe80_0d10 => |e, w: Word| dot_a32(e, w, (true, false), w.field(0, 4), Some(w.field(5, 1))),
    // vsmmla, vummla, vusmmla
    0xffb0_0f50, 0xfc20_0c40 => |e, w: Word| matrix_a32(e, w, (true, true)),
    0xffb0_0f50, 0xfc20_0c50 => |e, w: Word| matrix_a32(e, w, (false, false)),
    0xffb0_0f50, 0xfca0_0c40 => |e, w: Word| matrix_a32(e, w, (false, true)),
    // There are no matrices of half the size.
    0xffb0_0f40, 0xfc20_0c00 => |_, _| Err(Halt::Invalid),
    0xffb0_0f40, 0xfca0_0c00 => |_, _| Err(Halt::Invalid),
];

pub(super) const A64: &[Override] = rows![
    // usdot; with one lane, usdot and sudot.
    0xbfe0_fc00, 0x0e80_9c00 => |e: &mut NativeEmulator, w: Word| {
        let m = e.v(w.field(16, 5));
        dot_a64(e, w, (false, true), m, None)
    },
    0xbfc0_f400, 0x0f80_f000 => |e, w| lane_a64(e, w, (false, true)),
    0xbfc0_f400, 0x0f00_f000 => |e, w| lane_a64(e, w, (true, false)),
    // smmla, ummla, usmmla
    0xffe0_fc00, 0x4e80_a400 => |e, w| matrix_a64(e, w, (true, true)),
    0xffe0_fc00, 0x6e80_a400 => |e, w| matrix_a64(e, w, (false, false)),
    0xffe0_fc00, 0x4e80_ac00 => |e, w| matrix_a64(e, w, (false, true)),
];

/// Which of two operands have a sign.
type Signs = (bool, bool);

/// The sum of products of neighbouring bytes, from some on.
fn sum(n: u128, m: u128, signs: Signs, (first, second, count): (u32, u32, u32)) -> u128 {
    let of = |vector, index, is_signed| number(lane(vector, index, 8), 8, is_signed);
    let product = |index| of(n, first + index, signs.0) * of(m, second + index, signs.1);
    (0..count).map(product).sum::<i128>() as u128
}

/// Adds products of four bytes to words; of the second operand, four of one
/// place, if one is told.
fn dot(d: u128, n: u128, m: u128, signs: Signs, words: u32, at: Option<u32>) -> u128 {
    vector(words, 32, |index| {
        let products = sum(n, m, signs, (4 * index, 4 * at.unwrap_or(index), 4));
        lane(d, index, 32).wrapping_add(products)
    })
}

/// Adds the product of a matrix of two rows of eight bytes and another one of
/// two columns.
fn matrix(d: u128, n: u128, m: u128, signs: Signs) -> u128 {
    vector(4, 32, |index| {
        let products = sum(n, m, signs, (8 * (index >> 1), 8 * (index & 1), 8));
        lane(d, index, 32).wrapping_add(products)
    })
}

fn dot_a32(
    emulator: &mut NativeEmulator,
    word: Word,
    signs: Signs,
    m: u32,
    at: Option<u32>,
) -> Result<(), Halt> {
    let quad = word.quad();
    even(quad, &[word.d(), word.n()])?;
    even(quad && at.is_none(), &[m])?;
    let [d, n] = [word.d(), word.n()].map(|it| emulator.simd(it, quad));
    let m = emulator.simd(m, quad && at.is_none());
    emulator.set_simd(word.d(), quad, dot(d, n, m, signs, if quad { 4 } else { 2 }, at));
    Ok(())
}

fn matrix_a32(emulator: &mut NativeEmulator, word: Word, signs: Signs) -> Result<(), Halt> {
    even(true, &[word.d(), word.n(), word.m()])?;
    let [d, n, m] = [word.d(), word.n(), word.m()].map(|it| emulator.simd(it, true));
    emulator.set_simd(word.d(), true, matrix(d, n, m, signs));
    Ok(())
}

fn dot_a64(
    emulator: &mut NativeEmulator,
    word: Word,
    signs: Signs,
    m: u128,
    at: Option<u32>,
) -> Result<(), Halt> {
    let (d, n) = (emulator.v(word.field(0, 5)), emulator.v(word.field(5, 5)));
    let words = if word.bit(30) { 4 } else { 2 };
    emulator.set_v(word.field(0, 5), dot(d, n, m, signs, words, at));
    Ok(())
}

fn lane_a64(emulator: &mut NativeEmulator, word: Word, signs: Signs) -> Result<(), Halt> {
    let at = word.field(11, 1) << 1 | word.field(21, 1);
    let m = emulator.v(word.field(16, 5));
    dot_a64(emulator, word, signs, m, Some(at))
}

fn matrix_a64(emulator: &mut NativeEmulator, word: Word, signs: Signs) -> Result<(), Halt> {
    let [d, n, m] = [0, 5, 16].map(|low| emulator.v(word.field(low, 5)));
    emulator.set_v(word.field(0, 5), matrix(d, n, m, signs));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{dot, matrix};

    /// -1 and 255 are the same byte.
    #[test]
    fn one_operand_may_have_a_sign() {
        let ones = u128::MAX;
        assert_eq!(dot(0, ones, ones, (false, true), 2, None), 0xffff_fc04_ffff_fc04);
        assert_eq!(dot(5, ones, 1, (true, false), 2, Some(0)), 0xffff_ffff_0000_0004);
        assert_eq!(dot(5, 1, ones, (false, true), 2, Some(3)), 0x0000_0000_0000_0004);
    }

    /// The rows (1, 0 …) and (0, 2 …), the columns (3, 5 …) and (7, 11 …).
    #[test]
    fn a_matrix_has_rows_and_columns() {
        let (n, m) = (1 | 0x0200 << 64, 0x0503 | 0x0b07 << 64);
        assert_eq!(matrix(1, n, m, (true, true)), 0x16_0000_000a_0000_0007_0000_0004);
        assert_eq!(matrix(0, n, u128::MAX, (false, true)) as u64, 0xffff_ffff_ffff_ffff);
        assert_eq!(matrix(0, n, u128::MAX, (true, false)) as u64, 0x0000_00ff_0000_00ff);
    }
}
