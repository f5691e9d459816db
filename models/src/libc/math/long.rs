//! The functions of `long double` that are exact in every format.

use std::cmp::Ordering;

use super::super::{
    context::Context,
    error::Result,
    exact::{Exact, Number, Rounded},
    fenv::{Exceptions, Rounding},
    types::LongDouble,
};
use crate::errno::Errno;

/// Exceptions and `errno` of a result that an operation gave.
pub(super) fn checked(c: &mut Context<'_>, rounded: Rounded) -> Result<LongDouble> {
    if rounded.raised.has(Exceptions::INVALID) {
        c.set_errno(Errno::EDOM)?;
    } else if rounded.raised.has(Exceptions::OVERFLOW.with(Exceptions::DIVIDE)) {
        c.set_errno(Errno::ERANGE)?;
    }
    c.settled(rounded).map(LongDouble)
}

/// A NaN made quiet: an invalid operation, if it was not.
pub(super) fn quieted(c: &mut Context<'_>, number: Number) -> Result<LongDouble> {
    if let Number::Nan { negative, payload, signalling: true } = number {
        c.raise_exceptions(Exceptions::INVALID)?;
        return Ok(LongDouble(Number::Nan { negative, payload, signalling: false }));
    }
    Ok(LongDouble(number))
}

macro_rules! whole {
    ($($name:ident = $rounding:ident;)*) => {$(
        pub(super) fn $name(c: &mut Context<'_>, x: LongDouble) -> Result<LongDouble> {
            quieted(c, x.0.whole(Rounding::$rounding).0)
        }
    )*};
}

whole! {
    ceil = Upward;
    floor = Downward;
    trunc = TowardZero;
    roundeven = Nearest;
}

pub(super) fn round(c: &mut Context<'_>, x: LongDouble) -> Result<LongDouble> {
    quieted(c, x.0.whole_away())
}

pub(super) fn nearbyint(c: &mut Context<'_>, x: LongDouble) -> Result<LongDouble> {
    let rounding = c.rounding();
    quieted(c, x.0.whole(rounding).0)
}

pub(super) fn rint(c: &mut Context<'_>, x: LongDouble) -> Result<LongDouble> {
    let rounding = c.rounding();
    let (whole, changed) = x.0.whole(rounding);
    if changed {
        c.raise_exceptions(Exceptions::INEXACT)?;
    }
    quieted(c, whole)
}

pub(super) fn fabs(_: &mut Context<'_>, x: LongDouble) -> Result<LongDouble> {
    Ok(LongDouble(x.0.with_sign(false)))
}

pub(super) fn copysign(_: &mut Context<'_>, x: LongDouble, y: LongDouble) -> Result<LongDouble> {
    Ok(LongDouble(x.0.with_sign(y.0.is_negative())))
}

pub(super) fn sqrt(c: &mut Context<'_>, x: LongDouble) -> Result<LongDouble> {
    let (format, rounding) = (c.long_format()?, c.rounding());
    checked(c, x.0.square_root(format, rounding))
}

pub(super) fn fma(c: &mut Context<'_>, x: LongDouble, y: LongDouble, z: LongDouble) -> Result<LongDouble> {
    let (format, rounding) = (c.long_format()?, c.rounding());
    let rounded = x.0.multiply_add(&y.0, &z.0, format, rounding);
    c.settled(rounded).map(LongDouble)
}

/// The power of two of a number's highest bit; `None` of what has none.
fn power(number: &Number) -> Option<i64> {
    match number {
        Number::Finite(exact) if !exact.is_zero() => Some(exact.power()),
        _ => None,
    }
}

pub(super) fn logb(c: &mut Context<'_>, x: LongDouble) -> Result<LongDouble> {
    match power(&x.0) {
        Some(power) => Ok(LongDouble(Number::of_integer(power.into()))),
        None if x.0.is_zero() => {
            c.settled(Rounded { number: Number::infinity(true), raised: Exceptions::DIVIDE }).map(LongDouble)
        }
        None => {
            let result = if x.0.is_infinite() { x.0.with_sign(false) } else { x.0 };
            quieted(c, result)
        }
    }
}

/// The power of `ilogb`.
pub(super) fn integer_power(x: &LongDouble) -> Option<i32> {
    power(&x.0).map(|power| power as i32)
}

pub(super) fn significand(_: &mut Context<'_>, x: LongDouble) -> Result<LongDouble> {
    Ok(match (power(&x.0), x.0) {
        (Some(power), Number::Finite(exact)) => {
            LongDouble(Number::Finite(Exact { exponent: exact.exponent - power, ..exact }))
        }
        (_, other) => LongDouble(other),
    })
}

pub(super) fn nextup(c: &mut Context<'_>, x: LongDouble) -> Result<LongDouble> {
    let format = c.long_format()?;
    Ok(LongDouble(x.0.beside(true, format)))
}

pub(super) fn nextdown(c: &mut Context<'_>, x: LongDouble) -> Result<LongDouble> {
    let format = c.long_format()?;
    Ok(LongDouble(x.0.beside(false, format)))
}

/// The first that is no number, if there is one.
pub(super) fn nan(x: &LongDouble, y: &LongDouble) -> Option<Number> {
    [x, y].into_iter().find(|it| it.0.is_nan()).map(|it| it.0.clone())
}

pub(super) fn nextafter(c: &mut Context<'_>, x: LongDouble, y: LongDouble) -> Result<LongDouble> {
    if let Some(nan) = nan(&x, &y) {
        return quieted(c, nan);
    }
    let format = c.long_format()?;
    let next = match x.0.order(&y.0) {
        Some(Ordering::Less) => x.0.beside(true, format),
        Some(Ordering::Greater) => x.0.beside(false, format),
        _ => return Ok(y),
    };
    let tiny = power(&next).is_none_or(|power| power < format.smallest_normal().into());
    if next.is_infinite() && x.0.is_finite() {
        c.set_errno(Errno::ERANGE)?;
        c.raise_exceptions(Exceptions::OVERFLOW.with(Exceptions::INEXACT))?;
    } else if next.is_finite() && tiny {
        if !x.0.is_zero() {
            c.set_errno(Errno::ERANGE)?;
        }
        c.raise_exceptions(Exceptions::UNDERFLOW.with(Exceptions::INEXACT))?;
    }
    Ok(LongDouble(next))
}

pub(super) fn fmod(c: &mut Context<'_>, x: LongDouble, y: LongDouble) -> Result<LongDouble> {
    checked(c, x.0.remainder(&y.0, false).rest)
}

pub(super) fn remainder(c: &mut Context<'_>, x: LongDouble, y: LongDouble) -> Result<LongDouble> {
    checked(c, x.0.remainder(&y.0, true).rest)
}

pub(super) fn fdim(c: &mut Context<'_>, x: LongDouble, y: LongDouble) -> Result<LongDouble> {
    if let Some(nan) = nan(&x, &y) {
        return quieted(c, nan);
    }
    if x.0.order(&y.0) != Some(Ordering::Greater) {
        return Ok(LongDouble(Number::zero(false)));
    }
    let (format, rounding) = (c.long_format()?, c.rounding());
    checked(c, x.0.add(&y.0.negated(), format, rounding))
}

/// The number beside what is none.
fn chosen(c: &mut Context<'_>, x: LongDouble, y: LongDouble, wanted: Ordering) -> Result<LongDouble> {
    match (x.0.is_nan(), y.0.is_nan()) {
        (true, false) => Ok(y),
        (false, true) => Ok(x),
        (true, true) => quieted(c, x.0),
        _ => Ok(if y.0.order(&x.0) == Some(wanted) { y } else { x }),
    }
}

pub(super) fn fmax(c: &mut Context<'_>, x: LongDouble, y: LongDouble) -> Result<LongDouble> {
    chosen(c, x, y, Ordering::Greater)
}

pub(super) fn fmin(c: &mut Context<'_>, x: LongDouble, y: LongDouble) -> Result<LongDouble> {
    chosen(c, x, y, Ordering::Less)
}

/// `x * 2^power`, with `errno` where the result left the range.
pub(super) fn scaled(c: &mut Context<'_>, x: LongDouble, power: i64) -> Result<LongDouble> {
    let (format, rounding) = (c.long_format()?, c.rounding());
    let was_number = x.0.is_finite() && !x.0.is_zero();
    let result = x.0.scaled(power, format, rounding);
    if was_number && (result.number.is_zero() || result.number.is_infinite()) {
        c.set_errno(Errno::ERANGE)?;
    }
    c.settled(result).map(LongDouble)
}

pub(super) fn scalb(c: &mut Context<'_>, x: LongDouble, y: LongDouble) -> Result<LongDouble> {
    if let Some(nan) = nan(&x, &y) {
        return quieted(c, nan);
    }
    let (format, rounding) = (c.long_format()?, c.rounding());
    match &y.0 {
        Number::Infinite { negative: false } => checked(c, x.0.multiply(&y.0, format, rounding)),
        Number::Infinite { .. } => checked(c, x.0.divide(&y.0.clone().negated(), format, rounding)),
        other if other.whole(Rounding::TowardZero).1 => checked(c, Rounded::invalid()),
        other => {
            let most = if other.is_negative() { -100_000 } else { 100_000 };
            let power = other.integer(32).unwrap_or(most);
            scaled(c, x, power as i64)
        }
    }
}

/// A fraction in `[1/2, 1)` and a power of two.
pub(super) fn split(x: Number) -> (Number, i32) {
    match (power(&x), x) {
        (Some(power), Number::Finite(exact)) => {
            let exponent = exact.exponent - power - 1;
            (Number::Finite(Exact { exponent, ..exact }), power as i32 + 1)
        }
        (_, other) => (other, 0),
    }
}

/// Computed exactly before it is rounded.
pub(super) fn hypot(c: &mut Context<'_>, x: LongDouble, y: LongDouble) -> Result<LongDouble> {
    if x.0.is_infinite() || y.0.is_infinite() {
        return Ok(LongDouble(Number::infinity(false)));
    }
    if let Some(nan) = nan(&x, &y) {
        return quieted(c, nan);
    }
    let (Number::Finite(one), Number::Finite(two)) = (&x.0, &y.0) else { return Ok(x) };
    let sum = one.times(one).plus(&two.times(two), false);
    let (format, rounding) = (c.long_format()?, c.rounding());
    checked(c, Number::Finite(sum).square_root(format, rounding))
}
