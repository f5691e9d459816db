//! Loads and stores of vectors with their lanes spread over registers (Arm
//! ARM, C4.1.94, "Advanced SIMD load/store multiple structures", "single
//! structure" and their forms with a register or an immediate added after).

use terrella_emulator_api::Access;

use super::super::{
    Word,
    lanes::{lane, mask, vector},
    rows,
};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(super) const ROWS: &[Override] = rows![
    0xbfbf_0000, 0x0c00_0000 => multiple,
    0xbfa0_0000, 0x0c80_0000 => multiple,
    0xbf9f_0000, 0x0d00_0000 => single,
    0xbf80_0000, 0x0d80_0000 => single,
];

/// Adds what was accessed, or a register, to the base.
fn finish(emulator: &mut NativeEmulator, word: Word, bytes: u64) {
    if !word.bit(23) {
        return;
    }
    let (base, index) = (word.field(5, 5), word.field(16, 5));
    let step = if index == 31 { bytes } else { emulator.x(index) };
    let address = emulator.x_or_sp(base).wrapping_add(step);
    emulator.set_x_or_sp(base, address);
}

/// Loads or stores one lane of a register.
fn access(
    emulator: &mut NativeEmulator,
    loads: bool,
    address: u64,
    (register, index, bits): (u32, u32, u32),
) -> Result<(), Halt> {
    let register = register & 31;
    let (size, old) = (bits as usize / 8, emulator.v(register));
    if loads {
        let value = u128::from(emulator.load_integer(address, size)?);
        let shift = index * bits;
        emulator.set_v(register, old & !(mask(bits) << shift) | value << shift);
        Ok(())
    } else {
        emulator.store_integer(address, size, lane(old, index, bits) as u64)
    }
}

fn multiple(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    // How many registers are filled one after the other, and how many take
    // their lanes in turn.
    let (repeats, turns) = match word.field(12, 4) {
        0 => (1, 4),
        2 => (4, 1),
        4 => (1, 3),
        6 => (3, 1),
        7 => (1, 1),
        8 => (1, 2),
        10 => (2, 1),
        _ => return Err(Halt::Invalid),
    };
    let (loads, whole, bits) = (word.bit(22), word.whole(), 8 << word.field(10, 2));
    if bits == 64 && whole == 64 && turns != 1 {
        return Err(Halt::Invalid);
    }
    // Without turns, lanes lie in memory as in the register.
    let bits = if turns == 1 && !emulator.data_big_endian { 64 } else { bits };
    let (first, base) = (word.field(0, 5), emulator.x_or_sp(word.field(5, 5)));
    let total = u64::from(whole / 8) * repeats * u64::from(turns);
    let kind = if loads { Access::Read } else { Access::Write };
    emulator.user_check(base, total as usize, kind)?;
    if loads {
        // What is above short vectors becomes zero.
        for register in 0..repeats as u32 * turns {
            let old = emulator.v((first + register) & 31) & mask(whole);
            emulator.set_v((first + register) & 31, old);
        }
    }
    let mut address = base;
    for repeat in 0..repeats as u32 {
        for index in 0..whole / bits {
            for turn in 0..turns {
                access(emulator, loads, address, (first + repeat + turn, index, bits))?;
                address = address.wrapping_add(u64::from(bits / 8));
            }
        }
    }
    finish(emulator, word, total);
    Ok(())
}

fn single(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (loads, opcode, size) = (word.bit(22), word.field(13, 3), word.field(10, 2));
    let (first, base) = (word.field(0, 5), emulator.x_or_sp(word.field(5, 5)));
    let count = (opcode & 1) << 1 | word.field(21, 1);
    let position = word.field(30, 1) << 3 | word.field(12, 1) << 2 | size;
    let (bits, index) = match opcode >> 1 {
        0 => (8, position),
        1 if size & 1 == 0 => (16, position >> 1),
        2 if size == 0 => (32, position >> 2),
        2 if size == 1 && !word.bit(12) => (64, position >> 3),
        3 if loads && !word.bit(12) => (8 << size, 0),
        _ => return Err(Halt::Invalid),
    };
    let repeats = opcode >> 1 == 3;
    let mut address = base;
    for register in 0..=count {
        if repeats {
            let value = u128::from(emulator.load_integer(address, bits as usize / 8)?);
            emulator.set_v((first + register) & 31, vector(word.whole() / bits, bits, |_| value));
        } else {
            access(emulator, loads, address, (first + register, index, bits))?;
        }
        address = address.wrapping_add(u64::from(bits / 8));
    }
    finish(emulator, word, address.wrapping_sub(base));
    Ok(())
}
