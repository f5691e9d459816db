//! Packed decimals of the 68881: 17 digits, an exponent of three or four, and
//! their signs, in 96 bits (M68000 Family Programmer's Reference Manual,
//! section 1.6.3 and FMOVE).

use rustc_apfloat::{Float, Round, Status, ieee::X87DoubleExtended};

use super::float::{INEX1, Unit};
use crate::soft::{self, Class, EXTENDED_68881 as EXTENDED, Mode};

/// The digit of four bits from a bit on.
fn digit(bits: u128, low: u32) -> u128 {
    bits >> low & 0xf
}

/// The value of a packed decimal.
pub(super) fn load(unit: &mut Unit, bits: u128) -> u128 {
    let sign = bits >> 95 & 1;
    let fraction = bits as u64;
    if bits >> 80 & 0x7fff == 0x7fff {
        // Infinity, or a NaN with its own bits.
        return sign << 79 | 0x7fff << 64 | u128::from(fraction);
    }
    let mut text = String::with_capacity(32);
    if sign != 0 {
        text.push('-');
    }
    // Digits above nine count for what they are, as the sum of their weights.
    let mut value = digit(bits, 64);
    for place in (0..16).rev() {
        value = value * 10 + digit(bits, 4 * place);
    }
    let exponent = [(80, 1), (84, 10), (88, 100)]
        .into_iter()
        .fold(0, |all, (low, weight)| all + digit(bits, low) as i32 * weight);
    let exponent = if bits >> 94 & 1 != 0 { -exponent } else { exponent };
    if value == 0 {
        return EXTENDED.zero(sign != 0);
    }
    text.push_str(&format!("{value}e{}", exponent - 16));
    let round = match unit.env.mode {
        Mode::Nearest => Round::NearestTiesToEven,
        Mode::Down => Round::TowardNegative,
        Mode::Up => Round::TowardPositive,
        Mode::Zero => Round::TowardZero,
    };
    match X87DoubleExtended::from_str_r(&text, round) {
        Ok(parsed) => {
            if parsed.status.contains(Status::INEXACT) {
                unit.exceptions |= INEX1;
            }
            parsed.value.to_bits()
        }
        // Digits are all that it is made of.
        Err(_) => EXTENDED.zero(sign != 0),
    }
}

/// A value as a packed decimal: with `factor` digits if it is positive, else
/// with so many behind the point.
pub(super) fn store(unit: &mut Unit, value: u128, factor: i32) -> u128 {
    let number = EXTENDED.unpack(value);
    let sign = u128::from(number.negative) << 95;
    match number.class {
        Class::Zero => return sign,
        Class::Finite => {}
        Class::Infinite => return sign | 0x7fff << 80,
        _ => return sign | 0x7fff << 80 | u128::from(number.significand | 1 << 62),
    }
    if factor > 17 {
        unit.env.flags |= soft::INVALID;
    }
    // As the format of the host's library has it.
    let mut exact = soft::Env { precision: 64, ..unit.env };
    let significand = u128::from(number.significand) << 64;
    let magnitude = exact.round(soft::EXTENDED, false, number.exponent, significand, false);
    let float = X87DoubleExtended::from_bits(magnitude);
    // All of them: 64 bits have at most so many digits before zeros follow,
    // but for the rounding that is done here.
    let (digits, exponent) = exact_digits(&float);
    let count = if factor > 0 { factor.min(17) } else { (exponent + 1 - factor).clamp(1, 17) } as usize;
    let (kept, exponent, inexact) = round_digits(&digits, exponent, count, unit.env.mode, number.negative);
    if inexact {
        unit.env.flags |= soft::INEXACT;
    }
    let mut packed = 0u128;
    for place in 0..17 {
        packed = packed << 4 | u128::from(*kept.get(place).unwrap_or(&0));
    }
    let magnitude = exponent.unsigned_abs();
    // A fourth digit of the exponent stands apart.
    if magnitude > 999 {
        unit.env.flags |= soft::INVALID;
    }
    let places = [(80, 1), (84, 10), (88, 100), (76, 1000)];
    let exponent_digits = places
        .into_iter()
        .fold(0, |all: u128, (low, weight)| all | u128::from(magnitude / weight % 10) << low);
    sign | u128::from(exponent < 0) << 94 | exponent_digits | packed
}

/// All decimal digits of a number, and the exponent of the first.
fn exact_digits(float: &X87DoubleExtended) -> (Vec<u8>, i32) {
    // More than any number of the format has: 16,445 bits behind the point.
    let text = format!("{float:width$.digits$}", width = 0, digits = 11_600);
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    (digits, exponent.parse().unwrap_or(0))
}

/// The first digits, rounded.
fn round_digits(
    digits: &[u8],
    exponent: i32,
    count: usize,
    mode: Mode,
    negative: bool,
) -> (Vec<u8>, i32, bool) {
    let mut kept: Vec<u8> = digits.iter().copied().chain(std::iter::repeat(0)).take(count).collect();
    let rest = digits.get(count..).unwrap_or(&[]);
    let first = rest.first().copied().unwrap_or(0);
    let below = rest.iter().skip(1).any(|digit| *digit != 0);
    let inexact = first != 0 || below;
    let last_is_odd = kept.last().is_some_and(|digit| digit & 1 != 0);
    let up = match mode {
        Mode::Nearest => first > 5 || first == 5 && (below || last_is_odd),
        Mode::Down => negative && inexact,
        Mode::Up => !negative && inexact,
        Mode::Zero => false,
    };
    if !up {
        return (kept, exponent, inexact);
    }
    for digit in kept.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return (kept, exponent, inexact);
        }
        *digit = 0;
    }
    // All were nines.
    kept.insert(0, 1);
    kept.truncate(count);
    (kept, exponent + 1, inexact)
}
