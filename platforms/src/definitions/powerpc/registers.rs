//! Registers of PowerPC.
//!
//! Power ISA 3.0B: book I, chapters 2 (branch), 3 (fixed point), 4 (floating
//! point), 6 (vector) and 7 (vector-scalar); book III, chapter 4 (special
//! purpose registers). PowerPC Microprocessor Family: The Programming
//! Environments for 32-bit Microprocessors, chapter 2.

use crate::{
    RegisterKind::{
        Control, Debug, Flags, Float, FloatControl, General, Link, ProgramCounter, StackPointer, Vector,
    },
    spec::{Row, bank, flag, flag_bank, names, part, part_bank, reg, renumbered},
};

pub(super) const ROWS_32: &[&[Row]] = &[CORE_32, CONDITIONS, FLOAT_32, FLOAT_CONTROL, SYSTEM_32, SYSTEM];
pub(super) const ROWS_64: &[&[Row]] = &[CORE_64, CONDITIONS, FLOAT_64, FLOAT_CONTROL, SYSTEM_64, SYSTEM];

const CORE_32: &[Row] = &[
    reg("r0", 32, General),
    reg("r1", 32, StackPointer),
    bank("r", 2, 31, 32, General),
    reg("pc", 32, ProgramCounter),
    reg("lr", 32, Link),
    reg("ctr", 32, General),
    reg("xer", 32, Flags),
    reg("msr", 32, Control),
    names(&[("sp", "r1"), ("nip", "pc"), ("cia", "pc")]),
];

const CORE_64: &[Row] = &[
    reg("r0", 64, General),
    reg("r1", 64, StackPointer),
    bank("r", 2, 31, 64, General),
    reg("pc", 64, ProgramCounter),
    reg("lr", 64, Link),
    reg("ctr", 64, General),
    reg("xer", 64, Flags),
    flag("ov32", "xer", 19, 1),
    flag("ca32", "xer", 18, 1),
    reg("msr", 64, Control),
    names(&[("sp", "r1"), ("toc", "r2"), ("nip", "pc"), ("cia", "pc")]),
];

/// The manual numbers bits from the most significant one, so `cr0` is the
/// highest field.
const CONDITIONS: &[Row] = &[
    reg("cr", 32, Flags),
    flag("cr0", "cr", 28, 4),
    flag("cr1", "cr", 24, 4),
    flag("cr2", "cr", 20, 4),
    flag("cr3", "cr", 16, 4),
    flag("cr4", "cr", 12, 4),
    flag("cr5", "cr", 8, 4),
    flag("cr6", "cr", 4, 4),
    flag("cr7", "cr", 0, 4),
    flag_bank("cr#_lt", 0, 7, "cr", 3, 1),
    flag_bank("cr#_gt", 0, 7, "cr", 2, 1),
    flag_bank("cr#_eq", 0, 7, "cr", 1, 1),
    flag_bank("cr#_so", 0, 7, "cr", 0, 1),
    flag("so", "xer", 31, 1),
    flag("ov", "xer", 30, 1),
    flag("ca", "xer", 29, 1),
];

/// Processors with AltiVec; their floating-point and vector registers are
/// apart.
const FLOAT_32: &[Row] = &[
    bank("f", 0, 31, 64, Float),
    bank("v", 0, 31, 128, Vector),
    renumbered("vr", 0, 32, "v", 0),
    reg("fpscr", 32, FloatControl),
];

/// The vector-scalar registers: a floating-point register is the high half of
/// one of the first 32, the vector registers are the last 32.
const FLOAT_64: &[Row] = &[
    bank("vs", 0, 63, 128, Vector),
    part_bank("f", 0, 31, "vs", 64, 64).of_kind(Float),
    renumbered("v", 0, 32, "vs", 32),
    renumbered("vr", 0, 32, "vs", 32),
    reg("fpscr", 64, FloatControl),
];

const FLOAT_CONTROL: &[Row] = &[
    renumbered("fpr", 0, 32, "f", 0),
    flag("fpscr_rn", "fpscr", 0, 2),
    flag("fpscr_fprf", "fpscr", 12, 5),
    flag("fpscr_fx", "fpscr", 31, 1),
    reg("vscr", 32, FloatControl),
    flag("vscr_sat", "vscr", 0, 1),
    reg("vrsave", 32, Control),
];

const SYSTEM_32: &[Row] = &[
    bank("sprg", 0, 7, 32, Control),
    reg("srr0", 32, Control),
    reg("srr1", 32, Control),
    reg("dar", 32, Control),
    reg("ear", 32, Control),
    reg("sdr1", 32, Control),
    reg("dabr", 32, Debug),
    reg("iabr", 32, Debug),
    reg("hid0", 32, Control),
    reg("hid1", 32, Control),
    bank("sr", 0, 15, 32, Control),
    bank("ibat#u", 0, 7, 32, Control),
    bank("ibat#l", 0, 7, 32, Control),
    bank("dbat#u", 0, 7, 32, Control),
    bank("dbat#l", 0, 7, 32, Control),
    // Book E: critical interrupts, debugging and exception state.
    reg("csrr0", 32, Control),
    reg("csrr1", 32, Control),
    reg("dear", 32, Control),
    reg("esr", 32, Control),
    reg("ivpr", 32, Control),
    bank("ivor", 0, 15, 32, Control),
];

const SYSTEM_64: &[Row] = &[
    bank("sprg", 0, 3, 64, Control),
    reg("srr0", 64, Control),
    reg("srr1", 64, Control),
    reg("hsrr0", 64, Control),
    reg("hsrr1", 64, Control),
    bank("hsprg", 0, 1, 64, Control),
    reg("dar", 64, Control),
    reg("hdar", 64, Control),
    reg("hdsisr", 32, Control),
    reg("lpcr", 64, Control),
    reg("lpidr", 32, Control),
    reg("pidr", 32, Control),
    reg("ptcr", 64, Control),
    reg("sdr1", 64, Control),
    reg("cfar", 64, Control),
    reg("dscr", 64, Control),
    reg("ppr", 64, Control),
    reg("tar", 64, Control),
    reg("fscr", 64, Control),
    reg("amr", 64, Control),
    reg("iamr", 64, Control),
    reg("uamor", 64, Control),
    reg("ciabr", 64, Debug),
    reg("dawr0", 64, Debug),
    reg("dawrx0", 64, Debug),
];

/// The time base is one counter of 64 bits, of which 32-bit code reads the
/// halves.
const SYSTEM: &[Row] = &[
    reg("tb", 64, Control),
    part("tbl", "tb", 0, 32),
    part("tbu", "tb", 32, 32),
    reg("dec", 32, Control),
    reg("dsisr", 32, Control),
    reg("pvr", 32, Control),
    reg("pir", 32, Control),
];
