//! MIPS: operations on integers that p-code has not.

use super::{Handler, Table};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt};

pub(super) const TABLE: Table = &[
    ("bitSwap", Handler::new(reverse_bits)),
    // RDHWR: the specification gives the register itself (volume II-A, "RDHWR").
    (
        "getHWRegister",
        Handler::new(|emulator, op| {
            let value = emulator.user_input(op, 0);
            emulator.set_user_result(op, value);
            Ok(())
        }),
    ),
];

/// BITSWAP and DBITSWAP: the bits of each byte in the other order (MIPS
/// Architecture For Programmers, volume II-A, release 6).
fn reverse_bits(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let bytes = (emulator.user_input(op, 0) as u64).to_le_bytes().map(u8::reverse_bits);
    emulator.set_user_result(op, u64::from_le_bytes(bytes).into());
    Ok(())
}
