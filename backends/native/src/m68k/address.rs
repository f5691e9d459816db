//! Addressing modes of the 68000 family (M68000 Family Programmer's Reference
//! Manual, section 2), for instructions of two words that the engine executes
//! itself.

use crate::{emulator::NativeEmulator, halt::Halt};

/// Where the instruction's next extension word is.
#[derive(Clone, Copy)]
pub(crate) struct Reader {
    at: u64,
}

impl Reader {
    /// Behind the two words of the instruction.
    pub(crate) fn new(emulator: &NativeEmulator) -> Self {
        Self { at: emulator.user_pc.wrapping_add(4) }
    }

    pub(super) fn word(&mut self, emulator: &NativeEmulator) -> Result<u16, Halt> {
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
    pub(crate) fn m68k_register(&self, number: u32) -> u32 {
        self.numbered("D0", number) as u32
    }

    fn m68k_long(&mut self, address: u32) -> Result<u32, Halt> {
        let mut bytes = [0; 4];
        self.user_read(address.into(), &mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    /// The address of a control addressing mode (2.2).
    pub(crate) fn m68k_address(
        &mut self,
        reader: &mut Reader,
        mode: u16,
        register: u16,
    ) -> Result<u32, Halt> {
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

    /// The place of an operand of so many bytes in memory, for any mode that
    /// has one (2.2): the immediate operand is that, too. What the mode does
    /// to the register is for after the access.
    pub(super) fn m68k_place(
        &mut self,
        mode: u16,
        register: u16,
        size: u32,
    ) -> Result<(u32, Option<u32>), Halt> {
        let mut reader = Reader::new(self);
        let content = self.m68k_register(8 + u32::from(register));
        // The stack pointer stays even.
        let step = if size == 1 && register == 7 { 2 } else { size };
        Ok(match (mode, register) {
            (3, _) => (content, Some(content.wrapping_add(step))),
            (4, _) => {
                let down = content.wrapping_sub(step);
                (down, Some(down))
            }
            // A byte is the lower half of a word.
            (7, 4) => (reader.at.wrapping_add(u64::from(size == 1)) as u32, None),
            _ => (self.m68k_address(&mut reader, mode, register)?, None),
        })
    }
}
