//! [`Difference`]: what differs between the two sides after an instruction.

use std::fmt;

use terrella_emulator_api::RegisterValue;

use super::{Ending, Kind, Outcome, Plan};

/// What differs after an instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// How it ended.
    Ends {
        /// On the native engine.
        own: Ending,
        /// On the reference.
        other: Ending,
    },
    /// What it did.
    Changes(Vec<Change>),
}

/// One thing that an instruction did differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// A register, or `memory` or `stores`; `pc`, which is `stay` if it is
    /// still that of the instruction on the reference.
    pub what: String,
    /// The bits of a register that differ, of its lowest eight bytes, and
    /// whether others do.
    pub bits: (u64, bool),
    /// Both contents, to be read.
    pub text: String,
    /// Both contents of a register.
    pub values: Option<(RegisterValue, RegisterValue)>,
}

impl Change {
    fn new(what: &str, text: String) -> Self {
        Self { what: what.to_owned(), bits: (0, true), text, values: None }
    }

    /// Whether a register has NaNs on both sides in each lane of a size in
    /// bytes that differs.
    pub(super) fn is_of_nans(&self, size: usize) -> bool {
        let Some((left, right)) = &self.values else { return false };
        let (mut own, mut other) = ([0; 64], [0; 64]);
        left.write_le_bytes(&mut own);
        right.write_le_bytes(&mut other);
        let is_nan = |lane: &[u8]| {
            let bits = lane.iter().rev().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
            let (sign, infinity) = match size {
                2 => (1 << 15, 0x7c00),
                4 => (1 << 31, 0x7f80_0000),
                _ => (1 << 63, 0x7ff0_0000_0000_0000),
            };
            bits & !sign > infinity
        };
        let lanes = own.chunks(size).zip(other.chunks(size));
        lanes.filter(|(own, other)| own != other).all(|(own, other)| is_nan(own) && is_nan(other))
    }
}

/// The bits in which two values differ.
pub(super) fn exclusive_or(left: &RegisterValue, right: &RegisterValue) -> [u8; 64] {
    let (mut bits, mut other) = ([0; 64], [0; 64]);
    left.write_le_bytes(&mut bits);
    right.write_le_bytes(&mut other);
    for (bits, other) in bits.iter_mut().zip(other) {
        *bits ^= other;
    }
    bits
}

impl Difference {
    /// What differs between two outcomes, but for bits that say what the
    /// subjects are; `None` if nothing does.
    pub(super) fn of(
        plan: &Plan,
        address: u64,
        own: &Outcome,
        other: &Outcome,
        fixed: &[[u8; 64]],
    ) -> Option<Self> {
        if !own.ending.agrees(&other.ending) {
            return Some(Self::Ends { own: own.ending.clone(), other: other.ending.clone() });
        }
        if own.ending.kind != Kind::Done {
            return None;
        }
        let mut changes = Vec::new();
        for (index, chosen) in plan.compared.iter().enumerate() {
            let (left, right) = (&own.registers[index], &other.registers[index]);
            let mut bits = exclusive_or(left, right);
            bits.iter_mut().zip(&fixed[index]).for_each(|(bits, fixed)| *bits &= !fixed);
            if bits.iter().any(|bits| *bits != 0) {
                let value = RegisterValue::from_le_bytes(&bits);
                let bits = (value.low_u64(), bits[8..].iter().any(|bits| *bits != 0));
                let text = format!("{left:#x} / {right:#x}");
                let what = plan.name(chosen.id).to_owned();
                changes.push(Change { what, bits, text, values: Some((*left, *right)) });
            }
        }
        if own.pc != other.pc {
            let text = format!("{:#x} / {:#x}", own.pc, other.pc);
            let what = if other.pc == address { "stay" } else { "pc" };
            changes.push(Change { bits: (own.pc ^ other.pc, false), ..Change::new(what, text) });
        }
        if own.changed != other.changed {
            changes.push(Change::new("memory", format!("{:x?} / {:x?}", own.changed, other.changed)));
        }
        if let (Some(left), Some(right)) = (&own.stores, &other.stores)
            && left != right
        {
            changes.push(Change::new("stores", format!("{left:x?} / {right:x?}")));
        }
        (!changes.is_empty()).then_some(Self::Changes(changes))
    }

    /// What kind of difference it is: the same for differences that look
    /// alike.
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::Ends { own, other } => format!("{own} / {other}"),
            Self::Changes(changes) => {
                let mut kinds: Vec<String> = changes
                    .iter()
                    .map(|change| {
                        match change.what.trim_end_matches(|letter: char| letter.is_ascii_digit()) {
                            "" => change.what.clone(),
                            name => name.to_owned(),
                        }
                    })
                    .collect();
                kinds.dedup();
                kinds.join(", ")
            }
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ends { own, other } => write!(formatter, "{own} / {other}"),
            Self::Changes(changes) => {
                for (index, Change { what, text, .. }) in changes.iter().enumerate() {
                    let separator = if index > 0 { "; " } else { "" };
                    write!(formatter, "{separator}{what} {text}")?;
                }
                Ok(())
            }
        }
    }
}
