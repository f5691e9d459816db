//! Addition, multiplication, division, square roots.

use super::{Class, DENORMAL, DOUBLE, Env, Format, INVALID, Mode, Number, SINGLE, ZERO_DIVIDE};

/// Computes by the host what can have no other effect than being inexact,
/// which was noted before.
macro_rules! by_host {
    ($self:ident, $format:ident, $a:ident, $b:ident, $operator:tt) => {
        if $self.host_rounds() {
            if $format == DOUBLE && ordinary_double($a as u64, 0) && ordinary_double($b as u64, 0) {
                let value = (f64::from_bits($a as u64) $operator f64::from_bits($b as u64)).to_bits();
                if ordinary_double(value, 1) {
                    return value.into();
                }
            }
            if $format == SINGLE && ordinary_single($a as u32, 0) && ordinary_single($b as u32, 0) {
                let value = (f32::from_bits($a as u32) $operator f32::from_bits($b as u32)).to_bits();
                if ordinary_single(value, 1) {
                    return value.into();
                }
            }
        }
    };
}

/// Neither zero, denormal, infinite nor a NaN, and not close to denormal.
const fn ordinary_double(bits: u64, above: u64) -> bool {
    let exponent = bits >> 52 & 0x7ff;
    exponent > above && exponent < 0x7ff
}

const fn ordinary_single(bits: u32, above: u32) -> bool {
    let exponent = bits >> 23 & 0xff;
    exponent > above && exponent < 0xff
}

impl Env {
    /// The NaN of an operation with a NaN among its operands, if there is one.
    pub(crate) fn nan(&mut self, format: Format, a: &Number, b: Option<&Number>) -> Option<u128> {
        let is_nan = |number: &Number| matches!(number.class, Class::Quiet | Class::Signalling);
        let unsupported = |number: &Number| number.class == Class::Unsupported;
        if unsupported(a) || b.is_some_and(unsupported) {
            self.flags |= INVALID;
            return Some(format.indefinite());
        }
        let signals = |number: &Number| number.class == Class::Signalling;
        if signals(a) || b.is_some_and(signals) {
            self.flags |= INVALID;
        }
        let b = b.filter(|b| is_nan(b));
        let chosen = match (is_nan(a), b) {
            (false, None) => return None,
            (true, None) => a,
            (false, Some(b)) => b,
            (true, Some(b)) if self.x87 => larger(a, b),
            (true, Some(_)) => a,
        };
        Some(format.nan(chosen))
    }

    pub(crate) fn note_denormals(&mut self, numbers: &[&Number]) {
        if numbers.iter().any(|number| number.denormal) {
            self.flags |= DENORMAL;
        }
    }

    pub(crate) fn invalid(&mut self, format: Format) -> u128 {
        self.flags |= INVALID;
        format.indefinite()
    }

    pub(crate) fn add(&mut self, format: Format, a: u128, b: u128) -> u128 {
        by_host!(self, format, a, b, +);
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        self.add_numbers(format, &a, &b)
    }

    pub(crate) fn sub(&mut self, format: Format, a: u128, b: u128) -> u128 {
        by_host!(self, format, a, b, -);
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        self.sub_numbers(format, &a, &b)
    }

    pub(crate) fn sub_numbers(&mut self, format: Format, a: &Number, b: &Number) -> u128 {
        let is_nan = matches!(b.class, Class::Quiet | Class::Signalling);
        self.add_numbers(format, a, &Number { negative: b.negative == is_nan, ..*b })
    }

    pub(crate) fn add_numbers(&mut self, format: Format, a: &Number, b: &Number) -> u128 {
        self.up = false;
        if let Some(nan) = self.nan(format, a, Some(b)) {
            return nan;
        }
        match (a.class, b.class) {
            (Class::Infinite, Class::Infinite) if a.negative != b.negative => return self.invalid(format),
            (Class::Infinite, _) => {
                self.note_denormals(&[a, b]);
                return format.infinity(a.negative);
            }
            (_, Class::Infinite) => {
                self.note_denormals(&[a, b]);
                return format.infinity(b.negative);
            }
            (Class::Zero, Class::Zero) => {
                let negative = if a.negative == b.negative { a.negative } else { self.mode == Mode::Down };
                return format.zero(negative);
            }
            _ => {}
        }
        self.note_denormals(&[a, b]);
        let wide = |number: &Number| u128::from(number.significand) << 63;
        let sum = add_exact((a.negative, a.exponent, wide(a)), (b.negative, b.exponent, wide(b)));
        let (negative, exponent, value, sticky) = sum;
        if value == 0 && !sticky {
            return format.zero(self.mode == Mode::Down);
        }
        self.round(format, negative, exponent + 1, value, sticky)
    }

    pub(crate) fn mul(&mut self, format: Format, a: u128, b: u128) -> u128 {
        by_host!(self, format, a, b, *);
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        self.mul_numbers(format, &a, &b)
    }

    pub(crate) fn mul_numbers(&mut self, format: Format, a: &Number, b: &Number) -> u128 {
        self.up = false;
        if let Some(nan) = self.nan(format, a, Some(b)) {
            return nan;
        }
        let negative = a.negative != b.negative;
        match (a.class, b.class) {
            (Class::Infinite, Class::Zero) | (Class::Zero, Class::Infinite) => return self.invalid(format),
            (Class::Infinite, _) | (_, Class::Infinite) => {
                self.note_denormals(&[a, b]);
                return format.infinity(negative);
            }
            (Class::Zero, _) | (_, Class::Zero) => {
                self.note_denormals(&[a, b]);
                return format.zero(negative);
            }
            _ => {}
        }
        self.note_denormals(&[a, b]);
        let product = u128::from(a.significand) * u128::from(b.significand);
        self.round(format, negative, a.exponent + b.exponent + 1, product, false)
    }

    pub(crate) fn div(&mut self, format: Format, a: u128, b: u128) -> u128 {
        by_host!(self, format, a, b, /);
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        self.div_numbers(format, &a, &b)
    }

    pub(crate) fn div_numbers(&mut self, format: Format, a: &Number, b: &Number) -> u128 {
        self.up = false;
        if let Some(nan) = self.nan(format, a, Some(b)) {
            return nan;
        }
        let negative = a.negative != b.negative;
        match (a.class, b.class) {
            (Class::Infinite, Class::Infinite) | (Class::Zero, Class::Zero) => return self.invalid(format),
            (Class::Infinite, _) => {
                self.note_denormals(&[b]);
                return format.infinity(negative);
            }
            (_, Class::Zero) => {
                self.flags |= ZERO_DIVIDE;
                return format.infinity(negative);
            }
            (Class::Zero, _) | (_, Class::Infinite) => {
                self.note_denormals(&[a, b]);
                return format.zero(negative);
            }
            _ => {}
        }
        self.note_denormals(&[a, b]);
        let (dividend, divisor) = (u128::from(a.significand) << 63, u128::from(b.significand));
        let (high, rest) = (dividend / divisor, dividend % divisor);
        // 64 more bits than there may be in the quotient so far.
        let low = (rest << 62) / divisor;
        let sticky = (rest << 62) % divisor != 0;
        let quotient = (high << 62) + low;
        // A quotient of one has its one in bit 125.
        self.round(format, negative, a.exponent - b.exponent + 2, quotient, sticky)
    }

    pub(crate) fn sqrt(&mut self, format: Format, a: u128) -> u128 {
        if self.host_rounds() && format == DOUBLE && ordinary_double(a as u64, 0) && a >> 63 == 0 {
            return f64::from_bits(a as u64).sqrt().to_bits().into();
        }
        let a = self.operand(format, a);
        self.up = false;
        if let Some(nan) = self.nan(format, &a, None) {
            return nan;
        }
        match a.class {
            Class::Zero => return format.zero(a.negative),
            _ if a.negative => return self.invalid(format),
            Class::Infinite => return format.infinity(false),
            _ => {}
        }
        self.note_denormals(&[&a]);
        let odd = a.exponent & 1;
        // An even exponent: the value is between 1 and 4, its point after bit 126.
        let value = u128::from(a.significand) << (63 + odd);
        let root = value.isqrt();
        // 63 bits after the point of the root: as many again.
        let mut rest = value - root * root;
        let mut result = root;
        let mut bits = 0;
        while bits < 8 {
            // The next bit: (2r + 1)^2 <= 4 value.
            rest <<= 2;
            let trial = (result << 2) | 1;
            result <<= 1;
            if rest >= trial {
                rest -= trial;
                result |= 1;
            }
            bits += 1;
        }
        // `result` has its one in bit 71.
        self.round(format, false, (a.exponent - odd) / 2 + 127 - 71, result, rest != 0)
    }

    /// `a * b + c`, rounded once.
    pub(crate) fn fma(&mut self, format: Format, a: u128, b: u128, c: u128, negate: (bool, bool)) -> u128 {
        let (a, b, mut c) = (self.operand(format, a), self.operand(format, b), self.operand(format, c));
        let is_nan = |number: &Number| matches!(number.class, Class::Quiet | Class::Signalling);
        if [&a, &b, &c].iter().any(|number| number.class == Class::Signalling) {
            self.flags |= INVALID;
        }
        let no_product =
            matches!((a.class, b.class), (Class::Infinite, Class::Zero) | (Class::Zero, Class::Infinite));
        if let Some(nan) = [&a, &b, &c].into_iter().find(|number| is_nan(number)) {
            return format.nan(nan);
        }
        if no_product {
            return self.invalid(format);
        }
        let product_negative = (a.negative != b.negative) != negate.0;
        c.negative ^= negate.1;
        if a.class == Class::Infinite || b.class == Class::Infinite {
            if c.class == Class::Infinite && c.negative != product_negative {
                return self.invalid(format);
            }
            self.note_denormals(&[&a, &b, &c]);
            return format.infinity(product_negative);
        }
        self.note_denormals(&[&a, &b, &c]);
        if c.class == Class::Infinite {
            return format.infinity(c.negative);
        }
        if a.class == Class::Zero || b.class == Class::Zero {
            if c.class == Class::Zero {
                let negative =
                    if product_negative == c.negative { c.negative } else { self.mode == Mode::Down };
                return format.zero(negative);
            }
            let value = u128::from(c.significand) << 64;
            return self.round(format, c.negative, c.exponent, value, false);
        }
        let product = u128::from(a.significand) * u128::from(b.significand);
        // Its one in bit 126, so that a sum has room.
        let zeros = product.leading_zeros();
        let product = if zeros == 0 { product >> 1 | product & 1 } else { product };
        let exponent = a.exponent + b.exponent + i32::from(zeros == 0);
        if c.class == Class::Zero {
            return self.round(format, product_negative, exponent + 1, product, false);
        }
        let (negative, exponent, value, sticky) = add_exact(
            (product_negative, exponent, product),
            (c.negative, c.exponent, u128::from(c.significand) << 63),
        );
        if value == 0 && !sticky {
            return format.zero(self.mode == Mode::Down);
        }
        self.round(format, negative, exponent + 1, value, sticky)
    }
}

/// Of two NaNs, the quiet one; of two of one kind, that with the larger
/// significand; of equals, the positive one (Intel SDM, volume 1, table 4-7).
fn larger<'a>(a: &'a Number, b: &'a Number) -> &'a Number {
    match (a.class, b.class) {
        (Class::Quiet, Class::Signalling) => return a,
        (Class::Signalling, Class::Quiet) => return b,
        _ => {}
    }
    match (a.significand | 1 << 62).cmp(&(b.significand | 1 << 62)) {
        std::cmp::Ordering::Greater => a,
        std::cmp::Ordering::Less => b,
        std::cmp::Ordering::Equal if a.negative => b,
        std::cmp::Ordering::Equal => a,
    }
}

/// The sum of two numbers whose ones are in bit 126 (or that are zero), with
/// the exponent of that bit; and whether there is more below.
fn add_exact(a: (bool, i32, u128), b: (bool, i32, u128)) -> (bool, i32, u128, bool) {
    let (big, small) = if b.2 == 0 || a.2 != 0 && (a.1, a.2) >= (b.1, b.2) { (a, b) } else { (b, a) };
    let distance = if small.2 == 0 { 0 } else { (big.1 - small.1) as u32 };
    let (shifted, sticky) = if distance >= 128 {
        (0, small.2 != 0)
    } else {
        let lost = small.2 & ((1u128 << distance) - 1);
        (small.2 >> distance, lost != 0)
    };
    let value = if big.0 == small.0 { big.2 + shifted } else { big.2 - shifted - u128::from(sticky) };
    (big.0, big.1, value, sticky)
}
