//! `math.h`. Numbers are rounded to the nearest; `errno` is set as glibc's
//! functions set it (GNU C Library manual, 20.5.4).

mod functions;
mod integers;
mod long;
mod modes;
mod parts;
mod precise;
#[cfg(test)]
pub(crate) use precise::decided;

pub(crate) use integers::HEADER as INTEGERS;
pub(crate) use modes::HEADER as MODES;
pub(crate) use parts::{CLASSES, HEADER as PARTS, OLD_CLASSES};

use super::{
    context::Context,
    error::Result,
    fenv::Exceptions,
    types::{Header, LongDouble, Model, Standard, typed},
};
use crate::errno::Errno;
use functions::{double, single};

/// Of the transcendental functions with `long double`.
pub(super) const LONG: &str = "rounded to the nearest, where glibc's may be some units of the last place away; of \
     long doubles that are doubles as the function of double";
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

/// Which exceptions a result means (C99 F.9). One that is no number of numbers
/// is invalid, and one that is infinite of finite numbers an overflow, but for
/// poles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raises {
    /// Nothing else.
    Nothing,
    /// Subnormal results have lost bits.
    Tiny,
    /// Infinite results are exact.
    Pole,
    /// Both.
    TinyPole,
    /// Of `pow` and `exp2`: a pole at zero; powers of two are exact.
    Power,
    /// Of the gamma function: a pole at zero.
    Gamma,
    /// Of its logarithm: a pole at zero and negative integers.
    LogGamma,
    /// Of `nextafter`: all subnormal results underflow.
    Next,
}

impl Raises {
    fn is_pole(self, first: f64) -> bool {
        match self {
            Self::Pole | Self::TinyPole => true,
            Self::Power | Self::Gamma => first == 0.0,
            Self::LogGamma => first <= 0.0,
            _ => false,
        }
    }

    fn is_inexact(self, arguments: &[f64], first: f64, result: f64) -> bool {
        match self {
            Self::Tiny | Self::TinyPole | Self::Gamma => first != 0.0,
            Self::Power => {
                let exponent = arguments.last().copied().unwrap_or(first);
                let base = if arguments.len() == 2 { first } else { 2.0 };
                let power_of_two = base.to_bits() & ((1 << 52) - 1) == 0;
                first != 0.0 && !(power_of_two && exponent.fract() == 0.0 && result != 0.0)
            }
            Self::Next => true,
            _ => false,
        }
    }

    /// The exceptions of a result; below `smallest` it is subnormal.
    fn of(self, arguments: &[f64], result: f64, smallest: f64) -> Exceptions {
        let first = arguments.first().copied().unwrap_or(0.0);
        if result.is_nan() {
            let none = arguments.iter().any(|it| it.is_nan());
            return if none { Exceptions::NONE } else { Exceptions::INVALID };
        }
        let finite = match self {
            Self::Next => first.is_finite(),
            _ => arguments.iter().all(|it| it.is_finite()),
        };
        let lost = |what: Exceptions| what.with(Exceptions::INEXACT);
        match () {
            // A zero to the power of minus infinity may be a pole, and is none.
            () if !finite => Exceptions::NONE,
            () if result.is_infinite() && self.is_pole(first) => Exceptions::DIVIDE,
            () if result.is_infinite() => lost(Exceptions::OVERFLOW),
            () if result.abs() < smallest && self.is_inexact(arguments, first, result) => {
                let same = self == Self::Next && arguments.last() == Some(&first);
                if same { Exceptions::NONE } else { lost(Exceptions::UNDERFLOW) }
            }
            () => Exceptions::NONE,
        }
    }
}

/// Sets `errno` and raises exceptions for a result. Below `smallest` it is
/// subnormal.
pub(super) fn settle(
    c: &mut Context<'_>,
    (sets, raises): (Sets, Raises),
    arguments: &[f64],
    result: f64,
    smallest: f64,
) -> Result<()> {
    c.raise_exceptions(raises.of(arguments, result, smallest))?;
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
        Sets::Next => first != 0.0 && result.abs() < smallest && first != result,
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

/// A signalling argument is an invalid operation.
fn quiet(c: &mut Context<'_>, signalling: bool) -> Result<()> {
    if signalling { c.raise_exceptions(Exceptions::INVALID) } else { Ok(()) }
}

fn signals(x: f64) -> bool {
    x.is_nan() && x.to_bits() >> 51 & 1 == 0
}

fn signals_single(x: f32) -> bool {
    x.is_nan() && x.to_bits() >> 22 & 1 == 0
}

macro_rules! model {
    ($name:expr, $deviation:expr, $function:expr) => {
        Model { name: $name, deviation: $deviation, function: &typed($function) }
    };
}
use model;

/// In what the form with `long double` deviates.
macro_rules! long_deviation {
    (near) => {
        Some(LONG)
    };
    (long::sqrt) => {
        Some(crate::libc::types::PAIRS)
    };
    ($($path:tt)::+) => {
        None
    };
}

macro_rules! long_unary {
    ($c:expr, $x:expr, $name:expr, $double:expr, $about:expr, near) => { precise::near($c, $name, $x, $double, $about) };
    ($c:expr, $x:expr, $name:expr, $double:expr, $about:expr, $($path:tt)::+) => { $($path)::+($c, $x) };
}

macro_rules! long_binary {
    ($c:expr, $x:expr, $y:expr, $name:expr, $double:expr, $about:expr, near) => { precise::near_two($c, $name, ($x, $y), $double, $about) };
    ($c:expr, $x:expr, $y:expr, $name:expr, $double:expr, $about:expr, $($path:tt)::+) => { $($path)::+($c, $x, $y) };
}

/// All names of functions of one number: the three precisions, and what
/// compilers call (`-ffinite-math-only`, IEEE binary128 on PowerPC).
macro_rules! unary {
    ($($name:ident = $double:expr, $single:expr, $sets:ident, $raises:ident, $deviation:expr, $($long:tt)::+;)*) => {
        &[$(
            model!(stringify!($name), $deviation, |c: &mut Context<'_>, x: f64| -> Result<f64> { run1(c, x, $double, (Sets::$sets, Raises::$raises)) }),
            model!(concat!(stringify!($name), "f"), $deviation, |c: &mut Context<'_>, x: f32| -> Result<f32> { run1f(c, x, $single, (Sets::$sets, Raises::$raises)) }),
            model!(concat!(stringify!($name), "l"), long_deviation!($($long)::+), |c: &mut Context<'_>, x: LongDouble| -> Result<LongDouble> { long_unary!(c, x, stringify!($name), $double, (Sets::$sets, Raises::$raises), $($long)::+) }),
            model!(concat!("__", stringify!($name), "_finite"), $deviation, |c: &mut Context<'_>, x: f64| -> Result<f64> { run1(c, x, $double, (Sets::$sets, Raises::$raises)) }),
            model!(concat!("__", stringify!($name), "f_finite"), $deviation, |c: &mut Context<'_>, x: f32| -> Result<f32> { run1f(c, x, $single, (Sets::$sets, Raises::$raises)) }),
            model!(concat!("__", stringify!($name), "l_finite"), long_deviation!($($long)::+), |c: &mut Context<'_>, x: LongDouble| -> Result<LongDouble> { long_unary!(c, x, stringify!($name), $double, (Sets::$sets, Raises::$raises), $($long)::+) }),
            model!(concat!("__", stringify!($name), "ieee128"), long_deviation!($($long)::+), |c: &mut Context<'_>, x: LongDouble| -> Result<LongDouble> { long_unary!(c, x, stringify!($name), $double, (Sets::$sets, Raises::$raises), $($long)::+) }),
        )*]
    };
}

/// The same of two numbers.
macro_rules! binary {
    ($($name:ident = $double:expr, $single:expr, $sets:ident, $raises:ident, $deviation:expr, $($long:tt)::+;)*) => {
        &[$(
            model!(stringify!($name), $deviation, |c: &mut Context<'_>, x: f64, y: f64| -> Result<f64> { run2(c, x, y, $double, (Sets::$sets, Raises::$raises)) }),
            model!(concat!(stringify!($name), "f"), $deviation, |c: &mut Context<'_>, x: f32, y: f32| -> Result<f32> { run2f(c, x, y, $single, (Sets::$sets, Raises::$raises)) }),
            model!(concat!(stringify!($name), "l"), long_deviation!($($long)::+), |c: &mut Context<'_>, x: LongDouble, y: LongDouble| -> Result<LongDouble> { long_binary!(c, x, y, stringify!($name), $double, (Sets::$sets, Raises::$raises), $($long)::+) }),
            model!(concat!("__", stringify!($name), "_finite"), $deviation, |c: &mut Context<'_>, x: f64, y: f64| -> Result<f64> { run2(c, x, y, $double, (Sets::$sets, Raises::$raises)) }),
            model!(concat!("__", stringify!($name), "f_finite"), $deviation, |c: &mut Context<'_>, x: f32, y: f32| -> Result<f32> { run2f(c, x, y, $single, (Sets::$sets, Raises::$raises)) }),
            model!(concat!("__", stringify!($name), "l_finite"), long_deviation!($($long)::+), |c: &mut Context<'_>, x: LongDouble, y: LongDouble| -> Result<LongDouble> { long_binary!(c, x, y, stringify!($name), $double, (Sets::$sets, Raises::$raises), $($long)::+) }),
            model!(concat!("__", stringify!($name), "ieee128"), long_deviation!($($long)::+), |c: &mut Context<'_>, x: LongDouble, y: LongDouble| -> Result<LongDouble> { long_binary!(c, x, y, stringify!($name), $double, (Sets::$sets, Raises::$raises), $($long)::+) }),
        )*]
    };
}

type About = (Sets, Raises);

/// What invalid operations give has the sign of the processor's.
fn signed(c: &Context<'_>, given: bool, result: f64) -> f64 {
    if !result.is_nan() || given {
        return result;
    }
    f64::NAN.copysign(if c.default_nan_is_negative() { -1.0 } else { 1.0 })
}

fn run1(c: &mut Context<'_>, x: f64, function: impl Fn(f64) -> f64, about: About) -> Result<f64> {
    let result = signed(c, x.is_nan(), function(x));
    quiet(c, signals(x))?;
    settle(c, about, &[x], result, f64::MIN_POSITIVE)?;
    Ok(result)
}

fn run1f(c: &mut Context<'_>, x: f32, function: impl Fn(f32) -> f32, about: About) -> Result<f32> {
    let result = function(x);
    quiet(c, signals_single(x))?;
    settle(c, about, &[x.into()], result.into(), f32::MIN_POSITIVE.into())?;
    Ok(if result.is_nan() { signed(c, x.is_nan(), result.into()) as f32 } else { result })
}

fn run2(
    c: &mut Context<'_>,
    x: f64,
    y: f64,
    function: impl Fn(f64, f64) -> f64,
    about: About,
) -> Result<f64> {
    let result = signed(c, x.is_nan() || y.is_nan(), function(x, y));
    quiet(c, signals(x) || signals(y))?;
    settle(c, about, &[x, y], result, f64::MIN_POSITIVE)?;
    Ok(result)
}

fn run2f(
    c: &mut Context<'_>,
    x: f32,
    y: f32,
    function: impl Fn(f32, f32) -> f32,
    about: About,
) -> Result<f32> {
    let result = function(x, y);
    quiet(c, signals_single(x) || signals_single(y))?;
    settle(c, about, &[x.into(), y.into()], result.into(), f32::MIN_POSITIVE.into())?;
    let given = x.is_nan() || y.is_nan();
    Ok(if result.is_nan() { signed(c, given, result.into()) as f32 } else { result })
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
        acos = pxfm::f_acos, libm::acosf, Errors, Nothing, Some(LAST_BIT), near;
        asin = pxfm::f_asin, pxfm::f_asinf, Errors, Tiny, Some(LAST_BIT), near;
        atan = pxfm::f_atan, libm::atanf, Nothing, Tiny, Some(LAST_BIT), near;
        cos = pxfm::f_cos, pxfm::f_cosf, Errors, Nothing, Some(LAST_BIT), near;
        sin = pxfm::f_sin, pxfm::f_sinf, Errors, Tiny, Some(LAST_BIT), near;
        tan = pxfm::f_tan, pxfm::f_tanf, Errors, Tiny, Some(LAST_BIT), near;
        acosh = double::acosh, single::acosh, Errors, Nothing, Some(LAST_BIT), near;
        asinh = double::asinh, single::asinh, Nothing, Tiny, Some(LAST_BIT), near;
        atanh = libm::atanh, libm::atanhf, Errors, TinyPole, Some(LAST_BIT), near;
        cosh = double::cosh, single::cosh, Errors, Nothing, Some(LAST_BIT), near;
        sinh = libm::sinh, libm::sinhf, Errors, Tiny, Some(LAST_BIT), near;
        tanh = double::tanh, single::tanh, Nothing, Tiny, Some(LAST_BIT), near;
        exp = pxfm::f_exp, pxfm::f_expf, Underflow, Tiny, Some(LAST_BIT), near;
        exp2 = pxfm::f_exp2, pxfm::f_exp2f, Underflow, Power, Some(LAST_BIT), near;
        exp10 = functions::exp10, pxfm::f_exp10f, Underflow, Tiny, Some(LAST_BIT), near;
        pow10 = functions::exp10, pxfm::f_exp10f, Underflow, Tiny, Some(LAST_BIT), near;
        expm1 = libm::expm1, libm::expm1f, Errors, Tiny, Some(LAST_BIT), near;
        log = pxfm::f_log, pxfm::f_logf, Errors, Pole, Some(LAST_BIT), near;
        log10 = functions::log10, functions::log10f, Errors, Pole, Some(LAST_BIT), near;
        log1p = libm::log1p, libm::log1pf, Errors, TinyPole, Some(LAST_BIT), near;
        log2 = pxfm::f_log2, pxfm::f_log2f, Errors, Pole, Some(LAST_BIT), near;
        logb = logb, |x: f32| logb(x.into()) as f32, Nothing, Pole, None, long::logb;
        cbrt = libm::cbrt, libm::cbrtf, Nothing, Nothing, Some(ROUNDED), near;
        fabs = f64::abs, f32::abs, Nothing, Nothing, None, long::fabs;
        erf = libm::erf, libm::erff, Nothing, Tiny, Some(NEAR), near;
        erfc = libm::erfc, libm::erfcf, Underflow, Tiny, Some(NEAR), near;
        tgamma = functions::tgamma, |x: f32| functions::tgamma(x.into()) as f32, Underflow, Gamma, Some(NEAR), near;
        ceil = f64::ceil, f32::ceil, Nothing, Nothing, None, long::ceil;
        floor = f64::floor, f32::floor, Nothing, Nothing, None, long::floor;
        trunc = f64::trunc, f32::trunc, Nothing, Nothing, None, long::trunc;
        round = f64::round, f32::round, Nothing, Nothing, None, long::round;
        roundeven = f64::round_ties_even, f32::round_ties_even, Nothing, Nothing, None, long::roundeven;
        significand = significand, |x: f32| significand(x.into()) as f32, Nothing, Nothing, None, long::significand;
        nextup = f64::next_up, f32::next_up, Nothing, Nothing, None, long::nextup;
        nextdown = f64::next_down, f32::next_down, Nothing, Nothing, None, long::nextdown;
        j0 = libm::j0, libm::j0f, Nothing, Nothing, Some(NEAR), near;
        j1 = libm::j1, libm::j1f, Nothing, Tiny, Some(NEAR), near;
        y0 = |x| second(x, libm::y0), |x: f32| second(x.into(), |_| libm::y0f(x).into()) as f32, Errors, Pole, Some(NEAR), near;
        y1 = |x| second(x, libm::y1), |x: f32| second(x.into(), |_| libm::y1f(x).into()) as f32, Errors, Pole, Some(NEAR), near;
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
        atan2 = pxfm::f_atan2, libm::atan2f, Underflow, Tiny, Some(LAST_BIT), near;
        pow = functions::pow, functions::powf, Underflow, Power, Some(LAST_BIT), near;
        hypot = functions::hypot, pxfm::f_hypotf, Errors, Tiny, None, long::hypot;
        fmod = libm::fmod, libm::fmodf, Errors, Nothing, None, long::fmod;
        remainder = libm::remainder, libm::remainderf, Errors, Nothing, None, long::remainder;
        drem = libm::remainder, libm::remainderf, Errors, Nothing, None, long::remainder;
        copysign = f64::copysign, f32::copysign, Nothing, Nothing, None, long::copysign;
        nextafter = libm::nextafter, libm::nextafterf, Next, Next, None, long::nextafter;
        fdim = fdim, fdimf, Errors, Nothing, None, long::fdim;
        fmax = f64::max, f32::max, Nothing, Nothing, None, long::fmax;
        fmin = f64::min, f32::min, Nothing, Nothing, None, long::fmin;
        scalb = scalb, |x: f32, y: f32| scalb(x.into(), y.into()) as f32, Errors, Nothing, None, long::scalb;
    },
};
