//! TriCore: bits that are merged, split, counted and reversed, checksums, and
//! what is done to caches (TriCore Architecture Manual, volume 2: BMERGE,
//! BSPLIT, CRC32, CACHEA, CACHEI; volume 1, 2.5.5; version 1.6.2: CRC32.B,
//! CRC32L.W, POPCNT.W).

use super::{
    Handler, Table,
    tricore_arithmetic::{data, entry, set_data, word},
};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

const NOTHING: Handler = Handler::nothing();

pub(super) const TABLE: Table = &[
    // The caches are none that one could see.
    ("cache_address_ivld", NOTHING),
    ("cache_address_wb", NOTHING),
    ("cache_address_wi", NOTHING),
    ("cache_index_ivld", NOTHING),
    ("cache_index_wb", NOTHING),
    ("cache_index_wi", NOTHING),
    ("reverse16", Handler::new(reverse)),
    // There is no coprocessor.
    ("coprocessor", Handler::trap(|_, _| Err(Halt::Invalid))),
];

pub(crate) const OVERRIDES: &[Override] = &[
    entry(0x0fff_00ff, 0x010 << 16 | 0x4b, merge),
    entry(0x0fff_f0ff, 0x090 << 16 | 0x4b, split),
    entry(0x0fff_00ff, 0x030 << 16 | 0x4b, |emulator, op| checksum(emulator, op, u32::to_be_bytes)),
    entry(0x0fff_00ff, 0x070 << 16 | 0x4b, |emulator, op| checksum(emulator, op, u32::to_le_bytes)),
    entry(0x0fff_00ff, 0x060 << 16 | 0x4b, |emulator, op| checksum(emulator, op, |word| [word as u8])),
    entry(0x0fff_00ff, 0x220 << 16 | 0x4b, count),
];

/// The lower sixteen bits, each at twice its place.
const fn spread(value: u32) -> u32 {
    let mut result = 0;
    let mut bit = 0;
    while bit < 16 {
        result |= (value >> bit & 1) << (2 * bit);
        bit += 1;
    }
    result
}

/// The bits at even places, side by side.
const fn gathered(value: u32) -> u32 {
    let mut result = 0;
    let mut bit = 0;
    while bit < 16 {
        result |= (value >> (2 * bit) & 1) << bit;
        bit += 1;
    }
    result
}

/// BMERGE: the bits of the lower halves of two registers in turn.
fn merge(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let (odd, even) = (data(emulator, word >> 8), data(emulator, word >> 12));
    set_data(emulator, word >> 28, spread(odd) << 1 | spread(even));
    Ok(())
}

/// BSPLIT: those at even places to the first register of a pair, the others to
/// the second.
fn split(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let value = data(emulator, word >> 8);
    let pair = word >> 28 & !1;
    set_data(emulator, pair, gathered(value));
    set_data(emulator, pair + 1, gathered(value >> 1));
    Ok(())
}

/// The checksum of IEEE 802.3 that goes on with bytes.
fn crc32(seed: u32, bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| crc >> 1 ^ if crc & 1 != 0 { 0xedb8_8320 } else { 0 };
    !bytes.iter().fold(!seed, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

/// CRC32 (CRC32B.W of version 1.6.2), CRC32L.W, CRC32.B.
fn checksum<const N: usize>(
    emulator: &mut NativeEmulator,
    op: &UserOp,
    bytes: fn(u32) -> [u8; N],
) -> Result<(), Halt> {
    let word = word(op, emulator);
    let (value, seed) = (data(emulator, word >> 8), data(emulator, word >> 12));
    set_data(emulator, word >> 28, crc32(seed, &bytes(value)));
    Ok(())
}

/// POPCNT.W.
fn count(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = word(op, emulator);
    let ones = data(emulator, word >> 8).count_ones();
    set_data(emulator, word >> 28, ones);
    Ok(())
}

/// The index of bit-reversed addressing.
fn reverse(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let index = emulator.user_input(op, 0) as u16;
    emulator.set_user_result(op, index.reverse_bits().into());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{crc32, gathered, spread};

    #[test]
    fn bits_that_are_spread_are_gathered_again() {
        for value in [0, 1, 0x8000, 0xffff, 0x1234] {
            assert_eq!(gathered(spread(value)), value);
        }
        assert_eq!((spread(0xffff), gathered(0xaaaa_aaaa)), (0x5555_5555, 0));
    }

    /// The check value of the checksum (zlib, `crc32`).
    #[test]
    fn the_checksum_is_that_of_ieee() {
        assert_eq!(crc32(0, b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(crc32(0, b"1234"), b"56789"), 0xcbf4_3926);
    }
}
