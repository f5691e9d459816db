//! [`RegisterValue`]: an unsigned integer of up to 512 bits, in host order.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The number of 64-bit limbs of a [`RegisterValue`].
const LIMBS: usize = 8;

/// The content of a register: an unsigned integer of up to 512 bits.
///
/// The value carries no width of its own; the register that it is read from or
/// written to has one. Limbs are kept least significant first, so the value of
/// a register is the same whatever the byte order of the guest.
///
/// ```
/// use terrella_platforms::RegisterValue;
///
/// let lanes = RegisterValue::from(0x1_0000_0000_0000_0000_u128);
/// assert_eq!(lanes.bits(), 65);
/// assert_eq!(u64::try_from(lanes), Err(terrella_platforms::ValueTooWide { bits: 65, limit: 64 }));
/// assert_eq!(format!("{lanes:#x}"), "0x10000000000000000");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RegisterValue {
    limbs: [u64; LIMBS],
}

/// A value that does not fit into the width asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a value of {bits} bits does not fit into {limit} bits")]
pub struct ValueTooWide {
    /// Significant bits of the value.
    pub bits: u32,
    /// Bits that there are.
    pub limit: u32,
}

impl RegisterValue {
    /// Zero.
    pub const ZERO: Self = Self { limbs: [0; LIMBS] };
    /// The widest value that can be held, in bits.
    pub const MAX_BITS: u32 = 64 * LIMBS as u32;

    /// The value with all of the lowest `bits` bits set. Widths above
    /// [`Self::MAX_BITS`] count as that.
    #[must_use]
    pub const fn mask(bits: u32) -> Self {
        let mut limbs = [0; LIMBS];
        let mut index = 0;
        while index < LIMBS {
            let below = 64 * index as u32;
            if bits >= below + 64 {
                limbs[index] = u64::MAX;
            } else if bits > below {
                limbs[index] = (1 << (bits - below)) - 1;
            }
            index += 1;
        }
        Self { limbs }
    }

    /// The number of significant bits: 0 for zero, 8 for `0xff`.
    #[must_use]
    pub fn bits(&self) -> u32 {
        for index in (0..LIMBS).rev() {
            if self.limbs[index] != 0 {
                return 64 * index as u32 + 64 - self.limbs[index].leading_zeros();
            }
        }
        0
    }

    /// Whether the value is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.limbs.iter().all(|limb| *limb == 0)
    }

    /// The lowest 64 bits; what is above is dropped.
    #[must_use]
    pub const fn low_u64(&self) -> u64 {
        self.limbs[0]
    }

    /// The lowest 128 bits; what is above is dropped.
    #[must_use]
    pub const fn low_u128(&self) -> u128 {
        self.limbs[0] as u128 | (self.limbs[1] as u128) << 64
    }

    /// The bits from `low` on, `bits` of them, moved down to bit 0. Bits above
    /// [`Self::MAX_BITS`] read as zero.
    #[must_use]
    pub fn extract(&self, low: u32, bits: u32) -> Self {
        let shifted = self.shift_right(low);
        shifted.and(&Self::mask(bits))
    }

    /// The value with the `bits` bits from `low` on replaced by the lowest
    /// bits of `part`.
    #[must_use]
    pub fn insert(&self, low: u32, bits: u32, part: &Self) -> Self {
        let mask = Self::mask(bits);
        let hole = mask.shift_left(low);
        let part = part.and(&mask).shift_left(low);
        let mut limbs = self.limbs;
        for (index, limb) in limbs.iter_mut().enumerate() {
            *limb = (*limb & !hole.limbs[index]) | part.limbs[index];
        }
        Self { limbs }
    }

    /// The lowest bits of the value as little-endian bytes: fills `bytes`,
    /// with zeros beyond 64 bytes.
    pub fn write_le_bytes(&self, bytes: &mut [u8]) {
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = match self.limbs.get(index / 8) {
                Some(limb) => (limb >> (8 * (index % 8))) as u8,
                None => 0,
            };
        }
    }

    /// The value of up to 64 little-endian bytes; bytes beyond are ignored.
    #[must_use]
    pub fn from_le_bytes(bytes: &[u8]) -> Self {
        let mut limbs = [0; LIMBS];
        for (index, byte) in bytes.iter().take(8 * LIMBS).enumerate() {
            limbs[index / 8] |= u64::from(*byte) << (8 * (index % 8));
        }
        Self { limbs }
    }

    /// Reads `0x…`, `0b…`, `0o…` or decimal text (decimal up to 128 bits),
    /// underscores allowed. `None` for anything else or a value above 512 bits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|character| *character != '_').collect();
        let (digits, shift) = if let Some(rest) = digits.strip_prefix("0x") {
            (rest, 4)
        } else if let Some(rest) = digits.strip_prefix("0b") {
            (rest, 1)
        } else if let Some(rest) = digits.strip_prefix("0o") {
            (rest, 3)
        } else {
            return digits.parse::<u128>().ok().map(Self::from);
        };
        if digits.is_empty() {
            return None;
        }
        let mut value = Self::ZERO;
        for character in digits.chars() {
            let digit = character.to_digit(1 << shift)?;
            if value.bits() + shift > Self::MAX_BITS {
                return None;
            }
            value = value.shift_left(shift);
            value.limbs[0] |= u64::from(digit);
        }
        Some(value)
    }

    fn and(&self, other: &Self) -> Self {
        let mut limbs = self.limbs;
        for (index, limb) in limbs.iter_mut().enumerate() {
            *limb &= other.limbs[index];
        }
        Self { limbs }
    }

    fn shift_left(&self, bits: u32) -> Self {
        let (words, rest) = ((bits / 64) as usize, bits % 64);
        let from = |index: usize| index.checked_sub(words).map_or(0, |source| self.limbs[source]);
        Self {
            limbs: std::array::from_fn(|index| {
                let below = if index == 0 || rest == 0 { 0 } else { from(index - 1) >> (64 - rest) };
                from(index) << rest | below
            }),
        }
    }

    fn shift_right(&self, bits: u32) -> Self {
        let (words, rest) = ((bits / 64) as usize, bits % 64);
        let from = |index: usize| self.limbs.get(index.saturating_add(words)).copied().unwrap_or(0);
        Self {
            limbs: std::array::from_fn(|index| {
                let above = if rest == 0 { 0 } else { from(index + 1) << (64 - rest) };
                from(index) >> rest | above
            }),
        }
    }
}

impl From<u64> for RegisterValue {
    fn from(value: u64) -> Self {
        let mut limbs = [0; LIMBS];
        limbs[0] = value;
        Self { limbs }
    }
}

impl From<u32> for RegisterValue {
    fn from(value: u32) -> Self {
        Self::from(u64::from(value))
    }
}

impl From<u128> for RegisterValue {
    fn from(value: u128) -> Self {
        let mut limbs = [0; LIMBS];
        limbs[0] = value as u64;
        limbs[1] = (value >> 64) as u64;
        Self { limbs }
    }
}

impl TryFrom<RegisterValue> for u64 {
    type Error = ValueTooWide;

    fn try_from(value: RegisterValue) -> Result<Self, ValueTooWide> {
        match value.bits() {
            0..=64 => Ok(value.low_u64()),
            bits => Err(ValueTooWide { bits, limit: 64 }),
        }
    }
}

impl TryFrom<RegisterValue> for u128 {
    type Error = ValueTooWide;

    fn try_from(value: RegisterValue) -> Result<Self, ValueTooWide> {
        match value.bits() {
            0..=128 => Ok(value.low_u128()),
            bits => Err(ValueTooWide { bits, limit: 128 }),
        }
    }
}

impl fmt::LowerHex for RegisterValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let top = (0..LIMBS).rev().find(|index| self.limbs[*index] != 0).unwrap_or(0);
        let mut digits = format!("{:x}", self.limbs[top]);
        for index in (0..top).rev() {
            digits.push_str(&format!("{:016x}", self.limbs[index]));
        }
        formatter.pad_integral(true, "0x", &digits)
    }
}

impl fmt::Display for RegisterValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self:#x}")
    }
}

impl fmt::Debug for RegisterValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self:#x}")
    }
}

/// Written as a hexadecimal string, so that files keep it readable and exact.
impl Serialize for RegisterValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:#x}"))
    }
}

impl<'de> Deserialize<'de> for RegisterValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a number of up to 512 bits")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn masks_have_the_bits_asked_for() {
        for bits in [0, 1, 63, 64, 65, 128, 511, 512] {
            assert_eq!(RegisterValue::mask(bits).bits(), bits);
        }
    }

    proptest! {
        #[test]
        fn insert_then_extract_gives_the_part(
            bytes in proptest::collection::vec(any::<u8>(), 64),
            part in any::<u128>(), low in 0_u32..384, bits in 1_u32..128,
        ) {
            let whole = RegisterValue::from_le_bytes(&bytes);
            let part = RegisterValue::from(part).extract(0, bits);
            let changed = whole.insert(low, bits, &part);
            prop_assert_eq!(changed.extract(low, bits), part);
            prop_assert_eq!(changed.extract(0, low), whole.extract(0, low));
            prop_assert_eq!(changed.extract(low + bits, 512), whole.extract(low + bits, 512));
        }

        #[test]
        fn bytes_and_text_round_trip(bytes in proptest::collection::vec(any::<u8>(), 64)) {
            let value = RegisterValue::from_le_bytes(&bytes);
            let mut back = [0; 64];
            value.write_le_bytes(&mut back);
            prop_assert_eq!(&back[..], &bytes[..]);
            prop_assert_eq!(RegisterValue::parse(&format!("{value:#x}")), Some(value));
            let json = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(serde_json::from_str::<RegisterValue>(&json).unwrap(), value);
        }
    }
}
