//! A small fuzz loop: one snapshot, and back to it before each input.
//!
//! `cargo run --features unicorn --release --example snapshots` for real speed.

use std::time::{Duration, Instant};

use terrella::{
    machine::{Executable, Memory},
    prelude::*,
};

/// Reads a word through a pointer made of the input if the input begins with
/// `0x7e 0x5a`; x86-64, the input is at `rdi`.
const CODE: &[u8] = &[
    0x80, 0x3f, 0x7e, // 0:  cmp byte [rdi], 0x7e
    0x75, 0x0c, // 3:  jne 17
    0x80, 0x7f, 0x01, 0x5a, // 5:  cmp byte [rdi+1], 0x5a
    0x75, 0x06, // 9:  jne 17
    0x48, 0x8b, 0x47, 0x08, // 11: mov rax, [rdi+8]
    0x8b, 0x00, // 15: mov eax, [rax]
    0xc6, 0x07, 0x00, // 17: mov byte [rdi], 0
];
const ENTRY: u64 = 0x1000;
const INPUT: u64 = 0x2000;

/// A small generator of pseudo-random numbers, so that every run is the same.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let platform = Platform::X86_64;
    let mut machine = Machine::new(platform);
    machine.add("code", Executable::from_bytes("code", platform, ENTRY, CODE)?)?;
    machine.add("input", Memory::new(platform, INPUT, 64, Permissions::READ_WRITE)?)?;
    machine.cpu_mut().set("rdi", INPUT)?;
    machine.cpu_mut().set("rip", ENTRY)?;
    machine.add_exit_point(ENTRY + CODE.len() as u64);

    let mut emulator = backends::make(platform)?;
    machine.apply(&mut *emulator)?;
    let start = emulator.snapshot()?;

    let (mut executions, mut crash) = (0_u64, None);
    let mut state = 0x5eed_u64;
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(1) {
        // An input of 16 bytes, with the first byte right so that the demo is short.
        let mut input = [next(&mut state).to_le_bytes(), next(&mut state).to_le_bytes()].concat();
        input[0] = 0x7e;
        emulator.restore(&start)?;
        emulator.write_memory(INPUT, &input)?;
        match emulator.run_with(&Limits::time(Duration::from_secs(5))) {
            Ok(_) => {}
            Err(error) => crash = crash.or(error.as_fault().cloned().map(|fault| (executions, input, fault))),
        }
        executions += 1;
    }
    println!("{:.0} executions a second", executions as f64 / begin.elapsed().as_secs_f64());
    let (number, input, fault) = crash.ok_or("no crash found")?;
    println!("first crash: input {number}, {fault}");
    assert_eq!(input[..2], [0x7e, 0x5a]);
    Ok(())
}
