//! Loads and stores of instructions: checks, hooks, and code that is written
//! over.

use terrella_emulator_api::{Access, MemoryCause};

use crate::{emulator::NativeEmulator, halt::Halt};

impl NativeEmulator {
    /// The fault of an access that is not aligned, where it must be.
    fn check_word_alignment(&self, address: u64, size: usize, access: Access) -> Result<(), Halt> {
        let is_one_access = size.is_power_of_two() && size <= 8;
        if self.alignment_mask != 0 && is_one_access && address & (size as u64 - 1) != 0 {
            return Err(Halt::Memory { access, cause: MemoryCause::Unaligned, address, size: size as u64 });
        }
        Ok(())
    }

    /// A load of the instruction at `pc`.
    pub(crate) fn access_read(&mut self, pc: u64, address: u64, bytes: &mut [u8]) -> Result<(), Halt> {
        self.check_word_alignment(address, bytes.len(), Access::Read)?;
        if let Err(denied) = self.memory.check(address, bytes.len(), Access::Read) {
            return Err(Halt::denied(denied, Access::Read, bytes.len()));
        }
        self.memory.copy_out(address, bytes);
        if !self.hooks.reads.is_empty() {
            self.read_hooks(pc, address, bytes)?;
        }
        Ok(())
    }

    /// A store of the instruction at `pc`.
    pub(crate) fn access_write(&mut self, pc: u64, address: u64, bytes: &[u8]) -> Result<(), Halt> {
        self.check_word_alignment(address, bytes.len(), Access::Write)?;
        if let Err(denied) = self.memory.check(address, bytes.len(), Access::Write) {
            return Err(Halt::denied(denied, Access::Write, bytes.len()));
        }
        if !self.hooks.writes.is_empty() {
            self.write_hooks(pc, address, bytes)?;
        }
        if self.memory.has_code(address, bytes.len()) {
            // The instruction may have to be executed again: see `run.rs`.
            let mut old = vec![0; bytes.len()];
            self.memory.copy_out(address, &mut old);
            self.run.overwritten.push((address, old));
        }
        self.memory.copy_in(address, bytes);
        self.stale |= self.memory.has_written_code();
        Ok(())
    }
}
