//! Arithmetic of `long double` that compilers call where the processor has
//! none: GCC's names (GCC Internals, "Soft float library routines"), those of
//! IEEE binary128 on PowerPC (`kf`), and of its pairs of doubles
//! (`__gcc_q…`).

use std::cmp::Ordering;

use super::{
    context::Context,
    error::Result,
    exact::{Format, Number, Rounded},
    fenv::{Exceptions, Rounding},
    types::{Header, LongDouble, Model, Standard, typed},
};

type Operation = fn(&Number, &Number, Format, Rounding) -> Rounded;

fn two(c: &mut Context<'_>, x: &LongDouble, y: &LongDouble, operation: Operation) -> Result<LongDouble> {
    let (format, rounding) = (c.long_format()?, c.rounding());
    c.settled(operation(&x.0, &y.0, format, rounding)).map(LongDouble)
}

fn subtract(one: &Number, other: &Number, format: Format, rounding: Rounding) -> Rounded {
    let other = if other.is_nan() { other.clone() } else { other.clone().negated() };
    one.add(&other, format, rounding)
}

/// Negative, zero or positive as the order is; of what has none, the number
/// that makes the comparison false.
fn ordered(c: &mut Context<'_>, x: &LongDouble, y: &LongDouble, none: i32, all: bool) -> Result<i32> {
    let order = x.0.order(&y.0);
    if order.is_none() && all || x.0.is_signalling() || y.0.is_signalling() {
        c.raise_exceptions(Exceptions::INVALID)?;
    }
    Ok(match order {
        Some(Ordering::Less) => -1,
        Some(Ordering::Equal) => 0,
        Some(Ordering::Greater) => 1,
        None => none,
    })
}

/// The whole part; what does not fit is the nearest that does.
fn whole(c: &mut Context<'_>, x: &LongDouble, lowest: i128, highest: i128) -> Result<i128> {
    let (whole, changed) = x.0.whole(Rounding::TowardZero);
    let found = whole.integer(127).filter(|it| (lowest..=highest).contains(it));
    c.raise_exceptions(match (found, changed) {
        (None, _) => Exceptions::INVALID,
        (_, true) => Exceptions::INEXACT,
        _ => Exceptions::NONE,
    })?;
    Ok(found.unwrap_or(if x.0.is_negative() { lowest } else { highest }))
}

fn extended(c: &mut Context<'_>, value: f64) -> Result<LongDouble> {
    let number = Number::of_double(value);
    if number.is_signalling() {
        c.raise_exceptions(Exceptions::INVALID)?;
    }
    Ok(LongDouble(number.quieted()))
}

fn narrowed(c: &mut Context<'_>, x: &LongDouble) -> Result<f64> {
    let rounding = c.rounding();
    let (value, raised) = x.0.to_double_by(rounding);
    c.raise_exceptions(raised)?;
    Ok(value)
}

fn narrowed_twice(c: &mut Context<'_>, x: &LongDouble) -> Result<f32> {
    let rounding = c.rounding();
    let (value, raised) = x.0.to_single_by(rounding);
    c.raise_exceptions(raised)?;
    Ok(value)
}

macro_rules! function {
    ($name:expr, $deviation:expr, |$c:ident $(, $x:ident: $type:ty)*| -> $result:ty $body:block) => {
        Model {
            name: $name,
            deviation: $deviation,
            function: &typed(|$c: &mut Context<'_> $(, $x: $type)*| -> Result<$result> { $body }),
        }
    };
}

/// The functions by the letters of the type.
macro_rules! soft {
    ($type:literal) => {
        &[
            function!(concat!("__add", $type, "3"), None, |c, x: LongDouble, y: LongDouble| -> LongDouble {
                two(c, &x, &y, Number::add)
            }),
            function!(concat!("__sub", $type, "3"), None, |c, x: LongDouble, y: LongDouble| -> LongDouble {
                two(c, &x, &y, subtract)
            }),
            function!(concat!("__mul", $type, "3"), None, |c, x: LongDouble, y: LongDouble| -> LongDouble {
                two(c, &x, &y, Number::multiply)
            }),
            function!(concat!("__div", $type, "3"), None, |c, x: LongDouble, y: LongDouble| -> LongDouble {
                two(c, &x, &y, Number::divide)
            }),
            function!(concat!("__neg", $type, "2"), None, |_c, x: LongDouble| -> LongDouble {
                Ok(LongDouble(x.0.negated()))
            }),
            function!(concat!("__eq", $type, "2"), None, |c, x: LongDouble, y: LongDouble| -> i32 {
                ordered(c, &x, &y, 1, false)
            }),
            function!(concat!("__ne", $type, "2"), None, |c, x: LongDouble, y: LongDouble| -> i32 {
                ordered(c, &x, &y, 1, false)
            }),
            function!(concat!("__lt", $type, "2"), None, |c, x: LongDouble, y: LongDouble| -> i32 {
                ordered(c, &x, &y, 2, true)
            }),
            function!(concat!("__le", $type, "2"), None, |c, x: LongDouble, y: LongDouble| -> i32 {
                ordered(c, &x, &y, 2, true)
            }),
            function!(concat!("__gt", $type, "2"), None, |c, x: LongDouble, y: LongDouble| -> i32 {
                ordered(c, &x, &y, -2, true)
            }),
            function!(concat!("__ge", $type, "2"), None, |c, x: LongDouble, y: LongDouble| -> i32 {
                ordered(c, &x, &y, -2, true)
            }),
            function!(concat!("__unord", $type, "2"), None, |_c, x: LongDouble, y: LongDouble| -> i32 {
                Ok(i32::from(x.0.is_nan() || y.0.is_nan()))
            }),
            function!(concat!("__extenddf", $type, "2"), None, |c, x: f64| -> LongDouble { extended(c, x) }),
            function!(concat!("__extendsf", $type, "2"), None, |c, x: f32| -> LongDouble {
                extended(c, x.into())
            }),
            function!(concat!("__trunc", $type, "df2"), None, |c, x: LongDouble| -> f64 { narrowed(c, &x) }),
            function!(concat!("__trunc", $type, "sf2"), None, |c, x: LongDouble| -> f32 {
                narrowed_twice(c, &x)
            }),
            function!(concat!("__fix", $type, "si"), None, |c, x: LongDouble| -> i32 {
                Ok(whole(c, &x, i32::MIN.into(), i32::MAX.into())? as i32)
            }),
            function!(concat!("__fix", $type, "di"), None, |c, x: LongDouble| -> i64 {
                Ok(whole(c, &x, i64::MIN.into(), i64::MAX.into())? as i64)
            }),
            function!(concat!("__fixuns", $type, "si"), None, |c, x: LongDouble| -> u32 {
                Ok(whole(c, &x, 0, u32::MAX.into())? as u32)
            }),
            function!(concat!("__fixuns", $type, "di"), None, |c, x: LongDouble| -> u64 {
                Ok(whole(c, &x, 0, u64::MAX.into())? as u64)
            }),
            function!(concat!("__floatsi", $type), None, |_c, x: i32| -> LongDouble {
                Ok(LongDouble(Number::of_integer(x.into())))
            }),
            function!(concat!("__floatdi", $type), None, |_c, x: i64| -> LongDouble {
                Ok(LongDouble(Number::of_integer(x.into())))
            }),
            function!(concat!("__floatunsi", $type), None, |_c, x: u32| -> LongDouble {
                Ok(LongDouble(Number::of_integer(x.into())))
            }),
            function!(concat!("__floatundi", $type), None, |_c, x: u64| -> LongDouble {
                Ok(LongDouble(Number::of_integer(x.into())))
            }),
        ]
    };
}

/// Of pairs, whose last bits libgcc leaves open.
const PAIRS: Option<&str> = Some("rounded once to 106 bits, where libgcc's last bits may differ");

pub(crate) static HEADER: [Header; 3] = [
    Header { name: "libgcc, long double", standard: Standard::Runtime, models: soft!("tf") },
    Header { name: "libgcc, long double", standard: Standard::Runtime, models: soft!("kf") },
    Header {
        name: "libgcc, long double",
        standard: Standard::Runtime,
        models: &[
            function!("__gcc_qadd", PAIRS, |c, x: LongDouble, y: LongDouble| -> LongDouble {
                two(c, &x, &y, Number::add)
            }),
            function!("__gcc_qsub", PAIRS, |c, x: LongDouble, y: LongDouble| -> LongDouble {
                two(c, &x, &y, subtract)
            }),
            function!("__gcc_qmul", PAIRS, |c, x: LongDouble, y: LongDouble| -> LongDouble {
                two(c, &x, &y, Number::multiply)
            }),
            function!("__gcc_qdiv", PAIRS, |c, x: LongDouble, y: LongDouble| -> LongDouble {
                two(c, &x, &y, Number::divide)
            }),
        ],
    },
];
