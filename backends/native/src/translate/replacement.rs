//! Which instructions the engine executes itself, in delay slots as well, and
//! the conditions of Arm's that the specification does not look at.

use terrella_platforms::Architecture;
use terrella_sleigh::{Context, OpCode};

use super::{Failure, SlotCode, decode, lift_failure, micromips::is_reserved};
use crate::{
    arm::a32, block::Entry, emulator::NativeEmulator, halt::Halt, overrides::Override, userops::Handler,
};

/// Executes what is no instruction.
const INVALID: Handler = Handler::new(|_, _| Err(Halt::Invalid));

impl NativeEmulator {
    /// The handler of an instruction that the engine executes itself, its
    /// word, and its condition; `length` is that of the instruction, if the
    /// specification knows it.
    pub(super) fn replacement(
        &self,
        pc: u64,
        code: Option<&[u8]>,
        length: Option<usize>,
        context: Context,
    ) -> Option<(Handler, u32, Option<u32>)> {
        let overrides = self.translator.overrides;
        if overrides.is_empty() {
            return None;
        }
        let big_endian = self.processor.language.is_big_endian();
        let find_in = |table: &[&'static [Override]], word: u32| {
            table.iter().copied().flatten().find(|it| word & it.mask == it.value)
        };
        let find = |word: u32| find_in(overrides, word);
        let mut bytes = [0; 4];
        if self.arm.is_none() {
            // Where instructions are of several words, the first ones are
            // looked at; there is no table of compressed instructions.
            let architecture = self.platform.architecture();
            let has_others = matches!(
                architecture,
                Architecture::M68k | Architecture::Msp430X | Architecture::TriCore | Architecture::SuperH4
            );
            let length = length.filter(|length| *length == 4 || has_others)?;
            if self.mode_switch.is_some_and(|(_, high, low)| context.get(high, low) != 0) {
                return None;
            }
            let word = self.instruction_word(pc, code, length);
            return find(word).map(|found| (found.handler, word, None));
        }
        if self.memory.fetch(pc, &mut bytes) < 4 {
            return None;
        }
        let Some((_, high, low)) = self.mode_switch else {
            // Code of AArch64 is little-endian whatever its data are (Arm ARM,
            // B2.6.2).
            let word = u32::from_le_bytes(bytes);
            return find(word).map(|found| (found.handler, word, None));
        };
        let is_thumb = context.get(high, low) == 1;
        if is_thumb && !self.arm_has_bit_fields() {
            // There are no words of four bytes.
            return None;
        }
        let (table, word) = a32::normalized(bytes, is_thumb, big_endian)?;
        let condition = if is_thumb {
            self.translator.conditions.and_then(|it| it.condition(context))
        } else {
            Some(word >> 28).filter(|condition| *condition < 14)
        };
        if a32::is_reserved(word, table) && self.arm_has_bit_fields() {
            return Some((INVALID, word, condition));
        }
        let found = match table {
            // What has no condition has rows of its own.
            a32::Set::Arm => find(word).filter(|it| word >> 28 != 15 || it.mask >> 28 == 15)?,
            a32::Set::Thumb => find_in(self.translator.thumb_overrides, word)?,
        };
        Some((found.handler, word, condition))
    }

    /// Whether there are instructions with fields of bits: from ARMv6T2 on.
    pub(crate) fn arm_has_bit_fields(&self) -> bool {
        self.translator.conditions.is_some()
    }

    /// The condition of an instruction in a conditional block, if its
    /// semantics do not look at it.
    pub(super) fn unchecked_condition(&self, context: Context) -> Option<u32> {
        let translator = &self.translator;
        let condition = translator.conditions?.condition(context)?;
        let next = self.next_address();
        let pcode = &translator.pcode;
        let is_checked = pcode.ops().iter().enumerate().any(|(index, op)| {
            op.code == OpCode::CBranch
                && pcode.is_internal(index)
                && pcode.inputs(op).first().is_some_and(|target| target.offset == next)
        });
        (!is_checked).then_some(condition)
    }

    /// Decodes and lifts the instruction in a delay slot. What is none is a
    /// fault only if it is reached.
    pub(super) fn fetch_slot(&mut self, pc: u64, context: Context, shortest: usize) -> Result<(), Failure> {
        let equivalent = self.equivalent(pc, context)?;
        let context = equivalent.map_or(context, |(_, context)| context);
        let code = equivalent.as_ref().map(|(bytes, _)| &bytes[..]);
        let decoded = decode(&self.memory, code, &mut self.translator.slot_decoder, pc, context, shortest);
        let length = self.translator.slot_decoder.length();
        let decoded = match decoded {
            Ok(()) if self.refuses(pc, code, length, context) => Err(Failure::Entry(Entry::Invalid)),
            decoded => decoded,
        };
        match decoded {
            Ok(()) => {}
            Err(Failure::Entry(Entry::Invalid)) => {
                let replacement = Some((INVALID, 0));
                self.translator.slot = Some(SlotCode { length: shortest, replacement, decodes: false });
                return Ok(());
            }
            Err(failure) => return Err(failure),
        }
        let replacement =
            self.replacement(pc, code, Some(length), context).map(|(handler, word, _)| (handler, word));
        let translator = &mut self.translator;
        if replacement.is_none() {
            let lifted = translator.lifter.lift(&translator.slot_decoder, &mut translator.slot_pcode);
            lifted.map_err(lift_failure)?;
        }
        translator.slot = Some(SlotCode { length, replacement, decodes: true });
        Ok(())
    }

    /// The code of an instruction that does the same as one of microMIPS, and
    /// its context. What is reserved is no instruction.
    pub(super) fn equivalent(
        &self,
        pc: u64,
        context: Context,
    ) -> Result<Option<([u8; 4], Context)>, Failure> {
        let Some(micromips) = self.translator.micromips.filter(|it| it.is_in(context)) else {
            return Ok(None);
        };
        let mut bytes = [0; 4];
        if self.memory.fetch(pc, &mut bytes) < 4 {
            return Ok(None);
        }
        if is_reserved(micromips.word(bytes)) {
            return Err(Failure::Entry(Entry::Invalid));
        }
        Ok(micromips.equivalent(bytes, context))
    }

    /// Whether what decodes is no instruction all the same; `code` stands for
    /// what is in memory.
    pub(super) fn refuses(&self, pc: u64, code: Option<&[u8]>, length: usize, context: Context) -> bool {
        if self.is_thumb_in(context) {
            let word = self.thumb_word(pc, length);
            return self.translator.thumb_refusals.iter().any(|refusal| refusal.holds(length, word));
        }
        let refusals = self.translator.refusals;
        let is_compressed = self.mode_switch.is_some_and(|(_, high, low)| context.get(high, low) != 0);
        if refusals.is_empty() || is_compressed {
            return false;
        }
        let word = self.instruction_word(pc, code, length);
        refusals.iter().any(|refusal| refusal.holds(length, word))
    }

    /// What the accesses of an instruction have to be aligned to, beyond what
    /// those of all have to.
    pub(super) fn alignment(&self, pc: u64, length: usize, context: Context) -> Option<u8> {
        let translator = &self.translator;
        let (table, word) = if self.is_thumb_in(context) {
            (translator.thumb_alignments, self.thumb_word(pc, length))
        } else if translator.alignments.is_empty() {
            return None;
        } else {
            (translator.alignments, self.instruction_word(pc, None, length))
        };
        table.iter().find(|it| it.holds(word)).map(|it| it.bytes)
    }

    fn is_thumb_in(&self, context: Context) -> bool {
        self.arm.is_some() && self.mode_switch.is_some_and(|(_, high, low)| context.get(high, low) != 0)
    }

    /// An instruction of Thumb, whose first halfword is the upper half.
    fn thumb_word(&self, pc: u64, length: usize) -> u32 {
        let mut bytes = [0; 4];
        self.memory.fetch(pc, &mut bytes[..length.min(4)]);
        if self.processor.language.is_big_endian() {
            return u32::from_be_bytes(bytes);
        }
        u32::from_le_bytes([bytes[2], bytes[3], bytes[0], bytes[1]])
    }

    /// The first bytes of an instruction of a length, at most four, as a
    /// number.
    pub(super) fn instruction_word(&self, pc: u64, code: Option<&[u8]>, length: usize) -> u32 {
        let mut bytes = [0; 4];
        match code {
            Some(code) => bytes[..code.len()].copy_from_slice(code),
            None => {
                self.memory.fetch(pc, &mut bytes[..length.min(4)]);
            }
        }
        match (self.processor.language.is_big_endian(), length) {
            (true, 2) => u32::from(u16::from_be_bytes([bytes[0], bytes[1]])),
            (true, _) => u32::from_be_bytes(bytes),
            (false, _) => u32::from_le_bytes(bytes),
        }
    }
}
