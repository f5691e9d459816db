//! 16-bit, 32-bit and 64-bit x86.

mod conventions;
mod registers;

use std::sync::OnceLock;

use crate::{CodeAddressBit, ElfIdentity, Platform, PlatformDefinition};

/// Vectors, as in the Software Developer's Manual, volume 3, table 7-1; 28 to
/// 30 from the AMD64 Architecture Programmer's Manual, volume 2, 8.2.
const INTERRUPTS: &[(u64, &str)] = &[
    (0, "divide error"),
    (1, "debug"),
    (2, "non-maskable interrupt"),
    (3, "breakpoint"),
    (4, "overflow"),
    (5, "bound range exceeded"),
    (6, "invalid opcode"),
    (7, "device not available"),
    (8, "double fault"),
    (9, "coprocessor segment overrun"),
    (10, "invalid tss"),
    (11, "segment not present"),
    (12, "stack-segment fault"),
    (13, "general protection"),
    (14, "page fault"),
    (16, "x87 floating-point error"),
    (17, "alignment check"),
    (18, "machine check"),
    (19, "simd floating-point exception"),
    (20, "virtualization exception"),
    (21, "control protection exception"),
    (28, "hypervisor injection exception"),
    (29, "vmm communication exception"),
    (30, "security exception"),
];

pub(super) static X86_64: PlatformDefinition = PlatformDefinition {
    platform: Platform::X86_64,
    description: "64-bit x86 (long mode)",
    address_bits: 64,
    pointer_bytes: 8,
    data_base: 0,
    program_counter: "rip",
    stack_pointer: "rsp",
    link_register: None,
    general_registers: &[
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
        "r14", "r15",
    ],
    instruction_alignment: 1,
    longest_instruction: 15,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    elf: Some(ElfIdentity { machine: 62, class_bits: 64 }),
    calling_conventions: conventions::CALLS_64,
    syscall_conventions: conventions::SYSCALLS_64,
    interrupts: INTERRUPTS,
    rows: registers::ROWS_64,
    table: OnceLock::new(),
};

pub(super) static I386: PlatformDefinition = PlatformDefinition {
    platform: Platform::I386,
    description: "32-bit x86 (protected mode)",
    address_bits: 32,
    pointer_bytes: 4,
    data_base: 0,
    program_counter: "eip",
    stack_pointer: "esp",
    link_register: None,
    general_registers: &["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"],
    instruction_alignment: 1,
    longest_instruction: 15,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    elf: Some(ElfIdentity { machine: 3, class_bits: 32 }),
    calling_conventions: conventions::CALLS_32,
    syscall_conventions: conventions::SYSCALLS_32,
    interrupts: INTERRUPTS,
    rows: registers::ROWS_32,
    table: OnceLock::new(),
};

/// Real-address mode (Software Developer's Manual, volume 3, 21.1) of a
/// processor with 32-bit registers.
///
/// Addresses are linear: the base of a segment, which is its selector times
/// 16, and an offset. So is the program counter `pc`, which is `cs` times 16
/// and `eip`. Nothing wraps at 1 MiB: the A20 line is on. Segments have no
/// limits: they are as a processor has them that was in protected mode before
/// and loaded limits of 4 GiB there ("unreal mode").
pub(super) static X86_16: PlatformDefinition = PlatformDefinition {
    platform: Platform::X86_16,
    description: "16-bit x86 (real-address mode, 80386 and later)",
    address_bits: 32,
    pointer_bytes: 2,
    data_base: 0,
    program_counter: "pc",
    stack_pointer: "sp",
    link_register: None,
    general_registers: &["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"],
    instruction_alignment: 1,
    longest_instruction: 15,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    // As i386's, whose files it shares.
    elf: Some(ElfIdentity { machine: 3, class_bits: 32 }),
    calling_conventions: conventions::CALLS_16,
    syscall_conventions: &[],
    interrupts: INTERRUPTS,
    rows: registers::ROWS_16,
    table: OnceLock::new(),
};
