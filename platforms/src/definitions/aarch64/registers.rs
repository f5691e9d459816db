//! Registers of AArch64.
//!
//! ARM Architecture Reference Manual for A-profile architecture (DDI 0487):
//! B1.2 (registers in AArch64 state), C5.2 (special-purpose registers), D19
//! (system registers).

use crate::{
    RegisterKind::{
        Base, Control, Flags, Float, FloatControl, General, Link, ProgramCounter, StackPointer, Vector,
    },
    spec::{Row, bank, fixed, flag, names, part, part_bank, reg},
};

pub(super) const ROWS: &[&[Row]] = &[CORE, STATUS, VECTORS, SYSTEM];

/// With the names of the procedure call standard (AAPCS64, 6.1.1).
const CORE: &[Row] = &[
    bank("x", 0, 29, 64, General),
    reg("x30", 64, Link),
    part_bank("w", 0, 30, "x", 0, 32),
    reg("sp", 64, StackPointer),
    part("wsp", "sp", 0, 32),
    reg("pc", 64, ProgramCounter),
    fixed("xzr", 64, 0),
    part("wzr", "xzr", 0, 32),
    names(&[("ip0", "x16"), ("ip1", "x17"), ("fp", "x29"), ("lr", "x30")]),
];

/// `nzcv` is the special register of that name. `pstate` is the whole process
/// state in the format of a saved program status register; its own copy of the
/// flags has no names.
const STATUS: &[Row] = &[
    reg("nzcv", 32, Flags),
    flag("n", "nzcv", 31, 1),
    flag("z", "nzcv", 30, 1),
    flag("c", "nzcv", 29, 1),
    flag("v", "nzcv", 28, 1),
    reg("pstate", 32, Control),
    flag("pstate_nzcv", "pstate", 28, 4),
    flag("pstate_ss", "pstate", 21, 1),
    flag("pstate_il", "pstate", 20, 1),
    flag("pstate_daif", "pstate", 6, 4),
    flag("pstate_el", "pstate", 2, 2),
    flag("pstate_sp", "pstate", 0, 1),
    reg("fpcr", 32, FloatControl),
    reg("fpsr", 32, FloatControl),
];

/// `vN` and `qN` are the same 128 bits.
const VECTORS: &[Row] = &[
    bank("v", 0, 31, 128, Vector),
    part_bank("q", 0, 31, "v", 0, 128),
    part_bank("d", 0, 31, "v", 0, 64).of_kind(Float),
    part_bank("s", 0, 31, "v", 0, 32).of_kind(Float),
    part_bank("h", 0, 31, "v", 0, 16).of_kind(Float),
    part_bank("b", 0, 31, "v", 0, 8),
];

/// `sp` is the one of the `sp_el…` that is selected.
const SYSTEM: &[Row] = &[
    reg("sp_el0", 64, StackPointer),
    reg("sp_el1", 64, StackPointer),
    reg("sp_el2", 64, StackPointer),
    reg("sp_el3", 64, StackPointer),
    reg("tpidr_el0", 64, Base),
    reg("tpidrro_el0", 64, Base),
    reg("tpidr_el1", 64, Base),
    reg("tpidr_el2", 64, Base),
    reg("tpidr_el3", 64, Base),
    reg("elr_el1", 64, Control),
    reg("elr_el2", 64, Control),
    reg("elr_el3", 64, Control),
    reg("spsr_el1", 64, Control),
    reg("spsr_el2", 64, Control),
    reg("spsr_el3", 64, Control),
    reg("esr_el1", 64, Control),
    reg("esr_el2", 64, Control),
    reg("esr_el3", 64, Control),
    reg("far_el1", 64, Control),
    reg("far_el2", 64, Control),
    reg("far_el3", 64, Control),
    reg("vbar_el1", 64, Control),
    reg("vbar_el2", 64, Control),
    reg("vbar_el3", 64, Control),
    reg("sctlr_el1", 64, Control),
    reg("sctlr_el2", 64, Control),
    reg("sctlr_el3", 64, Control),
    reg("actlr_el1", 64, Control),
    reg("cpacr_el1", 64, Control),
    reg("ttbr0_el1", 64, Control),
    reg("ttbr1_el1", 64, Control),
    reg("ttbr0_el2", 64, Control),
    reg("ttbr0_el3", 64, Control),
    reg("tcr_el1", 64, Control),
    reg("tcr_el2", 64, Control),
    reg("tcr_el3", 64, Control),
    reg("mair_el1", 64, Control),
    reg("mair_el2", 64, Control),
    reg("mair_el3", 64, Control),
    reg("par_el1", 64, Control),
    reg("contextidr_el1", 64, Control),
    reg("hcr_el2", 64, Control),
    reg("vttbr_el2", 64, Control),
    reg("scr_el3", 64, Control),
    reg("mdscr_el1", 64, Control),
    reg("midr_el1", 64, Control),
    reg("mpidr_el1", 64, Control),
    reg("ctr_el0", 64, Control),
    reg("dczid_el0", 64, Control),
    reg("cntfrq_el0", 64, Control),
    reg("cntvct_el0", 64, Control),
    reg("cntpct_el0", 64, Control),
    reg("cntv_ctl_el0", 64, Control),
    reg("cntv_cval_el0", 64, Control),
    reg("cntkctl_el1", 64, Control),
];
