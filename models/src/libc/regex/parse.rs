//! From the text of an expression to instructions.

use std::collections::BTreeSet;

use super::{
    sets::{Class, Set},
    syntax,
};

/// How an expression is meant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    /// How it is written.
    pub(super) syntax: u64,
    pub(super) folds: bool,
    /// A newline ends lines.
    pub(super) newline: bool,
    /// Characters are those of UTF-8, else bytes.
    pub(super) characters: bool,
}

/// Why an expression is none, by glibc's and musl's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    Pattern = 2,
    Collation = 3,
    Class = 4,
    Backslash = 5,
    Reference = 6,
    Bracket = 7,
    Parenthesis = 8,
    Brace = 9,
    BraceContent = 10,
    Range = 11,
    Space = 12,
    Repetition = 13,
    Size = 15,
    LoneParenthesis = 16,
}

impl Options {
    pub(super) const fn has(&self, bit: u64) -> bool {
        self.syntax & bit != 0
    }
}

/// What must hold at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    LineStart,
    LineEnd,
    TextStart,
    TextEnd,
    WordStart,
    WordEnd,
    WordEdge,
    NoWordEdge,
}

/// A part of an expression.
#[derive(Debug, Clone)]
enum Node {
    Empty,
    Character(u32),
    Any,
    Set(Set),
    At(Place),
    Reference(usize),
    Part(usize, Box<Node>),
    Sequence(Vec<Node>),
    Either(Vec<Node>),
    Repeat { node: Box<Node>, least: u32, most: Option<u32> },
}

/// An instruction of the search.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Character(u32),
    Any,
    Set(Set),
    At(Place),
    Reference(usize),
    /// Notes the place: the beginning or the end of a part.
    Note(usize),
    /// The first way, and then the other.
    Split(usize, usize),
    Jump(usize),
    Found,
}

/// A compiled expression.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) steps: Vec<Step>,
    /// Parts in parentheses.
    pub(super) parts: usize,
    pub(super) references: bool,
    pub(super) options: Options,
}

/// So deep parentheses may be, and so long a program.
const DEEPEST: usize = 256;
const LONGEST: usize = 1 << 17;
/// So many parts there may be.
const MOST_PARTS: usize = 1000;
/// `RE_DUP_MAX`: of POSIX 255, of glibc more.
const MOST_TIMES: u32 = 0x7fff;

/// The characters of a text: with their places, if that is wanted. What is not
/// UTF-8 are numbers that no character has.
pub(super) fn characters(text: &[u8], wide: bool) -> (Vec<u32>, Vec<usize>) {
    let (mut all, mut places) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
    let mut at = 0;
    while at < text.len() {
        places.push(at);
        let byte = text[at];
        let length = match byte {
            _ if !wide => 1,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        let whole = text.get(at..at + length).and_then(|it| std::str::from_utf8(it).ok());
        let character = whole.and_then(|it| it.chars().next()).filter(|_| wide || byte < 0x80);
        match character {
            Some(it) => {
                all.push(it.into());
                at += length;
            }
            None => {
                all.push(0x11_0000 + u32::from(byte));
                at += 1;
            }
        }
    }
    places.push(text.len());
    (all, places)
}

struct Parser {
    text: Vec<u32>,
    at: usize,
    options: Options,
    parts: usize,
    /// Parts that are complete, which may be referred to.
    closed: BTreeSet<usize>,
    references: bool,
    depth: usize,
}

const fn code(character: char) -> u32 {
    character as u32
}

impl Parser {
    fn peek(&self) -> Option<u32> {
        self.text.get(self.at).copied()
    }

    fn is(&self, character: char) -> bool {
        self.peek() == Some(code(character))
    }

    /// A backslash with this character behind it.
    fn is_escaped(&self, character: char) -> bool {
        self.is('\\') && self.text.get(self.at + 1) == Some(&code(character))
    }

    fn take(&mut self, character: char) -> bool {
        let found = self.is(character);
        self.at += usize::from(found);
        found
    }

    fn take_escaped(&mut self, character: char) -> bool {
        let found = self.is_escaped(character);
        self.at += if found { 2 } else { 0 };
        found
    }

    /// Whether an operator is written without a backslash; `None` if there is no
    /// such operator.
    const fn plain(&self, character: char) -> Option<bool> {
        let options = &self.options;
        Some(match character {
            '(' | ')' => options.has(syntax::PLAIN_PARENTHESES),
            '{' | '}' if options.has(syntax::INTERVALS) => options.has(syntax::PLAIN_BRACES),
            '|' if !options.has(syntax::LIMITED) => options.has(syntax::PLAIN_BAR),
            '+' | '?' if !options.has(syntax::LIMITED) => !options.has(syntax::ESCAPED_PLUS),
            _ => return None,
        })
    }

    fn take_operator(&mut self, character: char) -> bool {
        match self.plain(character) {
            Some(true) => self.take(character),
            Some(false) => self.take_escaped(character),
            None => false,
        }
    }

    fn is_operator(&self, character: char) -> bool {
        match self.plain(character) {
            Some(true) => self.is(character),
            Some(false) => self.is_escaped(character),
            None => false,
        }
    }

    fn is_alternative(&self) -> bool {
        self.is_operator('|') || self.options.has(syntax::NEWLINE_ALTERNATIVE) && self.is('\n')
    }

    fn take_alternative(&mut self) -> bool {
        self.take_operator('|') || self.options.has(syntax::NEWLINE_ALTERNATIVE) && self.take('\n')
    }

    fn alternatives(&mut self) -> Result<Node, Problem> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Problem::Space);
        }
        // An alternative cannot refer to the parts of another.
        let before = self.closed.clone();
        let mut all = vec![self.sequence()?];
        let mut after = self.closed.clone();
        while self.take_alternative() {
            self.closed.clone_from(&before);
            all.push(self.sequence()?);
            after.extend(&self.closed);
        }
        self.closed = after;
        self.depth -= 1;
        Ok(if all.len() == 1 { all.remove(0) } else { Node::Either(all) })
    }

    fn ends_here(&self) -> bool {
        // In extended expressions, a parenthesis without one that opens is
        // itself.
        self.peek().is_none() || self.is_alternative() || self.depth > 1 && self.is_operator(')')
    }

    fn sequence(&mut self) -> Result<Node, Problem> {
        let mut all: Vec<Node> = Vec::new();
        let mut first = true;
        while !self.ends_here() {
            let (mut node, is_place) = self.atom(first)?;
            // What stands behind an anchor repeats nothing: in basic expressions,
            // a star is itself there.
            if !is_place {
                node = self.repeated(node)?;
            }
            first = is_place;
            all.push(node);
        }
        Ok(match all.len() {
            0 => Node::Empty,
            1 => all.remove(0),
            _ => Node::Sequence(all),
        })
    }

    fn repeated(&mut self, mut node: Node) -> Result<Node, Problem> {
        loop {
            let (least, most) = if self.take('*') {
                (0, None)
            } else if self.take_operator('+') {
                (1, None)
            } else if self.take_operator('?') {
                (0, Some(1))
            } else if self.is_operator('{') {
                let start = self.at;
                match self.braces() {
                    Ok(found) => found,
                    // It is no interval, but what it looks like.
                    Err(Problem::Brace | Problem::BraceContent)
                        if self.options.has(syntax::WRONG_INTERVAL_PLAIN) =>
                    {
                        self.at = start;
                        return Ok(node);
                    }
                    Err(problem) => return Err(problem),
                }
            } else {
                return Ok(node);
            };
            node = Node::Repeat { node: Box::new(node), least, most };
            // Twice is an error in basic expressions (glibc).
            if self.options.has(syntax::NO_LONE_INTERVAL) && (self.is('*') || self.is_operator('{')) {
                return Err(Problem::Repetition);
            }
        }
    }

    fn number(&mut self) -> Option<u32> {
        let start = self.at;
        let mut value = 0_u32;
        while let Some(digit) = self.peek().filter(|it| (code('0')..=code('9')).contains(it)) {
            value = value.saturating_mul(10).saturating_add(digit - code('0'));
            self.at += 1;
        }
        (self.at > start).then_some(value)
    }

    fn braces(&mut self) -> Result<(u32, Option<u32>), Problem> {
        self.at += if self.options.has(syntax::PLAIN_BRACES) { 1 } else { 2 };
        let least = self.number();
        let comma = self.take(',');
        let most = if comma { self.number() } else { least };
        if self.peek().is_none() {
            return Err(Problem::Brace);
        }
        if least.is_none() && !comma || !self.take_operator('}') {
            return Err(Problem::BraceContent);
        }
        let least = least.unwrap_or(0);
        if most.is_some_and(|most| most < least) {
            return Err(Problem::BraceContent);
        }
        if least.max(most.unwrap_or(0)) > MOST_TIMES {
            return Err(Problem::Size);
        }
        Ok((least, most))
    }

    /// One element; whether it is an anchor.
    fn atom(&mut self, first: bool) -> Result<(Node, bool), Problem> {
        let Some(character) = self.peek() else { return Ok((Node::Empty, false)) };
        let plain = |node| Ok((node, false));
        if self.is_operator('(') {
            self.take_operator('(');
            self.parts += 1;
            let part = self.parts;
            if part > MOST_PARTS {
                return Err(Problem::Space);
            }
            let node = self.alternatives()?;
            if !self.take_operator(')') {
                return Err(Problem::Parenthesis);
            }
            self.closed.insert(part);
            return plain(Node::Part(part, Box::new(node)));
        }
        if self.is_operator(')') && !self.options.has(syntax::LONE_PARENTHESIS) {
            return Err(Problem::LoneParenthesis);
        }
        let is_interval = self.is_operator('{');
        if is_interval || self.is('*') || self.is_operator('+') || self.is_operator('?') {
            if is_interval && self.options.has(syntax::NO_LONE_INTERVAL)
                || self.options.has(syntax::NO_LONE_OPERATORS)
            {
                return Err(Problem::Repetition);
            }
            if self.options.has(syntax::OPERATORS_ANYWHERE) {
                self.at += if self.is('\\') { 2 } else { 1 };
                return if self.ends_here() { plain(Node::Empty) } else { self.atom(first) };
            }
            // It is the character.
            self.at += if self.is('\\') { 2 } else { 1 };
            return plain(Node::Character(self.text[self.at - 1]));
        }
        self.at += 1;
        match char::from_u32(character) {
            Some('\\') => self.escape(),
            Some('.') => plain(Node::Any),
            Some('[') => plain(Node::Set(self.bracket()?)),
            Some('^') if self.options.has(syntax::ANCHORS_ANYWHERE) || first || self.follows_newline() => {
                Ok((Node::At(Place::LineStart), true))
            }
            Some('$')
                if self.options.has(syntax::ANCHORS_ANYWHERE)
                    || self.peek().is_none()
                    || self.is_alternative()
                    || self.is_operator(')') =>
            {
                Ok((Node::At(Place::LineEnd), true))
            }
            _ => plain(Node::Character(character)),
        }
    }

    /// Where a newline separates alternatives, a line begins behind it.
    fn follows_newline(&self) -> bool {
        let before = self.at.checked_sub(2).and_then(|at| self.text.get(at));
        self.options.has(syntax::NEWLINE_ALTERNATIVE) && before == Some(&code('\n'))
    }

    fn escape(&mut self) -> Result<(Node, bool), Problem> {
        let Some(character) = self.peek() else { return Err(Problem::Backslash) };
        self.at += 1;
        let operators = !self.options.has(syntax::NO_GNU_OPERATORS);
        let word = |negated| {
            Node::Set(Set { negated, ranges: Vec::new(), classes: [Class::Word].into(), folds: false })
        };
        let space = |negated| {
            Node::Set(Set { negated, ranges: Vec::new(), classes: [Class::Space].into(), folds: false })
        };
        let node = match char::from_u32(character) {
            Some('w') if operators => word(false),
            Some('W') if operators => word(true),
            Some('s') if operators => space(false),
            Some('S') if operators => space(true),
            Some('b') if operators => Node::At(Place::WordEdge),
            Some('B') if operators => Node::At(Place::NoWordEdge),
            Some('<') if operators => Node::At(Place::WordStart),
            Some('>') if operators => Node::At(Place::WordEnd),
            Some('`') if operators => Node::At(Place::TextStart),
            Some('\'') if operators => Node::At(Place::TextEnd),
            Some(digit @ '1'..='9') if !self.options.has(syntax::NO_REFERENCES) => {
                let part = digit.to_digit(10).unwrap_or(0) as usize;
                if !self.closed.contains(&part) {
                    return Err(Problem::Reference);
                }
                self.references = true;
                Node::Reference(part)
            }
            _ => Node::Character(character),
        };
        let is_place = matches!(node, Node::At(_));
        Ok((node, is_place))
    }

    /// A bracket expression, behind its bracket.
    fn bracket(&mut self) -> Result<Set, Problem> {
        let negated = self.take('^');
        let mut set =
            Set { negated, ranges: Vec::new(), classes: BTreeSet::new(), folds: self.options.folds };
        if negated && self.options.has(syntax::LISTS_NOT_NEWLINE) {
            set.ranges.push((code('\n'), code('\n')));
        }
        if self.peek().is_none() {
            return Err(Problem::Pattern);
        }
        let start = self.at;
        loop {
            if self.peek().is_none() {
                return Err(Problem::Bracket);
            }
            if self.is(']') && self.at > start {
                self.at += 1;
                return Ok(set);
            }
            let classes = self.options.has(syntax::CLASSES);
            if classes && self.is('[') && self.text.get(self.at + 1) == Some(&code(':')) {
                let name = self.enclosed(':')?;
                let bytes: Vec<u8> = name.iter().map(|it| *it as u8).collect();
                set.classes.insert(Class::named(&bytes).ok_or(Problem::Class)?);
                continue;
            }
            let low = self.element()?;
            let is_range = self.is('-') && self.text.get(self.at + 1).is_some_and(|it| *it != code(']'));
            if !is_range {
                set.ranges.push((low, low));
                continue;
            }
            self.at += 1;
            let high = self.element()?;
            if high < low && self.options.has(syntax::NO_EMPTY_RANGES) {
                return Err(Problem::Range);
            }
            set.ranges.push((low, high));
        }
    }

    fn element(&mut self) -> Result<u32, Problem> {
        let Some(character) = self.peek() else { return Err(Problem::Bracket) };
        if character == code('[') {
            for mark in ['.', '='] {
                if self.text.get(self.at + 1) == Some(&code(mark)) {
                    return match self.enclosed(mark)?.as_slice() {
                        [one] => Ok(*one),
                        _ => Err(Problem::Collation),
                    };
                }
            }
        }
        if character == code('\\') && self.options.has(syntax::BACKSLASH_IN_LISTS) {
            self.at += 1;
            let escaped = self.peek().ok_or(Problem::Bracket)?;
            self.at += 1;
            return Ok(escaped);
        }
        self.at += 1;
        Ok(character)
    }

    /// What stands between `[x` and `x]`.
    fn enclosed(&mut self, mark: char) -> Result<Vec<u32>, Problem> {
        self.at += 2;
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.windows(2).position(|pair| pair == [code(mark), code(']')]);
        let end = end.ok_or(Problem::Bracket)?;
        let inner = rest[..end].to_vec();
        self.at += end + 2;
        Ok(inner)
    }
}

/// Writes the steps of a node.
fn emit(steps: &mut Vec<Step>, node: &Node) -> Result<(), Problem> {
    if steps.len() > LONGEST {
        return Err(Problem::Space);
    }
    match node {
        Node::Empty => {}
        Node::Character(character) => steps.push(Step::Character(*character)),
        Node::Any => steps.push(Step::Any),
        Node::Set(set) => steps.push(Step::Set(set.clone())),
        Node::At(place) => steps.push(Step::At(*place)),
        Node::Reference(part) => steps.push(Step::Reference(*part)),
        Node::Part(part, inner) => {
            steps.push(Step::Note(2 * part));
            emit(steps, inner)?;
            steps.push(Step::Note(2 * part + 1));
        }
        Node::Sequence(all) => {
            for node in all {
                emit(steps, node)?;
            }
        }
        Node::Either(all) => {
            let mut ends = Vec::new();
            for (index, node) in all.iter().enumerate() {
                let split = steps.len();
                if index + 1 < all.len() {
                    steps.push(Step::Split(split + 1, 0));
                }
                emit(steps, node)?;
                if index + 1 < all.len() {
                    ends.push(steps.len());
                    steps.push(Step::Jump(0));
                    let next = steps.len();
                    steps[split] = Step::Split(split + 1, next);
                }
            }
            let end = steps.len();
            for at in ends {
                steps[at] = Step::Jump(end);
            }
        }
        Node::Repeat { node, least, most } => {
            for _ in 0..*least {
                emit(steps, node)?;
            }
            match most {
                None => {
                    let split = steps.len();
                    steps.push(Step::Split(split + 1, 0));
                    emit(steps, node)?;
                    steps.push(Step::Jump(split));
                    let end = steps.len();
                    steps[split] = Step::Split(split + 1, end);
                }
                Some(most) => {
                    let mut splits = Vec::new();
                    for _ in *least..*most {
                        splits.push(steps.len());
                        steps.push(Step::Split(0, 0));
                        emit(steps, node)?;
                    }
                    let end = steps.len();
                    for split in splits {
                        steps[split] = Step::Split(split + 1, end);
                    }
                }
            }
        }
    }
    if steps.len() > LONGEST { Err(Problem::Space) } else { Ok(()) }
}

/// Compiles an expression.
pub(super) fn compile(text: &[u8], options: Options) -> Result<Program, Problem> {
    let (text, _) = characters(text, options.characters);
    let mut parser =
        Parser { text, at: 0, options, parts: 0, closed: BTreeSet::new(), references: false, depth: 0 };
    let node = parser.alternatives()?;
    if parser.at < parser.text.len() {
        return Err(Problem::LoneParenthesis);
    }
    let mut steps = Vec::new();
    emit(&mut steps, &node)?;
    steps.push(Step::Found);
    Ok(Program { steps, parts: parser.parts, references: parser.references, options })
}
