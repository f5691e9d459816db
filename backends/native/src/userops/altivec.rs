//! PowerPC: vectors of integers and singles (Power ISA, book I, chapter 6),
//! which the specification leaves to the emulator. The first element of a
//! vector is its highest.

use rustc_apfloat::{Round, Status};

use super::{
    Handler, Table,
    lanes::{lane, mask, saturate, signed, vector as lanes_of},
};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    exact::{self, Arithmetic},
    float::{NanRule, is_nan, nan_of, order},
    halt::Halt,
};

pub(super) const NEAREST: Round = Round::NearestTiesToEven;
pub(super) const RULE: NanRule = NanRule::SignallingFirst;

/// A comparison of the elements of two vectors, which may be recorded.
macro_rules! comparing {
    ($bits:literal, $function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn(u128, u128) -> bool = $function;
            let (a, b) = (emulator.user_input(op, 0), emulator.user_input(op, 1));
            let holds = |index| function(lane(a, index, $bits), lane(b, index, $bits));
            let all = (0..128 / $bits).all(holds);
            let none = !(0..128 / $bits).any(holds);
            emulator.set_user_result(op, lanes_of(128 / $bits, $bits, |index| truth(holds(index))));
            record(emulator, u128::from(all) << 3 | u128::from(none) << 1)
        })
    };
}

/// A comparison of singles, of which denormal ones may count as zeros.
macro_rules! comparing_floats {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn(u128, u128) -> bool = $function;
            let [a, b] = [0, 1].map(|index| emulator.floating_input(op, index));
            let holds = |index| function(lane(a, index, 32), lane(b, index, 32));
            let (all, none) = ((0..4).all(holds), !(0..4).any(holds));
            emulator.set_user_result(op, lanes_of(4, 32, |index| truth(holds(index))));
            record(emulator, u128::from(all) << 3 | u128::from(none) << 1)
        })
    };
}

/// Each single from those of up to three vectors.
macro_rules! floating {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn(u128, u128, u128) -> u128 = $function;
            let [a, b, c] = [0, 1, 2].map(|index| emulator.floating_input(op, index));
            let value =
                lanes_of(4, 32, |index| function(lane(a, index, 32), lane(b, index, 32), lane(c, index, 32)));
            emulator.set_floating_result(op, value);
            Ok(())
        })
    };
}

/// Each element from the numbers that those of two vectors are, or the nearest
/// that fits.
macro_rules! saturating {
    ($bits:literal, $signed:literal, $function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn(i128, i128) -> i128 = $function;
            let (a, b) = (emulator.user_input(op, 0), emulator.user_input(op, 1));
            let of = |vector, index| number(lane(vector, index, $bits), $bits, $signed);
            let result = |index| saturate(function(of(a, index), of(b, index)), $bits, $signed);
            emulator.set_saturated(op, $bits, result);
            Ok(())
        })
    };
}

/// Each element from the elements of two vectors.
macro_rules! vector {
    ($bits:literal, $function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn(u128, u128) -> u128 = $function;
            elements(emulator, op, $bits, |a, b, _| function(a, b));
            Ok(())
        })
    };
}

macro_rules! merging {
    ($bits:literal, $high:literal) => {
        Handler::new(|emulator, op| {
            let first = if $high { 64 / $bits } else { 0 };
            let (a, b) = (emulator.user_input(op, 0), emulator.user_input(op, 1));
            let value = lanes_of(128 / $bits, $bits, |index| {
                lane(if index % 2 == 1 { a } else { b }, first + index / 2, $bits)
            });
            emulator.set_user_result(op, value);
            Ok(())
        })
    };
}

/// Products of every second element: those at odd places from below are the
/// even ones.
macro_rules! widening {
    ($bits:literal, $signed:literal, $first:literal) => {
        Handler::new(|emulator, op| {
            let (a, b) = (emulator.user_input(op, 0), emulator.user_input(op, 1));
            let of = |vector, index| number(lane(vector, 2 * index + $first, $bits), $bits, $signed);
            let value = lanes_of(64 / $bits, 2 * $bits, |index| (of(a, index) * of(b, index)) as u128);
            emulator.set_user_result(op, value);
            Ok(())
        })
    };
}

/// To elements of half the size: signed operands, signed results, saturated.
macro_rules! packing {
    ($bits:literal, $signed:literal, $to_signed:literal, $saturates:literal) => {
        Handler::new(|emulator, op| {
            let (a, b) = (emulator.user_input(op, 0), emulator.user_input(op, 1));
            let count = 128 / $bits;
            let result = |index| {
                let source = if index >= count { a } else { b };
                let value = lane(source, index % count, $bits);
                if $saturates {
                    saturate(number(value, $bits, $signed), $bits / 2, $to_signed)
                } else {
                    (value, false)
                }
            };
            emulator.set_saturated(op, $bits / 2, result);
            Ok(())
        })
    };
}

macro_rules! unpacking {
    ($bits:literal, $high:literal) => {
        Handler::new(|emulator, op| {
            let a = emulator.user_input(op, 0);
            let first = if $high { 64 / $bits } else { 0 };
            let value =
                lanes_of(64 / $bits, 2 * $bits, |index| signed(lane(a, first + index, $bits), $bits) as u128);
            emulator.set_user_result(op, value);
            Ok(())
        })
    };
}

/// Each element of three vectors.
macro_rules! ternary {
    ($bits:literal, $function:expr) => {
        Handler::new(|emulator, op| {
            elements(emulator, op, $bits, $function);
            Ok(())
        })
    };
}

pub(super) const TABLE: Table = &[
    ("vectorAddCarryoutUnsignedWord", vector!(32, |a, b| (a + b) >> 32)),
    (
        "vectorAddFloatingPoint",
        floating!(|a, b, _| exact::compute(Arithmetic::Add, 4, [a, b, 0], NEAREST, RULE).0),
    ),
    ("vectorAddSignedByteSaturate", saturating!(8, true, |a, b| a + b)),
    ("vectorAddSignedHalfWordSaturate", saturating!(16, true, |a, b| a + b)),
    ("vectorAddSignedWordSaturate", saturating!(32, true, |a, b| a + b)),
    ("vectorAddUnsignedByteModulo", vector!(8, |a, b| a + b)),
    ("vectorAddUnsignedByteSaturate", saturating!(8, false, |a, b| a + b)),
    ("vectorAddUnsignedHalfWordModulo", vector!(16, |a, b| a + b)),
    ("vectorAddUnsignedHalfWordSaturate", saturating!(16, false, |a, b| a + b)),
    ("vectorAddUnsignedWordModulo", vector!(32, |a, b| a + b)),
    ("vectorAddUnsignedWordSaturate", saturating!(32, false, |a, b| a + b)),
    (
        "vectorAverageSignedByte",
        vector!(8, |a, b| ((number(a, 8, true) + number(b, 8, true) + 1) >> 1) as u128),
    ),
    (
        "vectorAverageSignedHalfWord",
        vector!(16, |a, b| ((number(a, 16, true) + number(b, 16, true) + 1) >> 1) as u128),
    ),
    (
        "vectorAverageSignedWord",
        vector!(32, |a, b| ((number(a, 32, true) + number(b, 32, true) + 1) >> 1) as u128),
    ),
    (
        "vectorAverageUnsignedByte",
        vector!(8, |a, b| ((number(a, 8, false) + number(b, 8, false) + 1) >> 1) as u128),
    ),
    (
        "vectorAverageUnsignedHalfWord",
        vector!(16, |a, b| ((number(a, 16, false) + number(b, 16, false) + 1) >> 1) as u128),
    ),
    (
        "vectorAverageUnsignedWord",
        vector!(32, |a, b| ((number(a, 32, false) + number(b, 32, false) + 1) >> 1) as u128),
    ),
    (
        "vectorCompareEqualToFloatingPoint",
        comparing_floats!(|a, b| ordered(a, b) && order(4, a) == order(4, b)),
    ),
    ("vectorCompareEqualToUnsignedByte", comparing!(8, |a, b| a == b)),
    ("vectorCompareEqualToUnsignedHalfWord", comparing!(16, |a, b| a == b)),
    ("vectorCompareEqualToUnsignedWord", comparing!(32, |a, b| a == b)),
    (
        "vectorCompareGreaterThanConditionRegisterSignedHalfWord",
        comparing!(16, |a, b| number(a, 16, true) > number(b, 16, true)),
    ),
    (
        "vectorCompareGreaterThanFloatingPoint",
        comparing_floats!(|a, b| ordered(a, b) && order(4, a) > order(4, b)),
    ),
    (
        "vectorCompareGreaterThanOrEqualToFloatingPoint",
        comparing_floats!(|a, b| ordered(a, b) && order(4, a) >= order(4, b)),
    ),
    ("vectorCompareGreaterThanSignedByte", comparing!(8, |a, b| number(a, 8, true) > number(b, 8, true))),
    ("vectorCompareGreaterThanSignedWord", comparing!(32, |a, b| number(a, 32, true) > number(b, 32, true))),
    ("vectorCompareGreaterThanUnsignedByte", comparing!(8, |a, b| number(a, 8, false) > number(b, 8, false))),
    (
        "vectorCompareGreaterThanUnsignedHalfWord",
        comparing!(16, |a, b| number(a, 16, false) > number(b, 16, false)),
    ),
    (
        "vectorCompareGreaterThanUnsignedWord",
        comparing!(32, |a, b| number(a, 32, false) > number(b, 32, false)),
    ),
    ("vectorLogicalAnd", vector!(64, |a, b| a & b)),
    ("vectorLogicalAndWithComplement", vector!(64, |a, b| a & !b)),
    ("vectorMaximumFloatingPoint", floating!(|a, b, _| extreme(a, b, true))),
    ("vectorMaximumSignedByte", vector!(8, |a, b| number(a, 8, true).max(number(b, 8, true)) as u128)),
    ("vectorMaximumSignedHalfWord", vector!(16, |a, b| number(a, 16, true).max(number(b, 16, true)) as u128)),
    ("vectorMaximumSignedWord", vector!(32, |a, b| number(a, 32, true).max(number(b, 32, true)) as u128)),
    ("vectorMaximumUnsignedByte", vector!(8, |a, b| number(a, 8, false).max(number(b, 8, false)) as u128)),
    (
        "vectorMaximumUnsignedHalfWord",
        vector!(16, |a, b| number(a, 16, false).max(number(b, 16, false)) as u128),
    ),
    ("vectorMaximumUnsignedWord", vector!(32, |a, b| number(a, 32, false).max(number(b, 32, false)) as u128)),
    ("vectorMergeHighByte", merging!(8, true)),
    ("vectorMergeHighHalfWord", merging!(16, true)),
    ("vectorMergeHighWord", merging!(32, true)),
    ("vectorMergeLowByte", merging!(8, false)),
    ("vectorMergeLowHalfWord", merging!(16, false)),
    ("vectorMergeLowWord", merging!(32, false)),
    ("vectorMinimumFloatingPoint", floating!(|a, b, _| extreme(a, b, false))),
    ("vectorMinimumSignedByte", vector!(8, |a, b| number(a, 8, true).min(number(b, 8, true)) as u128)),
    ("vectorMinimumSignedHalfWord", vector!(16, |a, b| number(a, 16, true).min(number(b, 16, true)) as u128)),
    ("vectorMinimumSignedWord", vector!(32, |a, b| number(a, 32, true).min(number(b, 32, true)) as u128)),
    ("vectorMinimumUnsignedByte", vector!(8, |a, b| number(a, 8, false).min(number(b, 8, false)) as u128)),
    (
        "vectorMinimumUnsignedHalfWord",
        vector!(16, |a, b| number(a, 16, false).min(number(b, 16, false)) as u128),
    ),
    ("vectorMinimumUnsignedWord", vector!(32, |a, b| number(a, 32, false).min(number(b, 32, false)) as u128)),
    ("vectorMultiplyEvenSignedByte", widening!(8, true, 1)),
    ("vectorMultiplyEvenSignedHalfWord", widening!(16, true, 1)),
    ("vectorMultiplyEvenUnsignedByte", widening!(8, false, 1)),
    ("vectorMultiplyEvenUnsignedHalfWord", widening!(16, false, 1)),
    ("vectorMultiplyOddSignedByte", widening!(8, true, 0)),
    ("vectorMultiplyOddSignedHalfWord", widening!(16, true, 0)),
    ("vectorMultiplyOddUnsignedByte", widening!(8, false, 0)),
    ("vectorMultiplyOddUnsignedHalfWord", widening!(16, false, 0)),
    ("vectorPackSignedHalfWordSignedSaturate", packing!(16, true, true, true)),
    ("vectorPackSignedHalfWordUnsignedSaturate", packing!(16, true, false, true)),
    ("vectorPackSignedWordSignedSaturate", packing!(32, true, true, true)),
    ("vectorPackSignedWordUnsignedSaturate", packing!(32, true, false, true)),
    ("vectorPackUnsignedHalfWordUnsignedModulo", packing!(16, false, false, false)),
    ("vectorPackUnsignedHalfWordUnsignedSaturate", packing!(16, false, false, true)),
    ("vectorPackUnsignedWordUnsignedModulo", packing!(32, false, false, false)),
    ("vectorPackUnsignedWordUnsignedSaturate", packing!(32, false, false, true)),
    ("vectorRotateLeftIntegerByte", vector!(8, |a, b| a << (b % 8) | a >> ((8 - b % 8) % 8))),
    ("vectorRotateLeftIntegerHalfWord", vector!(16, |a, b| a << (b % 16) | a >> ((16 - b % 16) % 16))),
    ("vectorRotateLeftIntegerWord", vector!(32, |a, b| a << (b % 32) | a >> ((32 - b % 32) % 32))),
    (
        "vectorRoundToFloatingPointIntegerNearest",
        floating!(|a, _, _| exact::to_integral(a, 4, NEAREST, RULE).0),
    ),
    (
        "vectorRoundToFloatingPointIntegerTowardMinusInfinity",
        floating!(|a, _, _| exact::to_integral(a, 4, Round::TowardNegative, RULE).0),
    ),
    (
        "vectorRoundToFloatingPointIntegerTowardPluInfinity",
        floating!(|a, _, _| exact::to_integral(a, 4, Round::TowardPositive, RULE).0),
    ),
    (
        "vectorRoundToFloatingPointIntegerTowardZero",
        floating!(|a, _, _| exact::to_integral(a, 4, Round::TowardZero, RULE).0),
    ),
    ("vectorShiftLeftIntegerByte", vector!(8, |a, b| a << (b % 8))),
    ("vectorShiftLeftIntegerHalfWord", vector!(16, |a, b| a << (b % 16))),
    ("vectorShiftLeftIntegerWord", vector!(32, |a, b| a << (b % 32))),
    ("vectorShiftRightAlgebraicByte", vector!(8, |a, b| (signed(a, 8) >> (b % 8)) as u128)),
    ("vectorShiftRightAlgebraicHalfWord", vector!(16, |a, b| (signed(a, 16) >> (b % 16)) as u128)),
    ("vectorShiftRightAlgebraicWord", vector!(32, |a, b| (signed(a, 32) >> (b % 32)) as u128)),
    ("vectorShiftRightByte", vector!(8, |a, b| a >> (b % 8))),
    ("vectorShiftRightHalfWord", vector!(16, |a, b| a >> (b % 16))),
    ("vectorShiftRightWord", vector!(32, |a, b| a >> (b % 32))),
    ("vectorSubtractCarryoutUnsignedWord", vector!(32, |a, b| u128::from(a >= b))),
    (
        "vectorSubtractFloatingPoint",
        floating!(|a, b, _| exact::compute(Arithmetic::Subtract, 4, [a, b, 0], NEAREST, RULE).0),
    ),
    ("vectorSubtractSignedByteSaturate", saturating!(8, true, |a, b| a - b)),
    ("vectorSubtractSignedHalfWordSaturate", saturating!(16, true, |a, b| a - b)),
    ("vectorSubtractSignedWordSaturate", saturating!(32, true, |a, b| a - b)),
    ("vectorSubtractUnsignedByteModulo", vector!(8, |a: u128, b| a.wrapping_sub(b))),
    ("vectorSubtractUnsignedByteSaturate", saturating!(8, false, |a, b| a - b)),
    ("vectorSubtractUnsignedHalfWordModulo", vector!(16, |a: u128, b| a.wrapping_sub(b))),
    ("vectorSubtractUnsignedHalfWordSaturate", saturating!(16, false, |a, b| a - b)),
    ("vectorSubtractUnsignedWordModulo", vector!(32, |a: u128, b| a.wrapping_sub(b))),
    ("vectorSubtractUnsignedWordSaturate", saturating!(32, false, |a, b| a - b)),
    ("vectorUnpackHighSignedByte", unpacking!(8, true)),
    ("vectorUnpackHighSignedHalfWord", unpacking!(16, true)),
    ("vectorUnpackLowSignedByte", unpacking!(8, false)),
    ("vectorUnpackLowSignedHalfWord", unpacking!(16, false)),
    ("vectorConditionalSelect", ternary!(64, |a, b, c| a & !c | b & c)),
    ("vectorMultiplyAddFloatingPoint", floating!(fused)),
    ("vectorNegativeMultiplySubtractFloatingPoint", floating!(|a, c, b| negated(fused(a, c, negated(b))))),
    ("vectorMultiplyLowAndAddUnsignedHalfWordModulo", ternary!(16, |a: u128, b, c| (a * b).wrapping_add(c))),
    (
        "vectorMultiplyHighAndAddSignedHalfWordSaturate",
        Handler::new(|emulator, op| multiply_high(emulator, op, 0)),
    ),
    (
        "vectorMultiplyHighRoundAndAddSignedHalfWordSaturate",
        Handler::new(|emulator, op| multiply_high(emulator, op, 0x4000)),
    ),
    ("vectorPermute", Handler::new(permute)),
    ("vectorSplatHalfWord", Handler::new(splat)),
    ("vectorSplatImmediateSignedByte", Handler::new(|emulator, op| immediate(emulator, op, 8))),
    ("vectorSplatImmediateSignedHalfWord", Handler::new(|emulator, op| immediate(emulator, op, 16))),
    ("vectorShiftLeft", Handler::new(|emulator, op| shift_whole(emulator, op, true, false))),
    ("vectorShiftRight", Handler::new(|emulator, op| shift_whole(emulator, op, false, false))),
    ("vectorShiftLeftByOctet", Handler::new(|emulator, op| shift_whole(emulator, op, true, true))),
    ("vectorShiftRightByOctet", Handler::new(|emulator, op| shift_whole(emulator, op, false, true))),
    ("loadVectorForShiftLeft", Handler::new(|emulator, op| shift_control(emulator, op, true))),
    ("loadVectorForShiftRight", Handler::new(|emulator, op| shift_control(emulator, op, false))),
    ("vectorConvertFromSignedFixedPointWord", Handler::new(|emulator, op| from_fixed(emulator, op, true))),
    ("vectorConvertFromUnsignedFixedPointWord", Handler::new(|emulator, op| from_fixed(emulator, op, false))),
    (
        "vectorConvertToSignedFixedPointWordSaturate",
        Handler::new(|emulator, op| to_fixed(emulator, op, true)),
    ),
    (
        "vectorConvertToUnsignedFixedPointWordSaturate",
        Handler::new(|emulator, op| to_fixed(emulator, op, false)),
    ),
    (
        "vectorMultiplySumUnsignedByteModulo",
        Handler::new(|emulator, op| sums(emulator, op, 8, [false, false])),
    ),
    (
        "vectorMultiplySumMixedSignByteModulo",
        Handler::new(|emulator, op| sums(emulator, op, 8, [true, false])),
    ),
    (
        "vectorMultiplySumUnsignedHalfWordModulo",
        Handler::new(|emulator, op| sums(emulator, op, 16, [false, false])),
    ),
    (
        "vectorMultiplySumSignedHalfWordModulo",
        Handler::new(|emulator, op| sums(emulator, op, 16, [true, true])),
    ),
    ("dataStreamStop", Handler::nothing()),
    ("dataStreamStopAll", Handler::nothing()),
    ("dataStreamTouch", Handler::nothing()),
    ("dataStreamTouchSoon", Handler::nothing()),
    ("dataStreamTouchForStore", Handler::nothing()),
    ("dataStreamTouchForStoreTransient", Handler::nothing()),
];

fn number(value: u128, bits: u32, is_signed: bool) -> i128 {
    if is_signed { signed(value, bits) } else { value as i128 }
}

/// Sets the fourth field of the condition register to what holds of a
/// comparison, if the instruction is to: bit 10 of it (6.2.3 of the programming
/// environments manual, Rc).
pub(super) fn record(emulator: &mut NativeEmulator, result: u128) -> Result<(), Halt> {
    let mut bytes = [0; 4];
    emulator.memory.fetch(emulator.user_pc, &mut bytes);
    let is_big = emulator.processor.language.is_big_endian();
    let word = if is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
    if word >> 10 & 1 != 0 {
        emulator.set_user_register("cr6", result);
    }
    Ok(())
}

/// All bits, or none.
const fn truth(holds: bool) -> u128 {
    if holds { u128::MAX } else { 0 }
}

fn ordered(a: u128, b: u128) -> bool {
    !is_nan(4, a) && !is_nan(4, b)
}

fn extreme(a: u128, b: u128, greater: bool) -> u128 {
    if !ordered(a, b) {
        return nan_of(4, &[a, b], RULE);
    }
    let below = |value: u128| (order(4, value), value >> 31 == 0);
    if (below(a) < below(b)) == greater { b } else { a }
}

fn fused(a: u128, c: u128, b: u128) -> u128 {
    exact::compute(Arithmetic::MultiplyAdd, 4, [a, c, b], NEAREST, RULE).0
}

fn negated(value: u128) -> u128 {
    if is_nan(4, value) { value } else { value ^ 1 << 31 }
}

fn elements(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    bits: u32,
    function: impl Fn(u128, u128, u128) -> u128,
) {
    let [a, b, c] = [0, 1, 2].map(|index| emulator.user_input(op, index));
    let value = lanes_of(128 / bits, bits, |index| {
        function(lane(a, index, bits), lane(b, index, bits), lane(c, index, bits))
    });
    emulator.set_user_result(op, value);
}

/// The upper parts of products, which may be rounded, and an addend.
fn multiply_high(emulator: &mut NativeEmulator, op: &UserOp, half: i128) -> Result<(), Halt> {
    let [a, b, c] = [0, 1, 2].map(|index| emulator.user_input(op, index));
    let of = |vector, index| signed(lane(vector, index, 16), 16);
    let result = |index| saturate(((of(a, index) * of(b, index) + half) >> 15) + of(c, index), 16, true);
    emulator.set_saturated(op, 16, result);
    Ok(())
}

/// Bytes of two vectors by the indices in a third.
fn permute(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let [a, b, choice] = [0, 1, 2].map(|index| emulator.user_input(op, index));
    let value = lanes_of(16, 8, |index| {
        let at = lane(choice, index, 8) as u32 & 31;
        if at < 16 { lane(a, 15 - at, 8) } else { lane(b, 31 - at, 8) }
    });
    emulator.set_user_result(op, value);
    Ok(())
}

fn splat(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let (vector, element) = (emulator.user_input(op, 0), emulator.user_input(op, 1) as u32 & 7);
    let value = lane(vector, 7 - element, 16);
    emulator.set_user_result(op, lanes_of(8, 16, |_| value));
    Ok(())
}

/// A signed immediate of five bits in all elements.
fn immediate(emulator: &mut NativeEmulator, op: &UserOp, bits: u32) -> Result<(), Halt> {
    let value = signed(emulator.user_input(op, 0) & 31, 5) as u128;
    emulator.set_user_result(op, lanes_of(128 / bits, bits, |_| value));
    Ok(())
}

/// Shifts the whole vector by some bits, or by octets.
fn shift_whole(emulator: &mut NativeEmulator, op: &UserOp, left: bool, octets: bool) -> Result<(), Halt> {
    let (a, b) = (emulator.user_input(op, 0), emulator.user_input(op, 1));
    let amount = if octets { b as u32 & 0x78 } else { b as u32 & 7 };
    emulator.set_user_result(op, if left { a << amount } else { a >> amount });
    Ok(())
}

/// The indices that shift bytes of unaligned loads to their places.
fn shift_control(emulator: &mut NativeEmulator, op: &UserOp, left: bool) -> Result<(), Halt> {
    let address = emulator.user_input(op, 0).wrapping_add(emulator.user_input(op, 1)) & 15;
    let first = if left { address } else { 16 - address };
    emulator.set_user_result(op, lanes_of(16, 8, |index| first + 15 - u128::from(index)));
    Ok(())
}

fn from_fixed(emulator: &mut NativeEmulator, op: &UserOp, is_signed: bool) -> Result<(), Halt> {
    let (a, fraction) = (emulator.user_input(op, 0), emulator.user_input(op, 1) as i32 & 31);
    let value = lanes_of(4, 32, |index| {
        exact::from_integer(number(lane(a, index, 32), 32, is_signed), 4, fraction, NEAREST).0
    });
    emulator.set_user_result(op, value);
    Ok(())
}

fn to_fixed(emulator: &mut NativeEmulator, op: &UserOp, is_signed: bool) -> Result<(), Halt> {
    let (a, fraction) = (emulator.user_input(op, 0), emulator.user_input(op, 1) as i32 & 31);
    let result = |index| {
        let value = lane(a, index, 32);
        let wide = exact::scale(exact::convert(value, 4, 8, NEAREST).0, 8, fraction);
        let (integer, status) = exact::to_integer(wide, 8, 32, is_signed, Round::TowardZero);
        (integer, status.contains(Status::INVALID_OP) && !is_nan(4, value))
    };
    emulator.set_saturated(op, 32, result);
    Ok(())
}

/// Sums of products of neighbours, and a word.
fn sums(emulator: &mut NativeEmulator, op: &UserOp, bits: u32, is_signed: [bool; 2]) -> Result<(), Halt> {
    let [a, b, c] = [0, 1, 2].map(|index| emulator.user_input(op, index));
    let each = 32 / bits;
    let value = lanes_of(4, 32, |index| {
        let products = (each * index..each * (index + 1)).map(|at| {
            number(lane(a, at, bits), bits, is_signed[0]) * number(lane(b, at, bits), bits, is_signed[1])
        });
        (products.sum::<i128>() as u128).wrapping_add(lane(c, index, 32)) & mask(32)
    });
    emulator.set_user_result(op, value);
    Ok(())
}
