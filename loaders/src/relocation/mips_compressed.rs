//! MIPS16 and microMIPS: the types of "MIPS16e Application-Specific Extension"
//! and "microMIPS Instruction Set Architecture" as binutils' `elf/mips.h`
//! numbers them. Instructions are units of 16 bits, the high half first.

use super::{
    Content,
    Formula::{Absolute, FromPointer, Nothing, PcRelative, Slot, Special, TlsOffset, TpOffset, Unsupported},
    Howto, Problem, Reach, Site,
    field::{Check, Field, LONG, NONE, Unit},
    formula::{SLOT_FROM_POINTER, row},
    mips::{high_or_low, jump_in_micromips, jump_in_mips16, subtract},
};

const fn halves(pieces: &'static [(u8, u8, u8)], check: Check) -> Field {
    Field { unit: Unit::Halves, pieces, round: 0, check, multiple: 1 }
}

/// The immediate operand of an extended instruction of MIPS16.
const EXTENDED: Field = halves(&[(0, 5, 0), (5, 6, 21), (11, 5, 16)], Check::Signed(16));
const EXTENDED_ANY: Field = Field { check: Check::Any, ..EXTENDED };
const EXTENDED_HIGH: Field = halves(&[(16, 5, 0), (21, 6, 21), (27, 5, 16)], Check::Any).rounded(0x8000);
const EXTENDED_BRANCH: Field = halves(&[(1, 5, 0), (6, 6, 21), (12, 5, 16)], Check::Signed(17));
const EXTENDED_JUMP: Field = halves(&[(0, 16, 0), (16, 5, 21), (21, 5, 16)], Check::Any);

const LO16: Field = halves(&[(0, 16, 0)], Check::Any);
const IMM16: Field = halves(&[(0, 16, 0)], Check::Signed(16));
const HI16: Field = halves(&[(16, 16, 0)], Check::Any).rounded(0x8000);
const HIGHER: Field = halves(&[(32, 16, 0)], Check::Any).rounded(0x8000_8000);
const HIGHEST: Field = halves(&[(48, 16, 0)], Check::Any).rounded(0x8000_8000_8000);
const JUMP: Field = halves(&[(0, 26, 0)], Check::Any);
const BRANCH16: Field = halves(&[(1, 16, 0)], Check::Signed(17));
const BRANCH10: Field = Field::data(2, &[(1, 10, 0)], Check::Signed(11));
const BRANCH7: Field = Field::data(2, &[(1, 7, 0)], Check::Signed(8));
const WORDS23: Field = halves(&[(2, 23, 0)], Check::Signed(25)).of_multiples(4);
const WORDS7: Field = Field::data(2, &[(2, 7, 0)], Check::Unsigned(9)).of_multiples(4);

/// The types.
pub(super) const TYPES: &[Howto] = &[
    row(100, "R_MIPS16_26", Special(jump_in_mips16), EXTENDED_JUMP),
    row(101, "R_MIPS16_GPREL", FromPointer, EXTENDED),
    row(102, "R_MIPS16_GOT16", SLOT_FROM_POINTER, EXTENDED),
    row(103, "R_MIPS16_CALL16", SLOT_FROM_POINTER, EXTENDED),
    row(104, "R_MIPS16_HI16", Special(high_or_low), EXTENDED_HIGH),
    row(105, "R_MIPS16_LO16", Special(high_or_low), EXTENDED_ANY),
    row(106, "R_MIPS16_TLS_GD", Slot(Content::TlsIndex, Reach::FromPointer), EXTENDED),
    row(107, "R_MIPS16_TLS_LDM", Slot(Content::TlsBlock, Reach::FromPointer), EXTENDED),
    row(108, "R_MIPS16_TLS_DTPREL_HI16", TlsOffset, EXTENDED_HIGH),
    row(109, "R_MIPS16_TLS_DTPREL_LO16", TlsOffset, EXTENDED_ANY),
    row(110, "R_MIPS16_TLS_GOTTPREL", Slot(Content::TpOffset, Reach::FromPointer), EXTENDED),
    row(111, "R_MIPS16_TLS_TPREL_HI16", TpOffset, EXTENDED_HIGH),
    row(112, "R_MIPS16_TLS_TPREL_LO16", TpOffset, EXTENDED_ANY),
    row(113, "R_MIPS16_PC16_S1", PcRelative, EXTENDED_BRANCH),
    row(133, "R_MICROMIPS_26_S1", Special(jump_in_micromips), JUMP),
    row(134, "R_MICROMIPS_HI16", Special(high_or_low), HI16),
    row(135, "R_MICROMIPS_LO16", Special(high_or_low), LO16),
    row(136, "R_MICROMIPS_GPREL16", FromPointer, IMM16),
    row(137, "R_MICROMIPS_LITERAL", FromPointer, IMM16),
    row(138, "R_MICROMIPS_GOT16", SLOT_FROM_POINTER, IMM16),
    row(139, "R_MICROMIPS_PC7_S1", PcRelative, BRANCH7),
    row(140, "R_MICROMIPS_PC10_S1", PcRelative, BRANCH10),
    row(141, "R_MICROMIPS_PC16_S1", PcRelative, BRANCH16),
    row(142, "R_MICROMIPS_CALL16", SLOT_FROM_POINTER, IMM16),
    row(145, "R_MICROMIPS_GOT_DISP", SLOT_FROM_POINTER, IMM16),
    row(146, "R_MICROMIPS_GOT_PAGE", SLOT_FROM_POINTER, IMM16),
    row(147, "R_MICROMIPS_GOT_OFST", Absolute, LO16),
    row(148, "R_MICROMIPS_GOT_HI16", SLOT_FROM_POINTER, HI16),
    row(149, "R_MICROMIPS_GOT_LO16", SLOT_FROM_POINTER, LO16),
    row(150, "R_MICROMIPS_SUB", Special(subtract), LONG),
    row(151, "R_MICROMIPS_HIGHER", Absolute, HIGHER),
    row(152, "R_MICROMIPS_HIGHEST", Absolute, HIGHEST),
    row(153, "R_MICROMIPS_CALL_HI16", SLOT_FROM_POINTER, HI16),
    row(154, "R_MICROMIPS_CALL_LO16", SLOT_FROM_POINTER, LO16),
    row(155, "R_MICROMIPS_SCN_DISP", Unsupported("it is of IRIX only"), NONE),
    row(156, "R_MICROMIPS_JALR", Nothing, NONE),
    row(157, "R_MICROMIPS_HI0_LO16", Absolute, LO16),
    row(162, "R_MICROMIPS_TLS_GD", Slot(Content::TlsIndex, Reach::FromPointer), IMM16),
    row(163, "R_MICROMIPS_TLS_LDM", Slot(Content::TlsBlock, Reach::FromPointer), IMM16),
    row(164, "R_MICROMIPS_TLS_DTPREL_HI16", TlsOffset, HI16),
    row(165, "R_MICROMIPS_TLS_DTPREL_LO16", TlsOffset, LO16),
    row(166, "R_MICROMIPS_TLS_GOTTPREL", Slot(Content::TpOffset, Reach::FromPointer), IMM16),
    row(169, "R_MICROMIPS_TLS_TPREL_HI16", TpOffset, HI16),
    row(170, "R_MICROMIPS_TLS_TPREL_LO16", TpOffset, LO16),
    row(172, "R_MICROMIPS_GPREL7_S2", FromPointer, WORDS7),
    row(173, "R_MICROMIPS_PC23_S2", Special(words_from_place), WORDS23),
];

/// `S + A - (P & ~3)`.
fn words_from_place(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?);
    let value = (value & !u64::from(site.target.compressed)).wrapping_sub(site.place() & !3);
    site.put(value)
}
