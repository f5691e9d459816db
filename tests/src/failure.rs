//! [`Failure`]: what a case found wrong.

use std::{fmt, panic::Location};

use terrella_emulator_api::Error;

/// What a case found wrong, and where in the suite.
#[derive(Debug, Clone)]
pub struct Failure {
    message: String,
    place: Option<&'static Location<'static>>,
    /// The case found that it does not apply to the platform.
    pub(crate) not_applicable: bool,
}

impl Failure {
    /// A failure with what there is to say.
    #[must_use]
    #[track_caller]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), place: Some(Location::caller()), not_applicable: false }
    }

    /// The case found that it does not apply to the platform.
    #[must_use]
    pub fn not_applicable(reason: impl Into<String>) -> Self {
        Self { message: reason.into(), place: None, not_applicable: true }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        match self.place {
            Some(place) => {
                let file = place.file().rsplit('/').next().unwrap_or_default();
                write!(formatter, " [{file}:{}]", place.line())
            }
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Error> for Failure {
    #[track_caller]
    fn from(error: Error) -> Self {
        match (error.downcast_ref::<Self>(), &error) {
            (Some(own), _) => own.clone(),
            // The suite's addresses need more than 16 or 20 bits.
            (
                None,
                Error::WrappingRange { highest: ..0x20_0000, .. } | Error::ValueTooWide { bits: ..=20, .. },
            ) => Self::not_applicable(error.to_string()),
            _ => Self::new(format!("unexpected error: {error}")),
        }
    }
}

/// Fails unless a condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err($crate::Failure::new(format!($($text)+)).into());
        }
    };
}

/// Fails unless two values are equal; the right one is the expected one.
#[macro_export]
macro_rules! equal {
    ($found:expr, $expected:expr, $($text:tt)+) => {
        match (&$found, &$expected) {
            (found, expected) => {
                if *found != *expected {
                    let what = format!($($text)+);
                    let text = format!("{what}: {found:x?}, expected {expected:x?}");
                    return Err($crate::Failure::new(text).into());
                }
            }
        }
    };
}

/// Fails unless a value matches a pattern.
#[macro_export]
macro_rules! matching {
    ($found:expr, $pattern:pat $(if $guard:expr)?, $($text:tt)+) => {
        match $found {
            $pattern $(if $guard)? => {}
            found => {
                let what = format!($($text)+);
                let pattern = stringify!($pattern $(if $guard)?);
                return Err($crate::Failure::new(format!("{what}: {found:x?} is not {pattern}")).into());
            }
        }
    };
}
