//! Writing: [`write_core`].

use object::elf;
use terrella_emulator_api::{MemoryRegion, Permissions};
use terrella_machine_state::{Cpu, Executable, Machine, ProcessRecord, Signal};
use terrella_platforms::{ByteOrder, Platform};

use super::{
    layout::{CORE, Layout, NT_AUXV, NT_FILE, NT_PRPSINFO, NT_PRSTATUS, NT_SIGINFO},
    notes::push,
    tables::{self, layout},
};
use crate::{Error, Result};

/// How much memory is read from a machine at a time.
const CHUNK: u64 = 1 << 16;

/// Writes a machine as the core dump of a Linux process, as debuggers and
/// [`CoreDump::parse`](super::CoreDump::parse) read it.
///
/// The machine's processor is the first thread; a
/// [`ProcessRecord`] among the items gives the others, the signal and the
/// mapped files. Registers that are not set are zero. Devices and hooks are
/// not in it.
///
/// # Errors
/// [`Error::NoCoreLayout`] for platforms without Linux; [`Error::Machine`].
///
/// ```
/// use terrella_loaders::{CoreDump, Options, write_core};
/// use terrella_machine_state::{Executable, Machine, Platform};
///
/// let mut machine = Machine::new(Platform::X86_64);
/// machine.add("code", Executable::from_bytes("code", Platform::X86_64, 0x1000, &[0x90, 0xc3])?)?;
/// machine.cpu_mut().set("rip", 0x1001_u64)?;
/// let core = CoreDump::parse("core", &write_core(&machine)?, &Options::default())?;
/// assert_eq!(core.threads[0].cpu.get_u64("rip")?, 0x1001);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_core(machine: &Machine) -> Result<Vec<u8>> {
    let platform = machine.platform();
    let name = || "core dump".to_owned();
    let missing = || Error::NoCoreLayout { file: name(), platform };
    let layout = layout(platform).ok_or_else(missing)?;
    let identity = platform.definition().elf.ok_or_else(missing)?;
    let wide = identity.class_bits == 64;
    let mut regions: Vec<MemoryRegion> = machine.iter().flat_map(|(_, item)| item.regions()).collect();
    regions.retain(|region| !region.range.is_empty());
    regions.sort_by_key(|region| region.range.first());
    let notes = Writer { platform, layout, word: if wide { 8 } else { 4 } }.notes(machine);
    let mut out = Writer { platform, layout, word: if wide { 8 } else { 4 } }
        .header(identity.machine, regions.len() + 1);
    let order = platform.byte_order();
    let headers = out.len();
    let entry = if wide { 56 } else { 32 };
    let mut offset = (headers + entry * (regions.len() + 1)) as u64;
    program(order, wide, &[elf::PT_NOTE, 0], [offset, 0, notes.len() as u64, 0, 4], &mut out);
    offset += notes.len() as u64;
    let mut contents = Vec::new();
    for region in &regions {
        let bytes = content(machine, region)
            .map_err(|source| Error::Machine { file: name(), source: Box::new(source) })?;
        let size = region.range.size().unwrap_or(u64::MAX);
        let flags = flags(region.permissions);
        let fields = [offset, region.range.first(), bytes.len() as u64, size, 1];
        program(order, wide, &[elf::PT_LOAD, flags], fields, &mut out);
        offset += bytes.len() as u64;
        contents.push(bytes);
    }
    out.extend(notes);
    contents.iter().for_each(|bytes| out.extend(bytes));
    Ok(out)
}

/// The bytes of a region up to the last one that is not zero.
fn content(machine: &Machine, region: &MemoryRegion) -> terrella_machine_state::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut zeros = 0_u64;
    let (first, last) = (region.range.first(), region.range.last());
    let mut at = first;
    loop {
        let size = (last - at).saturating_add(1).min(CHUNK);
        let chunk = machine.read_memory(at, size as usize)?;
        match chunk.iter().rposition(|byte| *byte != 0) {
            Some(end) => {
                bytes.resize(bytes.len() + zeros as usize, 0);
                bytes.extend(&chunk[..=end]);
                zeros = size - end as u64 - 1;
            }
            None => zeros += size,
        }
        match at.checked_add(size) {
            Some(next) if next <= last => at = next,
            _ => return Ok(bytes),
        }
    }
}

fn flags(permissions: Permissions) -> u32 {
    [(Permissions::READ, elf::PF_R), (Permissions::WRITE, elf::PF_W), (Permissions::EXECUTE, elf::PF_X)]
        .into_iter()
        .filter(|(permission, _)| permissions.allows(*permission))
        .fold(0, |all, (_, flag)| all | flag)
}

fn put(order: ByteOrder, value: u64, size: usize, out: &mut Vec<u8>) {
    let mut bytes = [0; 8];
    order.write(value.into(), &mut bytes[..size]);
    out.extend(&bytes[..size]);
}

/// A program header: kind and flags; offset, address, size in the file and in
/// memory, alignment.
fn program(order: ByteOrder, wide: bool, kind: &[u32; 2], fields: [u64; 5], out: &mut Vec<u8>) {
    let [offset, address, filled, size, align] = fields;
    put(order, kind[0].into(), 4, out);
    if wide {
        put(order, kind[1].into(), 4, out);
    }
    let word = if wide { 8 } else { 4 };
    for field in [offset, address, 0, filled, size] {
        put(order, field, word, out);
    }
    if !wide {
        put(order, kind[1].into(), 4, out);
    }
    put(order, align, word, out);
}

struct Writer {
    platform: Platform,
    layout: &'static Layout,
    word: usize,
}

impl Writer {
    fn order(&self) -> ByteOrder {
        self.platform.byte_order()
    }

    fn header(&self, machine: u16, programs: usize) -> Vec<u8> {
        let (order, wide) = (self.order(), self.word == 8);
        let mut out = vec![0x7f, b'E', b'L', b'F', if wide { 2 } else { 1 }];
        out.push(if order == ByteOrder::Little { 1 } else { 2 });
        out.push(1);
        out.resize(16, 0);
        let (header, entry) = if wide { (64, 56) } else { (52, 32) };
        // Above this, the count stands in a section header.
        let many = programs >= 0xffff;
        let start = header + if many { if wide { 64 } else { 40 } } else { 0 };
        put(order, elf::ET_CORE.into(), 2, &mut out);
        put(order, machine.into(), 2, &mut out);
        put(order, 1, 4, &mut out);
        put(order, 0, self.word, &mut out);
        put(order, start as u64, self.word, &mut out);
        put(order, if many { header as u64 } else { 0 }, self.word, &mut out);
        put(order, self.layout.flags.into(), 4, &mut out);
        for field in [header, entry, if many { 0xffff } else { programs }] {
            put(order, field as u64, 2, &mut out);
        }
        for field in if many { [if wide { 64 } else { 40 }, 1, 0] } else { [0, 0, 0] } {
            put(order, field, 2, &mut out);
        }
        if many {
            // `sh_info` of the first section, after name, type, flags,
            // address, offset, size and link.
            let before = out.len();
            out.resize(before + if wide { 44 } else { 28 }, 0);
            put(order, programs as u64, 4, &mut out);
            out.resize(start, 0);
        }
        out
    }

    fn notes(&self, machine: &Machine) -> Vec<u8> {
        let mut out = Vec::new();
        let order = self.order();
        let known = machine.iter_of::<ProcessRecord>().next().map(|(_, record)| record.clone());
        let mut record = known.unwrap_or_else(|| ProcessRecord {
            identifier: 1,
            thread: 1,
            name: machine
                .iter_of::<Executable>()
                .next()
                .map(|(_, image)| image.name.clone())
                .unwrap_or_default(),
            ..ProcessRecord::default()
        });
        if record.auxiliary.is_empty() {
            // Page size and entry: what a program was moved by follows from it.
            record.auxiliary.push((6, platform_page(self.platform)));
            let entry = machine.iter_of::<Executable>().find_map(|(_, image)| image.entry);
            record.auxiliary.extend(entry.map(|entry| (9, entry)));
        }
        self.thread(record.thread, record.signal, machine.cpu(), &mut out);
        push(order, CORE, NT_PRPSINFO, &self.facts(&record), &mut out);
        if let Some(signal) = record.signal {
            push(order, CORE, NT_SIGINFO, &self.signal(&signal), &mut out);
        }
        let mut vector = Vec::new();
        for (kind, value) in record.auxiliary.iter().copied().chain([(0, 0)]) {
            put(order, kind, self.word, &mut vector);
            put(order, value, self.word, &mut vector);
        }
        push(order, CORE, NT_AUXV, &vector, &mut out);
        if !record.files.is_empty() {
            push(order, CORE, NT_FILE, &self.files(&record), &mut out);
        }
        self.sets(machine.cpu(), &mut out);
        for thread in &record.threads {
            self.thread(thread.identifier, thread.signal, &thread.cpu, &mut out);
            if let Some(signal) = thread.signal {
                push(order, CORE, NT_SIGINFO, &self.signal(&signal), &mut out);
            }
            self.sets(&thread.cpu, &mut out);
        }
        out
    }

    fn thread(&self, identifier: u64, signal: Option<Signal>, cpu: &Cpu, out: &mut Vec<u8>) {
        let order = self.order();
        let layout = &self.layout.status;
        let mut status = vec![0; layout.size];
        let number = signal.map_or(0, |signal| signal.number);
        order.write(number.into(), &mut status[0..4]);
        order.write((number & 0xffff).into(), &mut status[12..14]);
        order.write(identifier.into(), &mut status[layout.identifier..layout.identifier + 4]);
        // Debuggers expect an address, not a code pointer.
        let mut cpu = cpu.clone();
        if let Some(pc) = cpu.program_counter() {
            let _ = cpu.set_program_counter(self.platform.definition().code_address(pc));
        }
        for run in self.layout.general {
            run.write(order, &cpu, &mut status[layout.registers..]);
        }
        // `pr_fpvalid`.
        let valid = if self.word == 8 { layout.size - 8 } else { layout.size - 4 };
        order.write(1, &mut status[valid..valid + 4]);
        push(order, CORE, NT_PRSTATUS, &status, out);
    }

    fn sets(&self, cpu: &Cpu, out: &mut Vec<u8>) {
        for set in self.layout.sets {
            let mut bytes = vec![0; set.size];
            let written: usize = set.runs.iter().map(|run| run.write(self.order(), cpu, &mut bytes)).sum();
            if written == 0 {
                continue;
            }
            if set.kind == tables::NT_X86_XSTATE {
                for at in tables::XSAVE_FEATURES {
                    // x87, SSE, AVX.
                    bytes[at] = 7;
                }
            }
            push(self.order(), set.owner, set.kind, &bytes, out);
        }
    }

    fn facts(&self, record: &ProcessRecord) -> Vec<u8> {
        let order = self.order();
        let layout = &self.layout.info;
        let mut info = vec![0; layout.size];
        info[1] = b'R';
        order.write(record.identifier.into(), &mut info[layout.identifier..layout.identifier + 4]);
        order.write(record.parent.into(), &mut info[layout.identifier + 4..layout.identifier + 8]);
        for (text, at, size) in [(&record.name, layout.name, 15), (&record.arguments, layout.name + 16, 79)] {
            let bytes = text.as_bytes();
            let bytes = bytes.get(..size).unwrap_or(bytes);
            info[at..at + bytes.len()].copy_from_slice(bytes);
        }
        info
    }

    fn signal(&self, signal: &Signal) -> Vec<u8> {
        let order = self.order();
        let mut info = vec![0; 128];
        order.write(signal.number.into(), &mut info[0..4]);
        let mips = self.platform.definition().elf.is_some_and(|elf| elf.machine == elf::EM_MIPS);
        let at = if mips { 4 } else { 8 };
        order.write((signal.code as u32).into(), &mut info[at..at + 4]);
        let at = if self.word == 8 { 16 } else { 12 };
        order.write(signal.address.unwrap_or(0).into(), &mut info[at..at + self.word]);
        info
    }

    fn files(&self, record: &ProcessRecord) -> Vec<u8> {
        let order = self.order();
        let mut out = Vec::new();
        put(order, record.files.len() as u64, self.word, &mut out);
        // Offsets in bytes: pages of one byte.
        put(order, 1, self.word, &mut out);
        for file in &record.files {
            for field in [file.range.first(), file.range.last().wrapping_add(1), file.offset] {
                put(order, field, self.word, &mut out);
            }
        }
        for file in &record.files {
            out.extend(file.path.bytes().filter(|byte| *byte != 0));
            out.push(0);
        }
        out
    }
}

fn platform_page(platform: Platform) -> u64 {
    platform.definition().page_bytes.into()
}
