//! MOS Technology 6502.
//!
//! Registers: MCS6500 Microcomputer Family Programming Manual (MOS Technology,
//! 1976), chapters 2 to 4 and 8. Calls: cc65 documentation, "cc65 coding
//! hints" and "Parameter passing and calling conventions" (`__fastcall__`).

use std::sync::OnceLock;

use crate::{
    BySize, CallingConvention, CodeAddressBit, Extension, FloatFormat, FloatPlacement, Platform,
    PlatformDefinition,
    RegisterKind::{Flags, General, ProgramCounter, StackPointer},
    ReturnBy, SizedPlace, StructResult, WidePlacement,
    spec::{Row, flag, names, part, reg},
};

/// The stack pointer `s` has 8 bits; `sp` is the address that it stands for,
/// whose upper byte is 1. Flags are called as x86 calls its own. `p` has no B:
/// that is a bit of what is pushed.
const ROWS: &[Row] = &[
    reg("a", 8, General),
    reg("x", 8, General),
    reg("y", 8, General),
    reg("p", 8, Flags),
    reg("sp", 16, StackPointer),
    reg("pc", 16, ProgramCounter),
    part("s", "sp", 0, 8),
    names(&[("sr", "p")]),
    flag("cf", "p", 0, 1),
    flag("zf", "p", 1, 1),
    flag("if", "p", 2, 1),
    flag("df", "p", 3, 1),
    flag("vf", "p", 6, 1),
    flag("nf", "p", 7, 1),
];

/// Of functions with one parameter; the last of several would stand there,
/// and the others on a stack of the compiler's runtime, which is memory. Here
/// they are on the processor's.
const FASTCALL: CallingConvention = CallingConvention {
    name: "cc65-fastcall",
    source: "cc65 documentation, Parameter passing and calling conventions, functions of one parameter",
    integer_arguments: &[],
    pointer_arguments: &[],
    slot_bytes: 1,
    wide: WidePlacement::Split,
    floats: FloatPlacement::AsIntegers,
    extension: Extension::BySign,
    stack_arguments: 3,
    stack_alignment: 1,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: &["a", "x"],
    pointer_result: None,
    float_results: &[],
    float_result_format: FloatFormat::LowBits,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 0,
    callee_saved: &[],
    return_by: ReturnBy::EmptyStack { bytes: 2, offset: 1 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: Some(BySize {
        arguments: &[
            SizedPlace { bytes: &[1], registers: &["a"] },
            SizedPlace { bytes: &[2], registers: &["a", "x"] },
        ],
        results: &[
            SizedPlace { bytes: &[1], registers: &["a"] },
            SizedPlace { bytes: &[2], registers: &["a", "x"] },
        ],
        others_in_variables: false,
        pops_with_results_to: None,
    }),
};

/// By the address of their vectors (Programming Manual, chapter 9). The
/// processor has no exception of instructions that are none.
const INTERRUPTS: &[(u64, &str)] = &[
    (0, "undefined instruction"),
    (0xfffa, "nonmaskable interrupt"),
    (0xfffc, "reset"),
    (0xfffe, "interrupt request, BRK"),
];

pub(super) static MOS6502: PlatformDefinition = PlatformDefinition {
    platform: Platform::MOS6502,
    description: "MOS Technology 6502",
    address_bits: 16,
    pointer_bytes: 2,
    data_base: 0,
    program_counter: "pc",
    stack_pointer: "sp",
    link_register: None,
    general_registers: &["a", "x", "y"],
    instruction_alignment: 1,
    longest_instruction: 3,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 256,
    elf: None,
    calling_conventions: &[FASTCALL],
    syscall_conventions: &[],
    interrupts: INTERRUPTS,
    rows: &[ROWS],
    table: OnceLock::new(),
};
