//! MSP430X: the instructions that the MSP430 does not have, executed as the
//! manual describes them (Texas Instruments, SLAU367, 4.6): those with an
//! extension word, of addresses, of several registers. The specification
//! computes many of their flags not at all.

use super::Handler;
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

const PC: u32 = 0;
const SP: u32 = 1;
const SR: u32 = 2;
const CG: u32 = 3;

const C: u32 = 1;
const Z: u32 = 2;
const N: u32 = 4;
const V: u32 = 0x100;

const ADDRESSES: u32 = 0xf_ffff;

const fn entry(mask: u32, value: u32, function: super::Function) -> Override {
    Override { mask, value, handler: Handler::new(function) }
}

/// By the first word, which is the lower half. Of the instructions of
/// addresses, moves to the program counter are branches, which are left to the
/// specification: of the others one of the four bits of the target is set, or
/// they compute.
pub(crate) const OVERRIDES: &[Override] = &[
    entry(0xf800, 0x1800, extended),
    entry(0xfc00, 0x1400, several),
    entry(0xf001, 0x0001, addresses),
    entry(0xf003, 0x0002, addresses),
    entry(0xf007, 0x0004, addresses),
    entry(0xf00f, 0x0008, addresses),
    // Shifts; CMPA, ADDA and SUBA of a constant and of a register.
    entry(0xf0ef, 0x0040, addresses),
    entry(0xf0bf, 0x0090, addresses),
    entry(0xf0af, 0x00a0, addresses),
    // MOVA PC, PC; CALLA with the stack pointer, which is read before it moves.
    entry(0xffff, 0x00c0, addresses),
    entry(0xffff, 0x1340, call_address),
    entry(0xffcf, 0x1341, call_address),
];

const fn mask(bits: u32) -> u32 {
    (1 << bits) - 1
}

/// Where an operand is.
#[derive(Clone, Copy)]
enum Operand {
    Register(u32),
    Constant(u32),
    Memory(u32),
}

/// An instruction under way: its registers are the processor's, but for the
/// program counter, which is behind the words that were fetched.
struct Machine<'a> {
    emulator: &'a mut NativeEmulator,
    pc: u32,
    /// The program counter was written.
    jumps: bool,
}

impl Machine<'_> {
    fn register(&self, number: u32) -> u32 {
        match number {
            PC => self.pc,
            _ => self.emulator.numbered("PC", number) as u32 & ADDRESSES,
        }
    }

    fn set(&mut self, number: u32, value: u32) {
        let value = value & ADDRESSES;
        match number {
            CG => {}
            PC => {
                self.pc = value & !1;
                self.jumps = true;
            }
            SR => self.emulator.set_numbered("PC", number, (value & 0xffff).into()),
            _ => self.emulator.set_numbered("PC", number, value.into()),
        }
    }

    fn status(&self) -> u32 {
        self.register(SR)
    }

    fn flag(&mut self, flag: u32, holds: bool) {
        let status = self.status() & !flag | if holds { flag } else { 0 };
        self.set(SR, status);
    }

    fn result(&mut self, value: u32, bits: u32) {
        self.flag(N, value >> (bits - 1) & 1 != 0);
        self.flag(Z, value & mask(bits) == 0);
    }

    /// A word is at an even address; an address word is in two.
    fn read(&mut self, address: u32, bits: u32) -> Result<u32, Halt> {
        let (address, size) = Self::access(address, bits);
        let mut bytes = [0; 4];
        self.emulator.user_read(address.into(), &mut bytes[..size])?;
        Ok(u32::from_le_bytes(bytes) & mask(bits))
    }

    fn write(&mut self, address: u32, value: u32, bits: u32) -> Result<(), Halt> {
        let (address, size) = Self::access(address, bits);
        self.emulator.user_write(address.into(), &(value & mask(bits)).to_le_bytes()[..size])
    }

    const fn access(address: u32, bits: u32) -> (u32, usize) {
        match bits {
            8 => (address, 1),
            16 => (address & !1, 2),
            _ => (address & !1, 4),
        }
    }

    fn fetch(&mut self) -> Result<u32, Halt> {
        let mut bytes = [0; 2];
        if self.emulator.memory.fetch(self.pc.into(), &mut bytes) < 2 {
            return Err(Halt::Invalid);
        }
        self.pc = self.pc.wrapping_add(2) & ADDRESSES;
        Ok(u16::from_le_bytes(bytes).into())
    }

    /// The address of an index: with an extension word of 20 bits, without one
    /// in the lower 64 KiB if the base is there.
    fn indexed(&self, base: u32, index: u32, upper: Option<u32>) -> u32 {
        match upper {
            Some(upper) => base.wrapping_add(upper << 16 | index) & 0xf_ffff,
            None if base < 0x1_0000 => base.wrapping_add(index) & 0xffff,
            None => base.wrapping_add(index as u16 as i16 as u32) & 0xf_ffff,
        }
    }

    /// An operand of a mode; `upper` are bits 19 to 16 of what follows.
    fn operand(&mut self, mode: u32, number: u32, bits: u32, upper: Option<u32>) -> Result<Operand, Halt> {
        Ok(match (mode, number) {
            (0, CG) => Operand::Constant(0),
            (1, CG) => Operand::Constant(1),
            (2, CG) => Operand::Constant(2),
            (3, CG) => Operand::Constant(mask(bits)),
            (2, SR) => Operand::Constant(4),
            (3, SR) => Operand::Constant(8),
            (0, _) => Operand::Register(number),
            (1, SR) => {
                let index = self.fetch()?;
                Operand::Memory(upper.unwrap_or(0) << 16 | index)
            }
            (1, _) => {
                // The program counter is that of the index.
                let base = self.register(number);
                let index = self.fetch()?;
                Operand::Memory(self.indexed(base, index, upper))
            }
            (3, PC) => {
                let value = self.fetch()?;
                Operand::Constant((upper.unwrap_or(0) << 16 | value) & mask(bits))
            }
            (2, _) => Operand::Memory(self.register(number)),
            _ => {
                let address = self.register(number);
                let step = match bits {
                    8 if number == SP => 2,
                    8 => 1,
                    16 => 2,
                    _ => 4,
                };
                self.set(number, address.wrapping_add(step));
                Operand::Memory(address)
            }
        })
    }

    fn load(&mut self, operand: Operand, bits: u32) -> Result<u32, Halt> {
        match operand {
            Operand::Register(number) => Ok(self.register(number) & mask(bits)),
            Operand::Constant(value) => Ok(value & mask(bits)),
            Operand::Memory(address) => self.read(address, bits),
        }
    }

    /// Bits of a register above the width become zero.
    fn store(&mut self, operand: Operand, value: u32, bits: u32) -> Result<(), Halt> {
        match operand {
            Operand::Register(number) => self.set(number, value & mask(bits)),
            Operand::Constant(_) => {}
            Operand::Memory(address) => self.write(address, value & mask(bits), bits)?,
        }
        Ok(())
    }

    fn push(&mut self, value: u32, bits: u32) -> Result<(), Halt> {
        let step = if bits == 20 { 4 } else { 2 };
        let address = self.register(SP).wrapping_sub(step) & ADDRESSES;
        self.write(address, value, bits)?;
        self.set(SP, address);
        Ok(())
    }

    /// How often an extended instruction with registers is executed.
    fn count(&self, extension: Extension) -> u32 {
        match extension.0 {
            Some(word) if word & 0x80 != 0 => (self.register(word & 15) & 15) + 1,
            Some(word) => (word & 15) + 1,
            None => 1,
        }
    }

    fn two_operands(&mut self, word: u32, extension: Extension) -> Result<(), Halt> {
        let bits = extension.bits(word & 0x40 != 0)?;
        let (source_mode, to_memory) = (word >> 4 & 3, word & 0x80 != 0);
        let (source, target) = (word >> 8 & 15, (word & 15));
        let with_registers = source_mode == 0 && !to_memory;
        let upper = |low: u32| extension.0.map(|word| word >> low & 15);
        let count = if with_registers { self.count(extension) } else { 1 };
        let operand = self.operand(source_mode, source, bits, upper(7))?;
        let value = self.load(operand, bits)?;
        let place =
            if to_memory { self.operand(1, target, bits, upper(0))? } else { Operand::Register(target) };
        for index in 0..count {
            let value = if index == 0 { value } else { self.load(operand, bits)? };
            let no_carry = with_registers && extension.0.is_some_and(|word| word & 0x100 != 0);
            self.compute(word >> 12, value, place, bits, no_carry)?;
        }
        Ok(())
    }

    fn compute(
        &mut self,
        operation: u32,
        source: u32,
        place: Operand,
        bits: u32,
        no_carry: bool,
    ) -> Result<(), Halt> {
        if operation == 4 {
            return self.store(place, source, bits);
        }
        let target = self.load(place, bits)?;
        let carry = if no_carry { 0 } else { self.status() & C };
        let all = mask(bits);
        let sign = 1 << (bits - 1);
        let sum = |other: u32, carry: u32| {
            let sum = target + other + carry;
            (sum & all, sum > all, !(target ^ other) & (target ^ sum) & sign != 0)
        };
        let (value, carry, overflows) = match operation {
            5 => sum(source, 0),
            6 => sum(source, carry),
            7 => sum(!source & all, carry),
            8 | 9 => sum(!source & all, 1),
            10 => {
                let (value, carry) = decimal_sum(target, source, carry, bits);
                // V is undefined.
                (value, carry, self.status() & V != 0)
            }
            11 | 15 => (target & source, target & source != 0, false),
            14 => (target ^ source, target != source, target & source & sign != 0),
            12 => return self.store(place, target & !source, bits),
            _ => return self.store(place, target | source, bits),
        };
        // Flags are set before the result, which may be the status register.
        let stores = !matches!(operation, 9 | 11);
        self.result(value, bits);
        self.flag(C, carry);
        self.flag(V, overflows);
        if stores {
            self.store(place, value, bits)?;
        }
        Ok(())
    }

    fn shifted(&mut self, place: Operand, value: u32, carry: u32, bits: u32) -> Result<(), Halt> {
        self.result(value, bits);
        self.flag(C, carry != 0);
        self.flag(V, false);
        self.store(place, value, bits)
    }

    fn push_many(&mut self, word: u32) -> Result<(), Halt> {
        let bits = if word & 0x100 == 0 { 20 } else { 16 };
        let (count, number) = ((word >> 4 & 15) + 1, word & 15);
        for index in 0..count {
            let value = self.register(number.wrapping_sub(index) & 15);
            self.push(value, bits)?;
        }
        Ok(())
    }

    fn pop_many(&mut self, word: u32) -> Result<(), Halt> {
        let bits = if word & 0x100 == 0 { 20 } else { 16 };
        let (count, number) = ((word >> 4 & 15) + 1, word & 15);
        for index in 0..count {
            let value = self.read(self.register(SP), bits)?;
            let step = if bits == 20 { 4 } else { 2 };
            self.set(SP, self.register(SP).wrapping_add(step));
            self.set((number + index) & 15, value);
        }
        Ok(())
    }

    fn addresses(&mut self, word: u32) -> Result<(), Halt> {
        let (source, target) = (word >> 8 & 15, (word & 15));
        let kind = word >> 4 & 15;
        match kind {
            0 => {
                let value = self.read(self.register(source), 20)?;
                self.set(target, value);
            }
            1 => {
                let address = self.register(source);
                let value = self.read(address, 20)?;
                self.set(source, address.wrapping_add(4));
                self.set(target, value);
            }
            2 => {
                let address = self.fetch()? | source << 16;
                let value = self.read(address, 20)?;
                self.set(target, value);
            }
            3 => {
                let base = self.register(source);
                let index = self.fetch()?;
                let address = self.indexed(base, index, None);
                let value = self.read(address, 20)?;
                self.set(target, value);
            }
            4 | 5 => self.shift_many(word)?,
            6 => {
                let value = self.register(source);
                let address = self.fetch()? | target << 16;
                self.write(address, value, 20)?;
            }
            7 => {
                let base = self.register(target);
                let value = self.register(source);
                let index = self.fetch()?;
                let address = self.indexed(base, index, None);
                self.write(address, value, 20)?;
            }
            8..=11 => {
                let value = self.fetch()? | source << 16;
                self.address_operation(kind & 3, value, target)?;
            }
            _ => {
                let value = if source == CG { 0 } else { self.register(source) };
                self.address_operation(kind & 3, value, target)?;
            }
        }
        Ok(())
    }

    /// CALLA of a register, and of what is in memory.
    fn call_address(&mut self, word: u32) -> Result<(), Halt> {
        let number = word & 15;
        let target = match word >> 4 & 15 {
            4 => self.register(number),
            5 => {
                let base = self.register(number);
                let index = self.fetch()?;
                let address = self.indexed(base, index, None);
                self.read(address, 20)?
            }
            kind => {
                let value = self.read(self.register(number), 20)?;
                if kind == 7 {
                    self.set(number, self.register(number).wrapping_add(4));
                }
                value
            }
        };
        self.push(self.pc, 20)?;
        self.set(PC, target);
        Ok(())
    }

    /// MOVA, CMPA, ADDA, SUBA.
    fn address_operation(&mut self, kind: u32, value: u32, target: u32) -> Result<(), Halt> {
        let operation = [4, 9, 5, 8][kind as usize];
        self.compute(operation, value, Operand::Register(target), 20, false)
    }

    fn shift_many(&mut self, word: u32) -> Result<(), Halt> {
        let bits = if word & 0x10 == 0 { 20 } else { 16 };
        let number = word & 15;
        for _ in 0..(word >> 10 & 3) + 1 {
            let value = self.register(number) & mask(bits);
            let carry = self.status() & C;
            let top = 1 << (bits - 1);
            let (result, out) = match word >> 8 & 3 {
                0 => (value >> 1 | carry << (bits - 1), value & 1),
                1 => (value >> 1 | value & top, value & 1),
                2 => (value << 1 & mask(bits), value >> (bits - 1)),
                _ => (value >> 1, value & 1),
            };
            let overflow = self.status() & V != 0;
            self.shifted(Operand::Register(number), result, out, bits)?;
            if word >> 8 & 3 == 2 {
                // V is undefined.
                self.flag(V, overflow);
            }
        }
        Ok(())
    }
}

/// What an extension word says.
#[derive(Clone, Copy, Default)]
struct Extension(Option<u32>);

impl Extension {
    /// The width, of the A/L bit and that of the instruction.
    fn bits(self, is_byte: bool) -> Result<u32, Halt> {
        match (self.0, is_byte) {
            (None, true) => Ok(8),
            (None, false) => Ok(16),
            (Some(word), is_byte) => match (word >> 6 & 1, is_byte) {
                (1, true) => Ok(8),
                (1, false) => Ok(16),
                (_, true) => Ok(20),
                _ => Err(Halt::Invalid),
            },
        }
    }
}

/// The decimal sum, digit by digit, and its carry.
fn decimal_sum(a: u32, b: u32, mut carry: u32, bits: u32) -> (u32, bool) {
    let mut sum = 0;
    for digit in 0..bits / 4 {
        let mut value = (a >> (4 * digit) & 15) + (b >> (4 * digit) & 15) + carry;
        carry = u32::from(value >= 10);
        if carry != 0 {
            value += 6;
        }
        sum |= (value & 15) << (4 * digit);
    }
    (sum, carry != 0)
}

/// Executes an instruction from its first word on; a branch by the general
/// way goes there.
fn execute(
    emulator: &mut NativeEmulator,
    instruction: impl FnOnce(&mut Machine<'_>, u32) -> Result<(), Halt>,
) -> Result<(), Halt> {
    let pc = emulator.user_pc as u32;
    // What is written before a fault is put back.
    let before: Vec<u128> = (SP..16).map(|number| emulator.numbered("PC", number)).collect();
    let mut machine = Machine { emulator, pc, jumps: false };
    let word = machine.fetch()?;
    let result = instruction(&mut machine, word);
    let (jumps, target) = (machine.jumps, machine.pc);
    if result.is_err() {
        for (number, value) in (SP..16).zip(before) {
            emulator.set_numbered("PC", number, value);
        }
    }
    result?;
    if jumps { Err(Halt::Returned(target.into())) } else { Ok(()) }
}

fn extended(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    execute(emulator, |machine, extension| {
        let word = machine.fetch()?;
        let extension = Extension(Some(extension));
        match word >> 12 {
            1 if word >> 11 != 3 => machine.one_operand(word, extension),
            0..=3 => Err(Halt::Invalid),
            _ => machine.two_operands(word, extension),
        }
    })
}

fn several(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    execute(
        emulator,
        |machine, word| {
            if word & 0x200 == 0 { machine.push_many(word) } else { machine.pop_many(word) }
        },
    )
}

fn addresses(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    execute(emulator, |machine, word| machine.addresses(word))
}

fn call_address(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    execute(emulator, |machine, word| machine.call_address(word))
}

impl Machine<'_> {
    fn one_operand(&mut self, word: u32, extension: Extension) -> Result<(), Halt> {
        let kind = word >> 7 & 0x1f;
        let bits = match (kind, extension.0) {
            // SWPBX and SXTX of addresses have B/W clear.
            (1 | 3, Some(extension)) if extension & 0x40 == 0 => 20,
            (1 | 3, _) => 16,
            _ => extension.bits(word & 0x40 != 0)?,
        };
        let (mode, number) = (word >> 4 & 3, word & 15);
        let is_register = mode == 0;
        if kind > 4 || matches!(kind, 1 | 3) && word & 0x40 != 0 {
            return Err(Halt::Invalid);
        }
        let upper = extension.0.map(|word| if is_register { 0 } else { word & 15 });
        let count = if is_register { self.count(extension) } else { 1 };
        let place = self.operand(mode, number, bits, upper)?;
        let no_carry = is_register && extension.0.is_some_and(|word| word & 0x100 != 0);
        for _ in 0..count {
            let value = self.load(place, bits)?;
            match kind {
                0 => {
                    let carry = if no_carry { 0 } else { self.status() & C };
                    self.shifted(place, value >> 1 | carry << (bits - 1), value & 1, bits)?;
                }
                1 => {
                    let swapped = value & 0xf_0000 | value << 8 & 0xff00 | value >> 8 & 0xff;
                    self.store(place, swapped, bits)?;
                }
                2 => self.shifted(place, value >> 1 | value & 1 << (bits - 1), value & 1, bits)?,
                3 => {
                    // A register is extended as far as it goes.
                    let bits = if is_register { 20 } else { bits };
                    let wide = i32::from(value as i8) as u32 & mask(bits);
                    self.store(place, wide, bits)?;
                    self.result(wide, bits);
                    self.flag(C, wide != 0);
                    self.flag(V, false);
                }
                _ => self.push(value, bits)?,
            }
        }
        Ok(())
    }
}
