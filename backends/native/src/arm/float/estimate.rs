//! Estimates of inverses and of inverse square roots, bit by bit as the
//! architecture has them (Arm ARM, FPRecipEstimate, FPRSqrtEstimate,
//! RecipEstimate, RecipSqrtEstimate).

use super::{Class, Env, Format, HALF, INEXACT, OVERFLOW, UNDERFLOW, ZERO_DIVIDE, pack};

/// The estimate of an inverse: both numbers are between 256 and 511.
const fn inverse(a: u32) -> u32 {
    let a = 2 * a + 1;
    ((1 << 19) / a).div_ceil(2)
}

/// The estimate of an inverse square root: of 128 to 511, between 256 and 511.
const fn inverse_root(a: u32) -> u32 {
    let a = if a < 256 { 2 * a + 1 } else { (a >> 1 << 1 | 1) * 2 };
    let mut b = 512u32;
    while a * (b + 1) * (b + 1) < 1 << 28 {
        b += 1;
    }
    b.div_ceil(2)
}

/// The estimate of an inverse of a fixed-point number.
pub(in crate::arm) const fn fixed_inverse(value: u32) -> u32 {
    if value >> 31 == 0 { u32::MAX } else { inverse(value >> 23) << 23 }
}

/// The estimate of an inverse square root of a fixed-point number.
pub(in crate::arm) const fn fixed_inverse_root(value: u32) -> u32 {
    if value >> 30 == 0 { u32::MAX } else { inverse_root(value >> 23) << 23 }
}

impl Env {
    pub(in crate::arm) fn inverse_estimate(&mut self, format: Format, a: u64) -> u64 {
        let number = self.operand(format, a);
        if let Some(nan) = self.nan(format, &[&number]) {
            return nan;
        }
        let negative = number.negative;
        match number.class {
            Class::Infinite => return format.zero(negative),
            Class::Zero => {
                self.flags |= ZERO_DIVIDE;
                return format.infinity(negative);
            }
            _ => {}
        }
        if number.exponent < format.smallest() - 2 {
            self.flags |= OVERFLOW | INEXACT;
            return self.overflowed(format, negative);
        }
        // The result would be denormal.
        if number.exponent >= format.bias() - 1 && self.flushes(format) {
            self.flags |= UNDERFLOW;
            return format.zero(negative);
        }
        let estimate = u64::from(inverse((number.significand >> 55) as u32));
        // The exponent of the result; its fraction has eight bits.
        let exponent = -1 - number.exponent + format.bias();
        let fraction = (estimate & 0xff) << (format.fraction - 8);
        let one = 1u64 << format.fraction;
        match exponent {
            1.. => format.assemble(negative, exponent as u64, fraction),
            // Half precision has room for less.
            _ => format.assemble(negative, 0, (one | fraction) >> (1 - exponent)),
        }
    }

    pub(in crate::arm) fn inverse_root_estimate(&mut self, format: Format, a: u64) -> u64 {
        let number = self.operand(format, a);
        if let Some(nan) = self.nan(format, &[&number]) {
            return nan;
        }
        match number.class {
            Class::Zero => {
                self.flags |= ZERO_DIVIDE;
                return format.infinity(number.negative);
            }
            _ if number.negative => return self.invalid(format),
            Class::Infinite => return format.zero(false),
            _ => {}
        }
        // An even biased exponent leaves the number between 0.5 and 1, an odd
        // one between 0.25 and 0.5.
        let biased = number.exponent + format.bias();
        let scaled = if biased & 1 == 0 { number.significand >> 55 } else { number.significand >> 56 };
        let estimate = u64::from(inverse_root(scaled as u32));
        let exponent = (3 * format.bias() - 1 - biased) / 2;
        format.assemble(false, exponent as u64, (estimate & 0xff) << (format.fraction - 8))
    }

    /// The inverse of the power of two (Arm ARM, FPRecpX).
    pub(in crate::arm) fn inverse_exponent(&mut self, format: Format, a: u64) -> u64 {
        let number = self.operand(format, a);
        if let Some(nan) = self.nan(format, &[&number]) {
            return nan;
        }
        let stored = pack(format, &number) >> format.fraction & format.all_ones();
        let exponent = if stored == 0 { format.all_ones() - 1 } else { !stored & format.all_ones() };
        debug_assert!(format != HALF || exponent < 32);
        format.assemble(number.negative, exponent, 0)
    }
}
