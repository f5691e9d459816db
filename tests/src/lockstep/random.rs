//! [`Random`]: numbers, and register contents that are likely to matter.

use terrella_emulator_api::RegisterValue;
use terrella_platforms::RegisterKind;

use super::plan::{Chosen, Place, Plan};

/// Doubles at the edges: zeros, ones, halves, the limits of integers and of
/// the format, denormal numbers, infinities, and NaNs of both kinds.
const DOUBLES: [u64; 20] = [
    0,
    1 << 63,
    0x3ff0_0000_0000_0000,
    0xbff0_0000_0000_0000,
    0x3fe0_0000_0000_0000,
    0x3ff8_0000_0000_0000,
    0xc004_0000_0000_0000,
    0x41df_ffff_ffe0_0000,
    0x41e0_0000_0000_0000,
    0xc1e0_0000_0010_0000,
    0x43e0_0000_0000_0000,
    0xc3e0_0000_0000_0000,
    0x36a0_0000_0000_0000,
    0x0010_0000_0000_0000,
    0x000f_ffff_ffff_ffff,
    0x7fef_ffff_ffff_ffff,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_1234,
    0x7ff0_0000_0000_0001,
];

/// The same of singles.
const SINGLES: [u32; 18] = [
    0,
    1 << 31,
    0x3f80_0000,
    0xbf80_0000,
    0x3f00_0000,
    0x3fc0_0000,
    0xc020_0000,
    0x4eff_ffff,
    0x4f00_0000,
    0xcf00_0001,
    0x5f00_0000,
    0x0080_0000,
    0x007f_ffff,
    0x7f7f_ffff,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_1234,
    0x7f80_0001,
];

/// The same of halves.
const HALVES: [u16; 20] = [
    0, 0x8000, 0x3c00, 0xbc00, 0x3800, 0x3e00, 0xc100, 0x57ff, 0x5800, 0xd801, 0x77ff, 0x7800, 0x0400,
    0x03ff, 0x8001, 0x7bff, 0x7c00, 0xfc00, 0x7e12, 0x7c01,
];

/// xorshift64* (S. Vigna, 2016), started by a number through the mixer of
/// SplitMix64 (Steele, Lea, Flood, 2014).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        state = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ state >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((state ^ state >> 31) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 20) as usize % limit
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(4) {
            let word = ((self.next() >> 24) as u32).to_le_bytes();
            part.copy_from_slice(&word[..part.len()]);
        }
    }

    /// A value for a register of a kind and width.
    pub(super) fn value(&mut self, kind: RegisterKind, bits: u32, place: &Place) -> RegisterValue {
        let mut bytes = [0; 64];
        let is_data = matches!(kind, RegisterKind::Float | RegisterKind::Vector);
        match self.below(8) {
            _ if bits <= 8 => self.fill(&mut bytes[..1]),
            0 | 1 if is_data => self.floats(&mut bytes),
            2 if is_data => {
                // Numbers that are near each other.
                let fraction = self.next();
                let exponent = 0x3f8 + self.next() % 16;
                let sign = self.next() << 63;
                bytes[..8].copy_from_slice(&(sign | exponent << 52 | fraction >> 12).to_le_bytes());
                let single = (0x7c + self.next() as u32 % 8) << 23 | (fraction >> 41) as u32;
                bytes[8..12].copy_from_slice(&single.to_le_bytes());
                if bits == 32 {
                    bytes.copy_within(8..12, 0);
                }
            }
            0 => bytes[0] = self.next() as u8 & 0x3f,
            1 => bytes.fill(0xff),
            2 | 3 => {
                let offset = place.size / 4 + self.next() % (place.size / 4) / 16 * 16;
                bytes[..8].copy_from_slice(&(place.data + offset).to_le_bytes());
            }
            4 => bytes[bits as usize / 8 - 1] = 0x80,
            _ => self.fill(&mut bytes),
        }
        RegisterValue::from_le_bytes(&bytes).extract(0, bits)
    }

    /// A half or a single in a register for doubles, with ones above it, as
    /// RISC-V keeps them (unprivileged manual, "NaN boxing of narrower
    /// values").
    pub(super) fn boxed(&mut self) -> RegisterValue {
        let number = self.next() >> 16;
        let value = match self.below(6) {
            0 => 0xffff_ffff_0000_0000 | u64::from(SINGLES[self.below(SINGLES.len())]),
            1 => 0xffff_ffff_0000_0000 | number,
            // Numbers that are near each other.
            2 => 0xffff_ffff_0000_0000 | (number & 0x80ff_ffff | (0x7c + self.next() % 8) << 23),
            3 => 0xffff_ffff_ffff_0000 | u64::from(HALVES[self.below(HALVES.len())]),
            4 => 0xffff_ffff_ffff_0000 | number & 0xffff,
            _ => 0xffff_ffff_ffff_0000 | number & 0x83ff | (0x0d + self.next() % 6) << 10,
        };
        value.into()
    }

    /// A number of the 80-bit format of the 68881, with its first one where it
    /// belongs: those without it QEMU takes for none.
    pub(super) fn extended(&mut self) -> RegisterValue {
        let significand = self.next() | 1 << 63;
        let sign = self.next() >> 48 & 0x8000;
        let (exponent, significand) = match self.below(16) {
            0 => (0, 0),
            1 => (0x7fff, 0),
            // NaNs, quiet ones and others.
            2 => (0x7fff, significand),
            // Integers, with and without halves.
            3 | 4 => (0x3fff + self.next() % 12, significand & !0 << 52),
            5 => (0x3fff + self.next() % 80, significand),
            6 => (1 + self.next() % 0x7ffd, significand),
            // Near the ends of the range, and of the ranges of the others.
            7 => (1 + self.next() % 64, significand),
            8 => (0x7ffe - self.next() % 64, significand),
            9 => (0x3f81 - 40 + self.next() % 80, significand),
            10 => (0x3fff, 1 << 63 | significand >> 40),
            _ => (0x3ff8 + self.next() % 16, significand),
        };
        let mut bytes = [0; 64];
        bytes[..8].copy_from_slice(&significand.to_le_bytes());
        bytes[8..10].copy_from_slice(&((sign | exponent) as u16).to_le_bytes());
        RegisterValue::from_le_bytes(&bytes).extract(0, 80)
    }

    /// Makes the bits of an instruction zeros or ones over a length, in three of four
    /// cases: fields that are reserved are mostly zero, small displacements are
    /// those that hit what is mapped. Of x86, whose operands follow the bytes of the
    /// operation wherever these end, a small number or an address of the data is put
    /// in at a place.
    pub(super) fn incline(&mut self, code: &mut [u8], plan: &Plan, is_big: bool) {
        use terrella_platforms::Architecture as A;
        let architecture = plan.platform.architecture();
        if matches!(architecture, A::I386 | A::X86_64 | A::X86_16) {
            let at = 1 + self.below(7);
            let small = self.next() as i16 >> 6;
            let absolute = plan.place.data as u32 + self.next() as u32 % plan.place.size as u32;
            let number = match self.below(4) {
                0 | 1 => return,
                2 => i32::from(small) as u32,
                _ => absolute,
            };
            let width = if architecture == A::X86_16 { 2 } else { 4 };
            code[at..at + width].copy_from_slice(&number.to_le_bytes()[..width]);
            return;
        }
        let Some(first) = code.first_chunk::<8>() else { return };
        let mut word = if is_big { u64::from_be_bytes(*first) } else { u64::from_le_bytes(*first) };
        for _ in 0..self.below(3) {
            let length = 1 + self.below(20);
            let low = self.below(48 - length);
            let bits = ((1 << length) - 1) << if is_big { 64 - low - length } else { low };
            if self.below(4) == 0 {
                word |= bits;
            } else {
                word &= !bits;
            }
        }
        let bytes = if is_big { word.to_be_bytes() } else { word.to_le_bytes() };
        code[..8].copy_from_slice(&bytes);
    }

    /// A place in the data that several registers of an instruction may have to do
    /// with.
    pub(super) fn spot(&mut self, place: &Place) -> u64 {
        place.size / 4 + self.next() % (place.size / 2) / 16 * 16
    }

    /// A value for a register of an instruction whose registers are to be addresses
    /// and what is added to them or compared: the spot and what is there, other
    /// addresses of the data, or a small number of either sign. `None`, which is
    /// something else, every eighth time, and for those that are no integers.
    pub(super) fn pointer(
        &mut self,
        chosen: &Chosen,
        place: &Place,
        spot: u64,
        content: u64,
    ) -> Option<RegisterValue> {
        let is_number =
            matches!(chosen.kind, RegisterKind::General | RegisterKind::StackPointer | RegisterKind::Link);
        if !is_number || chosen.bits <= 8 || chosen.mask != u64::MAX {
            return None;
        }
        let value = match self.below(8) {
            0 => return None,
            1 => content,
            2 => (self.next() >> 58).wrapping_sub(32) << self.below(3),
            3..=5 => place.data + spot,
            _ => place.data + self.spot(place),
        };
        let mut bytes = [0; 64];
        bytes[..8].copy_from_slice(&value.to_le_bytes());
        if value >> 63 != 0 {
            bytes[8..].fill(0xff);
        }
        Some(RegisterValue::from_le_bytes(&bytes).extract(0, chosen.bits))
    }

    fn floats(&mut self, bytes: &mut [u8; 64]) {
        if self.next() >> 40 & 1 == 0 {
            for lane in bytes.chunks_mut(8) {
                lane.copy_from_slice(&DOUBLES[self.below(DOUBLES.len())].to_le_bytes());
            }
        } else {
            for lane in bytes.chunks_mut(4) {
                lane.copy_from_slice(&SINGLES[self.below(SINGLES.len())].to_le_bytes());
            }
        }
    }
}
