//! AArch64: floating point that the specification leaves to the emulator, or
//! computes otherwise than the architecture: conversions, roundings, fused
//! products, greatest and smallest.

use rustc_apfloat::Round;
use terrella_sleigh::OpCode;

use super::super::{
    Handler, Table,
    lanes::{lane, mask, signed, vector},
};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    exact::{self, Arithmetic},
    float::{NanRule, is_nan, is_signalling, nan_of, operate, order},
    halt::Halt,
    overrides::Override,
};

const fn replace(mask: u32, value: u32, handler: Handler) -> Override {
    Override { mask, value, handler }
}

pub(crate) const OVERRIDES: &[Override] = &[
    // Products with a sum.
    replace(0xff00_0000, 0x1f00_0000, Handler::new(fused)),
    // From and to integers: fcvtns, fcvtnu …; scvtf, ucvtf; fcvtas, fcvtau.
    replace(0x7f26_fc00, 0x1e20_0000, Handler::new(to_integer)),
    replace(0x7f3e_fc00, 0x1e22_0000, Handler::new(from_integer)),
    replace(0x7f3e_fc00, 0x1e24_0000, Handler::new(to_integer)),
    // With a binary point.
    replace(0x7f3e_0000, 0x1e18_0000, Handler::new(to_integer)),
    replace(0x7f3e_0000, 0x1e02_0000, Handler::new(from_integer)),
    // To other formats: fcvt; to integral values: frintn ….
    replace(0xff3e_7c00, 0x1e22_4000, Handler::new(convert)),
    replace(0xff3c_7c00, 0x1e24_4000, Handler::new(round_scalar)),
    // fmax, fmin, fmaxnm, fminnm.
    replace(0xff20_cc00, 0x1e20_4800, Handler::new(extreme_scalar)),
    // Vectors to integral values and integers: their opcodes are 11000 to
    // 11100, and 11101 from integers.
    replace(0x9f3f_ec00, 0x0e21_8800, Handler::new(misc_vector)),
    replace(0x9f3f_ec00, 0x0e21_a800, Handler::new(misc_vector)),
    replace(0x9fbf_fc00, 0x0e21_c800, Handler::new(misc_vector)),
    replace(0x9fbf_fc00, 0x0e21_d800, Handler::new(misc_vector)),
    replace(0xdf3f_ec00, 0x5e21_a800, Handler::new(misc_vector)),
    replace(0xdfbf_fc00, 0x5e21_c800, Handler::new(misc_vector)),
    replace(0xdfbf_fc00, 0x5e21_d800, Handler::new(misc_vector)),
    // fcvtzs, fcvtzu, scvtf and ucvtf with a binary point: the size of lanes
    // is told by the highest bit that is set.
    replace(0x9fc0_fc00, 0x0f40_fc00, Handler::new(fixed_vector)),
    replace(0x9fa0_fc00, 0x0f20_fc00, Handler::new(fixed_vector)),
    replace(0x9f90_fc00, 0x0f10_fc00, Handler::new(fixed_vector)),
    replace(0x9fc0_fc00, 0x0f40_e400, Handler::new(fixed_vector)),
    replace(0x9fa0_fc00, 0x0f20_e400, Handler::new(fixed_vector)),
    replace(0x9f90_fc00, 0x0f10_e400, Handler::new(fixed_vector)),
    replace(0xdf80_fc00, 0x5f00_fc00, Handler::new(fixed_vector)),
    replace(0xdf80_fc00, 0x5f00_e400, Handler::new(fixed_vector)),
    // fmla, fmls.
    replace(0xbfa0_fc00, 0x0e20_cc00, Handler::new(fused_vector)),
    replace(0xbfa0_fc00, 0x0ea0_cc00, Handler::new(fused_vector)),
    replace(0xbf80_b400, 0x0f80_1000, Handler::new(fused_element)),
    replace(0xff80_b400, 0x5f80_1000, Handler::new(fused_element)),
];

macro_rules! binary {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            emulator.binary(op, |a, b, bits| $function(a, b, bits as usize / 8));
            Ok(())
        })
    };
}

macro_rules! pairwise {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            emulator.pairwise(op, |a, b, bits| $function(a, b, bits as usize / 8));
            Ok(())
        })
    };
}

macro_rules! across {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            emulator.across(op, |a, b, bits| $function(a, b, bits as usize / 8));
            Ok(())
        })
    };
}

pub(super) const TABLE: Table = &[
    ("NEON_fmax", binary!(|a, b, size| extreme(a, b, size, true, false))),
    ("NEON_fmin", binary!(|a, b, size| extreme(a, b, size, false, false))),
    ("NEON_fmaxnm", binary!(|a, b, size| extreme(a, b, size, true, true))),
    ("NEON_fminnm", binary!(|a, b, size| extreme(a, b, size, false, true))),
    ("NEON_fmaxp", pairwise!(|a, b, size| extreme(a, b, size, true, false))),
    ("NEON_fminp", pairwise!(|a, b, size| extreme(a, b, size, false, false))),
    ("NEON_fmaxnmp", pairwise!(|a, b, size| extreme(a, b, size, true, true))),
    ("NEON_fminnmp", pairwise!(|a, b, size| extreme(a, b, size, false, true))),
    ("NEON_fmaxv", across!(|a, b, size| extreme(a, b, size, true, false))),
    ("NEON_fminv", across!(|a, b, size| extreme(a, b, size, false, false))),
    ("NEON_fmaxnmv", across!(|a, b, size| extreme(a, b, size, true, true))),
    ("NEON_fminnmv", across!(|a, b, size| extreme(a, b, size, false, true))),
    ("NEON_fmulx", binary!(multiply_extended)),
    ("NEON_frecps", binary!(|a, b, size| step(a, b, size, 2))),
    ("NEON_frsqrts", binary!(|a, b, size| step(a, b, size, 3))),
    ("NEON_fcvtzs", Handler::new(|emulator, op| to_fixed(emulator, op, true))),
    ("NEON_fcvtzu", Handler::new(|emulator, op| to_fixed(emulator, op, false))),
    ("NEON_scvtf", Handler::new(|emulator, op| from_fixed(emulator, op, true))),
    ("NEON_ucvtf", Handler::new(|emulator, op| from_fixed(emulator, op, false))),
];

const NEAREST: Round = Round::NearestTiesToEven;

pub(super) const fn field(word: u32, low: u32, bits: u32) -> u32 {
    word >> low & ((1 << bits) - 1)
}

/// The rounding mode of a number, as in `fpcr` and in instructions.
const fn rounding(mode: u32) -> Round {
    match mode & 3 {
        0 => NEAREST,
        1 => Round::TowardPositive,
        2 => Round::TowardNegative,
        _ => Round::TowardZero,
    }
}

/// The size of the format that two bits of an instruction tell.
const fn format(bits: u32) -> Result<usize, Halt> {
    match bits {
        0 => Ok(4),
        1 => Ok(8),
        3 => Ok(2),
        _ => Err(Halt::Invalid),
    }
}

impl NativeEmulator {
    fn current_rounding(&self) -> Round {
        rounding((self.user_register("fpcr") >> 22) as u32)
    }

    pub(super) fn vector_register(&self, number: u32) -> u128 {
        self.user_register(&format!("q{number}"))
    }

    /// Sets a vector register; what is above it becomes zero.
    pub(super) fn set_vector_register(&mut self, number: u32, value: u128) {
        self.set_user_register(&format!("z{number}"), value);
    }

    fn general_register(&self, number: u32) -> u128 {
        if number == 31 { 0 } else { self.user_register(&format!("x{number}")) }
    }

    fn set_general_register(&mut self, number: u32, value: u128) {
        if number != 31 {
            self.set_user_register(&format!("x{number}"), value);
        }
    }
}

const fn sign(size: usize) -> u128 {
    1 << (8 * size - 1)
}

/// The greater or smaller of two; with `number`, a quiet NaN loses against a
/// number (Arm ARM, FPMax, FPMaxNum).
fn extreme(a: u128, b: u128, size: usize, greater: bool, number: bool) -> u128 {
    let quiet = |value| is_nan(size, value) && !is_signalling(size, value);
    if number && quiet(a) && !is_nan(size, b) {
        return b;
    }
    if number && quiet(b) && !is_nan(size, a) {
        return a;
    }
    if is_nan(size, a) || is_nan(size, b) {
        return nan_of(size, &[a, b], NanRule::SignallingFirst);
    }
    let below = |value: u128| (order(size, value), value & sign(size) == 0);
    if (below(a) < below(b)) == greater { b } else { a }
}

/// The default NaN of a size, from which the other constants are made.
fn infinity(size: usize) -> u128 {
    let nan = nan_of(size, &[], NanRule::Default);
    nan & nan << 1
}

fn integer_as_float(value: i128, size: usize) -> u128 {
    exact::from_integer(value, size, 0, NEAREST).0
}

/// A product in which infinity times zero is two.
fn multiply_extended(a: u128, b: u128, size: usize) -> u128 {
    let magnitude = |value: u128| value & !sign(size);
    let pair = [magnitude(a), magnitude(b)];
    if pair.contains(&0) && pair.contains(&infinity(size)) {
        return integer_as_float(2, size) | (a ^ b) & sign(size);
    }
    exact::compute(Arithmetic::Multiply, size, [a, b, 0], NEAREST, NanRule::SignallingFirst).0
}

/// A step of Newton's method: 2 - a * b, or (3 - a * b) / 2.
fn step(a: u128, b: u128, size: usize, from: i128) -> u128 {
    let magnitude = |value: u128| value & !sign(size);
    let pair = [magnitude(a), magnitude(b)];
    let constant = integer_as_float(from, size);
    let result = if pair.contains(&0) && pair.contains(&infinity(size)) {
        constant
    } else {
        let operands = [a ^ sign(size), b, constant];
        let rule = NanRule::SignallingFirst;
        let result = exact::compute(Arithmetic::MultiplyAdd, size, operands, NEAREST, rule).0;
        if is_nan(size, result) || from == 2 {
            return result;
        }
        // Halved before it is rounded: the product of the wider format is
        // exact.
        let wide = operands.map(|value| exact::convert(value, size, 16, NEAREST).0);
        let sum = exact::compute(Arithmetic::MultiplyAdd, 16, wide, NEAREST, rule).0;
        return exact::convert(exact::scale(sum, 16, -1), 16, size, NEAREST).0;
    };
    if from == 3 { exact::scale(result, size, -1) } else { result }
}

fn multiply_add(a: u128, b: u128, c: u128, size: usize, round: Round) -> u128 {
    exact::compute(Arithmetic::MultiplyAdd, size, [a, b, c], round, NanRule::SignallingFirst).0
}

fn fused(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let size = format(field(word, 22, 2))?;
    let bits = mask(8 * size as u32);
    let round = emulator.current_rounding();
    let [n, m, a] = [5, 16, 10].map(|low| emulator.vector_register(field(word, low, 5)) & bits);
    // fmadd, fmsub, fnmadd, fnmsub: NaNs are negated too.
    let negated = |value: u128| value ^ sign(size);
    let (minus_product, minus_sum) = (field(word, 15, 1) != field(word, 21, 1), field(word, 21, 1) == 1);
    let value = multiply_add(
        if minus_product { negated(n) } else { n },
        m,
        if minus_sum { negated(a) } else { a },
        size,
        round,
    );
    emulator.set_vector_register(field(word, 0, 5), value);
    Ok(())
}

/// The fraction bits of an instruction: none, or those of a binary point.
const fn fraction(word: u32) -> i32 {
    if field(word, 21, 1) == 1 { 0 } else { 64 - field(word, 10, 6) as i32 }
}

/// To an integer after a multiplication with a power of two.
fn fixed(value: u128, size: usize, fraction: i32, bits: usize, is_signed: bool, round: Round) -> u128 {
    if fraction == 0 {
        return exact::to_integer(value, size, bits, is_signed, round).0;
    }
    // In a format in which the product is exact.
    let wide = exact::convert(value, size, 16, NEAREST).0;
    exact::to_integer(exact::scale(wide, 16, fraction), 16, bits, is_signed, round).0
}

fn to_integer(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let size = format(field(word, 22, 2))?;
    let bits = if field(word, 31, 1) == 1 { 64 } else { 32 };
    let round = if field(word, 16, 3) >= 4 { Round::NearestTiesToAway } else { rounding(field(word, 19, 2)) };
    let value = emulator.vector_register(field(word, 5, 5)) & mask(8 * size as u32);
    let value = fixed(value, size, fraction(word), bits, field(word, 16, 1) == 0, round);
    emulator.set_general_register(field(word, 0, 5), value);
    Ok(())
}

fn from_integer(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let size = format(field(word, 22, 2))?;
    let bits = if field(word, 31, 1) == 1 { 64 } else { 32 };
    let value = emulator.general_register(field(word, 5, 5)) & mask(bits);
    let value = if field(word, 16, 1) == 0 { signed(value, bits) } else { value as i128 };
    let round = emulator.current_rounding();
    emulator
        .set_vector_register(field(word, 0, 5), exact::from_integer(value, size, fraction(word), round).0);
    Ok(())
}

fn convert(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let (from, to) = (format(field(word, 22, 2))?, format(field(word, 15, 2))?);
    if from == to {
        return Err(Halt::Invalid);
    }
    let value = emulator.vector_register(field(word, 5, 5)) & mask(8 * from as u32);
    let value = if is_nan(from, value) {
        // The payload is kept.
        operate(OpCode::FloatFloat2Float, value, 0, from as u32, to as u32, NanRule::SignallingFirst)
            .unwrap_or(0)
    } else {
        exact::convert(value, from, to, emulator.current_rounding()).0
    };
    emulator.set_vector_register(field(word, 0, 5), value);
    Ok(())
}

fn round_scalar(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let size = format(field(word, 22, 2))?;
    let round = match field(word, 15, 3) {
        mode @ 0..=3 => rounding(mode),
        4 => Round::NearestTiesToAway,
        6 | 7 => emulator.current_rounding(),
        _ => return Err(Halt::Invalid),
    };
    let value = emulator.vector_register(field(word, 5, 5)) & mask(8 * size as u32);
    let value = exact::to_integral(value, size, round, NanRule::SignallingFirst).0;
    emulator.set_vector_register(field(word, 0, 5), value);
    Ok(())
}

fn extreme_scalar(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let size = format(field(word, 22, 2))?;
    let bits = mask(8 * size as u32);
    let [a, b] = [5, 16].map(|low| emulator.vector_register(field(word, low, 5)) & bits);
    let value = extreme(a, b, size, field(word, 12, 1) == 0, field(word, 13, 1) == 1);
    emulator.set_vector_register(field(word, 0, 5), value);
    Ok(())
}

/// The lanes of a vector instruction of floating point: their size, and how
/// many there are.
const fn shape(word: u32) -> (usize, u32) {
    let size = if field(word, 22, 1) == 1 { 8 } else { 4 };
    let whole = if field(word, 30, 1) == 1 { 16 } else { 8 };
    (size, if field(word, 28, 1) == 1 { 1 } else { whole / size as u32 })
}

fn misc_vector(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    // Of scalars, bits 28 and 30 are set.
    let (size, count) = shape(word);
    if count == 1 && field(word, 28, 1) == 0 {
        return Err(Halt::Invalid);
    }
    let (unsigned, upper, opcode) = (field(word, 29, 1), field(word, 23, 1), field(word, 12, 5));
    let round = match opcode {
        0x18 if unsigned == 1 => Round::NearestTiesToAway,
        0x18 => {
            if upper == 1 {
                Round::TowardPositive
            } else {
                NEAREST
            }
        }
        0x19 => match (unsigned, upper) {
            (0, 0) => Round::TowardNegative,
            (0, _) => Round::TowardZero,
            _ => emulator.current_rounding(),
        },
        0x1a => {
            if upper == 1 {
                Round::TowardPositive
            } else {
                NEAREST
            }
        }
        0x1b => {
            if upper == 1 {
                Round::TowardZero
            } else {
                Round::TowardNegative
            }
        }
        0x1c => Round::NearestTiesToAway,
        _ => emulator.current_rounding(),
    };
    let source = emulator.vector_register(field(word, 5, 5));
    let bits = 8 * size as u32;
    let value = vector(count, bits, |index| {
        let value = lane(source, index, bits);
        match opcode {
            0x18 | 0x19 => exact::to_integral(value, size, round, NanRule::SignallingFirst).0,
            0x1d => {
                let value = if unsigned == 0 { signed(value, bits) } else { value as i128 };
                exact::from_integer(value, size, 0, round).0
            }
            _ => exact::to_integer(value, size, bits as usize, unsigned == 0, round).0,
        }
    });
    emulator.set_vector_register(field(word, 0, 5), value);
    Ok(())
}

/// With a binary point, which an immediate tells together with the size.
fn fixed_vector(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let code = field(word, 16, 7);
    let bits = match code {
        0x40.. => 64,
        0x20.. => 32,
        0x10.. => 16,
        _ => return Err(Halt::Invalid),
    };
    let fraction = (2 * bits - code) as i32;
    let whole = if field(word, 30, 1) == 1 { 128 } else { 64 };
    let count = if field(word, 28, 1) == 1 { 1 } else { whole / bits };
    let (is_signed, size) = (field(word, 29, 1) == 0, bits as usize / 8);
    let (source, round) = (emulator.vector_register(field(word, 5, 5)), emulator.current_rounding());
    let value = vector(count, bits, |index| {
        let value = lane(source, index, bits);
        if field(word, 11, 1) == 1 {
            fixed(value, size, fraction, bits as usize, is_signed, Round::TowardZero)
        } else {
            let value = if is_signed { signed(value, bits) } else { value as i128 };
            exact::from_integer(value, size, fraction, round).0
        }
    });
    emulator.set_vector_register(field(word, 0, 5), value);
    Ok(())
}

fn fused_vector(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let (size, count) = shape(word);
    if count == 1 {
        return Err(Halt::Invalid);
    }
    let [n, m, d] = [5, 16, 0].map(|low| emulator.vector_register(field(word, low, 5)));
    accumulate(emulator, word, (size, count), field(word, 23, 1) == 1, [n, m, d], None);
    Ok(())
}

fn fused_element(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let (size, count) = shape(word);
    let high = field(word, 11, 1);
    let index = if size == 8 { high } else { high << 1 | field(word, 21, 1) };
    if size == 8 && field(word, 21, 1) == 1 {
        return Err(Halt::Invalid);
    }
    let m = emulator.vector_register(field(word, 16, 5));
    let [n, d] = [5, 0].map(|low| emulator.vector_register(field(word, low, 5)));
    accumulate(emulator, word, (size, count), field(word, 14, 1) == 1, [n, m, d], Some(index));
    Ok(())
}

/// Adds products of lanes, or of lanes and one lane.
fn accumulate(
    emulator: &mut NativeEmulator,
    word: u32,
    (size, count): (usize, u32),
    minus: bool,
    [n, m, d]: [u128; 3],
    index_of_m: Option<u32>,
) {
    let bits = 8 * size as u32;
    let round = emulator.current_rounding();
    let value = vector(count, bits, |index| {
        let factor = lane(n, index, bits);
        let factor = if minus { factor ^ sign(size) } else { factor };
        multiply_add(factor, lane(m, index_of_m.unwrap_or(index), bits), lane(d, index, bits), size, round)
    });
    emulator.set_vector_register(field(word, 0, 5), value);
}

/// The size of lanes and the fraction bits of a conversion: an immediate that
/// may be left out is before the size.
fn fixed_shape(emulator: &NativeEmulator, op: &UserOp) -> (usize, i32) {
    let whole = NativeEmulator::user_input_size(op, 0);
    match op.inputs.len() {
        1 => (whole, 0),
        2 => (whole, emulator.user_input(op, 1) as i32),
        _ => (emulator.user_input(op, 2) as usize, emulator.user_input(op, 1) as i32),
    }
}

fn to_fixed(emulator: &mut NativeEmulator, op: &UserOp, is_signed: bool) -> Result<(), Halt> {
    let (size, fraction) = fixed_shape(emulator, op);
    let size = size.clamp(1, 8);
    let count = (NativeEmulator::user_input_size(op, 0) / size) as u32;
    let source = emulator.user_input(op, 0);
    let bits = 8 * size as u32;
    let value = vector(count, bits, |index| {
        fixed(lane(source, index, bits), size, fraction, bits as usize, is_signed, Round::TowardZero)
    });
    emulator.set_user_result(op, value);
    Ok(())
}

fn from_fixed(emulator: &mut NativeEmulator, op: &UserOp, is_signed: bool) -> Result<(), Halt> {
    let (size, fraction) = fixed_shape(emulator, op);
    let size = size.clamp(1, 8);
    let count = (NativeEmulator::user_input_size(op, 0) / size) as u32;
    let source = emulator.user_input(op, 0);
    let (bits, round) = (8 * size as u32, emulator.current_rounding());
    let value = vector(count, bits, |index| {
        let value = lane(source, index, bits);
        let value = if is_signed { signed(value, bits) } else { value as i128 };
        exact::from_integer(value, size, fraction, round).0
    });
    emulator.set_user_result(op, value);
    Ok(())
}
