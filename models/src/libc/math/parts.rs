//! Parts of numbers, their classes, and functions that store a second result.

use super::{
    super::{
        context::Context,
        error::Result,
        exact::{Exact, Format, Number},
        fenv::{Exceptions, Rounding},
        types::{Header, LongDouble, Model, Ptr, Standard, models, typed},
    },
    Raises, Sets, functions, long, model, precise, settle,
};

/// What most functions set and raise.
const PLAIN: (Sets, Raises) = (Sets::Errors, Raises::Nothing);

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
    ($($double:literal $single:literal $long:literal $other:literal = $function:expr, $narrow:expr, $wide:expr;)*) => {
        &[$(
            model!($double, None, |_: &mut Context<'_>, x: f64| -> Result<i32> { Ok($function(x)) }),
            model!($single, None, |_: &mut Context<'_>, x: f32| -> Result<i32> { Ok($narrow(x)) }),
            model!($long, None, |_: &mut Context<'_>, x: LongDouble| -> Result<i32> { Ok($wide(&x)) }),
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

fn sign_long(x: &LongDouble) -> i32 {
    i32::from(x.0.is_negative())
}

fn infinite_long(x: &LongDouble) -> i32 {
    if x.0.is_infinite() { if x.0.is_negative() { -1 } else { 1 } } else { 0 }
}

fn not_a_number_long(x: &LongDouble) -> i32 {
    i32::from(x.0.is_nan())
}

fn finite_long(x: &LongDouble) -> i32 {
    i32::from(x.0.is_finite())
}

/// `__fpclassifyl`, for which the format must be known.
fn classify_long(c: &mut Context<'_>, x: LongDouble) -> Result<i32> {
    let smallest = c.long_format()?.smallest_normal();
    Ok(match &x.0 {
        Number::Nan { .. } => 0,
        Number::Infinite { .. } => 1,
        Number::Finite(exact) if exact.is_zero() => 2,
        Number::Finite(exact) if exact.power() < smallest.into() => 3,
        Number::Finite(_) => 4,
    })
}

pub(crate) static CLASSES: Header = Header {
    name: "math.h",
    standard: Standard::Runtime,
    models: classes! {
        "__signbit" "__signbitf" "__signbitl" "__signbitd" = sign, of_single(sign), sign_long;
        "__isinf" "__isinff" "__isinfl" "__isinfd" = infinite, of_single(infinite), infinite_long;
        "__isnan" "__isnanf" "__isnanl" "__isnand" = not_a_number, of_single(not_a_number), not_a_number_long;
        "__finite" "__finitef" "__finitel" "__finited" = finite, of_single(finite), finite_long;
    },
};

pub(crate) static OLD_CLASSES: Header = Header {
    name: "math.h",
    standard: Standard::Extension,
    models: models! {
        __fpclassify = fpclassify;
        __fpclassifyd = fpclassify;
        __fpclassifyf = fpclassifyf;
        __fpclassifyl = classify_long;
        __fpclassifyf128 = classify_long;
        __signbitf128 = signbitl;
        __isinff128 = isinfl;
        __isnanf128 = isnanl;
        __finitef128 = is_finitel;
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

fn fpclassify(_: &mut Context<'_>, x: f64) -> Result<i32> {
    Ok(classify(x))
}

fn fpclassifyf(_: &mut Context<'_>, x: f32) -> Result<i32> {
    Ok(classify_single(x))
}

fn signbitl(_: &mut Context<'_>, x: LongDouble) -> Result<i32> {
    Ok(sign_long(&x))
}

macro_rules! old {
    ($($name:ident $single:ident $long:ident = $function:path, $wide:path;)*) => {$(
        fn $name(_: &mut Context<'_>, x: f64) -> Result<i32> {
            Ok($function(x))
        }
        fn $single(_: &mut Context<'_>, x: f32) -> Result<i32> {
            Ok($function(x.into()))
        }
        fn $long(_: &mut Context<'_>, x: LongDouble) -> Result<i32> {
            Ok($wide(&x))
        }
    )*};
}

old! {
    isinf isinff isinfl = infinite, infinite_long;
    isnan isnanf isnanl = not_a_number, not_a_number_long;
    is_finite is_finitef is_finitel = finite, finite_long;
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
        remquo = remquo;
        remquof = remquof;
        remquol = remquol, "on pairs of doubles (PowerPC) rounded once to 106 bits, where glibc's last bits may differ";
        nexttoward = nexttoward;
        nexttowardf = nexttowardf;
        nexttowardl = nexttowardl;
        __nexttoward_to_ieee128 = nexttoward;
        __nexttowardf_to_ieee128 = nexttowardf;
        __nexttowardieee128 = nexttowardl;
        __remquoieee128 = remquol;
        __lgammaieee128 = lgammal, super::LONG;
        __lgamma_rieee128 = lgammal_r, super::LONG;
        __sincosieee128 = sincosl, super::LONG;
        nan = nan;
        nanf = nanf;
        nanl = nanl;
        __nanieee128 = nanl;
        sincos = sincos;
        sincosf = sincosf;
        sincosl = sincosl, super::LONG;
        lgamma = lgamma, "may differ from glibc's by a few units of the last place";
        lgammaf = lgammaf, "may differ from glibc's by a few units of the last place";
        lgammal = lgammal, super::LONG;
        gamma = lgamma, "may differ from glibc's by a few units of the last place";
        gammaf = lgammaf, "may differ from glibc's by a few units of the last place";
        lgamma_r = lgamma_r, "may differ from glibc's by a few units of the last place";
        lgammaf_r = lgammaf_r, "may differ from glibc's by a few units of the last place";
        lgammal_r = lgammal_r, super::LONG;
        __lgamma_r_finite = lgamma_r, "may differ from glibc's by a few units of the last place";
        __lgammaf_r_finite = lgammaf_r, "may differ from glibc's by a few units of the last place";
        __fe_raise_inexact = raise_inexact;
    },
};

/// On processors whose flags C code cannot raise by itself, musl calls this.
fn raise_inexact(c: &mut Context<'_>) -> Result<i32> {
    c.raise_exceptions(Exceptions::INEXACT)?;
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
    let (fraction, exponent) = long::split(x.0);
    c.write_int(power, exponent)?;
    Ok(LongDouble(fraction))
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
    let sign = x.0.is_negative();
    let (whole, _) = x.0.whole(Rounding::TowardZero);
    let fraction = match (&x.0, &whole) {
        (Number::Finite(all), Number::Finite(part)) => {
            let less = Exact { negative: !part.negative, ..part.clone() };
            Number::Finite(all.plus(&less, sign)).with_sign(sign)
        }
        (Number::Nan { .. }, _) => x.0.clone(),
        _ => Number::zero(sign),
    };
    c.write_long_double(whole_to, &whole)?;
    Ok(LongDouble(fraction))
}

fn remquo(c: &mut Context<'_>, x: f64, y: f64, quotient: Ptr) -> Result<f64> {
    let (rest, bits) = libm::remquo(x, y);
    settle(c, PLAIN, &[x, y], rest, f64::MIN_POSITIVE)?;
    // Three bits of the quotient, as glibc has it.
    let low = if bits < 0 { -(bits.wrapping_neg() & 7) } else { bits & 7 };
    c.write_int(quotient, low)?;
    Ok(rest)
}

fn remquof(c: &mut Context<'_>, x: f32, y: f32, quotient: Ptr) -> Result<f32> {
    Ok(remquo(c, x.into(), y.into(), quotient)? as f32)
}

fn remquol(c: &mut Context<'_>, x: LongDouble, y: LongDouble, quotient: Ptr) -> Result<LongDouble> {
    let found = x.0.remainder(&y.0, true);
    // Three bits of the quotient, as glibc has it.
    let low = if found.low < 0 { -(found.low.wrapping_neg() & 7) } else { found.low & 7 };
    c.write_int(quotient, low)?;
    long::checked(c, found.rest)
}

/// A number beside `x`, in the direction of `y`.
fn toward(x: Number, y: &LongDouble, format: Format) -> Number {
    match x.order(&y.0) {
        Some(std::cmp::Ordering::Less) => x.beside(true, format),
        Some(std::cmp::Ordering::Greater) => x.beside(false, format),
        // Equal zeros have the sign of the second.
        Some(_) if x.is_zero() => Number::zero(y.0.is_negative()),
        Some(_) => x,
        None => Number::NAN,
    }
}

fn nexttoward(c: &mut Context<'_>, x: f64, y: LongDouble) -> Result<f64> {
    let result = toward(Number::of_double(x), &y, Format::DOUBLE).to_double();
    let direction = if y.0.is_nan() { f64::NAN } else { f64::from(u8::from(result != x)) + x };
    settle(c, (Sets::Next, Raises::Next), &[x, direction], result, f64::MIN_POSITIVE)?;
    Ok(result)
}

fn nexttowardf(c: &mut Context<'_>, x: f32, y: LongDouble) -> Result<f32> {
    let result = toward(Number::of_double(x.into()), &y, Format::SINGLE).to_single_by(Rounding::Nearest).0;
    let direction = if y.0.is_nan() { f32::NAN } else { f32::from(u8::from(result != x)) + x };
    let smallest = f32::MIN_POSITIVE.into();
    settle(c, (Sets::Next, Raises::Next), &[x.into(), direction.into()], result.into(), smallest)?;
    Ok(result)
}

fn nexttowardl(c: &mut Context<'_>, x: LongDouble, y: LongDouble) -> Result<LongDouble> {
    long::nextafter(c, x, y)
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
    let number = payload(c, tag)?;
    let format = c.long_format()?;
    let payload = u128::from(number) << (128 - (format.precision.min(113) - 2));
    Ok(LongDouble(Number::Nan { negative: false, payload, signalling: false }))
}

fn sincos(c: &mut Context<'_>, x: f64, sine: Ptr, cosine: Ptr) -> Result<()> {
    let (one, other) = (pxfm::f_sin(x), pxfm::f_cos(x));
    settle(c, PLAIN, &[x], one, f64::MIN_POSITIVE)?;
    c.write_integer(sine, one.to_bits(), 8)?;
    c.write_integer(cosine, other.to_bits(), 8)
}

fn sincosf(c: &mut Context<'_>, x: f32, sine: Ptr, cosine: Ptr) -> Result<()> {
    let (one, other) = (pxfm::f_sinf(x), pxfm::f_cosf(x));
    settle(c, PLAIN, &[x.into()], one.into(), f32::MIN_POSITIVE.into())?;
    c.write_integer(sine, one.to_bits().into(), 4)?;
    c.write_integer(cosine, other.to_bits().into(), 4)
}

fn sincosl(c: &mut Context<'_>, x: LongDouble, sine: Ptr, cosine: Ptr) -> Result<()> {
    let (one, other) = match precise::sine_cosine(c, &x)? {
        Some(found) => found,
        None if x.0.is_nan() => {
            let same = long::quieted(c, x.0)?.0;
            (same.clone(), same)
        }
        None => {
            let value = x.double();
            let (one, other) = (pxfm::f_sin(value), pxfm::f_cos(value));
            settle(c, PLAIN, &[value], one, f64::MIN_POSITIVE)?;
            (Number::of_double(one), Number::of_double(other))
        }
    };
    c.write_long_double(sine, &one)?;
    c.write_long_double(cosine, &other)
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
    settle(c, (Sets::Errors, Raises::LogGamma), &[x], value, f64::MIN_POSITIVE)?;
    tell_sign(c, sign)?;
    Ok(value)
}

fn lgammaf(c: &mut Context<'_>, x: f32) -> Result<f32> {
    let (value, sign) = functions::lgammaf(x);
    settle(c, (Sets::Errors, Raises::LogGamma), &[x.into()], value.into(), f32::MIN_POSITIVE.into())?;
    tell_sign(c, sign)?;
    Ok(value)
}

fn lgammal(c: &mut Context<'_>, x: LongDouble) -> Result<LongDouble> {
    match precise::log_gamma(c, &x)? {
        Some((value, sign)) => {
            tell_sign(c, sign)?;
            Ok(value)
        }
        None if x.0.is_nan() => long::quieted(c, x.0),
        None => lgamma(c, x.double()).map(LongDouble::of),
    }
}

fn lgamma_r(c: &mut Context<'_>, x: f64, sign_to: Ptr) -> Result<f64> {
    let (value, sign) = functions::lgamma(x);
    settle(c, (Sets::Errors, Raises::LogGamma), &[x], value, f64::MIN_POSITIVE)?;
    c.write_int(sign_to, sign)?;
    Ok(value)
}

fn lgammaf_r(c: &mut Context<'_>, x: f32, sign_to: Ptr) -> Result<f32> {
    let (value, sign) = functions::lgammaf(x);
    settle(c, (Sets::Errors, Raises::LogGamma), &[x.into()], value.into(), f32::MIN_POSITIVE.into())?;
    c.write_int(sign_to, sign)?;
    Ok(value)
}

fn lgammal_r(c: &mut Context<'_>, x: LongDouble, sign_to: Ptr) -> Result<LongDouble> {
    match precise::log_gamma(c, &x)? {
        Some((value, sign)) => {
            c.write_int(sign_to, sign)?;
            Ok(value)
        }
        None => lgamma_r(c, x.double(), sign_to).map(LongDouble::of),
    }
}
