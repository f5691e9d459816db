//! Pages that Unicorn asks for, and what follows from refusing one: faults with
//! their exact address, and blocks that end before what cannot be executed.

use std::panic::resume_unwind;

use terrella_emulator_api::{Access, Error, Fault, MemoryCause, Permissions, Result, Stop};
use unicorn_engine::uc_error;

use crate::{decode::instruction_length, emulator::UnicornEmulator, memory::View, run::Outcome};

impl UnicornEmulator {
    /// A fetch from a page that was refused.
    pub(crate) fn fetch_refused(&mut self, pc: u64, page: u64) -> Result<Option<Result<Stop>>> {
        if let Some(fault) = self.unexpected_trap() {
            self.set_native_pc(fault.pc())?;
            return Ok(Some(Err(fault.into())));
        }
        if let Some(stop) = self.stop_before(pc) {
            return Ok(Some(Ok(stop)));
        }
        if pc & !(self.memory.page - 1) == page {
            return Ok(Some(Err(self.fetch_fault(pc, pc).into())));
        }
        // The translator looked ahead. Nothing of the block has executed: find
        // the instruction that reaches into the page, and run up to it.
        let mut at = pc;
        while at < page {
            let length = instruction_length(self.platform, self.code_state(), &self.code_at(at));
            match length {
                Some(length) if at + length as u64 <= page => at += length as u64,
                _ => break,
            }
        }
        if at == pc {
            return Ok(Some(Err(self.fetch_fault(page, pc).into())));
        }
        let exits = self.cuts_with(pc, at);
        self.set_exits(&exits)?;
        self.flush_code((pc..=page - 1).into())?;
        let pointer = self.code_pointer(pc);
        self.run.skip_at = Some(pc).filter(|_| self.run.skip_at == Some(pc));
        let code = self.start(pointer);
        self.set_exits(&[])?;
        self.run.exits_stale = true;
        self.native.flush = true;
        if self.run.outcome.is_some()
            || self.run.panic.is_some()
            || code != uc_error::OK
            || self.native_pc() != at
        {
            // Something else happened on the way: the loop deals with it, and
            // comes here again if it must.
            return if let Some(panic) = self.run.panic.take() {
                resume_unwind(panic)
            } else {
                self.settle(code)
            };
        }
        if let Some(stop) = self.stop_before(at) {
            return Ok(Some(Ok(stop)));
        }
        Ok(Some(Err(self.fetch_fault(page, at).into())))
    }

    /// The fault of a fetch whose byte at `address` cannot be executed.
    pub(crate) fn fetch_fault(&self, address: u64, pc: u64) -> Fault {
        let cause = match self.memory.map.permissions_at(address) {
            None => MemoryCause::Unmapped,
            Some(_) => MemoryCause::Permission,
        };
        Fault::Memory { access: Access::Fetch, cause, address, size: 1, pc }
    }

    /// Finds address and size of an access that was refused: the instruction
    /// is run again with every page in the alias, up to the access.
    pub(crate) fn diagnose(&mut self, pc: u64, page: u64, access: Access) -> Result<Error> {
        self.diagnose_at(pc, pc, page, access)
    }

    /// The same for an instruction that stands elsewhere than it is told.
    pub(crate) fn diagnose_at(&mut self, at: u64, pc: u64, page: u64, access: Access) -> Result<Error> {
        let context = self.save_registers()?;
        self.engine.flush_tlb()?;
        self.run.diagnosing = Some(at);
        let pointer = self.code_pointer(at);
        let slot = self.run.slot;
        let _ = self.start(pointer);
        self.run.slot = slot;
        self.run.diagnosing = None;
        self.bring_back(&context)?;
        self.set_native_pc(pc)?;
        self.stale_tlb = true;
        match self.run.outcome.take() {
            Some(Outcome::Fault(fault)) => Ok(fault.into()),
            // It did not fault again; what is known is the page.
            _ => {
                let cause =
                    match self.memory.map.overlapping((page..=page + (self.memory.page - 1)).into()).next() {
                        None => MemoryCause::Unmapped,
                        Some(_) => MemoryCause::Permission,
                    };
                Ok(Fault::Memory { access, cause, address: page, size: 1, pc }.into())
            }
        }
    }

    /// Answers Unicorn's question how it is to see a page.
    pub(crate) fn on_tlb_fill(
        &mut self,
        address: u64,
        access: Access,
    ) -> Option<(u64, unicorn_engine::Prot)> {
        let prot = unicorn_engine::Prot;
        if self.run.kept.is_some() {
            return None;
        }
        if self.run.diagnosing.is_some() && access != Access::Fetch {
            return match self.memory.alias(address / self.memory.page) {
                View::Alias(physical) => Some((physical, prot(3))),
                _ => None,
            };
        }
        let outside = || {
            if self.run.elsewhere.is_some() {
                return false;
            }
            let page = (address..=address | (self.memory.page - 1)).into();
            !self.bounds.is_empty() && !self.bounds.iter().any(|bound| bound.overlaps(&page))
        };
        if access == Access::Fetch && outside() {
            self.run.refused = Some((address, access, false));
            return None;
        }
        if access != Access::Fetch && self.run.native {
            let pc = self.native_pc();
            if self.refuses_slot(pc) {
                return None;
            }
        }
        if let (Access::Fetch, Some(elsewhere)) = (access, self.run.elsewhere) {
            if address != elsewhere {
                // Where the branch goes: it is not gone to.
                return None;
            }
            return self.memory.frame_of(elsewhere).map(|physical| (physical, prot(4)));
        }
        match self.memory.view(address, access) {
            View::Direct(physical, permissions) => {
                if access == Access::Fetch && self.note_splits(address) {
                    return None;
                }
                let bit = |permission, bit| if permissions.allows(permission) { bit } else { 0 };
                let bits =
                    bit(Permissions::READ, 1) | bit(Permissions::WRITE, 2) | bit(Permissions::EXECUTE, 4);
                Some((physical, prot(bits)))
            }
            View::Alias(physical) => Some((physical, prot(3))),
            View::Refused => {
                if self.run.refused.is_some() {
                    return None;
                }
                let pc = self.native_pc();
                if access == Access::Fetch
                    && self.run.native
                    && address.checked_add(self.memory.page) == Some(pc)
                {
                    // A block without a single valid instruction has no size,
                    // and the translator looks at the byte before it.
                    self.stale_tlb = true;
                    return self.memory.frame_of(address).map(|physical| (physical, prot(4)));
                }
                self.run.refused = Some((address, access, false));
                None
            }
            View::NoMemory => {
                self.run.refused = Some((address, access, true));
                None
            }
        }
    }
}
