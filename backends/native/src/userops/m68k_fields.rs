//! 68020: bit fields in registers and in memory (M68000 Family Programmer's
//! Reference Manual, chapter 4, BFCHG to BFTST). The offset into memory is any
//! number of bits, of which the specification uses the lowest.

use super::Handler;
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

/// The instruction with its first extension word.
pub(crate) const OVERRIDES: &[Override] =
    &[Override { mask: 0xf8c0_0000, value: 0xe8c0_0000, handler: Handler::new(field) }];

/// Where the instruction's next extension word is.
struct Reader {
    at: u64,
}

impl Reader {
    fn word(&mut self, emulator: &NativeEmulator) -> Result<u16, Halt> {
        let mut bytes = [0; 2];
        if emulator.memory.fetch(self.at, &mut bytes) < 2 {
            return Err(Halt::Invalid);
        }
        self.at = self.at.wrapping_add(2);
        Ok(u16::from_be_bytes(bytes))
    }

    /// A displacement of a size: none, a word, a long word.
    fn displacement(&mut self, emulator: &NativeEmulator, size: u16) -> Result<u32, Halt> {
        Ok(match size {
            2 => i32::from(self.word(emulator)? as i16) as u32,
            3 => u32::from(self.word(emulator)?) << 16 | u32::from(self.word(emulator)?),
            _ => 0,
        })
    }
}

impl NativeEmulator {
    /// A data register, or from 8 on an address register.
    fn m68k_register(&self, number: u32) -> u32 {
        self.numbered("D0", number) as u32
    }

    fn m68k_long(&mut self, address: u32) -> Result<u32, Halt> {
        let mut bytes = [0; 4];
        self.user_read(address.into(), &mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    /// The address of a control addressing mode (2.2).
    fn m68k_address(&mut self, reader: &mut Reader, mode: u16, register: u16) -> Result<u32, Halt> {
        let base = reader.at as u32;
        let address = self.m68k_register(8 + u32::from(register));
        match (mode, register) {
            (2, _) => Ok(address),
            (5, _) => Ok(address.wrapping_add(reader.displacement(self, 2)?)),
            (6, _) => self.m68k_indexed(reader, address),
            (7, 0) => reader.displacement(self, 2),
            (7, 1) => reader.displacement(self, 3),
            (7, 2) => Ok(base.wrapping_add(reader.displacement(self, 2)?)),
            (7, 3) => self.m68k_indexed(reader, base),
            _ => Err(Halt::Invalid),
        }
    }

    /// With an index: the brief and the full extension word.
    fn m68k_indexed(&mut self, reader: &mut Reader, base: u32) -> Result<u32, Halt> {
        let word = reader.word(self)?;
        let number = u32::from(word >> 12);
        let register = self.m68k_register(number);
        let index = if word & 0x800 != 0 { register } else { i32::from(register as i16) as u32 };
        let index = index << (word >> 9 & 3);
        if word & 0x100 == 0 {
            return Ok(base.wrapping_add(i32::from(word as i8) as u32).wrapping_add(index));
        }
        let base = if word & 0x80 != 0 { 0 } else { base };
        let index = if word & 0x40 != 0 { 0 } else { index };
        let near = base.wrapping_add(reader.displacement(self, word >> 4 & 3)?);
        let outer = word & 3;
        Ok(match word & 7 {
            0 => near.wrapping_add(index),
            4 => return Err(Halt::Invalid),
            // The index is added before the indirection, or after it.
            1..=3 => {
                let displacement = reader.displacement(self, outer)?;
                self.m68k_long(near.wrapping_add(index))?.wrapping_add(displacement)
            }
            _ => {
                let displacement = reader.displacement(self, outer)?;
                self.m68k_long(near)?.wrapping_add(index).wrapping_add(displacement)
            }
        })
    }
}

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
        let mut reader = Reader { at: emulator.user_pc.wrapping_add(4) };
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
