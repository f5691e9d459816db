//! What `call` and `run` have in common: options, limits, and what is shown
//! at the end.

use std::{cell::RefCell, path::PathBuf, rc::Rc, time::Duration};

use clap::Args;
use serde_json::{Map, Value, json};
use terrella::{
    analyses::BlockRing,
    api::{AddressRange, Emulator, EmulatorExt, Error, Fault, Limits},
    machine::Machine,
    platforms::{Platform, RegisterKind},
};

#[cfg(feature = "native")]
use crate::specification::SpecificationOptions;
use crate::{
    explain,
    failure::{Failure, Result},
    inputs, notation, output,
    trace::Tracer,
};

/// Options of commands that run something.
#[derive(Debug, Clone, Args)]
pub(crate) struct ExecutionOptions {
    /// The backend, in place of the first one that runs the platform
    #[arg(long, value_name = "NAME")]
    pub(crate) backend: Option<String>,
    /// The platform: for files that do not tell it, or to choose a variant
    #[arg(long, value_name = "NAME")]
    pub(crate) platform: Option<Platform>,
    #[cfg(feature = "native")]
    #[command(flatten)]
    pub(crate) specification: SpecificationOptions,
    /// Stop after so many instructions
    #[arg(long, value_name = "COUNT", value_parser = notation::unsigned)]
    pub(crate) max_instructions: Option<u64>,
    /// Stop after so long
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// Count the instructions that are executed
    #[arg(long)]
    pub(crate) count: bool,
    /// Print each instruction as it executes: address, symbol, registers changed
    #[arg(long)]
    pub(crate) trace: bool,
    /// Explain a fault: back-trace, code, registers, stack
    #[arg(long)]
    pub(crate) report: bool,
    /// In the report of a fault, the blocks that were executed last: so many
    #[arg(long, value_name = "COUNT")]
    pub(crate) last_blocks: Option<u16>,
    /// Show the general registers at the end, or the named ones
    #[arg(long, value_name = "NAMES", num_args = 0..=1, require_equals = true, value_delimiter = ',',
          default_missing_value = "")]
    pub(crate) show_regs: Option<Vec<String>>,
    /// Show memory at the end: FROM..TO or FROM+SIZE
    #[arg(long, value_name = "RANGE")]
    pub(crate) hexdump: Vec<notation::PlaceRange>,
    /// Save the whole machine at the end, after a fault as well (.json: as JSON); of a Linux program, where a
    /// limit stopped it, all its processes
    #[arg(long, value_name = "FILE")]
    pub(crate) save_state: Option<PathBuf>,
    /// Print JSON for programs
    #[arg(long)]
    pub(crate) json: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| format!("`{text}` is not a time in seconds, such as 2 or 0.5"))
}

impl ExecutionOptions {
    /// Whether anything asks for what a harness shows or keeps.
    pub(crate) const fn is_harness(&self) -> bool {
        self.platform.is_some()
            || self.trace
            || self.show_regs.is_some()
            || !self.hexdump.is_empty()
            || self.last_blocks.is_some()
    }

    /// The limits of the run.
    pub(crate) const fn limits(&self) -> Limits {
        Limits { instructions: self.max_instructions, time: self.timeout, count: self.count }
    }

    /// An emulator with the machine in it, and the tracer if one is wanted.
    pub(crate) fn start(&self, machine: &Machine) -> Result<Running> {
        let mut emulator = self.emulator(machine)?;
        machine.apply(emulator.as_mut())?;
        let tracer = match self.trace {
            true => Some(Tracer::attach(machine, emulator.as_mut(), self.json)?),
            false => None,
        };
        let blocks = match self.last_blocks {
            Some(count) => Some(BlockRing::attach(emulator.as_mut(), count.into())?),
            None => None,
        };
        Ok(Running { emulator, tracer, blocks })
    }

    fn emulator(&self, machine: &Machine) -> Result<Box<dyn Emulator>> {
        let backend = self.backend.as_deref();
        #[cfg(feature = "native")]
        if let Some(emulator) = self.specification.emulator(machine.platform(), backend)? {
            return Ok(emulator);
        }
        inputs::emulator(machine, backend)
    }

    /// Checks what the end of the run needs, so that it does not fail then.
    pub(crate) fn check(&self, machine: &Machine) -> Result<()> {
        let names = self.show_regs.iter().flatten().filter(|name| !name.is_empty());
        for name in names {
            machine.cpu().value(name)?;
        }
        self.hexdump.iter().try_for_each(|range| range.resolve(machine).map(|_| ()))
    }

    /// Registers and memory that are to be shown.
    pub(crate) fn shown(&self, machine: &Machine, emulator: &dyn Emulator) -> Result<Shown> {
        let mut shown = Shown::default();
        if let Some(names) = &self.show_regs {
            shown.registers(machine, emulator, names)?;
        }
        for range in &self.hexdump {
            shown.memory(machine, emulator, range.resolve(machine)?)?;
        }
        Ok(shown)
    }
}

/// An emulator in use.
pub(crate) struct Running {
    /// The emulator.
    pub(crate) emulator: Box<dyn Emulator>,
    /// The tracer, if there is one.
    pub(crate) tracer: Option<Rc<RefCell<Tracer>>>,
    /// The blocks that were executed last, if they are wanted.
    pub(crate) blocks: Option<BlockRing>,
}

impl Running {
    /// The last line of the trace, and the trace for programs.
    pub(crate) fn end_trace(&self, json: &mut Map<String, Value>) -> Result<()> {
        if let Some(tracer) = &self.tracer {
            let mut tracer = tracer.borrow_mut();
            tracer.finish(self.emulator.as_ref())?;
            let lines = tracer.take();
            json.insert("trace".to_owned(), Value::Array(lines));
        }
        Ok(())
    }
}

/// What is shown at the end of a run.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// For people.
    pub(crate) text: String,
    /// For programs.
    pub(crate) json: Map<String, Value>,
}

impl Shown {
    fn registers(&mut self, machine: &Machine, emulator: &dyn Emulator, names: &[String]) -> Result<()> {
        let definition = machine.definition();
        let mut wanted: Vec<String> = names.iter().filter(|name| !name.is_empty()).cloned().collect();
        if wanted.is_empty() {
            let usual = definition.general_registers.iter().copied();
            wanted.extend(
                usual.chain([definition.stack_pointer, definition.program_counter]).map(str::to_owned),
            );
            let flags =
                definition.registers().roots().filter(|(_, register)| register.kind == RegisterKind::Flags);
            wanted.extend(flags.map(|(_, register)| register.name.clone()));
        }
        let mut cells = Vec::new();
        let mut values = Map::new();
        for name in wanted {
            let id = emulator.resolve_register(&name)?;
            if !emulator.has_register(id) || values.contains_key(&name) {
                continue;
            }
            let value = emulator.read_wide_register_id(id)?;
            cells.push(format!("{name:>6} {value:#x}"));
            values.insert(name, json!(value));
        }
        let width = cells.iter().map(String::len).max().unwrap_or_default() + 2;
        let columns = (100 / width.max(1)).clamp(1, 4);
        for line in cells.chunks(columns) {
            let line: String = line.iter().map(|cell| format!("{cell:width$}")).collect();
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
        self.json.insert("registers".to_owned(), Value::Object(values));
        Ok(())
    }

    fn memory(&mut self, machine: &Machine, emulator: &dyn Emulator, range: AddressRange) -> Result<()> {
        let size = range.size().filter(|size| *size <= 1 << 30);
        let size = size.ok_or_else(|| Failure::usage(format!("{range} is too much to show")))?;
        let bytes = match emulator.read_bytes(range.first(), size) {
            Ok(bytes) => bytes,
            Err(Error::Fault(Fault::Memory { address, cause, .. })) => {
                return Err(Failure::run_time(format!("{range} cannot be shown: {address:#x} is {cause}")));
            }
            Err(error) => {
                return Err(Failure::run_time(format!("{range} cannot be shown: {error}")));
            }
        };
        let symbol = explain::symbol(machine, range.first());
        if let Some(symbol) = &symbol {
            self.text.push_str(&format!("{symbol}:\n"));
        }
        self.text.push_str(&output::hexdump(range.first(), &bytes));
        let address = output::address(range.first());
        let entry = json!({ "address": address, "symbol": symbol, "bytes": output::hex(&bytes) });
        match self.json.entry("memory").or_insert_with(|| json!([])) {
            Value::Array(entries) => entries.push(entry),
            _ => unreachable!("`memory` is an array"),
        }
        Ok(())
    }
}
