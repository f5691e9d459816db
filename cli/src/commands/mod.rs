//! The commands, one per file.

pub(crate) mod backends;
pub(crate) mod call;
pub(crate) mod platforms;
pub(crate) mod run;
pub(crate) mod state;
