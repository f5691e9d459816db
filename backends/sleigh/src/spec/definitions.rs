//! The parser of definitions, attachments and macros.

use super::{lexer::Token, parser::Parser, semantics, syntax::*};
use crate::error::Result;

impl Parser<'_> {
    pub(super) fn define(&mut self, specification: &mut Specification) -> Result<()> {
        self.lexer.next()?;
        let what = self.name("what is defined")?;
        match what.text.as_str() {
            "endian" => {
                self.expect("=")?;
                specification.big_endian = self.endianness()?;
            }
            "alignment" => {
                self.expect("=")?;
                let at = self.position();
                specification.alignment = self.integer()?;
                if !(1..=1 << 16).contains(&specification.alignment) {
                    return Err(self.lexer.unexpected_at(at, "an alignment from 1 on"));
                }
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

    pub(super) fn attach(&mut self) -> Result<AttachSyntax> {
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

    pub(super) fn macro_definition(&mut self) -> Result<MacroSyntax> {
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
}
