//! The parser of semantic sections.

use super::{lexer::Token, parser::Parser, source::Position, syntax::*};
use crate::error::Result;

/// Binary operators by precedence, those that bind least first.
const LEVELS: &[&[&str]] = &[
    &["||"],
    &["&&", "^^"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!=", "f==", "f!="],
    &["<", "<=", ">", ">=", "s<", "s<=", "s>", "s>=", "f<", "f<=", "f>", "f>="],
    &["<<", ">>", "s>>"],
    &["+", "-", "f+", "f-"],
    &["*", "/", "%", "s/", "s%", "f*", "f/"],
];

/// The largest size of a value in bytes.
const MAX_SIZE: u64 = 0x7fff;

/// `{ … }`.
pub(crate) fn body(parser: &mut Parser<'_>) -> Result<Vec<Statement>> {
    parser.expect("{")?;
    let mut statements = Vec::new();
    while !parser.take("}")? {
        let at = parser.position();
        parser.terms = 0;
        if let Some(kind) = statement(parser, at)? {
            statements.push(Statement { at, kind });
        }
    }
    Ok(statements)
}

fn statement(parser: &mut Parser<'_>, at: Position) -> Result<Option<StatementKind>> {
    let kind = match parser.lexer.peek()? {
        Token::Sign(";") => {
            parser.lexer.next()?;
            return Ok(None);
        }
        Token::Sign("<") => return Ok(Some(StatementKind::Label(label(parser)?))),
        Token::Sign("*") => {
            parser.lexer.next()?;
            let star = star(parser)?;
            let pointer = value(parser, 0)?;
            parser.expect("=")?;
            StatementKind::Store { star, pointer, value: value(parser, 0)? }
        }
        Token::Name("build") => {
            parser.lexer.next()?;
            StatementKind::Build(parser.name("an operand")?)
        }
        Token::Name("delayslot") => {
            parser.lexer.next()?;
            parser.expect("(")?;
            let bytes = parser.integer()?;
            parser.expect(")")?;
            StatementKind::DelaySlot(bytes)
        }
        Token::Name("goto") => {
            parser.lexer.next()?;
            StatementKind::Goto(target(parser)?)
        }
        Token::Name("if") => {
            parser.lexer.next()?;
            let condition = value(parser, 0)?;
            if !parser.take_word("goto")? {
                return Err(parser.lexer.unexpected("`goto`"));
            }
            StatementKind::If(condition, target(parser)?)
        }
        Token::Name("call") => {
            parser.lexer.next()?;
            StatementKind::CallTo(target(parser)?)
        }
        Token::Name("return") => {
            parser.lexer.next()?;
            parser.expect("[")?;
            let target = value(parser, 0)?;
            parser.expect("]")?;
            StatementKind::Return(target)
        }
        Token::Name("export") => {
            parser.lexer.next()?;
            StatementKind::Export(if parser.take("*")? {
                let star = star(parser)?;
                ExportSyntax::Star(star, value(parser, 0)?)
            } else {
                ExportSyntax::Value(value(parser, 0)?)
            })
        }
        Token::Name("local") => {
            parser.lexer.next()?;
            let target = parser.name("a name")?;
            let size = size(parser)?;
            if parser.take("=")? {
                StatementKind::Assign { target, local: true, size, value: value(parser, 0)? }
            } else {
                StatementKind::Declare(target, size)
            }
        }
        Token::Name(_) => {
            let name = parser.name("a name")?;
            if parser.take("(")? {
                StatementKind::Call(name, arguments(parser)?)
            } else if parser.take("[")? {
                let low = parser.integer()?;
                parser.expect(",")?;
                let bits = parser.integer()?;
                parser.expect("]")?;
                parser.expect("=")?;
                StatementKind::AssignBits { target: name, low, bits, value: value(parser, 0)? }
            } else {
                let size = size(parser)?;
                parser.expect("=")?;
                StatementKind::Assign { target: name, local: false, size, value: value(parser, 0)? }
            }
        }
        _ => return Err(parser.lexer.unexpected_at(at, "a statement or `}`")),
    };
    parser.expect(";")?;
    Ok(Some(kind))
}

fn size(parser: &mut Parser<'_>) -> Result<Option<u64>> {
    if !parser.take(":")? {
        return Ok(None);
    }
    let at = parser.position();
    let size = parser.integer()?;
    if (1..=MAX_SIZE).contains(&size) {
        Ok(Some(size))
    } else {
        Err(parser.lexer.unexpected_at(at, &format!("a size from 1 to {MAX_SIZE} bytes")))
    }
}

/// `[space]:size` after a `*`.
fn star(parser: &mut Parser<'_>) -> Result<Star> {
    let mut space = None;
    if parser.take("[")? {
        space = Some(parser.name("a space")?);
        parser.expect("]")?;
    }
    Ok(Star { space, size: size(parser)? })
}

fn label(parser: &mut Parser<'_>) -> Result<Name> {
    parser.expect("<")?;
    let name = parser.name("a label")?;
    parser.expect(">")?;
    Ok(name)
}

fn target(parser: &mut Parser<'_>) -> Result<Target> {
    match parser.lexer.peek()? {
        Token::Sign("<") => Ok(Target::Label(label(parser)?)),
        Token::Sign("[") => {
            parser.lexer.next()?;
            let value = value(parser, 0)?;
            parser.expect("]")?;
            Ok(Target::Indirect(value))
        }
        Token::Integer(address) => {
            parser.lexer.next()?;
            let mut space = None;
            if parser.take("[")? {
                space = Some(parser.name("a space")?);
                parser.expect("]")?;
            }
            Ok(Target::Address(address, space))
        }
        _ => Ok(Target::Symbol(parser.name("a destination")?)),
    }
}

fn arguments(parser: &mut Parser<'_>) -> Result<Vec<Value>> {
    let mut arguments = Vec::new();
    while !parser.take(")")? {
        arguments.push(value(parser, 0)?);
        if parser.lexer.peek()? != Token::Sign(")") {
            parser.expect(",")?;
        }
    }
    Ok(arguments)
}

/// An expression of operators from `level` on.
fn value(parser: &mut Parser<'_>, level: usize) -> Result<Value> {
    parser.nest()?;
    let result = climb(parser, level);
    parser.depth -= 1;
    result
}

fn climb(parser: &mut Parser<'_>, minimum: usize) -> Result<Value> {
    let mut left = unary(parser)?;
    loop {
        let at = parser.position();
        let Token::Sign(sign) = parser.lexer.next()? else {
            parser.lexer.seek(at);
            return Ok(left);
        };
        let level = LEVELS.iter().position(|signs| signs.contains(&sign));
        match level {
            Some(level) if level >= minimum => {
                parser.term()?;
                let right = value(parser, level + 1)?;
                left = Value { at, kind: ValueKind::Binary(sign, Box::new(left), Box::new(right)) };
            }
            _ => {
                parser.lexer.seek(at);
                return Ok(left);
            }
        }
    }
}

fn unary(parser: &mut Parser<'_>) -> Result<Value> {
    let at = parser.position();
    let kind = match parser.lexer.next()? {
        Token::Sign(sign @ ("!" | "~" | "-" | "f-")) => {
            parser.nest()?;
            let inner = unary(parser)?;
            parser.depth -= 1;
            ValueKind::Unary(sign, Box::new(inner))
        }
        Token::Sign("*") => {
            let star = star(parser)?;
            parser.nest()?;
            let pointer = unary(parser)?;
            parser.depth -= 1;
            ValueKind::Load(star, Box::new(pointer))
        }
        Token::Sign("&") => {
            let size = size(parser)?;
            ValueKind::AddressOf(size, parser.name("a register or an operand")?)
        }
        Token::Sign("(") => {
            let inner = value(parser, 0)?;
            parser.expect(")")?;
            return Ok(inner);
        }
        Token::Integer(number) => ValueKind::Integer(number, size(parser)?),
        Token::Name(text) => {
            let name = Name { text: text.to_owned(), at };
            if parser.take("(")? {
                ValueKind::Call(name, arguments(parser)?)
            } else if parser.take("[")? {
                let low = parser.integer()?;
                parser.expect(",")?;
                let bits = parser.integer()?;
                parser.expect("]")?;
                ValueKind::Bits(name, low, bits)
            } else {
                match size(parser)? {
                    Some(size) => ValueKind::Truncate(name, size),
                    None => ValueKind::Symbol(name),
                }
            }
        }
        _ => return Err(parser.lexer.unexpected_at(at, "a value")),
    };
    Ok(Value { at, kind })
}
