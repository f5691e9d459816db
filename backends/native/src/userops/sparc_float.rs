//! SPARC: floating point with its state register (SPARC Architecture Manual,
//! V9, 5.1.7 and appendix B). The specification rounds to nearest always and
//! tells nothing.

use std::cmp::Ordering;

use rustc_apfloat::{Round, Status};
use terrella_emulator_api::ArithmeticKind;

use super::{Handler, mips_float::exceptions};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    exact::{self, Arithmetic},
    float::{is_nan, is_signalling},
    halt::Halt,
    ieee::{self, Tininess},
    overrides::Override,
};

/// The number of `fp_exception_ieee_754` in both versions' tables of traps.
const EXCEPTION: [u64; 2] = [0x08, 0x21];
/// Exceptions of FSR's `cexc`.
const INEXACT: u32 = 1;
const DIVISION: u32 = 2;
const UNDERFLOW: u32 = 4;
const OVERFLOW: u32 = 8;
const INVALID: u32 = 16;

/// An operation of the first group (`FPop1`).
const fn entry(number: u32, function: super::Function) -> Override {
    Override { mask: 0xc1f8_3fe0, value: 0x81a0_0000 | number << 5, handler: Handler::new(function) }
}

/// A comparison, of the second group (`FPop2`): what is compared, and whether
/// quiet NaNs are invalid, too.
const fn comparison(number: u32, function: super::Function) -> Override {
    Override { mask: 0xf9f8_3fe0, value: 0x81a8_0000 | number << 5, handler: Handler::new(function) }
}

macro_rules! two {
    ($what:ident, $from:literal, $to:literal) => {
        |emulator, op| two(emulator, op, Arithmetic::$what, $from, $to)
    };
}

macro_rules! to_integer {
    ($from:literal, $to:literal) => {
        |emulator, op| to_integer(emulator, op, $from, $to)
    };
}

macro_rules! from_integer {
    ($from:literal, $to:literal) => {
        |emulator, op| from_integer(emulator, op, $from, $to)
    };
}

macro_rules! between {
    ($from:literal, $to:literal) => {
        |emulator, op| between(emulator, op, $from, $to)
    };
}

pub(crate) const OVERRIDES: &[Override] = &[
    entry(0x29, |emulator, op| root(emulator, op, 4)),
    entry(0x2a, |emulator, op| root(emulator, op, 8)),
    entry(0x2b, |emulator, op| root(emulator, op, 16)),
    entry(0x41, two!(Add, 4, 4)),
    entry(0x42, two!(Add, 8, 8)),
    entry(0x43, two!(Add, 16, 16)),
    entry(0x45, two!(Subtract, 4, 4)),
    entry(0x46, two!(Subtract, 8, 8)),
    entry(0x47, two!(Subtract, 16, 16)),
    entry(0x49, two!(Multiply, 4, 4)),
    entry(0x4a, two!(Multiply, 8, 8)),
    entry(0x4b, two!(Multiply, 16, 16)),
    entry(0x4d, two!(Divide, 4, 4)),
    entry(0x4e, two!(Divide, 8, 8)),
    entry(0x4f, two!(Divide, 16, 16)),
    entry(0x69, two!(Multiply, 4, 8)),
    entry(0x6e, two!(Multiply, 8, 16)),
    entry(0x81, to_integer!(4, 8)),
    entry(0x82, to_integer!(8, 8)),
    entry(0x83, to_integer!(16, 8)),
    entry(0xd1, to_integer!(4, 4)),
    entry(0xd2, to_integer!(8, 4)),
    entry(0xd3, to_integer!(16, 4)),
    entry(0x84, from_integer!(8, 4)),
    entry(0x88, from_integer!(8, 8)),
    entry(0x8c, from_integer!(8, 16)),
    entry(0xc4, from_integer!(4, 4)),
    entry(0xc8, from_integer!(4, 8)),
    entry(0xcc, from_integer!(4, 16)),
    entry(0xc6, between!(8, 4)),
    entry(0xc7, between!(16, 4)),
    entry(0xc9, between!(4, 8)),
    entry(0xcb, between!(16, 8)),
    entry(0xcd, between!(4, 16)),
    entry(0xce, between!(8, 16)),
    comparison(0x51, |emulator, op| compare(emulator, op, 4, false)),
    comparison(0x52, |emulator, op| compare(emulator, op, 8, false)),
    comparison(0x53, |emulator, op| compare(emulator, op, 16, false)),
    comparison(0x55, |emulator, op| compare(emulator, op, 4, true)),
    comparison(0x56, |emulator, op| compare(emulator, op, 8, true)),
    comparison(0x57, |emulator, op| compare(emulator, op, 16, true)),
];

/// The register that a field names: of doubles and quads the lowest bit is
/// the highest of the number (V9, 5.1.4.1).
fn register(field: u32, size: usize) -> String {
    let field = field & 31;
    match size {
        4 => format!("fs{field}"),
        8 => format!("fd{}", (field & 1) << 5 | field & 0x1e),
        _ => format!("fq{}", (field & 1) << 5 | field & 0x1c),
    }
}

const fn sign(size: usize) -> u128 {
    1 << (8 * size - 1)
}

const fn quiet(size: usize) -> u128 {
    match size {
        4 => 1 << 22,
        8 => 1 << 51,
        _ => 1 << 111,
    }
}

/// The second operand first, and of both a signalling one (V9, B.2.2).
fn nan(size: usize, operands: &[u128]) -> u128 {
    let nans = || operands.iter().rev().filter(|value| is_nan(size, **value));
    let chosen = nans().find(|value| is_signalling(size, **value)).or_else(|| nans().next());
    // Without one, all bits but the sign are set.
    chosen.map_or(sign(size) - 1, |value| value | quiet(size))
}

/// The V9 manual's bits of exceptions.
fn raised(status: Status) -> u32 {
    let all = exceptions(status);
    // Of MIPS: inexact, underflow, overflow, division, invalid.
    let bits = [(1, INEXACT), (2, UNDERFLOW), (4, OVERFLOW), (8, DIVISION), (16, INVALID)];
    bits.iter().filter(|(bit, _)| all & bit != 0).fold(0, |sum, (_, bit)| sum | bit)
}

impl NativeEmulator {
    fn sparc_float(&self, word: u32, low: u32, size: usize) -> u128 {
        self.user_register(&register(word >> low, size))
    }

    fn sparc_rounding(&self) -> Round {
        match self.user_register("fsr") >> 30 & 3 {
            0 => Round::NearestTiesToEven,
            1 => Round::TowardZero,
            2 => Round::TowardPositive,
            _ => Round::TowardNegative,
        }
    }

    /// Writes FSR, and ends the instruction if an exception traps.
    fn tell_sparc(&mut self, raised: u32) -> Result<(), Halt> {
        let old = self.user_register("fsr") & !0x1_c01f | u128::from(raised);
        let traps = u128::from(raised) & old >> 23 & 0x1f != 0;
        // An exception that traps is told in `ftt`, and not accrued.
        let new = if traps { old | 1 << 14 } else { old | u128::from(raised) << 5 };
        self.set_user_register("fsr", new);
        if traps {
            let number = EXCEPTION[usize::from(self.definition.pointer_bytes == 8)];
            return Err(Halt::Arithmetic(ArithmeticKind::FloatingPoint, number));
        }
        Ok(())
    }

    /// Tells what was raised, and writes the target unless one of it traps.
    fn finish_sparc(&mut self, word: u32, size: usize, value: u128, raised: u32) -> Result<(), Halt> {
        self.tell_sparc(raised)?;
        self.set_user_register(&register(word >> 25, size), value);
        // DL and DU tell which half was written (V9, 5.2.6).
        if self.definition.pointer_bytes == 8 {
            let half = if size > 4 && word >> 25 & 1 != 0 { 2 } else { 1 };
            self.set_user_register("FPRS", self.user_register("FPRS") | half);
        }
        Ok(())
    }
}

/// FCMP and FCMPE: 0 to 3 for equal, less, greater and unordered (V9, A.13).
fn compare(emulator: &mut NativeEmulator, op: &UserOp, size: usize, signals: bool) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let operands = [14, 0].map(|low| emulator.sparc_float(word, low, size));
    let is_unordered = operands.iter().any(|value| is_nan(size, *value));
    let is_invalid = operands.iter().any(|value| is_signalling(size, *value)) || signals && is_unordered;
    emulator.tell_sparc(if is_invalid { INVALID } else { 0 })?;
    // Numbers of a sign are ordered as their digits are; both zeros are one.
    let [first, second] = operands.map(|value| {
        let magnitude = (value & (sign(size) - 1)) as i128;
        if value & sign(size) == 0 { magnitude } else { -magnitude }
    });
    let relation = match first.cmp(&second) {
        _ if is_unordered => 3,
        Ordering::Equal => 0,
        Ordering::Less => 1,
        Ordering::Greater => 2,
    };
    emulator.set_user_register(&format!("fcc{}", word >> 25 & 3), relation);
    Ok(())
}

fn compute(what: Arithmetic, from: usize, operands: &[u128], round: Round) -> (u128, u32) {
    if operands.iter().any(|value| is_nan(from, *value)) {
        let signalling = operands.iter().any(|value| is_signalling(from, *value));
        return (nan(from, operands), if signalling { INVALID } else { 0 });
    }
    let all = [operands[0], operands.get(1).copied().unwrap_or(0), 0];
    let result = ieee::compute(what, from, all, from, round, Tininess::Before);
    let bits = if is_nan(from, result.bits) { nan(from, &[]) } else { result.bits };
    (bits, raised(result.status))
}

fn two(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    what: Arithmetic,
    from: usize,
    to: usize,
) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let operands = [14, 0].map(|low| emulator.sparc_float(word, low, from));
    let round = emulator.sparc_rounding();
    if from == to {
        let (value, raised) = compute(what, from, &operands, round);
        return emulator.finish_sparc(word, to, value, raised);
    }
    // A product of twice the digits is exact.
    let signalling = operands.iter().any(|value| is_signalling(from, *value));
    let [a, b] = operands.map(|value| widened(value, from, to));
    let (value, raised) = compute(what, to, &[a, b], round);
    emulator.finish_sparc(word, to, value, if signalling { raised | INVALID } else { raised })
}

/// A number in a wider format; NaNs are made quiet.
fn widened(value: u128, from: usize, to: usize) -> u128 {
    exact::convert(value, from, to, Round::NearestTiesToEven).0
}

fn root(emulator: &mut NativeEmulator, op: &UserOp, size: usize) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let operand = emulator.sparc_float(word, 0, size);
    let (value, raised) = compute(Arithmetic::SquareRoot, size, &[operand], emulator.sparc_rounding());
    emulator.finish_sparc(word, size, value, raised)
}

/// Toward zero; what does not fit is the nearest that does, a NaN the
/// greatest.
fn to_integer(emulator: &mut NativeEmulator, op: &UserOp, from: usize, to: usize) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let value = emulator.sparc_float(word, 0, from);
    let (integer, status) = exact::to_integer(value, from, 8 * to, true, Round::TowardZero);
    let integer = if is_nan(from, value) { sign(to) - 1 } else { integer };
    let raised = if status.contains(Status::INVALID_OP) { INVALID } else { raised(status) };
    emulator.finish_sparc(word, to, integer, raised)
}

fn from_integer(emulator: &mut NativeEmulator, op: &UserOp, from: usize, to: usize) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let value = emulator.sparc_float(word, 0, from);
    let value = if from == 4 { i128::from(value as i32) } else { i128::from(value as i64) };
    let (bits, status) = exact::from_integer(value, to, 0, emulator.sparc_rounding());
    emulator.finish_sparc(word, to, bits, raised(status))
}

fn between(emulator: &mut NativeEmulator, op: &UserOp, from: usize, to: usize) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let value = emulator.sparc_float(word, 0, from);
    let (bits, raised) = if is_nan(from, value) {
        let told = if is_signalling(from, value) { INVALID } else { 0 };
        (widened(value, from, to) | quiet(to), told)
    } else {
        let result = ieee::convert(value, from, to, emulator.sparc_rounding(), Tininess::Before);
        (result.bits, raised(result.status))
    };
    emulator.finish_sparc(word, to, bits, raised)
}
