//! Message queues of POSIX (mq_overview(7)).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Permissions, Wait};
use crate::{
    linux::{
        descriptions::Kind,
        kernel::Kernel,
        process::{Id, SignalInfo},
    },
    serial::pairs,
};

/// Queues (`queues_max`), and what of them an administrator may ask for:
/// messages and bytes of each (`HARD_MSGMAX`, `HARD_MSGSIZEMAX`); others may
/// have less (`msg_max`, `msgsize_max`; linux/ipc_namespace.h).
pub(crate) const MOST: usize = 256;
pub(crate) const HARD: (u64, u64) = (65_536, 16 << 20);
pub(crate) const USUAL: (u64, u64) = (10, 8192);
/// Below this are priorities (`MQ_PRIO_MAX`).
pub(crate) const PRIORITIES: u32 = 32_768;
/// Bytes that all queues may hold, whatever `RLIMIT_MSGQUEUE` says.
const HELD: u64 = 64 << 20;
/// `SI_MESGQ`.
const BY_QUEUE: i32 = -3;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Posted {
    pub(crate) priority: u32,
    pub(crate) bytes: Vec<u8>,
}

/// Who is told of a message in an empty queue, and by which signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notification {
    pub(crate) process: Id,
    pub(crate) signal: Option<u8>,
    pub(crate) value: u64,
    /// Who the signal says that it is from, if not who sends the message.
    pub(crate) from: Option<Id>,
}

/// A queue.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MessageQueue {
    /// None after it was removed.
    pub(crate) name: Option<Vec<u8>>,
    pub(crate) permissions: Permissions,
    /// Messages, and bytes of each, that there may be.
    pub(crate) most: u64,
    pub(crate) longest: u64,
    /// Those with higher priorities first.
    pub(crate) messages: Vec<Posted>,
    pub(crate) notification: Option<Notification>,
}

impl MessageQueue {
    /// What it counts for, as Linux counts it: the messages, and what it keeps
    /// of each and of each priority (getrlimit(2), `RLIMIT_MSGQUEUE`).
    pub(crate) fn cost(most: u64, longest: u64) -> u64 {
        let kept = most.saturating_mul(48).saturating_add(most.min(PRIORITIES.into()).saturating_mul(48));
        kept.saturating_add(most.saturating_mul(longest))
    }

    pub(crate) fn is_full(&self) -> bool {
        self.messages.len() as u64 >= self.most
    }

    pub(crate) fn add(&mut self, message: Posted) {
        let at = self.messages.partition_point(|other| other.priority >= message.priority);
        self.messages.insert(at, message);
    }
}

/// All queues.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Queues {
    #[serde(with = "pairs")]
    pub(crate) all: BTreeMap<u64, MessageQueue>,
}

impl Queues {
    pub(crate) fn find(&self, name: &[u8]) -> Option<u64> {
        self.all.iter().find(|(_, it)| it.name.as_deref() == Some(name)).map(|(id, _)| *id)
    }

    /// Whether there may be one more such queue, within a limit of bytes.
    pub(crate) fn has_room(&self, most: u64, longest: u64, limit: u64) -> bool {
        let costs = self.all.values().map(|it| MessageQueue::cost(it.most, it.longest));
        let sum = costs.fold(MessageQueue::cost(most, longest), u64::saturating_add);
        sum <= limit.min(HELD)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        for (id, it) in &self.all {
            let fits = it.messages.iter().all(|message| message.bytes.len() as u64 <= it.longest);
            let in_order = it.messages.is_sorted_by(|one, other| one.priority >= other.priority);
            let signal = it.notification.and_then(|it| it.signal);
            if !fits
                || !in_order
                || it.messages.len() as u64 > it.most
                || signal.is_some_and(|it| !(1..=64).contains(&it))
            {
                return Err(format!("message queue {id} is not as it can be"));
            }
        }
        Ok(())
    }
}

impl Kernel {
    /// What calls of all threads wait for.
    pub(crate) fn ipc_waits(&self) -> impl Iterator<Item = Wait> {
        let waits = self.threads.values().filter_map(|thread| thread.call.as_ref()?.ipc);
        waits.chain(self.ipc.elsewhere.iter().copied())
    }

    /// A message came to a queue that was empty: who wanted to know that is
    /// told, once, unless somebody waits for the message (mq_notify(3)).
    pub(crate) fn notify_queue(&mut self, id: u64, sender: Id) {
        if self.ipc_waits().any(|wait| wait == Wait::Receive(id)) {
            return;
        }
        let Some(it) = self.ipc.queues.all.get_mut(&id).and_then(|it| it.notification.take()) else { return };
        if let Some(number) = it.signal {
            let info =
                SignalInfo { number, code: BY_QUEUE, sender: it.from.unwrap_or(sender), value: it.value };
            self.signal_process(it.process, info);
        }
    }

    /// A process closes a queue: it is not told of messages any more.
    pub(crate) fn forget_notification(&mut self, id: u64, process: Id) {
        if let Some(it) = self.ipc.queues.all.get_mut(&id)
            && it.notification.is_some_and(|it| it.process == process)
        {
            it.notification = None;
        }
    }

    /// What is read of a queue as of a file (mq_overview(7)).
    pub(crate) fn queue_text(&self, id: u64) -> Option<Vec<u8>> {
        let it = self.ipc.queues.all.get(&id)?;
        let bytes: usize = it.messages.iter().map(|message| message.bytes.len()).sum();
        let told = it.notification;
        let how = told.map_or(0, |it| i32::from(it.signal.is_none()));
        let signal = told.and_then(|it| it.signal).unwrap_or(0);
        let process = told.map_or(0, |it| it.process);
        Some(
            format!("QSIZE:{bytes:<10} NOTIFY:{how:<5} SIGNO:{signal:<5} NOTIFY_PID:{process:<6}\n")
                .into_bytes(),
        )
    }

    /// A queue without a name goes with its last description.
    pub(crate) fn end_queue(&mut self, id: u64) {
        let open = self.descriptions.values().any(|it| matches!(it.kind, Kind::Queue(of) if of == id));
        if !open && self.ipc.queues.all.get(&id).is_some_and(|it| it.name.is_none()) {
            self.ipc.queues.all.remove(&id);
        }
    }
}
