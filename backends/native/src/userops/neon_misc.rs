//! ARM: Advanced SIMD with two registers (Arm ARM, A7.4.5).

use super::{
    lanes::{lane, mask, saturate, signed, vector},
    neon::{Word, float_compare, truth},
};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt};

/// One register to another, lane by lane; exchanges between two.
pub(super) fn misc(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let (quad, bits) = (word.quad(), 8 << word.field(18, 2));
    let whole = if quad { 128 } else { 64 };
    let opcode = word.field(7, 4);
    let (m, d) = (emulator.neon(word.m(), quad), emulator.neon(word.d(), quad));
    let mut saturated = false;
    let mut near = |wide: i128, bits: u32, is_signed: bool| {
        let (value, other) = saturate(wide, bits, is_signed);
        saturated |= other;
        value
    };
    let value = match (word.field(16, 2), opcode) {
        (0, 0..=2) => {
            // Reversed in groups of 64, 32 or 16 bits.
            let each = (64 >> opcode) / bits;
            if each < 2 {
                return Err(Halt::Invalid);
            }
            vector(whole / bits, bits, |index| lane(m, index - index % each + each - 1 - index % each, bits))
        }
        (0, 4 | 5 | 12 | 13) => {
            let is_signed = opcode & 1 == 0;
            let of = |index| {
                let value = lane(m, index, bits);
                if is_signed { signed(value, bits) } else { value as i128 }
            };
            vector(whole / (2 * bits), 2 * bits, |index| {
                let sum = (of(2 * index) + of(2 * index + 1)) as u128;
                if opcode >= 12 { lane(d, index, 2 * bits).wrapping_add(sum) } else { sum }
            })
        }
        (0, 8) => vector(whole / bits, bits, |index| {
            let value = signed(lane(m, index, bits), bits);
            let same = if value < 0 { value.leading_ones() } else { value.leading_zeros() };
            (same - (128 - bits) - 1).into()
        }),
        (0, 9) => {
            vector(whole / bits, bits, |index| (lane(m, index, bits).leading_zeros() - (128 - bits)).into())
        }
        (0, 10) => vector(whole / 8, 8, |index| lane(m, index, 8).count_ones().into()),
        (0, 11) => !m & mask(whole),
        (0, 14) => {
            vector(whole / bits, bits, |index| near(signed(lane(m, index, bits), bits).abs(), bits, true))
        }
        (0, 15) => vector(whole / bits, bits, |index| near(-signed(lane(m, index, bits), bits), bits, true)),
        (1, 0..=4) => vector(whole / bits, bits, |index| {
            let value = signed(lane(m, index, bits), bits);
            truth(match opcode {
                0 => value > 0,
                1 => value >= 0,
                2 => value == 0,
                3 => value <= 0,
                _ => value < 0,
            })
        }),
        (1, 6) => vector(whole / bits, bits, |index| signed(lane(m, index, bits), bits).unsigned_abs()),
        (1, 7) => vector(whole / bits, bits, |index| lane(m, index, bits).wrapping_neg()),
        (1, 8..=12) if bits == 32 => vector(whole / 32, 32, |index| {
            let value = lane(m, index, 32);
            match opcode {
                8 => float_compare(value, 0, |a, b| a > b),
                9 => float_compare(value, 0, |a, b| a >= b),
                10 => float_compare(value, 0, |a, b| a == b),
                11 => float_compare(value, 0, |a, b| a <= b),
                _ => float_compare(value, 0, |a, b| a < b),
            }
        }),
        (1, 14) if bits == 32 => vector(whole / 32, 32, |index| lane(m, index, 32) & 0x7fff_ffff),
        (1, 15) if bits == 32 => vector(whole / 32, 32, |index| lane(m, index, 32) ^ 1 << 31),
        (2, 0..=3) => {
            let (first, second) = exchanged(d, m, opcode, bits, whole);
            emulator.set_neon(word.m(), quad, second);
            first
        }
        (2, 4 | 5) if bits < 64 => {
            // To lanes of half the size, which the bit of the length tells
            // apart.
            let source = emulator.neon(word.m(), true);
            let value = vector(64 / bits, bits, |index| {
                let value = lane(source, index, 2 * bits);
                match (opcode, quad) {
                    (4, false) => value,
                    (4, true) => near(signed(value, 2 * bits), bits, false),
                    (_, false) => near(signed(value, 2 * bits), bits, true),
                    (_, true) => near(value as i128, bits, false),
                }
            });
            emulator.set_neon(word.d(), false, value);
            emulator.neon_saturated(saturated);
            return Ok(());
        }
        (2, 6) if !quad && bits < 64 => {
            let value = vector(64 / bits, 2 * bits, |index| lane(m, index, bits) << bits);
            emulator.set_neon(word.d(), true, value);
            return Ok(());
        }
        _ => return Err(Halt::Missing(format!("Advanced SIMD {:#x}", word.0))),
    };
    emulator.set_neon(word.d(), quad, value);
    emulator.neon_saturated(saturated);
    Ok(())
}

/// Two registers after vswp, vtrn, vuzp or vzip.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_registers_are_exchanged() {
        let (d, m) = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        assert_eq!(exchanged(d, m, 1, 8, 64), (0x0e06_0c04_0a02_0800, 0x0f07_0d05_0b03_0901));
        assert_eq!(exchanged(d, m, 2, 8, 64), (0x0e0c_0a08_0604_0200, 0x0f0d_0b09_0705_0301));
        assert_eq!(exchanged(d, m, 3, 8, 64), (0x0b03_0a02_0901_0800, 0x0f07_0e06_0d05_0c04));
    }
}
