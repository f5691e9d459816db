//! Loads of many words of z/Architecture, whose accesses Unicorn makes in
//! another order: the first, the last, and then those between. At the first one
//! all are dealt with, in the order of the architecture.

use terrella_emulator_api::{Access, AddressRange};

use crate::{emulator::UnicornEmulator, run::Outcome};

/// A load of many words under way.
#[derive(Default)]
pub(crate) struct Many {
    pc: u64,
    /// The accesses whose hooks have fired, with the bytes that they load in
    /// place of those in memory.
    done: Vec<(AddressRange, Option<Vec<u8>>)>,
    /// The accesses that Unicorn has still to make.
    waiting: Vec<AddressRange>,
    /// The instruction is executed again from its start.
    repeats: bool,
}

/// The size of each access and their number, if this is `lm`, `lmy`, `lmh` or
/// `lmg` with more than two of them (Principles of Operation, 7).
pub(crate) fn load_many(bytes: &[u8]) -> Option<(u8, u8)> {
    let each = match bytes {
        [0x98, ..] | [0xeb, _, _, _, _, 0x98 | 0x96] => 4,
        [0xeb, _, _, _, _, 0x04] => 8,
        _ => return None,
    };
    let registers = bytes.get(1)?;
    let count = ((registers & 0xf).wrapping_sub(registers >> 4) & 0xf) + 1;
    (count > 2).then_some((each, count))
}

impl Many {
    /// The byte that a load takes in place of the one at an address.
    pub(crate) fn replacement(&self, address: u64) -> Option<u8> {
        let (range, bytes) = self.done.iter().find(|(range, _)| range.contains(address))?;
        Some(bytes.as_ref()?[(address - range.first()) as usize])
    }
}

impl UnicornEmulator {
    /// At an access of a load of many words: whether it may be made. `None` if
    /// it is not one.
    pub(crate) fn on_many(&mut self, piece: AddressRange, pc: u64) -> Option<bool> {
        if let Some(many) = &mut self.accesses.many
            && many.pc == pc
            && !many.repeats
            && let Some(index) = many.waiting.iter().position(|range| *range == piece)
        {
            many.waiting.swap_remove(index);
            return Some(true);
        }
        let before = self.accesses.many.take();
        let (each, count) = self.instruction_traits(pc).many?;
        let mut many = match before {
            Some(many) if many.repeats && many.pc == pc => Many { repeats: false, ..many },
            _ => Many { pc, ..Many::default() },
        };
        let highest = self.definition.highest_address();
        let ranges: Vec<AddressRange> = (0..u64::from(count))
            .filter_map(|index| {
                let first = piece.first().wrapping_add(index * u64::from(each)) & highest;
                AddressRange::sized(first, each.into()).ok()
            })
            .collect();
        let hooked = !self.hooks.reads.is_empty() && self.run.diagnosing.is_none();
        self.note_writes(true);
        let goes_on = self.ask_of_many(&mut many, &ranges, hooked, pc);
        self.note_writes(false);
        if !goes_on {
            if many.repeats {
                self.accesses.many = Some(many);
            }
            return Some(false);
        }
        many.waiting = ranges;
        many.waiting.retain(|range| *range != piece);
        self.accesses.many = Some(many);
        Some(true)
    }

    /// Checks the accesses and calls the hooks of those that were not dealt
    /// with yet; whether the instruction goes on.
    fn ask_of_many(&mut self, many: &mut Many, ranges: &[AddressRange], hooked: bool, pc: u64) -> bool {
        for (index, range) in ranges.iter().enumerate() {
            if let Some(fault) = self.access_fault(Access::Read, *range, pc) {
                self.end(Outcome::Fault(fault));
                return false;
            }
            if !hooked || index < many.done.len() {
                continue;
            }
            if !self.load_hooks(*range, pc) {
                many.repeats = true;
                return false;
            }
            many.done.push((*range, self.accesses.take_overlay()));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use terrella_emulator_api::{Emulator, EmulatorExt, Permissions, Platform, ReadFlow, Result, Stop};

    use super::*;

    #[test]
    fn hooks_that_repeat_the_instruction_do_not_move_it() -> Result<()> {
        // lmg %r2, %r4, 0(%r1)
        let mut emulator = UnicornEmulator::new(Platform::S390X)?;
        emulator.map_memory(0x1000..0x3000, Permissions::ALL)?;
        emulator.write_code(0x1000, &[0xeb, 0x24, 0x10, 0x00, 0x00, 0x04])?;
        for index in 0..3 {
            emulator.write_integer(0x2000 + 8 * index, 7 + u128::from(index), 8)?;
        }
        emulator.write_register("r1", 0x2000_u64)?;
        let mut calls = 0_u64;
        emulator.hook_memory_read(0x2000..0x2018, move |emulator, address, _| {
            assert_eq!(address, 0x2000 + 8 * calls);
            // A change of the map makes the instruction begin again.
            emulator.map_memory(0x1_0000 * (calls + 1)..0x1_0000 * (calls + 1) + 1, Permissions::ALL)?;
            emulator.write_register("r1", 0x5000 + calls)?;
            calls += 1;
            Ok(ReadFlow::Continue)
        })?;
        emulator.set_program_counter(0x1000)?;
        emulator.add_exit_point(0x1006);
        assert_eq!(emulator.run()?, Stop::ExitPoint(0x1006));
        for (register, value) in [("r2", 7), ("r3", 8), ("r4", 9), ("r1", 0x5002)] {
            assert_eq!(emulator.read_register(register)?, value, "{register}");
        }
        Ok(())
    }

    #[test]
    fn loads_of_many_words_are_told() {
        assert_eq!(load_many(&[0x98, 0x24, 0x10, 0x00]), Some((4, 3))); // lm %r2, %r4, 0(%r1)
        assert_eq!(load_many(&[0x98, 0x23, 0x10, 0x00]), None); // two
        assert_eq!(load_many(&[0xeb, 0xe1, 0x10, 0x00, 0x00, 0x04]), Some((8, 4))); // lmg %r14, %r1
        assert_eq!(load_many(&[0xeb, 0x24, 0x10, 0x00, 0x00, 0x24]), None); // stmg
    }
}
