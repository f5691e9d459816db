//! [`Error`]: what can be wrong with a specification, and where.

use std::{fmt, path::PathBuf};

/// The result of an operation on a specification.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A place in the text of a specification.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// Everything that can go wrong with specifications.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("{path}: {source}", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is not as the grammar has it.
    #[error("{place}: expected {expected}, found {found}")]
    Syntax {
        /// Where.
        place: Place,
        /// What could stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// The text says something that cannot be.
    #[error("{place}: {message}")]
    Meaning {
        /// Where.
        place: Place,
        /// What is wrong.
        message: String,
    },
    /// The specification is larger than a compiled language can be.
    #[error("{what}: {count} are more than the {limit} that a compiled language can hold")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// A compiled language that is damaged, or of another version.
    #[error("compiled language: {0}")]
    Damaged(&'static str),
}
