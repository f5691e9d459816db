//! The definitions themselves, a file for each processor family.

mod aarch64;
mod arm;
mod avr;
mod ebpf;
mod i8051;
mod loongarch;
mod m68k;
mod mips;
mod mos6502;
mod msp430;
mod powerpc;
mod riscv;
mod s390x;
mod sparc;
mod superh;
mod tricore;
mod x86;
mod xtensa;
mod z80;

use crate::{Architecture, ByteOrder::Big, Platform, PlatformDefinition};

/// The definition of a platform.
pub(crate) fn of(platform: Platform) -> &'static PlatformDefinition {
    let big = platform.byte_order() == Big;
    match platform.architecture() {
        Architecture::I386 => &x86::I386,
        Architecture::X86_64 => &x86::X86_64,
        Architecture::X86_16 => &x86::X86_16,
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
        Architecture::MicroMips32 if big => &mips::MICROMIPS,
        Architecture::MicroMips32 => &mips::MICROMIPSEL,
        Architecture::Mips32R6 if big => &mips::MIPSR6,
        Architecture::Mips32R6 => &mips::MIPSR6EL,
        Architecture::Mips64R6 if big => &mips::MIPS64R6,
        Architecture::Mips64R6 => &mips::MIPS64R6EL,
        Architecture::PowerPc32 if big => &powerpc::PPC,
        Architecture::PowerPc32 => &powerpc::PPCLE,
        Architecture::PowerPc64 if big => &powerpc::PPC64,
        Architecture::PowerPc64 => &powerpc::PPC64LE,
        Architecture::RiscV32 => &riscv::RISCV32,
        Architecture::RiscV64 => &riscv::RISCV64,
        Architecture::M68k => &m68k::M68K,
        Architecture::LoongArch32 => &loongarch::LOONGARCH32,
        Architecture::LoongArch64 => &loongarch::LOONGARCH64,
        Architecture::Msp430 => &msp430::MSP430,
        Architecture::Msp430X => &msp430::MSP430X,
        Architecture::TriCore => &tricore::TRICORE,
        Architecture::Xtensa if big => &xtensa::XTENSA_BE,
        Architecture::Xtensa => &xtensa::XTENSA,
        Architecture::Sparc32 => &sparc::SPARC,
        Architecture::Sparc64 => &sparc::SPARC64,
        Architecture::S390x => &s390x::S390X,
        Architecture::Ebpf => &ebpf::EBPF,
        Architecture::SuperH4 if big => &superh::SH4_BE,
        Architecture::SuperH4 => &superh::SH4,
        Architecture::Z80 => &z80::Z80,
        Architecture::Mos6502 => &mos6502::MOS6502,
        Architecture::I8051 => &i8051::I8051,
        Architecture::Avr => &avr::AVR,
    }
}
