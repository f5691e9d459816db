//! 32-bit and 64-bit LoongArch.
//!
//! Registers: LoongArch Reference Manual, volume 1, chapters 2, 3 and 7.
//! Calls: LoongArch Procedure Call Standard (ELF psABI document).

use std::sync::OnceLock;

use crate::{
    CallingConvention, CodeAddressBit, ElfIdentity, Extension, FloatFormat, FloatPlacement, Platform,
    PlatformDefinition,
    RegisterKind::{
        Base, Control, Debug, Flags, Float, FloatControl, General, Link, ProgramCounter, StackPointer, Vector,
    },
    RegisterName, ReturnBy, StructResult, SyscallConvention, SyscallError, SyscallNumber, WidePlacement,
    spec::{Row, bank, fixed, flag, names, part_bank, reg, renumbered},
    syscalls,
};

macro_rules! core_rows {
    ($bits:literal) => {
        &[
            fixed("r0", $bits, 0),
            reg("r1", $bits, Link),
            reg("r2", $bits, Base),
            reg("r3", $bits, StackPointer),
            bank("r", 4, 31, $bits, General),
            reg("pc", $bits, ProgramCounter),
            names(&[("zero", "r0"), ("ra", "r1"), ("tp", "r2"), ("sp", "r3"), ("fp", "r22"), ("s9", "r22")]),
            renumbered("a", 0, 8, "r", 4),
            renumbered("t", 0, 9, "r", 12),
            renumbered("u", 0, 1, "r", 21),
            renumbered("s", 0, 9, "r", 23),
        ]
    };
}

const CORE_32: &[Row] = core_rows!(32);
const CORE_64: &[Row] = core_rows!(64);

const FLOAT_32: &[Row] = &[bank("f", 0, 31, 64, Float)];

/// A floating-point register is the lowest part of a 128-bit register of LSX,
/// which is the low half of a 256-bit register of LASX.
const FLOAT_64: &[Row] = &[
    bank("xr", 0, 31, 256, Vector),
    part_bank("vr", 0, 31, "xr", 0, 128),
    part_bank("f", 0, 31, "xr", 0, 64).of_kind(Float),
];

/// `fcsr1` to `fcsr3` are views of fields of `fcsr0`: of `fcsr_enables`, of
/// `fcsr_flags` and `fcsr_cause`, and of `fcsr_rm`.
const FLOAT: &[Row] = &[
    renumbered("fa", 0, 8, "f", 0),
    renumbered("ft", 0, 16, "f", 8),
    renumbered("fs", 0, 8, "f", 24),
    reg("fcc", 8, Flags),
    flag("fcc0", "fcc", 0, 1),
    flag("fcc1", "fcc", 1, 1),
    flag("fcc2", "fcc", 2, 1),
    flag("fcc3", "fcc", 3, 1),
    flag("fcc4", "fcc", 4, 1),
    flag("fcc5", "fcc", 5, 1),
    flag("fcc6", "fcc", 6, 1),
    flag("fcc7", "fcc", 7, 1),
    reg("fcsr0", 32, FloatControl),
    names(&[("fcsr", "fcsr0")]),
    flag("fcsr_enables", "fcsr0", 0, 5),
    flag("fcsr_rm", "fcsr0", 8, 2),
    flag("fcsr_flags", "fcsr0", 16, 5),
    flag("fcsr_cause", "fcsr0", 24, 5),
];

/// Registers of the binary-translation extension.
const TRANSLATION: &[Row] =
    &[bank("scr", 0, 3, 64, General), reg("eflags", 32, Flags), reg("ftop", 3, FloatControl)];

macro_rules! system_rows {
    ($bits:literal) => {
        &[
            reg("crmd", 32, Control),
            flag("crmd_plv", "crmd", 0, 2),
            flag("crmd_ie", "crmd", 2, 1),
            flag("crmd_da", "crmd", 3, 1),
            flag("crmd_pg", "crmd", 4, 1),
            flag("crmd_datf", "crmd", 5, 2),
            flag("crmd_datm", "crmd", 7, 2),
            flag("crmd_we", "crmd", 9, 1),
            reg("prmd", 32, Control),
            flag("prmd_pplv", "prmd", 0, 2),
            flag("prmd_pie", "prmd", 2, 1),
            flag("prmd_pwe", "prmd", 3, 1),
            reg("euen", 32, Control),
            flag("euen_fpe", "euen", 0, 1),
            flag("euen_sxe", "euen", 1, 1),
            flag("euen_asxe", "euen", 2, 1),
            flag("euen_bte", "euen", 3, 1),
            reg("misc", 32, Control),
            reg("ecfg", 32, Control),
            flag("ecfg_lie", "ecfg", 0, 13),
            flag("ecfg_vs", "ecfg", 16, 3),
            reg("estat", 32, Control),
            flag("estat_is", "estat", 0, 13),
            flag("estat_ecode", "estat", 16, 6),
            flag("estat_esubcode", "estat", 22, 9),
            reg("era", $bits, Control),
            reg("badv", $bits, Control),
            reg("badi", 32, Control),
            reg("eentry", $bits, Control),
            reg("tlbidx", 32, Control),
            reg("tlbehi", $bits, Control),
            reg("tlbelo0", $bits, Control),
            reg("tlbelo1", $bits, Control),
            reg("asid", 32, Control),
            reg("pgdl", $bits, Control),
            reg("pgdh", $bits, Control),
            reg("pgd", $bits, Control),
            reg("pwcl", 32, Control),
            reg("pwch", 32, Control),
            reg("stlbps", 32, Control),
            reg("rvacfg", 32, Control),
            reg("cpuid", 32, Control),
            bank("prcfg", 1, 3, 32, Control),
            bank("save", 0, 15, $bits, Control),
            reg("tid", 32, Control),
            reg("tcfg", $bits, Control),
            reg("tval", $bits, Control),
            reg("cntc", $bits, Control),
            reg("ticlr", 32, Control),
            reg("llbctl", 32, Control),
            reg("impctl1", 32, Control),
            reg("impctl2", 32, Control),
            reg("tlbrentry", $bits, Control),
            reg("tlbrbadv", $bits, Control),
            reg("tlbrera", $bits, Control),
            reg("tlbrsave", $bits, Control),
            reg("tlbrelo0", $bits, Control),
            reg("tlbrelo1", $bits, Control),
            reg("tlbrehi", $bits, Control),
            reg("tlbrprmd", 32, Control),
            reg("merrctl", 32, Control),
            reg("merrinfo1", $bits, Control),
            reg("merrinfo2", $bits, Control),
            reg("merrentry", $bits, Control),
            reg("merrera", $bits, Control),
            reg("merrsave", $bits, Control),
            reg("ctag", 32, Control),
            bank("dmw", 0, 3, $bits, Control),
            bank("pmcfg", 0, 3, 32, Control),
            bank("pmcnt", 0, 3, $bits, Control),
            reg("mwpc", 32, Debug),
            reg("mwps", 32, Debug),
            reg("fwpc", 32, Debug),
            reg("fwps", 32, Debug),
            reg("dbg", 32, Debug),
            reg("dera", $bits, Debug),
            reg("dsave", $bits, Debug),
        ]
    };
}

const SYSTEM_32: &[Row] = system_rows!(32);
const SYSTEM_64: &[Row] = system_rows!(64);

const SAVED: &[RegisterName] = &["fp", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"];

const SAVED_FLOAT: &[RegisterName] = &[
    "fp", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "fs0", "fs1", "fs2", "fs3", "fs4", "fs5",
    "fs6", "fs7",
];

const LP64S: CallingConvention = CallingConvention {
    name: "lp64s",
    source: "LoongArch Procedure Call Standard, LP64S",
    integer_arguments: &["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"],
    pointer_arguments: &[],
    slot_bytes: 8,
    wide: WidePlacement::SplitAlignedOnStack,
    floats: FloatPlacement::AsIntegers,
    extension: Extension::Signed32,
    stack_arguments: 0,
    stack_alignment: 16,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: &["a0", "a1"],
    pointer_result: None,
    float_results: &[],
    float_result_format: FloatFormat::LowBits,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 16,
    callee_saved: SAVED,
    return_by: ReturnBy::Link { register: "ra", offset: 0 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
};

/// What is above a single-precision value in its register is undefined.
const FLOAT_REGISTERS: FloatPlacement = FloatPlacement::Registers {
    registers: &["fa0", "fa1", "fa2", "fa3", "fa4", "fa5", "fa6", "fa7"],
    single: FloatFormat::LowBits,
    overflow_to_integers: true,
};

const LP64D: CallingConvention = CallingConvention {
    name: "lp64d",
    source: "LoongArch Procedure Call Standard, LP64D",
    floats: FLOAT_REGISTERS,
    float_results: &["fa0", "fa1"],
    callee_saved: SAVED_FLOAT,
    ..LP64S
};

const ILP32S: CallingConvention = CallingConvention {
    name: "ilp32s",
    source: "LoongArch Procedure Call Standard, ILP32S",
    slot_bytes: 4,
    extension: Extension::BySign,
    struct_result_in_registers: 8,
    ..LP64S
};

const ILP32D: CallingConvention = CallingConvention {
    name: "ilp32d",
    source: "LoongArch Procedure Call Standard, ILP32D",
    floats: FLOAT_REGISTERS,
    float_results: &["fa0", "fa1"],
    callee_saved: SAVED_FLOAT,
    ..ILP32S
};

const SYSCALLS_64: &[SyscallConvention] = &[SyscallConvention {
    name: "linux",
    instruction: "syscall 0",
    number: SyscallNumber::Register("a7"),
    arguments: &["a0", "a1", "a2", "a3", "a4", "a5", "a6"],
    stack_arguments: None,
    result: "a0",
    second_result: None,
    error: SyscallError::NegativeResult,
    names: syscalls::linux_loongarch64::NAMES,
}];

/// Exceptions by `estat.ecode` (Reference Manual, volume 1, table 21).
const EXCEPTIONS: &[(u64, &str)] = &[
    (0x00, "interrupt"),
    (0x01, "page invalid for load"),
    (0x02, "page invalid for store"),
    (0x03, "page invalid for fetch"),
    (0x04, "page modification"),
    (0x05, "page not readable"),
    (0x06, "page not executable"),
    (0x07, "page privilege level illegal"),
    (0x08, "address error"),
    (0x09, "address alignment"),
    (0x0a, "bound check"),
    (0x0b, "system call"),
    (0x0c, "breakpoint"),
    (0x0d, "instruction nonexistent"),
    (0x0e, "instruction privilege level error"),
    (0x0f, "floating-point disabled"),
    (0x10, "lsx disabled"),
    (0x11, "lasx disabled"),
    (0x12, "floating-point exception"),
    (0x13, "watchpoint"),
    (0x14, "binary translation disabled"),
    (0x15, "binary translation exception"),
    (0x16, "guest sensitive privileged resource"),
    (0x17, "hypervisor call"),
    (0x18, "guest csr change"),
    (0x3f, "tlb refill"),
    // Codes end before these.
    (0x40, "debug call"),
];

const GENERAL: &[RegisterName] = &[
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30",
    "r31",
];

pub(super) static LOONGARCH64: PlatformDefinition = PlatformDefinition {
    platform: Platform::LOONGARCH64,
    description: "64-bit LoongArch",
    address_bits: 64,
    pointer_bytes: 8,
    data_base: 0,
    program_counter: "pc",
    stack_pointer: "r3",
    link_register: Some("r1"),
    general_registers: GENERAL,
    instruction_alignment: 4,
    longest_instruction: 4,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    elf: Some(ElfIdentity { machine: 258, class_bits: 64 }),
    calling_conventions: &[LP64D, LP64S],
    syscall_conventions: SYSCALLS_64,
    interrupts: EXCEPTIONS,
    rows: &[CORE_64, FLOAT_64, FLOAT, TRANSLATION, SYSTEM_64],
    table: OnceLock::new(),
};

pub(super) static LOONGARCH32: PlatformDefinition = PlatformDefinition {
    platform: Platform::LOONGARCH32,
    description: "32-bit LoongArch",
    address_bits: 32,
    pointer_bytes: 4,
    data_base: 0,
    program_counter: "pc",
    stack_pointer: "r3",
    link_register: Some("r1"),
    general_registers: GENERAL,
    instruction_alignment: 4,
    longest_instruction: 4,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    elf: Some(ElfIdentity { machine: 258, class_bits: 32 }),
    calling_conventions: &[ILP32D, ILP32S],
    syscall_conventions: &[],
    interrupts: EXCEPTIONS,
    rows: &[CORE_32, FLOAT_32, FLOAT, SYSTEM_32],
    table: OnceLock::new(),
};
