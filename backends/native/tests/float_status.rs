//! LoongArch: extremes and comparisons of floating point with NaNs, and what
//! they tell (Reference Manual, volume 1, 3.2.1.4, 3.2.1.5 and 3.2.2.1). The
//! lock step with QEMU is the witness of the same instructions.

use terrella_emulator_api::{Emulator, EmulatorExt, Permissions, Platform, Result, Step};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1000;
/// Flags and Cause of an invalid operation in FCSR.
const INVALID: u64 = 0x1010_0000;

const QUIET: u64 = 0x7ff8_0000_0000_1234;
const SIGNALLING: u64 = 0x7ff0_0000_0000_1234;
const QUIET_SINGLE: u64 = 0x7fc0_1234;
const SIGNALLING_SINGLE: u64 = 0x7f80_1234;

fn run(code: u32, a: u64, b: u64) -> Result<NativeEmulator> {
    let mut emulator = NativeEmulator::new(Platform::LOONGARCH64)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.write_code(CODE, &code.to_le_bytes())?;
    emulator.write_register("f1", a)?;
    emulator.write_register("f2", b)?;
    emulator.set_program_counter(CODE)?;
    assert_eq!(emulator.step()?, Step::Done, "{code:#x}");
    Ok(emulator)
}

/// With the operands f1 and f2, and the target f3 or fcc0.
const fn word(value: u32, target: u32) -> u32 {
    value | 2 << 10 | 1 << 5 | target
}

const BOXED: u64 = 0xffff_ffff << 32;
const MINUS_TWO: u64 = 0xc000_0000_0000_0000;
const ONE: u64 = 0x3ff0_0000_0000_0000;
const ZERO: u64 = 0;
const MINUS_ZERO: u64 = 1 << 63;

#[test]
fn extremes() -> Result<()> {
    let (max, min, max_magnitude, min_magnitude) = (0x0109_0000, 0x010b_0000, 0x010d_0000, 0x010f_0000);
    let rows = [
        (max, ONE, MINUS_TWO, ONE, 0),
        (min, ONE, MINUS_TWO, MINUS_TWO, 0),
        (max_magnitude, ONE, MINUS_TWO, MINUS_TWO, 0),
        (min_magnitude, ONE, MINUS_TWO, ONE, 0),
        (max, MINUS_ZERO, ZERO, ZERO, 0),
        (min, ZERO, MINUS_ZERO, MINUS_ZERO, 0),
        (min, QUIET, ONE, ONE, 0),
        (max, ONE, QUIET, ONE, 0),
        (max, QUIET, QUIET + 1, QUIET, 0),
        (min, ONE, SIGNALLING, SIGNALLING | 1 << 51, INVALID),
        (0x010a_8000, QUIET_SINGLE, 0x3f80_0000, BOXED | 0x3f80_0000, 0),
        (0x0108_8000, SIGNALLING_SINGLE, 0x3f80_0000, BOXED | QUIET_SINGLE, INVALID),
    ];
    for (code, a, b, expected, status) in rows {
        let emulator = run(word(code, 3), a, b)?;
        let found = (emulator.read_register("f3")?, emulator.read_register("fcsr")?);
        assert_eq!(found, (expected, status), "{code:#x} {a:#x} {b:#x}");
    }
    Ok(())
}

#[test]
fn comparisons() -> Result<()> {
    // The condition; whether it holds for less, equal, greater, unordered.
    let conditions = [
        (0x00, [0, 0, 0, 0]),
        (0x02, [1, 0, 0, 0]),
        (0x04, [0, 1, 0, 0]),
        (0x06, [1, 1, 0, 0]),
        (0x08, [0, 0, 0, 1]),
        (0x0a, [1, 0, 0, 1]),
        (0x0c, [0, 1, 0, 1]),
        (0x0e, [1, 1, 0, 1]),
        (0x10, [1, 0, 1, 0]),
        (0x14, [1, 1, 1, 0]),
        (0x18, [1, 0, 1, 1]),
    ];
    let orders = [(MINUS_TWO, ONE), (ZERO, MINUS_ZERO), (ONE, MINUS_TWO), (ONE, QUIET)];
    for (condition, expected) in conditions {
        for signals in [0, 1] {
            for ((a, b), holds) in orders.into_iter().zip(expected) {
                let code = 0x0c20_0000 | (condition | signals) << 15;
                let emulator = run(word(code, 0), a, b)?;
                let is_told = signals == 1 && b == QUIET;
                let status = if is_told { INVALID } else { 0 };
                let found = (emulator.read_register("fcc")? & 1, emulator.read_register("fcsr")?);
                assert_eq!(found, (holds, status), "{condition:#x} {signals} {a:#x} {b:#x}");
            }
        }
        // A signalling NaN is told by each.
        let code = 0x0c10_0000 | condition << 15;
        let emulator = run(word(code, 0), 0x3f80_0000, SIGNALLING_SINGLE)?;
        assert_eq!(emulator.read_register("fcsr")?, INVALID, "{condition:#x}");
    }
    Ok(())
}
