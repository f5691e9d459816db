//! PowerPC: integer instructions that the specification leaves to the
//! emulator or computes wrongly: extended divisions (Power ISA 2.07, book I,
//! 3.3.9), strings of the length in XER (3.3.7), and the multiplications with
//! accumulation of the 400 family (PowerPC 405 Core User's Manual, chapter 9).

use super::{Function, Handler};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

/// An instruction of the XO form, with OE and Rc any.
const fn extended(primary: u32, number: u32, function: Function) -> Override {
    let handler = Handler::new(function);
    Override { mask: 0xfc00_03fe, value: primary << 26 | number << 1, handler }
}

/// The multiplications with accumulation: those of the upper and lower halves
/// of the operands (bits 128 and 256 of the number), saturated or not (64),
/// signed or not (32), subtracted or not (2).
const fn accumulation(number: u32) -> Override {
    extended(4, number, accumulate)
}

pub(crate) const OVERRIDES: &[Override] = &[
    extended(31, 427, |emulator, op| divide(emulator, op, 32, true)),
    extended(31, 395, |emulator, op| divide(emulator, op, 32, false)),
    extended(31, 425, |emulator, op| divide(emulator, op, 64, true)),
    extended(31, 393, |emulator, op| divide(emulator, op, 64, false)),
    Override { mask: 0xfc00_07ff, value: 0x7c00_042a, handler: Handler::new(load_string) },
    Override { mask: 0xfc00_07ff, value: 0x7c00_052a, handler: Handler::new(store_string) },
    Override { mask: 0xfc00_07ff, value: 0x7c00_05aa, handler: Handler::new(store_short_string) },
    Override { mask: 0xfc00_07fe, value: 0x7c00_07d2, handler: Handler::new(divide_double_word) },
    accumulation(12),
    accumulation(44),
    accumulation(46),
    accumulation(76),
    accumulation(108),
    accumulation(110),
    accumulation(140),
    accumulation(172),
    accumulation(174),
    accumulation(204),
    accumulation(236),
    accumulation(238),
    accumulation(396),
    accumulation(428),
    accumulation(430),
    accumulation(460),
    accumulation(492),
    accumulation(494),
];

/// An instruction word.
#[derive(Clone, Copy)]
struct Word(u32);

impl Word {
    const fn field(self, low: u32) -> u32 {
        self.0 >> low & 31
    }
}

impl NativeEmulator {
    pub(super) fn gpr(&self, number: u32) -> u64 {
        self.numbered("r0", number) as u64
    }

    pub(super) fn set_gpr(&mut self, number: u32, value: u64) {
        self.set_numbered("r0", number, value.into());
    }

    /// Writes the target; OV and SO if OE is set, the first field of the
    /// condition register if Rc is.
    fn finish_arithmetic(&mut self, word: Word, value: u64, overflows: bool) {
        self.set_gpr(word.field(21), value);
        if word.0 >> 10 & 1 != 0 {
            self.set_user_register("xer_ov", overflows.into());
            if overflows {
                self.set_user_register("xer_so", 1);
            }
        }
        if word.0 & 1 != 0 {
            let value =
                if self.definition.pointer_bytes == 8 { value as i64 } else { i64::from(value as i32) };
            let sign = match value.signum() {
                -1 => 8,
                1 => 4,
                _ => 2,
            };
            let summary = self.user_register("xer_so") & 1;
            self.set_user_register("cr0", sign | summary);
        }
    }
}

/// A dividend with zeros below it; what does not fit is undefined: zero.
fn divide(emulator: &mut NativeEmulator, op: &UserOp, bits: u32, is_signed: bool) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let [a, b] = [16, 11].map(|low| emulator.gpr(word.field(low)));
    let quotient = if is_signed {
        let narrow =
            |value: u64| if bits == 32 { i128::from(value as i32) } else { i128::from(value as i64) };
        let quotient = (narrow(a) << bits).checked_div(narrow(b));
        let fits = |quotient: &i128| *quotient == quotient << (128 - bits) >> (128 - bits);
        quotient.filter(fits).map(|quotient| quotient as u64)
    } else {
        let narrow = |value: u64| if bits == 32 { u128::from(value as u32) } else { u128::from(value) };
        let quotient = (narrow(a) << bits).checked_div(narrow(b));
        quotient.filter(|quotient| quotient >> bits == 0).map(|quotient| quotient as u64)
    };
    emulator.finish_arithmetic(word, quotient.unwrap_or(0), quotient.is_none());
    Ok(())
}

/// `divdo`, of which the specification looks for the overflow of a word.
fn divide_double_word(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let [a, b] = [16, 11].map(|low| emulator.gpr(word.field(low)) as i64);
    let quotient = a.checked_div(b);
    emulator.finish_arithmetic(word, quotient.unwrap_or(0) as u64, quotient.is_none());
    Ok(())
}

fn accumulate(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let number = word.0 >> 1 & 0x1ff;
    let [a, b, t] = [16, 11, 21].map(|low| emulator.gpr(word.field(low)) as u32);
    // Which halves: both upper, the lower of the first and the upper of the
    // second, both lower.
    let (a, b) = match number >> 7 {
        0 => (a >> 16, b >> 16),
        1 => (a & 0xffff, b >> 16),
        _ => (a & 0xffff, b & 0xffff),
    };
    let (saturates, is_signed, subtracts) = (number & 64 != 0, number & 32 != 0, number & 2 != 0);
    let (value, overflows) = if is_signed {
        let product = i64::from(a as u16 as i16) * i64::from(b as u16 as i16);
        let sum = i64::from(t as i32) + if subtracts { -product } else { product };
        let near = sum.clamp(i32::MIN.into(), i32::MAX.into());
        (if saturates { near } else { sum } as u32, near != sum)
    } else {
        let sum = u64::from(t) + u64::from(a * b);
        let near = sum.min(u32::MAX.into());
        (if saturates { near } else { sum } as u32, near != sum)
    };
    emulator.finish_arithmetic(word, value.into(), overflows);
    Ok(())
}

/// The address and the length of a string.
fn string(emulator: &NativeEmulator, word: Word) -> (u64, usize) {
    let base = if word.field(16) == 0 { 0 } else { emulator.gpr(word.field(16)) };
    let address = base.wrapping_add(emulator.gpr(word.field(11)));
    (address & emulator.address_mask, (emulator.user_register("xer_count") & 0x7f) as usize)
}

fn load_string(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let (address, length) = string(emulator, word);
    let mut bytes = vec![0; length];
    if length > 0 {
        emulator.user_read(address, &mut bytes)?;
    }
    for (index, part) in bytes.chunks(4).enumerate() {
        let mut value = [0; 4];
        value[..part.len()].copy_from_slice(part);
        emulator.set_gpr((word.field(21) + index as u32) % 32, u32::from_be_bytes(value).into());
    }
    Ok(())
}

fn store_string(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let (address, length) = string(emulator, word);
    store_bytes(emulator, word, address, length)
}

/// `stswi`, whose length is a field: 32 bytes if it is zero (book I, 3.3.7). The
/// specification stores whole words.
fn store_short_string(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let base = if word.field(16) == 0 { 0 } else { emulator.gpr(word.field(16)) };
    let length = match word.field(11) {
        0 => 32,
        length => length as usize,
    };
    store_bytes(emulator, word, base & emulator.address_mask, length)
}

fn store_bytes(emulator: &mut NativeEmulator, word: Word, address: u64, length: usize) -> Result<(), Halt> {
    let registers = (0..length.div_ceil(4) as u32).map(|index| (word.field(21) + index) % 32);
    let mut bytes: Vec<u8> =
        registers.flat_map(|number| (emulator.gpr(number) as u32).to_be_bytes()).collect();
    bytes.truncate(length);
    if length > 0 {
        emulator.user_write(address, &bytes)?;
    }
    Ok(())
}
