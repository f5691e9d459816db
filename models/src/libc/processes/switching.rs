//! Which process goes on, and how its memory comes into the emulator; the end
//! of processes.

use terrella_emulator_api::{AddressRange, Emulator, EmulatorExt, Flow, HookError, Overlap, Permissions};
use terrella_machine_state::{Heap, Return, call::read_result};
use terrella_platforms::CallingConvention;

use super::{
    super::{
        context::Context,
        error::{Error, Failure, Result},
        item::{hook_error, with_state},
        state::State,
        threads::Threads,
        types::{CType, Outcome, Reply},
    },
    AFTERWARDS, Belongings, Over, Processes, Space,
};
use crate::files::ROOT;
use crate::linux::{
    alone::FIRST,
    process::{ExitStatus, Id, State as ThreadState, Thread},
    signals::{Default as Fallback, bit, default_of},
};

/// How a process ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ending {
    Status(i32),
    Signal(u8),
}

impl From<Ending> for ExitStatus {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Status(status) => Self::Code(status as u8),
            Ending::Signal(signal) => Self::Signal(signal),
        }
    }
}

impl Context<'_> {
    /// Whether a process can go on: it has not ended, is not stopped, and does
    /// not wait for one that it made by `vfork`.
    fn may_run(&self, process: Id) -> bool {
        let kernel = &self.state.kernel;
        let runs = |it: &crate::linux::process::Process| it.ended.is_none() && it.stopped.is_none();
        kernel.processes.get(&process).is_some_and(runs)
            && kernel.threads.get(&process).is_some_and(|thread| thread.state != ThreadState::Vforked)
    }

    /// Whether another process could go on, now or later.
    pub(crate) fn has_other_processes(&self) -> bool {
        !self.state.processes.others.is_empty()
    }

    /// The thread that goes on next, and its process: the next one that
    /// something has happened for, the one that runs last.
    pub(crate) fn next_ready(&self) -> Option<(Id, u64)> {
        let this = self.state.kernel.running;
        let progress = self.state.threads.progress();
        let own = if self.may_run(this) { Some(&self.state.threads) } else { None };
        if let Some(thread) = own.and_then(Threads::ready_behind) {
            return Some((this, thread));
        }
        let others = &self.state.processes.others;
        let others = others.range(this..).chain(others.range(..this));
        for (process, threads) in others.filter(|(process, _)| self.may_run(**process)) {
            if let Some(thread) = threads.ready(progress) {
                return Some((*process, thread));
            }
        }
        Some((this, own?.ready(progress)?))
    }

    /// When the first of all threads that wait waits no longer.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        let this = self.state.kernel.running;
        let all = self.state.processes.others.iter().map(|(process, threads)| (*process, threads));
        let all = all.chain([(this, &self.state.threads)]);
        all.filter(|(process, _)| self.may_run(*process)).filter_map(|(_, it)| it.first_deadline()).min()
    }

    /// Another process runs from here on. What the one that ran has done has
    /// been kept before.
    pub(crate) fn enter_process(&mut self, process: Id) -> Result<()> {
        let before = self.state.kernel.running;
        if process == before {
            return Ok(());
        }
        let Some(mut threads) = self.state.processes.others.remove(&process) else {
            return self.misuse(format!("there is no process {process}"));
        };
        threads.go_on_from(&self.state.threads);
        let threads = std::mem::replace(&mut self.state.threads, threads);
        let lives = self.state.kernel.processes.get(&before).is_some_and(|it| it.ended.is_none());
        if lives || before == FIRST {
            self.state.processes.others.insert(before, threads);
        }
        self.state.kernel.running = process;
        let space = self.state.kernel.processes.get(&process).map_or(0, |it| it.space);
        if before != FIRST {
            self.close_exits()?;
        }
        if space != self.state.processes.loaded {
            self.load_space(space)?;
        }
        if before == FIRST {
            // Where nothing is mapped nothing but a return can lead.
            let mut exits = self.emulator().exit_points();
            let map = self.emulator().memory_map();
            exits.retain(|exit| {
                let range = self.exit_range(*exit);
                range.is_ok_and(|range| map.iter().all(|region| !region.range.overlaps(&range)))
            });
            for exit in &exits {
                self.emulator().remove_exit_point(*exit);
            }
            self.state.processes.exits = exits;
        }
        if process != FIRST {
            return self.open_exits();
        }
        for exit in std::mem::take(&mut self.state.processes.exits) {
            self.emulator().add_exit_point(exit);
        }
        Ok(())
    }

    /// What of the memory is the same for all processes: the library's stubs,
    /// and shared mappings.
    fn common(&self, space: u32) -> Vec<AddressRange> {
        let layout = &self.state.layout;
        let mut all = vec![AddressRange::from(layout.resume..layout.stubs.1)];
        if let Some(areas) = self.state.kernel.spaces.get(&space) {
            let shared = areas.shared_files(0, u64::MAX, !0);
            all.extend(shared.iter().map(|it| AddressRange::from(it.start..it.end)));
        }
        all
    }

    /// Takes up what the memory in the emulator is.
    pub(crate) fn refresh_image(&mut self) -> Result<()> {
        let common = self.common(self.state.processes.loaded);
        let mut image = std::mem::take(&mut self.state.processes.image);
        let result = image.refresh(self.call.emulator(), &common);
        self.state.processes.image = image;
        Ok(result?)
    }

    fn heap_record(&mut self) -> Result<terrella_machine_state::HeapRecord> {
        let heap = self.state.heap.clone();
        Ok(Heap::live(self.emulator(), &heap)?.record()?)
    }

    /// Keeps a copy of the memory in the emulator, of this number.
    pub(crate) fn keep_space(&mut self, space: u32) -> Result<()> {
        let heap = self.heap_record()?;
        let image = self.state.processes.image.clone();
        let library = Belongings::of(self.state);
        self.state.processes.spaces.insert(space, Space { image, heap, library });
        Ok(())
    }

    /// Another memory comes into the emulator.
    fn load_space(&mut self, space: u32) -> Result<()> {
        let old = self.state.processes.loaded;
        let Some(mut it) = self.state.processes.spaces.remove(&space) else {
            return self.misuse(format!("there is no memory {space}"));
        };
        let emulator = self.call.emulator();
        self.state.kernel.leave_shared(emulator, old);
        self.refresh_image()?;
        let heap = self.heap_record()?;
        // What the other has not in common with this one is made anew.
        let mine = self.common(old);
        let common = self.common(space);
        let emulator = self.call.emulator();
        for range in mine.iter().filter(|range| !common.contains(range)) {
            emulator.unmap_memory(*range)?;
        }
        let present = &self.state.processes.image;
        it.image.put(emulator, present, &common)?;
        self.state.kernel.enter_shared(emulator, space)?;
        it.library.exchange(self.state);
        let heap = std::mem::replace(&mut it.heap, heap);
        let name = self.state.heap.clone();
        Heap::live(self.emulator(), &name)?.set_record(heap)?;
        std::mem::swap(&mut it.image, &mut self.state.processes.image);
        self.state.processes.loaded = space;
        if self.state.is_used(old) {
            self.state.processes.spaces.insert(old, it);
            if !self.state.processes.has_room() {
                return Err(Error::TooMuchMemory { bytes: (super::MOST_PAGES as u64) << 12 }.into());
            }
        } else {
            self.state.kernel.drop_space(old);
        }
        Ok(())
    }

    /// The process that runs ends. The end of the first one is that of the run,
    /// when the others can go on no more.
    pub(crate) fn ends(&mut self, ending: Ending) -> Result<Reply> {
        let this = self.state.kernel.running;
        if this == FIRST && self.state.processes.over.is_none() {
            match ending {
                Ending::Status(status) => self.state.exit = Some(status),
                Ending::Signal(signal) => self.state.ended_by = Some(signal),
            }
            if !self.has_other_processes() {
                return Ok(Reply::Stop);
            }
            self.keep_current()?;
            if let Some(process) = self.state.kernel.processes.get(&this) {
                let mut process = Box::new(process.clone());
                process.descriptors.clear();
                (process.folder, process.root) = (ROOT, ROOT);
                let until = self.state.kernel.clock.monotonic().saturating_add(AFTERWARDS);
                self.state.processes.over = Some(Over { until, process });
            }
        }
        self.end_process(this, ending.into())?;
        self.leave()
    }

    /// A process is no more.
    pub(crate) fn end_process(&mut self, process: Id, status: ExitStatus) -> Result<()> {
        let space = self.state.kernel.processes.get(&process).map(|it| it.space);
        // What it has written is there for those that it shares memory with.
        if let Some(space) = space.filter(|space| *space == self.state.processes.loaded) {
            let emulator = self.call.emulator();
            self.state.kernel.leave_shared(emulator, space);
        }
        self.state.kernel.end_process(process, status);
        if process != FIRST {
            self.state.processes.others.remove(&process);
        }
        if let Some(space) = space
            && space != self.state.processes.loaded
            && !self.state.is_used(space)
        {
            self.state.processes.spaces.remove(&space);
            self.state.kernel.drop_space(space);
        }
        Ok(())
    }

    /// Signals that end or stop processes that do not run do it at once.
    pub(crate) fn end_killed(&mut self) -> Result<()> {
        let others: Vec<Id> = self.state.processes.others.keys().copied().collect();
        for process in others {
            let Some(threads) = self.state.processes.others.get(&process) else { continue };
            let kernel = &self.state.kernel;
            let Some(it) = kernel.processes.get(&process).filter(|it| it.ended.is_none()) else { continue };
            let waits = it.pending.iter().filter(|info| threads.lets_through(info.number));
            let found = waits.chain(threads.own_signals()).find_map(|info| {
                let default = it.actions.get(usize::from(info.number)).is_some_and(|it| it.handler == 0);
                let what = default_of(info.number);
                (default && matches!(what, Fallback::End | Fallback::Stop)).then_some((info.number, what))
            });
            match found {
                Some((signal, Fallback::End)) => self.end_process(process, ExitStatus::Signal(signal))?,
                Some((signal, _)) => {
                    if let Some(it) = self.state.kernel.processes.get_mut(&process) {
                        it.pending.retain(|info| info.number != signal);
                    }
                    if let Some(threads) = self.state.processes.others.get_mut(&process) {
                        threads.forget_signal(signal);
                    }
                    self.state.kernel.stop_process(process, signal);
                }
                None => {}
            }
        }
        Ok(())
    }

    /// The others can go on no more, and the first process has ended: the run
    /// ends with it. `None` if it has not.
    pub(crate) fn finish(&mut self) -> Result<Option<Reply>> {
        let Some(over) = self.state.processes.over.take() else { return Ok(None) };
        let others: Vec<Id> = self.state.processes.others.keys().copied().collect();
        let running = self.state.kernel.running;
        let mut process = *over.process;
        process.ended = None;
        self.state.kernel.processes.insert(FIRST, process);
        self.state.kernel.threads.insert(FIRST, Thread::new(FIRST, FIRST, b"harness".to_vec()));
        for other in others.into_iter().chain([running]).filter(|other| *other != FIRST) {
            self.end_process(other, ExitStatus::Signal(9))?;
        }
        self.enter_process(FIRST)?;
        self.load_current()?;
        Ok(Some(Reply::Stop))
    }

    /// Whether the clock may go on to a time while nothing runs.
    pub(crate) fn may_idle_until(&self, deadline: Option<u64>) -> bool {
        let over = self.state.processes.over.as_ref();
        over.is_none_or(|over| {
            let next = [deadline, self.state.kernel.next_timer()].into_iter().flatten().min();
            next.is_some_and(|next| next <= over.until)
        })
    }

    /// The bytes at a place that a harness has its calls return to.
    fn exit_range(&mut self, exit: u64) -> Result<AddressRange> {
        let size = u64::from(self.emulator().definition().longest_instruction);
        Ok(AddressRange::sized(exit, size)?)
    }

    /// Places that a harness has its calls return to are where other processes
    /// than the first one end, as if `main` had returned.
    fn open_exits(&mut self) -> Result<()> {
        let Some(convention) = self.state.convention else { return Ok(()) };
        for exit in self.state.processes.exits.clone() {
            let range = self.exit_range(exit)?;
            let key = self.state.key.clone();
            let emulator = self.call.emulator();
            if emulator.read_integer(exit, 1).is_err() {
                emulator.map_memory_with(range, Permissions::READ_EXECUTE, Overlap::Refuse)?;
            }
            let hook = move |emulator: &mut dyn Emulator, address: u64| {
                with_state(emulator, &key, |emulator, state| returned(emulator, state, convention, address))
            };
            match emulator.function_hookable()?.add_function_hook(exit, 0, Box::new(hook)) {
                Ok(_) | Err(terrella_emulator_api::Error::HookExists { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The same places are as the harness has them again.
    fn close_exits(&mut self) -> Result<()> {
        for exit in self.state.processes.exits.clone() {
            let range = self.exit_range(exit)?;
            let emulator = self.call.emulator();
            if emulator.read_integer(exit, 1).is_ok() {
                emulator.unmap_memory(range)?;
            }
        }
        Ok(())
    }
}

/// A process has returned to where its first one's caller waits.
fn returned(
    emulator: &mut dyn Emulator,
    state: &mut State,
    convention: &'static CallingConvention,
    address: u64,
) -> Result<Flow, HookError> {
    if state.kernel.running == FIRST {
        return Ok(Flow::Stop);
    }
    let run = |emulator: &mut dyn Emulator, state: &mut State| -> Result<Flow, Failure> {
        let status = read_result(emulator, convention, Return::I32, None)?.as_i64() as i32;
        let call = terrella_machine_state::call::Call::entered(emulator, convention, address)?;
        let mut context = Context::new(call, state, "exit", CType::Void, false)?;
        super::super::ending::exit(&mut context, status)?.give(&mut context)
    };
    run(emulator, state).map_err(|failure| hook_error(failure, "exit", address, 0))
}

impl State {
    /// Whether a process that has not ended has this memory. That of the first
    /// one stays.
    fn is_used(&self, space: u32) -> bool {
        space == 0 || self.kernel.processes.values().any(|it| it.ended.is_none() && it.space == space)
    }
}

impl Processes {
    pub(super) fn add(&mut self, process: Id, threads: Threads) {
        self.others.insert(process, threads);
    }

    pub(super) const fn new_space(&mut self) -> u32 {
        self.next_space += 1;
        self.next_space
    }

    pub(crate) const fn loaded(&self) -> u32 {
        self.loaded
    }
}

impl Threads {
    /// Whether one of the threads does not hold a signal back.
    fn lets_through(&self, signal: u8) -> bool {
        let unblockable = bit(signal) & crate::linux::signals::UNBLOCKABLE != 0;
        unblockable || self.masks().any(|mask| mask & bit(signal) == 0)
    }
}
