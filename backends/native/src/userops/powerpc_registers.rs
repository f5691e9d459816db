//! PowerPC: fields of instruction words, and the registers that they name, as
//! handlers of Power ISA 3.0 need them.

use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt};

/// An instruction word.
#[derive(Clone, Copy)]
pub(super) struct Word(pub(super) u32);

impl Word {
    /// The word of the instruction under way.
    pub(super) fn of(emulator: &NativeEmulator, op: &UserOp) -> Self {
        Self(emulator.user_input(op, 0) as u32)
    }

    /// Some bits, from the lowest of them on.
    pub(super) const fn field(self, low: u32, bits: u32) -> u32 {
        self.0 >> low & ((1 << bits) - 1)
    }

    pub(super) const fn t(self) -> u32 {
        self.field(21, 5)
    }

    pub(super) const fn a(self) -> u32 {
        self.field(16, 5)
    }

    pub(super) const fn b(self) -> u32 {
        self.field(11, 5)
    }

    pub(super) const fn c(self) -> u32 {
        self.field(6, 5)
    }

    /// The target as one of 64 vector registers, with its highest bit in bit 0.
    pub(super) const fn xt(self) -> u32 {
        self.field(0, 1) << 5 | self.t()
    }

    /// The second operand as one of them.
    pub(super) const fn xb(self) -> u32 {
        self.field(1, 1) << 5 | self.b()
    }

    /// The first operand as one of them.
    pub(super) const fn xa(self) -> u32 {
        self.field(2, 1) << 5 | self.a()
    }
}

impl NativeEmulator {
    /// A vector register of AltiVec, which is one of the upper half of those of
    /// VSX.
    pub(super) fn vr(&self, number: u32) -> u128 {
        self.vsr(32 + number)
    }

    pub(super) fn set_vr(&mut self, number: u32, value: u128) {
        self.set_vsr(32 + number, value);
    }

    /// The sum of two registers, of which the first is zero if its number is.
    pub(super) fn indexed_address(&self, word: Word) -> u64 {
        self.base_address(word).wrapping_add(self.gpr(word.b()))
    }

    /// The first register of an address.
    pub(super) fn base_address(&self, word: Word) -> u64 {
        if word.a() == 0 { 0 } else { self.gpr(word.a()) }
    }

    /// A number in memory, in the order of bytes of data.
    pub(super) fn read_number(&mut self, address: u64, size: usize) -> Result<u128, Halt> {
        let mut bytes = [0; 16];
        let bytes = &mut bytes[..size.min(16)];
        self.user_read(address, bytes)?;
        if self.data_big_endian {
            bytes.reverse();
        }
        Ok(bytes.iter().rev().fold(0, |all, byte| all << 8 | u128::from(*byte)))
    }

    /// Puts a number into memory, in the order of bytes of data.
    pub(super) fn write_number(&mut self, address: u64, value: u128, size: usize) -> Result<(), Halt> {
        let mut bytes = value.to_le_bytes();
        let bytes = &mut bytes[..size.min(16)];
        if self.data_big_endian {
            bytes.reverse();
        }
        self.user_write(address, bytes)
    }
}
