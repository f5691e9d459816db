//! System registers that programs read and write, where the specification has
//! them otherwise or as plain storage (Arm ARM, C5.2, NZCV, FPCR, FPSR; D19.12,
//! CNTVCT_EL0).

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
