//! Snapshots: what they hold, and the way back.

use std::rc::Rc;

use terrella_emulator_api::{Emulator, Error, Extensions, Result, Snapshot};
use terrella_sleigh::Context;

use crate::{
    emulator::NativeEmulator,
    layout::{REGISTERS_END, TEMPORARIES_END},
    memory::Version,
    outside::Random,
    run::Slot,
};

/// What a snapshot holds.
struct State {
    owner: Rc<()>,
    registers: Box<[u8]>,
    /// The temporaries of an instruction whose delay slot faulted.
    temporaries: Option<Box<[u8]>>,
    pc: u64,
    context: Context,
    mid_block: Option<u64>,
    in_slot: Option<Slot>,
    /// The time, and the state of the random numbers.
    time: u64,
    random: Random,
    reservation: Option<(u64, u8)>,
    version: Rc<Version>,
    extensions: Extensions,
}

impl NativeEmulator {
    /// The state as it is.
    pub(crate) fn take_snapshot(&mut self) -> Snapshot {
        let temporaries = self
            .run
            .in_slot
            .is_some()
            .then(|| self.file.slice(REGISTERS_END, TEMPORARIES_END - REGISTERS_END).into());
        Snapshot::new(Rc::new(State {
            owner: Rc::clone(&self.owner),
            registers: self.file.slice(0, self.layout.end()).into(),
            temporaries,
            pc: self.program_counter(),
            context: self.context,
            mid_block: self.run.mid_block,
            in_slot: self.run.in_slot.clone(),
            time: self.time(),
            random: self.outside.random,
            reservation: self.reservation,
            version: self.memory.snapshot(),
            extensions: self.extensions.clone(),
        }))
    }

    /// Goes back to the state of a snapshot.
    pub(crate) fn go_back_to(&mut self, snapshot: &Snapshot) -> Result<()> {
        let state: &State = snapshot.content().ok_or(Error::ForeignSnapshot)?;
        if !Rc::ptr_eq(&state.owner, &self.owner) {
            return Err(Error::ForeignSnapshot);
        }
        if self.memory.restore(&state.version) {
            self.map_changed();
        }
        self.stale |= self.memory.has_written_code();
        self.extensions.clone_from(&state.extensions);
        self.file.slice_mut(0, state.registers.len()).copy_from_slice(&state.registers);
        if let Some(temporaries) = &state.temporaries {
            self.file.slice_mut(REGISTERS_END, temporaries.len()).copy_from_slice(temporaries);
        }
        // What the instruction under way wrote is not put back.
        self.saved_by = None;
        self.context = state.context;
        self.follow_code_segment();
        self.entered = None;
        self.follow_loop_end();
        self.follow_endianness();
        self.set_time(state.time);
        self.outside.random = state.random;
        self.reservation = state.reservation;
        if self.run.callback_pc.is_some() {
            self.run.new_pc = Some(state.pc);
            return Ok(());
        }
        self.pc = state.pc;
        self.run.conditions_at = Some(state.pc);
        self.run.mid_block = state.mid_block;
        self.run.in_slot.clone_from(&state.in_slot);
        self.run.skip_at = None;
        self.run.skip_block_at = None;
        Ok(())
    }
}
