//! Motorola 68000 family.
//!
//! Registers: M68000 Family Programmer's Reference Manual, chapter 1, with the
//! control registers of the 68020 to the 68060. Calls: System V Application
//! Binary Interface, Motorola 68000 Processor Family Edition, chapter 3, as
//! GNU/Linux compilers follow it.

use std::sync::OnceLock;

use crate::{
    CallingConvention, CodeAddressBit, ElfIdentity, Extension, FloatFormat, FloatPlacement, Platform,
    PlatformDefinition,
    RegisterKind::{Control, Flags, Float, FloatControl, General, ProgramCounter, StackPointer},
    ReturnBy, StructResult, SyscallConvention, SyscallError, SyscallNumber, WidePlacement,
    spec::{Row, bank, flag, names, part, reg},
    syscalls,
};

const CORE: &[Row] = &[
    bank("d", 0, 7, 32, General),
    bank("a", 0, 6, 32, General),
    reg("a7", 32, StackPointer),
    reg("pc", 32, ProgramCounter),
    names(&[("sp", "a7"), ("fp", "a6")]),
    reg("sr", 16, Flags),
    part("ccr", "sr", 0, 8),
    flag("c", "sr", 0, 1),
    flag("v", "sr", 1, 1),
    flag("z", "sr", 2, 1),
    flag("n", "sr", 3, 1),
    flag("x", "sr", 4, 1),
    flag("ipl", "sr", 8, 3),
    flag("m", "sr", 12, 1),
    flag("s", "sr", 13, 1),
    flag("t0", "sr", 14, 1),
    flag("t1", "sr", 15, 1),
];

/// Floating-point data is in extended precision: the sign and exponent in the
/// highest 16 of 80 bits, the fraction below, without the padding that stands
/// between them in memory.
const FLOAT: &[Row] = &[
    bank("fp", 0, 7, 80, Float),
    reg("fpcr", 32, FloatControl),
    flag("fpcr_rnd", "fpcr", 4, 2),
    flag("fpcr_prec", "fpcr", 6, 2),
    flag("fpcr_enable", "fpcr", 8, 8),
    reg("fpsr", 32, FloatControl),
    flag("fpsr_aexc", "fpsr", 0, 8),
    flag("fpsr_exc", "fpsr", 8, 8),
    flag("fpsr_quotient", "fpsr", 16, 8),
    flag("fpsr_nan", "fpsr", 24, 1),
    flag("fpsr_i", "fpsr", 25, 1),
    flag("fpsr_z", "fpsr", 26, 1),
    flag("fpsr_n", "fpsr", 27, 1),
    reg("fpiar", 32, FloatControl),
];

/// `a7` is one of three stack pointers, as the mode bits of `sr` say; those
/// that it is not are kept in `usp`, `isp` (`ssp` before the 68020) and `msp`.
const SYSTEM: &[Row] = &[
    reg("usp", 32, Control),
    reg("isp", 32, Control),
    reg("msp", 32, Control),
    names(&[("ssp", "isp")]),
    reg("vbr", 32, Control),
    reg("cacr", 32, Control),
    reg("caar", 32, Control),
    reg("sfc", 32, Control),
    reg("dfc", 32, Control),
    reg("tc", 32, Control),
    reg("mmusr", 32, Control),
    reg("srp", 32, Control),
    reg("urp", 32, Control),
    bank("itt", 0, 1, 32, Control),
    bank("dtt", 0, 1, 32, Control),
    reg("buscr", 32, Control),
    reg("pcr", 32, Control),
];

/// Every argument stands on the stack in a slot of four bytes.
const CALLS: &[CallingConvention] = &[CallingConvention {
    name: "sysv",
    source: "System V ABI, Motorola 68000 Processor Family Edition, chapter 3; GCC for Linux",
    integer_arguments: &[],
    pointer_arguments: &[],
    slot_bytes: 4,
    wide: WidePlacement::Split,
    floats: FloatPlacement::AsIntegers,
    extension: Extension::BySign,
    stack_arguments: 4,
    stack_alignment: 2,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: &["d0", "d1"],
    // A pointer is returned in `a0` and by most compilers in `d0` as well.
    pointer_result: Some("a0"),
    float_results: &["fp0"],
    float_result_format: FloatFormat::X87,
    struct_result: StructResult::Register("a1"),
    struct_result_in_registers: 8,
    callee_saved: &[
        "d2", "d3", "d4", "d5", "d6", "d7", "a2", "a3", "a4", "a5", "a6", "fp2", "fp3", "fp4", "fp5", "fp6",
        "fp7",
    ],
    return_by: ReturnBy::Stack { bytes: 4 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
}];

const SYSCALLS: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "trap #0",
    number: SyscallNumber::Register("d0"),
    arguments: &["d1", "d2", "d3", "d4", "d5", "a0"],
    stack_arguments: None,
    result: "d0",
    second_result: None,
    error: SyscallError::NegativeResult,
    names: syscalls::linux_m68k::NAMES,
}];

/// Numbers of exception vectors (Programmer's Reference Manual, table B-1).
const VECTORS: &[(u64, &str)] = &[
    (0, "reset (stack pointer)"),
    (1, "reset (program counter)"),
    (2, "access fault"),
    (3, "address error"),
    (4, "illegal instruction"),
    (5, "integer divide by zero"),
    (6, "chk, chk2"),
    (7, "ftrapcc, trapcc, trapv"),
    (8, "privilege violation"),
    (9, "trace"),
    (10, "line 1010"),
    (11, "line 1111"),
    (13, "coprocessor protocol violation"),
    (14, "format error"),
    (15, "uninitialized interrupt"),
    (24, "spurious interrupt"),
    (25, "level 1 autovector"),
    (26, "level 2 autovector"),
    (27, "level 3 autovector"),
    (28, "level 4 autovector"),
    (29, "level 5 autovector"),
    (30, "level 6 autovector"),
    (31, "level 7 autovector"),
    (32, "trap #0"),
    (33, "trap #1"),
    (34, "trap #2"),
    (35, "trap #3"),
    (36, "trap #4"),
    (37, "trap #5"),
    (38, "trap #6"),
    (39, "trap #7"),
    (40, "trap #8"),
    (41, "trap #9"),
    (42, "trap #10"),
    (43, "trap #11"),
    (44, "trap #12"),
    (45, "trap #13"),
    (46, "trap #14"),
    (47, "trap #15"),
    (48, "fp branch or set on unordered condition"),
    (49, "fp inexact result"),
    (50, "fp divide by zero"),
    (51, "fp underflow"),
    (52, "fp operand error"),
    (53, "fp overflow"),
    (54, "fp signaling nan"),
    (55, "fp unimplemented data type"),
    (56, "mmu configuration error"),
    (57, "mmu illegal operation"),
    (58, "mmu access level violation"),
    (60, "unimplemented effective address"),
    (61, "unimplemented integer instruction"),
];

pub(super) static M68K: PlatformDefinition = PlatformDefinition {
    platform: Platform::M68K,
    description: "Motorola 68000 family",
    address_bits: 32,
    pointer_bytes: 4,
    data_base: 0,
    program_counter: "pc",
    stack_pointer: "a7",
    link_register: None,
    general_registers: &[
        "d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7",
    ],
    instruction_alignment: 2,
    // Two words of operation and two full-format effective addresses, of the
    // 68020 and later; the 68000 has at most ten bytes.
    longest_instruction: 22,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    elf: Some(ElfIdentity { machine: 4, class_bits: 32 }),
    calling_conventions: CALLS,
    syscall_conventions: SYSCALLS,
    interrupts: VECTORS,
    rows: &[CORE, FLOAT, SYSTEM],
    table: OnceLock::new(),
};
