//! [`Failure`]: an error as a person at a terminal reads it: one line, and
//! lines with hints.

use serde_json::{Map, Value, json};
use terrella::{api, loaders, machine};

/// The status of an error at run time, faults of the guest among them.
pub(crate) const RUN_TIME: u8 = 1;
/// The status of wrong usage.
pub(crate) const USAGE: u8 = 2;

/// The result of a command or of a part of one.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// An error with hints and an exit status.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    /// One line that says what is wrong.
    pub(crate) message: String,
    /// What to do about it, or where to look.
    pub(crate) hints: Vec<String>,
    /// The exit status.
    pub(crate) status: u8,
    /// What was to be printed before the error: registers, memory.
    pub(crate) shown: String,
    /// What programs get besides message and hints.
    pub(crate) details: Map<String, Value>,
    /// A long report for people, in place of message and hints.
    pub(crate) report: Option<Box<str>>,
}

impl Failure {
    /// Something that was asked for in a wrong way.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(message, USAGE)
    }

    /// Something that went wrong.
    pub(crate) fn run_time(message: impl Into<String>) -> Self {
        Self::new(message, RUN_TIME)
    }

    fn new(message: impl Into<String>, status: u8) -> Self {
        let (hints, shown, details) = (Vec::new(), String::new(), Map::new());
        Self { message: message.into(), hints, status, shown, details, report: None }
    }

    /// The same with one more hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same with a hint that offers names, if there are any.
    pub(crate) fn nearest(self, names: &[String]) -> Self {
        match names {
            [] => self,
            names => {
                let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                self.hint(format!("did you mean {}?", quoted.join(" or ")))
            }
        }
    }

    /// The form for programs.
    pub(crate) fn to_json(&self) -> Value {
        let mut object = self.details.clone();
        object.insert("error".to_owned(), json!(self.message));
        object.insert("hints".to_owned(), json!(self.hints));
        Value::Object(object)
    }
}

fn unknown_register(platform: terrella::platforms::Platform, name: &str, nearest: &[String]) -> Failure {
    Failure::usage(format!("{platform} has no register `{name}`"))
        .nearest(nearest)
        .hint(format!("`terrella platforms {platform}` lists the registers"))
}

impl From<api::Error> for Failure {
    fn from(error: api::Error) -> Self {
        use api::Error;
        match &error {
            Error::UnknownRegister { platform, name, nearest } => unknown_register(*platform, name, nearest),
            Error::ValueTooWide { .. } | Error::FixedRegister { .. } => Self::usage(error.to_string()),
            Error::Unsupported { .. } | Error::UnsupportedPlatform { .. } => {
                Self::run_time(error.to_string()).hint("`terrella backends` shows what each backend can do")
            }
            _ => Self::run_time(error.to_string()),
        }
    }
}

impl From<machine::Error> for Failure {
    fn from(error: machine::Error) -> Self {
        use machine::Error;
        match error {
            Error::Emulator(source) => source.into(),
            Error::Item { action, item, source } => {
                let mut failure = Self::from(*source);
                failure.message = format!("{action} `{item}`: {}", failure.message);
                failure
            }
            Error::UnknownSymbol { module, name, nearest } => {
                Self::usage(format!("{module} has no symbol `{name}`")).nearest(&nearest)
            }
            Error::UnknownRegister { platform, name, nearest } => unknown_register(platform, &name, &nearest),
            Error::UnknownConvention { platform, name, nearest } => {
                let conventions = platform.definition().calling_conventions;
                let known: Vec<_> = conventions.iter().map(|convention| convention.name).collect();
                Self::usage(format!("{platform} has no calling convention `{name}`"))
                    .nearest(&nearest)
                    .hint(format!("{platform} has {}", known.join(", ")))
            }
            Error::ValueTooWide { .. } | Error::FixedRegister { .. } | Error::MalformedRegister { .. } => {
                Self::usage(error.to_string())
            }
            other => Self::run_time(other.to_string()),
        }
    }
}

impl From<loaders::Error> for Failure {
    fn from(error: loaders::Error) -> Self {
        use loaders::Error;
        let failure = Self::run_time(error.to_string());
        match error {
            Error::NoPlatform { file } => Self::usage(format!("{file}: the file does not tell its platform"))
                .hint("give it with `--platform NAME`; `terrella platforms` lists the names"),
            Error::UnknownMachine { .. } => failure.hint("`terrella platforms` lists what is known"),
            Error::PlatformMismatch { .. } => failure.hint("all files of one run must be for one platform"),
            _ => failure,
        }
    }
}
