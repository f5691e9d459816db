//! 64-bit ARM.

use unicorn_engine::RegisterARM64 as R;

use super::Row;

pub(super) const TABLES: &[&[Row]] = &[CORE, SYSTEM, ENCODED];

const fn one(name: &'static str, id: R, bytes: u8) -> Row {
    Row::one(name, id as i32, bytes)
}

const fn bank(prefix: &'static str, first: u16, id: R, last_id: R, bytes: u8) -> Row {
    Row::bank(prefix, first, id as i32, last_id as i32, bytes)
}

/// A system register by its encoding: op0, op1, CRn, CRm, op2.
/// `uc_arm64_cp_reg` is CRn, CRm, op0, op1 and op2, 4 bytes of padding and a
/// value.
const fn encoded(name: &'static str, op0: u32, op1: u32, crn: u32, crm: u32, op2: u32) -> Row {
    Row::in_structure(name, R::CP_REG as i32, 32, [crn, crm, op0, op1, op2, 0, 0], 24, 8)
}

const CORE: &[Row] = &[
    bank("x", 0, R::X0, R::X28, 8),
    bank("x", 29, R::X29, R::X30, 8),
    one("sp", R::SP, 8),
    one("pc", R::PC, 8),
    one("nzcv", R::NZCV, 4),
    one("pstate", R::PSTATE, 4),
    one("fpcr", R::FPCR, 4),
    one("fpsr", R::FPSR, 4),
    bank("v", 0, R::Q0, R::Q31, 16),
];

/// The stack pointer of the current exception level is `sp`, and its own
/// `sp_el…` then has what it had when the level was entered.
const SYSTEM: &[Row] = &[
    bank("sp_el", 0, R::SP_EL0, R::SP_EL3, 8),
    one("tpidr_el0", R::TPIDR_EL0, 8),
    one("tpidrro_el0", R::TPIDRRO_EL0, 8),
    one("tpidr_el1", R::TPIDR_EL1, 8),
    bank("elr_el", 1, R::ELR_EL1, R::ELR_EL3, 8),
    bank("esr_el", 1, R::ESR_EL1, R::ESR_EL3, 8),
    bank("far_el", 1, R::FAR_EL1, R::FAR_EL3, 8),
    bank("vbar_el", 1, R::VBAR_EL1, R::VBAR_EL3, 8),
    one("cpacr_el1", R::CPACR_EL1, 4),
    one("ttbr0_el1", R::TTBR0_EL1, 8),
    one("ttbr1_el1", R::TTBR1_EL1, 8),
    one("mair_el1", R::MAIR_EL1, 8),
    one("par_el1", R::PAR_EL1, 8),
];

/// Without the physical and virtual counters, which follow the host's clock.
const ENCODED: &[Row] = &[
    encoded("tpidr_el2", 3, 4, 13, 0, 2),
    encoded("tpidr_el3", 3, 6, 13, 0, 2),
    encoded("spsr_el1", 3, 0, 4, 0, 0),
    encoded("spsr_el2", 3, 4, 4, 0, 0),
    encoded("spsr_el3", 3, 6, 4, 0, 0),
    encoded("sctlr_el1", 3, 0, 1, 0, 0),
    encoded("sctlr_el2", 3, 4, 1, 0, 0),
    encoded("sctlr_el3", 3, 6, 1, 0, 0),
    encoded("actlr_el1", 3, 0, 1, 0, 1).read_only(),
    encoded("ttbr0_el2", 3, 4, 2, 0, 0),
    encoded("ttbr0_el3", 3, 6, 2, 0, 0),
    encoded("tcr_el1", 3, 0, 2, 0, 2),
    encoded("tcr_el2", 3, 4, 2, 0, 2),
    encoded("tcr_el3", 3, 6, 2, 0, 2),
    encoded("mair_el2", 3, 4, 10, 2, 0),
    encoded("mair_el3", 3, 6, 10, 2, 0),
    encoded("contextidr_el1", 3, 0, 13, 0, 1),
    encoded("hcr_el2", 3, 4, 1, 1, 0),
    encoded("vttbr_el2", 3, 4, 2, 1, 0),
    encoded("scr_el3", 3, 6, 1, 1, 0),
    encoded("mdscr_el1", 2, 0, 0, 2, 2),
    encoded("midr_el1", 3, 0, 0, 0, 0).read_only(),
    encoded("mpidr_el1", 3, 0, 0, 0, 5).read_only(),
    encoded("ctr_el0", 3, 3, 0, 0, 1).read_only(),
    encoded("dczid_el0", 3, 3, 0, 0, 7).read_only(),
    encoded("cntfrq_el0", 3, 3, 14, 0, 0),
    encoded("cntv_ctl_el0", 3, 3, 14, 3, 1),
    encoded("cntv_cval_el0", 3, 3, 14, 3, 2),
    encoded("cntkctl_el1", 3, 0, 14, 1, 0),
];
