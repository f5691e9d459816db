//! PowerPC: conversions, roundings and roots of the VSX registers, with what
//! they tell in the FPSCR (Power ISA 2.07, book I, 7.6.1): of scalars how they
//! were rounded and the class as well, of vectors the exceptions alone.

use rustc_apfloat::Round;

use super::{
    Handler,
    lanes::signed,
    powerpc::{Word, lanes, two},
    powerpc_float::{self, Computed, Outcome, narrowed, widened},
    powerpc_float_conversions,
};
use crate::{block::UserOp, emulator::NativeEmulator, exact::Arithmetic, halt::Halt, overrides::Override};

/// Doubleword 0, which scalars are in, is the upper half.
const UPPER: u32 = 64;

/// A scalar from a scalar, in doubleword 0.
macro_rules! scalar {
    ($outcome:ident, $function:expr) => {
        Handler::new(|emulator, op| {
            scalar(emulator, op, Outcome::$outcome, $function);
            Ok(())
        })
    };
}

/// Each lane from a lane; lanes of singles are widened.
macro_rules! vector {
    ($size:literal, $function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn(u64, Round) -> Computed = $function;
            lanes(emulator, op, $size, |[_, b, _], round| function(b, round));
            Ok(())
        })
    };
}

/// Rounding to an integral value in a direction, of a scalar and of vectors.
macro_rules! integral {
    ($scalar:literal, $double:literal, $single:literal, $round:expr) => {
        [
            two($scalar, scalar!(Double, |b, _| powerpc_float_conversions::integral(b, $round, false))),
            two($double, vector!(8, |b, _| powerpc_float_conversions::integral(b, $round, false))),
            two($single, vector!(4, |b, _| powerpc_float_conversions::integral(b, $round, false))),
        ]
    };
}

/// Those of all directions; by the status register, it is told if the result
/// is not exact.
pub(crate) const INTEGRAL: &[Override] = [
    integral!(73, 201, 137, Round::NearestTiesToAway),
    integral!(89, 217, 153, Round::TowardZero),
    integral!(105, 233, 169, Round::TowardPositive),
    integral!(121, 249, 185, Round::TowardNegative),
    [
        two(107, scalar!(Double, |b, round| powerpc_float_conversions::integral(b, round, true))),
        two(235, vector!(8, |b, round| powerpc_float_conversions::integral(b, round, true))),
        two(171, vector!(4, |b, round| powerpc_float_conversions::integral(b, round, true))),
    ],
]
.as_flattened();

pub(crate) const OVERRIDES: &[Override] = &[
    // Square roots.
    two(75, scalar!(Double, |b, round| root(b, false, round))),
    two(11, scalar!(Single, |b, round| root(b, true, round))),
    two(203, vector!(8, |b, round| root(b, false, round))),
    two(139, vector!(4, |b, round| root(b, true, round))),
    // Estimates: xsredp, xsresp, xvredp, xvresp.
    two(90, scalar!(Double, |b, round| powerpc_float::reciprocal(b, false, round))),
    two(26, scalar!(Single, |b, round| powerpc_float::reciprocal(b, true, round))),
    two(218, vector!(8, |b, round| powerpc_float::reciprocal(b, false, round))),
    two(154, vector!(4, |b, round| powerpc_float::reciprocal(b, true, round))),
    // xsrsqrtedp, xsrsqrtesp, xvrsqrtedp, xvrsqrtesp.
    two(74, scalar!(Double, |b, round| powerpc_float::reciprocal_root(b, false, round))),
    two(10, scalar!(Single, |b, round| powerpc_float::reciprocal_root(b, true, round))),
    two(202, vector!(8, |b, round| powerpc_float::reciprocal_root(b, false, round))),
    two(138, vector!(4, |b, round| powerpc_float::reciprocal_root(b, true, round))),
    // From integers: xscvsxddp, xscvuxddp, xscvsxdsp, xscvuxdsp.
    two(376, scalar!(Double, |b, round| powerpc_float_conversions::of_integer((b as i64).into(), 8, round))),
    two(360, scalar!(Double, |b, round| powerpc_float_conversions::of_integer(b.into(), 8, round))),
    two(312, scalar!(Single, |b, round| powerpc_float_conversions::of_integer((b as i64).into(), 4, round))),
    two(296, scalar!(Single, |b, round| powerpc_float_conversions::of_integer(b.into(), 4, round))),
    // To integers: xscvdpsxds, xscvdpuxds, xscvdpsxws, xscvdpuxws.
    two(344, scalar!(Integer, |b, _| integer(b, 64, true))),
    two(328, scalar!(Integer, |b, _| integer(b, 64, false))),
    two(88, scalar!(Integer, |b, _| integer(b, 32, true).map(twice))),
    two(72, scalar!(Integer, |b, _| integer(b, 32, false).map(twice))),
    // xsrsp; xscvspdp, xscvspdpn; xscvdpsp, xscvdpspn.
    two(281, scalar!(Single, powerpc_float_conversions::single)),
    two(329, scalar!(Double, |b, _| powerpc_float_conversions::quieted(widened((b >> 32).into())))),
    two(331, scalar!(Silent, |b, _| Computed::exact(widened((b >> 32).into())))),
    two(265, scalar!(SingleWord, powerpc_float_conversions::single)),
    two(267, scalar!(Silent, |b, _| Computed::exact(twice(powerpc_float::cut(b) as u64)))),
    // To and from the even words of a vector: xvcvsxwdp, xvcvuxwdp; xvcvspdp,
    // xvcvdpsp; xvcvdpsxws, xvcvdpuxws.
    two(
        248,
        vector!(8, |b, round| powerpc_float_conversions::of_integer(signed((b >> 32).into(), 32), 8, round)),
    ),
    two(232, vector!(8, |b, round| powerpc_float_conversions::of_integer((b >> 32).into(), 8, round))),
    two(457, vector!(8, |b, _| powerpc_float_conversions::quieted(widened((b >> 32).into())))),
    two(393, vector!(8, |b, round| powerpc_float_conversions::single(b, round).map(word))),
    two(216, vector!(8, |b, _| integer(b, 32, true).map(twice))),
    two(200, vector!(8, |b, _| integer(b, 32, false).map(twice))),
    // The same of double words: xvcvsxdsp, xvcvuxdsp; xvcvspsxds, xvcvspuxds.
    two(
        440,
        vector!(8, |b, round| powerpc_float_conversions::of_integer((b as i64).into(), 4, round).map(word)),
    ),
    two(424, vector!(8, |b, round| powerpc_float_conversions::of_integer(b.into(), 4, round).map(word))),
    two(408, vector!(8, |b, _| integer(widened((b >> 32).into()), 64, true))),
    two(392, vector!(8, |b, _| integer(widened((b >> 32).into()), 64, false))),
    // xvcvsxwsp, xvcvuxwsp; xvcvspsxws, xvcvspuxws.
    two(184, Handler::new(|e, op| words(e, op, |b, round| of_word((b as i32).into(), round)))),
    two(168, Handler::new(|e, op| words(e, op, |b, round| of_word(b.into(), round)))),
    two(152, Handler::new(|e, op| words(e, op, |b, _| integer(widened(b.into()), 32, true)))),
    two(136, Handler::new(|e, op| words(e, op, |b, _| integer(widened(b.into()), 32, false)))),
    // xvcvsxddp, xvcvuxddp; xvcvdpsxds, xvcvdpuxds.
    two(504, vector!(8, |b, round| powerpc_float_conversions::of_integer((b as i64).into(), 8, round))),
    two(488, vector!(8, |b, round| powerpc_float_conversions::of_integer(b.into(), 8, round))),
    two(472, vector!(8, |b, _| integer(b, 64, true))),
    two(456, vector!(8, |b, _| integer(b, 64, false))),
];

fn root(value: u64, is_single: bool, round: Round) -> Computed {
    powerpc_float::compute(Arithmetic::SquareRoot, [value, 0, 0], is_single, round)
}

fn integer(value: u64, bits: usize, is_signed: bool) -> Computed {
    powerpc_float_conversions::to_integer_of(value, bits, is_signed, Round::TowardZero)
}

/// A word in both halves of a double word.
const fn twice(value: u64) -> u64 {
    value << 32 | value & 0xffff_ffff
}

/// A double that is the value of a single as one, twice.
fn word(value: u64) -> u64 {
    twice(narrowed(value) as u64)
}

/// A single of an integer.
fn of_word(value: i128, round: Round) -> Computed {
    powerpc_float_conversions::of_integer(value, 4, round).map(word)
}

/// Each word of the target from a word, with the exceptions of each; if one is
/// enabled, nothing is written.
fn words(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    function: fn(u32, Round) -> Computed,
) -> Result<(), Halt> {
    let operands = Word(emulator.user_input(op, 0) as u32);
    let (source, round) = (emulator.vsr(operands.b()), emulator.fpscr_rounding());
    let mut target = Some(0);
    for low in (0..128).step_by(32) {
        let told = emulator.told_lane(&function((source >> low) as u32, round));
        target = target.zip(told).map(|(all, word)| all | u128::from(word as u32) << low);
    }
    if let Some(value) = target {
        emulator.set_vsr(operands.t(), value);
    }
    Ok(())
}

fn scalar(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    outcome: Outcome,
    function: fn(u64, Round) -> Computed,
) {
    let operands = Word(emulator.user_input(op, 0) as u32);
    let value = (emulator.vsr(operands.b()) >> UPPER) as u64;
    let result = function(value, emulator.fpscr_rounding());
    let Some(value) = emulator.told_as(&result, outcome) else { return };
    let value = if outcome == Outcome::SingleWord { word(value) } else { value };
    emulator.set_vsr(operands.t(), u128::from(value) << UPPER);
}
