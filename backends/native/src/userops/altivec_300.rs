//! PowerPC: the vectors of Power ISA 3.0 (book I, chapter 6): differences,
//! counts, extensions of the sign, parts of vectors, rotations with masks; and
//! the masks of Power ISA 3.1.

use super::{
    Handler,
    lanes::{lane, mask, signed, vector},
    powerpc_registers::Word,
};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

/// An instruction with three registers, by the number of its operation.
const fn three(number: u32, handler: Handler) -> Override {
    Override { mask: 0xfc00_07ff, value: 4 << 26 | number, handler }
}

/// One with two, which the field between them numbers, too.
const fn two(number: u32, kind: u32, handler: Handler) -> Override {
    Override { mask: 0xfc1f_07ff, value: 4 << 26 | kind << 16 | number, handler }
}

/// One with four.
const fn four(number: u32, handler: Handler) -> Override {
    Override { mask: 0xfc00_003f, value: 4 << 26 | number, handler }
}

/// A comparison, with Rc or not.
const fn comparison(number: u32, handler: Handler) -> Override {
    Override { mask: 0xfc00_03ff, value: 4 << 26 | number, handler }
}

/// A vector from the operands: A, B, C and what is in the target.
macro_rules! whole {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn([u128; 4]) -> u128 = $function;
            let word = Word::of(emulator, op);
            let operands = [word.a(), word.b(), word.c(), word.t()].map(|number| emulator.vr(number));
            emulator.set_vr(word.t(), function(operands));
            Ok(())
        })
    };
}

/// Each element from those of A and B and of the target.
macro_rules! each {
    ($bits:literal, $function:expr) => {
        whole!(|[a, b, _, t]| {
            let function: fn(u128, u128, u128) -> u128 = $function;
            vector(128 / $bits, $bits, |index| {
                function(lane(a, index, $bits), lane(b, index, $bits), lane(t, index, $bits))
            })
        })
    };
}

/// Elements that differ or, as may be, are zero.
macro_rules! differing {
    ($bits:literal, $zeros:literal) => {
        Handler::new(|emulator, op| {
            compare(emulator, Word::of(emulator, op), $bits, |a, b| a != b || $zeros && (a == 0 || b == 0))
        })
    };
}

/// A general register from B and a number of a byte in the register A.
macro_rules! part {
    ($bits:literal, $from_left:literal) => {
        Handler::new(|emulator, op| {
            let word = Word::of(emulator, op);
            let place = 8 * (emulator.gpr(word.a()) as u32 & 15);
            let shift = if $from_left { (128 - $bits as u32).saturating_sub(place) } else { place };
            let value = emulator.vr(word.b()) >> shift & mask($bits);
            emulator.set_gpr(word.t(), value as u64);
            Ok(())
        })
    };
}

/// The lower part of doubleword 0 of B over bytes of the target.
macro_rules! insert {
    ($bits:literal) => {
        Handler::new(|emulator, op| {
            let word = Word::of(emulator, op);
            // What would go beyond the end is undefined, and goes to the end.
            let shift = (128 - $bits as u32).saturating_sub(8 * word.field(16, 4));
            let kept = emulator.vr(word.t()) & !(mask($bits) << shift);
            let value = emulator.vr(word.b()) >> 64 & mask($bits);
            emulator.set_vr(word.t(), kept | value << shift);
            Ok(())
        })
    };
}

/// A general register from B.
macro_rules! number {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn(u128) -> u64 = $function;
            let word = Word::of(emulator, op);
            let value = function(emulator.vr(word.b()));
            emulator.set_gpr(word.t(), value);
            Ok(())
        })
    };
}

/// The highest bits of the elements, in a general register.
macro_rules! gather {
    ($bits:literal) => {
        number!(|b| {
            let bit = |index| lane(b, index, $bits) >> ($bits - 1);
            (0..128 / $bits).fold(0, |all, index| all | bit(index) << index) as u64
        })
    };
}

/// Elements of ones or zeros, by the bits of a general register.
macro_rules! spread {
    ($bits:literal) => {
        Handler::new(|emulator, op| {
            let word = Word::of(emulator, op);
            let bits = emulator.gpr(word.b());
            let value =
                vector(128 / $bits, $bits, |index| if bits >> index & 1 != 0 { u128::MAX } else { 0 });
            emulator.set_vr(word.t(), value);
            Ok(())
        })
    };
}

/// Elements of ones or zeros, by the highest bit of each.
macro_rules! expand {
    ($bits:literal) => {
        each!($bits, |_, b, _| if b >> ($bits - 1) != 0 { u128::MAX } else { 0 })
    };
}

/// Extended from the lower bits of each element.
macro_rules! extend {
    ($from:literal, $bits:literal) => {
        each!($bits, |_, b, _| signed(b, $from) as u128)
    };
}

pub(crate) const OVERRIDES: &[Override] = &[
    // vabsdub, vabsduh, vabsduw.
    three(1027, each!(8, |a, b, _| a.abs_diff(b))),
    three(1091, each!(16, |a, b, _| a.abs_diff(b))),
    three(1155, each!(32, |a, b, _| a.abs_diff(b))),
    three(1484, each!(64, |a, b, _| permuted_bits(a, b))),
    // vclzlsbb, vctzlsbb.
    two(1538, 0, number!(|b| u64::from((b & LOWEST_BITS).leading_zeros() / 8))),
    two(1538, 1, number!(|b| u64::from((b & LOWEST_BITS).trailing_zeros() / 8))),
    comparison(7, differing!(8, false)),
    comparison(71, differing!(16, false)),
    comparison(135, differing!(32, false)),
    comparison(263, differing!(8, true)),
    comparison(327, differing!(16, true)),
    comparison(391, differing!(32, true)),
    // vnegw, vnegd; vprtybw, vprtybd, vprtybq.
    two(1538, 6, each!(32, |_, b, _| b.wrapping_neg())),
    two(1538, 7, each!(64, |_, b, _| b.wrapping_neg())),
    two(1538, 8, each!(32, |_, b, _| parity(b))),
    two(1538, 9, each!(64, |_, b, _| parity(b))),
    two(1538, 10, whole!(|[_, b, ..]| parity(b))),
    // vextsb2w, vextsh2w, vextsb2d, vextsh2d, vextsw2d.
    two(1538, 16, extend!(8, 32)),
    two(1538, 17, extend!(16, 32)),
    two(1538, 24, extend!(8, 64)),
    two(1538, 25, extend!(16, 64)),
    two(1538, 26, extend!(32, 64)),
    // vctzb, vctzh, vctzw, vctzd.
    two(1538, 28, each!(8, |_, b, _| (b | 1 << 8).trailing_zeros().into())),
    two(1538, 29, each!(16, |_, b, _| (b | 1 << 16).trailing_zeros().into())),
    two(1538, 30, each!(32, |_, b, _| (b | 1 << 32).trailing_zeros().into())),
    two(1538, 31, each!(64, |_, b, _| (b | 1 << 64).trailing_zeros().into())),
    // vextublx, vextuhlx, vextuwlx, vextubrx, vextuhrx, vextuwrx.
    three(1549, part!(8, true)),
    three(1613, part!(16, true)),
    three(1677, part!(32, true)),
    three(1805, part!(8, false)),
    three(1869, part!(16, false)),
    three(1933, part!(32, false)),
    // vinsertb, vinserth, vinsertw, vinsertd.
    three(781, insert!(8)),
    three(845, insert!(16)),
    three(909, insert!(32)),
    three(973, insert!(64)),
    // vmul10uq, vmul10cuq, vmul10euq, vmul10ecuq: by ten, with a digit.
    three(513, whole!(|[a, ..]| a.wrapping_mul(10))),
    three(1, whole!(|[a, ..]| tenfold_carry(a, 0))),
    three(577, whole!(|[a, b, ..]| a.wrapping_mul(10).wrapping_add(b & 15))),
    three(65, whole!(|[a, b, ..]| tenfold_carry(a, b & 15))),
    four(59, whole!(|[a, b, c, _]| permuted_from_right(a, b, c))),
    // vrlwmi, vrldmi, vrlwnm, vrldnm.
    three(133, each!(32, |a, b, t| rotated(a, b, t, 32))),
    three(197, each!(64, |a, b, t| rotated(a, b, t, 64))),
    three(389, each!(32, |a, b, _| rotated(a, b, 0, 32))),
    three(453, each!(64, |a, b, _| rotated(a, b, 0, 64))),
    // vslv, vsrv: the amount of each byte, in which the next one comes along.
    three(
        1860,
        whole!(|[a, b, ..]| vector(16, 8, |index| {
            let pair = lane(a, index, 8) << 8 | if index == 0 { 0 } else { lane(a, index - 1, 8) };
            pair << (lane(b, index, 8) & 7) >> 8
        })),
    ),
    three(
        1796,
        whole!(|[a, b, ..]| vector(16, 8, |index| {
            (lane(a, index + 1, 8) << 8 | lane(a, index, 8)) >> (lane(b, index, 8) & 7)
        })),
    ),
    // vmsumudm.
    four(
        35,
        whole!(|[a, b, c, _]| {
            let product = |index| lane(a, index, 64).wrapping_mul(lane(b, index, 64));
            product(0).wrapping_add(product(1)).wrapping_add(c)
        }),
    ),
    // vexpand*m, vextract*m, mtvsr*m (Power ISA 3.1).
    two(1602, 0, expand!(8)),
    two(1602, 1, expand!(16)),
    two(1602, 2, expand!(32)),
    two(1602, 3, expand!(64)),
    two(1602, 4, whole!(|[_, b, ..]| if b >> 127 != 0 { u128::MAX } else { 0 })),
    two(1602, 8, gather!(8)),
    two(1602, 9, gather!(16)),
    two(1602, 10, gather!(32)),
    two(1602, 11, gather!(64)),
    two(1602, 12, number!(|b| (b >> 127) as u64)),
    two(1602, 16, spread!(8)),
    two(1602, 17, spread!(16)),
    two(1602, 18, spread!(32)),
    two(1602, 19, spread!(64)),
    two(1602, 20, spread!(128)),
];

/// The lowest bit of each byte.
const LOWEST_BITS: u128 = u128::MAX / 255;

/// Sets each element to ones or zeros, and with Rc tells whether all or none
/// hold.
fn compare(
    emulator: &mut NativeEmulator,
    word: Word,
    bits: u32,
    holds: fn(u128, u128) -> bool,
) -> Result<(), Halt> {
    let (a, b) = (emulator.vr(word.a()), emulator.vr(word.b()));
    let value = vector(128 / bits, bits, |index| {
        if holds(lane(a, index, bits), lane(b, index, bits)) { u128::MAX } else { 0 }
    });
    emulator.set_vr(word.t(), value);
    if word.field(10, 1) != 0 {
        let summary = match value {
            u128::MAX => 8,
            0 => 2,
            _ => 0,
        };
        emulator.set_user_register("cr6", summary);
    }
    Ok(())
}

/// vbpermd: the bits of `a` that the bytes of `b` number, from the left; those
/// of higher numbers are zero.
pub(super) fn permuted_bits(a: u128, b: u128) -> u128 {
    let bit = |index| {
        let number = lane(b, index, 8) as u32;
        if number < 64 { a >> (63 - number) & 1 } else { 0 }
    };
    (0..8).fold(0, |all, index| all | bit(index) << index)
}

/// Whether the number of bytes that are odd is odd.
fn parity(value: u128) -> u128 {
    ((value & LOWEST_BITS).count_ones() & 1).into()
}

/// What of ten times a number and a digit does not fit.
const fn tenfold_carry(value: u128, digit: u128) -> u128 {
    let (upper, lower) = (value >> 64, value & mask(64));
    (upper * 10 + ((lower * 10 + digit) >> 64)) >> 64
}

/// vpermr: bytes of `a` and `b` by numbers that count from the right.
fn permuted_from_right(a: u128, b: u128, numbers: u128) -> u128 {
    vector(16, 8, |index| {
        let number = lane(numbers, index, 8) as u32 & 31;
        if number < 16 { lane(b, number, 8) } else { lane(a, number - 16, 8) }
    })
}

/// Rotated left, and what a mask takes of it; the amount and the first and the
/// last bit of the mask, which are counted from the left, are in `control`.
fn rotated(value: u128, control: u128, other: u128, bits: u32) -> u128 {
    let part = |low: u32| (control >> low) as u32 & (bits - 1);
    let (amount, last, first) = (part(0), part(8), part(16));
    let turned = (value << amount | value >> (bits - amount)) & mask(bits);
    let from_first = mask(bits) >> first;
    let to_last = mask(bits) << (bits - 1 - last) & mask(bits);
    let chosen = if first <= last { from_first & to_last } else { from_first | to_last };
    turned & chosen | other & !chosen & mask(bits)
}
