//! Exclusive accesses (Arm ARM ARMv7-A, A8.8.75 to A8.8.78, A8.8.212 to
//! A8.8.215; ARMv8-A, F5.1, LDAEX and STLEX, which order accesses besides).

use super::super::{Word, rows};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(in crate::arm) const ARM: &[Override] =
    rows![0x0f80_0ff0, 0x0180_0f90 => arm, 0x0f80_0ff0, 0x0180_0e90 => arm];

pub(in crate::arm) const THUMB: &[Override] = rows![
    0xfff0_0f00, 0xe850_0f00 => thumb_load,
    0xfff0_0000, 0xe840_0000 => thumb_store,
    0xfff0_0fef, 0xe8d0_0f4f => thumb_sized,
    0xfff0_00ff, 0xe8d0_007f => thumb_sized,
    0xfff0_0fef, 0xe8d0_0fcf => thumb_sized,
    0xfff0_0fff, 0xe8d0_0fef => thumb_sized,
    0xfff0_00ff, 0xe8d0_00ff => thumb_sized,
    0xfff0_0fe0, 0xe8c0_0f40 => thumb_sized,
    0xfff0_00f0, 0xe8c0_0070 => thumb_sized,
    0xfff0_0fe0, 0xe8c0_0fc0 => thumb_sized,
    0xfff0_0ff0, 0xe8c0_0fe0 => thumb_sized,
    0xfff0_00f0, 0xe8c0_00f0 => thumb_sized,
];

fn load(emulator: &mut NativeEmulator, address: u32, size: usize, registers: &[u32]) -> Result<(), Halt> {
    let mut values = [0; 2];
    emulator.load_exclusive(address.into(), size, &mut values[..registers.len()])?;
    for (register, value) in registers.iter().zip(values) {
        emulator.set_r(*register, value as u32);
    }
    Ok(())
}

fn store(
    emulator: &mut NativeEmulator,
    address: u32,
    size: usize,
    registers: &[u32],
    status: u32,
) -> Result<(), Halt> {
    let mut values = [0; 2];
    for (value, register) in values.iter_mut().zip(registers) {
        *value = emulator.r(*register).into();
    }
    let stored = emulator.store_exclusive(address.into(), size, &values[..registers.len()])?;
    emulator.set_r(status, (!stored).into());
    Ok(())
}

fn arm(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let address = emulator.r(word.field(16, 4));
    let (size, count) = match word.field(21, 2) {
        0 => (4, 1),
        1 => (4, 2),
        2 => (1, 1),
        _ => (2, 1),
    };
    let loads = word.bit(20);
    let first = word.field(if loads { 12 } else { 0 }, 4);
    if count == 2 && first & 1 == 1 {
        return Err(Halt::Invalid);
    }
    let registers = [first, (first + 1) & 15];
    if loads {
        load(emulator, address, size, &registers[..count])
    } else {
        store(emulator, address, size, &registers[..count], word.field(12, 4))
    }
}

fn thumb_load(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let address = emulator.r(word.field(16, 4)).wrapping_add(4 * word.field(0, 8));
    load(emulator, address, 4, &[word.field(12, 4)])
}

fn thumb_store(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let address = emulator.r(word.field(16, 4)).wrapping_add(4 * word.field(0, 8));
    store(emulator, address, 4, &[word.field(12, 4)], word.field(8, 4))
}

fn thumb_sized(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let address = emulator.r(word.field(16, 4));
    let (size, count) = match word.field(4, 2) {
        0 => (1, 1),
        1 => (2, 1),
        2 => (4, 1),
        _ => (4, 2),
    };
    let registers = [word.field(12, 4), word.field(8, 4)];
    if word.bit(20) {
        load(emulator, address, size, &registers[..count])
    } else {
        store(emulator, address, size, &registers[..count], word.field(0, 4))
    }
}
