//! TriCore: sums, differences, products and shifts, with saturation and the
//! status bits C, V, SV, AV and SAV (TriCore Architecture Manual, volume 2;
//! volume 1, 3.4, PSW). The specification has the status only in part, and
//! saturates what has already been cut off.

use super::Handler;
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(super) const fn entry(mask: u32, value: u32, function: super::Function) -> Override {
    Override { mask, value, handler: Handler::new(function) }
}

/// With two registers and a second opcode of twelve bits.
const fn registers(first: u32, second: u32, function: super::Function) -> Override {
    entry(0x0fff_00ff, second << 16 | first, function)
}

/// With a constant of nine bits, and a second opcode of seven.
const fn constant(first: u32, second: u32, function: super::Function) -> Override {
    entry(0x0fe0_00ff, second << 21 | first, function)
}

/// With three registers and a second opcode of eight bits.
const fn three(first: u32, second: u32, function: super::Function) -> Override {
    entry(0x00ff_00ff, second << 16 | first, function)
}

/// With two registers, a constant of nine bits, and a second opcode of three.
const fn two_and_constant(first: u32, second: u32, function: super::Function) -> Override {
    entry(0x00e0_00ff, second << 21 | first, function)
}

pub(crate) const OVERRIDES: &[Override] = &[
    // Sums and differences.
    registers(0x0b, 0x020, sums),
    registers(0x0b, 0x030, sums),
    registers(0x0b, 0x040, sums),
    registers(0x0b, 0x050, sums),
    registers(0x0b, 0x0a0, sums),
    registers(0x0b, 0x0b0, sums),
    registers(0x0b, 0x0c0, sums),
    registers(0x0b, 0x0d0, sums),
    registers(0x0b, 0x0e0, sums),
    registers(0x0b, 0x0f0, sums),
    registers(0x0b, 0x1c0, sums),
    registers(0x0b, 0x1d0, sums),
    constant(0x8b, 0x02, sums),
    constant(0x8b, 0x03, sums),
    constant(0x8b, 0x04, sums),
    constant(0x8b, 0x05, sums),
    constant(0x8b, 0x0a, sums),
    constant(0x8b, 0x0b, sums),
    constant(0x8b, 0x0e, sums),
    constant(0x8b, 0x0f, sums),
    entry(0xff, 0x22, short_sums),
    entry(0xff, 0x62, short_sums),
    entry(0xff, 0x9b, add_upper),
    // Packed ones.
    registers(0x0b, 0x400, packed),
    registers(0x0b, 0x480, packed),
    registers(0x0b, 0x600, packed),
    registers(0x0b, 0x620, packed),
    registers(0x0b, 0x630, packed),
    registers(0x0b, 0x680, packed),
    registers(0x0b, 0x6a0, packed),
    registers(0x0b, 0x6b0, packed),
    // On a condition.
    three(0x2b, 0x00, conditional),
    three(0x2b, 0x10, conditional),
    three(0x2b, 0x20, conditional),
    three(0x2b, 0x30, conditional),
    two_and_constant(0xab, 0, conditional),
    two_and_constant(0xab, 1, conditional),
    entry(0xff, 0x8a, short_conditional),
    entry(0xff, 0xca, short_conditional),
    // Products.
    registers(0x73, 0x00a, products),
    registers(0x73, 0x06a, products),
    registers(0x73, 0x068, products),
    registers(0x73, 0x08a, products),
    registers(0x73, 0x088, products),
    constant(0x53, 1, products),
    constant(0x53, 2, products),
    constant(0x53, 3, products),
    constant(0x53, 4, products),
    constant(0x53, 5, products),
    entry(0xff, 0xe2, short_product),
    // Products that are added or subtracted.
    three(0x03, 0x0a, products),
    three(0x03, 0x6a, products),
    three(0x03, 0x68, products),
    three(0x03, 0x8a, products),
    three(0x03, 0xea, products),
    three(0x03, 0x88, products),
    three(0x03, 0xe8, products),
    three(0x23, 0x0a, products),
    three(0x23, 0x6a, products),
    three(0x23, 0x68, products),
    three(0x23, 0x8a, products),
    three(0x23, 0xea, products),
    three(0x23, 0x88, products),
    three(0x23, 0xe8, products),
    two_and_constant(0x13, 1, products),
    two_and_constant(0x13, 2, products),
    two_and_constant(0x13, 3, products),
    two_and_constant(0x13, 4, products),
    two_and_constant(0x13, 5, products),
    two_and_constant(0x13, 6, products),
    two_and_constant(0x13, 7, products),
    two_and_constant(0x33, 1, products),
    two_and_constant(0x33, 2, products),
    two_and_constant(0x33, 3, products),
    two_and_constant(0x33, 4, products),
    two_and_constant(0x33, 5, products),
    two_and_constant(0x33, 6, products),
    two_and_constant(0x33, 7, products),
    // Arithmetic shifts.
    registers(0x0f, 0x010, shifts),
    registers(0x0f, 0x020, shifts),
    constant(0x8f, 1, shifts),
    constant(0x8f, 2, shifts),
    entry(0xff, 0x86, short_shift),
];

const C: u32 = 1 << 31;
const V: u32 = 1 << 30;
const SV: u32 = 1 << 29;
const AV: u32 = 1 << 28;
const SAV: u32 = 1 << 27;

/// What the bits of a result stand for, and what happens to one that does not
/// fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Signed,
    Unsigned,
    SignedSaturating,
    UnsignedSaturating,
}

impl Kind {
    pub(super) const fn of(is_unsigned: bool, saturates: bool) -> Self {
        match (is_unsigned, saturates) {
            (false, false) => Self::Signed,
            (true, false) => Self::Unsigned,
            (false, true) => Self::SignedSaturating,
            (true, true) => Self::UnsignedSaturating,
        }
    }

    const fn is_unsigned(self) -> bool {
        matches!(self, Self::Unsigned | Self::UnsignedSaturating)
    }
}

/// A result with its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settled {
    /// As many bits as the result has.
    pub(super) bits: u64,
    pub(super) overflows: bool,
    /// The two highest bits differ, of what has not been saturated.
    pub(super) nearly: bool,
}

/// Makes so many bits of an exact value (volume 2, `ssov` and `suov`).
pub(super) const fn settle(exact: i128, width: u32, kind: Kind) -> Settled {
    let (low, high) = match kind {
        Kind::Signed | Kind::SignedSaturating => (-(1_i128 << (width - 1)), (1_i128 << (width - 1)) - 1),
        Kind::Unsigned | Kind::UnsignedSaturating => (0, (1_i128 << width) - 1),
    };
    let overflows = exact < low || exact > high;
    let saturates = matches!(kind, Kind::SignedSaturating | Kind::UnsignedSaturating);
    let value = match (saturates, exact < low, exact > high) {
        (true, true, _) => low,
        (true, _, true) => high,
        _ => exact,
    };
    let mask = u64::MAX >> (64 - width);
    let nearly = (exact >> (width - 1) ^ exact >> (width - 2)) & 1 != 0;
    Settled { bits: value as u64 & mask, overflows, nearly }
}

pub(super) fn word(op: &UserOp, emulator: &NativeEmulator) -> u32 {
    emulator.user_input(op, 0) as u32
}

pub(super) fn data(emulator: &NativeEmulator, number: u32) -> u32 {
    emulator.user_register(&format!("d{}", number & 15)) as u32
}

pub(super) fn set_data(emulator: &mut NativeEmulator, number: u32, value: u32) {
    emulator.set_user_register(&format!("d{}", number & 15), value.into());
}

/// A register as a number.
pub(super) fn number(emulator: &NativeEmulator, register: u32, is_unsigned: bool) -> i128 {
    let value = data(emulator, register);
    if is_unsigned { value.into() } else { (value as i32).into() }
}

/// A pair of registers as a number.
pub(super) fn wide_number(emulator: &NativeEmulator, register: u32, is_unsigned: bool) -> i128 {
    let value = u64::from(data(emulator, register)) | u64::from(data(emulator, register + 1)) << 32;
    if is_unsigned { value.into() } else { (value as i64).into() }
}

/// The constant of nine bits, with its sign.
const fn constant_of(word: u32) -> i32 {
    (word << 11) as i32 >> 23
}

/// Sets V and AV, and with them what sticks; C where it is told.
pub(super) fn note(emulator: &mut NativeEmulator, overflows: bool, nearly: bool, carry: Option<bool>) {
    let mut psw = emulator.user_register("PSW") as u32 & !(V | AV);
    if overflows {
        psw |= V | SV;
    }
    if nearly {
        psw |= AV | SAV;
    }
    if let Some(carry) = carry {
        psw = psw & !C | if carry { C } else { 0 };
    }
    emulator.set_user_register("PSW", psw.into());
}

/// Writes a result of 32 bits.
fn finish(emulator: &mut NativeEmulator, target: u32, settled: Settled, carry: Option<bool>) {
    set_data(emulator, target, settled.bits as u32);
    note(emulator, settled.overflows, settled.nearly, carry);
}

/// ADDS, ADDX, ADDC, SUBS, SUBX, SUBC, RSUBS, ABS, ABSDIF and what saturates
/// of them.
fn sums(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let (first, second) = (data(emulator, word >> 8), data(emulator, word >> 12));
    let is_constant = word & 0xff == 0x8b;
    let second = if is_constant { constant_of(word) as u32 } else { second };
    let code = if is_constant { word >> 21 & 0x7f } else { word >> 20 & 0xff };
    let signed = |value: u32| i128::from(value as i32);
    let carry = u64::from(emulator.user_register("PSW") as u32 >> 31);
    // With a constant, 10 and 11 are reversed.
    let (a, b) = if is_constant && matches!(code, 10 | 11) { (second, first) } else { (first, second) };
    let (settled, carry) = match code {
        2 => (settle(signed(a) + signed(b), 32, Kind::SignedSaturating), None),
        3 => (settle(i128::from(a) + i128::from(b), 32, Kind::UnsignedSaturating), None),
        4 | 5 => {
            let carry = if code == 5 { carry } else { 0 };
            let exact = signed(a) + signed(b) + i128::from(carry);
            let out = u64::from(a) + u64::from(b) + carry > u32::MAX.into();
            (settle(exact, 32, Kind::Signed), Some(out))
        }
        10 => (settle(signed(a) - signed(b), 32, Kind::SignedSaturating), None),
        11 => (settle(i128::from(a) - i128::from(b), 32, Kind::UnsignedSaturating), None),
        12 | 13 => {
            let carry = if code == 13 { carry } else { 1 };
            let exact = signed(a) - signed(b) + i128::from(carry) - 1;
            let out = u64::from(a) + u64::from(!b) + carry > u32::MAX.into();
            (settle(exact, 32, Kind::Signed), Some(out))
        }
        14 | 15 => (settle((signed(a) - signed(b)).abs(), 32, Kind::of(false, code == 15)), None),
        _ => (settle(signed(b).abs(), 32, Kind::of(false, code == 0x1d)), None),
    };
    finish(emulator, word >> 28, settled, carry);
    Ok(())
}

/// ADDS and SUBS of 16 bits.
fn short_sums(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let (a, b) = (number(emulator, word >> 8, false), number(emulator, word >> 12, false));
    let exact = if word & 0xff == 0x22 { a + b } else { a - b };
    finish(emulator, word >> 8, settle(exact, 32, Kind::SignedSaturating), None);
    Ok(())
}

/// ADDIH.
fn add_upper(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let upper = ((word >> 12) << 16) as i32;
    let exact = number(emulator, word >> 8, false) + i128::from(upper);
    finish(emulator, word >> 28, settle(exact, 32, Kind::Signed), None);
    Ok(())
}

/// Sums and differences of two halves or four bytes; V and AV are those of any.
fn packed(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let code = word >> 20 & 0xff;
    let (a, b) = (data(emulator, word >> 8), data(emulator, word >> 12));
    let width = if code < 0x60 { 8 } else { 16 };
    let kind = match code {
        0x63 | 0x6b => Kind::UnsignedSaturating,
        0x62 | 0x6a => Kind::SignedSaturating,
        _ => Kind::Signed,
    };
    let subtracts = code & 8 != 0;
    let (mut result, mut overflows, mut nearly) = (0, false, false);
    for low in (0..32).step_by(width as usize) {
        let lane = |value: u32| {
            let bits = value >> low & u32::MAX >> (32 - width);
            let sign = (bits << (32 - width)) as i32 >> (32 - width);
            if kind.is_unsigned() { i128::from(bits) } else { i128::from(sign) }
        };
        let exact = if subtracts { lane(a) - lane(b) } else { lane(a) + lane(b) };
        let settled = settle(exact, width, kind);
        result |= (settled.bits as u32) << low;
        overflows |= settled.overflows;
        nearly |= settled.nearly;
    }
    set_data(emulator, word >> 28, result);
    note(emulator, overflows, nearly, None);
    Ok(())
}

/// CADD, CADDN, CSUB and CSUBN: if the condition fails, the status stays.
fn conditional(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let is_constant = word & 0xff == 0xab;
    let code = if is_constant { word >> 21 & 7 } else { word >> 20 & 0xf };
    let condition = data(emulator, word >> 24);
    if (condition != 0) == (code & 1 != 0) {
        let value = data(emulator, word >> 8);
        set_data(emulator, word >> 28, value);
        return Ok(());
    }
    let a = number(emulator, word >> 8, false);
    let b = if is_constant { constant_of(word).into() } else { number(emulator, word >> 12, false) };
    let exact = if code & 2 != 0 { a - b } else { a + b };
    finish(emulator, word >> 28, settle(exact, 32, Kind::Signed), None);
    Ok(())
}

/// CADD and CADDN of 16 bits, on `d15`.
fn short_conditional(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    if (data(emulator, 15) != 0) == (word & 0xff == 0xca) {
        return Ok(());
    }
    let constant = (word << 16) as i32 >> 28;
    let exact = number(emulator, word >> 8, false) + i128::from(constant);
    finish(emulator, word >> 8, settle(exact, 32, Kind::Signed), None);
    Ok(())
}

/// MUL, MADD and MSUB of words, with signs and without, into 32 and 64 bits.
fn products(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let first = word & 0xff;
    let has_constant = matches!(first, 0x13 | 0x33 | 0x53);
    // Saturating, unsigned, and wide.
    let (saturates, is_unsigned, is_wide) = if has_constant {
        let code = word >> 21 & 7;
        let is_unsigned = code & 1 == 0;
        (code & 4 != 0, is_unsigned, code & 2 != 0)
    } else {
        let code = word >> 16 & 0xff;
        (code & 0x80 != 0, code & 2 == 0, code & 0x60 != 0)
    };
    let kind = Kind::of(is_unsigned, saturates);
    let a = number(emulator, word >> 8, is_unsigned);
    let b = match (has_constant, is_unsigned) {
        (true, true) => (word >> 12 & 0x1ff).into(),
        (true, false) => constant_of(word).into(),
        (false, _) => number(emulator, word >> 12, is_unsigned),
    };
    let start = match (first, is_wide) {
        (0x53 | 0x73, _) => 0,
        (_, true) => wide_number(emulator, word >> 24, is_unsigned),
        (_, false) => number(emulator, word >> 24, is_unsigned),
    };
    let exact = if matches!(first, 0x23 | 0x33) { start - a * b } else { start + a * b };
    let target = word >> 28;
    if is_wide {
        let settled = settle(exact, 64, kind);
        set_data(emulator, target, settled.bits as u32);
        set_data(emulator, target + 1, (settled.bits >> 32) as u32);
        note(emulator, settled.overflows, settled.nearly, None);
    } else {
        finish(emulator, target, settle(exact, 32, kind), None);
    }
    Ok(())
}

/// MUL of 16 bits.
fn short_product(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let exact = number(emulator, word >> 8, false) * number(emulator, word >> 12, false);
    finish(emulator, word >> 8, settle(exact, 32, Kind::Signed), None);
    Ok(())
}

/// Shifts by a signed count; what is shifted out to the right is cut off.
fn shift(emulator: &mut NativeEmulator, target: u32, value: u32, count: i32, saturates: bool) {
    let signed = i128::from(value as i32);
    let exact = if count >= 0 { signed << count } else { signed >> -count };
    let lost = match count {
        0 => false,
        1.. => value >> (32 - count) != 0,
        _ => u64::from(value) & ((1 << -count) - 1) != 0,
    };
    let settled = settle(exact, 32, Kind::of(false, saturates));
    finish(emulator, target, settled, (!saturates).then_some(lost));
}

/// SHA and SHAS: the count has six bits.
fn shifts(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let (count, code) = match word & 0xff {
        0x8f => (word >> 12, word >> 21 & 0x7f),
        _ => (data(emulator, word >> 12), word >> 20 & 0xff),
    };
    let count = (count << 26) as i32 >> 26;
    let value = data(emulator, word >> 8);
    shift(emulator, word >> 28, value, count, code == 2);
    Ok(())
}

/// SHA of 16 bits.
fn short_shift(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let value = data(emulator, word >> 8);
    shift(emulator, word >> 8, value, (word << 16) as i32 >> 28, false);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exact value, width, kind; bits, V, AV. By the definitions of `ssov` and
    /// `suov`, and of the status bits (volume 2, 2.2 and 1.6).
    const ROWS: &[(i128, u32, Kind, Settled)] = &[
        (0x8000_0000, 32, Kind::Signed, Settled { bits: 0x8000_0000, overflows: true, nearly: true }),
        (
            0x8000_0000,
            32,
            Kind::SignedSaturating,
            Settled { bits: 0x7fff_ffff, overflows: true, nearly: true },
        ),
        (0x4000_0000, 32, Kind::Signed, Settled { bits: 0x4000_0000, overflows: false, nearly: true }),
        (-1, 32, Kind::Signed, Settled { bits: 0xffff_ffff, overflows: false, nearly: false }),
        (-1, 32, Kind::UnsignedSaturating, Settled { bits: 0, overflows: true, nearly: false }),
        (1 << 64, 64, Kind::UnsignedSaturating, Settled { bits: u64::MAX, overflows: true, nearly: false }),
        (
            -(1 << 63) - 1,
            64,
            Kind::SignedSaturating,
            Settled { bits: 1 << 63, overflows: true, nearly: true },
        ),
        (200, 8, Kind::Signed, Settled { bits: 200, overflows: true, nearly: false }),
    ];

    #[test]
    fn results_are_cut_off_or_saturated() {
        for (exact, width, kind, expected) in ROWS {
            assert_eq!(settle(*exact, *width, *kind), *expected, "{exact:#x} {width} {kind:?}");
        }
    }
}
