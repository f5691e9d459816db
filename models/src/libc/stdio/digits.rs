//! `%f`, `%e`, `%g` and `%a` of numbers of any precision, by any rounding mode.
//! (A double, rounded to the nearest, takes the shorter way of `numbers`.)

use crate::libc::{
    exact::{Digits, Exact, Format},
    fenv::Rounding,
    numbers::Style,
};

/// How a finite number is written, without its sign.
pub(super) struct Writer<'a> {
    pub(super) exact: &'a Exact,
    pub(super) style: Style,
    pub(super) rounding: Rounding,
}

impl Writer<'_> {
    fn precision(&self) -> i64 {
        self.style.precision.map_or(6, |it| i64::try_from(it).unwrap_or(i64::MAX / 4))
    }

    fn rounded(&self, digits: &Digits, count: i64) -> Digits {
        digits.rounded(count, self.exact.negative, self.rounding)
    }

    /// Digits from one power of ten down to another.
    fn run(digits: &Digits, from: i64, to: i64) -> impl Iterator<Item = char> {
        (to..=from).rev().map(|power| digits.at(power))
    }

    /// `%f`.
    pub(super) fn fixed(&self) -> String {
        let precision = self.precision();
        let all = Digits::of(self.exact);
        self.fixed_of(&self.rounded(&all, all.point.saturating_add(precision)), precision)
    }

    fn fixed_of(&self, digits: &Digits, precision: i64) -> String {
        let mut text: String = Self::run(digits, (digits.point - 1).max(0), 0).collect();
        if precision > 0 || self.style.alternative {
            text.push('.');
        }
        text.extend(Self::run(digits, -1, -precision));
        text
    }

    /// `%e`.
    pub(super) fn scientific(&self) -> String {
        let precision = self.precision();
        let all = Digits::of(self.exact);
        self.scientific_of(&self.rounded(&all, precision.saturating_add(1)), precision)
    }

    fn scientific_of(&self, digits: &Digits, precision: i64) -> String {
        let power = if digits.digits.is_empty() { 0 } else { digits.point - 1 };
        let mut text = digits.at(power).to_string();
        if precision > 0 || self.style.alternative {
            text.push('.');
        }
        text.extend(Self::run(digits, power - 1, power - precision));
        let letter = if self.style.upper { 'E' } else { 'e' };
        let sign = if power < 0 { '-' } else { '+' };
        format!("{text}{letter}{sign}{:02}", power.abs())
    }

    /// `%g`.
    pub(super) fn general(&self) -> String {
        let precision = self.precision().max(1);
        let digits = self.rounded(&Digits::of(self.exact), precision);
        let power = if digits.digits.is_empty() { 0 } else { digits.point - 1 };
        let text = if power < -4 || power >= precision {
            self.scientific_of(&digits, precision - 1)
        } else {
            self.fixed_of(&digits, precision - 1 - power)
        };
        if self.style.alternative {
            return text;
        }
        let end = text.find(['e', 'E']).unwrap_or(text.len());
        let (mantissa, power) = text.split_at(end);
        if !mantissa.contains('.') {
            return text;
        }
        format!("{}{power}", mantissa.trim_end_matches('0').trim_end_matches('.'))
    }

    /// `%a`: where the leading one is written in the format, it is in a digit
    /// of four bits (glibc, sysdeps/x86_64/fpu/printf_fphex.c).
    pub(super) fn hexadecimal(&self, format: Format) -> String {
        let first = if format.is_explicit() { 4 } else { 1 };
        // Of pairs, the 108 bits behind the first that 106 bits of them reach.
        let bits = if format.pair { 109 } else { format.precision };
        let behind = i64::from((bits - first).div_ceil(4));
        let lowest = i64::from(format.smallest_normal()) - i64::from(first) + 1;
        let (power, exact) = if self.exact.is_zero() {
            (0, self.exact.clone())
        } else {
            let power = (self.exact.power() - i64::from(first) + 1).max(lowest);
            let digits = self.style.precision.map_or(behind, |it| (it as i64).min(behind));
            let (exact, _) = self.exact.at_unit(power - 4 * digits, self.rounding);
            (power, exact)
        };
        // A carry out of the first digit is another one.
        let carried = first == 4 && !exact.is_zero() && exact.power() > power + 3;
        let power = if carried { power + 4 } else { power };
        // As a whole number of the last digit.
        let shift = exact.exponent - (power - 4 * behind);
        let whole = if exact.is_zero() {
            exact.mantissa
        } else if shift >= 0 {
            exact.mantissa << shift as u64
        } else {
            exact.mantissa >> (-shift) as u64
        };
        let text = whole.to_str_radix(16);
        let behind = behind as usize;
        let padded = format!("{text:0>width$}", width = behind + 1);
        let (leading, fraction) = padded.split_at(padded.len() - behind);
        let mut fraction = fraction.to_owned();
        match self.style.precision {
            None => fraction.truncate(fraction.trim_end_matches('0').len()),
            Some(precision) if precision <= behind => fraction.truncate(precision),
            Some(precision) => fraction.extend(std::iter::repeat_n('0', precision - behind)),
        }
        let point = if fraction.is_empty() && !self.style.alternative { "" } else { "." };
        let sign = if power < 0 { '-' } else { '+' };
        let result = format!("0x{leading}{point}{fraction}p{sign}{}", power.abs());
        if self.style.upper { result.to_ascii_uppercase() } else { result }
    }
}
