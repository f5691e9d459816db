//! Time, random numbers and CPUID: the same in each run, and what the harness
//! sets.

use terrella_emulator_api::{Emulator, EmulatorExt, Limits, Permissions, Platform, Result};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1000;

fn with_code(platform: Platform, code: &[u8]) -> Result<NativeEmulator> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.write_code(CODE, code)?;
    emulator.set_program_counter(CODE)?;
    emulator.add_exit_point(CODE + code.len() as u64);
    Ok(emulator)
}

/// Code that reads a clock twice, the register that tells it first and then,
/// and how many instructions are before each.
struct Clock {
    platform: Platform,
    code: &'static [u8],
    registers: [&'static str; 2],
    before: [u64; 2],
}

const CLOCKS: [Clock; 3] = [
    // nop; rdtsc; mov ebx, eax; jmp +0; nop; rdtsc
    Clock {
        platform: Platform::X86_64,
        code: &[0x90, 0x0f, 0x31, 0x89, 0xc3, 0xeb, 0x00, 0x90, 0x0f, 0x31],
        registers: ["rbx", "rax"],
        before: [1, 5],
    },
    // nop; rdcycle a0; nop; rdtime a1
    Clock {
        platform: Platform::RISCV64,
        code: &[0x13, 0, 0, 0, 0x73, 0x25, 0x00, 0xc0, 0x13, 0, 0, 0, 0xf3, 0x25, 0x10, 0xc0],
        registers: ["a0", "a1"],
        before: [1, 3],
    },
    // rdinstret a0; rdinstret a1
    Clock {
        platform: Platform::RISCV32,
        code: &[0x73, 0x25, 0x20, 0xc0, 0xf3, 0x25, 0x20, 0xc0],
        registers: ["a0", "a1"],
        before: [0, 1],
    },
];

#[test]
fn the_time_is_the_number_of_instructions_however_they_are_run() -> Result<()> {
    for clock in &CLOCKS {
        for limit in [1, 2, 3, u64::MAX] {
            let mut emulator = with_code(clock.platform, clock.code)?;
            while emulator.program_counter() != CODE + clock.code.len() as u64 {
                emulator.run_with(&Limits::instructions(limit))?;
            }
            let times = clock.registers.map(|name| emulator.read_register(name));
            assert_eq!(times.map(|it| it.ok()), clock.before.map(Some), "{}, {limit}", clock.platform);
        }
    }
    Ok(())
}

#[test]
fn the_time_is_what_the_harness_sets() -> Result<()> {
    for clock in &CLOCKS {
        let mut emulator = with_code(clock.platform, clock.code)?;
        emulator.set_time_per_instruction(10);
        emulator.set_time(5000);
        let start = emulator.snapshot()?;
        for _ in 0..2 {
            emulator.run()?;
            for (name, before) in clock.registers.iter().zip(clock.before) {
                assert_eq!(emulator.read_register(*name)?, 5000 + 10 * before, "{}", clock.platform);
            }
            emulator.restore(&start)?;
            assert_eq!(emulator.time(), 5000);
        }
    }
    Ok(())
}

#[test]
fn random_numbers_follow_from_the_seed() -> Result<()> {
    // rdrand rax; rdseed rbx
    let code = [0x48, 0x0f, 0xc7, 0xf0, 0x48, 0x0f, 0xc7, 0xfb];
    let numbers = |seed: u64| -> Result<[u64; 2]> {
        let mut emulator = with_code(Platform::X86_64, &code)?;
        emulator.set_random_seed(seed);
        let start = emulator.snapshot()?;
        let mut all = Vec::new();
        for _ in 0..2 {
            emulator.restore(&start)?;
            emulator.run()?;
            assert_eq!(emulator.read_register("cf")?, 1);
            all.push([emulator.read_register("rax")?, emulator.read_register("rbx")?]);
        }
        assert_eq!(all[0], all[1]);
        Ok(all[0])
    };
    // As `splitmix64.c` of S. Vigna gives them for this seed.
    assert_eq!(numbers(1_234_567)?, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    assert_ne!(numbers(0)?, numbers(1)?);
    Ok(())
}

#[test]
fn cpuid_answers_what_the_harness_gives_and_else_what_is_there() -> Result<()> {
    let mut emulator = with_code(Platform::I386, &[0x0f, 0xa2])?;
    emulator.set_cpuid(0x0d, 1, [1, 2, 3, 4]);
    for (leaf, subleaf, expected) in
        [(0x0d_u64, 1_u64, 4_u64), (0, 0, u64::from(u32::from_le_bytes(*b"ineI")))]
    {
        emulator.write_register("eax", leaf)?;
        emulator.write_register("ecx", subleaf)?;
        emulator.set_program_counter(CODE)?;
        emulator.run()?;
        assert_eq!(emulator.read_register("edx")?, expected);
    }
    Ok(())
}
