//! RISC-V: carry-less products and permutations of the extensions Zbc, Zbkc and
//! Zbkx (unprivileged manual, "B" and "Scalar cryptography").

use super::{Handler, Table};

/// A function of two values of so many bits.
macro_rules! of {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn(u64, u64, u32) -> u64 = $function;
            let [a, b] = [0, 1].map(|index| emulator.user_input(op, index) as u64);
            let width = 8 * u32::from(emulator.definition.pointer_bytes);
            emulator.set_user_result(op, function(a, b, width).into());
            Ok(())
        })
    };
}

pub(super) const TABLE: Table = &[
    ("clmul", of!(|a, b, _| carryless(a, b) as u64)),
    ("clmulr", of!(|a, b, width| (carryless(a, b) >> (width - 1)) as u64)),
    ("clmulh", of!(|a, b, width| (carryless(a, b) >> width) as u64)),
    ("xperm4", of!(|a, b, width| permuted(a, b, width, 4))),
    ("xperm8", of!(|a, b, width| permuted(a, b, width, 8))),
];

/// The product of two polynomials of bits.
const fn carryless(a: u64, b: u64) -> u128 {
    let (mut product, mut index) = (0, 0);
    while index < 64 {
        if b >> index & 1 != 0 {
            product ^= (a as u128) << index;
        }
        index += 1;
    }
    product
}

/// The elements of a table at the places that the elements of a value say;
/// zero where there are none.
const fn permuted(table: u64, places: u64, width: u32, size: u32) -> u64 {
    let mask = (1 << size) - 1;
    let (mut result, mut at) = (0, 0);
    while at < width {
        let place = (places >> at & mask) as u32 * size;
        if place < width {
            result |= (table >> place & mask) << at;
        }
        at += size;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_beyond_the_table_are_zero() {
        assert_eq!(permuted(0x7654_3210, 0x0817_6543, 32, 4), 0x0017_6543);
        assert_eq!(permuted(0x4433_2211, 0x0302_0104, 32, 8), 0x4433_2200);
        assert_eq!(permuted(0x8877_6655_4433_2211, 0x0004_0801_0203_ff07, 64, 8), 0x1155_0022_3344_0088);
    }

    #[test]
    fn products_have_no_carries() {
        assert_eq!(carryless(0b111, 0b11), 0b1001);
        assert_eq!(carryless(u64::MAX, 1 << 63), u128::from(u64::MAX) << 63);
    }
}
