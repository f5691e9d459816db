//! From a dump to a machine.

use std::collections::{HashMap, HashSet};

use terrella_emulator_api::{AddressRange, Permissions};
use terrella_machine_state::{
    Error as MachineError, Executable, FileRecord, Machine, MachineItem, Memory, ProcessRecord, Segment,
    ThreadRecord,
};

use super::{CoreDump, CoreSegment};
use crate::{Error, Result};

/// The last component of a path.
pub(super) fn file_name(path: &str) -> String {
    path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path).to_owned()
}

/// The file that was mapped at some addresses; the files are by address.
pub(super) fn file_at<'f>(files: &'f [FileRecord], range: &AddressRange) -> Option<&'f FileRecord> {
    let after = files.partition_point(|file| file.range.first() <= range.last());
    files.get(after.checked_sub(1)?).filter(|file| file.range.overlaps(range))
}

impl CoreDump {
    /// A machine that stands where the first thread stood: its registers, the
    /// memory, and an item `process` with the rest.
    ///
    /// Mapped files become [`Executable`]s called by their file names, the
    /// stack an item `stack`, everything else `memory:<address>`.
    ///
    /// # Errors
    /// [`Error::Machine`].
    pub fn into_machine(self) -> Result<Machine> {
        self.into_machine_of(0)
    }

    /// The same for another thread, by its place in the list.
    ///
    /// # Errors
    /// [`Error::Machine`]; [`Error::NoSuchThread`].
    pub fn into_machine_of(mut self, thread: usize) -> Result<Machine> {
        if thread >= self.threads.len() {
            let threads = self.threads.len();
            return Err(Error::NoSuchThread { file: self.name, thread, threads });
        }
        let chosen = self.threads.remove(thread);
        let stack = chosen.cpu.stack_pointer();
        let file = self.name.clone();
        let failed = |source: MachineError| Error::Machine { file: file.clone(), source: Box::new(source) };
        let mut machine = Machine::new(self.platform);
        *machine.cpu_mut() = chosen.cpu;
        machine.metadata_mut().insert("origin".to_owned(), format!("core dump {}", self.name));
        let code = self.code_files();
        let mut images: Vec<Executable> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut rest: Vec<(String, CoreSegment)> = Vec::new();
        for segment in std::mem::take(&mut self.segments) {
            match self.owner(&segment, &code) {
                Owner::Image(name) => {
                    let place = *places.entry(name.clone()).or_insert_with(|| {
                        images.push(self.image(&name));
                        images.len() - 1
                    });
                    let segments = &mut images[place].segments;
                    segments.push(Segment {
                        name: format!("load{}", segments.len()),
                        range: segment.range,
                        permissions: segment.permissions,
                        data: segment.data,
                    });
                }
                Owner::File(name) => rest.push((name, segment)),
                Owner::None => {
                    let name = match stack {
                        Some(stack) if segment.range.contains(stack) => "stack".to_owned(),
                        _ => format!("memory:{:#x}", segment.range.first()),
                    };
                    rest.push((name, segment));
                }
            }
        }
        let mut names = Names { used: HashMap::from([("cpu".to_owned(), 1)]) };
        for image in images {
            let name = image.name.clone();
            names.add(&mut machine, &name, image).map_err(failed)?;
        }
        for (name, segment) in rest {
            let memory = self.memory(&segment).map_err(failed)?;
            names.add(&mut machine, &name, memory).map_err(failed)?;
        }
        let others = self.threads.into_iter().map(|thread| ThreadRecord {
            identifier: thread.identifier,
            signal: thread.signal,
            cpu: thread.cpu,
        });
        let record = ProcessRecord {
            thread: chosen.identifier,
            signal: chosen.signal,
            threads: others.collect(),
            ..self.process
        };
        names.add(&mut machine, "process", record).map_err(failed)?;
        Ok(machine)
    }

    fn memory(&self, segment: &CoreSegment) -> Result<Memory, MachineError> {
        let size = segment.range.size().unwrap_or(u64::MAX);
        let mut memory = Memory::new(self.platform, segment.range.first(), size, segment.permissions)?;
        for (number, page) in segment.data.iter() {
            let start = number.wrapping_mul(page.len() as u64);
            let first = start.max(segment.range.first());
            let last = start.saturating_add(page.len() as u64 - 1).min(segment.range.last());
            if first <= last {
                memory.write(first, &page[(first - start) as usize..=(last - start) as usize])?;
            }
        }
        Ok(memory)
    }

    /// What the file of that name says, or nothing but its name.
    fn image(&self, name: &str) -> Executable {
        let known = self.modules.iter().find(|module| module.image.name == name);
        known.map_or_else(|| Executable::new(name, self.platform), |module| module.image.clone())
    }

    fn owner(&self, segment: &CoreSegment, code: &HashSet<String>) -> Owner {
        let inside = |range: &AddressRange| range.overlaps(&segment.range);
        if let Some(module) = self.modules.iter().find(|module| module.ranges.iter().any(inside)) {
            return Owner::Image(module.image.name.clone());
        }
        let Some(file) = file_at(&self.process.files, &segment.range) else { return Owner::None };
        let name = file_name(&file.path);
        if code.contains(&file.path) { Owner::Image(name) } else { Owner::File(name) }
    }

    /// The paths of the files of which something can be executed.
    fn code_files(&self) -> HashSet<String> {
        let code = self.segments.iter().filter(|segment| segment.permissions.allows(Permissions::EXECUTE));
        code.filter_map(|segment| Some(file_at(&self.process.files, &segment.range)?.path.clone())).collect()
    }
}

/// What a segment belongs to.
enum Owner {
    /// The program or library of that name.
    Image(String),
    /// Another file that was mapped.
    File(String),
    None,
}

/// Adds items under names of their own: the name, or the first of `name#2`,
/// `name#3` … that is free.
struct Names {
    used: HashMap<String, u64>,
}

impl Names {
    fn add(&mut self, machine: &mut Machine, name: &str, item: impl MachineItem) -> Result<(), MachineError> {
        let name = if name.is_empty() { "memory" } else { name };
        let count = self.used.entry(name.to_owned()).or_insert(0);
        *count += 1;
        let own = if *count == 1 { name.to_owned() } else { format!("{name}#{count}") };
        if own != name {
            self.used.entry(own.clone()).or_insert(1);
        }
        machine.add(own, item)
    }
}
