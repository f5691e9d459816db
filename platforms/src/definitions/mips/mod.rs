//! MIPS32 and MIPS64, in both byte orders.

mod conventions;
mod registers;

use std::sync::OnceLock;

use crate::{CodeAddressBit, ElfIdentity, Platform, PlatformDefinition, RegisterName};

/// Exception codes: the field `ExcCode` of the cause register (MD00090, table
/// 9.49).
const EXCEPTIONS: &[(u64, &str)] = &[
    (0, "interrupt"),
    (1, "tlb modification"),
    (2, "tlb miss on load or fetch"),
    (3, "tlb miss on store"),
    (4, "address error on load or fetch"),
    (5, "address error on store"),
    (6, "bus error on fetch"),
    (7, "bus error on load or store"),
    (8, "system call"),
    (9, "breakpoint"),
    (10, "reserved instruction"),
    (11, "coprocessor unusable"),
    (12, "integer overflow"),
    (13, "trap"),
    (14, "msa floating-point exception"),
    (15, "floating-point exception"),
    (18, "coprocessor 2 exception"),
    (19, "tlb read inhibit"),
    (20, "tlb execution inhibit"),
    (21, "msa disabled"),
    (23, "watchpoint"),
    (24, "machine check"),
    (25, "thread exception"),
    (26, "dsp module disabled"),
    (27, "virtualized guest exception"),
    (30, "cache error"),
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
        stack_pointer: "sp",
        link_register: Some("ra"),
        general_registers: GENERAL,
        instruction_alignment: 2,
        longest_instruction: 4,
        delay_slots: true,
        code_address_bit: CodeAddressBit::CompressedMips,
        page_bytes: 4096,
        elf: Some(ElfIdentity { machine: 8, class_bits: 32 }),
        calling_conventions: conventions::CALLS_32,
        syscall_conventions: conventions::SYSCALLS_32,
        interrupts: EXCEPTIONS,
        rows: registers::ROWS_32,
        table: OnceLock::new(),
    }
}

const fn define_64(platform: Platform, description: &'static str) -> PlatformDefinition {
    PlatformDefinition {
        address_bits: 64,
        pointer_bytes: 8,
        data_base: 0,
        elf: Some(ElfIdentity { machine: 8, class_bits: 64 }),
        calling_conventions: conventions::CALLS_64,
        syscall_conventions: conventions::SYSCALLS_64,
        rows: registers::ROWS_64,
        platform,
        description,
        program_counter: "pc",
        stack_pointer: "sp",
        link_register: Some("ra"),
        general_registers: GENERAL,
        instruction_alignment: 2,
        longest_instruction: 4,
        delay_slots: true,
        code_address_bit: CodeAddressBit::CompressedMips,
        page_bytes: 4096,
        interrupts: EXCEPTIONS,
        table: OnceLock::new(),
    }
}

pub(super) static MIPS: PlatformDefinition = define_32(Platform::MIPS, "MIPS32, big endian");
pub(super) static MIPSEL: PlatformDefinition = define_32(Platform::MIPSEL, "MIPS32, little endian");
pub(super) static MIPS64: PlatformDefinition = define_64(Platform::MIPS64, "MIPS64, big endian");
pub(super) static MIPS64EL: PlatformDefinition = define_64(Platform::MIPS64EL, "MIPS64, little endian");
