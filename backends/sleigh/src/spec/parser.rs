//! The parser of definitions, constructors, patterns and actions.

use super::{
    lexer::{DisplayToken, Lexer, Token},
    semantics,
    source::{Position, Source},
    syntax::*,
};
use crate::error::Result;

/// How deep expressions and blocks may nest.
pub(crate) const MAX_DEPTH: usize = 200;
/// How many terms a pattern, or the expressions of a statement, may have.
const MAX_TERMS: usize = 500;

pub(crate) struct Parser<'a> {
    pub(crate) lexer: Lexer<'a>,
    pub(crate) depth: usize,
    /// How many terms there were since the constructor or statement began.
    pub(crate) terms: usize,
    /// The open `with` blocks.
    with: Vec<With>,
}

struct With {
    table: Option<Name>,
    pattern: Pattern,
    /// How many terms the pattern has.
    terms: usize,
    actions: Vec<Action>,
}

/// Parses a whole specification.
pub(crate) fn parse(source: &Source) -> Result<Specification> {
    let mut parser = Parser { lexer: Lexer::new(source), depth: 0, terms: 0, with: Vec::new() };
    let mut specification = Specification { alignment: 1, ..Specification::default() };
    loop {
        let at = parser.position();
        match parser.lexer.peek()? {
            Token::End if parser.with.is_empty() => return Ok(specification),
            Token::Name("define") => parser.define(&mut specification)?,
            Token::Name("attach") => {
                let attachment = parser.attach()?;
                specification.attachments.push(attachment);
            }
            Token::Name("macro") => {
                let definition = parser.macro_definition()?;
                specification.macros.push(definition);
            }
            Token::Name("with") => parser.begin_with()?,
            Token::Sign("}") if !parser.with.is_empty() => {
                parser.lexer.next()?;
                parser.with.pop();
            }
            Token::Name(_) | Token::Sign(":") => {
                let constructor = parser.constructor(at)?;
                specification.constructors.push(constructor);
            }
            _ => return Err(parser.lexer.unexpected("a definition or a constructor")),
        }
    }
}

impl<'a> Parser<'a> {
    pub(crate) fn position(&mut self) -> Position {
        self.lexer.skip();
        self.lexer.position()
    }

    /// Takes a sign if it comes next.
    pub(crate) fn take(&mut self, sign: &str) -> Result<bool> {
        self.lexer.skip();
        let begin = self.lexer.position();
        match self.lexer.next()? {
            Token::Sign(found) if found == sign => Ok(true),
            _ => {
                self.lexer.seek(begin);
                Ok(false)
            }
        }
    }

    pub(crate) fn expect(&mut self, sign: &str) -> Result<()> {
        if self.take(sign)? { Ok(()) } else { Err(self.lexer.unexpected(&format!("`{sign}`"))) }
    }

    /// Takes a keyword if it comes next.
    pub(crate) fn take_word(&mut self, word: &str) -> Result<bool> {
        self.lexer.skip();
        let begin = self.lexer.position();
        match self.lexer.next()? {
            Token::Name(found) if found == word => Ok(true),
            _ => {
                self.lexer.seek(begin);
                Ok(false)
            }
        }
    }

    pub(crate) fn name(&mut self, what: &str) -> Result<Name> {
        let at = self.position();
        match self.lexer.next()? {
            Token::Name(text) => Ok(Name { text: text.to_owned(), at }),
            _ => Err(self.lexer.unexpected_at(at, what)),
        }
    }

    pub(crate) fn integer(&mut self) -> Result<u64> {
        let at = self.position();
        match self.lexer.next()? {
            Token::Integer(value) => Ok(value),
            _ => Err(self.lexer.unexpected_at(at, "a number")),
        }
    }

    /// Counts a term: long chains of operators are as deep as trees.
    pub(crate) fn term(&mut self) -> Result<()> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(self.lexer.unexpected("fewer terms"));
        }
        Ok(())
    }

    pub(crate) fn nest(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.lexer.unexpected("something less deeply nested"));
        }
        Ok(())
    }

    // ---- constructors

    fn begin_with(&mut self) -> Result<()> {
        self.lexer.next()?;
        self.terms = self.with.last().map_or(0, |with| with.terms + 1);
        let table = match self.lexer.peek()? {
            Token::Name(_) => Some(self.name("the name of a table")?),
            _ => None,
        };
        self.expect(":")?;
        let pattern = match self.lexer.peek()? {
            Token::Sign("[" | "{") => Pattern::Always,
            _ => self.pattern()?,
        };
        let terms = self.terms;
        let actions = self.actions()?;
        self.expect("{")?;
        let outer = self.with.last();
        let table = table.or_else(|| outer.and_then(|with| with.table.clone()));
        let (pattern, actions) = match outer {
            None => (pattern, actions),
            Some(with) => {
                let mut all = with.actions.clone();
                all.extend(actions);
                (both(with.pattern.clone(), pattern), all)
            }
        };
        if self.with.len() >= MAX_DEPTH {
            return Err(self.lexer.unexpected("something less deeply nested"));
        }
        self.with.push(With { table, pattern, terms, actions });
        Ok(())
    }

    fn constructor(&mut self, at: Position) -> Result<ConstructorSyntax> {
        self.terms = self.with.last().map_or(0, |with| with.terms + 1);
        let mut table = match self.lexer.peek()? {
            Token::Name(_) => Some(self.name("the name of a table")?),
            _ => None,
        };
        self.expect(":")?;
        if table.as_ref().is_some_and(|table| table.text == "instruction") {
            table = None;
        }
        let in_block = self.with.last().and_then(|with| with.table.clone());
        let table = table.or(in_block);
        let is_root = table.as_ref().is_none_or(|table| table.text == "instruction");
        let table = if is_root { None } else { table };
        let display = self.display(is_root)?;
        let pattern = self.pattern()?;
        let actions = self.actions()?;
        let body = if self.take_word("unimpl")? { None } else { Some(semantics::body(self)?) };
        let (pattern, actions) = match self.with.last() {
            None => (pattern, actions),
            Some(with) => {
                let mut all = with.actions.clone();
                all.extend(actions);
                (both(with.pattern.clone(), pattern), all)
            }
        };
        Ok(ConstructorSyntax { table, at, display, pattern, actions, body })
    }

    /// The display section, with `is` taken.
    fn display(&mut self, is_root: bool) -> Result<Vec<Display>> {
        fn text(display: &mut Vec<Display>, more: &str) {
            match display.last_mut() {
                Some(Display::Text(text)) => text.push_str(more),
                _ => display.push(Display::Text(more.to_owned())),
            }
        }
        let mut display = Vec::new();
        // White space before the first piece and before `is` is not displayed.
        let mut space = false;
        let mut first = true;
        loop {
            let at = self.lexer.position();
            let token = self.lexer.next_display()?;
            if space && !matches!(token, DisplayToken::Space | DisplayToken::Is) && !first {
                text(&mut display, " ");
            }
            match token {
                DisplayToken::Is => return Ok(display),
                DisplayToken::Space => {
                    space = true;
                    continue;
                }
                DisplayToken::Join => {}
                // The mnemonic is a text.
                DisplayToken::Name(name) if first && is_root => text(&mut display, name),
                DisplayToken::Name(name) => {
                    display.push(Display::Operand(Name { text: name.to_owned(), at }));
                }
                DisplayToken::Text(more) => text(&mut display, more),
                DisplayToken::Character(character) => {
                    text(&mut display, character.encode_utf8(&mut [0; 4]));
                }
            }
            space = false;
            first = false;
        }
    }

    fn actions(&mut self) -> Result<Vec<Action>> {
        let mut actions = Vec::new();
        if !self.take("[")? {
            return Ok(actions);
        }
        while !self.take("]")? {
            let name = self.name("an assignment, `globalset` or `]`")?;
            if name.text == "globalset" {
                self.expect("(")?;
                let address = self.name("an operand")?;
                self.expect(",")?;
                let field = self.name("a context field")?;
                self.expect(")")?;
                actions.push(Action::Commit(address, field));
            } else {
                self.expect("=")?;
                self.terms = 0;
                let value = self.expression(0, true)?;
                actions.push(Action::Assign(name, value));
            }
            self.expect(";")?;
        }
        Ok(actions)
    }

    // ---- patterns: `|` binds least, then `;`, then `&`

    fn pattern(&mut self) -> Result<Pattern> {
        self.nest()?;
        self.term()?;
        let mut pattern = self.pattern_sequence()?;
        while self.take("|")? {
            self.term()?;
            let right = self.pattern_sequence()?;
            pattern = Pattern::Or(Box::new(pattern), Box::new(right));
        }
        self.depth -= 1;
        Ok(pattern)
    }

    fn pattern_sequence(&mut self) -> Result<Pattern> {
        let mut pattern = self.pattern_conjunction()?;
        while self.take(";")? {
            self.term()?;
            let right = self.pattern_conjunction()?;
            pattern = Pattern::Then(Box::new(pattern), Box::new(right));
        }
        Ok(pattern)
    }

    fn pattern_conjunction(&mut self) -> Result<Pattern> {
        let mut pattern = self.pattern_ellipsis()?;
        while self.take("&")? {
            self.term()?;
            let right = self.pattern_ellipsis()?;
            pattern = Pattern::And(Box::new(pattern), Box::new(right));
        }
        Ok(pattern)
    }

    fn pattern_ellipsis(&mut self) -> Result<Pattern> {
        let left = self.take("...")?;
        let mut pattern = self.pattern_atom()?;
        if self.take("...")? {
            pattern = Pattern::RightEllipsis(Box::new(pattern));
        }
        Ok(if left { Pattern::LeftEllipsis(Box::new(pattern)) } else { pattern })
    }

    fn pattern_atom(&mut self) -> Result<Pattern> {
        if self.take("(")? {
            let pattern = self.pattern()?;
            self.expect(")")?;
            return Ok(pattern);
        }
        let name = self.name("a pattern")?;
        let comparison = match self.lexer.peek()? {
            Token::Sign("=") => Comparison::Equal,
            Token::Sign("!=") => Comparison::NotEqual,
            Token::Sign("<") => Comparison::Less,
            Token::Sign("<=") => Comparison::LessEqual,
            Token::Sign(">") => Comparison::Greater,
            Token::Sign(">=") => Comparison::GreaterEqual,
            _ if name.text == "epsilon" => return Ok(Pattern::Always),
            _ => return Ok(Pattern::Symbol(name)),
        };
        self.lexer.next()?;
        Ok(Pattern::Constraint(name, comparison, self.expression(0, false)?))
    }

    // ---- expressions of patterns and actions, with the precedence of C

    fn expression(&mut self, minimum: u8, in_action: bool) -> Result<Expression> {
        self.nest()?;
        let mut left = self.expression_atom(in_action)?;
        loop {
            let begin = self.position();
            // `&` and `|` between patterns are no operators of expressions,
            // but `$and` and `$or` are.
            let spelt = self.lexer.peek_starts_with("$");
            let Token::Sign(sign) = self.lexer.next()? else {
                self.lexer.seek(begin);
                break;
            };
            let operator = match sign {
                "|" if in_action || spelt => Some((1, BinaryOperator::Or)),
                "^" if in_action || spelt => Some((2, BinaryOperator::Xor)),
                "&" if in_action || spelt => Some((3, BinaryOperator::And)),
                "<<" => Some((4, BinaryOperator::ShiftLeft)),
                ">>" => Some((4, BinaryOperator::ShiftRight)),
                "+" => Some((5, BinaryOperator::Add)),
                "-" => Some((5, BinaryOperator::Subtract)),
                "*" => Some((6, BinaryOperator::Multiply)),
                "/" => Some((6, BinaryOperator::Divide)),
                _ => None,
            };
            match operator {
                Some((precedence, operator)) if precedence > minimum => {
                    self.term()?;
                    let right = self.expression(precedence, in_action)?;
                    left = Expression::Binary(operator, Box::new(left), Box::new(right));
                }
                _ => {
                    self.lexer.seek(begin);
                    break;
                }
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    fn expression_atom(&mut self, in_action: bool) -> Result<Expression> {
        let at = self.position();
        match self.lexer.next()? {
            Token::Integer(value) => Ok(Expression::Integer(value)),
            Token::Name(text) => Ok(Expression::Symbol(Name { text: text.to_owned(), at })),
            Token::Sign("(") => {
                let inner = self.expression(0, in_action)?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Sign(sign @ ("-" | "~")) => {
                self.nest()?;
                let inner = self.expression_atom(in_action)?;
                self.depth -= 1;
                let operator = if sign == "-" { UnaryOperator::Negate } else { UnaryOperator::Not };
                Ok(Expression::Unary(operator, Box::new(inner)))
            }
            _ => Err(self.lexer.unexpected_at(at, "a value")),
        }
    }
}

fn both(left: Pattern, right: Pattern) -> Pattern {
    match (left, right) {
        (Pattern::Always, other) | (other, Pattern::Always) => other,
        (left, right) => Pattern::And(Box::new(left), Box::new(right)),
    }
}
