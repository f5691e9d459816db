//! [`Outcome`]: what an instruction did, as far as it can be compared.

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{Error, Fault, MemoryCause, RegisterValue, Step};

/// What a subject answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The instruction was executed, or refused.
    Outcome(Outcome),
    /// The subject crashed: by which signal.
    Crashed(String),
    /// The subject ended itself at a trap that it does not know.
    GaveUp,
}

/// The kinds of endings that every subject tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// It executed.
    Done,
    /// It is no instruction.
    Invalid,
    /// An access failed.
    Memory,
    /// An access was not aligned.
    Unaligned,
    /// An arithmetic exception.
    Arithmetic,
    /// A system call, a trap, a breakpoint or another exception.
    Trap,
    /// The processor waits.
    Waits,
    /// The subject does not have the instruction, and says so.
    Missing,
    /// The subject crashed.
    Crash,
}

/// How an instruction ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The kind.
    pub kind: Kind,
    /// The rest, where it is known.
    pub detail: Option<String>,
}

impl Ending {
    /// Of a kind, with nothing known besides.
    #[must_use]
    pub const fn plain(kind: Kind) -> Self {
        Self { kind, detail: None }
    }

    /// How a step of an emulator ended.
    #[must_use]
    pub fn of(result: &Result<Step, Error>) -> Self {
        let (kind, detail) = match result {
            Ok(Step::Done) => (Kind::Done, String::new()),
            Ok(Step::Stopped(stop)) => (Kind::Waits, stop.to_string()),
            Err(Error::Fault(Fault::InvalidInstruction { .. })) => (Kind::Invalid, String::new()),
            Err(Error::Fault(Fault::Memory { access, cause: cause @ MemoryCause::Unaligned, .. })) => {
                (Kind::Unaligned, format!("{access}: {cause}"))
            }
            Err(Error::Fault(Fault::Memory { access, cause, .. })) => {
                (Kind::Memory, format!("{access}: {cause}"))
            }
            Err(Error::Fault(fault @ Fault::Arithmetic { .. })) => (Kind::Arithmetic, fault.to_string()),
            Err(Error::Fault(fault)) => (Kind::Trap, fault.to_string()),
            Err(error) => (Kind::Missing, error.to_string()),
        };
        Self { kind, detail: Some(detail) }
    }

    /// Whether two endings are the same, as far as both are known.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        let details = self.detail.as_ref().zip(other.detail.as_ref());
        self.kind == other.kind && details.is_none_or(|(one, two)| one == two)
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.detail.as_deref() {
            None | Some("") => write!(formatter, "{:?}", self.kind),
            Some(detail) => write!(formatter, "{:?} ({detail})", self.kind),
        }
    }
}

/// What an instruction did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// The contents of the compared registers afterwards.
    pub registers: Vec<RegisterValue>,
    /// The program counter afterwards.
    pub pc: u64,
    /// The bytes of the data that are others, with their offsets.
    pub changed: Vec<(u64, u8)>,
    /// The stores, where the subject tells them.
    pub stores: Option<Vec<(u64, Vec<u8>)>>,
}

/// The bytes that differ, with their offsets.
pub(super) fn changes(before: &[u8], after: &[u8]) -> Vec<(u64, u8)> {
    let pairs = before.iter().zip(after).enumerate();
    pairs.filter(|(_, (old, new))| old != new).map(|(offset, (_, new))| (offset as u64, *new)).collect()
}
