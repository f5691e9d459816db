//! The system coprocessor (Arm ARM ARMv7-A, B3.17, B4.1): what programs use of
//! it. Other coprocessors but those of floating point and debugging are not
//! there.

use super::super::{Word, rows};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    halt::Halt,
    overrides::Override,
    userops::{Handler, Table},
};

pub(in crate::arm) const ROWS: &[Override] = rows![
    0xff00_0f10, 0xfe00_0f10 => |_, _| Err(Halt::Invalid),
    0x0f00_0f10, 0x0e00_0f10 => system,
    // MRRC2 and MCRR2 of it, which there are not; CNTPCT and CNTVCT.
    0xffe0_0f00, 0xfc40_0f00 => |_, _| Err(Halt::Invalid),
    0x0ff0_0f0f, 0x0c50_0f0e => count,
];

/// An operation whose first input is the number of the coprocessor, and which
/// of debugging and of the system have it.
macro_rules! absent {
    ($name:literal, $debugging:literal, $system:literal) => {
        ($name, Handler::new(|emulator, op| Err(absent(emulator, op, $name, [$debugging, $system]))))
    };
}

pub(crate) const TABLE: Table = &[
    // There are no operations of them (A8.8.28, CDP), and the system has no
    // transfers with memory (B3.17.1).
    absent!("coprocessor_function", false, false),
    absent!("coprocessor_function2", false, false),
    absent!("coprocessor_load", true, false),
    absent!("coprocessor_load2", false, false),
    absent!("coprocessor_loadlong", false, false),
    absent!("coprocessor_loadlong2", false, false),
    absent!("coprocessor_moveto", true, true),
    absent!("coprocessor_moveto2", true, true),
    absent!("coprocessor_movefromRt", true, true),
    absent!("coprocessor_movefromRt2", true, true),
    absent!("coprocessor_movefrom2", true, true),
    absent!("coprocessor_store", true, false),
    absent!("coprocessor_store2", false, false),
    absent!("coprocessor_storelong", false, false),
    absent!("coprocessor_storelong2", false, false),
];

fn absent(emulator: &NativeEmulator, op: &UserOp, name: &str, has: [bool; 2]) -> Halt {
    let [debugging, system] = has;
    match emulator.user_input(op, 0) {
        14 if debugging => Halt::Missing(name.to_owned()),
        15 if system => Halt::Missing(name.to_owned()),
        _ => Halt::Invalid,
    }
}

/// CNTPCT and CNTVCT (B8.1): the time that the harness sees.
fn count(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    if word.field(4, 4) > 1 {
        return Err(Halt::Missing(format!("p15, {}, c14", word.field(4, 4))));
    }
    let (low, high) = (word.field(12, 4), word.field(16, 4));
    if low == 15 || high == 15 || low == high {
        return Err(Halt::Invalid);
    }
    let now = emulator.time_at_operation();
    emulator.set_r(low, now as u32);
    emulator.set_r(high, (now >> 32) as u32);
    Ok(())
}

/// The thread registers, by their second operation.
const THREAD: [(u32, &str); 3] = [(2, "tpidrurw"), (3, "tpidruro"), (4, "tpidrprw")];

fn system(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (n, m) = (word.field(16, 4), word.field(0, 4));
    let (first, second) = (word.field(21, 3), word.field(5, 3));
    let (reads, register) = (word.bit(20), word.field(12, 4));
    let thread = THREAD.iter().find(|(number, _)| (n, first, m, *number) == (13, 0, 0, second));
    if let Some((_, name)) = thread
        && let Some(id) = emulator.definition.register(name)
    {
        if reads {
            let value = emulator.named(name).unwrap_or(0);
            emulator.set_r(register, value as u32);
        } else {
            let value = emulator.r(register);
            emulator.set_kept_register(id, value.into());
        }
        return Ok(());
    }
    // Caches and address translations are not modelled: nothing to maintain,
    // no order to keep.
    if !reads && matches!(n, 7 | 8) {
        return Ok(());
    }
    Err(Halt::Missing(format!("p15, {first}, c{n}, c{m}, {second}")))
}
