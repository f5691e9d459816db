//! Queues of messages of System V (msgop(2)).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Ipc;
use crate::linux::process::Id;

/// Queues (`MSGMNI` is 32000 on Linux).
pub(crate) const MOST: usize = 4096;
/// Bytes of a message (`MSGMAX`), and of a queue at first (`MSGMNB`;
/// linux/msg.h).
pub(crate) const LONGEST: u64 = 8192;
pub(crate) const CAPACITY: u64 = 16_384;
/// Bytes that wait in all queues together, each message with what the kernel
/// keeps of it: an administrator may give a queue any capacity.
const HELD: u64 = 64 << 20;
const HEAD: u64 = 64;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) kind: i64,
    pub(crate) bytes: Vec<u8>,
}

/// A queue.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Queue {
    pub(crate) messages: VecDeque<Message>,
    /// Bytes that wait, and how many may.
    pub(crate) bytes: u64,
    pub(crate) capacity: u64,
    /// Seconds since 1970.
    pub(crate) sent: i64,
    pub(crate) received: i64,
    pub(crate) changed: i64,
    pub(crate) last_sender: Id,
    pub(crate) last_receiver: Id,
}

/// Which message is wanted (`convert_mode`, ipc/msg.c).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    First,
    Kind(i64),
    Other(i64),
    /// Of the lowest kind up to this one.
    Lowest(i64),
    /// By its number in the queue.
    Number(u64),
}

impl Queue {
    pub(crate) const fn new(now: i64) -> Self {
        Self {
            messages: VecDeque::new(),
            bytes: 0,
            capacity: CAPACITY,
            sent: 0,
            received: 0,
            changed: now,
            last_sender: 0,
            last_receiver: 0,
        }
    }

    /// Whether one more message of so many bytes may wait.
    pub(crate) fn has_room(&self, size: u64) -> bool {
        self.bytes.saturating_add(size) <= self.capacity && (self.messages.len() as u64) < self.capacity
    }

    /// Where the message is that is wanted.
    pub(crate) fn position(&self, wanted: Wanted) -> Option<usize> {
        let kinds = || self.messages.iter().map(|message| message.kind);
        match wanted {
            Wanted::First => (!self.messages.is_empty()).then_some(0),
            Wanted::Kind(kind) => kinds().position(|it| it == kind),
            Wanted::Other(kind) => kinds().position(|it| it != kind),
            Wanted::Lowest(most) => {
                let lowest = kinds().filter(|kind| *kind <= most).min()?;
                kinds().position(|kind| kind == lowest)
            }
            Wanted::Number(number) => usize::try_from(number).ok().filter(|at| *at < self.messages.len()),
        }
    }

    pub(crate) fn add(&mut self, message: Message) {
        self.bytes = self.bytes.saturating_add(message.bytes.len() as u64);
        self.messages.push_back(message);
    }

    pub(crate) fn take(&mut self, position: usize) -> Option<Message> {
        let message = self.messages.remove(position)?;
        self.bytes = self.bytes.saturating_sub(message.bytes.len() as u64);
        Some(message)
    }
}

impl Ipc {
    /// Whether the host has room for one more message of so many bytes.
    pub(crate) fn has_room_for_message(&self, size: u64) -> bool {
        let cost = |it: &Queue| it.bytes.saturating_add(HEAD * it.messages.len() as u64);
        let held = self.messages.iter().map(|(_, object)| cost(&object.it)).fold(0, u64::saturating_add);
        held.saturating_add(size).saturating_add(HEAD) <= HELD
    }

    pub(super) fn check_messages(&self) -> Result<(), String> {
        for (id, object) in self.messages.iter() {
            let sum: u64 = object.it.messages.iter().map(|message| message.bytes.len() as u64).sum();
            if sum != object.it.bytes {
                return Err(format!("queue {id} has {sum} bytes, not {}", object.it.bytes));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_chosen_by_kind() {
        let mut queue = Queue::new(0);
        for kind in [5, 3, 9, 3] {
            queue.add(Message { kind, bytes: vec![kind as u8; kind as usize] });
        }
        let at = |wanted| queue.position(wanted);
        assert_eq!((at(Wanted::First), at(Wanted::Kind(3)), at(Wanted::Kind(4))), (Some(0), Some(1), None));
        assert_eq!(
            (at(Wanted::Other(5)), at(Wanted::Lowest(7)), at(Wanted::Lowest(2))),
            (Some(1), Some(1), None)
        );
        assert_eq!((at(Wanted::Number(3)), at(Wanted::Number(4))), (Some(3), None));
        assert_eq!(
            (queue.bytes, queue.has_room(CAPACITY - 20), queue.has_room(CAPACITY - 19)),
            (20, true, false)
        );
        assert_eq!(queue.take(2).map(|message| message.kind), Some(9));
        assert_eq!(queue.bytes, 11);
    }
}
