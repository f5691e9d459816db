//! PowerPC: sums across elements, which saturate, packed pixels, bounds
//! (Power ISA 2.07, book I, 6.7 to 6.10), and accesses of one element, of which
//! the others stay as they are.

use super::{
    Handler, Table,
    altivec::record,
    lanes::{lane, saturate, signed, vector},
};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    float::{is_nan, order},
    halt::Halt,
    overrides::Override,
};

/// A sum of the elements of `$bits` of each word and of the second vector's
/// word.
macro_rules! across {
    ($bits:literal, $signed:literal) => {
        Handler::new(|emulator, op| {
            let (a, b) = (emulator.user_input(op, 0), emulator.user_input(op, 1));
            emulator.set_saturated(op, 32, |index| {
                let parts = (0..32 / $bits).map(|part| lane(a, index * (32 / $bits) + part, $bits));
                let sum = parts.map(|value| number(value, $bits, $signed)).sum::<i128>();
                saturate(sum + number(lane(b, index, 32), 32, $signed), 32, $signed)
            });
            Ok(())
        })
    };
}

/// Products of half words, and the sum of two with a word.
macro_rules! products {
    ($signed:literal) => {
        Handler::new(|emulator, op| {
            let [a, b, c] = [0, 1, 2].map(|index| emulator.user_input(op, index));
            emulator.set_saturated(op, 32, |index| {
                let half = |vector, part| number(lane(vector, 2 * index + part, 16), 16, $signed);
                let sum = half(a, 0) * half(b, 0) + half(a, 1) * half(b, 1);
                saturate(sum + number(lane(c, index, 32), 32, $signed), 32, $signed)
            });
            Ok(())
        })
    };
}

pub(super) const TABLE: Table = &[
    ("vectorSumAcrossPartialUnsignedByteSaturate", across!(8, false)),
    ("vectorSumAcrossPartialSignedByteSaturate", across!(8, true)),
    ("vectorSumAcrossPartialSignedHalfWordSaturate", across!(16, true)),
    ("vectorSumAcrossPartialSignedWordSaturate", Handler::new(|emulator, op| sum(emulator, op, 2))),
    ("vectorSumAcrossSignedWordSaturate", Handler::new(|emulator, op| sum(emulator, op, 4))),
    ("vectorMultiplySumSignedHalfWordSaturate", products!(true)),
    ("vectorMultiplySumUnsignedHalfWordSaturate", products!(false)),
    ("vectorPackPixel32", Handler::new(pack_pixels)),
    ("vectorUnpackHighPixel16", Handler::new(|emulator, op| unpack_pixels(emulator, op, 4))),
    ("vectorUnpackLowPixel16", Handler::new(|emulator, op| unpack_pixels(emulator, op, 0))),
    ("vectorCompareBoundsFloatingPoint", Handler::new(bounds)),
];

/// An access of one element.
const fn element(number: u32, size: usize, loads: bool) -> Override {
    let handler = match (size, loads) {
        (1, true) => Handler::new(|emulator, op| load(emulator, op, 1)),
        (2, true) => Handler::new(|emulator, op| load(emulator, op, 2)),
        (_, true) => Handler::new(|emulator, op| load(emulator, op, 4)),
        (1, false) => Handler::new(|emulator, op| store(emulator, op, 1)),
        (2, false) => Handler::new(|emulator, op| store(emulator, op, 2)),
        _ => Handler::new(|emulator, op| store(emulator, op, 4)),
    };
    Override { mask: 0xfc00_07ff, value: 31 << 26 | number << 1, handler }
}

pub(crate) const OVERRIDES: &[Override] = &[
    element(7, 1, true),
    element(39, 2, true),
    element(71, 4, true),
    element(135, 1, false),
    element(167, 2, false),
    element(199, 4, false),
];

const fn number(value: u128, bits: u32, is_signed: bool) -> i128 {
    if is_signed { signed(value, bits) } else { value as i128 }
}

/// Words, of each so many, and the lowest of the second vector's.
fn sum(emulator: &mut NativeEmulator, op: &UserOp, count: u32) -> Result<(), Halt> {
    let (a, b) = (emulator.user_input(op, 0), emulator.user_input(op, 1));
    emulator.set_saturated(op, 32 * count, |index| {
        let words = (0..count).map(|part| signed(lane(a, index * count + part, 32), 32));
        saturate(words.sum::<i128>() + signed(lane(b, index * count, 32), 32), 32, true)
    });
    Ok(())
}

fn pack_pixels(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let (a, b) = (emulator.user_input(op, 0), emulator.user_input(op, 1));
    let value = vector(8, 16, |index| {
        let word = lane(if index >= 4 { a } else { b }, index % 4, 32);
        (word >> 24 & 1) << 15 | (word >> 19 & 31) << 10 | (word >> 11 & 31) << 5 | word >> 3 & 31
    });
    emulator.set_user_result(op, value);
    Ok(())
}

/// Pixels of 1, 5, 5 and 5 bits to ones of a byte for each, the first of which
/// is the sign's.
fn unpack_pixels(emulator: &mut NativeEmulator, op: &UserOp, first: u32) -> Result<(), Halt> {
    let a = emulator.user_input(op, 0);
    let value = vector(4, 32, |index| {
        let pixel = lane(a, first + index, 16);
        let alpha = if pixel >> 15 != 0 { 0xff } else { 0 };
        alpha << 24 | (pixel >> 10 & 31) << 16 | (pixel >> 5 & 31) << 8 | pixel & 31
    });
    emulator.set_user_result(op, value);
    Ok(())
}

/// Bit 0 tells that an element is above the bound, bit 1 that it is below its
/// negative.
fn bounds(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let [a, b] = [0, 1].map(|index| emulator.floating_input(op, index));
    let value = vector(4, 32, |index| {
        let (a, b) = (lane(a, index, 32), lane(b, index, 32));
        let unordered = is_nan(4, a) || is_nan(4, b);
        let above = unordered || order(4, a) > order(4, b);
        let below = unordered || order(4, a) < -order(4, b);
        u128::from(above) << 31 | u128::from(below) << 30
    });
    emulator.set_user_result(op, value);
    record(emulator, u128::from(value == 0) << 1)
}

/// The address of an element, the name of the register, and how far the
/// element is from its lowest bit.
fn place(emulator: &NativeEmulator, op: &UserOp, size: usize) -> (u64, String, u32) {
    let word = emulator.user_input(op, 0) as u32;
    let general = |low: u32| emulator.user_register(&format!("r{}", word >> low & 31)) as u64;
    let base = if word >> 16 & 31 == 0 { 0 } else { general(16) };
    let address = base.wrapping_add(general(11)) & !(size as u64 - 1) & emulator.address_mask;
    let number = word >> 21 & 31;
    let short = format!("vr{number}");
    let known = emulator.processor.language.register(&short).is_some();
    let name = if known { short } else { format!("vs{}", 32 + number) };
    let offset = (address & 15) as u32;
    let shift = if emulator.data_big_endian { 128 - 8 * (offset + size as u32) } else { 8 * offset };
    (address, name, shift)
}

fn load(emulator: &mut NativeEmulator, op: &UserOp, size: usize) -> Result<(), Halt> {
    let (address, name, shift) = place(emulator, op, size);
    let mut bytes = vec![0; size];
    emulator.user_read(address, &mut bytes)?;
    if !emulator.data_big_endian {
        bytes.reverse();
    }
    let value = bytes.iter().fold(0, |value: u128, byte| value << 8 | u128::from(*byte));
    let mask = (1u128 << (8 * size)) - 1;
    let old = emulator.user_register(&name);
    emulator.set_user_register(&name, old & !(mask << shift) | value << shift);
    Ok(())
}

fn store(emulator: &mut NativeEmulator, op: &UserOp, size: usize) -> Result<(), Halt> {
    let (address, name, shift) = place(emulator, op, size);
    let mut bytes = (emulator.user_register(&name) >> shift).to_le_bytes()[..size].to_vec();
    if emulator.data_big_endian {
        bytes.reverse();
    }
    emulator.user_write(address, &bytes)
}
