//! What the kernel leaves on the stack for a signal handler, where no
//! call-frame information tells it: the code that returns from a handler tells
//! the frame (Linux 6.1, `arch/*/kernel/signal*.c` and the vDSOs), and
//! [`signal_frame`] where the registers of what was interrupted are.

use std::collections::HashMap;

use terrella_emulator_api::{Emulator, EmulatorExt};
use terrella_platforms::{Architecture, ByteOrder, RegisterName, signal_frame};

/// A way back from handlers.
struct Return {
    architectures: &'static [Architecture],
    code: Code,
    /// Where `uc_mcontext`, or a `sigcontext` like it, is in the frames of
    /// handlers with one argument, from the stack pointer on.
    old_context: Option<u64>,
}

/// Instructions of 32 bits, or bytes.
enum Code {
    Words(&'static [u32]),
    Bytes(&'static [u8]),
}
use Code::{Bytes, Words};

const fn way(architectures: &'static [Architecture], code: Code) -> Return {
    Return { architectures, code, old_context: None }
}

const ARM: &[Architecture] = &[Architecture::ArmV5T, Architecture::ArmV7A];
const MIPS32: &[Architecture] = &[Architecture::Mips32, Architecture::Mips32R6];
const MIPS64: &[Architecture] = &[Architecture::Mips64, Architecture::Mips64R6];

const RETURNS: &[Return] = &[
    // mov $15, %rax; syscall: of glibc, and of musl.
    way(&[Architecture::X86_64], Bytes(&[0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 5])),
    way(&[Architecture::X86_64], Bytes(&[0xb8, 15, 0, 0, 0, 0x0f, 5])),
    // mov $173, %eax; int $0x80.
    way(&[Architecture::I386], Bytes(&[0xb8, 173, 0, 0, 0, 0xcd, 0x80])),
    // pop %eax; mov $119, %eax; int $0x80: the number, then `sigcontext`.
    Return {
        old_context: Some(4),
        ..way(&[Architecture::I386], Bytes(&[0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80]))
    },
    // mov x8, #139; svc #0.
    way(&[Architecture::AArch64], Words(&[0xd280_1168, 0xd400_0001])),
    // mov r7, #173; svc of EABI, and with the number of OABI.
    way(ARM, Words(&[0xe3a0_70ad, 0xef00_0000])),
    way(ARM, Words(&[0xe3a0_70ad, 0xef90_00ad])),
    // mov r7, #119: `ucontext` without `siginfo`.
    Return { old_context: Some(20), ..way(ARM, Words(&[0xe3a0_7077, 0xef00_0000])) },
    Return { old_context: Some(20), ..way(ARM, Words(&[0xe3a0_7077, 0xef90_0077])) },
    // li a7, 139; ecall.
    way(&[Architecture::RiscV32, Architecture::RiscV64], Words(&[0x08b0_0893, 0x0000_0073])),
    // li v0, 4193; syscall.
    way(MIPS32, Words(&[0x2402_1061, 0x0000_000c])),
    // li v0, 5211; syscall.
    way(MIPS64, Words(&[0x2402_145b, 0x0000_000c])),
    // li r0, 172; sc, with a nop before it as well.
    way(&[Architecture::PowerPc32], Words(&[0x3800_00ac, 0x4400_0002])),
    way(&[Architecture::PowerPc32], Words(&[0x6000_0000, 0x3800_00ac, 0x4400_0002])),
    // addi r1, r1, 128; li r0, 172; sc.
    way(&[Architecture::PowerPc64], Words(&[0x3821_0080, 0x3800_00ac, 0x4400_0002])),
    way(&[Architecture::PowerPc64], Words(&[0x6000_0000, 0x3821_0080, 0x3800_00ac, 0x4400_0002])),
    // moveq #82, d0; not.b d0; trap #0.
    way(&[Architecture::M68k], Bytes(&[0x70, 0x52, 0x46, 0x00, 0x4e, 0x40])),
    // li.w a7, 139; syscall 0.
    way(&[Architecture::LoongArch64], Words(&[0x0382_2c0b, 0x002b_0000])),
    // svc 173.
    way(&[Architecture::S390x], Bytes(&[0x0a, 0xad])),
];

/// The registers of what a handler has interrupted, if its way back is at an
/// address with this stack pointer.
pub(crate) fn interrupted(
    emulator: &dyn Emulator,
    address: u64,
    stack: u64,
) -> Option<HashMap<RegisterName, u64>> {
    let platform = emulator.platform();
    let architecture = platform.architecture();
    // Instructions of AArch64 are little-endian whatever data is.
    let big = platform.byte_order() == ByteOrder::Big && architecture != Architecture::AArch64;
    let way = RETURNS.iter().find(|way| {
        way.architectures.contains(&architecture) && has_code(emulator, address, &way.code, big)
    })?;
    let frame = signal_frame(platform)?;
    let context = stack.wrapping_add(way.old_context.unwrap_or(frame.context));
    let highest = emulator.definition().highest_address();
    let mut found = HashMap::new();
    for saved in frame.registers {
        for (index, name) in (0..).zip(saved.names) {
            let at = context.wrapping_add(saved.first + index * saved.step);
            let value = emulator.read_integer(at, saved.bytes).ok()? as u64;
            found.insert(*name, value & highest);
        }
    }
    Some(found)
}

fn has_code(emulator: &dyn Emulator, address: u64, code: &Code, big: bool) -> bool {
    let expected: Vec<u8> = match code {
        Bytes(bytes) => bytes.to_vec(),
        Words(words) => {
            words.iter().flat_map(|word| if big { word.to_be_bytes() } else { word.to_le_bytes() }).collect()
        }
    };
    let mut bytes = vec![0; expected.len()];
    emulator.read_memory(address, &mut bytes).is_ok() && bytes == expected
}
