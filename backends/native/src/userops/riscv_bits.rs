//! RISC-V: the extensions Zba, Zbb, Zbc, Zbs and Zicond (unprivileged manual,
//! chapters 28 and 12), of which the specification knows drafts.

use super::Handler;
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

/// With two registers: the upper seven bits, the middle three.
macro_rules! registers {
    ($opcode:literal, $upper:literal, $middle:literal, $function:expr) => {
        Override {
            mask: 0xfe00_707f,
            value: $upper << 25 | $middle << 12 | $opcode,
            handler: Handler::new(|emulator, op| {
                let function: fn(u64, u64, u32) -> u64 = $function;
                compute(emulator, op, function, false)
            }),
        }
    };
}

/// With an amount of up to six bits: the upper six bits, the middle three.
macro_rules! amount {
    ($opcode:literal, $upper:literal, $middle:literal, $function:expr) => {
        Override {
            mask: 0xfc00_707f,
            value: $upper << 26 | $middle << 12 | $opcode,
            handler: Handler::new(|emulator, op| {
                let function: fn(u64, u64, u32) -> u64 = $function;
                compute(emulator, op, function, true)
            }),
        }
    };
}

/// With one register: the upper twelve bits, the middle three.
macro_rules! one {
    ($opcode:literal, $upper:literal, $middle:literal, $function:expr) => {
        Override {
            mask: 0xfff0_707f,
            value: $upper << 20 | $middle << 12 | $opcode,
            handler: Handler::new(|emulator, op| {
                let function: fn(u64, u64, u32) -> u64 = $function;
                compute(emulator, op, function, true)
            }),
        }
    };
}

/// Functions of the two operands, zero-extended from the width of the
/// registers, and that width. Of the result only the width counts.
pub(crate) const OVERRIDES: &[Override] = &[
    // Zba.
    registers!(0x33, 0x10, 2, |a, b, _| b.wrapping_add(a << 1)),
    registers!(0x33, 0x10, 4, |a, b, _| b.wrapping_add(a << 2)),
    registers!(0x33, 0x10, 6, |a, b, _| b.wrapping_add(a << 3)),
    registers!(0x3b, 0x04, 0, |a, b, _| b.wrapping_add(word(a))),
    registers!(0x3b, 0x10, 2, |a, b, _| b.wrapping_add(word(a) << 1)),
    registers!(0x3b, 0x10, 4, |a, b, _| b.wrapping_add(word(a) << 2)),
    registers!(0x3b, 0x10, 6, |a, b, _| b.wrapping_add(word(a) << 3)),
    amount!(0x1b, 0x02, 1, |a, b, _| word(a) << (b & 63)),
    // Zbb.
    registers!(0x33, 0x20, 7, |a, b, _| a & !b),
    registers!(0x33, 0x20, 6, |a, b, _| a | !b),
    registers!(0x33, 0x20, 4, |a, b, _| a ^ !b),
    one!(0x13, 0x600, 1, |a, _, width| u64::from(a.leading_zeros() - (64 - width))),
    one!(0x13, 0x601, 1, |a, _, width| u64::from(a.trailing_zeros().min(width))),
    one!(0x13, 0x602, 1, |a, _, _| u64::from(a.count_ones())),
    one!(0x1b, 0x600, 1, |a, _, _| u64::from((a as u32).leading_zeros())),
    one!(0x1b, 0x601, 1, |a, _, _| u64::from((a as u32).trailing_zeros())),
    one!(0x1b, 0x602, 1, |a, _, _| u64::from((a as u32).count_ones())),
    one!(0x13, 0x604, 1, |a, _, _| i64::from(a as i8) as u64),
    one!(0x13, 0x605, 1, |a, _, _| i64::from(a as i16) as u64),
    one!(0x33, 0x080, 4, |a, _, _| u64::from(a as u16)),
    one!(0x3b, 0x080, 4, |a, _, _| u64::from(a as u16)),
    registers!(0x33, 0x05, 4, |a, b, width| if signed(a, width) < signed(b, width) { a } else { b }),
    registers!(0x33, 0x05, 5, |a, b, _| a.min(b)),
    registers!(0x33, 0x05, 6, |a, b, width| if signed(a, width) < signed(b, width) { b } else { a }),
    registers!(0x33, 0x05, 7, |a, b, _| a.max(b)),
    registers!(0x33, 0x30, 1, |a, b, width| rotated(a, width - (b as u32 & (width - 1)), width)),
    registers!(0x33, 0x30, 5, |a, b, width| rotated(a, b as u32, width)),
    amount!(0x13, 0x18, 5, |a, b, width| rotated(a, b as u32, width)),
    registers!(0x3b, 0x30, 1, |a, b, _| sign_extended((a as u32).rotate_left(b as u32 & 31))),
    registers!(0x3b, 0x30, 5, |a, b, _| sign_extended((a as u32).rotate_right(b as u32 & 31))),
    amount!(0x1b, 0x18, 5, |a, b, _| sign_extended((a as u32).rotate_right(b as u32 & 31))),
    one!(0x13, 0x287, 5, |a, _, _| {
        let bytes = a.to_le_bytes().map(|byte| if byte == 0 { 0 } else { 0xff });
        u64::from_le_bytes(bytes)
    }),
    one!(0x13, 0x698, 5, |a, _, width| a.swap_bytes() >> (64 - width)),
    one!(0x13, 0x6b8, 5, |a, _, width| a.swap_bytes() >> (64 - width)),
    // Zbc.
    registers!(0x33, 0x05, 1, |a, b, _| carryless(a, b) as u64),
    registers!(0x33, 0x05, 2, |a, b, width| (carryless(a, b) >> (width - 1)) as u64),
    registers!(0x33, 0x05, 3, |a, b, width| (carryless(a, b) >> width) as u64),
    // Zbs.
    registers!(0x33, 0x14, 1, |a, b, width| a | bit(b, width)),
    registers!(0x33, 0x24, 1, |a, b, width| a & !bit(b, width)),
    registers!(0x33, 0x34, 1, |a, b, width| a ^ bit(b, width)),
    registers!(0x33, 0x24, 5, |a, b, width| u64::from(a & bit(b, width) != 0)),
    amount!(0x13, 0x0a, 1, |a, b, width| a | bit(b, width)),
    amount!(0x13, 0x12, 1, |a, b, width| a & !bit(b, width)),
    amount!(0x13, 0x1a, 1, |a, b, width| a ^ bit(b, width)),
    amount!(0x13, 0x12, 5, |a, b, width| u64::from(a & bit(b, width) != 0)),
    // Zicond.
    registers!(0x33, 0x07, 5, |a, b, _| if b == 0 { 0 } else { a }),
    registers!(0x33, 0x07, 7, |a, b, _| if b == 0 { a } else { 0 }),
];

const fn word(value: u64) -> u64 {
    value & 0xffff_ffff
}

const fn sign_extended(value: u32) -> u64 {
    value as i32 as i64 as u64
}

const fn signed(value: u64, width: u32) -> i64 {
    (value << (64 - width)) as i64 >> (64 - width)
}

const fn bit(number: u64, width: u32) -> u64 {
    1 << (number & (width as u64 - 1))
}

/// To the right.
const fn rotated(value: u64, amount: u32, width: u32) -> u64 {
    if width == 32 {
        (value as u32).rotate_right(amount & 31) as u64
    } else {
        value.rotate_right(amount & 63)
    }
}

/// The product of two polynomials of bits.
const fn carryless(a: u64, b: u64) -> u128 {
    let (mut product, mut index) = (0, 0);
    while index < 64 {
        if b >> index & 1 != 0 {
            product ^= (a as u128) << index;
        }
        index += 1;
    }
    product
}

fn compute(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    function: fn(u64, u64, u32) -> u64,
    is_immediate: bool,
) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let (rd, rs1, rs2) = (word >> 7 & 31, word >> 15 & 31, word >> 20 & 31);
    let a = emulator.numbered("zero", rs1) as u64;
    let b = if is_immediate { u64::from(word >> 20 & 63) } else { emulator.numbered("zero", rs2) as u64 };
    let width = 8 * u32::from(emulator.definition.pointer_bytes);
    let value = function(a, b, width);
    emulator.set_integer_register(rd, value.into());
    Ok(())
}
