//! RISC-V: what Zfa and Zfbfmin add to floating point (unprivileged manual,
//! "Zfa" and "BFloat16").

use rustc_apfloat::{Round, Status};

use super::riscv::{default_nan, field};
use crate::{
    emulator::NativeEmulator,
    exact,
    float::{NanRule, is_nan, is_signalling},
    halt::Halt,
};

/// The numbers of FLI, but for the second, which is the smallest normal one,
/// and the last, which is the default NaN.
const CONSTANTS: [f64; 31] = [
    -1.0,
    0.0,
    1.0 / 65536.0,
    1.0 / 32768.0,
    1.0 / 256.0,
    1.0 / 128.0,
    0.0625,
    0.125,
    0.25,
    0.3125,
    0.375,
    0.4375,
    0.5,
    0.625,
    0.75,
    0.875,
    1.0,
    1.25,
    1.5,
    1.75,
    2.0,
    2.5,
    3.0,
    4.0,
    8.0,
    16.0,
    128.0,
    256.0,
    32768.0,
    65536.0,
    f64::INFINITY,
];

/// A number of FLI in a format.
pub(super) fn constant(number: u32, size: usize) -> u128 {
    match (number, CONSTANTS.get(number as usize)) {
        (1, _) => match size {
            2 => 0x0400,
            4 => 0x0080_0000,
            _ => 0x0010_0000_0000_0000,
        },
        (_, None) => default_nan(size),
        (_, Some(value)) if size == 8 => value.to_bits().into(),
        (_, Some(value)) => exact::convert(value.to_bits().into(), 8, size, Round::NearestTiesToEven).0,
    }
}

/// FROUND and FROUNDNX, and the conversions of BFloat16.
pub(super) fn of_one(emulator: &mut NativeEmulator, word: u32, size: usize, value: u128) -> Result<(), Halt> {
    let (rd, rs1) = (field(word, 7, 5), field(word, 15, 5));
    let (result, status) = match (field(word, 20, 5), size) {
        (kind @ (4 | 5), _) => {
            let round = emulator.rounding(word)?;
            rounded(value, size, round, kind == 5)
        }
        (6, 4) => {
            emulator.rounding(word)?;
            // The upper half of a single.
            let value = emulator.float_register(rs1, 2);
            let is_boxed = emulator.numbered("ft0", rs1) >> 16 == 0xffff_ffff_ffff;
            let value = if is_boxed { value << 16 } else { default_nan(4) };
            let status = if is_signalling(4, value) { Status::INVALID_OP } else { Status::OK };
            (if is_nan(4, value) { default_nan(4) } else { value }, status)
        }
        (8, 2) => {
            /// The default NaN of BFloat16.
            const NAN: u128 = 0x7fc0;
            let round = emulator.rounding(word)?;
            let value = emulator.float_register(rs1, 4);
            let (result, status) = exact::to_bfloat(value, round);
            (if is_nan(4, value) { NAN } else { result }, status)
        }
        _ => return Err(Halt::Invalid),
    };
    emulator.raise(status);
    emulator.set_float_register(rd, size, result);
    Ok(())
}

/// To an integral value; that it was none is told only if asked for.
fn rounded(value: u128, size: usize, round: Round, tells: bool) -> (u128, Status) {
    if is_nan(size, value) {
        let status = if is_signalling(size, value) { Status::INVALID_OP } else { Status::OK };
        return (default_nan(size), status);
    }
    let (result, _) = exact::to_integral(value, size, round, NanRule::Default);
    (result, if tells && result != value { Status::INEXACT } else { Status::OK })
}

/// FCVTMOD.W.D: the lowest 32 bits of the integer, with the flags of FCVT.W.D
/// towards zero.
pub(super) fn modular(emulator: &mut NativeEmulator, rd: u32, value: u128) {
    let (_, status) = exact::to_integer(value, 8, 32, true, Round::TowardZero);
    emulator.raise(status);
    let bits = value as u64;
    let exponent = (bits >> 52 & 0x7ff) as i32 - 1075;
    let significand = bits & ((1 << 52) - 1) | 1 << 52;
    let magnitude = match exponent {
        // Infinities and NaNs are beyond as well.
        0..32 => significand << exponent,
        -52..0 => significand >> -exponent,
        _ => 0,
    };
    let word = if bits >> 63 != 0 { magnitude.wrapping_neg() } else { magnitude };
    emulator.set_integer_register(rd, (word as i32 as u64).into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_table() {
        assert_eq!(constant(0, 2), 0xbc00);
        assert_eq!(constant(2, 2), 0x0100);
        assert_eq!(constant(29, 2), 0x7c00);
        assert_eq!(constant(1, 4), f32::MIN_POSITIVE.to_bits().into());
        assert_eq!(constant(9, 8), 0.3125_f64.to_bits().into());
        assert_eq!(constant(30, 4), f32::INFINITY.to_bits().into());
        assert_eq!(constant(31, 2), 0x7e00);
    }
}
