//! RISC-V: what is reserved in RV32GC and RV64GC with Zba, Zbb, Zbc, Zbs and
//! Zicond (unprivileged manual, chapter 34, and 16 for compressed
//! instructions). The specification knows drafts of other extensions.

use super::{Refusal, field};

const fn refuse(length: usize, mask: u32, value: u32, when: fn(u32) -> bool) -> Refusal {
    Refusal { length, mask, value, when }
}

const ALWAYS: fn(u32) -> bool = |_| true;

/// What both widths refuse, with what one of them does.
macro_rules! list {
    ($($more:expr),* $(,)?) => {
        &[
            // custom-0 to custom-3, and the major opcodes of packed and vector
            // operations and of longer instructions.
            refuse(4, 0x7f, 0x0b, ALWAYS),
            refuse(4, 0x7f, 0x2b, ALWAYS),
            refuse(4, 0x7f, 0x5b, ALWAYS),
            refuse(4, 0x7f, 0x7b, ALWAYS),
            refuse(4, 0x7f, 0x77, ALWAYS),
            refuse(4, 0x7f, 0x57, ALWAYS),
            refuse(4, 0x1f, 0x1f, ALWAYS),
            // Of the loads and stores of floating point there are FLW, FLD,
            // FSW and FSD.
            refuse(4, 0x7f, 0x07, |word| !matches!(field(word, 12, 3), 2 | 3)),
            refuse(4, 0x7f, 0x27, |word| !matches!(field(word, 12, 3), 2 | 3)),
            // Of the atomic operations there are those of words and double words.
            refuse(4, 0x7f, 0x2f, |word| !matches!(field(word, 12, 3), 2 | 3)),
            // c.addi4spn with zero; c.lui and c.addi16sp with zero; c.lwsp to
            // x0; c.jr of x0.
            refuse(2, 0xe003, 0x0000, |word| word >> 5 & 0xff == 0),
            refuse(2, 0xf07f, 0x6001, ALWAYS),
            refuse(2, 0xef83, 0x4002, ALWAYS),
            refuse(2, 0xffff, 0x8002, ALWAYS),
            refuse(2, 0xe003, 0x6001, |word| word >> 12 & 1 == 0 && word >> 2 & 31 == 0),
            // c.subw and c.addw and their neighbours.
            refuse(2, 0xfc43, 0x9c41, ALWAYS),
            $($more),*
        ]
    };
}

pub(super) const RV32: &[Refusal] = list![
    refuse(4, 0x7f, 0x33, |word| !is_register_operation(word, false)),
    refuse(4, 0x7f, 0x13, |word| !is_immediate_operation(word, false)),
    refuse(4, 0x7f, 0x3b, ALWAYS),
    refuse(4, 0x7f, 0x1b, ALWAYS),
    refuse(4, 0x707f, 0x3003, ALWAYS),
    refuse(4, 0x707f, 0x6003, ALWAYS),
    refuse(4, 0x707f, 0x3023, ALWAYS),
    refuse(4, 0x707f, 0x302f, ALWAYS),
    refuse(2, 0xfc03, 0x9c01, ALWAYS),
    // Amounts of shifts above 31.
    refuse(2, 0xf003, 0x1002, ALWAYS),
    refuse(2, 0xf803, 0x9001, ALWAYS),
];

pub(super) const RV64: &[Refusal] = list![
    refuse(4, 0x7f, 0x33, |word| !is_register_operation(word, true)),
    refuse(4, 0x7f, 0x13, |word| !is_immediate_operation(word, true)),
    refuse(4, 0x7f, 0x3b, |word| !is_word_operation(word)),
    refuse(4, 0x7f, 0x1b, |word| !is_word_immediate_operation(word)),
    // c.addiw and c.ldsp to x0.
    refuse(2, 0xef83, 0x2001, ALWAYS),
    refuse(2, 0xef83, 0x6002, ALWAYS),
];

/// OP.
const fn is_register_operation(word: u32, is_wide: bool) -> bool {
    match (field(word, 25, 7), field(word, 12, 3)) {
        (0x00 | 0x01, _) => true,
        (0x20, 0 | 4 | 5 | 6 | 7) => true,
        (0x05, 1..=7) => true,
        (0x10, 2 | 4 | 6) => true,
        (0x14 | 0x34, 1) => true,
        (0x24 | 0x30, 1 | 5) => true,
        (0x07, 5 | 7) => true,
        // zext.h of RV32.
        (0x04, 4) => !is_wide && field(word, 20, 5) == 0,
        _ => false,
    }
}

/// OP-32.
const fn is_word_operation(word: u32) -> bool {
    match (field(word, 25, 7), field(word, 12, 3)) {
        (0x00, 0 | 1 | 5) => true,
        (0x20, 0 | 5) => true,
        (0x01, 0 | 4 | 5 | 6 | 7) => true,
        (0x04, 0) => true,
        // zext.h of RV64.
        (0x04, 4) => field(word, 20, 5) == 0,
        (0x10, 2 | 4 | 6) => true,
        (0x30, 1 | 5) => true,
        _ => false,
    }
}

/// OP-IMM.
const fn is_immediate_operation(word: u32, is_wide: bool) -> bool {
    let (function, upper, whole) = (field(word, 12, 3), field(word, 26, 6), field(word, 20, 12));
    // The amounts of RV32 have five bits.
    let fits = is_wide || field(word, 25, 1) == 0;
    match (function, upper) {
        (1, 0x00 | 0x0a | 0x12 | 0x1a) => fits,
        (1, 0x18) => matches!(whole, 0x600..=0x602 | 0x604 | 0x605),
        (1, _) => false,
        (5, 0x00 | 0x10 | 0x12 | 0x18) => fits,
        (5, _) => whole == 0x287 || whole == if is_wide { 0x6b8 } else { 0x698 },
        _ => true,
    }
}

/// OP-IMM-32.
const fn is_word_immediate_operation(word: u32) -> bool {
    match (field(word, 12, 3), field(word, 25, 7)) {
        (0, _) => true,
        (1, 0x00 | 0x04 | 0x05) => true,
        (1, 0x30) => field(word, 20, 5) <= 2,
        (5, 0x00 | 0x20 | 0x30) => true,
        _ => false,
    }
}
