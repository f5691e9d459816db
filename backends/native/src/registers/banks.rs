//! Registers that are bytes of memory, in the bank that a register selects
//! (8051).

use terrella_emulator_api::{Error, RegisterId, RegisterValue, Result};

use crate::{NAME, emulator::NativeEmulator, target::Banks};

impl NativeEmulator {
    /// Where the byte is that a register is, if it is one of memory.
    pub(crate) fn banked(&self, register: RegisterId) -> Option<u64> {
        let Banks { prefix, count, base, selector, mask } = self.target.banks?;
        let name = &self.definition.registers().try_get(register)?.name;
        let number = name.strip_prefix(prefix)?.parse::<u64>().ok().filter(|number| *number < count)?;
        let selector = self.definition.register(selector)?;
        let bank = self.registers.read_narrow(&self.file, self.context, selector).ok()? & mask;
        Some(base + bank + number)
    }

    /// Whether there is memory where such a register is.
    pub(crate) fn has_banked(&self, address: u64) -> bool {
        self.memory.map.permissions_at(address).is_some()
    }

    fn not_available(&self, register: RegisterId) -> Error {
        let register = self.definition.registers().get(register).name.clone();
        Error::RegisterNotAvailable { backend: NAME, platform: self.platform, register }
    }

    /// Reads such a register.
    pub(crate) fn read_banked(&self, register: RegisterId, address: u64) -> Result<u64> {
        let mut byte = [0];
        self.memory.read(address, &mut byte).map_err(|_| self.not_available(register))?;
        Ok(byte[0].into())
    }

    /// Writes such a register.
    pub(crate) fn write_banked(
        &mut self,
        register: RegisterId,
        address: u64,
        value: RegisterValue,
    ) -> Result<()> {
        let it = self.definition.registers().get(register);
        if value.bits() > u32::from(it.bits) {
            let (register, bits) = (it.name.clone(), it.bits.into());
            return Err(Error::ValueTooWide { register, bits, value });
        }
        let byte = [value.low_u64() as u8];
        self.memory.write(address, &byte).map_err(|_| self.not_available(register))?;
        self.stale |= self.memory.has_written_code();
        Ok(())
    }
}
