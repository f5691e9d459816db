//! Arithmetic of `long double` that compilers call on 64-bit SPARC (SPARC
//! Compliance Definition 2.4, chapter 6: `_Qp_*`), where it is the C library's.

use super::{
    context::Context,
    error::Result,
    types::{Header, Long, Ptr, Standard, ULong, models},
};

pub(crate) static HEADER: Header = Header {
    name: "(SPARC quad precision)",
    standard: Standard::Runtime,
    models: models! {
        _Qp_add = add, "computed in double precision";
        _Qp_sub = sub, "computed in double precision";
        _Qp_mul = mul, "computed in double precision";
        _Qp_div = div, "computed in double precision";
        _Qp_sqrt = sqrt, "computed in double precision";
        _Qp_neg = neg, "computed in double precision";
        _Qp_cmp = cmp, "computed in double precision";
        _Qp_cmpe = cmp, "computed in double precision";
        _Qp_feq = feq, "computed in double precision";
        _Qp_fne = fne, "computed in double precision";
        _Qp_flt = flt, "computed in double precision";
        _Qp_fle = fle, "computed in double precision";
        _Qp_fgt = fgt, "computed in double precision";
        _Qp_fge = fge, "computed in double precision";
        _Qp_itoq = itoq;
        _Qp_uitoq = uitoq;
        _Qp_xtoq = xtoq, "computed in double precision";
        _Qp_uxtoq = uxtoq, "computed in double precision";
        _Qp_stoq = stoq;
        _Qp_dtoq = dtoq;
        _Qp_qtoi = qtoi;
        _Qp_qtoui = qtoui;
        _Qp_qtox = qtox, "computed in double precision";
        _Qp_qtoux = qtoux, "computed in double precision";
        _Qp_qtos = qtos, "computed in double precision";
        _Qp_qtod = qtod;
    },
};

macro_rules! arithmetic {
    ($($name:ident = $function:expr;)*) => {$(
        fn $name(c: &mut Context<'_>, to: Ptr, one: Ptr, other: Ptr) -> Result<()> {
            let (one, other) = (c.read_long_double(one)?, c.read_long_double(other)?);
            let function: fn(f64, f64) -> f64 = $function;
            c.write_long_double(to, function(one, other))
        }
    )*};
}

arithmetic! {
    add = |one, other| one + other;
    sub = |one, other| one - other;
    mul = |one, other| one * other;
    div = |one, other| one / other;
}

macro_rules! comparisons {
    ($($name:ident = $function:expr;)*) => {$(
        fn $name(c: &mut Context<'_>, one: Ptr, other: Ptr) -> Result<i32> {
            let (one, other) = (c.read_long_double(one)?, c.read_long_double(other)?);
            let function: fn(&f64, &f64) -> bool = $function;
            Ok(i32::from(function(&one, &other)))
        }
    )*};
}

comparisons! {
    feq = f64::eq;
    fne = f64::ne;
    flt = f64::lt;
    fle = f64::le;
    fgt = f64::gt;
    fge = f64::ge;
}

/// 0 to 3: equal, less, greater, unordered.
fn cmp(c: &mut Context<'_>, one: Ptr, other: Ptr) -> Result<i32> {
    let (one, other) = (c.read_long_double(one)?, c.read_long_double(other)?);
    Ok(match one.partial_cmp(&other) {
        Some(std::cmp::Ordering::Equal) => 0,
        Some(std::cmp::Ordering::Less) => 1,
        Some(std::cmp::Ordering::Greater) => 2,
        None => 3,
    })
}

fn sqrt(c: &mut Context<'_>, to: Ptr, from: Ptr) -> Result<()> {
    let value = c.read_long_double(from)?;
    c.write_long_double(to, value.sqrt())
}

fn neg(c: &mut Context<'_>, to: Ptr, from: Ptr) -> Result<()> {
    let value = c.read_long_double(from)?;
    c.write_long_double(to, -value)
}

fn itoq(c: &mut Context<'_>, to: Ptr, value: i32) -> Result<()> {
    c.write_long_double(to, value.into())
}

fn uitoq(c: &mut Context<'_>, to: Ptr, value: u32) -> Result<()> {
    c.write_long_double(to, value.into())
}

fn xtoq(c: &mut Context<'_>, to: Ptr, value: Long) -> Result<()> {
    c.write_long_double(to, value.0 as f64)
}

fn uxtoq(c: &mut Context<'_>, to: Ptr, value: ULong) -> Result<()> {
    c.write_long_double(to, value.0 as f64)
}

fn stoq(c: &mut Context<'_>, to: Ptr, value: f32) -> Result<()> {
    c.write_long_double(to, value.into())
}

fn dtoq(c: &mut Context<'_>, to: Ptr, value: f64) -> Result<()> {
    c.write_long_double(to, value)
}

fn qtoi(c: &mut Context<'_>, from: Ptr) -> Result<i32> {
    Ok(c.read_long_double(from)? as i32)
}

fn qtoui(c: &mut Context<'_>, from: Ptr) -> Result<u32> {
    Ok(c.read_long_double(from)? as u32)
}

fn qtox(c: &mut Context<'_>, from: Ptr) -> Result<Long> {
    Ok(Long(c.read_long_double(from)? as i64))
}

fn qtoux(c: &mut Context<'_>, from: Ptr) -> Result<ULong> {
    Ok(ULong(c.read_long_double(from)? as u64))
}

fn qtos(c: &mut Context<'_>, from: Ptr) -> Result<f32> {
    Ok(c.read_long_double(from)? as f32)
}

fn qtod(c: &mut Context<'_>, from: Ptr) -> Result<f64> {
    c.read_long_double(from)
}
