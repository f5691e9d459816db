//! `monetary.h`: amounts in the locale `C`, which has no currency, no groups of
//! digits and two digits behind the point.

use super::{
    context::Context,
    error::Result,
    stdio::{Formatted, digits_of},
    types::{Dots, Header, Long, Ptr, Size, Standard, models},
    variable::Variable,
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "monetary.h",
    standard: Standard::Posix,
    models: models! {
        strfmon = strfmon;
        strfmon_l = strfmon_l;
        __strfmonieee128 = strfmon;
        __strfmon_lieee128 = strfmon_l;
        __strfmon_l = strfmon_l;
    },
};

/// Widths and precisions beyond are refused.
const WIDEST: usize = 1 << 12;
/// A text beyond is too long, whatever room there is.
const LONGEST: usize = 1 << 24;

/// One conversion of a format.
struct Conversion {
    fill: u8,
    parentheses: bool,
    left: bool,
    width: usize,
    /// Digits before the point.
    digits: Option<usize>,
    precision: usize,
    long: bool,
}

/// Reads the conversion behind a percent sign; `None` if it is none.
fn conversion(format: &[u8], at: &mut usize) -> Option<Conversion> {
    let mut it = Conversion {
        fill: b' ',
        parentheses: false,
        left: false,
        width: 0,
        digits: None,
        precision: 2,
        long: false,
    };
    let mut signs = 0;
    loop {
        match format.get(*at)? {
            b'=' => {
                *at += 1;
                it.fill = *format.get(*at)?;
            }
            // There are no groups, and no currency.
            b'^' | b'!' => {}
            b'+' | b'(' => {
                signs += 1;
                it.parentheses = format[*at] == b'(';
            }
            b'-' => it.left = true,
            _ => break,
        }
        *at += 1;
    }
    if signs > 1 {
        return None;
    }
    let number = |at: &mut usize| -> Option<usize> {
        let value = digits_of(format, at)?;
        (value <= WIDEST).then_some(value)
    };
    if format.get(*at)?.is_ascii_digit() {
        it.width = number(at)?;
    }
    if format.get(*at) == Some(&b'#') {
        *at += 1;
        it.digits = Some(number(at)?);
    }
    if format.get(*at) == Some(&b'.') {
        *at += 1;
        it.precision = number(at)?;
    }
    if format.get(*at) == Some(&b'L') {
        *at += 1;
        it.long = true;
    }
    let known = matches!(format.get(*at), Some(b'n' | b'i'));
    *at += 1;
    known.then_some(it)
}

/// An amount, from its digits with their sign.
fn amount(it: &Conversion, digits: &[u8]) -> Vec<u8> {
    let (negative, digits) = match digits.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, digits),
    };
    let mut text = Vec::new();
    match (negative, it.digits) {
        (true, _) => text.push(if it.parentheses { b'(' } else { b'-' }),
        // As wide as with a sign.
        (false, Some(_)) => text.push(b' '),
        (false, None) => {}
    }
    let whole = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.resize(text.len() + it.digits.unwrap_or(0).saturating_sub(whole), it.fill);
    text.extend_from_slice(digits);
    if negative && it.parentheses {
        text.push(b')');
    }
    let missing = it.width.saturating_sub(text.len());
    let spaces = vec![b' '; missing];
    if it.left { [text, spaces].concat() } else { [spaces, text].concat() }
}

fn format_money(c: &mut Context<'_>, to: Ptr, size: u64, format: Ptr, mut from: Variable) -> Result<Long> {
    let format = c.text(format)?;
    let mut text = Vec::new();
    let mut at = 0;
    while let Some(byte) = format.get(at).copied() {
        at += 1;
        if byte != b'%' {
            text.push(byte);
        } else if format.get(at) == Some(&b'%') {
            at += 1;
            text.push(b'%');
        } else {
            let Some(it) = conversion(&format, &mut at) else {
                return c.fail(Errno::EINVAL).map(|it| Long(it.into()));
            };
            let own = format!("%.{}{}f", it.precision, if it.long { "L" } else { "" });
            let Formatted::Text(digits) = c.format(own.as_bytes(), &mut from)? else {
                return c.fail(Errno::EINVAL).map(|it| Long(it.into()));
            };
            text.extend(amount(&it, &digits));
        }
        if text.len() as u64 >= size || text.len() > LONGEST {
            return c.fail(Errno::E2BIG).map(|it| Long(it.into()));
        }
    }
    // Of an empty format as well.
    if text.len() as u64 >= size {
        return c.fail(Errno::E2BIG).map(|it| Long(it.into()));
    }
    c.write_text(to, &text)?;
    Ok(Long(text.len() as i64))
}

fn strfmon(c: &mut Context<'_>, to: Ptr, size: Size, format: Ptr, _: Dots) -> Result<Long> {
    format_money(c, to, size.0, format, Variable::Call)
}

fn strfmon_l(c: &mut Context<'_>, to: Ptr, size: Size, _locale: Ptr, format: Ptr, _: Dots) -> Result<Long> {
    format_money(c, to, size.0, format, Variable::Call)
}
