//! P-code: the operations that instructions are lifted to.

use std::fmt;

/// A p-code operation. What each computes is described in Ghidra's p-code
/// reference manual (`docs/languages/html/pcodedescription.html`).
///
/// The addresses of loads and stores count the words of their space, those of
/// branches and calls bytes. A branch to a constant goes as many operations
/// on, or back, from itself: the constant is a signed number of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs)] // The names are the reference manual's.
pub enum OpCode {
    Copy,
    Load,
    Store,
    Branch,
    CBranch,
    BranchInd,
    Call,
    CallInd,
    CallOther,
    Return,
    IntEqual,
    IntNotEqual,
    IntSLess,
    IntSLessEqual,
    IntLess,
    IntLessEqual,
    IntZExt,
    IntSExt,
    IntAdd,
    IntSub,
    IntCarry,
    IntSCarry,
    IntSBorrow,
    Int2Comp,
    IntNegate,
    IntXor,
    IntAnd,
    IntOr,
    IntLeft,
    IntRight,
    IntSRight,
    IntMult,
    IntDiv,
    IntSDiv,
    IntRem,
    IntSRem,
    BoolNegate,
    BoolXor,
    BoolAnd,
    BoolOr,
    FloatEqual,
    FloatNotEqual,
    FloatLess,
    FloatLessEqual,
    FloatNan,
    FloatAdd,
    FloatDiv,
    FloatMult,
    FloatSub,
    FloatNeg,
    FloatAbs,
    FloatSqrt,
    FloatInt2Float,
    FloatFloat2Float,
    FloatTrunc,
    FloatCeil,
    FloatFloor,
    FloatRound,
    SubPiece,
    PopCount,
    LzCount,
}

/// All operations, by number, with their names.
const OPCODES: &[(OpCode, &str)] = &[
    (OpCode::Copy, "COPY"),
    (OpCode::Load, "LOAD"),
    (OpCode::Store, "STORE"),
    (OpCode::Branch, "BRANCH"),
    (OpCode::CBranch, "CBRANCH"),
    (OpCode::BranchInd, "BRANCHIND"),
    (OpCode::Call, "CALL"),
    (OpCode::CallInd, "CALLIND"),
    (OpCode::CallOther, "CALLOTHER"),
    (OpCode::Return, "RETURN"),
    (OpCode::IntEqual, "INT_EQUAL"),
    (OpCode::IntNotEqual, "INT_NOTEQUAL"),
    (OpCode::IntSLess, "INT_SLESS"),
    (OpCode::IntSLessEqual, "INT_SLESSEQUAL"),
    (OpCode::IntLess, "INT_LESS"),
    (OpCode::IntLessEqual, "INT_LESSEQUAL"),
    (OpCode::IntZExt, "INT_ZEXT"),
    (OpCode::IntSExt, "INT_SEXT"),
    (OpCode::IntAdd, "INT_ADD"),
    (OpCode::IntSub, "INT_SUB"),
    (OpCode::IntCarry, "INT_CARRY"),
    (OpCode::IntSCarry, "INT_SCARRY"),
    (OpCode::IntSBorrow, "INT_SBORROW"),
    (OpCode::Int2Comp, "INT_2COMP"),
    (OpCode::IntNegate, "INT_NEGATE"),
    (OpCode::IntXor, "INT_XOR"),
    (OpCode::IntAnd, "INT_AND"),
    (OpCode::IntOr, "INT_OR"),
    (OpCode::IntLeft, "INT_LEFT"),
    (OpCode::IntRight, "INT_RIGHT"),
    (OpCode::IntSRight, "INT_SRIGHT"),
    (OpCode::IntMult, "INT_MULT"),
    (OpCode::IntDiv, "INT_DIV"),
    (OpCode::IntSDiv, "INT_SDIV"),
    (OpCode::IntRem, "INT_REM"),
    (OpCode::IntSRem, "INT_SREM"),
    (OpCode::BoolNegate, "BOOL_NEGATE"),
    (OpCode::BoolXor, "BOOL_XOR"),
    (OpCode::BoolAnd, "BOOL_AND"),
    (OpCode::BoolOr, "BOOL_OR"),
    (OpCode::FloatEqual, "FLOAT_EQUAL"),
    (OpCode::FloatNotEqual, "FLOAT_NOTEQUAL"),
    (OpCode::FloatLess, "FLOAT_LESS"),
    (OpCode::FloatLessEqual, "FLOAT_LESSEQUAL"),
    (OpCode::FloatNan, "FLOAT_NAN"),
    (OpCode::FloatAdd, "FLOAT_ADD"),
    (OpCode::FloatDiv, "FLOAT_DIV"),
    (OpCode::FloatMult, "FLOAT_MULT"),
    (OpCode::FloatSub, "FLOAT_SUB"),
    (OpCode::FloatNeg, "FLOAT_NEG"),
    (OpCode::FloatAbs, "FLOAT_ABS"),
    (OpCode::FloatSqrt, "FLOAT_SQRT"),
    (OpCode::FloatInt2Float, "INT2FLOAT"),
    (OpCode::FloatFloat2Float, "FLOAT2FLOAT"),
    (OpCode::FloatTrunc, "TRUNC"),
    (OpCode::FloatCeil, "CEIL"),
    (OpCode::FloatFloor, "FLOOR"),
    (OpCode::FloatRound, "ROUND"),
    (OpCode::SubPiece, "SUBPIECE"),
    (OpCode::PopCount, "POPCOUNT"),
    (OpCode::LzCount, "LZCOUNT"),
];

impl OpCode {
    /// The name as Ghidra prints it.
    #[must_use]
    pub fn name(self) -> &'static str {
        OPCODES[self as usize].1
    }

    /// Whether the result is 0 or 1.
    pub(crate) const fn gives_truth(self) -> bool {
        use OpCode::*;
        matches!(
            self,
            IntEqual
                | IntNotEqual
                | IntSLess
                | IntSLessEqual
                | IntLess
                | IntLessEqual
                | IntCarry
                | IntSCarry
                | IntSBorrow
                | FloatEqual
                | FloatNotEqual
                | FloatLess
                | FloatLessEqual
                | FloatNan
        )
    }

    /// The operation of a number.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        OPCODES.get(number as usize).map(|(code, _)| *code)
    }
}

impl fmt::Display for OpCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The number of an address space in its [`Language`](crate::Language).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpaceId(pub u16);

impl SpaceId {
    /// The space of constants: the offset is the value.
    pub const CONST: Self = Self(0);
    /// The space of temporaries, which live for one instruction.
    pub const UNIQUE: Self = Self(1);
}

/// Some bytes in an address space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Varnode {
    /// The space.
    pub space: SpaceId,
    /// The size in bytes.
    pub size: u32,
    /// The offset in bytes; of a constant, the value.
    pub offset: u64,
}

impl Varnode {
    /// A constant of `size` bytes.
    #[must_use]
    pub const fn constant(value: u64, size: u32) -> Self {
        Self { space: SpaceId::CONST, size, offset: value }
    }

    /// Whether it is a constant.
    #[must_use]
    pub const fn is_constant(&self) -> bool {
        self.space.0 == SpaceId::CONST.0
    }
}

/// One p-code operation with its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PcodeOp {
    /// What is done.
    pub code: OpCode,
    /// Where the result goes, if there is one.
    pub output: Option<Varnode>,
    /// The first input in [`Pcode::inputs`].
    first_input: u32,
    input_count: u32,
}

/// The p-code of an instruction. It can be used again for the next one, which
/// saves allocations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pcode {
    ops: Vec<PcodeOp>,
    varnodes: Vec<Varnode>,
    /// The operation before which the instruction in the delay slot executes.
    pub(crate) delay_slot: Option<u32>,
    /// Branches to `inst_start`, `inst_next` and the like.
    pub(crate) named: Vec<u32>,
}

impl Pcode {
    /// The operations, in order.
    #[must_use]
    pub fn ops(&self) -> &[PcodeOp] {
        &self.ops
    }

    /// The inputs of an operation.
    #[must_use]
    pub fn inputs(&self, op: &PcodeOp) -> &[Varnode] {
        let first = op.first_input as usize;
        self.varnodes.get(first..first + op.input_count as usize).unwrap_or_default()
    }

    /// The operation before which the instruction in the delay slot executes;
    /// `None` if there is no delay slot.
    #[must_use]
    pub fn delay_slot(&self) -> Option<usize> {
        self.delay_slot.map(|index| index as usize)
    }

    /// Whether the branch of a number goes to the beginning or the end of its
    /// own instruction because the specification says so, and not because the
    /// operand of the instruction happens to be that address: a repeated
    /// instruction, or one whose condition fails, is no jump.
    #[must_use]
    pub fn is_internal(&self, op: usize) -> bool {
        self.named.iter().any(|named| *named as usize == op)
    }

    pub(crate) fn clear(&mut self) {
        self.ops.clear();
        self.varnodes.clear();
        self.delay_slot = None;
        self.named.clear();
    }

    pub(crate) fn push(&mut self, code: OpCode, output: Option<Varnode>, inputs: &[Varnode]) {
        let first_input = self.varnodes.len() as u32;
        self.varnodes.extend_from_slice(inputs);
        self.ops.push(PcodeOp { code, output, first_input, input_count: inputs.len() as u32 });
    }

    pub(crate) fn input_mut(&mut self, op: usize, input: usize) -> Option<&mut Varnode> {
        let op = self.ops.get(op)?;
        if input >= op.input_count as usize {
            return None;
        }
        self.varnodes.get_mut(op.first_input as usize + input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_operations_agree() {
        for (number, (code, _)) in OPCODES.iter().enumerate() {
            assert_eq!(*code as usize, number);
            assert_eq!(OpCode::from_number(number as u32), Some(*code));
        }
        assert_eq!(OpCode::from_number(OPCODES.len() as u32), None);
    }
}
