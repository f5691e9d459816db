//! [`Target`]: which Unicorn engine runs a platform, how it is set up, and
//! what its exception numbers mean.

use terrella_platforms::{Architecture, ByteOrder, Platform};
use uc::{Arch, Mode};
use unicorn_engine as uc;

/// What an exception of Unicorn's is in the terms of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// The platform's system call.
    Syscall,
    /// An interrupt, trap or exception with this architectural number.
    Interrupt(u64),
    /// An x86-style `int n`: the number is Unicorn's own.
    InterruptByNumber,
    /// The bytes are not an instruction.
    Invalid,
    /// Division by zero.
    Division,
    /// A trapping overflow, with the number of the exception in the manual.
    Overflow(u64),
    /// An exception of floating point, with the same.
    FloatingPoint(u64),
    /// An unaligned load.
    UnalignedRead,
    /// An unaligned store.
    UnalignedWrite,
    /// A program interruption: the instruction tells which.
    Program,
    /// Fetching: an unaligned or otherwise impossible program counter.
    UnalignedFetch,
}

/// Where the program counter is when Unicorn tells an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExceptionPc {
    /// At the instruction for exceptions, behind it for software interrupts
    /// (x86).
    BehindInterrupts,
    /// At the instruction for these numbers, behind it for all others (ARM).
    AtFor(&'static [u32]),
    /// So many bytes behind the start of the instruction, whatever its length.
    Behind(u64),
    /// Lost, but for system calls, where it is 4 bytes behind (MIPS).
    Lost,
}

/// A register that is set when the engine is made: `(name, value)`.
pub(crate) type Initial = (&'static str, u64);

/// How Unicorn runs one platform.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) arch: Arch,
    pub(crate) mode: Mode,
    /// The processor model, where the default is not the most capable one.
    pub(crate) model: Option<i32>,
    /// Whether the page size must be set to 4 KiB.
    pub(crate) sets_page_size: bool,
    /// Registers whose reset values keep user code from running: the floating
    /// point is off, or its control word is not what an ABI says.
    pub(crate) initial: &'static [Initial],
    /// Unicorn's exception number → what it is.
    pub(crate) events: &'static [(u32, Event)],
    pub(crate) exception_pc: ExceptionPc,
    /// The architectural number of the exception of an invalid instruction.
    pub(crate) invalid: u64,
    /// The byte order that Unicorn's translator for this processor is built
    /// for, in which callbacks pass values.
    pub(crate) built_for: ByteOrder,
    /// The size of the pages that Unicorn translates, in bytes.
    pub(crate) page: u64,
}

const ARM_A: Target = Target {
    invalid: 1,
    arch: Arch::ARM,
    mode: Mode::ARM,
    model: Some(uc::ArmCpuModel::MAX as i32),
    sets_page_size: true,
    // CPACR: full access to coprocessors 10 and 11; FPEXC.EN.
    initial: &[("cpacr", 0xf << 20), ("fpexc", 1 << 30)],
    events: &[
        (1, Event::Invalid),
        (2, Event::Syscall),
        (3, Event::UnalignedFetch),
        (4, Event::UnalignedRead),
        (7, Event::Interrupt(3)),
        (11, Event::Interrupt(5)),
        (13, Event::Interrupt(2)),
        (17, Event::Invalid),
        (18, Event::Invalid),
    ],
    exception_pc: ExceptionPc::AtFor(&[1, 3, 4, 7, 17, 18]),
    built_for: ByteOrder::Little,
    page: 4096,
};

const ARM_M: Target = Target {
    invalid: 6,
    mode: Mode(Mode::MCLASS.0 | Mode::THUMB.0),
    initial: &[],
    events: &[
        (1, Event::Invalid),
        (2, Event::Syscall),
        (3, Event::UnalignedFetch),
        (4, Event::UnalignedRead),
        (7, Event::Interrupt(12)),
        (17, Event::Invalid),
        (18, Event::Invalid),
    ],
    ..ARM_A
};

const AARCH64: Target = Target {
    invalid: 0,
    arch: Arch::ARM64,
    mode: Mode::ARM,
    model: Some(uc::Arm64CpuModel::MAX as i32),
    sets_page_size: true,
    initial: &[],
    events: &[
        (1, Event::Invalid),
        (2, Event::Syscall),
        (3, Event::UnalignedFetch),
        (4, Event::UnalignedRead),
        (7, Event::Interrupt(0x3c)),
        (11, Event::Interrupt(0x16)),
        (13, Event::Interrupt(0x17)),
    ],
    exception_pc: ExceptionPc::AtFor(&[1, 3, 4, 7]),
    built_for: ByteOrder::Little,
    page: 4096,
};

const MIPS: Target = Target {
    invalid: 10,
    arch: Arch::MIPS,
    mode: Mode(Mode::MIPS32.0 | Mode::BIG_ENDIAN.0),
    model: Some(uc::Mips32CpuModel::Model_74KF as i32),
    sets_page_size: false,
    // Status: coprocessors 0 and 1 on, 32-bit floating-point registers as the
    // o32 ABI has them. ERL, with which the addresses below 2 GiB are not
    // mapped: Unicorn's `ll` looks its address up in the TLB, and nothing is
    // there.
    initial: &[("cp0_status", 0x3000_0004)],
    // From the exceptions of `target/mips/cpu.h` to the codes of the manual.
    events: &[
        (7, Event::Interrupt(24)),
        (12, Event::UnalignedRead),
        (13, Event::UnalignedWrite),
        (14, Event::Interrupt(2)),
        (15, Event::Interrupt(6)),
        (17, Event::Syscall),
        (18, Event::Interrupt(9)),
        (19, Event::Interrupt(11)),
        (20, Event::Invalid),
        (21, Event::Overflow(12)),
        (22, Event::Interrupt(13)),
        (23, Event::FloatingPoint(15)),
        (24, Event::Interrupt(23)),
        (25, Event::Interrupt(1)),
        (26, Event::Interrupt(2)),
        (27, Event::Interrupt(3)),
        (28, Event::Interrupt(7)),
        (29, Event::Interrupt(25)),
        (31, Event::Interrupt(18)),
        (32, Event::Interrupt(30)),
        (33, Event::Interrupt(26)),
        (34, Event::Interrupt(21)),
        (35, Event::Interrupt(14)),
        (36, Event::Interrupt(20)),
        (37, Event::Interrupt(19)),
    ],
    exception_pc: ExceptionPc::Lost,
    built_for: ByteOrder::Big,
    page: 4096,
};

const PPC: Target = Target {
    invalid: 0x700,
    arch: Arch::PPC,
    mode: Mode(Mode::PPC32.0 | Mode::BIG_ENDIAN.0),
    model: Some(289),
    sets_page_size: false,
    // MSR: floating point and AltiVec on.
    initial: &[("msr", 0x0200_2000)],
    events: &[
        (5, Event::UnalignedRead),
        (6, Event::Interrupt(0x700)),
        (7, Event::Interrupt(0x800)),
        (8, Event::Syscall),
        (73, Event::Interrupt(0xf20)),
        (96, Event::Invalid),
    ],
    exception_pc: ExceptionPc::Behind(4),
    built_for: ByteOrder::Big,
    page: 4096,
};

const RISCV64: Target = Target {
    invalid: 2,
    arch: Arch::RISCV,
    mode: Mode::RISCV64,
    model: None,
    sets_page_size: false,
    // mstatus.FS: floating point on.
    initial: &[("mstatus", 0x6000)],
    events: &[
        (0, Event::UnalignedFetch),
        (2, Event::Invalid),
        (3, Event::Interrupt(3)),
        (4, Event::UnalignedRead),
        (6, Event::UnalignedWrite),
        (8, Event::Syscall),
        (9, Event::Syscall),
        (11, Event::Syscall),
    ],
    exception_pc: ExceptionPc::Behind(4),
    built_for: ByteOrder::Little,
    page: 4096,
};

const X86_64: Target = Target {
    invalid: 6,
    arch: Arch::X86,
    mode: Mode::MODE_64,
    model: None,
    sets_page_size: false,
    initial: &[("mxcsr", 0x1f80), ("fpcw", 0x37f)],
    events: &[(0, Event::Division), (6, Event::Invalid)],
    exception_pc: ExceptionPc::BehindInterrupts,
    built_for: ByteOrder::Little,
    page: 4096,
};

const M68K: Target = Target {
    invalid: 4,
    arch: Arch::M68K,
    mode: Mode::BIG_ENDIAN,
    // The 68040: Unicorn's table of processors begins with another one than its
    // enumeration (`m68k_cpus_type_infos` in `target/m68k/cpu.c`), so that the
    // number of the 68040 gives the 68060, which has no 64-bit products.
    model: Some(uc::M68kCpuModel::M68030 as i32),
    sets_page_size: false,
    // Supervisor state, so that `stop` is no exception.
    initial: &[("sr", 0x2700)],
    events: &[
        (4, Event::Invalid),
        (5, Event::Division),
        (10, Event::Invalid),
        (11, Event::Invalid),
        (32, Event::Syscall),
    ],
    exception_pc: ExceptionPc::BehindInterrupts,
    built_for: ByteOrder::Big,
    page: 4096,
};

const SPARC: Target = Target {
    invalid: 2,
    arch: Arch::SPARC,
    mode: Mode(Mode::SPARC32.0 | Mode::BIG_ENDIAN.0),
    model: None,
    sets_page_size: false,
    // Floating point on; the window after the last one to save to is invalid,
    // so that no window is overwritten.
    initial: &[("ef", 1), ("wim", 2)],
    events: &[
        (2, Event::Invalid),
        (7, Event::UnalignedRead),
        (0x2a, Event::Division),
        // The traps 0x10 and 0x6d of Linux.
        (0x90, Event::Syscall),
        (0xed, Event::Syscall),
    ],
    exception_pc: ExceptionPc::Behind(4),
    built_for: ByteOrder::Big,
    page: 4096,
};

const S390X: Target = Target {
    invalid: 1,
    arch: Arch::S390X,
    mode: Mode::BIG_ENDIAN,
    model: Some(uc::S390xCpuModel::QEMU as i32),
    sets_page_size: false,
    // 64-bit addresses (EA, BA); floating-point and vector registers (AFP and
    // the vector-enablement control of c0).
    initial: &[("pswm", 0x1_8000_0000), ("c0", 0x6_0000)],
    events: &[(2, Event::Syscall), (3, Event::Program)],
    exception_pc: ExceptionPc::Behind(0),
    built_for: ByteOrder::Big,
    page: 4096,
};

const TRICORE: Target = Target {
    invalid: 0x21,
    arch: Arch::TRICORE,
    mode: Mode::LITTLE_ENDIAN,
    // Models cannot be selected; the default is a TC27x.
    model: None,
    sets_page_size: false,
    initial: &[],
    events: &[],
    exception_pc: ExceptionPc::Behind(0),
    built_for: ByteOrder::Little,
    page: 16384,
};

/// How Unicorn runs a platform; `None` if it does not.
pub(crate) fn target(platform: Platform) -> Option<Target> {
    let big = platform.byte_order() == ByteOrder::Big;
    let order = if big { Mode::BIG_ENDIAN } else { Mode::LITTLE_ENDIAN };
    Some(match platform.architecture() {
        Architecture::X86_64 => X86_64,
        Architecture::I386 => Target { mode: Mode::MODE_32, ..X86_64 },
        // CR4: the instructions of SSE are there.
        Architecture::X86_16 => Target {
            mode: Mode::MODE_16,
            initial: &[("mxcsr", 0x1f80), ("fpcw", 0x37f), ("cr4", 0x600)],
            ..X86_64
        },
        // Code stays little endian, as in ARMv6 and later (BE-8).
        Architecture::ArmV7A => Target { mode: if big { Mode::ARMBE8 } else { Mode::ARM }, ..ARM_A },
        Architecture::ArmV7R => Target { model: Some(uc::ArmCpuModel::CORTEX_R5F as i32), ..ARM_A },
        Architecture::ArmV5T => Target {
            mode: Mode::ARM926,
            model: Some(uc::ArmCpuModel::Model_926 as i32),
            initial: &[("fpexc", 1 << 30)],
            ..ARM_A
        },
        Architecture::ArmV6M => Target {
            model: Some(uc::ArmCpuModel::CORTEX_M0 as i32),
            // Without a debug monitor and usage faults, all is a hard fault.
            invalid: 3,
            events: &[
                (1, Event::Invalid),
                (2, Event::Syscall),
                (3, Event::UnalignedFetch),
                (4, Event::UnalignedRead),
                (7, Event::Interrupt(3)),
                (17, Event::Invalid),
                (18, Event::Invalid),
            ],
            ..ARM_M
        },
        Architecture::ArmV7M => Target { model: Some(uc::ArmCpuModel::CORTEX_M4 as i32), ..ARM_M },
        Architecture::AArch64 => Target { mode: Mode(Mode::ARM.0 | order.0), ..AARCH64 },
        Architecture::Mips32 => {
            Target { mode: Mode(Mode::MIPS32.0 | order.0), built_for: platform.byte_order(), ..MIPS }
        }
        Architecture::Mips64 => Target {
            mode: Mode(Mode::MIPS64.0 | order.0),
            model: Some(uc::Mips64CpuModel::MIPS64DSPR2 as i32),
            // Status: also 64-bit floating-point registers and addresses (FR,
            // KX, SX, UX), and ERL.
            initial: &[("cp0_status", 0x3400_00e4)],
            built_for: platform.byte_order(),
            ..MIPS
        },
        Architecture::PowerPc32 if big => PPC,
        Architecture::PowerPc64 if big => Target {
            mode: Mode(Mode::PPC64.0 | Mode::BIG_ENDIAN.0),
            // Unicorn takes a model of this mode for one of 32 bits; its default
            // is a POWER10.
            model: None,
            // MSR: 64-bit mode, floating point, AltiVec, VSX.
            initial: &[("msr", 0x8000_0000_0280_2000)],
            ..PPC
        },
        Architecture::RiscV64 => RISCV64,
        Architecture::RiscV32 => Target { mode: Mode::RISCV32, ..RISCV64 },
        Architecture::M68k => M68K,
        Architecture::Sparc32 => SPARC,
        Architecture::Sparc64 => Target {
            mode: Mode(Mode::SPARC64.0 | Mode::BIG_ENDIAN.0),
            page: 8192,
            invalid: 0x10,
            // FPRS.FEF and PSTATE.PEF; windows to save to.
            initial: &[("fprs", 4), ("pstate_pef", 1), ("cansave", 6), ("cleanwin", 7)],
            events: &[
                (0x10, Event::Invalid),
                (0x28, Event::Division),
                (0x34, Event::UnalignedRead),
                (0x110, Event::Syscall),
                (0x16d, Event::Syscall),
            ],
            ..SPARC
        },
        Architecture::S390x => S390X,
        Architecture::TriCore => TRICORE,
        _ => return None,
    })
}
