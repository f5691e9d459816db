//! Loads and stores of several floating-point registers (Arm ARM ARMv7-A,
//! A8.8.332, VLDM; A8.8.413, VSTM), with `vpush` and `vpop`.

use terrella_emulator_api::Access;

use super::super::{Word, rows};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(in crate::arm) const ROWS: &[Override] = rows![
    // Upwards, upwards with the base written, downwards with the base written.
    0x0f80_0e00, 0x0c80_0a00 => multiple,
    0x0fa0_0e00, 0x0d20_0a00 => multiple,
];

fn multiple(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (down, writes_base, loads, is_double) = (word.bit(24), word.bit(21), word.bit(20), word.bit(8));
    let (base, words) = (word.field(16, 4), word.field(0, 8));
    // An odd number of words with doubles is the old format with a word more.
    let (first, count, size) = if is_double {
        (word.field(22, 1) << 4 | word.field(12, 4), words / 2, 8)
    } else {
        (word.field(12, 4) << 1 | word.field(22, 1), words, 4)
    };
    let is_odd = is_double && words & 1 == 1;
    let last = if !is_double {
        32
    } else if is_odd || emulator.definition.register("d31").is_none() {
        16
    } else {
        32
    };
    let unconditional = word.field(28, 4) == 15;
    if count == 0
        || first + count > last
        || is_double && count > 16
        || unconditional
        || writes_base && base == 15
    {
        return Err(Halt::Invalid);
    }
    let start = emulator.r(base);
    // The program counter as a base is that of a word.
    let start = if base == 15 { start & !3 } else { start };
    let start = if down { start.wrapping_sub(4 * words) } else { start };
    let kind = if loads { Access::Read } else { Access::Write };
    NativeEmulator::aligned(start.into(), 4, kind)?;
    emulator.user_check(start.into(), (count * size) as usize, kind)?;
    for index in 0..count {
        let (address, register) = (start.wrapping_add(index * size), first + index);
        match (loads, is_double) {
            (true, true) => {
                let value = emulator.load_integer(address.into(), 8)?;
                emulator.set_d(register, value);
            }
            (true, false) => {
                let value = emulator.load_integer(address.into(), 4)?;
                emulator.set_s(register, value as u32);
            }
            (false, true) => emulator.store_integer(address.into(), 8, emulator.d(register))?,
            (false, false) => emulator.store_integer(address.into(), 4, emulator.s(register).into())?,
        }
    }
    if writes_base {
        let end = if down { start } else { start.wrapping_add(4 * words) };
        emulator.set_r(base, end);
    }
    Ok(())
}
