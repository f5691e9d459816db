//! Xtensa: floating point of single precision with its control and status
//! registers (Xtensa Instruction Set Architecture Reference Manual, 4.3.11,
//! chapter 6). Products and sums of MADD.S and MSUB.S are rounded once.

use rustc_apfloat::{Round, Status};

use super::{Handler, Table, mips_float::exceptions};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    exact::{self, Arithmetic},
    float::{NanRule, is_nan, is_signalling, nan_of},
    halt::Halt,
    ieee::{self, Tininess},
};

const SINGLE: usize = 4;
const DOUBLE: usize = 8;
const SIGN: u128 = 1 << 31;
const INVALID: u32 = 16;
/// Where the flags of FSR begin: inexact, underflow, overflow, division by zero,
/// invalid (table 4-38).
const FLAGS: u32 = 7;

pub(super) const TABLE: Table = &[
    ("floatAdd", Handler::new(|emulator, op| arithmetic(emulator, op, Arithmetic::Add))),
    ("floatSubtract", Handler::new(|emulator, op| arithmetic(emulator, op, Arithmetic::Subtract))),
    ("floatMultiply", Handler::new(|emulator, op| arithmetic(emulator, op, Arithmetic::Multiply))),
    ("floatMultiplyAdd", Handler::new(|emulator, op| fused(emulator, op, 0))),
    ("floatMultiplySubtract", Handler::new(|emulator, op| fused(emulator, op, SIGN))),
    ("floatRound", Handler::new(|emulator, op| to_integer(emulator, op, Round::NearestTiesToEven))),
    ("floatTruncate", Handler::new(|emulator, op| to_integer(emulator, op, Round::TowardZero))),
    ("floatFloor", Handler::new(|emulator, op| to_integer(emulator, op, Round::TowardNegative))),
    ("floatCeiling", Handler::new(|emulator, op| to_integer(emulator, op, Round::TowardPositive))),
    ("floatTruncateUnsigned", Handler::new(to_unsigned)),
    ("floatOfInteger", Handler::new(|emulator, op| from_integer(emulator, op, true))),
    ("floatOfUnsigned", Handler::new(|emulator, op| from_integer(emulator, op, false))),
];

/// The rounding mode, in FCR (table 4-37).
fn rounding(emulator: &NativeEmulator) -> Round {
    match emulator.user_register("FCR") & 3 {
        0 => Round::NearestTiesToEven,
        1 => Round::TowardZero,
        2 => Round::TowardPositive,
        _ => Round::TowardNegative,
    }
}

/// Notes what an operation raised, and sets its result.
fn finish(emulator: &mut NativeEmulator, op: &UserOp, value: u128, raised: u32) {
    if raised != 0 {
        let flags = emulator.user_register("FSR") | u128::from(raised << FLAGS);
        emulator.set_user_register("FSR", flags);
    }
    emulator.set_user_result(op, value);
}

/// Computes; NaNs come out quiet, and other invalid results are the default
/// NaN.
fn compute(emulator: &mut NativeEmulator, op: &UserOp, what: Arithmetic, operands: [u128; 3], count: usize) {
    let used = &operands[..count];
    if used.iter().any(|value| is_nan(SINGLE, *value)) {
        let raised = if used.iter().any(|value| is_signalling(SINGLE, *value)) { INVALID } else { 0 };
        let nan = nan_of(SINGLE, used, NanRule::SignallingFirst);
        return finish(emulator, op, nan, raised);
    }
    let result = ieee::compute(what, SINGLE, operands, SINGLE, rounding(emulator), Tininess::After);
    let value =
        if is_nan(SINGLE, result.bits) { nan_of(SINGLE, &[], NanRule::SignallingFirst) } else { result.bits };
    finish(emulator, op, value, exceptions(result.status));
}

fn arithmetic(emulator: &mut NativeEmulator, op: &UserOp, what: Arithmetic) -> Result<(), Halt> {
    let [a, b] = [0, 1].map(|index| emulator.user_input(op, index));
    compute(emulator, op, what, [a, b, 0], 2);
    Ok(())
}

/// MADD.S and MSUB.S, whose inputs are the addend and the factors.
fn fused(emulator: &mut NativeEmulator, op: &UserOp, sign: u128) -> Result<(), Halt> {
    let [addend, a, b] = [0, 1, 2].map(|index| emulator.user_input(op, index));
    let a = if is_nan(SINGLE, a) { a } else { a ^ sign };
    compute(emulator, op, Arithmetic::MultiplyAdd, [a, b, addend], 3);
    Ok(())
}

/// The first input times a power of two, which the second one tells, as a
/// double.
fn scaled(emulator: &NativeEmulator, op: &UserOp) -> u128 {
    let (value, by) = (emulator.user_input(op, 0), emulator.user_input(op, 1) & 15);
    let (wide, _) = exact::convert(value, SINGLE, DOUBLE, Round::NearestTiesToEven);
    let exponent = wide >> 52 & 0x7ff;
    // Singles are normal doubles, but for zero, infinities and NaNs.
    if matches!(exponent, 0 | 0x7ff) { wide } else { wide + (by << 52) }
}

fn integer(value: u128, is_signed: bool, round: Round) -> (u128, u32) {
    if is_nan(DOUBLE, value) {
        return (if is_signed { 0x7fff_ffff } else { 0xffff_ffff }, INVALID);
    }
    let (integer, status) = exact::to_integer(value, DOUBLE, 32, is_signed, round);
    let raised = if status.contains(Status::INVALID_OP) { INVALID } else { exceptions(status) };
    (integer & 0xffff_ffff, raised)
}

/// ROUND.S, TRUNC.S, FLOOR.S and CEIL.S: what does not fit is the nearest that
/// does, and a NaN the greatest.
fn to_integer(emulator: &mut NativeEmulator, op: &UserOp, round: Round) -> Result<(), Halt> {
    let (value, raised) = integer(scaled(emulator, op), true, round);
    finish(emulator, op, value, raised);
    Ok(())
}

/// UTRUNC.S: negative numbers as by TRUNC.S.
fn to_unsigned(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let value = scaled(emulator, op);
    let is_negative = value >> 63 != 0 && !is_nan(DOUBLE, value);
    let (value, raised) = integer(value, is_negative, Round::TowardZero);
    finish(emulator, op, value, raised);
    Ok(())
}

/// FLOAT.S and UFLOAT.S: divided by a power of two.
fn from_integer(emulator: &mut NativeEmulator, op: &UserOp, is_signed: bool) -> Result<(), Halt> {
    let value = emulator.user_input(op, 0) as u32;
    let value = if is_signed { i128::from(value as i32) } else { i128::from(value) };
    let fraction = emulator.user_input(op, 1) as i32 & 15;
    let (bits, status) = exact::from_integer(value, SINGLE, fraction, rounding(emulator));
    finish(emulator, op, bits, exceptions(status));
    Ok(())
}
