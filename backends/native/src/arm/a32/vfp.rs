//! Floating-point data processing (Arm ARM ARMv7-A, A7.5; ARMv8-A, F3.1.13 for
//! what has no condition).

use std::cmp::Ordering;

use super::super::{
    Word,
    float::{DOUBLE, Format, HALF, Mode, SINGLE},
    lanes::{lane, mask, signed, vector},
    rows,
};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(in crate::arm) const ROWS: &[Override] = rows![
    0xff00_0e10, 0xfe00_0a00 => unconditional,
    0x0f00_0e10, 0x0e00_0a00 => process,
    // Half precision is no part of ARMv7.
    0x0f00_0f10, 0x0e00_0900 => |_, _| Err(Halt::Invalid),
    // Between general registers and scalars.
    0x0f90_0f1f, 0x0e00_0b10 => set_scalar,
    0x0f90_0f5f, 0x0e80_0b10 => duplicate,
    0x0f10_0f1f, 0x0e10_0b10 => get_scalar,
];

impl Word {
    const fn precision(self) -> Format {
        if self.bit(8) { DOUBLE } else { SINGLE }
    }

    /// The number of a register: of singles, the low bit is apart.
    const fn register(self, low: u32, extra: u32, format: Format) -> u32 {
        let (number, bit) = (self.field(low, 4), self.field(extra, 1));
        if format.bits() == 64 { bit << 4 | number } else { number << 1 | bit }
    }

    const fn destination(self, format: Format) -> u32 {
        self.register(12, 22, format)
    }

    const fn first(self, format: Format) -> u32 {
        self.register(16, 7, format)
    }

    const fn second(self, format: Format) -> u32 {
        self.register(0, 5, format)
    }
}

impl NativeEmulator {
    fn float(&self, number: u32, format: Format) -> u64 {
        if format.bits() == 64 { self.d(number) } else { self.s(number).into() }
    }

    fn set_float(&mut self, number: u32, format: Format, value: u64) {
        if format.bits() == 64 {
            self.set_d(number, value);
        } else {
            self.set_s(number, value as u32);
        }
    }
}

fn process(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let opcode = word.field(23, 1) << 2 | word.field(20, 2);
    if opcode == 7 {
        return other(emulator, word);
    }
    let format = word.precision();
    let (d, second) = (word.destination(format), word.bit(6));
    let registers = [d, word.first(format), word.second(format)];
    // Microcontrollers have sixteen doubles.
    let has_all = emulator.definition.register("d31").is_some();
    if format == DOUBLE && !has_all && registers.iter().any(|it| *it > 15) {
        return Err(Halt::Invalid);
    }
    let [old, n, m] = registers.map(|it| emulator.float(it, format));
    let mut env = emulator.float_env();
    let value = match (opcode, second) {
        (0 | 1, _) => {
            let product = env.mul(format, n, m);
            let is_negated = second;
            let product = if is_negated { format.negate(product) } else { product };
            env.add(format, if opcode == 1 { format.negate(old) } else { old }, product)
        }
        (2, false) => env.mul(format, n, m),
        (2, true) => format.negate(env.mul(format, n, m)),
        (3, false) => env.add(format, n, m),
        (3, true) => env.sub(format, n, m),
        (4, false) => env.div(format, n, m),
        (5 | 6, _) => {
            let n = if second { format.negate(n) } else { n };
            env.fused(format, if opcode == 5 { format.negate(old) } else { old }, n, m)
        }
        _ => return Err(Halt::Invalid),
    };
    emulator.set_float(d, format, value);
    emulator.note_float(env.flags);
    Ok(())
}

/// With one operand, or an immediate.
fn other(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (format, opcode, upper) = (word.precision(), word.field(16, 4), word.bit(7));
    let d = word.destination(format);
    if !word.bit(6) {
        if upper || word.bit(5) {
            return Err(Halt::Invalid);
        }
        let value = format.expanded(opcode << 4 | word.field(0, 4));
        emulator.set_float(d, format, value);
        return Ok(());
    }
    let m = emulator.float(word.second(format), format);
    let mut env = emulator.float_env();
    let current = env.mode;
    let value = match (opcode, upper) {
        (0, false) => m,
        (0, true) => format.absolute(m),
        (1, false) => format.negate(m),
        (1, true) => env.sqrt(format, m),
        (2 | 3, _) => return with_half(emulator, word),
        (4, signals) => return compare(emulator, word, m, signals),
        (5, signals) if word.0 & 0x2f == 0 => return compare(emulator, word, 0, signals),
        (6, false) => env.integral_of(format, m, current, false),
        (6, true) => env.integral_of(format, m, Mode::Zero, false),
        (7, false) => env.integral_of(format, m, current, true),
        (7, true) => {
            let to = if word.bit(8) { SINGLE } else { DOUBLE };
            let value = env.convert(format, to, m);
            emulator.set_float(word.destination(to), to, value);
            emulator.note_float(env.flags);
            return Ok(());
        }
        (8, is_signed) => {
            let value = u128::from(emulator.s(word.second(SINGLE)));
            env.of_fixed(format, if is_signed { signed(value, 32) } else { value as i128 }, 0)
        }
        (9, true) if word.bit(8) => {
            let (value, differs) = env.javascript_of(DOUBLE, m);
            emulator.set_s(word.destination(SINGLE), value);
            emulator.note_float(env.flags);
            set_flags(emulator, [false, !differs, false, false]);
            return Ok(());
        }
        (10 | 11 | 14 | 15, _) => return fixed(emulator, word),
        (12 | 13, to_zero) => {
            let mode = if to_zero { Mode::Zero } else { current };
            return to_integer(emulator, word, m, (opcode == 13, mode));
        }
        _ => return Err(Halt::Invalid),
    };
    emulator.set_float(d, format, value);
    emulator.note_float(env.flags);
    Ok(())
}

fn to_integer(
    emulator: &mut NativeEmulator,
    word: Word,
    m: u64,
    (is_signed, mode): (bool, Mode),
) -> Result<(), Halt> {
    let mut env = emulator.float_env();
    let value = env.fixed_of(word.precision(), m, 0, (32, is_signed), mode);
    emulator.set_s(word.destination(SINGLE), value as u32);
    emulator.note_float(env.flags);
    Ok(())
}

/// vcvtb, vcvtt: half precision in one half of a single.
fn with_half(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (format, shift) = (word.precision(), 16 * word.field(7, 1));
    let mut env = emulator.float_env();
    if word.field(16, 4) == 2 {
        let half = emulator.s(word.second(SINGLE)) >> shift & 0xffff;
        let value = env.convert(HALF, format, half.into());
        emulator.set_float(word.destination(format), format, value);
    } else {
        let value = env.convert(format, HALF, emulator.float(word.second(format), format)) as u32;
        let d = word.destination(SINGLE);
        let old = emulator.s(d) & !(0xffff << shift);
        emulator.set_s(d, old | value << shift);
    }
    emulator.note_float(env.flags);
    Ok(())
}

fn set_flags(emulator: &mut NativeEmulator, flags: [bool; 4]) {
    let bits = flags.into_iter().fold(0, |all, flag| all << 1 | u32::from(flag));
    emulator.set_float_conditions(bits);
}

fn compare(emulator: &mut NativeEmulator, word: Word, m: u64, signals: bool) -> Result<(), Halt> {
    let format = word.precision();
    let d = emulator.float(word.destination(format), format);
    let mut env = emulator.float_env();
    let flags = match env.compare(format, d, m, signals) {
        Some(Ordering::Equal) => [false, true, true, false],
        Some(Ordering::Less) => [true, false, false, false],
        Some(Ordering::Greater) => [false, false, true, false],
        None => [false, false, true, true],
    };
    set_flags(emulator, flags);
    emulator.note_float(env.flags);
    Ok(())
}

/// From and to integers of 16 or 32 bits with a binary point.
fn fixed(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (format, bits) = (word.precision(), if word.bit(7) { 32 } else { 16 });
    let whole = word.field(0, 4) << 1 | word.field(5, 1);
    if whole > bits {
        return Err(Halt::Invalid);
    }
    let (fraction, is_signed, d) = (bits - whole, !word.bit(16), word.destination(format));
    let old = emulator.float(d, format);
    let mut env = emulator.float_env();
    let value = if word.bit(18) {
        let value = u128::from(env.fixed_of(format, old, fraction, (bits, is_signed), Mode::Zero));
        if is_signed { signed(value, bits) as u64 } else { value as u64 }
    } else {
        let value = u128::from(old) & mask(bits);
        env.of_fixed(format, if is_signed { signed(value, bits) } else { value as i128 }, fraction)
    };
    emulator.set_float(d, format, value);
    emulator.note_float(env.flags);
    Ok(())
}

/// vsel, vmaxnm, vminnm, vrinta …, vcvta ….
fn unconditional(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let format = word.precision();
    let (d, n, m) = (word.destination(format), word.first(format), word.second(format));
    let [n, m] = [n, m].map(|it| emulator.float(it, format));
    let mut env = emulator.float_env();
    let mode = match word.field(16, 2) {
        0 => Mode::Away,
        1 => Mode::Nearest,
        2 => Mode::Up,
        _ => Mode::Down,
    };
    let value = match (word.bit(23), word.field(20, 2), word.bit(6)) {
        (false, condition, false) => {
            // eq, vs, ge, gt.
            let condition = condition << 2 | (condition << 1 ^ condition) & 2;
            if emulator.condition_holds(condition) { n } else { m }
        }
        (true, 0, second) => env.extreme_number(format, n, m, !second),
        (true, 3, true) if word.field(18, 2) == 2 && !word.bit(7) => env.integral_of(format, m, mode, false),
        (true, 3, true) if word.field(18, 2) == 3 => {
            return to_integer(emulator, word, m, (word.bit(7), mode));
        }
        _ => return Err(Halt::Invalid),
    };
    emulator.set_float(d, format, value);
    emulator.note_float(env.flags);
    Ok(())
}

/// The size and number of the scalar that an instruction names.
const fn scalar(word: Word) -> Result<(u32, u32), Halt> {
    let (upper, lower) = (word.field(21, 2), word.field(5, 2));
    match (upper & 2, lower) {
        (2, _) => Ok((8, (upper & 1) << 2 | lower)),
        (_, 1 | 3) => Ok((16, (upper & 1) << 1 | lower >> 1)),
        (_, 0) => Ok((32, upper & 1)),
        _ => Err(Halt::Invalid),
    }
}

fn set_scalar(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (bits, index) = scalar(word)?;
    let d = word.first(DOUBLE);
    let value = u128::from(emulator.r(word.field(12, 4))) & mask(bits);
    let shift = index * bits;
    let old = u128::from(emulator.d(d)) & !(mask(bits) << shift);
    emulator.set_d(d, (old | value << shift) as u64);
    Ok(())
}

fn get_scalar(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (bits, index) = scalar(word)?;
    let unsigned = word.bit(23);
    if bits == 32 && unsigned {
        return Err(Halt::Invalid);
    }
    let value = lane(emulator.d(word.first(DOUBLE)).into(), index, bits);
    let value = if unsigned { value as u32 } else { signed(value, bits) as u32 };
    emulator.set_r(word.field(12, 4), value);
    Ok(())
}

/// vdup of a general register.
fn duplicate(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let bits = match (word.bit(22), word.bit(5)) {
        (false, false) => 32,
        (false, true) => 16,
        (true, false) => 8,
        (true, true) => return Err(Halt::Invalid),
    };
    let (d, quad) = (word.first(DOUBLE), word.bit(21));
    if quad && d & 1 == 1 {
        return Err(Halt::Invalid);
    }
    let value = u128::from(emulator.r(word.field(12, 4)));
    emulator.set_simd(d, quad, vector(128 / bits, bits, |_| value));
    Ok(())
}
