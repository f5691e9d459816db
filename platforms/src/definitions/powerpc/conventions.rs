//! Calling and system-call conventions of PowerPC.

use crate::{
    CallingConvention, Extension, FloatFormat, FloatPlacement, RegisterName, ReturnBy, StructResult,
    SyscallConvention, SyscallError, SyscallNumber, WidePlacement, syscalls,
};

/// Structures are returned in memory, whatever their size: what Linux does,
/// where the embedded variant returns small ones in `r3` and `r4`.
pub(super) const CALLS_32: &[CallingConvention] = &[CallingConvention {
    name: "sysv",
    source: "Power Architecture 32-bit ABI Supplement 1.0, Linux, 3.2",
    integer_arguments: &["r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10"],
    pointer_arguments: &[],
    slot_bytes: 4,
    wide: WidePlacement::EvenAligned,
    floats: FloatPlacement::Registers {
        registers: &["f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8"],
        single: FloatFormat::Double,
        overflow_to_integers: false,
    },
    extension: Extension::BySign,
    // The back chain and the word where the callee saves the link register.
    stack_arguments: 8,
    stack_alignment: 16,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: &["r3", "r4"],
    pointer_result: None,
    float_results: &["f1"],
    float_result_format: FloatFormat::Double,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 0,
    callee_saved: SAVED,
    return_by: ReturnBy::Link { register: "lr", offset: 0 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
}];

/// Of a condition register only three fields are saved.
const SAVED: &[RegisterName] = &[
    "r14", "r15", "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28",
    "r29", "r30", "r31", "f14", "f15", "f16", "f17", "f18", "f19", "f20", "f21", "f22", "f23", "f24", "f25",
    "f26", "f27", "f28", "f29", "f30", "f31", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28",
    "v29", "v30", "v31", "cr2", "cr3", "cr4",
];

const ELF_V1: CallingConvention = CallingConvention {
    name: "elfv1",
    source: "64-bit PowerPC ELF Application Binary Interface Supplement 1.9, 3.2",
    integer_arguments: &["r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10"],
    pointer_arguments: &[],
    slot_bytes: 8,
    wide: WidePlacement::Split,
    floats: FloatPlacement::Shadowing {
        registers: &["f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12", "f13"],
        single: FloatFormat::Double,
    },
    extension: Extension::BySign,
    // A linkage area of six doublewords, and the room for eight register
    // arguments, which the caller always leaves.
    stack_arguments: 112,
    stack_alignment: 16,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 288,
    positional: true,
    // Two registers for a 128-bit integer.
    integer_results: &["r3", "r4"],
    pointer_result: None,
    float_results: &["f1", "f2", "f3", "f4"],
    float_result_format: FloatFormat::Double,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 0,
    callee_saved: SAVED,
    return_by: ReturnBy::Link { register: "lr", offset: 0 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: true,
    variadic_vector_count: None,
    by_size: None,
};

const ELF_V2: CallingConvention = CallingConvention {
    name: "elfv2",
    source: "64-Bit ELF V2 ABI Specification, Power Architecture, 2.2",
    // A linkage area of four doublewords. The room for the register arguments
    // is there only if there are stack arguments, which follow it.
    stack_arguments: 96,
    float_results: &["f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8"],
    struct_result_in_registers: 16,
    entry_register: Some("r12"),
    function_descriptors: false,
    ..ELF_V1
};

/// Big-endian systems began with ELFv1, little-endian ones have ELFv2 only.
pub(super) const CALLS_64_BIG: &[CallingConvention] = &[ELF_V1, ELF_V2];
pub(super) const CALLS_64_LITTLE: &[CallingConvention] = &[ELF_V2];

/// Linux tells an error by the summary-overflow bit of the first field of the
/// condition register.
pub(super) const SYSCALLS_32: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "sc",
    number: SyscallNumber::Register("r0"),
    arguments: &["r3", "r4", "r5", "r6", "r7", "r8"],
    stack_arguments: None,
    result: "r3",
    second_result: None,
    error: SyscallError::Flag("cr0_so"),
    names: syscalls::linux_powerpc32::NAMES,
}];

pub(super) const SYSCALLS_64: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "sc",
    number: SyscallNumber::Register("r0"),
    arguments: &["r3", "r4", "r5", "r6", "r7", "r8"],
    stack_arguments: None,
    result: "r3",
    second_result: None,
    error: SyscallError::Flag("cr0_so"),
    names: syscalls::linux_powerpc64::NAMES,
}];
