//! Registers of RISC-V.
//!
//! The RISC-V Instruction Set Manual, volume I (unprivileged): chapters 2, "F"
//! and "V"; volume II (privileged): chapter 2 (control and status registers).
//! ABI names: RISC-V ELF psABI, register convention.

use crate::{
    RegisterKind::{
        Control, Debug, Float, FloatControl, General, Link, ProgramCounter, StackPointer, Vector,
    },
    spec::{Row, bank, fixed, flag, names, reg, renumbered},
};

pub(super) const ROWS_32: &[&[Row]] = &[CORE_32, NAMES, FLOAT, VECTOR, VECTOR_32, CSR_32, CSR];
pub(super) const ROWS_64: &[&[Row]] = &[CORE_64, NAMES, FLOAT, VECTOR, VECTOR_64, CSR_64, CSR];

const CORE_32: &[Row] = &[
    fixed("x0", 32, 0),
    reg("x1", 32, Link),
    reg("x2", 32, StackPointer),
    bank("x", 3, 31, 32, General),
    reg("pc", 32, ProgramCounter),
];

const CORE_64: &[Row] = &[
    fixed("x0", 64, 0),
    reg("x1", 64, Link),
    reg("x2", 64, StackPointer),
    bank("x", 3, 31, 64, General),
    reg("pc", 64, ProgramCounter),
];

const NAMES: &[Row] = &[
    names(&[("zero", "x0"), ("ra", "x1"), ("sp", "x2"), ("gp", "x3"), ("tp", "x4"), ("fp", "x8")]),
    renumbered("t", 0, 3, "x", 5),
    renumbered("s", 0, 2, "x", 8),
    renumbered("a", 0, 8, "x", 10),
    renumbered("s", 2, 10, "x", 18),
    renumbered("t", 3, 4, "x", 28),
];

/// 64 bits wide (the "D" extension) on both widths of integer registers.
const FLOAT: &[Row] = &[
    bank("f", 0, 31, 64, Float),
    renumbered("ft", 0, 8, "f", 0),
    renumbered("fs", 0, 2, "f", 8),
    renumbered("fa", 0, 8, "f", 10),
    renumbered("fs", 2, 10, "f", 18),
    renumbered("ft", 8, 4, "f", 28),
    reg("fcsr", 32, FloatControl),
    flag("fflags", "fcsr", 0, 5),
    flag("nx", "fcsr", 0, 1),
    flag("uf", "fcsr", 1, 1),
    flag("of", "fcsr", 2, 1),
    flag("dz", "fcsr", 3, 1),
    flag("nv", "fcsr", 4, 1),
    flag("frm", "fcsr", 5, 3),
];

/// Vectors of the least length that application processors have, 128 bits.
const VECTOR: &[Row] = &[
    bank("v", 0, 31, 128, Vector),
    reg("vcsr", 32, Control),
    flag("vxsat", "vcsr", 0, 1),
    flag("vxrm", "vcsr", 1, 2),
];

const VECTOR_32: &[Row] = &[
    reg("vstart", 32, Control),
    reg("vl", 32, Control),
    reg("vtype", 32, Control),
    reg("vlenb", 32, Control),
];

const VECTOR_64: &[Row] = &[
    reg("vstart", 64, Control),
    reg("vl", 64, Control),
    reg("vtype", 64, Control),
    reg("vlenb", 64, Control),
];

/// Control and status registers as wide as the integer registers. On RV32 the
/// counters have 32 bits, and their high halves are registers of their own.
///
/// `sstatus`, `sie` and `sip` show some of the bits of `mstatus`, `mie` and
/// `mip`; the bits are not next to each other, so the table has both.
const CSR_32: &[Row] = &[
    reg("mstatus", 32, Control),
    reg("misa", 32, Control),
    reg("medeleg", 32, Control),
    reg("mideleg", 32, Control),
    reg("mie", 32, Control),
    reg("mtvec", 32, Control),
    reg("mscratch", 32, Control),
    reg("mepc", 32, Control),
    reg("mcause", 32, Control),
    reg("mtval", 32, Control),
    reg("mip", 32, Control),
    reg("mtinst", 32, Control),
    reg("mtval2", 32, Control),
    reg("mhartid", 32, Control),
    reg("mvendorid", 32, Control),
    reg("marchid", 32, Control),
    reg("mimpid", 32, Control),
    reg("mconfigptr", 32, Control),
    reg("sstatus", 32, Control),
    reg("sie", 32, Control),
    reg("stvec", 32, Control),
    reg("sscratch", 32, Control),
    reg("sepc", 32, Control),
    reg("scause", 32, Control),
    reg("stval", 32, Control),
    reg("sip", 32, Control),
    reg("satp", 32, Control),
    reg("hstatus", 32, Control),
    reg("hedeleg", 32, Control),
    reg("hideleg", 32, Control),
    reg("hie", 32, Control),
    reg("hip", 32, Control),
    reg("hvip", 32, Control),
    reg("htval", 32, Control),
    reg("htinst", 32, Control),
    reg("hgatp", 32, Control),
    reg("hgeie", 32, Control),
    reg("hgeip", 32, Control),
    reg("vsstatus", 32, Control),
    reg("vsie", 32, Control),
    reg("vstvec", 32, Control),
    reg("vsscratch", 32, Control),
    reg("vsepc", 32, Control),
    reg("vscause", 32, Control),
    reg("vstval", 32, Control),
    reg("vsip", 32, Control),
    reg("vsatp", 32, Control),
    reg("tselect", 32, Debug),
    reg("tdata1", 32, Debug),
    reg("tdata2", 32, Debug),
    reg("tdata3", 32, Debug),
    reg("dcsr", 32, Debug),
    reg("dpc", 32, Debug),
    reg("dscratch0", 32, Debug),
    reg("dscratch1", 32, Debug),
    reg("mstatush", 32, Control),
    reg("htimedelta", 32, Control),
    reg("htimedeltah", 32, Control),
    reg("menvcfg", 32, Control),
    reg("menvcfgh", 32, Control),
    reg("senvcfg", 32, Control),
    bank("pmpcfg", 0, 3, 32, Control),
    bank("pmpaddr", 0, 15, 32, Control),
    reg("cycle", 32, Control),
    reg("time", 32, Control),
    reg("instret", 32, Control),
    bank("hpmcounter", 3, 31, 32, Control),
    reg("cycleh", 32, Control),
    reg("timeh", 32, Control),
    reg("instreth", 32, Control),
    bank("hpmcounter#h", 3, 31, 32, Control),
    reg("mcycle", 32, Control),
    reg("minstret", 32, Control),
    bank("mhpmcounter", 3, 31, 32, Control),
    reg("mcycleh", 32, Control),
    reg("minstreth", 32, Control),
    bank("mhpmcounter#h", 3, 31, 32, Control),
    bank("mhpmevent", 3, 31, 32, Control),
];

/// As [`CSR_32`], for RV64.
const CSR_64: &[Row] = &[
    reg("mstatus", 64, Control),
    reg("misa", 64, Control),
    reg("medeleg", 64, Control),
    reg("mideleg", 64, Control),
    reg("mie", 64, Control),
    reg("mtvec", 64, Control),
    reg("mscratch", 64, Control),
    reg("mepc", 64, Control),
    reg("mcause", 64, Control),
    reg("mtval", 64, Control),
    reg("mip", 64, Control),
    reg("mtinst", 64, Control),
    reg("mtval2", 64, Control),
    reg("mhartid", 64, Control),
    reg("mvendorid", 32, Control),
    reg("marchid", 64, Control),
    reg("mimpid", 64, Control),
    reg("mconfigptr", 64, Control),
    reg("sstatus", 64, Control),
    reg("sie", 64, Control),
    reg("stvec", 64, Control),
    reg("sscratch", 64, Control),
    reg("sepc", 64, Control),
    reg("scause", 64, Control),
    reg("stval", 64, Control),
    reg("sip", 64, Control),
    reg("satp", 64, Control),
    reg("hstatus", 64, Control),
    reg("hedeleg", 64, Control),
    reg("hideleg", 64, Control),
    reg("hie", 64, Control),
    reg("hip", 64, Control),
    reg("hvip", 64, Control),
    reg("htval", 64, Control),
    reg("htinst", 64, Control),
    reg("hgatp", 64, Control),
    reg("hgeie", 64, Control),
    reg("hgeip", 64, Control),
    reg("vsstatus", 64, Control),
    reg("vsie", 64, Control),
    reg("vstvec", 64, Control),
    reg("vsscratch", 64, Control),
    reg("vsepc", 64, Control),
    reg("vscause", 64, Control),
    reg("vstval", 64, Control),
    reg("vsip", 64, Control),
    reg("vsatp", 64, Control),
    reg("tselect", 64, Debug),
    reg("tdata1", 64, Debug),
    reg("tdata2", 64, Debug),
    reg("tdata3", 64, Debug),
    reg("dcsr", 32, Debug),
    reg("dpc", 64, Debug),
    reg("dscratch0", 64, Debug),
    reg("dscratch1", 64, Debug),
    reg("htimedelta", 64, Control),
    reg("menvcfg", 64, Control),
    reg("senvcfg", 64, Control),
    reg("pmpcfg0", 64, Control),
    reg("pmpcfg2", 64, Control),
    bank("pmpaddr", 0, 15, 64, Control),
    reg("cycle", 64, Control),
    reg("time", 64, Control),
    reg("instret", 64, Control),
    bank("hpmcounter", 3, 31, 64, Control),
    reg("mcycle", 64, Control),
    reg("minstret", 64, Control),
    bank("mhpmcounter", 3, 31, 64, Control),
    bank("mhpmevent", 3, 31, 64, Control),
];

/// Registers that have 32 bits on RV64 too, and the privilege mode (0 user, 1
/// supervisor, 3 machine), which no instruction can read.
const CSR: &[Row] = &[
    reg("mcounteren", 32, Control),
    reg("scounteren", 32, Control),
    reg("hcounteren", 32, Control),
    reg("mcountinhibit", 32, Control),
    reg("priv", 2, Control),
];
