//! Arguments and results of function calls.

use std::fmt;

use serde::{Deserialize, Serialize};
use terrella_platforms::{Platform, long_double};

/// The type of a parameter, as far as a calling convention cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Parameter {
    /// An integer of 1 to 16 bytes.
    Integer {
        /// Its size in bytes.
        bytes: u8,
        /// Whether it is extended by its sign.
        signed: bool,
    },
    /// A pointer.
    Pointer,
    /// A single-precision number.
    F32,
    /// A double-precision number.
    F64,
    /// A `long double`.
    LongDouble,
}

impl Parameter {
    /// `int32_t`.
    pub const I32: Self = Self::Integer { bytes: 4, signed: true };
    /// `uint32_t`.
    pub const U32: Self = Self::Integer { bytes: 4, signed: false };
    /// `int64_t`.
    pub const I64: Self = Self::Integer { bytes: 8, signed: true };
    /// `uint64_t`.
    pub const U64: Self = Self::Integer { bytes: 8, signed: false };
}

/// An argument of a call, or what a function model finds as one.
///
/// ```
/// use terrella_machine_state::ArgumentValue;
///
/// let arguments = [ArgumentValue::from(-1_i32), 2.5_f64.into(), "text".into()];
/// assert_eq!(arguments[0], ArgumentValue::Integer { value: -1, bytes: 4, signed: true });
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ArgumentValue {
    /// An integer. Of `value`, the lowest `bytes` bytes count.
    Integer {
        /// The value.
        value: i128,
        /// Its size in bytes, 1 to 16.
        bytes: u8,
        /// Whether it is extended by its sign.
        signed: bool,
    },
    /// An address.
    Pointer(u64),
    /// A single-precision number.
    F32(f32),
    /// A double-precision number.
    F64(f64),
    /// A `long double`, rounded to double precision.
    LongDouble(f64),
    /// Bytes that are put on the stack; their address is passed. A structure
    /// passed by pointer, a text, a buffer.
    Bytes(Vec<u8>),
}

impl ArgumentValue {
    /// The type of the parameter that takes it.
    #[must_use]
    pub const fn parameter(&self) -> Parameter {
        match self {
            Self::Integer { bytes, signed, .. } => Parameter::Integer { bytes: *bytes, signed: *signed },
            Self::Pointer(_) | Self::Bytes(_) => Parameter::Pointer,
            Self::F32(_) => Parameter::F32,
            Self::F64(_) => Parameter::F64,
            Self::LongDouble(_) => Parameter::LongDouble,
        }
    }

    /// Integers and pointers as 64 bits, numbers as what they are rounded
    /// down to.
    #[must_use]
    pub const fn as_u64(&self) -> u64 {
        match self {
            Self::Integer { value, .. } => *value as u64,
            Self::Pointer(address) => *address,
            Self::F32(value) => *value as u64,
            Self::F64(value) | Self::LongDouble(value) => *value as u64,
            Self::Bytes(_) => 0,
        }
    }
}

macro_rules! integers {
    ($($type:ty, $signed:literal;)*) => {$(
        impl From<$type> for ArgumentValue {
            fn from(value: $type) -> Self {
                Self::Integer { value: value as i128, bytes: size_of::<$type>() as u8, signed: $signed }
            }
        }
    )*};
}

integers! {
    u8, false; u16, false; u32, false; u64, false; u128, false;
    i8, true; i16, true; i32, true; i64, true; i128, true;
}

impl From<bool> for ArgumentValue {
    fn from(value: bool) -> Self {
        Self::from(u8::from(value))
    }
}

impl From<f32> for ArgumentValue {
    fn from(value: f32) -> Self {
        Self::F32(value)
    }
}

impl From<f64> for ArgumentValue {
    fn from(value: f64) -> Self {
        Self::F64(value)
    }
}

/// A pointer to the text with a zero byte after it.
impl From<&str> for ArgumentValue {
    fn from(text: &str) -> Self {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0);
        Self::Bytes(bytes)
    }
}

/// A pointer to the bytes.
impl From<&[u8]> for ArgumentValue {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

/// What a function returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Return {
    /// Nothing.
    #[default]
    Void,
    /// An integer of 1 to 16 bytes.
    Integer {
        /// Its size in bytes.
        bytes: u8,
        /// Whether it is signed.
        signed: bool,
    },
    /// A pointer.
    Pointer,
    /// A single-precision number.
    F32,
    /// A double-precision number.
    F64,
    /// A `long double`.
    LongDouble,
    /// A structure of so many bytes. One that fits into result registers is
    /// taken to have integer fields only.
    Struct {
        /// Its size.
        bytes: u32,
    },
}

impl Return {
    /// `int`, `int32_t`.
    pub const I32: Self = Self::Integer { bytes: 4, signed: true };
    /// `uint32_t`.
    pub const U32: Self = Self::Integer { bytes: 4, signed: false };
    /// `int64_t`.
    pub const I64: Self = Self::Integer { bytes: 8, signed: true };
    /// `uint64_t`.
    pub const U64: Self = Self::Integer { bytes: 8, signed: false };

    /// How many bytes that is on a platform.
    pub(crate) fn bytes(self, platform: Platform) -> u32 {
        match self {
            Self::Void => 0,
            Self::Integer { bytes, .. } => bytes.into(),
            Self::Pointer => platform.definition().pointer_bytes.into(),
            Self::F32 => 4,
            Self::F64 => 8,
            Self::LongDouble => {
                let definition = platform.definition();
                long_double(platform, definition.default_convention()).map_or(8, |it| it.bytes.into())
            }
            Self::Struct { bytes } => bytes,
        }
    }
}

/// What a function returned.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReturnValue {
    /// Nothing.
    #[default]
    Void,
    /// An integer, extended by its sign if it is signed.
    Integer {
        /// The value.
        value: i128,
        /// Its size in bytes.
        bytes: u8,
    },
    /// An address.
    Pointer(u64),
    /// A single-precision number.
    F32(f32),
    /// A double-precision number.
    F64(f64),
    /// A `long double`, rounded to double precision.
    LongDouble(f64),
    /// The bytes of a structure.
    Struct(Vec<u8>),
}

impl ReturnValue {
    /// Integers and pointers as 64 bits; 0 for everything else.
    #[must_use]
    pub const fn as_u64(&self) -> u64 {
        match self {
            Self::Integer { value, .. } => *value as u64,
            Self::Pointer(address) => *address,
            _ => 0,
        }
    }

    /// Integers as signed 64 bits; 0 for everything else.
    #[must_use]
    pub const fn as_i64(&self) -> i64 {
        self.as_u64() as i64
    }

    /// Numbers in double precision; not-a-number for everything else.
    #[must_use]
    pub const fn as_f64(&self) -> f64 {
        match self {
            Self::F32(value) => *value as f64,
            Self::F64(value) | Self::LongDouble(value) => *value,
            _ => f64::NAN,
        }
    }
}

impl fmt::Display for ReturnValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Void => formatter.write_str("(nothing)"),
            Self::Integer { value, .. } => write!(formatter, "{value}"),
            Self::Pointer(address) => write!(formatter, "{address:#x}"),
            Self::F32(value) => write!(formatter, "{value}"),
            Self::F64(value) | Self::LongDouble(value) => write!(formatter, "{value}"),
            Self::Struct(bytes) => write!(formatter, "{} bytes", bytes.len()),
        }
    }
}

/// The lowest `bytes` bytes of a value, extended to 128 bits.
pub(crate) const fn extended(value: u128, bytes: u8, signed: bool) -> u128 {
    if bytes == 0 || bytes >= 16 {
        return value;
    }
    let shift = 128 - 8 * bytes as u32;
    if signed { ((value << shift) as i128 >> shift) as u128 } else { value << shift >> shift }
}
