//! TriCore: divisions, and the steps of one (TriCore Architecture Manual,
//! volume 2, DIV, DIV.U, DVSTEP, DVSTEP.U). The specification divides by zero,
//! and leaves the steps in the operand.

use super::tricore_arithmetic::{data, entry, note, set_data, word};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(crate) const OVERRIDES: &[Override] = &[
    entry(0x0fff_00ff, 0x0201_004b, |emulator, op| divide(emulator, op, true)),
    entry(0x0fff_00ff, 0x0211_004b, |emulator, op| divide(emulator, op, false)),
    entry(0x00ff_00ff, 0x00f0_006b, |emulator, op| step(emulator, op, true)),
    entry(0x00ff_00ff, 0x00e0_006b, |emulator, op| step(emulator, op, false)),
];

fn set_pair(emulator: &mut NativeEmulator, word: u32, low: u32, high: u32) {
    set_data(emulator, word >> 28 & 14, low);
    set_data(emulator, word >> 28 | 1, high);
}

/// A quotient that does not fit is the nearest that does, and has no
/// remainder.
fn divide(emulator: &mut NativeEmulator, op: &UserOp, signed: bool) -> Result<(), Halt> {
    let word = word(op, emulator);
    let [a, b] = [8, 12].map(|low| data(emulator, word >> low));
    let divided = if signed {
        let [a, b] = [a, b].map(|value| value as i32);
        a.checked_div(b).zip(a.checked_rem(b)).map(|(quotient, rest)| (quotient as u32, rest as u32))
    } else {
        a.checked_div(b).zip(a.checked_rem(b))
    };
    let nearest = match (signed, b, a >> 31) {
        (false, ..) => u32::MAX,
        (true, 0, 1) => 1 << 31,
        _ => i32::MAX as u32,
    };
    let (quotient, rest) = divided.unwrap_or((nearest, 0));
    set_pair(emulator, word, quotient, rest);
    note(emulator, divided.is_none(), false, None);
    Ok(())
}

/// Eight bits of a quotient.
fn step(emulator: &mut NativeEmulator, op: &UserOp, signed: bool) -> Result<(), Halt> {
    let word = word(op, emulator);
    let operand = word >> 24 & 14;
    let (mut quotient, mut rest) = (data(emulator, operand), data(emulator, operand | 1));
    let divisor = data(emulator, word >> 12);
    let is_negative = signed && rest >> 31 != 0;
    let negates = is_negative != (signed && divisor >> 31 != 0);
    for _ in 0..8 {
        rest = rest << 1 | quotient >> 31;
        quotient <<= 1;
        let difference = if negates { rest.wrapping_add(divisor) } else { rest.wrapping_sub(divisor) };
        let goes = if signed { (difference >> 31 != 0) == is_negative } else { rest >= divisor };
        if goes {
            rest = difference;
        }
        quotient |= u32::from(goes != negates);
    }
    set_pair(emulator, word, quotient, rest);
    Ok(())
}
