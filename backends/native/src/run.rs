//! Running: from block to block.

use std::{panic::resume_unwind, rc::Rc, time::Instant};

use terrella_emulator_api::{Access, ArithmeticKind, Error, Fault, Limits, MemoryCause, Result, Stop};
use terrella_platforms::CodeAddressBit;
use terrella_sleigh::Context;

use crate::{
    NAME,
    block::{Block, Entry},
    cache::{Extent, Key},
    emulator::NativeEmulator,
    halt::Halt,
    interpret::Done,
};

pub(crate) use crate::run_state::{Mode, Next, RunState, Slot};

/// With fewer instructions than this to the limit, blocks are executed that
/// may be left at any instruction.
pub(crate) const EXACT_BELOW: u64 = 512;
/// How many blocks are executed between looks at the clock.
const TICKS: u32 = 256;

impl NativeEmulator {
    /// Runs, steps or steps a block.
    pub(crate) fn execute(&mut self, mode: Mode) -> Result<Stop> {
        if self.run.is_running {
            return Err(Error::Reentrant);
        }
        let run = &mut self.run;
        self.outside.clock.executed = self.outside.clock.executed.wrapping_add(run.count);
        run.is_running = true;
        run.stop_requested = false;
        run.new_pc = None;
        run.new_context = None;
        run.count = 0;
        run.blocks = 0;
        run.ticks = 0;
        run.one_block = mode == Mode::Block;
        run.limit = match mode {
            Mode::Run(Limits { instructions: Some(limit), .. }) => limit,
            _ => u64::MAX,
        };
        run.deadline = match mode {
            Mode::Run(Limits { time: Some(time), .. }) => Instant::now().checked_add(time),
            _ => None,
        };
        run.is_plain = run.deadline.is_none() && !run.one_block;
        if run.skip_at.is_some_and(|at| at != self.pc) {
            run.skip_at = None;
        }
        if run.skip_block_at.is_some_and(|at| at != self.pc) {
            run.skip_block_at = None;
        }
        if run.mid_block.is_some_and(|at| at != self.pc) {
            run.mid_block = None;
        }
        let result = self.run_blocks();
        self.run.is_running = false;
        self.run.new_pc = None;
        self.run.conditions_at = Some(self.pc);
        if let Some(panic) = self.run.panic.take() {
            resume_unwind(panic);
        }
        result
    }

    fn run_blocks(&mut self) -> Result<Stop> {
        if let Some(slot) = self.run.in_slot.take()
            && slot.block.instructions[slot.instruction].address == self.pc
            && let Next::Ended(result) = self.resume_slot(slot)
        {
            return result;
        }
        let mut number: Option<u32> = None;
        loop {
            if self.stale {
                self.take_changes();
                number = None;
            }
            let found = match number {
                Some(number) => number,
                None => self.block_at(self.pc, self.context)?,
            };
            let Some(block) = self.cache.block(found).cloned() else {
                number = None;
                continue;
            };
            match block.entry {
                Entry::Open => {}
                entry => {
                    if let Some(result) = self.closed(&block, entry) {
                        return result;
                    }
                    number = None;
                    continue;
                }
            }
            if let Some(stop) = self.limits(&block) {
                return Ok(stop);
            }
            let (block, done) = match self.end_in(&block) {
                None => self.interpret::<false>(block, 0, 0, 0),
                Some(end) => self.interpret::<true>(block, 0, end, 0),
            };
            number = None;
            match self.after(&block, done) {
                Next::Ended(result) => return result,
                Next::GoOn => {
                    if let Some(link) = self.link.take() {
                        number = Some(link);
                    }
                }
            }
        }
    }

    /// The operation before which the limit ends a block, if it does.
    fn end_in(&self, block: &Block) -> Option<usize> {
        let remaining = usize::try_from(self.run.limit.saturating_sub(self.run.count)).unwrap_or(usize::MAX);
        if block.instructions.len() <= remaining {
            return None;
        }
        let instruction = block.instructions.get(index_at_limit(block, remaining))?;
        Some(instruction.first as usize)
    }

    /// Goes on in a delay slot.
    fn resume_slot(&mut self, slot: Slot) -> Next {
        let Slot { block, instruction } = slot;
        if self.run.limit == 0 {
            return Next::Ended(Ok(Stop::InstructionLimit(self.pc)));
        }
        let first = block.instructions[instruction].first as usize;
        let (block, done) = self.interpret::<false>(block, first, 0, instruction as u32);
        let next = self.after(&block, done);
        self.link = None;
        next
    }

    /// Takes up what changed: code, hooks, exits.
    pub(crate) fn take_changes(&mut self) {
        self.stale = false;
        for page in self.memory.take_written_code() {
            self.cache.forget_page(page);
        }
        if self.cache.is_full() {
            self.cache.clear();
            self.memory.clear_code_marks();
        }
    }

    /// The number of the block at an address.
    fn block_at(&mut self, pc: u64, context: Context) -> Result<u32> {
        let continues = self.run.mid_block == Some(pc) && self.hooks.blocks.has_global();
        let extent = match self.run.limit.saturating_sub(self.run.count) {
            0 | 1 => Extent::Single,
            2..EXACT_BELOW => Extent::Exact,
            _ => Extent::Whole,
        };
        let key = Key { address: pc, context: context.0, continues, extent };
        if let Some(number) = self.cache.find(&key) {
            return Ok(number);
        }
        if self.cache.is_full() {
            self.cache.clear();
            self.memory.clear_code_marks();
        }
        let block = self.translate(&key)?;
        Ok(self.cache.insert(key, block))
    }

    fn is_near_limit(&self) -> bool {
        self.run.limit.saturating_sub(self.run.count) < EXACT_BELOW
    }

    /// The stop of the limits before a block.
    fn limits(&mut self, block: &Block) -> Option<Stop> {
        let pc = block.start;
        let run = &mut self.run;
        if run.count >= run.limit {
            return Some(Stop::InstructionLimit(pc));
        }
        if run.one_block {
            if run.blocks > 0 && run.mid_block != Some(pc) {
                return Some(Stop::InstructionLimit(pc));
            }
            run.blocks += 1;
        }
        if let Some(deadline) = run.deadline {
            run.ticks += 1;
            if run.ticks >= TICKS || run.ticks == 1 {
                run.ticks = 1;
                if Instant::now() >= deadline {
                    return Some(Stop::TimeLimit(pc));
                }
            }
        }
        None
    }

    /// A block of which nothing can be executed; `None`: it is to be looked
    /// up again.
    fn closed(&mut self, block: &Block, entry: Entry) -> Option<Result<Stop>> {
        let pc = block.start;
        match entry {
            Entry::Open => None,
            Entry::ExitPoint => Some(Ok(Stop::ExitPoint(pc))),
            Entry::OutOfBounds => Some(Ok(Stop::OutOfBounds(pc))),
            _ if self.run.count >= self.run.limit => Some(Ok(Stop::InstructionLimit(pc))),
            _ if self.run.one_block && self.run.blocks > 0 && self.run.mid_block != Some(pc) => {
                Some(Ok(Stop::InstructionLimit(pc)))
            }
            Entry::NoFetch(address) => {
                let cause = self.memory.fetch_cause(address);
                Some(Err(Fault::Memory { access: Access::Fetch, cause, address, size: 1, pc }.into()))
            }
            Entry::Unaligned => {
                let cause = MemoryCause::Unaligned;
                Some(Err(Fault::Memory { access: Access::Fetch, cause, address: pc, size: 1, pc }.into()))
            }
            Entry::Unimplemented => {
                let message = format!("the specification has no semantics for the instruction at {pc:#x}");
                Some(Err(Error::Backend { backend: NAME, message }))
            }
            Entry::Invalid => match self.invalid(pc) {
                Next::Ended(result) => Some(result),
                Next::GoOn => None,
            },
        }
    }

    /// After the execution of a block.
    fn after(&mut self, block: &Rc<Block>, done: Done) -> Next {
        self.link = None;
        match done {
            Done::Leave(number) => {
                let leave = &block.leaves[number];
                self.pc = leave.target & self.address_mask;
                self.context = leave.context;
                self.left(block);
                if let Some(stop) = self.after_exit(block) {
                    return stop;
                }
                if !self.stale && self.run.mid_block.is_none() && self.run.is_plain && !self.is_near_limit() {
                    match self.block_at(self.pc, self.context) {
                        Ok(found) => {
                            leave.link.set((found, self.cache.generation()));
                            self.link = Some(found);
                        }
                        Err(error) => return Next::Ended(Err(error)),
                    }
                }
                Next::GoOn
            }
            Done::Indirect(target) => {
                self.context = block.instructions.last().map_or(block.context, |it| it.context);
                self.indirect(target);
                self.left(block);
                self.after_exit(block).unwrap_or(Next::GoOn)
            }
            Done::Limit => {
                let index = index_at_limit(block, (self.run.limit.saturating_sub(self.run.count)) as usize);
                self.run.count += index as u64;
                let instruction = &block.instructions[index];
                self.pc = instruction.address;
                self.context = instruction.context;
                self.run.mid_block = Some(self.pc);
                Next::Ended(Ok(Stop::InstructionLimit(self.pc)))
            }
            Done::Halted(op, halt) => {
                let index = block.instruction_of(op);
                self.halted(block, op, index, halt)
            }
        }
    }

    /// Whether the next block goes on inside the basic block.
    fn left(&mut self, block: &Block) {
        self.run.mid_block = if block.ends_basic_block { None } else { Some(self.pc) };
    }

    fn after_exit(&mut self, block: &Block) -> Option<Next> {
        if let Some(point) = block.exit_after {
            return Some(Next::Ended(Ok(Stop::ExitAfter { point, pc: self.pc })));
        }
        if self.run.stop_requested {
            self.run.stop_requested = false;
            return Some(Next::Ended(Ok(Stop::Requested(self.pc))));
        }
        None
    }

    /// Goes to an address that was computed.
    fn indirect(&mut self, target: u64) {
        self.context = self.translator.flows(self.context);
        if let Some((place, high, low)) = self.mode_switch {
            let mode = u64::from(self.file.get::<1>(place)[0] & 1);
            self.context.set(high, low, mode);
        }
        self.follow_code_segment();
        self.follow_windows();
        let target = target.wrapping_mul(self.code_unit);
        let target = match self.low_bit {
            Some(place) => target | u64::from(self.file.get::<1>(place)[0] & 1),
            None => target,
        };
        // Bits that are not part of the address were taken off by the
        // instruction, or are by this.
        let target = target & !self.target.no_target;
        self.pc = self.definition.code_address(target) & self.address_mask;
    }

    /// Executes the rest of an instruction, after an operation.
    fn finish_instruction(&mut self, block: &Rc<Block>, op: usize, index: usize) -> Next {
        // Through the delay slot, which cannot be left alone.
        let mut next = index + 1;
        while block.instructions.get(next).is_some_and(|it| it.in_slot) {
            next += 1;
        }
        let mut op = op;
        let (block, done) = loop {
            let shared = Rc::clone(block);
            let (last, done) = match block.instructions.get(next) {
                Some(instruction) => {
                    self.interpret::<true>(shared, op + 1, instruction.first as usize, index as u32)
                }
                None => self.interpret::<false>(shared, op + 1, 0, index as u32),
            };
            // An instruction that repeats itself may stop here in each round.
            match done {
                Done::Halted(again, Halt::Reenter)
                    if Rc::ptr_eq(&last, block)
                        && block.instruction_of(again) == index
                        && (block.exact || self.run.overwritten.is_empty()) =>
                {
                    self.run.overwritten.clear();
                    op = again;
                }
                done => break (last, done),
            }
        };
        if let Done::Limit = done {
            self.run.count += (next - index) as u64;
            let instruction = &block.instructions[next];
            self.pc = instruction.address;
            self.context = instruction.context;
            self.run.mid_block = Some(self.pc);
            return match self.run.stop_requested {
                true => {
                    self.run.stop_requested = false;
                    Next::Ended(Ok(Stop::Requested(self.pc)))
                }
                false => Next::GoOn,
            };
        }
        let next = self.after(&block, done);
        self.link = None;
        next
    }

    /// Executes an instruction that wrote over code again, in a block that may
    /// be left after it.
    fn execute_exactly(&mut self, block: &Rc<Block>, index: usize, overwritten: Vec<(u64, Vec<u8>)>) -> Next {
        for (address, old) in overwritten.iter().rev() {
            self.memory.copy_in(*address, old);
        }
        self.put_back(block, index);
        let instruction = block.instructions[index];
        let key = Key {
            address: instruction.address,
            context: instruction.context.0,
            continues: true,
            extent: Extent::Single,
        };
        let exact = match self.translate(&key) {
            Ok(exact) => exact,
            Err(error) => return Next::Ended(Err(error)),
        };
        if exact.entry != Entry::Open {
            self.pc = instruction.address;
            self.context = instruction.context;
            return self.closed(&exact, exact.entry).map_or(Next::GoOn, Next::Ended);
        }
        let (exact, done) = match exact.instructions.get(index_at_limit(&exact, 1)) {
            Some(next) => {
                let end = next.first as usize;
                self.interpret::<true>(exact, 0, end, 0)
            }
            None => self.interpret::<false>(exact, 0, 0, 0),
        };
        let next = match done {
            Done::Limit => {
                let index = index_at_limit(&exact, 1);
                self.run.count += index as u64;
                self.pc = exact.instructions[index].address;
                self.context = exact.instructions[index].context;
                self.run.mid_block = Some(self.pc);
                Next::GoOn
            }
            done => self.after(&exact, done),
        };
        self.link = None;
        next
    }

    /// The interpreter stopped at an operation.
    fn halted(&mut self, block: &Rc<Block>, op: usize, index: usize, halt: Halt) -> Next {
        let instruction = block.instructions[index];
        if let Halt::Reenter = halt {
            let old = std::mem::take(&mut self.run.overwritten);
            return if old.is_empty() || block.exact {
                self.finish_instruction(block, op, index)
            } else {
                self.execute_exactly(block, index, old)
            };
        }
        self.run.overwritten.clear();
        let pc = instruction.address;
        self.put_back(block, index);
        self.pc = pc;
        self.context = self.run.new_context.take().unwrap_or(instruction.context);
        if index > 0 {
            self.run.mid_block = Some(pc);
        }
        if instruction.in_slot {
            self.run.in_slot = Some(Slot { block: Rc::clone(block), instruction: index });
        }
        match halt {
            Halt::Reenter => Next::GoOn,
            Halt::Panic => {
                self.go_to_new_pc();
                Next::Ended(Ok(Stop::Requested(self.pc)))
            }
            Halt::Error(error) => {
                self.go_to_new_pc();
                Next::Ended(Err(error))
            }
            Halt::Stop => {
                if instruction.in_slot && self.run.new_pc.is_none() {
                    // The branch has begun: it is finished first.
                    self.run.stop_requested = true;
                    return self.go_on_in_slot();
                }
                self.go_to_new_pc();
                Next::Ended(Ok(Stop::Requested(self.pc)))
            }
            Halt::Resume => {
                if self.run.new_pc.is_none() && instruction.in_slot {
                    return self.go_on_in_slot();
                }
                self.go_to_new_pc();
                Next::GoOn
            }
            Halt::TimeLimit => Next::Ended(Ok(Stop::TimeLimit(pc))),
            Halt::Returned(pointer) => {
                self.run.count += 1;
                self.run.mid_block = None;
                self.context = self.translator.flows(self.context);
                self.follow_windows();
                self.go_to(pointer);
                if std::mem::take(&mut self.run.stop_requested) {
                    return Next::Ended(Ok(Stop::Requested(self.pc)));
                }
                Next::GoOn
            }
            Halt::Memory { access, cause, address, size } => {
                Next::Ended(Err(Fault::Memory { access, cause, address, size, pc }.into()))
            }
            Halt::Missing(what) => {
                let message = format!("`{what}`, which the instruction at {pc:#x} needs, is not implemented");
                Next::Ended(Err(Error::Backend { backend: NAME, message }))
            }
            Halt::Invalid => self.invalid(pc),
            Halt::Arithmetic(kind, number) => {
                let fault = Fault::Arithmetic { kind, pc };
                self.interrupt(pc, (pc, self.context), number, Some(fault))
            }
            Halt::Wait => {
                self.run.count += 1;
                self.pc = self.after_event(self.behind(&instruction));
                self.context = instruction.next_context;
                self.run.mid_block = None;
                Next::Ended(Ok(Stop::Halted(self.pc)))
            }
            Halt::Syscall => self.system_call(pc, (self.behind(&instruction), instruction.next_context)),
            Halt::Exception(number) => {
                let next = (pc, instruction.context);
                self.interrupt(pc, next, number, None)
            }
            Halt::Interrupt(number) => {
                let next = (self.behind(&instruction), instruction.next_context);
                self.interrupt(pc, next, number, None)
            }
        }
    }

    fn go_on_in_slot(&mut self) -> Next {
        match self.run.in_slot.take() {
            Some(slot) => self.resume_slot(slot),
            None => Next::GoOn,
        }
    }

    fn behind(&self, instruction: &crate::block::Instruction) -> u64 {
        instruction.address.wrapping_add(u64::from(instruction.length)) & self.address_mask
    }

    /// Goes where a callback set the program counter, if one did.
    pub(crate) fn go_to_new_pc(&mut self) {
        if let Some(pointer) = self.run.new_pc.take() {
            self.run.skip_at = None;
            self.run.skip_block_at = None;
            self.run.mid_block = None;
            self.run.in_slot = None;
            self.context = self.translator.flows(self.context);
            self.go_to(pointer);
        }
    }

    /// Goes to a code pointer.
    pub(crate) fn go_to(&mut self, pointer: u64) {
        match self.definition.code_address_bit {
            CodeAddressBit::Thumb | CodeAddressBit::CompressedMips if pointer & 1 != 0 => self.set_mode(1),
            _ => {}
        }
        self.follow_code_segment();
        self.pc = self.definition.code_address(pointer) & self.address_mask;
    }

    // ---- repeated instructions

    /// Looks at the clock inside a repeated instruction.
    pub(crate) fn interrupt_repeat(&mut self) -> Option<Halt> {
        let deadline = self.run.deadline?;
        (Instant::now() >= deadline).then(|| {
            // The rounds so far stay done.
            self.saved_by = None;
            Halt::TimeLimit
        })
    }

    /// The arithmetic fault of an overflow that traps.
    pub(crate) const fn overflow(number: u64) -> Halt {
        Halt::Arithmetic(ArithmeticKind::Overflow, number)
    }
}

/// The instruction before which a limit ends a block: behind a delay slot.
fn index_at_limit(block: &Block, count: usize) -> usize {
    let mut index = count;
    while block.instructions.get(index).is_some_and(|it| it.in_slot) {
        index += 1;
    }
    index
}
