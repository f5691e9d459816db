//! Scalar floating point (Arm ARM, C4.1.96, "Floating-point …").

use super::super::{
    Word,
    float::{DOUBLE, Env, Format, HALF, Mode, SINGLE},
    lanes::{mask, signed},
    rows,
};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(super) const ROWS: &[Override] = rows![
    // Products with a sum.
    0xff00_0000, 0x1f00_0000 => fused,
    // From and to integers, and moves; with a binary point.
    0x7f24_fc00, 0x1e20_0000 => with_integer,
    0x7f26_fc00, 0x1e24_0000 => with_integer,
    0xffff_fc00, 0x1e7e_0000 => javascript,
    0x7f26_fc00, 0x1e26_0000 => move_integer,
    0x7f20_0000, 0x1e00_0000 => with_integer,
    // With one operand; comparisons; with two operands; immediates.
    0xff20_7c00, 0x1e20_4000 => one_operand,
    0xff20_fc07, 0x1e20_2000 => compare,
    0xff20_0c00, 0x1e20_0400 => conditional_compare,
    0xff20_0c00, 0x1e20_0800 => two_operands,
    0xff20_1fe0, 0x1e20_1000 => immediate,
    0xff20_0c00, 0x1e20_0c00 => select,
];

/// The format that two bits of an instruction tell.
pub(super) const fn format(bits: u32) -> Result<Format, Halt> {
    match bits {
        0 => Ok(SINGLE),
        1 => Ok(DOUBLE),
        3 => Ok(HALF),
        _ => Err(Halt::Invalid),
    }
}

impl Word {
    const fn format(self) -> Result<Format, Halt> {
        format(self.field(22, 2))
    }
}

impl NativeEmulator {
    /// A scalar in a vector register.
    pub(super) fn scalar(&self, number: u32, format: Format) -> u64 {
        (self.v(number) & mask(format.bits())) as u64
    }

    fn set_scalar(&mut self, number: u32, value: u64, env: &Env) {
        self.note_float(env.flags);
        self.set_v(number, value.into());
    }
}

fn fused(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let format = word.format()?;
    let mut env = emulator.float_env();
    let [n, m, a] = [5, 16, 10].map(|low| emulator.scalar(word.field(low, 5), format));
    // fmadd, fmsub, fnmadd, fnmsub: NaNs are negated, too.
    let (subtracts, negates) = (word.bit(15), word.bit(21));
    let n = if subtracts != negates { format.negate(n) } else { n };
    let a = if negates { format.negate(a) } else { a };
    let value = env.fused(format, a, n, m);
    emulator.set_scalar(word.field(0, 5), value, &env);
    Ok(())
}

fn with_integer(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let format = word.format()?;
    let bits = if word.bit(31) { 64 } else { 32 };
    // Without a binary point, the scale is zero.
    let fraction = if word.bit(21) { 0 } else { 64 - word.field(10, 6) };
    let (rounding, opcode) = (word.field(19, 2), word.field(16, 3));
    if fraction > bits {
        return Err(Halt::Invalid);
    }
    let (n, d) = (word.field(5, 5), word.field(0, 5));
    let mut env = emulator.float_env();
    let is_signed = opcode & 1 == 0;
    if opcode & 6 == 2 {
        // scvtf, ucvtf.
        if rounding != 0 {
            return Err(Halt::Invalid);
        }
        let value = u128::from(emulator.x(n)) & mask(bits);
        let value = if is_signed { signed(value, bits) } else { value as i128 };
        let value = env.of_fixed(format, value, fraction);
        emulator.set_scalar(d, value, &env);
        return Ok(());
    }
    let mode = match (opcode, fraction) {
        (0 | 1, 0) => Mode::from_bits(rounding),
        (0 | 1, _) if rounding == 3 => Mode::Zero,
        (4 | 5, 0) if rounding == 0 => Mode::Away,
        _ => return Err(Halt::Invalid),
    };
    let value = env.fixed_of(format, emulator.scalar(n, format), fraction, (bits, is_signed), mode);
    emulator.note_float(env.flags);
    emulator.set_x(d, value);
    Ok(())
}

/// fmov between general and vector registers, as they are.
fn move_integer(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (n, d) = (word.field(5, 5), word.field(0, 5));
    let is_upper = match (word.bit(31), word.field(22, 2), word.field(19, 2)) {
        (false, 0 | 3, 0) | (true, 1 | 3, 0) => false,
        (true, 2, 1) => true,
        _ => return Err(Halt::Invalid),
    };
    let bits = match word.field(22, 2) {
        0 => 32,
        3 => 16,
        _ => 64,
    };
    if word.bit(16) {
        let value = u128::from(emulator.x(n)) & mask(bits);
        let low = emulator.v(d) & mask(64);
        emulator.set_v(d, if is_upper { value << 64 | low } else { value });
    } else {
        let value = emulator.v(n) >> if is_upper { 64 } else { 0 };
        emulator.set_x(d, (value & mask(bits)) as u64);
    }
    Ok(())
}

/// fjcvtzs: the flag z tells that nothing was lost.
fn javascript(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let mut env = emulator.float_env();
    let (value, differs) = env.javascript_of(DOUBLE, emulator.scalar(word.field(5, 5), DOUBLE));
    emulator.note_float(env.flags);
    emulator.set_nzcv([false, !differs, false, false]);
    emulator.set_x(word.field(0, 5), value.into());
    Ok(())
}

fn one_operand(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let format = word.format()?;
    let mut env = emulator.float_env();
    let a = emulator.scalar(word.field(5, 5), format);
    let current = env.mode;
    let mut integral = |mode, exact| env.integral_of(format, a, mode, exact);
    let value = match word.field(15, 6) {
        0 => a,
        1 => format.absolute(a),
        2 => format.negate(a),
        3 => env.sqrt(format, a),
        opcode @ (4 | 5 | 7) => {
            let to = self::format(opcode & 3)?;
            if to == format {
                return Err(Halt::Invalid);
            }
            env.convert(format, to, a)
        }
        opcode @ 8..=11 => integral(Mode::from_bits(opcode), false),
        12 => integral(Mode::Away, false),
        14 => integral(current, true),
        15 => integral(current, false),
        opcode @ 16..=19 if format != HALF => {
            let mode = if opcode & 1 == 0 { Mode::Zero } else { current };
            env.integral_within(format, a, mode, if opcode < 18 { 32 } else { 64 })
        }
        _ => return Err(Halt::Invalid),
    };
    emulator.set_scalar(word.field(0, 5), value, &env);
    Ok(())
}

/// The flags of a comparison: n, z, c, v.
fn flags_of(order: Option<std::cmp::Ordering>) -> [bool; 4] {
    use std::cmp::Ordering::{Equal, Greater, Less};
    match order {
        Some(Equal) => [false, true, true, false],
        Some(Less) => [true, false, false, false],
        Some(Greater) => [false, false, true, false],
        None => [false, false, true, true],
    }
}

/// fcmp, fcmpe; with zero in place of the second operand.
fn compare(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let format = word.format()?;
    let mut env = emulator.float_env();
    let a = emulator.scalar(word.field(5, 5), format);
    let b = if word.bit(3) { 0 } else { emulator.scalar(word.field(16, 5), format) };
    let order = env.compare(format, a, b, word.bit(4));
    emulator.note_float(env.flags);
    emulator.set_nzcv(flags_of(order));
    Ok(())
}

fn conditional_compare(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let format = word.format()?;
    if !emulator.condition_holds(word.field(12, 4)) {
        emulator.set_nzcv([3, 2, 1, 0].map(|bit| word.bit(bit)));
        return Ok(());
    }
    let mut env = emulator.float_env();
    let [a, b] = [5, 16].map(|low| emulator.scalar(word.field(low, 5), format));
    let order = env.compare(format, a, b, word.bit(4));
    emulator.note_float(env.flags);
    emulator.set_nzcv(flags_of(order));
    Ok(())
}

fn two_operands(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let format = word.format()?;
    let mut env = emulator.float_env();
    let [a, b] = [5, 16].map(|low| emulator.scalar(word.field(low, 5), format));
    let value = match word.field(12, 4) {
        0 => env.mul(format, a, b),
        1 => env.div(format, a, b),
        2 => env.add(format, a, b),
        3 => env.sub(format, a, b),
        opcode @ (4 | 5) => env.extreme(format, a, b, opcode == 4),
        opcode @ (6 | 7) => env.extreme_number(format, a, b, opcode == 6),
        8 => format.negate(env.mul(format, a, b)),
        _ => return Err(Halt::Invalid),
    };
    emulator.set_scalar(word.field(0, 5), value, &env);
    Ok(())
}

fn immediate(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let format = word.format()?;
    emulator.set_v(word.field(0, 5), format.expanded(word.field(13, 8)).into());
    Ok(())
}

fn select(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let format = word.format()?;
    let low = if emulator.condition_holds(word.field(12, 4)) { 5 } else { 16 };
    let value = emulator.scalar(word.field(low, 5), format);
    emulator.set_v(word.field(0, 5), value.into());
    Ok(())
}
