//! Sockets.

use super::super::{
    abi::generic::*,
    descriptions::Kind,
    sockets::{Address, Message, Socket, is_here},
    task::{Answer, Refusal, Task},
};
use crate::{errno::Errno, files::Node};

/// What was received.
pub(in crate::linux) struct Received {
    pub(in crate::linux) bytes: Vec<u8>,
    pub(in crate::linux) from: Address,
    pub(in crate::linux) passed: Vec<u64>,
    /// The length of the whole message, of which the rest is lost.
    pub(in crate::linux) length: usize,
}

/// Types of sockets have numbers of their own on MIPS: streams and datagrams
/// are exchanged.
fn kind_of(task: &Task<'_>, number: u64) -> (u64, u64) {
    let flags = task.abi.bits_to_generic(|tables| tables.open, number & !0xf);
    let kind = match (task.abi.machine.starts_with("mips"), number & 0xf) {
        (true, 1) => SOCK_DGRAM,
        (true, 2) => SOCK_STREAM,
        (_, kind) => kind,
    };
    (kind, flags & (O_NONBLOCK | O_CLOEXEC))
}

impl Task<'_> {
    fn socket_of(&self, fd: i32) -> Result<u64, Errno> {
        match self.kernel.description(self.process, fd)?.kind {
            Kind::Socket(socket) => Ok(socket),
            _ => Err(Errno::ENOTSOCK),
        }
    }

    fn waits(&self, fd: i32) -> bool {
        self.kernel.description(self.process, fd).is_ok_and(|it| !it.is_nonblocking())
    }

    fn add_socket(&mut self, socket: Socket, flags: u64) -> Result<(u64, i32), Errno> {
        let id = self.kernel.new_object();
        self.kernel.network.sockets.insert(id, socket);
        let description = self.kernel.add_description(Kind::Socket(id), O_RDWR | flags & O_NONBLOCK);
        let fd = self.kernel.install(self.process, description, flags)?;
        Ok((id, fd))
    }

    fn read_address(&mut self, address: u64, length: u64) -> Result<(u64, Address), Errno> {
        if !(2..=128).contains(&length) {
            return Err(Errno::EINVAL);
        }
        let bytes = self.read(address, length)?;
        let family = self.abi.order.read(&bytes[..2]) as u64;
        let port = |bytes: &[u8]| u16::from_be_bytes([bytes[2], bytes[3]]);
        let address = match family {
            AF_INET if length >= 16 => Address::Internet(bytes[4..8].to_vec(), port(&bytes)),
            AF_INET6 if length >= 24 => Address::Internet(bytes[8..24].to_vec(), port(&bytes)),
            AF_UNIX if length == 2 => Address::Unnamed,
            AF_UNIX if bytes[2] == 0 => Address::Local(bytes[2..].to_vec()),
            AF_UNIX => {
                let end = bytes[2..].iter().position(|byte| *byte == 0).map_or(bytes.len(), |end| end + 2);
                Address::Local(bytes[2..end].to_vec())
            }
            AF_UNSPEC => Address::Unnamed,
            AF_INET | AF_INET6 => return Err(Errno::EINVAL),
            _ => return Err(Errno::EAFNOSUPPORT),
        };
        Ok((family, address))
    }

    fn address_bytes(&self, family: u64, address: &Address) -> Vec<u8> {
        let mut fields = self.fields();
        match address {
            Address::Unnamed if family == AF_UNIX => fields.short(AF_UNIX).finish(),
            Address::Unnamed => {
                let length = if family == AF_INET6 { 28 } else { 16 };
                fields.short(family).pad_to(length).finish()
            }
            Address::Local(name) => {
                let zero: &[u8] = if name.first() == Some(&0) { &[] } else { &[0] };
                fields.short(AF_UNIX).bytes(name).bytes(zero).finish()
            }
            Address::Internet(bytes, port) if bytes.len() == 4 => {
                fields.short(AF_INET).bytes(&port.to_be_bytes()).bytes(bytes).pad_to(16).finish()
            }
            Address::Internet(bytes, port) => {
                fields.short(AF_INET6).bytes(&port.to_be_bytes()).int(0).bytes(bytes).int(0).finish()
            }
        }
    }

    /// Writes an address, and the length that it has in truth.
    fn write_address(
        &mut self,
        place: u64,
        length: u64,
        family: u64,
        address: &Address,
    ) -> Result<(), Errno> {
        if place == 0 || length == 0 {
            return Ok(());
        }
        let bytes = self.address_bytes(family, address);
        let room = self.read_u32(length)? as i32;
        let room = usize::try_from(room).map_err(|_| Errno::EINVAL)?;
        self.write(place, &bytes[..bytes.len().min(room)])?;
        self.write_u32(length, bytes.len() as u32)
    }

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
        if it.messages.is_empty() || all && it.held() < size && !it.ended {
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
        } else if room >= rest.len() {
            rest.len()
        } else {
            0
        };
        if count < rest.len() && (!stream || count == 0) {
            if nonblocking {
                return if done > 0 { Ok(done) } else { Err(Errno::EAGAIN.into()) };
            }
            return Err(self.wait_until(None));
        }
        for description in passed {
            if let Some(it) = self.kernel.descriptions.get_mut(description) {
                it.references += 1;
            }
        }
        if count > 0 || !stream {
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

pub(super) fn socket(task: &mut Task<'_>) -> Answer {
    let family = task.argument(0);
    let (kind, flags) = kind_of(task, task.argument(1));
    if ![AF_UNIX, AF_INET, AF_INET6].contains(&family) {
        return Err(Errno::EAFNOSUPPORT.into());
    }
    if !(kind == SOCK_STREAM || kind == SOCK_DGRAM || kind == SOCK_SEQPACKET && family == AF_UNIX) {
        return Err(Errno::ESOCKTNOSUPPORT.into());
    }
    Ok(task.add_socket(Socket::new(family, kind), flags)?.1 as u64)
}

/// `socketpair(family, type, protocol, fds)`.
pub(super) fn socketpair(task: &mut Task<'_>) -> Answer {
    let (kind, flags) = kind_of(task, task.argument(1));
    if task.argument(0) != AF_UNIX {
        return Err(Errno::EOPNOTSUPP.into());
    }
    task.check_writable(task.argument(3), 8)?;
    let new = || Socket { connected: true, ..Socket::new(AF_UNIX, kind) };
    let (one, first) = task.add_socket(new(), flags)?;
    let (other, second) = task.add_socket(new(), flags)?;
    task.kernel.network.socket_mut(one)?.peer = Some(other);
    task.kernel.network.socket_mut(other)?.peer = Some(one);
    task.write_u32(task.argument(3), first as u32)?;
    task.write_u32(task.argument(3).wrapping_add(4), second as u32)?;
    Ok(0)
}

pub(super) fn bind(task: &mut Task<'_>) -> Answer {
    let id = task.socket_of(task.int(0))?;
    let (_, mut address) = task.read_address(task.argument(1), task.argument(2))?;
    let kind = task.kernel.network.socket(id)?.kind;
    if task.kernel.network.socket(id)?.name != Address::Unnamed {
        return Err(Errno::EINVAL.into());
    }
    match &mut address {
        Address::Internet(place, port) => {
            if !is_here(place) {
                return Err(Errno::EADDRNOTAVAIL.into());
            }
            if *port == 0 {
                *port = task.kernel.network.free_port();
            } else if task.kernel.network.find(kind, &Address::Internet(place.clone(), *port)).is_some() {
                return Err(Errno::EADDRINUSE.into());
            }
        }
        Address::Local(name) if name.first() != Some(&0) => {
            let name = name.clone();
            let place = task.place(AT_FDCWD, &name, false)?;
            if place.inode.is_some() {
                return Err(Errno::EADDRINUSE.into());
            }
            let mode = 0o777 & !task.this()?.umask;
            task.kernel.files.create(&place, Node::Socket(id), mode)?;
        }
        Address::Local(name) => {
            let name = Address::Local(name.clone());
            if task.kernel.network.find(kind, &name).is_some() {
                return Err(Errno::EADDRINUSE.into());
            }
        }
        // The kernel gives an abstract name of five digits.
        Address::Unnamed => address = Address::Local(format!("\0{id:05x}").into_bytes()),
    }
    task.kernel.network.socket_mut(id)?.name = address;
    Ok(0)
}

pub(super) fn listen(task: &mut Task<'_>) -> Answer {
    let id = task.socket_of(task.int(0))?;
    let most = usize::try_from(task.int(1)).unwrap_or(0).clamp(1, 4096);
    let it = task.kernel.network.socket_mut(id)?;
    if it.kind == SOCK_DGRAM {
        return Err(Errno::EOPNOTSUPP.into());
    }
    if it.connected {
        return Err(Errno::EINVAL.into());
    }
    if it.name == Address::Unnamed && it.family != AF_UNIX {
        let bytes = vec![0; if it.family == AF_INET { 4 } else { 16 }];
        let port = task.kernel.network.free_port();
        task.kernel.network.socket_mut(id)?.name = Address::Internet(bytes, port);
    }
    task.kernel.network.socket_mut(id)?.listens = Some(most);
    Ok(0)
}

pub(super) fn connect(task: &mut Task<'_>) -> Answer {
    let id = task.socket_of(task.int(0))?;
    let (family, address) = task.read_address(task.argument(1), task.argument(2))?;
    let it = task.kernel.network.socket(id)?;
    let (kind, own_family) = (it.kind, it.family);
    if it.connected && kind != SOCK_DGRAM {
        return Err(Errno::EISCONN.into());
    }
    if it.listens.is_some() {
        return Err(Errno::EINVAL.into());
    }
    if family == AF_UNSPEC {
        let it = task.kernel.network.socket_mut(id)?;
        (it.connected, it.peer, it.peer_name) = (false, None, Address::Unnamed);
        return Ok(0);
    }
    let target = match &address {
        Address::Internet(place, _) if !is_here(place) => return Err(Errno::ENETUNREACH.into()),
        Address::Local(name) if name.first() != Some(&0) => {
            let name = name.clone();
            let inode = task.inode_at(AT_FDCWD, &name, true)?;
            match task.kernel.files.inode(inode).node {
                Node::Socket(target) if task.kernel.network.sockets.contains_key(&target) => Some(target),
                Node::Socket(_) => None,
                _ => return Err(Errno::ECONNREFUSED.into()),
            }
        }
        _ => task.kernel.network.find(kind, &address),
    };
    name_socket(task, id, own_family, &address)?;
    if kind == SOCK_DGRAM {
        if target.is_none() && own_family == AF_UNIX {
            return Err(Errno::ECONNREFUSED.into());
        }
        let it = task.kernel.network.socket_mut(id)?;
        (it.peer, it.peer_name, it.connected) = (target, address, true);
        return Ok(0);
    }
    let target = target.ok_or(Errno::ECONNREFUSED)?;
    let listening = task.kernel.network.socket(target)?;
    let Some(most) = listening.listens else { return Err(Errno::ECONNREFUSED.into()) };
    if listening.waiting.len() >= most {
        if !task.waits(task.int(0)) {
            return Err(Errno::EAGAIN.into());
        }
        return Err(task.wait_until(None));
    }
    let server_name = listening.name.clone();
    let client_name = task.kernel.network.socket(id)?.name.clone();
    let server = task.kernel.new_object();
    let accepted = Socket {
        name: server_name.clone(),
        peer_name: client_name,
        peer: Some(id),
        connected: true,
        ..Socket::new(own_family, kind)
    };
    task.kernel.network.sockets.insert(server, accepted);
    let listening = task.kernel.network.socket_mut(target)?;
    listening.waiting.push_back(server);
    listening.arrived += 1;
    let it = task.kernel.network.socket_mut(id)?;
    (it.peer, it.peer_name, it.connected) = (Some(server), address, true);
    task.kernel.changed();
    Ok(0)
}

/// A socket of the network gets a name when it is first used.
fn name_socket(task: &mut Task<'_>, id: u64, family: u64, towards: &Address) -> Result<(), Errno> {
    if family == AF_UNIX || task.kernel.network.socket(id)?.name != Address::Unnamed {
        return Ok(());
    }
    let place = match towards {
        Address::Internet(place, _) if place.len() == 4 => vec![127, 0, 0, 1],
        Address::Internet(place, _) => place.clone(),
        _ => return Ok(()),
    };
    let port = task.kernel.network.free_port();
    task.kernel.network.socket_mut(id)?.name = Address::Internet(place, port);
    Ok(())
}

fn accept_with(task: &mut Task<'_>, flags: u64) -> Answer {
    let id = task.socket_of(task.int(0))?;
    let it = task.kernel.network.socket_mut(id)?;
    if it.listens.is_none() {
        return Err(Errno::EINVAL.into());
    }
    let family = it.family;
    let Some(accepted) = it.waiting.pop_front() else {
        return Err(if task.waits(task.int(0)) { task.wait_until(None) } else { Errno::EAGAIN.into() });
    };
    let (_, flags) = kind_of(task, flags);
    let description = task.kernel.add_description(Kind::Socket(accepted), O_RDWR | flags & O_NONBLOCK);
    let fd = task.kernel.install(task.process, description, flags)?;
    let name = task.kernel.network.socket(accepted)?.peer_name.clone();
    task.write_address(task.argument(1), task.argument(2), family, &name)?;
    task.kernel.changed();
    Ok(fd as u64)
}

pub(super) fn accept(task: &mut Task<'_>) -> Answer {
    accept_with(task, 0)
}

pub(super) fn accept4(task: &mut Task<'_>) -> Answer {
    accept_with(task, task.argument(3))
}

pub(super) fn getsockname(task: &mut Task<'_>) -> Answer {
    let it = task.kernel.network.socket(task.socket_of(task.int(0))?)?;
    let (family, name) = (it.family, it.name.clone());
    task.write_address(task.argument(1), task.argument(2), family, &name)?;
    Ok(0)
}

pub(super) fn getpeername(task: &mut Task<'_>) -> Answer {
    let it = task.kernel.network.socket(task.socket_of(task.int(0))?)?;
    if !it.connected {
        return Err(Errno::ENOTCONN.into());
    }
    let (family, name) = (it.family, it.peer_name.clone());
    task.write_address(task.argument(1), task.argument(2), family, &name)?;
    Ok(0)
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
    let bytes = task.read(task.argument(1), task.argument(2).min(1 << 24))?;
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
    let size = task.argument(2).min(1 << 24) as usize;
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
        bytes.extend(task.read(*base, (*length).min(1 << 24))?);
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
    let found = task.receive(id, size.min(1 << 24) as usize, flags, nonblocking)?;
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

pub(super) fn shutdown(task: &mut Task<'_>) -> Answer {
    let id = task.socket_of(task.int(0))?;
    let how = task.int(1);
    let it = task.kernel.network.socket_mut(id)?;
    if !it.connected {
        return Err(Errno::ENOTCONN.into());
    }
    if !(0..=2).contains(&how) {
        return Err(Errno::EINVAL.into());
    }
    it.no_more_reads |= how != 1;
    it.no_more_writes |= how != 0;
    if how != 0
        && let Some(peer) = it.peer
    {
        let peer = task.kernel.network.socket_mut(peer)?;
        peer.ended = true;
        peer.arrived += 1;
    }
    task.kernel.changed();
    Ok(0)
}

/// `getsockopt(fd, level, name, value, length)`.
pub(super) fn getsockopt(task: &mut Task<'_>) -> Answer {
    let id = task.socket_of(task.int(0))?;
    let (level, name) = (task.argument(1), task.argument(2));
    let own = |name: &str| task.abi.number(|tables| tables.socket, name);
    let is_socket = own("SOL_SOCKET") == Some(level);
    let it = task.kernel.network.socket(id)?;
    let known = |wanted: &str| is_socket && own(wanted) == Some(name);
    let mut clears = false;
    let value = if known("SO_ERROR") {
        clears = true;
        task.abi.error(Errno(it.error)).to_owned() as u32 * u32::from(it.error != 0)
    } else if known("SO_TYPE") {
        match (task.abi.machine.starts_with("mips"), it.kind) {
            (true, SOCK_STREAM) => 2,
            (true, SOCK_DGRAM) => 1,
            (_, kind) => kind as u32,
        }
    } else if known("SO_ACCEPTCONN") {
        it.listens.is_some().into()
    } else if known("SO_DOMAIN") {
        it.family as u32
    } else if known("SO_SNDBUF") || known("SO_RCVBUF") {
        212_992
    } else if let Some(bytes) = it.options.get(&(level, name)) {
        let bytes = bytes.clone();
        let room = task.read_u32(task.argument(4))? as usize;
        task.write(task.argument(3), &bytes[..bytes.len().min(room)])?;
        task.write_u32(task.argument(4), bytes.len().min(room) as u32)?;
        return Ok(0);
    } else {
        0
    };
    if clears {
        task.kernel.network.socket_mut(id)?.error = 0;
    }
    let room = task.read_u32(task.argument(4))?;
    if room >= 4 {
        task.write_u32(task.argument(3), value)?;
        task.write_u32(task.argument(4), 4)?;
    }
    Ok(0)
}

/// `setsockopt(fd, level, name, value, length)`: kept, to be told again.
pub(super) fn setsockopt(task: &mut Task<'_>) -> Answer {
    let id = task.socket_of(task.int(0))?;
    let value = task.read(task.argument(3), task.argument(4).min(256))?;
    let key = (task.argument(1), task.argument(2));
    task.kernel.network.socket_mut(id)?.options.insert(key, value);
    Ok(0)
}

/// `socketcall(call, arguments)`: the calls of sockets through one (i386 and
/// others).
pub(super) fn socketcall(task: &mut Task<'_>) -> Answer {
    type Call = (fn(&mut Task<'_>) -> Answer, u64);
    const CALLS: [Call; 20] = [
        (socket, 3),
        (bind, 3),
        (connect, 3),
        (listen, 2),
        (accept, 3),
        (getsockname, 3),
        (getpeername, 3),
        (socketpair, 4),
        (send, 4),
        (recv, 4),
        (sendto, 6),
        (recvfrom, 6),
        (shutdown, 2),
        (setsockopt, 5),
        (getsockopt, 5),
        (sendmsg, 3),
        (recvmsg, 3),
        (accept4, 4),
        (recvmmsg, 5),
        (sendmmsg, 4),
    ];
    let (call, count) = *(task.argument(0) as usize)
        .checked_sub(1)
        .and_then(|index| CALLS.get(index))
        .ok_or(Errno::EINVAL)?;
    let address = task.argument(1);
    let word = task.abi.word as u64;
    for index in 0..count {
        task.arguments[index as usize] = task.read_word(address.wrapping_add(index * word))?;
    }
    call(task)
}
