//! The native engine beside the Unicorn backend on the flat programs, in
//! turns in one run; and what a restore of its snapshots costs.

use std::{
    hint::black_box,
    io::{self, Write},
    time::Instant,
};

use terrella::{
    api::{Emulator, EmulatorExt, Limits, Permissions, Platform, Stop},
    native::NativeEmulator,
    unicorn::UnicornEmulator,
};
use terrella_benches::{
    LOAD, LOAD_SIZE, Program, STACK, STACK_POINTER, STACK_SIZE, beside, host_seconds, programs,
};

fn prepare(emulator: &mut dyn Emulator, program: &Program) {
    emulator.map_memory(LOAD..LOAD + LOAD_SIZE, Permissions::ALL).expect("code");
    emulator.map_memory(STACK..STACK + STACK_SIZE, Permissions::READ_WRITE).expect("a stack");
    emulator.write_code(LOAD, &program.code).expect("the program");
    emulator.add_exit_point(program.stop);
}

/// Runs a program; how many instructions executed, if `count`.
fn run(emulator: &mut dyn Emulator, program: &Program, count: bool) -> u64 {
    emulator.write_memory(LOAD + program.code.len() as u64, &vec![0; 0x2_0000]).expect("bss");
    emulator.write_register(&program.argument, program.run.0).expect("an argument");
    let stack = emulator.definition().stack_pointer;
    emulator.write_register(stack, STACK_POINTER).expect("a stack pointer");
    emulator.set_program_counter(LOAD).expect("a program counter");
    let limits = if count { Limits::counted() } else { Limits::NONE };
    assert_eq!(emulator.run_with(&limits).expect("a run"), Stop::ExitPoint(program.stop));
    assert_eq!(emulator.read_register(&program.result).expect("a result"), program.run.1, "{}", program.name);
    emulator.instructions_executed().unwrap_or(0)
}

fn speeds() {
    println!("million instructions a second, in turns in one run");
    println!(
        "{:10} {:10} {:>8} {:>8} {:>8} {:>15}",
        "platform", "program", "native", "unicorn", "host", "native/unicorn"
    );
    for platform in [Platform::X86_64, Platform::AARCH64, Platform::RISCV64] {
        for program in programs(platform.name()) {
            let mut native = NativeEmulator::new(platform).expect("an emulator");
            let mut unicorn = UnicornEmulator::new(platform).expect("an emulator");
            prepare(&mut native, &program);
            prepare(&mut unicorn, &program);
            let count = run(&mut native, &program, true) as f64;
            let (ours, theirs) = beside(
                5,
                || {
                    run(&mut native, &program, false);
                },
                || {
                    run(&mut unicorn, &program, false);
                },
            );
            let host = match platform {
                Platform::X86_64 => host_seconds(&program, 5).expect("a program of the host"),
                _ => None,
            };
            let host = host.map_or_else(|| "-".to_owned(), |seconds| format!("{:.0}", count / seconds / 1e6));
            println!(
                "{:10} {:10} {:8.0} {:8.0} {host:>8} {:15.3}",
                platform.name(),
                program.name,
                count / ours / 1e6,
                count / theirs / 1e6,
                theirs / ours
            );
            io::stdout().flush().expect("stdout");
        }
    }
}

/// How many bytes are mapped for the restores.
const MAPPED: u64 = 128 << 20;

fn restores() {
    println!("\nrestore of a snapshot with {} MiB mapped and written, µs (mean of 20,000)", MAPPED >> 20);
    let mut emulator = NativeEmulator::new(Platform::X86_64).expect("an emulator");
    let base = 0x1000_0000;
    emulator.map_memory(base..base + MAPPED, Permissions::ALL).expect("memory");
    for page in 0..MAPPED / 4096 {
        emulator.write_memory(base + 4096 * page, &[1; 64]).expect("a write");
    }
    let snapshot = emulator.snapshot().expect("a snapshot");
    for dirty in [0, 1, 10, 100] {
        let mut total = 0.0;
        for _ in 0..20_000 {
            for page in 0..dirty {
                emulator.write_memory(base + 4096 * page, &[2]).expect("a write");
            }
            let start = Instant::now();
            emulator.restore(black_box(&snapshot)).expect("a restore");
            total += start.elapsed().as_secs_f64();
        }
        println!("{dirty:4} pages changed {:8.3}", total / 20_000.0 * 1e6);
    }
}

fn main() {
    speeds();
    restores();
}
