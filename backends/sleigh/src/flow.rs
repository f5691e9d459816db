//! [`Flow`]: where an instruction may go, as its p-code tells it.

use crate::{
    decode::Decoder,
    pcode::{OpCode, Pcode, PcodeOp},
};

/// How an instruction transfers control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlowKind {
    /// It does not.
    FallThrough,
    /// A jump to a known address.
    Branch,
    /// A jump to an address that is computed.
    IndirectBranch,
    /// A call of a known address.
    Call,
    /// A call of an address that is computed.
    IndirectCall,
    /// A return.
    Return,
}

/// Where an instruction may go.
///
/// A system call or a trap is a user operation, and falls through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flow {
    /// How it transfers control. Of several ways, the last one.
    pub kind: FlowKind,
    /// The known address that it goes to.
    pub target: Option<u64>,
    /// Whether the transfer depends on a condition.
    pub is_conditional: bool,
    /// Whether the instruction behind it may be next: behind its delay slot,
    /// and for a call when it returned.
    pub falls_through: bool,
}

impl Decoder {
    /// Where the last instruction may go, from its p-code.
    #[must_use]
    pub fn flow(&self, pcode: &Pcode) -> Flow {
        let transfer = pcode
            .ops()
            .iter()
            .enumerate()
            .rev()
            .find_map(|(index, op)| Some((index, transfer(pcode, index, op)?)));
        let falls_through = self.reaches_end(pcode, None);
        match transfer {
            None => Flow { kind: FlowKind::FallThrough, target: None, is_conditional: false, falls_through },
            Some((index, kind)) => {
                let op = &pcode.ops()[index];
                let is_known = matches!(kind, FlowKind::Branch | FlowKind::Call);
                let target = pcode.inputs(op).first().filter(|_| is_known).map(|target| target.offset);
                let is_conditional = self.reaches_end(pcode, Some(index));
                Flow { kind, target, is_conditional, falls_through }
            }
        }
    }

    /// Whether execution may come to the end of the instruction, without the
    /// transfer of a number.
    fn reaches_end(&self, pcode: &Pcode, without: Option<usize>) -> bool {
        let ops = pcode.ops();
        let mut seen = vec![false; ops.len()];
        let mut open = vec![0];
        while let Some(index) = open.pop() {
            let Some(op) = ops.get(index) else { return true };
            if std::mem::replace(&mut seen[index], true) {
                continue;
            }
            let is_skipped = without == Some(index);
            let behind = match op.code {
                OpCode::Branch => false,
                // Its condition may fail.
                OpCode::CBranch => true,
                OpCode::BranchInd | OpCode::Return => false,
                _ => !is_skipped,
            };
            if behind {
                open.push(index + 1);
            }
            if !matches!(op.code, OpCode::Branch | OpCode::CBranch) || is_skipped {
                continue;
            }
            let Some(target) = pcode.inputs(op).first() else { continue };
            if target.is_constant() {
                // Before the first operation there is nothing.
                open.extend(index.checked_add_signed(target.offset as i64 as isize));
            } else if pcode.is_internal(index) && [self.next, self.after_slot].contains(&target.offset) {
                return true;
            }
        }
        false
    }
}

/// How an operation leaves the instruction, if it does.
fn transfer(pcode: &Pcode, index: usize, op: &PcodeOp) -> Option<FlowKind> {
    Some(match op.code {
        OpCode::Branch | OpCode::CBranch => {
            let leaves = pcode.inputs(op).first().is_some_and(|target| !target.is_constant());
            if !leaves || pcode.is_internal(index) {
                return None;
            }
            FlowKind::Branch
        }
        OpCode::BranchInd => FlowKind::IndirectBranch,
        OpCode::Call => FlowKind::Call,
        OpCode::CallInd => FlowKind::IndirectCall,
        OpCode::Return => FlowKind::Return,
        _ => return None,
    })
}
