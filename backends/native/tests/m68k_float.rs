//! The coprocessor of the 68000 family where lock step has no witness: packed
//! decimals (the digits are those of arithmetic), exceptions that are enabled
//! (M68000 Family Programmer's Reference Manual, 1.2.2, 1.6.3 and table B-1),
//! and lists of registers.

use terrella_emulator_api::{Emulator, EmulatorExt, Limits, Permissions, Platform, RegisterValue, Stop};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1000;
const DATA: u64 = 0x4000;

fn value(exponent: u16, significand: u64) -> RegisterValue {
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&significand.to_le_bytes());
    bytes[8..].copy_from_slice(&exponent.to_le_bytes());
    RegisterValue::from_le_bytes(&bytes)
}

/// About to execute words, with `a0` at the data.
fn about(words: &[u16]) -> NativeEmulator {
    let mut emulator = NativeEmulator::new(Platform::M68K).unwrap();
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL).unwrap();
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE).unwrap();
    for (place, word) in (CODE..).step_by(2).zip(words) {
        emulator.write_code(place, &word.to_be_bytes()).unwrap();
    }
    emulator.write_register("a0", DATA).unwrap();
    emulator.set_program_counter(CODE).unwrap();
    emulator
}

fn step(emulator: &mut NativeEmulator) -> Stop {
    emulator.run_with(&Limits::instructions(1)).unwrap()
}

fn data(emulator: &mut NativeEmulator) -> [u8; 12] {
    let mut bytes = [0; 12];
    emulator.read_memory(DATA, &mut bytes).unwrap();
    bytes
}

#[test]
fn decimals_are_packed() {
    // Sign and exponent in four digits, three of nothing, the first digit, the
    // others: pi, 1/3 negative, 10^20, with a factor k of 5, -3 and 17.
    for (factor, exponent, significand, packed) in [
        // 3.1416
        (5, 0x4000, 0xc90f_daa2_2168_c235, "000000031416000000000000"),
        // -3.33 * 10^-1
        (-3_i8, 0xbffd, 0xaaaa_aaaa_aaaa_aaab, "c00100033300000000000000"),
        // 1 * 10^20
        (17, 0x4041, 0xad78_ebc5_ac62_0000, "002000010000000000000000"),
    ] {
        // fmove.p fp0,(a0){#k}
        let mut emulator = about(&[0xf210, 0x6c00 | u16::from(factor as u8 & 0x7f)]);
        emulator.write_register("fp0", value(exponent, significand)).unwrap();
        step(&mut emulator);
        let found: String = data(&mut emulator).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, packed, "k = {factor}");
    }
}

#[test]
fn decimals_are_unpacked() {
    // fmove.p (a0),fp0: -1.25 * 10^3, and 1.25 * 10^-1
    for (packed, exponent, significand) in [
        (0x8003_0001_2500_0000_0000_0000_u128, 0xc009, 0x9c40_0000_0000_0000_u64),
        (0x4001_0001_2500_0000_0000_0000, 0x3ffc, 0x8000_0000_0000_0000),
    ] {
        let mut emulator = about(&[0xf210, 0x4c00]);
        emulator.write_memory(DATA, &packed.to_be_bytes()[4..]).unwrap();
        step(&mut emulator);
        assert_eq!(emulator.read_wide_register("fp0").unwrap(), value(exponent, significand), "{packed:x}");
    }
}

#[test]
fn enabled_exceptions_are_interrupts() {
    // fdiv fp1,fp0: 1 / 0, without its exception, and with it.
    for (control, stops) in [(0_u64, false), (0x0400, true)] {
        let mut emulator = about(&[0xf200, 0x0420]);
        let one = value(0x3fff, 1 << 63);
        emulator.write_register("fp0", one).unwrap();
        emulator.write_register("fpcr", control).unwrap();
        let stopped = emulator.run_with(&Limits::instructions(1));
        // DZ, and the accrued byte of it; infinite unless it stopped.
        let status = emulator.read_register("fpsr").unwrap();
        assert_eq!(status & 0xfff8, 0x0410, "{control:#x}");
        let result = emulator.read_wide_register("fp0").unwrap();
        if stops {
            let text = format!("{:?}", stopped.unwrap_err());
            assert!(text.contains("Interrupt { number: 50,"), "{text}");
            assert_eq!(result, one);
        } else {
            assert!(matches!(stopped.unwrap(), Stop::InstructionLimit(_)));
            assert_eq!(result, value(0x7fff, 0));
        }
    }
}

#[test]
fn lists_of_registers_lie_upwards() {
    // fmovem.x fp1/fp6,-(a0); fmovem.x (a0)+,fp0/fp7
    let mut emulator = about(&[0xf220, 0xe042, 0xf218, 0xd081]);
    emulator.write_register("a0", DATA + 24).unwrap();
    let (first, second) = (value(0x3fff, 1 << 63), value(0xc000, 3 << 62));
    emulator.write_register("fp1", first).unwrap();
    emulator.write_register("fp6", second).unwrap();
    step(&mut emulator);
    assert_eq!(emulator.read_register("a0").unwrap(), DATA);
    assert_eq!(data(&mut emulator), [0x3f, 0xff, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    step(&mut emulator);
    assert_eq!(emulator.read_register("a0").unwrap(), DATA + 24);
    assert_eq!(emulator.read_wide_register("fp0").unwrap(), first);
    assert_eq!(emulator.read_wide_register("fp7").unwrap(), second);
}
