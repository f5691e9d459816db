//! [`relocation_types`]: what is known of each type.

use super::{Formula, MACHINES};

/// A relocation type of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelocationType {
    /// The machine.
    pub machine: &'static str,
    /// The number in relocation tables.
    pub number: u32,
    /// The name that the machine's ABI document or binutils gives it.
    pub name: &'static str,
    /// What is done for it.
    pub support: RelocationSupport,
}

/// What is done for a relocation type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RelocationSupport {
    /// It is applied.
    Applied,
    /// There is nothing to do: a mark or a hint.
    Nothing,
    /// It is refused by its name, for a reason.
    Refused(&'static str),
}

/// The types of all machines, in the order of the tables.
///
/// ```
/// use terrella_loaders::{RelocationSupport, relocation_types};
///
/// let call = relocation_types().find(|kind| kind.name == "R_AARCH64_CALL26").unwrap();
/// assert_eq!((call.machine, call.number), ("AArch64", 283));
/// assert_eq!(call.support, RelocationSupport::Applied);
/// ```
pub fn relocation_types() -> impl Iterator<Item = RelocationType> {
    MACHINES.iter().flat_map(|machine| {
        machine.tables.iter().copied().flatten().map(|row| RelocationType {
            machine: machine.name,
            number: row.number,
            name: row.name,
            support: match row.formula {
                Formula::Nothing => RelocationSupport::Nothing,
                Formula::Unsupported(reason) => RelocationSupport::Refused(reason),
                _ => RelocationSupport::Applied,
            },
        })
    })
}
