//! MIPS: accesses in delay slots, and program counters that Unicorn loses.
//!
//! When Unicorn 2.1.5 asks anything about an access in a delay slot (which
//! page, which hook), it recovers the processor's state for the question, and
//! with it the mark that a branch is pending; the block goes on and forgets to
//! take the mark away, and the first instruction at the target is taken for a
//! slot as well. So the access is refused, which is exact: the state then says
//! "in a slot, branch pending", and a block that begins there knows it and
//! takes the mark away.

use std::ops::Bound;

use terrella_emulator_api::{AddressRange, Result};
use unicorn_engine::{Arch, HookType};

use crate::{
    callbacks::ON_BLOCK,
    decode::has_delay_slot,
    emulator::UnicornEmulator,
    run::{LastInstruction, Outcome, RunState},
};

/// Where a `nop` is executed to take a pending branch away: a page is looked
/// for from here on down that is not mapped.
const ELSEWHERE: u64 = 0x7ff0_0000;

impl UnicornEmulator {
    /// Whether every block must be seen: to know delay slots, and where runs
    /// ended.
    pub(crate) fn follows_blocks(&self) -> bool {
        matches!(self.target.arch, Arch::MIPS | Arch::SPARC | Arch::M68K)
    }

    /// Looks for long code without branches in a page that Unicorn asks for,
    /// and notes where to split it; whether the page must be refused until the
    /// new splits are in force. Unicorn leaks a temporary of its translator for
    /// each instruction of MIPS, and writes past the end of their table after
    /// little more than a hundred.
    ///
    /// The exits cannot be set from here: at the end of a run Unicorn asks for
    /// pages while it goes through them (`uc_exit_invalidate_iter` in
    /// `qemu/softmmu/cpus.c`), and would go on in memory that is free.
    pub(crate) fn note_splits(&mut self, page: u64) -> bool {
        /// The longest code that is translated at once, in instructions.
        const LONGEST: u64 = 64;
        if self.target.arch != Arch::MIPS {
            return false;
        }
        let mut bytes = vec![0; self.memory.page as usize];
        self.memory.read_unchecked((page..=page | (self.memory.page - 1)).into(), &mut bytes);
        let mut straight = 0;
        let known = self.run.new_splits.len();
        for (word, pc) in bytes.chunks_exact(4).zip((page..).step_by(4)) {
            if has_delay_slot(self.platform, word) {
                straight = 0;
                continue;
            }
            straight += 1;
            // The first one may be a delay slot.
            if straight > LONGEST {
                straight = 1;
                if !self.splits.contains(&pc) {
                    self.run.new_splits.push(pc);
                }
            }
        }
        self.run.new_splits.len() > known
    }

    /// Where a native run ended at a split, if it did: execution goes on there.
    pub(crate) fn split_reached(&self) -> Option<u64> {
        // The program counter is that of the block's start, unless the block
        // before it went right there.
        let pc = self.native_pc();
        if let Some((start, size, false)) = self.run.block {
            let inside = (Bound::Excluded(start), Bound::Included(start.wrapping_add(size)));
            if let Some(split) = self.splits.range(inside).next() {
                return Some(*split);
            }
        }
        self.splits.contains(&pc).then_some(pc)
    }

    /// Sets the addresses at which translation ends; between native runs only,
    /// as [`note_splits`](Self::note_splits) says.
    pub(crate) fn set_exits(&self, exits: &[u64]) -> Result<()> {
        debug_assert!(!self.run.native, "exits are set while Unicorn may go through them");
        self.engine.set_exits(exits)
    }

    /// Puts the splits in force for a native run from `pc` on, which may be one
    /// of them.
    pub(crate) fn apply_splits(&mut self, pc: u64) -> Result<()> {
        if !self.run.new_splits.is_empty() {
            self.splits.extend(self.run.new_splits.drain(..));
            self.run.exits_stale = true;
        }
        if self.splits.is_empty() {
            return Ok(());
        }
        let passes = self.splits.contains(&pc);
        if !passes && !self.run.exits_stale {
            return Ok(());
        }
        let exits: Vec<u64> = self.splits.iter().copied().filter(|split| *split != pc).collect();
        self.set_exits(&exits)?;
        // With one left out, all are set again for the next run.
        self.run.exits_stale = passes;
        if passes {
            // What is translated there ends the run.
            self.engine.flush_code()?;
            self.memory.forget_code();
        }
        Ok(())
    }

    /// Whether an address is a delay slot whose branch is in the same block
    /// (MIPS).
    pub(crate) fn is_slot(&self, pc: u64) -> bool {
        self.target.arch == Arch::MIPS
            && self.run.block.is_some_and(|(start, size, _)| start < pc && pc < start.wrapping_add(size))
            && has_delay_slot(self.platform, &self.code_at(pc.wrapping_sub(4)))
    }

    /// Whether an access at `pc` must be refused because it is made in a delay
    /// slot whose branch is in the same block.
    pub(crate) fn refuses_slot(&mut self, pc: u64) -> bool {
        if !self.is_slot(pc) {
            return false;
        }
        self.run.in_slot = Some(pc);
        if self.run.diagnosing.is_none() {
            // The slot's instruction has called back, after its branch.
            self.run.skip_at = Some(pc);
            self.run.last =
                Some(LastInstruction { address: pc.wrapping_sub(4), has_slot: true, repeats: None });
            self.run.count = self.run.count.saturating_sub(u64::from(self.native.all));
            self.end(Outcome::Resume(pc));
        }
        true
    }

    /// Takes a pending branch away where execution is to go on somewhere else:
    /// a `nop` takes the place of the slot.
    pub(crate) fn leave_slot(&mut self, pc: u64) -> Result<()> {
        if self.target.arch != Arch::MIPS {
            return Ok(());
        }
        let Some(slot) = self.run.in_slot.take() else { return Ok(()) };
        if slot == pc {
            return Ok(());
        }
        self.run_elsewhere(&[0, 0])?;
        self.set_native_pc(pc)
    }

    /// Executes a few instructions where nothing is mapped, up to the first
    /// control transfer.
    pub(crate) fn run_elsewhere(&mut self, code: &[u32]) -> Result<()> {
        let page = self.elsewhere();
        let mut bytes = vec![0; 4 * code.len()];
        for (word, place) in code.iter().zip(bytes.chunks_exact_mut(4)) {
            self.platform.byte_order().write(u128::from(*word), place);
        }
        let range = AddressRange::from(page..=page + bytes.len() as u64 - 1);
        self.memory.write_unchecked(range, &bytes)?;
        self.run.elsewhere = Some(page);
        let _ = self.start(page);
        self.run.elsewhere = None;
        self.run.refused = None;
        self.run.outcome = None;
        self.stale_tlb = true;
        bytes.fill(0);
        self.memory.write_unchecked(range, &bytes)
    }

    /// A page that is not mapped.
    fn elsewhere(&self) -> u64 {
        let mut page = ELSEWHERE;
        while self.memory.map.overlapping((page..=page + 4095).into()).next().is_some() {
            page -= 4096;
        }
        page
    }

    /// Enters a block for the first time, without executing it. Before Unicorn
    /// has left one, it makes each access to memory that calls back twice on
    /// those processors that it does not reset.
    pub(crate) fn warm_up(&mut self) -> Result<()> {
        if !matches!(self.target.arch, Arch::M68K | Arch::SPARC) {
            return Ok(());
        }
        let page = self.elsewhere();
        // SAFETY: the callback has the signature of block hooks and does not
        // unwind; the link outlives the engine.
        let hook = unsafe { self.engine.add_hook(HookType::BLOCK, ON_BLOCK, self.user_data(), 1, 0)? };
        self.run.elsewhere = Some(page);
        self.run.warming = true;
        let _ = self.start(page);
        self.engine.remove_hook(hook)?;
        self.engine.flush_code()?;
        self.engine.flush_tlb()?;
        self.memory.forget_code();
        self.run = RunState::default();
        self.registers.write(&self.engine, self.registers.pc, 0_u64.into())
    }

    fn mips_register(&self, number: u32) -> u64 {
        if number == 0 {
            return 0;
        }
        let id = self.definition.register(&format!("r{number}"));
        id.and_then(|id| self.registers.read(&self.engine, id).ok()).unwrap_or(0)
    }

    fn masked(&self, address: u64) -> u64 {
        address & self.definition.highest_address()
    }

    /// The program counter of an exception that Unicorn lost: the instruction
    /// of the block that can have raised it.
    pub(crate) fn lost_pc(&self, number: u32) -> u64 {
        if self.native.all
            && let Some(last) = self.run.last
        {
            return last.address;
        }
        let Some((start, size, _)) = self.run.block else { return self.native_pc() };
        let end = start.wrapping_add(size);
        let words = (start..end).step_by(4).map(|pc| {
            let mut bytes = [0; 4];
            self.memory.read_unchecked((pc..=pc.saturating_add(3)).into(), &mut bytes);
            (pc, self.platform.byte_order().read(&bytes) as u32)
        });
        let mut words = words;
        let found = match number {
            // Break: it ends the block.
            18 => words.find(|(_, word)| word >> 26 == 0 && word & 0x3f == 0x0d),
            21 => words.find(|(_, word)| self.overflows(*word)),
            22 => words.find(|(_, word)| self.traps(*word)),
            12 | 13 => words.find(|(_, word)| self.is_unaligned(*word, number == 13)),
            _ => None,
        };
        // Reserved and unusable instructions end the block.
        found.map_or(end.wrapping_sub(4), |(pc, _)| pc)
    }

    /// Whether `teq` and its kin trap, with the present registers.
    fn traps(&self, word: u32) -> bool {
        let (left, right) = (self.mips_register(word >> 21 & 31), self.mips_register(word >> 16 & 31));
        let immediate = i64::from((word & 0xffff) as i16) as u64;
        let (kind, right) = match (word >> 26, word & 0x3f, word >> 16 & 31) {
            (0, kind @ 0x30..=0x36, _) => (kind, right),
            (1, _, kind @ 0x08..=0x0e) => (kind + 0x28, immediate),
            _ => return false,
        };
        let (signed_left, signed_right) = (left as i64, right as i64);
        match kind {
            0x30 => signed_left >= signed_right,
            0x31 => left >= right,
            0x32 => signed_left < signed_right,
            0x33 => left < right,
            0x34 => left == right,
            0x36 => left != right,
            _ => false,
        }
    }

    /// Whether a trapping addition or subtraction overflows, with the present
    /// registers.
    fn overflows(&self, word: u32) -> bool {
        let (left, right) = (self.mips_register(word >> 21 & 31), self.mips_register(word >> 16 & 31));
        let immediate = i64::from((word & 0xffff) as i16);
        match (word >> 26, word & 0x3f) {
            (0, 0x20) => (left as i32).checked_add(right as i32).is_none(),
            (0, 0x22) => (left as i32).checked_sub(right as i32).is_none(),
            (0, 0x2c) => (left as i64).checked_add(right as i64).is_none(),
            (0, 0x2e) => (left as i64).checked_sub(right as i64).is_none(),
            (8, _) => (left as i32).checked_add(immediate as i32).is_none(),
            (0x18, _) => (left as i64).checked_add(immediate).is_none(),
            _ => false,
        }
    }

    /// Whether a load or store is unaligned, with the present registers.
    fn is_unaligned(&self, word: u32, store: bool) -> bool {
        // Bit 3 of the opcode tells stores from loads; of the linked and the
        // coprocessor accesses too.
        let size = Self::access_size(word);
        size > 1 && (word >> 29 & 1 == 1) == store && !self.unaligned_address(word).is_multiple_of(size)
    }

    /// The size of a load or store that must be aligned; 1 for all else.
    pub(crate) const fn access_size(word: u32) -> u64 {
        match word >> 26 {
            0x21 | 0x25 | 0x29 => 2,
            0x23 | 0x27 | 0x2b | 0x30 | 0x31 | 0x38 | 0x39 => 4,
            0x34 | 0x35 | 0x37 | 0x3c | 0x3d | 0x3f => 8,
            _ => 1,
        }
    }

    /// The address of a load or store, with the present registers.
    pub(crate) fn unaligned_address(&self, word: u32) -> u64 {
        let offset = i64::from((word & 0xffff) as i16);
        self.masked(self.mips_register(word >> 21 & 31).wrapping_add(offset as u64))
    }
}

#[cfg(test)]
mod tests {
    use terrella_emulator_api::{Emulator, EmulatorExt, Permissions, Platform, Stop};

    use super::*;

    const LONG: u64 = 0x1_0000;
    const SHORT: u64 = 0x2_0000;

    /// Code whose splits change while Unicorn asks for its page at the end of
    /// another run: setting the exits there ended with a segmentation fault.
    #[test]
    fn splits_change_at_the_end_of_a_run() -> Result<()> {
        // addiu v0, v0, 1; jr ra; nop
        let (add, back, nop) = (0x2442_0001_u32, 0x03e0_0008_u32, 0_u32);
        for platform in [Platform::MIPS, Platform::MIPS64, Platform::MIPSEL, Platform::MIPS64EL] {
            let bytes = |words: &[u32]| -> Vec<u8> {
                let mut bytes = vec![0; 4 * words.len()];
                for (word, place) in words.iter().zip(bytes.chunks_exact_mut(4)) {
                    platform.byte_order().write(u128::from(*word), place);
                }
                bytes
            };
            let mut emulator = UnicornEmulator::new(platform)?;
            emulator.map_memory(LONG..LONG + 0x1000, Permissions::ALL)?;
            emulator.map_memory(SHORT..SHORT + 0x1000, Permissions::ALL)?;
            emulator.write_code(SHORT, &bytes(&[add, back, nop, nop]))?;
            emulator.add_exit_point(SHORT + 12);
            emulator.write_register("ra", SHORT + 12)?;
            for shift in 1..40 {
                // A page of additions, which ends in a return to the exit.
                let mut code = vec![add; 1022];
                code[shift] = nop;
                code.extend([back, nop]);
                for early in (0..shift).step_by(2) {
                    // Branches that go on behind their slot.
                    code[early] = 0x1000_0001;
                    code[early + 1] = nop;
                }
                emulator.write_code(LONG, &bytes(&code))?;
                emulator.protect_memory((LONG..LONG + 0x1000).into(), Permissions::READ_EXECUTE)?;
                emulator.protect_memory((LONG..LONG + 0x1000).into(), Permissions::ALL)?;
                for (start, result) in
                    [(SHORT, 1), (LONG, code.iter().filter(|word| **word == add).count() as u64)]
                {
                    emulator.write_register("v0", 0_u64)?;
                    emulator.set_program_counter(start)?;
                    assert_eq!(emulator.run()?, Stop::ExitPoint(SHORT + 12), "{platform} {shift}");
                    assert_eq!(emulator.read_register("v0")?, result, "{platform} {shift}");
                }
            }
        }
        Ok(())
    }
}
