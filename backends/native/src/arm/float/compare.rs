//! Comparison, greatest and smallest.

use std::cmp::Ordering;

use super::{Class, Env, Format, INVALID, Number, pack};

impl Env {
    /// Compares; `None` without an order. `signals` tells whether quiet NaNs
    /// are invalid, too.
    pub(in crate::arm) fn compare(
        &mut self,
        format: Format,
        a: u64,
        b: u64,
        signals: bool,
    ) -> Option<Ordering> {
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        if a.is_nan() || b.is_nan() {
            if signals || a.class == Class::Signalling || b.class == Class::Signalling {
                self.flags |= INVALID;
            }
            return None;
        }
        Some(key(&a).cmp(&key(&b)))
    }

    /// The greater or smaller of two (Arm ARM, FPMax, FPMin).
    pub(in crate::arm) fn extreme(&mut self, format: Format, a: u64, b: u64, greater: bool) -> u64 {
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        if let Some(nan) = self.nan(format, &[&a, &b]) {
            return nan;
        }
        // Of zeros, the negative one is smaller.
        let order = key(&a).cmp(&key(&b)).then(b.negative.cmp(&a.negative));
        pack(format, if (order == Ordering::Greater) == greater { &a } else { &b })
    }

    /// The same, and a quiet NaN loses against a number (Arm ARM, FPMaxNum).
    pub(in crate::arm) fn extreme_number(
        &mut self,
        format: Format,
        mut a: u64,
        mut b: u64,
        greater: bool,
    ) -> u64 {
        let is_quiet = |value| super::unpack(format, value).class == Class::Quiet;
        match (is_quiet(a), is_quiet(b)) {
            (true, false) => a = format.infinity(greater),
            (false, true) => b = format.infinity(greater),
            _ => {}
        }
        self.extreme(format, a, b, greater)
    }
}

/// A number by which values are ordered; the zeros are equal.
fn key(number: &Number) -> i128 {
    let magnitude = match number.class {
        Class::Zero => 0,
        Class::Finite => (i128::from(number.exponent) + 0x1_0000) << 64 | i128::from(number.significand),
        _ => i128::MAX,
    };
    if number.negative { -magnitude } else { magnitude }
}
