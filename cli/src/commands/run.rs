//! `terrella run`: a program, an image, or a saved machine.

use std::{fmt::Write as _, path::PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};
use terrella::{
    api::{Emulator, Error as ApiError, Step, Stop},
    machine::Machine,
    models::linux::System,
};

use crate::{
    execution::{ExecutionOptions, Running},
    explain,
    failure::{Failure, Result},
    inputs,
    machine_options::MachineOptions,
    notation,
    output::{self, Answer},
    report,
};

use super::{linux::LinuxOptions, modelled};

const HELP: &str = "\
Places are addresses (0x1000, 4096) or symbols (main, main+0x10). Ranges are FROM..TO or
FROM+SIZE.

FILE is an ELF or PE file, Intel HEX, S-records, UF2, a map of files (.toml), a saved machine
(.terrella, .json), or else a raw image that starts at --base. A core dump, a minidump and the
folder of a context of AFL++ go on where they stopped; for a core dump --link gives its program,
--sysroot the folder with the files that it names.

Examples:
  terrella run program.elf --exit main --show-regs
  terrella run code.bin --platform x86_64 --base 0x1000 --reg rax=41 --exit 0x1003 --show-regs
  terrella run --platform armv7m --load boot.bin@0 --load data.bin@0x20000000 --entry 0x101
  terrella run --platform mips --load code.bin@0x1000 --map 0x2000+0x1000:rw --step 10
  terrella run program.elf --max-instructions 1000 --save-state half.terrella
  terrella run half.terrella --trace --hexdump 0x2000+64
  terrella run --models ./program --max-instructions 1000000 -- arguments
  terrella run core.1234 --sysroot / --step 10
  terrella run ./program --max-instructions 1000000 --save-state half.terrella -- arguments

Exit status: 0 if the run stopped where it was asked to (an exit point, a bound, a limit) or the
processor halted, 1 after a fault or another error, 2 for wrong usage.";

/// Runs a program, a raw image or a saved machine until it is to stop.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) source: MachineOptions,
    /// Execute so many instructions one by one, and print each
    #[arg(long, value_name = "COUNT", value_parser = notation::unsigned,
          conflicts_with_all = ["trace", "max_instructions", "timeout"])]
    step: Option<u64>,
    #[command(flatten)]
    pub(crate) execution: ExecutionOptions,
    #[command(flatten)]
    pub(crate) linux: LinuxOptions,
}

impl Run {
    /// Runs the command.
    pub(crate) fn run(&self) -> Result<(Answer, u8)> {
        if !self.linux.uses_models()
            && let Some(program) = self.program()?
        {
            return self.linux.run(&program, &self.execution);
        }
        self.run_machine()
    }

    /// The file, if it is a program of Linux that is to be run as one.
    fn program(&self) -> Result<Option<PathBuf>> {
        let Some(file) = self.source.file() else { return Ok(None) };
        let bare = self.linux.is_bare()
            || self.source.is_harness()
            || self.execution.is_harness()
            || self.step.is_some();
        if bare {
            return match self.linux.is_used() {
                true => Err(Failure::usage(
                    "a Linux program is run as a whole, without options that make a harness of it",
                )
                .hint("leave out the options of one or of the other; `terrella run --help` lists both")),
                false => Ok(None),
            };
        }
        Ok(super::linux::is_program(file).then(|| file.to_owned()))
    }

    /// Goes on with a Linux system that was saved.
    fn resume(&self, machine: &Machine) -> Result<(Answer, u8)> {
        let harness = self.source.is_harness() || self.execution.is_harness() || self.step.is_some();
        if harness || self.linux.is_bare() {
            return Err(Failure::usage(
                "a saved Linux system goes on as a whole, without options that make a harness of it",
            )
            .hint(
                "`--mount`, `--sysroot`, `--strace`, `--max-instructions`, `--timeout`, `--count`, \
                   `--save-state` and `--backend` go with it",
            ));
        }
        let file = self.source.file().map(std::path::Path::to_owned).unwrap_or_default();
        self.linux.resume(&file, machine, &self.execution)
    }

    fn run_machine(&self) -> Result<(Answer, u8)> {
        let mut options = self.execution.clone();
        options.trace |= self.step.is_some();
        let models = self.linux.uses_models();
        let sysroot = self.linux.sysroot().filter(|_| !models);
        let mut machine = self.source.machine(options.platform, options.backend.as_deref(), sysroot)?;
        if models {
            let program = self.source.file().ok_or_else(|| Failure::usage("`--models` is for a program"))?;
            modelled::prepare(&mut machine, program, &self.linux)?;
        }
        if System::is_in(&machine) {
            return self.resume(&machine);
        }
        options.check(&machine)?;
        let mut running = options.start(&machine)?;
        let stopped = match self.step {
            Some(count) => steps(running.emulator.as_mut(), count),
            None => running.emulator.run_with(&options.limits()),
        };
        let mut json = Map::new();
        running.end_trace(&mut json)?;
        if let Some(path) = &options.save_state {
            let mut after = machine.clone();
            after.extract(running.emulator.as_mut())?;
            inputs::save_machine(&after, path)?;
        }
        let ended = if models && stopped.is_ok() { modelled::ended(&*running.emulator) } else { None };
        let answer = self.answer(&machine, &running, stopped, json)?;
        let Some(status) = ended else { return Ok((answer, 0)) };
        let (mut answer, status) = modelled::answer(status, answer);
        if !self.execution.json {
            // Standard output is the program's own.
            output::print_error(&answer.text);
            answer.text.clear();
        }
        Ok((answer, status))
    }

    fn answer(
        &self,
        machine: &Machine,
        running: &Running,
        stopped: Result<Stop, ApiError>,
        mut json: Map<String, Value>,
    ) -> Result<Answer> {
        let emulator = running.emulator.as_ref();
        json.insert("platform".to_owned(), json!(machine.platform()));
        json.insert("backend".to_owned(), json!(emulator.backend().name));
        json.insert("instructions".to_owned(), json!(emulator.instructions_executed()));
        let shown = self.execution.shown(machine, emulator)?;
        let mut text = shown.text;
        json.extend(shown.json);
        match stopped {
            Ok(stop) if modelled::ended(emulator).is_some() => {
                json.insert("stop".to_owned(), explain::stop_json(machine, &stop));
            }
            Ok(stop) => {
                // Writing to a string does not fail.
                let _ = writeln!(text, "{}", explain::stop_text(machine, &stop));
                json.insert("stop".to_owned(), explain::stop_json(machine, &stop));
            }
            Err(error) => {
                let fault = match &error {
                    ApiError::Fault(fault) => Some(fault.clone()),
                    _ => None,
                };
                let mut failure = explain::run_error(machine, emulator, error);
                if let Some(fault) = fault {
                    let known = report::Known::new(self.source.files(), running.blocks.as_ref());
                    let found = report::of_machine(machine, emulator, &fault, &known);
                    report::add(&mut failure, &found, self.execution.report);
                }
                failure.shown = text;
                json.append(&mut failure.details);
                failure.details = json;
                return Err(failure);
            }
        }
        if let (true, Some(count)) = (self.execution.count, emulator.instructions_executed()) {
            let _ = writeln!(text, "{count} instructions");
        }
        json.insert("pc".to_owned(), output::address(emulator.program_counter()));
        Ok(Answer { text, json: Value::Object(json) })
    }
}

/// Executes so many instructions one by one.
fn steps(emulator: &mut dyn Emulator, count: u64) -> Result<Stop, ApiError> {
    for _ in 0..count {
        if let Step::Stopped(stop) = emulator.step()? {
            return Ok(stop);
        }
    }
    Ok(Stop::InstructionLimit(emulator.program_counter()))
}
