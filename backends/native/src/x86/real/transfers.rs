//! Transfers of control in real-address mode: calls, returns, and jumps that
//! are far or of registers (Intel SDM, volume 2, CALL, RET, JMP, IRET).

use super::{CS, Immediate, Row, mask, stack::set_flags};
use crate::{
    emulator::NativeEmulator,
    halt::Halt,
    x86::{NativeOp, Registers},
};

pub(super) const ROWS: &[Row] = &[
    Row::new(0, 0x9a, call_far).immediate(Immediate::Far).transfers(),
    Row::new(0, 0xea, jump_far).immediate(Immediate::Far).transfers(),
    Row::new(0, 0xe8, call_relative).immediate(Immediate::Operand).transfers(),
    Row::new(0, 0xc2, return_near).immediate(Immediate::Word).transfers(),
    Row::new(0, 0xc3, return_near).transfers(),
    Row::new(0, 0xca, return_far).immediate(Immediate::Word).transfers(),
    Row::new(0, 0xcb, return_far).transfers(),
    Row::new(0, 0xcf, return_from_interrupt).transfers(),
    // SYSENTER and SYSEXIT, which this mode has not.
    Row::new(1, 0x34, |_, _| Err(Halt::Exception(GENERAL_PROTECTION))).to(0x35),
    Row::new(0, 0xff, call_near).extension(2).transfers(),
    Row::new(0, 0xff, call_far_in_memory).extension(3).memory().transfers(),
    Row::new(0, 0xff, jump_near).extension(4).transfers(),
    Row::new(0, 0xff, jump_far_in_memory).extension(5).memory().transfers(),
];

/// The number of the exception (Intel SDM, volume 3, table 7-1).
const GENERAL_PROTECTION: u64 = 13;

fn registers(e: &NativeEmulator) -> Result<Registers, Halt> {
    e.x86.ok_or(Halt::Invalid)
}

/// Pushes the address behind an instruction, and goes to an offset.
fn call_to(e: &mut NativeEmulator, op: &NativeOp, offset: u64) -> Result<(), Halt> {
    let it = registers(e)?;
    let behind = e.code_offset(&it, op.next);
    e.push_operand(op, &it, behind)?;
    e.jump(&it, offset & mask(op.width));
    Ok(())
}

fn call_relative(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let offset = e.code_offset(&it, op.next).wrapping_add(op.value);
    call_to(e, op, offset)
}

fn call_near(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let offset = e.general_rm(op)?;
    call_to(e, op, offset)
}

fn jump_near(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let offset = e.general_rm(op)?;
    e.jump(&it, offset);
    Ok(())
}

/// Goes to a selector and an offset.
fn go_far(e: &mut NativeEmulator, it: &Registers, selector: u64, offset: u64) {
    e.set_selector(it, CS, selector);
    e.jump(it, offset);
}

/// The far pointer in memory.
fn pointer(e: &mut NativeEmulator, op: &NativeOp) -> Result<(u64, u64), Halt> {
    let address = e.ea(NativeEmulator::memory_operand(op)?);
    let offset = e.real_load(op, address, op.width)?;
    let selector = e.real_load(op, address.wrapping_add(op.width.into()), 2)?;
    Ok((selector, offset))
}

fn jump_far(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    go_far(e, &it, op.value >> 32, op.value & 0xffff_ffff);
    Ok(())
}

fn jump_far_in_memory(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let (selector, offset) = pointer(e, op)?;
    go_far(e, &it, selector, offset);
    Ok(())
}

fn call_far_to(e: &mut NativeEmulator, op: &NativeOp, selector: u64, offset: u64) -> Result<(), Halt> {
    let it = registers(e)?;
    let (width, top) = (u64::from(op.width), e.stack_offset(&it));
    let (from, behind) = (e.selector(&it, CS), e.code_offset(&it, op.next));
    e.stack_store(op, &it, top.wrapping_sub(width), from, op.width)?;
    e.stack_store(op, &it, top.wrapping_sub(2 * width), behind, op.width)?;
    e.set_stack_offset(&it, top.wrapping_sub(2 * width));
    go_far(e, &it, selector, offset);
    Ok(())
}

fn call_far(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    call_far_to(e, op, op.value >> 32, op.value & 0xffff_ffff)
}

fn call_far_in_memory(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let (selector, offset) = pointer(e, op)?;
    call_far_to(e, op, selector, offset)
}

fn return_near(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let top = e.stack_offset(&it);
    let offset = e.stack_load(op, &it, top, op.width)?;
    e.set_stack_offset(&it, top + u64::from(op.width) + op.value);
    e.jump(&it, offset);
    Ok(())
}

fn return_far(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let (width, top) = (u64::from(op.width), e.stack_offset(&it));
    let offset = e.stack_load(op, &it, top, op.width)?;
    let selector = e.stack_load(op, &it, top + width, 2)?;
    e.set_stack_offset(&it, top + 2 * width + op.value);
    go_far(e, &it, selector, offset);
    Ok(())
}

fn return_from_interrupt(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let (width, top) = (u64::from(op.width), e.stack_offset(&it));
    let offset = e.stack_load(op, &it, top, op.width)?;
    let selector = e.stack_load(op, &it, top + width, 2)?;
    let flags = e.stack_load(op, &it, top + 2 * width, op.width)?;
    e.set_stack_offset(&it, top + 3 * width);
    set_flags(e, &it, flags, op.width);
    go_far(e, &it, selector, offset);
    Ok(())
}
