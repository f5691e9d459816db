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

pub(crate) struct Parser<'a> {
    pub(crate) lexer: Lexer<'a>,
    pub(crate) depth: usize,
    /// The open `with` blocks.
    with: Vec<With>,
}

struct With {
    table: Option<Name>,
    pattern: Pattern,
    actions: Vec<Action>,
}

/// Parses a whole specification.
pub(crate) fn parse(source: &Source) -> Result<Specification> {
    let mut parser = Parser { lexer: Lexer::new(source), depth: 0, with: Vec::new() };
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

    pub(crate) fn nest(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.lexer.unexpected("something less deeply nested"));
        }
        Ok(())
    }

    // ---- definitions

    fn define(&mut self, specification: &mut Specification) -> Result<()> {
        self.lexer.next()?;
        let what = self.name("what is defined")?;
        match what.text.as_str() {
            "endian" => {
                self.expect("=")?;
                specification.big_endian = self.endianness()?;
            }
            "alignment" => {
                self.expect("=")?;
                specification.alignment = self.integer()?;
            }
            "space" => {
                let space = self.space()?;
                specification.spaces.push(space);
            }
            "token" => {
                let token = self.token()?;
                specification.tokens.push(token);
            }
            "context" => {
                let varnode = self.name("a register")?;
                let fields = self.fields()?;
                specification.contexts.push(ContextSyntax { varnode, fields });
                return Ok(());
            }
            "pcodeop" => {
                while !self.take(";")? {
                    specification.user_ops.push(self.name("the name of a user operation")?);
                }
                return Ok(());
            }
            "bitrange" => {
                while !self.take(";")? {
                    let name = self.name("the name of a bit range")?;
                    self.expect("=")?;
                    let varnode = self.name("a register")?;
                    self.expect("[")?;
                    let low = self.integer()?;
                    self.expect(",")?;
                    let bits = self.integer()?;
                    self.expect("]")?;
                    specification.bit_ranges.push(BitRangeSyntax { name, varnode, low, bits });
                }
                return Ok(());
            }
            _ => {
                let varnodes = self.varnodes(what)?;
                specification.varnodes.push(varnodes);
            }
        }
        self.expect(";")
    }

    fn endianness(&mut self) -> Result<bool> {
        let at = self.position();
        match self.name("`big` or `little`")?.text.as_str() {
            "big" => Ok(true),
            "little" => Ok(false),
            _ => Err(self.lexer.unexpected_at(at, "`big` or `little`")),
        }
    }

    fn space(&mut self) -> Result<SpaceSyntax> {
        let name = self.name("the name of a space")?;
        let mut space = SpaceSyntax { name, is_register: false, size: 0, word_size: 1, is_default: false };
        while self.lexer.peek()? != Token::Sign(";") {
            let at = self.position();
            match self.name("`type`, `size`, `wordsize` or `default`")?.text.as_str() {
                "default" => space.is_default = true,
                "type" => {
                    self.expect("=")?;
                    let at = self.position();
                    space.is_register = match self.name("the type of a space")?.text.as_str() {
                        "register_space" => true,
                        "ram_space" | "rom_space" => false,
                        _ => return Err(self.lexer.unexpected_at(at, "`ram_space` or `register_space`")),
                    };
                }
                "size" => {
                    self.expect("=")?;
                    space.size = self.integer()?;
                }
                "wordsize" => {
                    self.expect("=")?;
                    space.word_size = self.integer()?;
                }
                _ => return Err(self.lexer.unexpected_at(at, "`type`, `size`, `wordsize` or `default`")),
            }
        }
        Ok(space)
    }

    fn varnodes(&mut self, space: Name) -> Result<VarnodeSyntax> {
        let mut varnodes = VarnodeSyntax { space, offset: 0, size: 0, names: Vec::new() };
        loop {
            let at = self.position();
            match self.lexer.peek()? {
                Token::Name("offset") => {
                    self.lexer.next()?;
                    self.expect("=")?;
                    varnodes.offset = self.integer()?;
                }
                Token::Name("size") => {
                    self.lexer.next()?;
                    self.expect("=")?;
                    varnodes.size = self.integer()?;
                }
                Token::Sign("[") => {
                    self.lexer.next()?;
                    while !self.take("]")? {
                        varnodes.names.push(self.name("the name of a register, or `]`")?);
                    }
                    return Ok(varnodes);
                }
                Token::Name(_) => {
                    varnodes.names.push(self.name("the name of a register")?);
                    return Ok(varnodes);
                }
                _ => return Err(self.lexer.unexpected_at(at, "`offset`, `size` or `[`")),
            }
        }
    }

    fn token(&mut self) -> Result<TokenSyntax> {
        let name = self.name("the name of a token")?;
        self.expect("(")?;
        let bits = self.integer()?;
        self.expect(")")?;
        let mut big_endian = None;
        if self.take_word("endian")? {
            self.expect("=")?;
            big_endian = Some(self.endianness()?);
        }
        let mut fields = Vec::new();
        while self.lexer.peek()? != Token::Sign(";") {
            fields.push(self.field()?);
        }
        Ok(TokenSyntax { name, bits, big_endian, fields })
    }

    fn fields(&mut self) -> Result<Vec<FieldSyntax>> {
        let mut fields = Vec::new();
        while !self.take(";")? {
            fields.push(self.field()?);
        }
        Ok(fields)
    }

    fn field(&mut self) -> Result<FieldSyntax> {
        let name = self.name("the name of a field, or `;`")?;
        self.expect("=")?;
        self.expect("(")?;
        let low = self.integer()?;
        self.expect(",")?;
        let high = self.integer()?;
        self.expect(")")?;
        let mut field = FieldSyntax { name, low, high, signed: false, no_flow: false };
        loop {
            match self.lexer.peek()? {
                Token::Name("signed") => field.signed = true,
                Token::Name("noflow") => field.no_flow = true,
                // All numbers are printed in hexadecimal.
                Token::Name("hex" | "dec") => {}
                _ => return Ok(field),
            }
            self.lexer.next()?;
        }
    }

    fn attach(&mut self) -> Result<AttachSyntax> {
        self.lexer.next()?;
        let kind = self.name("`variables`, `names` or `values`")?;
        let mut fields = Vec::new();
        if self.take("[")? {
            while !self.take("]")? {
                fields.push(self.name("the name of a field, or `]`")?);
            }
        } else {
            fields.push(self.name("the name of a field")?);
        }
        // A list of one may stand without brackets.
        let bracket = self.take("[")?;
        let list = match kind.text.as_str() {
            "variables" => {
                let mut list = Vec::new();
                while !(bracket && self.take("]")?) {
                    let name = self.name("the name of a register, `_` or `]`")?;
                    list.push((name.text != "_").then_some(name));
                    if !bracket {
                        break;
                    }
                }
                AttachList::Variables(list)
            }
            "names" => {
                let mut list = Vec::new();
                loop {
                    let at = self.position();
                    match self.lexer.next()? {
                        Token::Sign("]") if bracket => break,
                        Token::Name("_") => list.push(None),
                        Token::Name(text) | Token::Text(text) => list.push(Some(text.to_owned())),
                        _ => return Err(self.lexer.unexpected_at(at, "a text, `_` or `]`")),
                    }
                    if !bracket {
                        break;
                    }
                }
                AttachList::Names(list)
            }
            "values" => {
                let mut list = Vec::new();
                loop {
                    let at = self.position();
                    match self.lexer.next()? {
                        Token::Sign("]") if bracket => break,
                        Token::Name("_") => list.push(None),
                        Token::Integer(value) => list.push(Some(value as i64)),
                        Token::Sign("-") => list.push(Some((self.integer()? as i64).wrapping_neg())),
                        _ => return Err(self.lexer.unexpected_at(at, "a number, `_` or `]`")),
                    }
                    if !bracket {
                        break;
                    }
                }
                AttachList::Values(list)
            }
            _ => return Err(self.lexer.unexpected_at(kind.at, "`variables`, `names` or `values`")),
        };
        self.expect(";")?;
        Ok(AttachSyntax { fields, list })
    }

    fn macro_definition(&mut self) -> Result<MacroSyntax> {
        self.lexer.next()?;
        let name = self.name("the name of a macro")?;
        self.expect("(")?;
        let mut parameters = Vec::new();
        while !self.take(")")? {
            parameters.push(self.name("a parameter, or `)`")?);
            if self.lexer.peek()? != Token::Sign(")") {
                self.expect(",")?;
            }
        }
        let body = semantics::body(self)?;
        Ok(MacroSyntax { name, parameters, body })
    }

    // ---- constructors

    fn begin_with(&mut self) -> Result<()> {
        self.lexer.next()?;
        let table = match self.lexer.peek()? {
            Token::Name(_) => Some(self.name("the name of a table")?),
            _ => None,
        };
        self.expect(":")?;
        let pattern = match self.lexer.peek()? {
            Token::Sign("[" | "{") => Pattern::Always,
            _ => self.pattern()?,
        };
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
        self.with.push(With { table, pattern, actions });
        Ok(())
    }

    fn constructor(&mut self, at: Position) -> Result<ConstructorSyntax> {
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
        let mut pattern = self.pattern_sequence()?;
        while self.take("|")? {
            let right = self.pattern_sequence()?;
            pattern = Pattern::Or(Box::new(pattern), Box::new(right));
        }
        self.depth -= 1;
        Ok(pattern)
    }

    fn pattern_sequence(&mut self) -> Result<Pattern> {
        let mut pattern = self.pattern_conjunction()?;
        while self.take(";")? {
            let right = self.pattern_conjunction()?;
            pattern = Pattern::Then(Box::new(pattern), Box::new(right));
        }
        Ok(pattern)
    }

    fn pattern_conjunction(&mut self) -> Result<Pattern> {
        let mut pattern = self.pattern_ellipsis()?;
        while self.take("&")? {
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
