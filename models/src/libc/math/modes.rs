//! Functions whose results depend on the rounding mode, and raise all
//! exceptions of IEEE 754's operations: `rint`, `sqrt`, `fma`, `ldexp`.

use super::{
    super::{
        context::Context,
        error::Result,
        exact::{Format, Number, Rounded},
        fenv::{Exceptions, Rounding},
        types::{Header, Long, LongDouble, Model, Standard, typed},
    },
    long, model,
};
use crate::errno::Errno;

/// A whole number, by a mode.
pub(super) fn whole(x: f64, rounding: Rounding) -> f64 {
    match rounding {
        Rounding::Nearest => x.round_ties_even(),
        Rounding::Downward => x.floor(),
        Rounding::Upward => x.ceil(),
        Rounding::TowardZero => x.trunc(),
    }
}

fn nearbyint(c: &mut Context<'_>, x: f64) -> Result<f64> {
    super::quiet(c, super::signals(x))?;
    let rounding = c.rounding();
    Ok(whole(x, rounding))
}

fn nearbyintf(c: &mut Context<'_>, x: f32) -> Result<f32> {
    super::quiet(c, super::signals_single(x))?;
    let rounding = c.rounding();
    Ok(whole(x.into(), rounding) as f32)
}

fn rint(c: &mut Context<'_>, x: f64) -> Result<f64> {
    let result = nearbyint(c, x)?;
    if result != x && !x.is_nan() {
        c.raise_exceptions(Exceptions::INEXACT)?;
    }
    Ok(result)
}

fn rintf(c: &mut Context<'_>, x: f32) -> Result<f32> {
    let result = nearbyintf(c, x)?;
    if result != x && !x.is_nan() {
        c.raise_exceptions(Exceptions::INEXACT)?;
    }
    Ok(result)
}

/// Raises what an operation raises, and gives its double.
fn double(c: &mut Context<'_>, rounded: Rounded) -> Result<f64> {
    Ok(c.settled(rounded)?.to_double())
}

fn single(c: &mut Context<'_>, rounded: Rounded) -> Result<f32> {
    Ok(c.settled(rounded)?.to_single_by(Rounding::Nearest).0)
}

fn sqrt(c: &mut Context<'_>, x: f64) -> Result<f64> {
    let root = x.sqrt();
    // A root that is exact is so in every mode.
    if !x.is_nan() && (root * root == x && libm::fma(root, root, -x) == 0.0 || x == f64::INFINITY) {
        return Ok(root);
    }
    if x < 0.0 {
        c.set_errno(Errno::EDOM)?;
    }
    let rounding = c.rounding();
    let rounded = Number::of_double(x).square_root(Format::DOUBLE, rounding);
    double(c, rounded)
}

fn sqrtf(c: &mut Context<'_>, x: f32) -> Result<f32> {
    super::quiet(c, super::signals_single(x))?;
    if x < 0.0 {
        c.set_errno(Errno::EDOM)?;
    }
    let rounding = c.rounding();
    let rounded = Number::of_double(x.into()).square_root(Format::SINGLE, rounding);
    single(c, rounded)
}

fn fma(c: &mut Context<'_>, x: f64, y: f64, z: f64) -> Result<f64> {
    let rounding = c.rounding();
    let number = Number::of_double;
    let rounded = number(x).multiply_add(&number(y), &number(z), Format::DOUBLE, rounding);
    double(c, rounded)
}

fn fmaf(c: &mut Context<'_>, x: f32, y: f32, z: f32) -> Result<f32> {
    super::quiet(c, [x, y, z].into_iter().any(super::signals_single))?;
    let rounding = c.rounding();
    let number = |value: f32| Number::of_double(value.into());
    let rounded = number(x).multiply_add(&number(y), &number(z), Format::SINGLE, rounding);
    single(c, rounded)
}

/// `ERANGE` where the result left the range.
fn left(c: &mut Context<'_>, x: f64, result: &Rounded) -> Result<()> {
    let gone = result.number.is_zero() || result.number.is_infinite();
    if x.is_finite() && x != 0.0 && gone { c.set_errno(Errno::ERANGE) } else { Ok(()) }
}

pub(super) fn ldexp(c: &mut Context<'_>, x: f64, power: i32) -> Result<f64> {
    let rounding = c.rounding();
    let result = Number::of_double(x).scaled(power.into(), Format::DOUBLE, rounding);
    left(c, x, &result)?;
    double(c, result)
}

pub(super) fn ldexpf(c: &mut Context<'_>, x: f32, power: i32) -> Result<f32> {
    super::quiet(c, super::signals_single(x))?;
    let rounding = c.rounding();
    let result = Number::of_double(x.into()).scaled(power.into(), Format::SINGLE, rounding);
    left(c, x.into(), &result)?;
    single(c, result)
}

fn ldexpl(c: &mut Context<'_>, x: LongDouble, power: i32) -> Result<LongDouble> {
    long::scaled(c, x, power.into())
}

fn scalbln(c: &mut Context<'_>, x: f64, power: Long) -> Result<f64> {
    ldexp(c, x, power.0.clamp(-100_000, 100_000) as i32)
}

fn scalblnf(c: &mut Context<'_>, x: f32, power: Long) -> Result<f32> {
    ldexpf(c, x, power.0.clamp(-100_000, 100_000) as i32)
}

fn scalblnl(c: &mut Context<'_>, x: LongDouble, power: Long) -> Result<LongDouble> {
    long::scaled(c, x, power.0)
}

/// The names of a function: in the three precisions, and that of IEEE binary128
/// on PowerPC.
macro_rules! names {
    ($($name:ident($($more:ident: $type:ty),*) = $double:path, $single:path, $long:path;)*) => {
        &[$(
            model!(stringify!($name), None, |c: &mut Context<'_>, x: f64 $(, $more: $type)*| -> Result<f64> { $double(c, x $(, $more)*) }),
            model!(concat!(stringify!($name), "f"), None, |c: &mut Context<'_>, x: f32 $(, $more: $type)*| -> Result<f32> { $single(c, x $(, $more)*) }),
            model!(concat!(stringify!($name), "l"), None, |c: &mut Context<'_>, x: LongDouble $(, $more: $type)*| -> Result<LongDouble> { $long(c, x $(, $more)*) }),
            model!(concat!("__", stringify!($name), "ieee128"), None, |c: &mut Context<'_>, x: LongDouble $(, $more: $type)*| -> Result<LongDouble> { $long(c, x $(, $more)*) }),
        )*]
    };
}

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "math.h",
        standard: Standard::C99,
        models: names! {
            rint() = rint, rintf, long::rint;
            nearbyint() = nearbyint, nearbyintf, long::nearbyint;
            sqrt() = sqrt, sqrtf, long::sqrt;
            ldexp(power: i32) = ldexp, ldexpf, ldexpl;
            scalbn(power: i32) = ldexp, ldexpf, ldexpl;
            scalbln(power: Long) = scalbln, scalblnf, scalblnl;
        },
    },
    Header {
        name: "math.h",
        standard: Standard::C99,
        models: &[
            model!("fma", None, fma),
            model!("fmaf", None, fmaf),
            model!("fmal", Some(crate::libc::types::PAIRS), long::fma),
            model!("__fmaieee128", None, long::fma),
            model!("__sqrt_finite", None, sqrt),
            model!("__sqrtf_finite", None, sqrtf),
            model!("__sqrtl_finite", Some(crate::libc::types::PAIRS), long::sqrt),
        ],
    },
];
