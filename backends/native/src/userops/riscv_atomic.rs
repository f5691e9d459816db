//! RISC-V: the extensions A, Zabha and Zacas (unprivileged manual),
//! whose accesses must be aligned.

use terrella_emulator_api::{Access, MemoryCause};

use super::Handler;
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(crate) const OVERRIDES: &[Override] =
    &[Override { mask: 0x7f, value: 0x2f, handler: Handler::new(atomic) }];

/// The value of so many bytes, its sign extended.
const fn extended(value: u128, size: usize) -> u128 {
    let above = 128 - 8 * size as u32;
    ((value << above) as i128 >> above) as u128
}

fn atomic(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let size = 1 << (word >> 12 & 7);
    let (rd, rs1, rs2) = (word >> 7 & 31, word >> 15 & 31, word >> 20 & 31);
    let function = word >> 27;
    let address = emulator.numbered("zero", rs1) as u64 & emulator.address_mask;
    let access = if function == 3 { Access::Write } else { Access::Read };
    if !address.is_multiple_of(size as u64) {
        return Err(Halt::Memory { access, cause: MemoryCause::Unaligned, address, size: size as u64 });
    }
    let operand = extended(operand(emulator, rs2, size), size);
    match function {
        // LR.
        2 => {
            let value = read(emulator, address, size)?;
            emulator.set_user_register("RESERVE_ADDRESS", address.into());
            emulator.set_user_register("RESERVE_LENGTH", size as u128);
            emulator.set_user_register("RESERVE", 1);
            emulator.set_integer_register(rd, value);
        }
        // SC: succeeds only with the reservation of that address, which is
        // gone afterwards in any case.
        3 => {
            let holds = emulator.user_register("RESERVE") != 0
                && emulator.user_register("RESERVE_ADDRESS") == address.into()
                && emulator.user_register("RESERVE_LENGTH") == size as u128;
            if holds {
                emulator.user_write(address, &operand.to_le_bytes()[..size])?;
            }
            emulator.set_user_register("RESERVE", 0);
            emulator.set_integer_register(rd, u128::from(!holds));
        }
        _ => {
            emulator.user_check(address, size, Access::Read)?;
            emulator.user_check(address, size, Access::Write)?;
            let old = read(emulator, address, size)?;
            let mask = u128::MAX >> (128 - 8 * size);
            let new = match function {
                0 => Some(old.wrapping_add(operand)),
                1 => Some(operand),
                4 => Some(old ^ operand),
                5 => (extended(self::operand(emulator, rd, size), size) == old).then_some(operand),
                8 => Some(old | operand),
                12 => Some(old & operand),
                16 => Some((old as i128).min(operand as i128) as u128),
                20 => Some((old as i128).max(operand as i128) as u128),
                24 => Some((old & mask).min(operand & mask)),
                28 => Some((old & mask).max(operand & mask)),
                _ => return Err(Halt::Invalid),
            };
            if let Some(new) = new {
                emulator.user_write(address, &new.to_le_bytes()[..size])?;
            }
            set_result(emulator, rd, size, old);
        }
    }
    Ok(())
}

/// A register, or a pair of them that begins there; that of `x0` is zero.
fn operand(emulator: &NativeEmulator, number: u32, size: usize) -> u128 {
    let low = emulator.numbered("zero", number);
    let register = usize::from(emulator.definition.pointer_bytes);
    if size <= register || number == 0 {
        return low;
    }
    emulator.numbered("zero", number | 1) << (8 * register) | low
}

/// Sets a register, or a pair of them; that of `x0` is not written.
fn set_result(emulator: &mut NativeEmulator, number: u32, size: usize, value: u128) {
    emulator.set_integer_register(number, value);
    let register = usize::from(emulator.definition.pointer_bytes);
    if size > register && number != 0 {
        emulator.set_integer_register(number | 1, value >> (8 * register));
    }
}

fn read(emulator: &mut NativeEmulator, address: u64, size: usize) -> Result<u128, Halt> {
    let mut bytes = [0; 16];
    emulator.user_read(address, &mut bytes[..size])?;
    Ok(extended(u128::from_le_bytes(bytes), size))
}
