//! `/proc`: what processes are told of themselves and of others, written when
//! somebody looks.

use std::{fmt::Write, sync::Arc};

use super::{
    descriptions::Kind,
    kernel::{Kernel, RELEASE},
    process::{Id, Process, State},
    task::Task,
};
use crate::{
    errno::Errno,
    files::{FileSystem, InodeId, Node, Place},
};

impl Task<'_> {
    /// Writes `/proc` anew where a path leads there.
    pub(in crate::linux) fn refresh_processes(&mut self, start: InodeId, path: &[u8]) {
        let direct = path.windows(4).any(|part| part == b"proc") || path.starts_with(b"/dev/");
        let inside = || self.kernel.files.path_of(start, b"").starts_with(b"/proc");
        let relative = path.first() != Some(&b'/');
        if direct || relative && self.kernel.files.inode(start).is_directory() && inside() {
            let id = self.process;
            // What cannot be written is not shown.
            let _ = self.kernel.write_processes(id);
        }
    }
}

fn put(files: &mut FileSystem, path: &str, content: &[u8]) -> Result<(), Errno> {
    let old = files.find(path.as_bytes());
    if let Ok(inode) = old
        && let Node::File(known) = &files.inode(inode).node
        && known.as_slice() == content
    {
        return Ok(());
    }
    files.write(path, content)?;
    let inode = files.find(path.as_bytes())?;
    files.change(inode).mode = 0o444;
    Ok(())
}

fn point(files: &mut FileSystem, path: &str, target: &[u8]) -> Result<(), Errno> {
    let place = files.walk(crate::files::ROOT, crate::files::ROOT, path.as_bytes(), false)?;
    if let Some(inode) = place.inode {
        if let Node::Link(known) = &mut files.change(inode).node {
            target.clone_into(known);
            return Ok(());
        }
        return Err(Errno::EEXIST);
    }
    files.create(&place, Node::Link(target.to_vec()), 0o777).map(|_| ())
}

impl Kernel {
    fn write_processes(&mut self, own: Id) -> Result<(), Errno> {
        if self.files.find(b"/proc").is_err_and(|error| error == Errno::ENOENT) {
            self.files.make_folders(b"/proc")?;
        }
        point(&mut self.files, "/proc/self", own.to_string().as_bytes())?;
        point(&mut self.files, "/proc/mounts", b"self/mounts")?;
        let seconds = self.clock.monotonic() as f64 / 1e9;
        put(&mut self.files, "/proc/uptime", format!("{seconds:.2} {seconds:.2}\n").as_bytes())?;
        let machine = self.process(own)?.abi.machine;
        let version = format!("Linux version {RELEASE} (terrella) #1 Terrella\n");
        put(&mut self.files, "/proc/version", version.as_bytes())?;
        put(&mut self.files, "/proc/sys/kernel/osrelease", format!("{RELEASE}\n").as_bytes())?;
        put(&mut self.files, "/proc/sys/vm/overcommit_memory", b"0\n")?;
        put(&mut self.files, "/proc/sys/kernel/ngroups_max", b"65536\n")?;
        put(&mut self.files, "/proc/filesystems", b"nodev\ttmpfs\n")?;
        put(&mut self.files, "/proc/stat", b"cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\n")?;
        put(&mut self.files, "/proc/loadavg", b"0.00 0.00 0.00 1/1 1\n")?;
        let memory =
            "MemTotal:        1048576 kB\nMemFree:          524288 kB\nMemAvailable:     524288 kB\n";
        put(&mut self.files, "/proc/meminfo", memory.as_bytes())?;
        put(
            &mut self.files,
            "/proc/cpuinfo",
            format!("processor\t: 0\nmodel name\t: {machine}\n\n").as_bytes(),
        )?;
        let gone: Vec<Vec<u8>> = self
            .files
            .list("/proc")?
            .into_iter()
            .filter(|name| name[0].is_ascii_digit())
            .filter(|name| {
                let id = String::from_utf8_lossy(name).parse().unwrap_or(0);
                !self.processes.contains_key(&id)
            })
            .collect();
        let folder = self.files.find(b"/proc")?;
        for name in gone {
            self.remove_tree(folder, &name)?;
        }
        for id in self.processes.keys().copied().collect::<Vec<_>>() {
            self.write_process(id)?;
        }
        Ok(())
    }

    /// Removes a folder with all that is in it. Guests can make trees that are
    /// deeper than paths are long: no recursion.
    fn remove_tree(&mut self, folder: InodeId, name: &[u8]) -> Result<(), Errno> {
        let mut waiting = vec![(folder, name.to_vec(), false)];
        while let Some((folder, name, emptied)) = waiting.pop() {
            let Some(inode) = self.files.entry(folder, &name) else { continue };
            let place = Place { folder, name, inode: Some(inode), must_be_folder: false };
            match &self.files.inode(inode).node {
                Node::Directory { entries, .. } if !emptied => {
                    let inside: Vec<Vec<u8>> = entries.keys().cloned().collect();
                    waiting.push((folder, place.name, true));
                    waiting.extend(inside.into_iter().map(|name| (inode, name, false)));
                }
                Node::Directory { .. } => self.files.remove_folder(&place)?,
                _ => self.files.unlink(&place)?,
            }
        }
        Ok(())
    }

    fn write_process(&mut self, id: Id) -> Result<(), Errno> {
        let process = self.process(id)?.clone();
        let at = |name: &str| format!("/proc/{id}/{name}");
        let joined = |texts: &[Vec<u8>]| {
            texts.iter().flat_map(|text| text.iter().copied().chain([0])).collect::<Vec<u8>>()
        };
        put(&mut self.files, &at("cmdline"), &joined(&process.arguments))?;
        put(&mut self.files, &at("environ"), &joined(&process.environment))?;
        put(&mut self.files, &at("auxv"), &process.auxiliary)?;
        put(&mut self.files, &at("mounts"), b"none / tmpfs rw 0 0\n")?;
        put(&mut self.files, &at("oom_score_adj"), b"0\n")?;
        point(&mut self.files, &at("exe"), &process.executable)?;
        let folder = self.files.path_of(process.folder, b"");
        point(&mut self.files, &at("cwd"), &folder)?;
        let root = self.files.path_of(process.root, b"");
        point(&mut self.files, &at("root"), &root)?;
        let maps = self.maps_of(&process);
        put(&mut self.files, &at("maps"), maps.as_bytes())?;
        let (stat, status) = self.status_texts(&process);
        put(&mut self.files, &at("stat"), stat.as_bytes())?;
        put(&mut self.files, &at("status"), status.as_bytes())?;
        let name = self.name_of(&process);
        put(&mut self.files, &at("comm"), &[name.as_slice(), b"\n"].concat())?;
        let pages = self.spaces.get(&process.space).map_or(0, |space| {
            space.iter().map(|(start, area)| (area.end - start) / space.page).sum::<u64>()
        });
        put(&mut self.files, &at("statm"), format!("{pages} {pages} 0 0 0 {pages} 0\n").as_bytes())?;
        for thread in self.threads_of(id) {
            let name = self.threads.get(&thread).map(|thread| thread.name.clone()).unwrap_or_default();
            put(&mut self.files, &at(&format!("task/{thread}/comm")), &[name.as_slice(), b"\n"].concat())?;
        }
        self.write_descriptors(&process)
    }

    fn write_descriptors(&mut self, process: &Process) -> Result<(), Errno> {
        let id = process.id;
        let folder = format!("/proc/{id}/fd");
        self.files.make_folders(folder.as_bytes())?;
        let root = crate::files::ROOT;
        for name in self.files.list(&folder)? {
            let fd = String::from_utf8_lossy(&name).parse().unwrap_or(-1);
            if !process.descriptors.contains_key(&fd) {
                let path = format!("{folder}/{fd}");
                let place = self.files.walk(root, root, path.as_bytes(), false)?;
                self.files.unlink(&place)?;
            }
        }
        for (fd, descriptor) in &process.descriptors {
            let target = self.target_of(descriptor.description);
            point(&mut self.files, &format!("{folder}/{fd}"), &target)?;
        }
        Ok(())
    }

    /// What `/proc/self/fd` shows of a description.
    fn target_of(&self, description: u64) -> Vec<u8> {
        let Some(it) = self.descriptions.get(&description) else { return b"?".to_vec() };
        match it.kind {
            Kind::File(inode) | Kind::Directory(inode) | Kind::Path(inode) | Kind::Device(_, inode) => {
                self.files.any_path(inode).unwrap_or_else(|| b"/ (deleted)".to_vec())
            }
            Kind::Pipe { pipe, .. } => format!("pipe:[{pipe}]").into_bytes(),
            Kind::Socket(socket) => format!("socket:[{socket}]").into_bytes(),
            Kind::Stream(stream) if self.streams.terminal[usize::from(stream)] => b"/dev/tty".to_vec(),
            Kind::Stream(stream) => format!("pipe:[{}]", u64::from(stream) + 1).into_bytes(),
            Kind::Event { .. } => b"anon_inode:[eventfd]".to_vec(),
            Kind::Timer { .. } => b"anon_inode:[timerfd]".to_vec(),
            Kind::Poll(_) => b"anon_inode:[eventpoll]".to_vec(),
            Kind::Terminal { master: true, .. } => b"/dev/ptmx".to_vec(),
            Kind::Terminal { number, .. } => format!("/dev/pts/{number}").into_bytes(),
            Kind::Signals(_) => b"anon_inode:[signalfd]".to_vec(),
            Kind::Queue(queue) => {
                let name = self.ipc.queues.all.get(&queue).and_then(|it| it.name.clone());
                [b"/", name.as_deref().unwrap_or(b" (deleted)")].concat()
            }
        }
    }

    fn maps_of(&self, process: &Process) -> String {
        let mut text = String::new();
        let Some(space) = self.spaces.get(&process.space) else { return text };
        for (start, area) in space.iter() {
            let bit = |bit: u64, letter: char| if area.protection & bit != 0 { letter } else { '-' };
            let (offset, inode) = area.file.map_or((0, 0), |(inode, offset)| (offset, inode + 1));
            let kind = if area.shared { 's' } else { 'p' };
            let line = format!(
                "{start:08x}-{:08x} {}{}{}{kind} {offset:08x} 00:00 {inode}",
                area.end,
                bit(1, 'r'),
                bit(2, 'w'),
                bit(4, 'x'),
            );
            let path = match area.file {
                Some((inode, _)) => self
                    .files
                    .any_path(inode)
                    .map_or_else(|| area.name.clone(), |path| String::from_utf8_lossy(&path).into()),
                None => Arc::clone(&area.name),
            };
            // Writing to a string does not fail.
            let _ =
                if path.is_empty() { writeln!(text, "{line} ") } else { writeln!(text, "{line:<72} {path}") };
        }
        text
    }

    fn name_of(&self, process: &Process) -> Vec<u8> {
        self.threads.get(&process.id).map_or_else(|| b"defunct".to_vec(), |thread| thread.name.clone())
    }

    fn status_texts(&self, process: &Process) -> (String, String) {
        let name = String::from_utf8_lossy(&self.name_of(process)).into_owned();
        let threads = self.threads.values().filter(|thread| thread.process == process.id);
        let ready = threads.clone().any(|thread| thread.state == State::Ready);
        let state = match (process.ended, process.stopped, ready) {
            (Some(_), ..) => ('Z', "zombie"),
            (_, Some(_), _) => ('T', "stopped"),
            (_, _, true) => ('R', "running"),
            _ => ('S', "sleeping"),
        };
        let count = threads.count();
        let (id, parent, group, session) = (process.id, process.parent, process.group, process.session);
        let size: u64 = self
            .spaces
            .get(&process.space)
            .map_or(0, |space| space.iter().map(|(start, area)| area.end - start).sum());
        let stat = format!(
            "{id} ({name}) {} {parent} {group} {session} 0 -1 0 0 0 0 0 0 0 0 0 20 0 {count} 0 0 {size} {} \
             18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
            state.0,
            size / 4096,
        );
        let who = &process.credentials;
        let ids = |ids: [u32; 4]| ids.map(|id| id.to_string()).join("\t");
        let status = format!(
            "Name:\t{name}\nUmask:\t{:04o}\nState:\t{} ({})\nTgid:\t{id}\nPid:\t{id}\nPPid:\t{parent}\n\
             TracerPid:\t0\nUid:\t{}\nGid:\t{}\nVmSize:\t{:8} kB\nVmRSS:\t{:8} kB\nThreads:\t{count}\n",
            process.umask,
            state.0,
            state.1,
            ids(who.user),
            ids(who.group),
            size / 1024,
            size / 1024,
        );
        (stat, status)
    }
}

impl FileSystem {
    /// A path of an inode, if it has one.
    pub(crate) fn any_path(&self, inode: InodeId) -> Option<Vec<u8>> {
        if self.inode(inode).is_directory() {
            return Some(self.path_of(inode, b""));
        }
        let mut folders = vec![crate::files::ROOT];
        while let Some(folder) = folders.pop() {
            let Node::Directory { entries, .. } = &self.inode(folder).node else { continue };
            for (name, child) in entries {
                if *child == inode {
                    return Some(self.path_of(folder, name));
                }
                if self.inode(*child).is_directory() && *child != folder {
                    folders.push(*child);
                }
            }
        }
        None
    }
}
