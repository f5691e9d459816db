//! Parts of numbers, their classes, and functions that store a second result.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Header, Long, LongDouble, Model, Ptr, Standard, models, typed},
    },
    LONG, Sets, functions, model, settle,
};

/// `FP_NAN` to `FP_NORMAL`, the same numbers in glibc, musl and newlib.
const fn class(is_nan: bool, is_infinite: bool, is_zero: bool, is_subnormal: bool) -> i32 {
    match (is_nan, is_infinite, is_zero, is_subnormal) {
        (true, ..) => 0,
        (_, true, ..) => 1,
        (_, _, true, _) => 2,
        (.., true) => 3,
        _ => 4,
    }
}

fn classify(x: f64) -> i32 {
    class(x.is_nan(), x.is_infinite(), x == 0.0, x.is_subnormal())
}

fn classify_single(x: f32) -> i32 {
    class(x.is_nan(), x.is_infinite(), x == 0.0, x.is_subnormal())
}

/// 1 or -1, by the sign.
fn infinite(x: f64) -> i32 {
    if x.is_infinite() { if x > 0.0 { 1 } else { -1 } } else { 0 }
}

/// The names of a class in the three precisions; the letters at the end are
/// those of glibc and musl, `d` that of newlib.
macro_rules! classes {
    ($($double:literal $single:literal $long:literal $other:literal = $function:expr, $narrow:expr;)*) => {
        &[$(
            model!($double, None, |_: &mut Context<'_>, x: f64| -> Result<i32> { Ok($function(x)) }),
            model!($single, None, |_: &mut Context<'_>, x: f32| -> Result<i32> { Ok($narrow(x)) }),
            model!($long, Some(LONG), |_: &mut Context<'_>, x: LongDouble| -> Result<i32> { Ok($function(x.0)) }),
            model!($other, None, |_: &mut Context<'_>, x: f64| -> Result<i32> { Ok($function(x)) }),
        )*]
    };
}

fn of_single(function: impl Fn(f64) -> i32) -> impl Fn(f32) -> i32 {
    move |x| function(x.into())
}

fn sign(x: f64) -> i32 {
    i32::from(x.is_sign_negative())
}

fn not_a_number(x: f64) -> i32 {
    i32::from(x.is_nan())
}

fn finite(x: f64) -> i32 {
    i32::from(x.is_finite())
}

pub(crate) static CLASSES: Header = Header {
    name: "math.h",
    standard: Standard::Runtime,
    models: classes! {
        "__fpclassify" "__fpclassifyf" "__fpclassifyl" "__fpclassifyd" = classify, classify_single;
        "__signbit" "__signbitf" "__signbitl" "__signbitd" = sign, of_single(sign);
        "__isinf" "__isinff" "__isinfl" "__isinfd" = infinite, of_single(infinite);
        "__isnan" "__isnanf" "__isnanl" "__isnand" = not_a_number, of_single(not_a_number);
        "__finite" "__finitef" "__finitel" "__finited" = finite, of_single(finite);
    },
};

pub(crate) static OLD_CLASSES: Header = Header {
    name: "math.h",
    standard: Standard::Extension,
    models: models! {
        isinf = isinf;
        isinff = isinff;
        isinfl = isinfl;
        isnan = isnan;
        isnanf = isnanf;
        isnanl = isnanl;
        finite = is_finite;
        finitef = is_finitef;
        finitel = is_finitel;
    },
};

macro_rules! old {
    ($($name:ident $single:ident $long:ident = $function:path;)*) => {$(
        fn $name(_: &mut Context<'_>, x: f64) -> Result<i32> {
            Ok($function(x))
        }
        fn $single(_: &mut Context<'_>, x: f32) -> Result<i32> {
            Ok($function(x.into()))
        }
        fn $long(_: &mut Context<'_>, x: LongDouble) -> Result<i32> {
            Ok($function(x.0))
        }
    )*};
}

old! {
    isinf isinff isinfl = infinite;
    isnan isnanf isnanl = not_a_number;
    is_finite is_finitef is_finitel = finite;
}

pub(crate) static HEADER: Header = Header {
    name: "math.h",
    standard: Standard::C99,
    models: models! {
        frexp = frexp;
        frexpf = frexpf;
        frexpl = frexpl;
        __frexpieee128 = frexpl;
        modf = modf;
        modff = modff;
        modfl = modfl;
        __modfieee128 = modfl;
        ldexp = ldexp;
        ldexpf = ldexpf;
        ldexpl = ldexpl;
        __ldexpieee128 = ldexpl;
        scalbn = ldexp;
        scalbnf = ldexpf;
        scalbnl = ldexpl;
        __scalbnieee128 = ldexpl;
        scalbln = scalbln;
        scalblnf = scalblnf;
        scalblnl = scalblnl;
        remquo = remquo;
        remquof = remquof;
        remquol = remquol, "computed in double precision";
        nexttoward = nexttoward, "the second argument is rounded to double precision";
        nexttowardf = nexttowardf, "the second argument is rounded to double precision";
        nexttowardl = nexttowardl, "computed in double precision";
        __nexttoward_to_ieee128 = nexttoward, "the second argument is rounded to double precision";
        __nexttowardf_to_ieee128 = nexttowardf, "the second argument is rounded to double precision";
        __nexttowardieee128 = nexttowardl, "computed in double precision";
        __scalblnieee128 = scalblnl;
        __remquoieee128 = remquol, "computed in double precision";
        __lgammaieee128 = lgammal, "computed in double precision";
        fma = fma;
        fmaf = fmaf;
        fmal = fmal, "computed in double precision";
        __fmaieee128 = fmal, "computed in double precision";
        nan = nan;
        nanf = nanf;
        nanl = nanl;
        sincos = sincos;
        sincosf = sincosf;
        sincosl = sincosl, "computed in double precision";
        lgamma = lgamma, "may differ from glibc's by a few units of the last place";
        lgammaf = lgammaf, "may differ from glibc's by a few units of the last place";
        lgammal = lgammal, "computed in double precision";
        gamma = lgamma, "may differ from glibc's by a few units of the last place";
        gammaf = lgammaf, "may differ from glibc's by a few units of the last place";
        lgamma_r = lgamma_r, "may differ from glibc's by a few units of the last place";
        lgammaf_r = lgammaf_r, "may differ from glibc's by a few units of the last place";
        lgammal_r = lgammal_r, "computed in double precision";
        __lgamma_r_finite = lgamma_r, "may differ from glibc's by a few units of the last place";
        __lgammaf_r_finite = lgammaf_r, "may differ from glibc's by a few units of the last place";
        __fe_raise_inexact = nothing;
    },
};

/// On processors whose flags C code cannot raise by itself, musl calls this.
fn nothing(_: &mut Context<'_>) -> Result<i32> {
    Ok(0)
}

fn frexp(c: &mut Context<'_>, x: f64, power: Ptr) -> Result<f64> {
    let (fraction, exponent) = if x == 0.0 || !x.is_finite() { (x, 0) } else { libm::frexp(x) };
    c.write_int(power, exponent)?;
    Ok(fraction)
}

fn frexpf(c: &mut Context<'_>, x: f32, power: Ptr) -> Result<f32> {
    Ok(frexp(c, x.into(), power)? as f32)
}

fn frexpl(c: &mut Context<'_>, x: LongDouble, power: Ptr) -> Result<LongDouble> {
    frexp(c, x.0, power).map(LongDouble)
}

/// Fraction and whole part, both with the sign.
fn split(x: f64) -> (f64, f64) {
    let whole = if x.is_finite() { x.trunc() } else { x };
    let fraction = if x.is_infinite() { 0.0 } else { x - whole };
    (if x.is_nan() { x } else { fraction.copysign(x) }, whole)
}

fn modf(c: &mut Context<'_>, x: f64, whole_to: Ptr) -> Result<f64> {
    let (fraction, whole) = split(x);
    let size = c.model.double;
    let bits = if size == 4 { u64::from((whole as f32).to_bits()) } else { whole.to_bits() };
    c.write_integer(whole_to, bits, size)?;
    Ok(fraction)
}

fn modff(c: &mut Context<'_>, x: f32, whole_to: Ptr) -> Result<f32> {
    let (fraction, whole) = split(x.into());
    c.write_integer(whole_to, (whole as f32).to_bits().into(), 4)?;
    Ok(fraction as f32)
}

fn modfl(c: &mut Context<'_>, x: LongDouble, whole_to: Ptr) -> Result<LongDouble> {
    let (fraction, whole) = split(x.0);
    c.write_long_double(whole_to, whole)?;
    Ok(LongDouble(fraction))
}

/// `ERANGE` where the result left the range.
fn scaled(c: &mut Context<'_>, x: f64, result: f64) -> Result<()> {
    if x.is_finite() && x != 0.0 && (result == 0.0 || result.is_infinite()) {
        c.set_errno(crate::errno::Errno::ERANGE)?;
    }
    Ok(())
}

fn ldexp(c: &mut Context<'_>, x: f64, power: i32) -> Result<f64> {
    let result = libm::scalbn(x, power);
    scaled(c, x, result)?;
    Ok(result)
}

fn ldexpf(c: &mut Context<'_>, x: f32, power: i32) -> Result<f32> {
    let result = libm::scalbnf(x, power);
    scaled(c, x.into(), result.into())?;
    Ok(result)
}

fn ldexpl(c: &mut Context<'_>, x: LongDouble, power: i32) -> Result<LongDouble> {
    ldexp(c, x.0, power).map(LongDouble)
}

const fn as_int(power: Long) -> i32 {
    if power.0 > 100_000 {
        100_000
    } else if power.0 < -100_000 {
        -100_000
    } else {
        power.0 as i32
    }
}

fn scalbln(c: &mut Context<'_>, x: f64, power: Long) -> Result<f64> {
    ldexp(c, x, as_int(power))
}

fn scalblnf(c: &mut Context<'_>, x: f32, power: Long) -> Result<f32> {
    ldexpf(c, x, as_int(power))
}

fn scalblnl(c: &mut Context<'_>, x: LongDouble, power: Long) -> Result<LongDouble> {
    ldexpl(c, x, as_int(power))
}

fn remquo(c: &mut Context<'_>, x: f64, y: f64, quotient: Ptr) -> Result<f64> {
    let (rest, bits) = libm::remquo(x, y);
    settle(c, Sets::Errors, &[x, y], rest)?;
    // Three bits of the quotient, as glibc has it.
    let low = if bits < 0 { -(bits.wrapping_neg() & 7) } else { bits & 7 };
    c.write_int(quotient, low)?;
    Ok(rest)
}

fn remquof(c: &mut Context<'_>, x: f32, y: f32, quotient: Ptr) -> Result<f32> {
    Ok(remquo(c, x.into(), y.into(), quotient)? as f32)
}

fn remquol(c: &mut Context<'_>, x: LongDouble, y: LongDouble, quotient: Ptr) -> Result<LongDouble> {
    remquo(c, x.0, y.0, quotient).map(LongDouble)
}

fn nexttoward(c: &mut Context<'_>, x: f64, y: LongDouble) -> Result<f64> {
    let result = libm::nextafter(x, y.0);
    settle(c, Sets::Next, &[x, y.0], result)?;
    Ok(result)
}

fn nexttowardf(c: &mut Context<'_>, x: f32, y: LongDouble) -> Result<f32> {
    let from = f64::from(x);
    let result = match y.0 {
        _ if x.is_nan() || y.0.is_nan() => f32::NAN,
        to if from == to => to as f32,
        to if from < to => x.next_up(),
        _ => x.next_down(),
    };
    let small = result.abs() < f32::MIN_POSITIVE && result != x && x != 0.0;
    if x.is_finite() && (result.is_infinite() || small) {
        c.set_errno(crate::errno::Errno::ERANGE)?;
    }
    Ok(result)
}

fn nexttowardl(c: &mut Context<'_>, x: LongDouble, y: LongDouble) -> Result<LongDouble> {
    nexttoward(c, x.0, y).map(LongDouble)
}

fn fma(_: &mut Context<'_>, x: f64, y: f64, z: f64) -> Result<f64> {
    Ok(libm::fma(x, y, z))
}

fn fmaf(_: &mut Context<'_>, x: f32, y: f32, z: f32) -> Result<f32> {
    Ok(libm::fmaf(x, y, z))
}

fn fmal(_: &mut Context<'_>, x: LongDouble, y: LongDouble, z: LongDouble) -> Result<LongDouble> {
    Ok(LongDouble(libm::fma(x.0, y.0, z.0)))
}

/// The number of a tag, which goes into the significand.
fn payload(c: &mut Context<'_>, tag: Ptr) -> Result<u64> {
    let text = c.text(tag)?;
    let found = super::super::numbers::integer(&text, 0);
    Ok(if found.length == text.len() && !found.negative { found.magnitude as u64 } else { 0 })
}

fn nan(c: &mut Context<'_>, tag: Ptr) -> Result<f64> {
    let payload = payload(c, tag)? & ((1 << 51) - 1);
    Ok(f64::from_bits(0x7ff8 << 48 | payload))
}

fn nanf(c: &mut Context<'_>, tag: Ptr) -> Result<f32> {
    let payload = payload(c, tag)? as u32 & ((1 << 22) - 1);
    Ok(f32::from_bits(0x7fc0 << 16 | payload))
}

fn nanl(c: &mut Context<'_>, tag: Ptr) -> Result<LongDouble> {
    nan(c, tag).map(LongDouble)
}

fn sincos(c: &mut Context<'_>, x: f64, sine: Ptr, cosine: Ptr) -> Result<()> {
    let (one, other) = (pxfm::f_sin(x), pxfm::f_cos(x));
    settle(c, Sets::Errors, &[x], one)?;
    c.write_integer(sine, one.to_bits(), 8)?;
    c.write_integer(cosine, other.to_bits(), 8)
}

fn sincosf(c: &mut Context<'_>, x: f32, sine: Ptr, cosine: Ptr) -> Result<()> {
    let (one, other) = (pxfm::f_sinf(x), pxfm::f_cosf(x));
    settle(c, Sets::Errors, &[x.into()], one.into())?;
    c.write_integer(sine, one.to_bits().into(), 4)?;
    c.write_integer(cosine, other.to_bits().into(), 4)
}

fn sincosl(c: &mut Context<'_>, x: LongDouble, sine: Ptr, cosine: Ptr) -> Result<()> {
    let (one, other) = (pxfm::f_sin(x.0), pxfm::f_cos(x.0));
    settle(c, Sets::Errors, &[x.0], one)?;
    c.write_long_double(sine, one)?;
    c.write_long_double(cosine, other)
}

/// Stores the sign of the gamma function in `signgam`.
fn tell_sign(c: &mut Context<'_>, sign: i32) -> Result<()> {
    for name in ["signgam", "__signgam"] {
        if let Some(at) = c.state.layout.variable(name) {
            c.write_int(Ptr(at), sign)?;
        }
    }
    Ok(())
}

fn lgamma(c: &mut Context<'_>, x: f64) -> Result<f64> {
    let (value, sign) = functions::lgamma(x);
    settle(c, Sets::Errors, &[x], value)?;
    tell_sign(c, sign)?;
    Ok(value)
}

fn lgammaf(c: &mut Context<'_>, x: f32) -> Result<f32> {
    let (value, sign) = functions::lgammaf(x);
    settle(c, Sets::Errors, &[x.into()], value.into())?;
    tell_sign(c, sign)?;
    Ok(value)
}

fn lgammal(c: &mut Context<'_>, x: LongDouble) -> Result<LongDouble> {
    lgamma(c, x.0).map(LongDouble)
}

fn lgamma_r(c: &mut Context<'_>, x: f64, sign_to: Ptr) -> Result<f64> {
    let (value, sign) = functions::lgamma(x);
    settle(c, Sets::Errors, &[x], value)?;
    c.write_int(sign_to, sign)?;
    Ok(value)
}

fn lgammaf_r(c: &mut Context<'_>, x: f32, sign_to: Ptr) -> Result<f32> {
    let (value, sign) = functions::lgammaf(x);
    settle(c, Sets::Errors, &[x.into()], value.into())?;
    c.write_int(sign_to, sign)?;
    Ok(value)
}

fn lgammal_r(c: &mut Context<'_>, x: LongDouble, sign_to: Ptr) -> Result<LongDouble> {
    lgamma_r(c, x.0, sign_to).map(LongDouble)
}
