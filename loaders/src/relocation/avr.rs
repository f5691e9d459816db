//! AVR: the types of binutils' `include/elf/avr.h`, which is the document of
//! this ABI, with the fields of the "AVR Instruction Set Manual".

use super::{
    Formula::{Absolute, Nothing, PcRelative, Special},
    Howto, Problem, Site,
    field::{BYTE, Check, Field, NONE, Unit, WORD_ANY},
    formula::row,
};

const fn immediate(pieces: &'static [(u8, u8, u8)]) -> Field {
    Field::data(2, pieces, Check::Any)
}

/// The immediate operand of `ldi`: a byte of an address.
const BYTE_0: Field = immediate(&[(0, 4, 0), (4, 4, 8)]);
const BYTE_1: Field = immediate(&[(8, 4, 0), (12, 4, 8)]);
const BYTE_2: Field = immediate(&[(16, 4, 0), (20, 4, 8)]);
const BYTE_3: Field = immediate(&[(24, 4, 0), (28, 4, 8)]);
/// The same of an address of code, which counts words.
const WORDS_0: Field = immediate(&[(1, 4, 0), (5, 4, 8)]).of_multiples(2);
const WORDS_1: Field = immediate(&[(9, 4, 0), (13, 4, 8)]).of_multiples(2);
const WORDS_2: Field = immediate(&[(17, 4, 0), (21, 4, 8)]).of_multiples(2);

const BRANCH7: Field = Field::data(2, &[(1, 7, 3)], Check::Signed(8)).of_multiples(2);
/// `rjmp`, `rcall`: 4 KiB of code wrap around.
const BRANCH12: Field = Field::data(2, &[(1, 12, 0)], Check::Signed(13)).of_multiples(2);
const CALL: Field = Field {
    unit: Unit::Halves,
    pieces: &[(1, 17, 0), (18, 5, 20)],
    round: 0,
    check: Check::Unsigned(23),
    multiple: 2,
};
const WORDS16: Field = Field::data(2, &[(1, 16, 0)], Check::Unsigned(17)).of_multiples(2);
const DISPLACEMENT: Field = Field::data(2, &[(0, 3, 0), (3, 2, 10), (5, 1, 13)], Check::Unsigned(6));
const ADIW: Field = Field::data(2, &[(0, 4, 0), (4, 2, 6)], Check::Unsigned(6));
const LDI: Field = Field::data(2, &[(0, 4, 0), (4, 4, 8)], Check::Either(8));
const SHORT_DATA: Field = Field::data(2, &[(0, 4, 0), (4, 2, 9), (6, 1, 8)], Check::Any);
const PORT6: Field = Field::data(2, &[(0, 4, 0), (4, 2, 9)], Check::Unsigned(6));
const PORT5: Field = Field::data(2, &[(0, 5, 3)], Check::Unsigned(5));

/// The types.
pub(super) const TYPES: &[Howto] = &[
    row(0, "R_AVR_NONE", Nothing, NONE),
    row(1, "R_AVR_32", Absolute, WORD_ANY),
    row(2, "R_AVR_7_PCREL", Special(from_next), BRANCH7),
    row(3, "R_AVR_13_PCREL", Special(from_next), BRANCH12),
    row(4, "R_AVR_16", Absolute, Field::data(2, &[(0, 16, 0)], Check::Any)),
    row(5, "R_AVR_16_PM", Absolute, WORDS16),
    row(6, "R_AVR_LO8_LDI", Absolute, BYTE_0),
    row(7, "R_AVR_HI8_LDI", Absolute, BYTE_1),
    row(8, "R_AVR_HH8_LDI", Absolute, BYTE_2),
    row(9, "R_AVR_LO8_LDI_NEG", Special(negated), BYTE_0),
    row(10, "R_AVR_HI8_LDI_NEG", Special(negated), BYTE_1),
    row(11, "R_AVR_HH8_LDI_NEG", Special(negated), BYTE_2),
    row(12, "R_AVR_LO8_LDI_PM", Absolute, WORDS_0),
    row(13, "R_AVR_HI8_LDI_PM", Absolute, WORDS_1),
    row(14, "R_AVR_HH8_LDI_PM", Absolute, WORDS_2),
    row(15, "R_AVR_LO8_LDI_PM_NEG", Special(negated), WORDS_0),
    row(16, "R_AVR_HI8_LDI_PM_NEG", Special(negated), WORDS_1),
    row(17, "R_AVR_HH8_LDI_PM_NEG", Special(negated), WORDS_2),
    row(18, "R_AVR_CALL", Absolute, CALL),
    row(19, "R_AVR_LDI", Absolute, LDI),
    row(20, "R_AVR_6", Absolute, DISPLACEMENT),
    row(21, "R_AVR_6_ADIW", Absolute, ADIW),
    row(22, "R_AVR_MS8_LDI", Absolute, BYTE_3),
    row(23, "R_AVR_MS8_LDI_NEG", Special(negated), BYTE_3),
    // Indirect calls: a linker puts stubs in only where 16 bits are too few.
    row(24, "R_AVR_LO8_LDI_GS", Special(reachable), WORDS_0),
    row(25, "R_AVR_HI8_LDI_GS", Special(reachable), WORDS_1),
    row(26, "R_AVR_8", Absolute, BYTE),
    row(27, "R_AVR_8_LO8", Absolute, Field::data(1, &[(0, 8, 0)], Check::Any)),
    row(28, "R_AVR_8_HI8", Absolute, Field::data(1, &[(8, 8, 0)], Check::Any)),
    row(29, "R_AVR_8_HLO8", Absolute, Field::data(1, &[(16, 8, 0)], Check::Any)),
    // Differences that are right as long as nothing is relaxed.
    row(30, "R_AVR_DIFF8", Nothing, NONE),
    row(31, "R_AVR_DIFF16", Nothing, NONE),
    row(32, "R_AVR_DIFF32", Nothing, NONE),
    row(33, "R_AVR_LDS_STS_16", Special(short_data), SHORT_DATA),
    row(34, "R_AVR_PORT6", Absolute, PORT6),
    row(35, "R_AVR_PORT5", Absolute, PORT5),
    row(36, "R_AVR_32_PCREL", PcRelative, WORD_ANY),
];

/// `S + A - (P + 2)`: an addend is of the place.
fn from_next(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?).wrapping_sub(site.place());
    site.put(value.wrapping_sub(2))
}

/// `-(S + A)`.
fn negated(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?);
    site.put(0_u64.wrapping_sub(value))
}

fn reachable(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?);
    if value >> 17 != 0 {
        let reason = "the function is above the 128 KiB that an indirect call reaches";
        return Err(Problem::Unsupported(site.howto.name, reason));
    }
    site.put(value)
}

/// `lds` and `sts` of one word: the data addresses 0x40 to 0xbf.
fn short_data(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?);
    if !(0x40..=0xbf).contains(&(value & 0xffff)) {
        return Err(Problem::Overflow(site.howto.name, value));
    }
    site.put(value)
}
