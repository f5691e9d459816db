//! Stop half-way, save to a file, load it, go on: the end is the same.
//!
//! `cargo run --features unicorn --example save_and_resume`

use terrella::{machine::Executable, prelude::*};

/// `rax` = the n-th Fibonacci number, n in `rcx`, for x86-64.
const CODE: &[u8] = &[
    0x31, 0xc0, // 0:  xor eax, eax
    0xba, 0x01, 0x00, 0x00, 0x00, // 2:  mov edx, 1
    0x48, 0x0f, 0xc1, 0xd0, // 7:  xadd rax, rdx
    0x48, 0xff, 0xc9, // 11: dec rcx
    0x75, 0xf7, // 14: jnz 7
];
const ENTRY: u64 = 0x1000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let platform = Platform::X86_64;
    let mut machine = Machine::new(platform);
    machine.add("code", Executable::from_bytes("code", platform, ENTRY, CODE)?)?;
    machine.cpu_mut().set("rcx", 90_u64)?;
    machine.cpu_mut().set("rip", ENTRY)?;
    machine.add_exit_point(ENTRY + CODE.len() as u64);

    // In one go.
    let whole = machine.emulate(&mut *backends::make(platform)?)?;
    println!("in one go: {}, rax = {}", whole.stop, whole.machine.cpu().get_u64("rax")?);

    // The first hundred instructions.
    let half = machine.emulate_with(&mut *backends::make(platform)?, &Limits::instructions(100))?;
    println!("half-way:  {}, rax = {}", half.stop, half.machine.cpu().get_u64("rax")?);
    let file = std::env::temp_dir().join("save_and_resume.terrella");
    half.machine.save(&file)?;
    println!("saved:     {} bytes", std::fs::metadata(&file)?.len());

    // The rest, in a fresh emulator, as it would be in another process.
    let resumed = Machine::load(&file)?.emulate(&mut *backends::make(platform)?)?;
    println!("resumed:   {}, rax = {}", resumed.stop, resumed.machine.cpu().get_u64("rax")?);
    std::fs::remove_file(&file)?;

    // Not only the result is the same: all registers and all memory are.
    let difference = whole.machine.diff(&resumed.machine);
    assert!(difference.is_empty(), "{difference}");
    println!("no difference between the two ends");
    Ok(())
}
