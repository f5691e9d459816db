//! Conversions between formats, from and to integers; comparison.

use super::{Class, DENORMAL, Env, Format, INEXACT, INVALID, Mode, Number};

impl Env {
    /// To another format.
    pub(crate) fn convert(&mut self, from: Format, to: Format, a: u128) -> u128 {
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

    pub(crate) fn of_integer(&mut self, format: Format, value: i128) -> u128 {
        self.up = false;
        if value == 0 {
            return format.zero(false);
        }
        self.round(format, value < 0, 127, value.unsigned_abs(), false)
    }

    /// To an integer of some bits; what does not fit is the most negative.
    pub(crate) fn integer_of(&mut self, format: Format, a: u128, bits: u32, mode: Mode) -> i64 {
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
    pub(crate) fn round_to_integral(&mut self, format: Format, a: u128, mode: Mode) -> u128 {
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
    pub(crate) fn compare(
        &mut self,
        format: Format,
        a: u128,
        b: u128,
        signals: bool,
    ) -> Option<std::cmp::Ordering> {
        let (a, b) = (self.operand(format, a), self.operand(format, b));
        self.compare_numbers(&a, &b, signals)
    }

    pub(crate) fn compare_numbers(
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
