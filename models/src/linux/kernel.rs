//! [`Kernel`]: the state that all processes of a system share.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    abi::generic::O_CLOEXEC,
    descriptions::{Description, Kind, Lock, PIPE_CAPACITY, Pipe},
    ipc::Ipc,
    limits,
    memory::AddressSpace,
    process::{Descriptor, ExitStatus, FutexKey, Id, Process, SignalInfo, SpaceId, State, Thread},
    sockets::Network,
    strace::Trace,
    streams::Streams,
    terminals::Terminals,
};
use crate::{
    errno::Errno,
    files::{FileSystem, InodeId, Node},
    serial::pairs,
};

/// What the kernel says that it is.
pub(crate) const RELEASE: &str = "6.1.0-terrella";
/// The most descriptors that a process can have, at first (`RLIMIT_NOFILE`).
pub(crate) const OPEN_LIMIT: u64 = 1024;

/// The clocks of a system: virtual time, which goes on by a nanosecond with
/// each instruction, and by as much as is waited for when nothing can run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Clock {
    /// Nanoseconds since 1970 at the start.
    pub(crate) epoch: i64,
    /// Instructions executed, of all threads.
    pub(crate) instructions: u64,
    /// Nanoseconds that nothing ran.
    pub(crate) idle: u64,
    /// The host's time is told instead.
    #[serde(with = "host_time")]
    pub(crate) real: Option<std::time::Instant>,
}

/// Of a clock that tells the host's time, how much of it has passed.
mod host_time {
    use std::time::{Duration, Instant};

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        start: &Option<Instant>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        start.map(|start| u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Instant>, D::Error> {
        let passed = Option::<u64>::deserialize(deserializer)?;
        // A host that has not run for so long cannot tell such a start.
        Ok(passed.map(|passed| {
            let now = Instant::now();
            now.checked_sub(Duration::from_nanos(passed)).unwrap_or(now)
        }))
    }
}

impl Clock {
    /// Nanoseconds since the start.
    pub(crate) fn monotonic(&self) -> u64 {
        match self.real {
            Some(start) => u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX),
            None => self.instructions.saturating_add(self.idle),
        }
    }

    /// Nanoseconds since 1970.
    pub(crate) fn wall(&self) -> i64 {
        self.epoch.saturating_add(i64::try_from(self.monotonic()).unwrap_or(i64::MAX))
    }
}

/// The state that all processes share.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kernel {
    pub(crate) files: FileSystem,
    #[serde(with = "pairs")]
    pub(crate) descriptions: BTreeMap<u64, Description>,
    #[serde(with = "pairs")]
    pub(crate) pipes: BTreeMap<u64, Pipe>,
    #[serde(with = "pairs")]
    pub(crate) terminals: Terminals,
    pub(crate) locks: Vec<Lock>,
    pub(crate) network: Network,
    #[serde(default)]
    pub(crate) ipc: Ipc,
    #[serde(with = "pairs")]
    pub(crate) spaces: BTreeMap<SpaceId, AddressSpace>,
    #[serde(with = "pairs")]
    pub(crate) processes: BTreeMap<Id, Process>,
    #[serde(with = "pairs")]
    pub(crate) threads: BTreeMap<Id, Thread>,
    pub(crate) clock: Clock,
    pub(crate) streams: Streams,
    #[serde(skip)]
    pub(crate) trace: Option<Trace>,
    pub(crate) host_name: Vec<u8>,
    pub(crate) terminal_group: Id,
    /// The process that calls are of, behind the models of C libraries.
    #[serde(default)]
    pub(crate) running: Id,
    /// Counts what could end a wait.
    pub(crate) changes: u64,
    /// Calls that are not there, by name: each is told once.
    pub(crate) unknown: BTreeMap<String, u64>,
    /// Descriptions that end now: what they hold ends after them, one by one.
    #[serde(skip)]
    ending: Vec<u64>,
    #[serde(skip)]
    is_ending: bool,
    random: u64,
    next_object: u64,
    next_id: Id,
}

impl Kernel {
    pub(crate) fn new(files: FileSystem, streams: Streams, seed: u64, clock: Clock) -> Self {
        Self {
            files,
            descriptions: BTreeMap::new(),
            pipes: BTreeMap::new(),
            terminals: Terminals::new(),
            locks: Vec::new(),
            network: Network::default(),
            ipc: Ipc::default(),
            spaces: BTreeMap::new(),
            processes: BTreeMap::new(),
            threads: BTreeMap::new(),
            clock,
            streams,
            trace: None,
            host_name: b"terrella".to_vec(),
            terminal_group: 1,
            running: 1,
            changes: 0,
            unknown: BTreeMap::new(),
            ending: Vec::new(),
            is_ending: false,
            random: seed,
            next_object: 1,
            next_id: 1,
        }
    }

    /// Whether the numbers that follow are such as a run can come to.
    pub(crate) const fn has_sound_numbers(&self) -> bool {
        self.next_object < 1 << 62 && self.next_id > 0
    }

    /// A number that no object of the kernel has had yet.
    pub(crate) const fn new_object(&mut self) -> u64 {
        self.next_object += 1;
        self.next_object
    }

    /// A number for a process or a thread.
    pub(crate) fn new_id(&mut self) -> Id {
        loop {
            let id = self.next_id;
            self.next_id = if id >= 0x3f_ffff { 2 } else { id + 1 };
            // There are far fewer tasks than numbers.
            if !self.threads.contains_key(&id) && !self.processes.contains_key(&id) {
                return id;
            }
        }
    }

    /// Something happened that can end a wait.
    pub(crate) const fn changed(&mut self) {
        self.changes += 1;
    }

    /// Random bytes: SplitMix64 (Steele, Lea, Flood: Fast splittable
    /// pseudorandom number generators, 2014), the same in every run of a seed.
    pub(crate) fn random_bytes(&mut self, size: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(size.next_multiple_of(8));
        while bytes.len() < size {
            self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.random;
            z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            bytes.extend_from_slice(&(z ^ z >> 31).to_le_bytes());
        }
        bytes.truncate(size);
        bytes
    }

    // ---- descriptors

    pub(crate) fn process(&self, id: Id) -> Result<&Process, Errno> {
        self.processes.get(&id).ok_or(Errno::ESRCH)
    }

    pub(crate) fn process_mut(&mut self, id: Id) -> Result<&mut Process, Errno> {
        self.processes.get_mut(&id).ok_or(Errno::ESRCH)
    }

    pub(crate) fn descriptor(&self, process: Id, fd: i32) -> Result<Descriptor, Errno> {
        self.process(process)?.descriptors.get(&fd).copied().ok_or(Errno::EBADF)
    }

    /// The description of a descriptor.
    pub(crate) fn description(&self, process: Id, fd: i32) -> Result<&Description, Errno> {
        let descriptor = self.descriptor(process, fd)?;
        self.descriptions.get(&descriptor.description).ok_or(Errno::EBADF)
    }

    pub(crate) fn description_mut(&mut self, process: Id, fd: i32) -> Result<&mut Description, Errno> {
        let descriptor = self.descriptor(process, fd)?;
        self.descriptions.get_mut(&descriptor.description).ok_or(Errno::EBADF)
    }

    /// A new description, that nothing stands for yet.
    pub(crate) fn add_description(&mut self, kind: Kind, flags: u64) -> u64 {
        let id = self.new_object();
        match &kind {
            Kind::Pipe { pipe, writes, reads } => {
                if let Some(pipe) = self.pipes.get_mut(pipe) {
                    pipe.writers += u32::from(*writes);
                    pipe.readers += u32::from(*reads);
                    pipe.ever.0 += u64::from(*writes);
                    pipe.ever.1 += u64::from(*reads);
                }
                self.changed();
            }
            Kind::File(inode) | Kind::Directory(inode) | Kind::Path(inode) | Kind::Device(_, inode) => {
                self.files.hold(*inode);
            }
            _ => {}
        }
        self.descriptions.insert(id, Description::new(kind, flags));
        id
    }

    /// The lowest free descriptor from a number on.
    pub(crate) fn free_descriptor(&self, process: Id, from: i32) -> Result<i32, Errno> {
        let process = self.process(process)?;
        let limit = i32::try_from(process.limits[7].0.min(limits::DESCRIPTORS)).unwrap_or(i32::MAX);
        let mut free = from;
        for taken in process.descriptors.range(from..).map(|(fd, _)| *fd) {
            if taken != free {
                break;
            }
            free += 1;
        }
        if free < limit { Ok(free) } else { Err(Errno::EMFILE) }
    }

    /// Gives a description the lowest free descriptor.
    pub(crate) fn install(&mut self, process: Id, description: u64, flags: u64) -> Result<i32, Errno> {
        let fd = match self.free_descriptor(process, 0) {
            Ok(fd) => fd,
            Err(error) => {
                self.drop_if_unused(description);
                return Err(error);
            }
        };
        self.install_at(process, fd, description, flags & O_CLOEXEC != 0)?;
        Ok(fd)
    }

    pub(crate) fn install_at(
        &mut self,
        process: Id,
        fd: i32,
        description: u64,
        close_on_exec: bool,
    ) -> Result<(), Errno> {
        if let Some(it) = self.descriptions.get_mut(&description) {
            it.references += 1;
        }
        let old =
            self.process_mut(process)?.descriptors.insert(fd, Descriptor { description, close_on_exec });
        if let Some(old) = old {
            self.drop_reference(process, old.description);
        }
        Ok(())
    }

    pub(crate) fn close(&mut self, process: Id, fd: i32) -> Result<(), Errno> {
        let descriptor = self.process_mut(process)?.descriptors.remove(&fd).ok_or(Errno::EBADF)?;
        self.drop_reference(process, descriptor.description);
        Ok(())
    }

    pub(crate) fn drop_if_unused(&mut self, description: u64) {
        if self.descriptions.get(&description).is_none_or(|it| it.references > 0) {
            return;
        }
        // Sockets hold messages that hold descriptions of sockets: a chain may
        // be long, and is not followed by recursion.
        self.ending.push(description);
        if self.is_ending {
            return;
        }
        self.is_ending = true;
        while let Some(description) = self.ending.pop() {
            self.end_description(description);
        }
        self.is_ending = false;
    }

    /// A descriptor of a process goes.
    pub(crate) fn drop_reference(&mut self, process: Id, description: u64) {
        let Some(it) = self.descriptions.get_mut(&description) else { return };
        it.references = it.references.saturating_sub(1);
        if let Kind::Queue(queue) = it.kind {
            self.forget_notification(queue, process);
            return self.drop_if_unused(description);
        }
        // Locks of a process go with its first descriptor of the file.
        if let Some(inode) = it.inode() {
            self.locks.retain(|lock| {
                lock.inode != inode || lock.owner != super::descriptions::LockOwner::Process(process)
            });
            self.changed();
        }
        self.drop_if_unused(description);
    }

    fn end_description(&mut self, description: u64) {
        use super::descriptions::LockOwner;
        let Some(it) = self.descriptions.remove(&description) else { return };
        self.changed();
        self.locks.retain(|lock| {
            lock.owner != LockOwner::Description(description) && lock.owner != LockOwner::Whole(description)
        });
        match it.kind {
            Kind::Pipe { pipe, writes, reads } => {
                if let Some(state) = self.pipes.get_mut(&pipe) {
                    state.writers -= u32::from(writes);
                    state.readers -= u32::from(reads);
                    if state.writers == 0 && state.readers == 0 {
                        self.pipes.remove(&pipe);
                    }
                }
            }
            Kind::File(inode) | Kind::Directory(inode) | Kind::Path(inode) | Kind::Device(_, inode) => {
                self.files.let_go(inode);
            }
            Kind::Socket(socket) => self.end_socket(socket),
            Kind::Terminal { number, master } => self.close_terminal(number, master),
            Kind::Queue(queue) => self.end_queue(queue),
            _ => {}
        }
    }

    pub(crate) fn new_pipe(&mut self) -> u64 {
        let id = self.new_object();
        self.pipes.insert(id, Pipe { capacity: PIPE_CAPACITY, ..Pipe::default() });
        id
    }

    /// The pipe of a named pipe, made where it is not open.
    pub(crate) fn pipe_of(&mut self, inode: InodeId) -> Result<u64, Errno> {
        match self.files.inode(inode).node {
            Node::Fifo(Some(pipe)) if self.pipes.contains_key(&pipe) => Ok(pipe),
            Node::Fifo(_) => {
                let pipe = self.new_pipe();
                self.files.change(inode).node = Node::Fifo(Some(pipe));
                Ok(pipe)
            }
            _ => Err(Errno::ENXIO),
        }
    }

    // ---- processes and threads

    pub(crate) fn threads_of(&self, process: Id) -> Vec<Id> {
        self.threads.values().filter(|thread| thread.process == process).map(|thread| thread.id).collect()
    }

    pub(crate) fn children_of(&self, process: Id) -> Vec<Id> {
        self.processes.values().filter(|child| child.parent == process).map(|child| child.id).collect()
    }

    /// A thread of a process is no more.
    pub(crate) fn end_thread(&mut self, id: Id) {
        let Some(mut thread) = self.threads.remove(&id) else { return };
        if let Some(opened) = thread.call.take().and_then(|call| call.opened) {
            self.drop_if_unused(opened);
        }
        if let Some(process) = self.processes.get_mut(&thread.process) {
            process.instructions += thread.instructions;
        }
        self.changed();
    }

    /// A process is no more: its parent is told.
    pub(crate) fn end_process(&mut self, id: Id, status: ExitStatus) {
        for thread in self.threads_of(id) {
            self.end_thread(thread);
        }
        let descriptors: Vec<i32> = match self.processes.get(&id) {
            Some(process) => process.descriptors.keys().copied().collect(),
            None => return,
        };
        for fd in descriptors {
            let _ = self.close(id, fd);
        }
        let has_adopter = self.processes.contains_key(&1);
        for child in self.children_of(id) {
            if let Some(child) = self.processes.get_mut(&child) {
                child.parent = 1;
                // Nobody will ask for it any more.
                if child.ended.is_some() && !has_adopter {
                    let child = child.id;
                    self.processes.remove(&child);
                }
            }
        }
        self.undo_semaphores(id);
        let Some(process) = self.processes.get_mut(&id) else { return };
        process.ended = Some(status);
        process.timers.clear();
        process.real_timer.at = None;
        process.own_timers = Default::default();
        let (parent, signal) = (process.parent, process.exit_signal);
        self.end_vfork(id);
        // That of a session goes with its leader, whose number it has.
        self.leave_terminal(id);
        let Some(process) = self.processes.get_mut(&id) else { return };
        // Until its parent has heard of it, it is in the folder that always is.
        let (folder, root) = (
            std::mem::replace(&mut process.folder, crate::files::ROOT),
            std::mem::replace(&mut process.root, crate::files::ROOT),
        );
        self.files.let_go(folder);
        self.files.let_go(root);
        let ignored = self.processes.get(&parent).is_none_or(|parent| {
            let action = parent.actions[usize::from(super::abi::generic::SIGCHLD as u8)];
            parent.ended.is_some()
                || action.handler == super::abi::generic::SIG_IGN
                || action.flags & super::abi::generic::SA_NOCLDWAIT != 0
        });
        if signal != 0 {
            let (code, value) = match status {
                ExitStatus::Code(code) => (1, u64::from(code)),
                ExitStatus::Signal(signal) => (2, u64::from(signal)),
            };
            self.signal_process(parent, SignalInfo { number: signal, code, sender: id, value });
        }
        if ignored && id != 1 {
            self.processes.remove(&id);
        }
        self.changed();
    }

    /// The thread that waits for a process made by `vfork` goes on.
    pub(crate) fn end_vfork(&mut self, process: Id) {
        let waiter = self.processes.get_mut(&process).and_then(|process| process.vfork_waiter.take());
        if let Some(thread) = waiter.and_then(|id| self.threads.get_mut(&id)) {
            thread.state = State::Ready;
        }
    }

    /// Whether there can be one more thread or process; those that ended and
    /// were not waited for count.
    pub(crate) fn has_room(&self) -> bool {
        let ended = self.processes.values().filter(|process| process.ended.is_some()).count();
        self.threads.len() + ended < limits::TASKS
    }

    /// Wakes threads that wait at a futex; says how many.
    pub(crate) fn wake(&mut self, key: FutexKey, count: u32, bits: u32) -> u32 {
        let mut woken = 0;
        for thread in self.threads.values_mut() {
            if woken == count {
                break;
            }
            if let Some(call) = &mut thread.call
                && !call.woken
                && let Some((at, wanted)) = call.futex
                && at == key
                && wanted & bits != 0
            {
                call.woken = true;
                call.futex = None;
                woken += 1;
            }
        }
        if woken > 0 {
            self.changed();
        }
        woken
    }
}
