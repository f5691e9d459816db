//! Where the registers of what a signal handler interrupts are in the frame
//! that Linux makes for it: `asm/sigcontext.h`, `asm/ucontext.h` and
//! `arch/*/kernel/signal*.c` of Linux 6.1.

use crate::{Architecture, Platform, RegisterName};

/// Registers that stand one behind the other in a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavedRegisters {
    /// Their names.
    pub names: &'static [RegisterName],
    /// Where the first one is, from `uc_mcontext` on.
    pub first: u64,
    /// From one to the next.
    pub step: u64,
    /// The bytes of each.
    pub bytes: usize,
}

/// The context in the frame of a handler with three arguments
/// (`SA_SIGINFO`, `rt_sigreturn`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignalFrame {
    /// Where `uc_mcontext` is, from what the stack pointer is when the handler
    /// has returned.
    pub context: u64,
    /// The general registers, and those that tell where it was.
    pub registers: &'static [SavedRegisters],
}

const fn saved(names: &'static [RegisterName], first: u64, step: u64, bytes: usize) -> SavedRegisters {
    SavedRegisters { names, first, step, bytes }
}

const ARM: &[RegisterName] = &[
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc", "cpsr",
];
const X64: &[RegisterName] = &[
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rdi", "rsi", "rbp", "rbx", "rdx", "rax", "rcx",
    "rsp", "rip", "rflags",
];
const X86: &[RegisterName] = &["edi", "esi", "ebp", "esp", "ebx", "edx", "ecx", "eax"];
const R: &[RegisterName] = &[
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30",
    "r31",
];
const R16: &[RegisterName] =
    &["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];
const X: &[RegisterName] = &[
    "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
    "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
    "sp", "pc", "nzcv",
];
const RISCV: &[RegisterName] = &[
    "pc", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
    "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
    "x31",
];
const M68K: &[RegisterName] =
    &["d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "pc"];

const fn frame(context: u64, registers: &'static [SavedRegisters]) -> SignalFrame {
    SignalFrame { context, registers }
}

/// `ucontext` itself: the return address has been taken off.
const X86_64: SignalFrame = frame(40, &[saved(X64, 0, 8, 8)]);
/// Behind three words and `siginfo`.
const I386: SignalFrame =
    frame(12 + 128 + 20, &[saved(X86, 16, 4, 4), saved(&["eip"], 56, 4, 4), saved(&["eflags"], 64, 4, 4)]);
const AARCH64: SignalFrame = frame(128 + 176, &[saved(X, 8, 8, 8)]);
const ARM32: SignalFrame = frame(128 + 20, &[saved(ARM, 12, 4, 4)]);
const RISCV64: SignalFrame = frame(128 + 176, &[saved(RISCV, 0, 8, 8)]);
const RISCV32: SignalFrame = frame(128 + 160, &[saved(RISCV, 0, 4, 4)]);
/// Registers of 32 bits have 64 there.
const MIPS32: SignalFrame = frame(
    152 + 24,
    &[saved(&["pc"], 8, 8, 8), saved(R, 16, 8, 8), saved(&["hi"], 552, 8, 8), saved(&["lo"], 560, 8, 8)],
);
const MIPS32R6: SignalFrame = frame(152 + 24, &[saved(&["pc"], 8, 8, 8), saved(R, 16, 8, 8)]);
const MIPS64: SignalFrame = frame(
    152 + 40,
    &[saved(R, 0, 8, 8), saved(&["hi"], 512, 8, 8), saved(&["lo"], 544, 8, 8), saved(&["pc"], 576, 8, 8)],
);
const MIPS64R6: SignalFrame = frame(152 + 40, &[saved(R, 0, 8, 8), saved(&["pc"], 576, 8, 8)]);
const POWERPC32: SignalFrame = frame(
    64 + 16 + 128 + 192,
    &[
        saved(R, 0, 4, 4),
        saved(&["pc"], 128, 4, 4),
        saved(&["ctr"], 140, 4, 4),
        saved(&["lr"], 144, 4, 4),
        saved(&["xer"], 148, 4, 4),
        saved(&["cr"], 152, 4, 4),
    ],
);
const POWERPC64: SignalFrame = frame(
    128 + 168,
    &[
        saved(R, 64, 8, 8),
        saved(&["pc"], 320, 8, 8),
        saved(&["ctr"], 344, 8, 8),
        saved(&["lr"], 352, 8, 8),
        saved(&["xer"], 360, 8, 8),
        saved(&["cr"], 368, 8, 8),
    ],
);
const M68000: SignalFrame = frame(20 + 128 + 20, &[saved(M68K, 4, 4, 4), saved(&["sr"], 72, 4, 4)]);
const LOONGARCH64: SignalFrame = frame(128 + 176, &[saved(&["pc"], 0, 8, 8), saved(R, 8, 8, 8)]);
const S390X: SignalFrame = frame(296 + 40, &[saved(&["pswm", "pc"], 0, 8, 8), saved(R16, 16, 8, 8)]);
const SUPERH4: SignalFrame =
    frame(128 + 20, &[saved(R16, 4, 4, 4), saved(&["pc", "pr", "sr", "gbr", "mach", "macl"], 68, 4, 4)]);

/// The context of a platform with a Linux that can be run here.
///
/// ```
/// use terrella_platforms::{Platform, signal_frame};
///
/// let frame = signal_frame(Platform::AARCH64).unwrap();
/// assert_eq!(frame.context, 128 + 176); // behind `siginfo`, in `ucontext`
/// assert!(signal_frame(Platform::AVR).is_none());
/// ```
#[must_use]
pub const fn signal_frame(platform: Platform) -> Option<SignalFrame> {
    Some(match platform.architecture() {
        Architecture::X86_64 => X86_64,
        Architecture::I386 => I386,
        Architecture::AArch64 => AARCH64,
        Architecture::ArmV7A | Architecture::ArmV5T => ARM32,
        Architecture::RiscV64 => RISCV64,
        Architecture::RiscV32 => RISCV32,
        Architecture::Mips32 => MIPS32,
        Architecture::Mips32R6 => MIPS32R6,
        Architecture::Mips64 => MIPS64,
        Architecture::Mips64R6 => MIPS64R6,
        Architecture::PowerPc32 => POWERPC32,
        Architecture::PowerPc64 => POWERPC64,
        Architecture::M68k => M68000,
        Architecture::LoongArch64 => LOONGARCH64,
        Architecture::S390x => S390X,
        Architecture::SuperH4 => SUPERH4,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registers_are_known_and_do_not_overlap() {
        for platform in Platform::ALL {
            let Some(frame) = signal_frame(*platform) else { continue };
            let definition = platform.definition();
            let mut end = 0;
            for saved in frame.registers {
                assert!(saved.first >= end, "{platform}: {:?}", saved.names);
                end = saved.first + saved.step * saved.names.len() as u64;
                assert!(saved.bytes as u64 <= saved.step, "{platform}");
                for name in saved.names {
                    assert!(definition.register(name).is_some(), "{platform}: {name}");
                }
            }
            let counter = definition.register(definition.program_counter);
            let has_counter = frame
                .registers
                .iter()
                .any(|saved| saved.names.iter().any(|name| definition.register(name) == counter));
            assert!(has_counter, "{platform}");
        }
    }
}
