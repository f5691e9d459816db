//! Kernels: instructions of x86 that are executed as a whole.
//!
//! What the specification leaves to the emulator or describes with very many
//! operations - vectors, floating point, the x87 - and what it describes
//! wrongly is not lowered from p-code. Such an instruction becomes one
//! operation: a kernel with its operands. The specification still decodes it.

mod big;
mod crypto;
mod decimal;
mod decode;
mod environment;
mod float;
mod general;
mod moves;
mod soft;
mod state;
mod strings;
mod transcendental;
mod vector;
mod wide;
mod x87;

use std::sync::OnceLock;

use terrella_emulator_api::{Access, MemoryCause};
use terrella_sleigh::Language;

use crate::{emulator::NativeEmulator, halt::Halt, layout::Layout};

use decode::{NONE, P66, PF2, PF3};

/// The widest vector.
pub(crate) const WIDEST: usize = 32;
/// A vector; what is above its length is zero.
pub(crate) type Vector = [u8; WIDEST];
/// What executes an instruction.
pub(crate) type Kernel = fn(&mut NativeEmulator, &NativeOp) -> Result<(), Halt>;

/// Where the registers are in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Registers {
    is_64: bool,
    general: [u16; 16],
    vectors: [u16; 16],
    stack: [u16; 8],
    fs: u16,
    gs: u16,
    /// The selectors that have these bases.
    selectors: (u16, u16),
    cf: u16,
    pf: u16,
    af: u16,
    zf: u16,
    sf: u16,
    of: u16,
    mxcsr: u16,
    control: u16,
    status: u16,
    tags: u16,
    instruction: u16,
    data: u16,
    opcode: u16,
}

impl Registers {
    /// `None`: the language is not x86, or lacks some of them.
    pub(crate) fn new(language: &Language, layout: &Layout) -> Option<Self> {
        let place = |name: &str| {
            let register = language.register(name)?;
            layout.place(&register.varnode()).and_then(|place| u16::try_from(place).ok())
        };
        let is_64 = language.register("RAX").is_some();
        let names: [&str; 8] = ["AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI"];
        let mut general = [0; 16];
        for (slot, name) in general.iter_mut().zip(names) {
            *slot = place(&format!("{}{name}", if is_64 { 'R' } else { 'E' }))?;
        }
        if is_64 {
            for (number, slot) in general.iter_mut().enumerate().skip(8) {
                *slot = place(&format!("R{number}"))?;
            }
        }
        let mut vectors = [0; 16];
        for (number, slot) in vectors.iter_mut().enumerate().take(if is_64 { 16 } else { 8 }) {
            *slot = place(&format!("XMM{number}"))?;
        }
        let mut stack = [0; 8];
        for (number, slot) in stack.iter_mut().enumerate() {
            *slot = place(&format!("ST{number}"))?;
        }
        Some(Self {
            is_64,
            general,
            vectors,
            stack,
            selectors: (place("FS")?, place("GS")?),
            fs: place("FS_OFFSET")?,
            gs: place("GS_OFFSET")?,
            cf: place("CF")?,
            pf: place("PF")?,
            af: place("AF")?,
            zf: place("ZF")?,
            sf: place("SF")?,
            of: place("OF")?,
            mxcsr: place("MXCSR")?,
            control: place("FPUControlWord")?,
            status: place("FPUStatusWord")?,
            tags: place("FPUTagWord")?,
            instruction: place("FPUInstructionPointer")?,
            data: place("FPUDataPointer")?,
            opcode: place("FPULastInstructionOpcode")?,
        })
    }
}

/// An address: places of registers, and what is added.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ea {
    base: Option<u16>,
    index: Option<u16>,
    shift: u8,
    displacement: u64,
    segment: Option<u16>,
    short: bool,
}

/// The operand that may be in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rm {
    Place(u16),
    Memory(Ea),
}

/// An instruction with its operands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NativeOp {
    kernel: Kernel,
    /// The operand of the ModRM byte's register.
    reg: u16,
    /// The operand of the VEX prefix; without one, the same as `reg`.
    other: u16,
    rm: Rm,
    /// The size of `rm` in memory.
    size: u8,
    /// The length of vectors: 8, 16 or 32.
    length: u8,
    /// The size of operands in general registers.
    width: u8,
    opcode: u8,
    modrm: u8,
    immediate: u8,
    /// The bytes after the immediate.
    second: u8,
    third: u8,
    vex: bool,
    mmx: bool,
    aligned: bool,
    /// It begins with FWAIT.
    waits: bool,
    pub(crate) pc: u64,
}

/// What kind of register an operand is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
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
enum Size {
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
enum Encodings {
    Both,
    Legacy,
    Vex,
}

/// A row of a table: an instruction and its kernel.
#[derive(Clone, Copy)]
pub(super) struct Row {
    prefixes: u8,
    map: u8,
    opcode: u8,
    extension: Option<u8>,
    reg: Kind,
    rm: Kind,
    size: Size,
    immediate: bool,
    encodings: Encodings,
    aligned: Option<bool>,
    /// Only with registers, or only with memory.
    in_memory: Option<bool>,
    /// Without a prefix it is MMX's.
    mmx: bool,
    /// The operand size follows VEX.W or REX.W alone.
    kernel: Kernel,
}

impl Row {
    const fn new(prefixes: u8, map: u8, opcode: u8, kernel: Kernel) -> Self {
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

    const fn extension(mut self, extension: u8) -> Self {
        self.extension = Some(extension);
        self
    }

    const fn immediate(mut self) -> Self {
        self.immediate = true;
        self
    }

    const fn legacy(mut self) -> Self {
        self.encodings = Encodings::Legacy;
        self
    }

    const fn vex(mut self) -> Self {
        self.encodings = Encodings::Vex;
        self
    }

    const fn sized(mut self, size: u8) -> Self {
        self.size = Size::Fixed(size);
        self
    }

    const fn part(mut self, by: u8) -> Self {
        self.size = Size::Part(by);
        self
    }

    const fn unaligned(mut self) -> Self {
        self.aligned = Some(false);
        self
    }

    const fn aligned(mut self) -> Self {
        self.aligned = Some(true);
        self
    }

    const fn low_half(mut self) -> Self {
        self.size = Size::LowHalf;
        self
    }

    const fn in_memory(mut self) -> Self {
        self.in_memory = Some(true);
        self
    }

    const fn in_register(mut self) -> Self {
        self.in_memory = Some(false);
        self
    }

    const fn reg(mut self, kind: Kind) -> Self {
        self.reg = kind;
        self
    }

    const fn rm(mut self, kind: Kind) -> Self {
        self.rm = kind;
        if matches!(kind, Kind::General) {
            self.size = Size::Width;
        }
        self
    }
}

/// An instruction of vectors of XMM, and YMM.
const fn x(prefixes: u8, map: u8, opcode: u8, kernel: Kernel) -> Row {
    Row::new(prefixes, map, opcode, kernel)
}

/// An instruction of MMX without a prefix, and of XMM with 66.
const fn m(map: u8, opcode: u8, kernel: Kernel) -> Row {
    let mut row = Row::new(NONE | P66, map, opcode, kernel);
    row.mmx = true;
    row
}

/// An instruction of general registers.
const fn g(prefixes: u8, map: u8, opcode: u8, kernel: Kernel) -> Row {
    Row::new(prefixes, map, opcode, kernel).reg(Kind::General).rm(Kind::General)
}

/// All rows, in lists by map and opcode.
fn rows(map: u8, opcode: u8) -> &'static [Row] {
    static INDEX: OnceLock<Vec<Vec<Row>>> = OnceLock::new();
    let index = INDEX.get_or_init(|| {
        let mut index = vec![Vec::new(); 4 * 256];
        let tables = [
            vector::ROWS,
            wide::ROWS,
            moves::ROWS,
            float::ROWS,
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
    let decoded = decode::decode(bytes, registers.is_64)?;
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
    let short = decoded.has_66 && !decoded.vex && is_general(row.reg) && is_general(row.rm);
    let width = match (decoded.wide, short) {
        (true, _) if registers.is_64 => 8,
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
    let general = |number: u8| registers.general[usize::from(number & 15)];
    let rm = match decoded.address {
        None => Rm::Place(place(row.rm, decoded.rm)),
        Some(address) => {
            let relative = address.base == Some(decode::RELATIVE);
            let gathers = decoded.vex && decoded.map == 2 && (0x90..0x94).contains(&decoded.opcode);
            let index = if gathers {
                address.index.map(|index| registers.vectors[usize::from(index & 15)])
            } else {
                address.index.filter(|index| *index != 4).map(general)
            };
            Rm::Memory(Ea {
                base: address.base.filter(|_| !relative).map(general),
                index,
                shift: address.shift,
                displacement: address.displacement.wrapping_add(if relative { next } else { 0 }),
                segment: match address.segment {
                    4 => Some(registers.fs),
                    5 => Some(registers.gs),
                    _ => None,
                },
                short: address.short,
            })
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
        waits: decoded.waits,
        pc,
    })
}

/// A prefix of repetition beside the operand size prefix selects what is not
/// there, where the specification takes the instruction of the latter.
fn invalid(decoded: &decode::Decoded, pc: u64) -> Option<NativeOp> {
    let selects = rows(decoded.map, decoded.opcode)
        .iter()
        .any(|row| row.prefixes & P66 != 0 && row.prefixes & decoded.prefix == 0 && row.reg != Kind::General);
    if decoded.map == 0 || !selects || !decoded.has_66 || decoded.vex || decoded.prefix & (PF2 | PF3) == 0 {
        return None;
    }
    Some(NativeOp {
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
        waits: false,
        pc,
    })
}

impl NativeEmulator {
    /// Executes a kernel.
    pub(crate) fn native(&mut self, op: &NativeOp) -> Result<(), Halt> {
        let Some(registers) = self.x86 else { return Err(Halt::Invalid) };
        if !op.mmx {
            return (op.kernel)(self, op);
        }
        // A fault leaves the stack as it was.
        let before = self.enter_mmx(&registers)?;
        let result = (op.kernel)(self, op);
        if result.is_err()
            && let Some(before) = before
        {
            self.leave_mmx(&registers, &before);
        }
        result
    }

    /// The base of the segment whose selector is at a place.
    pub(crate) fn segment_base(&self, selector: u16) -> u64 {
        let Some(it) = self.x86 else { return 0 };
        let size = if it.is_64 { 8 } else { 4 };
        if selector == it.selectors.0 {
            self.general(it.fs, size)
        } else if selector == it.selectors.1 {
            self.general(it.gs, size)
        } else {
            0
        }
    }

    // ---- operands

    /// The address of an operand in memory.
    fn ea(&self, ea: &Ea) -> u64 {
        let size = if self.x86.is_some_and(|it| it.is_64) { 8 } else { 4 };
        let value =
            |place: Option<u16>| place.map_or(0, |place| self.file.integer(place.into(), size) as u64);
        let mut address =
            value(ea.base).wrapping_add(value(ea.index) << ea.shift).wrapping_add(ea.displacement);
        if ea.short {
            address &= 0xffff_ffff;
        }
        address.wrapping_add(value(ea.segment)) & self.address_mask
    }

    fn load_bytes(&mut self, op: &NativeOp, address: u64, bytes: &mut [u8]) -> Result<(), Halt> {
        macro_rules! fast {
            ($($size:literal),*) => {
                match bytes.len() {
                    $($size => if let Some(found) = self.memory.read_fast::<$size>(address) {
                        bytes.copy_from_slice(&found);
                        return Ok(());
                    },)*
                    _ => {}
                }
            };
        }
        fast!(1, 2, 4, 8, 16, 32);
        self.access_read(op.pc, address, bytes)?;
        if !self.memory.reads_watched.all {
            self.memory.translate_read(address);
        }
        Ok(())
    }

    fn store_bytes(&mut self, op: &NativeOp, address: u64, bytes: &[u8]) -> Result<(), Halt> {
        macro_rules! fast {
            ($($size:literal),*) => {
                match bytes.len() {
                    $($size => if let Ok(bytes) = bytes.try_into()
                        && self.memory.write_fast::<$size>(address, bytes) {
                        return Ok(());
                    },)*
                    _ => {}
                }
            };
        }
        fast!(1, 2, 4, 8, 16, 32);
        self.access_write(op.pc, address, bytes)?;
        if !self.memory.writes_watched.all {
            self.memory.translate_write(address);
        }
        Ok(())
    }

    fn check_alignment(op: &NativeOp, address: u64, size: usize, access: Access) -> Result<(), Halt> {
        if op.aligned && !address.is_multiple_of(size as u64) {
            return Err(Halt::Memory { access, cause: MemoryCause::Unaligned, address, size: size as u64 });
        }
        Ok(())
    }

    /// The bytes of a vector register.
    fn vector(&self, place: u16, length: u8) -> Vector {
        let mut vector = [0; WIDEST];
        match length {
            16 => vector[..16].copy_from_slice(&self.file.get::<16>(place)),
            32 => vector = self.file.get::<32>(place),
            8 => vector[..8].copy_from_slice(&self.file.get::<8>(place)),
            other => {
                let size = usize::from(other).min(WIDEST);
                vector[..size].copy_from_slice(self.file.slice(place.into(), size));
            }
        }
        vector
    }

    /// The operand that may be in memory: its size in memory, or all of the
    /// register.
    fn rm(&mut self, op: &NativeOp) -> Result<Vector, Halt> {
        match &op.rm {
            Rm::Place(place) => Ok(self.vector(*place, op.length.max(op.size))),
            Rm::Memory(ea) => {
                let address = self.ea(ea);
                let size = usize::from(op.size).min(WIDEST);
                Self::check_alignment(op, address, size, Access::Read)?;
                let mut vector = [0; WIDEST];
                self.load_bytes(op, address, &mut vector[..size])?;
                Ok(vector)
            }
        }
    }

    /// The first operand.
    fn first(&self, op: &NativeOp) -> Vector {
        self.vector(op.other, op.length)
    }

    /// Sets the register of the ModRM byte; a VEX prefix clears what is above.
    fn put(&mut self, op: &NativeOp, value: &Vector) {
        self.put_at(op, op.reg, value);
    }

    fn put_at(&mut self, op: &NativeOp, place: u16, value: &Vector) {
        match op.length {
            8 => {
                let mut low = [0; 8];
                low.copy_from_slice(&value[..8]);
                self.file.put::<8>(place, low);
                if op.mmx {
                    self.file.put::<2>(place + 8, [0xff; 2]);
                }
            }
            length => {
                let mut low = [0; 16];
                low.copy_from_slice(&value[..16]);
                self.file.put::<16>(place, low);
                if op.vex {
                    let mut high = [0; 16];
                    if length == 32 {
                        high.copy_from_slice(&value[16..]);
                    }
                    self.file.put::<16>(place + 16, high);
                    self.file.put::<32>(place + 32, [0; 32]);
                }
            }
        }
    }

    /// Sets an MMX register.
    fn put_mmx(&mut self, place: u16, value: u64) {
        self.file.put::<8>(place, value.to_le_bytes());
        self.file.put::<2>(place + 8, [0xff; 2]);
    }

    /// Stores into the operand that may be in memory.
    fn put_rm(&mut self, op: &NativeOp, bytes: &[u8]) -> Result<(), Halt> {
        match &op.rm {
            Rm::Place(place) => {
                self.file.slice_mut((*place).into(), bytes.len()).copy_from_slice(bytes);
                Ok(())
            }
            Rm::Memory(ea) => {
                let address = self.ea(ea);
                Self::check_alignment(op, address, bytes.len(), Access::Write)?;
                self.store_bytes(op, address, bytes)
            }
        }
    }

    /// A general register.
    fn general(&self, place: u16, width: u8) -> u64 {
        self.file.integer(place.into(), width.into()) as u64
    }

    /// Sets a general register: 32 bits clear what is above.
    fn set_general(&mut self, place: u16, width: u8, value: u64) {
        let is_64 = self.x86.is_some_and(|it| it.is_64);
        let size = if width == 4 && is_64 { 8 } else { usize::from(width) };
        let value = if width == 4 { value & 0xffff_ffff } else { value };
        self.file.set_integer(place.into(), size, value.into());
    }

    /// The operand that may be in memory, in a general register otherwise.
    fn general_rm(&mut self, op: &NativeOp) -> Result<u64, Halt> {
        match &op.rm {
            Rm::Place(place) => Ok(self.general(*place, op.size)),
            Rm::Memory(_) => self.rm(op).map(|vector| u64::get(&vector, 0)),
        }
    }

    fn flag(&self, place: u16) -> bool {
        self.file.get::<1>(place)[0] != 0
    }

    fn set_flag(&mut self, place: u16, value: bool) {
        self.file.put::<1>(place, [value.into()]);
    }
}

/// A number that vectors are made of.
pub(super) trait Lane: Copy + Default {
    const SIZE: usize;
    fn get(vector: &Vector, index: usize) -> Self;
    fn put(self, vector: &mut Vector, index: usize);
}

macro_rules! lanes {
    ($($type:ident $size:literal),*) => {
        $(impl Lane for $type {
            const SIZE: usize = $size;

            #[inline(always)]
            fn get(vector: &Vector, index: usize) -> Self {
                let mut bytes = [0; $size];
                if let Some(found) = vector.get(index * $size..(index + 1) * $size) {
                    bytes.copy_from_slice(found);
                }
                Self::from_le_bytes(bytes)
            }

            #[inline(always)]
            fn put(self, vector: &mut Vector, index: usize) {
                if let Some(place) = vector.get_mut(index * $size..(index + 1) * $size) {
                    place.copy_from_slice(&self.to_le_bytes());
                }
            }
        })*
    };
}

lanes!(u8 1, i8 1, u16 2, i16 2, u32 4, i32 4, u64 8, i64 8, u128 16);

/// Each lane of two operands.
#[inline(always)]
fn each<T: Lane>(e: &mut NativeEmulator, op: &NativeOp, function: impl Fn(T, T) -> T) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.first(op));
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / T::SIZE {
        function(T::get(&a, index), T::get(&b, index)).put(&mut result, index);
    }
    e.put(op, &result);
    Ok(())
}

/// Each lane of one operand.
#[inline(always)]
fn each_of_one<T: Lane>(
    e: &mut NativeEmulator,
    op: &NativeOp,
    function: impl Fn(T) -> T,
) -> Result<(), Halt> {
    let b = e.rm(op)?;
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / T::SIZE {
        function(T::get(&b, index)).put(&mut result, index);
    }
    e.put(op, &result);
    Ok(())
}

/// All of each 128-bit half of two operands (all of MMX registers).
#[inline(always)]
fn halves(
    e: &mut NativeEmulator,
    op: &NativeOp,
    function: impl Fn(&Vector, &Vector) -> Vector,
) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.first(op));
    let result = by_halves(op.length, &a, &b, function);
    e.put(op, &result);
    Ok(())
}

/// Computes each 128-bit half on its own.
#[inline(always)]
fn by_halves(length: u8, a: &Vector, b: &Vector, function: impl Fn(&Vector, &Vector) -> Vector) -> Vector {
    let mut result = function(a, b);
    if length == 32 {
        let high = function(&upper(a), &upper(b));
        result[16..].copy_from_slice(&high[..16]);
    }
    result
}

/// The upper half.
fn upper(vector: &Vector) -> Vector {
    let mut high = [0; WIDEST];
    high[..16].copy_from_slice(&vector[16..]);
    high
}
