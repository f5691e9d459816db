//! The decimal adjustments of 32-bit code (Intel SDM, volume 2, AAA to DAS).

use terrella_emulator_api::ArithmeticKind;

use super::{NONE, NativeOp, P66, PF2, PF3, Registers, Row, g};
use crate::{emulator::NativeEmulator, halt::Halt};

const ANY: u8 = NONE | P66 | PF2 | PF3;

pub(super) const ROWS: &[Row] = &[
    g(ANY, 0, 0x27, |e, _| packed(e, false)).legacy(),
    g(ANY, 0, 0x2f, |e, _| packed(e, true)).legacy(),
    g(ANY, 0, 0x37, |e, _| unpacked(e, false)).legacy(),
    g(ANY, 0, 0x3f, |e, _| unpacked(e, true)).legacy(),
    g(ANY, 0, 0xd4, after_multiplication).legacy().immediate(),
    g(ANY, 0, 0xd5, before_division).legacy().immediate(),
];

fn set_result_flags(e: &mut NativeEmulator, it: &Registers, value: u8) {
    e.set_flag(it.zf, value == 0);
    e.set_flag(it.sf, value & 0x80 != 0);
    e.set_flag(it.pf, value.count_ones().is_multiple_of(2));
}

/// DAA and DAS.
fn packed(e: &mut NativeEmulator, subtracts: bool) -> Result<(), Halt> {
    let it = e.x86.ok_or(Halt::Invalid)?;
    let old = e.general(it.general[0], 1) as u8;
    let old_carry = e.flag(it.cf);
    let (mut value, mut carry) = (old, false);
    let adjust =
        |value: u8, by: u8| if subtracts { value.overflowing_sub(by) } else { value.overflowing_add(by) };
    let low = old & 0xf > 9 || e.flag(it.af);
    if low {
        let (adjusted, out) = adjust(value, 6);
        value = adjusted;
        carry = old_carry || out;
    }
    if old > 0x99 || old_carry {
        value = adjust(value, 0x60).0;
        carry = true;
    } else if !subtracts {
        carry = false;
    }
    e.set_general(it.general[0], 1, value.into());
    e.set_flag(it.af, low);
    e.set_flag(it.cf, carry);
    set_result_flags(e, &it, value);
    Ok(())
}

/// AAA and AAS.
fn unpacked(e: &mut NativeEmulator, subtracts: bool) -> Result<(), Halt> {
    let it = e.x86.ok_or(Halt::Invalid)?;
    let mut value = e.general(it.general[0], 2) as u16;
    let adjusts = value & 0xf > 9 || e.flag(it.af);
    if adjusts {
        value = if subtracts { value.wrapping_sub(6).wrapping_sub(0x100) } else { value.wrapping_add(0x106) };
    }
    e.set_general(it.general[0], 2, (value & 0xff0f).into());
    e.set_flag(it.af, adjusts);
    e.set_flag(it.cf, adjusts);
    Ok(())
}

/// AAM.
fn after_multiplication(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = e.x86.ok_or(Halt::Invalid)?;
    let value = e.general(it.general[0], 1) as u8;
    let (Some(high), Some(low)) = (value.checked_div(op.immediate), value.checked_rem(op.immediate)) else {
        return Err(Halt::Arithmetic(ArithmeticKind::Division, 0));
    };
    e.set_general(it.general[0], 2, u64::from(high) << 8 | u64::from(low));
    set_result_flags(e, &it, low);
    Ok(())
}

/// AAD.
fn before_division(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = e.x86.ok_or(Halt::Invalid)?;
    let [low, high] = (e.general(it.general[0], 2) as u16).to_le_bytes();
    let value = low.wrapping_add(high.wrapping_mul(op.immediate));
    e.set_general(it.general[0], 2, value.into());
    set_result_flags(e, &it, value);
    Ok(())
}
