//! Parallel and saturating integer instructions (Arm ARM ARMv7-A, A5.4, A6.3.14,
//! A6.3.15).

use super::super::{Word, lanes::saturate, rows};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(in crate::arm) const ARM: &[Override] = rows![
    0x0f80_0010, 0x0600_0010 => |e, w: Word| {
        let kinds = match w.field(20, 2) {
            1 => Kind::Modulo,
            2 => Kind::Saturating,
            3 => Kind::Halving,
            _ => return Err(Halt::Invalid),
        };
        let operation = match w.field(5, 3) {
            0 => Operation::Add16,
            1 => Operation::AddSub,
            2 => Operation::SubAdd,
            3 => Operation::Sub16,
            4 => Operation::Add8,
            7 => Operation::Sub8,
            _ => return Err(Halt::Invalid),
        };
        parallel(e, operation, kinds, w.bit(22), [w.field(12, 4), w.field(16, 4), w.field(0, 4)])
    },
    0x0ff0_00f0, 0x0680_00b0 => |e, w: Word| {
        select(e, [w.field(12, 4), w.field(16, 4), w.field(0, 4)])
    },
    0x0ff0_00f0, 0x06a0_0030 => |e, w: Word| {
        saturate_halves(e, true, w.field(16, 4) + 1, [w.field(12, 4), w.field(0, 4)])
    },
    0x0ff0_00f0, 0x06e0_0030 => |e, w: Word| {
        saturate_halves(e, false, w.field(16, 4), [w.field(12, 4), w.field(0, 4)])
    },
    0x0f90_00f0, 0x0100_0050 => arm_saturating,
    0x0ff0_00f0, 0x0780_0010 => |e: &mut NativeEmulator, w: Word| {
        let sum = w.field(12, 4);
        let sum = if sum == 15 { 0 } else { e.r(sum) };
        differences(e, sum, [w.field(16, 4), w.field(0, 4), w.field(8, 4)])
    },
];

/// Those that ARMv5TE has.
pub(in crate::arm) const OLD: &[Override] = rows![0x0f90_00f0, 0x0100_0050 => arm_saturating];

pub(in crate::arm) const THUMB: &[Override] = rows![
    0xff80_f080, 0xfa80_f000 => |e, w: Word| {
        let kinds = match w.field(4, 2) {
            0 => Kind::Modulo,
            1 => Kind::Saturating,
            2 => Kind::Halving,
            _ => return Err(Halt::Invalid),
        };
        let operation = match w.field(20, 3) {
            0 => Operation::Add8,
            1 => Operation::Add16,
            2 => Operation::AddSub,
            4 => Operation::Sub8,
            5 => Operation::Sub16,
            6 => Operation::SubAdd,
            _ => return Err(Halt::Invalid),
        };
        parallel(e, operation, kinds, w.bit(6), [w.field(8, 4), w.field(16, 4), w.field(0, 4)])
    },
    0xfff0_f0f0, 0xfaa0_f080 => |e, w: Word| select(e, [w.field(8, 4), w.field(16, 4), w.field(0, 4)]),
    0xfff0_f0f0, 0xf320_0000 => |e, w: Word| {
        saturate_halves(e, true, w.field(0, 4) + 1, [w.field(8, 4), w.field(16, 4)])
    },
    0xfff0_f0f0, 0xf3a0_0000 => |e, w: Word| {
        saturate_halves(e, false, w.field(0, 4), [w.field(8, 4), w.field(16, 4)])
    },
    0xfff0_f0c0, 0xfa80_f080 => |e, w: Word| {
        let (subtracts, doubles) = (w.bit(5), w.bit(4));
        saturating(e, subtracts, doubles, [w.field(8, 4), w.field(0, 4), w.field(16, 4)])
    },
    0xfff0_00f0, 0xfb70_0000 => |e: &mut NativeEmulator, w: Word| {
        let sum = w.field(12, 4);
        let sum = if sum == 15 { 0 } else { e.r(sum) };
        differences(e, sum, [w.field(8, 4), w.field(16, 4), w.field(0, 4)])
    },
];

/// What is done with the parts of two registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Add16,
    /// The halves of the second register change places: difference below, sum
    /// above.
    AddSub,
    /// Sum below, difference above.
    SubAdd,
    Sub16,
    Add8,
    Sub8,
}

/// What becomes of results that do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The flags GE tell of them.
    Modulo,
    Saturating,
    Halving,
}

/// The registers are those of the result and of the operands.
fn parallel(
    emulator: &mut NativeEmulator,
    operation: Operation,
    kind: Kind,
    unsigned: bool,
    [d, n, m]: [u32; 3],
) -> Result<(), Halt> {
    let bits = if matches!(operation, Operation::Add8 | Operation::Sub8) { 8 } else { 16 };
    let (a, b) = (emulator.r(n), emulator.r(m));
    let exchanges = matches!(operation, Operation::AddSub | Operation::SubAdd);
    let b = if exchanges { b.rotate_left(16) } else { b };
    let part = |value: u32, index: u32| {
        let value = value >> (bits * index) & ((1 << bits) - 1);
        if unsigned { i64::from(value) } else { i64::from((value << (32 - bits)) as i32 >> (32 - bits)) }
    };
    let (mut result, mut ge) = (0, [false; 4]);
    for index in 0..32 / bits {
        let subtracts = match operation {
            Operation::Add16 | Operation::Add8 => false,
            Operation::Sub16 | Operation::Sub8 => true,
            Operation::AddSub => index == 0,
            Operation::SubAdd => index == 1,
        };
        let (x, y) = (part(a, index), part(b, index));
        let wide = if subtracts { x - y } else { x + y };
        let value = match kind {
            Kind::Modulo => wide,
            Kind::Saturating => saturate(wide.into(), bits, !unsigned).0 as i64,
            Kind::Halving => wide >> 1,
        };
        result |= (value as u32 & ((1 << bits) - 1)) << (bits * index);
        // Sums of unsigned numbers set them by their carry.
        let holds = if unsigned && !subtracts { wide >> bits != 0 } else { wide >= 0 };
        let each = 4 * bits / 32;
        ge[(index * each) as usize..((index + 1) * each) as usize].fill(holds);
    }
    emulator.set_r(d, result);
    if kind == Kind::Modulo {
        emulator.set_ge(ge);
    }
    Ok(())
}

/// Bytes of the one or the other register by the flags GE.
fn select(emulator: &mut NativeEmulator, [d, n, m]: [u32; 3]) -> Result<(), Halt> {
    let mask = emulator.ge().iter().rev().fold(0, |all, flag| all << 8 | if *flag { 0xff } else { 0 });
    let value = emulator.r(n) & mask | emulator.r(m) & !mask;
    emulator.set_r(d, value);
    Ok(())
}

fn saturate_halves(
    emulator: &mut NativeEmulator,
    is_signed: bool,
    bits: u32,
    [d, n]: [u32; 2],
) -> Result<(), Halt> {
    let value = emulator.r(n);
    let near = |half: u32| {
        let half = half as u16 as i16;
        if bits == 0 { (0, half != 0) } else { saturate(half.into(), bits, is_signed) }
    };
    let (low, high) = (near(value), near(value >> 16));
    let extend = |value: u128| {
        if is_signed { (value as i32) << (32 - bits) >> (32 - bits) } else { value as i32 }
    };
    emulator.set_r(d, extend(low.0) as u32 & 0xffff | (extend(high.0) as u32) << 16);
    emulator.set_q(low.1 || high.1);
    Ok(())
}

fn arm_saturating(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let registers = [word.field(12, 4), word.field(0, 4), word.field(16, 4)];
    saturating(emulator, word.bit(21), word.bit(22), registers)
}

/// qadd, qsub, qdadd, qdsub.
fn saturating(
    emulator: &mut NativeEmulator,
    subtracts: bool,
    doubles: bool,
    [d, m, n]: [u32; 3],
) -> Result<(), Halt> {
    let of = |register| i128::from(emulator.r(register) as i32);
    let (a, b) = (of(m), of(n));
    let (b, first) = if doubles { saturate(2 * b, 32, true) } else { (b as u128, false) };
    let b = i128::from(b as i32);
    let (value, second) = saturate(if subtracts { a - b } else { a + b }, 32, true);
    emulator.set_r(d, value as u32);
    emulator.set_q(first || second);
    Ok(())
}

/// Adds the absolute differences of four bytes.
fn differences(emulator: &mut NativeEmulator, sum: u32, [d, n, m]: [u32; 3]) -> Result<(), Halt> {
    let (a, b) = (emulator.r(n).to_le_bytes(), emulator.r(m).to_le_bytes());
    let all: u32 = a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b))).sum();
    emulator.set_r(d, sum.wrapping_add(all));
    Ok(())
}
