//! SPARC: register windows that run out (SPARC Architecture Manual, V8, 4.1 and
//! 7.7; V9, 5.1.4.1 and 6.4).
//!
//! Where a window is not there, the processor traps, and a kernel's handler
//! spills the oldest one to the save area of its frame, or fills the one to
//! return to from there, and the instruction is executed again (V8, 7.1; V9,
//! H.1.4). A machine here has no kernel, so that this does what those handlers
//! do. As a kernel does, it also spills the windows below the current one at
//! software traps, before function hooks, and when a run ends: who looks at the
//! program then finds its frames in memory. A step leaves them where they are.
//! The native engine does the same.
//!
//! Nobody but the system sees these accesses: hooks do not.

use terrella_emulator_api::{Access, AddressRange, Emulator, Fault, MemoryCause, Result};

use crate::{
    emulator::UnicornEmulator,
    engine::RawState,
    hidden::{Hidden, WindowState, Windows},
};

/// The registers of a window that are saved: locals and ins.
const SAVED: usize = 16;
/// In a window: the first of its locals.
const LOCALS: usize = 8;
/// In a window: the stack pointer, and the frame pointer.
const STACK: usize = 6;
const FRAME: usize = 22;

/// What a trap of a register window asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WindowTrap {
    /// The oldest window is in the way.
    Spill,
    /// The window to return to is not there.
    Fill,
}

/// The state of a processor with what is known of its windows.
struct View<'a> {
    windows: &'a Windows,
    state: RawState,
    /// How many windows there are.
    count: u64,
    current: u64,
}

impl View<'_> {
    /// The window that called so many calls before the current one.
    const fn caller(&self, calls: u64) -> u64 {
        (self.current + calls) % self.count
    }

    /// Where a register of a window stands.
    const fn place(&self, window: u64, register: usize) -> usize {
        let count = self.count as usize;
        // The ins of the last window are the outs of the first one.
        let index = (window as usize * SAVED + register) % (count * SAVED);
        let behind = self.current as usize == count - 1 && index < LOCALS;
        let index = if behind { index + count * SAVED } else { index };
        self.windows.table + index * self.windows.bytes
    }

    fn register(&self, window: u64, register: usize) -> u64 {
        let place = self.place(window, register);
        if self.windows.bytes == 4 { self.state.u32(place).into() } else { self.state.u64(place) }
    }

    fn set_register(&mut self, window: u64, register: usize, value: u64) {
        let place = self.place(window, register);
        if self.windows.bytes == 4 {
            self.state.set_u32(place, value as u32);
        } else {
            self.state.set_u64(place, value);
        }
    }

    /// How many windows can be returned to.
    fn restorable(&self) -> u64 {
        match &self.windows.state {
            WindowState::Mask(mask) => {
                let mask = mask.read(&self.state);
                (1..self.count).take_while(|calls| mask >> self.caller(*calls) & 1 == 0).count() as u64
            }
            WindowState::Counts { canrestore, .. } => canrestore.read(&self.state) % self.count,
        }
    }

    /// The window to spill, if there is one: the oldest one, or one of another
    /// address space.
    fn to_spill(&self, others: bool) -> Option<u64> {
        if others
            && let WindowState::Counts { otherwin, .. } = &self.windows.state
            && otherwin.read(&self.state) != 0
        {
            // The window after the next one, in the order of calls.
            return Some(self.caller(self.count - 2));
        }
        let restorable = self.restorable();
        (restorable > 0).then(|| self.caller(restorable))
    }

    /// Counts a window that was spilled.
    fn note_spilled(&mut self, window: u64, others: bool) {
        let state = &mut self.state;
        match &self.windows.state {
            WindowState::Mask(mask) => mask.write(state, 1 << window),
            WindowState::Counts { cansave, canrestore, otherwin, .. } => {
                let others = others && otherwin.read(state) != 0;
                let from = if others { otherwin } else { canrestore };
                from.write(state, from.read(state).wrapping_sub(1) % self.count);
                cansave.write(state, (cansave.read(state) + 1) % self.count);
            }
        }
    }

    /// Counts a window that was filled: the one before the current.
    fn note_filled(&mut self) {
        let beyond = self.caller(2);
        let state = &mut self.state;
        match &self.windows.state {
            WindowState::Mask(mask) => mask.write(state, 1 << beyond),
            WindowState::Counts { cansave, canrestore, otherwin, cleanwin } => {
                canrestore.write(state, (canrestore.read(state) + 1) % self.count);
                if cleanwin.read(state) < self.count - 1 {
                    cleanwin.write(state, cleanwin.read(state) + 1);
                }
                let from = if otherwin.read(state) != 0 { otherwin } else { cansave };
                from.write(state, from.read(state).wrapping_sub(1) % self.count);
            }
        }
    }
}

impl UnicornEmulator {
    fn windows(&self) -> Result<Option<(&'static Hidden, View<'static>)>> {
        let Some(hidden) = self.registers.hidden else { return Ok(None) };
        let Some(windows) = hidden.windows.as_ref() else { return Ok(None) };
        let state = hidden.state(&self.engine)?;
        let (count, current) = (windows.count.read(&state), windows.current.read(&state));
        // What no processor has would be beyond the table.
        let fits = (2..=32).contains(&count) && current < count;
        Ok(fits.then_some((hidden, View { windows, state, count, current })))
    }

    /// What an exception of Unicorn's asks for, if it is of a register window
    /// (V8, table 7-1; V9, table 14).
    fn window_trap(&self, number: u32) -> Option<WindowTrap> {
        match (self.definition.address_bits, number) {
            (32, 5) | (64, 0x80..=0xbf) => Some(WindowTrap::Spill),
            (32, 6) | (64, 0xc0..=0xff) => Some(WindowTrap::Fill),
            _ => None,
        }
    }

    /// At an exception: whether it is the trap of a register window that can be
    /// handled, so that the instruction is executed again afterwards. At
    /// software traps the windows are spilled.
    pub(crate) fn handles_window_trap(&mut self, number: u32, pc: u64) -> bool {
        let software = if self.definition.address_bits == 64 { 0x100..=0x17f } else { 0x80..=0xff };
        if software.contains(&number) {
            self.spill_windows();
            return false;
        }
        let Some(trap) = self.window_trap(number) else { return false };
        if trap == WindowTrap::Spill {
            let view = self.windows().ok().flatten();
            if view.is_none_or(|(_, view)| view.to_spill(true).is_none()) {
                return false;
            }
        }
        self.run.window_trap = Some(trap);
        self.make_again(pc);
        true
    }

    /// Handles the trap of a register window of the instruction at `pc`, if there
    /// was one; the fault of an access to its frame, if it cannot be made. Never
    /// call it while the engine runs.
    pub(crate) fn turn_windows(&mut self, pc: u64) -> Result<Option<Fault>> {
        match self.run.window_trap.take() {
            None => Ok(None),
            Some(WindowTrap::Spill) => self.spill_window(true, pc).map(Result::err),
            Some(WindowTrap::Fill) => self.fill_window(pc),
        }
    }

    /// Spills the windows that can be returned to, but those that have no
    /// memory.
    pub(crate) fn spill_windows(&mut self) {
        if self.is_sparc() {
            // What cannot be spilled stays where it is, and is returned to all
            // the same.
            let pc = self.native_pc();
            while matches!(self.spill_window(false, pc), Ok(Ok(true))) {}
        }
    }

    /// The save area of the frame whose stack pointer this is. Stack pointers of
    /// 64-bit code are odd, and 2047 too low (V9, H.1.4).
    fn window_area(
        &self,
        view: &View<'_>,
        sp: u64,
        access: Access,
        pc: u64,
    ) -> std::result::Result<AddressRange, Fault> {
        let bytes = view.windows.bytes;
        let bias = if bytes == 8 && sp & 1 != 0 { 2047 } else { 0 };
        let highest = self.definition.highest_address();
        let address = sp.wrapping_add(bias) & highest;
        if !address.is_multiple_of(8) {
            return Err(Fault::Memory { access, cause: MemoryCause::Unaligned, address, size: 8, pc });
        }
        // Aligned to 8, up to 64 or 128 bytes can reach over the end.
        let last = address.checked_add((SAVED * bytes) as u64 - 1).filter(|last| *last <= highest);
        let size = (SAVED * bytes) as u64;
        let unmapped = Fault::Memory { access, cause: MemoryCause::Unmapped, address, size, pc };
        let range = AddressRange::from(address..=last.ok_or(unmapped)?);
        match self.access_fault(access, range, pc) {
            Some(fault) => Err(fault),
            None => Ok(range),
        }
    }

    /// Spills a window, if there is one to spill.
    fn spill_window(&mut self, others: bool, pc: u64) -> Result<std::result::Result<bool, Fault>> {
        let Some((hidden, mut view)) = self.windows()? else { return Ok(Ok(false)) };
        let Some(window) = view.to_spill(others) else { return Ok(Ok(false)) };
        let range = match self.window_area(&view, view.register(window, STACK), Access::Write, pc) {
            Ok(range) => range,
            Err(fault) => return Ok(Err(fault)),
        };
        let size = view.windows.bytes;
        let mut bytes = Vec::with_capacity(SAVED * size);
        for register in LOCALS..LOCALS + SAVED {
            bytes.extend_from_slice(&view.register(window, register).to_be_bytes()[8 - size..]);
        }
        self.write_memory(range.first(), &bytes)?;
        view.note_spilled(window, others);
        hidden.set_state(&self.engine, &view.state)?;
        Ok(Ok(true))
    }

    /// Fills the window before the current one from its frame.
    fn fill_window(&mut self, pc: u64) -> Result<Option<Fault>> {
        let Some((hidden, mut view)) = self.windows()? else { return Ok(None) };
        let sp = view.register(view.current, FRAME);
        let range = match self.window_area(&view, sp, Access::Read, pc) {
            Ok(range) => range,
            Err(fault) => return Ok(Some(fault)),
        };
        let mut bytes = vec![0; SAVED * view.windows.bytes];
        self.memory.read_unchecked(range, &mut bytes);
        let window = view.caller(1);
        for (register, bytes) in (LOCALS..).zip(bytes.chunks_exact(view.windows.bytes)) {
            let value = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
            view.set_register(window, register, value);
        }
        view.note_filled();
        hidden.set_state(&self.engine, &view.state)?;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use terrella_emulator_api::{EmulatorExt, Error, Flow, Limits, Permissions, Platform, Step, Stop};

    use super::*;

    const CODE: u64 = 0x1000;
    const STACK: u64 = 0x1_0000;
    const TOP: u64 = STACK + 0x8000;

    /// save %sp, -192, %sp; restore; ta 3; flushw
    const SAVE: u32 = 0x9de3_bf40;
    const RESTORE: u32 = 0x81e8_0000;
    const TRAP: u32 = 0x91d0_2003;
    const FLUSH: u32 = 0x8158_0000;

    fn machine(platform: Platform, code: &[u32]) -> Result<UnicornEmulator> {
        let mut emulator = UnicornEmulator::new(platform)?;
        emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
        emulator.map_memory(STACK..STACK + 0x1_0000, Permissions::READ_WRITE)?;
        for (place, word) in (CODE..).step_by(4).zip(code) {
            emulator.write_code(place, &word.to_be_bytes())?;
        }
        emulator.write_register("sp", TOP - bias(platform))?;
        emulator.set_program_counter(CODE)?;
        Ok(emulator)
    }

    /// Stack pointers of 64-bit code are 2047 too low.
    fn bias(platform: Platform) -> u64 {
        if platform == Platform::SPARC64 { 2047 } else { 0 }
    }

    const PLATFORMS: [Platform; 2] = [Platform::SPARC, Platform::SPARC64];

    #[test]
    fn calls_beyond_the_last_window_come_back() -> Result<()> {
        for platform in PLATFORMS {
            let calls = 20;
            let code: Vec<u32> = [vec![SAVE; calls], vec![RESTORE; calls]].concat();
            let mut emulator = machine(platform, &code)?;
            for call in 1..=calls as u64 {
                emulator.write_register("l3", 100 * call)?;
                emulator.write_register("i5", 100 * call + 5)?;
                emulator.write_register("o1", 100 * call + 1)?;
                assert_eq!(emulator.step()?, Step::Done, "{platform}");
                assert_eq!(emulator.read_register("i1")?, 100 * call + 1, "{platform}");
                assert_eq!(emulator.read_register("sp")?, TOP - bias(platform) - 192 * call, "{platform}");
            }
            for call in (1..=calls as u64).rev() {
                emulator.write_register("i1", 7 * call)?;
                assert_eq!(emulator.step()?, Step::Done, "{platform}");
                assert_eq!(emulator.read_register("l3")?, 100 * call, "{platform}");
                assert_eq!(emulator.read_register("o1")?, 7 * call, "{platform}");
                assert_eq!(emulator.read_register("i5")?, 100 * call + 5, "{platform}");
            }
        }
        Ok(())
    }

    #[test]
    fn windows_are_spilled_where_they_run_out_and_when_a_run_ends() -> Result<()> {
        for platform in PLATFORMS {
            let size = usize::from(platform.definition().pointer_bytes);
            let mut emulator = machine(platform, &[SAVE; 20])?;
            emulator.write_register("l0", 0x77_u64)?;
            let snapshot = emulator.snapshot()?;
            let spilled = |emulator: &UnicornEmulator| emulator.read_integer(TOP, size);
            // Six calls have windows; the seventh needs that of the first frame.
            for calls in 1..=7 {
                emulator.step()?;
                assert_eq!(spilled(&emulator)?, if calls == 7 { 0x77 } else { 0 }, "{platform} {calls}");
            }
            emulator.restore(&snapshot)?;
            emulator.run_with(&Limits::instructions(2))?;
            assert_eq!(spilled(&emulator)?, 0x77, "{platform}");
            // The return address of the second frame is beside it.
            let frame = TOP - 192;
            let old = emulator.read_integer(frame + 14 * size as u64, size)?;
            assert_eq!(old, u128::from(TOP - bias(platform)), "{platform}: the frame pointer");
        }
        Ok(())
    }

    #[test]
    fn flushes_leave_nothing_to_return_to() -> Result<()> {
        for (platform, last, number) in
            [(Platform::SPARC, TRAP, 0x83), (Platform::SPARC64, TRAP, 0x103), (Platform::SPARC64, FLUSH, 0)]
        {
            let mut emulator = machine(platform, &[SAVE, SAVE, last, RESTORE])?;
            emulator.write_register("l0", 0x77_u64)?;
            for _ in 0..2 {
                emulator.step()?;
                emulator.write_register("l0", 0x78_u64)?;
            }
            match emulator.step() {
                Ok(Step::Done) if number == 0 => {}
                Err(Error::Fault(Fault::UnhandledInterrupt { number: found, .. })) if found == number => {}
                other => panic!("{platform}: {other:?}"),
            }
            let size = usize::from(platform.definition().pointer_bytes);
            assert_eq!(emulator.read_integer(TOP, size)?, 0x77, "{platform}");
            // What is changed there is what comes back.
            emulator.write_integer(TOP - 192, 0x99, size)?;
            emulator.set_program_counter(CODE + 12)?;
            emulator.step()?;
            assert_eq!(emulator.read_register("l0")?, 0x99, "{platform}");
        }
        Ok(())
    }

    #[test]
    fn hooks_and_counts_see_calls_and_nothing_else() -> Result<()> {
        // call .+16; nop; ba 0; nop; then a function that calls itself o0 times:
        // save; subcc %i0, 1, %o0; be .+16; nop; call .-16; nop; ret; restore
        let recursion = [
            0x4000_0004,
            0x0100_0000,
            0x1080_0000,
            0x0100_0000,
            SAVE,
            0x90a6_2001,
            0x0280_0004,
            0x0100_0000,
            0x7fff_fffc,
            0x0100_0000,
            0x81c7_e008,
            RESTORE,
        ];
        let end = CODE + 8;
        for platform in PLATFORMS {
            let depth: u64 = 30;
            // Two, and six for each call but the last, which branches over two.
            let expected = 2 + 8 * depth - 2;
            for hooked in [false, true] {
                let mut emulator = machine(platform, &recursion)?;
                emulator.write_register("o0", depth)?;
                emulator.add_exit_point(end);
                let calls = std::rc::Rc::new(std::cell::Cell::new(0));
                if hooked {
                    let calls = std::rc::Rc::clone(&calls);
                    emulator.hook_instructions(move |_, _| {
                        calls.set(calls.get() + 1);
                        Ok(Flow::Continue)
                    })?;
                    emulator.hook_memory_reads(|_, address, _| panic!("a read of {address:#x}"))?;
                    emulator.hook_memory_writes(|_, address, _| panic!("a write of {address:#x}"))?;
                }
                assert_eq!(emulator.run_with(&Limits::counted())?, Stop::ExitPoint(end), "{platform}");
                assert_eq!(emulator.instructions_executed(), Some(expected), "{platform}");
                assert_eq!(calls.get(), if hooked { expected } else { 0 }, "{platform}");
                assert_eq!(emulator.read_register("sp")?, TOP - bias(platform), "{platform}");
                // Without counting, too.
                emulator.write_register("o0", depth)?;
                emulator.set_program_counter(CODE)?;
                assert_eq!(emulator.run()?, Stop::ExitPoint(end), "{platform}");
            }
        }
        Ok(())
    }

    #[test]
    fn frames_without_memory_fault_at_the_call() -> Result<()> {
        for platform in PLATFORMS {
            let size = 16 * u64::from(platform.definition().pointer_bytes);
            for (sp, cause, bytes) in
                [(0x9_0000, MemoryCause::Unmapped, size), (TOP + 4, MemoryCause::Unaligned, 8)]
            {
                let mut emulator = machine(platform, &[SAVE; 20])?;
                emulator.write_register("sp", sp - bias(platform))?;
                for _ in 0..6 {
                    emulator.step()?;
                }
                let pc = emulator.program_counter();
                let expected = Fault::Memory { access: Access::Write, cause, address: sp, size: bytes, pc };
                for _ in 0..2 {
                    match emulator.step() {
                        Err(Error::Fault(fault)) => assert_eq!(fault, expected, "{platform}"),
                        other => panic!("{platform}: {other:?}"),
                    }
                    assert_eq!(emulator.program_counter(), pc, "{platform}");
                }
                if cause == MemoryCause::Unmapped {
                    emulator.map_memory(0x9_0000..0x9_1000, Permissions::READ_WRITE)?;
                    assert_eq!(emulator.step()?, Step::Done, "{platform}");
                }
            }
        }
        Ok(())
    }
}
