//! PowerPC: the status of vectors, VSCR (Power ISA 2.07, book I, 6.3.1): that
//! an element did not fit, and whether denormal singles count as zeros.

use super::{
    Handler, Table,
    lanes::{lane, vector},
};
use crate::{block::UserOp, emulator::NativeEmulator};

/// The mode without denormal numbers, which Java has not.
const NON_JAVA: u32 = 1 << 16;
/// An element was saturated since this was cleared.
const SATURATED: u32 = 1;

pub(super) const TABLE: Table = &[
    (
        "moveFromVectorStatusAndControlRegister",
        Handler::new(|emulator, op| {
            let value = emulator.vscr();
            emulator.set_user_result(op, value.into());
            Ok(())
        }),
    ),
    (
        "moveToVectorStatusAndControlRegister",
        Handler::new(|emulator, op| {
            let value = emulator.user_input(op, 0) as u32;
            emulator.set_vscr(value & (NON_JAVA | SATURATED));
            Ok(())
        }),
    ),
];

/// A denormal single as a zero of its sign, what is none as it is.
const fn flushed(value: u128) -> u128 {
    if value >> 23 & 0xff == 0 { value & 0x8000_0000 } else { value }
}

fn all_flushed(value: u128) -> u128 {
    vector(4, 32, |index| flushed(lane(value, index, 32)))
}

impl NativeEmulator {
    fn vscr(&self) -> u32 {
        let register = self.definition.register("vscr");
        let value = register.and_then(|it| self.registers.read_narrow(&self.file, self.context, it).ok());
        value.unwrap_or(0) as u32
    }

    fn set_vscr(&mut self, value: u32) {
        if let Some(register) = self.definition.register("vscr") {
            self.set_kept_register(register, value.into());
        }
    }

    /// A vector of singles as an operation sees it.
    pub(super) fn floating_input(&self, op: &UserOp, index: usize) -> u128 {
        let value = self.user_input(op, index);
        let has_denormal = (0..4).any(|index| {
            let value = lane(value, index, 32);
            flushed(value) != value
        });
        if has_denormal && self.vscr() & NON_JAVA != 0 { all_flushed(value) } else { value }
    }

    /// Writes singles, of which the denormal ones may become zeros.
    pub(super) fn set_floating_result(&mut self, op: &UserOp, value: u128) {
        let flat = all_flushed(value);
        let value = if flat != value && self.vscr() & NON_JAVA != 0 { flat } else { value };
        self.set_user_result(op, value);
    }

    /// Writes elements, and that one of them did not fit.
    pub(super) fn set_saturated(&mut self, op: &UserOp, bits: u32, element: impl Fn(u32) -> (u128, bool)) {
        let mut saturates = false;
        let value = vector(128 / bits, bits, |index| {
            let (value, does) = element(index);
            saturates |= does;
            value
        });
        self.set_user_result(op, value);
        if saturates {
            let old = self.vscr();
            self.set_vscr(old | SATURATED);
        }
    }
}
