//! Sockets inside the system: local ones, and those of a network that has
//! nothing but this machine.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{abi::generic::*, kernel::Kernel, limits};
use crate::{errno::Errno, serial::pairs};

/// What a stream holds before its writer waits.
pub(crate) const CAPACITY: usize = 1 << 17;

/// An address, with the family in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Address {
    /// Of a family, none.
    Unnamed,
    /// A path, or an abstract name that begins with zero.
    Local(Vec<u8>),
    /// An address of 4 or 16 bytes, and a port.
    Internet(Vec<u8>, u16),
}

/// A message: bytes, who sent it, and descriptions that came along.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
    pub(crate) from: Address,
    pub(crate) passed: Vec<u64>,
}

/// A socket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Socket {
    pub(crate) family: u64,
    pub(crate) kind: u64,
    pub(crate) name: Address,
    pub(crate) peer_name: Address,
    /// The other end of a stream or of a pair.
    pub(crate) peer: Option<u64>,
    pub(crate) connected: bool,
    /// How many may wait to be accepted; none, where it does not listen.
    pub(crate) listens: Option<usize>,
    pub(crate) waiting: VecDeque<u64>,
    pub(crate) messages: VecDeque<Message>,
    pub(crate) no_more_reads: bool,
    pub(crate) no_more_writes: bool,
    /// The other end will write no more.
    pub(crate) ended: bool,
    pub(crate) error: u16,
    #[serde(with = "pairs")]
    pub(crate) options: BTreeMap<(u64, u64), Vec<u8>>,
    pub(crate) arrived: u64,
}

/// All sockets.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Network {
    #[serde(with = "pairs")]
    pub(crate) sockets: BTreeMap<u64, Socket>,
    next_port: u16,
    /// Descriptors in messages that nobody has received yet.
    in_flight: usize,
}

impl Socket {
    pub(crate) const fn new(family: u64, kind: u64) -> Self {
        Self {
            family,
            kind,
            name: Address::Unnamed,
            peer_name: Address::Unnamed,
            peer: None,
            connected: false,
            listens: None,
            waiting: VecDeque::new(),
            messages: VecDeque::new(),
            no_more_reads: false,
            no_more_writes: false,
            ended: false,
            error: 0,
            options: BTreeMap::new(),
            arrived: 0,
        }
    }

    pub(crate) const fn is_stream(&self) -> bool {
        self.kind == SOCK_STREAM
    }

    pub(crate) fn held(&self) -> usize {
        self.messages.iter().map(|message| message.bytes.len()).sum()
    }
}

impl Network {
    pub(crate) fn socket(&self, id: u64) -> Result<&Socket, Errno> {
        self.sockets.get(&id).ok_or(Errno::ENOTSOCK)
    }

    pub(crate) fn socket_mut(&mut self, id: u64) -> Result<&mut Socket, Errno> {
        self.sockets.get_mut(&id).ok_or(Errno::ENOTSOCK)
    }

    /// The bytes that the next read gives.
    pub(crate) fn available(&self, id: u64) -> usize {
        self.sockets.get(&id).map_or(0, |socket| match socket.is_stream() {
            true => socket.held(),
            false => socket.messages.front().map_or(0, |message| message.bytes.len()),
        })
    }

    /// Whether there is room at a socket for so many bytes.
    pub(crate) fn room(&self, id: u64) -> usize {
        self.sockets.get(&id).map_or(0, |socket| match socket.messages.len() < limits::MESSAGES {
            true => CAPACITY.saturating_sub(socket.held()),
            false => 0,
        })
    }

    /// What `poll` tells.
    pub(crate) fn readiness(&self, id: u64) -> (u64, u64) {
        let Some(socket) = self.sockets.get(&id) else { return (POLLNVAL, 0) };
        let mut ready = 0;
        if !socket.messages.is_empty() || !socket.waiting.is_empty() || socket.ended || socket.no_more_reads {
            ready |= POLLIN | POLLRDNORM;
        }
        let gone = socket.connected && socket.peer.is_none() && socket.kind != SOCK_DGRAM;
        if socket.ended {
            ready |= POLLRDHUP;
        }
        if gone || socket.ended && socket.no_more_writes {
            ready |= POLLHUP;
        }
        if socket.error != 0 {
            ready |= POLLERR;
        }
        let writes = match socket.peer {
            Some(peer) => self.room(peer) > 0,
            None => socket.kind == SOCK_DGRAM || gone,
        };
        if writes && socket.listens.is_none() {
            ready |= POLLOUT | POLLWRNORM;
        }
        (ready, socket.arrived)
    }

    /// The socket that has an address.
    pub(crate) fn find(&self, kind: u64, address: &Address) -> Option<u64> {
        let matches = |socket: &Socket| match (&socket.name, address) {
            (Address::Internet(own, port), Address::Internet(wanted, wanted_port)) => {
                port == wanted_port && (own == wanted || own.iter().all(|byte| *byte == 0) || is_any(wanted))
            }
            (own, wanted) => own == wanted && *own != Address::Unnamed,
        };
        let kinds = |socket: &Socket| socket.kind == kind && socket.peer.is_none() && !socket.connected;
        self.sockets
            .iter()
            .find(|(_, socket)| {
                (kinds(socket) || kind == SOCK_DGRAM && socket.kind == kind) && matches(socket)
            })
            .map(|(id, _)| *id)
    }

    /// A port that nobody has.
    pub(crate) fn free_port(&mut self) -> Result<u16, Errno> {
        for _ in 0x8000..=u16::MAX {
            self.next_port = self.next_port.checked_add(1).filter(|port| *port >= 0x8000).unwrap_or(0x8000);
            let port = self.next_port;
            let used =
                |socket: &Socket| matches!(&socket.name, Address::Internet(_, taken) if *taken == port);
            if !self.sockets.values().any(used) {
                return Ok(port);
            }
        }
        Err(Errno::EADDRINUSE)
    }
}

fn is_any(address: &[u8]) -> bool {
    address.iter().all(|byte| *byte == 0)
}

/// Whether an address is of this machine: the only one there is.
pub(crate) fn is_here(address: &[u8]) -> bool {
    match address.len() {
        4 => address[0] == 127 || is_any(address),
        16 => {
            is_any(address)
                || address[..15].iter().all(|byte| *byte == 0) && address[15] == 1
                || address[..10].iter().all(|byte| *byte == 0)
                    && address[10..12] == [0xff, 0xff]
                    && address[12] == 127
        }
        _ => false,
    }
}

impl Kernel {
    /// A socket that nothing stands for any more.
    pub(crate) fn end_socket(&mut self, id: u64) {
        let Some(socket) = self.network.sockets.remove(&id) else { return };
        if let Some(peer) = socket.peer.and_then(|peer| self.network.sockets.get_mut(&peer)) {
            peer.peer = None;
            peer.ended = true;
            peer.arrived += 1;
            if !socket.messages.is_empty() && socket.family != AF_UNIX {
                peer.error = Errno::ECONNRESET.0;
            }
        }
        for waiting in socket.waiting {
            self.end_socket(waiting);
        }
        for description in socket.messages.into_iter().flat_map(|message| message.passed) {
            self.drop_passed(description);
        }
        self.changed();
    }

    /// Descriptions that a message holds from now on.
    pub(crate) fn hold_passed(&mut self, passed: &[u64]) -> Result<(), Errno> {
        // ETOOMANYREFS on a real system, where some see it as ENOBUFS.
        if self.network.in_flight + passed.len() > limits::IN_FLIGHT {
            return Err(Errno::ENOBUFS);
        }
        self.network.in_flight += passed.len();
        for description in passed {
            if let Some(it) = self.descriptions.get_mut(description) {
                it.references += 1;
            }
        }
        Ok(())
    }

    /// A description that was sent and is no more held by the message.
    pub(crate) fn drop_passed(&mut self, description: u64) {
        self.network.in_flight = self.network.in_flight.saturating_sub(1);
        if let Some(it) = self.descriptions.get_mut(&description) {
            it.references = it.references.saturating_sub(1);
        }
        self.drop_if_unused(description);
    }
}
