//! Z80: the types of binutils' `include/elf/z80.h`, which is the document of
//! this ABI.

use super::{
    Formula::{Absolute, Nothing, PcRelative},
    Howto,
    field::{BYTE, BYTE_SIGNED, Check, Field, HALF, NONE, Unit, WORD_ANY},
    formula::row,
};

/// A byte or two of an address.
const fn part(bytes: u8, pieces: &'static [(u8, u8, u8)]) -> Field {
    Field::data(bytes, pieces, Check::Any)
}

const WORD24: Field = Field::data(3, &[(0, 24, 0)], Check::Either(24));
const HALF_BIG: Field = Field {
    unit: Unit::Data(2),
    pieces: &[(0, 8, 8), (8, 8, 0)],
    round: 0,
    check: Check::Either(16),
    multiple: 1,
};

/// The types.
pub(super) const TYPES: &[Howto] = &[
    row(0, "R_Z80_NONE", Nothing, NONE),
    row(1, "R_Z80_8", Absolute, BYTE),
    row(2, "R_Z80_8_DIS", Absolute, BYTE_SIGNED),
    row(3, "R_Z80_8_PCREL", PcRelative, BYTE_SIGNED),
    row(4, "R_Z80_16", Absolute, HALF),
    row(5, "R_Z80_24", Absolute, WORD24),
    row(6, "R_Z80_32", Absolute, WORD_ANY),
    row(7, "R_Z80_BYTE0", Absolute, part(1, &[(0, 8, 0)])),
    row(8, "R_Z80_BYTE1", Absolute, part(1, &[(8, 8, 0)])),
    row(9, "R_Z80_BYTE2", Absolute, part(1, &[(16, 8, 0)])),
    row(10, "R_Z80_BYTE3", Absolute, part(1, &[(24, 8, 0)])),
    row(11, "R_Z80_WORD0", Absolute, part(2, &[(0, 16, 0)])),
    row(12, "R_Z80_WORD1", Absolute, part(2, &[(16, 16, 0)])),
    row(13, "R_Z80_16_BE", Absolute, HALF_BIG),
];
