//! Registers of which each mode has its own, and transfers of those of user
//! mode (Arm ARM ARMv7-A, B1.3.2; B9.3.5, LDM exception return; B9.3.6, LDM
//! user registers; B9.3.17, STM user registers).

use terrella_emulator_api::Access;

use super::super::{Word, rows};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(in crate::arm) const ROWS: &[Override] = rows![
    0x0e50_0000, 0x0840_0000 => |e, w: Word| user(e, w, false),
    0x0e50_8000, 0x0850_0000 => |e, w: Word| user(e, w, true),
    0x0e50_8000, 0x0850_8000 => return_from_exception,
];

/// The modes (table B1-1), and which bank of registers each has: that of user
/// mode is also that of system mode.
const MODES: [(u32, usize); 9] =
    [(0x10, 0), (0x1f, 0), (0x11, 1), (0x12, 2), (0x13, 3), (0x16, 4), (0x17, 5), (0x1a, 6), (0x1b, 7)];
const USER: usize = 0;
const FAST: usize = 1;

/// The bits of the status word that tell the mode, and the instruction set.
const MODE: u32 = 0x1f;
const THUMB: u32 = 0x20;

/// Of a bank: the stack pointer, the link and the saved status; behind all of
/// them `r8` to `r12`, of fast interrupts and of the other modes.
const BANK: usize = 12;
const MIDDLE: usize = 8 * BANK;
const MIDDLE_SIZE: usize = 20;
/// The bytes of all.
pub(in crate::arm) const SIZE: usize = MIDDLE + 2 * MIDDLE_SIZE;

/// Which bank a mode has; `None`: it is no mode.
pub(super) fn bank(mode: u32) -> Option<usize> {
    MODES.iter().find(|(known, _)| *known == mode & MODE).map(|(_, bank)| *bank)
}

impl NativeEmulator {
    pub(super) fn status_word(&self) -> u32 {
        self.named("cpsr").unwrap_or(0) as u32
    }

    fn banks(&self) -> usize {
        self.arm.as_ref().map_or(crate::layout::NOWHERE, super::super::Registers::banks)
    }

    fn kept_word(&self, place: usize) -> u32 {
        self.file.integer(self.banks() + place, 4) as u32
    }

    fn keep_word(&mut self, place: usize, value: u32) {
        self.file.set_integer(self.banks() + place, 4, value.into());
    }

    /// Puts the registers of another mode where those of this one are.
    pub(super) fn change_mode(&mut self, from: u32, to: u32) {
        let (Some(from), Some(to)) = (bank(from), bank(to)) else { return };
        if from == to {
            return;
        }
        for (index, number) in [13, 14].into_iter().enumerate() {
            self.keep_word(from * BANK + 4 * index, self.r(number));
            self.set_r(number, self.kept_word(to * BANK + 4 * index));
        }
        self.keep_word(from * BANK + 8, self.user_register("spsr") as u32);
        self.set_user_register("spsr", self.kept_word(to * BANK + 8).into());
        if (from == FAST) != (to == FAST) {
            let middle = |bank: usize| MIDDLE + if bank == FAST { 0 } else { MIDDLE_SIZE };
            for index in 0..5 {
                self.keep_word(middle(from) + 4 * index, self.r(8 + index as u32));
                self.set_r(8 + index as u32, self.kept_word(middle(to) + 4 * index));
            }
        }
    }

    /// Where a register of user mode is kept while another one is shown.
    fn kept_user_register(&self, number: u32) -> Option<usize> {
        let current = bank(self.status_word()).unwrap_or(USER);
        match number {
            13 | 14 if current != USER => Some(USER * BANK + 4 * (number as usize - 13)),
            8..=12 if current == FAST => Some(MIDDLE + MIDDLE_SIZE + 4 * (number as usize - 8)),
            _ => None,
        }
    }
}

/// The first address of a transfer, and the base afterwards.
fn addresses(emulator: &NativeEmulator, word: Word) -> (u32, u32) {
    let size = 4 * word.field(0, 16).count_ones();
    let base = emulator.r(word.field(16, 4));
    let up = word.bit(23);
    let end = if up { base.wrapping_add(size) } else { base.wrapping_sub(size) };
    let lowest = if up { base } else { end };
    (if word.bit(24) == up { lowest.wrapping_add(4) } else { lowest }, end)
}

/// Checks an access to words, which have to be aligned from ARMv6 on.
fn check(emulator: &mut NativeEmulator, start: u32, list: u32, access: Access) -> Result<(), Halt> {
    if emulator.arm_has_bit_fields() {
        NativeEmulator::aligned(start.into(), 4, access)?;
    }
    emulator.user_check(start.into(), 4 * list.count_ones() as usize, access)
}

/// Whether a base is written back that is also loaded, which ARMv7 calls
/// unpredictable; before, what is loaded stays.
fn loads_base(emulator: &NativeEmulator, word: Word) -> Result<bool, Halt> {
    let is_loaded = word.bit(20) && word.field(0, 16) >> word.field(16, 4) & 1 != 0;
    if is_loaded && word.bit(21) && emulator.arm_has_bit_fields() {
        return Err(Halt::Invalid);
    }
    Ok(is_loaded)
}

/// What is unpredictable, is no instruction here: no registers, and the program
/// counter as base. A base that is written back is that of the mode.
fn user(emulator: &mut NativeEmulator, word: Word, loads: bool) -> Result<(), Halt> {
    let (base, list) = (word.field(16, 4), word.field(0, 16));
    if list == 0 || base == 15 {
        return Err(Halt::Invalid);
    }
    let keeps_base = loads_base(emulator, word)?;
    let (mut address, end) = addresses(emulator, word);
    check(emulator, address, list, if loads { Access::Read } else { Access::Write })?;
    for number in (0..16).filter(|number| list >> number & 1 != 0) {
        let kept = emulator.kept_user_register(number);
        if loads {
            let value = emulator.load_integer(address.into(), 4)? as u32;
            match kept {
                Some(place) => emulator.keep_word(place, value),
                None => emulator.set_r(number, value),
            }
        } else {
            let value = kept.map_or_else(|| emulator.r(number), |place| emulator.kept_word(place));
            emulator.store_integer(address.into(), 4, value.into())?;
        }
        address = address.wrapping_add(4);
    }
    if word.bit(21) && !keeps_base {
        emulator.set_r(base, end);
    }
    Ok(())
}

/// With the program counter among them, the registers are those of the mode,
/// and the status is that which was saved. User and system mode have none.
fn return_from_exception(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (base, list) = (word.field(16, 4), word.field(0, 16));
    if base == 15 || !has_saved_status(emulator) {
        return Err(Halt::Invalid);
    }
    let writes_base = word.bit(21) && !loads_base(emulator, word)?;
    let (mut address, end) = addresses(emulator, word);
    check(emulator, address, list, Access::Read)?;
    for number in (0..15).filter(|number| list >> number & 1 != 0) {
        let value = emulator.load_integer(address.into(), 4)? as u32;
        emulator.set_r(number, value);
        address = address.wrapping_add(4);
    }
    let target = emulator.load_integer(address.into(), 4)? as u32;
    if writes_base {
        emulator.set_r(base, end);
    }
    Err(resume(emulator, target))
}

/// Whether the mode has a status that was saved.
pub(super) fn has_saved_status(emulator: &NativeEmulator) -> bool {
    bank(emulator.status_word()).is_some_and(|bank| bank != USER)
}

/// The saved status is that of the processor again, which goes on at an address.
pub(super) fn resume(emulator: &mut NativeEmulator, target: u32) -> Halt {
    let old = emulator.status_word();
    let saved = emulator.user_register("spsr") as u32;
    // A mode that is none is not entered.
    let new = if bank(saved).is_some() { saved } else { saved & !MODE | old & MODE };
    emulator.change_mode(old, new);
    if let Some(register) = emulator.definition.register("cpsr") {
        emulator.set_kept_register(register, new.into());
    }
    emulator.follow_endianness();
    let is_thumb = new & THUMB != 0;
    Halt::Returned(if is_thumb { u64::from(target | 1) } else { u64::from(target & !3) })
}
