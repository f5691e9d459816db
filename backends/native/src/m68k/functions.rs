//! The functions of the 68881: exponentials, logarithms, trigonometric and
//! hyperbolic ones (M68000 Family Programmer's Reference Manual, section 5,
//! FACOS to FTWOTOX).
//!
//! They are computed with 128 bits and rounded once; the coprocessor promises
//! about one unit of the last place (MC68881/MC68882 User's Manual, section
//! 4.3), and so the last bit may be another there. Angles are reduced with 192
//! bits of pi up to 2^61; those beyond, for which the coprocessor promises
//! nothing, with 66.

use super::{
    arithmetic::{invalid, near_one},
    float::Unit,
};
use crate::soft::{
    self, Class, EXTENDED_68881 as EXTENDED, Env, Number,
    big::{self, Big, HALF_PI, LN2, ONE, ZERO},
};

/// `log2(e)`, `log2(10)` and `log10(2)`.
const LOG2_E: Big =
    Big { negative: false, exponent: 0, significand: 0xb8aa_3b29_5c17_f0bb_be87_fed0_691d_3e88 };
const LOG2_10: Big =
    Big { negative: false, exponent: 1, significand: 0xd49a_784b_cd1b_8afe_492b_f6ff_4daf_db4c };
const LOG10_2: Big =
    Big { negative: false, exponent: -2, significand: 0x9a20_9a84_fbcf_f798_8f89_59ac_0b7c_9178 };
/// pi / 2 as three parts of 64 bits.
const HALF_PI_PARTS: [u64; 3] = [0xc90f_daa2_2168_c234, 0xc4c6_628b_80dc_1cd1, 0x2902_4e08_8a67_cc74];

/// What comes out: a number that is not one of the 80-bit format, or one that
/// is, exactly.
enum Value {
    Near(Big),
    Exact(u128),
}

use Value::{Exact, Near};

/// The result of a function; `None` if there is none of this number.
pub(super) fn function(unit: &mut Unit, opmode: u32, source: u128) -> Option<u128> {
    if !matches!(
        opmode,
        0x02 | 0x06 | 0x08..=0x0a | 0x0c..=0x12 | 0x14..=0x16 | 0x19 | 0x1c | 0x1d | 0x30..=0x37
    ) {
        return None;
    }
    let env = &mut unit.env;
    let number = EXTENDED.unpack(source);
    if let Some(nan) = env.nan(EXTENDED, &number, None) {
        return Some(nan);
    }
    let value = match number.class {
        Class::Zero => of_zero(env, opmode, number.negative),
        Class::Infinite => of_infinity(env, opmode, number.negative),
        _ => finite(env, opmode, &number),
    };
    Some(match value {
        Exact(value) => value,
        Near(big) if big.is_zero() => EXTENDED.zero(number.negative),
        Near(big) => big.round_to(EXTENDED, env),
    })
}

/// The cosine that FSINCOS gives along; its exceptions count, too.
pub(super) fn cosine(unit: &mut Unit, source: u128) -> u128 {
    function(unit, 0x1d, source).unwrap_or(source)
}

fn one(negative: bool) -> Value {
    Exact(u128::from(negative) << 79 | 0x3fff << 64 | 1 << 63)
}

fn zero_divide(env: &mut Env, negative: bool) -> Value {
    env.flags |= soft::ZERO_DIVIDE;
    Exact(EXTENDED.infinity(negative))
}

fn of_zero(env: &mut Env, opmode: u32, negative: bool) -> Value {
    match opmode {
        // FETOX, FTWOTOX, FTENTOX, FCOSH, FCOS
        0x10..=0x12 | 0x19 | 0x1d => one(false),
        // The logarithms.
        0x14..=0x16 => zero_divide(env, true),
        0x1c => Near(HALF_PI),
        _ => Exact(EXTENDED.zero(negative)),
    }
}

fn of_infinity(env: &mut Env, opmode: u32, negative: bool) -> Value {
    match opmode {
        // FETOX, FTWOTOX, FTENTOX
        0x10..=0x12 if negative => Exact(EXTENDED.zero(false)),
        0x10..=0x12 | 0x19 => Exact(EXTENDED.infinity(false)),
        0x08 if negative => one(true),
        0x09 => one(negative),
        0x0a => Near(Big { negative, ..HALF_PI }),
        // FSINH, FETOXM1
        0x02 | 0x08 => Exact(EXTENDED.infinity(negative)),
        // The logarithms, FLOGNP1
        0x06 | 0x14..=0x16 if !negative => Exact(EXTENDED.infinity(false)),
        _ => Exact(invalid(env)),
    }
}

fn finite(env: &mut Env, opmode: u32, number: &Number) -> Value {
    let x = Big::of(number);
    let negative = number.negative;
    let beside_one = compare_with_one(&x);
    match opmode {
        0x02 => Near(hyperbolic_sine(x)),
        0x06 if negative && beside_one.is_ge() => match beside_one {
            std::cmp::Ordering::Equal => zero_divide(env, true),
            _ => Exact(invalid(env)),
        },
        0x06 => Near(big::log2_plus_one(x).times(LN2)),
        0x08 => Near(exponential_minus_one(x)),
        0x09 => Near(hyperbolic_tangent(x)),
        0x0a => Near(Big { negative, ..big::angle(x.absolute(), ONE) }),
        0x0c | 0x1c if beside_one.is_gt() => Exact(invalid(env)),
        0x0c => Near(Big { negative, ..big::angle(x.absolute(), leg(x)) }),
        0x1c if beside_one.is_eq() && !negative => Exact(EXTENDED.zero(false)),
        0x1c => {
            let angle = big::angle(leg(x), x.absolute());
            Near(if negative { HALF_PI.scaled(1).minus(angle) } else { angle })
        }
        0x0d if beside_one.is_gt() => Exact(invalid(env)),
        0x0d if beside_one.is_eq() => zero_divide(env, negative),
        0x0d => Near(inverse_hyperbolic_tangent(x)),
        0x0e | 0x0f | 0x1d | 0x30..=0x37 => trigonometric(opmode, number),
        0x10 => exponential(env, x.times(LOG2_E), x),
        0x11 => match whole(&x) {
            Some(power) => power_of_two(env, power),
            None => exponential(env, x, x),
        },
        0x12 => match whole(&x) {
            Some(power @ 0..=27) => Exact(env.of_integer(EXTENDED, 10i128.pow(power as u32))),
            _ => exponential(env, x.times(LOG2_10), x),
        },
        0x19 => match exponential_pair(x) {
            // Too close to one to tell by 128 bits.
            None => Exact(near_one(env, true)),
            Some((up, down)) => Near(up.plus(down).scaled(-1)),
        },
        // The logarithms.
        _ if negative => Exact(invalid(env)),
        _ if beside_one.is_eq() => Exact(EXTENDED.zero(false)),
        0x16 if number.significand == 1 << 63 => {
            let mut exact = Env { precision: 64, ..*env };
            Exact(exact.of_integer(EXTENDED, number.exponent.into()))
        }
        0x14 => Near(big::log2(x).times(LN2)),
        0x15 => Near(big::log2(x).times(LOG10_2)),
        _ => Near(big::log2(x)),
    }
}

/// How the magnitude compares with one.
fn compare_with_one(x: &Big) -> std::cmp::Ordering {
    (x.exponent, x.significand).cmp(&(ONE.exponent, ONE.significand))
}

/// `sqrt(1 - x^2)`: beside `x`, the other leg of the triangle.
fn leg(x: Big) -> Big {
    ONE.minus(x).times(ONE.plus(x)).square_root()
}

/// The value as an integer of 17 bits, if it is one.
fn whole(x: &Big) -> Option<i32> {
    if !(0..=16).contains(&x.exponent) || x.significand << (x.exponent + 1) != 0 {
        return None;
    }
    let magnitude = (x.significand >> (127 - x.exponent)) as i32;
    Some(if x.negative { -magnitude } else { magnitude })
}

fn power_of_two(env: &mut Env, power: i32) -> Value {
    Exact(env.round(EXTENDED, false, power, 1 << 127, false))
}

/// The integer next to a number below 2^20, and what is left.
fn split(x: Big) -> (i32, Big) {
    if x.exponent < -1 {
        return (0, x);
    }
    let half = Big { exponent: -1, ..ONE };
    let up = x.absolute().plus(half);
    let magnitude = if up.exponent < 0 { 0 } else { (up.significand >> (127 - up.exponent.min(40))) as i64 };
    let near = if x.negative { -magnitude } else { magnitude };
    (near as i32, x.minus(Big::integer(near)))
}

/// Two to a power that is no integer; `x` is the argument of the function,
/// by which results next to one are rounded.
fn exponential(env: &mut Env, power: Big, x: Big) -> Value {
    if power.exponent < -120 {
        return Exact(near_one(env, !x.negative));
    }
    if power.exponent > 17 {
        // Far out of range: an overflow, or nothing.
        let exponent = if x.negative { -0x2_0000 } else { 0x2_0000 };
        return Near(Big { exponent, ..ONE });
    }
    Near(two_to(power))
}

/// Two to a power below 2^18.
fn two_to(power: Big) -> Big {
    let (near, rest) = split(power);
    big::exp2_minus_one(rest).plus(ONE).scaled(near)
}

/// `e^x` and `e^-x`, unless both are one.
fn exponential_pair(x: Big) -> Option<(Big, Big)> {
    if x.exponent < -62 {
        return None;
    }
    if x.exponent > 16 {
        return Some((Big { exponent: 0x2_0000, ..ONE }, ZERO));
    }
    let up = two_to(x.absolute().times(LOG2_E));
    Some((up, ONE.over(up)))
}

/// `e^x - 1`.
fn exponential_minus_one(x: Big) -> Big {
    if x.exponent < -1 {
        return big::exp2_minus_one(x.times(LOG2_E));
    }
    if x.exponent > 16 {
        return if x.negative {
            Big { negative: true, exponent: -1, significand: u128::MAX }
        } else {
            Big { exponent: 0x2_0000, ..ONE }
        };
    }
    let difference = two_to(x.times(LOG2_E)).minus(ONE);
    // Next to minus one: not it itself.
    if difference.negative && difference.exponent == 0 {
        return Big { negative: true, exponent: -1, significand: u128::MAX };
    }
    difference
}

fn hyperbolic_sine(x: Big) -> Big {
    let magnitude = x.absolute();
    let result = if x.exponent < -1 {
        let less = exponential_minus_one(magnitude);
        less.plus(less.over(less.plus(ONE))).scaled(-1)
    } else {
        match exponential_pair(magnitude) {
            Some((up, down)) => up.minus(down).scaled(-1),
            None => magnitude,
        }
    };
    Big { negative: x.negative, ..result }
}

fn hyperbolic_tangent(x: Big) -> Big {
    if x.exponent > 6 {
        // Next to one.
        return Big { negative: x.negative, exponent: -1, significand: u128::MAX };
    }
    let less = exponential_minus_one(x.absolute().scaled(1));
    let result = less.over(less.plus(Big::integer(2)));
    Big { negative: x.negative, ..result }
}

/// Half of the logarithm of `(1 + x) / (1 - x)`.
fn inverse_hyperbolic_tangent(x: Big) -> Big {
    let magnitude = x.absolute();
    let twice = if magnitude.exponent < -2 {
        big::log2_ratio(magnitude)
    } else {
        big::log2(ONE.plus(magnitude).over(ONE.minus(magnitude)))
    };
    Big { negative: x.negative, ..twice.times(LN2).scaled(-1) }
}

/// What is left of an angle below a quarter of pi, and how many quarters of
/// a turn were taken off.
fn reduce(number: &Number) -> (Big, u32) {
    let x = Big::of(number).absolute();
    if x.exponent < -1 {
        return (x, 0);
    }
    if x.exponent > 60 {
        return big::reduce_angle(&Number { negative: false, ..*number });
    }
    let quarters = nearest(x.over(HALF_PI));
    let mut rest = x;
    for (index, part) in HALF_PI_PARTS.into_iter().enumerate() {
        let product = u128::from(quarters) * u128::from(part);
        if product == 0 {
            continue;
        }
        let zeros = product.leading_zeros();
        // The first part has its lowest bit at 2^-63.
        let exponent = 127 - zeros as i32 - 63 - 64 * index as i32;
        rest = rest.minus(Big { negative: false, exponent, significand: product << zeros });
    }
    (rest, quarters as u32 & 3)
}

/// The nearest integer of a positive number below 2^62.
fn nearest(x: Big) -> u64 {
    let up = x.plus(Big { exponent: -1, ..ONE });
    if up.exponent < 0 { 0 } else { (up.significand >> (127 - up.exponent.min(63))) as u64 }
}

fn trigonometric(opmode: u32, number: &Number) -> Value {
    let (rest, quarters) = reduce(number);
    let (sine, mut cosine) = big::sine_cosine(rest);
    if !rest.is_zero() && cosine.exponent == 0 {
        // A bit below one.
        cosine = Big { exponent: -1, significand: u128::MAX, ..cosine };
    }
    let (sine, cosine) = match quarters & 3 {
        0 => (sine, cosine),
        1 => (cosine, sine.negated()),
        2 => (sine.negated(), cosine.negated()),
        _ => (cosine.negated(), sine),
    };
    let sine = if number.negative { sine.negated() } else { sine };
    Near(match opmode {
        0x1d => cosine,
        0x0f => sine.over(cosine),
        _ => sine,
    })
}

#[cfg(test)]
mod tests {
    use super::{super::arithmetic::compute, *};

    /// The bits of `sign and exponent:significand`.
    fn bits(text: &str) -> u128 {
        let (high, low) = text.split_once(':').unwrap();
        u128::from_str_radix(high, 16).unwrap() << 64 | u128::from_str_radix(low, 16).unwrap()
    }

    /// Beside mpmath (`scripts/m68k_functions.py`).
    #[test]
    fn functions_are_rounded_correctly() {
        let lines = include_str!("functions.txt").lines().filter(|line| !line.starts_with('#'));
        let (mut functions, mut remainders) = (0, 0);
        for line in lines {
            let words: Vec<_> = line.split(' ').collect();
            let opmode = u32::from_str_radix(words[0], 16).unwrap();
            let mut unit = Unit::new(0);
            if let [_, operand, expected] = words[..] {
                let result = compute(&mut unit, opmode, 0, bits(operand)).unwrap();
                assert_eq!(result, bits(expected), "{line}: {result:x}");
                functions += 1;
            } else {
                let result = compute(&mut unit, opmode, bits(words[1]), bits(words[2])).unwrap();
                assert_eq!(result, bits(words[3]), "{line}: {result:x}");
                assert_eq!(unit.quotient, u32::from_str_radix(words[4], 16).ok(), "{line}");
                remainders += 1;
            }
        }
        assert_eq!((functions, remainders), (899, 120));
    }

    #[test]
    fn poles_and_errors_are_told() {
        let (one, infinity) = (0x3fffu128 << 64 | 1 << 63, 0x7fffu128 << 64);
        let minus = 1u128 << 79;
        let nan = EXTENDED.indefinite();
        for (opmode, operand, result, flags) in [
            (0x14, 0, infinity | minus, soft::ZERO_DIVIDE),
            (0x06, one | minus, infinity | minus, soft::ZERO_DIVIDE),
            (0x0d, one, infinity, soft::ZERO_DIVIDE),
            (0x16, one | minus, nan, soft::INVALID),
            (0x0c, 0x4000u128 << 64 | 1 << 63, nan, soft::INVALID),
            (0x0e, infinity, nan, soft::INVALID),
            (0x10, infinity | minus, 0, 0),
            (0x08, infinity | minus, one | minus, 0),
            (0x15, one, 0, 0),
            (0x16, 0x4005u128 << 64 | 1 << 63, 0x4001u128 << 64 | 3 << 62, 0),
            (0x12, 0x4000u128 << 64 | 1 << 63, 0x4005u128 << 64 | 0xc8 << 56, 0),
            (0x10, 0x400eu128 << 64 | 1 << 63, infinity, soft::OVERFLOW | soft::INEXACT),
        ] {
            let mut unit = Unit::new(0);
            assert_eq!(function(&mut unit, opmode, operand), Some(result), "{opmode:#x} of {operand:#x}");
            assert_eq!(unit.env.flags, flags, "{opmode:#x} of {operand:#x}");
        }
    }
}
