//! `wordexp.h`: words as the shell expands them (XCU 2.6), but for commands,
//! of which there are none: `WRDE_CMDSUB`.

use super::{
    super::{
        context::Context,
        environment,
        error::{Failure, Result},
        types::{Header, Ptr, Standard, models},
    },
    arithmetic, glob, paths,
};

pub(crate) static HEADER: Header = Header {
    name: "wordexp.h",
    standard: Standard::Posix,
    models: models! {
        wordexp = wordexp, "there are no commands: a substitution of one is WRDE_CMDSUB whatever the flags; a pattern takes pieces of values of 2048 bytes at most";
        wordfree = wordfree;
    },
};

/// Flags and results, the same in glibc and musl.
const OFFSETS: i32 = 1;
const APPEND: i32 = 2;
const REUSE: i32 = 8;
const SHOW_ERRORS: i32 = 16;
const UNDEFINED: i32 = 32;

const NO_SPACE: i32 = 1;
const BAD_CHARACTER: i32 = 2;
const BAD_VALUE: i32 = 3;
const COMMAND: i32 = 4;
const SYNTAX: i32 = 5;

/// So many words there may be, and so many bytes in all of them.
const MOST: usize = 1 << 16;
const LONGEST: usize = 1 << 24;
/// And so many in a value of which a pattern takes a piece away: each length is
/// tried.
const LONGEST_MATCHED: usize = 1 << 11;
/// The longest of these patterns.
const LONGEST_PATTERN: usize = 1 << 8;
/// Expansions inside one another.
const DEEPEST: u32 = 64;

/// Why words are not expanded.
enum Stop {
    Failure(Failure),
    /// A result of `wordexp`.
    Code(i32),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

type Expanded<T> = std::result::Result<T, Stop>;

/// Characters, and whether each was quoted.
type Field = Vec<(u8, bool)>;

/// Words as they come to be.
#[derive(Default)]
struct Words {
    done: Vec<Field>,
    current: Field,
    /// There is a word, even if it is empty.
    started: bool,
    bytes: usize,
}

impl Words {
    fn push(&mut self, byte: u8, quoted: bool) -> Expanded<()> {
        self.bytes += 1;
        if self.bytes > LONGEST {
            return Err(Stop::Code(NO_SPACE));
        }
        self.current.push((byte, quoted));
        self.started = true;
        Ok(())
    }

    fn end(&mut self) -> Expanded<()> {
        if std::mem::take(&mut self.started) {
            if self.done.len() >= MOST {
                return Err(Stop::Code(NO_SPACE));
            }
            self.done.push(std::mem::take(&mut self.current));
        }
        Ok(())
    }
}

/// What ends the text of an expansion.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The text of the program, where some characters are refused.
    Outside,
    /// What is behind `:-` and the like.
    Inside,
    /// Between double quotes, or in an arithmetic expression.
    Quoted,
}

/// A name, or one digit or character of a special parameter: how long it is.
fn name_length(text: &[u8]) -> usize {
    match text.first() {
        Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' => {
            text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
        }
        Some(byte) if byte.is_ascii_digit() || b"@*#?-$!".contains(byte) => 1,
        _ => 0,
    }
}

/// The end of what is in braces or parentheses: the place of the closing one.
fn closing(text: &[u8], close: u8) -> Option<usize> {
    let open = if close == b'}' { b'{' } else { b'(' };
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = text.get(at).copied() {
        match byte {
            b'\\' => at += 1,
            b'\'' => at += 1 + text.get(at + 1..)?.iter().position(|byte| *byte == b'\'')?,
            b'"' => {
                at += 1;
                while *text.get(at)? != b'"' {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
            }
            _ if byte == close && depth == 0 => return Some(at),
            _ if byte == close => depth -= 1,
            _ if byte == open => depth += 1,
            _ => {}
        }
        at += 1;
    }
    None
}

struct Expander<'a, 'b> {
    c: &'a mut Context<'b>,
    flags: i32,
    depth: u32,
}

impl Expander<'_, '_> {
    /// Expands a text into words.
    fn text(&mut self, text: &[u8], place: Place, words: &mut Words) -> Expanded<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Stop::Code(SYNTAX));
        }
        let mut at = 0;
        while let Some(byte) = text.get(at).copied() {
            let quoted = place == Place::Quoted;
            match byte {
                b'$' => {
                    at += self.dollar(&text[at..], quoted, words)?;
                    continue;
                }
                b'`' => return Err(Stop::Code(COMMAND)),
                b'\\' => {
                    let Some(next) = text.get(at + 1).copied() else { return Err(Stop::Code(SYNTAX)) };
                    at += 2;
                    if quoted && !b"$`\"\\\n".contains(&next) {
                        words.push(b'\\', true)?;
                    }
                    if next != b'\n' {
                        words.push(next, true)?;
                    }
                    continue;
                }
                _ if quoted => words.push(byte, true)?,
                b'\'' => {
                    let rest = &text[at + 1..];
                    let Some(length) = rest.iter().position(|byte| *byte == b'\'') else {
                        return Err(Stop::Code(SYNTAX));
                    };
                    words.started = true;
                    for byte in &rest[..length] {
                        words.push(*byte, true)?;
                    }
                    at += length + 1;
                }
                b'"' => at += self.double_quotes(&text[at..], words)?,
                b' ' | b'\t' => words.end()?,
                b'\n' if place == Place::Inside => words.end()?,
                b'|' | b'&' | b';' | b'<' | b'>' | b'(' | b')' | b'{' | b'}' | b'\n'
                    if place == Place::Outside =>
                {
                    return Err(Stop::Code(BAD_CHARACTER));
                }
                b'~' if !words.started => {
                    at += self.tilde(&text[at..], words)?;
                    continue;
                }
                _ => words.push(byte, false)?,
            }
            at += 1;
        }
        self.depth -= 1;
        Ok(())
    }

    /// A piece in double quotes: where its last one is.
    fn double_quotes(&mut self, text: &[u8], words: &mut Words) -> Expanded<usize> {
        words.started = true;
        let mut end = 1;
        loop {
            match text.get(end) {
                None => return Err(Stop::Code(SYNTAX)),
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(b'$') if text.get(end + 1) == Some(&b'{') => {
                    let inner = closing(&text[end + 2..], b'}').ok_or(Stop::Code(SYNTAX))?;
                    end += inner + 3;
                }
                Some(_) => end += 1,
            }
        }
        self.text(&text[1..end], Place::Quoted, words)?;
        Ok(end)
    }

    /// `~` and `~user`: how much was read.
    fn tilde(&mut self, text: &[u8], words: &mut Words) -> Expanded<usize> {
        let end = text.iter().position(|byte| b"/ \t\n".contains(byte)).unwrap_or(text.len());
        let folder = match &text[1..end] {
            b"" => match environment::variable(self.c, b"HOME")? {
                Some(home) => Some(home),
                None => Some(b"/root".to_vec()),
            },
            b"root" => Some(b"/root".to_vec()),
            _ => None,
        };
        match folder {
            Some(folder) => {
                words.started = true;
                for byte in folder {
                    words.push(byte, true)?;
                }
                Ok(end)
            }
            None => {
                words.push(b'~', false)?;
                Ok(1)
            }
        }
    }

    /// What begins with a dollar: how much was read.
    fn dollar(&mut self, text: &[u8], quoted: bool, words: &mut Words) -> Expanded<usize> {
        let rest = &text[1..];
        if rest.starts_with(b"((") {
            // `$((a)(b))` is a command.
            let inner = closing(&rest[2..], b')').ok_or(Stop::Code(SYNTAX))?;
            if rest.get(inner + 3) != Some(&b')') {
                return Err(Stop::Code(COMMAND));
            }
            let value = self.arithmetic(&rest[2..inner + 2])?;
            self.value(value.to_string().as_bytes(), quoted, words)?;
            return Ok(inner + 5);
        }
        if rest.first() == Some(&b'(') {
            return Err(Stop::Code(COMMAND));
        }
        if rest.first() == Some(&b'{') {
            let end = closing(&rest[1..], b'}').ok_or(Stop::Code(SYNTAX))?;
            self.braces(&rest[1..=end], quoted, words)?;
            return Ok(end + 3);
        }
        let length = name_length(rest);
        if length == 0 {
            words.push(b'$', quoted)?;
            return Ok(1);
        }
        if let Some(value) = self.parameter(&rest[..length])? {
            self.value(&value, quoted, words)?;
        } else if self.flags & UNDEFINED != 0 {
            return Err(Stop::Code(BAD_VALUE));
        }
        Ok(length + 1)
    }

    fn arithmetic(&mut self, text: &[u8]) -> Expanded<i64> {
        let mut words = Words::default();
        self.text(text, Place::Quoted, &mut words)?;
        let text: Vec<u8> = words.current.into_iter().map(|(byte, _)| byte).collect();
        let mut failed = None;
        let c = &mut *self.c;
        let mut variable = |name: &[u8]| match environment::variable(c, name) {
            Ok(value) => value,
            Err(failure) => {
                failed = Some(failure);
                None
            }
        };
        let value = arithmetic::evaluate(&text, &mut variable);
        match failed {
            Some(failure) => Err(failure.into()),
            None => value.ok_or(Stop::Code(SYNTAX)),
        }
    }

    /// The value of a parameter, if it is set. There are no positional ones.
    fn parameter(&mut self, name: &[u8]) -> Expanded<Option<Vec<u8>>> {
        Ok(match name {
            b"#" | b"?" => Some(b"0".to_vec()),
            b"$" => Some(self.c.state.kernel.running.to_string().into_bytes()),
            b"@" | b"*" | b"-" => Some(Vec::new()),
            b"!" => None,
            _ if name[0].is_ascii_digit() => None,
            _ => environment::variable(self.c, name)?,
        })
    }

    /// The value of an expansion: split into words where it is not quoted.
    fn value(&mut self, value: &[u8], quoted: bool, words: &mut Words) -> Expanded<()> {
        if quoted {
            for byte in value {
                words.push(*byte, true)?;
            }
            return Ok(());
        }
        let separators = environment::variable(self.c, b"IFS")?.unwrap_or_else(|| b" \t\n".to_vec());
        let space = |byte: &u8| b" \t\n".contains(byte) && separators.contains(byte);
        let mut after_space = false;
        for byte in value {
            if space(byte) {
                after_space |= words.started;
                words.end()?;
            } else if separators.contains(byte) {
                // Spaces before it belong to it.
                if !std::mem::take(&mut after_space) {
                    words.started = true;
                    words.end()?;
                }
            } else {
                after_space = false;
                words.push(*byte, false)?;
            }
        }
        Ok(())
    }

    /// What is in `${…}` (XCU 2.6.2).
    fn braces(&mut self, text: &[u8], quoted: bool, words: &mut Words) -> Expanded<()> {
        if text.len() > 1 && text[0] == b'#' && name_length(&text[1..]) == text.len() - 1 {
            let value = self.parameter(&text[1..])?;
            if value.is_none() && self.flags & UNDEFINED != 0 {
                return Err(Stop::Code(BAD_VALUE));
            }
            let length = value.unwrap_or_default().len();
            return self.value(length.to_string().as_bytes(), quoted, words);
        }
        let length = name_length(text);
        if length == 0 {
            return Err(Stop::Code(SYNTAX));
        }
        let (name, rest) = text.split_at(length);
        let value = self.parameter(name)?;
        let colon = rest.first() == Some(&b':');
        let (operator, word) = match rest[usize::from(colon)..].split_first() {
            None if colon => return Err(Stop::Code(SYNTAX)),
            None => {
                return match value {
                    Some(value) => self.value(&value, quoted, words),
                    None if self.flags & UNDEFINED != 0 => Err(Stop::Code(BAD_VALUE)),
                    None => Ok(()),
                };
            }
            Some((operator, word)) => (*operator, word),
        };
        // With a colon, what is empty is as if it were not set.
        let set = value.clone().filter(|value| !colon || !value.is_empty());
        let place = if quoted { Place::Quoted } else { Place::Inside };
        match (operator, set) {
            (b'+', Some(_)) | (b'-', None) => self.text(word, place, words),
            (b'+', None) => Ok(()),
            (b'-' | b'=' | b'?', Some(value)) => self.value(&value, quoted, words),
            (b'=', None) => {
                if !name[0].is_ascii_alphabetic() && name[0] != b'_' {
                    return Err(Stop::Code(SYNTAX));
                }
                let value = self.plain(word)?;
                environment::assign(self.c, name, &value)?;
                self.value(&value, quoted, words)
            }
            (b'?', None) => {
                if self.flags & SHOW_ERRORS != 0 {
                    let text = self.plain(word)?;
                    let text = if text.is_empty() { b"parameter null or not set".to_vec() } else { text };
                    let line = [name, b": ", &text, b"\n"].concat();
                    let _ = self.c.state.kernel.streams.write(2, &line);
                }
                Err(Stop::Code(BAD_VALUE))
            }
            (b'%' | b'#', _) if !colon => {
                let longest = word.first() == Some(&operator);
                let pattern = self.pattern(&word[usize::from(longest)..])?;
                if value.is_none() && self.flags & UNDEFINED != 0 {
                    return Err(Stop::Code(BAD_VALUE));
                }
                let value = value.unwrap_or_default();
                if value.len() > LONGEST_MATCHED || pattern.len() > LONGEST_PATTERN {
                    return Err(Stop::Code(NO_SPACE));
                }
                let left = without(&value, &pattern, operator == b'%', longest);
                self.value(left, quoted, words)
            }
            _ => Err(Stop::Code(SYNTAX)),
        }
    }

    /// One word, without its quotes.
    fn plain(&mut self, word: &[u8]) -> Expanded<Vec<u8>> {
        let mut words = Words::default();
        self.text(word, Place::Inside, &mut words)?;
        words.end()?;
        let texts: Vec<Vec<u8>> =
            words.done.into_iter().map(|field| field.into_iter().map(|(byte, _)| byte).collect()).collect();
        Ok(texts.join(&b' '))
    }

    /// A pattern, in which what was quoted stands for itself.
    fn pattern(&mut self, word: &[u8]) -> Expanded<Vec<u8>> {
        let mut words = Words::default();
        self.text(word, Place::Inside, &mut words)?;
        words.end()?;
        Ok(words.done.first().map(escaped).unwrap_or_default())
    }

    /// The paths that a field matches, or the field itself.
    fn paths(&mut self, field: &Field) -> Expanded<Vec<Vec<u8>>> {
        let plain = || vec![field.iter().map(|(byte, _)| *byte).collect()];
        if !field.iter().any(|(byte, quoted)| !quoted && b"*?[".contains(byte)) {
            return Ok(plain());
        }
        let mut found = glob::expand(self.c, &escaped(field), 0)?;
        found.sort();
        Ok(if found.is_empty() { plain() } else { found })
    }
}

fn escaped(field: &Field) -> Vec<u8> {
    let mut pattern = Vec::new();
    for (byte, quoted) in field {
        if *quoted && b"*?[]\\".contains(byte) {
            pattern.push(b'\\');
        }
        pattern.push(*byte);
    }
    pattern
}

/// A value without the shortest or the longest piece at its end, or at its
/// beginning, that a pattern matches.
fn without<'a>(value: &'a [u8], pattern: &[u8], at_end: bool, longest: bool) -> &'a [u8] {
    let matched = |length: &usize| {
        let piece = if at_end { &value[value.len() - length..] } else { &value[..*length] };
        paths::matches(pattern, piece, 0)
    };
    let length =
        if longest { (0..=value.len()).rev().find(matched) } else { (0..=value.len()).find(matched) };
    match length {
        None => value,
        Some(length) if at_end => &value[..value.len() - length],
        Some(length) => &value[length..],
    }
}

/// The words of a text.
fn expanded(c: &mut Context<'_>, text: &[u8], flags: i32) -> Expanded<Vec<Vec<u8>>> {
    let mut expander = Expander { c, flags, depth: 0 };
    let mut words = Words::default();
    expander.text(text, Place::Outside, &mut words)?;
    words.end()?;
    let mut all = Vec::new();
    for field in &words.done {
        all.extend(expander.paths(field)?);
        if all.len() > MOST {
            return Err(Stop::Code(NO_SPACE));
        }
    }
    Ok(all)
}

/// `wordexp_t`: `we_wordc`, `we_wordv`, `we_offs`.
fn wordexp(c: &mut Context<'_>, text: Ptr, to: Ptr, flags: i32) -> Result<i32> {
    let text = c.text(text)?;
    if flags & REUSE != 0 {
        wordfree(c, to)?;
    }
    let words = match expanded(c, &text, flags) {
        Ok(words) => words,
        Err(Stop::Code(code)) => return Ok(code),
        Err(Stop::Failure(failure)) => return Err(failure),
    };
    let word = u64::from(c.model.pointer);
    let offsets = if flags & OFFSETS != 0 { c.read_pointer(to.add(2 * word))?.0 } else { 0 };
    if offsets > MOST as u64 {
        return Ok(NO_SPACE);
    }
    let mut addresses = Vec::new();
    let mut old = Ptr::NULL;
    if flags & APPEND != 0 && flags & REUSE == 0 {
        let count = c.read_pointer(to)?.0;
        old = c.read_pointer(to.add(word))?;
        for index in 0..count.min(MOST as u64) {
            addresses.push(c.read_pointer(old.add(word.wrapping_mul(offsets.wrapping_add(index))))?);
        }
    }
    for text in words {
        let address = c.duplicate(&text)?;
        if address.is_null() {
            return Ok(NO_SPACE);
        }
        addresses.push(address);
    }
    let count = addresses.len() as u64;
    let Some(array) = c.malloc(word * (offsets + count + 1))? else { return Ok(NO_SPACE) };
    let leading = vec![Ptr::NULL; offsets as usize];
    for (index, address) in leading.into_iter().chain(addresses).chain([Ptr::NULL]).enumerate() {
        c.write_pointer(array.add(word * index as u64), address)?;
    }
    if !old.is_null() {
        c.free(old)?;
    }
    c.write_pointer(to, Ptr(count))?;
    c.write_pointer(to.add(word), array)?;
    if flags & OFFSETS == 0 {
        c.write_pointer(to.add(2 * word), Ptr::NULL)?;
    }
    Ok(0)
}

fn wordfree(c: &mut Context<'_>, at: Ptr) -> Result<()> {
    let word = u64::from(c.model.pointer);
    let (count, array) = (c.read_pointer(at)?.0, c.read_pointer(at.add(word))?);
    if array.is_null() {
        return Ok(());
    }
    let offsets = c.read_pointer(at.add(2 * word))?.0;
    for index in 0..count.min(MOST as u64) {
        let text = c.read_pointer(array.add(word.wrapping_mul(offsets.wrapping_add(index))))?;
        c.free(text)?;
    }
    c.free(array)?;
    c.write_pointer(at, Ptr::NULL)?;
    c.write_pointer(at.add(word), Ptr::NULL)
}
