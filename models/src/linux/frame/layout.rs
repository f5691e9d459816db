//! How the frames of signal handlers are laid out on each processor, and the
//! code that returns from a handler (`arch/*/kernel/signal*.c` of Linux 6.1).
//! Where the registers are in the context is in [`signal_frame`].

use terrella_platforms::{Platform, SavedRegisters, signal_frame};

use crate::linux::abi::Abi;

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
    /// The general registers in it, from `uc_mcontext` on.
    pub(super) saved: &'static [SavedRegisters],
}

pub(super) enum Arguments {
    Registers([&'static str; 3]),
    /// On the stack, after the return address (and in these registers too).
    Stack,
}

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
    let layout = match platform {
        Platform::X86_64 => Layout {
            info: 8 + 312,
            context: 8,
            size: 8 + 312 + 128,
            places: Some((40, 296)),
            at_return: 8,
            red_zone: 128,
            arguments: Arguments::Registers(["rdi", "rsi", "rdx"]),
            ..BASE
        },
        Platform::I386 => {
            Layout { info: 16, context: 144, size: 144 + 116, places: Some((20, 108)), at_return: 4, ..BASE }
        }
        Platform::AARCH64 | Platform::AARCH64_BE => Layout {
            size: 128 + 4560 + 16,
            arguments: Arguments::Registers(["x0", "x1", "x2"]),
            link: Some("x30"),
            ..BASE
        },
        Platform::ARMV7A | Platform::ARMV7A_BE | Platform::ARMV5T => Layout {
            size: 128 + 744,
            alignment: 8,
            arguments: Arguments::Registers(["r0", "r1", "r2"]),
            link: Some("lr"),
            ..BASE
        },
        Platform::RISCV32 | Platform::RISCV64 => Layout {
            size: 128 + 960,
            arguments: Arguments::Registers(["a0", "a1", "a2"]),
            link: Some("ra"),
            ..BASE
        },
        Platform::MIPS | Platform::MIPSEL => Layout {
            info: 24,
            context: 152,
            size: 152 + 632,
            alignment: 8,
            arguments: Arguments::Registers(["a0", "a1", "a2"]),
            link: Some("ra"),
            ..BASE
        },
        Platform::MIPS64 | Platform::MIPS64EL => Layout {
            info: 24,
            context: 152,
            size: 152 + 656,
            arguments: Arguments::Registers(["a0", "a1", "a2"]),
            link: Some("ra"),
            ..BASE
        },
        Platform::PPC | Platform::PPCLE => Layout {
            size: 128 + 1184,
            stack: -80,
            at_return: -80,
            arguments: Arguments::Registers(["r3", "r4", "r5"]),
            link: Some("lr"),
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
            ..BASE
        },
        Platform::M68K => Layout {
            info: 24,
            context: 152,
            size: 152 + 532,
            places: Some((20, 524)),
            at_return: 4,
            alignment: 4,
            ..BASE
        },
        Platform::LOONGARCH64 => Layout {
            // The registers of floating point, and the end of the records.
            size: 128 + 448 + 288 + 16,
            arguments: Arguments::Registers(["r4", "r5", "r6"]),
            link: Some("r1"),
            ..BASE
        },
        Platform::S390X => Layout {
            info: 168,
            context: 296,
            size: 296 + 512,
            alignment: 8,
            arguments: Arguments::Registers(["r2", "r3", "r4"]),
            link: Some("r14"),
            ..BASE
        },
        Platform::SH4 => Layout {
            size: 128 + 260 + 16,
            alignment: 8,
            arguments: Arguments::Registers(["r4", "r5", "r6"]),
            link: Some("pr"),
            ..BASE
        },
        _ => return None,
    };
    Some(Layout { saved: signal_frame(platform)?.registers, ..layout })
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
