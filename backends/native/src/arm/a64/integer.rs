//! Vectors of integers with three registers (Arm ARM, C4.1.96, "Advanced
//! SIMD three same", "three different", "vector x indexed element" and their
//! scalar forms).

use super::super::{
    Word,
    lanes::{Saturation, carryless, lane, mask, neighbours, number, shift, signed, sums, truth, vector},
    rows,
};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(super) const ROWS: &[Override] = rows![
    // Those with opcodes below 11000.
    0x9f20_8400, 0x0e20_0400 => three_same,
    0x9f20_c400, 0x0e20_8400 => three_same,
    0xdf20_8400, 0x5e20_0400 => three_same,
    0xdf20_c400, 0x5e20_8400 => three_same,
    // sdot, udot; sqrdmlah, sqrdmlsh.
    0x9f20_fc00, 0x0e00_9400 => dot,
    0xbf20_f400, 0x2e00_8400 => rounded_accumulate,
    0xff20_f400, 0x7e00_8400 => rounded_accumulate,
    // Lanes of twice the size.
    0x9f20_0c00, 0x0e20_0000 => three_different,
    0xdf20_0c00, 0x5e20_0000 => three_different,
    // With one lane, but for floating point.
    0x9f00_0400, 0x0f00_0000 => by_element,
    0xdf00_0400, 0x5f00_0000 => by_element,
];

/// The lanes of an instruction.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) bits: u32,
    pub(super) count: u32,
}

impl Word {
    pub(super) const fn size(self) -> u32 {
        self.field(22, 2)
    }

    /// The lanes of an instruction with vectors of integers; vectors have two
    /// at least.
    pub(super) const fn integer_shape(self) -> Result<Shape, Halt> {
        let bits = 8 << self.size();
        if self.is_scalar() {
            return Ok(Shape { bits, count: 1 });
        }
        let count = self.whole() / bits;
        if count < 2 { Err(Halt::Invalid) } else { Ok(Shape { bits, count }) }
    }
}

fn three_same(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (opcode, unsigned, size) = (word.field(11, 5), word.unsigned(), word.size());
    let [n, m, d] = [5, 16, 0].map(|low| emulator.v(word.field(low, 5)));
    if opcode == 3 && !word.is_scalar() {
        emulator.set_v(word.field(0, 5), logical(unsigned, size, [n, m, d]) & mask(word.whole()));
        return Ok(());
    }
    let Shape { bits, count } = word.integer_shape()?;
    let allowed = if word.is_scalar() {
        match opcode {
            1 | 5 | 9 | 11 => true,
            6 | 7 | 8 | 10 | 16 | 17 => size == 3,
            22 => matches!(size, 1 | 2),
            _ => false,
        }
    } else {
        match opcode {
            0 | 2 | 4 | 12..=15 | 18 | 20 | 21 => size != 3,
            19 => {
                if unsigned {
                    size == 0
                } else {
                    size != 3
                }
            }
            22 => matches!(size, 1 | 2),
            23 => !unsigned,
            1 | 5..=11 | 16 | 17 => true,
            _ => false,
        }
    };
    if !allowed {
        return Err(Halt::Invalid);
    }
    if opcode == 16 {
        emulator.set_v(word.field(0, 5), sums(n, m, bits, unsigned) & mask(count * bits));
        return Ok(());
    }
    let is_signed = !unsigned;
    let of = |value| number(value, bits, is_signed);
    let mut saturation = Saturation::default();
    let value = match opcode {
        // smaxp, sminp, addp and their like.
        20 | 21 | 23 => neighbours([n, m], (count, bits), |a, b| match opcode {
            20 => of(a).max(of(b)) as u128,
            21 => of(a).min(of(b)) as u128,
            _ => a.wrapping_add(b),
        }),
        _ => vector(count, bits, |index| {
            let [a, b, d] = [n, m, d].map(|value| lane(value, index, bits));
            let (x, y) = (of(a), of(b));
            // Of the amount of a shift, the lowest byte counts.
            let amount = i32::from(b as u8 as i8);
            match opcode {
                0 => ((x + y) >> 1) as u128,
                1 => saturation.near(x + y, bits, is_signed),
                2 => ((x + y + 1) >> 1) as u128,
                4 => ((x - y) >> 1) as u128,
                5 => saturation.near(x - y, bits, is_signed),
                6 => truth(x > y),
                7 => truth(x >= y),
                8 => shift(x, amount, false) as u128,
                9 => saturation.near(shift(x, amount, false), bits, is_signed),
                10 => shift(x, amount, true) as u128,
                11 => saturation.near(shift(x, amount, true), bits, is_signed),
                12 => x.max(y) as u128,
                13 => x.min(y) as u128,
                14 => x.abs_diff(y),
                15 => d.wrapping_add(x.abs_diff(y)),
                17 if unsigned => truth(a == b),
                17 => truth(a & b != 0),
                18 if unsigned => d.wrapping_sub(a.wrapping_mul(b)),
                18 => d.wrapping_add(a.wrapping_mul(b)),
                19 if unsigned => carryless(a, b, bits),
                19 => a.wrapping_mul(b),
                _ => double_high(&mut saturation, a, b, bits, unsigned),
            }
        }),
    };
    emulator.set_v(word.field(0, 5), value);
    emulator.note_float(saturation.flags());
    Ok(())
}

/// and, bic, orr, orn; eor, bsl, bit, bif.
const fn logical(unsigned: bool, size: u32, [n, m, d]: [u128; 3]) -> u128 {
    match (unsigned, size) {
        (false, 0) => n & m,
        (false, 1) => n & !m,
        (false, 2) => n | m,
        (false, _) => n | !m,
        (true, 0) => n ^ m,
        (true, 1) => d & n | !d & m,
        (true, 2) => d & !m | n & m,
        (true, _) => d & m | n & !m,
    }
}

/// sqdmulh, sqrdmulh: the upper half of twice a product.
fn double_high(saturation: &mut Saturation, a: u128, b: u128, bits: u32, rounds: bool) -> u128 {
    let bias = if rounds { 1i128 << (bits - 1) } else { 0 };
    saturation.near((2 * signed(a, bits) * signed(b, bits) + bias) >> bits, bits, true)
}

/// sqrdmlah, sqrdmlsh: the same with a sum, rounded once.
fn double_sum(saturation: &mut Saturation, [d, a, b]: [u128; 3], bits: u32, subtracts: bool) -> u128 {
    let product = 2 * signed(a, bits) * signed(b, bits);
    let product = if subtracts { -product } else { product };
    let sum = (signed(d, bits) << bits) + product + (1i128 << (bits - 1));
    saturation.near(sum >> bits, bits, true)
}

fn rounded_accumulate(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let Shape { bits, count } = word.integer_shape()?;
    if !matches!(bits, 16 | 32) {
        return Err(Halt::Invalid);
    }
    let [n, m, d] = [5, 16, 0].map(|low| emulator.v(word.field(low, 5)));
    let mut saturation = Saturation::default();
    let value = vector(count, bits, |index| {
        let operands = [d, n, m].map(|value| lane(value, index, bits));
        double_sum(&mut saturation, operands, bits, word.bit(11))
    });
    emulator.set_v(word.field(0, 5), value);
    emulator.note_float(saturation.flags());
    Ok(())
}

/// Adds products of four neighbouring bytes.
fn products(word: Word, [n, m, d]: [u128; 3], factor_at: impl Fn(u32) -> u32) -> u128 {
    let of = |vector, index| number(lane(vector, index, 8), 8, !word.unsigned());
    vector(word.whole() / 32, 32, |index| {
        let sum: i128 = (0..4).map(|at| of(n, 4 * index + at) * of(m, 4 * factor_at(index) + at)).sum();
        lane(d, index, 32).wrapping_add(sum as u128)
    })
}

fn dot(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    if word.size() != 2 {
        return Err(Halt::Invalid);
    }
    let operands = [5, 16, 0].map(|low| emulator.v(word.field(low, 5)));
    emulator.set_v(word.field(0, 5), products(word, operands, |index| index));
    Ok(())
}

fn three_different(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (opcode, unsigned, size) = (word.field(12, 4), word.unsigned(), word.size());
    let doubles = matches!(opcode, 9 | 11 | 13);
    let allowed = match opcode {
        14 => !unsigned && matches!(size, 0 | 3),
        9 | 11 | 13 => !unsigned && matches!(size, 1 | 2),
        15 => false,
        _ => size != 3,
    };
    if !allowed || word.is_scalar() && !doubles {
        return Err(Halt::Invalid);
    }
    let bits = 8 << size;
    let [n, m, d] = [5, 16, 0].map(|low| emulator.v(word.field(low, 5)));
    let upper = word.bit(30) && !word.is_scalar();
    if matches!(opcode, 4 | 6) {
        // The upper halves of sums or differences, rounded or not.
        let value = vector(64 / bits, bits, |index| {
            let (a, b) = (lane(n, index, 2 * bits), lane(m, index, 2 * bits));
            let result = if opcode == 4 { a.wrapping_add(b) } else { a.wrapping_sub(b) };
            let bias = if unsigned { 1 << (bits - 1) } else { 0 };
            result.wrapping_add(bias) >> bits
        });
        emulator.set_v(word.field(0, 5), if upper { d & mask(64) | value << 64 } else { value });
        return Ok(());
    }
    let half = |value: u128| if upper { value >> 64 } else { value };
    let is_wide = matches!(opcode, 1 | 3);
    let (n, m) = (if is_wide { n } else { half(n) }, half(m));
    if bits == 64 {
        emulator.set_v(word.field(0, 5), carryless(n & mask(64), m & mask(64), 64));
        return Ok(());
    }
    long(emulator, word, (opcode, bits), n, |index| lane(m, index, bits));
    Ok(())
}

/// Lanes of twice the size from lanes, by the opcodes of three different
/// registers.
fn long(
    emulator: &mut NativeEmulator,
    word: Word,
    (opcode, bits): (u32, u32),
    n: u128,
    m: impl Fn(u32) -> u128,
) {
    let is_signed = !word.unsigned();
    let d = emulator.v(word.field(0, 5));
    let mut saturation = Saturation::default();
    let count = if word.is_scalar() { 1 } else { 64 / bits };
    let value = vector(count, 2 * bits, |index| {
        let a = lane(n, index, bits);
        let x = if matches!(opcode, 1 | 3) {
            lane(n, index, 2 * bits) as i128
        } else {
            number(a, bits, is_signed)
        };
        let (b, old) = (m(index), lane(d, index, 2 * bits));
        let y = number(b, bits, is_signed);
        let mut double = || {
            let product = saturation.near(2 * signed(a, bits) * signed(b, bits), 2 * bits, true);
            signed(product, 2 * bits)
        };
        match opcode {
            0 | 1 => (x + y) as u128,
            2 | 3 => (x - y) as u128,
            5 => old.wrapping_add(x.abs_diff(y)),
            7 => x.abs_diff(y),
            8 => old.wrapping_add((x * y) as u128),
            10 => old.wrapping_sub((x * y) as u128),
            9 => {
                let sum = signed(old, 2 * bits) + double();
                saturation.near(sum, 2 * bits, true)
            }
            11 => {
                let difference = signed(old, 2 * bits) - double();
                saturation.near(difference, 2 * bits, true)
            }
            13 => double() as u128,
            14 => carryless(a, b, bits),
            _ => (x * y) as u128,
        }
    });
    emulator.set_v(word.field(0, 5), value);
    emulator.note_float(saturation.flags());
}

fn by_element(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (opcode, unsigned, size) = (word.field(12, 4), word.unsigned(), word.size());
    let [n, d] = [5, 0].map(|low| emulator.v(word.field(low, 5)));
    if opcode == 14 && !word.is_scalar() {
        // sdot, udot: four bytes of one register.
        if size != 2 {
            return Err(Halt::Invalid);
        }
        let at = word.field(11, 1) << 1 | word.field(21, 1);
        let m = emulator.v(word.field(16, 5));
        emulator.set_v(word.field(0, 5), products(word, [n, m, d], |_| at));
        return Ok(());
    }
    let (high, middle, low) = (word.field(11, 1), word.field(21, 1), word.field(20, 1));
    let (bits, register, index) = match size {
        1 => (16, word.field(16, 4), high << 2 | middle << 1 | low),
        2 => (32, word.field(16, 5), high << 1 | middle),
        _ => return Err(Halt::Invalid),
    };
    let m = lane(emulator.v(register), index, bits);
    // The opcodes of three different registers.
    let long_opcode = match (opcode, unsigned) {
        (2, _) => Some(8),
        (6, _) => Some(10),
        (10, _) => Some(12),
        (3, false) => Some(9),
        (7, false) => Some(11),
        (11, false) => Some(13),
        _ => None,
    };
    let doubles = matches!(opcode, 3 | 7 | 11 | 12 | 13 | 15);
    if word.is_scalar() && !doubles {
        return Err(Halt::Invalid);
    }
    if let Some(opcode) = long_opcode {
        let n = if word.bit(30) && !word.is_scalar() { n >> 64 } else { n };
        long(emulator, word, (opcode, bits), n, |_| m);
        return Ok(());
    }
    let count = if word.is_scalar() { 1 } else { word.whole() / bits };
    let mut saturation = Saturation::default();
    let mut known = true;
    let value = vector(count, bits, |index| {
        let [a, d] = [n, d].map(|value| lane(value, index, bits));
        match (opcode, unsigned) {
            (0, true) => d.wrapping_add(a.wrapping_mul(m)),
            (4, true) => d.wrapping_sub(a.wrapping_mul(m)),
            (8, false) => a.wrapping_mul(m),
            (12 | 13, false) => double_high(&mut saturation, a, m, bits, opcode == 13),
            (13 | 15, true) => double_sum(&mut saturation, [d, a, m], bits, opcode == 15),
            _ => {
                known = false;
                0
            }
        }
    });
    if !known {
        return Err(Halt::Invalid);
    }
    emulator.set_v(word.field(0, 5), value);
    emulator.note_float(saturation.flags());
    Ok(())
}
