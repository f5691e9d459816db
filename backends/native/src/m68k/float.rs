//! The coprocessor for floating point, 68881 and 68882 with what the 68040
//! adds: its general instructions, which move and compute (M68000 Family
//! Programmer's Reference Manual, sections 1.6, 3.6, 5; MC68881/MC68882 User's
//! Manual, section 4). Conditions are up to the specification.
//!
//! Results are rounded to the precision of FPCR or of the instruction; the
//! exponent keeps its range in registers. Exceptions are noted in FPSR, and
//! those that FPCR enables are interrupts after the instruction.

use super::{arithmetic::compute, constants::constant, decimal};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    halt::Halt,
    overrides::Override,
    soft::{self, Class, DOUBLE, EXTENDED_68881 as EXTENDED, Env, Format, Mode, SINGLE},
    userops::Handler,
};

/// F-line instructions of coprocessor 1 of type 0, with their command word.
pub(crate) const OVERRIDES: &[Override] =
    &[Override { mask: 0xffc0_0000, value: 0xf200_0000, handler: Handler::new(general) }];

// The exception byte of FPSR (figure 1-6 of the manual).
const SNAN: u32 = 1 << 14;
const OPERR: u32 = 1 << 13;
const OVFL: u32 = 1 << 12;
const UNFL: u32 = 1 << 11;
const DZ: u32 = 1 << 10;
const INEX2: u32 = 1 << 9;
/// Inexact decimal input.
pub(super) const INEX1: u32 = 1 << 8;
const EXCEPTIONS: u32 = 0xff00;

/// The vectors of the exceptions, from INEX1 in bit 8 to BSUN in bit 15
/// (table B-1 of the manual).
const VECTORS: [u64; 8] = [49, 49, 50, 51, 53, 52, 54, 48];

/// Which bits of the control registers there are.
const FPCR_BITS: u32 = 0xfff0;
const FPSR_BITS: u32 = 0x0fff_fff8;

/// The coprocessor during an instruction.
pub(super) struct Unit {
    pub(super) env: Env,
    /// Exceptions that the flags of `env` do not tell.
    pub(super) exceptions: u32,
    /// Sign and lowest bits of a quotient.
    pub(super) quotient: Option<u32>,
}

impl Unit {
    pub(super) fn new(control: u32) -> Self {
        let mode = match control >> 4 & 3 {
            0 => Mode::Nearest,
            1 => Mode::Zero,
            2 => Mode::Down,
            _ => Mode::Up,
        };
        let precision = match control >> 6 & 3 {
            1 => 24,
            2 => 53,
            _ => 64,
        };
        let env = Env {
            mode,
            masks: 0x3f,
            flags: 0,
            noted: 0,
            flush: false,
            zeros: false,
            precision,
            up: false,
            x87: false,
        };
        Self { env, exceptions: 0, quotient: None }
    }

    /// The exceptions, as FPSR has them. A signalling operand is one by
    /// itself, not an error of the operation.
    fn noted(&self) -> u32 {
        let flags = self.env.flags;
        let named = [
            (soft::INVALID, if self.exceptions & SNAN != 0 { 0 } else { OPERR }),
            (soft::ZERO_DIVIDE, DZ),
            (soft::OVERFLOW, OVFL),
            (soft::UNDERFLOW, UNFL),
            (soft::INEXACT, INEX2),
        ];
        let told = named.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, bit)| bit);
        self.exceptions | told.fold(0, |all, bit| all | bit)
    }

    /// Notes the signalling NaNs among the operands.
    fn look_at(&mut self, operands: &[u128]) {
        if operands.iter().any(|operand| EXTENDED.unpack(*operand).class == Class::Signalling) {
            self.exceptions |= SNAN;
        }
    }
}

/// What the accrued byte of FPSR takes of the exceptions.
fn accrued(exceptions: u32) -> u32 {
    let any = |bits: u32, accrued: u32| if exceptions & bits != 0 { accrued } else { 0 };
    let underflows = exceptions & UNFL != 0 && exceptions & INEX2 != 0;
    any(SNAN | OPERR, 0x80)
        | any(OVFL, 0x40)
        | if underflows { 0x20 } else { 0 }
        | any(DZ, 0x10)
        | any(OVFL | INEX2 | INEX1, 0x08)
}

/// The condition codes of a value: negative, zero, infinite, not a number.
fn condition(value: u128) -> u32 {
    let number = EXTENDED.unpack(value);
    let class = match number.class {
        Class::Zero => 1 << 26,
        Class::Infinite => 1 << 25,
        Class::Finite => 0,
        _ => 1 << 24,
    };
    class | u32::from(number.negative) << 27
}

/// The formats of operands in memory, by the field of the command word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operand {
    /// An integer of some bytes.
    Integer(u32),
    Float(Format, u32),
    /// 96 bits, of which 80 count.
    Extended,
    Decimal,
}

impl Operand {
    const fn of(field: u32) -> Self {
        match field {
            0 => Self::Integer(4),
            1 => Self::Float(SINGLE, 4),
            2 => Self::Extended,
            4 => Self::Integer(2),
            5 => Self::Float(DOUBLE, 8),
            6 => Self::Integer(1),
            _ => Self::Decimal,
        }
    }

    const fn size(self) -> u32 {
        match self {
            Self::Integer(size) | Self::Float(_, size) => size,
            Self::Extended | Self::Decimal => 12,
        }
    }
}

/// The instruction: where its operand is, and the command word.
#[derive(Clone, Copy)]
struct Instruction {
    mode: u16,
    register: u16,
    command: u32,
}

impl NativeEmulator {
    fn fp(&self, number: u32) -> u128 {
        self.numbered("FP0", number)
    }

    fn set_fp(&mut self, number: u32, value: u128) {
        self.set_numbered("FP0", number, value);
    }

    fn float_control(&self) -> u32 {
        self.user_register("FPCR") as u32
    }

    /// The bytes of an operand, as one number from the highest on.
    fn float_source(&mut self, it: Instruction, size: u32) -> Result<(u128, Option<u32>), Halt> {
        if it.mode == 0 {
            if size > 4 {
                return Err(Halt::Invalid);
            }
            let value = self.m68k_register(it.register.into());
            return Ok((u128::from(value) & ((1 << (8 * size)) - 1), None));
        }
        if it.mode == 1 {
            return Err(Halt::Invalid);
        }
        let (address, after) = self.m68k_place(it.mode, it.register, size)?;
        let mut bytes = [0; 12];
        let bytes = &mut bytes[..size as usize];
        self.user_read(address.into(), bytes)?;
        Ok((bytes.iter().fold(0, |all, byte| all << 8 | u128::from(*byte)), after))
    }

    /// Stores an operand; only where it can be altered.
    fn float_destination(&mut self, it: Instruction, size: u32, value: u128) -> Result<(), Halt> {
        match (it.mode, it.register) {
            (0, _) if size <= 4 => {
                let mask = if size == 4 { u32::MAX } else { (1 << (8 * size)) - 1 };
                let old = self.m68k_register(it.register.into());
                let new = old & !mask | value as u32 & mask;
                self.set_numbered("D0", it.register.into(), new.into());
                return Ok(());
            }
            (0 | 1, _) | (7, 2..) => return Err(Halt::Invalid),
            _ => {}
        }
        let (address, after) = self.m68k_place(it.mode, it.register, size)?;
        self.user_write(address.into(), &value.to_be_bytes()[16 - size as usize..])?;
        self.after_access(it, after);
        Ok(())
    }

    /// What an addressing mode leaves in its register.
    fn after_access(&mut self, it: Instruction, after: Option<u32>) {
        if let Some(after) = after {
            self.set_numbered("D0", 8 + u32::from(it.register), after.into());
        }
    }

    /// Notes what an operation met, and gives the interrupt of an exception
    /// that is enabled.
    fn float_status(&mut self, unit: &Unit, condition: Option<u32>) -> Result<(), Halt> {
        let noted = unit.noted();
        let mut status = self.user_register("FPSR") as u32 & !EXCEPTIONS | noted | accrued(noted);
        if let Some(condition) = condition {
            status = status & !(0xf << 24) | condition;
        }
        if let Some(quotient) = unit.quotient {
            status = status & !(0xff << 16) | quotient << 16;
        }
        self.set_user_register("FPSR", status.into());
        match noted & self.float_control() & EXCEPTIONS {
            0 => Ok(()),
            enabled => Err(Halt::Interrupt(VECTORS[23 - enabled.leading_zeros() as usize])),
        }
    }
}

/// A general instruction.
fn general(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let words = emulator.user_input(op, 0) as u32;
    let first = (words >> 16) as u16;
    let it = Instruction { mode: first >> 3 & 7, register: first & 7, command: words & 0xffff };
    match it.command >> 13 {
        0 => operation(emulator, it),
        2 if it.command >> 10 & 7 == 7 => load_constant(emulator, it),
        2 => operation(emulator, it),
        3 => store(emulator, it),
        4 | 5 => move_controls(emulator, it),
        6 | 7 => move_registers(emulator, it),
        _ => Err(Halt::Invalid),
    }
}

/// FMOVECR. The field of the address has to be zero.
fn load_constant(emulator: &mut NativeEmulator, it: Instruction) -> Result<(), Halt> {
    if it.mode != 0 || it.register != 0 {
        return Err(Halt::Invalid);
    }
    let mut unit = Unit::new(emulator.float_control());
    let value = constant(it.command & 0x7f, &mut unit.env);
    emulator.set_fp(it.command >> 7 & 7, value);
    emulator.float_status(&unit, Some(condition(value)))
}

/// Computes into a register, out of a register or of memory.
fn operation(emulator: &mut NativeEmulator, it: Instruction) -> Result<(), Halt> {
    let field = it.command >> 10 & 7;
    let mut unit = Unit::new(emulator.float_control());
    let (source, after) = if it.command & 0x4000 == 0 {
        if it.mode != 0 || it.register != 0 {
            return Err(Halt::Invalid);
        }
        (emulator.fp(field), None)
    } else {
        let operand = Operand::of(field);
        let (bits, after) = emulator.float_source(it, operand.size())?;
        (loaded(&mut unit, operand, bits), after)
    };
    let number = it.command >> 7 & 7;
    let destination = emulator.fp(number);
    let opmode = it.command & 0x7f;
    let is_dyadic = matches!(opmode, 0x20..=0x28 | 0x38 | 0x60..=0x6c);
    if is_dyadic {
        unit.look_at(&[destination, source]);
    } else {
        unit.look_at(&[source]);
    }
    let result = compute(&mut unit, opmode, destination, source).ok_or(Halt::Invalid)?;
    emulator.after_access(it, after);
    // With its exception enabled, a wrong operation leaves the register.
    let stops = unit.noted() & emulator.float_control() & (SNAN | OPERR | DZ) != 0;
    let told = match opmode {
        0x38 => result as u32,
        _ => condition(result),
    };
    if !stops && !matches!(opmode, 0x38 | 0x3a) {
        if opmode & 0x78 == 0x30 {
            // FSINCOS: the cosine goes first, so that the sine stays if both
            // are one.
            let cosine = super::functions::cosine(&mut unit, source);
            emulator.set_fp(it.command & 7, cosine);
        }
        emulator.set_fp(number, result);
    }
    emulator.float_status(&unit, Some(told))
}

/// An operand of memory in the format of registers.
fn loaded(unit: &mut Unit, operand: Operand, bits: u128) -> u128 {
    match operand {
        Operand::Integer(size) => {
            let shift = 128 - 8 * size;
            let mut exact = Env { precision: 64, ..unit.env };
            exact.of_integer(EXTENDED, (bits << shift) as i128 >> shift)
        }
        Operand::Float(format, _) => {
            let number = format.unpack(bits);
            match number.class {
                // It stays signalling until the operation looks at it.
                Class::Signalling => EXTENDED.nan(&number) & !(1 << 62),
                Class::Quiet => EXTENDED.nan(&number),
                _ => {
                    let mut exact = Env { precision: 64, ..unit.env };
                    exact.convert(format, EXTENDED, bits)
                }
            }
        }
        Operand::Extended => bits >> 80 << 64 | bits & u128::from(u64::MAX),
        Operand::Decimal => decimal::load(unit, bits),
    }
}

/// FMOVE to memory or to a data register.
fn store(emulator: &mut NativeEmulator, it: Instruction) -> Result<(), Halt> {
    let field = it.command >> 10 & 7;
    let operand = Operand::of(field);
    let value = emulator.fp(it.command >> 7 & 7);
    let mut unit = Unit::new(emulator.float_control());
    unit.look_at(&[value]);
    let bits = match operand {
        Operand::Integer(size) => integer(&mut unit, value, 8 * size),
        Operand::Float(format, _) => {
            unit.env.precision = 64;
            unit.env.convert(EXTENDED, format, value)
        }
        Operand::Extended => {
            let number = EXTENDED.unpack(value);
            let value = if number.class == Class::Signalling { EXTENDED.nan(&number) } else { value };
            value >> 64 << 80 | value & u128::from(u64::MAX)
        }
        Operand::Decimal => {
            // The factor k is in the command or in a data register.
            let factor = if field == 7 { emulator.m68k_register(it.command >> 4 & 7) } else { it.command };
            let factor = ((factor & 0x7f) << 25) as i32 >> 25;
            decimal::store(&mut unit, value, factor)
        }
    };
    emulator.float_destination(it, operand.size(), bits)?;
    emulator.float_status(&unit, None)
}

/// The integer of some bits nearest to a value; what is none is the greatest
/// of its sign, and of a NaN its uppermost bits.
fn integer(unit: &mut Unit, value: u128, bits: u32) -> u128 {
    let number = EXTENDED.unpack(value);
    let most = (1u128 << (bits - 1)) - 1;
    match number.class {
        Class::Quiet | Class::Signalling => {
            unit.env.flags |= soft::INVALID;
            return u128::from((number.significand | 1 << 62) >> (64 - bits));
        }
        Class::Infinite => {
            unit.env.flags |= soft::INVALID;
            return if number.negative { most + 1 } else { most };
        }
        _ => {}
    }
    let mode = unit.env.mode;
    let before = unit.env.flags;
    let rounded = unit.env.integer_of(EXTENDED, value, bits, mode);
    if unit.env.flags & !before & soft::INVALID != 0 {
        return if number.negative { most + 1 } else { most };
    }
    u128::from(rounded as u64) & ((1 << bits) - 1)
}

/// FMOVE and FMOVEM of the control registers: FPCR, FPSR, FPIAR.
fn move_controls(emulator: &mut NativeEmulator, it: Instruction) -> Result<(), Halt> {
    let list = it.command >> 10 & 7;
    let is_store = it.command & 0x2000 != 0;
    let names: Vec<_> = [(4, "FPCR", FPCR_BITS), (2, "FPSR", FPSR_BITS), (1, "FPIAR", u32::MAX)]
        .into_iter()
        .filter(|(bit, ..)| list & bit != 0)
        .collect();
    let size = 4 * names.len() as u32;
    // A register takes one of them, an address register FPIAR alone.
    let is_register = it.mode < 2;
    if names.is_empty() || is_register && names.len() != 1 || it.mode == 1 && list != 1 {
        return Err(Halt::Invalid);
    }
    let it = if it.mode == 1 { Instruction { mode: 0, register: it.register + 8, ..it } } else { it };
    if is_store {
        let value = names.iter().fold(0, |all: u128, (_, name, _)| {
            all << 32 | emulator.user_register(name) & u128::from(u32::MAX)
        });
        return emulator.float_destination(it, size, value);
    }
    let (value, after) = emulator.float_source(it, size)?;
    emulator.after_access(it, after);
    for (index, (_, name, bits)) in names.iter().enumerate() {
        let word = (value >> (32 * (names.len() - 1 - index))) as u32;
        emulator.set_user_register(name, (word & bits).into());
    }
    Ok(())
}

/// FMOVEM of the registers, which changes no status. In memory the lowest
/// number has the lowest address.
fn move_registers(emulator: &mut NativeEmulator, it: Instruction) -> Result<(), Halt> {
    let (is_store, is_dynamic) = (it.command & 0x2000 != 0, it.command & 0x800 != 0);
    let falls = it.command & 0x1000 == 0;
    let list = if is_dynamic { emulator.m68k_register(it.command >> 4 & 7) } else { it.command } & 0xff;
    // Downwards the bits are counted from the other end.
    let list = if falls { list } else { u32::from((list as u8).reverse_bits()) };
    let allowed = match (it.mode, it.register) {
        (2 | 5 | 6, _) | (7, 0 | 1) => !falls,
        (7, 2 | 3) => !falls && !is_store,
        (3, _) => !falls && !is_store,
        (4, _) => falls && is_store,
        _ => false,
    };
    if !allowed {
        return Err(Halt::Invalid);
    }
    let size = 12 * list.count_ones();
    let (address, after) = emulator.m68k_place(it.mode, it.register, size)?;
    let mut at = address;
    for number in (0..8).filter(|number| list >> number & 1 != 0) {
        if is_store {
            let value = emulator.fp(number);
            let bits = value >> 64 << 80 | value & u128::from(u64::MAX);
            emulator.user_write(at.into(), &bits.to_be_bytes()[4..])?;
        } else {
            let mut bytes = [0; 12];
            emulator.user_read(at.into(), &mut bytes)?;
            let bits = bytes.iter().fold(0, |all: u128, byte| all << 8 | u128::from(*byte));
            emulator.set_fp(number, loaded(&mut Unit::new(0), Operand::Extended, bits));
        }
        at = at.wrapping_add(12);
    }
    emulator.after_access(it, after);
    Ok(())
}
