//! MIPS: linked loads from addresses that the processor translates.
//!
//! Unicorn's `ll` and `lld` look their address up in the processor's own TLB
//! (`do_translate_address` in `qemu/target/mips/op_helper.c`), which nobody
//! fills, besides in the one that its memory accesses go through. Below 2 GiB
//! nothing is looked up, as Status.ERL is set; for other addresses an entry is
//! missed, and is written as a system's handler of the miss does it, by
//! instructions, before the load is made again. Only that an entry is there
//! matters: what it says does not reach memory.

use terrella_emulator_api::{Capability, Error, Result};
use unicorn_engine::Arch;

use crate::{NAME, emulator::UnicornEmulator, run::Outcome};

/// Unicorn's number of a miss at a load.
const MISS: u32 = 26;

/// What an entry covers: two pages of 256 MiB, the largest that there are (MIPS
/// Architecture For Programmers, volume III, PageMask).
const COVERED: u64 = 1 << 29;

/// How many entries the processors that are selected here have (`CP0C1_MMU` in
/// `qemu/target/mips/translate_init.inc.c`).
const ENTRIES: usize = 64;

/// The lowest bits of EntryLo: global, valid, dirty.
const USABLE: u64 = 7;

/// Entries of the processor's TLB that were written for linked loads.
#[derive(Default)]
pub(crate) struct Translations {
    /// The first address that each entry covers.
    covered: Vec<u64>,
    /// The entry to be written next.
    next: usize,
    /// The address of a load that missed.
    wanted: Option<u64>,
}

/// Whether this is `ll` or `lld`.
const fn is_linked_load(word: u32) -> bool {
    matches!(word >> 26, 0x30 | 0x34)
}

impl UnicornEmulator {
    /// At an exception: whether a linked load missed an entry, and is made again
    /// once there is one.
    pub(crate) fn misses_translation(&mut self, number: u32) -> bool {
        if self.target.arch != Arch::MIPS || number != MISS || self.run.elsewhere.is_some() {
            return false;
        }
        let Some((start, size, _)) = self.run.block else { return false };
        // Unicorn has lost the program counter: it is that of a load of the
        // block whose address has no entry, with the registers of now.
        let mut loads = (start..start.wrapping_add(size)).step_by(4).filter_map(|pc| {
            let mut bytes = [0; 4];
            self.memory.read_unchecked((pc..=pc.saturating_add(3)).into(), &mut bytes);
            let word = self.platform.byte_order().read(&bytes) as u32;
            let address = self.unaligned_address(word);
            let covered = self.translations.covered.contains(&(address & !(COVERED - 1)));
            (is_linked_load(word) && !covered).then_some((pc, address))
        });
        let Some((pc, address)) = loads.next() else { return false };
        let others = loads.next().is_some();
        if others {
            let error = Error::Unsupported {
                backend: NAME,
                platform: self.platform,
                capability: Capability::Stepping,
                reason: format!("which of the linked loads from {pc:#x} on misses a translation is not told"),
            };
            self.end(Outcome::Error(error, start));
            return true;
        }
        self.translations.wanted = Some(address);
        if !self.refuses_slot(pc) {
            self.make_again(pc);
        }
        true
    }

    /// Ends the native run before an instruction that has called back, to
    /// execute it again without.
    pub(crate) fn make_again(&mut self, pc: u64) {
        self.run.skip_at = Some(pc);
        self.run.count = self.run.count.saturating_sub(u64::from(self.native.all));
        self.end(Outcome::Resume(pc));
    }

    /// Writes the entry that a linked load missed, if one did. Never call it
    /// while the engine runs.
    pub(crate) fn add_translation(&mut self) -> Result<()> {
        let Some(address) = self.translations.wanted.take() else { return Ok(()) };
        let first = address & !(COVERED - 1);
        let index = self.translations.next;
        self.translations.next = (index + 1) % ENTRIES;
        let saved = self.save_registers()?;
        if self.run.in_slot.is_some() {
            // A pending branch is taken away by the first instruction.
            self.run_elsewhere(&[0, 0])?;
        }
        // What was executed there before.
        self.engine.flush_code()?;
        self.memory.forget_code();
        self.native.flush = true;
        // The state in which these instructions may be executed.
        for (name, value) in self.target.initial.iter().copied().chain([
            ("r2", first),
            ("r3", USABLE),
            ("r4", (COVERED - 1) & !0x1fff),
            ("r5", index as u64),
        ]) {
            if let Some(id) = self.definition.register(name) {
                let register = self.definition.registers().get(id);
                self.registers.write_parts(&self.engine, register, value.into())?;
            }
        }
        // With 64-bit registers `dmtc0`, else `mtc0`.
        let moves: u32 = if self.definition.address_bits == 64 { 0x40a0_0000 } else { 0x4080_0000 };
        let to = |register: u32, control: u32| moves | register << 16 | control << 11;
        self.run_elsewhere(&[
            to(2, 10),   // EntryHi
            to(3, 2),    // EntryLo0
            to(3, 3),    // EntryLo1
            to(4, 5),    // PageMask
            to(5, 0),    // Index
            0x4200_0002, // tlbwi
            0x1000_ffff, // b .
            0,
        ])?;
        self.bring_back(&saved)?;
        if index < self.translations.covered.len() {
            self.translations.covered[index] = first;
        } else {
            self.translations.covered.push(first);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, rc::Rc};

    use terrella_emulator_api::{
        Access, Emulator, EmulatorExt, Error, Fault, Flow, Limits, MemoryCause, Permissions, Platform,
        ReadFlow, Result, Stop,
    };

    use crate::UnicornEmulator;

    /// Where Debian links programs of 64 bits.
    const HIGH: u64 = 0x1_2000_0000;
    const END: u64 = 0x1_2000_0100;
    const DATA: u64 = 0xff_e000_0000;

    fn machine(platform: Platform, code: &[u32]) -> Result<UnicornEmulator> {
        let mut emulator = UnicornEmulator::new(platform)?;
        emulator.map_memory(HIGH..HIGH + 0x1000, Permissions::ALL)?;
        emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
        for (place, word) in (HIGH..).step_by(4).zip(code) {
            let mut bytes = [0; 4];
            platform.byte_order().write(u128::from(*word), &mut bytes);
            emulator.write_code(place, &bytes)?;
        }
        emulator.write_register("a0", DATA + 0x10)?;
        emulator.write_register("ra", END)?;
        emulator.add_exit_point(END);
        emulator.set_program_counter(HIGH)?;
        Ok(emulator)
    }

    /// ll t0, 0(a0); addiu t1, t0, 1; sc t1, 0(a0); jr ra; nop
    const WORD: [u32; 5] = [0xc08c_0000, 0x258d_0001, 0xe08d_0000, 0x03e0_0008, 0];
    /// The same with `lld`, `daddiu` and `scd`.
    const DOUBLE: [u32; 5] = [0xd08c_0000, 0x658d_0001, 0xf08d_0000, 0x03e0_0008, 0];
    /// ll t0, 0(a0); jr ra; nop
    const LOAD: [u32; 3] = [0xc08c_0000, 0x03e0_0008, 0];
    /// jr ra; ll t0, 0(a0)
    const SLOT: [u32; 2] = [0x03e0_0008, 0xc08c_0000];

    const PLATFORMS: [Platform; 2] = [Platform::MIPS64, Platform::MIPS64EL];

    #[test]
    fn linked_loads_reach_high_addresses() -> Result<()> {
        for platform in PLATFORMS {
            for (code, size, old) in [(WORD, 4, 0xffff_fff0_u64), (DOUBLE, 8, 0x1234_5678_9abc_def0)] {
                let mut emulator = machine(platform, &code)?;
                emulator.write_integer(DATA + 0x10, u128::from(old), size)?;
                let stop = emulator.run_with(&Limits::counted())?;
                assert_eq!(stop, Stop::ExitPoint(END), "{platform}");
                assert_eq!(emulator.instructions_executed(), Some(5), "{platform}");
                // A word is extended by its sign; the store says that it was made.
                let loaded = if size == 4 { old as i32 as u64 } else { old };
                assert_eq!(emulator.read_register("r12")?, loaded, "{platform}");
                assert_eq!(emulator.read_register("r13")?, 1, "{platform}");
                assert_eq!(emulator.read_integer(DATA + 0x10, size)?, u128::from(old + 1), "{platform}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_store_between_is_seen() -> Result<()> {
        for platform in PLATFORMS {
            let mut emulator = machine(platform, &WORD)?;
            emulator.hook_instruction(HIGH + 8, |emulator, _| {
                emulator.write_integer(DATA + 0x10, 77, 4)?;
                Ok(Flow::Continue)
            })?;
            assert_eq!(emulator.run()?, Stop::ExitPoint(END), "{platform}");
            assert_eq!(emulator.read_register("r13")?, 0, "{platform}");
            assert_eq!(emulator.read_integer(DATA + 0x10, 4)?, 77, "{platform}");
        }
        Ok(())
    }

    #[test]
    fn hooks_and_faults_are_those_of_any_load() -> Result<()> {
        for platform in PLATFORMS {
            for (code, pc) in [(&LOAD[..], HIGH), (&SLOT, HIGH + 4)] {
                let mut emulator = machine(platform, code)?;
                let seen = Rc::new(Cell::new(0));
                let calls = Rc::clone(&seen);
                emulator.hook_instructions(move |_, _| {
                    calls.set(calls.get() + 1);
                    Ok(Flow::Continue)
                })?;
                emulator.hook_memory_read(DATA..DATA + 0x100, move |emulator, address, bytes| {
                    assert_eq!((emulator.program_counter(), address, bytes), (pc, DATA + 0x10, &[0; 4][..]));
                    let mut value = [0; 4];
                    emulator.platform().byte_order().write(0x55, &mut value);
                    Ok(ReadFlow::Replace(value.to_vec()))
                })?;
                assert_eq!(emulator.run()?, Stop::ExitPoint(END), "{platform}");
                assert_eq!(emulator.read_register("r12")?, 0x55, "{platform}");
                assert_eq!(seen.get(), code.len(), "{platform}: one call for each instruction");

                for (address, cause) in [
                    (DATA + 0x1000, MemoryCause::Unmapped),
                    (DATA - 0x1_0000_0000, MemoryCause::Unmapped),
                    (0x7fff_ffff_fff0, MemoryCause::Unmapped),
                    (DATA + 0x12, MemoryCause::Unaligned),
                ] {
                    let mut emulator = machine(platform, code)?;
                    emulator.write_register("a0", address)?;
                    let result = emulator.run();
                    let Err(Error::Fault(fault)) = result else { panic!("{platform}: {result:?}") };
                    assert_eq!(fault, Fault::Memory { access: Access::Read, cause, address, size: 4, pc });
                    assert_eq!(emulator.program_counter(), pc, "{platform}");
                }
            }
        }
        Ok(())
    }

    #[test]
    fn more_places_than_entries_are_reached() -> Result<()> {
        for platform in PLATFORMS {
            let mut emulator = machine(platform, &WORD)?;
            let places: Vec<u64> = (1..100).map(|number| number << 40).collect();
            for place in &places {
                emulator.map_memory(*place..*place + 0x1000, Permissions::READ_WRITE)?;
            }
            for round in 0..2 {
                for place in &places {
                    emulator.write_register("a0", *place)?;
                    emulator.set_program_counter(HIGH)?;
                    assert_eq!(emulator.run()?, Stop::ExitPoint(END), "{platform}");
                    assert_eq!(emulator.read_integer(*place, 4)?, round + 1, "{platform}");
                }
            }
        }
        Ok(())
    }
}
