//! SPARC: divisions, whose quotients are the nearest that fit, and tagged
//! arithmetic that traps (SPARC Architecture Manual, V8, B.16 and B.20; V9,
//! A.37 and A.58).

use terrella_emulator_api::ArithmeticKind;

use super::Handler;
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

/// An instruction of format 3 with an operation of the first group.
const fn entry(number: u32, function: super::Function) -> Override {
    Override { mask: 0xc1f8_0000, value: 0x8000_0000 | number << 19, handler: Handler::new(function) }
}

pub(crate) const OVERRIDES: &[Override] = &[
    entry(0x0e, |emulator, op| divide(emulator, op, false, false)),
    entry(0x0f, |emulator, op| divide(emulator, op, true, false)),
    entry(0x1e, |emulator, op| divide(emulator, op, false, true)),
    entry(0x1f, |emulator, op| divide(emulator, op, true, true)),
    entry(0x22, |emulator, op| tagged(emulator, op, false)),
    entry(0x23, |emulator, op| tagged(emulator, op, true)),
];

impl NativeEmulator {
    /// The first register, the second or the immediate, and the number of the
    /// target.
    fn sparc_operands(&self, op: &UserOp) -> (u64, u64, u32) {
        let word = self.user_input(op, 0) as u32;
        let first = self.numbered("g0", word >> 14 & 31) as u64;
        let second = if word & 0x2000 == 0 {
            self.numbered("g0", word & 31) as u64
        } else {
            i64::from((word << 19) as i32 >> 19) as u64
        };
        (first, second, word >> 25 & 31)
    }

    fn set_sparc_register(&mut self, number: u32, value: u64) {
        if number != 0 {
            self.set_numbered("g0", number, value.into());
        }
    }

    /// The conditions of a result of 32 and of 64 bits.
    fn set_sparc_conditions(&mut self, value: u64, overflow: bool, carry: bool) {
        let flags = [
            ("i_nf", value >> 31 & 1 != 0),
            ("i_zf", value as u32 == 0),
            ("i_vf", overflow),
            ("i_cf", carry),
            ("x_nf", value >> 63 != 0),
            ("x_zf", value == 0),
        ];
        for (name, holds) in flags {
            self.set_user_register(name, holds.into());
        }
    }
}

fn divide(emulator: &mut NativeEmulator, op: &UserOp, is_signed: bool, tells: bool) -> Result<(), Halt> {
    let (first, second, target) = emulator.sparc_operands(op);
    if second as u32 == 0 {
        let crate::target::Division::Fault(number) = emulator.target.division else {
            return Err(Halt::Invalid);
        };
        return Err(Halt::Arithmetic(ArithmeticKind::Division, number));
    }
    let dividend = (emulator.user_register("Y") as u64) << 32 | first & 0xffff_ffff;
    let (value, overflows) = if is_signed {
        let quotient = i128::from(dividend as i64) / i128::from(second as i32);
        let near = quotient.clamp(i32::MIN.into(), i32::MAX.into());
        (near as i64 as u64, near != quotient)
    } else {
        let quotient = dividend / (second & 0xffff_ffff);
        let near = quotient.min(u32::MAX.into());
        (near, near != quotient)
    };
    emulator.set_sparc_register(target, value);
    if tells {
        emulator.set_sparc_conditions(value, overflows, false);
        emulator.set_user_register("x_vf", 0);
        emulator.set_user_register("x_cf", 0);
    }
    Ok(())
}

/// The number of the tag overflow (V8, table 7-1; V9, table 14).
const fn tag_overflow(is_wide: bool) -> u64 {
    if is_wide { 0x23 } else { 0x0a }
}

fn tagged(emulator: &mut NativeEmulator, op: &UserOp, subtracts: bool) -> Result<(), Halt> {
    let (first, second, target) = emulator.sparc_operands(op);
    let (a, b) = (first as u32 as i32, second as u32 as i32);
    let overflows = if subtracts { a.overflowing_sub(b).1 } else { a.overflowing_add(b).1 };
    let is_wide = emulator.definition.pointer_bytes == 8;
    if overflows || (first | second) & 3 != 0 {
        return Err(Halt::Exception(tag_overflow(is_wide)));
    }
    let bits = if is_wide { u64::MAX } else { 0xffff_ffff };
    let (first, second) = (first & bits, second & bits);
    let value = if subtracts { first.wrapping_sub(second) } else { first.wrapping_add(second) } & bits;
    let low = |value: u64| value & 0xffff_ffff;
    let carry = if subtracts { low(first) < low(second) } else { low(first) + low(second) > 0xffff_ffff };
    let wide_carry = if subtracts { first < second } else { first.overflowing_add(second).1 };
    let wide_overflow = if subtracts {
        (first as i64).overflowing_sub(second as i64).1
    } else {
        (first as i64).overflowing_add(second as i64).1
    };
    emulator.set_sparc_register(target, value);
    emulator.set_sparc_conditions(value, false, carry);
    emulator.set_user_register("x_vf", wide_overflow.into());
    emulator.set_user_register("x_cf", wide_carry.into());
    Ok(())
}
