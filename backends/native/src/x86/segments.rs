//! What instructions with segment registers have in common in all modes (Intel
//! SDM, volume 2, MOV).

use super::{NativeOp, Rm};
use crate::{emulator::NativeEmulator, halt::Halt};

/// The number of the segment register in a ModRM byte.
pub(super) fn segment_of(op: &NativeOp) -> Result<u8, Halt> {
    match op.modrm >> 3 & 7 {
        number @ 0..=5 => Ok(number),
        _ => Err(Halt::Invalid),
    }
}

/// The number of the segment register in an opcode of PUSH or POP.
pub(super) const fn segment_of_opcode(opcode: u8) -> u8 {
    match opcode {
        0xa0 | 0xa1 => 4,
        0xa8 | 0xa9 => 5,
        other => other >> 3 & 3,
    }
}

/// The number of the segment register that LES, LDS, LSS, LFS or LGS loads.
pub(super) const fn segment_of_pointer(opcode: u8) -> u8 {
    match opcode {
        0xc4 => 0,
        0xc5 => 3,
        0xb2 => 2,
        0xb4 => 4,
        _ => 5,
    }
}

/// A register as wide as operands is written as a whole, memory is 16 bits.
pub(super) fn from_segment(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = e.x86.ok_or(Halt::Invalid)?;
    let selector = e.selector(&it, segment_of(op)?);
    match op.rm {
        Rm::Place(place) => {
            e.set_general(place, op.width, selector);
            Ok(())
        }
        Rm::Memory(_) => e.put_rm(op, &selector.to_le_bytes()[..2]),
    }
}
