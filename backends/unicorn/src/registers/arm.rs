//! 32-bit ARM.

use unicorn_engine::RegisterARM as R;

use super::Row;

pub(super) const TABLES_V5T: &[&[Row]] = &[CORE, STATUS, DOUBLES, VFP_CONTROL, CP15];
pub(super) const TABLES_V7R: &[&[Row]] = &[CORE, STATUS, QUADS, VFP_CONTROL, CP15, CP15_V6K, CP15_V7R];
pub(super) const TABLES_V7A: &[&[Row]] = &[CORE, STATUS, QUADS, VFP_CONTROL, CP15, CP15_V6K, CP15_V7A];
pub(super) const TABLES_V6M: &[&[Row]] = &[CORE, SPECIAL_V6M];
pub(super) const TABLES_V7M: &[&[Row]] = &[CORE, SPECIAL_V6M, SPECIAL_V7M, DOUBLES, FPSCR];

const fn one(name: &'static str, id: R, bytes: u8) -> Row {
    Row::one(name, id as i32, bytes)
}

const fn bank(prefix: &'static str, first: u16, id: R, last_id: R, bytes: u8) -> Row {
    Row::bank(prefix, first, id as i32, last_id as i32, bytes)
}

/// A register of coprocessor 15. `uc_arm_cp_reg` is coprocessor, width, secure
/// state, CRn, CRm, opcode 1 and opcode 2, 4 bytes of padding and a value.
const fn cp15(name: &'static str, crn: u32, opcode_1: u32, crm: u32, opcode_2: u32) -> Row {
    Row::in_structure(name, R::CP_REG as i32, 40, [15, 0, 0, crn, crm, opcode_1, opcode_2], 32, 8).bits(32)
}

const CORE: &[Row] =
    &[bank("r", 0, R::R0, R::R12, 4), one("sp", R::SP, 4), one("lr", R::LR, 4), one("pc", R::PC, 4)];

const STATUS: &[Row] = &[one("cpsr", R::CPSR, 4), one("spsr", R::SPSR, 4)];

const DOUBLES: &[Row] = &[bank("d", 0, R::D0, R::D15, 8)];

const QUADS: &[Row] = &[bank("q", 0, R::Q0, R::Q15, 16)];

const FPSCR: &[Row] = &[one("fpscr", R::FPSCR, 4)];

const VFP_CONTROL: &[Row] =
    &[one("fpscr", R::FPSCR, 4), one("fpexc", R::FPEXC, 4), one("fpsid", R::FPSID, 4)];

const CP15: &[Row] = &[
    cp15("midr", 0, 0, 0, 0).read_only(),
    cp15("ctr", 0, 0, 0, 1).read_only(),
    cp15("sctlr", 1, 0, 0, 0),
    one("cpacr", R::C1_C0_2, 4),
    cp15("dfsr", 5, 0, 0, 0),
    cp15("ifsr", 5, 0, 0, 1),
    cp15("dfar", 6, 0, 0, 0),
    cp15("fcseidr", 13, 0, 0, 0),
];

const CP15_V6K: &[Row] = &[
    cp15("actlr", 1, 0, 0, 1).read_only(),
    cp15("mpidr", 0, 0, 0, 5).read_only(),
    cp15("ifar", 6, 0, 0, 2),
    cp15("contextidr", 13, 0, 0, 1),
    cp15("tpidrurw", 13, 0, 0, 2),
    cp15("tpidruro", 13, 0, 0, 3),
    cp15("tpidrprw", 13, 0, 0, 4),
];

const CP15_V7A: &[Row] = &[
    cp15("ttbr0", 2, 0, 0, 0),
    cp15("ttbr1", 2, 0, 0, 1),
    cp15("ttbcr", 2, 0, 0, 2),
    cp15("dacr", 3, 0, 0, 0),
    cp15("par", 7, 0, 4, 0),
    cp15("prrr", 10, 0, 2, 0),
    cp15("nmrr", 10, 0, 2, 1),
    cp15("scr", 1, 0, 1, 0),
    cp15("vbar", 12, 0, 0, 0),
];

const CP15_V7R: &[Row] = &[
    cp15("mpuir", 0, 0, 0, 4).read_only(),
    cp15("drbar", 6, 0, 1, 0),
    cp15("drsr", 6, 0, 1, 2),
    cp15("dracr", 6, 0, 1, 4),
    cp15("rgnr", 6, 0, 2, 0),
];

const SPECIAL_V6M: &[Row] = &[
    one("xpsr", R::XPSR, 4),
    one("msp", R::MSP, 4),
    one("psp", R::PSP, 4),
    one("primask", R::PRIMASK, 4),
    one("control", R::CONTROL, 4),
];

const SPECIAL_V7M: &[Row] = &[one("basepri", R::BASEPRI, 4), one("faultmask", R::FAULTMASK, 4)];
