//! Floating point as Arm's processors have it: rounding modes, cumulative
//! exception flags, denormals flushed to zero, default NaNs, the alternative
//! half-precision format (Arm ARM, DDI 0487, shared/functions/float).
//!
//! A number is taken apart into sign, exponent and a significand of 64 bits;
//! operations give up to 128 bits and whether there is something below, and
//! these are rounded once.

mod arithmetic;
mod compare;
mod convert;
mod estimate;

pub(super) use estimate::{fixed_inverse, fixed_inverse_root};

/// The cumulative exception flags, as FPSR and FPSCR have them.
pub(super) const INVALID: u32 = 1;
pub(super) const ZERO_DIVIDE: u32 = 1 << 1;
pub(super) const OVERFLOW: u32 = 1 << 2;
pub(super) const UNDERFLOW: u32 = 1 << 3;
pub(super) const INEXACT: u32 = 1 << 4;
pub(super) const INPUT_DENORMAL: u32 = 1 << 7;
/// The flag of integers that were saturated.
pub(super) const SATURATED: u32 = 1 << 27;

/// How results are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Nearest,
    Up,
    Down,
    Zero,
    /// To nearest, ties away from zero.
    Away,
    /// To the odd neighbour, unless it is exact.
    Odd,
}

impl Mode {
    /// A mode as `RMode` of the control register and instructions number it.
    pub(super) const fn from_bits(bits: u32) -> Self {
        match bits & 3 {
            0 => Self::Nearest,
            1 => Self::Up,
            2 => Self::Down,
            _ => Self::Zero,
        }
    }

    /// Whether a magnitude is rounded up: `last` is its lowest bit, `half` the
    /// one below, and `rest` whether there is more.
    const fn rounds_up(self, negative: bool, last: bool, half: bool, rest: bool) -> bool {
        match self {
            Self::Nearest => half && (rest || last),
            Self::Up => !negative && (half || rest),
            Self::Down => negative && (half || rest),
            Self::Zero => false,
            Self::Away => half,
            Self::Odd => (half || rest) && !last,
        }
    }
}

/// A format: the bits of exponent and fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    exponent: u32,
    fraction: u32,
}

pub(super) const HALF: Format = Format { exponent: 5, fraction: 10 };
pub(super) const SINGLE: Format = Format { exponent: 8, fraction: 23 };
pub(super) const DOUBLE: Format = Format { exponent: 11, fraction: 52 };

impl Format {
    /// The bits of a number.
    pub(super) const fn bits(self) -> u32 {
        1 + self.exponent + self.fraction
    }

    const fn bias(self) -> i32 {
        (1 << (self.exponent - 1)) - 1
    }

    /// The exponent of the smallest number that is not denormal.
    const fn smallest(self) -> i32 {
        1 - self.bias()
    }

    const fn all_ones(self) -> u64 {
        (1 << self.exponent) - 1
    }

    pub(super) const fn sign(self) -> u64 {
        1 << (self.bits() - 1)
    }

    const fn assemble(self, negative: bool, exponent: u64, fraction: u64) -> u64 {
        (if negative { self.sign() } else { 0 }) | exponent << self.fraction | fraction
    }

    pub(super) const fn zero(self, negative: bool) -> u64 {
        self.assemble(negative, 0, 0)
    }

    pub(super) const fn infinity(self, negative: bool) -> u64 {
        self.assemble(negative, self.all_ones(), 0)
    }

    const fn largest(self, negative: bool) -> u64 {
        self.assemble(negative, self.all_ones() - 1, (1 << self.fraction) - 1)
    }

    pub(super) const fn default_nan(self) -> u64 {
        self.assemble(false, self.all_ones(), 1 << (self.fraction - 1))
    }

    /// A power of two, or one and a half of it.
    const fn power(self, exponent: i32, and_half: bool) -> u64 {
        let fraction = if and_half { 1 << (self.fraction - 1) } else { 0 };
        self.assemble(false, (exponent + self.bias()) as u64, fraction)
    }

    /// The number that eight bits stand for: a sign, an exponent of three bits
    /// and a fraction of four (Arm ARM, VFPExpandImm).
    pub(super) const fn expanded(self, bits: u32) -> u64 {
        let bits = bits as u64;
        // The upper bits of the exponent are the opposite of its first one.
        let upper = if bits & 0x40 == 0 { 1 << (self.exponent - 1) } else { (1 << (self.exponent - 1)) - 4 };
        let exponent = upper | bits >> 4 & 3;
        self.assemble(bits & 0x80 != 0, exponent, (bits & 15) << (self.fraction - 4))
    }

    pub(super) const fn negate(self, value: u64) -> u64 {
        value ^ self.sign()
    }

    pub(super) const fn absolute(self, value: u64) -> u64 {
        value & (self.sign() - 1)
    }
}

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Zero,
    Finite,
    Infinite,
    Quiet,
    Signalling,
}

/// A number taken apart. The significand of finite ones begins with a one in
/// bit 63; that of NaNs has the fraction from bit 62 down.
#[derive(Debug, Clone, Copy)]
struct Number {
    negative: bool,
    class: Class,
    exponent: i32,
    significand: u64,
}

impl Number {
    const fn is_nan(&self) -> bool {
        matches!(self.class, Class::Quiet | Class::Signalling)
    }
}

/// A result before it is rounded: sign, the exponent of bit 127, the bits, and
/// whether there is more below.
#[derive(Debug, Clone, Copy)]
struct Exact {
    negative: bool,
    exponent: i32,
    value: u128,
    sticky: bool,
}

/// The control and status of floating point during an instruction.
#[derive(Debug, Clone)]
pub(super) struct Env {
    pub(super) mode: Mode,
    /// Denormal operands and results are zeros.
    pub(super) flush: bool,
    /// The same for half precision.
    pub(super) flush_half: bool,
    pub(super) default_nan: bool,
    /// Half precision without infinities and NaNs.
    pub(super) alternative: bool,
    /// The exceptions so far.
    pub(super) flags: u32,
    /// Those that were noted before the instruction.
    noted: u32,
}

impl Env {
    /// The environment that a control register and a status register give;
    /// FPSCR is both.
    pub(super) const fn new(control: u32, status: u32) -> Self {
        Self {
            mode: Mode::from_bits(control >> 22),
            flush: control >> 24 & 1 != 0,
            flush_half: control >> 19 & 1 != 0,
            default_nan: control >> 25 & 1 != 0,
            alternative: control >> 26 & 1 != 0,
            flags: 0,
            noted: status,
        }
    }

    /// That of Advanced SIMD in AArch32 (Arm ARM, StandardFPSCRValue).
    pub(super) const fn standard(fpscr: u32) -> Self {
        Self {
            mode: Mode::Nearest,
            flush: true,
            flush_half: fpscr >> 19 & 1 != 0,
            default_nan: true,
            alternative: fpscr >> 26 & 1 != 0,
            flags: 0,
            noted: fpscr,
        }
    }

    const fn flushes(&self, format: Format) -> bool {
        if format.exponent == HALF.exponent { self.flush_half } else { self.flush }
    }

    /// Takes an operand apart; denormals may count as zeros.
    fn operand(&mut self, format: Format, bits: u64) -> Number {
        let number = unpack(format, bits);
        let exponent = bits >> format.fraction & format.all_ones();
        if exponent == 0 && number.class == Class::Finite && self.flushes(format) {
            // The flag is not set for half precision.
            if format != HALF {
                self.flags |= INPUT_DENORMAL;
            }
            return Number { class: Class::Zero, significand: 0, ..number };
        }
        number
    }

    /// The NaN of an operation with a NaN among its operands, if there is one:
    /// signalling ones come first (Arm ARM, FPProcessNaNs).
    fn nan(&mut self, format: Format, operands: &[&Number]) -> Option<u64> {
        let signalling = operands.iter().find(|number| number.class == Class::Signalling);
        if signalling.is_some() {
            self.flags |= INVALID;
        }
        let chosen = signalling.or_else(|| operands.iter().find(|number| number.is_nan()))?;
        Some(self.quiet(format, chosen))
    }

    /// A NaN made quiet, or the default one.
    const fn quiet(&self, format: Format, number: &Number) -> u64 {
        if self.default_nan {
            return format.default_nan();
        }
        let fraction = (number.significand | 1 << 62) << 1 >> (64 - format.fraction);
        format.assemble(number.negative, format.all_ones(), fraction)
    }

    const fn invalid(&mut self, format: Format) -> u64 {
        self.flags |= INVALID;
        format.default_nan()
    }

    /// Rounds a number to a format (Arm ARM, FPRound).
    fn round(&mut self, format: Format, exact: Exact) -> u64 {
        self.round_to(format, exact, false)
    }

    fn round_to(&mut self, format: Format, exact: Exact, alternative: bool) -> u64 {
        let Exact { negative, exponent, value, sticky } = exact;
        if value == 0 {
            if !sticky {
                return format.zero(negative);
            }
            let exact = Exact { exponent: exponent - 128, value: 1 << 127, ..exact };
            return self.round_to(format, exact, alternative);
        }
        let zeros = value.leading_zeros();
        let (value, exponent) = (value << zeros, exponent - zeros as i32);
        if exponent < format.smallest() && self.flushes(format) {
            self.flags |= UNDERFLOW;
            return format.zero(negative);
        }
        let lost = (format.smallest() - exponent).max(0);
        let kept = format.fraction as i32 + 1 - lost;
        let (mut fraction, half, rest) = match kept {
            1.. => {
                let drop = 128 - kept as u32;
                let below = value & ((1 << (drop - 1)) - 1);
                ((value >> drop) as u64, value >> (drop - 1) & 1 != 0, below != 0 || sticky)
            }
            0 => (0, true, value << 1 != 0 || sticky),
            _ => (0, false, true),
        };
        let inexact = half || rest;
        let mut biased = if lost > 0 { 0 } else { exponent - format.smallest() + 1 };
        if biased == 0 && inexact {
            self.flags |= UNDERFLOW;
        }
        if self.mode.rounds_up(negative, fraction & 1 != 0, half, rest) {
            fraction += 1;
            if fraction == 1 << format.fraction {
                biased = 1;
            }
            if fraction == 2 << format.fraction {
                biased += 1;
                fraction >>= 1;
            }
        }
        let limit = format.all_ones() as i32 + i32::from(alternative);
        if biased >= limit {
            if alternative {
                self.flags |= INVALID;
                return format.assemble(negative, format.all_ones(), (1 << format.fraction) - 1);
            }
            self.flags |= OVERFLOW | INEXACT;
            return self.overflowed(format, negative);
        }
        if inexact {
            self.flags |= INEXACT;
        }
        format.assemble(negative, biased as u64, fraction & ((1 << format.fraction) - 1))
    }

    /// What stands for a number that is too great.
    const fn overflowed(&self, format: Format, negative: bool) -> u64 {
        let to_infinity = match self.mode {
            Mode::Nearest | Mode::Away => true,
            Mode::Up => !negative,
            Mode::Down => negative,
            Mode::Zero | Mode::Odd => false,
        };
        if to_infinity { format.infinity(negative) } else { format.largest(negative) }
    }
}

/// Takes a number apart as it is.
fn unpack(format: Format, bits: u64) -> Number {
    let negative = bits & format.sign() != 0;
    let exponent = bits >> format.fraction & format.all_ones();
    let fraction = bits & ((1 << format.fraction) - 1);
    // The fraction from bit 62 down.
    let aligned = fraction << (63 - format.fraction);
    let number = |class, exponent, significand| Number { negative, class, exponent, significand };
    if exponent == format.all_ones() {
        let class = if fraction == 0 {
            Class::Infinite
        } else if aligned >> 62 != 0 {
            Class::Quiet
        } else {
            Class::Signalling
        };
        return number(class, 0, aligned);
    }
    if exponent == 0 {
        if fraction == 0 {
            return number(Class::Zero, 0, 0);
        }
        let zeros = aligned.leading_zeros();
        return number(Class::Finite, format.smallest() - zeros as i32, aligned << zeros);
    }
    number(Class::Finite, exponent as i32 - format.bias(), aligned | 1 << 63)
}

/// Puts a number together that came from the same format.
const fn pack(format: Format, number: &Number) -> u64 {
    match number.class {
        Class::Zero => format.zero(number.negative),
        Class::Infinite => format.infinity(number.negative),
        Class::Quiet | Class::Signalling => {
            let fraction = number.significand << 1 >> (64 - format.fraction);
            format.assemble(number.negative, format.all_ones(), fraction)
        }
        Class::Finite if number.exponent < format.smallest() => {
            let lost = (format.smallest() - number.exponent) as u32;
            let fraction = number.significand >> lost << 1 >> (64 - format.fraction);
            format.assemble(number.negative, 0, fraction)
        }
        Class::Finite => {
            let fraction = number.significand << 1 >> (64 - format.fraction);
            format.assemble(number.negative, (number.exponent + format.bias()) as u64, fraction)
        }
    }
}

#[cfg(test)]
mod tests;
