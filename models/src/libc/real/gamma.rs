//! The gamma function, its logarithm, and Euler's constant: Stirling's series,
//! for an argument that is moved up until it is precise enough (Abramowitz and
//! Stegun, 6.1.40).

use std::sync::Mutex;

use num_bigint::BigUint;

use super::{
    Exact, GUARD, Working, absolute, double, exp, integer, log, magnitude, negated, one, pi, refined,
    shifted, sine_cosine,
};
use crate::libc::fenv::Rounding;

/// The tangent numbers `T(1)` to at least `T(count)` (Brent and Zimmermann,
/// algorithm 4.5): Bernoulli's numbers without a fraction.
fn tangents(count: usize) -> Vec<BigUint> {
    static KNOWN: Mutex<Vec<BigUint>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if known.len() < count {
        let count = count.next_power_of_two().max(64);
        let mut numbers = vec![BigUint::from(1_u8)];
        for k in 1..count {
            let next = &numbers[k - 1] * k;
            numbers.push(next);
        }
        for k in 1..count {
            for j in k..count {
                numbers[j] = &numbers[j - 1] * (j - k) + &numbers[j] * (j - k + 2);
            }
        }
        *known = numbers;
    }
    known[..count].to_vec()
}

/// The most terms of the series.
const TERMS: usize = 256;

/// Bernoulli's numbers `B(2)`, `B(4)` and so on, as many as there are terms.
fn bernoulli(w: Working, count: usize) -> impl Iterator<Item = Exact> {
    tangents(count).into_iter().enumerate().map(move |(at, tangent)| {
        let n = at as i64 + 1;
        // 2 n T(n) / (4^n (4^n - 1)), with changing signs.
        let above = Exact { negative: n % 2 == 0, mantissa: tangent * (2 * n as u64), exponent: -2 * n };
        let below = shifted(&one(), 2 * n).plus(&integer(-1), false);
        w.div(&above, &below)
    })
}

/// As many terms as arguments of this size need.
fn terms(bits: u64) -> usize {
    ((bits / 6) as usize + 16).min(TERMS)
}

/// `ln gamma(x)` of a large number.
fn stirling(x: &Exact, w: Working) -> Exact {
    let half = shifted(&one(), -1);
    let two_pi = shifted(&pi(w.0), 1);
    let mut sum = w.sub(&w.mul(&w.sub(x, &half), &log(x, w.0)), x);
    sum = w.add(&sum, &shifted(&log(&two_pi, w.0), -1));
    let inverse = w.div(&one(), x);
    let square = w.mul(&inverse, &inverse);
    let mut power = inverse;
    for (at, number) in bernoulli(w, terms(w.0)).enumerate() {
        let n = at as i64 + 1;
        let term = w.div(&w.mul(&number, &power), &integer(2 * n * (2 * n - 1)));
        if magnitude(&term) < -(w.0 as i64) {
            break;
        }
        sum = w.add(&sum, &term);
        power = w.mul(&power, &square);
    }
    sum
}

/// How far an argument has to be for so many bits, as a whole number.
const fn far(bits: u64) -> i64 {
    bits as i64 / 4 + 8
}

/// A number that is far enough, and the product of those passed on the way.
fn moved(x: &Exact, w: Working) -> (Exact, Exact) {
    let steps = (far(w.0) as f64 - double(x).min(1e9)).ceil().max(0.0) as i64;
    let mut product = one();
    for step in 0..steps {
        product = w.mul(&product, &w.add(x, &integer(step)));
    }
    (w.add(x, &integer(steps)), product)
}

/// Whether it is one of those where the function has poles, but zero.
pub(crate) fn is_negative_integer(x: &Exact) -> bool {
    x.negative && !x.is_zero() && !x.at_unit(0, Rounding::Nearest).1
}

/// `sin(pi x)`: what is left of whole numbers is exact.
fn sine_of_turns(x: &Exact, bits: u64) -> Exact {
    let (whole, _) = x.at_unit(0, Rounding::Nearest);
    let rest = x.plus(&negated(&whole), false);
    let odd = whole.exponent == 0 && whole.mantissa.bit(0);
    let w = Working(bits + GUARD);
    let sine = sine_cosine(&w.mul(&rest, &pi(w.0)), bits + 8).0;
    if odd { negated(&sine) } else { sine }
}

/// Arguments beyond which it is out of all ranges: those of IEEE binary128 end
/// at 1755.55.
const LARGEST: f64 = 10_000.0;

/// The gamma function; of an integer, of a positive one.
pub(crate) fn gamma(x: &Exact, bits: u64) -> Exact {
    let value = double(x);
    if value > LARGEST {
        return shifted(&one(), 1 << 18);
    }
    if value < -LARGEST {
        let odd = x.at_unit(0, Rounding::Downward).0;
        let negative = odd.exponent == 0 && odd.mantissa.bit(0);
        return Exact { negative, ..shifted(&one(), -(1 << 18)) };
    }
    // An integer is a product.
    let w = Working(bits + GUARD + 24);
    if magnitude(x) >= -1 && x.negative {
        let above = gamma(&w.sub(&one(), x), w.0);
        return w.div(&pi(w.0), &w.mul(&sine_of_turns(x, w.0), &above));
    }
    let (large, product) = moved(x, w);
    w.div(&exp(&stirling(&large, w), w.0), &product)
}

/// The logarithm of its absolute value, and whether the value is negative.
pub(crate) fn log_gamma(x: &Exact, bits: u64) -> (Exact, bool) {
    let positive = |x: &Exact, behind: u64| {
        let w = Working(behind + GUARD + magnitude(x).clamp(0, 40) as u64);
        let (large, product) = moved(x, w);
        w.sub(&stirling(&large, w), &log(&absolute(&product), w.0))
    };
    if !x.negative {
        return (refined(bits, |behind| positive(x, behind)), false);
    }
    let below = x.at_unit(0, Rounding::Downward).0;
    let negative = below.exponent == 0 && below.mantissa.bit(0);
    let found = refined(bits, |behind| {
        let w = Working(behind + GUARD + magnitude(x).clamp(0, 40) as u64);
        let sine = absolute(&sine_of_turns(x, w.0));
        let above = if magnitude(x) < -(w.0 as i64) { one() } else { one().plus(&negated(x), false) };
        w.sub(&log(&w.div(&pi(w.0), &sine), w.0), &positive(&above, behind))
    });
    (found, negative)
}

/// Euler's constant: what the harmonic numbers have more than logarithms
/// (Abramowitz and Stegun, 6.3.18).
pub(super) fn euler(bits: u64) -> Exact {
    let w = Working(bits + GUARD);
    let n = (far(w.0) as u64).next_power_of_two() as i64;
    let mut sum = Exact::zero(false);
    for k in 1..n {
        sum = w.add(&sum, &w.div(&one(), &integer(k)));
    }
    sum = w.sub(&sum, &log(&integer(n), w.0));
    let inverse = w.div(&one(), &integer(n));
    sum = w.add(&sum, &shifted(&inverse, -1));
    let square = w.mul(&inverse, &inverse);
    let mut power = square.clone();
    for (at, number) in bernoulli(w, terms(w.0)).enumerate() {
        let term = w.div(&w.mul(&number, &power), &integer(2 * (at as i64 + 1)));
        if magnitude(&term) < -(w.0 as i64) {
            break;
        }
        sum = w.add(&sum, &term);
        power = w.mul(&power, &square);
    }
    sum
}
