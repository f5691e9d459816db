//! The surroundings of a program.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod devices;
mod errno;
mod files;
pub mod libc;
pub mod linux;
mod serial;

pub use errno::Errno;
pub use files::{FileLimits, FileSystem, MountMode};
