//! FSIN, FCOS, FSINCOS and FPTAN.

use super::{
    Registers,
    stack::{C1, C2},
    transcendental::{invalid, is_nan},
};
use crate::emulator::NativeEmulator;
use crate::soft::big::{self, Big};
use crate::soft::{self, Class, EXTENDED, Env, Number};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Sine,
    Cosine,
    Both,
    Tangent,
}

pub(super) fn trigonometric(e: &mut NativeEmulator, it: &Registers, function: Function) {
    let mut env = e.x87_env(it);
    let value = e.st(it, 0);
    let number = EXTENDED.unpack(value);
    let pushes = matches!(function, Function::Both | Function::Tangent);
    let overflows = pushes && !e.is_empty(it, 7);
    if overflows {
        e.set_condition(it, C2, 0);
        if e.stack_fault(it, true) {
            e.set_st(it, 0, EXTENDED.indefinite());
            e.turn(it, 7);
            e.set_st(it, 0, EXTENDED.indefinite());
        }
        return;
    }
    let one = EXTENDED_ONE;
    let results = if let Some(nan) = env.nan(EXTENDED, &number, None) {
        Some((nan, nan))
    } else {
        match number.class {
            Class::Infinite => {
                let value = invalid(&mut env);
                Some((value, value))
            }
            Class::Zero => Some(match function {
                Function::Cosine => (one, one),
                _ => (value, one),
            }),
            _ if number.exponent >= 63 => None,
            _ => {
                if number.denormal {
                    env.flags |= soft::DENORMAL;
                }
                Some(values(&mut env, &number, function))
            }
        }
    };
    let Some((first, second)) = results else {
        // Too large: told, and left alone.
        e.set_condition(it, C1 | C2, C2);
        return;
    };
    let counts = e.settle_x87(it, &env);
    e.set_condition(it, C2, 0);
    if !counts {
        return;
    }
    e.set_st(it, 0, first);
    if pushes {
        let second = if function == Function::Tangent && env.flags & soft::INVALID == 0 && !is_nan(first) {
            one
        } else {
            second
        };
        e.turn(it, 7);
        e.set_st(it, 0, second);
    }
}

const EXTENDED_ONE: u128 = 0x3fff << 64 | 1 << 63;

fn values(env: &mut Env, number: &Number, function: Function) -> (u128, u128) {
    let (rest, quarters) = big::reduce_angle(number);
    let (sine, mut cosine) = big::sine_cosine(rest);
    if !rest.is_zero() && cosine.exponent == 0 {
        // A bit below one.
        cosine = Big { exponent: -1, significand: u128::MAX, ..cosine };
    }
    let quarters = if number.negative { (4 - quarters) & 3 } else { quarters };
    let (sine, cosine) = match quarters & 3 {
        0 => (sine, cosine),
        1 => (cosine, sine.negated()),
        2 => (sine.negated(), cosine.negated()),
        _ => (cosine.negated(), sine),
    };
    match function {
        Function::Sine => (sine.round(env), 0),
        Function::Cosine => (cosine.round(env), 0),
        Function::Tangent => (sine.over(cosine).round(env), EXTENDED_ONE),
        Function::Both => {
            let first = sine.round(env);
            (first, cosine.round(env))
        }
    }
}
