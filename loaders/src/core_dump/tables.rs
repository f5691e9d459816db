//! The layouts of Linux' core dumps, by platform: `elf_gregset_t` and
//! `elf_prstatus` of `arch/*/include/{asm,uapi/asm}/{elf,ptrace,user}.h`,
//! note types of `include/uapi/linux/elf.h`, and where Linux leaves it to the
//! processor (XSAVE, FXSAVE, FSAVE) its manual.

use terrella_platforms::{Architecture, ByteOrder, Platform};

use super::layout::{
    CORE,
    Content::{AbridgedTags, BehindCounter, From, LittleFrom, Masked},
    Info, LINUX, Layout, NT_FPREGSET, Names,
    Names::{Numbered, These},
    Run, Set, Status, run, spread, with,
};

const fn set(owner: &'static str, kind: u32, size: usize, runs: &'static [Run]) -> Set {
    Set { owner, kind, size, runs }
}

/// The record of a thread, by the size of a word, with so many bytes of
/// registers.
const fn status(word: usize, registers: usize) -> Status {
    let (identifier, start) = if word == 8 { (32, 112) } else { (24, 72) };
    let size = start + registers + 4;
    Status { identifier, registers: start, size: if word == 8 { (size + 7) & !7 } else { size } }
}

const INFO_64: Info = Info { identifier: 24, name: 40, size: 136 };
/// With user numbers of 32 bits.
const INFO_32: Info = Info { identifier: 16, name: 32, size: 128 };
/// With user numbers of 16 bits.
const INFO_SHORT: Info = Info { identifier: 12, name: 28, size: 124 };

// ---- x86

const X64_GENERAL: &[Run] = &[run(
    These(&[
        "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi",
        "rdi", "", "rip", "cs", "rflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs",
    ]),
    0,
    8,
)];

/// The area of FXSAVE (Intel SDM, volume 1, table 10-2).
const X64_FXSAVE: &[Run] = &[
    run(These(&["fpcw", "fpsw"]), 0, 2),
    run(These(&["fop"]), 6, 2),
    run(These(&["fip", "fdp"]), 8, 8),
    run(These(&["mxcsr"]), 24, 4),
    spread(Numbered("st", 0, 8), 32, 16, 10),
    with(run(Numbered("zmm", 0, 16), 160, 16), From(0)),
    with(run(These(&["fptw"]), 4, 1), AbridgedTags),
];

/// The area of XSAVE: that of FXSAVE, a header, and the upper halves of `ymm`
/// (Intel SDM, volume 1, section 13.4).
const X64_XSAVE: &[Run] = &[
    X64_FXSAVE[0],
    X64_FXSAVE[1],
    X64_FXSAVE[2],
    X64_FXSAVE[3],
    X64_FXSAVE[4],
    X64_FXSAVE[5],
    with(run(Numbered("zmm", 0, 16), 576, 16), From(128)),
    X64_FXSAVE[6],
];

const I386_GENERAL: &[Run] = &[run(
    These(&[
        "ebx", "ecx", "edx", "esi", "edi", "ebp", "eax", "ds", "es", "fs", "gs", "", "eip", "cs", "eflags",
        "esp", "ss",
    ]),
    0,
    4,
)];

/// The area of FSAVE (Intel SDM, volume 1, figure 8-9).
const I386_FSAVE: &[Run] = &[
    spread(These(&["fpcw", "fpsw", "fptw"]), 0, 4, 2),
    run(These(&["fip"]), 12, 4),
    run(These(&["fcs", "fop"]), 16, 2),
    run(These(&["fdp"]), 20, 4),
    run(These(&["fds"]), 24, 2),
    run(Numbered("st", 0, 8), 28, 10),
];

const I386_FXSAVE: &[Run] = &[
    run(These(&["fpcw", "fpsw"]), 0, 2),
    run(These(&["fop"]), 6, 2),
    spread(These(&["fip", "fdp"]), 8, 8, 4),
    spread(These(&["fcs", "fds"]), 12, 8, 2),
    run(These(&["mxcsr"]), 24, 4),
    spread(Numbered("st", 0, 8), 32, 16, 10),
    with(run(Numbered("zmm", 0, 8), 160, 16), From(0)),
    with(run(These(&["fptw"]), 4, 1), AbridgedTags),
];

const I386_XSAVE: &[Run] = &[
    I386_FXSAVE[0],
    I386_FXSAVE[1],
    I386_FXSAVE[2],
    I386_FXSAVE[3],
    I386_FXSAVE[4],
    I386_FXSAVE[5],
    I386_FXSAVE[6],
    with(run(Numbered("zmm", 0, 8), 576, 16), From(128)),
    I386_FXSAVE[7],
];

/// The size of the area of XSAVE with AVX.
pub(super) const XSAVE_SIZE: usize = 832;
pub(super) const NT_X86_XSTATE: u32 = 0x202;
/// What the kernel writes into the area of XSAVE: the enabled features, and
/// in the header those in use.
pub(super) const XSAVE_FEATURES: [usize; 2] = [464, 512];
const NT_PRXFPREG: u32 = 0x46e6_2b7f;

static X86_64: Layout = Layout {
    flags: 0,
    status: status(8, 216),
    info: INFO_64,
    general: X64_GENERAL,
    sets: &[set(CORE, NT_FPREGSET, 512, X64_FXSAVE), set(LINUX, NT_X86_XSTATE, XSAVE_SIZE, X64_XSAVE)],
};

static I386: Layout = Layout {
    flags: 0,
    status: status(4, 68),
    info: INFO_SHORT,
    general: I386_GENERAL,
    sets: &[
        set(CORE, NT_FPREGSET, 108, I386_FSAVE),
        set(LINUX, NT_PRXFPREG, 512, I386_FXSAVE),
        set(LINUX, NT_X86_XSTATE, XSAVE_SIZE, I386_XSAVE),
    ],
};

// ---- Arm

static AARCH64: Layout = Layout {
    flags: 0,
    status: status(8, 272),
    info: INFO_64,
    general: &[
        run(Numbered("x", 0, 31), 0, 8),
        run(These(&["sp", "pc"]), 248, 8),
        // The rest of PSTATE is not the process's to choose.
        with(run(These(&["nzcv"]), 264, 8), Masked(0xf000_0000)),
    ],
    sets: &[
        set(
            CORE,
            NT_FPREGSET,
            528,
            &[run(Numbered("v", 0, 32), 0, 16), run(These(&["fpsr", "fpcr"]), 512, 4)],
        ),
        set(LINUX, NT_ARM_TLS, 8, &[run(These(&["tpidr_el0"]), 0, 8)]),
    ],
};

const NT_ARM_TLS: u32 = 0x401;
/// The registers of SVE, in which those of Advanced SIMD are.
pub(super) const NT_ARM_SVE: u32 = 0x405;

/// The `z` registers in the note of SVE, for a vector length in bytes
/// (Linux, `arch/arm64/include/uapi/asm/ptrace.h`): least significant byte
/// first on all processors.
pub(super) fn sve_runs(vector: usize) -> [Run; 2] {
    let predicates = 16 + 32 * vector;
    let end = (predicates + 17 * (vector / 8)).next_multiple_of(16);
    [with(spread(Numbered("v", 0, 32), 16, vector, 16), LittleFrom(0)), run(These(&["fpsr", "fpcr"]), end, 4)]
}

static ARM: Layout = Layout {
    // EABI, version 5, hard float.
    flags: 0x0500_0400,
    status: status(4, 72),
    info: INFO_SHORT,
    general: &[run(Numbered("r", 0, 13), 0, 4), run(These(&["sp", "lr", "pc", "cpsr"]), 52, 4)],
    sets: &[
        set(LINUX, 0x400, 260, &[run(Numbered("d", 0, 32), 0, 8), run(These(&["fpscr"]), 256, 4)]),
        set(LINUX, NT_ARM_TLS, 4, &[run(These(&["tpidruro"]), 0, 4)]),
    ],
};

// ---- MIPS

const MIPS_SETS: &[Set] =
    &[set(CORE, NT_FPREGSET, 264, &[run(Numbered("f", 0, 32), 0, 8), run(These(&["fcsr", "fir"]), 256, 4)])];

const MIPS_32_GENERAL: &[Run] = &[run(Numbered("r", 0, 32), 24, 4), run(These(&["lo", "hi", "pc"]), 152, 4)];
const MIPS_64_GENERAL: &[Run] = &[run(Numbered("r", 0, 32), 0, 8), run(These(&["lo", "hi", "pc"]), 256, 8)];

const fn mips(wide: bool, flags: u32) -> Layout {
    if wide {
        Layout { flags, status: status(8, 360), info: INFO_64, general: MIPS_64_GENERAL, sets: MIPS_SETS }
    } else {
        Layout { flags, status: status(4, 180), info: INFO_32, general: MIPS_32_GENERAL, sets: MIPS_SETS }
    }
}

/// o32, 32R2, and CPIC.
static MIPS32: Layout = mips(false, 0x7000_1004);
static MICROMIPS: Layout = mips(false, 0x7200_1004);
static MIPS32_R6: Layout = mips(false, 0x9000_1404);
/// n64, 64R2, and CPIC.
static MIPS64: Layout = mips(true, 0x8000_0006);
static MIPS64_R6: Layout = mips(true, 0xa000_0406);

// ---- PowerPC

const PPC_FLOAT: Set =
    set(CORE, NT_FPREGSET, 264, &[run(Numbered("f", 0, 32), 0, 8), run(These(&["fpscr"]), 256, 8)]);
const PPC_VMX: Set = set(
    LINUX,
    0x100,
    544,
    &[run(Numbered("v", 0, 32), 0, 16), run(These(&["vscr"]), 512, 16), run(These(&["vrsave"]), 528, 4)],
);

static PPC32: Layout = Layout {
    flags: 0,
    status: status(4, 192),
    info: INFO_32,
    general: &[
        run(Numbered("r", 0, 32), 0, 4),
        run(These(&["pc", "msr", "", "ctr", "lr", "xer", "cr"]), 128, 4),
    ],
    sets: &[PPC_FLOAT, PPC_VMX],
};

const PPC64_GENERAL: &[Run] =
    &[run(Numbered("r", 0, 32), 0, 8), run(These(&["pc", "msr", "", "ctr", "lr", "xer", "cr"]), 256, 8)];

/// The halves of the first 32 that are not `f0` to `f31`.
const PPC64_VSX: &[Run] = &[with(run(Numbered("vs", 0, 32), 0, 8), From(0))];

const PPC64_SETS: &[Set] = &[PPC_FLOAT, PPC_VMX, set(LINUX, 0x102, 256, PPC64_VSX)];

const fn ppc64(flags: u32) -> Layout {
    Layout { flags, status: status(8, 384), info: INFO_64, general: PPC64_GENERAL, sets: PPC64_SETS }
}

/// ELFv1 and ELFv2.
static PPC64: Layout = ppc64(1);
static PPC64LE: Layout = ppc64(2);

// ---- RISC-V, LoongArch

const RISCV_SETS: &[Set] =
    &[set(CORE, NT_FPREGSET, 264, &[run(Numbered("f", 0, 32), 0, 8), run(These(&["fcsr"]), 256, 4)])];

static RISCV64: Layout = Layout {
    // Compressed code, double-precision calls.
    flags: 5,
    status: status(8, 256),
    info: INFO_64,
    general: &[run(These(&["pc"]), 0, 8), run(Numbered("x", 1, 32), 8, 8)],
    sets: RISCV_SETS,
};

static RISCV32: Layout = Layout {
    flags: 5,
    status: status(4, 128),
    info: INFO_32,
    general: &[run(These(&["pc"]), 0, 4), run(Numbered("x", 1, 32), 4, 4)],
    sets: RISCV_SETS,
};

static LOONGARCH64: Layout = Layout {
    // Version 1 of object files, double-precision calls.
    flags: 0x43,
    status: status(8, 360),
    info: INFO_64,
    general: &[run(Numbered("r", 0, 32), 0, 8), run(These(&["pc"]), 264, 8)],
    sets: &[
        set(
            CORE,
            NT_FPREGSET,
            272,
            &[
                run(Numbered("f", 0, 32), 0, 8),
                run(Numbered("fcc", 0, 8), 256, 1),
                run(These(&["fcsr"]), 264, 4),
            ],
        ),
        set(LINUX, 0xa02, 512, &[with(run(Numbered("xr", 0, 32), 0, 16), From(0))]),
        set(
            LINUX,
            0xa03,
            1024,
            &[
                with(spread(Numbered("xr", 0, 32), 0, 32, 16), From(0)),
                with(spread(Numbered("xr", 0, 32), 16, 32, 16), From(128)),
            ],
        ),
    ],
};

// ---- others

static M68K: Layout = Layout {
    flags: 0,
    // Aligned to 2 bytes.
    status: Status { identifier: 22, registers: 70, size: 154 },
    info: INFO_SHORT,
    general: &[
        run(Numbered("d", 1, 8), 0, 4),
        run(Numbered("a", 0, 7), 28, 4),
        run(These(&["d0", "a7", "", "sr", "pc"]), 56, 4),
    ],
    sets: &[set(
        CORE,
        NT_FPREGSET,
        108,
        &[
            // Sign and exponent, 16 bits of nothing, and the mantissa.
            with(spread(Numbered("fp", 0, 8), 0, 12, 2), From(64)),
            with(spread(Numbered("fp", 0, 8), 4, 12, 8), From(0)),
            run(These(&["fpcr", "fpsr", "fpiar"]), 96, 4),
        ],
    )],
};

static S390X: Layout = Layout {
    flags: 0,
    status: status(8, 216),
    info: INFO_64,
    general: &[
        run(These(&["pswm", "pc"]), 0, 8),
        run(Numbered("r", 0, 16), 16, 8),
        run(Numbered("acr", 0, 16), 144, 4),
    ],
    sets: &[
        set(CORE, NT_FPREGSET, 136, &[run(These(&["fpc"]), 0, 4), run(Numbered("f", 0, 16), 8, 8)]),
        set(LINUX, 0x309, 128, &[with(run(Numbered("v", 0, 16), 0, 8), From(0))]),
        set(LINUX, 0x30a, 256, &[run(Numbered("v", 16, 32), 0, 16)]),
    ],
};

const SPARC_WINDOW: [Names; 4] =
    [Numbered("g", 0, 8), Numbered("o", 0, 8), Numbered("l", 0, 8), Numbered("i", 0, 8)];

static SPARC32: Layout = Layout {
    flags: 0,
    status: status(4, 152),
    info: INFO_SHORT,
    general: &[
        run(SPARC_WINDOW[0], 0, 4),
        run(SPARC_WINDOW[1], 32, 4),
        run(SPARC_WINDOW[2], 64, 4),
        run(SPARC_WINDOW[3], 96, 4),
        run(These(&["psr", "pc"]), 128, 4),
        with(run(These(&["npc"]), 136, 4), BehindCounter),
        run(These(&["y"]), 140, 4),
    ],
    // Behind the status there is the queue of the coprocessor: 99 words in all
    // (arch/sparc/kernel/ptrace_32.c).
    sets: &[set(CORE, NT_FPREGSET, 396, &[run(Numbered("f", 0, 32), 0, 4), run(These(&["fsr"]), 132, 4)])],
};

static SPARC64: Layout = Layout {
    flags: 0,
    status: status(8, 288),
    info: INFO_64,
    general: &[
        run(SPARC_WINDOW[0], 0, 8),
        run(SPARC_WINDOW[1], 64, 8),
        run(SPARC_WINDOW[2], 128, 8),
        run(SPARC_WINDOW[3], 192, 8),
        // TSTATE: the condition codes from bit 32, and the address space
        // identifier from bit 24 on.
        run(These(&["ccr", "asi"]), 259, 1),
        run(These(&["pc"]), 264, 8),
        with(run(These(&["npc"]), 272, 8), BehindCounter),
        run(These(&["y"]), 280, 8),
    ],
    sets: &[set(
        CORE,
        NT_FPREGSET,
        280,
        &[
            run(Numbered("f", 0, 32), 0, 4),
            run(
                These(&[
                    "d32", "d34", "d36", "d38", "d40", "d42", "d44", "d46", "d48", "d50", "d52", "d54",
                    "d56", "d58", "d60", "d62",
                ]),
                128,
                8,
            ),
            run(These(&["fsr", "gsr", "fprs"]), 256, 8),
        ],
    )],
};

static SUPERH: Layout = Layout {
    // SH4.
    flags: 9,
    status: status(4, 92),
    info: INFO_SHORT,
    general: &[
        run(Numbered("r", 0, 16), 0, 4),
        run(These(&["pc", "pr", "sr", "gbr", "mach", "macl"]), 64, 4),
    ],
    sets: &[set(
        CORE,
        NT_FPREGSET,
        136,
        &[
            run(Numbered("fr", 0, 16), 0, 4),
            with(spread(EVEN_XD, 64, 8, 4), From(32)),
            with(spread(EVEN_XD, 68, 8, 4), From(0)),
            run(These(&["fpscr", "fpul"]), 128, 4),
        ],
    )],
};

const EVEN_XD: Names = These(&["xd0", "xd2", "xd4", "xd6", "xd8", "xd10", "xd12", "xd14"]);

/// The layout of a platform that Linux runs on.
pub(super) fn layout(platform: Platform) -> Option<&'static Layout> {
    Some(match platform.architecture() {
        Architecture::X86_64 => &X86_64,
        Architecture::I386 => &I386,
        Architecture::AArch64 => &AARCH64,
        Architecture::ArmV5T | Architecture::ArmV7A => &ARM,
        Architecture::Mips32 => &MIPS32,
        Architecture::MicroMips32 => &MICROMIPS,
        Architecture::Mips32R6 => &MIPS32_R6,
        Architecture::Mips64 => &MIPS64,
        Architecture::Mips64R6 => &MIPS64_R6,
        Architecture::PowerPc32 => &PPC32,
        Architecture::PowerPc64 if platform.byte_order() == ByteOrder::Big => &PPC64,
        Architecture::PowerPc64 => &PPC64LE,
        Architecture::RiscV64 => &RISCV64,
        Architecture::RiscV32 => &RISCV32,
        Architecture::LoongArch64 => &LOONGARCH64,
        Architecture::M68k => &M68K,
        Architecture::S390x => &S390X,
        Architecture::Sparc32 => &SPARC32,
        Architecture::Sparc64 => &SPARC64,
        Architecture::SuperH4 => &SUPERH,
        _ => return None,
    })
}
