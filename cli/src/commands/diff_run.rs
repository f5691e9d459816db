//! `terrella diff-run`: one machine on two backends, in lock step.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Map, Value, json};
use terrella::{machine::Machine, platforms::Platform};

use crate::{
    explain,
    failure::{Failure, Result},
    inputs,
    lockstep::{Divergence, LockStep, Outcome, Stores},
    machine_options::MachineOptions,
    notation,
    output::{self, Answer, Paint},
};

const HELP: &str = "\
Both backends execute one instruction at a time. After each, the registers that both have, the
stores, and the reason to stop are compared; the first difference ends the run.

Examples:
  terrella diff-run program.elf --exit main
  terrella diff-run code.bin --platform aarch64 --base 0x1000 --reg x0=7 --exit 0x1040
  terrella diff-run half.terrella --left native --right unicorn --max-instructions 100000
  terrella diff-run program.elf --exit main --ignore af,pf

Exit status: 0 if the two agree to the end, 1 if they differ, 2 for wrong usage.";

/// Runs the same machine on two backends, and stops where they differ.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct DiffRun {
    #[command(flatten)]
    source: MachineOptions,
    /// The platform: for files that do not tell it, or to choose a variant
    #[arg(long, value_name = "NAME")]
    platform: Option<Platform>,
    /// One backend
    #[arg(long, value_name = "NAME", default_value = "native")]
    left: String,
    /// The other backend
    #[arg(long, value_name = "NAME", default_value = "unicorn")]
    right: String,
    /// Compare so many instructions at most
    #[arg(long, value_name = "COUNT", value_parser = notation::unsigned, default_value = "1000000")]
    max_instructions: u64,
    /// Registers, or flags and other parts of them, that are not compared
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Print JSON for programs
    #[arg(long)]
    pub(crate) json: bool,
}

impl DiffRun {
    /// Runs the command: 1 if the two differ.
    pub(crate) fn run(&self) -> Result<(Answer, u8)> {
        let machine = self.source.machine(self.platform, Some(&self.left), None)?;
        for name in &self.ignore {
            machine.cpu().value(name)?;
        }
        let emulators =
            [inputs::emulator(&machine, Some(&self.left))?, inputs::emulator(&machine, Some(&self.right))?];
        let mut pair = LockStep::new(&machine, emulators)?;
        let [aligned, fixed] = pair.align()?;
        let mut text = String::new();
        // Writing to a string does not fail.
        if !aligned.is_empty() {
            let _ = writeln!(text, "made equal at the start: {}", aligned.join(", "));
        }
        if !fixed.is_empty() {
            let _ = writeln!(text, "compared in part, for the engines fix other bits: {}", fixed.join(", "));
        }
        for name in &self.ignore {
            pair.ignore(&machine, name);
        }
        match pair.run(self.max_instructions)? {
            Outcome::Agreed(ending, count) => {
                let _ = writeln!(
                    text,
                    "{} and {} agree over {count} instructions: {}",
                    self.left,
                    self.right,
                    ending.text()
                );
                let json = json!({ "agree": true, "instructions": count, "end": ending.text(), "aligned": aligned, "fixed": fixed });
                Ok((Answer { text, json }, 0))
            }
            Outcome::Diverged(divergence) => {
                text.push_str(&self.describe(&machine, &divergence)?);
                Ok((Answer { text, json: self.to_json(&machine, &divergence) }, 1))
            }
        }
    }

    fn describe(&self, machine: &Machine, divergence: &Divergence) -> Result<String> {
        let paint = Paint::stdout();
        let mut text = String::new();
        let place = explain::place(machine, divergence.pc);
        let _ = writeln!(
            text,
            "{} at {place}, after {} instructions that agree",
            paint.error("difference"),
            divergence.count
        );
        text.push_str(&instruction(machine, divergence.pc)?);
        if !divergence.registers.is_empty() {
            let rows: Vec<_> = divergence
                .registers
                .iter()
                .map(|it| {
                    [
                        it.name.clone(),
                        format!("{:#x}", it.before),
                        format!("{:#x}", it.left),
                        format!("{:#x}", it.right),
                    ]
                })
                .collect();
            text.push_str(&output::table(paint, ["register", "before", &self.left, &self.right], &rows));
        }
        if divergence.stores[0] != divergence.stores[1] {
            for (name, stores) in [&self.left, &self.right].into_iter().zip(&divergence.stores) {
                let _ = writeln!(text, "stores of {name}: {}", stores_text(stores));
            }
        }
        let [left, right] = divergence.endings.each_ref().map(|ending| ending.text());
        if left != right {
            let _ = writeln!(text, "{}: {left}\n{}: {right}", self.left, self.right);
        }
        if !divergence.path.is_empty() {
            let _ = writeln!(text, "{}", paint.bold("the instructions before"));
            for pc in &divergence.path {
                text.push_str(&instruction(machine, *pc)?);
            }
        }
        Ok(text)
    }

    fn to_json(&self, machine: &Machine, divergence: &Divergence) -> Value {
        let registers: Map<String, Value> = divergence
            .registers
            .iter()
            .map(|it| {
                let values = json!({ "before": it.before, &self.left: it.left, &self.right: it.right });
                (it.name.clone(), values)
            })
            .collect();
        let stores = |stores: &Stores| -> Vec<Value> {
            let one = |(address, bytes): &(u64, Vec<u8>)| json!({ "address": output::address(*address), "bytes": output::hex(bytes) });
            stores.iter().map(one).collect()
        };
        json!({
            "agree": false,
            "instructions": divergence.count,
            "pc": output::address(divergence.pc),
            "symbol": explain::symbol(machine, divergence.pc),
            "registers": registers,
            "stores": { &self.left: stores(&divergence.stores[0]), &self.right: stores(&divergence.stores[1]) },
            "ends": { &self.left: divergence.endings[0].text(), &self.right: divergence.endings[1].text() },
            "path": divergence.path.iter().map(|pc| output::address(*pc)).collect::<Vec<_>>(),
        })
    }
}

fn stores_text(stores: &Stores) -> String {
    if stores.is_empty() {
        return "none".to_owned();
    }
    let texts: Vec<_> =
        stores.iter().map(|(address, bytes)| format!("{} at {address:#x}", output::hex(bytes))).collect();
    texts.join(", ")
}

/// The instruction at an address as text, as the machine has it.
#[cfg(feature = "native")]
fn instruction(machine: &Machine, pc: u64) -> Result<String, Failure> {
    use crate::listing::Disassembler;
    let mut bytes = Vec::new();
    for offset in 0..16 {
        match machine.read_integer(pc.wrapping_add(offset), 1) {
            Ok(byte) => bytes.push(byte as u8),
            Err(_) => break,
        }
    }
    let Ok(mut disassembler) = Disassembler::for_platform(machine.platform()) else {
        return Ok(format!("{pc:8x}\n"));
    };
    Ok(disassembler.line(pc, &bytes, false).to_text(20))
}

#[cfg(not(feature = "native"))]
fn instruction(_machine: &Machine, pc: u64) -> Result<String, Failure> {
    Ok(format!("{pc:8x}\n"))
}
