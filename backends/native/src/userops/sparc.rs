//! SPARC: jumps and alternate address spaces. Register windows are in
//! [`sparc_windows`](super::sparc_windows).

use terrella_emulator_api::{Access, MemoryCause};

use super::{Handler, Table, sparc_windows};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt};

pub(super) const TABLE: Table = &[
    ("registerWindowSave", Handler::new(sparc_windows::save)),
    ("registerWindowRestore", Handler::new(sparc_windows::restore)),
    ("registerWindowFill", Handler::new(sparc_windows::fill)),
    ("registerWindowFlush", Handler::new(sparc_windows::flush)),
    ("registerWindowSelect", Handler::new(sparc_windows::select)),
    ("checkJump", Handler::new(check_jump)),
    ("segment", Handler::new(space)),
    ("IllegalInstructionTrap", Handler::trap(|_, _| Err(Halt::Invalid))),
];

/// The number of a privileged action (V9, table 7-1).
const PRIVILEGED_ACTION: u64 = 0x37;

/// Targets of jumps are words.
fn check_jump(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let address = emulator.user_input(op, 0) as u64 & emulator.address_mask;
    if address.is_multiple_of(4) {
        return Ok(());
    }
    Err(Halt::Memory { access: Access::Fetch, cause: MemoryCause::Unaligned, address, size: 4 })
}

/// The distance of an alternate address space: those of programs are the one
/// that there is (V9, 6.3.1.3 and table 12). The others are the system's, or
/// have their bytes in the other order.
fn space(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    match emulator.user_input(op, 0) & 0xff {
        // Primary and secondary, as they are and without faults.
        0x80..=0x83 => {
            emulator.set_user_result(op, 0);
            Ok(())
        }
        0..=0x7f => Err(Halt::Exception(PRIVILEGED_ACTION)),
        identifier => Err(Halt::Missing(format!("address space {identifier:#x}"))),
    }
}
