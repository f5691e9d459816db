//! Functions of numbers that take or give integers.

use super::{
    super::{
        context::Context,
        error::Result,
        exact::Number,
        fenv::Exceptions,
        types::{Header, Long, LongDouble, Model, Standard, models, typed},
    },
    Raises, Sets, long, model, modes, precise, settle,
};
use crate::errno::Errno;

/// A whole number as `long` or `long long`; what does not fit, and what is no
/// number, is the lowest (C99 leaves it open), and an invalid operation.
fn fitted(c: &mut Context<'_>, whole: f64, bits: u32) -> Result<i64> {
    let limit = libm::scalbn(1.0, bits as i32 - 1);
    if whole >= -limit && whole < limit {
        return Ok(whole as i64);
    }
    c.raise_exceptions(Exceptions::INVALID)?;
    Ok(i64::MIN >> (64 - bits))
}

/// By the rounding mode: a number that was none is an inexact operation.
fn by_mode(c: &mut Context<'_>, x: f64, bits: u32) -> Result<i64> {
    let rounding = c.rounding();
    let whole = modes::whole(x, rounding);
    let fits = fitted(c, whole, bits)?;
    if whole != x && fits as f64 == whole {
        c.raise_exceptions(Exceptions::INEXACT)?;
    }
    Ok(fits)
}

/// Halves away from zero.
fn away(c: &mut Context<'_>, x: f64, bits: u32) -> Result<i64> {
    fitted(c, x.round(), bits)
}

fn fitted_long(c: &mut Context<'_>, whole: &Number, bits: u32) -> Result<i64> {
    match whole.integer(bits) {
        Some(value) => Ok(value as i64),
        None => {
            c.raise_exceptions(Exceptions::INVALID)?;
            Ok(i64::MIN >> (64 - bits))
        }
    }
}

fn by_mode_long(c: &mut Context<'_>, x: LongDouble, bits: u32) -> Result<i64> {
    let rounding = c.rounding();
    let (whole, changed) = x.0.whole(rounding);
    if changed && whole.integer(bits).is_some() {
        c.raise_exceptions(Exceptions::INEXACT)?;
    }
    fitted_long(c, &whole, bits)
}

fn away_long(c: &mut Context<'_>, x: LongDouble, bits: u32) -> Result<i64> {
    fitted_long(c, &x.0.whole_away(), bits)
}

fn long_bits(c: &Context<'_>) -> u32 {
    8 * u32::from(c.model.long)
}

/// Rounding functions by name, for both result types and all precisions.
macro_rules! rounding {
    ($($name:literal $wide:literal = $round:path, $long:path;)*) => {
        &[$(
            model!($name, None, |c: &mut Context<'_>, x: f64| -> Result<Long> { let bits = long_bits(c); $round(c, x, bits).map(Long) }),
            model!(concat!($name, "f"), None, |c: &mut Context<'_>, x: f32| -> Result<Long> { let bits = long_bits(c); $round(c, x.into(), bits).map(Long) }),
            model!(concat!($name, "l"), None, |c: &mut Context<'_>, x: LongDouble| -> Result<Long> { let bits = long_bits(c); $long(c, x, bits).map(Long) }),
            model!(concat!("__", $name, "ieee128"), None, |c: &mut Context<'_>, x: LongDouble| -> Result<Long> { let bits = long_bits(c); $long(c, x, bits).map(Long) }),
            model!($wide, None, |c: &mut Context<'_>, x: f64| -> Result<i64> { $round(c, x, 64) }),
            model!(concat!($wide, "f"), None, |c: &mut Context<'_>, x: f32| -> Result<i64> { $round(c, x.into(), 64) }),
            model!(concat!($wide, "l"), None, |c: &mut Context<'_>, x: LongDouble| -> Result<i64> { $long(c, x, 64) }),
            model!(concat!("__", $wide, "ieee128"), None, |c: &mut Context<'_>, x: LongDouble| -> Result<i64> { $long(c, x, 64) }),
        )*]
    };
}

/// Of Bessel functions of an order with `long double`.
const ORDERS: &str = "rounded to the nearest, where glibc's may be some units of the last place away; computed in \
     double precision for orders above 4096 whose argument is neither small nor large, and where long doubles are \
     doubles";

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "math.h",
        standard: Standard::C99,
        models: rounding! {
            "lrint" "llrint" = by_mode, by_mode_long;
            "lround" "llround" = away, away_long;
        },
    },
    Header {
        name: "math.h",
        standard: Standard::C99,
        models: models! {
            ilogb = ilogb;
            ilogbf = ilogbf;
            ilogbl = ilogbl;
            jn = jn, "may differ from glibc's by a few units of the last place, more beside zeros of the function";
            jnf = jnf, "may differ from glibc's by a few units of the last place, more beside zeros of the function";
            jnl = jnl, ORDERS;
            yn = yn, "may differ from glibc's by a few units of the last place, more beside zeros of the function";
            ynf = ynf, "may differ from glibc's by a few units of the last place, more beside zeros of the function";
            ynl = ynl, ORDERS;
            __jnieee128 = jnl, ORDERS;
            __ynieee128 = ynl, ORDERS;
            __ilogbieee128 = ilogbl;
        },
    },
];

/// Of zero and of what is no number, glibc gives the lowest, and the highest or
/// (on x86) the lowest `int` (bits/fp-logb.h).
fn ilogb(c: &mut Context<'_>, x: f64) -> Result<i32> {
    if x != 0.0 && x.is_finite() {
        return Ok(libm::ilogb(x));
    }
    no_power(c, x == 0.0, x.is_nan())
}

fn no_power(c: &mut Context<'_>, is_zero: bool, is_nan: bool) -> Result<i32> {
    c.set_errno(Errno::EDOM)?;
    c.raise_exceptions(Exceptions::INVALID)?;
    let x86 = c.state.platform.definition().registers().lookup("fptop").is_some();
    Ok(if is_zero || is_nan && x86 { i32::MIN } else { i32::MAX })
}

fn ilogbf(c: &mut Context<'_>, x: f32) -> Result<i32> {
    ilogb(c, x.into())
}

fn ilogbl(c: &mut Context<'_>, x: LongDouble) -> Result<i32> {
    match long::integer_power(&x) {
        Some(power) => Ok(power),
        None => no_power(c, x.0.is_zero(), x.0.is_nan()),
    }
}

/// The most steps of the recursion that are worth it: the results are 0 or
/// infinite long before.
const MOST_ORDER: i32 = 1 << 20;

fn jn(_: &mut Context<'_>, order: i32, x: f64) -> Result<f64> {
    Ok(libm::jn(order.clamp(-MOST_ORDER, MOST_ORDER), x))
}

fn jnf(c: &mut Context<'_>, order: i32, x: f32) -> Result<f32> {
    Ok(jn(c, order, x.into())? as f32)
}

fn jnl(c: &mut Context<'_>, order: i32, x: LongDouble) -> Result<LongDouble> {
    precise::of_order(c, order, x, false, |x| libm::jn(order.clamp(-MOST_ORDER, MOST_ORDER), x))
}

fn of_second_kind(order: i32, x: f64) -> f64 {
    match x {
        _ if x < 0.0 => f64::NAN,
        _ if x == 0.0 => f64::NEG_INFINITY,
        _ => libm::yn(order.clamp(-MOST_ORDER, MOST_ORDER), x),
    }
}

fn yn(c: &mut Context<'_>, order: i32, x: f64) -> Result<f64> {
    let result = of_second_kind(order, x);
    settle(c, (Sets::Errors, Raises::Pole), &[x], result, f64::MIN_POSITIVE)?;
    Ok(result)
}

fn ynf(c: &mut Context<'_>, order: i32, x: f32) -> Result<f32> {
    Ok(yn(c, order, x.into())? as f32)
}

fn ynl(c: &mut Context<'_>, order: i32, x: LongDouble) -> Result<LongDouble> {
    precise::of_order(c, order, x, true, |x| of_second_kind(order, x))
}
