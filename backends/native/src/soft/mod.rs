//! Floating point with everything that programs can see of it: rounding
//! modes, exception flags, precision control, denormals as zeros.
//!
//! A number is taken apart into sign, exponent and a significand of 64 bits;
//! operations give up to 128 bits and whether there is something below, and
//! these are rounded once.

mod arithmetic;
pub(crate) mod big;
mod convert;

/// Exception flags, as MXCSR and the x87 status word have them.
pub(crate) const INVALID: u32 = 1;
pub(crate) const DENORMAL: u32 = 2;
pub(crate) const ZERO_DIVIDE: u32 = 4;
pub(crate) const OVERFLOW: u32 = 8;
pub(crate) const UNDERFLOW: u32 = 0x10;
pub(crate) const INEXACT: u32 = 0x20;

/// How results are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Nearest,
    Down,
    Up,
    Zero,
}

impl Mode {
    pub(crate) const fn from_bits(bits: u32) -> Self {
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
pub(crate) struct Env {
    pub(crate) mode: Mode,
    /// Exceptions that do not fault.
    pub(crate) masks: u32,
    pub(crate) flags: u32,
    /// Exceptions that were noted before.
    pub(crate) noted: u32,
    /// Tiny results are zero, and denormal operands are.
    pub(crate) flush: bool,
    pub(crate) zeros: bool,
    /// Of the 80-bit format, how many bits results have.
    pub(crate) precision: u32,
    /// The last rounding went away from zero.
    pub(crate) up: bool,
    /// The rules of the x87 for NaNs and for exceptions that are not masked.
    pub(crate) x87: bool,
}

/// A format: sizes of exponent and fraction in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    exponent: u32,
    /// With the leading one.
    precision: u32,
    /// Whether numbers with the lowest exponent are normal, too.
    is_deep: bool,
}

pub(crate) const HALF: Format = Format { exponent: 5, precision: 11, is_deep: false };
pub(crate) const SINGLE: Format = Format { exponent: 8, precision: 24, is_deep: false };
pub(crate) const DOUBLE: Format = Format { exponent: 11, precision: 53, is_deep: false };
pub(crate) const EXTENDED: Format = Format { exponent: 15, precision: 64, is_deep: false };
/// That of the 68881, in which the leading one is written with the lowest
/// exponent as well (M68000 Family Programmer's Reference Manual, table 1-6).
pub(crate) const EXTENDED_68881: Format = Format { exponent: 15, precision: 64, is_deep: true };

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
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
pub(crate) struct Number {
    pub(crate) negative: bool,
    pub(crate) class: Class,
    pub(crate) exponent: i32,
    pub(crate) significand: u64,
    pub(crate) denormal: bool,
}

impl Format {
    pub(crate) const fn bias(self) -> i32 {
        (1 << (self.exponent - 1)) - 1
    }

    /// The exponent of the smallest normal numbers.
    const fn smallest(self) -> i32 {
        if self.is_deep { -self.bias() } else { 1 - self.bias() }
    }

    pub(crate) const fn is_extended(self) -> bool {
        self.precision == 64
    }

    const fn all_ones(self) -> u64 {
        (1 << self.exponent) - 1
    }

    /// Takes a number apart.
    pub(crate) fn unpack(self, bits: u128) -> Number {
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
            let class = if self.is_extended() && !self.is_deep && fraction >> 63 == 0 {
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
        if fraction == 0 && (exponent == 0 || self.is_deep) {
            return number(Class::Zero, 0, 0, false);
        }
        if exponent != 0 && fraction >> 63 == 0 && !self.is_deep {
            return number(Class::Unsupported, 0, fraction, false);
        }
        let zeros = fraction.leading_zeros();
        let stored = (exponent as i32 - self.bias()).max(self.smallest());
        let denormal = exponent == 0 && !(self.is_deep && zeros == 0);
        number(Class::Finite, stored - zeros as i32, fraction << zeros, denormal)
    }

    pub(crate) fn assemble(self, negative: bool, exponent: u64, significand: u64) -> u128 {
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

    pub(crate) fn zero(self, negative: bool) -> u128 {
        self.assemble(negative, 0, 0)
    }

    pub(crate) fn infinity(self, negative: bool) -> u128 {
        self.assemble(negative, self.all_ones(), if self.is_deep { 0 } else { 1 << 63 })
    }

    /// The NaN of invalid operations.
    pub(crate) fn indefinite(self) -> u128 {
        if self.is_deep {
            return self.assemble(false, self.all_ones(), u64::MAX);
        }
        self.assemble(true, self.all_ones(), 3 << 62)
    }

    /// What makes a NaN quiet. The 68881 does not look at the integer bit.
    const fn quiet(self) -> u64 {
        if self.is_deep { 1 << 62 } else { 3 << 62 }
    }

    /// A NaN made quiet.
    pub(crate) fn nan(self, number: &Number) -> u128 {
        self.assemble(number.negative, self.all_ones(), number.significand | self.quiet())
    }

    pub(crate) fn largest(self, negative: bool, precision: u32) -> u128 {
        self.assemble(negative, self.all_ones() - 1, u64::MAX << (64 - precision))
    }
}

impl Env {
    /// Whether the host's arithmetic is the same: it rounds to nearest and
    /// notes nothing.
    pub(crate) fn host_rounds(&self) -> bool {
        self.mode == Mode::Nearest && self.noted & self.masks & INEXACT != 0
    }

    /// Takes an operand apart; denormals may count as zeros. The flag of
    /// denormal operands is up to the operation.
    pub(crate) fn operand(&self, format: Format, bits: u128) -> Number {
        let number = format.unpack(bits);
        if number.denormal && self.zeros {
            return Number { class: Class::Zero, denormal: false, significand: 0, ..number };
        }
        number
    }

    pub(crate) fn rounds_up(&self, negative: bool, last: bool, half: bool, rest: bool) -> bool {
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
    pub(crate) fn round_significand(
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
    pub(crate) fn round(
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
        if rounded > format.bias() {
            return self.overflow(format, negative, rounded, significand, inexact, up, precision);
        }
        if rounded < format.smallest() {
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
                let wrapped = exponent - 24576 + format.bias();
                if wrapped > 0x7ffe {
                    // Out of range all the same, which only FSCALE comes to: an
                    // infinity in every rounding mode, as rounded up.
                    self.flags |= INEXACT;
                    self.up = true;
                    return format.infinity(negative);
                }
                let wrapped = wrapped.max(1);
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
                let wrapped = rounded + 24576 + format.bias();
                if wrapped < 1 {
                    self.flags |= INEXACT;
                    return format.zero(negative);
                }
                let wrapped = wrapped.min(0x7ffe);
                return format.assemble(negative, wrapped as u64, significand);
            }
            return 0;
        }
        if self.flush && self.masks & UNDERFLOW != 0 {
            self.flags |= UNDERFLOW | INEXACT;
            return format.zero(negative);
        }
        let precision = if format.is_extended() { self.precision } else { format.precision };
        let lost = (format.smallest() - exponent) as u32;
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
            return format.assemble(negative, (format.smallest() + format.bias()) as u64, 1 << 63);
        }
        format.assemble(negative, 0, stored)
    }
}
