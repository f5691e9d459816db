//! Linux system calls of AArch64: the kernel's generic table.

/// Number and name, sorted by number.
pub(crate) const NAMES: &[(u32, &str)] = &[(63, "read"), (64, "write")];
