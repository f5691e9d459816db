//! Linux system calls of 64-bit RISC-V.

/// Number and name, sorted by number.
pub(crate) const NAMES: &[(u32, &str)] = &[(63, "read"), (64, "write")];
