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
use terrella_machine_state::{ArgumentValue, Machine, Return, Stack, call::Caller};
use terrella_models::libc::{LIBC, Libc, LibcOptions, LinkModels};
use terrella_platforms::Platform;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/libc"))
}

/// Reads `expected.txt`: what each test prints behind a line `== name`; and
/// `expected-*.txt`: what some of them print for this object instead.
fn expected(object: &str) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let mut all = sections("expected.txt")?;
    let own = format!("expected-{object}.txt");
    if folder().join(&own).exists() {
        all.extend(sections(&own)?);
    }
    Ok(all)
}

fn sections(file: &str) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let text = fs::read_to_string(folder().join(file))?;
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

/// What is known to fail.
fn known() -> Result<Vec<String>, Box<dyn Error>> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/libc-known.txt"))?;
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    Ok(lines.filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// The result of a trial, with what is known of it.
fn judged(result: Result<(), Failed>, is_known: bool) -> Result<(), Failed> {
    match result {
        Err(_) if is_known => Ok(()),
        Ok(()) if is_known => Err("it works: remove it from libc-known.txt".into()),
        result => result,
    }
}

/// A machine with the object, a stack and the models.
fn machine(platform: Platform, object: &[u8]) -> Result<Machine, Failed> {
    let mut linker = Linker::new(Options::default()).map_imports(true);
    linker.add_bytes("library.so", object)?;
    let mut machine = linker.link()?.into_machine()?;
    machine.add("stack", Stack::new(platform, 0x3000_0000, 0x10_0000)?)?;
    let report = machine.link_all_models(LibcOptions::default())?;
    // `endings.c` calls one that nothing answers.
    if report.unmodelled != ["no_such_function"] {
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

/// How a function ended.
#[derive(Debug)]
struct Ended {
    /// What it returned, or the text of the error.
    result: Result<i64, String>,
    output: String,
    error: String,
    status: Option<i32>,
    signal: Option<u8>,
}

/// Calls a function of `endings.c`.
fn ending(
    backend: &'static Backend,
    machine: &mut Machine,
    function: &str,
    arguments: &[ArgumentValue],
) -> Result<Ended, Failed> {
    let mut emulator = (backend.make)(machine.platform())?;
    machine.apply(&mut *emulator)?;
    let result = Caller::new(machine, &mut *emulator)?.limits(Limits::instructions(1_000_000)).call(
        function,
        arguments,
        Return::I32,
    );
    machine.extract(&mut *emulator)?;
    let library = machine.get::<Libc>(LIBC)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Ended {
        result: result.map(|result| result.value.as_i64()).map_err(|error| error.to_string()),
        output: text(library.output()),
        error: text(library.error_output()),
        status: library.exit_status(),
        signal: library.ended_by_signal(),
    })
}

/// Programs end as they do with a real library.
fn endings(backend: &'static Backend, platform: Platform, object: &[u8]) -> Result<(), Failed> {
    let fresh = machine(platform, object)?;
    let run = |function: &str, arguments: &[ArgumentValue]| {
        ending(backend, &mut fresh.clone(), function, arguments)
    };
    let expect = |what: &str, holds: bool, found: &dyn std::fmt::Debug| -> Result<(), Failed> {
        if holds { Ok(()) } else { Err(format!("{what}: {found:?}").into()) }
    };
    let found = run("leaves", &[3.into()])?;
    expect("exit", found.output == "leaving\nsecond\nfirst\n" && found.status == Some(3), &found)?;
    let found = run("leaves_at_once", &[4.into()])?;
    expect("_exit", found.output.is_empty() && found.status == Some(4), &found)?;
    let found = run("leaves_by_call", &[5.into()])?;
    expect("exit_group", found.status == Some(5), &found)?;
    let found = run("leaves_quickly", &[8.into()])?;
    expect("quick_exit", found.error == "quickly\n" && found.status == Some(8), &found)?;
    let found = run("leaves_by_standard", &[9.into()])?;
    expect("_Exit", found.output.is_empty() && found.status == Some(9), &found)?;
    let found = run("aborts", &[])?;
    expect(
        "abort",
        found.error == "about to abort\n" && found.signal == Some(6) && found.status.is_none(),
        &found,
    )?;
    let found = run("asserts", &[41.into()])?;
    expect("assert", found.error.contains("value == 42") && found.signal == Some(6), &found)?;
    let found = run("is_killed", &[])?;
    expect("raise", found.signal == Some(15), &found)?;
    let found = run("starts", &[])?;
    expect("start", found.output == "main 2 word seven\n" && found.status == Some(12), &found)?;
    // err(3): the name of the program, the text, and that of the error.
    let found = run("ends_with_error", &[6.into()])?;
    let text = "program: cannot open file: No such file or directory\n";
    expect("err", found.error == text && found.status == Some(6), &found)?;
    let found = run("ends_with_message", &[7.into()])?;
    expect("errx", found.error == "program: 42 is too many\n" && found.status == Some(7), &found)?;
    let found = run("calls_unknown", &[])?;
    let text = found.result.clone().err().unwrap_or_default();
    expect("unknown", text.contains("`no_such_function` has no model") && text.contains("with 0x7"), &found)?;
    let found = run("frees_twice", &[])?;
    expect("free", found.result.clone().err().is_some_and(|text| text.contains("no block in use")), &found)?;
    let found = run("waits_for_ever", &[])?;
    let text = found.result.clone().err().unwrap_or_default();
    expect("silence", text.contains("`read`") && text.contains("waits for ever"), &found)?;
    let found = run("finds", &["twelve chars".into()])?;
    expect("dlsym", found.result == Ok(12), &found)
}

/// Processes: how they end, and that a machine with several of them is saved,
/// loaded and put back.
fn processes(backend: &'static Backend, platform: Platform, object: &[u8]) -> Result<(), Failed> {
    let fresh = machine(platform, object)?;
    let run = |function: &str, arguments: &[ArgumentValue]| {
        ending(backend, &mut fresh.clone(), function, arguments)
    };
    let expect = |what: &str, holds: bool, found: &dyn std::fmt::Debug| -> Result<(), Failed> {
        if holds { Ok(()) } else { Err(format!("{what}: {found:?}").into()) }
    };
    let found = run("forks_and_returns", &[77.into()])?;
    expect("return", found.result == Ok(1077) && found.output == "first\n", &found)?;
    let found = run("leaves_children", &[5.into()])?;
    let wanted = "first\nchild 0, of 0\nchild 2, of 0\nchild 1, of 0\n";
    expect("children", found.output == wanted && found.status == Some(5), &found)?;
    let found = run("makes_many", &[])?;
    expect("many", found.result == Ok(255), &found)?;
    let found = run("becomes_daemon", &[])?;
    expect("daemon", found.output == "daemon in /, 1\n" && found.status == Some(0), &found)?;

    // A child lives on between two calls, in files and in snapshots.
    let mut machine = fresh.clone();
    let found = ending(backend, &mut machine, "begins_serving", &[5.into()])?;
    expect("begin", found.result == Ok(105), &found)?;
    let mut loaded = Machine::from_bytes(&machine.to_bytes()?)?;
    for machine in [&mut machine, &mut loaded] {
        let found = ending(backend, machine, "goes_on_serving", &[6.into()])?;
        expect("go on", found.result == Ok(20111), &found)?;
    }
    let mut emulator = (backend.make)(platform)?;
    loaded.apply(&mut *emulator)?;
    let snapshot = emulator.snapshot()?;
    for _ in 0..2 {
        emulator.restore(&snapshot)?;
        let mut caller = Caller::new(&loaded, &mut *emulator)?;
        let first = caller.call("goes_on_serving", &[7.into()], Return::I32)?.value.as_i64();
        let second = caller.call("goes_on_serving", &[(-1).into()], Return::I32)?.value.as_i64();
        let end = caller.call("ends_serving", &[], Return::I32)?.value.as_i64();
        expect("snapshot", (first, second, end) == (30118, 40117, 117), &(first, second, end))?;
    }
    let found = ending(backend, &mut machine, "ends_serving", &[])?;
    expect("end", found.result == Ok(111), &found)
}

/// The state of the models is the machine's: saved, loaded, and restored with
/// snapshots.
fn state(backend: &'static Backend, platform: Platform, object: &[u8]) -> Result<(), Failed> {
    let mut machine = machine(platform, object)?;
    let first = ending(backend, &mut machine, "begins", &[])?.result?;
    // Another machine goes on from a file as this one does.
    let mut loaded = Machine::from_bytes(&machine.to_bytes()?)?;
    let here = ending(backend, &mut machine.clone(), "goes_on", &[])?.result?;
    let there = ending(backend, &mut loaded, "goes_on", &[])?.result?;
    if here != there || here % 100 != 6 || here / 100 == first {
        return Err(format!("{first}, then {here}, and {there} from a file").into());
    }
    // And so does an emulator that was put back.
    let mut emulator = (backend.make)(platform)?;
    machine.apply(&mut *emulator)?;
    let snapshot = emulator.snapshot()?;
    let mut results = Vec::new();
    for _ in 0..3 {
        emulator.restore(&snapshot)?;
        for _ in 0..2 {
            let mut caller = Caller::new(&machine, &mut *emulator)?;
            results.push(caller.call("goes_on", &[], Return::I32)?.value.as_i64());
        }
    }
    let again = results[0] == here && results[..2] == results[2..4] && results[..2] == results[4..];
    if again && results[1] % 100 == 7 { Ok(()) } else { Err(format!("{results:?} after {here}").into()) }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::from_args();
    let known = known()?;
    let mut trials = Vec::new();
    let mut objects: Vec<PathBuf> =
        fs::read_dir(folder())?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    objects.retain(|path| path.extension().is_some_and(|extension| extension == "so"));
    objects.sort();
    for path in objects {
        // A platform, and behind a hyphen what else is special.
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let platform: Platform = stem.split('-').next().unwrap_or_default().parse()?;
        let expected = expected(&stem)?;
        let object = Arc::new(fs::read(&path)?);
        for backend in backends().iter().filter(|backend| (backend.platforms)().contains(&platform)) {
            type Check = fn(&'static Backend, Platform, &[u8]) -> Result<(), Failed>;
            for (name, check) in [("endings", endings as Check), ("state", state), ("processes", processes)] {
                let title = format!("{}::{stem}::{name}", backend.name);
                let (object, is_known) = (Arc::clone(&object), known.contains(&title));
                trials.push(Trial::test(title, move || judged(check(backend, platform, &object), is_known)));
            }
            for (name, expected) in &expected {
                let title = format!("{}::{stem}::{name}", backend.name);
                let (object, is_known) = (Arc::clone(&object), known.contains(&title));
                let (name, expected) = (name.clone(), expected.clone());
                trials.push(Trial::test(title, move || {
                    judged(check(backend, platform, &object, &name, &expected), is_known)
                }));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}
