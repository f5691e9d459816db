//! Open file descriptions: what descriptors stand for.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::process::IntervalTimer;
use crate::{
    files::{Device, InodeId},
    serial::pairs,
};

/// What an open file description is of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Kind {
    File(InodeId),
    Directory(InodeId),
    /// `O_PATH`: a place, not opened.
    Path(InodeId),
    Device(Device, InodeId),
    /// One end of a pipe.
    Pipe {
        pipe: u64,
        writes: bool,
        reads: bool,
    },
    /// Standard input, output or error of the whole system.
    Stream(u8),
    Event {
        value: u64,
        semaphore: bool,
    },
    Timer {
        clock: u64,
        timer: IntervalTimer,
        expired: u64,
    },
    Poll(#[serde(with = "pairs")] BTreeMap<(i32, u64), Watch>),
    Signals(u64),
    Socket(u64),
    /// A message queue of POSIX.
    Queue(u64),
    /// An end of a pseudoterminal.
    Terminal {
        number: u32,
        master: bool,
    },
}

/// What an epoll instance watches.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Watch {
    pub(crate) events: u32,
    pub(crate) data: u64,
    /// What was ready when it was last told: edge-triggered ones are told
    /// when there is more.
    pub(crate) told: u32,
    pub(crate) version: u64,
    pub(crate) disabled: bool,
}

/// A lock on a part of a file (fcntl(2), flock(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lock {
    pub(crate) inode: InodeId,
    pub(crate) owner: LockOwner,
    pub(crate) exclusive: bool,
    pub(crate) start: u64,
    /// One past the last byte; `u64::MAX` is the end of the file, wherever.
    pub(crate) end: u64,
}

/// Whose a lock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum LockOwner {
    /// A process's (`F_SETLK`).
    Process(i32),
    /// A description's (`F_OFD_SETLK`).
    Description(u64),
    /// A description's, of the whole file (`flock`).
    Whole(u64),
}

/// An open file description.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Description {
    pub(crate) kind: Kind,
    /// Generic `O_` bits.
    pub(crate) flags: u64,
    pub(crate) offset: u64,
    /// How many descriptors stand for it.
    pub(crate) references: u32,
    pub(crate) owner: i32,
}

impl Description {
    pub(crate) const fn new(kind: Kind, flags: u64) -> Self {
        Self { kind, flags, offset: 0, references: 0, owner: 0 }
    }

    pub(crate) const fn may_read(&self) -> bool {
        self.flags & 3 != 1
    }

    pub(crate) const fn may_write(&self) -> bool {
        self.flags & 3 != 0
    }

    pub(crate) const fn is_nonblocking(&self) -> bool {
        self.flags & super::abi::generic::O_NONBLOCK != 0
    }

    /// The inode behind it, if there is one.
    pub(crate) const fn inode(&self) -> Option<InodeId> {
        match self.kind {
            Kind::File(inode) | Kind::Directory(inode) | Kind::Path(inode) | Kind::Device(_, inode) => {
                Some(inode)
            }
            _ => None,
        }
    }
}

/// A pipe.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Pipe {
    pub(crate) bytes: VecDeque<u8>,
    pub(crate) readers: u32,
    pub(crate) writers: u32,
    pub(crate) capacity: usize,
    /// How often a writer, and a reader, opened it: for named pipes, whose
    /// opening waits for the other side.
    pub(crate) ever: (u64, u64),
    /// Counts what was written.
    pub(crate) version: u64,
}

/// What is written at once is not mixed with what others write (`PIPE_BUF`).
pub(crate) const ATOMIC_PIPE: usize = 4096;
/// What a pipe holds (pipe(7)).
pub(crate) const PIPE_CAPACITY: usize = 65536;
