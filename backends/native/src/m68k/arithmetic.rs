//! Arithmetic of the 68881: what the fields of the command word call for
//! (M68000 Family Programmer's Reference Manual, section 5).

use std::cmp::Ordering;

use super::{float::Unit, functions};
use crate::soft::{
    self, Class, EXTENDED_68881 as EXTENDED, Env, Mode, Number,
    big::{Big, ONE},
};

/// The result of an operation on the register that it goes to and a source;
/// for FCMP, the condition codes. `None` if there is no such operation.
pub(super) fn compute(unit: &mut Unit, opmode: u32, destination: u128, source: u128) -> Option<u128> {
    // Those of the 68040 have their own precision, and are the others else.
    let opmode = match opmode {
        0x40 | 0x41 | 0x44 | 0x45 | 0x58 | 0x5a | 0x5c | 0x5e | 0x60 | 0x62..=0x64 | 0x66..=0x68 | 0x6c => {
            unit.env.precision = if opmode & 4 == 0 { 24 } else { 53 };
            match opmode {
                0x41 | 0x45 => 0x04,
                _ => opmode & 0x3b,
            }
        }
        0x40.. => return None,
        _ => opmode,
    };
    let env = &mut unit.env;
    Some(match opmode {
        0x00 => rounded(env, source),
        0x01 | 0x03 => {
            let mode = if opmode == 3 { Mode::Zero } else { env.mode };
            env.round_to_integral(EXTENDED, source, mode)
        }
        0x04 => env.sqrt(EXTENDED, source),
        0x18 => {
            let value = rounded(env, source);
            if is_nan(value) { value } else { value & !(1 << 79) }
        }
        0x1a => {
            let value = if is_nan(source) { source } else { source ^ 1 << 79 };
            rounded(env, value)
        }
        0x1e | 0x1f => parts(env, source, opmode == 0x1e),
        0x20 => env.div(EXTENDED, destination, source),
        0x21 | 0x25 => remainder(unit, destination, source, opmode == 0x25),
        0x22 => env.add(EXTENDED, destination, source),
        0x23 => env.mul(EXTENDED, destination, source),
        0x24 => {
            env.precision = 24;
            env.div(EXTENDED, destination, source)
        }
        0x26 => scale(env, destination, source),
        0x27 => single_product(env, destination, source),
        0x28 => env.sub(EXTENDED, destination, source),
        0x38 => comparison(env, destination, source),
        0x3a => quieted(source),
        _ => return functions::function(unit, opmode, source),
    })
}

pub(super) fn is_nan(value: u128) -> bool {
    matches!(EXTENDED.unpack(value).class, Class::Quiet | Class::Signalling)
}

fn quieted(value: u128) -> u128 {
    let number = EXTENDED.unpack(value);
    if number.class == Class::Signalling { EXTENDED.nan(&number) } else { value }
}

/// A value in the precision of the environment; infinities as they are.
pub(super) fn rounded(env: &mut Env, value: u128) -> u128 {
    let number = EXTENDED.unpack(value);
    match number.class {
        Class::Finite => {
            let significand = u128::from(number.significand) << 64;
            env.round(EXTENDED, number.negative, number.exponent, significand, false)
        }
        Class::Zero => EXTENDED.zero(number.negative),
        _ => quieted(value),
    }
}

/// The NaN of an operand, or that of an operation without a result.
pub(super) fn invalid(env: &mut Env) -> u128 {
    env.flags |= soft::INVALID;
    EXTENDED.indefinite()
}

/// FGETEXP and FGETMAN.
fn parts(env: &mut Env, source: u128, exponent: bool) -> u128 {
    let number = EXTENDED.unpack(source);
    match number.class {
        Class::Infinite => invalid(env),
        Class::Zero => EXTENDED.zero(number.negative),
        Class::Finite if exponent => {
            let mut exact = Env { precision: 64, ..*env };
            exact.of_integer(EXTENDED, number.exponent.into())
        }
        Class::Finite => env.round(EXTENDED, number.negative, 0, u128::from(number.significand) << 64, false),
        _ => quieted(source),
    }
}

/// FMOD, and FREM with the nearest quotient. Its seven lowest bits and its
/// sign go into FPSR.
fn remainder(unit: &mut Unit, destination: u128, source: u128, nearest: bool) -> u128 {
    let (a, b) = (EXTENDED.unpack(destination), EXTENDED.unpack(source));
    let env = &mut unit.env;
    if let Some(nan) = env.nan(EXTENDED, &a, Some(&b)) {
        return nan;
    }
    if a.class == Class::Infinite || b.class == Class::Zero {
        return invalid(env);
    }
    let sign = u32::from(a.negative != b.negative) << 7;
    if a.class == Class::Zero || b.class == Class::Infinite {
        unit.quotient = Some(sign);
        return rounded(env, destination);
    }
    let (value, exponent, negative, quotient) = divide(&a, &b, nearest);
    let result = if value == 0 {
        EXTENDED.zero(a.negative)
    } else {
        env.round(EXTENDED, negative, exponent, value, false)
    };
    unit.quotient = Some(sign | quotient & 0x7f);
    result
}

/// What division leaves: a significand with the exponent of its bit 127, its
/// sign, and the lowest bits of the quotient.
fn divide(a: &Number, b: &Number, nearest: bool) -> (u128, i32, bool, u32) {
    let distance = a.exponent - b.exponent;
    if distance < -1 || distance < 0 && !nearest {
        return (u128::from(a.significand) << 64, a.exponent, a.negative, 0);
    }
    let (mut rest, mut divisor) = (u128::from(a.significand), u128::from(b.significand));
    let mut unit = b.exponent;
    if distance < 0 {
        (divisor, unit) = (divisor << 1, unit - 1);
    }
    let mut quotient = 0u32;
    let mut steps = distance.max(0);
    loop {
        quotient <<= 1;
        if rest >= divisor {
            rest -= divisor;
            quotient |= 1;
        }
        if steps == 0 {
            break;
        }
        steps -= 1;
        rest <<= 1;
    }
    let mut negative = a.negative;
    if nearest && (2 * rest > divisor || 2 * rest == divisor && quotient & 1 != 0) {
        rest = divisor - rest;
        negative = !negative;
        quotient = quotient.wrapping_add(1);
    }
    (rest << 62, unit + 2, negative, quotient)
}

/// FSCALE: times two to the power of the integer part of the source.
fn scale(env: &mut Env, destination: u128, source: u128) -> u128 {
    let (a, b) = (EXTENDED.unpack(destination), EXTENDED.unpack(source));
    if let Some(nan) = env.nan(EXTENDED, &a, Some(&b)) {
        return nan;
    }
    match (a.class, b.class) {
        (_, Class::Infinite) => return invalid(env),
        (Class::Infinite, _) => return EXTENDED.infinity(a.negative),
        (Class::Zero, _) => return EXTENDED.zero(a.negative),
        _ => {}
    }
    // Beyond 16 bits, everything is too much.
    let by = match b.exponent {
        ..0 => 0,
        16.. => 0x1_0000,
        exponent => (b.significand >> (63 - exponent)) as i32,
    };
    let by = if b.class == Class::Zero { 0 } else { by };
    let exponent = a.exponent + if b.negative { -by } else { by };
    env.round(EXTENDED, a.negative, exponent, u128::from(a.significand) << 64, false)
}

/// FSGLMUL: of the operands, 24 bits count.
fn single_product(env: &mut Env, destination: u128, source: u128) -> u128 {
    env.precision = 24;
    let cut = |value: u128| {
        let number = EXTENDED.unpack(value);
        let significand = number.significand & !0 << 40;
        if number.class == Class::Finite { Number { significand, ..number } } else { number }
    };
    let (a, b) = (cut(destination), cut(source));
    env.mul_numbers(EXTENDED, &a, &b)
}

/// FCMP: the condition codes of the destination beside the source.
fn comparison(env: &mut Env, destination: u128, source: u128) -> u128 {
    match env.compare(EXTENDED, destination, source, false) {
        None => 1 << 24,
        Some(Ordering::Less) => 1 << 27,
        Some(Ordering::Equal) => 1 << 26,
        Some(Ordering::Greater) => 0,
    }
}

/// One, rounded like a result a bit above or below it.
pub(super) fn near_one(env: &mut Env, above: bool) -> u128 {
    let value = if above { ONE } else { Big { exponent: -1, significand: u128::MAX, ..ONE } };
    value.round_to(EXTENDED, env)
}
