//! Registers of x86.
//!
//! Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1,
//! chapter 3 (general registers, flags), chapter 8 (x87), chapters 10, 14 and
//! 15 (SSE, AVX, AVX-512), and volume 3, chapter 2 (system registers).

use crate::{
    RegisterKind::{
        Base, Control, Debug, Flags, Float, FloatControl, General, Mask, ProgramCounter, Segment,
        StackPointer, Vector,
    },
    spec::{Row, bank, flag, names, part, part_bank, reg},
};

pub(super) const ROWS_64: &[&[Row]] = &[
    GENERAL_64,
    EFLAGS_BITS,
    SELECTORS,
    SEGMENTS,
    TABLES_64,
    CONTROL_64,
    X87,
    X87_POINTERS_64,
    VECTORS_64,
    MODEL_SPECIFIC,
];

pub(super) const ROWS_32: &[&[Row]] = &[
    GENERAL_32,
    PROGRAM_COUNTER_32,
    EFLAGS,
    EFLAGS_BITS,
    SELECTORS,
    SEGMENTS,
    TABLES_32,
    CONTROL_32,
    X87,
    X87_POINTERS_32,
    VECTORS_32,
    MODEL_SPECIFIC,
];

/// The selectors stand before the program counter, which their values are part
/// of: a machine that sets all registers sets them in this order.
pub(super) const ROWS_16: &[&[Row]] = &[
    SELECTORS,
    PROGRAM_COUNTER_16,
    GENERAL_32,
    EFLAGS,
    EFLAGS_BITS,
    TABLES_16,
    CONTROL_32,
    X87,
    X87_POINTERS_32,
    VECTORS_16,
];

const GENERAL_64: &[Row] = &[
    reg("rax", 64, General),
    reg("rcx", 64, General),
    reg("rdx", 64, General),
    reg("rbx", 64, General),
    reg("rsp", 64, StackPointer),
    reg("rbp", 64, General),
    reg("rsi", 64, General),
    reg("rdi", 64, General),
    bank("r", 8, 15, 64, General),
    part("eax", "rax", 0, 32),
    part("ecx", "rcx", 0, 32),
    part("edx", "rdx", 0, 32),
    part("ebx", "rbx", 0, 32),
    part("esp", "rsp", 0, 32),
    part("ebp", "rbp", 0, 32),
    part("esi", "rsi", 0, 32),
    part("edi", "rdi", 0, 32),
    part_bank("r#d", 8, 15, "r", 0, 32),
    part("ax", "rax", 0, 16),
    part("cx", "rcx", 0, 16),
    part("dx", "rdx", 0, 16),
    part("bx", "rbx", 0, 16),
    part("sp", "rsp", 0, 16),
    part("bp", "rbp", 0, 16),
    part("si", "rsi", 0, 16),
    part("di", "rdi", 0, 16),
    part_bank("r#w", 8, 15, "r", 0, 16),
    part("al", "rax", 0, 8),
    part("cl", "rcx", 0, 8),
    part("dl", "rdx", 0, 8),
    part("bl", "rbx", 0, 8),
    part("ah", "rax", 8, 8),
    part("ch", "rcx", 8, 8),
    part("dh", "rdx", 8, 8),
    part("bh", "rbx", 8, 8),
    part("spl", "rsp", 0, 8),
    part("bpl", "rbp", 0, 8),
    part("sil", "rsi", 0, 8),
    part("dil", "rdi", 0, 8),
    part_bank("r#b", 8, 15, "r", 0, 8),
    reg("rip", 64, ProgramCounter),
    part("eip", "rip", 0, 32),
    part("ip", "rip", 0, 16),
    names(&[("pc", "rip")]),
    reg("rflags", 64, Flags),
    part("eflags", "rflags", 0, 32),
    part("flags", "rflags", 0, 16),
];

const GENERAL_32: &[Row] = &[
    reg("eax", 32, General),
    reg("ecx", 32, General),
    reg("edx", 32, General),
    reg("ebx", 32, General),
    reg("esp", 32, StackPointer),
    reg("ebp", 32, General),
    reg("esi", 32, General),
    reg("edi", 32, General),
    part("ax", "eax", 0, 16),
    part("cx", "ecx", 0, 16),
    part("dx", "edx", 0, 16),
    part("bx", "ebx", 0, 16),
    part("sp", "esp", 0, 16),
    part("bp", "ebp", 0, 16),
    part("si", "esi", 0, 16),
    part("di", "edi", 0, 16),
    part("al", "eax", 0, 8),
    part("cl", "ecx", 0, 8),
    part("dl", "edx", 0, 8),
    part("bl", "ebx", 0, 8),
    part("ah", "eax", 8, 8),
    part("ch", "ecx", 8, 8),
    part("dh", "edx", 8, 8),
    part("bh", "ebx", 8, 8),
];

const PROGRAM_COUNTER_32: &[Row] =
    &[reg("eip", 32, ProgramCounter), part("ip", "eip", 0, 16), names(&[("pc", "eip")])];

/// The linear address of the next instruction, and its offset in the code
/// segment: two views of one register. Writing `cs` keeps `eip`, and so moves
/// `pc`; writing `pc` keeps `cs`, and sets `eip`.
const PROGRAM_COUNTER_16: &[Row] =
    &[reg("pc", 32, ProgramCounter), reg("eip", 32, Control), part("ip", "eip", 0, 16)];

const EFLAGS: &[Row] = &[reg("eflags", 32, Flags), part("flags", "eflags", 0, 16)];

/// Volume 1, figure 3-8.
const EFLAGS_BITS: &[Row] = &[
    flag("cf", "eflags", 0, 1),
    flag("pf", "eflags", 2, 1),
    flag("af", "eflags", 4, 1),
    flag("zf", "eflags", 6, 1),
    flag("sf", "eflags", 7, 1),
    flag("tf", "eflags", 8, 1),
    flag("if", "eflags", 9, 1),
    flag("df", "eflags", 10, 1),
    flag("of", "eflags", 11, 1),
    flag("iopl", "eflags", 12, 2),
    flag("nt", "eflags", 14, 1),
    flag("rf", "eflags", 16, 1),
    flag("vm", "eflags", 17, 1),
    flag("ac", "eflags", 18, 1),
    flag("vif", "eflags", 19, 1),
    flag("vip", "eflags", 20, 1),
    flag("id", "eflags", 21, 1),
];

const SELECTORS: &[Row] = &[
    reg("cs", 16, Segment),
    reg("ss", 16, Segment),
    reg("ds", 16, Segment),
    reg("es", 16, Segment),
    reg("fs", 16, Segment),
    reg("gs", 16, Segment),
];

/// Selectors of system segments, and the sizes of the hidden parts that do not
/// depend on the mode.
const SEGMENTS: &[Row] = &[
    reg("ldtr", 16, Segment),
    reg("tr", 16, Segment),
    reg("ldtr_limit", 32, Control),
    reg("tr_limit", 32, Control),
    reg("gdtr_limit", 16, Control),
    reg("idtr_limit", 16, Control),
];

const TABLES_64: &[Row] = &[
    reg("fs_base", 64, Base),
    reg("gs_base", 64, Base),
    reg("kernel_gs_base", 64, Base),
    reg("ldtr_base", 64, Base),
    reg("tr_base", 64, Base),
    reg("gdtr_base", 64, Base),
    reg("idtr_base", 64, Base),
];

const TABLES_32: &[Row] = &[
    reg("fs_base", 32, Base),
    reg("gs_base", 32, Base),
    reg("ldtr_base", 32, Base),
    reg("tr_base", 32, Base),
    reg("gdtr_base", 32, Base),
    reg("idtr_base", 32, Base),
];

/// Bases of segments are 16 times their selectors.
const TABLES_16: &[Row] = &[
    reg("gdtr_limit", 16, Control),
    reg("idtr_limit", 16, Control),
    reg("gdtr_base", 32, Base),
    reg("idtr_base", 32, Base),
];

/// `dr4` and `dr5` are `dr6` and `dr7` unless `CR4.DE` forbids their use.
const CONTROL_64: &[Row] = &[
    reg("cr0", 64, Control),
    reg("cr2", 64, Control),
    reg("cr3", 64, Control),
    reg("cr4", 64, Control),
    reg("cr8", 64, Control),
    bank("dr", 0, 3, 64, Debug),
    bank("dr", 6, 7, 64, Debug),
    names(&[("dr4", "dr6"), ("dr5", "dr7")]),
    reg("star", 64, Control),
    reg("lstar", 64, Control),
    reg("cstar", 64, Control),
    reg("sfmask", 64, Control),
    names(&[("fmask", "sfmask")]),
    reg("tsc_aux", 64, Control),
];

const CONTROL_32: &[Row] = &[
    reg("cr0", 32, Control),
    reg("cr2", 32, Control),
    reg("cr3", 32, Control),
    reg("cr4", 32, Control),
    bank("dr", 0, 3, 32, Debug),
    bank("dr", 6, 7, 32, Debug),
    names(&[("dr4", "dr6"), ("dr5", "dr7")]),
];

/// Model-specific registers (volume 4) are 64 bits wide in every mode. The
/// extended control register 0 stands with them.
const MODEL_SPECIFIC: &[Row] = &[
    reg("efer", 64, Control),
    reg("tsc", 64, Control),
    reg("apic_base", 64, Control),
    reg("sysenter_cs", 64, Control),
    reg("sysenter_esp", 64, Control),
    reg("sysenter_eip", 64, Control),
    reg("misc_enable", 64, Control),
    reg("pat", 64, Control),
    reg("mtrr_def_type", 64, Control),
    reg("xcr0", 64, Control),
    reg("pkru", 32, Control),
];

/// `st0` is the top of the register stack, whichever physical register that
/// is.
///
/// The MMX register `mmN` is the significand of the *physical* register N, so
/// it is the low part of `st((N - TOP) mod 8)`. The table says `stN`: every MMX
/// instruction but `emms` sets TOP to zero, so it is true whenever MMX code
/// runs.
const X87: &[Row] = &[
    bank("st", 0, 7, 80, Float),
    part_bank("mm", 0, 7, "st", 0, 64).of_kind(Vector),
    reg("fpcw", 16, FloatControl),
    reg("fpsw", 16, FloatControl),
    reg("fptw", 16, FloatControl),
    names(&[("fcw", "fpcw"), ("fsw", "fpsw"), ("ftw", "fptw"), ("fptag", "fptw")]),
    flag("fptop", "fpsw", 11, 3),
    reg("fop", 16, FloatControl),
    reg("fcs", 16, FloatControl),
    reg("fds", 16, FloatControl),
    reg("mxcsr", 32, FloatControl),
];

const X87_POINTERS_64: &[Row] = &[reg("fip", 64, FloatControl), reg("fdp", 64, FloatControl)];

const X87_POINTERS_32: &[Row] = &[reg("fip", 32, FloatControl), reg("fdp", 32, FloatControl)];

const VECTORS_64: &[Row] = &[
    bank("zmm", 0, 31, 512, Vector),
    part_bank("ymm", 0, 31, "zmm", 0, 256),
    part_bank("xmm", 0, 31, "zmm", 0, 128),
    bank("k", 0, 7, 64, Mask),
];

/// Without the `REX`, `VEX` and `EVEX` extension bits only eight registers can
/// be named.
const VECTORS_32: &[Row] = &[
    bank("zmm", 0, 7, 512, Vector),
    part_bank("ymm", 0, 7, "zmm", 0, 256),
    part_bank("xmm", 0, 7, "zmm", 0, 128),
    bank("k", 0, 7, 64, Mask),
];

/// There are no instructions with a `VEX` prefix in real-address mode.
const VECTORS_16: &[Row] = &[bank("xmm", 0, 7, 128, Vector)];
