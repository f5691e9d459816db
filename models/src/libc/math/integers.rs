//! Functions of numbers that take or give integers.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Header, Long, LongDouble, Model, Standard, models, typed},
    },
    LONG, Sets, model, settle,
};
use crate::errno::Errno;

/// A whole number as `long` or `long long`; what does not fit, and what is no
/// number, is the lowest (C99 leaves it open).
fn fitted(value: f64, bits: u32) -> i64 {
    let limit = libm::scalbn(1.0, bits as i32 - 1);
    if value >= -limit && value < limit { value as i64 } else { i64::MIN >> (64 - bits) }
}

/// Rounding functions by name, for both result types and all precisions.
macro_rules! rounding {
    ($($long:literal $long_single:literal $long_long:literal $double:literal $single:literal $wide:literal = $round:expr;)*) => {
        &[$(
            model!($long, None, |c: &mut Context<'_>, x: f64| -> Result<Long> { Ok(Long(fitted($round(x), 8 * u32::from(c.model.long)))) }),
            model!($long_single, None, |c: &mut Context<'_>, x: f32| -> Result<Long> { Ok(Long(fitted($round(x.into()), 8 * u32::from(c.model.long)))) }),
            model!($long_long, Some(LONG), |c: &mut Context<'_>, x: LongDouble| -> Result<Long> { Ok(Long(fitted($round(x.0), 8 * u32::from(c.model.long)))) }),
            model!($double, None, |_: &mut Context<'_>, x: f64| -> Result<i64> { Ok(fitted($round(x), 64)) }),
            model!($single, None, |_: &mut Context<'_>, x: f32| -> Result<i64> { Ok(fitted($round(x.into()), 64)) }),
            model!($wide, Some(LONG), |_: &mut Context<'_>, x: LongDouble| -> Result<i64> { Ok(fitted($round(x.0), 64)) }),
        )*]
    };
}

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "math.h",
        standard: Standard::C99,
        models: rounding! {
            "lrint" "lrintf" "lrintl" "llrint" "llrintf" "llrintl" = f64::round_ties_even;
            "lround" "lroundf" "lroundl" "llround" "llroundf" "llroundl" = f64::round;
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
            jnl = jnl, "computed in double precision";
            yn = yn, "may differ from glibc's by a few units of the last place, more beside zeros of the function";
            ynf = ynf, "may differ from glibc's by a few units of the last place, more beside zeros of the function";
            ynl = ynl, "computed in double precision";
            __lrintieee128 = lrintl, "computed in double precision";
            __llrintieee128 = llrintl, "computed in double precision";
            __lroundieee128 = lroundl, "computed in double precision";
            __llroundieee128 = llroundl, "computed in double precision";
            __ilogbieee128 = ilogbl;
        },
    },
];

fn lrintl(c: &mut Context<'_>, x: LongDouble) -> Result<Long> {
    Ok(Long(fitted(x.0.round_ties_even(), 8 * u32::from(c.model.long))))
}

fn llrintl(_: &mut Context<'_>, x: LongDouble) -> Result<i64> {
    Ok(fitted(x.0.round_ties_even(), 64))
}

fn lroundl(c: &mut Context<'_>, x: LongDouble) -> Result<Long> {
    Ok(Long(fitted(x.0.round(), 8 * u32::from(c.model.long))))
}

fn llroundl(_: &mut Context<'_>, x: LongDouble) -> Result<i64> {
    Ok(fitted(x.0.round(), 64))
}

/// Of zero and of what is no number, glibc gives the lowest, and the highest or
/// (on x86) the lowest `int` (bits/fp-logb.h).
fn ilogb(c: &mut Context<'_>, x: f64) -> Result<i32> {
    if x != 0.0 && x.is_finite() {
        return Ok(libm::ilogb(x));
    }
    c.set_errno(Errno::EDOM)?;
    let x86 = c.state.platform.definition().registers().lookup("fptop").is_some();
    Ok(match x {
        _ if x == 0.0 => i32::MIN,
        _ if x.is_nan() && x86 => i32::MIN,
        _ => i32::MAX,
    })
}

fn ilogbf(c: &mut Context<'_>, x: f32) -> Result<i32> {
    ilogb(c, x.into())
}

fn ilogbl(c: &mut Context<'_>, x: LongDouble) -> Result<i32> {
    ilogb(c, x.0)
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
    jn(c, order, x.0).map(LongDouble)
}

fn yn(c: &mut Context<'_>, order: i32, x: f64) -> Result<f64> {
    let result = match x {
        _ if x < 0.0 => f64::NAN,
        _ if x == 0.0 => f64::NEG_INFINITY,
        _ => libm::yn(order.clamp(-MOST_ORDER, MOST_ORDER), x),
    };
    settle(c, Sets::Errors, &[x], result)?;
    Ok(result)
}

fn ynf(c: &mut Context<'_>, order: i32, x: f32) -> Result<f32> {
    Ok(yn(c, order, x.into())? as f32)
}

fn ynl(c: &mut Context<'_>, order: i32, x: LongDouble) -> Result<LongDouble> {
    yn(c, order, x.0).map(LongDouble)
}
