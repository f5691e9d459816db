//! What happens at basic blocks: those of the contract out of Unicorn's, which
//! are shorter where a page ends or a block is too long.

use std::time::Instant;

use terrella_emulator_api::Stop;

use crate::{
    decode::{ends_basic_block, has_delay_slot, instruction_length},
    emulator::UnicornEmulator,
    events::After,
    run::{Mode, Outcome},
};

impl UnicornEmulator {
    /// At the entry of a block of Unicorn's. Those of the contract end only at
    /// control transfers: what merely goes on a block is no entry.
    pub(crate) fn on_block(&mut self, address: u64, size: u64) {
        if self.run.warming {
            self.engine.stop();
            return;
        }
        if let Some(elsewhere) = self.run.elsewhere {
            if address != elsewhere {
                self.engine.stop();
            }
            return;
        }
        if self.run.diagnosing.is_some() || self.run.outcome.is_some() {
            return;
        }
        let resumed = self.run.mid_block.take() == Some(address);
        let goes_on = resumed
            || self.run.skip_at == Some(address) && self.run.block.is_some()
            || self.run.block.is_some_and(|(start, size, ends)| {
                let end = start.wrapping_add(size);
                (address == end && !ends) || (start < address && address < end && self.was_resumed(address))
            });
        let before = self.run.block;
        let ends = self.block_ends(address, size);
        self.run.block = Some((address, size, ends));
        self.run.entered = true;
        if let Some(deadline) = self.run.deadline
            && Instant::now() >= deadline
        {
            self.end(Outcome::Stop(Stop::TimeLimit(address)));
            return;
        }
        if goes_on && before != self.run.block {
            return;
        }
        if goes_on {
            return;
        }
        if self.run.mode == Mode::Block && self.run.blocks > 0 {
            let stop = if self.exits.contains(&address) {
                Stop::ExitPoint(address)
            } else if !self.in_bounds(address) {
                Stop::OutOfBounds(address)
            } else {
                Stop::InstructionLimit(address)
            };
            self.end(Outcome::Stop(stop));
            return;
        }
        self.run.blocks += 1;
        if !self.hooks.blocks.has_global() || self.exits.contains(&address) {
            return;
        }
        let whole = self.whole_block(address, size);
        if let Some(mut taken) = self.hooks.blocks.take_global() {
            let flow = self.call_hook(address, |emulator| (taken.hook)(emulator, address, whole));
            self.hooks.blocks.put_back_global(taken);
            let Some(flow) = flow else { return };
            if self.settle_hook(address, flow) == After::Ended {
                if self.run.new_pc.is_none() {
                    self.run.mid_block = Some(address);
                }
            } else if self.run.resync || self.run.flags_written {
                self.run.flags_written = false;
                self.run.mid_block = Some(address);
                self.end(Outcome::Resume(address));
            }
        }
    }

    /// Whether the native run was taken up again inside a block.
    pub(crate) fn was_resumed(&self, address: u64) -> bool {
        self.run.last.is_none_or(|last| !last.has_slot) && self.run.skip_at == Some(address)
    }

    /// Whether the last instruction of a block of Unicorn's transfers control.
    pub(crate) fn block_ends(&mut self, address: u64, size: u64) -> bool {
        if let Some(known) = self.traits.block(address, size) {
            return known;
        }
        let ends = self.find_block_end(address, size);
        self.traits.remember_block(address, size, ends);
        ends
    }

    pub(crate) fn find_block_end(&self, address: u64, size: u64) -> bool {
        let state = self.code_state();
        let end = address.wrapping_add(size);
        let mut at = address;
        let mut ends = false;
        while at < end {
            let code = self.code_at(at);
            let Some(length) = instruction_length(self.platform, state, &code) else { return true };
            // A branch with a delay slot is the last but one.
            ends = ends_basic_block(self.platform, state, &code)
                || (ends && at.wrapping_add(length as u64) == end && self.definition.delay_slots);
            at += length as u64;
        }
        ends
    }

    /// The size of the basic block of which Unicorn has the first part.
    pub(crate) fn whole_block(&self, address: u64, size: u64) -> u64 {
        /// Where a block without an end is taken to end, in bytes.
        const LONGEST: u64 = 1 << 16;
        if self.run.block.is_some_and(|(_, _, ends)| ends) {
            return size;
        }
        let state = self.code_state();
        let mut at = address.wrapping_add(size);
        while at.wrapping_sub(address) < LONGEST {
            let code = self.code_at(at);
            let Some(length) = instruction_length(self.platform, state, &code) else { break };
            at = at.wrapping_add(length as u64);
            if ends_basic_block(self.platform, state, &code) {
                if has_delay_slot(self.platform, &code) {
                    at = at.wrapping_add(4);
                }
                break;
            }
        }
        at.wrapping_sub(address)
    }
}
