//! Addition, multiplication, division, square roots, fused products.

use super::{Class, DOUBLE, Env, Exact, Format, INEXACT, Mode, Number, SINGLE, ZERO_DIVIDE};

/// Computes by the host what can have no other effect than being inexact,
/// which was noted before.
macro_rules! by_host {
    ($self:ident, $format:ident, $a:ident, $b:ident, $operator:tt) => {
        if $self.host_rounds() {
            if $format == DOUBLE && ordinary_double($a, 0) && ordinary_double($b, 0) {
                let value = (f64::from_bits($a) $operator f64::from_bits($b)).to_bits();
                if ordinary_double(value, 1) {
                    return value;
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
    /// Whether the host's arithmetic is the same.
    fn host_rounds(&self) -> bool {
        self.mode == Mode::Nearest && (self.noted | self.flags) & INEXACT != 0
    }

    pub(in crate::arm) fn add(&mut self, format: Format, a: u64, b: u64) -> u64 {
        by_host!(self, format, a, b, +);
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        self.add_numbers(format, &a, &b)
    }

    pub(in crate::arm) fn sub(&mut self, format: Format, a: u64, b: u64) -> u64 {
        by_host!(self, format, a, b, -);
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        // A NaN keeps its sign.
        let negative = b.negative == b.is_nan();
        self.add_numbers(format, &a, &Number { negative, ..b })
    }

    fn add_numbers(&mut self, format: Format, a: &Number, b: &Number) -> u64 {
        if let Some(nan) = self.nan(format, &[a, b]) {
            return nan;
        }
        match (a.class, b.class) {
            (Class::Infinite, Class::Infinite) if a.negative != b.negative => self.invalid(format),
            (Class::Infinite, _) => format.infinity(a.negative),
            (_, Class::Infinite) => format.infinity(b.negative),
            (Class::Zero, Class::Zero) if a.negative == b.negative => format.zero(a.negative),
            _ => {
                let wide = |number: &Number| (number.negative, number.exponent, wide(number));
                let sum = add_exact(wide(a), wide(b));
                self.round_sum(format, sum)
            }
        }
    }

    /// Rounds a sum; zeros have the sign of the rounding mode.
    fn round_sum(&mut self, format: Format, sum: Exact) -> u64 {
        if sum.value == 0 && !sum.sticky {
            return format.zero(self.mode == Mode::Down);
        }
        self.round(format, sum)
    }

    pub(in crate::arm) fn mul(&mut self, format: Format, a: u64, b: u64) -> u64 {
        by_host!(self, format, a, b, *);
        self.product(format, a, b, false)
    }

    /// A product in which infinity times zero is two (Arm ARM, FPMulX).
    pub(in crate::arm) fn mul_extended(&mut self, format: Format, a: u64, b: u64) -> u64 {
        self.product(format, a, b, true)
    }

    fn product(&mut self, format: Format, a: u64, b: u64, extended: bool) -> u64 {
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        if let Some(nan) = self.nan(format, &[&a, &b]) {
            return nan;
        }
        let negative = a.negative != b.negative;
        match (a.class, b.class) {
            (Class::Infinite, Class::Zero) | (Class::Zero, Class::Infinite) if extended => {
                format.power(1, false) | format.zero(negative)
            }
            (Class::Infinite, Class::Zero) | (Class::Zero, Class::Infinite) => self.invalid(format),
            (Class::Infinite, _) | (_, Class::Infinite) => format.infinity(negative),
            (Class::Zero, _) | (_, Class::Zero) => format.zero(negative),
            _ => {
                let value = u128::from(a.significand) * u128::from(b.significand);
                let exponent = a.exponent + b.exponent + 1;
                self.round(format, Exact { negative, exponent, value, sticky: false })
            }
        }
    }

    pub(in crate::arm) fn div(&mut self, format: Format, a: u64, b: u64) -> u64 {
        by_host!(self, format, a, b, /);
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        if let Some(nan) = self.nan(format, &[&a, &b]) {
            return nan;
        }
        let negative = a.negative != b.negative;
        match (a.class, b.class) {
            (Class::Infinite, Class::Infinite) | (Class::Zero, Class::Zero) => self.invalid(format),
            (Class::Infinite, _) => format.infinity(negative),
            (_, Class::Zero) => {
                self.flags |= ZERO_DIVIDE;
                format.infinity(negative)
            }
            (Class::Zero, _) | (_, Class::Infinite) => format.zero(negative),
            _ => {
                let (dividend, divisor) = (u128::from(a.significand) << 63, u128::from(b.significand));
                let (high, rest) = (dividend / divisor, dividend % divisor);
                // 62 more bits than there may be in the quotient so far.
                let value = (high << 62) + (rest << 62) / divisor;
                let sticky = (rest << 62) % divisor != 0;
                // A quotient of one has its one in bit 125.
                let exponent = a.exponent - b.exponent + 2;
                self.round(format, Exact { negative, exponent, value, sticky })
            }
        }
    }

    pub(in crate::arm) fn sqrt(&mut self, format: Format, a: u64) -> u64 {
        if self.host_rounds() && format == DOUBLE && ordinary_double(a, 0) && a >> 63 == 0 {
            return f64::from_bits(a).sqrt().to_bits();
        }
        let a = self.operand(format, a);
        if let Some(nan) = self.nan(format, &[&a]) {
            return nan;
        }
        match a.class {
            Class::Zero => return format.zero(a.negative),
            _ if a.negative => return self.invalid(format),
            Class::Infinite => return format.infinity(false),
            _ => {}
        }
        let odd = a.exponent & 1;
        // An even exponent: the value is between 1 and 4, its point after
        // bit 126.
        let value = u128::from(a.significand) << (63 + odd);
        let mut root = value.isqrt();
        let mut rest = value - root * root;
        for _ in 0..8 {
            // The next bit: (2r + 1)^2 <= 4 value.
            rest <<= 2;
            let trial = root << 2 | 1;
            root <<= 1;
            if rest >= trial {
                rest -= trial;
                root |= 1;
            }
        }
        // The root has its one in bit 71.
        let exponent = (a.exponent - odd) / 2 + 127 - 71;
        self.round(format, Exact { negative: false, exponent, value: root, sticky: rest != 0 })
    }

    /// `a * b + c`, rounded once (Arm ARM, FPMulAdd).
    pub(in crate::arm) fn fused(&mut self, format: Format, c: u64, a: u64, b: u64) -> u64 {
        let [c, a, b] = [c, a, b].map(|value| self.operand(format, value));
        self.fused_numbers(format, &c, &a, &b)
    }

    /// The same with factors of half precision (Arm ARM, FPMulAddH).
    pub(in crate::arm) fn fused_half(&mut self, c: u64, a: u64, b: u64) -> u64 {
        let c = self.operand(SINGLE, c);
        let [a, b] = [a, b].map(|value| self.operand(super::HALF, value));
        self.fused_numbers(SINGLE, &c, &a, &b)
    }

    fn fused_numbers(&mut self, format: Format, c: &Number, a: &Number, b: &Number) -> u64 {
        let no_product =
            matches!((a.class, b.class), (Class::Infinite, Class::Zero) | (Class::Zero, Class::Infinite));
        let nan = self.nan(format, &[c, a, b]);
        if c.class == Class::Quiet && no_product {
            return self.invalid(format);
        }
        if let Some(nan) = nan {
            return nan;
        }
        let negative = a.negative != b.negative;
        let infinite = a.class == Class::Infinite || b.class == Class::Infinite;
        if no_product || infinite && c.class == Class::Infinite && c.negative != negative {
            return self.invalid(format);
        }
        if infinite {
            return format.infinity(negative);
        }
        if c.class == Class::Infinite {
            return format.infinity(c.negative);
        }
        let product_is_zero = a.class == Class::Zero || b.class == Class::Zero;
        if product_is_zero && c.class == Class::Zero && c.negative == negative {
            return format.zero(negative);
        }
        let sum = add_exact(product_exact(a, b), (c.negative, c.exponent, wide(c)));
        self.round_sum(format, sum)
    }

    /// A step of Newton's method: `2 - a * b`, or `(3 - a * b) / 2`, rounded
    /// once (Arm ARM, FPRecipStepFused, FPRSqrtStepFused).
    pub(in crate::arm) fn step(&mut self, format: Format, a: u64, b: u64, root: bool) -> u64 {
        let (a, b) = (self.operand(format, format.negate(a)), self.operand(format, b));
        if let Some(nan) = self.nan(format, &[&a, &b]) {
            return nan;
        }
        let negative = a.negative != b.negative;
        let constant = format.power(1, root);
        match (a.class, b.class) {
            (Class::Infinite, Class::Zero) | (Class::Zero, Class::Infinite) if root => format.power(0, true),
            (Class::Infinite, Class::Zero) | (Class::Zero, Class::Infinite) => constant,
            (Class::Infinite, _) | (_, Class::Infinite) => format.infinity(negative),
            _ => {
                let c = super::unpack(format, constant);
                let mut sum = add_exact(product_exact(&a, &b), (false, c.exponent, wide(&c)));
                sum.exponent -= i32::from(root);
                self.round_sum(format, sum)
            }
        }
    }

    /// The same in AArch32, where the product is rounded, too (Arm ARM,
    /// FPRecipStep, FPRSqrtStep).
    pub(in crate::arm) fn step_rounded(&mut self, format: Format, a: u64, b: u64, root: bool) -> u64 {
        let (x, y) = (self.operand(format, a), self.operand(format, b));
        if let Some(nan) = self.nan(format, &[&x, &y]) {
            return nan;
        }
        if matches!((x.class, y.class), (Class::Infinite, Class::Zero) | (Class::Zero, Class::Infinite)) {
            return if root { format.power(0, true) } else { format.power(1, false) };
        }
        let product = self.mul(format, a, b);
        let difference = self.sub(format, format.power(1, root), product);
        if root { self.mul(format, difference, format.power(-1, false)) } else { difference }
    }
}

/// A significand with its one in bit 126; zero for zeros.
const fn wide(number: &Number) -> u128 {
    (number.significand as u128) << 63
}

/// A product with its one in bit 126 or 125; zero if one factor is.
fn product_exact(a: &Number, b: &Number) -> (bool, i32, u128) {
    let negative = a.negative != b.negative;
    let product = u128::from(a.significand) * u128::from(b.significand);
    let zeros = product.leading_zeros();
    match zeros {
        // Factors have at most 53 bits: nothing is lost.
        0 => (negative, a.exponent + b.exponent + 1, product >> 1),
        1 => (negative, a.exponent + b.exponent, product),
        _ => (negative, 0, 0),
    }
}

/// The sum of two numbers whose ones are in bit 126 (or that are zero), with
/// the exponent of that bit.
fn add_exact(a: (bool, i32, u128), b: (bool, i32, u128)) -> Exact {
    let (big, small) = if b.2 == 0 || a.2 != 0 && (a.1, a.2) >= (b.1, b.2) { (a, b) } else { (b, a) };
    let distance = if small.2 == 0 { 0 } else { (big.1 - small.1) as u32 };
    let (shifted, sticky) = if distance >= 128 {
        (0, small.2 != 0)
    } else {
        (small.2 >> distance, small.2 & ((1u128 << distance) - 1) != 0)
    };
    let value = if big.0 == small.0 { big.2 + shifted } else { big.2 - shifted - u128::from(sticky) };
    Exact { negative: big.0, exponent: big.1 + 1, value, sticky }
}
