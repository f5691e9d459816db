//! Conversions of floating point in vectors: SSE, AVX, F16C.

use super::{
    Kind, Lane, NONE, NativeOp, P66, PF2, PF3, Rm, Row, WIDEST,
    float::{get, put_low, set, size},
    x,
};
use crate::soft::{self, DOUBLE, Env, Format, HALF, Mode, SINGLE};
use crate::{emulator::NativeEmulator, halt::Halt};

pub(super) const ROWS: &[Row] = &[
    x(NONE, 1, 0x5a, |e, op| widths(e, op, SINGLE, DOUBLE)).part(2).unaligned(),
    x(P66, 1, 0x5a, |e, op| widths(e, op, DOUBLE, SINGLE)),
    x(PF3, 1, 0x5a, |e, op| convert_scalar(e, op, SINGLE, DOUBLE)).sized(4),
    x(PF2, 1, 0x5a, |e, op| convert_scalar(e, op, DOUBLE, SINGLE)).sized(8),
    x(NONE, 1, 0x5b, |e, op| from_integers(e, op, SINGLE)),
    x(P66, 1, 0x5b, |e, op| to_integers(e, op, SINGLE, false)),
    x(PF3, 1, 0x5b, |e, op| to_integers(e, op, SINGLE, true)),
    x(PF3, 1, 0xe6, |e, op| from_integers(e, op, DOUBLE)).part(2).unaligned(),
    x(P66, 1, 0xe6, |e, op| to_integers(e, op, DOUBLE, true)),
    x(PF2, 1, 0xe6, |e, op| to_integers(e, op, DOUBLE, false)),
    x(PF3, 1, 0x2a, |e, op| from_general(e, op, SINGLE)).rm(Kind::General),
    x(PF2, 1, 0x2a, |e, op| from_general(e, op, DOUBLE)).rm(Kind::General),
    x(PF3, 1, 0x2c, |e, op| to_general(e, op, SINGLE, true)).reg(Kind::General).sized(4),
    x(PF2, 1, 0x2c, |e, op| to_general(e, op, DOUBLE, true)).reg(Kind::General).sized(8),
    x(PF3, 1, 0x2d, |e, op| to_general(e, op, SINGLE, false)).reg(Kind::General).sized(4),
    x(PF2, 1, 0x2d, |e, op| to_general(e, op, DOUBLE, false)).reg(Kind::General).sized(8),
    x(NONE, 1, 0x2a, |e, op| from_mmx(e, op, SINGLE)).rm(Kind::Mmx).sized(8),
    x(P66, 1, 0x2a, |e, op| from_mmx(e, op, DOUBLE)).rm(Kind::Mmx).sized(8),
    x(NONE, 1, 0x2c, |e, op| to_mmx(e, op, SINGLE, true)).reg(Kind::Mmx).sized(8),
    x(P66, 1, 0x2c, |e, op| to_mmx(e, op, DOUBLE, true)).reg(Kind::Mmx).sized(16),
    x(NONE, 1, 0x2d, |e, op| to_mmx(e, op, SINGLE, false)).reg(Kind::Mmx).sized(8),
    x(P66, 1, 0x2d, |e, op| to_mmx(e, op, DOUBLE, false)).reg(Kind::Mmx).sized(16),
    x(P66, 2, 0x13, half_to_single).vex().part(2),
    x(P66, 3, 0x1d, single_to_half).vex().part(2).immediate(),
];

fn widths(e: &mut NativeEmulator, op: &NativeOp, from: Format, to: Format) -> Result<(), Halt> {
    let b = e.rm(op)?;
    let mut env = e.env(op);
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / 8 {
        let value = env.convert(from, to, get(from, &b, index));
        set(to, &mut result, index, value);
    }
    e.settle_sse(&env)?;
    e.put(op, &result);
    Ok(())
}

fn convert_scalar(e: &mut NativeEmulator, op: &NativeOp, from: Format, to: Format) -> Result<(), Halt> {
    let (b, mut a) = (e.rm(op)?, e.first(op));
    let mut env = e.env(op);
    let value = env.convert(from, to, get(from, &b, 0));
    set(to, &mut a, 0, value);
    e.settle_sse(&env)?;
    put_low(e, op, &a);
    Ok(())
}

fn from_integers(e: &mut NativeEmulator, op: &NativeOp, format: Format) -> Result<(), Halt> {
    let b = e.rm(op)?;
    let mut env = e.env(op);
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / size(format) {
        let value = env.of_integer(format, i32::get(&b, index).into());
        set(format, &mut result, index, value);
    }
    e.settle_sse(&env)?;
    e.put(op, &result);
    Ok(())
}

fn to_integers(e: &mut NativeEmulator, op: &NativeOp, format: Format, truncate: bool) -> Result<(), Halt> {
    let b = e.rm(op)?;
    let mut env = e.env(op);
    let mode = if truncate { Mode::Zero } else { env.mode };
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / size(format) {
        let value = env.integer_of(format, get(format, &b, index), 32, mode) as i32;
        value.put(&mut result, index);
    }
    e.settle_sse(&env)?;
    e.put(op, &result);
    Ok(())
}

fn from_general(e: &mut NativeEmulator, op: &NativeOp, format: Format) -> Result<(), Halt> {
    // An operand size prefix beside the mandatory one does nothing.
    let width = if op.width == 8 { 8 } else { 4 };
    let op = &NativeOp { size: width, aligned: false, ..*op };
    let value = e.general_rm(op)?;
    let value = if width == 8 { value as i64 } else { i64::from(value as i32) };
    let mut env = e.env(op);
    let mut a = e.first(op);
    let value = env.of_integer(format, value.into());
    set(format, &mut a, 0, value);
    e.settle_sse(&env)?;
    put_low(e, op, &a);
    Ok(())
}

fn to_general(e: &mut NativeEmulator, op: &NativeOp, format: Format, truncate: bool) -> Result<(), Halt> {
    let b = e.rm(op)?;
    let mut env = e.env(op);
    let mode = if truncate { Mode::Zero } else { env.mode };
    let width = if op.width == 8 { 8 } else { 4 };
    let value = env.integer_of(format, get(format, &b, 0), 8 * u32::from(width), mode);
    e.settle_sse(&env)?;
    e.set_general(op.reg, width, value as u64);
    Ok(())
}

fn from_mmx(e: &mut NativeEmulator, op: &NativeOp, format: Format) -> Result<(), Halt> {
    let b = match op.rm {
        Rm::Place(place) => e.vector(place, 8),
        Rm::Memory(_) => e.rm(&NativeOp { aligned: false, ..*op })?,
    };
    let mut env = e.env(op);
    let mut a = e.first(op);
    for index in 0..2 {
        let value = env.of_integer(format, i32::get(&b, index).into());
        set(format, &mut a, index, value);
    }
    e.settle_sse(&env)?;
    put_low(e, op, &a);
    Ok(())
}

fn to_mmx(e: &mut NativeEmulator, op: &NativeOp, format: Format, truncate: bool) -> Result<(), Halt> {
    let b = e.rm(op)?;
    let mut env = e.env(op);
    let mode = if truncate { Mode::Zero } else { env.mode };
    let mut result = [0; WIDEST];
    for index in 0..2 {
        (env.integer_of(format, get(format, &b, index), 32, mode) as i32).put(&mut result, index);
    }
    e.settle_sse(&env)?;
    e.put_mmx(op.reg, u64::get(&result, 0));
    Ok(())
}

fn half_to_single(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let b = e.rm(op)?;
    let mut env = e.env(op);
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / 4 {
        // Denormals of 16 bits are neither zeros nor told.
        let mut own = Env { zeros: false, flags: 0, ..env };
        let value = own.convert(HALF, SINGLE, u16::get(&b, index).into());
        env.flags |= own.flags & !soft::DENORMAL;
        set(SINGLE, &mut result, index, value);
    }
    e.settle_sse(&env)?;
    e.put(op, &result);
    Ok(())
}

fn single_to_half(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let value = e.vector(op.reg, op.length);
    let mut env = e.env(op);
    if op.immediate & 4 == 0 {
        env.mode = Mode::from_bits(op.immediate.into());
    }
    env.flush = false;
    let mut result = [0; WIDEST];
    let count = usize::from(op.length) / 4;
    for index in 0..count {
        let half = env.convert(SINGLE, HALF, u32::get(&value, index).into());
        (half as u16).put(&mut result, index);
    }
    match op.rm {
        Rm::Place(place) => {
            e.settle_sse(&env)?;
            e.put_at(op, place, &result);
            Ok(())
        }
        Rm::Memory(_) => {
            let before = e.x86.map(|it| (it.mxcsr, e.file.get::<4>(it.mxcsr)));
            e.settle_sse(&env)?;
            let stored = e.put_rm(op, &result[..2 * count]);
            if stored.is_err()
                && let Some((place, bytes)) = before
            {
                e.file.put::<4>(place, bytes);
            }
            stored
        }
    }
}
