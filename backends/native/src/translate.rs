//! Translating code into blocks.

mod forbidden;
mod lowering;
mod micromips;
mod replacement;

use std::rc::Rc;

use forbidden::Forbidden;
use micromips::MicroMips;
use terrella_emulator_api::{Error, Platform};
use terrella_platforms::CodeAddressBit;
use terrella_sleigh::{Context, ContextCommit, DecodeError, Decoder, LiftError, OpCode, Pcode};

use crate::{
    NAME,
    alignment::{Alignment, alignments, thumb_alignments},
    block::{Block, Entry, Instruction},
    cache::{Extent, Key},
    emulator::NativeEmulator,
    layout::Constants,
    lower::{self, LowerError, NextIs, Site, Translation},
    op::{Code, Op},
    optimize::optimize,
    overrides::{Override, overrides, thumb_overrides},
    refusals::{Refusal, refusals, thumb_refusals},
    registers::Conditions,
    userops::Handler,
    x86::{self, NativeOp},
};

/// How many instructions a block has at most.
const MAX_INSTRUCTIONS: usize = 256;
/// How many bytes are fetched for one instruction.
const FETCH: usize = 32;
/// Up to how many instructions the end of a basic block is looked for.
const MAX_BASIC_BLOCK: usize = 1 << 16;

/// The tools of translation, used again and again.
pub(crate) struct Translator {
    decoder: Decoder,
    slot_decoder: Decoder,
    lifter: terrella_sleigh::Lifter,
    pcode: Pcode,
    slot_pcode: Pcode,
    /// What is in the delay slot of the instruction, if it has one.
    slot: Option<SlotCode>,
    /// The kernel of the instruction, if it has one.
    native: Option<NativeOp>,
    overrides: &'static [&'static [Override]],
    thumb_overrides: &'static [&'static [Override]],
    refusals: &'static [Refusal],
    thumb_refusals: &'static [Refusal],
    alignments: &'static [Alignment],
    thumb_alignments: &'static [Alignment],
    /// The handler of the instruction that the engine executes itself, and
    /// the instruction word.
    replacement: Option<(Handler, u32)>,
    /// The last group of registers of windows that is looked at before.
    window: Option<u8>,
    /// The condition that the specification does not look at.
    condition: Option<u32>,
    /// The state of conditional blocks, where there are any.
    conditions: Option<Conditions>,
    /// The second set, if it is microMIPS.
    micromips: Option<MicroMips>,
    /// What there may not be behind some branches.
    forbidden: Option<Forbidden>,
    /// The instruction word, where slots are forbidden.
    word: u32,
    /// The address and the length of the instruction.
    address: u64,
    length: usize,
    /// The specification does not know the instruction, or cannot be asked.
    is_unknown: bool,
    /// The context bits that flow, and the context that the others have.
    flowing: u128,
    initial: Context,
}

/// An instruction in a delay slot.
struct SlotCode {
    length: usize,
    /// As [`Translator::replacement`].
    replacement: Option<(Handler, u32)>,
    /// It is one.
    decodes: bool,
}

/// An instruction that cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Entry(Entry),
    Lower(LowerError),
}

/// The contexts after an instruction.
struct After {
    flows: Context,
    commits: Vec<ContextCommit>,
}

impl After {
    fn at(&self, address: u64) -> Context {
        let mut context = self.flows;
        for commit in self.commits.iter().filter(|commit| commit.address == address) {
            context.0 = context.0 & !commit.mask | commit.value;
        }
        context
    }
}

impl Translator {
    pub(crate) fn new(processor: &terrella_sleigh::Processor, platform: Platform) -> Self {
        Self {
            decoder: Decoder::new(processor.language.clone()),
            slot_decoder: Decoder::new(processor.language.clone()),
            lifter: terrella_sleigh::Lifter::new(),
            pcode: Pcode::default(),
            slot_pcode: Pcode::default(),
            slot: None,
            native: None,
            overrides: overrides(platform.architecture()),
            thumb_overrides: thumb_overrides(platform.architecture()),
            refusals: refusals(platform.architecture()),
            thumb_refusals: thumb_refusals(platform.architecture()),
            alignments: alignments(platform.architecture()),
            thumb_alignments: thumb_alignments(platform.architecture()),
            replacement: None,
            window: None,
            condition: None,
            conditions: Conditions::of(&processor.language),
            micromips: MicroMips::of(&processor.language, platform.architecture()),
            forbidden: Forbidden::of(&processor.language, platform.architecture()),
            word: 0,
            address: 0,
            length: 0,
            is_unknown: false,
            flowing: processor.language.flowing_context(),
            initial: processor.context,
        }
    }

    /// What of a context flows to other instructions.
    pub(crate) const fn flows(&self, context: Context) -> Context {
        Context(self.initial.0 & !self.flowing | context.0 & self.flowing)
    }

    /// The contexts after the last instruction, which was decoded in one.
    fn after(&self, context: Context) -> After {
        let flows = self.flows(context);
        let mut commits: Vec<ContextCommit> = Vec::new();
        if !self.is_unknown {
            commits.extend(self.decoder.commits());
            commits.extend(self.slot_decoder_commits());
        }
        if let Some(conditions) = self.conditions {
            let next = self.address.wrapping_add(self.length as u64);
            let mask = conditions.mask();
            let goes_on = commits.iter().any(|commit| commit.address == next && commit.mask & mask != 0);
            let state = Conditions::advanced(conditions.state(context));
            if state != 0 && !goes_on {
                let mut there = flows;
                conditions.set(&mut there, state);
                commits.push(ContextCommit { address: next, mask, value: there.0 & mask, flows: false });
            }
        }
        if let Some(forbidden) = self.forbidden {
            commits.extend(forbidden.behind(self.word, self.address.wrapping_add(self.length as u64)));
        }
        After { flows, commits }
    }

    /// Whether the instruction has a delay slot.
    fn has_slot(&self) -> bool {
        self.slot.is_some()
    }

    fn slot_decoder_commits(&self) -> impl Iterator<Item = ContextCommit> + '_ {
        let decodes = self.slot.as_ref().is_some_and(|slot| slot.decodes);
        self.slot_decoder.commits().filter(move |_| decodes)
    }
}

impl NativeEmulator {
    /// Translates the block at an address.
    pub(crate) fn translate(&mut self, key: &Key) -> Result<Rc<Block>, Error> {
        let (address, context) = (key.address, Context(key.context));
        let mut block = Block {
            start: address,
            context,
            entry: Entry::Open,
            exact: true,
            ops: Vec::new(),
            instructions: Vec::new(),
            wide: Vec::new(),
            user: Vec::new(),
            native: Vec::new(),
            leaves: Vec::new(),
            saved: Vec::new(),
            exit_after: None,
            end: address.wrapping_add(1),
            seen_end: 0,
            ends_basic_block: false,
            basic_block_size: 0,
        };
        if self.exits.contains(&address) {
            block.entry = Entry::ExitPoint;
        } else if !self.bounds.is_empty() && !self.bounds.contains(address) {
            block.entry = Entry::OutOfBounds;
        } else if self.hooks.functions.has_site(address) {
            self.function_block(&mut block);
        } else if !address.is_multiple_of(u64::from(self.definition.instruction_alignment.max(1))) {
            block.entry = Entry::Unaligned;
        } else {
            match self.code_block(&mut block, key) {
                Err(LowerError::NoRoom) if !self.constants.is_empty() => {
                    // The constants of all blocks so far are too many.
                    self.cache.clear();
                    self.memory.clear_code_marks();
                    self.constants = Constants::default();
                    return self.translate(key);
                }
                Err(error) => return Err(self.cannot_translate(address, error)),
                Ok(()) => {}
            }
        }
        block.seen_end = block.seen_end.max(block.end);
        self.memory.mark_code(block.start, block.seen_end.wrapping_sub(1).max(block.start));
        Ok(Rc::new(block))
    }

    fn function_block(&self, block: &mut Block) {
        block.instructions.push(Instruction {
            address: block.start,
            length: 1,
            in_slot: false,
            first: 0,
            context: block.context,
            next_context: self.translator.flows(block.context),
            saved: (0, 0),
        });
        if self.hooks.instructions.has_global() || self.hooks.instructions.has_site(block.start) {
            block.ops.push(Op::numbered(Code::InstructionHook, 0));
        }
        block.ops.push(Op::numbered(Code::FunctionHook, 0));
        block.ends_basic_block = true;
    }

    fn code_block(&mut self, block: &mut Block, key: &Key) -> Result<(), LowerError> {
        let continues = key.continues;
        let mut code = Translation::default();
        let (mut pc, mut context) = (block.start, block.context);
        let mut count = 0u32;
        let longest = if key.extent == Extent::Single { 1 } else { MAX_INSTRUCTIONS };
        if self.hooks.blocks.has_global() && !continues {
            code.ops.push(Op::numbered(Code::BlockHook, 0));
        }
        loop {
            if count > 0 && self.ends_before(pc) || block.instructions.len() >= longest {
                break;
            }
            let transfers = match self.fetch_instruction(pc, context) {
                Ok(transfers) => transfers,
                Err(Failure::Entry(_)) if count > 0 => break,
                Err(Failure::Entry(entry)) => {
                    block.entry = entry;
                    return Ok(());
                }
                Err(Failure::Lower(error)) => return Err(error),
            };
            let after = self.translator.after(context);
            let next = self.next_address();
            let has_slot = self.translator.has_slot();
            count += 1 + u32::from(has_slot);
            let site = Site {
                address: pc,
                next,
                next_context: after.at(next),
                count,
                next_is: if has_slot { NextIs::Outside(count - 1) } else { NextIs::Inside },
                first_op: 0,
                in_slot: false,
            };
            self.lower_instruction(block, &mut code, context, site, &after)?;
            block.end = next;
            if self.translator.decoder.looks_at_following() {
                block.seen_end = next.wrapping_add(self.definition.longest_instruction.into());
            }
            let slot = pc.wrapping_add(self.translator.length as u64);
            let here = [pc, slot];
            let points = if has_slot { &here[..] } else { &here[..1] };
            let exit_after = points.iter().find(|point| self.exit_afters.contains(*point)).copied();
            pc = next;
            context = after.at(next);
            if transfers || exit_after.is_some() {
                block.ends_basic_block = transfers;
                block.exit_after = exit_after;
                break;
            }
            // The address space ends here.
            if next <= block.start {
                break;
            }
        }
        let exit = lower::leave(&mut code, pc, context, count);
        code.ops.push(Op::numbered(Code::Exit, exit));
        if self.hooks.blocks.has_global() && !continues {
            block.basic_block_size = if block.ends_basic_block {
                block.end.wrapping_sub(block.start)
            } else {
                self.basic_block_end(pc, context).wrapping_sub(block.start)
            };
        }
        // Whoever has hooks may look anywhere.
        let across = key.extent == Extent::Whole && !self.has_watching_hooks();
        block.exact = !across;
        optimize(&mut code, &mut block.instructions, &self.file, across);
        block.ops = code.ops;
        block.wide = code.wide;
        block.user = code.user;
        block.native = code.native;
        block.leaves = code.leaves;
        Ok(())
    }

    /// Whether callbacks may look at registers inside blocks.
    fn has_watching_hooks(&self) -> bool {
        !self.hooks.instructions.is_empty() || !self.hooks.reads.is_empty() || !self.hooks.writes.is_empty()
    }

    /// Whether a block ends before an address whatever is there.
    fn ends_before(&self, pc: u64) -> bool {
        self.exits.contains(&pc)
            || self.hooks.functions.has_site(pc)
            || !self.bounds.is_empty() && !self.bounds.contains(pc)
    }

    fn next_address(&self) -> u64 {
        let translator = &self.translator;
        let slot = translator.slot.as_ref().map_or(0, |slot| slot.length as u64);
        translator.address.wrapping_add(translator.length as u64 + slot) & self.address_mask
    }

    /// Decodes and lifts an instruction, with that in its delay slot; whether
    /// it transfers control.
    fn fetch_instruction(&mut self, pc: u64, context: Context) -> Result<bool, Failure> {
        // Microcontrollers have Thumb only (ARMv7-M Arm ARM, A4.1.1).
        if let Some((_, high, low)) = self.mode_switch
            && self.definition.code_address_bit == CodeAddressBit::ThumbOnly
            && context.get(high, low) == 0
        {
            return Err(Failure::Entry(Entry::Invalid));
        }
        // The two modes of ARM and MIPS differ in the shortest instruction.
        let shortest = match self.mode_switch {
            Some((_, high, low)) if context.get(high, low) == 0 => 4,
            _ => usize::from(self.definition.instruction_alignment),
        };
        let equivalent = self.equivalent(pc, context)?;
        let own_context = context;
        let context = equivalent.map_or(context, |(_, context)| context);
        let translator = &mut self.translator;
        let code = equivalent.as_ref().map(|(bytes, _)| &bytes[..]);
        let decoded = decode(&self.memory, code, &mut translator.decoder, pc, context, shortest);
        translator.address = pc;
        translator.condition = None;
        translator.window = None;
        translator.is_unknown = decoded.is_err();
        translator.replacement = None;
        translator.slot = None;
        let length = decoded.is_ok().then(|| translator.decoder.length());
        if let Some(forbidden) = self.translator.forbidden {
            let word = self.instruction_word(pc, None, 4);
            self.translator.word = word;
            if forbidden.refuses(context, word) {
                return Err(Failure::Entry(Entry::Invalid));
            }
        }
        if length.is_some_and(|length| self.refuses(pc, code, length, context)) {
            return Err(Failure::Entry(Entry::Invalid));
        }
        if let Some((handler, word, condition)) = self.replacement(pc, code, length, context) {
            let translator = &mut self.translator;
            if self.arm.is_some() && length != Some(4) {
                // The words of Arm's tables are of four bytes.
                translator.is_unknown = true;
            }
            translator.length = length.filter(|_| !translator.is_unknown).unwrap_or(4);
            translator.condition = condition;
            translator.replacement = Some((handler, word));
            return Ok(false);
        }
        decoded?;
        let translator = &mut self.translator;
        let length = translator.decoder.length();
        translator.length = length;
        if self.translator.decoder.delay_slot() > 0 {
            let slot = pc.wrapping_add(length as u64) & self.address_mask;
            self.fetch_slot(slot, own_context, shortest)?;
        }
        let slot_length = self.translator.slot.as_ref().map_or(0, |slot| slot.length);
        let translator = &mut self.translator;
        let next = pc.wrapping_add(length as u64) & self.address_mask;
        if let Some(context) = self.loops.as_ref().and_then(|loops| loops.context_at(next, context)) {
            decode(&self.memory, code, &mut translator.decoder, pc, context, shortest)?;
        }
        if let Some(registers) = &self.x86 {
            let mut bytes = [0; FETCH];
            let available = self.memory.fetch(pc, &mut bytes);
            let bytes = &bytes[..available.min(translator.decoder.length())];
            translator.native = x86::find(registers, bytes, pc);
            if let Some(native) = &translator.native {
                return Ok(native.transfers);
            }
        }
        translator.decoder.set_delay_slot_length(slot_length);
        translator.lifter.lift(&translator.decoder, &mut translator.pcode).map_err(lift_failure)?;
        self.translator.condition = self.unchecked_condition(context);
        if let Some(windows) = &self.register_windows {
            self.translator.window = windows.group_beyond(&self.translator.pcode, context);
        }
        Ok(slot_length > 0 || self.transfers_control(&self.translator.pcode))
    }

    /// Whether a basic block ends after an instruction.
    fn transfers_control(&self, pcode: &Pcode) -> bool {
        pcode.ops().iter().enumerate().any(|(index, op)| {
            let first = pcode.inputs(op).first();
            match op.code {
                OpCode::BranchInd | OpCode::CallInd | OpCode::Return | OpCode::Call => true,
                OpCode::Branch | OpCode::CBranch => {
                    !pcode.is_internal(index) && first.is_some_and(|target| !target.is_constant())
                }
                OpCode::CallOther => first
                    .and_then(|number| self.handlers.get(number.offset as usize))
                    .is_some_and(|handler| handler.is_trap),
                _ => false,
            }
        })
    }

    /// The end of a basic block that goes on at an address.
    fn basic_block_end(&mut self, mut pc: u64, mut context: Context) -> u64 {
        for _ in 0..MAX_BASIC_BLOCK {
            let Ok(transfers) = self.fetch_instruction(pc, context) else { return pc };
            let next = self.next_address();
            context = self.translator.after(context).at(next);
            if transfers || next < pc {
                return next;
            }
            pc = next;
        }
        pc
    }

    /// The address after the basic block that an instruction is in.
    fn cannot_translate(&self, pc: u64, error: LowerError) -> Error {
        let text = if self.translator.is_unknown {
            "an instruction".to_owned()
        } else {
            self.translator.decoder.text()
        };
        Error::Backend {
            backend: NAME,
            message: format!("`{text}` at {pc:#x} cannot be translated: {error}"),
        }
    }
}

fn lift_failure(error: LiftError) -> Failure {
    match error {
        LiftError::Unimplemented => Failure::Entry(Entry::Unimplemented),
        _ => Failure::Lower(LowerError::Malformed),
    }
}

/// Decodes what is in memory, or a code that stands for it.
fn decode(
    memory: &crate::memory::Memory,
    code: Option<&[u8]>,
    decoder: &mut Decoder,
    pc: u64,
    context: Context,
    shortest: usize,
) -> Result<(), Failure> {
    let mut bytes = [0; FETCH];
    let available = memory.fetch(pc, &mut bytes);
    let no_fetch = || Failure::Entry(Entry::NoFetch(pc.wrapping_add(available as u64)));
    if available == 0 {
        return Err(no_fetch());
    }
    match decoder.decode(pc, code.unwrap_or(&bytes[..available]), context) {
        Ok(_) if decoder.lacks_following() => Err(no_fetch()),
        Ok(_) => Ok(()),
        Err(DecodeError::Truncated { .. }) => Err(no_fetch()),
        Err(_) if available < shortest => Err(no_fetch()),
        Err(_) => Err(Failure::Entry(Entry::Invalid)),
    }
}
