//! Files to machines, and room in machines for what a run needs.

use std::path::{Path, PathBuf};

use terrella::{
    api::{AddressRange, Emulator},
    backends::{self, Backend},
    loaders::{
        CoreDump, FileKind, Linker, MemoryMap, Minidump, Options, RawImage, SearchPath, UnicornContext,
        UnknownRelocations, detect, write_core,
    },
    machine::{Error, Executable, FormatError, Heap, HeapStrategy, Machine, Stack},
    platforms::Platform,
};

use crate::{
    failure::{Failure, Result},
    output,
};

/// The size of a stack or heap where the address space has room for it.
const AREA: u64 = 0x10_0000;

/// A machine made of files.
#[derive(Debug)]
pub(crate) struct Input {
    /// The machine.
    pub(crate) machine: Machine,
    /// Whether it was saved by an earlier run, and is complete.
    pub(crate) saved: bool,
    /// The name of the first module, if it was made of modules.
    pub(crate) module: Option<String>,
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| Failure::run_time(format!("cannot read {}: {error}", path.display())))
}

fn is_json(path: &Path) -> bool {
    has_extension(path, "json")
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// What a core dump leaves out is in these files.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct CoreFiles {
    /// For a core dump: the folder below which the files are that were mapped
    #[arg(long, value_name = "FOLDER")]
    pub(crate) sysroot: Option<PathBuf>,
    /// For a core dump that names no files: the program that it is of
    #[arg(long, value_name = "FILE")]
    pub(crate) program: Option<PathBuf>,
}

/// The memory that a core dump may ask for, in bytes.
const CORE_LIMIT: u64 = 1 << 36;

/// A core dump, with what it leaves out from its files; what stays missing is
/// told.
fn load_core(path: &Path, bytes: &[u8], platform: Option<Platform>, files: &CoreFiles) -> Result<Machine> {
    let options = Options { platform, memory_limit: CORE_LIMIT, ..Options::default() };
    let mut core = CoreDump::parse(&name_of(path), bytes, &options)?;
    if let Some(sysroot) = &files.sysroot {
        core.fill_from(sysroot, &options)?;
    }
    if let Some(program) = &files.program {
        core.take_program(&name_of(program), &read(program)?, &options)?;
    }
    for missing in core.missing() {
        let file = missing.path.map(|path| format!(": it is in {path}")).unwrap_or_default();
        output::print_error(&format!("note: {} is not in the core dump{file}\n", missing.range));
    }
    Ok(core.into_machine()?)
}

/// A machine of a file that is one as a whole: a minidump, the folder of a
/// context of AFL++'s Unicorn mode, a map by the extension `.toml`.
fn load_whole(path: &Path, platform: Option<Platform>) -> Result<Option<Machine>> {
    let options = Options { platform, memory_limit: CORE_LIMIT, ..Options::default() };
    if path.is_dir() {
        let context = UnicornContext::read(path, &options)?;
        for register in &context.unknown_registers {
            output::print_error(&format!("note: register {register} of the context is not known\n"));
        }
        return Ok(Some(context.into_machine()?));
    }
    if has_extension(path, "toml") {
        let name = name_of(path);
        let map = MemoryMap::parse(&name, &String::from_utf8_lossy(&read(path)?))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        return Ok(Some(map.machine(&name, folder, &options)?));
    }
    let bytes = read(path)?;
    if detect(&bytes) == FileKind::Minidump {
        return Ok(Some(Minidump::parse(&name_of(path), &bytes, &options)?.into_machine()?));
    }
    Ok(None)
}

/// A machine: a core dump, a minidump, a context of AFL++, a map, or one that
/// was saved (JSON by the extension `.json`, else the binary format).
pub(crate) fn load_machine(path: &Path, files: &CoreFiles) -> Result<Machine> {
    if let Some(machine) = load_whole(path, None)? {
        return Ok(machine);
    }
    let bytes = read(path)?;
    if detect(&bytes) == FileKind::CoreDump {
        return load_core(path, &bytes, None, files);
    }
    let machine = if is_json(path) {
        Machine::from_json(&String::from_utf8_lossy(&bytes))
    } else {
        Machine::from_bytes(&bytes)
    };
    machine.map_err(|error| {
        let failure = Failure::run_time(format!("{}: {error}", path.display()));
        match error {
            Error::Format(FormatError::Version(_)) => failure.hint(
                "`terrella state convert FILE FILE.json` of the program that wrote it makes JSON, which this one reads",
            ),
            _ => failure,
        }
    })
}

/// Checks that a file is for a whole machine: dumps and contexts are of one
/// process on one processor.
pub(crate) fn check_whole(path: &Path) -> Result<()> {
    if has_extension(path, "core") || has_extension(path, "context") {
        return Err(Failure::usage(format!(
            "{}: a Linux system has processes and files, which such a file has no place for",
            path.display()
        ))
        .hint("save it as .terrella or .json"));
    }
    Ok(())
}

/// Saves a machine: as JSON by the extension `.json`, as a core dump by
/// `.core`, as a context of AFL++ into a folder by `.context`, else in the
/// binary format.
pub(crate) fn save_machine(machine: &Machine, path: &Path) -> Result<()> {
    let bytes = match path {
        _ if is_json(path) => machine.to_json()?.into_bytes(),
        _ if has_extension(path, "core") => write_core(machine)?,
        _ if has_extension(path, "context") => return Ok(UnicornContext::write(machine, path)?),
        _ => return Ok(machine.save(path)?),
    };
    std::fs::write(path, bytes)
        .map_err(|error| Failure::run_time(format!("cannot write {}: {error}", path.display())))
}

/// Loads one file and links others to it: ELF, PE, HEX, raw; or a whole
/// machine: a dump, a context, a map, a saved one.
pub(crate) fn load(
    file: &Path,
    links: &[PathBuf],
    platform: Option<Platform>,
    base: Option<u64>,
    sysroot: Option<&Path>,
) -> Result<Input> {
    if let Some(machine) = load_whole(file, platform)? {
        if !links.is_empty() {
            return Err(Failure::usage("modules cannot be linked to a whole machine"));
        }
        return Ok(Input { machine, saved: true, module: None });
    }
    let bytes = read(file)?;
    if detect(&bytes) == FileKind::CoreDump {
        if links.len() > 1 {
            return Err(Failure::usage("a core dump is of one program")
                .hint("its libraries are found below `--sysroot FOLDER`"));
        }
        let files = CoreFiles { sysroot: sysroot.map(Path::to_owned), program: links.first().cloned() };
        let machine = load_core(file, &bytes, platform, &files)?;
        return Ok(Input { machine, saved: true, module: None });
    }
    if detect(&bytes) == FileKind::Machine || is_json(file) {
        if !links.is_empty() {
            return Err(Failure::usage("modules cannot be linked to a saved machine"));
        }
        return Ok(Input { machine: load_machine(file, &CoreFiles::default())?, saved: true, module: None });
    }
    let options =
        Options { platform, base, unknown_relocations: UnknownRelocations::Skip, ..Options::default() };
    let mut linker = Linker::new(options);
    linker.add_file(file)?;
    for link in links {
        linker.add_file(link)?;
    }
    if let Some(sysroot) = sysroot {
        linker.add_needed(&SearchPath { sysroot: Some(sysroot.to_owned()), ..SearchPath::default() })?;
    }
    let loaded = linker.link()?;
    for (library, by) in &loaded.report.missing {
        output::print_error(&format!("note: {by} needs {library}, which was not found\n"));
    }
    for skipped in &loaded.report.skipped {
        let what = format!("{} at {:#x} was not applied", skipped.kind, skipped.place);
        output::print_error(&format!("note: {}: relocation {what}\n", skipped.module));
    }
    let module = loaded.executables.first().map(|executable| executable.name.clone());
    Ok(Input { machine: loaded.into_machine()?, saved: false, module })
}

/// Adds bytes at an address.
pub(crate) fn add_raw(machine: &mut Machine, path: &Path, address: u64) -> Result<()> {
    let image = RawImage { name: name_of(path), platform: machine.platform(), address };
    let executable = image.load(&read(path)?)?;
    add(machine, &image.name, executable)
}

/// Adds an item under a name, or the first of `name#2`, `name#3` … that is
/// free.
fn add(machine: &mut Machine, name: &str, item: impl terrella::machine::MachineItem) -> Result<()> {
    let name = free_name(machine, name);
    Ok(machine.add(name, item)?)
}

fn free_name(machine: &Machine, name: &str) -> String {
    let numbered = (2_u64..).map(|number| format!("{name}#{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !machine.contains(name)).unwrap_or_else(|| name.to_owned())
}

/// The lower half of the (first 32-bit) address space: data there is in
/// reach of every kind of address.
fn half(machine: &Machine) -> u64 {
    machine.definition().highest_address().min(u64::from(u32::MAX)) / 2 + 1
}

/// The size of a stack or heap on a platform, unless another one is asked for.
pub(crate) fn default_area(machine: &Machine) -> u64 {
    AREA.min(half(machine) / 16)
}

/// The highest free range of a size in the lower half of the address space.
/// The addresses above, one in 128, stay free for return addresses, and a page
/// to everything else, so that what runs over an end is a fault.
fn free_range(machine: &Machine, size: u64) -> Result<u64> {
    let half = half(machine);
    let alignment = 0x1000.min(half / 128);
    let mut taken: Vec<AddressRange> = machine.iter().flat_map(|(_, item)| item.claims()).collect();
    for (_, executable) in machine.iter_of::<Executable>().filter(|(_, image)| image.segments.is_empty()) {
        taken.extend(executable.symbols.iter().map(|symbol| AddressRange::single(symbol.address)));
    }
    let no_room =
        || Failure::run_time(format!("no free range of {size:#x} bytes is left in the address space"));
    let mut top = half - half / 128;
    loop {
        let first = top.checked_sub(size).ok_or_else(no_room)? / alignment * alignment;
        let wanted = (first.saturating_sub(alignment)..=first + size + alignment - 1).into();
        match taken.iter().filter(|range| range.overlaps(&wanted)).map(AddressRange::first).min() {
            None if first > 0 => return Ok(first),
            None | Some(0) => return Err(no_room()),
            Some(address) => top = address.checked_sub(alignment).ok_or_else(no_room)?,
        }
    }
}

/// Adds a stack of a size, in a free range; none for the size 0.
pub(crate) fn add_stack(machine: &mut Machine, size: u64) -> Result<()> {
    if size == 0 {
        return Ok(());
    }
    let stack = Stack::new(machine.platform(), free_range(machine, size)?, size)?;
    add(machine, "stack", stack)
}

/// Adds a heap with these blocks, and gives their addresses.
pub(crate) fn add_heap(machine: &mut Machine, blocks: &[Option<Vec<u8>>]) -> Result<Vec<Option<u64>>> {
    let needed: u64 = blocks.iter().flatten().map(|block| block.len() as u64 + 64).sum();
    let page = 0x1000.min(half(machine) / 128);
    let size = default_area(machine).max(needed).next_multiple_of(page);
    let mut heap = Heap::new(machine.platform(), free_range(machine, size)?, size, HeapStrategy::default())?;
    let mut places = Vec::new();
    for block in blocks {
        places.push(match block {
            Some(bytes) if bytes.is_empty() => Some(heap.allocate_bytes(&[0])?),
            Some(bytes) => Some(heap.allocate_bytes(bytes)?),
            None => None,
        });
    }
    add(machine, "heap", heap)?;
    Ok(places)
}

/// The backend of a name, or the first one that runs a platform.
pub(crate) fn backend(platform: Platform, name: Option<&str>) -> Result<&'static Backend> {
    let names = || backends::ALL.iter().map(|backend| backend.name).collect::<Vec<_>>().join(", ");
    let running = || {
        let running = backends::ALL.iter().filter(|backend| (backend.platforms)().contains(&platform));
        running.map(|backend| backend.name).collect::<Vec<_>>().join(", ")
    };
    let runners = || match running() {
        runners if runners.is_empty() => "no backend of this program runs it".to_owned(),
        runners => format!("{platform} is run by {runners}"),
    };
    let Some(name) = name else {
        return backends::for_platform(platform).ok_or_else(|| {
            Failure::run_time(format!("no backend runs {platform}"))
                .hint(match names() {
                    names if names.is_empty() => "this program was built without backends".to_owned(),
                    names => format!("backends of this program: {names}"),
                })
                .hint("`terrella platforms` shows which backend runs what")
        });
    };
    let backend = backends::by_name(name).ok_or_else(|| {
        Failure::usage(format!("there is no backend `{name}` in this program"))
            .hint(format!("backends: {}; cargo's features of `terrella-cli` add others", names()))
    })?;
    if !(backend.platforms)().contains(&platform) {
        return Err(Failure::run_time(format!("{name} does not run {platform}")).hint(runners()));
    }
    Ok(backend)
}

/// An emulator of the machine's platform.
pub(crate) fn emulator(machine: &Machine, backend_name: Option<&str>) -> Result<Box<dyn Emulator>> {
    let backend = backend(machine.platform(), backend_name)?;
    Ok((backend.make)(machine.platform())?)
}
