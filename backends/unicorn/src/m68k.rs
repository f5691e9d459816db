//! Motorola 68000: flags inside blocks.
//!
//! Unicorn's translator knows inside a block by which operation the flags stand
//! as they do, and tells the processor so only where the block, or a native
//! run, ends. A callback further up would see others. So blocks are made to end
//! before each instruction with a callback of a user's: Unicorn ends them before
//! an exit of its own, and the native run with them, which is taken up again
//! there. With callbacks at every instruction, each native run is one
//! instruction.

use std::collections::HashSet;

use terrella_emulator_api::{Permissions, Result};
use unicorn_engine::Arch;

use crate::{emulator::UnicornEmulator, events::After, run::Outcome};

/// Where Unicorn is told to end blocks.
#[derive(Default)]
pub(crate) struct Cuts {
    /// The exits that Unicorn has, if that is known.
    in_force: Option<Vec<u64>>,
    /// Those that it is given once the native run has begun.
    then: Option<Vec<u64>>,
    /// Instructions that are blocks of their own, as translated.
    pub(crate) singles: HashSet<u64>,
    /// Whether the native run has executed an instruction.
    stepped: bool,
}

impl UnicornEmulator {
    /// Whether callbacks must not be called inside a block.
    pub(crate) fn cuts_blocks(&self) -> bool {
        self.target.arch == Arch::M68K
    }

    /// Whether each native run is one instruction.
    pub(crate) fn steps_natively(&self) -> bool {
        self.cuts_blocks() && self.hooks.instructions.has_global()
    }

    /// The instructions at which a callback is called, in order.
    fn watched_points(&self) -> Vec<u64> {
        let sites = self.hooks.instructions.sites().chain(self.hooks.functions.sites());
        // Where code does not come from above, a block begins.
        let executable = |address| {
            let permissions = self.memory.map.permissions_at(address);
            permissions.is_some_and(|it| it.allows(Permissions::EXECUTE))
        };
        let mut points: Vec<u64> =
            sites.filter(|point| point.checked_sub(1).is_some_and(executable)).collect();
        points.sort_unstable();
        points.dedup();
        points
    }

    fn set_cuts(&mut self, exits: Vec<u64>) -> Result<()> {
        if self.cuts.in_force.as_ref() != Some(&exits) {
            // Also from the callback of an instruction, where Unicorn executes
            // and does not go through them.
            self.engine.set_exits(&exits)?;
            self.cuts.in_force = Some(exits);
        }
        Ok(())
    }

    /// Sees to it that blocks end where they must in a native run from `pc` on.
    pub(crate) fn cut_blocks(&mut self, pc: u64) -> Result<()> {
        if !self.cuts_blocks() {
            return Ok(());
        }
        self.cuts.stepped = false;
        if self.steps_natively() {
            if self.cuts.singles.contains(&pc) {
                return self.set_cuts(Vec::new());
            }
            let next = self.next_instruction(pc);
            self.flush_code((pc..=next.wrapping_sub(1).max(pc)).into())?;
            self.cuts.then = Some(Vec::new());
            return self.set_cuts(vec![next]);
        }
        let points = self.watched_points();
        let Ok(index) = points.binary_search(&pc) else { return self.set_cuts(points) };
        // What is translated there may be nothing but the end of a run.
        self.flush_code((pc..=pc).into())?;
        let mut others = points.clone();
        others.remove(index);
        self.cuts.then = Some(points);
        self.set_cuts(others)
    }

    /// The exits for a native run that is to end at `at` if it gets there.
    pub(crate) fn cuts_with(&mut self, pc: u64, at: u64) -> Vec<u64> {
        self.cuts.in_force = None;
        self.cuts.then = None;
        let mut exits = if self.cuts_blocks() { self.watched_points() } else { Vec::new() };
        exits.retain(|exit| *exit != pc);
        exits.push(at);
        exits
    }

    /// At an instruction: whether the native run ends because it has executed
    /// one.
    pub(crate) fn ends_after_one(&mut self, address: u64) -> bool {
        if !self.cuts_blocks() {
            return false;
        }
        if let Some(exits) = self.cuts.then.take()
            && self.set_cuts(exits).is_err()
        {
            self.cuts.in_force = None;
        }
        if !self.steps_natively() {
            return false;
        }
        if !std::mem::replace(&mut self.cuts.stepped, true) {
            return false;
        }
        // Its block was entered already.
        self.run.mid_block = Some(address);
        self.end(Outcome::Resume(address)) == After::Ended
    }

    /// When a block has been translated: a longer one must not be executed
    /// where each is to be one instruction.
    pub(crate) fn note_single(&mut self, address: u64, size: u64) {
        if !self.cuts_blocks() {
            return;
        }
        if address.wrapping_add(size) == self.next_instruction(address) {
            self.cuts.singles.insert(address);
        } else {
            self.cuts.singles.remove(&address);
            if self.steps_natively() && size > 0 && self.cuts.stepped {
                self.end(Outcome::Resume(address));
            }
        }
    }

    /// Whether a native run that nothing ended, ended at a cut.
    pub(crate) fn cut_reached(&self, pc: u64) -> bool {
        /// The instruction that stops the processor.
        const STOP: [u8; 2] = [0x4e, 0x72];
        if !self.cuts_blocks() {
            return false;
        }
        let Some((start, size, _)) = self.run.block else { return true };
        if start == pc {
            return true;
        }
        if pc.wrapping_sub(start) > size {
            return true;
        }
        let mut at = start;
        loop {
            let next = self.next_instruction(at);
            if next >= pc || next <= at {
                return !self.code_at(at).starts_with(&STOP);
            }
            at = next;
        }
    }
}
