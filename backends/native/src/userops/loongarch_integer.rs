//! LoongArch: bytes and bit strings, check sums, linked accesses (LoongArch
//! Reference Manual, volume 1, 2.2.3, 2.2.9 and 2.2.7.4).

use terrella_emulator_api::{Access, MemoryCause};

use super::{Function, Handler};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

const fn entry(mask: u32, value: u32, function: Function) -> Override {
    Override { mask, value, handler: Handler::new(function) }
}

/// The polynomials of CRC-32 and CRC-32C, reflected.
const IEEE: u32 = 0xedb8_8320;
const CASTAGNOLI: u32 = 0x82f6_3b78;

pub(crate) const OVERRIDES: &[Override] = &[
    entry(0xfffe_0000, 0x0008_0000, |emulator, op| pick_bytes(emulator, op, 32)),
    entry(0xfffc_0000, 0x000c_0000, |emulator, op| pick_bytes(emulator, op, 64)),
    entry(0xffe0_8000, 0x0060_0000, |emulator, op| bits(emulator, op, 32, true)),
    entry(0xffe0_8000, 0x0060_8000, |emulator, op| bits(emulator, op, 32, false)),
    entry(0xffc0_0000, 0x0080_0000, |emulator, op| bits(emulator, op, 64, true)),
    entry(0xffc0_0000, 0x00c0_0000, |emulator, op| bits(emulator, op, 64, false)),
    entry(0xfffe_0000, 0x0024_0000, |emulator, op| checksum(emulator, op, IEEE)),
    entry(0xfffe_0000, 0x0026_0000, |emulator, op| checksum(emulator, op, CASTAGNOLI)),
    entry(0xff00_0000, 0x2000_0000, |emulator, op| load_linked(emulator, op, 4)),
    entry(0xff00_0000, 0x2100_0000, |emulator, op| store_conditionally(emulator, op, 4)),
    entry(0xff00_0000, 0x2200_0000, |emulator, op| load_linked(emulator, op, 8)),
    entry(0xff00_0000, 0x2300_0000, |emulator, op| store_conditionally(emulator, op, 8)),
];

const fn sign_extended(value: u64) -> u64 {
    value as i32 as i64 as u64
}

impl NativeEmulator {
    fn gpr_at(&self, word: u32, low: u32) -> u64 {
        self.numbered("zero", word >> low & 31) as u64
    }

    /// Writes the target of an instruction.
    fn set_target(&mut self, word: u32, value: u64) {
        let value = if self.definition.pointer_bytes == 8 { value } else { value & 0xffff_ffff };
        self.set_integer_register(word & 31, value.into());
    }
}

/// BYTEPICK: bytes out of two registers, one behind the other.
fn pick_bytes(emulator: &mut NativeEmulator, op: &UserOp, bits: u32) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let (low, high) = (emulator.gpr_at(word, 5), emulator.gpr_at(word, 10));
    let value = if bits == 32 {
        let both = (high & 0xffff_ffff) << 32 | low & 0xffff_ffff;
        sign_extended(both >> (8 * (4 - (word >> 15 & 3))))
    } else {
        let both = u128::from(high) << 64 | u128::from(low);
        (both >> (8 * (8 - (word >> 15 & 7)))) as u64
    };
    emulator.set_target(word, value);
    Ok(())
}

/// BSTRINS and BSTRPICK.
fn bits(emulator: &mut NativeEmulator, op: &UserOp, width: u32, inserts: bool) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let (highest, lowest) = (word >> 16 & (width - 1), word >> 10 & (width - 1));
    if highest < lowest {
        return Err(Halt::Invalid);
    }
    let mask = u64::MAX >> (63 - (highest - lowest));
    let source = emulator.gpr_at(word, 5);
    let value = if inserts {
        emulator.gpr_at(word, 0) & !(mask << lowest) | (source & mask) << lowest
    } else {
        source >> lowest & mask
    };
    emulator.set_target(word, if width == 32 { sign_extended(value) } else { value });
    Ok(())
}

fn checksum(emulator: &mut NativeEmulator, op: &UserOp, polynomial: u32) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let size = 1 << (word >> 15 & 3);
    let mut sum = emulator.gpr_at(word, 10) as u32;
    for byte in &emulator.gpr_at(word, 5).to_le_bytes()[..size] {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ ((sum & 1) * polynomial);
        }
    }
    emulator.set_target(word, sign_extended(sum.into()));
    Ok(())
}

/// The address of a linked access, which must be aligned.
fn address(emulator: &NativeEmulator, word: u32, size: u64, access: Access) -> Result<u64, Halt> {
    let offset = i64::from((word << 8) as i32 >> 18 << 2) as u64;
    let address = emulator.gpr_at(word, 5).wrapping_add(offset) & emulator.address_mask;
    if address.is_multiple_of(size) {
        Ok(address)
    } else {
        Err(Halt::Memory { access, cause: MemoryCause::Unaligned, address, size })
    }
}

fn load_linked(emulator: &mut NativeEmulator, op: &UserOp, size: usize) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let address = address(emulator, word, size as u64, Access::Read)?;
    let mut bytes = [0; 8];
    emulator.user_read(address, &mut bytes[..size])?;
    let value = u64::from_le_bytes(bytes);
    emulator.set_target(word, if size == 4 { sign_extended(value) } else { value });
    emulator.reservation = Some((address, size as u8));
    Ok(())
}

/// Stores only if the link holds, which is gone afterwards.
fn store_conditionally(emulator: &mut NativeEmulator, op: &UserOp, size: usize) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let address = address(emulator, word, size as u64, Access::Write)?;
    let holds = emulator.reservation.take() == Some((address, size as u8));
    if holds {
        emulator.user_write(address, &emulator.gpr_at(word, 0).to_le_bytes()[..size])?;
    }
    emulator.set_target(word, holds.into());
    Ok(())
}
