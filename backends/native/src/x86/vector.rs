//! Integer arithmetic of vectors, lane by lane: MMX, SSE, AVX.

use super::{Lane, NativeOp, P66, Row, Vector, WIDEST, each, each_of_one, m, x};
use crate::{emulator::NativeEmulator, halt::Halt};

pub(super) const ROWS: &[Row] = &[
    // Addition and subtraction.
    m(1, 0xfc, |e, op| each(e, op, u8::wrapping_add)),
    m(1, 0xfd, |e, op| each(e, op, u16::wrapping_add)),
    m(1, 0xfe, |e, op| each(e, op, u32::wrapping_add)),
    m(1, 0xd4, |e, op| each(e, op, u64::wrapping_add)),
    m(1, 0xf8, |e, op| each(e, op, u8::wrapping_sub)),
    m(1, 0xf9, |e, op| each(e, op, u16::wrapping_sub)),
    m(1, 0xfa, |e, op| each(e, op, u32::wrapping_sub)),
    m(1, 0xfb, |e, op| each(e, op, u64::wrapping_sub)),
    m(1, 0xec, |e, op| each(e, op, i8::saturating_add)),
    m(1, 0xed, |e, op| each(e, op, i16::saturating_add)),
    m(1, 0xdc, |e, op| each(e, op, u8::saturating_add)),
    m(1, 0xdd, |e, op| each(e, op, u16::saturating_add)),
    m(1, 0xe8, |e, op| each(e, op, i8::saturating_sub)),
    m(1, 0xe9, |e, op| each(e, op, i16::saturating_sub)),
    m(1, 0xd8, |e, op| each(e, op, u8::saturating_sub)),
    m(1, 0xd9, |e, op| each(e, op, u16::saturating_sub)),
    m(1, 0xe0, |e, op| each(e, op, |a: u8, b: u8| ((u16::from(a) + u16::from(b) + 1) >> 1) as u8)),
    m(1, 0xe3, |e, op| each(e, op, |a: u16, b: u16| ((u32::from(a) + u32::from(b) + 1) >> 1) as u16)),
    // Minimum and maximum.
    m(1, 0xda, |e, op| each(e, op, u8::min)),
    m(1, 0xde, |e, op| each(e, op, u8::max)),
    m(1, 0xea, |e, op| each(e, op, i16::min)),
    m(1, 0xee, |e, op| each(e, op, i16::max)),
    x(P66, 2, 0x38, |e, op| each(e, op, i8::min)),
    x(P66, 2, 0x39, |e, op| each(e, op, i32::min)),
    x(P66, 2, 0x3a, |e, op| each(e, op, u16::min)),
    x(P66, 2, 0x3b, |e, op| each(e, op, u32::min)),
    x(P66, 2, 0x3c, |e, op| each(e, op, i8::max)),
    x(P66, 2, 0x3d, |e, op| each(e, op, i32::max)),
    x(P66, 2, 0x3e, |e, op| each(e, op, u16::max)),
    x(P66, 2, 0x3f, |e, op| each(e, op, u32::max)),
    // Comparison.
    m(1, 0x74, |e, op| each(e, op, |a: u8, b: u8| if a == b { u8::MAX } else { 0 })),
    m(1, 0x75, |e, op| each(e, op, |a: u16, b: u16| if a == b { u16::MAX } else { 0 })),
    m(1, 0x76, |e, op| each(e, op, |a: u32, b: u32| if a == b { u32::MAX } else { 0 })),
    x(P66, 2, 0x29, |e, op| each(e, op, |a: u64, b: u64| if a == b { u64::MAX } else { 0 })),
    m(1, 0x64, |e, op| each(e, op, |a: i8, b: i8| if a > b { -1 } else { 0 })),
    m(1, 0x65, |e, op| each(e, op, |a: i16, b: i16| if a > b { -1 } else { 0 })),
    m(1, 0x66, |e, op| each(e, op, |a: i32, b: i32| if a > b { -1 } else { 0 })),
    x(P66, 2, 0x37, |e, op| each(e, op, |a: i64, b: i64| if a > b { -1 } else { 0 })),
    // Logic: the integer and the floating-point forms are the same.
    m(1, 0xdb, |e, op| each(e, op, |a: u64, b: u64| a & b)),
    m(1, 0xdf, |e, op| each(e, op, |a: u64, b: u64| !a & b)),
    m(1, 0xeb, |e, op| each(e, op, |a: u64, b: u64| a | b)),
    m(1, 0xef, |e, op| each(e, op, |a: u64, b: u64| a ^ b)),
    x(super::NONE | P66, 1, 0x54, |e, op| each(e, op, |a: u64, b: u64| a & b)),
    x(super::NONE | P66, 1, 0x55, |e, op| each(e, op, |a: u64, b: u64| !a & b)),
    x(super::NONE | P66, 1, 0x56, |e, op| each(e, op, |a: u64, b: u64| a | b)),
    x(super::NONE | P66, 1, 0x57, |e, op| each(e, op, |a: u64, b: u64| a ^ b)),
    // Multiplication.
    m(1, 0xd5, |e, op| each(e, op, u16::wrapping_mul)),
    m(1, 0xe5, |e, op| each(e, op, |a: i16, b: i16| ((i32::from(a) * i32::from(b)) >> 16) as i16)),
    m(1, 0xe4, |e, op| each(e, op, |a: u16, b: u16| ((u32::from(a) * u32::from(b)) >> 16) as u16)),
    m(1, 0xf4, |e, op| each(e, op, |a: u64, b: u64| (a & 0xffff_ffff) * (b & 0xffff_ffff))),
    x(P66, 2, 0x28, |e, op| each(e, op, |a: i64, b: i64| i64::from(a as i32) * i64::from(b as i32))),
    x(P66, 2, 0x40, |e, op| each(e, op, u32::wrapping_mul)),
    m(2, 0x0b, |e, op| {
        each(e, op, |a: i16, b: i16| ((((i32::from(a) * i32::from(b)) >> 14) + 1) >> 1) as i16)
    }),
    m(1, 0xf5, |e, op| each(e, op, |a: u32, b: u32| dot(a, b))),
    m(2, 0x04, |e, op| each(e, op, |a: u16, b: u16| dot_saturating(a, b))),
    m(1, 0xf6, |e, op| each(e, op, differences)),
    // Signs and absolute values.
    m(2, 0x08, |e, op| each(e, op, |a: i8, b: i8| a.wrapping_mul(b.signum()))),
    m(2, 0x09, |e, op| each(e, op, |a: i16, b: i16| a.wrapping_mul(b.signum()))),
    m(2, 0x0a, |e, op| each(e, op, |a: i32, b: i32| a.wrapping_mul(b.signum()))),
    m(2, 0x1c, |e, op| each_of_one(e, op, i8::wrapping_abs)),
    m(2, 0x1d, |e, op| each_of_one(e, op, i16::wrapping_abs)),
    m(2, 0x1e, |e, op| each_of_one(e, op, i32::wrapping_abs)),
    // Shifts by one amount for all lanes.
    m(1, 0xd1, |e, op| shift(e, op, |a: u16, n| a.checked_shr(n).unwrap_or(0))).sixteen(),
    m(1, 0xd2, |e, op| shift(e, op, |a: u32, n| a.checked_shr(n).unwrap_or(0))).sixteen(),
    m(1, 0xd3, |e, op| shift(e, op, |a: u64, n| a.checked_shr(n).unwrap_or(0))).sixteen(),
    m(1, 0xe1, |e, op| shift(e, op, |a: i16, n| a >> n.min(15))).sixteen(),
    m(1, 0xe2, |e, op| shift(e, op, |a: i32, n| a >> n.min(31))).sixteen(),
    m(1, 0xf1, |e, op| shift(e, op, |a: u16, n| a.checked_shl(n).unwrap_or(0))).sixteen(),
    m(1, 0xf2, |e, op| shift(e, op, |a: u32, n| a.checked_shl(n).unwrap_or(0))).sixteen(),
    m(1, 0xf3, |e, op| shift(e, op, |a: u64, n| a.checked_shl(n).unwrap_or(0))).sixteen(),
    m(1, 0x71, |e, op| shift_immediate(e, op, |a: u16, n| a.checked_shr(n).unwrap_or(0)))
        .extension(2)
        .immediate(),
    m(1, 0x71, |e, op| shift_immediate(e, op, |a: i16, n| a >> n.min(15))).extension(4).immediate(),
    m(1, 0x71, |e, op| shift_immediate(e, op, |a: u16, n| a.checked_shl(n).unwrap_or(0)))
        .extension(6)
        .immediate(),
    m(1, 0x72, |e, op| shift_immediate(e, op, |a: u32, n| a.checked_shr(n).unwrap_or(0)))
        .extension(2)
        .immediate(),
    m(1, 0x72, |e, op| shift_immediate(e, op, |a: i32, n| a >> n.min(31))).extension(4).immediate(),
    m(1, 0x72, |e, op| shift_immediate(e, op, |a: u32, n| a.checked_shl(n).unwrap_or(0)))
        .extension(6)
        .immediate(),
    m(1, 0x73, |e, op| shift_immediate(e, op, |a: u64, n| a.checked_shr(n).unwrap_or(0)))
        .extension(2)
        .immediate(),
    m(1, 0x73, |e, op| shift_immediate(e, op, |a: u64, n| a.checked_shl(n).unwrap_or(0)))
        .extension(6)
        .immediate(),
    x(P66, 1, 0x73, |e, op| shift_immediate(e, op, |a: u128, n| a.checked_shr(8 * n).unwrap_or(0)))
        .extension(3)
        .immediate(),
    x(P66, 1, 0x73, |e, op| shift_immediate(e, op, |a: u128, n| a.checked_shl(8 * n).unwrap_or(0)))
        .extension(7)
        .immediate(),
    // Shifts by an amount for each lane.
    x(P66, 2, 0x45, |e, op| {
        if op.width == 8 {
            each(e, op, |a: u64, n: u64| if n < 64 { a >> n } else { 0 })
        } else {
            each(e, op, |a: u32, n: u32| a.checked_shr(n).unwrap_or(0))
        }
    })
    .vex(),
    x(P66, 2, 0x46, |e, op| each(e, op, |a: i32, n: i32| a >> (n as u32).min(31))).vex(),
    x(P66, 2, 0x47, |e, op| {
        if op.width == 8 {
            each(e, op, |a: u64, n: u64| if n < 64 { a << n } else { 0 })
        } else {
            each(e, op, |a: u32, n: u32| a.checked_shl(n).unwrap_or(0))
        }
    })
    .vex(),
];

impl Row {
    /// The amount is in 16 bytes, whatever the length of the vectors.
    const fn sixteen(mut self) -> Self {
        self.size = super::Size::Part(0);
        self
    }
}

/// The sum of the products of two pairs of words.
fn dot(a: u32, b: u32) -> u32 {
    let product = |shift: u32| i32::from((a >> shift) as i16).wrapping_mul(i32::from((b >> shift) as i16));
    product(0).wrapping_add(product(16)) as u32
}

/// The saturated sum of the products of two pairs of unsigned and signed bytes.
fn dot_saturating(a: u16, b: u16) -> u16 {
    let product = |shift: u32| i32::from((a >> shift) as u8) * i32::from((b >> shift) as i8);
    (product(0) + product(8)).clamp(i16::MIN.into(), i16::MAX.into()) as u16
}

/// The sum of the absolute differences of eight bytes.
fn differences(a: u64, b: u64) -> u64 {
    a.to_le_bytes().iter().zip(b.to_le_bytes()).map(|(a, b)| u64::from(a.abs_diff(b))).sum()
}

fn shift_lanes<T: Lane>(
    op: &NativeOp,
    value: &Vector,
    amount: u64,
    function: impl Fn(T, u32) -> T,
) -> Vector {
    let amount = u32::try_from(amount).unwrap_or(u32::MAX);
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / T::SIZE {
        function(T::get(value, index), amount).put(&mut result, index);
    }
    result
}

fn shift<T: Lane>(e: &mut NativeEmulator, op: &NativeOp, function: impl Fn(T, u32) -> T) -> Result<(), Halt> {
    let amount = u64::get(&e.rm(op)?, 0);
    let result = shift_lanes(op, &e.first(op), amount, function);
    e.put(op, &result);
    Ok(())
}

fn shift_immediate<T: Lane>(
    e: &mut NativeEmulator,
    op: &NativeOp,
    function: impl Fn(T, u32) -> T,
) -> Result<(), Halt> {
    let super::Rm::Place(rm) = op.rm else { return Err(Halt::Invalid) };
    let value = e.vector(rm, op.length);
    let amount = u64::from(op.immediate);
    let result = shift_lanes(op, &value, if T::SIZE == 16 { amount.min(16) } else { amount }, function);
    // The destination is that of the VEX prefix.
    e.put_at(op, if op.vex { op.other } else { rm }, &result);
    Ok(())
}
