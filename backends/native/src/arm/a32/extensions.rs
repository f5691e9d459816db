//! Extensions of ARMv8: checksums, AES and SHA, dot products, complex numbers
//! (Arm ARM, DDI 0487, F5.1, CRC32; F6.1, AESD to AESMC, SHA1C to SHA256SU1,
//! VCADD, VCMLA, VSDOT, VUDOT).

use super::{
    super::{
        Word,
        float::{Format, HALF, SINGLE},
        lanes::{lane, number, vector},
        rows,
    },
    neon::even,
};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override, userops::aarch64::crypto};

pub(in crate::arm) const ARM: &[Override] = rows![
    0x0f90_0df0, 0x0100_0040 => |e, w: Word| {
        checksum(e, (w.field(21, 2), w.bit(9)), [w.field(12, 4), w.field(16, 4), w.field(0, 4)])
    },
    // AES and SHA with two registers, then with three.
    0xffbf_0fd0, 0xf3b0_0300 => |e, w| two(e, w, crypto::encrypt),
    0xffbf_0fd0, 0xf3b0_0340 => |e, w| two(e, w, crypto::decrypt),
    0xffbf_0fd0, 0xf3b0_0380 => |e, w| two(e, w, |_, m| crypto::mix_columns(m)),
    0xffbf_0fd0, 0xf3b0_03c0 => |e, w| two(e, w, |_, m| crypto::unmix_columns(m)),
    0xffbf_0fd0, 0xf3b9_02c0 => |e, w| two(e, w, |_, m| (m as u32).rotate_left(30).into()),
    0xffbf_0fd0, 0xf3ba_0380 => |e, w| two(e, w, crypto::sha1_schedule_second),
    0xffbf_0fd0, 0xf3ba_03c0 => |e, w| two(e, w, crypto::sha256_schedule_first),
    0xffb0_0f50, 0xf200_0c40 => |e, w| three(e, w, crypto::sha1_choose),
    0xffb0_0f50, 0xf210_0c40 => |e, w| three(e, w, crypto::sha1_parity),
    0xffb0_0f50, 0xf220_0c40 => |e, w| three(e, w, crypto::sha1_majority),
    0xffb0_0f50, 0xf230_0c40 => |e, w| three(e, w, crypto::sha1_schedule_first),
    0xffb0_0f50, 0xf300_0c40 => |e, w| three(e, w, crypto::sha256_first),
    0xffb0_0f50, 0xf310_0c40 => |e, w| three(e, w, crypto::sha256_second),
    0xffb0_0f50, 0xf320_0c40 => |e, w| three(e, w, crypto::sha256_schedule_second),
    0xffb0_0f00, 0xfc20_0d00 => |e, w: Word| dot(e, w, w.m(), None),
    0xffb0_0f00, 0xfe20_0d00 => |e, w: Word| dot(e, w, w.field(0, 4), Some(w.field(5, 1))),
    0xfea0_0f10, 0xfc80_0800 => complex_add,
    0xfe20_0f10, 0xfc20_0800 => |e: &mut NativeEmulator, w: Word| {
        let m = e.simd(w.m(), w.quad());
        complex_multiply(e, w, format(w.bit(20)), w.field(23, 2), |format, index| element(m, format, index))
    },
    0xff00_0f10, 0xfe00_0800 => |e: &mut NativeEmulator, w: Word| {
        let format = format(w.bit(23));
        let (register, pair) = if format == SINGLE { (w.m(), 0) } else { (w.field(0, 4), w.field(5, 1)) };
        let m = e.simd(register, false);
        complex_multiply(e, w, format, w.field(20, 2), |format, index| element(m, format, 2 * pair + index % 2))
    },
];

pub(in crate::arm) const THUMB: &[Override] = rows![0xffe0_f0c0, 0xfac0_f080 => |e, w: Word| {
    checksum(e, (w.field(4, 2), w.bit(20)), [w.field(8, 4), w.field(16, 4), w.field(0, 4)])
}];

fn checksum(
    emulator: &mut NativeEmulator,
    (size, castagnoli): (u32, bool),
    [d, n, m]: [u32; 3],
) -> Result<(), Halt> {
    if size == 3 {
        return Err(Halt::Invalid);
    }
    let value = crypto::crc(emulator.r(n), emulator.r(m).into(), 8 << size, castagnoli.into());
    emulator.set_r(d, value);
    Ok(())
}

/// A function of the old value and an operand.
fn two(emulator: &mut NativeEmulator, word: Word, function: fn(u128, u128) -> u128) -> Result<(), Halt> {
    even(true, &[word.d(), word.m()])?;
    let [d, m] = [word.d(), word.m()].map(|it| emulator.simd(it, true));
    emulator.set_simd(word.d(), true, function(d, m));
    Ok(())
}

/// A function of the old value and two operands.
fn three(
    emulator: &mut NativeEmulator,
    word: Word,
    function: fn(u128, u128, u128) -> u128,
) -> Result<(), Halt> {
    even(true, &[word.d(), word.n(), word.m()])?;
    let [d, n, m] = [word.d(), word.n(), word.m()].map(|it| emulator.simd(it, true));
    emulator.set_simd(word.d(), true, function(d, n, m));
    Ok(())
}

/// Adds products of four neighbouring bytes; of the second register, all, or
/// four of one place.
fn dot(emulator: &mut NativeEmulator, word: Word, m: u32, at: Option<u32>) -> Result<(), Halt> {
    let (quad, is_signed) = (word.quad(), !word.bit(4));
    even(quad, &[word.d(), word.n()])?;
    even(quad && at.is_none(), &[m])?;
    let [d, n] = [word.d(), word.n()].map(|it| emulator.simd(it, quad));
    let m = emulator.simd(m, quad && at.is_none());
    let of = |vector, index| number(lane(vector, index, 8), 8, is_signed);
    let value = vector(if quad { 4 } else { 2 }, 32, |index| {
        let other = at.unwrap_or(index);
        let sum: i128 = (0..4).map(|byte| of(n, 4 * index + byte) * of(m, 4 * other + byte)).sum();
        lane(d, index, 32).wrapping_add(sum as u128)
    });
    emulator.set_simd(word.d(), quad, value);
    Ok(())
}

const fn format(single: bool) -> Format {
    if single { SINGLE } else { HALF }
}

fn element(value: u128, format: Format, index: u32) -> u64 {
    lane(value, index, format.bits()) as u64
}

/// Adds a number turned by 90 or 270 degrees.
fn complex_add(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (quad, format) = (word.quad(), format(word.bit(20)));
    even(quad, &[word.d(), word.n(), word.m()])?;
    let [n, m] = [word.n(), word.m()].map(|it| emulator.simd(it, quad));
    let mut env = emulator.standard_env();
    let three_quarters = word.bit(24);
    let value = vector(if quad { 128 } else { 64 } / format.bits(), format.bits(), |index| {
        let other = element(m, format, index ^ 1);
        // The real part loses by 90 degrees what it wins by 270.
        let is_negative = (index & 1 == 0) != three_quarters;
        let other = if is_negative { format.negate(other) } else { other };
        env.add(format, element(n, format, index), other).into()
    });
    emulator.set_simd(word.d(), quad, value);
    emulator.note_float(env.flags);
    Ok(())
}

/// Adds one part of a product that is turned by a multiple of 90 degrees.
fn complex_multiply(
    emulator: &mut NativeEmulator,
    word: Word,
    format: Format,
    turns: u32,
    m: impl Fn(Format, u32) -> u64,
) -> Result<(), Halt> {
    let quad = word.quad();
    even(quad, &[word.d(), word.n()])?;
    let [d, n] = [word.d(), word.n()].map(|it| emulator.simd(it, quad));
    let mut env = emulator.standard_env();
    let value = vector(if quad { 128 } else { 64 } / format.bits(), format.bits(), |index| {
        let (pair, imaginary) = (index & !1, index & 1);
        let factor = element(n, format, pair + (turns & 1));
        let other = m(format, pair + (imaginary ^ turns & 1));
        let is_negative = if imaginary == 0 { matches!(turns, 1 | 2) } else { matches!(turns, 2 | 3) };
        let other = if is_negative { format.negate(other) } else { other };
        env.fused(format, element(d, format, index), factor, other).into()
    });
    emulator.set_simd(word.d(), quad, value);
    emulator.note_float(env.flags);
    Ok(())
}
