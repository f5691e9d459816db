//! [`RegisterMap`]: a memory-mapped device made of registers.

use std::{any::Any, fmt};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{Flow, HookError};
use terrella_machine_state::Device;
use terrella_platforms::ByteOrder;

/// What a program may do with a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RegisterAccess {
    /// Reads give what was written.
    #[default]
    ReadWrite,
    /// Writes do nothing.
    ReadOnly,
    /// Reads give zero.
    WriteOnly,
    /// A one that is written clears its bit: interrupt flags.
    WriteOneToClear,
    /// A one that is written sets its bit; nothing but the device clears it.
    WriteOneToSet,
    /// A read gives the value and clears it.
    ClearOnRead,
}

/// What is between and behind the registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Slack {
    /// Reads give zero, writes do nothing.
    #[default]
    Zero,
    /// Memory.
    Memory,
    /// An access ends the run with [`DeviceError::NoRegister`].
    Refuse,
}

/// What is wrong with a register map, or with an access to one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// A register is not 1, 2, 4 or 8 bytes wide.
    #[error("register `{name}` has {bytes} bytes: 1, 2, 4 and 8 are possible")]
    Width {
        /// The register.
        name: String,
        /// Its width.
        bytes: u8,
    },
    /// Two registers share bytes.
    #[error("registers `{name}` and `{other}` overlap")]
    Overlap {
        /// The register that is added.
        name: String,
        /// The one that is there.
        other: String,
    },
    /// An access where no register is.
    #[error("no register of `{device}` is at offset {offset:#x}")]
    NoRegister {
        /// The device.
        device: String,
        /// Bytes from its first address.
        offset: u64,
    },
}

/// A register of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRegister {
    /// The name.
    pub name: String,
    /// Where it is: bytes from the first address of the device.
    pub offset: u64,
    /// Its width in bytes: 1, 2, 4 or 8.
    pub bytes: u8,
    /// What a program may do with it.
    pub access: RegisterAccess,
    /// The value at the beginning.
    pub reset: u64,
    /// The bits that a program can change; others keep their value.
    pub writable: u64,
    /// The value now.
    pub value: u64,
}

impl DeviceRegister {
    /// A register that is read and written as a whole.
    #[must_use]
    pub fn new(name: impl Into<String>, offset: u64, bytes: u8) -> Self {
        Self {
            name: name.into(),
            offset,
            bytes,
            access: RegisterAccess::ReadWrite,
            reset: 0,
            writable: u64::MAX,
            value: 0,
        }
    }

    /// Chooses what a program may do with it.
    #[must_use]
    pub const fn access(mut self, access: RegisterAccess) -> Self {
        self.access = access;
        self
    }

    /// Chooses its value at the beginning.
    #[must_use]
    pub const fn reset(mut self, value: u64) -> Self {
        self.reset = value;
        self.value = value;
        self
    }

    /// Chooses the bits that a program can change.
    #[must_use]
    pub const fn writable(mut self, bits: u64) -> Self {
        self.writable = bits;
        self
    }

    const fn end(&self) -> u64 {
        self.offset.saturating_add(self.bytes as u64)
    }

    const fn mask(&self) -> u64 {
        if self.bytes >= 8 { u64::MAX } else { (1 << (8 * self.bytes as u32)) - 1 }
    }
}

/// What a device does besides keeping values. It is state: saved with the
/// machine.
#[typetag::serde(tag = "logic")]
pub trait DeviceLogic: fmt::Debug + Send + Sync + Any {
    /// A copy.
    fn clone_logic(&self) -> Box<dyn DeviceLogic>;

    /// Before a register is read: whatever it is to give is set in `registers`.
    ///
    /// # Errors
    /// Whatever should end the run.
    fn before_read(&mut self, _name: &str, _registers: &mut Registers) -> Result<(), HookError> {
        Ok(())
    }

    /// After a register was written; `value` is what the program wrote, which
    /// the register need not hold.
    ///
    /// # Errors
    /// Whatever should end the run.
    fn after_write(
        &mut self,
        _name: &str,
        _value: u64,
        _registers: &mut Registers,
    ) -> Result<Flow, HookError> {
        Ok(Flow::Continue)
    }
}

impl Clone for Box<dyn DeviceLogic> {
    fn clone(&self) -> Self {
        self.as_ref().clone_logic()
    }
}

/// The registers of a device, sorted by their places.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registers(Vec<DeviceRegister>);

impl Registers {
    /// The value of a register.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u64> {
        self.0.iter().find(|register| register.name == name).map(|register| register.value)
    }

    /// Sets the value of a register, whatever a program may do with it; says
    /// whether there is one.
    pub fn set(&mut self, name: &str, value: u64) -> bool {
        match self.0.iter_mut().find(|register| register.name == name) {
            Some(register) => {
                register.value = value & register.mask();
                true
            }
            None => false,
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &DeviceRegister> {
        self.0.iter()
    }
}

/// A device made of registers. An access that covers several of them, or only a
/// part of one, is split: each register is read or written once, and its logic
/// sees whole values.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use terrella_machine_state::{Flow, HookError, MappedDevice, Platform};
/// use terrella_models::devices::{
///     DeviceLogic, DeviceRegister, RegisterAccess, RegisterMap, Registers,
/// };
///
/// /// What is written to DATA is sent, and STATUS tells how much.
/// #[derive(Debug, Clone, Default, Serialize, Deserialize)]
/// struct Uart {
///     sent: Vec<u8>,
/// }
///
/// #[typetag::serde(name = "example.uart_logic.v1")]
/// impl DeviceLogic for Uart {
///     fn clone_logic(&self) -> Box<dyn DeviceLogic> {
///         Box::new(self.clone())
///     }
///     fn after_write(&mut self, name: &str, value: u64, registers: &mut Registers) -> Result<Flow, HookError> {
///         if name == "DATA" {
///             self.sent.push(value as u8);
///             registers.set("STATUS", self.sent.len() as u64);
///         }
///         Ok(Flow::Continue)
///     }
/// }
///
/// let platform = Platform::ARMV7M;
/// let uart = RegisterMap::new("uart", platform.byte_order())
///     .register(DeviceRegister::new("DATA", 0, 4))?
///     .register(DeviceRegister::new("STATUS", 4, 4).access(RegisterAccess::ReadOnly))?
///     .register(DeviceRegister::new("BAUD", 8, 2).reset(9600))?
///     .logic(Uart::default());
/// let device = MappedDevice::new(platform, 0x4000_c000, 0x100, uart)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RegisterMap {
    name: String,
    order: Order,
    registers: Registers,
    slack: Slack,
    /// What was written between registers, where that is memory.
    memory: std::collections::BTreeMap<u64, u8>,
    #[serde(default)]
    logic: Option<Box<dyn DeviceLogic>>,
}

/// A byte order, in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    Little,
    Big,
}

/// So many bytes between registers are kept.
const MOST_MEMORY: usize = 1 << 20;

impl RegisterMap {
    /// A device without registers.
    #[must_use]
    pub fn new(name: impl Into<String>, order: ByteOrder) -> Self {
        Self {
            name: name.into(),
            order: if order == ByteOrder::Big { Order::Big } else { Order::Little },
            registers: Registers::default(),
            slack: Slack::Zero,
            memory: std::collections::BTreeMap::new(),
            logic: None,
        }
    }

    /// Adds a register.
    ///
    /// # Errors
    /// [`DeviceError::Width`], [`DeviceError::Overlap`].
    pub fn register(mut self, register: DeviceRegister) -> Result<Self, DeviceError> {
        if !matches!(register.bytes, 1 | 2 | 4 | 8) {
            return Err(DeviceError::Width { name: register.name, bytes: register.bytes });
        }
        let all = &mut self.registers.0;
        let overlaps =
            |other: &&DeviceRegister| other.offset < register.end() && register.offset < other.end();
        if let Some(other) = all.iter().find(overlaps) {
            return Err(DeviceError::Overlap { name: register.name, other: other.name.clone() });
        }
        let place = all.partition_point(|other| other.offset < register.offset);
        all.insert(place, register);
        Ok(self)
    }

    /// Chooses what is between the registers.
    #[must_use]
    pub const fn slack(mut self, slack: Slack) -> Self {
        self.slack = slack;
        self
    }

    /// Adds what the device does.
    #[must_use]
    pub fn logic(mut self, logic: impl DeviceLogic) -> Self {
        self.logic = Some(Box::new(logic));
        self
    }

    /// The registers with their values.
    #[must_use]
    pub const fn registers(&self) -> &Registers {
        &self.registers
    }

    /// The same, to be changed.
    pub const fn registers_mut(&mut self) -> &mut Registers {
        &mut self.registers
    }

    /// What the device does, if it is of that type.
    #[must_use]
    pub fn logic_of<T: DeviceLogic>(&self) -> Option<&T> {
        let logic: &dyn Any = self.logic.as_deref()?;
        logic.downcast_ref()
    }

    /// All registers have the values of the beginning.
    pub fn reset(&mut self) {
        self.registers.0.iter_mut().for_each(|register| register.value = register.reset);
    }

    fn order(&self) -> ByteOrder {
        if self.order == Order::Big { ByteOrder::Big } else { ByteOrder::Little }
    }

    /// The register at an offset, by its index.
    fn at(&self, offset: u64) -> Option<usize> {
        self.registers.0.iter().position(|register| (register.offset..register.end()).contains(&offset))
    }

    fn refused(&self, offset: u64) -> HookError {
        Box::new(DeviceError::NoRegister { device: self.name.clone(), offset })
    }
}

#[typetag::serde(name = "terrella.register_map.v1")]
impl Device for RegisterMap {
    fn clone_device(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }

    fn read(&mut self, offset: u64, bytes: &mut [u8]) -> Result<(), HookError> {
        let order = self.order();
        let mut done = 0;
        while done < bytes.len() {
            let here = offset.wrapping_add(done as u64);
            let Some(index) = self.at(here) else {
                bytes[done] = match self.slack {
                    Slack::Zero => 0,
                    Slack::Memory => self.memory.get(&here).copied().unwrap_or(0),
                    Slack::Refuse => return Err(self.refused(here)),
                };
                done += 1;
                continue;
            };
            let name = self.registers.0[index].name.clone();
            if let Some(logic) = &mut self.logic {
                logic.before_read(&name, &mut self.registers)?;
            }
            let register = &mut self.registers.0[index];
            let value = if register.access == RegisterAccess::WriteOnly { 0 } else { register.value };
            if register.access == RegisterAccess::ClearOnRead {
                register.value = 0;
            }
            let mut whole = [0; 8];
            let whole = &mut whole[..register.bytes.into()];
            order.write(value.into(), whole);
            let first = (here - register.offset) as usize;
            let count = (whole.len() - first).min(bytes.len() - done);
            bytes[done..done + count].copy_from_slice(&whole[first..first + count]);
            done += count;
        }
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<Flow, HookError> {
        let order = self.order();
        let mut flow = Flow::Continue;
        let mut done = 0;
        while done < bytes.len() {
            let here = offset.wrapping_add(done as u64);
            let Some(index) = self.at(here) else {
                match self.slack {
                    Slack::Zero => {}
                    Slack::Memory if self.memory.len() < MOST_MEMORY => {
                        self.memory.insert(here, bytes[done]);
                    }
                    Slack::Memory | Slack::Refuse => return Err(self.refused(here)),
                }
                done += 1;
                continue;
            };
            let register = &mut self.registers.0[index];
            // Of a register that is written in part, the rest is as it was; of
            // flags that ones act on, it is zero.
            let acts =
                matches!(register.access, RegisterAccess::WriteOneToClear | RegisterAccess::WriteOneToSet);
            let mut whole = [0; 8];
            let whole = &mut whole[..register.bytes.into()];
            order.write(if acts { 0 } else { register.value.into() }, whole);
            let first = (here - register.offset) as usize;
            let count = (whole.len() - first).min(bytes.len() - done);
            whole[first..first + count].copy_from_slice(&bytes[done..done + count]);
            let written = order.read(whole) as u64;
            let bits = written & register.writable;
            register.value = match register.access {
                RegisterAccess::ReadOnly => register.value,
                RegisterAccess::WriteOneToClear => register.value & !bits,
                RegisterAccess::WriteOneToSet => register.value | bits,
                _ => register.value & !register.writable | bits,
            } & register.mask();
            let name = register.name.clone();
            if let Some(logic) = &mut self.logic
                && logic.after_write(&name, written, &mut self.registers)? == Flow::Stop
            {
                flow = Flow::Stop;
            }
            done += count;
        }
        Ok(flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Default, Serialize, Deserialize)]
    struct Log(Vec<(String, u64)>);

    #[typetag::serde(name = "test.log_logic.v1")]
    impl DeviceLogic for Log {
        fn clone_logic(&self) -> Box<dyn DeviceLogic> {
            Box::new(self.clone())
        }
        fn before_read(&mut self, name: &str, registers: &mut Registers) -> Result<(), HookError> {
            if name == "COUNT" {
                let count = registers.get("COUNT").unwrap_or(0);
                registers.set("COUNT", count + 1);
            }
            Ok(())
        }
        fn after_write(&mut self, name: &str, value: u64, _: &mut Registers) -> Result<Flow, HookError> {
            self.0.push((name.to_owned(), value));
            Ok(Flow::Continue)
        }
    }

    fn map(order: ByteOrder) -> RegisterMap {
        let add = |map: RegisterMap, register| map.register(register).unwrap();
        let map = RegisterMap::new("test", order).logic(Log::default());
        let map = add(map, DeviceRegister::new("A", 0, 4).reset(0x1122_3344));
        let map = add(map, DeviceRegister::new("B", 4, 2).reset(0x5566));
        let map = add(
            map,
            DeviceRegister::new("FLAGS", 6, 2).reset(0xffff).access(RegisterAccess::WriteOneToClear),
        );
        let map = add(map, DeviceRegister::new("COUNT", 8, 4));
        add(map, DeviceRegister::new("KEY", 12, 4).access(RegisterAccess::WriteOnly))
    }

    #[test]
    fn accesses_that_straddle_registers_are_split() {
        let mut map = map(ByteOrder::Big);
        let mut bytes = [0; 4];
        map.read(2, &mut bytes).unwrap();
        assert_eq!(bytes, [0x33, 0x44, 0x55, 0x66]);
        map.write(3, &[0xaa, 0xbb]).unwrap();
        assert_eq!((map.registers().get("A"), map.registers().get("B")), (Some(0x1122_33aa), Some(0xbb66)));
        let log = map.logic_of::<Log>().unwrap();
        assert_eq!(log.0, [("A".to_owned(), 0x1122_33aa), ("B".to_owned(), 0xbb66)]);
    }

    #[test]
    fn a_register_is_read_once_whatever_the_width() {
        let mut map = map(ByteOrder::Little);
        let mut bytes = [0; 8];
        map.read(8, &mut bytes).unwrap();
        assert_eq!(bytes, [1, 0, 0, 0, 0, 0, 0, 0]);
        map.read(10, &mut bytes[..1]).unwrap();
        assert_eq!(map.registers().get("COUNT"), Some(2));
    }

    #[test]
    fn ones_clear_flags_also_in_parts() {
        let mut map = map(ByteOrder::Little);
        map.write(7, &[0x0f]).unwrap();
        assert_eq!(map.registers().get("FLAGS"), Some(0xf0ff));
        map.write(12, &[1, 2, 3, 4]).unwrap();
        let mut bytes = [9; 4];
        map.read(12, &mut bytes).unwrap();
        assert_eq!(bytes, [0; 4]);
        map.reset();
        assert_eq!(map.registers().get("FLAGS"), Some(0xffff));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let wide = RegisterMap::new("x", ByteOrder::Little).register(DeviceRegister::new("W", 0, 3));
        assert!(matches!(wide, Err(DeviceError::Width { bytes: 3, .. })));
        let twice = map(ByteOrder::Little).register(DeviceRegister::new("X", 3, 2));
        assert!(matches!(twice, Err(DeviceError::Overlap { .. })));
        let mut strict = map(ByteOrder::Little).slack(Slack::Refuse);
        assert!(strict.read(14, &mut [0; 4]).is_err());
        assert!(strict.write(u64::MAX, &[0]).is_err());
        let edge =
            RegisterMap::new("x", ByteOrder::Little).register(DeviceRegister::new("E", u64::MAX - 1, 8));
        assert!(edge.is_ok());
    }
}
