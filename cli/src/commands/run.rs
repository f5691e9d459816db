//! `terrella run`: a program, an image, or a saved machine.

use std::{fmt::Write as _, path::PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};
use terrella::{
    api::{Emulator, Error as ApiError, Step, Stop},
    machine::{Executable, Machine, Memory},
};

use crate::{
    execution::{ExecutionOptions, Running},
    explain,
    failure::{Failure, Result},
    inputs,
    notation::{self, Assignment, Mapping, Place, PlaceRange},
    output::{self, Answer},
};

const HELP: &str = "\
Places are addresses (0x1000, 4096) or symbols (main, main+0x10). Ranges are FROM..TO or
FROM+SIZE.

FILE is an ELF file, an Intel HEX file, a saved machine (.terrella, .json), or else a raw image
that starts at --base.

Examples:
  terrella run program.elf --exit main --show-regs
  terrella run code.bin --platform x86_64 --base 0x1000 --reg rax=41 --exit 0x1003 --show-regs
  terrella run --platform armv7m --load boot.bin@0 --load data.bin@0x20000000 --entry 0x101
  terrella run --platform mips --load code.bin@0x1000 --map 0x2000+0x1000:rw --step 10
  terrella run program.elf --max-instructions 1000 --save-state half.terrella
  terrella run half.terrella --trace --hexdump 0x2000+64

Exit status: 0 if the run stopped where it was asked to (an exit point, a bound, a limit) or the
processor halted, 1 after a fault or another error, 2 for wrong usage.";

/// Runs a program, a raw image or a saved machine until it is to stop.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Run {
    /// An ELF file, Intel HEX file, raw image or saved machine
    file: Option<PathBuf>,
    /// A raw image at an address
    #[arg(long, value_name = "FILE@ADDRESS", value_parser = raw_file)]
    load: Vec<(PathBuf, u64)>,
    /// Memory to map, of zeros: FROM..TO or FROM+SIZE, and permissions such as :rw
    #[arg(long, value_name = "RANGE[:rwx]")]
    map: Vec<Mapping>,
    /// A further file that is linked to the first one
    #[arg(long, value_name = "FILE")]
    link: Vec<PathBuf>,
    /// The address of a raw image, or the load address of a file that can move
    #[arg(long, value_name = "ADDRESS", value_parser = notation::unsigned)]
    base: Option<u64>,
    /// The size of the stack that is added (default: 1 MiB for ELF files, else none)
    #[arg(long, value_name = "BYTES", value_parser = notation::unsigned)]
    stack_size: Option<u64>,
    /// A value for a register: NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE")]
    reg: Vec<Assignment>,
    /// Where to start, in place of the entry point of the file
    #[arg(long, value_name = "PLACE")]
    entry: Option<Place>,
    /// Stop before the instruction there
    #[arg(long, value_name = "PLACE")]
    exit: Vec<Place>,
    /// Stop after the instruction there
    #[arg(long, value_name = "PLACE")]
    exit_after: Vec<Place>,
    /// Stop when the program counter leaves all of these ranges
    #[arg(long, value_name = "RANGE")]
    bound: Vec<PlaceRange>,
    /// Execute so many instructions one by one, and print each
    #[arg(long, value_name = "COUNT", value_parser = notation::unsigned,
          conflicts_with_all = ["trace", "max_instructions", "timeout"])]
    step: Option<u64>,
    #[command(flatten)]
    pub(crate) execution: ExecutionOptions,
}

fn raw_file(text: &str) -> Result<(PathBuf, u64), String> {
    match text.rsplit_once('@') {
        Some((path, address)) if !path.is_empty() => Ok((path.into(), notation::unsigned(address)?)),
        _ => Err(format!("`{text}` is not of the form FILE@ADDRESS, such as boot.bin@0x1000")),
    }
}

impl Run {
    /// Runs the command.
    pub(crate) fn run(&self) -> Result<Answer> {
        let mut options = self.execution.clone();
        options.trace |= self.step.is_some();
        let machine = self.machine()?;
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
        self.answer(&machine, &running, stopped, json)
    }

    /// The machine to run, with everything in it that was asked for.
    fn machine(&self) -> Result<Machine> {
        let platform = self.execution.platform;
        let (mut machine, saved) = match (&self.file, platform) {
            (Some(file), _) => {
                let input = inputs::load(file, &self.link, platform, self.base)?;
                (input.machine, input.saved)
            }
            (None, Some(platform)) if !self.load.is_empty() => (Machine::new(platform), false),
            (None, _) => {
                return Err(Failure::usage("nothing to run")
                    .hint("give a FILE, or `--platform NAME --load FILE@ADDRESS`"));
            }
        };
        inputs::backend(machine.platform(), self.execution.backend.as_deref())?;
        for (path, address) in &self.load {
            inputs::add_raw(&mut machine, path, *address)?;
        }
        for mapping in &self.map {
            let range = mapping.range.resolve(&machine)?;
            let size = range.size().ok_or_else(|| Failure::usage(format!("{range} is too large")))?;
            let memory = Memory::new(machine.platform(), range.first(), size, mapping.permissions)?;
            machine.add(format!("map:{:#x}", range.first()), memory)?;
        }
        let structured =
            machine.iter_of::<Executable>().any(|(_, executable)| !executable.symbols.is_empty());
        let stack = match self.stack_size {
            Some(size) => size,
            None if structured && !saved => inputs::default_area(&machine),
            None => 0,
        };
        inputs::add_stack(&mut machine, stack)?;
        self.set_entry(&mut machine, saved)?;
        for assignment in &self.reg {
            assignment.apply(&mut machine)?;
        }
        for place in &self.exit {
            let address = place.instruction(&machine)?;
            machine.add_exit_point(address);
        }
        for place in &self.exit_after {
            let address = place.instruction(&machine)?;
            machine.add_exit_after_point(address);
        }
        for range in &self.bound {
            let range = range.resolve(&machine)?;
            machine.add_bound(range);
        }
        if machine.cpu().program_counter().is_none() {
            return Err(Failure::usage("nothing tells where to start").hint("give it with `--entry PLACE`"));
        }
        Ok(machine)
    }

    fn set_entry(&self, machine: &mut Machine, saved: bool) -> Result<()> {
        let entry = match &self.entry {
            Some(place) => Some(place.code_pointer(machine)?),
            None if saved => None,
            None => machine.iter_of::<Executable>().find_map(|(_, executable)| executable.entry),
        };
        match entry {
            Some(entry) => Ok(machine.cpu_mut().set_program_counter(entry)?),
            None => Ok(()),
        }
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
            Ok(stop) => {
                // Writing to a string does not fail.
                let _ = writeln!(text, "{}", explain::stop_text(machine, &stop));
                json.insert("stop".to_owned(), explain::stop_json(machine, &stop));
            }
            Err(error) => {
                let mut failure = explain::run_error(machine, emulator, error);
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
