//! Arm's processors: instructions that the engine executes itself, because
//! the published semantics are wrong or missing, or lack rounding modes and
//! exception flags.

pub(crate) mod a32;
pub(crate) mod a64;
mod exclusive;
mod float;
mod lanes;
mod products;
mod registers;

pub(crate) use registers::Registers;

use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt};

/// Rows of a table of instructions: mask, value, and what executes them.
macro_rules! rows {
    ($($mask:expr, $value:expr => $function:expr),* $(,)?) => {
        &[$($crate::overrides::Override {
            mask: $mask,
            value: $value,
            handler: $crate::userops::Handler::new(|emulator, op| {
                let word = $crate::arm::Word::of(emulator, op);
                $function(emulator, word)
            }),
        }),*]
    };
}

use rows;

/// Whether an instruction is left out because of its condition.
pub(crate) fn condition_fails(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let fails = !emulator.condition_holds(emulator.user_input(op, 0) as u32);
    emulator.set_user_result(op, fails.into());
    Ok(())
}

/// An instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) u32);

impl Word {
    fn of(emulator: &NativeEmulator, op: &UserOp) -> Self {
        Self(emulator.user_input(op, 0) as u32)
    }

    /// Some bits from the lowest of them.
    pub(crate) const fn field(self, low: u32, bits: u32) -> u32 {
        self.0 >> low & ((1 << bits) - 1)
    }

    pub(crate) const fn bit(self, at: u32) -> bool {
        self.0 >> at & 1 != 0
    }
}
