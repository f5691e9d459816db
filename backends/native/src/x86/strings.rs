//! The string comparisons of SSE4.2.

use super::{Lane, NativeOp, P66, Row, Vector, WIDEST, x};
use crate::{emulator::NativeEmulator, halt::Halt};

pub(super) const ROWS: &[Row] = &[
    x(P66, 3, 0x60, |e, op| compare(e, op, true, true)).unaligned().immediate(),
    x(P66, 3, 0x61, |e, op| compare(e, op, true, false)).unaligned().immediate(),
    x(P66, 3, 0x62, |e, op| compare(e, op, false, true)).unaligned().immediate(),
    x(P66, 3, 0x63, |e, op| compare(e, op, false, false)).unaligned().immediate(),
];

/// The elements of an operand.
fn elements(vector: &Vector, control: u8) -> ([i32; 16], usize) {
    let mut elements = [0; 16];
    let count = if control & 1 != 0 { 8 } else { 16 };
    for (index, element) in elements.iter_mut().enumerate().take(count) {
        *element = match control & 3 {
            0 => u8::get(vector, index).into(),
            1 => u16::get(vector, index).into(),
            2 => i8::get(vector, index).into(),
            _ => i16::get(vector, index).into(),
        };
    }
    (elements, count)
}

/// PCMPESTRM and its relatives (Intel SDM, volume 2, 4.1).
fn compare(e: &mut NativeEmulator, op: &NativeOp, explicit: bool, to_mask: bool) -> Result<(), Halt> {
    let (second, first) = (e.rm(op)?, e.vector(op.reg, 16));
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    let control = op.immediate;
    let ((a, count), (b, _)) = (elements(&first, control), elements(&second, control));
    let width = if registers.is_64 { op.width } else { 4 };
    let length = |elements: &[i32; 16], register: usize| {
        if explicit {
            let value = e.general(registers.general[register], width);
            let value = if width == 8 { value as i64 } else { i64::from(value as i32) };
            value.unsigned_abs().min(count as u64) as usize
        } else {
            elements[..count].iter().position(|element| *element == 0).unwrap_or(count)
        }
    };
    let (length_a, length_b) = (length(&a, 0), length(&b, 2));
    let found = (0..count).filter(|index| {
        let index = *index;
        match control >> 2 & 3 {
            // Equal to any.
            0 => index < length_b && a[..length_a].contains(&b[index]),
            // In one of the ranges.
            1 => {
                index < length_b
                    && a[..length_a & !1].chunks(2).any(|range| range[0] <= b[index] && b[index] <= range[1])
            }
            // Equal to the one at the same place.
            2 => match (index < length_a, index < length_b) {
                (true, true) => a[index] == b[index],
                (false, false) => true,
                _ => false,
            },
            // The begin of the whole.
            _ => (0..length_a.min(count - index)).all(|at| index + at < length_b && a[at] == b[index + at]),
        }
    });
    let mut bits = found.fold(0u32, |bits, index| bits | 1 << index);
    let all = (1u32 << count) - 1;
    match control >> 4 & 3 {
        1 => bits ^= all,
        3 => bits ^= all & ((1u32 << length_b) - 1),
        _ => {}
    }
    if to_mask {
        let mut result = [0; WIDEST];
        if control & 0x40 == 0 {
            bits.put(&mut result, 0);
        } else {
            for index in (0..count).filter(|index| bits >> index & 1 != 0) {
                if count == 16 { u8::MAX.put(&mut result, index) } else { u16::MAX.put(&mut result, index) }
            }
        }
        e.put_at(op, registers.vectors[0], &result);
    } else {
        let index = match (bits, control & 0x40 != 0) {
            (0, _) => count as u32,
            (_, true) => 31 - bits.leading_zeros(),
            (_, false) => bits.trailing_zeros(),
        };
        e.set_general(registers.general[1], 4, index.into());
    }
    e.set_flag(registers.cf, bits != 0);
    e.set_flag(registers.zf, length_b < count);
    e.set_flag(registers.sf, length_a < count);
    e.set_flag(registers.of, bits & 1 != 0);
    e.set_flag(registers.af, false);
    e.set_flag(registers.pf, false);
    Ok(())
}
