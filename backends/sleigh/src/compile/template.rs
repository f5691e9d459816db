//! Templates: the p-code of a constructor before its operands are known.

use crate::{pcode::OpCode, spec::source::Position};

/// The size of a varnode in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Unknown,
    Fixed(u32),
    /// That of what an operand exports.
    Operand(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Constant(u64),
    Fixed {
        space: usize,
        offset: u64,
    },
    Temporary(usize),
    /// What an operand exports, or its value.
    Operand(usize),
    /// The bytes of an operand from the lowest ones up.
    OperandSlice(usize, u32),
    /// The address (or value) of what an operand exports, as a constant.
    OperandOffset(usize),
    /// The same, as a place in code.
    OperandAddress(usize),
    Start,
    Next,
    Next2,
    Label(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vn {
    pub(crate) place: Place,
    /// Not used for temporaries, whose sizes are in [`Template::temporaries`].
    pub(crate) size: Size,
}

impl Vn {
    pub(crate) fn constant(value: u64, size: Size) -> Self {
        Self { place: Place::Constant(value), size }
    }

    pub(crate) fn temporary(index: usize) -> Self {
        Self { place: Place::Temporary(index), size: Size::Unknown }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Op(OpCode),
    /// The p-code of an operand.
    Build(usize),
    DelaySlot,
    Label(usize),
}

#[derive(Debug, Clone)]
pub(crate) struct Op {
    pub(crate) code: Code,
    pub(crate) output: Option<Vn>,
    pub(crate) inputs: Vec<Vn>,
    pub(crate) at: Position,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Export {
    Value(Vn),
    /// What a pointer points to in a space.
    Star {
        space: usize,
        size: u32,
        pointer: Vn,
    },
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Template {
    pub(crate) temporaries: Vec<Size>,
    pub(crate) labels: usize,
    pub(crate) ops: Vec<Op>,
    pub(crate) export: Option<Export>,
    /// Bytes of delay slots.
    pub(crate) delay_slot: u32,
}

impl Template {
    /// Whether the address after the next instruction is needed.
    pub(crate) fn has_next2(&self) -> bool {
        let export = match &self.export {
            Some(Export::Value(vn) | Export::Star { pointer: vn, .. }) => Some(vn),
            None => None,
        };
        let all = self.ops.iter().flat_map(|op| op.output.iter().chain(&op.inputs)).chain(export);
        all.into_iter().any(|vn| vn.place == Place::Next2)
    }

    pub(crate) fn size(&self, vn: &Vn) -> Size {
        match vn.place {
            Place::Temporary(index) => self.temporaries[index],
            _ => vn.size,
        }
    }
}
