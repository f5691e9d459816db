//! Loads and stores of segment registers, far pointers, and what a program
//! may ask of a descriptor (Intel SDM, volume 2, MOV, POP, LDS, LAR, LSL,
//! VERR).

use super::{
    CS, Row,
    descriptors::{Descriptor, asked, is_null},
    registers,
};
use crate::{
    emulator::NativeEmulator,
    halt::Halt,
    x86::{
        NativeOp, Rm,
        segments::{from_segment, segment_of, segment_of_opcode, segment_of_pointer},
    },
};

pub(super) const ROWS: &[Row] = &[
    Row::new(0, 0x8c, from_segment),
    Row::new(0, 0x8e, to_segment),
    Row::new(0, 0x07, pop_segment).old().stack(),
    Row::new(0, 0x17, pop_segment).old().stack(),
    Row::new(0, 0x1f, pop_segment).old().stack(),
    Row::new(1, 0xa1, pop_segment).stack(),
    Row::new(1, 0xa9, pop_segment).stack(),
    Row::new(0, 0xc4, load_pointer).old().memory(),
    Row::new(0, 0xc5, load_pointer).old().memory(),
    Row::new(1, 0xb2, load_pointer).memory(),
    Row::new(1, 0xb4, load_pointer).memory(),
    Row::new(1, 0xb5, load_pointer).memory(),
    Row::new(1, 0x02, load_rights),
    Row::new(1, 0x03, load_limit),
    Row::new(1, 0x00, verify).extension(4),
    Row::new(1, 0x00, verify).extension(5),
];

fn to_segment(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let number = segment_of(op)?;
    if number == CS {
        return Err(Halt::Invalid);
    }
    let selector = e.general_rm(op)?;
    e.load_segment(&it, number, selector)
}

fn pop_segment(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let number = segment_of_opcode(op.opcode);
    let top = e.flat_stack_pointer(&it);
    let selector = e.flat_load(op, top, op.width)?;
    e.load_segment(&it, number, selector)?;
    e.set_flat_stack_pointer(&it, top.wrapping_add(op.width.into()));
    Ok(())
}

/// LES, LDS, LSS, LFS and LGS.
fn load_pointer(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let number = segment_of_pointer(op.opcode);
    let (offset, selector) = far_pointer(e, op)?;
    e.load_segment(&it, number, selector)?;
    e.set_general(op.reg, op.width, offset);
    Ok(())
}

/// The offset and the selector behind it, in memory.
pub(super) fn far_pointer(e: &mut NativeEmulator, op: &NativeOp) -> Result<(u64, u64), Halt> {
    let Rm::Memory(ea) = op.rm else { return Err(Halt::Invalid) };
    let address = e.ea(&ea);
    let offset = e.flat_load(op, address, op.width)?;
    let selector = e.flat_load(op, address.wrapping_add(op.width.into()), 2)?;
    Ok((offset, selector))
}

/// The descriptor that the operand selects, if the program may ask for it.
fn visible(e: &mut NativeEmulator, op: &NativeOp) -> Result<Option<Descriptor>, Halt> {
    let it = registers(e)?;
    let selector = e.general_rm(op)? & 0xffff;
    if is_null(selector) {
        return Ok(None);
    }
    let level = e.privilege(&it);
    let is_visible = |found: &Descriptor| {
        found.is_conforming() || found.level() >= level && found.level() >= asked(selector)
    };
    Ok(e.descriptor(selector)?.filter(is_visible))
}

/// Sets ZF, and a register if there is something to put into it.
fn answer(e: &mut NativeEmulator, op: &NativeOp, value: Option<u64>) -> Result<(), Halt> {
    let it = registers(e)?;
    e.set_flag(it.zf, value.is_some());
    if let Some(value) = value {
        let mask = u64::MAX >> (64 - 8 * u32::from(op.width));
        e.set_general(op.reg, op.width, value & mask);
    }
    Ok(())
}

/// The types of the system's descriptors that LAR and LSL take (volume 2,
/// tables 3-59 and 3-66); in long mode those of 16 bits and task gates are
/// none.
const RIGHTS: (&[u8], &[u8]) = (&[1, 2, 3, 4, 5, 9, 11, 12], &[2, 9, 11, 12]);
const LIMITS: (&[u8], &[u8]) = (&[1, 2, 3, 9, 11], &[2, 9, 11]);

fn is_taken(found: Descriptor, is_long: bool, kinds: (&[u8], &[u8])) -> bool {
    let kinds = if is_long { kinds.1 } else { kinds.0 };
    found.is_segment() || kinds.contains(&found.kind())
}

fn load_rights(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let is_long = registers(e)?.is_64;
    let found = visible(e, op)?.filter(|found| is_taken(*found, is_long, RIGHTS));
    answer(e, op, found.map(Descriptor::rights))
}

fn load_limit(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let is_long = registers(e)?.is_64;
    let found = visible(e, op)?.filter(|found| is_taken(*found, is_long, LIMITS));
    answer(e, op, found.map(Descriptor::limit))
}

/// VERR and VERW.
fn verify(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let writes = op.modrm >> 3 & 7 == 5;
    let found = visible(e, op)?;
    let holds = found.is_some_and(|it| if writes { it.is_writable() } else { it.is_readable() });
    e.set_flag(it.zf, holds);
    Ok(())
}
