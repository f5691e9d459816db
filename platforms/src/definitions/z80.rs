//! Zilog Z80.
//!
//! Registers: Z80 CPU User Manual (UM0080), "CPU Register Configuration" and
//! "Z80 Status Indicator Flags". Calls: SDCC Compiler User Guide, section
//! "Z80, Z180 and Z80N calling conventions".

use std::sync::OnceLock;

use crate::{
    BySize, CallingConvention, CodeAddressBit, ElfIdentity, Extension, FloatFormat, FloatPlacement, Platform,
    PlatformDefinition,
    RegisterKind::{Control, Flags, General, ProgramCounter, StackPointer},
    RegisterName, ReturnBy, SizedPlace, StructResult, WidePlacement,
    spec::{Row, flag, names, part, reg},
};

/// The second set, which `ex af,af'` and `exx` exchange, has an underscore.
/// Flags are called as x86 calls its own, as `c` and `h` are registers.
/// `interrupts` is what the manual's `IFF1`, `IFF2` and interrupt mode say.
const ROWS: &[Row] = &[
    reg("af", 16, Flags),
    reg("bc", 16, General),
    reg("de", 16, General),
    reg("hl", 16, General),
    reg("ix", 16, General),
    reg("iy", 16, General),
    reg("sp", 16, StackPointer),
    reg("pc", 16, ProgramCounter),
    reg("i", 8, Control),
    reg("r", 8, Control),
    reg("af_", 16, Flags),
    reg("bc_", 16, General),
    reg("de_", 16, General),
    reg("hl_", 16, General),
    reg("interrupts", 8, Control),
    Row::Part { name: "a", of: "af", low: 8, bits: 8, kind: Some(General) },
    part("f", "af", 0, 8),
    part("b", "bc", 8, 8),
    part("c", "bc", 0, 8),
    part("d", "de", 8, 8),
    part("e", "de", 0, 8),
    part("h", "hl", 8, 8),
    part("l", "hl", 0, 8),
    part("ixh", "ix", 8, 8),
    part("ixl", "ix", 0, 8),
    part("iyh", "iy", 8, 8),
    part("iyl", "iy", 0, 8),
    Row::Part { name: "a_", of: "af_", low: 8, bits: 8, kind: Some(General) },
    part("f_", "af_", 0, 8),
    part("b_", "bc_", 8, 8),
    part("c_", "bc_", 0, 8),
    part("d_", "de_", 8, 8),
    part("e_", "de_", 0, 8),
    part("h_", "hl_", 8, 8),
    part("l_", "hl_", 0, 8),
    names(&[("af'", "af_"), ("bc'", "bc_"), ("de'", "de_"), ("hl'", "hl_")]),
    flag("cf", "af", 0, 1),
    flag("nf", "af", 1, 1),
    flag("pf", "af", 2, 1),
    flag("hf", "af", 4, 1),
    flag("zf", "af", 6, 1),
    flag("sf", "af", 7, 1),
    flag("iff1", "interrupts", 0, 1),
    flag("iff2", "interrupts", 1, 1),
    flag("im", "interrupts", 2, 2),
];

const fn sized(bytes: &'static [u8], registers: &'static [RegisterName]) -> SizedPlace {
    SizedPlace { bytes, registers }
}

/// What SDCC's version 1 says of functions without variable arguments; those
/// with have all on the stack, which is the caller's.
const VERSION_1: CallingConvention = CallingConvention {
    name: "sdcccall1",
    source: "SDCC Compiler User Guide, Z80 SDCC calling convention, version 1",
    integer_arguments: &[],
    pointer_arguments: &[],
    slot_bytes: 2,
    wide: WidePlacement::Split,
    floats: FloatPlacement::AsIntegers,
    extension: Extension::BySign,
    stack_arguments: 2,
    stack_alignment: 1,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: &["de", "hl"],
    pointer_result: None,
    float_results: &[],
    float_result_format: FloatFormat::LowBits,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 0,
    callee_saved: &["ix"],
    return_by: ReturnBy::Stack { bytes: 2 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: Some(BySize {
        arguments: &[
            sized(&[1], &["a"]),
            sized(&[2], &["hl"]),
            sized(&[4], &["de", "hl"]),
            sized(&[1, 1], &["l"]),
            sized(&[1, 2], &["de"]),
            sized(&[2, 2], &["de"]),
        ],
        results: &[sized(&[1], &["a"]), sized(&[2], &["de"]), sized(&[4], &["de", "hl"])],
        others_in_variables: false,
        pops_with_results_to: Some(2),
    }),
};

/// Everything on the stack, which is the caller's.
const VERSION_0: CallingConvention = CallingConvention {
    name: "sdcccall0",
    source: "SDCC Compiler User Guide, Z80 SDCC calling convention, version 0",
    integer_results: &["hl", "de"],
    by_size: Some(BySize {
        arguments: &[],
        results: &[sized(&[1], &["l"]), sized(&[2], &["hl"]), sized(&[4], &["hl", "de"])],
        others_in_variables: false,
        pops_with_results_to: None,
    }),
    ..VERSION_1
};

/// By the address of their handlers, where there is one: the mode 1 of
/// maskable interrupts, and nonmaskable ones (UM0080, "Interrupt Response").
const INTERRUPTS: &[(u64, &str)] = &[(0x38, "maskable interrupt, mode 1"), (0x66, "nonmaskable interrupt")];

pub(super) static Z80: PlatformDefinition = PlatformDefinition {
    platform: Platform::Z80,
    description: "Zilog Z80",
    address_bits: 16,
    pointer_bytes: 2,
    data_base: 0,
    program_counter: "pc",
    stack_pointer: "sp",
    link_register: None,
    general_registers: &["a", "b", "c", "d", "e", "h", "l", "ix", "iy", "sp"],
    instruction_alignment: 1,
    longest_instruction: 4,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 256,
    elf: Some(ElfIdentity { machine: 220, class_bits: 32 }),
    calling_conventions: &[VERSION_1, VERSION_0],
    syscall_conventions: &[],
    interrupts: INTERRUPTS,
    rows: &[ROWS],
    table: OnceLock::new(),
};
