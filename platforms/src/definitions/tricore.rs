//! Infineon TriCore.
//!
//! Registers: TriCore V1.6 Core Architecture manual, volume 1, chapters 3 and
//! 4, with the registers that only V1.3 has. Calls: TriCore Embedded
//! Applications Binary Interface (EABI) 2.9, chapter 2.

use std::sync::OnceLock;

use crate::{
    CallingConvention, CodeAddressBit, ElfIdentity, Extension, FloatFormat, FloatPlacement, Platform,
    PlatformDefinition,
    RegisterKind::{Control, Debug, Flags, FloatControl, General, Link, ProgramCounter, StackPointer},
    ReturnBy, StructResult, WidePlacement,
    spec::{Row, bank, flag, names, part, reg},
};

/// Extended registers as pairs: the even one is the low half.
macro_rules! pairs {
    ($($pair:literal $low:literal $high:literal),*) => {
        &[$(reg($pair, 64, General), part($low, $pair, 0, 32), part($high, $pair, 32, 32)),*]
    };
}

const DATA: &[Row] = pairs!(
    "e0" "d0" "d1", "e2" "d2" "d3", "e4" "d4" "d5", "e6" "d6" "d7",
    "e8" "d8" "d9", "e10" "d10" "d11", "e12" "d12" "d13", "e14" "d14" "d15"
);

const ADDRESS: &[Row] = pairs!(
    "p0" "a0" "a1", "p2" "a2" "a3", "p4" "a4" "a5", "p6" "a6" "a7",
    "p8" "a8" "a9", "p12" "a12" "a13", "p14" "a14" "a15"
);

const CORE: &[Row] = &[
    reg("p10", 64, General),
    part("a10", "p10", 0, 32).of_kind(StackPointer),
    part("a11", "p10", 32, 32).of_kind(Link),
    names(&[("sp", "a10"), ("ra", "a11")]),
    reg("pc", 32, ProgramCounter),
    reg("psw", 32, Flags),
    flag("psw_cdc", "psw", 0, 7),
    flag("psw_cde", "psw", 7, 1),
    flag("psw_gw", "psw", 8, 1),
    flag("psw_is", "psw", 9, 1),
    flag("psw_io", "psw", 10, 2),
    flag("psw_prs", "psw", 12, 2),
    flag("sav", "psw", 27, 1),
    flag("av", "psw", 28, 1),
    flag("sv", "psw", 29, 1),
    flag("v", "psw", 30, 1),
    flag("c", "psw", 31, 1),
    reg("pcxi", 32, Control),
    flag("pcxi_pcxo", "pcxi", 0, 16),
    flag("pcxi_pcxs", "pcxi", 16, 4),
    reg("fcx", 32, Control),
    flag("fcx_fcxo", "fcx", 0, 16),
    flag("fcx_fcxs", "fcx", 16, 4),
    reg("lcx", 32, Control),
    reg("isp", 32, Control),
    reg("icr", 32, Control),
    flag("icr_ccpn", "icr", 0, 8),
    flag("icr_pipn", "icr", 16, 8),
    reg("biv", 32, Control),
    reg("btv", 32, Control),
    reg("syscon", 32, Control),
    reg("cpu_id", 32, Control),
    reg("core_id", 32, Control),
    reg("compat", 32, Control),
];

/// Memory protection and management, caches and error reports.
const SYSTEM: &[Row] = &[
    bank("dpr#_0l", 0, 3, 32, Control),
    bank("dpr#_0u", 0, 3, 32, Control),
    bank("dpr#_1l", 0, 3, 32, Control),
    bank("dpr#_1u", 0, 3, 32, Control),
    bank("dpr#_2l", 0, 3, 32, Control),
    bank("dpr#_2u", 0, 3, 32, Control),
    bank("dpr#_3l", 0, 3, 32, Control),
    bank("dpr#_3u", 0, 3, 32, Control),
    bank("cpr#_0l", 0, 3, 32, Control),
    bank("cpr#_0u", 0, 3, 32, Control),
    bank("cpr#_1l", 0, 3, 32, Control),
    bank("cpr#_1u", 0, 3, 32, Control),
    bank("cpr#_2l", 0, 3, 32, Control),
    bank("cpr#_2u", 0, 3, 32, Control),
    bank("cpr#_3l", 0, 3, 32, Control),
    bank("cpr#_3u", 0, 3, 32, Control),
    bank("dpm", 0, 3, 32, Control),
    bank("cpm", 0, 3, 32, Control),
    bank("dpre_", 0, 3, 32, Control),
    bank("dpwe_", 0, 3, 32, Control),
    bank("cpxe_", 0, 3, 32, Control),
    reg("mmu_con", 32, Control),
    reg("mmu_asi", 32, Control),
    reg("mmu_tva", 32, Control),
    reg("mmu_tpa", 32, Control),
    reg("mmu_tpx", 32, Control),
    reg("mmu_tfa", 32, Control),
    reg("segen", 32, Control),
    reg("bmacon", 32, Control),
    reg("smacon", 32, Control),
    bank("pcon", 0, 2, 32, Control),
    bank("dcon", 0, 2, 32, Control),
    reg("dstr", 32, Control),
    reg("datr", 32, Control),
    reg("deadd", 32, Control),
    reg("pstr", 32, Control),
    reg("diear", 32, Control),
    reg("dietr", 32, Control),
    reg("ccdier", 32, Control),
    reg("miecon", 32, Control),
    reg("piear", 32, Control),
    reg("pietr", 32, Control),
    reg("ccpier", 32, Control),
    reg("tps_con", 32, Control),
    bank("tps_timer", 0, 2, 32, Control),
    reg("fpu_trap_con", 32, FloatControl),
    reg("fpu_trap_pc", 32, FloatControl),
    reg("fpu_trap_opc", 32, FloatControl),
    bank("fpu_trap_src", 1, 3, 32, FloatControl),
    reg("dbgsr", 32, Debug),
    reg("exevt", 32, Debug),
    reg("crevt", 32, Debug),
    reg("swevt", 32, Debug),
    bank("tr#evt", 0, 7, 32, Debug),
    bank("tr#adr", 0, 7, 32, Debug),
    reg("dms", 32, Debug),
    reg("dcx", 32, Debug),
    reg("dbgtcr", 32, Debug),
    reg("cctrl", 32, Debug),
    reg("ccnt", 32, Debug),
    reg("icnt", 32, Debug),
    bank("m#cnt", 1, 3, 32, Debug),
];

/// A call stores the upper context (`d8` to `d15`, `a10` to `a15`, `psw` and
/// `pcxi`) in a context-save area, and `ret` loads it back: a function that
/// returns needs an area that `pcxi` links to, not only an address in `a11`.
const CALLS: &[CallingConvention] = &[CallingConvention {
    name: "eabi",
    source: "TriCore Embedded Applications Binary Interface 2.9, chapter 2",
    integer_arguments: &["d4", "d5", "d6", "d7"],
    pointer_arguments: &["a4", "a5", "a6", "a7"],
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
    integer_results: &["d2", "d3"],
    pointer_result: Some("a2"),
    float_results: &[],
    float_result_format: FloatFormat::LowBits,
    // The hidden argument is a pointer, so it is in `a4`.
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 8,
    // With the registers of global addresses, which nobody changes.
    callee_saved: &[
        "d8", "d9", "d10", "d11", "d12", "d13", "d14", "d15", "a12", "a13", "a14", "a15", "a0", "a1", "a8",
        "a9",
    ],
    return_by: ReturnBy::Link { register: "a11", offset: 0 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
}];

/// Traps, numbered `16 * class + trap identification number`. The number of a
/// `syscall` trap (class 6) is its operand.
const TRAPS: &[(u64, &str)] = &[
    (0x00, "virtual address fill"),
    (0x01, "virtual address protection"),
    (0x11, "privileged instruction"),
    (0x12, "memory protection read"),
    (0x13, "memory protection write"),
    (0x14, "memory protection execution"),
    (0x15, "memory protection peripheral access"),
    (0x16, "memory protection null address"),
    (0x17, "global register write protection"),
    (0x21, "illegal opcode"),
    (0x22, "unimplemented opcode"),
    (0x23, "invalid operand specification"),
    (0x24, "data address alignment"),
    (0x25, "invalid local memory address"),
    (0x31, "free context list depletion"),
    (0x32, "call depth overflow"),
    (0x33, "call depth underflow"),
    (0x34, "free context list underflow"),
    (0x35, "call stack underflow"),
    (0x36, "context type"),
    (0x37, "nesting error"),
    (0x41, "program fetch synchronous error"),
    (0x42, "data access synchronous error"),
    (0x43, "data access asynchronous error"),
    (0x44, "coprocessor trap asynchronous error"),
    (0x45, "program memory integrity error"),
    (0x46, "data memory integrity error"),
    (0x47, "temporal asynchronous error"),
    (0x51, "arithmetic overflow"),
    (0x52, "sticky arithmetic overflow"),
    (0x60, "system call"),
    (0x70, "nonmaskable interrupt"),
];

pub(super) static TRICORE: PlatformDefinition = PlatformDefinition {
    platform: Platform::TRICORE,
    description: "Infineon TriCore",
    address_bits: 32,
    pointer_bytes: 4,
    data_base: 0,
    program_counter: "pc",
    stack_pointer: "a10",
    link_register: Some("a11"),
    general_registers: &[
        "d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8", "d9", "d10", "d11", "d12", "d13", "d14", "d15",
        "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14", "a15",
    ],
    instruction_alignment: 2,
    longest_instruction: 4,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    elf: Some(ElfIdentity { machine: 44, class_bits: 32 }),
    calling_conventions: CALLS,
    syscall_conventions: &[],
    interrupts: TRAPS,
    rows: &[DATA, ADDRESS, CORE, SYSTEM],
    table: OnceLock::new(),
};
