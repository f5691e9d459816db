//! PowerPC: rounding to singles, and between floating point and integers (Power
//! ISA 2.07, book I, 4.6.7).

use rustc_apfloat::{Round, Status};

use super::powerpc_float::{Computed, QUIET, Word, class, fpscr};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    exact,
    float::{is_nan, is_signalling},
    halt::Halt,
    ieee::{self, Rounded, Tininess},
};

/// A double as a single, which a double holds.
pub(super) fn single(value: u64, round: Round) -> Computed {
    if is_nan(8, value.into()) {
        return quieted(value).map(|value| value >> 29 << 29);
    }
    Computed::of(ieee::convert(value.into(), 8, 4, round, Tininess::Before), true)
}

/// The value, of which a signalling NaN is made quiet.
pub(super) fn quieted(value: u64) -> Computed {
    match (is_nan(8, value.into()), is_signalling(8, value.into())) {
        (true, signals) => Computed::nan(value | QUIET, if signals { fpscr::VXSNAN } else { 0 }),
        _ => Computed::exact(value),
    }
}

pub(super) fn round_to_single(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let result = single(emulator.double(word.field(11)), emulator.fpscr_rounding());
    if emulator.report(&result, Some(class(result.bits, true))) {
        emulator.set_double(word.target(), result.bits);
    }
    emulator.record(word);
    Ok(())
}

/// To an integer; what does not fit is the nearest that does, a NaN the
/// lowest (4.6.7).
pub(super) fn to_integer_of(value: u64, bits: usize, is_signed: bool, round: Round) -> Computed {
    let value = u128::from(value);
    if is_nan(8, value) {
        let signalling = if is_signalling(8, value) { fpscr::VXSNAN } else { 0 };
        return Computed::nan(if is_signed { 1 << (bits - 1) } else { 0 }, fpscr::VXCVI | signalling);
    }
    let (integer, status) = exact::to_integer(value, 8, bits, is_signed, round);
    let truncated = exact::to_integer(value, 8, bits, is_signed, Round::TowardZero).0;
    if status.contains(Status::INVALID_OP) {
        return Computed::nan(integer as u64, fpscr::VXCVI);
    }
    let is_inexact = status.contains(Status::INEXACT);
    let raised = u32::from(is_inexact) * fpscr::XX;
    Computed { bits: integer as u64, raised, is_inexact, rounded_up: integer != truncated }
}

pub(super) fn to_integer(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    bits: usize,
    is_signed: bool,
    round: Option<Round>,
) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let round = round.unwrap_or_else(|| emulator.fpscr_rounding());
    let result = to_integer_of(emulator.double(word.field(11)), bits, is_signed, round);
    if emulator.report(&result, None) {
        // The upper word of a result of 32 bits is undefined: its sign.
        let is_word = bits == 32 && is_signed;
        let value = if is_word { i64::from(result.bits as i32) as u64 } else { result.bits };
        emulator.set_double(word.target(), value);
    }
    emulator.record(word);
    Ok(())
}

/// From an integer to a format.
pub(super) fn of_integer(value: i128, size: usize, round: Round) -> Computed {
    let (bits, status) = exact::from_integer(value, size, 0, round);
    let truncated = exact::from_integer(value, size, 0, Round::TowardZero).0;
    Computed::of(Rounded { bits, status, up: bits != truncated }, size == 4)
}

pub(super) fn from_integer(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    size: usize,
    is_signed: bool,
) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let value = emulator.double(word.field(11));
    let value = if is_signed { i128::from(value as i64) } else { i128::from(value) };
    let result = of_integer(value, size, emulator.fpscr_rounding());
    if emulator.report(&result, Some(class(result.bits, size == 4))) {
        emulator.set_double(word.target(), result.bits);
    }
    emulator.record(word);
    Ok(())
}

/// To an integral value; whether it tells that it is not exact.
pub(super) fn integral(value: u64, round: Round, tells: bool) -> Computed {
    if is_nan(8, value.into()) {
        return quieted(value);
    }
    let rounded = |round| exact::to_integral(value.into(), 8, round, crate::float::NanRule::Default).0 as u64;
    let bits = rounded(round);
    if bits == value || !tells {
        return Computed::exact(bits);
    }
    let rounded_up = bits != rounded(Round::TowardZero);
    Computed { bits, raised: fpscr::XX, is_inexact: true, rounded_up }
}

pub(super) fn to_integral(emulator: &mut NativeEmulator, op: &UserOp, round: Round) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let result = integral(emulator.double(word.field(11)), round, false);
    if emulator.report(&result, Some(class(result.bits, false))) {
        emulator.set_double(word.target(), result.bits);
    }
    emulator.record(word);
    Ok(())
}
