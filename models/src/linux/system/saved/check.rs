//! What a state from a file has to be like, so that nothing that it names is
//! missing and no count is too small.

use std::collections::BTreeMap;

use super::SystemState;
use crate::{
    files::{InodeId, ROOT},
    linux::{
        abi::Abi,
        descriptions::Kind,
        kernel::Kernel,
        limits,
        process::{IntervalTimer, Process, SignalInfo},
    },
};

/// Clocks and counters that are larger are no real ones.
const MOST: u64 = 1 << 62;

impl SystemState {
    pub(super) fn check(&mut self) -> Result<(), String> {
        for (id, space) in &self.spaces {
            let abi = Abi::of(space.platform).ok_or_else(|| format!("no Linux for {}", space.platform))?;
            let areas = self.kernel.spaces.get_mut(id).ok_or_else(|| format!("space {id} is unknown"))?;
            areas.check(abi.page).map_err(|what| format!("space {id}: {what}"))?;
        }
        if let Some(id) = self.kernel.spaces.keys().find(|id| !self.spaces.contains_key(id)) {
            return Err(format!("space {id} has no memory"));
        }
        check_kernel(&self.kernel, |process| {
            self.spaces.get(&process.space).is_some_and(|space| space.platform == process.platform)
        })?;
        if self.spaces.keys().any(|id| *id >= self.next_space) {
            return Err("the next space has a number that another one has".to_owned());
        }
        Ok(())
    }
}

/// Checks a kernel, of whose processes those that run have a memory.
pub(crate) fn check_kernel(kernel: &Kernel, has_memory: impl Fn(&Process) -> bool) -> Result<(), String> {
    check_tasks(kernel, has_memory)?;
    check_descriptions(kernel)?;
    check_numbers(kernel)?;
    kernel.ipc.check()?;
    kernel.files.check_holders(&holders(kernel))
}

fn check_tasks(kernel: &Kernel, has_memory: impl Fn(&Process) -> bool) -> Result<(), String> {
    if kernel.threads.len() + kernel.processes.len() > 2 * limits::TASKS {
        return Err("there are too many processes and threads".to_owned());
    }
    for (id, process) in &kernel.processes {
        if *id != process.id {
            return Err(format!("process {id} has the number {}", process.id));
        }
        if process.ended.is_none() && !has_memory(process) {
            return Err(format!("process {id} has no memory of its platform"));
        }
        check_signals(&process.pending)?;
        let signals = process.timers.values().filter_map(|timer| timer.signal);
        if signals.chain([process.exit_signal]).any(|signal| signal > 64) {
            return Err(format!("process {id} has a signal that is none"));
        }
        for timer in process
            .timers
            .values()
            .map(|it| &it.timer)
            .chain([&process.real_timer])
            .chain(&process.own_timers)
        {
            check_timer(timer)?;
        }
        if process.descriptors.keys().any(|fd| *fd < 0) {
            return Err(format!("process {id} has a descriptor below zero"));
        }
    }
    for (id, thread) in &kernel.threads {
        if *id != thread.id || !kernel.processes.contains_key(&thread.process) {
            return Err(format!("thread {id} has no process, or another number"));
        }
        if thread.frames.len() > limits::FRAMES {
            return Err(format!("thread {id} has too many frames"));
        }
        check_signals(&thread.pending)?;
    }
    Ok(())
}

pub(crate) fn check_signals(pending: &[SignalInfo]) -> Result<(), String> {
    match pending.iter().find(|info| !(1..=64).contains(&info.number)) {
        Some(info) => Err(format!("{} is no signal", info.number)),
        None => Ok(()),
    }
}

fn check_timer(timer: &IntervalTimer) -> Result<(), String> {
    match timer.at.unwrap_or(0) > MOST || timer.interval > MOST {
        true => Err("a timer runs for centuries".to_owned()),
        false => Ok(()),
    }
}

fn check_descriptions(kernel: &Kernel) -> Result<(), String> {
    let mut ends: BTreeMap<u64, (u32, u32)> = BTreeMap::new();
    for (id, it) in &kernel.descriptions {
        match &it.kind {
            Kind::Stream(3..) => return Err(format!("description {id} is of no stream")),
            Kind::Pipe { pipe, writes, reads } => {
                let ends = ends.entry(*pipe).or_default();
                ends.0 += u32::from(*reads);
                ends.1 += u32::from(*writes);
            }
            Kind::Timer { timer, .. } => check_timer(timer)?,
            _ => {}
        }
        if it.offset > MOST {
            return Err(format!("description {id} is behind all files"));
        }
    }
    for (pipe, (readers, writers)) in ends {
        if !kernel.pipes.get(&pipe).is_some_and(|it| it.readers >= readers && it.writers >= writers) {
            return Err(format!("pipe {pipe} is missing, or has other ends"));
        }
    }
    Ok(())
}

fn check_numbers(kernel: &Kernel) -> Result<(), String> {
    let clock = &kernel.clock;
    if clock.instructions > MOST || clock.idle > MOST || kernel.changes > MOST || !kernel.has_sound_numbers()
    {
        return Err("a clock or a counter is too large".to_owned());
    }
    Ok(())
}

/// What holds inodes: as `hold` is called.
fn holders(kernel: &Kernel) -> BTreeMap<InodeId, u32> {
    let mut all: BTreeMap<InodeId, u32> = BTreeMap::new();
    let described = kernel.descriptions.values().filter_map(|it| it.inode());
    let folders = kernel.processes.values().flat_map(|process| [process.folder, process.root]);
    let mapped = kernel.spaces.values().flat_map(|space| space.held.iter().copied());
    let terminals = kernel.terminals.values().map(|terminal| terminal.inode);
    let segments = kernel.ipc.segments.iter().map(|(_, segment)| segment.it.inode);
    for inode in described.chain(folders).chain(mapped).chain(terminals).chain(segments) {
        // The root is never let go.
        *all.entry(inode).or_default() += u32::from(inode != ROOT);
    }
    all
}
