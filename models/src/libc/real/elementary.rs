//! Exponentials, logarithms, circular and hyperbolic functions.

use num_bigint::{BigInt, Sign};

use super::{
    Constant, Exact, GUARD, Working, absolute, constant, double, integer, ln_two, magnitude, negated,
    of_double, of_fixed, one, pi, shifted, to_fixed,
};

/// Exponents whose exponentials are out of all ranges.
const BEYOND: i64 = 17;

/// The argument of an exponential, or one whose exponential is out of range as
/// well.
fn bounded(x: &Exact) -> Exact {
    if magnitude(x) > BEYOND { Exact::new(x.negative, 1, BEYOND) } else { x.clone() }
}

/// `e^x`.
pub(crate) fn exp(x: &Exact, bits: u64) -> Exact {
    if x.is_zero() {
        return one();
    }
    let x = bounded(x);
    let steps = 12;
    let fixed = bits + GUARD + steps;
    // `k ln 2 + r`.
    let k = (double(&x) / std::f64::consts::LN_2).round() as i64;
    let length = fixed + 24;
    let rest = to_fixed(&x, fixed) - to_fixed(&Working(length).mul(&integer(k), &ln_two(length)), fixed);
    let rest = rest >> steps;
    // `e^r`, whose argument is divided by a power of two.
    let unit = BigInt::from(1) << fixed;
    let (mut sum, mut term, mut count) = (unit.clone(), unit, 1_u32);
    loop {
        term = ((term * &rest) >> fixed) / count;
        if is_nothing(&term) {
            break;
        }
        sum += &term;
        count += 1;
    }
    for _ in 0..steps {
        sum = (&sum * &sum) >> fixed;
    }
    Working(bits + 8).cut(shifted(&of_fixed(sum, fixed), k))
}

/// Zero, or the -1 that a negative number becomes when it is shifted.
fn is_nothing(term: &BigInt) -> bool {
    term.bits() <= 1
}

/// The sum of `x^n / n!` for each `n` of these steps, where `x` is small: the
/// first term is known to all bits.
fn small_series(x: &Exact, bits: u64, step: u32, alternating: bool) -> Exact {
    if magnitude(x) < -(bits as i64) - 2 {
        return Working(bits + 8).cut(x.clone());
    }
    let fixed = bits + GUARD + (-magnitude(x)).max(0) as u64;
    let x = to_fixed(x, fixed);
    let factor = if step == 2 { (&x * &x) >> fixed } else { x.clone() };
    let (mut sum, mut term, mut count) = (x.clone(), x, 1_u32);
    loop {
        term = (term * &factor) >> fixed;
        for _ in 0..step {
            count += 1;
            term /= count;
        }
        if is_nothing(&term) {
            break;
        }
        if alternating {
            term = -term;
        }
        sum += &term;
    }
    of_fixed(sum, fixed)
}

/// `e^x - 1`.
pub(crate) fn expm1(x: &Exact, bits: u64) -> Exact {
    if magnitude(x) < -1 {
        return small_series(x, bits, 1, false);
    }
    Working(bits + 8).sub(&exp(x, bits + 8), &one())
}

/// `x - x^3/3 + x^5/5 - …`, or without the changes of sign, of what is small.
fn arc_series(x: &Exact, bits: u64, hyperbolic: bool) -> Exact {
    if magnitude(x) < -(bits as i64) - 2 {
        return Working(bits + 8).cut(x.clone());
    }
    let fixed = bits + GUARD + (-magnitude(x)).max(0) as u64;
    let x = to_fixed(x, fixed);
    let mut square = (&x * &x) >> fixed;
    if !hyperbolic {
        square = -square;
    }
    let (mut sum, mut power, mut divisor) = (x.clone(), x, 1_u32);
    loop {
        power = (power * &square) >> fixed;
        divisor += 2;
        let term = &power / divisor;
        if is_nothing(&term) {
            break;
        }
        sum += term;
    }
    of_fixed(sum, fixed)
}

/// How near to one a logarithm is a series by itself.
const NEAR_ONE: i64 = -10;

/// `ln x` of a positive number.
pub(crate) fn log(x: &Exact, bits: u64) -> Exact {
    let w = Working(bits + GUARD);
    // `2^k m`, where `m` is in [3/4, 3/2).
    let mut k = x.power();
    if double(&w.cut(shifted(x, -k))) >= 1.5 {
        k += 1;
    }
    let m = shifted(x, -k);
    let less = m.plus(&integer(-1), false);
    let part = if magnitude(&less) < NEAR_ONE {
        log1p_series(&less, bits + 8)
    } else {
        let guess = of_double(double(&m).ln());
        let near = w.mul(&w.cut(m), &exp(&negated(&guess), bits + GUARD));
        w.add(&guess, &log1p_series(&w.sub(&near, &one()), bits + 8))
    };
    if k == 0 {
        return part;
    }
    w.add(&w.mul(&integer(k), &ln_two(bits + GUARD + 16)), &part)
}

/// `ln(1 + x)` of what is small.
fn log1p_series(x: &Exact, bits: u64) -> Exact {
    if x.is_zero() {
        return Exact::zero(false);
    }
    let w = Working(bits + GUARD);
    shifted(&arc_series(&w.div(x, &w.add(x, &integer(2))), bits, true), 1)
}

/// `ln(1 + x)`, `x` above -1.
pub(crate) fn log1p(x: &Exact, bits: u64) -> Exact {
    if magnitude(x) < NEAR_ONE {
        return log1p_series(x, bits);
    }
    // Not cut: it may be near -1.
    let apart = magnitude(x).unsigned_abs() > bits + GUARD;
    if apart { log(x, bits) } else { log(&x.plus(&one(), false), bits) }
}

/// The logarithm to base 2 or 10.
pub(crate) fn log_of_base(x: &Exact, base: u32, bits: u64) -> Exact {
    let w = Working(bits + GUARD);
    let below = if base == 2 { ln_two(w.0) } else { constant(Constant::LnTen, w.0) };
    w.div(&log(x, bits + GUARD), &below)
}

/// `base^x`, of base 2 or 10.
pub(crate) fn exp_of_base(x: &Exact, base: u32, bits: u64) -> Exact {
    let x = bounded(x);
    let length = bits + 24;
    if base == 2 {
        let (whole, _) = x.at_unit(0, crate::libc::fenv::Rounding::Nearest);
        let rest = x.plus(&negated(&whole), false);
        let power = double(&whole) as i64;
        let w = Working(length);
        return shifted(&exp(&w.mul(&rest, &ln_two(length)), bits), power);
    }
    exp(&Working(length).mul(&x, &constant(Constant::LnTen, length)), bits)
}

/// `x^y` of a positive number.
pub(crate) fn power(x: &Exact, y: &Exact, bits: u64) -> Exact {
    let length = bits + 24;
    exp(&Working(length).mul(y, &log(x, length)), bits)
}

/// The cube root.
pub(crate) fn cube_root(x: &Exact, bits: u64) -> Exact {
    let short = Working(bits + 16).cut(x.clone());
    let mut shift = (3 * (bits + GUARD)).saturating_sub(short.mantissa.bits()) as i64;
    shift += (short.exponent - shift).rem_euclid(3);
    let root = (&short.mantissa << shift as u64).cbrt();
    Exact { negative: x.negative, mantissa: root, exponent: (short.exponent - shift) / 3 }
}

/// `sin x` and `cos x`.
pub(crate) fn sine_cosine(x: &Exact, bits: u64) -> (Exact, Exact) {
    let (rest, quadrant) = reduced(x, bits + GUARD);
    let sine = small_series(&rest, bits + GUARD, 2, true);
    let cosine = cosine_series(&rest, bits + GUARD);
    let w = Working(bits + 16);
    let (sine, cosine) = (w.cut(sine), w.cut(cosine));
    match quadrant {
        0 => (sine, cosine),
        1 => (cosine, negated(&sine)),
        2 => (negated(&sine), negated(&cosine)),
        _ => (negated(&cosine), sine),
    }
}

/// What is left of an angle besides quarter turns, and their count of four.
fn reduced(x: &Exact, bits: u64) -> (Exact, u8) {
    if magnitude(x) < -1 {
        return (x.clone(), 0);
    }
    let mut more = 16;
    loop {
        let behind = bits + more;
        let length = behind + x.power().max(0) as u64 + 8;
        let quarter = shifted(&pi(length), -1);
        let turns = Working(length).div(x, &quarter).at_unit(0, crate::libc::fenv::Rounding::Nearest).0;
        let rest = x.plus(&negated(&turns.times(&quarter)), false);
        let lost = (-magnitude(&rest)).max(0) as u64;
        if lost <= more || more > 20_000 {
            let low = to_fixed(&turns, 0) & BigInt::from(3);
            let quadrant = low.iter_u32_digits().next().unwrap_or(0) as u8;
            return (Working(behind + 8).cut(rest), quadrant);
        }
        // An angle of the formats is never nearer to a quarter turn than this.
        more = lost.min(20_000) + 16;
    }
}

fn cosine_series(x: &Exact, bits: u64) -> Exact {
    let fixed = bits + GUARD;
    let x = to_fixed(x, fixed);
    let square = -((&x * &x) >> fixed);
    let unit = BigInt::from(1) << fixed;
    let (mut sum, mut term, mut count) = (unit.clone(), unit, 0_u32);
    loop {
        term = (term * &square) >> fixed;
        term /= (count + 1) * (count + 2);
        count += 2;
        if is_nothing(&term) || term.sign() == Sign::NoSign {
            break;
        }
        sum += &term;
    }
    of_fixed(sum, fixed)
}

pub(crate) fn tan(x: &Exact, bits: u64) -> Exact {
    let (sine, cosine) = sine_cosine(x, bits + 8);
    Working(bits + 8).div(&sine, &cosine)
}

pub(crate) fn atan(x: &Exact, bits: u64) -> Exact {
    let w = Working(bits + GUARD);
    if x.is_zero() {
        return x.clone();
    }
    if x.negative {
        return negated(&atan(&absolute(x), bits));
    }
    if x.compare_magnitudes(&one()).is_gt() {
        let quarter = shifted(&pi(w.0), -1);
        return w.sub(&quarter, &atan(&w.div(&one(), x), bits + 8));
    }
    if magnitude(x) < NEAR_ONE {
        return arc_series(x, bits, false);
    }
    let guess = of_double(double(x).atan());
    let (sine, cosine) = sine_cosine(&guess, w.0);
    let over = w.sub(&w.mul(x, &cosine), &sine);
    let under = w.add(&cosine, &w.mul(x, &sine));
    w.add(&guess, &arc_series(&w.div(&over, &under), bits, false))
}

/// `atan2(y, x)`; not both are zero.
pub(crate) fn turned_angle(y: &Exact, x: &Exact, bits: u64) -> Exact {
    let w = Working(bits + GUARD);
    let angle = if x.is_zero() {
        shifted(&pi(w.0), -1)
    } else {
        let acute = atan(&w.div(&absolute(y), &absolute(x)), bits + 16);
        if x.negative { w.sub(&pi(w.0), &acute) } else { acute }
    };
    if y.negative { negated(&angle) } else { angle }
}

/// The root of `1 - x^2`.
fn other_leg(x: &Exact, bits: u64) -> Exact {
    let w = Working(bits + GUARD);
    // Not cut before they are multiplied: one may be small.
    let (less, more) = if magnitude(x) < -(bits as i64) {
        (one(), one())
    } else {
        (one().plus(&negated(x), false), one().plus(x, false))
    };
    w.sqrt(&w.mul(&less, &more))
}

pub(crate) fn asin(x: &Exact, bits: u64) -> Exact {
    turned_angle(x, &other_leg(x, bits + 8), bits)
}

pub(crate) fn acos(x: &Exact, bits: u64) -> Exact {
    turned_angle(&other_leg(x, bits + 8), x, bits)
}

pub(crate) fn sinh(x: &Exact, bits: u64) -> Exact {
    if magnitude(x) < -1 {
        return small_series(x, bits, 2, false);
    }
    let w = Working(bits + GUARD);
    let up = exp(x, w.0);
    shifted(&w.sub(&up, &w.div(&one(), &up)), -1)
}

pub(crate) fn cosh(x: &Exact, bits: u64) -> Exact {
    let w = Working(bits + GUARD);
    let up = exp(x, w.0);
    shifted(&w.add(&up, &w.div(&one(), &up)), -1)
}

pub(crate) fn tanh(x: &Exact, bits: u64) -> Exact {
    let w = Working(bits + GUARD);
    // It is one less `2 e^-2x`.
    if magnitude(x) > BEYOND {
        return Exact { negative: x.negative, ..one() };
    }
    let more = expm1(&shifted(x, 1), w.0);
    w.div(&more, &w.add(&more, &integer(2)))
}

pub(crate) fn asinh(x: &Exact, bits: u64) -> Exact {
    let w = Working(bits + GUARD);
    let size = absolute(x);
    let square = w.mul(&size, &size);
    let root = w.sqrt(&w.add(&square, &one()));
    let found = log1p(&w.add(&size, &w.div(&square, &w.add(&one(), &root))), bits + 8);
    Exact { negative: x.negative, ..found }
}

/// Of what is not below one.
pub(crate) fn acosh(x: &Exact, bits: u64) -> Exact {
    let w = Working(bits + GUARD);
    let more = if magnitude(x) > w.0 as i64 { x.clone() } else { x.plus(&integer(-1), false) };
    let square = w.add(&shifted(&more, 1), &w.mul(&more, &more));
    log1p(&w.add(&more, &w.sqrt(&square)), bits + 8)
}

/// Of what is between -1 and 1.
pub(crate) fn atanh(x: &Exact, bits: u64) -> Exact {
    let w = Working(bits + GUARD);
    let size = absolute(x);
    let below = if magnitude(x) < -(w.0 as i64) { one() } else { one().plus(&negated(&size), false) };
    let found = shifted(&log1p(&w.div(&shifted(&size, 1), &below), bits + 8), -1);
    Exact { negative: x.negative, ..found }
}
