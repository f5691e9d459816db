//! Bessel functions of whole orders: power series for moderate arguments,
//! Hankel's expansion for large ones, and the recursion between them (Abramowitz
//! and Stegun, 9.1.10, 9.1.11, 9.1.27, 9.2.5 to 9.2.10).

use super::{
    Constant, Exact, GUARD, Working, absolute, constant, double, exp, integer, log, log_gamma, magnitude,
    negated, one, pi, refined, shifted, sine_cosine,
};

/// The largest order, and the largest argument of power series.
const LARGEST: u32 = 4096;

/// The function of the first kind, `J`. `None` where it would take too long.
pub(crate) fn first_kind(order: i32, x: &Exact, bits: u64) -> Option<Exact> {
    let (order, turned) = (order.unsigned_abs(), order < 0);
    let negative = order % 2 == 1 && (turned != x.negative);
    let x = absolute(x);
    let value = double(&x);
    let way = way(order, value, bits)?;
    let found = match way {
        Way::Series => series(order, &x, bits),
        Way::Expansion => scaled(&x, bits, refined(bits, |behind| expansion(order, &x, behind).0)),
        Way::Recursion => refined(bits, |behind| recursion(order, &x, behind, false)),
    };
    Some(if negative { negated(&found) } else { found })
}

/// The function of the second kind, `Y`, of a positive number.
pub(crate) fn second_kind(order: i32, x: &Exact, bits: u64) -> Option<Exact> {
    let (order, turned) = (order.unsigned_abs(), order < 0);
    let found = match way(order, double(x), bits)? {
        Way::Expansion => scaled(x, bits, refined(bits, |behind| expansion(order, x, behind).1)),
        _ if order > LARGEST => return None,
        _ => refined(bits, |behind| recursion(order, x, behind, true)),
    };
    Some(if turned && order % 2 == 1 { negated(&found) } else { found })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Series,
    Expansion,
    Recursion,
}

fn way(order: u32, x: f64, bits: u64) -> Option<Way> {
    let square = f64::from(order) * f64::from(order);
    // Its terms fall until there are twice as many as the argument.
    if x > (2 * bits) as f64 + 400.0 && x > square / 200.0 && order < 1 << 20 {
        return Some(Way::Expansion);
    }
    if x * x < f64::from(order) * 4.0 || x <= LARGEST.into() && order <= LARGEST {
        return Some(Way::Series);
    }
    (order <= LARGEST).then_some(Way::Recursion)
}

/// Bits that a power series of this argument loses.
fn lost(x: &Exact, order: u32) -> u64 {
    let x = double(x);
    if x * x < f64::from(order) * 4.0 { 8 } else { (x * 3.0) as u64 + 16 }
}

/// `(x/2)^n / n!` times the sum of `(-x^2/4)^k / (k! (n + k)!/n!)`.
fn series(order: u32, x: &Exact, bits: u64) -> Exact {
    refined(bits, |behind| {
        let w = Working(behind + GUARD + lost(x, order) + 40);
        let sum = plain_series(order, x, w);
        let half = shifted(x, -1);
        if order == 0 {
            return sum;
        }
        if order <= 64 {
            let mut first = one();
            for k in 1..=order {
                first = w.div(&w.mul(&first, &half), &integer(k.into()));
            }
            return w.mul(&first, &sum);
        }
        let logarithm = w.sub(
            &w.mul(&integer(order.into()), &log(&half, w.0)),
            &log_gamma(&integer(i64::from(order) + 1), w.0).0,
        );
        w.mul(&exp(&logarithm, w.0), &sum)
    })
}

fn plain_series(order: u32, x: &Exact, w: Working) -> Exact {
    let half = shifted(x, -1);
    let square = negated(&w.mul(&half, &half));
    let (mut sum, mut term) = (one(), one());
    let mut k = 1_i64;
    loop {
        term = w.div(&w.mul(&term, &square), &integer(k * (k + i64::from(order))));
        if magnitude(&term) < -(w.0 as i64) {
            return sum;
        }
        sum = w.add(&sum, &term);
        k += 1;
    }
}

/// Times `sqrt(2 / (pi x))`.
fn scaled(x: &Exact, bits: u64, value: Exact) -> Exact {
    let w = Working(bits + GUARD);
    w.mul(&w.sqrt(&w.div(&integer(2), &w.mul(&pi(w.0), x))), &value)
}

/// `J` and `Y` of a large argument, but for their scale.
fn expansion(order: u32, x: &Exact, behind: u64) -> (Exact, Exact) {
    // Terms that grow before they fall take bits.
    let grown = f64::from(order) * f64::from(order) / double(x).min(1e300);
    let w = Working(behind + GUARD + 2 * grown as u64);
    let mu = integer(4 * i64::from(order) * i64::from(order));
    let eight = shifted(&w.cut(x.clone()), 3);
    let (mut even, mut odd) = (one(), Exact::zero(false));
    let mut term = one();
    for k in 1..100_000_i64 {
        let less = mu.plus(&integer(-(2 * k - 1) * (2 * k - 1)), false);
        term = w.div(&w.mul(&term, &less), &w.mul(&eight, &integer(k)));
        if magnitude(&term) < -(w.0 as i64) {
            break;
        }
        let sum = if k % 2 == 0 { &mut even } else { &mut odd };
        *sum = if k / 2 % 2 == 0 { w.add(sum, &term) } else { w.sub(sum, &term) };
    }
    // The angle is `x - (n/2 + 1/4) pi`.
    let (sine, cosine) = sine_cosine(x, w.0);
    let (sine, cosine) = match order % 4 {
        0 => (sine, cosine),
        1 => (negated(&cosine), sine),
        2 => (negated(&sine), negated(&cosine)),
        _ => (cosine, negated(&sine)),
    };
    let root = w.sqrt(&shifted(&one(), -1));
    let turned_cosine = w.mul(&root, &w.add(&cosine, &sine));
    let turned_sine = w.mul(&root, &w.sub(&sine, &cosine));
    let first = w.sub(&w.mul(&even, &turned_cosine), &w.mul(&odd, &turned_sine));
    let second = w.add(&w.mul(&even, &turned_sine), &w.mul(&odd, &turned_cosine));
    (first, second)
}

/// From orders 0 and 1 upwards, where that is stable: `Y`, and `J` of orders
/// below the argument.
fn recursion(order: u32, x: &Exact, behind: u64, second: bool) -> Exact {
    let w = Working(behind + GUARD + 80);
    let begin = |order: u32| {
        if double(x) > (2 * w.0) as f64 + 400.0 {
            let (j, y) = expansion(order, x, w.0);
            return scaled(x, w.0, if second { y } else { j });
        }
        if second { second_series(order, x, w) } else { series(order, x, w.0) }
    };
    let mut now = begin(0);
    if order == 0 {
        return now;
    }
    let mut next = begin(1);
    for k in 1..order {
        let factor = w.div(&integer(2 * i64::from(k)), x);
        let later = w.sub(&w.mul(&factor, &next), &now);
        (now, next) = (next, later);
    }
    next
}

/// `Y` of order 0 or 1.
fn second_series(order: u32, x: &Exact, w: Working) -> Exact {
    // A number that is small loses no bits, and one that is large many.
    let w = Working(w.0 + lost(x, order) + GUARD);
    let half = shifted(x, -1);
    let square = negated(&w.mul(&half, &half));
    let euler = constant(Constant::Euler, w.0);
    // Sums of 1/k! (n + k)! with the harmonic numbers.
    let mut plain = one();
    let mut weighted = if order == 1 { one() } else { Exact::zero(false) };
    let (mut term, mut harmonic) = (one(), Exact::zero(false));
    let mut k = 1_i64;
    loop {
        term = w.div(&w.mul(&term, &square), &integer(k * (k + i64::from(order))));
        if magnitude(&term) < -(w.0 as i64) {
            break;
        }
        plain = w.add(&plain, &term);
        harmonic = w.add(&harmonic, &w.div(&one(), &integer(k)));
        let both = if order == 0 {
            harmonic.clone()
        } else {
            // H(k) + H(k + 1)
            w.add(&shifted(&harmonic, 1), &w.div(&one(), &integer(k + 1)))
        };
        weighted = w.add(&weighted, &w.mul(&term, &both));
        k += 1;
    }
    let logarithm = w.add(&log(&half, w.0), &euler);
    let whole = if order == 0 {
        w.sub(&shifted(&w.mul(&logarithm, &plain), 1), &shifted(&weighted, 1))
    } else {
        // -2/x + 2 (ln(x/2) + gamma) J1 - (x/2) (the sum), over pi.
        let first = w.mul(&half, &plain);
        let with_log = shifted(&w.mul(&logarithm, &first), 1);
        let rest = w.mul(&half, &weighted);
        w.sub(&w.sub(&with_log, &rest), &w.div(&integer(2), x))
    };
    w.div(&whole, &pi(w.0))
}
