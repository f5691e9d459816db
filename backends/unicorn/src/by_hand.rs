//! z/Architecture: instructions that Unicorn executes wrongly, executed here.
//!
//! Unicorn 2.1.5 puts what `risbhg` and `risblg` select into the wrong bits, and
//! `locfhr` takes the low half of its source (`op_risbg` and the table of
//! instructions in `qemu/target/s390x`; mended in QEMU 5.2). They touch nothing
//! but registers, so that the native run ends before each, and is taken up again
//! behind it. The instruction to be found is not to be executed out of line: one
//! that is the target of `ex` or `exrl` is left to Unicorn.

use terrella_emulator_api::{Emulator, Result};
use unicorn_engine::Arch;

use crate::{emulator::UnicornEmulator, events::After, hidden::s390x, run::Outcome};

/// What an instruction does that is executed here (Principles of Operation,
/// chapter 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instruction {
    /// ROTATE THEN INSERT SELECTED BITS HIGH and LOW: bits are numbered from the
    /// highest one of the half on.
    Insert { to: u8, from: u8, high: bool, first: u8, last: u8, zero: bool, rotate: u8 },
    /// LOAD HIGH ON CONDITION: the condition codes at which it loads, from the
    /// highest bit of four on.
    LoadHigh { to: u8, from: u8, mask: u8 },
}

fn decode(code: &[u8]) -> Option<(Instruction, u64)> {
    match *code {
        [0xec, registers, first, last, rotate, kind @ (0x51 | 0x5d), ..] => {
            let instruction = Instruction::Insert {
                to: registers >> 4,
                from: registers & 15,
                high: kind == 0x5d,
                first: first & 31,
                last: last & 31,
                zero: last & 0x80 != 0,
                rotate: rotate & 63,
            };
            Some((instruction, 6))
        }
        [0xb9, 0xe0, mask, registers, ..] => {
            let (to, from) = (registers >> 4, registers & 15);
            Some((Instruction::LoadHigh { to, from, mask: mask >> 4 }, 4))
        }
        _ => None,
    }
}

/// Whether an instruction is executed here.
fn is_by_hand(code: &[u8]) -> bool {
    decode(code).is_some()
}

/// Whether an instruction does one thing at an overflow and another one at all
/// other condition codes, or moves the condition code.
fn asks_for_overflow(code: &[u8]) -> bool {
    let high = |byte: u8| byte >> 4;
    let mask = match *code {
        [0xb2, 0x22, ..] => return true,
        // Branches, and loads and stores on condition.
        [0x07 | 0x47, byte, ..] => high(byte),
        [0xa7 | 0xc0, byte, ..] if byte & 15 == 4 => high(byte),
        [0xb9, 0xe0 | 0xe2 | 0xf2, byte, ..] => high(byte),
        [0xeb, byte, _, _, _, 0xe0..=0xe3 | 0xf2 | 0xf3, ..] => byte & 15,
        [0xec, byte, _, _, _, 0x42 | 0x46 | 0x4e, ..] => byte & 15,
        _ => return false,
    };
    matches!(mask, 1 | 14)
}

/// Whether Unicorn must not come to an instruction without a callback.
pub(crate) fn is_watched(code: &[u8]) -> bool {
    is_by_hand(code) || asks_for_overflow(code)
}

/// The bits from `first` to `last` of 32, around the end if they are the other
/// way round.
fn selected(first: u8, last: u8) -> u32 {
    let (from_first, to_last) =
        (u32::MAX >> first, !(u32::MAX.checked_shr(u32::from(last) + 1).unwrap_or(0)));
    if first <= last { from_first & to_last } else { from_first | to_last }
}

/// What the first register of an instruction holds afterwards.
fn result(instruction: Instruction, old: u64, source: u64, condition: u64) -> u64 {
    match instruction {
        Instruction::Insert { high, first, last, zero, rotate, .. } => {
            let (shift, kept) =
                if high { (32, old & u64::from(u32::MAX)) } else { (0, old & !u64::from(u32::MAX)) };
            let selected = selected(first, last);
            let rotated = (source.rotate_left(rotate.into()) >> shift) as u32;
            let rest = if zero { 0 } else { (old >> shift) as u32 & !selected };
            kept | u64::from(rotated & selected | rest) << shift
        }
        Instruction::LoadHigh { mask, .. } if u64::from(mask) & 8 >> condition != 0 => {
            source & !u64::from(u32::MAX) | old & u64::from(u32::MAX)
        }
        Instruction::LoadHigh { .. } => old,
    }
}

impl UnicornEmulator {
    /// Whether there may be instructions that are executed here.
    pub(crate) fn has_by_hand(&self) -> bool {
        self.target.arch == Arch::S390X
    }

    /// At an instruction whose hooks have been called: whether the native run
    /// ends, to execute it here.
    pub(crate) fn leaves_for_hand(&mut self, address: u64) -> After {
        if !self.has_by_hand() || !self.refused_code.contains(&address) {
            return After::GoOn;
        }
        let code = self.code_at(address);
        if asks_for_overflow(&code) {
            return match self.mend_overflow() {
                Ok(()) => After::GoOn,
                Err(error) => self.end(Outcome::Error(error, address)),
            };
        }
        if !is_by_hand(&code) {
            self.refused_code.remove(&address);
            return After::GoOn;
        }
        self.run.by_hand = Some(address);
        self.run.count += 1;
        self.end(Outcome::Resume(address))
    }

    /// Lets the condition code be that of an overflow where Unicorn would miss it.
    pub(crate) fn mend_overflow(&self) -> Result<()> {
        if let Some(hidden) = self.registers.hidden.filter(|_| self.has_by_hand()) {
            let mut state = hidden.state(&self.engine)?;
            if s390x::mend_overflow(&mut state) {
                hidden.set_state(&self.engine, &state)?;
            }
        }
        Ok(())
    }

    /// Executes the instruction that the native run has been ended for, if it
    /// has. Never call it while the engine runs.
    pub(crate) fn execute_by_hand(&mut self) -> Result<()> {
        let Some(pc) = self.run.by_hand.take() else { return Ok(()) };
        if pc != self.native_pc() {
            // A callback has gone somewhere else.
            return Ok(());
        }
        let Some((instruction, length)) = decode(&self.code_at(pc)) else { return Ok(()) };
        let (Instruction::Insert { to, from, .. } | Instruction::LoadHigh { to, from, .. }) = instruction;
        let (Some(to), Some(from), Some(state)) = (
            self.definition.register(&format!("r{to}")),
            self.definition.register(&format!("r{from}")),
            self.definition.register("pswm"),
        ) else {
            return Ok(());
        };
        let (old, source) = (self.read_register_id(to)?, self.read_register_id(from)?);
        // Bits 18 and 19 of the PSW (4.1).
        let condition = self.read_register_id(state)? >> 44 & 3;
        self.write_register_id(to, result(instruction, old, source, condition))?;
        let next = pc.wrapping_add(length) & self.definition.highest_address();
        self.set_native_pc(next)?;
        self.run.skip_at = None;
        self.run.last = None;
        // Going on behind it is no entry to a block.
        self.run.mid_block = Some(next);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use terrella_emulator_api::{EmulatorExt, Flow, Limits, Permissions, Platform, Stop};

    use super::*;

    const CODE: u64 = 0x1000;
    const OLD: u64 = 0x1122_3344_5566_7788;
    const SOURCE: u64 = 0x0123_4567_89ab_cdef;

    /// With r2 and r3 set, one instruction between two that do nothing.
    fn machine(code: &[u8]) -> Result<UnicornEmulator> {
        let mut emulator = UnicornEmulator::new(Platform::S390X)?;
        emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
        // nopr; …; nopr; j .
        emulator.write_code(CODE, &[&[0x07, 0x00][..], code, &[0x07, 0x00, 0xa7, 0xf4, 0, 0]].concat())?;
        emulator.write_register("r2", OLD)?;
        emulator.write_register("r3", SOURCE)?;
        emulator.set_program_counter(CODE)?;
        emulator.add_exit_point(CODE + 4 + code.len() as u64);
        Ok(emulator)
    }

    /// The results are those of `qemu-s390x` 7.2 (its gdb stub: r2 after a step).
    const RESULTS: &[(&[u8], u64)] = &[
        (&[0xec, 0x23, 0x00, 0x9f, 0x20, 0x5d], 0x89ab_cdef_5566_7788), // risbhg %r2, %r3, 0, 159, 32
        (&[0xec, 0x23, 0x08, 0x17, 0x00, 0x5d], 0x1123_4544_5566_7788), // risbhg %r2, %r3, 8, 23
        (&[0xec, 0x23, 0x18, 0x07, 0x04, 0x5d], 0x1222_3378_5566_7788), // risbhg %r2, %r3, 24, 7, 4
        (&[0xec, 0x22, 0x10, 0x9b, 0x30, 0x5d], 0x0000_1120_5566_7788), // risbhg %r2, %r2, 16, 155, 48
        (&[0xec, 0x23, 0x00, 0x9f, 0x20, 0x51], 0x1122_3344_0123_4567), // risblg %r2, %r3, 0, 159, 32
        (&[0xec, 0x23, 0x08, 0x17, 0x00, 0x51], 0x1122_3344_55ab_cd88), // risblg %r2, %r3, 8, 23
        (&[0xec, 0x23, 0x18, 0x87, 0x04, 0x51], 0x1122_3344_9a00_00f0), // risblg %r2, %r3, 24, 135, 4
        (&[0xb9, 0xe0, 0x80, 0x23], 0x0123_4567_5566_7788),             // locfhre %r2, %r3
        (&[0xb9, 0xe0, 0x70, 0x23], OLD),                               // locfhrne %r2, %r3
    ];

    /// Sums and differences of r2 and r3 (and of their low halves), and the
    /// condition code: 3 is an overflow (Principles of Operation, chapter 7).
    const CONDITIONS: &[(&[u8], u64, u64, u64)] = &[
        (&[0xb9, 0x08, 0x00, 0x23], 1 << 63, 1 << 63, 3), // agr %r2, %r3
        (&[0xb9, 0x08, 0x00, 0x23], 1 << 63, 1, 1),
        (&[0xb9, 0x08, 0x00, 0x23], 1, u64::MAX, 0),
        (&[0xb9, 0x09, 0x00, 0x23], 0, 1 << 63, 3), // sgr %r2, %r3
        (&[0xb9, 0x09, 0x00, 0x23], 1, 1 << 63, 3),
        (&[0xb9, 0x09, 0x00, 0x23], 0, 1, 1),
        (&[0xb9, 0x09, 0x00, 0x23], 1 << 63, 1, 3),
        (&[0x1a, 0x23], 1 << 31, 1 << 31, 3), // ar %r2, %r3
        (&[0x1a, 0x23], 1 << 63, 1 << 63, 0),
        (&[0x1b, 0x23], 0, 1 << 31, 3), // sr %r2, %r3
        (&[0x1b, 0x23], 1 << 32, 1 << 31, 3),
        (&[0x1b, 0x23], 0, 1 << 63, 0),
    ];

    #[test]
    fn overflows_of_the_lowest_number_are_seen() -> Result<()> {
        for (code, first, second, condition) in CONDITIONS {
            // lghi %r4, 1; jo .+8; lghi %r4, 0; ipm %r5
            let rest = [0xa7, 0x49, 0, 1, 0xa7, 0x14, 0, 4, 0xa7, 0x49, 0, 0, 0xb2, 0x22, 0, 0x50];
            let mut emulator = machine(&[code, &rest[..]].concat())?;
            let end = CODE + 4 + (code.len() + rest.len()) as u64;
            for steps in [false, true] {
                emulator.write_register("r2", *first)?;
                emulator.write_register("r3", *second)?;
                emulator.set_program_counter(CODE)?;
                if steps {
                    emulator.step()?;
                    emulator.step()?;
                    let state = emulator.read_register("pswm")?;
                    assert_eq!(state >> 44 & 3, *condition, "{code:02x?} {first:#x} {second:#x}");
                }
                assert_eq!(emulator.run()?, Stop::ExitPoint(end));
                let overflows = emulator.read_register("r4")?;
                assert_eq!(overflows, u64::from(*condition == 3), "{code:02x?} {first:#x} {second:#x}");
                let moved = emulator.read_register("r5")? >> 28 & 3;
                assert_eq!(moved, *condition, "{code:02x?} {first:#x} {second:#x}");
            }
        }
        Ok(())
    }

    #[test]
    fn halves_of_registers_are_those_of_another_emulator() -> Result<()> {
        for (code, expected) in RESULTS {
            for hooked in [false, true] {
                let mut emulator = machine(code)?;
                let blocks = std::rc::Rc::new(std::cell::Cell::new(0));
                let entered = std::rc::Rc::clone(&blocks);
                emulator.hook_blocks(move |_, _, _| {
                    entered.set(entered.get() + 1);
                    Ok(Flow::Continue)
                })?;
                let seen = std::rc::Rc::new(std::cell::Cell::new(0));
                if hooked {
                    let seen = std::rc::Rc::clone(&seen);
                    emulator.hook_instructions(move |_, _| {
                        seen.set(seen.get() + 1);
                        Ok(Flow::Continue)
                    })?;
                }
                let end = CODE + 4 + code.len() as u64;
                assert_eq!(emulator.run_with(&Limits::counted())?, Stop::ExitPoint(end), "{code:02x?}");
                assert_eq!(emulator.read_register("r2")?, *expected, "{code:02x?}");
                assert_eq!(emulator.instructions_executed(), Some(3), "{code:02x?}");
                assert_eq!(seen.get(), if hooked { 3 } else { 0 }, "{code:02x?}");
                assert_eq!(blocks.get(), 1, "{code:02x?}");

                emulator.write_register("r2", OLD)?;
                emulator.set_program_counter(CODE)?;
                assert_eq!(emulator.run()?, Stop::ExitPoint(end), "{code:02x?}");
                assert_eq!(emulator.read_register("r2")?, *expected, "{code:02x?}");

                // Each alone, and up to it.
                emulator.write_register("r2", OLD)?;
                emulator.set_program_counter(CODE)?;
                emulator.step()?;
                assert_eq!(emulator.read_register("r2")?, OLD, "{code:02x?}");
                emulator.step()?;
                assert_eq!(emulator.program_counter(), CODE + 2 + code.len() as u64, "{code:02x?}");
                assert_eq!(emulator.read_register("r2")?, *expected, "{code:02x?}");
            }
        }
        Ok(())
    }
}
