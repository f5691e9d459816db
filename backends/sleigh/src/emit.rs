//! The second half of lifting: templates to operations.

use crate::{
    layout::template as codes,
    lift::{Cached, LiftError, Memory, Resolved, Run, fitting},
    pcode::{OpCode, SpaceId, Varnode},
};

/// How many operations one instruction may have.
const MAX_OPS: usize = 1 << 15;

impl Run<'_> {
    fn temporary(&mut self, size: u32) -> Varnode {
        let varnode = Varnode { space: SpaceId::UNIQUE, size, offset: self.work.unique };
        self.work.unique += u64::from(size.max(1)).next_multiple_of(8);
        varnode
    }

    /// The address of a place in memory.
    fn address(&mut self, place: Memory) -> Varnode {
        let Memory { mut address, skip, .. } = place;
        if let Resolved::Memory(pointer) = self.place(address) {
            address = self.load(pointer.space, fitting(pointer.address), pointer.size);
        }
        if skip == 0 {
            return fitting(address);
        }
        let skip = Varnode::constant(skip.into(), address.size);
        if address.is_constant() {
            return fitting(Varnode { offset: address.offset.wrapping_add(skip.offset), ..address });
        }
        let sum = self.temporary(address.size);
        self.pcode.push(OpCode::IntAdd, Some(sum), &[address, skip]);
        sum
    }

    fn load(&mut self, space: SpaceId, address: Varnode, size: u32) -> Varnode {
        let known = self
            .work
            .cache
            .iter()
            .find(|it| it.space == space && it.address == address && it.value.size == size);
        if let Some(known) = known {
            return known.value;
        }
        let value = self.temporary(size);
        let number = Varnode::constant(space.0.into(), 4);
        self.pcode.push(OpCode::Load, Some(value), &[number, address]);
        self.work.cache.push(Cached { space, address, value });
        value
    }

    /// Forgets what was loaded through a pointer that changes.
    fn written(&mut self, varnode: Varnode) {
        let end = varnode.offset.saturating_add(varnode.size.into());
        self.work.cache.retain(|it| {
            [it.address, it.value].iter().all(|kept| {
                kept.space != varnode.space
                    || kept.offset >= end
                    || kept.offset.saturating_add(kept.size.into()) <= varnode.offset
            })
        });
    }

    pub(crate) fn build(&mut self, index: usize) -> Result<(), LiftError> {
        let node = self.decoder.nodes[index];
        let template = self.language.offset(node.constructor + 5);
        let temporaries = self.word(template) & 0xffff;
        let mut at = template + 1 + temporaries;
        // Past the export.
        at = if self.word(at) & 0xff == codes::EXPORT_NOTHING {
            at + 1
        } else {
            self.varnode(at + 1, index)?.1
        };
        let end = at + 1 + self.language.offset(at);
        at += 1;
        while at < end {
            self.steps = self.steps.checked_sub(1).ok_or(LiftError::Malformed)?;
            let head = self.word(at);
            at += 1;
            let number = head >> 16;
            match head & 0xff {
                codes::BUILD => {
                    let child = (node.first + number) as usize;
                    if number >= node.operands || child <= index || child >= self.decoder.nodes.len() {
                        return Err(LiftError::Malformed);
                    }
                    self.build(child)?;
                    continue;
                }
                codes::DELAY_SLOT => {
                    self.work.cache.clear();
                    self.pcode.delay_slot = Some(self.pcode.ops().len() as u32);
                    continue;
                }
                codes::LABEL => {
                    // What is known depends on the way here.
                    self.work.cache.clear();
                    let label = self.work.bases[index].1 + number;
                    let here = self.pcode.ops().len() as u32;
                    *self.work.labels.get_mut(label as usize).ok_or(LiftError::Malformed)? = here;
                    continue;
                }
                _ => {}
            }
            let code = OpCode::from_number(head & 0xff).ok_or(LiftError::Malformed)?;
            if self.pcode.ops().len() > MAX_OPS {
                return Err(LiftError::Malformed);
            }
            let mut output = None;
            if head & 0x8000 != 0 {
                let (resolved, next) = self.varnode(at, index)?;
                output = Some(resolved);
                at = next;
            }
            let mut inputs = std::mem::take(&mut self.work.inputs);
            inputs.clear();
            let mut label = None;
            for number in 0..head >> 8 & 0x7f {
                let (resolved, next) = self.varnode(at, index)?;
                let is_target =
                    number == 0 && matches!(code, OpCode::Branch | OpCode::CBranch | OpCode::Call);
                let is_fixed = self.word(at) & 0xf == codes::FIXED;
                at = next;
                inputs.push(match resolved {
                    // Destinations are places, and nothing is read there.
                    Resolved::Varnode(varnode) if is_target => varnode,
                    Resolved::Memory(place) if is_target && is_fixed => {
                        let (_, word_size) = self.address_form(place.space);
                        match self.code(place.space, place.address.offset.wrapping_mul(word_size)) {
                            Resolved::Varnode(varnode) => varnode,
                            _ => return Err(LiftError::Malformed),
                        }
                    }
                    // What exports nothing stands for 0.
                    Resolved::Varnode(varnode) if varnode.size == 0 && varnode.is_constant() => {
                        Varnode::constant(0, 4)
                    }
                    Resolved::Varnode(varnode) => fitting(varnode),
                    Resolved::Label(number) => {
                        label = Some(number);
                        Varnode::constant(0, 4)
                    }
                    Resolved::Memory(place) => {
                        let address = self.address(place);
                        self.load(place.space, address, place.size)
                    }
                });
            }
            self.emit(code, output, &mut inputs, label)?;
            self.work.inputs = inputs;
        }
        Ok(())
    }

    fn emit(
        &mut self,
        code: OpCode,
        output: Option<Resolved>,
        inputs: &mut [Varnode],
        label: Option<u32>,
    ) -> Result<(), LiftError> {
        match code {
            // Destinations in code: constants are addresses.
            OpCode::Branch | OpCode::CBranch | OpCode::Call => {
                if let Some(label) = label {
                    self.work.fixups.push((self.pcode.ops().len() as u32, label));
                } else if let Some(target) = inputs.first_mut()
                    && target.is_constant()
                    && let Resolved::Varnode(code) = self.code(self.language.default_space(), target.offset)
                {
                    *target = code;
                    self.pcode.named.push(self.pcode.ops().len() as u32);
                }
                // An address that is only known at run time.
                let is_register = |space| self.language.space(space).is_none_or(|space| space.is_register);
                if inputs.first().is_some_and(|target| label.is_none() && is_register(target.space)) {
                    // Two operations on: past the branch.
                    if code == OpCode::CBranch {
                        let [target, condition] = *inputs else { return Err(LiftError::Malformed) };
                        let unless = self.temporary(1);
                        self.pcode.push(OpCode::BoolNegate, Some(unless), &[condition]);
                        self.pcode.push(OpCode::CBranch, None, &[Varnode::constant(2, 4), unless]);
                        self.pcode.push(OpCode::BranchInd, None, &[target]);
                        return Ok(());
                    }
                    let indirect = if code == OpCode::Call { OpCode::CallInd } else { OpCode::BranchInd };
                    self.pcode.push(indirect, None, inputs);
                    return Ok(());
                }
            }
            OpCode::Store => self.work.cache.clear(),
            _ => {}
        }
        // What keeps the size is a copy.
        let code = match (code, output, inputs.first()) {
            (OpCode::IntZExt | OpCode::IntSExt | OpCode::SubPiece, Some(output), Some(input))
                if output.size() == input.size
                    && inputs.get(1).is_none_or(|skip| skip.is_constant() && skip.offset == 0) =>
            {
                OpCode::Copy
            }
            _ => code,
        };
        let inputs = if code == OpCode::Copy { &inputs[..inputs.len().min(1)] } else { &*inputs };
        match output {
            None => self.pcode.push(code, None, inputs),
            Some(Resolved::Varnode(varnode)) => {
                self.pcode.push(code, Some(varnode), inputs);
                self.written(varnode);
            }
            Some(Resolved::Memory(place)) => {
                let Memory { space, size, .. } = place;
                let address = self.address(place);
                let value = if code == OpCode::Copy && inputs.first().is_some_and(|it| it.size == size) {
                    inputs[0]
                } else {
                    let value = self.temporary(size);
                    self.pcode.push(code, Some(value), inputs);
                    value
                };
                let number = Varnode::constant(space.0.into(), 4);
                self.pcode.push(OpCode::Store, None, &[number, address, value]);
                self.work.cache.clear();
                self.work.cache.push(Cached { space, address, value });
            }
            Some(Resolved::Label(_)) => return Err(LiftError::Malformed),
        }
        Ok(())
    }

    /// Puts the distances into the branches to labels.
    pub(crate) fn resolve_labels(&mut self) -> Result<(), LiftError> {
        for index in 0..self.work.fixups.len() {
            let (op, label) = self.work.fixups[index];
            let target = self.work.labels.get(label as usize).copied().unwrap_or(u32::MAX);
            if target == u32::MAX {
                return Err(LiftError::Malformed);
            }
            let distance = i64::from(target) - i64::from(op);
            if let Some(input) = self.pcode.input_mut(op as usize, 0) {
                *input = Varnode::constant(distance as u64, 4);
            }
        }
        Ok(())
    }
}
