//! The lexer. It is asked token by token, because what a character means
//! depends on the section it stands in.

use super::source::{Position, SEPARATOR, Source};
use crate::error::{Error, Result};

/// A token outside the display section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A name or a keyword.
    Name(&'a str),
    /// A number.
    Integer(u64),
    /// A text in quotes, without them.
    Text(&'a str),
    /// An operator or other sign.
    Sign(&'static str),
    End,
}

/// A piece of the display section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DisplayToken<'a> {
    Name(&'a str),
    Text(&'a str),
    Space,
    /// `^`, which joins.
    Join,
    Character(char),
    /// The keyword `is`.
    Is,
}

/// The signs, longer ones before those that they begin with.
const SIGNS: &[&str] = &[
    "...", "f==", "f!=", "f<=", "f>=", "s<=", "s>=", "s>>", "||", "&&", "^^", "==", "!=", "<=", ">=", "<<",
    ">>", "s<", "s>", "s/", "s%", "f+", "f-", "f*", "f/", "f<", "f>", "{", "}", "[", "]", "(", ")", ",", ":",
    ";", "=", "<", ">", "+", "-", "*", "/", "%", "!", "~", "&", "|", "^",
];

/// Signs of pattern and disassembly expressions that are spelt out.
const WORD_SIGNS: &[(&str, &str)] = &[("$and", "&"), ("$or", "|"), ("$xor", "^")];

pub(crate) struct Lexer<'a> {
    source: &'a Source,
    at: usize,
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.' | b'@')
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(source: &'a Source) -> Self {
        Self { source, at: 0 }
    }

    pub(crate) fn position(&self) -> Position {
        self.at as Position
    }

    /// Goes back (or on) to a position.
    pub(crate) fn seek(&mut self, position: Position) {
        self.at = position as usize;
    }

    fn rest(&self) -> &'a str {
        &self.source.text[self.at..]
    }

    /// Skips white space and comments.
    pub(crate) fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|it: char| it.is_whitespace() || it == SEPARATOR);
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with('#') {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    /// The next token.
    pub(crate) fn next(&mut self) -> Result<Token<'a>> {
        self.skip();
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let Some(first) = bytes.first().copied() else { return Ok(Token::End) };
        if first.is_ascii_digit() {
            return self.integer();
        }
        if first == b'"' {
            let Some(end) = rest[1..].find('"') else {
                return Err(self.unexpected("the closing `\"` of a text"));
            };
            self.at += end + 2;
            return Ok(Token::Text(&rest[1..=end]));
        }
        for (word, sign) in WORD_SIGNS {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(Token::Sign(sign));
            }
        }
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            self.at += sign.len();
            return Ok(Token::Sign(sign));
        }
        if is_name_start(first) {
            return Ok(Token::Name(self.name()));
        }
        Err(self.unexpected("a token"))
    }

    /// The next token, which stays.
    pub(crate) fn peek(&mut self) -> Result<Token<'a>> {
        self.skip();
        let at = self.at;
        let token = self.next();
        self.at = at;
        token
    }

    /// Whether the next token is spelt with a beginning.
    pub(crate) fn peek_starts_with(&mut self, beginning: &str) -> bool {
        self.skip();
        self.rest().starts_with(beginning)
    }

    fn name(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.bytes().skip(1).position(|byte| !is_name(byte)).map_or(rest.len(), |end| end + 1);
        self.at += end;
        &rest[..end]
    }

    fn integer(&mut self) -> Result<Token<'a>> {
        let rest = self.rest();
        let end = rest.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let text = &rest[..end];
        let value = if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            u64::from_str_radix(digits, 16)
        } else if let Some(digits) = text.strip_prefix("0b") {
            u64::from_str_radix(digits, 2)
        } else {
            text.parse()
        };
        match value {
            Ok(value) => {
                self.at += end;
                Ok(Token::Integer(value))
            }
            Err(_) => Err(self.unexpected("a number of at most 64 bits")),
        }
    }

    /// The next piece of a display section.
    pub(crate) fn next_display(&mut self) -> Result<DisplayToken<'a>> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Err(self.unexpected("`is` at the end of the display section"));
        };
        if first.is_whitespace() {
            self.at += rest.len() - rest.trim_start().len();
            return Ok(DisplayToken::Space);
        }
        if first == '"' {
            let Some(end) = rest[1..].find('"') else {
                return Err(self.unexpected("the closing `\"` of a text"));
            };
            self.at += end + 2;
            return Ok(DisplayToken::Text(&rest[1..=end]));
        }
        if first == '^' || first == SEPARATOR {
            self.at += 1;
            return Ok(DisplayToken::Join);
        }
        if first.is_ascii_alphabetic() || matches!(first, '_' | '.') {
            let name = self.name();
            return Ok(if name == "is" { DisplayToken::Is } else { DisplayToken::Name(name) });
        }
        self.at += first.len_utf8();
        Ok(DisplayToken::Character(first))
    }

    /// An error at the current position.
    pub(crate) fn unexpected(&self, expected: &str) -> Error {
        self.unexpected_at(self.at as Position, expected)
    }

    pub(crate) fn unexpected_at(&self, position: Position, expected: &str) -> Error {
        let rest = &self.source.text[position as usize..];
        let rest = rest.trim_start();
        let found = match rest.split_whitespace().next() {
            None => "the end of the specification".to_owned(),
            Some(word) => format!("`{}`", word.chars().take(40).collect::<String>()),
        };
        Error::Syntax { place: self.source.place(position), expected: expected.to_owned(), found }
    }
}
