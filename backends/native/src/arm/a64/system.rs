//! System registers that programs read and write, where the specification has
//! them otherwise or as plain storage (Arm ARM, C5.2, NZCV, FPCR, FPSR; D19.12,
//! CNTVCT_EL0).

use terrella_emulator_api::{Access, MemoryCause};

use super::super::{Word, rows};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(super) const ROWS: &[Override] = rows![
    0xffff_ffe0, 0xd53b_4200 => |e: &mut NativeEmulator, w: Word| {
        let flags = e.nzcv().into_iter().fold(0, |all, flag| all << 1 | u64::from(flag));
        e.set_x(w.field(0, 5), flags << 28);
        Ok(())
    },
    0xffff_ffe0, 0xd51b_4200 => |e: &mut NativeEmulator, w: Word| {
        let value = e.x(w.field(0, 5));
        e.set_nzcv([31, 30, 29, 28].map(|bit| value >> bit & 1 != 0));
        Ok(())
    },
    0xffff_ffe0, 0xd51b_4400 => |e, w| write(e, w, "fpcr", CONTROL),
    0xffff_ffe0, 0xd51b_4420 => |e, w| write(e, w, "fpsr", STATUS),
    // CNTPCT_EL0, CNTVCT_EL0.
    0xffff_ffe0, 0xd53b_e020 => count,
    0xffff_ffe0, 0xd53b_e040 => count,
    // ERET, and with an address that is authenticated.
    0xffff_ffff, 0xd69f_03e0 => end_exception,
    0xffff_fbff, 0xd69f_0bff => end_exception,
    // MSR of SPSel, of an immediate and of a register.
    0xffff_f0ff, 0xd500_40bf => |e: &mut NativeEmulator, w: Word| select_stack(e, w.field(8, 4)),
    0xffff_ffe0, 0xd518_4200 => |e: &mut NativeEmulator, w: Word| select_stack(e, e.x(w.field(0, 5)) as u32),
    // AT: of level 1 with one stage, levels 2 and 1 with two, level 3; with PAN.
    0xffff_ff80, 0xd508_7800 => translate,
    0xffff_ffc0, 0xd50c_7800 => translate,
    0xffff_ff80, 0xd50c_7880 => translate,
    0xffff_ffc0, 0xd50e_7800 => translate,
    0xffff_ffc0, 0xd508_7900 => translate,
];

/// AHP, DN, FZ, RMode, FZ16, and the lengths of short vectors, which are kept
/// for AArch32: exceptions do not trap.
const CONTROL: u64 = 0x07ff_0000;
/// The flags of AArch32, QC, the exceptions.
const STATUS: u64 = 0xf800_009f;

fn write(emulator: &mut NativeEmulator, word: Word, name: &str, mask: u64) -> Result<(), Halt> {
    let value = emulator.x(word.field(0, 5)) & mask;
    emulator.set_user_register(name, value.into());
    Ok(())
}

/// `cntvct_el0` and its relatives: the time that the harness sees.
fn count(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let now = emulator.time_at_operation();
    emulator.set_x(word.field(0, 5), now);
    Ok(())
}

/// The level of exceptions, in `CurrentEL`.
fn level(emulator: &NativeEmulator) -> u32 {
    emulator.user_register("currentel") as u32 >> 2 & 3
}

/// The stack pointer that a level has, or that of level 0.
fn stack_of(level: u32, selected: bool) -> String {
    format!("sp_el{}", if selected { level } else { 0 })
}

/// Goes to another level or stack: the pointer that is shown is that of it.
fn show_stack(emulator: &mut NativeEmulator, to: u32, selected: bool) {
    let was_selected = emulator.user_register("spsel") & 1 != 0;
    let old = stack_of(level(emulator), was_selected);
    let new = stack_of(to, selected);
    emulator.set_user_register("spsel", selected.into());
    emulator.set_user_register("currentel", u128::from(to << 2));
    if old != new {
        let shown = emulator.x_or_sp(31);
        emulator.set_user_register(&old, shown.into());
        let value = emulator.user_register(&new) as u64;
        emulator.set_x_or_sp(31, value);
    }
}

/// MSR of SPSel (C5.2.18), which level 0 may not.
fn select_stack(emulator: &mut NativeEmulator, value: u32) -> Result<(), Halt> {
    let level = level(emulator);
    if level == 0 {
        return Err(Halt::Invalid);
    }
    show_stack(emulator, level, value & 1 != 0);
    Ok(())
}

/// ERET (C6.2.90, AArch64.ExceptionReturn): the address and the status that the
/// exception left, of this level. Level 0 has none.
fn end_exception(emulator: &mut NativeEmulator, _: Word) -> Result<(), Halt> {
    const AARCH32: u64 = 1 << 4;
    let level = level(emulator);
    if level == 0 {
        return Err(Halt::Invalid);
    }
    let status = emulator.user_register(&format!("spsr_el{level}")) as u64;
    let target = emulator.user_register(&format!("elr_el{level}")) as u64;
    let to = status as u32 >> 2 & 3;
    let selected = status & 1 != 0;
    if status & AARCH32 != 0 {
        return Err(Halt::Missing("a return to AArch32".to_owned()));
    }
    // What sets PSTATE.IL (D1.11.4).
    if to > level || status & 2 != 0 || to == 0 && selected {
        return Err(Halt::Missing("an illegal return from an exception".to_owned()));
    }
    emulator.set_nzcv([31, 30, 29, 28].map(|bit| status >> bit & 1 != 0));
    emulator.set_user_register("daif", (status & 0x3c0).into());
    show_stack(emulator, to, selected);
    emulator.clear_monitor();
    Err(Halt::Returned(target))
}

/// AT (C5.5): addresses stand for themselves; what the map does not allow is
/// a fault of translation or permission in PAR_EL1 (D19.2.120).
fn translate(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    const FAULT: u64 = 1;
    const RESERVED: u64 = 1 << 11;
    /// Normal memory, written back, shared by all.
    const ORDINARY: u64 = 0xff << 56 | 0b11 << 7;
    const TRANSLATION: u64 = 0b00_0111 << 1;
    const PERMISSION: u64 = 0b00_1111 << 1;
    let address = emulator.x(word.field(0, 5));
    let access = if word.bit(5) { Access::Write } else { Access::Read };
    let result = match emulator.memory.check(address, 1, access) {
        Ok(()) => RESERVED | ORDINARY | address & 0x000f_ffff_ffff_f000,
        Err(denied) if denied.cause == MemoryCause::Unmapped => RESERVED | FAULT | TRANSLATION,
        Err(_) => RESERVED | FAULT | PERMISSION,
    };
    emulator.set_user_register("par_el1", result.into());
    Ok(())
}
