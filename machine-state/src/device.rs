//! [`MappedDevice`]: a device model at an address range.

use std::{any::Any, fmt};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{
    AddressRange, Emulator, EmulatorExt, Flow, HookError, Overlap, Permissions, ReadFlow,
};
use terrella_platforms::Platform;

use crate::{
    Difference, Error, MachineItem, Phase, Result, executable::checked_range, function::unwrapped, region,
};

/// What stands behind the addresses of a device. It is state: it is saved
/// with the machine, and comes back from a run.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use terrella_machine_state::{Device, Flow, HookError};
///
/// /// Sends what is written at offset 0; is always ready, at offset 4.
/// #[derive(Debug, Clone, Default, Serialize, Deserialize)]
/// struct Uart {
///     sent: Vec<u8>,
/// }
///
/// #[typetag::serde(name = "example.uart.v1")]
/// impl Device for Uart {
///     fn clone_device(&self) -> Box<dyn Device> {
///         Box::new(self.clone())
///     }
///     fn read(&mut self, offset: u64, bytes: &mut [u8]) -> Result<(), HookError> {
///         bytes.fill(u8::from(offset == 4));
///         Ok(())
///     }
///     fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<Flow, HookError> {
///         if offset == 0 {
///             self.sent.push(bytes[0]);
///         }
///         Ok(Flow::Continue)
///     }
/// }
/// ```
#[typetag::serde(tag = "device")]
pub trait Device: fmt::Debug + Send + Sync + Any {
    /// A copy.
    fn clone_device(&self) -> Box<dyn Device>;

    /// Answers a load of `bytes.len()` bytes at an offset from the start of
    /// the range: fills `bytes`, in the order of memory.
    ///
    /// # Errors
    /// Whatever should end the run; it reaches who runs the emulator.
    fn read(&mut self, offset: u64, bytes: &mut [u8]) -> Result<(), HookError>;

    /// Takes a store at an offset from the start of the range; the bytes are
    /// in the order of memory.
    ///
    /// # Errors
    /// Whatever should end the run; it reaches who runs the emulator.
    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<Flow, HookError>;
}

impl Clone for Box<dyn Device> {
    fn clone(&self) -> Self {
        self.as_ref().clone_device()
    }
}

/// A device model at an address range, as an item of a machine. The range is
/// mapped readable and writable; loads take what the model answers, which
/// never is in memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MappedDevice {
    range: AddressRange,
    device: Box<dyn Device>,
    #[serde(default)]
    gone: bool,
}

/// The live state of a device, in the extensions of an emulator.
#[derive(Clone)]
struct LiveDevice(Box<dyn Device>);

fn key(name: &str) -> String {
    format!("terrella.device/{name}")
}

fn live<'a>(emulator: &'a mut dyn Emulator, key: &str) -> Result<&'a mut dyn Device> {
    match emulator.extensions_mut().get_mut::<LiveDevice>(key) {
        Some(live) => Ok(live.0.as_mut()),
        None => Err(Error::NotLive { name: key.to_owned() }),
    }
}

impl MappedDevice {
    /// A device with `size` bytes of addresses from `address` on.
    ///
    /// # Errors
    /// [`Error::InvalidRange`].
    pub fn new(platform: Platform, address: u64, size: u64, device: impl Device) -> Result<Self> {
        let range = checked_range(platform, address, size)?;
        Ok(Self { range, device: Box::new(device), gone: false })
    }

    /// The addresses.
    #[must_use]
    pub const fn range(&self) -> AddressRange {
        self.range
    }

    /// The model, if it is of that type.
    #[must_use]
    pub fn device<T: Device>(&self) -> Option<&T> {
        let device: &dyn Any = self.device.as_ref();
        device.downcast_ref()
    }

    /// The model, if it is of that type, to be changed.
    #[must_use]
    pub fn device_mut<T: Device>(&mut self) -> Option<&mut T> {
        let device: &mut dyn Any = self.device.as_mut();
        device.downcast_mut()
    }

    /// The live state of the device item `name` in an emulator.
    #[must_use]
    pub fn live<'a, T: Device>(emulator: &'a mut dyn Emulator, name: &str) -> Option<&'a mut T> {
        let device: &mut dyn Any = live(emulator, &key(name)).ok()?;
        device.downcast_mut()
    }
}

#[typetag::serde(name = "terrella.device.v1")]
impl MachineItem for MappedDevice {
    fn clone_item(&self) -> Box<dyn MachineItem> {
        Box::new(self.clone())
    }

    fn phase(&self) -> Phase {
        Phase::Hooks
    }

    fn apply(&self, name: &str, emulator: &mut dyn Emulator) -> Result<()> {
        let range = self.range;
        emulator.map_memory_with(range, Permissions::READ_WRITE, Overlap::Refuse)?;
        let key = key(name);
        emulator.extensions_mut().insert(key.clone(), LiveDevice(self.device.clone()));
        // Of an access that crosses the edge, the part inside is the device's.
        let inside = move |address: u64, length: usize| {
            let skipped = range.first().saturating_sub(address) as usize;
            let end = range.last().saturating_sub(address).saturating_add(1);
            (skipped.min(length), usize::try_from(end).unwrap_or(length).min(length))
        };
        let read_key = key.clone();
        emulator.hook_memory_read(range, move |emulator, address, bytes| {
            let (first, end) = inside(address, bytes.len());
            let mut answer = bytes.to_vec();
            let offset = address.wrapping_add(first as u64).wrapping_sub(range.first());
            live(emulator, &read_key)?.read(offset, &mut answer[first..end]).map_err(unwrapped)?;
            Ok(ReadFlow::Replace(answer))
        })?;
        emulator.hook_memory_write(range, move |emulator, address, bytes| {
            let (first, end) = inside(address, bytes.len());
            let offset = address.wrapping_add(first as u64).wrapping_sub(range.first());
            live(emulator, &key)?.write(offset, &bytes[first..end]).map_err(unwrapped)
        })?;
        Ok(())
    }

    fn extract(&mut self, name: &str, emulator: &mut dyn Emulator) -> Result<()> {
        self.gone = region::mapped_in(emulator, self.range).is_empty();
        if let Some(live) = emulator.extensions().get::<LiveDevice>(&key(name)) {
            self.device = live.0.clone();
        }
        Ok(())
    }

    fn diff(&self, name: &str, other: &dyn MachineItem, out: &mut Vec<Difference>) {
        let other: &dyn Any = other;
        if let Some(other) = other.downcast_ref::<Self>() {
            let text = |item: &Self| format!("{:?}", item.device);
            crate::diff::text_diff(name, "state", &text(self), &text(other), out);
            crate::diff::text_diff(name, "range", &self.range, &other.range, out);
        }
    }

    fn summary(&self) -> String {
        format!("device {}: {:?}", self.range, self.device)
    }

    fn claims(&self) -> Vec<AddressRange> {
        vec![self.range]
    }

    fn vanished(&self) -> bool {
        self.gone
    }
}
