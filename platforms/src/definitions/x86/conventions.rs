//! Calling and system-call conventions of x86.

use crate::{
    CallingConvention, Extension, FloatFormat, FloatPlacement, ReturnBy, StructResult, SyscallConvention,
    SyscallError, SyscallNumber, WidePlacement, syscalls,
};

pub(super) const CALLS_64: &[CallingConvention] = &[
    CallingConvention {
        name: "sysv",
        source: "System V ABI, AMD64 Architecture Processor Supplement, 3.2",
        integer_arguments: &["rdi", "rsi", "rdx", "rcx", "r8", "r9"],
        pointer_arguments: &[],
        slot_bytes: 8,
        wide: WidePlacement::Together,
        floats: FloatPlacement::Registers {
            registers: &["xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7"],
            single: FloatFormat::LowBits,
            overflow_to_integers: false,
        },
        extension: Extension::BySign,
        stack_arguments: 8,
        stack_alignment: 16,
        entry_misalignment: 8,
        stack_bias: 0,
        red_zone: 128,
        positional: false,
        integer_results: &["rax", "rdx"],
        pointer_result: None,
        float_results: &["xmm0", "xmm1"],
        float_result_format: FloatFormat::LowBits,
        struct_result: StructResult::HiddenArgument { callee_pops: false },
        struct_result_in_registers: 16,
        callee_saved: &["rbx", "rbp", "r12", "r13", "r14", "r15"],
        return_by: ReturnBy::Stack { bytes: 8 },
        callee_pops: false,
        entry_register: None,
        function_descriptors: false,
        variadic_vector_count: Some("al"),
        by_size: None,
    },
    CallingConvention {
        name: "microsoft",
        source: "Microsoft x64 calling convention",
        integer_arguments: &["rcx", "rdx", "r8", "r9"],
        pointer_arguments: &[],
        slot_bytes: 8,
        wide: WidePlacement::Together,
        floats: FloatPlacement::Positional {
            registers: &["xmm0", "xmm1", "xmm2", "xmm3"],
            single: FloatFormat::LowBits,
        },
        extension: Extension::BySign,
        // Return address and 32 bytes where the callee may store its
        // register arguments.
        stack_arguments: 40,
        stack_alignment: 16,
        entry_misalignment: 8,
        stack_bias: 0,
        red_zone: 0,
        positional: true,
        integer_results: &["rax"],
        pointer_result: None,
        float_results: &["xmm0"],
        float_result_format: FloatFormat::LowBits,
        struct_result: StructResult::HiddenArgument { callee_pops: false },
        struct_result_in_registers: 8,
        callee_saved: &[
            "rbx", "rbp", "rdi", "rsi", "r12", "r13", "r14", "r15", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
            "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
        ],
        return_by: ReturnBy::Stack { bytes: 8 },
        callee_pops: false,
        entry_register: None,
        function_descriptors: false,
        variadic_vector_count: None,
        by_size: None,
    },
];

const CDECL: CallingConvention = CallingConvention {
    name: "cdecl",
    source: "System V ABI, Intel386 Architecture Processor Supplement, 2.2",
    integer_arguments: &[],
    pointer_arguments: &[],
    slot_bytes: 4,
    wide: WidePlacement::Split,
    floats: FloatPlacement::AsIntegers,
    extension: Extension::BySign,
    stack_arguments: 4,
    stack_alignment: 16,
    entry_misalignment: 4,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: &["eax", "edx"],
    pointer_result: None,
    float_results: &["st0"],
    float_result_format: FloatFormat::X87,
    struct_result: StructResult::HiddenArgument { callee_pops: true },
    struct_result_in_registers: 0,
    callee_saved: &["ebx", "esi", "edi", "ebp"],
    return_by: ReturnBy::Stack { bytes: 4 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
};

const STDCALL: CallingConvention = CallingConvention {
    name: "stdcall",
    source: "Microsoft C++ language reference, __stdcall",
    stack_alignment: 4,
    entry_misalignment: 0,
    struct_result_in_registers: 8,
    callee_pops: true,
    ..CDECL
};

pub(super) const CALLS_32: &[CallingConvention] = &[
    CDECL,
    STDCALL,
    // The first two arguments of at most 32 bits, floating-point ones left
    // out, are in registers.
    CallingConvention {
        name: "fastcall",
        source: "Microsoft C++ language reference, __fastcall",
        integer_arguments: &["ecx", "edx"],
        wide: WidePlacement::OnStack,
        floats: FloatPlacement::OnStack,
        ..STDCALL
    },
    // `this` is the first argument; no other one is in a register.
    CallingConvention {
        name: "thiscall",
        source: "Microsoft C++ language reference, __thiscall",
        integer_arguments: &["ecx"],
        wide: WidePlacement::OnStack,
        floats: FloatPlacement::OnStack,
        ..STDCALL
    },
    // As `cdecl`, with small structures in registers, and with a hidden
    // argument that the caller removes.
    CallingConvention {
        name: "cdecl-windows",
        source: "Microsoft C++ language reference, __cdecl",
        stack_alignment: 4,
        entry_misalignment: 0,
        struct_result: StructResult::HiddenArgument { callee_pops: false },
        struct_result_in_registers: 8,
        ..CDECL
    },
];

/// Near functions of the small model. A value of 32 bits stands in two slots,
/// and is returned in `dx:ax`. Floating-point values are in memory or emulated
/// by the compiler's own rules, so that none is in a register.
const CDECL_16: CallingConvention = CallingConvention {
    name: "cdecl",
    source: "Microsoft C 5.1 Mixed-Language Programming Guide, 1.3",
    integer_arguments: &[],
    pointer_arguments: &[],
    slot_bytes: 2,
    wide: WidePlacement::Split,
    floats: FloatPlacement::AsIntegers,
    extension: Extension::BySign,
    stack_arguments: 2,
    stack_alignment: 2,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: &["ax", "dx"],
    pointer_result: None,
    float_results: &[],
    float_result_format: FloatFormat::LowBits,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 0,
    callee_saved: &["si", "di", "bp"],
    return_by: ReturnBy::Stack { bytes: 2 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
};

pub(super) const CALLS_16: &[CallingConvention] =
    &[CDECL_16, CallingConvention { name: "stdcall", callee_pops: true, ..CDECL_16 }];

pub(super) const SYSCALLS_64: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "syscall",
    number: SyscallNumber::Register("rax"),
    arguments: &["rdi", "rsi", "rdx", "r10", "r8", "r9"],
    stack_arguments: None,
    result: "rax",
    second_result: None,
    error: SyscallError::NegativeResult,
    names: syscalls::linux_x86_64::NAMES,
}];

pub(super) const SYSCALLS_32: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "int 0x80",
    number: SyscallNumber::Register("eax"),
    arguments: &["ebx", "ecx", "edx", "esi", "edi", "ebp"],
    stack_arguments: None,
    result: "eax",
    second_result: None,
    error: SyscallError::NegativeResult,
    names: syscalls::linux_i386::NAMES,
}];
