//! The environment of the x87: control and status words, saving and
//! restoring; decimal numbers.

use super::{
    NativeOp, Registers,
    stack::{C1, tag_of},
};
use crate::soft::{self, Class, EXTENDED, Env};
use crate::{emulator::NativeEmulator, halt::Halt};

/// FLDENV, FLDCW, FNSTENV, FNSTCW, FRSTOR, FNSAVE, FNSTSW, FBLD, FBSTP.
pub(super) fn memory(e: &mut NativeEmulator, op: &NativeOp, it: &Registers, kind: u8) -> Result<(), Halt> {
    let address = e.x87_address(op)?;
    match (op.opcode, kind) {
        (0xd9, 4) => {
            let size = environment_size(op);
            let mut bytes = [0; 28];
            e.load_bytes(op, address, &mut bytes[..size])?;
            set_environment(e, op, it, &bytes);
            Ok(())
        }
        (0xd9, 5) => {
            let mut bytes = [0; 2];
            e.load_bytes(op, address, &mut bytes)?;
            set_control(e, it, u16::from_le_bytes(bytes));
            Ok(())
        }
        (0xd9, 6) => {
            let bytes = environment(e, op, it);
            e.store_bytes(op, address, &bytes[..environment_size(op)])?;
            // All exceptions are masked afterwards.
            let control = e.control(it) | 0x3f;
            set_control(e, it, control);
            Ok(())
        }
        (0xd9, 7) => {
            let control = e.control(it);
            e.store_bytes(op, address, &control.to_le_bytes())
        }
        (0xdd, 4) => {
            let size = environment_size(op);
            let mut bytes = [0; 108];
            e.load_bytes(op, address, &mut bytes[..size + 80])?;
            let mut environment = [0; 28];
            environment[..size].copy_from_slice(&bytes[..size]);
            let tags = set_environment(e, op, it, &environment);
            for index in 0..8 {
                e.file
                    .slice_mut(it.stack[index].into(), 10)
                    .copy_from_slice(&bytes[size + 10 * index..][..10]);
            }
            set_tags(e, it, tags);
            Ok(())
        }
        (0xdd, 6) => {
            let size = environment_size(op);
            let mut bytes = [0; 108];
            bytes[..28].copy_from_slice(&environment(e, op, it));
            for index in 0..8 {
                bytes[size + 10 * index..][..10].copy_from_slice(&e.file.get::<10>(it.stack[index]));
            }
            e.store_bytes(op, address, &bytes[..size + 80])?;
            initialize(e, it);
            Ok(())
        }
        (0xdd, 7) => {
            let status = e.status(it);
            e.store_bytes(op, address, &status.to_le_bytes())
        }
        (0xdf, 4) => {
            let mut bytes = [0; 10];
            e.load_bytes(op, address, &mut bytes)?;
            let digits = bytes[..9]
                .iter()
                .rev()
                .fold(0i128, |all, byte| all * 100 + i128::from(byte >> 4) * 10 + i128::from(byte & 15));
            let mut env = Env { precision: 64, ..e.x87_env(it) };
            let mut value = env.of_integer(EXTENDED, digits);
            if bytes[9] & 0x80 != 0 {
                value |= 1 << 79;
            }
            e.set_condition(it, C1, 0);
            e.push(it, value);
            Ok(())
        }
        (0xdf, 6) => store_decimal(e, op, it, address),
        _ => Err(Halt::Invalid),
    }
}

/// FNINIT.
pub(super) fn initialize(e: &mut NativeEmulator, it: &Registers) {
    e.align_stack(it);
    e.file.put::<2>(it.control, 0x37fu16.to_le_bytes());
    e.set_status(it, 0);
    e.set_full_tags(it, 0xffff);
    for place in [it.instruction, it.data] {
        e.file.set_integer(place.into(), if it.is_64 { 8 } else { 4 }, 0);
    }
    e.file.put::<2>(it.opcode, [0; 2]);
}

/// Sets the control word: an exception that was noted may be waiting now.
fn set_control(e: &mut NativeEmulator, it: &Registers, value: u16) {
    let value = value & 0x1f7f | 0x40;
    e.file.put::<2>(it.control, value.to_le_bytes());
    let status = e.status(it);
    let waiting = status & 0x3f & !value != 0;
    e.set_status(it, if waiting { status | 0x8080 } else { status & !0x8080 });
}

const fn environment_size(op: &NativeOp) -> usize {
    if op.width == 2 { 14 } else { 28 }
}

fn environment(e: &NativeEmulator, op: &NativeOp, it: &Registers) -> [u8; 28] {
    let mut bytes = [0; 28];
    let pointer = |place: u16| e.file.integer(place.into(), 4) as u32;
    let opcode = u16::from_le_bytes(e.file.get::<2>(it.opcode)) & 0x7ff;
    let top = usize::from(e.status(it) >> 11 & 7);
    let short = e.short_tags(it);
    let tags = (0..8usize).fold(0u16, |all, index| {
        let tag = if short >> index & 1 == 0 { 3 } else { tag_of(e.st(it, (index + 8 - top) % 8)) };
        all | tag << (2 * index)
    });
    let words = [e.control(it), e.status(it), tags];
    if op.width == 2 {
        for (index, word) in words.into_iter().enumerate() {
            bytes[2 * index..][..2].copy_from_slice(&word.to_le_bytes());
        }
        bytes[6..8].copy_from_slice(&(pointer(it.instruction) as u16).to_le_bytes());
        bytes[10..12].copy_from_slice(&(pointer(it.data) as u16).to_le_bytes());
        return bytes;
    }
    for (index, word) in words.into_iter().enumerate() {
        // The upper halves are ones.
        bytes[4 * index..][..4].copy_from_slice(&(0xffff_0000 | u32::from(word)).to_le_bytes());
    }
    bytes[12..16].copy_from_slice(&pointer(it.instruction).to_le_bytes());
    bytes[18..20].copy_from_slice(&opcode.to_le_bytes());
    bytes[20..24].copy_from_slice(&pointer(it.data).to_le_bytes());
    bytes[26..28].fill(0xff);
    bytes
}

/// Sets all but the registers; the tags of FRSTOR are for those it loads.
fn set_environment(e: &mut NativeEmulator, op: &NativeOp, it: &Registers, bytes: &[u8; 28]) -> u16 {
    let step = if op.width == 2 { 2 } else { 4 };
    let word = |index: usize| u16::from_le_bytes([bytes[step * index], bytes[step * index + 1]]);
    // The registers stay where they are physically.
    let (old, new) = (e.status(it) >> 11 & 7, word(1) >> 11 & 7);
    e.turn(it, usize::from(new + 8 - old) & 7);
    e.set_status(it, word(1) & 0x7f7f);
    set_control(e, it, word(0));
    let tags = word(2);
    set_tags(e, it, tags);
    let pointer = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let (instruction, data) =
        if op.width == 2 { (u32::from(word(3)), u32::from(word(5))) } else { (pointer(12), pointer(20)) };
    let size = if it.is_64 { 8 } else { 4 };
    e.file.set_integer(it.instruction.into(), size, instruction.into());
    e.file.set_integer(it.data.into(), size, data.into());
    tags
}

/// Sets tags: of registers that are not empty, their values tell.
fn set_tags(e: &mut NativeEmulator, it: &Registers, tags: u16) {
    let short = (0..8).filter(|index| tags >> (2 * index) & 3 != 3).fold(0, |all, index| all | 1 << index);
    e.set_short_tags(it, short);
}

fn store_decimal(e: &mut NativeEmulator, op: &NativeOp, it: &Registers, address: u64) -> Result<(), Halt> {
    const INDEFINITE: [u8; 10] = [0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0xff];
    let before = e.status(it);
    let bytes = if e.is_empty(it, 0) {
        if !e.stack_fault(it, false) {
            return Ok(());
        }
        INDEFINITE
    } else {
        let mut env = e.x87_env(it);
        let value = e.st(it, 0);
        let mode = env.mode;
        let rounded = env.integer_of(EXTENDED, value, 64, mode);
        let bytes = if env.flags & soft::INVALID != 0 || rounded.unsigned_abs() >= 1_000_000_000_000_000_000 {
            env.flags = soft::INVALID;
            env.up = false;
            INDEFINITE
        } else {
            let mut bytes = [0; 10];
            let mut rest = rounded.unsigned_abs();
            for byte in &mut bytes[..9] {
                *byte = (rest % 10) as u8 | ((rest / 10 % 10) as u8) << 4;
                rest /= 100;
            }
            let number = EXTENDED.unpack(value);
            if number.negative && number.class != Class::Unsupported {
                bytes[9] = 0x80;
            }
            bytes
        };
        if !e.settle_x87(it, &env) {
            return Ok(());
        }
        bytes
    };
    if let Err(halt) = e.store_bytes(op, address, &bytes) {
        e.set_status(it, before);
        return Err(halt);
    }
    e.pop(it);
    Ok(())
}
