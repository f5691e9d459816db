//! Moving arguments and results between values and an emulator.

use terrella_emulator_api::{Emulator, EmulatorExt};
use terrella_platforms::{
    ByteOrder, CallingConvention, Extension, FloatFormat, LongDouble, LongDoubleFormat, LongDoubleResult,
    Platform, PlatformDefinition, RegisterValue, WidePlacement, long_double, pairs_downwards,
};

use super::{
    float,
    placement::{Encoding, Location, Piece},
    value::{ArgumentValue, Parameter, Return, ReturnValue, extended},
};
use crate::{Error, Result};

/// The width of a register, in bits.
fn width(emulator: &dyn Emulator, register: &str) -> Result<u32> {
    let id = emulator.resolve_register(register)?;
    Ok(emulator.definition().registers().get(id).bits.into())
}

/// The bits of an argument, extended as the convention says.
pub(super) fn argument_bits(
    platform: Platform,
    convention: &CallingConvention,
    value: &ArgumentValue,
) -> u128 {
    match *value {
        ArgumentValue::Integer { value, bytes, signed } => {
            let forced = bytes == 4 && convention.extension == Extension::Signed32;
            extended(value as u128, bytes, signed || forced)
        }
        ArgumentValue::Pointer(address) => address.into(),
        ArgumentValue::F32(number) => number.to_bits().into(),
        ArgumentValue::F64(number) => number.to_bits().into(),
        ArgumentValue::LongDouble(number) => {
            let format = long_double(platform, convention).map_or(LongDoubleFormat::Double, |it| it.format);
            float::long_double_bits(number, format)
        }
        ArgumentValue::Bytes(_) => 0,
    }
}

/// Writes one piece. `stack` is the stack pointer at function entry with its
/// bias; `reference` the address of a copy of the value.
pub(super) fn write_piece(
    emulator: &mut dyn Emulator,
    piece: &Piece,
    parameter: Parameter,
    bits: u128,
    stack: u64,
    reference: u64,
) -> Result<()> {
    let (value, bytes) = match piece.encoding {
        Encoding::Integer { low, bytes } => (bits >> (8 * u32::from(low)), bytes),
        Encoding::Reference => (reference.into(), emulator.definition().pointer_bytes),
        Encoding::Float(format) => {
            let size = if parameter == Parameter::F32 { 4 } else { 8 };
            if let Location::Register(register) = piece.location {
                let held = float::encode(bits as u64, size, format, width(emulator, register)?);
                emulator.write_register(register, held)?;
            }
            return Ok(());
        }
    };
    match piece.location {
        Location::Register(register) => {
            // A register may be narrower or wider than a slot.
            let value = RegisterValue::from(value);
            let bits = width(emulator, register)?.min(8 * u32::from(bytes.max(1)));
            emulator.write_register(register, value.extract(0, bits))?;
        }
        Location::Stack { offset, bytes } => {
            emulator.write_integer(stack.wrapping_add(offset), value, bytes.into())?;
        }
        Location::RisingStack { offset, bytes } => {
            emulator.write_integer(rising(stack, offset, bytes), value, bytes.into())?;
        }
        Location::Variable => return Err(in_a_variable(emulator.definition())),
    }
    Ok(())
}

/// Where a piece is that ends so many bytes below the stack pointer.
const fn rising(stack: u64, offset: u64, bytes: u8) -> u64 {
    stack.wrapping_sub(offset).wrapping_sub(bytes as u64).wrapping_add(1)
}

fn in_a_variable(definition: &PlatformDefinition) -> Error {
    let variables = |it: &&CallingConvention| it.by_size.is_some_and(|by_size| by_size.others_in_variables);
    let convention = definition.calling_conventions.iter().find(variables);
    Error::NoPlace {
        convention: convention.map_or("the convention", |it| it.name),
        what: "an argument that is in a variable of the function's own".to_owned(),
    }
}

/// Reads an argument from its pieces, as the called function finds it.
/// `stack` is the stack pointer at function entry with its bias.
///
/// # Errors
/// What the emulator reports.
pub fn read_argument(
    emulator: &dyn Emulator,
    pieces: &[Piece],
    parameter: Parameter,
    stack: u64,
) -> Result<ArgumentValue> {
    if parameter == Parameter::LongDouble {
        let convention = emulator.definition().default_convention();
        return read_long_double(emulator, convention, pieces, stack);
    }
    let bits = gather(emulator, pieces, parameter, stack)?;
    Ok(match parameter {
        Parameter::Integer { bytes, signed } => {
            ArgumentValue::Integer { value: extended(bits, bytes, signed) as i128, bytes, signed }
        }
        Parameter::Pointer => {
            let bytes = emulator.definition().pointer_bytes;
            ArgumentValue::Pointer(emulator.definition().data_base | extended(bits, bytes, false) as u64)
        }
        Parameter::F32 => ArgumentValue::F32(f32::from_bits(bits as u32)),
        _ => ArgumentValue::F64(f64::from_bits(bits as u64)),
    })
}

/// What `long double` is, or that it is not described.
fn described(platform: Platform, convention: &CallingConvention) -> Result<LongDouble> {
    long_double(platform, convention)
        .ok_or_else(|| Error::NoPlace { convention: convention.name, what: "a long double".to_owned() })
}

/// Reads a `long double` from its pieces.
pub(super) fn read_long_double(
    emulator: &dyn Emulator,
    convention: &CallingConvention,
    pieces: &[Piece],
    stack: u64,
) -> Result<ArgumentValue> {
    let bits = long_double_argument(emulator, convention, pieces, stack)?;
    let long = described(emulator.platform(), convention)?;
    Ok(ArgumentValue::LongDouble(float::long_double_value(bits, long.format)))
}

/// The bits of a `long double` from its pieces.
pub(super) fn long_double_argument(
    emulator: &dyn Emulator,
    convention: &CallingConvention,
    pieces: &[Piece],
    stack: u64,
) -> Result<u128> {
    let long = described(emulator.platform(), convention)?;
    let parameter = if long.is_double() { Parameter::F64 } else { Parameter::LongDouble };
    gather(emulator, pieces, parameter, stack)
}

/// The bits of an argument from all its pieces.
fn gather(emulator: &dyn Emulator, pieces: &[Piece], parameter: Parameter, stack: u64) -> Result<u128> {
    // A variable argument that stands in two places is in the integer one
    // whatever the caller knew.
    let integers = pieces.iter().any(|piece| matches!(piece.encoding, Encoding::Integer { .. }));
    let mut bits = 0_u128;
    for piece in pieces {
        if integers && matches!(piece.encoding, Encoding::Float(_)) {
            continue;
        }
        let raw = match piece.location {
            Location::Register(register) => emulator.read_wide_register(register)?,
            Location::Stack { offset, bytes } => {
                emulator.read_integer(stack.wrapping_add(offset), bytes.into())?.into()
            }
            Location::RisingStack { offset, bytes } => {
                emulator.read_integer(rising(stack, offset, bytes), bytes.into())?.into()
            }
            Location::Variable => return Err(in_a_variable(emulator.definition())),
        };
        match piece.encoding {
            Encoding::Integer { low, bytes } => {
                let part = raw.extract(0, 8 * u32::from(bytes)).low_u128();
                bits |= part.checked_shl(8 * u32::from(low)).unwrap_or(0);
            }
            Encoding::Reference => bits = emulator.read_integer(raw.low_u64(), 16)?,
            Encoding::Float(format) => {
                let Location::Register(register) = piece.location else { continue };
                let size = if parameter == Parameter::F32 { 4 } else { 8 };
                bits = float::decode(&raw, size, format, width(emulator, register)?).into();
            }
        }
    }
    Ok(bits)
}

/// Where the slots of an integer result of `bytes` bytes stand: registers with
/// the lowest byte of the value that each holds.
fn result_slots(
    convention: &'static CallingConvention,
    order: ByteOrder,
    bytes: u8,
) -> Result<Vec<(&'static str, u32)>> {
    let slot = convention.slot_bytes.max(1);
    let slots = usize::from(bytes.div_ceil(slot).max(1));
    if convention.wide == WidePlacement::PairsDownwards {
        let whole = usize::from(bytes).next_power_of_two();
        let registers = pairs_downwards(convention.integer_results, 0, whole);
        let registers = registers.ok_or_else(|| no_place(convention, bytes))?;
        return Ok(registers.into_iter().take(bytes.into()).zip((0..).step_by(8)).collect());
    }
    let registers = match &convention.by_size {
        Some(by_size) => by_size.result(bytes),
        None => convention.integer_results.get(..slots),
    };
    let registers = registers.ok_or_else(|| no_place(convention, bytes))?;
    let place = |index| if order == ByteOrder::Little { index } else { slots - 1 - index };
    Ok(registers
        .iter()
        .enumerate()
        .map(|(index, register)| (*register, (place(index) * usize::from(slot) * 8) as u32))
        .collect())
}

fn no_place(convention: &CallingConvention, bytes: u8) -> Error {
    Error::NoPlace { convention: convention.name, what: format!("an integer result of {bytes} bytes") }
}

fn read_integer_result(
    emulator: &dyn Emulator,
    convention: &'static CallingConvention,
    bytes: u8,
) -> Result<u128> {
    let slot_bits = 8 * u32::from(convention.slot_bytes);
    let mut bits = 0;
    for (register, low) in result_slots(convention, emulator.platform().byte_order(), bytes)? {
        let part = emulator.read_wide_register(register)?.extract(0, slot_bits).low_u128();
        bits |= part.checked_shl(low).unwrap_or(0);
    }
    Ok(bits)
}

fn write_integer_result(
    emulator: &mut dyn Emulator,
    convention: &'static CallingConvention,
    bits: u128,
    bytes: u8,
) -> Result<()> {
    for (register, low) in result_slots(convention, emulator.platform().byte_order(), bytes)? {
        let limit = width(emulator, register)?.min(8 * u32::from(convention.slot_bytes));
        let part = RegisterValue::from(bits.checked_shr(low).unwrap_or(0)).extract(0, limit);
        emulator.write_register(register, part)?;
    }
    Ok(())
}

/// The registers of a floating-point result of `bytes` bytes, with the format;
/// `None` where it is returned as an integer. A double in registers of 32 bits
/// takes two of them, the low word first.
fn float_result(
    emulator: &dyn Emulator,
    convention: &'static CallingConvention,
    bytes: u8,
) -> Result<Option<(&'static [&'static str], FloatFormat, u32)>> {
    let Some(first) = convention.float_results.first() else { return Ok(None) };
    let bits = width(emulator, first)?;
    let count = if bits < 8 * u32::from(bytes) { 2 } else { 1 };
    let registers = convention.float_results.get(..count).ok_or_else(|| Error::NoPlace {
        convention: convention.name,
        what: format!("a floating-point result of {bytes} bytes"),
    })?;
    Ok(Some((registers, convention.float_result_format, bits)))
}

/// Reads a `long double` that a function has returned.
fn read_long_result(
    emulator: &dyn Emulator,
    convention: &'static CallingConvention,
    room: Option<u64>,
) -> Result<f64> {
    let long = described(emulator.platform(), convention)?;
    let wide = |register: &str| -> Result<u128> { Ok(emulator.read_wide_register(register)?.low_u128()) };
    let bits = match long.result {
        LongDoubleResult::Register(register) => {
            return Ok(float::long_double_value(wide(register)?, LongDoubleFormat::X87));
        }
        LongDoubleResult::Integer => read_integer_result(emulator, convention, long.bytes)?,
        LongDoubleResult::Vector(register) => wide(register)?,
        LongDoubleResult::Pair(first, second) => {
            let (first, second) = (wide(first)? as u64, wide(second)? as u64);
            let big = emulator.platform().byte_order() == ByteOrder::Big;
            let (high, low) = if big { (first, second) } else { (second, first) };
            u128::from(high) << 64 | u128::from(low)
        }
        LongDoubleResult::Memory => match room {
            Some(address) => emulator.read_integer(address, long.bytes.into())?,
            None => return Err(no_place(convention, long.bytes)),
        },
        _ => {
            let value = read_result(emulator, convention, Return::F64, room)?;
            return Ok(value.as_f64());
        }
    };
    Ok(float::long_double_value(bits, long.format))
}

/// Puts a `long double` where the caller of a function looks for it.
fn write_long_result(
    emulator: &mut dyn Emulator,
    convention: &'static CallingConvention,
    number: f64,
) -> Result<()> {
    let long = described(emulator.platform(), convention)?;
    write_long_double_bits(emulator, convention, float::long_double_bits(number, long.format))
}

/// Puts the bits of a `long double` where the caller of a function looks for
/// it.
pub(super) fn write_long_double_bits(
    emulator: &mut dyn Emulator,
    convention: &'static CallingConvention,
    bits: u128,
) -> Result<()> {
    let long = described(emulator.platform(), convention)?;
    match long.result {
        LongDoubleResult::Register(register) => {
            push_x87(emulator)?;
            // The register has no gap between exponent and significand.
            let held = match long.format {
                LongDoubleFormat::M68k => (bits >> 80) << 64 | u128::from(bits as u64),
                _ => bits & ((1 << 80) - 1),
            };
            Ok(emulator.write_register(register, RegisterValue::from(held))?)
        }
        LongDoubleResult::Integer => write_integer_result(emulator, convention, bits, long.bytes),
        LongDoubleResult::Vector(register) => {
            Ok(emulator.write_register(register, RegisterValue::from(bits))?)
        }
        LongDoubleResult::Pair(first, second) => {
            let big = emulator.platform().byte_order() == ByteOrder::Big;
            let (high, low) = if big { (first, second) } else { (second, first) };
            emulator.write_register(high, (bits >> 64) as u64)?;
            Ok(emulator.write_register(low, bits as u64)?)
        }
        LongDoubleResult::Memory => {
            Err(Error::NoPlace { convention: convention.name, what: "a long double in memory".to_owned() })
        }
        _ => write_result(emulator, convention, &ReturnValue::F64(f64::from_bits(bits as u64))),
    }
}

/// Makes the next register of the x87 stack its top, and valid, as a load
/// does: the top is in bits 11 to 13 of the status word, and a tag of two bits
/// is 0 for a register that holds a number (Intel 64 and IA-32 SDM, volume 1,
/// 8.1.3 and 8.1.7). Nothing on processors without one.
fn push_x87(emulator: &mut dyn Emulator) -> Result<()> {
    if emulator.resolve_register("fptop").is_err() {
        return Ok(());
    }
    let top = emulator.read_register("fptop")?.wrapping_sub(1) & 7;
    let tags = emulator.read_register("fptw")? & !(3 << (2 * top));
    emulator.write_register("fptop", top)?;
    Ok(emulator.write_register("fptw", tags)?)
}

/// Reads the result of a function that has returned. `room` is where the
/// caller made room for a structure.
///
/// # Errors
/// [`Error::NoPlace`] for a result that the convention has no registers for;
/// what the emulator reports.
pub fn read_result(
    emulator: &dyn Emulator,
    convention: &'static CallingConvention,
    returns: Return,
    room: Option<u64>,
) -> Result<ReturnValue> {
    let float = |bytes: u8| -> Result<u64> {
        match float_result(emulator, convention, bytes)? {
            None => Ok(read_integer_result(emulator, convention, bytes)? as u64),
            Some(([low, high], ..)) => {
                Ok(emulator.read_register(*low)? | emulator.read_register(*high)? << 32)
            }
            Some((registers, format, bits)) => {
                let held = emulator.read_wide_register(registers[0])?;
                let format =
                    if bytes == 8 && format == FloatFormat::NanBoxed { FloatFormat::LowBits } else { format };
                Ok(float::decode(&held, bytes, format, bits))
            }
        }
    };
    Ok(match returns {
        Return::Void => ReturnValue::Void,
        Return::Integer { bytes, signed } => {
            let bits = read_integer_result(emulator, convention, bytes)?;
            ReturnValue::Integer { value: extended(bits, bytes, signed) as i128, bytes }
        }
        Return::Pointer => {
            let bytes = emulator.definition().pointer_bytes;
            let bits = match convention.pointer_result {
                Some(register) => emulator.read_register(register)?.into(),
                None => read_integer_result(emulator, convention, bytes)?,
            };
            ReturnValue::Pointer(emulator.definition().data_base | extended(bits, bytes, false) as u64)
        }
        Return::F32 => ReturnValue::F32(f32::from_bits(float(4)? as u32)),
        Return::F64 => ReturnValue::F64(f64::from_bits(float(8)?)),
        Return::LongDouble => ReturnValue::LongDouble(read_long_result(emulator, convention, room)?),
        Return::Struct { bytes } => ReturnValue::Struct(match room {
            Some(address) => emulator.read_bytes(address, bytes.into())?,
            None if convention.wide == WidePlacement::PairsDownwards => {
                let bits = read_integer_result(emulator, convention, bytes.min(8) as u8)?;
                bits.to_le_bytes()[..bytes.min(8) as usize].to_vec()
            }
            None => {
                let slot = usize::from(convention.slot_bytes);
                let mut content = Vec::new();
                for register in convention.integer_results {
                    let mut part = vec![0; slot];
                    let held = emulator.read_wide_register(*register)?.low_u128();
                    emulator.platform().byte_order().write(held, &mut part);
                    content.extend(part);
                }
                content.truncate(bytes as usize);
                content
            }
        }),
    })
}

/// Puts a result where the caller of a function looks for it. Structures have
/// no place here: their address is an argument.
///
/// # Errors
/// As [`read_result`].
pub fn write_result(
    emulator: &mut dyn Emulator,
    convention: &'static CallingConvention,
    value: &ReturnValue,
) -> Result<()> {
    let (bits, bytes) = match *value {
        ReturnValue::Void => return Ok(()),
        ReturnValue::Integer { value, bytes } => {
            // Extended to the whole register by its sign, which the bits have.
            let signed = convention.extension == Extension::Signed32 && bytes == 4;
            let bits = if signed { extended(value as u128, 4, true) } else { value as u128 };
            return write_integer_result(emulator, convention, bits, bytes);
        }
        ReturnValue::Pointer(address) => {
            if let Some(register) = convention.pointer_result {
                emulator.write_register(register, address)?;
            }
            let bytes = emulator.definition().pointer_bytes;
            return write_integer_result(emulator, convention, address.into(), bytes);
        }
        ReturnValue::F32(number) => (u64::from(number.to_bits()), 4),
        ReturnValue::F64(number) => (number.to_bits(), 8),
        ReturnValue::LongDouble(number) => return write_long_result(emulator, convention, number),
        ReturnValue::Struct(_) => {
            return Err(Error::NoPlace { convention: convention.name, what: "a structure".to_owned() });
        }
    };
    match float_result(emulator, convention, bytes)? {
        None => write_integer_result(emulator, convention, bits.into(), bytes),
        Some(([low, high], ..)) => {
            emulator.write_register(*low, bits & 0xffff_ffff)?;
            emulator.write_register(*high, bits >> 32)?;
            Ok(())
        }
        Some((registers, format, width)) => {
            let format =
                if bytes == 8 && format == FloatFormat::NanBoxed { FloatFormat::LowBits } else { format };
            if format == FloatFormat::X87 {
                push_x87(emulator)?;
            }
            emulator.write_register(registers[0], float::encode(bits, bytes, format, width))?;
            Ok(())
        }
    }
}
