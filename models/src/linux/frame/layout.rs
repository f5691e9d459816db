//! How the frames of signal handlers are laid out on each processor, and the
//! code that returns from a handler (`arch/*/kernel/signal*.c` of Linux 6.1).

use terrella_platforms::Platform;

use crate::linux::abi::Abi;

/// Registers in the context of a frame: names, where the first one is (from
/// `uc_mcontext` on), the distance from one to the next, and their size.
pub(super) struct Saved(
    pub(super) &'static [&'static str],
    pub(super) usize,
    pub(super) usize,
    pub(super) usize,
);

/// How a frame is laid out on a processor (`arch/*/kernel/signal*.c`).
pub(super) struct Layout {
    /// Where `siginfo` is, from the start of the frame.
    pub(super) info: usize,
    /// Where `ucontext` is.
    pub(super) context: usize,
    pub(super) size: usize,
    /// Where `uc_mcontext` is in it, if not where the tables say; and
    /// `uc_sigmask`.
    pub(super) places: Option<(usize, usize)>,
    /// The stack pointer of the handler, from the start of the frame on.
    pub(super) stack: isize,
    /// What `rt_sigreturn` finds in the stack pointer, from the start on.
    pub(super) at_return: isize,
    pub(super) alignment: u64,
    /// Below the stack pointer, left alone.
    pub(super) red_zone: u64,
    /// Where the handler has the number, the information and the context.
    pub(super) arguments: Arguments,
    /// Where the return address is.
    pub(super) link: Option<&'static str>,
    pub(super) saved: &'static [Saved],
}

pub(super) enum Arguments {
    Registers([&'static str; 3]),
    /// On the stack, after the return address (and in these registers too).
    Stack,
}

const ARM: &[&str] = &[
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc", "cpsr",
];
const X64: &[&str] = &[
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rdi", "rsi", "rbp", "rbx", "rdx", "rax", "rcx",
    "rsp", "rip", "rflags",
];
const X86: &[&str] = &["edi", "esi", "ebp", "esp", "ebx", "edx", "ecx", "eax"];
const R: &[&str] = &[
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30",
    "r31",
];
const R16: &[&str] =
    &["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];
const X: &[&str] = &[
    "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
    "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
    "sp", "pc", "nzcv",
];
const RISCV: &[&str] = &[
    "pc", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
    "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
    "x31",
];
const M68K: &[&str] =
    &["d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "pc"];

const BASE: Layout = Layout {
    info: 0,
    context: 128,
    size: 0,
    places: None,
    stack: 0,
    at_return: 0,
    alignment: 16,
    red_zone: 0,
    arguments: Arguments::Stack,
    link: None,
    saved: &[],
};

pub(super) fn layout(platform: Platform) -> Option<Layout> {
    Some(match platform {
        Platform::X86_64 => Layout {
            info: 8 + 312,
            context: 8,
            size: 8 + 312 + 128,
            places: Some((40, 296)),
            at_return: 8,
            red_zone: 128,
            arguments: Arguments::Registers(["rdi", "rsi", "rdx"]),
            saved: &[Saved(X64, 0, 8, 8)],
            ..BASE
        },
        Platform::I386 => Layout {
            info: 16,
            context: 144,
            size: 144 + 116,
            places: Some((20, 108)),
            at_return: 4,
            saved: &[Saved(X86, 16, 4, 4), Saved(&["eip"], 56, 4, 4), Saved(&["eflags"], 64, 4, 4)],
            ..BASE
        },
        Platform::AARCH64 | Platform::AARCH64_BE => Layout {
            size: 128 + 4560 + 16,
            arguments: Arguments::Registers(["x0", "x1", "x2"]),
            link: Some("x30"),
            saved: &[Saved(X, 8, 8, 8)],
            ..BASE
        },
        Platform::ARMV7A | Platform::ARMV7A_BE | Platform::ARMV5T => Layout {
            size: 128 + 744,
            alignment: 8,
            arguments: Arguments::Registers(["r0", "r1", "r2"]),
            link: Some("lr"),
            saved: &[Saved(ARM, 12, 4, 4)],
            ..BASE
        },
        Platform::RISCV32 | Platform::RISCV64 => Layout {
            size: 128 + 960,
            arguments: Arguments::Registers(["a0", "a1", "a2"]),
            link: Some("ra"),
            saved: match platform {
                Platform::RISCV32 => &[Saved(RISCV, 0, 4, 4)],
                _ => &[Saved(RISCV, 0, 8, 8)],
            },
            ..BASE
        },
        Platform::MIPS | Platform::MIPSEL => Layout {
            info: 24,
            context: 152,
            size: 152 + 632,
            alignment: 8,
            arguments: Arguments::Registers(["a0", "a1", "a2"]),
            link: Some("ra"),
            saved: &[
                Saved(&["pc"], 8, 8, 8),
                Saved(R, 16, 8, 8),
                Saved(&["hi"], 552, 8, 8),
                Saved(&["lo"], 560, 8, 8),
            ],
            ..BASE
        },
        Platform::MIPS64 | Platform::MIPS64EL => Layout {
            info: 24,
            context: 152,
            size: 152 + 656,
            arguments: Arguments::Registers(["a0", "a1", "a2"]),
            link: Some("ra"),
            saved: &[
                Saved(R, 0, 8, 8),
                Saved(&["hi"], 512, 8, 8),
                Saved(&["lo"], 544, 8, 8),
                Saved(&["pc"], 576, 8, 8),
            ],
            ..BASE
        },
        Platform::PPC | Platform::PPCLE => Layout {
            size: 128 + 1184,
            stack: -80,
            at_return: -80,
            arguments: Arguments::Registers(["r3", "r4", "r5"]),
            link: Some("lr"),
            saved: &[
                Saved(R, 0, 4, 4),
                Saved(&["pc"], 128, 4, 4),
                Saved(&["ctr"], 140, 4, 4),
                Saved(&["lr"], 144, 4, 4),
                Saved(&["xer"], 148, 4, 4),
                Saved(&["cr"], 152, 4, 4),
            ],
            ..BASE
        },
        Platform::PPC64 | Platform::PPC64LE => Layout {
            info: 1696 + 16 + 24 + 16,
            context: 0,
            size: 1696 + 56 + 128 + 512,
            stack: -128,
            at_return: 0,
            red_zone: 288,
            arguments: Arguments::Registers(["r3", "r4", "r5"]),
            link: Some("lr"),
            saved: &[
                Saved(R, 64, 8, 8),
                Saved(&["pc"], 320, 8, 8),
                Saved(&["ctr"], 344, 8, 8),
                Saved(&["lr"], 352, 8, 8),
                Saved(&["xer"], 360, 8, 8),
                Saved(&["cr"], 368, 8, 8),
            ],
            ..BASE
        },
        Platform::M68K => Layout {
            info: 24,
            context: 152,
            size: 152 + 532,
            places: Some((20, 524)),
            at_return: 4,
            alignment: 4,
            saved: &[Saved(M68K, 4, 4, 4), Saved(&["sr"], 72, 4, 4)],
            ..BASE
        },
        Platform::LOONGARCH64 => Layout {
            // The registers of floating point, and the end of the records.
            size: 128 + 448 + 288 + 16,
            arguments: Arguments::Registers(["r4", "r5", "r6"]),
            link: Some("r1"),
            saved: &[Saved(&["pc"], 0, 8, 8), Saved(R, 8, 8, 8)],
            ..BASE
        },
        Platform::S390X => Layout {
            info: 168,
            context: 296,
            size: 296 + 512,
            alignment: 8,
            arguments: Arguments::Registers(["r2", "r3", "r4"]),
            link: Some("r14"),
            saved: &[Saved(&["pswm", "pc"], 0, 8, 8), Saved(R16, 16, 8, 8)],
            ..BASE
        },
        Platform::SH4 => Layout {
            size: 128 + 260 + 16,
            alignment: 8,
            arguments: Arguments::Registers(["r4", "r5", "r6"]),
            link: Some("pr"),
            saved: &[Saved(R16, 4, 4, 4), Saved(&["pc", "pr", "sr", "gbr", "mach", "macl"], 68, 4, 4)],
            ..BASE
        },
        _ => return None,
    })
}

/// The code that returns from a handler, where the program brings none of its
/// own; units of two or four bytes.
pub(crate) fn return_code(platform: Platform, abi: &Abi) -> Vec<u8> {
    let (unit, code): (usize, &[u64]) = match platform {
        // mov x8, #139; svc #0
        Platform::AARCH64 => (4, &[0xd280_1168, 0xd400_0001]),
        // Instructions are little-endian on any AArch64.
        Platform::AARCH64_BE => (4, &[0x6811_80d2, 0x0100_00d4]),
        // mov r7, #173; svc 0
        Platform::ARMV7A | Platform::ARMV5T => (4, &[0xe3a0_70ad, 0xef00_0000]),
        Platform::ARMV7A_BE => (4, &[0xad70_a0e3, 0x0000_00ef]),
        // li a7, 139; ecall
        Platform::RISCV32 | Platform::RISCV64 => (4, &[0x08b0_0893, 0x0000_0073]),
        // li v0, 4193; syscall
        Platform::MIPS | Platform::MIPSEL => (4, &[0x2402_1061, 0x0000_000c]),
        // li v0, 5211; syscall
        Platform::MIPS64 | Platform::MIPS64EL => (4, &[0x2402_145b, 0x0000_000c]),
        // nop; li r0, 172; sc
        Platform::PPC | Platform::PPCLE => (4, &[0x6000_0000, 0x3800_00ac, 0x4400_0002]),
        // nop; addi r1, r1, 128; li r0, 172; sc. Without the first, libgcc takes
        // it for the code of a kernel without unwind tables for it, and ends the
        // program (`libgcc/config/rs6000/linux-unwind.h`); so it ends there.
        Platform::PPC64 | Platform::PPC64LE => (4, &[0x6000_0000, 0x3821_0080, 0x3800_00ac, 0x4400_0002]),
        // moveq #82, d0; not.b d0; trap #0
        Platform::M68K => (2, &[0x7052, 0x4600, 0x4e40]),
        // li.w a7, 139; syscall 0
        Platform::LOONGARCH64 => (4, &[0x0382_2c0b, 0x002b_0000]),
        // svc 173
        Platform::S390X => (2, &[0x0aad]),
        // mov.w 1f, r3; trapa #16; or r0, r0 (five times); 1: .word 173
        Platform::SH4 => (2, &[0x9305, 0xc310, 0x200b, 0x200b, 0x200b, 0x200b, 0x200b, 173]),
        // mov eax, 173; int 0x80
        Platform::I386 => return vec![0xb8, 0xad, 0, 0, 0, 0xcd, 0x80],
        // mov eax, 15; syscall
        Platform::X86_64 => return vec![0xb8, 15, 0, 0, 0, 0x0f, 0x05],
        _ => return Vec::new(),
    };
    words(abi, unit, code)
}

/// Words of `unit` bytes in the guest's order.
fn words(abi: &Abi, unit: usize, code: &[u64]) -> Vec<u8> {
    let mut bytes = vec![0; unit * code.len()];
    for (word, place) in code.iter().zip(bytes.chunks_exact_mut(unit)) {
        abi.order.write((*word).into(), place);
    }
    bytes
}
