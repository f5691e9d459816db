//! 32-bit ARM: ARMv5TE, ARMv7-A and -R, and the M profile.

mod conventions;
mod registers;

use std::sync::OnceLock;

use crate::{
    CallingConvention, CodeAddressBit, ElfIdentity, Platform, PlatformDefinition, SyscallConvention,
    spec::Row,
};

/// Exceptions of the A and R profiles by their place in the vector table (ARM
/// ARM, DDI 0406C, table B1-3): the vector's address divided by four.
const VECTORS: &[(u64, &str)] = &[
    (0, "reset"),
    (1, "undefined instruction"),
    (2, "supervisor call"),
    (3, "prefetch abort"),
    (4, "data abort"),
    (5, "hypervisor trap"),
    (6, "irq"),
    (7, "fiq"),
    // The monitor has a table of its own.
    (8, "secure monitor call"),
];

/// Exception numbers of ARMv6-M (DDI 0419E, table B1-3). External interrupts
/// are numbered from 16 on.
const EXCEPTIONS_V6M: &[(u64, &str)] = &[
    (1, "reset"),
    (2, "non-maskable interrupt"),
    (3, "hard fault"),
    (11, "supervisor call"),
    (14, "pendsv"),
    (15, "systick"),
];

/// Exception numbers of ARMv7-M (DDI 0403E, table B1-4).
const EXCEPTIONS_V7M: &[(u64, &str)] = &[
    (1, "reset"),
    (2, "non-maskable interrupt"),
    (3, "hard fault"),
    (4, "memory management fault"),
    (5, "bus fault"),
    (6, "usage fault"),
    (11, "supervisor call"),
    (12, "debug monitor"),
    (14, "pendsv"),
    (15, "systick"),
];

/// What differs between the variants.
struct Variant {
    platform: Platform,
    description: &'static str,
    code_address_bit: CodeAddressBit,
    calling_conventions: &'static [CallingConvention],
    syscall_conventions: &'static [SyscallConvention],
    interrupts: &'static [(u64, &'static str)],
    rows: &'static [&'static [Row]],
}

const fn define(variant: Variant) -> PlatformDefinition {
    PlatformDefinition {
        platform: variant.platform,
        description: variant.description,
        address_bits: 32,
        pointer_bytes: 4,
        data_base: 0,
        program_counter: "pc",
        stack_pointer: "sp",
        link_register: Some("lr"),
        general_registers: &[
            "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr",
        ],
        instruction_alignment: 2,
        longest_instruction: 4,
        delay_slots: false,
        code_address_bit: variant.code_address_bit,
        page_bytes: 4096,
        elf: Some(ElfIdentity { machine: 40, class_bits: 32 }),
        calling_conventions: variant.calling_conventions,
        syscall_conventions: variant.syscall_conventions,
        interrupts: variant.interrupts,
        rows: variant.rows,
        table: OnceLock::new(),
    }
}

/// The smallest page is the small page of 4 KiB; the tiny pages of 1 KiB went
/// with ARMv6.
pub(super) static ARMV5T: PlatformDefinition = define(Variant {
    platform: Platform::ARMV5T,
    description: "ARMv5TE, ARM and Thumb",
    code_address_bit: CodeAddressBit::Thumb,
    calling_conventions: conventions::SOFT,
    syscall_conventions: conventions::SYSCALLS,
    interrupts: VECTORS,
    rows: registers::ROWS_V5T,
});

pub(super) static ARMV6M: PlatformDefinition = define(Variant {
    platform: Platform::ARMV6M,
    description: "ARMv6-M (Cortex-M0), Thumb",
    code_address_bit: CodeAddressBit::ThumbOnly,
    calling_conventions: conventions::SOFT_CORE,
    syscall_conventions: &[],
    interrupts: EXCEPTIONS_V6M,
    rows: registers::ROWS_V6M,
});

pub(super) static ARMV7M: PlatformDefinition = define(Variant {
    platform: Platform::ARMV7M,
    description: "ARMv7-M (Cortex-M3, M4, M7), Thumb",
    code_address_bit: CodeAddressBit::ThumbOnly,
    calling_conventions: conventions::SOFT_THEN_HARD,
    syscall_conventions: &[],
    interrupts: EXCEPTIONS_V7M,
    rows: registers::ROWS_V7M,
});

pub(super) static ARMV7R: PlatformDefinition = define(Variant {
    platform: Platform::ARMV7R,
    description: "ARMv7-R (Cortex-R5), ARM and Thumb",
    code_address_bit: CodeAddressBit::Thumb,
    calling_conventions: conventions::HARD_THEN_SOFT,
    syscall_conventions: &[],
    interrupts: VECTORS,
    rows: registers::ROWS_V7R,
});

pub(super) static ARMV7A: PlatformDefinition = define(Variant {
    platform: Platform::ARMV7A,
    description: "ARMv7-A with VFP and NEON, ARM and Thumb",
    code_address_bit: CodeAddressBit::Thumb,
    calling_conventions: conventions::HARD_THEN_SOFT,
    syscall_conventions: conventions::SYSCALLS,
    interrupts: VECTORS,
    rows: registers::ROWS_V7A,
});

pub(super) static ARMV7A_BE: PlatformDefinition = define(Variant {
    platform: Platform::ARMV7A_BE,
    description: "ARMv7-A with VFP and NEON, big-endian data",
    code_address_bit: CodeAddressBit::Thumb,
    calling_conventions: conventions::HARD_THEN_SOFT,
    syscall_conventions: conventions::SYSCALLS,
    interrupts: VECTORS,
    rows: registers::ROWS_V7A,
});
