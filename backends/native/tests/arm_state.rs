//! What Arm's processors keep between instructions: the monitor of exclusive
//! accesses, the state of conditional blocks, the selected stack pointer.

use terrella_emulator_api::{Emulator, EmulatorExt, Permissions, Platform, Step};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1_0000;
const DATA: u64 = 0x2_0000;

fn emulator(platform: Platform, code: &[u8], thumb: u64) -> NativeEmulator {
    let mut emulator = NativeEmulator::new(platform).expect("the platform has a specification");
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL).expect("free memory");
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE).expect("free memory");
    emulator.write_code(CODE, code).expect("mapped memory");
    emulator.set_program_counter(CODE | thumb).expect("an address");
    emulator
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn halves(halves: &[u16]) -> Vec<u8> {
    halves.iter().flat_map(|half| half.to_le_bytes()).collect()
}

fn steps(emulator: &mut NativeEmulator, count: usize) {
    for _ in 0..count {
        assert!(matches!(emulator.step(), Ok(Step::Done)));
    }
}

fn read(emulator: &NativeEmulator, name: &str) -> u64 {
    emulator.read_register(name).expect("a register of the platform")
}

fn write(emulator: &mut NativeEmulator, name: &str, value: u64) {
    emulator.write_register(name, value).expect("a register of the platform");
}

/// Arm ARM, DDI 0487, B2.9.1: the local monitor.
#[test]
fn an_exclusive_store_needs_a_load_before() {
    // stxr w1, w2, [x0]; ldxr w3, [x0]; stxr w1, w2, [x0]; stxr w4, w2, [x0];
    // ldxr w3, [x0]; clrex; stxr w5, w2, [x0]
    let code = [0x8801_7c02, 0x885f_7c03, 0x8801_7c02, 0x8804_7c02, 0x885f_7c03, 0xd503_3f5f, 0x8805_7c02];
    let mut emulator = emulator(Platform::AARCH64, &words(&code), 0);
    write(&mut emulator, "x0", DATA);
    write(&mut emulator, "x2", 7);
    steps(&mut emulator, 1);
    assert_eq!(read(&emulator, "x1"), 1);
    steps(&mut emulator, 1);
    let marked = emulator.snapshot().expect("a snapshot");
    steps(&mut emulator, 2);
    assert_eq!((read(&emulator, "x1"), read(&emulator, "x4")), (0, 1));
    steps(&mut emulator, 3);
    assert_eq!(read(&emulator, "x5"), 1);
    // The monitor comes back with a snapshot.
    emulator.restore(&marked).expect("the snapshot");
    steps(&mut emulator, 1);
    assert_eq!(read(&emulator, "x1"), 0);
    assert_eq!(emulator.read_integer(DATA, 4).expect("mapped memory"), 7);
}

/// The same in AArch32, where the address must be the same.
#[test]
fn an_exclusive_store_elsewhere_fails() {
    // ldrex r3, [r0]; strex r1, r2, [r4]; ldrex r3, [r0]; strex r1, r2, [r0]
    let code = [0xe190_3f9f, 0xe184_1f92, 0xe190_3f9f, 0xe180_1f92];
    let mut emulator = emulator(Platform::ARMV7A, &words(&code), 0);
    write(&mut emulator, "r0", DATA);
    write(&mut emulator, "r4", DATA + 8);
    steps(&mut emulator, 2);
    assert_eq!(read(&emulator, "r1"), 1);
    steps(&mut emulator, 2);
    assert_eq!(read(&emulator, "r1"), 0);
}

/// Arm ARM ARMv7-A, A2.5.2: Advanced SIMD and floating point are conditional
/// in blocks, and what follows them is as well.
#[test]
fn blocks_are_conditional_with_vectors_in_them() {
    // itte eq; vadd.i32 d0, d1, d2; vadd.f32 s6, s7, s8; movne r0, #1
    let code = [0xbf06, 0xef21, 0x0802, 0xee33, 0x3a84, 0x2001];
    for zero in [0, 1] {
        let mut emulator = emulator(Platform::ARMV7A, &halves(&code), 1);
        write(&mut emulator, "z", zero);
        write(&mut emulator, "d1", 1 << 32 | 2);
        write(&mut emulator, "d2", 3 << 32 | 4);
        write(&mut emulator, "s7", 0x3f80_0000);
        write(&mut emulator, "s8", 0x3f80_0000);
        steps(&mut emulator, 4);
        let expected = if zero == 1 { (4 << 32 | 6, 0x4000_0000, 0) } else { (0, 0, 1) };
        let found = (read(&emulator, "d0"), read(&emulator, "s6"), read(&emulator, "r0"));
        assert_eq!(found, expected, "z = {zero}");
    }
}

/// ARMv7-M Arm ARM, B1.4.1: SP is MSP or PSP by CONTROL.SPSEL.
#[test]
fn a_stack_pointer_is_selected() {
    // msr psp, r0; msr control, r1; mov r2, sp; mrs r3, msp; mrs r4, control
    let code = [0xf380, 0x8809, 0xf381, 0x8814, 0x466a, 0xf3ef, 0x8308, 0xf3ef, 0x8414];
    let mut emulator = emulator(Platform::ARMV7M, &halves(&code), 1);
    write(&mut emulator, "sp", DATA + 0x100);
    write(&mut emulator, "r0", DATA + 0x200);
    write(&mut emulator, "r1", 2);
    assert_eq!(read(&emulator, "msp"), DATA + 0x100);
    steps(&mut emulator, 5);
    assert_eq!(read(&emulator, "r2"), DATA + 0x200);
    assert_eq!(read(&emulator, "r3"), DATA + 0x100);
    assert_eq!(read(&emulator, "r4"), 2);
    assert_eq!(read(&emulator, "psp"), DATA + 0x200);
    // In handlers it is the main one.
    write(&mut emulator, "xpsr", 0x0100_0003);
    assert_eq!(read(&emulator, "sp"), DATA + 0x100);
    write(&mut emulator, "msp", DATA + 0x300);
    assert_eq!(read(&emulator, "sp"), DATA + 0x300);
}
