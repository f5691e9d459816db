//! The contexts of minidumps: `CONTEXT` of `winnt.h`, by processor.

use terrella_machine_state::Cpu;
use terrella_platforms::{ByteOrder, Platform};

use crate::core_dump::layout::{
    Content::{AbridgedTags, From, Masked},
    Names::{self, Numbered, These},
    Run, run, spread, with,
};

/// The platform of `PROCESSOR_ARCHITECTURE_*`.
pub(super) const fn platform(processor: u16) -> Option<Platform> {
    Some(match processor {
        0 => Platform::I386,
        5 => Platform::ARMV7A,
        9 => Platform::X86_64,
        12 => Platform::AARCH64,
        _ => return None,
    })
}

const X64_STACK: Names = Numbered("st", 0, 8);
const X64_VECTORS: Names = Numbered("zmm", 0, 16);

static X86_64: &[Run] = &[
    run(These(&["cs", "ds", "es", "fs", "gs", "ss"]), 0x38, 2),
    run(These(&["rflags"]), 0x44, 4),
    run(These(&["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"]), 0x78, 8),
    run(Numbered("r", 8, 16), 0xb8, 8),
    run(These(&["rip"]), 0xf8, 8),
    // The area of FXSAVE.
    run(These(&["fpcw", "fpsw"]), 0x100, 2),
    run(These(&["fop"]), 0x106, 2),
    run(These(&["fip", "fdp"]), 0x108, 8),
    // Breakpad leaves the copy at 0x34 out.
    run(These(&["mxcsr"]), 0x118, 4),
    spread(X64_STACK, 0x120, 16, 10),
    with(run(X64_VECTORS, 0x1a0, 16), From(0)),
    with(run(These(&["fptw"]), 0x104, 1), AbridgedTags),
];

static I386: &[Run] = &[
    spread(These(&["fpcw", "fpsw", "fptw", "fip", "fcs", "fdp", "fds"]), 0x1c, 4, 4),
    run(Numbered("st", 0, 8), 0x38, 10),
    run(
        These(&["gs", "fs", "es", "ds", "edi", "esi", "ebx", "edx", "ecx", "eax", "ebp", "eip", "cs"]),
        0x8c,
        4,
    ),
    run(These(&["eflags", "esp", "ss"]), 0xc0, 4),
    // The area of FXSAVE: what FSAVE does not have.
    run(These(&["mxcsr"]), 0xcc + 24, 4),
    with(run(Numbered("zmm", 0, 8), 0xcc + 160, 16), From(0)),
];

static AARCH64: &[Run] = &[
    with(run(These(&["nzcv"]), 4, 4), Masked(0xf000_0000)),
    run(Numbered("x", 0, 31), 8, 8),
    run(These(&["sp", "pc"]), 0x100, 8),
    run(Numbered("v", 0, 32), 0x110, 16),
    run(These(&["fpcr", "fpsr"]), 0x310, 4),
];

static ARM: &[Run] = &[
    run(Numbered("r", 0, 13), 4, 4),
    run(These(&["sp", "lr", "pc", "cpsr", "fpscr"]), 0x38, 4),
    run(Numbered("d", 0, 32), 0x50, 8),
];

/// Takes the registers of a context; one that is cut off gives those it has.
pub(super) fn read(context: &[u8], cpu: &mut Cpu) {
    let runs = match cpu.platform() {
        Platform::X86_64 => X86_64,
        Platform::I386 => I386,
        Platform::AARCH64 => AARCH64,
        Platform::ARMV7A => ARM,
        _ => return,
    };
    for run in runs {
        run.read(ByteOrder::Little, context, cpu);
    }
    crate::core_dump::layout::mark_thumb(cpu.platform(), cpu);
}
