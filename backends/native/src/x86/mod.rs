//! Kernels: instructions of x86 that are executed as a whole.
//!
//! What the specification leaves to the emulator or describes with very many
//! operations - vectors, floating point, the x87 - and what it describes
//! wrongly is not lowered from p-code. Such an instruction becomes one
//! operation: a kernel with its operands. The specification still decodes it.

mod conversions;
mod crypto;
mod decimal;
mod decode;
mod environment;
mod float;
mod general;
mod lanes;
mod moves;
mod protected;
mod real;
mod reserved;
mod segments;
mod stack;
mod state;
mod strings;
mod table;
mod transcendental;
mod trigonometric;
mod vector;
mod wide;
mod x87;

use terrella_emulator_api::{Access, MemoryCause};
use terrella_platforms::{Architecture, Platform};
use terrella_sleigh::Language;

use crate::{emulator::NativeEmulator, halt::Halt, layout::Layout};

use decode::{Mode, NONE, P66, PF2, PF3};
use lanes::{Lane, by_halves, each, each_of_one, halves, upper};
pub(crate) use table::find;
use table::{Kind, Row, Size, g, m, x};

/// The widest vector.
pub(crate) const WIDEST: usize = 32;
/// A vector; what is above its length is zero.
pub(crate) type Vector = [u8; WIDEST];
/// What executes an instruction.
pub(crate) type Kernel = fn(&mut NativeEmulator, &NativeOp) -> Result<(), Halt>;

/// The parts of the flags register (Intel SDM, volume 1, figure 3-8).
const FLAGS: &[(&str, u8); 17] = &[
    ("CF", 0),
    ("PF", 2),
    ("AF", 4),
    ("ZF", 6),
    ("SF", 7),
    ("TF", 8),
    ("IF", 9),
    ("DF", 10),
    ("OF", 11),
    ("IOPL", 12),
    ("NT", 14),
    ("RF", 16),
    ("VM", 17),
    ("AC", 18),
    ("VIF", 19),
    ("VIP", 20),
    ("ID", 21),
];

/// Where the registers are in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Registers {
    mode: Mode,
    is_64: bool,
    general: [u16; 16],
    vectors: [u16; 16],
    stack: [u16; 8],
    fs: u16,
    gs: u16,
    /// The selectors, in the order of their numbers.
    segments: [u16; 6],
    /// Where an instruction puts the address that it goes to.
    pub(crate) target: u16,
    /// The parts of the flags register: their places, and their lowest bits.
    flags: [(u16, u8); 17],
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
    /// The size of [`Self::target`].
    pub(crate) const fn target_size(&self) -> u8 {
        if self.is_64 { 8 } else { 4 }
    }

    /// `None`: the language is not x86, or lacks some of them.
    pub(crate) fn new(platform: Platform, language: &Language, layout: &Layout) -> Option<Self> {
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
        let mut segments = [0; 6];
        for (slot, name) in segments.iter_mut().zip(["ES", "CS", "SS", "DS", "FS", "GS"]) {
            *slot = place(name)?;
        }
        let mut flags = [(0, 0); 17];
        for (slot, (name, bit)) in flags.iter_mut().zip(FLAGS) {
            *slot = (place(name)?, *bit);
        }
        let mode = match platform.architecture() {
            Architecture::X86_16 => Mode::Real,
            _ if is_64 => Mode::Long,
            _ => Mode::Protected,
        };
        Some(Self {
            mode,
            is_64,
            general,
            vectors,
            stack,
            segments,
            target: place("EIP")?,
            flags,
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
    mask: u64,
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
    /// It goes to the address in [`Registers::target`].
    pub(crate) transfers: bool,
    pub(crate) pc: u64,
    /// The address behind it.
    next: u64,
    /// In real-address mode: the immediate, the place of the segment's
    /// selector where the operands do not have it, and whether addresses are
    /// of 16 bits.
    value: u64,
    segment: u16,
    short: bool,
    /// The number of the instruction in its block.
    index: u32,
}

impl NativeOp {
    /// The same as this instruction of its block.
    pub(crate) const fn numbered(self, index: u32) -> Self {
        Self { index, ..self }
    }
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
        if it.mode == Mode::Real {
            self.general(selector, 2) << 4
        } else if selector == it.segments[4] {
            self.general(it.fs, size)
        } else if selector == it.segments[5] {
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
        address &= ea.mask;
        let base = match (ea.segment, self.x86) {
            (Some(selector), Some(Registers { mode: Mode::Real, .. })) => self.general(selector, 2) << 4,
            (segment, _) => value(segment),
        };
        address.wrapping_add(base) & self.address_mask
    }

    /// The address in RDI, EDI or DI, of an instruction that does not say so.
    fn string_address(&self, op: &NativeOp, it: &Registers) -> u64 {
        let width = match it.mode {
            Mode::Long => 8,
            Mode::Real if op.short => 2,
            _ => 4,
        };
        let base = if it.mode == Mode::Real { self.general(op.segment, 2) << 4 } else { 0 };
        self.general(it.general[7], width).wrapping_add(base)
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
