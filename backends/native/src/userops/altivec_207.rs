//! PowerPC: the vectors of Power ISA 2.07 (book I, chapter 6): elements of 64
//! and 128 bits, counts, polynomials, hash functions. The specification calls
//! them by numbers.

use super::{
    Function, Handler, Table,
    altivec::record,
    lanes::{lane, mask, saturate, signed, vector},
};
use crate::{emulator::NativeEmulator, halt::Halt};

/// A vector of one, two or three.
macro_rules! whole {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn([u128; 3]) -> u128 = $function;
            // What an instruction has not, its function does not look at.
            let input = |index| if index < op.inputs.len() { emulator.user_input(op, index) } else { 0 };
            let value = function([input(0), input(1), input(2)]);
            emulator.set_user_result(op, value);
            Ok(())
        })
    };
}

/// Each element of a vector from those of one or two.
macro_rules! each {
    ($bits:literal, $function:expr) => {
        whole!(|[a, b, _]| {
            let function: fn(u128, u128) -> u128 = $function;
            vector(128 / $bits, $bits, |index| function(lane(a, index, $bits), lane(b, index, $bits)))
        })
    };
}

/// Doublewords to words.
macro_rules! packing {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn(u128) -> (u128, bool) = $function;
            let (a, b) = (emulator.user_input(op, 0), emulator.user_input(op, 1));
            emulator
                .set_saturated(op, 32, |index| function(lane(if index < 2 { b } else { a }, index & 1, 64)));
            Ok(())
        })
    };
}

/// A comparison of doublewords; with Rc, its summary too.
macro_rules! comparison {
    ($function:expr) => {{
        const COMPARE: Function = |emulator, op| {
            let function: fn(u128, u128) -> bool = $function;
            let (a, b) = (emulator.user_input(op, 0), emulator.user_input(op, 1));
            let holds = |index| function(lane(a, index, 64), lane(b, index, 64));
            let value = vector(2, 64, |index| if holds(index) { u128::MAX } else { 0 });
            emulator.set_user_result(op, value);
            summarize(emulator, value)
        };
        Handler::new(COMPARE)
    }};
}

/// Tells with Rc whether all or none of the elements compare.
fn summarize(emulator: &mut NativeEmulator, value: u128) -> Result<(), Halt> {
    let summary = match value {
        u128::MAX => 8,
        0 => 2,
        _ => 0,
    };
    record(emulator, summary)
}

pub(super) const TABLE: Table = &[
    // vaddcuq, vaddecuq, vaddeuqm, vaddudm, vadduqm.
    ("altv207_1", whole!(|[a, b, _]| a.overflowing_add(b).1.into())),
    ("altv207_2", whole!(|[a, b, c]| u128::from(sum(a, b, c & 1).1))),
    ("altv207_3", whole!(|[a, b, c]| sum(a, b, c & 1).0)),
    ("altv207_4", each!(64, |a, b| a.wrapping_add(b))),
    ("altv207_5", whole!(|[a, b, _]| a.wrapping_add(b))),
    ("altv207_6", whole!(|[a, b, _]| permuted_bits(a, b))),
    // vclzb, vclzd, vclzh, vclzw.
    ("altv207_9", each!(8, |a, _| (a as u8).leading_zeros().into())),
    ("altv207_10", each!(64, |a, _| (a as u64).leading_zeros().into())),
    ("altv207_11", each!(16, |a, _| (a as u16).leading_zeros().into())),
    ("altv207_12", each!(32, |a, _| (a as u32).leading_zeros().into())),
    // vcmpequd, vcmpgtsd, vcmpgtud.
    ("altv207_13", comparison!(|a, b| a == b)),
    ("altv207_14", comparison!(|a, b| a == b)),
    ("altv207_15", comparison!(|a, b| a as i64 > b as i64)),
    ("altv207_16", comparison!(|a, b| a as i64 > b as i64)),
    ("altv207_17", comparison!(|a, b| a > b)),
    ("altv207_18", comparison!(|a, b| a > b)),
    ("altv207_19", whole!(|[a, b, _]| !(a ^ b))),
    ("altv207_20", whole!(|[a, ..]| vector(2, 64, |index| gathered(lane(a, index, 64) as u64)))),
    // vmaxsd, vmaxud, vminsd, vminud.
    ("altv207_21", each!(64, |a, b| (a as i64).max(b as i64) as u128)),
    ("altv207_22", each!(64, |a, b| a.max(b))),
    ("altv207_23", each!(64, |a, b| (a as i64).min(b as i64) as u128)),
    ("altv207_24", each!(64, |a, b| a.min(b))),
    // vmrgew, vmrgow: the elements are counted from the left.
    ("altv207_25", each!(64, |a, b| a >> 32 << 32 | b >> 32)),
    ("altv207_26", each!(64, |a, b| a << 32 & mask(64) | b & mask(32))),
    // vmulesw, vmuleuw, vmulosw, vmulouw, vmuluwm.
    ("altv207_27", each!(64, |a, b| signed(a >> 32, 32).wrapping_mul(signed(b >> 32, 32)) as u128)),
    ("altv207_28", each!(64, |a, b| (a >> 32) * (b >> 32))),
    ("altv207_29", each!(64, |a, b| signed(a, 32).wrapping_mul(signed(b, 32)) as u128)),
    ("altv207_30", each!(64, |a, b| (a & mask(32)) * (b & mask(32)))),
    ("altv207_31", each!(32, |a, b| a * b)),
    ("altv207_32", whole!(|[a, b, _]| !(a & b))),
    ("altv207_35", whole!(|[a, b, _]| a | !b)),
    ("altv207_36", whole!(|[a, b, c]| permuted_exclusively(a, b, c))),
    // vpksdss, vpksdus, vpkudum, vpkudus.
    ("altv207_37", packing!(|value| saturate(signed(value, 64), 32, true))),
    ("altv207_38", packing!(|value| saturate(signed(value, 64), 32, false))),
    ("altv207_39", packing!(|value| (value & mask(32), false))),
    ("altv207_41", packing!(|value| saturate(value as i128, 32, false))),
    // vpmsumb, vpmsumd, vpmsumh, vpmsumw.
    ("altv207_42", whole!(|[a, b, _]| polynomial(a, b, 8))),
    ("altv207_43", whole!(|[a, b, _]| polynomial(a, b, 64))),
    ("altv207_44", whole!(|[a, b, _]| polynomial(a, b, 16))),
    ("altv207_45", whole!(|[a, b, _]| polynomial(a, b, 32))),
    // vpopcntb, vpopcntd, vpopcnth, vpopcntw.
    ("altv207_46", each!(8, |a, _| a.count_ones().into())),
    ("altv207_47", each!(64, |a, _| a.count_ones().into())),
    ("altv207_48", each!(16, |a, _| a.count_ones().into())),
    ("altv207_49", each!(32, |a, _| a.count_ones().into())),
    ("altv207_50", each!(64, |a, b| (a as u64).rotate_left(b as u32 & 63).into())),
    // vshasigmad, vshasigmaw.
    ("altv207_52", whole!(|[a, kind, six]| hash(a, kind, six, 64))),
    ("altv207_53", whole!(|[a, kind, six]| hash(a, kind, six, 32))),
    // vsld, vsrad, vsrd.
    ("altv207_54", each!(64, |a, b| a << (b & 63))),
    ("altv207_55", each!(64, |a, b| (a as i64 >> (b & 63)) as u128)),
    ("altv207_56", each!(64, |a, b| a >> (b & 63))),
    // vsubcuq, vsubecuq, vsubeuqm, vsubudm, vsubuqm: no borrow is one.
    ("altv207_57", whole!(|[a, b, _]| (!a.overflowing_sub(b).1).into())),
    ("altv207_58", whole!(|[a, b, c]| u128::from(sum(a, !b, c & 1).1))),
    ("altv207_59", whole!(|[a, b, c]| sum(a, !b, c & 1).0)),
    ("altv207_60", each!(64, |a, b| a.wrapping_sub(b))),
    ("altv207_61", whole!(|[a, b, _]| a.wrapping_sub(b))),
    // vupkhsw, vupklsw.
    ("altv207_62", whole!(|[a, ..]| vector(2, 64, |index| signed(lane(a, 2 + index, 32), 32) as u128))),
    ("altv207_63", whole!(|[a, ..]| vector(2, 64, |index| signed(lane(a, index, 32), 32) as u128))),
];

/// A sum with a carry, and the carry out of it.
const fn sum(a: u128, b: u128, carry: u128) -> (u128, bool) {
    let (first, over) = a.overflowing_add(b);
    let (value, again) = first.overflowing_add(carry);
    (value, over || again)
}

/// vbpermq: the bits of `a` that the bytes of `b` number, from the left; those
/// of higher numbers are zero.
fn permuted_bits(a: u128, b: u128) -> u128 {
    let bit = |index| {
        let number = lane(b, index, 8) as u32;
        if number < 128 { a >> (127 - number) & 1 } else { 0 }
    };
    (0..16).fold(0, |all, index| all | bit(index) << index) << 64
}

/// vgbbd: the first bits of the bytes, then the second ones.
fn gathered(value: u64) -> u128 {
    let bit = |row: u32, column: u32| value >> (8 * column + row) & 1;
    (0..64).fold(0, |all, index| all | bit(index / 8, index % 8) << index).into()
}

/// vpermxor: bytes of `a` and `b` that the halves of those of `c` number, from
/// the left.
fn permuted_exclusively(a: u128, b: u128, c: u128) -> u128 {
    vector(16, 8, |index| {
        let numbers = lane(c, index, 8) as u32;
        lane(a, 15 - (numbers >> 4), 8) ^ lane(b, 15 - (numbers & 15), 8)
    })
}

/// Products without carries, two of which are added for each element of twice
/// the size.
fn polynomial(a: u128, b: u128, bits: u32) -> u128 {
    let product = |index| {
        let (a, b) = (lane(a, index, bits), lane(b, index, bits));
        (0..bits).filter(|bit| b >> bit & 1 != 0).fold(0, |all, bit| all ^ a << bit)
    };
    vector(64 / bits, 2 * bits, |index| product(2 * index) ^ product(2 * index + 1))
}

/// The functions σ and Σ of SHA-2 (FIPS 180-4, 4.1.2 and 4.1.3): small or
/// large ones, and the first or the second as the bit of the element says.
fn hash(a: u128, kind: u128, six: u128, bits: u32) -> u128 {
    // Amounts of rotations; of the small functions, the last is a shift.
    let amounts: [[[u32; 3]; 2]; 2] = match bits {
        32 => [[[7, 18, 3], [17, 19, 10]], [[2, 13, 22], [6, 11, 25]]],
        _ => [[[1, 8, 7], [19, 61, 6]], [[28, 34, 39], [14, 18, 41]]],
    };
    let is_large = kind & 1 != 0;
    vector(128 / bits, bits, |index| {
        // Elements are counted from the left; of doublewords, every second
        // bit is looked at.
        let element = 128 / bits - 1 - index;
        let bit = if bits == 32 { element } else { 2 * element };
        let [first, second, third] = amounts[usize::from(is_large)][(six >> (3 - bit) & 1) as usize];
        let value = lane(a, index, bits);
        let rotated = |amount: u32| (value >> amount | value << (bits - amount)) & mask(bits);
        rotated(first) ^ rotated(second) ^ if is_large { rotated(third) } else { value >> third }
    })
}
