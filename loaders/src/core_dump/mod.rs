//! [`CoreDump`]: the core dumps of Linux, in and out.
//!
//! The format is that of ELF files of type `ET_CORE`: memory in segments,
//! registers and facts about the process in notes
//! (Linux, `fs/binfmt_elf.c`; the layouts by processor are in `tables`).

pub(crate) mod layout;
mod machine;
mod notes;
mod read;
mod tables;
mod write;

use std::path::Path;

use terrella_emulator_api::{AddressRange, Permissions};
use terrella_machine_state::{Cpu, Executable, Pages, ProcessRecord, Signal};
use terrella_platforms::Platform;

pub use write::write_core;

use crate::{
    Error, Options, Result,
    elf::{self, file::ElfFile},
    link::image_of,
    open::file_below,
};

/// A core dump: threads, memory, and what is known of the process.
///
/// ```no_run
/// use terrella_loaders::{CoreDump, Options};
///
/// let bytes = std::fs::read("core")?;
/// let mut core = CoreDump::parse("core", &bytes, &Options::default())?;
/// core.fill_from(std::path::Path::new("/srv/sysroot"), &Options::default())?;
/// for missing in core.missing() {
///     println!("{} was not dumped", missing.range);
/// }
/// let machine = core.into_machine()?;
/// println!("it stopped at {:#x?}", machine.cpu().program_counter());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CoreDump {
    /// What errors call the file.
    pub name: String,
    /// The platform of the process.
    pub platform: Platform,
    /// The threads; the first one is the one that crashed.
    pub threads: Vec<CoreThread>,
    /// The memory, by address.
    pub segments: Vec<CoreSegment>,
    /// What is known of the process; its list of threads is empty.
    pub process: ProcessRecord,
    /// Programs and libraries whose files were given.
    modules: Vec<Attached>,
}

/// A thread of a core dump.
#[derive(Debug, Clone)]
pub struct CoreThread {
    /// The number that the system gave it.
    pub identifier: u64,
    /// The signal that it was at.
    pub signal: Option<Signal>,
    /// Its registers: those that the dump has.
    pub cpu: Cpu,
}

/// A mapping of a core dump.
#[derive(Debug, Clone)]
pub struct CoreSegment {
    /// Its addresses.
    pub range: AddressRange,
    /// What the process may do there.
    pub permissions: Permissions,
    /// The bytes; zero where the dump has none.
    pub data: Pages,
    /// The end of it that is not in the dump although it was no memory of
    /// zeros: what is in it is known only from the file that was mapped.
    pub missing: Option<AddressRange>,
}

/// Memory that the dump does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingMemory {
    /// The addresses.
    pub range: AddressRange,
    /// The file that was mapped there, if the dump tells.
    pub path: Option<String>,
}

/// A file with a place in the process.
#[derive(Debug, Clone)]
struct Attached {
    /// What the file says, at its addresses in the process; without segments.
    image: Executable,
    /// Where its segments are.
    ranges: Vec<AddressRange>,
}

impl CoreDump {
    /// The memory that is not in the dump, and that no file has filled in.
    #[must_use]
    pub fn missing(&self) -> Vec<MissingMemory> {
        let path = |range: &AddressRange| Some(machine::file_at(&self.process.files, range)?.path.clone());
        let missing = self.segments.iter().filter_map(|segment| segment.missing);
        missing.map(|range| MissingMemory { range, path: path(&range) }).collect()
    }

    /// Fills in what is missing from the files below a folder, and takes
    /// their symbols. Files that are not there stay missing.
    ///
    /// # Errors
    /// [`Error::Read`] for a file that cannot be read,
    /// [`Error::OtherFile`] for one that is not the one that was mapped.
    pub fn fill_from(&mut self, sysroot: &Path, options: &Options) -> Result<()> {
        let mut paths: Vec<&str> = self.process.files.iter().map(|file| file.path.as_str()).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths.into_iter().map(str::to_owned).collect::<Vec<_>>() {
            if let Some(bytes) = file_below(sysroot, &path, options.memory_limit)? {
                self.take_file(&path, &bytes, options)?;
            }
        }
        Ok(())
    }

    /// Takes the content of a file that the dump names.
    ///
    /// # Errors
    /// [`Error::OtherFile`] if it begins with other bytes than the dump has
    /// of it.
    pub fn take_file(&mut self, path: &str, bytes: &[u8], options: &Options) -> Result<()> {
        let files: Vec<_> = self.process.files.iter().filter(|file| file.path == path).cloned().collect();
        if let Some(first) = files.iter().find(|file| file.offset == 0) {
            let head = bytes.get(..64).unwrap_or(bytes);
            let dumped = self.dumped(first.range.first(), head.len());
            if dumped.is_some_and(|dumped| dumped != head) {
                return Err(Error::OtherFile { file: path.to_owned(), dump: self.name.clone() });
            }
        }
        for segment in &mut self.segments {
            let Some(missing) = segment.missing else { continue };
            let Some(file) = machine::file_at(&self.process.files, &missing) else { continue };
            if file.path != path {
                continue;
            }
            let part = missing.intersection(&file.range);
            let from = file.offset.saturating_add(part.first() - file.range.first());
            let size = part.size().unwrap_or(u64::MAX);
            let start = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
            let length = usize::try_from(size).unwrap_or(usize::MAX).min(bytes.len() - start);
            segment.data.write(part.first(), &bytes[start..start + length]);
            if file.range.covers(&missing) {
                segment.missing = None;
            }
        }
        if let (Some(file), Ok(header)) = (files.first(), ElfFile::parse(path, bytes)) {
            let bias = header
                .programs
                .iter()
                .filter(|program| program.kind == object::elf::PT_LOAD)
                .find_map(|program| {
                    let ahead = program.offset.checked_sub(file.offset).filter(|ahead| *ahead < 0x1_0000)?;
                    Some(file.range.first().wrapping_sub(program.address.wrapping_sub(ahead)))
                });
            self.attach(path, bytes, bias.unwrap_or(0), options);
        }
        Ok(())
    }

    /// Takes the program that the dump is of, for dumps that name no files:
    /// it fills in what is missing at its addresses, and gives its symbols.
    ///
    /// # Errors
    /// Those of reading an ELF file; [`Error::PlatformMismatch`].
    pub fn take_program(&mut self, name: &str, bytes: &[u8], options: &Options) -> Result<()> {
        let header = ElfFile::parse(name, bytes)?;
        let platform = crate::detect::platform_of(&header)?;
        if options.platform.is_none() && platform != self.platform {
            return Err(Error::PlatformMismatch {
                file: name.to_owned(),
                platform,
                other: self.name.clone(),
                expected: self.platform,
            });
        }
        /// `AT_ENTRY`.
        const ENTRY: u64 = 9;
        let bias = match self.process.auxiliary_value(ENTRY) {
            Some(entry) if header.kind == object::elf::ET_DYN => entry.wrapping_sub(header.entry),
            _ => 0,
        };
        let ours = Options { platform: Some(self.platform), ..options.clone() };
        let mut module = elf::read(name, bytes, &ours)?;
        module.bias = bias;
        for segment in &mut self.segments {
            let Some(missing) = segment.missing else { continue };
            let mut found = false;
            for part in &module.segments {
                let placed =
                    AddressRange::from(module.placed(part.range.first())..=module.placed(part.range.last()));
                let both = missing.intersection(&placed);
                if both.is_empty() {
                    continue;
                }
                let from = both.first().wrapping_sub(bias);
                let size = (both.last() - both.first()) as usize + 1;
                segment.data.write(both.first(), &part.data.read_vec(from, size));
                found = true;
            }
            if found {
                segment.missing = None;
            }
        }
        self.attach(name, bytes, bias, options);
        Ok(())
    }

    /// Keeps what a file says about the memory that it is in; a broken file
    /// says nothing.
    fn attach(&mut self, name: &str, bytes: &[u8], bias: u64, options: &Options) {
        let ours = Options { platform: Some(self.platform), ..options.clone() };
        let Ok(mut module) = elf::read(name, bytes, &ours) else { return };
        module.bias = bias;
        let mut image = image_of(&module);
        let pages = |range: AddressRange| AddressRange::from(range.first() & !0xfff..=range.last() | 0xfff);
        let ranges = image.segments.drain(..).map(|segment| pages(segment.range)).collect();
        image.name = machine::file_name(name);
        // Its constructors have run.
        image.constructors.clear();
        self.modules.push(Attached { image, ranges });
    }

    /// Bytes that the dump has.
    fn dumped(&self, address: u64, size: usize) -> Option<Vec<u8>> {
        let segment = self.segments.iter().find(|segment| segment.range.contains(address))?;
        let last = address.checked_add(size as u64)?.checked_sub(1)?;
        let absent = segment.missing.is_some_and(|missing| missing.first() <= last);
        (last <= segment.range.last() && !absent).then(|| segment.data.read_vec(address, size))
    }
}
