//! 32-bit and 64-bit PowerPC.

mod conventions;
mod registers;

use std::sync::OnceLock;

use crate::{CallingConvention, CodeAddressBit, ElfIdentity, Platform, PlatformDefinition, RegisterName};

/// Interrupts by the offset of their vector (The Programming Environments for
/// 32-bit Microprocessors, table 6-2; from 0x1000 on as on the 603 and 7450).
const VECTORS_32: &[(u64, &str)] = &[
    (0x100, "system reset"),
    (0x200, "machine check"),
    (0x300, "data storage"),
    (0x400, "instruction storage"),
    (0x500, "external"),
    (0x600, "alignment"),
    (0x700, "program"),
    (0x800, "floating point unavailable"),
    (0x900, "decrementer"),
    (0xc00, "system call"),
    (0xd00, "trace"),
    (0xe00, "floating-point assist"),
    (0xf00, "performance monitor"),
    (0xf20, "altivec unavailable"),
    (0x1000, "instruction tlb miss"),
    (0x1100, "data tlb miss on load"),
    (0x1200, "data tlb miss on store"),
    (0x1300, "instruction address breakpoint"),
    (0x1400, "system management"),
    (0x1600, "altivec assist"),
    (0x1700, "thermal management"),
];

/// As [`VECTORS_32`], for 64-bit processors (Power ISA 3.0B, book III, figure
/// 65).
const VECTORS_64: &[(u64, &str)] = &[
    (0x100, "system reset"),
    (0x200, "machine check"),
    (0x300, "data storage"),
    (0x380, "data segment"),
    (0x400, "instruction storage"),
    (0x480, "instruction segment"),
    (0x500, "external"),
    (0x600, "alignment"),
    (0x700, "program"),
    (0x800, "floating point unavailable"),
    (0x900, "decrementer"),
    (0x980, "hypervisor decrementer"),
    (0xa00, "directed privileged doorbell"),
    (0xc00, "system call"),
    (0xd00, "trace"),
    (0xe00, "hypervisor data storage"),
    (0xe20, "hypervisor instruction storage"),
    (0xe40, "hypervisor emulation assistance"),
    (0xe60, "hypervisor maintenance"),
    (0xe80, "directed hypervisor doorbell"),
    (0xea0, "hypervisor virtualization"),
    (0xf00, "performance monitor"),
    (0xf20, "vector unavailable"),
    (0xf40, "vsx unavailable"),
    (0xf60, "facility unavailable"),
    (0xf80, "hypervisor facility unavailable"),
    (0x3000, "system call vectored"),
];

const GENERAL: &[RegisterName] = &[
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30",
    "r31",
];

const fn define_32(platform: Platform, description: &'static str) -> PlatformDefinition {
    PlatformDefinition {
        platform,
        description,
        address_bits: 32,
        pointer_bytes: 4,
        data_base: 0,
        program_counter: "pc",
        stack_pointer: "r1",
        link_register: Some("lr"),
        general_registers: GENERAL,
        instruction_alignment: 4,
        longest_instruction: 4,
        delay_slots: false,
        code_address_bit: CodeAddressBit::Address,
        page_bytes: 4096,
        elf: Some(ElfIdentity { machine: 20, class_bits: 32 }),
        calling_conventions: conventions::CALLS_32,
        syscall_conventions: conventions::SYSCALLS_32,
        interrupts: VECTORS_32,
        rows: registers::ROWS_32,
        table: OnceLock::new(),
    }
}

pub(super) static PPC: PlatformDefinition = define_32(Platform::PPC, "32-bit PowerPC, big endian");

pub(super) static PPCLE: PlatformDefinition = define_32(Platform::PPCLE, "32-bit PowerPC, little endian");

const fn define_64(
    platform: Platform,
    description: &'static str,
    calling_conventions: &'static [CallingConvention],
) -> PlatformDefinition {
    PlatformDefinition {
        platform,
        description,
        address_bits: 64,
        pointer_bytes: 8,
        data_base: 0,
        program_counter: "pc",
        stack_pointer: "r1",
        link_register: Some("lr"),
        general_registers: GENERAL,
        instruction_alignment: 4,
        // With the prefix of Power ISA 3.1.
        longest_instruction: 8,
        delay_slots: false,
        code_address_bit: CodeAddressBit::Address,
        page_bytes: 4096,
        elf: Some(ElfIdentity { machine: 21, class_bits: 64 }),
        calling_conventions,
        syscall_conventions: conventions::SYSCALLS_64,
        interrupts: VECTORS_64,
        rows: registers::ROWS_64,
        table: OnceLock::new(),
    }
}

pub(super) static PPC64: PlatformDefinition =
    define_64(Platform::PPC64, "64-bit PowerPC, big endian", conventions::CALLS_64_BIG);

pub(super) static PPC64LE: PlatformDefinition =
    define_64(Platform::PPC64LE, "64-bit PowerPC, little endian", conventions::CALLS_64_LITTLE);
