//! PowerPC: the VSX registers of Power ISA 3.0 (book I, chapter 7): moves, loads
//! and stores, bytes, and parts of floating-point numbers.

use super::{
    Function, Handler,
    lanes::{lane, mask, vector},
    powerpc_float,
    powerpc_registers::Word,
};
use crate::{block::UserOp, emulator::NativeEmulator, float::is_nan, halt::Halt, overrides::Override};

/// An instruction of the X form of the primary opcode 31.
const fn indexed(number: u32, function: Function) -> Override {
    Override { mask: 0xfc00_07fe, value: 31 << 26 | number << 1, handler: Handler::new(function) }
}

/// An instruction of the DS form, whose register is one of AltiVec.
const fn displaced(primary: u32, number: u32, function: Function) -> Override {
    Override { mask: 0xfc00_0003, value: primary << 26 | number, handler: Handler::new(function) }
}

/// An instruction with three registers of the primary opcode 60.
const fn three(number: u32, handler: Handler) -> Override {
    Override { mask: 0xfc00_07f8, value: 60 << 26 | number << 3, handler }
}

/// One with two.
const fn two(number: u32, handler: Handler) -> Override {
    Override { mask: 0xfc00_07fc, value: 60 << 26 | number << 2, handler }
}

/// One with two, which the field of the first operand numbers, too.
const fn kind(number: u32, kind: u32, handler: Handler) -> Override {
    Override { mask: 0xfc1f_07fc, value: 60 << 26 | kind << 16 | number << 2, handler }
}

/// A vector from the operands: A, B and what is in the target.
macro_rules! whole {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn([u128; 3]) -> u128 = $function;
            let word = Word::of(emulator, op);
            let operands = [word.xa(), word.xb(), word.xt()].map(|number| emulator.vsr(number));
            emulator.set_vsr(word.xt(), function(operands));
            Ok(())
        })
    };
}

/// Each element from those of A and B.
macro_rules! each {
    ($bits:literal, $function:expr) => {
        whole!(|[a, b, _]| {
            let function: fn(u128, u128) -> u128 = $function;
            vector(128 / $bits, $bits, |index| function(lane(a, index, $bits), lane(b, index, $bits)))
        })
    };
}

/// A number in memory that becomes doubleword 0 of a register; the other one is
/// undefined, and stays.
macro_rules! load {
    ($size:literal) => {
        |emulator, op| {
            let word = Word::of(emulator, op);
            let address = emulator.indexed_address(word);
            let value = emulator.read_number(address, $size)?;
            let other = emulator.vsr(word.xt()) & mask(64);
            emulator.set_vsr(word.xt(), value << 64 | other);
            Ok(())
        }
    };
}

/// The lower part of doubleword 0.
macro_rules! store {
    ($size:literal) => {
        |emulator, op| {
            let word = Word::of(emulator, op);
            let address = emulator.indexed_address(word);
            emulator.write_number(address, emulator.vsr(word.xt()) >> 64, $size)
        }
    };
}

/// Elements in their order.
macro_rules! load_elements {
    ($size:literal) => {
        |emulator, op| {
            let word = Word::of(emulator, op);
            let address = emulator.indexed_address(word);
            let mut value = 0;
            for offset in (0..16).step_by($size) {
                let element = emulator.read_number(address.wrapping_add(offset), $size)?;
                value |= element << (128 - 8 * (offset as u32 + $size));
            }
            emulator.set_vsr(word.xt(), value);
            Ok(())
        }
    };
}

macro_rules! store_elements {
    ($size:literal) => {
        |emulator, op| {
            let word = Word::of(emulator, op);
            let address = emulator.indexed_address(word);
            let value = emulator.vsr(word.xt());
            // Nothing is stored if not all can be.
            emulator.user_check(address, 16, terrella_emulator_api::Access::Write)?;
            for offset in (0..16).step_by($size) {
                let element = value >> (128 - 8 * (offset as u32 + $size));
                emulator.write_number(address.wrapping_add(offset), element, $size)?;
            }
            Ok(())
        }
    };
}

/// Tests of doubles or singles in each element.
macro_rules! test_elements {
    ($bits:literal) => {
        Handler::new(|emulator, op| {
            let word = Word::of(emulator, op);
            // dc, dm and dx (7.6.3, xvtstdcdp).
            let classes = word.field(6, 1) << 6 | word.field(2, 1) << 5 | word.field(16, 5);
            let b = emulator.vsr(word.xb());
            let value = vector(128 / $bits, $bits, |index| {
                if is_of($bits / 8, lane(b, index, $bits), classes) { u128::MAX } else { 0 }
            });
            emulator.set_vsr(word.xt(), value);
            Ok(())
        })
    };
}

pub(crate) const OVERRIDES: &[Override] = &[
    // mfvsrld, mtvsrws, mtvsrdd.
    indexed(307, |emulator, op| {
        let word = Word::of(emulator, op);
        emulator.set_gpr(word.a(), emulator.vsr(word.xt()) as u64);
        Ok(())
    }),
    indexed(403, |emulator, op| {
        let word = Word::of(emulator, op);
        let value = u128::from(emulator.gpr(word.a()) as u32);
        emulator.set_vsr(word.xt(), vector(4, 32, |_| value));
        Ok(())
    }),
    indexed(435, |emulator, op| {
        let word = Word::of(emulator, op);
        let (upper, lower) = (emulator.base_address(word), emulator.gpr(word.b()));
        emulator.set_vsr(word.xt(), u128::from(upper) << 64 | u128::from(lower));
        Ok(())
    }),
    // lxsibzx, lxsihzx, stxsibx, stxsihx.
    indexed(781, load!(1)),
    indexed(813, load!(2)),
    indexed(909, store!(1)),
    indexed(941, store!(2)),
    // lxvb16x, lxvh8x, stxvb16x, stxvh8x.
    indexed(876, load_elements!(1)),
    indexed(812, load_elements!(2)),
    indexed(1004, store_elements!(1)),
    indexed(940, store_elements!(2)),
    // lxvwsx.
    indexed(364, |emulator, op| {
        let word = Word::of(emulator, op);
        let address = emulator.indexed_address(word);
        let value = emulator.read_number(address, 4)?;
        emulator.set_vsr(word.xt(), vector(4, 32, |_| value));
        Ok(())
    }),
    // lxvl, lxvll, stxvl, stxvll.
    indexed(269, |emulator, op| load_length(emulator, op, false)),
    indexed(301, |emulator, op| load_length(emulator, op, true)),
    indexed(397, |emulator, op| store_length(emulator, op, false)),
    indexed(429, |emulator, op| store_length(emulator, op, true)),
    // lvxl, stvxl: of multiples of 16, and a hint.
    indexed(359, |emulator, op| {
        let word = Word::of(emulator, op);
        let address = emulator.indexed_address(word) & !15;
        let value = emulator.read_number(address, 16)?;
        emulator.set_vr(word.t(), value);
        Ok(())
    }),
    indexed(487, |emulator, op| {
        let word = Word::of(emulator, op);
        let address = emulator.indexed_address(word) & !15;
        emulator.write_number(address, emulator.vr(word.t()), 16)
    }),
    // lxssp, stxssp.
    displaced(57, 3, |emulator, op| {
        let word = Word::of(emulator, op);
        let address = displaced_address(emulator, word);
        let value = emulator.read_number(address, 4)?;
        emulator.set_vr(word.t(), u128::from(powerpc_float::widened(value)) << 64);
        Ok(())
    }),
    displaced(61, 3, |emulator, op| {
        let word = Word::of(emulator, op);
        let address = displaced_address(emulator, word);
        let value = powerpc_float::stored_single((emulator.vr(word.t()) >> 64) as u64);
        emulator.write_number(address, value.into(), 4)
    }),
    // stxsd.
    displaced(61, 2, |emulator, op| {
        let word = Word::of(emulator, op);
        let address = displaced_address(emulator, word);
        emulator.write_number(address, emulator.vr(word.t()) >> 64, 8)
    }),
    // xxbrh, xxbrw, xxbrd, xxbrq.
    kind(475, 7, each!(16, |_, b| (b as u16).swap_bytes().into())),
    kind(475, 15, each!(32, |_, b| (b as u32).swap_bytes().into())),
    kind(475, 23, each!(64, |_, b| (b as u64).swap_bytes().into())),
    kind(475, 31, whole!(|[_, b, _]| b.swap_bytes())),
    // xxextractuw, xxinsertw: by the number of a byte, which is not to be above
    // that of the last word.
    two(
        165,
        Handler::new(|emulator, op| {
            let word = Word::of(emulator, op);
            let shift = 96u32.saturating_sub(8 * word.field(16, 4));
            let value = emulator.vsr(word.xb()) >> shift & mask(32);
            emulator.set_vsr(word.xt(), value << 64);
            Ok(())
        }),
    ),
    two(
        181,
        Handler::new(|emulator, op| {
            let word = Word::of(emulator, op);
            let shift = 96u32.saturating_sub(8 * word.field(16, 4));
            let value = emulator.vsr(word.xb()) >> 64 & mask(32);
            let kept = emulator.vsr(word.xt()) & !(mask(32) << shift);
            emulator.set_vsr(word.xt(), kept | value << shift);
            Ok(())
        }),
    ),
    // xxspltib.
    Override {
        mask: 0xfc18_07fe,
        value: 60 << 26 | 360 << 1,
        handler: Handler::new(|emulator, op| {
            let word = Word::of(emulator, op);
            emulator.set_vsr(word.xt(), vector(16, 8, |_| word.field(11, 8).into()));
            Ok(())
        }),
    },
    // xxperm, xxpermr: bytes of A and the target, by the numbers in B.
    three(26, whole!(|[a, b, t]| permuted(a, t, b, |number| number))),
    three(58, whole!(|[a, b, t]| permuted(a, t, b, |number| 31 - number))),
    // xvxexpdp, xvxexpsp, xvxsigdp, xvxsigsp, xviexpdp, xviexpsp.
    kind(475, 0, each!(64, |_, b| exponent(8, b))),
    kind(475, 8, each!(32, |_, b| exponent(4, b))),
    kind(475, 1, each!(64, |_, b| significand(8, b))),
    kind(475, 9, each!(32, |_, b| significand(4, b))),
    three(248, each!(64, |a, b| a & !(0x7ff << 52) | (b & 0x7ff) << 52)),
    three(216, each!(32, |a, b| a & !(0xff << 23) | (b & 0xff) << 23)),
    // xvtstdcdp, xvtstdcsp: the first bits of the classes are elsewhere.
    Override { mask: 0xfc00_07b8, value: 60 << 26 | 15 << 7 | 5 << 3, handler: test_elements!(64) },
    Override { mask: 0xfc00_07b8, value: 60 << 26 | 13 << 7 | 5 << 3, handler: test_elements!(32) },
    // xsxexpdp, xsxsigdp, into general registers, and xsiexpdp from them.
    kind(347, 0, Handler::new(|emulator, op| to_general(emulator, op, exponent))),
    kind(347, 1, Handler::new(|emulator, op| to_general(emulator, op, significand))),
    indexed_vector(918, |emulator, op| {
        let word = Word::of(emulator, op);
        let (a, b) = (emulator.gpr(word.a()), emulator.gpr(word.b()));
        let value = a & !(0x7ff << 52) | (b & 0x7ff) << 52;
        emulator.set_vsr(word.xt(), u128::from(value) << 64);
        Ok(())
    }),
    // xststdcdp, xststdcsp, xscmpexpdp.
    two(362, Handler::new(|emulator, op| test(emulator, op, false))),
    two(298, Handler::new(|emulator, op| test(emulator, op, true))),
    three(
        59,
        Handler::new(|emulator, op| {
            let word = Word::of(emulator, op);
            let [a, b] = [word.xa(), word.xb()].map(|number| emulator.vsr(number) >> 64);
            emulator.set_fpcc(word.field(23, 3), exponents(8, a, b));
            Ok(())
        }),
    ),
];

/// An instruction of the X form of the primary opcode 60.
const fn indexed_vector(number: u32, function: Function) -> Override {
    Override { mask: 0xfc00_07fe, value: 60 << 26 | number << 1, handler: Handler::new(function) }
}

/// The sum of a register and a displacement of the DS form.
fn displaced_address(emulator: &NativeEmulator, word: Word) -> u64 {
    let displacement = (word.0 & 0xfffc) as u16 as i16;
    emulator.base_address(word).wrapping_add_signed(displacement.into())
}

/// How many bytes the register B tells, in its highest byte.
fn length(emulator: &NativeEmulator, word: Word) -> usize {
    ((emulator.gpr(word.b()) >> 56) as usize).min(16)
}

/// So many bytes: from the left, or as a number in the order of data.
fn load_length(emulator: &mut NativeEmulator, op: &UserOp, from_left: bool) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let (address, count) = (emulator.base_address(word), length(emulator, word));
    let mut bytes = [0; 16];
    if count > 0 {
        emulator.user_read(address, &mut bytes[..count])?;
    }
    let value = if from_left || emulator.data_big_endian {
        u128::from_be_bytes(bytes)
    } else {
        u128::from_le_bytes(bytes)
    };
    emulator.set_vsr(word.xt(), value);
    Ok(())
}

fn store_length(emulator: &mut NativeEmulator, op: &UserOp, from_left: bool) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let (address, count) = (emulator.base_address(word), length(emulator, word));
    let value = emulator.vsr(word.xt());
    let bytes = if from_left || emulator.data_big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    if count == 0 { Ok(()) } else { emulator.user_write(address, &bytes[..count]) }
}

fn permuted(first: u128, second: u128, numbers: u128, function: fn(u32) -> u32) -> u128 {
    vector(16, 8, |index| {
        let number = function(lane(numbers, index, 8) as u32 & 31);
        if number < 16 { lane(first, 15 - number, 8) } else { lane(second, 31 - number, 8) }
    })
}

/// How many bits of a format are the fraction.
const fn fraction_bits(size: usize) -> u32 {
    match size {
        2 => 10,
        4 => 23,
        8 => 52,
        _ => 112,
    }
}

/// The exponent as it stands.
pub(super) const fn exponent(size: usize, value: u128) -> u128 {
    (value & !sign(size)) >> fraction_bits(size)
}

/// The fraction, with the bit above it that numbers have that are normal.
pub(super) const fn significand(size: usize, value: u128) -> u128 {
    let (fraction, exponent) = (value & mask(fraction_bits(size)), exponent(size, value));
    let is_normal = exponent != 0 && exponent != mask(8 * size as u32 - 1 - fraction_bits(size));
    fraction | (is_normal as u128) << fraction_bits(size)
}

pub(super) const fn sign(size: usize) -> u128 {
    1 << (8 * size as u32 - 1)
}

/// Whether a number is of one of some classes (7.6.1.6, DCMX): a NaN, plus and
/// minus infinity, zero, below the normal ones.
pub(super) fn is_of(size: usize, value: u128, classes: u32) -> bool {
    let negative = value & sign(size) != 0;
    let infinity = mask(8 * size as u32 - 1 - fraction_bits(size)) << fraction_bits(size);
    let bit = match value & !sign(size) {
        _ if is_nan(size, value) => return classes & 0x40 != 0,
        0 => 0x08,
        magnitude if magnitude == infinity => 0x20,
        _ if exponent(size, value) == 0 => 0x02,
        _ => return false,
    };
    classes & (if negative { bit >> 1 } else { bit }) != 0
}

/// How the exponents of two numbers compare, as a field of the condition
/// register.
pub(super) fn exponents(size: usize, a: u128, b: u128) -> u32 {
    if is_nan(size, a) || is_nan(size, b) {
        return 1;
    }
    match exponent(size, a).cmp(&exponent(size, b)) {
        std::cmp::Ordering::Less => 8,
        std::cmp::Ordering::Greater => 4,
        std::cmp::Ordering::Equal => 2,
    }
}

fn to_general(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    function: fn(usize, u128) -> u128,
) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let value = function(8, emulator.vsr(word.xb()) >> 64);
    emulator.set_gpr(word.t(), value as u64);
    Ok(())
}

/// The classes of a double; as a single, those of what it would be as one, and
/// whether it is none.
fn test(emulator: &mut NativeEmulator, op: &UserOp, is_single: bool) -> Result<(), Halt> {
    let word = Word::of(emulator, op);
    let b = emulator.vsr(word.xb()) >> 64;
    let classes = word.field(16, 7);
    let mut holds = is_of(8, b, classes);
    let mut result = u32::from(b >> 63 != 0) << 3;
    if is_single {
        // A single that is not normal is a normal double.
        let exponent = exponent(8, b);
        let side = if b >> 63 != 0 { 1 } else { 2 };
        holds |= exponent > 0 && exponent <= 0x380 && classes & side != 0;
        let back = powerpc_float::widened(powerpc_float::narrowed(b as u64));
        result |= u32::from(u128::from(back) != b);
    }
    result |= u32::from(holds) << 1;
    emulator.set_fpcc(word.field(23, 3), result);
    Ok(())
}
