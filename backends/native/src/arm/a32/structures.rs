//! Advanced SIMD loads and stores of elements and structures (Arm ARM ARMv7-A,
//! A7.7).

use terrella_emulator_api::{Access, MemoryCause};

use super::super::{
    Word,
    lanes::{lane, mask, vector},
    rows,
};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(in crate::arm) const ROWS: &[Override] =
    rows![0xff90_0000, 0xf400_0000 => multiple, 0xff90_0000, 0xf480_0000 => single];

/// Checks the alignment that an instruction asks for, in bytes.
fn aligned(address: u64, bytes: u32, loads: bool) -> Result<(), Halt> {
    if bytes == 0 || address & u64::from(bytes - 1) == 0 {
        return Ok(());
    }
    let access = if loads { Access::Read } else { Access::Write };
    Err(Halt::Memory { access, cause: MemoryCause::Unaligned, address, size: bytes.into() })
}

/// Adds what was accessed, or a register, to the base.
fn finish(emulator: &mut NativeEmulator, word: Word, bytes: u32) {
    let (base, index) = (word.field(16, 4), word.field(0, 4));
    let step = match index {
        15 => return,
        13 => bytes,
        _ => emulator.r(index),
    };
    emulator.set_r(base, emulator.r(base).wrapping_add(step));
}

/// Loads or stores one lane of a register.
fn access(
    emulator: &mut NativeEmulator,
    loads: bool,
    address: u64,
    (register, index, bits): (u32, u32, u32),
) -> Result<(), Halt> {
    let (size, old) = (bits as usize / 8, u128::from(emulator.d(register)));
    if loads {
        let value = u128::from(emulator.load_integer(address, size)?);
        let shift = index * bits;
        emulator.set_d(register, (old & !(mask(bits) << shift) | value << shift) as u64);
        Ok(())
    } else {
        emulator.store_integer(address, size, lane(old, index, bits) as u64)
    }
}

fn multiple(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (loads, kind, size, align) = (word.bit(21), word.field(8, 4), word.field(6, 2), word.field(4, 2));
    // How many registers are filled one after the other, how many take their
    // lanes in turn, and how far apart these are.
    let (repeats, turns, apart) = match kind {
        7 => (1, 1, 1),
        10 => (2, 1, 1),
        6 => (3, 1, 1),
        2 => (4, 1, 1),
        8 => (1, 2, 1),
        9 => (1, 2, 2),
        3 => (2, 2, 2),
        4 => (1, 3, 1),
        5 => (1, 3, 2),
        0 => (1, 4, 1),
        1 => (1, 4, 2),
        _ => return Err(Halt::Invalid),
    };
    let allowed_align = match kind {
        4..=7 => align & 2 == 0,
        8..=10 => align != 3,
        _ => true,
    };
    let first = word.d();
    let last = first + repeats - 1 + (turns - 1) * apart;
    if !allowed_align || turns > 1 && size == 3 || last > 31 || word.field(16, 4) == 15 {
        return Err(Halt::Invalid);
    }
    let base = emulator.r(word.field(16, 4));
    aligned(base.into(), if align == 0 { 0 } else { 4 << align }, loads)?;
    // Without turns, lanes lie in memory as in the register.
    let bits = if turns == 1 && !emulator.data_big_endian { 64 } else { 8 << size };
    let total = 8 * repeats * turns;
    let kind = if loads { Access::Read } else { Access::Write };
    emulator.user_check(base.into(), total as usize, kind)?;
    let mut address = base;
    for repeat in 0..repeats {
        for index in 0..64 / bits {
            for turn in 0..turns {
                let register = first + repeat + turn * apart;
                access(emulator, loads, address.into(), (register, index, bits))?;
                address = address.wrapping_add(bits / 8);
            }
        }
    }
    finish(emulator, word, total);
    Ok(())
}

fn single(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (loads, kind, turns) = (word.bit(21), word.field(10, 2), word.field(8, 2) + 1);
    if word.field(16, 4) == 15 {
        return Err(Halt::Invalid);
    }
    if kind == 3 {
        return if loads { repeated(emulator, word, turns) } else { Err(Halt::Invalid) };
    }
    let (bits, align) = (8 << kind, word.field(4, 4));
    // The number of the lane stands above the alignment, and whether
    // registers are two apart between them.
    let index = align >> (kind + 1);
    let apart = if kind > 0 && align >> kind & 1 == 1 { 2 } else { 1 };
    let low = align & [1, 1, 3][kind as usize];
    let bytes = match (turns, kind, low) {
        (_, _, 0) => 0,
        (1, 1, 1) => 2,
        (1, 2, 3) => 4,
        (2, _, 1) => 2 << kind,
        (4, 0, 1) => 4,
        (4, 1, 1) => 8,
        (4, 2, 1 | 2) => 4 << low,
        _ => return Err(Halt::Invalid),
    };
    let last = word.d() + (turns - 1) * apart;
    if last > 31 || turns == 1 && apart == 2 {
        return Err(Halt::Invalid);
    }
    let base = emulator.r(word.field(16, 4));
    aligned(base.into(), bytes, loads)?;
    let total = turns * bits / 8;
    emulator.user_check(base.into(), total as usize, if loads { Access::Read } else { Access::Write })?;
    for turn in 0..turns {
        let address = base.wrapping_add(turn * bits / 8);
        access(emulator, loads, address.into(), (word.d() + turn * apart, index, bits))?;
    }
    finish(emulator, word, total);
    Ok(())
}

/// One element in all lanes.
fn repeated(emulator: &mut NativeEmulator, word: Word, turns: u32) -> Result<(), Halt> {
    let (size, align, two) = (word.field(6, 2), word.bit(4), word.bit(5));
    // Four words may be aligned to more.
    let widest = size == 3 && turns == 4 && align;
    let bits = if widest { 32 } else { 8 << size };
    if size == 3 && !widest || turns == 1 && size == 0 && align || turns == 3 && align {
        return Err(Halt::Invalid);
    }
    let bytes = match (align, widest) {
        (false, _) => 0,
        (true, true) => 16,
        (true, false) if turns == 4 && bits == 32 => 8,
        (true, false) => turns * bits / 8,
    };
    // Of one register, the bit says that there are two with the same; else
    // that they are two apart.
    let (copies, apart) = match (turns, two) {
        (1, true) => (2, 1),
        (_, true) => (1, 2),
        _ => (1, 1),
    };
    if word.d() + (turns - 1) * apart + copies - 1 > 31 {
        return Err(Halt::Invalid);
    }
    let base = emulator.r(word.field(16, 4));
    aligned(base.into(), bytes, true)?;
    let total = turns * bits / 8;
    emulator.user_check(base.into(), total as usize, Access::Read)?;
    for turn in 0..turns {
        let address = base.wrapping_add(turn * bits / 8);
        let value = u128::from(emulator.load_integer(address.into(), bits as usize / 8)?);
        let value = vector(64 / bits, bits, |_| value) as u64;
        for copy in 0..copies {
            emulator.set_d(word.d() + turn * apart + copy, value);
        }
    }
    finish(emulator, word, total);
    Ok(())
}
