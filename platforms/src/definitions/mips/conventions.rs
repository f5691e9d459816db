//! Calling and system-call conventions of MIPS.

use crate::{
    CallingConvention, Extension, FloatFormat, FloatPlacement, ReturnBy, StructResult, SyscallConvention,
    SyscallError, SyscallNumber, WidePlacement, syscalls,
};

/// With 32-bit floating-point registers (`Status.FR` clear, which is what o32
/// code expects unless it was compiled for 64-bit ones): a double is a pair of
/// them, its low word in the even one.
const O32: CallingConvention = CallingConvention {
    name: "o32",
    source: "System V ABI, MIPS RISC Processor Supplement, 3",
    integer_arguments: &["a0", "a1", "a2", "a3"],
    pointer_arguments: &[],
    slot_bytes: 4,
    wide: WidePlacement::EvenAligned,
    floats: FloatPlacement::LeadingTwo {
        single: ["f12s", "f14s"],
        double: [("f12s", "f13s"), ("f14s", "f15s")],
    },
    extension: Extension::BySign,
    // The caller leaves room for the four register arguments.
    stack_arguments: 16,
    stack_alignment: 8,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: true,
    integer_results: &["v0", "v1"],
    pointer_result: None,
    float_results: &["f0s", "f1s"],
    float_result_format: FloatFormat::LowBits,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 0,
    callee_saved: &[
        "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "f20s", "f21s", "f22s", "f23s", "f24s", "f25s",
        "f26s", "f27s", "f28s", "f29s", "f30s", "f31s",
    ],
    return_by: ReturnBy::Link { register: "ra", offset: 0 },
    callee_pops: false,
    entry_register: Some("t9"),
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
};

pub(super) const CALLS_32: &[CallingConvention] = &[O32];

/// With 64-bit floating-point registers, the only ones of release 6 (o32 FP64:
/// MIPS O32 ABI, FR0 and FR1 interlinking, appendix A): a double is one of them.
pub(super) const CALLS_32_R6: &[CallingConvention] = &[CallingConvention {
    source: "System V ABI, MIPS RISC Processor Supplement, 3; MIPS O32 ABI, FR0 and FR1 interlinking",
    floats: FloatPlacement::LeadingTwo { single: ["f12s", "f14s"], double: [("f12", "f12"), ("f14", "f14")] },
    float_results: &["f0", "f2"],
    callee_saved: &[
        "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "f20", "f22", "f24", "f26", "f28", "f30",
    ],
    ..O32
}];

const N64: CallingConvention = CallingConvention {
    name: "n64",
    source: "MIPSpro 64-Bit Porting and Transition Guide, 2; MIPSpro N32 ABI Handbook, 2",
    integer_arguments: &["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"],
    pointer_arguments: &[],
    slot_bytes: 8,
    wide: WidePlacement::EvenAligned,
    floats: FloatPlacement::Positional {
        registers: &["f12", "f13", "f14", "f15", "f16", "f17", "f18", "f19"],
        single: FloatFormat::LowBits,
    },
    extension: Extension::Signed32,
    stack_arguments: 0,
    stack_alignment: 16,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: true,
    integer_results: &["v0", "v1"],
    pointer_result: None,
    float_results: &["f0", "f2"],
    float_result_format: FloatFormat::LowBits,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 16,
    callee_saved: &[
        "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "gp", "f24", "f25", "f26", "f27", "f28", "f29",
        "f30", "f31",
    ],
    return_by: ReturnBy::Link { register: "ra", offset: 0 },
    callee_pops: false,
    entry_register: Some("t9"),
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
};

/// n32 differs in the pointers, which are sign-extended 32-bit values, and in
/// the floating-point registers that are saved.
pub(super) const CALLS_64: &[CallingConvention] = &[
    N64,
    CallingConvention {
        name: "n32",
        source: "MIPSpro N32 ABI Handbook, 2",
        callee_saved: &[
            "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "gp", "f20", "f22", "f24", "f26", "f28",
            "f30",
        ],
        ..N64
    },
];

pub(super) const SYSCALLS_32: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "syscall",
    number: SyscallNumber::Register("v0"),
    arguments: &["a0", "a1", "a2", "a3"],
    stack_arguments: Some(16),
    result: "v0",
    second_result: Some("v1"),
    error: SyscallError::Register("a3"),
    names: syscalls::linux_mips_o32::NAMES,
}];

pub(super) const SYSCALLS_64: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "syscall",
    number: SyscallNumber::Register("v0"),
    arguments: &["a0", "a1", "a2", "a3", "a4", "a5"],
    stack_arguments: None,
    result: "v0",
    second_result: Some("v1"),
    error: SyscallError::Register("a3"),
    names: syscalls::linux_mips_n64::NAMES,
}];
