//! Protected and long mode: segment registers and far transfers, with
//! descriptors in the tables that GDTR and LDTR point to (Intel SDM, volume 3,
//! chapters 3 and 5).
//!
//! The privilege level is that of the selector in CS. Segments other than FS
//! and GS are flat: one with a base is told as missing in 32-bit code, as are
//! code of another size, gates and tasks. Limits count for the tables and for
//! targets of transfers, not for accesses.

mod descriptors;
mod segments;
mod transfers;

use super::{
    Kernel, NativeOp, Registers, Rm,
    decode::{Decoded, Mode},
    real::{Immediate, immediate},
    table::{effective, no_instruction},
};
use crate::{emulator::NativeEmulator, halt::Halt};

/// The exceptions (Intel SDM, volume 3, table 7-1).
const NOT_PRESENT: Halt = Halt::Exception(11);
const STACK_FAULT: Halt = Halt::Exception(12);
const GENERAL_PROTECTION: Halt = Halt::Exception(13);

/// The numbers of the segment registers.
const CS: u8 = 1;
const SS: u8 = 2;
const FS: u8 = 4;
const GS: u8 = 5;
/// The number of the stack pointer.
const SP: usize = 4;

/// The size of operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    /// That of the prefixes.
    Operand,
    /// As that, and of 64 bits in long mode without one.
    Stack,
}

/// A row of a table: instructions and their kernel.
struct Row {
    map: u8,
    opcode: u8,
    extension: Option<u8>,
    /// Only with operands in memory.
    in_memory: bool,
    immediate: Immediate,
    width: Width,
    /// What long mode has not.
    is_old: bool,
    transfers: bool,
    kernel: Kernel,
}

impl Row {
    const fn new(map: u8, opcode: u8, kernel: Kernel) -> Self {
        Self {
            map,
            opcode,
            extension: None,
            in_memory: false,
            immediate: Immediate::None,
            width: Width::Operand,
            is_old: false,
            transfers: false,
            kernel,
        }
    }

    const fn extension(mut self, extension: u8) -> Self {
        self.extension = Some(extension);
        self
    }

    const fn memory(mut self) -> Self {
        self.in_memory = true;
        self
    }

    const fn immediate(mut self, immediate: Immediate) -> Self {
        self.immediate = immediate;
        self
    }

    const fn stack(mut self) -> Self {
        self.width = Width::Stack;
        self
    }

    const fn old(mut self) -> Self {
        self.is_old = true;
        self
    }

    const fn transfers(mut self) -> Self {
        self.transfers = true;
        self
    }
}

/// The kernel of an instruction with its operands; `None`: the specification
/// has it, or another table.
pub(super) fn find(registers: &Registers, decoded: &Decoded, bytes: &[u8], pc: u64) -> Option<NativeOp> {
    let is_for = |row: &&Row| {
        row.map == decoded.map
            && row.opcode == decoded.opcode
            && row.extension.is_none_or(|extension| extension == decoded.modrm >> 3 & 7)
    };
    let rows = [segments::ROWS, transfers::ROWS];
    let row = rows.into_iter().flatten().find(is_for).filter(|_| !decoded.vex)?;
    let is_long = registers.mode == Mode::Long;
    if decoded.locks || row.is_old && is_long || row.in_memory && decoded.address.is_none() {
        return Some(no_instruction(decoded, pc));
    }
    let width = match (decoded.wide, decoded.has_66, row.width) {
        (true, ..) => 8,
        (_, true, _) => 2,
        (_, _, Width::Stack) if is_long => 8,
        _ => 4,
    };
    let next = pc.wrapping_add(bytes.len() as u64);
    let place = |number: u8| registers.general[usize::from(number & 15)];
    Some(NativeOp {
        kernel: row.kernel,
        reg: place(decoded.reg),
        rm: match &decoded.address {
            None => Rm::Place(place(decoded.rm)),
            Some(address) => Rm::Memory(effective(registers, address, next, false)),
        },
        // Selectors.
        size: 2,
        length: 16,
        width,
        value: immediate(row.immediate, bytes.get(decoded.immediate..)?, width)?,
        transfers: row.transfers,
        next,
        ..no_instruction(decoded, pc)
    })
}

fn registers(e: &NativeEmulator) -> Result<Registers, Halt> {
    e.x86.ok_or(Halt::Invalid)
}

impl NativeEmulator {
    fn flat_load(&mut self, op: &NativeOp, address: u64, width: u8) -> Result<u64, Halt> {
        let mut bytes = [0; 8];
        self.load_bytes(op, address & self.address_mask, &mut bytes[..usize::from(width)])?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn flat_stack_pointer(&self, it: &Registers) -> u64 {
        self.general(it.general[SP], if it.is_64 { 8 } else { 4 })
    }

    fn set_flat_stack_pointer(&mut self, it: &Registers, value: u64) {
        self.set_general(it.general[SP], if it.is_64 { 8 } else { 4 }, value);
    }

    /// The current privilege level.
    fn privilege(&self, it: &Registers) -> u8 {
        self.selector(it, CS) as u8 & 3
    }
}
