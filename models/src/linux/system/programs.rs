//! New threads, processes and programs.

use std::{collections::BTreeMap, sync::Arc};

use terrella_emulator_api::EmulatorExt;
use terrella_platforms::Platform;

use super::System;
use crate::{
    errno::Errno,
    files::{InodeId, ROOT},
    linux::{
        abi::{Abi, ThreadPointer, generic::*},
        calls, frame,
        kernel::{Kernel, OPEN_LIMIT},
        limits,
        process::{Action as SignalAction, Credentials, Id, IntervalTimer, Process, SpaceId, Thread},
        segments,
        start::{Failed, NoProgram, Program, Start, read_image},
        task::{CloneRequest, Refusal, Task},
    },
};

impl System {
    pub(super) fn clone_thread(&mut self, thread: Id, request: CloneRequest) -> Result<Id, Refusal> {
        let (process, space) = self.place_of(thread).ok_or(Errno::ESRCH)?;
        if !self.kernel.has_room() {
            return Err(Errno::EAGAIN.into());
        }
        let id = self.kernel.new_id();
        let new_thread = request.flags & CLONE_THREAD != 0;
        let shares_memory = request.flags & CLONE_VM != 0;
        let child_space = if shares_memory { space } else { self.copy_space(process, space)? };
        let old = self.kernel.threads.get(&thread).ok_or(Errno::ESRCH)?;
        let mut child = Thread::new(
            id,
            if new_thread { id_of_group(&self.kernel, process) } else { id },
            old.name.clone(),
        );
        child.mask = old.mask;
        child.thread_pointer = old.thread_pointer;
        child.frames = if shares_memory { Vec::new() } else { old.frames.clone() };
        if !shares_memory || request.flags & CLONE_VFORK != 0 {
            child.alternate = old.alternate;
        }
        // The registers of the child: those of its parent, with another
        // result, stack and thread pointer.
        let it = self.spaces.get_mut(&space).ok_or(Errno::ESRCH)?;
        let owner = self.kernel.processes.get(&process).ok_or(Errno::ESRCH)?;
        let (abi, platform) = (owner.abi.clone(), owner.platform);
        let before = frame::save(it.emulator.as_ref());
        let emulator = it.emulator.as_mut();
        calls::set_result(&abi, emulator, Ok(0))?;
        if request.stack != 0 {
            emulator.write_register(emulator.definition().stack_pointer, request.stack)?;
        }
        if matches!(platform, Platform::SPARC | Platform::SPARC64) {
            emulator.write_register("o1", 1_u64)?;
        }
        self.kernel.threads.insert(id, child);
        if !new_thread {
            self.kernel.add_process(id, process, child_space, request)?;
        }
        if request.flags & CLONE_SETTLS != 0 {
            self.set_tls(id, process, space, abi.clone(), request.tls)?;
        }
        let it = self.spaces.get_mut(&space).ok_or(Errno::ESRCH)?;
        let registers = frame::save(it.emulator.as_ref());
        frame::load(it.emulator.as_mut(), &before)?;
        if let (ThreadPointer::Segment(_), Some(parent)) =
            (abi.thread_pointer, self.kernel.threads.get(&thread))
        {
            segments::describe(it.emulator.as_mut(), 12, parent.thread_pointer as u32)?;
        }
        if let Some(child) = self.kernel.threads.get_mut(&id) {
            child.registers = registers;
            if request.flags & CLONE_CHILD_CLEARTID != 0 {
                child.clear_child_tid = request.child_tid;
            }
        }
        let tid = id as u32;
        for (flag, address, where_space) in [
            (CLONE_PARENT_SETTID, request.parent_tid, space),
            (CLONE_CHILD_SETTID, request.child_tid, child_space),
        ] {
            if request.flags & flag != 0
                && let Some(it) = self.spaces.get_mut(&where_space)
            {
                // A place that cannot be written is left.
                let _ = it.emulator.write_integer(address, tid.into(), 4);
            }
        }
        if request.flags & CLONE_VFORK != 0
            && let Some(child) = self.kernel.processes.get_mut(&id)
        {
            child.vfork_waiter = Some(thread);
        }
        Ok(id)
    }

    /// Sets the thread pointer of a new thread, as its creator asked: i386 gives
    /// a `user_desc`, the others the value.
    pub(super) fn set_tls(
        &mut self,
        thread: Id,
        process: Id,
        space: SpaceId,
        abi: Arc<Abi>,
        tls: u64,
    ) -> Result<(), Refusal> {
        let it = self.spaces.get_mut(&space).ok_or(Errno::ESRCH)?;
        let value = match abi.thread_pointer {
            ThreadPointer::Segment(_) => it.emulator.read_integer(tls.wrapping_add(4), 4)? as u64,
            _ => tls,
        };
        let process = self.kernel.threads.get(&thread).map_or(process, |thread| thread.process);
        let emulator = it.emulator.as_mut();
        let mut task = Task { kernel: &mut self.kernel, emulator, thread, process, abi, arguments: [0; 8] };
        let old = task.emulator.read_integer(0xffff_0ff0, 4).ok();
        task.set_thread_pointer(value)?;
        // The word that ARM's helper reads is that of the thread that runs.
        if let Some(old) = old {
            let _ = task.emulator.write_integer(0xffff_0ff0, old, 4);
        }
        Ok(())
    }

    /// Another program takes the place of what a thread's process runs.
    pub(super) fn execute(
        &mut self,
        thread: Id,
        inode: InodeId,
        path: Vec<u8>,
        arguments: Vec<Vec<u8>>,
        environment: Vec<Vec<u8>>,
    ) -> Result<(), Failed> {
        let (process, old_space) = self.place_of(thread).ok_or(Errno::ESRCH)?;
        let (inode, path, arguments) = self.resolve_scripts(process, inode, path, arguments)?;
        let content = self.kernel.files.content(inode)?;
        let image = read_image(&content).map_err(|error| self.not_executable(&path, error))?;
        let abi = Arc::new(Abi::of(image.platform).ok_or(Errno::ENOEXEC)?);
        let root = self.kernel.process(process)?.root;
        let interpreter = match &image.interpreter {
            Some(path) => {
                let inode = self.kernel.files.walk(root, root, path, true)?.inode.ok_or(Errno::ENOENT)?;
                let content = self.kernel.files.content(inode)?;
                let image = read_image(&content).map_err(|error| self.not_executable(path, error))?;
                Some((path.clone(), inode, content, image))
            }
            None => None,
        };
        let mut emulator = (self.make)(image.platform)?;
        let mut random = [0; 16];
        random.copy_from_slice(&self.kernel.random_bytes(16));
        let who = self.kernel.process(process)?.credentials.clone();
        let start = Start {
            abi: &abi,
            program: Program { image: &image, bytes: &content, inode, path: &path },
            interpreter: interpreter.as_ref().map(|(path, inode, content, image)| Program {
                image,
                bytes: content,
                inode: *inode,
                path,
            }),
            arguments: &arguments,
            environment: &environment,
            random,
            user: (who.user[0], who.user[1], who.group[0], who.group[1]),
            memory: self.memory,
        };
        if image.platform == Platform::I386 {
            segments::prepare(emulator.as_mut())?;
        }
        let mut started = start.begin(emulator.as_mut())?;
        started.space.held.insert(inode);
        started.space.held.extend(interpreter.as_ref().map(|(_, inode, ..)| *inode));
        for inode in &started.space.held {
            self.kernel.files.hold(*inode);
        }
        let space = self.add_space(emulator, started.space)?;
        // From here on nothing fails: the old program is gone.
        self.kernel.detached_space(old_space, process);
        for other in self.kernel.threads_of(process).into_iter().filter(|other| *other != thread) {
            self.kernel.end_thread(other);
        }
        if old_space != 0 {
            self.end_task_state(thread);
        }
        let name: Vec<u8> =
            path.rsplit(|byte| *byte == b'/').next().unwrap_or_default().iter().copied().take(15).collect();
        let old = self.kernel.threads.remove(&thread);
        let old = old.unwrap_or_else(|| Thread::new(process, process, Vec::new()));
        let mut new = Thread::new(process, process, name);
        new.mask = old.mask;
        new.pending = old.pending;
        new.instructions = old.instructions;
        self.kernel.threads.insert(process, new);
        let full = self.kernel.files.any_path(inode).unwrap_or(path);
        let it = self.kernel.process_mut(process)?;
        it.space = space;
        it.platform = image.platform;
        it.abi = abi;
        it.executable = full;
        it.arguments = arguments;
        it.environment = environment;
        it.auxiliary = started.auxiliary;
        it.signal_return = started.signal_return;
        it.elf_flags = interpreter.as_ref().map_or(image.flags, |(.., image)| image.flags);
        it.timers.clear();
        for action in &mut it.actions {
            let handler = if action.handler == SIG_IGN { SIG_IGN } else { SIG_DFL };
            *action = SignalAction { handler, ..SignalAction::default() };
        }
        let closed: Vec<i32> =
            it.descriptors.iter().filter(|(_, it)| it.close_on_exec).map(|(fd, _)| *fd).collect();
        for fd in closed {
            self.kernel.close(process, fd)?;
        }
        self.kernel.end_vfork(process);
        if let Some(it) = self.spaces.get_mut(&space) {
            it.loaded = Some(process);
        }
        if self.last_thread == Some(thread) {
            self.last_thread = Some(process);
        }
        self.drop_space(old_space);
        self.kernel.changed();
        Ok(())
    }

    pub(super) fn not_executable(&mut self, path: &[u8], error: NoProgram) -> Errno {
        if let NoProgram::Platform(reason) = error {
            let text = format!("terrella: {}: {reason}\n", String::from_utf8_lossy(path));
            let _ = self.kernel.streams.write(2, text.as_bytes());
        }
        Errno::ENOEXEC
    }

    /// Follows `#!` lines to the program that reads the script (execve(2)).
    #[allow(clippy::type_complexity, reason = "the three things that a script changes")]
    pub(super) fn resolve_scripts(
        &mut self,
        process: Id,
        inode: InodeId,
        path: Vec<u8>,
        arguments: Vec<Vec<u8>>,
    ) -> Result<(InodeId, Vec<u8>, Vec<Vec<u8>>), Errno> {
        let (mut inode, mut path, mut arguments) = (inode, path, arguments);
        for _ in 0..5 {
            let content = self.kernel.files.content(inode)?;
            let Some(line) = content.strip_prefix(b"#!") else { return Ok((inode, path, arguments)) };
            let line: Vec<u8> = line.iter().copied().take(255).take_while(|byte| *byte != b'\n').collect();
            let text = line.trim_ascii();
            let end = text.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(text.len());
            let interpreter = text[..end].to_vec();
            if interpreter.is_empty() {
                return Err(Errno::ENOEXEC);
            }
            let rest = text[end..].trim_ascii().to_vec();
            let mut new = vec![interpreter.clone()];
            if !rest.is_empty() {
                new.push(rest);
            }
            new.push(path);
            new.extend(arguments.into_iter().skip(1));
            arguments = new;
            let it = self.kernel.process(process)?;
            let (folder, root) = (it.folder, it.root);
            inode = self.kernel.files.walk(folder, root, &interpreter, true)?.inode.ok_or(Errno::ENOENT)?;
            path = interpreter;
        }
        Err(Errno::ELOOP)
    }
}

fn id_of_group(kernel: &Kernel, process: Id) -> Id {
    kernel.processes.get(&process).map_or(process, |process| process.id)
}

impl Kernel {
    /// Makes a process like another one, with this memory.
    pub(crate) fn add_process(
        &mut self,
        id: Id,
        parent: Id,
        space: SpaceId,
        request: CloneRequest,
    ) -> Result<(), Errno> {
        let old = self.processes.get(&parent).ok_or(Errno::ESRCH)?;
        let mut child = old.clone();
        child.id = id;
        child.parent = if request.flags & CLONE_PARENT != 0 { old.parent } else { parent };
        child.space = space;
        child.pending = Vec::new();
        child.real_timer = IntervalTimer::default();
        child.own_timers = [IntervalTimer::default(); 2];
        child.timers = BTreeMap::new();
        child.ended = None;
        child.stopped = None;
        child.continued = false;
        child.exit_signal = request.exit_signal;
        child.vfork_waiter = None;
        child.instructions = 0;
        child.children_instructions = 0;
        let held: Vec<u64> = child.descriptors.values().map(|descriptor| descriptor.description).collect();
        let (folder, root) = (child.folder, child.root);
        for description in held {
            if let Some(it) = self.descriptions.get_mut(&description) {
                it.references += 1;
            }
        }
        self.files.hold(folder);
        self.files.hold(root);
        self.processes.insert(id, child);
        Ok(())
    }
}

pub(crate) fn first_process(id: Id, platform: Platform, abi: Arc<Abi>, folder: InodeId) -> Process {
    let unlimited = (u64::MAX, u64::MAX);
    let mut limits = [unlimited; 16];
    limits[3] = (8 << 20, u64::MAX);
    limits[4] = (0, u64::MAX);
    limits[6] = (4096, 4096);
    // RLIMIT_MSGQUEUE: `MQ_BYTES_MAX`.
    limits[12] = (819_200, 819_200);
    limits[7] = (OPEN_LIMIT, limits::DESCRIPTORS);
    Process {
        id,
        parent: 0,
        group: id,
        session: id,
        platform,
        abi,
        space: 0,
        descriptors: BTreeMap::new(),
        folder,
        root: ROOT,
        umask: 0o022,
        actions: [SignalAction::default(); 65],
        pending: Vec::new(),
        real_timer: IntervalTimer::default(),
        own_timers: [IntervalTimer::default(); 2],
        timers: BTreeMap::new(),
        ended: None,
        stopped: None,
        continued: false,
        exit_signal: 0,
        vfork_waiter: None,
        executable: Vec::new(),
        arguments: Vec::new(),
        environment: Vec::new(),
        auxiliary: Vec::new(),
        limits,
        signal_return: 0,
        elf_flags: 0,
        dumpable: 1,
        subreaper: false,
        instructions: 0,
        children_instructions: 0,
        credentials: Credentials::default(),
    }
}
