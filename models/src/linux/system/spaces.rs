//! Address spaces on their emulators: who is loaded, what they share, copies.

use std::{cell::Cell, collections::BTreeMap, rc::Rc};

use terrella_emulator_api::{self as api, AddressRange, Emulator, EmulatorExt, Flow, Overlap};
use terrella_platforms::Platform;

use super::{Error, Space, System};
use crate::{
    errno::Errno,
    linux::{
        abi::{ThreadPointer, generic::PROT_WRITE},
        calls, frame,
        limits::CHUNK,
        memory::{AddressSpace, SharedFile},
        process::{Id, SpaceId},
        segments,
        task::Refusal,
    },
};

impl System {
    /// Puts the registers of a thread into the emulator of its space.
    pub(super) fn load(&mut self, thread: Id) -> Result<(), Error> {
        let Some((process, space)) = self.place_of(thread) else { return Ok(()) };
        self.enter_space(space)?;
        let Some(it) = self.spaces.get_mut(&space) else { return Ok(()) };
        if it.loaded == Some(thread) {
            return Ok(());
        }
        if let Some(old) = it.loaded.and_then(|old| self.kernel.threads.get_mut(&old)) {
            old.registers = frame::save(it.emulator.as_ref());
        }
        if let Some(new) = self.kernel.threads.get(&thread) {
            frame::load(it.emulator.as_mut(), &new.registers)?;
            let segment = self.kernel.processes.get(&process).map(|process| process.abi.thread_pointer);
            if let Some(ThreadPointer::Segment(_)) = segment {
                segments::describe(it.emulator.as_mut(), 12, new.thread_pointer as u32)?;
            }
            if self.kernel.processes.get(&process).is_some_and(|process| process.platform == Platform::ARMV5T)
            {
                it.emulator.write_integer(0xffff_0ff0, new.thread_pointer.into(), 4)?;
            }
        }
        it.loaded = Some(thread);
        Ok(())
    }

    /// Another space runs: what it shares with others is made the same.
    pub(super) fn enter_space(&mut self, space: SpaceId) -> Result<(), Error> {
        if self.last_space == Some(space) {
            return Ok(());
        }
        if let Some(old) = self.last_space {
            self.write_back_shared(old);
        }
        self.last_space = Some(space);
        let Some(areas) = self.kernel.spaces.get(&space) else { return Ok(()) };
        let shared = areas.shared_files(0, u64::MAX, !0);
        let Some(it) = self.spaces.get_mut(&space) else { return Ok(()) };
        for SharedFile { start, end, inode, offset } in &shared {
            let version = self.kernel.files.inode(*inode).version;
            if it.seen.get(inode) == Some(&version) {
                continue;
            }
            if let Ok(content) = self.kernel.files.content(*inode) {
                it.emulator.write_memory(*start, calls::part(&content, *offset, end - start))?;
            }
        }
        self.note_versions(space, &shared);
        Ok(())
    }

    /// What a space has of shared files is what they hold now.
    fn note_versions(&mut self, space: SpaceId, shared: &[SharedFile]) {
        let files = &self.kernel.files;
        let versions = shared.iter().map(|it| (it.inode, files.inode(it.inode).version));
        if let Some(it) = self.spaces.get_mut(&space) {
            it.seen.extend(versions);
        }
    }

    /// Writes what a space has of shared files to them.
    pub(super) fn write_back_shared(&mut self, space: SpaceId) {
        let (Some(it), Some(areas)) = (self.spaces.get(&space), self.kernel.spaces.get(&space)) else {
            return;
        };
        let written = areas.shared_files(0, u64::MAX, PROT_WRITE);
        let shared = areas.shared_files(0, u64::MAX, !0);
        // A file that grew too large keeps what it has.
        let _ = calls::write_back(&mut self.kernel, it.emulator.as_ref(), &written);
        self.note_versions(space, &shared);
    }

    pub(super) fn drop_space(&mut self, space: SpaceId) {
        if self.kernel.processes.values().any(|process| process.space == space) {
            if let Some(it) = self.spaces.get_mut(&space) {
                it.loaded = it.loaded.filter(|thread| self.kernel.threads.contains_key(thread));
            }
            return;
        }
        self.write_back_shared(space);
        self.spaces.remove(&space);
        if self.last_space == Some(space) {
            self.last_space = None;
        }
        if let Some(areas) = self.kernel.spaces.remove(&space) {
            for inode in areas.held {
                self.kernel.files.let_go(inode);
            }
        }
        self.kernel.end_segments();
    }

    /// A copy of a space on an emulator of its own.
    pub(super) fn copy_space(&mut self, process: Id, space: SpaceId) -> Result<SpaceId, Refusal> {
        self.write_back_shared(space);
        let platform = self.kernel.process(process)?.platform;
        let mut emulator = (self.make)(platform)?;
        let old = self.spaces.get(&space).ok_or(Errno::ESRCH)?;
        for region in old.emulator.memory_map() {
            emulator.map_memory_with(region.range, region.permissions, Overlap::Refuse)?;
            for touched in old.emulator.touched_memory(region.range) {
                copy_range(old.emulator.as_ref(), emulator.as_mut(), touched)?;
            }
        }
        for register in segments::registers(platform) {
            let value = old.emulator.read_register(*register)?;
            emulator.write_register(*register, value)?;
        }
        let areas = self.kernel.spaces.get(&space).ok_or(Errno::ESRCH)?.clone();
        for inode in &areas.held {
            self.kernel.files.hold(*inode);
        }
        self.kernel.attached_again(space, process);
        let seen = self.spaces.get(&space).map(|it| it.seen.clone()).unwrap_or_default();
        let id = self.add_space(emulator, areas)?;
        if let Some(it) = self.spaces.get_mut(&id) {
            it.seen = seen;
        }
        Ok(id)
    }

    pub(super) fn add_space(
        &mut self,
        emulator: Box<dyn Emulator>,
        areas: AddressSpace,
    ) -> Result<SpaceId, api::Error> {
        let id = self.next_space;
        self.next_space += 1;
        self.kernel.spaces.insert(id, areas);
        self.add_emulator(id, emulator)?;
        Ok(id)
    }

    /// The emulator of a space, which tells of system calls.
    pub(super) fn add_emulator(
        &mut self,
        id: SpaceId,
        mut emulator: Box<dyn Emulator>,
    ) -> Result<(), api::Error> {
        let met: Rc<Cell<Option<(u64, u64)>>> = Rc::default();
        let note = met.clone();
        emulator.hook_syscalls(move |emulator, number| {
            note.set(Some((number, emulator.program_counter())));
            Ok(Flow::Stop)
        })?;
        self.spaces.insert(id, Space { emulator, loaded: None, met, seen: BTreeMap::new() });
        Ok(())
    }
}

/// Copies memory to where zeros are.
fn copy_range(from: &dyn Emulator, to: &mut dyn Emulator, range: AddressRange) -> Result<(), api::Error> {
    let mut here = range.first();
    loop {
        let size = (range.last() - here).saturating_add(1).min(CHUNK);
        let bytes = from.read_bytes(here, size)?;
        if bytes.iter().any(|byte| *byte != 0) {
            to.write_code(here, &bytes)?;
        }
        match here.checked_add(size) {
            Some(next) if next <= range.last() => here = next,
            _ => return Ok(()),
        }
    }
}
