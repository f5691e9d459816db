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

pub(in crate::arm) const ROWS: &[Override] =
    rows![0xff00_0f10, 0xfe00_0f10 => |_, _| Err(Halt::Invalid), 0x0f00_0f10, 0x0e00_0f10 => system];

/// An operation whose first input is the number of the coprocessor.
macro_rules! absent {
    ($name:literal) => {
        ($name, Handler::new(|emulator, op| Err(absent(emulator, op, $name))))
    };
}

pub(crate) const TABLE: Table = &[
    absent!("coprocessor_function"),
    absent!("coprocessor_function2"),
    absent!("coprocessor_load"),
    absent!("coprocessor_load2"),
    absent!("coprocessor_loadlong"),
    absent!("coprocessor_loadlong2"),
    absent!("coprocessor_moveto"),
    absent!("coprocessor_moveto2"),
    absent!("coprocessor_movefromRt"),
    absent!("coprocessor_movefromRt2"),
    absent!("coprocessor_movefrom2"),
    absent!("coprocessor_store"),
    absent!("coprocessor_store2"),
    absent!("coprocessor_storelong"),
    absent!("coprocessor_storelong2"),
];

fn absent(emulator: &NativeEmulator, op: &UserOp, name: &str) -> Halt {
    match emulator.user_input(op, 0) {
        14 | 15 => Halt::Missing(name.to_owned()),
        _ => Halt::Invalid,
    }
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
