//! `math.h`. Numbers are rounded to the nearest; `errno` is set as glibc's
//! functions set it (GNU C Library manual, 20.5.4).

mod functions;
mod integers;
mod parts;

pub(crate) use integers::HEADER as INTEGERS;
pub(crate) use parts::{CLASSES, HEADER as PARTS, OLD_CLASSES};

use super::{
    context::Context,
    error::Result,
    types::{Header, LongDouble, Model, Standard, typed},
};
use crate::errno::Errno;
use functions::{double, single};

/// Of all forms with `long double`.
const LONG: &str = "computed in double precision";
/// Of functions whose last bit differs from glibc's now and then: counted for a
/// million random arguments each.
const LAST_BIT: &str = "differs from glibc 2.36's for at most 3 random arguments in 1000, in single precision for 75, \
     mostly by one unit of the last place";
/// Of those that glibc does not always round to the nearest.
const ROUNDED: &str = "rounded to the nearest, where glibc's may be one unit of the last place away";
/// Of those that are less precise.
const NEAR: &str =
    "may differ from glibc's by a few units of the last place, more beside zeros of the function";

/// When a function sets `errno`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sets {
    /// Never.
    Nothing,
    /// Outside its domain, and where the result is infinite.
    Errors,
    /// Also where a result became zero though no (first) argument was.
    Underflow,
    /// That of `nextafter`: where a finite number has no normal one beside it.
    Next,
}

/// Sets `errno` for a result.
pub(super) fn settle(c: &mut Context<'_>, sets: Sets, arguments: &[f64], result: f64) -> Result<()> {
    if sets == Sets::Nothing {
        return Ok(());
    }
    let first = arguments.first().copied().unwrap_or(0.0);
    let finite = match sets {
        Sets::Next => first.is_finite(),
        _ => arguments.iter().all(|it| it.is_finite()),
    };
    let small = match sets {
        Sets::Underflow => result == 0.0 && (arguments.len() == 1 || first != 0.0),
        Sets::Next => first != 0.0 && result.abs() < f64::MIN_POSITIVE && first != result,
        _ => false,
    };
    if result.is_nan() {
        if !arguments.iter().any(|it| it.is_nan()) {
            c.set_errno(Errno::EDOM)?;
        }
    } else if finite && (small || result.is_infinite()) {
        c.set_errno(Errno::ERANGE)?;
    }
    Ok(())
}

macro_rules! model {
    ($name:expr, $deviation:expr, $function:expr) => {
        Model { name: $name, deviation: $deviation, function: &typed($function) }
    };
}
use model;

/// All names of functions of one number: the three precisions, and what
/// compilers call (`-ffinite-math-only`, IEEE binary128 on PowerPC).
macro_rules! unary {
    ($($name:ident = $double:expr, $single:expr, $sets:ident, $deviation:expr;)*) => {
        &[$(
            model!(stringify!($name), $deviation, |c: &mut Context<'_>, x: f64| -> Result<f64> { run1(c, x, $double, Sets::$sets) }),
            model!(concat!(stringify!($name), "f"), $deviation, |c: &mut Context<'_>, x: f32| -> Result<f32> { run1f(c, x, $single, Sets::$sets) }),
            model!(concat!(stringify!($name), "l"), Some(LONG), |c: &mut Context<'_>, x: LongDouble| -> Result<LongDouble> { run1l(c, x, $double, Sets::$sets) }),
            model!(concat!("__", stringify!($name), "_finite"), $deviation, |c: &mut Context<'_>, x: f64| -> Result<f64> { run1(c, x, $double, Sets::$sets) }),
            model!(concat!("__", stringify!($name), "f_finite"), $deviation, |c: &mut Context<'_>, x: f32| -> Result<f32> { run1f(c, x, $single, Sets::$sets) }),
            model!(concat!("__", stringify!($name), "l_finite"), Some(LONG), |c: &mut Context<'_>, x: LongDouble| -> Result<LongDouble> { run1l(c, x, $double, Sets::$sets) }),
            model!(concat!("__", stringify!($name), "ieee128"), Some(LONG), |c: &mut Context<'_>, x: LongDouble| -> Result<LongDouble> { run1l(c, x, $double, Sets::$sets) }),
        )*]
    };
}

/// The same of two numbers.
macro_rules! binary {
    ($($name:ident = $double:expr, $single:expr, $sets:ident, $deviation:expr;)*) => {
        &[$(
            model!(stringify!($name), $deviation, |c: &mut Context<'_>, x: f64, y: f64| -> Result<f64> { run2(c, x, y, $double, Sets::$sets) }),
            model!(concat!(stringify!($name), "f"), $deviation, |c: &mut Context<'_>, x: f32, y: f32| -> Result<f32> { run2f(c, x, y, $single, Sets::$sets) }),
            model!(concat!(stringify!($name), "l"), Some(LONG), |c: &mut Context<'_>, x: LongDouble, y: LongDouble| -> Result<LongDouble> { run2l(c, x, y, $double, Sets::$sets) }),
            model!(concat!("__", stringify!($name), "_finite"), $deviation, |c: &mut Context<'_>, x: f64, y: f64| -> Result<f64> { run2(c, x, y, $double, Sets::$sets) }),
            model!(concat!("__", stringify!($name), "f_finite"), $deviation, |c: &mut Context<'_>, x: f32, y: f32| -> Result<f32> { run2f(c, x, y, $single, Sets::$sets) }),
            model!(concat!("__", stringify!($name), "l_finite"), Some(LONG), |c: &mut Context<'_>, x: LongDouble, y: LongDouble| -> Result<LongDouble> { run2l(c, x, y, $double, Sets::$sets) }),
            model!(concat!("__", stringify!($name), "ieee128"), Some(LONG), |c: &mut Context<'_>, x: LongDouble, y: LongDouble| -> Result<LongDouble> { run2l(c, x, y, $double, Sets::$sets) }),
        )*]
    };
}

fn run1(c: &mut Context<'_>, x: f64, function: impl Fn(f64) -> f64, sets: Sets) -> Result<f64> {
    let result = function(x);
    settle(c, sets, &[x], result)?;
    Ok(result)
}

fn run1f(c: &mut Context<'_>, x: f32, function: impl Fn(f32) -> f32, sets: Sets) -> Result<f32> {
    let result = function(x);
    settle(c, sets, &[x.into()], result.into())?;
    Ok(result)
}

fn run1l(
    c: &mut Context<'_>,
    x: LongDouble,
    function: impl Fn(f64) -> f64,
    sets: Sets,
) -> Result<LongDouble> {
    run1(c, x.0, function, sets).map(LongDouble)
}

fn run2(c: &mut Context<'_>, x: f64, y: f64, function: impl Fn(f64, f64) -> f64, sets: Sets) -> Result<f64> {
    let result = function(x, y);
    settle(c, sets, &[x, y], result)?;
    Ok(result)
}

fn run2f(c: &mut Context<'_>, x: f32, y: f32, function: impl Fn(f32, f32) -> f32, sets: Sets) -> Result<f32> {
    let result = function(x, y);
    settle(c, sets, &[x.into(), y.into()], result.into())?;
    Ok(result)
}

fn run2l(
    c: &mut Context<'_>,
    x: LongDouble,
    y: LongDouble,
    function: impl Fn(f64, f64) -> f64,
    sets: Sets,
) -> Result<LongDouble> {
    run2(c, x.0, y.0, function, sets).map(LongDouble)
}

fn significand(x: f64) -> f64 {
    if x == 0.0 || !x.is_finite() { x } else { libm::scalbn(x, -libm::ilogb(x)) }
}

fn logb(x: f64) -> f64 {
    match x {
        _ if x == 0.0 => f64::NEG_INFINITY,
        _ if x.is_infinite() => f64::INFINITY,
        _ if x.is_nan() => x,
        _ => libm::ilogb(x).into(),
    }
}

/// A Bessel function of the second kind, which positive numbers have.
fn second(x: f64, function: impl Fn(f64) -> f64) -> f64 {
    match x {
        _ if x < 0.0 => f64::NAN,
        _ if x == 0.0 => f64::NEG_INFINITY,
        _ => function(x),
    }
}

pub(crate) static UNARY: Header = Header {
    name: "math.h",
    standard: Standard::C99,
    models: unary! {
        acos = pxfm::f_acos, libm::acosf, Errors, Some(LAST_BIT);
        asin = pxfm::f_asin, pxfm::f_asinf, Errors, Some(LAST_BIT);
        atan = pxfm::f_atan, libm::atanf, Nothing, Some(LAST_BIT);
        cos = pxfm::f_cos, pxfm::f_cosf, Errors, Some(LAST_BIT);
        sin = pxfm::f_sin, pxfm::f_sinf, Errors, Some(LAST_BIT);
        tan = pxfm::f_tan, pxfm::f_tanf, Errors, Some(LAST_BIT);
        acosh = double::acosh, single::acosh, Errors, Some(LAST_BIT);
        asinh = double::asinh, single::asinh, Nothing, Some(LAST_BIT);
        atanh = libm::atanh, libm::atanhf, Errors, Some(LAST_BIT);
        cosh = double::cosh, single::cosh, Errors, Some(LAST_BIT);
        sinh = libm::sinh, libm::sinhf, Errors, Some(LAST_BIT);
        tanh = double::tanh, single::tanh, Nothing, Some(LAST_BIT);
        exp = pxfm::f_exp, pxfm::f_expf, Underflow, Some(LAST_BIT);
        exp2 = pxfm::f_exp2, pxfm::f_exp2f, Underflow, Some(LAST_BIT);
        exp10 = functions::exp10, pxfm::f_exp10f, Underflow, Some(LAST_BIT);
        pow10 = functions::exp10, pxfm::f_exp10f, Underflow, Some(LAST_BIT);
        expm1 = libm::expm1, libm::expm1f, Errors, Some(LAST_BIT);
        log = pxfm::f_log, pxfm::f_logf, Errors, Some(LAST_BIT);
        log10 = functions::log10, functions::log10f, Errors, Some(LAST_BIT);
        log1p = libm::log1p, libm::log1pf, Errors, Some(LAST_BIT);
        log2 = pxfm::f_log2, pxfm::f_log2f, Errors, Some(LAST_BIT);
        logb = logb, |x: f32| logb(x.into()) as f32, Nothing, None;
        cbrt = libm::cbrt, libm::cbrtf, Nothing, Some(ROUNDED);
        fabs = f64::abs, f32::abs, Nothing, None;
        sqrt = f64::sqrt, f32::sqrt, Errors, None;
        erf = libm::erf, libm::erff, Nothing, Some(NEAR);
        erfc = libm::erfc, libm::erfcf, Underflow, Some(NEAR);
        tgamma = functions::tgamma, |x: f32| functions::tgamma(x.into()) as f32, Underflow, Some(NEAR);
        ceil = f64::ceil, f32::ceil, Nothing, None;
        floor = f64::floor, f32::floor, Nothing, None;
        trunc = f64::trunc, f32::trunc, Nothing, None;
        round = f64::round, f32::round, Nothing, None;
        roundeven = f64::round_ties_even, f32::round_ties_even, Nothing, None;
        rint = f64::round_ties_even, f32::round_ties_even, Nothing, None;
        nearbyint = f64::round_ties_even, f32::round_ties_even, Nothing, None;
        significand = significand, |x: f32| significand(x.into()) as f32, Nothing, None;
        nextup = f64::next_up, f32::next_up, Nothing, None;
        nextdown = f64::next_down, f32::next_down, Nothing, None;
        j0 = libm::j0, libm::j0f, Nothing, Some(NEAR);
        j1 = libm::j1, libm::j1f, Nothing, Some(NEAR);
        y0 = |x| second(x, libm::y0), |x: f32| second(x.into(), |_| libm::y0f(x).into()) as f32, Errors, Some(NEAR);
        y1 = |x| second(x, libm::y1), |x: f32| second(x.into(), |_| libm::y1f(x).into()) as f32, Errors, Some(NEAR);
    },
};

/// The difference if it is positive.
fn fdim(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() {
        f64::NAN
    } else if x <= y {
        0.0
    } else {
        x - y
    }
}

fn fdimf(x: f32, y: f32) -> f32 {
    fdim(x.into(), y.into()) as f32
}

/// `x * 2^y`, `y` a whole number.
fn scalb(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() || y.is_finite() && y.fract() != 0.0 {
        return f64::NAN;
    }
    match y {
        _ if y == f64::INFINITY => x * y,
        _ if y == f64::NEG_INFINITY => x / -y,
        _ => libm::scalbn(x, y.clamp(-65_000.0, 65_000.0) as i32),
    }
}

pub(crate) static BINARY: Header = Header {
    name: "math.h",
    standard: Standard::C99,
    models: binary! {
        atan2 = pxfm::f_atan2, libm::atan2f, Underflow, Some(LAST_BIT);
        pow = functions::pow, functions::powf, Underflow, Some(LAST_BIT);
        hypot = functions::hypot, pxfm::f_hypotf, Errors, None;
        fmod = libm::fmod, libm::fmodf, Errors, None;
        remainder = libm::remainder, libm::remainderf, Errors, None;
        drem = libm::remainder, libm::remainderf, Errors, None;
        copysign = f64::copysign, f32::copysign, Nothing, None;
        nextafter = libm::nextafter, libm::nextafterf, Next, None;
        fdim = fdim, fdimf, Errors, None;
        fmax = f64::max, f32::max, Nothing, None;
        fmin = f64::min, f32::min, Nothing, None;
        scalb = scalb, |x: f32, y: f32| scalb(x.into(), y.into()) as f32, Errors, None;
    },
};
