//! PowerPC: estimates of singles in vectors (Power ISA 2.07, book I, 6.10.5).
//! How near they are is the implementation's choice; here they are the nearest
//! singles.

use super::{
    Handler, Table,
    altivec::{NEAREST, RULE},
    lanes::{lane, vector},
};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    exact::{self, Arithmetic},
    float::is_nan,
    halt::Halt,
};

const DEFAULT_NAN: u128 = 0x7fc0_0000;
const QUIET: u128 = 1 << 22;

macro_rules! estimate {
    ($function:expr) => {
        Handler::new(|emulator, op| estimates(emulator, op, $function))
    };
}

pub(super) const TABLE: Table = &[
    ("vectorReciprocalEstimateFloatingPoint", estimate!(reciprocal)),
    ("vectorReciprocalSquareRootEstimateFloatingPoint", estimate!(reciprocal_root)),
    ("vector2RaisedToTheExponentEstimateFloatingPoint", estimate!(power)),
    ("vectorLog2EstimateFloatingPoint", estimate!(logarithm)),
];

/// The function of each single; NaNs come out quiet.
fn estimates(emulator: &mut NativeEmulator, op: &UserOp, function: fn(u128) -> u128) -> Result<(), Halt> {
    let a = emulator.floating_input(op, 0);
    let value = vector(4, 32, |index| {
        let value = lane(a, index, 32);
        if is_nan(4, value) { value | QUIET } else { function(value) }
    });
    emulator.set_floating_result(op, value);
    Ok(())
}

fn reciprocal(value: u128) -> u128 {
    exact::compute(Arithmetic::Divide, 4, [0x3f80_0000, value, 0], NEAREST, RULE).0
}

/// Of a double: the root of one has twice the digits of a single.
fn reciprocal_root(value: u128) -> u128 {
    let wide = exact::convert(value, 4, 8, NEAREST).0;
    if value == 0x8000_0000 {
        return 0xff80_0000;
    }
    if value >> 31 != 0 {
        return DEFAULT_NAN;
    }
    let root = exact::compute(Arithmetic::SquareRoot, 8, [wide, 0, 0], NEAREST, RULE).0;
    let quotient = exact::compute(Arithmetic::Divide, 8, [0x3ff0_0000_0000_0000, root, 0], NEAREST, RULE).0;
    exact::convert(quotient, 8, 4, NEAREST).0
}

fn power(value: u128) -> u128 {
    of_double(value, libm::exp2)
}

fn logarithm(value: u128) -> u128 {
    if value >> 31 != 0 && value << 97 != 0 {
        DEFAULT_NAN
    } else {
        of_double(value & 0x7fff_ffff, libm::log2)
    }
}

fn of_double(value: u128, function: fn(f64) -> f64) -> u128 {
    let result = function(f64::from(f32::from_bits(value as u32)));
    u128::from((result as f32).to_bits())
}
