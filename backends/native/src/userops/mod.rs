//! User operations: what specifications leave to the emulator.
//!
//! Each is found by its name. Those that are not here are errors that name
//! them when they are hit.

pub(crate) mod aarch64;
pub(crate) mod access;
mod altivec;
mod altivec_207;
pub(crate) mod altivec_300;
mod altivec_estimates;
mod altivec_status;
pub(crate) mod altivec_sums;
mod arm;
pub(crate) mod lanes;
pub(crate) mod loongarch;
pub(crate) mod loongarch_float;
pub(crate) mod loongarch_integer;
pub(crate) mod loongarch_system;
mod m68k;
pub(crate) mod m68k_fields;
pub(crate) mod mips_float;
pub(crate) mod mips_float_r6;
mod mips_integer;
pub(crate) mod mips_memory;
mod mips_system;
pub(crate) mod msp430;
pub(crate) mod powerpc;
mod powerpc_cipher;
pub(crate) mod powerpc_conversions;
pub(crate) mod powerpc_float;
pub(crate) mod powerpc_float_300;
pub(crate) mod powerpc_float_conversions;
pub(crate) mod powerpc_integer;
pub(crate) mod powerpc_integer_300;
pub(crate) mod powerpc_memory;
pub(crate) mod powerpc_quad;
mod powerpc_registers;
pub(crate) mod powerpc_software;
pub(crate) mod powerpc_vectors;
pub(crate) mod powerpc_vectors_300;
pub(crate) mod riscv;
mod riscv_additional;
pub(crate) mod riscv_atomic;
mod riscv_bits;
mod riscv_cache;
pub(crate) mod riscv_control;
mod riscv_crypto;
mod sparc;
pub(crate) mod sparc_float;
pub(crate) mod sparc_integer;
pub(crate) mod sparc_windows;
pub(crate) mod superh_float;
mod superh_registers;
mod traps;
pub(crate) mod tricore;
pub(crate) mod tricore_arithmetic;
pub(crate) mod tricore_bits;
pub(crate) mod tricore_division;
pub(crate) mod tricore_float;
pub(crate) mod tricore_fractions;
pub(crate) mod tricore_halves;
pub(crate) mod tricore_packed;
mod x86;
mod xtensa;
mod xtensa_float;
pub(crate) mod xtensa_windows;

use hashbrown::HashMap;
use terrella_platforms::Architecture;
use terrella_sleigh::Language;

use crate::{
    block::{Block, UserOp},
    emulator::NativeEmulator,
    halt::Halt,
};

/// Executes a user operation.
pub(crate) type Function = fn(&mut NativeEmulator, &UserOp) -> Result<(), Halt>;

/// How a user operation is executed.
#[derive(Clone, Copy)]
pub(crate) struct Handler {
    pub(crate) function: Function,
    /// It does nothing that can be seen.
    nothing: bool,
    /// Nothing after it executes: a basic block ends there.
    pub(crate) is_trap: bool,
}

impl Handler {
    pub(crate) const fn new(function: Function) -> Self {
        Self { function, nothing: false, is_trap: false }
    }

    pub(crate) const fn trap(function: Function) -> Self {
        Self { function, nothing: false, is_trap: true }
    }

    pub(crate) const fn nothing() -> Self {
        Self { function: |_, _| Ok(()), nothing: true, is_trap: false }
    }

    pub(crate) const fn is_nothing(&self) -> bool {
        self.nothing
    }
}

/// Names with their handlers.
pub(crate) type Table = &'static [(&'static str, Handler)];

/// The handlers of a language's user operations, by number.
pub(crate) struct Handlers(Vec<Option<Handler>>);

impl Handlers {
    pub(crate) fn new(language: &Language, architecture: Architecture) -> Self {
        let mut by_name = HashMap::new();
        for (name, handler) in tables(architecture).iter().flat_map(|table| table.iter()) {
            by_name.insert(*name, *handler);
        }
        Self(language.user_ops().iter().map(|name| by_name.get(name.as_str()).copied()).collect())
    }

    pub(crate) fn get(&self, number: usize) -> Option<Handler> {
        self.0.get(number).copied().flatten()
    }
}

/// The tables of an architecture.
fn tables(architecture: Architecture) -> &'static [Table] {
    match architecture {
        Architecture::X86_64 | Architecture::I386 | Architecture::X86_16 => &[traps::X86, x86::X86],
        Architecture::ArmV5T => &[traps::ARM, arm::TABLE, crate::arm::a32::COPROCESSOR, arm::CALLS],
        Architecture::ArmV6M | Architecture::ArmV7M => &[
            traps::ARM,
            arm::TABLE,
            arm::LATER,
            arm::LATER_VECTORS,
            arm::CALLS,
            arm::NOT_OF_MICROCONTROLLERS,
        ],
        Architecture::ArmV7A => {
            &[traps::ARM, arm::TABLE, crate::arm::a32::COPROCESSOR, arm::LATER, arm::SPECIAL]
        }
        Architecture::ArmV7R => {
            &[traps::ARM, arm::TABLE, crate::arm::a32::COPROCESSOR, arm::LATER, arm::SPECIAL, arm::CALLS]
        }
        Architecture::AArch64 => &[traps::AARCH64, aarch64::TABLE, aarch64::MAINTENANCE, aarch64::CRYPTO],
        Architecture::Mips32 | Architecture::Mips64 => {
            &[traps::MIPS, mips_float::TABLE, mips_integer::TABLE, mips_system::TABLE]
        }
        Architecture::MicroMips32 => {
            &[traps::MIPS, mips_float::TABLE, mips_integer::TABLE, mips_system::TABLE, mips_system::MICRO]
        }
        Architecture::Mips32R6 | Architecture::Mips64R6 => {
            &[traps::MIPS, mips_float::TABLE, mips_integer::TABLE, mips_system::TABLE, mips_system::RELEASE_6]
        }
        Architecture::PowerPc32 | Architecture::PowerPc64 => &[
            traps::POWERPC,
            altivec::TABLE,
            altivec_207::TABLE,
            altivec_estimates::TABLE,
            altivec_status::TABLE,
            altivec_sums::TABLE,
            powerpc_cipher::TABLE,
        ],
        Architecture::RiscV32 | Architecture::RiscV64 => {
            &[traps::RISCV, riscv_bits::TABLE, riscv_cache::TABLE, riscv_crypto::TABLE]
        }
        Architecture::M68k => &[traps::M68K, m68k::TABLE],
        Architecture::LoongArch32 | Architecture::LoongArch64 => {
            &[traps::LOONGARCH, loongarch::TABLE, loongarch_system::TABLE]
        }
        Architecture::Sparc32 | Architecture::Sparc64 => &[traps::SPARC, sparc::TABLE],
        Architecture::TriCore => &[traps::TRICORE, tricore::TABLE, tricore_bits::TABLE],
        Architecture::Xtensa => &[traps::XTENSA, xtensa::TABLE, xtensa_float::TABLE],
        Architecture::Ebpf => &[traps::EBPF],
        Architecture::SuperH4 => &[traps::SUPERH],
        Architecture::Avr => &[traps::AVR],
        Architecture::Z80 => &[traps::Z80],
        Architecture::I8051 => &[traps::I8051],
        _ => &[],
    }
}

impl NativeEmulator {
    /// Executes a user operation of a block.
    pub(crate) fn user_op(&mut self, block: &Block, index: usize, op: &UserOp) -> Result<(), Halt> {
        let number = block.instruction_of(index);
        let instruction = &block.instructions[number];
        self.user_index = number as u32;
        self.user_pc = instruction.address;
        self.context = instruction.context;
        match op.handler {
            Some(handler) => (handler.function)(self, op),
            None => {
                let names = self.processor.language.user_ops();
                let name = names.get(op.number as usize).map_or("a user operation", String::as_str);
                Err(Halt::Missing(name.to_owned()))
            }
        }
    }
}
