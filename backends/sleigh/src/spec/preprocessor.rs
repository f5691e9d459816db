//! The preprocessor: `@include`, `@define`, conditions and `$(NAME)`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use hashbrown::HashMap;

use super::source::{SEPARATOR, Source};
use crate::error::{Error, Place, Result};

/// How deep files may include each other.
const MAX_DEPTH: usize = 32;
/// How many files there may be.
const MAX_FILES: usize = 1000;
/// How many bytes the preprocessed text may have.
const MAX_TEXT: usize = 64 << 20;
/// How many bytes one line may have.
const MAX_LINE: usize = 64 << 10;

/// One open condition.
struct Condition {
    /// Whether the text now is taken.
    active: bool,
    /// Whether any branch was taken.
    taken: bool,
    /// Whether `@else` came.
    had_else: bool,
    line: u32,
}

struct Preprocessor<'a> {
    source: Source,
    definitions: HashMap<String, String>,
    read: &'a dyn Fn(&Path) -> std::io::Result<String>,
}

/// Reads a specification and all that it includes.
pub(crate) fn preprocess(path: &Path, definitions: &[(String, String)]) -> Result<Source> {
    preprocess_with(path, definitions, &|path| {
        fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    })
}

/// The same, with files from elsewhere.
pub(crate) fn preprocess_with(
    path: &Path,
    definitions: &[(String, String)],
    read: &dyn Fn(&Path) -> std::io::Result<String>,
) -> Result<Source> {
    let mut preprocessor =
        Preprocessor { source: Source::default(), definitions: definitions.iter().cloned().collect(), read };
    preprocessor.file(path, 0)?;
    Ok(preprocessor.source)
}

impl Preprocessor<'_> {
    fn file(&mut self, path: &Path, depth: usize) -> Result<()> {
        let text = (self.read)(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let file = self.source.add_file(path);
        let mut conditions: Vec<Condition> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let number = index as u32 + 1;
            let place = |column| Place { file: path.to_owned(), line: number, column };
            let active = conditions.iter().all(|condition| condition.active);
            let Some(directive) = line.trim_start().strip_prefix('@') else {
                if active {
                    let line = self.expand(line, true, &place(1))?;
                    if self.source.text.len() + line.len() > MAX_TEXT {
                        return Err(meaning(place(1), "the specification is too long".to_owned()));
                    }
                    self.source.add_line(file, number, &line);
                }
                continue;
            };
            let (word, rest) = split_word(directive.trim_start());
            let rest = strip_comment(rest).trim();
            match word {
                "if" | "ifdef" | "ifndef" => {
                    let truth = active
                        && match word {
                            "if" => self.condition(rest, place(1))?,
                            "ifdef" => self.definitions.contains_key(rest),
                            _ => !self.definitions.contains_key(rest),
                        };
                    conditions.push(Condition { active: truth, taken: truth, had_else: false, line: number });
                }
                "elif" | "else" => {
                    let outer = conditions.len().saturating_sub(1);
                    let outer = conditions[..outer].iter().all(|condition| condition.active);
                    let Some(condition) = conditions.last_mut() else {
                        return Err(meaning(place(1), format!("@{word} without @if")));
                    };
                    if condition.had_else {
                        return Err(meaning(place(1), format!("@{word} after @else")));
                    }
                    condition.had_else = word == "else";
                    let open = outer && !condition.taken;
                    let truth = open && (word == "else" || self.condition(rest, place(1))?);
                    if let Some(condition) = conditions.last_mut() {
                        condition.active = truth;
                        condition.taken |= truth;
                    }
                }
                "endif" => {
                    if conditions.pop().is_none() {
                        return Err(meaning(place(1), "@endif without @if".to_owned()));
                    }
                }
                _ if !active => {}
                "define" => {
                    let (name, value) = split_word(rest);
                    if name.is_empty() {
                        return Err(syntax(place(1), "a name", "the end of the line"));
                    }
                    let value = self.expand(unquote(value.trim()), false, &place(1))?;
                    self.definitions.insert(name.to_owned(), value);
                }
                "undef" => {
                    self.definitions.remove(rest);
                }
                "include" => {
                    let name = self.expand(unquote(rest), false, &place(1))?;
                    if depth >= MAX_DEPTH || self.source.file_count() >= MAX_FILES {
                        return Err(meaning(place(1), "files include each other too deeply".to_owned()));
                    }
                    let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
                    self.file(&folder.join(name), depth + 1)?;
                }
                other => return Err(syntax(place(1), "a preprocessor directive", &format!("`@{other}`"))),
            }
        }
        match conditions.last() {
            Some(open) => Err(meaning(
                Place { file: path.to_owned(), line: open.line, column: 1 },
                "@if without @endif".to_owned(),
            )),
            None => Ok(()),
        }
    }

    /// Replaces each `$(NAME)`; the values have none themselves any more.
    ///
    /// Outside of quotes, a value is a token of its own if `separate` is set,
    /// whatever it stands by.
    fn expand(&self, line: &str, separate: bool, place: &Place) -> Result<String> {
        let mut result = String::with_capacity(line.len());
        let mut rest = line;
        while let Some(begin) = rest.find("$(") {
            let Some(length) = rest[begin..].find(')') else { break };
            let name = &rest[begin + 2..begin + length];
            match self.definitions.get(name) {
                Some(value) => {
                    result.push_str(&rest[..begin]);
                    let separate = separate && result.matches('"').count().is_multiple_of(2);
                    if separate && result.ends_with(is_name) && value.starts_with(is_name) {
                        result.push(SEPARATOR);
                    }
                    result.push_str(value);
                    if separate && value.ends_with(is_name) && rest[begin + length + 1..].starts_with(is_name)
                    {
                        result.push(SEPARATOR);
                    }
                }
                // In a comment it does not matter.
                None if result.contains('#') || rest[..begin].contains('#') => {
                    result.push_str(&rest[..=begin + length]);
                }
                None => return Err(meaning(place.clone(), format!("`{name}` is not defined"))),
            }
            if result.len() > MAX_LINE {
                return Err(meaning(place.clone(), "the line becomes too long".to_owned()));
            }
            rest = &rest[begin + length + 1..];
        }
        result.push_str(rest);
        Ok(result)
    }

    /// The truth of what stands after `@if`.
    fn condition(&self, text: &str, place: Place) -> Result<bool> {
        let mut parser = ConditionParser { definitions: &self.definitions, rest: text, place, depth: 0 };
        let truth = parser.either()?;
        if parser.rest.trim_start().is_empty() { Ok(truth) } else { Err(parser.unexpected("an operator")) }
    }
}

struct ConditionParser<'a> {
    definitions: &'a HashMap<String, String>,
    rest: &'a str,
    place: Place,
    depth: usize,
}

impl<'a> ConditionParser<'a> {
    fn take(&mut self, symbol: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// All operators have the same precedence, from left to right.
    fn either(&mut self) -> Result<bool> {
        let mut truth = self.term()?;
        loop {
            if self.take("||") {
                truth |= self.term()?;
            } else if self.take("&&") {
                truth &= self.term()?;
            } else if self.take("^^") {
                truth ^= self.term()?;
            } else {
                return Ok(truth);
            }
        }
    }

    fn term(&mut self) -> Result<bool> {
        if self.depth > 64 {
            return Err(self.unexpected("a shorter condition"));
        }
        if self.take("!") {
            self.depth += 1;
            let truth = !self.term()?;
            self.depth -= 1;
            return Ok(truth);
        }
        if self.take("(") {
            self.depth += 1;
            let truth = self.either()?;
            self.depth -= 1;
            return if self.take(")") { Ok(truth) } else { Err(self.unexpected("`)`")) };
        }
        let left = self.value()?;
        if let Value::Defined(truth) = left {
            return Ok(truth);
        }
        let negated = if self.take("==") {
            false
        } else if self.take("!=") {
            true
        } else {
            return Err(self.unexpected("`==` or `!=`"));
        };
        let right = self.value()?;
        match (left, right) {
            (Value::Text(left), Value::Text(right)) => Ok((left == right) != negated),
            _ => Err(self.unexpected("a text")),
        }
    }

    fn value(&mut self) -> Result<Value> {
        let rest = self.rest.trim_start();
        if let Some(quoted) = rest.strip_prefix('"') {
            let Some(end) = quoted.find('"') else { return Err(self.unexpected("`\"`")) };
            self.rest = &quoted[end + 1..];
            return Ok(Value::Text(quoted[..end].to_owned()));
        }
        let (word, rest) = split_word(rest);
        if word.is_empty() {
            return Err(self.unexpected("a name or a text"));
        }
        self.rest = rest;
        if word == "defined" {
            if !self.take("(") {
                return Err(self.unexpected("`(`"));
            }
            let (name, rest) = split_word(self.rest.trim_start());
            self.rest = rest;
            return if self.take(")") {
                Ok(Value::Defined(self.definitions.contains_key(name)))
            } else {
                Err(self.unexpected("`)`"))
            };
        }
        match self.definitions.get(word) {
            Some(value) => Ok(Value::Text(value.clone())),
            None => Err(meaning(self.place.clone(), format!("`{word}` is not defined"))),
        }
    }

    fn unexpected(&self, expected: &str) -> Error {
        let found = match self.rest.trim() {
            "" => "the end of the line".to_owned(),
            rest => format!("`{rest}`"),
        };
        syntax(self.place.clone(), expected, &found)
    }
}

enum Value {
    Text(String),
    Defined(bool),
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_.".contains(character)
}

fn split_word(text: &str) -> (&str, &str) {
    let end = text.find(|character: char| !is_name(character));
    text.split_at(end.unwrap_or(text.len()))
}

fn unquote(text: &str) -> &str {
    match text.strip_prefix('"').and_then(|rest| rest.find('"').map(|end| &rest[..end])) {
        Some(inner) => inner,
        None => text,
    }
}

/// Takes a comment away that is not in quotes.
fn strip_comment(text: &str) -> &str {
    let mut quoted = false;
    for (index, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '#' if !quoted => return &text[..index],
            _ => {}
        }
    }
    text
}

fn meaning(place: Place, message: String) -> Error {
    Error::Meaning { place, message }
}

fn syntax(place: Place, expected: &str, found: &str) -> Error {
    Error::Syntax { place, expected: expected.to_owned(), found: found.to_owned() }
}
