//! Operations of systems that programs and firmware meet: coprocessor 0, shadow
//! registers, caches and breakpoints of MIPS and microMIPS (MIPS Architecture For
//! Programmers, volumes II-A, II-B and III), linked accesses of the SH-4A (SH-4A
//! Software Manual, section 10), and fences of RISC-V (privileged manual,
//! 4.2.1). Code of microMIPS is that of GNU as.

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Fault, Permissions, Platform, Result, Step};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1000;
const DATA: u64 = 0x8000;

fn machine(platform: Platform, code: &[u8], mode: u64, values: &[(&str, u64)]) -> Result<NativeEmulator> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
    emulator.write_code(CODE, code)?;
    emulator.set_program_counter(CODE | mode)?;
    for (name, value) in values {
        emulator.write_register(*name, *value)?;
    }
    Ok(emulator)
}

/// Words of MIPS, big endian.
fn mips(platform: Platform, words: &[u32], values: &[(&str, u64)]) -> Result<NativeEmulator> {
    let code: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    let mode = u64::from(platform == Platform::MICROMIPS);
    machine(platform, &code, mode, values)
}

fn steps(emulator: &mut NativeEmulator, count: usize) -> Result<()> {
    for _ in 0..count {
        assert_eq!(emulator.step()?, Step::Done);
    }
    Ok(())
}

/// `mtc0 $2,$reg,sel` and `mfc0 $3,$reg,sel`.
fn control(platform: Platform, register: u32, select: u32) -> [u32; 2] {
    if platform == Platform::MICROMIPS {
        let fields = register << 16 | select << 11;
        [0x0040_02fc | fields, 0x0060_00fc | fields]
    } else {
        let fields = register << 11 | select;
        [0x4082_0000 | fields, 0x4003_0000 | fields]
    }
}

const SETS: [Platform; 4] = [Platform::MIPS, Platform::MIPS64, Platform::MICROMIPS, Platform::MIPS64R6];

#[test]
fn coprocessor_0_is_written_and_read() -> Result<()> {
    for platform in SETS {
        for (register, select, name, written) in [
            (12, 0, "cp0_status", 0x1234_5678),
            (14, 0, "cp0_epc", 0x1234_5678),
            (11, 0, "cp0_compare", 0x1234_5678),
            (15, 1, "cp0_ebase", 0x1234_5678),
            (16, 0, "cp0_config", 0x1234_5678),
            // Of Cause only the bits that programs set; others not at all.
            (13, 0, "cp0_cause", 0x0000_0200),
            (15, 0, "cp0_prid", 0),
            (16, 1, "cp0_config1", 0),
            (8, 0, "cp0_badvaddr", 0),
        ] {
            let mut emulator = mips(platform, &control(platform, register, select), &[("r2", 0x1234_5678)])?;
            let before = emulator.read_register(name)?;
            steps(&mut emulator, 2)?;
            let expected = if written == 0 { before } else { written };
            assert_eq!(emulator.read_register(name)?, expected, "{platform} {name}");
            assert_eq!(emulator.read_register("r3")?, expected, "{platform} {name}");
        }
    }
    Ok(())
}

#[test]
fn interrupts_are_enabled_and_disabled() -> Result<()> {
    // ei $3; di $4
    for (platform, code) in
        [(Platform::MIPS, [0x4163_6020, 0x4164_6000]), (Platform::MICROMIPS, [0x0003_577c, 0x0004_477c])]
    {
        let mut emulator = mips(platform, &code, &[("cp0_status", 0x8000)])?;
        steps(&mut emulator, 1)?;
        assert_eq!((emulator.read_register("cp0_status")?, emulator.read_register("r3")?), (0x8001, 0x8000));
        steps(&mut emulator, 1)?;
        assert_eq!((emulator.read_register("cp0_status")?, emulator.read_register("r4")?), (0x8000, 0x8001));
    }
    Ok(())
}

#[test]
fn the_previous_set_of_registers_is_the_only_one() -> Result<()> {
    // rdpgpr $2,$5; wrpgpr $3,$5
    for (platform, code) in [
        (Platform::MIPS, [0x4145_1000, 0x41c5_1800]),
        (Platform::MIPS64R6, [0x4145_1000, 0x41c5_1800]),
        (Platform::MICROMIPS, [0x0045_e17c, 0x0065_f17c]),
    ] {
        let mut emulator = mips(platform, &code, &[("r5", 0x55)])?;
        steps(&mut emulator, 2)?;
        assert_eq!(
            (emulator.read_register("r2")?, emulator.read_register("r3")?),
            (0x55, 0x55),
            "{platform}"
        );
    }
    Ok(())
}

#[test]
fn caches_are_nothing_and_breakpoints_of_debuggers_are_traps() -> Result<()> {
    // cache 1,16($4)
    for (platform, code) in
        [(Platform::MIPS, 0xbc81_0010), (Platform::MIPS64R6, 0x7c81_0825), (Platform::MICROMIPS, 0x2024_6010)]
    {
        steps(&mut mips(platform, &[code], &[("r4", DATA)])?, 1)?;
    }
    // sdbbp 1; of microMIPS in two bytes, too.
    for (platform, code) in [
        (Platform::MIPS, 0x7000_007f),
        (Platform::MIPS64R6, 0x0000_004e),
        (Platform::MICROMIPS, 0x0001_db7c),
        (Platform::MICROMIPS, 0x46c1_0c00),
    ] {
        let result = mips(platform, &[code], &[])?.step();
        let is_trap = matches!(result, Err(Error::Fault(Fault::UnhandledInterrupt { number: 32, .. })));
        assert!(is_trap, "{platform} {code:x}: {result:?}");
    }
    Ok(())
}

#[test]
fn what_is_not_there_is_reserved() -> Result<()> {
    // SPECIAL2 0x1e; mthc0; cfc2; ctc2. Virtual processors of release 6 are none.
    for (platform, code) in [
        (Platform::MIPS, 0x7000_001e),
        (Platform::MIPS, 0x40c2_6000),
        (Platform::MIPS64R6, 0x40c2_6000),
        (Platform::MIPS, 0x4842_0000),
        (Platform::MIPS, 0x48c2_0000),
        (Platform::MICROMIPS, 0x0002_cd3c),
    ] {
        let result = mips(platform, &[code], &[])?.step();
        let is_reserved = matches!(result, Err(Error::Fault(Fault::InvalidInstruction { .. })));
        assert!(is_reserved, "{platform} {code:x}: {result:?}");
    }
    // dvp $2; evp $3
    steps(&mut mips(Platform::MIPS64R6, &[0x4162_0024, 0x4163_0004], &[])?, 2)
}

#[test]
fn linked_accesses_of_superh() -> Result<()> {
    // movli.l @r1,r0; add #1,r0; movco.l r0,@r1; movco.l r0,@r1
    let code = [0x63, 0x01, 0x01, 0x70, 0x73, 0x01, 0x73, 0x01];
    let mut emulator = machine(Platform::SH4, &code, 0, &[("r1", DATA)])?;
    emulator.write_integer(DATA, 41, 4)?;
    steps(&mut emulator, 3)?;
    assert_eq!(emulator.read_integer(DATA, 4)?, 42);
    assert_eq!(emulator.read_register("sr")? & 1, 1);
    emulator.write_integer(DATA, 7, 4)?;
    steps(&mut emulator, 1)?;
    assert_eq!((emulator.read_integer(DATA, 4)?, emulator.read_register("sr")? & 1), (7, 0));
    // ldc r2,sgr; ldc.l @r1+,sgr
    let code = [0x3a, 0x42, 0x36, 0x41];
    let mut emulator = machine(Platform::SH4, &code, 0, &[("r1", DATA), ("r2", 0x22)])?;
    emulator.write_integer(DATA, 0x33, 4)?;
    for (sgr, r1) in [(0x22, DATA), (0x33, DATA + 4)] {
        steps(&mut emulator, 1)?;
        assert_eq!((emulator.read_register("sgr")?, emulator.read_register("r1")?), (sgr, r1));
    }
    Ok(())
}

#[test]
fn fences_of_translations_are_nothing() -> Result<()> {
    for platform in [Platform::RISCV32, Platform::RISCV64] {
        // sfence.vma a0,a1; sfence.vma
        let code = [0x73, 0x00, 0xb5, 0x12, 0x73, 0x00, 0x00, 0x12];
        steps(&mut machine(platform, &code, 0, &[])?, 2)?;
    }
    Ok(())
}
