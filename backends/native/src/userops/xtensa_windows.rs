//! Xtensa: the Windowed Register Option (Xtensa Instruction Set Architecture
//! Reference Manual, 4.7.1).
//!
//! Sixteen of sixty-four registers are shown, from four times WindowBase on.
//! Where an instruction names registers of a caller's window, which
//! WindowStart tells (4.7.1.3), a handler of a kernel stores that window where
//! the stack frames have room for it; where a function returns to a window
//! that is not there, another one loads it (4.7.1.4, 4.7.1.5, 8.1.4). A machine
//! here has no kernel, so that the engine does what those handlers do, when
//! the processor would call them, and no sooner.
//!
//! Nobody but the system sees these accesses: hooks do not.
//!
//! Which registers an instruction names is known when it is translated. How
//! many groups of four there are from the first one on which no caller has, is
//! in the context that it is translated for: what needs no more is not looked
//! at when it is executed.

use terrella_emulator_api::{Access, MemoryCause};
use terrella_sleigh::{Context, Language, Pcode, SpaceId};

use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    halt::Halt,
    layout::Layout,
    registers::rotating::{COUNT, Rotating, SHOWN, SIZE, STEP},
};

/// How many windows there can be.
const WINDOWS: u64 = COUNT / STEP;
/// How many groups of registers are shown beside the first.
const OTHERS: u64 = SHOWN / STEP - 1;
/// The stack pointer of a window.
const SP: u64 = 1;
/// Where a frame has the first registers of its caller, below its stack
/// pointer (8.1.4).
const BASE_AREA: u64 = 16;
/// Where among them the stack pointer is.
const SAVED_SP: u64 = 4;

/// The fields of PS (5.3): exceptions mode, what CALL4 and its like tell ENTRY,
/// the old window, and whether there are windows.
const EXCM: u64 = 1 << 4;
const OWB: (u32, u64) = (8, 0xf);
const CALLINC: (u32, u64) = (16, 3);
const WOE: u64 = 1 << 18;

/// Where what belongs to windows is, and what translation needs of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RegisterWindows {
    rotating: Rotating,
    start: usize,
    ps: usize,
    /// The space and the offset of the first register.
    first: (SpaceId, u64),
    /// The field of the context.
    field: (u32, u32),
}

impl RegisterWindows {
    /// Those of a processor that has them.
    pub(crate) fn new(rotating: Option<Rotating>, language: &Language, layout: &Layout) -> Option<Self> {
        let place = |name: &str| layout.place(&language.register(name)?.varnode());
        let first = language.register("a0")?.varnode();
        let field = language.context_field("window")?;
        Some(Self {
            rotating: rotating?,
            start: place("WindowStart")?,
            ps: place("PS")?,
            first: (first.space, first.offset),
            field: (field.high, field.low),
        })
    }

    /// The last group of registers that an instruction names, if it is
    /// further than the context tells that there are.
    pub(crate) fn group_beyond(self, pcode: &Pcode, context: Context) -> Option<u8> {
        let (space, first) = self.first;
        let end = first + SHOWN * SIZE as u64;
        let group = |it: &terrella_sleigh::Varnode| {
            let is_shown = it.space == space && (first..end).contains(&it.offset);
            is_shown.then(|| (it.offset - first) / (STEP * SIZE as u64))
        };
        let named = pcode.ops().iter().flat_map(|op| pcode.inputs(op).iter().chain(op.output.as_ref()));
        let last = named.filter_map(group).max()?;
        (last > context.get(self.field.0, self.field.1)).then_some(last as u8)
    }
}

/// A word, with the platform's byte order.
fn word(bytes: &[u8], big_endian: bool) -> u64 {
    let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    if big_endian { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) }
}

impl NativeEmulator {
    fn register_windows(&self) -> Result<RegisterWindows, Halt> {
        self.register_windows.ok_or_else(|| Halt::Missing("register windows".to_owned()))
    }

    fn window_is_live(&self, windows: &RegisterWindows, window: u64) -> bool {
        self.file.integer(windows.start, 2) as u64 >> (window % WINDOWS) & 1 != 0
    }

    fn set_window_live(&mut self, windows: &RegisterWindows, window: u64, live: bool) {
        let old = self.file.integer(windows.start, 2);
        let bit = 1 << (window % WINDOWS);
        self.file.set_integer(windows.start, SIZE, if live { old | bit } else { old & !bit });
    }

    fn processor_status(&self, windows: &RegisterWindows) -> u64 {
        self.file.integer(windows.ps, SIZE) as u64
    }

    fn status_field(&self, windows: &RegisterWindows, (low, mask): (u32, u64)) -> u64 {
        self.processor_status(windows) >> low & mask
    }

    /// Whether windows are checked: CWOE (4.7.1.3).
    fn checks_windows(&self, windows: &RegisterWindows) -> bool {
        self.processor_status(windows) & (WOE | EXCM) == WOE
    }

    /// How many groups of registers behind the first no caller has.
    fn free_groups(&self, windows: &RegisterWindows) -> u64 {
        if !self.checks_windows(windows) {
            return OTHERS;
        }
        let base = windows.rotating.base(&self.file);
        (1..=OTHERS).take_while(|group| !self.window_is_live(windows, base + group)).count() as u64
    }

    /// A context as the windows are.
    fn context_of_windows(&self, windows: &RegisterWindows, context: Context) -> Context {
        let mut context = context;
        context.set(windows.field.0, windows.field.1, self.free_groups(windows));
        context
    }

    /// Sets the context by what the windows are.
    pub(crate) fn follow_windows(&mut self) {
        if let Some(windows) = self.register_windows {
            self.context = self.context_of_windows(&windows, self.context);
        }
    }

    /// WindowBase, if there are windows.
    pub(crate) fn window_base(&self) -> Option<u64> {
        self.register_windows.map(|windows| windows.rotating.base(&self.file))
    }

    /// After a write of a register that may be WindowBase.
    pub(crate) fn follow_window_base(&mut self, old: u64) {
        if let Some(windows) = self.register_windows {
            if windows.rotating.base(&self.file) != old {
                windows.rotating.exchange(&mut self.file, old);
            }
            self.follow_windows();
        }
    }

    fn windowed(&self, windows: &RegisterWindows, window: u64, index: u64) -> u64 {
        let place = windows.rotating.place(&self.file, window * STEP + index);
        self.file.integer(place, SIZE) as u64
    }

    /// The memory at a place relative to a stack pointer.
    fn frame_area(&mut self, address: u64, count: u64, access: Access) -> Result<u64, Halt> {
        let address = address & self.address_mask;
        let size = SIZE as u64;
        if !address.is_multiple_of(size) {
            return Err(Halt::Memory { access, cause: MemoryCause::Unaligned, address, size });
        }
        self.user_check(address, count as usize * SIZE, access)?;
        Ok(address)
    }

    fn window_word(&mut self, address: u64) -> Result<u64, Halt> {
        let address = self.frame_area(address, 1, Access::Read)?;
        let mut bytes = [0; SIZE];
        self.memory.copy_out(address, &mut bytes);
        Ok(word(&bytes, self.data_big_endian))
    }

    /// The handlers WindowOverflow4, 8 and 12 (4.7.1.4): stores the window of
    /// a function that called with `increment`.
    fn spill_register_window(
        &mut self,
        windows: &RegisterWindows,
        window: u64,
        increment: u64,
    ) -> Result<(), Halt> {
        let callee = self.windowed(windows, window + increment, SP);
        let base = self.frame_area(callee.wrapping_sub(BASE_AREA), STEP, Access::Write)?;
        let extra = match (increment - 1) * STEP {
            0 => None,
            count => {
                let sp = self.windowed(windows, window, SP);
                let caller = self.window_word(sp.wrapping_sub(BASE_AREA - SAVED_SP))?;
                let area = caller.wrapping_sub(BASE_AREA * increment);
                Some((self.frame_area(area, count, Access::Write)?, count))
            }
        };
        for (address, first, count) in
            [Some((base, 0, STEP)), extra.map(|(area, count)| (area, STEP, count))].into_iter().flatten()
        {
            for index in 0..count {
                let value = self.windowed(windows, window, first + index) as u32;
                let bytes = if self.data_big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
                self.memory.copy_in(address + index * SIZE as u64, &bytes);
            }
        }
        self.stale |= self.memory.has_written_code();
        self.set_window_live(windows, window, false);
        Ok(())
    }

    /// The handlers WindowUnderflow4, 8 and 12 (4.7.1.5): loads the window of
    /// the caller of the function of the current window.
    fn fill_register_window(&mut self, windows: &RegisterWindows, increment: u64) -> Result<(), Halt> {
        let current = windows.rotating.base(&self.file);
        let window = current + WINDOWS - increment;
        let sp = self.windowed(windows, current, SP);
        let base = self.frame_area(sp.wrapping_sub(BASE_AREA), STEP, Access::Read)?;
        let extra = match (increment - 1) * STEP {
            0 => None,
            count => {
                let own = self.window_word(base + SAVED_SP)?;
                let caller = self.window_word(own.wrapping_sub(BASE_AREA - SAVED_SP))?;
                let area = caller.wrapping_sub(BASE_AREA * increment);
                Some((self.frame_area(area, count, Access::Read)?, count))
            }
        };
        for (address, first, count) in
            [Some((base, 0, STEP)), extra.map(|(area, count)| (area, STEP, count))].into_iter().flatten()
        {
            for index in 0..count {
                let value = self.window_word(address + index * SIZE as u64)?;
                let place = windows.rotating.place(&self.file, window * STEP + first + index);
                self.file.set_integer(place, SIZE, value.into());
            }
        }
        self.set_window_live(windows, window, true);
        Ok(())
    }

    /// Stores the windows of callers that have registers of the groups up to
    /// one; whether there were any.
    fn free_window_groups(&mut self, windows: &RegisterWindows, last: u64) -> Result<bool, Halt> {
        let mut changed = false;
        if !self.checks_windows(windows) {
            return Ok(false);
        }
        let base = windows.rotating.base(&self.file);
        while let Some(group) = (1..=last).find(|group| self.window_is_live(windows, base + group)) {
            let window = base + group;
            // What the function of that window called with.
            let increment = (1..OTHERS).find(|it| self.window_is_live(windows, window + it));
            self.spill_register_window(windows, window, increment.unwrap_or(OTHERS))?;
            changed = true;
        }
        Ok(changed)
    }
}

/// A window that was entered for the hook of a function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entered {
    base: u64,
    increment: u64,
}

impl NativeEmulator {
    /// Whether there is ENTRY at an address, with one of the first registers.
    fn is_entry(&self, pc: u64) -> bool {
        let mut bytes = [0; 3];
        if self.memory.fetch(pc, &mut bytes) < bytes.len() {
            return false;
        }
        let (opcode, register) =
            if self.data_big_endian { (0x6c, bytes[1] >> 4) } else { (0x36, bytes[1] & 0xf) };
        bytes[0] == opcode && u64::from(register) < STEP
    }

    /// Shows the hook of a function that begins with ENTRY the window that
    /// this would show, where its arguments are; the frame is that of the
    /// caller.
    pub(crate) fn enter_function(&mut self, pc: u64) -> Result<(), Halt> {
        self.entered = None;
        let Some(windows) = self.register_windows else { return Ok(()) };
        let increment = self.status_field(&windows, CALLINC);
        if increment == 0 || !self.checks_windows(&windows) || !self.is_entry(pc) {
            return Ok(());
        }
        self.free_window_groups(&windows, increment)?;
        let base = windows.rotating.base(&self.file);
        let sp = self.windowed(&windows, base, SP);
        let window = base + increment;
        let place = windows.rotating.place(&self.file, window * STEP + SP);
        self.file.set_integer(place, SIZE, sp.into());
        windows.rotating.show(&mut self.file, window);
        self.set_window_live(&windows, window, true);
        self.entered = Some(Entered { base, increment });
        Ok(())
    }

    /// Shows the caller's window again, if one was entered that is still
    /// there; where the function returns to.
    pub(crate) fn leave_function(&mut self, pc: u64) -> Option<u64> {
        let Entered { base, increment } = self.entered.take()?;
        let windows = self.register_windows?;
        let link = self.windowed(&windows, base + increment, 0);
        windows.rotating.show(&mut self.file, base);
        self.set_window_live(&windows, base + increment, false);
        Some(pc & 0xc000_0000 | link & 0x3fff_ffff)
    }
}

/// WindowCheck (4.7.1.3), before an instruction that names registers of a
/// group.
pub(crate) fn check(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let windows = emulator.register_windows()?;
    let last = emulator.user_input(op, 0) as u64;
    if !emulator.free_window_groups(&windows, last)? {
        return Ok(());
    }
    // From here on there are more groups: the instruction is translated anew,
    // and its hooks have been called.
    emulator.run.new_context = Some(emulator.context_of_windows(&windows, emulator.context));
    let pc = emulator.user_pc;
    if emulator.hooks.instructions.has_global() || emulator.hooks.instructions.has_site(pc) {
        emulator.run.skip_at = Some(pc);
    }
    emulator.run.mid_block = Some(pc);
    Err(Halt::Resume)
}

/// ENTRY (chapter 6): the window of the function, whose stack pointer is put
/// there afterwards.
pub(super) fn enter(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let windows = emulator.register_windows()?;
    if emulator.user_input(op, 0) as u64 >= STEP || !emulator.checks_windows(&windows) {
        return Err(Halt::Invalid);
    }
    let increment = emulator.status_field(&windows, CALLINC);
    emulator.free_window_groups(&windows, increment)?;
    let window = windows.rotating.base(&emulator.file) + increment;
    windows.rotating.show(&mut emulator.file, window);
    emulator.set_window_live(&windows, window, true);
    Ok(())
}

/// RETW (chapter 6): the window of the caller.
pub(super) fn leave(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    let windows = emulator.register_windows()?;
    let current = windows.rotating.base(&emulator.file);
    let increment = emulator.windowed(&windows, current, 0) >> 30;
    let live = (1..=OTHERS).find(|it| emulator.window_is_live(&windows, current + WINDOWS - it));
    if increment == 0 || live.is_some_and(|it| it != increment) || !emulator.checks_windows(&windows) {
        return Err(Halt::Invalid);
    }
    if live.is_none() {
        emulator.fill_register_window(&windows, increment)?;
    }
    windows.rotating.show(&mut emulator.file, current + WINDOWS - increment);
    emulator.set_window_live(&windows, current, false);
    Ok(())
}

/// MOVSP (chapter 6) with the caller's window in the stack frame: a kernel
/// loads it, as what moves then is only the stack pointer. A frame that no call
/// made counts as one of CALL4, as in Linux (arch/xtensa/kernel/entry.S,
/// `fast_alloca`).
pub(super) fn fill_caller(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    let windows = emulator.register_windows()?;
    let current = windows.rotating.base(&emulator.file);
    if (1..=OTHERS).any(|it| emulator.window_is_live(&windows, current + WINDOWS - it)) {
        return Ok(());
    }
    let increment = emulator.windowed(&windows, current, 0) >> 30;
    emulator.fill_register_window(&windows, increment.max(1))
}

/// ROTW (chapter 6), whose operand has four bits and a sign.
pub(super) fn rotate(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let windows = emulator.register_windows()?;
    let by = emulator.user_input(op, 0) as u64;
    let base = windows.rotating.base(&emulator.file) + by;
    windows.rotating.show(&mut emulator.file, base);
    Ok(())
}

/// WSR and XSR of WINDOWBASE.
pub(super) fn show(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let windows = emulator.register_windows()?;
    let base = emulator.user_input(op, 0) as u64;
    windows.rotating.show(&mut emulator.file, base);
    Ok(())
}

/// RFWO (chapter 6), with PS.EXCM cleared already.
pub(super) fn end_overflow(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    end_handler(emulator, false)
}

/// RFWU (chapter 6), with PS.EXCM cleared already.
pub(super) fn end_underflow(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    end_handler(emulator, true)
}

fn end_handler(emulator: &mut NativeEmulator, live: bool) -> Result<(), Halt> {
    let windows = emulator.register_windows()?;
    let window = windows.rotating.base(&emulator.file);
    emulator.set_window_live(&windows, window, live);
    let old = emulator.status_field(&windows, OWB);
    windows.rotating.show(&mut emulator.file, old);
    Ok(())
}
