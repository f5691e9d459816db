//! MIPS: floating point with its control and status register and the NaNs of
//! before IEEE 754-2008, whose quiet ones have the first fraction bit clear
//! (MIPS Architecture For Programmers, volume I-A, chapters 5 and 6). The
//! specification rounds to nearest always and tells nothing.

use rustc_apfloat::{Round, Status};
use terrella_emulator_api::ArithmeticKind;

use super::Handler;
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    exact::{self, Arithmetic},
    float::{is_nan, order},
    halt::Halt,
    ieee::{self, Tininess},
    overrides::Override,
};

/// The number of the floating-point exception (volume III, Cause, ExcCode).
const EXCEPTION: u64 = 15;

/// Exceptions, as bits of the Cause field: inexact to unimplemented.
const INEXACT: u32 = 1;
const UNDERFLOW: u32 = 2;
const OVERFLOW: u32 = 4;
const DIVISION: u32 = 8;
const INVALID: u32 = 16;

/// The fields of FCSR (5.6.3) that begin at a bit.
const FLAGS: u32 = 2;
const ENABLES: u32 = 7;
const CAUSE: u32 = 12;

/// A function of COP1 of all formats.
const fn function(number: u32, handler: super::Function) -> Override {
    Override { mask: 0xfe00_003f, value: 0x4600_0000 | number, handler: Handler::new(handler) }
}

/// A function of COP1X.
const fn fused(number: u32) -> Override {
    Override { mask: 0xfc00_003f, value: 0x4c00_0000 | number, handler: Handler::new(product_sum) }
}

/// A comparison.
const fn comparison(number: u32) -> Override {
    Override { mask: 0xfe00_003f, value: 0x4600_0000 | number, handler: Handler::new(compare) }
}

pub(crate) const OVERRIDES: &[Override] = &[
    function(0, |emulator, op| two(emulator, op, Arithmetic::Add)),
    function(1, |emulator, op| two(emulator, op, Arithmetic::Subtract)),
    function(2, |emulator, op| two(emulator, op, Arithmetic::Multiply)),
    function(3, |emulator, op| two(emulator, op, Arithmetic::Divide)),
    function(4, |emulator, op| root(emulator, op, false)),
    function(5, |emulator, op| sign(emulator, op, |value, sign| value & !sign)),
    function(6, |emulator, op| sign(emulator, op, |value, _| value)),
    function(7, |emulator, op| sign(emulator, op, |value, sign| value ^ sign)),
    function(8, |emulator, op| to_integer(emulator, op, 8, Some(Round::NearestTiesToEven))),
    function(9, |emulator, op| to_integer(emulator, op, 8, Some(Round::TowardZero))),
    function(10, |emulator, op| to_integer(emulator, op, 8, Some(Round::TowardPositive))),
    function(11, |emulator, op| to_integer(emulator, op, 8, Some(Round::TowardNegative))),
    function(12, |emulator, op| to_integer(emulator, op, 4, Some(Round::NearestTiesToEven))),
    function(13, |emulator, op| to_integer(emulator, op, 4, Some(Round::TowardZero))),
    function(14, |emulator, op| to_integer(emulator, op, 4, Some(Round::TowardPositive))),
    function(15, |emulator, op| to_integer(emulator, op, 4, Some(Round::TowardNegative))),
    function(17, conditional_move),
    function(21, reciprocal),
    function(22, |emulator, op| root(emulator, op, true)),
    function(32, |emulator, op| to_float(emulator, op, 4)),
    function(33, |emulator, op| to_float(emulator, op, 8)),
    function(36, |emulator, op| to_integer(emulator, op, 4, None)),
    function(37, |emulator, op| to_integer(emulator, op, 8, None)),
    comparison(48),
    comparison(49),
    comparison(50),
    comparison(51),
    comparison(52),
    comparison(53),
    comparison(54),
    comparison(55),
    comparison(56),
    comparison(57),
    comparison(58),
    comparison(59),
    comparison(60),
    comparison(61),
    comparison(62),
    comparison(63),
    fused(32),
    fused(33),
    fused(40),
    fused(41),
    fused(48),
    fused(49),
    fused(56),
    fused(57),
    // movf, movt.
    Override { mask: 0xfc02_07ff, value: 1, handler: Handler::new(integer_move) },
];

/// An instruction word.
#[derive(Clone, Copy)]
struct Word(u32);

impl Word {
    fn of(emulator: &NativeEmulator, op: &UserOp) -> Self {
        Self(emulator.user_input(op, 0) as u32)
    }

    const fn field(self, low: u32) -> u32 {
        self.0 >> low & 31
    }

    /// The size of the format in bytes, if there is such an instruction.
    fn size(self) -> Result<usize, Halt> {
        match self.field(21) {
            16 | 20 => Ok(4),
            17 | 21 => Ok(8),
            22 => Err(Halt::Missing("paired singles".to_owned())),
            _ => Err(Halt::Invalid),
        }
    }

    const fn is_integer(self) -> bool {
        self.field(21) >= 20
    }
}

const fn sign_bit(size: usize) -> u128 {
    1 << (8 * size - 1)
}

const fn quiet_bit(size: usize) -> u128 {
    if size == 4 { 1 << 22 } else { 1 << 51 }
}

const fn default_nan(size: usize) -> u128 {
    if size == 4 { 0x7fbf_ffff } else { 0x7ff7_ffff_ffff_ffff }
}

fn is_signalling(size: usize, value: u128) -> bool {
    is_nan(size, value) && value & quiet_bit(size) != 0
}

/// What of the library's status there is in the Cause field.
fn exceptions(status: Status) -> u32 {
    let flags = [
        (Status::INEXACT, INEXACT),
        (Status::UNDERFLOW, UNDERFLOW),
        (Status::OVERFLOW, OVERFLOW),
        (Status::DIV_BY_ZERO, DIVISION),
        (Status::INVALID_OP, INVALID),
    ];
    flags.iter().filter(|(flag, _)| status.contains(*flag)).fold(0, |all, (_, bit)| all | bit)
}

/// Computes; a signalling NaN gives the default one, quiet ones come through
/// in the order of the operands.
fn compute(what: Arithmetic, size: usize, operands: &[u128], round: Round) -> (u128, u32) {
    if operands.iter().any(|value| is_signalling(size, *value)) {
        return (default_nan(size), INVALID);
    }
    if let Some(nan) = operands.iter().find(|value| is_nan(size, **value)) {
        return (*nan, 0);
    }
    let all = [operands[0], operands.get(1).copied().unwrap_or(0), 0];
    let result = ieee::compute(what, size, all, size, round, Tininess::After);
    let bits = if is_nan(size, result.bits) { default_nan(size) } else { result.bits };
    (bits, exceptions(result.status))
}

impl NativeEmulator {
    fn fcsr(&self) -> u32 {
        self.user_register("fcsr") as u32
    }

    fn fcsr_rounding(&self) -> Round {
        match self.fcsr() & 3 {
            0 => Round::NearestTiesToEven,
            1 => Round::TowardZero,
            2 => Round::TowardPositive,
            _ => Round::TowardNegative,
        }
    }

    /// Where a floating-point register is. Those of 32 bits hold doubles in
    /// pairs (5.3.3).
    fn mips_float_place(&self, number: u32, size: usize) -> Option<usize> {
        let language = &self.processor.language;
        let single = language.register(&format!("f{number}"))?;
        if single.size as usize >= size {
            return self.layout.place(&single.varnode());
        }
        let even = number & !1;
        let pair = language.register(&format!("f{even}_{}", even + 1))?;
        self.layout.place(&pair.varnode())
    }

    fn mips_float(&self, number: u32, size: usize) -> u128 {
        self.mips_float_place(number, size).map_or(0, |place| self.file.integer(place, size))
    }

    /// Writes a register; of a single, only the lower half.
    fn set_mips_float(&mut self, number: u32, size: usize, value: u128) {
        if let Some(place) = self.mips_float_place(number, size) {
            self.file.set_integer(place, size, value);
        }
    }

    /// Tells what an instruction raised: its causes, and the flags, unless
    /// one of them is enabled, which is an exception.
    fn tell(&mut self, raised: u32) -> Result<(), Halt> {
        let old = self.fcsr() & !(0x3f << CAUSE) | raised << CAUSE;
        let is_enabled = raised & (old >> ENABLES & 0x1f) != 0;
        let new = if is_enabled { old } else { old | raised << FLAGS };
        self.set_user_register("fcsr", new.into());
        if is_enabled { Err(Halt::Arithmetic(ArithmeticKind::FloatingPoint, EXCEPTION)) } else { Ok(()) }
    }

    /// Whether a condition of FCSR holds.
    fn condition(&self, number: u32) -> bool {
        self.fcsr() >> condition_bit(number) & 1 != 0
    }
}

/// Conditions 1 to 7 are apart from condition 0.
const fn condition_bit(number: u32) -> u32 {
    if number == 0 { 23 } else { 24 + number }
}

fn finish(
    emulator: &mut NativeEmulator,
    word: Word,
    size: usize,
    (value, raised): (u128, u32),
) -> Result<(), Halt> {
    emulator.tell(raised)?;
    emulator.set_mips_float(word.field(6), size, value);
    Ok(())
}

fn two(emulator: &mut NativeEmulator, op: &UserOp, what: Arithmetic) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    let operands = [11, 16].map(|low| emulator.mips_float(word.field(low), size));
    let result = compute(what, size, &operands, emulator.fcsr_rounding());
    finish(emulator, word, size, result)
}

/// One, in a format.
const fn one(size: usize) -> u128 {
    if size == 4 { 0x3f80_0000 } else { 0x3ff0_0000_0000_0000 }
}

/// A square root, or one by it, rounded twice.
fn root(emulator: &mut NativeEmulator, op: &UserOp, is_reciprocal: bool) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    let round = emulator.fcsr_rounding();
    let (mut value, mut raised) =
        compute(Arithmetic::SquareRoot, size, &[emulator.mips_float(word.field(11), size)], round);
    if is_reciprocal {
        let (result, more) = compute(Arithmetic::Divide, size, &[one(size), value], round);
        (value, raised) = (result, raised | more);
    }
    finish(emulator, word, size, (value, raised))
}

fn reciprocal(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    let operands = [one(size), emulator.mips_float(word.field(11), size)];
    let result = compute(Arithmetic::Divide, size, &operands, emulator.fcsr_rounding());
    finish(emulator, word, size, result)
}

fn sign(emulator: &mut NativeEmulator, op: &UserOp, function: fn(u128, u128) -> u128) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    let value = function(emulator.mips_float(word.field(11), size), sign_bit(size));
    emulator.set_mips_float(word.field(6), size, value);
    Ok(())
}

/// To an integer; what is none, or does not fit, is the greatest one.
fn to_integer(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    to: usize,
    round: Option<Round>,
) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    if word.is_integer() {
        return Err(Halt::Invalid);
    }
    let value = emulator.mips_float(word.field(11), size);
    let round = round.unwrap_or_else(|| emulator.fcsr_rounding());
    let (integer, status) = exact::to_integer(value, size, 8 * to, true, round);
    let result = if status.contains(Status::INVALID_OP) {
        (sign_bit(to) - 1, INVALID)
    } else {
        (integer, exceptions(status))
    };
    finish(emulator, word, to, result)
}

fn to_float(emulator: &mut NativeEmulator, op: &UserOp, to: usize) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    let value = emulator.mips_float(word.field(11), size);
    let round = emulator.fcsr_rounding();
    let result = if word.is_integer() {
        let integer = if size == 4 { i128::from(value as i32) } else { i128::from(value as i64) };
        let (bits, status) = exact::from_integer(integer, to, 0, round);
        (bits, exceptions(status))
    } else if size == to {
        return Err(Halt::Invalid);
    } else if is_signalling(size, value) {
        (default_nan(to), INVALID)
    } else if is_nan(size, value) {
        let sign = if value & sign_bit(size) != 0 { sign_bit(to) } else { 0 };
        let fraction = value & (quiet_bit(size) - 1);
        let (exponent, fraction) =
            if to == 8 { (0x7ff << 52, fraction << 29) } else { (0xff << 23, fraction >> 29) };
        let is_lost = fraction == 0;
        (if is_lost { default_nan(to) } else { sign | exponent | fraction }, 0)
    } else {
        let result = ieee::convert(value, size, to, round, Tininess::After);
        (result.bits, exceptions(result.status))
    };
    finish(emulator, word, to, result)
}

/// Rounded after the product and after the sum.
fn product_sum(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = if word.0 & 1 == 0 { 4 } else { 8 };
    let round = emulator.fcsr_rounding();
    let [addend, b, a] = [21, 16, 11].map(|low| emulator.mips_float(word.field(low), size));
    let (product, raised) = compute(Arithmetic::Multiply, size, &[a, b], round);
    let what = if word.0 & 8 == 0 { Arithmetic::Add } else { Arithmetic::Subtract };
    let (mut value, more) = compute(what, size, &[product, addend], round);
    if word.0 & 16 != 0 {
        value ^= sign_bit(size);
    }
    finish(emulator, word, size, (value, raised | more))
}

fn compare(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    if word.is_integer() {
        return Err(Halt::Invalid);
    }
    let [a, b] = [11, 16].map(|low| emulator.mips_float(word.field(low), size));
    let unordered = is_nan(size, a) || is_nan(size, b);
    let signalling = is_signalling(size, a) || is_signalling(size, b);
    let (less, equal) = match order(size, a).cmp(&order(size, b)) {
        _ if unordered => (false, false),
        std::cmp::Ordering::Less => (true, false),
        std::cmp::Ordering::Equal => (false, true),
        std::cmp::Ordering::Greater => (false, false),
    };
    let kind = word.0 & 15;
    let holds = kind & 1 != 0 && unordered || kind & 2 != 0 && equal || kind & 4 != 0 && less;
    emulator.tell(if signalling || unordered && kind & 8 != 0 { INVALID } else { 0 })?;
    let bit = condition_bit(word.0 >> 8 & 7);
    let status = emulator.fcsr() & !(1 << bit) | u32::from(holds) << bit;
    emulator.set_user_register("fcsr", status.into());
    Ok(())
}

/// Whether the condition of a move is as it is to be.
fn moves(emulator: &NativeEmulator, word: Word) -> bool {
    emulator.condition(word.0 >> 18 & 7) == (word.0 >> 16 & 1 != 0)
}

fn conditional_move(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    if moves(emulator, word) {
        let value = emulator.mips_float(word.field(11), size);
        emulator.set_mips_float(word.field(6), size, value);
    }
    Ok(())
}

fn integer_move(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    if moves(emulator, word) {
        let value = emulator.numbered("zero", word.field(21));
        emulator.set_integer_register(word.field(11), value);
    }
    Ok(())
}
