//! MIPS: floating point with its control and status register, and the NaNs of
//! before IEEE 754-2008, whose quiet ones have the first fraction bit clear, or
//! with NAN2008 those of now (MIPS Architecture For Programmers, volume I-A,
//! chapters 5 and 6). The specification rounds to nearest always and tells
//! nothing.

use rustc_apfloat::{Round, Status};
use terrella_emulator_api::ArithmeticKind;

use super::{Handler, Table};
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
pub(super) const INVALID: u32 = 16;
const UNIMPLEMENTED: u32 = 32;

pub(super) const TABLE: Table = &[("checkFloatStatus", Handler::new(|emulator, _| emulator.check_fcsr()))];

/// The fields of FCSR (5.6.3) that begin at a bit.
const FLAGS: u32 = 2;
const ENABLES: u32 = 7;
const CAUSE: u32 = 12;

/// A function of COP1 of all formats.
const fn function(number: u32, handler: super::Function) -> Override {
    Override { mask: 0xfe00_003f, value: 0x4600_0000 | number, handler: Handler::new(handler) }
}

/// Functions of COP1 that release 6 has kept.
pub(crate) const COMMON: &[Override] = &[
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
    function(21, reciprocal),
    function(22, |emulator, op| root(emulator, op, true)),
    function(32, |emulator, op| to_float(emulator, op, 4)),
    function(33, |emulator, op| to_float(emulator, op, 8)),
    function(36, |emulator, op| to_integer(emulator, op, 4, None)),
    function(37, |emulator, op| to_integer(emulator, op, 8, None)),
];

/// A function of COP1X.
const fn fused(number: u32) -> Override {
    Override { mask: 0xfc00_003f, value: 0x4c00_0000 | number, handler: Handler::new(product_sum) }
}

/// A comparison.
const fn comparison(number: u32) -> Override {
    Override { mask: 0xfe00_003f, value: 0x4600_0000 | number, handler: Handler::new(compare) }
}

/// Those that it has not.
pub(crate) const BEFORE_6: &[Override] = &[
    function(17, conditional_move),
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
pub(super) struct Word(pub(super) u32);

impl Word {
    pub(super) fn of(emulator: &NativeEmulator, op: &UserOp) -> Self {
        Self(emulator.user_input(op, 0) as u32)
    }

    pub(super) const fn field(self, low: u32) -> u32 {
        self.0 >> low & 31
    }

    /// The size of the format in bytes, if there is such an instruction.
    pub(super) fn size(self) -> Result<usize, Halt> {
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

pub(super) const fn sign_bit(size: usize) -> u128 {
    1 << (8 * size - 1)
}

pub(super) const fn quiet_bit(size: usize) -> u128 {
    if size == 4 { 1 << 22 } else { 1 << 51 }
}

/// What NaNs look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nans {
    /// Those of before: the first fraction bit of signalling ones is set.
    Old,
    /// Those of IEEE 754-2008: that of quiet ones is.
    Of2008,
}

impl Nans {
    const fn default(self, size: usize) -> u128 {
        match (self, size) {
            (Self::Old, 4) => 0x7fbf_ffff,
            (Self::Old, _) => 0x7ff7_ffff_ffff_ffff,
            (Self::Of2008, 4) => 0x7fc0_0000,
            (Self::Of2008, _) => 0x7ff8_0000_0000_0000,
        }
    }

    pub(super) fn is_signalling(self, size: usize, value: u128) -> bool {
        is_nan(size, value) && (value & quiet_bit(size) != 0) == (self == Self::Old)
    }

    /// What comes of operands of which one is a NaN, and what is raised. Of
    /// the old ones a signalling one gives the default; else it is made quiet.
    /// Quiet ones come through in the order of the operands (volume I-A,
    /// 5.7.2 and 6.2.1).
    pub(super) fn propagated(self, size: usize, operands: &[u128]) -> Option<(u128, u32)> {
        if let Some(nan) = operands.iter().find(|value| self.is_signalling(size, **value)) {
            let quiet = if self == Self::Old { self.default(size) } else { nan | quiet_bit(size) };
            return Some((quiet, INVALID));
        }
        operands.iter().find(|value| is_nan(size, **value)).map(|nan| (*nan, 0))
    }

    /// What is computed of operands, and what is raised.
    pub(super) fn compute(
        self,
        what: Arithmetic,
        size: usize,
        operands: &[u128],
        round: Round,
    ) -> (u128, u32) {
        if let Some(result) = self.propagated(size, operands) {
            return result;
        }
        let all = [0, 1, 2].map(|index| operands.get(index).copied().unwrap_or(0));
        let result = ieee::compute(what, size, all, size, round, Tininess::After);
        let bits = if is_nan(size, result.bits) { self.default(size) } else { result.bits };
        (bits, exceptions(result.status))
    }
}

/// What of the library's status there is in the Cause field.
pub(super) fn exceptions(status: Status) -> u32 {
    let flags = [
        (Status::INEXACT, INEXACT),
        (Status::UNDERFLOW, UNDERFLOW),
        (Status::OVERFLOW, OVERFLOW),
        (Status::DIV_BY_ZERO, DIVISION),
        (Status::INVALID_OP, INVALID),
    ];
    flags.iter().filter(|(flag, _)| status.contains(*flag)).fold(0, |all, (_, bit)| all | bit)
}

impl NativeEmulator {
    pub(super) fn fcsr(&self) -> u32 {
        self.user_register("fcsr") as u32
    }

    /// What NaNs look like, by NAN2008.
    pub(super) fn mips_nans(&self) -> Nans {
        if self.fcsr() >> 18 & 1 != 0 { Nans::Of2008 } else { Nans::Old }
    }

    pub(super) fn fcsr_rounding(&self) -> Round {
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

    pub(super) fn mips_float(&self, number: u32, size: usize) -> u128 {
        self.mips_float_place(number, size).map_or(0, |place| self.file.integer(place, size))
    }

    /// Writes a register; of a single, only the lower half.
    pub(super) fn set_mips_float(&mut self, number: u32, size: usize, value: u128) {
        if let Some(place) = self.mips_float_place(number, size) {
            self.file.set_integer(place, size, value);
        }
    }

    /// Tells what an instruction raised: its causes, and the flags, unless
    /// one of them is enabled, which is an exception.
    pub(super) fn tell(&mut self, raised: u32) -> Result<(), Halt> {
        let old = self.fcsr() & !(0x3f << CAUSE) | raised << CAUSE;
        let is_enabled = raised & (old >> ENABLES & 0x1f) != 0;
        let new = if is_enabled { old } else { old | raised << FLAGS };
        self.set_user_register("fcsr", new.into());
        if is_enabled { Err(Halt::Arithmetic(ArithmeticKind::FloatingPoint, EXCEPTION)) } else { Ok(()) }
    }

    /// What a write of FCSR raises at once: an enabled cause, or an operation
    /// that is not implemented, which is always enabled (MIPS64 volume I, 5.6.1).
    fn check_fcsr(&self) -> Result<(), Halt> {
        let fcsr = self.fcsr();
        let enabled = fcsr >> ENABLES & 0x1f | UNIMPLEMENTED;
        if fcsr >> CAUSE & enabled == 0 {
            return Ok(());
        }
        Err(Halt::Arithmetic(ArithmeticKind::FloatingPoint, EXCEPTION))
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

pub(super) fn finish(
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
    let result = emulator.mips_nans().compute(what, size, &operands, emulator.fcsr_rounding());
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
    let (round, nans) = (emulator.fcsr_rounding(), emulator.mips_nans());
    let (mut value, mut raised) =
        nans.compute(Arithmetic::SquareRoot, size, &[emulator.mips_float(word.field(11), size)], round);
    if is_reciprocal {
        let (result, more) = nans.compute(Arithmetic::Divide, size, &[one(size), value], round);
        (value, raised) = (result, raised | more);
    }
    finish(emulator, word, size, (value, raised))
}

fn reciprocal(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    let operands = [one(size), emulator.mips_float(word.field(11), size)];
    let result = emulator.mips_nans().compute(Arithmetic::Divide, size, &operands, emulator.fcsr_rounding());
    finish(emulator, word, size, result)
}

fn sign(emulator: &mut NativeEmulator, op: &UserOp, function: fn(u128, u128) -> u128) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    let value = function(emulator.mips_float(word.field(11), size), sign_bit(size));
    emulator.set_mips_float(word.field(6), size, value);
    Ok(())
}

/// To an integer; what is none, or does not fit, is the greatest one, or by
/// IEEE 754-2008 zero, or the nearest.
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
    let result = if status.contains(Status::INVALID_OP) && emulator.mips_nans() == Nans::Old {
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
    let (round, nans) = (emulator.fcsr_rounding(), emulator.mips_nans());
    let result = if word.is_integer() {
        let integer = if size == 4 { i128::from(value as i32) } else { i128::from(value as i64) };
        let (bits, status) = exact::from_integer(integer, to, 0, round);
        (bits, exceptions(status))
    } else if size == to {
        return Err(Halt::Invalid);
    } else if nans == Nans::Old && nans.is_signalling(size, value) {
        (nans.default(to), INVALID)
    } else if is_nan(size, value) {
        let sign = if value & sign_bit(size) != 0 { sign_bit(to) } else { 0 };
        let fraction = value & (quiet_bit(size) - 1);
        // The first bit of the fraction is that of the kind.
        let (exponent, fraction) =
            if to == 8 { (0x7ff << 52, fraction << 29) } else { (0xff << 23, fraction >> 29) };
        let raised = if nans.is_signalling(size, value) { INVALID } else { 0 };
        let fraction = if nans == Nans::Of2008 { fraction | quiet_bit(to) } else { fraction };
        let is_lost = fraction == 0;
        (if is_lost { nans.default(to) } else { sign | exponent | fraction }, raised)
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
    let (round, nans) = (emulator.fcsr_rounding(), emulator.mips_nans());
    let [addend, b, a] = [21, 16, 11].map(|low| emulator.mips_float(word.field(low), size));
    let (product, raised) = nans.compute(Arithmetic::Multiply, size, &[a, b], round);
    let what = if word.0 & 8 == 0 { Arithmetic::Add } else { Arithmetic::Subtract };
    let (mut value, more) = nans.compute(what, size, &[product, addend], round);
    if word.0 & 16 != 0 {
        value ^= sign_bit(size);
    }
    finish(emulator, word, size, (value, raised | more))
}

/// The relation of two values, and what comparing them raises: the lowest bits
/// of the number of a condition are unordered, equal, less, and signalling.
pub(super) fn relation(nans: Nans, size: usize, [a, b]: [u128; 2], condition: u32) -> (bool, u32) {
    let unordered = is_nan(size, a) || is_nan(size, b);
    let signalling = nans.is_signalling(size, a) || nans.is_signalling(size, b);
    let (less, equal) = match order(size, a).cmp(&order(size, b)) {
        _ if unordered => (false, false),
        std::cmp::Ordering::Less => (true, false),
        std::cmp::Ordering::Equal => (false, true),
        std::cmp::Ordering::Greater => (false, false),
    };
    let holds = condition & 1 != 0 && unordered || condition & 2 != 0 && equal || condition & 4 != 0 && less;
    (holds, if signalling || unordered && condition & 8 != 0 { INVALID } else { 0 })
}

fn compare(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    if word.is_integer() {
        return Err(Halt::Invalid);
    }
    let operands = [11, 16].map(|low| emulator.mips_float(word.field(low), size));
    let (holds, raised) = relation(emulator.mips_nans(), size, operands, word.0 & 15);
    emulator.tell(raised)?;
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
