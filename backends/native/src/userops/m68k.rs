//! 68000 family: divisions and products that may overflow, decimal
//! arithmetic, rotations by a register (M68000 Family Programmer's Reference
//! Manual, chapter 4). The specification's text calls these by our names.

use terrella_emulator_api::ArithmeticKind;

use super::{Handler, Table};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt};

/// The vector of a division by zero.
const DIVISION: u64 = 5;

pub(super) const TABLE: Table = &[
    ("divideWord", Handler::new(divide_word)),
    ("divideLong", Handler::new(divide_long)),
    ("multiplyLong", Handler::new(multiply_long)),
    ("addDecimal", Handler::new(|emulator, op| decimal(emulator, op, false))),
    ("subtractDecimal", Handler::new(|emulator, op| decimal(emulator, op, true))),
    ("shiftArithmeticallyLeft", Handler::new(|emulator, op| shift(emulator, op, Shift::ArithmeticLeft))),
    ("shiftArithmeticallyRight", Handler::new(|emulator, op| shift(emulator, op, Shift::ArithmeticRight))),
    ("shiftLogicallyLeft", Handler::new(|emulator, op| shift(emulator, op, Shift::LogicalLeft))),
    ("shiftLogicallyRight", Handler::new(|emulator, op| shift(emulator, op, Shift::LogicalRight))),
    ("rotateLeftBy", Handler::new(|emulator, op| rotate(emulator, op, true))),
    ("rotateRightBy", Handler::new(|emulator, op| rotate(emulator, op, false))),
    ("rotateLeftThrough", Handler::new(|emulator, op| rotate_through(emulator, op, true))),
    ("rotateRightThrough", Handler::new(|emulator, op| rotate_through(emulator, op, false))),
];

impl NativeEmulator {
    pub(super) fn set_m68k_flag(&mut self, name: &str, value: bool) {
        self.set_user_register(name, value.into());
    }

    /// N and Z of a result, and no carry.
    pub(super) fn set_m68k_result(&mut self, value: u64, bits: u32, overflows: bool) {
        let value = value & (u64::MAX >> (64 - bits));
        self.set_m68k_flag("NF", value >> (bits - 1) != 0);
        self.set_m68k_flag("ZF", value == 0);
        self.set_m68k_flag("VF", overflows);
        self.set_m68k_flag("CF", false);
    }

    /// A quotient that does not fit: V is set and C clear; the manual leaves
    /// the others undefined, of which the processor clears Z.
    fn divided_too_much(&mut self) {
        self.set_m68k_flag("VF", true);
        self.set_m68k_flag("CF", false);
        self.set_m68k_flag("ZF", false);
    }
}

/// The dividend, the divisor of 16 bits, and whether they are signed: the
/// remainder and the quotient, of 16 bits each.
fn divide_word(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let [dividend, divisor, signed] = [0, 1, 2].map(|index| emulator.user_input(op, index) as u32);
    if divisor & 0xffff == 0 {
        return Err(Halt::Arithmetic(ArithmeticKind::Division, DIVISION));
    }
    let (quotient, remainder, fits) = if signed != 0 {
        let (a, b) = (i64::from(dividend as i32), i64::from(divisor as i16));
        (a / b, a % b, i16::try_from(a / b).is_ok())
    } else {
        let (a, b) = (i64::from(dividend), i64::from(divisor & 0xffff));
        (a / b, a % b, u16::try_from(a / b).is_ok())
    };
    if fits {
        emulator.set_m68k_result(quotient as u64, 16, false);
        let value = (remainder as u16 as u32) << 16 | u32::from(quotient as u16);
        emulator.set_user_result(op, value.into());
    } else {
        emulator.divided_too_much();
        emulator.set_user_result(op, dividend.into());
    }
    Ok(())
}

/// The upper and the lower register, the divisor, and what it is: signed (1),
/// with a dividend of 64 bits (2). The remainder and the quotient.
fn divide_long(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let [high, low, divisor, kind] = [0, 1, 2, 3].map(|index| emulator.user_input(op, index) as u32);
    if divisor == 0 {
        return Err(Halt::Arithmetic(ArithmeticKind::Division, DIVISION));
    }
    let both = u64::from(high) << 32 | u64::from(low);
    let (signed, wide) = (kind & 1 != 0, kind & 2 != 0);
    let (quotient, remainder, fits) = if signed {
        let dividend = if wide { both as i64 } else { i64::from(low as i32) };
        let (a, b) = (i128::from(dividend), i128::from(divisor as i32));
        (a / b, a % b, i32::try_from(a / b).is_ok())
    } else {
        let dividend = if wide { both } else { u64::from(low) };
        let (a, b) = (i128::from(dividend), i128::from(divisor));
        (a / b, a % b, u32::try_from(a / b).is_ok())
    };
    if fits {
        emulator.set_m68k_result(quotient as u64, 32, false);
        let value = u64::from(remainder as u32) << 32 | u64::from(quotient as u32);
        emulator.set_user_result(op, value.into());
    } else {
        emulator.divided_too_much();
        emulator.set_user_result(op, both.into());
    }
    Ok(())
}

/// The factors, and what it is: signed (1), with a product of 64 bits (2).
fn multiply_long(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let [a, b, kind] = [0, 1, 2].map(|index| emulator.user_input(op, index) as u32);
    let (product, fits) = if kind & 1 != 0 {
        let product = i64::from(a as i32) * i64::from(b as i32);
        (product as u64, i32::try_from(product).is_ok())
    } else {
        let product = u64::from(a) * u64::from(b);
        (product, u32::try_from(product).is_ok())
    };
    let wide = kind & 2 != 0;
    emulator.set_m68k_result(product, if wide { 64 } else { 32 }, !wide && !fits);
    emulator.set_user_result(op, product.into());
    Ok(())
}

/// Source and destination, with X: the result of two decimal digits. Z is
/// cleared if it is not zero, and else stays. What digits above nine give is
/// that of the adder: sixes are added, and taken off where there is no carry.
fn decimal(emulator: &mut NativeEmulator, op: &UserOp, subtracts: bool) -> Result<(), Halt> {
    let [source, destination] = [0, 1].map(|index| emulator.user_input(op, index) as u32 & 0xff);
    let extend = emulator.user_register("XF") as u32 & 1;
    let (biased, sum) = if subtracts {
        let biased = 0x1ff - source;
        (biased, biased + destination + 1 - extend)
    } else {
        let biased = source + 0x66;
        (biased, biased + destination + extend)
    };
    let carries = !(sum ^ biased ^ destination) & 0x110;
    let result = sum.wrapping_sub(carries >> 2 | carries >> 3);
    let carry = result >> 8 & 1 != 0;
    emulator.set_m68k_flag("CF", carry);
    emulator.set_m68k_flag("XF", carry);
    if result & 0xff != 0 {
        emulator.set_m68k_flag("ZF", false);
    }
    emulator.set_user_result(op, u128::from(result & 0xff));
    Ok(())
}

/// The count, of which six bits count, and the value with its width.
fn rotation(emulator: &NativeEmulator, op: &UserOp) -> (u32, u64, u32) {
    let count = emulator.user_input(op, 0) as u32 & 63;
    let bits = 8 * NativeEmulator::user_input_size(op, 1) as u32;
    (count, emulator.user_input(op, 1) as u64, bits)
}

fn rotate(emulator: &mut NativeEmulator, op: &UserOp, is_left: bool) -> Result<(), Halt> {
    let (count, value, bits) = rotation(emulator, op);
    let left = if is_left { count % bits } else { (bits - count % bits) % bits };
    let mask = u64::MAX >> (64 - bits);
    let result = if left == 0 { value } else { (value << left | value >> (bits - left)) & mask };
    emulator.set_m68k_result(result, bits, false);
    let last = if is_left { result & 1 } else { result >> (bits - 1) };
    emulator.set_m68k_flag("CF", count != 0 && last != 0);
    emulator.set_user_result(op, result.into());
    Ok(())
}

/// Through X, which is one bit more.
fn rotate_through(emulator: &mut NativeEmulator, op: &UserOp, is_left: bool) -> Result<(), Halt> {
    let (count, value, bits) = rotation(emulator, op);
    let extend = emulator.user_register("XF") & 1;
    let all = extend << bits | u128::from(value);
    let width = bits + 1;
    let left = if is_left { count % width } else { (width - count % width) % width };
    let mask = u128::MAX >> (128 - width);
    let result = (all << left | all >> (width - left)) & mask;
    let carry = result >> bits != 0;
    let value = (result & (mask >> 1)) as u64;
    emulator.set_m68k_result(value, bits, false);
    emulator.set_m68k_flag("CF", carry);
    emulator.set_m68k_flag("XF", carry);
    emulator.set_user_result(op, value.into());
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shift {
    ArithmeticLeft,
    ArithmeticRight,
    LogicalLeft,
    LogicalRight,
}

/// ASL, ASR, LSL, LSR by a count. C and X are the last bit that went out, X
/// only if there was one; V tells of ASL whether the sign ever changed.
fn shift(emulator: &mut NativeEmulator, op: &UserOp, kind: Shift) -> Result<(), Halt> {
    let (count, value, bits) = rotation(emulator, op);
    let mask = u64::MAX >> (64 - bits);
    // With as many bits again below or above it, and the sign where it counts.
    let signed = i128::from((value << (64 - bits)) as i64 >> (64 - bits));
    let (result, out) = match kind {
        Shift::ArithmeticLeft | Shift::LogicalLeft => {
            let wide = u128::from(value) << count;
            (wide as u64 & mask, wide >> bits & 1 != 0)
        }
        Shift::LogicalRight => {
            (value >> count.min(63), count != 0 && u128::from(value) << 1 >> count & 1 != 0)
        }
        Shift::ArithmeticRight => {
            ((signed >> count) as u64 & mask, count != 0 && signed << 1 >> count & 1 != 0)
        }
    };
    let overflows = kind == Shift::ArithmeticLeft && {
        // All bits that pass the sign have to be like it.
        let passed = signed >> (bits - 1).saturating_sub(count);
        passed != 0 && passed != -1 || count >= bits && signed != 0
    };
    emulator.set_m68k_result(result, bits, overflows);
    emulator.set_m68k_flag("CF", out);
    if count != 0 {
        emulator.set_m68k_flag("XF", out);
    }
    emulator.set_user_result(op, result.into());
    Ok(())
}
