//! [`RegisterFile`]: the platform's registers in terms of Unicorn's.

use terrella_emulator_api::{Error, Result};
use terrella_platforms::{Platform, PlatformDefinition, RegisterId, RegisterValue};

use crate::{
    NAME,
    engine::Engine,
    registers::{NativeRegister, native_register},
};

/// For each register of the platform table, what it is in Unicorn.
pub(crate) struct RegisterFile {
    definition: &'static PlatformDefinition,
    /// By register id: the native register of its root.
    natives: Vec<Option<NativeRegister>>,
    pub(crate) pc: RegisterId,
    pub(crate) flags: Option<RegisterId>,
}

impl RegisterFile {
    pub(crate) fn new(platform: Platform) -> Self {
        let definition = platform.definition();
        let registers = definition.registers();
        let natives = registers
            .iter()
            .map(|(_, register)| native_register(platform, &registers.get(register.root).name))
            .collect();
        let named = |name| registers.lookup(name);
        // The tables' tests see to it that the program counter exists.
        let pc = named(definition.program_counter).or_else(|| registers.id_at(0));
        let flags = named("rflags").or_else(|| named("eflags"));
        Self { definition, natives, pc: pc.unwrap_or_else(|| unreachable!("a table without registers")), flags }
    }

    fn native(&self, id: RegisterId) -> Result<NativeRegister> {
        self.natives.get(id.index()).copied().flatten().ok_or_else(|| self.not_available(id))
    }

    fn not_available(&self, id: RegisterId) -> Error {
        Error::RegisterNotAvailable {
            backend: NAME,
            platform: self.definition.platform,
            register: self.name(id),
        }
    }

    fn name(&self, id: RegisterId) -> String {
        self.definition.registers().try_get(id).map_or_else(|| format!("#{}", id.index()), |it| it.name.clone())
    }

    /// Whether Unicorn has the register, or it is fixed.
    pub(crate) fn has(&self, id: RegisterId) -> bool {
        let Some(register) = self.definition.registers().try_get(id) else { return false };
        let covered = |native: &NativeRegister| {
            let (low, bits) = (native.low_bit, 8 * u16::from(native.bytes));
            register.low_bit < low + bits && low < register.low_bit + register.bits
        };
        register.fixed.is_some() || self.natives[id.index()].as_ref().is_some_and(covered)
    }

    /// Reads a register of up to 64 bits.
    pub(crate) fn read(&self, engine: &Engine, id: RegisterId) -> Result<u64> {
        let register = self.definition.registers().try_get(id).ok_or_else(|| self.not_available(id))?;
        if let Some(value) = register.fixed {
            return Ok(value);
        }
        if register.bits > 64 {
            return Err(Error::RegisterTooWide { register: self.name(id), bits: register.bits.into() });
        }
        let native = self.native(id)?;
        if native.bytes <= 8 && native.low_bit == 0 && register.low_bit + register.bits <= 64 {
            let mut bytes = [0; 8];
            if !engine.read_register(native.id, &mut bytes[..usize::from(native.bytes)]) {
                return Err(self.not_available(id));
            }
            let value = u64::from_le_bytes(bytes) >> register.low_bit;
            return Ok(if register.bits == 64 { value } else { value & ((1 << register.bits) - 1) });
        }
        Ok(self.read_wide(engine, id)?.low_u64())
    }

    /// Reads a register of any width.
    pub(crate) fn read_wide(&self, engine: &Engine, id: RegisterId) -> Result<RegisterValue> {
        let register = self.definition.registers().try_get(id).ok_or_else(|| self.not_available(id))?;
        if let Some(value) = register.fixed {
            return Ok(value.into());
        }
        let root = self.read_root(engine, id)?;
        Ok(root.extract(register.low_bit.into(), register.bits.into()))
    }

    /// Reads the whole root of a register; bits that Unicorn lacks are zero.
    fn read_root(&self, engine: &Engine, id: RegisterId) -> Result<RegisterValue> {
        let native = self.native(id)?;
        let mut bytes = [0; 64];
        let bytes = &mut bytes[..usize::from(native.bytes)];
        if !engine.read_register(native.id, bytes) {
            return Err(self.not_available(id));
        }
        let value = RegisterValue::from_le_bytes(bytes);
        Ok(RegisterValue::ZERO.insert(native.low_bit.into(), 8 * u32::from(native.bytes), &value))
    }

    /// Writes a register of any width; an alias changes only its part.
    pub(crate) fn write(&self, engine: &Engine, id: RegisterId, value: RegisterValue) -> Result<()> {
        let registers = self.definition.registers();
        let register = registers.try_get(id).ok_or_else(|| self.not_available(id))?;
        let too_wide = || Error::ValueTooWide { register: self.name(id), bits: register.bits.into(), value };
        if value.bits() > u32::from(register.bits) {
            return Err(too_wide());
        }
        if let Some(fixed) = register.fixed {
            if value == RegisterValue::from(fixed) {
                return Ok(());
            }
            return Err(Error::FixedRegister { register: self.name(id), value: fixed, written: value });
        }
        let native = self.native(id)?;
        let (low, bits) = (u32::from(native.low_bit), 8 * u32::from(native.bytes));
        let root = if register.root == id {
            value
        } else {
            self.read_root(engine, id)?.insert(register.low_bit.into(), register.bits.into(), &value)
        };
        let part = root.extract(low, bits);
        if RegisterValue::ZERO.insert(low, bits, &part) != root {
            // Bits of the register that Unicorn does not keep.
            return Err(self.not_available(id));
        }
        let mut bytes = [0; 64];
        let bytes = &mut bytes[..usize::from(native.bytes)];
        part.write_le_bytes(bytes);
        if !native.writable {
            let mut now = [0; 64];
            let now = &mut now[..bytes.len()];
            if engine.read_register(native.id, now) && now == bytes {
                return Ok(());
            }
            return Err(self.not_available(id));
        }
        if engine.write_register(native.id, bytes) { Ok(()) } else { Err(self.not_available(id)) }
    }
}
