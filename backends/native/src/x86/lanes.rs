//! Numbers in vectors, and functions of each of them.

use super::{NativeOp, Vector, WIDEST};
use crate::{emulator::NativeEmulator, halt::Halt};

/// A number that vectors are made of.
pub(super) trait Lane: Copy + Default {
    const SIZE: usize;
    fn get(vector: &Vector, index: usize) -> Self;
    fn put(self, vector: &mut Vector, index: usize);
}

macro_rules! lanes {
    ($($type:ident $size:literal),*) => {
        $(impl Lane for $type {
            const SIZE: usize = $size;

            #[inline(always)]
            fn get(vector: &Vector, index: usize) -> Self {
                let mut bytes = [0; $size];
                if let Some(found) = vector.get(index * $size..(index + 1) * $size) {
                    bytes.copy_from_slice(found);
                }
                Self::from_le_bytes(bytes)
            }

            #[inline(always)]
            fn put(self, vector: &mut Vector, index: usize) {
                if let Some(place) = vector.get_mut(index * $size..(index + 1) * $size) {
                    place.copy_from_slice(&self.to_le_bytes());
                }
            }
        })*
    };
}

lanes!(u8 1, i8 1, u16 2, i16 2, u32 4, i32 4, u64 8, i64 8, u128 16);

/// Each lane of two operands.
#[inline(always)]
pub(super) fn each<T: Lane>(
    e: &mut NativeEmulator,
    op: &NativeOp,
    function: impl Fn(T, T) -> T,
) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.first(op));
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / T::SIZE {
        function(T::get(&a, index), T::get(&b, index)).put(&mut result, index);
    }
    e.put(op, &result);
    Ok(())
}

/// Each lane of one operand.
#[inline(always)]
pub(super) fn each_of_one<T: Lane>(
    e: &mut NativeEmulator,
    op: &NativeOp,
    function: impl Fn(T) -> T,
) -> Result<(), Halt> {
    let b = e.rm(op)?;
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / T::SIZE {
        function(T::get(&b, index)).put(&mut result, index);
    }
    e.put(op, &result);
    Ok(())
}

/// All of each 128-bit half of two operands (all of MMX registers).
#[inline(always)]
pub(super) fn halves(
    e: &mut NativeEmulator,
    op: &NativeOp,
    function: impl Fn(&Vector, &Vector) -> Vector,
) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.first(op));
    let result = by_halves(op.length, &a, &b, function);
    e.put(op, &result);
    Ok(())
}

/// Computes each 128-bit half on its own.
#[inline(always)]
pub(super) fn by_halves(
    length: u8,
    a: &Vector,
    b: &Vector,
    function: impl Fn(&Vector, &Vector) -> Vector,
) -> Vector {
    let mut result = function(a, b);
    if length == 32 {
        let high = function(&upper(a), &upper(b));
        result[16..].copy_from_slice(&high[..16]);
    }
    result
}

/// The upper half.
pub(super) fn upper(vector: &Vector) -> Vector {
    let mut high = [0; WIDEST];
    high[..16].copy_from_slice(&vector[16..]);
    high
}
