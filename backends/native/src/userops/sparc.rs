//! SPARC: register windows.
//!
//! A window is spilled as soon as it is left, to where the operating system
//! would spill it at any time it wants: the save area of its frame (SPARC
//! Architecture Manual, V8, 7.1; V9, H.1.4). So the state is in registers and
//! memory alone, and windows never run out. Nobody but the system sees these
//! accesses: hooks do not.

use terrella_emulator_api::{Access, MemoryCause};

use super::{Handler, Table};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt};

pub(super) const TABLE: Table = &[
    ("registerWindowSave", Handler::new(save)),
    ("registerWindowRestore", Handler::new(restore)),
    ("checkJump", Handler::new(check_jump)),
    ("segment", Handler::new(space)),
    ("IllegalInstructionTrap", Handler::trap(|_, _| Err(Halt::Invalid))),
];

/// The registers of a window that are spilled, in order.
const WINDOW: [&str; 16] =
    ["l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7", "i0", "i1", "i2", "i3", "i4", "i5", "fp", "i7"];

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

/// The save area of the current frame, and the size of a register in it.
fn area(emulator: &NativeEmulator) -> (u64, usize) {
    let sp = emulator.user_register("sp") as u64;
    let size = usize::from(emulator.definition.pointer_bytes);
    // Stack pointers of 64-bit code are 2047 too low.
    let bias = if size == 8 { 2047 } else { 0 };
    (sp.wrapping_add(bias) & emulator.address_mask, size)
}

fn save(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    let (address, size) = area(emulator);
    emulator.user_check(address, size * WINDOW.len(), Access::Write)?;
    let mut bytes = Vec::with_capacity(size * WINDOW.len());
    for name in WINDOW {
        let value = emulator.user_register(name) as u64;
        bytes.extend_from_slice(&value.to_be_bytes()[8 - size..]);
    }
    emulator.memory.copy_in(address, &bytes);
    emulator.stale |= emulator.memory.has_written_code();
    Ok(())
}

fn restore(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    let (address, size) = area(emulator);
    emulator.user_check(address, size * WINDOW.len(), Access::Read)?;
    let mut bytes = vec![0; size * WINDOW.len()];
    emulator.memory.copy_out(address, &mut bytes);
    for (name, bytes) in WINDOW.iter().zip(bytes.chunks(size)) {
        let value = bytes.iter().fold(0u128, |value, byte| value << 8 | u128::from(*byte));
        emulator.set_user_register(name, value);
    }
    Ok(())
}
