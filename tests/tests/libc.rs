//! What models of the C library do for programs: the functions of
//! `fixtures/libc/`, as shared objects whose library is nothing but models, on
//! every backend that has the platform; what they print is what the same
//! sources print with a real library.
//!
//! Arguments filter by name: `cargo test -p terrella-conformance --test libc
//! -- native::aarch64::strings`.

use std::{collections::BTreeMap, error::Error, fs, path::PathBuf, sync::Arc};

use libtest_mimic::{Arguments, Failed, Trial};
use terrella_conformance::{Backend, backends};
use terrella_emulator_api::Limits;
use terrella_loaders::{Linker, Options};
use terrella_machine_state::{Machine, Return, Stack, call::Caller};
use terrella_models::libc::{LIBC, Libc, LibcOptions, LinkModels};
use terrella_platforms::Platform;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/libc"))
}

/// Reads `expected.txt`: what each test prints behind a line `== name`.
fn expected() -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let text = fs::read_to_string(folder().join("expected.txt"))?;
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        match line.strip_prefix("== ") {
            Some(next) => next.clone_into(&mut name),
            None => {
                let output = all.entry(name.clone()).or_default();
                output.push_str(line);
                output.push('\n');
            }
        }
    }
    Ok(all)
}

/// A machine with the object, a stack and the models.
fn machine(platform: Platform, object: &[u8]) -> Result<Machine, Failed> {
    let mut linker = Linker::new(Options::default()).map_imports(true);
    linker.add_bytes("library.so", object)?;
    let mut machine = linker.link()?.into_machine()?;
    machine.add("stack", Stack::new(platform, 0x3000_0000, 0x10_0000)?)?;
    let report = machine.link_all_models(LibcOptions::default())?;
    if !report.unmodelled.is_empty() {
        return Err(format!("nothing answers {:?}", report.unmodelled).into());
    }
    Ok(machine)
}

/// What a test prints.
fn run(backend: &'static Backend, platform: Platform, object: &[u8], name: &str) -> Result<String, Failed> {
    let mut machine = machine(platform, object)?;
    let mut emulator = (backend.make)(platform)?;
    machine.apply(&mut *emulator)?;
    let function = format!("test_{name}");
    let result = Caller::new(&machine, &mut *emulator)?.limits(Limits::instructions(200_000_000)).call(
        function.as_str(),
        &[],
        Return::Void,
    );
    machine.extract(&mut *emulator)?;
    let output = String::from_utf8_lossy(machine.get::<Libc>(LIBC)?.output()).into_owned();
    match result {
        Ok(_) => Ok(output),
        Err(error) => {
            let pc = emulator.program_counter();
            Err(format!("{error} (pc {pc:#x}) after\n{output}").into())
        }
    }
}

fn check(
    backend: &'static Backend,
    platform: Platform,
    object: &[u8],
    name: &str,
    expected: &str,
) -> Result<(), Failed> {
    let found = run(backend, platform, object, name)?;
    if found == expected {
        return Ok(());
    }
    let mut differences = String::new();
    for (line, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        if found != expected {
            differences.push_str(&format!("line {}:\n  expected {expected}\n  found    {found}\n", line + 1));
        }
    }
    let (count, wanted) = (found.lines().count(), expected.lines().count());
    Err(format!("{differences}{count} lines, expected {wanted}").into())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::from_args();
    let expected = expected()?;
    let mut trials = Vec::new();
    let mut objects: Vec<PathBuf> =
        fs::read_dir(folder())?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    objects.retain(|path| path.extension().is_some_and(|extension| extension == "so"));
    objects.sort();
    for path in objects {
        let platform: Platform = path.file_stem().unwrap_or_default().to_string_lossy().parse()?;
        let object = Arc::new(fs::read(&path)?);
        for backend in backends().iter().filter(|backend| (backend.platforms)().contains(&platform)) {
            for (name, expected) in &expected {
                let title = format!("{}::{platform}::{name}", backend.name);
                let (object, name, expected) = (Arc::clone(&object), name.clone(), expected.clone());
                trials.push(Trial::test(title, move || check(backend, platform, &object, &name, &expected)));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}
