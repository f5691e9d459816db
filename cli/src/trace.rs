//! `--trace`: one line for each instruction, with the registers that it
//! changed.

use std::{cell::RefCell, fmt::Write as _, rc::Rc};

use serde_json::{Value, json};
use terrella::{
    api::{Emulator, EmulatorExt, Flow, RegisterId},
    machine::Machine,
    platforms::RegisterValue,
};

use crate::{explain, failure::Result, output};

/// Watches a run and prints it, or collects it for programs.
#[derive(Debug)]
pub(crate) struct Tracer {
    machine: Machine,
    watched: Vec<(RegisterId, String, RegisterValue)>,
    /// The instruction that executes now, of which no line is printed yet.
    current: Option<u64>,
    /// `Some` to collect, `None` to print.
    collected: Option<Vec<Value>>,
}

impl Tracer {
    /// Hooks every instruction of an emulator that the machine was applied to.
    pub(crate) fn attach(
        machine: &Machine,
        emulator: &mut dyn Emulator,
        collect: bool,
    ) -> Result<Rc<RefCell<Self>>> {
        let tracer = Rc::new(RefCell::new(Self::new(machine, emulator, collect)?));
        let watcher = Rc::clone(&tracer);
        emulator.hook_instructions(move |emulator, address| {
            let mut tracer = watcher.borrow_mut();
            let heard = tracer.finish(emulator)?;
            tracer.current = Some(address);
            Ok(if heard { Flow::Continue } else { Flow::Stop })
        })?;
        Ok(tracer)
    }

    fn new(machine: &Machine, emulator: &mut dyn Emulator, collect: bool) -> Result<Self> {
        let definition = machine.definition();
        let mut names = definition.general_registers.to_vec();
        names.push(definition.stack_pointer);
        let mut tracer = Self {
            machine: machine.clone(),
            watched: Vec::new(),
            current: None,
            collected: collect.then(Vec::new),
        };
        for name in names {
            let Some(id) = definition.register(name) else { continue };
            let root = |id| definition.registers().get(id).root;
            let new = tracer.watched.iter().all(|(known, _, _)| root(*known) != root(id));
            if new && emulator.has_register(id) {
                let value = emulator.read_wide_register_id(id)?;
                tracer.watched.push((id, name.to_owned(), value));
            }
        }
        Ok(tracer)
    }

    /// Takes the registers as they are for the start of the run.
    pub(crate) fn start(&mut self, emulator: &dyn Emulator) -> Result<()> {
        for (id, _, value) in &mut self.watched {
            *value = emulator.read_wide_register_id(*id)?;
        }
        Ok(())
    }

    /// Writes the line of the instruction that has executed. `false` if
    /// nobody reads it.
    pub(crate) fn finish(&mut self, emulator: &dyn Emulator) -> Result<bool, terrella::api::Error> {
        let mut changes = Vec::new();
        for (id, name, known) in &mut self.watched {
            let now = emulator.read_wide_register_id(*id)?;
            if now != *known {
                changes.push((name.clone(), now));
                *known = now;
            }
        }
        match self.current.take() {
            Some(address) => Ok(self.line(address, &changes)),
            None => Ok(true),
        }
    }

    fn line(&mut self, address: u64, changes: &[(String, RegisterValue)]) -> bool {
        let symbol = explain::symbol(&self.machine, address);
        if let Some(collected) = &mut self.collected {
            let changes: serde_json::Map<String, Value> =
                changes.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            collected.push(json!({ "pc": output::address(address), "symbol": symbol, "changes": changes }));
            return true;
        }
        let mut line = format!("{address:#010x}  {:28}", symbol.unwrap_or_default());
        for (name, value) in changes {
            // Writing to a string does not fail.
            let _ = write!(line, "  {name}={value:#x}");
        }
        output::print(&format!("{}\n", line.trim_end()))
    }

    /// What was collected.
    pub(crate) fn take(&mut self) -> Vec<Value> {
        self.collected.take().unwrap_or_default()
    }
}
