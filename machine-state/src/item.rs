//! [`MachineItem`]: what a machine is made of.

use std::{any::Any, fmt};

use terrella_emulator_api::{AddressRange, Emulator, MemoryRegion};

use crate::{Difference, Result};

/// When an item is applied: all of one phase before all of the next, and in
/// the order of the machine within a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Mappings and their content.
    Memory,
    /// Registers.
    Registers,
    /// Hooks, and the state of what stands behind them.
    Hooks,
}

/// One item of a machine: a processor, a piece of memory, a model.
///
/// Items of other crates are as good as those of this one: the `typetag` name
/// lets a saved machine find the type again. Names carry a version, so that a
/// renamed Rust type does not break files.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use terrella_machine_state::{
///     Difference, Emulator, Machine, MachineItem, Phase, Platform, Result,
/// };
///
/// /// A note that travels with the machine.
/// #[derive(Debug, Clone, Serialize, Deserialize)]
/// struct Note(String);
///
/// #[typetag::serde(name = "example.note.v1")]
/// impl MachineItem for Note {
///     fn clone_item(&self) -> Box<dyn MachineItem> {
///         Box::new(self.clone())
///     }
///     fn phase(&self) -> Phase {
///         Phase::Hooks
///     }
///     fn apply(&self, _: &str, _: &mut dyn Emulator) -> Result<()> {
///         Ok(())
///     }
///     fn extract(&mut self, _: &str, _: &mut dyn Emulator) -> Result<()> {
///         Ok(())
///     }
///     fn diff(&self, _: &str, _: &dyn MachineItem, _: &mut Vec<Difference>) {}
///     fn summary(&self) -> String {
///         format!("note: {}", self.0)
///     }
/// }
///
/// let mut machine = Machine::new(Platform::X86_64);
/// machine.add("note", Note("from the field".into()))?;
/// let again = Machine::from_bytes(&machine.to_bytes()?)?;
/// assert_eq!(again.get::<Note>("note")?.0, "from the field");
/// # Ok::<(), terrella_machine_state::Error>(())
/// ```
#[typetag::serde(tag = "type")]
pub trait MachineItem: fmt::Debug + Send + Sync + Any {
    /// A copy; what is large is shared until it is written.
    fn clone_item(&self) -> Box<dyn MachineItem>;

    /// When it is applied.
    fn phase(&self) -> Phase;

    /// Writes the item into an emulator.
    ///
    /// # Errors
    /// What the emulator reports.
    fn apply(&self, name: &str, emulator: &mut dyn Emulator) -> Result<()>;

    /// Reads the item back from an emulator that it was applied to.
    ///
    /// # Errors
    /// What the emulator reports.
    fn extract(&mut self, name: &str, emulator: &mut dyn Emulator) -> Result<()>;

    /// Adds to `out` where `other` (the later one) differs. An `other` of
    /// another type counts as nothing in common.
    fn diff(&self, name: &str, other: &dyn MachineItem, out: &mut Vec<Difference>);

    /// One line for people.
    fn summary(&self) -> String;

    /// The addresses that are the item's own, mapped or not: after a run,
    /// what is mapped in them belongs to the item and not to a new one.
    fn claims(&self) -> Vec<AddressRange> {
        Vec::new()
    }

    /// What the item maps, as memory that can be read and written without
    /// effects: for files that hold memory.
    fn regions(&self) -> Vec<MemoryRegion> {
        Vec::new()
    }

    /// Registers that the item sets if the processor does not: the stack
    /// pointer of a stack.
    fn default_registers(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// Whether nothing is left of the item after a run, so that it leaves the
    /// machine.
    fn vanished(&self) -> bool {
        false
    }

    /// Reads as many of `bytes` at `address` as the item holds from there on,
    /// and says how many; 0 if it does not hold the address.
    fn read_memory(&self, _address: u64, _bytes: &mut [u8]) -> usize {
        0
    }

    /// Writes as many of `bytes` at `address` as the item holds from there
    /// on, and says how many.
    fn write_memory(&mut self, _address: u64, _bytes: &[u8]) -> usize {
        0
    }
}

impl Clone for Box<dyn MachineItem> {
    fn clone(&self) -> Self {
        self.as_ref().clone_item()
    }
}
