//! What handlers of user operations work with: operands, registers, memory.

use terrella_emulator_api::Access;

use terrella_sleigh::Language;

use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, layout::Layout};

/// The size of a vector register of AArch64 with what scalable vectors add.
const VECTOR: usize = 32;

/// Where the vector registers of AArch64 lie in the register file.
pub(crate) fn vectors(language: &Language, layout: &Layout) -> Option<(usize, usize)> {
    let place = |name| layout.place(&language.register(name)?.varnode());
    let (first, last) = (place("z0")?, place("z31")?);
    (last == first + 31 * VECTOR).then_some((first, last + VECTOR))
}

impl NativeEmulator {
    /// An input of a user operation, up to 128 bits.
    pub(crate) fn user_input(&self, op: &UserOp, index: usize) -> u128 {
        op.inputs.get(index).map_or(0, |place| self.file.integer(place.at.into(), place.size.into()))
    }

    /// The size of an input in bytes; zero if there is none.
    pub(crate) fn user_input_size(op: &UserOp, index: usize) -> usize {
        op.inputs.get(index).map_or(0, |place| place.size.into())
    }

    /// Sets the result of a user operation.
    pub(crate) fn set_user_result(&mut self, op: &UserOp, value: u128) {
        if let Some(out) = op.out {
            self.file.set_integer(out.at.into(), out.size.into(), value);
            // What is above a scalar or short vector of AArch64 becomes zero.
            if let Some((first, end)) = self.vectors
                && (first..end).contains(&out.at.into())
            {
                let above = usize::from(out.at + out.size);
                let next = (usize::from(out.at) - first) / VECTOR * VECTOR + first + VECTOR;
                self.file.slice_mut(above, next.saturating_sub(above)).fill(0);
            }
        }
    }

    /// The content of a register of the specification, up to 128 bits; zero
    /// if there is none.
    pub(crate) fn user_register(&self, name: &str) -> u128 {
        let place = self
            .processor
            .language
            .register(name)
            .and_then(|it| self.layout.place(&it.varnode()).map(|place| (place, it.size as usize)));
        place.map_or(0, |(place, size)| self.file.integer(place, size))
    }

    pub(crate) fn set_user_register(&mut self, name: &str, value: u128) {
        let place = self
            .processor
            .language
            .register(name)
            .and_then(|it| self.layout.place(&it.varnode()).map(|place| (place, it.size as usize)));
        if let Some((place, size)) = place {
            self.file.set_integer(place, size, value);
        }
    }

    /// A load of the user operation under way.
    pub(crate) fn user_read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), Halt> {
        let address = address & self.address_mask;
        if let Err(denied) = self.memory.check(address, bytes.len(), Access::Read) {
            return Err(Halt::denied(denied, Access::Read, bytes.len()));
        }
        self.memory.copy_out(address, bytes);
        if !self.hooks.reads.is_empty() {
            self.read_hooks(self.user_pc, address, bytes)?;
        }
        Ok(())
    }

    /// A store of the user operation under way.
    pub(crate) fn user_write(&mut self, address: u64, bytes: &[u8]) -> Result<(), Halt> {
        let address = address & self.address_mask;
        self.user_check(address, bytes.len(), Access::Write)?;
        if !self.hooks.writes.is_empty() {
            self.write_hooks(self.user_pc, address, bytes)?;
        }
        self.memory.copy_in(address, bytes);
        self.stale |= self.memory.has_written_code();
        Ok(())
    }

    /// Fails unless an access would work.
    pub(crate) fn user_check(&mut self, address: u64, size: usize, access: Access) -> Result<(), Halt> {
        let address = address & self.address_mask;
        self.memory.check(address, size, access).map_err(|denied| Halt::denied(denied, access, size))
    }
}
