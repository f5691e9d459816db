//! RISC-V: cache blocks, Zicbom and Zicboz (unprivileged manual, "CMO"),
//! and hints that do nothing here.

use terrella_emulator_api::Access;

use super::{Handler, Table};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt};

/// The size of a block: that of the profiles from RVA22 on (Zic64b).
const BLOCK: usize = 64;

pub(super) const TABLE: Table = &[
    ("cbo.inval", Handler::new(manage)),
    ("cbo.clean", Handler::new(manage)),
    ("cbo.flush", Handler::new(manage)),
    ("cbo.zero", Handler::new(zero)),
    ("prefetch", Handler::nothing()),
    ("pause", Handler::nothing()),
    // The stall may end for any reason (Zawrs).
    ("wait.reservation", Handler::nothing()),
];

/// The address of the block that an address lies in.
fn block(emulator: &NativeEmulator, op: &UserOp) -> u64 {
    emulator.user_input(op, 0) as u64 & emulator.address_mask & !(BLOCK as u64 - 1)
}

/// Memory is always coherent: what is left is that the block can be loaded or
/// stored.
fn manage(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let address = block(emulator, op);
    emulator
        .user_check(address, BLOCK, Access::Read)
        .or_else(|_| emulator.user_check(address, BLOCK, Access::Write))
}

fn zero(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let address = block(emulator, op);
    emulator.user_write(address, &[0; BLOCK])
}
