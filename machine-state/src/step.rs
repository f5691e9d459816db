//! [`Steps`]: running a machine one instruction at a time.

use terrella_emulator_api::{Emulator, EmulatorExt, RegisterId, Step, Stop};
use terrella_platforms::RegisterValue;

use crate::{Machine, Result};

/// A register that changed in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterChange {
    /// The register.
    pub register: RegisterId,
    /// Its value before the step.
    pub before: RegisterValue,
    /// Its value after it.
    pub after: RegisterValue,
}

/// What one step did. It holds no memory and no machine: [`Steps`] reads
/// those on demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepState {
    /// The number of the step, from 0.
    pub index: u64,
    /// The program counter before the step.
    pub from: u64,
    /// The program counter after it.
    pub pc: u64,
    /// Why the emulator has stopped, if it has; this is then the last step.
    pub stop: Option<Stop>,
    /// Which of the watched registers changed.
    pub changes: Vec<RegisterChange>,
}

/// The steps of a machine on an emulator, as an iterator of light states.
///
/// Between two steps the emulator is at hand, and [`Self::machine`] extracts
/// the whole machine.
///
/// ```
/// use terrella_machine_state::{Emulator, EmulatorExt, Machine, Result};
///
/// /// The addresses of the first hundred instructions.
/// fn trace(machine: &Machine, emulator: &mut dyn Emulator) -> Result<Vec<u64>> {
///     machine.step(emulator)?.take(100).map(|step| Ok(step?.from)).collect()
/// }
///
/// /// The address of the first instruction that changes a word.
/// fn who_writes(machine: &Machine, emulator: &mut dyn Emulator, word: u64) -> Result<Option<u64>> {
///     let mut steps = machine.step(emulator)?;
///     let before = steps.emulator().read_integer(word, 4)?;
///     while let Some(step) = steps.next() {
///         let step = step?;
///         if steps.emulator().read_integer(word, 4)? != before {
///             return Ok(Some(step.from));
///         }
///     }
///     Ok(None)
/// }
/// ```
pub struct Steps<'a> {
    machine: &'a Machine,
    emulator: &'a mut dyn Emulator,
    watched: Vec<(RegisterId, RegisterValue)>,
    index: u64,
    finished: bool,
}

impl Machine {
    /// Applies the machine and gives its steps. The general-purpose registers
    /// are watched.
    ///
    /// # Errors
    /// As [`Machine::apply`].
    pub fn step<'a>(&'a self, emulator: &'a mut dyn Emulator) -> Result<Steps<'a>> {
        self.apply(emulator)?;
        let mut steps = Steps { machine: self, emulator, watched: Vec::new(), index: 0, finished: false };
        steps.watch(self.definition().general_registers)?;
        Ok(steps)
    }
}

impl Steps<'_> {
    /// Watches these registers, in place of those watched before. What the
    /// backend does not have is left out.
    ///
    /// # Errors
    /// For names that the platform does not have.
    pub fn watch<S: AsRef<str>>(&mut self, names: &[S]) -> Result<&mut Self> {
        self.watched.clear();
        for name in names {
            let id = self.emulator.resolve_register(name.as_ref())?;
            if self.emulator.has_register(id) {
                self.watched.push((id, self.emulator.read_wide_register_id(id)?));
            }
        }
        Ok(self)
    }

    /// The emulator, between two steps.
    #[must_use]
    pub fn emulator(&mut self) -> &mut dyn Emulator {
        self.emulator
    }

    /// The machine as it is between two steps.
    ///
    /// # Errors
    /// As [`Machine::extract`].
    pub fn machine(&mut self) -> Result<Machine> {
        let mut machine = self.machine.clone();
        machine.extract(self.emulator)?;
        Ok(machine)
    }

    fn advance(&mut self) -> Result<StepState> {
        let from = self.emulator.program_counter();
        let stop = match self.emulator.step()? {
            Step::Done => None,
            Step::Stopped(stop) => Some(stop),
        };
        let mut changes = Vec::new();
        for (register, known) in &mut self.watched {
            let after = self.emulator.read_wide_register_id(*register)?;
            if after != *known {
                changes.push(RegisterChange { register: *register, before: *known, after });
                *known = after;
            }
        }
        let index = self.index;
        self.index += 1;
        Ok(StepState { index, from, pc: self.emulator.program_counter(), stop, changes })
    }
}

impl Iterator for Steps<'_> {
    type Item = Result<StepState>;

    /// The next step; none after the emulator has stopped or failed.
    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let step = self.advance();
        self.finished = step.as_ref().map_or(true, |state| state.stop.is_some());
        Some(step)
    }
}
