//! [`Big`]: floating point of 128 bits for the functions of coprocessors, whose
//! results are rounded to 64 bits at the end.

use super::{EXTENDED, Env, Format, Number};

/// A number of 128 bits: the significand has its first one in bit 127, or is
/// zero; the exponent is that of this bit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Big {
    pub(crate) negative: bool,
    pub(crate) exponent: i32,
    pub(crate) significand: u128,
}

pub(crate) const ZERO: Big = Big { negative: false, exponent: 0, significand: 0 };
pub(crate) const ONE: Big = Big { negative: false, exponent: 0, significand: 1 << 127 };
/// The natural logarithm of 2.
pub(crate) const LN2: Big =
    Big { negative: false, exponent: -1, significand: 0xb172_17f7_d1cf_79ab_c9e3_b398_03f2_f6af };
/// A quarter of a turn: pi / 2.
pub(crate) const HALF_PI: Big =
    Big { negative: false, exponent: 0, significand: 0xc90f_daa2_2168_c234_c4c6_628b_80dc_1cd1 };

impl Big {
    pub(crate) fn of(number: &Number) -> Self {
        Self {
            negative: number.negative,
            exponent: number.exponent,
            significand: u128::from(number.significand) << 64,
        }
    }

    pub(crate) fn integer(value: i64) -> Self {
        let magnitude = u128::from(value.unsigned_abs());
        if magnitude == 0 {
            return ZERO;
        }
        let zeros = magnitude.leading_zeros();
        Self { negative: value < 0, exponent: 127 - zeros as i32, significand: magnitude << zeros }
    }

    pub(crate) const fn is_zero(self) -> bool {
        self.significand == 0
    }

    pub(crate) const fn negated(self) -> Self {
        Self { negative: !self.negative, ..self }
    }

    pub(crate) const fn absolute(self) -> Self {
        Self { negative: false, ..self }
    }

    /// Times a power of two.
    pub(crate) const fn scaled(self, by: i32) -> Self {
        Self { exponent: self.exponent + by, ..self }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        if self.is_zero() {
            return other;
        }
        if other.is_zero() {
            return self;
        }
        let (big, small) = if (self.exponent, self.significand) >= (other.exponent, other.significand) {
            (self, other)
        } else {
            (other, self)
        };
        let shift = (big.exponent - small.exponent) as u32;
        let low = small.significand.checked_shr(shift).unwrap_or(0);
        if big.negative == small.negative {
            let (sum, carry) = big.significand.overflowing_add(low);
            return if carry {
                Self { significand: sum >> 1 | 1 << 127, exponent: big.exponent + 1, ..big }
            } else {
                Self { significand: sum, ..big }
            };
        }
        let difference = big.significand - low;
        if difference == 0 {
            return ZERO;
        }
        let zeros = difference.leading_zeros();
        Self { significand: difference << zeros, exponent: big.exponent - zeros as i32, ..big }
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        self.plus(other.negated())
    }

    pub(crate) fn times(self, other: Self) -> Self {
        if self.is_zero() || other.is_zero() {
            return ZERO;
        }
        let half = |value: u128| (value >> 64, value & u128::from(u64::MAX));
        let ((a1, a0), (b1, b0)) = (half(self.significand), half(other.significand));
        let (left, right) = (half(a1 * b0), half(a0 * b1));
        let middle = half(a0 * b0).0 + left.1 + right.1;
        let high = a1 * b1 + left.0 + right.0 + (middle >> 64);
        let low = middle & u128::from(u64::MAX);
        let negative = self.negative != other.negative;
        let exponent = self.exponent + other.exponent;
        if high >> 127 != 0 {
            Self { negative, exponent: exponent + 1, significand: high }
        } else {
            Self { negative, exponent, significand: high << 1 | low >> 63 }
        }
    }

    pub(crate) fn over(self, other: Self) -> Self {
        if self.is_zero() || other.is_zero() {
            return ZERO;
        }
        let negative = self.negative != other.negative;
        let (mut rest, divisor) = (self.significand, other.significand);
        let exponent = self.exponent - other.exponent - i32::from(rest < divisor);
        let mut quotient = 0u128;
        let mut carry = false;
        if rest < divisor {
            carry = rest >> 127 != 0;
            rest <<= 1;
        }
        for _ in 0..128 {
            quotient <<= 1;
            if carry || rest >= divisor {
                rest = rest.wrapping_sub(divisor);
                quotient |= 1;
            }
            carry = rest >> 127 != 0;
            rest <<= 1;
        }
        Self { negative, exponent, significand: quotient }
    }

    /// Rounds to the 80-bit format of the x87, with all its bits; never exact.
    pub(crate) fn round(self, env: &mut Env) -> u128 {
        let mut own = Env { precision: 64, ..*env };
        let value = self.round_to(EXTENDED, &mut own);
        env.flags |= own.flags;
        env.up = own.up;
        value
    }

    /// Rounds to a format; never exact.
    pub(crate) fn round_to(self, format: Format, env: &mut Env) -> u128 {
        let mut own = Env { masks: env.masks | super::INEXACT, ..*env };
        let value = own.round(format, self.negative, self.exponent, self.significand, true);
        env.flags |= own.flags;
        env.up = own.up;
        value
    }

    /// The square root of a number that is not negative.
    pub(crate) fn square_root(self) -> Self {
        if self.is_zero() {
            return self;
        }
        // A first guess of 53 bits, doubled three times.
        let odd = self.exponent & 1;
        let near = (self.significand >> 64) as f64 / (1u128 << 63) as f64 * f64::from(1 << odd);
        let guess = (near.sqrt() * (1u64 << 52) as f64) as i64;
        let mut root = Self::integer(guess).scaled((self.exponent - odd) / 2 - 52);
        for _ in 0..3 {
            root = root.plus(self.over(root)).scaled(-1);
        }
        root
    }
}

/// The sum of a power series: the first term, and what each next one is of
/// the one before.
fn series(first: Big, next: impl Fn(Big, i64) -> Big) -> Big {
    let (mut sum, mut term) = (first, first);
    for index in 1..200 {
        term = next(term, index);
        if term.is_zero() || term.exponent < sum.exponent - 130 {
            break;
        }
        sum = sum.plus(term);
    }
    sum
}

/// `2^x - 1` for x from -1 to 1.
pub(crate) fn exp2_minus_one(x: Big) -> Big {
    let y = x.times(LN2);
    series(y, |term, index| term.times(y).over(Big::integer(index + 1)))
}

/// The logarithm of `(1 + s) / (1 - s)` to the base 2, for small `s`.
pub(crate) fn log2_ratio(s: Big) -> Big {
    let square = s.times(s);
    // Terms s^(2k+1) / (2k+1), with the divisors put in at the end.
    let (mut sum, mut power) = (s, s);
    for index in 1..100 {
        power = power.times(square);
        if power.is_zero() || power.exponent < sum.exponent - 132 {
            break;
        }
        sum = sum.plus(power.over(Big::integer(2 * index + 1)));
    }
    sum.scaled(1).over(LN2)
}

/// The logarithm to the base 2 of a positive number.
pub(crate) fn log2(x: Big) -> Big {
    // Between the roots of 1/2 and 2.
    let root = 0xb504_f333_f9de_6484_597d_89b3_754a_be9fu128;
    let up = i32::from(x.significand > root);
    let exponent = x.exponent + up;
    let mantissa = Big { exponent: -up, ..x };
    let s = mantissa.minus(ONE).over(mantissa.plus(ONE));
    Big::integer(exponent.into()).plus(log2_ratio(s))
}

/// The logarithm to the base 2 of `1 + x`.
pub(crate) fn log2_plus_one(x: Big) -> Big {
    if x.exponent >= -1 {
        return log2(ONE.plus(x));
    }
    log2_ratio(x.over(Big::integer(2).plus(x)))
}

/// Pi as the x87 have it inside: 66 bits (Intel SDM, volume 1, 8.3.8).
const INNER_PI: u128 = 0xc_90fd_aa22_168c_234c;

/// What is left of an angle below a quarter of pi, and how many quarters of
/// a turn were taken off.
pub(crate) fn reduce_angle(number: &Number) -> (Big, u32) {
    let x = Big::of(number);
    if x.exponent < -1 {
        return (x, 0);
    }
    // In units of 2^-67, in which half of pi is the same integer.
    let half = INNER_PI;
    let shift = number.exponent - 63 + 67;
    let (mut rest, mut quarters) = (0u128, 0u32);
    let bits = 64 + shift.max(0) as u32;
    for bit in (0..bits).rev() {
        let digit = bit.checked_sub(shift.max(0) as u32).map_or(0, |at| number.significand >> at & 1);
        rest = rest << 1 | u128::from(digit);
        quarters <<= 1;
        if rest >= half {
            rest -= half;
            quarters |= 1;
        }
    }
    let mut negative = false;
    if rest > half / 2 {
        rest = half - rest;
        negative = true;
        quarters = quarters.wrapping_add(1);
    }
    let left = if rest == 0 {
        ZERO
    } else {
        let zeros = rest.leading_zeros();
        Big { negative: negative != number.negative, exponent: 60 - zeros as i32, significand: rest << zeros }
    };
    (left, quarters & 3)
}

/// Sine and cosine of an angle up to a quarter of pi.
pub(crate) fn sine_cosine(x: Big) -> (Big, Big) {
    let square = x.times(x).negated();
    let step = |offset: i64| {
        move |term: Big, index: i64| {
            let at = 2 * index + offset;
            term.times(square).over(Big::integer(at * (at - 1)))
        }
    };
    (series(x, step(1)), series(ONE, step(0)))
}

/// The angle whose tangent is `y / x`, for positive ones.
pub(crate) fn angle(y: Big, x: Big) -> Big {
    let is_steep = (y.exponent, y.significand) > (x.exponent, x.significand);
    let t = if is_steep { x.over(y) } else { y.over(x) };
    // The nearest quarter.
    let quarters = if t.exponent < -3 { 0 } else { (t.scaled(2).plus(Big { exponent: -1, ..ONE })).floor() };
    let known = match quarters {
        0 => ZERO,
        1 => small_angle(ONE.scaled(-2)),
        2 => small_angle(ONE.scaled(-1)),
        3 => small_angle(ONE.over(Big::integer(3))).scaled(1),
        _ => HALF_PI.scaled(-1),
    };
    let c = Big::integer(quarters).scaled(-2);
    let c = if quarters == 0 { ZERO } else { c };
    let rest = t.minus(c).over(ONE.plus(t.times(c)));
    let angle = known.plus(small_angle(rest));
    if is_steep { HALF_PI.minus(angle) } else { angle }
}

fn small_angle(t: Big) -> Big {
    if t.is_zero() {
        return ZERO;
    }
    let square = t.times(t).negated();
    let (mut sum, mut power) = (t, t);
    for index in 1..100 {
        power = power.times(square);
        if power.is_zero() || power.exponent < sum.exponent - 132 {
            break;
        }
        sum = sum.plus(power.over(Big::integer(2 * index + 1)));
    }
    sum
}

impl Big {
    /// The integer part of a positive number below 2^62.
    fn floor(self) -> i64 {
        if self.exponent < 0 { 0 } else { (self.significand >> (127 - self.exponent.min(62))) as i64 }
    }
}
