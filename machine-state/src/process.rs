//! [`ProcessRecord`]: what an operating system knew of the process that a
//! machine was taken from.

use std::any::Any;

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{AddressRange, Emulator};

use crate::{Cpu, Difference, MachineItem, Phase, Result, diff::text_diff};

/// A signal that ended or stopped a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Its number on the platform (`si_signo`); on Windows, the exception
    /// code.
    pub number: u32,
    /// The cause (`si_code`).
    #[serde(default)]
    pub code: i32,
    /// The address that it is about (`si_addr`), where the cause has one.
    #[serde(default)]
    pub address: Option<u64>,
}

/// A thread that is not the one in the machine's processor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadRecord {
    /// The number that the system gave it.
    pub identifier: u64,
    /// The signal it was at, if any.
    #[serde(default)]
    pub signal: Option<Signal>,
    /// Its registers.
    pub cpu: Cpu,
}

/// A file that was mapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// The addresses.
    pub range: AddressRange,
    /// What is at the first address, in bytes from the start of the file.
    pub offset: u64,
    /// The path, as the process saw it.
    pub path: String,
}

/// What an operating system knew of the process that a machine was taken
/// from: a record, which does nothing when it is applied.
///
/// ```
/// use terrella_machine_state::{Machine, Platform, ProcessRecord};
///
/// let mut machine = Machine::new(Platform::X86_64);
/// let record = ProcessRecord { name: "true".into(), identifier: 42, ..ProcessRecord::default() };
/// machine.add("process", record)?;
/// assert_eq!(machine.get::<ProcessRecord>("process")?.auxiliary_value(9), None);
/// # Ok::<(), terrella_machine_state::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProcessRecord {
    /// The number of the process.
    pub identifier: u64,
    /// The number of its parent.
    #[serde(default)]
    pub parent: u64,
    /// The number of the thread in the machine's processor.
    #[serde(default)]
    pub thread: u64,
    /// The file name of the program.
    #[serde(default)]
    pub name: String,
    /// The beginning of the command line.
    #[serde(default)]
    pub arguments: String,
    /// The signal that the thread in the processor was at.
    #[serde(default)]
    pub signal: Option<Signal>,
    /// The auxiliary vector: types and values.
    #[serde(default)]
    pub auxiliary: Vec<(u64, u64)>,
    /// The mapped files, by address.
    #[serde(default)]
    pub files: Vec<FileRecord>,
    /// The other threads.
    #[serde(default)]
    pub threads: Vec<ThreadRecord>,
}

impl ProcessRecord {
    /// The first value of a type in the auxiliary vector.
    #[must_use]
    pub fn auxiliary_value(&self, kind: u64) -> Option<u64> {
        self.auxiliary.iter().find(|(found, _)| *found == kind).map(|(_, value)| *value)
    }
}

#[typetag::serde(name = "terrella.process.v1")]
impl MachineItem for ProcessRecord {
    fn clone_item(&self) -> Box<dyn MachineItem> {
        Box::new(self.clone())
    }

    fn phase(&self) -> Phase {
        Phase::Hooks
    }

    fn apply(&self, _name: &str, _emulator: &mut dyn Emulator) -> Result<()> {
        Ok(())
    }

    fn extract(&mut self, _name: &str, _emulator: &mut dyn Emulator) -> Result<()> {
        Ok(())
    }

    fn diff(&self, name: &str, other: &dyn MachineItem, out: &mut Vec<Difference>) {
        let other: &dyn Any = other;
        text_diff(name, "process", &Some(self), &other.downcast_ref::<Self>(), out);
    }

    fn summary(&self) -> String {
        let mut text = format!("process {} `{}`", self.identifier, self.name);
        if let Some(Signal { number, code, address }) = self.signal {
            text.push_str(&format!(", signal {number} (code {code})"));
            if let Some(address) = address {
                text.push_str(&format!(" at {address:#x}"));
            }
        }
        match self.threads.len() {
            0 => {}
            1 => text.push_str(", 1 other thread"),
            count => text.push_str(&format!(", {count} other threads")),
        }
        text
    }
}
