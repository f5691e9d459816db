//! AES, SHA and CRC of AArch64 (Arm ARM, shared pseudocode).

use super::super::{Handler, Table, lanes::lane};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt};

macro_rules! checksum {
    ($size:literal) => {
        Handler::new(|emulator, op| {
            let [old, data, kind] = [0, 1, 2].map(|index| emulator.user_input(op, index));
            emulator.set_user_result(op, crc(old as u32, data as u64, $size, kind as u32).into());
            Ok(())
        })
    };
}

/// A function of some inputs.
macro_rules! of {
    ($function:expr, $($index:literal),*) => {
        Handler::new(|emulator, op| {
            let value = $function($(emulator.user_input(op, $index)),*);
            emulator.set_user_result(op, value);
            Ok(())
        })
    };
}

pub(super) const TABLE: Table = &[
    ("crc32b", checksum!(8)),
    ("crc32h", checksum!(16)),
    ("crc32w", checksum!(32)),
    ("crc32x", checksum!(64)),
    ("NEON_aese", of!(encrypt, 0, 1)),
    ("NEON_aesd", of!(decrypt, 0, 1)),
    ("NEON_aesmc", Handler::new(|emulator, op| last(emulator, op, mix_columns))),
    ("NEON_aesimc", Handler::new(|emulator, op| last(emulator, op, unmix_columns))),
    ("NEON_sha1c", of!(sha1_choose, 0, 1, 2)),
    ("NEON_sha1p", of!(sha1_parity, 0, 1, 2)),
    ("NEON_sha1m", of!(sha1_majority, 0, 1, 2)),
    ("NEON_sha1su0", of!(sha1_schedule_first, 0, 1, 2)),
    ("NEON_sha1su1", of!(sha1_schedule_second, 0, 1)),
    ("NEON_sha256h", of!(sha256_first, 0, 1, 2)),
    ("NEON_sha256h2", of!(sha256_second, 0, 1, 2)),
    ("NEON_sha256su0", of!(sha256_schedule_first, 0, 1)),
    ("NEON_sha256su1", of!(sha256_schedule_second, 0, 1, 2)),
];

fn last(emulator: &mut NativeEmulator, op: &UserOp, function: fn(u128) -> u128) -> Result<(), Halt> {
    let state = emulator.user_input(op, op.inputs.len().saturating_sub(1));
    emulator.set_user_result(op, function(state));
    Ok(())
}

/// The polynomials, with the lowest power highest: of Ethernet, and of
/// Castagnoli.
pub(crate) fn crc(old: u32, data: u64, bits: u32, kind: u32) -> u32 {
    // The specification passes the polynomial, or which it is.
    let polynomial: u32 = match kind {
        0 | 0x04c1_1db7 => 0xedb8_8320,
        _ => 0x82f6_3b78,
    };
    (0..bits).fold(old, |crc, bit| {
        let low = (crc ^ (data >> bit) as u32) & 1;
        crc >> 1 ^ if low != 0 { polynomial } else { 0 }
    })
}

/// A product in the field of AES.
const fn multiply(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b != 0 {
        if b & 1 != 0 {
            product ^= a;
        }
        a = a << 1 ^ if a & 0x80 != 0 { 0x1b } else { 0 };
        b >>= 1;
    }
    product
}

/// The substitution boxes of encryption and decryption (FIPS 197, 5.1.1).
const fn make_boxes() -> ([u8; 256], [u8; 256]) {
    let (mut forward, mut backward) = ([0; 256], [0; 256]);
    let (mut p, mut q) = (1u8, 1u8);
    loop {
        p ^= p << 1 ^ if p & 0x80 != 0 { 0x1b } else { 0 };
        q ^= q << 1;
        q ^= q << 2;
        q ^= q << 4;
        if q & 0x80 != 0 {
            q ^= 0x09;
        }
        let value = q ^ q.rotate_left(1) ^ q.rotate_left(2) ^ q.rotate_left(3) ^ q.rotate_left(4) ^ 0x63;
        forward[p as usize] = value;
        if p == 1 {
            break;
        }
    }
    forward[0] = 0x63;
    let mut index = 0;
    while index < 256 {
        backward[forward[index] as usize] = index as u8;
        index += 1;
    }
    (forward, backward)
}

pub(crate) fn boxes() -> &'static ([u8; 256], [u8; 256]) {
    static BOXES: ([u8; 256], [u8; 256]) = make_boxes();
    &BOXES
}

fn shift_rows(state: &[u8; 16]) -> [u8; 16] {
    std::array::from_fn(|index| state[(index + 4 * (index % 4)) % 16])
}

fn unshift_rows(state: &[u8; 16]) -> [u8; 16] {
    std::array::from_fn(|index| state[(index + 16 - 4 * (index % 4)) % 16])
}

fn substitute(state: &[u8; 16], table: &[u8; 256]) -> [u8; 16] {
    state.map(|byte| table[usize::from(byte)])
}

/// A round of encryption but for its columns (FIPS 197, 5.1).
pub(crate) fn encrypt(state: u128, key: u128) -> u128 {
    u128::from_le_bytes(substitute(&shift_rows(&(state ^ key).to_le_bytes()), &boxes().0))
}

/// The same of decryption.
pub(crate) fn decrypt(state: u128, key: u128) -> u128 {
    u128::from_le_bytes(substitute(&unshift_rows(&(state ^ key).to_le_bytes()), &boxes().1))
}

/// The columns of encryption (FIPS 197, 5.1.3).
pub(crate) fn mix_columns(state: u128) -> u128 {
    mix(state, [2, 3, 1, 1])
}

/// The columns of decryption.
pub(crate) fn unmix_columns(state: u128) -> u128 {
    mix(state, [14, 11, 13, 9])
}

fn mix(state: u128, factors: [u8; 4]) -> u128 {
    let state = state.to_le_bytes();
    u128::from_le_bytes(std::array::from_fn(|index| {
        let (column, row) = (index - index % 4, index % 4);
        (0..4).fold(0, |sum, other| sum ^ multiply(state[column + other], factors[(4 + other - row) % 4]))
    }))
}

fn word(vector: u128, index: u32) -> u32 {
    lane(vector, index, 32) as u32
}

fn words(values: [u32; 4]) -> u128 {
    values.iter().rev().fold(0, |all, value| all << 32 | u128::from(*value))
}

/// Four rounds of SHA-1 with the first of its functions.
pub(crate) fn sha1_choose(state: u128, e: u128, data: u128) -> u128 {
    sha1(state, e, data, |b, c, d| (b & c) | (!b & d))
}

/// The same with the second and the last.
pub(crate) fn sha1_parity(state: u128, e: u128, data: u128) -> u128 {
    sha1(state, e, data, |b, c, d| b ^ c ^ d)
}

/// The same with the third.
pub(crate) fn sha1_majority(state: u128, e: u128, data: u128) -> u128 {
    sha1(state, e, data, |b, c, d| (b & c) | (b & d) | (c & d))
}

fn sha1(state: u128, e: u128, data: u128, function: fn(u32, u32, u32) -> u32) -> u128 {
    let [mut a, mut b, mut c, mut d] = [0, 1, 2, 3].map(|index| word(state, index));
    let mut e = e as u32;
    for index in 0..4 {
        let next =
            e.wrapping_add(a.rotate_left(5)).wrapping_add(function(b, c, d)).wrapping_add(word(data, index));
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
    }
    words([a, b, c, d])
}

pub(crate) const fn sha1_schedule_first(a: u128, b: u128, c: u128) -> u128 {
    (a >> 64 | b << 64) ^ a ^ c
}

pub(crate) fn sha1_schedule_second(a: u128, b: u128) -> u128 {
    let mixed = a ^ b >> 32;
    let mut values = [0, 1, 2, 3].map(|index| word(mixed, index).rotate_left(1));
    values[3] ^= word(mixed, 0).rotate_left(2);
    words(values)
}

/// Four rounds of SHA-256: the first half of the state.
pub(crate) fn sha256_first(x: u128, y: u128, data: u128) -> u128 {
    let [a, b, c, d, ..] = sha256(x, y, data);
    words([a, b, c, d])
}

/// The second half, which comes first among the operands.
pub(crate) fn sha256_second(y: u128, x: u128, data: u128) -> u128 {
    let [.., e, f, g, h] = sha256(x, y, data);
    words([e, f, g, h])
}

fn sha256(x: u128, y: u128, data: u128) -> [u32; 8] {
    let mut state: [u32; 8] =
        std::array::from_fn(
            |index| if index < 4 { word(x, index as u32) } else { word(y, index as u32 - 4) },
        );
    for index in 0..4 {
        let [a, b, c, d, e, f, g, h] = state;
        let choice = (e & f) ^ (!e & g);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        let high = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let low = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let sum = h.wrapping_add(high).wrapping_add(choice).wrapping_add(word(data, index));
        state = [sum.wrapping_add(low).wrapping_add(majority), a, b, c, d.wrapping_add(sum), e, f, g];
    }
    state
}

pub(crate) fn sha256_schedule_first(a: u128, b: u128) -> u128 {
    let values = std::array::from_fn(|index| {
        let next = if index < 3 { word(a, index as u32 + 1) } else { word(b, 0) };
        let sigma = next.rotate_right(7) ^ next.rotate_right(18) ^ next >> 3;
        word(a, index as u32).wrapping_add(sigma)
    });
    words(values)
}

pub(crate) fn sha256_schedule_second(a: u128, b: u128, c: u128) -> u128 {
    let sigma = |value: u32| value.rotate_right(17) ^ value.rotate_right(19) ^ value >> 10;
    let shifted = b >> 32 | c << 96;
    let mut values = [0u32; 4];
    for index in 0..4u32 {
        let source = if index < 2 { word(c, index + 2) } else { values[index as usize - 2] };
        values[index as usize] =
            word(a, index).wrapping_add(sigma(source)).wrapping_add(word(shifted, index));
    }
    words(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boxes_are_those_of_the_standard() {
        let (forward, backward) = boxes();
        assert_eq!(forward[0x53], 0xed);
        assert_eq!(forward[0xff], 0x16);
        assert_eq!(backward[0xed], 0x53);
    }

    #[test]
    fn checksums_are_known_ones() {
        let of =
            |kind| !b"123456789".iter().fold(!0, |crc_so_far, byte| crc(crc_so_far, (*byte).into(), 8, kind));
        assert_eq!(of(0), 0xcbf4_3926);
        assert_eq!(of(1), 0xe306_9283);
    }
}
