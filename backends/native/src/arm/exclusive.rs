//! Exclusive accesses: the local monitor, which marks the address and size of
//! a load until a store, `clrex` or the return from an exception (Arm ARM,
//! B2.9.1; ARMv7-A, A3.4.1).

use terrella_emulator_api::{Access, MemoryCause};

use crate::{emulator::NativeEmulator, halt::Halt};

impl NativeEmulator {
    /// Loads an integer of some bytes.
    pub(super) fn load_integer(&mut self, address: u64, size: usize) -> Result<u64, Halt> {
        let mut bytes = [0; 8];
        self.user_read(address, &mut bytes[..size])?;
        if self.data_big_endian {
            bytes[..size].reverse();
        }
        Ok(u64::from_le_bytes(bytes))
    }

    pub(super) fn store_integer(&mut self, address: u64, size: usize, value: u64) -> Result<(), Halt> {
        let mut bytes = value.to_le_bytes();
        if self.data_big_endian {
            bytes[..size].reverse();
        }
        self.user_write(address, &bytes[..size])
    }

    /// Loads registers of a size next to each other and marks them.
    pub(super) fn load_exclusive(
        &mut self,
        address: u64,
        size: usize,
        values: &mut [u64],
    ) -> Result<(), Halt> {
        let whole = size * values.len();
        Self::aligned(address, whole, Access::Read)?;
        self.user_check(address, whole, Access::Read)?;
        for (index, value) in values.iter_mut().enumerate() {
            *value = self.load_integer(address.wrapping_add((size * index) as u64), size)?;
        }
        self.mark(address, whole);
        Ok(())
    }

    /// Stores registers if their place is still marked; whether it was.
    pub(super) fn store_exclusive(
        &mut self,
        address: u64,
        size: usize,
        values: &[u64],
    ) -> Result<bool, Halt> {
        let whole = size * values.len();
        Self::aligned(address, whole, Access::Write)?;
        if self.marked() != (address, whole) {
            self.clear_monitor();
            return Ok(false);
        }
        self.user_check(address, whole, Access::Write)?;
        self.clear_monitor();
        for (index, value) in values.iter().enumerate() {
            self.store_integer(address.wrapping_add((size * index) as u64), size, *value)?;
        }
        Ok(true)
    }

    /// Exclusive, atomic and ordered accesses are aligned always (Arm ARM,
    /// B2.5.2, without FEAT_LSE2).
    pub(super) fn aligned(address: u64, size: usize, access: Access) -> Result<(), Halt> {
        if address & (size as u64 - 1) == 0 {
            return Ok(());
        }
        Err(Halt::Memory { access, cause: MemoryCause::Unaligned, address, size: size as u64 })
    }

    fn monitor(&self) -> Option<usize> {
        self.arm.as_ref().map(|it| it.monitor)
    }

    fn mark(&mut self, address: u64, size: usize) {
        if let Some(place) = self.monitor() {
            self.file.set_integer(place, 8, address.into());
            self.file.set_integer(place + 8, 8, size as u128);
        }
    }

    /// What is marked; of nothing, the size is zero.
    fn marked(&self) -> (u64, usize) {
        self.monitor().map_or((0, 0), |place| {
            (self.file.integer(place, 8) as u64, self.file.integer(place + 8, 8) as usize)
        })
    }

    /// Nothing is marked any more.
    pub(crate) fn clear_monitor(&mut self) {
        self.mark(0, 0);
    }

    /// Forgets what a load reserved for a store: who goes elsewhere from the
    /// outside, as a system that changes threads does, has left the sequence of
    /// the two.
    pub(crate) fn drop_reservation(&mut self) {
        use terrella_platforms::Architecture;
        self.reservation = None;
        self.clear_monitor();
        if matches!(self.platform.architecture(), Architecture::RiscV32 | Architecture::RiscV64) {
            self.set_user_register("RESERVE", 0);
        }
    }
}
