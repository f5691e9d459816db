//! Names of system calls, a file for each kernel ABI.

pub(crate) mod linux_aarch64;
pub(crate) mod linux_arm;
pub(crate) mod linux_i386;
pub(crate) mod linux_mips_n64;
pub(crate) mod linux_mips_o32;
pub(crate) mod linux_powerpc32;
pub(crate) mod linux_powerpc64;
pub(crate) mod linux_riscv32;
pub(crate) mod linux_riscv64;
pub(crate) mod linux_x86_64;
