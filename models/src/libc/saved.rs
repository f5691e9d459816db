//! The state of a library in a file.
//!
//! With the kernel behind it: files, descriptors, pipes, sockets, clocks,
//! signals, processes. A folder of the host is not saved, and says so.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use terrella_platforms::Platform;

use super::{
    item::Link,
    nested::Frame,
    processes::{AtFork, Image, Processes},
    state::{AtExit, Layout, State},
    stdio::Stream,
    threads::Threads,
    types::{DataModel, Flavour},
};
use crate::linux::{
    abi::Abi,
    alone::FIRST,
    kernel::Kernel,
    system::{check_kernel, check_signals},
};

#[derive(Serialize, Deserialize)]
struct Saved {
    platform: Platform,
    flavour: Flavour,
    layout: Layout,
    heap: String,
    streams: BTreeMap<u64, Stream>,
    rooms: BTreeMap<String, (u64, u64)>,
    at_exit: Vec<AtExit>,
    at_fork: Vec<AtFork>,
    constructors: Vec<u64>,
    destructors: Vec<u64>,
    frames: Vec<Frame>,
    threads: Threads,
    processes: Processes,
    /// What the program has mapped itself.
    mapped: Image,
    exit: Option<i32>,
    ended_by: Option<u8>,
    random_numbers: Vec<u32>,
    random48: u64,
    token: u64,
    numbers: BTreeMap<String, i64>,
    fenv: u32,
    program: String,
    program_text: u64,
    links: Vec<Link>,
    kernel: Kernel,
}

impl State {
    fn saved(&self) -> Result<Saved, String> {
        if let Some(path) = self.kernel.files.host_file() {
            return Err(format!("{} is a file of the host", String::from_utf8_lossy(&path)));
        }
        Ok(Saved {
            platform: self.platform,
            flavour: self.flavour,
            layout: self.layout.clone(),
            heap: self.heap.clone(),
            streams: self.streams.clone(),
            rooms: self.rooms.clone(),
            at_exit: self.at_exit.clone(),
            at_fork: self.at_fork.clone(),
            constructors: self.constructors.clone(),
            destructors: self.destructors.clone(),
            frames: self.frames.clone(),
            threads: self.threads.clone(),
            processes: self.processes.clone(),
            mapped: self.mapped.clone(),
            exit: self.exit,
            ended_by: self.ended_by,
            random_numbers: self.random_numbers.clone(),
            random48: self.random48,
            token: self.token,
            numbers: self.numbers.clone(),
            fenv: self.fenv,
            program: self.program.clone(),
            program_text: self.program_text,
            links: self.new_links.clone(),
            kernel: self.kernel.clone(),
        })
    }

    fn restored(saved: Saved) -> Result<Self, String> {
        let platform = saved.platform;
        let abi = Arc::new(Abi::of(platform).unwrap_or_else(|| Abi::bare(platform)));
        let mut kernel = saved.kernel;
        for process in kernel.processes.values_mut() {
            process.abi = Arc::clone(&abi);
        }
        for terminal in kernel.terminals.values_mut() {
            terminal.find_numbers();
        }
        for (id, areas) in &mut kernel.spaces {
            areas.check_units(abi.page, 1).map_err(|what| format!("memory {id}: {what}"))?;
        }
        check_kernel(&kernel, |process| {
            process.platform == platform && kernel.spaces.contains_key(&process.space)
        })?;
        saved.processes.check(&kernel)?;
        saved
            .threads
            .pending()
            .chain(saved.processes.pending())
            .try_for_each(|info| check_signals(&[*info]))?;
        if !saved.mapped.is_sound() {
            return Err("what the program has mapped is not in order".to_owned());
        }
        if kernel.files.host_file().is_some() {
            return Err("there is a file of the host".to_owned());
        }
        Ok(Self {
            platform,
            flavour: saved.flavour,
            model: DataModel::of(platform, saved.flavour),
            abi,
            kernel,
            layout: saved.layout,
            heap: saved.heap,
            streams: saved.streams,
            rooms: saved.rooms,
            at_exit: saved.at_exit,
            constructors: saved.constructors,
            destructors: saved.destructors,
            frames: saved.frames,
            threads: saved.threads,
            processes: saved.processes,
            at_fork: saved.at_fork,
            mapped: saved.mapped,
            exit: saved.exit,
            ended_by: saved.ended_by,
            // `random` looks 31 numbers back.
            random_numbers: if saved.random_numbers.len() >= 31 { saved.random_numbers } else { Vec::new() },
            random48: saved.random48,
            token: saved.token,
            numbers: saved.numbers,
            fenv: saved.fenv,
            trace: None,
            program: saved.program,
            program_text: saved.program_text,
            key: String::new(),
            convention: None,
            new_links: saved.links,
        })
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let saved = self
            .saved()
            .map_err(|what| ser::Error::custom(format!("the C library cannot be saved: {what}")))?;
        saved.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = Saved::deserialize(deserializer)?;
        Self::restored(saved)
            .map_err(|what| de::Error::custom(format!("the C library cannot be loaded: {what}")))
    }
}

impl Processes {
    /// Whether processes from a file are those of the kernel.
    fn check(&self, kernel: &Kernel) -> Result<(), String> {
        let runs = |id| kernel.processes.contains_key(&id) && kernel.threads.contains_key(&id);
        if !runs(kernel.running) {
            return Err(format!("there is no process {}", kernel.running));
        }
        let loaded = self.loaded();
        if kernel.processes.get(&kernel.running).is_none_or(|process| process.space != loaded) {
            return Err(format!("memory {loaded} is not that of process {}", kernel.running));
        }
        self.check_images(|space| kernel.spaces.contains_key(&space))?;
        for id in self.ids() {
            let known = id == FIRST && self.is_over() || runs(id);
            let space = kernel.processes.get(&id).map_or(0, |process| process.space);
            if !known || id == kernel.running || !self.has_space(space) {
                return Err(format!("process {id} has nothing to go on with"));
            }
        }
        Ok(())
    }
}
