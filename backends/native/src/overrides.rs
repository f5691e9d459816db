//! Instructions that the engine executes itself, because the published
//! semantics are wrong or missing: found by bits of the instruction word.

use terrella_platforms::Architecture;

use crate::{
    arm::{a32, a64},
    userops::{Handler, loongarch, powerpc, riscv},
};

/// Some instructions and their handler, whose input is the instruction word.
pub(crate) struct Override {
    pub(crate) mask: u32,
    pub(crate) value: u32,
    pub(crate) handler: Handler,
}

/// Those of an architecture.
pub(crate) const fn overrides(architecture: Architecture) -> &'static [&'static [Override]] {
    match architecture {
        Architecture::RiscV32 | Architecture::RiscV64 => &[riscv::OVERRIDES],
        Architecture::AArch64 => a64::OVERRIDES,
        Architecture::LoongArch32 | Architecture::LoongArch64 => &[loongarch::OVERRIDES],
        Architecture::ArmV5T => a32::OLD,
        Architecture::ArmV6M | Architecture::ArmV7M => a32::MICROCONTROLLER,
        Architecture::ArmV7A | Architecture::ArmV7R => a32::ARM,
        Architecture::PowerPc64 => &[powerpc::OVERRIDES],
        _ => &[],
    }
}

/// Those of the words of Thumb that ARM has not.
pub(crate) const fn thumb_overrides(architecture: Architecture) -> &'static [&'static [Override]] {
    match architecture {
        Architecture::ArmV6M => a32::THUMB_BASELINE,
        Architecture::ArmV7M => a32::THUMB_MICROCONTROLLER,
        Architecture::ArmV7A | Architecture::ArmV7R => a32::THUMB,
        _ => &[],
    }
}
