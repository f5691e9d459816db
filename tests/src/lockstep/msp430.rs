//! [`Model`]: the MSP430 and the MSP430X as their manual describes them
//! (Texas Instruments, SLAU367, chapter 4), written without a look at the
//! specification: a second opinion where there is no other emulator.

mod addresses;

use terrella_emulator_api::{Platform, RegisterId, RegisterValue};
use terrella_platforms::Architecture;

use super::{Answer, Ending, Error, Kind, Outcome, Plan, Subject, Task, outcome::changes, plan::Place};

const PC: usize = 0;
const SP: usize = 1;
const SR: usize = 2;
const CG: usize = 3;

const C: u32 = 1;
const Z: u32 = 2;
const N: u32 = 4;
const V: u32 = 0x100;

/// Why an instruction does not end as it should.
enum Trouble {
    Memory,
    Invalid,
    /// What the model does not say.
    Unknown,
}

/// The MSP430 or MSP430X.
pub(super) struct Model {
    platform: Platform,
    is_extended: bool,
    place: Place,
    registers: [u32; 16],
    code: Vec<u8>,
    data: Vec<u8>,
}

impl Model {
    pub(super) fn new(platform: Platform, place: Place) -> Result<Self, Error> {
        let is_extended = match platform.architecture() {
            Architecture::Msp430 => false,
            Architecture::Msp430X => true,
            _ => return Err(Error::NotRun { reference: "the model", platform }),
        };
        let data = vec![0; place.size as usize];
        Ok(Self { platform, is_extended, place, registers: [0; 16], code: place.surroundings(), data })
    }

    fn number(&self, id: RegisterId) -> Option<usize> {
        let table = self.platform.definition().registers();
        (0..16).find(|number| table.lookup(&format!("r{number}")) == Some(table.get(id).root))
    }

    fn value(&self, id: RegisterId) -> RegisterValue {
        let it = self.platform.definition().registers().get(id);
        let whole = self.number(id).map_or(0, |number| self.registers[number]);
        RegisterValue::from(u64::from(whole)).extract(it.low_bit.into(), it.bits.into())
    }

    // ---- memory

    fn byte(&mut self, address: u32) -> Option<&mut u8> {
        let address = u64::from(address);
        if self.place.code().contains(&address) {
            return self.code.get_mut((address - self.place.code) as usize);
        }
        if (self.place.data..self.place.data + self.place.size).contains(&address) {
            return self.data.get_mut((address - self.place.data) as usize);
        }
        None
    }

    const fn highest(&self) -> u32 {
        if self.is_extended { 0xf_ffff } else { 0xffff }
    }

    /// A word is at an even address; an address word is in two.
    fn read(&mut self, address: u32, bits: u32) -> Result<u32, Trouble> {
        let count = if bits == 20 { 4 } else { bits / 8 };
        let address = if bits == 8 { address } else { address & !1 };
        let mut value = 0;
        for index in (0..count).rev() {
            let at = address.wrapping_add(index) & self.highest();
            value = value << 8 | u32::from(*self.byte(at).ok_or(Trouble::Memory)?);
        }
        Ok(value & mask(bits))
    }

    fn write(&mut self, address: u32, value: u32, bits: u32) -> Result<(), Trouble> {
        let count = if bits == 20 { 4 } else { bits / 8 };
        let address = if bits == 8 { address } else { address & !1 };
        for index in 0..count {
            let at = address.wrapping_add(index) & self.highest();
            *self.byte(at).ok_or(Trouble::Memory)? = (value >> (8 * index)) as u8;
        }
        Ok(())
    }

    fn fetch(&mut self) -> Result<u32, Trouble> {
        let word = self.read(self.registers[PC], 16)?;
        self.registers[PC] = self.registers[PC].wrapping_add(2) & self.highest();
        Ok(word)
    }

    fn set(&mut self, number: usize, value: u32) {
        let value = value & self.highest();
        match number {
            CG => {}
            PC => self.registers[PC] = value & !1,
            SR => self.registers[SR] = value & 0xffff,
            _ => self.registers[number] = value,
        }
    }

    fn flag(&mut self, flag: u32, holds: bool) {
        self.registers[SR] = self.registers[SR] & !flag | if holds { flag } else { 0 };
    }

    fn result(&mut self, value: u32, bits: u32) {
        self.flag(N, value >> (bits - 1) & 1 != 0);
        self.flag(Z, value & mask(bits) == 0);
    }
}

const fn mask(bits: u32) -> u32 {
    (1 << bits) - 1
}

/// Where an operand is.
#[derive(Clone, Copy)]
enum Operand {
    Register(usize),
    Constant(u32),
    Memory(u32),
}

/// What an extension word says.
#[derive(Clone, Copy, Default)]
struct Extension(Option<u32>);

impl Extension {
    /// The width, of the A/L bit and that of the instruction.
    fn bits(self, is_byte: bool) -> Result<u32, Trouble> {
        match (self.0, is_byte) {
            (None, true) => Ok(8),
            (None, false) => Ok(16),
            (Some(word), is_byte) => match (word >> 6 & 1, is_byte) {
                (1, true) => Ok(8),
                (1, false) => Ok(16),
                (_, true) => Ok(20),
                _ => Err(Trouble::Invalid),
            },
        }
    }
}

impl Model {
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
    fn operand(
        &mut self,
        mode: u32,
        number: usize,
        bits: u32,
        upper: Option<u32>,
    ) -> Result<Operand, Trouble> {
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
                let base = self.registers[number];
                let index = self.fetch()?;
                Operand::Memory(self.indexed(base, index, upper))
            }
            (3, PC) => {
                let value = self.fetch()?;
                Operand::Constant((upper.unwrap_or(0) << 16 | value) & mask(bits))
            }
            (2, _) => Operand::Memory(self.registers[number]),
            _ => {
                let address = self.registers[number];
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

    fn load(&mut self, operand: Operand, bits: u32) -> Result<u32, Trouble> {
        match operand {
            Operand::Register(number) => Ok(self.registers[number] & mask(bits)),
            Operand::Constant(value) => Ok(value & mask(bits)),
            Operand::Memory(address) => self.read(address, bits),
        }
    }

    /// Bits of a register above the width become zero.
    fn store(&mut self, operand: Operand, value: u32, bits: u32) -> Result<(), Trouble> {
        match operand {
            Operand::Register(number) => self.set(number, value & mask(bits)),
            Operand::Constant(_) => {}
            Operand::Memory(address) => self.write(address, value & mask(bits), bits)?,
        }
        Ok(())
    }

    fn push(&mut self, value: u32, bits: u32) -> Result<(), Trouble> {
        let step = if bits == 20 { 4 } else { 2 };
        let address = self.registers[SP].wrapping_sub(step) & self.highest();
        self.write(address, value, bits)?;
        self.set(SP, address);
        Ok(())
    }

    // ---- instructions

    fn execute(&mut self) -> Result<(), Trouble> {
        let mut word = self.fetch()?;
        let mut extension = Extension(None);
        if self.is_extended && word >> 11 == 3 {
            extension = Extension(Some(word));
            word = self.fetch()?;
            if word < 0x1000 || word >> 11 == 3 || word >> 13 == 1 {
                return Err(Trouble::Invalid);
            }
        }
        match word >> 12 {
            0 if self.is_extended => self.addresses(word),
            0 => Err(Trouble::Invalid),
            1 => self.one_operand(word, extension),
            2 | 3 => {
                self.jump(word);
                Ok(())
            }
            _ => self.two_operands(word, extension),
        }
    }

    fn jump(&mut self, word: u32) {
        let sr = self.registers[SR];
        let [c, z, n, v] = [C, Z, N, V].map(|flag| sr & flag != 0);
        let holds = match word >> 10 & 7 {
            0 => !z,
            1 => z,
            2 => !c,
            3 => c,
            4 => n,
            5 => n == v,
            6 => n != v,
            _ => true,
        };
        if holds {
            let offset = ((word << 22) as i32 >> 22 << 1) as u32;
            let target = self.registers[PC].wrapping_add(offset);
            self.set(PC, target);
        }
    }

    /// How often an extended instruction with registers is executed.
    fn count(&self, extension: Extension) -> u32 {
        match extension.0 {
            Some(word) if word & 0x80 != 0 => (self.registers[(word & 15) as usize] & 15) + 1,
            Some(word) => (word & 15) + 1,
            None => 1,
        }
    }

    fn two_operands(&mut self, word: u32, extension: Extension) -> Result<(), Trouble> {
        let bits = extension.bits(word & 0x40 != 0)?;
        let (source_mode, to_memory) = (word >> 4 & 3, word & 0x80 != 0);
        let (source, target) = ((word >> 8 & 15) as usize, (word & 15) as usize);
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
    ) -> Result<(), Trouble> {
        if operation == 4 {
            return self.store(place, source, bits);
        }
        let target = self.load(place, bits)?;
        let carry = if no_carry { 0 } else { self.registers[SR] & C };
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
                (value, carry, self.registers[SR] & V != 0)
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

    fn one_operand(&mut self, word: u32, extension: Extension) -> Result<(), Trouble> {
        if self.is_extended && extension.0.is_none() {
            match word >> 8 {
                0x14 | 0x15 => return self.push_many(word),
                0x16 | 0x17 => return self.pop_many(word),
                0x13 if word & 0xff != 0 => return self.call_address(word),
                _ => {}
            }
        }
        let kind = word >> 7 & 0x1f;
        let bits = match (kind, extension.0) {
            // SWPBX and SXTX of words have B/W clear for addresses, too.
            (1 | 3, Some(word)) => {
                if word & 0x40 == 0 {
                    20
                } else {
                    16
                }
            }
            _ => extension.bits(word & 0x40 != 0)?,
        };
        let (mode, number) = (word >> 4 & 3, (word & 15) as usize);
        let is_register = mode == 0;
        if kind > 6 || matches!(kind, 1 | 3 | 5) && word & 0x40 != 0 {
            return Err(Trouble::Invalid);
        }
        if kind == 6 {
            return Err(if extension.0.is_some() { Trouble::Invalid } else { Trouble::Unknown });
        }
        let upper = extension.0.map(|word| if is_register { 0 } else { word & 15 });
        let count = if is_register { self.count(extension) } else { 1 };
        let place = self.operand(mode, number, bits, upper)?;
        if matches!(place, Operand::Constant(_)) && kind < 4 {
            return Err(Trouble::Unknown);
        }
        for _ in 0..count {
            let value = self.load(place, bits)?;
            let no_carry = is_register && extension.0.is_some_and(|word| word & 0x100 != 0);
            match kind {
                0 => {
                    let carry = if no_carry { 0 } else { self.registers[SR] & C };
                    let result = value >> 1 | carry << (bits - 1);
                    self.shifted(place, result, value & 1, bits)?;
                }
                2 => {
                    let result = value >> 1 | value & 1 << (bits - 1);
                    self.shifted(place, result, value & 1, bits)?;
                }
                1 => {
                    let swapped = value & 0xf_0000 | value << 8 & 0xff00 | value >> 8 & 0xff;
                    self.store(place, swapped, bits)?;
                }
                3 => {
                    let wide = i32::from(value as i8) as u32 & 0xf_ffff;
                    let flags = if bits == 20 || is_register && self.is_extended { 20 } else { 16 };
                    match place {
                        Operand::Register(number) => self.set(number, wide),
                        _ => self.store(place, wide, bits)?,
                    }
                    let wide = wide & mask(flags.min(20));
                    self.result(wide, flags);
                    self.flag(C, wide != 0);
                    self.flag(V, false);
                }
                4 => self.push(value, bits)?,
                _ => {
                    let back = self.registers[PC];
                    self.push(back & 0xffff, 16)?;
                    self.set(PC, value & 0xffff);
                }
            }
        }
        Ok(())
    }

    fn shifted(&mut self, place: Operand, value: u32, carry: u32, bits: u32) -> Result<(), Trouble> {
        self.result(value, bits);
        self.flag(C, carry != 0);
        self.flag(V, false);
        self.store(place, value, bits)
    }

    fn push_many(&mut self, word: u32) -> Result<(), Trouble> {
        let bits = if word & 0x100 == 0 { 20 } else { 16 };
        let (count, number) = ((word >> 4 & 15) + 1, word & 15);
        for index in 0..count {
            let value = self.registers[((number.wrapping_sub(index)) & 15) as usize];
            self.push(value, bits)?;
        }
        Ok(())
    }

    fn pop_many(&mut self, word: u32) -> Result<(), Trouble> {
        let bits = if word & 0x100 == 0 { 20 } else { 16 };
        let (count, number) = ((word >> 4 & 15) + 1, word & 15);
        for index in 0..count {
            let value = self.read(self.registers[SP], bits)?;
            let step = if bits == 20 { 4 } else { 2 };
            self.set(SP, self.registers[SP].wrapping_add(step));
            self.set(((number + index) & 15) as usize, value);
        }
        Ok(())
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

impl Subject for Model {
    fn has(&self, register: RegisterId) -> bool {
        self.number(register).is_some()
    }

    fn start(&mut self, plan: &Plan) -> Result<Vec<RegisterValue>, Error> {
        Ok(plan.compared.iter().map(|it| self.value(it.id)).collect())
    }

    fn run(&mut self, plan: &Plan, task: &Task) -> Result<Answer, Error> {
        self.registers = [0; 16];
        let table = self.platform.definition().registers();
        for (chosen, value) in plan.set.iter().zip(&task.registers) {
            let it = table.get(chosen.id);
            if let Some(number) = self.number(chosen.id) {
                let whole = RegisterValue::from(u64::from(self.registers[number]));
                let whole = whole.insert(it.low_bit.into(), it.bits.into(), value);
                self.registers[number] = whole.low_u64() as u32;
            }
        }
        self.registers[PC] = task.address as u32;
        let data = task.data(self.place.size);
        self.data.clone_from(&data);
        self.code = self.place.surroundings();
        let at = (task.address - self.place.code) as usize;
        self.code[at..at + task.code.len()].copy_from_slice(&task.code);
        let kind = match self.execute() {
            Ok(()) => Kind::Done,
            Err(Trouble::Memory) => Kind::Memory,
            Err(Trouble::Invalid) => Kind::Invalid,
            Err(Trouble::Unknown) => Kind::Missing,
        };
        Ok(Answer::Outcome(Outcome {
            ending: Ending::plain(kind),
            registers: plan.compared.iter().map(|it| self.value(it.id)).collect(),
            pc: self.registers[PC].into(),
            changed: if kind == Kind::Done { changes(&data, &self.data) } else { Vec::new() },
            stores: None,
        }))
    }
}
