//! Xtensa: what is nothing here, what no processor has, and the cycle count
//! (Xtensa Instruction Set Architecture Reference Manual, chapters 4 and 6).

use terrella_emulator_api::Access;

use super::{Handler, Table, xtensa_windows};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt};

const NOTHING: Handler = Handler::nothing();

/// What is done to the line of an address is a load as far as faults go
/// (chapter 6, DHI, DHU, DHWB, DHWBI, DPFL).
const DATA_LINE: Handler =
    Handler::new(|emulator, op| emulator.user_check(emulator.user_input(op, 0) as u64, 1, Access::Read));

/// What is done to the line of an address of code is a fetch (chapter 6, IHI,
/// IHU, IPFL).
const CODE_LINE: Handler =
    Handler::new(|emulator, op| emulator.user_check(emulator.user_input(op, 0) as u64, 1, Access::Fetch));

/// Instructions of the mode of a debugger, and of the first exception
/// architecture (chapter 6, RFDD, RFDO, RFUE).
const INVALID: Handler = Handler::trap(|_, _| Err(Halt::Invalid));

/// The number of the interrupt that SIMCALL is: the causes of exceptions, which
/// have six bits, end before it.
pub(super) const SIMULATOR_CALL: u64 = 64;

pub(super) const TABLE: Table = &[
    ("isync", NOTHING),
    ("rsync", NOTHING),
    ("esync", NOTHING),
    ("dsync", NOTHING),
    ("excw", NOTHING),
    ("extw", NOTHING),
    // Lines by their address.
    ("dhi", DATA_LINE),
    ("dhu", DATA_LINE),
    ("dhwb", DATA_LINE),
    ("dhwbi", DATA_LINE),
    ("dpfl", DATA_LINE),
    ("ihi", CODE_LINE),
    ("ihu", CODE_LINE),
    ("ipfl", CODE_LINE),
    // Lines by their place in the cache, and hints.
    ("dii", NOTHING),
    ("diu", NOTHING),
    ("diwb", NOTHING),
    ("diwbi", NOTHING),
    ("iii", NOTHING),
    ("iiu", NOTHING),
    ("dpfr", NOTHING),
    ("dpfro", NOTHING),
    ("dpfw", NOTHING),
    ("dpfwo", NOTHING),
    ("ipf", NOTHING),
    ("rfdd", INVALID),
    ("rfdo", INVALID),
    ("rfue", INVALID),
    ("simcall", Handler::trap(|_, _| Err(Halt::Interrupt(SIMULATOR_CALL)))),
    ("waiti", Handler::trap(wait)),
    ("readCycleCount", Handler::new(read_cycle_count)),
    ("writeCycleCount", Handler::new(write_cycle_count)),
    ("loopEnds", Handler::new(loop_ends)),
    ("rotateRegWindow", Handler::new(xtensa_windows::enter)),
    ("restoreRegWindow", Handler::new(xtensa_windows::leave)),
    ("fillCaller", Handler::new(xtensa_windows::fill_caller)),
    ("rotateWindow", Handler::new(xtensa_windows::rotate)),
    ("showWindow", Handler::new(xtensa_windows::show)),
    ("rfwo", Handler::new(xtensa_windows::end_overflow)),
    ("rfwu", Handler::new(xtensa_windows::end_underflow)),
];

/// WAITI (chapter 6): PS.INTLEVEL is set before.
fn wait(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let level = emulator.user_input(op, 0) & 0xf;
    let status = emulator.user_register("PS");
    emulator.set_user_register("PS", status & !0xf | level);
    Err(Halt::Wait)
}

/// CCOUNT (4.4.6): the lower half of the time.
fn read_cycle_count(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let count = emulator.time_at_operation() as u32;
    emulator.set_user_result(op, count.into());
    Ok(())
}

fn write_cycle_count(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let count = emulator.user_input(op, 0) as u32;
    emulator.set_cycle_count_at_operation(count);
    Ok(())
}

/// After a write of LEND.
fn loop_ends(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    emulator.follow_loop_end();
    Ok(())
}
