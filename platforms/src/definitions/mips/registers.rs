//! Registers of MIPS.
//!
//! MIPS Architecture For Programmers, volume I-A (MD00083) chapter 3 and volume
//! III (MD00090) chapter 9 (coprocessor 0); volume IV-e (DSP module, MD00374)
//! chapter 3; volume IV-j (MSA, MD00867) chapter 3. ABI names: System V ABI MIPS
//! supplement, chapter 3, and MIPSpro N32 ABI Handbook, chapter 2.

use crate::{
    RegisterKind::{
        Base, Control, Flags, Float, FloatControl, General, Link, ProgramCounter, StackPointer, Vector,
    },
    spec::{Row, bank, fixed, flag, names, part_bank, reg, renumbered},
};

pub(super) const ROWS_32: &[&[Row]] =
    &[CORE_32, SUM_32, NAMES, NAMES_SUM, NAMES_O32, FLOAT, CONDITIONS, DSP_32, SYSTEM_32, SYSTEM];
pub(super) const ROWS_64: &[&[Row]] =
    &[CORE_64, SUM_64, NAMES, NAMES_SUM, NAMES_N64, FLOAT, CONDITIONS, DSP_64, SYSTEM_64, SYSTEM];
pub(super) const ROWS_MICRO: &[&[Row]] =
    &[CORE_32, SUM_32, MODE, NAMES, NAMES_SUM, NAMES_O32, FLOAT, CONDITIONS, DSP_32, SYSTEM_32, SYSTEM];
pub(super) const ROWS_32_R6: &[&[Row]] = &[CORE_32, NAMES, NAMES_O32, FLOAT, SYSTEM_32, SYSTEM];
pub(super) const ROWS_64_R6: &[&[Row]] = &[CORE_64, NAMES, NAMES_N64, FLOAT, SYSTEM_64, SYSTEM];

const CORE_32: &[Row] = &[
    fixed("r0", 32, 0),
    bank("r", 1, 28, 32, General),
    reg("r29", 32, StackPointer),
    reg("r30", 32, General),
    reg("r31", 32, Link),
    reg("pc", 32, ProgramCounter),
];

/// The accumulator, which release 6 has only with the DSP module.
const SUM_32: &[Row] = &[reg("hi", 32, General), reg("lo", 32, General)];

const CORE_64: &[Row] = &[
    fixed("r0", 64, 0),
    bank("r", 1, 28, 64, General),
    reg("r29", 64, StackPointer),
    reg("r30", 64, General),
    reg("r31", 64, Link),
    reg("pc", 64, ProgramCounter),
];

/// The accumulator, which release 6 has only with the DSP module.
const SUM_64: &[Row] = &[reg("hi", 64, General), reg("lo", 64, General)];

/// Which instruction set executes (MD00582, volume II-B, 5.2, ISA Mode): 1 is
/// microMIPS. Bit 0 of a code pointer sets it.
const MODE: &[Row] = &[reg("isa_mode", 8, Flags)];

/// Names that all ABIs share.
const NAMES: &[Row] = &[
    names(&[("zero", "r0"), ("at", "r1"), ("v0", "r2"), ("v1", "r3")]),
    renumbered("a", 0, 4, "r", 4),
    renumbered("s", 0, 8, "r", 16),
    names(&[("t8", "r24"), ("t9", "r25"), ("k0", "r26"), ("k1", "r27"), ("gp", "r28"), ("sp", "r29")]),
    names(&[("s8", "r30"), ("fp", "r30"), ("ra", "r31")]),
];

const NAMES_SUM: &[Row] = &[names(&[("hi0", "hi"), ("lo0", "lo")])];

const NAMES_O32: &[Row] = &[renumbered("t", 0, 8, "r", 8)];

/// n32 and n64 pass eight arguments, so `t0` is `r12` and not `r8`.
const NAMES_N64: &[Row] = &[renumbered("a", 4, 4, "r", 8), renumbered("t", 0, 4, "r", 12)];

/// The vector registers are 128 bits wide, and `fN` is the low half of `wN`.
///
/// `fN` has 64 bits on MIPS32 too, as if `Status.FR` were set, and `fNs` is its
/// low word. In the older mode, with `FR` clear, a double is a pair of
/// registers: the low word in the even register's `fNs`, the high word in that
/// of the odd one.
const FLOAT: &[Row] = &[
    bank("w", 0, 31, 128, Vector),
    part_bank("f", 0, 31, "w", 0, 64).of_kind(Float),
    part_bank("f#s", 0, 31, "w", 0, 32).of_kind(Float),
    reg("fir", 32, FloatControl),
    reg("fcsr", 32, FloatControl),
    names(&[("fcr0", "fir"), ("fcr31", "fcsr")]),
    reg("msair", 32, FloatControl),
    reg("msacsr", 32, FloatControl),
];

/// The conditions of comparisons, which release 6 has not.
const CONDITIONS: &[Row] = &[
    flag("fcc0", "fcsr", 23, 1),
    flag("fcc1", "fcsr", 25, 1),
    flag("fcc2", "fcsr", 26, 1),
    flag("fcc3", "fcsr", 27, 1),
    flag("fcc4", "fcsr", 28, 1),
    flag("fcc5", "fcsr", 29, 1),
    flag("fcc6", "fcsr", 30, 1),
    flag("fcc7", "fcsr", 31, 1),
];

/// The accumulators of the DSP module beside the first, which is `hi` and `lo`,
/// and its control word. The manual's `acN` is the pair of `hiN` and `loN`.
const DSP_32: &[Row] = &[
    bank("hi", 1, 3, 32, General),
    bank("lo", 1, 3, 32, General),
    reg("dspcontrol", 32, Flags),
    flag("dsppos", "dspcontrol", 0, 6),
    flag("dspscount", "dspcontrol", 7, 6),
    flag("dspcarry", "dspcontrol", 13, 1),
    flag("dspefi", "dspcontrol", 14, 1),
    flag("dspoutflag", "dspcontrol", 16, 8),
    flag("dspccond", "dspcontrol", 24, 4),
];

/// As [`DSP_32`], with the wider fields of the 64-bit control word.
const DSP_64: &[Row] = &[
    bank("hi", 1, 3, 64, General),
    bank("lo", 1, 3, 64, General),
    reg("dspcontrol", 64, Flags),
    flag("dsppos", "dspcontrol", 0, 7),
    flag("dspscount", "dspcontrol", 7, 6),
    flag("dspcarry", "dspcontrol", 13, 1),
    flag("dspefi", "dspcontrol", 14, 1),
    flag("dspoutflag", "dspcontrol", 16, 8),
    flag("dspccond", "dspcontrol", 24, 8),
];

const SYSTEM_32: &[Row] = &[
    reg("cp0_userlocal", 32, Base),
    reg("cp0_context", 32, Control),
    reg("cp0_badvaddr", 32, Control),
    reg("cp0_entryhi", 32, Control),
    reg("cp0_entrylo0", 32, Control),
    reg("cp0_entrylo1", 32, Control),
    reg("cp0_epc", 32, Control),
    reg("cp0_errorepc", 32, Control),
    reg("cp0_ebase", 32, Control),
    reg("cp0_lladdr", 32, Control),
    reg("cp0_depc", 32, Control),
    reg("cp0_desave", 32, Control),
];

const SYSTEM_64: &[Row] = &[
    reg("cp0_userlocal", 64, Base),
    reg("cp0_context", 64, Control),
    reg("cp0_xcontext", 64, Control),
    reg("cp0_badvaddr", 64, Control),
    reg("cp0_entryhi", 64, Control),
    reg("cp0_entrylo0", 64, Control),
    reg("cp0_entrylo1", 64, Control),
    reg("cp0_epc", 64, Control),
    reg("cp0_errorepc", 64, Control),
    reg("cp0_ebase", 64, Control),
    reg("cp0_lladdr", 64, Control),
    reg("cp0_depc", 64, Control),
    reg("cp0_desave", 64, Control),
];

/// Registers of coprocessor 0 that have 32 bits on MIPS64 too.
const SYSTEM: &[Row] = &[
    reg("cp0_index", 32, Control),
    reg("cp0_random", 32, Control),
    reg("cp0_pagemask", 32, Control),
    reg("cp0_wired", 32, Control),
    reg("cp0_hwrena", 32, Control),
    reg("cp0_count", 32, Control),
    reg("cp0_compare", 32, Control),
    reg("cp0_status", 32, Control),
    reg("cp0_intctl", 32, Control),
    reg("cp0_srsctl", 32, Control),
    reg("cp0_cause", 32, Control),
    flag("cp0_cause_exccode", "cp0_cause", 2, 5),
    reg("cp0_prid", 32, Control),
    reg("cp0_config", 32, Control),
    bank("cp0_config", 1, 5, 32, Control),
    reg("cp0_debug", 32, Control),
];
