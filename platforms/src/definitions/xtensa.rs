//! Tensilica Xtensa, in both byte orders.
//!
//! Registers: Xtensa Instruction Set Architecture Reference Manual, chapters 3
//! to 5. Calls: the same, chapter 8 (CALL0 ABI).

use std::sync::OnceLock;

use crate::{
    CallingConvention, CodeAddressBit, ElfIdentity, Extension, FloatFormat, FloatPlacement, Platform,
    PlatformDefinition,
    RegisterKind::{
        Base, Control, Debug, Flags, Float, FloatControl, General, Link, ProgramCounter, StackPointer,
    },
    RegisterName, ReturnBy, StructResult, SyscallConvention, SyscallError, SyscallNumber, WidePlacement,
    spec::{Row, bank, flag, names, part, reg},
    syscalls,
};

/// `a0` to `a15` are the current window. With the Windowed Register option,
/// they are sixteen of `ar0` to `ar63`, from four times `windowbase` on: which
/// ones changes, so the table cannot tell, and they do not count as general
/// registers beside those.
const CORE: &[Row] = &[
    reg("a0", 32, Link),
    reg("a1", 32, StackPointer),
    bank("a", 2, 15, 32, General),
    names(&[("sp", "a1")]),
    bank("ar", 0, 63, 32, Control),
    reg("pc", 32, ProgramCounter),
    reg("sar", 32, Control),
    reg("lbeg", 32, Control),
    reg("lend", 32, Control),
    reg("lcount", 32, Control),
    reg("scompare1", 32, Control),
    reg("litbase", 32, Control),
    reg("threadptr", 32, Base),
    reg("expstate", 32, Control),
    reg("windowbase", 32, Control),
    reg("windowstart", 32, Control),
    reg("ps", 32, Flags),
    flag("ps_intlevel", "ps", 0, 4),
    flag("ps_excm", "ps", 4, 1),
    flag("ps_um", "ps", 5, 1),
    flag("ps_ring", "ps", 6, 2),
    flag("ps_owb", "ps", 8, 4),
    flag("ps_callinc", "ps", 16, 2),
    flag("ps_woe", "ps", 18, 1),
];

/// Options: booleans, floating point, the 16-bit multiplier's accumulator.
const OPTIONS: &[Row] = &[
    reg("br", 16, Flags),
    flag("b0", "br", 0, 1),
    flag("b1", "br", 1, 1),
    flag("b2", "br", 2, 1),
    flag("b3", "br", 3, 1),
    flag("b4", "br", 4, 1),
    flag("b5", "br", 5, 1),
    flag("b6", "br", 6, 1),
    flag("b7", "br", 7, 1),
    flag("b8", "br", 8, 1),
    flag("b9", "br", 9, 1),
    flag("b10", "br", 10, 1),
    flag("b11", "br", 11, 1),
    flag("b12", "br", 12, 1),
    flag("b13", "br", 13, 1),
    flag("b14", "br", 14, 1),
    flag("b15", "br", 15, 1),
    bank("f", 0, 15, 32, Float),
    reg("fcr", 32, FloatControl),
    flag("fcr_rm", "fcr", 0, 2),
    reg("fsr", 32, FloatControl),
    reg("acc", 40, General),
    part("acclo", "acc", 0, 32),
    part("acchi", "acc", 32, 8),
    bank("m", 0, 3, 32, General),
];

const SYSTEM: &[Row] = &[
    bank("epc", 1, 7, 32, Control),
    bank("eps", 2, 7, 32, Control),
    bank("excsave", 1, 7, 32, Control),
    reg("exccause", 32, Control),
    reg("excvaddr", 32, Control),
    reg("depc", 32, Control),
    reg("vecbase", 32, Control),
    reg("cpenable", 32, Control),
    reg("intenable", 32, Control),
    reg("interrupt", 32, Control),
    // Names for writing `interrupt`.
    names(&[("intset", "interrupt")]),
    reg("intclear", 32, Control),
    reg("ccount", 32, Control),
    bank("ccompare", 0, 2, 32, Control),
    bank("misc", 0, 3, 32, Control),
    reg("prid", 32, Control),
    bank("configid", 0, 1, 32, Control),
    reg("memctl", 32, Control),
    reg("atomctl", 32, Control),
    reg("cacheattr", 32, Control),
    reg("prefctl", 32, Control),
    reg("ptevaddr", 32, Control),
    reg("rasid", 32, Control),
    reg("itlbcfg", 32, Control),
    reg("dtlbcfg", 32, Control),
    reg("mmid", 32, Control),
    reg("ddr", 32, Debug),
    reg("debugcause", 32, Debug),
    reg("icount", 32, Debug),
    reg("icountlevel", 32, Debug),
    reg("ibreakenable", 32, Debug),
    bank("ibreaka", 0, 1, 32, Debug),
    bank("dbreaka", 0, 1, 32, Debug),
    bank("dbreakc", 0, 1, 32, Debug),
];

const CALLS: &[CallingConvention] = &[CallingConvention {
    name: "call0",
    source: "Xtensa Instruction Set Architecture Reference Manual, chapter 8, CALL0 ABI",
    integer_arguments: &["a2", "a3", "a4", "a5", "a6", "a7"],
    pointer_arguments: &[],
    slot_bytes: 4,
    wide: WidePlacement::EvenAligned,
    floats: FloatPlacement::AsIntegers,
    extension: Extension::BySign,
    stack_arguments: 0,
    stack_alignment: 16,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: &["a2", "a3", "a4", "a5"],
    pointer_result: None,
    float_results: &[],
    float_result_format: FloatFormat::LowBits,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 16,
    callee_saved: &["a12", "a13", "a14", "a15"],
    return_by: ReturnBy::Link { register: "a0", offset: 0 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
}];

const SYSCALLS: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "syscall",
    number: SyscallNumber::Register("a2"),
    arguments: &["a6", "a3", "a4", "a5", "a8", "a9"],
    stack_arguments: None,
    result: "a2",
    second_result: None,
    error: SyscallError::NegativeResult,
    names: syscalls::linux_xtensa::NAMES,
}];

/// Values of `exccause` (Reference Manual, table 4-64).
const CAUSES: &[(u64, &str)] = &[
    (0, "illegal instruction"),
    (1, "system call"),
    (2, "instruction fetch error"),
    (3, "load or store error"),
    (4, "level-1 interrupt"),
    (5, "alloca"),
    (6, "integer divide by zero"),
    (7, "next pc value illegal"),
    (8, "privileged"),
    (9, "load or store alignment"),
    (10, "external register privilege"),
    (11, "exclusive error"),
    (12, "instruction pif data error"),
    (13, "load or store pif data error"),
    (14, "instruction pif address error"),
    (15, "load or store pif address error"),
    (16, "instruction tlb miss"),
    (17, "instruction tlb multiple hit"),
    (18, "instruction fetch privilege"),
    (20, "instruction fetch prohibited"),
    (24, "load or store tlb miss"),
    (25, "load or store tlb multiple hit"),
    (26, "load or store privilege"),
    (28, "load prohibited"),
    (29, "store prohibited"),
    (32, "coprocessor 0 disabled"),
    (33, "coprocessor 1 disabled"),
    (34, "coprocessor 2 disabled"),
    (35, "coprocessor 3 disabled"),
    (36, "coprocessor 4 disabled"),
    (37, "coprocessor 5 disabled"),
    (38, "coprocessor 6 disabled"),
    (39, "coprocessor 7 disabled"),
    // Causes, which have six bits, end before it.
    (64, "simulator call"),
];

const GENERAL: &[RegisterName] =
    &["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14", "a15"];

const fn define(platform: Platform, description: &'static str) -> PlatformDefinition {
    PlatformDefinition {
        platform,
        description,
        address_bits: 32,
        pointer_bytes: 4,
        data_base: 0,
        program_counter: "pc",
        stack_pointer: "a1",
        link_register: Some("a0"),
        general_registers: GENERAL,
        instruction_alignment: 1,
        // Of the core instruction set; configurations may have longer ones.
        longest_instruction: 3,
        delay_slots: false,
        code_address_bit: CodeAddressBit::Address,
        page_bytes: 4096,
        elf: Some(ElfIdentity { machine: 94, class_bits: 32 }),
        calling_conventions: CALLS,
        syscall_conventions: SYSCALLS,
        interrupts: CAUSES,
        rows: &[CORE, OPTIONS, SYSTEM],
        table: OnceLock::new(),
    }
}

pub(super) static XTENSA: PlatformDefinition = define(Platform::XTENSA, "Tensilica Xtensa, little endian");

pub(super) static XTENSA_BE: PlatformDefinition = define(Platform::XTENSA_BE, "Tensilica Xtensa, big endian");
