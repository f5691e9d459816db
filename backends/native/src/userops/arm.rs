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

/// Another mode.
macro_rules! enters {
    ($mode:literal) => {
        Handler::new(|emulator, _| {
            emulator.enter_mode($mode);
            Ok(())
        })
    };
}

const NOTHING: Handler = Handler::nothing();
const INVALID: Handler = Handler::new(|_, _| Err(Halt::Invalid));

/// Of ARMv8: the gateway of the security extension, and debugging exceptions.
pub(super) const LATER: Table = &[("SG", INVALID), ("DCPSInstruction", INVALID)];

/// Advanced SIMD of ARMv8, which microcontrollers have not.
pub(super) const LATER_VECTORS: Table = &[
    ("BfloatMultiplyAccumulate", INVALID),
    ("FloatToSignedRound", INVALID),
    ("FloatToUnsignedRound", INVALID),
    ("VectorComplexAdd", INVALID),
    ("VectorComplexMultiplyAccumulate", INVALID),
    ("VectorComplexMultiplyAccumulateByElement", INVALID),
    ("VectorDotProduct", INVALID),
    ("VectorSignedDotProduct", INVALID),
    ("VectorUnsignedDotProduct", INVALID),
    ("VectorSignedUnsignedDotProduct", INVALID),
    ("VectorUnsignedSignedDotProduct", INVALID),
    ("VectorMultiplyAddLongVector", INVALID),
    ("VectorWidenMultipyAccumulate", INVALID),
];

/// Of microcontrollers: special registers.
pub(super) const SPECIAL: Table = &[
    ("getBasePriority", INVALID),
    ("getCurrentExceptionNumber", INVALID),
    ("getMainStackPointer", INVALID),
    ("getProcessStackPointer", INVALID),
    ("isFIQinterruptsEnabled", INVALID),
    ("isIRQinterruptsEnabled", INVALID),
    ("isThreadModePrivileged", INVALID),
    ("setBasePriority", INVALID),
    ("setMainStackPointer", INVALID),
    ("setProcessStackPointer", INVALID),
    ("setThreadModePrivileged", INVALID),
];

/// Of the security and virtualization extensions, which the profile or the
/// version has not.
pub(super) const CALLS: Table = &[("software_hvc", INVALID), ("software_smc", INVALID)];

/// Of the other profiles: modes, byte orders, coprocessors, elements of vectors
/// beyond the registers (ARMv7-M Arm ARM, A4.1, A5.3.18, B1.3).
pub(super) const NOT_OF_MICROCONTROLLERS: Table = &[
    ("setUserMode", INVALID),
    ("setFIQMode", INVALID),
    ("setIRQMode", INVALID),
    ("setSupervisorMode", INVALID),
    ("setMonitorMode", INVALID),
    ("setAbortMode", INVALID),
    ("setUndefinedMode", INVALID),
    ("setSystemMode", INVALID),
    ("setEndianState", INVALID),
    ("jazelle_branch", INVALID),
    ("coprocessor_function", INVALID),
    ("coprocessor_function2", INVALID),
    ("coprocessor_load", INVALID),
    ("coprocessor_load2", INVALID),
    ("coprocessor_loadlong", INVALID),
    ("coprocessor_loadlong2", INVALID),
    ("coprocessor_moveto", INVALID),
    ("coprocessor_moveto2", INVALID),
    ("coprocessor_movefromRt", INVALID),
    ("coprocessor_movefromRt2", INVALID),
    ("coprocessor_movefrom2", INVALID),
    ("coprocessor_store", INVALID),
    ("coprocessor_store2", INVALID),
    ("coprocessor_storelong", INVALID),
    ("coprocessor_storelong2", INVALID),
    ("VectorGetElement", INVALID),
];

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
    ("setUserMode", enters!(0x10)),
    ("setFIQMode", enters!(0x11)),
    ("setIRQMode", enters!(0x12)),
    ("setSupervisorMode", enters!(0x13)),
    ("setMonitorMode", enters!(0x16)),
    ("setAbortMode", enters!(0x17)),
    ("setUndefinedMode", enters!(0x1b)),
    ("setSystemMode", enters!(0x1f)),
    (
        "setEndianState",
        Handler::new(|emulator, op| {
            let big = emulator.user_input(op, 0) & 1 != 0;
            emulator.set_endianness(big);
            Ok(())
        }),
    ),
    // A trivial Jazelle, whose branch is BX (A2.10, BXJ).
    ("jazelle_branch", constant!(0)),
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
