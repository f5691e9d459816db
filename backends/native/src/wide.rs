//! Operations without a short form: odd sizes, wide integers, divisions,
//! floating point, and other spaces.

use terrella_emulator_api::{ArithmeticKind, Emulator, RegisterValue};
use terrella_sleigh::OpCode;

use crate::{
    block::{Block, Place, WideOp},
    emulator::NativeEmulator,
    float,
    halt::Halt,
    spaces::Shown,
    target::Division,
};

/// The widest value in bytes.
const WIDEST: usize = 64;

/// A value of up to 512 bits, lowest byte first.
#[derive(Clone, Copy)]
struct Wide([u8; WIDEST]);

impl NativeEmulator {
    fn integer(&self, place: Place) -> u128 {
        self.file.integer(place.at.into(), place.size.into())
    }

    fn wide_value(&self, place: Place) -> Wide {
        let mut bytes = [0; WIDEST];
        let size = usize::from(place.size).min(WIDEST);
        bytes[..size].copy_from_slice(self.file.slice(place.at.into(), size));
        Wide(bytes)
    }

    fn set_wide(&mut self, place: Place, value: &Wide) {
        let size = usize::from(place.size).min(WIDEST);
        self.file.slice_mut(place.at.into(), size).copy_from_slice(&value.0[..size]);
    }

    /// Executes an operation that has no short form.
    pub(crate) fn wide(&mut self, block: &Block, index: usize, op: &WideOp) -> Result<(), Halt> {
        match op.code {
            OpCode::Load => return self.wide_load(block, index, op),
            OpCode::Store => return self.wide_store(block, index, op),
            _ => {}
        }
        let Some(out) = op.out else { return Ok(()) };
        let inputs = &op.inputs[..usize::from(op.input_count)];
        if inputs.iter().chain([&out]).any(|place| place.size > 16) {
            return self.very_wide(op.code, out, inputs);
        }
        let a = inputs.first().map_or(0, |place| self.integer(*place));
        let b = inputs.get(1).map_or(0, |place| self.integer(*place));
        let size = inputs.first().map_or(1, |place| u32::from(place.size));
        let value = match integer_op(op.code, a, b, size, u32::from(out.size)) {
            Some(value) => value,
            None => match op.code {
                OpCode::IntDiv | OpCode::IntSDiv | OpCode::IntRem | OpCode::IntSRem => {
                    self.divide(op.code, a, b, size)?
                }
                code => self.float_op(code, a, b, size, u32::from(out.size))?,
            },
        };
        self.file.set_integer(out.at.into(), out.size.into(), value);
        Ok(())
    }

    fn float_op(&mut self, code: OpCode, a: u128, b: u128, size: u32, out: u32) -> Result<u128, Halt> {
        float::operate(code, a, b, size, out, self.target.nan)
            .ok_or_else(|| Halt::Missing(format!("{code} of {size} bytes")))
    }

    /// Division, with what the architecture says of its corner cases.
    fn divide(&self, code: OpCode, a: u128, b: u128, size: u32) -> Result<u128, Halt> {
        let bits = 8 * size;
        let mask = if bits >= 128 { u128::MAX } else { (1 << bits) - 1 };
        let signed = |value: u128| ((value << (128 - bits)) as i128) >> (128 - bits);
        let is_signed = matches!(code, OpCode::IntSDiv | OpCode::IntSRem);
        let is_quotient = matches!(code, OpCode::IntDiv | OpCode::IntSDiv);
        if b & mask == 0 {
            return match self.target.division {
                Division::Fault(number) => Err(Halt::Arithmetic(ArithmeticKind::Division, number)),
                // All ones, and the dividend.
                Division::Ones => Ok(if is_quotient { mask } else { a }),
                // Zero, and the dividend.
                Division::Zero => Ok(if is_quotient { 0 } else { a }),
            };
        }
        if !is_signed {
            let (a, b) = (a & mask, b & mask);
            let quotient = a / b;
            self.check_quotient(quotient as i128, size, false)?;
            return Ok(if is_quotient { quotient } else { a % b });
        }
        let (a, b) = (signed(a), signed(b));
        // The most negative number by -1 wraps.
        let quotient = a.wrapping_div(b);
        self.check_quotient(quotient, size, true)?;
        Ok(if is_quotient { quotient as u128 & mask } else { a.wrapping_rem(b) as u128 & mask })
    }

    /// Where dividends are twice as wide as divisors, the quotient must fit
    /// (Intel SDM, volume 2, DIV and IDIV).
    fn check_quotient(&self, quotient: i128, size: u32, signed: bool) -> Result<(), Halt> {
        let Division::Fault(number) = self.target.division else { return Ok(()) };
        if !self.target.narrow_quotients || size < 2 {
            return Ok(());
        }
        let bits = 4 * size;
        let fits = if signed {
            let limit = 1i128 << (bits - 1);
            (-limit..limit).contains(&quotient)
        } else {
            (quotient as u128) >> bits == 0
        };
        if fits { Ok(()) } else { Err(Halt::Arithmetic(ArithmeticKind::Division, number)) }
    }

    fn very_wide(&mut self, code: OpCode, out: Place, inputs: &[Place]) -> Result<(), Halt> {
        let a = inputs.first().map_or(Wide([0; WIDEST]), |place| self.wide_value(*place));
        let b = inputs.get(1).map_or(Wide([0; WIDEST]), |place| self.wide_value(*place));
        let size = inputs.first().map_or(0, |place| usize::from(place.size));
        let each = |function: fn(u8, u8) -> u8| {
            let mut result = a;
            for (byte, other) in result.0.iter_mut().zip(b.0) {
                *byte = function(*byte, other);
            }
            result
        };
        let flag = |truth: bool| {
            let mut result = Wide([0; WIDEST]);
            result.0[0] = u8::from(truth);
            result
        };
        let amount = || {
            let place = inputs.get(1).copied().unwrap_or(Place { at: 0, size: 0 });
            usize::try_from(self.integer(place)).unwrap_or(usize::MAX)
        };
        let result = match code {
            OpCode::Copy | OpCode::IntZExt => a,
            OpCode::IntSExt => {
                let mut result = a;
                let negative = size > 0 && a.0[size - 1] & 0x80 != 0;
                result.0[size..].fill(if negative { 0xff } else { 0 });
                result
            }
            OpCode::IntAnd => each(|a, b| a & b),
            OpCode::IntOr => each(|a, b| a | b),
            OpCode::IntXor => each(|a, b| a ^ b),
            OpCode::IntNegate => each(|a, _| !a),
            OpCode::IntEqual => flag(a.0 == b.0),
            OpCode::IntNotEqual => flag(a.0 != b.0),
            OpCode::SubPiece => {
                let skip = amount().min(WIDEST);
                let mut result = Wide([0; WIDEST]);
                result.0[..WIDEST - skip].copy_from_slice(&a.0[skip..]);
                result
            }
            OpCode::IntLeft => shift(&a, amount(), false),
            OpCode::IntRight => shift(&a, amount(), true),
            OpCode::IntAdd => add(&a, &b, false),
            OpCode::IntSub => add(&a, &b, true),
            _ => return Err(Halt::Missing(format!("{code} of {size} bytes"))),
        };
        self.set_wide(out, &result);
        Ok(())
    }

    // ---- accesses

    fn wide_load(&mut self, block: &Block, index: usize, op: &WideOp) -> Result<(), Halt> {
        let (Some(out), Some(pointer)) = (op.out, op.inputs.first()) else { return Ok(()) };
        let address = self.integer(*pointer) as u64;
        let size = usize::from(out.size).min(WIDEST);
        let mut bytes = [0; WIDEST];
        let bytes = &mut bytes[..size];
        match self.space(op.space, address, size)? {
            Shown::File(place) => bytes.copy_from_slice(self.file.slice(place, size)),
            Shown::Register(id) => self.read_wide_register_id(id).map_err(Halt::Error)?.write_le_bytes(bytes),
            Shown::Memory(address) => {
                self.guest_read(block, index, address, bytes)?;
                if self.data_big_endian {
                    bytes.reverse();
                }
            }
        }
        self.file.slice_mut(out.at.into(), size).copy_from_slice(bytes);
        Ok(())
    }

    fn wide_store(&mut self, block: &Block, index: usize, op: &WideOp) -> Result<(), Halt> {
        let [pointer, value, _] = op.inputs;
        let address = self.integer(pointer) as u64;
        let size = usize::from(value.size).min(WIDEST);
        let mut bytes = [0; WIDEST];
        let bytes = &mut bytes[..size];
        bytes.copy_from_slice(self.file.slice(value.at.into(), size));
        match self.space(op.space, address, size)? {
            Shown::File(place) => {
                self.file.slice_mut(place, size).copy_from_slice(bytes);
                Ok(())
            }
            Shown::Register(id) => {
                self.write_wide_register_id(id, RegisterValue::from_le_bytes(bytes)).map_err(Halt::Error)
            }
            Shown::Memory(address) => {
                if self.data_big_endian {
                    bytes.reverse();
                }
                self.guest_write(block, index, address, bytes)
            }
        }
    }

    /// Where an access to a space goes.
    fn space(&self, space: u16, address: u64, size: usize) -> Result<Shown, Halt> {
        use terrella_sleigh::{SpaceId, Varnode};
        let language = &self.processor.language;
        let id = SpaceId(space);
        let Some(definition) = language.space(id) else { return Err(Halt::Missing("a space".to_owned())) };
        if id == language.default_space() {
            let address = address.wrapping_mul(u64::from(definition.word_size));
            return Ok(Shown::Memory(address & self.address_mask));
        }
        let missing = || {
            let unit = if size == 1 { "byte" } else { "bytes" };
            Halt::Missing(format!("{size} {unit} at {address:#x} of the space {}", definition.name))
        };
        if !definition.is_register {
            return self.spaces.shown(id, address, size).ok_or_else(missing);
        }
        let varnode = Varnode { space: id, size: size as u32, offset: address };
        self.layout.place(&varnode).map(Shown::File).ok_or_else(missing)
    }
}

/// Integer operations on up to 128 bits that cannot fail.
fn integer_op(code: OpCode, a: u128, b: u128, size: u32, out: u32) -> Option<u128> {
    use OpCode::*;
    let bits = 8 * size.clamp(1, 16);
    let mask = u128::MAX >> (128 - bits);
    let signed = |value: u128| ((value << (128 - bits)) as i128) >> (128 - bits);
    let flag = |truth: bool| Some(u128::from(truth));
    let amount = u32::try_from(b).unwrap_or(u32::MAX);
    let value = match code {
        Copy | IntZExt => a,
        IntSExt => signed(a) as u128,
        IntAdd => a.wrapping_add(b),
        IntSub => a.wrapping_sub(b),
        IntMult => a.wrapping_mul(b),
        IntAnd => a & b,
        IntOr => a | b,
        IntXor => a ^ b,
        Int2Comp => a.wrapping_neg(),
        IntNegate => !a,
        IntLeft => a.checked_shl(amount).unwrap_or(0),
        IntRight => a.checked_shr(amount).unwrap_or(0),
        IntSRight => (signed(a) >> amount.min(127)) as u128,
        IntEqual => return flag(a == b),
        IntNotEqual => return flag(a != b),
        IntLess => return flag(a < b),
        IntLessEqual => return flag(a <= b),
        IntSLess => return flag(signed(a) < signed(b)),
        IntSLessEqual => return flag(signed(a) <= signed(b)),
        IntCarry => return flag(a.checked_add(b).is_none_or(|sum| sum & !mask != 0)),
        IntSCarry => {
            let sum = a.wrapping_add(b);
            return flag((a ^ sum) & (b ^ sum) & (1 << (bits - 1)) != 0);
        }
        IntSBorrow => {
            let difference = a.wrapping_sub(b);
            return flag((a ^ b) & (a ^ difference) & (1 << (bits - 1)) != 0);
        }
        BoolNegate => a & 1 ^ 1,
        BoolAnd => a & b & 1,
        BoolOr => (a | b) & 1,
        BoolXor => (a ^ b) & 1,
        SubPiece => {
            if amount >= 16 {
                0
            } else {
                a >> (8 * amount)
            }
        }
        PopCount => u128::from(a.count_ones()),
        LzCount => u128::from((a & mask).leading_zeros() - (128 - bits)),
        _ => return None,
    };
    let out_bits = 8 * out.clamp(1, 16);
    Some(value & u128::MAX >> (128 - out_bits))
}

fn shift(value: &Wide, amount: usize, right: bool) -> Wide {
    let mut result = Wide([0; WIDEST]);
    if amount >= 8 * WIDEST {
        return result;
    }
    let (bytes, bits) = (amount / 8, amount % 8);
    for index in 0..WIDEST {
        let at = |index: Option<usize>| {
            u16::from(index.and_then(|index| value.0.get(index)).copied().unwrap_or(0))
        };
        let byte = if right {
            let pair = at(Some(index + bytes)) | at(Some(index + bytes + 1)) << 8;
            pair >> bits
        } else {
            let low = at(index.checked_sub(bytes + 1));
            let pair = low | at(index.checked_sub(bytes)) << 8;
            pair << bits >> 8
        };
        result.0[index] = byte as u8;
    }
    result
}

fn add(a: &Wide, b: &Wide, subtract: bool) -> Wide {
    let mut result = Wide([0; WIDEST]);
    let mut carry = u16::from(subtract);
    for index in 0..WIDEST {
        let other = if subtract { !b.0[index] } else { b.0[index] };
        let sum = u16::from(a.0[index]) + u16::from(other) + carry;
        result.0[index] = sum as u8;
        carry = sum >> 8;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_sizes_wrap_at_their_width() {
        assert_eq!(integer_op(OpCode::IntAdd, 0xff_ffff, 1, 3, 3), Some(0));
        assert_eq!(integer_op(OpCode::IntCarry, 0xff_ffff, 1, 3, 1), Some(1));
        assert_eq!(integer_op(OpCode::IntSLess, 0x80_0000, 0, 3, 1), Some(1));
        assert_eq!(integer_op(OpCode::IntSRight, 0x80_0000, 4, 3, 3), Some(0xf8_0000));
        assert_eq!(integer_op(OpCode::LzCount, 1, 0, 2, 2), Some(15));
        assert_eq!(integer_op(OpCode::IntSCarry, u128::MAX >> 1, 1, 16, 1), Some(1));
        assert_eq!(integer_op(OpCode::SubPiece, 0x1122_3344, 1, 4, 2), Some(0x2233));
    }

    #[test]
    fn very_wide_shifts_move_bits_between_bytes() {
        let mut value = Wide([0; WIDEST]);
        value.0[31] = 0x81;
        let left = shift(&value, 4, false);
        assert_eq!((left.0[31], left.0[32]), (0x10, 0x08));
        let right = shift(&value, 249, true);
        assert_eq!((right.0[0], right.0[1]), (0x40, 0));
        assert_eq!(shift(&left, 4, true).0, value.0);
    }
}
