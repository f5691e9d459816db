//! PowerPC: loads that reserve and stores that ask for the reservation
//! (Power ISA 2.07, book II, 4.4.2), and accesses with the bytes in the other
//! order (book I, 3.3.5).

use terrella_emulator_api::{Access, MemoryCause};

use super::{Function, Handler};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

/// A load, with any hint.
const fn load(number: u32, function: Function) -> Override {
    Override { mask: 0xfc00_07fe, value: 31 << 26 | number << 1, handler: Handler::new(function) }
}

/// A store, which always tells whether it was done.
const fn store(number: u32, function: Function) -> Override {
    Override { mask: 0xfc00_07ff, value: 31 << 26 | number << 1 | 1, handler: Handler::new(function) }
}

/// A load or store with the bytes in the other order.
const fn reversed(number: u32, function: Function) -> Override {
    Override { mask: 0xfc00_07ff, value: 31 << 26 | number << 1, handler: Handler::new(function) }
}

/// dcbz, which zeroes a block of the cache (book II, 4.3.2).
const fn zero(function: Function) -> Override {
    Override { mask: 0xfc00_07fe, value: 31 << 26 | 1014 << 1, handler: Handler::new(function) }
}

/// Blocks of 32 bytes, as those of 32 bits have (PowerPC 7447A RISC
/// Microprocessor Hardware Specifications, "Caches").
pub(crate) const SHORT_BLOCKS: &[Override] = &[zero(|emulator, op| zero_block(emulator, op, 32))];

/// Those of words, and of bytes and halves.
pub(crate) const WORDS: &[Override] = &[
    reversed(790, |emulator, op| load_reversed(emulator, op, 2)),
    reversed(534, |emulator, op| load_reversed(emulator, op, 4)),
    reversed(918, |emulator, op| store_reversed(emulator, op, 2)),
    reversed(662, |emulator, op| store_reversed(emulator, op, 4)),
    load(52, |emulator, op| reserve(emulator, op, 1)),
    load(116, |emulator, op| reserve(emulator, op, 2)),
    load(20, |emulator, op| reserve(emulator, op, 4)),
    store(694, |emulator, op| store_conditionally(emulator, op, 1)),
    store(726, |emulator, op| store_conditionally(emulator, op, 2)),
    store(150, |emulator, op| store_conditionally(emulator, op, 4)),
];

/// Doublewords, and blocks of 128 bytes (POWER9 Processor User's Manual, "L1
/// Data Cache").
pub(crate) const DOUBLE_WORDS: &[Override] = &[
    zero(|emulator, op| zero_block(emulator, op, 128)),
    reversed(532, |emulator, op| load_reversed(emulator, op, 8)),
    reversed(660, |emulator, op| store_reversed(emulator, op, 8)),
    Override { mask: 0xfc00_0000, value: 56 << 26, handler: Handler::new(load_quad) },
    Override { mask: 0xfc00_07fe, value: 31 << 26 | 908 << 1, handler: Handler::new(store_words) },
    load(84, |emulator, op| reserve(emulator, op, 8)),
    store(214, |emulator, op| store_conditionally(emulator, op, 8)),
    load(276, reserve_quad),
    store(182, store_quad_conditionally),
];

/// The address, and the number of the register that is loaded or stored.
fn operands(emulator: &NativeEmulator, op: &UserOp) -> (u64, u32) {
    let word = emulator.user_input(op, 0) as u32;
    let [register, a, b] = [21, 16, 11].map(|low| word >> low & 31);
    let base = if a == 0 { 0 } else { emulator.numbered("r0", a) as u64 };
    let address = base.wrapping_add(emulator.numbered("r0", b) as u64) & emulator.address_mask;
    (address, register)
}

fn zero_block(emulator: &mut NativeEmulator, op: &UserOp, size: u64) -> Result<(), Halt> {
    let (address, _) = operands(emulator, op);
    emulator.user_write(address / size * size, &[0; 128][..size as usize])
}

/// `lq`: a quad into a pair of registers, the higher half into the even one
/// (book I, 3.3.4). RA of zero is zero.
fn load_quad(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let [target, a] = [21, 16].map(|low| word >> low & 31);
    let base = if a == 0 { 0 } else { emulator.numbered("r0", a) as u64 };
    let offset = i64::from((word & 0xfff0) as u16 as i16);
    let address = base.wrapping_add_signed(offset) & emulator.address_mask;
    load_pair(emulator, address, target)
}

/// A quad into an even register, which gets the higher half, and the next.
fn load_pair(emulator: &mut NativeEmulator, address: u64, target: u32) -> Result<(), Halt> {
    let mut bytes = [0; 16];
    emulator.user_read(address, &mut bytes)?;
    let is_big = emulator.processor.language.is_big_endian();
    let value = if is_big { u128::from_be_bytes(bytes) } else { u128::from_le_bytes(bytes) };
    emulator.set_numbered("r0", target & 30, value >> 64);
    emulator.set_numbered("r0", target | 1, value & u128::from(u64::MAX));
    Ok(())
}

/// `stxvw4x`: four words, from the first on, each in the order of the processor
/// (book I, 7.6.1).
fn store_words(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let (address, register) = operands(emulator, op);
    let word = emulator.user_input(op, 0) as u32;
    let mut bytes = emulator.vsr((word & 1) << 5 | register).to_be_bytes();
    if !emulator.processor.language.is_big_endian() {
        bytes.chunks_mut(4).for_each(<[u8]>::reverse);
    }
    emulator.user_write(address, &bytes)
}

/// The address, which has to be aligned, and the number of the register.
fn aligned(emulator: &NativeEmulator, op: &UserOp, size: usize, access: Access) -> Result<(u64, u32), Halt> {
    let (address, register) = operands(emulator, op);
    if !address.is_multiple_of(size as u64) {
        return Err(Halt::Memory { access, cause: MemoryCause::Unaligned, address, size: size as u64 });
    }
    Ok((address, register))
}

fn reserve(emulator: &mut NativeEmulator, op: &UserOp, size: usize) -> Result<(), Halt> {
    let (address, register) = aligned(emulator, op, size, Access::Read)?;
    let mut bytes = [0; 8];
    emulator.user_read(address, &mut bytes[..size])?;
    if emulator.data_big_endian {
        bytes[..size].reverse();
    }
    emulator.set_numbered("r0", register, u64::from_le_bytes(bytes).into());
    emulator.reservation = Some((address, size as u8));
    Ok(())
}

/// `lqarx`: a quad, into a pair of registers as `lq` does it (book II, 4.4.2).
fn reserve_quad(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let (address, register) = aligned(emulator, op, 16, Access::Read)?;
    load_pair(emulator, address, register)?;
    emulator.reservation = Some((address, 16));
    Ok(())
}

/// Stores only if the reservation is of this address and size, which is gone
/// afterwards.
fn store_conditionally(emulator: &mut NativeEmulator, op: &UserOp, size: usize) -> Result<(), Halt> {
    let (address, register) = operands(emulator, op);
    let holds = emulator.reservation == Some((address, size as u8));
    if holds {
        let mut bytes = (emulator.numbered("r0", register) as u64).to_le_bytes();
        let bytes = &mut bytes[..size];
        if emulator.data_big_endian {
            bytes.reverse();
        }
        emulator.user_write(address, bytes)?;
    }
    tell_stored(emulator, holds);
    Ok(())
}

/// `stqcx.`: the same of a quad.
fn store_quad_conditionally(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let (address, register) = operands(emulator, op);
    let holds = emulator.reservation == Some((address, 16));
    if holds {
        let [high, low] = [register & 30, register | 1].map(|it| emulator.numbered("r0", it));
        let value = high << 64 | low & u128::from(u64::MAX);
        let is_big = emulator.processor.language.is_big_endian();
        let bytes = if is_big { value.to_be_bytes() } else { value.to_le_bytes() };
        emulator.user_write(address, &bytes)?;
    }
    tell_stored(emulator, holds);
    Ok(())
}

/// CR0 after a conditional store: whether it was done, and the summary of
/// overflows.
fn tell_stored(emulator: &mut NativeEmulator, is_done: bool) {
    emulator.reservation = None;
    let summary = emulator.user_register("xer_so") & 1;
    emulator.set_user_register("cr0", u128::from(is_done) << 1 | summary);
}

fn load_reversed(emulator: &mut NativeEmulator, op: &UserOp, size: usize) -> Result<(), Halt> {
    let (address, register) = operands(emulator, op);
    let mut bytes = [0; 8];
    emulator.user_read(address, &mut bytes[..size])?;
    if !emulator.data_big_endian {
        bytes[..size].reverse();
    }
    emulator.set_numbered("r0", register, u64::from_le_bytes(bytes).into());
    Ok(())
}

fn store_reversed(emulator: &mut NativeEmulator, op: &UserOp, size: usize) -> Result<(), Halt> {
    let (address, register) = operands(emulator, op);
    let mut bytes = (emulator.numbered("r0", register) as u64).to_le_bytes();
    let bytes = &mut bytes[..size];
    if !emulator.data_big_endian {
        bytes.reverse();
    }
    emulator.user_write(address, bytes)
}
