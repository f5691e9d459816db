//! Real-address mode: the stack, transfers of control, and segment registers
//! (Intel SDM, volume 3, 21.1).
//!
//! The specification takes the size of addresses for that of the stack and
//! mixes offsets with linear addresses. In this mode the stack pointer is SP
//! whatever the prefixes, and the base of a segment is 16 times its selector.
//! Segments have no limits.

mod segments;
mod stack;
mod transfers;

use super::{
    Ea, Kernel, NativeOp, Registers, Rm,
    decode::Decoded,
    table::{effective, no_instruction},
};
use crate::{emulator::NativeEmulator, halt::Halt};

/// The immediate of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Immediate {
    None,
    /// A byte, with its sign.
    Byte,
    Word,
    /// As wide as operands, with its sign.
    Operand,
    /// An offset as wide as operands, and a selector behind it.
    Far,
    /// A word and a byte behind it.
    Enter,
}

/// The size of the operand in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    Word,
    Operand,
}

/// A row of a table: instructions and their kernel.
struct Row {
    map: u8,
    /// The first opcode, and the last.
    opcodes: (u8, u8),
    extension: Option<u8>,
    /// Only with registers, or only with memory.
    in_memory: Option<bool>,
    immediate: Immediate,
    size: Size,
    transfers: bool,
    kernel: Kernel,
}

impl Row {
    const fn new(map: u8, opcode: u8, kernel: Kernel) -> Self {
        Self {
            map,
            opcodes: (opcode, opcode),
            extension: None,
            in_memory: None,
            immediate: Immediate::None,
            size: Size::Operand,
            transfers: false,
            kernel,
        }
    }

    const fn to(mut self, last: u8) -> Self {
        self.opcodes.1 = last;
        self
    }

    const fn extension(mut self, extension: u8) -> Self {
        self.extension = Some(extension);
        self
    }

    const fn memory(mut self) -> Self {
        self.in_memory = Some(true);
        self
    }

    const fn immediate(mut self, immediate: Immediate) -> Self {
        self.immediate = immediate;
        self
    }

    const fn word(mut self) -> Self {
        self.size = Size::Word;
        self
    }

    const fn transfers(mut self) -> Self {
        self.transfers = true;
        self
    }

    fn is_for(&self, decoded: &Decoded) -> bool {
        self.map == decoded.map
            && (self.opcodes.0..=self.opcodes.1).contains(&decoded.opcode)
            && self.extension.is_none_or(|extension| extension == decoded.modrm >> 3 & 7)
    }
}

/// What is no instruction in this mode: ARPL, SLDT and its like, LAR and LSL
/// (Intel SDM, volume 3, 21.1.3).
const PROTECTED_ONLY: &[(u8, u8)] = &[(0, 0x63), (1, 0x00), (1, 0x02), (1, 0x03)];

/// The kernel of an instruction with its operands; `None`: it is as in other
/// modes.
pub(super) fn find(registers: &Registers, decoded: &Decoded, bytes: &[u8], pc: u64) -> Option<NativeOp> {
    if PROTECTED_ONLY.contains(&(decoded.map, decoded.opcode)) {
        return Some(no_instruction(decoded, pc));
    }
    let row = [stack::ROWS, transfers::ROWS, segments::ROWS]
        .into_iter()
        .flatten()
        .find(|row| row.is_for(decoded))?;
    if decoded.locks || row.in_memory.is_some_and(|wanted| wanted != decoded.address.is_some()) {
        return Some(no_instruction(decoded, pc));
    }
    let width = if decoded.has_66 { 4 } else { 2 };
    let next = pc.wrapping_add(bytes.len() as u64);
    let place = |number: u8| registers.general[usize::from(number & 7)];
    Some(NativeOp {
        kernel: row.kernel,
        reg: place(decoded.reg),
        rm: match &decoded.address {
            None => Rm::Place(place(decoded.rm)),
            Some(address) => Rm::Memory(effective(registers, address, next, false)),
        },
        size: if row.size == Size::Word { 2 } else { width },
        length: 16,
        width,
        value: immediate(row.immediate, bytes.get(decoded.immediate..)?, width)?,
        transfers: row.transfers,
        next,
        ..no_instruction(decoded, pc)
    })
}

/// The immediate of an instruction; of a far pointer, the selector stands
/// above the 32 bits of the offset.
pub(super) fn immediate(kind: Immediate, bytes: &[u8], width: u8) -> Option<u64> {
    let word = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let operand = || match width {
        2 => Some(word(0)? as i16 as u64),
        _ => Some(i32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as u64),
    };
    Some(match kind {
        Immediate::None => 0,
        Immediate::Byte => *bytes.first()? as i8 as u64,
        Immediate::Word => word(0)?.into(),
        Immediate::Operand => operand()?,
        Immediate::Far => u64::from(word(width.into())?) << 32 | operand()? & mask(width),
        Immediate::Enter => u64::from(word(0)?) | u64::from(*bytes.get(2)?) << 16,
    })
}

/// The bits of a value of some bytes.
const fn mask(width: u8) -> u64 {
    u64::MAX >> (64 - 8 * width as u32)
}

/// The numbers of the segment registers, the stack pointer and its base.
const CS: u8 = 1;
const SS: u8 = 2;
const SP: usize = 4;
const BP: usize = 5;

impl NativeEmulator {
    pub(super) fn selector(&self, it: &Registers, number: u8) -> u64 {
        self.general(it.segments[usize::from(number)], 2)
    }

    pub(super) fn set_selector(&mut self, it: &Registers, number: u8, value: u64) {
        self.set_general(it.segments[usize::from(number)], 2, value & 0xffff);
    }

    /// The offset of an address in the code segment.
    fn code_offset(&self, it: &Registers, address: u64) -> u64 {
        address.wrapping_sub(self.selector(it, CS) << 4) & 0xffff_ffff
    }

    /// Says that the instruction goes to an offset in the code segment.
    fn jump(&mut self, it: &Registers, offset: u64) {
        let address = (self.selector(it, CS) << 4).wrapping_add(offset);
        self.set_general(it.target, 4, address & 0xffff_ffff);
    }

    fn real_load(&mut self, op: &NativeOp, address: u64, width: u8) -> Result<u64, Halt> {
        let mut bytes = [0; 8];
        self.load_bytes(op, address & self.address_mask, &mut bytes[..usize::from(width)])?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Loads from an offset in the stack segment.
    fn stack_load(&mut self, op: &NativeOp, it: &Registers, offset: u64, width: u8) -> Result<u64, Halt> {
        let address = (self.selector(it, SS) << 4) + (offset & 0xffff);
        self.real_load(op, address, width)
    }

    fn stack_store(
        &mut self,
        op: &NativeOp,
        it: &Registers,
        offset: u64,
        value: u64,
        width: u8,
    ) -> Result<(), Halt> {
        let address = (self.selector(it, SS) << 4) + (offset & 0xffff);
        self.store_bytes(op, address & self.address_mask, &value.to_le_bytes()[..usize::from(width)])
    }

    fn stack_offset(&self, it: &Registers) -> u64 {
        self.general(it.general[SP], 2)
    }

    fn set_stack_offset(&mut self, it: &Registers, offset: u64) {
        self.set_general(it.general[SP], 2, offset & 0xffff);
    }

    /// Pushes a value in a slot as wide as operands; the stack pointer moves
    /// once it is stored.
    fn push_operand(&mut self, op: &NativeOp, it: &Registers, value: u64) -> Result<(), Halt> {
        let offset = self.stack_offset(it).wrapping_sub(op.width.into());
        self.stack_store(op, it, offset, value, op.width)?;
        self.set_stack_offset(it, offset);
        Ok(())
    }

    /// The operand that an address is of.
    fn memory_operand(op: &NativeOp) -> Result<&Ea, Halt> {
        match &op.rm {
            Rm::Memory(ea) => Ok(ea),
            Rm::Place(_) => Err(Halt::Invalid),
        }
    }
}
