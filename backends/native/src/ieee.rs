//! One operation of IEEE 754 with all that a processor tells of it: flags,
//! whether it was rounded up, and singles computed of doubles and rounded
//! once.
//!
//! NaNs are the caller's: every processor chooses its own.

use rustc_apfloat::{Round, Status};

use crate::exact::{self, Arithmetic};

/// When a result is so small that it may be an underflow (IEEE 754-2019, 7.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tininess {
    /// Before it is rounded.
    Before,
    /// After it is rounded, as if there were no lowest exponent.
    After,
}

/// What an operation gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rounded {
    pub(crate) bits: u128,
    pub(crate) status: Status,
    /// Its magnitude is greater than that of the exact result.
    pub(crate) up: bool,
}

/// The smallest normal number of a format.
const fn smallest_normal(size: usize) -> u128 {
    match size {
        2 => 0x0400,
        4 => 0x0080_0000,
        16 => 1 << 112,
        _ => 0x0010_0000_0000_0000,
    }
}

/// Computes on operands of `from` bytes, none of which is a NaN, a result of
/// `to` bytes. A result that is a NaN is an invalid operation.
pub(crate) fn compute(
    what: Arithmetic,
    from: usize,
    operands: [u128; 3],
    to: usize,
    round: Round,
    tininess: Tininess,
) -> Rounded {
    finish(to, round, tininess, |round| once(what, from, operands, to, round))
}

/// Converts a number that is no NaN to another format.
pub(crate) fn convert(value: u128, from: usize, to: usize, round: Round, tininess: Tininess) -> Rounded {
    finish(to, round, tininess, |round| narrow(value, from, to, round))
}

fn finish(to: usize, round: Round, tininess: Tininess, at: impl Fn(Round) -> (u128, Status)) -> Rounded {
    let (bits, mut status) = at(round);
    if !status.contains(Status::INEXACT) {
        // An exact result is no underflow.
        return Rounded { bits, status: status & !Status::UNDERFLOW, up: false };
    }
    let (truncated, _) = at(Round::TowardZero);
    if tininess == Tininess::Before {
        let is_tiny = truncated & !(1 << (8 * to - 1)) < smallest_normal(to);
        status = if is_tiny { status | Status::UNDERFLOW } else { status & !Status::UNDERFLOW };
    }
    Rounded { bits, status, up: bits != truncated }
}

fn once(what: Arithmetic, from: usize, operands: [u128; 3], to: usize, round: Round) -> (u128, Status) {
    if from == to {
        return exact::compute(what, from, operands, round, crate::float::NanRule::Default);
    }
    // Rounded to odd, so that what comes after rounds once (Boldo and
    // Melquiond, When double rounding is odd, 2004): the wide format has more
    // than twice the digits and two more.
    let rule = crate::float::NanRule::Default;
    let (mut wide, status) = exact::compute(what, from, operands, Round::TowardZero, rule);
    if wide == 0 && !status.contains(Status::INEXACT) {
        // The sign of an exact sum of zero is that of the rounding (IEEE 754,
        // 6.3).
        wide = exact::compute(what, from, operands, round, rule).0;
    }
    let odd = wide | u128::from(status.contains(Status::INEXACT));
    let (bits, narrowed) = narrow(odd, from, to, round);
    (bits, narrowed | status & (Status::INVALID_OP | Status::DIV_BY_ZERO))
}

fn narrow(value: u128, from: usize, to: usize, round: Round) -> (u128, Status) {
    let (bits, mut status) = exact::convert(value, from, to, round);
    if status.contains(Status::INEXACT) && round != Round::NearestTiesToEven {
        // The library does not tell that what became the greatest number is
        // too great.
        status |= exact::convert(value, from, to, Round::NearestTiesToEven).1 & Status::OVERFLOW;
    }
    (bits, status)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAREST: Round = Round::NearestTiesToEven;

    #[test]
    fn singles_of_doubles_are_rounded_once() {
        // 1 + 2^-24 is half-way between two singles; with 2^-60 it is above.
        let (a, b) = (1.0 + 2f64.powi(-24), 2f64.powi(-60));
        let operands = [a.to_bits().into(), b.to_bits().into(), 0];
        let sum = compute(Arithmetic::Add, 8, operands, 4, NEAREST, Tininess::Before);
        assert_eq!(sum.bits, u128::from(0x3f80_0001u32));
        assert!(sum.up && sum.status == Status::INEXACT);
    }

    #[test]
    fn roots_are_rounded_as_asked() {
        let root = |value: f64, round| {
            let operands = [value.to_bits().into(), 0, 0];
            f64::from_bits(
                compute(Arithmetic::SquareRoot, 8, operands, 8, round, Tininess::Before).bits as u64,
            )
        };
        for value in [2.0, 3.0, 1.5e-323, 0.1, 1e300] {
            let (down, up) = (root(value, Round::TowardZero), root(value, Round::TowardPositive));
            assert_eq!(down.to_bits() + 1, up.to_bits(), "{value}");
            assert!(root(value, NEAREST) == down || root(value, NEAREST) == up);
        }
        assert_eq!(root(4.0, Round::TowardPositive), 2.0);
    }

    #[test]
    fn tininess_is_seen_before_rounding() {
        // The smallest normal number less half of the last place rounds up to it.
        let operands = [0x0010_0000_0000_0000, 0x3fef_ffff_ffff_ffff, 0];
        let product = |tininess| compute(Arithmetic::Multiply, 8, operands, 8, NEAREST, tininess).status;
        assert!(product(Tininess::Before).contains(Status::UNDERFLOW));
        assert!(!product(Tininess::After).contains(Status::UNDERFLOW));
    }
}
