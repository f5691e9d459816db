//! The interpreter.

use std::rc::Rc;

use terrella_emulator_api::{Access, MemoryCause};

use crate::{
    block::{Block, Entry, Leave},
    emulator::NativeEmulator,
    halt::Halt,
    op::{Code, Op},
    run::EXACT_BELOW,
};

/// How the execution of blocks ended, in the last one of them.
pub(crate) enum Done {
    /// By the way out of this number, whose instructions are counted.
    Leave(usize),
    /// To an address that was computed; the instructions are counted.
    Indirect(u64),
    /// At the operation that it was to end before.
    Limit,
    /// At an operation.
    Halted(usize, Halt),
}

macro_rules! width {
    (u8) => {
        1
    };
    (u16) => {
        2
    };
    (u32) => {
        4
    };
    (u64) => {
        8
    };
}

macro_rules! binary {
    ($self:ident, $op:ident, $type:ident, $function:expr) => {{
        let a = $type::from_le_bytes($self.file.get::<{ width!($type) }>($op.a));
        let b = $type::from_le_bytes($self.file.get::<{ width!($type) }>($op.b));
        let result: $type = $function(a, b);
        $self.file.put::<{ width!($type) }>($op.out, result.to_le_bytes());
    }};
}

macro_rules! unary {
    ($self:ident, $op:ident, $type:ident, $function:expr) => {{
        let a = $type::from_le_bytes($self.file.get::<{ width!($type) }>($op.a));
        let result: $type = $function(a);
        $self.file.put::<{ width!($type) }>($op.out, result.to_le_bytes());
    }};
}

macro_rules! compare {
    ($self:ident, $op:ident, $type:ident, $as:ident, $function:expr) => {{
        let a = $type::from_le_bytes($self.file.get::<{ width!($type) }>($op.a)) as $as;
        let b = $type::from_le_bytes($self.file.get::<{ width!($type) }>($op.b)) as $as;
        let result: bool = $function(a, b);
        $self.file.put::<1>($op.out, [u8::from(result)]);
    }};
}

macro_rules! extend {
    ($self:ident, $op:ident, $from:ident, $as:ident, $to:ident, $wide:ident) => {{
        let a = $from::from_le_bytes($self.file.get::<{ width!($from) }>($op.a)) as $as;
        let result = $wide::from(a) as $to;
        $self.file.put::<{ width!($to) }>($op.out, result.to_le_bytes());
    }};
}

macro_rules! count {
    ($self:ident, $op:ident, $type:ident) => {{
        let a = $type::from_le_bytes($self.file.get::<{ width!($type) }>($op.a));
        $self.file.put::<1>($op.out, [a.count_ones() as u8]);
    }};
}

/// An operation on four bytes with zeros written above the result.
macro_rules! extended {
    ($self:ident, $op:ident, $function:expr) => {{
        let a = u32::from_le_bytes($self.file.get::<4>($op.a));
        let b = u32::from_le_bytes($self.file.get::<4>($op.b));
        let result: u32 = $function(a, b);
        $self.file.put::<8>($op.out, u64::from(result).to_le_bytes());
    }};
}

macro_rules! extended_shift {
    ($self:ident, $op:ident, $function:expr) => {{
        let a = u32::from_le_bytes($self.file.get::<4>($op.a));
        let amount = $self.amount($op);
        let result: u32 = $function(a, amount);
        $self.file.put::<8>($op.out, u64::from(result).to_le_bytes());
    }};
}

macro_rules! shift {
    ($self:ident, $op:ident, $type:ident, $function:expr) => {{
        let a = $type::from_le_bytes($self.file.get::<{ width!($type) }>($op.a));
        let amount = $self.amount($op);
        let result: $type = $function(a, amount);
        $self.file.put::<{ width!($type) }>($op.out, result.to_le_bytes());
    }};
}

/// Whether `address` is a multiple of `size`, which is a power of two.
#[inline(always)]
const fn is_aligned(address: u64, size: u64) -> bool {
    address & (size - 1) == 0
}

macro_rules! load {
    ($self:ident, $op:ident, $index:ident, $block:ident, $size:literal) => {{
        let address = $self.pointer($op);
        let is_aligned = is_aligned(address & $self.alignment_mask, $size);
        match if is_aligned { $self.memory.read_fast::<$size>(address) } else { None } {
            Some(mut bytes) => {
                if $self.data_big_endian {
                    bytes.reverse();
                }
                $self.file.put::<$size>($op.out, bytes);
            }
            None => {
                let mut bytes = [0; $size];
                if let Err(halt) = $self.load($block, $index, address, &mut bytes) {
                    return Done::Halted($index, halt);
                }
                if $self.data_big_endian {
                    bytes.reverse();
                }
                $self.file.put::<$size>($op.out, bytes);
                if $self.stale {
                    return Done::Halted($index, Halt::Reenter);
                }
            }
        }
    }};
}

macro_rules! store {
    ($self:ident, $op:ident, $index:ident, $block:ident, $size:literal) => {{
        let address = $self.pointer($op);
        let mut bytes = $self.file.get::<$size>($op.out);
        if $self.data_big_endian {
            bytes.reverse();
        }
        let is_aligned = is_aligned(address & $self.alignment_mask, $size);
        if !is_aligned || !$self.memory.write_fast::<$size>(address, bytes) {
            if let Err(halt) = $self.store($block, $index, address, &bytes) {
                return Done::Halted($index, halt);
            }
            if $self.stale {
                return Done::Halted($index, Halt::Reenter);
            }
        }
    }};
}

/// How often a repeated instruction goes round before the clock is looked at.
const ROUNDS: u32 = 1 << 16;

impl NativeEmulator {
    /// The address that an access goes to.
    #[inline(always)]
    fn pointer(&self, op: Op) -> u64 {
        let address = if op.size == 8 {
            u64::from_le_bytes(self.file.get::<8>(op.a))
        } else {
            u64::from(u32::from_le_bytes(self.file.get::<4>(op.a)))
        };
        address & self.address_mask
    }

    /// The amount of a shift; of those that shift everything out, 255.
    #[inline(always)]
    fn amount(&self, op: Op) -> u32 {
        let amount = match op.size {
            0 => u64::from(self.file.get::<1>(op.b)[0]),
            1 => u64::from(u16::from_le_bytes(self.file.get::<2>(op.b))),
            2 => u64::from(u32::from_le_bytes(self.file.get::<4>(op.b))),
            _ => u64::from_le_bytes(self.file.get::<8>(op.b)),
        };
        amount.min(255) as u32
    }

    /// Executes a block from an operation on, before which `before`
    /// instructions of it had executed; with `LIMITED`, up to `end`, and
    /// without it, also those that follow, as far as they are known. The last
    /// block, and how it ended.
    pub(crate) fn interpret<const LIMITED: bool>(
        &mut self,
        mut block: Rc<Block>,
        mut at: usize,
        end: usize,
        mut before: u32,
    ) -> (Rc<Block>, Done) {
        self.run.entered_at = before;
        loop {
            match self.interpret_block::<LIMITED>(&block, at, end) {
                Done::Leave(number) => {
                    let leave = &block.leaves[number];
                    self.run.count += u64::from(leave.count - before.min(leave.count));
                    match self.follow(&block, leave) {
                        Some(next) if !LIMITED => {
                            self.run.mid_block = None;
                            block = next;
                        }
                        _ => return (block, Done::Leave(number)),
                    }
                    (at, before) = (0, 0);
                    self.run.entered_at = 0;
                }
                Done::Indirect(target) => {
                    let count = block.leaves.last().map_or(0, |leave| leave.count);
                    self.run.count += u64::from(count - before.min(count));
                    return (block, Done::Indirect(target));
                }
                Done::Halted(op, halt) => {
                    let index = block.instruction_of(op) as u32;
                    self.run.count += u64::from(index - before.min(index));
                    return (block, Done::Halted(op, halt));
                }
                Done::Limit => return (block, Done::Limit),
            }
        }
    }

    /// The block that follows, if nothing is to be done before it.
    #[inline]
    fn follow(&self, block: &Block, leave: &Leave) -> Option<Rc<Block>> {
        let (number, generation) = leave.link.get();
        if generation != self.cache.generation()
            || !self.run.is_plain
            || block.exit_after.is_some()
            || self.stale
        {
            return None;
        }
        let next = self.cache.block(number)?;
        let goes_on = next.entry == Entry::Open
            && self.run.count + EXACT_BELOW <= self.run.limit
            && block.ends_basic_block;
        goes_on.then(|| Rc::clone(next))
    }

    fn interpret_block<const LIMITED: bool>(&mut self, block: &Block, mut at: usize, end: usize) -> Done {
        let ops = block.ops.as_slice();
        let mut rounds = 0;
        loop {
            if LIMITED && at == end {
                return Done::Limit;
            }
            let index = at;
            let op = ops[index];
            at += 1;
            match op.code {
                Code::Copy1 => unary!(self, op, u8, |a| a),
                Code::Copy2 => unary!(self, op, u16, |a| a),
                Code::Copy4 => unary!(self, op, u32, |a| a),
                Code::Copy8 => unary!(self, op, u64, |a| a),
                Code::Add1 => binary!(self, op, u8, |a: u8, b: u8| a.wrapping_add(b)),
                Code::Add2 => binary!(self, op, u16, |a: u16, b: u16| a.wrapping_add(b)),
                Code::Add4 => binary!(self, op, u32, |a: u32, b: u32| a.wrapping_add(b)),
                Code::Add8 => binary!(self, op, u64, |a: u64, b: u64| a.wrapping_add(b)),
                Code::Sub1 => binary!(self, op, u8, |a: u8, b: u8| a.wrapping_sub(b)),
                Code::Sub2 => binary!(self, op, u16, |a: u16, b: u16| a.wrapping_sub(b)),
                Code::Sub4 => binary!(self, op, u32, |a: u32, b: u32| a.wrapping_sub(b)),
                Code::Sub8 => binary!(self, op, u64, |a: u64, b: u64| a.wrapping_sub(b)),
                Code::And1 => binary!(self, op, u8, |a: u8, b: u8| a & b),
                Code::And2 => binary!(self, op, u16, |a: u16, b: u16| a & b),
                Code::And4 => binary!(self, op, u32, |a: u32, b: u32| a & b),
                Code::And8 => binary!(self, op, u64, |a: u64, b: u64| a & b),
                Code::Or1 => binary!(self, op, u8, |a: u8, b: u8| a | b),
                Code::Or2 => binary!(self, op, u16, |a: u16, b: u16| a | b),
                Code::Or4 => binary!(self, op, u32, |a: u32, b: u32| a | b),
                Code::Or8 => binary!(self, op, u64, |a: u64, b: u64| a | b),
                Code::Xor1 => binary!(self, op, u8, |a: u8, b: u8| a ^ b),
                Code::Xor2 => binary!(self, op, u16, |a: u16, b: u16| a ^ b),
                Code::Xor4 => binary!(self, op, u32, |a: u32, b: u32| a ^ b),
                Code::Xor8 => binary!(self, op, u64, |a: u64, b: u64| a ^ b),
                Code::Mult1 => binary!(self, op, u8, |a: u8, b: u8| a.wrapping_mul(b)),
                Code::Mult2 => binary!(self, op, u16, |a: u16, b: u16| a.wrapping_mul(b)),
                Code::Mult4 => binary!(self, op, u32, |a: u32, b: u32| a.wrapping_mul(b)),
                Code::Mult8 => binary!(self, op, u64, |a: u64, b: u64| a.wrapping_mul(b)),
                Code::Neg1 => unary!(self, op, u8, |a: u8| a.wrapping_neg()),
                Code::Neg2 => unary!(self, op, u16, |a: u16| a.wrapping_neg()),
                Code::Neg4 => unary!(self, op, u32, |a: u32| a.wrapping_neg()),
                Code::Neg8 => unary!(self, op, u64, |a: u64| a.wrapping_neg()),
                Code::Not1 => unary!(self, op, u8, |a: u8| !a),
                Code::Not2 => unary!(self, op, u16, |a: u16| !a),
                Code::Not4 => unary!(self, op, u32, |a: u32| !a),
                Code::Not8 => unary!(self, op, u64, |a: u64| !a),
                Code::Left1 => shift!(self, op, u8, |a: u8, n| a.checked_shl(n).unwrap_or(0)),
                Code::Left2 => shift!(self, op, u16, |a: u16, n| a.checked_shl(n).unwrap_or(0)),
                Code::Left4 => shift!(self, op, u32, |a: u32, n| a.checked_shl(n).unwrap_or(0)),
                Code::Left8 => shift!(self, op, u64, |a: u64, n| a.checked_shl(n).unwrap_or(0)),
                Code::Right1 => shift!(self, op, u8, |a: u8, n| a.checked_shr(n).unwrap_or(0)),
                Code::Right2 => shift!(self, op, u16, |a: u16, n| a.checked_shr(n).unwrap_or(0)),
                Code::Right4 => shift!(self, op, u32, |a: u32, n| a.checked_shr(n).unwrap_or(0)),
                Code::Right8 => shift!(self, op, u64, |a: u64, n| a.checked_shr(n).unwrap_or(0)),
                Code::SRight1 => shift!(self, op, u8, |a: u8, n: u32| (a as i8 >> n.min(u8::BITS - 1)) as u8),
                Code::SRight2 => {
                    shift!(self, op, u16, |a: u16, n: u32| (a as i16 >> n.min(u16::BITS - 1)) as u16)
                }
                Code::SRight4 => {
                    shift!(self, op, u32, |a: u32, n: u32| (a as i32 >> n.min(u32::BITS - 1)) as u32)
                }
                Code::SRight8 => {
                    shift!(self, op, u64, |a: u64, n: u32| (a as i64 >> n.min(u64::BITS - 1)) as u64)
                }
                Code::Equal1 => compare!(self, op, u8, u8, |a, b| a == b),
                Code::Equal2 => compare!(self, op, u16, u16, |a, b| a == b),
                Code::Equal4 => compare!(self, op, u32, u32, |a, b| a == b),
                Code::Equal8 => compare!(self, op, u64, u64, |a, b| a == b),
                Code::NotEqual1 => compare!(self, op, u8, u8, |a, b| a != b),
                Code::NotEqual2 => compare!(self, op, u16, u16, |a, b| a != b),
                Code::NotEqual4 => compare!(self, op, u32, u32, |a, b| a != b),
                Code::NotEqual8 => compare!(self, op, u64, u64, |a, b| a != b),
                Code::Less1 => compare!(self, op, u8, u8, |a, b| a < b),
                Code::Less2 => compare!(self, op, u16, u16, |a, b| a < b),
                Code::Less4 => compare!(self, op, u32, u32, |a, b| a < b),
                Code::Less8 => compare!(self, op, u64, u64, |a, b| a < b),
                Code::LessEqual1 => compare!(self, op, u8, u8, |a, b| a <= b),
                Code::LessEqual2 => compare!(self, op, u16, u16, |a, b| a <= b),
                Code::LessEqual4 => compare!(self, op, u32, u32, |a, b| a <= b),
                Code::LessEqual8 => compare!(self, op, u64, u64, |a, b| a <= b),
                Code::SLess1 => compare!(self, op, u8, i8, |a, b| a < b),
                Code::SLess2 => compare!(self, op, u16, i16, |a, b| a < b),
                Code::SLess4 => compare!(self, op, u32, i32, |a, b| a < b),
                Code::SLess8 => compare!(self, op, u64, i64, |a, b| a < b),
                Code::SLessEqual1 => compare!(self, op, u8, i8, |a, b| a <= b),
                Code::SLessEqual2 => compare!(self, op, u16, i16, |a, b| a <= b),
                Code::SLessEqual4 => compare!(self, op, u32, i32, |a, b| a <= b),
                Code::SLessEqual8 => compare!(self, op, u64, i64, |a, b| a <= b),
                Code::Carry1 => compare!(self, op, u8, u8, |a: u8, b| a.checked_add(b).is_none()),
                Code::Carry2 => compare!(self, op, u16, u16, |a: u16, b| a.checked_add(b).is_none()),
                Code::Carry4 => compare!(self, op, u32, u32, |a: u32, b| a.checked_add(b).is_none()),
                Code::Carry8 => compare!(self, op, u64, u64, |a: u64, b| a.checked_add(b).is_none()),
                Code::SCarry1 => compare!(self, op, u8, i8, |a: i8, b| a.checked_add(b).is_none()),
                Code::SCarry2 => compare!(self, op, u16, i16, |a: i16, b| a.checked_add(b).is_none()),
                Code::SCarry4 => compare!(self, op, u32, i32, |a: i32, b| a.checked_add(b).is_none()),
                Code::SCarry8 => compare!(self, op, u64, i64, |a: i64, b| a.checked_add(b).is_none()),
                Code::SBorrow1 => compare!(self, op, u8, i8, |a: i8, b| a.checked_sub(b).is_none()),
                Code::SBorrow2 => compare!(self, op, u16, i16, |a: i16, b| a.checked_sub(b).is_none()),
                Code::SBorrow4 => compare!(self, op, u32, i32, |a: i32, b| a.checked_sub(b).is_none()),
                Code::SBorrow8 => compare!(self, op, u64, i64, |a: i64, b| a.checked_sub(b).is_none()),
                Code::ZExt1To2 => extend!(self, op, u8, u8, u16, u64),
                Code::SExt1To2 => extend!(self, op, u8, i8, u16, i64),
                Code::ZExt1To4 => extend!(self, op, u8, u8, u32, u64),
                Code::SExt1To4 => extend!(self, op, u8, i8, u32, i64),
                Code::ZExt1To8 => extend!(self, op, u8, u8, u64, u64),
                Code::SExt1To8 => extend!(self, op, u8, i8, u64, i64),
                Code::ZExt2To4 => extend!(self, op, u16, u16, u32, u64),
                Code::SExt2To4 => extend!(self, op, u16, i16, u32, i64),
                Code::ZExt2To8 => extend!(self, op, u16, u16, u64, u64),
                Code::SExt2To8 => extend!(self, op, u16, i16, u64, i64),
                Code::ZExt4To8 => extend!(self, op, u32, u32, u64, u64),
                Code::SExt4To8 => extend!(self, op, u32, i32, u64, i64),
                Code::Load1 => load!(self, op, index, block, 1),
                Code::Store1 => store!(self, op, index, block, 1),
                Code::Load2 => load!(self, op, index, block, 2),
                Code::Store2 => store!(self, op, index, block, 2),
                Code::Load4 => load!(self, op, index, block, 4),
                Code::Store4 => store!(self, op, index, block, 4),
                Code::Load8 => load!(self, op, index, block, 8),
                Code::Store8 => store!(self, op, index, block, 8),
                Code::BoolNot => {
                    let value = self.file.get::<1>(op.a)[0] & 1 ^ 1;
                    self.file.put::<1>(op.out, [value]);
                }
                Code::BoolAnd => binary!(self, op, u8, |a, b| a & b & 1),
                Code::BoolOr => binary!(self, op, u8, |a, b| (a | b) & 1),
                Code::BoolXor => binary!(self, op, u8, |a, b| (a ^ b) & 1),
                Code::PopCount1 => count!(self, op, u8),
                Code::PopCount2 => count!(self, op, u16),
                Code::PopCount4 => count!(self, op, u32),
                Code::PopCount8 => count!(self, op, u64),
                Code::Parity => {
                    let even = self.file.get::<1>(op.a)[0].count_ones() & 1 == 0;
                    self.file.put::<1>(op.out, [u8::from(even)]);
                }
                Code::Copy4To8 => extended!(self, op, |a: u32, _| a),
                Code::Add4To8 => extended!(self, op, |a: u32, b| a.wrapping_add(b)),
                Code::Sub4To8 => extended!(self, op, |a: u32, b| a.wrapping_sub(b)),
                Code::And4To8 => extended!(self, op, |a: u32, b| a & b),
                Code::Or4To8 => extended!(self, op, |a: u32, b| a | b),
                Code::Xor4To8 => extended!(self, op, |a: u32, b| a ^ b),
                Code::Mult4To8 => extended!(self, op, |a: u32, b| a.wrapping_mul(b)),
                Code::Neg4To8 => extended!(self, op, |a: u32, _| a.wrapping_neg()),
                Code::Not4To8 => extended!(self, op, |a: u32, _| !a),
                Code::Left4To8 => extended_shift!(self, op, |a: u32, n| a.checked_shl(n).unwrap_or(0)),
                Code::Right4To8 => extended_shift!(self, op, |a: u32, n| a.checked_shr(n).unwrap_or(0)),
                Code::SRight4To8 => {
                    extended_shift!(self, op, |a: u32, n: u32| (a as i32 >> n.min(31)) as u32)
                }
                Code::Load4To8 => {
                    load!(self, op, index, block, 4);
                    self.file.put::<4>(op.out + 4, [0; 4]);
                }
                Code::Jump => at = op.number as usize,
                Code::JumpIf => {
                    if self.file.get::<1>(op.a)[0] != 0 {
                        at = op.number as usize;
                    }
                }
                Code::Restart | Code::RestartIf => {
                    if op.code == Code::Restart || self.file.get::<1>(op.a)[0] != 0 {
                        at = op.number as usize;
                        rounds += 1;
                        if rounds >= ROUNDS {
                            rounds = 0;
                            if let Some(halt) = self.interrupt_repeat() {
                                return Done::Halted(index, halt);
                            }
                        }
                    }
                }
                Code::Exit => return Done::Leave(op.number as usize),
                Code::ExitIf => {
                    if self.file.get::<1>(op.a)[0] != 0 {
                        return Done::Leave(op.number as usize);
                    }
                }
                Code::ExitIndirect => {
                    let target = self.file.integer(op.a.into(), op.size.into()) as u64;
                    return Done::Indirect(target);
                }
                Code::Wide => {
                    let wide = &block.wide[op.number as usize];
                    if let Err(halt) = self.wide(block, index, wide) {
                        return Done::Halted(index, halt);
                    }
                    if self.stale {
                        return Done::Halted(index, Halt::Reenter);
                    }
                }
                Code::User => {
                    let user = &block.user[op.number as usize];
                    if let Err(halt) = self.user_op(block, index, user) {
                        return Done::Halted(index, halt);
                    }
                    if self.stale {
                        return Done::Halted(index, Halt::Reenter);
                    }
                }
                Code::Aligned => {
                    let address = self.pointer(op);
                    let size = u64::from(op.number >> 1);
                    if !is_aligned(address, size) {
                        let access = if op.number & 1 == 0 { Access::Read } else { Access::Write };
                        let cause = MemoryCause::Unaligned;
                        return Done::Halted(index, Halt::Memory { access, cause, address, size });
                    }
                }
                Code::Native => {
                    let native = &block.native[op.number as usize];
                    if let Err(halt) = self.native(native) {
                        return Done::Halted(index, halt);
                    }
                    if self.stale {
                        return Done::Halted(index, Halt::Reenter);
                    }
                }
                Code::Save => self.save(block, op.number as usize),
                Code::InstructionHook => {
                    // What an earlier instruction saved is not to be put back.
                    self.saved_by = None;
                    if let Err(halt) = self.instruction_hooks(&block.instructions[op.number as usize]) {
                        return Done::Halted(index, halt);
                    }
                }
                Code::BlockHook => {
                    self.saved_by = None;
                    if let Err(halt) = self.block_hooks(block) {
                        return Done::Halted(index, halt);
                    }
                }
                Code::FunctionHook => {
                    self.context = block.context;
                    return Done::Halted(index, self.function_hook(block.start));
                }
            }
        }
    }

    /// Saves what an instruction writes before it may fault.
    fn save(&mut self, block: &Block, instruction: usize) {
        let (first, end) = block.instructions[instruction].saved;
        self.saved.clear();
        for place in &block.saved[first as usize..end as usize] {
            self.saved.extend_from_slice(self.file.slice(place.at.into(), place.size.into()));
        }
        self.saved_by = Some(instruction);
    }

    /// Puts back what the instruction wrote so far.
    pub(crate) fn put_back(&mut self, block: &Block, instruction: usize) {
        if self.saved_by.take() != Some(instruction) {
            return;
        }
        let (first, end) = block.instructions[instruction].saved;
        let mut rest = self.saved.as_slice();
        for place in &block.saved[first as usize..end as usize] {
            let size = usize::from(place.size);
            if let Some((bytes, more)) = rest.split_at_checked(size) {
                self.file.slice_mut(place.at.into(), size).copy_from_slice(bytes);
                rest = more;
            }
        }
    }

    fn load(&mut self, block: &Block, index: usize, address: u64, bytes: &mut [u8]) -> Result<(), Halt> {
        self.guest_read(block, index, address, bytes)?;
        if !self.memory.reads_watched.all {
            self.memory.translate_read(address);
        }
        Ok(())
    }

    fn store(&mut self, block: &Block, index: usize, address: u64, bytes: &[u8]) -> Result<(), Halt> {
        self.guest_write(block, index, address, bytes)?;
        if !self.memory.writes_watched.all {
            self.memory.translate_write(address);
        }
        Ok(())
    }

    /// A load, with everything that may happen at it.
    pub(crate) fn guest_read(
        &mut self,
        block: &Block,
        index: usize,
        address: u64,
        bytes: &mut [u8],
    ) -> Result<(), Halt> {
        let instruction = &block.instructions[block.instruction_of(index)];
        if !self.hooks.reads.is_empty() {
            self.context = instruction.context;
        }
        self.access_read(instruction.address, address, bytes)
    }

    /// A store, with everything that may happen at it.
    pub(crate) fn guest_write(
        &mut self,
        block: &Block,
        index: usize,
        address: u64,
        bytes: &[u8],
    ) -> Result<(), Halt> {
        let instruction = &block.instructions[block.instruction_of(index)];
        if !self.hooks.writes.is_empty() {
            self.context = instruction.context;
        }
        self.access_write(instruction.address, address, bytes)
    }
}
