//! The x87: its stack, and the dispatch of its instructions.
//!
//! The registers are kept in the order of the stack, as the specification
//! has them; tags belong to physical registers.

use std::cmp::Ordering;

use super::{
    Kind, NONE, NativeOp, P66, PF2, PF3, Registers, Row, environment,
    stack::{C0, C1, C2, C3},
    transcendental,
};
use crate::soft::{self, DOUBLE, EXTENDED, Env, Format, Mode, Number, SINGLE};
use crate::{emulator::NativeEmulator, halt::Halt};

const fn row(opcode: u8) -> Row {
    Row::new(NONE | P66 | PF2 | PF3, 0, opcode, execute).reg(Kind::Stack).rm(Kind::Stack).unaligned()
}

pub(super) const ROWS: &[Row] = &[
    row(0xd8),
    row(0xd9),
    row(0xda),
    row(0xdb),
    row(0xdc),
    row(0xdd),
    row(0xde),
    row(0xdf),
    wait(),
    empty(),
];

/// FWAIT.
const fn wait() -> Row {
    Row::new(NONE | P66 | PF2 | PF3, 0, 0x9b, |e, _| {
        let registers = e.x86.ok_or(Halt::Invalid)?;
        e.check_pending(&registers)
    })
}

/// EMMS.
const fn empty() -> Row {
    Row::new(NONE, 1, 0x77, |e, _| {
        let registers = e.x86.ok_or(Halt::Invalid)?;
        e.check_pending(&registers)?;
        e.align_stack(&registers);
        e.file.put::<2>(registers.tags, [0xff; 2]);
        Ok(())
    })
    .legacy()
}

fn execute(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = e.x86.ok_or(Halt::Invalid)?;
    let index = usize::from(op.modrm & 7);
    let kind = op.modrm >> 3 & 7;
    let in_memory = op.modrm < 0xc0;
    // Those that do not wait.
    let no_wait = match (op.opcode, in_memory) {
        (0xd9, true) => kind >= 6,
        (0xdb, false) => matches!(op.modrm, 0xe0..=0xe4),
        (0xdd, true) => kind >= 6,
        (0xdf, false) => op.modrm == 0xe0,
        _ => false,
    };
    if !no_wait {
        e.check_pending(&it)?;
    }
    let is_control = no_wait || in_memory && matches!((op.opcode, kind), (0xd9, 4..=7) | (0xdd, 4));
    if in_memory {
        memory(e, op, &it, kind)?;
    } else {
        register(e, op, &it, kind, index)?;
    }
    if !is_control {
        e.file.set_integer(it.instruction.into(), if it.is_64 { 8 } else { 4 }, op.pc.into());
        e.file.put::<2>(it.opcode, (u16::from(op.opcode & 7) << 8 | u16::from(op.modrm)).to_le_bytes());
        if in_memory {
            let address = e.x87_address(op)?;
            e.file.set_integer(it.data.into(), if it.is_64 { 8 } else { 4 }, address.into());
        }
    }
    Ok(())
}

fn memory(e: &mut NativeEmulator, op: &NativeOp, it: &Registers, kind: u8) -> Result<(), Halt> {
    match (op.opcode, kind) {
        (0xd8, _) => arithmetic_float(e, op, it, kind, SINGLE, 4),
        (0xdc, _) => arithmetic_float(e, op, it, kind, DOUBLE, 8),
        (0xda, _) => arithmetic_integer(e, op, it, kind, 4),
        (0xde, _) => arithmetic_integer(e, op, it, kind, 2),
        (0xd9, 0) => load_float(e, op, it, SINGLE, 4),
        (0xdd, 0) => load_float(e, op, it, DOUBLE, 8),
        (0xd9, 2 | 3) => store_float(e, op, it, SINGLE, 4, kind == 3),
        (0xdd, 2 | 3) => store_float(e, op, it, DOUBLE, 8, kind == 3),
        (0xdb, 0) => load_integer(e, op, it, 4),
        (0xdf, 0) => load_integer(e, op, it, 2),
        (0xdf, 5) => load_integer(e, op, it, 8),
        (0xdb, 1..=3) => store_integer(e, op, it, 4, kind != 2, kind == 1),
        (0xdf, 1..=3) => store_integer(e, op, it, 2, kind != 2, kind == 1),
        (0xdd, 1) => store_integer(e, op, it, 8, true, true),
        (0xdf, 7) => store_integer(e, op, it, 8, true, false),
        (0xdb, 5) => {
            let value = e.x87_load(op, 10)?;
            e.set_condition(it, C1, 0);
            e.push(it, value);
            Ok(())
        }
        (0xdb, 7) => {
            if e.is_empty(it, 0) {
                if !e.masks_invalid(it) {
                    e.stack_fault(it, false);
                    return Ok(());
                }
                e.x87_store(op, 10, EXTENDED.indefinite())?;
                e.stack_fault(it, false);
            } else {
                let value = e.st(it, 0);
                e.x87_store(op, 10, value)?;
                e.set_condition(it, C1, 0);
            }
            e.pop(it);
            Ok(())
        }
        _ => environment::memory(e, op, it, kind),
    }
}

impl NativeEmulator {
    pub(super) fn masks_invalid(&self, it: &Registers) -> bool {
        self.control(it) & 1 != 0
    }
}

fn load_float(
    e: &mut NativeEmulator,
    op: &NativeOp,
    it: &Registers,
    format: Format,
    size: usize,
) -> Result<(), Halt> {
    let value = e.x87_load(op, size)?;
    if !e.is_empty(it, 7) {
        e.push(it, 0);
        return Ok(());
    }
    let mut env = Env { precision: 64, ..e.x87_env(it) };
    let value = env.convert(format, EXTENDED, value);
    // A denormal is loaded even if its exception is not masked.
    if e.settle_x87(it, &env) || env.flags & soft::INVALID == 0 {
        let status = e.status(it);
        e.push(it, value);
        e.set_condition(it, !0x3800, status & !0x3800);
    }
    Ok(())
}

fn load_integer(e: &mut NativeEmulator, op: &NativeOp, it: &Registers, size: usize) -> Result<(), Halt> {
    let value = e.x87_load(op, size)?;
    let bits = 8 * size as u32;
    let value = ((value << (128 - bits)) as i128) >> (128 - bits);
    let mut env = Env { precision: 64, ..e.x87_env(it) };
    let value = env.of_integer(EXTENDED, value);
    e.set_condition(it, C1, 0);
    e.push(it, value);
    Ok(())
}

fn store_float(
    e: &mut NativeEmulator,
    op: &NativeOp,
    it: &Registers,
    format: Format,
    size: usize,
    pops: bool,
) -> Result<(), Halt> {
    let before = e.status(it);
    let value = if e.is_empty(it, 0) {
        if !e.stack_fault(it, false) {
            return Ok(());
        }
        format.indefinite()
    } else {
        let mut env = e.x87_env(it);
        let value = env.convert(EXTENDED, format, e.st(it, 0));
        // Stores say nothing of denormals.
        env.flags &= !soft::DENORMAL;
        let unmasked = env.flags & (soft::OVERFLOW | soft::UNDERFLOW) & !env.masks != 0;
        if unmasked {
            // Nothing is stored, so nothing is inexact.
            env.flags &= !soft::INEXACT;
            env.up = false;
        }
        if !e.settle_x87(it, &env) || unmasked {
            return Ok(());
        }
        value
    };
    finish_store(e, op, it, size, value, pops, before)
}

/// Stores; a fault leaves the status as it was.
fn finish_store(
    e: &mut NativeEmulator,
    op: &NativeOp,
    it: &Registers,
    size: usize,
    value: u128,
    pops: bool,
    before: u16,
) -> Result<(), Halt> {
    if let Err(halt) = e.x87_store(op, size, value) {
        e.set_status(it, before);
        return Err(halt);
    }
    if pops {
        e.pop(it);
    }
    Ok(())
}

fn store_integer(
    e: &mut NativeEmulator,
    op: &NativeOp,
    it: &Registers,
    size: usize,
    pops: bool,
    truncates: bool,
) -> Result<(), Halt> {
    let before = e.status(it);
    let bits = 8 * size as u32;
    let value = if e.is_empty(it, 0) {
        if !e.stack_fault(it, false) {
            return Ok(());
        }
        i64::MIN >> (64 - bits)
    } else {
        let mut env = e.x87_env(it);
        let mode = if truncates { Mode::Zero } else { env.mode };
        let value = env.integer_of(EXTENDED, e.st(it, 0), bits, mode);
        if !e.settle_x87(it, &env) {
            return Ok(());
        }
        value
    };
    finish_store(e, op, it, size, value as u64 as u128, pops, before)
}

fn arithmetic_float(
    e: &mut NativeEmulator,
    op: &NativeOp,
    it: &Registers,
    kind: u8,
    format: Format,
    size: usize,
) -> Result<(), Halt> {
    let value = e.x87_load(op, size)?;
    if e.is_empty(it, 0) {
        return underflow(e, it, kind, 0, u8::from(kind == 3));
    }
    binary(e, it, kind, 0, &format.unpack(value), 0, u8::from(kind == 3))
}

fn arithmetic_integer(
    e: &mut NativeEmulator,
    op: &NativeOp,
    it: &Registers,
    kind: u8,
    size: usize,
) -> Result<(), Halt> {
    let value = e.x87_load(op, size)?;
    if e.is_empty(it, 0) {
        return underflow(e, it, kind, 0, u8::from(kind == 3));
    }
    let bits = 8 * size as u32;
    let value = ((value << (128 - bits)) as i128) >> (128 - bits);
    let mut env = Env { precision: 64, ..e.x87_env(it) };
    let value = env.of_integer(EXTENDED, value);
    binary(e, it, kind, 0, &EXTENDED.unpack(value), 0, u8::from(kind == 3))
}

/// An operand is missing.
fn underflow(e: &mut NativeEmulator, it: &Registers, kind: u8, target: usize, pops: u8) -> Result<(), Halt> {
    let masked = e.stack_fault(it, false);
    if matches!(kind, 2 | 3) {
        e.set_condition(it, C0 | C2 | C3, C0 | C2 | C3);
    }
    if !masked {
        return Ok(());
    }
    if !matches!(kind, 2 | 3) {
        e.set_st(it, target, EXTENDED.indefinite());
    }
    for _ in 0..pops {
        e.pop(it);
    }
    Ok(())
}

/// ADD, MUL, COM, COMP, SUB, SUBR, DIV, DIVR of a register and a value.
fn binary(
    e: &mut NativeEmulator,
    it: &Registers,
    kind: u8,
    a: usize,
    b: &Number,
    target: usize,
    pops: u8,
) -> Result<(), Halt> {
    let a = &EXTENDED.unpack(e.st(it, a));
    if matches!(kind, 2 | 3) {
        return compare(e, it, a, b, true, pops);
    }
    let mut env = e.x87_env(it);
    let value = match kind {
        0 => env.add_numbers(EXTENDED, a, b),
        1 => env.mul_numbers(EXTENDED, a, b),
        4 => env.sub_numbers(EXTENDED, a, b),
        5 => env.sub_numbers(EXTENDED, b, a),
        6 => env.div_numbers(EXTENDED, a, b),
        _ => env.div_numbers(EXTENDED, b, a),
    };
    if e.settle_x87(it, &env) {
        e.set_st(it, target, value);
        for _ in 0..pops {
            e.pop(it);
        }
    }
    Ok(())
}

fn compare(
    e: &mut NativeEmulator,
    it: &Registers,
    a: &Number,
    b: &Number,
    signals: bool,
    pops: u8,
) -> Result<(), Halt> {
    let mut env = e.x87_env(it);
    let order = env.compare_numbers(a, b, signals);
    let counts = e.settle_x87(it, &env);
    e.set_condition(it, C0 | C2 | C3, codes(order));
    for _ in 0..if counts { pops } else { 0 } {
        e.pop(it);
    }
    Ok(())
}

/// The condition codes of an order.
pub(super) const fn codes(order: Option<Ordering>) -> u16 {
    match order {
        Some(Ordering::Greater) => 0,
        Some(Ordering::Less) => C0,
        Some(Ordering::Equal) => C3,
        None => C0 | C2 | C3,
    }
}

/// FCOMI and FUCOMI.
fn compare_flags(
    e: &mut NativeEmulator,
    it: &Registers,
    index: usize,
    signals: bool,
    pops: bool,
) -> Result<(), Halt> {
    let (order, counts) = if e.is_empty(it, 0) || e.is_empty(it, index) {
        (None, e.stack_fault(it, false))
    } else {
        let mut env = e.x87_env(it);
        let (a, b) = (e.st(it, 0), e.st(it, index));
        let order = env.compare(EXTENDED, a, b, signals);
        // C1 stays as it is.
        let before = e.status(it);
        let counts = e.settle_x87(it, &env);
        e.set_condition(it, C1, before & C1);
        (order, counts)
    };
    {
        e.set_flag(it.zf, matches!(order, None | Some(Ordering::Equal)));
        e.set_flag(it.pf, order.is_none());
        e.set_flag(it.cf, matches!(order, None | Some(Ordering::Less)));
        for place in [it.of, it.sf, it.af] {
            e.set_flag(place, false);
        }
        if pops && counts {
            e.pop(it);
        }
    }
    Ok(())
}

fn compare_stack(
    e: &mut NativeEmulator,
    it: &Registers,
    index: usize,
    signals: bool,
    pops: u8,
) -> Result<(), Halt> {
    if e.is_empty(it, 0) || e.is_empty(it, index) {
        return underflow(e, it, 2, 0, pops);
    }
    let (a, b) = (EXTENDED.unpack(e.st(it, 0)), EXTENDED.unpack(e.st(it, index)));
    compare(e, it, &a, &b, signals, pops)
}

/// Arithmetic of two registers.
fn binary_stack(
    e: &mut NativeEmulator,
    it: &Registers,
    kind: u8,
    index: usize,
    target: usize,
    pops: u8,
) -> Result<(), Halt> {
    if e.is_empty(it, 0) || e.is_empty(it, index) {
        return underflow(e, it, kind, target, pops);
    }
    let other = if target == 0 { index } else { 0 };
    let b = EXTENDED.unpack(e.st(it, other));
    binary(e, it, kind, target, &b, target, pops)
}

fn store_stack(e: &mut NativeEmulator, it: &Registers, index: usize, pops: bool) -> Result<(), Halt> {
    if e.is_empty(it, 0) {
        if !e.stack_fault(it, false) {
            return Ok(());
        }
        e.set_st(it, index, EXTENDED.indefinite());
    } else {
        let value = e.st(it, 0);
        e.set_st(it, index, value);
        e.set_condition(it, C1, 0);
    }
    if pops {
        e.pop(it);
    }
    Ok(())
}

fn exchange(e: &mut NativeEmulator, it: &Registers, index: usize) -> Result<(), Halt> {
    let empty = (e.is_empty(it, 0), e.is_empty(it, index));
    if (empty.0 || empty.1) && !e.stack_fault(it, false) {
        return Ok(());
    }
    let value =
        |e: &NativeEmulator, index, empty| if empty { EXTENDED.indefinite() } else { e.st(it, index) };
    let (a, b) = (value(e, 0, empty.0), value(e, index, empty.1));
    e.set_st(it, 0, b);
    e.set_st(it, index, a);
    if !(empty.0 || empty.1) {
        e.set_condition(it, C1, 0);
    }
    Ok(())
}

fn conditional_move(e: &mut NativeEmulator, it: &Registers, index: usize, truth: bool) -> Result<(), Halt> {
    if e.is_empty(it, 0) || e.is_empty(it, index) {
        if e.stack_fault(it, false) {
            e.set_st(it, 0, EXTENDED.indefinite());
        }
        return Ok(());
    }
    if truth {
        let value = e.st(it, index);
        e.set_st(it, 0, value);
    }
    Ok(())
}

fn register(
    e: &mut NativeEmulator,
    op: &NativeOp,
    it: &Registers,
    kind: u8,
    index: usize,
) -> Result<(), Halt> {
    match (op.opcode, kind) {
        (0xd8, 2 | 3) | (0xdc, 2 | 3) => compare_stack(e, it, index, true, kind - 2),
        (0xd8, _) => binary_stack(e, it, kind, index, 0, 0),
        // The target's forms of SUB and DIV are the other way round.
        (0xdc, _) => binary_stack(e, it, reversed(kind), index, index, 0),
        (0xde, 3) if index != 1 => Err(Halt::Invalid),
        (0xde, 3) => compare_stack(e, it, 1, true, 2),
        (0xde, 2) => compare_stack(e, it, index, true, 1),
        (0xde, _) => binary_stack(e, it, reversed(kind), index, index, 1),
        (0xd9, 0) => {
            if e.is_empty(it, index) {
                if e.stack_fault(it, false) {
                    e.turn(it, 7);
                    e.set_st(it, 0, EXTENDED.indefinite());
                }
                return Ok(());
            }
            let value = e.st(it, index);
            e.set_condition(it, C1, 0);
            e.push(it, value);
            Ok(())
        }
        (0xd9, 1) | (0xdd | 0xdf, 1) => exchange(e, it, index),
        (0xd9, 2) if index == 0 => Ok(()),
        (0xd9, 3) | (0xdf, 2 | 3) => store_stack(e, it, index, true),
        (0xd9, 4..=7) => transcendental::unary(e, op.modrm, it),
        (0xda, 0) => conditional_move(e, it, index, e.flag(it.cf)),
        (0xda, 1) => conditional_move(e, it, index, e.flag(it.zf)),
        (0xda, 2) => conditional_move(e, it, index, e.flag(it.cf) || e.flag(it.zf)),
        (0xda, 3) => conditional_move(e, it, index, e.flag(it.pf)),
        (0xdb, 0) => conditional_move(e, it, index, !e.flag(it.cf)),
        (0xdb, 1) => conditional_move(e, it, index, !e.flag(it.zf)),
        (0xdb, 2) => conditional_move(e, it, index, !(e.flag(it.cf) || e.flag(it.zf))),
        (0xdb, 3) => conditional_move(e, it, index, !e.flag(it.pf)),
        (0xda, 5) if index == 1 => compare_stack(e, it, 1, false, 2),
        (0xdb, 4) if index == 2 => {
            // FNCLEX.
            let status = e.status(it) & 0x7f00;
            e.set_status(it, status);
            Ok(())
        }
        (0xdb, 4) if index == 3 => {
            environment::initialize(e, it);
            Ok(())
        }
        // FNENI, FNDISI and FNSETPM do nothing.
        (0xdb, 4) if index < 5 => Ok(()),
        (0xdb, 5) => compare_flags(e, it, index, false, false),
        (0xdb, 6) => compare_flags(e, it, index, true, false),
        (0xdd, 0) => {
            e.set_tag(it, index, 3);
            e.set_condition(it, C1, 0);
            Ok(())
        }
        (0xdd, 2 | 3) => store_stack(e, it, index, kind == 3),
        (0xdd, 4 | 5) => compare_stack(e, it, index, false, kind - 4),
        (0xdf, 0) => {
            e.set_tag(it, index, 3);
            e.set_condition(it, C1, 0);
            e.pop(it);
            Ok(())
        }
        (0xdf, 4) if index == 0 => {
            let status = e.status(it);
            e.set_general(it.general[0], 2, status.into());
            Ok(())
        }
        (0xdf, 5) => compare_flags(e, it, index, false, true),
        (0xdf, 6) => compare_flags(e, it, index, true, true),
        _ => Err(Halt::Invalid),
    }
}

const fn reversed(kind: u8) -> u8 {
    if kind >= 4 { kind ^ 1 } else { kind }
}
