//! AES, carry-less multiplication, SHA.

use super::{Lane, NONE, NativeOp, P66, Row, Vector, WIDEST, by_halves, halves, x};
use crate::{emulator::NativeEmulator, halt::Halt};

pub(super) const ROWS: &[Row] = &[
    x(P66, 2, 0xdb, |e, op| {
        let b = e.rm(op)?;
        let result = by_halves(op.length, &b, &b, |b, _| mix(b, &[14, 11, 13, 9]));
        e.put(op, &result);
        Ok(())
    }),
    x(P66, 2, 0xdc, |e, op| halves(e, op, |a, b| xor(&mix(&encrypt(a), &[2, 3, 1, 1]), b))),
    x(P66, 2, 0xdd, |e, op| halves(e, op, |a, b| xor(&encrypt(a), b))),
    x(P66, 2, 0xde, |e, op| halves(e, op, |a, b| xor(&mix(&decrypt(a), &[14, 11, 13, 9]), b))),
    x(P66, 2, 0xdf, |e, op| halves(e, op, |a, b| xor(&decrypt(a), b))),
    x(P66, 3, 0xdf, |e, op| {
        let b = e.rm(op)?;
        let mut result = [0; WIDEST];
        for (index, from) in [(0, 1), (2, 3)] {
            let word = u32::from_le_bytes(u32::get(&b, from).to_le_bytes().map(substitute));
            word.put(&mut result, index);
            (word.rotate_right(8) ^ u32::from(op.immediate)).put(&mut result, index + 1);
        }
        e.put(op, &result);
        Ok(())
    })
    .immediate(),
    x(P66, 3, 0x44, |e, op| {
        let (first, second) = (usize::from(op.immediate & 1), usize::from(op.immediate >> 4 & 1));
        halves(e, op, |a, b| {
            let (a, b) = (u64::get(a, first), u64::get(b, second));
            let product =
                (0..64).filter(|bit| b >> bit & 1 != 0).fold(0, |sum, bit| sum ^ u128::from(a) << bit);
            let mut result = [0; WIDEST];
            product.put(&mut result, 0);
            result
        })
    })
    .immediate(),
    // SHA: words are named from the highest down, as in the manual.
    x(NONE, 2, 0xc8, |e, op| {
        let (b, a) = (words(&e.rm(op)?), words(&e.first(op)));
        let sum = a[0].rotate_left(30).wrapping_add(b[0]);
        put_words(e, op, [sum, b[1], b[2], b[3]])
    })
    .legacy(),
    x(NONE, 2, 0xc9, |e, op| {
        let (b, a) = (words(&e.rm(op)?), words(&e.first(op)));
        put_words(e, op, [a[2] ^ a[0], a[3] ^ a[1], b[0] ^ a[2], b[1] ^ a[3]])
    })
    .legacy(),
    x(NONE, 2, 0xca, |e, op| {
        let (b, a) = (words(&e.rm(op)?), words(&e.first(op)));
        let first = (a[0] ^ b[1]).rotate_left(1);
        let second = (a[1] ^ b[2]).rotate_left(1);
        let third = (a[2] ^ b[3]).rotate_left(1);
        put_words(e, op, [first, second, third, (a[3] ^ first).rotate_left(1)])
    })
    .legacy(),
    x(NONE, 3, 0xcc, sha1_rounds).legacy().immediate(),
    x(NONE, 2, 0xcb, sha256_rounds).legacy(),
    x(NONE, 2, 0xcc, |e, op| {
        let (b, a) = (words(&e.rm(op)?), words(&e.first(op)));
        let small = |x: u32| x.rotate_right(7) ^ x.rotate_right(18) ^ x >> 3;
        // The next word after a[0] is the lowest of the second operand.
        let next = [b[3], a[0], a[1], a[2]];
        let sum = |index: usize| a[index].wrapping_add(small(next[index]));
        put_words(e, op, [sum(0), sum(1), sum(2), sum(3)])
    })
    .legacy(),
    x(NONE, 2, 0xcd, |e, op| {
        let (b, a) = (words(&e.rm(op)?), words(&e.first(op)));
        let small = |x: u32| x.rotate_right(17) ^ x.rotate_right(19) ^ x >> 10;
        let first = a[3].wrapping_add(small(b[1]));
        let second = a[2].wrapping_add(small(b[0]));
        let third = a[1].wrapping_add(small(first));
        put_words(e, op, [a[0].wrapping_add(small(second)), third, second, first])
    })
    .legacy(),
];

fn xor(a: &Vector, b: &Vector) -> Vector {
    let mut result = [0; WIDEST];
    for (byte, (a, b)) in result.iter_mut().zip(a.iter().zip(b)).take(16) {
        *byte = a ^ b;
    }
    result
}

/// Twice a number of the field of AES.
const fn double(x: u8) -> u8 {
    x << 1 ^ if x & 0x80 != 0 { 0x1b } else { 0 }
}

const fn times(mut x: u8, mut by: u8) -> u8 {
    let mut product = 0;
    while by != 0 {
        if by & 1 != 0 {
            product ^= x;
        }
        x = double(x);
        by >>= 1;
    }
    product
}

/// The S-box (FIPS 197, 5.1.1): the inverse, through powers of 3, and an
/// affine map.
const SBOX: [u8; 256] = {
    let mut table = [0; 256];
    let (mut p, mut q) = (1u8, 1u8);
    loop {
        p ^= double(p);
        // Division by 3.
        q ^= q << 1;
        q ^= q << 2;
        q ^= q << 4;
        if q & 0x80 != 0 {
            q ^= 0x09;
        }
        table[p as usize] =
            q ^ q.rotate_left(1) ^ q.rotate_left(2) ^ q.rotate_left(3) ^ q.rotate_left(4) ^ 0x63;
        if p == 1 {
            break;
        }
    }
    table[0] = 0x63;
    table
};

const INVERSE_SBOX: [u8; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        table[SBOX[index] as usize] = index as u8;
        index += 1;
    }
    table
};

const fn substitute(x: u8) -> u8 {
    SBOX[x as usize]
}

/// Shifts rows and substitutes bytes.
fn encrypt(state: &Vector) -> Vector {
    let mut result = [0; WIDEST];
    for index in 0..16 {
        result[index] = substitute(state[(index + 4 * (index % 4)) % 16]);
    }
    result
}

fn decrypt(state: &Vector) -> Vector {
    let mut result = [0; WIDEST];
    for index in 0..16 {
        result[index] = INVERSE_SBOX[usize::from(state[(index + 16 - 4 * (index % 4)) % 16])];
    }
    result
}

/// Mixes columns by a row of the matrix.
fn mix(state: &Vector, row: &[u8; 4]) -> Vector {
    let mut result = [0; WIDEST];
    for column in 0..4 {
        for index in 0..4 {
            result[4 * column + index] =
                (0..4).fold(0, |sum, at| sum ^ times(state[4 * column + (index + at) % 4], row[at]));
        }
    }
    result
}

/// Four words, the highest first.
fn words(vector: &Vector) -> [u32; 4] {
    [3, 2, 1, 0].map(|index| u32::get(vector, index))
}

fn put_words(e: &mut NativeEmulator, op: &NativeOp, words: [u32; 4]) -> Result<(), Halt> {
    let mut result = [0; WIDEST];
    for (index, word) in words.iter().rev().enumerate() {
        word.put(&mut result, index);
    }
    e.put(op, &result);
    Ok(())
}

fn sha1_rounds(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let (input, state) = (words(&e.rm(op)?), words(&e.first(op)));
    let kind = op.immediate & 3;
    let constant = [0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xca62_c1d6u32][usize::from(kind)];
    let [mut a, mut b, mut c, mut d] = state;
    // The first word has the previous state's part added already.
    let mut e_word = 0u32;
    for word in input {
        let mixed = match kind {
            0 => b & c ^ !b & d,
            2 => b & c ^ b & d ^ c & d,
            _ => b ^ c ^ d,
        };
        let next = mixed
            .wrapping_add(a.rotate_left(5))
            .wrapping_add(word)
            .wrapping_add(e_word)
            .wrapping_add(constant);
        (e_word, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
    }
    put_words(e, op, [a, b, c, d])
}

fn sha256_rounds(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let (second, first) = (words(&e.rm(op)?), words(&e.first(op)));
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    let inputs = words(&e.vector(registers.vectors[0], 16));
    let [mut a, mut b, mut e_word, mut f] = second;
    let [mut c, mut d, mut g, mut h] = first;
    for word in [inputs[3], inputs[2]] {
        let choice = e_word & f ^ !e_word & g;
        let majority = a & b ^ a & c ^ b & c;
        let high = e_word.rotate_right(6) ^ e_word.rotate_right(11) ^ e_word.rotate_right(25);
        let low = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let sum = choice.wrapping_add(high).wrapping_add(word).wrapping_add(h);
        (h, g, f, e_word, d, c, b, a) =
            (g, f, e_word, sum.wrapping_add(d), c, b, a, sum.wrapping_add(majority).wrapping_add(low));
    }
    let _ = (c, d, g, h);
    put_words(e, op, [a, b, e_word, f])
}
