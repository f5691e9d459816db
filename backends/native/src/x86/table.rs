//! Rows of tables: instructions, their operands and their kernels.

use std::sync::OnceLock;

use super::reserved::is_reserved;
use super::{
    Ea, Kernel, NONE, NativeOp, P66, PF2, PF3, Registers, Rm, conversions, crypto, decimal, decode, float,
    general, moves, protected, real, state, strings, vector, wide, x87,
};
use crate::halt::Halt;

/// What kind of register an operand is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// MMX without a prefix of a mandatory kind in a row for both, else XMM.
    Vector,
    Mmx,
    General,
    /// A byte of a general register.
    Byte,
    Stack,
}

/// The size of the operand in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Full,
    /// The length of vectors over this.
    Part(u8),
    /// Half of an MMX register, and all of others.
    LowHalf,
    Fixed(u8),
    /// That of operands in general registers.
    Width,
}

/// Which encodings a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encodings {
    Both,
    Legacy,
    Vex,
}

/// A row of a table: an instruction and its kernel.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) prefixes: u8,
    pub(super) map: u8,
    pub(super) opcode: u8,
    pub(super) extension: Option<u8>,
    pub(super) reg: Kind,
    pub(super) rm: Kind,
    pub(super) size: Size,
    pub(super) immediate: bool,
    pub(super) encodings: Encodings,
    pub(super) aligned: Option<bool>,
    /// Only with registers, or only with memory.
    pub(super) in_memory: Option<bool>,
    /// Without a prefix it is MMX's.
    pub(super) mmx: bool,
    pub(super) kernel: Kernel,
}

impl Row {
    pub(super) const fn new(prefixes: u8, map: u8, opcode: u8, kernel: Kernel) -> Self {
        Self {
            prefixes,
            map,
            opcode,
            extension: None,
            reg: Kind::Vector,
            rm: Kind::Vector,
            size: Size::Full,
            immediate: false,
            encodings: Encodings::Both,
            aligned: None,
            in_memory: None,
            mmx: false,
            kernel,
        }
    }

    pub(super) const fn extension(mut self, extension: u8) -> Self {
        self.extension = Some(extension);
        self
    }

    pub(super) const fn immediate(mut self) -> Self {
        self.immediate = true;
        self
    }

    pub(super) const fn legacy(mut self) -> Self {
        self.encodings = Encodings::Legacy;
        self
    }

    pub(super) const fn vex(mut self) -> Self {
        self.encodings = Encodings::Vex;
        self
    }

    pub(super) const fn sized(mut self, size: u8) -> Self {
        self.size = Size::Fixed(size);
        self
    }

    pub(super) const fn part(mut self, by: u8) -> Self {
        self.size = Size::Part(by);
        self
    }

    pub(super) const fn unaligned(mut self) -> Self {
        self.aligned = Some(false);
        self
    }

    pub(super) const fn aligned(mut self) -> Self {
        self.aligned = Some(true);
        self
    }

    pub(super) const fn low_half(mut self) -> Self {
        self.size = Size::LowHalf;
        self
    }

    pub(super) const fn in_memory(mut self) -> Self {
        self.in_memory = Some(true);
        self
    }

    pub(super) const fn in_register(mut self) -> Self {
        self.in_memory = Some(false);
        self
    }

    pub(super) const fn reg(mut self, kind: Kind) -> Self {
        self.reg = kind;
        self
    }

    pub(super) const fn rm(mut self, kind: Kind) -> Self {
        self.rm = kind;
        if matches!(kind, Kind::General) {
            self.size = Size::Width;
        }
        self
    }
}

/// An instruction of vectors of XMM, and YMM.
pub(super) const fn x(prefixes: u8, map: u8, opcode: u8, kernel: Kernel) -> Row {
    Row::new(prefixes, map, opcode, kernel)
}

/// An instruction of MMX without a prefix, and of XMM with 66.
pub(super) const fn m(map: u8, opcode: u8, kernel: Kernel) -> Row {
    let mut row = Row::new(NONE | P66, map, opcode, kernel);
    row.mmx = true;
    row
}

/// An instruction of general registers.
pub(super) const fn g(prefixes: u8, map: u8, opcode: u8, kernel: Kernel) -> Row {
    Row::new(prefixes, map, opcode, kernel).reg(Kind::General).rm(Kind::General)
}

/// All rows, in lists by map and opcode.
pub(super) fn rows(map: u8, opcode: u8) -> &'static [Row] {
    static INDEX: OnceLock<Vec<Vec<Row>>> = OnceLock::new();
    let index = INDEX.get_or_init(|| {
        let mut index = vec![Vec::new(); 4 * 256];
        let tables = [
            vector::ROWS,
            wide::ROWS,
            moves::ROWS,
            float::ROWS,
            conversions::ROWS,
            crypto::ROWS,
            decimal::ROWS,
            strings::ROWS,
            general::ROWS,
            state::ROWS,
            x87::ROWS,
        ];
        for row in tables.into_iter().flatten() {
            let list: Option<&mut Vec<Row>> =
                index.get_mut(usize::from(row.map) * 256 + usize::from(row.opcode));
            if let Some(list) = list {
                list.push(*row);
            }
        }
        index
    });
    index.get(usize::from(map) * 256 + usize::from(opcode)).map_or(&[], Vec::as_slice)
}

/// The kernel of an instruction with its operands; `None`: it has none, and
/// is lowered from p-code.
pub(crate) fn find(registers: &Registers, bytes: &[u8], pc: u64) -> Option<NativeOp> {
    let decoded = decode::decode(bytes, registers.mode)?;
    let system = match registers.mode {
        decode::Mode::Real => real::find,
        decode::Mode::Protected | decode::Mode::Long => protected::find,
    };
    if let Some(op) = system(registers, &decoded, bytes, pc) {
        return Some(op);
    }
    if is_reserved(&decoded, registers.is_64) {
        return Some(no_instruction(&decoded, pc));
    }
    if decoded.truncated {
        return None;
    }
    let row = rows(decoded.map, decoded.opcode).iter().find(|row| {
        row.prefixes & decoded.prefix != 0
            && row.extension.is_none_or(|extension| extension == decoded.modrm >> 3 & 7)
            && row.in_memory.is_none_or(|wanted| wanted == decoded.address.is_some())
            && match row.encodings {
                Encodings::Both => !(decoded.vex && row.mmx && decoded.prefix == NONE),
                Encodings::Legacy => !decoded.vex,
                Encodings::Vex => decoded.vex,
            }
    });
    let Some(row) = row else { return invalid(&decoded, pc) };
    // What loads from memory into XMM has nothing to do with MMX.
    let mmx = row.mmx && decoded.prefix == NONE
        || row.reg == Kind::Mmx
        || row.rm == Kind::Mmx && decoded.address.is_none();
    let length = match (row.mmx && decoded.prefix == NONE, decoded.vex && decoded.long) {
        (true, _) => 8,
        (false, true) => 32,
        (false, false) => 16,
    };
    let is_general = |kind| matches!(kind, Kind::General | Kind::Byte | Kind::Stack);
    // Where the prefix selects the instruction, it says nothing of sizes.
    let is_short = decoded.has_66 != (registers.mode == decode::Mode::Real);
    let short = is_short && !decoded.vex && is_general(row.reg) && is_general(row.rm);
    let width = match (decoded.wide, short) {
        // In 32-bit code, it says nothing of general registers.
        (true, _) if registers.is_64 || decoded.vex && !is_general(row.reg) && !is_general(row.rm) => 8,
        (_, true) => 2,
        _ => 4,
    };
    let place = |kind: Kind, number: u8| match kind {
        Kind::Vector if row.mmx && decoded.prefix == NONE => registers.stack[usize::from(number & 7)],
        Kind::Vector => registers.vectors[usize::from(number & 15)],
        Kind::Mmx | Kind::Stack => registers.stack[usize::from(number & 7)],
        Kind::Byte if !decoded.has_rex && number >= 4 => registers.general[usize::from(number & 3)] + 1,
        Kind::Byte | Kind::General => registers.general[usize::from(number & 15)],
    };
    let next = pc.wrapping_add(bytes.len() as u64);
    let rm = match decoded.address {
        None => Rm::Place(place(row.rm, decoded.rm)),
        Some(address) => {
            let gathers = decoded.vex && decoded.map == 2 && (0x90..0x94).contains(&decoded.opcode);
            Rm::Memory(effective(registers, &address, next, gathers))
        }
    };
    let size = match row.size {
        Size::Full => length,
        // Amounts of shifts have 16 bytes with YMM, too.
        Size::Part(0) => length.min(16),
        Size::LowHalf if length == 8 => 4,
        Size::LowHalf => length,
        Size::Part(by) => length / by,
        Size::Fixed(size) => size,
        Size::Width => width,
    };
    let reg = place(row.reg, decoded.reg);
    let byte = |at: usize| bytes.get(decoded.immediate + at).copied().unwrap_or(0);
    let immediate = byte(0);
    Some(NativeOp {
        kernel: row.kernel,
        reg,
        other: if decoded.vex { place(row.reg, decoded.vvvv) } else { reg },
        rm,
        size,
        length,
        width,
        opcode: decoded.opcode,
        modrm: decoded.modrm,
        immediate: if row.immediate { immediate } else { 0 },
        second: byte(1),
        third: byte(2),
        vex: decoded.vex,
        mmx,
        aligned: row.aligned.unwrap_or(!decoded.vex && size == 16),
        transfers: false,
        pc,
        next,
        value: 0,
        segment: registers.segments[usize::from(decoded.segment.unwrap_or(3))],
        short: decoded.short,
        index: 0,
    })
}

/// An address by the places of its registers.
pub(super) fn effective(registers: &Registers, address: &decode::Address, next: u64, gathers: bool) -> Ea {
    let general = |number: u8| registers.general[usize::from(number & 15)];
    let relative = address.base == Some(decode::RELATIVE);
    let index = if gathers {
        address.index.map(|index| registers.vectors[usize::from(index & 15)])
    } else {
        // Without an index, 4 stands in its place; addresses of 16 bits have
        // no such place.
        address.index.filter(|index| *index != 4).map(general)
    };
    let segment = match (registers.mode, address.segment) {
        (decode::Mode::Real, Some(segment)) => Some(registers.segments[usize::from(segment)]),
        // The stack segment is that of SP, ESP, BP and EBP as bases.
        (decode::Mode::Real, None) if matches!(address.base, Some(4 | 5)) => Some(registers.segments[2]),
        (decode::Mode::Real, None) => Some(registers.segments[3]),
        (_, Some(4)) => Some(registers.fs),
        (_, Some(5)) => Some(registers.gs),
        _ => None,
    };
    Ea {
        base: address.base.filter(|_| !relative).map(general),
        index,
        shift: address.shift,
        displacement: address.displacement.wrapping_add(if relative { next } else { 0 }),
        segment,
        mask: u64::MAX >> (64 - address.bits),
    }
}

/// A prefix of repetition beside the operand size prefix selects what is not
/// there, where the specification takes the instruction of the latter.
pub(super) fn invalid(decoded: &decode::Decoded, pc: u64) -> Option<NativeOp> {
    let selects = rows(decoded.map, decoded.opcode)
        .iter()
        .any(|row| row.prefixes & P66 != 0 && row.prefixes & decoded.prefix == 0 && row.reg != Kind::General);
    if decoded.map == 0 || !selects || !decoded.has_66 || decoded.vex || decoded.prefix & (PF2 | PF3) == 0 {
        return None;
    }
    Some(no_instruction(decoded, pc))
}

/// What an encoding that is no instruction does.
pub(super) const fn no_instruction(decoded: &decode::Decoded, pc: u64) -> NativeOp {
    NativeOp {
        kernel: |_, _| Err(Halt::Invalid),
        reg: 0,
        other: 0,
        rm: Rm::Place(0),
        size: 0,
        length: 0,
        width: 0,
        opcode: decoded.opcode,
        modrm: decoded.modrm,
        immediate: 0,
        second: 0,
        third: 0,
        vex: false,
        mmx: false,
        aligned: false,
        transfers: false,
        pc,
        next: pc,
        value: 0,
        segment: 0,
        short: false,
        index: 0,
    }
}
