//! LoongArch: conversions of floating point to integers with their rounding
//! modes, and the rest that the specification leaves to the emulator
//! (LoongArch Reference Manual, volume 1, chapter 3).

use rustc_apfloat::Round;

use super::{Handler, Table};
use crate::{
    block::UserOp, emulator::NativeEmulator, exact, float::NanRule, halt::Halt, overrides::Override,
};

pub(crate) const OVERRIDES: &[Override] = &[
    // frint.
    Override { mask: 0xffff_fc00, value: 0x011e_4400, handler: Handler::new(to_integral) },
    Override { mask: 0xffff_fc00, value: 0x011e_4800, handler: Handler::new(to_integral) },
];

pub(super) const TABLE: Table = &[
    ("cpucfg", Handler::new(zero)),
    // Time stands still.
    ("rdtime.counter", Handler::new(zero)),
    ("rdtime.counterid", Handler::new(zero)),
    ("preld_loadl1cache", Handler::nothing()),
    ("preld_storel1cache", Handler::nothing()),
    ("preld_nop", Handler::nothing()),
    ("preldx_loadl1cache", Handler::nothing()),
    ("preldx_storel1cache", Handler::nothing()),
    ("preldx_nop", Handler::nothing()),
];

fn zero(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    emulator.set_user_result(op, 0);
    Ok(())
}

/// The name of a numbered register.
pub(super) fn register(number: u32) -> String {
    match number & 31 {
        number @ 0..8 => format!("fa{number}"),
        number @ 8..24 => format!("ft{}", number - 8),
        number => format!("fs{}", number - 24),
    }
}

pub(super) const fn rounding(mode: u128) -> Round {
    match mode & 3 {
        0 => Round::NearestTiesToEven,
        1 => Round::TowardZero,
        2 => Round::TowardPositive,
        _ => Round::TowardNegative,
    }
}

/// The size that the lowest bit of the format tells.
const fn size_of(word: u32) -> usize {
    if word >> 10 & 3 == 1 { 4 } else { 8 }
}

fn source(emulator: &NativeEmulator, word: u32) -> u128 {
    let value = emulator.user_register(&register(word >> 5));
    value & u128::MAX >> (128 - 8 * size_of(word))
}

fn to_integral(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    let round = rounding(emulator.user_register("fcsr") >> 8);
    let value = exact::to_integral(source(emulator, word), size_of(word), round, NanRule::SignallingFirst).0;
    emulator.set_user_register(&register(word), value);
    Ok(())
}
