//! Registers of 32-bit ARM.
//!
//! ARM Architecture Reference Manual ARMv7-A and ARMv7-R edition (DDI 0406C):
//! A2.3 (core registers), A2.6 (Advanced SIMD and VFP), B1.3.3 (program status
//! registers), B3.17 and B4 (CP15). ARMv5 Architecture Reference Manual (DDI
//! 0100I). ARMv7-M (DDI 0403E) B1.4 and ARMv6-M (DDI 0419E) B1.4.

use crate::{
    RegisterKind::{
        Base, Control, Flags, Float, FloatControl, General, Link, ProgramCounter, StackPointer, Vector,
    },
    spec::{Row, bank, flag, lanes, names, reg},
};

pub(super) const ROWS_V5T: &[&[Row]] = &[CORE, CPSR_V5, STATUS_COMMON, CP15, VFP2];
pub(super) const ROWS_V7R: &[&[Row]] =
    &[CORE, CPSR_V7, STATUS_COMMON, CP15, CP15_V6K, CP15_V7R, NEON, VFP3_CONTROL];
pub(super) const ROWS_V7A: &[&[Row]] =
    &[CORE, CPSR_V7, STATUS_COMMON, CP15, CP15_V6K, CP15_V7A, NEON, VFP3_CONTROL];
pub(super) const ROWS_V6M: &[&[Row]] = &[CORE, XPSR_V6M, SPECIAL_V6M];
pub(super) const ROWS_V7M: &[&[Row]] = &[CORE, XPSR_V7M, SPECIAL_V6M, SPECIAL_V7M, VFP_V7M];

/// With the names of the procedure call standard (AAPCS32, 6.1.1).
const CORE: &[Row] = &[
    bank("r", 0, 12, 32, General),
    reg("sp", 32, StackPointer),
    reg("lr", 32, Link),
    reg("pc", 32, ProgramCounter),
    names(&[("r13", "sp"), ("r14", "lr"), ("r15", "pc")]),
    names(&[("a1", "r0"), ("a2", "r1"), ("a3", "r2"), ("a4", "r3")]),
    names(&[("v1", "r4"), ("v2", "r5"), ("v3", "r6"), ("v4", "r7"), ("v5", "r8")]),
    names(&[("v6", "r9"), ("v7", "r10"), ("v8", "r11")]),
    names(&[("sb", "r9"), ("sl", "r10"), ("fp", "r11"), ("ip", "r12")]),
];

/// What ARMv5TE and later have. `apsr` is the name of the same word in
/// application code; the whole word is meant, so write the flags by their own
/// names where the mode bits are to stay.
const STATUS_COMMON: &[Row] = &[
    names(&[("apsr", "cpsr")]),
    flag("nzcv", "cpsr", 28, 4),
    flag("n", "cpsr", 31, 1),
    flag("z", "cpsr", 30, 1),
    flag("c", "cpsr", 29, 1),
    flag("v", "cpsr", 28, 1),
    flag("q", "cpsr", 27, 1),
    flag("i", "cpsr", 7, 1),
    flag("f", "cpsr", 6, 1),
    flag("t", "cpsr", 5, 1),
    flag("mode", "cpsr", 0, 5),
    reg("spsr", 32, Flags),
];

const CPSR_V5: &[Row] = &[reg("cpsr", 32, Flags)];

/// The bits of the if-then state stand in two places: `it_low` is `IT[1:0]`,
/// `it_high` is `IT[7:2]`.
const CPSR_V7: &[Row] = &[
    reg("cpsr", 32, Flags),
    flag("it_low", "cpsr", 25, 2),
    flag("j", "cpsr", 24, 1),
    flag("ge", "cpsr", 16, 4),
    flag("it_high", "cpsr", 10, 6),
    flag("e", "cpsr", 9, 1),
    flag("a", "cpsr", 8, 1),
];

/// The program status word of the M profile. `ipsr` is its exception number;
/// the flags of the `apsr` and the Thumb bit of the `epsr` have names of their
/// own, and those two views, which are masks and not fields, have none.
const XPSR_V6M: &[Row] = &[
    reg("xpsr", 32, Flags),
    names(&[("psr", "xpsr")]),
    flag("nzcv", "xpsr", 28, 4),
    flag("n", "xpsr", 31, 1),
    flag("z", "xpsr", 30, 1),
    flag("c", "xpsr", 29, 1),
    flag("v", "xpsr", 28, 1),
    flag("t", "xpsr", 24, 1),
    flag("ipsr", "xpsr", 0, 6),
];

/// `it_low` is `IT[1:0]` and `it_high` is `IT[7:2]`, or the state of an
/// interrupted multiple load.
const XPSR_V7M: &[Row] = &[
    reg("xpsr", 32, Flags),
    names(&[("psr", "xpsr")]),
    flag("apsr_nzcvq", "xpsr", 27, 5),
    flag("nzcv", "xpsr", 28, 4),
    flag("n", "xpsr", 31, 1),
    flag("z", "xpsr", 30, 1),
    flag("c", "xpsr", 29, 1),
    flag("v", "xpsr", 28, 1),
    flag("q", "xpsr", 27, 1),
    flag("it_low", "xpsr", 25, 2),
    flag("t", "xpsr", 24, 1),
    flag("ge", "xpsr", 16, 4),
    flag("it_high", "xpsr", 10, 6),
    flag("ipsr", "xpsr", 0, 9),
];

/// `sp` is the one of `msp` and `psp` that is selected.
const SPECIAL_V6M: &[Row] = &[
    reg("msp", 32, StackPointer),
    reg("psp", 32, StackPointer),
    reg("primask", 32, Control),
    reg("control", 32, Control),
    flag("npriv", "control", 0, 1),
    flag("spsel", "control", 1, 1),
];

const SPECIAL_V7M: &[Row] =
    &[flag("fpca", "control", 2, 1), reg("basepri", 32, Control), reg("faultmask", 32, Control)];

/// Registers of coprocessor 15 that ARMv5 and later have. Names of the form
/// `cN_cM_O` give CRn, CRm and opcode 2, opcode 1 being 0.
const CP15: &[Row] = &[
    reg("midr", 32, Control),
    reg("ctr", 32, Control),
    reg("sctlr", 32, Control),
    reg("actlr", 32, Control),
    reg("cpacr", 32, Control),
    names(&[("c0_c0_0", "midr"), ("c0_c0_1", "ctr")]),
    names(&[("c1_c0_0", "sctlr"), ("c1_c0_1", "actlr"), ("c1_c0_2", "cpacr")]),
    reg("dfsr", 32, Control),
    reg("ifsr", 32, Control),
    reg("dfar", 32, Control),
    names(&[("c5_c0_0", "dfsr"), ("c5_c0_1", "ifsr"), ("c6_c0_0", "dfar")]),
    reg("fcseidr", 32, Control),
    names(&[("c13_c0_0", "fcseidr")]),
];

/// Thread identifiers, from ARMv6K on.
const CP15_V6K: &[Row] = &[
    reg("mpidr", 32, Control),
    reg("ifar", 32, Control),
    reg("contextidr", 32, Control),
    reg("tpidrurw", 32, Base),
    reg("tpidruro", 32, Base),
    reg("tpidrprw", 32, Base),
    names(&[("c0_c0_5", "mpidr"), ("c6_c0_2", "ifar"), ("c13_c0_1", "contextidr")]),
    names(&[("c13_c0_2", "tpidrurw"), ("c13_c0_3", "tpidruro"), ("c13_c0_4", "tpidrprw")]),
];

/// The memory-management unit and the security extensions.
const CP15_V7A: &[Row] = &[
    reg("ttbr0", 32, Control),
    reg("ttbr1", 32, Control),
    reg("ttbcr", 32, Control),
    reg("dacr", 32, Control),
    names(&[("c2_c0_0", "ttbr0"), ("c2_c0_1", "ttbr1"), ("c2_c0_2", "ttbcr"), ("c3_c0_0", "dacr")]),
    reg("par", 32, Control),
    reg("prrr", 32, Control),
    reg("nmrr", 32, Control),
    names(&[("c7_c4_0", "par"), ("c10_c2_0", "prrr"), ("c10_c2_1", "nmrr")]),
    reg("scr", 32, Control),
    reg("vbar", 32, Control),
    names(&[("c1_c1_0", "scr"), ("c12_c0_0", "vbar")]),
];

/// The memory-protection unit.
const CP15_V7R: &[Row] = &[
    reg("mpuir", 32, Control),
    reg("drbar", 32, Control),
    reg("drsr", 32, Control),
    reg("dracr", 32, Control),
    reg("rgnr", 32, Control),
    names(&[("c0_c0_4", "mpuir"), ("c6_c1_0", "drbar"), ("c6_c1_2", "drsr")]),
    names(&[("c6_c1_4", "dracr"), ("c6_c2_0", "rgnr")]),
];

/// Sixteen double registers, each of two singles.
const VFP2: &[Row] = &[
    bank("d", 0, 15, 64, Float),
    lanes("s", 0, 31, "d", 32),
    reg("fpscr", 32, FloatControl),
    flag("fpscr_nzcv", "fpscr", 28, 4),
    reg("fpexc", 32, FloatControl),
    reg("fpsid", 32, FloatControl),
    reg("fpinst", 32, FloatControl),
    reg("fpinst2", 32, FloatControl),
];

/// Thirty-two double registers, which are also sixteen quad registers; the
/// lower half are also thirty-two singles.
const NEON: &[Row] = &[
    bank("q", 0, 15, 128, Vector),
    lanes("d", 0, 31, "q", 64).of_kind(Float),
    lanes("s", 0, 31, "q", 32).of_kind(Float),
];

const VFP3_CONTROL: &[Row] = &[
    reg("fpscr", 32, FloatControl),
    flag("fpscr_nzcv", "fpscr", 28, 4),
    flag("fpscr_qc", "fpscr", 27, 1),
    reg("fpexc", 32, FloatControl),
    reg("fpsid", 32, FloatControl),
    reg("fpinst", 32, FloatControl),
    reg("fpinst2", 32, FloatControl),
    reg("mvfr0", 32, FloatControl),
    reg("mvfr1", 32, FloatControl),
    reg("mvfr2", 32, FloatControl),
];

/// The optional floating-point extension, FPv4-SP or FPv5.
const VFP_V7M: &[Row] = &[
    bank("d", 0, 15, 64, Float),
    lanes("s", 0, 31, "d", 32),
    reg("fpscr", 32, FloatControl),
    flag("fpscr_nzcv", "fpscr", 28, 4),
];
