//! Random instructions on the native engine and on a reference, one at a time
//! from the same state: [`compare`] counts what differs, and attributes it to
//! the [`Causes`] that are known.
//!
//! A reference is Unicorn in a child process (so that its crashes are counted
//! and nothing else), or `qemu-user` through its gdb stub.

mod causes;
mod child;
mod comparison;
mod difference;
mod listing;
mod msp430;
mod native;
mod operands;
mod outcome;
mod pattern;
mod plan;
mod qemu;
mod random;
mod report;
mod sample;
mod vectors;

pub use causes::{Case, Causes, Fault, Rule};
pub use child::serve;
pub use comparison::{Options, compare};
pub use difference::{Change, Difference};
pub use listing::page;
pub use outcome::{Answer, Ending, Kind, Outcome};
pub use pattern::Pattern;
pub use plan::{Place, Plan};
pub use report::{Cause, Count, Report};
pub use sample::Task;

use terrella_emulator_api::{Platform, RegisterId, RegisterValue};

/// What the native engine is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// Unicorn, in a child process.
    Unicorn,
    /// `qemu-user`, through its gdb stub.
    QemuUser,
    /// The suite's own model of a processor: of the MSP430 there is one.
    Model,
}

impl Against {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unicorn, Self::QemuUser, Self::Model];

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unicorn => "unicorn",
            Self::QemuUser => "qemu-user",
            Self::Model => "model",
        }
    }
}

/// Why a comparison cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The native engine or Unicorn failed outside an instruction.
    #[error(transparent)]
    Emulator(#[from] terrella_emulator_api::Error),
    /// The specification cannot be loaded.
    #[error(transparent)]
    Specification(#[from] terrella_sleigh_languages::Error),
    /// The platform is not one of the reference.
    #[error("{reference} does not run {platform}")]
    NotRun {
        /// The reference.
        reference: &'static str,
        /// The platform.
        platform: Platform,
    },
    /// A program is not there.
    #[error("`{0}` is not installed")]
    NotInstalled(String),
    /// A pipe, a socket or a file failed.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The files of causes are not right.
    #[error("causes of differences: {0}")]
    Causes(String),
    /// What the other side said makes no sense.
    #[error("{0}")]
    Protocol(String),
}

impl Error {
    const fn io(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { what, source }
    }
}

/// Something that executes instructions one at a time.
trait Subject {
    /// Whether it has a register.
    fn has(&self, register: RegisterId) -> bool;

    /// A register, and bits of it that the subject does not compute.
    fn uncompared(&self) -> Option<(RegisterId, u64)> {
        None
    }

    /// Takes the plan of the whole comparison; what the compared registers
    /// hold before anything is set.
    ///
    /// # Errors
    /// [`Error`].
    fn start(&mut self, plan: &Plan) -> Result<Vec<RegisterValue>, Error>;

    /// Executes one instruction.
    ///
    /// # Errors
    /// [`Error`] if the subject is no longer of use.
    fn run(&mut self, plan: &Plan, task: &Task) -> Result<Answer, Error>;

    /// Executes one instruction where no other has been before.
    ///
    /// # Errors
    /// [`Error`] if the subject is no longer of use.
    fn run_afresh(&mut self, plan: &Plan, task: &Task) -> Result<Answer, Error> {
        self.run(plan, task)
    }
}
