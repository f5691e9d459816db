//! RISC-V: AES and SM4 of scalar cryptography, Zknd, Zkne and Zksed
//! (unprivileged manual, "Scalar cryptography"). SHA-2 and SM3 are p-code.

use super::{
    Handler, Table,
    aarch64::crypto::{boxes, decrypt, encrypt, mix_columns, unmix_columns},
};

/// A function of two registers.
macro_rules! of {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn(u64, u64) -> u64 = $function;
            let [a, b] = [0, 1].map(|index| emulator.user_input(op, index) as u64);
            emulator.set_user_result(op, function(a, b).into());
            Ok(())
        })
    };
}

/// A word, combined with what a function makes of one byte of another, turned
/// to the place of the byte.
macro_rules! byte {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn(u8) -> u32 = $function;
            let [a, b, number] = [0, 1, 2].map(|index| emulator.user_input(op, index) as u32);
            let turn = 8 * (number & 3);
            let word = a ^ function((b >> turn) as u8).rotate_left(turn);
            // Where registers are of 32 bits, the rest is cut off.
            emulator.set_user_result(op, i128::from(word as i32) as u128);
            Ok(())
        })
    };
}

pub(super) const TABLE: Table = &[
    ("aes32esi", byte!(|value| boxes().0[usize::from(value)].into())),
    ("aes32esmi", byte!(|value| mix_columns(boxes().0[usize::from(value)].into()) as u32)),
    ("aes32dsi", byte!(|value| boxes().1[usize::from(value)].into())),
    ("aes32dsmi", byte!(|value| unmix_columns(boxes().1[usize::from(value)].into()) as u32)),
    ("aes64es", of!(|a, b| encrypt(state(a, b), 0) as u64)),
    ("aes64esm", of!(|a, b| mix_columns(encrypt(state(a, b), 0)) as u64)),
    ("aes64ds", of!(|a, b| decrypt(state(a, b), 0) as u64)),
    ("aes64dsm", of!(|a, b| unmix_columns(decrypt(state(a, b), 0)) as u64)),
    ("aes64im", of!(|a, _| unmix_columns(a.into()) as u64)),
    ("aes64ks1i", of!(key_start)),
    ("aes64ks2", of!(key_next)),
    ("sm4ed", byte!(|value| sm4_linear(value, &[0, 2, 10, 18, 24]))),
    ("sm4ks", byte!(|value| sm4_linear(value, &[0, 13, 23]))),
];

/// The state of AES in two registers.
fn state(low: u64, high: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

/// The word of a key schedule that is substituted: turned, and with the
/// constant of the round, but for the last number (FIPS 197, 5.2).
fn key_start(key: u64, round: u64) -> u64 {
    /// The round that only substitutes, as the second half of long keys needs.
    const PLAIN: u64 = 10;
    let word = (key >> 32) as u32;
    let word = if round == PLAIN { word } else { word.rotate_right(8) };
    let word = u32::from_le_bytes(word.to_le_bytes().map(|byte| boxes().0[usize::from(byte)]));
    // Powers of two in the field of AES.
    let constant: u32 = match round {
        PLAIN => 0,
        9 => 0x36,
        8 => 0x1b,
        _ => 1 << round,
    };
    let word = u64::from(word ^ constant);
    word << 32 | word
}

/// Two words of a key schedule.
fn key_next(start: u64, key: u64) -> u64 {
    let first = (start >> 32) ^ (key & 0xffff_ffff);
    (first ^ key >> 32) << 32 | first
}

/// A product in the field of SM4, modulo x⁸+x⁷+x⁶+x⁵+x⁴+x²+1.
const fn sm4_multiply(mut a: u8, mut b: u8) -> u8 {
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

/// The affine function of SM4's substitution.
const fn sm4_affine(value: u8) -> u8 {
    let (mut result, mut bit) = (0xd3, 0);
    while bit < 8 {
        let row = 0xa7u8.rotate_left(bit);
        result ^= ((value & row).count_ones() as u8 & 1) << bit;
        bit += 1;
    }
    result
}

/// The substitution box of SM4 (GB/T 32907-2016, 6.2), which is the affine
/// function before and after the inverse (Liu et al., "Analysis of the SMS4
/// block cipher", 2007).
const fn make_sm4_box() -> [u8; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let value = sm4_affine(index as u8);
        // The inverse is the power of 254.
        let (mut inverse, mut power, mut exponent) = (1, value, 254);
        while exponent != 0 {
            if exponent & 1 != 0 {
                inverse = sm4_multiply(inverse, power);
            }
            power = sm4_multiply(power, power);
            exponent >>= 1;
        }
        table[index] = sm4_affine(inverse);
        index += 1;
    }
    table
}

/// The linear function of a round or of the key schedule of SM4 (GB/T
/// 32907-2016, 6.2 and 7.3), of the first byte of a word, which is its highest
/// one there and its lowest one here.
fn sm4_linear(value: u8, turns: &[u32]) -> u32 {
    static BOX: [u8; 256] = make_sm4_box();
    let word = u32::from(BOX[usize::from(value)]) << 24;
    turns.iter().fold(0, |sum, turn| sum ^ word.rotate_left(*turn)).swap_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first and last numbers of the table of GB/T 32907-2016, 6.2.
    #[test]
    fn the_box_of_sm4_is_that_of_the_standard() {
        let table = make_sm4_box();
        assert_eq!(table[..8], [0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7]);
        assert_eq!(table[0xff], 0x48);
    }

    /// The first round key of FIPS 197, appendix A.1.
    #[test]
    fn a_key_is_expanded() {
        let key = [0x2b7e_1516, 0x28ae_d2a6, 0xabf7_1588, 0x09cf_4f3c].map(u32::swap_bytes);
        let pair = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
        let (low, high) = (pair(key[0], key[1]), pair(key[2], key[3]));
        let first = key_next(key_start(high, 0), low);
        let second = key_next(first, high);
        let words = [first as u32, (first >> 32) as u32, second as u32, (second >> 32) as u32];
        assert_eq!(words.map(u32::swap_bytes), [0xa0fa_fe17, 0x8854_2cb1, 0x23a3_3939, 0x2a6c_7605]);
    }
}
