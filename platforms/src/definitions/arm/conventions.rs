//! Calling and system-call conventions of 32-bit ARM.

use crate::{
    CallingConvention, Extension, FloatFormat, FloatPlacement, ReturnBy, StructResult, SyscallConvention,
    SyscallError, SyscallNumber, WidePlacement, syscalls,
};

/// The base standard: floating-point values are passed as integers.
const AAPCS: CallingConvention = CallingConvention {
    name: "aapcs",
    source: "Procedure Call Standard for the Arm Architecture (AAPCS32), 6",
    integer_arguments: &["r0", "r1", "r2", "r3"],
    pointer_arguments: &[],
    slot_bytes: 4,
    wide: WidePlacement::EvenAligned,
    floats: FloatPlacement::AsIntegers,
    extension: Extension::BySign,
    stack_arguments: 0,
    stack_alignment: 8,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: &["r0", "r1"],
    pointer_result: None,
    float_results: &[],
    float_result_format: FloatFormat::LowBits,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 4,
    callee_saved: &[
        "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "d8", "d9", "d10", "d11", "d12", "d13", "d14",
        "d15",
    ],
    return_by: ReturnBy::Link { register: "lr", offset: 0 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
};

/// The same where there are no floating-point registers.
const AAPCS_CORE: CallingConvention =
    CallingConvention { callee_saved: &["r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11"], ..AAPCS };

/// The variant with floating-point values in registers.
const AAPCS_VFP: CallingConvention = CallingConvention {
    name: "aapcs-vfp",
    source: "Procedure Call Standard for the Arm Architecture (AAPCS32), 7",
    floats: FloatPlacement::BackFilling {
        single: &[
            "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14",
            "s15",
        ],
        double: &["d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7"],
        fills_holes: true,
        in_variadic: false,
    },
    float_results: &["d0", "d1", "d2", "d3"],
    ..AAPCS
};

pub(super) const SOFT: &[CallingConvention] = &[AAPCS];
pub(super) const SOFT_CORE: &[CallingConvention] = &[AAPCS_CORE];
pub(super) const SOFT_THEN_HARD: &[CallingConvention] = &[AAPCS, AAPCS_VFP];
pub(super) const HARD_THEN_SOFT: &[CallingConvention] = &[AAPCS_VFP, AAPCS];

/// The EABI interface; the number is in the register and the instruction's
/// own number is zero.
pub(super) const SYSCALLS: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "svc #0",
    number: SyscallNumber::Register("r7"),
    arguments: &["r0", "r1", "r2", "r3", "r4", "r5", "r6"],
    stack_arguments: None,
    result: "r0",
    second_result: None,
    error: SyscallError::NegativeResult,
    names: syscalls::linux_arm::NAMES,
}];
