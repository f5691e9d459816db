//! SPARC: register windows (SPARC Architecture Manual, V8, 4.1 and 4.2; V9,
//! 5.1.4.1, 5.2.10 and 6.4).
//!
//! There are eight. Where they run out, a kernel's handler of the trap spills
//! the oldest one to the save area of its frame, and where the one to return
//! to is not there, fills it from there (V8, 7.1; V9, H.1.4). A machine here
//! has no kernel, so that the engine does what those handlers do. As a kernel
//! does, it also spills the windows below the current one at software traps,
//! before function hooks, and when a run ends: who looks at the program then finds its frames in
//! memory. A step leaves them where they are.
//!
//! Nobody but the system sees these accesses: hooks do not.

use terrella_emulator_api::{Access, MemoryCause};
use terrella_platforms::{PlatformDefinition, RegisterId};
use terrella_sleigh::Language;

use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, layout::Layout};

/// How many windows there are.
const COUNT: u64 = 8;
/// The registers of a window that it alone has, and those that are the outs
/// of the window that it was called from.
const WINDOW: [&str; 16] =
    ["l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7", "i0", "i1", "i2", "i3", "i4", "i5", "fp", "i7"];
const OUTS: [&str; 8] = ["o0", "o1", "o2", "o3", "o4", "o5", "sp", "o7"];
/// In a window: the first of its ins.
const INS: usize = 8;
/// Among the ins: the frame pointer, which is the stack pointer of the caller.
const FRAME: usize = 6;

/// Where the registers of the windows are in the register file.
pub(crate) struct Windows {
    window: [usize; 16],
    outs: [usize; 8],
    /// Where the windows that are not shown are.
    store: usize,
    /// The size of a register.
    size: usize,
    /// CWP.
    pointer: RegisterId,
    /// WIM, which V8 alone has.
    mask: Option<RegisterId>,
}

impl Windows {
    /// Those of a processor that has windows.
    pub(crate) fn new(
        definition: &PlatformDefinition,
        language: &Language,
        layout: &mut Layout,
    ) -> Option<Self> {
        // What the specification brings for windows of SPARC.
        language.register("w010")?;
        let place = |name: &&str| layout.place(&language.register(name)?.varnode());
        let window: Vec<usize> = WINDOW.iter().filter_map(place).collect();
        let outs: Vec<usize> = OUTS.iter().filter_map(place).collect();
        let size = usize::from(definition.pointer_bytes);
        let store = layout.extend(COUNT as usize * WINDOW.len() * size)?;
        Some(Self {
            window: window.try_into().ok()?,
            outs: outs.try_into().ok()?,
            store,
            size,
            pointer: definition.register("cwp")?,
            mask: definition.register("wim"),
        })
    }

    /// The place of a register of a window that is not shown.
    const fn stored(&self, window: u64, index: usize) -> usize {
        self.store + ((window % COUNT) as usize * WINDOW.len() + index) * self.size
    }

    /// The window some calls further (V8 counts down, V9 up).
    const fn after(&self, window: u64, calls: u64) -> u64 {
        let calls = calls % COUNT;
        (if self.mask.is_some() { window + COUNT - calls } else { window + calls }) % COUNT
    }

    /// The window some calls before.
    const fn before(&self, window: u64, calls: u64) -> u64 {
        self.after(window, COUNT - calls % COUNT)
    }
}

impl NativeEmulator {
    fn windows(&self) -> Result<&Windows, Halt> {
        self.windows.as_ref().ok_or_else(|| Halt::Missing("register windows".to_owned()))
    }

    fn window_register(&self, register: RegisterId) -> u64 {
        self.registers.read_narrow(&self.file, self.context, register).unwrap_or(0)
    }

    fn current_window(&self, windows: &Windows) -> u64 {
        self.window_register(windows.pointer) % COUNT
    }

    /// How many windows can be returned to without a trap.
    fn restorable(&self, windows: &Windows) -> u64 {
        let Some(mask) = windows.mask else { return self.window_count("CANRESTORE") };
        let mask = self.window_register(mask);
        let current = self.current_window(windows);
        let is_valid = |calls: &u64| mask >> windows.before(current, *calls) & 1 == 0;
        (1..COUNT).take_while(is_valid).count() as u64
    }

    /// Whether there is no window for a call.
    fn is_full(&self, windows: &Windows) -> bool {
        match windows.mask {
            Some(mask) => {
                let next = windows.after(self.current_window(windows), 1);
                self.window_register(mask) >> next & 1 != 0
            }
            None => self.window_count("CANSAVE") == 0,
        }
    }

    /// A count of windows of V9.
    fn window_count(&self, name: &str) -> u64 {
        self.user_register(name) as u64 % COUNT
    }

    fn add_to_window_count(&mut self, name: &str, change: i64) {
        let value = (self.user_register(name) as u64).wrapping_add_signed(change) % COUNT;
        self.set_user_register(name, value.into());
    }

    /// Shows another window.
    fn show_window(&mut self, to: u64) {
        let Some(windows) = self.windows.take() else { return };
        let from = self.current_window(&windows);
        let size = windows.size;
        let mut keep = |place: usize, kept: usize| {
            let value = self.file.integer(place, size);
            self.file.set_integer(kept, size, value);
        };
        for (index, place) in windows.window.iter().enumerate() {
            keep(*place, windows.stored(from, index));
        }
        // The outs are the ins of the window after.
        for (index, place) in windows.outs.iter().enumerate() {
            keep(*place, windows.stored(windows.after(from, 1), INS + index));
        }
        for (index, place) in windows.window.iter().enumerate() {
            keep(windows.stored(to, index), *place);
        }
        for (index, place) in windows.outs.iter().enumerate() {
            keep(windows.stored(windows.after(to, 1), INS + index), *place);
        }
        self.set_kept_register(windows.pointer, to % COUNT);
        self.windows = Some(windows);
    }

    /// The save area of the frame whose stack pointer this is. Stack pointers
    /// of 64-bit code are odd, and 2047 too low (V9, H.1.4).
    fn window_area(&self, size: usize, sp: u64, access: Access) -> Result<u64, Halt> {
        let bias = if size == 8 && sp & 1 != 0 { 2047 } else { 0 };
        let address = sp.wrapping_add(bias) & self.address_mask;
        if !address.is_multiple_of(8) {
            return Err(Halt::Memory { access, cause: MemoryCause::Unaligned, address, size: 8 });
        }
        Ok(address)
    }

    /// Writes a window that was called from to where its frame is.
    fn spill_window(&mut self, window: u64) -> Result<(), Halt> {
        let windows = self.windows()?;
        let size = windows.size;
        let callee = windows.after(window, 1);
        let frame = if callee == self.current_window(windows) {
            windows.window[INS + FRAME]
        } else {
            windows.stored(callee, INS + FRAME)
        };
        let first = windows.stored(window, 0);
        let mut bytes = Vec::with_capacity(size * WINDOW.len());
        for index in 0..WINDOW.len() {
            let value = self.file.integer(first + index * size, size) as u64;
            bytes.extend_from_slice(&value.to_be_bytes()[8 - size..]);
        }
        let address = self.window_area(size, self.file.integer(frame, size) as u64, Access::Write)?;
        self.user_check(address, bytes.len(), Access::Write)?;
        self.memory.copy_in(address, &bytes);
        self.stale |= self.memory.has_written_code();
        Ok(())
    }

    /// Spills the oldest window that can be returned to, if there is one.
    fn spill_oldest_window(&mut self) -> Result<bool, Halt> {
        let windows = self.windows()?;
        let restorable = self.restorable(windows);
        if restorable == 0 {
            return Ok(false);
        }
        let mask = windows.mask;
        let oldest = windows.before(self.current_window(windows), restorable);
        self.spill_window(oldest)?;
        match mask {
            Some(mask) => self.set_kept_register(mask, 1 << oldest),
            None => {
                self.add_to_window_count("CANRESTORE", -1);
                self.add_to_window_count("CANSAVE", 1);
            }
        }
        Ok(true)
    }

    /// Reads the window before the current one from its frame.
    fn fill_window(&mut self) -> Result<(), Halt> {
        let windows = self.windows()?;
        let (size, mask) = (windows.size, windows.mask);
        let current = self.current_window(windows);
        let window = windows.before(current, 1);
        let first = windows.stored(window, 0);
        let beyond = windows.before(window, 1);
        let sp = self.file.integer(windows.window[INS + FRAME], size) as u64;
        let address = self.window_area(size, sp, Access::Read)?;
        let mut bytes = vec![0; size * WINDOW.len()];
        self.user_check(address, bytes.len(), Access::Read)?;
        self.memory.copy_out(address, &mut bytes);
        for (index, bytes) in bytes.chunks(size).enumerate() {
            let value = bytes.iter().fold(0u128, |value, byte| value << 8 | u128::from(*byte));
            self.file.set_integer(first + index * size, size, value);
        }
        match mask {
            Some(mask) => self.set_kept_register(mask, 1 << beyond),
            None => {
                self.add_to_window_count("CANRESTORE", 1);
                if self.window_count("CLEANWIN") < COUNT - 1 {
                    self.add_to_window_count("CLEANWIN", 1);
                }
                let other = self.window_count("OTHERWIN") != 0;
                self.add_to_window_count(if other { "OTHERWIN" } else { "CANSAVE" }, -1);
            }
        }
        Ok(())
    }

    /// Spills the windows that can be returned to, but those that have no
    /// memory.
    pub(crate) fn spill_windows(&mut self) {
        if self.windows.is_some() {
            // What cannot be spilled stays where it is, and is returned to all
            // the same.
            while matches!(self.spill_oldest_window(), Ok(true)) {}
        }
    }

    /// After a write of the register that has CWP in it from outside: the
    /// current window is called otherwise, and the others with it.
    pub(crate) fn rename_windows(&mut self, old: u64) {
        let Some(windows) = self.windows.take() else { return };
        let new = self.current_window(&windows);
        let turn = (new + COUNT - old % COUNT) % COUNT;
        let bytes = WINDOW.len() * windows.size * COUNT as usize;
        let by = WINDOW.len() * windows.size * turn as usize;
        self.file.slice_mut(windows.store, bytes).rotate_right(by);
        if let Some(mask) = windows.mask {
            let value = self.window_register(mask);
            let turned = (value << turn | value >> (COUNT - turn)) & ((1 << COUNT) - 1);
            self.set_kept_register(mask, turned);
        }
        self.windows = Some(windows);
    }

    /// CWP, if there are windows.
    pub(crate) fn window_pointer(&self) -> Option<u64> {
        self.windows.as_ref().map(|windows| self.current_window(windows))
    }
}

/// The number of the trap of a window that is not there (V8, table 7-1: 5 and
/// 6; V9, table 14: 0x80 and 0xc0).
const fn trap(is_v8: bool, overflow: bool) -> Halt {
    Halt::Exception(match (is_v8, overflow) {
        (true, true) => 5,
        (true, false) => 6,
        (false, true) => 0x80,
        (false, false) => 0xc0,
    })
}

pub(super) fn save(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    let windows = emulator.windows()?;
    let is_v8 = windows.mask.is_some();
    if emulator.is_full(windows) {
        let window = windows.after(emulator.current_window(windows), 2);
        if emulator.window_count("OTHERWIN") != 0 {
            // The windows of another address space are spilled first.
            emulator.spill_window(window)?;
            emulator.add_to_window_count("OTHERWIN", -1);
            emulator.add_to_window_count("CANSAVE", 1);
        } else if !emulator.spill_oldest_window()? {
            return Err(trap(is_v8, true));
        }
    }
    let windows = emulator.windows()?;
    let next = windows.after(emulator.current_window(windows), 1);
    emulator.show_window(next);
    if !is_v8 {
        emulator.add_to_window_count("CANSAVE", -1);
        emulator.add_to_window_count("CANRESTORE", 1);
    }
    Ok(())
}

pub(super) fn restore(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    let windows = emulator.windows()?;
    let is_v8 = windows.mask.is_some();
    if emulator.restorable(windows) == 0 {
        emulator.fill_window()?;
    }
    let windows = emulator.windows()?;
    let next = windows.before(emulator.current_window(windows), 1);
    emulator.show_window(next);
    if !is_v8 {
        emulator.add_to_window_count("CANRESTORE", -1);
        emulator.add_to_window_count("CANSAVE", 1);
    }
    Ok(())
}

/// What RETURN does before it looks at its target (V9, 7.5.3 and A.44): the
/// window before is filled, if it is not there.
pub(super) fn fill(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    let windows = emulator.windows()?;
    if emulator.restorable(windows) == 0 {
        emulator.fill_window()?;
    }
    Ok(())
}

/// FLUSHW (V9, A.21): all windows but the current one are in memory
/// afterwards.
pub(super) fn flush(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    while emulator.spill_oldest_window()? {}
    Ok(())
}

/// WRPR of CWP (V9, A.61).
pub(super) fn select(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let window = emulator.user_input(op, 0) as u64 % COUNT;
    emulator.show_window(window);
    Ok(())
}
