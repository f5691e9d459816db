//! TriCore: floating point with the status bits FS, FI, FV, FZ, FU and FX and
//! the rounding mode in PSW, without numbers below the normal ones (TriCore
//! Architecture Manual, volume 1, chapter 7; volume 2, section 3.2). The
//! specification rounds to nearest always and tells nothing.

use rustc_apfloat::{Round, Status};

use super::tricore_arithmetic::{data, entry, set_data, word};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    exact::{self, Arithmetic},
    float::{is_nan, is_signalling},
    halt::Halt,
    ieee::{self, Tininess},
    overrides::Override,
};

/// The bits of PSW (volume 1, 7.4).
const FS: u32 = 1 << 31;
const FI: u32 = 1 << 30;
const FV: u32 = 1 << 29;
const FZ: u32 = 1 << 28;
const FU: u32 = 1 << 27;
const FX: u32 = 1 << 26;
const ROUNDING: u32 = 24;

/// The NaNs of operations (volume 1, 7.2.1): of operands that are NaNs, of
/// infinities that cancel, and of a product and a quotient without a value.
const QUIET: u32 = 0x7fc0_0000;
const SUM: u32 = 0x7fc0_0001;
const PRODUCT: u32 = 0x7fc0_0002;
const QUOTIENT: u32 = 0x7fc0_0008;

const SIGN: u32 = 0x8000_0000;
const INFINITY: u32 = 0x7f80_0000;
const SIZE: usize = 4;

/// With two registers and a second opcode.
const fn registers(second: u32, function: super::Function) -> Override {
    entry(0x0ff0_00ff, second << 20 | 0x4b, function)
}

/// With three registers and a second opcode.
const fn three(second: u32, function: super::Function) -> Override {
    entry(0x00f0_00ff, second << 20 | 0x6b, function)
}

pub(crate) const OVERRIDES: &[Override] = &[
    three(0x02, |emulator, op| sum(emulator, op, Arithmetic::Add)),
    three(0x03, |emulator, op| sum(emulator, op, Arithmetic::Subtract)),
    three(0x06, |emulator, op| multiply_add(emulator, op, 0)),
    three(0x07, |emulator, op| multiply_add(emulator, op, SIGN)),
    registers(0x04, |emulator, op| product(emulator, op, Arithmetic::Multiply, PRODUCT)),
    registers(0x05, |emulator, op| product(emulator, op, Arithmetic::Divide, QUOTIENT)),
    registers(0x00, compare),
    registers(0x10, |emulator, op| to_integer(emulator, op, true, false)),
    registers(0x13, |emulator, op| to_integer(emulator, op, true, true)),
    registers(0x12, |emulator, op| to_integer(emulator, op, false, false)),
    registers(0x17, |emulator, op| to_integer(emulator, op, false, true)),
    registers(0x14, |emulator, op| from_integer(emulator, op, true)),
    registers(0x16, |emulator, op| from_integer(emulator, op, false)),
    registers(0x15, from_fraction),
    registers(0x08, unpack),
    three(0x00, pack),
];

const fn is_subnormal(value: u32) -> bool {
    value & INFINITY == 0 && value & !SIGN != 0
}

/// Numbers below the normal ones count as zero.
const fn flushed(value: u32) -> u32 {
    if is_subnormal(value) { value & SIGN } else { value }
}

fn signalling(value: u32) -> bool {
    is_signalling(SIZE, value.into())
}

fn nan(value: u32) -> bool {
    is_nan(SIZE, value.into())
}

fn rounding(emulator: &NativeEmulator) -> Round {
    match emulator.user_register("PSW") >> ROUNDING & 3 {
        0 => Round::NearestTiesToEven,
        1 => Round::TowardPositive,
        2 => Round::TowardNegative,
        _ => Round::TowardZero,
    }
}

/// Writes the target and the status: FS is that of this instruction, the
/// others stick.
fn finish(emulator: &mut NativeEmulator, word: u32, value: u32, raised: u32) -> Result<(), Halt> {
    let psw = emulator.user_register("PSW") as u32 & !FS;
    let some = if raised != 0 { FS } else { 0 };
    emulator.set_user_register("PSW", (psw | raised | some).into());
    set_data(emulator, word >> 28, value);
    Ok(())
}

fn bits_of(status: Status) -> u32 {
    let bits = [
        (Status::INVALID_OP, FI),
        (Status::OVERFLOW, FV),
        (Status::DIV_BY_ZERO, FZ),
        (Status::UNDERFLOW, FU),
        (Status::INEXACT, FX),
    ];
    bits.iter().filter(|(flag, _)| status.contains(*flag)).fold(0, |sum, (_, bit)| sum | bit)
}

/// Computes on numbers; `invalid` is the NaN where there is no result.
fn compute(what: Arithmetic, operands: [u32; 3], round: Round, invalid: u32) -> (u32, u32) {
    if operands.into_iter().any(nan) {
        let is_invalid = operands.into_iter().any(signalling);
        return (QUIET, if is_invalid { FI } else { 0 });
    }
    let operands = operands.map(|value| u128::from(flushed(value)));
    let result = ieee::compute(what, SIZE, operands, SIZE, round, Tininess::Before);
    let value = result.bits as u32;
    if nan(value) {
        return (invalid, FI);
    }
    if is_subnormal(value) || result.status.contains(Status::UNDERFLOW) {
        return (value & SIGN, FU | FX);
    }
    (value, bits_of(result.status))
}

fn sum(emulator: &mut NativeEmulator, op: &UserOp, what: Arithmetic) -> Result<(), Halt> {
    let word = word(op, emulator);
    let operands = [data(emulator, word >> 24), data(emulator, word >> 8), 0];
    let (value, raised) = compute(what, operands, rounding(emulator), SUM);
    finish(emulator, word, value, raised)
}

fn product(emulator: &mut NativeEmulator, op: &UserOp, what: Arithmetic, invalid: u32) -> Result<(), Halt> {
    let word = word(op, emulator);
    let operands = [data(emulator, word >> 8), data(emulator, word >> 12), 0];
    let (value, raised) = compute(what, operands, rounding(emulator), invalid);
    finish(emulator, word, value, raised)
}

/// MADD.F, and MSUB.F with the sign of the product.
fn multiply_add(emulator: &mut NativeEmulator, op: &UserOp, sign: u32) -> Result<(), Halt> {
    let word = word(op, emulator);
    let [a, b, c] = [8, 12, 24].map(|low| data(emulator, word >> low));
    // The sign of a NaN says nothing.
    let operands = [a ^ sign, b, c];
    let is_infinite = |value: u32| value & !SIGN == INFINITY;
    let is_zero = |value: u32| flushed(value) & !SIGN == 0;
    let has_product = !(is_infinite(a) && is_zero(b) || is_zero(a) && is_infinite(b));
    let invalid = if has_product { SUM } else { PRODUCT };
    let (value, raised) = compute(Arithmetic::MultiplyAdd, operands, rounding(emulator), invalid);
    finish(emulator, word, value, raised)
}

/// CMP.F: less, equal, greater, unordered, and which operand is below the
/// normal numbers, which this instruction alone does not take for zeros
/// (volume 1, 7.1.3).
fn compare(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let [a, b] = [8, 12].map(|low| data(emulator, word >> low));
    let [left, right] = [a, b].map(f32::from_bits);
    let order = match left.partial_cmp(&right) {
        Some(std::cmp::Ordering::Less) => 1,
        Some(std::cmp::Ordering::Equal) => 2,
        Some(std::cmp::Ordering::Greater) => 4,
        None => 8,
    };
    let result = order | u32::from(is_subnormal(a)) << 4 | u32::from(is_subnormal(b)) << 5;
    let raised = if signalling(a) || signalling(b) { FI } else { 0 };
    finish(emulator, word, result, raised)
}

/// FTOI, FTOIZ, FTOU and FTOUZ: what does not fit is the nearest that does, a
/// NaN zero; of numbers below zero there is no unsigned one, however near.
fn to_integer(emulator: &mut NativeEmulator, op: &UserOp, signed: bool, cuts: bool) -> Result<(), Halt> {
    let word = word(op, emulator);
    let value = flushed(data(emulator, word >> 8));
    let round = if cuts { Round::TowardZero } else { rounding(emulator) };
    let (integer, status) = exact::to_integer(value.into(), SIZE, 32, signed, round);
    let is_below = !signed && value & SIGN != 0 && value != SIGN && !nan(value);
    let raised = if is_below || status.contains(Status::INVALID_OP) { FI } else { bits_of(status) };
    finish(emulator, word, integer as u32, raised)
}

/// ITOF and UTOF.
fn from_integer(emulator: &mut NativeEmulator, op: &UserOp, signed: bool) -> Result<(), Halt> {
    let word = word(op, emulator);
    let value = data(emulator, word >> 8);
    let value = if signed { i128::from(value as i32) } else { i128::from(value) };
    let (bits, status) = exact::from_integer(value, SIZE, 0, rounding(emulator));
    finish(emulator, word, bits as u32, bits_of(status))
}

/// Q31TOF: a fraction times a power of two, of nine bits with a sign.
fn from_fraction(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let [fraction, power] = [8, 12].map(|low| data(emulator, word >> low) as i32);
    // Neither rounds in the wider format.
    let exact = f64::from(fraction) * 2f64.powi((power << 23 >> 23) - 31);
    let round = rounding(emulator);
    let result = ieee::convert(exact.to_bits().into(), 8, SIZE, round, Tininess::Before);
    let value = result.bits as u32;
    if is_subnormal(value) || result.status.contains(Status::UNDERFLOW) {
        return finish(emulator, word, value & SIGN, FU | FX);
    }
    finish(emulator, word, value, bits_of(result.status))
}

/// UNPACK: the exponent, and the fraction from bit 29 down with the leading
/// one above it.
fn unpack(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let value = data(emulator, word >> 8);
    let (exponent, fraction) = (value >> 23 & 0xff, value & 0x7f_ffff);
    let (exponent, mantissa) = match (exponent, fraction) {
        (0xff, _) => (255, fraction << 7),
        (0, 0) => (-127, 0),
        (0, _) => (-126, fraction << 8),
        _ => (exponent as i32 - 127, 1 << 30 | fraction << 7),
    };
    set_data(emulator, word >> 28 & 14, mantissa);
    set_data(emulator, word >> 28 | 1, exponent as u32);
    Ok(())
}

/// PACK: the other way round, with the leading one in bit 31, rounded to the
/// nearest; C tells of bits that were lost before.
fn pack(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let operand = word >> 24 & 14;
    let (mantissa, exponent) = (data(emulator, operand), data(emulator, operand | 1) as i32);
    let sign = data(emulator, word >> 8) & SIGN;
    let carry = emulator.user_register("PSW") as u32 & FS != 0;
    let up = mantissa >> 7 & 1 != 0 && (mantissa >> 8 & 1 != 0 || mantissa & 0x7f != 0 || carry);
    let fraction = mantissa >> 8 & 0x7f_ffff;
    let magnitude = match (mantissa >> 31 != 0, exponent) {
        (false, 255) => INFINITY | fraction,
        (true, 127..) => INFINITY,
        (true, ..=-128) => 0,
        _ if mantissa == 0 => 0,
        (is_normal, _) => {
            let exponent = if is_normal { (exponent + 128) as u32 & 0xff } else { 0 };
            (exponent << 23 | fraction) + u32::from(up)
        }
    };
    set_data(emulator, word >> 28, sign | magnitude & !SIGN);
    Ok(())
}
