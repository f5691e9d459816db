//! [`LinkModels`]: the imports of an executable are answered by models.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{AddressRange, Permissions};
use terrella_machine_state::{Executable, FunctionModel, FunctionSite, Heap, HeapStrategy, Machine, Memory};
use terrella_platforms::{ARM_KERNEL_HELPERS, CodeAddressBit, Platform, arm_kernel_helpers};

use super::{
    catalogue,
    error::Error,
    item::{Answer, Libc, Link},
    link_variables::{link_variable, slot_content},
    program::convention_of,
    state::State,
    types::Flavour,
    variables,
};
use crate::files::FileSystem;

/// The name of the library in a machine.
pub const LIBC: &str = "libc";
const DATA: &str = "libc.data";
const CODE: &str = "libc.code";
const HEAP: &str = "libc.heap";

/// What the models of a machine start with.
#[derive(Debug, Clone)]
pub struct LibcOptions {
    /// The files that the program sees.
    pub files: FileSystem,
    /// What it reads from standard input.
    pub input: Vec<u8>,
    /// Its environment, `NAME=value` each.
    pub environment: Vec<String>,
    /// What it is called.
    pub program: String,
    /// Of random numbers.
    pub seed: u64,
    /// The size of the heap in bytes, where the machine has no heap yet.
    pub heap_size: u64,
    /// How the heap hands out blocks: `Guarded` finds what is used after it
    /// was freed, and accesses past the end.
    pub heap_strategy: HeapStrategy,
    /// The library that the program was made for; told from its imports if it
    /// is not given.
    pub flavour: Option<Flavour>,
    /// Models that deviate from the documents answer nothing.
    pub strict: bool,
    /// Functions without a model stay as the linker left them: a call is a
    /// fault at the address of the import.
    pub leaves_open: bool,
    /// Functions that return a value and do nothing else.
    pub answers: BTreeMap<String, i64>,
}

impl Default for LibcOptions {
    /// Usual files, no input, `PATH`, `HOME` and `LANG`, a heap of 64 MiB (less
    /// in small address spaces), all models.
    fn default() -> Self {
        Self {
            files: FileSystem::new(),
            input: Vec::new(),
            environment: ["PATH=/usr/bin:/bin", "HOME=/root", "LANG=C"].map(str::to_owned).to_vec(),
            program: "program".to_owned(),
            seed: 0x7465_7272_656c_6c61,
            heap_size: 64 << 20,
            heap_strategy: HeapStrategy::FreeList,
            flavour: None,
            strict: false,
            leaves_open: false,
            answers: BTreeMap::new(),
        }
    }
}

/// What became of the imports of an executable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelReport {
    /// Functions that models answer.
    pub modelled: Vec<String>,
    /// Those of them that deviate from the documents, and in what.
    pub imprecise: BTreeMap<String, String>,
    /// Functions that return a chosen value.
    pub chosen: Vec<String>,
    /// Variables that have got a place and a value.
    pub variables: Vec<String>,
    /// Functions that nothing answers: a call ends the run with
    /// [`Error::Unmodelled`].
    pub unmodelled: Vec<String>,
}

/// Links the imports of executables in a machine to models.
pub trait LinkModels {
    /// Has all imports of an executable in the machine answered that models
    /// are there for, and says which.
    ///
    /// # Errors
    /// [`Error::NoRoom`], and what the machine reports.
    fn link_models(&mut self, executable: &Executable) -> Result<ModelReport, LinkError> {
        self.link_models_with(executable, LibcOptions::default())
    }

    /// The same with options. Those that the library already there was made
    /// with hold on, except for `strict` and `answers`.
    ///
    /// # Errors
    /// As [`Self::link_models`].
    fn link_models_with(
        &mut self,
        executable: &Executable,
        options: LibcOptions,
    ) -> Result<ModelReport, LinkError>;

    /// The same for all executables in the machine.
    ///
    /// # Errors
    /// As [`Self::link_models`].
    fn link_all_models(&mut self, options: LibcOptions) -> Result<ModelReport, LinkError>;
}

/// Why models could not be linked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// What the models need has no place.
    #[error(transparent)]
    Models(#[from] Error),
    /// What the machine reports.
    #[error(transparent)]
    Machine(#[from] terrella_machine_state::Error),
}

impl LinkModels for Machine {
    fn link_models_with(
        &mut self,
        executable: &Executable,
        options: LibcOptions,
    ) -> Result<ModelReport, LinkError> {
        if !self.contains(LIBC) {
            add_library(self, executable, &options)?;
        }
        let mut report = ModelReport::default();
        for import in &executable.imports {
            link_one(self, executable, &import.name, import.weak, &options, &mut report)?;
        }
        report.modelled.sort();
        report.unmodelled.sort();
        Ok(report)
    }

    fn link_all_models(&mut self, options: LibcOptions) -> Result<ModelReport, LinkError> {
        let executables: Vec<Executable> =
            self.iter_of::<Executable>().map(|(_, executable)| executable.clone()).collect();
        let mut all = ModelReport::default();
        for executable in executables.iter().filter(|executable| !executable.imports.is_empty()) {
            let report = self.link_models_with(executable, options.clone())?;
            all.modelled.extend(report.modelled);
            all.imprecise.extend(report.imprecise);
            all.chosen.extend(report.chosen);
            all.variables.extend(report.variables);
            all.unmodelled.extend(report.unmodelled);
        }
        for list in [&mut all.modelled, &mut all.chosen, &mut all.variables, &mut all.unmodelled] {
            list.sort();
            list.dedup();
        }
        Ok(all)
    }
}

/// How large the parts of the library are on a platform.
struct Sizes {
    data: u64,
    code: u64,
    heap: u64,
    stub: u64,
}

fn sizes(platform: Platform, wanted: u64) -> Sizes {
    let bits = platform.definition().address_bits;
    if bits < 32 {
        Sizes {
            data: 0x800,
            code: 0x400,
            heap: wanted.min(if bits < 20 { 0x1800 } else { 0x8000 }),
            stub: 32,
        }
    } else {
        Sizes { data: 0x1_0000, code: 0x4_0000, heap: wanted.min(1 << 29), stub: 32 }
    }
}

/// A free range of addresses, as high as it can be below the middle of the
/// address space, in the first 2 GiB: there all platforms have memory that
/// programs may use.
fn free_range(machine: &Machine, size: u64, what: &'static str) -> Result<u64, Error> {
    let platform = machine.platform();
    let definition = platform.definition();
    let small = definition.address_bits < 32;
    let align = if small { 0x100 } else { 0x1_0000 };
    let top = if small { definition.highest_address() } else { 0x6fff_ffff };
    let mut claimed: Vec<AddressRange> = machine.iter().flat_map(|(_, item)| item.claims()).collect();
    for (_, executable) in machine.iter_of::<Executable>() {
        claimed.extend(executable.segments.iter().map(|segment| segment.range));
        // Addresses of imports that are not mapped.
        claimed.extend(executable.symbols.iter().filter_map(|symbol| {
            AddressRange::sized(symbol.address, symbol.size.max(1))
                .ok()
                .filter(|_| symbol.name.contains("@import"))
        }));
    }
    claimed.extend(machine.exit_points().filter_map(|exit| AddressRange::sized(exit, 1).ok()));
    let mut start = top.checked_sub(size.saturating_sub(1)).map(|first| first / align * align);
    while let Some(first) = start.filter(|first| *first >= align) {
        let Ok(range) = AddressRange::sized(first, size) else { break };
        match claimed.iter().filter(|other| other.overlaps(&range)).map(AddressRange::first).min() {
            None => return Ok(first),
            Some(hit) => start = hit.checked_sub(size).map(|below| below / align * align),
        }
    }
    Err(Error::NoRoom { what, size, platform })
}

/// Adds the library with its memory to a machine.
fn add_library(
    machine: &mut Machine,
    executable: &Executable,
    options: &LibcOptions,
) -> Result<(), LinkError> {
    let platform = machine.platform();
    let sizes = sizes(platform, options.heap_size);
    let flavour = options.flavour.unwrap_or_else(|| Flavour::of_program(executable));
    let mut state = State::new(platform, flavour, options.files.clone(), options.seed, &options.input);
    let known_heap = machine.iter_of::<Heap>().next().map(|(name, _)| name.to_owned());
    state.heap = match known_heap {
        Some(name) => name,
        None => {
            let address = free_range(machine, sizes.heap, "the heap")?;
            machine.add(HEAP, Heap::new(platform, address, sizes.heap, options.heap_strategy)?)?;
            HEAP.to_owned()
        }
    };
    let data = free_range(machine, sizes.data, "the library's variables")?;
    let memory = Memory::new(platform, data, sizes.data, Permissions::READ_WRITE)?;
    machine.add(DATA, memory)?;
    let code = free_range(machine, sizes.code, "the library's functions")?;
    let memory = Memory::new(platform, code, sizes.code, Permissions::READ_EXECUTE)?;
    machine.add(CODE, memory)?;

    // What old ARM processors have no instructions for, programs have the
    // kernel do.
    if platform == Platform::ARMV5T && machine.read_memory(ARM_KERNEL_HELPERS, 1).is_err() {
        let mut memory = Memory::new(platform, ARM_KERNEL_HELPERS, 0x1000, Permissions::READ_EXECUTE)?;
        for (offset, word) in arm_kernel_helpers(false) {
            memory.write(ARM_KERNEL_HELPERS + offset, &word.to_le_bytes())?;
        }
        machine.add("libc.helpers", memory)?;
    }

    let layout = &mut state.layout;
    layout.resume = code;
    layout.descriptors = convention_of(executable).function_descriptors;
    layout.stubs = (code + sizes.stub, code + sizes.code);
    layout.free = (data, data + sizes.data);
    let small = platform.definition().address_bits < 32;
    let mut take = |size: u64| {
        let at = layout.free.0;
        layout.free.0 = (at + size).next_multiple_of(if small { 2 } else { 16 });
        at
    };
    let (errno, host_errno) = (take(8), take(8));
    let files = [0; 3].map(|_| take(if small { 16 } else { 256 }));
    let environ = take(8);
    layout.errno = errno;
    layout.host_errno = host_errno;
    layout.files = files;
    layout.environ = environ;
    for (fd, address) in files.iter().enumerate() {
        state.streams.insert(*address, super::stdio::Stream::standard(fd as i32));
    }
    let array = text_array(machine, &mut state, &options.environment)?;
    write_word(machine, environ, array)?;
    state.program = options.program.clone();
    state.program_text = put_text(machine, &mut state, options.program.as_bytes())?;
    state.constructors = executable.constructors.clone();
    state.destructors = executable.destructors.clone();
    let convention = executable.abi.clone();
    machine.add(LIBC, Libc { convention, links: Vec::new(), state })?;
    Ok(())
}

/// Room of the library's own in its data.
pub(super) fn take_room(state: &mut State, size: u64, platform: Platform) -> Result<u64, Error> {
    let (next, end) = state.layout.free;
    let after = next.checked_add(size).filter(|after| *after <= end);
    let after = after.ok_or(Error::NoRoom { what: "the library's variables", size, platform })?;
    state.layout.free.0 =
        after.next_multiple_of(if platform.definition().address_bits < 32 { 2 } else { 16 });
    Ok(next)
}

pub(super) fn put_text(machine: &mut Machine, state: &mut State, text: &[u8]) -> Result<u64, LinkError> {
    let platform = machine.platform();
    let address = take_room(state, text.len() as u64 + 1, platform)?;
    machine.write_memory(address, text)?;
    machine.write_memory(address + text.len() as u64, &[0])?;
    Ok(address)
}

/// An array of pointers to texts, with a null pointer at its end.
fn text_array(machine: &mut Machine, state: &mut State, texts: &[String]) -> Result<u64, LinkError> {
    let platform = machine.platform();
    let word = u64::from(platform.definition().pointer_bytes);
    let mut addresses = Vec::new();
    for text in texts {
        addresses.push(put_text(machine, state, text.as_bytes())?);
    }
    addresses.push(0);
    let array = take_room(state, word * addresses.len() as u64, platform)?;
    for (index, address) in addresses.iter().enumerate() {
        write_word(machine, array + word * index as u64, *address)?;
    }
    Ok(array)
}

pub(super) fn write_word(machine: &mut Machine, address: u64, value: u64) -> Result<(), LinkError> {
    let width = machine.platform().definition().pointer_bytes;
    write_number(machine, address, value, width)
}

pub(super) fn write_number(
    machine: &mut Machine,
    address: u64,
    value: u64,
    bytes: u8,
) -> Result<(), LinkError> {
    let mut buffer = [0; 8];
    let buffer = &mut buffer[..usize::from(bytes).min(8)];
    machine.platform().byte_order().write(value.into(), buffer);
    Ok(machine.write_memory(address, buffer)?)
}

/// Links one import.
fn link_one(
    machine: &mut Machine,
    executable: &Executable,
    name: &str,
    weak: bool,
    options: &LibcOptions,
    report: &mut ModelReport,
) -> Result<(), LinkError> {
    // Names with a version are those without it here.
    let plain = name.split('@').next().unwrap_or(name);
    let platform = machine.platform();
    if let Some(initial) = variables::find(plain) {
        link_variable(machine, executable, name, plain, initial)?;
        report.variables.push(plain.to_owned());
        return Ok(());
    }
    // The loader, or the harness, answers it already.
    let imported = machine.symbol(&format!("{name}@import")).ok().map(|symbol| symbol.address);
    let answered = |site: &FunctionSite| match site {
        FunctionSite::Address(address) => Some(*address) == imported,
        FunctionSite::Symbol(symbol) => symbol == plain,
    };
    if machine.iter_of::<FunctionModel>().any(|(_, model)| answered(model.site())) {
        return Ok(());
    }
    let model =
        catalogue::find(plain).filter(|model| !options.strict || model.deviation_on(platform).is_none());
    let answer = match (options.answers.get(plain), model) {
        (Some(value), _) => {
            report.chosen.push(plain.to_owned());
            Answer::Value(*value)
        }
        (None, Some(model)) => {
            report.modelled.push(plain.to_owned());
            if let Some(deviation) = model.deviation_on(platform) {
                report.imprecise.insert(plain.to_owned(), deviation.to_owned());
            }
            Answer::Model(plain.to_owned())
        }
        // It may be missing, and the program knows.
        (None, None) if weak => return Ok(()),
        (None, None) => {
            report.unmodelled.push(plain.to_owned());
            if options.leaves_open {
                return Ok(());
            }
            Answer::Nothing
        }
    };
    let address = match imported {
        Some(pointer) => {
            map_descriptor(machine, executable, name, pointer)?;
            // The words for a weak one are still zero.
            let item = item_of(machine, executable).filter(|_| weak);
            if let Some(item) = item {
                machine.get_mut::<Executable>(&item)?.resolve_import(name, pointer)?;
            }
            machine.platform().definition().code_address(pointer)
        }
        None => {
            let (pointer, code) = stub(machine, plain)?;
            if let Some(item) = item_of(machine, executable) {
                machine.get_mut::<Executable>(&item)?.resolve_import_to(name, pointer, [code, pointer])?;
            }
            code
        }
    };
    map_stub(machine, address)?;
    let library = machine.get_mut::<Libc>(LIBC)?;
    match library.links.iter_mut().find(|link| link.address == address) {
        Some(link) => link.answer = answer,
        None => library.links.push(Link { name: plain.to_owned(), address, answer }),
    }
    Ok(())
}

/// The item that an executable is in a machine.
pub(super) fn item_of(machine: &Machine, executable: &Executable) -> Option<String> {
    let mut all = machine.iter_of::<Executable>();
    all.find(|(_, item)| item.name == executable.name).map(|(name, _)| name.to_owned())
}

/// A stub of the library's own: what a function pointer to it is, and the
/// address of its code.
fn stub(machine: &mut Machine, name: &str) -> Result<(u64, u64), LinkError> {
    let platform = machine.platform();
    let definition = platform.definition();
    let library = machine.get_mut::<Libc>(LIBC)?;
    if let Some(pointer) = library.state.layout.functions.get(name) {
        let code = if library.state.layout.descriptors { pointer.wrapping_add(32) } else { *pointer };
        return Ok((*pointer, definition.code_address(code)));
    }
    let descriptors = library.state.layout.descriptors;
    let (pointer, code) = library.state.layout.take_stub(platform, name)?;
    if descriptors {
        write_word(machine, pointer, code)?;
        write_word(machine, pointer + 8, pointer)?;
    }
    Ok((pointer, code))
}

impl super::state::Layout {
    /// Takes a stub for a function: the function pointer, and the address of
    /// the code. Where pointers are to descriptors, that is to be written.
    pub(crate) fn take_stub(&mut self, platform: Platform, name: &str) -> Result<(u64, u64), Error> {
        let definition = platform.definition();
        let descriptors = self.descriptors;
        let size = if descriptors { 64 } else { 32 };
        let (next, end) = self.stubs;
        let after = next.checked_add(size).filter(|after| *after <= end);
        let after = after.ok_or(Error::NoRoom { what: "stubs of functions", size, platform })?;
        self.stubs.0 = after;
        let thumb = definition.code_address_bit == CodeAddressBit::ThumbOnly;
        let pointer = if thumb { next | 1 } else { next };
        self.functions.insert(name.to_owned(), pointer);
        Ok((pointer, if descriptors { next + 32 } else { next }))
    }
}

/// Where pointers to functions are to descriptors, the program may have the
/// address of an import's: there has to be one.
fn map_descriptor(
    machine: &mut Machine,
    executable: &Executable,
    name: &str,
    code: u64,
) -> Result<(), LinkError> {
    let Some(address) = slot_content(machine, executable, name) else { return Ok(()) };
    if machine.read_memory(address, 24).is_err() {
        let memory = Memory::new(machine.platform(), address, 24, Permissions::READ_WRITE)?;
        machine.add(format!("libc.descriptor:{address:#x}"), memory)?;
    }
    write_word(machine, address, code)?;
    write_word(machine, address.wrapping_add(8), address)
}

/// A hook needs something below it.
fn map_stub(machine: &mut Machine, address: u64) -> Result<(), LinkError> {
    if machine.read_memory(address, 1).is_ok() {
        return Ok(());
    }
    let platform = machine.platform();
    let size = u64::from(platform.definition().longest_instruction);
    let memory = Memory::new(platform, address, size, Permissions::READ_EXECUTE)?;
    machine.add(format!("libc.stub:{address:#x}"), memory)?;
    Ok(())
}
