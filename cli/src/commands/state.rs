//! `terrella state`: saved machines.

use std::{fmt::Write as _, path::PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use terrella::machine::Machine;

use crate::{
    explain,
    failure::Result,
    inputs,
    output::{self, Answer, Paint},
};

/// Shows, compares and converts saved machines.
#[derive(Debug, Args)]
pub(crate) struct State {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What is in a saved machine or a core dump: items, registers, exit points
    #[command(after_help = "Examples:\n  terrella state show half.terrella\n  \
                            terrella state show core.1234 --sysroot /")]
    Show {
        /// The machine
        file: PathBuf,
        #[command(flatten)]
        files: inputs::CoreFiles,
        /// Print JSON for programs
        #[arg(long)]
        json: bool,
    },
    /// What changed between two saved machines
    #[command(after_help = "Examples:\n  terrella state diff before.terrella after.terrella\n  \
                            terrella state diff --exit-code one.terrella two.terrella")]
    Diff {
        /// The earlier machine
        before: PathBuf,
        /// The later machine
        after: PathBuf,
        /// Exit with status 1 if anything differs
        #[arg(long)]
        exit_code: bool,
        /// Print JSON for programs
        #[arg(long)]
        json: bool,
    },
    /// Converts between the binary format, JSON (`.json`), core dumps (`.core`) and contexts of AFL++ (`.context`)
    #[command(after_help = "Examples:\n  terrella state convert half.terrella half.json\n  \
                            terrella state convert core.1234 crash.terrella --sysroot /\n  \
                            terrella state convert half.terrella half.core")]
    Convert {
        /// The file to read
        input: PathBuf,
        #[command(flatten)]
        files: inputs::CoreFiles,
        /// The file to write
        output: PathBuf,
        /// Print JSON for programs
        #[arg(long)]
        json: bool,
    },
}

impl State {
    /// Whether JSON is wanted.
    pub(crate) const fn json(&self) -> bool {
        match &self.command {
            Command::Show { json, .. } | Command::Diff { json, .. } | Command::Convert { json, .. } => *json,
        }
    }

    /// Runs the command; the answer and the exit status.
    pub(crate) fn run(&self) -> Result<(Answer, u8)> {
        match &self.command {
            Command::Show { file, files, .. } => Ok((show(&inputs::load_machine(file, files)?), 0)),
            Command::Diff { before, after, exit_code, .. } => {
                let none = inputs::CoreFiles::default();
                let before = inputs::load_machine(before, &none)?;
                let after = inputs::load_machine(after, &none)?;
                let diff = before.diff(&after);
                let text = match diff.is_empty() {
                    true => "no difference\n".to_owned(),
                    false => explain::diff_text(&before, &after, &diff),
                };
                let status = u8::from(*exit_code && !diff.is_empty());
                Ok((Answer { text, json: json!(diff) }, status))
            }
            Command::Convert { input, output, files, .. } => {
                inputs::save_machine(&inputs::load_machine(input, files)?, output)?;
                Ok((Answer { text: String::new(), json: json!({ "written": output }) }, 0))
            }
        }
    }
}

/// What is in a machine.
fn show(machine: &Machine) -> Answer {
    let mut text = format!("platform     {} ({})\n", machine.platform(), machine.definition().description);
    if let Some(pc) = machine.cpu().program_counter() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "at           {}", explain::place(machine, pc));
    }
    let points = |points: &mut dyn Iterator<Item = u64>| -> String {
        points.map(|point| explain::place(machine, point)).collect::<Vec<_>>().join(", ")
    };
    let bounds = machine.bounds().map(|bound| bound.to_string()).collect::<Vec<_>>().join(", ");
    let metadata = machine.metadata().iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>();
    for (name, value) in [
        ("exit points", points(&mut machine.exit_points())),
        ("exit after", points(&mut machine.exit_after_points())),
        ("bounds", bounds),
        ("metadata", metadata.join(", ")),
    ] {
        if !value.is_empty() {
            let _ = writeln!(text, "{name:12} {value}");
        }
    }
    let rows: Vec<_> = machine.iter().map(|(name, item)| [name.to_owned(), item.summary()]).collect();
    text.push('\n');
    text.push_str(&output::table(Paint::stdout(), ["item", "content"], &rows));
    let set: Vec<_> = machine.cpu().iter().filter(|(_, value)| !value.is_zero()).collect();
    let rows: Vec<_> = set.iter().map(|(name, value)| [(*name).to_owned(), format!("{value:#x}")]).collect();
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&output::table(Paint::stdout(), ["register", "value (those that are not 0)"], &rows));
    }
    let items: Vec<Value> =
        machine.iter().map(|(name, item)| json!({ "name": name, "summary": item.summary() })).collect();
    let registers: Map<String, Value> =
        machine.cpu().iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let pc = machine.cpu().program_counter();
    let json = json!({
        "platform": machine.platform(),
        "pc": pc.map(output::address),
        "symbol": pc.and_then(|pc| explain::symbol(machine, pc)),
        "items": items,
        "registers": registers,
        "exit_points": machine.exit_points().map(output::address).collect::<Vec<_>>(),
        "exit_after_points": machine.exit_after_points().map(output::address).collect::<Vec<_>>(),
        "bounds": machine.bounds().map(|bound| bound.to_string()).collect::<Vec<_>>(),
        "metadata": machine.metadata(),
    });
    Answer { text, json }
}
