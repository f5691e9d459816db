//! PowerPC, 32 and 64 bits.
//!
//! `xer` is absent: Unicorn keeps its summary-overflow, overflow and carry bits
//! elsewhere, and shows zeros in their places.

use unicorn_engine::RegisterPPC as R;

use super::Row;

pub(super) const TABLES_32: &[&[Row]] = &[&core(4), FLOAT_32, CONTROL];
pub(super) const TABLES_64: &[&[Row]] = &[&core(8), FLOAT_64, CONTROL];

/// Registers that Unicorn shows as wide as the general ones.
const fn core(bytes: u8) -> [Row; 5] {
    [
        Row::bank("r", 0, R::R0 as i32, R::R31 as i32, bytes),
        Row::one("pc", R::PC as i32, bytes),
        Row::one("lr", R::LR as i32, bytes),
        Row::one("ctr", R::CTR as i32, bytes),
        Row::one("msr", R::MSR as i32, bytes),
    ]
}

const FLOAT_32: &[Row] = &[Row::bank("f", 0, R::FPR0 as i32, R::FPR31 as i32, 8)];

/// The halves of the vector-scalar registers that are floating-point
/// registers.
const FLOAT_64: &[Row] = &[Row::bank("vs", 0, R::FPR0 as i32, R::FPR31 as i32, 8).at(64)];

const CONTROL: &[Row] = &[Row::one("cr", R::CR as i32, 4), Row::one("fpscr", R::FPSCR as i32, 4)];
