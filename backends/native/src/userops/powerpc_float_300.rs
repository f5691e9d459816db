//! PowerPC: scalars of Power ISA 3.0 (book I, 7.6.3): comparisons into
//! registers, extremes as languages have them, and halves.

use rustc_apfloat::Status;

use super::{
    Handler,
    lanes::{lane, mask, vector},
    powerpc_float::{Computed, fpscr},
    powerpc_registers::Word,
    powerpc_vectors_300::is_of,
};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    float::{is_nan, is_signalling, order},
    halt::Halt,
    ieee::{self, Tininess},
    overrides::Override,
};

/// An instruction with three registers of the primary opcode 60.
const fn three(number: u32, handler: Handler) -> Override {
    Override { mask: 0xfc00_07f8, value: 60 << 26 | number << 3, handler }
}

/// One with two, which the field of the first operand numbers, too.
const fn kind(number: u32, kind: u32, handler: Handler) -> Override {
    Override { mask: 0xfc1f_07fc, value: 60 << 26 | kind << 16 | number << 2, handler }
}

pub(crate) const OVERRIDES: &[Override] = &[
    // xscmpeqdp, xscmpgtdp, xscmpgedp.
    three(3, Handler::new(|emulator, op| compare(emulator, op, false, |order| order == 0))),
    three(11, Handler::new(|emulator, op| compare(emulator, op, true, |order| order > 0))),
    three(19, Handler::new(|emulator, op| compare(emulator, op, true, |order| order >= 0))),
    // xsmaxcdp, xsmincdp, xsmaxjdp, xsminjdp.
    three(128, Handler::new(|emulator, op| extreme(emulator, op, |a, b| of_c(a, b, true)))),
    three(136, Handler::new(|emulator, op| extreme(emulator, op, |a, b| of_c(a, b, false)))),
    three(144, Handler::new(|emulator, op| extreme(emulator, op, |a, b| of_java(a, b, true)))),
    three(152, Handler::new(|emulator, op| extreme(emulator, op, |a, b| of_java(a, b, false)))),
    // xscvhpdp, xscvdphp; xvcvhpsp, xvcvsphp.
    kind(347, 16, Handler::new(|emulator, op| scalar(emulator, op, 2, 8))),
    kind(347, 17, Handler::new(|emulator, op| scalar(emulator, op, 8, 2))),
    kind(475, 24, Handler::new(|emulator, op| elements(emulator, op, 2, 4))),
    kind(475, 25, Handler::new(|emulator, op| elements(emulator, op, 4, 2))),
];

/// The doubles of A and B.
fn doubles(emulator: &NativeEmulator, word: Word) -> [u128; 2] {
    [word.xa(), word.xb()].map(|number| emulator.vsr(number) >> 64)
}

/// Ones or zeros in doubleword 0.
fn compare(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    is_order: bool,
    holds: fn(i32) -> bool,
) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let [a, b] = doubles(emulator, word);
    let signalling = is_signalling(8, a) || is_signalling(8, b);
    let unordered = is_nan(8, a) || is_nan(8, b);
    let mut raised = u32::from(signalling) * fpscr::VXSNAN;
    if is_order && unordered && !(signalling && emulator.traps_invalid()) {
        raised |= fpscr::VXVC;
    }
    if emulator.raise_fpscr(raised) {
        return Ok(());
    }
    let is_true = !unordered && holds(order(8, a).cmp(&order(8, b)) as i32);
    emulator.set_vsr(word.xt(), if is_true { mask(64) << 64 } else { 0 });
    Ok(())
}

fn extreme(emulator: &mut NativeEmulator, op: &UserOp, function: fn(u128, u128) -> u128) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let [a, b] = doubles(emulator, word);
    let signalling = is_signalling(8, a) || is_signalling(8, b);
    if signalling && emulator.raise_fpscr(fpscr::VXSNAN) {
        return Ok(());
    }
    emulator.set_vsr(word.xt(), function(a, b) << 64);
    Ok(())
}

/// `a > b ? a : b` or `a < b ? a : b`.
fn of_c(a: u128, b: u128, larger: bool) -> u128 {
    let unordered = is_nan(8, a) || is_nan(8, b);
    let ordering = order(8, a).cmp(&order(8, b));
    let is_first = if larger { ordering.is_gt() } else { ordering.is_lt() };
    if !unordered && is_first { a } else { b }
}

/// The first NaN; of zeros the positive one as the larger.
fn of_java(a: u128, b: u128, larger: bool) -> u128 {
    if is_nan(8, a) {
        return a;
    }
    if is_nan(8, b) {
        return b;
    }
    let is_first = match order(8, a).cmp(&order(8, b)) {
        std::cmp::Ordering::Equal => (a >> 63 == 0) == larger,
        ordering => ordering.is_gt() == larger,
    };
    if is_first { a } else { b }
}

/// A number of another format, and what is told of it.
fn converted(emulator: &NativeEmulator, value: u128, from: usize, to: usize) -> (u128, Computed) {
    if is_nan(from, value) {
        let signalling = u32::from(is_signalling(from, value)) * fpscr::VXSNAN;
        return (nan(value, from, to), Computed::nan(0, signalling));
    }
    let rounded = ieee::convert(value, from, to, emulator.fpscr_rounding(), Tininess::Before);
    let flags = [(Status::OVERFLOW, fpscr::OX), (Status::UNDERFLOW, fpscr::UX), (Status::INEXACT, fpscr::XX)];
    let raised =
        flags.iter().filter(|(flag, _)| rounded.status.contains(*flag)).fold(0, |all, it| all | it.1);
    let is_inexact = rounded.status.contains(Status::INEXACT);
    (rounded.bits, Computed { bits: 0, raised, is_inexact, rounded_up: rounded.up })
}

/// A quiet NaN with the upper bits of the fraction.
const fn nan(value: u128, from: usize, to: usize) -> u128 {
    const fn fraction(size: usize) -> u32 {
        match size {
            2 => 10,
            4 => 23,
            _ => 52,
        }
    }
    let (old, new) = (fraction(from), fraction(to));
    let digits = value & mask(old) | 1 << (old - 1);
    let digits = if old > new { digits >> (old - new) } else { digits << (new - old) };
    let sign = value >> (8 * from as u32 - 1) & 1;
    let exponent = mask(8 * to as u32 - 1) >> new << new;
    sign << (8 * to as u32 - 1) | exponent | digits
}

/// The class of a result (4.2.2, FPRF).
pub(super) fn class(size: usize, value: u128) -> u32 {
    let negative = value >> (8 * size - 1) & 1 != 0;
    let side = if negative { 0b01000 } else { 0b00100 };
    match [0x40, 0x0c, 0x30, 0x03].map(|classes| is_of(size, value, classes)) {
        [true, ..] => 0b10001,
        [_, true, ..] => 0b00010 | u32::from(negative) << 4,
        [_, _, true, _] => side | 0b00001,
        [.., true] => side | 0b10000,
        _ => side,
    }
}

/// A scalar in doubleword 0.
fn scalar(emulator: &mut NativeEmulator, op: &UserOp, from: usize, to: usize) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let value = emulator.vsr(word.xb()) >> 64 & mask(8 * from as u32);
    let (bits, told) = converted(emulator, value, from, to);
    if emulator.report(&told, Some(class(to, bits))) {
        emulator.set_vsr(word.xt(), bits << 64);
    }
    Ok(())
}

/// The lower part of each word; if an exception is enabled, nothing is written.
fn elements(emulator: &mut NativeEmulator, op: &UserOp, from: usize, to: usize) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let b = emulator.vsr(word.xb());
    let results =
        [0, 1, 2, 3].map(|index| converted(emulator, lane(b, index, 32) & mask(8 * from as u32), from, to));
    let mut keeps = false;
    for (_, told) in &results {
        keeps |= emulator.told_lane(told).is_none();
    }
    if !keeps {
        emulator.set_vsr(word.xt(), vector(4, 32, |index| results[index as usize].0));
    }
    Ok(())
}
