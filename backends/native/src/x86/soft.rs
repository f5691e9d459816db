//! Floating point with everything that programs can see of it: rounding
//! modes, exception flags, precision control, denormals as zeros.
//!
//! A number is taken apart into sign, exponent and a significand of 64 bits;
//! operations give up to 128 bits and whether there is something below, and
//! these are rounded once.

/// Exception flags, as MXCSR and the x87 status word have them.
pub(super) const INVALID: u32 = 1;
pub(super) const DENORMAL: u32 = 2;
pub(super) const ZERO_DIVIDE: u32 = 4;
pub(super) const OVERFLOW: u32 = 8;
pub(super) const UNDERFLOW: u32 = 0x10;
pub(super) const INEXACT: u32 = 0x20;

/// How results are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Nearest,
    Down,
    Up,
    Zero,
}

impl Mode {
    pub(super) const fn from_bits(bits: u32) -> Self {
        match bits & 3 {
            0 => Self::Nearest,
            1 => Self::Down,
            2 => Self::Up,
            _ => Self::Zero,
        }
    }
}

/// The control and status of floating point during an instruction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Env {
    pub(super) mode: Mode,
    /// Exceptions that do not fault.
    pub(super) masks: u32,
    pub(super) flags: u32,
    /// Exceptions that were noted before.
    pub(super) noted: u32,
    /// Tiny results are zero, and denormal operands are.
    pub(super) flush: bool,
    pub(super) zeros: bool,
    /// Of the 80-bit format, how many bits results have.
    pub(super) precision: u32,
    /// The last rounding went away from zero.
    pub(super) up: bool,
    /// The rules of the x87 for NaNs and for exceptions that are not masked.
    pub(super) x87: bool,
}

/// A format: sizes of exponent and fraction in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    exponent: u32,
    /// With the leading one.
    precision: u32,
}

pub(super) const HALF: Format = Format { exponent: 5, precision: 11 };
pub(super) const SINGLE: Format = Format { exponent: 8, precision: 24 };
pub(super) const DOUBLE: Format = Format { exponent: 11, precision: 53 };
pub(super) const EXTENDED: Format = Format { exponent: 15, precision: 64 };

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Zero,
    Finite,
    Infinite,
    Quiet,
    Signalling,
    /// Of the 80-bit format: a form that processors no longer support.
    Unsupported,
}

/// A number taken apart. The significand of finite ones begins with a one in
/// bit 63; that of NaNs is as stored, from bit 63 (the integer bit) down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    pub(super) negative: bool,
    pub(super) class: Class,
    pub(super) exponent: i32,
    pub(super) significand: u64,
    pub(super) denormal: bool,
}

impl Format {
    const fn bias(self) -> i32 {
        (1 << (self.exponent - 1)) - 1
    }

    const fn is_extended(self) -> bool {
        self.precision == 64
    }

    const fn all_ones(self) -> u64 {
        (1 << self.exponent) - 1
    }

    /// Takes a number apart.
    pub(super) fn unpack(self, bits: u128) -> Number {
        let fraction_bits = if self.is_extended() { 64 } else { self.precision - 1 };
        let exponent = (bits >> fraction_bits) as u64 & self.all_ones();
        let negative = bits >> (fraction_bits + self.exponent) & 1 != 0;
        let mut fraction = (bits & ((1 << fraction_bits) - 1)) as u64;
        if !self.is_extended() {
            // The integer bit is at the top.
            fraction <<= 64 - self.precision;
            if exponent != 0 {
                fraction |= 1 << 63;
            }
        }
        let number = |class, exponent, significand, denormal| Number {
            negative,
            class,
            exponent,
            significand,
            denormal,
        };
        if exponent == self.all_ones() {
            let class = if self.is_extended() && fraction >> 63 == 0 {
                Class::Unsupported
            } else if fraction << 1 == 0 {
                Class::Infinite
            } else if fraction >> 62 & 1 != 0 {
                Class::Quiet
            } else {
                Class::Signalling
            };
            return number(class, 0, fraction, false);
        }
        if fraction == 0 && (exponent == 0) {
            return number(Class::Zero, 0, 0, false);
        }
        if exponent != 0 && fraction >> 63 == 0 {
            return number(Class::Unsupported, 0, fraction, false);
        }
        let zeros = fraction.leading_zeros();
        let stored = (exponent as i32).max(1) - self.bias();
        number(Class::Finite, stored - zeros as i32, fraction << zeros, exponent == 0)
    }

    fn assemble(self, negative: bool, exponent: u64, significand: u64) -> u128 {
        if self.is_extended() {
            u128::from(negative) << 79 | u128::from(exponent) << 64 | u128::from(significand)
        } else {
            let fraction_bits = self.precision - 1;
            let fraction = significand >> (64 - self.precision) & ((1 << fraction_bits) - 1);
            u128::from(negative) << (fraction_bits + self.exponent)
                | u128::from(exponent) << fraction_bits
                | u128::from(fraction)
        }
    }

    pub(super) fn zero(self, negative: bool) -> u128 {
        self.assemble(negative, 0, 0)
    }

    pub(super) fn infinity(self, negative: bool) -> u128 {
        self.assemble(negative, self.all_ones(), 1 << 63)
    }

    /// The NaN of invalid operations.
    pub(super) fn indefinite(self) -> u128 {
        self.assemble(true, self.all_ones(), 3 << 62)
    }

    /// A NaN made quiet.
    pub(super) fn nan(self, number: &Number) -> u128 {
        self.assemble(number.negative, self.all_ones(), number.significand | 3 << 62)
    }

    fn largest(self, negative: bool, precision: u32) -> u128 {
        self.assemble(negative, self.all_ones() - 1, u64::MAX << (64 - precision))
    }
}

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
    /// Whether the host's arithmetic is the same: it rounds to nearest and
    /// notes nothing.
    fn host_rounds(&self) -> bool {
        self.mode == Mode::Nearest && self.noted & self.masks & INEXACT != 0
    }

    /// Takes an operand apart; denormals may count as zeros. The flag of
    /// denormal operands is up to the operation.
    pub(super) fn operand(&self, format: Format, bits: u128) -> Number {
        let number = format.unpack(bits);
        if number.denormal && self.zeros {
            return Number { class: Class::Zero, denormal: false, significand: 0, ..number };
        }
        number
    }

    fn rounds_up(&self, negative: bool, last: bool, half: bool, rest: bool) -> bool {
        match self.mode {
            Mode::Nearest => half && (rest || last),
            Mode::Down => negative && (half || rest),
            Mode::Up => !negative && (half || rest),
            Mode::Zero => false,
        }
    }

    /// Rounds a significand (with its first one in bit 127) to some bits: the
    /// result with its first one in bit 63, whether it carried into the next
    /// exponent, and whether it is inexact and went up.
    fn round_significand(
        &self,
        negative: bool,
        value: u128,
        sticky: bool,
        bits: u32,
    ) -> (u64, bool, bool, bool) {
        if bits == 0 || bits > 64 {
            // Below the last bit that counts.
            let half = bits == 0 && value >> 127 != 0;
            let rest = sticky || if bits == 0 { value << 1 != 0 } else { value != 0 };
            let up = self.rounds_up(negative, false, half, rest);
            return (0, up, half || rest, up);
        }
        let drop = 128 - bits;
        let kept = (value >> drop) as u64;
        let half = value >> (drop - 1) & 1 != 0;
        let rest = sticky || value & ((1 << (drop - 1)) - 1) != 0;
        let up = self.rounds_up(negative, kept & 1 != 0, half, rest);
        let shift = 64 - bits;
        let kept = kept << shift;
        let (sum, carry) = if up { kept.overflowing_add(1 << shift) } else { (kept, false) };
        (if carry { 1 << 63 } else { sum }, carry, half || rest, up)
    }

    /// Rounds a number that is not zero to a format.
    ///
    /// `value` need not begin with a one in bit 127; `exponent` is that of
    /// bit 127.
    pub(super) fn round(
        &mut self,
        format: Format,
        negative: bool,
        exponent: i32,
        value: u128,
        sticky: bool,
    ) -> u128 {
        let precision = if format.is_extended() { self.precision } else { format.precision };
        self.up = false;
        if value == 0 {
            if !sticky {
                return format.zero(negative);
            }
            return self.round(format, negative, exponent - 128, 1 << 127, true);
        }
        let zeros = value.leading_zeros();
        let (value, exponent) = (value << zeros, exponent.saturating_sub(zeros as i32));
        let (significand, carry, inexact, up) = self.round_significand(negative, value, sticky, precision);
        let rounded = exponent + i32::from(carry);
        let smallest = 1 - format.bias();
        if rounded > format.bias() {
            return self.overflow(format, negative, rounded, significand, inexact, up, precision);
        }
        if rounded < smallest {
            return self.underflow(
                format,
                negative,
                (exponent, value, sticky),
                (rounded, significand, inexact, up),
            );
        }
        self.up = up;
        if inexact {
            self.flags |= INEXACT;
        }
        format.assemble(negative, (rounded + format.bias()) as u64, significand)
    }

    #[allow(clippy::too_many_arguments)]
    fn overflow(
        &mut self,
        format: Format,
        negative: bool,
        exponent: i32,
        significand: u64,
        inexact: bool,
        up: bool,
        precision: u32,
    ) -> u128 {
        self.flags |= OVERFLOW;
        if self.masks & OVERFLOW == 0 {
            self.up = up;
            if inexact {
                self.flags |= INEXACT;
            }
            if format.is_extended() {
                // The exponent is wrapped (Intel SDM, volume 1, 8.5.4).
                let wrapped = (exponent - 24576 + format.bias()).clamp(1, 0x7ffe);
                return format.assemble(negative, wrapped as u64, significand);
            }
            return 0;
        }
        self.flags |= INEXACT;
        let to_infinity = match self.mode {
            Mode::Nearest => true,
            Mode::Down => negative,
            Mode::Up => !negative,
            Mode::Zero => false,
        };
        self.up = to_infinity;
        if to_infinity { format.infinity(negative) } else { format.largest(negative, precision) }
    }

    fn underflow(
        &mut self,
        format: Format,
        negative: bool,
        exact: (i32, u128, bool),
        unbounded: (i32, u64, bool, bool),
    ) -> u128 {
        let (exponent, value, sticky) = exact;
        if self.masks & UNDERFLOW == 0 {
            let (rounded, significand, inexact, up) = unbounded;
            self.flags |= UNDERFLOW | if inexact { INEXACT } else { 0 };
            self.up = up;
            if format.is_extended() {
                let wrapped = (rounded + 24576 + format.bias()).clamp(1, 0x7ffe);
                return format.assemble(negative, wrapped as u64, significand);
            }
            return 0;
        }
        if self.flush && self.masks & UNDERFLOW != 0 {
            self.flags |= UNDERFLOW | INEXACT;
            return format.zero(negative);
        }
        let precision = if format.is_extended() { self.precision } else { format.precision };
        let lost = (1 - format.bias() - exponent) as u32;
        let bits = precision.checked_sub(lost);
        let (significand, carry, inexact, up) = match bits {
            Some(bits) => self.round_significand(negative, value, sticky, bits),
            None => {
                let up = self.rounds_up(negative, false, false, true);
                (0, up, true, up)
            }
        };
        self.up = up;
        if inexact {
            self.flags |= UNDERFLOW | INEXACT;
        } else if self.masks & UNDERFLOW == 0 {
            self.flags |= UNDERFLOW;
        }
        // The significand stands at its place below the smallest exponent.
        let unit = if precision == 64 { 1 } else { 1u64 << (64 - precision) };
        let (stored, is_normal) = match bits {
            Some(bits) if bits > 0 => {
                let shifted = significand >> lost;
                if carry { (1u64 << (63 - lost + 1), lost == 1) } else { (shifted, false) }
            }
            _ => (if carry { unit } else { 0 }, false),
        };
        if is_normal {
            return format.assemble(negative, 1, 1 << 63);
        }
        format.assemble(negative, 0, stored)
    }

    /// The NaN of an operation with a NaN among its operands, if there is one.
    pub(super) fn nan(&mut self, format: Format, a: &Number, b: Option<&Number>) -> Option<u128> {
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

    fn note_denormals(&mut self, numbers: &[&Number]) {
        if numbers.iter().any(|number| number.denormal) {
            self.flags |= DENORMAL;
        }
    }

    fn invalid(&mut self, format: Format) -> u128 {
        self.flags |= INVALID;
        format.indefinite()
    }

    pub(super) fn add(&mut self, format: Format, a: u128, b: u128) -> u128 {
        by_host!(self, format, a, b, +);
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        self.add_numbers(format, &a, &b)
    }

    pub(super) fn sub(&mut self, format: Format, a: u128, b: u128) -> u128 {
        by_host!(self, format, a, b, -);
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        self.sub_numbers(format, &a, &b)
    }

    pub(super) fn sub_numbers(&mut self, format: Format, a: &Number, b: &Number) -> u128 {
        let is_nan = matches!(b.class, Class::Quiet | Class::Signalling);
        self.add_numbers(format, a, &Number { negative: b.negative == is_nan, ..*b })
    }

    pub(super) fn add_numbers(&mut self, format: Format, a: &Number, b: &Number) -> u128 {
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

    pub(super) fn mul(&mut self, format: Format, a: u128, b: u128) -> u128 {
        by_host!(self, format, a, b, *);
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        self.mul_numbers(format, &a, &b)
    }

    pub(super) fn mul_numbers(&mut self, format: Format, a: &Number, b: &Number) -> u128 {
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

    pub(super) fn div(&mut self, format: Format, a: u128, b: u128) -> u128 {
        by_host!(self, format, a, b, /);
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        self.div_numbers(format, &a, &b)
    }

    pub(super) fn div_numbers(&mut self, format: Format, a: &Number, b: &Number) -> u128 {
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

    pub(super) fn sqrt(&mut self, format: Format, a: u128) -> u128 {
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
    pub(super) fn fma(&mut self, format: Format, a: u128, b: u128, c: u128, negate: (bool, bool)) -> u128 {
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

    /// To another format.
    pub(super) fn convert(&mut self, from: Format, to: Format, a: u128) -> u128 {
        let a = self.operand(from, a);
        self.up = false;
        match a.class {
            Class::Unsupported => self.invalid(to),
            Class::Quiet => to.nan(&a),
            Class::Signalling => {
                self.flags |= INVALID;
                to.nan(&a)
            }
            Class::Zero => to.zero(a.negative),
            Class::Infinite => to.infinity(a.negative),
            Class::Finite => {
                self.note_denormals(&[&a]);
                self.round(to, a.negative, a.exponent, u128::from(a.significand) << 64, false)
            }
        }
    }

    pub(super) fn of_integer(&mut self, format: Format, value: i128) -> u128 {
        self.up = false;
        if value == 0 {
            return format.zero(false);
        }
        self.round(format, value < 0, 127, value.unsigned_abs(), false)
    }

    /// To an integer of some bits; what does not fit is the most negative.
    pub(super) fn integer_of(&mut self, format: Format, a: u128, bits: u32, mode: Mode) -> i64 {
        let a = self.operand(format, a);
        self.up = false;
        let indefinite = i64::MIN >> (64 - bits);
        let magnitude = match a.class {
            Class::Zero => return 0,
            Class::Finite if a.exponent < 64 => a,
            _ => {
                self.flags |= INVALID;
                return indefinite;
            }
        };
        let (whole, inexact, up) = self.integral(&magnitude, mode);
        let limit = 1u128 << (bits - 1);
        if whole > limit || whole == limit && !a.negative {
            self.flags |= INVALID;
            return indefinite;
        }
        self.up = up;
        if inexact {
            self.flags |= INEXACT;
        }
        let value = whole as i128;
        (if a.negative { -value } else { value }) as i64
    }

    /// The integer that a finite number below 2^64 is rounded to.
    fn integral(&self, a: &Number, mode: Mode) -> (u128, bool, bool) {
        let env = Self { mode, ..*self };
        let value = u128::from(a.significand) << 64;
        if a.exponent < -1 {
            let up = env.rounds_up(a.negative, false, false, true);
            return (up.into(), true, up);
        }
        let drop = (127 - a.exponent) as u32;
        let (whole, half, rest) = if drop >= 128 {
            (0, value >> 127 != 0, value << 1 != 0)
        } else {
            (value >> drop, value >> (drop - 1) & 1 != 0, value & ((1 << (drop - 1)) - 1) != 0)
        };
        let up = env.rounds_up(a.negative, whole & 1 != 0, half, rest);
        (whole + u128::from(up), half || rest, up)
    }

    /// To an integer in the same format.
    pub(super) fn round_to_integral(&mut self, format: Format, a: u128, mode: Mode) -> u128 {
        let number = self.operand(format, a);
        self.up = false;
        if let Some(nan) = self.nan(format, &number, None) {
            return nan;
        }
        if number.denormal && self.x87 {
            self.flags |= DENORMAL;
        }
        if number.class == Class::Zero {
            return format.zero(number.negative);
        }
        if number.class != Class::Finite || number.exponent >= 63 {
            return a;
        }
        let (whole, inexact, up) = self.integral(&number, mode);
        self.up = up;
        if inexact {
            self.flags |= INEXACT;
        }
        if whole == 0 {
            return format.zero(number.negative);
        }
        let zeros = (whole as u64).leading_zeros();
        let significand = (whole as u64) << zeros;
        format.assemble(number.negative, (63 - zeros as i32 + format.bias()) as u64, significand)
    }

    /// Compares; `None` without an order. `signals` tells whether quiet NaNs
    /// are invalid, too.
    pub(super) fn compare(
        &mut self,
        format: Format,
        a: u128,
        b: u128,
        signals: bool,
    ) -> Option<std::cmp::Ordering> {
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        self.compare_numbers(&a, &b, signals)
    }

    pub(super) fn compare_numbers(
        &mut self,
        a: &Number,
        b: &Number,
        signals: bool,
    ) -> Option<std::cmp::Ordering> {
        let mut unordered = false;
        for number in [a, b] {
            match number.class {
                Class::Signalling | Class::Unsupported => {
                    unordered = true;
                    self.flags |= INVALID;
                }
                Class::Quiet => {
                    unordered = true;
                    self.flags |= if signals { INVALID } else { 0 };
                }
                _ => {}
            }
        }
        if unordered {
            return None;
        }
        self.note_denormals(&[a, b]);
        let key = |number: &Number| {
            let magnitude = match number.class {
                Class::Zero => 0,
                Class::Infinite => i128::MAX,
                _ => (i128::from(number.exponent) + 0x1_0000) << 64 | i128::from(number.significand),
            };
            if number.negative { -magnitude } else { magnitude }
        };
        Some(key(a).cmp(&key(b)))
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
