//! Linux system calls of MIPS, n64 ABI.

/// Number and name, sorted by number.
pub(crate) const NAMES: &[(u32, &str)] = &[(5000, "read"), (5001, "write")];
