//! PowerPC: floating point with its status and control register (Power ISA
//! 2.07, book I, chapter 4). The specification computes most flags not at
//! all, and rounds fused operations twice.

use rustc_apfloat::{Round, Status};

use super::{
    Handler,
    powerpc_float_conversions::{from_integer, round_to_single, to_integer, to_integral},
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

/// Bits of the FPSCR (4.2.2), from the lowest.
pub(super) mod fpscr {
    pub(in crate::userops) const RN: u32 = 3;
    pub(in crate::userops) const ENABLES: u32 = 3;
    pub(in crate::userops) const VXCVI: u32 = 1 << 8;
    pub(in crate::userops) const VXSQRT: u32 = 1 << 9;
    pub(in crate::userops) const VXSOFT: u32 = 1 << 10;
    pub(in crate::userops) const FPCC: u32 = 12;
    pub(in crate::userops) const FPRF: u32 = 0x1f << 12;
    pub(in crate::userops) const FI: u32 = 1 << 17;
    pub(in crate::userops) const FR: u32 = 1 << 18;
    pub(in crate::userops) const VXVC: u32 = 1 << 19;
    pub(in crate::userops) const VXIMZ: u32 = 1 << 20;
    pub(in crate::userops) const VXZDZ: u32 = 1 << 21;
    pub(in crate::userops) const VXIDI: u32 = 1 << 22;
    pub(in crate::userops) const VXISI: u32 = 1 << 23;
    pub(in crate::userops) const VXSNAN: u32 = 1 << 24;
    pub(in crate::userops) const XX: u32 = 1 << 25;
    pub(in crate::userops) const ZX: u32 = 1 << 26;
    pub(in crate::userops) const UX: u32 = 1 << 27;
    pub(in crate::userops) const OX: u32 = 1 << 28;
    pub(in crate::userops) const VX: u32 = 1 << 29;
    pub(in crate::userops) const FEX: u32 = 1 << 30;
    pub(in crate::userops) const FX: u32 = 1 << 31;
    /// All that make an operation invalid.
    pub(in crate::userops) const INVALID: u32 =
        VXSNAN | VXISI | VXIDI | VXZDZ | VXIMZ | VXVC | VXSOFT | VXSQRT | VXCVI;
}

const SIGN: u64 = 1 << 63;
const DEFAULT_NAN: u64 = 0x7ff8_0000_0000_0000;
pub(super) const QUIET: u64 = 1 << 51;

/// An instruction of the A form, with two values of the primary opcode.
const fn arithmetic(number: u32) -> [Override; 2] {
    let handler = Handler::new(operation);
    [
        Override { mask: 0xfc00_003e, value: 63 << 26 | number << 1, handler },
        Override { mask: 0xfc00_003e, value: 59 << 26 | number << 1, handler },
    ]
}

/// An instruction of the X form.
const fn other(primary: u32, number: u32, function: super::Function) -> Override {
    Override { mask: 0xfc00_07fe, value: primary << 26 | number << 1, handler: Handler::new(function) }
}

/// Sums, products, quotients, roots and estimates.
pub(crate) const ARITHMETIC: &[Override] = [
    arithmetic(18),
    arithmetic(20),
    arithmetic(21),
    arithmetic(22),
    arithmetic(24),
    arithmetic(25),
    arithmetic(26),
    arithmetic(28),
    arithmetic(29),
    arithmetic(30),
    arithmetic(31),
]
.as_flattened();

/// Conversions, comparisons, moves.
pub(crate) const OTHERS: &[Override] = &[
    Override { mask: 0xfe01_07fe, value: 0xfc00_058e, handler: Handler::new(write_fields) },
    Override { mask: 0xfc01_0ffe, value: 0xfc00_010c, handler: Handler::new(write_field) },
    other(63, 70, |emulator, op| write_bit(emulator, op, false)),
    other(63, 38, |emulator, op| write_bit(emulator, op, true)),
    other(63, 0, |emulator, op| comparison(emulator, op, false)),
    other(63, 32, |emulator, op| comparison(emulator, op, true)),
    other(63, 12, round_to_single),
    other(63, 14, |emulator, op| to_integer(emulator, op, 32, true, None)),
    other(63, 15, |emulator, op| to_integer(emulator, op, 32, true, Some(Round::TowardZero))),
    other(63, 142, |emulator, op| to_integer(emulator, op, 32, false, None)),
    other(63, 143, |emulator, op| to_integer(emulator, op, 32, false, Some(Round::TowardZero))),
    other(63, 814, |emulator, op| to_integer(emulator, op, 64, true, None)),
    other(63, 815, |emulator, op| to_integer(emulator, op, 64, true, Some(Round::TowardZero))),
    other(63, 942, |emulator, op| to_integer(emulator, op, 64, false, None)),
    other(63, 943, |emulator, op| to_integer(emulator, op, 64, false, Some(Round::TowardZero))),
    other(63, 846, |emulator, op| from_integer(emulator, op, 8, true)),
    other(63, 974, |emulator, op| from_integer(emulator, op, 8, false)),
    other(59, 846, |emulator, op| from_integer(emulator, op, 4, true)),
    other(59, 974, |emulator, op| from_integer(emulator, op, 4, false)),
    other(63, 392, |emulator, op| to_integral(emulator, op, Round::NearestTiesToAway)),
    other(63, 424, |emulator, op| to_integral(emulator, op, Round::TowardZero)),
    other(63, 456, |emulator, op| to_integral(emulator, op, Round::TowardPositive)),
    other(63, 488, |emulator, op| to_integral(emulator, op, Round::TowardNegative)),
    other(63, 40, |emulator, op| sign(emulator, op, |_, b| b ^ SIGN)),
    other(63, 72, |emulator, op| sign(emulator, op, |_, b| b)),
    other(63, 136, |emulator, op| sign(emulator, op, |_, b| b | SIGN)),
    other(63, 264, |emulator, op| sign(emulator, op, |_, b| b & !SIGN)),
    // fmrgew, fmrgow.
    other(63, 966, |emulator, op| sign(emulator, op, |a, b| a >> 32 << 32 | b >> 32)),
    other(63, 838, |emulator, op| sign(emulator, op, |a, b| a << 32 | b & 0xffff_ffff)),
    other(63, 8, |emulator, op| sign(emulator, op, |a, b| a & SIGN | b & !SIGN)),
];

/// An instruction word.
#[derive(Clone, Copy)]
pub(super) struct Word(u32);

impl Word {
    pub(super) fn of(emulator: &NativeEmulator, op: &UserOp) -> Self {
        Self(emulator.user_input(op, 0) as u32)
    }

    pub(super) const fn field(self, low: u32) -> u32 {
        self.0 >> low & 31
    }

    pub(super) const fn target(self) -> u32 {
        self.field(21)
    }

    pub(super) const fn records(self) -> bool {
        self.0 & 1 != 0
    }

    pub(super) const fn is_single(self) -> bool {
        self.0 >> 26 == 59
    }
}

/// The sum, product and so on of doubles, with what is invalid about it.
pub(super) struct Computed {
    pub(super) bits: u64,
    /// Exceptions, as bits of the FPSCR.
    pub(super) raised: u32,
    pub(super) is_inexact: bool,
    pub(super) rounded_up: bool,
}

impl Computed {
    pub(super) const fn nan(bits: u64, raised: u32) -> Self {
        Self { bits, raised, is_inexact: false, rounded_up: false }
    }

    /// What is exact.
    pub(super) const fn exact(bits: u64) -> Self {
        Self::nan(bits, 0)
    }

    /// The same with other bits.
    pub(super) fn map(self, function: fn(u64) -> u64) -> Self {
        Self { bits: function(self.bits), ..self }
    }

    pub(super) fn of(rounded: Rounded, is_single: bool) -> Self {
        let bits = if is_single { widened(rounded.bits) } else { rounded.bits as u64 };
        let flags = [
            (Status::OVERFLOW, fpscr::OX),
            (Status::UNDERFLOW, fpscr::UX),
            (Status::DIV_BY_ZERO, fpscr::ZX),
            (Status::INEXACT, fpscr::XX),
        ];
        let set = flags.iter().filter(|(flag, _)| rounded.status.contains(*flag));
        Self {
            bits,
            raised: set.fold(0, |all, (_, bit)| all | bit),
            is_inexact: rounded.status.contains(Status::INEXACT),
            rounded_up: rounded.up,
        }
    }
}

/// What of a scalar's result the FPSCR tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// How it was rounded, and the class of a double.
    Double,
    /// The same of a single that a double holds.
    Single,
    /// The same of a single that is written as one.
    SingleWord,
    /// How it was rounded.
    Integer,
    /// Nothing.
    Silent,
}

/// A single as a double; NaNs stay what they are.
pub(super) fn widened(single: u128) -> u64 {
    if is_nan(4, single) {
        let (sign, fraction) = ((single >> 31 & 1) as u64, (single & 0x7f_ffff) as u64);
        return sign << 63 | 0x7ff << 52 | fraction << 29;
    }
    exact::convert(single & 0xffff_ffff, 4, 8, Round::NearestTiesToEven).0 as u64
}

/// A double that is the value of a single, as one.
pub(super) fn narrowed(double: u64) -> u128 {
    if is_nan(8, double.into()) {
        return u128::from(double >> 63 << 31 | 0xff << 23 | double >> 29 & 0x7f_ffff);
    }
    exact::convert(double.into(), 8, 4, Round::NearestTiesToEven).0
}

/// The same of any double, whose last digits are cut off.
pub(super) fn cut(double: u64) -> u128 {
    if is_nan(8, double.into()) {
        return narrowed(double);
    }
    exact::convert(double.into(), 8, 4, Round::TowardZero).0
}

/// What a store of a single puts into memory: nothing is rounded (4.6.3).
pub(super) const fn stored_single(double: u64) -> u32 {
    let exponent = double >> 52 & 0x7ff;
    if exponent > 896 || double << 1 == 0 {
        return (double >> 32 & 0xc000_0000 | double >> 29 & 0x3fff_ffff) as u32;
    }
    let fraction = double & 0x000f_ffff_ffff_ffff | 1 << 52;
    let shift = 926 - exponent;
    (double >> 32 & 0x8000_0000) as u32 | if shift < 64 { (fraction >> shift) as u32 } else { 0 }
}

const fn is_infinite(value: u64) -> bool {
    value & !SIGN == 0x7ff0_0000_0000_0000
}

const fn is_zero(value: u64) -> bool {
    value & !SIGN == 0
}

/// Computes; NaNs come out in the order of the operands (4.3.2), the addend
/// of a product before the second factor.
pub(super) fn compute(what: Arithmetic, [a, b, c]: [u64; 3], is_single: bool, round: Round) -> Computed {
    let operands: &[u64] = match what {
        Arithmetic::SquareRoot => &[a],
        Arithmetic::MultiplyAdd => &[a, c, b],
        _ => &[a, b],
    };
    let signalling = operands.iter().any(|value| is_signalling(8, (*value).into()));
    let mut raised = if signalling { fpscr::VXSNAN } else { 0 };
    let product_is_invalid = is_infinite(a) && is_zero(b) || is_zero(a) && is_infinite(b);
    if what == Arithmetic::MultiplyAdd && product_is_invalid {
        raised |= fpscr::VXIMZ;
    }
    if let Some(nan) = operands.iter().find(|value| is_nan(8, (**value).into())) {
        // A single has no more digits.
        let digits = if is_single { 29 } else { 0 };
        return Computed::nan((nan | QUIET) >> digits << digits, raised);
    }
    let to = if is_single { 4 } else { 8 };
    let wide = [a, b, c].map(u128::from);
    let rounded = ieee::compute(what, 8, wide, to, round, Tininess::Before);
    if !rounded.status.contains(Status::INVALID_OP) {
        return Computed::of(rounded, is_single);
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
    Computed::nan(DEFAULT_NAN, raised | why)
}

/// The class of a result (4.2.2, FPRF).
pub(super) fn class(value: u64, is_single: bool) -> u32 {
    let negative = value & SIGN != 0;
    let magnitude = value & !SIGN;
    let smallest = if is_single { 0x3810_0000_0000_0000 } else { 0x0010_0000_0000_0000 };
    match magnitude {
        0 => 0b00010 | u32::from(negative) << 4,
        _ if is_nan(8, value.into()) => 0b10001,
        _ => {
            let side = if negative { 0b01000 } else { 0b00100 };
            let kind = if is_infinite(value) {
                0b00001
            } else if magnitude < smallest {
                0b10000
            } else {
                0
            };
            side | kind
        }
    }
}

/// The FPSCR with VX and FEX, which follow from other bits (4.2.2).
const fn summarized(value: u32) -> u32 {
    let mut new = value & !(fpscr::VX | fpscr::FEX);
    if new & fpscr::INVALID != 0 {
        new |= fpscr::VX;
    }
    // VX, OX, UX, ZX and XX with their enabling bits VE to XE.
    if new >> 25 & (new >> fpscr::ENABLES) & 0x1f != 0 {
        new |= fpscr::FEX;
    }
    new
}

/// `mtfsf` of the lower half (4.6.10): a field for each bit of FLM.
fn write_fields(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let mask =
        (0..8).filter(|field| word >> 17 >> field & 1 != 0).fold(0, |mask, field| mask | 0xf << (4 * field));
    let value = emulator.double(word >> 11 & 31) as u32;
    emulator.write_fpscr(word, mask, value);
    Ok(())
}

/// `mtfsfi` of the lower half: one field.
fn write_field(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let low = 28 - 4 * (word >> 23 & 7);
    emulator.write_fpscr(word, 0xf << low, (word >> 12 & 0xf) << low);
    Ok(())
}

/// `mtfsb0` and `mtfsb1` (4.6.10): FEX and VX follow from other bits, and FX
/// from an exception that is set anew.
fn write_bit(emulator: &mut NativeEmulator, op: &UserOp, value: bool) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let bit = 1 << (31 - (word >> 21 & 31));
    let exceptions = fpscr::INVALID | fpscr::OX | fpscr::UX | fpscr::ZX | fpscr::XX;
    let raises = value && bit & exceptions & !emulator.fpscr() != 0;
    let mask = bit | if raises { fpscr::FX } else { 0 };
    emulator.write_fpscr(word, mask, if value { mask } else { 0 });
    Ok(())
}

impl NativeEmulator {
    /// Writes bits of the FPSCR but the one that is reserved, and CR1 if Rc is set.
    fn write_fpscr(&mut self, word: u32, mask: u32, value: u32) {
        let new = summarized((self.fpscr() & !mask | value & mask) & !0x800);
        self.set_fpscr(new);
        if word & 1 != 0 {
            self.set_user_register("cr1", (new >> 28).into());
        }
    }

    /// The first of the 32 registers of the specification that hold one bit
    /// of the FPSCR each, from the highest on.
    fn fpscr_place(&self) -> Option<usize> {
        let first = self.processor.language.register("fp_fx")?;
        self.layout.place(&first.varnode())
    }

    fn fpscr(&self) -> u32 {
        let bits = self.fpscr_place().map(|place| self.file.slice(place, 32));
        bits.map_or(0, |bits| bits.iter().fold(0, |all, bit| all << 1 | u32::from(bit & 1)))
    }

    fn set_fpscr(&mut self, value: u32) {
        if let Some(place) = self.fpscr_place() {
            for (index, bit) in self.file.slice_mut(place, 32).iter_mut().enumerate() {
                *bit = (value >> (31 - index) & 1) as u8;
            }
        }
    }

    pub(super) fn fpscr_rounding(&self) -> Round {
        match self.fpscr() & fpscr::RN {
            0 => Round::NearestTiesToEven,
            1 => Round::TowardZero,
            2 => Round::TowardPositive,
            _ => Round::TowardNegative,
        }
    }

    pub(super) fn double(&self, number: u32) -> u64 {
        self.user_register(&format!("f{number}")) as u64
    }

    pub(super) fn set_double(&mut self, number: u32, value: u64) {
        self.set_user_register(&format!("f{number}"), value.into());
    }

    /// Raises exceptions; whether one of them that is enabled keeps the
    /// result from being written (4.4.1, 4.4.2).
    pub(super) fn raise_fpscr(&mut self, raised: u32) -> bool {
        let old = self.fpscr();
        let mut new = old | raised;
        if new & !old & !(fpscr::FX | fpscr::VX | fpscr::FEX) != 0 {
            new |= fpscr::FX;
        }
        new = summarized(new);
        self.set_fpscr(new);
        let enabled = |bit: u32| new >> fpscr::ENABLES >> bit & 1 != 0;
        raised & fpscr::INVALID != 0 && enabled(4) || raised & fpscr::ZX != 0 && enabled(1)
    }

    /// Tells about a result: what was raised, how it was rounded, and its
    /// class, if it has one; whether it is written.
    pub(super) fn report(&mut self, result: &Computed, class: Option<u32>) -> bool {
        let keeps = self.raise_fpscr(result.raised);
        let mut status = self.fpscr() & !(fpscr::FI | fpscr::FR);
        if !keeps {
            status |= u32::from(result.is_inexact) * fpscr::FI;
            status |= u32::from(result.rounded_up) * fpscr::FR;
            if let Some(class) = class {
                status = status & !fpscr::FPRF | class << fpscr::FPCC;
            }
        }
        self.set_fpscr(status);
        !keeps
    }

    /// Copies the exceptions of the FPSCR to CR1, if the instruction is to.
    pub(super) fn record(&mut self, word: Word) {
        if word.records() {
            let exceptions = self.fpscr() >> 28;
            self.set_user_register("cr1", exceptions.into());
        }
    }

    /// Puts the result of a comparison into a field of the condition register
    /// and into FPCC.
    pub(super) fn set_fpcc(&mut self, field: u32, result: u32) {
        let status = self.fpscr() & !(0xf << fpscr::FPCC) | result << fpscr::FPCC;
        self.set_fpscr(status);
        self.set_user_register(&format!("cr{field}"), result.into());
    }

    /// Whether invalid operations are exceptions.
    pub(super) fn traps_invalid(&self) -> bool {
        self.fpscr() >> fpscr::ENABLES >> 4 & 1 != 0
    }

    /// The result of a scalar of the VSX registers, whose exceptions are
    /// told; `None` if it is not to be written.
    pub(super) fn told(&mut self, result: &Computed, is_single: bool) -> Option<u64> {
        let class = class(result.bits, is_single);
        self.report(result, Some(class)).then_some(result.bits)
    }

    /// The same of a result that is another outcome than a number.
    pub(super) fn told_as(&mut self, result: &Computed, outcome: Outcome) -> Option<u64> {
        match outcome {
            Outcome::Double => self.told(result, false),
            Outcome::Single | Outcome::SingleWord => self.told(result, true),
            Outcome::Integer => self.report(result, None).then_some(result.bits),
            Outcome::Silent => Some(result.bits),
        }
    }

    /// The result of a lane of a vector, which has no class.
    pub(super) fn told_lane(&mut self, result: &Computed) -> Option<u64> {
        (!self.raise_fpscr(result.raised)).then_some(result.bits)
    }
}

/// The negative of what is no NaN.
pub(super) fn negated(value: u64) -> u64 {
    if is_nan(8, value.into()) { value } else { value ^ SIGN }
}

/// A product with a sum, rounded before it is negated.
pub(super) fn fused(
    operands: [u64; 3],
    minus: bool,
    negative: bool,
    is_single: bool,
    round: Round,
) -> Computed {
    let [a, c, b] = operands;
    let addend = if minus { negated(b) } else { b };
    let mut result = compute(Arithmetic::MultiplyAdd, [a, c, addend], is_single, round);
    if negative {
        result.bits = negated(result.bits);
    }
    result
}

fn operation(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let is_single = word.is_single();
    let round = emulator.fpscr_rounding();
    let [a, b, c] = [16, 11, 6].map(|low| emulator.double(word.field(low)));
    let number = word.field(1);
    let result = match number {
        18 => compute(Arithmetic::Divide, [a, b, 0], is_single, round),
        20 => compute(Arithmetic::Subtract, [a, b, 0], is_single, round),
        21 => compute(Arithmetic::Add, [a, b, 0], is_single, round),
        22 => compute(Arithmetic::SquareRoot, [b, 0, 0], is_single, round),
        25 => compute(Arithmetic::Multiply, [a, c, 0], is_single, round),
        // The estimates are as good as they can be.
        24 => reciprocal(b, is_single, round),
        26 => reciprocal_root(b, is_single, round),
        _ => fused([a, c, b], number & 1 == 0, number >= 30, is_single, round),
    };
    if emulator.report(&result, Some(class(result.bits, is_single))) {
        emulator.set_double(word.target(), result.bits);
    }
    emulator.record(word);
    Ok(())
}

const ONE: u64 = 0x3ff0_0000_0000_0000;

/// An estimate of a reciprocal (4.6.5.1).
pub(super) fn reciprocal(value: u64, is_single: bool, round: Round) -> Computed {
    estimate(compute(Arithmetic::Divide, [ONE, value, 0], is_single, round))
}

/// An estimate of the reciprocal of a root.
pub(super) fn reciprocal_root(value: u64, is_single: bool, round: Round) -> Computed {
    let root = compute(Arithmetic::SquareRoot, [value, 0, 0], false, round);
    match root.raised {
        0 | fpscr::XX => reciprocal(root.bits, is_single, round),
        _ => root,
    }
}

/// An estimate is not told to be inexact (4.6.5.1, fre).
fn estimate(result: Computed) -> Computed {
    Computed { raised: result.raised & !fpscr::XX, is_inexact: false, rounded_up: false, ..result }
}

fn comparison(emulator: &mut NativeEmulator, op: &UserOp, is_ordered: bool) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let [a, b] = [16, 11].map(|low| u128::from(emulator.double(word.field(low))));
    compare(emulator, word.0 >> 23 & 7, [a, b], is_ordered);
    Ok(())
}

/// Compares doubles into a field of the condition register (4.6.8): of an
/// ordered comparison a NaN is invalid.
pub(super) fn compare(emulator: &mut NativeEmulator, field: u32, [a, b]: [u128; 2], is_ordered: bool) {
    let unordered = is_nan(8, a) || is_nan(8, b);
    let result = if unordered {
        1
    } else {
        match order(8, a).cmp(&order(8, b)) {
            std::cmp::Ordering::Less => 8,
            std::cmp::Ordering::Greater => 4,
            std::cmp::Ordering::Equal => 2,
        }
    };
    emulator.set_fpcc(field, result);
    let signalling = is_signalling(8, a) || is_signalling(8, b);
    let invalid_enabled = emulator.traps_invalid();
    let mut raised = if signalling { fpscr::VXSNAN } else { 0 };
    if is_ordered && unordered && !(signalling && invalid_enabled) {
        raised |= fpscr::VXVC;
    }
    emulator.raise_fpscr(raised);
}

fn sign(emulator: &mut NativeEmulator, op: &UserOp, function: fn(u64, u64) -> u64) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let [a, b] = [16, 11].map(|low| emulator.double(word.field(low)));
    emulator.set_double(word.target(), function(a, b));
    emulator.record(word);
    Ok(())
}
