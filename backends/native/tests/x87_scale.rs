//! FSCALE with an overflow that is not masked, as a processor answers: while
//! the exponent can be brought into range it is wrapped, else the result is an
//! infinity, as rounded up, in every rounding mode (Intel SDM, volume 1, 8.5.4;
//! seen on hardware).

use terrella_emulator_api::{Emulator, EmulatorExt, Limits, Permissions, Platform, RegisterValue};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1000;
const C1: u64 = 1 << 9;

fn number(exponent: u16, significand: u64) -> RegisterValue {
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&significand.to_le_bytes());
    bytes[8..].copy_from_slice(&exponent.to_le_bytes());
    RegisterValue::from_le_bytes(&bytes)
}

#[test]
fn overflow_that_is_not_masked() {
    let one_and_half = 0xc000_0000_0000_0000;
    // 40000 and 70000
    let scales = [(0x400e, 0x9c40_u64 << 48), (0x400f, 0x88b8_u64 << 48)];
    let results = [((0x7c3f, one_and_half), 0), ((0x7fff, 1 << 63), C1)];
    for rounding in 0..4_u64 {
        for ((exponent, significand), (result, up)) in scales.into_iter().zip(results) {
            let mut emulator = NativeEmulator::new(Platform::X86_64).unwrap();
            emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL).unwrap();
            // fscale
            emulator.write_code(CODE, &[0xd9, 0xfd]).unwrap();
            emulator.write_register("fptw", 0_u64).unwrap();
            emulator.write_register("fpcw", 0x337 | rounding << 10).unwrap();
            emulator.write_register("st0", number(0x3fff, one_and_half)).unwrap();
            emulator.write_register("st1", number(exponent, significand)).unwrap();
            emulator.set_program_counter(CODE).unwrap();
            emulator.run_with(&Limits::instructions(1)).unwrap();
            let found = emulator.read_wide_register("st0").unwrap();
            assert_eq!(found, number(result.0, result.1), "rounding {rounding}, {exponent:#x}");
            assert_eq!(
                emulator.read_register("fpsw").unwrap() & C1,
                up,
                "rounding {rounding}, {exponent:#x}"
            );
        }
    }
}
