//! RISC-V: what the specification decodes though it is reserved in the
//! processors that the engine has: vectors, of which the specification knows a
//! draft, and reserved forms of compressed instructions (unprivileged manual,
//! "C" and "Zcmop").

use super::{ALWAYS, Refusal, field};

const fn refuse(length: usize, mask: u32, value: u32, when: fn(u32) -> bool) -> Refusal {
    Refusal { length, mask, value, when }
}

/// What both widths refuse, with what one of them does.
macro_rules! list {
    ($($more:expr),* $(,)?) => {
        &[
            // The major opcode of vector operations; of the loads and stores of
            // floating point there are those of halves, singles and doubles.
            refuse(4, 0x7f, 0x57, ALWAYS),
            refuse(4, 0x7f, 0x07, |word| !matches!(field(word, 12, 3), 1..=3)),
            refuse(4, 0x7f, 0x27, |word| !matches!(field(word, 12, 3), 1..=3)),
            // c.addi4spn with zero; c.lui and c.addi16sp with zero, but for
            // c.mop; c.lwsp to x0; c.jr of x0.
            refuse(2, 0xe003, 0x0000, |word| word >> 5 & 0xff == 0),
            refuse(2, 0xf07f, 0x6001, |word| word & 0xf8ff != 0x6081),
            refuse(2, 0xef83, 0x4002, ALWAYS),
            refuse(2, 0xffff, 0x8002, ALWAYS),
            // URET of user-level interrupts, which were never ratified.
            refuse(4, 0xffff_ffff, 0x0020_0073, ALWAYS),
            $($more),*
        ]
    };
}

pub(super) const RV32: &[Refusal] = list![
    // Amounts of shifts above 31.
    refuse(2, 0xf003, 0x1002, ALWAYS),
    refuse(2, 0xf803, 0x9001, ALWAYS),
];

pub(super) const RV64: &[Refusal] = list![
    // c.addiw and c.ldsp to x0.
    refuse(2, 0xef83, 0x2001, ALWAYS),
    refuse(2, 0xef83, 0x6002, ALWAYS),
];
