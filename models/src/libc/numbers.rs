//! Numbers as C's functions read and write them.

use super::{
    ctype::is_space,
    exact::{self, Format, Number, Rounded},
    fenv::Rounding,
};

/// An integer at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Integer {
    /// Without its sign; what does not fit is `u128::MAX`.
    pub(crate) magnitude: u128,
    pub(crate) negative: bool,
    /// How many bytes it takes, white space before it included; 0 if there is
    /// none.
    pub(crate) length: usize,
}

/// Reads an integer (C99 7.20.1.4); base 0 looks for the prefix.
pub(crate) fn integer(text: &[u8], base: u32) -> Integer {
    let nothing = Integer { magnitude: 0, negative: false, length: 0 };
    let mut at = text.iter().take_while(|byte| is_space(**byte)).count();
    let negative = text.get(at) == Some(&b'-');
    if matches!(text.get(at), Some(b'-' | b'+')) {
        at += 1;
    }
    let digit = |byte: u8, base: u32| char::from(byte).to_digit(36).filter(|digit| *digit < base);
    let zero = text.get(at) == Some(&b'0');
    let hexadecimal = zero
        && matches!(text.get(at + 1), Some(b'x' | b'X'))
        && text.get(at + 2).is_some_and(|byte| byte.is_ascii_hexdigit());
    let base = match base {
        0 | 16 if hexadecimal => {
            at += 2;
            16
        }
        0 if zero => 8,
        0 => 10,
        base => base,
    };
    let mut magnitude = 0_u128;
    let start = at;
    while let Some(digit) = text.get(at).and_then(|byte| digit(*byte, base)) {
        magnitude = magnitude.saturating_mul(base.into()).saturating_add(digit.into());
        at += 1;
    }
    if at == start { nothing } else { Integer { magnitude, negative, length: at } }
}

/// A floating-point number at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Float {
    pub(crate) value: f64,
    /// How many bytes it takes; 0 if there is none.
    pub(crate) length: usize,
    /// It is too large, or too small, for a `double`.
    pub(crate) out_of_range: bool,
}

fn starts_with(text: &[u8], word: &[u8]) -> bool {
    text.len() >= word.len() && text[..word.len()].eq_ignore_ascii_case(word)
}

/// How many bytes of a text an exponent takes, and the number; bounded, as
/// larger ones make no difference.
fn exponent(text: &[u8], letter: u8) -> (usize, i64) {
    if !text.first().is_some_and(|byte| byte.eq_ignore_ascii_case(&letter)) {
        return (0, 0);
    }
    let sign = usize::from(matches!(text.get(1), Some(b'+' | b'-')));
    let digits = text[1 + sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return (0, 0);
    }
    let fold = |number: i64, byte: &u8| (number * 10 + i64::from(byte - b'0')).min(1_000_000);
    let number = text[1 + sign..1 + sign + digits].iter().fold(0, fold);
    (1 + sign + digits, if text.get(1) == Some(&b'-') { -number } else { number })
}

/// Reads a floating-point number (C99 7.20.1.3): decimal, hexadecimal,
/// infinity or not-a-number.
pub(crate) fn float(text: &[u8]) -> Float {
    let spaces = text.iter().take_while(|byte| is_space(**byte)).count();
    let signed = usize::from(matches!(text.get(spaces), Some(b'-' | b'+')));
    let negative = text.get(spaces) == Some(&b'-');
    let start = spaces + signed;
    let rest = &text[start.min(text.len())..];
    let sign = |value: f64| if negative { -value } else { value };
    let special = |value, length| Float { value: sign(value), length: start + length, out_of_range: false };
    if starts_with(rest, b"infinity") {
        return special(f64::INFINITY, 8);
    }
    if starts_with(rest, b"inf") {
        return special(f64::INFINITY, 3);
    }
    if starts_with(rest, b"nan") {
        // nan(characters)
        let inner = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
        let more = match rest.get(3) {
            Some(b'(') => {
                let count = rest[4..].iter().take_while(inner).count();
                if rest.get(4 + count) == Some(&b')') { count + 2 } else { 0 }
            }
            _ => 0,
        };
        let payload = payload(&rest[..3 + more]) & ((1 << 51) - 1);
        return special(f64::from_bits(f64::NAN.to_bits() | payload), 3 + more);
    }
    if starts_with(rest, b"0x")
        && let Some(found) = hexadecimal(&rest[2..])
    {
        return Float { value: sign(found.value), length: start + 2 + found.length, ..found };
    }
    let whole = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut length = whole;
    let mut digits = whole;
    if rest.get(whole) == Some(&b'.') {
        let fraction = rest[whole + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        digits += fraction;
        length += if digits > 0 { 1 + fraction } else { 0 };
    }
    if digits == 0 {
        return Float { value: 0.0, length: 0, out_of_range: false };
    }
    let mantissa = &rest[..length];
    let (more, power) = exponent(&rest[length..], b'e');
    length += more;
    let plain = String::from_utf8_lossy(mantissa);
    let value: f64 = format!("{plain}e{power}").parse().unwrap_or(0.0);
    let is_zero = mantissa.iter().all(|byte| !matches!(byte, b'1'..=b'9'));
    let out_of_range = value.is_infinite() || !is_zero && value.abs() < f64::MIN_POSITIVE;
    Float { value: sign(value), length: start + length, out_of_range }
}

/// The number in `nan(number)`, in C's notation; what is no number is 0, and what
/// is too large the largest.
fn payload(text: &[u8]) -> u64 {
    let inner = text.get(4..text.len().saturating_sub(1)).unwrap_or_default();
    let found = integer(inner, 0);
    if found.length == inner.len() { u64::try_from(found.magnitude).unwrap_or(u64::MAX) } else { 0 }
}

/// The number of a text that [`float`] has found, in a format, rounded once.
pub(crate) fn precise(text: &[u8], found: &Float, format: Format, rounding: Rounding) -> Rounded {
    let text = &text[..found.length.min(text.len())];
    let start = text.iter().take_while(|byte| is_space(**byte)).count();
    let negative = text.get(start) == Some(&b'-');
    let signed = usize::from(matches!(text.get(start), Some(b'-' | b'+')));
    let rest = &text[(start + signed).min(text.len())..];
    if found.value.is_nan() {
        // Below the quiet bit; of a pair of doubles, that of the first.
        let bits = if format.pair { Format::DOUBLE.precision } else { format.precision } - 2;
        let payload = u128::from(payload(rest)) << (128 - bits);
        return Rounded::exact(Number::Nan { negative, payload, signalling: false });
    }
    if starts_with(rest, b"inf") {
        return Rounded::exact(Number::infinity(negative));
    }
    if starts_with(rest, b"0x") && rest.len() > 2 {
        let mantissa = rest[2..].iter().take_while(|byte| byte.is_ascii_hexdigit() || **byte == b'.').count();
        let (_, power) = exponent(&rest[2 + mantissa..], b'p');
        return exact::hexadecimal(&rest[2..2 + mantissa], power, negative, format, rounding);
    }
    let mantissa = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let (_, power) = exponent(&rest[mantissa..], b'e');
    exact::decimal(&rest[..mantissa], power, negative, format, rounding)
}

/// The part behind `0x`.
fn hexadecimal(text: &[u8]) -> Option<Float> {
    let mut mantissa = 0_u64;
    let mut sticky = false;
    let mut power = 0_i64;
    let (mut digits, mut at, mut after_point) = (0, 0, false);
    while let Some(byte) = text.get(at) {
        if *byte == b'.' && !after_point {
            after_point = true;
            at += 1;
            continue;
        }
        let Some(digit) = char::from(*byte).to_digit(16) else { break };
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
            power -= if after_point { 4 } else { 0 };
        } else {
            sticky |= digit != 0;
            power += if after_point { 0 } else { 4 };
        }
        digits += 1;
        at += 1;
    }
    if digits == 0 {
        return None;
    }
    let (more, given) = exponent(&text[at..], b'p');
    let value = scaled(mantissa, sticky, power + given);
    let tiny = mantissa != 0 && value < f64::MIN_POSITIVE;
    Some(Float { value, length: at + more, out_of_range: value.is_infinite() || tiny })
}

/// `mantissa * 2^power`, rounded once, to nearest even.
fn scaled(mantissa: u64, sticky: bool, power: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let shift = i64::from(mantissa.leading_zeros());
    let mantissa = mantissa << shift;
    // The value is mantissa * 2^(power - shift), with its highest bit at 63.
    let exponent = power - shift + 63;
    if exponent > 1023 {
        return f64::INFINITY;
    }
    // Bits that are kept: 53, fewer below the normal numbers.
    let kept = if exponent >= -1022 { 53 } else { 53 - (-1022 - exponent) };
    if kept < 0 {
        return 0.0;
    }
    let dropped = 64 - kept as u32;
    let (mut high, low) = if dropped >= 64 {
        (0, u128::from(mantissa))
    } else {
        (mantissa >> dropped, u128::from(mantissa & ((1 << dropped) - 1)))
    };
    let half = 1_u128 << (dropped - 1);
    if low > half || low == half && (sticky || high & 1 == 1) {
        high += 1;
    }
    let biased = if exponent >= -1022 { (exponent + 1023) as u64 } else { 0 };
    // Carries run into the exponent as they should.
    let bits = if biased == 0 { high } else { ((biased - 1) << 52).wrapping_add(high) };
    f64::from_bits(bits)
}

/// How a number is written: `printf`'s flags.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Style {
    pub(crate) alternative: bool,
    pub(crate) upper: bool,
    pub(crate) precision: Option<usize>,
}

/// More digits than this a `double` does not have; more are zeros.
const MOST_DIGITS: usize = 1100;

fn padded(mut digits: String, more: usize) -> String {
    digits.extend(std::iter::repeat_n('0', more));
    digits
}

/// `%f` of a finite number, without its sign.
pub(crate) fn fixed(value: f64, style: Style) -> String {
    let precision = style.precision.unwrap_or(6);
    let shown = precision.min(MOST_DIGITS);
    let mut text = padded(format!("{:.*}", shown, value.abs()), precision - shown);
    if precision == 0 && style.alternative {
        text.push('.');
    }
    text
}

/// `%e` of a finite number, without its sign.
pub(crate) fn scientific(value: f64, style: Style) -> String {
    let precision = style.precision.unwrap_or(6);
    let shown = precision.min(MOST_DIGITS);
    let text = format!("{:.*e}", shown, value.abs());
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let mut mantissa = padded(mantissa.to_owned(), precision - shown);
    if precision == 0 && style.alternative {
        mantissa.push('.');
    }
    let power: i32 = power.parse().unwrap_or(0);
    let letter = if style.upper { 'E' } else { 'e' };
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}{letter}{sign}{:02}", power.abs())
}

/// `%g` of a finite number, without its sign.
pub(crate) fn general(value: f64, style: Style) -> String {
    let precision = style.precision.unwrap_or(6).max(1);
    let probe = format!("{:.*e}", (precision - 1).min(MOST_DIGITS), value.abs());
    let power: i64 = probe.rsplit('e').next().and_then(|power| power.parse().ok()).unwrap_or(0);
    let scientific_form = power < -4 || power >= precision as i64;
    let digits = if scientific_form { precision - 1 } else { (precision as i64 - 1 - power) as usize };
    let style = Style { precision: Some(digits), ..style };
    let text = if scientific_form { scientific(value, style) } else { fixed(value, style) };
    if style.alternative {
        return text;
    }
    // Zeros at the end of the fraction go, and the point with them.
    let end = text.find(['e', 'E']).unwrap_or(text.len());
    let (mantissa, power) = text.split_at(end);
    if !mantissa.contains('.') {
        return text;
    }
    format!("{}{power}", mantissa.trim_end_matches('0').trim_end_matches('.'))
}

/// `%a` of a finite number, without its sign.
pub(crate) fn hexadecimal_form(value: f64, style: Style) -> String {
    let bits = value.abs().to_bits();
    let (mut fraction, biased) = (bits & ((1 << 52) - 1), (bits >> 52) as i64);
    let mut whole = u64::from(biased != 0);
    let power = match (biased, fraction) {
        (0, 0) => 0,
        (0, _) => -1022,
        _ => biased - 1023,
    };
    let mut digits = 13;
    if let Some(precision) = style.precision
        && precision < 13
    {
        let dropped = 52 - 4 * precision as u32;
        let all = whole << 52 | fraction;
        let (low, half) = (all & ((1 << dropped) - 1), 1_u64 << (dropped - 1));
        let mut high = all >> dropped;
        if low > half || low == half && high & 1 == 1 {
            high += 1;
        }
        whole = high >> (4 * precision);
        fraction = (high << dropped) & ((1 << 52) - 1);
        digits = precision;
    }
    let mut text = format!("{fraction:013x}");
    text.truncate(digits);
    match style.precision {
        None => text = text.trim_end_matches('0').to_owned(),
        Some(precision) if precision > 13 => text = padded(text, precision - 13),
        Some(_) => {}
    }
    let point = if text.is_empty() && !style.alternative { "" } else { "." };
    let sign = if power < 0 { '-' } else { '+' };
    let result = format!("0x{whole:x}{point}{text}p{sign}{}", power.abs());
    if style.upper { result.to_ascii_uppercase() } else { result }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_numbers_round_once() {
        for (text, bits) in [
            ("0x1p0", 0x3ff0_0000_0000_0000),
            ("0x1.fffffffffffff8p0", 0x4000_0000_0000_0000),
            ("0x1.00000000000008p0", 0x3ff0_0000_0000_0000),
            ("0x1.000000000000080000000001p0", 0x3ff0_0000_0000_0001),
            ("0x1p-1074", 1),
            ("0x1p-1075", 0),
            ("0x1.8p-1075", 1),
            ("0x1p1024", 0x7ff0_0000_0000_0000),
            ("0x.8p1", 0x3ff0_0000_0000_0000),
        ] {
            let found = float(text.as_bytes());
            assert_eq!((found.value.to_bits(), found.length), (bits, text.len()), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_has_no_length() {
        for text in ["", "  ", "-", "+.", "e5", ".e5", "x"] {
            assert_eq!(float(text.as_bytes()).length, 0, "{text}");
        }
        assert_eq!(float(b"1e+").length, 1);
        assert_eq!(float(b"0x").length, 1);
        assert_eq!(float(b"nan(12)x").length, 7);
        assert_eq!(integer(b"0x", 0).length, 1);
        assert_eq!(integer(b" -0x1fg", 0), Integer { magnitude: 31, negative: true, length: 6 });
    }
}
