//! Functions of real numbers to any precision: what `long double` is computed
//! with, whose formats have up to 113 bits.
//!
//! A function takes an exact number and a count of bits, and gives a number
//! whose relative error is below one unit of 8 bits above the last of them.
//! Series are summed in integers; arguments are made small before by the
//! addition theorems (R. P. Brent, P. Zimmermann, "Modern Computer Arithmetic",
//! chapter 4).

mod bessel;
mod elementary;
mod error_function;
mod gamma;
#[cfg(test)]
mod tests;

pub(crate) use bessel::{first_kind, second_kind};
pub(crate) use elementary::{
    acos, acosh, asin, asinh, atan, atanh, cosh, cube_root, exp, exp_of_base, expm1, log, log_of_base, log1p,
    power, sine_cosine, sinh, tan, tanh, turned_angle,
};
pub(crate) use error_function::{erf, erfc};
pub(crate) use gamma::{gamma, is_negative_integer, log_gamma};

use std::{collections::BTreeMap, sync::Mutex};

use num_bigint::{BigInt, BigUint, Sign};

use super::exact::Exact;

/// Bits beyond those asked for, against what operations lose.
const GUARD: u64 = 40;

/// Arithmetic whose results are cut to so many bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Working(u64);

impl Working {
    /// The highest bits of a number.
    fn cut(self, x: Exact) -> Exact {
        let more = x.mantissa.bits().saturating_sub(self.0);
        if more == 0 {
            return x;
        }
        Exact { negative: x.negative, mantissa: x.mantissa >> more, exponent: x.exponent + more as i64 }
    }

    fn add(self, x: &Exact, y: &Exact) -> Exact {
        if x.is_zero() {
            return self.cut(y.clone());
        }
        if y.is_zero() {
            return self.cut(x.clone());
        }
        // What lies behind the last bit is not added.
        let apart = x.power() - y.power();
        if apart.unsigned_abs() > self.0 + 2 {
            return self.cut(if apart > 0 { x.clone() } else { y.clone() });
        }
        self.cut(x.plus(y, false))
    }

    fn sub(self, x: &Exact, y: &Exact) -> Exact {
        self.add(x, &negated(y))
    }

    fn mul(self, x: &Exact, y: &Exact) -> Exact {
        self.cut(x.times(y))
    }

    /// The quotient; the divisor is not zero.
    fn div(self, x: &Exact, y: &Exact) -> Exact {
        if x.is_zero() {
            return Exact::zero(false);
        }
        self.cut(x.over(y, self.0))
    }

    /// The root of what is not negative.
    fn sqrt(self, x: &Exact) -> Exact {
        if x.is_zero() {
            return Exact::zero(false);
        }
        self.cut(self.cut(x.clone()).root(self.0 + 2))
    }
}

fn negated(x: &Exact) -> Exact {
    Exact { negative: !x.negative, ..x.clone() }
}

fn absolute(x: &Exact) -> Exact {
    Exact { negative: false, ..x.clone() }
}

fn integer(value: i64) -> Exact {
    Exact::new(value < 0, value.unsigned_abs().into(), 0)
}

fn one() -> Exact {
    integer(1)
}

/// `x * 2^power`.
fn shifted(x: &Exact, power: i64) -> Exact {
    Exact { exponent: x.exponent + power, ..x.clone() }
}

/// The power of two of the highest bit; that of zero is lower than all.
fn magnitude(x: &Exact) -> i64 {
    if x.is_zero() { i64::MIN / 4 } else { x.power() }
}

/// The nearest double.
fn double(x: &Exact) -> f64 {
    super::exact::Number::Finite(x.clone()).to_double()
}

fn of_double(x: f64) -> Exact {
    match super::exact::Number::of_double(x) {
        super::exact::Number::Finite(exact) => exact,
        _ => Exact::zero(false),
    }
}

// ---- numbers with so many bits of fraction

fn to_fixed(x: &Exact, bits: u64) -> BigInt {
    let shift = x.exponent + bits as i64;
    let whole = if shift >= 0 {
        &x.mantissa << shift as u64
    } else if shift.unsigned_abs() > x.mantissa.bits() {
        BigUint::ZERO
    } else {
        &x.mantissa >> shift.unsigned_abs()
    };
    BigInt::from_biguint(if x.negative { Sign::Minus } else { Sign::Plus }, whole)
}

fn of_fixed(x: BigInt, bits: u64) -> Exact {
    let (sign, mantissa) = x.into_parts();
    Exact { negative: sign == Sign::Minus, mantissa, exponent: -(bits as i64) }
}

/// Computes what is known to so many bits behind the point, with as many as its
/// highest bits need.
fn refined(bits: u64, compute: impl Fn(u64) -> Exact) -> Exact {
    let mut behind = bits + GUARD;
    for _ in 0..4 {
        let found = compute(behind);
        // No zero of these functions is nearer to a number of the formats.
        let lost = if found.is_zero() { 1200 } else { (-found.power()).clamp(0, 33_000) as u64 };
        if behind >= bits + lost + 10 || lost > 3000 {
            return found;
        }
        behind = bits + lost + GUARD;
    }
    compute(behind)
}

// ---- constants

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Constant {
    Pi,
    LnTwo,
    LnTen,
    Euler,
}

/// A constant to so many bits. The longest are kept.
fn constant(which: Constant, bits: u64) -> Exact {
    static KNOWN: Mutex<BTreeMap<Constant, (u64, Exact)>> = Mutex::new(BTreeMap::new());
    let known = |table: &BTreeMap<Constant, (u64, Exact)>| {
        table.get(&which).filter(|(length, _)| *length >= bits).map(|(_, value)| value.clone())
    };
    let lock = || KNOWN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let found = known(&lock());
    let value = found.unwrap_or_else(|| {
        // More than asked for, as the next will ask for a little more.
        let bits = bits + 128;
        let value = match which {
            // J. Machin, 1706.
            Constant::Pi => {
                let fixed = bits + 16;
                let angle = arc(5, fixed, false) * 16 - arc(239, fixed, false) * 4;
                of_fixed(angle, fixed)
            }
            Constant::LnTwo => of_fixed(arc(3, bits + 16, true) * 2, bits + 16),
            Constant::LnTen => elementary::log(&integer(10), bits + 8),
            Constant::Euler => gamma::euler(bits + 8),
        };
        lock().insert(which, (bits, value.clone()));
        value
    });
    Working(bits + 8).cut(value)
}

fn pi(bits: u64) -> Exact {
    constant(Constant::Pi, bits)
}

fn ln_two(bits: u64) -> Exact {
    constant(Constant::LnTwo, bits)
}

/// `atan(1 / of)`, or `atanh`.
fn arc(of: u32, fixed: u64, hyperbolic: bool) -> BigInt {
    let mut power = (BigInt::from(1) << fixed) / of;
    let square = of * of;
    let mut sum = power.clone();
    let mut divisor = 1_u32;
    while power.sign() != Sign::NoSign {
        power /= square;
        divisor += 2;
        let term = &power / divisor;
        if hyperbolic || divisor % 4 == 1 {
            sum += term;
        } else {
            sum -= term;
        }
    }
    sum
}
