//! A static program without code of its own: pages for instructions and data.

use terrella_emulator_api::Platform;
use terrella_platforms::ByteOrder;

use super::{
    super::plan::{Place, is_compressed},
    targets::Program,
};

/// Where the data lie in the file, which has only one byte of them, and how far
/// behind the code: a multiple of every page size.
const OFFSET: u64 = 0x1_0000;

/// An executable file (System V ABI, generic, chapters 4 and 5) that maps the
/// two places, both writable, the code executable as well.
pub(super) fn executable(platform: Platform, program: &Program, place: Place) -> Vec<u8> {
    // The width of the file is that of the program's own registers.
    let is_wide = program.page > 0 && platform.definition().address_bits > 32;
    let mut file = Writer { bytes: Vec::new(), order: platform.byte_order(), is_wide };
    let is_big = platform.byte_order() == ByteOrder::Big;
    file.bytes.extend([0x7f, b'E', b'L', b'F', 1 + u8::from(is_wide), 1 + u8::from(is_big), 1, 0]);
    file.bytes.extend([0; 8]);
    file.put(2, 2);
    file.put(2, program.machine.into());
    file.put(4, 1);
    file.word(place.code | u64::from(is_compressed(platform)));
    let header = if is_wide { 64 } else { 52 };
    file.word(header);
    file.word(0);
    file.put(4, program.flags.into());
    file.put(2, header);
    file.put(2, if is_wide { 56 } else { 32 });
    file.put(2, 2);
    for _ in 0..3 {
        file.put(2, 0);
    }
    let surroundings = place.surroundings();
    let length = surroundings.len() as u64;
    let segments = [(OFFSET, place.data, 1, place.size, 6), (2 * OFFSET, place.code, length, length, 7)];
    for (offset, address, stored, size, permissions) in segments {
        file.put(4, 1);
        if is_wide {
            file.put(4, permissions);
        }
        for value in [offset, address, address, stored, size] {
            file.word(value);
        }
        if !is_wide {
            file.put(4, permissions);
        }
        file.word(OFFSET);
    }
    file.bytes.resize(2 * OFFSET as usize, 0);
    file.bytes.extend(surroundings);
    file.bytes
}

struct Writer {
    bytes: Vec<u8>,
    order: ByteOrder,
    is_wide: bool,
}

impl Writer {
    fn put(&mut self, size: usize, value: u64) {
        let at = self.bytes.len();
        self.bytes.resize(at + size, 0);
        self.order.write(value.into(), &mut self.bytes[at..]);
    }

    fn word(&mut self, value: u64) {
        self.put(if self.is_wide { 8 } else { 4 }, value);
    }
}
