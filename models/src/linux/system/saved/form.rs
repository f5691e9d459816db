//! The form of a system in files: registers by their names.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use terrella_emulator_api::Fault;
use terrella_machine_state::Difference;
use terrella_platforms::{Platform, RegisterValue};

use super::{SpaceState, SystemState};
use crate::linux::{
    ThreadId,
    abi::Abi,
    kernel::Kernel,
    process::{Id, Registers, SavedFrame, SpaceId},
    scheduler::RoundRobin,
    system::UnknownCalls,
};

type Named = Vec<(String, RegisterValue)>;

#[derive(Serialize, Deserialize)]
struct SavedThread {
    thread: Id,
    registers: Named,
    /// What handlers interrupted, by the addresses of their frames.
    frames: Vec<(u64, Named)>,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    kernel: Kernel,
    threads: Vec<SavedThread>,
    spaces: Vec<(SpaceId, SpaceState)>,
    scheduler: Option<RoundRobin>,
    unknown_calls: UnknownCalls,
    memory: u64,
    next_space: SpaceId,
    last_thread: Option<ThreadId>,
    last_space: Option<SpaceId>,
    faults: Vec<(i32, Fault)>,
    cut: Option<(ThreadId, u64)>,
}

fn named(platform: Platform, registers: &Registers) -> Named {
    let table = platform.definition().registers();
    registers.iter().map(|(id, value)| (table.get(*id).name.to_string(), *value)).collect()
}

fn by_name(platform: Platform, named: Named) -> Result<Registers, String> {
    let definition = platform.definition();
    let find = |name: &str| definition.register(name).ok_or_else(|| format!("{platform} has no {name}"));
    named
        .into_iter()
        .map(|(name, value)| {
            let id = find(&name)?;
            let bits = definition.registers().get(id).bits;
            match value.bits() > u32::from(bits) {
                true => Err(format!("{value:#x} does not fit into {name}")),
                false => Ok((id, value)),
            }
        })
        .collect()
}

impl Serialize for SystemState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let threads = self.kernel.threads.values().filter_map(|thread| {
            let platform = self.kernel.processes.get(&thread.process)?.platform;
            let frames = thread.frames.iter();
            Some(SavedThread {
                thread: thread.id,
                registers: named(platform, &thread.registers),
                frames: frames.map(|frame| (frame.address, named(platform, &frame.registers))).collect(),
            })
        });
        Saved {
            kernel: self.kernel.clone(),
            threads: threads.collect(),
            spaces: self.spaces.iter().map(|(id, space)| (*id, space.clone())).collect(),
            scheduler: self.scheduler,
            unknown_calls: self.unknown_calls,
            memory: self.memory,
            next_space: self.next_space,
            last_thread: self.last_thread,
            last_space: self.last_space,
            faults: self.faults.clone(),
            cut: self.cut,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SystemState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = Saved::deserialize(deserializer)?;
        restored(saved).map_err(|what| de::Error::custom(format!("the system cannot be loaded: {what}")))
    }
}

fn restored(saved: Saved) -> Result<SystemState, String> {
    let mut kernel = saved.kernel;
    for process in kernel.processes.values_mut() {
        let platform = process.platform;
        process.abi = Arc::new(Abi::of(platform).ok_or_else(|| format!("no Linux for {platform}"))?);
    }
    for terminal in kernel.terminals.values_mut() {
        terminal.find_numbers();
    }
    for SavedThread { thread, registers, frames } in saved.threads {
        let it = kernel.threads.get_mut(&thread).ok_or_else(|| format!("there is no thread {thread}"))?;
        let process = kernel.processes.get(&it.process);
        let platform = process.ok_or_else(|| format!("thread {thread} is of no process"))?.platform;
        it.registers = by_name(platform, registers)?;
        let frames = frames
            .into_iter()
            .map(|(address, registers)| Ok(SavedFrame { address, registers: by_name(platform, registers)? }));
        it.frames = frames.collect::<Result<_, String>>()?;
    }
    let mut state = SystemState {
        kernel,
        spaces: saved.spaces.into_iter().collect::<BTreeMap<_, _>>(),
        scheduler: saved.scheduler,
        unknown_calls: saved.unknown_calls,
        memory: saved.memory,
        next_space: saved.next_space,
        last_thread: saved.last_thread,
        last_space: saved.last_space,
        faults: saved.faults,
        cut: saved.cut,
    };
    state.check()?;
    Ok(state)
}

/// Where another state differs: tasks, clocks, and the memory of each space.
pub(super) fn diff(state: &SystemState, name: &str, other: Option<&SystemState>, out: &mut Vec<Difference>) {
    let mut differs = |what: &str, one: Option<String>, other: Option<String>| {
        if one != other {
            out.push(Difference::Changed {
                item: name.to_owned(),
                what: what.to_owned(),
                before: one.unwrap_or_default(),
                after: other.unwrap_or_default(),
            });
        }
    };
    let told = |state: &SystemState| format!("{:?}, {} instructions", state.tasks(), state.instructions());
    differs("tasks", Some(told(state)), other.map(told));
    let ids = state.spaces.keys().chain(other.iter().flat_map(|other| other.spaces.keys()));
    for id in ids.collect::<std::collections::BTreeSet<_>>() {
        let pages = |state: &SystemState| {
            let space = state.spaces.get(id)?;
            Some(space.memory.iter().map(|(number, page)| (number, page.clone())).collect::<Vec<_>>())
        };
        let (one, two) = (pages(state), other.and_then(pages));
        if one != two {
            let count = |pages: &Option<Vec<_>>| pages.as_ref().map(|pages| format!("{} pages", pages.len()));
            let what = format!("memory of space {id}");
            differs(&what, count(&one), count(&two).map(|text| format!("{text}, some of them others")));
        }
    }
}
