//! Floating point of vectors, and of scalars that have the instructions of
//! vectors (Arm ARM, C4.1.96, "Advanced SIMD …").

use std::cmp::Ordering::{Equal, Greater};

use super::super::{
    Word,
    float::{DOUBLE, Env, Format, HALF, Mode, SINGLE, fixed_inverse, fixed_inverse_root},
    lanes::{lane, mask, neighbours, signed, truth, vector},
    rows,
};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(super) const ROWS: &[Override] = rows![
    // Three registers: vectors, scalars; half precision.
    0x9f20_c400, 0x0e20_c400 => three_same,
    0xdf20_c400, 0x5e20_c400 => three_same,
    0x9f60_c400, 0x0e40_0400 => three_same_half,
    0xdf60_c400, 0x5e40_0400 => three_same_half,
    // Two registers. Their opcodes are 01100 to 01111 with bit 23, 1011x,
    // 11xxx.
    0x9fbf_cc00, 0x0ea0_c800 => two_registers,
    0x9f3f_ec00, 0x0e21_6800 => two_registers,
    0x9f3f_8c00, 0x0e21_8800 => two_registers,
    0xdfbf_cc00, 0x5ea0_c800 => two_registers,
    0xdf3f_ec00, 0x5e21_6800 => two_registers,
    0xdf3f_8c00, 0x5e21_8800 => two_registers,
    0x9f7e_0c00, 0x0e78_0800 => two_registers_half,
    0xdf7e_0c00, 0x5e78_0800 => two_registers_half,
    // Across a vector; pairs.
    0x9f7f_cc00, 0x0e30_c800 => across,
    0xdf3f_cc00, 0x5e30_c800 => pair,
    // Products with one lane.
    0xbf00_b400, 0x0f00_1000 => by_element,
    0xff00_b400, 0x5f00_1000 => by_element,
    0x9f00_f400, 0x0f00_9000 => by_element,
    0xdf00_f400, 0x5f00_9000 => by_element,
    0xbfc0_b400, 0x0f80_0000 => long_element,
    0xbfc0_b400, 0x2f80_8000 => long_element,
    // Complex numbers.
    0xbf20_e400, 0x2e00_c400 => complex_multiply,
    0xbf20_ec00, 0x2e00_e400 => complex_add,
    0xbf00_9400, 0x2f00_1000 => complex_element,
    // With a binary point.
    0x9f80_fc00, 0x0f00_e400 => fixed,
    0x9f80_fc00, 0x0f00_fc00 => fixed,
    0xdf80_fc00, 0x5f00_e400 => fixed,
    0xdf80_fc00, 0x5f00_fc00 => fixed,
];

/// The lanes of an instruction: their format, and how many there are.
#[derive(Clone, Copy)]
struct Shape {
    format: Format,
    count: u32,
}

impl Shape {
    const fn bits(self) -> u32 {
        self.format.bits()
    }

    fn get(self, value: u128, index: u32) -> u64 {
        lane(value, index, self.bits()) as u64
    }

    fn make(self, mut function: impl FnMut(u32) -> u64) -> u128 {
        vector(self.count, self.bits(), |index| function(index).into())
    }
}

impl Word {
    pub(super) const fn is_scalar(self) -> bool {
        self.bit(28)
    }

    /// The size of vectors in bits.
    pub(super) const fn whole(self) -> u32 {
        if self.bit(30) { 128 } else { 64 }
    }

    pub(super) const fn unsigned(self) -> bool {
        self.bit(29)
    }

    const fn shape_of(self, format: Format) -> Result<Shape, Halt> {
        if self.is_scalar() {
            return Ok(Shape { format, count: 1 });
        }
        let count = self.whole() / format.bits();
        if count < 2 { Err(Halt::Invalid) } else { Ok(Shape { format, count }) }
    }

    const fn float_shape(self) -> Result<Shape, Halt> {
        self.shape_of(if self.bit(22) { DOUBLE } else { SINGLE })
    }
}

/// Both halves of a result: the vector and what it noted.
fn finish(emulator: &mut NativeEmulator, word: Word, env: &Env, value: u128) -> Result<(), Halt> {
    emulator.note_float(env.flags);
    emulator.set_v(word.field(0, 5), value);
    Ok(())
}

fn three_same(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let opcode = word.field(11, 3);
    if (opcode, word.unsigned()) == (5, false) || (opcode, word.unsigned()) == (1, true) {
        // fmlal, fmlsl; fmlal2, fmlsl2.
        if word.is_scalar() || word.bit(22) {
            return Err(Halt::Invalid);
        }
        let m = emulator.v(word.field(16, 5));
        let upper = word.unsigned();
        return multiply_long(emulator, word, upper, word.bit(23), |index| lane(m, index, 16) as u64);
    }
    same(emulator, word, word.float_shape()?)
}

fn three_same_half(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    same(emulator, word, word.shape_of(HALF)?)
}

fn same(emulator: &mut NativeEmulator, word: Word, shape: Shape) -> Result<(), Halt> {
    let format = shape.format;
    let [n, m, d] = [5, 16, 0].map(|low| emulator.v(word.field(low, 5)));
    let (opcode, unsigned, upper) = (word.field(11, 3), word.unsigned(), word.bit(23));
    let allowed_scalar = matches!(
        (opcode, unsigned, upper),
        (3 | 4, false, false) | (7, false, _) | (4 | 5, true, _) | (2, true, true)
    );
    if word.is_scalar() && !allowed_scalar {
        return Err(Halt::Invalid);
    }
    let mut env = emulator.float_env();
    let absolute = |value| format.absolute(value);
    let is_pairwise = unsigned && (matches!(opcode, 0 | 6) || opcode == 2 && !upper);
    if is_pairwise {
        let value = neighbours([n, m], (shape.count, shape.bits()), |a, b| {
            let (a, b) = (a as u64, b as u64);
            match opcode {
                0 => env.extreme_number(format, a, b, !upper),
                6 => env.extreme(format, a, b, !upper),
                _ => env.add(format, a, b),
            }
            .into()
        });
        return finish(emulator, word, &env, value);
    }
    let mut known = true;
    let value = shape.make(|index| {
        let [a, b, d] = [n, m, d].map(|value| shape.get(value, index));
        match (opcode, unsigned, upper) {
            (0, false, _) => env.extreme_number(format, a, b, !upper),
            (1, false, false) => env.fused(format, d, a, b),
            (1, false, true) => env.fused(format, d, format.negate(a), b),
            (2, false, false) => env.add(format, a, b),
            (2, false, true) => env.sub(format, a, b),
            (2, true, true) => absolute(env.sub(format, a, b)),
            (3, false, false) => env.mul_extended(format, a, b),
            (3, true, false) => env.mul(format, a, b),
            (4, false, false) => truth(env.compare(format, a, b, false) == Some(Equal)) as u64,
            (4, true, false) => at_least(&mut env, format, a, b),
            (4, true, true) => greater(&mut env, format, a, b),
            (5, true, false) => at_least(&mut env, format, absolute(a), absolute(b)),
            (5, true, true) => greater(&mut env, format, absolute(a), absolute(b)),
            (6, false, _) => env.extreme(format, a, b, !upper),
            (7, false, root) => env.step(format, a, b, root),
            (7, true, false) => env.div(format, a, b),
            _ => {
                known = false;
                0
            }
        }
    });
    if !known {
        return Err(Halt::Invalid);
    }
    finish(emulator, word, &env, value)
}

fn at_least(env: &mut Env, format: Format, a: u64, b: u64) -> u64 {
    truth(matches!(env.compare(format, a, b, true), Some(Greater | Equal))) as u64
}

fn greater(env: &mut Env, format: Format, a: u64, b: u64) -> u64 {
    truth(env.compare(format, a, b, true) == Some(Greater)) as u64
}

/// Adds products of half precision to singles.
fn multiply_long(
    emulator: &mut NativeEmulator,
    word: Word,
    upper: bool,
    subtracts: bool,
    m: impl Fn(u32) -> u64,
) -> Result<(), Halt> {
    let mut env = emulator.float_env();
    let [n, d] = [5, 0].map(|low| emulator.v(word.field(low, 5)));
    let count = word.whole() / 32;
    let first = if upper { count } else { 0 };
    let value = vector(count, 32, |index| {
        let a = lane(n, first + index, 16) as u64;
        let a = if subtracts { HALF.negate(a) } else { a };
        env.fused_half(lane(d, index, 32) as u64, a, m(first + index)).into()
    });
    finish(emulator, word, &env, value)
}

fn long_element(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let index = u32::from(word.bit(11)) << 2 | word.field(20, 2);
    let m = lane(emulator.v(word.field(16, 4)), index, 16) as u64;
    multiply_long(emulator, word, word.unsigned(), word.bit(14), |_| m)
}

fn two_registers(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let opcode = word.field(12, 5);
    match (opcode, word.bit(23)) {
        (0x16, false) => narrow(emulator, word),
        (0x17, false) => lengthen(emulator, word),
        (0x1c, true) => {
            // urecpe, ursqrte.
            if word.is_scalar() || word.bit(22) {
                return Err(Halt::Invalid);
            }
            let estimate = if word.unsigned() { fixed_inverse_root } else { fixed_inverse };
            let source = emulator.v(word.field(5, 5));
            let value =
                vector(word.whole() / 32, 32, |index| estimate(lane(source, index, 32) as u32).into());
            emulator.set_v(word.field(0, 5), value);
            Ok(())
        }
        _ => each(emulator, word, word.float_shape()?),
    }
}

fn two_registers_half(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    if matches!((word.field(12, 5), word.bit(23)), (0x1e, _) | (0x1f, false)) {
        return Err(Halt::Invalid);
    }
    each(emulator, word, word.shape_of(HALF)?)
}

/// The rounding mode of a conversion to integers by its opcode.
fn mode_of(opcode: u32, upper: bool, current: Mode) -> Mode {
    match (opcode, upper) {
        (0x18 | 0x1a, false) => Mode::Nearest,
        (0x18 | 0x1a, true) => Mode::Up,
        (0x19 | 0x1b, false) => Mode::Down,
        (0x19 | 0x1b, true) => Mode::Zero,
        (0x1c, _) => Mode::Away,
        _ => current,
    }
}

fn each(emulator: &mut NativeEmulator, word: Word, shape: Shape) -> Result<(), Halt> {
    let (format, bits) = (shape.format, shape.bits());
    let (opcode, unsigned, upper) = (word.field(12, 5), word.unsigned(), word.bit(23));
    let allowed_scalar = matches!(
        (opcode, unsigned, upper),
        (0x0c | 0x0d, _, true)
            | (0x0e, false, true)
            | (0x1a | 0x1b, ..)
            | (0x1c, _, false)
            | (0x1d, ..)
            | (0x1f, false, true)
    );
    if word.is_scalar() && !allowed_scalar {
        return Err(Halt::Invalid);
    }
    let mut env = emulator.float_env();
    let source = emulator.v(word.field(5, 5));
    let mut known = true;
    let value = shape.make(|index| {
        let a = shape.get(source, index);
        match (opcode, unsigned, upper) {
            (0x0c, false, true) => greater(&mut env, format, a, 0),
            (0x0c, true, true) => at_least(&mut env, format, a, 0),
            (0x0d, false, true) => truth(env.compare(format, a, 0, false) == Some(Equal)) as u64,
            (0x0d, true, true) => at_least(&mut env, format, 0, a),
            (0x0e, false, true) => greater(&mut env, format, 0, a),
            (0x0f, false, true) => format.absolute(a),
            (0x0f, true, true) => format.negate(a),
            (0x18, true, false) => env.integral_of(format, a, Mode::Away, false),
            (0x18, false, _) | (0x19, false, _) => {
                env.integral_of(format, a, mode_of(opcode, upper, env.mode), false)
            }
            // frintx, frinti.
            (0x19, true, _) => env.integral_of(format, a, env.mode, !upper),
            (0x1a | 0x1b, ..) | (0x1c, _, false) => {
                let mode = mode_of(opcode, upper, env.mode);
                env.fixed_of(format, a, 0, (bits, !unsigned), mode)
            }
            (0x1d, _, false) => of_fixed(&mut env, format, a, 0, !unsigned),
            (0x1d, false, true) => env.inverse_estimate(format, a),
            (0x1d, true, true) => env.inverse_root_estimate(format, a),
            (0x1e | 0x1f, _, false) => {
                let mode = if unsigned { env.mode } else { Mode::Zero };
                env.integral_within(format, a, mode, if opcode == 0x1e { 32 } else { 64 })
            }
            (0x1f, true, true) => env.sqrt(format, a),
            (0x1f, false, true) if word.is_scalar() => env.inverse_exponent(format, a),
            _ => {
                known = false;
                0
            }
        }
    });
    if !known {
        return Err(Halt::Invalid);
    }
    finish(emulator, word, &env, value)
}

fn of_fixed(env: &mut Env, format: Format, value: u64, fraction: u32, is_signed: bool) -> u64 {
    let value = u128::from(value);
    let value = if is_signed { signed(value, format.bits()) } else { value as i128 };
    env.of_fixed(format, value, fraction)
}

/// The formats of a conversion to half the size: from, to.
const fn halved(word: Word) -> (Format, Format) {
    if word.bit(22) { (DOUBLE, SINGLE) } else { (SINGLE, HALF) }
}

/// fcvtn, fcvtxn; into the upper half with bit 30.
fn narrow(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (from, to) = halved(word);
    let to_odd = word.unsigned();
    if to_odd && !word.bit(22) || word.is_scalar() && !to_odd {
        return Err(Halt::Invalid);
    }
    let mut env = emulator.float_env();
    if to_odd {
        env.mode = Mode::Odd;
    }
    let [source, old] = [5, 0].map(|low| emulator.v(word.field(low, 5)));
    let count = if word.is_scalar() { 1 } else { 128 / from.bits() };
    let value = vector(count, to.bits(), |index| {
        env.convert(from, to, lane(source, index, from.bits()) as u64).into()
    });
    let upper = word.bit(30) && !word.is_scalar();
    let value = if upper { old & mask(64) | value << 64 } else { value };
    finish(emulator, word, &env, value)
}

/// fcvtl, from the upper half with bit 30.
fn lengthen(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (to, from) = halved(word);
    if word.is_scalar() || word.unsigned() {
        return Err(Halt::Invalid);
    }
    let mut env = emulator.float_env();
    let source = emulator.v(word.field(5, 5));
    let source = if word.bit(30) { source >> 64 } else { source };
    let value = vector(128 / to.bits(), to.bits(), |index| {
        env.convert(from, to, lane(source, index, from.bits()) as u64).into()
    });
    finish(emulator, word, &env, value)
}

/// fmaxnm, fmax and their like of two numbers; the opcode is that of
/// instructions across vectors and of pairs.
fn extreme(env: &mut Env, word: Word, format: Format, a: u64, b: u64) -> u64 {
    let greater = !word.bit(23);
    if word.field(12, 2) == 0 {
        env.extreme_number(format, a, b, greater)
    } else {
        env.extreme(format, a, b, greater)
    }
}

/// fmaxnmv, fminnmv, fmaxv, fminv: by halves.
fn across(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let format = if word.unsigned() { SINGLE } else { HALF };
    let count = word.whole() / format.bits();
    if !matches!(word.field(12, 2), 0 | 3) || count < 4 {
        return Err(Halt::Invalid);
    }
    let mut env = emulator.float_env();
    let source = emulator.v(word.field(5, 5));
    let mut values: Vec<u64> = (0..count).map(|index| lane(source, index, format.bits()) as u64).collect();
    while values.len() > 1 {
        values = values.chunks(2).map(|pair| extreme(&mut env, word, format, pair[0], pair[1])).collect();
    }
    finish(emulator, word, &env, values[0].into())
}

/// fmaxnmp, faddp, fmaxp and their like of the two lanes of a vector.
fn pair(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let format = match (word.unsigned(), word.bit(22)) {
        (true, false) => SINGLE,
        (true, true) => DOUBLE,
        (false, false) => HALF,
        (false, true) => return Err(Halt::Invalid),
    };
    let mut env = emulator.float_env();
    let source = emulator.v(word.field(5, 5));
    let [a, b] = [0, 1].map(|index| lane(source, index, format.bits()) as u64);
    let value = match (word.field(12, 2), word.bit(23)) {
        (0 | 3, _) => extreme(&mut env, word, format, a, b),
        (1, false) => env.add(format, a, b),
        _ => return Err(Halt::Invalid),
    };
    finish(emulator, word, &env, value.into())
}

/// The lane that an instruction names, and the format of lanes.
fn element(emulator: &NativeEmulator, word: Word) -> Result<(Format, u64), Halt> {
    let (high, low, rest) = (word.field(11, 1), word.field(21, 1), word.field(20, 1));
    let (format, register, index) = match word.field(22, 2) {
        0 => (HALF, word.field(16, 4), high << 2 | low << 1 | rest),
        2 => (SINGLE, word.field(16, 5), high << 1 | low),
        3 if low == 0 => (DOUBLE, word.field(16, 5), high),
        _ => return Err(Halt::Invalid),
    };
    Ok((format, lane(emulator.v(register), index, format.bits()) as u64))
}

/// fmla, fmls, fmul, fmulx.
fn by_element(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (format, m) = element(emulator, word)?;
    let shape = word.shape_of(format)?;
    let [n, d] = [5, 0].map(|low| emulator.v(word.field(low, 5)));
    let mut env = emulator.float_env();
    let value = shape.make(|index| {
        let [a, d] = [n, d].map(|value| shape.get(value, index));
        match (word.field(12, 4), word.unsigned()) {
            (1, _) => env.fused(format, d, a, m),
            (5, _) => env.fused(format, d, format.negate(a), m),
            (_, false) => env.mul(format, a, m),
            (_, true) => env.mul_extended(format, a, m),
        }
    });
    finish(emulator, word, &env, value)
}

/// Pairs of lanes as complex numbers: a size of lanes, how many pairs.
fn complex_shape(word: Word) -> Result<Shape, Halt> {
    let format = match word.field(22, 2) {
        1 => HALF,
        2 => SINGLE,
        3 => DOUBLE,
        _ => return Err(Halt::Invalid),
    };
    word.shape_of(format)
}

fn complex_multiply(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let shape = complex_shape(word)?;
    let m = emulator.v(word.field(16, 5));
    complex_product(emulator, word, shape, word.field(11, 2), |index| shape.get(m, index))
}

fn complex_element(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let shape = complex_shape(word)?;
    let (high, low) = (word.field(11, 1), word.field(21, 1));
    let pair = match shape.format {
        HALF if word.bit(30) || high == 0 => high << 1 | low,
        SINGLE if word.bit(30) && low == 0 => high,
        _ => return Err(Halt::Invalid),
    };
    let m = emulator.v(word.field(16, 5));
    complex_product(emulator, word, shape, word.field(13, 2), |index| shape.get(m, 2 * pair + index % 2))
}

/// Adds one part of a product that is turned by a multiple of 90 degrees.
fn complex_product(
    emulator: &mut NativeEmulator,
    word: Word,
    shape: Shape,
    turns: u32,
    m: impl Fn(u32) -> u64,
) -> Result<(), Halt> {
    let format = shape.format;
    let [n, d] = [5, 0].map(|low| emulator.v(word.field(low, 5)));
    let mut env = emulator.float_env();
    let value = shape.make(|index| {
        let (pair, imaginary) = (index & !1, index & 1);
        // The part of the first factor, that of the second, and its sign.
        let factor = shape.get(n, pair + (turns & 1));
        let other = m(pair + (imaginary ^ turns & 1));
        let is_negative = match imaginary {
            0 => matches!(turns, 1 | 2),
            _ => matches!(turns, 2 | 3),
        };
        let other = if is_negative { format.negate(other) } else { other };
        env.fused(format, shape.get(d, index), factor, other)
    });
    finish(emulator, word, &env, value)
}

fn complex_add(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let shape = complex_shape(word)?;
    let format = shape.format;
    let [n, m] = [5, 16].map(|low| emulator.v(word.field(low, 5)));
    let mut env = emulator.float_env();
    // By 90 degrees, or by 270.
    let three_quarters = word.bit(12);
    let value = shape.make(|index| {
        let other = shape.get(m, index ^ 1);
        // The real part loses by 90 degrees what it wins by 270.
        let is_negative = (index & 1 == 0) != three_quarters;
        let other = if is_negative { format.negate(other) } else { other };
        env.add(format, shape.get(n, index), other)
    });
    finish(emulator, word, &env, value)
}

/// Between floating point and integers with a binary point, which an
/// immediate tells together with the size of lanes.
fn fixed(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let code = word.field(16, 7);
    let format = match code {
        0x40.. => DOUBLE,
        0x20.. => SINGLE,
        0x10.. => HALF,
        _ => return Err(Halt::Invalid),
    };
    let shape = word.shape_of(format)?;
    let (bits, is_signed) = (shape.bits(), !word.unsigned());
    let fraction = 2 * bits - code;
    let source = emulator.v(word.field(5, 5));
    let mut env = emulator.float_env();
    let value = shape.make(|index| {
        let a = shape.get(source, index);
        if word.bit(11) {
            env.fixed_of(format, a, fraction, (bits, is_signed), Mode::Zero)
        } else {
            of_fixed(&mut env, format, a, fraction, is_signed)
        }
    });
    finish(emulator, word, &env, value)
}
