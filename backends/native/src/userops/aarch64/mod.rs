//! AArch64: vectors of integers, and the rest that the specification leaves
//! to the emulator.

mod crypto;
mod float;
mod integer;

use super::{
    Handler, Table,
    lanes::{Lanes, lane, mask, saturate, shift, signed, vector},
};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(crate) use float::OVERRIDES;

pub(crate) const INTEGER: &[Override] = &integer::OVERRIDES;

/// The cumulative saturation flag in `fpsr`.
const SATURATED: u128 = 1 << 27;

macro_rules! unary {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            emulator.unary(op, $function);
            Ok(())
        })
    };
}

macro_rules! binary {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            emulator.binary(op, $function);
            Ok(())
        })
    };
}

macro_rules! ternary {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            emulator.ternary(op, $function);
            Ok(())
        })
    };
}

macro_rules! pairwise {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            emulator.pairwise(op, $function);
            Ok(())
        })
    };
}

macro_rules! across {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            emulator.across(op, $function);
            Ok(())
        })
    };
}

/// Lanes that saturate: signed or not, from two operands.
macro_rules! saturating {
    ($signed:literal, $function:expr) => {
        Handler::new(|emulator, op| {
            let saturated = std::cell::Cell::new(false);
            emulator.binary(op, |a, b, bits| {
                let wide: i128 = $function(number(a, bits, $signed), number(b, bits, $signed));
                let (value, other) = saturate(wide, bits, $signed);
                saturated.set(saturated.get() || other);
                value
            });
            note_saturation(emulator, saturated.get());
            Ok(())
        })
    };
}

/// Shifts by a register or an immediate: signed operand, signed result,
/// rounded, saturated.
macro_rules! shifting {
    ($signed:literal, $to_signed:literal, $rounds:literal, $saturates:literal) => {
        Handler::new(|emulator, op| {
            shift_lanes(emulator, op, [$signed, $to_signed, $rounds, $saturates]);
            Ok(())
        })
    };
}

/// Shifts right to lanes of half the size: signed operand, signed result,
/// rounded, saturated; into the upper half.
macro_rules! narrowing {
    ($signed:literal, $to_signed:literal, $rounds:literal, $saturates:literal, $upper:literal) => {
        Handler::new(|emulator, op| {
            narrow(emulator, op, [$signed, $to_signed, $rounds, $saturates], $upper);
            Ok(())
        })
    };
}

const NOTHING: Handler = Handler::nothing();

pub(super) const TABLE: Table = &[
    ("NEON_cls", unary!(leading_signs)),
    ("NEON_rbit", unary!(|a, _| u128::from((a as u8).reverse_bits()))),
    ("NEON_neg", unary!(|a, _| a.wrapping_neg())),
    ("NEON_rev16", Handler::new(|emulator, op| reverse(emulator, op, 16))),
    ("NEON_rev32", Handler::new(|emulator, op| reverse(emulator, op, 32))),
    ("NEON_rev64", Handler::new(|emulator, op| reverse(emulator, op, 64))),
    ("NEON_ext", Handler::new(extract)),
    ("a64_TBL", Handler::new(table_lookup)),
    ("MP_INT_ABS", unary!(|a, bits| signed(a, bits).unsigned_abs())),
    ("NEON_smax", binary!(|a, b, bits| signed(a, bits).max(signed(b, bits)) as u128)),
    ("NEON_smin", binary!(|a, b, bits| signed(a, bits).min(signed(b, bits)) as u128)),
    ("NEON_umax", binary!(|a: u128, b, _| a.max(b))),
    ("NEON_umin", binary!(|a: u128, b, _| a.min(b))),
    ("NEON_smaxp", pairwise!(|a, b, bits| signed(a, bits).max(signed(b, bits)) as u128)),
    ("NEON_sminp", pairwise!(|a, b, bits| signed(a, bits).min(signed(b, bits)) as u128)),
    ("NEON_umaxp", pairwise!(|a: u128, b, _| a.max(b))),
    ("NEON_uminp", pairwise!(|a: u128, b, _| a.min(b))),
    ("NEON_smaxv", across!(|a, b, bits| signed(a, bits).max(signed(b, bits)) as u128 & mask(bits))),
    ("NEON_sminv", across!(|a, b, bits| signed(a, bits).min(signed(b, bits)) as u128 & mask(bits))),
    ("NEON_umaxv", across!(|a: u128, b, _| a.max(b))),
    ("NEON_uminv", across!(|a: u128, b, _| a.min(b))),
    ("NEON_saddlv", Handler::new(|emulator, op| sum(emulator, op, true))),
    ("NEON_uaddlv", Handler::new(|emulator, op| sum(emulator, op, false))),
    ("NEON_shadd", binary!(|a, b, bits| ((signed(a, bits) + signed(b, bits)) >> 1) as u128)),
    ("NEON_uhadd", binary!(|a, b, _| (a + b) >> 1)),
    ("NEON_srhadd", binary!(|a, b, bits| ((signed(a, bits) + signed(b, bits) + 1) >> 1) as u128)),
    ("NEON_urhadd", binary!(|a, b, _| (a + b + 1) >> 1)),
    ("NEON_shsub", binary!(|a, b, bits| ((signed(a, bits) - signed(b, bits)) >> 1) as u128)),
    ("NEON_uhsub", binary!(|a, b, _| ((a as i128 - b as i128) >> 1) as u128)),
    ("NEON_sabd", binary!(|a, b, bits| signed(a, bits).abs_diff(signed(b, bits)))),
    ("NEON_uabd", binary!(|a: u128, b, _| a.abs_diff(b))),
    ("NEON_saba", ternary!(|a: u128, b, c, bits| a.wrapping_add(signed(b, bits).abs_diff(signed(c, bits))))),
    ("NEON_uaba", ternary!(|a: u128, b: u128, c, _| a.wrapping_add(b.abs_diff(c)))),
    ("NEON_sqadd", saturating!(true, |a, b| a + b)),
    ("NEON_uqadd", saturating!(false, |a, b| a + b)),
    ("NEON_sqsub", saturating!(true, |a, b| a - b)),
    ("NEON_uqsub", saturating!(false, |a, b| a - b)),
    ("NEON_usqadd", Handler::new(add_signed)),
    ("NEON_sqdmulh", Handler::new(|emulator, op| double_high(emulator, op, false))),
    ("NEON_sqrdmulh", Handler::new(|emulator, op| double_high(emulator, op, true))),
    ("NEON_sqdmull", Handler::new(double_long)),
    ("NEON_umull", Handler::new(|emulator, op| long(emulator, op, |a, b, _| a * b))),
    ("NEON_pmul", binary!(carryless)),
    ("NEON_pmull", Handler::new(|emulator, op| long(emulator, op, carryless))),
    ("NEON_pmull2", Handler::new(|emulator, op| long_upper(emulator, op, carryless))),
    ("NEON_shl", shifting!(false, false, false, false)),
    ("NEON_sshl", shifting!(true, true, false, false)),
    ("NEON_ushl", shifting!(false, false, false, false)),
    ("NEON_srshl", shifting!(true, true, true, false)),
    ("NEON_urshl", shifting!(false, false, true, false)),
    ("NEON_sqshl", shifting!(true, true, false, true)),
    ("NEON_uqshl", shifting!(false, false, false, true)),
    ("NEON_sqrshl", shifting!(true, true, true, true)),
    ("NEON_uqrshl", shifting!(false, false, true, true)),
    ("NEON_sqshlu", shifting!(true, false, false, true)),
    ("NEON_sshr", Handler::new(|emulator, op| shift_right(emulator, op, true, false))),
    ("NEON_srshr", Handler::new(|emulator, op| shift_right(emulator, op, true, true))),
    ("NEON_urshr", Handler::new(|emulator, op| shift_right(emulator, op, false, true))),
    ("NEON_sli", Handler::new(|emulator, op| insert(emulator, op, true))),
    ("NEON_sri", Handler::new(|emulator, op| insert(emulator, op, false))),
    ("NEON_rshrn", narrowing!(false, false, true, false, false)),
    ("NEON_rshrn2", narrowing!(false, false, true, false, true)),
    ("NEON_sqshrn", narrowing!(true, true, false, true, false)),
    ("NEON_sqshrn2", narrowing!(true, true, false, true, true)),
    ("NEON_uqshrn", narrowing!(false, false, false, true, false)),
    ("NEON_uqshrn2", narrowing!(false, false, false, true, true)),
    ("NEON_sqshrun", narrowing!(true, false, false, true, false)),
    ("NEON_sqshrun2", narrowing!(true, false, false, true, true)),
    ("NEON_sqrshrn", narrowing!(true, true, true, true, false)),
    ("NEON_sqrshrn2", narrowing!(true, true, true, true, true)),
    ("NEON_uqrshrn", narrowing!(false, false, true, true, false)),
    ("NEON_uqrshrn2", narrowing!(false, false, true, true, true)),
    ("NEON_sqrshrun", narrowing!(true, false, true, true, false)),
    ("NEON_sqrshrun2", narrowing!(true, false, true, true, true)),
    ("NEON_sqxtn", narrowing!(true, true, false, true, false)),
    ("NEON_sqxtn2", narrowing!(true, true, false, true, true)),
    ("NEON_uqxtn", narrowing!(false, false, false, true, false)),
    ("NEON_uqxtn2", narrowing!(false, false, false, true, true)),
    ("NEON_sqxtun", narrowing!(true, false, false, true, false)),
    ("NEON_sqxtun2", narrowing!(true, false, false, true, true)),
    ("NEON_raddhn", Handler::new(|emulator, op| high_half(emulator, op, false, false))),
    ("NEON_rsubhn", Handler::new(|emulator, op| high_half(emulator, op, true, false))),
    ("NEON_rsubhn2", Handler::new(|emulator, op| high_half(emulator, op, true, true))),
    ("NEON_fmov", Handler::new(repeat)),
    // There is one processor: nobody takes the monitor away.
    (
        "ExclusiveMonitorPass",
        Handler::new(|emulator, op| {
            emulator.set_user_result(op, 1);
            Ok(())
        }),
    ),
    (
        "ExclusiveMonitorsStatus",
        Handler::new(|emulator, op| {
            emulator.set_user_result(op, 0);
            Ok(())
        }),
    ),
    ("ClearExclusiveLocal", NOTHING),
    ("DC_ZVA", Handler::new(zero_block)),
    ("DC_CVAC", NOTHING),
    ("DC_CVAU", NOTHING),
    ("DC_CVAP", NOTHING),
    ("DC_CIVAC", NOTHING),
    ("IC_IVAU", NOTHING),
    ("IC_IALLU", NOTHING),
    ("IC_IALLUIS", NOTHING),
    ("SpeculationBarrier", NOTHING),
    ("LOAcquire", NOTHING),
    ("LORelease", NOTHING),
    ("ValidCallTarget", NOTHING),
    ("ValidJumpTarget", NOTHING),
    ("ValidJumpTargetWhenDestIsX16OrX17", NOTHING),
    ("ValidJumpTargetIfPermittedBySCTLR", NOTHING),
];

pub(super) const CRYPTO: Table = crypto::TABLE;
pub(super) const FLOAT: Table = float::TABLE;

/// A lane as a number.
fn number(value: u128, bits: u32, is_signed: bool) -> i128 {
    if is_signed { signed(value, bits) } else { value as i128 }
}

fn note_saturation(emulator: &mut NativeEmulator, saturated: bool) {
    if saturated {
        let old = emulator.user_register("fpsr");
        emulator.set_user_register("fpsr", old | SATURATED);
    }
}

/// How many bits below the highest are like it.
fn leading_signs(value: u128, bits: u32) -> u128 {
    let value = signed(value, bits);
    let same = if value < 0 { value.leading_ones() } else { value.leading_zeros() };
    u128::from(same - (128 - bits) - 1)
}

/// The product without carries.
fn carryless(a: u128, b: u128, bits: u32) -> u128 {
    (0..bits).filter(|bit| b >> bit & 1 != 0).fold(0, |product, bit| product ^ a << bit)
}

/// Reverses the lanes in groups of some bits.
fn reverse(emulator: &mut NativeEmulator, op: &UserOp, group: u32) -> Result<(), Halt> {
    let Lanes { bits, count } = emulator.lanes(op, 1);
    let a = emulator.user_input(op, 0);
    let each = group / bits;
    let value = vector(count, bits, |index| lane(a, index - index % each + each - 1 - index % each, bits));
    emulator.set_user_result(op, value);
    Ok(())
}

fn extract(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let [low, high, skip] = [0, 1, 2].map(|index| emulator.user_input(op, index));
    let bits = 8 * NativeEmulator::user_input_size(op, 0) as u32;
    let skip = (8 * skip as u32).min(bits);
    let value = low.checked_shr(skip).unwrap_or(0) | high.checked_shl(bits - skip).unwrap_or(0);
    emulator.set_user_result(op, value & mask(bits));
    Ok(())
}

/// The inputs are what is kept for indices that are out of range, the
/// registers of the table, and the indices.
fn table_lookup(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let last = op.inputs.len().saturating_sub(1);
    let kept = emulator.user_input(op, 0);
    let table: Vec<u8> = (1..last).flat_map(|index| emulator.user_input(op, index).to_le_bytes()).collect();
    let indices = emulator.user_input(op, last);
    let value = vector(NativeEmulator::user_input_size(op, last) as u32, 8, |index| {
        let at = lane(indices, index, 8) as usize;
        table.get(at).map_or_else(|| lane(kept, index, 8), |byte| u128::from(*byte))
    });
    emulator.set_user_result(op, value);
    Ok(())
}

fn sum(emulator: &mut NativeEmulator, op: &UserOp, is_signed: bool) -> Result<(), Halt> {
    let Lanes { bits, count } = emulator.lanes(op, 1);
    let a = emulator.user_input(op, 0);
    let total: i128 = (0..count).map(|index| number(lane(a, index, bits), bits, is_signed)).sum();
    emulator.set_user_result(op, total as u128);
    Ok(())
}

/// Unsigned lanes plus signed ones.
fn add_signed(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let saturated = std::cell::Cell::new(false);
    emulator.binary(op, |a, b, bits| {
        let (value, other) = saturate(a as i128 + signed(b, bits), bits, false);
        saturated.set(saturated.get() || other);
        value
    });
    note_saturation(emulator, saturated.get());
    Ok(())
}

fn double_high(emulator: &mut NativeEmulator, op: &UserOp, rounds: bool) -> Result<(), Halt> {
    let saturated = std::cell::Cell::new(false);
    emulator.binary(op, |a, b, bits| {
        let bias = if rounds { 1i128 << (bits - 1) } else { 0 };
        let (value, other) = saturate((2 * signed(a, bits) * signed(b, bits) + bias) >> bits, bits, true);
        saturated.set(saturated.get() || other);
        value
    });
    note_saturation(emulator, saturated.get());
    Ok(())
}

fn double_long(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let saturated = std::cell::Cell::new(false);
    let result = long(emulator, op, |a, b, bits| {
        let (value, other) = saturate(2 * signed(a, bits) * signed(b, bits), 2 * bits, true);
        saturated.set(saturated.get() || other);
        value
    });
    note_saturation(emulator, saturated.get());
    result
}

/// Lanes of twice the size.
fn long(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    function: impl Fn(u128, u128, u32) -> u128,
) -> Result<(), Halt> {
    let Lanes { bits, count } = emulator.lanes(op, 2);
    let (a, b) = (emulator.user_input(op, 0), emulator.user_input(op, 1));
    let value = vector(count, 2 * bits, |index| function(lane(a, index, bits), lane(b, index, bits), bits));
    emulator.set_user_result(op, value);
    Ok(())
}

/// Lanes of twice the size from the upper halves.
fn long_upper(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    function: impl Fn(u128, u128, u32) -> u128,
) -> Result<(), Halt> {
    let Lanes { bits, .. } = emulator.lanes(op, 2);
    let (a, b) = (emulator.user_input(op, 0) >> 64, emulator.user_input(op, 1) >> 64);
    let value =
        vector(64 / bits, 2 * bits, |index| function(lane(a, index, bits), lane(b, index, bits), bits));
    emulator.set_user_result(op, value);
    Ok(())
}

/// Shifts by lanes of a register, or by an immediate, which is narrower.
fn shift_lanes(emulator: &mut NativeEmulator, op: &UserOp, kind: [bool; 4]) {
    let [is_signed, to_signed, rounds, saturates] = kind;
    let Lanes { bits, count } = emulator.lanes(op, 2);
    let (a, b) = (emulator.user_input(op, 0), emulator.user_input(op, 1));
    let immediate = NativeEmulator::user_input_size(op, 1) < NativeEmulator::user_input_size(op, 0);
    let mut saturated = false;
    let value = vector(count, bits, |index| {
        // Of a lane, the lowest byte counts.
        let amount = if immediate { b as u8 as i8 } else { lane(b, index, bits) as u8 as i8 };
        let wide = shift(number(lane(a, index, bits), bits, is_signed), amount.into(), rounds);
        if saturates {
            let (value, other) = saturate(wide, bits, to_signed);
            saturated |= other;
            value
        } else {
            wide as u128
        }
    });
    emulator.set_user_result(op, value);
    note_saturation(emulator, saturated);
}

fn shift_right(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    is_signed: bool,
    rounds: bool,
) -> Result<(), Halt> {
    let Lanes { bits, count } = emulator.lanes(op, 2);
    let (a, amount) = (emulator.user_input(op, 0), emulator.user_input(op, 1) as i32);
    let value = vector(count, bits, |index| {
        shift(number(lane(a, index, bits), bits, is_signed), -amount, rounds && amount > 0) as u128
    });
    emulator.set_user_result(op, value);
    Ok(())
}

/// Shifts and keeps the bits that nothing was shifted into.
fn insert(emulator: &mut NativeEmulator, op: &UserOp, left: bool) -> Result<(), Halt> {
    let Lanes { bits, count } = emulator.lanes(op, 3);
    let [old, new, amount] = [0, 1, 2].map(|index| emulator.user_input(op, index));
    let amount = (amount as u32).min(bits);
    let value = vector(count, bits, |index| {
        let (old, new) = (lane(old, index, bits), lane(new, index, bits));
        let (shifted, filled) =
            if left { (new << amount, mask(bits) << amount) } else { (new >> amount, mask(bits) >> amount) };
        old & !filled | shifted & filled
    });
    emulator.set_user_result(op, value);
    Ok(())
}

/// To lanes of half the size. The inputs are the old value, the operand, the
/// amount and the size of lanes; some of them are left out.
fn narrow(emulator: &mut NativeEmulator, op: &UserOp, kind: [bool; 4], upper: bool) {
    let [is_signed, to_signed, rounds, saturates] = kind;
    let size = |index| NativeEmulator::user_input_size(op, index);
    let out = op.out.map_or(0, |out| usize::from(out.size));
    let inputs = op.inputs.len();
    // The operand is the first that is wider than a byte, behind the old
    // value if there is one.
    let has_old = inputs >= 2 && size(1) > 1;
    let source = usize::from(has_old);
    let (amount, lane_size) = match inputs - source {
        1 => (0, size(source)),
        // An amount for a scalar, or the lane size of a vector.
        2 if out <= 4 && !upper => (emulator.user_input(op, source + 1) as i32, size(source)),
        2 => (0, emulator.user_input(op, source + 1) as usize),
        _ => (emulator.user_input(op, source + 1) as i32, emulator.user_input(op, source + 2) as usize),
    };
    let bits = 8 * (lane_size as u32).clamp(2, 16);
    let a = emulator.user_input(op, source);
    let count = 8 * size(source) as u32 / bits;
    let mut saturated = false;
    let value = vector(count, bits / 2, |index| {
        let wide = shift(number(lane(a, index, bits), bits, is_signed), -amount, rounds && amount > 0);
        if saturates {
            let (value, other) = saturate(wide, bits / 2, to_signed);
            saturated |= other;
            value
        } else {
            wide as u128
        }
    });
    let value = if upper {
        let old = match op.out {
            Some(out) => emulator.file.integer(out.at.into(), out.size.into()),
            None => 0,
        };
        old & u128::from(u64::MAX) | value << 64
    } else {
        value
    };
    emulator.set_user_result(op, value);
    note_saturation(emulator, saturated);
}

/// The upper halves of sums or differences, rounded.
fn high_half(emulator: &mut NativeEmulator, op: &UserOp, subtract: bool, upper: bool) -> Result<(), Halt> {
    let Lanes { bits, .. } = emulator.lanes(op, 3);
    let [old, a, b] = [0, 1, 2].map(|index| emulator.user_input(op, index));
    // The wider of old and operands decides: `raddhn2` has the same name.
    let upper = upper || op.out.is_some_and(|out| out.size == 16);
    let half = bits / 2;
    let value = vector(128 / bits, half, |index| {
        let (a, b) = (lane(a, index, bits), lane(b, index, bits));
        let result = if subtract { a.wrapping_sub(b) } else { a + b };
        (result.wrapping_add(1 << (half - 1)) & mask(bits)) >> half
    });
    emulator.set_user_result(op, if upper { old & u128::from(u64::MAX) | value << 64 } else { value });
    Ok(())
}

/// The same in all lanes of the result.
fn repeat(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let bits = 8 * (emulator.user_input(op, 1) as u32).clamp(1, 8);
    let a = emulator.user_input(op, 0);
    let count = op.out.map_or(0, |out| 8 * u32::from(out.size) / bits);
    emulator.set_user_result(op, vector(count, bits, |_| a));
    Ok(())
}

/// Zeroes the block of 64 bytes around an address.
fn zero_block(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let address = emulator.user_input(op, 0) as u64 & !63;
    emulator.user_write(address, &[0; 64])
}
