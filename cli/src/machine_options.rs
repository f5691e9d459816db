//! The options that say what is run: files, memory, registers, and where to
//! start and stop.

use std::path::{Path, PathBuf};

use clap::Args;
use terrella::{
    machine::{Executable, Machine, Memory},
    models::linux::System,
    platforms::Platform,
};

use crate::{
    failure::{Failure, Result},
    inputs,
    notation::{self, Assignment, Mapping, Place, PlaceRange},
};

/// What is run.
#[derive(Debug, Clone, Args)]
pub(crate) struct MachineOptions {
    /// A program, an image, a dump or a saved machine
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
}

fn raw_file(text: &str) -> Result<(PathBuf, u64), String> {
    match text.rsplit_once('@') {
        Some((path, address)) if !path.is_empty() => Ok((path.into(), notation::unsigned(address)?)),
        _ => Err(format!("`{text}` is not of the form FILE@ADDRESS, such as boot.bin@0x1000")),
    }
}

impl MachineOptions {
    /// The files that the machine is made of.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.file.iter().chain(&self.link).chain(self.load.iter().map(|(file, _)| file)).map(PathBuf::as_path)
    }

    /// The file that is run.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Whether anything says how the machine is made, so that it is more than
    /// a program as its system runs it.
    pub(crate) const fn is_harness(&self) -> bool {
        !(self.load.is_empty()
            && self.map.is_empty()
            && self.link.is_empty()
            && self.base.is_none()
            && self.stack_size.is_none()
            && self.reg.is_empty()
            && self.entry.is_none()
            && self.exit.is_empty()
            && self.exit_after.is_empty()
            && self.bound.is_empty())
    }

    /// The machine to run, with everything in it that was asked for.
    pub(crate) fn machine(
        &self,
        platform: Option<Platform>,
        backend: Option<&str>,
        sysroot: Option<&Path>,
    ) -> Result<Machine> {
        let (mut machine, saved) = match (&self.file, platform) {
            (Some(file), _) => {
                let input = inputs::load(file, &self.link, platform, self.base, sysroot)?;
                (input.machine, input.saved)
            }
            (None, Some(platform)) if !self.load.is_empty() => (Machine::new(platform), false),
            (None, _) => {
                return Err(Failure::usage("nothing to run")
                    .hint("give a FILE, or `--platform NAME --load FILE@ADDRESS`"));
            }
        };
        inputs::backend(machine.platform(), backend)?;
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
        // A Linux system knows where each of its threads is.
        if machine.cpu().program_counter().is_none() && !System::is_in(&machine) {
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
}
