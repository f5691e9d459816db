//! [`Minidump`]: the crash dumps of Windows, and of Breakpad on other systems.
//!
//! The format is that of `minidumpapiset.h` of the Windows SDK (streams) and
//! `winnt.h` (contexts of processors): numbers least significant byte first.

mod contexts;

use terrella_emulator_api::{AddressRange, Permissions};
use terrella_machine_state::{Cpu, FileRecord, Machine, Memory, ProcessRecord, Signal, ThreadRecord};
use terrella_platforms::Platform;

use crate::{Error, Options, Result, elf::permissions};

const SIGNATURE: &[u8] = b"MDMP\x93\xa7";
/// Streams.
const THREAD_LIST: u32 = 3;
const MODULE_LIST: u32 = 4;
const MEMORY_LIST: u32 = 5;
const EXCEPTION: u32 = 6;
const SYSTEM_INFO: u32 = 7;
const MEMORY_64_LIST: u32 = 9;
const MISC_INFO: u32 = 15;
const MEMORY_INFO_LIST: u32 = 16;
/// Most streams, threads, modules and ranges of memory.
const LIMIT: u64 = 1 << 16;

/// Whether a file begins as minidumps do.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    bytes.starts_with(SIGNATURE)
}

/// A minidump: threads, memory, modules.
///
/// ```no_run
/// use terrella_loaders::{Minidump, Options};
///
/// let bytes = std::fs::read("crash.dmp")?;
/// let machine = Minidump::parse("crash.dmp", &bytes, &Options::default())?.into_machine()?;
/// println!("{:#x?}", machine.cpu().program_counter());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Minidump {
    /// What errors call the file.
    pub name: String,
    /// The platform of the process.
    pub platform: Platform,
    /// The threads; the first one is that of the exception, if there is one.
    pub threads: Vec<ThreadRecord>,
    /// The memory: address and bytes, by address.
    pub memory: Vec<(u64, Vec<u8>)>,
    /// The process: number, modules, exception.
    pub process: ProcessRecord,
    /// What may be done where, if the dump tells.
    regions: Vec<(AddressRange, Permissions)>,
}

struct Reader<'d> {
    name: &'d str,
    data: &'d [u8],
}

impl<'d> Reader<'d> {
    fn cut(&self, offset: u64) -> Error {
        let what = "a stream is cut off";
        Error::Malformed { file: self.name.to_owned(), what, offset }
    }

    fn bytes(&self, offset: u64, size: u64) -> Result<&'d [u8]> {
        crate::elf::file::slice(self.data, offset, size).ok_or_else(|| self.cut(offset))
    }

    fn word(&self, offset: u64) -> Result<u64> {
        let bytes = self.bytes(offset, 4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]).into())
    }

    fn long(&self, offset: u64) -> Result<u64> {
        Ok(self.word(offset)? | self.word(offset.saturating_add(4))? << 32)
    }

    /// A count, which cannot be larger than what follows it.
    fn count(&self, value: u64, offset: u64) -> Result<u64> {
        if value > LIMIT { Err(self.cut(offset)) } else { Ok(value) }
    }

    /// A string: the size in bytes, and 16-bit units.
    fn string(&self, offset: u64) -> Result<String> {
        let size = self.word(offset)?.min(4096);
        let units = self.bytes(offset.saturating_add(4), size & !1)?.chunks_exact(2);
        let units: Vec<u16> = units.map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
        Ok(String::from_utf16_lossy(&units))
    }
}

impl Minidump {
    /// Reads the minidump that errors call `name`.
    ///
    /// # Errors
    /// [`Error::NotThatFormat`]; [`Error::Malformed`] with the place;
    /// [`Error::Text`] for a processor that is not among the platforms;
    /// [`Error::TooLarge`], [`Error::Overlap`].
    pub fn parse(name: &str, data: &[u8], options: &Options) -> Result<Self> {
        if !looks_like(data) {
            return Err(Error::NotThatFormat { file: name.to_owned(), wanted: "a minidump" });
        }
        let reader = Reader { name, data };
        let (count, directory) = (reader.count(reader.word(8)?, 8)?, reader.word(12)?);
        let mut streams = Vec::new();
        for index in 0..count {
            let at = directory + 12 * index;
            streams.push((reader.word(at)? as u32, reader.word(at + 4)?, reader.word(at + 8)?));
        }
        let stream = |kind: u32| streams.iter().find(|(found, _, _)| *found == kind).map(|(_, _, at)| *at);
        let platform = match (options.platform, stream(SYSTEM_INFO)) {
            (Some(platform), _) => platform,
            (None, Some(at)) => {
                let processor = reader.word(at)? as u16;
                contexts::platform(processor).ok_or_else(|| Error::Text {
                    file: name.to_owned(),
                    problem: format!("no platform for processor {processor:#x} of minidumps"),
                })?
            }
            (None, None) => return Err(Error::NoPlatform { file: name.to_owned() }),
        };
        let mut dump = Self {
            name: name.to_owned(),
            platform,
            threads: Vec::new(),
            memory: Vec::new(),
            process: ProcessRecord::default(),
            regions: Vec::new(),
        };
        if let Some(at) = stream(THREAD_LIST) {
            dump.threads(&reader, at)?;
        }
        if let Some(at) = stream(EXCEPTION) {
            dump.exception(&reader, at)?;
        }
        if let Some(at) = stream(MODULE_LIST) {
            dump.modules(&reader, at)?;
        }
        if let Some(at) = stream(MISC_INFO)
            && reader.word(at + 4)? & 1 == 1
        {
            dump.process.identifier = reader.word(at + 8)?;
        }
        if let Some(at) = stream(MEMORY_INFO_LIST) {
            dump.regions(&reader, at)?;
        }
        dump.memory(&reader, stream(MEMORY_LIST), stream(MEMORY_64_LIST), options)?;
        if dump.threads.is_empty() {
            return Err(Error::Malformed {
                file: name.to_owned(),
                what: "there is no thread in it",
                offset: 0,
            });
        }
        Ok(dump)
    }

    fn context(&self, reader: &Reader<'_>, size: u64, at: u64) -> Result<Cpu> {
        let mut cpu = Cpu::new(self.platform);
        contexts::read(reader.bytes(at, size)?, &mut cpu);
        cpu.allow_missing();
        Ok(cpu)
    }

    /// Threads of 48 bytes: number, …, the context's size and place at 40.
    fn threads(&mut self, reader: &Reader<'_>, at: u64) -> Result<()> {
        let count = reader.count(reader.word(at)?, at)?;
        // Some writers align the entries to 8 bytes.
        let first = at + 4;
        for index in 0..count {
            let at = first + 48 * index;
            let cpu = self.context(reader, reader.word(at + 40)?, reader.word(at + 44)?)?;
            let record = ThreadRecord { identifier: reader.word(at)?, signal: None, cpu };
            self.threads.push(record);
        }
        Ok(())
    }

    /// The thread, the exception (code, flags, record, address, parameters),
    /// and the context, which is that of the crash.
    fn exception(&mut self, reader: &Reader<'_>, at: u64) -> Result<()> {
        let identifier = reader.word(at)?;
        let code = reader.word(at + 8)?;
        let parameters = reader.word(at + 32)?;
        // Of an access violation, the second parameter is the address.
        let address = match (code, parameters) {
            (0xc000_0005 | 0xc000_0006, 2..) => reader.long(at + 48)?,
            _ => reader.long(at + 24)?,
        };
        let signal =
            Signal { number: code as u32, code: reader.word(at + 12)? as i32, address: Some(address) };
        let (size, context) = (reader.word(at + 160)?, reader.word(at + 164)?);
        let cpu = if size > 0 { Some(self.context(reader, size, context)?) } else { None };
        match self.threads.iter().position(|thread| thread.identifier == identifier) {
            Some(index) => {
                let mut thread = self.threads.remove(index);
                thread.signal = Some(signal);
                thread.cpu = cpu.unwrap_or(thread.cpu);
                self.threads.insert(0, thread);
            }
            None => {
                if let Some(cpu) = cpu {
                    self.threads.insert(0, ThreadRecord { identifier, signal: Some(signal), cpu });
                }
            }
        }
        Ok(())
    }

    /// Modules of 108 bytes: address, size, checksum, time, name, …
    fn modules(&mut self, reader: &Reader<'_>, at: u64) -> Result<()> {
        let count = reader.count(reader.word(at)?, at)?;
        for index in 0..count {
            let at = at + 4 + 108 * index;
            let (start, size) = (reader.long(at)?, reader.word(at + 8)?);
            let path = reader.string(reader.word(at + 20)?)?;
            if index == 0 {
                self.process.name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
            }
            if let Ok(range) = AddressRange::sized(start, size)
                && !range.is_empty()
            {
                self.process.files.push(FileRecord { range, offset: 0, path });
            }
        }
        self.process.files.sort_by_key(|file| file.range.first());
        Ok(())
    }

    /// Regions of 48 bytes: address, base, protection at first, size, state,
    /// protection, type.
    fn regions(&mut self, reader: &Reader<'_>, at: u64) -> Result<()> {
        let (header, entry) = (reader.word(at)?, reader.word(at + 4)?);
        let count = reader.count(reader.long(at + 8)?, at)?;
        for index in 0..count {
            let at = at + header + entry * index;
            let (start, size) = (reader.long(at)?, reader.long(at + 24)?);
            let (state, protection) = (reader.word(at + 32)?, reader.word(at + 36)?);
            // MEM_COMMIT.
            if state != 0x1000 {
                continue;
            }
            let one_of = |mask: u64| protection & mask != 0;
            // PAGE_READONLY and so on, from 2; PAGE_EXECUTE and so on, from 0x10.
            let access = permissions(one_of(0xee), one_of(0xcc), one_of(0xf0));
            if let Ok(range) = AddressRange::sized(start, size) {
                self.regions.push((range, access));
            }
        }
        self.regions.sort_by_key(|(range, _)| range.first());
        Ok(())
    }

    fn memory(
        &mut self,
        reader: &Reader<'_>,
        list: Option<u64>,
        list_64: Option<u64>,
        options: &Options,
    ) -> Result<()> {
        let mut found: Vec<(u64, &[u8])> = Vec::new();
        if let Some(at) = list {
            for index in 0..reader.count(reader.word(at)?, at)? {
                let at = at + 4 + 16 * index;
                let bytes = reader.bytes(reader.word(at + 12)?, reader.word(at + 8)?)?;
                found.push((reader.long(at)?, bytes));
            }
        }
        if let Some(at) = list_64 {
            let mut content = reader.long(at + 8)?;
            for index in 0..reader.count(reader.long(at)?, at)? {
                let at = at + 16 + 16 * index;
                let size = reader.long(at + 8)?;
                found.push((reader.long(at)?, reader.bytes(content, size)?));
                content = content.saturating_add(size);
            }
        }
        found.retain(|(_, bytes)| !bytes.is_empty());
        // Of parts that overlap, the larger one holds.
        found.sort_by_key(|(address, bytes)| (*address, std::cmp::Reverse(bytes.len())));
        let mut total = 0;
        for (address, bytes) in found {
            let end = address.checked_add(bytes.len() as u64 - 1).ok_or_else(|| reader.cut(address))?;
            let above = self.memory.last().map_or(0, |(first, held)| first + held.len() as u64);
            if end < above {
                continue;
            }
            let skip = above.saturating_sub(address).min(bytes.len() as u64);
            total += bytes.len() as u64 - skip;
            if total > options.memory_limit {
                return Err(Error::TooLarge {
                    file: self.name.clone(),
                    what: "memory image",
                    size: total,
                    limit: options.memory_limit,
                });
            }
            self.memory.push((address + skip, bytes[skip as usize..].to_vec()));
        }
        Ok(())
    }

    /// A machine that stands where the first thread stood.
    ///
    /// Memory becomes items `memory:<address>`; where the dump does not tell
    /// what may be done with it, everything may.
    ///
    /// # Errors
    /// [`Error::Machine`].
    pub fn into_machine(mut self) -> Result<Machine> {
        let failed = |source| Error::Machine { file: self.name.clone(), source: Box::new(source) };
        let mut machine = Machine::new(self.platform);
        let first = self.threads.remove(0);
        *machine.cpu_mut() = first.cpu;
        machine.metadata_mut().insert("origin".to_owned(), format!("minidump {}", self.name));
        let permissions = |address: u64| {
            let after = self.regions.partition_point(|(range, _)| range.first() <= address);
            let found = after.checked_sub(1).and_then(|index| self.regions.get(index));
            found.filter(|(range, _)| range.contains(address)).map_or(Permissions::ALL, |(_, access)| *access)
        };
        for (address, bytes) in &self.memory {
            let size = bytes.len() as u64;
            let mut memory =
                Memory::new(self.platform, *address, size, permissions(*address)).map_err(failed)?;
            memory.write(*address, bytes).map_err(failed)?;
            machine.add(format!("memory:{address:#x}"), memory).map_err(failed)?;
        }
        let record = ProcessRecord {
            thread: first.identifier,
            signal: first.signal,
            threads: self.threads.clone(),
            ..self.process.clone()
        };
        machine.add("process", record).map_err(failed)?;
        Ok(machine)
    }
}
