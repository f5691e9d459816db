//! Registers: what one is called, how wide it is, and which part of which
//! other register it names.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::{RegisterValue, spec::Row};

/// The name of a register, in lower case, as the tables write it.
pub type RegisterName = &'static str;

/// A register of one platform, resolved once from its name.
///
/// An id is an index into the [`RegisterTable`] of its platform; it means
/// nothing on another platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegisterId(pub(crate) u16);

impl RegisterId {
    /// The position in the platform's register table.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a register is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RegisterKind {
    /// General-purpose integer or address register.
    General,
    /// The program counter.
    ProgramCounter,
    /// The stack pointer.
    StackPointer,
    /// Holds the return address after a call.
    Link,
    /// The word that holds the condition flags (and often more).
    Flags,
    /// One bit, or a small field, of a flags word.
    Flag,
    /// A segment selector.
    Segment,
    /// The base address of a segment, or a thread pointer.
    Base,
    /// Control, status and configuration.
    Control,
    /// Debug and breakpoint registers.
    Debug,
    /// Floating-point data.
    Float,
    /// Floating-point control and status.
    FloatControl,
    /// Vector data.
    Vector,
    /// Vector masks and predicates.
    Mask,
}

/// One register, or one name for a part of a register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterDefinition {
    /// The name, in lower case.
    pub name: String,
    /// The width in bits, 1 to 512.
    pub bits: u16,
    /// What it is for.
    pub kind: RegisterKind,
    /// The register that holds the bits: itself, unless this is an alias.
    /// Never itself an alias.
    pub root: RegisterId,
    /// The lowest bit inside `root`; 0 unless this is an alias.
    pub low_bit: u16,
    /// The value that the register always has, if it is fixed (`xzr`).
    pub fixed: Option<u64>,
}

/// All registers of a platform, by id and by name.
#[derive(Debug)]
pub struct RegisterTable {
    registers: Vec<RegisterDefinition>,
    by_name: HashMap<String, RegisterId>,
}

impl RegisterTable {
    /// Expands the rows of a platform's table.
    ///
    /// The tables are part of this crate and every one of them is expanded by
    /// the tests, so a malformed row cannot reach a user.
    pub(crate) fn expand(groups: &[&[Row]]) -> Result<Self, String> {
        let mut table = Self { registers: Vec::new(), by_name: HashMap::new() };
        for row in groups.iter().flat_map(|rows| rows.iter()) {
            row.expand_into(&mut table)?;
        }
        Ok(table)
    }

    pub(crate) fn add(
        &mut self,
        name: String,
        bits: u16,
        kind: RegisterKind,
        fixed: Option<u64>,
    ) -> Result<(), String> {
        let id = self.next_id(&name)?;
        self.registers.push(RegisterDefinition { name, bits, kind, root: id, low_bit: 0, fixed });
        Ok(())
    }

    pub(crate) fn add_alias(
        &mut self,
        name: String,
        of: &str,
        low: u16,
        bits: Option<u16>,
        kind: Option<RegisterKind>,
    ) -> Result<(), String> {
        let parent = self.lookup(of).ok_or_else(|| format!("{name}: no register {of}"))?;
        let parent = self.get(parent).clone();
        let bits = bits.unwrap_or(parent.bits);
        if low + bits > parent.bits {
            return Err(format!("{name}: bits {low}+{bits} leave {of} of {} bits", parent.bits));
        }
        self.next_id(&name)?;
        let fixed =
            parent.fixed.map(|value| RegisterValue::from(value).extract(low.into(), bits.into()).low_u64());
        self.registers.push(RegisterDefinition {
            name,
            bits,
            kind: kind.unwrap_or(parent.kind),
            root: parent.root,
            low_bit: parent.low_bit + low,
            fixed,
        });
        Ok(())
    }

    fn next_id(&mut self, name: &str) -> Result<RegisterId, String> {
        let id = u16::try_from(self.registers.len()).map_err(|_| "too many registers")?;
        match self.by_name.insert(name.to_owned(), RegisterId(id)) {
            Some(_) => Err(format!("{name} is defined twice")),
            None => Ok(RegisterId(id)),
        }
    }

    /// The register called `name`, upper or lower case.
    #[must_use]
    pub fn lookup(&self, name: &str) -> Option<RegisterId> {
        self.by_name.get(name).copied().or_else(|| {
            let lower = name.to_ascii_lowercase();
            self.by_name.get(lower.as_str()).copied()
        })
    }

    /// The definition of `id`.
    ///
    /// Ids come from the same table, so there always is one; an id of a wider
    /// table gives this table's first register.
    #[must_use]
    pub fn get(&self, id: RegisterId) -> &RegisterDefinition {
        self.registers.get(id.index()).unwrap_or(&self.registers[0])
    }

    /// The definition of `id`, or `None` if it belongs to another table.
    #[must_use]
    pub fn try_get(&self, id: RegisterId) -> Option<&RegisterDefinition> {
        self.registers.get(id.index())
    }

    /// The id of the register at a position, if there is one.
    #[must_use]
    pub fn id_at(&self, index: usize) -> Option<RegisterId> {
        (index < self.registers.len()).then_some(RegisterId(index as u16))
    }

    /// How many registers and aliases there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.registers.len()
    }

    /// Whether there are none (there always are).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.registers.is_empty()
    }

    /// All registers and aliases with their ids, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = (RegisterId, &RegisterDefinition)> {
        self.registers.iter().enumerate().map(|(index, definition)| (RegisterId(index as u16), definition))
    }

    /// The registers that are not aliases and not fixed: together they are
    /// the whole register state.
    pub fn roots(&self) -> impl Iterator<Item = (RegisterId, &RegisterDefinition)> {
        self.iter().filter(|(id, definition)| definition.root == *id && definition.fixed.is_none())
    }

    /// Up to three names that look like `name`, best first: for error texts.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Vec<String> {
        nearest_of(
            &name.to_ascii_lowercase(),
            self.registers.iter().map(|definition| definition.name.as_str()),
        )
        .into_iter()
        .map(str::to_owned)
        .collect()
    }
}

/// Up to three of `candidates` that are at most two edits from `name`, best
/// first.
pub(crate) fn nearest_of<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut ranked: Vec<(usize, usize, &str)> = candidates
        .enumerate()
        .map(|(index, candidate)| (edit_distance(name, candidate), index, candidate))
        .filter(|(distance, _, candidate)| *distance <= 2 && *distance < candidate.len().max(2))
        .collect();
    ranked.sort_unstable();
    let best = ranked.first().map_or(0, |(distance, _, _)| *distance);
    ranked
        .into_iter()
        .filter(|(distance, _, _)| *distance == best)
        .take(3)
        .map(|(_, _, candidate)| candidate)
        .collect()
}

/// The edit distance of two short names: characters put in, left out, replaced
/// or swapped with their neighbour.
fn edit_distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for i in 0..left.len() {
        let mut next = vec![i + 1];
        for j in 0..right.len() {
            let mut best = (row[j] + usize::from(left[i] != right[j])).min(next[j] + 1).min(row[j + 1] + 1);
            if i > 0 && j > 0 && left[i] == right[j - 1] && left[i - 1] == right[j] {
                best = best.min(before[j - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[right.len()]
}
