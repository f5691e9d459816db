//! SPARC: delay slots.
//!
//! The processor has two program counters. Unicorn's interface shows the first
//! and sets the second from it, so that a run which ended in a delay slot could
//! not go on: the second one is taken from the processor's state and put back
//! into it, inside a callback at the slot, where Unicorn looks again what to
//! execute.

use terrella_emulator_api::{Capability, Emulator, Error, Result};
use unicorn_engine::Arch;

use crate::{NAME, emulator::UnicornEmulator, run::Outcome};

/// The program counter that Unicorn has after it forgot where a jump goes: its
/// mark for "not known to the translator".
const LOST: u64 = 1;
/// The same for one of two places, as the branch's condition says.
const EITHER: u64 = 2;

/// A delay slot whose branch has been executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) pc: u64,
    /// Where execution goes on behind it, if that is known.
    pub(crate) target: Option<u64>,
}

/// The second operand of a SPARC instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operand {
    /// A register by its number.
    Register(usize),
    /// A constant.
    Immediate(i64),
}

/// The two operands that a register instruction adds: the number of the first
/// source register, and the second one or a 13-bit immediate (The SPARC
/// Architecture Manual, version 8, 5.1.2, format 3).
fn operands(word: u32) -> (usize, Operand) {
    let first = (word >> 14 & 0x1f) as usize;
    let second = if word & 1 << 13 != 0 {
        Operand::Immediate(i64::from((word << 19) as i32 >> 19))
    } else {
        Operand::Register((word & 0x1f) as usize)
    };
    (first, second)
}

/// Whether this is `jmpl` or `rett` (op 2, op3 0x38 and 0x39; B.25 and B.26).
fn is_jump(word: u32) -> bool {
    word >> 30 == 2 && matches!(word >> 19 & 0x3f, 0x38 | 0x39)
}

/// The displacement of a branch on condition codes or on a register, in bytes
/// (op 0; version 9, A.3 to A.7).
fn displacement(word: u32) -> Option<i64> {
    let field = |bits: u32, value: u32| i64::from((value << (32 - bits)) as i32 >> (32 - bits)) * 4;
    if word >> 30 != 0 {
        return None;
    }
    match word >> 22 & 7 {
        2 | 6 | 7 => Some(field(22, word)),
        1 | 5 => Some(field(19, word)),
        3 => Some(field(16, word >> 6 & 0xc000 | word & 0x3fff)),
        _ => None,
    }
}

/// Size of the access of a load or store and whether it writes, by its `op3`
/// (op 3; version 9, appendix E, table 32).
fn access(word: u32) -> Option<(u64, bool)> {
    if word >> 30 != 3 {
        return None;
    }
    Some(match word >> 19 & 0x3f {
        0x00 | 0x10 | 0x08 | 0x18 | 0x20 | 0x30 => (4, false),
        0x02 | 0x12 | 0x0a | 0x1a => (2, false),
        0x03 | 0x13 | 0x0b | 0x1b | 0x23 | 0x33 => (8, false),
        0x21 if word >> 25 & 0x1f == 1 => (8, false),
        0x21 => (4, false),
        0x22 | 0x32 => (16, false),
        0x04 | 0x14 | 0x24 | 0x34 => (4, true),
        0x06 | 0x16 => (2, true),
        0x07 | 0x17 | 0x0e | 0x1e | 0x27 | 0x37 => (8, true),
        0x25 if word >> 25 & 0x1f == 1 => (8, true),
        0x25 => (4, true),
        0x26 | 0x36 => (16, true),
        // Swaps read first.
        0x0f | 0x1f | 0x3c => (4, false),
        0x3e => (8, false),
        _ => return None,
    })
}

impl UnicornEmulator {
    pub(crate) fn is_sparc(&self) -> bool {
        self.target.arch == Arch::SPARC
    }

    fn sparc_word(&self, address: u64) -> Option<u32> {
        Some(u32::from_be_bytes(self.code_at(address).get(..4)?.try_into().ok()?))
    }

    fn sparc_register(&self, number: usize) -> Option<u64> {
        match number {
            0 => Some(0),
            _ => {
                self.definition.register(&format!("r{number}")).and_then(|id| self.read_register_id(id).ok())
            }
        }
    }

    fn sparc_sum(&self, (first, second): (usize, Operand)) -> Option<u64> {
        let second = match second {
            Operand::Register(number) => self.sparc_register(number)?,
            Operand::Immediate(value) => value as u64,
        };
        Some(self.sparc_register(first)?.wrapping_add(second) & self.definition.highest_address())
    }

    /// Whether a jump through registers is at an address.
    pub(crate) fn jumps_at(&self, address: u64) -> bool {
        self.sparc_word(address).is_some_and(is_jump)
    }

    /// Notes where a jump through registers goes. An instruction hook in its
    /// delay slot makes Unicorn forget it.
    pub(crate) fn note_jump(&mut self, address: u64) {
        if self.is_sparc() {
            self.run.jump_target = self
                .sparc_word(address)
                .filter(|word| is_jump(*word))
                .and_then(|word| self.sparc_sum(operands(word)));
        }
    }

    /// In the delay slot of a jump through registers: lets the processor know
    /// again where it goes.
    pub(crate) fn mend_jump(&mut self) {
        let Some(target) = self.run.jump_target.take() else { return };
        let Some((hidden, pending)) =
            self.registers.hidden.and_then(|hidden| Some((hidden, hidden.pending.as_ref()?)))
        else {
            return;
        };
        let mended = hidden.state(&self.engine).and_then(|mut state| {
            if pending.next_pc.read(&state) == LOST {
                pending.next_pc.write(&mut state, target);
                hidden.set_state(&self.engine, &state)?;
            }
            Ok(())
        });
        if let Err(error) = mended {
            let pc = self.native_pc();
            self.end(Outcome::Error(error, pc));
        }
    }

    /// Address, size and kind of the load or store at `pc`, with the present
    /// registers; whether it writes.
    pub(crate) fn sparc_access(&self, pc: u64) -> Option<(u64, u64, bool)> {
        let word = self.sparc_word(pc)?;
        let (size, writes) = access(word)?;
        // Compare-and-swap has its address in one register.
        let address = match word >> 19 & 0x3f {
            0x3c | 0x3e => self.sparc_register((word >> 14 & 0x1f) as usize)?,
            _ => self.sparc_sum(operands(word))?,
        };
        Some((address, size, writes))
    }

    /// The instruction that raised an exception, of which Unicorn tells where
    /// execution would go on behind it: the one before, or the delay slot that
    /// ends the block.
    pub(crate) fn sparc_exception(&self, next: u64) -> u64 {
        let before = next.wrapping_sub(4) & self.definition.highest_address();
        match self.run.block {
            Some((start, size, _)) if before.wrapping_sub(start) >= size && size >= 8 => {
                start.wrapping_add(size - 4)
            }
            _ => before,
        }
    }

    /// Notes whether a native run ended in a delay slot, and where it goes on.
    pub(crate) fn note_slot(&mut self) {
        self.run.slot = None;
        if let Some((pc, target)) = self.run.excepted.take() {
            let follows = pc.wrapping_add(4) & self.definition.highest_address();
            self.run.slot = Some(Slot { pc, target: Some(target) }).filter(|_| target != follows);
            return;
        }
        let Some((hidden, pending)) =
            self.registers.hidden.and_then(|hidden| Some((hidden, hidden.pending.as_ref()?)))
        else {
            return;
        };
        let pc = self.native_pc();
        let Ok(state) = hidden.state(&self.engine) else { return };
        let follows = pc.wrapping_add(4) & self.definition.highest_address();
        let target = match pending.next_pc.read(&state) {
            LOST => self.run.jump_target,
            EITHER if pending.condition.read(&state) == 0 => None,
            EITHER => {
                let branch = pc.wrapping_sub(4);
                let displacement = self.sparc_word(branch).and_then(displacement);
                displacement.map(|it| branch.wrapping_add_signed(it) & self.definition.highest_address())
            }
            target => Some(target),
        };
        self.run.slot = (target != Some(follows)).then_some(Slot { pc, target });
    }

    /// Sees to it that a native run from a delay slot on begins with a callback
    /// there.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if it is not known where execution goes on.
    pub(crate) fn watch_slot(&mut self, pc: u64) -> Result<()> {
        let wanted = self.run.slot.filter(|slot| slot.pc == pc);
        if wanted.is_some_and(|slot| slot.target.is_none()) {
            return Err(Error::Unsupported {
                backend: NAME,
                platform: self.platform,
                capability: Capability::Stepping,
                reason: format!("a run that ended in the delay slot at {pc:#x} cannot go on there"),
            });
        }
        if self.run.slot_start != wanted {
            self.run.slot_start = wanted;
            self.native.stale = true;
        }
        Ok(())
    }

    /// At an instruction: whether it is a delay slot that a native run begins
    /// with, which now knows where to go behind it.
    pub(crate) fn enters_slot(&mut self, address: u64) -> bool {
        let Some((slot, target)) = self.run.slot_start.and_then(|slot| Some((slot, slot.target?))) else {
            return false;
        };
        if std::mem::replace(&mut self.run.slot_entered, true) || slot.pc != address {
            return false;
        }
        let Some((hidden, pending)) =
            self.registers.hidden.and_then(|hidden| Some((hidden, hidden.pending.as_ref()?)))
        else {
            return false;
        };
        // A write of the program counter makes Unicorn leave what it executes.
        if !self.engine.leave_block(unicorn_engine::RegisterSPARC::PC as i32, address) {
            return false;
        }
        let set = hidden.state(&self.engine).and_then(|mut state| {
            pending.next_pc.write(&mut state, target);
            hidden.set_state(&self.engine, &state)
        });
        set.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use terrella_emulator_api::{
        Access, EmulatorExt, Fault, Limits, MemoryCause, Permissions, Platform, Stop,
    };

    use super::*;

    const CODE: u64 = 0x1000;
    const DATA: u64 = 0x4000;
    const RETURN: u64 = 0x9000;

    /// About to execute some code that is called with arguments.
    fn calling(platform: Platform, code: &[u32], arguments: &[(&str, u64)]) -> Result<UnicornEmulator> {
        let mut emulator = UnicornEmulator::new(platform)?;
        emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
        emulator.map_memory(0x8000..0x9000, Permissions::READ_WRITE)?;
        for (place, word) in (CODE..).step_by(4).zip(code) {
            emulator.write_code(place, &word.to_be_bytes())?;
        }
        for (register, value) in arguments {
            emulator.write_register(*register, *value)?;
        }
        emulator.write_register("sp", 0x8800_u64)?;
        emulator.write_register("o7", RETURN - 8)?;
        emulator.add_exit_point(RETURN);
        emulator.set_program_counter(CODE)?;
        Ok(emulator)
    }

    #[test]
    fn functions_open_register_windows() -> Result<()> {
        // save %sp, -176, %sp; add %i0, 1, %i0; ret; restore
        let code = [0x9de3_bf50, 0xb006_2001, 0x81c7_e008, 0x81e8_0000];
        for platform in [Platform::SPARC, Platform::SPARC64] {
            let mut emulator = calling(platform, &code, &[("o0", 41)])?;
            emulator.run_with(&Limits::instructions(2))?;
            assert_eq!(emulator.read_register("i0")?, 42, "{platform}");
            let snapshot = emulator.snapshot()?;
            for _ in 0..2 {
                assert_eq!(emulator.run()?, Stop::ExitPoint(RETURN), "{platform}");
                assert_eq!(emulator.read_register("o0")?, 42, "{platform}");
                assert_eq!(emulator.read_register("sp")?, 0x8800, "{platform}");
                emulator.restore(&snapshot)?;
            }
        }
        Ok(())
    }

    #[test]
    fn windows_without_memory_and_windows_that_are_not_shown_are_told() -> Result<()> {
        // save %sp, -176, %sp; ba .-4; nop
        let code = [0x9de3_bf50, 0x10bf_ffff, 0x0100_0000];
        for (platform, size) in [(Platform::SPARC, 64), (Platform::SPARC64, 128)] {
            let mut emulator = calling(platform, &code, &[])?;
            let result = emulator.run();
            let Err(Error::Fault(fault)) = result else { panic!("{platform}: {result:?}") };
            // The twelfth frame reaches below the stack.
            let (access, cause) = (Access::Write, MemoryCause::Unmapped);
            let expected = Fault::Memory { access, cause, address: 0x8800 - 12 * 176, size, pc: CODE };
            assert_eq!(fault, expected, "{platform}");
            // The state cannot be made in another emulator.
            let register = if platform == Platform::SPARC { "psr" } else { "cwp" };
            let value = emulator.read_register(register)?;
            let mut other = UnicornEmulator::new(platform)?;
            let before = other.read_register(register)?;
            let result = other.write_register(register, value);
            assert!(matches!(result, Err(Error::RegisterNotAvailable { .. })), "{platform}: {result:?}");
            assert_eq!(other.read_register(register)?, before, "{platform}");
        }
        Ok(())
    }

    #[test]
    fn a_fault_in_the_slot_of_a_return_is_repaired() -> Result<()> {
        // retl; ld [%o0], %o0
        let code = [0x81c3_e008, 0xd002_2000];
        for platform in [Platform::SPARC, Platform::SPARC64] {
            for hooked in [false, true] {
                let mut emulator = calling(platform, &code, &[("o0", DATA)])?;
                if hooked {
                    emulator.hook_instruction(CODE + 4, |_, _| Ok(terrella_emulator_api::Flow::Continue))?;
                }
                let fault = emulator.run();
                assert!(matches!(fault, Err(Error::Fault(_))), "{platform}: {fault:?}");
                assert_eq!(emulator.program_counter(), CODE + 4, "{platform}");
                let snapshot = emulator.snapshot()?;
                emulator.map_memory(DATA..DATA + 4, Permissions::ALL)?;
                emulator.write_integer(DATA, 7, 4)?;
                assert_eq!(emulator.run()?, Stop::ExitPoint(RETURN), "{platform}");
                assert_eq!(emulator.read_register("o0")?, 7, "{platform}");
                emulator.restore(&snapshot)?;
                assert!(matches!(emulator.run(), Err(Error::Fault(_))), "{platform}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_trap_in_the_slot_of_a_branch_is_told_there() -> Result<()> {
        // ba .+16; ta 1; nop; nop; retl; nop
        let code = [0x1080_0004, 0x91d0_2001, 0x0100_0000, 0x0100_0000, 0x81c3_e008, 0x0100_0000];
        for platform in [Platform::SPARC, Platform::SPARC64] {
            let mut emulator = calling(platform, &code, &[])?;
            let fault = emulator.run();
            assert!(matches!(fault, Err(Error::Fault(ref fault)) if fault.pc() == CODE + 4), "{fault:?}");
            let mut emulator = calling(platform, &code, &[])?;
            emulator.hook_interrupts(|emulator, _| {
                assert_eq!(emulator.program_counter(), CODE + 4);
                Ok(terrella_emulator_api::InterruptFlow::Handled)
            })?;
            let stop = emulator.run_with(&Limits::counted())?;
            assert_eq!(stop, Stop::ExitPoint(RETURN), "{platform}");
            assert_eq!(emulator.instructions_executed(), Some(4), "{platform}");
        }
        Ok(())
    }

    #[test]
    fn flags_are_those_of_the_last_operation() -> Result<()> {
        // subcc %o0, %o1, %g0; addcc %o0, %o1, %g0; retl; nop
        let code = [0x80a2_0009, 0x8082_0009, 0x81c3_e008, 0x0100_0000];
        let mut emulator = calling(Platform::SPARC, &code, &[("o0", 1), ("o1", 2)])?;
        emulator.step()?;
        // 1 - 2: negative, with a borrow.
        assert_eq!(emulator.read_register("icc")?, 0b1001);
        emulator.write_register("o0", 0x7fff_ffff_u64)?;
        emulator.step()?;
        // Overflow into the sign.
        assert_eq!(emulator.read_register("icc")?, 0b1010);
        let mut emulator = calling(Platform::SPARC64, &code, &[("o0", 1 << 32), ("o1", 1 << 32)])?;
        emulator.step()?;
        // Zero at both widths.
        assert_eq!(emulator.read_register("ccr")?, 0x44);
        emulator.step()?;
        // Zero at 32 bits only.
        assert_eq!(emulator.read_register("ccr")?, 0x04);
        Ok(())
    }

    #[test]
    fn jumps_through_registers_are_told_apart() {
        // jmp %g1 + 8; retl; jmp %o0 + %o1; call; add %o0, 1, %o0
        let word = |bytes: [u8; 4]| u32::from_be_bytes(bytes);
        assert!(is_jump(word([0x81, 0xc0, 0x60, 0x08])));
        assert_eq!(operands(word([0x81, 0xc0, 0x60, 0x08])), (1, Operand::Immediate(8)));
        assert_eq!(operands(word([0x81, 0xc2, 0x00, 0x09])), (8, Operand::Register(9)));
        assert!(!is_jump(word([0x40, 0x00, 0x00, 0x01])));
        assert!(!is_jump(word([0x90, 0x02, 0x20, 0x01])));
    }

    #[test]
    fn branches_have_their_displacement() {
        // bne .-8; ba,pt %xcc, .+16; brz,pn %o0, .+12; sethi
        assert_eq!(displacement(0x12bf_fffe), Some(-8));
        assert_eq!(displacement(0x1068_0004), Some(16));
        assert_eq!(displacement(0x02c2_0003), Some(12));
        assert_eq!(displacement(0x0300_0001), None);
    }

    #[test]
    fn accesses_have_size_and_kind() {
        assert_eq!(access(0xd002_2000), Some((4, false))); // ld [%o0], %o0
        assert_eq!(access(0xd232_0000), Some((2, true))); // sth %o1, [%o0]
        assert_eq!(access(0xd45a_2000), Some((8, false))); // ldx [%o0], %o2
        assert_eq!(access(0x9002_2001), None); // add %o0, 1, %o0
    }

    /// Threads that make processors at the same time do not mix up each
    /// other's translators: without the lock in `Engine::open` this ends with
    /// a segmentation fault in Unicorn.
    #[test]
    fn processors_are_made_in_several_threads() {
        std::thread::scope(|scope| {
            for platform in [Platform::SPARC, Platform::SPARC64].repeat(4) {
                scope.spawn(move || {
                    for _ in 0..16 {
                        // add %o0, 1, %o0
                        let mut emulator = calling(platform, &[0x9002_2001], &[("o0", 41)]).unwrap();
                        emulator.run_with(&Limits::instructions(1)).unwrap();
                        assert_eq!(emulator.read_register("o0").unwrap(), 42, "{platform}");
                    }
                });
            }
        });
    }
}
