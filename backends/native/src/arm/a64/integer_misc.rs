//! Vectors of integers with two registers, across vectors, and shifts by an
//! immediate (Arm ARM, C4.1.96, "Advanced SIMD two-register miscellaneous",
//! "across lanes", "shift by immediate", "extract" and their scalar forms).

use super::{
    super::{
        Word,
        float::{DOUBLE, HALF, SINGLE},
        lanes::{
            Saturation, inserted, lane, leading_signs, mask, number, reversed, shift, signed, truth, vector,
        },
        rows,
    },
    integer::Shape,
};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

/// Rows that others would fit, too.
pub(super) const IMMEDIATES: &[Override] = rows![0x9ff8_0400, 0x0f00_0400 => immediate];

pub(super) const ROWS: &[Override] = rows![
    0x9f3e_0c00, 0x0e20_0800 => two_registers,
    0xdf3e_0c00, 0x5e20_0800 => two_registers,
    0x9f3e_0c00, 0x0e30_0800 => across,
    // addp of the two halves of a vector.
    0xffff_fc00, 0x5ef1_b800 => add_pair,
    // The size of lanes is told by the highest bit that is set.
    0x9f80_0400, 0x0f00_0400 => shift_immediate,
    0xdf80_0400, 0x5f00_0400 => shift_immediate,
    0xbfe0_8400, 0x2e00_0000 => extract,
];

fn two_registers(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (opcode, unsigned, size) = (word.field(12, 5), word.unsigned(), word.size());
    let allowed = if word.is_scalar() {
        match opcode {
            3 | 7 | 20 => opcode != 20 || size != 3,
            8 | 9 | 11 => size == 3,
            10 => !unsigned && size == 3,
            18 => unsigned && size != 3,
            _ => false,
        }
    } else {
        match (opcode, unsigned) {
            (0, false) | (2 | 4 | 6, _) => size != 3,
            (0, true) => size < 2,
            (1, false) => size == 0,
            (5, false) => size == 0,
            (5, true) => size < 2,
            (3 | 7 | 8 | 9 | 11, _) | (10, false) => true,
            (18 | 20, _) | (19, true) => size != 3,
            _ => false,
        }
    };
    if !allowed {
        return Err(Halt::Invalid);
    }
    match opcode {
        18 | 20 => return narrow(emulator, word),
        19 => {
            // shll: by the size of lanes.
            let bits = 8 << size;
            let source = emulator.v(word.field(5, 5));
            let source = if word.bit(30) { source >> 64 } else { source };
            let value = vector(64 / bits, 2 * bits, |index| lane(source, index, bits) << bits);
            emulator.set_v(word.field(0, 5), value);
            return Ok(());
        }
        _ => {}
    }
    let Shape { bits, count } = if opcode == 5 {
        // Of cnt, not and rbit, lanes are bytes.
        Shape { bits: 8, count: word.whole() / 8 }
    } else {
        word.integer_shape()?
    };
    let [n, d] = [5, 0].map(|low| emulator.v(word.field(low, 5)));
    let is_signed = !unsigned;
    let mut saturation = Saturation::default();
    let value = match opcode {
        0 => reversed(n, if unsigned { 32 } else { 64 }, (count, bits)),
        1 => reversed(n, 16, (count, bits)),
        2 | 6 => vector(count / 2, 2 * bits, |index| {
            let of = |index| number(lane(n, index, bits), bits, is_signed);
            let sum = (of(2 * index) + of(2 * index + 1)) as u128;
            if opcode == 6 { lane(d, index, 2 * bits).wrapping_add(sum) } else { sum }
        }),
        _ => vector(count, bits, |index| {
            let [a, d] = [n, d].map(|value| lane(value, index, bits));
            let x = signed(a, bits);
            match (opcode, unsigned) {
                (3, false) => saturation.near(signed(d, bits) + a as i128, bits, true),
                (3, true) => saturation.near(d as i128 + x, bits, false),
                (4, false) => leading_signs(a, bits),
                (4, true) => (a.leading_zeros() - (128 - bits)).into(),
                (5, false) => a.count_ones().into(),
                (5, true) if size == 0 => !a,
                (5, true) => (a as u8).reverse_bits().into(),
                (7, false) => saturation.near(x.abs(), bits, true),
                (7, true) => saturation.near(-x, bits, true),
                (8, false) => truth(x > 0),
                (8, true) => truth(x >= 0),
                (9, false) => truth(x == 0),
                (9, true) => truth(x <= 0),
                (10, _) => truth(x < 0),
                (_, false) => x.unsigned_abs(),
                (_, true) => a.wrapping_neg(),
            }
        }),
    };
    emulator.set_v(word.field(0, 5), value);
    emulator.note_float(saturation.flags());
    Ok(())
}

/// xtn, sqxtun, sqxtn, uqxtn.
fn narrow(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let kind = match (word.field(12, 5), word.unsigned()) {
        (18, false) => None,
        (18, true) => Some((true, false)),
        (_, false) => Some((true, true)),
        (_, true) => Some((false, false)),
    };
    narrowed(emulator, word, 8 << word.size(), 0, kind);
    Ok(())
}

/// To lanes of half the size, shifted right; `kind` tells of saturation
/// whether operands and results are signed. With bit 11, shifts by immediates
/// are rounded.
fn narrowed(emulator: &mut NativeEmulator, word: Word, bits: u32, amount: i32, kind: Option<(bool, bool)>) {
    let [n, d] = [5, 0].map(|low| emulator.v(word.field(low, 5)));
    let rounds = amount > 0 && word.bit(11);
    let mut saturation = Saturation::default();
    let count = if word.is_scalar() { 1 } else { 64 / bits };
    let value = vector(count, bits, |index| {
        let value = lane(n, index, 2 * bits);
        let from_signed = kind.is_some_and(|(from, _)| from);
        let wide = shift(number(value, 2 * bits, from_signed), -amount, rounds);
        match kind {
            None => wide as u128,
            Some((_, to_signed)) => saturation.near(wide, bits, to_signed),
        }
    });
    let upper = !word.is_scalar() && word.bit(30);
    emulator.set_v(word.field(0, 5), if upper { d & mask(64) | value << 64 } else { value });
    emulator.note_float(saturation.flags());
}

fn across(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (opcode, unsigned) = (word.field(12, 5), word.unsigned());
    let Shape { bits, count } = word.integer_shape()?;
    if bits == 64 || bits == 32 && count == 2 {
        return Err(Halt::Invalid);
    }
    let n = emulator.v(word.field(5, 5));
    let all = (0..count).map(|index| number(lane(n, index, bits), bits, !unsigned));
    let (value, bits) = match opcode {
        3 => (Some(all.sum()), 2 * bits),
        10 => (all.max(), bits),
        26 => (all.min(), bits),
        27 if !unsigned => (Some(all.sum()), bits),
        _ => return Err(Halt::Invalid),
    };
    emulator.set_v(word.field(0, 5), value.unwrap_or(0) as u128 & mask(bits));
    Ok(())
}

fn add_pair(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let n = emulator.v(word.field(5, 5));
    emulator.set_v(word.field(0, 5), (n as u64).wrapping_add((n >> 64) as u64).into());
    Ok(())
}

/// movi, mvni, orr, bic, fmov of eight bits (Arm ARM, AdvSIMDExpandImm).
fn immediate(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (kind, inverts, half) = (word.field(12, 4), word.bit(29), word.bit(11));
    if half && (kind != 15 || inverts) || kind == 15 && inverts && !word.bit(30) {
        return Err(Halt::Invalid);
    }
    let bits = word.field(16, 3) << 5 | word.field(5, 5);
    let byte = u128::from(bits);
    let (lane, size) = match kind {
        0..=7 => (byte << (8 * (kind >> 1)), 32),
        8..=11 => (byte << (8 * (kind >> 1 & 1)), 16),
        12 => (byte << 8 | 0xff, 32),
        13 => (byte << 16 | 0xffff, 32),
        14 if inverts => (vector(8, 8, |index| truth(bits >> index & 1 != 0)), 64),
        14 => (byte, 8),
        _ if half => (HALF.expanded(bits).into(), 16),
        _ if inverts => (DOUBLE.expanded(bits).into(), 64),
        _ => (SINGLE.expanded(bits).into(), 32),
    };
    let value = vector(word.whole() / size, size, |_| lane);
    let combines = kind < 12 && kind & 1 == 1;
    let old = emulator.v(word.field(0, 5));
    let value = match (combines, inverts) {
        (true, false) => old | value,
        (true, true) => old & !value,
        (false, true) if kind < 14 => !value,
        _ => value,
    };
    emulator.set_v(word.field(0, 5), value & mask(word.whole()));
    Ok(())
}

fn shift_immediate(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (opcode, unsigned, code) = (word.field(11, 5), word.unsigned(), word.field(16, 7));
    let bits = match code {
        0x40.. => 64,
        0x20.. => 32,
        0x10.. => 16,
        0x08.. => 8,
        _ => return Err(Halt::Invalid),
    };
    let (left, right) = ((code - bits) as i32, (2 * bits - code) as i32);
    let is_signed = !unsigned;
    let is_scalar = word.is_scalar();
    let allowed = match (opcode, unsigned) {
        // Of scalars, there are only doubles.
        (0 | 2 | 4 | 6, _) | (8, true) | (10, _) => !is_scalar || bits == 64,
        (12, true) | (14, _) => true,
        (16 | 17, false) => bits < 64 && !is_scalar,
        (16..=19, _) => bits < 64,
        (20, _) => bits < 64 && !is_scalar,
        _ => false,
    };
    let count = if is_scalar { 1 } else { word.whole() / bits };
    if !allowed || !is_scalar && bits == 64 && count == 1 {
        return Err(Halt::Invalid);
    }
    match opcode {
        16..=19 => {
            let kind = match (opcode, unsigned) {
                (16 | 17, false) => None,
                (16 | 17, true) => Some((true, false)),
                _ => Some((is_signed, is_signed)),
            };
            narrowed(emulator, word, bits, right, kind);
            return Ok(());
        }
        20 => {
            let source = emulator.v(word.field(5, 5));
            let source = if word.bit(30) { source >> 64 } else { source };
            let value = vector(64 / bits, 2 * bits, |index| {
                shift(number(lane(source, index, bits), bits, is_signed), left, false) as u128
            });
            emulator.set_v(word.field(0, 5), value);
            return Ok(());
        }
        _ => {}
    }
    let [n, d] = [5, 0].map(|low| emulator.v(word.field(low, 5)));
    let mut saturation = Saturation::default();
    let value = vector(count, bits, |index| {
        let [a, old] = [n, d].map(|value| lane(value, index, bits));
        let x = number(a, bits, is_signed);
        match (opcode, unsigned) {
            (0, _) => shift(x, -right, false) as u128,
            (2, _) => old.wrapping_add(shift(x, -right, false) as u128),
            (4, _) => shift(x, -right, true) as u128,
            (6, _) => old.wrapping_add(shift(x, -right, true) as u128),
            (8, _) => inserted(old, a, right as u32, bits, false),
            (10, false) => a << left,
            (10, true) => inserted(old, a, left as u32, bits, true),
            // sqshlu, then sqshl and uqshl.
            (12, _) => saturation.near(shift(signed(a, bits), left, false), bits, false),
            _ => saturation.near(shift(x, left, false), bits, is_signed),
        }
    });
    emulator.set_v(word.field(0, 5), value);
    emulator.note_float(saturation.flags());
    Ok(())
}

fn extract(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let skip = word.field(11, 4);
    let bytes = word.whole() / 8;
    if skip >= bytes {
        return Err(Halt::Invalid);
    }
    let [n, m] = [5, 16].map(|low| emulator.v(word.field(low, 5)));
    let value = vector(bytes, 8, |index| {
        let at = index + skip;
        if at < bytes { lane(n, at, 8) } else { lane(m, at - bytes, 8) }
    });
    emulator.set_v(word.field(0, 5), value);
    Ok(())
}
