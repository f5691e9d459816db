//! [`AddressRange`] and [`Permissions`].

use std::{
    fmt,
    ops::{BitAnd, BitOr, Range, RangeInclusive},
};

use serde::{Deserialize, Serialize};

use crate::Error;

/// A range of guest addresses, first to last, both inclusive, so that the
/// last byte of the address space can be part of one.
///
/// ```
/// use terrella_emulator_api::AddressRange;
///
/// let page = AddressRange::from(0x1000..0x2000);
/// assert_eq!(page.size(), Some(0x1000));
/// assert!(page.contains(0x1fff) && !page.contains(0x2000));
/// assert_eq!(page.to_string(), "0x1000..0x2000");
/// assert!(AddressRange::from(5..5).is_empty());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AddressRange {
    first: u64,
    last: u64,
}

impl AddressRange {
    /// Every address.
    pub const ALL: Self = Self { first: 0, last: u64::MAX };
    /// No address.
    pub const EMPTY: Self = Self { first: 1, last: 0 };

    /// The range of `size` bytes from `address` on.
    ///
    /// # Errors
    /// [`Error::WrappingRange`] if it passes the end of the 64-bit address
    /// space.
    #[inline]
    pub fn sized(address: u64, size: u64) -> Result<Self, Error> {
        if size == 0 {
            return Ok(Self::EMPTY);
        }
        match address.checked_add(size - 1) {
            Some(last) => Ok(Self { first: address, last }),
            None => Err(Error::WrappingRange { address, size, highest: u64::MAX }),
        }
    }

    /// The one address.
    #[must_use]
    pub const fn single(address: u64) -> Self {
        Self { first: address, last: address }
    }

    /// The lowest address. Meaningless if the range is empty.
    #[must_use]
    #[inline]
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The highest address, inclusive. Meaningless if the range is empty.
    #[must_use]
    #[inline]
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// The number of addresses; `None` for the whole 64-bit space.
    #[must_use]
    #[inline]
    pub const fn size(&self) -> Option<u64> {
        if self.is_empty() { Some(0) } else { (self.last - self.first).checked_add(1) }
    }

    /// The parts of a range that are in pages of a size, given by their
    /// numbers: in order, and those that touch as one.
    ///
    /// ```
    /// use terrella_emulator_api::AddressRange;
    ///
    /// let within = AddressRange::from(0x1800..0x6000);
    /// let parts = AddressRange::of_pages(vec![2, 1, 5], 0x1000, within);
    /// assert_eq!(parts, [(0x1800..0x3000).into(), (0x5000..0x6000).into()]);
    /// ```
    #[must_use]
    pub fn of_pages(mut pages: Vec<u64>, size: u64, within: Self) -> Vec<Self> {
        pages.sort_unstable();
        let mut parts: Vec<Self> = Vec::new();
        for page in pages {
            let first = page.saturating_mul(size);
            let inside = within.intersection(&Self { first, last: first.saturating_add(size - 1) });
            match parts.last_mut() {
                _ if inside.is_empty() => {}
                Some(before) if before.last.checked_add(1) == Some(inside.first) => before.last = inside.last,
                _ => parts.push(inside),
            }
        }
        parts
    }

    /// Whether there is no address in it.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.first > self.last
    }

    /// Whether `address` is in it.
    #[must_use]
    #[inline]
    pub const fn contains(&self, address: u64) -> bool {
        self.first <= address && address <= self.last
    }

    /// Whether every address of `other` is in it.
    #[must_use]
    #[inline]
    pub const fn covers(&self, other: &Self) -> bool {
        other.is_empty() || (self.first <= other.first && other.last <= self.last)
    }

    /// The addresses that are in both.
    #[must_use]
    #[inline]
    pub fn intersection(&self, other: &Self) -> Self {
        let both = Self { first: self.first.max(other.first), last: self.last.min(other.last) };
        if both.is_empty() { Self::EMPTY } else { both }
    }

    /// Whether there is an address in both.
    #[must_use]
    #[inline]
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.is_empty() && !other.is_empty() && !self.intersection(other).is_empty()
    }
}

impl From<Range<u64>> for AddressRange {
    #[inline]
    fn from(range: Range<u64>) -> Self {
        if range.start < range.end { Self { first: range.start, last: range.end - 1 } } else { Self::EMPTY }
    }
}

impl From<RangeInclusive<u64>> for AddressRange {
    #[inline]
    fn from(range: RangeInclusive<u64>) -> Self {
        if range.start() <= range.end() {
            Self { first: *range.start(), last: *range.end() }
        } else {
            Self::EMPTY
        }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return formatter.write_str("(empty)");
        }
        match self.last.checked_add(1) {
            Some(end) => write!(formatter, "{:#x}..{end:#x}", self.first),
            None => write!(formatter, "{:#x}..={:#x}", self.first, self.last),
        }
    }
}

impl fmt::Debug for AddressRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// What the guest may do with memory.
///
/// ```
/// use terrella_emulator_api::Permissions;
///
/// let data = Permissions::READ | Permissions::WRITE;
/// assert!(data.allows(Permissions::READ) && !data.allows(Permissions::EXECUTE));
/// assert_eq!(data.to_string(), "rw-");
/// assert_eq!("r-x".parse(), Ok(Permissions::READ | Permissions::EXECUTE));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Permissions(u8);

/// A text that is not a set of permissions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a set of permissions such as `rw-`, `rx` or `rwx`")]
pub struct InvalidPermissions(pub String);

impl Permissions {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Reading data.
    pub const READ: Self = Self(1);
    /// Writing data.
    pub const WRITE: Self = Self(2);
    /// Executing instructions.
    pub const EXECUTE: Self = Self(4);
    /// Reading and writing.
    pub const READ_WRITE: Self = Self(3);
    /// Reading and executing.
    pub const READ_EXECUTE: Self = Self(5);
    /// Everything: the default of a mapping.
    pub const ALL: Self = Self(7);

    /// Whether everything in `wanted` is allowed.
    #[must_use]
    #[inline]
    pub const fn allows(self, wanted: Self) -> bool {
        self.0 & wanted.0 == wanted.0
    }
}

impl Default for Permissions {
    fn default() -> Self {
        Self::ALL
    }
}

impl BitOr for Permissions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Permissions {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = |bit: Self, letter| if self.allows(bit) { letter } else { '-' };
        let text: String =
            [letter(Self::READ, 'r'), letter(Self::WRITE, 'w'), letter(Self::EXECUTE, 'x')].iter().collect();
        formatter.pad(&text)
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::str::FromStr for Permissions {
    type Err = InvalidPermissions;

    fn from_str(text: &str) -> Result<Self, InvalidPermissions> {
        let mut permissions = Self::NONE;
        for letter in text.chars() {
            permissions = permissions
                | match letter {
                    'r' | 'R' => Self::READ,
                    'w' | 'W' => Self::WRITE,
                    'x' | 'X' => Self::EXECUTE,
                    '-' => Self::NONE,
                    _ => return Err(InvalidPermissions(text.to_owned())),
                };
        }
        Ok(permissions)
    }
}

impl From<Permissions> for String {
    fn from(permissions: Permissions) -> Self {
        permissions.to_string()
    }
}

impl TryFrom<String> for Permissions {
    type Error = InvalidPermissions;

    fn try_from(text: String) -> Result<Self, InvalidPermissions> {
        text.parse()
    }
}
