//! The global names of a specification.

use hashbrown::HashMap;

use crate::{
    error::{Error, Result},
    language::{ContextField, Register, Space},
    spec::{
        source::{Position, Source},
        syntax::*,
    },
};

/// What a global name stands for; the numbers are positions in the lists of
/// [`Symbols`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symbol {
    Space(usize),
    Register(usize),
    BitRange(usize),
    UserOp(usize),
    Field(usize),
    Table(usize),
    Macro(usize),
    Start,
    Next,
    Next2,
    ConstructorStart,
}

/// Where a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a token, as the number of the token and the lowest and highest bit.
    Token(usize, u32, u32),
    /// In the context, as the positions of the highest and the lowest bit,
    /// counted from the beginning.
    Context(u32, u32),
}

#[derive(Debug, Clone)]
pub(crate) enum Attached {
    Nothing,
    Variables(Vec<Option<usize>>),
    Names(Vec<Option<String>>),
    Values(Vec<Option<i64>>),
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) place: Place,
    pub(crate) signed: bool,
    pub(crate) attached: Attached,
    /// Where something is attached, and the field as it is before that.
    pub(crate) before: Option<(Position, usize)>,
}

#[derive(Debug, Clone)]
pub(crate) struct TokenDefinition {
    /// In bytes.
    pub(crate) size: u32,
    pub(crate) big_endian: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct BitRange {
    pub(crate) register: usize,
    pub(crate) low: u32,
    pub(crate) bits: u32,
}

/// All global names of a specification.
pub(crate) struct Symbols<'a> {
    pub(crate) source: &'a Source,
    pub(crate) big_endian: bool,
    pub(crate) names: HashMap<String, Symbol>,
    pub(crate) spaces: Vec<Space>,
    pub(crate) default_space: usize,
    pub(crate) registers: Vec<Register>,
    pub(crate) bit_ranges: Vec<BitRange>,
    pub(crate) user_ops: Vec<String>,
    pub(crate) tokens: Vec<TokenDefinition>,
    pub(crate) fields: Vec<Field>,
    pub(crate) tables: Vec<String>,
    pub(crate) context: Vec<ContextField>,
}

/// How many spaces there may be.
const MAX_SPACES: usize = 200;
/// The largest offset that a register may have.
const MAX_REGISTER_OFFSET: u64 = 1 << 40;
/// The largest size of a register in bytes.
const MAX_REGISTER_SIZE: u64 = 1 << 20;

/// What Ghidra has operations of their own for, which only virtual machines
/// use; here they are user operations.
pub(crate) const VIRTUAL_MACHINES: [&str; 2] = ["cpool", "newobject"];

/// In the actions of a constructor, the address of its own first byte: that of
/// an extension word, for example, of which program counters are counted.
const CONSTRUCTOR_START: &str = "constructor_start";

impl<'a> Symbols<'a> {
    pub(crate) fn new(source: &'a Source, specification: &Specification) -> Result<Self> {
        let mut symbols = Self {
            source,
            big_endian: specification.big_endian,
            names: HashMap::new(),
            spaces: Vec::new(),
            default_space: 0,
            registers: Vec::new(),
            bit_ranges: Vec::new(),
            user_ops: Vec::new(),
            tokens: Vec::new(),
            fields: Vec::new(),
            tables: Vec::new(),
            context: Vec::new(),
        };
        for (name, symbol) in
            [("inst_start", Symbol::Start), ("inst_next", Symbol::Next), ("inst_next2", Symbol::Next2)]
        {
            symbols.names.insert(name.to_owned(), symbol);
        }
        // Ghidra has no name for it; it is for corrections of specifications, and
        // those that do not speak of it may define the name themselves.
        if source.text.contains(CONSTRUCTOR_START) {
            symbols.names.insert(CONSTRUCTOR_START.to_owned(), Symbol::ConstructorStart);
        }
        symbols.add_spaces(specification)?;
        symbols.add_registers(specification)?;
        symbols.add_fields(specification)?;
        for name in &specification.user_ops {
            let symbol = Symbol::UserOp(symbols.user_ops.len());
            symbols.add(name, symbol)?;
            symbols.user_ops.push(name.text.clone());
        }
        for name in VIRTUAL_MACHINES {
            if !symbols.names.contains_key(name) && source.text.contains(name) {
                symbols.names.insert(name.to_owned(), Symbol::UserOp(symbols.user_ops.len()));
                symbols.user_ops.push(name.to_owned());
            }
        }
        for (index, definition) in specification.macros.iter().enumerate() {
            symbols.add(&definition.name, Symbol::Macro(index))?;
        }
        // The root table is the first.
        symbols.names.insert("instruction".to_owned(), Symbol::Table(0));
        symbols.tables.push("instruction".to_owned());
        for constructor in &specification.constructors {
            let Some(name) = &constructor.table else { continue };
            match symbols.names.get(&name.text) {
                Some(Symbol::Table(_)) => {}
                Some(_) => return Err(symbols.wrong(name.at, format!("`{}` is not a table", name.text))),
                None => {
                    let symbol = Symbol::Table(symbols.tables.len());
                    symbols.add(name, symbol)?;
                    symbols.tables.push(name.text.clone());
                }
            }
        }
        symbols.attach(specification)?;
        Ok(symbols)
    }

    pub(crate) fn wrong(&self, at: Position, message: impl Into<String>) -> Error {
        Error::Meaning { place: self.source.place(at), message: message.into() }
    }

    fn add(&mut self, name: &Name, symbol: Symbol) -> Result<()> {
        match self.names.insert(name.text.clone(), symbol) {
            None => Ok(()),
            Some(_) => Err(self.wrong(name.at, format!("`{}` is defined twice", name.text))),
        }
    }

    fn add_spaces(&mut self, specification: &Specification) -> Result<()> {
        // The first two are those of constants and of temporaries.
        for name in ["const", "unique"] {
            self.names.insert(name.to_owned(), Symbol::Space(self.spaces.len()));
            self.spaces.push(Space {
                name: name.to_owned(),
                is_register: name == "unique",
                address_size: 8,
                word_size: 1,
            });
        }
        for space in &specification.spaces {
            if self.spaces.len() >= MAX_SPACES {
                return Err(self.wrong(space.name.at, format!("there are more than {MAX_SPACES} spaces")));
            }
            if !(1..=8).contains(&space.size) {
                return Err(self.wrong(space.name.at, "addresses have 1 to 8 bytes"));
            }
            if !(1..=8).contains(&space.word_size) {
                return Err(self.wrong(space.name.at, "words have 1 to 8 bytes"));
            }
            let index = self.spaces.len();
            self.add(&space.name, Symbol::Space(index))?;
            if space.is_default {
                self.default_space = index;
            }
            self.spaces.push(Space {
                name: space.name.text.clone(),
                is_register: space.is_register,
                address_size: space.size as u32,
                word_size: space.word_size as u32,
            });
        }
        if self.default_space == 0 {
            let at = specification.spaces.first().map_or(0, |space| space.name.at);
            return Err(self.wrong(at, "no space is the default"));
        }
        Ok(())
    }

    fn space(&self, name: &Name) -> Result<usize> {
        match self.names.get(&name.text) {
            Some(Symbol::Space(index)) => Ok(*index),
            _ => Err(self.wrong(name.at, format!("`{}` is not a space", name.text))),
        }
    }

    fn add_registers(&mut self, specification: &Specification) -> Result<()> {
        for group in &specification.varnodes {
            let space = self.space(&group.space)?;
            let Some(end) = group
                .size
                .checked_mul(group.names.len() as u64)
                .and_then(|all| all.checked_add(group.offset))
                .filter(|end| *end <= MAX_REGISTER_OFFSET && (1..=MAX_REGISTER_SIZE).contains(&group.size))
            else {
                return Err(self.wrong(group.space.at, "the registers are empty, too large or too far"));
            };
            debug_assert!(end >= group.offset);
            for (index, name) in group.names.iter().enumerate() {
                if name.text == "_" {
                    continue;
                }
                let symbol = Symbol::Register(self.registers.len());
                self.add(name, symbol)?;
                self.registers.push(Register {
                    name: name.text.clone(),
                    space: space as u32,
                    offset: group.offset + group.size * index as u64,
                    size: group.size as u32,
                });
            }
        }
        for range in &specification.bit_ranges {
            let register = self.register(&range.varnode)?;
            let end = range.low.saturating_add(range.bits);
            if end > 8 * u64::from(self.registers[register].size) || range.bits == 0 {
                return Err(self.wrong(range.name.at, "the bits are outside the register"));
            }
            let symbol = Symbol::BitRange(self.bit_ranges.len());
            self.add(&range.name, symbol)?;
            self.bit_ranges.push(BitRange { register, low: range.low as u32, bits: range.bits as u32 });
        }
        Ok(())
    }

    fn register(&self, name: &Name) -> Result<usize> {
        match self.names.get(&name.text) {
            Some(Symbol::Register(index)) => Ok(*index),
            _ => Err(self.wrong(name.at, format!("`{}` is not a register", name.text))),
        }
    }

    fn add_fields(&mut self, specification: &Specification) -> Result<()> {
        for token in &specification.tokens {
            if token.bits == 0 || token.bits % 8 != 0 || token.bits > 64 {
                return Err(self.wrong(token.name.at, "a token has 1 to 8 whole bytes"));
            }
            let index = self.tokens.len();
            self.tokens.push(TokenDefinition {
                size: token.bits as u32 / 8,
                big_endian: token.big_endian.unwrap_or(specification.big_endian),
            });
            for field in &token.fields {
                if field.low > field.high || field.high >= token.bits {
                    return Err(self.wrong(field.name.at, "the bits are outside the token"));
                }
                self.add_field(field, Place::Token(index, field.low as u32, field.high as u32))?;
            }
        }
        // Context registers stand one after the other.
        let mut begin = 0;
        let mut placed: HashMap<usize, u32> = HashMap::new();
        for context in &specification.contexts {
            let register = self.register(&context.varnode)?;
            let bits = 8 * self.registers[register].size;
            let base = *placed.entry(register).or_insert_with(|| {
                begin += bits;
                begin - bits
            });
            if begin > 128 {
                return Err(self.wrong(context.varnode.at, "the context has at most 128 bits"));
            }
            for field in &context.fields {
                if field.low > field.high || field.high >= u64::from(bits) || field.high - field.low >= 64 {
                    return Err(self.wrong(field.name.at, "the bits are outside the context register"));
                }
                let (high, low) = (base + field.low as u32, base + field.high as u32);
                self.add_field(field, Place::Context(high, low))?;
                self.context.push(ContextField {
                    name: field.name.text.clone(),
                    high,
                    low,
                    flows: !field.no_flow,
                });
            }
        }
        Ok(())
    }

    fn add_field(&mut self, field: &FieldSyntax, place: Place) -> Result<()> {
        let symbol = Symbol::Field(self.fields.len());
        self.add(&field.name, symbol)?;
        let (signed, attached) = (field.signed, Attached::Nothing);
        self.fields.push(Field { place, signed, attached, before: None });
        Ok(())
    }

    fn attach(&mut self, specification: &Specification) -> Result<()> {
        for attachment in &specification.attachments {
            let attached = match &attachment.list {
                AttachList::Variables(names) => {
                    let mut registers = Vec::with_capacity(names.len());
                    for name in names {
                        registers.push(name.as_ref().map(|name| self.register(name)).transpose()?);
                    }
                    Attached::Variables(registers)
                }
                AttachList::Names(names) => Attached::Names(names.clone()),
                AttachList::Values(values) => Attached::Values(values.clone()),
            };
            for name in &attachment.fields {
                let Some(Symbol::Field(field)) = self.names.get(&name.text).copied() else {
                    return Err(self.wrong(name.at, format!("`{}` is not a field", name.text)));
                };
                // What stands before in the text sees the field without it.
                if self.fields[field].before.is_none() {
                    let plain = self.fields.len();
                    self.fields.push(self.fields[field].clone());
                    self.fields[field].before = Some((name.at, plain));
                }
                self.fields[field].attached = attached.clone();
            }
        }
        Ok(())
    }
}
