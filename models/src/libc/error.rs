//! [`Error`]: why a model could not answer.

use terrella_machine_state as machine;

/// Why a function model could not answer a call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An imported function that no model answers was called.
    #[error("`{name}` has no model; called from {caller:#x} with {}", hexadecimal(.arguments))]
    Unmodelled {
        /// The function.
        name: String,
        /// Where the call returns to, as a code pointer.
        caller: u64,
        /// What stands where the first integer arguments would be.
        arguments: Vec<u64>,
    },
    /// A model met memory that is not there, or something else that the
    /// emulator refuses.
    #[error("`{function}`, called from {caller:#x}: {source}")]
    Emulator {
        /// The function.
        function: String,
        /// Where the call returns to.
        caller: u64,
        /// What the emulator says.
        source: Box<terrella_emulator_api::Error>,
    },
    /// The same of the machine's rooms.
    #[error("`{function}`, called from {caller:#x}: {source}")]
    Machine {
        /// The function.
        function: String,
        /// Where the call returns to.
        caller: u64,
        /// What the machine says.
        source: Box<machine::Error>,
    },
    /// The program misused a function in a way that ends real programs.
    #[error("`{function}`, called from {caller:#x}: {what}")]
    Misuse {
        /// The function.
        function: String,
        /// Where the call returns to.
        caller: u64,
        /// What was wrong.
        what: String,
    },
    /// The function would wait for something that cannot happen: no other thread
    /// and no other process can go on.
    #[error("`{function}`, called from {caller:#x}, waits for ever")]
    WaitsForEver {
        /// The function.
        function: String,
        /// Where the call returns to.
        caller: u64,
    },
    /// The processes of the program have more memory that differs than is kept.
    #[error("the processes of the program have more than {bytes} bytes that differ")]
    TooMuchMemory {
        /// So many bytes there may be.
        bytes: u64,
    },
    /// The state of the models is not in the emulator.
    #[error("the models of `{item}` are not in the emulator")]
    NotLive {
        /// The name of the item.
        item: String,
    },
    /// There is no room for what models need.
    #[error("no room for {size:#x} bytes of `{what}` among the addresses of {platform}")]
    NoRoom {
        /// What it is for.
        what: &'static str,
        /// Bytes.
        size: u64,
        /// The platform.
        platform: terrella_platforms::Platform,
    },
}

fn hexadecimal(arguments: &[u64]) -> String {
    let texts: Vec<String> = arguments.iter().map(|value| format!("{value:#x}")).collect();
    texts.join(", ")
}

/// What ends a model early, before it is known which one it is.
#[derive(Debug)]
pub(crate) enum Failure {
    Emulator(terrella_emulator_api::Error),
    Machine(machine::Error),
    Misuse(String),
    WaitsForEver,
    /// The thread waits, until a time at most, and the call is made again: it has
    /// done nothing yet.
    Waits(Option<u64>),
    /// A signal came while the call waited: it fails with `EINTR` when the
    /// handler has returned, or is made again if it is one of those.
    Interrupted {
        restarts: bool,
    },
    /// The program ends with this status.
    Exit(i32),
    Ready(Box<Error>),
}

impl From<terrella_emulator_api::Error> for Failure {
    fn from(error: terrella_emulator_api::Error) -> Self {
        Self::Emulator(error)
    }
}

impl From<machine::Error> for Failure {
    fn from(error: machine::Error) -> Self {
        match error {
            machine::Error::Emulator(error) => Self::Emulator(error),
            other => Self::Machine(other),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Ready(Box::new(error))
    }
}

impl Failure {
    pub(crate) fn into_error(self, function: &str, caller: u64) -> Error {
        let function = function.to_owned();
        match self {
            Self::Emulator(source) => Error::Emulator { function, caller, source: Box::new(source) },
            Self::Machine(source) => Error::Machine { function, caller, source: Box::new(source) },
            Self::Misuse(what) => Error::Misuse { function, caller, what },
            // Who waits where no other thread can go on waits for ever.
            Self::WaitsForEver | Self::Waits(_) | Self::Interrupted { .. } => {
                Error::WaitsForEver { function, caller }
            }
            Self::Exit(status) => {
                Error::Misuse { function, caller, what: format!("the program ends with {status}") }
            }
            Self::Ready(error) => *error,
        }
    }
}

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;
