//! Instructions of general registers that the specification leaves out or
//! describes wrongly.

use terrella_emulator_api::Access;

use super::{Kind, NONE, NativeOp, P66, PF2, PF3, Rm, Row, g};
use crate::{emulator::NativeEmulator, halt::Halt};

const PLAIN: u8 = NONE | P66;
/// Prefixes of repetition do nothing.
const ANY: u8 = NONE | P66 | PF2 | PF3;

pub(super) const ROWS: &[Row] = &[
    // Bits.
    g(PLAIN | PF2, 1, 0xbc, |e, op| scan(e, op, |value, _| u64::from(value.trailing_zeros()))).legacy(),
    g(PLAIN | PF2, 1, 0xbd, |e, op| scan(e, op, |value, _| 63 - u64::from(value.leading_zeros()))).legacy(),
    g(PF3, 1, 0xbc, |e, op| count(e, op, |value, bits| value.trailing_zeros().min(bits))).legacy(),
    g(PF3, 1, 0xbd, |e, op| count(e, op, |value, bits| value.leading_zeros() - (64 - bits))).legacy(),
    g(PF3, 1, 0xb8, |e, op| {
        let value = e.general_rm(op)?;
        e.set_general(op.reg, op.width, value.count_ones().into());
        flags(e, [false, false, false, value == 0, false, false])
    })
    .legacy(),
    g(PLAIN, 2, 0xf0, |e, op| {
        let value = e.general_rm(op)?;
        e.set_general(op.reg, op.width, swap(value, op.width));
        Ok(())
    })
    .legacy()
    .in_memory(),
    g(PLAIN, 2, 0xf1, |e, op| {
        let value = swap(e.general(op.reg, op.width), op.width);
        e.put_rm(op, &value.to_le_bytes()[..usize::from(op.width)])
    })
    .legacy()
    .in_memory(),
    g(PF2, 2, 0xf0, |e, op| crc32(e, op, 1)).legacy().byte(),
    g(PF2, 2, 0xf1, |e, op| crc32(e, op, op.width)).legacy(),
    // Bits of strings in memory.
    g(ANY, 1, 0xa3, |e, op| bit_in_memory(e, op, |_, _| None)).legacy().in_memory(),
    g(ANY, 1, 0xab, |e, op| bit_in_memory(e, op, |value, bit| Some(value | bit))).legacy().in_memory(),
    g(ANY, 1, 0xb3, |e, op| bit_in_memory(e, op, |value, bit| Some(value & !bit))).legacy().in_memory(),
    g(ANY, 1, 0xbb, |e, op| bit_in_memory(e, op, |value, bit| Some(value ^ bit))).legacy().in_memory(),
    // BMI.
    g(NONE, 2, 0xf2, |e, op| {
        let value = !e.general(op.other, op.width) & e.general_rm(op)?;
        logic(e, op, op.reg, value, false)
    })
    .vex(),
    g(NONE, 2, 0xf3, |e, op| {
        let value = e.general_rm(op)?;
        logic(e, op, op.other, value & value.wrapping_sub(1), value == 0)
    })
    .extension(1)
    .vex(),
    g(NONE, 2, 0xf3, |e, op| {
        let value = e.general_rm(op)?;
        logic(e, op, op.other, value ^ value.wrapping_sub(1), value == 0)
    })
    .extension(2)
    .vex(),
    g(NONE, 2, 0xf3, |e, op| {
        let value = e.general_rm(op)?;
        logic(e, op, op.other, value & value.wrapping_neg(), value != 0)
    })
    .extension(3)
    .vex(),
    g(NONE, 2, 0xf5, |e, op| {
        let (value, index) = (e.general_rm(op)?, e.general(op.other, 1) as u32);
        let bits = 8 * u32::from(op.width);
        let kept = if index < bits { value & ((1 << index) - 1) } else { value };
        logic(e, op, op.reg, kept, index >= bits)
    })
    .vex(),
    g(NONE, 2, 0xf7, |e, op| {
        let (value, control) = (e.general_rm(op)?, e.general(op.other, 2) as u32);
        let shifted = value.checked_shr(control & 0xff).unwrap_or(0);
        let length = control >> 8;
        let kept = if length < 64 { shifted & ((1 << length) - 1) } else { shifted };
        logic(e, op, op.reg, kept, false)
    })
    .vex(),
    g(P66, 2, 0xf7, |e, op| shift(e, op, |value, amount, _| value << amount)).vex(),
    g(PF2, 2, 0xf7, |e, op| shift(e, op, |value, amount, _| value >> amount)).vex(),
    g(PF3, 2, 0xf7, |e, op| {
        shift(e, op, |value, amount, bits| ((value << (64 - bits)) as i64 >> (64 - bits) >> amount) as u64)
    })
    .vex(),
    g(PF2, 3, 0xf0, |e, op| {
        let value = e.general_rm(op)?;
        let bits = 8 * u32::from(op.width);
        let amount = u32::from(op.immediate) % bits;
        let rotated = value >> amount | value.checked_shl(bits - amount).unwrap_or(0);
        e.set_general(op.reg, op.width, rotated);
        Ok(())
    })
    .vex()
    .immediate(),
    g(PF2, 2, 0xf5, |e, op| {
        let (mut mask, value) = (e.general_rm(op)?, e.general(op.other, op.width));
        let (mut result, mut bit) = (0, 0);
        while mask != 0 {
            result |= (value >> bit & 1) << mask.trailing_zeros();
            mask &= mask - 1;
            bit += 1;
        }
        e.set_general(op.reg, op.width, result);
        Ok(())
    })
    .vex(),
    g(PF3, 2, 0xf5, |e, op| {
        let (mut mask, value) = (e.general_rm(op)?, e.general(op.other, op.width));
        let (mut result, mut bit) = (0, 0);
        while mask != 0 {
            result |= (value >> mask.trailing_zeros() & 1) << bit;
            mask &= mask - 1;
            bit += 1;
        }
        e.set_general(op.reg, op.width, result);
        Ok(())
    })
    .vex(),
    g(PF2, 2, 0xf6, |e, op| {
        let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
        let value = e.general_rm(op)?;
        let product = u128::from(value) * u128::from(e.general(registers.general[2], op.width));
        let bits = 8 * u32::from(op.width);
        e.set_general(op.other, op.width, product as u64);
        e.set_general(op.reg, op.width, (product >> bits) as u64);
        Ok(())
    })
    .vex(),
    g(P66, 2, 0xf6, |e, op| add_with(e, op, false)).legacy(),
    g(PF3, 2, 0xf6, |e, op| add_with(e, op, true)).legacy(),
    // Rotations through the carry.
    g(ANY, 0, 0xc0, |e, op| rotate(e, op, true)).extension(2).byte().immediate(),
    g(ANY, 0, 0xc1, |e, op| rotate(e, op, true)).extension(2).immediate(),
    g(ANY, 0, 0xd0, |e, op| rotate(e, op, true)).extension(2).byte(),
    g(ANY, 0, 0xd1, |e, op| rotate(e, op, true)).extension(2),
    g(ANY, 0, 0xd2, |e, op| rotate(e, op, true)).extension(2).byte(),
    g(ANY, 0, 0xd3, |e, op| rotate(e, op, true)).extension(2),
    g(ANY, 0, 0xc0, |e, op| rotate(e, op, false)).extension(3).byte().immediate(),
    g(ANY, 0, 0xc1, |e, op| rotate(e, op, false)).extension(3).immediate(),
    g(ANY, 0, 0xd0, |e, op| rotate(e, op, false)).extension(3).byte(),
    g(ANY, 0, 0xd1, |e, op| rotate(e, op, false)).extension(3),
    g(ANY, 0, 0xd2, |e, op| rotate(e, op, false)).extension(3).byte(),
    g(ANY, 0, 0xd3, |e, op| rotate(e, op, false)).extension(3),
    g(ANY, 0, 0xc8, enter).immediate(),
    g(ANY, 0, 0x62, bound).legacy().in_memory(),
    // Exchanges: those with memory forget what is above 32 bits.
    g(ANY, 0, 0x87, |e, op| {
        let (value, own) = (e.general_rm(op)?, e.general(op.reg, op.width));
        put_general_rm(e, op, own)?;
        e.set_general(op.reg, op.width, value);
        Ok(())
    }),
    g(ANY, 1, 0xc0, exchange_add).legacy().reg(Kind::Byte).byte(),
    g(ANY, 1, 0xc1, exchange_add).legacy(),
    // Of 16 bits it is undefined, and zero.
    zero(0xc8),
    zero(0xc9),
    zero(0xca),
    zero(0xcb),
    zero(0xcc),
    zero(0xcd),
    zero(0xce),
    zero(0xcf),
];

const fn zero(opcode: u8) -> Row {
    g(ANY, 1, opcode, |e, op| {
        let Rm::Place(place) = op.rm else { return Err(Halt::Invalid) };
        let value = if op.width == 2 { 0 } else { swap(e.general(place, op.width), op.width) };
        e.set_general(place, op.width, value);
        Ok(())
    })
    .legacy()
}

/// XADD.
fn exchange_add(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let (value, own) = (e.general_rm(op)?, e.general(op.reg, op.size));
    let sum = value.wrapping_add(own) & mask(op.size);
    if matches!(op.rm, Rm::Place(_)) {
        // The sum is what stays if both are the same register.
        e.set_general(op.reg, op.size, value);
        put_general_rm(e, op, sum)?;
    } else {
        put_general_rm(e, op, sum)?;
        e.set_general(op.reg, op.size, value);
    }
    let sign = 1 << (8 * u32::from(op.size) - 1);
    let overflow = (value ^ sum) & (own ^ sum) & sign != 0;
    let auxiliary = (value ^ own ^ sum) & 0x10 != 0;
    flags(e, [sum < value, parity(sum), auxiliary, sum == 0, sum & sign != 0, overflow])
}

impl Row {
    /// The operand that may be in memory is a byte.
    const fn byte(mut self) -> Self {
        self.rm = Kind::Byte;
        self.size = super::Size::Fixed(1);
        self
    }
}

const fn mask(width: u8) -> u64 {
    u64::MAX >> (64 - 8 * width as u32)
}

fn swap(value: u64, width: u8) -> u64 {
    value.swap_bytes() >> (64 - 8 * u32::from(width))
}

const fn parity(value: u64) -> bool {
    (value as u8).count_ones().is_multiple_of(2)
}

/// Sets CF, PF, AF, ZF, SF and OF.
fn flags(e: &mut NativeEmulator, values: [bool; 6]) -> Result<(), Halt> {
    let Some(it) = e.x86 else { return Err(Halt::Invalid) };
    for (place, value) in [it.cf, it.pf, it.af, it.zf, it.sf, it.of].into_iter().zip(values) {
        e.set_flag(place, value);
    }
    Ok(())
}

fn put_general_rm(e: &mut NativeEmulator, op: &NativeOp, value: u64) -> Result<(), Halt> {
    match op.rm {
        Rm::Place(place) => {
            e.set_general(place, op.size, value);
            Ok(())
        }
        Rm::Memory(_) => e.put_rm(op, &value.to_le_bytes()[..usize::from(op.size)]),
    }
}

/// The exception of BOUND (Intel SDM, volume 3, table 7-1).
const BOUND_RANGE_EXCEEDED: u64 = 5;

/// BOUND: an index that is not within two bounds, which are signed, is a fault.
fn bound(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let Rm::Memory(ea) = &op.rm else { return Err(Halt::Invalid) };
    let (address, size) = (e.ea(ea), usize::from(op.width));
    let mut bytes = [0; 8];
    e.load_bytes(op, address, &mut bytes[..2 * size])?;
    let signed = |value: u64| match size {
        2 => i64::from(value as i16),
        _ => i64::from(value as i32),
    };
    let bounds = u64::from_le_bytes(bytes);
    let index = signed(e.general(op.reg, op.width));
    if index < signed(bounds) || index > signed(bounds >> (8 * size)) {
        return Err(Halt::Exception(BOUND_RANGE_EXCEEDED));
    }
    Ok(())
}

/// ENTER. It faults where a write to the new end of the stack would.
fn enter(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = e.x86.ok_or(Halt::Invalid)?;
    let pointer_width = if it.is_64 { 8 } else { 4 };
    // Pushes have the width of pointers, or 16 bits.
    let width = if op.width == 2 { 2 } else { pointer_width };
    let size = usize::from(width);
    let (stack, frame) = (it.general[4], it.general[5]);
    let (locals, level) = (u64::from(op.immediate) | u64::from(op.second) << 8, op.third & 31);
    let mut top = e.general(stack, pointer_width);
    let mut push = |e: &mut NativeEmulator, value: u64| {
        top = top.wrapping_sub(width.into()) & e.address_mask;
        e.store_bytes(op, top, &value.to_le_bytes()[..size]).map(|()| top)
    };
    let base = e.general(frame, pointer_width);
    let first = push(e, base)?;
    let mut last = first;
    for index in 1..u64::from(level) {
        let mut bytes = [0; 8];
        let address = base.wrapping_sub(index * u64::from(width)) & e.address_mask;
        e.load_bytes(op, address, &mut bytes[..size])?;
        last = push(e, u64::from_le_bytes(bytes))?;
    }
    if level > 0 {
        last = push(e, first)?;
    }
    let end = last.wrapping_sub(locals) & e.address_mask;
    e.user_check(end, size, Access::Write)?;
    e.set_general(frame, width, first);
    e.set_general(stack, pointer_width, end);
    Ok(())
}

/// BSF and BSR: of zero, the register stays as it is.
fn scan(e: &mut NativeEmulator, op: &NativeOp, function: fn(u64, u32) -> u64) -> Result<(), Halt> {
    let value = e.general_rm(op)?;
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    if value != 0 {
        e.set_general(op.reg, op.width, function(value, 8 * u32::from(op.width)));
    }
    e.set_flag(registers.zf, value == 0);
    Ok(())
}

fn count(e: &mut NativeEmulator, op: &NativeOp, function: fn(u64, u32) -> u32) -> Result<(), Halt> {
    let value = e.general_rm(op)?;
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    let result = function(value, 8 * u32::from(op.width));
    e.set_general(op.reg, op.width, result.into());
    e.set_flag(registers.cf, value == 0);
    e.set_flag(registers.zf, result == 0);
    Ok(())
}

/// BT and its relatives with an index in a register: a whole word is accessed
/// that may be far from the address.
fn bit_in_memory(
    e: &mut NativeEmulator,
    op: &NativeOp,
    function: fn(u64, u64) -> Option<u64>,
) -> Result<(), Halt> {
    let (it, Rm::Memory(ea)) = (e.x86.ok_or(Halt::Invalid)?, op.rm) else { return Err(Halt::Invalid) };
    let bits = 8 * u32::from(op.width);
    let index = (e.general(op.reg, op.width) << (64 - bits)) as i64 >> (64 - bits);
    let offset = (index >> bits.trailing_zeros()) * i64::from(op.width);
    let place = super::Ea { displacement: ea.displacement.wrapping_add(offset as u64), ..ea };
    let op = &NativeOp { rm: Rm::Memory(place), size: op.width, aligned: false, ..*op };
    let value = e.general_rm(op)?;
    let bit = 1 << (index as u32 & (bits - 1));
    if let Some(changed) = function(value, bit) {
        put_general_rm(e, op, changed)?;
    }
    e.set_flag(it.cf, value & bit != 0);
    Ok(())
}

fn crc32(e: &mut NativeEmulator, op: &NativeOp, size: u8) -> Result<(), Halt> {
    let op_sized = &NativeOp { size, ..*op };
    let value = e.general_rm(op_sized)?;
    let mut crc = e.general(op.reg, 4) as u32;
    for byte in value.to_le_bytes().into_iter().take(size.into()) {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            // The polynomial 0x11edc6f41, its bits in reverse.
            crc = crc >> 1 ^ if crc & 1 != 0 { 0x82f6_3b78 } else { 0 };
        }
    }
    let width = if op.width == 8 { 8 } else { 4 };
    e.set_general(op.reg, width, crc.into());
    Ok(())
}

/// Sets a register and the flags of BMI's logic.
fn logic(e: &mut NativeEmulator, op: &NativeOp, place: u16, value: u64, carry: bool) -> Result<(), Halt> {
    let value = value & mask(op.width);
    e.set_general(place, op.width, value);
    let sign = value >> (8 * u32::from(op.width) - 1) & 1 != 0;
    let Some(it) = e.x86 else { return Err(Halt::Invalid) };
    for (place, value) in [(it.cf, carry), (it.zf, value == 0), (it.sf, sign), (it.of, false)] {
        e.set_flag(place, value);
    }
    Ok(())
}

fn shift(e: &mut NativeEmulator, op: &NativeOp, function: fn(u64, u32, u32) -> u64) -> Result<(), Halt> {
    let bits = 8 * u32::from(op.width);
    let (value, amount) = (e.general_rm(op)?, e.general(op.other, 1) as u32 & (bits - 1));
    e.set_general(op.reg, op.width, function(value, amount, bits) & mask(op.width));
    Ok(())
}

/// ADCX and ADOX.
fn add_with(e: &mut NativeEmulator, op: &NativeOp, overflow: bool) -> Result<(), Halt> {
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    let width = if op.width == 8 { 8 } else { 4 };
    let op = &NativeOp { size: width, ..*op };
    let place = if overflow { registers.of } else { registers.cf };
    let value = u128::from(e.general_rm(op)?);
    let sum = u128::from(e.general(op.reg, width)) + value + u128::from(e.flag(place));
    e.set_general(op.reg, width, sum as u64);
    e.set_flag(place, sum >> (8 * u32::from(width)) != 0);
    Ok(())
}

/// RCL and RCR.
fn rotate(e: &mut NativeEmulator, op: &NativeOp, left: bool) -> Result<(), Halt> {
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    let bits = 8 * u32::from(op.size);
    let amount = match op.opcode {
        0xc0 | 0xc1 => u32::from(op.immediate),
        0xd0 | 0xd1 => 1,
        _ => e.general(registers.general[1], 1) as u32,
    } & if op.size == 8 { 63 } else { 31 };
    let value = e.general_rm(op)?;
    let turns = amount % (bits + 1);
    let wide = u128::from(value) | u128::from(e.flag(registers.cf)) << bits;
    let whole = (1u128 << (bits + 1)) - 1;
    let (ahead, behind) = if left { (turns, bits + 1 - turns) } else { (bits + 1 - turns, turns) };
    let rotated = (wide << ahead | wide >> behind) & whole;
    let result = rotated as u64 & mask(op.size);
    let carry = rotated >> bits & 1 != 0;
    put_general_rm(e, op, result)?;
    if amount != 0 {
        e.set_flag(registers.cf, carry);
        let top = result >> (bits - 1) & 1 != 0;
        let overflow = if left { top != carry } else { top != (result >> (bits - 2) & 1 != 0) };
        e.set_flag(registers.of, overflow);
    }
    Ok(())
}
