//! Reading: [`CoreDump::parse`].

use object::elf;
use terrella_emulator_api::{AddressRange, Permissions};
use terrella_machine_state::{Cpu, FileRecord, Pages, ProcessRecord, Signal};
use terrella_platforms::{Architecture, ByteOrder, Platform};

use super::{
    CoreDump, CoreSegment, CoreThread,
    layout::{CORE, Layout, NT_AUXV, NT_FILE, NT_PRPSINFO, NT_PRSTATUS, NT_SIGINFO, mark_thumb},
    machine::file_at,
    notes::{Note, notes},
    tables::{self, layout},
};
use crate::{
    Error, Options, Result,
    detect::platform_of,
    elf::{
        file::{ElfFile, slice, text},
        permissions,
    },
};

/// Most threads and mapped files of a dump.
const THREAD_LIMIT: usize = 1 << 16;
const FILE_LIMIT: usize = 1 << 16;
/// Most segments: the kernel's own limit is 65530 mappings.
const SEGMENT_LIMIT: usize = 1 << 16;

const PAGE: u64 = 4096;

/// The thread-local segments of i386, whose layout is `struct user_desc`.
const NT_386_TLS: u32 = 0x200;

impl CoreDump {
    /// Reads the core dump that errors call `name`.
    ///
    /// What a segment has in memory and not in the file is zero; where a file
    /// was mapped there, it counts as [missing](Self::missing).
    ///
    /// # Errors
    /// [`Error::NotThatFormat`], [`Error::UnknownMachine`];
    /// [`Error::NoCoreLayout`] for platforms without Linux;
    /// [`Error::Malformed`]; [`Error::TooLarge`], [`Error::Overlap`].
    pub fn parse(name: &str, bytes: &[u8], options: &Options) -> Result<Self> {
        let file = ElfFile::parse(name, bytes)?;
        if file.kind != elf::ET_CORE {
            return Err(Error::NotThatFormat { file: name.to_owned(), wanted: "a core dump" });
        }
        let platform = match options.platform {
            Some(platform) => platform,
            None => platform_of(&file)?,
        };
        let layout =
            layout(platform).ok_or_else(|| Error::NoCoreLayout { file: name.to_owned(), platform })?;
        let mut reader = Reader {
            file: &file,
            platform,
            layout,
            word: usize::from(file.class_bits / 8),
            threads: Vec::new(),
            process: ProcessRecord::default(),
        };
        for program in file.programs.iter().filter(|program| program.kind == elf::PT_NOTE) {
            let Some(segment) = slice(file.data, program.offset, program.file_size) else {
                return Err(file.malformed("the notes are not all in the file", program.offset));
            };
            for note in notes(file.order, segment) {
                let note = note.map_err(|at| {
                    file.malformed("a note is cut off", program.offset.saturating_add(at as u64))
                })?;
                reader.note(&note, program.offset)?;
            }
        }
        let Reader { mut threads, mut process, .. } = reader;
        if threads.is_empty() {
            return Err(file.malformed("there is no thread in it", 0));
        }
        for thread in &mut threads {
            mark_thumb(platform, &mut thread.cpu);
            thread.cpu.allow_missing();
        }
        process.files.sort_by_key(|file| file.range.first());
        process.signal = threads[0].signal;
        process.thread = threads[0].identifier;
        let segments = segments(&file, &process.files, options)?;
        Ok(Self { name: name.to_owned(), platform, threads, segments, process, modules: Vec::new() })
    }
}

struct Reader<'f, 'd> {
    file: &'f ElfFile<'d>,
    platform: Platform,
    layout: &'static Layout,
    word: usize,
    threads: Vec<CoreThread>,
    process: ProcessRecord,
}

impl Reader<'_, '_> {
    fn note(&mut self, note: &Note<'_>, base: u64) -> Result<()> {
        let order = self.file.order;
        let cut = |what| self.file.malformed(what, base.saturating_add(note.offset as u64));
        if note.owner == CORE.as_bytes() {
            match note.kind {
                NT_PRSTATUS => {
                    if self.threads.len() >= THREAD_LIMIT {
                        return Ok(());
                    }
                    let thread = self.thread(note.descriptor);
                    self.threads.push(thread.ok_or_else(|| cut("the status of a thread is cut off"))?);
                }
                NT_PRPSINFO => {
                    self.facts(note.descriptor).ok_or_else(|| cut("the facts of the process are cut off"))?;
                }
                NT_AUXV => {
                    let words = note.descriptor.chunks_exact(2 * self.word);
                    let pair = |pair: &[u8]| {
                        (order.read(&pair[..self.word]) as u64, order.read(&pair[self.word..]) as u64)
                    };
                    self.process.auxiliary = words.map(pair).take_while(|(kind, _)| *kind != 0).collect();
                }
                NT_FILE => self.files(note.descriptor).ok_or_else(|| cut("the list of files is cut off"))?,
                NT_SIGINFO => {
                    let signal = self.signal(note.descriptor);
                    if let (Some(thread), Some(signal)) = (self.threads.last_mut(), signal) {
                        thread.signal = Some(signal);
                    }
                }
                _ => {}
            }
        }
        self.registers(note);
        Ok(())
    }

    /// Takes in a note with registers of the last thread.
    fn registers(&mut self, note: &Note<'_>) {
        let order = self.file.order;
        let Some(CoreThread { cpu, .. }) = self.threads.last_mut() else { return };
        let sets = self.layout.sets.iter();
        for set in sets.filter(|set| set.owner.as_bytes() == note.owner && set.kind == note.kind) {
            for run in set.runs {
                run.read(order, note.descriptor, cpu);
            }
        }
        match (self.platform.architecture(), note.kind) {
            (Architecture::AArch64, tables::NT_ARM_SVE) => scalable(order, note.descriptor, cpu),
            (Architecture::I386, NT_386_TLS) => segment_base(order, note.descriptor, cpu),
            _ => {}
        }
    }

    fn thread(&self, descriptor: &[u8]) -> Option<CoreThread> {
        let order = self.file.order;
        let status = &self.layout.status;
        let mut cpu = Cpu::new(self.platform);
        let registers = descriptor.get(status.registers..)?;
        for run in self.layout.general {
            if run.read(order, registers, &mut cpu) == 0 {
                return None;
            }
        }
        cpu.program_counter()?;
        let identifier = descriptor.get(status.identifier..status.identifier + 4)?;
        let number = order.read(descriptor.get(12..14)?) as u32;
        Some(CoreThread {
            identifier: order.read(identifier) as u64,
            signal: (number != 0).then_some(Signal { number, code: 0, address: None }),
            cpu,
        })
    }

    fn facts(&mut self, descriptor: &[u8]) -> Option<()> {
        let info = &self.layout.info;
        let word = |at: usize| Some(self.file.order.read(descriptor.get(at..at + 4)?) as u64);
        let string = |at: usize, size: usize| {
            let bytes = descriptor.get(at..at + size)?;
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(size);
            Some(text(&bytes[..end]).trim_end().to_owned())
        };
        self.process.identifier = word(info.identifier)?;
        self.process.parent = word(info.identifier + 4)?;
        self.process.name = string(info.name, 16)?;
        self.process.arguments = string(info.name + 16, 80)?;
        Some(())
    }

    /// The list of mapped files: count, page size, then start, end and offset
    /// in pages of each, then the paths.
    fn files(&mut self, descriptor: &[u8]) -> Option<()> {
        let size = self.word;
        let word = |index: usize| {
            Some(self.file.order.read(descriptor.get(index * size..(index + 1) * size)?) as u64)
        };
        let (count, page) = (usize::try_from(word(0)?).ok()?, word(1)?);
        let mut paths = descriptor.get(count.checked_mul(3)?.checked_add(2)?.checked_mul(size)?..)?;
        for index in 0..count.min(FILE_LIMIT) {
            let at = 2 + 3 * index;
            let (start, end, offset) = (word(at)?, word(at + 1)?, word(at + 2)?);
            let length = paths.iter().position(|byte| *byte == 0)?;
            let path = text(&paths[..length]);
            paths = paths.get(length + 1..)?;
            if start < end {
                let range = (start..=end - 1).into();
                self.process.files.push(FileRecord { range, offset: offset.wrapping_mul(page), path });
            }
        }
        Some(())
    }

    /// `siginfo_t`: number, error and cause (MIPS: number, cause and error),
    /// and for faults the address.
    fn signal(&self, descriptor: &[u8]) -> Option<Signal> {
        let order = self.file.order;
        let half = |at: usize| Some(order.read(descriptor.get(at..at + 4)?) as u32);
        let mips = self.file.machine == elf::EM_MIPS;
        let number = half(0)?;
        let code = half(if mips { 4 } else { 8 })? as i32;
        let at = if self.word == 8 { 16 } else { 12 };
        let address = order.read(descriptor.get(at..at + self.word)?) as u64;
        // SIGILL, SIGTRAP, SIGBUS (7, 10), SIGFPE, SIGSEGV, from the kernel.
        let fault = code > 0 && matches!(number, 4 | 5 | 7 | 8 | 10 | 11);
        Some(Signal { number, code, address: fault.then_some(address) })
    }
}

/// The vector registers of a note of SVE: whole, or as those of Advanced
/// SIMD, which the first bit of the flags tells.
fn scalable(order: ByteOrder, descriptor: &[u8], cpu: &mut Cpu) {
    let half = |at: usize| descriptor.get(at..at + 2).map_or(0, |bytes| order.read(bytes) as usize);
    let (vector, flags) = (half(8), half(12));
    if flags & 1 == 0 {
        if let (Some(layout), Some(rest)) = (layout(cpu.platform()), descriptor.get(16..)) {
            layout.sets.iter().take(1).flat_map(|set| set.runs).for_each(|run| {
                run.read(order, rest, cpu);
            });
        }
    } else if vector >= 16 {
        for run in tables::sve_runs(vector) {
            run.read(order, descriptor, cpu);
        }
    }
}

/// The base of the segment that `gs` selects.
fn segment_base(order: ByteOrder, descriptor: &[u8], cpu: &mut Cpu) {
    for entry in descriptor.chunks_exact(16) {
        let word = |at: usize| order.read(&entry[at..at + 4]) as u64;
        for (selector, base) in [("gs", "gs_base"), ("fs", "fs_base")] {
            if cpu.get_u64(selector).is_ok_and(|selector| selector >> 3 == word(0)) {
                // The register has 32 bits, and so has the word.
                let _ = cpu.set(base, word(4));
            }
        }
    }
}

/// The memory of a dump.
fn segments(file: &ElfFile<'_>, files: &[FileRecord], options: &Options) -> Result<Vec<CoreSegment>> {
    let mut found = Vec::new();
    let mut total = 0_u64;
    let highest = if file.class_bits == 32 { u64::from(u32::MAX) } else { u64::MAX };
    for program in file.programs.iter().filter(|program| program.kind == elf::PT_LOAD) {
        let access = permissions(
            program.flags & elf::PF_R != 0,
            program.flags & elf::PF_W != 0,
            program.flags & elf::PF_X != 0,
        );
        let size = program.memory_size.max(program.file_size);
        // Guards and reserved ranges have neither content nor access.
        if size == 0 || (access == Permissions::NONE && program.file_size == 0) {
            continue;
        }
        if found.len() >= SEGMENT_LIMIT {
            return Err(Error::TooLarge {
                file: file.name.clone(),
                what: "list of segments",
                size: file.programs.len() as u64,
                limit: SEGMENT_LIMIT as u64,
            });
        }
        total = total.saturating_add(size);
        if total > options.memory_limit {
            return Err(Error::TooLarge {
                file: file.name.clone(),
                what: "memory image",
                size: total,
                limit: options.memory_limit,
            });
        }
        let range = AddressRange::sized(program.address, size)
            .ok()
            .filter(|range| range.last() <= highest)
            .ok_or_else(|| {
            file.malformed("a segment passes the end of the address space", program.offset)
        })?;
        // A dump that was cut off has what it has.
        let start = usize::try_from(program.offset).unwrap_or(usize::MAX).min(file.data.len());
        let filled = usize::try_from(program.file_size).unwrap_or(usize::MAX).min(file.data.len() - start);
        let mut data = Pages::new();
        data.write(range.first(), &file.data[start..start + filled]);
        let rest = range.first().checked_add(filled as u64).filter(|first| *first <= range.last());
        let from_file = |rest: &AddressRange| file_at(files, rest).is_some();
        // Without a list of files, what cannot be written is a file's.
        let read_only = files.is_empty() && !access.allows(Permissions::WRITE) && program.file_size == 0;
        let cut = (filled as u64) < program.file_size;
        // Dumps leave whole pages out; the rest of one is zero.
        let rest = rest
            .and_then(|first| if filled == 0 { Some(first) } else { first.checked_next_multiple_of(PAGE) });
        let missing = rest
            .filter(|first| *first <= range.last())
            .map(|first| AddressRange::from(first..=range.last()))
            .filter(|rest| cut || read_only || from_file(rest));
        found.push(CoreSegment { range, permissions: access, data, missing });
    }
    found.sort_by_key(|segment| segment.range.first());
    for pair in found.windows(2) {
        if let [low, high] = pair
            && low.range.overlaps(&high.range)
        {
            return Err(Error::Overlap {
                file: file.name.clone(),
                range: high.range,
                other: file.name.clone(),
                existing: low.range,
            });
        }
    }
    Ok(found)
}
