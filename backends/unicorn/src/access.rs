//! Loads and stores on pages that call back: permissions to the byte, memory
//! hooks, loaded values replaced without a change of memory.
//!
//! Unicorn asks [`UnicornEmulator::on_access`] with address and size of the
//! access, and then moves the data in pieces through
//! [`UnicornEmulator::on_alias_read`] and [`UnicornEmulator::on_alias_write`].

use terrella_emulator_api::{
    Access, AddressRange, Error, Fault, Flow, MemoryCause, Permissions, ReadFlow, Stop,
};
use terrella_platforms::{RegisterId, RegisterValue};

use crate::{
    decode::{ends_basic_block, has_delay_slot, instruction_length},
    emulator::UnicornEmulator,
    many::Many,
    run::Outcome,
};

/// What is known of the access under way.
#[derive(Default)]
pub(crate) struct Accesses {
    /// Bytes that a load takes in place of those in memory.
    overlay: Option<(AddressRange, Vec<u8>)>,
    /// A store that Unicorn splits into bytes: not to be asked about again.
    split: Option<(u64, AddressRange)>,
    /// Instruction, kind and pieces to come of a wide access that no hook
    /// sees, and that was checked as a whole at its first piece.
    checked: Option<(u64, Access, AddressRange)>,
    /// An access whose hooks have fired: its instruction is executed again.
    done: Option<Done>,
    /// An access that Unicorn makes in pieces of eight bytes.
    wide: Option<Wide>,
    /// A load of many words (z/Architecture).
    pub(crate) many: Option<Many>,
    /// For `RangeHooks::matching`.
    serials: Vec<u64>,
    /// What the registers held that hooks of the access under way have written.
    written: Option<Vec<(RegisterId, RegisterValue)>>,
}

/// An access whose hooks have fired.
struct Done {
    pc: u64,
    access: Access,
    range: AddressRange,
    overlay: Option<Vec<u8>>,
    /// What its hooks have written into registers: in force again when the
    /// instruction, executed again, comes to the access.
    written: Vec<(RegisterId, RegisterValue)>,
}

/// One access of the architecture in pieces.
struct Wide {
    pc: u64,
    access: Access,
    range: AddressRange,
    /// The bytes of a store so far; written when it is complete.
    bytes: Vec<u8>,
    /// Where the next piece begins.
    next: u64,
}

impl Accesses {
    pub(crate) fn reset(&mut self) {
        self.overlay = None;
        self.split = None;
        self.many = None;
        self.done = None;
        self.wide = None;
        self.written = None;
    }

    /// Whether hooks of an access are being asked.
    pub(crate) fn is_asking(&self) -> bool {
        self.written.is_some()
    }

    /// Notes what a register held before a hook writes it.
    pub(crate) fn note_written(&mut self, register: RegisterId, before: RegisterValue) {
        if let Some(written) = &mut self.written {
            written.push((register, before));
        }
    }
}

impl Accesses {
    /// What the access takes in place of memory, no longer remembered.
    pub(crate) fn take_overlay(&mut self) -> Option<Vec<u8>> {
        self.overlay.take().map(|(_, bytes)| bytes)
    }
}

impl UnicornEmulator {
    /// Before an access to the alias: whether it may be made.
    pub(crate) fn on_access(&mut self, access: Access, physical: u64, size: usize, value: u64) -> bool {
        let goes_on = self.may_access(access, physical, size, value);
        if !goes_on && access == Access::Write && self.run.kept.is_none() {
            self.keep_registers();
        }
        goes_on
    }

    /// Keeps the registers as they are before a store that is refused. Unicorn
    /// leaves the block at once for a load, but for a store only where it looks
    /// for requests next: an instruction that stores in a loop of Unicorn's own
    /// goes on, and so does what follows it. The registers come back
    /// afterwards, and no access gets through until then.
    fn keep_registers(&mut self) {
        if let Ok(registers) = self.save_registers()
            && self.engine.flush_tlb().is_ok()
        {
            self.run.kept = Some(registers);
        }
    }

    fn may_access(&mut self, access: Access, physical: u64, size: usize, value: u64) -> bool {
        if self.run.outcome.is_some() || self.run.panic.is_some() {
            return false;
        }
        let offset = physical.wrapping_sub(self.memory.layout.alias);
        let Some(address) = self.memory.alias_to_address(offset) else { return false };
        let pc = self.native_pc();
        if self.refuses_slot(pc) {
            return false;
        }
        let highest = self.definition.highest_address();
        let range: AddressRange = (address..=address.saturating_add(size as u64 - 1).min(highest)).into();
        if access == Access::Write
            && self.accesses.split.is_some_and(|(at, whole)| at == pc && size == 1 && whole.covers(&range))
        {
            return true;
        }
        self.accesses.split =
            (access == Access::Write && size > 1 && address % size as u64 != 0).then_some((pc, range));
        if let Some(wide) = &self.accesses.wide
            && wide.pc == pc
            && wide.access == access
            && wide.next == address
            && wide.range.covers(&range)
        {
            return self.next_piece(access, range, value, pc);
        }
        self.accesses.wide = None;
        self.accesses.overlay = None;
        if access == Access::Read
            && self.target.arch == unicorn_engine::Arch::S390X
            && let Some(goes_on) = self.on_many(range, pc)
        {
            return goes_on;
        }
        if let Some((at, kind, rest)) = self.accesses.checked.take()
            && (at, kind, rest.first()) == (pc, access, address)
            && rest.covers(&range)
        {
            // A further piece of a wide access that was checked as a whole.
            let rest = AddressRange::from(range.last().saturating_add(1)..=rest.last());
            self.accesses.checked = (!rest.is_empty()).then_some((pc, access, rest));
            return true;
        }
        let hooked = match access {
            Access::Write => !self.hooks.writes.is_empty(),
            _ => !self.hooks.reads.is_empty(),
        };
        let whole = self.whole_access(pc, range);
        if let Some(fault) = self.access_fault(access, whole, pc) {
            self.end(Outcome::Fault(fault));
            return false;
        }
        if self.run.diagnosing.is_some() {
            return true;
        }
        if !hooked {
            if whole != range {
                let rest = range.last().saturating_add(1)..=whole.last();
                self.accesses.checked = Some((pc, access, rest.into()));
            }
            return true;
        }
        if let Some(done) = self.accesses.done.take()
            && done.pc == pc
            && done.access == access
            && done.range == whole
        {
            self.accesses.overlay = done.overlay.map(|bytes| (whole, bytes));
            if !self.write_again(done.written, pc) {
                return false;
            }
            if whole != range {
                self.begin_wide(access, whole, range, pc);
            }
            return true;
        }
        match access {
            Access::Write if whole != range => {
                self.begin_wide(access, whole, range, pc);
                self.add_piece(range, value, pc);
                true
            }
            Access::Write => {
                let bytes = self.stored_bytes(size, value, pc);
                self.write_hooks(range, &bytes[..size.min(8)], pc)
            }
            _ => {
                if whole != range {
                    self.begin_wide(access, whole, range, pc);
                }
                self.read_hooks(whole, pc)
            }
        }
    }

    /// The whole access of which Unicorn makes the first piece.
    fn whole_access(&mut self, pc: u64, piece: AddressRange) -> AddressRange {
        let size = match self.instruction_traits(pc).wide {
            size if piece.size().is_some_and(|it| it >= 8 && it < u64::from(size)) => size,
            _ => return piece,
        };
        match AddressRange::sized(piece.first(), size.into()) {
            Ok(whole) if whole.last() <= self.definition.highest_address() => whole,
            _ => piece,
        }
    }

    fn begin_wide(&mut self, access: Access, whole: AddressRange, piece: AddressRange, pc: u64) {
        let next = piece.last().wrapping_add(1);
        self.accesses.wide = Some(Wide { pc, access, range: whole, bytes: Vec::new(), next });
    }

    /// A further piece of a wide access.
    fn next_piece(&mut self, access: Access, piece: AddressRange, value: u64, pc: u64) -> bool {
        let Some(wide) = &mut self.accesses.wide else { return true };
        wide.next = piece.last().wrapping_add(1);
        let complete = wide.range.last() == piece.last();
        if access == Access::Read {
            if complete {
                self.accesses.wide = None;
            }
            return true;
        }
        self.add_piece(piece, value, pc);
        if !complete {
            return true;
        }
        let Some(wide) = self.accesses.wide.take() else { return true };
        if !self.write_hooks(wide.range, &wide.bytes, pc) {
            return false;
        }
        // The pieces before this one were held back.
        let held = wide.bytes.len() - piece.size().unwrap_or(0) as usize;
        if let Some(last) = wide.range.first().checked_add(held as u64 - 1) {
            let range = (wide.range.first()..=last).into();
            if let Err(error) = self.memory.write_unchecked(range, &wide.bytes[..held]) {
                self.end(Outcome::Error(error, pc));
                return false;
            }
        }
        true
    }

    fn add_piece(&mut self, piece: AddressRange, value: u64, pc: u64) {
        let size = (piece.size().unwrap_or(8) as usize).min(8);
        let bytes = self.stored_bytes(size, value, pc);
        if let Some(wide) = &mut self.accesses.wide {
            wide.bytes.extend_from_slice(&bytes[..size]);
        }
    }

    /// The bytes that a store of a value puts into memory: the first `size`.
    fn stored_bytes(&mut self, size: usize, value: u64, pc: u64) -> [u8; 8] {
        let mut bytes = [0; 8];
        let used = &mut bytes[..size.min(8)];
        self.platform.byte_order().write(value.into(), used);
        if self.instruction_traits(pc).reversed {
            used.reverse();
        }
        bytes
    }

    /// The fault of an access, if it is not allowed to its last byte.
    pub(crate) fn access_fault(&self, access: Access, range: AddressRange, pc: u64) -> Option<Fault> {
        let wanted = if access == Access::Write { Permissions::WRITE } else { Permissions::READ };
        let (address, mapped) = self.memory.map.first_forbidden(range, wanted)?;
        let cause = if mapped { MemoryCause::Permission } else { MemoryCause::Unmapped };
        Some(Fault::Memory { access, cause, address, size: range.size().unwrap_or(0), pc })
    }

    /// Calls the read hooks of an access, unless they were called before the
    /// instruction was executed again; whether it goes on.
    pub(crate) fn load_hooks(&mut self, range: AddressRange, pc: u64) -> bool {
        if let Some(done) = self.accesses.done.take()
            && (done.pc, done.access, done.range) == (pc, Access::Read, range)
        {
            self.accesses.overlay = done.overlay.map(|bytes| (range, bytes));
            return self.write_again(done.written, pc);
        }
        self.ask_read_hooks(range, pc)
    }

    /// Writes what hooks have written into registers before the instruction was
    /// executed again; whether it goes on.
    fn write_again(&mut self, written: Vec<(RegisterId, RegisterValue)>, pc: u64) -> bool {
        for (register, value) in written {
            let result = self.registers.read_wide(&self.engine, register).and_then(|before| {
                self.accesses.note_written(register, before);
                self.registers.write(&self.engine, register, value)
            });
            if let Err(error) = result {
                self.end(Outcome::Error(error, pc));
                return false;
            }
        }
        true
    }

    /// Begins or ends to note what hooks write into registers.
    pub(crate) fn note_writes(&mut self, notes: bool) {
        self.accesses.written = notes.then(Vec::new);
    }

    /// Calls the read hooks of an access; whether it goes on.
    fn read_hooks(&mut self, range: AddressRange, pc: u64) -> bool {
        self.note_writes(true);
        let goes_on = self.ask_read_hooks(range, pc);
        self.note_writes(false);
        goes_on
    }

    fn ask_read_hooks(&mut self, range: AddressRange, pc: u64) -> bool {
        let size = range.size().unwrap_or(0) as usize;
        // Only what no register holds is larger.
        let (mut small, mut large) = ([0; 64], Vec::new());
        let read = if size <= small.len() {
            &mut small[..size]
        } else {
            large.resize(size, 0);
            &mut large[..]
        };
        self.memory.read_unchecked(range, read);
        let mut overlay: Option<Vec<u8>> = None;
        let mut serials = std::mem::take(&mut self.accesses.serials);
        self.hooks.reads.matching(range, &mut serials);
        let mut goes_on = true;
        for serial in &serials {
            let Some(mut taken) = self.hooks.reads.take(*serial) else { continue };
            let bytes = overlay.as_deref().unwrap_or(read);
            let flow = self.call_hook(pc, |emulator| (taken.hook)(emulator, range.first(), bytes));
            self.hooks.reads.put_back(taken);
            match flow {
                None => goes_on = false,
                Some(ReadFlow::Continue) => {}
                Some(ReadFlow::Stop) => {
                    self.end(Outcome::Stop(Stop::Requested(pc)));
                    goes_on = false;
                }
                Some(ReadFlow::Replace(bytes)) if bytes.len() != size => {
                    let (address, expected, given) = (range.first(), size, bytes.len());
                    let error = Error::WrongReplacementLength { address, expected, given };
                    self.end(Outcome::Error(error, pc));
                    goes_on = false;
                }
                Some(ReadFlow::Replace(bytes)) => overlay = Some(bytes),
            }
            if !goes_on || !self.after_access_hook(pc) {
                goes_on = false;
                break;
            }
        }
        self.accesses.serials = serials;
        if goes_on && self.must_repeat() {
            self.repeat(Done { pc, access: Access::Read, range, overlay, written: Vec::new() });
            return false;
        }
        self.accesses.overlay = overlay.map(|bytes| (range, bytes));
        goes_on
    }

    /// Calls the write hooks of an access; whether it goes on.
    fn write_hooks(&mut self, range: AddressRange, bytes: &[u8], pc: u64) -> bool {
        let mut serials = std::mem::take(&mut self.accesses.serials);
        self.hooks.writes.matching(range, &mut serials);
        self.accesses.written = Some(Vec::new());
        let mut goes_on = true;
        for serial in &serials {
            let Some(mut taken) = self.hooks.writes.take(*serial) else { continue };
            let flow = self.call_hook(pc, |emulator| (taken.hook)(emulator, range.first(), bytes));
            self.hooks.writes.put_back(taken);
            match flow {
                None => goes_on = false,
                Some(Flow::Continue) => {}
                Some(Flow::Stop) => {
                    self.end(Outcome::Stop(Stop::Requested(pc)));
                    goes_on = false;
                }
            }
            if !goes_on || !self.after_access_hook(pc) {
                goes_on = false;
                break;
            }
        }
        self.accesses.serials = serials;
        if goes_on && self.must_repeat() {
            let (access, written) = (Access::Write, Vec::new());
            self.repeat(Done { pc, access, range, overlay: None, written });
            return false;
        }
        self.accesses.written = None;
        goes_on
    }

    /// Deals with a stop or a new program counter after one callback.
    fn after_access_hook(&mut self, pc: u64) -> bool {
        if self.run.stop_requested {
            self.run.stop_requested = false;
            self.end(Outcome::Stop(Stop::Requested(pc)));
            return false;
        }
        if self.run.new_pc.is_some() || self.run.restore.is_some() {
            self.end(Outcome::Resume(pc));
            return false;
        }
        true
    }

    /// Whether callbacks changed what is taken up between native runs only.
    fn must_repeat(&self) -> bool {
        self.run.resync
    }

    /// Ends the native run, to execute the instruction again from its start
    /// without asking the hooks of this access again.
    fn repeat(&mut self, mut done: Done) {
        let pc = done.pc;
        // It starts with the registers as they were before its hooks.
        for (register, before) in self.accesses.written.take().unwrap_or_default().into_iter().rev() {
            let now = self.registers.read_wide(&self.engine, register);
            let result = now.and_then(|now| {
                if done.written.iter().all(|(known, _)| *known != register) {
                    done.written.push((register, now));
                }
                self.registers.write(&self.engine, register, before)
            });
            if let Err(error) = result {
                self.end(Outcome::Error(error, pc));
                return;
            }
        }
        // Parts of one register go back in the order in which they were written.
        done.written.reverse();
        self.accesses.done = Some(done);
        self.run.skip_at = Some(pc);
        self.run.count = self.run.count.saturating_sub(u64::from(self.native.all));
        self.run.last = None;
        self.end(Outcome::Resume(pc));
    }

    /// A piece of a load from the alias.
    pub(crate) fn on_alias_read(&mut self, offset: u64, size: usize) -> u64 {
        let Some(address) = self.memory.alias_to_address(offset) else { return 0 };
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..size.min(8)];
        let last = address.saturating_add(bytes.len() as u64 - 1);
        self.memory.read_unchecked((address..=last).into(), bytes);
        if let Some((range, overlay)) = &self.accesses.overlay {
            for (index, byte) in bytes.iter_mut().enumerate() {
                let at = address.wrapping_add(index as u64);
                if range.contains(at) {
                    *byte = overlay[(at - range.first()) as usize];
                }
            }
        }
        if let Some(many) = &self.accesses.many {
            for (byte, at) in bytes.iter_mut().zip(address..) {
                *byte = many.replacement(at).unwrap_or(*byte);
            }
        }
        self.target.built_for.read(bytes) as u64
    }

    /// A piece of a store to the alias.
    pub(crate) fn on_alias_write(&mut self, offset: u64, size: usize, value: u64) {
        if self.run.outcome.is_some() || self.run.diagnosing.is_some() {
            return;
        }
        let Some(address) = self.memory.alias_to_address(offset) else { return };
        let last = address.saturating_add(size.min(8) as u64 - 1);
        if self.accesses.wide.as_ref().is_some_and(|wide| {
            wide.access == Access::Write && wide.range.contains(address) && wide.range.contains(last)
        }) {
            // Held back until the whole access is known.
            return;
        }
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..size.min(8)];
        self.target.built_for.write(value.into(), bytes);
        let range: AddressRange = (address..=last).into();
        let mut before = [0; 8];
        let before = &mut before[..bytes.len()];
        self.memory.read_unchecked(range, before);
        if before == bytes {
            // Also the store over code that is made again, below.
            return;
        }
        let was_stale = self.memory.has_stale_code();
        if let Err(error) = self.memory.write_unchecked(range, bytes) {
            let pc = self.native_pc();
            self.end(Outcome::Error(error, pc));
        }
        if was_stale || !self.memory.has_stale_code() {
            return;
        }
        let pc = self.native_pc();
        if self.is_ahead(pc, range) {
            // Code wrote over itself: what is translated must go before the
            // next instruction.
            self.run.resync = true;
            self.engine.stop();
            return;
        }
        self.memory.take_stale_code();
        self.run.rewritten = true;
        self.traits.forget();
        self.cuts.singles.clear();
        if let Err(error) = self.flush_code(range) {
            self.end(Outcome::Error(error, pc));
        }
    }

    /// Whether a range is part of the code that is executed after `pc` without
    /// a control transfer.
    fn is_ahead(&self, pc: u64, range: AddressRange) -> bool {
        /// How far a block of Unicorn's reaches at most, in bytes.
        const LONGEST: u64 = 1 << 14;
        let state = self.code_state();
        let mut at = pc;
        while at <= range.last() && at.wrapping_sub(pc) < LONGEST {
            let code = self.code_at(at);
            let Some(length) = instruction_length(self.platform, state, &code) else { return false };
            let next = at.wrapping_add(length as u64);
            if next > range.first() {
                return true;
            }
            if ends_basic_block(self.platform, state, &code) && !has_delay_slot(self.platform, &code) {
                return false;
            }
            at = next;
        }
        false
    }
}
