//! Calling and system-call conventions of RISC-V.

use crate::{
    CallingConvention, Extension, FloatFormat, FloatPlacement, RegisterName, ReturnBy, StructResult,
    SyscallConvention, SyscallError, SyscallNumber, WidePlacement, syscalls,
};

const SOURCE: &str = "RISC-V ELF psABI Specification, procedure calling convention";

const SAVED_INTEGERS: &[RegisterName] =
    &["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11"];
const SAVED_ALL: &[RegisterName] = &[
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "fs0", "fs1", "fs2", "fs3",
    "fs4", "fs5", "fs6", "fs7", "fs8", "fs9", "fs10", "fs11",
];

const LP64: CallingConvention = CallingConvention {
    name: "lp64",
    source: SOURCE,
    integer_arguments: &["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"],
    pointer_arguments: &[],
    slot_bytes: 8,
    wide: WidePlacement::SplitAlignedOnStack,
    floats: FloatPlacement::AsIntegers,
    extension: Extension::Signed32,
    stack_arguments: 0,
    stack_alignment: 16,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: &["a0", "a1"],
    pointer_result: None,
    float_results: &[],
    float_result_format: FloatFormat::NanBoxed,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 16,
    callee_saved: SAVED_INTEGERS,
    return_by: ReturnBy::Link { register: "ra", offset: 0 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
};

const LP64D: CallingConvention = CallingConvention {
    name: "lp64d",
    floats: FLOATS,
    float_results: &["fa0", "fa1"],
    callee_saved: SAVED_ALL,
    ..LP64
};

const FLOATS: FloatPlacement = FloatPlacement::Registers {
    registers: &["fa0", "fa1", "fa2", "fa3", "fa4", "fa5", "fa6", "fa7"],
    single: FloatFormat::NanBoxed,
    overflow_to_integers: true,
};

const ILP32: CallingConvention = CallingConvention {
    name: "ilp32",
    slot_bytes: 4,
    extension: Extension::BySign,
    struct_result_in_registers: 8,
    ..LP64
};

const ILP32D: CallingConvention = CallingConvention {
    name: "ilp32d",
    floats: FLOATS,
    float_results: &["fa0", "fa1"],
    callee_saved: SAVED_ALL,
    ..ILP32
};

pub(super) const CALLS_32: &[CallingConvention] = &[ILP32D, ILP32];
pub(super) const CALLS_64: &[CallingConvention] = &[LP64D, LP64];

pub(super) const SYSCALLS_32: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "ecall",
    number: SyscallNumber::Register("a7"),
    arguments: &["a0", "a1", "a2", "a3", "a4", "a5"],
    stack_arguments: None,
    result: "a0",
    second_result: None,
    error: SyscallError::NegativeResult,
    names: syscalls::linux_riscv32::NAMES,
}];

pub(super) const SYSCALLS_64: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "ecall",
    number: SyscallNumber::Register("a7"),
    arguments: &["a0", "a1", "a2", "a3", "a4", "a5"],
    stack_arguments: None,
    result: "a0",
    second_result: None,
    error: SyscallError::NegativeResult,
    names: syscalls::linux_riscv64::NAMES,
}];
