//! [`State`]: what the models of one machine remember between calls.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use terrella_platforms::{CallingConvention, Platform};

use super::{
    item::Link,
    nested::Frame,
    processes::{AtFork, Image, Processes},
    stdio::Stream,
    threads::Threads,
    types::{DataModel, Flavour},
};
use crate::{
    files::FileSystem,
    linux::{Input, Output, Streams, TraceOutput, abi::Abi, kernel::Kernel},
};

/// How far the clock goes on with each call of a model, in nanoseconds.
const CALL_TIME: u64 = 1000;

/// Addresses of what the library keeps in guest memory.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Layout {
    /// `errno`.
    pub(crate) errno: u64,
    /// `h_errno`.
    pub(crate) host_errno: u64,
    /// The three `FILE` objects.
    pub(crate) files: [u64; 3],
    /// The variable `environ`.
    pub(crate) environ: u64,
    /// Where a function of the guest's returns to that a model called.
    pub(crate) resume: u64,
    /// Whether pointers to functions are to descriptors.
    #[serde(default)]
    pub(crate) descriptors: bool,
    /// Other variables that models read or write: name and address.
    pub(crate) variables: BTreeMap<String, u64>,
    /// What is free of the library's own memory: the next address, and the end.
    pub(crate) free: (u64, u64),
    /// Free stubs: the next one, and the end.
    pub(crate) stubs: (u64, u64),
    /// Functions that have a stub already.
    pub(crate) functions: BTreeMap<String, u64>,
}

/// A function to be called at the end.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct AtExit {
    pub(crate) function: u64,
    /// Of `__cxa_atexit` and `on_exit`.
    pub(crate) argument: Option<u64>,
    /// `on_exit` gets the status first.
    pub(crate) gets_status: bool,
    /// The object that it belongs to (`__dso_handle`).
    pub(crate) owner: u64,
    pub(crate) quick: bool,
}

/// What the models of one machine remember.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) platform: Platform,
    pub(crate) flavour: Flavour,
    pub(crate) model: DataModel,
    pub(crate) abi: Arc<Abi>,
    pub(crate) kernel: Kernel,
    pub(crate) layout: Layout,
    /// The name of the heap item.
    pub(crate) heap: String,
    /// Open streams, by the addresses of their objects.
    pub(crate) streams: BTreeMap<u64, Stream>,
    /// Rooms that functions keep: address and size.
    pub(crate) rooms: BTreeMap<String, (u64, u64)>,
    pub(crate) at_exit: Vec<AtExit>,
    /// Functions of the executable that are called before `main`, and at the
    /// end.
    pub(crate) constructors: Vec<u64>,
    pub(crate) destructors: Vec<u64>,
    /// Calls into the guest that have not come back.
    pub(crate) frames: Vec<Frame>,
    pub(crate) threads: Threads,
    /// The processes that do not run.
    pub(crate) processes: Processes,
    /// What the program has mapped itself, of a machine that is in no emulator.
    pub(crate) mapped: Image,
    /// What is called around `fork`.
    pub(crate) at_fork: Vec<AtFork>,
    /// The status of `exit`.
    pub(crate) exit: Option<i32>,
    /// A signal that ended the program.
    pub(crate) ended_by: Option<u8>,
    /// The last numbers of `random`; none before the first.
    pub(crate) random_numbers: Vec<u32>,
    /// The state of `drand48`.
    pub(crate) random48: u64,
    /// Where `strtok` goes on.
    pub(crate) token: u64,
    /// Names, numbers and texts that other functions keep.
    pub(crate) numbers: BTreeMap<String, i64>,
    /// Signal handlers begin on the way out of a model.
    pub(crate) fenv: u32,
    /// Where each call of a model is written.
    pub(crate) trace: Option<TraceOutput>,
    /// What the program is called, and the text of it in guest memory.
    pub(crate) program: String,
    pub(crate) program_text: u64,
    /// The name of the state in an emulator.
    pub(crate) key: String,
    /// The calling convention of the program.
    pub(crate) convention: Option<&'static CallingConvention>,
    /// Functions that got a stub during the run.
    pub(crate) new_links: Vec<Link>,
}

impl State {
    pub(crate) fn new(
        platform: Platform,
        flavour: Flavour,
        files: FileSystem,
        seed: u64,
        input: &[u8],
    ) -> Self {
        let streams = Streams {
            input: Input::Bytes(input.iter().copied().collect()),
            output: Output::Own(Vec::new()),
            error: Output::Own(Vec::new()),
            terminal: [false; 3],
            back: std::collections::VecDeque::new(),
        };
        let (kernel, abi) = Kernel::alone(platform, files, streams, seed, crate::files::EPOCH);
        Self {
            platform,
            flavour,
            model: DataModel::of(platform, flavour),
            abi,
            kernel,
            layout: Layout::default(),
            heap: String::new(),
            streams: BTreeMap::new(),
            rooms: BTreeMap::new(),
            at_exit: Vec::new(),
            constructors: Vec::new(),
            destructors: Vec::new(),
            frames: Vec::new(),
            threads: Threads::default(),
            processes: Processes::default(),
            at_fork: Vec::new(),
            mapped: Image::default(),
            exit: None,
            ended_by: None,
            random_numbers: Vec::new(),
            random48: 0x1234_abcd_330e,
            token: 0,
            numbers: BTreeMap::new(),
            fenv: 0,
            trace: None,
            program: String::new(),
            program_text: 0,
            key: String::new(),
            convention: None,
            new_links: Vec::new(),
        }
    }

    /// Whether the locale has UTF-8 (`uselocale`, `setlocale`).
    pub(crate) fn is_utf8(&self) -> bool {
        let own = self.numbers.get("utf-8 in use").or_else(|| self.numbers.get("utf-8"));
        own.is_some_and(|it| *it != 0)
    }

    /// A call of a model takes time.
    pub(crate) fn tick(&mut self) {
        self.kernel.clock.instructions = self.kernel.clock.instructions.saturating_add(CALL_TIME);
        if let Some(thread) = self.kernel.threads.get_mut(&self.kernel.running) {
            thread.instructions = thread.instructions.saturating_add(CALL_TIME);
        }
    }
}
