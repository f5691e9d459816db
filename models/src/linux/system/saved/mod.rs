//! [`SystemState`]: a running system as a value, in memory and in files.

mod check;
mod form;

pub(crate) use check::{check_kernel, check_signals};

use std::{any::Any, collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{Emulator, EmulatorExt, Fault, MemoryRegion, Overlap};
use terrella_machine_state::{Difference, Machine, MachineItem, PAGE_SIZE, Pages, Phase};
use terrella_platforms::{Platform, RegisterValue};

use super::{Error, Maker, OnCrash, Space, System, UnknownCalls};
use crate::{
    errno::Errno,
    files::{FileSystem, InodeId},
    linux::{
        ThreadId, frame,
        kernel::Kernel,
        limits::CHUNK,
        process::{Id, SpaceId},
        scheduler::{RoundRobin, Scheduler},
        segments,
        strace::{Trace, TraceOutput},
        streams::Streams,
    },
    serial::pairs,
};

/// The name of the item in the machine of a system.
const ITEM: &str = "system";

/// The memory of an address space, and what it knows of shared files.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SpaceState {
    platform: Platform,
    regions: Vec<MemoryRegion>,
    memory: Pages,
    #[serde(with = "pairs")]
    seen: BTreeMap<InodeId, u64>,
    /// Registers that all threads have together.
    shared: Vec<(String, RegisterValue)>,
}

/// A running system as a value: processes, threads, memory, files,
/// descriptors, pipes, sockets, signals, timers, clocks, whose turn it is, and
/// what random numbers follow from.
///
/// It is an item of a [`Machine`], which can be saved to a file; the item is
/// not for one emulator, and says so when the machine is applied to one. What
/// belongs to the host is there by name only: mounted folders, and streams of
/// the host's process ([`Attach`]). A real clock goes on from the time that was
/// told. What no register of the contract shows is not in it: a reservation of a
/// load-exclusive, and counters of cycles, which begin anew.
#[derive(Debug, Clone)]
pub struct SystemState {
    kernel: Kernel,
    spaces: BTreeMap<SpaceId, SpaceState>,
    scheduler: Option<RoundRobin>,
    unknown_calls: UnknownCalls,
    memory: u64,
    next_space: SpaceId,
    last_thread: Option<ThreadId>,
    last_space: Option<SpaceId>,
    faults: Vec<(i32, Fault)>,
    cut: Option<(ThreadId, u64)>,
}

/// What a loaded system goes on with, which is not in its file.
#[derive(Default)]
pub struct Attach {
    /// Streams in place of those that it had: what was not read of the input
    /// is read before the input of these, and what was kept of the output is in
    /// what these keep. Without them those of the host are those of this
    /// process, and what was kept goes on being kept ([`System::streams`]).
    pub streams: Option<Streams>,
    /// Folders of the host for paths of the guest where mounts were, in place of
    /// those that the file names.
    pub mounts: Vec<(Vec<u8>, PathBuf)>,
    /// The scheduler; without one, that of the file.
    pub scheduler: Option<Box<dyn Scheduler>>,
    /// Write each system call there.
    pub trace: Option<TraceOutput>,
    /// Only system calls of these names; all, if there are none.
    pub trace_only: Vec<String>,
    /// Is called where a fault ends a process.
    pub on_crash: Option<OnCrash>,
}

impl std::fmt::Debug for Attach {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Attach")
            .field("streams", &self.streams)
            .field("mounts", &self.mounts)
            .finish()
    }
}

/// What is in the memory of an emulator.
fn memory_of(emulator: &dyn Emulator) -> Result<Pages, Error> {
    let mut pages = Pages::new();
    for region in emulator.memory_map() {
        for range in emulator.touched_memory(region.range) {
            let mut here = range.first();
            loop {
                let size = (range.last() - here).saturating_add(1).min(CHUNK);
                let bytes = emulator.read_bytes(here, size)?;
                let mut address = here;
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    let whole = PAGE_SIZE - (address % PAGE_SIZE as u64) as usize;
                    let (now, later) = rest.split_at(whole.min(rest.len()));
                    if now.iter().any(|byte| *byte != 0) {
                        pages.write(address, now);
                    }
                    address = address.wrapping_add(now.len() as u64);
                    rest = later;
                }
                match here.checked_add(size) {
                    Some(next) if next <= range.last() => here = next,
                    _ => break,
                }
            }
        }
    }
    Ok(pages)
}

impl SpaceState {
    fn of(space: &Space) -> Result<Self, Error> {
        let emulator = space.emulator.as_ref();
        let platform = emulator.platform();
        let shared = segments::registers(platform).iter();
        let shared = shared.map(|name| Ok(((*name).to_owned(), emulator.read_register(*name)?.into())));
        Ok(Self {
            platform,
            regions: emulator.memory_map(),
            memory: memory_of(emulator)?,
            seen: space.seen.clone(),
            shared: shared.collect::<Result<_, Error>>()?,
        })
    }

    /// Puts it into an emulator with nothing in it.
    fn apply(&self, emulator: &mut dyn Emulator) -> Result<(), Error> {
        for region in &self.regions {
            emulator.map_memory_with(region.range, region.permissions, Overlap::Refuse)?;
        }
        for (number, page) in self.memory.iter() {
            emulator.write_code(number * PAGE_SIZE as u64, &page[..])?;
        }
        for (name, value) in &self.shared {
            let id = emulator.resolve_register(name)?;
            emulator.write_wide_register_id(id, *value)?;
        }
        Ok(())
    }
}

impl SystemState {
    /// How many instructions all threads have executed together.
    #[must_use]
    pub const fn instructions(&self) -> u64 {
        self.kernel.clock.instructions
    }

    /// The processes, and the threads of all.
    #[must_use]
    pub fn tasks(&self) -> (usize, usize) {
        (self.kernel.processes.len(), self.kernel.threads.len())
    }

    /// The platform of the first process.
    fn platform(&self) -> Result<Platform, Error> {
        self.kernel.processes.values().next().map(|process| process.platform).ok_or(Error::Empty)
    }
}

impl System {
    /// The system as it is now. A run that goes on is not changed by it.
    ///
    /// # Errors
    /// [`Error::Emulator`] if the memory cannot be read.
    pub fn snapshot(&self) -> Result<SystemState, Error> {
        let mut kernel = self.kernel.clone();
        kernel.trace = None;
        kernel.streams = self.kernel.streams.apart();
        let mut spaces = BTreeMap::new();
        for (id, space) in &self.spaces {
            if let Some(thread) = space.loaded.and_then(|loaded| kernel.threads.get_mut(&loaded)) {
                thread.registers = frame::save(space.emulator.as_ref());
            }
            spaces.insert(*id, SpaceState::of(space)?);
        }
        Ok(SystemState {
            kernel,
            spaces,
            scheduler: self.scheduler.saved(),
            unknown_calls: self.unknown_calls,
            memory: self.memory,
            next_space: self.next_space,
            last_thread: self.last_thread,
            last_space: self.last_space,
            faults: self.faults.clone(),
            cut: self.cut,
        })
    }

    /// Goes back to a snapshot, as often as wanted: also what is kept of the
    /// output is what it was then. What reached the host stays there. The
    /// scheduler, the trace and who is told of crashes stay.
    ///
    /// # Errors
    /// [`Error::Emulator`], [`Error::Mount`] for a state from a file whose
    /// mounts are not there.
    pub fn restore(&mut self, state: &SystemState) -> Result<(), Error> {
        let mut files = state.kernel.files.clone();
        files.attach(&[]).map_err(mount_error)?;
        let mut streams = state.kernel.streams.apart();
        let input = streams.input.clone();
        streams.go_on_with(self.kernel.streams.clone());
        streams.input = input;
        if let Some(scheduler) = state.scheduler
            && self.scheduler.saved().is_some()
        {
            self.scheduler = Box::new(scheduler);
        }
        self.put_back(state, files, streams)
    }

    fn put_back(&mut self, state: &SystemState, files: FileSystem, streams: Streams) -> Result<(), Error> {
        let mut kernel = state.kernel.clone();
        kernel.files = files;
        kernel.streams = streams;
        kernel.trace = self.kernel.trace.take();
        self.kernel = kernel;
        self.unknown_calls = state.unknown_calls;
        self.memory = state.memory;
        self.next_space = state.next_space;
        self.last_thread = state.last_thread;
        self.last_space = state.last_space;
        self.faults.clone_from(&state.faults);
        self.cut = state.cut;
        self.spaces.clear();
        for (id, space) in &state.spaces {
            let mut emulator = (self.make)(space.platform)?;
            space.apply(emulator.as_mut())?;
            self.add_emulator(*id, emulator)?;
            if let Some(it) = self.spaces.get_mut(id) {
                it.seen.clone_from(&space.seen);
            }
        }
        Ok(())
    }

    /// The system as a machine, which can be saved: an item with all of it, and
    /// the registers of the thread that ran last.
    ///
    /// # Errors
    /// As [`Self::snapshot`]; [`Error::Empty`] if nothing was started.
    pub fn to_machine(&self) -> Result<Machine, Error> {
        let state = self.snapshot()?;
        let platform = state.platform()?;
        let mut machine = Machine::new(platform);
        // For people: the registers of the thread that ran last.
        let thread = state.last_thread.and_then(|thread| state.kernel.threads.get(&thread));
        let of_platform =
            |process| state.kernel.processes.get(process).is_some_and(|it| it.platform == platform);
        if let Some(thread) = thread.filter(|thread| of_platform(&thread.process)) {
            let registers = platform.definition().registers();
            for (id, value) in &thread.registers {
                let register = registers.get(*id);
                if register.fixed.is_none() {
                    machine.cpu_mut().set(&register.name, *value)?;
                }
            }
        }
        machine.add(ITEM, state)?;
        Ok(machine)
    }

    /// Whether a machine is a saved system.
    #[must_use]
    pub fn is_in(machine: &Machine) -> bool {
        machine.get::<SystemState>(ITEM).is_ok()
    }

    /// The system of a machine, to go on where it was.
    ///
    /// # Errors
    /// [`Error::Machine`] if there is none in it, [`Error::Mount`] if a folder
    /// of the host is missing, [`Error::NoScheduler`], [`Error::Emulator`].
    pub fn from_machine(machine: &Machine, make: Maker, attach: Attach) -> Result<Self, Error> {
        let state = machine.get::<SystemState>(ITEM)?;
        let scheduler: Box<dyn Scheduler> = match (attach.scheduler, state.scheduler) {
            (Some(given), _) => given,
            (None, Some(saved)) => Box::new(saved),
            (None, None) => return Err(Error::NoScheduler),
        };
        let mut files = state.kernel.files.clone();
        files.attach(&attach.mounts).map_err(mount_error)?;
        let mut streams = state.kernel.streams.apart();
        if let Some(others) = attach.streams {
            streams.go_on_with(others);
        }
        let options = super::Options { scheduler, on_crash: attach.on_crash, ..super::Options::default() };
        let mut system = Self::new(make, options);
        system.kernel.trace = attach.trace.map(|output| Trace::new(output, attach.trace_only));
        system.put_back(state, files, streams)?;
        Ok(system)
    }

    /// The standard streams, to look at what is kept of them.
    #[must_use]
    pub const fn streams(&self) -> &Streams {
        &self.kernel.streams
    }
}

fn mount_error((guest, host, errno): (Vec<u8>, PathBuf, Errno)) -> Error {
    Error::Mount { guest: String::from_utf8_lossy(&guest).into_owned(), host, errno }
}

#[typetag::serde(name = "terrella.linux.system.v1")]
impl MachineItem for SystemState {
    fn clone_item(&self) -> Box<dyn MachineItem> {
        Box::new(self.clone())
    }

    fn phase(&self) -> Phase {
        Phase::Memory
    }

    fn apply(&self, _name: &str, _emulator: &mut dyn Emulator) -> terrella_machine_state::Result<()> {
        Err(terrella_machine_state::Error::OwnEmulators {
            what: self.summary(),
            instead: "`System::from_machine` makes those it needs (`terrella run FILE`)",
        })
    }

    fn extract(&mut self, name: &str, emulator: &mut dyn Emulator) -> terrella_machine_state::Result<()> {
        self.apply(name, emulator)
    }

    fn diff(&self, name: &str, other: &dyn MachineItem, out: &mut Vec<Difference>) {
        form::diff(self, name, (other as &dyn Any).downcast_ref::<Self>(), out);
    }

    fn summary(&self) -> String {
        let (processes, threads) = self.tasks();
        let names: Vec<_> = self.kernel.processes.values().map(process_name).collect();
        format!(
            "Linux system after {} instructions: {processes} processes ({}), {threads} threads",
            self.instructions(),
            names.join(", ")
        )
    }
}

fn process_name(process: &crate::linux::process::Process) -> String {
    let name = process.arguments.first().unwrap_or(&process.executable);
    let id: Id = process.id;
    format!("{id} {}", String::from_utf8_lossy(name))
}
