//! Taking out what a block computes and nobody can see.
//!
//! Within an instruction, temporaries that only pass a value on are passed
//! over. From instruction to instruction, a register (mostly a flag) need not
//! be written if it is written again before anything may look: a load or a
//! store may fault and show all registers, as may a division, a hook, a user
//! operation and every way out of the block.
//!
//! Blocks that may end at any instruction (for limits and steps, and where
//! there are hooks) are not optimised across instructions.

use crate::{
    block::{Instruction, Place, WideOp},
    file::RegisterFile,
    layout::{CONSTANTS, REGISTERS_END, TEMPORARIES, TEMPORARIES_END},
    lower::Translation,
    op::{Code, Op},
};
use terrella_sleigh::OpCode;

/// The first code of each family that comes in four sizes, up to and with
/// shifts by amounts, comparisons, loads and stores: the order in `op.rs`.
const FAMILIES: u8 = 24;
const FIRST_SHIFT: u8 = 7;
const FIRST_UNARY: u8 = 10;
const FIRST_COMPARISON: u8 = 12;
const POP_COUNT: u8 = 21;
const LOAD: u8 = 22;
const STORE: u8 = 23;

/// What an operation reads and writes.
#[derive(Clone, Copy, Default)]
struct Shape {
    reads: [Option<Place>; 3],
    writes: Option<Place>,
    /// Registers may be looked at when it executes.
    is_barrier: bool,
    /// It must not be taken out whatever becomes of its result.
    is_needed: bool,
}

const fn place(at: u16, size: u8) -> Option<Place> {
    Some(Place { at, size: size as u16 })
}

fn shape(op: &Op, wide: &[WideOp]) -> Shape {
    let number = op.code as u8;
    if number < 4 * FAMILIES {
        let (family, size) = (number / 4, 1 << (number % 4));
        let none = Shape::default();
        return match family {
            LOAD => Shape {
                reads: [place(op.a, op.size), None, None],
                writes: place(op.out, size),
                is_barrier: true,
                is_needed: true,
            },
            STORE => Shape {
                reads: [place(op.a, op.size), place(op.out, size), None],
                writes: None,
                is_barrier: true,
                is_needed: true,
            },
            0 | FIRST_UNARY..FIRST_COMPARISON => {
                Shape { reads: [place(op.a, size), None, None], writes: place(op.out, size), ..none }
            }
            FIRST_SHIFT..FIRST_UNARY => Shape {
                reads: [place(op.a, size), place(op.b, 1 << op.size), None],
                writes: place(op.out, size),
                ..none
            },
            POP_COUNT => Shape { reads: [place(op.a, size), None, None], writes: place(op.out, 1), ..none },
            FIRST_COMPARISON..POP_COUNT => Shape {
                reads: [place(op.a, size), place(op.b, size), None],
                writes: place(op.out, 1),
                ..none
            },
            _ => Shape {
                reads: [place(op.a, size), place(op.b, size), None],
                writes: place(op.out, size),
                ..none
            },
        };
    }
    if let Some((from, to)) = crate::op::extension_sizes(op.code) {
        return Shape {
            reads: [place(op.a, from), None, None],
            writes: place(op.out, to),
            ..Shape::default()
        };
    }
    if let Some(narrow) = crate::op::narrow(op.code) {
        let narrow = shape(&Op { code: narrow, ..*op }, wide);
        return Shape { writes: place(op.out, 8), ..narrow };
    }
    let jump = Shape { reads: [place(op.a, 1), None, None], is_needed: true, ..Shape::default() };
    match op.code {
        Code::BoolNot | Code::Parity => {
            Shape { reads: [place(op.a, 1), None, None], writes: place(op.out, 1), ..Shape::default() }
        }
        Code::BoolAnd | Code::BoolOr | Code::BoolXor => Shape {
            reads: [place(op.a, 1), place(op.b, 1), None],
            writes: place(op.out, 1),
            ..Shape::default()
        },
        Code::JumpIf => jump,
        Code::Jump => Shape { reads: [None; 3], ..jump },
        Code::ExitIf | Code::RestartIf => Shape { is_barrier: true, ..jump },
        Code::ExitIndirect | Code::Aligned => {
            Shape { reads: [place(op.a, op.size), None, None], is_barrier: true, ..jump }
        }
        Code::Wide => match wide.get(op.number as usize) {
            Some(wide) => wide_shape(wide),
            None => Shape { is_barrier: true, ..jump },
        },
        // These may read and write any register, and no temporary but those
        // of user operations, which are dealt with by the caller.
        _ => Shape { reads: [None; 3], is_barrier: true, ..jump },
    }
}

fn wide_shape(wide: &WideOp) -> Shape {
    use OpCode::*;
    let mut reads = [None; 3];
    for (slot, input) in reads.iter_mut().zip(&wide.inputs[..usize::from(wide.input_count)]) {
        *slot = Some(*input);
    }
    let may_fault = matches!(wide.code, Load | Store | IntDiv | IntSDiv | IntRem | IntSRem)
        || wide.code as u8 >= FloatEqual as u8 && wide.code as u8 <= FloatRound as u8;
    Shape { reads, writes: wide.out, is_barrier: may_fault, is_needed: may_fault }
}

const fn overlap(a: Place, b: Place) -> bool {
    (a.at as u32) < b.at as u32 + b.size as u32 && (b.at as u32) < a.at as u32 + a.size as u32
}

const fn covers(outer: Place, inner: Place) -> bool {
    outer.at <= inner.at && inner.at as u32 + inner.size as u32 <= outer.at as u32 + outer.size as u32
}

const fn is_temporary(place: Place) -> bool {
    place.at as usize >= TEMPORARIES && (place.at as usize) < TEMPORARIES_END
}

/// All temporaries.
const ALL_TEMPORARIES: Place = Place { at: TEMPORARIES as u16, size: (TEMPORARIES_END - TEMPORARIES) as u16 };

/// What will be written before it is read.
#[derive(Clone, Default)]
struct Dead(Vec<Place>);

impl Dead {
    fn holds(&self, place: Place) -> bool {
        self.0.iter().any(|dead| covers(*dead, place))
    }

    fn read(&mut self, place: Place) {
        let mut index = 0;
        while index < self.0.len() {
            let dead = self.0[index];
            if !overlap(dead, place) {
                index += 1;
                continue;
            }
            self.0.swap_remove(index);
            // What is before and after it stays dead.
            let end = u32::from(place.at) + u32::from(place.size);
            let dead_end = u32::from(dead.at) + u32::from(dead.size);
            if dead.at < place.at {
                self.0.push(Place { at: dead.at, size: place.at - dead.at });
            }
            if dead_end > end {
                self.0.push(Place { at: end as u16, size: (dead_end - end) as u16 });
            }
        }
    }

    fn written(&mut self, place: Place) {
        if !self.holds(place) {
            self.0.retain(|dead| !covers(place, *dead));
            self.0.push(place);
        }
    }

    fn look_at_registers(&mut self) {
        self.0.retain(|dead| usize::from(dead.at) >= REGISTERS_END);
    }

    /// What is dead here and there.
    fn meet(&mut self, other: &Self) {
        let mut both = Vec::with_capacity(self.0.len());
        for one in &self.0 {
            for other in other.0.iter().filter(|other| overlap(*one, **other)) {
                let first = one.at.max(other.at);
                let end = (u32::from(one.at) + u32::from(one.size))
                    .min(u32::from(other.at) + u32::from(other.size));
                both.push(Place { at: first, size: (end - u32::from(first)) as u16 });
            }
        }
        self.0 = both;
    }
}

/// Optimises the code of a block; `across` instructions only if it is left at
/// its ends alone.
pub(crate) fn optimize(
    code: &mut Translation,
    instructions: &mut [Instruction],
    file: &RegisterFile,
    across: bool,
) {
    let targets = targets(code);
    join_parity(code, file, &targets);
    pass_copies_over(code, instructions, &targets);
    let mut removed = find_dead(code, instructions, &targets, across);
    join_extensions(code, &targets, &mut removed);
    if removed.iter().any(|removed| *removed) {
        compact(code, instructions, &removed);
    }
}

/// The operations that jumps go to.
fn targets(code: &Translation) -> Vec<bool> {
    let mut targets = vec![false; code.ops.len() + 1];
    for op in &code.ops {
        if matches!(op.code, Code::Jump | Code::JumpIf | Code::Restart | Code::RestartIf)
            && let Some(target) = targets.get_mut(op.number as usize)
        {
            *target = true;
        }
    }
    targets
}

/// The value of a constant of one byte.
fn constant(file: &RegisterFile, at: u16) -> Option<u8> {
    (usize::from(at) >= CONSTANTS).then(|| file.get::<1>(at)[0])
}

/// `(popcount(x & 0xff) & 1) == 0`, which x86 computes after most
/// instructions, as one operation. The others become dead.
fn join_parity(code: &mut Translation, file: &RegisterFile, targets: &[bool]) {
    for index in 3..code.ops.len() {
        let [mask, count, odd, even] = [0, 1, 2, 3].map(|step| code.ops[index - 3 + step]);
        let is_count =
            matches!(count.code, Code::PopCount1 | Code::PopCount2 | Code::PopCount4 | Code::PopCount8);
        let matches = even.code == Code::Equal1
            && odd.code == Code::And1
            && is_count
            && matches!(mask.code, Code::And1 | Code::And2 | Code::And4 | Code::And8)
            && (even.a, odd.a, count.a) == (odd.out, count.out, mask.out)
            && (constant(file, even.b), constant(file, odd.b)) == (Some(0), Some(1))
            && constant(file, mask.b) == Some(0xff)
            && (mask.code == Code::And1 || constant(file, mask.b + 1) == Some(0))
            && !targets[index - 2..=index].contains(&true);
        if matches {
            code.ops[index] = Op { code: Code::Parity, a: mask.a, ..even };
        }
    }
}

/// An operation on four bytes whose result is extended in place, as one.
fn join_extensions(code: &mut Translation, targets: &[bool], removed: &mut [bool]) {
    for index in 1..code.ops.len() {
        let extension = code.ops[index];
        if extension.code != Code::ZExt4To8 || extension.out != extension.a || removed[index] {
            continue;
        }
        let result = Place { at: extension.out, size: 4 };
        let above = Place { at: extension.out + 4, size: 4 };
        // The operation that makes the result, with nothing in between that
        // sees or changes what is above it.
        for before in (0..index).rev() {
            if targets[before + 1] {
                break;
            }
            if removed[before] {
                continue;
            }
            let op = code.ops[before];
            let shape = shape(&op, &code.wide);
            if shape.writes == Some(result) {
                if let Some((_, wide)) = crate::op::EXTENDED.iter().find(|(narrow, _)| *narrow == op.code) {
                    code.ops[before].code = *wide;
                    removed[index] = true;
                }
                break;
            }
            let touches = shape.reads.iter().chain([&shape.writes]).flatten().any(|it| overlap(*it, above));
            if touches || shape.is_barrier || shape.writes.is_some_and(|it| overlap(it, result)) {
                break;
            }
        }
    }
}

/// Reads what a temporary was copied from in place of it.
fn pass_copies_over(code: &mut Translation, instructions: &[Instruction], targets: &[bool]) {
    // Temporary and source.
    let mut copies: Vec<(Place, u16)> = Vec::new();
    let mut next_instruction = 0;
    for (index, is_target) in targets.iter().enumerate().take(code.ops.len()) {
        if instructions.get(next_instruction).is_some_and(|it| it.first as usize <= index) {
            next_instruction += 1;
            copies.clear();
        }
        if *is_target {
            copies.clear();
        }
        let before = shape(&code.ops[index], &code.wide);
        let op = &mut code.ops[index];
        let number = op.code as u8;
        let reads_short = number < 4 * FAMILIES
            || crate::op::extension_sizes(op.code).is_some()
            || matches!(op.code, Code::BoolNot | Code::BoolAnd | Code::BoolOr | Code::BoolXor | Code::Parity)
            || matches!(op.code, Code::JumpIf | Code::ExitIf);
        if reads_short && !copies.is_empty() {
            let source = |read: Option<Place>| {
                let read = read?;
                copies.iter().find(|(copy, _)| *copy == read).map(|(_, source)| *source)
            };
            let is_store = number / 4 == STORE && number < 4 * FAMILIES;
            if let Some(source) = source(before.reads[0]) {
                op.a = source;
            }
            if let Some(source) = source(before.reads[1]) {
                if is_store {
                    op.out = source;
                } else {
                    op.b = source;
                }
            }
        }
        if matches!(op.code, Code::User) {
            copies.clear();
            continue;
        }
        let Some(written) = before.writes else { continue };
        let op = code.ops[index];
        copies.retain(|(copy, source)| {
            let source = Place { at: *source, size: copy.size };
            !overlap(*copy, written) && !overlap(source, written)
        });
        if (op.code as u8) < 4
            && is_temporary(written)
            && !overlap(written, Place { at: op.a, size: written.size })
        {
            copies.push((written, op.a));
        }
    }
}

/// Which operations are taken out, and which write where the copy after them
/// would.
fn find_dead(
    code: &mut Translation,
    instructions: &[Instruction],
    targets: &[bool],
    across: bool,
) -> Vec<bool> {
    let count = code.ops.len();
    let mut removed = vec![false; count];
    let mut dead = Dead(vec![ALL_TEMPORARIES]);
    let mut at_target: Vec<Option<Dead>> = vec![None; count + 1];
    let mut instruction = instructions.len();
    // The copy that comes next, of a temporary that is dead after it.
    let mut copy: Option<(usize, Place, u16)> = None;
    for index in (0..count).rev() {
        let op = code.ops[index];
        let shape = shape(&op, &code.wide);
        match op.code {
            Code::Jump | Code::JumpIf => {
                match at_target.get(op.number as usize).and_then(Option::as_ref) {
                    Some(there) if op.code == Code::Jump => dead = there.clone(),
                    Some(there) => dead.meet(there),
                    // Backwards.
                    None => dead.0.clear(),
                }
            }
            Code::Restart | Code::RestartIf => dead.0.clear(),
            Code::Exit | Code::ExitIndirect => {
                dead = Dead(vec![ALL_TEMPORARIES]);
            }
            _ => {}
        }
        // Write where the copy would, and do without it.
        let mut writes = shape.writes;
        let mut is_needed = shape.is_needed;
        if let Some((copy_index, temporary, out)) = copy.take()
            && writes == Some(temporary)
            && !targets[copy_index]
            && op.code != Code::Wide
        {
            code.ops[index].out = out;
            removed[copy_index] = true;
            writes = Some(Place { at: out, size: temporary.size });
            // What the copy wrote was needed.
            is_needed = true;
            dead.written(temporary);
        }
        if let Some(write) = writes {
            if !is_needed && dead.holds(write) {
                removed[index] = true;
            } else {
                let from = Place { at: op.a, size: write.size };
                if (op.code as u8) < 4 && is_temporary(from) && dead.holds(from) {
                    copy = Some((index, from, op.out));
                }
                dead.written(write);
            }
        }
        // Who looks does so before anything is written.
        if shape.is_barrier {
            dead.look_at_registers();
        }
        if !removed[index] {
            for read in shape.reads.into_iter().flatten() {
                dead.read(read);
            }
            if op.code == Code::User
                && let Some(user) = code.user.get(op.number as usize)
            {
                for input in &user.inputs {
                    dead.read(*input);
                }
            }
        }
        // What was before the first operation of an instruction.
        while instruction > 0 && instructions[instruction - 1].first as usize == index {
            instruction -= 1;
            let it = &instructions[instruction];
            if !across {
                dead.look_at_registers();
            }
            if !it.in_slot {
                dead.written(ALL_TEMPORARIES);
            }
            copy = None;
        }
        if targets[index] {
            at_target[index] = Some(dead.clone());
        }
    }
    removed
}

/// Takes operations out, and moves what points to others.
fn compact(code: &mut Translation, instructions: &mut [Instruction], removed: &[bool]) {
    let mut moved = Vec::with_capacity(removed.len() + 1);
    let mut next = 0u32;
    for removed in removed {
        moved.push(next);
        next += u32::from(!removed);
    }
    moved.push(next);
    let mut index = 0;
    code.ops.retain(|_| {
        index += 1;
        !removed[index - 1]
    });
    let at = |old: u32| moved.get(old as usize).copied().unwrap_or(next);
    for op in &mut code.ops {
        if matches!(op.code, Code::Jump | Code::JumpIf | Code::Restart | Code::RestartIf) {
            op.number = at(op.number);
        }
    }
    for instruction in instructions {
        instruction.first = at(instruction.first);
    }
}
