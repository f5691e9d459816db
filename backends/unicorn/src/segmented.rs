//! A program counter that is a linear address, while Unicorn's is an offset in
//! the code segment (x86, real-address mode).

use terrella_emulator_api::{Emulator, Error, Result};
use terrella_platforms::{RegisterId, RegisterValue};

use crate::emulator::UnicornEmulator;

impl UnicornEmulator {
    /// The base of the code segment; zero where segments are flat.
    pub(crate) fn code_base(&self) -> u64 {
        let selector = self.registers.segmented.map(|(selector, _)| selector);
        selector.and_then(|it| self.registers.read(&self.engine, it).ok()).map_or(0, |selector| selector << 4)
    }

    /// The base of the stack segment; zero where segments are flat.
    pub(crate) fn stack_base(&self) -> Result<u64> {
        match self.definition.register("ss").filter(|_| self.registers.segmented.is_some()) {
            Some(selector) => Ok(self.read_register_id(selector)? << 4),
            None => Ok(0),
        }
    }

    /// Whether a register is the offset of the program counter, or a part.
    pub(crate) fn is_code_offset(&self, register: RegisterId) -> bool {
        let root = self.definition.registers().try_get(register).map(|it| it.root);
        self.registers.segmented.is_some_and(|(_, offset)| root == Some(offset))
    }

    /// The offset of the program counter, or the part that a register is.
    pub(crate) fn read_code_offset(&self, register: RegisterId) -> u64 {
        let it = self.definition.registers().get(register);
        let offset = RegisterValue::from(self.code_offset_of(self.program_counter()));
        offset.extract(it.low_bit.into(), it.bits.into()).low_u64()
    }

    fn code_offset_of(&self, address: u64) -> u64 {
        address.wrapping_sub(self.code_base()) & self.definition.highest_address()
    }

    /// Writes the selector of the code segment, which keeps the offset, or the
    /// offset; `None` for another register.
    pub(crate) fn write_segmented(
        &mut self,
        register: RegisterId,
        value: RegisterValue,
    ) -> Option<Result<()>> {
        let (selector, _) = self.registers.segmented?;
        let definition = self.definition.registers().try_get(register)?;
        let is_offset = self.is_code_offset(register);
        if !is_offset && register != selector {
            return None;
        }
        if value.bits() > u32::from(definition.bits) {
            let (register, bits) = (definition.name.clone(), definition.bits.into());
            return Some(Err(Error::ValueTooWide { register, bits, value }));
        }
        let before = self.code_offset_of(self.program_counter());
        let offset = if is_offset {
            let whole = RegisterValue::from(before);
            whole.insert(definition.low_bit.into(), definition.bits.into(), &value).low_u64()
        } else {
            if let Err(error) = self.registers.write(&self.engine, register, value) {
                return Some(Err(error));
            }
            before
        };
        let pointer = self.code_base().wrapping_add(offset) & self.definition.highest_address();
        Some(self.set_program_counter(pointer))
    }
}
