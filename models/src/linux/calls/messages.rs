//! Messages: sending and receiving at sockets.

use super::super::{
    abi::generic::*,
    limits,
    sockets::{Address, CAPACITY, Message, is_here},
    task::{Answer, Refusal, Task},
};
use super::sockets::name_socket;
use crate::errno::Errno;

/// What one call sends or receives at most.
const MOST: u64 = 1 << 24;

/// What was received.
pub(in crate::linux) struct Received {
    pub(in crate::linux) bytes: Vec<u8>,
    pub(in crate::linux) from: Address,
    pub(in crate::linux) passed: Vec<u64>,
    /// The length of the whole message, of which the rest is lost.
    pub(in crate::linux) length: usize,
}

impl Task<'_> {
    /// Takes what has arrived.
    pub(in crate::linux) fn receive(
        &mut self,
        socket: u64,
        size: usize,
        flags: u64,
        nonblocking: bool,
    ) -> Result<Received, Refusal> {
        let it = self.kernel.network.socket_mut(socket)?;
        if it.error != 0 && it.messages.is_empty() {
            return Err(Errno(std::mem::take(&mut it.error)).into());
        }
        if it.is_stream() && !it.connected {
            return Err(Errno::ENOTCONN.into());
        }
        let all = flags & MSG_WAITALL != 0 && it.is_stream() && flags & MSG_PEEK == 0;
        // More than fits never waits at once.
        let wanted = size.min(CAPACITY);
        if it.messages.is_empty() || all && it.held() < wanted && !it.ended {
            if it.messages.is_empty() && (it.ended || it.no_more_reads) {
                return Ok(Received {
                    bytes: Vec::new(),
                    from: Address::Unnamed,
                    passed: Vec::new(),
                    length: 0,
                });
            }
            return Err(if nonblocking { Errno::EAGAIN.into() } else { self.wait_until(None) });
        }
        let peeks = flags & MSG_PEEK != 0;
        let mut found = Received { bytes: Vec::new(), from: Address::Unnamed, passed: Vec::new(), length: 0 };
        if it.is_stream() {
            let mut index = 0;
            while found.bytes.len() < size {
                let Some(message) = it.messages.get_mut(index) else { break };
                // What was passed marks where a read ends.
                if !message.passed.is_empty() && !found.bytes.is_empty() {
                    break;
                }
                let count = message.bytes.len().min(size - found.bytes.len());
                if peeks {
                    found.bytes.extend_from_slice(&message.bytes[..count]);
                    index += 1;
                    continue;
                }
                found.bytes.extend(message.bytes.drain(..count));
                found.passed.append(&mut message.passed);
                if message.bytes.is_empty() {
                    it.messages.pop_front();
                }
                if !found.passed.is_empty() {
                    break;
                }
            }
            found.length = found.bytes.len();
        } else {
            let message = if peeks { it.messages.front().cloned() } else { it.messages.pop_front() };
            let Some(mut message) = message else { return Err(Errno::EAGAIN.into()) };
            found.length = message.bytes.len();
            message.bytes.truncate(size);
            found.bytes = message.bytes;
            found.from = message.from;
            if !peeks {
                found.passed = message.passed;
            }
        }
        self.kernel.changed();
        Ok(found)
    }

    /// Sends bytes; `None` as the address means the connected one.
    pub(in crate::linux) fn send(
        &mut self,
        socket: u64,
        bytes: &[u8],
        to: Option<Address>,
        nonblocking: bool,
        signals: bool,
    ) -> Result<usize, Refusal> {
        self.send_with(socket, bytes, to, nonblocking, signals, &[])
    }

    fn send_with(
        &mut self,
        socket: u64,
        bytes: &[u8],
        to: Option<Address>,
        nonblocking: bool,
        signals: bool,
        passed: &[u64],
    ) -> Result<usize, Refusal> {
        let it = self.kernel.network.socket(socket)?;
        let (stream, family, kind) = (it.is_stream(), it.family, it.kind);
        let from = it.name.clone();
        if it.no_more_writes {
            return Err(if signals { self.broken_pipe() } else { Errno::EPIPE.into() });
        }
        let target = match (it.peer, to.filter(|_| !stream)) {
            (_, Some(address)) => {
                if let Address::Internet(place, _) = &address
                    && !is_here(place)
                {
                    return Err(Errno::ENETUNREACH.into());
                }
                match self.kernel.network.find(kind, &address) {
                    Some(target) => target,
                    // Nobody is there: what is sent on the network is lost.
                    None if family == AF_UNIX => return Err(Errno::ECONNREFUSED.into()),
                    None => return Ok(bytes.len()),
                }
            }
            (Some(peer), None) => peer,
            (None, None) if it.connected && stream => {
                return Err(if signals { self.broken_pipe() } else { Errno::EPIPE.into() });
            }
            (None, None) if it.connected => return Err(Errno::ECONNREFUSED.into()),
            (None, None) if stream => return Err(Errno::ENOTCONN.into()),
            (None, None) => return Err(Errno::EDESTADDRREQ.into()),
        };
        if self.kernel.network.socket(target).is_ok_and(|target| target.no_more_reads) && stream {
            return Err(if signals { self.broken_pipe() } else { Errno::EPIPE.into() });
        }
        if !stream && bytes.len() > 1 << 17 {
            return Err(Errno::EMSGSIZE.into());
        }
        let done = self.thread()?.call.as_ref().map_or(0, |call| call.done) as usize;
        let rest = bytes.get(done..).unwrap_or_default();
        let room = self.kernel.network.room(target);
        let count = if stream {
            room.min(rest.len())
        } else if room >= rest.len().max(1) {
            rest.len()
        } else {
            0
        };
        if count < rest.len() && (!stream || count == 0) || !stream && room == 0 {
            if nonblocking {
                return if done > 0 { Ok(done) } else { Err(Errno::EAGAIN.into()) };
            }
            return Err(self.wait_until(None));
        }
        if count > 0 || !stream {
            // Descriptors go with the first part.
            let passed = if done == 0 { passed } else { &[] };
            self.kernel.hold_passed(passed)?;
            let target = self.kernel.network.socket_mut(target)?;
            target.messages.push_back(Message {
                bytes: rest[..count].to_vec(),
                from,
                passed: passed.to_vec(),
            });
            target.arrived += 1;
            self.kernel.changed();
        }
        if done + count < bytes.len() && !nonblocking {
            if let Some(call) = &mut self.thread_mut()?.call {
                call.done = (done + count) as u64;
            }
            return Err(self.wait_until(None));
        }
        Ok(done + count)
    }
}

fn send_bytes(task: &mut Task<'_>, bytes: &[u8], to: Option<Address>, flags: u64, passed: &[u64]) -> Answer {
    let fd = task.int(0);
    let id = task.socket_of(fd)?;
    let nonblocking = !task.waits(fd) || flags & MSG_DONTWAIT != 0;
    if let Some(address) = &to {
        let family = task.kernel.network.socket(id)?.family;
        let address = address.clone();
        name_socket(task, id, family, &address)?;
    }
    task.send_with(id, bytes, to, nonblocking, flags & MSG_NOSIGNAL == 0, passed).map(|count| count as u64)
}

/// `sendto(fd, bytes, length, flags, address, length)`.
pub(super) fn sendto(task: &mut Task<'_>) -> Answer {
    let to = match task.argument(4) {
        0 => None,
        address => Some(task.read_address(address, task.argument(5))?.1),
    };
    let bytes = task.read(task.argument(1), task.argument(2).min(MOST))?;
    send_bytes(task, &bytes, to, task.argument(3), &[])
}

pub(super) fn send(task: &mut Task<'_>) -> Answer {
    task.arguments[4] = 0;
    sendto(task)
}

/// `recvfrom(fd, bytes, length, flags, address, length)`.
pub(super) fn recvfrom(task: &mut Task<'_>) -> Answer {
    let fd = task.int(0);
    let id = task.socket_of(fd)?;
    let flags = task.argument(3);
    let nonblocking = !task.waits(fd) || flags & MSG_DONTWAIT != 0;
    let size = task.argument(2).min(MOST) as usize;
    task.check_writable(task.argument(1), size.min(1) as u64)?;
    let found = task.receive(id, size, flags, nonblocking)?;
    task.write(task.argument(1), &found.bytes)?;
    let it = task.kernel.network.socket(id)?;
    let (family, from) = (it.family, if it.is_stream() { it.peer_name.clone() } else { found.from });
    task.write_address(task.argument(4), task.argument(5), family, &from)?;
    for description in found.passed {
        task.kernel.drop_passed(description);
    }
    Ok(if flags & MSG_TRUNC != 0 { found.length } else { found.bytes.len() } as u64)
}

pub(super) fn recv(task: &mut Task<'_>) -> Answer {
    (task.arguments[4], task.arguments[5]) = (0, 0);
    recvfrom(task)
}

/// `struct msghdr`.
struct Header {
    name: u64,
    name_length: u64,
    vectors: Vec<(u64, u64)>,
    control: u64,
    control_length: u64,
}

fn read_header(task: &Task<'_>, address: u64) -> Result<Header, Errno> {
    task.check_readable(address, 7 * task.abi.word as u64)?;
    let mut reader = task.reader(address);
    let name = reader.long()?;
    let name_length = reader.int()?;
    let (vectors, count) = (reader.long()?, reader.long()?);
    let (control, control_length) = (reader.long()?, reader.long()?);
    Ok(Header { name, name_length, vectors: task.read_vectors(vectors, count)?, control, control_length })
}

/// Descriptors that come along (`SCM_RIGHTS`, unix(7)).
fn passed_descriptors(task: &Task<'_>, header: &Header) -> Result<Vec<u64>, Errno> {
    let word = task.abi.word as u64;
    let mut passed = Vec::new();
    let mut at = header.control;
    let end = header.control.saturating_add(header.control_length);
    while header.control != 0 && at.saturating_add(word + 8) <= end {
        let length = task.read_word(at)?;
        if length < word + 8 || length > end - at {
            return Err(Errno::EINVAL);
        }
        let (level, kind) =
            (task.read_u32(at.wrapping_add(word))?, task.read_u32(at.wrapping_add(word + 4))?);
        let socket = task.abi.number(|tables| tables.socket, "SOL_SOCKET").unwrap_or(1);
        if u64::from(level) == socket && kind == 1 {
            for index in 0..(length - word - 8) / 4 {
                let fd = task.read_u32(at.wrapping_add(word + 8 + 4 * index))? as i32;
                if passed.len() >= limits::PASSED {
                    return Err(Errno::EINVAL);
                }
                passed.push(task.kernel.descriptor(task.process, fd)?.description);
            }
        }
        at += length.next_multiple_of(word);
    }
    Ok(passed)
}

fn send_message(task: &mut Task<'_>, address: u64, flags: u64) -> Answer {
    let header = read_header(task, address)?;
    let to = match header.name {
        0 => None,
        name => Some(task.read_address(name, header.name_length)?.1),
    };
    let passed = passed_descriptors(task, &header)?;
    let mut bytes = Vec::new();
    for (base, length) in &header.vectors {
        let room = MOST - (bytes.len() as u64).min(MOST);
        bytes.extend(task.read(*base, (*length).min(room))?);
    }
    send_bytes(task, &bytes, to, flags, &passed)
}

pub(super) fn sendmsg(task: &mut Task<'_>) -> Answer {
    send_message(task, task.argument(1), task.argument(2))
}

fn receive_message(task: &mut Task<'_>, address: u64, flags: u64) -> Answer {
    const CLOEXEC: u64 = 0x4000_0000;
    let word = task.abi.word as u64;
    let header = read_header(task, address)?;
    let fd = task.int(0);
    let id = task.socket_of(fd)?;
    let nonblocking = !task.waits(fd) || flags & MSG_DONTWAIT != 0;
    let size: u64 = header.vectors.iter().map(|(_, length)| *length).sum();
    let found = task.receive(id, size.min(MOST) as usize, flags, nonblocking)?;
    let mut rest = found.bytes.as_slice();
    for (base, length) in &header.vectors {
        let (now, later) = rest.split_at(rest.len().min(*length as usize));
        task.write(*base, now)?;
        rest = later;
    }
    let it = task.kernel.network.socket(id)?;
    let (family, stream) = (it.family, it.is_stream());
    let name_length = if header.name == 0 || stream {
        0
    } else {
        let bytes = task.address_bytes(family, &found.from);
        task.write(header.name, &bytes[..bytes.len().min(header.name_length as usize)])?;
        bytes.len() as u64
    };
    let mut control_length = 0;
    let mut result_flags = if found.length > found.bytes.len() && !stream { MSG_TRUNC } else { 0 };
    if !found.passed.is_empty() {
        let fits = header.control_length.saturating_sub(word + 8) / 4;
        let mut fds = Vec::new();
        for (index, description) in found.passed.iter().enumerate() {
            if (index as u64) < fits {
                let how = if flags & CLOEXEC != 0 { O_CLOEXEC } else { 0 };
                fds.push(task.kernel.install(task.process, *description, how)?);
            } else {
                result_flags |= 8;
            }
            task.kernel.drop_passed(*description);
        }
        if !fds.is_empty() {
            let length = word + 8 + 4 * fds.len() as u64;
            let level = task.abi.number(|tables| tables.socket, "SOL_SOCKET").unwrap_or(1);
            let mut fields = task.fields();
            fields.long(length).int(level).int(1);
            for fd in fds {
                fields.int(fd as u64);
            }
            let bytes = fields.finish();
            task.write(header.control, &bytes)?;
            control_length = length.next_multiple_of(word).min(header.control_length);
        }
    }
    // msg_namelen, msg_controllen, msg_flags.
    task.write_u32(address.wrapping_add(word), name_length as u32)?;
    task.write_word(address.wrapping_add(5 * word), control_length)?;
    task.write_u32(address.wrapping_add(6 * word), result_flags as u32)?;
    Ok(if flags & MSG_TRUNC != 0 { found.length } else { found.bytes.len() } as u64)
}

pub(super) fn recvmsg(task: &mut Task<'_>) -> Answer {
    receive_message(task, task.argument(1), task.argument(2))
}

/// `sendmmsg(fd, messages, count, flags)`.
pub(super) fn sendmmsg(task: &mut Task<'_>) -> Answer {
    let size = 8 * task.abi.word as u64;
    let count = task.argument(2).min(1024);
    for index in 0..count {
        let at = task.argument(1).wrapping_add(index * size);
        match send_message(task, at, task.argument(3)) {
            Ok(sent) => task.write_u32(at.wrapping_add(size - task.abi.word as u64), sent as u32)?,
            Err(_) if index > 0 => return Ok(index),
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(count)
}

/// `recvmmsg(fd, messages, count, flags, timeout)`: what is there.
pub(super) fn recvmmsg(task: &mut Task<'_>) -> Answer {
    let size = 8 * task.abi.word as u64;
    let count = task.argument(2).min(1024);
    for index in 0..count {
        let at = task.argument(1).wrapping_add(index * size);
        let flags = task.argument(3) | if index > 0 { MSG_DONTWAIT } else { 0 };
        match receive_message(task, at, flags) {
            Ok(got) => task.write_u32(at.wrapping_add(size - task.abi.word as u64), got as u32)?,
            Err(_) if index > 0 => return Ok(index),
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(count)
}
