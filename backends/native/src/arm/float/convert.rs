//! Conversions between formats, from and to integers with a binary point.

use super::{Class, Env, Exact, Format, HALF, INEXACT, INVALID, Mode, Number, unpack};

impl Env {
    /// To another format (Arm ARM, FPConvert).
    pub(in crate::arm) fn convert(&mut self, from: Format, to: Format, a: u64) -> u64 {
        let number = self.conversion_operand(from, a);
        let alternative = self.alternative && to == HALF;
        match number.class {
            Class::Quiet | Class::Signalling => {
                if alternative || number.class == Class::Signalling {
                    self.flags |= INVALID;
                }
                if alternative { to.zero(number.negative) } else { self.quiet(to, &number) }
            }
            Class::Infinite if alternative => {
                self.flags |= INVALID;
                to.assemble(number.negative, to.all_ones(), (1 << to.fraction) - 1)
            }
            Class::Infinite => to.infinity(number.negative),
            Class::Zero => to.zero(number.negative),
            Class::Finite => {
                // Results of half precision are not flushed here.
                let flush_half = std::mem::replace(&mut self.flush_half, false);
                let value = u128::from(number.significand) << 64;
                let exact =
                    Exact { negative: number.negative, exponent: number.exponent, value, sticky: false };
                let result = self.round_to(to, exact, alternative);
                self.flush_half = flush_half;
                result
            }
        }
    }

    /// An operand of a conversion between formats: half precision is not
    /// flushed, and may be of the alternative format (Arm ARM, FPUnpackCV).
    fn conversion_operand(&mut self, from: Format, a: u64) -> Number {
        if from != HALF {
            return self.operand(from, a);
        }
        if self.alternative && a >> HALF.fraction & HALF.all_ones() == HALF.all_ones() {
            let fraction = a << (63 - HALF.fraction) & (u64::MAX >> 1);
            let (negative, exponent) = (a & HALF.sign() != 0, HALF.all_ones() as i32 - HALF.bias());
            return Number { negative, class: Class::Finite, exponent, significand: fraction | 1 << 63 };
        }
        unpack(HALF, a)
    }

    /// From an integer that is the value times a power of two (Arm ARM,
    /// FixedToFP).
    pub(in crate::arm) fn of_fixed(&mut self, format: Format, value: i128, fraction: u32) -> u64 {
        if value == 0 {
            return format.zero(false);
        }
        let exact = Exact {
            negative: value < 0,
            exponent: 127 - fraction as i32,
            value: value.unsigned_abs(),
            sticky: false,
        };
        self.round(format, exact)
    }

    /// The value times a power of two as an integer of some bits; what does
    /// not fit is the nearest that does, and a NaN is zero (Arm ARM,
    /// FPToFixed).
    pub(in crate::arm) fn fixed_of(
        &mut self,
        format: Format,
        a: u64,
        fraction: u32,
        (bits, is_signed): (u32, bool),
        mode: Mode,
    ) -> u64 {
        let number = self.operand(format, a);
        let (low, high) = if is_signed {
            (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)
        } else {
            (0, (1i128 << bits) - 1)
        };
        let exponent = number.exponent + fraction as i32;
        let (value, inexact) = match number.class {
            Class::Quiet | Class::Signalling => {
                self.flags |= INVALID;
                return 0;
            }
            Class::Zero => return 0,
            Class::Finite if exponent < 66 => {
                let (whole, inexact) = integral(&number, exponent, mode);
                (if number.negative { -(whole as i128) } else { whole as i128 }, inexact)
            }
            _ => (if number.negative { i128::MIN } else { i128::MAX }, false),
        };
        let near = value.clamp(low, high);
        if near != value {
            self.flags |= INVALID;
        } else if inexact {
            self.flags |= INEXACT;
        }
        near as u64 & (u64::MAX >> (64 - bits))
    }

    /// To an integer modulo 2^32, toward zero; and whether it is another one
    /// (Arm ARM, FPToFixedJS).
    pub(in crate::arm) fn javascript_of(&mut self, format: Format, a: u64) -> (u32, bool) {
        let number = self.operand(format, a);
        match number.class {
            Class::Quiet | Class::Signalling | Class::Infinite => {
                self.flags |= INVALID;
                (0, true)
            }
            Class::Zero => (0, number.negative),
            Class::Finite => {
                let (value, inexact) = if number.exponent < 63 {
                    let (whole, inexact) = integral(&number, number.exponent, Mode::Zero);
                    (whole as u64, inexact)
                } else {
                    let shift = (number.exponent - 63) as u32;
                    (number.significand.checked_shl(shift).unwrap_or(0), false)
                };
                let is_small = number.exponent < 63;
                let signed = if number.negative { value.wrapping_neg() } else { value };
                let fits = is_small && i64::from(signed as u32 as i32) == signed as i64;
                if !fits {
                    self.flags |= INVALID;
                } else if inexact {
                    self.flags |= INEXACT;
                }
                let is_negative_zero = number.negative && value == 0;
                (signed as u32, !fits || inexact || is_negative_zero)
            }
        }
    }

    /// To an integer in the same format (Arm ARM, FPRoundInt).
    pub(in crate::arm) fn integral_of(&mut self, format: Format, a: u64, mode: Mode, exact: bool) -> u64 {
        let number = self.operand(format, a);
        if let Some(nan) = self.nan(format, &[&number]) {
            return nan;
        }
        match number.class {
            Class::Zero => return format.zero(number.negative),
            Class::Finite if number.exponent < 63 => {}
            _ => return a,
        }
        let (whole, inexact) = integral(&number, number.exponent, mode);
        if inexact && exact {
            self.flags |= INEXACT;
        }
        if whole == 0 {
            return format.zero(number.negative);
        }
        let flags = self.flags;
        let wide = if number.negative { -(whole as i128) } else { whole as i128 };
        let result = self.of_fixed(format, wide, 0);
        self.flags = flags;
        result
    }

    /// To an integer in the same format that fits in some bits, or the most
    /// negative one (Arm ARM, FPRoundIntN).
    pub(in crate::arm) fn integral_within(&mut self, format: Format, a: u64, mode: Mode, bits: u32) -> u64 {
        let number = self.operand(format, a);
        let limit = format.power(bits as i32 - 1, false) | format.sign();
        let fits = match number.class {
            Class::Zero => return format.zero(number.negative),
            Class::Finite if number.exponent < 64 => {
                let (whole, _) = integral(&number, number.exponent, mode);
                whole < 1 << (bits - 1) || number.negative && whole == 1 << (bits - 1)
            }
            _ => false,
        };
        if fits {
            return self.integral_of(format, a, mode, true);
        }
        self.flags |= INVALID;
        limit
    }
}

/// The integer that a finite number with an exponent below 66 is rounded to.
fn integral(number: &Number, exponent: i32, mode: Mode) -> (u128, bool) {
    let value = u128::from(number.significand) << 64;
    let (whole, half, rest) = if exponent < -1 {
        (0, false, true)
    } else {
        let drop = (127 - exponent) as u32;
        if drop >= 128 {
            (0, true, value << 1 != 0)
        } else {
            (value >> drop, value >> (drop - 1) & 1 != 0, value & ((1 << (drop - 1)) - 1) != 0)
        }
    };
    let up = mode.rounds_up(number.negative, whole & 1 != 0, half, rest);
    (whole + u128::from(up), half || rest)
}
