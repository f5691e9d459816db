//! AArch64: instructions with vectors of integers that the specification
//! describes otherwise than the architecture (Arm ARM, C7).

use super::{
    super::{
        Handler,
        lanes::{lane, mask, saturate, shift, signed, vector},
    },
    float::field,
    note_saturation, number,
};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

const fn replace(mask: u32, value: u32, handler: Handler) -> Override {
    Override { mask, value, handler }
}

pub(super) const OVERRIDES: [Override; 30] = [
    // sabd, uabd; smaxp, sminp, umaxp, uminp; sqabs, sqneg; suqadd.
    replace(0x9f20_fc00, 0x0e20_7400, Handler::new(absolute_difference)),
    replace(0x9f20_f400, 0x0e20_a400, Handler::new(pairwise_extreme)),
    replace(0x9f3f_fc00, 0x0e20_7800, Handler::new(saturating_sign)),
    replace(0xdf3f_fc00, 0x5e20_7800, Handler::new(saturating_sign)),
    replace(0xbf3f_fc00, 0x0e20_3800, Handler::new(add_unsigned)),
    replace(0xff3f_fc00, 0x5e20_3800, Handler::new(add_unsigned)),
    // srhadd, urhadd; addv; sdot, udot.
    replace(0x9f20_fc00, 0x0e20_1400, Handler::new(rounded_half)),
    replace(0xbf3f_fc00, 0x0e31_b800, Handler::new(sum)),
    replace(0x9fe0_fc00, 0x0e80_9400, Handler::new(dot)),
    // sqdmlal, sqdmlsl; sha1h.
    replace(0xbf20_dc00, 0x0e20_9000, Handler::new(double_accumulate)),
    replace(0xffff_fc00, 0x5e28_0800, Handler::new(rotate_word)),
    // Rounded shifts to the right, with accumulation; the size of lanes is
    // told by the highest bit that is set.
    replace(0x9fc0_dc00, 0x0f40_1400, Handler::new(shift_right)),
    replace(0x9fa0_dc00, 0x0f20_1400, Handler::new(shift_right)),
    replace(0x9f90_dc00, 0x0f10_1400, Handler::new(shift_right)),
    replace(0x9f88_dc00, 0x0f08_1400, Handler::new(shift_right)),
    replace(0xdfc0_dc00, 0x5f40_1400, Handler::new(shift_right)),
    replace(0x9fc0_ec00, 0x0f40_2400, Handler::new(shift_right)),
    replace(0x9fa0_ec00, 0x0f20_2400, Handler::new(shift_right)),
    replace(0x9f90_ec00, 0x0f10_2400, Handler::new(shift_right)),
    replace(0x9f88_ec00, 0x0f08_2400, Handler::new(shift_right)),
    replace(0xdfc0_ec00, 0x5f40_2400, Handler::new(shift_right)),
    // Shifts to lanes of half the size, saturated or rounded.
    replace(0x9fa0_e400, 0x0f20_8400, Handler::new(narrow)),
    replace(0x9f90_e400, 0x0f10_8400, Handler::new(narrow)),
    replace(0x9f88_e400, 0x0f08_8400, Handler::new(narrow)),
    replace(0xdfa0_f400, 0x5f20_9400, Handler::new(narrow)),
    replace(0xdf90_f400, 0x5f10_9400, Handler::new(narrow)),
    replace(0xdf88_f400, 0x5f08_9400, Handler::new(narrow)),
    replace(0xffa0_f400, 0x7f20_8400, Handler::new(narrow)),
    replace(0xff90_f400, 0x7f10_8400, Handler::new(narrow)),
    replace(0xff88_f400, 0x7f08_8400, Handler::new(narrow)),
];

/// The operands and lanes of an instruction with vectors of integers.
struct Vectors {
    word: u32,
    bits: u32,
    count: u32,
    is_signed: bool,
    n: u128,
    m: u128,
}

impl Vectors {
    fn new(emulator: &NativeEmulator, op: &UserOp) -> Self {
        let word = emulator.user_input(op, 0) as u32;
        let bits = 8 << field(word, 22, 2);
        let whole = if field(word, 30, 1) == 1 { 128 } else { 64 };
        // Of scalars, bit 28 is set.
        let count = if field(word, 28, 1) == 1 { 1 } else { whole / bits };
        let [n, m] = [5, 16].map(|low| emulator.vector_register(field(word, low, 5)));
        Self { word, bits, count, is_signed: field(word, 29, 1) == 0, n, m }
    }

    fn set(&self, emulator: &mut NativeEmulator, value: u128) {
        emulator.set_vector_register(field(self.word, 0, 5), value);
    }
}

fn absolute_difference(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let it = Vectors::new(emulator, op);
    let of = |vector, index| number(lane(vector, index, it.bits), it.bits, it.is_signed);
    let value = vector(it.count, it.bits, |index| of(it.n, index).abs_diff(of(it.m, index)));
    it.set(emulator, value);
    Ok(())
}

fn pairwise_extreme(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let it = Vectors::new(emulator, op);
    let smaller = field(it.word, 11, 1) == 1;
    let of = |vector, index| number(lane(vector, index, it.bits), it.bits, it.is_signed);
    let value = vector(it.count, it.bits, |index| {
        let half = it.count / 2;
        let (source, first) = if index < half { (it.n, 2 * index) } else { (it.m, 2 * (index - half)) };
        let (a, b) = (of(source, first), of(source, first + 1));
        (if smaller { a.min(b) } else { a.max(b) }) as u128
    });
    it.set(emulator, value);
    Ok(())
}

/// The absolute or negated value, saturated.
fn saturating_sign(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let it = Vectors::new(emulator, op);
    let mut saturated = false;
    let value = vector(it.count, it.bits, |index| {
        let value = signed(lane(it.n, index, it.bits), it.bits);
        let wide = if it.is_signed { value.abs() } else { -value };
        let (value, other) = saturate(wide, it.bits, true);
        saturated |= other;
        value
    });
    it.set(emulator, value);
    note_saturation(emulator, saturated);
    Ok(())
}

/// Adds or subtracts twice a product, both saturated.
fn double_accumulate(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let it = Vectors::new(emulator, op);
    let (bits, old) = (it.bits, emulator.vector_register(field(it.word, 0, 5)));
    if !matches!(bits, 16 | 32) || !it.is_signed {
        return Err(Halt::Invalid);
    }
    let first = if field(it.word, 30, 1) == 1 { 64 / bits } else { 0 };
    let mut saturated = false;
    let value = vector(64 / bits, 2 * bits, |index| {
        let of = |vector| signed(lane(vector, first + index, bits), bits);
        let (product, other) = saturate(2 * of(it.n) * of(it.m), 2 * bits, true);
        let (product, old) = (signed(product, 2 * bits), signed(lane(old, index, 2 * bits), 2 * bits));
        let wide = if field(it.word, 13, 1) == 1 { old - product } else { old + product };
        let (value, another) = saturate(wide, 2 * bits, true);
        saturated |= other | another;
        value
    });
    it.set(emulator, value);
    note_saturation(emulator, saturated);
    Ok(())
}

fn rotate_word(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let value = emulator.vector_register(field(word, 5, 5)) as u32;
    emulator.set_vector_register(field(word, 0, 5), value.rotate_left(30).into());
    Ok(())
}

/// Signed lanes plus unsigned ones.
fn add_unsigned(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let it = Vectors::new(emulator, op);
    let old = emulator.vector_register(field(it.word, 0, 5));
    let mut saturated = false;
    let value = vector(it.count, it.bits, |index| {
        let wide = signed(lane(old, index, it.bits), it.bits) + lane(it.n, index, it.bits) as i128;
        let (value, other) = saturate(wide, it.bits, true);
        saturated |= other;
        value
    });
    it.set(emulator, value);
    note_saturation(emulator, saturated);
    Ok(())
}

fn rounded_half(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let it = Vectors::new(emulator, op);
    let of = |vector, index| number(lane(vector, index, it.bits), it.bits, it.is_signed);
    let value = vector(it.count, it.bits, |index| ((of(it.n, index) + of(it.m, index) + 1) >> 1) as u128);
    it.set(emulator, value);
    Ok(())
}

fn sum(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let it = Vectors::new(emulator, op);
    let total: u128 = (0..it.count).map(|index| lane(it.n, index, it.bits)).sum();
    it.set(emulator, total & mask(it.bits));
    Ok(())
}

/// Adds products of four neighbouring bytes.
fn dot(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let it = Vectors::new(emulator, op);
    let old = emulator.vector_register(field(it.word, 0, 5));
    let of = |vector, index| number(lane(vector, index, 8), 8, it.is_signed);
    let value = vector(it.count, 32, |index| {
        let products = (4 * index..4 * index + 4).map(|at| of(it.n, at) * of(it.m, at));
        lane(old, index, 32).wrapping_add(products.sum::<i128>() as u128)
    });
    it.set(emulator, value);
    Ok(())
}

/// The bits of lanes that an immediate tells, and the immediate.
fn immediate(word: u32) -> Result<(u32, u32), Halt> {
    let code = field(word, 16, 7);
    match code {
        0x40.. => Ok((64, code)),
        0x20.. => Ok((32, code)),
        0x10.. => Ok((16, code)),
        0x08.. => Ok((8, code)),
        _ => Err(Halt::Invalid),
    }
}

fn shift_right(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let it = Vectors::new(emulator, op);
    let (bits, code) = immediate(it.word)?;
    let amount = (2 * bits - code) as i32;
    let whole = if field(it.word, 30, 1) == 1 { 128 } else { 64 };
    let count = if field(it.word, 28, 1) == 1 { 1 } else { whole / bits };
    let (rounds, accumulates) = (field(it.word, 13, 1) == 1, field(it.word, 12, 1) == 1);
    let old = emulator.vector_register(field(it.word, 0, 5));
    let value = vector(count, bits, |index| {
        let value = shift(number(lane(it.n, index, bits), bits, it.is_signed), -amount, rounds) as u128;
        if accumulates { lane(old, index, bits).wrapping_add(value) } else { value }
    });
    it.set(emulator, value);
    Ok(())
}

fn narrow(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let it = Vectors::new(emulator, op);
    let (bits, code) = immediate(it.word)?;
    let amount = (2 * bits - code) as i32;
    let is_scalar = field(it.word, 28, 1) == 1;
    let rounds = field(it.word, 11, 1) == 1;
    // The kinds: modulo, signed to unsigned, and of the same signedness.
    let (from, to, saturates) = match (field(it.word, 12, 1) == 1, it.is_signed) {
        (false, true) => (false, false, false),
        (false, false) => (true, false, true),
        (true, is_signed) => (is_signed, is_signed, true),
    };
    let mut saturated = false;
    let count = if is_scalar { 1 } else { 64 / bits };
    let value = vector(count, bits, |index| {
        let wide = shift(number(lane(it.n, index, 2 * bits), 2 * bits, from), -amount, rounds);
        if !saturates {
            return wide as u128;
        }
        let (value, other) = saturate(wide, bits, to);
        saturated |= other;
        value
    });
    let upper = !is_scalar && field(it.word, 30, 1) == 1;
    let old = emulator.vector_register(field(it.word, 0, 5));
    it.set(emulator, if upper { old & mask(64) | value << 64 } else { value });
    note_saturation(emulator, saturated);
    Ok(())
}
