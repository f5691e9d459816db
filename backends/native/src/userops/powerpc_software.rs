//! PowerPC: whether a quotient or a root may be computed in software from an
//! estimate (Power ISA 2.07, book I, 4.6.6 and 7.6.1): tests of exponents.

use super::{Handler, lanes::lane, powerpc_registers::Word};
use crate::{block::UserOp, emulator::NativeEmulator, float::is_nan, halt::Halt, overrides::Override};

/// The three bits of a test: relative errors of estimates are below 2^-14, as
/// they are exact; the exponent asks for care; an operand is special.
const SMALL_ERROR: u128 = 8;
const SPECIAL: u128 = 4;
const CARE: u128 = 2;

/// A format: bytes, digits behind the point, the bias of exponents.
#[derive(Clone, Copy)]
struct Format {
    bytes: u32,
    digits: u32,
    bias: i32,
}

const DOUBLE: Format = Format { bytes: 8, digits: 52, bias: 1023 };
const SINGLE: Format = Format { bytes: 4, digits: 23, bias: 127 };

impl Format {
    const fn per_vector(self) -> u32 {
        16 / self.bytes
    }

    const fn exponent(self, value: u128) -> i32 {
        (value >> self.digits) as i32 & (2 * self.bias + 1)
    }

    const fn fraction(self, value: u128) -> u128 {
        value & ((1 << self.digits) - 1)
    }

    const fn is_infinite(self, value: u128) -> bool {
        self.exponent(value) == 2 * self.bias + 1 && self.fraction(value) == 0
    }

    /// A zero or a denormal number.
    const fn is_small(self, value: u128) -> bool {
        self.exponent(value) == 0
    }

    const fn is_zero(self, value: u128) -> bool {
        self.is_small(value) && self.fraction(value) == 0
    }

    const fn is_negative(self, value: u128) -> bool {
        value >> (8 * self.bytes - 1) & 1 != 0
    }

    fn is_nan(self, value: u128) -> bool {
        is_nan(self.bytes as usize, value)
    }

    /// `ftdiv` (4.6.6).
    fn quotient(self, a: u128, b: u128) -> u128 {
        if self.is_infinite(a) || self.is_infinite(b) || self.is_zero(b) {
            return SMALL_ERROR | SPECIAL | CARE;
        }
        let (of_a, of_b) = (self.exponent(a) - self.bias, self.exponent(b) - self.bias);
        let far = of_a - of_b;
        let digits = self.digits as i32;
        let care = self.is_nan(a)
            || self.is_nan(b)
            || of_b < 2 - self.bias
            || of_b > self.bias - 3
            || !self.is_zero(a)
                && (far >= self.bias || far < 3 - self.bias || of_a <= digits + 1 - self.bias);
        SMALL_ERROR | if self.is_small(b) { SPECIAL } else { 0 } | if care { CARE } else { 0 }
    }

    /// `ftsqrt` (4.6.6).
    fn root(self, b: u128) -> u128 {
        if self.is_infinite(b) || self.is_zero(b) {
            return SMALL_ERROR | SPECIAL | CARE;
        }
        let exponent = self.exponent(b) - self.bias;
        let care = self.is_nan(b) || self.is_negative(b) || exponent <= self.digits as i32 + 1 - self.bias;
        SMALL_ERROR | if self.is_small(b) { SPECIAL } else { 0 } | if care { CARE } else { 0 }
    }
}

/// A test of the primary opcode 63, which has no Rc.
const fn scalar(number: u32, function: super::Function) -> Override {
    Override { mask: 0xfc00_07ff, value: 63 << 26 | number << 1, handler: Handler::new(function) }
}

/// A test of two registers of VSX, or of one.
const fn test(number: u32, function: super::Function) -> Override {
    Override { mask: 0xfc60_07f9, value: 60 << 26 | number << 3, handler: Handler::new(function) }
}

const fn test_of_one(number: u32, function: super::Function) -> Override {
    Override { mask: 0xfc7f_07fd, value: 60 << 26 | number << 2, handler: Handler::new(function) }
}

pub(crate) const SCALARS: &[Override] = &[
    // ftdiv, ftsqrt.
    scalar(128, |emulator, op| {
        let word = Word::of(emulator, op);
        let [a, b] = [word.a(), word.b()].map(|number| emulator.double(number).into());
        tell(emulator, word, DOUBLE.quotient(a, b))
    }),
    scalar(160, |emulator, op| {
        let word = Word::of(emulator, op);
        let b = emulator.double(word.b()).into();
        tell(emulator, word, DOUBLE.root(b))
    }),
];

pub(crate) const VECTORS: &[Override] = &[
    // xstdivdp, xvtdivdp, xvtdivsp.
    test(61, |emulator, op| quotients(emulator, op, DOUBLE, 1)),
    test(125, |emulator, op| quotients(emulator, op, DOUBLE, 2)),
    test(93, |emulator, op| quotients(emulator, op, SINGLE, 4)),
    // xstsqrtdp, xvtsqrtdp, xvtsqrtsp.
    test_of_one(106, |emulator, op| roots(emulator, op, DOUBLE, 1)),
    test_of_one(234, |emulator, op| roots(emulator, op, DOUBLE, 2)),
    test_of_one(170, |emulator, op| roots(emulator, op, SINGLE, 4)),
];

/// Puts the result into a field of the condition register.
fn tell(emulator: &mut NativeEmulator, word: Word, result: u128) -> Result<(), Halt> {
    emulator.set_user_register(&format!("cr{}", word.field(23, 3)), result);
    Ok(())
}

/// The test of the first elements of two registers, so many; what holds of one
/// is told of all.
fn quotients(emulator: &mut NativeEmulator, op: &UserOp, format: Format, count: u32) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let [a, b] = [word.xa(), word.xb()].map(|number| emulator.vsr(number));
    let of = |vector, index| lane(vector, format.per_vector() - 1 - index, 8 * format.bytes);
    let result = (0..count).fold(0, |all, index| all | format.quotient(of(a, index), of(b, index)));
    tell(emulator, word, result)
}

/// The same of one register.
fn roots(emulator: &mut NativeEmulator, op: &UserOp, format: Format, count: u32) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let b = emulator.vsr(word.xb());
    let of = |index| lane(b, format.per_vector() - 1 - index, 8 * format.bytes);
    let result = (0..count).fold(0, |all, index| all | format.root(of(index)));
    tell(emulator, word, result)
}
