//! [`Target`]: what the engine must know of a processor besides its
//! specification.

use terrella_platforms::{Architecture, ByteOrder, Platform};

use crate::{
    float::NanRule,
    spaces::{SpaceAt, Window},
};

/// What a division by zero gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Division {
    /// An exception of this number.
    Fault(u64),
    /// All ones; the remainder is the dividend (RISC-V unprivileged manual,
    /// 7.2).
    Ones,
    /// Zero; the remainder is the dividend.
    Zero,
}

/// What the engine must know of a processor besides its specification.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) division: Division,
    /// Dividends are twice as wide as divisors, and the quotient must fit
    /// (x86).
    pub(crate) narrow_quotients: bool,
    /// The number of the exception of an invalid instruction.
    pub(crate) invalid: u64,
    pub(crate) nan: NanRule,
    /// The register that tells the instruction set, and the context field
    /// that follows it.
    pub(crate) mode_switch: Option<(&'static str, &'static str)>,
    /// The register into which computed jumps put bit 0 of the address, of
    /// which it is a part all the same.
    pub(crate) low_bit: Option<&'static str>,
    /// Registers of the specification that do not start as zero.
    pub(crate) initial: &'static [(&'static str, u64)],
    /// Registers of the platform that do not start as zero.
    pub(crate) platform_initial: &'static [(&'static str, u64)],
    /// Loads and stores that are not aligned to their size are faults.
    pub(crate) strict_alignment: bool,
    /// Calls keep the caller's registers beside the stack (eBPF).
    pub(crate) keeps_frames: bool,
    /// The lowest bits of the address that jumps clear.
    pub(crate) no_target: u64,
    /// Where the spaces beside that of code are.
    pub(crate) spaces: &'static [SpaceAt],
    /// Registers that are bytes of memory.
    pub(crate) banks: Option<Banks>,
}

/// Registers that are bytes of memory: where the first one is, is a base and
/// some bits of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Banks {
    /// The names of the registers: this and a number from zero on.
    pub(crate) prefix: &'static str,
    /// How many there are.
    pub(crate) count: u64,
    pub(crate) base: u64,
    /// The register that selects a bank, and which of its bits count.
    pub(crate) selector: &'static str,
    pub(crate) mask: u64,
}

const BASE: Target = Target {
    strict_alignment: false,
    keeps_frames: false,
    no_target: 0,
    spaces: &[],
    banks: None,
    division: Division::Zero,
    narrow_quotients: false,
    invalid: 0,
    nan: NanRule::SignallingFirst,
    mode_switch: None,
    low_bit: None,
    initial: &[],
    platform_initial: &[],
};

const X86: Target = Target {
    division: Division::Fault(0),
    narrow_quotients: true,
    invalid: 6,
    nan: NanRule::FirstNegative,
    initial: &[("MXCSR", 0x1f80), ("FPUControlWord", 0x37f), ("FPUTagWord", 0xffff)],
    ..BASE
};

const ARM: Target = Target { invalid: 1, mode_switch: Some(("ISAModeSwitch", "TMode")), ..BASE };

/// Supervisor mode with interrupts masked (Arm ARM ARMv7-A, B1.9.1), and
/// floating point on; what it is, as the Cortex-A15 says (TRM, DDI 0438, 14.6).
const ARM_V7: Target = Target {
    initial: &[
        ("cpsr", 0x1d3),
        ("fpexc", 0x4000_0000),
        ("fpsid", 0x4104_30f0),
        ("mvfr0", 0x1011_0222),
        ("mvfr1", 0x1111_1111),
    ],
    ..ARM
};

/// The same with the byte order of the data in the status word (B1.3.3).
const ARM_V7_BIG: Target = Target {
    initial: &[
        ("cpsr", 0x3d3),
        ("fpexc", 0x4000_0000),
        ("fpsid", 0x4104_30f0),
        ("mvfr0", 0x1011_0222),
        ("mvfr1", 0x1111_1111),
    ],
    ..ARM
};

/// What programs ask of caches, blocks that are zeroed and clocks: lines of 64
/// bytes, blocks of 64 bytes, 62.5 MHz (Arm ARM, D19.2, CTR_EL0, DCZID_EL0;
/// D19.12, CNTFRQ_EL0).
const AARCH64: Target = Target {
    platform_initial: &[("ctr_el0", 0x8444_c004), ("dczid_el0", 4), ("cntfrq_el0", 62_500_000)],
    // EL1 with its own stack pointer and interrupts masked (Arm ARM, C5.2).
    initial: &[("currentel", 4), ("spsel", 1), ("daif", 0x3c0)],
    ..BASE
};

const MIPS: Target = Target { invalid: 10, ..BASE };

/// FCSR: NAN2008 and ABS2008, which are always set (volume I-A, 5.6.3). Jumps to
/// odd addresses are address errors.
const MIPS_R6: Target = Target { initial: &[("fcsr", 0xc_0000)], low_bit: Some("ISAModeSwitch"), ..MIPS };

/// As the platform's definition says; after a reset, the stack pointer is 7
/// (User's Manual, chapter 1, "Reset").
const I8051: Target = Target {
    spaces: &[
        SpaceAt { name: "INTMEM", base: 0x1_0000, windows: &[] },
        SpaceAt { name: "SFR", base: 0x2_0000, windows: &[] },
        SpaceAt { name: "EXTMEM", base: 0x3_0000, windows: &[] },
    ],
    banks: Some(Banks { prefix: "r", count: 8, base: 0x1_0000, selector: "psw", mask: 0x18 }),
    initial: &[("STACK", 0x1_0007)],
    ..BASE
};

/// The addresses of the GNU tools: flash from 0, data from 0x80_0000. The data
/// space begins with the registers (ATmega328P data sheet, 8.3, "SRAM Data
/// Memory"); the stack pointer and SREG are at 0x5d to 0x5f (7.5, 7.3.1).
const AVR: Target = Target {
    invalid: 0x10_0000,
    initial: &[("SPB", 0x80)],
    spaces: &[
        SpaceAt { name: "codebyte", base: 0, windows: &[] },
        SpaceAt {
            name: "mem",
            base: 0x80_0000,
            windows: &[
                Window::Bytes { first: 0, count: 32, register: "R0" },
                Window::Bytes { first: 0x5d, count: 2, register: "SPL" },
                Window::Register { at: 0x5f, register: "sreg" },
            ],
        },
    ],
    ..BASE
};

/// What is known of a platform's processor.
pub(crate) fn target(platform: Platform) -> Target {
    match platform.architecture() {
        Architecture::X86_64 | Architecture::I386 | Architecture::X86_16 => X86,
        Architecture::AArch64 => AARCH64,
        Architecture::ArmV5T => Target { initial: &[("cpsr", 0xd3)], ..ARM },
        Architecture::ArmV7A | Architecture::ArmV7R if platform.byte_order() == ByteOrder::Big => ARM_V7_BIG,
        Architecture::ArmV7A | Architecture::ArmV7R => ARM_V7,
        // HardFault on v6-M, UsageFault on v7-M.
        Architecture::ArmV6M => Target { invalid: 3, ..ARM },
        Architecture::ArmV7M => Target { invalid: 6, ..ARM },
        Architecture::Mips32 | Architecture::Mips64 | Architecture::MicroMips32 => {
            Target { strict_alignment: true, mode_switch: Some(("ISAModeSwitch", "ISA_MODE")), ..MIPS }
        }
        // Ordinary accesses need no alignment (MIPS Architecture For
        // Programmers, release 6, volume I-A, 4.4).
        Architecture::Mips32R6 | Architecture::Mips64R6 => MIPS_R6,
        // Targets are words (Power ISA, book I, 2.4).
        Architecture::PowerPc32 | Architecture::PowerPc64 => Target { invalid: 0x700, no_target: 3, ..BASE },
        Architecture::RiscV32 | Architecture::RiscV64 => {
            Target { no_target: 1, division: Division::Ones, invalid: 2, nan: NanRule::Default, ..BASE }
        }
        Architecture::M68k => Target { division: Division::Fault(5), invalid: 4, ..BASE },
        Architecture::Sparc32 => {
            // The windows before the first are on the stack.
            let platform_initial = &[("wim", 2)];
            let division = Division::Fault(0x2a);
            Target { strict_alignment: true, division, invalid: 2, platform_initial, ..BASE }
        }
        Architecture::Sparc64 => {
            let platform_initial = &[("cansave", 6), ("cleanwin", 6)];
            let division = Division::Fault(0x28);
            Target { strict_alignment: true, division, invalid: 0x10, platform_initial, ..BASE }
        }
        Architecture::Msp430 | Architecture::Msp430X => Target { no_target: 1, ..BASE },
        // The manual's exception code (SH-4 Software Manual, table 5.1). The
        // compilers' programs begin in double precision, rounding to nearest.
        Architecture::SuperH4 => Target {
            strict_alignment: true,
            invalid: 0x180,
            nan: NanRule::Default,
            initial: &[("FPSCR", 0x8_0000), ("FPSCR_PR", 1), ("MD", 1), ("SR", 0x4000_0000)],
            ..BASE
        },
        // Division by zero gives zero, and the remainder is the dividend (RFC
        // 9669, 4.1).
        Architecture::Ebpf => Target { invalid: 6, keeps_frames: true, ..BASE },
        // IntegerDivideByZeroCause (Xtensa ISA, table 4-64).
        // Addresses are aligned (Unaligned Exception Option, 4.4.4), the
        // first window is in use, and there are windows: PS as programs have
        // it.
        Architecture::Xtensa => Target {
            strict_alignment: true,
            division: Division::Fault(6),
            initial: &[("WindowStart", 1), ("PS", 0x4_0020)],
            ..BASE
        },
        // The stack is in page one.
        Architecture::Mos6502 => Target { initial: &[("SP", 0x1ff)], ..BASE },
        Architecture::I8051 => I8051,
        Architecture::Avr => AVR,
        // Bit 0 of a target is no part of it (volume 2, JI).
        Architecture::TriCore => Target { invalid: 0x21, no_target: 1, ..BASE },
        _ => BASE,
    }
}
