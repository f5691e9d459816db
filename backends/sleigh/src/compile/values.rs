//! Expressions of semantic sections.

use super::{
    semantics::Compiler,
    symbols::Symbol,
    template::{Place, Size, Vn},
};
use crate::{
    error::Result,
    pcode::OpCode,
    spec::{source::Position, syntax::*},
};

/// Operators whose operands are in order: sign, operation, and whether the
/// operands change places.
const BINARY: &[(&str, OpCode, bool)] = &[
    ("||", OpCode::BoolOr, false),
    ("&&", OpCode::BoolAnd, false),
    ("^^", OpCode::BoolXor, false),
    ("|", OpCode::IntOr, false),
    ("^", OpCode::IntXor, false),
    ("&", OpCode::IntAnd, false),
    ("==", OpCode::IntEqual, false),
    ("!=", OpCode::IntNotEqual, false),
    ("f==", OpCode::FloatEqual, false),
    ("f!=", OpCode::FloatNotEqual, false),
    ("<", OpCode::IntLess, false),
    ("<=", OpCode::IntLessEqual, false),
    (">", OpCode::IntLess, true),
    (">=", OpCode::IntLessEqual, true),
    ("s<", OpCode::IntSLess, false),
    ("s<=", OpCode::IntSLessEqual, false),
    ("s>", OpCode::IntSLess, true),
    ("s>=", OpCode::IntSLessEqual, true),
    ("f<", OpCode::FloatLess, false),
    ("f<=", OpCode::FloatLessEqual, false),
    ("f>", OpCode::FloatLess, true),
    ("f>=", OpCode::FloatLessEqual, true),
    ("<<", OpCode::IntLeft, false),
    (">>", OpCode::IntRight, false),
    ("s>>", OpCode::IntSRight, false),
    ("+", OpCode::IntAdd, false),
    ("-", OpCode::IntSub, false),
    ("f+", OpCode::FloatAdd, false),
    ("f-", OpCode::FloatSub, false),
    ("*", OpCode::IntMult, false),
    ("/", OpCode::IntDiv, false),
    ("%", OpCode::IntRem, false),
    ("s/", OpCode::IntSDiv, false),
    ("s%", OpCode::IntSRem, false),
    ("f*", OpCode::FloatMult, false),
    ("f/", OpCode::FloatDiv, false),
];

const UNARY: &[(&str, OpCode)] =
    &[("!", OpCode::BoolNegate), ("~", OpCode::IntNegate), ("-", OpCode::Int2Comp), ("f-", OpCode::FloatNeg)];

/// Built-in functions, with the number of their arguments.
const FUNCTIONS: &[(&str, OpCode, usize)] = &[
    ("carry", OpCode::IntCarry, 2),
    ("scarry", OpCode::IntSCarry, 2),
    ("sborrow", OpCode::IntSBorrow, 2),
    ("zext", OpCode::IntZExt, 1),
    ("sext", OpCode::IntSExt, 1),
    ("nan", OpCode::FloatNan, 1),
    ("abs", OpCode::FloatAbs, 1),
    ("sqrt", OpCode::FloatSqrt, 1),
    ("int2float", OpCode::FloatInt2Float, 1),
    ("float2float", OpCode::FloatFloat2Float, 1),
    ("trunc", OpCode::FloatTrunc, 1),
    ("ceil", OpCode::FloatCeil, 1),
    ("floor", OpCode::FloatFloor, 1),
    ("round", OpCode::FloatRound, 1),
    ("popcount", OpCode::PopCount, 1),
    ("lzcount", OpCode::LzCount, 1),
];

impl Compiler<'_> {
    /// Computes a value into a varnode.
    pub(super) fn value_into(&mut self, at: Position, value: &Value, target: Vn) -> Result<()> {
        let before = self.template.ops.len();
        let computed = self.value(value)?;
        // The last operation can write there directly if it made the value.
        if self.template.ops.len() > before
            && let Place::Temporary(_) = computed.place
            && let Some(last) = self.template.ops.last_mut()
            && last.output == Some(computed)
            && !matches!(value.kind, ValueKind::Symbol(_))
        {
            let Place::Temporary(index) = computed.place else { return Ok(()) };
            let size = self.template.temporaries[index];
            last.output = Some(target);
            let mut target = target;
            self.force(&mut target, size);
            if let Some(last) = self.template.ops.last_mut() {
                last.output = Some(target);
            }
            return Ok(());
        }
        // A new local takes the size of what it is.
        let size = self.template.size(&computed);
        let mut target = target;
        self.force(&mut target, size);
        self.op(at, OpCode::Copy, Some(target), vec![computed])
    }

    pub(super) fn value(&mut self, value: &Value) -> Result<Vn> {
        let at = value.at;
        match &value.kind {
            ValueKind::Integer(number, size) => {
                Ok(Vn::constant(*number, size.map_or(Size::Unknown, |size| Size::Fixed(size as u32))))
            }
            ValueKind::Symbol(name) => {
                if let Some(Symbol::BitRange(range)) = self.symbols.names.get(&name.text)
                    && !self.scope().names.contains_key(&name.text)
                {
                    let range = self.symbols.bit_ranges[*range].clone();
                    let register = &self.symbols.registers[range.register];
                    let vn = Vn {
                        place: Place::Fixed { space: register.space as usize, offset: register.offset },
                        size: Size::Fixed(register.size),
                    };
                    return self.bits(at, vn, range.low.into(), range.bits.into());
                }
                self.varnode(name)
            }
            ValueKind::Truncate(name, bytes) => {
                let vn = self.varnode(name)?;
                self.bits(at, vn, 0, 8 * *bytes)
            }
            ValueKind::Bits(name, low, bits) => {
                let vn = self.varnode(name)?;
                self.bits(at, vn, *low, *bits)
            }
            ValueKind::AddressOf(size, name) => {
                let vn = self.varnode(name)?;
                let size = size.map(|size| Size::Fixed(size as u32));
                match vn.place {
                    Place::Fixed { space, offset } => {
                        let space = &self.symbols.spaces[space];
                        let address = Size::Fixed(space.address_size);
                        let offset = offset / u64::from(space.word_size);
                        Ok(Vn::constant(offset, size.unwrap_or(address)))
                    }
                    Place::Operand(index) => {
                        Ok(Vn { place: Place::OperandOffset(index), size: size.unwrap_or(Size::Unknown) })
                    }
                    // These are addresses already.
                    Place::Start | Place::Next | Place::Next2 => {
                        Ok(Vn { size: size.unwrap_or(vn.size), ..vn })
                    }
                    _ => Err(self.symbols.wrong(at, format!("`{}` has no address", name.text))),
                }
            }
            ValueKind::Load(star, pointer) => {
                let (space, size) = self.star(star)?;
                let pointer = self.value(pointer)?;
                let output = self.temporary(size);
                let space = Vn::constant(space as u64, Size::Fixed(4));
                self.op(at, OpCode::Load, Some(output), vec![space, pointer])?;
                Ok(output)
            }
            ValueKind::Unary(sign, inner) => {
                let inner = self.value(inner)?;
                let code = UNARY.iter().find(|(it, _)| it == sign).map_or(OpCode::Copy, |(_, code)| *code);
                let output = self.temporary(Size::Unknown);
                self.op(at, code, Some(output), vec![inner])?;
                Ok(output)
            }
            ValueKind::Binary(sign, left, right) => {
                let left = self.value(left)?;
                let right = self.value(right)?;
                let Some((_, code, swapped)) = BINARY.iter().find(|(it, ..)| it == sign) else {
                    return Err(self.symbols.wrong(at, format!("`{sign}` is no operator")));
                };
                let inputs = if *swapped { vec![right, left] } else { vec![left, right] };
                let output = self.temporary(Size::Unknown);
                self.op(at, *code, Some(output), inputs)?;
                Ok(output)
            }
            ValueKind::Call(name, arguments) => self.call_value(at, name, arguments),
        }
    }

    fn call_value(&mut self, at: Position, name: &Name, arguments: &[Value]) -> Result<Vn> {
        if let Some((_, code, count)) = FUNCTIONS.iter().find(|(it, ..)| *it == name.text) {
            if arguments.len() != *count {
                let message = format!("`{}` takes {count} arguments, not {}", name.text, arguments.len());
                return Err(self.symbols.wrong(name.at, message));
            }
            let mut inputs = Vec::with_capacity(*count);
            for argument in arguments {
                inputs.push(self.value(argument)?);
            }
            let output = self.temporary(Size::Unknown);
            self.op(at, *code, Some(output), inputs)?;
            return Ok(output);
        }
        if !self.scope().names.contains_key(&name.text)
            && let Some(Symbol::UserOp(index)) = self.symbols.names.get(&name.text)
        {
            let inputs = self.user_op(*index, arguments)?;
            let output = self.temporary(Size::Unknown);
            self.op(at, OpCode::CallOther, Some(output), inputs)?;
            return Ok(output);
        }
        // `name(offset)`: the bytes from there on.
        let vn = self.varnode(name)?;
        let [amount] = arguments else {
            return Err(self.symbols.wrong(name.at, format!("`{}` is no function", name.text)));
        };
        let amount = self.value(amount)?;
        let output = self.temporary(Size::Unknown);
        self.op(at, OpCode::SubPiece, Some(output), vec![vn, amount])?;
        Ok(output)
    }
}
