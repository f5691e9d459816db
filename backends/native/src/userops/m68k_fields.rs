//! 68020: bit fields in registers and in memory (M68000 Family Programmer's
//! Reference Manual, chapter 4, BFCHG to BFTST). The offset into memory is any
//! number of bits, of which the specification uses the lowest.

use super::Handler;
use crate::{
    block::UserOp, emulator::NativeEmulator, halt::Halt, m68k::address::Reader, overrides::Override,
};

/// The instruction with its first extension word.
pub(crate) const OVERRIDES: &[Override] =
    &[Override { mask: 0xf8c0_0000, value: 0xe8c0_0000, handler: Handler::new(field) }];

/// Where a bit field is: its bits, from the highest of the bytes on.
enum Place {
    Register(u32),
    /// The address, and how many bytes.
    Memory(u64, usize),
}

fn field(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let words = emulator.user_input(op, 0) as u32;
    let (first, extension) = ((words >> 16) as u16, words as u16);
    let (mode, register) = (first >> 3 & 7, first & 7);
    let kind = first >> 8 & 7;
    let number = u32::from(extension >> 12 & 7);
    let dynamic = |bit: u16, low: u16, emulator: &NativeEmulator| {
        let value = u32::from(extension >> low & 31);
        if extension & bit != 0 { emulator.m68k_register(value & 7) } else { value }
    };
    let offset = dynamic(0x800, 6, emulator) as i32;
    // In a register it counts modulo 32.
    let offset = if mode == 0 { offset & 31 } else { offset };
    let width = match dynamic(0x20, 0, emulator) & 31 {
        0 => 32,
        width => width,
    };
    // The bytes that the field touches as one number, and how far the field
    // is from its lowest bit.
    let (place, all, bits, shift) = if mode == 0 {
        let value = emulator.m68k_register(register.into());
        let left = offset as u32 & 31;
        // The field goes round.
        let rotated = u64::from(value.rotate_left(left));
        (Place::Register(left), rotated, 32, 32 - width)
    } else {
        let mut reader = Reader::new(emulator);
        let address = emulator.m68k_address(&mut reader, mode, register)?;
        let address = u64::from(address.wrapping_add((offset >> 3) as u32));
        let within = offset as u32 & 7;
        let count = (within + width).div_ceil(8) as usize;
        let mut bytes = vec![0; count];
        emulator.user_read(address, &mut bytes)?;
        let all = bytes.iter().fold(0, |all: u64, byte| all << 8 | u64::from(*byte));
        let bits = 8 * count as u32;
        (Place::Memory(address, count), all, bits, bits - within - width)
    };
    debug_assert!(bits <= 40);
    let mask = u64::MAX >> (64 - width);
    let content = (all >> shift & mask) as u32;
    // BFINS tells of what it inserts.
    let told = if kind == 7 { (u64::from(emulator.m68k_register(number)) & mask) as u32 } else { content };
    let new = match kind {
        2 => Some(!content),
        4 => Some(0),
        6 => Some(u32::MAX),
        7 => Some(told),
        _ => None,
    };
    if let Some(new) = new {
        let all = all & !(mask << shift) | (u64::from(new) & mask) << shift;
        match place {
            Place::Register(left) => {
                emulator.set_numbered("D0", register.into(), (all as u32).rotate_right(left).into());
            }
            Place::Memory(address, count) => emulator.user_write(address, &all.to_be_bytes()[8 - count..])?,
        }
    }
    let sign = 32 - width;
    let result = match kind {
        1 => Some(content),
        3 => Some(((content << sign) as i32 >> sign) as u32),
        5 => {
            let zeros = (content << sign).leading_zeros().min(width);
            Some((offset as u32).wrapping_add(zeros))
        }
        _ => None,
    };
    if let Some(result) = result {
        emulator.set_numbered("D0", number, result.into());
    }
    emulator.set_m68k_result(told.into(), width, false);
    Ok(())
}
