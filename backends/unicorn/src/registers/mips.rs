//! MIPS, 32 and 64 bits.

use unicorn_engine::RegisterMIPS as R;

use super::Row;

pub(super) const TABLES_32: &[&[Row]] = &[&core(4), FLOAT];
pub(super) const TABLES_64: &[&[Row]] = &[&core(8), FLOAT];

/// Registers that Unicorn shows as wide as the general ones.
const fn core(bytes: u8) -> [Row; 7] {
    [
        Row::bank("r", 0, R::R0 as i32, R::R31 as i32, bytes),
        Row::one("hi", R::HI as i32, bytes),
        Row::one("lo", R::LO as i32, bytes),
        Row::one("pc", R::PC as i32, bytes),
        Row::one("cp0_config3", R::CP0_CONFIG3 as i32, bytes),
        Row::one("cp0_status", R::CP0_STATUS as i32, bytes),
        Row::one("cp0_userlocal", R::CP0_USERLOCAL as i32, bytes),
    ]
}

/// The vector registers have no ids of their own, so only the half that is a
/// floating-point register can be reached.
const FLOAT: &[Row] = &[
    Row::bank("w", 0, R::F0 as i32, R::F31 as i32, 8),
    Row::one("fir", R::FIR as i32, 4).read_only(),
    Row::one("fcsr", R::FCSR as i32, 4),
];
