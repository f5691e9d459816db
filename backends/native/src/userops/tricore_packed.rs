//! TriCore: shifts and differences of two halves, products of halves without a
//! sum, sums of products that are rounded, and what extracts from two registers
//! (TriCore Architecture Manual, volume 2: SH.H, SHA.H, ABSDIF.H, MUL.H, MULM.H,
//! MULR.H, MADDR.H, MSUBR.H, DEXTR).

use super::{
    tricore_arithmetic::{Kind, data, entry, note, set_data, settle, word},
    tricore_halves::both,
};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

/// The four ways of selecting halves.
macro_rules! selections {
    ($($first:literal, $second:literal => $function:ident),* $(,)?) => {
        [$(
            entry(0x00fc_00ff, $second << 18 | $first, $function),
            entry(0x00fc_00ff, ($second + 1) << 18 | $first, $function),
            entry(0x00fc_00ff, ($second + 2) << 18 | $first, $function),
            entry(0x00fc_00ff, ($second + 3) << 18 | $first, $function),
        )*]
    };
}

pub(crate) const OVERRIDES: &[Override] = &[
    entry(0x0fff_00ff, 0x400 << 16 | 0x0f, |emulator, op| shift(emulator, op, false)),
    entry(0x0fff_00ff, 0x410 << 16 | 0x0f, |emulator, op| shift(emulator, op, true)),
    entry(0x0fe0_00ff, 0x40 << 21 | 0x8f, |emulator, op| shift(emulator, op, false)),
    entry(0x0fe0_00ff, 0x41 << 21 | 0x8f, |emulator, op| shift(emulator, op, true)),
    entry(0x0fff_00ff, 0x6e0 << 16 | 0x0b, |emulator, op| difference(emulator, op, false)),
    entry(0x0fff_00ff, 0x6f0 << 16 | 0x0b, |emulator, op| difference(emulator, op, true)),
    entry(0x00ff_00ff, 0x80 << 16 | 0x17, extract),
    // Sums of a pair of words; bit 23 saturates.
    entry(0x007c_00ff, 0x1e << 18 | 0x43, rounded_sum),
    entry(0x007c_00ff, 0x1e << 18 | 0x63, rounded_sum),
];

pub(crate) const PRODUCTS: &[Override] = &selections! {
    0xb3, 0x0c => rounded_products,
    0xb3, 0x18 => products,
    0xb3, 0x1c => sum_of_products,
};

/// A value of 16 bits shifted by a count from -16 to 15.
const fn shifted(value: u16, count: i32, is_arithmetic: bool) -> u16 {
    if count >= 0 {
        (value as u32).wrapping_shl(count as u32) as u16
    } else if is_arithmetic {
        (value as i16 as i32).wrapping_shr(count.unsigned_abs()) as u16
    } else {
        (value as u32).wrapping_shr(count.unsigned_abs()) as u16
    }
}

fn shift(emulator: &mut NativeEmulator, op: &UserOp, is_arithmetic: bool) -> Result<(), Halt> {
    let word = word(op, emulator);
    let value = data(emulator, word >> 8);
    let count = if word & 0x80 == 0 { data(emulator, word >> 12) } else { word >> 12 };
    // Five bits with their sign.
    let count = (count << 27) as i32 >> 27;
    let high = shifted((value >> 16) as u16, count, is_arithmetic);
    let low = shifted(value as u16, count, is_arithmetic);
    set_data(emulator, word >> 28, u32::from(high) << 16 | u32::from(low));
    Ok(())
}

fn difference(emulator: &mut NativeEmulator, op: &UserOp, saturates: bool) -> Result<(), Halt> {
    let word = word(op, emulator);
    let (a, b) = (data(emulator, word >> 8), data(emulator, word >> 12));
    let half = |a: u32, b: u32| {
        let exact = (i128::from(a as u16 as i16) - i128::from(b as u16 as i16)).abs();
        settle(exact, 16, Kind::of(false, saturates))
    };
    let (high, low) = (half(a >> 16, b >> 16), half(a, b));
    set_data(emulator, word >> 28, (high.bits as u32) << 16 | low.bits as u32);
    note(emulator, high.overflows || low.overflows, high.nearly || low.nearly, None);
    Ok(())
}

/// The upper word of two registers, shifted to the left by a third one.
fn extract(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let both = u64::from(data(emulator, word >> 8)) << 32 | u64::from(data(emulator, word >> 12));
    let count = data(emulator, word >> 24) & 31;
    set_data(emulator, word >> 28, (both << count >> 32) as u32);
    Ok(())
}

/// MUL.H: to the two words of a pair.
fn products(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let (upper, lower) = both(emulator, word);
    let (high, low) = (settle(upper, 32, Kind::Signed), settle(lower, 32, Kind::Signed));
    set_data(emulator, word >> 28, low.bits as u32);
    set_data(emulator, (word >> 28) + 1, high.bits as u32);
    note(emulator, false, high.nearly || low.nearly, None);
    Ok(())
}

/// MULM.H: their sum, 16 bits higher, as a double word.
fn sum_of_products(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let (upper, lower) = both(emulator, word);
    let sum = settle((upper + lower) << 16, 64, Kind::Signed);
    set_data(emulator, word >> 28, sum.bits as u32);
    set_data(emulator, (word >> 28) + 1, (sum.bits >> 32) as u32);
    note(emulator, false, sum.nearly, None);
    Ok(())
}

/// MULR.H: rounded to two halves; the highest number, which stands for -1 by
/// -1, is not.
fn rounded_products(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let (upper, lower) = both(emulator, word);
    let half = |product: i128| {
        let exact = if product == i32::MAX.into() { product } else { product + 0x8000 };
        settle(exact, 32, Kind::Signed)
    };
    let (high, low) = (half(upper), half(lower));
    set_data(emulator, word >> 28, high.bits as u32 & 0xffff_0000 | low.bits as u32 >> 16);
    note(emulator, false, high.nearly || low.nearly, None);
    Ok(())
}

/// MADDR.H and MSUBR.H of a pair of words: the upper halves of the rounded
/// sums. The halves are those of their number, the upper ones first.
fn rounded_sum(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    // UL, the only selection: upper by upper, lower by lower.
    let (upper, lower) = both(emulator, word & !(3 << 18));
    let sign = if word & 0xff == 0x63 { -1 } else { 1 };
    let half = |register: u32, product: i128| {
        let start = i128::from(data(emulator, register) as i32);
        settle(start + sign * product + 0x8000, 32, Kind::of(false, word >> 23 & 1 != 0))
    };
    let (high, low) = (half((word >> 24) + 1, upper), half(word >> 24, lower));
    set_data(emulator, word >> 28, high.bits as u32 & 0xffff_0000 | low.bits as u32 >> 16);
    note(emulator, high.overflows || low.overflows, high.nearly || low.nearly, None);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::shifted;

    #[test]
    fn halves_are_shifted_by_counts_with_a_sign() {
        assert_eq!(shifted(0x8001, 1, false), 2);
        assert_eq!(shifted(0x8001, -1, false), 0x4000);
        assert_eq!(shifted(0x8001, -1, true), 0xc000);
        assert_eq!(shifted(0x8001, -16, true), 0xffff);
        assert_eq!(shifted(0x8001, -16, false), 0);
    }
}
