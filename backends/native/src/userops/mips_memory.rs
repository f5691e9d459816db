//! MIPS: stores of parts of words, which touch nothing else, and linked
//! accesses (MIPS Architecture For Programmers, volume II-A).

use terrella_emulator_api::{Access, MemoryCause};

use super::Handler;
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

const fn memory(number: u32, function: super::Function) -> Override {
    Override { mask: 0xfc00_0000, value: number << 26, handler: Handler::new(function) }
}

/// Both widths.
pub(crate) const WORDS: &[Override] = &[
    memory(0x2a, |emulator, op| store_part(emulator, op, 4, true)),
    memory(0x2e, |emulator, op| store_part(emulator, op, 4, false)),
    memory(0x30, |emulator, op| load_linked(emulator, op, 4)),
    memory(0x38, |emulator, op| store_conditionally(emulator, op, 4)),
];

/// MIPS64.
pub(crate) const DOUBLE_WORDS: &[Override] = &[
    memory(0x2c, |emulator, op| store_part(emulator, op, 8, true)),
    memory(0x2d, |emulator, op| store_part(emulator, op, 8, false)),
    memory(0x34, |emulator, op| load_linked(emulator, op, 8)),
    memory(0x3c, |emulator, op| store_conditionally(emulator, op, 8)),
];

/// A linked access of release 6, with an offset of nine bits.
const fn linked(number: u32, function: super::Function) -> Override {
    Override { mask: 0xfc00_007f, value: 0x7c00_0000 | number, handler: Handler::new(function) }
}

/// Release 6, both widths.
pub(crate) const WORDS_R6: &[Override] = &[
    linked(0x36, |emulator, op| load_linked(emulator, op, 4)),
    linked(0x26, |emulator, op| store_conditionally(emulator, op, 4)),
];

/// Release 6 of MIPS64.
pub(crate) const DOUBLE_WORDS_R6: &[Override] = &[
    linked(0x37, |emulator, op| load_linked(emulator, op, 8)),
    linked(0x27, |emulator, op| store_conditionally(emulator, op, 8)),
];

/// The address and the number of the register.
fn operands(emulator: &NativeEmulator, op: &UserOp) -> (u64, u32) {
    let word = emulator.user_input(op, 0) as u32;
    let base = emulator.numbered("zero", word >> 21 & 31) as u64;
    // Those of SPECIAL3 have nine bits of offset.
    let offset = if word >> 26 == 0x1f { word as i16 >> 7 } else { word as i16 };
    let address = base.wrapping_add(i64::from(offset) as u64) & emulator.address_mask;
    (address, word >> 16 & 31)
}

fn check_alignment(address: u64, size: usize, access: Access) -> Result<(), Halt> {
    if address.is_multiple_of(size as u64) {
        return Ok(());
    }
    Err(Halt::Memory { access, cause: MemoryCause::Unaligned, address, size: size as u64 })
}

/// SWL, SWR, SDL and SDR: the upper bytes of the register up to the end of the
/// word that the address is in, or the lower ones from its beginning, in the
/// order of the processor's bytes.
fn store_part(emulator: &mut NativeEmulator, op: &UserOp, size: usize, is_left: bool) -> Result<(), Halt> {
    let (address, register) = operands(emulator, op);
    let value = emulator.numbered("zero", register) as u64;
    let is_big = emulator.data_big_endian;
    let offset = (address % size as u64) as usize;
    let goes_up = is_left == is_big;
    let count = if goes_up { size - offset } else { offset + 1 };
    let first = if goes_up { address } else { address - offset as u64 };
    // The bytes, the lowest first.
    let bytes = value.to_le_bytes();
    let mut part = if is_left { bytes[size - count..size].to_vec() } else { bytes[..count].to_vec() };
    if is_big {
        part.reverse();
    }
    emulator.user_write(first, &part)
}

fn load_linked(emulator: &mut NativeEmulator, op: &UserOp, size: usize) -> Result<(), Halt> {
    let (address, register) = operands(emulator, op);
    check_alignment(address, size, Access::Read)?;
    let mut bytes = vec![0; size];
    emulator.user_read(address, &mut bytes)?;
    if emulator.data_big_endian {
        bytes.reverse();
    }
    let value = bytes.iter().rev().fold(0, |value: u64, byte| value << 8 | u64::from(*byte));
    let value = if size == 4 { i64::from(value as i32) as u64 } else { value };
    emulator.set_integer_register(register, value.into());
    emulator.reservation = Some((address, size as u8));
    Ok(())
}

/// Stores only if the processor holds the link, which is gone afterwards.
fn store_conditionally(emulator: &mut NativeEmulator, op: &UserOp, size: usize) -> Result<(), Halt> {
    let (address, register) = operands(emulator, op);
    check_alignment(address, size, Access::Write)?;
    let holds = emulator.reservation.take() == Some((address, size as u8));
    if holds {
        let mut bytes = (emulator.numbered("zero", register) as u64).to_le_bytes()[..size].to_vec();
        if emulator.data_big_endian {
            bytes.reverse();
        }
        emulator.user_write(address, &bytes)?;
    }
    emulator.set_integer_register(register, u128::from(holds));
    Ok(())
}
