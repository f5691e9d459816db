//! What a run keeps, from its beginning to its end.

use std::{rc::Rc, time::Instant};

use terrella_emulator_api::{Limits, PanicPayload, Result, Stop};
use terrella_sleigh::Context;

use crate::block::Block;

/// What a run keeps.
#[derive(Default)]
pub(crate) struct RunState {
    /// Whether a run is under way.
    pub(crate) is_running: bool,
    /// The instruction whose callback is under way.
    pub(crate) callback_pc: Option<u64>,
    pub(crate) panic: Option<PanicPayload>,
    pub(crate) stop_requested: bool,
    /// What a callback set the program counter to.
    pub(crate) new_pc: Option<u64>,
    /// The instruction whose hooks have been called before it.
    pub(crate) skip_at: Option<u64>,
    /// The block whose hook has been called before it.
    pub(crate) skip_block_at: Option<u64>,
    /// Going on at this address is no entry of a basic block.
    pub(crate) mid_block: Option<u64>,
    /// Where the last run ended: the part of the context that does not flow
    /// belongs there.
    pub(crate) conditions_at: Option<u64>,
    /// What a callback made of the context.
    pub(crate) new_context: Option<Context>,
    /// A delay slot that faulted, to be taken up again.
    pub(crate) in_slot: Option<Slot>,
    pub(crate) count: u64,
    /// The instructions of the block under way that had executed when it was
    /// entered.
    pub(crate) entered_at: u32,
    /// The code that a store of the instruction under way wrote over.
    pub(crate) overwritten: Vec<(u64, Vec<u8>)>,
    /// Nothing is to be done between blocks.
    pub(crate) is_plain: bool,
    pub(crate) deadline: Option<Instant>,
    pub(crate) ticks: u32,
    pub(crate) limit: u64,
    /// Ends after one basic block.
    pub(crate) one_block: bool,
    pub(crate) blocks: u64,
}

/// An instruction in a delay slot that faulted.
#[derive(Clone)]
pub(crate) struct Slot {
    pub(crate) block: Rc<Block>,
    pub(crate) instruction: usize,
}

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Run(Limits),
    /// One basic block.
    Block,
}

/// What comes after an event.
pub(crate) enum Next {
    GoOn,
    Ended(Result<Stop>),
}
