//! Operations across lanes: packing, shuffles, blends, horizontal sums,
//! permutations, broadcasts, insertions and extensions.

use super::{Kind, Lane, NONE, NativeOp, P66, PF2, PF3, Row, Vector, WIDEST, by_halves, halves, m, upper, x};
use crate::{emulator::NativeEmulator, halt::Halt};

pub(super) const ROWS: &[Row] = &[
    // Packing and unpacking.
    m(1, 0x63, |e, op| pack::<i16, i8>(e, op, |a| a.clamp(-128, 127) as i8)),
    m(1, 0x6b, |e, op| pack::<i32, i16>(e, op, |a| a.clamp(-32768, 32767) as i16)),
    m(1, 0x67, |e, op| pack::<i16, u8>(e, op, |a| a.clamp(0, 255) as u8)),
    x(P66, 2, 0x2b, |e, op| pack::<i32, u16>(e, op, |a| a.clamp(0, 65535) as u16)),
    m(1, 0x60, |e, op| unpack::<u8>(e, op, false)).low_half(),
    m(1, 0x61, |e, op| unpack::<u16>(e, op, false)).low_half(),
    m(1, 0x62, |e, op| unpack::<u32>(e, op, false)).low_half(),
    m(1, 0x68, |e, op| unpack::<u8>(e, op, true)),
    m(1, 0x69, |e, op| unpack::<u16>(e, op, true)),
    m(1, 0x6a, |e, op| unpack::<u32>(e, op, true)),
    x(P66, 1, 0x6c, |e, op| unpack::<u64>(e, op, false)),
    x(P66, 1, 0x6d, |e, op| unpack::<u64>(e, op, true)),
    x(NONE, 1, 0x14, |e, op| unpack::<u32>(e, op, false)),
    x(P66, 1, 0x14, |e, op| unpack::<u64>(e, op, false)),
    x(NONE, 1, 0x15, |e, op| unpack::<u32>(e, op, true)),
    x(P66, 1, 0x15, |e, op| unpack::<u64>(e, op, true)),
    // Shuffles.
    m(2, 0x00, |e, op| {
        let mask = op.length.min(16) - 1;
        halves(e, op, |a, b| {
            let mut result = [0; WIDEST];
            for index in 0..16 {
                result[index] = if b[index] & 0x80 != 0 { 0 } else { a[usize::from(b[index] & mask)] };
            }
            result
        })
    }),
    x(P66, 1, 0x70, |e, op| select::<u32>(e, op, 0..4)).immediate(),
    x(PF3, 1, 0x70, |e, op| select::<u16>(e, op, 4..8)).immediate(),
    x(PF2, 1, 0x70, |e, op| select::<u16>(e, op, 0..4)).immediate(),
    Row { mmx: true, ..x(NONE, 1, 0x70, |e, op| select::<u16>(e, op, 0..4)) }.immediate(),
    x(NONE, 1, 0xc6, |e, op| {
        let order = op.immediate;
        halves(e, op, |a, b| {
            let mut result = [0; WIDEST];
            for index in 0..4 {
                let from = if index < 2 { a } else { b };
                u32::get(from, usize::from(order >> (2 * index) & 3)).put(&mut result, index);
            }
            result
        })
    })
    .immediate(),
    x(P66, 1, 0xc6, |e, op| {
        let (b, a) = (e.rm(op)?, e.first(op));
        let mut result = [0; WIDEST];
        for index in 0..usize::from(op.length) / 8 {
            let from = if index % 2 == 0 { &a } else { &b };
            u64::get(from, index & 2 | usize::from(op.immediate >> index & 1)).put(&mut result, index);
        }
        e.put(op, &result);
        Ok(())
    })
    .immediate(),
    m(3, 0x0f, |e, op| {
        let size = usize::from(op.length.min(16));
        let skip = usize::from(op.immediate);
        halves(e, op, |a, b| {
            let mut both = [0; 2 * WIDEST];
            both[..size].copy_from_slice(&b[..size]);
            both[size..2 * size].copy_from_slice(&a[..size]);
            let mut result = [0; WIDEST];
            for (index, byte) in result.iter_mut().enumerate().take(size) {
                *byte = both.get(index + skip).copied().unwrap_or(0);
            }
            result
        })
    })
    .immediate(),
    x(P66, 2, 0x0c, |e, op| each_selected::<u32>(e, op, |b| (b & 3) as usize, 3)).vex(),
    x(P66, 2, 0x0d, |e, op| each_selected::<u64>(e, op, |b| (b >> 1 & 1) as usize, 1)).vex(),
    x(P66, 3, 0x04, |e, op| select::<u32>(e, op, 0..4)).vex().immediate(),
    x(P66, 3, 0x05, |e, op| {
        let b = e.rm(op)?;
        let mut result = [0; WIDEST];
        for index in 0..usize::from(op.length) / 8 {
            u64::get(&b, index & 2 | usize::from(op.immediate >> index & 1)).put(&mut result, index);
        }
        e.put(op, &result);
        Ok(())
    })
    .vex()
    .immediate(),
    // Blends.
    x(P66, 3, 0x0c, blend_immediate::<u32>).immediate(),
    x(P66, 3, 0x0d, blend_immediate::<u64>).immediate(),
    x(P66, 3, 0x0e, blend_immediate::<u16>).immediate(),
    x(P66, 3, 0x02, blend_immediate::<u32>).vex().immediate(),
    x(P66, 2, 0x10, blend::<i8>).legacy(),
    x(P66, 2, 0x14, blend::<i32>).legacy(),
    x(P66, 2, 0x15, blend::<i64>).legacy(),
    x(P66, 3, 0x4c, blend::<i8>).vex().immediate(),
    x(P66, 3, 0x4a, blend::<i32>).vex().immediate(),
    x(P66, 3, 0x4b, blend::<i64>).vex().immediate(),
    // Horizontal sums and differences.
    m(2, 0x01, |e, op| horizontal::<u16>(e, op, u16::wrapping_add)),
    m(2, 0x02, |e, op| horizontal::<u32>(e, op, u32::wrapping_add)),
    m(2, 0x03, |e, op| horizontal::<i16>(e, op, i16::saturating_add)),
    m(2, 0x05, |e, op| horizontal::<u16>(e, op, u16::wrapping_sub)),
    m(2, 0x06, |e, op| horizontal::<u32>(e, op, u32::wrapping_sub)),
    m(2, 0x07, |e, op| horizontal::<i16>(e, op, i16::saturating_sub)),
    x(P66, 2, 0x41, |e, op| {
        let b = e.rm(op)?;
        let mut best = (u16::MAX, 0);
        for index in (0..8).rev() {
            best = best.min((u16::get(&b, index), index as u16));
        }
        let mut result = [0; WIDEST];
        best.0.put(&mut result, 0);
        best.1.put(&mut result, 1);
        e.put(op, &result);
        Ok(())
    }),
    x(P66, 3, 0x42, |e, op| {
        let (b, a) = (e.rm(op)?, e.first(op));
        let mut result = sad(&a, &b, op.immediate);
        if op.length == 32 {
            let high = sad(&upper(&a), &upper(&b), op.immediate >> 3);
            result[16..].copy_from_slice(&high[..16]);
        }
        e.put(op, &result);
        Ok(())
    })
    .immediate(),
    // Extensions.
    x(P66, 2, 0x20, extend::<i8, i16>).part(2).unaligned(),
    x(P66, 2, 0x21, extend::<i8, i32>).part(4).unaligned(),
    x(P66, 2, 0x22, extend::<i8, i64>).part(8).unaligned(),
    x(P66, 2, 0x23, extend::<i16, i32>).part(2).unaligned(),
    x(P66, 2, 0x24, extend::<i16, i64>).part(4).unaligned(),
    x(P66, 2, 0x25, extend::<i32, i64>).part(2).unaligned(),
    x(P66, 2, 0x30, extend::<u8, u16>).part(2).unaligned(),
    x(P66, 2, 0x31, extend::<u8, u32>).part(4).unaligned(),
    x(P66, 2, 0x32, extend::<u8, u64>).part(8).unaligned(),
    x(P66, 2, 0x33, extend::<u16, u32>).part(2).unaligned(),
    x(P66, 2, 0x34, extend::<u16, u64>).part(4).unaligned(),
    x(P66, 2, 0x35, extend::<u32, u64>).part(2).unaligned(),
    // Broadcasts.
    x(P66, 2, 0x18, broadcast::<u32>).vex().sized(4),
    x(P66, 2, 0x19, broadcast::<u64>).vex().sized(8),
    x(P66, 2, 0x1a, broadcast::<u128>).vex().sized(16),
    x(P66, 2, 0x58, broadcast::<u32>).vex().sized(4),
    x(P66, 2, 0x59, broadcast::<u64>).vex().sized(8),
    x(P66, 2, 0x5a, broadcast::<u128>).vex().sized(16),
    x(P66, 2, 0x78, broadcast::<u8>).vex().sized(1),
    x(P66, 2, 0x79, broadcast::<u16>).vex().sized(2),
    // Permutations across halves.
    x(P66, 2, 0x16, permute_words).vex(),
    x(P66, 2, 0x36, permute_words).vex(),
    x(P66, 3, 0x00, permute_long).vex().immediate(),
    x(P66, 3, 0x01, permute_long).vex().immediate(),
    x(P66, 3, 0x06, permute_halves).vex().immediate(),
    x(P66, 3, 0x46, permute_halves).vex().immediate(),
    x(P66, 3, 0x18, insert_half).vex().sized(16).immediate(),
    x(P66, 3, 0x38, insert_half).vex().sized(16).immediate(),
    x(P66, 3, 0x19, extract_half).vex().sized(16).immediate(),
    x(P66, 3, 0x39, extract_half).vex().sized(16).immediate(),
    // Insertions and extractions.
    m(1, 0xc4, insert::<u16>).rm(Kind::General).sized(2).immediate(),
    x(P66, 3, 0x20, insert::<u8>).rm(Kind::General).sized(1).immediate(),
    x(P66, 3, 0x22, |e, op| if op.width == 8 { insert::<u64>(e, op) } else { insert::<u32>(e, op) })
        .rm(Kind::General)
        .immediate(),
    x(P66, 3, 0x14, extract::<1>).rm(Kind::General).immediate(),
    x(P66, 3, 0x15, extract::<2>).rm(Kind::General).immediate(),
    x(P66, 3, 0x16, |e, op| if op.width == 8 { extract::<8>(e, op) } else { extract::<4>(e, op) })
        .rm(Kind::General)
        .immediate(),
    x(P66, 3, 0x17, extract::<4>).rm(Kind::General).immediate(),
    x(P66, 3, 0x21, |e, op| {
        let (b, a) = (e.rm(op)?, e.first(op));
        let in_memory = matches!(op.rm, super::Rm::Memory(_));
        let from = if in_memory { 0 } else { usize::from(op.immediate >> 6) };
        let mut result = a;
        u32::get(&b, from).put(&mut result, usize::from(op.immediate >> 4 & 3));
        for index in (0..4).filter(|index| op.immediate >> index & 1 != 0) {
            0u32.put(&mut result, index);
        }
        result[16..].fill(0);
        e.put(op, &result);
        Ok(())
    })
    .sized(4)
    .immediate(),
];

fn pack<T: Lane, U: Lane>(
    e: &mut NativeEmulator,
    op: &NativeOp,
    function: impl Fn(T) -> U,
) -> Result<(), Halt> {
    let count = usize::from(op.length.min(16)) / T::SIZE;
    halves(e, op, |a, b| {
        let mut result = [0; WIDEST];
        for index in 0..count {
            function(T::get(a, index)).put(&mut result, index);
            function(T::get(b, index)).put(&mut result, count + index);
        }
        result
    })
}

fn unpack<T: Lane>(e: &mut NativeEmulator, op: &NativeOp, high: bool) -> Result<(), Halt> {
    let count = usize::from(op.length.min(16)) / T::SIZE / 2;
    let from = if high { count } else { 0 };
    halves(e, op, |a, b| {
        let mut result = [0; WIDEST];
        for index in 0..count {
            T::get(a, from + index).put(&mut result, 2 * index);
            T::get(b, from + index).put(&mut result, 2 * index + 1);
        }
        result
    })
}

/// Four lanes of each half, in an order that the immediate gives.
fn select<T: Lane>(e: &mut NativeEmulator, op: &NativeOp, lanes: std::ops::Range<usize>) -> Result<(), Halt> {
    let b = e.rm(op)?;
    let result = by_halves(op.length, &b, &b, |value, _| {
        let mut result = *value;
        for (place, index) in lanes.clone().enumerate() {
            let from = lanes.start + usize::from(op.immediate >> (2 * place) & 3);
            T::get(value, from).put(&mut result, index);
        }
        result
    });
    e.put(op, &result);
    Ok(())
}

/// Lanes of the first operand's half, in an order that the second gives.
fn each_selected<T: Lane>(
    e: &mut NativeEmulator,
    op: &NativeOp,
    order: fn(T) -> usize,
    mask: usize,
) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.first(op));
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / T::SIZE {
        T::get(&a, index & !mask | order(T::get(&b, index))).put(&mut result, index);
    }
    e.put(op, &result);
    Ok(())
}

fn blend_immediate<T: Lane>(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.first(op));
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / T::SIZE {
        let from = if op.immediate >> (index % 8) & 1 != 0 { &b } else { &a };
        T::get(from, index).put(&mut result, index);
    }
    e.put(op, &result);
    Ok(())
}

/// Each lane of the operand that the sign in a third one selects.
fn blend<T: Lane + PartialOrd>(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.first(op));
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    let number = if op.vex { usize::from(op.immediate >> 4) } else { 0 };
    let mask = e.vector(registers.vectors[if registers.is_64 { number } else { number & 7 }], op.length);
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / T::SIZE {
        let from = if T::get(&mask, index) < T::default() { &b } else { &a };
        T::get(from, index).put(&mut result, index);
    }
    e.put(op, &result);
    Ok(())
}

fn horizontal<T: Lane>(
    e: &mut NativeEmulator,
    op: &NativeOp,
    function: impl Fn(T, T) -> T,
) -> Result<(), Halt> {
    let count = usize::from(op.length.min(16)) / T::SIZE / 2;
    halves(e, op, |a, b| {
        let mut result = [0; WIDEST];
        for index in 0..count {
            let pair = |from: &Vector| function(T::get(from, 2 * index), T::get(from, 2 * index + 1));
            pair(a).put(&mut result, index);
            pair(b).put(&mut result, count + index);
        }
        result
    })
}

/// Eight sums of four absolute differences.
fn sad(a: &Vector, b: &Vector, control: u8) -> Vector {
    let (first, second) = (usize::from(control >> 2 & 1) * 4, usize::from(control & 3) * 4);
    let mut result = [0; WIDEST];
    for index in 0..8 {
        let sum: u16 = (0..4).map(|at| u16::from(a[first + index + at].abs_diff(b[second + at]))).sum();
        sum.put(&mut result, index);
    }
    result
}

fn extend<T: Lane, U: Lane + From<T>>(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let b = e.rm(op)?;
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / U::SIZE {
        U::from(T::get(&b, index)).put(&mut result, index);
    }
    e.put(op, &result);
    Ok(())
}

fn broadcast<T: Lane>(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let b = e.rm(op)?;
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / T::SIZE {
        T::get(&b, 0).put(&mut result, index);
    }
    e.put(op, &result);
    Ok(())
}

fn permute_words(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.first(op));
    let mut result = [0; WIDEST];
    for index in 0..8 {
        u32::get(&b, usize::from(a[4 * index] & 7)).put(&mut result, index);
    }
    e.put(op, &result);
    Ok(())
}

fn permute_long(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let b = e.rm(op)?;
    let mut result = [0; WIDEST];
    for index in 0..4 {
        u64::get(&b, usize::from(op.immediate >> (2 * index) & 3)).put(&mut result, index);
    }
    e.put(op, &result);
    Ok(())
}

fn permute_halves(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.first(op));
    let mut result = [0; WIDEST];
    for index in 0..2 {
        let control = op.immediate >> (4 * index);
        let from = if control & 2 != 0 { &b } else { &a };
        if control & 8 == 0 {
            u128::get(from, usize::from(control & 1)).put(&mut result, index);
        }
    }
    e.put(op, &result);
    Ok(())
}

fn insert_half(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let (b, mut a) = (e.rm(op)?, e.first(op));
    u128::get(&b, 0).put(&mut a, usize::from(op.immediate & 1));
    e.put(op, &a);
    Ok(())
}

fn extract_half(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let value = e.vector(op.reg, 32);
    let half = u128::get(&value, usize::from(op.immediate & 1));
    match op.rm {
        super::Rm::Place(place) => {
            let mut result = [0; WIDEST];
            half.put(&mut result, 0);
            e.put_at(op, place, &result);
            Ok(())
        }
        super::Rm::Memory(_) => e.put_rm(op, &half.to_le_bytes()),
    }
}

fn insert<T: Lane>(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let b = match op.rm {
        super::Rm::Place(place) => e.vector(place, 8),
        super::Rm::Memory(_) => e.rm(op)?,
    };
    let mut a = e.first(op);
    a[usize::from(op.length)..].fill(0);
    let lanes = usize::from(op.length.min(16)) / T::SIZE;
    T::get(&b, 0).put(&mut a, usize::from(op.immediate) % lanes);
    e.put(op, &a);
    Ok(())
}

/// A lane goes to memory, or to a general register with zeros above.
fn extract<const N: usize>(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let value = e.vector(op.reg, 16);
    let at = usize::from(op.immediate) % (16 / N) * N;
    let bytes = &value[at..at + N];
    match op.rm {
        super::Rm::Place(place) => {
            let mut wide = [0; 8];
            wide[..N].copy_from_slice(bytes);
            e.set_general(place, if N == 8 { 8 } else { 4 }, u64::from_le_bytes(wide));
            Ok(())
        }
        super::Rm::Memory(_) => e.put_rm(op, bytes),
    }
}
