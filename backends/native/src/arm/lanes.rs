//! Vectors lane by lane, for any width of lanes.

use super::float::SATURATED;
pub(super) use crate::userops::lanes::{lane, mask, saturate, shift, signed, vector};

/// A lane as a number.
pub(super) const fn number(value: u128, bits: u32, is_signed: bool) -> i128 {
    if is_signed { signed(value, bits) } else { value as i128 }
}

/// Sums or differences of all lanes at once: the highest bits of lanes are
/// added without carries.
pub(super) const fn sums(a: u128, b: u128, bits: u32, subtracts: bool) -> u128 {
    let mut high = 1 << (bits - 1);
    let mut width = bits;
    while width < 128 {
        high |= high << width;
        width *= 2;
    }
    if subtracts {
        ((a | high).wrapping_sub(b & !high)) ^ ((a ^ !b) & high)
    } else {
        (a & !high).wrapping_add(b & !high) ^ ((a ^ b) & high)
    }
}

/// All ones for what holds.
pub(super) const fn truth(holds: bool) -> u128 {
    if holds { u128::MAX } else { 0 }
}

/// Saturates lanes, and remembers whether one of them was too great.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Saturation(bool);

impl Saturation {
    /// The nearest number that fits.
    pub(super) fn near(&mut self, wide: i128, bits: u32, is_signed: bool) -> u128 {
        let (value, other) = saturate(wide, bits, is_signed);
        self.0 |= other;
        value
    }

    /// The flag for the status register.
    pub(super) const fn flags(self) -> u32 {
        if self.0 { SATURATED } else { 0 }
    }
}

/// A product without carries.
pub(super) fn carryless(a: u128, b: u128, bits: u32) -> u128 {
    (0..bits).filter(|bit| b >> bit & 1 != 0).fold(0, |product, bit| product ^ a << bit)
}

/// How many bits below the highest are like it.
pub(super) fn leading_signs(value: u128, bits: u32) -> u128 {
    let value = signed(value, bits);
    let same = if value < 0 { value.leading_ones() } else { value.leading_zeros() };
    u128::from(same - (128 - bits) - 1)
}

/// Neighbours of two vectors in one: first those of the first vector.
pub(super) fn neighbours(
    [a, b]: [u128; 2],
    (count, bits): (u32, u32),
    mut function: impl FnMut(u128, u128) -> u128,
) -> u128 {
    vector(count, bits, |index| {
        let half = count / 2;
        let (source, first) = if index < half { (a, 2 * index) } else { (b, 2 * (index - half)) };
        function(lane(source, first, bits), lane(source, first + 1, bits))
    })
}

/// Reverses lanes in groups of some bits.
pub(super) fn reversed(value: u128, group: u32, (count, bits): (u32, u32)) -> u128 {
    let each = group / bits;
    vector(count, bits, |index| lane(value, index - index % each + each - 1 - index % each, bits))
}

/// Shifts right by an immediate that tells the size of lanes as well, and
/// keeps the bits that nothing is shifted into; or left.
pub(super) const fn inserted(old: u128, new: u128, amount: u32, bits: u32, left: bool) -> u128 {
    let (shifted, filled) =
        if left { (new << amount, mask(bits) << amount) } else { (new >> amount, mask(bits) >> amount) };
    old & !filled | shifted & filled
}

#[cfg(test)]
mod tests {
    use super::{lane, sums, vector};

    #[test]
    fn lanes_are_added_and_subtracted_at_once() {
        let (a, b) = (0x00ff_8001_7fff_fffe_0102_80ff_ff00_8000, 0x01ff_8001_0001_0003_ff02_8001_0100_8001);
        for bits in [8, 16, 32, 64] {
            let each = |subtracts: bool| {
                vector(128 / bits, bits, |index| {
                    let (a, b) = (lane(a, index, bits), lane(b, index, bits));
                    if subtracts { a.wrapping_sub(b) } else { a.wrapping_add(b) }
                })
            };
            assert_eq!(sums(a, b, bits, false), each(false), "{bits}");
            assert_eq!(sums(a, b, bits, true), each(true), "{bits}");
        }
    }
}
