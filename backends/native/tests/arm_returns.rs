//! Arithmetic into the program counter of Arm (Arm ARM ARMv7-A, B9.3.19 and B9.3.20):
//! with S it returns from an exception, without it is a branch. What is expected is
//! what Unicorn 2.1 (QEMU 5.0) does.

use terrella_emulator_api::{Emulator, EmulatorExt, Permissions, Platform, Step};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1_0000;

/// Supervisor mode with the status of a user program saved, in the ARM state.
fn emulator(platform: Platform, code: &[u8], thumb: u64, saved: u64) -> NativeEmulator {
    let mut emulator = NativeEmulator::new(platform).expect("the platform has a specification");
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL).expect("free memory");
    emulator.write_code(CODE, code).expect("mapped memory");
    emulator.write_register("cpsr", 0x2000_01d3 | thumb << 5).expect("a register");
    emulator.write_register("spsr", saved).expect("a register");
    emulator.write_register("lr", CODE + 0x104).expect("a register");
    emulator.write_register("r1", 4u64).expect("a register");
    emulator.set_program_counter(CODE | thumb).expect("an address");
    emulator
}

fn state(emulator: &NativeEmulator) -> (u64, u64) {
    (emulator.read_register("cpsr").expect("a register"), emulator.program_counter())
}

#[test]
fn subtractions_that_return() {
    // subs pc, lr, #4; subs pc, lr, r1; movs pc, lr; rsbs pc, r1, lr; adcs pc, lr, #3
    let rows: [(u32, u64); 5] = [
        (0xe25e_f004, 0x100),
        (0xe05e_f001, 0x100),
        (0xe1b0_f00e, 0x104),
        (0xe071_f00e, 0x100),
        (0xe2be_f003, 0x108),
    ];
    for platform in [Platform::ARMV5T, Platform::ARMV7A] {
        for (word, offset) in rows {
            let mut emulator = emulator(platform, &word.to_le_bytes(), 0, 0x8000_0010);
            assert!(matches!(emulator.step(), Ok(Step::Done)), "{platform} {word:x}");
            assert_eq!(state(&emulator), (0x8000_0010, CODE + offset), "{platform} {word:x}");
        }
    }
}

#[test]
fn the_saved_status_tells_the_instruction_set() {
    // subs pc, lr, #4, to Thumb and from there
    let mut from_arm = emulator(Platform::ARMV7A, &0xe25e_f004u32.to_le_bytes(), 0, 0x4000_0030);
    assert!(matches!(from_arm.step(), Ok(Step::Done)));
    assert_eq!(state(&from_arm), (0x4000_0030, CODE + 0x100));
    let mut from_thumb = emulator(Platform::ARMV7A, &[0xde, 0xf3, 0x04, 0x8f], 1, 0x4000_0010);
    assert!(matches!(from_thumb.step(), Ok(Step::Done)));
    assert_eq!(state(&from_thumb), (0x4000_0010, CODE + 0x100));
}

#[test]
fn a_subtraction_without_s_is_a_branch() {
    // sub pc, lr, #4
    for platform in [Platform::ARMV5T, Platform::ARMV7A] {
        let mut emulator = emulator(platform, &0xe24e_f004u32.to_le_bytes(), 0, 0x8000_0010);
        let before = state(&emulator).0;
        assert!(matches!(emulator.step(), Ok(Step::Done)));
        assert_eq!(state(&emulator), (before, CODE + 0x100), "{platform}");
    }
}
