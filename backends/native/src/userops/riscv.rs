//! RISC-V: floating point with its rounding modes, flags and boxed NaNs: F, D,
//! Zfh, Zfbfmin and Zfa (unprivileged manual).

use rustc_apfloat::{Round, Status};
use terrella_sleigh::{SpaceId, Varnode};

use super::{Handler, riscv_additional as additional};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    exact::{self, Arithmetic},
    float::{NanRule, is_nan, is_signalling, order},
    halt::Halt,
    overrides::Override,
};

pub(crate) const OVERRIDES: &[Override] = &[
    Override { mask: 0x7f, value: 0x53, handler: Handler::new(operation) },
    Override { mask: 0x73, value: 0x43, handler: Handler::new(fused) },
];

/// The size of a floating-point register.
const FLEN: usize = 8;

pub(super) const fn field(word: u32, low: u32, bits: u32) -> u32 {
    word >> low & ((1 << bits) - 1)
}

impl NativeEmulator {
    /// The place of a numbered register that is so many behind another.
    fn numbered_place(&self, first: &str, number: u32) -> Option<(usize, usize)> {
        let register = self.processor.language.register(first)?;
        let varnode = Varnode {
            space: SpaceId(register.space as u16),
            size: register.size,
            offset: register.offset + u64::from(number) * u64::from(register.size),
        };
        self.layout.place(&varnode).map(|place| (place, register.size as usize))
    }

    pub(crate) fn numbered(&self, first: &str, number: u32) -> u128 {
        self.numbered_place(first, number).map_or(0, |(place, size)| self.file.integer(place, size))
    }

    pub(crate) fn set_numbered(&mut self, first: &str, number: u32, value: u128) {
        if let Some((place, size)) = self.numbered_place(first, number) {
            self.file.set_integer(place, size, value);
        }
    }

    pub(super) fn set_integer_register(&mut self, number: u32, value: u128) {
        if number != 0 {
            self.set_numbered("zero", number, value);
        }
    }

    /// A floating-point register: a narrow value that is not boxed is the
    /// default NaN.
    pub(super) fn float_register(&self, number: u32, size: usize) -> u128 {
        let value = self.numbered("ft0", number);
        if size == FLEN {
            return value;
        }
        let bits = 8 * size as u32;
        let boxed = u128::from(u64::MAX) >> bits << bits;
        if value & boxed == boxed { value & !boxed } else { default_nan(size) }
    }

    pub(super) fn set_float_register(&mut self, number: u32, size: usize, value: u128) {
        let bits = 8 * size as u32;
        let boxed = if size == FLEN { 0 } else { u128::from(u64::MAX) >> bits << bits };
        self.set_numbered("ft0", number, value | boxed);
    }

    /// The rounding mode of an instruction; reserved ones are no instructions.
    pub(super) fn rounding(&self, word: u32) -> Result<Round, Halt> {
        let mode = match field(word, 12, 3) {
            7 => self.user_register("frm") as u32 & 7,
            mode => mode,
        };
        Ok(match mode {
            0 => Round::NearestTiesToEven,
            1 => Round::TowardZero,
            2 => Round::TowardNegative,
            3 => Round::TowardPositive,
            4 => Round::NearestTiesToAway,
            _ => return Err(Halt::Invalid),
        })
    }

    pub(super) fn raise(&mut self, status: Status) {
        let flags = [
            (Status::INEXACT, 1),
            (Status::UNDERFLOW, 2),
            (Status::OVERFLOW, 4),
            (Status::DIV_BY_ZERO, 8),
            (Status::INVALID_OP, 16),
        ];
        let raised =
            flags.iter().filter(|(flag, _)| status.contains(*flag)).fold(0, |all, (_, bit)| all | bit);
        if raised != 0 {
            let old = self.user_register("fflags");
            self.set_user_register("fflags", old | raised);
        }
    }

    pub(super) fn xlen(&self) -> usize {
        usize::from(self.definition.pointer_bytes)
    }
}

pub(super) const fn default_nan(size: usize) -> u128 {
    match size {
        2 => 0x7e00,
        4 => 0x7fc0_0000,
        _ => 0x7ff8_0000_0000_0000,
    }
}

const fn sign(size: usize) -> u128 {
    1 << (8 * size - 1)
}

/// The size of the format that two bits of an instruction tell.
const fn format(bits: u32) -> Result<usize, Halt> {
    match bits {
        0 => Ok(4),
        1 => Ok(8),
        2 => Ok(2),
        // Quad precision is an extension that is not there.
        _ => Err(Halt::Invalid),
    }
}

fn operation(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let (rd, rs1, rs2) = (field(word, 7, 5), field(word, 15, 5), field(word, 20, 5));
    let (size, function) = (format(field(word, 25, 2))?, field(word, 27, 5));
    let a = emulator.float_register(rs1, size);
    let b = emulator.float_register(rs2, size);
    let arithmetic = match function {
        0 => Some(Arithmetic::Add),
        1 => Some(Arithmetic::Subtract),
        2 => Some(Arithmetic::Multiply),
        3 => Some(Arithmetic::Divide),
        0b01011 if rs2 == 0 => Some(Arithmetic::SquareRoot),
        _ => None,
    };
    if let Some(what) = arithmetic {
        let round = emulator.rounding(word)?;
        let (value, status) = exact::compute(what, size, [a, b, 0], round, NanRule::Default);
        emulator.raise(status);
        emulator.set_float_register(rd, size, value);
        return Ok(());
    }
    let mode = field(word, 12, 3);
    match (function, mode) {
        (0b00100, 0..=2) => {
            let other = match mode {
                0 => b,
                1 => !b,
                _ => a ^ b,
            };
            let value = a & !sign(size) | other & sign(size);
            emulator.set_float_register(rd, size, value);
        }
        (0b00101, 0..=3) => {
            let value = extreme(emulator, size, a, b, mode & 1 != 0, mode >= 2);
            emulator.set_float_register(rd, size, value);
        }
        (0b01000, _) if rs2 > 3 => additional::of_one(emulator, word, size, a)?,
        (0b01000, _) => {
            let from = format(rs2)?;
            if from == size {
                return Err(Halt::Invalid);
            }
            let round = emulator.rounding(word)?;
            let value = emulator.float_register(rs1, from);
            let (mut result, status) = exact::convert(value, from, size, round);
            if is_nan(from, value) {
                result = default_nan(size);
            }
            emulator.raise(status);
            emulator.set_float_register(rd, size, result);
        }
        (0b10100, 0..=2 | 4 | 5) => {
            let quiet = mode >= 2;
            let nan = is_nan(size, a) || is_nan(size, b);
            if nan && (!quiet || is_signalling(size, a) || is_signalling(size, b)) {
                emulator.raise(Status::INVALID_OP);
            }
            let (a, b) = (order(size, a), order(size, b));
            let truth = !nan
                && match mode {
                    0 | 4 => a <= b,
                    1 | 5 => a < b,
                    _ => a == b,
                };
            emulator.set_integer_register(rd, truth.into());
        }
        (0b11000, 1) if rs2 == 8 && size == 8 => additional::modular(emulator, rd, a),
        (0b11000, _) => {
            let (bits, signed) = integer_kind(emulator, rs2)?;
            let round = emulator.rounding(word)?;
            let (mut value, status) = exact::to_integer(a, size, bits, signed, round);
            if is_nan(size, a) {
                // The highest number.
                value = u128::MAX >> (128 - bits + usize::from(signed));
            }
            emulator.raise(status);
            // Words are sign-extended, unsigned ones too.
            let value = if bits == 32 { value as i32 as u64 } else { value as u64 };
            emulator.set_integer_register(rd, value.into());
        }
        (0b11010, _) => {
            let (bits, signed) = integer_kind(emulator, rs2)?;
            let round = emulator.rounding(word)?;
            let value = emulator.numbered("zero", rs1) << (128 - bits);
            let value = if signed { value as i128 >> (128 - bits) } else { (value >> (128 - bits)) as i128 };
            let (value, status) = exact::from_integer(value, size, 0, round);
            emulator.raise(status);
            emulator.set_float_register(rd, size, value);
        }
        (0b11100, 0) if rs2 == 0 => {
            if size > emulator.xlen() {
                return Err(Halt::Invalid);
            }
            // The bits as they are, boxed or not.
            let value = emulator.numbered("ft0", rs1) as u64;
            let value = match size {
                2 => value as i16 as u64,
                4 => value as i32 as u64,
                _ => value,
            };
            emulator.set_integer_register(rd, value.into());
        }
        // fmvh.x.d, fmvp.d.x.
        (0b11100, 0) if rs2 == 1 && size == 8 && emulator.xlen() == 4 => {
            emulator.set_integer_register(rd, a >> 32);
        }
        (0b10110, 0) if size == 8 && emulator.xlen() == 4 => {
            let [low, high] = [rs1, rs2].map(|number| emulator.numbered("zero", number));
            emulator.set_float_register(rd, size, high << 32 | low);
        }
        (0b11110, 0) if rs2 == 1 => {
            let value = additional::constant(rs1, size);
            emulator.set_float_register(rd, size, value);
        }
        (0b11100, 1) if rs2 == 0 => emulator.set_integer_register(rd, class(size, a)),
        (0b11110, 0) if rs2 == 0 => {
            if size > emulator.xlen() {
                return Err(Halt::Invalid);
            }
            let value = emulator.numbered("zero", rs1) & u128::MAX >> (128 - 8 * size);
            emulator.set_float_register(rd, size, value);
        }
        _ => return Err(Halt::Invalid),
    }
    Ok(())
}

/// The width and signedness of the integer of a conversion.
fn integer_kind(emulator: &NativeEmulator, kind: u32) -> Result<(usize, bool), Halt> {
    match kind {
        0 | 1 => Ok((32, kind == 0)),
        2 | 3 if emulator.xlen() == 8 => Ok((64, kind == 2)),
        _ => Err(Halt::Invalid),
    }
}

/// The smaller or greater of two: a number rather than a NaN, unless NaNs are
/// handed on.
fn extreme(
    emulator: &mut NativeEmulator,
    size: usize,
    a: u128,
    b: u128,
    greater: bool,
    hands_on: bool,
) -> u128 {
    if is_signalling(size, a) || is_signalling(size, b) {
        emulator.raise(Status::INVALID_OP);
    }
    match (is_nan(size, a), is_nan(size, b)) {
        (true, _) | (_, true) if hands_on => default_nan(size),
        (true, true) => default_nan(size),
        (true, false) => b,
        (false, true) => a,
        (false, false) => {
            // Negative zero is smaller than positive zero.
            let below = |value: u128| (order(size, value), value & sign(size) == 0);
            if (below(a) < below(b)) == greater { b } else { a }
        }
    }
}

/// The class of a value, one bit for each.
fn class(size: usize, value: u128) -> u128 {
    let negative = value & sign(size) != 0;
    let magnitude = value & !sign(size);
    let infinity = default_nan(size) & default_nan(size) << 1;
    let smallest_normal = infinity & infinity.wrapping_neg();
    1 << if is_nan(size, value) {
        if is_signalling(size, value) { 8 } else { 9 }
    } else {
        let rank = if magnitude == infinity {
            0
        } else if magnitude >= smallest_normal {
            1
        } else if magnitude != 0 {
            2
        } else {
            3
        };
        if negative { rank } else { 7 - rank }
    }
}

fn fused(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let size = format(field(word, 25, 2))?;
    let round = emulator.rounding(word)?;
    let [mut a, b, mut c] = [15, 20, 27].map(|low| emulator.float_register(field(word, low, 5), size));
    // fmadd, fmsub, fnmsub, fnmadd.
    let kind = field(word, 2, 2);
    if kind >= 2 {
        a ^= sign(size);
    }
    if kind == 1 || kind == 3 {
        c ^= sign(size);
    }
    let (value, status) = exact::compute(Arithmetic::MultiplyAdd, size, [a, b, c], round, NanRule::Default);
    emulator.raise(status);
    emulator.set_float_register(field(word, 7, 5), size, value);
    Ok(())
}
