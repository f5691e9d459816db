//! The error function and its complement.

use num_bigint::{BigInt, Sign};

use super::{
    Exact, GUARD, Working, double, exp, integer, magnitude, negated, of_fixed, one, pi, shifted, to_fixed,
};

/// From here on the complement is a continued fraction.
const FAR: f64 = 6.0;

pub(crate) fn erf(x: &Exact, bits: u64) -> Exact {
    let size = Exact { negative: false, ..x.clone() };
    let found = if double(&size) < FAR {
        series(&size, bits)
    } else {
        Working(bits + 8).sub(&one(), &fraction(&size, bits))
    };
    Exact { negative: x.negative, ..found }
}

pub(crate) fn erfc(x: &Exact, bits: u64) -> Exact {
    let w = Working(bits + GUARD);
    if x.negative {
        return w.sub(&one(), &erf(x, w.0));
    }
    if double(x) < FAR {
        // Below this `1 - erf x` has lost no more bits than 64.
        let w = Working(bits + GUARD + 64);
        return w.sub(&one(), &series(x, w.0));
    }
    fraction(x, bits)
}

/// `2 x e^(-x^2) / sqrt(pi)` times the sum of `(2 x^2)^n / (1 3 5 … (2 n + 1))`
/// (Abramowitz and Stegun, 7.1.6).
fn series(x: &Exact, bits: u64) -> Exact {
    let w = Working(bits + GUARD);
    // So small that the first term is all.
    let square = w.mul(x, x);
    let fixed = w.0 + 8;
    let factor = to_fixed(&shifted(&square, 1), fixed);
    let unit = BigInt::from(1) << fixed;
    let (mut sum, mut term, mut divisor) = (unit.clone(), unit, 1_u32);
    loop {
        divisor += 2;
        term = ((term * &factor) >> fixed) / divisor;
        if term.sign() == Sign::NoSign {
            break;
        }
        sum += &term;
    }
    let whole = w.mul(&w.mul(x, &of_fixed(sum, fixed)), &exp(&negated(&square), w.0));
    w.div(&shifted(&whole, 1), &w.sqrt(&pi(w.0)))
}

/// `e^(-x^2) / sqrt(pi)` over `x + (1/2) / (x + 1 / (x + (3/2) / (x + …)))`
/// (Abramowitz and Stegun, 7.1.14).
fn fraction(x: &Exact, bits: u64) -> Exact {
    let w = Working(bits + GUARD);
    let exact_square = x.times(x);
    // Out of all ranges.
    if magnitude(x) > 10 {
        return exp(&negated(&exact_square), bits);
    }
    let x = w.cut(x.clone());
    let (mut over, mut under) = (one(), x.clone());
    let (mut last_over, mut last_under) = (Exact::zero(false), one());
    let mut found = w.div(&over, &under);
    for count in 1..100_000_i64 {
        let part = shifted(&integer(count), -1);
        let next = |now: &Exact, last: &Exact| w.add(&w.mul(&x, now), &w.mul(&part, last));
        let (next_over, next_under) = (next(&over, &last_over), next(&under, &last_under));
        (last_over, last_under) = (over, under);
        (over, under) = (next_over, next_under);
        if count % 16 == 0 {
            let better = w.div(&over, &under);
            let done = magnitude(&w.sub(&better, &found)) < magnitude(&better) - bits as i64 - 10;
            found = better;
            if done {
                break;
            }
        }
    }
    let scale = w.div(&exp(&negated(&exact_square), w.0), &w.sqrt(&pi(w.0)));
    w.mul(&scale, &found)
}
