//! The definitions themselves, a file for each processor family.

mod aarch64;
mod arm;
mod mips;
mod powerpc;
mod riscv;
mod x86;

use crate::{Architecture, ByteOrder::Big, Platform, PlatformDefinition};

/// The definition of a platform.
pub(crate) fn of(platform: Platform) -> &'static PlatformDefinition {
    let big = platform.byte_order() == Big;
    match platform.architecture() {
        Architecture::I386 => &x86::I386,
        Architecture::X86_64 => &x86::X86_64,
        Architecture::ArmV5T => &arm::ARMV5T,
        Architecture::ArmV6M => &arm::ARMV6M,
        Architecture::ArmV7M => &arm::ARMV7M,
        Architecture::ArmV7R => &arm::ARMV7R,
        Architecture::ArmV7A if big => &arm::ARMV7A_BE,
        Architecture::ArmV7A => &arm::ARMV7A,
        Architecture::AArch64 if big => &aarch64::AARCH64_BE,
        Architecture::AArch64 => &aarch64::AARCH64,
        Architecture::Mips32 if big => &mips::MIPS,
        Architecture::Mips32 => &mips::MIPSEL,
        Architecture::Mips64 if big => &mips::MIPS64,
        Architecture::Mips64 => &mips::MIPS64EL,
        Architecture::PowerPc32 => &powerpc::PPC,
        Architecture::PowerPc64 if big => &powerpc::PPC64,
        Architecture::PowerPc64 => &powerpc::PPC64LE,
        Architecture::RiscV32 => &riscv::RISCV32,
        Architecture::RiscV64 => &riscv::RISCV64,
        _ => &x86::X86_64,
    }
}
