//! What the kernel leaves on the stack for a signal handler, where no
//! call-frame information tells it: the code that returns from a handler, and
//! where the registers of what was interrupted are (Linux, `arch/*/kernel/signal*.c`
//! and `asm/sigcontext.h`, `asm/ucontext.h`).

use std::collections::HashMap;

use terrella_emulator_api::{Emulator, EmulatorExt};
use terrella_platforms::{ByteOrder, RegisterName};

/// Where registers are kept: names, the first one's distance from the stack
/// pointer, the distance from one to the next, and the bytes of each.
struct Saved {
    names: &'static [RegisterName],
    first: u64,
    step: u64,
    bytes: usize,
    /// The address that the distance counts from stands so far from the stack
    /// pointer.
    through: Option<u64>,
}

/// A way back from handlers.
struct Frame {
    /// The beginnings of the names of the platforms.
    platforms: &'static [&'static str],
    /// The code, as instructions of 32 bits, or as bytes.
    code: Code,
    saved: &'static [Saved],
}

enum Code {
    Words(&'static [u32]),
    Bytes(&'static [u8]),
}

const fn saved(names: &'static [RegisterName], first: u64, step: u64, bytes: usize) -> Saved {
    Saved { names, first, step, bytes, through: None }
}

const X86_64: &[Saved] = &[saved(
    &[
        "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rdi", "rsi", "rbp", "rbx", "rdx", "rax",
        "rcx", "rsp", "rip",
    ],
    40,
    8,
    8,
)];
const I386: &[RegisterName] =
    &["edi", "esi", "ebp", "esp", "ebx", "edx", "ecx", "eax", "trapno", "err", "eip"];
const ARM: &[RegisterName] =
    &["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc"];
const AARCH64: &[RegisterName] = &[
    "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
    "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
    "sp", "pc",
];
const RISCV: &[RegisterName] = &[
    "pc", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
    "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
    "x31",
];
const R: &[RegisterName] = &[
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30",
    "r31",
];
/// `struct pt_regs` of PowerPC behind the general registers.
const POWERPC: &[RegisterName] = &["pc", "msr", "orig_r3", "ctr", "lr"];

const fn powerpc(first: u64, bytes: u64, through: u64) -> [Saved; 2] {
    let through = Some(through);
    [
        Saved { names: R, first, step: bytes, bytes: bytes as usize, through },
        Saved { names: POWERPC, first: first + 32 * bytes, step: bytes, bytes: bytes as usize, through },
    ]
}

/// From `uc_mcontext` on: on 32 bits of MIPS each register has 64 there.
const MIPS32: &[Saved] = &[saved(&["pc"], 152 + 24 + 8, 8, 8), saved(R, 152 + 24 + 16, 8, 8)];
const MIPS64: &[Saved] = &[saved(R, 152 + 40, 8, 8), saved(&["pc"], 152 + 40 + 576, 8, 8)];

const FRAMES: &[Frame] = &[
    // mov $15, %rax; syscall: of glibc, and of musl.
    Frame {
        platforms: &["x86_64"],
        code: Code::Bytes(&[0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 5]),
        saved: X86_64,
    },
    Frame { platforms: &["x86_64"], code: Code::Bytes(&[0xb8, 15, 0, 0, 0, 0x0f, 5]), saved: X86_64 },
    // mov $173, %eax; int $0x80: the context is behind two pointers and `siginfo`.
    Frame {
        platforms: &["i386"],
        code: Code::Bytes(&[0xb8, 173, 0, 0, 0, 0xcd, 0x80]),
        saved: &[Saved { names: I386, first: 20 + 16, step: 4, bytes: 4, through: Some(8) }],
    },
    // pop %eax; mov $119, %eax; int $0x80.
    Frame {
        platforms: &["i386"],
        code: Code::Bytes(&[0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80]),
        saved: &[saved(I386, 4 + 16, 4, 4)],
    },
    // mov x8, #139; svc #0.
    Frame {
        platforms: &["aarch64"],
        code: Code::Words(&[0xd280_1168, 0xd400_0001]),
        saved: &[saved(AARCH64, 128 + 176 + 8, 8, 8)],
    },
    // mov r7, #173; svc of EABI, and with the number of OABI.
    Frame {
        platforms: &["arm"],
        code: Code::Words(&[0xe3a0_70ad, 0xef00_0000]),
        saved: &[saved(ARM, 128 + 32, 4, 4)],
    },
    Frame {
        platforms: &["arm"],
        code: Code::Words(&[0xe3a0_70ad, 0xef90_00ad]),
        saved: &[saved(ARM, 128 + 32, 4, 4)],
    },
    // mov r7, #119.
    Frame {
        platforms: &["arm"],
        code: Code::Words(&[0xe3a0_7077, 0xef00_0000]),
        saved: &[saved(ARM, 32, 4, 4)],
    },
    Frame {
        platforms: &["arm"],
        code: Code::Words(&[0xe3a0_7077, 0xef90_0077]),
        saved: &[saved(ARM, 32, 4, 4)],
    },
    // li a7, 139; ecall.
    Frame {
        platforms: &["riscv64"],
        code: Code::Words(&[0x08b0_0893, 0x0000_0073]),
        saved: &[saved(RISCV, 128 + 176, 8, 8)],
    },
    Frame {
        platforms: &["riscv32"],
        code: Code::Words(&[0x08b0_0893, 0x0000_0073]),
        saved: &[saved(RISCV, 128 + 160, 4, 4)],
    },
    // li v0, 4193; syscall.
    Frame {
        platforms: &["mips", "mipsel", "mipsr6", "mipsr6el"],
        code: Code::Words(&[0x2402_1061, 0x0000_000c]),
        saved: MIPS32,
    },
    // li v0, 5211; syscall.
    Frame {
        platforms: &["mips64", "mips64el", "mips64r6", "mips64r6el"],
        code: Code::Words(&[0x2402_145b, 0x0000_000c]),
        saved: MIPS64,
    },
    // li r0, 172; sc: `uc_regs` and `regs` are addresses.
    Frame {
        platforms: &["ppc", "ppcle"],
        code: Code::Words(&[0x3800_00ac, 0x4400_0002]),
        saved: &powerpc(0, 4, 64 + 16 + 128 + 48),
    },
    Frame {
        platforms: &["ppc64", "ppc64le"],
        code: Code::Words(&[0x3800_00ac, 0x4400_0002]),
        saved: &powerpc(0, 8, 128 + 168 + 56),
    },
];

/// The registers of what a handler has interrupted, if its way back is at an
/// address with this stack pointer.
pub(crate) fn interrupted(
    emulator: &dyn Emulator,
    address: u64,
    stack: u64,
) -> Option<HashMap<RegisterName, u64>> {
    let platform = emulator.platform().name();
    // Instructions of Arm's and RISC-V's are little-endian whatever data is.
    let big = emulator.platform().byte_order() == ByteOrder::Big && !platform.starts_with("aarch64");
    let frame = FRAMES.iter().find(|frame| {
        let named = frame.platforms.iter().any(|name| match *name {
            "aarch64" | "arm" => platform.starts_with(name),
            _ => platform == *name,
        });
        named && has_code(emulator, address, &frame.code, big)
    })?;
    let word = usize::from(emulator.definition().pointer_bytes);
    let mut found = HashMap::new();
    for saved in frame.saved {
        let base = match saved.through {
            Some(distance) => emulator.read_integer(stack.wrapping_add(distance), word).ok()? as u64,
            None => stack,
        };
        for (index, name) in (0..).zip(saved.names) {
            let at = base.wrapping_add(saved.first + index * saved.step);
            let value = emulator.read_integer(at, saved.bytes).ok()? as u64;
            found.insert(*name, value & emulator.definition().highest_address());
        }
    }
    Some(found)
}

fn has_code(emulator: &dyn Emulator, address: u64, code: &Code, big: bool) -> bool {
    let expected: Vec<u8> = match code {
        Code::Bytes(bytes) => bytes.to_vec(),
        Code::Words(words) => {
            words.iter().flat_map(|word| if big { word.to_be_bytes() } else { word.to_le_bytes() }).collect()
        }
    };
    let mut bytes = vec![0; expected.len()];
    emulator.read_memory(address, &mut bytes).is_ok() && bytes == expected
}
