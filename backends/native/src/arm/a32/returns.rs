//! Arithmetic into the program counter that returns from an exception (Arm ARM
//! ARMv7-A, B9.3.19, SUBS PC, LR, Thumb; B9.3.20, SUBS PC, LR and related
//! instructions, ARM).

use super::{
    super::{Word, rows},
    banks::{has_saved_status, resume},
};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(in crate::arm) const ARM: &[Override] = rows![
    // AND to RSC, and ORR to MVN, of a constant and of a register that is shifted by
    // one, with the conditions before 15, which is Advanced SIMD.
    0x8f10_f000, 0x0210_f000 => arithmetic,
    0xcf10_f000, 0x8210_f000 => arithmetic,
    0xef10_f000, 0xc210_f000 => arithmetic,
    0xff10_f000, 0xe210_f000 => arithmetic,
    0x8f90_f000, 0x0390_f000 => arithmetic,
    0xcf90_f000, 0x8390_f000 => arithmetic,
    0xef90_f000, 0xc390_f000 => arithmetic,
    0xff90_f000, 0xe390_f000 => arithmetic,
    0x8f10_f010, 0x0010_f000 => arithmetic,
    0xcf10_f010, 0x8010_f000 => arithmetic,
    0xef10_f010, 0xc010_f000 => arithmetic,
    0xff10_f010, 0xe010_f000 => arithmetic,
    0x8f90_f010, 0x0190_f000 => arithmetic,
    0xcf90_f010, 0x8190_f000 => arithmetic,
    0xef90_f010, 0xc190_f000 => arithmetic,
    0xff90_f010, 0xe190_f000 => arithmetic,
];

pub(in crate::arm) const THUMB: &[Override] = rows![
    0xffff_ff00, 0xf3de_8f00 => |e: &mut NativeEmulator, w: Word| {
        let target = e.r(14).wrapping_sub(w.field(0, 8));
        returned(e, target)
    },
];

/// In user and system mode it is unpredictable: no instruction here.
fn returned(emulator: &mut NativeEmulator, target: u32) -> Result<(), Halt> {
    if !has_saved_status(emulator) {
        return Err(Halt::Invalid);
    }
    Err(resume(emulator, target))
}

/// Of a constant, or a register shifted by a constant (A5.2.4; A8.4.3, Shift).
fn second_operand(emulator: &NativeEmulator, word: Word, carry: u32) -> u32 {
    if word.bit(25) {
        return word.field(0, 8).rotate_right(2 * word.field(8, 4));
    }
    let (value, amount) = (emulator.r(word.field(0, 4)), word.field(7, 5));
    match (word.field(5, 2), amount) {
        (0, amount) => value << amount,
        (1, 0) => 0,
        (1, amount) => value >> amount,
        (2, 0) => (value as i32 >> 31) as u32,
        (2, amount) => (value as i32 >> amount) as u32,
        (_, 0) => carry << 31 | value >> 1,
        (_, amount) => value.rotate_right(amount),
    }
}

fn arithmetic(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let carry = emulator.status_word() >> 29 & 1;
    let (first, second) = (emulator.r(word.field(16, 4)), second_operand(emulator, word, carry));
    let sum = |left: u32, right: u32, carry: u32| left.wrapping_add(right).wrapping_add(carry);
    let target = match word.field(21, 4) {
        0 => first & second,
        1 => first ^ second,
        2 => sum(first, !second, 1),
        3 => sum(!first, second, 1),
        4 => sum(first, second, 0),
        5 => sum(first, second, carry),
        6 => sum(first, !second, carry),
        7 => sum(!first, second, carry),
        12 => first | second,
        13 => second,
        14 => first & !second,
        // What else has the form of the table is MVN.
        _ => !second,
    };
    returned(emulator, target)
}
