//! Reading and writing.

use super::super::{
    abi::generic::*,
    descriptions::{ATOMIC_PIPE, Kind},
    limits::TRANSFER as MOST,
    process::SignalInfo,
    sockets::Message,
    task::{Answer, Refusal, Task},
    terminals::Taken,
};
use crate::{errno::Errno, files::Device};

/// What is read at most at a time from what has no end.
const CHUNK: u64 = 1 << 20;

impl Task<'_> {
    pub(in crate::linux) fn description_of(&self, fd: i32) -> Result<u64, Errno> {
        let id = self.kernel.descriptor(self.process, fd)?.description;
        match self.kernel.descriptions.get(&id).map(|it| &it.kind) {
            Some(Kind::Path(_)) | None => Err(Errno::EBADF),
            Some(_) => Ok(id),
        }
    }

    /// Takes up to so many bytes out of a description; waits for the first.
    pub(in crate::linux) fn take(
        &mut self,
        description: u64,
        size: u64,
        offset: Option<u64>,
    ) -> Result<Vec<u8>, Refusal> {
        let it = self.kernel.descriptions.get(&description).ok_or(Errno::EBADF)?;
        if !it.may_read() {
            return Err(Errno::EBADF.into());
        }
        let (kind, position, waits) = (it.kind.clone(), it.offset, !it.is_nonblocking());
        let size = size.min(MOST);
        self.kernel.files.now = self.kernel.clock.wall();
        match kind {
            Kind::File(inode) => {
                let from = offset.unwrap_or(position);
                let bytes = self.kernel.files.read_at(inode, from, size as usize)?;
                self.advance(description, offset, bytes.len() as u64);
                Ok(bytes)
            }
            Kind::Directory(_) => Err(Errno::EISDIR.into()),
            Kind::Device(device, _) => match device {
                // Pseudoterminals have descriptions of their own.
                Device::Null | Device::Multiplexer | Device::Pseudo(_) => Ok(Vec::new()),
                Device::Zero | Device::Full => Ok(vec![0; size.min(CHUNK) as usize]),
                Device::Random => Ok(self.kernel.random_bytes(size.min(CHUNK) as usize)),
                Device::Terminal => self.take_stream(size),
            },
            _ if offset.is_some() => Err(Errno::ESPIPE.into()),
            Kind::Stream(_) => self.take_stream(size),
            Kind::Pipe { pipe, .. } => {
                let state = self.kernel.pipes.get_mut(&pipe).ok_or(Errno::EBADF)?;
                if state.bytes.is_empty() && size > 0 {
                    return match (state.writers, waits) {
                        (0, _) => Ok(Vec::new()),
                        (_, true) => Err(self.wait_until(None)),
                        (_, false) => Err(Errno::EAGAIN.into()),
                    };
                }
                let count = state.bytes.len().min(size as usize);
                let bytes = state.bytes.drain(..count).collect();
                self.kernel.changed();
                Ok(bytes)
            }
            Kind::Event { value, semaphore } => {
                if size < 8 {
                    return Err(Errno::EINVAL.into());
                }
                if value == 0 {
                    return Err(if waits { self.wait_until(None) } else { Errno::EAGAIN.into() });
                }
                let (taken, left) = if semaphore { (1, value - 1) } else { (value, 0) };
                self.set_kind(description, Kind::Event { value: left, semaphore });
                self.kernel.changed();
                Ok(self.eight_bytes(taken))
            }
            Kind::Timer { .. } => {
                if size < 8 {
                    return Err(Errno::EINVAL.into());
                }
                self.kernel.expire_timers();
                let expired = match self.kernel.descriptions.get_mut(&description).map(|it| &mut it.kind) {
                    Some(Kind::Timer { expired, .. }) => std::mem::take(expired),
                    _ => 0,
                };
                if expired == 0 {
                    return Err(if waits { self.wait_until(None) } else { Errno::EAGAIN.into() });
                }
                Ok(self.eight_bytes(expired))
            }
            Kind::Signals(mask) => match self.take_signal_of(mask) {
                Some(info) => Ok(super::signals::descriptor_information(&self.abi, info)),
                None if waits => Err(self.wait_until(None)),
                None => Err(Errno::EAGAIN.into()),
            },
            Kind::Terminal { number, master } => {
                let who = (self.process, self.thread);
                if !master && !self.kernel.may_use_terminal(number, who, SIGTTIN)? {
                    return Err(self.wait_until(None));
                }
                let terminal = self.kernel.terminals.get_mut(&number).ok_or(Errno::EIO)?;
                match terminal.take(master, size as usize) {
                    Taken::Bytes(bytes) => {
                        self.kernel.changed();
                        Ok(bytes)
                    }
                    Taken::Nothing if size == 0 => Ok(Vec::new()),
                    Taken::Nothing if waits => Err(self.wait_until(None)),
                    Taken::Nothing => Err(Errno::EAGAIN.into()),
                    Taken::Closed => Err(Errno::EIO.into()),
                }
            }
            Kind::Socket(socket) => self.receive(socket, size as usize, 0, !waits).map(|found| found.bytes),
            Kind::Queue(queue) => {
                let text = self.kernel.queue_text(queue).ok_or(Errno::EBADF)?;
                let from = usize::try_from(position).unwrap_or(usize::MAX).min(text.len());
                let bytes = text[from..].iter().copied().take(size as usize).collect::<Vec<u8>>();
                self.advance(description, offset, bytes.len() as u64);
                Ok(bytes)
            }
            Kind::Poll(_) | Kind::Path(_) => Err(Errno::EINVAL.into()),
        }
    }

    fn eight_bytes(&self, value: u64) -> Vec<u8> {
        let mut bytes = vec![0; 8];
        self.abi.order.write(value.into(), &mut bytes);
        bytes
    }

    fn set_kind(&mut self, description: u64, kind: Kind) {
        if let Some(it) = self.kernel.descriptions.get_mut(&description) {
            it.kind = kind;
        }
    }

    fn take_stream(&mut self, size: u64) -> Result<Vec<u8>, Refusal> {
        self.kernel.streams.read(size.min(CHUNK) as usize).map_err(|error| Errno::from(&error).into())
    }

    fn advance(&mut self, description: u64, offset: Option<u64>, by: u64) {
        if offset.is_none()
            && let Some(it) = self.kernel.descriptions.get_mut(&description)
        {
            it.offset = it.offset.saturating_add(by);
        }
    }

    /// Puts bytes into a description; says how many it took.
    pub(in crate::linux) fn put(
        &mut self,
        description: u64,
        bytes: &[u8],
        offset: Option<u64>,
    ) -> Result<usize, Refusal> {
        let it = self.kernel.descriptions.get(&description).ok_or(Errno::EBADF)?;
        if !it.may_write() {
            return Err(Errno::EBADF.into());
        }
        let (kind, position, waits) = (it.kind.clone(), it.offset, !it.is_nonblocking());
        let appends = it.flags & O_APPEND != 0;
        self.kernel.files.now = self.kernel.clock.wall();
        match kind {
            Kind::File(inode) => {
                let from = if appends && offset.is_none() {
                    self.kernel.files.inode(inode).size()
                } else {
                    offset.unwrap_or(position)
                };
                let limit = self.this()?.limits[1].0;
                if !bytes.is_empty() && from.saturating_add(bytes.len() as u64) > limit {
                    let info = SignalInfo { number: SIGXFSZ as u8, code: 0, sender: 0, value: 0 };
                    self.kernel.signal_thread(self.thread, info);
                    return Err(Errno::EFBIG.into());
                }
                let count = self.kernel.files.write_at(inode, from, bytes)?;
                if offset.is_none()
                    && let Some(it) = self.kernel.descriptions.get_mut(&description)
                {
                    it.offset = from + count as u64;
                }
                self.kernel.changed();
                Ok(count)
            }
            Kind::Device(device, _) => match device {
                Device::Full => Err(Errno::ENOSPC.into()),
                Device::Terminal => self.put_stream(1, bytes),
                _ => Ok(bytes.len()),
            },
            _ if offset.is_some() => Err(Errno::ESPIPE.into()),
            Kind::Stream(stream) => self.put_stream(stream, bytes),
            Kind::Pipe { pipe, .. } => self.put_pipe(pipe, bytes, waits),
            Kind::Event { value, semaphore } => {
                let Ok(eight) = <[u8; 8]>::try_from(bytes) else { return Err(Errno::EINVAL.into()) };
                let added = self.abi.order.read(&eight) as u64;
                if added == u64::MAX {
                    return Err(Errno::EINVAL.into());
                }
                match value.checked_add(added).filter(|sum| *sum < u64::MAX) {
                    Some(sum) => {
                        self.set_kind(description, Kind::Event { value: sum, semaphore });
                        self.kernel.changed();
                        Ok(8)
                    }
                    None if waits => Err(self.wait_until(None)),
                    None => Err(Errno::EAGAIN.into()),
                }
            }
            Kind::Terminal { number, master } => {
                let stops = self.kernel.terminals.get(&number).is_some_and(|it| it.stops_output());
                let who = (self.process, self.thread);
                if !master && stops && !self.kernel.may_use_terminal(number, who, SIGTTOU)? {
                    return Err(self.wait_until(None));
                }
                match self.kernel.put_terminal(number, master, bytes)? {
                    None => Err(Errno::EIO.into()),
                    Some(0) if !bytes.is_empty() && waits => Err(self.wait_until(None)),
                    Some(0) if !bytes.is_empty() => Err(Errno::EAGAIN.into()),
                    Some(count) => {
                        self.kernel.changed();
                        Ok(count)
                    }
                }
            }
            Kind::Socket(socket) => self.send(socket, bytes, None, !waits, true),
            _ => Err(Errno::EINVAL.into()),
        }
    }

    fn put_stream(&mut self, stream: u8, bytes: &[u8]) -> Result<usize, Refusal> {
        match self.kernel.streams.write(stream, bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(self.broken_pipe()),
            Err(error) => Err(Errno::from(&error).into()),
        }
    }

    /// Nobody reads any more: `SIGPIPE`, `EPIPE`.
    pub(in crate::linux) fn broken_pipe(&mut self) -> Refusal {
        let sender = self.process;
        let info = SignalInfo { number: SIGPIPE as u8, code: 0, sender, value: 0 };
        self.kernel.signal_thread(self.thread, info);
        Errno::EPIPE.into()
    }

    fn put_pipe(&mut self, pipe: u64, bytes: &[u8], waits: bool) -> Result<usize, Refusal> {
        let done = self.thread()?.call.as_ref().map_or(0, |call| call.done) as usize;
        let rest = bytes.get(done..).unwrap_or_default();
        let state = self.kernel.pipes.get_mut(&pipe).ok_or(Errno::EBADF)?;
        if state.readers == 0 {
            return Err(self.broken_pipe());
        }
        let room = state.capacity.saturating_sub(state.bytes.len());
        let count = if rest.len() <= ATOMIC_PIPE && room < rest.len() { 0 } else { room.min(rest.len()) };
        state.bytes.extend(&rest[..count]);
        state.version += 1;
        if count > 0 {
            self.kernel.changed();
        }
        if done + count == bytes.len() {
            return Ok(bytes.len());
        }
        if !waits {
            return if done + count > 0 { Ok(done + count) } else { Err(Errno::EAGAIN.into()) };
        }
        if let Some(call) = &mut self.thread_mut()?.call {
            call.done = (done + count) as u64;
        }
        Err(self.wait_until(None))
    }

    /// What was taken and nobody wanted is there for the next one.
    fn give_back(&mut self, description: u64, bytes: &[u8]) {
        let Some(it) = self.kernel.descriptions.get_mut(&description) else { return };
        match it.kind {
            Kind::File(_) => it.offset = it.offset.saturating_sub(bytes.len() as u64),
            Kind::Pipe { pipe, .. } => {
                if let Some(state) = self.kernel.pipes.get_mut(&pipe) {
                    bytes.iter().rev().for_each(|byte| state.bytes.push_front(*byte));
                }
            }
            Kind::Stream(_) => self.kernel.streams.give_back(bytes),
            Kind::Socket(socket) => {
                if let Ok(socket) = self.kernel.network.socket_mut(socket) {
                    let from = socket.peer_name.clone();
                    socket.messages.push_front(Message { bytes: bytes.to_vec(), from, passed: Vec::new() });
                }
            }
            // Random numbers and zeros do not run out.
            _ => {}
        }
    }

    fn scatter(&mut self, vectors: &[(u64, u64)], bytes: &[u8]) -> Result<(), Errno> {
        let mut rest = bytes;
        for (address, length) in vectors {
            let (now, later) = rest.split_at(rest.len().min(*length as usize));
            self.write(*address, now)?;
            rest = later;
        }
        Ok(())
    }

    fn gather(&self, vectors: &[(u64, u64)]) -> Result<Vec<u8>, Errno> {
        let mut bytes = Vec::new();
        for (address, length) in vectors {
            let room = MOST - (bytes.len() as u64).min(MOST);
            bytes.extend(self.read(*address, (*length).min(room))?);
        }
        Ok(bytes)
    }

    fn read_into(&mut self, fd: i32, vectors: &[(u64, u64)], offset: Option<u64>) -> Answer {
        let description = self.description_of(fd)?;
        // The length of a buffer may be any; what is read is what is there.
        let total = vectors.iter().map(|(_, length)| *length).fold(0, u64::saturating_add);
        for (address, length) in vectors {
            self.check_writable(*address, (*length).min(1))?;
        }
        let bytes = self.take(description, total, offset)?;
        self.scatter(vectors, &bytes)?;
        Ok(bytes.len() as u64)
    }

    fn write_from(&mut self, fd: i32, vectors: &[(u64, u64)], offset: Option<u64>) -> Answer {
        let description = self.description_of(fd)?;
        let bytes = self.gather(vectors)?;
        self.put(description, &bytes, offset).map(|count| count as u64)
    }

    fn at(&self, index: usize) -> Result<Option<u64>, Errno> {
        u64::try_from(self.wide(index)).map(Some).map_err(|_| Errno::EINVAL)
    }
}

pub(super) fn read(task: &mut Task<'_>) -> Answer {
    task.read_into(task.int(0), &[(task.argument(1), task.argument(2))], None)
}

pub(super) fn write(task: &mut Task<'_>) -> Answer {
    task.write_from(task.int(0), &[(task.argument(1), task.argument(2))], None)
}

pub(super) fn pread(task: &mut Task<'_>) -> Answer {
    let offset = task.at(3)?;
    task.read_into(task.int(0), &[(task.argument(1), task.argument(2))], offset)
}

pub(super) fn pwrite(task: &mut Task<'_>) -> Answer {
    let offset = task.at(3)?;
    task.write_from(task.int(0), &[(task.argument(1), task.argument(2))], offset)
}

pub(super) fn readv(task: &mut Task<'_>) -> Answer {
    let vectors = task.read_vectors(task.argument(1), task.argument(2))?;
    task.read_into(task.int(0), &vectors, None)
}

pub(super) fn writev(task: &mut Task<'_>) -> Answer {
    let vectors = task.read_vectors(task.argument(1), task.argument(2))?;
    task.write_from(task.int(0), &vectors, None)
}

/// The position of `preadv` and its kin, in two `long`s whatever the
/// processor; -1 means the position of the file (`preadv2`).
fn split_offset(task: &Task<'_>, second: bool) -> Result<Option<u64>, Errno> {
    let (low, high) = (task.argument(3), task.argument(4));
    let offset = if task.abi.is_64() { low as i64 } else { (low | high << 32) as i64 };
    match offset {
        -1 if second => Ok(None),
        _ => u64::try_from(offset).map(Some).map_err(|_| Errno::EINVAL),
    }
}

pub(super) fn preadv(task: &mut Task<'_>) -> Answer {
    let offset = split_offset(task, false)?;
    let vectors = task.read_vectors(task.argument(1), task.argument(2))?;
    task.read_into(task.int(0), &vectors, offset)
}

pub(super) fn pwritev(task: &mut Task<'_>) -> Answer {
    let offset = split_offset(task, false)?;
    let vectors = task.read_vectors(task.argument(1), task.argument(2))?;
    task.write_from(task.int(0), &vectors, offset)
}

pub(super) fn preadv2(task: &mut Task<'_>) -> Answer {
    let offset = split_offset(task, true)?;
    let vectors = task.read_vectors(task.argument(1), task.argument(2))?;
    task.read_into(task.int(0), &vectors, offset)
}

pub(super) fn pwritev2(task: &mut Task<'_>) -> Answer {
    let offset = split_offset(task, true)?;
    let vectors = task.read_vectors(task.argument(1), task.argument(2))?;
    task.write_from(task.int(0), &vectors, offset)
}

pub(in crate::linux) fn seek(task: &mut Task<'_>, fd: i32, offset: i64, whence: i32) -> Result<u64, Errno> {
    let description = task.description_of(fd)?;
    let it = task.kernel.descriptions.get(&description).ok_or(Errno::EBADF)?;
    let (inode, position) = match it.kind {
        Kind::File(inode) | Kind::Directory(inode) => (inode, it.offset),
        Kind::Device(..) => return Ok(0),
        _ => return Err(Errno::ESPIPE),
    };
    let size = task.kernel.files.inode(inode).size();
    let base = match whence {
        0 => 0,
        1 => position,
        2 => size,
        // SEEK_DATA, SEEK_HOLE: there are no holes but the end.
        3 | 4 => {
            let offset = u64::try_from(offset).ok().filter(|offset| *offset < size).ok_or(Errno::ENXIO)?;
            let to = if whence == 3 { offset } else { size };
            task.kernel.description_mut(task.process, fd)?.offset = to;
            return Ok(to);
        }
        _ => return Err(Errno::EINVAL),
    };
    let to = i64::try_from(base).ok().and_then(|base| base.checked_add(offset)).ok_or(Errno::EOVERFLOW)?;
    let to = u64::try_from(to).map_err(|_| Errno::EINVAL)?;
    task.kernel.description_mut(task.process, fd)?.offset = to;
    Ok(to)
}

pub(super) fn lseek(task: &mut Task<'_>) -> Answer {
    let to = seek(task, task.int(0), task.long(1), task.int(2))?;
    if !task.abi.is_64() && to > i32::MAX as u64 {
        return Err(Errno::EOVERFLOW.into());
    }
    Ok(to)
}

/// `_llseek(fd, high, low, result, whence)`.
pub(super) fn llseek(task: &mut Task<'_>) -> Answer {
    let offset = (task.argument(1) << 32 | task.argument(2) & 0xffff_ffff) as i64;
    let to = seek(task, task.int(0), offset, task.int(4))?;
    task.write_integer(task.argument(3), to, 8)?;
    Ok(0)
}

fn resize(task: &mut Task<'_>, inode: crate::files::InodeId, size: i64) -> Answer {
    let size = u64::try_from(size).map_err(|_| Errno::EINVAL)?;
    task.kernel.files.now = task.kernel.clock.wall();
    task.kernel.files.set_size(inode, size)?;
    Ok(0)
}

fn ftruncate_to(task: &mut Task<'_>, size: i64) -> Answer {
    let it = task.kernel.description(task.process, task.int(0))?;
    match (&it.kind, it.may_write()) {
        (Kind::File(inode), true) => {
            let inode = *inode;
            resize(task, inode, size)
        }
        (Kind::Path(_), _) => Err(Errno::EBADF.into()),
        _ => Err(Errno::EINVAL.into()),
    }
}

pub(super) fn ftruncate(task: &mut Task<'_>) -> Answer {
    ftruncate_to(task, task.long(1))
}

pub(super) fn ftruncate64(task: &mut Task<'_>) -> Answer {
    ftruncate_to(task, task.wide(1))
}

pub(super) fn truncate(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    let inode = task.inode_at(AT_FDCWD, &path, true)?;
    resize(task, inode, task.long(1))
}

pub(super) fn truncate64(task: &mut Task<'_>) -> Answer {
    let path = task.path(0)?;
    let inode = task.inode_at(AT_FDCWD, &path, true)?;
    resize(task, inode, task.wide(1))
}

/// `fallocate(fd, mode, offset, length)`: room, which files in memory have
/// anyway; and holes.
pub(super) fn fallocate(task: &mut Task<'_>) -> Answer {
    const KEEP_SIZE: i32 = 1;
    const PUNCH_HOLE: i32 = 2;
    const ZERO_RANGE: i32 = 16;
    let mode = task.int(1);
    let (Ok(offset), Ok(length)) = (u64::try_from(task.wide(2)), u64::try_from(task.wide(3))) else {
        return Err(Errno::EINVAL.into());
    };
    let Kind::File(inode) = task.kernel.description(task.process, task.int(0))?.kind else {
        return Err(Errno::ENODEV.into());
    };
    let end = offset.checked_add(length).filter(|_| length > 0).ok_or(Errno::EINVAL)?;
    let size = task.kernel.files.inode(inode).size();
    if mode & !(KEEP_SIZE | PUNCH_HOLE | ZERO_RANGE) != 0 {
        return Err(Errno::EOPNOTSUPP.into());
    }
    if mode & (PUNCH_HOLE | ZERO_RANGE) != 0 {
        let (mut here, last) = (offset, end.min(size));
        while here < last {
            let length = (last - here).min(CHUNK);
            task.kernel.files.write_at(inode, here, &vec![0; length as usize])?;
            here += length;
        }
    }
    if mode & KEEP_SIZE == 0 && end > size {
        task.kernel.files.set_size(inode, end)?;
    }
    Ok(0)
}

/// Moves bytes from one description to another, as `sendfile`, `splice` and
/// `copy_file_range` do.
fn transfer(
    task: &mut Task<'_>,
    from: i32,
    from_at: Option<u64>,
    to: i32,
    to_at: Option<u64>,
    size: u64,
) -> Answer {
    let (from, to) = (task.description_of(from)?, task.description_of(to)?);
    // Offsets are signed: those beyond are negative.
    let fits = |at: Option<u64>| at.is_none_or(|at| i64::try_from(at).is_ok());
    if !fits(from_at) || !fits(to_at) {
        return Err(Errno::EINVAL.into());
    }
    let mut total: u64 = 0;
    while total < size {
        let chunk = (size - total).min(ATOMIC_PIPE as u64);
        let bytes = match task.take(from, chunk, from_at.map(|at| at.saturating_add(total))) {
            Ok(bytes) if bytes.is_empty() => break,
            Ok(bytes) => bytes,
            Err(_) if total > 0 => break,
            Err(refusal) => return Err(refusal),
        };
        let put = task.put(to, &bytes, to_at.map(|at| at.saturating_add(total)));
        let count = *put.as_ref().unwrap_or(&0);
        if count < bytes.len() && from_at.is_none() {
            task.give_back(from, &bytes[count..]);
        }
        match put {
            Ok(count) => total += count as u64,
            Err(_) if total > 0 => break,
            Err(refusal) => return Err(refusal),
        }
        if count < bytes.len() {
            break;
        }
    }
    Ok(total)
}

fn sendfile_of(task: &mut Task<'_>, size: usize) -> Answer {
    let place = task.argument(2);
    let at = if place == 0 { None } else { Some(task.read_integer(place, size)?) };
    let count = transfer(task, task.int(1), at, task.int(0), None, task.argument(3).min(MOST))?;
    if let Some(at) = at {
        task.write_integer(place, at.wrapping_add(count), size)?;
    }
    Ok(count)
}

pub(super) fn sendfile(task: &mut Task<'_>) -> Answer {
    sendfile_of(task, task.abi.word)
}

pub(super) fn sendfile64(task: &mut Task<'_>) -> Answer {
    sendfile_of(task, 8)
}

/// `copy_file_range` and `splice`: in, its offset, out, its offset, length.
pub(super) fn splice(task: &mut Task<'_>) -> Answer {
    let read = |task: &Task<'_>, index: usize| match task.argument(index) {
        0 => Ok(None),
        place => task.read_integer(place, 8).map(Some),
    };
    let (from_at, to_at) = (read(task, 1)?, read(task, 3)?);
    let size = task.argument(4).min(MOST);
    let count = transfer(task, task.int(0), from_at, task.int(2), to_at, size)?;
    for (index, at) in [(1, from_at), (3, to_at)] {
        if let Some(at) = at {
            task.write_integer(task.argument(index), at.wrapping_add(count), 8)?;
        }
    }
    Ok(count)
}

/// What has an effect on disks only: files in memory are always in order.
pub(super) fn flush(task: &mut Task<'_>) -> Answer {
    match task.kernel.description(task.process, task.int(0))?.kind {
        Kind::File(_) | Kind::Directory(_) => Ok(0),
        _ => Err(Errno::EINVAL.into()),
    }
}

pub(super) fn nothing(_task: &mut Task<'_>) -> Answer {
    Ok(0)
}

/// Advice about a descriptor, which is taken note of and has no effect.
pub(super) fn advice(task: &mut Task<'_>) -> Answer {
    task.description_of(task.int(0))?;
    Ok(0)
}
