//! The run loop: a run of the contract is a sequence of native runs, each
//! ended by something that Unicorn cannot do under way.

use std::{panic::resume_unwind, time::Instant};

use terrella_emulator_api::{
    Access, ArithmeticKind, Capability, Error, Fault, Limits, PanicPayload, Result, Snapshot, Stop,
};
use unicorn_engine::uc_error;

use crate::{
    NAME,
    emulator::UnicornEmulator,
    if_then::{IfThen, IfThenStep},
    saved::Saved,
    sparc::Slot,
    sparc_windows::WindowTrap,
    target::{Event, ExceptionPc},
    tricore::BeforeTrap,
};

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mode {
    #[default]
    Idle,
    Run(Limits),
    /// One basic block.
    Block,
}

/// Why a native run was ended by a callback.
#[derive(Debug)]
pub(crate) enum Outcome {
    Stop(Stop),
    /// The program counter is the one in it.
    Fault(Fault),
    /// At this program counter.
    Error(Error, u64),
    /// To go on at once, at this program counter.
    Resume(u64),
}

/// What a run keeps.
#[derive(Default)]
pub(crate) struct RunState {
    pub(crate) mode: Mode,
    /// Whether a native run, and so a callback, may be under way.
    pub(crate) native: bool,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) panic: Option<PanicPayload>,
    pub(crate) stop_requested: bool,
    /// The splits in force are not those that are known (MIPS).
    pub(crate) exits_stale: bool,
    /// Splits that are not known yet: the page that they are in was refused.
    pub(crate) new_splits: Vec<u64>,
    /// An exception of x86 was told, which Unicorn goes on to count as under
    /// way.
    pub(crate) exception_pending: bool,
    /// The instruction before which a callback ended the native run, and
    /// whether it is in a delay slot.
    pub(crate) ended_at: Option<(u64, bool)>,
    /// What a callback set the program counter to.
    pub(crate) new_pc: Option<u64>,
    /// A snapshot whose registers a callback asked for.
    pub(crate) restore: Option<Snapshot>,
    /// A callback changed what Unicorn takes up between native runs only.
    pub(crate) resync: bool,
    pub(crate) flags_written: bool,
    /// The hooks before this instruction have run.
    pub(crate) skip_at: Option<u64>,
    /// Instructions executed so far.
    pub(crate) count: u64,
    /// Where counting ends; the highest number if nowhere.
    pub(crate) count_limit: u64,
    /// The count of the last run, if it counted.
    pub(crate) counted: Option<u64>,
    pub(crate) deadline: Option<Instant>,
    /// An exit-after point that was reached, and whether its instruction is
    /// executing.
    pub(crate) after: Option<(u64, bool)>,
    /// The last instruction that called back, for delay slots and repeats.
    pub(crate) last: Option<LastInstruction>,
    /// The block that was entered last: address and size, and whether it ends
    /// in a control transfer.
    pub(crate) block: Option<(u64, u64, bool)>,
    /// Whether it was entered in the last native run.
    pub(crate) entered: bool,
    /// Blocks entered in this run, as the contract counts them.
    pub(crate) blocks: u64,
    /// Where the last run ended inside a block.
    pub(crate) mid_block: Option<u64>,
    /// A page that Unicorn was refused, for which access.
    pub(crate) refused: Option<(u64, Access, bool)>,
    /// Code changed whose translation was dropped under way: what is noted as
    /// code may be translated anew.
    pub(crate) rewritten: bool,
    /// What is watched must be put in force before the native run.
    pub(crate) watch_again: bool,
    /// The first native run, which ends before it executes anything.
    pub(crate) warming: bool,
    /// Where a delay slot is whose branch is pending (MIPS).
    pub(crate) in_slot: Option<u64>,
    /// Where a `nop` is executed to take a pending branch away.
    pub(crate) elsewhere: Option<u64>,
    /// Where a jump of SPARC goes whose delay slot comes next.
    pub(crate) jump_target: Option<u64>,
    pub(crate) if_then: IfThen,
    /// An instruction that may trap, and the registers before it (TriCore).
    pub(crate) before_trap: Option<BeforeTrap>,
    /// The registers before a store that was refused.
    pub(crate) kept: Option<Saved>,
    /// The instruction that is to be executed here (z/Architecture).
    pub(crate) by_hand: Option<u64>,
    /// The trap of a register window that is to be handled (SPARC).
    pub(crate) window_trap: Option<WindowTrap>,
    /// The delay slot that the last native run ended in (SPARC).
    pub(crate) slot: Option<Slot>,
    /// The delay slot that a native run begins with, and whether it has been
    /// entered.
    pub(crate) slot_start: Option<Slot>,
    pub(crate) slot_entered: bool,
    /// The instruction that raised the last exception, and where execution
    /// would have gone on behind it (SPARC).
    pub(crate) excepted: Option<(u64, u64)>,
    /// Accesses are looked at only to find the faulting one.
    pub(crate) diagnosing: Option<u64>,
}

/// The last instruction that called back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LastInstruction {
    pub(crate) address: u64,
    /// The instruction after it is its delay slot.
    pub(crate) has_slot: bool,
    /// The counter of a repeated string instruction.
    pub(crate) repeats: Option<u64>,
}

impl Outcome {
    /// The same where a delay slot has executed first, and `pc` is next.
    fn after_slot(self, pc: u64) -> Self {
        match self {
            Self::Stop(stop) => Self::Stop(at_pc(stop, pc)),
            Self::Error(error, _) => Self::Error(error, pc),
            Self::Resume(_) => Self::Resume(pc),
            Self::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl RunState {
    /// Whether every instruction must be counted.
    pub(crate) fn counts(&self) -> bool {
        match self.mode {
            Mode::Run(limits) => limits.instructions.is_some() || limits.count,
            Mode::Idle | Mode::Block => false,
        }
    }

    pub(crate) fn limit(&self) -> Option<u64> {
        match self.mode {
            Mode::Run(limits) => limits.instructions,
            Mode::Idle | Mode::Block => None,
        }
    }

    /// Whether block entries must be seen.
    pub(crate) fn needs_blocks(&self) -> bool {
        self.mode == Mode::Block || self.deadline.is_some()
    }
}

impl UnicornEmulator {
    /// Runs, steps or steps a block.
    pub(crate) fn execute(&mut self, mode: Mode) -> Result<Stop> {
        if self.run.native {
            return Err(Error::Reentrant);
        }
        let run = &mut self.run;
        run.mode = mode;
        run.count = 0;
        run.count_limit = match mode {
            Mode::Run(Limits { instructions: Some(limit), .. }) => limit,
            _ => u64::MAX,
        };
        run.blocks = 0;
        run.stop_requested = false;
        run.after = None;
        run.last = None;
        run.block = None;
        run.jump_target = None;
        run.deadline = match mode {
            Mode::Run(Limits { time: Some(time), .. }) => Instant::now().checked_add(time),
            _ => None,
        };
        self.accesses.reset();
        let pc = self.native_pc();
        if self.run.skip_at.is_some_and(|at| at != pc) {
            self.run.skip_at = None;
        }
        let result = match self.stop_before(pc) {
            Some(stop) => Ok(stop),
            None => self.run_natively(),
        };
        self.run.counted = self.run.counts().then_some(self.run.count);
        self.run.mode = Mode::Idle;
        self.run.after = None;
        result
    }

    /// The stop that comes before anything at `pc` is executed.
    pub(crate) fn stop_before(&self, pc: u64) -> Option<Stop> {
        if self.exits.contains(&pc) {
            return Some(Stop::ExitPoint(pc));
        }
        if let Some((point, true)) = self.run.after {
            return Some(Stop::ExitAfter { point, pc });
        }
        if !self.in_bounds(pc) {
            return Some(Stop::OutOfBounds(pc));
        }
        match self.run.limit() {
            Some(limit) if self.run.count >= limit => Some(Stop::InstructionLimit(pc)),
            _ => None,
        }
    }

    fn run_natively(&mut self) -> Result<Stop> {
        loop {
            self.run.if_then.stepping = self.if_then_state() != 0;
            self.execute_by_hand()?;
            let pc = self.native_pc();
            self.add_translation()?;
            if let Some(fault) = self.turn_windows(pc)? {
                self.run.skip_at = None;
                self.note_mid_block();
                return Err(fault.into());
            }
            self.watch_slot(pc)?;
            self.prepare()?;
            self.leave_slot(pc)?;
            self.check_first_block(pc);
            if std::mem::take(&mut self.run.watch_again) {
                continue;
            }
            self.apply_splits(pc)?;
            let code = match self.step_if_then()? {
                IfThenStep::Passed => continue,
                IfThenStep::Ended => uc_error::OK,
                IfThenStep::Native => {
                    self.cut_blocks(pc)?;
                    self.start(self.code_pointer(pc))
                }
            };
            self.take_trap();
            if let Some(panic) = self.run.panic.take() {
                self.run.outcome = None;
                self.run.new_pc = None;
                self.run.restore = None;
                resume_unwind(panic);
            }
            if std::mem::take(&mut self.run.exception_pending) {
                self.forget_exception()?;
            }
            let mut outcome = self.run.outcome.take();
            if let Some((at, in_slot)) = self.run.ended_at.take() {
                let pc = self.native_pc();
                if in_slot {
                    // A slot cannot be stopped before: it has executed, and
                    // its branch with it.
                    outcome = outcome.map(|outcome| outcome.after_slot(pc));
                    self.run.skip_at = None;
                } else if pc != at && self.run.new_pc.is_none() {
                    return Err(self.overrun(at, pc));
                }
            }
            let restored = self.run.restore.is_some();
            if let Some(snapshot) = self.run.restore.take() {
                self.restore_registers(&snapshot)?;
                self.run.skip_at = None;
            }
            let moved = match self.run.new_pc.take() {
                Some(pointer) => {
                    self.set_native_pc(pointer)?;
                    self.run.skip_at = None;
                    self.run.mid_block = None;
                    true
                }
                None => false,
            };
            let finished = match outcome {
                Some(Outcome::Stop(stop)) => {
                    if !moved {
                        self.set_native_pc(stop.pc())?;
                    }
                    Some(Ok(at_pc(stop, self.native_pc())))
                }
                Some(Outcome::Fault(fault)) => {
                    if !moved {
                        self.set_native_pc(fault.pc())?;
                    }
                    Some(Err(Error::Fault(fault)))
                }
                Some(Outcome::Error(error, pc)) => {
                    if !moved {
                        self.set_native_pc(pc)?;
                    }
                    Some(Err(error))
                }
                Some(Outcome::Resume(pc)) => {
                    if !moved {
                        self.set_native_pc(pc)?;
                    }
                    None
                }
                None if moved => None,
                None => self.why(code)?,
            };
            self.settle_if_then(moved, restored)?;
            if let Some(result) = finished {
                self.note_mid_block();
                self.note_if_then();
                if let Err(Error::Fault(fault)) = &result
                    && self.native.all
                    && !matches!(fault, Fault::Memory { access: Access::Fetch, .. })
                {
                    // The instruction called back, and has not executed.
                    self.run.count = self.run.count.saturating_sub(1);
                }
                return result;
            }
        }
    }

    /// Makes Unicorn forget the exception of x86 that it told: a second one
    /// would be a double fault, and a third one end the processor. Everything
    /// is put back as it was made, and the registers on top of it.
    fn forget_exception(&mut self) -> Result<()> {
        let Some(clean) = &self.clean else { return Ok(()) };
        let registers = self.definition.registers();
        let held: Vec<_> = registers
            .roots()
            .filter_map(|(id, _)| Some((id, self.registers.read_wide(&self.engine, id).ok()?)))
            .collect();
        self.engine.restore_context(clean)?;
        // Twice: the place of an x87 register depends on the status word.
        for _ in 0..2 {
            for (id, value) in &held {
                if self.registers.read_wide(&self.engine, *id).is_ok_and(|now| now != *value) {
                    // What cannot be written is the same as at the start.
                    let _ = self.registers.write(&self.engine, *id, *value);
                }
            }
        }
        Ok(())
    }

    /// The error that says that a run could not be ended before `at`: Unicorn
    /// ends none inside an if-then block of Thumb code. Those that something is
    /// set in are executed in steps; this is for one that was missed.
    fn overrun(&mut self, at: u64, pc: u64) -> Error {
        self.run.outcome = None;
        Error::Unsupported {
            backend: NAME,
            platform: self.platform,
            capability: Capability::InstructionLimits,
            reason: format!(
                "the run could not be ended at {at:#x}{}, and went on to {pc:#x}",
                if self.thumb() { ", inside a Thumb if-then block" } else { "" }
            ),
        }
    }

    /// Remembers whether the run ended inside a block, so that going on there
    /// is not an entry.
    fn note_mid_block(&mut self) {
        let pc = self.native_pc();
        self.run.mid_block = self.run.block.and_then(|(start, size, ends)| {
            let end = start.wrapping_add(size);
            ((start < pc && pc < end) || (pc == end && !ends)).then_some(pc)
        });
    }

    /// Puts everything in force that changed since the last native run.
    fn prepare(&mut self) -> Result<()> {
        self.run.resync = false;
        self.apply_native_hooks()?;
        if self.stale_tlb {
            self.engine.flush_tlb()?;
            self.stale_tlb = false;
        }
        let stale = self.memory.take_stale_code();
        if !stale.is_empty() || self.native.flush {
            self.traits.forget();
        }
        if self.native.flush || !stale.is_empty() {
            self.cuts.singles.clear();
        }
        if self.native.flush || stale.len() > 64 {
            self.engine.flush_code()?;
            self.memory.forget_code();
            self.run.rewritten = false;
            self.native.flush = false;
        } else {
            for page in stale {
                let first = page * self.memory.page;
                let range = (first..=first + (self.memory.page - 1)).into();
                self.flush_code(range)?;
                self.memory.forget_code_in(range);
            }
        }
        Ok(())
    }

    pub(crate) fn start(&mut self, pointer: u64) -> uc_error {
        self.run.native = true;
        self.run.ended_at = None;
        self.link.attention.set(true);
        self.run.refused = None;
        self.run.flags_written = false;
        self.run.slot_entered = false;
        self.run.entered = false;
        self.run.excepted = None;
        let code = self.calling_back(|engine| engine.start(pointer));
        self.run.native = false;
        self.give_back_global_hook();
        if let Some(kept) = self.run.kept.take()
            && let Err(error) = self.bring_back(&kept)
        {
            let pc = self.native_pc();
            self.run.outcome = Some(Outcome::Error(error, pc));
        }
        if let Err(error) = self.mend_overflow() {
            let pc = self.native_pc();
            self.run.outcome = Some(Outcome::Error(error, pc));
        }
        self.note_slot();
        self.link.replace_pc(None);
        code
    }

    /// The code pointer of an address in the present state.
    pub(crate) fn code_pointer(&self, pc: u64) -> u64 {
        if self.thumb() { pc | 1 } else { pc }
    }

    /// Why a native run ended that no callback ended; `None` to go on.
    fn why(&mut self, code: uc_error) -> Result<Option<Result<Stop>>> {
        let pc = self.native_pc();
        match self.run.refused.take() {
            Some((address, _, true)) => {
                return Ok(Some(Err(Error::OutOfMemory {
                    address: address & !(self.memory.page - 1),
                    size: self.memory.page,
                })));
            }
            Some((page, Access::Fetch, _)) => return self.fetch_refused(pc, page),
            Some((page, access, _)) => return self.diagnose(pc, page, access).map(|it| Some(Err(it))),
            None => {}
        }
        if code == uc_error::EXCEPTION && !self.run.new_splits.is_empty() {
            // Once they are in force it goes on where it is, or at the split
            // that it had reached: then the program counter is left at the
            // start of the block before it.
            let pc = match (self.run.block, self.split_reached()) {
                (Some((start, ..)), Some(split)) if self.run.entered && start == pc => {
                    self.set_native_pc(split)?;
                    split
                }
                _ => pc,
            };
            return Ok(self.stop_before(pc).map(Ok));
        }
        match code {
            uc_error::OK if self.run.resync => Ok(None),
            uc_error::OK if self.cut_reached(pc) => Ok(self.stop_before(pc).map(Ok)),
            uc_error::OK if self.split_reached().is_some() => {
                let split = self.split_reached().unwrap_or(pc);
                self.set_native_pc(split)?;
                Ok(self.stop_before(split).map(Ok))
            }
            uc_error::OK => Ok(Some(Ok(Stop::Halted(pc)))),
            uc_error::INSN_INVALID => Ok(Some(Err(self.invalid_instruction(pc).into()))),
            other => {
                let message = format!("the run ended at {pc:#x} with {other:?}");
                Ok(Some(Err(Error::Backend { backend: NAME, message })))
            }
        }
    }

    pub(crate) fn invalid_instruction(&self, pc: u64) -> Fault {
        Fault::InvalidInstruction { pc, bytes: self.code_at(pc) }
    }

    /// What ended a native run that is not one of the loop's own.
    pub(crate) fn settle(&mut self, code: uc_error) -> Result<Option<Result<Stop>>> {
        match self.run.outcome.take() {
            Some(Outcome::Stop(stop)) => {
                self.set_native_pc(stop.pc())?;
                Ok(Some(Ok(stop)))
            }
            Some(Outcome::Fault(fault)) => {
                self.set_native_pc(fault.pc())?;
                Ok(Some(Err(fault.into())))
            }
            Some(Outcome::Error(error, pc)) => {
                self.set_native_pc(pc)?;
                Ok(Some(Err(error)))
            }
            Some(Outcome::Resume(pc)) => {
                let pointer = self.run.new_pc.take().unwrap_or(pc);
                self.set_native_pc(pointer)?;
                Ok(None)
            }
            None if self.run.refused.is_some_and(|(_, access, _)| access == Access::Fetch) => Ok(None),
            None => self.why(code),
        }
    }

    /// Where the instruction is that Unicorn told an exception of.
    pub(crate) fn exception_pc(&self, number: u32) -> u64 {
        let pc = self.native_pc();
        match self.target.exception_pc {
            ExceptionPc::BehindInterrupts => self.interrupt_start(pc, number),
            ExceptionPc::AtFor(numbers) if numbers.contains(&number) => pc,
            ExceptionPc::AtFor(_) if self.thumb() => pc.wrapping_sub(2),
            ExceptionPc::AtFor(_) => pc.wrapping_sub(4),
            ExceptionPc::Behind(_) if self.is_sparc() => self.sparc_exception(pc),
            ExceptionPc::Behind(bytes) => pc.wrapping_sub(bytes),
            ExceptionPc::Lost if number == 17 => pc.wrapping_sub(4),
            ExceptionPc::Lost => self.lost_pc(number),
        }
    }

    /// The start of the software interrupt that ends at `pc`, or `pc` itself
    /// if there is none: then it is an exception.
    fn interrupt_start(&self, pc: u64, number: u32) -> u64 {
        let start = pc.wrapping_sub(2);
        // One at the start of a mapping has nothing before it.
        let mut before = [0; 2];
        let (first, second) = before.split_at_mut(1);
        if self.memory.read(pc.wrapping_sub(1), second).is_err() {
            return pc;
        }
        let is_long = self.memory.read(start, first).is_ok();
        let x86 = self.target.arch == unicorn_engine::Arch::X86;
        match (before, number) {
            ([0xcd, vector], _) if x86 && is_long && u32::from(vector) == number => start,
            ([_, 0xcc], 3) | ([_, 0xce], 4) | ([_, 0xf1], 1) if x86 => pc.wrapping_sub(1),
            // m68k `trap #n` is 0x4e40 + n and vector 32 + n.
            ([0x4e, low], 32..=47) if !x86 && u32::from(low) == 0x40 + number - 32 => start,
            _ => pc,
        }
    }

    /// What an exception of Unicorn's is.
    pub(crate) fn event(&self, number: u32) -> Event {
        let known = self.target.events.iter().find(|(known, _)| *known == number);
        match known {
            Some((_, event)) => *event,
            None => Event::InterruptByNumber,
        }
    }

    pub(crate) fn arithmetic(kind: ArithmeticKind, pc: u64) -> Fault {
        Fault::Arithmetic { kind, pc }
    }
}

/// A stop with another program counter.
const fn at_pc(stop: Stop, pc: u64) -> Stop {
    match stop {
        Stop::ExitPoint(_) => Stop::ExitPoint(pc),
        Stop::ExitAfter { point, .. } => Stop::ExitAfter { point, pc },
        Stop::OutOfBounds(_) => Stop::OutOfBounds(pc),
        Stop::InstructionLimit(_) => Stop::InstructionLimit(pc),
        Stop::TimeLimit(_) => Stop::TimeLimit(pc),
        Stop::Halted(_) => Stop::Halted(pc),
        _ => Stop::Requested(pc),
    }
}
