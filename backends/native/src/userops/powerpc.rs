//! PowerPC: scalars and vectors of the VSX registers (Power ISA 2.07,
//! book I, chapter 7), which the specification leaves to the emulator.

use rustc_apfloat::Round;

use super::{Handler, lanes::mask, powerpc_float};
use crate::{block::UserOp, emulator::NativeEmulator, exact::Arithmetic, halt::Halt, overrides::Override};

/// Doubleword 0, which scalars are in, is the upper half.
const UPPER: u32 = 64;

/// An instruction with three registers.
pub(super) const fn three(number: u32, handler: Handler) -> Override {
    Override { mask: 0xfc00_07f8, value: 0xf000_0000 | number << 3, handler }
}

/// An instruction with two registers.
pub(super) const fn two(number: u32, handler: Handler) -> Override {
    Override { mask: 0xfc00_07fc, value: 0xf000_0000 | number << 2, handler }
}

macro_rules! scalar {
    ($what:ident, $single:literal) => {
        Handler::new(|emulator, op| {
            scalar(emulator, op, Arithmetic::$what, $single);
            Ok(())
        })
    };
}

macro_rules! lanes {
    ($what:ident, $size:literal) => {
        Handler::new(|emulator, op| {
            lanes(emulator, op, $size, |[a, b, _], round| {
                powerpc_float::compute(Arithmetic::$what, [a, b, 0], $size == 4, round)
            });
            Ok(())
        })
    };
}

/// A product with a sum: the target is the addend or a factor; the addend is
/// negated; the result is negated.
macro_rules! fused {
    ($size:literal, $scalar:literal, $addend:literal, $minus:literal, $negative:literal) => {
        Handler::new(|emulator, op| {
            fused(emulator, op, ($size, $scalar), $addend, $minus, $negative);
            Ok(())
        })
    };
}

macro_rules! bits {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            let word = Word(emulator.user_input(op, 0) as u32);
            let function: fn(u128, u128) -> u128 = $function;
            let value = function(emulator.vsr(word.a()), emulator.vsr(word.b()));
            emulator.set_vsr(word.t(), value);
            Ok(())
        })
    };
}

/// A scalar from a scalar, in doubleword 0.
macro_rules! from_scalar {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            let word = Word(emulator.user_input(op, 0) as u32);
            let function: fn(u64, Round) -> u64 = $function;
            let value = function((emulator.vsr(word.b()) >> UPPER) as u64, emulator.fpscr_rounding());
            emulator.set_vsr(word.t(), u128::from(value) << UPPER);
            Ok(())
        })
    };
}

/// Each lane from a lane, both of the same size.
macro_rules! each {
    ($size:literal, $function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn(u128, Round) -> u128 = $function;
            vector(emulator, op, $size, |_, b, _, round| function(b, round));
            Ok(())
        })
    };
}

pub(crate) const OVERRIDES: &[Override] = &[
    three(0, scalar!(Add, true)),
    three(8, scalar!(Subtract, true)),
    three(16, scalar!(Multiply, true)),
    three(24, scalar!(Divide, true)),
    three(32, scalar!(Add, false)),
    three(40, scalar!(Subtract, false)),
    three(48, scalar!(Multiply, false)),
    three(56, scalar!(Divide, false)),
    three(64, lanes!(Add, 4)),
    three(72, lanes!(Subtract, 4)),
    three(80, lanes!(Multiply, 4)),
    three(88, lanes!(Divide, 4)),
    three(96, lanes!(Add, 8)),
    three(104, lanes!(Subtract, 8)),
    three(112, lanes!(Multiply, 8)),
    three(120, lanes!(Divide, 8)),
    three(1, fused!(4, true, true, false, false)),
    three(9, fused!(4, true, false, false, false)),
    three(17, fused!(4, true, true, true, false)),
    three(25, fused!(4, true, false, true, false)),
    three(33, fused!(8, true, true, false, false)),
    three(41, fused!(8, true, false, false, false)),
    three(49, fused!(8, true, true, true, false)),
    three(57, fused!(8, true, false, true, false)),
    three(65, fused!(4, false, true, false, false)),
    three(73, fused!(4, false, false, false, false)),
    three(81, fused!(4, false, true, true, false)),
    three(89, fused!(4, false, false, true, false)),
    three(97, fused!(8, false, true, false, false)),
    three(105, fused!(8, false, false, false, false)),
    three(113, fused!(8, false, true, true, false)),
    three(121, fused!(8, false, false, true, false)),
    three(129, fused!(4, true, true, false, true)),
    three(137, fused!(4, true, false, false, true)),
    three(145, fused!(4, true, true, true, true)),
    three(153, fused!(4, true, false, true, true)),
    three(161, fused!(8, true, true, false, true)),
    three(169, fused!(8, true, false, false, true)),
    three(177, fused!(8, true, true, true, true)),
    three(185, fused!(8, true, false, true, true)),
    three(193, fused!(4, false, true, false, true)),
    three(201, fused!(4, false, false, false, true)),
    three(209, fused!(4, false, true, true, true)),
    three(217, fused!(4, false, false, true, true)),
    three(225, fused!(8, false, true, false, true)),
    three(233, fused!(8, false, false, false, true)),
    three(241, fused!(8, false, true, true, true)),
    three(249, fused!(8, false, false, true, true)),
    // xscmpudp, xscmpodp.
    three(35, Handler::new(|emulator, op| compare(emulator, op, false))),
    three(43, Handler::new(|emulator, op| compare(emulator, op, true))),
    three(130, bits!(|a, b| a & b)),
    three(138, bits!(|a, b| a & !b)),
    three(146, bits!(|a, b| a | b)),
    three(154, bits!(|a, b| a ^ b)),
    three(162, bits!(|a, b| !(a | b))),
    three(170, bits!(|a, b| a | !b)),
    three(178, bits!(|a, b| !(a & b))),
    three(186, bits!(|a, b| !(a ^ b))),
    // xxmrghw, xxmrglw.
    three(18, bits!(|a, b| merge(a >> 64, b >> 64))),
    three(50, bits!(merge)),
    // xxpermdi and xxsldwi have two bits of the number as operand.
    Override { mask: 0xfc00_04f8, value: 0xf000_0050, handler: Handler::new(permute) },
    Override { mask: 0xfc00_04f8, value: 0xf000_0010, handler: Handler::new(shift_words) },
    Override { mask: 0xfc00_0030, value: 0xf000_0030, handler: Handler::new(select) },
    two(164, Handler::new(splat)),
    two(345, from_scalar!(|b, _| b & !(1 << 63))),
    two(361, from_scalar!(|b, _| b | 1 << 63)),
    two(377, from_scalar!(|b, _| b ^ 1 << 63)),
    two(473, each!(8, |b, _| b & !(1 << 63))),
    two(505, each!(8, |b, _| b ^ 1 << 63)),
    two(409, each!(4, |b, _| b & !(1 << 31))),
    two(441, each!(4, |b, _| b ^ 1 << 31)),
    // mfvsrd, mfvsrwz, mtvsrd, mtvsrwa, mtvsrwz.
    move_word(51, Handler::new(|emulator, op| from_vector(emulator, op, 64))),
    move_word(115, Handler::new(|emulator, op| from_vector(emulator, op, 32))),
    move_word(179, Handler::new(|emulator, op| to_vector(emulator, op, |value| value))),
    move_word(211, Handler::new(|emulator, op| to_vector(emulator, op, |value| value as i32 as u64))),
    move_word(243, Handler::new(|emulator, op| to_vector(emulator, op, |value| value & 0xffff_ffff))),
];

const fn move_word(number: u32, handler: Handler) -> Override {
    Override { mask: 0xfc00_07fe, value: 0x7c00_0000 | number << 1, handler }
}

/// An instruction word.
#[derive(Clone, Copy)]
pub(super) struct Word(pub(super) u32);

impl Word {
    pub(super) const fn field(self, low: u32, bits: u32) -> u32 {
        self.0 >> low & ((1 << bits) - 1)
    }

    pub(super) const fn t(self) -> u32 {
        self.field(0, 1) << 5 | self.field(21, 5)
    }

    pub(super) const fn a(self) -> u32 {
        self.field(2, 1) << 5 | self.field(16, 5)
    }

    pub(super) const fn b(self) -> u32 {
        self.field(1, 1) << 5 | self.field(11, 5)
    }

    const fn c(self) -> u32 {
        self.field(3, 1) << 5 | self.field(6, 5)
    }
}

impl NativeEmulator {
    pub(super) fn vsr(&self, number: u32) -> u128 {
        self.numbered("vs0", number)
    }

    pub(super) fn set_vsr(&mut self, number: u32, value: u128) {
        self.set_numbered("vs0", number, value);
    }
}

/// The lower two words of two vectors, one after the other.
fn merge(a: u128, b: u128) -> u128 {
    let word = |value: u128, index: u32| value >> (32 * index) & mask(32);
    word(a, 1) << 96 | word(b, 1) << 64 | word(a, 0) << 32 | word(b, 0)
}

fn scalar(emulator: &mut NativeEmulator, op: &UserOp, what: Arithmetic, single: bool) {
    let word = Word(emulator.user_input(op, 0) as u32);
    let [a, b] = [word.a(), word.b()].map(|number| (emulator.vsr(number) >> UPPER) as u64);
    let result = powerpc_float::compute(what, [a, b, 0], single, emulator.fpscr_rounding());
    if let Some(value) = emulator.told(&result, single) {
        emulator.set_vsr(word.t(), u128::from(value) << UPPER);
    }
}

/// Each lane of the target from the lanes of all three registers, with the
/// exceptions of each; if one is enabled, nothing is written.
pub(super) fn lanes(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    size: usize,
    function: impl Fn([u64; 3], Round) -> powerpc_float::Computed,
) {
    let word = Word(emulator.user_input(op, 0) as u32);
    let operands = [word.a(), word.b(), word.t()].map(|number| emulator.vsr(number));
    let round = emulator.fpscr_rounding();
    let bits = 8 * size as u32;
    let mut lanes = Some(Vec::new());
    for index in 0..128 / bits {
        let lane = operands.map(|value| value >> (index * bits) & mask(bits));
        let lane = lane.map(|value| if size == 4 { powerpc_float::widened(value) } else { value as u64 });
        let told = emulator.told_lane(&function(lane, round));
        lanes = lanes.zip(told).map(|(mut lanes, bits)| {
            lanes.push(if size == 4 { powerpc_float::narrowed(bits) } else { bits.into() });
            lanes
        });
    }
    if let Some(lanes) = lanes {
        let value = super::lanes::vector(128 / bits, bits, |index| lanes[index as usize]);
        emulator.set_vsr(word.t(), value);
    }
}

/// Each lane of the target from the lanes of all three registers.
pub(super) fn vector(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    size: usize,
    function: impl Fn(u128, u128, u128, Round) -> u128,
) {
    let word = Word(emulator.user_input(op, 0) as u32);
    let (a, b, t) = (emulator.vsr(word.a()), emulator.vsr(word.b()), emulator.vsr(word.t()));
    let round = emulator.fpscr_rounding();
    let bits = 8 * size as u32;
    let lane = |value: u128, index: u32| value >> (index * bits) & mask(bits);
    let value = super::lanes::vector(128 / bits, bits, |index| {
        function(lane(a, index), lane(b, index), lane(t, index), round)
    });
    emulator.set_vsr(word.t(), value);
}

fn fused(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    (size, is_scalar): (usize, bool),
    target_is_addend: bool,
    minus: bool,
    negative: bool,
) {
    let single = size == 4;
    let compute = move |[a, b, t]: [u64; 3], round: Round| {
        let (factor, addend) = if target_is_addend { (b, t) } else { (t, b) };
        powerpc_float::fused([a, factor, addend], minus, negative, single, round)
    };
    if !is_scalar {
        lanes(emulator, op, size, compute);
        return;
    }
    let word = Word(emulator.user_input(op, 0) as u32);
    let operands = [word.a(), word.b(), word.t()].map(|number| (emulator.vsr(number) >> UPPER) as u64);
    let result = compute(operands, emulator.fpscr_rounding());
    if let Some(value) = emulator.told(&result, single) {
        emulator.set_vsr(word.t(), u128::from(value) << UPPER);
    }
}

/// xscmpudp and xscmpodp.
fn compare(emulator: &mut NativeEmulator, op: &UserOp, is_ordered: bool) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let operands = [word.a(), word.b()].map(|number| emulator.vsr(number) >> UPPER);
    powerpc_float::compare(emulator, word.field(23, 3), operands, is_ordered);
    Ok(())
}

fn permute(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let (a, b, choice) = (emulator.vsr(word.a()), emulator.vsr(word.b()), word.field(8, 2));
    let upper = if choice & 2 == 0 { a >> 64 } else { a & mask(64) };
    let lower = if choice & 1 == 0 { b >> 64 } else { b & mask(64) };
    emulator.set_vsr(word.t(), upper << 64 | lower);
    Ok(())
}

fn shift_words(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let (a, b, amount) = (emulator.vsr(word.a()), emulator.vsr(word.b()), 32 * word.field(8, 2));
    emulator.set_vsr(word.t(), a << amount | b.checked_shr(128 - amount).unwrap_or(0));
    Ok(())
}

fn select(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let (a, b, c) = (emulator.vsr(word.a()), emulator.vsr(word.b()), emulator.vsr(word.c()));
    emulator.set_vsr(word.t(), a & !c | b & c);
    Ok(())
}

fn splat(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let value = emulator.vsr(word.b()) >> (32 * (3 - word.field(16, 2)));
    emulator.set_vsr(word.t(), super::lanes::vector(4, 32, |_| value));
    Ok(())
}

fn from_vector(emulator: &mut NativeEmulator, op: &UserOp, bits: u32) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let value = emulator.vsr(word.t()) >> UPPER & mask(bits);
    emulator.set_user_register(&format!("r{}", word.field(16, 5)), value);
    Ok(())
}

fn to_vector(emulator: &mut NativeEmulator, op: &UserOp, function: fn(u64) -> u64) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let value = function(emulator.user_register(&format!("r{}", word.field(16, 5))) as u64);
    emulator.set_vsr(word.t(), u128::from(value) << UPPER);
    Ok(())
}
