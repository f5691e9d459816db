//! How wide the arguments of formats are (C99 7.19.6.1 and 7.19.6.2).

use super::super::{context::Context, types::CType};

/// How wide an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Char,
    Short,
    Int,
    Long,
    LongLong,
    Max,
    Size,
    Difference,
    LongDouble,
}

/// Reads the letters of a length.
pub(super) fn length(text: &[u8], at: &mut usize) -> Length {
    let twice = text.get(*at + 1) == text.get(*at);
    let (length, letters) = match text.get(*at) {
        Some(b'h') if twice => (Length::Char, 2),
        Some(b'h') => (Length::Short, 1),
        Some(b'l') if twice => (Length::LongLong, 2),
        Some(b'l') => (Length::Long, 1),
        Some(b'q') => (Length::LongLong, 1),
        Some(b'j') => (Length::Max, 1),
        Some(b'z' | b'Z') => (Length::Size, 1),
        Some(b't') => (Length::Difference, 1),
        Some(b'L') => (Length::LongDouble, 1),
        _ => (Length::Int, 0),
    };
    *at += letters;
    length
}

impl Length {
    /// The type of an integer argument.
    pub(super) const fn ctype(self, signed: bool) -> CType {
        match (self, signed) {
            (Self::Char | Self::Short | Self::Int, true) => CType::Int,
            (Self::Char | Self::Short | Self::Int, false) => CType::Unsigned,
            (Self::Long | Self::Difference, true) => CType::Long,
            (Self::Long, false) => CType::UnsignedLong,
            (Self::Size | Self::Difference, _) => CType::Size,
            (Self::LongLong | Self::Max | Self::LongDouble, true) => CType::LongLong,
            (Self::LongLong | Self::Max | Self::LongDouble, false) => CType::UnsignedLongLong,
        }
    }

    /// Bytes of the integer.
    pub(super) fn bytes(self, c: &Context<'_>) -> u8 {
        match self {
            Self::Char => 1,
            Self::Short => 2,
            Self::Int => c.model.int,
            Self::Long => c.model.long,
            Self::Size | Self::Difference => c.model.pointer,
            _ => 8,
        }
    }
}
