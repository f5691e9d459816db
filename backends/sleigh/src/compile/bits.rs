//! Some bits or bytes of values: reading and assigning them.

use super::{
    semantics::Compiler,
    template::{Code, Place, Size, Vn},
};
use crate::{
    error::Result,
    pcode::OpCode,
    spec::{source::Position, syntax::*},
};

impl Compiler<'_> {
    pub(super) fn assign_bits(
        &mut self,
        at: Position,
        vn: Vn,
        low: u64,
        bits: u64,
        value: &Value,
    ) -> Result<()> {
        if bits == 0 || low.saturating_add(bits) > 512 {
            return Err(self.symbols.wrong(at, "a bit range has 1 to 512 bits"));
        }
        let small = Size::Fixed(bits.div_ceil(8) as u32);
        if low.is_multiple_of(8)
            && bits.is_multiple_of(8)
            && let Some(slice) = self.slice(vn, (low / 8) as u32, (bits / 8) as u32)?
        {
            return self.value_into(at, value, slice);
        }
        if low + bits > 64 {
            return Err(self.symbols.wrong(at, "a bit range that is not of whole bytes ends below bit 64"));
        }
        let mask = !(u64::MAX >> (64 - bits) << low);
        let size = self.template.size(&vn);
        let kept = self.temporary(size);
        self.op(at, OpCode::IntAnd, Some(kept), vec![vn, Vn::constant(mask, size)])?;
        let mut value = self.value(value)?;
        self.force(&mut value, small);
        let fits = bits.is_multiple_of(8) || self.fits(&value, bits);
        let mut wide = value;
        if size != small {
            wide = self.temporary(size);
            self.op(at, OpCode::IntZExt, Some(wide), vec![value])?;
        }
        // What is above the field in the value does not count.
        if !fits {
            let masked = self.temporary(size);
            let mask = u64::MAX >> (64 - bits);
            self.op(at, OpCode::IntAnd, Some(masked), vec![wide, Vn::constant(mask, size)])?;
            wide = masked;
        }
        if low != 0 {
            let shifted = self.temporary(size);
            let amount = Vn::constant(low, Size::Fixed(4));
            self.op(at, OpCode::IntLeft, Some(shifted), vec![wide, amount])?;
            wide = shifted;
        }
        self.op(at, OpCode::IntOr, Some(vn), vec![kept, wide])
    }

    /// Whether a value that was just computed has no bits above the lowest
    /// ones: truth values and small constants.
    fn fits(&self, value: &Vn, bits: u64) -> bool {
        if let Place::Constant(number) = value.place {
            return number >> bits.min(63) == 0;
        }
        self.template.ops.last().is_some_and(|op| {
            let Code::Op(code) = op.code else { return false };
            op.output.is_some_and(|output| output.place == value.place) && code.gives_truth()
        })
    }

    /// Some whole bytes of a varnode as a varnode, where that is possible.
    pub(super) fn slice(&mut self, vn: Vn, offset: u32, bytes: u32) -> Result<Option<Vn>> {
        match vn.place {
            Place::Fixed { space, offset: base } => {
                let Size::Fixed(size) = vn.size else { return Ok(None) };
                if offset + bytes > size {
                    return Ok(None);
                }
                let skip = if self.symbols.big_endian { size - offset - bytes } else { offset };
                let place = Place::Fixed { space, offset: base + u64::from(skip) };
                Ok(Some(Vn { place, size: Size::Fixed(bytes) }))
            }
            Place::Operand(index) if vn.size != Size::Unknown => {
                Ok(Some(Vn { place: Place::OperandSlice(index, offset), size: Size::Fixed(bytes) }))
            }
            Place::OperandSlice(index, base) => {
                Ok(Some(Vn { place: Place::OperandSlice(index, base + offset), size: Size::Fixed(bytes) }))
            }
            _ => Ok(None),
        }
    }

    /// Some bits of a varnode as a value.
    pub(super) fn bits(&mut self, at: Position, vn: Vn, low: u64, bits: u64) -> Result<Vn> {
        if bits == 0 || low.saturating_add(bits) > 512 {
            return Err(self.symbols.wrong(at, "a bit range has 1 to 512 bits"));
        }
        let bytes = bits.div_ceil(8) as u32;
        let size = self.template.size(&vn);
        // A value without a size gets this one.
        if size == Size::Unknown
            && low == 0
            && bits.is_multiple_of(8)
            && !matches!(vn.place, Place::Temporary(_))
        {
            return Ok(Vn { size: Size::Fixed(bytes), ..vn });
        }
        if size == Size::Fixed(bytes) && low == 0 && bits.is_multiple_of(8) {
            return Ok(vn);
        }
        if low.is_multiple_of(8)
            && bits.is_multiple_of(8)
            && let Some(slice) = self.slice(vn, (low / 8) as u32, bytes)?
        {
            return Ok(slice);
        }
        let mut result = vn;
        let mut skip = 0;
        let needs_truncation = size != Size::Fixed(bytes);
        if low.is_multiple_of(8) && needs_truncation {
            skip = low / 8;
        } else if low != 0 {
            let shifted = self.temporary(size);
            let amount = Vn::constant(low, Size::Fixed(4));
            self.op(at, OpCode::IntRight, Some(shifted), vec![result, amount])?;
            result = shifted;
        }
        if needs_truncation {
            let truncated = self.temporary(Size::Fixed(bytes));
            let amount = Vn::constant(skip, Size::Fixed(4));
            self.op(at, OpCode::SubPiece, Some(truncated), vec![result, amount])?;
            result = truncated;
        }
        if !bits.is_multiple_of(8) {
            if bytes > 8 {
                return Err(self
                    .symbols
                    .wrong(at, "a bit range that is not of whole bytes has at most 64 bits"));
            }
            let masked = self.temporary(Size::Fixed(bytes));
            let mask = Vn::constant(u64::MAX >> (64 - bits), Size::Fixed(bytes));
            self.op(at, OpCode::IntAnd, Some(masked), vec![result, mask])?;
            result = masked;
        }
        Ok(result)
    }
}
