//! Numbers of any precision, and how they become those of a format: rounded
//! once, by a rounding mode, with the exceptions of IEEE 754 (2008, 4.3 and 7).
//!
//! `long double` is computed by it, and what depends on the rounding mode.

mod formats;
mod operations;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use formats::{Format, of_bits, to_bits};
pub(crate) use text::{Digits, decimal, hexadecimal, left_range};

use num_bigint::BigUint;

use super::fenv::{Exceptions, Rounding};

/// A number of a format, or what is none.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Number {
    /// Not a number; the payload is what stands below the quiet bit, its
    /// highest bit in bit 127.
    Nan {
        negative: bool,
        payload: u128,
        signalling: bool,
    },
    Infinite {
        negative: bool,
    },
    Finite(Exact),
}

/// `mantissa * 2^exponent`, with a sign that zero has too.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Exact {
    pub(crate) negative: bool,
    pub(crate) mantissa: BigUint,
    pub(crate) exponent: i64,
}

/// A number that an operation gave, with what it raises.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rounded {
    pub(crate) number: Number,
    pub(crate) raised: Exceptions,
}

impl Rounded {
    /// A result that is exact.
    pub(crate) const fn exact(number: Number) -> Self {
        Self { number, raised: Exceptions::NONE }
    }

    /// The result of an invalid operation.
    pub(crate) const fn invalid() -> Self {
        Self { number: Number::NAN, raised: Exceptions::INVALID }
    }
}

impl Number {
    /// The one that invalid operations give.
    pub(crate) const NAN: Self = Self::Nan { negative: false, payload: 0, signalling: false };

    pub(crate) const fn zero(negative: bool) -> Self {
        Self::Finite(Exact::zero(negative))
    }

    pub(crate) const fn infinity(negative: bool) -> Self {
        Self::Infinite { negative }
    }

    pub(crate) fn of_double(value: f64) -> Self {
        of_bits(Format::DOUBLE, value.to_bits().into())
    }

    pub(crate) fn of_integer(value: i128) -> Self {
        Self::Finite(Exact::new(value < 0, value.unsigned_abs(), 0))
    }

    /// The nearest double.
    pub(crate) fn to_double(&self) -> f64 {
        self.to_double_by(Rounding::Nearest).0
    }

    /// The double that a rounding mode gives, and what it raises.
    pub(crate) fn to_double_by(&self, rounding: Rounding) -> (f64, Exceptions) {
        let rounded = self.rounded(Format::DOUBLE, rounding);
        (f64::from_bits(to_bits(Format::DOUBLE, &rounded.number) as u64), rounded.raised)
    }

    /// The single that a rounding mode gives, and what it raises.
    pub(crate) fn to_single_by(&self, rounding: Rounding) -> (f32, Exceptions) {
        let rounded = self.rounded(Format::SINGLE, rounding);
        (f32::from_bits(to_bits(Format::SINGLE, &rounded.number) as u32), rounded.raised)
    }

    pub(crate) const fn is_nan(&self) -> bool {
        matches!(self, Self::Nan { .. })
    }

    pub(crate) const fn is_signalling(&self) -> bool {
        matches!(self, Self::Nan { signalling: true, .. })
    }

    pub(crate) const fn is_infinite(&self) -> bool {
        matches!(self, Self::Infinite { .. })
    }

    pub(crate) const fn is_finite(&self) -> bool {
        matches!(self, Self::Finite(_))
    }

    pub(crate) fn is_zero(&self) -> bool {
        matches!(self, Self::Finite(exact) if exact.is_zero())
    }

    pub(crate) const fn is_negative(&self) -> bool {
        match self {
            Self::Nan { negative, .. } | Self::Infinite { negative } => *negative,
            Self::Finite(exact) => exact.negative,
        }
    }

    pub(crate) fn with_sign(mut self, sign: bool) -> Self {
        match &mut self {
            Self::Nan { negative, .. } | Self::Infinite { negative } => *negative = sign,
            Self::Finite(exact) => exact.negative = sign,
        }
        self
    }

    /// The same, but a NaN is a quiet one.
    pub(crate) fn quieted(self) -> Self {
        match self {
            Self::Nan { negative, payload, .. } => Self::Nan { negative, payload, signalling: false },
            other => other,
        }
    }

    pub(crate) fn negated(self) -> Self {
        let sign = !self.is_negative();
        self.with_sign(sign)
    }

    /// As a number of a format, rounded.
    pub(crate) fn rounded(&self, format: Format, rounding: Rounding) -> Rounded {
        match self {
            Self::Finite(exact) => exact.rounded(format, rounding),
            Self::Nan { negative, payload, signalling } => Rounded {
                number: Self::Nan { negative: *negative, payload: *payload, signalling: false },
                raised: if *signalling { Exceptions::INVALID } else { Exceptions::NONE },
            },
            other => Rounded::exact(other.clone()),
        }
    }
}

impl Exact {
    pub(crate) fn new(negative: bool, mantissa: u128, exponent: i64) -> Self {
        Self { negative, mantissa: mantissa.into(), exponent }
    }

    pub(crate) const fn zero(negative: bool) -> Self {
        Self { negative, mantissa: BigUint::ZERO, exponent: 0 }
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.mantissa == BigUint::ZERO
    }

    /// The power of two of its highest bit.
    pub(crate) fn power(&self) -> i64 {
        self.exponent + self.mantissa.bits() as i64 - 1
    }

    /// A multiple of `2^unit`: rounded by the mode. Also whether it is another
    /// number.
    pub(crate) fn at_unit(&self, unit: i64, rounding: Rounding) -> (Self, bool) {
        if self.exponent >= unit || self.is_zero() {
            return (self.clone(), false);
        }
        let dropped = (unit - self.exponent) as u64;
        let bits = self.mantissa.bits();
        let (mut kept, rest) = if dropped > bits {
            // All of it is below half a unit.
            (BigUint::ZERO, std::cmp::Ordering::Less)
        } else {
            let kept = &self.mantissa >> dropped;
            let low = &self.mantissa - (&kept << dropped);
            let half = BigUint::from(1_u8) << (dropped - 1);
            if low == BigUint::ZERO {
                return (Self { negative: self.negative, mantissa: kept, exponent: unit }, false);
            }
            (kept, low.cmp(&half))
        };
        let up = match rounding {
            Rounding::Nearest => match rest {
                std::cmp::Ordering::Equal => kept.bit(0),
                other => other.is_gt(),
            },
            Rounding::Downward => self.negative,
            Rounding::Upward => !self.negative,
            Rounding::TowardZero => false,
        };
        if up {
            kept += 1_u8;
        }
        (Self { negative: self.negative, mantissa: kept, exponent: unit }, true)
    }

    /// As a number of a format. What is below the smallest normal number before
    /// it is rounded is tiny.
    pub(crate) fn rounded(&self, format: Format, rounding: Rounding) -> Rounded {
        if self.is_zero() {
            return Rounded::exact(Number::zero(self.negative));
        }
        if format.pair {
            return self.rounded_pair(rounding);
        }
        let unit = (self.power() - i64::from(format.precision) + 1).max(format.lowest.into());
        let (result, changed) = self.at_unit(unit, rounding);
        let mut raised = if changed { Exceptions::INEXACT } else { Exceptions::NONE };
        let tiny = self.power() < i64::from(format.lowest) + i64::from(format.precision) - 1;
        if changed && tiny {
            raised = raised.with(Exceptions::UNDERFLOW);
        }
        if !result.is_zero() && result.power() > format.highest.into() {
            let outward = match rounding {
                Rounding::Nearest => true,
                Rounding::Downward => self.negative,
                Rounding::Upward => !self.negative,
                Rounding::TowardZero => false,
            };
            let number = if outward {
                Number::infinity(self.negative)
            } else {
                Number::Finite(format.largest(self.negative))
            };
            return Rounded { number, raised: Exceptions::OVERFLOW.with(Exceptions::INEXACT) };
        }
        Rounded { number: Number::Finite(result), raised }
    }

    /// As a pair of doubles: 106 bits, the nearest double to them, and what is
    /// left.
    fn rounded_pair(&self, rounding: Rounding) -> Rounded {
        let whole = self.rounded(Format::PAIR.alone(), rounding);
        let Number::Finite(all) = &whole.number else { return whole };
        if all.is_zero() {
            return whole;
        }
        let high = all.rounded(Format::DOUBLE, Rounding::Nearest);
        let Number::Finite(first) = &high.number else { return high };
        let rest = all.plus(&Self { negative: !first.negative, ..first.clone() }, false);
        let low = rest.rounded(Format::DOUBLE, rounding);
        let Number::Finite(second) = &low.number else { return low };
        let mut sum = first.plus(second, false);
        sum.negative = if sum.is_zero() { self.negative } else { sum.negative };
        Rounded { number: Number::Finite(sum), raised: whole.raised }
    }

    /// The sum; of nothing, a zero of this sign.
    pub(crate) fn plus(&self, other: &Self, negative_zero: bool) -> Self {
        let exponent = match (self.is_zero(), other.is_zero()) {
            (true, true) => 0,
            (true, false) => other.exponent,
            (false, true) => self.exponent,
            _ => self.exponent.min(other.exponent),
        };
        let aligned = |it: &Self| {
            if it.is_zero() { BigUint::ZERO } else { &it.mantissa << (it.exponent - exponent) as u64 }
        };
        let (one, two) = (aligned(self), aligned(other));
        if self.negative == other.negative {
            return Self { negative: self.negative, mantissa: one + two, exponent };
        }
        match one.cmp(&two) {
            std::cmp::Ordering::Equal => Self::zero(negative_zero),
            std::cmp::Ordering::Greater => Self { negative: self.negative, mantissa: one - two, exponent },
            std::cmp::Ordering::Less => Self { negative: other.negative, mantissa: two - one, exponent },
        }
    }

    /// The product.
    pub(crate) fn times(&self, other: &Self) -> Self {
        Self {
            negative: self.negative != other.negative,
            mantissa: &self.mantissa * &other.mantissa,
            exponent: self.exponent + other.exponent,
        }
    }

    /// The order of magnitudes.
    pub(crate) fn compare_magnitudes(&self, other: &Self) -> std::cmp::Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return std::cmp::Ordering::Equal,
            (true, false) => return std::cmp::Ordering::Less,
            (false, true) => return std::cmp::Ordering::Greater,
            _ => {}
        }
        let by_power = self.power().cmp(&other.power());
        if by_power.is_ne() {
            return by_power;
        }
        let exponent = self.exponent.min(other.exponent);
        let aligned = |it: &Self| &it.mantissa << (it.exponent - exponent) as u64;
        aligned(self).cmp(&aligned(other))
    }

    /// Its order beside another.
    pub(crate) fn compare(&self, other: &Self) -> std::cmp::Ordering {
        if self.is_zero() && other.is_zero() {
            return std::cmp::Ordering::Equal;
        }
        match (self.negative, other.negative) {
            (true, false) => std::cmp::Ordering::Less,
            (false, true) => std::cmp::Ordering::Greater,
            (false, false) => self.compare_magnitudes(other),
            (true, true) => other.compare_magnitudes(self),
        }
    }
}
