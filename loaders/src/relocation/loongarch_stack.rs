//! LoongArch: the stack machine that the first version of "ELF for the
//! LoongArch Architecture" (1.00, section 4.2) has: relocations push numbers,
//! compute with them, and put the result into a field.

use super::{
    Content,
    Formula::{SlotSpecial, Special},
    Howto, Problem, Reach, Site,
    field::{Check, Field, NONE},
    formula::row,
};

/// More numbers than any tool pushes.
const DEPTH: usize = 64;

const fn field(pieces: &'static [(u8, u8, u8)], check: Check) -> Field {
    Field::little(4, pieces, check)
}

const B16: Field = field(&[(2, 16, 10)], Check::Signed(18)).of_multiples(4);
const B21: Field = field(&[(2, 16, 10), (18, 5, 0)], Check::Signed(23)).of_multiples(4);
const B26: Field = field(&[(2, 16, 10), (18, 10, 0)], Check::Signed(28)).of_multiples(4);

/// The types.
pub(super) const TYPES: &[Howto] = &[
    row(22, "R_LARCH_SOP_PUSH_PCREL", Special(push_distance), NONE),
    row(23, "R_LARCH_SOP_PUSH_ABSOLUTE", Special(push_address), NONE),
    row(24, "R_LARCH_SOP_PUSH_DUP", Special(duplicate), NONE),
    row(25, "R_LARCH_SOP_PUSH_GPREL", SlotSpecial(Content::Address, Reach::Pc, push_slot), NONE),
    row(26, "R_LARCH_SOP_PUSH_TLS_TPREL", Special(push_variable), NONE),
    row(27, "R_LARCH_SOP_PUSH_TLS_GOT", SlotSpecial(Content::TpOffset, Reach::Pc, push_slot), NONE),
    row(28, "R_LARCH_SOP_PUSH_TLS_GD", SlotSpecial(Content::TlsIndex, Reach::Pc, push_slot), NONE),
    row(29, "R_LARCH_SOP_PUSH_PLT_PCREL", Special(push_distance), NONE),
    row(30, "R_LARCH_SOP_ASSERT", Special(assert), NONE),
    row(31, "R_LARCH_SOP_NOT", Special(not), NONE),
    row(32, "R_LARCH_SOP_SUB", Special(|site| binary(site, |a, b| a.wrapping_sub(b))), NONE),
    row(33, "R_LARCH_SOP_SL", Special(|site| binary(site, |a, b| shift(a, b, i64::checked_shl))), NONE),
    row(34, "R_LARCH_SOP_SR", Special(|site| binary(site, |a, b| shift(a, b, i64::checked_shr))), NONE),
    row(35, "R_LARCH_SOP_ADD", Special(|site| binary(site, |a, b| a.wrapping_add(b))), NONE),
    row(36, "R_LARCH_SOP_AND", Special(|site| binary(site, |a, b| a & b)), NONE),
    row(37, "R_LARCH_SOP_IF_ELSE", Special(choose), NONE),
    row(38, "R_LARCH_SOP_POP_32_S_10_5", Special(pop_into), field(&[(0, 5, 10)], Check::Signed(5))),
    row(39, "R_LARCH_SOP_POP_32_U_10_12", Special(pop_into), field(&[(0, 12, 10)], Check::Unsigned(12))),
    row(40, "R_LARCH_SOP_POP_32_S_10_12", Special(pop_into), field(&[(0, 12, 10)], Check::Signed(12))),
    row(41, "R_LARCH_SOP_POP_32_S_10_16", Special(pop_into), field(&[(0, 16, 10)], Check::Signed(16))),
    row(42, "R_LARCH_SOP_POP_32_S_10_16_S2", Special(pop_into), B16),
    row(43, "R_LARCH_SOP_POP_32_S_5_20", Special(pop_into), field(&[(0, 20, 5)], Check::Signed(20))),
    row(44, "R_LARCH_SOP_POP_32_S_0_5_10_16_S2", Special(pop_into), B21),
    row(45, "R_LARCH_SOP_POP_32_S_0_10_10_16_S2", Special(pop_into), B26),
    row(46, "R_LARCH_SOP_POP_32_U", Special(pop_into), field(&[(0, 32, 0)], Check::Unsigned(32))),
];

fn push(site: &mut Site<'_>, value: u64) -> Result<(), Problem> {
    if site.state.stack.len() >= DEPTH {
        return Err(Problem::Unsupported(site.howto.name, "the stack of relocations is full"));
    }
    // A 32-bit file computes with 32 bits.
    let value = if site.module.class_bits == 32 { i64::from(value as u32 as i32) } else { value as i64 };
    site.state.stack.push(value);
    Ok(())
}

fn pop(site: &mut Site<'_>) -> Result<i64, Problem> {
    let empty = Problem::Unsupported(site.howto.name, "the stack of relocations is empty");
    site.state.stack.pop().ok_or(empty)
}

fn address(site: &Site<'_>) -> Result<u64, Problem> {
    if site.target.thread_local || site.target.indirect {
        let reason = "its symbol is thread-local or an indirect function";
        return Err(Problem::Unsupported(site.howto.name, reason));
    }
    Ok(site.target.value.wrapping_add(site.addend()?))
}

fn push_address(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = address(site)?;
    push(site, value)
}

fn push_distance(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = address(site)?.wrapping_sub(site.place());
    push(site, value)
}

fn push_variable(site: &mut Site<'_>) -> Result<(), Problem> {
    let distance = site.distance_of_variable(site.addend()?)?;
    push(site, distance.unwrap_or(0))
}

/// A slot's distance from the start of the offset table.
fn push_slot(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.slot()?.wrapping_sub(site.table()).wrapping_add(site.addend()?);
    push(site, value)
}

fn duplicate(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = pop(site)?;
    push(site, value as u64)?;
    push(site, value as u64)
}

fn not(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = pop(site)?;
    push(site, u64::from(value == 0))
}

fn assert(site: &mut Site<'_>) -> Result<(), Problem> {
    match pop(site)? {
        0 => Err(Problem::Overflow(site.howto.name, 0)),
        _ => Ok(()),
    }
}

fn binary(site: &mut Site<'_>, compute: fn(i64, i64) -> i64) -> Result<(), Problem> {
    let second = pop(site)?;
    let first = pop(site)?;
    push(site, compute(first, second) as u64)
}

fn shift(value: i64, count: i64, shift: fn(i64, u32) -> Option<i64>) -> i64 {
    u32::try_from(count).ok().and_then(|count| shift(value, count)).unwrap_or(0)
}

/// The second or the third of three, as the first one says.
fn choose(site: &mut Site<'_>) -> Result<(), Problem> {
    let (otherwise, then, condition) = (pop(site)?, pop(site)?, pop(site)?);
    push(site, if condition == 0 { otherwise } else { then } as u64)
}

fn pop_into(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = pop(site)?;
    site.put(value as u64)
}
