//! [`Cpu`]: the registers of a machine.

use std::{any::Any, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{Capability, Emulator, Error as ApiError};
use terrella_platforms::{
    Platform, RegisterDefinition, RegisterId, RegisterKind, RegisterTable, RegisterValue,
};

use crate::{Difference, Error, MachineItem, Phase, Result};

/// The name of the processor item that every machine has.
pub(crate) const CPU: &str = "cpu";

/// What is known of one register that is not an alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    value: RegisterValue,
    /// The bits that were set.
    set: RegisterValue,
    /// It was read from an emulator and not set by hand, so another backend
    /// need not have it.
    optional: bool,
}

/// The registers of a machine: those that are set, to the bit.
///
/// Only what is set is applied, so that the rest stays as the backend starts
/// it. Names are those of the platform, aliases included.
///
/// ```
/// use terrella_machine_state::{Cpu, Platform};
///
/// let mut cpu = Cpu::new(Platform::X86_64);
/// cpu.set("al", 0x42_u64)?;
/// assert_eq!(cpu.get_u64("al")?, 0x42);
/// assert!(cpu.is_set("al")? && !cpu.is_set("rax")?);
/// cpu.set("rax", 0x1234_u64)?;
/// assert_eq!(cpu.get_u64("ah")?, 0x12);
/// assert!(cpu.set("al", 0x100_u64).is_err());
/// # Ok::<(), terrella_machine_state::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Listed", try_from = "Listed")]
pub struct Cpu {
    platform: Platform,
    registers: BTreeMap<RegisterId, Held>,
    labels: BTreeMap<RegisterId, String>,
}

/// The form in files: a register is `value`, or `value/mask` if only some
/// bits are set, with `?` after it if a backend may lack it.
#[derive(Serialize, Deserialize)]
struct Listed {
    platform: Platform,
    registers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
}

impl Cpu {
    /// The aliases of a register that a backend has, although it lacks the
    /// whole, as bits of it: id, lowest bit, width.
    fn parts(&self, root: RegisterId, emulator: &dyn Emulator) -> Vec<(RegisterId, u32, u32)> {
        self.table()
            .iter()
            .filter(|(id, part)| part.root == root && *id != root && emulator.has_register(*id))
            .map(|(id, part)| (id, u32::from(part.low_bit), u32::from(part.bits)))
            .collect()
    }

    /// Writes those parts of a register that a backend has and that are set;
    /// the bits that were.
    fn apply_parts(
        &self,
        root: RegisterId,
        held: &Held,
        emulator: &mut dyn Emulator,
    ) -> Result<RegisterValue> {
        let mut written = RegisterValue::ZERO;
        for (id, low, bits) in self.parts(root, emulator) {
            if held.set.extract(low, bits) == RegisterValue::mask(bits) {
                write(emulator, id, held.value.extract(low, bits))?;
                written = written.insert(low, bits, &RegisterValue::mask(bits));
            }
        }
        Ok(written)
    }

    /// Reads those parts of a register that a backend has.
    fn extract_parts(&mut self, root: RegisterId, emulator: &dyn Emulator) -> Result<()> {
        for (id, low, bits) in self.parts(root, emulator) {
            let part = emulator.read_wide_register_id(id)?;
            let held = self.registers.entry(root).or_insert(Held {
                value: RegisterValue::ZERO,
                set: RegisterValue::ZERO,
                optional: true,
            });
            held.value = held.value.insert(low, bits, &part);
            held.set = held.set.insert(low, bits, &RegisterValue::mask(bits));
        }
        Ok(())
    }

    /// A processor with nothing set.
    #[must_use]
    pub fn new(platform: Platform) -> Self {
        Self { platform, registers: BTreeMap::new(), labels: BTreeMap::new() }
    }

    /// The platform.
    #[must_use]
    pub const fn platform(&self) -> Platform {
        self.platform
    }

    fn table(&self) -> &'static RegisterTable {
        self.platform.definition().registers()
    }

    fn find(&self, name: &str) -> Result<(RegisterId, &'static RegisterDefinition)> {
        let table = self.table();
        let id = table.lookup(name).ok_or_else(|| Error::UnknownRegister {
            platform: self.platform,
            name: name.to_owned(),
            nearest: table.nearest(name),
        })?;
        Ok((id, table.get(id)))
    }

    /// Sets a register, or the part of one that an alias names.
    ///
    /// # Errors
    /// [`Error::UnknownRegister`] with the nearest names,
    /// [`Error::ValueTooWide`], [`Error::FixedRegister`].
    pub fn set(&mut self, name: &str, value: impl Into<RegisterValue>) -> Result<()> {
        self.put(name, value.into(), false)
    }

    fn put(&mut self, name: &str, value: RegisterValue, optional: bool) -> Result<()> {
        let (_, definition) = self.find(name)?;
        if value.bits() > definition.bits.into() {
            let register = definition.name.clone();
            return Err(Error::ValueTooWide { register, bits: definition.bits.into(), value });
        }
        if let Some(fixed) = definition.fixed {
            if value == RegisterValue::from(fixed) {
                return Ok(());
            }
            let register = definition.name.clone();
            return Err(Error::FixedRegister { register, value: fixed, written: value });
        }
        let (low, bits) = (definition.low_bit.into(), definition.bits.into());
        let held = self.registers.entry(definition.root).or_insert(Held {
            value: RegisterValue::ZERO,
            set: RegisterValue::ZERO,
            optional,
        });
        held.value = held.value.insert(low, bits, &value);
        held.set = held.set.insert(low, bits, &RegisterValue::mask(bits));
        held.optional &= optional;
        Ok(())
    }

    /// Sets some bits of a register that is no alias, or of one.
    ///
    /// # Errors
    /// As [`Self::set`]; [`Error::ValueTooWide`] too if the register has fewer
    /// bits.
    ///
    /// ```
    /// use terrella_machine_state::{Cpu, Platform};
    ///
    /// let mut cpu = Cpu::new(Platform::X86_64);
    /// cpu.set_bits("zmm0", 128, 64, 7_u64)?;
    /// assert_eq!(cpu.bits("zmm0", 128, 64)?, Some(7_u64.into()));
    /// assert_eq!(cpu.bits("zmm0", 0, 64)?, None);
    /// # Ok::<(), terrella_machine_state::Error>(())
    /// ```
    pub fn set_bits(
        &mut self,
        name: &str,
        low: u32,
        bits: u32,
        value: impl Into<RegisterValue>,
    ) -> Result<()> {
        let value = value.into();
        let (_, definition) = self.find(name)?;
        let end = low.checked_add(bits);
        if end.is_none_or(|end| end > definition.bits.into()) || value.bits() > bits {
            let register = definition.name.clone();
            return Err(Error::ValueTooWide { register, bits, value });
        }
        if definition.fixed.is_some() {
            return Ok(());
        }
        let low = low + u32::from(definition.low_bit);
        let zero = RegisterValue::ZERO;
        let new = Held { value: zero, set: zero, optional: false };
        let held = self.registers.entry(definition.root).or_insert(new);
        held.value = held.value.insert(low, bits, &value);
        held.set = held.set.insert(low, bits, &RegisterValue::mask(bits));
        held.optional = false;
        Ok(())
    }

    /// Lets backends lack the registers that are set now, as after a run: they
    /// were not chosen, but found.
    pub fn allow_missing(&mut self) {
        self.registers.values_mut().for_each(|held| held.optional = true);
    }

    /// Some bits of a register; `None` unless all of them are set.
    ///
    /// # Errors
    /// [`Error::UnknownRegister`].
    pub fn bits(&self, name: &str, low: u32, bits: u32) -> Result<Option<RegisterValue>> {
        let (_, definition) = self.find(name)?;
        if let Some(fixed) = definition.fixed {
            return Ok(Some(RegisterValue::from(fixed).extract(low, bits)));
        }
        let Some(held) = self.registers.get(&definition.root) else { return Ok(None) };
        let low = low.saturating_add(definition.low_bit.into());
        let is_set = held.set.extract(low, bits) == RegisterValue::mask(bits);
        Ok(is_set.then(|| held.value.extract(low, bits)))
    }

    /// Forgets the value of a register, or of the part that an alias names.
    ///
    /// # Errors
    /// [`Error::UnknownRegister`].
    pub fn unset(&mut self, name: &str) -> Result<()> {
        let (_, definition) = self.find(name)?;
        if let Some(held) = self.registers.get_mut(&definition.root) {
            let (low, bits) = (definition.low_bit.into(), definition.bits.into());
            held.value = held.value.insert(low, bits, &RegisterValue::ZERO);
            held.set = held.set.insert(low, bits, &RegisterValue::ZERO);
            if held.set.is_zero() {
                self.registers.remove(&definition.root);
            }
        }
        Ok(())
    }

    /// The value of a register; `None` unless all of its bits are set.
    ///
    /// # Errors
    /// [`Error::UnknownRegister`].
    pub fn value(&self, name: &str) -> Result<Option<RegisterValue>> {
        let (_, definition) = self.find(name)?;
        Ok(self.value_of(definition))
    }

    fn value_of(&self, definition: &RegisterDefinition) -> Option<RegisterValue> {
        if let Some(fixed) = definition.fixed {
            return Some(fixed.into());
        }
        let held = self.registers.get(&definition.root)?;
        let (low, bits) = (definition.low_bit.into(), definition.bits.into());
        (held.set.extract(low, bits) == RegisterValue::mask(bits)).then(|| held.value.extract(low, bits))
    }

    /// The value of a register.
    ///
    /// # Errors
    /// [`Error::UnknownRegister`]; [`Error::RegisterNotSet`] unless all of its
    /// bits are set.
    pub fn get(&self, name: &str) -> Result<RegisterValue> {
        self.value(name)?.ok_or_else(|| Error::RegisterNotSet { register: name.to_owned() })
    }

    /// The value of a register of up to 64 bits.
    ///
    /// # Errors
    /// As [`Self::get`]; [`Error::ValueTooWide`] for a value above 64 bits.
    pub fn get_u64(&self, name: &str) -> Result<u64> {
        let value = self.get(name)?;
        let wide = |_| Error::ValueTooWide { register: name.to_owned(), bits: 64, value };
        u64::try_from(value).map_err(wide)
    }

    /// Whether all bits of a register are set.
    ///
    /// # Errors
    /// [`Error::UnknownRegister`].
    pub fn is_set(&self, name: &str) -> Result<bool> {
        Ok(self.value(name)?.is_some())
    }

    /// The processor with some registers set of which no bit is set yet.
    pub(crate) fn with_defaults(&self, defaults: &[(&'static str, u64)]) -> Result<Self> {
        let mut cpu = self.clone();
        for (name, value) in defaults {
            let (_, definition) = cpu.find(name)?;
            if !cpu.registers.contains_key(&definition.root) {
                cpu.set(name, *value)?;
            }
        }
        Ok(cpu)
    }

    /// The program counter, if it is set.
    #[must_use]
    pub fn program_counter(&self) -> Option<u64> {
        self.get_u64(self.platform.definition().program_counter).ok()
    }

    /// Sets the program counter, which takes a code pointer: with the Thumb
    /// bit where it is Thumb code.
    ///
    /// # Errors
    /// [`Error::ValueTooWide`].
    pub fn set_program_counter(&mut self, code_pointer: u64) -> Result<()> {
        self.set(self.platform.definition().program_counter, code_pointer)
    }

    /// The stack pointer, if it is set.
    #[must_use]
    pub fn stack_pointer(&self) -> Option<u64> {
        self.get_u64(self.platform.definition().stack_pointer).ok()
    }

    /// Sets the stack pointer.
    ///
    /// # Errors
    /// [`Error::ValueTooWide`].
    pub fn set_stack_pointer(&mut self, address: u64) -> Result<()> {
        self.set(self.platform.definition().stack_pointer, address)
    }

    /// Attaches a label to a register.
    ///
    /// # Errors
    /// [`Error::UnknownRegister`].
    pub fn set_label(&mut self, name: &str, label: impl Into<String>) -> Result<()> {
        let (id, _) = self.find(name)?;
        self.labels.insert(id, label.into());
        Ok(())
    }

    /// The label of a register, if it has one.
    ///
    /// # Errors
    /// [`Error::UnknownRegister`].
    pub fn label(&self, name: &str) -> Result<Option<&str>> {
        let (id, _) = self.find(name)?;
        Ok(self.labels.get(&id).map(String::as_str))
    }

    /// All labels, by register name.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(id, label)| (self.table().get(*id).name.as_str(), label.as_str()))
    }

    /// The registers of which all bits are set (aliases left out), with their
    /// values, in the order of the platform's table.
    pub fn iter(&self) -> impl Iterator<Item = (&str, RegisterValue)> {
        self.registers.keys().filter_map(|id| {
            let definition = self.table().get(*id);
            Some((definition.name.as_str(), self.value_of(definition)?))
        })
    }
}

/// Registers that others depend on come first, the program counter last.
const fn rank(kind: RegisterKind) -> u8 {
    match kind {
        RegisterKind::Control => 0,
        RegisterKind::Flags => 1,
        RegisterKind::FloatControl => 2,
        RegisterKind::Segment => 3,
        RegisterKind::Base => 4,
        RegisterKind::Debug => 6,
        RegisterKind::ProgramCounter => 7,
        _ => 5,
    }
}

/// `new` where `mask` has ones, `old` elsewhere.
fn blend(old: &RegisterValue, new: &RegisterValue, mask: &RegisterValue) -> RegisterValue {
    let bytes = |value: &RegisterValue| {
        let mut bytes = [0; 64];
        value.write_le_bytes(&mut bytes);
        bytes
    };
    let (mut result, new, mask) = (bytes(old), bytes(new), bytes(mask));
    for ((byte, new), mask) in result.iter_mut().zip(new).zip(mask) {
        *byte = (*byte & !mask) | (new & mask);
    }
    RegisterValue::from_le_bytes(&result)
}

/// Writes a register of any width by the path that fits.
fn write(emulator: &mut dyn Emulator, id: RegisterId, value: RegisterValue) -> Result<()> {
    match u64::try_from(value) {
        Ok(narrow) => emulator.write_register_id(id, narrow)?,
        Err(_) => emulator.write_wide_register_id(id, value)?,
    }
    Ok(())
}

#[typetag::serde(name = "terrella.cpu.v1")]
impl MachineItem for Cpu {
    fn clone_item(&self) -> Box<dyn MachineItem> {
        Box::new(self.clone())
    }

    fn phase(&self) -> Phase {
        Phase::Registers
    }

    fn apply(&self, _name: &str, emulator: &mut dyn Emulator) -> Result<()> {
        let table = self.table();
        let mut order: Vec<(u8, RegisterId, Held)> =
            self.registers.iter().map(|(id, held)| (rank(table.get(*id).kind), *id, *held)).collect();
        order.sort_by_key(|(rank, id, _)| (*rank, *id));
        for (_, id, held) in order {
            if !emulator.has_register(id) {
                let written = self.apply_parts(id, &held, emulator)?;
                if !held.optional && blend(&RegisterValue::ZERO, &held.set, &written) != held.set {
                    // Something that was set by hand: the error says what.
                    emulator.read_wide_register_id(id)?;
                }
                continue;
            }
            let whole = held.set == RegisterValue::mask(table.get(id).bits.into());
            let value = if whole {
                held.value
            } else {
                blend(&emulator.read_wide_register_id(id)?, &held.value, &held.set)
            };
            match write(emulator, id, value) {
                // Not to be written there, and found rather than chosen.
                Err(Error::Emulator(ApiError::RegisterNotAvailable { .. })) if held.optional => {}
                written => written?,
            }
        }
        if emulator.capabilities().has(Capability::Labels) {
            for (id, label) in &self.labels {
                emulator.write_register_label(*id, label)?;
            }
        }
        Ok(())
    }

    fn extract(&mut self, _name: &str, emulator: &mut dyn Emulator) -> Result<()> {
        for (id, definition) in self.table().roots() {
            if !emulator.has_register(id) {
                self.extract_parts(id, emulator)?;
                continue;
            }
            let value = match emulator.read_wide_register_id(id) {
                Ok(value) => value,
                Err(terrella_emulator_api::Error::RegisterNotAvailable { .. }) => continue,
                Err(other) => return Err(other.into()),
            };
            let set = RegisterValue::mask(definition.bits.into());
            let optional = self.registers.get(&id).is_none_or(|held| held.optional);
            self.registers.insert(id, Held { value, set, optional });
        }
        Ok(())
    }

    fn diff(&self, name: &str, other: &dyn MachineItem, out: &mut Vec<Difference>) {
        let other: &dyn Any = other;
        let Some(other) = other.downcast_ref::<Self>() else { return };
        for (id, definition) in self.table().roots() {
            let (before, after) = (self.registers.get(&id), other.registers.get(&id));
            let known = |held: Option<&Held>| held.map(|held| (held.value, held.set));
            if known(before) != known(after) {
                out.push(Difference::Register {
                    register: definition.name.clone(),
                    before: before.map(|held| held.value),
                    after: after.map(|held| held.value),
                });
            }
        }
        crate::diff::text_diff(name, "labels", &self.labels, &other.labels, out);
    }

    fn summary(&self) -> String {
        let at = self.program_counter().map_or_else(String::new, |pc| format!(", at {pc:#x}"));
        format!("{}: {} registers set{at}", self.platform, self.registers.len())
    }
}

impl From<Cpu> for Listed {
    fn from(cpu: Cpu) -> Self {
        let table = cpu.table();
        let text = |id: &RegisterId, held: &Held| {
            let mut text = format!("{:#x}", held.value);
            if held.set != RegisterValue::mask(table.get(*id).bits.into()) {
                text.push_str(&format!("/{:#x}", held.set));
            }
            if held.optional {
                text.push('?');
            }
            text
        };
        let name = |id: &RegisterId| table.get(*id).name.clone();
        Self {
            platform: cpu.platform,
            registers: cpu.registers.iter().map(|(id, held)| (name(id), text(id, held))).collect(),
            labels: cpu.labels.iter().map(|(id, label)| (name(id), label.clone())).collect(),
        }
    }
}

impl TryFrom<Listed> for Cpu {
    type Error = Error;

    fn try_from(listed: Listed) -> Result<Self> {
        let mut cpu = Self::new(listed.platform);
        for (name, text) in &listed.registers {
            let malformed = || Error::MalformedRegister { register: name.clone(), text: text.clone() };
            let (body, optional) = match text.strip_suffix('?') {
                Some(body) => (body, true),
                None => (text.as_str(), false),
            };
            let (value, mask) = match body.split_once('/') {
                Some((value, mask)) => (value, Some(mask)),
                None => (body, None),
            };
            let value = RegisterValue::parse(value).ok_or_else(malformed)?;
            cpu.put(name, value, optional)?;
            let (_, definition) = cpu.find(name)?;
            if let (Some(mask), Some(held)) = (mask, cpu.registers.get_mut(&definition.root)) {
                let mask = RegisterValue::parse(mask).ok_or_else(malformed)?;
                let outside = blend(&value, &RegisterValue::ZERO, &mask);
                let aliased = definition.root
                    != cpu.platform.definition().registers().lookup(name).unwrap_or(definition.root);
                if aliased || mask.is_zero() || mask.bits() > definition.bits.into() || !outside.is_zero() {
                    return Err(malformed());
                }
                held.set = mask;
            }
        }
        for (name, label) in listed.labels {
            cpu.set_label(&name, label)?;
        }
        Ok(cpu)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn errors_name_the_register() {
        let mut cpu = Cpu::new(Platform::AARCH64);
        let text = |result: Result<()>| result.unwrap_err().to_string();
        assert!(text(cpu.set("x31x", 0_u64)).contains("did you mean"));
        assert_eq!(text(cpu.set("w0", 1_u64 << 32)), "0x100000000 does not fit into `w0` of 32 bits");
        assert!(text(cpu.set("xzr", 1_u64)).contains("always 0x0"));
        cpu.set("xzr", 0_u64).unwrap();
        assert_eq!(cpu.get_u64("xzr").unwrap(), 0);
        assert_eq!(cpu.get("x0").unwrap_err().to_string(), "`x0` is not set");
    }

    #[test]
    fn files_with_wrong_registers_are_refused() {
        for text in ["{\"foo\":\"1\"}", "{\"al\":\"0x1ff\"}", "{\"rax\":\"x\"}", "{\"rax\":\"0x10/0xf\"}"] {
            let text = format!("{{\"platform\":\"x86_64\",\"registers\":{text}}}");
            assert!(serde_json::from_str::<Cpu>(&text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn files_keep_what_is_set(writes in proptest::collection::vec((0_usize..200, any::<u64>()), 0..20)) {
            for platform in [Platform::X86_64, Platform::ARMV7A, Platform::MIPS] {
                let mut cpu = Cpu::new(platform);
                let table = platform.definition().registers();
                for (index, value) in &writes {
                    let definition = table.get(table.id_at(index % table.len()).unwrap());
                    let value = RegisterValue::from(*value).extract(0, definition.bits.into());
                    if definition.fixed.is_none() {
                        cpu.set(&definition.name, value).unwrap();
                        prop_assert_eq!(cpu.get(&definition.name).unwrap(), value);
                    }
                }
                let text = serde_json::to_string(&cpu).unwrap();
                prop_assert_eq!(serde_json::from_str::<Cpu>(&text).unwrap(), cpu);
            }
        }
    }
}
