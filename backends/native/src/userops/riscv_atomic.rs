//! RISC-V: the extension A (unprivileged manual, chapter 13), whose accesses
//! must be aligned.

use terrella_emulator_api::{Access, MemoryCause};

use super::Handler;
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

const fn entry(width: u32) -> Override {
    Override { mask: 0x707f, value: width << 12 | 0x2f, handler: Handler::new(atomic) }
}

pub(crate) const OVERRIDES: &[Override] = &[entry(2), entry(3)];

/// The value of so many bytes, its sign extended.
const fn extended(value: u64, size: usize) -> u64 {
    if size == 4 { value as i32 as i64 as u64 } else { value }
}

fn atomic(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let size = if word >> 12 & 7 == 3 { 8 } else { 4 };
    let (rd, rs1, rs2) = (word >> 7 & 31, word >> 15 & 31, word >> 20 & 31);
    let function = word >> 27;
    let address = emulator.numbered("zero", rs1) as u64 & emulator.address_mask;
    let operand = extended(emulator.numbered("zero", rs2) as u64, size);
    let access = if function == 3 { Access::Write } else { Access::Read };
    if !address.is_multiple_of(size as u64) {
        return Err(Halt::Memory { access, cause: MemoryCause::Unaligned, address, size: size as u64 });
    }
    match function {
        // LR.
        2 => {
            let value = read(emulator, address, size)?;
            emulator.set_user_register("RESERVE_ADDRESS", address.into());
            emulator.set_user_register("RESERVE_LENGTH", size as u128);
            emulator.set_user_register("RESERVE", 1);
            emulator.set_integer_register(rd, value.into());
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
            let mask = if size == 4 { 0xffff_ffff } else { u64::MAX };
            let new = match function {
                0 => old.wrapping_add(operand),
                1 => operand,
                4 => old ^ operand,
                8 => old | operand,
                12 => old & operand,
                16 => (old as i64).min(operand as i64) as u64,
                20 => (old as i64).max(operand as i64) as u64,
                24 => (old & mask).min(operand & mask),
                28 => (old & mask).max(operand & mask),
                _ => return Err(Halt::Invalid),
            };
            emulator.user_write(address, &new.to_le_bytes()[..size])?;
            emulator.set_integer_register(rd, old.into());
        }
    }
    Ok(())
}

fn read(emulator: &mut NativeEmulator, address: u64, size: usize) -> Result<u64, Halt> {
    let mut bytes = [0; 8];
    emulator.user_read(address, &mut bytes[..size])?;
    Ok(extended(u64::from_le_bytes(bytes), size))
}
