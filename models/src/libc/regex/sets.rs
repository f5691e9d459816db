//! Sets of characters, as bracket expressions name them.

use std::collections::BTreeSet;

/// A set of characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) negated: bool,
    pub(super) ranges: Vec<(u32, u32)>,
    pub(super) classes: BTreeSet<Class>,
    pub(super) folds: bool,
}

impl Set {
    pub(super) fn has(&self, character: u32) -> bool {
        let inside = |it: u32| {
            self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&it))
                || self.classes.iter().any(|class| class.has(it))
        };
        let [lower, upper] = cases(character);
        let found = inside(character) || self.folds && (inside(lower) || inside(upper));
        found != self.negated
    }
}

/// A character in both cases.
pub(super) fn cases(character: u32) -> [u32; 2] {
    let Some(it) = char::from_u32(character) else { return [character; 2] };
    let one = |mut cased: std::iter::Peekable<_>| match (cased.next(), cased.peek()) {
        (Some(first), None) => u32::from(first),
        _ => character,
    };
    let lower = it.to_lowercase().collect::<Vec<char>>();
    let upper = it.to_uppercase().collect::<Vec<char>>();
    [one(lower.into_iter().peekable()), one(upper.into_iter().peekable())]
}

/// The classes of a bracket expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Alnum,
    Alpha,
    Blank,
    Control,
    Digit,
    Graph,
    Lower,
    Print,
    Punctuation,
    Space,
    Upper,
    Hexadecimal,
    /// GNU's `\w`.
    Word,
}

impl Class {
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"alnum" => Self::Alnum,
            b"alpha" => Self::Alpha,
            b"blank" => Self::Blank,
            b"cntrl" => Self::Control,
            b"digit" => Self::Digit,
            b"graph" => Self::Graph,
            b"lower" => Self::Lower,
            b"print" => Self::Print,
            b"punct" => Self::Punctuation,
            b"space" => Self::Space,
            b"upper" => Self::Upper,
            b"xdigit" => Self::Hexadecimal,
            _ => return None,
        })
    }

    fn has(self, character: u32) -> bool {
        let Some(it) = char::from_u32(character) else { return false };
        let wide = !it.is_ascii();
        match self {
            Self::Alnum => it.is_alphanumeric(),
            Self::Alpha => it.is_alphabetic(),
            Self::Blank => matches!(it, ' ' | '\t'),
            Self::Control => it.is_control(),
            Self::Digit => it.is_ascii_digit(),
            Self::Graph => it.is_ascii_graphic() || wide && !it.is_whitespace() && !it.is_control(),
            Self::Lower => it.is_lowercase(),
            Self::Print => it == ' ' || it.is_ascii_graphic() || wide && !it.is_control(),
            Self::Punctuation => {
                it.is_ascii_punctuation() || wide && !it.is_alphanumeric() && !it.is_whitespace()
            }
            Self::Space => {
                matches!(it, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r') || wide && it.is_whitespace()
            }
            Self::Upper => it.is_uppercase(),
            Self::Hexadecimal => it.is_ascii_hexdigit(),
            Self::Word => it.is_alphanumeric() || it == '_',
        }
    }
}

/// Whether a character is one of a word (`\w`).
pub(super) fn is_word(character: u32) -> bool {
    Class::Word.has(character)
}
