//! The formats: how numbers stand in bits.

use num_bigint::BigUint;
use terrella_platforms::LongDoubleFormat;

use super::{Exact, Number};

/// A binary format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    /// Bits of the significand, the leading one included.
    pub(crate) precision: u32,
    /// The power of two of the lowest bit of the smallest number.
    pub(crate) lowest: i32,
    /// The power of two of the largest numbers' highest bit.
    pub(crate) highest: i32,
    /// Bits of the exponent.
    width: u32,
    /// The leading one is written too.
    explicit: bool,
    /// Between the exponent and the significand there are so many bits of
    /// nothing.
    gap: u32,
    /// A sum of two doubles.
    pub(crate) pair: bool,
}

impl Format {
    pub(crate) const SINGLE: Self =
        Self { precision: 24, lowest: -149, highest: 127, width: 8, explicit: false, gap: 0, pair: false };
    pub(crate) const DOUBLE: Self =
        Self { precision: 53, lowest: -1074, highest: 1023, width: 11, ..Self::SINGLE };
    pub(crate) const QUAD: Self =
        Self { precision: 113, lowest: -16494, highest: 16383, width: 15, ..Self::SINGLE };
    /// x87's.
    pub(crate) const EXTENDED: Self =
        Self { precision: 64, lowest: -16445, highest: 16383, width: 15, explicit: true, ..Self::SINGLE };
    /// The MC68881's: numbers of the lowest exponent reach one bit further down
    /// (M68000 Family Programmer's Reference Manual, 1.6.2.4).
    pub(crate) const M68K: Self = Self { lowest: -16446, gap: 16, ..Self::EXTENDED };
    /// The pairs of IBM's: 106 bits and more.
    pub(crate) const PAIR: Self =
        Self { precision: 106, lowest: -1074, highest: 1023, width: 11, pair: true, ..Self::SINGLE };

    /// More than any format has, in precision and range: what is on the way to a
    /// result.
    pub(crate) const WIDE: Self =
        Self { precision: 512, lowest: -4_000_000, highest: 4_000_000, width: 0, ..Self::SINGLE };

    /// That of `long double`.
    pub(crate) const fn of(format: LongDoubleFormat) -> Option<Self> {
        Some(match format {
            LongDoubleFormat::Double => Self::DOUBLE,
            LongDoubleFormat::X87 => Self::EXTENDED,
            LongDoubleFormat::M68k => Self::M68K,
            LongDoubleFormat::Quad => Self::QUAD,
            LongDoubleFormat::DoubleDouble => Self::PAIR,
            _ => return None,
        })
    }

    /// The same as if it were one number.
    pub(crate) const fn alone(self) -> Self {
        Self { pair: false, ..self }
    }

    /// Whether the leading one is written.
    pub(crate) const fn is_explicit(&self) -> bool {
        self.explicit
    }

    /// The power of two of the smallest normal number.
    pub(crate) const fn smallest_normal(&self) -> i32 {
        if self.pair { -1022 } else { self.lowest + self.precision as i32 - 1 }
    }

    /// The largest number: of pairs, the largest double with half a unit less
    /// one behind it.
    pub(crate) fn largest(&self, negative: bool) -> Exact {
        let ones = |bits: u32| (BigUint::from(1_u8) << bits) - 1_u8;
        if self.pair {
            // 53 ones, a zero, 53 ones.
            let mantissa = (ones(53) << 54_u32) + ones(53);
            return Exact { negative, mantissa, exponent: 1023 - 106 };
        }
        let exponent = i64::from(self.highest) - i64::from(self.precision) + 1;
        Exact { negative, mantissa: ones(self.precision), exponent }
    }

    /// Bits of the significand as they are written.
    const fn written(&self) -> u32 {
        if self.explicit { self.precision } else { self.precision - 1 }
    }

    const fn sign_at(&self) -> u32 {
        self.written() + self.gap + self.width
    }

    /// The quiet bit of what is no number.
    const fn quiet_at(&self) -> u32 {
        self.precision - 2
    }
}

/// The number of bits in a format.
pub(crate) fn of_bits(format: Format, bits: u128) -> Number {
    if format.pair {
        return of_pair(bits);
    }
    let negative = bits >> format.sign_at() & 1 == 1;
    let biased = (bits >> (format.written() + format.gap)) as u32 & ((1 << format.width) - 1);
    let significand = bits & ((1 << format.written()) - 1);
    let below = significand & ((1 << (format.precision - 1)) - 1);
    if biased == (1 << format.width) - 1 {
        if below == 0 {
            return Number::Infinite { negative };
        }
        let signalling = significand >> format.quiet_at() & 1 == 0;
        let payload = below << (128 - format.quiet_at());
        return Number::Nan { negative, payload, signalling };
    }
    let lowest = i64::from(format.lowest);
    let mantissa = match (format.explicit, biased) {
        (true, _) | (_, 0) => significand,
        _ => significand | 1 << (format.precision - 1),
    };
    if mantissa == 0 {
        return Number::zero(negative);
    }
    // The MC68881's lowest exponent is one of normal numbers.
    let first = if format.gap > 0 { 0 } else { 1 };
    let exponent = lowest + i64::from(biased.max(first) - first);
    Number::Finite(Exact::new(negative, mantissa, exponent))
}

/// The bits of a number that is one of the format.
pub(crate) fn to_bits(format: Format, number: &Number) -> u128 {
    if format.pair {
        return to_pair(number);
    }
    let all_ones = (1_u128 << format.width) - 1;
    let assemble = |negative: bool, biased: u128, significand: u128| {
        u128::from(negative) << format.sign_at() | biased << (format.written() + format.gap) | significand
    };
    let leading = if format.explicit { 1_u128 << (format.precision - 1) } else { 0 };
    match number {
        // Compilers write the MC68881's infinity without the leading one.
        Number::Infinite { negative } => {
            assemble(*negative, all_ones, if format.gap > 0 { 0 } else { leading })
        }
        Number::Nan { negative, payload, signalling } => {
            let payload = payload >> (128 - format.quiet_at());
            let quiet = u128::from(!signalling) << format.quiet_at();
            let payload = if payload == 0 && *signalling { 1 } else { payload };
            assemble(*negative, all_ones, leading | quiet | payload)
        }
        Number::Finite(exact) if exact.is_zero() => assemble(exact.negative, 0, 0),
        Number::Finite(exact) => {
            let unit = (exact.power() - i64::from(format.precision) + 1).max(format.lowest.into());
            let shift = exact.exponent - unit;
            let whole =
                if shift >= 0 { &exact.mantissa << shift as u64 } else { &exact.mantissa >> (-shift) as u64 };
            let significand = u128::try_from(&whole).unwrap_or(0);
            let normal = significand >> (format.precision - 1) != 0;
            let first = if format.gap > 0 { 0 } else { 1 };
            let biased = if normal { (unit - i64::from(format.lowest)) as u128 + first } else { 0 };
            let below = significand & ((1 << (format.precision - 1)) - 1);
            assemble(exact.negative, biased, below | if normal { leading } else { 0 })
        }
    }
}

/// A pair of doubles: the first in the upper 64 bits.
fn of_pair(bits: u128) -> Number {
    let high = of_bits(Format::DOUBLE, bits >> 64);
    let low = of_bits(Format::DOUBLE, bits & u128::from(u64::MAX));
    match (high, low) {
        (Number::Finite(high), Number::Finite(low)) => {
            if low.is_zero() {
                return Number::Finite(high);
            }
            let sign = high.negative;
            Number::Finite(high.plus(&low, sign))
        }
        (high, _) => high,
    }
}

fn to_pair(number: &Number) -> u128 {
    let double = |number: &Number| to_bits(Format::DOUBLE, number);
    let Number::Finite(exact) = number else { return double(number) << 64 };
    let high = exact.rounded(Format::DOUBLE, super::Rounding::Nearest).number;
    let Number::Finite(first) = &high else { return double(&high) << 64 };
    let rest = exact.plus(&Exact { negative: !first.negative, ..first.clone() }, false);
    let low = rest.rounded(Format::DOUBLE, super::Rounding::Nearest).number;
    double(&high) << 64 | double(&low)
}
