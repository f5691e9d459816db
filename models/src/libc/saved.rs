//! The state of a library in a file.
//!
//! Files, descriptors of files and streams, clocks and random numbers are
//! saved; a pipe, a socket or a folder of the host that the program has open
//! is not, and says so.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use terrella_platforms::Platform;

use super::{
    item::Link,
    nested::Frame,
    state::{AtExit, Layout, State},
    stdio::Stream,
    threads::Threads,
    types::Flavour,
};
use crate::{
    files::{FileSystem, Node, ROOT},
    linux::{
        Input, Output,
        alone::ALONE,
        descriptions::{Description, Kind},
        process::{IntervalTimer, PosixTimer, SignalInfo},
    },
};

/// What an entry of the file system is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SavedKind {
    File(#[serde(with = "serde_bytes_text")] Vec<u8>),
    Folder,
    Link(Vec<u8>),
}

/// Bytes as base 64 would be shorter; hexadecimal is read by people.
mod serde_bytes_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        serializer.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digit =
            |byte: u8| char::from(byte).to_digit(16).ok_or_else(|| D::Error::custom("no hexadecimal digit"));
        let pairs = text.as_bytes().chunks(2);
        pairs
            .map(|pair| match pair {
                [high, low] => Ok((digit(*high)? << 4 | digit(*low)?) as u8),
                _ => Err(D::Error::custom("half a byte")),
            })
            .collect()
    }
}

#[derive(Serialize, Deserialize)]
struct SavedEntry {
    path: Vec<u8>,
    mode: u32,
    user: u32,
    group: u32,
    /// Accessed, modified and changed.
    times: [i64; 3],
    kind: SavedKind,
}

#[derive(Serialize, Deserialize)]
struct SavedDescriptor {
    fd: i32,
    close_on_exec: bool,
    /// Descriptors of one number share a description.
    description: u64,
    flags: u64,
    offset: u64,
    /// A standard stream, or a path.
    stream: Option<u8>,
    path: Option<Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    platform: Platform,
    flavour: Flavour,
    layout: Layout,
    heap: String,
    streams: BTreeMap<u64, Stream>,
    rooms: BTreeMap<String, (u64, u64)>,
    at_exit: Vec<AtExit>,
    constructors: Vec<u64>,
    destructors: Vec<u64>,
    frames: Vec<Frame>,
    threads: Threads,
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
    // The kernel's part.
    epoch: i64,
    clock: u64,
    idle: u64,
    random: u64,
    umask: u32,
    folder: Vec<u8>,
    handlers: BTreeMap<u8, (u64, u64, u64)>,
    mask: u64,
    /// `alarm` and `setitimer`, and those of `timer_create`.
    #[serde(default)]
    alarm: IntervalTimer,
    #[serde(default)]
    timers: BTreeMap<i32, PosixTimer>,
    /// Signals that wait.
    #[serde(default)]
    pending: Vec<SignalInfo>,
    /// Those for the thread that runs alone.
    #[serde(default)]
    own_pending: Vec<SignalInfo>,
    #[serde(with = "serde_bytes_text")]
    input: Vec<u8>,
    #[serde(with = "serde_bytes_text")]
    output: Vec<u8>,
    #[serde(with = "serde_bytes_text")]
    error: Vec<u8>,
    files: Vec<SavedEntry>,
    descriptors: Vec<SavedDescriptor>,
}

fn bytes(output: &Output) -> Vec<u8> {
    match output {
        Output::Own(bytes) => bytes.clone(),
        _ => Vec::new(),
    }
}

/// All entries below the root, folders before what is in them.
fn entries(files: &FileSystem) -> Result<Vec<SavedEntry>, String> {
    let mut all = Vec::new();
    let mut folders = vec![(ROOT, Vec::new())];
    while let Some((folder, path)) = folders.pop() {
        let Node::Directory { entries, .. } = &files.inode(folder).node else { continue };
        for (name, id) in entries {
            let inode = files.inode(*id);
            let mut here: Vec<u8> = path.clone();
            here.push(b'/');
            here.extend_from_slice(name);
            if inode.host.is_some() {
                return Err(format!("{} is a file of the host", String::from_utf8_lossy(&here)));
            }
            let kind = match &inode.node {
                Node::File(content) => SavedKind::File(content.as_ref().clone()),
                Node::Link(target) => SavedKind::Link(target.clone()),
                Node::Directory { .. } => {
                    folders.push((*id, here.clone()));
                    SavedKind::Folder
                }
                // Every file system has the usual ones.
                Node::Device(_) => continue,
                Node::Fifo(_) | Node::Socket(_) => {
                    return Err(format!("{} is a pipe or a socket", String::from_utf8_lossy(&here)));
                }
            };
            all.push(SavedEntry {
                path: here,
                mode: inode.mode,
                user: inode.uid,
                group: inode.gid,
                times: [inode.accessed, inode.modified, inode.changed],
                kind,
            });
        }
    }
    Ok(all)
}

/// A path to an inode, if it has one.
fn path_of(files: &FileSystem, wanted: usize) -> Option<Vec<u8>> {
    if wanted == ROOT {
        return Some(b"/".to_vec());
    }
    let mut folders = vec![(ROOT, Vec::new())];
    while let Some((folder, path)) = folders.pop() {
        let Node::Directory { entries, .. } = &files.inode(folder).node else { continue };
        for (name, id) in entries {
            let mut here: Vec<u8> = path.clone();
            here.push(b'/');
            here.extend_from_slice(name);
            if *id == wanted {
                return Some(here);
            }
            if files.inode(*id).is_directory() {
                folders.push((*id, here));
            }
        }
    }
    None
}

impl State {
    fn saved(&self) -> Result<Saved, String> {
        let kernel = &self.kernel;
        let process = kernel.processes.get(&ALONE).ok_or("there is no process")?;
        let mut descriptors = Vec::new();
        for (fd, descriptor) in &process.descriptors {
            let Some(it) = kernel.descriptions.get(&descriptor.description) else { continue };
            let (stream, path) = match it.kind {
                Kind::Stream(stream) => (Some(stream), None),
                Kind::File(inode) | Kind::Directory(inode) | Kind::Device(_, inode) | Kind::Path(inode) => {
                    let path = path_of(&kernel.files, inode);
                    (None, Some(path.ok_or_else(|| format!("descriptor {fd} is of a file without a name"))?))
                }
                _ => return Err(format!("descriptor {fd} is of a pipe, a socket or a timer")),
            };
            descriptors.push(SavedDescriptor {
                fd: *fd,
                close_on_exec: descriptor.close_on_exec,
                description: descriptor.description,
                flags: it.flags,
                offset: it.offset,
                stream,
                path,
            });
        }
        let handlers =
            process.actions.iter().enumerate().filter(|(_, action)| **action != Default::default());
        let handlers = handlers.map(|(signal, it)| (signal as u8, (it.handler, it.flags, it.mask)));
        Ok(Saved {
            platform: self.platform,
            flavour: self.flavour,
            layout: self.layout.clone(),
            heap: self.heap.clone(),
            streams: self.streams.clone(),
            rooms: self.rooms.clone(),
            at_exit: self.at_exit.clone(),
            constructors: self.constructors.clone(),
            destructors: self.destructors.clone(),
            frames: self.frames.clone(),
            threads: self.threads.clone(),
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
            epoch: kernel.clock.epoch,
            clock: kernel.clock.instructions,
            idle: kernel.clock.idle,
            random: kernel.random_state(),
            umask: process.umask,
            folder: path_of(&kernel.files, process.folder).unwrap_or_else(|| b"/".to_vec()),
            handlers: handlers.collect(),
            mask: kernel.threads.get(&ALONE).map_or(0, |thread| thread.mask),
            alarm: process.real_timer,
            timers: process.timers.clone(),
            pending: process.pending.clone(),
            own_pending: kernel.threads.get(&ALONE).map(|it| it.pending.clone()).unwrap_or_default(),
            input: match &kernel.streams.input {
                Input::Bytes(bytes) => bytes.iter().copied().collect(),
                _ => Vec::new(),
            },
            output: bytes(&kernel.streams.output),
            error: bytes(&kernel.streams.error),
            files: entries(&kernel.files)?,
            descriptors,
        })
    }

    fn restored(saved: Saved) -> Result<Self, String> {
        let waiting = saved.pending.iter().chain(&saved.own_pending).chain(saved.threads.pending());
        if let Some(info) = waiting.into_iter().find(|info| !(1..=64).contains(&info.number)) {
            return Err(format!("{} is no signal", info.number));
        }
        let wrong = |what: &[u8], errno| format!("{}: {errno}", String::from_utf8_lossy(what));
        let mut files = FileSystem::new();
        for entry in &saved.files {
            let inode = match &entry.kind {
                SavedKind::Folder => {
                    files.make_folders(&entry.path).map_err(|errno| wrong(&entry.path, errno))?
                }
                SavedKind::File(content) => {
                    files.write(&entry.path, content).map_err(|errno| wrong(&entry.path, errno))?;
                    files.find(&entry.path).map_err(|errno| wrong(&entry.path, errno))?
                }
                SavedKind::Link(target) => {
                    match files.symlink(target, &entry.path) {
                        Ok(()) | Err(crate::Errno::EEXIST) => {}
                        Err(errno) => return Err(wrong(&entry.path, errno)),
                    }
                    continue;
                }
            };
            let it = files.change(inode);
            (it.mode, it.uid, it.gid) = (entry.mode & 0o7777, entry.user, entry.group);
            [it.accessed, it.modified, it.changed] = entry.times;
        }
        let mut state = Self::new(saved.platform, saved.flavour, files, 0, &saved.input);
        let kernel = &mut state.kernel;
        kernel.set_random_state(saved.random);
        kernel.clock.epoch = saved.epoch;
        kernel.clock.instructions = saved.clock;
        kernel.clock.idle = saved.idle;
        kernel.streams.output = Output::Own(saved.output);
        kernel.streams.error = Output::Own(saved.error);
        if let Some(thread) = kernel.threads.get_mut(&ALONE) {
            thread.mask = saved.mask;
            thread.pending = saved.own_pending;
        }
        let standard: Vec<i32> = (0..3).collect();
        for fd in standard {
            let _ = kernel.close(ALONE, fd);
        }
        let mut known: BTreeMap<u64, u64> = BTreeMap::new();
        for it in saved.descriptors {
            let description = match known.get(&it.description) {
                Some(description) => *description,
                None => {
                    let kind = match (it.stream, &it.path) {
                        (Some(stream), _) if stream < 3 => Kind::Stream(stream),
                        (_, Some(path)) => {
                            let inode = kernel.files.find(path).map_err(|errno| wrong(path, errno))?;
                            match kernel.files.inode(inode).node {
                                Node::File(_) => Kind::File(inode),
                                Node::Directory { .. } => Kind::Directory(inode),
                                Node::Device(device) => Kind::Device(device, inode),
                                _ => return Err(wrong(path, crate::Errno::EINVAL)),
                            }
                        }
                        _ => return Err(format!("descriptor {} is of nothing", it.fd)),
                    };
                    let description = kernel.add_description(kind, it.flags);
                    if let Some(Description { offset, .. }) = kernel.descriptions.get_mut(&description) {
                        *offset = it.offset;
                    }
                    known.insert(it.description, description);
                    description
                }
            };
            let installed = kernel.install_at(ALONE, it.fd, description, it.close_on_exec);
            installed.map_err(|errno| format!("descriptor {}: {errno}", it.fd))?;
        }
        let folder = kernel.files.find(&saved.folder).map_err(|errno| wrong(&saved.folder, errno))?;
        kernel.files.hold(folder);
        if let Some(process) = kernel.processes.get_mut(&ALONE) {
            process.folder = folder;
            process.umask = saved.umask & 0o777;
            process.real_timer = saved.alarm;
            process.timers = saved.timers;
            process.pending = saved.pending;
            for (signal, (handler, flags, mask)) in saved.handlers {
                if let Some(action) = process.actions.get_mut(usize::from(signal)) {
                    (action.handler, action.flags, action.mask) = (handler, flags, mask);
                }
            }
        }
        state.layout = saved.layout;
        state.heap = saved.heap;
        state.streams = saved.streams;
        state.rooms = saved.rooms;
        state.at_exit = saved.at_exit;
        state.constructors = saved.constructors;
        state.destructors = saved.destructors;
        state.frames = saved.frames;
        state.threads = saved.threads;
        state.exit = saved.exit;
        state.ended_by = saved.ended_by;
        // `random` looks 31 numbers back.
        state.random_numbers =
            if saved.random_numbers.len() >= 31 { saved.random_numbers } else { Vec::new() };
        state.random48 = saved.random48;
        state.token = saved.token;
        state.numbers = saved.numbers;
        state.fenv = saved.fenv;
        state.program = saved.program;
        state.program_text = saved.program_text;
        state.new_links = saved.links;
        Ok(state)
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
