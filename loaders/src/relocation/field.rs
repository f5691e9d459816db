//! [`Field`]: where the bits of a relocated value go.

use terrella_platforms::ByteOrder;

/// Where the bits of a relocated value go, and which values are allowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) unit: Unit,
    /// `(first bit of the value, number of bits, first bit of the unit)`.
    pub(crate) pieces: &'static [(u8, u8, u8)],
    /// Added first, so that a high part rounds to what its low part, a signed
    /// number, needs.
    pub(crate) round: u64,
    pub(crate) check: Check,
    /// The value must be a multiple of it.
    pub(crate) multiple: u8,
}

/// The memory that a field is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// So many bytes in the byte order of data.
    Data(u8),
    /// So many bytes, least significant first whatever the order of data.
    Little(u8),
    /// Two 16-bit units in the byte order of data, the high half first.
    Halves,
    /// Two 32-bit units in the byte order of data, the high half first.
    Words,
}

/// Which values are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// All; what does not fit is cut off.
    Any,
    /// Those of a signed number of so many bits.
    Signed(u8),
    /// Those of an unsigned number of so many bits.
    Unsigned(u8),
    /// Those of either.
    Either(u8),
}

impl Field {
    /// A field of whole bytes in the order of data.
    pub(crate) const fn data(bytes: u8, pieces: &'static [(u8, u8, u8)], check: Check) -> Self {
        Self { unit: Unit::Data(bytes), pieces, round: 0, check, multiple: 1 }
    }

    /// A field in a little-endian instruction.
    pub(crate) const fn little(bytes: u8, pieces: &'static [(u8, u8, u8)], check: Check) -> Self {
        Self { unit: Unit::Little(bytes), pieces, round: 0, check, multiple: 1 }
    }

    /// The field with rounding.
    pub(crate) const fn rounded(mut self, round: u64) -> Self {
        self.round = round;
        self
    }

    /// The field for multiples.
    pub(crate) const fn of_multiples(mut self, multiple: u8) -> Self {
        self.multiple = multiple;
        self
    }

    /// The number of bytes of its unit.
    pub(crate) const fn bytes(&self) -> usize {
        match self.unit {
            Unit::Data(bytes) | Unit::Little(bytes) => bytes as usize,
            Unit::Halves => 4,
            Unit::Words => 8,
        }
    }

    /// The unit's value in `bytes`.
    pub(crate) fn load(&self, order: ByteOrder, bytes: &[u8]) -> u64 {
        match self.unit {
            Unit::Data(_) => order.read(bytes) as u64,
            Unit::Little(_) => ByteOrder::Little.read(bytes) as u64,
            Unit::Halves | Unit::Words => {
                let (high, low) = bytes.split_at(bytes.len() / 2);
                (order.read(high) as u64) << (8 * low.len()) | order.read(low) as u64
            }
        }
    }

    /// Writes the unit's value to `bytes`.
    pub(crate) fn store(&self, order: ByteOrder, bytes: &mut [u8], value: u64) {
        match self.unit {
            Unit::Data(_) => order.write(value.into(), bytes),
            Unit::Little(_) => ByteOrder::Little.write(value.into(), bytes),
            Unit::Halves | Unit::Words => {
                let (high, low) = bytes.split_at_mut(bytes.len() / 2);
                order.write((value >> (8 * low.len())).into(), high);
                order.write(value.into(), low);
            }
        }
    }

    /// The value that a unit holds in its field, sign-extended.
    pub(crate) fn extract(&self, unit: u64) -> i64 {
        let (mut value, mut top) = (0, 1);
        for (from, bits, to) in self.pieces.iter().copied() {
            value |= (unit >> to & mask(bits)) << from;
            top = top.max(from + bits);
        }
        let unused = 64 - u32::from(top);
        (value << unused) as i64 >> unused
    }

    /// The unit with `value` in its field; `None` if the value is not allowed.
    pub(crate) fn insert(&self, unit: u64, value: u64, class_bits: u8) -> Option<u64> {
        let value = value.wrapping_add(self.round);
        if !self.check.allows(value, class_bits) || !value.is_multiple_of(u64::from(self.multiple.max(1))) {
            return None;
        }
        let mut unit = unit;
        for (from, bits, to) in self.pieces.iter().copied() {
            unit = unit & !(mask(bits) << to) | (value >> from & mask(bits)) << to;
        }
        Some(unit)
    }
}

impl Check {
    /// Whether a value is allowed. In a 32-bit file, numbers are modulo 2^32.
    fn allows(self, value: u64, class_bits: u8) -> bool {
        let (signed, unsigned) = if class_bits == 32 {
            (i64::from(value as u32 as i32), u64::from(value as u32))
        } else {
            (value as i64, value)
        };
        let fits_signed = |bits: u8| bits >= 64 || (signed >> (bits - 1) == 0 || signed >> (bits - 1) == -1);
        let fits_unsigned = |bits: u8| bits >= 64 || unsigned >> bits == 0;
        match self {
            Self::Any => true,
            Self::Signed(bits) => fits_signed(bits),
            Self::Unsigned(bits) => fits_unsigned(bits),
            Self::Either(bits) => fits_signed(bits) || fits_unsigned(bits),
        }
    }
}

const fn mask(bits: u8) -> u64 {
    if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
}

/// No field.
pub(crate) const NONE: Field = Field::data(0, &[], Check::Any);
/// A byte.
pub(crate) const BYTE: Field = Field::data(1, &[(0, 8, 0)], Check::Either(8));
/// A 16-bit word.
pub(crate) const HALF: Field = Field::data(2, &[(0, 16, 0)], Check::Either(16));
/// The lowest 16 bits.
pub(crate) const HALF_ANY: Field = Field::data(2, &[(0, 16, 0)], Check::Any);
/// A signed 16-bit word.
pub(crate) const HALF_SIGNED: Field = Field::data(2, &[(0, 16, 0)], Check::Signed(16));
/// A signed byte.
pub(crate) const BYTE_SIGNED: Field = Field::data(1, &[(0, 8, 0)], Check::Signed(8));
/// A 32-bit word.
pub(crate) const WORD: Field = Field::data(4, &[(0, 32, 0)], Check::Either(32));
/// The lowest 32 bits.
pub(crate) const WORD_ANY: Field = Field::data(4, &[(0, 32, 0)], Check::Any);
/// A signed 32-bit word.
pub(crate) const WORD_SIGNED: Field = Field::data(4, &[(0, 32, 0)], Check::Signed(32));
/// An unsigned 32-bit word.
pub(crate) const WORD_UNSIGNED: Field = Field::data(4, &[(0, 32, 0)], Check::Unsigned(32));
/// A 64-bit word.
pub(crate) const LONG: Field = Field::data(8, &[(0, 64, 0)], Check::Any);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scattered_bits_come_back() {
        let branch = Field::little(4, &[(12, 1, 31), (5, 6, 25), (1, 4, 8), (11, 1, 7)], Check::Signed(13))
            .of_multiples(2);
        for value in [-4096_i64, -2, 0, 2, 4094] {
            let unit = branch.insert(0x63, value as u64, 64).unwrap();
            assert_eq!(branch.extract(unit), value);
            assert_eq!(unit & 0x7f, 0x63);
        }
        assert_eq!(branch.insert(0, 4096, 64), None);
        assert_eq!(branch.insert(0, 3, 64), None);
    }

    #[test]
    fn checks_are_modulo_the_address_width() {
        assert!(Check::Signed(32).allows(0xffff_fff0, 32));
        assert!(!Check::Signed(32).allows(0xffff_fff0, 64));
        assert!(Check::Unsigned(32).allows(0xffff_fff0, 64));
        assert!(!Check::Unsigned(32).allows(u64::MAX, 64));
        assert!(Check::Either(8).allows(0xff, 64) && Check::Either(8).allows(u64::MAX, 64));
        assert!(!Check::Either(8).allows(0x100, 64));
    }
}
