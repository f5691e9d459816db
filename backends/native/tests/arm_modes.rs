//! Arm: the byte order of data (Arm ARM ARMv7-A, A8.8.166, SETEND; B1.3.3), CPS
//! to other modes (B9.3.2), calls of hypervisors and monitors, coprocessors that
//! are not there, and of AArch64 returns from exceptions, stack pointers,
//! translations of addresses and caches (Arm ARM, DDI 0487, C5.2, C5.5,
//! C6.2.90). Unicorn witnesses SETEND, CPS and ERET (`lockstep`).

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Fault, Permissions, Platform, Result};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1000;
const DATA: u64 = 0x8000;

fn machine(platform: Platform, code: &[u32]) -> Result<NativeEmulator> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
    for (place, word) in (CODE..).step_by(4).zip(code) {
        emulator.write_code(place, &word.to_le_bytes())?;
    }
    emulator.set_program_counter(CODE)?;
    Ok(emulator)
}

fn steps(emulator: &mut NativeEmulator, count: usize) -> Result<()> {
    (0..count).try_for_each(|_| emulator.step().map(drop))
}

/// What a step of one instruction ends with: the number of an interrupt, or
/// `None` for no instruction.
fn ends(platform: Platform, code: u32) -> Result<Option<u64>> {
    match machine(platform, &[code])?.step() {
        Err(Error::Fault(Fault::InvalidInstruction { .. })) => Ok(None),
        Err(Error::Fault(Fault::UnhandledInterrupt { number, .. })) => Ok(Some(number)),
        Err(error) => Err(error),
        Ok(step) => panic!("{platform}: {code:x}: {step:?}"),
    }
}

#[test]
fn data_have_the_byte_order_of_the_status_word() -> Result<()> {
    // setend be; ldr r0,[r6]; ldrh r1,[r6]; str r0,[r6,#4]; ldrd r2,r3,[r6];
    // setend le; ldr r4,[r6]; mrs r5,cpsr
    let code = [
        0xf101_0200,
        0xe596_0000,
        0xe1d6_10b0,
        0xe586_0004,
        0xe1c6_20d0,
        0xf101_0000,
        0xe596_4000,
        0xe10f_5000,
    ];
    let mut emulator = machine(Platform::ARMV7A, &code)?;
    emulator.write_memory(DATA, &[1, 2, 3, 4])?;
    emulator.write_register("r6", DATA)?;
    let start = emulator.snapshot()?;
    for _ in 0..2 {
        steps(&mut emulator, 1)?;
        assert_eq!(emulator.read_register("cpsr")? >> 9 & 1, 1);
        steps(&mut emulator, 7)?;
        let registers = ["r0", "r1", "r2", "r3", "r4", "r5"].map(|name| emulator.read_register(name));
        let registers = registers.into_iter().collect::<Result<Vec<_>>>()?;
        assert_eq!(registers[..5], [0x0102_0304, 0x0102, 0x0102_0304, 0x0102_0304, 0x0403_0201]);
        assert_eq!(registers[5] >> 9 & 1, 0);
        let mut stored = [0; 4];
        emulator.read_memory(DATA + 4, &mut stored)?;
        assert_eq!(stored, [1, 2, 3, 4]);
        emulator.restore(&start)?;
    }
    // The harness sets it, and a snapshot brings it back.
    emulator.write_register("cpsr", 0x3d3_u64)?;
    emulator.set_program_counter(CODE + 4)?;
    steps(&mut emulator, 1)?;
    assert_eq!(emulator.read_register("r0")?, 0x0102_0304);
    emulator.restore(&start)?;
    emulator.set_program_counter(CODE + 4)?;
    steps(&mut emulator, 1)?;
    assert_eq!(emulator.read_register("r0")?, 0x0403_0201);
    // msr cpsr_x, r7
    let mut emulator = machine(Platform::ARMV7A, &[0xe122_f007, 0xe596_0000])?;
    emulator.write_memory(DATA, &[1, 2, 3, 4])?;
    emulator.write_register("r6", DATA)?;
    emulator.write_register("r7", 0x200_u64)?;
    steps(&mut emulator, 2)?;
    assert_eq!(emulator.read_register("r0")?, 0x0102_0304);
    Ok(())
}

#[test]
fn data_of_big_endian_processors_can_be_little_endian() -> Result<()> {
    // setend le; ldr r0,[r6]; setend be; ldr r1,[r6]
    let code = [0xf101_0000, 0xe596_0000, 0xf101_0200, 0xe596_1000];
    let mut emulator = machine(Platform::ARMV7A_BE, &code)?;
    emulator.write_memory(CODE + 0x800, &[1, 2, 3, 4])?;
    emulator.write_register("r6", CODE + 0x800)?;
    assert_eq!(emulator.read_register("cpsr")? >> 9 & 1, 1);
    steps(&mut emulator, 4)?;
    assert_eq!((emulator.read_register("r0")?, emulator.read_register("r1")?), (0x0403_0201, 0x0102_0304));
    Ok(())
}

#[test]
fn other_modes_have_registers_of_their_own() -> Result<()> {
    // cps #0x1f; cps #0x12; cpsid i,#0x13; cps #0x10; cps #0x13
    let code = [0xf102_001f, 0xf102_0012, 0xf10e_0093, 0xf102_0010, 0xf102_0013];
    let mut emulator = machine(Platform::ARMV7A, &code)?;
    emulator.write_register("sp", 0x13_u64)?;
    let mut seen = Vec::new();
    for mode in [0x1f_u64, 0x12, 0x13, 0x10, 0x10] {
        steps(&mut emulator, 1)?;
        // From user mode there is no way back.
        assert_eq!(emulator.read_register("cpsr")? & 0x1f, mode);
        seen.push(emulator.read_register("sp")?);
        if emulator.read_register("sp")? == 0 {
            emulator.write_register("sp", mode)?;
        }
    }
    assert_eq!(seen, [0, 0, 0x13, 0x1f, 0x1f]);
    Ok(())
}

#[test]
fn calls_of_hypervisors_and_monitors_are_traps() -> Result<()> {
    // hvc #1; smc #1
    for (code, number) in [(0xe140_0171, 5), (0xe160_0071, 8)] {
        assert_eq!(ends(Platform::ARMV7A, code)?, Some(number));
        for other in [Platform::ARMV5T, Platform::ARMV7R] {
            assert_eq!(ends(other, code)?, None, "{other}");
        }
    }
    for (code, number) in [(0xd400_0022, 0x16), (0xd400_0023, 0x17)] {
        assert_eq!(ends(Platform::AARCH64, code)?, Some(number));
    }
    Ok(())
}

#[test]
fn coprocessors_that_are_not_there_are_undefined() -> Result<()> {
    // cdp p7; mcr p7; ldc p7; mcrr p7; cdp p15; ldc p15; cdp2 p15
    for code in [0xee00_0700, 0xee00_0710, 0xed90_0700, 0xec40_0700, 0xee00_0f00, 0xed90_0f00, 0xfe00_0f00] {
        for platform in [Platform::ARMV5T, Platform::ARMV7A, Platform::ARMV7R] {
            assert_eq!(ends(platform, code)?, None, "{platform}: {code:x}");
        }
    }
    // mrrc p15,1,r0,r1,c14: the time
    let mut emulator = machine(Platform::ARMV7A, &[0xe1a0_0000, 0xec51_0f1e])?;
    emulator.set_time(0x1_2345_6789);
    steps(&mut emulator, 2)?;
    assert_eq!((emulator.read_register("r0")?, emulator.read_register("r1")?), (0x2345_678a, 1));
    // Of Cortex-M: cdp p7; smc; setend be; cps.w #0x13.
    for code in [[0xee00, 0x0700], [0xf7f1, 0x8000], [0xb658, 0xbf00], [0xf3af, 0x8113]] {
        let mut emulator = machine(Platform::ARMV7M, &[code[1] << 16 | code[0]])?;
        emulator.set_program_counter(CODE | 1)?;
        let result = emulator.step();
        assert!(
            matches!(result, Err(Error::Fault(Fault::InvalidInstruction { .. }))),
            "{code:x?} {result:?}"
        );
    }
    Ok(())
}

#[test]
fn exceptions_of_aarch64_end() -> Result<()> {
    // eret
    let mut emulator = machine(Platform::AARCH64, &[0xd69f_03e0])?;
    assert_eq!(emulator.read_register("pstate")?, 0x3c5);
    for (name, value) in [("sp", 0x51), ("sp_el0", 0x50), ("elr_el1", CODE + 0x10), ("spsr_el1", 0xa000_0080)]
    {
        emulator.write_register(name, value)?;
    }
    steps(&mut emulator, 1)?;
    assert_eq!(emulator.program_counter(), CODE + 0x10);
    let after = ["pstate", "sp", "sp_el1"].map(|name| emulator.read_register(name));
    assert_eq!(after.into_iter().collect::<Result<Vec<_>>>()?, [0xa000_0080, 0x50, 0x51]);
    // Level 0 has nothing to return from.
    emulator.set_program_counter(CODE)?;
    let result = emulator.step();
    assert!(matches!(result, Err(Error::Fault(Fault::InvalidInstruction { .. }))), "{result:?}");
    // To a higher level, and to AArch32, are errors that name them.
    for status in [0x9_u64, 0x10, 0x2, 0x1] {
        let mut emulator = machine(Platform::AARCH64, &[0xd69f_03e0])?;
        emulator.write_register("spsr_el1", status)?;
        assert!(matches!(emulator.step(), Err(Error::Backend { .. })), "{status}");
    }
    Ok(())
}

#[test]
fn a_level_has_two_stack_pointers() -> Result<()> {
    // msr spsel,#0; mov x1,sp; msr spsel,x2; mov x3,sp
    let mut emulator = machine(Platform::AARCH64, &[0xd500_40bf, 0x9100_03e1, 0xd518_4202, 0x9100_03e3])?;
    for (name, value) in [("sp", 0x51_u64), ("sp_el0", 0x50), ("x2", 1)] {
        emulator.write_register(name, value)?;
    }
    steps(&mut emulator, 4)?;
    assert_eq!((emulator.read_register("x1")?, emulator.read_register("x3")?), (0x50, 0x51));
    Ok(())
}

#[test]
fn addresses_translate_to_themselves() -> Result<()> {
    // at s1e1r,x0; at s1e1w,x0
    for (code, address, expected) in [
        (0xd508_7800, DATA + 0x123, DATA),
        (0xd508_7820, DATA + 0x123, DATA),
        (0xd508_7800, 0x10_0000, 1),
        (0xd508_7820, 0x20_0000, 1),
    ] {
        let mut emulator = machine(Platform::AARCH64, &[code])?;
        emulator.map_memory(0x20_0000..0x20_1000, Permissions::READ)?;
        emulator.write_register("x0", address)?;
        steps(&mut emulator, 1)?;
        assert_eq!(emulator.read_register("par_el1")? & 0xffff_ffff_f001, expected, "{code:x} {address:x}");
    }
    Ok(())
}

#[test]
fn caches_and_translations_are_nothing() -> Result<()> {
    // dc isw,x0; dc cisw,x0; dc ivac,x0; dc cvac,x0; tlbi vmalle1; tlbi vae1,x0
    let code = [0xd508_7640, 0xd508_7e40, 0xd508_7620, 0xd50b_7a20, 0xd508_871f, 0xd508_8720];
    let mut emulator = machine(Platform::AARCH64, &code)?;
    steps(&mut emulator, code.len())?;
    assert_eq!(emulator.program_counter(), CODE + 4 * code.len() as u64);
    // dcps1: not outside of debug state.
    assert_eq!(ends(Platform::AARCH64, 0xd4a0_0001)?, None);
    Ok(())
}
