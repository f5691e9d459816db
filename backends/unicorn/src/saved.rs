//! [`Saved`]: all registers, saved to be brought back.

use terrella_emulator_api::Result;

use crate::{
    emulator::UnicornEmulator,
    engine::{Context, RawState},
};

/// All registers of an emulator at some time.
pub(crate) enum Saved {
    /// As Unicorn saves them.
    Context(Context),
    /// The processor's state, where Unicorn saves nothing (64-bit SPARC).
    State(RawState),
}

impl UnicornEmulator {
    /// Saves the registers.
    pub(crate) fn save_registers(&self) -> Result<Saved> {
        match self.registers.hidden.filter(|hidden| hidden.replaces_contexts) {
            Some(hidden) => Ok(Saved::State(hidden.state(&self.engine)?)),
            None => Ok(Saved::Context(self.engine.save_context()?)),
        }
    }

    /// Brings them back. Never call it while the engine runs.
    pub(crate) fn bring_back(&self, saved: &Saved) -> Result<()> {
        match (saved, self.registers.hidden) {
            (Saved::Context(context), _) => self.engine.restore_context(context),
            (Saved::State(state), Some(hidden)) => hidden.set_state(&self.engine, state),
            (Saved::State(_), None) => Ok(()),
        }
    }
}
