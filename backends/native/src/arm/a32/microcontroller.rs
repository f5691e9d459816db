//! The special registers of microcontrollers (ARMv7-M Arm ARM, B5.2.2, MRS;
//! B5.2.3, MSR; ARMv6-M, B4.2).

use terrella_platforms::Architecture;

use super::super::{Word, rows};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(in crate::arm) const ROWS: &[Override] = rows![
    0xffff_f000, 0xf3ef_8000 => read_special,
    0xfff0_f300, 0xf380_8000 => write_special,
    // blx to ARM.
    0xf800_d000, 0xf000_c000 => |_, _| Err(Halt::Invalid),
];

/// Advanced SIMD, and what of floating point names the upper half of its
/// registers (ARMv7-M Arm ARM, A2.5).
pub(in crate::arm) const ABSENT: &[Override] = rows![
    0xfe00_0000, 0xf200_0000 => |_, _| Err(Halt::Invalid),
    0xff10_0000, 0xf400_0000 => |_, _| Err(Halt::Invalid),
    // vdup.
    0x0f90_0f5f, 0x0e80_0b10 => |_, _| Err(Halt::Invalid),
    // Doubles from 16 on: loads and stores, moves.
    0x0f40_0f00, 0x0d40_0b00 => |_, _| Err(Halt::Invalid),
    0x0fc0_0f00, 0x0cc0_0b00 => |_, _| Err(Halt::Invalid),
    0x0fe0_0ff0, 0x0c40_0b30 => |_, _| Err(Halt::Invalid),
];

/// The flags n, z, c, v and q; those of parallel sums.
const FLAGS: u64 = 0xf800_0000;
const GE: u64 = 0x000f_0000;

impl NativeEmulator {
    /// Whether the code may do everything: in handlers, or by the control
    /// register.
    pub(crate) fn is_privileged(&self) -> bool {
        !self.is_thread_mode() || self.special("control") & 1 == 0
    }

    pub(crate) fn is_thread_mode(&self) -> bool {
        self.special("ipsr") == 0
    }

    fn special(&self, name: &str) -> u64 {
        self.named(name).unwrap_or(0)
    }

    fn set_special(&mut self, name: &str, value: u64) {
        if let Some(register) = self.definition.register(name) {
            self.set_kept_register(register, value);
        }
    }

    /// Sets one of the masks of exceptions, if the code may.
    pub(crate) fn set_exception_mask(&mut self, name: &str, value: bool) {
        // Nothing masks the handlers of NMI and HardFault (ARMv7-M Arm ARM,
        // B1.4.3).
        let allowed = name != "faultmask" || !matches!(self.special("ipsr"), 2 | 3);
        if self.is_privileged() && allowed {
            self.set_special(name, value.into());
        }
    }
}

const fn is_baseline(emulator: &NativeEmulator) -> bool {
    matches!(emulator.platform.architecture(), Architecture::ArmV6M)
}

fn read_special(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let number = word.field(0, 8);
    let privileged = emulator.is_privileged();
    let value = match number {
        0..=7 => {
            let mut value = if number & 1 != 0 { emulator.special("ipsr") } else { 0 };
            if number & 4 == 0 {
                let mask = if is_baseline(emulator) { 0xf000_0000 } else { FLAGS | GE };
                value |= emulator.special("xpsr") & mask;
            }
            value
        }
        20 => emulator.special("control"),
        8 if privileged => emulator.special("msp"),
        9 if privileged => emulator.special("psp"),
        16 if privileged => emulator.special("primask") & 1,
        17 | 18 if privileged => emulator.special("basepri") & 0xff,
        19 if privileged => emulator.special("faultmask") & 1,
        8 | 9 | 16..=19 => 0,
        _ => return Err(Halt::Missing(format!("the special register {number}"))),
    };
    emulator.set_r(word.field(8, 4), value as u32);
    Ok(())
}

fn write_special(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (number, value) = (word.field(0, 8), u64::from(emulator.r(word.field(16, 4))));
    let privileged = emulator.is_privileged();
    match number {
        0..=7 => {
            if number & 4 == 0 {
                let flags = if is_baseline(emulator) { 0xf000_0000 } else { FLAGS };
                let mask = if word.bit(11) { flags } else { 0 } | if word.bit(10) { GE } else { 0 };
                let old = emulator.special("xpsr");
                emulator.set_special("xpsr", old & !mask | value & mask);
            }
        }
        _ if !privileged => {}
        8 => emulator.set_special("msp", value & !3),
        9 => emulator.set_special("psp", value & !3),
        16 => emulator.set_exception_mask("primask", value & 1 != 0),
        17 => emulator.set_special("basepri", value & 0xff),
        18 => {
            let (new, old) = (value & 0xff, emulator.special("basepri"));
            if new != 0 && (new < old || old == 0) {
                emulator.set_special("basepri", new);
            }
        }
        19 => emulator.set_exception_mask("faultmask", value & 1 != 0),
        20 => {
            // In handlers the main stack stays selected.
            let old = emulator.special("control");
            let mask = if emulator.is_thread_mode() { 7 } else { 5 };
            emulator.set_special("control", old & !mask | value & mask);
        }
        _ => return Err(Halt::Missing(format!("the special register {number}"))),
    }
    Ok(())
}
