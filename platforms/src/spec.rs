//! The row language of the register tables.
//!
//! A platform's registers are `const` slices of [`Row`]s, written with the
//! short functions below, and expanded into a
//! [`RegisterTable`] when the platform is first used.
//! A row must stand after the rows that it refers to.
//!
//! Where a row makes names from a prefix and a number, the number stands in
//! the place of a `#` in the prefix, or else at its end: `part_bank("r#d", …)`
//! names `r8d`, `r9d` and so on.

use crate::{RegisterKind, register::RegisterTable};

/// One row of a register table: a register, a bank of numbered registers, or
/// names for parts of earlier ones.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Row {
    /// `name`, of so many bits.
    Register(&'static str, u16, RegisterKind),
    /// `name`, of so many bits, that always has the value.
    Fixed(&'static str, u16, u64),
    /// `prefix0 … prefixN`, first to last inclusive.
    Bank(&'static str, u16, u16, u16, RegisterKind),
    /// `name` for `bits` bits of `of` from `low` on.
    Part { name: &'static str, of: &'static str, low: u16, bits: u16, kind: Option<RegisterKind> },
    /// Other names for whole registers: `(name, of)`.
    Names(&'static [(&'static str, &'static str)]),
    /// `prefix{i}` = `bits` bits of `of{i}` from `low` on, for first to last.
    PartBank {
        prefix: &'static str,
        of: &'static str,
        first: u16,
        last: u16,
        low: u16,
        bits: u16,
        kind: Option<RegisterKind>,
    },
    /// `prefix{i}` = lane `i % n` of `of{i / n}`, lanes of `bits` bits counted
    /// from the lowest, where `n = width(of0) / bits`.
    Lanes {
        prefix: &'static str,
        of: &'static str,
        first: u16,
        last: u16,
        bits: u16,
        kind: Option<RegisterKind>,
    },
    /// `prefix{i + first}` = another name of `of{j + i}`.
    Renumbered { prefix: &'static str, first: u16, of: &'static str, of_first: u16, count: u16 },
}

/// A register `name` of `bits` bits.
pub(crate) const fn reg(name: &'static str, bits: u16, kind: RegisterKind) -> Row {
    Row::Register(name, bits, kind)
}

/// A register that always reads as `value`.
pub(crate) const fn fixed(name: &'static str, bits: u16, value: u64) -> Row {
    Row::Fixed(name, bits, value)
}

/// Registers `prefix{first}` to `prefix{last}`.
pub(crate) const fn bank(prefix: &'static str, first: u16, last: u16, bits: u16, kind: RegisterKind) -> Row {
    Row::Bank(prefix, first, last, bits, kind)
}

/// `bits` bits of `of` from bit `low` on.
pub(crate) const fn part(name: &'static str, of: &'static str, low: u16, bits: u16) -> Row {
    Row::Part { name, of, low, bits, kind: None }
}

/// One flag bit (or a field of `bits` bits) of a flags word.
pub(crate) const fn flag(name: &'static str, of: &'static str, low: u16, bits: u16) -> Row {
    Row::Part { name, of, low, bits, kind: Some(RegisterKind::Flag) }
}

/// Other names of whole registers, as `(name, of)`.
pub(crate) const fn names(pairs: &'static [(&'static str, &'static str)]) -> Row {
    Row::Names(pairs)
}

/// `prefix{i}` as `bits` bits of `of{i}` from `low` on.
pub(crate) const fn part_bank(
    prefix: &'static str,
    first: u16,
    last: u16,
    of: &'static str,
    low: u16,
    bits: u16,
) -> Row {
    Row::PartBank { prefix, of, first, last, low, bits, kind: None }
}

/// One flag bit (or a field of `bits` bits) of each of numbered flags words.
pub(crate) const fn flag_bank(
    prefix: &'static str,
    first: u16,
    last: u16,
    of: &'static str,
    low: u16,
    bits: u16,
) -> Row {
    Row::PartBank { prefix, of, first, last, low, bits, kind: Some(RegisterKind::Flag) }
}

/// `prefix{i}` as numbered lanes of the registers `of{…}`.
pub(crate) const fn lanes(prefix: &'static str, first: u16, last: u16, of: &'static str, bits: u16) -> Row {
    Row::Lanes { prefix, of, first, last, bits, kind: None }
}

/// `prefix{first + i}` as another name of `of{of_first + i}`, `count` of them.
pub(crate) const fn renumbered(
    prefix: &'static str,
    first: u16,
    count: u16,
    of: &'static str,
    of_first: u16,
) -> Row {
    Row::Renumbered { prefix, first, of, of_first, count }
}

/// `prefix` with `number` in the place of its `#`, or at its end.
fn numbered(prefix: &str, number: u16) -> String {
    match prefix.split_once('#') {
        Some((before, after)) => format!("{before}{number}{after}"),
        None => format!("{prefix}{number}"),
    }
}

impl Row {
    /// The row with parts that are of `kind`, and not of the kind of what they
    /// are parts of.
    pub(crate) const fn of_kind(self, kind: RegisterKind) -> Self {
        let kind = Some(kind);
        match self {
            Self::Part { name, of, low, bits, .. } => Self::Part { name, of, low, bits, kind },
            Self::PartBank { prefix, of, first, last, low, bits, .. } => {
                Self::PartBank { prefix, of, first, last, low, bits, kind }
            }
            Self::Lanes { prefix, of, first, last, bits, .. } => {
                Self::Lanes { prefix, of, first, last, bits, kind }
            }
            other => other,
        }
    }

    pub(crate) fn expand_into(&self, table: &mut RegisterTable) -> Result<(), String> {
        match *self {
            Self::Register(name, bits, kind) => table.add(name.to_owned(), bits, kind, None),
            Self::Fixed(name, bits, value) => {
                table.add(name.to_owned(), bits, RegisterKind::General, Some(value))
            }
            Self::Bank(prefix, first, last, bits, kind) => {
                (first..=last).try_for_each(|number| table.add(numbered(prefix, number), bits, kind, None))
            }
            Self::Part { name, of, low, bits, kind } => {
                table.add_alias(name.to_owned(), of, low, Some(bits), kind)
            }
            Self::Names(pairs) => {
                pairs.iter().try_for_each(|(name, of)| table.add_alias((*name).to_owned(), of, 0, None, None))
            }
            Self::PartBank { prefix, of, first, last, low, bits, kind } => {
                (first..=last).try_for_each(|number| {
                    table.add_alias(numbered(prefix, number), &numbered(of, number), low, Some(bits), kind)
                })
            }
            Self::Lanes { prefix, of, first, last, bits, kind } => (first..=last).try_for_each(|number| {
                let whole = numbered(of, 0);
                let parent = table.lookup(&whole).ok_or_else(|| format!("{prefix}: no register {whole}"))?;
                let count = table.get(parent).bits / bits;
                let parent = numbered(of, number / count);
                table.add_alias(numbered(prefix, number), &parent, number % count * bits, Some(bits), kind)
            }),
            Self::Renumbered { prefix, first, of, of_first, count } => (0..count).try_for_each(|step| {
                table.add_alias(numbered(prefix, first + step), &numbered(of, of_first + step), 0, None, None)
            }),
        }
    }
}
