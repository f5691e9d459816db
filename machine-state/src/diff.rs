//! [`MachineDiff`]: what changed between two machines.

use std::fmt;

use serde::{Deserialize, Serialize};
use terrella_emulator_api::AddressRange;
use terrella_platforms::RegisterValue;

use crate::{PAGE_SIZE, Pages, pages::page_range};

/// How many bytes of a changed range the text shows.
const SHOWN: usize = 16;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Difference {
    /// A register has another value; `None` where it is not set.
    Register {
        /// Its name.
        register: String,
        /// The value before.
        before: Option<RegisterValue>,
        /// The value after.
        after: Option<RegisterValue>,
    },
    /// Bytes differ, from the first of them to the last.
    Memory {
        /// The item.
        item: String,
        /// The addresses.
        range: AddressRange,
        /// The bytes before.
        before: Vec<u8>,
        /// The bytes after.
        after: Vec<u8>,
    },
    /// The mapped ranges or their permissions differ.
    Map {
        /// The item.
        item: String,
        /// What was mapped.
        before: String,
        /// What is mapped.
        after: String,
    },
    /// An item is new.
    Added {
        /// The item.
        item: String,
        /// Its summary.
        summary: String,
    },
    /// An item is gone.
    Removed {
        /// The item.
        item: String,
        /// Its summary.
        summary: String,
    },
    /// Something else of an item differs.
    Changed {
        /// The item.
        item: String,
        /// What.
        what: String,
        /// As it was.
        before: String,
        /// As it is.
        after: String,
    },
}

/// What changed between two machines, readable and serialisable.
///
/// ```
/// use terrella_machine_state::{Machine, Platform};
///
/// let mut before = Machine::new(Platform::X86_64);
/// before.cpu_mut().set("rax", 1_u64)?;
/// let mut after = before.clone();
/// after.cpu_mut().set("rax", 2_u64)?;
/// assert_eq!(before.diff(&after).to_string(), "rax: 0x1 -> 0x2\n");
/// # Ok::<(), terrella_machine_state::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineDiff {
    /// The differences, in the order of the items.
    pub differences: Vec<Difference>,
}

impl MachineDiff {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty()
    }
}

impl fmt::Display for MachineDiff {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.differences.iter().try_for_each(|difference| writeln!(formatter, "{difference}"))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |value: &Option<RegisterValue>| match value {
            Some(value) => format!("{value:#x}"),
            None => "(not set)".to_owned(),
        };
        match self {
            Self::Register { register, before, after } => {
                write!(formatter, "{register}: {} -> {}", value(before), value(after))
            }
            Self::Memory { range, before, after, .. } => {
                write!(formatter, "{range}: {} -> {}", shown(before), shown(after))
            }
            Self::Map { item, before, after } => write!(formatter, "{item}: {before} -> {after}"),
            Self::Added { item, summary } => write!(formatter, "+ {item}: {summary}"),
            Self::Removed { item, summary } => write!(formatter, "- {item}: {summary}"),
            Self::Changed { item, what, before, after } => {
                write!(formatter, "{item}: {what}: {before} -> {after}")
            }
        }
    }
}

fn shown(bytes: &[u8]) -> String {
    let mut text: Vec<String> = bytes.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
    if bytes.len() > SHOWN {
        text.push("..".to_owned());
    }
    text.join(" ")
}

/// Adds the ranges in which two contents differ. Ranges that are at most
/// eight equal bytes apart count as one; a range stays inside a page.
pub(crate) fn pages_diff(item: &str, before: &Pages, after: &Pages, out: &mut Vec<Difference>) {
    let mut numbers: Vec<u64> = before.iter().chain(after.iter()).map(|(number, _)| number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        let (old, new) = (before.page(number), after.page(number));
        if let (Some(old), Some(new)) = (old, new)
            && std::sync::Arc::ptr_eq(old, new)
        {
            continue;
        }
        let zeros = [0; PAGE_SIZE];
        let old = old.map_or(&zeros, |page| &**page);
        let new = new.map_or(&zeros, |page| &**page);
        let base = page_range(number).first();
        let differs = |at: &usize| old[*at] != new[*at];
        let mut at = 0;
        while let Some(first) = (at..PAGE_SIZE).find(differs) {
            let mut last = first;
            while let Some(next) = (last + 1..PAGE_SIZE.min(last + 10)).find(differs) {
                last = next;
            }
            out.push(Difference::Memory {
                item: item.to_owned(),
                range: (base + first as u64..=base + last as u64).into(),
                before: old[first..=last].to_vec(),
                after: new[first..=last].to_vec(),
            });
            at = last + 1;
        }
    }
}

/// A list of texts, shown without quotes.
#[derive(PartialEq)]
pub(crate) struct List(Vec<String>);

impl List {
    /// The texts of some values.
    pub(crate) fn of<T>(values: impl IntoIterator<Item = T>, text: impl Fn(T) -> String) -> Self {
        Self(values.into_iter().map(text).collect())
    }
}

impl fmt::Debug for List {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("none");
        }
        formatter.write_str(&self.0.join(", "))
    }
}

/// Adds a change of something that has a text, if it changed.
pub(crate) fn text_diff<T: fmt::Debug + PartialEq>(
    item: &str,
    what: &str,
    before: &T,
    after: &T,
    out: &mut Vec<Difference>,
) {
    if before != after {
        out.push(Difference::Changed {
            item: item.to_owned(),
            what: what.to_owned(),
            before: format!("{before:?}"),
            after: format!("{after:?}"),
        });
    }
}
