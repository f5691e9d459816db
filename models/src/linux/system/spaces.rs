//! Address spaces on their emulators: who is loaded, what they share, copies.

use super::*;

impl System {
    /// Puts the registers of a thread into the emulator of its space.
    pub(super) fn load(&mut self, thread: Id) -> Result<(), Error> {
        let Some((process, space)) = self.place_of(thread) else { return Ok(()) };
        self.enter_space(process, space)?;
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
    pub(super) fn enter_space(&mut self, process: Id, space: SpaceId) -> Result<(), Error> {
        if self.last_space == Some(space) {
            return Ok(());
        }
        if let Some(old) = self.last_space {
            self.write_back_shared(old);
        }
        self.last_space = Some(space);
        let Some(areas) = self.kernel.spaces.get(&space) else { return Ok(()) };
        let shared: Vec<(u64, u64, InodeId, u64)> = areas
            .iter()
            .filter(|(_, area)| area.shared)
            .filter_map(|(start, area)| {
                let (inode, offset) = area.file?;
                Some((start, area.end, inode, offset))
            })
            .collect();
        let _ = process;
        let Some(it) = self.spaces.get_mut(&space) else { return Ok(()) };
        for (start, end, inode, offset) in shared {
            let version = self.kernel.files.inode(inode).version;
            if it.seen.get(&inode) == Some(&version) {
                continue;
            }
            if let Ok(content) = self.kernel.files.content(inode) {
                let from = (offset as usize).min(content.len());
                let to = from.saturating_add((end - start) as usize).min(content.len());
                it.emulator.write_memory(start, &content[from..to])?;
            }
        }
        let versions: Vec<(InodeId, u64)> = self
            .kernel
            .spaces
            .get(&space)
            .into_iter()
            .flat_map(AddressSpace::iter)
            .filter_map(|(_, area)| area.file.filter(|_| area.shared))
            .map(|(inode, _)| (inode, self.kernel.files.inode(inode).version))
            .collect();
        it.seen.extend(versions);
        Ok(())
    }

    pub(super) fn write_back_shared(&mut self, space: SpaceId) {
        let process = self.kernel.processes.values().find(|process| process.space == space).map(|it| it.id);
        let (Some(process), Some(it)) = (process, self.spaces.get_mut(&space)) else { return };
        let Some(abi) = self.kernel.processes.get(&process).map(|process| process.abi.clone()) else {
            return;
        };
        let mut task = Task {
            kernel: &mut self.kernel,
            emulator: it.emulator.as_mut(),
            thread: process,
            process,
            abi,
            arguments: [0; 8],
        };
        // A file that grew too large keeps what it has.
        let _ = task.write_back(0, u64::MAX);
        let versions: Vec<(InodeId, u64)> = self
            .kernel
            .spaces
            .get(&space)
            .into_iter()
            .flat_map(AddressSpace::iter)
            .filter_map(|(_, area)| area.file.filter(|_| area.shared))
            .map(|(inode, _)| (inode, self.kernel.files.inode(inode).version))
            .collect();
        it.seen.extend(versions);
    }

    pub(super) fn drop_space(&mut self, space: SpaceId) {
        if self.kernel.processes.values().any(|process| process.space == space) {
            if let Some(it) = self.spaces.get_mut(&space) {
                it.loaded = it.loaded.filter(|thread| self.kernel.threads.contains_key(thread));
            }
            return;
        }
        if self.spaces.contains_key(&space) {
            self.write_back_shared_of(space);
        }
        self.spaces.remove(&space);
        if self.last_space == Some(space) {
            self.last_space = None;
        }
        if let Some(areas) = self.kernel.spaces.remove(&space) {
            for inode in areas.held {
                self.kernel.files.let_go(inode);
            }
        }
    }

    /// As [`Self::write_back_shared`], of a space that no process has any more.
    pub(super) fn write_back_shared_of(&mut self, space: SpaceId) {
        let Some(it) = self.spaces.get_mut(&space) else { return };
        let Some(areas) = self.kernel.spaces.get(&space) else { return };
        let shared: Vec<(u64, u64, InodeId, u64)> = areas
            .iter()
            .filter(|(_, area)| area.shared && area.protection & PROT_WRITE != 0)
            .filter_map(|(start, area)| area.file.map(|(inode, offset)| (start, area.end, inode, offset)))
            .collect();
        for (start, end, inode, offset) in shared {
            let size = self.kernel.files.inode(inode).size();
            let length = (end - start).min(size.saturating_sub(offset));
            if let Ok(bytes) = it.emulator.read_bytes(start, length) {
                let _ = self.kernel.files.write_at(inode, offset, &bytes);
            }
        }
    }

    /// A copy of a space on an emulator of its own.
    pub(super) fn copy_space(&mut self, process: Id, space: SpaceId) -> Result<SpaceId, Refusal> {
        self.write_back_shared(space);
        let platform = self.kernel.process(process)?.platform;
        let mut emulator = (self.make)(platform)?;
        let old = self.spaces.get(&space).ok_or(Errno::ESRCH)?;
        let mut chunk = vec![0; 1 << 16];
        for region in old.emulator.memory_map() {
            emulator.map_memory_with(region.range, region.permissions, Overlap::Refuse)?;
            let mut here = region.range.first();
            loop {
                let left = region.range.last() - here;
                let size = left.saturating_add(1).min(chunk.len() as u64) as usize;
                old.emulator.read_memory(here, &mut chunk[..size])?;
                if chunk[..size].iter().any(|byte| *byte != 0) {
                    emulator.write_code(here, &chunk[..size])?;
                }
                match here.checked_add(size as u64) {
                    Some(next) if next <= region.range.last() => here = next,
                    _ => break,
                }
            }
        }
        if platform == Platform::I386 {
            for register in ["gdtr_base", "gdtr_limit"] {
                let value = old.emulator.read_register(register)?;
                emulator.write_register(register, value)?;
            }
        }
        let areas = self.kernel.spaces.get(&space).ok_or(Errno::ESRCH)?.clone();
        for inode in &areas.held {
            self.kernel.files.hold(*inode);
        }
        let seen = self.spaces.get(&space).map(|it| it.seen.clone()).unwrap_or_default();
        let id = self.add_space(emulator, areas)?;
        if let Some(it) = self.spaces.get_mut(&id) {
            it.seen = seen;
        }
        Ok(id)
    }

    pub(super) fn add_space(
        &mut self,
        mut emulator: Box<dyn Emulator>,
        areas: AddressSpace,
    ) -> Result<SpaceId, api::Error> {
        let met: Rc<Cell<Option<(u64, u64)>>> = Rc::default();
        let note = met.clone();
        emulator.hook_syscalls(move |emulator, number| {
            note.set(Some((number, emulator.program_counter())));
            Ok(Flow::Stop)
        })?;
        let id = self.next_space;
        self.next_space += 1;
        self.spaces.insert(id, Space { emulator, loaded: None, met, seen: BTreeMap::new() });
        self.kernel.spaces.insert(id, areas);
        Ok(id)
    }
}
