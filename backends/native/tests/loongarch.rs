//! LoongArch: checks of bounds, exponents as numbers, and returns from
//! exceptions (LoongArch Reference Manual, volume 1, 2.2.10, 3.2.1.9, 3.2.1.10,
//! 4.2.5, 7.4). Values of FSCALEB are those of C's `scalbn`; the lock step with
//! QEMU witnesses it and the checks.

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Fault, Permissions, Platform, Result};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1000;
const DATA: u64 = 0x8000;
const BOTH: [Platform; 2] = [Platform::LOONGARCH32, Platform::LOONGARCH64];

fn machine(platform: Platform, code: u32, values: &[(&str, u64)]) -> Result<NativeEmulator> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
    emulator.write_code(CODE, &code.to_le_bytes())?;
    emulator.set_program_counter(CODE)?;
    for (name, value) in values {
        emulator.write_register(*name, *value)?;
    }
    Ok(emulator)
}

/// Whether an instruction of r4 and r5 raises the exception of a bound.
fn fails(platform: Platform, code: u32, r4: u64, r5: u64) -> Result<bool> {
    let mut emulator = machine(platform, code, &[("r4", r4), ("r5", r5)])?;
    match emulator.step() {
        Ok(_) => {
            assert_eq!(emulator.program_counter(), CODE + 4);
            Ok(false)
        }
        Err(Error::Fault(Fault::UnhandledInterrupt { number: 0x0a, .. })) => {
            assert_eq!(emulator.program_counter(), CODE);
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

#[test]
fn addresses_are_compared_with_bounds() -> Result<()> {
    for platform in BOTH {
        for (first, second, greater) in [(1, 2, false), (2, 2, false), (3, 2, true), (0x8000_0000, 2, true)] {
            // asrtle.d r4,r5; asrtgt.d r4,r5
            assert_eq!(fails(platform, 0x0001_1480, first, second)?, greater);
            assert_eq!(fails(platform, 0x0001_9480, first, second)?, !greater);
        }
        // ldgt, ldle, stgt and stle of words: r6,r4,r5
        for (code, is_le) in
            [(0x3879_1486, false), (0x387b_1486, true), (0x387d_1486, false), (0x387f_1486, true)]
        {
            for (bound, greater) in [(DATA - 1, true), (DATA, false), (DATA + 1, false)] {
                assert_eq!(fails(platform, code, DATA, bound)?, greater == is_le, "{code:x}");
            }
        }
    }
    // ldle.d r6,r4,r5
    let mut emulator = machine(Platform::LOONGARCH64, 0x387b_9486, &[("r4", DATA), ("r5", DATA)])?;
    emulator.write_integer(DATA, 0x8123_4567_89ab_cdef, 8)?;
    emulator.step()?;
    assert_eq!(emulator.read_register("r6")?, 0x8123_4567_89ab_cdef);
    Ok(())
}

const INEXACT: u64 = 1;
const UNDERFLOW: u64 = 2;
const OVERFLOW: u64 = 4;
const DIVISION: u64 = 8;
const INVALID: u64 = 16;

fn of_doubles(code: u32, first: u64, second: u64) -> Result<(u64, u64)> {
    let mut emulator = machine(Platform::LOONGARCH64, code, &[("f0", first), ("f1", second)])?;
    emulator.step()?;
    Ok((emulator.read_register("f2")?, emulator.read_register("fcsr")? >> 16))
}

#[test]
fn numbers_are_scaled_by_powers_of_two() -> Result<()> {
    let both = |flags: u64| flags | flags << 8;
    for (value, by, result, flags) in [
        (1.0, 10, 1024.0_f64.to_bits(), 0),
        (-1.5, -1, (-0.75_f64).to_bits(), 0),
        (1.0, -1074, 1, 0),
        (1.5, -1074, 2, INEXACT | UNDERFLOW),
        // Rounded once: 1 + 2^-52, which is no half of the smallest.
        (f64::from_bits(0x3ff0_0000_0000_0001), -1075, 1, INEXACT | UNDERFLOW),
        (1.0, -1075, 0, INEXACT | UNDERFLOW),
        (1.0, 1024, f64::INFINITY.to_bits(), INEXACT | OVERFLOW),
        (f64::from_bits(1), 2097, (1023 + 1023) << 52, 0),
        (1.0, i64::MAX, f64::INFINITY.to_bits(), INEXACT | OVERFLOW),
        (-1.0, i64::MIN, 1 << 63, INEXACT | UNDERFLOW),
        (-0.0, 5, 1 << 63, 0),
        (f64::INFINITY, i64::MIN, f64::INFINITY.to_bits(), 0),
        (f64::from_bits(0x7ff0_0000_0000_0001), 1, 0x7ff8_0000_0000_0001, INVALID),
    ] {
        // fscaleb.d f2,f0,f1
        let found = of_doubles(0x0111_0402, value.to_bits(), by as u64)?;
        assert_eq!(found, (result, both(flags)), "{value} {by}");
    }
    // fscaleb.s f2,f0,f1: the lower half of f1 counts.
    let (single, flags) = of_doubles(0x0110_8402, 3.0_f32.to_bits().into(), 0x7_ffff_fffe)?;
    assert_eq!((single as u32, flags), (0.75_f32.to_bits(), 0));
    Ok(())
}

#[test]
fn exponents_are_numbers() -> Result<()> {
    for (value, result, flags) in [
        (1.0_f64, 0.0_f64, 0),
        (-1.0, 0.0, 0),
        (1.999, 0.0, 0),
        (0.75, -1.0, 0),
        (1e300, 996.0, 0),
        (f64::from_bits(1), -1074.0, 0),
        (f64::from_bits(0xf_ffff_ffff_ffff), -1023.0, 0),
        (-0.0, f64::NEG_INFINITY, DIVISION | DIVISION << 8),
        (f64::NEG_INFINITY, f64::INFINITY, 0),
    ] {
        // flogb.d f2,f0
        assert_eq!(of_doubles(0x0114_2802, value.to_bits(), 0)?, (result.to_bits(), flags), "{value}");
    }
    // flogb.s f2,f0
    let (single, flags) = of_doubles(0x0114_2402, 2.0_f32.powi(-130).to_bits().into(), 0)?;
    assert_eq!((single as u32, flags), ((-130.0_f32).to_bits(), 0));
    Ok(())
}

/// ERTN by what it returns from, what LL noted, and the registers afterwards.
#[test]
fn exceptions_end() -> Result<()> {
    for platform in BOTH {
        for (values, pc, crmd, llbctl) in [
            ([("era", 0x1100), ("prmd", 0xf), ("crmd", 0x10), ("llbctl", 1)], 0x1100, 0x217, 0),
            ([("era", 0x1100), ("prmd", 0), ("crmd", 0x20f), ("llbctl", 5)], 0x1100, 0x8, 1),
            ([("tlbrera", 0x1201), ("tlbrprmd", 7), ("crmd", 0x8), ("llbctl", 0)], 0x1200, 0x17, 0),
            ([("merrera", 0x1300), ("merrctl", 0x1d), ("crmd", 0x8), ("llbctl", 0)], 0x1300, 0xf, 0),
        ] {
            let mut emulator = machine(platform, 0x0648_3800, &values)?;
            emulator.step()?;
            let [mode, linked] = ["crmd", "llbctl"].map(|name| emulator.read_register(name));
            assert_eq!((emulator.program_counter(), mode?, linked?), (pc, crmd, llbctl), "{values:?}");
            assert_eq!(emulator.read_register("tlbrera")? & 1, 0);
            assert_eq!(emulator.read_register("merrctl")? & 1, 0);
        }
    }
    Ok(())
}

#[test]
fn calls_of_debuggers_are_traps_and_caches_nothing() -> Result<()> {
    for platform in BOTH {
        // dbcl 0
        let result = machine(platform, 0x002a_8000, &[])?.step();
        let is_trap = matches!(result, Err(Error::Fault(Fault::UnhandledInterrupt { number: 0x40, .. })));
        assert!(is_trap, "{result:?}");
        // cacop 8,r4,0
        machine(platform, 0x0600_0088, &[("r4", DATA)])?.step()?;
    }
    Ok(())
}
