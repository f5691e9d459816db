//! ARM: saturation, exclusive accesses, thread registers.

use super::{Handler, Table, lanes::saturate};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt};

/// A result that is always the same.
macro_rules! constant {
    ($value:literal) => {
        Handler::new(|emulator, op| {
            emulator.set_user_result(op, $value);
            Ok(())
        })
    };
}

/// A read of a register of the platform that the engine keeps.
macro_rules! read {
    ($name:literal) => {
        Handler::new(|emulator, op| {
            let value = emulator.named($name).unwrap_or(0);
            emulator.set_user_result(op, value.into());
            Ok(())
        })
    };
}

macro_rules! write {
    ($name:literal) => {
        Handler::new(|emulator, op| {
            let value = emulator.user_input(op, 0) as u64;
            if let Some(register) = emulator.definition.register($name) {
                emulator.set_kept_register(register, value);
            }
            Ok(())
        })
    };
}

/// Masks or unmasks exceptions: by a register of microcontrollers, or a bit of
/// the status word.
macro_rules! masks {
    ($name:literal, $bit:literal, $value:literal) => {
        Handler::new(|emulator, _| {
            if emulator.definition.register("xpsr").is_some() {
                emulator.set_exception_mask($name, $value);
            } else {
                emulator.mask_interrupts($bit, $value);
            }
            Ok(())
        })
    };
}

const NOTHING: Handler = Handler::nothing();

pub(super) const TABLE: Table = &[
    (
        "ClearExclusiveLocal",
        Handler::new(|emulator, _| {
            emulator.clear_monitor();
            Ok(())
        }),
    ),
    ("isCurrentModePrivileged", constant!(1)),
    ("SignedSaturate", Handler::new(|emulator, op| saturated(emulator, op, true, false))),
    ("SignedDoesSaturate", Handler::new(|emulator, op| saturated(emulator, op, true, true))),
    ("UnsignedSaturate", Handler::new(|emulator, op| saturated(emulator, op, false, false))),
    ("UnsignedDoesSaturate", Handler::new(|emulator, op| saturated(emulator, op, false, true))),
    ("Absolute", Handler::new(absolute)),
    ("ReverseBitOrder", Handler::new(reverse)),
    ("coproc_movefrom_User_R_Thread_and_Process_ID", read!("tpidruro")),
    ("coproc_movefrom_User_RW_Thread_and_Process_ID", read!("tpidrurw")),
    ("coproc_movefrom_Privileged_only_Thread_and_Process_ID", read!("tpidrprw")),
    ("coproc_moveto_User_R_Thread_and_Process_ID", write!("tpidruro")),
    ("coproc_moveto_User_RW_Thread_and_Process_ID", write!("tpidrurw")),
    ("coproc_moveto_Privileged_only_Thread_and_Process_ID", write!("tpidrprw")),
    ("coproc_moveto_Data_Synchronization", NOTHING),
    ("coproc_moveto_Data_Memory_Barrier", NOTHING),
    ("coproc_moveto_Flush_Prefetch_Buffer", NOTHING),
    ("enableIRQinterrupts", masks!("primask", 7, false)),
    ("disableIRQinterrupts", masks!("primask", 7, true)),
    ("enableFIQinterrupts", masks!("faultmask", 6, false)),
    ("disableFIQinterrupts", masks!("faultmask", 6, true)),
    ("enableDataAbortInterrupts", masks!("", 8, false)),
    ("disableDataAbortInterrupts", masks!("", 8, true)),
];

impl NativeEmulator {
    /// Sets a bit of the status word, but not in user mode (Arm ARM, B9.3.2,
    /// CPS).
    fn mask_interrupts(&mut self, bit: u32, value: bool) {
        let old = self.user_register("cpsr");
        if old & 0x1f != 0x10 {
            self.set_user_register("cpsr", old & !(1 << bit) | u128::from(value) << bit);
        }
    }
}

/// A value and the bits that it has to fit in.
fn saturated(emulator: &mut NativeEmulator, op: &UserOp, is_signed: bool, asks: bool) -> Result<(), Halt> {
    let size = 8 * NativeEmulator::user_input_size(op, 0).clamp(1, 8) as u32;
    let value = super::lanes::signed(emulator.user_input(op, 0), size);
    let bits = (emulator.user_input(op, 1) as u32).clamp(u32::from(is_signed), 32);
    let (near, other) = saturate(value, bits, is_signed);
    // Signed results are as wide as registers.
    let near = if is_signed { super::lanes::signed(near, bits) as u128 } else { near };
    // Q stays set until a program clears it (Arm ARM, A2.4); some rows of the
    // specification write it as it comes.
    let told = u128::from(other) | emulator.user_register("Q") & 1;
    emulator.set_user_result(op, if asks { told } else { near });
    Ok(())
}

fn absolute(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let value = emulator.user_input(op, 0) as i32;
    emulator.set_user_result(op, value.unsigned_abs().into());
    Ok(())
}

fn reverse(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let value = emulator.user_input(op, 0) as u32;
    emulator.set_user_result(op, value.reverse_bits().into());
    Ok(())
}
