//! [`RegisterFile`]: the platform's registers in terms of Unicorn's.

use hashbrown::HashMap;
use terrella_emulator_api::{Error, Result};
use terrella_platforms::{Platform, PlatformDefinition, RegisterDefinition, RegisterId, RegisterValue};

use crate::{
    NAME,
    engine::Handle,
    hidden::{Hidden, HiddenRegister, hidden},
    registers::{NativeRegister, native_registers},
};

/// For each register of the platform table, what it is in Unicorn.
pub(crate) struct RegisterFile {
    definition: &'static PlatformDefinition,
    /// By register id: how to move it without a detour.
    plain: Vec<Option<Plain>>,
    /// By the id of a root: the native registers that hold parts of it.
    roots: HashMap<RegisterId, Vec<NativeRegister>>,
    /// What the register interface does not show.
    pub(crate) hidden: Option<&'static Hidden>,
    /// By the id of a root: where it stands in the processor's state.
    hidden_roots: HashMap<RegisterId, HiddenRegister>,
    pub(crate) pc: RegisterId,
    /// Where the program counter is linear: the selector of the code segment,
    /// and the offset in it (x86, real-address mode).
    pub(crate) segmented: Option<(RegisterId, RegisterId)>,
    pub(crate) flags: Option<RegisterId>,
    /// The upper and the lower bits of the if-then state (ARM).
    pub(crate) if_then: Option<(RegisterId, RegisterId)>,
}

/// A register whose root is one native register of up to 64 bits.
#[derive(Clone, Copy)]
struct Plain {
    id: i32,
    bytes: u8,
    low_bit: u8,
    mask: u64,
    writable: bool,
}

impl RegisterFile {
    pub(crate) fn new(platform: Platform) -> Self {
        let definition = platform.definition();
        let registers = definition.registers();
        let roots: HashMap<RegisterId, Vec<NativeRegister>> = registers
            .roots()
            .map(|(id, register)| (id, native_registers(platform, &register.name)))
            .filter(|(_, natives)| !natives.is_empty())
            .collect();
        let hidden = hidden(platform);
        let hidden_roots: HashMap<RegisterId, HiddenRegister> = registers
            .roots()
            .filter_map(|(id, register)| Some((id, hidden?.register(&register.name)?)))
            .collect();
        let plain = registers
            .iter()
            .map(|(_, register)| {
                if hidden_roots.contains_key(&register.root) {
                    return None;
                }
                Self::plain(register, roots.get(&register.root)?, registers.get(register.root))
            })
            .collect();
        let pc = registers.lookup(definition.program_counter).or_else(|| registers.id_at(0));
        let offset = registers.lookup("eip").filter(|offset| Some(*offset) != pc);
        Self {
            definition,
            plain,
            roots,
            hidden,
            hidden_roots,
            // The tests of the tables see to it that there is one.
            pc: pc.unwrap_or_else(|| unreachable!("a table without registers")),
            segmented: registers.lookup("cs").zip(offset),
            // What Unicorn's translator assumes of them it assumes to the end
            // of a block.
            flags: ["rflags", "eflags", "sr", "psr", "ccr"]
                .iter()
                .filter_map(|name| registers.lookup(name))
                .find(|id| registers.get(*id).root == *id),
            if_then: registers.lookup("it_high").zip(registers.lookup("it_low")),
        }
    }

    fn plain(
        register: &RegisterDefinition,
        natives: &[NativeRegister],
        root: &RegisterDefinition,
    ) -> Option<Plain> {
        let [native] = natives else { return None };
        let whole =
            native.low_bit == 0 && native.bits == root.bits && native.bits == 8 * u16::from(native.bytes);
        if register.fixed.is_some()
            || !whole
            || native.bytes > 8
            || native.shared
            || native.image() != [0; 64]
        {
            return None;
        }
        Some(Plain {
            id: native.id,
            bytes: native.bytes,
            low_bit: register.low_bit as u8,
            mask: u64::MAX >> (64 - u32::from(register.bits)),
            writable: native.writable,
        })
    }

    fn definition_of(&self, id: RegisterId) -> Result<&'static RegisterDefinition> {
        self.definition.registers().try_get(id).ok_or_else(|| self.not_available(&format!("#{}", id.index())))
    }

    fn not_available(&self, register: &str) -> Error {
        Error::RegisterNotAvailable {
            backend: NAME,
            platform: self.definition.platform,
            register: register.to_owned(),
        }
    }

    /// Whether a register is the one that the if-then state is in.
    pub(crate) fn has_if_then(&self, id: RegisterId) -> bool {
        self.if_then.is_some_and(|(high, _)| self.definition.registers().get(high).root == id)
    }

    /// Whether Unicorn has all of the register, or it is fixed.
    pub(crate) fn has(&self, id: RegisterId) -> bool {
        let Some(register) = self.definition.registers().try_get(id) else { return false };
        if register.fixed.is_some() || self.hidden_roots.contains_key(&register.root) {
            return true;
        }
        let Some(natives) = self.roots.get(&register.root) else { return false };
        let wanted = RegisterValue::ZERO.insert(
            register.low_bit.into(),
            register.bits.into(),
            &RegisterValue::mask(register.bits.into()),
        );
        let held = natives.iter().fold(RegisterValue::ZERO, |held, native| {
            held.insert(native.low_bit.into(), native.bits.into(), &RegisterValue::mask(native.bits.into()))
        });
        held.extract(register.low_bit.into(), register.bits.into())
            == wanted.extract(register.low_bit.into(), register.bits.into())
    }

    /// Reads a register of up to 64 bits.
    pub(crate) fn read(&self, engine: &Handle, id: RegisterId) -> Result<u64> {
        if let Some(Some(plain)) = self.plain.get(id.index()) {
            let mut bytes = [0; 8];
            engine.read_register(plain.id, &mut bytes[..usize::from(plain.bytes)]);
            return Ok(u64::from_le_bytes(bytes) >> plain.low_bit & plain.mask);
        }
        let register = self.definition_of(id)?;
        if let Some(value) = register.fixed {
            return Ok(value);
        }
        if register.bits > 64 {
            return Err(Error::RegisterTooWide {
                register: register.name.clone(),
                bits: register.bits.into(),
            });
        }
        Ok(self.read_wide(engine, id)?.low_u64())
    }

    /// Reads a register of any width.
    pub(crate) fn read_wide(&self, engine: &Handle, id: RegisterId) -> Result<RegisterValue> {
        let register = self.definition_of(id)?;
        if let Some(value) = register.fixed {
            return Ok(value.into());
        }
        if !self.has(id) {
            return Err(self.not_available(&register.name));
        }
        let root = self.read_root(engine, register)?;
        Ok(root.extract(register.low_bit.into(), register.bits.into()))
    }

    /// Reads the whole root of a register; bits that Unicorn lacks are zero.
    fn read_root(&self, engine: &Handle, register: &RegisterDefinition) -> Result<RegisterValue> {
        if let (Some(hidden), Some(it)) = (self.hidden, self.hidden_roots.get(&register.root)) {
            return Ok(it.read(&hidden.state(engine)?));
        }
        let natives = self.roots.get(&register.root).ok_or_else(|| self.not_available(&register.name))?;
        let mut value = RegisterValue::ZERO;
        for native in natives {
            let mut image = native.image();
            if !engine.read_register(native.id, &mut image[..usize::from(native.bytes)]) {
                return Err(self.not_available(&register.name));
            }
            value = native.extract(&image, &value);
        }
        Ok(value)
    }

    /// Writes a register of any width; an alias changes only its part.
    pub(crate) fn write(&self, engine: &Handle, id: RegisterId, value: RegisterValue) -> Result<()> {
        let register = self.definition_of(id)?;
        if value.bits() > u32::from(register.bits) {
            let (register, bits) = (register.name.clone(), register.bits.into());
            return Err(Error::ValueTooWide { register, bits, value });
        }
        if let Some(Some(plain)) = self.plain.get(id.index())
            && plain.writable
            && plain.low_bit == 0
            && register.bits == 8 * u16::from(plain.bytes)
        {
            let bytes = value.low_u64().to_le_bytes();
            engine.write_register(plain.id, &bytes[..usize::from(plain.bytes)]);
            return Ok(());
        }
        if let Some(fixed) = register.fixed {
            if value == RegisterValue::from(fixed) {
                return Ok(());
            }
            let register = register.name.clone();
            return Err(Error::FixedRegister { register, value: fixed, written: value });
        }
        if !self.has(id) {
            return Err(self.not_available(&register.name));
        }
        self.write_parts(engine, register, value)
    }

    /// Writes what Unicorn has of a register; it must have all bits that
    /// change.
    pub(crate) fn write_parts(
        &self,
        engine: &Handle,
        register: &RegisterDefinition,
        value: RegisterValue,
    ) -> Result<()> {
        let before = self.read_root(engine, register)?;
        let after = before.insert(register.low_bit.into(), register.bits.into(), &value);
        if let (Some(hidden), Some(it)) = (self.hidden, self.hidden_roots.get(&register.root))
            && !it.written_by_interface()
        {
            let mut state = hidden.state(engine)?;
            if !it.write(&mut state, &after) {
                return Err(self.not_available(&register.name));
            }
            return hidden.set_state(engine, &state);
        }
        let natives = self.roots.get(&register.root).map(Vec::as_slice).unwrap_or_default();
        let mut kept = before;
        for native in natives {
            let (low, bits) = (native.low_bit.into(), native.bits.into());
            if before.extract(low, bits) == after.extract(low, bits) {
                continue;
            }
            if !native.writable {
                return Err(self.not_available(&register.name));
            }
            let mut image = native.image();
            let length = usize::from(native.bytes);
            if native.shared && !engine.read_register(native.id, &mut image[..length]) {
                return Err(self.not_available(&register.name));
            }
            native.insert(&mut image, &after);
            if !engine.write_register(native.id, &image[..length]) {
                return Err(self.not_available(&register.name));
            }
            kept = kept.insert(low, bits, &after.extract(low, bits));
        }
        // Bits of the register that Unicorn does not keep.
        if kept == after { Ok(()) } else { Err(self.not_available(&register.name)) }
    }
}
