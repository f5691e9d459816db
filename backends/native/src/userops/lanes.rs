//! Vectors lane by lane, for any width of lanes.

/// Some low bits.
pub(crate) const fn mask(bits: u32) -> u128 {
    if bits >= 128 { u128::MAX } else { (1 << bits) - 1 }
}

/// A lane.
pub(crate) const fn lane(vector: u128, index: u32, bits: u32) -> u128 {
    if index * bits >= 128 { 0 } else { vector >> (index * bits) & mask(bits) }
}

/// A lane as a signed number.
pub(crate) const fn signed(value: u128, bits: u32) -> i128 {
    ((value << (128 - bits)) as i128) >> (128 - bits)
}

/// A vector of so many lanes.
pub(crate) fn vector(count: u32, bits: u32, mut function: impl FnMut(u32) -> u128) -> u128 {
    (0..count.min(128 / bits)).fold(0, |all, index| all | (function(index) & mask(bits)) << (index * bits))
}

/// The nearest number that fits, and whether it is another one.
pub(crate) fn saturate(value: i128, bits: u32, is_signed: bool) -> (u128, bool) {
    let (low, high) = if is_signed {
        (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)
    } else {
        (0, (1i128 << bits) - 1)
    };
    let near = value.clamp(low, high);
    (near as u128 & mask(bits), near != value)
}

/// Shifts left, or right for negative amounts, then rounded if that is asked
/// for.
pub(crate) const fn shift(value: i128, amount: i32, rounds: bool) -> i128 {
    if amount >= 0 {
        if amount <= 63 {
            return value << amount;
        }
        // Of lanes of up to 64 bits, nothing is left; they saturate.
        return value.signum() << 100;
    }
    let amount = if amount < -126 { 126 } else { -amount };
    let bias = if rounds { 1i128 << (amount - 1) } else { 0 };
    (value + bias) >> amount
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_taken_and_put() {
        let bytes = vector(16, 8, u128::from);
        assert_eq!(bytes, 0x0f0e_0d0c_0b0a_0908_0706_0504_0302_0100);
        assert_eq!(lane(bytes, 3, 16), 0x0706);
        assert_eq!(signed(0x80, 8), -128);
    }

    #[test]
    fn numbers_saturate_and_shifts_round() {
        assert_eq!(saturate(200, 8, true), (127, true));
        assert_eq!(saturate(-1, 8, false), (0, true));
        assert_eq!(saturate(-128, 8, true), (0x80, false));
        assert_eq!(shift(3, -1, true), 2);
        assert_eq!(shift(-3, -1, false), -2);
        assert_eq!(shift(1, 200, false), 1 << 100);
        assert_eq!(shift(-1, -200, true), 0);
    }
}
