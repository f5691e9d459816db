//! ARM: Advanced SIMD (Arm ARM, A7), which the specification leaves to the
//! emulator for the most part. Thumb code has the same instructions with
//! another first byte, see [`normalized`].

use rustc_apfloat::Round;

use super::{
    Handler,
    lanes::{lane, mask, saturate, shift, signed, vector},
};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    exact::{self, Arithmetic},
    float::{NanRule, is_nan, order},
    halt::Halt,
    overrides::Override,
};

const NEAREST: Round = Round::NearestTiesToEven;
/// The cumulative saturation flag in `fpscr`.
const SATURATED: u128 = 1 << 27;
const DEFAULT_NAN: u128 = 0x7fc0_0000;

const fn row(mask: u32, value: u32, handler: Handler) -> Override {
    Override { mask: 0xfe00_0000 | mask, value: 0xf200_0000 | value, handler }
}

pub(crate) const OVERRIDES: &[Override] = &[
    // Three registers of the same length: integers, then singles.
    row(0x0080_0800, 0, Handler::new(three_same)),
    row(0x0080_0c00, 0x0000_0800, Handler::new(three_same)),
    row(0x0090_0c10, 0x0000_0c10, Handler::new(three_same_float)),
    row(0x0090_0d00, 0x0000_0d00, Handler::new(three_same_float)),
    row(0x0090_0e10, 0x0000_0e00, Handler::new(three_same_float)),
    // Shifts by an immediate.
    row(0x00a0_0010, 0x00a0_0010, Handler::new(shift_immediate)),
    row(0x0090_0010, 0x0090_0010, Handler::new(shift_immediate)),
    row(0x0088_0010, 0x0088_0010, Handler::new(shift_immediate)),
    row(0x0080_0090, 0x0080_0090, Handler::new(shift_immediate)),
    // Two registers; with a table; of another length; with a scalar.
    row(0x01b3_0c10, 0x01b3_0400, Handler::new(misc_convert)),
    row(0x01b0_0810, 0x01b0_0000, Handler::new(super::neon_misc::misc)),
    row(0x01b0_0c10, 0x01b0_0800, Handler::new(table_lookup)),
    row(0x00a0_0050, 0x0080_0000, Handler::new(three_different)),
    row(0x00b0_0050, 0x00a0_0000, Handler::new(three_different)),
    row(0x00a0_0050, 0x0080_0040, Handler::new(with_scalar)),
    row(0x00b0_0050, 0x00a0_0040, Handler::new(with_scalar)),
];

/// An instruction.
#[derive(Clone, Copy)]
pub(super) struct Word(pub(super) u32);

impl Word {
    pub(super) const fn field(self, low: u32, bits: u32) -> u32 {
        self.0 >> low & ((1 << bits) - 1)
    }

    pub(super) const fn unsigned(self) -> bool {
        self.field(24, 1) == 1
    }

    pub(super) const fn quad(self) -> bool {
        self.field(6, 1) == 1
    }

    pub(super) const fn d(self) -> u32 {
        self.field(22, 1) << 4 | self.field(12, 4)
    }

    const fn n(self) -> u32 {
        self.field(7, 1) << 4 | self.field(16, 4)
    }

    pub(super) const fn m(self) -> u32 {
        self.field(5, 1) << 4 | self.field(0, 4)
    }
}

impl NativeEmulator {
    pub(super) fn neon(&self, number: u32, quad: bool) -> u128 {
        let low = self.user_register(&format!("d{number}"));
        if quad { low | self.user_register(&format!("d{}", (number + 1) & 31)) << 64 } else { low }
    }

    pub(super) fn set_neon(&mut self, number: u32, quad: bool, value: u128) {
        self.set_user_register(&format!("d{number}"), value & mask(64));
        if quad {
            self.set_user_register(&format!("d{}", (number + 1) & 31), value >> 64);
        }
    }

    pub(super) fn neon_saturated(&mut self, saturated: bool) {
        if saturated {
            let old = self.user_register("fpscr");
            self.set_user_register("fpscr", old | SATURATED);
        }
    }
}

fn number(value: u128, bits: u32, is_signed: bool) -> i128 {
    if is_signed { signed(value, bits) } else { value as i128 }
}

pub(super) const fn truth(holds: bool) -> u128 {
    if holds { u128::MAX } else { 0 }
}

fn carryless(a: u128, b: u128, bits: u32) -> u128 {
    (0..bits).filter(|bit| b >> bit & 1 != 0).fold(0, |product, bit| product ^ a << bit)
}

fn three_same(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let (quad, unsigned, size) = (word.quad(), word.unsigned(), word.field(20, 2));
    let [a, b, d] = [word.n(), word.m(), word.d()].map(|number| emulator.neon(number, quad));
    let (opcode, second) = (word.field(8, 4), word.field(4, 1) == 1);
    let bits = 8 << size;
    let count = if quad { 128 } else { 64 } / bits;
    if opcode == 1 && second {
        let value = match (unsigned, size) {
            (false, 0) => a & b,
            (false, 1) => a & !b,
            (false, 2) => a | b,
            (false, _) => a | !b,
            (true, 0) => a ^ b,
            (true, 1) => d & a | !d & b,
            (true, 2) => d & !b | a & b,
            (true, _) => d & b | a & !b,
        };
        emulator.set_neon(word.d(), quad, value);
        return Ok(());
    }
    let is_signed = !unsigned;
    let mut saturated = false;
    let mut near = |wide: i128, is_signed: bool| {
        let (value, other) = saturate(wide, bits, is_signed);
        saturated |= other;
        value
    };
    let mut each = |a: u128, b: u128, d: u128| -> Option<u128> {
        let (x, y) = (number(a, bits, is_signed), number(b, bits, is_signed));
        let (p, q) = (signed(a, bits), signed(b, bits));
        Some(match (opcode, second) {
            (0, false) => ((x + y) >> 1) as u128,
            (0, true) => near(x + y, is_signed),
            (1, _) => ((x + y + 1) >> 1) as u128,
            (2, false) => ((x - y) >> 1) as u128,
            (2, true) => near(x - y, is_signed),
            (3, false) => truth(x > y),
            (3, true) => truth(x >= y),
            // The first operand is the amount: of a lane, the lowest byte.
            (4, false) => shift(y, (a as u8 as i8).into(), false) as u128,
            (4, true) => near(shift(y, (a as u8 as i8).into(), false), is_signed),
            (5, false) => shift(y, (a as u8 as i8).into(), true) as u128,
            (5, true) => near(shift(y, (a as u8 as i8).into(), true), is_signed),
            (6, false) => x.max(y) as u128,
            (6, true) => x.min(y) as u128,
            (7, false) => x.abs_diff(y),
            (7, true) => d.wrapping_add(x.abs_diff(y)),
            (8, false) => {
                if unsigned {
                    a.wrapping_sub(b)
                } else {
                    a.wrapping_add(b)
                }
            }
            (8, true) => truth(if unsigned { a == b } else { a & b != 0 }),
            (9, false) => {
                let product = a.wrapping_mul(b);
                if unsigned { d.wrapping_sub(product) } else { d.wrapping_add(product) }
            }
            (9, true) => {
                if unsigned {
                    carryless(a, b, bits)
                } else {
                    a.wrapping_mul(b)
                }
            }
            (11, false) => {
                let bias = if unsigned { 1 << (bits - 1) } else { 0 };
                near((2 * p * q + bias) >> bits, true)
            }
            _ => return None,
        })
    };
    let value = if matches!((opcode, second), (10, _) | (11, true)) {
        let pair = |x: u128, y: u128| match (opcode, second) {
            (10, false) => number(x, bits, is_signed).max(number(y, bits, is_signed)) as u128,
            (10, true) => number(x, bits, is_signed).min(number(y, bits, is_signed)) as u128,
            _ => x.wrapping_add(y),
        };
        vector(count, bits, |index| {
            let half = count / 2;
            let (source, first) = if index < half { (a, 2 * index) } else { (b, 2 * (index - half)) };
            pair(lane(source, first, bits), lane(source, first + 1, bits))
        })
    } else {
        let mut all = true;
        let value = vector(count, bits, |index| {
            let result = each(lane(a, index, bits), lane(b, index, bits), lane(d, index, bits));
            all &= result.is_some();
            result.unwrap_or(0)
        });
        if !all {
            return Err(Halt::Invalid);
        }
        value
    };
    emulator.set_neon(word.d(), quad, value);
    emulator.neon_saturated(saturated);
    Ok(())
}

/// A denormal is zero to Advanced SIMD.
const fn flushed(value: u128) -> u128 {
    if value & 0x7f80_0000 == 0 { value & 0x8000_0000 } else { value }
}

fn compute(what: Arithmetic, operands: [u128; 3]) -> u128 {
    flushed(exact::compute(what, 4, operands.map(flushed), NEAREST, NanRule::Default).0)
}

fn float_extreme(a: u128, b: u128, greater: bool) -> u128 {
    let (a, b) = (flushed(a), flushed(b));
    if is_nan(4, a) || is_nan(4, b) {
        return DEFAULT_NAN;
    }
    let below = |value: u128| (order(4, value), value >> 31 == 0);
    if (below(a) < below(b)) == greater { b } else { a }
}

pub(super) fn float_compare(a: u128, b: u128, test: fn(i128, i128) -> bool) -> u128 {
    let (a, b) = (flushed(a), flushed(b));
    truth(!is_nan(4, a) && !is_nan(4, b) && test(order(4, a), order(4, b)))
}

/// A step of Newton's method: 2 - a * b, or (3 - a * b) / 2.
fn step(a: u128, b: u128, from: i128) -> u128 {
    let magnitudes = [flushed(a) & 0x7fff_ffff, flushed(b) & 0x7fff_ffff];
    let constant = exact::from_integer(from, 4, 0, NEAREST).0;
    let result = if magnitudes.contains(&0) && magnitudes.contains(&0x7f80_0000) {
        constant
    } else {
        let product = compute(Arithmetic::Multiply, [a, b, 0]);
        compute(Arithmetic::Subtract, [constant, product, 0])
    };
    if from == 3 && !is_nan(4, result) { flushed(exact::scale(result, 4, -1)) } else { result }
}

fn three_same_float(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let (quad, unsigned, upper) = (word.quad(), word.unsigned(), word.field(21, 1) == 1);
    let [a, b, d] = [word.n(), word.m(), word.d()].map(|number| emulator.neon(number, quad));
    let count = if quad { 4 } else { 2 };
    let (opcode, second) = (word.field(8, 4), word.field(4, 1) == 1);
    let absolute = |value: u128| value & 0x7fff_ffff;
    let each = |a: u128, b: u128, d: u128| -> Option<u128> {
        Some(match (opcode, second, unsigned, upper) {
            (12, true, false, minus) => {
                let a = if minus && !is_nan(4, a) { a ^ 1 << 31 } else { a };
                compute(Arithmetic::MultiplyAdd, [a, b, d])
            }
            (13, false, false, false) | (13, false, true, false) => compute(Arithmetic::Add, [a, b, 0]),
            (13, false, false, true) => compute(Arithmetic::Subtract, [a, b, 0]),
            (13, false, true, true) => absolute(compute(Arithmetic::Subtract, [a, b, 0])),
            (13, true, false, minus) => {
                let product = compute(Arithmetic::Multiply, [a, b, 0]);
                compute(if minus { Arithmetic::Subtract } else { Arithmetic::Add }, [d, product, 0])
            }
            (13, true, true, false) => compute(Arithmetic::Multiply, [a, b, 0]),
            (14, false, false, false) => float_compare(a, b, |a, b| a == b),
            (14, false, true, false) => float_compare(a, b, |a, b| a >= b),
            (14, false, true, true) => float_compare(a, b, |a, b| a > b),
            (14, true, true, false) => float_compare(absolute(a), absolute(b), |a, b| a >= b),
            (14, true, true, true) => float_compare(absolute(a), absolute(b), |a, b| a > b),
            (15, false, _, smaller) => float_extreme(a, b, !smaller),
            (15, true, false, false) => step(a, b, 2),
            (15, true, false, true) => step(a, b, 3),
            _ => return None,
        })
    };
    let pairwise = matches!((opcode, second, unsigned), (13 | 15, false, true)) && !(opcode == 13 && upper);
    let mut all = true;
    let value = vector(count, 32, |index| {
        let (x, y) = if pairwise {
            let half = count / 2;
            let (source, first) = if index < half { (a, 2 * index) } else { (b, 2 * (index - half)) };
            (lane(source, first, 32), lane(source, first + 1, 32))
        } else {
            (lane(a, index, 32), lane(b, index, 32))
        };
        let result = each(x, y, lane(d, index, 32));
        all &= result.is_some();
        result.unwrap_or(0)
    });
    if !all {
        return Err(Halt::Invalid);
    }
    emulator.set_neon(word.d(), quad, value);
    Ok(())
}

fn shift_immediate(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let (quad, unsigned, opcode) = (word.quad(), word.unsigned(), word.field(8, 4));
    // The highest bit that is set tells the size of lanes.
    let code = word.field(7, 1) << 6 | word.field(16, 6);
    let bits = match code {
        0x40.. => 64,
        0x20.. => 32,
        0x10.. => 16,
        0x08.. => 8,
        _ => return Err(Halt::Invalid),
    };
    let (left, right) = ((code & (bits - 1)) as i32, (2 * bits - code) as i32);
    let is_signed = !unsigned;
    let mut saturated = false;
    let mut near = |wide: i128, bits: u32, is_signed: bool| {
        let (value, other) = saturate(wide, bits, is_signed);
        saturated |= other;
        value
    };
    match opcode {
        8 | 9 if bits < 64 => {
            // To lanes of half the size; `bits` is the size of the results.
            let source = emulator.neon(word.m(), true);
            let rounds = quad;
            let value = vector(64 / bits, bits, |index| {
                let value = lane(source, index, 2 * bits);
                let (from, to, saturates) = match (opcode, unsigned) {
                    (8, false) => (false, false, false),
                    (8, true) => (true, false, true),
                    _ => (is_signed, is_signed, true),
                };
                let wide = shift(number(value, 2 * bits, from), -right, rounds);
                if saturates { near(wide, bits, to) } else { wide as u128 }
            });
            emulator.set_neon(word.d(), false, value);
        }
        10 if bits < 64 => {
            let source = emulator.neon(word.m(), false);
            let value = vector(64 / bits, 2 * bits, |index| {
                shift(number(lane(source, index, bits), bits, is_signed), left, false) as u128
            });
            emulator.set_neon(word.d(), true, value);
        }
        14 | 15 if code & 0x60 == 0x20 => {
            let fraction = (64 - word.field(16, 6)) as i32;
            let source = emulator.neon(word.m(), quad);
            let value = vector(if quad { 4 } else { 2 }, 32, |index| {
                let value = lane(source, index, 32);
                if opcode == 14 {
                    exact::from_integer(number(value, 32, is_signed), 4, fraction, NEAREST).0
                } else {
                    let wide = exact::convert(flushed(value), 4, 8, NEAREST).0;
                    exact::to_integer(exact::scale(wide, 8, fraction), 8, 32, is_signed, Round::TowardZero).0
                }
            });
            emulator.set_neon(word.d(), quad, value);
        }
        0..=7 => {
            let (source, old) = (emulator.neon(word.m(), quad), emulator.neon(word.d(), quad));
            let value = vector(if quad { 128 } else { 64 } / bits, bits, |index| {
                let (value, old) = (lane(source, index, bits), lane(old, index, bits));
                let wide = number(value, bits, is_signed);
                match (opcode, unsigned) {
                    (0, _) => shift(wide, -right, false) as u128,
                    (1, _) => old.wrapping_add(shift(wide, -right, false) as u128),
                    (2, _) => shift(wide, -right, true) as u128,
                    (3, _) => old.wrapping_add(shift(wide, -right, true) as u128),
                    (4, _) => {
                        let filled = mask(bits) >> right;
                        old & !filled | value >> right & filled
                    }
                    (5, false) => value << left,
                    (5, true) => old & !(mask(bits) << left) | value << left,
                    (6, _) => near(shift(signed(value, bits), left, false), bits, false),
                    _ => near(shift(wide, left, false), bits, is_signed),
                }
            });
            emulator.set_neon(word.d(), quad, value);
        }
        _ => return Err(Halt::Invalid),
    }
    emulator.neon_saturated(saturated);
    Ok(())
}

fn three_different(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let opcode = word.field(8, 4);
    let (a, b) = (
        emulator.neon(word.n(), matches!(opcode, 1 | 3 | 4 | 6)),
        emulator.neon(word.m(), matches!(opcode, 4 | 6)),
    );
    long(emulator, word, opcode, a, |index, bits| lane(b, index, bits))
}

/// Operations on lanes and lanes of twice the size.
fn long(
    emulator: &mut NativeEmulator,
    word: Word,
    opcode: u32,
    a: u128,
    b: impl Fn(u32, u32) -> u128,
) -> Result<(), Halt> {
    let (unsigned, bits) = (word.unsigned(), 8 << word.field(20, 2));
    let is_signed = !unsigned;
    let d = emulator.neon(word.d(), true);
    let mut saturated = false;
    let mut near = |wide: i128| {
        let (value, other) = saturate(wide, 2 * bits, true);
        saturated |= other;
        value
    };
    if matches!(opcode, 4 | 6) {
        // The upper halves of sums or differences.
        let value = vector(64 / bits, bits, |index| {
            let (x, y) = (lane(a, index, 2 * bits), b(index, 2 * bits));
            let result = if opcode == 4 { x.wrapping_add(y) } else { x.wrapping_sub(y) };
            let bias = if unsigned { 1 << (bits - 1) } else { 0 };
            result.wrapping_add(bias) >> bits
        });
        emulator.set_neon(word.d(), false, value);
        return Ok(());
    }
    let value = vector(64 / bits, 2 * bits, |index| {
        let wide = matches!(opcode, 1 | 3);
        let x = if wide {
            lane(a, index, 2 * bits) as i128
        } else {
            number(lane(a, index, bits), bits, is_signed)
        };
        let (low, old) = (b(index, bits), lane(d, index, 2 * bits));
        let y = number(low, bits, is_signed);
        let double = || near_double(lane(a, index, bits), low, bits);
        match opcode {
            0 | 1 => (x + y) as u128,
            2 | 3 => (x - y) as u128,
            5 => old.wrapping_add(x.abs_diff(y)),
            7 => x.abs_diff(y),
            8 => old.wrapping_add((x * y) as u128),
            10 => old.wrapping_sub((x * y) as u128),
            9 => near(signed(old, 2 * bits) + double()),
            11 => near(signed(old, 2 * bits) - double()),
            13 => near(2 * signed(lane(a, index, bits), bits) * signed(low, bits)),
            14 => carryless(lane(a, index, bits), low, bits),
            _ => (x * y) as u128,
        }
    });
    emulator.set_neon(word.d(), true, value);
    emulator.neon_saturated(saturated);
    Ok(())
}

/// Twice a product, saturated.
fn near_double(a: u128, b: u128, bits: u32) -> i128 {
    let (value, _) = saturate(2 * signed(a, bits) * signed(b, bits), 2 * bits, true);
    signed(value, 2 * bits)
}

fn with_scalar(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let (opcode, size) = (word.field(8, 4), word.field(20, 2));
    let (bits, m) = (8 << size, word.m());
    let scalar = match size {
        1 => lane(emulator.neon(m & 7, false), m >> 3, 16),
        2 => lane(emulator.neon(m & 15, false), m >> 4, 32),
        _ => return Err(Halt::Invalid),
    };
    // Those of twice the length, as with three registers.
    let long_opcode = match opcode {
        2 => Some(8),
        3 => Some(9),
        6 => Some(10),
        7 => Some(11),
        10 => Some(12),
        11 => Some(13),
        _ => None,
    };
    if let Some(opcode) = long_opcode {
        let a = emulator.neon(word.n(), false);
        return long(emulator, word, opcode, a, |_, _| scalar);
    }
    // The bit that is the length elsewhere tells the size of registers here.
    let quad = word.unsigned();
    let (a, d) = (emulator.neon(word.n(), quad), emulator.neon(word.d(), quad));
    let mut saturated = false;
    let value = vector(if quad { 128 } else { 64 } / bits, bits, |index| {
        let (a, d) = (lane(a, index, bits), lane(d, index, bits));
        match opcode {
            0 => d.wrapping_add(a.wrapping_mul(scalar)),
            4 => d.wrapping_sub(a.wrapping_mul(scalar)),
            8 => a.wrapping_mul(scalar),
            1 => compute(Arithmetic::Add, [d, compute(Arithmetic::Multiply, [a, scalar, 0]), 0]),
            5 => compute(Arithmetic::Subtract, [d, compute(Arithmetic::Multiply, [a, scalar, 0]), 0]),
            9 => compute(Arithmetic::Multiply, [a, scalar, 0]),
            _ => {
                let bias = if opcode == 13 { 1 << (bits - 1) } else { 0 };
                let (value, other) =
                    saturate((2 * signed(a, bits) * signed(scalar, bits) + bias) >> bits, bits, true);
                saturated |= other;
                value
            }
        }
    });
    emulator.set_neon(word.d(), quad, value);
    emulator.neon_saturated(saturated);
    Ok(())
}

/// The table is one to four registers; the indices are in the last.
fn table_lookup(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let registers = word.field(8, 2) + 1;
    let keeps = word.quad();
    let table: Vec<u8> = (0..registers)
        .flat_map(|index| (emulator.neon((word.n() + index) & 31, false) as u64).to_le_bytes())
        .collect();
    let (indices, old) = (emulator.neon(word.m(), false), emulator.neon(word.d(), false));
    let value = vector(8, 8, |index| match table.get(lane(indices, index, 8) as usize) {
        Some(byte) => u128::from(*byte),
        None if keeps => lane(old, index, 8),
        None => 0,
    });
    emulator.set_neon(word.d(), false, value);
    Ok(())
}

/// Between singles and integers, and estimates.
fn misc_convert(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let quad = word.quad();
    let source = emulator.neon(word.m(), quad);
    if word.field(18, 2) != 2 || word.field(9, 1) == 0 {
        return Err(Halt::Missing("vrecpe or vrsqrte".to_owned()));
    }
    let (unsigned, to_integer) = (word.field(7, 1) == 1, word.field(8, 1) == 1);
    let value = vector(if quad { 4 } else { 2 }, 32, |index| {
        let value = lane(source, index, 32);
        if to_integer {
            exact::to_integer(flushed(value), 4, 32, !unsigned, Round::TowardZero).0
        } else {
            exact::from_integer(number(value, 32, !unsigned), 4, 0, NEAREST).0
        }
    });
    emulator.set_neon(word.d(), quad, value);
    Ok(())
}
