//! `strfromd` and its like (ISO/IEC TS 18661-1, 11): numbers to texts.

use super::super::{
    context::Context,
    error::Result,
    exact::{Format, Number},
    types::{Header, LongDouble, Ptr, Size, Standard, models},
};

pub(crate) static HEADER: Header = Header {
    name: "stdlib.h",
    standard: Standard::Extension,
    models: models! {
        strfromd = strfromd;
        strfromf = strfromf;
        strfroml = strfroml;
        strfromf32 = strfromf;
        strfromf64 = strfromd;
        strfromf32x = strfromd;
        strfromf64x = strfroml;
        __strfromieee128 = strfroml;
    },
};

fn write(c: &mut Context<'_>, to: Ptr, size: u64, format: Ptr, number: &Number, kind: Format) -> Result<i32> {
    let format = c.text(format)?;
    let Some(text) = c.number_by(&format, number, kind) else {
        return c.misuse(format!("`{}` is no format of a number alone", String::from_utf8_lossy(&format)));
    };
    if let Some(most) = size.checked_sub(1) {
        let shown = text.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        c.write_text(to, &text[..shown])?;
    }
    Ok(text.len() as i32)
}

fn strfromd(c: &mut Context<'_>, to: Ptr, size: Size, format: Ptr, value: f64) -> Result<i32> {
    write(c, to, size.0, format, &Number::of_double(value), Format::DOUBLE)
}

/// As a `double`, which has each of its numbers.
fn strfromf(c: &mut Context<'_>, to: Ptr, size: Size, format: Ptr, value: f32) -> Result<i32> {
    strfromd(c, to, size, format, value.into())
}

fn strfroml(c: &mut Context<'_>, to: Ptr, size: Size, format: Ptr, value: LongDouble) -> Result<i32> {
    let kind = c.long_format()?;
    write(c, to, size.0, format, &value.0, kind)
}
