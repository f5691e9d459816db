//! SHA1H, SHA-512, SHA-3, SM3 and SM4 (Arm ARM, C4.1.96,
//! "Cryptographic two-register SHA", "three-register, imm2" to "two-register SHA 512").

use super::super::{Word, lanes::lane, rows};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

/// Two halves, the lower one first.
type Pair = [u64; 2];
/// Four words, the lowest one first.
type Words = [u32; 4];

pub(super) const ROWS: &[Override] = rows![
    0xffff_fc00, 0x5e28_0800 => |e, w| bits(e, w, |n, _, _| (n as u32).rotate_left(30).into()),
    0xffe0_8000, 0xce00_0000 => |e, w| bits(e, w, |n, m, a| n ^ m ^ a),
    0xffe0_8000, 0xce20_0000 => |e, w| bits(e, w, |n, m, a| n ^ m & !a),
    0xffe0_0000, 0xce80_0000 => xar,
    0xffe0_fc00, 0xce60_8c00 => |e, w| pairs(e, w, |n, m, _| [0, 1].map(|i| n[i] ^ m[i].rotate_left(1))),
    0xffe0_fc00, 0xce60_8000 => |e, w| pairs(e, w, sha512_first),
    0xffe0_fc00, 0xce60_8400 => |e, w| pairs(e, w, sha512_second),
    0xffff_fc00, 0xcec0_8000 => |e, w| pairs(e, w, |n, _, d| [
        d[0].wrapping_add(small_sigma(d[1], 1, 8, 7)),
        d[1].wrapping_add(small_sigma(n[0], 1, 8, 7)),
    ]),
    0xffe0_fc00, 0xce60_8800 => |e, w| pairs(e, w, |n, m, d| [0, 1].map(|i| {
        d[i].wrapping_add(small_sigma(n[i], 19, 61, 6)).wrapping_add(m[i])
    })),
    0xffe0_8000, 0xce40_0000 => sm3_sum,
    0xffe0_cc00, 0xce40_8000 => |e, w| sm3_round(e, w, false, |b, c, d| b ^ c ^ d),
    0xffe0_cc00, 0xce40_8400 => |e, w| sm3_round(e, w, false, |d, c, b| d & b | d & c | b & c),
    0xffe0_cc00, 0xce40_8800 => |e, w| sm3_round(e, w, true, |d, c, b| b ^ c ^ d),
    0xffe0_cc00, 0xce40_8c00 => |e, w| sm3_round(e, w, true, |d, c, b| d & c | !d & b),
    0xffe0_fc00, 0xce60_c000 => |e, w| words(e, w, sm3_schedule_first),
    0xffe0_fc00, 0xce60_c400 => |e, w| words(e, w, sm3_schedule_second),
    0xffff_fc00, 0xcec0_8400 => |e, w| words(e, w, |keys, _, state| sm4(state, keys, |x| {
        x ^ x.rotate_left(2) ^ x.rotate_left(10) ^ x.rotate_left(18) ^ x.rotate_left(24)
    })),
    0xffe0_fc00, 0xce60_c800 => |e, w| words(e, w, |state, constants, _| sm4(state, constants, |x| {
        x ^ x.rotate_left(13) ^ x.rotate_left(23)
    })),
];

fn bits(
    emulator: &mut NativeEmulator,
    word: Word,
    function: fn(u128, u128, u128) -> u128,
) -> Result<(), Halt> {
    let [n, m, a] = [5, 16, 10].map(|low| emulator.v(word.field(low, 5)));
    emulator.set_v(word.field(0, 5), function(n, m, a));
    Ok(())
}

/// A function of the first operand, the second one and the old value.
fn pairs(
    emulator: &mut NativeEmulator,
    word: Word,
    function: fn(Pair, Pair, Pair) -> Pair,
) -> Result<(), Halt> {
    let [n, m, d] = [5, 16, 0].map(|low| {
        let value = emulator.v(word.field(low, 5));
        [value as u64, (value >> 64) as u64]
    });
    let [low, high] = function(n, m, d);
    emulator.set_v(word.field(0, 5), u128::from(high) << 64 | u128::from(low));
    Ok(())
}

fn words_of(value: u128) -> Words {
    [0, 1, 2, 3].map(|index| lane(value, index, 32) as u32)
}

fn vector_of(words: Words) -> u128 {
    words.iter().rev().fold(0, |all, word| all << 32 | u128::from(*word))
}

fn words(
    emulator: &mut NativeEmulator,
    word: Word,
    function: fn(Words, Words, Words) -> Words,
) -> Result<(), Halt> {
    let [n, m, d] = [5, 16, 0].map(|low| words_of(emulator.v(word.field(low, 5))));
    emulator.set_v(word.field(0, 5), vector_of(function(n, m, d)));
    Ok(())
}

fn xar(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let [n, m] = [5, 16].map(|low| emulator.v(word.field(low, 5)));
    let turned = |value: u128| u128::from((value as u64).rotate_right(word.field(10, 6)));
    let value = n ^ m;
    emulator.set_v(word.field(0, 5), turned(value >> 64) << 64 | turned(value));
    Ok(())
}

const fn large_sigma(value: u64, a: u32, b: u32, c: u32) -> u64 {
    value.rotate_right(a) ^ value.rotate_right(b) ^ value.rotate_right(c)
}

const fn small_sigma(value: u64, a: u32, b: u32, c: u32) -> u64 {
    value.rotate_right(a) ^ value.rotate_right(b) ^ value >> c
}

fn sha512_first(x: Pair, y: Pair, w: Pair) -> Pair {
    let choice = |a: u64, b: u64, c: u64| (a & b) ^ (!a & c);
    let sigma = |value| large_sigma(value, 14, 18, 41);
    let high = choice(y[1], x[0], x[1]).wrapping_add(sigma(y[1])).wrapping_add(w[1]);
    let sum = high.wrapping_add(y[0]);
    let low = choice(sum, y[1], x[0]).wrapping_add(sigma(sum)).wrapping_add(w[0]);
    [low, high]
}

fn sha512_second(x: Pair, y: Pair, w: Pair) -> Pair {
    let majority = |a: u64, b: u64, c: u64| (a & b) ^ (a & c) ^ (b & c);
    let sigma = |value| large_sigma(value, 28, 34, 39);
    let high = majority(x[0], y[1], y[0]).wrapping_add(sigma(y[0])).wrapping_add(w[1]);
    let low = majority(high, y[0], y[1]).wrapping_add(sigma(high)).wrapping_add(w[0]);
    [low, high]
}

fn sm3_sum(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let [n, m, a] = [5, 16, 10].map(|low| words_of(emulator.v(word.field(low, 5)))[3]);
    let sum = n.rotate_left(12).wrapping_add(m).wrapping_add(a).rotate_left(7);
    emulator.set_v(word.field(0, 5), u128::from(sum) << 96);
    Ok(())
}

/// A round of the one or the other half of the state; `mix` gets its words
/// from the highest one down.
fn sm3_round(
    emulator: &mut NativeEmulator,
    word: Word,
    second: bool,
    mix: fn(u32, u32, u32) -> u32,
) -> Result<(), Halt> {
    let [n, m, d] = [5, 16, 0].map(|low| words_of(emulator.v(word.field(low, 5))));
    let schedule = m[word.field(12, 2) as usize];
    let other = if second { n[3] } else { n[3] ^ d[3].rotate_left(12) };
    let sum = mix(d[3], d[2], d[1]).wrapping_add(d[0]).wrapping_add(other).wrapping_add(schedule);
    let top = if second { sum ^ sum.rotate_left(9) ^ sum.rotate_left(17) } else { sum };
    let turned = d[2].rotate_left(if second { 19 } else { 9 });
    emulator.set_v(word.field(0, 5), vector_of([d[1], turned, d[3], top]));
    Ok(())
}

const fn sm3_mix(value: u32) -> u32 {
    value ^ value.rotate_left(15) ^ value.rotate_left(23)
}

fn sm3_schedule_first(n: Words, m: Words, d: Words) -> Words {
    let mut result: Words = std::array::from_fn(|index| d[index] ^ n[index]);
    for index in 0..3 {
        result[index] = sm3_mix(result[index] ^ m[index + 1].rotate_left(15));
    }
    result[3] = sm3_mix(result[3] ^ result[0].rotate_left(15));
    result
}

fn sm3_schedule_second(n: Words, m: Words, d: Words) -> Words {
    let changes: Words = std::array::from_fn(|index| n[index] ^ m[index].rotate_left(7));
    let mut result: Words = std::array::from_fn(|index| d[index] ^ changes[index]);
    result[3] ^= sm3_mix(changes[0].rotate_left(15));
    result
}

/// Four rounds of encryption or of the key schedule.
fn sm4(mut state: Words, keys: Words, mix: fn(u32) -> u32) -> Words {
    for key in keys {
        let [a, b, c, d] = state;
        let bytes = (b ^ c ^ d ^ key).to_le_bytes().map(|byte| SM4_BOX[usize::from(byte)]);
        state = [b, c, d, a ^ mix(u32::from_le_bytes(bytes))];
    }
    state
}

/// The substitution box of SM4: an affine map before and after the inverse in
/// the field of the polynomial 0x1f5 (GB/T 32907-2016; F. Liu and others,
/// "Analysis of the SMS4 block cipher", 2007).
const SM4_BOX: [u8; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        table[index] = affine(inverse(affine(index as u8)));
        index += 1;
    }
    table
};

const fn affine(value: u8) -> u8 {
    let mut result = 0xd3;
    let mut bit = 0;
    while bit < 8 {
        let row = 0xa7u8.rotate_left(bit);
        result ^= ((value & row).count_ones() as u8 & 1) << bit;
        bit += 1;
    }
    result
}

/// The power of 254.
const fn inverse(value: u8) -> u8 {
    let mut result = 1;
    let mut count = 0;
    while count < 254 {
        result = multiply(result, value);
        count += 1;
    }
    result
}

const fn multiply(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b != 0 {
        if b & 1 != 0 {
            product ^= a;
        }
        a = a << 1 ^ if a & 0x80 != 0 { 0xf5 } else { 0 };
        b >>= 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use super::SM4_BOX;

    #[test]
    fn the_box_is_that_of_the_standard() {
        assert_eq!(SM4_BOX[..8], [0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7]);
        assert_eq!(SM4_BOX[255], 0x48);
    }
}
