//! From p-code to operations.

use terrella_sleigh::{Context, Language, OpCode, Pcode, PcodeOp, SpaceId, Varnode};

use crate::{
    block::{Leave, Place, UserOp, WideOp},
    file::RegisterFile,
    layout::{Constants, Layout, NOWHERE, SLOT_TEMPORARIES, TEMPORARIES},
    op::{self, Code, Op},
    userops::{Handler, Handlers},
};

/// Why an instruction cannot be translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LowerError {
    #[error("a value is no register of the specification")]
    NoPlace,
    #[error("the instruction needs too many temporaries or constants")]
    NoRoom,
    #[error("an operation has operands that it cannot have")]
    Malformed,
}

/// What a jump to the address after the instruction becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextIs {
    /// The next instruction of the block.
    Inside,
    /// The end of the block: its delay slot has not executed yet (so many
    /// instructions have), or has.
    Outside(u32),
}

/// The code under construction.
#[derive(Default)]
pub(crate) struct Translation {
    pub(crate) ops: Vec<Op>,
    pub(crate) wide: Vec<WideOp>,
    pub(crate) user: Vec<UserOp>,
    pub(crate) native: Vec<crate::x86::NativeOp>,
    pub(crate) leaves: Vec<Leave>,
    /// Operations that go to the end of the instruction.
    to_end: Vec<usize>,
    /// Operations that go to an operation of the p-code.
    to_op: Vec<(usize, usize)>,
    /// The operation of each p-code operation.
    starts: Vec<usize>,
}

/// What is unfinished of an instruction while its delay slot is lowered.
pub(crate) struct SetAside {
    to_end: Vec<usize>,
    to_op: Vec<(usize, usize)>,
    starts: Vec<usize>,
}

impl Translation {
    pub(crate) fn set_aside(&mut self) -> SetAside {
        SetAside {
            to_end: std::mem::take(&mut self.to_end),
            to_op: std::mem::take(&mut self.to_op),
            starts: std::mem::take(&mut self.starts),
        }
    }

    pub(crate) fn take_up(&mut self, aside: SetAside) {
        self.to_end = aside.to_end;
        self.to_op = aside.to_op;
        self.starts = aside.starts;
    }
}

/// What is known of the instruction that is lowered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    pub(crate) address: u64,
    /// The address after it, and after its delay slot.
    pub(crate) next: u64,
    /// The context after it.
    pub(crate) next_context: Context,
    /// Instructions of the block up to and with it (and its slot).
    pub(crate) count: u32,
    pub(crate) next_is: NextIs,
    /// The first operation.
    pub(crate) first_op: usize,
    pub(crate) in_slot: bool,
}

/// What lowering needs of the engine.
pub(crate) struct Lowering<'a> {
    pub(crate) language: &'a Language,
    pub(crate) layout: &'a Layout,
    pub(crate) constants: &'a mut Constants,
    pub(crate) file: &'a mut RegisterFile,
    pub(crate) handlers: &'a Handlers,
    /// Registers that keep their value, whatever is written: see
    /// [`NativeEmulator::fixed_places`](crate::emulator::NativeEmulator).
    pub(crate) fixed_places: &'a [(usize, usize)],
    /// The context at the targets of jumps: what commits say.
    pub(crate) target_context: &'a dyn Fn(u64) -> Context,
    /// The bits of the targets of jumps that are no part of them.
    pub(crate) no_target: u64,
    /// What the first access is aligned to, if that is not checked anyway.
    pub(crate) alignment: Option<u8>,
}

impl Lowering<'_> {
    /// Lowers some operations of an instruction.
    pub(crate) fn lower(
        &mut self,
        code: &mut Translation,
        pcode: &Pcode,
        range: std::ops::Range<usize>,
        site: &Site,
    ) -> Result<(), LowerError> {
        code.starts.resize(pcode.ops().len() + 1, usize::MAX);
        let mut known = Known::new(pcode);
        for index in range.clone() {
            // Who goes to the delay slot goes before it.
            if code.starts[index] == usize::MAX {
                code.starts[index] = code.ops.len();
            }
            let op = pcode.ops()[index];
            let inputs = pcode.inputs(&op);
            match known.value(&op, inputs) {
                Some(value) => {
                    let mut copy = op;
                    copy.code = OpCode::Copy;
                    self.plain(code, &copy, &[value], site)?;
                }
                None => self.op(code, pcode, index, &op, site)?,
            }
            known.note(&op, inputs);
        }
        code.starts[range.end] = code.ops.len();
        Ok(())
    }

    /// Ends an instruction: jumps to its end go to the next operation.
    pub(crate) fn finish(code: &mut Translation) -> Result<(), LowerError> {
        let end = code.ops.len() as u32;
        for at in code.to_end.drain(..) {
            code.ops[at].number = end;
        }
        for (at, target) in code.to_op.drain(..) {
            let target = code.starts.get(target).copied().filter(|start| *start != usize::MAX);
            code.ops[at].number = target.ok_or(LowerError::Malformed)? as u32;
        }
        code.starts.clear();
        Ok(())
    }

    /// The place of a varnode in the file.
    fn place(&mut self, varnode: &Varnode, site: &Site) -> Result<usize, LowerError> {
        match varnode.space {
            SpaceId::CONST => {
                let value = if varnode.size < 8 {
                    varnode.offset & ((1u64 << (8 * varnode.size)) - 1)
                } else {
                    varnode.offset
                };
                let (place, new) = self.constants.place(value, varnode.size > 8).ok_or(LowerError::NoRoom)?;
                if new {
                    self.file.set::<8>(place, value.to_le_bytes());
                    if varnode.size > 8 {
                        // The place may be one of constants that were given up.
                        self.file.slice_mut(place + 8, 56).fill(0);
                    }
                }
                Ok(place)
            }
            SpaceId::UNIQUE => {
                let (base, end) =
                    if site.in_slot { (SLOT_TEMPORARIES, NOWHERE) } else { (TEMPORARIES, SLOT_TEMPORARIES) };
                let place = usize::try_from(varnode.offset).ok().and_then(|offset| base.checked_add(offset));
                place.filter(|place| place + varnode.size as usize <= end).ok_or(LowerError::NoRoom)
            }
            _ => self.layout.place(varnode).ok_or(LowerError::NoPlace),
        }
    }

    fn op(
        &mut self,
        code: &mut Translation,
        pcode: &Pcode,
        index: usize,
        op: &PcodeOp,
        site: &Site,
    ) -> Result<(), LowerError> {
        use OpCode::*;
        let inputs = pcode.inputs(op);
        match op.code {
            Branch | CBranch | Call => {
                return self.branch(code, index, op, inputs, pcode.is_internal(index), site);
            }
            BranchInd | CallInd | Return => {
                let target = inputs.first().ok_or(LowerError::Malformed)?;
                let mut exit = Op::new(Code::ExitIndirect, 0, self.place(target, site)?, 0);
                exit.size = target.size.min(8) as u8;
                exit.number = site.count;
                code.ops.push(exit);
                return Ok(());
            }
            CallOther => return self.user_op(code, op, inputs, site),
            Load | Store => {
                if let (Some(bytes), [_, pointer, ..]) = (self.alignment.take(), inputs) {
                    let place = self.place(pointer, site)?;
                    code.ops.push(Op::aligned(place, pointer.size as u8, bytes, op.code == Store));
                }
            }
            _ => {}
        }
        self.plain(code, op, inputs, site)
    }

    /// Lowers what is neither a jump nor a user operation.
    fn plain(
        &mut self,
        code: &mut Translation,
        op: &PcodeOp,
        inputs: &[Varnode],
        site: &Site,
    ) -> Result<(), LowerError> {
        use OpCode::*;
        let short = self.short(op, inputs, site)?;
        if let Some(short) = short {
            code.ops.push(short);
            return Ok(());
        }
        // Anything else.
        let (space, inputs) = match op.code {
            Load | Store => {
                let (space, rest) = inputs.split_first().ok_or(LowerError::Malformed)?;
                (space.offset as u16, rest)
            }
            _ => (0, inputs),
        };
        let mut wide = WideOp {
            code: op.code,
            space,
            out: None,
            inputs: [Place { at: 0, size: 0 }; 3],
            input_count: inputs.len() as u8,
        };
        if inputs.len() > 3 {
            return Err(LowerError::Malformed);
        }
        for (slot, input) in wide.inputs.iter_mut().zip(inputs) {
            *slot = self.sized_place(input, site)?;
        }
        wide.out = op.output.map(|output| self.sized_output(&output, site)).transpose()?;
        code.ops.push(Op::numbered(Code::Wide, code.wide.len() as u32));
        code.wide.push(wide);
        Ok(())
    }

    /// The place that a result goes to: nowhere if its register keeps its
    /// value.
    fn output(&mut self, varnode: &Varnode, site: &Site) -> Result<usize, LowerError> {
        // Some specifications write what always is zero as a constant.
        if varnode.is_constant() {
            return Ok(NOWHERE);
        }
        let place = self.place(varnode, site)?;
        let is_fixed = self.fixed_places.iter().any(|(first, end)| (*first..*end).contains(&place));
        Ok(if is_fixed { NOWHERE } else { place })
    }

    fn sized_output(&mut self, varnode: &Varnode, site: &Site) -> Result<Place, LowerError> {
        let Place { size, .. } = self.sized_place(varnode, site)?;
        Ok(Place { at: self.output(varnode, site)? as u16, size })
    }

    fn sized_place(&mut self, varnode: &Varnode, site: &Site) -> Result<Place, LowerError> {
        if varnode.size > 64 {
            return Err(LowerError::Malformed);
        }
        Ok(Place { at: self.place(varnode, site)? as u16, size: varnode.size as u16 })
    }

    /// The short form of an operation, if it has one.
    fn short(&mut self, op: &PcodeOp, inputs: &[Varnode], site: &Site) -> Result<Option<Op>, LowerError> {
        use OpCode::*;
        let two = |codes: op::Sized4| inputs.first().and_then(|first| codes.of(first.size));
        let code = match op.code {
            Copy => two(op::COPY),
            IntAdd => two(op::ADD),
            IntSub => two(op::SUB),
            IntAnd => two(op::AND),
            IntOr => two(op::OR),
            IntXor => two(op::XOR),
            IntMult => two(op::MULT),
            IntLeft => two(op::LEFT),
            IntRight => two(op::RIGHT),
            IntSRight => two(op::SRIGHT),
            Int2Comp => two(op::NEG),
            IntNegate => two(op::NOT),
            IntEqual => two(op::EQUAL),
            IntNotEqual => two(op::NOT_EQUAL),
            IntLess => two(op::LESS),
            IntLessEqual => two(op::LESS_EQUAL),
            IntSLess => two(op::SLESS),
            IntSLessEqual => two(op::SLESS_EQUAL),
            IntCarry => two(op::CARRY),
            IntSCarry => two(op::SCARRY),
            IntSBorrow => two(op::SBORROW),
            BoolNegate => Some(Code::BoolNot),
            BoolAnd => Some(Code::BoolAnd),
            BoolOr => Some(Code::BoolOr),
            BoolXor => Some(Code::BoolXor),
            // The short form counts into one byte.
            PopCount if op.output.is_some_and(|it| it.size == 1) => two(op::POPCOUNT),
            IntZExt | IntSExt => {
                let sizes = (inputs.first().map_or(0, |it| it.size), op.output.map_or(0, |it| it.size));
                op::EXTENSIONS
                    .iter()
                    .find(|(from, to, ..)| (*from, *to) == sizes)
                    .map(|(_, _, zero, sign)| if op.code == IntZExt { *zero } else { *sign })
            }
            SubPiece => return self.sub_piece(op, inputs, site),
            Load | Store => return self.access(op, inputs, site),
            _ => None,
        };
        let (Some(code), Some(output)) = (code, op.output) else { return Ok(None) };
        // Operands of one size only, save for amounts of shifts.
        let is_shift = matches!(op.code, IntLeft | IntRight | IntSRight);
        let size = inputs.first().map_or(0, |it| it.size);
        let mut second = inputs.get(1).copied();
        let mut amount_size = 0;
        if let (true, Some(amount)) = (is_shift, &mut second) {
            if amount.is_constant() {
                amount.size = 8;
            }
            match amount.size {
                1 | 2 | 4 | 8 => amount_size = amount.size.trailing_zeros() as u8,
                _ => return Ok(None),
            }
        } else if second.is_some_and(|second| second.size != size) {
            return Ok(None);
        }
        let is_comparison = output.size == 1;
        let extends = matches!(op.code, IntZExt | IntSExt);
        if !extends && output.size != size && !is_comparison {
            return Ok(None);
        }
        let a = self.place(&inputs[0], site)?;
        let b = second.map_or(Ok(0), |second| self.place(&second, site))?;
        let mut short = Op::new(code, self.output(&output, site)?, a, b);
        short.size = amount_size;
        Ok(Some(short))
    }

    /// Some bytes of a value are where they are: a copy.
    fn sub_piece(&mut self, op: &PcodeOp, inputs: &[Varnode], site: &Site) -> Result<Option<Op>, LowerError> {
        let (Some(output), [value, skip]) = (op.output, inputs) else { return Ok(None) };
        if !skip.is_constant() || skip.offset + u64::from(output.size) > u64::from(value.size) {
            return Ok(None);
        }
        let Some(code) = op::COPY.of(output.size) else { return Ok(None) };
        let place = self.place(value, site)? + skip.offset as usize;
        Ok(Some(Op::new(code, self.output(&output, site)?, place, 0)))
    }

    fn access(&mut self, op: &PcodeOp, inputs: &[Varnode], site: &Site) -> Result<Option<Op>, LowerError> {
        let [space, pointer, ..] = inputs else { return Err(LowerError::Malformed) };
        let default = self.language.default_space();
        let word_size = self.language.space(default).map_or(1, |space| space.word_size);
        if space.offset != u64::from(default.0) || word_size != 1 || !matches!(pointer.size, 4 | 8) {
            return Ok(None);
        }
        let (codes, value) = match (op.output, inputs.get(2)) {
            (Some(output), None) => (op::LOAD, output),
            (None, Some(value)) => (op::STORE, *value),
            _ => return Err(LowerError::Malformed),
        };
        let Some(code) = codes.of(value.size) else { return Ok(None) };
        let value = if op.output.is_some() { self.output(&value, site)? } else { self.place(&value, site)? };
        let mut short = Op::new(code, value, self.place(pointer, site)?, 0);
        short.size = pointer.size as u8;
        Ok(Some(short))
    }

    fn branch(
        &mut self,
        code: &mut Translation,
        index: usize,
        op: &PcodeOp,
        inputs: &[Varnode],
        is_internal: bool,
        site: &Site,
    ) -> Result<(), LowerError> {
        let target = inputs.first().ok_or(LowerError::Malformed)?;
        let is_conditional = op.code == OpCode::CBranch;
        let condition = match inputs.get(1) {
            Some(condition) if is_conditional => self.place(condition, site)?,
            _ => 0,
        };
        let jump = |code| Op::new(code, 0, condition, 0);
        let (always, when) = (Code::Jump, Code::JumpIf);
        if target.is_constant() {
            // To another operation.
            let to = (index as i64).wrapping_add(target.offset as i64);
            let to = usize::try_from(to).map_err(|_| LowerError::Malformed)?;
            code.to_op.push((code.ops.len(), to));
            code.ops.push(jump(if is_conditional { when } else { always }));
            return Ok(());
        }
        if is_internal && target.offset == site.address {
            // A repeated instruction.
            let mut again = jump(if is_conditional { Code::RestartIf } else { Code::Restart });
            again.number = site.first_op as u32;
            code.ops.push(again);
            return Ok(());
        }
        if is_internal && target.offset == site.next && site.next_is == NextIs::Inside {
            code.to_end.push(code.ops.len());
            code.ops.push(jump(if is_conditional { when } else { always }));
            return Ok(());
        }
        let to = target.offset & !self.no_target;
        let count = match site.next_is {
            NextIs::Outside(count) if target.offset == site.next => count,
            _ => site.count,
        };
        let context = if target.offset == site.next { site.next_context } else { (self.target_context)(to) };
        let mut exit = jump(if is_conditional { Code::ExitIf } else { Code::Exit });
        exit.number = leave(code, to, context, count);
        code.ops.push(exit);
        Ok(())
    }

    /// Goes to the end of the instruction unless a condition of Arm's holds.
    pub(crate) fn condition(&mut self, code: &mut Translation, condition: u32) -> Result<(), LowerError> {
        let (place, new) = self.constants.place(condition.into(), false).ok_or(LowerError::NoRoom)?;
        if new {
            self.file.set::<8>(place, u64::from(condition).to_le_bytes());
        }
        // The last of the temporaries, which instructions do not reach.
        let fails = Place { at: (SLOT_TEMPORARIES - 8) as u16, size: 1 };
        let handler = Some(Handler::new(crate::arm::condition_fails));
        let inputs = vec![Place { at: place as u16, size: 4 }];
        code.ops.push(Op::numbered(Code::User, code.user.len() as u32));
        code.user.push(UserOp { number: u32::MAX, handler, out: Some(fails), inputs });
        code.to_end.push(code.ops.len());
        code.ops.push(Op::new(Code::JumpIf, 0, fails.at.into(), 0));
        Ok(())
    }

    /// An instruction that the engine executes itself.
    pub(crate) fn replacement(
        &mut self,
        code: &mut Translation,
        handler: Handler,
        word: u32,
    ) -> Result<(), LowerError> {
        let (place, new) = self.constants.place(word.into(), false).ok_or(LowerError::NoRoom)?;
        if new {
            self.file.set::<8>(place, u64::from(word).to_le_bytes());
        }
        let inputs = vec![Place { at: place as u16, size: 4 }];
        code.ops.push(Op::numbered(Code::User, code.user.len() as u32));
        code.user.push(UserOp { number: u32::MAX, handler: Some(handler), out: None, inputs });
        Ok(())
    }

    fn user_op(
        &mut self,
        code: &mut Translation,
        op: &PcodeOp,
        inputs: &[Varnode],
        site: &Site,
    ) -> Result<(), LowerError> {
        let (number, inputs) = inputs.split_first().ok_or(LowerError::Malformed)?;
        let handler = self.handlers.get(number.offset as usize);
        if handler.is_some_and(|handler| handler.is_nothing()) && op.output.is_none() {
            return Ok(());
        }
        let mut places = Vec::with_capacity(inputs.len());
        for input in inputs {
            places.push(self.sized_place(input, site)?);
        }
        let out = op.output.map(|output| self.sized_output(&output, site)).transpose()?;
        code.ops.push(Op::numbered(Code::User, code.user.len() as u32));
        code.user.push(UserOp { number: number.offset as u32, handler, out, inputs: places });
        Ok(())
    }
}

/// What an instruction has loaded or stored so far. Specifications name an
/// operand in memory again and again where the processor accesses it once.
struct Known {
    /// The space and the pointer of an access, and the value there.
    values: Vec<(u64, Varnode, Varnode)>,
    /// Operations are executed one after the other.
    is_straight: bool,
}

impl Known {
    fn new(pcode: &Pcode) -> Self {
        let is_straight = !pcode.ops().iter().any(|op| {
            matches!(op.code, OpCode::Branch | OpCode::CBranch)
                && pcode.inputs(op).first().is_some_and(Varnode::is_constant)
        });
        Self { values: Vec::new(), is_straight }
    }

    /// The value that a load gives, if it is known.
    fn value(&self, op: &PcodeOp, inputs: &[Varnode]) -> Option<Varnode> {
        let ([space, pointer], OpCode::Load, Some(output)) = (inputs, op.code, op.output) else {
            return None;
        };
        let same = |(known, at, value): &&(u64, Varnode, Varnode)| {
            *known == space.offset && at == pointer && value.size == output.size
        };
        self.values.iter().find(same).map(|(.., value)| *value)
    }

    /// Takes note of an operation.
    fn note(&mut self, op: &PcodeOp, inputs: &[Varnode]) {
        if !self.is_straight {
            return;
        }
        if let Some(output) = op.output {
            let overlaps = |it: &Varnode| {
                it.space == output.space
                    && it.offset < output.offset + u64::from(output.size)
                    && output.offset < it.offset + u64::from(it.size)
            };
            self.values.retain(|(_, pointer, value)| !overlaps(pointer) && !overlaps(value));
        }
        match (op.code, inputs, op.output) {
            (OpCode::Load, [space, pointer], Some(output)) if *pointer != output => {
                self.values.push((space.offset, *pointer, output));
            }
            (OpCode::Store, [space, pointer, value], None) => {
                self.values.clear();
                self.values.push((space.offset, *pointer, *value));
            }
            (OpCode::CallOther, ..) => self.values.clear(),
            _ => {}
        }
    }
}

/// Adds a way out of the block; its number.
pub(crate) fn leave(code: &mut Translation, target: u64, context: Context, count: u32) -> u32 {
    code.leaves.push(Leave { target, context, count, link: std::cell::Cell::new((u32::MAX, 0)) });
    (code.leaves.len() - 1) as u32
}
