//! Lowering an instruction that was fetched, with the one in its delay slot,
//! into the block.

use terrella_sleigh::{Context, OpCode, Pcode, SpaceId};

use super::{After, SlotCode};
use crate::{
    block::{Block, Instruction, Place},
    emulator::NativeEmulator,
    layout::REGISTERS_END,
    lower::{LowerError, Lowering, NextIs, Site, Translation},
    op::{Code, Op},
    userops::{Handler, xtensa_windows},
};

impl NativeEmulator {
    /// Lowers the instruction that was fetched.
    pub(super) fn lower_instruction(
        &mut self,
        block: &mut Block,
        code: &mut Translation,
        context: Context,
        site: Site,
        after: &After,
    ) -> Result<(), LowerError> {
        let length = self.translator.length;
        let condition = self.translator.condition;
        if let Some(native) = self.translator.native {
            self.begin(block, code, &site, length, context, &Pcode::default());
            code.ops.push(Op::numbered(Code::Native, code.native.len() as u32));
            let index = block.instructions.len().saturating_sub(1) as u32;
            code.native.push(native.numbered(index));
            if let (true, Some(registers)) = (native.transfers, &self.x86) {
                let mut exit = Op::new(Code::ExitIndirect, 0, registers.target.into(), 0);
                exit.size = registers.target_size();
                exit.number = site.count;
                code.ops.push(exit);
            }
            return Ok(());
        }
        if let Some((handler, word)) = self.translator.replacement {
            // It writes nothing before it may fault.
            self.begin(block, code, &site, length, context, &Pcode::default());
            let target_context = |address| after.at(address);
            let mut lowering = self.lowering(&target_context);
            if let Some(condition) = condition {
                lowering.condition(code, condition)?;
            }
            lowering.replacement(code, handler, word)?;
            return Lowering::finish(code);
        }
        let pcode = std::mem::take(&mut self.translator.pcode);
        let slot_pcode = std::mem::take(&mut self.translator.slot_pcode);
        let result = (|| {
            let mut site = site;
            site.first_op = self.begin(block, code, &site, length, context, &pcode);
            let target_context = |address| after.at(address);
            if let Some(condition) = condition {
                self.lowering(&target_context).condition(code, condition)?;
            }
            if let Some(group) = self.translator.window {
                let check = Handler::new(xtensa_windows::check);
                self.lowering(&target_context).replacement(code, check, group.into())?;
            }
            let split = pcode.delay_slot().unwrap_or(pcode.ops().len()).min(pcode.ops().len());
            let alignment = self.alignment(site.address, length, context);
            let mut lowering = self.lowering(&target_context);
            lowering.alignment = alignment;
            lowering.lower(code, &pcode, 0..split, &site)?;
            if let Some(&SlotCode { length: slot_length, replacement, .. }) = self.translator.slot.as_ref() {
                let outer = code.set_aside();
                let address = site.address.wrapping_add(length as u64) & self.address_mask;
                let next = address.wrapping_add(slot_length as u64) & self.address_mask;
                let mut slot_site = Site { address, next, next_is: NextIs::Inside, in_slot: true, ..site };
                let nothing = Pcode::default();
                let pcode = if replacement.is_some() { &nothing } else { &slot_pcode };
                slot_site.first_op = self.begin(block, code, &slot_site, slot_length, context, pcode);
                let alignment = self.alignment(address, slot_length, context);
                let mut lowering = self.lowering(&target_context);
                lowering.alignment = alignment;
                match replacement {
                    Some((handler, word)) => lowering.replacement(code, handler, word)?,
                    None => lowering.lower(code, pcode, 0..pcode.ops().len(), &slot_site)?,
                }
                Lowering::finish(code)?;
                code.take_up(outer);
                // The slot has executed from here on.
                site.next_is = NextIs::Outside(site.count);
            }
            self.lowering(&target_context).lower(code, &pcode, split..pcode.ops().len(), &site)?;
            Lowering::finish(code)
        })();
        self.translator.pcode = pcode;
        self.translator.slot_pcode = slot_pcode;
        result
    }

    fn lowering<'a>(&'a mut self, target_context: &'a dyn Fn(u64) -> Context) -> Lowering<'a> {
        Lowering {
            language: &self.processor.language,
            layout: &self.layout,
            constants: &mut self.constants,
            file: &mut self.file,
            handlers: &self.handlers,
            fixed_places: &self.fixed_places,
            target_context,
            no_target: self.target.no_target,
            alignment: None,
        }
    }

    /// Begins an instruction: its hook, and what is saved in case it faults.
    /// Where repetitions of it begin.
    fn begin(
        &self,
        block: &mut Block,
        code: &mut Translation,
        site: &Site,
        length: usize,
        context: Context,
        pcode: &Pcode,
    ) -> usize {
        let Site { address, in_slot, next_context, .. } = *site;
        let number = block.instructions.len();
        let first_saved = block.saved.len() as u32;
        self.places_to_save(pcode, &mut block.saved);
        let saved = (first_saved, block.saved.len() as u32);
        // The block hook belongs to the first instruction.
        let first = if number == 0 { 0 } else { code.ops.len() as u32 };
        let length = length as u8;
        block.instructions.push(Instruction {
            address,
            length,
            in_slot,
            first,
            context,
            next_context,
            saved,
        });
        if self.hooks.instructions.has_global() || self.hooks.instructions.has_site(address) {
            code.ops.push(Op::numbered(Code::InstructionHook, number as u32));
        }
        let repeats_at = code.ops.len();
        if saved.0 != saved.1 {
            code.ops.push(Op::numbered(Code::Save, number as u32));
        }
        repeats_at
    }

    /// The registers that an instruction writes before something that may
    /// fault.
    fn places_to_save(&self, pcode: &Pcode, saved: &mut Vec<Place>) {
        let may_fault = |op: &terrella_sleigh::PcodeOp| match op.code {
            OpCode::Load
            | OpCode::Store
            | OpCode::IntDiv
            | OpCode::IntSDiv
            | OpCode::IntRem
            | OpCode::IntSRem => true,
            OpCode::CallOther => pcode
                .inputs(op)
                .first()
                .and_then(|number| self.handlers.get(number.offset as usize))
                .is_none_or(|handler| !handler.is_nothing()),
            _ => false,
        };
        let Some(last) = pcode.ops().iter().rposition(may_fault) else { return };
        let goes_back = pcode.ops().iter().any(|op| {
            matches!(op.code, OpCode::Branch | OpCode::CBranch)
                && pcode.inputs(op).first().is_some_and(|it| it.is_constant() && (it.offset as i64) < 0)
        });
        let range = if goes_back { pcode.ops() } else { &pcode.ops()[..last] };
        let first = saved.len();
        for op in range {
            let Some(output) = op.output.filter(|output| output.space != SpaceId::UNIQUE) else { continue };
            let Some(place) = self.layout.place(&output).filter(|place| *place < REGISTERS_END) else {
                continue;
            };
            let place = Place { at: place as u16, size: output.size as u16 };
            if !saved[first..].contains(&place) {
                saved.push(place);
            }
        }
    }
}
