//! [`Block`]: translated code.

use std::cell::Cell;

use terrella_sleigh::{Context, OpCode};

use crate::{op::Op, userops::Handler, x86::NativeOp};

/// A value in the register file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) at: u16,
    /// In bytes.
    pub(crate) size: u16,
}

/// An operation that the interpreter has no short form for.
#[derive(Debug, Clone)]
pub(crate) struct WideOp {
    pub(crate) code: OpCode,
    /// The space of a load or store.
    pub(crate) space: u16,
    pub(crate) out: Option<Place>,
    pub(crate) inputs: [Place; 3],
    pub(crate) input_count: u8,
}

/// A user operation.
#[derive(Clone)]
pub(crate) struct UserOp {
    /// The number in the language.
    pub(crate) number: u32,
    pub(crate) handler: Option<Handler>,
    pub(crate) out: Option<Place>,
    pub(crate) inputs: Vec<Place>,
}

/// Where a block is left for a known address.
#[derive(Debug)]
pub(crate) struct Leave {
    pub(crate) target: u64,
    /// The context there.
    pub(crate) context: Context,
    /// How many instructions have executed by then.
    pub(crate) count: u32,
    /// The block there, if it was looked up before, with the cache's
    /// generation.
    pub(crate) link: Cell<(u32, u32)>,
}

/// One instruction of a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instruction {
    pub(crate) address: u64,
    pub(crate) length: u8,
    /// It is in the delay slot of the one before.
    pub(crate) in_slot: bool,
    /// Its first operation.
    pub(crate) first: u32,
    /// The context that it was decoded in.
    pub(crate) context: Context,
    /// The context of the instruction behind it.
    pub(crate) next_context: Context,
    /// What must be put back if it faults, in [`Block::saved`].
    pub(crate) saved: (u32, u32),
}

/// Why nothing of a block can be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It can.
    Open,
    ExitPoint,
    OutOfBounds,
    /// The bytes at this address cannot be fetched.
    NoFetch(u64),
    /// The bytes are no instruction.
    Invalid,
    /// The program counter is not aligned.
    Unaligned,
    /// The specification has no semantics for the instruction.
    Unimplemented,
}

/// Translated code: instructions that execute one after the other.
pub(crate) struct Block {
    pub(crate) start: u64,
    pub(crate) context: Context,
    pub(crate) entry: Entry,
    /// Registers are as they should be between any two instructions.
    pub(crate) exact: bool,
    pub(crate) ops: Vec<Op>,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) wide: Vec<WideOp>,
    pub(crate) user: Vec<UserOp>,
    pub(crate) native: Vec<NativeOp>,
    pub(crate) leaves: Vec<Leave>,
    pub(crate) saved: Vec<Place>,
    /// The exit-after point that it ends behind.
    pub(crate) exit_after: Option<u64>,
    /// The address after the last instruction.
    pub(crate) end: u64,
    /// The address after all that its code depends on: that of an instruction
    /// that may be skipped, for its length, comes after `end`.
    pub(crate) seen_end: u64,
    /// Whether it ends with a transfer of control, so that the next one is a
    /// new basic block.
    pub(crate) ends_basic_block: bool,
    /// The size of the basic block that begins here, for block hooks.
    pub(crate) basic_block_size: u64,
}

impl Block {
    /// The instruction that an operation belongs to.
    pub(crate) fn instruction_of(&self, op: usize) -> usize {
        self.instructions.partition_point(|it| it.first as usize <= op).saturating_sub(1)
    }
}
