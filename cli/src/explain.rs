//! Addresses by name, and faults with what helps to understand them.

use serde_json::{Value, json};
use terrella::{
    api::{Emulator, Error, Fault, MemoryCause, MemoryRegion, Stop},
    machine::{Difference, Executable, Machine, MachineDiff},
};

use crate::{failure::Failure, output};

/// Accesses below this address are most likely through a null pointer.
const NULL_PAGE: u64 = 0x1000;

/// The symbol of an address, with the distance from it.
pub(crate) fn symbol(machine: &Machine, address: u64) -> Option<String> {
    if let Some((_, at)) = machine.symbolize(address) {
        let offset = if at.offset == 0 { String::new() } else { format!("+{:#x}", at.offset) };
        return Some(format!("{}{offset}", at.symbol.name));
    }
    import(machine, address).map(str::to_owned)
}

/// The open import that an address outside all segments stands for.
fn import(machine: &Machine, address: u64) -> Option<&str> {
    let exact = |executable: &Executable| executable.segments.is_empty();
    let images = machine.iter_of::<Executable>().filter(|(_, executable)| exact(executable));
    let mut found = images.filter_map(|(_, executable)| executable.symbols.at(address));
    let at = found.find(|at| at.offset == 0)?;
    Some(at.symbol.name.strip_suffix("@import").unwrap_or(&at.symbol.name))
}

/// An address with its symbol: `0x1234 (main+0x10)`.
pub(crate) fn place(machine: &Machine, address: u64) -> String {
    match symbol(machine, address) {
        Some(symbol) => format!("{address:#x} ({symbol})"),
        None => format!("{address:#x}"),
    }
}

/// What changed between two machines, with the symbols of addresses.
pub(crate) fn diff_text(before: &Machine, after: &Machine, diff: &MachineDiff) -> String {
    let counter = before.definition().program_counter;
    let mut text = String::new();
    for difference in &diff.differences {
        let line = match difference {
            Difference::Register { register, before: Some(old), after: Some(new) } if register == counter => {
                format!("{register}: {} -> {}", place(before, old.low_u64()), place(after, new.low_u64()))
            }
            Difference::Memory { range, .. } => match symbol(before, range.first()) {
                Some(symbol) => format!("{symbol}: {difference}"),
                None => difference.to_string(),
            },
            other => other.to_string(),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Why a run ended, for people.
pub(crate) fn stop_text(machine: &Machine, stop: &Stop) -> String {
    let at = place(machine, stop.pc());
    match stop {
        Stop::ExitPoint(_) => format!("exit point {at}"),
        Stop::ExitAfter { point, .. } => format!("after exit point {}, at {at}", place(machine, *point)),
        Stop::OutOfBounds(_) => format!("out of bounds at {at}"),
        Stop::Requested(_) => format!("stopped at {at}"),
        Stop::InstructionLimit(_) => format!("instruction limit, at {at}"),
        Stop::TimeLimit(_) => format!("time limit, at {at}"),
        Stop::Halted(_) => format!("processor halted, at {at}"),
        other => other.to_string(),
    }
}

/// Why a run ended, for programs.
pub(crate) fn stop_json(machine: &Machine, stop: &Stop) -> Value {
    let reason = match serde_json::to_value(stop) {
        Ok(Value::Object(object)) => object.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    };
    json!({
        "reason": reason,
        "pc": output::address(stop.pc()),
        "symbol": symbol(machine, stop.pc()),
    })
}

/// An error of a run, with what is known about it.
pub(crate) fn run_error(machine: &Machine, emulator: &dyn Emulator, error: Error) -> Failure {
    match error {
        Error::Fault(fault) => fault_failure(machine, emulator, &fault),
        other => other.into(),
    }
}

/// The same for an error of a machine.
pub(crate) fn machine_error(
    machine: &Machine,
    emulator: &dyn Emulator,
    error: terrella::machine::Error,
) -> Failure {
    match error {
        terrella::machine::Error::Emulator(source) => run_error(machine, emulator, source),
        other => other.into(),
    }
}

fn fault_failure(machine: &Machine, emulator: &dyn Emulator, fault: &Fault) -> Failure {
    let pc = place(machine, fault.pc());
    let mut failure = match fault {
        Fault::Memory { access, cause, address, size, .. } => {
            let bytes = if *size == 1 { "byte" } else { "bytes" };
            let message = format!("{access} of {size} {bytes} at {address:#x}: {cause}, pc {pc}");
            let mut failure = Failure::run_time(message);
            if let Some(name) = import(machine, *address) {
                failure = failure
                    .hint(format!("{address:#x} stands for `{name}`, which no module provides"))
                    .hint("`--link FILE` links a module that does");
            } else if *address < NULL_PAGE
                && *cause == MemoryCause::Unmapped
                && emulator.memory_map().iter().all(|region| region.range.first() >= NULL_PAGE)
            {
                failure = failure.hint(format!("{address:#x} looks like a null pointer and an offset"));
            }
            match cause {
                MemoryCause::Unaligned => failure,
                _ => neighbours(machine, emulator, *address).into_iter().fold(failure, Failure::hint),
            }
        }
        Fault::InvalidInstruction { bytes, .. } => {
            let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            Failure::run_time(format!("invalid instruction {} at {pc}", bytes.join(" ")))
                .hint("is that code at all, and for this platform? `--entry`, `--platform`")
        }
        Fault::Arithmetic { kind, .. } => Failure::run_time(format!("{kind} at {pc}")),
        Fault::UnhandledSyscall { number, .. } => {
            let conventions = machine.definition().syscall_conventions.first();
            let name = conventions.and_then(|convention| convention.name_of(*number));
            let name = name.map_or_else(String::new, |name| format!(" ({name})"));
            Failure::run_time(format!("unhandled system call {number}{name} at {pc}"))
                .hint("the command line has no operating system below the code")
        }
        Fault::UnhandledInterrupt { number, .. } => {
            let name = machine.definition().interrupt_name(*number);
            let name = name.map_or_else(String::new, |name| format!(" ({name})"));
            Failure::run_time(format!("unhandled interrupt {number:#x}{name} at {pc}"))
        }
        other => Failure::run_time(other.to_string()),
    };
    failure.details.insert("fault".to_owned(), json!(fault));
    failure.details.insert("pc".to_owned(), output::address(fault.pc()));
    failure.details.insert("symbol".to_owned(), json!(symbol(machine, fault.pc())));
    failure
}

/// What is mapped at an address, or around it.
fn neighbours(machine: &Machine, emulator: &dyn Emulator, address: u64) -> Vec<String> {
    let map = emulator.memory_map();
    let shown = |region: &MemoryRegion| {
        let item =
            machine.iter().find(|(_, item)| item.claims().iter().any(|claim| claim.overlaps(&region.range)));
        let item = item.map_or_else(String::new, |(name, _)| format!(" `{name}`"));
        format!("{} {}{item}", region.range, region.permissions)
    };
    if let Some(region) = map.iter().find(|region| region.range.contains(address)) {
        return vec![format!("the mapping there is {}", shown(region))];
    }
    let below = map.iter().rfind(|region| region.range.last() < address);
    let above = map.iter().find(|region| region.range.first() > address);
    let below = below.map(|region| {
        format!("nearest mapping below: {}, {:#x} bytes away", shown(region), address - region.range.last())
    });
    let above = above.map(|region| {
        format!("nearest mapping above: {}, {:#x} bytes away", shown(region), region.range.first() - address)
    });
    let hints: Vec<String> = below.into_iter().chain(above).collect();
    if hints.is_empty() { vec!["nothing is mapped at all".to_owned()] } else { hints }
}
