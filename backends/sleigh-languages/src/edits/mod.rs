//! Corrections of the published texts. Those of semantics that need more than
//! a few words are native handlers of the engine.

mod aarch64;
mod arm;
mod avr;
mod ebpf;
mod i8051;
mod loongarch;
mod m68k;
mod mips;
mod mips_micro;
mod mips_r6;
mod mos6502;
mod msp430;
mod powerpc;
mod riscv;
mod sparc;
mod superh;
mod tricore;
mod x86;
mod x86_16;
mod x86_wait;
mod xtensa;
mod xtensa_big;
mod z80;

/// A correction of a specification's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit {
    /// The end of the file's path.
    pub file: &'static str,
    /// What stands there.
    pub old: &'static str,
    /// What is put in its place, everywhere in the file.
    pub new: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// Corrections of texts, by family; those of a file are made in their order.
pub const EDITS: &[&[Edit]] = &[
    aarch64::EDITS,
    arm::EDITS,
    avr::EDITS,
    ebpf::EDITS,
    i8051::EDITS,
    loongarch::EDITS,
    m68k::EDITS,
    mips::EDITS,
    mips_micro::EDITS,
    mips_r6::EDITS,
    mos6502::EDITS,
    msp430::EDITS,
    powerpc::EDITS,
    riscv::EDITS,
    sparc::EDITS,
    superh::EDITS,
    tricore::EDITS,
    x86::EDITS,
    x86_16::EDITS,
    x86_wait::EDITS,
    xtensa::EDITS,
    xtensa_big::EDITS,
    z80::EDITS,
];
