//! Own C programs (`fixtures/programs/`), which check themselves: every
//! program of every image on every backend that has the platform.
//!
//! Arguments filter by name: `cargo test -p terrella-conformance --test
//! programs -- native::mips-O3::sha256`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use libtest_mimic::{Arguments, Failed, Trial};
use terrella::{
    api::{Limits, Platform},
    loaders::{Options, load_file},
    machine::{Machine, Return, Stack, call::Caller},
};
use terrella_conformance::{Backend, backends};

/// Set in what a program gives if it found something wrong; the rest is the
/// number of the line (`program.h`).
const FAILED: u64 = 0xbad0_0000;
/// Where the stack is, which no image reaches.
const STACK: u64 = 0x3000_0000;
const STACK_SIZE: u64 = 0x1_0000;
/// How long a program may take; the slowest takes a small part of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// An image, which is loaded when the first program of it runs.
struct Image {
    path: PathBuf,
    platform: Platform,
    machine: OnceLock<Result<Machine, String>>,
}

impl Image {
    fn machine(&self) -> Result<&Machine, String> {
        let load = || -> Result<Machine, Box<dyn std::error::Error>> {
            let options = Options { platform: Some(self.platform), ..Options::default() };
            let mut machine = load_file(&self.path, &options)?.into_machine()?;
            machine.add("stack", Stack::new(self.platform, STACK, STACK_SIZE)?)?;
            Ok(machine)
        };
        self.machine.get_or_init(|| load().map_err(|error| error.to_string())).as_ref().map_err(Clone::clone)
    }

    fn run(&self, backend: &Backend, program: &str, expected: u64) -> Result<(), Failed> {
        let machine = self.machine()?;
        let mut emulator = (backend.make)(self.platform)?;
        machine.apply(&mut *emulator)?;
        let mut caller = Caller::new(machine, &mut *emulator)?;
        let name = format!("check_{program}");
        let value = caller.limits(Limits::time(PATIENCE)).call(name.as_str(), &[], Return::U32)?.value;
        match value.as_u64() {
            value if value == expected => Ok(()),
            value if value & 0xfff0_0000 == FAILED => {
                Err(format!("line {} is wrong", value & 0xf_ffff).into())
            }
            value => Err(format!("it computed {value:08x} instead of {expected:08x}").into()),
        }
    }
}

/// The programs and what they compute.
fn expected(folder: &Path) -> BTreeMap<String, u64> {
    let text = fs::read_to_string(folder.join("expected.txt")).expect("expected.txt");
    let line = |line: &str| {
        let (name, digest) = line.split_once(' ')?;
        Some((name.to_owned(), u64::from_str_radix(digest.trim(), 16).ok()?))
    };
    text.lines().map(|text| line(text).unwrap_or_else(|| panic!("expected.txt: {text}"))).collect()
}

/// What is known to fail, by the names of the trials.
///
/// A trial that is listed must fail: if it passes, the line is to be removed.
fn known_failures() -> BTreeSet<String> {
    let text =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/programs-known.txt")).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect()
}

/// The programs of an image: the symbols `check_…`.
fn programs(path: &Path) -> Vec<String> {
    use object::{Object, ObjectSymbol};
    let bytes = fs::read(path).expect("an image");
    let file = object::File::parse(&*bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let name = |symbol: object::Symbol<'_, '_>| Some(symbol.name().ok()?.strip_prefix("check_")?.to_owned());
    file.symbols().filter_map(name).collect()
}

fn main() {
    let arguments = Arguments::from_args();
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/programs"));
    let (expected, known) = (expected(&folder), known_failures());
    let mut paths: Vec<PathBuf> =
        fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "elf"));
    paths.sort();
    let mut trials = Vec::new();
    for path in paths {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let platform = name.split('-').next().expect("a platform").parse().expect("a platform");
        let programs = programs(&path);
        let image = Arc::new(Image { path, platform, machine: OnceLock::new() });
        for backend in backends().iter().filter(|backend| (backend.platforms)().contains(&platform)) {
            for program in &programs {
                let title = format!("{}::{name}::{program}", backend.name);
                let image = Arc::clone(&image);
                let (program, expected) = (program.clone(), expected[program]);
                let is_known = known.contains(&title);
                trials.push(Trial::test(title, move || match image.run(backend, &program, expected) {
                    Err(_) if is_known => Ok(()),
                    Ok(()) if is_known => Err("it works: remove it from programs-known.txt".into()),
                    result => result,
                }));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}
