//! Arithmetic of `long double` that compilers call on 64-bit SPARC (SPARC
//! Compliance Definition 2.4, chapter 6: `_Qp_*`), where it is the C library's.

use super::{
    context::Context,
    error::Result,
    exact::{Format, Number, Rounded},
    fenv::{Exceptions, Rounding},
    types::{Header, Long, Ptr, Standard, ULong, models},
};

pub(crate) static HEADER: Header = Header {
    name: "(SPARC quad precision)",
    standard: Standard::Runtime,
    models: models! {
        _Qp_add = add;
        _Qp_sub = sub;
        _Qp_mul = mul;
        _Qp_div = div;
        _Qp_sqrt = sqrt;
        _Qp_neg = neg;
        _Qp_cmp = cmp;
        _Qp_cmpe = cmpe;
        _Qp_feq = feq;
        _Qp_fne = fne;
        _Qp_flt = flt;
        _Qp_fle = fle;
        _Qp_fgt = fgt;
        _Qp_fge = fge;
        _Qp_itoq = itoq;
        _Qp_uitoq = uitoq;
        _Qp_xtoq = xtoq;
        _Qp_uxtoq = uxtoq;
        _Qp_stoq = stoq;
        _Qp_dtoq = dtoq;
        _Qp_qtoi = qtoi;
        _Qp_qtoui = qtoui;
        _Qp_qtox = qtox;
        _Qp_qtoux = qtoux;
        _Qp_qtos = qtos;
        _Qp_qtod = qtod;
    },
};

type Operation = fn(&Number, &Number, Format, Rounding) -> Rounded;

macro_rules! arithmetic {
    ($($name:ident = $function:path;)*) => {$(
        fn $name(c: &mut Context<'_>, to: Ptr, one: Ptr, other: Ptr) -> Result<()> {
            let (one, other) = (c.read_long_double(one)?, c.read_long_double(other)?);
            let function: Operation = $function;
            let (format, rounding) = (c.long_format()?, c.rounding());
            let result = c.settled(function(&one, &other, format, rounding))?;
            c.write_long_double(to, &result)
        }
    )*};
}

fn difference(one: &Number, other: &Number, format: Format, rounding: Rounding) -> Rounded {
    // The sign of what is no number is left alone.
    let other = if other.is_nan() { other.clone() } else { other.clone().negated() };
    one.add(&other, format, rounding)
}

arithmetic! {
    add = Number::add;
    sub = difference;
    mul = Number::multiply;
    div = Number::divide;
}

/// Their order; what is no number is an invalid operation, if it signals or if
/// all of them do.
fn order(c: &mut Context<'_>, one: Ptr, other: Ptr, all: bool) -> Result<Option<std::cmp::Ordering>> {
    let (one, other) = (c.read_long_double(one)?, c.read_long_double(other)?);
    let order = one.order(&other);
    if order.is_none() && all || one.is_signalling() || other.is_signalling() {
        c.raise_exceptions(Exceptions::INVALID)?;
    }
    Ok(order)
}

macro_rules! comparisons {
    ($($name:ident = $all:literal, $function:expr;)*) => {$(
        fn $name(c: &mut Context<'_>, one: Ptr, other: Ptr) -> Result<i32> {
            let function: fn(Option<std::cmp::Ordering>) -> bool = $function;
            Ok(i32::from(function(order(c, one, other, $all)?)))
        }
    )*};
}

comparisons! {
    feq = false, |order| order.is_some_and(std::cmp::Ordering::is_eq);
    fne = false, |order| !order.is_some_and(std::cmp::Ordering::is_eq);
    flt = true, |order| order.is_some_and(std::cmp::Ordering::is_lt);
    fle = true, |order| order.is_some_and(std::cmp::Ordering::is_le);
    fgt = true, |order| order.is_some_and(std::cmp::Ordering::is_gt);
    fge = true, |order| order.is_some_and(std::cmp::Ordering::is_ge);
}

/// 0 to 3: equal, less, greater, unordered.
const fn number_of(order: Option<std::cmp::Ordering>) -> i32 {
    match order {
        Some(std::cmp::Ordering::Equal) => 0,
        Some(std::cmp::Ordering::Less) => 1,
        Some(std::cmp::Ordering::Greater) => 2,
        None => 3,
    }
}

fn cmp(c: &mut Context<'_>, one: Ptr, other: Ptr) -> Result<i32> {
    order(c, one, other, false).map(number_of)
}

fn cmpe(c: &mut Context<'_>, one: Ptr, other: Ptr) -> Result<i32> {
    order(c, one, other, true).map(number_of)
}

fn sqrt(c: &mut Context<'_>, to: Ptr, from: Ptr) -> Result<()> {
    let (format, rounding) = (c.long_format()?, c.rounding());
    let root = c.read_long_double(from)?.square_root(format, rounding);
    let result = c.settled(root)?;
    c.write_long_double(to, &result)
}

fn neg(c: &mut Context<'_>, to: Ptr, from: Ptr) -> Result<()> {
    let value = c.read_long_double(from)?;
    c.write_long_double(to, &value.negated())
}

fn itoq(c: &mut Context<'_>, to: Ptr, value: i32) -> Result<()> {
    c.write_long_double(to, &Number::of_integer(value.into()))
}

fn uitoq(c: &mut Context<'_>, to: Ptr, value: u32) -> Result<()> {
    c.write_long_double(to, &Number::of_integer(value.into()))
}

fn xtoq(c: &mut Context<'_>, to: Ptr, value: Long) -> Result<()> {
    c.write_long_double(to, &Number::of_integer(value.0.into()))
}

fn uxtoq(c: &mut Context<'_>, to: Ptr, value: ULong) -> Result<()> {
    c.write_long_double(to, &Number::of_integer(value.0.into()))
}

fn stoq(c: &mut Context<'_>, to: Ptr, value: f32) -> Result<()> {
    c.write_long_double(to, &Number::of_double(value.into()))
}

fn dtoq(c: &mut Context<'_>, to: Ptr, value: f64) -> Result<()> {
    c.write_long_double(to, &Number::of_double(value))
}

/// The whole part as an integer; what does not fit is the nearest that does.
fn whole(c: &mut Context<'_>, from: Ptr, lowest: i128, highest: i128) -> Result<i128> {
    let value = c.read_long_double(from)?;
    let (whole, changed) = value.whole(Rounding::TowardZero);
    let found = whole.integer(127).filter(|it| (lowest..=highest).contains(it));
    let raised = match (found, changed) {
        (None, _) => Exceptions::INVALID,
        (_, true) => Exceptions::INEXACT,
        _ => Exceptions::NONE,
    };
    c.raise_exceptions(raised)?;
    Ok(found.unwrap_or(if value.is_negative() { lowest } else { highest }))
}

fn qtoi(c: &mut Context<'_>, from: Ptr) -> Result<i32> {
    whole(c, from, i32::MIN.into(), i32::MAX.into()).map(|it| it as i32)
}

fn qtoui(c: &mut Context<'_>, from: Ptr) -> Result<u32> {
    whole(c, from, 0, u32::MAX.into()).map(|it| it as u32)
}

fn qtox(c: &mut Context<'_>, from: Ptr) -> Result<Long> {
    whole(c, from, i64::MIN.into(), i64::MAX.into()).map(|it| Long(it as i64))
}

fn qtoux(c: &mut Context<'_>, from: Ptr) -> Result<ULong> {
    whole(c, from, 0, u64::MAX.into()).map(|it| ULong(it as u64))
}

fn qtos(c: &mut Context<'_>, from: Ptr) -> Result<f32> {
    let rounding = c.rounding();
    let (value, raised) = c.read_long_double(from)?.to_single_by(rounding);
    c.raise_exceptions(raised)?;
    Ok(value)
}

fn qtod(c: &mut Context<'_>, from: Ptr) -> Result<f64> {
    let rounding = c.rounding();
    let (value, raised) = c.read_long_double(from)?.to_double_by(rounding);
    c.raise_exceptions(raised)?;
    Ok(value)
}
