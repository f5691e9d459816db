//! eBPF: `Documentation/bpf/llvm_reloc.rst` of Linux. Objects for the kernel
//! are relocatable files whose addends stand in the instructions.

use super::{
    Formula::{Absolute, Nothing, PcRelative, Special},
    Howto, Problem, Site,
    field::{BYTE, Check, Field, HALF, LONG, NONE, WORD_ANY},
    formula::row,
};

/// The immediate operand of an instruction.
const IMMEDIATE: Field = Field::little(8, &[(0, 32, 32)], Check::Any);

/// The types.
pub(super) const TYPES: &[Howto] = &[
    row(0, "R_BPF_NONE", Nothing, NONE),
    row(1, "R_BPF_64_64", Special(constant), IMMEDIATE),
    row(2, "R_BPF_64_ABS64", Absolute, LONG),
    row(3, "R_BPF_64_ABS32", Absolute, WORD_ANY),
    row(4, "R_BPF_64_NODYLD32", Absolute, WORD_ANY),
    row(10, "R_BPF_64_32", Special(call), IMMEDIATE),
    // Of the GNU tools, up to binutils 2.40.
    row(8, "R_BPF_DATA_8", Absolute, BYTE),
    row(9, "R_BPF_DATA_16", Absolute, HALF),
    row(11, "R_BPF_DATA_32", Absolute, WORD_ANY),
    row(12, "R_BPF_DATA_64", Absolute, LONG),
    row(5, "R_BPF_DATA_8_PCREL", PcRelative, BYTE),
    row(6, "R_BPF_DATA_16_PCREL", PcRelative, HALF),
    row(7, "R_BPF_DATA_32_PCREL", PcRelative, WORD_ANY),
    row(13, "R_BPF_DATA_64_PCREL", PcRelative, LONG),
];

/// A constant of 64 bits in the immediate operands of two units.
fn constant(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?);
    let at = site.relocation.place;
    site.put_into(at, &IMMEDIATE, value)?;
    site.put_into(at.wrapping_add(8), &IMMEDIATE, value >> 32)
}

/// A call: the distance in instructions from the next. So is the addend.
fn call(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = i64::from(site.addend()? as u32 as i32);
    let callee = site.target.value.wrapping_add((8 * (addend + 1)) as u64);
    let distance = callee.wrapping_sub(site.place().wrapping_add(8)) as i64 / 8;
    if i32::try_from(distance).is_err() {
        return Err(Problem::Overflow(site.howto.name, distance as u64));
    }
    site.put_into(site.relocation.place, &IMMEDIATE, distance as u64)
}
