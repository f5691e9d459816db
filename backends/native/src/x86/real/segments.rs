//! Segment registers in real-address mode, far pointers, and BOUND.

use super::{CS, Row};
use crate::{
    emulator::NativeEmulator,
    halt::Halt,
    x86::{
        NativeOp, Registers,
        segments::{from_segment, segment_of, segment_of_pointer},
    },
};

pub(super) const ROWS: &[Row] = &[
    Row::new(0, 0x62, bound).memory(),
    Row::new(0, 0x8c, from_segment).word(),
    Row::new(0, 0x8e, to_segment).word(),
    Row::new(0, 0xc4, load_pointer).memory(),
    Row::new(0, 0xc5, load_pointer).memory(),
    Row::new(1, 0xb2, load_pointer).memory(),
    Row::new(1, 0xb4, load_pointer).memory(),
    Row::new(1, 0xb5, load_pointer).memory(),
];

/// The exception of BOUND (Intel SDM, volume 3, table 7-1).
const BOUND_RANGE_EXCEEDED: u64 = 5;

fn registers(e: &NativeEmulator) -> Result<Registers, Halt> {
    e.x86.ok_or(Halt::Invalid)
}

fn to_segment(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let number = segment_of(op)?;
    if number == CS {
        return Err(Halt::Invalid);
    }
    let selector = e.general_rm(op)?;
    e.set_selector(&it, number, selector);
    Ok(())
}

/// LES, LDS, LSS, LFS and LGS.
fn load_pointer(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let number = segment_of_pointer(op.opcode);
    let address = e.ea(NativeEmulator::memory_operand(op)?);
    let offset = e.real_load(op, address, op.width)?;
    let selector = e.real_load(op, address.wrapping_add(op.width.into()), 2)?;
    e.set_general(op.reg, op.width, offset);
    e.set_selector(&it, number, selector);
    Ok(())
}

fn bound(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let address = e.ea(NativeEmulator::memory_operand(op)?);
    let lower = e.real_load(op, address, op.width)?;
    let upper = e.real_load(op, address.wrapping_add(op.width.into()), op.width)?;
    let index = e.general(op.reg, op.width);
    let signed = |value: u64| if op.width == 2 { i64::from(value as i16) } else { i64::from(value as i32) };
    if signed(index) < signed(lower) || signed(index) > signed(upper) {
        return Err(Halt::Exception(BOUND_RANGE_EXCEEDED));
    }
    Ok(())
}
