//! Expressions of patterns and disassembly actions.

use super::symbols::{Field, Place, TokenDefinition};
use crate::{
    language::FieldAccess,
    spec::syntax::{BinaryOperator, UnaryOperator},
};

/// A resolved expression; all arithmetic has 64 bits and wraps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expr {
    Constant(i64),
    /// A field at the beginning of the constructor, or of the context.
    Field(FieldAccess),
    /// The value of an operand of the constructor.
    Operand(usize),
    Start,
    /// The address of the constructor itself.
    ConstructorStart,
    Next,
    Next2,
    Unary(UnaryOperator, Box<Expr>),
    Binary(BinaryOperator, Box<Expr>, Box<Expr>),
}

impl Expr {
    /// Whether the address after the next instruction is needed.
    pub(crate) fn has_next2(&self) -> bool {
        match self {
            Self::Next2 => true,
            Self::Unary(_, inner) => inner.has_next2(),
            Self::Binary(_, left, right) => left.has_next2() || right.has_next2(),
            _ => false,
        }
    }

    /// Gives the operands new numbers.
    pub(crate) fn renumber(&mut self, numbers: &[usize]) {
        match self {
            Self::Operand(index) => *index = numbers[*index],
            Self::Unary(_, inner) => inner.renumber(numbers),
            Self::Binary(_, left, right) => {
                left.renumber(numbers);
                right.renumber(numbers);
            }
            _ => {}
        }
    }
}

/// Applies an operator as SLEIGH does.
pub(crate) fn apply(operator: BinaryOperator, left: i64, right: i64) -> i64 {
    match operator {
        BinaryOperator::Add => left.wrapping_add(right),
        BinaryOperator::Subtract => left.wrapping_sub(right),
        BinaryOperator::Multiply => left.wrapping_mul(right),
        BinaryOperator::Divide => left.checked_div(right).unwrap_or(0),
        // Of the distance, the lowest six bits count.
        BinaryOperator::ShiftLeft => left.wrapping_shl(right as u32),
        BinaryOperator::ShiftRight => left.wrapping_shr(right as u32),
        BinaryOperator::And => left & right,
        BinaryOperator::Or => left | right,
        BinaryOperator::Xor => left ^ right,
    }
}

/// How a field is read.
pub(crate) fn access(field: &Field, tokens: &[TokenDefinition]) -> FieldAccess {
    match field.place {
        Place::Token(token, low, high) => {
            let token = &tokens[token];
            // Only the bytes that hold the field are read.
            let (first, last) = if token.big_endian {
                (token.size - 1 - high / 8, token.size - 1 - low / 8)
            } else {
                (low / 8, high / 8)
            };
            FieldAccess {
                is_context: false,
                big_endian: token.big_endian,
                signed: field.signed,
                first: first as u8,
                size: (last - first + 1) as u8,
                shift: (low % 8) as u8,
                bits: (high - low + 1) as u8,
            }
        }
        Place::Context(high, low) => FieldAccess {
            is_context: true,
            big_endian: true,
            signed: field.signed,
            first: 0,
            size: 0,
            shift: (127 - low) as u8,
            bits: (low - high + 1) as u8,
        },
    }
}
