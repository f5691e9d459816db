//! The status words of processors and of floating point (Arm ARM ARMv7-A,
//! B1.3.3, B9.3.8 to B9.3.12, MRS and MSR; A8.8.349, VMRS; A8.8.350, VMSR).

use super::{
    super::{Word, rows},
    banks::bank,
};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(in crate::arm) const ARM: &[Override] = rows![
    0x0fff_0fff, 0x010f_0000 => |e, w: Word| read(e, w.field(12, 4)),
    0x0ff0_fff0, 0x0120_f000 => |e: &mut NativeEmulator, w: Word| {
        write(e, w.field(16, 4), e.r(w.field(0, 4)));
        Ok(())
    },
    // Without a byte to write, these are hints.
    0x0ff8_f000, 0x0328_f000 => immediate,
    0x0ffc_f000, 0x0324_f000 => immediate,
    0x0ffe_f000, 0x0322_f000 => immediate,
    0x0fff_f000, 0x0321_f000 => immediate,
];

pub(in crate::arm) const FLOAT: &[Override] = rows![0x0fff_0fff, 0x0ee1_0a10 => |e: &mut NativeEmulator, w: Word| {
    let value = e.r(w.field(12, 4)) & FLOAT_MASK;
    e.set_user_register("fpscr", value.into());
    Ok(())
}];

pub(in crate::arm) const THUMB: &[Override] = rows![
    0xffff_f0ff, 0xf3ef_8000 => |e, w: Word| read(e, w.field(8, 4)),
    0xfff0_f0ff, 0xf380_8000 => |e: &mut NativeEmulator, w: Word| {
        write(e, w.field(8, 4), e.r(w.field(16, 4)));
        Ok(())
    },
];

/// The bits of `fpscr` that are there: exceptions do not trap.
const FLOAT_MASK: u32 = 0xfff7_009f;
/// What MRS reads as zero: the states of execution.
const EXECUTION: u32 = 0x0700_fc20;

fn read(emulator: &mut NativeEmulator, register: u32) -> Result<(), Halt> {
    let value = emulator.named("cpsr").unwrap_or(0) as u32;
    emulator.set_r(register, value & !EXECUTION);
    Ok(())
}

fn immediate(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let value = word.field(0, 8).rotate_right(2 * word.field(8, 4));
    write(emulator, word.field(16, 4), value);
    Ok(())
}

/// Writes the bytes that four bits tell (Arm ARM, CPSRWriteByInstr).
fn write(emulator: &mut NativeEmulator, bytes: u32, value: u32) {
    let Some(register) = emulator.definition.register("cpsr") else { return };
    let old = emulator.named("cpsr").unwrap_or(0) as u32;
    let privileged = old & 0x1f != 0x10;
    let byte = |index: u32, mask: u32| if bytes >> index & 1 != 0 { mask } else { 0 };
    let mut mask = byte(3, 0xf800_0000) | byte(2, 0x000f_0000) | byte(1, 0x200);
    if privileged {
        mask |= byte(1, 0x100) | byte(0, 0xdf);
    }
    // A mode that is none is not entered.
    if bank(value).is_none() {
        mask &= !0x1f;
    }
    let new = old & !mask | value & mask;
    emulator.change_mode(old, new);
    emulator.set_kept_register(register, new.into());
    emulator.follow_endianness();
}

impl NativeEmulator {
    /// Loads and stores are of the byte order that CPSR.E tells (A3.3, B1.3.3),
    /// from ARMv6 on; microcontrollers have but one.
    pub(crate) fn follow_endianness(&mut self) {
        if self.arm.is_some() && self.arm_has_bit_fields() && self.definition.register("cpsr").is_some() {
            self.data_big_endian = self.user_register("cpsr") >> 9 & 1 != 0;
        }
    }

    /// SETEND (A8.8.166).
    pub(crate) fn set_endianness(&mut self, big: bool) {
        let old = self.user_register("cpsr");
        self.set_user_register("cpsr", old & !0x200 | u128::from(big) << 9);
        self.follow_endianness();
    }

    /// CPS (B9.3.2): another mode, but not from user mode.
    pub(crate) fn enter_mode(&mut self, mode: u32) {
        let old = self.status_word();
        if old & 0x1f == 0x10 {
            return;
        }
        let new = old & !0x1f | mode;
        self.change_mode(old, new);
        if let Some(register) = self.definition.register("cpsr") {
            self.set_kept_register(register, new.into());
        }
    }
}
