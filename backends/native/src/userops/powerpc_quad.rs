//! PowerPC: floating point of 128 bits (Power ISA 3.0, book I, 7.6.1.4 and the
//! instructions of 7.6.3 whose names end in QP).

use rustc_apfloat::{Round, Status};

use super::{
    Function, Handler,
    powerpc_float::{Computed, fpscr},
    powerpc_float_300::class,
    powerpc_registers::Word,
    powerpc_vectors_300::{exponent, exponents, is_of, sign, significand},
};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    exact::{self, Arithmetic},
    float::{is_nan, is_signalling, order},
    halt::Halt,
    ieee::{self, Rounded, Tininess},
    overrides::Override,
};

/// An instruction with two or three registers; with bit 0, results are rounded
/// to odd.
const fn three(number: u32, function: Function) -> Override {
    Override { mask: 0xfc00_07fe, value: 63 << 26 | number << 1, handler: Handler::new(function) }
}

/// One with two, which the field between them numbers, too.
const fn kind(number: u32, kind: u32, function: Function) -> Override {
    Override {
        mask: 0xfc1f_07fe,
        value: 63 << 26 | kind << 16 | number << 1,
        handler: Handler::new(function),
    }
}

/// Moves of bits, from A and B.
macro_rules! bits {
    ($function:expr) => {
        |emulator, op| {
            let function: fn(u128, u128) -> u128 = $function;
            let word = Word::of(emulator, op);
            let value = function(emulator.vr(word.a()), emulator.vr(word.b()));
            emulator.set_vr(word.t(), value);
            Ok(())
        }
    };
}

const SIGN: u128 = sign(16);
const QUIET: u128 = 1 << 111;
const DEFAULT_NAN: u128 = 0x7fff_8000 << 96;

pub(crate) const OVERRIDES: &[Override] = &[
    three(4, |emulator, op| pair(emulator, op, Arithmetic::Add)),
    three(516, |emulator, op| pair(emulator, op, Arithmetic::Subtract)),
    three(36, |emulator, op| pair(emulator, op, Arithmetic::Multiply)),
    three(548, |emulator, op| pair(emulator, op, Arithmetic::Divide)),
    // xsmaddqp, xsmsubqp, xsnmaddqp, xsnmsubqp.
    three(388, |emulator, op| fused(emulator, op, false, false)),
    three(420, |emulator, op| fused(emulator, op, true, false)),
    three(452, |emulator, op| fused(emulator, op, false, true)),
    three(484, |emulator, op| fused(emulator, op, true, true)),
    kind(804, 27, |emulator, op| {
        let word = Word::of(emulator, op);
        let b = emulator.vr(word.b());
        finish(emulator, word, |round, odd| compute(Arithmetic::SquareRoot, [b, 0, 0], round, odd))
    }),
    // xsabsqp, xsnabsqp, xsnegqp, xscpsgnqp.
    kind(804, 0, bits!(|_, b| b & !SIGN)),
    kind(804, 8, bits!(|_, b| b | SIGN)),
    kind(804, 16, bits!(|_, b| b ^ SIGN)),
    three(100, bits!(|a, b| a & SIGN | b & !SIGN)),
    // xsxexpqp, xsxsigqp, xsiexpqp.
    kind(804, 2, bits!(|_, b| exponent(16, b) << 64)),
    kind(804, 18, bits!(|_, b| significand(16, b))),
    three(868, bits!(|a, b| a & !(0x7fff << 112) | (b >> 64 & 0x7fff) << 112)),
    // xscmpoqp, xscmpuqp, xscmpexpqp, xststdcqp.
    three(132, |emulator, op| comparison(emulator, op, true)),
    three(644, |emulator, op| comparison(emulator, op, false)),
    three(164, |emulator, op| {
        let word = Word::of(emulator, op);
        let result = exponents(16, emulator.vr(word.a()), emulator.vr(word.b()));
        emulator.set_fpcc(word.field(23, 3), result);
        Ok(())
    }),
    three(708, |emulator, op| {
        let word = Word::of(emulator, op);
        let b = emulator.vr(word.b());
        let holds = is_of(16, b, word.field(16, 7));
        emulator.set_fpcc(word.field(23, 3), u32::from(b & SIGN != 0) << 3 | u32::from(holds) << 1);
        Ok(())
    }),
    // xscmpeqqp, xscmpgeqp, xscmpgtqp (Power ISA 3.1).
    three(68, |emulator, op| mask_of(emulator, op, |order| order == 0)),
    three(196, |emulator, op| mask_of(emulator, op, |order| order >= 0)),
    three(228, |emulator, op| mask_of(emulator, op, |order| order > 0)),
    // xscvqpdp, xscvdpqp.
    kind(836, 20, narrow),
    kind(836, 22, widen),
    // xscvqpsdz, xscvqpswz, xscvqpudz, xscvqpuwz.
    kind(836, 25, |emulator, op| to_integer(emulator, op, 64, true)),
    kind(836, 9, |emulator, op| to_integer(emulator, op, 32, true)),
    kind(836, 17, |emulator, op| to_integer(emulator, op, 64, false)),
    kind(836, 1, |emulator, op| to_integer(emulator, op, 32, false)),
    // xscvsdqp, xscvudqp.
    kind(836, 10, |emulator, op| from_integer(emulator, op, true)),
    kind(836, 2, |emulator, op| from_integer(emulator, op, false)),
    // xsrqpi, xsrqpxp: the number is of 8 bits.
    Override { mask: 0xfc00_01fe, value: 63 << 26 | 5 << 1, handler: Handler::new(to_integral) },
    Override { mask: 0xfc00_01fe, value: 63 << 26 | 37 << 1, handler: Handler::new(to_extended) },
];

/// A result, and what is told of it.
struct Outcome {
    bits: u128,
    told: Computed,
}

impl Outcome {
    const fn nan(bits: u128, raised: u32) -> Self {
        Self { bits, told: Computed::nan(0, raised) }
    }

    fn of(rounded: Rounded, to_odd: bool) -> Self {
        let flags = [
            (Status::OVERFLOW, fpscr::OX),
            (Status::UNDERFLOW, fpscr::UX),
            (Status::DIV_BY_ZERO, fpscr::ZX),
            (Status::INEXACT, fpscr::XX),
        ];
        let raised =
            flags.iter().filter(|(flag, _)| rounded.status.contains(*flag)).fold(0, |all, it| all | it.1);
        let is_inexact = rounded.status.contains(Status::INEXACT);
        let rises = to_odd && is_inexact && rounded.bits & 1 == 0;
        let bits = rounded.bits | u128::from(rises);
        let told = Computed { bits: 0, raised, is_inexact, rounded_up: rounded.up || rises };
        Self { bits, told }
    }
}

const fn is_infinite(value: u128) -> bool {
    value & !SIGN == 0x7fff << 112
}

const fn is_zero(value: u128) -> bool {
    value & !SIGN == 0
}

/// Computes; NaNs come out in the order of the operands, the addend of a
/// product before the second factor.
fn compute(what: Arithmetic, [a, b, c]: [u128; 3], round: Round, to_odd: bool) -> Outcome {
    let operands: &[u128] = match what {
        Arithmetic::SquareRoot => &[a],
        Arithmetic::MultiplyAdd => &[a, c, b],
        _ => &[a, b],
    };
    let signalling = operands.iter().any(|value| is_signalling(16, *value));
    let mut raised = if signalling { fpscr::VXSNAN } else { 0 };
    let product_is_invalid = is_infinite(a) && is_zero(b) || is_zero(a) && is_infinite(b);
    if what == Arithmetic::MultiplyAdd && product_is_invalid {
        raised |= fpscr::VXIMZ;
    }
    if let Some(nan) = operands.iter().find(|value| is_nan(16, **value)) {
        return Outcome::nan(nan | QUIET, raised);
    }
    let rounded = ieee::compute(what, 16, [a, b, c], 16, round, Tininess::Before);
    if !rounded.status.contains(Status::INVALID_OP) {
        return Outcome::of(rounded, to_odd);
    }
    let why = match what {
        Arithmetic::Add | Arithmetic::Subtract => fpscr::VXISI,
        Arithmetic::Multiply => fpscr::VXIMZ,
        Arithmetic::Divide if is_zero(b) => fpscr::VXZDZ,
        Arithmetic::Divide => fpscr::VXIDI,
        Arithmetic::SquareRoot => fpscr::VXSQRT,
        Arithmetic::MultiplyAdd if product_is_invalid => fpscr::VXIMZ,
        Arithmetic::MultiplyAdd => fpscr::VXISI,
    };
    Outcome::nan(DEFAULT_NAN, raised | why)
}

/// Computes as the status register or bit 0 says, and writes the target.
fn finish(
    emulator: &mut NativeEmulator,
    word: Word,
    function: impl Fn(Round, bool) -> Outcome,
) -> Result<(), Halt> {
    let to_odd = word.field(0, 1) != 0;
    let round = if to_odd { Round::TowardZero } else { emulator.fpscr_rounding() };
    let outcome = function(round, to_odd);
    write(emulator, word, &outcome);
    Ok(())
}

/// Tells about a quad, and writes it.
fn write(emulator: &mut NativeEmulator, word: Word, outcome: &Outcome) {
    if emulator.report(&outcome.told, Some(class(16, outcome.bits))) {
        emulator.set_vr(word.t(), outcome.bits);
    }
}

fn pair(emulator: &mut NativeEmulator, op: &UserOp, what: Arithmetic) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let (a, b) = (emulator.vr(word.a()), emulator.vr(word.b()));
    finish(emulator, word, |round, odd| compute(what, [a, b, 0], round, odd))
}

/// A product with the target, rounded before it is negated.
fn fused(emulator: &mut NativeEmulator, op: &UserOp, minus: bool, negative: bool) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let [a, b, t] = [word.a(), word.b(), word.t()].map(|number| emulator.vr(number));
    let opposite = |value: u128| if is_nan(16, value) { value } else { value ^ SIGN };
    let addend = if minus { opposite(t) } else { t };
    finish(emulator, word, |round, odd| {
        let mut outcome = compute(Arithmetic::MultiplyAdd, [a, b, addend], round, odd);
        if negative {
            outcome.bits = opposite(outcome.bits);
        }
        outcome
    })
}

/// How two numbers compare; `None` if one of them is a NaN.
fn compared(a: u128, b: u128) -> Option<i32> {
    let is_ordered = !is_nan(16, a) && !is_nan(16, b);
    is_ordered.then(|| order(16, a).cmp(&order(16, b)) as i32)
}

fn comparison(emulator: &mut NativeEmulator, op: &UserOp, is_ordered: bool) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let (a, b) = (emulator.vr(word.a()), emulator.vr(word.b()));
    let compared = compared(a, b);
    let result = match compared {
        None => 1,
        Some(-1) => 8,
        Some(1) => 4,
        Some(_) => 2,
    };
    emulator.set_fpcc(word.field(23, 3), result);
    let raised = invalid(emulator, [a, b], is_ordered && compared.is_none());
    emulator.raise_fpscr(raised);
    Ok(())
}

/// What is invalid about a comparison: a signalling NaN, and any where an order
/// is asked for, unless the former is an exception.
fn invalid(emulator: &NativeEmulator, operands: [u128; 2], lacks_order: bool) -> u32 {
    let signalling = operands.iter().any(|value| is_signalling(16, *value));
    let compares = lacks_order && !(signalling && emulator.traps_invalid());
    let mut raised = if signalling { fpscr::VXSNAN } else { 0 };
    if compares {
        raised |= fpscr::VXVC;
    }
    raised
}

/// Ones if a relation holds, else zero.
fn mask_of(emulator: &mut NativeEmulator, op: &UserOp, holds: fn(i32) -> bool) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let (a, b) = (emulator.vr(word.a()), emulator.vr(word.b()));
    let compared = compared(a, b);
    let is_order = !holds(0) || holds(1);
    let raised = invalid(emulator, [a, b], is_order && compared.is_none());
    if !emulator.raise_fpscr(raised) {
        emulator.set_vr(word.t(), if compared.is_some_and(holds) { u128::MAX } else { 0 });
    }
    Ok(())
}

/// To a double, in doubleword 0.
fn narrow(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let b = emulator.vr(word.b());
    let to_odd = word.field(0, 1) != 0;
    let round = if to_odd { Round::TowardZero } else { emulator.fpscr_rounding() };
    let outcome = if is_nan(16, b) {
        let double = b >> 127 << 63 | 0x7ff << 52 | (b | QUIET) >> 60 & 0x000f_ffff_ffff_ffff;
        Outcome::nan(double, u32::from(is_signalling(16, b)) * fpscr::VXSNAN)
    } else {
        Outcome::of(ieee::convert(b, 16, 8, round, Tininess::Before), to_odd)
    };
    if emulator.report(&outcome.told, Some(class(8, outcome.bits))) {
        emulator.set_vr(word.t(), outcome.bits << 64);
    }
    Ok(())
}

/// From a double in doubleword 0.
fn widen(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let b = emulator.vr(word.b()) >> 64;
    let outcome = if is_nan(8, b) {
        let quad = b >> 63 << 127 | 0x7fff << 112 | (b & 0x000f_ffff_ffff_ffff) << 60 | QUIET;
        Outcome::nan(quad, u32::from(is_signalling(8, b)) * fpscr::VXSNAN)
    } else {
        Outcome::nan(exact::convert(b, 8, 16, Round::TowardZero).0, 0)
    };
    write(emulator, word, &outcome);
    Ok(())
}

/// Toward zero, in doubleword 0; what does not fit is the nearest that does, a
/// NaN the lowest.
fn to_integer(emulator: &mut NativeEmulator, op: &UserOp, bits: usize, is_signed: bool) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let b = emulator.vr(word.b());
    let (value, told) = if is_nan(16, b) {
        let signalling = u32::from(is_signalling(16, b)) * fpscr::VXSNAN;
        (if is_signed { 1 << (bits - 1) } else { 0 }, Computed::nan(0, fpscr::VXCVI | signalling))
    } else {
        let (value, status) = exact::to_integer(b, 16, bits, is_signed, Round::TowardZero);
        if status.contains(Status::INVALID_OP) {
            (value, Computed::nan(0, fpscr::VXCVI))
        } else {
            let is_inexact = status.contains(Status::INEXACT);
            let raised = u32::from(is_inexact) * fpscr::XX;
            (value, Computed { bits: 0, raised, is_inexact, rounded_up: false })
        }
    };
    if emulator.report(&told, None) {
        let is_word = bits == 32 && is_signed;
        let value = if is_word { i64::from(value as i32) as u64 } else { value as u64 };
        emulator.set_vr(word.t(), u128::from(value) << 64);
    }
    Ok(())
}

/// From an integer in doubleword 0, which is exact.
fn from_integer(emulator: &mut NativeEmulator, op: &UserOp, is_signed: bool) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let value = (emulator.vr(word.b()) >> 64) as u64;
    let value = if is_signed { i128::from(value as i64) } else { value.into() };
    let bits = exact::from_integer(value, 16, 0, Round::TowardZero).0;
    write(emulator, word, &Outcome::nan(bits, 0));
    Ok(())
}

/// The rounding mode of an instruction; `None` if the value is reserved.
fn mode(emulator: &NativeEmulator, word: Word) -> Option<Round> {
    Some(match (word.field(16, 1), word.field(9, 2)) {
        (0, 0) => Round::NearestTiesToAway,
        (0, 3) => emulator.fpscr_rounding(),
        (1, 0) => Round::NearestTiesToEven,
        (1, 1) => Round::TowardZero,
        (1, 2) => Round::TowardPositive,
        (1, 3) => Round::TowardNegative,
        _ => return None,
    })
}

/// To an integral value; bit 0 tells whether it is told to be inexact.
fn to_integral(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let Some(round) = mode(emulator, word) else {
        return Err(Halt::Missing("a reserved rounding mode".into()));
    };
    let b = emulator.vr(word.b());
    let outcome = if is_nan(16, b) {
        Outcome::nan(b | QUIET, u32::from(is_signalling(16, b)) * fpscr::VXSNAN)
    } else {
        let rule = crate::float::NanRule::Default;
        let (bits, _) = exact::to_integral(b, 16, round, rule);
        let is_inexact = word.field(0, 1) != 0 && bits != b;
        let rounded_up = is_inexact && bits & !SIGN > b & !SIGN;
        let raised = u32::from(is_inexact) * fpscr::XX;
        Outcome { bits, told: Computed { bits: 0, raised, is_inexact, rounded_up } }
    };
    write(emulator, word, &outcome);
    Ok(())
}

/// To the digits of an 80-bit number.
fn to_extended(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let Some(round) = mode(emulator, word) else {
        return Err(Halt::Missing("a reserved rounding mode".into()));
    };
    let b = emulator.vr(word.b());
    let outcome = if is_nan(16, b) {
        // The fraction of the shorter format.
        let bits = (b | QUIET) >> 49 << 49;
        Outcome::nan(bits, u32::from(is_signalling(16, b)) * fpscr::VXSNAN)
    } else {
        let mut rounded = ieee::convert(b, 16, 10, round, Tininess::Before);
        rounded.bits = exact::convert(rounded.bits, 10, 16, Round::TowardZero).0;
        Outcome::of(rounded, false)
    };
    write(emulator, word, &outcome);
    Ok(())
}
