//! [`Scheduler`]: which thread runs next, and for how long.

use serde::{Deserialize, Serialize};

use super::ThreadId;

/// A turn of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The thread.
    pub thread: ThreadId,
    /// After so many instructions at most another one is chosen; at least one.
    pub instructions: u64,
}

/// Chooses the thread that runs next. The same choices give the same run: a
/// scheduler that keeps to what it is given makes a system deterministic.
pub trait Scheduler {
    /// The next turn. `ready` is never empty, and sorted; `last` is the thread
    /// that ran before, if any did.
    fn next(&mut self, ready: &[ThreadId], last: Option<ThreadId>) -> Turn;

    /// The scheduler that goes on as this one does from here on, if it is one
    /// after the other: so it can be in a saved system. Another one has to be
    /// given again where the system is loaded.
    fn saved(&self) -> Option<RoundRobin> {
        None
    }
}

/// One after the other, each for as many instructions.
///
/// ```
/// use terrella_models::linux::{RoundRobin, Scheduler};
///
/// let mut scheduler = RoundRobin { instructions: 1000 };
/// assert_eq!(scheduler.next(&[1, 2, 5], Some(2)).thread, 5);
/// assert_eq!(scheduler.next(&[1, 2, 5], Some(5)).thread, 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundRobin {
    /// The length of a turn.
    pub instructions: u64,
}

impl Default for RoundRobin {
    fn default() -> Self {
        Self { instructions: 100_000 }
    }
}

impl Scheduler for RoundRobin {
    fn next(&mut self, ready: &[ThreadId], last: Option<ThreadId>) -> Turn {
        let after = last.and_then(|last| ready.iter().copied().find(|thread| *thread > last));
        let thread = after.or_else(|| ready.first().copied()).unwrap_or_default();
        Turn { thread, instructions: self.instructions.max(1) }
    }

    fn saved(&self) -> Option<RoundRobin> {
        Some(*self)
    }
}
