//! The x87's instructions of one register, and its functions.
//!
//! Functions are computed with 128 bits and rounded once, and so are within
//! one unit in the last place, as the manuals promise of processors (Intel
//! SDM, volume 1, 8.3.10).

use super::{
    Registers,
    stack::{C0, C1, C2, C3},
    trigonometric::{Function, trigonometric},
    x87::codes,
};
use crate::soft::big::{self, Big};
use crate::soft::{self, Class, EXTENDED, Env, Mode, Number};
use crate::{emulator::NativeEmulator, halt::Halt};

/// 1, log2(10), log2(e), pi, log10(2), ln(2), as exponent and significand
/// with 64 more bits.
const CONSTANTS: [(u16, u128); 6] = [
    (0x3fff, 0x8000_0000_0000_0000_0000_0000_0000_0000),
    (0x4000, 0xd49a_784b_cd1b_8afe_492b_f6ff_4daf_db4c),
    (0x3fff, 0xb8aa_3b29_5c17_f0bb_be87_fed0_691d_3e88),
    (0x4000, 0xc90f_daa2_2168_c234_c4c6_628b_80dc_1cd1),
    (0x3ffd, 0x9a20_9a84_fbcf_f798_8f89_59ac_0b7c_9178),
    (0x3ffe, 0xb172_17f7_d1cf_79ab_c9e3_b398_03f2_f6af),
];

/// D9 E0 to D9 FF.
pub(super) fn unary(e: &mut NativeEmulator, modrm: u8, it: &Registers) -> Result<(), Halt> {
    match modrm {
        0xe5 => {
            examine(e, it);
            return Ok(());
        }
        0xe8..=0xee => {
            constant(e, it, modrm);
            return Ok(());
        }
        0xf6 | 0xf7 => {
            e.turn(it, if modrm == 0xf6 { 7 } else { 1 });
            e.set_condition(it, C1, 0);
            return Ok(());
        }
        0xe2 | 0xe3 | 0xe6 | 0xe7 | 0xef => return Err(Halt::Invalid),
        _ => {}
    }
    let needs_two = matches!(modrm, 0xf1 | 0xf3 | 0xf5 | 0xf8 | 0xf9 | 0xfd);
    if e.is_empty(it, 0) || needs_two && e.is_empty(it, 1) {
        missing(e, it, modrm);
        return Ok(());
    }
    let a = e.st(it, 0);
    match modrm {
        0xe0 | 0xe1 => {
            let value = if modrm == 0xe0 { a ^ 1 << 79 } else { a & !(1 << 79) };
            e.set_st(it, 0, value);
            e.set_condition(it, C1, 0);
        }
        0xe4 => test(e, it, a),
        0xf0 => one(e, it, |env, number| match number.class {
            Class::Zero => EXTENDED.zero(number.negative),
            Class::Infinite if number.negative => minus_one(),
            Class::Infinite => EXTENDED.infinity(false),
            _ => {
                // Outside of -1 to 1 it is undefined.
                if number.exponent >= 0 && (number.exponent, number.significand) != (0, 1 << 63) {
                    env.flags |= soft::INEXACT;
                    return a_of(number);
                }
                big::exp2_minus_one(Big::of(number)).round(env)
            }
        }),
        0xf1 => two(e, it, logarithm),
        0xf9 => two(e, it, logarithm_plus_one),
        0xf3 => two(e, it, arc_tangent),
        0xf2 => trigonometric(e, it, Function::Tangent),
        0xfb => trigonometric(e, it, Function::Both),
        0xfe => trigonometric(e, it, Function::Sine),
        0xff => trigonometric(e, it, Function::Cosine),
        0xf4 => extract(e, it, a),
        0xf5 => remainder(e, it, true),
        0xf8 => remainder(e, it, false),
        0xfa => {
            let mut env = e.x87_env(it);
            let value = env.sqrt(EXTENDED, a);
            finish(e, it, &env, value);
        }
        0xfc => {
            let mut env = e.x87_env(it);
            let mode = env.mode;
            let value = env.round_to_integral(EXTENDED, a, mode);
            finish(e, it, &env, value);
        }
        _ => scale(e, it),
    }
    Ok(())
}

const fn minus_one() -> u128 {
    0xbfff << 64 | 1 << 63
}

/// A finite number put together again.
fn a_of(number: &Number) -> u128 {
    u128::from(number.negative) << 79
        | ((number.exponent + 0x3fff) as u128) << 64
        | u128::from(number.significand)
}

fn finish(e: &mut NativeEmulator, it: &Registers, env: &Env, value: u128) {
    if e.settle_x87(it, env) {
        e.set_st(it, 0, value);
    }
}

/// An operand is missing.
fn missing(e: &mut NativeEmulator, it: &Registers, modrm: u8) {
    let masked = e.stack_fault(it, false);
    if matches!(modrm, 0xf2 | 0xf5 | 0xf8 | 0xfb | 0xfe | 0xff) {
        e.set_condition(it, C2, 0);
    }
    if modrm == 0xe4 {
        e.set_condition(it, C0 | C2 | C3, C0 | C2 | C3);
    }
    if !masked {
        return;
    }
    let indefinite = EXTENDED.indefinite();
    match modrm {
        0xe4 => e.set_condition(it, C0 | C2 | C3, C0 | C2 | C3),
        0xf1 | 0xf3 | 0xf9 => {
            e.set_st(it, 1, indefinite);
            e.pop(it);
        }
        0xf2 | 0xf4 | 0xfb => {
            if modrm != 0xf4 {
                e.set_condition(it, C2, 0);
            }
            e.set_st(it, 0, indefinite);
            // It is pushed whatever is there.
            e.turn(it, 7);
            e.set_st(it, 0, indefinite);
        }
        0xf5 | 0xf8 => {
            e.set_condition(it, C2, 0);
            e.set_st(it, 0, indefinite);
        }
        0xfe | 0xff => {
            e.set_condition(it, C2, 0);
            e.set_st(it, 0, indefinite);
        }
        _ => e.set_st(it, 0, indefinite),
    }
}

fn examine(e: &mut NativeEmulator, it: &Registers) {
    let value = e.st(it, 0);
    let number = EXTENDED.unpack(value);
    let class = if e.is_empty(it, 0) {
        C3 | C0
    } else {
        match number.class {
            Class::Unsupported => 0,
            Class::Quiet | Class::Signalling => C0,
            Class::Infinite => C2 | C0,
            Class::Zero => C3,
            Class::Finite if number.denormal => C3 | C2,
            Class::Finite => C2,
        }
    };
    let sign = if value >> 79 & 1 != 0 { C1 } else { 0 };
    e.set_condition(it, C0 | C1 | C2 | C3, class | sign);
}

fn constant(e: &mut NativeEmulator, it: &Registers, modrm: u8) {
    let value = match CONSTANTS.get(usize::from(modrm - 0xe8)) {
        None => 0,
        Some((exponent, significand)) => {
            let env = e.x87_env(it);
            let rest = *significand as u64;
            // Rounded by the mode, whatever the precision.
            let up = match env.mode {
                Mode::Nearest => rest >> 63 != 0,
                Mode::Up => rest != 0,
                _ => false,
            };
            u128::from(*exponent) << 64 | ((significand >> 64) + u128::from(up))
        }
    };
    e.set_condition(it, C1, 0);
    e.push(it, value);
}

fn test(e: &mut NativeEmulator, it: &Registers, a: u128) {
    let mut env = e.x87_env(it);
    let order = env.compare(EXTENDED, a, 0, true);
    e.settle_x87(it, &env);
    e.set_condition(it, C0 | C2 | C3, codes(order));
}

/// A function of ST0.
fn one(e: &mut NativeEmulator, it: &Registers, function: impl Fn(&mut Env, &Number) -> u128) {
    let mut env = e.x87_env(it);
    let number = EXTENDED.unpack(e.st(it, 0));
    let value = match env.nan(EXTENDED, &number, None) {
        Some(nan) => nan,
        None => {
            if number.denormal {
                env.flags |= soft::DENORMAL;
            }
            function(&mut env, &number)
        }
    };
    finish(e, it, &env, value);
}

/// A function of ST0 and ST1, which is popped.
fn two(e: &mut NativeEmulator, it: &Registers, function: fn(&mut Env, &Number, &Number) -> u128) {
    let mut env = e.x87_env(it);
    let (a, b) = (EXTENDED.unpack(e.st(it, 0)), EXTENDED.unpack(e.st(it, 1)));
    let value = match env.nan(EXTENDED, &b, Some(&a)) {
        Some(nan) => nan,
        None => {
            if a.denormal || b.denormal {
                env.flags |= soft::DENORMAL;
            }
            let value = function(&mut env, &a, &b);
            if env.flags & soft::INVALID != 0 || env.flags & soft::ZERO_DIVIDE != 0 {
                env.flags &= !soft::DENORMAL;
            }
            value
        }
    };
    if e.settle_x87(it, &env) {
        e.set_st(it, 1, value);
        e.pop(it);
    }
}

pub(super) fn invalid(env: &mut Env) -> u128 {
    env.flags |= soft::INVALID;
    EXTENDED.indefinite()
}

/// `b * log2(a)`.
fn logarithm(env: &mut Env, a: &Number, b: &Number) -> u128 {
    if a.negative && a.class != Class::Zero {
        return invalid(env);
    }
    let is_one = a.class == Class::Finite && a.exponent == 0 && a.significand == 1 << 63;
    let below_one = a.class == Class::Zero || a.class == Class::Finite && a.exponent < 0;
    let negative = b.negative != below_one;
    match (a.class, b.class) {
        (Class::Zero, Class::Zero) | (Class::Infinite, Class::Zero) => invalid(env),
        (Class::Zero, Class::Infinite) => EXTENDED.infinity(negative),
        (Class::Zero, _) => {
            env.flags |= soft::ZERO_DIVIDE;
            EXTENDED.infinity(negative)
        }
        (_, Class::Infinite) if is_one => invalid(env),
        (Class::Infinite, _) | (_, Class::Infinite) => EXTENDED.infinity(negative),
        (_, Class::Zero) => EXTENDED.zero(negative),
        _ if is_one => EXTENDED.zero(b.negative),
        _ => {
            let is_power = a.significand == 1 << 63;
            let product = Big::of(b).times(big::log2(Big::of(a)));
            if is_power {
                let value = u128::from(b.significand) * u128::from(a.exponent.unsigned_abs());
                return env_round(env, negative, b.exponent + 64, value);
            }
            product.round(env)
        }
    }
}

/// Rounds an exact product.
fn env_round(env: &mut Env, negative: bool, exponent: i32, value: u128) -> u128 {
    let mut own = Env { precision: 64, ..*env };
    let value = own.round(EXTENDED, negative, exponent, value, false);
    env.flags |= own.flags;
    env.up = own.up;
    value
}

/// `b * log2(a + 1)`.
fn logarithm_plus_one(env: &mut Env, a: &Number, b: &Number) -> u128 {
    let negative = b.negative != a.negative;
    match (a.class, b.class) {
        (Class::Zero, Class::Infinite) => invalid(env),
        (Class::Zero, _) => EXTENDED.zero(negative),
        (Class::Infinite, _) if a.negative => invalid(env),
        (Class::Infinite, Class::Zero) => invalid(env),
        (Class::Infinite, _) => EXTENDED.infinity(negative),
        (_, Class::Infinite) => EXTENDED.infinity(negative),
        (_, Class::Zero) => EXTENDED.zero(negative),
        // Outside of the function's domain nothing is computed.
        _ if a.negative && a.exponent >= 0 => {
            env.flags |= soft::INEXACT;
            a_of(a)
        }
        _ => Big::of(b).times(big::log2_plus_one(Big::of(a))).round(env),
    }
}

/// The angle of the point with the coordinates ST0 and ST1.
fn arc_tangent(env: &mut Env, a: &Number, b: &Number) -> u128 {
    let pi = big::HALF_PI.scaled(1);
    let mut angle = |value: Big| Big { negative: b.negative, ..value }.round(env);
    let three_quarters = || big::HALF_PI.plus(big::HALF_PI.scaled(-1));
    match (a.class, b.class) {
        (_, Class::Zero) if a.negative => angle(pi),
        (_, Class::Zero) => EXTENDED.zero(b.negative),
        (Class::Infinite, Class::Infinite) if a.negative => angle(three_quarters()),
        (Class::Infinite, Class::Infinite) => angle(big::HALF_PI.scaled(-1)),
        (_, Class::Infinite) | (Class::Zero, _) => angle(big::HALF_PI),
        (Class::Infinite, _) if a.negative => angle(pi),
        (Class::Infinite, _) => EXTENDED.zero(b.negative),
        _ => {
            let first = big::angle(Big::of(b).absolute(), Big::of(a).absolute());
            angle(if a.negative { pi.minus(first) } else { first })
        }
    }
}

fn extract(e: &mut NativeEmulator, it: &Registers, a: u128) {
    if !e.is_empty(it, 7) {
        if e.stack_fault(it, true) {
            e.set_st(it, 0, EXTENDED.indefinite());
            e.turn(it, 7);
            e.set_st(it, 0, EXTENDED.indefinite());
        }
        return;
    }
    let mut env = e.x87_env(it);
    let number = EXTENDED.unpack(a);
    let (exponent, significand) = match env.nan(EXTENDED, &number, None) {
        Some(nan) => (nan, nan),
        None => match number.class {
            Class::Zero => {
                env.flags |= soft::ZERO_DIVIDE;
                (EXTENDED.infinity(true), a)
            }
            Class::Infinite => (EXTENDED.infinity(false), a),
            _ => {
                if number.denormal {
                    env.flags |= soft::DENORMAL;
                }
                let mut own = Env { precision: 64, ..env };
                let exponent = own.of_integer(EXTENDED, number.exponent.into());
                (exponent, a_of(&Number { exponent: 0, ..number }))
            }
        },
    };
    if e.settle_x87(it, &env) {
        e.set_st(it, 0, exponent);
        e.turn(it, 7);
        e.set_st(it, 0, significand);
    }
}

/// A result that is the operand: a tiny one may be an exception all the same.
fn unchanged(env: &mut Env, a: &Number) -> u128 {
    env_round(env, a.negative, a.exponent, u128::from(a.significand) << 64)
}

/// FPREM and FPREM1.
fn remainder(e: &mut NativeEmulator, it: &Registers, nearest: bool) {
    let mut env = e.x87_env(it);
    let (bits, other) = (e.st(it, 0), e.st(it, 1));
    let (a, b) = (EXTENDED.unpack(bits), EXTENDED.unpack(other));
    let mut quotient = 0u64;
    let mut partial = false;
    let value = match env.nan(EXTENDED, &a, Some(&b)) {
        Some(nan) => nan,
        None if a.class == Class::Infinite || b.class == Class::Zero => invalid(&mut env),
        None => {
            if a.denormal || b.denormal {
                env.flags |= soft::DENORMAL;
            }
            if a.class == Class::Zero {
                bits
            } else if b.class == Class::Infinite {
                unchanged(&mut env, &a)
            } else {
                let distance = a.exponent - b.exponent;
                if distance < -1 || distance < 0 && !nearest {
                    unchanged(&mut env, &a)
                } else {
                    partial = distance >= 64;
                    let steps = if partial { 32 + distance % 32 } else { distance };
                    let scale = distance - steps;
                    let mut rest = u128::from(a.significand);
                    let divisor = u128::from(b.significand);
                    // In units of the divisor's last place times 2^scale.
                    let mut unit = b.exponent + scale;
                    if distance < 0 {
                        unit -= 1;
                    }
                    let divisor = if distance < 0 { divisor << 1 } else { divisor };
                    for step in 0..=steps.max(0) {
                        quotient <<= 1;
                        if rest >= divisor {
                            rest -= divisor;
                            quotient |= 1;
                        }
                        if step < steps {
                            rest <<= 1;
                        }
                    }
                    let mut negative = a.negative;
                    if nearest && !partial && (2 * rest > divisor || 2 * rest == divisor && quotient & 1 != 0)
                    {
                        rest = divisor - rest;
                        negative = !negative;
                        quotient += 1;
                    }
                    if rest == 0 {
                        EXTENDED.zero(a.negative)
                    } else {
                        let mut own = Env { precision: 64, ..env };
                        let value = own.round(EXTENDED, negative, unit + 64, rest, false);
                        env.flags |= own.flags;
                        value
                    }
                }
            }
        }
    };
    let counts = e.settle_x87(it, &env);
    if !counts {
        e.set_condition(it, C2, 0);
        return;
    }
    let flag = |bit: u64, flag: u16| if quotient >> bit & 1 != 0 { flag } else { 0 };
    let condition = if partial { C2 } else { flag(2, C0) | flag(1, C3) | flag(0, C1) };
    let mask = if env.flags & soft::INVALID != 0 || is_nan(value) { C1 | C2 } else { C0 | C1 | C2 | C3 };
    e.set_condition(it, mask, condition & mask);
    e.set_st(it, 0, value);
}

/// FSCALE: ST0 times two to the power of the integer part of ST1.
fn scale(e: &mut NativeEmulator, it: &Registers) {
    let mut env = e.x87_env(it);
    let bits = e.st(it, 0);
    let (a, b) = (EXTENDED.unpack(bits), EXTENDED.unpack(e.st(it, 1)));
    let value = match env.nan(EXTENDED, &a, Some(&b)) {
        Some(nan) => nan,
        None => match (a.class, b.class) {
            (Class::Infinite, Class::Infinite) if b.negative => invalid(&mut env),
            (Class::Zero, Class::Infinite) if !b.negative => invalid(&mut env),
            (_, Class::Infinite) => {
                if a.denormal {
                    env.flags |= soft::DENORMAL;
                }
                if b.negative { EXTENDED.zero(a.negative) } else { EXTENDED.infinity(a.negative) }
            }
            _ => {
                if a.denormal || b.denormal {
                    env.flags |= soft::DENORMAL;
                }
                if a.class != Class::Finite {
                    bits
                } else if b.class == Class::Zero {
                    unchanged(&mut env, &a)
                } else {
                    let magnitude = if b.exponent < 0 {
                        0
                    } else if b.exponent > 16 {
                        0x1_8000
                    } else {
                        (b.significand >> (63 - b.exponent)) as i32
                    };
                    let by = if b.negative { -magnitude } else { magnitude };
                    let mut own = Env { precision: 64, ..env };
                    let value = own.round(
                        EXTENDED,
                        a.negative,
                        a.exponent + by,
                        u128::from(a.significand) << 64,
                        false,
                    );
                    env.flags |= own.flags;
                    env.up = own.up;
                    value
                }
            }
        },
    };
    finish(e, it, &env, value);
}

pub(super) fn is_nan(value: u128) -> bool {
    matches!(EXTENDED.unpack(value).class, Class::Quiet | Class::Signalling)
}
