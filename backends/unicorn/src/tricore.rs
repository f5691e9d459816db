//! TriCore: traps. Unicorn takes them by itself: it saves the context to the
//! list of free context save areas and goes on at the trap vector. Without such
//! areas it takes the trap that says so, whatever the first one was, and the
//! registers are lost in both. So the registers are kept before instructions
//! that end a block of Unicorn's though they transfer no control.

use terrella_emulator_api::{Access, Fault};
use unicorn_engine::Arch;

use crate::{
    decode::{ends_basic_block, instruction_length},
    emulator::UnicornEmulator,
    run::Outcome,
    saved::Saved,
};

/// The class of context management traps, and the number of the one that finds
/// the list of free areas empty (TriCore Architecture Manual, volume 1, 6.3).
const CONTEXT: u64 = 3;
const EMPTY_LIST: u64 = 4;
/// The class of instruction errors.
const INSTRUCTION: u64 = 2;

/// An instruction that may trap, about to be executed, and the registers.
pub(crate) struct BeforeTrap {
    at: u64,
    registers: Saved,
}

/// The word of an instruction; of one with two bytes, the upper half is zero.
fn word(bytes: &[u8]) -> u32 {
    match bytes {
        [a, b, c, d, ..] if a & 1 == 1 => u32::from_le_bytes([*a, *b, *c, *d]),
        [a, b, ..] => u32::from_le_bytes([*a, *b, 0, 0]),
        _ => 0,
    }
}

/// Whether an instruction saves a context: `call`, `calla`, `calli`, `bisr`,
/// `svlcx` (TriCore Architecture Manual, volume 2, 3.1).
fn saves_context(bytes: &[u8]) -> bool {
    let word = word(bytes);
    match word & 0xff {
        0x6d | 0xed | 0x5c | 0xe0 => true,
        0x2d => word >> 20 & 0xff == 0,
        0xad => word >> 21 & 0x7f == 0,
        0x0d => word >> 22 & 0x3f == 8,
        _ => false,
    }
}

/// The number of a `syscall`, which Unicorn executes as if it did nothing.
fn syscall(bytes: &[u8]) -> Option<u64> {
    let word = word(bytes);
    (word & 0x0fe0_00ff == 0x0080_00ad).then(|| u64::from(word >> 12 & 0xff))
}

impl UnicornEmulator {
    fn is_tricore(&self) -> bool {
        self.target.arch == Arch::TRICORE
    }

    fn tricore_register(&self, name: &str) -> Option<u64> {
        self.registers.read(&self.engine, self.definition.register(name)?).ok()
    }

    /// When a block has been translated: finds the instructions at which the
    /// registers must be kept; whether there are new ones.
    pub(crate) fn find_traps(&mut self, address: u64, size: u64) -> bool {
        if !self.is_tricore() {
            return false;
        }
        let no_areas = self.tricore_register("fcx") == Some(0);
        let mut found = false;
        let mut at = address;
        while at.wrapping_sub(address) < size {
            let code = self.code_at(at);
            let length = instruction_length(self.platform, self.code_state(), &code).unwrap_or(2) as u64;
            let next = at.wrapping_add(length);
            let last = next.wrapping_sub(address) >= size;
            if syscall(&code).is_some()
                || last && !ends_basic_block(self.platform, self.code_state(), &code)
                || no_areas && saves_context(&code)
            {
                found |= self.trapping.insert(at);
            }
            at = next;
        }
        self.native.stale |= found;
        found
    }

    /// The same for a block of which Unicorn does not tell where it ends.
    pub(crate) fn find_all_traps(&mut self, address: u64) -> bool {
        /// How many instructions Unicorn translates at most.
        const MOST: usize = 512;
        if !self.is_tricore() {
            return false;
        }
        let mut found = false;
        let mut at = address;
        for _ in 0..MOST {
            let code = self.code_at(at);
            let Some(length) = instruction_length(self.platform, self.code_state(), &code) else { break };
            found |= self.trapping.insert(at);
            if ends_basic_block(self.platform, self.code_state(), &code) {
                break;
            }
            at = at.wrapping_add(length as u64);
        }
        self.native.stale |= found;
        found
    }

    /// Before an instruction that may trap; whether the run ends because it is
    /// a system call.
    pub(crate) fn before_trap(&mut self, address: u64) -> bool {
        self.run.before_trap = None;
        if !self.trapping.contains(&address) {
            return false;
        }
        if let Some(number) = syscall(&self.code_at(address)) {
            self.run.count += 1;
            self.interrupt(address, address.wrapping_add(4), 6 * 16 + number, None);
            return true;
        }
        self.run.before_trap =
            self.save_registers().ok().map(|registers| BeforeTrap { at: address, registers });
        false
    }

    /// After a native run that ended at a trap vector where nothing is: the
    /// trap becomes what the contract has for it, and the registers are those
    /// before the instruction.
    pub(crate) fn take_trap(&mut self) {
        let Some(before) = self.run.before_trap.take() else { return };
        // The handler's page is not there, or its first byte is not.
        let unfetched = match &self.run.outcome {
            None => matches!(self.run.refused, Some((_, Access::Fetch, false))),
            Some(Outcome::Fault(fault)) => matches!(fault, Fault::Memory { access: Access::Fetch, .. }),
            Some(_) => false,
        };
        if !unfetched {
            return;
        }
        let (Some((class, number)), Some(at)) = (self.trap(), self.tricore_register("a11")) else { return };
        if at != before.at || self.bring_back(&before.registers).is_err() {
            return;
        }
        self.run.refused = None;
        self.run.outcome = None;
        self.run.ended_at = None;
        let emptied = (class, number) == (CONTEXT, EMPTY_LIST);
        // What callbacks do is taken up as in a native run.
        self.run.native = true;
        if class == INSTRUCTION || emptied && !saves_context(&self.code_at(at)) {
            self.invalid(at);
        } else {
            self.interrupt(at, at, class * 16 + number, None);
        }
        self.run.native = false;
    }

    /// Class and number of the trap whose handler is at the program counter.
    /// The vector is 32 bytes a class from `btv` on, `d15` has the number.
    fn trap(&self) -> Option<(u64, u64)> {
        let offset = self.native_pc().checked_sub(self.tricore_register("btv")?)?;
        let class = offset / 32;
        (class < 8 && offset.is_multiple_of(32)).then_some((class, self.tricore_register("d15")?))
    }

    /// The trap whose registers were not kept.
    pub(crate) fn unexpected_trap(&self) -> Option<Fault> {
        if !self.is_tricore() {
            return None;
        }
        let (class, number) = self.trap()?;
        let at = self.tricore_register("a11")?;
        if class == INSTRUCTION {
            return Some(self.invalid_instruction(at));
        }
        Some(Fault::UnhandledInterrupt { number: class * 16 + number, pc: at })
    }
}

#[cfg(test)]
mod tests {
    use terrella_emulator_api::{
        Emulator, EmulatorExt, Error, InterruptFlow, Permissions, Platform, Result, Stop,
    };

    use super::*;

    const CODE: u64 = 0x1000;

    fn executing(code: &[u8]) -> Result<UnicornEmulator> {
        let mut emulator = UnicornEmulator::new(Platform::TRICORE)?;
        emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
        emulator.write_code(CODE, code)?;
        for (register, value) in [("a10", 0x10_u64), ("a11", 0x11), ("d15", 0x15), ("psw", 0xb80)] {
            emulator.write_register(register, value)?;
        }
        emulator.set_program_counter(CODE)?;
        Ok(emulator)
    }

    #[test]
    fn a_call_without_save_areas_leaves_the_registers() -> Result<()> {
        // mov %d2, 1; call .+16
        let mut emulator = executing(&[0x82, 0x12, 0x6d, 0x00, 0x08, 0x00])?;
        for _ in 0..2 {
            let result = emulator.run();
            let Err(Error::Fault(fault)) = result else { panic!("{result:?}") };
            assert_eq!(fault, Fault::UnhandledInterrupt { number: 0x34, pc: CODE + 2 });
            for (register, value) in
                [("a10", 0x10), ("a11", 0x11), ("d15", 0x15), ("psw", 0xb80), ("d2", 1), ("pc", CODE + 2)]
            {
                assert_eq!(emulator.read_register(register)?, value, "{register}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_system_call_is_an_interrupt() -> Result<()> {
        // mov %d2, 1; syscall 5; mov %d2, 2
        let code = [0x82, 0x12, 0xad, 0x50, 0x80, 0x00, 0x82, 0x22];
        let mut emulator = executing(&code)?;
        let result = emulator.run();
        let Err(Error::Fault(fault)) = result else { panic!("{result:?}") };
        assert_eq!(fault, Fault::UnhandledInterrupt { number: 0x65, pc: CODE + 2 });
        assert_eq!(emulator.read_register("d2")?, 1);
        let mut emulator = executing(&code)?;
        emulator.hook_interrupt(0x65, |_, _| Ok(InterruptFlow::Handled))?;
        emulator.add_exit_point(CODE + 8);
        assert_eq!(emulator.run()?, Stop::ExitPoint(CODE + 8));
        assert_eq!(emulator.read_register("d2")?, 2);
        Ok(())
    }

    #[test]
    fn instructions_are_told_apart() {
        assert!(saves_context(&[0x6d, 0x00, 0x08, 0x00])); // call .+16
        assert!(saves_context(&[0x5c, 0x10])); // call .+32
        assert!(saves_context(&[0x0d, 0x00, 0x00, 0x02])); // svlcx
        assert!(!saves_context(&[0x61, 0x00, 0x08, 0x00])); // fcall .+16
        assert_eq!(syscall(&[0xad, 0x50, 0x80, 0x00]), Some(5)); // syscall 5
        assert_eq!(syscall(&[0x0d, 0x00, 0xc0, 0x0f]), None);
    }
}
