//! Reports of faults: what files know of the code, and the text or JSON.

use std::path::{Path, PathBuf};

use serde_json::json;
use terrella::{
    analyses::{BlockRing, FaultReport, Modules, Reporter},
    api::{AddressRange, Emulator, Fault},
    machine::{Executable, Machine},
};

use crate::failure::Failure;

/// What is known besides the machine: the files that it was made of, and the
/// blocks that were executed last.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) blocks: Vec<u64>,
}

impl Known {
    pub(crate) fn new<'a>(files: impl IntoIterator<Item = &'a Path>, blocks: Option<&BlockRing>) -> Self {
        Self {
            files: files.into_iter().map(Path::to_owned).collect(),
            blocks: blocks.map(BlockRing::addresses).unwrap_or_default(),
        }
    }
}

/// The debug information of files, for where a machine has them. What cannot
/// be read tells nothing.
fn modules(machine: &Machine, files: &[PathBuf]) -> Modules {
    let mut modules = Modules::new();
    for file in files {
        let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
        let loaded = machine.iter_of::<Executable>().find(|(_, executable)| executable.name == name);
        if let (Some((_, executable)), Ok(bytes)) = (loaded, std::fs::read(file)) {
            let _ = modules.add(&name, &bytes, executable.load_bias);
        }
    }
    modules
}

/// The report of a fault of a harness.
pub(crate) fn of_machine(
    machine: &Machine,
    emulator: &dyn Emulator,
    fault: &Fault,
    known: &Known,
) -> FaultReport {
    let modules = modules(machine, &known.files);
    let reporter = Reporter::new(emulator, &modules).machine(machine).blocks(known.blocks.clone());
    finish(reporter, emulator, fault)
}

/// The report of a fault that ends a process.
pub(crate) fn of_process(crash: &terrella::models::linux::Crash<'_>) -> FaultReport {
    let mut modules = Modules::new();
    for (start, name, content) in &crash.files {
        // Files that are no programs are mapped, too.
        let _ = modules.add_mapped(name, content, *start);
    }
    let naming = |range: AddressRange| {
        let found = crash.mappings.iter().find(|(mapped, _)| mapped.overlaps(&range));
        found.map(|(_, name)| name.clone()).filter(|name| !name.is_empty())
    };
    finish(Reporter::new(crash.emulator, &modules).naming(&naming), crash.emulator, crash.fault)
}

#[cfg(feature = "native")]
fn finish(reporter: Reporter<'_>, emulator: &dyn Emulator, fault: &Fault) -> FaultReport {
    let Ok(mut disassembler) = crate::listing::Disassembler::for_platform(emulator.platform()) else {
        return reporter.report(fault);
    };
    let definition = emulator.definition();
    let decode = move |pointer: u64, bytes: &[u8]| {
        disassembler.set_mode(pointer);
        let line = disassembler.line(definition.code_address(pointer), bytes, false);
        line.text.map(|text| (line.bytes.len(), text))
    };
    reporter.decoder(decode).report(fault)
}

#[cfg(not(feature = "native"))]
fn finish(reporter: Reporter<'_>, _emulator: &dyn Emulator, fault: &Fault) -> FaultReport {
    reporter.report(fault)
}

/// Adds a report to the failure that a fault is; its text only where that was
/// asked for.
pub(crate) fn add(failure: &mut Failure, report: &FaultReport, as_text: bool) {
    failure.details.insert("report".to_owned(), json!(report));
    if as_text {
        failure.report = Some(format!("{report:#}").into());
    }
}
