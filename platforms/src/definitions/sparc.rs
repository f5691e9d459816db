//! 32-bit SPARC (V8) and 64-bit SPARC (V9).
//!
//! Registers: The SPARC Architecture Manual, version 8, chapter 4, and version
//! 9, chapter 5; UltraSPARC Architecture 2005, chapter 5. Calls: System V
//! Application Binary Interface, SPARC Processor Supplement, chapter 3; SPARC
//! Compliance Definition 2.4, chapter 3P.
//!
//! The register window is the current one: what `save` and `restore` move is
//! seen through the same names.

use std::sync::OnceLock;

use crate::{
    CallingConvention, CodeAddressBit, ElfIdentity, Extension, FloatFormat, FloatPlacement, Platform,
    PlatformDefinition,
    RegisterKind::{Control, Flags, Float, FloatControl, General, Link, ProgramCounter, StackPointer},
    RegisterName, ReturnBy, StructResult, SyscallConvention, SyscallError, SyscallNumber, WidePlacement,
    spec::{Row, bank, fixed, flag, names, part, reg, renumbered},
    syscalls,
};

macro_rules! window_rows {
    ($bits:literal) => {
        &[
            fixed("g0", $bits, 0),
            bank("g", 1, 7, $bits, General),
            bank("o", 0, 5, $bits, General),
            reg("o6", $bits, StackPointer),
            reg("o7", $bits, Link),
            bank("l", 0, 7, $bits, General),
            bank("i", 0, 7, $bits, General),
            names(&[("sp", "o6"), ("fp", "i6")]),
            renumbered("r", 0, 8, "g", 0),
            renumbered("r", 8, 8, "o", 0),
            renumbered("r", 16, 8, "l", 0),
            renumbered("r", 24, 8, "i", 0),
            reg("pc", $bits, ProgramCounter),
            reg("npc", $bits, ProgramCounter),
            reg("y", $bits, General),
        ]
    };
}

const WINDOW_32: &[Row] = window_rows!(32);
const WINDOW_64: &[Row] = window_rows!(64);

/// A double is in two registers, its high word in the even one.
macro_rules! doubles {
    ($($double:literal $high:literal $low:literal),*) => {
        &[$(reg($double, 64, Float), part($high, $double, 32, 32), part($low, $double, 0, 32)),*]
    };
}

const FLOAT_LOW: &[Row] = doubles!(
    "d0" "f0" "f1", "d2" "f2" "f3", "d4" "f4" "f5", "d6" "f6" "f7",
    "d8" "f8" "f9", "d10" "f10" "f11", "d12" "f12" "f13", "d14" "f14" "f15",
    "d16" "f16" "f17", "d18" "f18" "f19", "d20" "f20" "f21", "d22" "f22" "f23",
    "d24" "f24" "f25", "d26" "f26" "f27", "d28" "f28" "f29", "d30" "f30" "f31"
);

macro_rules! upper_doubles {
    ($($double:literal $other:literal),*) => {
        &[$(reg($double, 64, Float), names(&[($other, $double)])),*]
    };
}

/// The upper doubles of V9 have no single-precision halves.
const FLOAT_HIGH: &[Row] = upper_doubles!(
    "d32" "f32", "d34" "f34", "d36" "f36", "d38" "f38", "d40" "f40", "d42" "f42", "d44" "f44",
    "d46" "f46", "d48" "f48", "d50" "f50", "d52" "f52", "d54" "f54", "d56" "f56", "d58" "f58",
    "d60" "f60", "d62" "f62"
);

const STATE_32: &[Row] = &[
    reg("psr", 32, Flags),
    flag("cwp", "psr", 0, 5),
    flag("et", "psr", 5, 1),
    flag("ps", "psr", 6, 1),
    flag("s", "psr", 7, 1),
    flag("pil", "psr", 8, 4),
    flag("ef", "psr", 12, 1),
    flag("ec", "psr", 13, 1),
    flag("icc", "psr", 20, 4),
    flag("c", "psr", 20, 1),
    flag("v", "psr", 21, 1),
    flag("z", "psr", 22, 1),
    flag("n", "psr", 23, 1),
    flag("psr_ver", "psr", 24, 4),
    flag("psr_impl", "psr", 28, 4),
    reg("wim", 32, Control),
    reg("tbr", 32, Control),
    flag("tbr_tt", "tbr", 4, 8),
    names(&[("asr0", "y")]),
    bank("asr", 1, 31, 32, Control),
    reg("fsr", 32, FloatControl),
    names(&[("csr", "fsr")]),
    flag("fcc0", "fsr", 10, 2),
    names(&[("fcc", "fcc0")]),
];

const STATE_64: &[Row] = &[
    reg("ccr", 8, Flags),
    flag("icc", "ccr", 0, 4),
    flag("icc_c", "ccr", 0, 1),
    flag("icc_v", "ccr", 1, 1),
    flag("icc_z", "ccr", 2, 1),
    flag("icc_n", "ccr", 3, 1),
    flag("xcc", "ccr", 4, 4),
    flag("xcc_c", "ccr", 4, 1),
    flag("xcc_v", "ccr", 5, 1),
    flag("xcc_z", "ccr", 6, 1),
    flag("xcc_n", "ccr", 7, 1),
    reg("asi", 8, Control),
    reg("tick", 64, Control),
    reg("fprs", 3, FloatControl),
    reg("gsr", 64, FloatControl),
    reg("pcr", 64, Control),
    reg("pic", 64, Control),
    reg("softint", 64, Control),
    reg("tick_cmpr", 64, Control),
    reg("stick", 64, Control),
    reg("stick_cmpr", 64, Control),
    names(&[
        ("asr0", "y"),
        ("asr2", "ccr"),
        ("asr3", "asi"),
        ("asr4", "tick"),
        ("asr5", "pc"),
        ("asr6", "fprs"),
        ("asr16", "pcr"),
        ("asr17", "pic"),
        ("asr19", "gsr"),
        ("asr22", "softint"),
        ("asr23", "tick_cmpr"),
        ("asr24", "stick"),
        ("asr25", "stick_cmpr"),
    ]),
    reg("fsr", 64, FloatControl),
    flag("fcc0", "fsr", 10, 2),
    flag("fcc1", "fsr", 32, 2),
    flag("fcc2", "fsr", 34, 2),
    flag("fcc3", "fsr", 36, 2),
    // Privileged: the window, the trap stack's top, and the state.
    reg("cwp", 5, Control),
    reg("cansave", 5, Control),
    reg("canrestore", 5, Control),
    reg("cleanwin", 5, Control),
    reg("otherwin", 5, Control),
    reg("wstate", 6, Control),
    flag("wstate_normal", "wstate", 0, 3),
    flag("wstate_other", "wstate", 3, 3),
    reg("tpc", 64, Control),
    reg("tnpc", 64, Control),
    reg("tstate", 64, Control),
    flag("tstate_cwp", "tstate", 0, 5),
    flag("tstate_pstate", "tstate", 8, 13),
    flag("tstate_asi", "tstate", 24, 8),
    flag("tstate_ccr", "tstate", 32, 8),
    flag("tstate_gl", "tstate", 40, 3),
    reg("tt", 16, Control),
    reg("tl", 8, Control),
    reg("gl", 8, Control),
    reg("tba", 64, Control),
    reg("pstate", 32, Control),
    flag("pstate_ie", "pstate", 1, 1),
    flag("pstate_priv", "pstate", 2, 1),
    flag("pstate_am", "pstate", 3, 1),
    flag("pstate_pef", "pstate", 4, 1),
    flag("pstate_mm", "pstate", 6, 2),
    flag("pstate_tle", "pstate", 8, 1),
    flag("pstate_cle", "pstate", 9, 1),
    reg("pil", 4, Control),
    reg("ver", 64, Control),
    // Hyperprivileged, of UltraSPARC.
    reg("hpstate", 64, Control),
    reg("htstate", 64, Control),
    reg("hintp", 64, Control),
    reg("htba", 64, Control),
    reg("hver", 64, Control),
    reg("hstick_cmpr", 64, Control),
];

const FLOAT_STATE: &[Row] = &[
    flag("fsr_cexc", "fsr", 0, 5),
    flag("fsr_aexc", "fsr", 5, 5),
    flag("fsr_qne", "fsr", 13, 1),
    flag("fsr_ftt", "fsr", 14, 3),
    flag("fsr_ver", "fsr", 17, 3),
    flag("fsr_ns", "fsr", 22, 1),
    flag("fsr_tem", "fsr", 23, 5),
    flag("fsr_rd", "fsr", 30, 2),
];

const SAVED: &[RegisterName] =
    &["l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7", "i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7"];

const ARGUMENTS: &[RegisterName] = &["o0", "o1", "o2", "o3", "o4", "o5"];

/// A function that returns a structure returns to four bytes further on, past
/// an `unimp` instruction that holds the size, if it finds one there.
const CALLS_32: &[CallingConvention] = &[CallingConvention {
    name: "sysv",
    source: "System V ABI, SPARC Processor Supplement, chapter 3",
    integer_arguments: ARGUMENTS,
    pointer_arguments: &[],
    slot_bytes: 4,
    wide: WidePlacement::Split,
    floats: FloatPlacement::AsIntegers,
    extension: Extension::BySign,
    // Room for the window (64 bytes), for the address of a structure (4) and
    // for the six register arguments (24).
    stack_arguments: 92,
    stack_alignment: 8,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: true,
    integer_results: &["o0", "o1"],
    pointer_result: None,
    // A single is in `f0`, the high half.
    float_results: &["d0"],
    float_result_format: FloatFormat::HighBits,
    struct_result: StructResult::StackSlot(64),
    struct_result_in_registers: 0,
    callee_saved: SAVED,
    return_by: ReturnBy::Link { register: "o7", offset: 8 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
}];

const CALLS_64: &[CallingConvention] = &[CallingConvention {
    name: "sysv",
    source: "SPARC Compliance Definition 2.4, chapter 3P",
    integer_arguments: ARGUMENTS,
    pointer_arguments: &[],
    slot_bytes: 8,
    wide: WidePlacement::EvenAligned,
    // A single is in the low half of its position: `f1`, `f3` …
    floats: FloatPlacement::Positional {
        registers: &[
            "d0", "d2", "d4", "d6", "d8", "d10", "d12", "d14", "d16", "d18", "d20", "d22", "d24", "d26",
            "d28", "d30",
        ],
        single: FloatFormat::LowBits,
    },
    extension: Extension::BySign,
    // Room for the window (128 bytes) and for the six register arguments (48).
    stack_arguments: 176,
    stack_alignment: 16,
    entry_misalignment: 0,
    stack_bias: 2047,
    red_zone: 0,
    positional: true,
    integer_results: &["o0", "o1", "o2", "o3"],
    pointer_result: None,
    // A single is in `f0`, the high half, unlike an argument.
    float_results: &["d0"],
    float_result_format: FloatFormat::HighBits,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 32,
    ..CALLS_32[0]
}];

const SYSCALLS_32: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "ta 0x10",
    number: SyscallNumber::Register("g1"),
    arguments: ARGUMENTS,
    stack_arguments: None,
    result: "o0",
    second_result: Some("o1"),
    error: SyscallError::Flag("c"),
    names: syscalls::linux_sparc32::NAMES,
}];

/// The kernel sets the carry flags of `icc` and of `xcc` alike.
const SYSCALLS_64: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "ta 0x6d",
    number: SyscallNumber::Register("g1"),
    arguments: ARGUMENTS,
    stack_arguments: None,
    result: "o0",
    second_result: Some("o1"),
    error: SyscallError::Flag("xcc_c"),
    names: syscalls::linux_sparc64::NAMES,
}];

/// Trap types (V8 manual, table 7-1). `ta` adds its operand to 0x80.
const TRAPS_32: &[(u64, &str)] = &[
    (0x00, "reset"),
    (0x01, "instruction access exception"),
    (0x02, "illegal instruction"),
    (0x03, "privileged instruction"),
    (0x04, "floating-point disabled"),
    (0x05, "window overflow"),
    (0x06, "window underflow"),
    (0x07, "memory address not aligned"),
    (0x08, "floating-point exception"),
    (0x09, "data access exception"),
    (0x0a, "tag overflow"),
    (0x0b, "watchpoint detected"),
    (0x11, "interrupt level 1"),
    (0x12, "interrupt level 2"),
    (0x13, "interrupt level 3"),
    (0x14, "interrupt level 4"),
    (0x15, "interrupt level 5"),
    (0x16, "interrupt level 6"),
    (0x17, "interrupt level 7"),
    (0x18, "interrupt level 8"),
    (0x19, "interrupt level 9"),
    (0x1a, "interrupt level 10"),
    (0x1b, "interrupt level 11"),
    (0x1c, "interrupt level 12"),
    (0x1d, "interrupt level 13"),
    (0x1e, "interrupt level 14"),
    (0x1f, "interrupt level 15"),
    (0x20, "register access error"),
    (0x21, "instruction access error"),
    (0x24, "coprocessor disabled"),
    (0x25, "unimplemented flush"),
    (0x28, "coprocessor exception"),
    (0x29, "data access error"),
    (0x2a, "division by zero"),
    (0x2b, "data store error"),
    (0x2c, "data access mmu miss"),
    (0x3c, "instruction access mmu miss"),
    (0x80, "trap instruction 0 (SunOS system call)"),
    (0x81, "trap instruction 1 (breakpoint)"),
    (0x82, "trap instruction 2 (division by zero)"),
    (0x83, "trap instruction 3 (flush windows)"),
    (0x90, "trap instruction 0x10 (Linux system call)"),
];

/// Trap types (V9 manual, table 14). `ta` adds its operand to 0x100.
const TRAPS_64: &[(u64, &str)] = &[
    (0x001, "power-on reset"),
    (0x002, "watchdog reset"),
    (0x003, "externally initiated reset"),
    (0x004, "software-initiated reset"),
    (0x005, "red state exception"),
    (0x008, "instruction access exception"),
    (0x009, "instruction access mmu miss"),
    (0x00a, "instruction access error"),
    (0x010, "illegal instruction"),
    (0x011, "privileged opcode"),
    (0x012, "unimplemented ldd"),
    (0x013, "unimplemented std"),
    (0x020, "floating-point disabled"),
    (0x021, "floating-point exception ieee 754"),
    (0x022, "floating-point exception other"),
    (0x023, "tag overflow"),
    (0x024, "clean window"),
    (0x028, "division by zero"),
    (0x029, "internal processor error"),
    (0x030, "data access exception"),
    (0x031, "data access mmu miss"),
    (0x032, "data access error"),
    (0x033, "data access protection"),
    (0x034, "memory address not aligned"),
    (0x035, "lddf memory address not aligned"),
    (0x036, "stdf memory address not aligned"),
    (0x037, "privileged action"),
    (0x038, "ldqf memory address not aligned"),
    (0x039, "stqf memory address not aligned"),
    (0x040, "asynchronous data error"),
    (0x041, "interrupt level 1"),
    (0x042, "interrupt level 2"),
    (0x043, "interrupt level 3"),
    (0x044, "interrupt level 4"),
    (0x045, "interrupt level 5"),
    (0x046, "interrupt level 6"),
    (0x047, "interrupt level 7"),
    (0x048, "interrupt level 8"),
    (0x049, "interrupt level 9"),
    (0x04a, "interrupt level 10"),
    (0x04b, "interrupt level 11"),
    (0x04c, "interrupt level 12"),
    (0x04d, "interrupt level 13"),
    (0x04e, "interrupt level 14"),
    (0x04f, "interrupt level 15"),
    (0x060, "interrupt vector"),
    (0x061, "physical address watchpoint"),
    (0x062, "virtual address watchpoint"),
    (0x064, "fast instruction access mmu miss"),
    (0x068, "fast data access mmu miss"),
    (0x06c, "fast data access protection"),
    (0x080, "spill 0 normal"),
    (0x084, "spill 1 normal"),
    (0x088, "spill 2 normal"),
    (0x08c, "spill 3 normal"),
    (0x090, "spill 4 normal"),
    (0x094, "spill 5 normal"),
    (0x098, "spill 6 normal"),
    (0x09c, "spill 7 normal"),
    (0x0a0, "spill 0 other"),
    (0x0a4, "spill 1 other"),
    (0x0a8, "spill 2 other"),
    (0x0ac, "spill 3 other"),
    (0x0b0, "spill 4 other"),
    (0x0b4, "spill 5 other"),
    (0x0b8, "spill 6 other"),
    (0x0bc, "spill 7 other"),
    (0x0c0, "fill 0 normal"),
    (0x0c4, "fill 1 normal"),
    (0x0c8, "fill 2 normal"),
    (0x0cc, "fill 3 normal"),
    (0x0d0, "fill 4 normal"),
    (0x0d4, "fill 5 normal"),
    (0x0d8, "fill 6 normal"),
    (0x0dc, "fill 7 normal"),
    (0x0e0, "fill 0 other"),
    (0x0e4, "fill 1 other"),
    (0x0e8, "fill 2 other"),
    (0x0ec, "fill 3 other"),
    (0x0f0, "fill 4 other"),
    (0x0f4, "fill 5 other"),
    (0x0f8, "fill 6 other"),
    (0x0fc, "fill 7 other"),
    (0x101, "trap instruction 1 (breakpoint)"),
    (0x103, "trap instruction 3 (flush windows)"),
    (0x110, "trap instruction 0x10 (Linux system call, 32-bit)"),
    (0x16d, "trap instruction 0x6d (Linux system call)"),
];

const GENERAL: &[RegisterName] = &[
    "g0", "g1", "g2", "g3", "g4", "g5", "g6", "g7", "o0", "o1", "o2", "o3", "o4", "o5", "o6", "o7", "l0",
    "l1", "l2", "l3", "l4", "l5", "l6", "l7", "i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7",
];

pub(super) static SPARC: PlatformDefinition = PlatformDefinition {
    platform: Platform::SPARC,
    description: "32-bit SPARC (V8)",
    address_bits: 32,
    pointer_bytes: 4,
    data_base: 0,
    program_counter: "pc",
    stack_pointer: "o6",
    link_register: Some("o7"),
    general_registers: GENERAL,
    instruction_alignment: 4,
    longest_instruction: 4,
    delay_slots: true,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    elf: Some(ElfIdentity { machine: 2, class_bits: 32 }),
    calling_conventions: CALLS_32,
    syscall_conventions: SYSCALLS_32,
    interrupts: TRAPS_32,
    rows: &[WINDOW_32, FLOAT_LOW, STATE_32, FLOAT_STATE],
    table: OnceLock::new(),
};

pub(super) static SPARC64: PlatformDefinition = PlatformDefinition {
    platform: Platform::SPARC64,
    description: "64-bit SPARC (V9)",
    address_bits: 64,
    pointer_bytes: 8,
    data_base: 0,
    program_counter: "pc",
    stack_pointer: "o6",
    link_register: Some("o7"),
    general_registers: GENERAL,
    instruction_alignment: 4,
    longest_instruction: 4,
    delay_slots: true,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 8192,
    elf: Some(ElfIdentity { machine: 43, class_bits: 64 }),
    calling_conventions: CALLS_64,
    syscall_conventions: SYSCALLS_64,
    interrupts: TRAPS_64,
    rows: &[WINDOW_64, FLOAT_LOW, FLOAT_HIGH, STATE_64, FLOAT_STATE],
    table: OnceLock::new(),
};
