//! Programs as Debian's compilers and GNU ld make them (`fixtures/dynamic/`),
//! run from their entry points with models in place of a C library; what they
//! print is what the host's library makes of the same source.
//!
//! Arguments filter by name: `cargo test -p terrella-conformance --test dynamic
//! -- native::ppc64`.

use std::{fs, path::PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use terrella_conformance::{Backend, backends};
use terrella_emulator_api::{Limits, Stop};
use terrella_loaders::{Linker, Options, detect_platform};
use terrella_machine_state::{Executable, Machine, Stack};
use terrella_models::libc::{LIBC, Libc, LibcOptions, LinkModels, StartProgram};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/dynamic"))
}

/// How a program ended.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    output: String,
    error: String,
    status: Option<i32>,
    signal: Option<u8>,
}

fn run(backend: &Backend, name: &str, program: &[u8], arguments: &[&str]) -> Result<Ended, Failed> {
    let mut linker = Linker::new(Options::default());
    linker.add_bytes(name, program)?;
    let mut machine: Machine = linker.link()?.into_machine()?;
    let platform = machine.platform();
    machine.add("stack", Stack::new(platform, 0x3000_0000, 0x10_0000)?)?;
    let options = LibcOptions { input: b"one\ntwo\n".to_vec(), ..LibcOptions::default() };
    let report = machine.link_all_models(options)?;
    if report.unmodelled.as_slice() != [] as [&str; 0] {
        return Err(format!("nothing answers {:?}", report.unmodelled).into());
    }
    let executable = machine.iter_of::<Executable>().find(|(_, image)| image.entry.is_some());
    let executable = executable.map(|(name, _)| name.to_owned()).ok_or("no entry point")?;
    let texts = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
    let arguments = [&["program"], arguments].concat();
    let environment = ["PATH=/bin", "TERM=dumb"];
    machine.start_program(&executable, "stack", &texts(&arguments), &texts(&environment))?;
    let mut emulator = (backend.make)(platform)?;
    machine.apply(&mut *emulator)?;
    let stop = emulator.run_with(&Limits::instructions(10_000_000))?;
    let library = Libc::live(&*emulator, LIBC)?;
    if !matches!(stop, Stop::Requested { .. }) {
        return Err(format!("{stop:?} after\n{}", String::from_utf8_lossy(library.output())).into());
    }
    Ok(Ended {
        output: String::from_utf8_lossy(library.output()).into_owned(),
        error: String::from_utf8_lossy(library.error_output()).into_owned(),
        status: library.exit_status(),
        signal: library.ended_by_signal(),
    })
}

fn check(backend: &Backend, name: &str, program: &[u8]) -> Result<(), Failed> {
    let output = fs::read_to_string(folder().join("expected.txt"))?;
    let wanted = Ended { output, error: "7.500 1099511627776\n".into(), status: Some(43), signal: None };
    let found = run(backend, name, program, &["b", "a"])?;
    if found != wanted {
        return Err(format!("found {found:#?}, expected {wanted:#?}").into());
    }
    // With one argument more it aborts, and nothing that waits for the end
    // runs.
    let found = run(backend, name, program, &["b", "a", "c"])?;
    if (found.status, found.signal) != (None, Some(6)) || found.output.contains("atexit") {
        return Err(format!("it should abort: {found:#?}").into());
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(2));
    let mut trials = Vec::new();
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder())?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "elf"));
    files.sort();
    for path in files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let program = fs::read(&path)?;
        let platform = detect_platform(&program)?;
        for backend in backends() {
            if !(backend.platforms)().contains(&platform) {
                continue;
            }
            let (name, program) = (name.clone(), program.clone());
            let trial = format!("{}::{name}", backend.name);
            trials.push(Trial::test(trial, move || check(backend, &name, &program)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}
