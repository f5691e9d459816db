//! Sockets.

use super::super::{
    abi::generic::*,
    descriptions::Kind,
    limits,
    sockets::{Address, Socket, is_here},
    task::{Answer, Task},
};
use super::messages::{recv, recvfrom, recvmmsg, recvmsg, send, sendmmsg, sendmsg, sendto};
use crate::{errno::Errno, files::Node};

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
    pub(super) fn socket_of(&self, fd: i32) -> Result<u64, Errno> {
        match self.kernel.description(self.process, fd)?.kind {
            Kind::Socket(socket) => Ok(socket),
            _ => Err(Errno::ENOTSOCK),
        }
    }

    pub(super) fn waits(&self, fd: i32) -> bool {
        self.kernel.description(self.process, fd).is_ok_and(|it| !it.is_nonblocking())
    }

    fn add_socket(&mut self, socket: Socket, flags: u64) -> Result<(u64, i32), Errno> {
        let id = self.kernel.new_object();
        self.kernel.network.sockets.insert(id, socket);
        let description = self.kernel.add_description(Kind::Socket(id), O_RDWR | flags & O_NONBLOCK);
        let fd = self.kernel.install(self.process, description, flags)?;
        Ok((id, fd))
    }

    pub(super) fn read_address(&mut self, address: u64, length: u64) -> Result<(u64, Address), Errno> {
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

    pub(super) fn address_bytes(&self, family: u64, address: &Address) -> Vec<u8> {
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
    pub(super) fn write_address(
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
    let (other, second) = match task.add_socket(new(), flags) {
        Ok(second) => second,
        Err(error) => {
            task.kernel.close(task.process, first)?;
            return Err(error.into());
        }
    };
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
                *port = task.kernel.network.free_port()?;
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
        let port = task.kernel.network.free_port()?;
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
pub(super) fn name_socket(task: &mut Task<'_>, id: u64, family: u64, towards: &Address) -> Result<(), Errno> {
    if family == AF_UNIX || task.kernel.network.socket(id)?.name != Address::Unnamed {
        return Ok(());
    }
    let place = match towards {
        Address::Internet(place, _) if place.len() == 4 => vec![127, 0, 0, 1],
        Address::Internet(place, _) => place.clone(),
        _ => return Ok(()),
    };
    let port = task.kernel.network.free_port()?;
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
    if it.waiting.is_empty() {
        return Err(if task.waits(task.int(0)) { task.wait_until(None) } else { Errno::EAGAIN.into() });
    }
    // A connection is not lost because there is no descriptor for it.
    task.kernel.free_descriptor(task.process, 0)?;
    let accepted = task.kernel.network.socket_mut(id)?.waiting.pop_front().ok_or(Errno::EAGAIN)?;
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
    let options = &mut task.kernel.network.socket_mut(id)?.options;
    if options.len() >= limits::SOCKET_OPTIONS && !options.contains_key(&key) {
        return Err(Errno::ENOBUFS.into());
    }
    options.insert(key, value);
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
