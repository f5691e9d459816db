//! Floating point with rounding modes and exception flags, for handlers of
//! instructions whose specification has neither.

use rustc_apfloat::{
    Float, FloatConvert, Round, Status,
    ieee::{Double, Half, Quad, Single, X87DoubleExtended},
};

use crate::float::{NanRule, is_nan, nan_of, square_root};

/// What is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    SquareRoot,
    /// The first by the second plus the third, rounded once.
    MultiplyAdd,
}

macro_rules! formats {
    ($size:expr, $type:ident, $body:expr, $other:expr) => {
        match $size {
            2 => {
                type $type = Half;
                $body
            }
            4 => {
                type $type = Single;
                $body
            }
            8 => {
                type $type = Double;
                $body
            }
            10 => {
                type $type = X87DoubleExtended;
                $body
            }
            16 => {
                type $type = Quad;
                $body
            }
            _ => $other,
        }
    };
}

/// Computes on values of a size in bytes.
pub(crate) fn compute(
    what: Arithmetic,
    size: usize,
    [a, b, c]: [u128; 3],
    round: Round,
    rule: NanRule,
) -> (u128, Status) {
    let (bits, mut status) =
        formats!(size, F, arithmetic::<F>(what, [a, b, c], round), (0, Status::INVALID_OP));
    if status.contains(Status::INEXACT) && round != Round::NearestTiesToEven {
        // The library does not tell that a result that was rounded to the
        // greatest number is too great.
        let nearest = Round::NearestTiesToEven;
        status |=
            formats!(size, F, arithmetic::<F>(what, [a, b, c], nearest).1 & Status::OVERFLOW, Status::OK);
    }
    if !is_nan(size, bits) {
        return (bits, status);
    }
    let operands: &[u128] = match what {
        Arithmetic::SquareRoot => &[a],
        // The addend is looked at first (Arm ARM, FPMulAdd).
        Arithmetic::MultiplyAdd => &[c, a, b],
        _ => &[a, b],
    };
    (nan_of(size, operands, rule), status)
}

fn arithmetic<F: Float>(what: Arithmetic, operands: [u128; 3], round: Round) -> (u128, Status) {
    let [a, b, c] = operands.map(F::from_bits);
    let result = match what {
        Arithmetic::Add => a.add_r(b, round),
        Arithmetic::Subtract => a.sub_r(b, round),
        Arithmetic::Multiply => a.mul_r(b, round),
        Arithmetic::Divide => a.div_r(b, round),
        Arithmetic::MultiplyAdd => a.mul_add_r(b, c, round),
        Arithmetic::SquareRoot => {
            let (root, status) = rounded_root(a, round);
            status.and(root)
        }
    };
    (result.value.to_bits(), result.status)
}

/// The square root, rounded as asked.
fn rounded_root<F: Float>(value: F, round: Round) -> (F, Status) {
    let root = square_root(value);
    if root.is_nan() {
        let is_invalid = !value.is_nan() || value.is_signaling();
        return (root, if is_invalid { Status::INVALID_OP } else { Status::OK });
    }
    if !root.is_finite_non_zero() {
        return (root, Status::OK);
    }
    // How much the square of the root is too great, near one, where the
    // difference cannot be too small for the format.
    let half = root.ilogb();
    let near = root.scalbn(-half);
    let error = near.mul_add_r(near, -value.scalbn(-2 * half), Round::NearestTiesToEven);
    if error.status == Status::OK && error.value.is_zero() {
        return (root, Status::OK);
    }
    let (is_above, bits) = (!error.value.is_negative(), root.to_bits());
    let bits = match round {
        Round::TowardZero | Round::TowardNegative if is_above => bits - 1,
        Round::TowardPositive if !is_above => bits + 1,
        _ => bits,
    };
    (F::from_bits(bits), Status::INEXACT)
}

/// To an integer of some bits. What does not fit is the nearest that does; a
/// NaN is zero, and invalid.
pub(crate) fn to_integer(
    value: u128,
    size: usize,
    bits: usize,
    signed: bool,
    round: Round,
) -> (u128, Status) {
    let mut exact = true;
    let mask = u128::MAX >> (128 - bits);
    formats!(
        size,
        F,
        {
            let value = F::from_bits(value);
            if value.is_nan() {
                return (0, Status::INVALID_OP);
            }
            if signed {
                let result = value.to_i128_r(bits, round, &mut exact);
                (result.value as u128 & mask, result.status)
            } else if value.is_negative() {
                // Only what rounds to zero fits.
                let result = value.round_to_integral(round);
                if result.value.is_zero() { (0, result.status) } else { (0, Status::INVALID_OP) }
            } else {
                let result = value.to_u128_r(bits, round, &mut exact);
                (result.value, result.status)
            }
        },
        (0, Status::INVALID_OP)
    )
}

/// From an integer that is the value times a power of two.
pub(crate) fn from_integer(value: i128, size: usize, fraction: i32, round: Round) -> (u128, Status) {
    formats!(
        size,
        F,
        {
            let result = F::from_i128_r(value, round);
            (result.value.scalbn_r(-fraction as _, round).to_bits(), result.status)
        },
        (0, Status::INVALID_OP)
    )
}

/// The value times a power of two.
pub(crate) fn scale(value: u128, size: usize, exponent: i32) -> u128 {
    formats!(size, F, F::from_bits(value).scalbn(exponent as _).to_bits(), value)
}

/// To an integral value of the same format.
pub(crate) fn to_integral(value: u128, size: usize, round: Round, rule: NanRule) -> (u128, Status) {
    if is_nan(size, value) {
        return (nan_of(size, &[value], rule), Status::OK);
    }
    formats!(
        size,
        F,
        {
            let result = F::from_bits(value).round_to_integral(round);
            (result.value.to_bits(), result.status)
        },
        (value, Status::OK)
    )
}

/// To another format.
pub(crate) fn convert(value: u128, from: usize, to: usize, round: Round) -> (u128, Status) {
    let mut loses = false;
    formats!(
        from,
        F,
        formats!(
            to,
            T,
            {
                let result: rustc_apfloat::StatusAnd<T> = F::from_bits(value).convert_r(round, &mut loses);
                (result.value.to_bits(), result.status)
            },
            (value, Status::INVALID_OP)
        ),
        (value, Status::INVALID_OP)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAREST: Round = Round::NearestTiesToEven;

    fn double(value: f64) -> u128 {
        value.to_bits().into()
    }

    #[test]
    fn conversions_saturate() {
        let to = |value, bits, signed| to_integer(double(value), 8, bits, signed, Round::TowardZero).0;
        assert_eq!(to(-1.0, 32, false), 0);
        assert_eq!(to(3e9, 32, true), 0x7fff_ffff);
        assert_eq!(to(-3e9, 32, true), 0x8000_0000);
        assert_eq!(to(5e9, 32, false), 0xffff_ffff);
        assert_eq!(to(f64::NAN, 32, true), 0);
        assert_eq!(to(-0.5, 64, false), 0);
        assert_eq!(to_integer(double(2.5), 8, 64, true, NEAREST).0, 2);
        assert_eq!(to_integer(double(2.5), 8, 64, true, Round::NearestTiesToAway).0, 3);
        assert_eq!(to_integer(double(-2.5), 8, 64, true, Round::TowardNegative).0 as i64, -3);
    }

    #[test]
    fn products_are_added_before_they_are_rounded() {
        let (a, b, c) = (1.0 + f64::EPSILON, 1.0 - f64::EPSILON, -1.0);
        let (bits, status) =
            compute(Arithmetic::MultiplyAdd, 8, [a, b, c].map(double), NEAREST, NanRule::Default);
        assert_eq!(bits, double(a.mul_add(b, c)));
        assert_eq!(status, Status::OK);
    }

    #[test]
    fn formats_are_converted_and_scaled() {
        assert_eq!(convert(double(0.1), 8, 4, NEAREST).0, u128::from(0.1f32.to_bits()));
        assert_eq!(from_integer(3, 4, 1, NEAREST).0, u128::from(1.5f32.to_bits()));
        assert_eq!(scale(double(1.5), 8, 4), double(24.0));
        assert_eq!(to_integral(double(2.5), 8, Round::TowardPositive, NanRule::Default).0, double(3.0));
    }
}
