//! Floating point by IEEE 754-2019: 16, 32, 64, 80 and 128 bits.
//!
//! Singles and doubles are computed by the host, whose arithmetic is exact to
//! the standard in rounding to nearest; which quiet NaN comes out is decided
//! here, by the rule of the processor. Other widths are computed by a
//! software library.

use rustc_apfloat::{
    Float, FloatConvert, Round,
    ieee::{Double, Half, Quad, Single, X87DoubleExtended},
};
use terrella_sleigh::OpCode;

/// Which NaN an operation gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NanRule {
    /// The first operand that is a NaN, made quiet; without one, the default
    /// with its sign set (Intel SDM, volume 1, 4.8.3.5).
    FirstNegative,
    /// A signalling operand first, then a quiet one, made quiet; without one,
    /// the default (Arm ARM, FPProcessNaNs; Power ISA, 4.3.2).
    SignallingFirst,
    /// Always the default (RISC-V unprivileged manual, 11.3).
    Default,
}

/// The parts of a format that NaN handling needs.
#[derive(Clone, Copy)]
struct Shape {
    bits: u32,
    fraction: u32,
}

impl Shape {
    const fn of(size: u32) -> Option<Self> {
        Some(match size {
            2 => Self { bits: 16, fraction: 10 },
            4 => Self { bits: 32, fraction: 23 },
            8 => Self { bits: 64, fraction: 52 },
            16 => Self { bits: 128, fraction: 112 },
            _ => return None,
        })
    }

    const fn exponent_mask(self) -> u128 {
        (((1 << (self.bits - 1 - self.fraction)) - 1) as u128) << self.fraction
    }

    const fn is_nan(self, value: u128) -> bool {
        let exponent = self.exponent_mask();
        value & exponent == exponent && value & ((1 << self.fraction) - 1) != 0
    }

    const fn quiet_bit(self) -> u128 {
        1 << (self.fraction - 1)
    }

    const fn default_nan(self) -> u128 {
        self.exponent_mask() | self.quiet_bit()
    }

    const fn sign(self) -> u128 {
        1 << (self.bits - 1)
    }

    /// The NaN that an operation on these operands gives.
    fn nan(self, a: u128, b: Option<u128>, rule: NanRule) -> u128 {
        match b {
            Some(b) => self.nan_of(&[a, b], rule),
            None => self.nan_of(&[a], rule),
        }
    }

    fn nan_of(self, operands: &[u128], rule: NanRule) -> u128 {
        let nans = || operands.iter().copied().filter(|value| self.is_nan(*value));
        let signalling = || nans().find(|value| value & self.quiet_bit() == 0);
        let chosen = match rule {
            NanRule::FirstNegative => nans().next(),
            NanRule::SignallingFirst => signalling().or_else(|| nans().next()),
            NanRule::Default => None,
        };
        match (chosen, rule) {
            (Some(nan), _) => nan | self.quiet_bit(),
            (None, NanRule::FirstNegative) => self.default_nan() | self.sign(),
            (None, _) => self.default_nan(),
        }
    }
}

/// Whether a value of a size in bytes is a NaN; 80-bit ones are not looked
/// at.
pub(crate) fn is_nan(size: usize, value: u128) -> bool {
    Shape::of(size as u32).is_some_and(|shape| shape.is_nan(value))
}

/// Whether it is a signalling NaN.
pub(crate) fn is_signalling(size: usize, value: u128) -> bool {
    Shape::of(size as u32).is_some_and(|shape| shape.is_nan(value) && value & shape.quiet_bit() == 0)
}

/// The NaN that comes out of an operation on these operands.
pub(crate) fn nan_of(size: usize, operands: &[u128], rule: NanRule) -> u128 {
    Shape::of(size as u32).map_or(0, |shape| shape.nan_of(operands, rule))
}

/// A number by which values that are no NaNs are ordered; the zeros are
/// equal.
pub(crate) const fn order(size: usize, value: u128) -> i128 {
    let sign = 1u128 << (8 * size as u32 - 1);
    let magnitude = (value & (sign - 1)) as i128;
    if value & sign == 0 { magnitude } else { -magnitude }
}

/// Executes an operation; `None` if there is none for these sizes.
pub(crate) fn operate(code: OpCode, a: u128, b: u128, size: u32, out: u32, rule: NanRule) -> Option<u128> {
    use OpCode::*;
    let (a, b) = if size == 10 { (canonical(a), canonical(b)) } else { (a, b) };
    match code {
        FloatFloat2Float => return convert(a, size, out, rule),
        FloatInt2Float => return from_integer(a, size, out),
        FloatTrunc => return to_integer(a, size, out, rule),
        _ => {}
    }
    match size {
        4 => Some(single(code, a as u32, b as u32, rule)?),
        8 => Some(double(code, a as u64, b as u64, rule)?),
        2 => soft::<Half>(code, a, b, rule, Shape::of(2)),
        16 => soft::<Quad>(code, a, b, rule, Shape::of(16)),
        10 => soft::<X87DoubleExtended>(code, a, b, rule, None),
        _ => None,
    }
}

/// The MC68881's infinities have a leading bit of either value (M68000 Family
/// Programmer's Reference Manual, 1.6.2.3); the software library knows those
/// with a one. (x87 refuses the others before they come here.)
const fn canonical(value: u128) -> u128 {
    const EXPONENT: u128 = 0x7fff << 64;
    if value & EXPONENT == EXPONENT && value & ((1 << 63) - 1) == 0 { value | 1 << 63 } else { value }
}

macro_rules! host {
    ($name:ident, $float:ident, $bits:ident, $size:literal) => {
        fn $name(code: OpCode, a: $bits, b: $bits, rule: NanRule) -> Option<u128> {
            use OpCode::*;
            let shape = Shape::of($size)?;
            let (x, y) = ($float::from_bits(a), $float::from_bits(b));
            let flag = |truth: bool| Some(u128::from(truth));
            let (value, second) = match code {
                FloatAdd => (x + y, true),
                FloatSub => (x - y, true),
                FloatMult => (x * y, true),
                FloatDiv => (x / y, true),
                FloatSqrt => (x.sqrt(), false),
                FloatCeil => (x.ceil(), false),
                FloatFloor => (x.floor(), false),
                // To nearest, ties to even: the default rounding mode.
                FloatRound => (x.round_ties_even(), false),
                FloatNeg => return Some((a ^ shape.sign() as $bits).into()),
                FloatAbs => return Some((a & !(shape.sign() as $bits)).into()),
                FloatNan => return flag(x.is_nan()),
                FloatEqual => return flag(x == y),
                FloatNotEqual => return flag(x != y),
                FloatLess => return flag(x < y),
                FloatLessEqual => return flag(x <= y),
                _ => return None,
            };
            if value.is_nan() {
                return Some(shape.nan(a.into(), second.then_some(b.into()), rule));
            }
            Some(value.to_bits().into())
        }
    };
}

host!(single, f32, u32, 4);
host!(double, f64, u64, 8);

fn soft<F: Float>(code: OpCode, a: u128, b: u128, rule: NanRule, shape: Option<Shape>) -> Option<u128> {
    use OpCode::*;
    let (x, y) = (F::from_bits(a), F::from_bits(b));
    let flag = |truth: bool| Some(u128::from(truth));
    let (value, second) = match code {
        FloatAdd => ((x + y).value, true),
        FloatSub => ((x - y).value, true),
        FloatMult => ((x * y).value, true),
        FloatDiv => ((x / y).value, true),
        FloatSqrt => (square_root(x), false),
        FloatCeil => (x.round_to_integral(Round::TowardPositive).value, false),
        FloatFloor => (x.round_to_integral(Round::TowardNegative).value, false),
        FloatRound => (x.round_to_integral(Round::NearestTiesToEven).value, false),
        FloatNeg => return Some((-x).to_bits()),
        FloatAbs => return Some(x.abs().to_bits()),
        FloatNan => return flag(x.is_nan()),
        FloatEqual => return flag(x == y),
        FloatNotEqual => return flag(x != y),
        FloatLess => return flag(x < y),
        FloatLessEqual => return flag(x <= y),
        _ => return None,
    };
    if value.is_nan() {
        if let Some(shape) = shape {
            return Some(shape.nan(a, second.then_some(b), rule));
        }
        // The 80-bit format is x86's and m68k's: the first NaN, made quiet.
        let quiet = 1u128 << 62;
        return Some(if x.is_nan() {
            a | quiet
        } else if second && y.is_nan() {
            b | quiet
        } else {
            0xffff << 64 | 3 << 62
        });
    }
    Some(value.to_bits())
}

/// The square root, correctly rounded to nearest.
///
/// The root of the significand is computed as an integer, digit by digit,
/// with two more bits than the format has and a sticky bit below, and then
/// rounded once by the conversion.
pub(crate) fn square_root<F: Float>(value: F) -> F {
    if value.is_nan() || value.is_zero() {
        return value;
    }
    if value.is_negative() {
        return F::NAN;
    }
    if value.is_infinite() {
        return value;
    }
    let mut exponent = value.ilogb();
    // An even exponent, so that it can be halved.
    if exponent % 2 != 0 {
        exponent -= 1;
    }
    // Between 1 and 4.
    let scaled = value.scalbn(-exponent);
    let precision = F::PRECISION as u32;
    // The integer `scaled * 2^(2 * digits)`, of which the root has `digits`
    // bits after its first one: taken bit by bit from the value.
    let digits = precision + 2;
    let mut root = 0u128;
    let mut remainder = U256::default();
    let mut rest = scaled;
    // The highest pair of bits stands for the integer part (1 to 3).
    for step in 0..=digits {
        let part = rest.round_to_integral(Round::TowardZero).value;
        let mut exact = false;
        let pair = part.to_u128_r(2, Round::TowardZero, &mut exact).value;
        rest = (rest - part).value;
        rest = rest.scalbn(2);
        remainder = remainder.shift_in(pair);
        root <<= 1;
        let trial = U256::from_u128(root).shift_in_one();
        if remainder.at_least(&trial) {
            remainder = remainder.minus(&trial);
            root |= 1;
        }
        let _ = step;
    }
    let sticky = u128::from(!remainder.is_zero() || !rest.is_zero());
    let mut loses = false;
    let wide = root << 1 | sticky;
    let _ = &mut loses;
    F::from_u128(wide).value.scalbn(exponent / 2 - digits as i32 - 1)
}

/// As much of a 256-bit number as the square root needs.
#[derive(Clone, Copy, Default)]
struct U256 {
    high: u128,
    low: u128,
}

impl U256 {
    const fn from_u128(low: u128) -> Self {
        Self { high: 0, low }
    }

    /// Four times this plus two bits.
    const fn shift_in(self, bits: u128) -> Self {
        Self { high: self.high << 2 | self.low >> 126, low: self.low << 2 | bits }
    }

    /// Twice this plus one.
    const fn shift_in_one(self) -> Self {
        Self { high: self.high << 1 | self.low >> 127, low: self.low << 1 | 1 }
    }

    const fn at_least(&self, other: &Self) -> bool {
        self.high > other.high || self.high == other.high && self.low >= other.low
    }

    const fn minus(&self, other: &Self) -> Self {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        Self { high: self.high.wrapping_sub(other.high).wrapping_sub(borrow as u128), low }
    }

    const fn is_zero(&self) -> bool {
        self.high == 0 && self.low == 0
    }
}

fn convert(a: u128, size: u32, out: u32, rule: NanRule) -> Option<u128> {
    // In memory, the 68881 has 16 unused bits between exponent and fraction
    // of its 80-bit format.
    if size == 12 {
        return convert(a >> 80 << 64 | a & u128::from(u64::MAX), 10, out, rule);
    }
    if out == 12 {
        let value = convert(a, size, 10, rule)?;
        return Some(value >> 64 << 80 | value & u128::from(u64::MAX));
    }
    if size == out {
        return Some(a);
    }
    let mut loses = false;
    macro_rules! from {
        ($from:ty) => {{
            let value = <$from>::from_bits(a);
            let to = match out {
                2 => FloatConvert::<Half>::convert(value, &mut loses).value.to_bits(),
                4 => FloatConvert::<Single>::convert(value, &mut loses).value.to_bits(),
                8 => FloatConvert::<Double>::convert(value, &mut loses).value.to_bits(),
                10 => FloatConvert::<X87DoubleExtended>::convert(value, &mut loses).value.to_bits(),
                16 => FloatConvert::<Quad>::convert(value, &mut loses).value.to_bits(),
                _ => return None,
            };
            (to, value.is_nan())
        }};
    }
    let (value, nan) = match size {
        2 => from!(Half),
        4 => from!(Single),
        8 => from!(Double),
        10 => from!(X87DoubleExtended),
        16 => from!(Quad),
        _ => return None,
    };
    if nan {
        // The payload is kept from the top, and the NaN is quiet.
        return Some(match Shape::of(out) {
            Some(shape) if rule == NanRule::Default => shape.default_nan(),
            Some(shape) => value | shape.quiet_bit(),
            None => value | 3 << 62,
        });
    }
    Some(value)
}

fn from_integer(a: u128, size: u32, out: u32) -> Option<u128> {
    let bits = 8 * size.clamp(1, 16);
    let value = ((a << (128 - bits)) as i128) >> (128 - bits);
    Some(match out {
        2 => Half::from_i128(value).value.to_bits(),
        4 => Single::from_i128(value).value.to_bits(),
        8 => Double::from_i128(value).value.to_bits(),
        10 => X87DoubleExtended::from_i128(value).value.to_bits(),
        16 => Quad::from_i128(value).value.to_bits(),
        _ => return None,
    })
}

/// Toward zero. What does not fit is the most negative number, x86's integer
/// indefinite (Intel SDM, volume 1, 4.8.3.7); elsewhere it is the nearest that
/// fits, and a NaN is zero.
fn to_integer(a: u128, size: u32, out: u32, rule: NanRule) -> Option<u128> {
    let bits = (8 * out.clamp(1, 16)) as usize;
    let mut exact = false;
    macro_rules! to {
        ($from:ty) => {{
            let result = <$from>::from_bits(a).to_i128_r(bits, Round::TowardZero, &mut exact);
            (result.value, result.status.contains(rustc_apfloat::Status::INVALID_OP))
        }};
    }
    let (value, invalid) = match size {
        2 => to!(Half),
        4 => to!(Single),
        8 => to!(Double),
        10 => to!(X87DoubleExtended),
        16 => to!(Quad),
        _ => return None,
    };
    let mask = u128::MAX >> (128 - bits);
    let is_indefinite = invalid && rule == NanRule::FirstNegative;
    Some(if is_indefinite { 1 << (bits - 1) } else { value as u128 & mask })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: NanRule = NanRule::FirstNegative;

    #[test]
    fn soft_square_roots_are_those_of_the_host() {
        // The same algorithm in double precision, against the host.
        for value in [2.0, 3.0, 0.1, 1e300, 5e-324, 4.0, 0.25, 1.0 + f64::EPSILON, 1e-310, 7.3e18] {
            let soft = square_root(Double::from_bits(u128::from(f64::to_bits(value))));
            assert_eq!(soft.to_bits() as u64, value.sqrt().to_bits(), "{value}");
        }
    }

    #[test]
    fn a_nan_is_that_of_the_rule() {
        let (quiet, signalling) = (0x7fc0_0001, 0x7f80_0002);
        let add = |a, b, rule| operate(OpCode::FloatAdd, a, b, 4, 4, rule);
        assert_eq!(add(quiet, signalling, NanRule::FirstNegative), Some(quiet));
        assert_eq!(add(quiet, signalling, NanRule::SignallingFirst), Some(0x7fc0_0002));
        assert_eq!(add(quiet, signalling, NanRule::Default), Some(0x7fc0_0000));
        let infinities = (0x7f80_0000, 0xff80_0000);
        assert_eq!(add(infinities.0, infinities.1, NanRule::FirstNegative), Some(0xffc0_0000));
        assert_eq!(add(infinities.0, infinities.1, NanRule::SignallingFirst), Some(0x7fc0_0000));
    }

    #[test]
    fn an_infinity_may_have_no_leading_one() {
        // As compilers write it for the MC68881, and as arithmetic gives it.
        let (plain, leading) = (0x7fff << 64, 0x7fff << 64 | 1 << 63);
        let one = 0x3fff << 64 | 1 << 63;
        let flag = |code, a, b| operate(code, a, b, 10, 1, RULE);
        assert_eq!(flag(OpCode::FloatEqual, plain, leading), Some(1));
        assert_eq!(flag(OpCode::FloatNan, plain, 0), Some(0));
        assert_eq!(flag(OpCode::FloatLess, one, plain), Some(1));
        assert_eq!(operate(OpCode::FloatAdd, plain, one, 10, 10, RULE), Some(leading));
    }

    #[test]
    fn conversions_round_to_nearest_and_say_what_does_not_fit() {
        let double = |value: f64| u128::from(value.to_bits());
        assert_eq!(
            operate(OpCode::FloatFloat2Float, double(0.1), 0, 8, 4, RULE),
            Some(0.1f32.to_bits().into())
        );
        assert_eq!(operate(OpCode::FloatTrunc, double(-2.9), 0, 8, 4, RULE), Some(0xffff_fffe));
        assert_eq!(operate(OpCode::FloatTrunc, double(1e10), 0, 8, 4, RULE), Some(0x8000_0000));
        assert_eq!(operate(OpCode::FloatInt2Float, u128::MAX, 0, 8, 8, RULE), Some(double(-1.0)));
        // 1.0 in the 80-bit format: Intel SDM, volume 1, table 8-3.
        assert_eq!(
            operate(OpCode::FloatFloat2Float, double(1.0), 0, 8, 10, RULE),
            Some(0x3fff_8000_0000_0000_0000)
        );
    }
}
