//! LoongArch: floating point with its control and status register
//! (LoongArch Reference Manual, volume 1, chapter 3). The specification takes
//! the third operand of fused operations for a number, and tells nothing.

use rustc_apfloat::{Round, Status};
use terrella_emulator_api::ArithmeticKind;

use super::{
    Handler,
    loongarch::{register, rounding},
    mips_float::exceptions,
};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    exact::{self, Arithmetic},
    float::{NanRule, is_nan, is_signalling, nan_of, order},
    halt::Halt,
    ieee::{self, Tininess},
    overrides::Override,
};

/// The number of the floating-point exception (volume 1, 6.3, FPE).
const EXCEPTION: u64 = 0x12;
pub(super) const INVALID: u32 = 16;
const RULE: NanRule = NanRule::SignallingFirst;

/// An instruction of two sizes with three registers.
pub(super) const fn three(value: u32, function: super::Function) -> [Override; 2] {
    let handler = Handler::new(function);
    [
        Override { mask: 0xffff_8000, value: value | 0x8000, handler },
        Override { mask: 0xffff_8000, value: value + 0x1_0000, handler },
    ]
}

/// With two registers.
pub(super) const fn two(value: u32, function: super::Function) -> [Override; 2] {
    let handler = Handler::new(function);
    [
        Override { mask: 0xffff_fc00, value: value | 0x400, handler },
        Override { mask: 0xffff_fc00, value: value | 0x800, handler },
    ]
}

/// With four registers.
const fn four(value: u32) -> [Override; 2] {
    let handler = Handler::new(fused);
    [
        Override { mask: 0xfff0_0000, value: value | 0x10_0000, handler },
        Override { mask: 0xfff0_0000, value: value | 0x20_0000, handler },
    ]
}

const fn one(value: u32, function: super::Function) -> Override {
    Override { mask: 0xffff_fc00, value, handler: Handler::new(function) }
}

/// Those of both sizes.
pub(crate) const PAIRS: &[Override] = [
    three(0x0100_0000, |emulator, op| arithmetic(emulator, op, Arithmetic::Add)),
    three(0x0102_0000, |emulator, op| arithmetic(emulator, op, Arithmetic::Subtract)),
    three(0x0104_0000, |emulator, op| arithmetic(emulator, op, Arithmetic::Multiply)),
    three(0x0106_0000, |emulator, op| arithmetic(emulator, op, Arithmetic::Divide)),
    two(0x0114_4000, |emulator, op| root(emulator, op, true, false)),
    two(0x0114_5000, |emulator, op| root(emulator, op, false, true)),
    two(0x0114_6000, |emulator, op| root(emulator, op, true, true)),
    two(0x0114_3000, classify),
    two(0x0114_0000, |emulator, op| sign(emulator, op, |value, sign| value & !sign)),
    two(0x0114_1000, |emulator, op| sign(emulator, op, |value, sign| value ^ sign)),
    three(0x0108_0000, |emulator, op| extreme(emulator, op, true, false)),
    three(0x010a_0000, |emulator, op| extreme(emulator, op, false, false)),
    three(0x010c_0000, |emulator, op| extreme(emulator, op, true, true)),
    three(0x010e_0000, |emulator, op| extreme(emulator, op, false, true)),
    four(0x0800_0000),
    four(0x0840_0000),
    four(0x0880_0000),
    four(0x08c0_0000),
]
.as_flattened();

/// Conversions.
pub(crate) const CONVERSIONS: &[Override] = &[
    // ftintrm, ftintrp, ftintrz, ftintrne, ftint.
    Override { mask: 0xfffe_1000, value: 0x011a_0000, handler: Handler::new(to_integer) },
    one(0x0119_1800, |emulator, op| between(emulator, op, 8, 4)),
    one(0x0119_2400, |emulator, op| between(emulator, op, 4, 8)),
    one(0x011d_1000, |emulator, op| from_integer(emulator, op, 4, 4)),
    one(0x011d_1800, |emulator, op| from_integer(emulator, op, 8, 4)),
    one(0x011d_2000, |emulator, op| from_integer(emulator, op, 4, 8)),
    one(0x011d_2800, |emulator, op| from_integer(emulator, op, 8, 8)),
];

/// Comparisons, of singles and of doubles.
pub(crate) const COMPARISONS: &[Override] = &[
    Override { mask: 0xfff0_0018, value: 0x0c10_0000, handler: Handler::new(|e, op| compare(e, op, 4)) },
    Override { mask: 0xfff0_0018, value: 0x0c20_0000, handler: Handler::new(|e, op| compare(e, op, 8)) },
];

/// An instruction word.
#[derive(Clone, Copy)]
pub(super) struct Word(pub(super) u32);

impl NativeEmulator {
    pub(super) fn loongarch_float(&self, number: u32, size: usize) -> u128 {
        self.user_register(&register(number)) & u128::MAX >> (128 - 8 * size)
    }

    /// Writes a register; what is above a single becomes ones.
    fn set_loongarch_float(&mut self, number: u32, size: usize, value: u128) {
        let above = if size == 4 { 0xffff_ffff << 32 } else { 0 };
        self.set_user_register(&register(number), value | above);
    }

    pub(super) fn loongarch_rounding(&self) -> Round {
        rounding(self.user_register("fcsr") >> 8)
    }

    /// Tells what an instruction raised: Cause, and Flags unless one of them
    /// is enabled, which is an exception (3.1.3).
    fn tell_loongarch(&mut self, raised: u32) -> Result<(), Halt> {
        let old = self.user_register("fcsr") as u32 & !(0x1f << 24) | raised << 24;
        let is_enabled = raised & old & 0x1f != 0;
        let new = if is_enabled { old } else { old | raised << 16 };
        self.set_user_register("fcsr", new.into());
        if is_enabled { Err(Halt::Arithmetic(ArithmeticKind::FloatingPoint, EXCEPTION)) } else { Ok(()) }
    }

    pub(super) fn finish_loongarch(
        &mut self,
        word: Word,
        size: usize,
        (value, raised): (u128, u32),
    ) -> Result<(), Halt> {
        self.tell_loongarch(raised)?;
        self.set_loongarch_float(word.0, size, value);
        Ok(())
    }
}

/// Computes; of NaNs a signalling one comes out first, the addend of a product
/// before its factors.
fn compute(what: Arithmetic, size: usize, operands: &[u128], round: Round) -> (u128, u32) {
    if operands.iter().any(|value| is_nan(size, *value)) {
        let signalling = operands.iter().any(|value| is_signalling(size, *value));
        let mut order = operands.to_vec();
        let mut raised = if signalling { INVALID } else { 0 };
        if what == Arithmetic::MultiplyAdd {
            order.rotate_right(1);
            let magnitude = |value: u128| value & !(1 << (8 * size - 1));
            let infinity = if size == 4 { 0x7f80_0000 } else { 0x7ff0_0000_0000_0000 };
            let [a, b] = [magnitude(operands[0]), magnitude(operands[1])];
            if a == 0 && b == infinity || a == infinity && b == 0 {
                raised = INVALID;
            }
        }
        return (nan_of(size, &order, RULE), raised);
    }
    let operand = |index: usize| operands.get(index).copied().unwrap_or(0);
    let all = [operand(0), operand(1), operand(2)];
    let result = ieee::compute(what, size, all, size, round, Tininess::After);
    let bits = if is_nan(size, result.bits) { nan_of(size, &[], RULE) } else { result.bits };
    (bits, exceptions(result.status))
}

fn arithmetic(emulator: &mut NativeEmulator, op: &UserOp, what: Arithmetic) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let size = if word.0 >> 15 & 1 == 1 { 4 } else { 8 };
    let operands = [5, 10].map(|low| emulator.loongarch_float(word.0 >> low, size));
    let result = compute(what, size, &operands, emulator.loongarch_rounding());
    emulator.finish_loongarch(word, size, result)
}

/// The size of an instruction with two registers.
pub(super) const fn size_of(word: Word) -> usize {
    if word.0 >> 10 & 3 == 1 { 4 } else { 8 }
}

/// A square root, a reciprocal, or one after the other.
fn root(emulator: &mut NativeEmulator, op: &UserOp, is_root: bool, is_reciprocal: bool) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let size = size_of(word);
    let round = emulator.loongarch_rounding();
    let (mut value, mut raised) = (emulator.loongarch_float(word.0 >> 5, size), 0);
    if is_root {
        (value, raised) = compute(Arithmetic::SquareRoot, size, &[value], round);
    }
    if is_reciprocal {
        let one = if size == 4 { 0x3f80_0000 } else { 0x3ff0_0000_0000_0000 };
        let (result, more) = compute(Arithmetic::Divide, size, &[one, value], round);
        (value, raised) = (result, raised | more);
    }
    emulator.finish_loongarch(word, size, (value, raised))
}

/// The class as one of ten bits (3.2.1.10).
fn classify(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let size = size_of(word);
    let value = emulator.loongarch_float(word.0 >> 5, size);
    let magnitude = value & !(1 << (8 * size - 1));
    let (infinity, smallest) = if size == 4 { (0x7f80_0000, 0x80_0000) } else { (0x7ff << 52, 1 << 52) };
    let bit = if is_nan(size, value) {
        u32::from(!is_signalling(size, value))
    } else {
        let kind = match magnitude {
            0 => 5,
            _ if magnitude == infinity => 2,
            _ if magnitude >= smallest => 3,
            _ => 4,
        };
        if value == magnitude { kind + 4 } else { kind }
    };
    emulator.set_loongarch_float(word.0, 8, 1 << bit);
    Ok(())
}

fn sign(emulator: &mut NativeEmulator, op: &UserOp, function: fn(u128, u128) -> u128) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let size = size_of(word);
    let value = function(emulator.loongarch_float(word.0 >> 5, size), 1 << (8 * size - 1));
    emulator.set_loongarch_float(word.0, size, value);
    Ok(())
}

/// FMADD, FMSUB, FNMADD and FNMSUB, rounded before they are negated.
fn fused(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let size = if word.0 >> 20 & 3 == 1 { 4 } else { 8 };
    let sign = 1 << (8 * size - 1);
    let negate = |value: u128| if is_nan(size, value) { value } else { value ^ sign };
    let [a, b, mut c] = [5, 10, 15].map(|low| emulator.loongarch_float(word.0 >> low, size));
    if word.0 >> 22 & 1 == 1 {
        c = negate(c);
    }
    let (mut value, raised) =
        compute(Arithmetic::MultiplyAdd, size, &[a, b, c], emulator.loongarch_rounding());
    if word.0 >> 23 & 1 == 1 {
        value = negate(value);
    }
    emulator.finish_loongarch(word, size, (value, raised))
}

/// To an integer; a NaN is zero, what does not fit the nearest that does.
fn to_integer(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let round = match word.0 >> 14 & 7 {
        0 => Round::TowardNegative,
        1 => Round::TowardPositive,
        2 => Round::TowardZero,
        3 => Round::NearestTiesToEven,
        4 => emulator.loongarch_rounding(),
        _ => return Err(Halt::Invalid),
    };
    let size = size_of(word);
    let to = if word.0 >> 13 & 1 == 0 { 4 } else { 8 };
    let value = emulator.loongarch_float(word.0 >> 5, size);
    let (integer, status) = exact::to_integer(value, size, 8 * to, true, round);
    let raised = if status.contains(Status::INVALID_OP) { INVALID } else { exceptions(status) };
    emulator.finish_loongarch(word, to, (integer, raised))
}

fn from_integer(emulator: &mut NativeEmulator, op: &UserOp, from: usize, to: usize) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let value = emulator.loongarch_float(word.0 >> 5, from);
    let value = if from == 4 { i128::from(value as i32) } else { i128::from(value as i64) };
    let (bits, status) = exact::from_integer(value, to, 0, emulator.loongarch_rounding());
    emulator.finish_loongarch(word, to, (bits, exceptions(status)))
}

fn between(emulator: &mut NativeEmulator, op: &UserOp, from: usize, to: usize) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let value = emulator.loongarch_float(word.0 >> 5, from);
    let round = emulator.loongarch_rounding();
    let result = if is_nan(from, value) {
        let (bits, _) = exact::convert(value, from, to, round);
        (nan_of(to, &[bits], RULE), if is_signalling(from, value) { INVALID } else { 0 })
    } else {
        let result = ieee::convert(value, from, to, round, Tininess::After);
        (result.bits, exceptions(result.status))
    };
    emulator.finish_loongarch(word, to, result)
}

/// FMAX and FMIN, and those of magnitudes: of a number and a quiet NaN the
/// number, of zeros the positive as the larger one (3.2.1.4 and 3.2.1.5).
fn extreme(emulator: &mut NativeEmulator, op: &UserOp, larger: bool, magnitudes: bool) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let size = if word.0 >> 15 & 1 == 1 { 4 } else { 8 };
    let operands @ [a, b] = [5, 10].map(|low| emulator.loongarch_float(word.0 >> low, size));
    if operands.iter().any(|value| is_signalling(size, *value)) {
        return emulator.finish_loongarch(word, size, (nan_of(size, &operands, RULE), INVALID));
    }
    let value = match (is_nan(size, a), is_nan(size, b)) {
        (true, true) => nan_of(size, &operands, RULE),
        (true, false) => b,
        (false, true) => a,
        (false, false) => {
            let magnitude = |value: u128| value & !(1 << (8 * size - 1));
            let signed = |value: u128| {
                let rank = magnitude(value) as i128;
                if value == magnitude(value) { rank } else { -1 - rank }
            };
            let by_magnitude = magnitude(a).cmp(&magnitude(b));
            let order =
                if magnitudes && by_magnitude.is_ne() { by_magnitude } else { signed(a).cmp(&signed(b)) };
            if order.is_gt() == larger { a } else { b }
        }
    };
    emulator.finish_loongarch(word, size, (value, 0))
}

/// FCMP: the bits of the condition are signalling, less, equal, unordered, and
/// less or greater (3.2.2.1, table 3-1).
fn compare(emulator: &mut NativeEmulator, op: &UserOp, size: usize) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let condition = word.0 >> 15 & 31;
    if condition > 15 && !matches!(condition & 0xe, 0 | 4 | 8) {
        return Err(Halt::Invalid);
    }
    let operands @ [a, b] = [5, 10].map(|low| emulator.loongarch_float(word.0 >> low, size));
    let unordered = operands.iter().any(|value| is_nan(size, *value));
    let signals = operands.iter().any(|value| is_signalling(size, *value));
    let holds = if unordered {
        condition & 8 != 0
    } else {
        match order(size, a).cmp(&order(size, b)) {
            std::cmp::Ordering::Less => condition & 0x12 != 0,
            std::cmp::Ordering::Equal => condition & 4 != 0,
            std::cmp::Ordering::Greater => condition & 0x10 != 0,
        }
    };
    emulator.tell_loongarch(if signals || unordered && condition & 1 != 0 { INVALID } else { 0 })?;
    emulator.set_user_register(&format!("fcc{}", word.0 & 7), holds.into());
    Ok(())
}
