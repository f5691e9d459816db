//! Beside mpmath (`vectors.txt`, which `scripts/real_vectors.py` writes), and
//! beside glibc on x86-64 (`glibc.txt`, by `scripts/glibc_vectors.c`).

use std::collections::BTreeMap;

use num_bigint::BigUint;

use super::{Exact, magnitude};
use crate::libc::{
    exact::{Format, Number, to_bits},
    fenv::{Exceptions, Rounding},
    math::decided,
};

fn parsed(text: &str) -> Exact {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (digits, exponent) = text.split_once('p').expect("a number has an exponent");
    let mantissa = BigUint::parse_bytes(digits.as_bytes(), 16).expect("digits");
    Exact { negative, mantissa, exponent: exponent.parse().expect("an exponent") }
}

fn value(name: &str, arguments: &[&str], bits: u64) -> Exact {
    let last = parsed(arguments[arguments.len() - 1]);
    let (x, first) = (&last, arguments[0]);
    match name {
        "exp" => super::exp(x, bits),
        "expm1" => super::expm1(x, bits),
        "log" => super::log(x, bits),
        "log1p" => super::log1p(x, bits),
        "log2" => super::log_of_base(x, 2, bits),
        "log10" => super::log_of_base(x, 10, bits),
        "exp2" => super::exp_of_base(x, 2, bits),
        "exp10" => super::exp_of_base(x, 10, bits),
        "cbrt" => super::cube_root(x, bits),
        "sin" => super::sine_cosine(x, bits).0,
        "cos" => super::sine_cosine(x, bits).1,
        "tan" => super::tan(x, bits),
        "asin" => super::asin(x, bits),
        "acos" => super::acos(x, bits),
        "atan" => super::atan(x, bits),
        "sinh" => super::sinh(x, bits),
        "cosh" => super::cosh(x, bits),
        "tanh" => super::tanh(x, bits),
        "asinh" => super::asinh(x, bits),
        "acosh" => super::acosh(x, bits),
        "atanh" => super::atanh(x, bits),
        "erf" => super::erf(x, bits),
        "erfc" => super::erfc(x, bits),
        "tgamma" => super::gamma(x, bits),
        "lgamma" => super::log_gamma(x, bits).0,
        "pow" => super::power(&parsed(first), x, bits),
        "atan2" => super::turned_angle(&parsed(first), x, bits),
        "jn" => super::first_kind(first.parse().expect("an order"), x, bits).expect("a value"),
        "yn" => super::second_kind(first.parse().expect("an order"), x, bits).expect("a value"),
        other => panic!("{other} is not known"),
    }
}

fn lines(text: &'static str) -> Vec<(&'static str, Vec<&'static str>, Exact)> {
    text.lines()
        .map(|line| {
            let mut words: Vec<&str> = line.split_whitespace().collect();
            let expected = parsed(words.pop().expect("a value"));
            (words.remove(0), words, expected)
        })
        .collect()
}

/// The relative error, as a power of two.
fn error(found: &Exact, expected: &Exact) -> i64 {
    let difference = found.plus(&super::negated(expected), false);
    magnitude(&difference) - magnitude(expected)
}

#[test]
fn values_are_those_of_mpmath() {
    let lines = lines(include_str!("vectors.txt"));
    assert!(lines.len() > 1000, "{}", lines.len());
    let mut wrong = Vec::new();
    for bits in [112, 170, 273] {
        for (name, arguments, expected) in &lines {
            let error = error(&value(name, arguments, bits), expected);
            if error > 2 - bits as i64 {
                wrong.push(format!("{name} {arguments:?}: 2^{error} of {bits} bits"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Rounded to the formats of `long double` they are what mpmath's are; where
/// rounding has a direction, but for arguments so near to a value that 500 bits
/// do not tell in which it lies.
#[test]
fn results_are_rounded_as_they_should() {
    let mut told = 0;
    for (name, arguments, expected) in lines(include_str!("vectors.txt")) {
        for format in [Format::EXTENDED, Format::M68K, Format::QUAD, Format::PAIR] {
            for rounding in [Rounding::Nearest, Rounding::Upward, Rounding::TowardZero] {
                let found = decided(format, rounding, |bits| Some(value(name, &arguments, bits)));
                let found = found.expect("a value");
                if rounding != Rounding::Nearest && !found.raised.has(Exceptions::INEXACT) {
                    continue;
                }
                told += 1;
                let expected = expected.rounded(format, rounding).number;
                assert!(
                    to_bits(format, &found.number) == to_bits(format, &expected),
                    "{name} {arguments:?} {format:?} {rounding:?}: {found:?}, not {expected:?}"
                );
            }
        }
    }
    assert!(told > 11_000, "{told}");
}

/// Functions of glibc 2.36 that are more than one unit of the last place away
/// here, and how many. (The bounds of the GNU C Library manual, 20.7, are higher.)
const AWAY: &[(&str, u64)] = &[("atanh", 2), ("erfc", 2), ("sinh", 2), ("tanh", 2), ("tgamma", 4)];

#[test]
fn results_are_near_those_of_glibc() {
    let format = Format::EXTENDED;
    let mut most: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
    for (name, arguments, expected) in lines(include_str!("glibc.txt")) {
        let found = decided(format, Rounding::Nearest, |bits| Some(value(name, &arguments, bits)));
        let found = to_bits(format, &found.expect("a value").number);
        let units = found.abs_diff(to_bits(format, &Number::Finite(expected))) as u64;
        let (count, same, away) = most.entry(name).or_default();
        *count += 1;
        *same += u64::from(units == 0);
        *away = units.max(*away);
    }
    assert_eq!(most.len(), 27);
    let mut far = Vec::new();
    for (name, (count, same, away)) in most {
        let allowed = AWAY.iter().find(|(it, _)| *it == name).map_or(1, |(_, units)| *units);
        println!("{name}: {same} of {count} are the same, others at most {away} away");
        if away > allowed {
            far.push((name, away));
        }
    }
    assert!(far.is_empty(), "{far:?}");
}
