//! Relocation tables of ELF files: REL, RELA and RELR.

use super::{file::ElfFile, symbols::integer};
use crate::module::Relocation;

/// Most relocations that one file may have.
pub(crate) const RELOCATION_LIMIT: usize = 1 << 24;

/// Reads a REL (`with_addend` false) or RELA table. The places are as the
/// file has them.
pub(crate) fn read(file: &ElfFile<'_>, table: &[u8], with_addend: bool, out: &mut Vec<Relocation>) {
    let word = usize::from(file.class_bits / 8);
    let size = if with_addend { 3 * word } else { 2 * word };
    let room = RELOCATION_LIMIT.saturating_sub(out.len());
    out.extend(table.chunks_exact(size).take(room).map(|entry| {
        let (symbol, kind) = info(file, entry, word);
        let addend = with_addend.then(|| {
            let raw = integer(file.order, entry, 2 * word, word);
            if word == 4 { i64::from(raw as u32 as i32) } else { raw as i64 }
        });
        Relocation { place: integer(file.order, entry, 0, word), kind, symbol, addend }
    }));
}

fn info(file: &ElfFile<'_>, entry: &[u8], word: usize) -> (u32, u32) {
    let field = |from, size| integer(file.order, entry, from, size) as u32;
    if word == 4 {
        let info = field(4, 4);
        (info >> 8, info & 0xff)
    } else if file.is_mips64() {
        // Symbol (4 bytes), special symbol, type 3, type 2, type 1 (one byte
        // each), in either byte order.
        let part = |at: usize| field(8 + at, 1);
        (field(8, 4), part(7) | part(6) << 8 | part(5) << 16 | part(4) << 24)
    } else {
        let info = integer(file.order, entry, 8, 8);
        ((info >> 32) as u32, info as u32)
    }
}

/// The places that a RELR table names (generic ABI: an even word is an
/// address; an odd word is a bitmap of the words that follow).
pub(crate) fn relr_places(file: &ElfFile<'_>, table: &[u8], limit: usize) -> Vec<u64> {
    let word = usize::from(file.class_bits / 8);
    let bits = u64::from(file.class_bits) - 1;
    let mut places = Vec::new();
    let mut next = 0_u64;
    for entry in table.chunks_exact(word) {
        let value = integer(file.order, entry, 0, word);
        if value & 1 == 0 {
            places.push(value);
            next = value.wrapping_add(word as u64);
        } else {
            for bit in 0..bits {
                if value >> (bit + 1) & 1 == 1 {
                    places.push(next.wrapping_add(bit.wrapping_mul(word as u64)));
                }
            }
            next = next.wrapping_add(bits * word as u64);
        }
        if places.len() > limit {
            break;
        }
    }
    places.truncate(limit);
    places
}
