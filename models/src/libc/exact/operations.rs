//! Arithmetic on numbers, rounded once to a format.

use num_bigint::BigUint;

use super::{Exact, Format, Number, Rounded};
use crate::libc::fenv::{Exceptions, Rounding};

/// A remainder, and the integer that the quotient was rounded to: its lowest
/// bits, with its sign.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quotient {
    pub(crate) rest: Rounded,
    pub(crate) low: i32,
}

/// The first that is no number, made quiet.
fn nan_of(numbers: &[&Number]) -> Option<Rounded> {
    let first = numbers.iter().find(|it| it.is_nan())?;
    let raised =
        if numbers.iter().any(|it| it.is_signalling()) { Exceptions::INVALID } else { Exceptions::NONE };
    let Number::Nan { negative, payload, .. } = first else { return None };
    Some(Rounded {
        number: Number::Nan { negative: *negative, payload: *payload, signalling: false },
        raised,
    })
}

/// So many bits of a quotient or a root decide, with one for what is behind.
const fn deciding(format: Format) -> u64 {
    if format.pair { 2300 } else { format.precision as u64 + 3 }
}

impl Number {
    /// The sum.
    pub(crate) fn add(&self, other: &Self, format: Format, rounding: Rounding) -> Rounded {
        if let Some(nan) = nan_of(&[self, other]) {
            return nan;
        }
        match (self, other) {
            (Self::Finite(one), Self::Finite(two)) => {
                one.plus(two, rounding == Rounding::Downward).rounded(format, rounding)
            }
            (Self::Infinite { negative: one }, Self::Infinite { negative: two }) if one != two => {
                Rounded::invalid()
            }
            (Self::Infinite { .. }, _) => Rounded::exact(self.clone()),
            _ => Rounded::exact(other.clone()),
        }
    }

    /// The product.
    pub(crate) fn multiply(&self, other: &Self, format: Format, rounding: Rounding) -> Rounded {
        if let Some(nan) = nan_of(&[self, other]) {
            return nan;
        }
        let negative = self.is_negative() != other.is_negative();
        match (self, other) {
            (Self::Finite(one), Self::Finite(two)) => one.times(two).rounded(format, rounding),
            _ if self.is_zero() || other.is_zero() => Rounded::invalid(),
            _ => Rounded::exact(Self::infinity(negative)),
        }
    }

    /// The quotient.
    pub(crate) fn divide(&self, other: &Self, format: Format, rounding: Rounding) -> Rounded {
        if let Some(nan) = nan_of(&[self, other]) {
            return nan;
        }
        let negative = self.is_negative() != other.is_negative();
        match (self, other) {
            (Self::Finite(one), Self::Finite(two)) => match (one.is_zero(), two.is_zero()) {
                (true, true) => Rounded::invalid(),
                (true, false) => Rounded::exact(Self::zero(negative)),
                (false, true) => Rounded { number: Self::infinity(negative), raised: Exceptions::DIVIDE },
                _ => one.over(two, deciding(format)).rounded(format, rounding),
            },
            (Self::Infinite { .. }, Self::Infinite { .. }) => Rounded::invalid(),
            (Self::Infinite { .. }, _) => Rounded::exact(Self::infinity(negative)),
            _ => Rounded::exact(Self::zero(negative)),
        }
    }

    /// `self * by + more`, rounded once.
    pub(crate) fn multiply_add(&self, by: &Self, more: &Self, format: Format, rounding: Rounding) -> Rounded {
        let infinite_zero = self.is_infinite() && by.is_zero() || self.is_zero() && by.is_infinite();
        if let Some(nan) = nan_of(&[self, by, more]) {
            // Whether it is invalid too is left open (C99 F.9.10.1).
            return nan;
        }
        if infinite_zero {
            return Rounded::invalid();
        }
        let negative = self.is_negative() != by.is_negative();
        match (self, by, more) {
            (Self::Finite(one), Self::Finite(two), Self::Finite(three)) => {
                one.times(two).plus(three, rounding == Rounding::Downward).rounded(format, rounding)
            }
            (_, _, Self::Infinite { .. }) if self.is_finite() && by.is_finite() => {
                Rounded::exact(more.clone())
            }
            (_, _, Self::Infinite { negative: other }) if *other != negative => Rounded::invalid(),
            _ => Rounded::exact(Self::infinity(negative)),
        }
    }

    /// The square root.
    pub(crate) fn square_root(&self, format: Format, rounding: Rounding) -> Rounded {
        if let Some(nan) = nan_of(&[self]) {
            return nan;
        }
        match self {
            Self::Finite(exact) if exact.is_zero() => Rounded::exact(self.clone()),
            _ if self.is_negative() => Rounded::invalid(),
            Self::Finite(exact) => exact.root(deciding(format)).rounded(format, rounding),
            _ => Rounded::exact(self.clone()),
        }
    }

    /// What a division leaves over: of a quotient toward zero (`fmod`), or of
    /// the nearest, ties to even (`remainder`). It is always exact.
    pub(crate) fn remainder(&self, by: &Self, nearest: bool) -> Quotient {
        let plain = |rest| Quotient { rest, low: 0 };
        if let Some(nan) = nan_of(&[self, by]) {
            return plain(nan);
        }
        match (self, by) {
            (Self::Infinite { .. }, _) => plain(Rounded::invalid()),
            _ if by.is_zero() => plain(Rounded::invalid()),
            (Self::Finite(one), Self::Finite(two)) if !one.is_zero() => {
                let (rest, low) = one.left_over(two, nearest);
                Quotient { rest: Rounded::exact(Self::Finite(rest)), low }
            }
            _ => plain(Rounded::exact(self.clone())),
        }
    }

    /// A whole number, by a rounding mode; also whether it is another one.
    pub(crate) fn whole(&self, rounding: Rounding) -> (Self, bool) {
        match self {
            Self::Finite(exact) => {
                let (whole, changed) = exact.at_unit(0, rounding);
                (Self::Finite(whole), changed)
            }
            Self::Nan { negative, payload, .. } => {
                (Self::Nan { negative: *negative, payload: *payload, signalling: false }, false)
            }
            other => (other.clone(), false),
        }
    }

    /// The nearest whole number, halves away from zero.
    pub(crate) fn whole_away(&self) -> Self {
        match self {
            Self::Finite(exact) if exact.exponent < 0 => {
                let half = Exact::new(exact.negative, 1, -1);
                Self::Finite(exact.plus(&half, false).at_unit(0, Rounding::TowardZero).0)
                    .with_sign(exact.negative)
            }
            other => other.whole(Rounding::TowardZero).0,
        }
    }

    /// As an integer of so many bits, if it is one that fits.
    pub(crate) fn integer(&self, bits: u32) -> Option<i128> {
        let Self::Finite(exact) = self else { return None };
        if exact.is_zero() {
            return Some(0);
        }
        if exact.power() >= 127 {
            return None;
        }
        let whole = if exact.exponent >= 0 {
            &exact.mantissa << exact.exponent as u64
        } else {
            &exact.mantissa >> (-exact.exponent) as u64
        };
        let magnitude = i128::try_from(&whole).ok()?;
        let value = if exact.negative { -magnitude } else { magnitude };
        let limit = 1_i128 << (bits - 1);
        (-limit..limit).contains(&value).then_some(value)
    }

    /// `self * 2^power`.
    pub(crate) fn scaled(&self, power: i64, format: Format, rounding: Rounding) -> Rounded {
        match self {
            Self::Finite(exact) if !exact.is_zero() => {
                let power = power.clamp(-100_000, 100_000);
                Exact { exponent: exact.exponent + power, ..exact.clone() }.rounded(format, rounding)
            }
            other => other.rounded(format, rounding),
        }
    }

    /// The order beside another; none beside what is no number.
    pub(crate) fn order(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Nan { .. }, _) | (_, Self::Nan { .. }) => None,
            (Self::Finite(one), Self::Finite(two)) => Some(one.compare(two)),
            _ => {
                let rank = |it: &Self| match it {
                    Self::Infinite { negative } => {
                        if *negative {
                            -1
                        } else {
                            1
                        }
                    }
                    _ => 0,
                };
                Some(rank(self).cmp(&rank(other)))
            }
        }
    }

    /// The next number of a format, upwards or downwards.
    pub(crate) fn beside(&self, up: bool, format: Format) -> Self {
        let Self::Finite(exact) = self else {
            return match self {
                Self::Infinite { negative } if *negative == up => Self::Finite(format.largest(*negative)),
                other => other.clone(),
            };
        };
        let smallest = Exact::new(!up, 1, format.lowest.into());
        if exact.is_zero() {
            return Self::Finite(smallest);
        }
        // Half of the smallest unit more or less, rounded outwards.
        let unit = (exact.power() - i64::from(format.precision)).max(i64::from(format.lowest) - 1) - 1;
        let step = Exact::new(!up, 1, unit);
        let rounding = if up { Rounding::Upward } else { Rounding::Downward };
        let next = exact.plus(&step, false).rounded(format.alone(), rounding).number;
        if next.is_zero() { Self::zero(exact.negative) } else { next }
    }
}

impl Exact {
    /// The quotient, with a bit for what is behind.
    pub(crate) fn over(&self, by: &Self, bits: u64) -> Self {
        let shift = (bits + by.mantissa.bits()).saturating_sub(self.mantissa.bits());
        let dividend = &self.mantissa << shift;
        let quotient = &dividend / &by.mantissa;
        let more = &quotient * &by.mantissa != dividend;
        Self {
            negative: self.negative != by.negative,
            mantissa: (quotient << 1_u8) + u8::from(more),
            exponent: self.exponent - by.exponent - shift as i64 - 1,
        }
    }

    pub(crate) fn root(&self, bits: u64) -> Self {
        let mut shift = (2 * bits).saturating_sub(self.mantissa.bits()) as i64;
        if (self.exponent - shift) % 2 != 0 {
            shift += 1;
        }
        let whole = &self.mantissa << shift as u64;
        let root = whole.sqrt();
        let more = &root * &root != whole;
        Self {
            negative: false,
            mantissa: (root << 1_u8) + u8::from(more),
            exponent: (self.exponent - shift) / 2 - 1,
        }
    }

    /// The rest of a division, and the lowest bits of the quotient.
    fn left_over(&self, by: &Self, nearest: bool) -> (Self, i32) {
        let exponent = self.exponent.min(by.exponent);
        let aligned = |it: &Self| &it.mantissa << (it.exponent - exponent) as u64;
        let (dividend, divisor) = (aligned(self), aligned(by));
        let mut quotient = &dividend / &divisor;
        let mut rest = &dividend - &quotient * &divisor;
        let mut negative = self.negative;
        if nearest {
            let order = (&rest << 1_u8).cmp(&divisor);
            if order.is_gt() || order.is_eq() && quotient.bit(0) {
                rest = divisor - rest;
                negative = !negative;
                quotient += 1_u8;
            }
        }
        let low = quotient.iter_u32_digits().next().unwrap_or(0) as i32 & 0x7fff_ffff;
        let low = if self.negative != by.negative { -low } else { low };
        if rest == BigUint::ZERO {
            return (Self::zero(self.negative), low);
        }
        (Self { negative, mantissa: rest, exponent }, low)
    }
}
