//! Floating-point environments, by processor: where the flags, the traps and
//! the rounding mode stand, with C's constants for them, and what an `fenv_t`
//! is.
//!
//! Constants and structures are those of the libraries' `bits/fenv.h`; the
//! bits of the registers are from the manuals: Intel SDM, volume 1, 8.1 and
//! 10.2.3; Arm ARM, FPSCR, FPCR and FPSR; MIPS Architecture, volume I-A, 5.6;
//! RISC-V unprivileged manual, 11.2; LoongArch reference manual, 3.1.1.2.4;
//! Power ISA, 4.2.2; z/Architecture Principles of Operation, 9-9; SPARC V9,
//! 5.1.7; M68000 Family Programmer's Reference Manual, 1.2; SH-4 software
//! manual, 2.2.4.

use terrella_platforms::Platform;

use super::super::types::Flavour;

/// Exceptions, whatever their bits are on a processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Exceptions(u8);

impl Exceptions {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const INVALID: Self = Self(1);
    pub(crate) const DIVIDE: Self = Self(2);
    pub(crate) const OVERFLOW: Self = Self(4);
    pub(crate) const UNDERFLOW: Self = Self(8);
    pub(crate) const INEXACT: Self = Self(16);

    /// These and others.
    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one of them is among these.
    pub(crate) const fn has(self, some: Self) -> bool {
        self.0 & some.0 != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// How results are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Rounding {
    /// To the nearest, ties to even.
    #[default]
    Nearest,
    Downward,
    Upward,
    TowardZero,
}

/// In the order of the tables.
pub(super) const MODES: [Rounding; 4] =
    [Rounding::Nearest, Rounding::Downward, Rounding::Upward, Rounding::TowardZero];

/// Bits of C in a register: so many places further up, or down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) register: &'static str,
    shift: i8,
}

impl Field {
    /// The bits as they stand in the register.
    pub(super) const fn placed(&self, bits: u32) -> u64 {
        let bits = bits as u64;
        if self.shift < 0 { bits >> -self.shift } else { bits << self.shift }
    }

    /// C's bits out of the register.
    pub(super) const fn taken(&self, register: u64, all: u32) -> u32 {
        let bits = if self.shift < 0 { register << -self.shift } else { register >> self.shift };
        bits as u32 & all
    }
}

const fn at(register: &'static str, shift: i8) -> Field {
    Field { register, shift }
}

/// A register in an `fenv_t` or `femode_t`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub(super) register: &'static str,
    pub(super) offset: u64,
    pub(super) bytes: u8,
    /// What it is in the default environment.
    pub(super) default: u64,
}

const fn kept(register: &'static str, offset: u64, bytes: u8, default: u64) -> Kept {
    Kept { register, offset, bytes, default }
}

/// The environment of a processor.
#[derive(Debug)]
pub(super) struct Unit {
    /// How the names of its platforms begin.
    names: &'static [&'static str],
    /// The library, where they differ.
    flavour: Option<Flavour>,
    /// `FE_INVALID`, `FE_DIVBYZERO`, `FE_OVERFLOW`, `FE_UNDERFLOW`,
    /// `FE_INEXACT`.
    pub(super) exceptions: [u32; 5],
    /// `FE_TONEAREST`, `FE_DOWNWARD`, `FE_UPWARD`, `FE_TOWARDZERO`.
    pub(super) modes: [u32; 4],
    /// Where flags stand; models raise them in the first.
    pub(super) flags: &'static [Field],
    /// Flags of the last instruction, which are cleared with them.
    pub(super) causes: &'static [Field],
    /// Which exceptions trap; none where processors have no traps.
    pub(super) traps: &'static [Field],
    /// A set bit there means that there is no trap.
    pub(super) traps_are_masks: bool,
    /// Where the rounding mode stands.
    pub(super) rounding: &'static [Field],
    /// What an `fenv_t` holds.
    pub(super) environment: &'static [Kept],
    /// Its size.
    pub(super) environment_bytes: u64,
    /// What a `femode_t` holds.
    pub(super) control: &'static [Kept],
    /// Bytes of `fexcept_t`.
    pub(super) exception_bytes: u8,
    /// Bits that an invalid operation sets besides, and all that tell of one.
    pub(super) invalid: (u64, u64),
    /// `FE_NOMASK_ENV`, if it is no address.
    pub(super) nomask: i64,
}

impl Unit {
    /// `FE_ALL_EXCEPT`.
    pub(super) fn all(&self) -> u32 {
        self.exceptions.iter().fold(0, |all, bit| all | bit)
    }

    /// C's bits of exceptions.
    pub(super) fn bits(&self, exceptions: Exceptions) -> u32 {
        let which = (0_u8..5).filter(|index| exceptions.0 >> index & 1 == 1);
        which.fold(0, |bits, index| bits | self.exceptions[usize::from(index)])
    }

    /// The bits of all rounding modes.
    pub(super) fn all_modes(&self) -> u32 {
        self.modes.iter().fold(0, |all, bit| all | bit)
    }
}

/// The unit of a platform; `None` where there is none.
pub(super) fn unit(platform: Platform, flavour: Flavour) -> Option<&'static Unit> {
    let name = platform.name();
    // They compute without one (glibc: no `HWCAP_ARM_VFP`).
    if name == "armv5t" || name == "armv6m" {
        return None;
    }
    UNITS.iter().find(|unit| {
        unit.names.iter().any(|prefix| name.starts_with(prefix))
            && unit.flavour.is_none_or(|known| known == flavour)
    })
}

const X86: Unit = Unit {
    names: &["x86_64"],
    flavour: None,
    exceptions: [1, 4, 8, 0x10, 0x20],
    modes: [0, 0x400, 0x800, 0xc00],
    flags: &[at("mxcsr", 0), at("fpsw", 0)],
    causes: &[],
    traps: &[at("mxcsr", 7), at("fpcw", 0)],
    traps_are_masks: true,
    rounding: &[at("fpcw", 0), at("mxcsr", 3)],
    // As FNSTENV has it, and MXCSR behind it.
    environment: &[kept("fpcw", 0, 2, 0x37f), kept("fpsw", 4, 2, 0), kept("mxcsr", 28, 4, 0x1f80)],
    environment_bytes: 32,
    control: &[kept("fpcw", 0, 2, 0x37f), kept("mxcsr", 4, 4, 0x1f80)],
    exception_bytes: 2,
    invalid: (0, 0),
    nomask: -2,
};

/// Flags and modes in one register.
const fn single(
    names: &'static [&'static str],
    exceptions: [u32; 5],
    modes: [u32; 4],
    flags: &'static [Field],
    rounding: &'static [Field],
    environment: &'static [Kept],
) -> Unit {
    Unit {
        names,
        flavour: None,
        exceptions,
        modes,
        flags,
        causes: &[],
        traps: &[],
        traps_are_masks: false,
        rounding,
        environment,
        environment_bytes: 4,
        control: environment,
        exception_bytes: 4,
        invalid: (0, 0),
        nomask: -2,
    }
}

/// Those that have glibc's numbers of the flags in their order of MIPS.
const MIPS: Unit = Unit {
    causes: &[at("fcsr", 10)],
    traps: &[at("fcsr", 5)],
    exception_bytes: 2,
    ..single(
        &["mips", "micromips"],
        [0x40, 0x20, 0x10, 8, 4],
        [0, 3, 2, 1],
        &[at("fcsr", 0)],
        &[at("fcsr", 0)],
        &[kept("fcsr", 0, 4, 0)],
    )
};

/// The rounding modes of Arm, in their places of FPSCR and FPCR.
const ARM_MODES: [u32; 4] = [0, 0x80_0000, 0x40_0000, 0xc0_0000];

const S390: Unit = Unit {
    flavour: Some(Flavour::Gnu),
    traps: &[at("fpc", 24)],
    environment_bytes: 16,
    ..single(
        &["s390"],
        [0x80, 0x40, 0x20, 0x10, 8],
        [0, 3, 2, 1],
        &[at("fpc", 16)],
        &[at("fpc", 0)],
        &[kept("fpc", 0, 4, 0)],
    )
};

const POWERPC: Unit = Unit {
    traps: &[at("fpscr", -22)],
    environment_bytes: 8,
    // FX and VXSOFT; all of VX.
    invalid: (0x8000_0400, 0x01f8_0700),
    ..single(
        &["ppc"],
        [0x2000_0000, 0x0400_0000, 0x1000_0000, 0x0800_0000, 0x0200_0000],
        [0, 3, 2, 1],
        &[at("fpscr", 0)],
        &[at("fpscr", 0)],
        &[kept("fpscr", 0, 8, 0)],
    )
};

const SPARC: Unit = Unit {
    causes: &[at("fsr", -5)],
    traps: &[at("fsr", 18)],
    ..single(
        &["sparc"],
        [0x200, 0x40, 0x100, 0x80, 0x20],
        [0, 0xc000_0000, 0x8000_0000, 0x4000_0000],
        &[at("fsr", 0)],
        &[at("fsr", 0)],
        &[kept("fsr", 0, 4, 0)],
    )
};

static UNITS: &[Unit] = &[
    X86,
    Unit {
        names: &["i386", "x86_16"],
        flags: &[at("fpsw", 0), at("mxcsr", 0)],
        // MXCSR stands in the place of the instruction pointer.
        environment: &[kept("fpcw", 0, 2, 0x37f), kept("fpsw", 4, 2, 0), kept("mxcsr", 12, 4, 0x1f80)],
        environment_bytes: 28,
        ..X86
    },
    Unit {
        environment_bytes: 8,
        control: &[kept("fpcr", 0, 4, 0)],
        ..single(
            &["aarch64"],
            [1, 2, 4, 8, 16],
            ARM_MODES,
            &[at("fpsr", 0)],
            &[at("fpcr", 0)],
            &[kept("fpcr", 0, 4, 0), kept("fpsr", 4, 4, 0)],
        )
    },
    single(
        &["arm"],
        [1, 2, 4, 8, 16],
        ARM_MODES,
        &[at("fpscr", 0)],
        &[at("fpscr", 0)],
        &[kept("fpscr", 0, 4, 0)],
    ),
    MIPS,
    Unit {
        nomask: 0,
        ..single(
            &["riscv"],
            [16, 8, 4, 2, 1],
            [0, 2, 3, 1],
            &[at("fcsr", 0)],
            &[at("fcsr", 5)],
            &[kept("fcsr", 0, 4, 0)],
        )
    },
    Unit {
        causes: &[at("fcsr0", 8)],
        traps: &[at("fcsr0", -16)],
        nomask: -257,
        ..single(
            &["loongarch"],
            [0x10_0000, 0x8_0000, 0x4_0000, 0x2_0000, 0x1_0000],
            [0, 0x300, 0x200, 0x100],
            &[at("fcsr0", 0)],
            &[at("fcsr0", 0)],
            &[kept("fcsr0", 0, 4, 0)],
        )
    },
    POWERPC,
    S390,
    Unit {
        flavour: Some(Flavour::Musl),
        exceptions: [0x80_0000, 0x40_0000, 0x20_0000, 0x10_0000, 0x8_0000],
        flags: &[at("fpc", 0)],
        traps: &[at("fpc", 8)],
        environment_bytes: 4,
        ..S390
    },
    Unit {
        environment: &[kept("fsr", 0, 8, 0)],
        environment_bytes: 8,
        control: &[kept("fsr", 0, 8, 0)],
        exception_bytes: 8,
        names: &["sparc64"],
        ..SPARC
    },
    SPARC,
    Unit {
        traps: &[at("fpcr", 6)],
        environment_bytes: 12,
        control: &[kept("fpcr", 0, 4, 0)],
        ..single(
            &["m68k"],
            [0x80, 0x10, 0x40, 0x20, 8],
            [0, 0x20, 0x30, 0x10],
            &[at("fpsr", 0)],
            &[at("fpcr", 0)],
            &[kept("fpcr", 0, 4, 0), kept("fpsr", 4, 4, 0), kept("fpiar", 8, 4, 0)],
        )
    },
    Unit {
        names: &["sh"],
        modes: [0, 0, 0, 1],
        flags: &[at("fpscr", 0)],
        causes: &[at("fpscr", 10)],
        traps: &[at("fpscr", 5)],
        rounding: &[at("fpscr", 0)],
        environment: &[kept("fpscr", 0, 4, 0x4_0000)],
        control: &[kept("fpscr", 0, 4, 0x4_0000)],
        exception_bytes: 4,
        ..MIPS
    },
];
