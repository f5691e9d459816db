//! 64-bit ARM.

mod registers;

use std::sync::OnceLock;

use crate::{
    CallingConvention, CodeAddressBit, ElfIdentity, Extension, FloatFormat, FloatPlacement, Platform,
    PlatformDefinition, ReturnBy, StructResult, SyscallConvention, SyscallError, SyscallNumber,
    WidePlacement, syscalls,
};

const CALLS: &[CallingConvention] = &[CallingConvention {
    name: "aapcs64",
    source: "Procedure Call Standard for the Arm 64-bit Architecture (AAPCS64), 6",
    integer_arguments: &["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"],
    pointer_arguments: &[],
    slot_bytes: 8,
    wide: WidePlacement::EvenAligned,
    floats: FloatPlacement::Registers {
        registers: &["v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7"],
        single: FloatFormat::LowBits,
        overflow_to_integers: false,
    },
    extension: Extension::BySign,
    stack_arguments: 0,
    stack_alignment: 16,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: &["x0", "x1"],
    pointer_result: None,
    float_results: &["v0", "v1", "v2", "v3"],
    float_result_format: FloatFormat::LowBits,
    struct_result: StructResult::Register("x8"),
    struct_result_in_registers: 16,
    callee_saved: &[
        "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "d8", "d9", "d10",
        "d11", "d12", "d13", "d14", "d15",
    ],
    return_by: ReturnBy::Link { register: "x30", offset: 0 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
}];

const SYSCALLS: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "svc #0",
    number: SyscallNumber::Register("x8"),
    arguments: &["x0", "x1", "x2", "x3", "x4", "x5"],
    stack_arguments: None,
    result: "x0",
    second_result: None,
    error: SyscallError::NegativeResult,
    names: syscalls::linux_aarch64::NAMES,
}];

/// Exception classes: the field `EC` of `ESR_ELx` (DDI 0487, D19.2.37).
const EXCEPTION_CLASSES: &[(u64, &str)] = &[
    (0x00, "unknown reason"),
    (0x01, "trapped wfi or wfe"),
    (0x03, "trapped mcr or mrc, coprocessor 15"),
    (0x04, "trapped mcrr or mrrc, coprocessor 15"),
    (0x05, "trapped mcr or mrc, coprocessor 14"),
    (0x06, "trapped ldc or stc"),
    (0x07, "trapped simd or floating point"),
    (0x0c, "trapped mrrc, coprocessor 14"),
    (0x0d, "branch target exception"),
    (0x0e, "illegal execution state"),
    (0x11, "svc in aarch32"),
    (0x12, "hvc in aarch32"),
    (0x13, "smc in aarch32"),
    (0x15, "svc"),
    (0x16, "hvc"),
    (0x17, "smc"),
    (0x18, "trapped msr, mrs or system instruction"),
    (0x19, "trapped sve"),
    (0x1a, "trapped eret"),
    (0x1c, "pointer authentication failure"),
    (0x20, "instruction abort from a lower level"),
    (0x21, "instruction abort"),
    (0x22, "program counter alignment fault"),
    (0x24, "data abort from a lower level"),
    (0x25, "data abort"),
    (0x26, "stack pointer alignment fault"),
    (0x28, "floating-point exception in aarch32"),
    (0x2c, "floating-point exception"),
    (0x2f, "serror interrupt"),
    (0x30, "breakpoint from a lower level"),
    (0x31, "breakpoint"),
    (0x32, "software step from a lower level"),
    (0x33, "software step"),
    (0x34, "watchpoint from a lower level"),
    (0x35, "watchpoint"),
    (0x38, "bkpt in aarch32"),
    (0x3a, "vector catch in aarch32"),
    (0x3c, "brk"),
];

const fn define(platform: Platform, description: &'static str) -> PlatformDefinition {
    PlatformDefinition {
        platform,
        description,
        address_bits: 64,
        pointer_bytes: 8,
        data_base: 0,
        program_counter: "pc",
        stack_pointer: "sp",
        link_register: Some("x30"),
        general_registers: &[
            "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
            "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28",
            "x29", "x30",
        ],
        instruction_alignment: 4,
        longest_instruction: 4,
        delay_slots: false,
        code_address_bit: CodeAddressBit::Address,
        page_bytes: 4096,
        elf: Some(ElfIdentity { machine: 183, class_bits: 64 }),
        calling_conventions: CALLS,
        syscall_conventions: SYSCALLS,
        interrupts: EXCEPTION_CLASSES,
        rows: registers::ROWS,
        table: OnceLock::new(),
    }
}

pub(super) static AARCH64: PlatformDefinition = define(Platform::AARCH64, "64-bit ARM (AArch64)");

pub(super) static AARCH64_BE: PlatformDefinition =
    define(Platform::AARCH64_BE, "64-bit ARM (AArch64), big-endian data");
