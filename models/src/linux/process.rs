//! Processes and threads, as the kernel keeps them.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use terrella_platforms::{Platform, RegisterId, RegisterValue};

use super::abi::Abi;
use crate::{
    files::InodeId,
    serial::{array, pairs},
};

/// The number of a process or of a thread.
pub(crate) type Id = i32;
/// Which memory a process has; those after `vfork` share one.
pub(crate) type SpaceId = u32;

/// A file descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Descriptor {
    /// The open file description.
    pub(crate) description: u64,
    pub(crate) close_on_exec: bool,
}

/// What a process does at a signal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Action {
    pub(crate) handler: u64,
    /// Generic bits.
    pub(crate) flags: u64,
    pub(crate) restorer: u64,
    /// Signals by generic numbers: bit 0 is signal 1.
    pub(crate) mask: u64,
}

/// A signal that waits to be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignalInfo {
    pub(crate) number: u8,
    pub(crate) code: i32,
    /// `si_pid`, or `si_timerid`.
    pub(crate) sender: Id,
    /// `si_addr`, `si_value`, or `si_status`.
    pub(crate) value: u64,
}

/// The interval timer of `setitimer` and `alarm`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct IntervalTimer {
    /// When it runs out, in nanoseconds of the monotonic clock.
    pub(crate) at: Option<u64>,
    pub(crate) interval: u64,
}

/// A timer of `timer_create`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct PosixTimer {
    pub(crate) clock: u64,
    pub(crate) signal: Option<u8>,
    pub(crate) thread: Option<Id>,
    pub(crate) value: u64,
    pub(crate) timer: IntervalTimer,
    pub(crate) overrun: u64,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitStatus {
    /// With this code.
    Code(u8),
    /// By this signal, by its generic number.
    Signal(u8),
}

impl ExitStatus {
    /// As `wait` tells it.
    pub(crate) const fn encoded(self) -> u32 {
        match self {
            Self::Code(code) => (code as u32) << 8,
            Self::Signal(signal) => signal as u32,
        }
    }

    /// What a shell makes of it: the code, or 128 and the signal.
    #[must_use]
    pub const fn shell_code(self) -> u8 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 | signal,
        }
    }
}

/// A process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) id: Id,
    pub(crate) parent: Id,
    pub(crate) group: Id,
    pub(crate) session: Id,
    pub(crate) platform: Platform,
    /// That of the platform.
    #[serde(skip, default = "no_abi")]
    pub(crate) abi: Arc<Abi>,
    pub(crate) space: SpaceId,
    #[serde(with = "pairs")]
    pub(crate) descriptors: BTreeMap<i32, Descriptor>,
    pub(crate) folder: InodeId,
    pub(crate) root: InodeId,
    pub(crate) umask: u32,
    #[serde(with = "array")]
    pub(crate) actions: [Action; 65],
    pub(crate) pending: Vec<SignalInfo>,
    pub(crate) real_timer: IntervalTimer,
    /// `ITIMER_VIRTUAL` and `ITIMER_PROF`: in the time that the process has run.
    #[serde(default)]
    pub(crate) own_timers: [IntervalTimer; 2],
    #[serde(with = "pairs")]
    pub(crate) timers: BTreeMap<i32, PosixTimer>,
    /// Its end, until its parent has heard of it.
    pub(crate) ended: Option<ExitStatus>,
    /// Stopped by a signal, and whether the parent has heard of it.
    pub(crate) stopped: Option<(u8, bool)>,
    pub(crate) continued: bool,
    /// The signal that tells the parent of the end.
    pub(crate) exit_signal: u8,
    /// The thread that waits until this process is on its own.
    pub(crate) vfork_waiter: Option<Id>,
    pub(crate) executable: Vec<u8>,
    pub(crate) arguments: Vec<Vec<u8>>,
    pub(crate) environment: Vec<Vec<u8>>,
    pub(crate) auxiliary: Vec<u8>,
    /// Soft and hard, by generic numbers.
    pub(crate) limits: [(u64, u64); 16],
    /// The page with the code that returns from signal handlers.
    pub(crate) signal_return: u64,
    /// `e_flags` of the program.
    pub(crate) elf_flags: u32,
    pub(crate) dumpable: u64,
    pub(crate) subreaper: bool,
    /// The instructions that its ended threads have executed.
    pub(crate) instructions: u64,
    pub(crate) children_instructions: u64,
    pub(crate) credentials: Credentials,
}

/// Before a process that was loaded has its own.
fn no_abi() -> Arc<Abi> {
    Arc::new(Abi::bare(Platform::RISCV64))
}

/// Who a process is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credentials {
    /// Real, effective, saved, and that of the file system.
    pub(crate) user: [u32; 4],
    pub(crate) group: [u32; 4],
    pub(crate) groups: Vec<u32>,
}

/// A stack for signal handlers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AlternateStack {
    pub(crate) base: u64,
    pub(crate) size: u64,
    pub(crate) flags: u64,
}

/// What the processor has.
pub(crate) type Registers = Vec<(RegisterId, RegisterValue)>;

/// A system call that is being made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PendingCall {
    pub(crate) number: u64,
    /// Where the instruction is: it is executed again after a signal handler
    /// that says so.
    pub(crate) address: u64,
    /// Until when it waits at most, in nanoseconds of the monotonic clock.
    pub(crate) deadline: Option<u64>,
    /// What another thread has told this one while it waits.
    pub(crate) woken: bool,
    /// The futex that it waits at: space or file, and address.
    pub(crate) futex: Option<(FutexKey, u32)>,
    /// What it opened already, while it waits for the other side (fifo(7)).
    pub(crate) opened: Option<u64>,
    /// Bytes that were transferred before it had to wait.
    pub(crate) done: u64,
    /// What it waits for of IPC.
    #[serde(default)]
    pub(crate) ipc: Option<super::ipc::Wait>,
    /// The state of the kernel when it was last tried.
    pub(crate) tried_at: u64,
    /// The arguments, as they were at first.
    pub(crate) arguments: Option<[u64; 8]>,
}

/// What a futex is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum FutexKey {
    Private(SpaceId, u64),
    Shared(InodeId, u64),
}

/// What a thread is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    Ready,
    /// In a system call that waits.
    Waiting,
    /// Until a process made by `vfork` is on its own.
    Vforked,
}

/// The state of the processor that a signal handler interrupted, apart from
/// what its frame in the guest holds.
#[derive(Debug, Clone)]
pub(crate) struct SavedFrame {
    pub(crate) address: u64,
    pub(crate) registers: Registers,
}

/// A thread.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Thread {
    pub(crate) id: Id,
    pub(crate) process: Id,
    /// In files by their names.
    #[serde(skip)]
    pub(crate) registers: Registers,
    pub(crate) state: State,
    pub(crate) call: Option<PendingCall>,
    pub(crate) mask: u64,
    /// The mask to go back to after a call that had its own.
    pub(crate) old_mask: Option<u64>,
    pub(crate) pending: Vec<SignalInfo>,
    pub(crate) alternate: AlternateStack,
    #[serde(skip)]
    pub(crate) frames: Vec<SavedFrame>,
    pub(crate) clear_child_tid: u64,
    pub(crate) robust_list: u64,
    pub(crate) name: Vec<u8>,
    /// The thread pointer, where only the kernel has it.
    pub(crate) thread_pointer: u64,
    pub(crate) instructions: u64,
}

impl Thread {
    pub(crate) fn new(id: Id, process: Id, name: Vec<u8>) -> Self {
        Self {
            id,
            process,
            registers: Vec::new(),
            state: State::Ready,
            call: None,
            mask: 0,
            old_mask: None,
            pending: Vec::new(),
            alternate: AlternateStack { flags: super::abi::generic::SS_DISABLE, ..AlternateStack::default() },
            frames: Vec::new(),
            clear_child_tid: 0,
            robust_list: 0,
            name,
            thread_pointer: 0,
            instructions: 0,
        }
    }
}
