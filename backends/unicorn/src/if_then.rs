//! If-then blocks of Thumb code, which Unicorn executes as one instruction:
//! it ends no run inside, and does not tell instructions whose condition
//! fails (Arm Architecture Reference Manual, A7.3 and A7.7.37).
//!
//! Where something is to be seen or done inside, a block is executed in steps:
//! the `it` by setting the state that it sets; an instruction whose condition
//! holds alone, as if it were the last of a block of its own; one whose
//! condition fails by going past it.

use terrella_emulator_api::{AddressRange, Result};
use terrella_platforms::{CodeAddressBit, RegisterId};

use crate::{
    decode::{ends_basic_block, instruction_length},
    emulator::UnicornEmulator,
    run::Outcome,
};

/// The most bytes of a block behind its `it`.
pub(crate) const LONGEST: u64 = 4 * 4;

/// What a run keeps of if-then blocks.
#[derive(Default)]
pub(crate) struct IfThen {
    /// What the `it` before which the native run was ended sets.
    pub(crate) entered: Option<u8>,
    /// The instruction that is executed alone.
    pub(crate) alone: Option<Alone>,
    /// Where the last run ended inside a block.
    pub(crate) ended_in: Option<u64>,
    /// Whether every instruction calls back for that.
    pub(crate) stepping: bool,
}

/// What comes next in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfThenStep {
    /// A native run.
    Native,
    /// The next turn: an instruction whose condition fails has been passed.
    Passed,
    /// The end of this turn, as after a native run.
    Ended,
}

/// An instruction that is executed alone.
#[derive(Clone, Copy)]
pub(crate) struct Alone {
    at: u64,
    next: u64,
    /// The state before it.
    state: u8,
    /// It has been told.
    begun: bool,
}

/// The state after an instruction of a block.
const fn advance(state: u8) -> u8 {
    if state & 7 == 0 { 0 } else { state & 0xe0 | state << 1 & 0x1f }
}

/// Whether a condition holds, by the flags N, Z, C, V from bit 3 down.
const fn holds(condition: u8, flags: u8) -> bool {
    let (n, z, c, v) = (flags & 8 != 0, flags & 4 != 0, flags & 2 != 0, flags & 1 != 0);
    let base = match condition >> 1 {
        0 => z,
        1 => c,
        2 => n,
        3 => v,
        4 => c && !z,
        5 => n == v,
        6 => n == v && !z,
        _ => return true,
    };
    base != (condition & 1 == 1)
}

/// The state that an instruction sets, if it is an `it`.
pub(crate) const fn state_of(code: &[u8]) -> Option<u8> {
    match code {
        [low, 0xbf, ..] if *low & 0xf != 0 => Some(*low),
        _ => None,
    }
}

/// Whether an instruction ignores its condition: `bkpt`.
fn is_unconditional(code: &[u8]) -> bool {
    code.get(1) == Some(&0xbe)
}

impl UnicornEmulator {
    /// Whether the platform may have if-then blocks.
    pub(crate) fn has_if_then(&self) -> bool {
        self.registers.if_then.is_some()
            && matches!(self.definition.code_address_bit, CodeAddressBit::Thumb | CodeAddressBit::ThumbOnly)
    }

    /// Before a page or an access is told, Unicorn puts the state of the
    /// instruction in force, where its translated code has none until the
    /// block ends: it goes again when the access goes on.
    #[inline]
    pub(crate) fn forget_if_then(&mut self) {
        if self.registers.if_then.is_some() && self.if_then_state() != 0 {
            // Unicorn has the registers.
            let _ = self.set_if_then_state(0);
        }
    }

    /// The state, 0 outside of blocks.
    pub(crate) fn if_then_state(&self) -> u8 {
        let Some((high, low)) = self.registers.if_then else { return 0 };
        let read = |id: RegisterId| self.registers.read(&self.engine, id).unwrap_or(0) as u8;
        let state = read(high) << 2 | read(low);
        if state & 0xf != 0 && self.thumb() { state } else { 0 }
    }

    pub(crate) fn set_if_then_state(&mut self, state: u8) -> Result<()> {
        let Some((high, low)) = self.registers.if_then else { return Ok(()) };
        self.registers.write(&self.engine, high, u64::from(state >> 2).into())?;
        self.registers.write(&self.engine, low, u64::from(state & 3).into())
    }

    /// At an `it`, before it executes: ends the native run if its block is to
    /// be executed in steps.
    pub(crate) fn enter_if_then(&mut self, address: u64) {
        let Some(state) = state_of(&self.code_at(address)) else { return };
        if !self.native.all && !self.is_watched(AddressRange::from(address + 2..=address + 1 + LONGEST)) {
            return;
        }
        self.run.if_then.entered = Some(state);
        self.run.skip_at = None;
        self.end(Outcome::Resume(address.wrapping_add(2)));
    }

    /// Whether anything but a hook of all instructions may end a run in a range.
    fn is_watched(&self, range: AddressRange) -> bool {
        let (first, last) = (range.first(), range.last());
        self.exits.range(first..=last).next().is_some()
            || self.exit_afters.range(first..=last).next().is_some()
            || self.native.guards.overlaps(range)
            || (first..=last)
                .any(|at| self.hooks.functions.has_site(at) || self.hooks.instructions.has_site(at))
    }

    /// Executes what can be executed without Unicorn, before a native run from
    /// inside a block: hooks and checks, and instructions whose condition
    /// fails.
    pub(crate) fn step_if_then(&mut self) -> Result<IfThenStep> {
        self.run.if_then.alone = None;
        if !self.run.if_then.stepping {
            return Ok(IfThenStep::Native);
        }
        let (pc, state) = (self.native_pc(), self.if_then_state());
        let code = self.code_at(pc);
        let Some(length) = instruction_length(self.platform, self.code_state(), &code) else {
            return Ok(IfThenStep::Native);
        };
        let next = pc.wrapping_add(length as u64);
        self.run.native = true;
        self.run.ended_at = None;
        self.link.attention.set(true);
        self.on_special_code(pc, length as u32);
        self.run.native = false;
        self.give_back_global_hook();
        self.link.replace_pc(None);
        if self.run.outcome.is_some() || self.run.panic.is_some() {
            self.run.if_then.alone = Some(Alone { at: pc, next, state, begun: true });
            return Ok(IfThenStep::Ended);
        }
        let flags = self
            .definition
            .register("nzcv")
            .and_then(|id| self.registers.read(&self.engine, id).ok())
            .unwrap_or(0) as u8;
        if is_unconditional(&code) || holds(state >> 4, flags) {
            self.run.mid_block = Some(pc);
            self.run.if_then.alone = Some(Alone { at: pc, next, state, begun: false });
            self.set_if_then_state(state & 0xf0 | 8)?;
            return Ok(IfThenStep::Native);
        }
        self.run.mid_block = (!ends_basic_block(self.platform, self.code_state(), &code)).then_some(next);
        self.set_if_then_state(advance(state))?;
        self.set_native_pc(next)?;
        Ok(IfThenStep::Passed)
    }

    /// An instruction called back while one is executed alone: whether there
    /// is nothing else to do.
    pub(crate) fn is_alone(&mut self, address: u64) -> bool {
        let Some(alone) = &mut self.run.if_then.alone else { return false };
        if !alone.begun && alone.at == address {
            alone.begun = true;
            return true;
        }
        if advance(alone.state) == 0 {
            // It was the last one.
            self.run.if_then.alone = None;
            return false;
        }
        self.end(Outcome::Resume(address));
        true
    }

    /// Sets the state for where a native run ended. `moved` says that a
    /// callback has gone elsewhere, `restored` that it brought a snapshot back.
    pub(crate) fn settle_if_then(&mut self, moved: bool, restored: bool) -> Result<()> {
        let (entered, alone) = (self.run.if_then.entered.take(), self.run.if_then.alone.take());
        if restored {
            return Ok(());
        }
        if let Some(state) = entered {
            return self.set_if_then_state(if moved { 0 } else { state });
        }
        let pc = self.native_pc();
        match alone {
            Some(alone) if alone.at == pc => self.set_if_then_state(alone.state),
            Some(alone) if alone.next == pc => self.set_if_then_state(advance(alone.state)),
            Some(_) => self.set_if_then_state(0),
            None if moved && self.has_if_then() => self.set_if_then_state(0),
            None => Ok(()),
        }
    }

    /// Remembers whether a run ended inside a block.
    pub(crate) fn note_if_then(&mut self) {
        self.run.if_then.ended_in = (self.if_then_state() != 0).then(|| self.native_pc());
    }

    /// The host sets the program counter: who leaves a block in whose middle a
    /// run ended leaves its state behind.
    pub(crate) fn leave_if_then(&mut self, pc: u64) -> Result<()> {
        match self.run.if_then.ended_in {
            Some(at) if at != pc => {
                self.run.if_then.ended_in = None;
                self.set_if_then_state(0)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use terrella_emulator_api::{Emulator, EmulatorExt, Error, Flow, Permissions, Platform, Stop};

    use super::*;

    #[test]
    fn states_advance() {
        // itte eq: eq, eq, ne.
        let mut state = state_of(&[0x06, 0xbf]).unwrap();
        let mut conditions = Vec::new();
        while state & 0xf != 0 {
            conditions.push(state >> 4);
            state = advance(state);
        }
        assert_eq!(conditions, [0, 0, 1]);
        assert_eq!(state_of(&[0x00, 0xbf]), None); // nop
    }

    #[test]
    fn accesses_inside_that_end_the_run_are_repeated() -> Result<()> {
        // cmp r0, #0; itte eq; streq r1, [r2]; addeq r3, #1; addne r3, #2; nop
        let store = [0x00, 0x28, 0x06, 0xbf, 0x11, 0x60, 0x01, 0x33, 0x02, 0x33, 0x00, 0xbf];
        for steps in [false, true] {
            for what in ["stop", "map", "fault"] {
                let mut emulator = UnicornEmulator::new(Platform::ARMV7M)?;
                emulator.map_memory(0x1000..0x2000, Permissions::ALL)?;
                emulator.write_code(0x1000, &store)?;
                emulator.write_register("r1", 0x1234_u64)?;
                emulator.write_register("r2", 0x3000_u64)?;
                emulator.set_program_counter(0x1001)?;
                emulator.add_exit_point(0x100c);
                if steps {
                    emulator.hook_instruction(0x1006, |_, _| Ok(Flow::Continue))?;
                }
                if what != "fault" {
                    emulator.map_memory(0x3000..0x3004, Permissions::ALL)?;
                    let mut calls = 0;
                    emulator.hook_memory_write(0x3000..0x3001, move |emulator, _, _| {
                        calls += 1;
                        match (calls, what) {
                            (1, "stop") => return Ok(Flow::Stop),
                            (1, _) => {
                                emulator.map_memory(0x8000..0x9000, Permissions::ALL)?;
                                emulator.write_register("r2", 0x8000_u64)?;
                            }
                            _ => {}
                        }
                        Ok(Flow::Continue)
                    })?;
                }
                let mut result = emulator.run();
                if what != "map" {
                    match (&result, what) {
                        (Ok(Stop::Requested(0x1004)), "stop") => {}
                        (Err(Error::Fault(fault)), "fault") if fault.pc() == 0x1004 => {
                            emulator.map_memory(0x3000..0x3004, Permissions::ALL)?;
                        }
                        _ => panic!("{what}: {result:?}"),
                    }
                    assert_eq!(emulator.read_register("r3")?, 0, "{what} {steps}");
                    assert_eq!(emulator.program_counter(), 0x1004, "{what} {steps}");
                    result = emulator.run();
                }
                assert_eq!(result?, Stop::ExitPoint(0x100c), "{what} {steps}");
                assert_eq!(emulator.read_register("r3")?, 1, "{what} {steps}");
                assert_eq!(emulator.read_integer(0x3000, 4)?, 0x1234, "{what} {steps}");
            }
        }
        Ok(())
    }

    #[test]
    fn conditions_are_those_of_the_manual() {
        // Flags N Z C V from bit 3 down.
        for (condition, flags, expected) in [
            (0, 0b0100, true),
            (1, 0b0100, false),
            (2, 0b0010, true),
            (4, 0b1000, true),
            (7, 0b0001, false),
            (8, 0b0010, true),
            (8, 0b0110, false),
            (9, 0b0110, true),
            (10, 0b1001, true),
            (11, 0b1001, false),
            (12, 0b0000, true),
            (13, 0b0100, true),
            (14, 0b0000, true),
        ] {
            assert_eq!(holds(condition, flags), expected, "{condition} {flags:04b}");
        }
    }
}
