//! The commands, one per file.

pub(crate) mod backends;
pub(crate) mod call;
pub(crate) mod diff_run;
#[cfg(feature = "native")]
pub(crate) mod disasm;
pub(crate) mod linux;
mod modelled;
pub(crate) mod models;
pub(crate) mod platforms;
pub(crate) mod run;
pub(crate) mod state;
