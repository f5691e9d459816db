//! Linux system calls of x86-64.

/// Number and name, sorted by number.
pub(crate) const NAMES: &[(u32, &str)] = &[(0, "read"), (1, "write")];
