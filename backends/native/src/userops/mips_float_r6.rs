//! MIPS release 6: comparisons into registers, selections, fused sums, classes,
//! least and greatest numbers, rounding (MIPS Architecture For Programmers,
//! volume II-A, release 6), and the control registers.

use terrella_emulator_api::ArithmeticKind;

use super::{
    Function, Handler,
    mips_float::{INVALID, Word, exceptions, finish, quiet_bit, relation, sign_bit},
};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    exact::{self, Arithmetic},
    float::{NanRule, is_nan, order},
    halt::Halt,
    overrides::Override,
};

/// A function of COP1 of singles and doubles.
const fn function(number: u32, handler: Function) -> Override {
    Override { mask: 0xffc0_003f, value: 0x4600_0000 | number, handler: Handler::new(handler) }
}

pub(crate) const OVERRIDES: &[Override] = &[
    // CMP.condn.S and CMP.condn.D.
    Override { mask: 0xffc0_0020, value: 0x4680_0000, handler: Handler::new(compare) },
    function(0x10, |emulator, op| {
        select(emulator, op, |[old, first, second]| if old & 1 == 0 { first } else { second })
    }),
    function(0x14, |emulator, op| {
        select(emulator, op, |[_, first, second]| if second & 1 == 0 { first } else { 0 })
    }),
    function(0x17, |emulator, op| {
        select(emulator, op, |[_, first, second]| if second & 1 == 0 { 0 } else { first })
    }),
    function(0x18, |emulator, op| product_sum(emulator, op, false)),
    function(0x19, |emulator, op| product_sum(emulator, op, true)),
    function(0x1a, round),
    function(0x1b, class),
    function(0x1c, |emulator, op| extreme(emulator, op, false, false)),
    function(0x1d, |emulator, op| extreme(emulator, op, false, true)),
    function(0x1e, |emulator, op| extreme(emulator, op, true, false)),
    function(0x1f, |emulator, op| extreme(emulator, op, true, true)),
    // CFC1, CTC1.
    Override { mask: 0xffe0_07ff, value: 0x4440_0000, handler: Handler::new(read_control) },
    Override { mask: 0xffe0_07ff, value: 0x44c0_0000, handler: Handler::new(write_control) },
];

/// The old content of the result's register, and the two operands.
fn operands(emulator: &NativeEmulator, word: Word, size: usize) -> [u128; 3] {
    [6, 11, 16].map(|low| emulator.mips_float(word.field(low), size))
}

/// CMP.condn: all ones or zeros. The fifth bit of the condition negates it.
fn compare(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    let condition = word.0 & 31;
    // Of the negated ones there are OR, UNE and NE.
    if condition >= 16 && !matches!(condition & 7, 1..=3) {
        return Err(Halt::Invalid);
    }
    let [_, first, second] = operands(emulator, word, size);
    let (holds, raised) = relation(emulator.mips_nans(), size, [first, second], condition & 15);
    let ones = if holds == (condition < 16) { u128::MAX >> (128 - 8 * size) } else { 0 };
    finish(emulator, word, size, (ones, raised))
}

fn select(emulator: &mut NativeEmulator, op: &UserOp, chosen: fn([u128; 3]) -> u128) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    let value = chosen(operands(emulator, word, size));
    emulator.set_mips_float(word.field(6), size, value);
    Ok(())
}

/// MADDF and MSUBF: rounded once. Of an infinity by zero and a NaN that is
/// added, the NaN is the result, and it is invalid (IEEE 754-2008, 7.2).
fn product_sum(emulator: &mut NativeEmulator, op: &UserOp, is_negated: bool) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    let [sum, a, b] = operands(emulator, word, size);
    let (nans, rounding) = (emulator.mips_nans(), emulator.fcsr_rounding());
    let result = match nans.propagated(size, &[sum, a, b]) {
        Some((nan, raised)) => {
            let magnitude = |value| value & (sign_bit(size) - 1);
            let infinity = if size == 4 { 0xff << 23 } else { 0x7ff << 52 };
            let is_none = [(a, b), (b, a)].iter().any(|(zero, other)| {
                magnitude(*zero) == 0 && magnitude(*other) == infinity && is_nan(size, sum)
            });
            (nan, if is_none { raised | INVALID } else { raised })
        }
        None => {
            let first = if is_negated { a ^ sign_bit(size) } else { a };
            nans.compute(Arithmetic::MultiplyAdd, size, &[first, b, sum], rounding)
        }
    };
    finish(emulator, word, size, result)
}

/// RINT: to an integer in the same format.
fn round(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    let [_, value, _] = operands(emulator, word, size);
    let result = emulator.mips_nans().propagated(size, &[value]).unwrap_or_else(|| {
        let (value, status) =
            exact::to_integral(value, size, emulator.fcsr_rounding(), NanRule::SignallingFirst);
        (value, exceptions(status))
    });
    finish(emulator, word, size, result)
}

/// CLASS: one bit, from signalling NaNs to positive zeros.
fn class(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    let [_, value, _] = operands(emulator, word, size);
    let magnitude = value & (sign_bit(size) - 1);
    let infinity = if size == 4 { 0xff << 23 } else { 0x7ff << 52 };
    let smallest_normal = quiet_bit(size) << 1;
    let kind = match magnitude {
        _ if emulator.mips_nans().is_signalling(size, value) => 0,
        _ if is_nan(size, value) => 1,
        0 => 5,
        it if it == infinity => 2,
        it if it < smallest_normal => 4,
        _ => 3,
    };
    let is_positive = kind > 1 && magnitude == value;
    emulator.set_mips_float(word.field(6), size, 1 << (kind + if is_positive { 4 } else { 0 }));
    Ok(())
}

/// MIN, MAX, MINA and MAXA: minNum and maxNum of IEEE 754-2008, 5.3.1: of a
/// number and a quiet NaN it is the number; of the zeros, the negative one is
/// less.
fn extreme(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    is_greatest: bool,
    of_magnitudes: bool,
) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let size = word.size()?;
    let [_, a, b] = operands(emulator, word, size);
    let nans = emulator.mips_nans();
    let numbers = [a, b].iter().filter(|value| !is_nan(size, **value)).count();
    let is_signalling = [a, b].iter().any(|value| nans.is_signalling(size, *value));
    let result = match nans.propagated(size, &[a, b]) {
        Some(result) if is_signalling || numbers == 0 => result,
        Some(_) => (if is_nan(size, a) { b } else { a }, 0),
        None => {
            let by_value = |value: u128| (order(size, value), value & sign_bit(size) == 0);
            let key = |value: u128| {
                let magnitude = if of_magnitudes { value & (sign_bit(size) - 1) } else { 0 };
                (magnitude, by_value(value))
            };
            let first_is_greater = key(a) > key(b);
            (if first_is_greater == is_greatest { a } else { b }, 0)
        }
    };
    finish(emulator, word, size, result)
}

/// Which bits of FCSR are those of FEXR, FENR (volume I-A, 5.6.4, 5.6.5).
const EXCEPTIONS: u32 = 0x3_f07c;
const ENABLES: u32 = 0xf83;
/// FS, which is bit 24 of FCSR and bit 2 of FENR.
const FLUSH: u32 = 1 << 24;

fn read_control(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let status = emulator.fcsr();
    let value = match word.field(11) {
        0 => emulator.user_register("fir") as u32,
        26 => status & EXCEPTIONS,
        28 => status & ENABLES | (status & FLUSH) >> 22,
        31 => status,
        // The others are reserved, and read as zero.
        _ => 0,
    };
    emulator.set_integer_register(word.field(16), i128::from(value as i32) as u128);
    Ok(())
}

/// What is written: not NAN2008 and ABS2008, which are fixed. A cause that is
/// enabled is an exception.
fn write_control(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let value = emulator.numbered("zero", word.field(16)) as u32;
    let (mask, value) = match word.field(11) {
        // With reserved bits nothing is written, as in QEMU.
        26 | 28 if value & 0x007c_0000 != 0 => return Ok(()),
        26 => (EXCEPTIONS, value),
        28 => (ENABLES | FLUSH, value & ENABLES | (value & 4) << 22),
        31 => (EXCEPTIONS | ENABLES | FLUSH, value),
        _ => return Ok(()),
    };
    let status = emulator.fcsr() & !mask | value & mask;
    emulator.set_user_register("fcsr", status.into());
    // An operation that is not implemented cannot be disabled (5.6.3, Cause).
    if status >> 12 & (status >> 7 & 0x1f | 0x20) != 0 {
        return Err(Halt::Arithmetic(ArithmeticKind::FloatingPoint, 15));
    }
    Ok(())
}
