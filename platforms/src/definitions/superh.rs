//! Hitachi (Renesas) SuperH SH-4.
//!
//! Registers: SH-4 Software Manual (REJ09B0318), section 2. Calls: the ABI of
//! GCC for SH (`gcc/config/sh/sh.h` and `sh.cc`; without `-mrenesas`), which
//! GNU/Linux follows.

use std::sync::OnceLock;

use crate::{
    CallingConvention, CodeAddressBit, ElfIdentity, Extension, FloatFormat, FloatPlacement, Platform,
    PlatformDefinition,
    RegisterKind::{Base, Control, Flags, Float, FloatControl, General, Link, ProgramCounter, StackPointer},
    RegisterName, ReturnBy, StructResult, SyscallConvention, SyscallError, SyscallNumber, WidePlacement,
    spec::{Row, bank, flag, names, part, reg},
    syscalls,
};

/// The second bank of `r0` to `r7` is reached by `ldc` and `stc` only: the bit
/// `rb` does not exchange the banks.
const CORE: &[Row] = &[
    bank("r", 0, 14, 32, General),
    reg("r15", 32, StackPointer),
    reg("pc", 32, ProgramCounter),
    reg("pr", 32, Link),
    names(&[("sp", "r15"), ("fp", "r14")]),
    reg("mach", 32, General),
    reg("macl", 32, General),
    reg("gbr", 32, Base),
    reg("sr", 32, Flags),
    flag("t", "sr", 0, 1),
    flag("s", "sr", 1, 1),
    flag("imask", "sr", 4, 4),
    flag("q", "sr", 8, 1),
    flag("m", "sr", 9, 1),
    flag("fd", "sr", 15, 1),
    flag("bl", "sr", 28, 1),
    flag("rb", "sr", 29, 1),
    flag("md", "sr", 30, 1),
    bank("r#_bank", 0, 7, 32, Control),
    reg("vbr", 32, Control),
    reg("ssr", 32, Control),
    reg("spc", 32, Control),
    reg("sgr", 32, Control),
    reg("dbr", 32, Control),
];

/// The first single of a pair is the higher half of the double.
macro_rules! pair {
    ($double:literal, $first:literal, $second:literal) => {
        [reg($double, 64, Float), part($first, $double, 32, 32), part($second, $double, 0, 32)]
    };
}

const DOUBLES: &[&[Row]] = &[
    &pair!("dr0", "fr0", "fr1"),
    &pair!("dr2", "fr2", "fr3"),
    &pair!("dr4", "fr4", "fr5"),
    &pair!("dr6", "fr6", "fr7"),
    &pair!("dr8", "fr8", "fr9"),
    &pair!("dr10", "fr10", "fr11"),
    &pair!("dr12", "fr12", "fr13"),
    &pair!("dr14", "fr14", "fr15"),
];

/// Those of the bank that FPSCR.FR does not select (SH-4 Software Manual, 2.2.3).
const EXTENDED: &[&[Row]] = &[
    &pair!("xd0", "xf0", "xf1"),
    &pair!("xd2", "xf2", "xf3"),
    &pair!("xd4", "xf4", "xf5"),
    &pair!("xd6", "xf6", "xf7"),
    &pair!("xd8", "xf8", "xf9"),
    &pair!("xd10", "xf10", "xf11"),
    &pair!("xd12", "xf12", "xf13"),
    &pair!("xd14", "xf14", "xf15"),
];

const FLOAT_CONTROL: &[Row] = &[
    reg("fpul", 32, Float),
    reg("fpscr", 32, FloatControl),
    flag("fpscr_rm", "fpscr", 0, 2),
    flag("fpscr_flag", "fpscr", 2, 5),
    flag("fpscr_enable", "fpscr", 7, 5),
    flag("fpscr_cause", "fpscr", 12, 6),
    flag("fpscr_dn", "fpscr", 18, 1),
    flag("fpscr_pr", "fpscr", 19, 1),
    flag("fpscr_sz", "fpscr", 20, 1),
    flag("fpscr_fr", "fpscr", 21, 1),
];

const ROWS: &[&[Row]] = &[
    CORE,
    DOUBLES[0],
    DOUBLES[1],
    DOUBLES[2],
    DOUBLES[3],
    DOUBLES[4],
    DOUBLES[5],
    DOUBLES[6],
    DOUBLES[7],
    EXTENDED[0],
    EXTENDED[1],
    EXTENDED[2],
    EXTENDED[3],
    EXTENDED[4],
    EXTENDED[5],
    EXTENDED[6],
    EXTENDED[7],
    FLOAT_CONTROL,
];

const DOUBLE_ARGUMENTS: &[RegisterName] = &["dr4", "dr6", "dr8", "dr10"];

/// `sh_function_arg` of GCC: singles in `fr4` to `fr11`, doubles at even
/// numbers, and a hole that a double leaves stays free.
const BIG: CallingConvention = CallingConvention {
    name: "gnu",
    source: "GCC for SH, gcc/config/sh/sh.cc, sh_function_arg and sh_function_value",
    integer_arguments: &["r4", "r5", "r6", "r7"],
    pointer_arguments: &[],
    slot_bytes: 4,
    wide: WidePlacement::Together,
    floats: FloatPlacement::BackFilling {
        single: &["fr4", "fr5", "fr6", "fr7", "fr8", "fr9", "fr10", "fr11"],
        double: DOUBLE_ARGUMENTS,
        fills_holes: false,
        in_variadic: true,
    },
    extension: Extension::BySign,
    stack_arguments: 0,
    stack_alignment: 4,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: &["r0", "r1"],
    pointer_result: None,
    float_results: &["dr0"],
    float_result_format: FloatFormat::HighBits,
    struct_result: StructResult::Register("r2"),
    struct_result_in_registers: 8,
    callee_saved: &["r8", "r9", "r10", "r11", "r12", "r13", "r14", "fr12", "fr13", "fr14", "fr15"],
    return_by: ReturnBy::Link { register: "pr", offset: 0 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
};

/// A little-endian SH-4 has the first single of each pair in the second
/// register.
const LITTLE: CallingConvention = CallingConvention {
    floats: FloatPlacement::BackFilling {
        single: &["fr5", "fr4", "fr7", "fr6", "fr9", "fr8", "fr11", "fr10"],
        double: DOUBLE_ARGUMENTS,
        fills_holes: false,
        in_variadic: true,
    },
    ..BIG
};

/// The kernel tells system calls from other traps by the number, of which the
/// lowest bits were the number of arguments (`arch/sh/kernel/cpu/sh3/entry.S`).
const SYSCALLS: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "trapa #0x10",
    number: SyscallNumber::Register("r3"),
    arguments: &["r4", "r5", "r6", "r7", "r0", "r1"],
    stack_arguments: None,
    result: "r0",
    second_result: None,
    error: SyscallError::NegativeResult,
    names: syscalls::linux_sh::NAMES,
}];

/// Exception codes (SH-4 Software Manual, table 5.1).
const EXCEPTIONS: &[(u64, &str)] = &[
    (0x000, "power-on reset"),
    (0x020, "manual reset"),
    (0x040, "instruction or data TLB miss, read"),
    (0x060, "data TLB miss, write"),
    (0x080, "initial page write"),
    (0x0a0, "TLB protection violation, read"),
    (0x0c0, "TLB protection violation, write"),
    (0x0e0, "address error, read"),
    (0x100, "address error, write"),
    (0x120, "floating-point exception"),
    (0x140, "TLB multiple hit"),
    (0x160, "trapa"),
    (0x180, "illegal instruction"),
    (0x1a0, "illegal instruction in a delay slot"),
    (0x1c0, "nonmaskable interrupt"),
    (0x1e0, "user break"),
    (0x800, "floating point disabled"),
    (0x820, "floating point disabled in a delay slot"),
];

const fn definition(
    platform: Platform,
    calling_conventions: &'static [CallingConvention],
) -> PlatformDefinition {
    PlatformDefinition {
        platform,
        description: "SuperH SH-4",
        address_bits: 32,
        pointer_bytes: 4,
        data_base: 0,
        program_counter: "pc",
        stack_pointer: "r15",
        link_register: Some("pr"),
        general_registers: &[
            "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
            "r15",
        ],
        instruction_alignment: 2,
        longest_instruction: 2,
        delay_slots: true,
        code_address_bit: CodeAddressBit::Address,
        page_bytes: 4096,
        elf: Some(ElfIdentity { machine: 42, class_bits: 32 }),
        calling_conventions,
        syscall_conventions: SYSCALLS,
        interrupts: EXCEPTIONS,
        rows: ROWS,
        table: OnceLock::new(),
    }
}

pub(super) static SH4: PlatformDefinition = definition(Platform::SH4, &[LITTLE]);

pub(super) static SH4_BE: PlatformDefinition = definition(Platform::SH4_BE, &[BIG]);
