//! Advanced SIMD with two registers, shifts and other immediates, tables (Arm
//! ARM ARMv7-A, A7.4.4 to A7.4.6).

use std::cmp::Ordering::Equal;

use super::{
    super::{
        Word,
        float::{HALF, Mode, SINGLE, fixed_inverse, fixed_inverse_root},
        lanes::{
            Saturation, inserted, lane, leading_signs, mask, number, reversed, shift, signed, truth, vector,
        },
        rows,
    },
    neon::{compared, even},
};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(in crate::arm) const ROWS: &[Override] = rows![
    0xfeb8_0090, 0xf280_0010 => immediate,
    0xfe80_0010, 0xf280_0010 => shift_immediate,
    0xffb0_0010, 0xf2b0_0000 => extract,
    0xffb0_0810, 0xf3b0_0000 => two_registers,
    0xffb0_0c10, 0xf3b0_0800 => table_lookup,
    0xffb0_0f90, 0xf3b0_0c00 => duplicate,
];

fn two_registers(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (group, opcode, size) = (word.field(16, 2), word.field(7, 4), word.field(18, 2));
    let is_float = group == 1 && opcode >= 8 || group == 3;
    match (group, opcode) {
        (2, 0..=3) => exchange(emulator, word),
        (2, 4 | 5) => narrow(emulator, word),
        (2, 6) if !word.quad() => {
            let bits = 8 << size;
            even(true, &[word.d()])?;
            if bits == 64 {
                return Err(Halt::Invalid);
            }
            let m = emulator.simd(word.m(), false);
            let value = vector(64 / bits, 2 * bits, |index| lane(m, index, bits) << bits);
            emulator.set_simd(word.d(), true, value);
            Ok(())
        }
        (2, 12 | 14) if !word.quad() && size == 1 => with_half(emulator, word),
        (2, 8..=15) | (1 | 3, _) if is_float || group == 2 => floats(emulator, word),
        (0 | 1, _) => integers(emulator, word),
        _ => Err(Halt::Invalid),
    }
}

fn integers(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (group, opcode, size, quad) = (word.field(16, 2), word.field(7, 4), word.field(18, 2), word.quad());
    even(quad, &[word.m(), word.d()])?;
    let allowed = match (group, opcode) {
        (0, 0..=2) => size + opcode < 3,
        (0, 10 | 11) => size == 0,
        (0, 4 | 5 | 8 | 9 | 12..=15) | (1, 0..=4 | 6 | 7) => size != 3,
        _ => false,
    };
    if !allowed {
        return Err(Halt::Invalid);
    }
    let (bits, whole) = (8 << size, if quad { 128 } else { 64 });
    let count = whole / bits;
    let [m, d] = [word.m(), word.d()].map(|it| emulator.simd(it, quad));
    let mut saturation = Saturation::default();
    let value = match (group, opcode) {
        (0, 0..=2) => reversed(m, 64 >> opcode, (count, bits)),
        (0, 4 | 5 | 12 | 13) => vector(count / 2, 2 * bits, |index| {
            let of = |index| number(lane(m, index, bits), bits, opcode & 1 == 0);
            let sum = (of(2 * index) + of(2 * index + 1)) as u128;
            if opcode >= 12 { lane(d, index, 2 * bits).wrapping_add(sum) } else { sum }
        }),
        _ => vector(count, bits, |index| {
            let a = lane(m, index, bits);
            let x = signed(a, bits);
            match (group, opcode) {
                (0, 8) => leading_signs(a, bits),
                (0, 9) => (a.leading_zeros() - (128 - bits)).into(),
                (0, 10) => a.count_ones().into(),
                (0, 11) => !a,
                (0, 14) => saturation.near(x.abs(), bits, true),
                (0, _) => saturation.near(-x, bits, true),
                (_, 0) => truth(x > 0),
                (_, 1) => truth(x >= 0),
                (_, 2) => truth(x == 0),
                (_, 3) => truth(x <= 0),
                (_, 4) => truth(x < 0),
                (_, 6) => x.unsigned_abs(),
                _ => a.wrapping_neg(),
            }
        }),
    };
    emulator.set_simd(word.d(), quad, value);
    emulator.note_float(saturation.flags());
    Ok(())
}

fn floats(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (group, opcode, quad) = (word.field(16, 2), word.field(7, 4), word.quad());
    even(quad, &[word.m(), word.d()])?;
    if word.field(18, 2) != 2 {
        return Err(Halt::Invalid);
    }
    let m = emulator.simd(word.m(), quad);
    let mut env = emulator.standard_env();
    let format = SINGLE;
    let directed = |bits| match bits & 3 {
        0 => Mode::Away,
        1 => Mode::Nearest,
        2 => Mode::Up,
        _ => Mode::Down,
    };
    let mut known = true;
    let value = vector(if quad { 4 } else { 2 }, 32, |index| {
        let bits = lane(m, index, 32);
        let a = bits as u64;
        u128::from(match (group, opcode) {
            (1, 8) => compared(&mut env, a, 0, false),
            (1, 9) => compared(&mut env, a, 0, true),
            (1, 10) => truth(env.compare(format, a, 0, false) == Some(Equal)) as u64,
            (1, 11) => compared(&mut env, 0, a, true),
            (1, 12) => compared(&mut env, 0, a, false),
            (1, 14) => format.absolute(a),
            (1, 15) => format.negate(a),
            (2, 8) => env.integral_of(format, a, Mode::Nearest, false),
            (2, 9) => env.integral_of(format, a, Mode::Nearest, true),
            (2, 10) => env.integral_of(format, a, Mode::Away, false),
            (2, 11) => env.integral_of(format, a, Mode::Zero, false),
            (2, 13) => env.integral_of(format, a, Mode::Down, false),
            (2, 15) => env.integral_of(format, a, Mode::Up, false),
            (3, 0..=7) => env.fixed_of(format, a, 0, (32, opcode & 1 == 0), directed(opcode >> 1)),
            (3, 8) => fixed_inverse(a as u32).into(),
            (3, 9) => fixed_inverse_root(a as u32).into(),
            (3, 10) => env.inverse_estimate(format, a),
            (3, 11) => env.inverse_root_estimate(format, a),
            (3, 12) => env.of_fixed(format, signed(bits, 32), 0),
            (3, 13) => env.of_fixed(format, bits as i128, 0),
            (3, 14 | 15) => env.fixed_of(format, a, 0, (32, opcode & 1 == 0), Mode::Zero),
            _ => {
                known = false;
                0
            }
        })
    });
    if !known {
        return Err(Halt::Invalid);
    }
    emulator.set_simd(word.d(), quad, value);
    emulator.note_float(env.flags);
    Ok(())
}

/// vcvt between half and single precision.
fn with_half(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let mut env = emulator.standard_env();
    if word.bit(8) {
        even(true, &[word.d()])?;
        let m = emulator.simd(word.m(), false);
        let value = vector(4, 32, |index| env.convert(HALF, SINGLE, lane(m, index, 16) as u64).into());
        emulator.set_simd(word.d(), true, value);
    } else {
        even(true, &[word.m()])?;
        let m = emulator.simd(word.m(), true);
        let value = vector(4, 16, |index| env.convert(SINGLE, HALF, lane(m, index, 32) as u64).into());
        emulator.set_simd(word.d(), false, value);
    }
    emulator.note_float(env.flags);
    Ok(())
}

/// vmovn, vqmovun, vqmovn.
fn narrow(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (bits, quad) = (8 << word.field(18, 2), word.quad());
    even(true, &[word.m()])?;
    if bits == 64 {
        return Err(Halt::Invalid);
    }
    let kind = match (word.field(7, 4), quad) {
        (4, false) => None,
        (4, true) => Some((true, false)),
        (_, false) => Some((true, true)),
        (_, true) => Some((false, false)),
    };
    narrowed(emulator, word, bits, (0, false), kind);
    Ok(())
}

/// To lanes of half the size, shifted right and rounded or not; `kind` tells
/// of saturation whether operands and results are signed.
fn narrowed(
    emulator: &mut NativeEmulator,
    word: Word,
    bits: u32,
    (amount, rounds): (i32, bool),
    kind: Option<(bool, bool)>,
) {
    let m = emulator.simd(word.m(), true);
    let mut saturation = Saturation::default();
    let value = vector(64 / bits, bits, |index| {
        let from_signed = kind.is_some_and(|(from, _)| from);
        let wide = shift(number(lane(m, index, 2 * bits), 2 * bits, from_signed), -amount, rounds);
        match kind {
            None => wide as u128,
            Some((_, to_signed)) => saturation.near(wide, bits, to_signed),
        }
    });
    emulator.set_simd(word.d(), false, value);
    emulator.note_float(saturation.flags());
}

/// vswp, vtrn, vuzp, vzip: both registers are written.
fn exchange(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (opcode, size, quad) = (word.field(7, 4), word.field(18, 2), word.quad());
    even(quad, &[word.m(), word.d()])?;
    let allowed = match opcode {
        0 => size == 0,
        1 => size != 3,
        _ => size != 3 && (quad || size != 2),
    };
    if !allowed {
        return Err(Halt::Invalid);
    }
    let [m, d] = [word.m(), word.d()].map(|it| emulator.simd(it, quad));
    let (first, second) = exchanged(d, m, opcode, 8 << size, if quad { 128 } else { 64 });
    // One register with itself is unknown; what is written last stays.
    emulator.set_simd(word.m(), quad, second);
    emulator.set_simd(word.d(), quad, first);
    Ok(())
}

fn exchanged(d: u128, m: u128, opcode: u32, bits: u32, whole: u32) -> (u128, u128) {
    let count = whole / bits;
    let of = |index: u32| if index < count { lane(d, index, bits) } else { lane(m, index - count, bits) };
    let make = |choose: &dyn Fn(u32) -> u32| vector(count, bits, |index| of(choose(index)));
    match opcode {
        0 => (m, d),
        1 => (
            make(&|index| if index % 2 == 0 { index } else { count + index - 1 }),
            make(&|index| if index % 2 == 0 { index + 1 } else { count + index }),
        ),
        2 => (make(&|index| 2 * index), make(&|index| 2 * index + 1)),
        _ => {
            let zipped = |index: u32| index / 2 + if index.is_multiple_of(2) { 0 } else { count };
            (make(&zipped), make(&|index| zipped(index + count)))
        }
    }
}

fn shift_immediate(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (quad, unsigned, opcode) = (word.quad(), word.is_unsigned(), word.field(8, 4));
    // The highest bit that is set tells the size of lanes.
    let code = word.field(7, 1) << 6 | word.field(16, 6);
    let bits = match code {
        0x40.. => 64,
        0x20.. => 32,
        0x10.. => 16,
        0x08.. => 8,
        _ => return Err(Halt::Invalid),
    };
    let (left, right) = ((code & (bits - 1)) as i32, (2 * bits - code) as i32);
    let is_signed = !unsigned;
    match opcode {
        8 | 9 if bits < 64 => {
            even(true, &[word.m()])?;
            let kind = match (opcode, unsigned) {
                (8, false) => None,
                (8, true) => Some((true, false)),
                _ => Some((is_signed, is_signed)),
            };
            narrowed(emulator, word, bits, (right, quad), kind);
            return Ok(());
        }
        10 if bits < 64 && !quad => {
            even(true, &[word.d()])?;
            let m = emulator.simd(word.m(), false);
            let value = vector(64 / bits, 2 * bits, |index| {
                shift(number(lane(m, index, bits), bits, is_signed), left, false) as u128
            });
            emulator.set_simd(word.d(), true, value);
            return Ok(());
        }
        14 | 15 if bits == 32 => return fixed(emulator, word),
        4 | 6 if !unsigned => return Err(Halt::Invalid),
        0..=7 => {}
        _ => return Err(Halt::Invalid),
    }
    even(quad, &[word.m(), word.d()])?;
    let [m, d] = [word.m(), word.d()].map(|it| emulator.simd(it, quad));
    let mut saturation = Saturation::default();
    let value = vector(if quad { 128 } else { 64 } / bits, bits, |index| {
        let [a, old] = [m, d].map(|value| lane(value, index, bits));
        let x = number(a, bits, is_signed);
        match (opcode, unsigned) {
            (0, _) => shift(x, -right, false) as u128,
            (1, _) => old.wrapping_add(shift(x, -right, false) as u128),
            (2, _) => shift(x, -right, true) as u128,
            (3, _) => old.wrapping_add(shift(x, -right, true) as u128),
            (4, _) => inserted(old, a, right as u32, bits, false),
            (5, false) => a << left,
            (5, true) => inserted(old, a, left as u32, bits, true),
            // vqshlu, then vqshl.
            (6, _) => saturation.near(shift(signed(a, bits), left, false), bits, false),
            _ => saturation.near(shift(x, left, false), bits, is_signed),
        }
    });
    emulator.set_simd(word.d(), quad, value);
    emulator.note_float(saturation.flags());
    Ok(())
}

/// vcvt with a binary point.
fn fixed(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (quad, is_signed, fraction) = (word.quad(), !word.is_unsigned(), 64 - word.field(16, 6));
    even(quad, &[word.m(), word.d()])?;
    let m = emulator.simd(word.m(), quad);
    let mut env = emulator.standard_env();
    let value = vector(if quad { 4 } else { 2 }, 32, |index| {
        let a = lane(m, index, 32);
        if word.bit(8) {
            env.fixed_of(SINGLE, a as u64, fraction, (32, is_signed), Mode::Zero).into()
        } else {
            env.of_fixed(SINGLE, number(a, 32, is_signed), fraction).into()
        }
    });
    emulator.set_simd(word.d(), quad, value);
    emulator.note_float(env.flags);
    Ok(())
}

/// vmov, vmvn, vorr, vbic of eight bits (Arm ARM, AdvSIMDExpandImm).
fn immediate(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (kind, inverts, quad) = (word.field(8, 4), word.bit(5), word.quad());
    even(quad, &[word.d()])?;
    if kind == 15 && inverts {
        return Err(Halt::Invalid);
    }
    let bits = word.field(24, 1) << 7 | word.field(16, 3) << 4 | word.field(0, 4);
    let byte = u128::from(bits);
    let (lane, size) = match kind {
        0..=7 => (byte << (8 * (kind >> 1)), 32),
        8..=11 => (byte << (8 * (kind >> 1 & 1)), 16),
        12 => (byte << 8 | 0xff, 32),
        13 => (byte << 16 | 0xffff, 32),
        14 if inverts => (vector(8, 8, |index| truth(bits >> index & 1 != 0)), 64),
        14 => (byte, 8),
        _ => (SINGLE.expanded(bits).into(), 32),
    };
    let value = vector(128 / size, size, |_| lane);
    let old = emulator.simd(word.d(), quad);
    let value = match (kind < 12 && kind & 1 == 1, inverts) {
        (true, false) => old | value,
        (true, true) => old & !value,
        (false, true) if kind < 14 => !value,
        _ => value,
    };
    emulator.set_simd(word.d(), quad, value);
    Ok(())
}

fn extract(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (quad, skip) = (word.quad(), word.field(8, 4));
    even(quad, &[word.n(), word.m(), word.d()])?;
    let bytes = if quad { 16 } else { 8 };
    if skip >= bytes {
        return Err(Halt::Invalid);
    }
    let [n, m] = [word.n(), word.m()].map(|it| emulator.simd(it, quad));
    let value = vector(bytes, 8, |index| {
        let at = index + skip;
        if at < bytes { lane(n, at, 8) } else { lane(m, at - bytes, 8) }
    });
    emulator.set_simd(word.d(), quad, value);
    Ok(())
}

/// vdup of a scalar.
fn duplicate(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    even(word.quad(), &[word.d()])?;
    let code = word.field(16, 4);
    let bits = match code.trailing_zeros() {
        0 => 8,
        1 => 16,
        2 => 32,
        _ => return Err(Halt::Invalid),
    };
    let scalar = lane(emulator.d(word.m()).into(), code * 8 / bits / 2, bits);
    emulator.set_simd(word.d(), word.quad(), vector(128 / bits, bits, |_| scalar));
    Ok(())
}

/// The table is one to four registers; the indices are in the last.
fn table_lookup(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (count, keeps) = (word.field(8, 2) + 1, word.quad());
    if word.n() + count > 32 {
        return Err(Halt::Invalid);
    }
    let table: Vec<u8> = (0..count).flat_map(|index| emulator.d(word.n() + index).to_le_bytes()).collect();
    let [indices, old] = [word.m(), word.d()].map(|it| emulator.simd(it, false));
    let value = vector(8, 8, |index| match table.get(lane(indices, index, 8) as usize) {
        Some(byte) => u128::from(*byte),
        None if keeps => lane(old, index, 8),
        None => 0,
    });
    emulator.set_simd(word.d(), false, value & mask(64));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::exchanged;

    #[test]
    fn pairs_of_registers_are_exchanged() {
        let (d, m) = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        assert_eq!(exchanged(d, m, 1, 8, 64), (0x0e06_0c04_0a02_0800, 0x0f07_0d05_0b03_0901));
        assert_eq!(exchanged(d, m, 2, 8, 64), (0x0e0c_0a08_0604_0200, 0x0f0d_0b09_0705_0301));
        assert_eq!(exchanged(d, m, 3, 8, 64), (0x0b03_0a02_0901_0800, 0x0f07_0e06_0d05_0c04));
    }
}
