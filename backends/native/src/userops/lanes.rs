//! Vector operations lane by lane, for any width of lanes.
//!
//! The specifications pass the size of a lane as the last input; without it,
//! the operands are scalars.

use crate::{block::UserOp, emulator::NativeEmulator};

/// The operands of a vector operation.
pub(super) struct Lanes {
    /// The bits of a lane.
    pub(super) bits: u32,
    /// How many lanes a vector of the first operand's size has.
    pub(super) count: u32,
}

/// Some low bits.
pub(super) const fn mask(bits: u32) -> u128 {
    if bits >= 128 { u128::MAX } else { (1 << bits) - 1 }
}

/// A lane.
pub(super) const fn lane(vector: u128, index: u32, bits: u32) -> u128 {
    if index * bits >= 128 { 0 } else { vector >> (index * bits) & mask(bits) }
}

/// A lane as a signed number.
pub(super) const fn signed(value: u128, bits: u32) -> i128 {
    ((value << (128 - bits)) as i128) >> (128 - bits)
}

/// A vector of so many lanes.
pub(super) fn vector(count: u32, bits: u32, mut function: impl FnMut(u32) -> u128) -> u128 {
    (0..count.min(128 / bits)).fold(0, |all, index| all | (function(index) & mask(bits)) << (index * bits))
}

/// The nearest number that fits, and whether it is another one.
pub(super) fn saturate(value: i128, bits: u32, is_signed: bool) -> (u128, bool) {
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
pub(super) const fn shift(value: i128, amount: i32, rounds: bool) -> i128 {
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

impl NativeEmulator {
    /// The lanes of an operation whose lane size would be the input of a
    /// number.
    pub(super) fn lanes(&self, op: &UserOp, size_at: usize) -> Lanes {
        let whole = Self::user_input_size(op, 0);
        let size = match op.inputs.get(size_at) {
            Some(_) => self.user_input(op, size_at) as usize,
            None => whole,
        };
        let size = if matches!(size, 1 | 2 | 4 | 8 | 16) { size } else { whole.clamp(1, 16) };
        Lanes { bits: 8 * size as u32, count: (whole / size).max(1) as u32 }
    }

    /// Each lane from the lane of one operand.
    pub(super) fn unary(&mut self, op: &UserOp, function: impl Fn(u128, u32) -> u128) {
        let Lanes { bits, count } = self.lanes(op, 1);
        let a = self.user_input(op, 0);
        self.set_user_result(op, vector(count, bits, |index| function(lane(a, index, bits), bits)));
    }

    /// Each lane from the lanes of two operands.
    pub(super) fn binary(&mut self, op: &UserOp, function: impl Fn(u128, u128, u32) -> u128) {
        let Lanes { bits, count } = self.lanes(op, 2);
        let (a, b) = (self.user_input(op, 0), self.user_input(op, 1));
        let value = vector(count, bits, |index| function(lane(a, index, bits), lane(b, index, bits), bits));
        self.set_user_result(op, value);
    }

    /// Each lane from the lanes of three operands.
    pub(super) fn ternary(&mut self, op: &UserOp, function: impl Fn(u128, u128, u128, u32) -> u128) {
        let Lanes { bits, count } = self.lanes(op, 3);
        let [a, b, c] = [0, 1, 2].map(|index| self.user_input(op, index));
        let value = vector(count, bits, |index| {
            function(lane(a, index, bits), lane(b, index, bits), lane(c, index, bits), bits)
        });
        self.set_user_result(op, value);
    }

    /// Each lane from two neighbours: first those of the first operand, then
    /// those of the second; of one operand alone, a scalar.
    pub(super) fn pairwise(&mut self, op: &UserOp, function: impl Fn(u128, u128, u32) -> u128) {
        let two = op.inputs.len() > 2;
        let Lanes { bits, count } = self.lanes(op, if two { 2 } else { 1 });
        let (a, b) = (self.user_input(op, 0), self.user_input(op, 1));
        let (bits, count) =
            if two { (bits, count) } else { (8 * (Self::user_input_size(op, 0) as u32 / 2), 1) };
        let value = vector(count, bits, |index| {
            let half = count.div_ceil(2);
            let (source, first) = if !two || index < half { (a, 2 * index) } else { (b, 2 * (index - half)) };
            function(lane(source, first, bits), lane(source, first + 1, bits), bits)
        });
        self.set_user_result(op, value);
    }

    /// One value from all lanes of an operand.
    pub(super) fn across(&mut self, op: &UserOp, function: impl Fn(u128, u128, u32) -> u128) {
        let Lanes { bits, count } = self.lanes(op, 1);
        let a = self.user_input(op, 0);
        // By halves: which NaN comes out depends on it.
        let mut values: Vec<u128> = (0..count).map(|index| lane(a, index, bits)).collect();
        while values.len() > 1 {
            values = values
                .chunks(2)
                .map(|pair| pair.iter().copied().reduce(|a, b| function(a, b, bits)).unwrap_or(0))
                .collect();
        }
        self.set_user_result(op, values.first().copied().unwrap_or(0));
    }
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
