//! Floating point of microMIPS, which no reference of the lock step has: each
//! instruction does what its twin of MIPS32 does, which QEMU and Unicorn
//! witness. Both words of a pair are by GNU as (`scripts/micromips_float.py`),
//! not by the specification.

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Permissions, Platform, RegisterValue};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1_0000;
const DATA: u64 = 0x2_0000;
const PAIRS: &str = include_str!("micromips/float.txt");

/// Contents of `f2`, `f4` and `f6`: doubles, singles, integers and NaNs.
const OPERANDS: [[u64; 3]; 8] = [
    [0x3ff8_0000_0000_0000, 0x4002_0000_0000_0000, 0xc004_0000_0000_0000],
    [0x3fc0_0000, 0x4010_0000, 0xc020_0000],
    [0, 0x4030_8000_0000_0001, 0x4030_8000_0000_0001],
    [0x3f80_0000, 0x4b80_0001, 0x4b80_0001],
    [0, 0x7ff8_0000_0000_1234, 0x3ff0_0000_0000_0000],
    [0, 0x7fa0_0001, 0x7fc0_0001],
    [0x3ff0_0000_0000_0000, 0xffff_ffff_ffff_fffd, 0x8000_0000_0000_0000],
    [0x8000_0000_8000_0000, 0x41df_ffff_ffe0_0000, 0x7ff4_0000_0000_0001],
];

/// Contents of FCSR: rounding modes, conditions, and flushing to zero.
const CONTROLS: [u64; 4] = [0, 0x0080_0001, 0x4100_0002, 0x0a00_0003];

fn bytes(digits: &str) -> Option<Vec<u8>> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

/// What an instruction leaves: how it ended, registers, and the data.
fn run(
    emulator: &mut NativeEmulator,
    operands: [u64; 3],
    control: u64,
    start: u64,
) -> Result<(String, Vec<RegisterValue>, Vec<u8>), Error> {
    for number in 0..32_u64 {
        emulator.write_register(&format!("f{number}"), 0x4444_4444_3333_3300 + number)?;
        if number > 0 {
            emulator.write_register(&format!("r{number}"), 0x1234_5678 + number)?;
        }
    }
    for (name, value) in ["f2", "f4", "f6"].into_iter().zip(operands) {
        emulator.write_register(name, value)?;
    }
    emulator.write_register("fcsr", control)?;
    emulator.write_register("r2", operands[1] & 0x0103_0f83)?;
    emulator.write_register("r5", DATA + 0x40)?;
    emulator.write_register("r6", 8_u64)?;
    let data: Vec<u8> = (0..0x80).collect();
    emulator.write_memory(DATA, &data)?;
    emulator.set_program_counter(start)?;
    let end = emulator.step().map_or_else(|error| format!("{error:?}"), |step| format!("{step:?}"));
    let mut registers = vec![RegisterValue::from(emulator.program_counter())];
    for number in 0..32 {
        registers.push(emulator.read_wide_register(&format!("f{number}"))?);
        registers.push(emulator.read_wide_register(&format!("r{number}"))?);
    }
    registers.push(emulator.read_wide_register("fcsr")?);
    let mut left = data;
    emulator.read_memory(DATA, &mut left)?;
    Ok((end, registers, left))
}

#[test]
fn floating_point_is_that_of_mips32() -> Result<(), Error> {
    let mut wrong = Vec::new();
    for (micro, plain) in [(Platform::MICROMIPS, Platform::MIPS), (Platform::MICROMIPSEL, Platform::MIPSEL)] {
        let mut pairs = 0;
        for line in PAIRS.lines().filter(|line| !line.starts_with('#')) {
            let mut parts = line.splitn(3, ' ');
            let (Some(mut halves), Some(mut word), Some(text)) =
                (parts.next().and_then(bytes), parts.next().and_then(bytes), parts.next())
            else {
                panic!("{line}");
            };
            if plain == Platform::MIPSEL {
                halves.chunks_mut(2).for_each(<[u8]>::reverse);
                word.chunks_mut(4).for_each(<[u8]>::reverse);
            }
            let mut emulators = [NativeEmulator::new(micro)?, NativeEmulator::new(plain)?];
            for (emulator, code) in emulators.iter_mut().zip([&halves, &word]) {
                emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
                emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
                emulator.write_code(CODE, code)?;
            }
            'line: for operands in OPERANDS {
                for control in CONTROLS {
                    let [first, second] = &mut emulators;
                    let found = run(first, operands, control, CODE | 1)?;
                    let expected = run(second, operands, control, CODE)?;
                    // A pair that neither has would be equal.
                    let ends = found.0 == "Done" || found.0.contains("FloatingPoint");
                    if found != expected || !ends {
                        let names = ["pc".to_owned()]
                            .into_iter()
                            .chain((0..32).flat_map(|number| [format!("f{number}"), format!("r{number}")]));
                        let names = names.chain(["fcsr".to_owned()]);
                        let changes: Vec<String> = names
                            .zip(found.1.iter().zip(&expected.1))
                            .filter(|(_, (found, expected))| found != expected)
                            .map(|(name, (found, expected))| format!("{name} {found:#x}, not {expected:#x}"))
                            .collect();
                        wrong.push(format!(
                            "{micro} {text} of {operands:x?}, fcsr {control:#x}: {} / {}: {}, memory equal: {}",
                            found.0,
                            expected.0,
                            changes.join("; "),
                            found.2 == expected.2
                        ));
                        break 'line;
                    }
                }
            }
            pairs += 1;
        }
        assert!(pairs > 150, "{pairs} pairs");
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}
