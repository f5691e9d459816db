//! Loads and stores that are exclusive or ordered, compare and swap (Arm ARM,
//! C4.1.94, "Load/store exclusive", "Load/store ordered", "Compare and swap").

use terrella_emulator_api::Access;

use super::super::{Word, rows};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(super) const ROWS: &[Override] = rows![0x3f00_0000, 0x0800_0000 => access];

fn access(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (loads, ordered, pair) = (word.bit(22), word.bit(23), word.bit(21));
    match (ordered, pair) {
        (false, false) => exclusive(emulator, word, 1 << word.field(30, 2), 1),
        (false, true) if word.bit(31) => exclusive(emulator, word, 4 << word.field(30, 1), 2),
        (false, true) => swap(emulator, word, 4 << word.field(30, 1), 2),
        (true, true) => swap(emulator, word, 1 << word.field(30, 2), 1),
        (true, false) => {
            let (address, size) = (emulator.x_or_sp(word.field(5, 5)), 1 << word.field(30, 2));
            let access = if loads { Access::Read } else { Access::Write };
            NativeEmulator::aligned(address, size, access)?;
            if loads {
                let value = emulator.load_integer(address, size)?;
                emulator.set_x(word.field(0, 5), value);
                Ok(())
            } else {
                emulator.store_integer(address, size, emulator.x(word.field(0, 5)))
            }
        }
    }
}

fn exclusive(emulator: &mut NativeEmulator, word: Word, size: usize, count: usize) -> Result<(), Halt> {
    let address = emulator.x_or_sp(word.field(5, 5));
    let registers = [word.field(0, 5), word.field(10, 5)];
    if word.bit(22) {
        let mut values = [0; 2];
        emulator.load_exclusive(address, size, &mut values[..count])?;
        for (register, value) in registers.into_iter().zip(values).take(count) {
            emulator.set_x(register, value);
        }
        return Ok(());
    }
    let values = registers.map(|register| emulator.x(register));
    let stored = emulator.store_exclusive(address, size, &values[..count])?;
    emulator.set_x(word.field(16, 5), (!stored).into());
    Ok(())
}

/// Compares with `Rs` (and the register after it), stores `Rt` if it is
/// equal, and gives what was there.
fn swap(emulator: &mut NativeEmulator, word: Word, size: usize, count: usize) -> Result<(), Halt> {
    let (expected, new) = (word.field(16, 5), word.field(0, 5));
    // Pairs begin at even registers.
    if word.field(10, 5) != 31 || count == 2 && (expected | new) & 1 != 0 {
        return Err(Halt::Invalid);
    }
    let address = emulator.x_or_sp(word.field(5, 5));
    NativeEmulator::aligned(address, size * count, Access::Read)?;
    emulator.user_check(address, size * count, Access::Read)?;
    let at = |index: usize| address.wrapping_add((size * index) as u64);
    let mut old = [0; 2];
    for (index, old) in old.iter_mut().enumerate().take(count) {
        *old = emulator.load_integer(at(index), size)?;
    }
    let mask = u64::MAX >> (64 - 8 * size);
    let is_equal = (0..count).all(|index| old[index] == emulator.x(expected + index as u32) & mask);
    if is_equal {
        emulator.user_check(address, size * count, Access::Write)?;
        for index in 0..count {
            emulator.store_integer(at(index), size, emulator.x(new + index as u32))?;
        }
    }
    for (index, old) in old.into_iter().enumerate().take(count) {
        emulator.set_x(expected + index as u32, old);
    }
    Ok(())
}
