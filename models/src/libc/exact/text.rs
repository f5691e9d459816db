//! Numbers as text, all digits of them.

use num_bigint::BigUint;

use super::{Exact, Format, Number, Rounded};
use crate::libc::fenv::{Exceptions, Rounding};

/// More digits than this do not decide how a number of any format is rounded.
const MOST: usize = 12_000;
/// Powers of ten of the first digit beyond which all formats end.
const FARTHEST: i64 = 5_200;

/// The decimal digits of a number: `0.d1 d2 d3 … * 10^point`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digits {
    /// From 0 to 9 each; the first is not 0, but of zero, which has none.
    pub(crate) digits: Vec<u8>,
    pub(crate) point: i64,
}

impl Digits {
    /// All digits of a number, without its sign.
    pub(crate) fn of(exact: &Exact) -> Self {
        if exact.is_zero() {
            return Self { digits: Vec::new(), point: 0 };
        }
        let below = (-exact.exponent).max(0);
        let whole = if exact.exponent >= 0 {
            &exact.mantissa << exact.exponent as u64
        } else {
            &exact.mantissa * BigUint::from(5_u8).pow(below as u32)
        };
        let digits = whole.to_radix_be(10);
        let point = digits.len() as i64 - below;
        Self { digits, point }
    }

    /// So many digits from the first one on, rounded. A carry may make it one
    /// longer, which moves the point.
    pub(crate) fn rounded(&self, count: i64, negative: bool, rounding: Rounding) -> Self {
        if self.digits.is_empty() || count >= self.digits.len() as i64 {
            return self.clone();
        }
        // Nothing is kept, but the first digit may round up.
        let kept = usize::try_from(count).unwrap_or(0);
        let rest = if count < 0 { [0].as_slice() } else { &self.digits[kept..] };
        let first = rest.first().copied().unwrap_or(0);
        let more = count < 0 || rest.iter().skip(1).any(|digit| *digit != 0);
        let odd = kept > 0 && self.digits[kept - 1] % 2 == 1;
        let changed = first != 0 || more;
        let up = match rounding {
            Rounding::Nearest => first > 5 || first == 5 && (more || odd),
            Rounding::Downward => negative && changed,
            Rounding::Upward => !negative && changed,
            Rounding::TowardZero => false,
        };
        let mut digits = self.digits[..kept].to_vec();
        let mut point = self.point;
        if up {
            let mut at = digits.len();
            loop {
                if at == 0 {
                    digits.insert(0, 1);
                    if count >= 0 {
                        point += 1;
                        digits.truncate(kept.max(1));
                    } else {
                        point += 1 - count;
                    }
                    break;
                }
                at -= 1;
                if digits[at] < 9 {
                    digits[at] += 1;
                    break;
                }
                digits[at] = 0;
            }
        }
        if digits.iter().all(|digit| *digit == 0) {
            return Self { digits: Vec::new(), point: 0 };
        }
        Self { digits, point }
    }

    /// The digit that stands for `10^power`, as text.
    pub(crate) fn at(&self, power: i64) -> char {
        let index = self.point - 1 - power;
        let digit = usize::try_from(index).ok().and_then(|index| self.digits.get(index));
        char::from(b'0' + digit.copied().unwrap_or(0))
    }
}

/// The number of decimal digits, the point among them or not, times a power of
/// ten, in a format.
pub(crate) fn decimal(
    text: &[u8],
    power: i64,
    negative: bool,
    format: Format,
    rounding: Rounding,
) -> Rounded {
    let mut digits: Vec<u8> = Vec::new();
    let mut exponent = power;
    let (mut behind, mut more) = (false, false);
    for byte in text {
        match byte {
            b'.' => behind = true,
            b'0'..=b'9' => {
                let digit = byte - b'0';
                if digits.len() < MOST && !(digits.is_empty() && digit == 0) {
                    digits.push(digit);
                    exponent -= i64::from(behind);
                } else if digits.is_empty() {
                    exponent -= i64::from(behind);
                } else {
                    more |= digit != 0;
                    exponent += i64::from(!behind);
                }
            }
            _ => {}
        }
    }
    if digits.is_empty() {
        return Rounded::exact(Number::zero(negative));
    }
    if more {
        digits.push(1);
        exponent -= 1;
    }
    let point = exponent + digits.len() as i64;
    let exact = if point > FARTHEST {
        Exact::new(negative, 1, 40_000)
    } else if point < -FARTHEST {
        Exact::new(negative, 1, -40_000)
    } else {
        let mantissa = BigUint::from_radix_be(&digits, 10).unwrap_or_default();
        let ten = |power: i64| BigUint::from(5_u8).pow(power as u32);
        if exponent >= 0 {
            Exact { negative, mantissa: mantissa * ten(exponent), exponent }
        } else {
            let by = ten(-exponent);
            let shift = (2_400 + by.bits()).saturating_sub(mantissa.bits());
            let dividend = mantissa << shift;
            let quotient = &dividend / &by;
            let more = &quotient * &by != dividend;
            let mantissa = (quotient << 1_u8) + u8::from(more);
            Exact { negative, mantissa, exponent: exponent - shift as i64 - 1 }
        }
    };
    exact.rounded(format, rounding)
}

/// The same of hexadecimal digits, times a power of two.
pub(crate) fn hexadecimal(
    text: &[u8],
    power: i64,
    negative: bool,
    format: Format,
    rounding: Rounding,
) -> Rounded {
    let mut digits: Vec<u8> = Vec::new();
    let mut exponent = power;
    let (mut behind, mut more) = (false, false);
    for byte in text {
        let Some(digit) = char::from(*byte).to_digit(16) else {
            behind = true;
            continue;
        };
        if digits.len() < MOST && !(digits.is_empty() && digit == 0) {
            digits.push(digit as u8);
            exponent -= if behind { 4 } else { 0 };
        } else if digits.is_empty() {
            exponent -= if behind { 4 } else { 0 };
        } else {
            more |= digit != 0;
            exponent += if behind { 0 } else { 4 };
        }
    }
    if more {
        digits.push(1);
        exponent -= 4;
    }
    let mantissa = BigUint::from_radix_be(&digits, 16).unwrap_or_default();
    let exact = Exact { negative, mantissa, exponent };
    if exact.is_zero() {
        return Rounded::exact(Number::zero(negative));
    }
    // Far outside of all formats.
    let power = exact.power();
    if power.abs() > 40_000 {
        return Exact::new(negative, 1, 40_000 * power.signum()).rounded(format, rounding);
    }
    exact.rounded(format, rounding)
}

/// Whether a number that was read left the range: it became an infinity, or so
/// small that it lost bits.
pub(crate) fn left_range(rounded: &Rounded) -> bool {
    rounded.raised.has(Exceptions::OVERFLOW.with(Exceptions::UNDERFLOW))
}
