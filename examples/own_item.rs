//! An item of one's own in a machine: applied, extracted, saved and compared
//! like the built-in ones.
//!
//! `cargo run --features unicorn --example own_item`

use std::any::Any;

use serde::{Deserialize, Serialize};
use terrella::{
    machine::{Difference, Executable, Phase},
    prelude::*,
};

/// Counts how often an address is executed, over any number of runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct HitCounter {
    address: u64,
    hits: u64,
}

/// The name carries a version, so that files outlive a renamed type.
#[typetag::serde(name = "example.hit_counter.v1")]
impl MachineItem for HitCounter {
    fn clone_item(&self) -> Box<dyn MachineItem> {
        Box::new(self.clone())
    }

    fn phase(&self) -> Phase {
        Phase::Hooks
    }

    /// Puts the count into the emulator, where snapshots see it, and the hook.
    fn apply(&self, name: &str, emulator: &mut dyn Emulator) -> terrella::machine::Result<()> {
        let key = name.to_owned();
        emulator.extensions_mut().insert(name, self.hits);
        emulator.hook_instruction(self.address, move |emulator, _| {
            if let Some(hits) = emulator.extensions_mut().get_mut::<u64>(&key) {
                *hits += 1;
            }
            Ok(Flow::Continue)
        })?;
        Ok(())
    }

    fn extract(&mut self, name: &str, emulator: &mut dyn Emulator) -> terrella::machine::Result<()> {
        self.hits = emulator.extensions().get(name).copied().unwrap_or(self.hits);
        Ok(())
    }

    fn diff(&self, name: &str, other: &dyn MachineItem, out: &mut Vec<Difference>) {
        let other: &dyn Any = other;
        if let Some(other) = other.downcast_ref::<Self>().filter(|other| other.hits != self.hits) {
            let (before, after) = (self.hits.to_string(), other.hits.to_string());
            out.push(Difference::Changed { item: name.to_owned(), what: "hits".to_owned(), before, after });
        }
    }

    fn summary(&self) -> String {
        format!("{:#x} was hit {} times", self.address, self.hits)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // RISC-V: 0x1000: addi a0, a0, -1; 0x1004: bnez a0, 0x1000
    let code = [0xfff5_0513_u32, 0xfe05_1ee3].map(u32::to_le_bytes).concat();
    let mut machine = Machine::new(Platform::RISCV64);
    machine.add("code", Executable::from_bytes("code", Platform::RISCV64, 0x1000, &code)?)?;
    machine.add("loop", HitCounter { address: 0x1004, hits: 0 })?;
    machine.cpu_mut().set("a0", 5_u64)?;
    machine.cpu_mut().set("pc", 0x1000_u64)?;
    machine.add_exit_point(0x1008);

    let after = machine.emulate(&mut *backends::make(Platform::RISCV64)?)?.machine;
    let again = Machine::from_bytes(&after.to_bytes()?)?;
    println!("{}", again.item("loop")?.summary());
    let difference = machine.diff(&again).to_string();
    difference.lines().filter(|line| line.starts_with("loop:")).for_each(|line| println!("{line}"));
    assert_eq!(again.get::<HitCounter>("loop")?.hits, 5);
    Ok(())
}
