//! Own C programs (`fixtures/programs/`), which check themselves.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};

use object::{Object, ObjectSymbol};
use terrella_emulator_api::{Limits, Permissions, Platform};
use terrella_loaders::{Options, load_file};
use terrella_machine_state::{Machine, Memory, Return, Stack, call::Caller};

use crate::Backend;

/// Set in what a program gives if it found something wrong; the rest is the
/// number of the line (`program.h`).
const FAILED: u64 = 0xbad0_0000;
/// Where the stack is, which no image reaches.
const STACK: u64 = 0x3000_0000;
const STACK_SIZE: u64 = 0x1_0000;
/// The same in a data space of 64 KiB.
const STACK_IN_DATA: u64 = 0x8000;
const STACK_IN_DATA_SIZE: u64 = 0x7000;
/// The same in the segment of 64 KiB of x86 in real-address mode
/// (`real_mode.ld`).
const STACK_IN_SEGMENT: u64 = 0xe000;
const STACK_IN_SEGMENT_SIZE: u64 = 0x1000;
/// The stack of the 6502, below which is page zero (`programs_6502.py`).
const PAGE_ONE: u64 = 0x100;
/// How long a program may take; the slowest takes a small part of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// An image with programs, which is loaded when the first of them runs.
#[derive(Debug)]
pub struct Image {
    /// The name: platform and level.
    pub name: String,
    /// The platform.
    pub platform: Platform,
    /// The names of the programs.
    pub programs: Vec<String>,
    path: PathBuf,
    machine: OnceLock<Result<Machine, String>>,
}

/// All images, in the order of their names.
///
/// # Errors
/// A file that cannot be read, or is not what it should be.
pub fn images() -> Result<Vec<Image>, Box<dyn std::error::Error>> {
    let mut images = Vec::new();
    for entry in fs::read_dir(folder())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "elf") {
            images.push(Image::read(path)?);
        }
    }
    images.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(images)
}

/// What each program computes.
///
/// # Errors
/// A file that cannot be read, or is not what it should be.
pub fn expected() -> Result<BTreeMap<String, u64>, Box<dyn std::error::Error>> {
    let text = fs::read_to_string(folder().join("expected.txt"))?;
    let line = |line: &str| -> Result<_, Box<dyn std::error::Error>> {
        let (name, digest) = line.split_once(' ').ok_or_else(|| format!("expected.txt: {line}"))?;
        Ok((name.to_owned(), u64::from_str_radix(digest.trim(), 16)?))
    };
    text.lines().map(line).collect()
}

/// What is known to fail, by names as [`Image::title`] gives them.
///
/// A program that is listed must fail: if it works, the line is to be removed.
///
/// # Errors
/// If the file cannot be read.
pub fn known_failures() -> std::io::Result<BTreeSet<String>> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/programs-known.txt"))?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    Ok(lines.filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect())
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/programs"))
}

/// The programs of a file: the symbols `check_…`, but not those of variables
/// inside.
fn programs_of(path: &Path) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let bytes = fs::read(path)?;
    let file = object::File::parse(&*bytes)?;
    let name = |symbol: object::Symbol<'_, '_>| {
        let name = symbol.name().ok()?.strip_prefix("check_")?;
        (!name.contains('.')).then(|| name.to_owned())
    };
    Ok(file.symbols().filter_map(name).collect())
}

impl Image {
    fn read(path: PathBuf) -> Result<Self, Box<dyn std::error::Error>> {
        let name = path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let platform = name.split('-').next().unwrap_or_default().parse()?;
        Ok(Self { platform, programs: programs_of(&path)?, name, path, machine: OnceLock::new() })
    }

    /// The name of a program of the image on a backend.
    #[must_use]
    pub fn title(&self, backend: &Backend, program: &str) -> String {
        format!("{}::{}::{program}", backend.name, self.name)
    }

    fn machine(&self) -> Result<&Machine, String> {
        let load = || -> Result<Machine, Box<dyn std::error::Error>> {
            let options = Options { platform: Some(self.platform), ..Options::default() };
            let mut machine = load_file(&self.path, &options)?.into_machine()?;
            let (stack, size) = match (self.platform, self.platform.definition().data_base) {
                (Platform::X86_16, _) => (STACK_IN_SEGMENT, STACK_IN_SEGMENT_SIZE),
                (Platform::MOS6502, _) => (PAGE_ONE, 0x100),
                (_, 0) => (STACK, STACK_SIZE),
                (_, base) => (base + STACK_IN_DATA, STACK_IN_DATA_SIZE),
            };
            machine.add("stack", Stack::new(self.platform, stack, size)?)?;
            if self.platform == Platform::AVR {
                // RAMPZ is one of them.
                let ports = self.platform.definition().data_base + 0x20;
                machine.add("ports", Memory::new(self.platform, ports, 0xe0, Permissions::READ_WRITE)?)?;
            }
            if self.platform == Platform::MOS6502 {
                machine
                    .add("page zero", Memory::new(self.platform, 0, PAGE_ONE, Permissions::READ_WRITE)?)?;
            }
            Ok(machine)
        };
        self.machine.get_or_init(|| load().map_err(|error| error.to_string())).as_ref().map_err(Clone::clone)
    }

    /// Runs a program, which has to compute what is expected.
    ///
    /// # Errors
    /// What it did otherwise, in words.
    pub fn run(&self, backend: &Backend, program: &str, expected: u64) -> Result<(), String> {
        let value = self.call(backend, program).map_err(|error| error.to_string())?;
        match value {
            value if value == expected => Ok(()),
            value if value & 0xfff0_0000 == FAILED => Err(format!("line {} is wrong", value & 0xf_ffff)),
            value => Err(format!("it computed {value:08x} instead of {expected:08x}")),
        }
    }

    fn call(&self, backend: &Backend, program: &str) -> Result<u64, Box<dyn std::error::Error>> {
        let machine = self.machine()?;
        let mut emulator = (backend.make)(self.platform)?;
        machine.apply(&mut *emulator)?;
        let mut caller = Caller::new(machine, &mut *emulator)?;
        let name = format!("check_{program}");
        let caller = caller.limits(Limits::time(PATIENCE));
        if self.platform == Platform::MOS6502 {
            // Registers hold no more than the address of the digest.
            let place = caller.call(name.as_str(), &[], Return::Pointer)?.value.as_u64();
            let mut digest = [0; 4];
            emulator.read_memory(place, &mut digest)?;
            return Ok(u32::from_le_bytes(digest).into());
        }
        Ok(caller.call(name.as_str(), &[], Return::U32)?.value.as_u64())
    }
}
