//! How long a machine of 1 GiB takes to save and load: one that is mostly
//! zero, and how large the file is.

use std::time::Instant;

use terrella_machine_state::{Machine, Memory, Permissions, Platform, Result};

fn main() -> Result<()> {
    let mut machine = Machine::new(Platform::X86_64);
    let mut memory = Memory::new(Platform::X86_64, 0x1_0000_0000, 1 << 30, Permissions::ALL)?;
    for number in 0..2048_u64 {
        memory.write(0x1_0000_0000 + number * 0x8_0000, &number.wrapping_mul(0x9e37_79b9).to_le_bytes())?;
    }
    machine.add("memory", memory)?;
    let start = Instant::now();
    let file = machine.to_bytes()?;
    println!("saved {} KiB in {:?}", file.len() >> 10, start.elapsed());
    let start = Instant::now();
    let loaded = Machine::from_bytes(&file)?;
    println!("loaded in {:?}, {} differences", start.elapsed(), machine.diff(&loaded).differences.len());
    Ok(())
}
