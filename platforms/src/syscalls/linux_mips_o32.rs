//! Linux system calls of MIPS, o32 ABI.

/// Number and name, sorted by number.
pub(crate) const NAMES: &[(u32, &str)] = &[(4003, "read"), (4004, "write")];
