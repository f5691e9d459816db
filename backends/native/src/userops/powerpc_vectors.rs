//! PowerPC: comparisons, extremes, signs and roundings of the VSX registers,
//! and loads and stores of their scalars (Power ISA 2.07, book I, chapter 7).

use super::{
    Function, Handler,
    lanes::{lane, mask},
    powerpc::{Word, three, two, vector},
    powerpc_float::{self, fpscr},
};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    float::{is_nan, is_signalling, order},
    halt::Halt,
    overrides::Override,
};

/// Doubleword 0, which scalars are in, is the upper half.
const UPPER: u32 = 64;

/// A comparison, which with Rc has a number of its own.
macro_rules! comparison {
    ($size:literal, $function:expr) => {{
        const COMPARE: Function = |emulator, op| compare(emulator, op, $size, $function);
        Handler::new(COMPARE)
    }};
}

/// The larger or the smaller of two, in each lane or in doubleword 0.
macro_rules! extreme {
    ($size:literal, $scalar:literal, $larger:literal) => {{
        const EXTREME: Function = |emulator, op| {
            if signals(emulator, op, $size, $scalar) && emulator.raise_fpscr(fpscr::VXSNAN) {
                return Ok(());
            }
            each_pair(emulator, op, $size, $scalar, |a, b| larger_or_smaller($size, a, b, $larger))
        };
        Handler::new(EXTREME)
    }};
}

/// The second operand with the sign of the first one.
macro_rules! copy_sign {
    ($size:literal, $scalar:literal) => {{
        const COPY: Function = |emulator, op| {
            let sign = 1 << (8 * $size - 1);
            each_pair(emulator, op, $size, $scalar, |a, b| b & !sign | a & sign)
        };
        Handler::new(COPY)
    }};
}

/// A load or store by the sum of two registers.
const fn access(number: u32, function: Function) -> Override {
    Override { mask: 0xfc00_07fe, value: 31 << 26 | number << 1, handler: Handler::new(function) }
}

pub(crate) const OVERRIDES: &[Override] = &[
    three(67, comparison!(4, |order| order == 0)),
    three(75, comparison!(4, |order| order > 0)),
    three(83, comparison!(4, |order| order >= 0)),
    three(99, comparison!(8, |order| order == 0)),
    three(107, comparison!(8, |order| order > 0)),
    three(115, comparison!(8, |order| order >= 0)),
    three(67 + 128, comparison!(4, |order| order == 0)),
    three(75 + 128, comparison!(4, |order| order > 0)),
    three(83 + 128, comparison!(4, |order| order >= 0)),
    three(99 + 128, comparison!(8, |order| order == 0)),
    three(107 + 128, comparison!(8, |order| order > 0)),
    three(115 + 128, comparison!(8, |order| order >= 0)),
    three(160, extreme!(8, true, true)),
    three(168, extreme!(8, true, false)),
    three(192, extreme!(4, false, true)),
    three(200, extreme!(4, false, false)),
    three(224, extreme!(8, false, true)),
    three(232, extreme!(8, false, false)),
    three(176, copy_sign!(8, true)),
    three(208, copy_sign!(4, false)),
    three(240, copy_sign!(8, false)),
    // xvnabssp, xvnabsdp.
    two(425, Handler::new(|emulator, op| each_pair(emulator, op, 4, false, |_, b| b | 1 << 31))),
    two(489, Handler::new(|emulator, op| each_pair(emulator, op, 8, false, |_, b| b | 1 << 63))),
    // lxsdx, lxsspx, lxsiwax, lxsiwzx, lxvdsx.
    access(588, |emulator, op| load(emulator, op, 8, |value| value)),
    access(524, |emulator, op| load(emulator, op, 4, |value| powerpc_float::widened(value.into()))),
    access(76, |emulator, op| load(emulator, op, 4, |value| value as i32 as u64)),
    access(12, |emulator, op| load(emulator, op, 4, |value| value)),
    access(332, splat),
    // stxsdx, stxsspx, stxsiwx.
    access(716, |emulator, op| store(emulator, op, 8, |value| value)),
    access(652, |emulator, op| store(emulator, op, 4, |value| powerpc_float::stored_single(value).into())),
    access(140, |emulator, op| store(emulator, op, 4, |value| value)),
];

/// The lanes of the target from those of the operands; of scalars, only the
/// first, and nothing else is left in the register.
fn each_pair(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    size: usize,
    is_scalar: bool,
    function: impl Fn(u128, u128) -> u128,
) -> Result<(), Halt> {
    if !is_scalar {
        vector(emulator, op, size, |a, b, _, _| function(a, b));
        return Ok(());
    }
    let word = Word(emulator.user_input(op, 0) as u32);
    let [a, b] = [word.a(), word.b()].map(|number| emulator.vsr(number) >> UPPER);
    emulator.set_vsr(word.t(), function(a, b) << UPPER);
    Ok(())
}

/// Sets each lane to ones or zeros, and with Rc tells whether all or none hold.
fn compare(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    size: usize,
    holds: fn(i32) -> bool,
) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let operands = [word.a(), word.b()].map(|number| emulator.vsr(number));
    let bits = 8 * size as u32;
    // Equality is known of quiet NaNs, too; an order is not.
    let is_order = !holds(0) || holds(1);
    let (mut raised, mut value) = (0, 0);
    for index in 0..128 / bits {
        let [a, b] = operands.map(|operand| lane(operand, index, bits));
        if is_signalling(size, a) || is_signalling(size, b) {
            raised |= fpscr::VXSNAN;
        }
        let ordered = !is_nan(size, a) && !is_nan(size, b);
        if is_order && !ordered {
            raised |= fpscr::VXVC;
        }
        if ordered && holds(order(size, a).cmp(&order(size, b)) as i32) {
            value |= mask(bits) << (bits * index);
        }
    }
    if raised != 0 && emulator.raise_fpscr(raised) {
        return Ok(());
    }
    emulator.set_vsr(word.t(), value);
    if word.field(10, 1) != 0 {
        let summary = match value {
            u128::MAX => 8,
            0 => 2,
            _ => 0,
        };
        emulator.set_user_register("cr6", summary);
    }
    Ok(())
}

/// Whether an operand is a signalling NaN.
fn signals(emulator: &NativeEmulator, op: &UserOp, size: usize, is_scalar: bool) -> bool {
    let word = Word(emulator.user_input(op, 0) as u32);
    let bits = 8 * size as u32;
    let first = if is_scalar { UPPER / bits } else { 0 };
    (first..128 / bits).any(|index| {
        [word.a(), word.b()]
            .iter()
            .any(|number| is_signalling(size, lane(emulator.vsr(*number), index, bits)))
    })
}

/// The larger or the smaller number; of a number and a quiet NaN the number,
/// of zeros the positive as the larger one.
fn larger_or_smaller(size: usize, a: u128, b: u128, larger: bool) -> u128 {
    let quiet = 1 << if size == 8 { 51 } else { 22 };
    match (is_nan(size, a), is_nan(size, b)) {
        _ if is_signalling(size, a) => a | quiet,
        _ if is_signalling(size, b) => b | quiet,
        (true, true) => a,
        (true, false) => b,
        (false, true) => a,
        (false, false) => {
            let sign = |value: u128| value >> (8 * size - 1) & 1 != 0;
            let a_is_larger = match order(size, a).cmp(&order(size, b)) {
                std::cmp::Ordering::Equal => sign(b),
                ordering => ordering.is_gt(),
            };
            if a_is_larger == larger { a } else { b }
        }
    }
}

/// The address, and the number of the register.
fn operands(emulator: &NativeEmulator, op: &UserOp) -> (u64, u32) {
    let word = Word(emulator.user_input(op, 0) as u32);
    let [a, b] = [16, 11].map(|low| word.field(low, 5));
    let base = if a == 0 { 0 } else { emulator.numbered("r0", a) as u64 };
    let address = base.wrapping_add(emulator.numbered("r0", b) as u64);
    (address & emulator.address_mask, word.t())
}

fn loaded(emulator: &mut NativeEmulator, address: u64, size: usize) -> Result<u64, Halt> {
    let mut bytes = [0; 8];
    emulator.user_read(address, &mut bytes[..size])?;
    if emulator.data_big_endian {
        bytes[..size].reverse();
    }
    Ok(u64::from_le_bytes(bytes))
}

/// Loads into doubleword 0; the other one is undefined, and stays.
fn load(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    size: usize,
    function: fn(u64) -> u64,
) -> Result<(), Halt> {
    let (address, register) = operands(emulator, op);
    let value = function(loaded(emulator, address, size)?);
    let other = emulator.vsr(register) & mask(UPPER);
    emulator.set_vsr(register, u128::from(value) << UPPER | other);
    Ok(())
}

fn splat(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let (address, register) = operands(emulator, op);
    let value = u128::from(loaded(emulator, address, 8)?);
    emulator.set_vsr(register, value << 64 | value);
    Ok(())
}

fn store(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    size: usize,
    function: fn(u64) -> u64,
) -> Result<(), Halt> {
    let (address, register) = operands(emulator, op);
    let mut bytes = function((emulator.vsr(register) >> UPPER) as u64).to_le_bytes();
    let bytes = &mut bytes[..size];
    if emulator.data_big_endian {
        bytes.reverse();
    }
    emulator.user_write(address, bytes)
}
