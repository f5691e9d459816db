//! The programs of `qemu-user`, and their processors, by platform.

use terrella_emulator_api::Platform;

/// A program of `qemu-user`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Program {
    pub(super) platform: &'static str,
    pub(super) program: &'static str,
    /// The processor (`-cpu`).
    pub(super) cpu: &'static str,
    /// The machine of the ELF header (`e_machine`).
    pub(super) machine: u16,
    /// Its flags (`e_flags`).
    pub(super) flags: u32,
    /// The size of code and data: at least a page of the program.
    pub(super) page: u64,
    /// The registers, in the order of the stub, where it sends no description.
    pub(super) registers: Option<&'static [Row]>,
    /// Names of the stub, and those of the platform, where they differ.
    pub(super) names: &'static [(&'static str, &'static str)],
    /// Parts of the description that are left out.
    pub(super) without: &'static [&'static str],
    /// Registers whose halves the stub sends in the wrong order.
    pub(super) swapped: Option<&'static str>,
    /// Registers whose halves the stub takes in the wrong order.
    pub(super) taken_swapped: Option<&'static str>,
    /// Registers that cannot be set otherwise, and are zero before every
    /// instruction.
    pub(super) cleared: Option<&'static str>,
    /// A compact branch forbids control transfers in the next instruction
    /// wherever that is.
    pub(super) keeps_forbidden: bool,
    /// A register selects those that are sent before it.
    pub(super) has_windows: bool,
    /// A register and the bits of it that the program does not compute.
    pub(super) uncompared: Option<(&'static str, u64)>,
    /// Registers of the platform that are parts of one of the stub: its name, the
    /// platform's, the lowest bit, and how many.
    pub(super) parts: &'static [(&'static str, &'static str, u32, u32)],
    /// A second bank of some registers, which the stub shows in their place.
    pub(super) bank: Option<Bank>,
    /// A register whose modes only an instruction takes up.
    pub(super) loaded: Option<Loaded>,
    /// Registers cannot be written all at once: the stub of LoongArch counts
    /// them wrongly.
    pub(super) one_by_one: bool,
}

/// A bit of a register selects which bank the stub shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bank {
    /// The beginning of the names of those that are shown.
    pub(super) shown: &'static str,
    /// That of the names of the others.
    pub(super) other: &'static str,
    pub(super) selector: &'static str,
    pub(super) bit: u64,
}

/// An instruction that loads a register from another one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loaded {
    pub(super) register: &'static str,
    pub(super) from: &'static str,
    pub(super) code: u32,
    /// The instruction's length in bytes.
    pub(super) length: usize,
    /// The other register holds the address of the value.
    pub(super) by_address: bool,
}

/// FPSCR.FR exchanges the banks (SH-4 Software Manual, 2.2.3).
const SUPERH_BANK: Bank = Bank { shown: "fr", other: "xf", selector: "fpscr", bit: 1 << 21 };

/// `lds r0,fpscr`.
const SUPERH_STATUS: Loaded =
    Loaded { register: "fpscr", from: "r0", code: 0x406a, length: 2, by_address: false };

/// `movgr2fcsr fcsr0,a0`.
const LOONGARCH_STATUS: Loaded =
    Loaded { register: "fcsr", from: "r4", code: 0x0114_c080, length: 4, by_address: false };

/// `ld [%g1],%fsr`, and `ldx` of 64 bits.
const SPARC_STATUS: Loaded =
    Loaded { register: "fsr", from: "g1", code: 0xc108_4000, length: 4, by_address: true };
const SPARC64_STATUS: Loaded = Loaded { code: 0xc308_4000, ..SPARC_STATUS };

/// Numbered registers of a width, one after the other: the first name with
/// the number from which on it is counted up, and how many.
#[derive(Debug, Clone, Copy)]
pub(super) enum Row {
    /// One register.
    One(&'static str, u32),
    /// `count` registers: a prefix, the first number, the step, how many.
    Many { prefix: &'static str, first: u32, step: u32, count: u32, bits: u32 },
    /// What is of no interest.
    Gap { count: u32, bits: u32 },
}

const fn many(prefix: &'static str, first: u32, count: u32, bits: u32) -> Row {
    Row::Many { prefix, first, step: 1, count, bits }
}

/// `mips_cpu_gdb_read_register` of QEMU 7.2.
const fn mips(bits: u32) -> [Row; 10] {
    [
        many("r", 0, 32, bits),
        Row::Gap { count: 1, bits },
        Row::One("lo", bits),
        Row::One("hi", bits),
        Row::Gap { count: 2, bits },
        Row::One("pc", bits),
        // The floating-point registers of the 32-bit programs are in pairs, which
        // is another processor.
        if bits == 64 { many("f", 0, 32, bits) } else { Row::Gap { count: 32, bits } },
        if bits == 64 { Row::One("fcsr", bits) } else { Row::Gap { count: 1, bits } },
        Row::Gap { count: 1, bits },
        Row::Gap { count: 1, bits },
    ]
}

const MIPS32: &[Row] = &mips(32);
const MIPS64: &[Row] = &mips(64);

/// `sparc_cpu_gdb_read_register` of QEMU 7.2.
const SPARC32: &[Row] = &[
    many("g", 0, 8, 32),
    many("o", 0, 8, 32),
    many("l", 0, 8, 32),
    many("i", 0, 8, 32),
    many("f", 0, 32, 32),
    Row::One("y", 32),
    Row::One("psr", 32),
    Row::One("wim", 32),
    Row::Gap { count: 1, bits: 32 },
    Row::One("pc", 32),
    Row::One("npc", 32),
    Row::One("fsr", 32),
    Row::Gap { count: 1, bits: 32 },
];

const SPARC64: &[Row] = &[
    many("g", 0, 8, 64),
    many("o", 0, 8, 64),
    many("l", 0, 8, 64),
    many("i", 0, 8, 64),
    many("f", 0, 32, 32),
    Row::Many { prefix: "d", first: 32, step: 2, count: 16, bits: 64 },
    Row::One("pc", 64),
    Row::One("npc", 64),
    // CCR, ASI, PSTATE and CWP, as in TSTATE (V9, 5.2.9).
    Row::One("state", 64),
    Row::One("fsr", 64),
    Row::One("fprs", 64),
    Row::One("y", 64),
];

/// `superh_cpu_gdb_read_register` of QEMU 7.2.
const SUPERH: &[Row] = &[
    // The stub takes what it sends of both banks after these.
    Row::Gap { count: 8, bits: 32 },
    many("r", 8, 8, 32),
    Row::One("pc", 32),
    Row::One("pr", 32),
    Row::One("gbr", 32),
    Row::One("vbr", 32),
    Row::One("mach", 32),
    Row::One("macl", 32),
    Row::One("sr", 32),
    Row::One("fpul", 32),
    Row::One("fpscr", 32),
    many("fr", 0, 16, 32),
    Row::Gap { count: 2, bits: 32 },
    // The bank of programs, then the other one.
    many("r", 0, 8, 32),
    Row::Gap { count: 8, bits: 32 },
];

/// The core de233_fpu of QEMU 7.2: those of its table that programs may use.
/// With `windowbase` zero the window is the first of the registers.
const XTENSA: &[Row] = &[
    Row::One("pc", 32),
    many("a", 0, 16, 32),
    Row::Gap { count: 16, bits: 32 },
    Row::One("lbeg", 32),
    Row::One("lend", 32),
    Row::One("lcount", 32),
    Row::One("sar", 32),
    Row::One("windowbase", 32),
    Row::One("windowstart", 32),
    Row::Gap { count: 2, bits: 32 },
    Row::One("ps", 32),
    Row::One("threadptr", 32),
    Row::One("br", 32),
    Row::One("scompare1", 32),
    Row::One("acclo", 32),
    Row::One("acchi", 32),
    many("m", 0, 4, 32),
    Row::One("expstate", 32),
    // A register of floating point holds a double.
    many("fd", 0, 16, 64),
    Row::One("fcr", 32),
    Row::One("fsr", 32),
];

/// The core test_kc705_be of QEMU 7.2, likewise.
const XTENSA_BE: &[Row] = &[
    Row::One("pc", 32),
    many("a", 0, 16, 32),
    Row::Gap { count: 16, bits: 32 },
    Row::One("lbeg", 32),
    Row::One("lend", 32),
    Row::One("lcount", 32),
    Row::One("sar", 32),
    Row::One("prefctl", 32),
    Row::One("windowbase", 32),
    Row::One("windowstart", 32),
    Row::Gap { count: 2, bits: 32 },
    Row::One("ps", 32),
    Row::One("threadptr", 32),
    Row::One("br", 32),
    Row::One("scompare1", 32),
    Row::One("acclo", 32),
    Row::One("acchi", 32),
    many("m", 0, 4, 32),
    Row::One("expstate", 32),
];

/// The singles of those registers.
const XTENSA_SINGLES: &[(&str, &str, u32, u32)] = &[
    ("fd0", "f0", 0, 32),
    ("fd1", "f1", 0, 32),
    ("fd2", "f2", 0, 32),
    ("fd3", "f3", 0, 32),
    ("fd4", "f4", 0, 32),
    ("fd5", "f5", 0, 32),
    ("fd6", "f6", 0, 32),
    ("fd7", "f7", 0, 32),
    ("fd8", "f8", 0, 32),
    ("fd9", "f9", 0, 32),
    ("fd10", "f10", 0, 32),
    ("fd11", "f11", 0, 32),
    ("fd12", "f12", 0, 32),
    ("fd13", "f13", 0, 32),
    ("fd14", "f14", 0, 32),
    ("fd15", "f15", 0, 32),
];

/// `loongarch_cpu_gdb_read_register` and `loongarch_gdb_get_fpu` of QEMU 7.2,
/// whose user programs lack the descriptions that they name.
const LOONGARCH64: &[Row] = &[
    many("r", 0, 32, 64),
    Row::Gap { count: 1, bits: 64 },
    Row::One("pc", 64),
    Row::Gap { count: 1, bits: 64 },
    many("f", 0, 32, 64),
    // The condition flags, a byte each.
    Row::Gap { count: 1, bits: 64 },
    Row::One("fcsr", 32),
];

const BASE: Program = Program {
    platform: "",
    program: "",
    cpu: "",
    machine: 0,
    flags: 0,
    page: 0x1000,
    registers: None,
    names: &[],
    without: &["system-registers.xml"],
    swapped: None,
    taken_swapped: None,
    cleared: None,
    keeps_forbidden: false,
    has_windows: false,
    uncompared: None,
    parts: &[],
    bank: None,
    loaded: None,
    one_by_one: false,
};

/// The stub's CPSR has the flags where NZCV has them.
const A64_FLAGS: &[(&str, &str)] = &[("cpsr", "nzcv")];

/// FR of PowerPC, which tells that a result was rounded up: QEMU has it not.
const FR: Option<(&str, u64)> = Some(("fpscr", 1 << 18));

const fn program(platform: &'static str, program: &'static str, cpu: &'static str, machine: u16) -> Program {
    Program { platform, program, cpu, machine, ..BASE }
}

/// The M14Kc has no floating point.
const fn micromips(platform: &'static str, name: &'static str) -> Program {
    Program { flags: 0x7200_1000, ..program(platform, name, "M14Kc", 8) }
}

const fn superh(platform: &'static str, name: &'static str) -> Program {
    Program {
        registers: Some(SUPERH),
        bank: Some(SUPERH_BANK),
        loaded: Some(SUPERH_STATUS),
        ..program(platform, name, "", 42)
    }
}

/// Machines of ELF (System V ABI, generic, `e_machine`) with the flags that
/// select the calling convention and the processor's family.
const PROGRAMS: &[Program] = &[
    Program { flags: 0x0500_0000, swapped: Some("q"), ..program("armv7a", "qemu-arm", "max", 40) },
    Program { flags: 0x0580_0000, ..program("armv7aeb", "qemu-armeb", "max", 40) },
    Program { flags: 0x0500_0000, ..program("armv5t", "qemu-arm", "arm926", 40) },
    Program { names: A64_FLAGS, ..program("aarch64", "qemu-aarch64", "max,sve=off,sme=off", 183) },
    Program { names: A64_FLAGS, ..program("aarch64_be", "qemu-aarch64_be", "max,sve=off,sme=off", 183) },
    Program { flags: 0x7000_1000, registers: Some(MIPS32), ..program("mips", "qemu-mips", "74Kf", 8) },
    Program { flags: 0x7000_1000, registers: Some(MIPS32), ..program("mipsel", "qemu-mipsel", "74Kf", 8) },
    Program {
        flags: 0x8000_0000,
        registers: Some(MIPS64),
        ..program("mips64", "qemu-mips64", "mips64dspr2", 8)
    },
    Program {
        flags: 0x8000_0000,
        registers: Some(MIPS64),
        ..program("mips64el", "qemu-mips64el", "mips64dspr2", 8)
    },
    Program { registers: Some(MIPS32), ..micromips("micromips", "qemu-mips") },
    Program { registers: Some(MIPS32), ..micromips("micromipsel", "qemu-mipsel") },
    Program {
        flags: 0x9000_1400,
        keeps_forbidden: true,
        registers: Some(MIPS32),
        ..program("mipsr6", "qemu-mips", "mips32r6-generic", 8)
    },
    Program {
        flags: 0x9000_1400,
        keeps_forbidden: true,
        registers: Some(MIPS32),
        ..program("mipsr6el", "qemu-mipsel", "mips32r6-generic", 8)
    },
    Program {
        flags: 0xa000_0400,
        keeps_forbidden: true,
        registers: Some(MIPS64),
        ..program("mips64r6", "qemu-mips64", "I6400", 8)
    },
    Program {
        flags: 0xa000_0400,
        keeps_forbidden: true,
        registers: Some(MIPS64),
        ..program("mips64r6el", "qemu-mips64el", "I6400", 8)
    },
    Program { cleared: Some("vr"), uncompared: FR, ..program("ppc", "qemu-ppc", "7447a", 20) },
    Program { cleared: Some("vs"), uncompared: FR, flags: 1, ..program("ppc64", "qemu-ppc64", "power9", 21) },
    Program {
        taken_swapped: Some("vr"),
        cleared: Some("vs"),
        uncompared: FR,
        flags: 2,
        ..program("ppc64le", "qemu-ppc64le", "power9", 21)
    },
    program("riscv32", "qemu-riscv32", "rv32", 243),
    program("riscv64", "qemu-riscv64", "rv64", 243),
    Program {
        names: &[("ps", "sr"), ("fpcontrol", "fpcr"), ("fpstatus", "fpsr")],
        ..program("m68k", "qemu-m68k", "m68040", 4)
    },
    Program {
        registers: Some(SPARC32),
        has_windows: true,
        loaded: Some(SPARC_STATUS),
        ..program("sparc", "qemu-sparc", "", 2)
    },
    Program {
        registers: Some(SPARC64),
        has_windows: true,
        loaded: Some(SPARC64_STATUS),
        parts: &[("state", "ccr", 32, 8), ("state", "asi", 24, 8)],
        page: 0x2000,
        ..program("sparc64", "qemu-sparc64", "", 43)
    },
    Program {
        registers: Some(LOONGARCH64),
        loaded: Some(LOONGARCH_STATUS),
        one_by_one: true,
        flags: 0x43,
        page: 0x4000,
        ..program("loongarch64", "qemu-loongarch64", "", 258)
    },
    superh("sh4", "qemu-sh4"),
    superh("sh4eb", "qemu-sh4eb"),
    Program {
        registers: Some(XTENSA),
        has_windows: true,
        parts: XTENSA_SINGLES,
        // The flags are in the registers of the stub only after RUR.
        uncompared: Some(("fsr", 0xf80)),
        ..program("xtensa", "qemu-xtensa", "de233_fpu", 94)
    },
    Program {
        registers: Some(XTENSA_BE),
        has_windows: true,
        ..program("xtensaeb", "qemu-xtensaeb", "test_kc705_be", 94)
    },
];

/// The program of a platform.
pub(super) fn program_of(platform: Platform) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.platform == platform.name())
}
