//! Processes: `fork`, `wait`, `exec`, `posix_spawn`, `system`, `popen`.
//!
//! There is one emulator, and one process is in it. The others are kept: their
//! threads with registers, and for each memory (two processes have one together
//! after `vfork`) its pages and what the library has in it. Processes are
//! switched where threads are, so that every run is the same: where the one that
//! runs waits, yields or ends. After `fork` the parent goes on.

mod forking;
mod image;
mod programs;
mod signalled;
mod switching;
mod waiting;

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use terrella_machine_state::{HeapRecord, PAGE_SIZE};

pub(crate) use forking::Forking;
pub(crate) use image::Image;
pub(crate) use signalled::Interrupted;
pub(crate) use switching::Ending;

use super::{
    state::{AtExit, State},
    stdio::Stream,
    threads::Threads,
    types::Header,
};
use crate::linux::process::{Id, Process, SignalInfo, SpaceId};

/// The headers of this folder.
pub(crate) const HEADERS: &[&Header] =
    &[&forking::HEADER, &waiting::HEADER, &programs::HEADER[0], &programs::HEADER[1]];

/// So many processes there can be, with those that nobody has waited for.
const MOST: usize = 256;
/// So many different pages all processes may have: a GiB.
const MOST_PAGES: usize = (1 << 30) / PAGE_SIZE;
/// So many pages they may have when those that are alike count each time.
const MOST_SHARED_PAGES: usize = 16 * MOST_PAGES;
/// How long processes may still run when the first one has ended, in
/// nanoseconds of the clock.
const AFTERWARDS: u64 = 60_000_000_000;

/// What is called around `fork`: before it, and after it in the parent and in
/// the child (`pthread_atfork`).
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct AtFork {
    before: u64,
    parent: u64,
    child: u64,
}

/// What the library has in the memory of a process.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Belongings {
    streams: BTreeMap<u64, Stream>,
    rooms: BTreeMap<String, (u64, u64)>,
    /// What is free of the library's own memory.
    free: (u64, u64),
    at_exit: Vec<AtExit>,
    at_fork: Vec<AtFork>,
    random_numbers: Vec<u32>,
    random48: u64,
    token: u64,
    numbers: BTreeMap<String, i64>,
}

impl Belongings {
    fn of(state: &State) -> Self {
        Self {
            streams: state.streams.clone(),
            rooms: state.rooms.clone(),
            free: state.layout.free,
            at_exit: state.at_exit.clone(),
            at_fork: state.at_fork.clone(),
            random_numbers: state.random_numbers.clone(),
            random48: state.random48,
            token: state.token,
            numbers: state.numbers.clone(),
        }
    }

    /// Puts them into the state in place of others, which are in here then.
    fn exchange(&mut self, state: &mut State) {
        use std::mem::swap;
        swap(&mut self.streams, &mut state.streams);
        swap(&mut self.rooms, &mut state.rooms);
        swap(&mut self.free, &mut state.layout.free);
        swap(&mut self.at_exit, &mut state.at_exit);
        swap(&mut self.at_fork, &mut state.at_fork);
        swap(&mut self.random_numbers, &mut state.random_numbers);
        swap(&mut self.random48, &mut state.random48);
        swap(&mut self.token, &mut state.token);
        swap(&mut self.numbers, &mut state.numbers);
    }
}

/// A memory that is not in the emulator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Space {
    image: Image,
    heap: HeapRecord,
    library: Belongings,
}

/// How the first process ended, while others still run.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Over {
    /// Until when the others may go on.
    until: u64,
    /// As it was.
    process: Box<Process>,
}

/// The processes that do not run, and their memories.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Processes {
    /// Those that have not ended, but the one that runs.
    others: BTreeMap<Id, Threads>,
    spaces: BTreeMap<SpaceId, Space>,
    /// The memory that is in the emulator.
    loaded: SpaceId,
    /// What it was when it was put there: pages that are still alike are shared.
    image: Image,
    next_space: SpaceId,
    over: Option<Over>,
    /// Exit points of the harness, which are not those of other processes.
    #[serde(skip)]
    exits: Vec<u64>,
}

impl Processes {
    /// Whether so many pages can be kept.
    fn has_room(&self) -> bool {
        let images = || self.spaces.values().map(|space| &space.image).chain([&self.image]);
        let all: usize = images().map(Image::len).sum();
        if all <= MOST_PAGES {
            return true;
        }
        if all > MOST_SHARED_PAGES {
            return false;
        }
        let mut known = HashSet::new();
        images().for_each(|image| image.count(&mut known));
        known.len() <= MOST_PAGES
    }

    /// Whether memories from a file are sound, and known.
    pub(crate) fn check_images(&self, known: impl Fn(SpaceId) -> bool) -> Result<(), String> {
        let sound = self.image.is_sound() && self.spaces.values().all(|space| space.image.is_sound());
        let numbered =
            self.spaces.keys().all(|id| known(*id) && *id <= self.next_space && *id != self.loaded);
        if sound && numbered && self.next_space < 1 << 31 {
            Ok(())
        } else {
            Err("the memories of processes are not in order".to_owned())
        }
    }

    /// The processes that do not run.
    pub(crate) fn ids(&self) -> impl Iterator<Item = Id> {
        self.others.keys().copied()
    }

    /// Whether the first process has ended.
    pub(crate) const fn is_over(&self) -> bool {
        self.over.is_some()
    }

    /// Whether a memory is there, in the emulator or here.
    pub(crate) fn has_space(&self, space: SpaceId) -> bool {
        space == self.loaded || self.spaces.contains_key(&space)
    }

    /// The signals that wait for one thread.
    pub(crate) fn pending(&self) -> impl Iterator<Item = &SignalInfo> {
        self.others.values().flat_map(Threads::pending)
    }
}
