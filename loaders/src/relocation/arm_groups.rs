//! ARM: relocations of groups of instructions, which put a distance together
//! piece by piece ("ELF for the Arm Architecture", section 5.6.1.8), and those
//! relative to the static base and of single loads and additions.

use super::{
    Formula::{self, Special},
    Howto, Problem, Site,
    field::{Check, Field, WORD_ANY},
    formula::row,
};

/// What a value is relative to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// `P`.
    Place,
    /// `B(S)`: the start of the segment that holds the symbol.
    Base,
}
use Origin::{Base, Place};

const fn alu(function: fn(&mut Site<'_>) -> Result<(), Problem>) -> Formula {
    Special(function)
}

/// The types.
pub(super) const TYPES: &[Howto] = &[
    row(4, "R_ARM_LDR_PC_G0", Special(|site| load(site, Place, 0, &WORD12)), WORD_ANY),
    row(57, "R_ARM_ALU_PC_G0_NC", alu(|site| add(site, Place, 0, false)), WORD_ANY),
    row(58, "R_ARM_ALU_PC_G0", alu(|site| add(site, Place, 0, true)), WORD_ANY),
    row(59, "R_ARM_ALU_PC_G1_NC", alu(|site| add(site, Place, 1, false)), WORD_ANY),
    row(60, "R_ARM_ALU_PC_G1", alu(|site| add(site, Place, 1, true)), WORD_ANY),
    row(61, "R_ARM_ALU_PC_G2", alu(|site| add(site, Place, 2, true)), WORD_ANY),
    row(62, "R_ARM_LDR_PC_G1", Special(|site| load(site, Place, 1, &WORD12)), WORD_ANY),
    row(63, "R_ARM_LDR_PC_G2", Special(|site| load(site, Place, 2, &WORD12)), WORD_ANY),
    row(64, "R_ARM_LDRS_PC_G0", Special(|site| load(site, Place, 0, &SPLIT8)), WORD_ANY),
    row(65, "R_ARM_LDRS_PC_G1", Special(|site| load(site, Place, 1, &SPLIT8)), WORD_ANY),
    row(66, "R_ARM_LDRS_PC_G2", Special(|site| load(site, Place, 2, &SPLIT8)), WORD_ANY),
    row(67, "R_ARM_LDC_PC_G0", Special(|site| load(site, Place, 0, &WORDS8)), WORD_ANY),
    row(68, "R_ARM_LDC_PC_G1", Special(|site| load(site, Place, 1, &WORDS8)), WORD_ANY),
    row(69, "R_ARM_LDC_PC_G2", Special(|site| load(site, Place, 2, &WORDS8)), WORD_ANY),
    row(70, "R_ARM_ALU_SB_G0_NC", alu(|site| add(site, Base, 0, false)), WORD_ANY),
    row(71, "R_ARM_ALU_SB_G0", alu(|site| add(site, Base, 0, true)), WORD_ANY),
    row(72, "R_ARM_ALU_SB_G1_NC", alu(|site| add(site, Base, 1, false)), WORD_ANY),
    row(73, "R_ARM_ALU_SB_G1", alu(|site| add(site, Base, 1, true)), WORD_ANY),
    row(74, "R_ARM_ALU_SB_G2", alu(|site| add(site, Base, 2, true)), WORD_ANY),
    row(75, "R_ARM_LDR_SB_G0", Special(|site| load(site, Base, 0, &WORD12)), WORD_ANY),
    row(76, "R_ARM_LDR_SB_G1", Special(|site| load(site, Base, 1, &WORD12)), WORD_ANY),
    row(77, "R_ARM_LDR_SB_G2", Special(|site| load(site, Base, 2, &WORD12)), WORD_ANY),
    row(78, "R_ARM_LDRS_SB_G0", Special(|site| load(site, Base, 0, &SPLIT8)), WORD_ANY),
    row(79, "R_ARM_LDRS_SB_G1", Special(|site| load(site, Base, 1, &SPLIT8)), WORD_ANY),
    row(80, "R_ARM_LDRS_SB_G2", Special(|site| load(site, Base, 2, &SPLIT8)), WORD_ANY),
    row(81, "R_ARM_LDC_SB_G0", Special(|site| load(site, Base, 0, &WORDS8)), WORD_ANY),
    row(82, "R_ARM_LDC_SB_G1", Special(|site| load(site, Base, 1, &WORDS8)), WORD_ANY),
    row(83, "R_ARM_LDC_SB_G2", Special(|site| load(site, Base, 2, &WORDS8)), WORD_ANY),
];

/// Magnitudes of loads: of `ldr` and `ldrb`; of `ldrd`, `ldrh` and their like;
/// of coprocessors, in words.
const WORD12: Field = Field::data(4, &[(0, 12, 0)], Check::Unsigned(12));
const SPLIT8: Field = Field::data(4, &[(0, 4, 0), (4, 4, 8)], Check::Unsigned(8));
const WORDS8: Field = Field::data(4, &[(2, 8, 0)], Check::Unsigned(10)).of_multiples(4);

/// The bit that says that a load adds its offset.
const UP: u64 = 1 << 23;

/// `((S + A) | T) - P`, or less `B(S)`, of 32 bits.
fn distance(site: &Site<'_>, from: Origin, addend: i64) -> i64 {
    let plus = site.target.value.wrapping_add(addend as u64) | u64::from(site.target.thumb);
    let from = if from == Place { site.place() } else { site.target.origin };
    i64::from(plus.wrapping_sub(from) as u32 as i32)
}

/// The number of bits that an immediate operand is shifted to the left for
/// the group at the top of a value: an even one.
const fn shift_of(value: u32) -> u32 {
    let top = 32 - value.leading_zeros();
    if top <= 8 { 0 } else { (top - 8).div_ceil(2) * 2 }
}

/// What is left of a magnitude when the groups before a number are taken away.
fn residual(mut magnitude: u32, groups: u32) -> u32 {
    for _ in 0..groups {
        magnitude &= !(0xff << shift_of(magnitude));
    }
    magnitude
}

/// `add` or `sub` of one group; the last one has to leave nothing.
fn add(site: &mut Site<'_>, from: Origin, group: u32, last: bool) -> Result<(), Problem> {
    let unit = site.unit()?;
    let addend = match site.relocation.addend {
        Some(addend) => addend,
        None => {
            let constant = i64::from((unit as u32 & 0xff).rotate_right((unit as u32 >> 8 & 15) * 2));
            match unit >> 21 & 15 {
                4 => constant,
                2 => -constant,
                _ => {
                    let reason = "the instruction is neither an add nor a sub";
                    return Err(Problem::Unsupported(site.howto.name, reason));
                }
            }
        }
    };
    let value = distance(site, from, addend);
    let left = residual(value.unsigned_abs() as u32, group);
    if last && residual(left, 1) != 0 {
        return Err(Problem::Overflow(site.howto.name, value as u64));
    }
    let shift = shift_of(left);
    let (byte, rotation) = (u64::from(left >> shift & 0xff), u64::from(((32 - shift) / 2) & 15));
    let opcode = if value < 0 { 2 << 21 } else { 4 << 21 };
    site.put_unit(unit & !(15 << 21 | 0xfff) | opcode | rotation << 8 | byte)
}

/// A load or store of what the groups before leave.
fn load(site: &mut Site<'_>, from: Origin, group: u32, field: &Field) -> Result<(), Problem> {
    let unit = site.unit()?;
    let addend = signed_addend(site, unit, field);
    let value = distance(site, from, addend);
    put_signed(site, unit, field, value, residual(value.unsigned_abs() as u32, group))
}

/// The offset of a load with the sign that its bit tells.
fn signed_addend(site: &Site<'_>, unit: u64, field: &Field) -> i64 {
    site.relocation.addend.unwrap_or_else(|| {
        let mut offset = 0;
        for (from, bits, to) in field.pieces {
            offset |= (unit >> to & ((1 << bits) - 1)) << from;
        }
        if unit & UP == 0 { -(offset as i64) } else { offset as i64 }
    })
}

fn put_signed(
    site: &mut Site<'_>,
    unit: u64,
    field: &Field,
    value: i64,
    magnitude: u32,
) -> Result<(), Problem> {
    let overflow = Problem::Overflow(site.howto.name, value as u64);
    let unit = field.insert(unit, magnitude.into(), 32).ok_or(overflow)?;
    site.put_unit(if value < 0 { unit & !UP } else { unit | UP })
}

/// Twelve bits of the offset of a load or store, with a sign: `value` of the
/// addend.
pub(super) fn twelve_bits(
    site: &mut Site<'_>,
    value: impl FnOnce(&mut Site<'_>, u64) -> Result<Option<u64>, Problem>,
) -> Result<(), Problem> {
    let unit = site.unit()?;
    let addend = signed_addend(site, unit, &WORD12);
    let Some(value) = value(site, addend as u64)? else { return Ok(()) };
    let value = i64::from(value as u32 as i32);
    put_signed(site, unit, &WORD12, value, value.unsigned_abs() as u32)
}

/// A distance from the place rounded down to a word, of `adr.w` (bits 21 and
/// 23 tell its sign) or of a load of a literal (bit 23).
pub(super) fn thumb_literal(site: &mut Site<'_>) -> Result<(), Problem> {
    const ADR: u32 = 53;
    const SUBTRACT: u64 = 0xa0_0000;
    let is_adr = site.howto.number == ADR;
    let unit = site.unit()?;
    let negative = if is_adr { unit & SUBTRACT != 0 } else { unit & UP == 0 };
    let addend = site.relocation.addend.unwrap_or_else(|| {
        let offset = if is_adr {
            (unit & 0xff | unit >> 4 & 0x700 | unit >> 15 & 0x800) as i64
        } else {
            (unit & 0xfff) as i64
        };
        if negative { -offset } else { offset }
    });
    let value = site.target.value.wrapping_add(addend as u64).wrapping_sub(site.place() & !3);
    let value = i64::from(value as u32 as i32);
    let magnitude = value.unsigned_abs();
    if magnitude > 0xfff {
        return Err(Problem::Overflow(site.howto.name, value as u64));
    }
    if !is_adr {
        let up = if value < 0 { 0 } else { UP };
        return site.put_unit(unit & !(UP | 0xfff) | up | magnitude);
    }
    let magnitude = magnitude | u64::from(site.target.thumb);
    let fields = magnitude & 0xff | (magnitude & 0x700) << 4 | (magnitude & 0x800) << 15;
    let subtract = if value < 0 { SUBTRACT } else { 0 };
    site.put_unit(unit & !(0x0400_70ff | SUBTRACT) | fields | subtract)
}
