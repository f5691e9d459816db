//! 32-bit and 64-bit x86.
//!
//! Registers: Intel 64 and IA-32 Architectures Software Developer's Manual,
//! volume 1, chapter 3 and volume 3, chapter 2.

use std::sync::OnceLock;

use crate::{
    CallingConvention, CodeAddressBit, ElfIdentity, Extension, FloatFormat, FloatPlacement, Platform,
    PlatformDefinition,
    RegisterKind::{
        Base, Control, Debug, Flags, Float, FloatControl, General, Mask, ProgramCounter, Segment,
        StackPointer, Vector,
    },
    ReturnBy, StructResult, SyscallConvention, SyscallError, SyscallNumber, WidePlacement,
    spec::{Row, bank, flag, lanes, names, part, part_bank, reg},
};

const GENERAL_64: &[Row] = &[
    reg("rax", 64, General),
    part("eax", "rax", 0, 32),
    part("ax", "rax", 0, 16),
    part("al", "rax", 0, 8),
    part("ah", "rax", 8, 8),
    reg("rsp", 64, StackPointer),
    part("esp", "rsp", 0, 32),
    part("sp", "rsp", 0, 16),
    part("spl", "rsp", 0, 8),
    reg("rip", 64, ProgramCounter),
    part("eip", "rip", 0, 32),
    names(&[("pc", "rip")]),
    reg("rdi", 64, General),
];

const GENERAL_32: &[Row] = &[
    reg("eax", 32, General),
    reg("esp", 32, StackPointer),
    reg("eip", 32, ProgramCounter),
    names(&[("pc", "eip")]),
];

pub(super) static X86_64: PlatformDefinition = PlatformDefinition {
    platform: Platform::X86_64,
    description: "64-bit x86 (long mode)",
    address_bits: 64,
    pointer_bytes: 8,
    program_counter: "rip",
    stack_pointer: "rsp",
    link_register: None,
    general_registers: &["rax"],
    instruction_alignment: 1,
    longest_instruction: 15,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    elf: Some(ElfIdentity { machine: 62, class_bits: 64 }),
    calling_conventions: &[],
    syscall_conventions: &[],
    interrupts: &[(0, "divide error"), (3, "breakpoint")],
    rows: &[GENERAL_64],
    table: OnceLock::new(),
};

pub(super) static I386: PlatformDefinition = PlatformDefinition {
    platform: Platform::I386,
    description: "32-bit x86 (protected mode)",
    address_bits: 32,
    pointer_bytes: 4,
    program_counter: "eip",
    stack_pointer: "esp",
    link_register: None,
    general_registers: &["eax"],
    instruction_alignment: 1,
    longest_instruction: 15,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    elf: Some(ElfIdentity { machine: 3, class_bits: 32 }),
    calling_conventions: &[],
    syscall_conventions: &[],
    interrupts: &[(0, "divide error"), (3, "breakpoint")],
    rows: &[GENERAL_32],
    table: OnceLock::new(),
};
