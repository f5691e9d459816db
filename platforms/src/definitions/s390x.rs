//! IBM z/Architecture.
//!
//! Registers: z/Architecture Principles of Operation (SA22-7832), chapters 2
//! and 4, which number bits from the most significant one. Calls: ELF
//! Application Binary Interface, s390x Supplement, 1.6, chapter 1.

use std::sync::OnceLock;

use crate::{
    CallingConvention, CodeAddressBit, ElfIdentity, Extension, FloatFormat, FloatPlacement, Platform,
    PlatformDefinition,
    RegisterKind::{
        Control, Flags, Float, FloatControl, General, Link, ProgramCounter, Segment, StackPointer, Vector,
    },
    ReturnBy, StructResult, SyscallConvention, SyscallError, SyscallNumber, WidePlacement,
    spec::{Row, bank, flag, names, part_bank, reg, renumbered},
    syscalls,
};

/// `pswm` and `pswa` are the halves of the program-status word: mask and
/// instruction address.
const CORE: &[Row] = &[
    bank("r", 0, 13, 64, General),
    reg("r14", 64, Link),
    reg("r15", 64, StackPointer),
    reg("pc", 64, ProgramCounter),
    names(&[("sp", "r15"), ("lr", "r14"), ("pswa", "pc")]),
    reg("pswm", 64, Flags),
    flag("psw_ba", "pswm", 31, 1),
    flag("psw_ea", "pswm", 32, 1),
    flag("psw_ri", "pswm", 39, 1),
    flag("pm", "pswm", 40, 4),
    flag("cc", "pswm", 44, 2),
    flag("psw_as", "pswm", 46, 2),
    flag("psw_p", "pswm", 48, 1),
    flag("psw_w", "pswm", 49, 1),
    flag("psw_m", "pswm", 50, 1),
    flag("psw_key", "pswm", 52, 4),
    flag("psw_e", "pswm", 56, 1),
    flag("psw_i", "pswm", 57, 1),
    flag("psw_t", "pswm", 58, 1),
    flag("psw_r", "pswm", 62, 1),
    bank("acr", 0, 15, 32, Segment),
    renumbered("a", 0, 16, "acr", 0),
];

/// A floating-point register is the high half of a vector register.
const FLOAT: &[Row] = &[
    bank("v", 0, 31, 128, Vector),
    part_bank("f", 0, 15, "v", 64, 64).of_kind(Float),
    reg("fpc", 32, FloatControl),
    flag("fpc_rm", "fpc", 0, 3),
    flag("fpc_drm", "fpc", 4, 3),
    flag("fpc_dxc", "fpc", 8, 8),
    flag("fpc_flags", "fpc", 19, 5),
    flag("fpc_masks", "fpc", 27, 5),
];

const SYSTEM: &[Row] = &[
    bank("c", 0, 15, 64, Control),
    renumbered("cr", 0, 16, "c", 0),
    reg("prefix", 32, Control),
    reg("cputm", 64, Control),
    reg("ckc", 64, Control),
    reg("todpr", 32, Control),
    reg("bea", 64, Control),
];

/// `r6` takes an argument and is saved nevertheless.
const CALLS: &[CallingConvention] = &[CallingConvention {
    name: "sysv",
    source: "ELF ABI, s390x Supplement 1.6, chapter 1",
    integer_arguments: &["r2", "r3", "r4", "r5", "r6"],
    pointer_arguments: &[],
    slot_bytes: 8,
    wide: WidePlacement::ByReference,
    floats: FloatPlacement::Registers {
        registers: &["f0", "f2", "f4", "f6"],
        single: FloatFormat::HighBits,
        overflow_to_integers: false,
    },
    extension: Extension::BySign,
    // The register save area.
    stack_arguments: 160,
    stack_alignment: 8,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: &["r2"],
    pointer_result: None,
    float_results: &["f0"],
    float_result_format: FloatFormat::HighBits,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 0,
    callee_saved: &[
        "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "f8", "f9", "f10", "f11", "f12", "f13", "f14",
        "f15",
    ],
    return_by: ReturnBy::Link { register: "r14", offset: 0 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
}];

const SYSCALLS: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "svc",
    number: SyscallNumber::ImmediateOrRegister("r1"),
    arguments: &["r2", "r3", "r4", "r5", "r6", "r7"],
    stack_arguments: None,
    result: "r2",
    second_result: None,
    error: SyscallError::NegativeResult,
    names: syscalls::linux_s390x::NAMES,
}];

/// Program interruption codes (Principles of Operation, figure 6-1).
const PROGRAM_INTERRUPTIONS: &[(u64, &str)] = &[
    (0x01, "operation"),
    (0x02, "privileged operation"),
    (0x03, "execute"),
    (0x04, "protection"),
    (0x05, "addressing"),
    (0x06, "specification"),
    (0x07, "data"),
    (0x08, "fixed-point overflow"),
    (0x09, "fixed-point divide"),
    (0x0a, "decimal overflow"),
    (0x0b, "decimal divide"),
    (0x0c, "hfp exponent overflow"),
    (0x0d, "hfp exponent underflow"),
    (0x0e, "hfp significance"),
    (0x0f, "hfp divide"),
    (0x10, "segment translation"),
    (0x11, "page translation"),
    (0x12, "translation specification"),
    (0x13, "special operation"),
    (0x15, "operand"),
    (0x16, "trace table"),
    (0x18, "transaction constraint"),
    (0x1b, "vector processing"),
    (0x1c, "space-switch event"),
    (0x1d, "hfp square root"),
    (0x1f, "pc translation specification"),
    (0x20, "afx translation"),
    (0x21, "asx translation"),
    (0x22, "lx translation"),
    (0x23, "ex translation"),
    (0x24, "primary authority"),
    (0x25, "secondary authority"),
    (0x26, "lfx translation"),
    (0x27, "lsx translation"),
    (0x28, "alet specification"),
    (0x29, "alen translation"),
    (0x2a, "ale sequence"),
    (0x2b, "aste validity"),
    (0x2c, "aste sequence"),
    (0x2d, "extended authority"),
    (0x2e, "lste sequence"),
    (0x2f, "aste instance"),
    (0x30, "stack full"),
    (0x31, "stack empty"),
    (0x32, "stack specification"),
    (0x33, "stack type"),
    (0x34, "stack operation"),
    (0x38, "asce type"),
    (0x39, "region-first translation"),
    (0x3a, "region-second translation"),
    (0x3b, "region-third translation"),
    (0x40, "monitor event"),
    (0x80, "per event"),
    (0x119, "crypto operation"),
    (0x200, "transactional execution aborted"),
];

pub(super) static S390X: PlatformDefinition = PlatformDefinition {
    platform: Platform::S390X,
    description: "IBM z/Architecture",
    address_bits: 64,
    pointer_bytes: 8,
    data_base: 0,
    program_counter: "pc",
    stack_pointer: "r15",
    link_register: Some("r14"),
    general_registers: &[
        "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    ],
    instruction_alignment: 2,
    longest_instruction: 6,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    elf: Some(ElfIdentity { machine: 22, class_bits: 64 }),
    calling_conventions: CALLS,
    syscall_conventions: SYSCALLS,
    interrupts: PROGRAM_INTERRUPTIONS,
    rows: &[CORE, FLOAT, SYSTEM],
    table: OnceLock::new(),
};
