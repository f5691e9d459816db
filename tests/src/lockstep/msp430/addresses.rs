//! Instructions of the MSP430X on addresses (SLAU367, 4.6.3 and 4.6.4): calls,
//! moves, comparisons, sums and shifts of 20 bits.

use super::{C, CG, Model, Operand, PC, SR, Trouble, V, mask};

impl Model {
    pub(super) fn call_address(&mut self, word: u32) -> Result<(), Trouble> {
        let number = (word & 15) as usize;
        let target = match word >> 4 & 15 {
            4 => self.registers[number],
            5 => {
                let base = self.registers[number];
                let index = self.fetch()?;
                let address = self.indexed(base, index, None);
                self.read(address, 20)?
            }
            6 => self.read(self.registers[number], 20)?,
            7 => {
                let value = self.read(self.registers[number], 20)?;
                self.set(number, self.registers[number].wrapping_add(4));
                value
            }
            8 => {
                let address = self.fetch()? | (word & 15) << 16;
                self.read(address, 20)?
            }
            9 => {
                let base = self.registers[PC];
                let index = self.fetch()?;
                let address = base.wrapping_add((word & 15) << 16 | index) & 0xf_ffff;
                self.read(address, 20)?
            }
            11 => self.fetch()? | (word & 15) << 16,
            _ => return Err(Trouble::Invalid),
        };
        let back = self.registers[PC];
        self.push(back, 20)?;
        self.set(PC, target);
        Ok(())
    }

    pub(super) fn addresses(&mut self, word: u32) -> Result<(), Trouble> {
        let (source, target) = ((word >> 8 & 15) as usize, (word & 15) as usize);
        let kind = word >> 4 & 15;
        match kind {
            0 => {
                let value = self.read(self.registers[source], 20)?;
                self.set(target, value);
            }
            1 => {
                let address = self.registers[source];
                let value = self.read(address, 20)?;
                self.set(source, address.wrapping_add(4));
                self.set(target, value);
            }
            2 => {
                let address = self.fetch()? | (source as u32) << 16;
                let value = self.read(address, 20)?;
                self.set(target, value);
            }
            3 => {
                let base = self.registers[source];
                let index = self.fetch()?;
                let address = self.indexed(base, index, None);
                let value = self.read(address, 20)?;
                self.set(target, value);
            }
            4 | 5 => self.shift_many(word)?,
            6 => {
                let value = self.registers[source];
                let address = self.fetch()? | (target as u32) << 16;
                self.write(address, value, 20)?;
            }
            7 => {
                let base = self.registers[target];
                let value = self.registers[source];
                let index = self.fetch()?;
                let address = self.indexed(base, index, None);
                self.write(address, value, 20)?;
            }
            8..=11 => {
                let value = self.fetch()? | (source as u32) << 16;
                self.address_operation(kind & 3, value, target)?;
            }
            _ => {
                let value = if source == CG { 0 } else { self.registers[source] };
                self.address_operation(kind & 3, value, target)?;
            }
        }
        Ok(())
    }

    /// MOVA, CMPA, ADDA, SUBA.
    fn address_operation(&mut self, kind: u32, value: u32, target: usize) -> Result<(), Trouble> {
        let operation = [4, 9, 5, 8][kind as usize];
        self.compute(operation, value, Operand::Register(target), 20, false)
    }

    pub(super) fn shift_many(&mut self, word: u32) -> Result<(), Trouble> {
        let bits = if word & 0x10 == 0 { 20 } else { 16 };
        let number = (word & 15) as usize;
        for _ in 0..(word >> 10 & 3) + 1 {
            let value = self.registers[number] & mask(bits);
            let carry = self.registers[SR] & C;
            let top = 1 << (bits - 1);
            let (result, out) = match word >> 8 & 3 {
                0 => (value >> 1 | carry << (bits - 1), value & 1),
                1 => (value >> 1 | value & top, value & 1),
                2 => (value << 1 & mask(bits), value >> (bits - 1)),
                _ => (value >> 1, value & 1),
            };
            let overflow = self.registers[SR] & V != 0;
            self.shifted(Operand::Register(number), result, out, bits)?;
            if word >> 8 & 3 == 2 {
                // V is undefined.
                self.flag(V, overflow);
            }
        }
        Ok(())
    }
}
