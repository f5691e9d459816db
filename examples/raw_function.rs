//! A function given as bytes: no file, no symbols, no operating system.
//!
//! `cargo run --features unicorn --example raw_function`

use terrella::{
    machine::{Executable, Return, Stack},
    prelude::*,
};

/// `long f(long n)`: the sum of the squares from 1 to n, for x86-64.
const CODE: &[u8] = &[
    0x31, 0xc0, // 0:  xor eax, eax
    0x48, 0x89, 0xfa, // 2:  mov rdx, rdi
    0x48, 0x0f, 0xaf, 0xd7, // 5:  imul rdx, rdi
    0x48, 0x01, 0xd0, // 9:  add rax, rdx
    0x48, 0xff, 0xcf, // 12: dec rdi
    0x75, 0xf1, // 15: jnz 2
    0xc3, // 17: ret
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The machine: what the run starts from. It knows of no backend.
    let platform = Platform::X86_64;
    let mut machine = Machine::new(platform);
    machine.add("code", Executable::from_bytes("code", platform, 0x40_0000, CODE)?)?;
    machine.add("stack", Stack::new(platform, 0x7000_0000, 0x1_0000)?)?;

    // The emulator: the first backend that runs the platform.
    let mut emulator = backends::make(platform)?;
    println!("{} {}", emulator.backend().name, emulator.backend().version);

    // The call: arguments and return address are placed by the platform's
    // calling convention.
    let sum = machine.call(&mut *emulator, 0x40_0000, &[10_i64.into()], Return::I64)?.value;
    println!("1² + 2² + … + 10² = {sum}");
    assert_eq!(sum.as_i64(), 385);

    // What the processor knows after the call can be looked at.
    println!("rdx = {}, rip = {:#x}", emulator.read_register("rdx")?, emulator.program_counter());
    Ok(())
}
