//! AArch64: what the specification leaves to the emulator of instructions
//! that the engine does not execute itself (see [`crate::arm::a64`]).

pub(crate) mod crypto;
mod maintenance;

use super::{
    Handler, Table,
    lanes::{lane, vector},
};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt};

const NOTHING: Handler = Handler::nothing();

pub(super) const TABLE: Table = &[
    ("a64_TBL", Handler::new(table_lookup)),
    (
        "ClearExclusiveLocal",
        Handler::new(|emulator, _| {
            emulator.clear_monitor();
            Ok(())
        }),
    ),
    ("DC_ZVA", Handler::new(zero_block)),
    ("DC_CVAC", NOTHING),
    ("DC_CVAU", NOTHING),
    ("DC_CVAP", NOTHING),
    ("DC_CIVAC", NOTHING),
    ("IC_IVAU", NOTHING),
    ("IC_IALLU", NOTHING),
    ("IC_IALLUIS", NOTHING),
    ("SpeculationBarrier", NOTHING),
    ("LOAcquire", NOTHING),
    ("LORelease", NOTHING),
    ("ValidCallTarget", NOTHING),
    ("ValidJumpTarget", NOTHING),
    ("ValidJumpTargetWhenDestIsX16OrX17", NOTHING),
    ("ValidJumpTargetIfPermittedBySCTLR", NOTHING),
];

pub(super) const CRYPTO: Table = crypto::TABLE;
pub(super) const MAINTENANCE: Table = maintenance::TABLE;

/// The inputs are what is kept for indices that are out of range, the
/// registers of the table, and the indices.
fn table_lookup(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let last = op.inputs.len().saturating_sub(1);
    let kept = emulator.user_input(op, 0);
    let table: Vec<u8> = (1..last).flat_map(|index| emulator.user_input(op, index).to_le_bytes()).collect();
    let indices = emulator.user_input(op, last);
    let value = vector(NativeEmulator::user_input_size(op, last) as u32, 8, |index| {
        let at = lane(indices, index, 8) as usize;
        table.get(at).map_or_else(|| lane(kept, index, 8), |byte| u128::from(*byte))
    });
    emulator.set_user_result(op, value);
    Ok(())
}

/// Zeroes the block of 64 bytes around an address.
fn zero_block(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let address = emulator.user_input(op, 0) as u64 & !63;
    emulator.user_write(address, &[0; 64])
}
