//! Linux system calls of 32-bit x86.

/// Number and name, sorted by number.
pub(crate) const NAMES: &[(u32, &str)] = &[(3, "read"), (4, "write")];
