//! 32-bit and 64-bit RISC-V.

mod conventions;
mod registers;

use std::sync::OnceLock;

use crate::{CodeAddressBit, ElfIdentity, Platform, PlatformDefinition, RegisterName};

/// The highest bit of `mcause`, which is set for interrupts.
const INTERRUPT_32: u64 = 1 << 31;
/// As [`INTERRUPT_32`], on RV64.
const INTERRUPT_64: u64 = 1 << 63;

/// Values of `mcause` (privileged manual, table "Machine cause register values
/// after trap").
const CAUSES_32: &[(u64, &str)] = &[
    (0, "instruction address misaligned"),
    (1, "instruction access fault"),
    (2, "illegal instruction"),
    (3, "breakpoint"),
    (4, "load address misaligned"),
    (5, "load access fault"),
    (6, "store address misaligned"),
    (7, "store access fault"),
    (8, "environment call from user mode"),
    (9, "environment call from supervisor mode"),
    (10, "environment call from virtual supervisor mode"),
    (11, "environment call from machine mode"),
    (12, "instruction page fault"),
    (13, "load page fault"),
    (15, "store page fault"),
    (18, "software check"),
    (19, "hardware error"),
    (20, "instruction guest-page fault"),
    (21, "load guest-page fault"),
    (22, "virtual instruction"),
    (23, "store guest-page fault"),
    (INTERRUPT_32 | 1, "supervisor software interrupt"),
    (INTERRUPT_32 | 2, "virtual supervisor software interrupt"),
    (INTERRUPT_32 | 3, "machine software interrupt"),
    (INTERRUPT_32 | 5, "supervisor timer interrupt"),
    (INTERRUPT_32 | 6, "virtual supervisor timer interrupt"),
    (INTERRUPT_32 | 7, "machine timer interrupt"),
    (INTERRUPT_32 | 9, "supervisor external interrupt"),
    (INTERRUPT_32 | 10, "virtual supervisor external interrupt"),
    (INTERRUPT_32 | 11, "machine external interrupt"),
    (INTERRUPT_32 | 12, "supervisor guest external interrupt"),
];

/// As [`CAUSES_32`], on RV64.
const CAUSES_64: &[(u64, &str)] = &[
    (0, "instruction address misaligned"),
    (1, "instruction access fault"),
    (2, "illegal instruction"),
    (3, "breakpoint"),
    (4, "load address misaligned"),
    (5, "load access fault"),
    (6, "store address misaligned"),
    (7, "store access fault"),
    (8, "environment call from user mode"),
    (9, "environment call from supervisor mode"),
    (10, "environment call from virtual supervisor mode"),
    (11, "environment call from machine mode"),
    (12, "instruction page fault"),
    (13, "load page fault"),
    (15, "store page fault"),
    (18, "software check"),
    (19, "hardware error"),
    (20, "instruction guest-page fault"),
    (21, "load guest-page fault"),
    (22, "virtual instruction"),
    (23, "store guest-page fault"),
    (INTERRUPT_64 | 1, "supervisor software interrupt"),
    (INTERRUPT_64 | 2, "virtual supervisor software interrupt"),
    (INTERRUPT_64 | 3, "machine software interrupt"),
    (INTERRUPT_64 | 5, "supervisor timer interrupt"),
    (INTERRUPT_64 | 6, "virtual supervisor timer interrupt"),
    (INTERRUPT_64 | 7, "machine timer interrupt"),
    (INTERRUPT_64 | 9, "supervisor external interrupt"),
    (INTERRUPT_64 | 10, "virtual supervisor external interrupt"),
    (INTERRUPT_64 | 11, "machine external interrupt"),
    (INTERRUPT_64 | 12, "supervisor guest external interrupt"),
];

const GENERAL: &[RegisterName] = &[
    "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
    "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
    "x31",
];

pub(super) static RISCV32: PlatformDefinition = PlatformDefinition {
    platform: Platform::RISCV32,
    description: "32-bit RISC-V (RV32GC)",
    address_bits: 32,
    pointer_bytes: 4,
    data_base: 0,
    program_counter: "pc",
    stack_pointer: "sp",
    link_register: Some("ra"),
    general_registers: GENERAL,
    instruction_alignment: 2,
    longest_instruction: 4,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    elf: Some(ElfIdentity { machine: 243, class_bits: 32 }),
    calling_conventions: conventions::CALLS_32,
    syscall_conventions: conventions::SYSCALLS_32,
    interrupts: CAUSES_32,
    rows: registers::ROWS_32,
    table: OnceLock::new(),
};

pub(super) static RISCV64: PlatformDefinition = PlatformDefinition {
    platform: Platform::RISCV64,
    description: "64-bit RISC-V (RV64GC)",
    address_bits: 64,
    pointer_bytes: 8,
    data_base: 0,
    program_counter: "pc",
    stack_pointer: "sp",
    link_register: Some("ra"),
    general_registers: GENERAL,
    instruction_alignment: 2,
    longest_instruction: 4,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    elf: Some(ElfIdentity { machine: 243, class_bits: 64 }),
    calling_conventions: conventions::CALLS_64,
    syscall_conventions: conventions::SYSCALLS_64,
    interrupts: CAUSES_64,
    rows: registers::ROWS_64,
    table: OnceLock::new(),
};
