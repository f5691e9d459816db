//! The stack of real-address mode: PUSH, POP and their relatives, ENTER and
//! LEAVE (Intel SDM, volume 2).

use terrella_emulator_api::Access;

use super::{BP, Immediate, Registers, Row, SP, SS};
use crate::{
    emulator::NativeEmulator,
    halt::Halt,
    x86::{NativeOp, Rm, segments::segment_of_opcode},
};

pub(super) const ROWS: &[Row] = &[
    Row::new(0, 0x06, push_segment),
    Row::new(0, 0x0e, push_segment),
    Row::new(0, 0x16, push_segment),
    Row::new(0, 0x1e, push_segment),
    Row::new(1, 0xa0, push_segment),
    Row::new(1, 0xa8, push_segment),
    Row::new(0, 0x07, pop_segment),
    Row::new(0, 0x17, pop_segment),
    Row::new(0, 0x1f, pop_segment),
    Row::new(1, 0xa1, pop_segment),
    Row::new(1, 0xa9, pop_segment),
    Row::new(0, 0x50, push).to(0x57),
    Row::new(0, 0x58, pop).to(0x5f),
    Row::new(0, 0x60, push_all),
    Row::new(0, 0x61, pop_all),
    Row::new(0, 0x68, push_immediate).immediate(Immediate::Operand),
    Row::new(0, 0x6a, push_immediate).immediate(Immediate::Byte),
    Row::new(0, 0x8f, pop).extension(0),
    Row::new(0, 0x9c, push_flags),
    Row::new(0, 0x9d, pop_flags),
    Row::new(0, 0xc8, enter).immediate(Immediate::Enter),
    Row::new(0, 0xc9, leave),
    Row::new(0, 0xff, push).extension(6),
];

/// The bits of the flags that POPF and IRET of 16 bits set, and those of 32
/// bits besides: RF, AC and ID (Intel SDM, volume 2, IRET).
const SET_BITS: u64 = 0x7fd5;
const SET_BITS_ABOVE: u64 = 0x25_0000;

fn registers(e: &NativeEmulator) -> Result<Registers, Halt> {
    e.x86.ok_or(Halt::Invalid)
}

/// Of a slot of 32 bits, the selector fills the lower half, and the other one
/// keeps its value.
fn push_segment(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let offset = e.stack_offset(&it).wrapping_sub(op.width.into());
    let selector = e.selector(&it, segment_of_opcode(op.opcode));
    e.stack_store(op, &it, offset, selector, 2)?;
    e.set_stack_offset(&it, offset);
    Ok(())
}

fn pop_segment(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let offset = e.stack_offset(&it);
    let value = e.stack_load(op, &it, offset, 2)?;
    e.set_stack_offset(&it, offset + u64::from(op.width));
    e.set_selector(&it, segment_of_opcode(op.opcode), value);
    Ok(())
}

fn push(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let value = e.general_rm(op)?;
    e.push_operand(op, &it, value)
}

fn push_immediate(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    e.push_operand(op, &it, op.value)
}

/// An address of which the stack pointer is the base is computed with that
/// after the pop.
fn pop(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let offset = e.stack_offset(&it);
    let value = e.stack_load(op, &it, offset, op.width)?;
    e.set_stack_offset(&it, offset + u64::from(op.width));
    match op.rm {
        Rm::Place(place) => e.set_general(place, op.width, value),
        Rm::Memory(ea) => {
            let address = e.ea(&ea);
            let result = e.store_bytes(op, address, &value.to_le_bytes()[..usize::from(op.width)]);
            if result.is_err() {
                e.set_stack_offset(&it, offset);
                return result;
            }
        }
    }
    Ok(())
}

fn push_all(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let width = u64::from(op.width);
    let top = e.stack_offset(&it);
    for (number, place) in (1..).zip(it.general.iter().take(8)) {
        let value = e.general(*place, op.width);
        e.stack_store(op, &it, top.wrapping_sub(number * width), value, op.width)?;
    }
    e.set_stack_offset(&it, top.wrapping_sub(8 * width));
    Ok(())
}

fn pop_all(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let width = u64::from(op.width);
    let top = e.stack_offset(&it);
    let mut values = [0; 8];
    for (number, value) in values.iter_mut().rev().enumerate() {
        // What was the stack pointer is skipped.
        if number != 7 - SP {
            *value = e.stack_load(op, &it, top + number as u64 * width, op.width)?;
        }
    }
    for (number, value) in values.into_iter().enumerate().filter(|(number, _)| *number != SP) {
        e.set_general(it.general[number], op.width, value);
    }
    e.set_stack_offset(&it, top + 8 * width);
    Ok(())
}

fn push_flags(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let mut flags = 2;
    for (place, bit) in it.flags {
        flags |= e.general(place, 1) << bit;
    }
    // RF and VM are pushed as zero.
    e.push_operand(op, &it, flags & !0x3_0000)
}

fn pop_flags(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let offset = e.stack_offset(&it);
    let value = e.stack_load(op, &it, offset, op.width)?;
    e.set_stack_offset(&it, offset + u64::from(op.width));
    // POPF clears RF (Intel SDM, volume 2, POPF).
    set_flags(e, &it, value & !0x1_0000, op.width);
    Ok(())
}

/// Sets the flags that POPF and IRET set.
pub(super) fn set_flags(e: &mut NativeEmulator, it: &Registers, value: u64, width: u8) {
    let set = SET_BITS | if width == 4 { SET_BITS_ABOVE } else { 0 };
    for (place, bit) in it.flags {
        if set >> bit & 1 != 0 {
            let field = if bit == 12 { 3 } else { 1 };
            e.set_general(place, 1, value >> bit & field);
        }
    }
}

fn enter(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let (room, level) = (op.value & 0xffff, op.value >> 16 & 31);
    let width = u64::from(op.width);
    let base = e.general(it.general[BP], 4);
    let frame = e.general(it.general[SP], 4);
    let frame = frame & !0xffff | frame.wrapping_sub(width) & 0xffff;
    e.stack_store(op, &it, frame, base, op.width)?;
    for number in 1..level {
        let pointer = e.stack_load(op, &it, base.wrapping_sub(number * width), op.width)?;
        e.stack_store(op, &it, frame.wrapping_sub(number * width), pointer, op.width)?;
    }
    if level > 0 {
        e.stack_store(op, &it, frame.wrapping_sub(level * width), frame, op.width)?;
    }
    let top = frame.wrapping_sub(level * width).wrapping_sub(room) & 0xffff;
    // Where the stack ends then can be written to.
    let end = (e.selector(&it, SS) << 4) + top;
    let size = usize::from(op.width);
    e.memory
        .check(end & e.address_mask, size, Access::Write)
        .map_err(|denied| Halt::denied(denied, Access::Write, size))?;
    e.set_general(it.general[BP], op.width, frame);
    e.set_stack_offset(&it, top);
    Ok(())
}

fn leave(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let base = e.general(it.general[BP], 2);
    let value = e.stack_load(op, &it, base, op.width)?;
    e.set_general(it.general[BP], op.width, value);
    e.set_stack_offset(&it, base + u64::from(op.width));
    Ok(())
}
