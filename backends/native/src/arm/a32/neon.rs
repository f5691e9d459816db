//! Advanced SIMD with three registers (Arm ARM ARMv7-A, A7.4.1, A7.4.2, A7.4.3).
//! Floating point flushes denormals, rounds to nearest and gives default NaNs,
//! whatever the control register says.

use std::cmp::Ordering::{Equal, Greater};

use super::super::{
    Word,
    float::{Env, Format, SINGLE},
    lanes::{Saturation, carryless, lane, neighbours, number, shift, signed, sums, truth, vector},
    rows,
};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(in crate::arm) const ROWS: &[Override] = rows![
    0xfe80_0000, 0xf200_0000 => three_same,
    0xfea0_0050, 0xf280_0000 => three_different,
    0xfeb0_0050, 0xf2a0_0000 => three_different,
    0xfea0_0050, 0xf280_0040 => with_scalar,
    0xfeb0_0050, 0xf2a0_0040 => with_scalar,
];

impl Word {
    pub(super) const fn is_unsigned(self) -> bool {
        self.bit(24)
    }

    pub(in crate::arm) const fn quad(self) -> bool {
        self.bit(6)
    }

    pub(in crate::arm) const fn d(self) -> u32 {
        self.field(22, 1) << 4 | self.field(12, 4)
    }

    pub(in crate::arm) const fn n(self) -> u32 {
        self.field(7, 1) << 4 | self.field(16, 4)
    }

    pub(in crate::arm) const fn m(self) -> u32 {
        self.field(5, 1) << 4 | self.field(0, 4)
    }
}

/// Fails for an odd register where there must be a pair.
pub(in crate::arm) const fn even(quad: bool, registers: &[u32]) -> Result<(), Halt> {
    let mut index = 0;
    while index < registers.len() {
        if quad && registers[index] & 1 == 1 {
            return Err(Halt::Invalid);
        }
        index += 1;
    }
    Ok(())
}

impl NativeEmulator {
    /// A double or quad register.
    pub(in crate::arm) fn simd(&self, number: u32, quad: bool) -> u128 {
        let low = u128::from(self.d(number));
        if quad { low | u128::from(self.d(number + 1)) << 64 } else { low }
    }

    pub(in crate::arm) fn set_simd(&mut self, number: u32, quad: bool, value: u128) {
        self.set_d(number, value as u64);
        if quad {
            self.set_d(number + 1, (value >> 64) as u64);
        }
    }
}

fn three_same(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (quad, unsigned, size) = (word.quad(), word.is_unsigned(), word.field(20, 2));
    let (opcode, second) = (word.field(8, 4), word.bit(4));
    even(quad, &[word.n(), word.m(), word.d()])?;
    match (opcode, second) {
        (1, true) => {
            let [n, m, d] = [word.n(), word.m(), word.d()].map(|it| emulator.simd(it, quad));
            let value = match (unsigned, size) {
                (false, 0) => n & m,
                (false, 1) => n & !m,
                (false, 2) => n | m,
                (false, _) => n | !m,
                (true, 0) => n ^ m,
                (true, 1) => d & n | !d & m,
                (true, 2) => d & !m | n & m,
                (true, _) => d & m | n & !m,
            };
            emulator.set_simd(word.d(), quad, value);
            Ok(())
        }
        (12, false) => Err(Halt::Invalid),
        (12, true) if unsigned => same_integers(emulator, word),
        (0..=11, _) => same_integers(emulator, word),
        _ => same_floats(emulator, word),
    }
}

fn same_integers(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (quad, unsigned, size) = (word.quad(), word.is_unsigned(), word.field(20, 2));
    let (opcode, second) = (word.field(8, 4), word.bit(4));
    let allowed = match (opcode, second) {
        (0 | 2, true) | (4 | 5, _) | (8, false) => true,
        (9, true) if unsigned => size == 0,
        (10, _) => !quad && size != 3,
        (11, true) if !unsigned => !quad && size != 3,
        (11 | 12, _) => matches!(size, 1 | 2),
        _ => size != 3,
    };
    if !allowed {
        return Err(Halt::Invalid);
    }
    let bits = 8 << size;
    let count = if quad { 128 } else { 64 } / bits;
    let [n, m, d] = [word.n(), word.m(), word.d()].map(|it| emulator.simd(it, quad));
    if (opcode, second) == (8, false) {
        emulator.set_simd(word.d(), quad, sums(n, m, bits, unsigned));
        return Ok(());
    }
    let is_signed = !unsigned;
    let of = |value| number(value, bits, is_signed);
    let mut saturation = Saturation::default();
    let value = if opcode == 10 || (opcode, second, unsigned) == (11, true, false) {
        neighbours([n, m], (count, bits), |a, b| match (opcode, second) {
            (10, false) => of(a).max(of(b)) as u128,
            (10, true) => of(a).min(of(b)) as u128,
            _ => a.wrapping_add(b),
        })
    } else {
        vector(count, bits, |index| {
            let [a, b, d] = [n, m, d].map(|value| lane(value, index, bits));
            let (x, y) = (of(a), of(b));
            // The first operand is the amount: of a lane, the lowest byte.
            let amount = i32::from(a as u8 as i8);
            match (opcode, second) {
                (0, false) => ((x + y) >> 1) as u128,
                (0, true) => saturation.near(x + y, bits, is_signed),
                (1, _) => ((x + y + 1) >> 1) as u128,
                (2, false) => ((x - y) >> 1) as u128,
                (2, true) => saturation.near(x - y, bits, is_signed),
                (3, false) => truth(x > y),
                (3, true) => truth(x >= y),
                (4, false) => shift(y, amount, false) as u128,
                (4, true) => saturation.near(shift(y, amount, false), bits, is_signed),
                (5, false) => shift(y, amount, true) as u128,
                (5, true) => saturation.near(shift(y, amount, true), bits, is_signed),
                (6, false) => x.max(y) as u128,
                (6, true) => x.min(y) as u128,
                (7, false) => x.abs_diff(y),
                (7, true) => d.wrapping_add(x.abs_diff(y)),
                (8, true) if unsigned => truth(a == b),
                (8, true) => truth(a & b != 0),
                (9, false) if unsigned => d.wrapping_sub(a.wrapping_mul(b)),
                (9, false) => d.wrapping_add(a.wrapping_mul(b)),
                (9, true) if unsigned => carryless(a, b, bits),
                (9, true) => a.wrapping_mul(b),
                (11, false) => double_high(&mut saturation, a, b, bits, unsigned),
                // vqrdmlah, vqrdmlsh.
                _ => double_sum(&mut saturation, [d, a, b], bits, opcode == 12),
            }
        })
    };
    emulator.set_simd(word.d(), quad, value);
    emulator.note_float(saturation.flags());
    Ok(())
}

/// The upper half of twice a product.
fn double_high(saturation: &mut Saturation, a: u128, b: u128, bits: u32, rounds: bool) -> u128 {
    let bias = if rounds { 1i128 << (bits - 1) } else { 0 };
    saturation.near((2 * signed(a, bits) * signed(b, bits) + bias) >> bits, bits, true)
}

/// The same with a sum, rounded once.
fn double_sum(saturation: &mut Saturation, [d, a, b]: [u128; 3], bits: u32, subtracts: bool) -> u128 {
    let product = 2 * signed(a, bits) * signed(b, bits);
    let product = if subtracts { -product } else { product };
    let sum = (signed(d, bits) << bits) + product + (1i128 << (bits - 1));
    saturation.near(sum >> bits, bits, true)
}

pub(super) fn compared(env: &mut Env, a: u64, b: u64, or_equal: bool) -> u64 {
    let order = env.compare(SINGLE, a, b, true);
    truth(order == Some(Greater) || or_equal && order == Some(Equal)) as u64
}

/// A product and a sum, both rounded.
fn chained(env: &mut Env, format: Format, [d, a, b]: [u64; 3], subtracts: bool) -> u64 {
    let product = env.mul(format, a, b);
    let product = if subtracts { format.negate(product) } else { product };
    env.add(format, d, product)
}

fn same_floats(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (quad, unsigned, upper) = (word.quad(), word.is_unsigned(), word.bit(21));
    let (opcode, second) = (word.field(8, 4), word.bit(4));
    // Singles only.
    if word.bit(20) {
        return Err(Halt::Invalid);
    }
    let [n, m, d] = [word.n(), word.m(), word.d()].map(|it| emulator.simd(it, quad));
    let count = if quad { 4 } else { 2 };
    let mut env = emulator.standard_env();
    let format = SINGLE;
    let is_pairwise = unsigned && !second && (opcode == 15 || opcode == 13 && !upper);
    if is_pairwise && quad {
        return Err(Halt::Invalid);
    }
    let mut known = true;
    let value = if is_pairwise {
        neighbours([n, m], (count, 32), |a, b| {
            let (a, b) = (a as u64, b as u64);
            if opcode == 13 { env.add(format, a, b) } else { env.extreme(format, a, b, !upper) }.into()
        })
    } else {
        vector(count, 32, |index| {
            let [a, b, d] = [n, m, d].map(|value| lane(value, index, 32) as u64);
            let (p, q) = (format.absolute(a), format.absolute(b));
            u128::from(match (opcode, second, unsigned, upper) {
                (12, true, false, false) => env.fused(format, d, a, b),
                (12, true, false, true) => env.fused(format, d, format.negate(a), b),
                (13, false, false, false) => env.add(format, a, b),
                (13, false, false, true) => env.sub(format, a, b),
                (13, false, true, true) => format.absolute(env.sub(format, a, b)),
                (13, true, false, subtracts) => chained(&mut env, format, [d, a, b], subtracts),
                (13, true, true, false) => env.mul(format, a, b),
                (14, false, false, false) => truth(env.compare(format, a, b, false) == Some(Equal)) as u64,
                (14, false, true, _) => compared(&mut env, a, b, !upper),
                (14, true, true, _) => compared(&mut env, p, q, !upper),
                (15, false, false, _) => env.extreme(format, a, b, !upper),
                (15, true, false, root) => env.step_rounded(format, a, b, root),
                (15, true, true, _) => env.extreme_number(format, a, b, !upper),
                _ => {
                    known = false;
                    0
                }
            })
        })
    };
    if !known {
        return Err(Halt::Invalid);
    }
    emulator.set_simd(word.d(), quad, value);
    emulator.note_float(env.flags);
    Ok(())
}

fn three_different(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (opcode, unsigned, size) = (word.field(8, 4), word.is_unsigned(), word.field(20, 2));
    let (narrows, is_wide) = (matches!(opcode, 4 | 6), matches!(opcode, 1 | 3));
    even(!narrows, &[word.d()])?;
    even(narrows || is_wide, &[word.n()])?;
    even(narrows, &[word.m()])?;
    let allowed = match opcode {
        9 | 11 | 13 => !unsigned && size != 0,
        14 => !unsigned && size != 1,
        15 => false,
        _ => true,
    };
    if !allowed {
        return Err(Halt::Invalid);
    }
    let bits = 8 << size;
    let n = emulator.simd(word.n(), narrows || is_wide);
    let m = emulator.simd(word.m(), narrows);
    if narrows {
        // The upper halves of sums or differences.
        let value = vector(64 / bits, bits, |index| {
            let (a, b) = (lane(n, index, 2 * bits), lane(m, index, 2 * bits));
            let result = if opcode == 4 { a.wrapping_add(b) } else { a.wrapping_sub(b) };
            let bias = if unsigned { 1 << (bits - 1) } else { 0 };
            result.wrapping_add(bias) >> bits
        });
        emulator.set_simd(word.d(), false, value);
        return Ok(());
    }
    if opcode == 14 && size == 2 {
        emulator.set_simd(word.d(), true, carryless(n, m, 64));
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
    let is_signed = !word.is_unsigned();
    let d = emulator.simd(word.d(), true);
    let mut saturation = Saturation::default();
    let value = vector(64 / bits, 2 * bits, |index| {
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
            9 | 11 => {
                let product = double();
                let old = signed(old, 2 * bits);
                saturation.near(if opcode == 9 { old + product } else { old - product }, 2 * bits, true)
            }
            13 => double() as u128,
            14 => carryless(a, b, bits),
            _ => (x * y) as u128,
        }
    });
    emulator.set_simd(word.d(), true, value);
    emulator.note_float(saturation.flags());
}

fn with_scalar(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (opcode, size, m) = (word.field(8, 4), word.field(20, 2), word.m());
    let bits = 8 << size;
    let scalar = match size {
        1 => lane(emulator.d(m & 7).into(), m >> 3, 16),
        2 => lane(emulator.d(m & 15).into(), m >> 4, 32),
        _ => return Err(Halt::Invalid),
    };
    // Those of twice the length, as with three registers.
    let long_opcode = match (opcode, word.is_unsigned()) {
        (2, _) => Some(8),
        (6, _) => Some(10),
        (10, _) => Some(12),
        (3, false) => Some(9),
        (7, false) => Some(11),
        (11, false) => Some(13),
        (3 | 7 | 11, true) => return Err(Halt::Invalid),
        _ => None,
    };
    if let Some(opcode) = long_opcode {
        even(true, &[word.d()])?;
        long(emulator, word, (opcode, bits), emulator.d(word.n()).into(), |_| scalar);
        return Ok(());
    }
    // The bit that tells signs elsewhere tells the size of registers here.
    let quad = word.is_unsigned();
    even(quad, &[word.n(), word.d()])?;
    let is_float = matches!(opcode, 1 | 5 | 9);
    if is_float && size != 2 {
        return Err(Halt::Invalid);
    }
    let [n, d] = [word.n(), word.d()].map(|it| emulator.simd(it, quad));
    let mut saturation = Saturation::default();
    let mut env = emulator.standard_env();
    let value = vector(if quad { 128 } else { 64 } / bits, bits, |index| {
        let [a, d] = [n, d].map(|value| lane(value, index, bits));
        let floats = [d as u64, a as u64, scalar as u64];
        match opcode {
            0 => d.wrapping_add(a.wrapping_mul(scalar)),
            4 => d.wrapping_sub(a.wrapping_mul(scalar)),
            8 => a.wrapping_mul(scalar),
            1 | 5 => chained(&mut env, SINGLE, floats, opcode == 5).into(),
            9 => env.mul(SINGLE, a as u64, scalar as u64).into(),
            12 | 13 => double_high(&mut saturation, a, scalar, bits, opcode == 13),
            _ => double_sum(&mut saturation, [d, a, scalar], bits, opcode == 15),
        }
    });
    emulator.set_simd(word.d(), quad, value);
    emulator.note_float(saturation.flags() | env.flags);
    Ok(())
}
