//! [`Language`]: a compiled specification.

use hashbrown::HashMap;

use crate::{
    error::{Error, Result},
    pcode::{SpaceId, Varnode},
};

/// An address space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// The name.
    pub name: String,
    /// Whether it holds registers (or temporaries), and not memory.
    pub is_register: bool,
    /// The size of its addresses in bytes.
    pub address_size: u32,
    /// How many bytes one address stands for.
    pub word_size: u32,
}

impl Space {
    /// The first address, in bytes, that is too large; `None` if all are
    /// possible.
    #[must_use]
    pub fn end(&self) -> Option<u64> {
        1u64.checked_shl(self.address_size.max(1).saturating_mul(8))?.checked_mul(self.word_size.into())
    }
}

/// A named register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// The name, as the specification spells it.
    pub name: String,
    /// The space.
    pub space: u32,
    /// The offset there, in bytes.
    pub offset: u64,
    /// The size in bytes.
    pub size: u32,
}

impl Register {
    /// The register as a varnode.
    #[must_use]
    pub const fn varnode(&self) -> Varnode {
        Varnode { space: SpaceId(self.space as u16), size: self.size, offset: self.offset }
    }
}

/// A field of the context: what a processor's mode adds to decoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextField {
    /// The name.
    pub name: String,
    /// The position of its highest bit, counted from the highest one of the
    /// context.
    pub high: u32,
    /// The position of its lowest bit.
    pub low: u32,
    /// Whether the following instructions have the value too.
    pub flows: bool,
}

/// The context that an instruction is decoded in: up to 128 bits, the first
/// of them highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Context(pub u128);

impl Context {
    /// The value of a field by the positions of its highest and lowest bit.
    #[must_use]
    pub const fn get(self, high: u32, low: u32) -> u64 {
        (self.0 >> (127 - (low & 127))) as u64 & field_mask(high, low)
    }

    /// Sets a field; bits that do not fit are dropped.
    pub const fn set(&mut self, high: u32, low: u32, value: u64) {
        let shift = 127 - (low & 127);
        let mask = (field_mask(high, low) as u128) << shift;
        self.0 = self.0 & !mask | (value as u128) << shift & mask;
    }
}

const fn field_mask(high: u32, low: u32) -> u64 {
    // At most the lowest 64 bits.
    u64::MAX >> 63u32.saturating_sub(low.saturating_sub(high))
}

/// How a field of a token or of the context is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FieldAccess {
    pub(crate) is_context: bool,
    pub(crate) big_endian: bool,
    pub(crate) signed: bool,
    /// The first byte, counted from the beginning of the token.
    pub(crate) first: u8,
    pub(crate) size: u8,
    pub(crate) shift: u8,
    pub(crate) bits: u8,
}

impl FieldAccess {
    pub(crate) fn encode(self) -> [u32; 2] {
        let flags =
            u32::from(self.is_context) | u32::from(self.big_endian) << 1 | u32::from(self.signed) << 2;
        [
            flags | u32::from(self.first) << 8 | u32::from(self.size) << 16,
            u32::from(self.shift) | u32::from(self.bits) << 8,
        ]
    }

    pub(crate) fn decode(words: [u32; 2]) -> Self {
        Self {
            is_context: words[0] & 1 != 0,
            big_endian: words[0] & 2 != 0,
            signed: words[0] & 4 != 0,
            first: (words[0] >> 8) as u8,
            size: (words[0] >> 16) as u8,
            shift: words[1] as u8,
            bits: (words[1] >> 8) as u8,
        }
    }
}

/// A compiled specification: everything that decoding, printing and lifting
/// need, in flat tables.
#[derive(Debug, Clone)]
pub struct Language {
    pub(crate) big_endian: bool,
    pub(crate) alignment: u32,
    pub(crate) default_space: u32,
    pub(crate) spaces: Vec<Space>,
    pub(crate) registers: Vec<Register>,
    pub(crate) user_ops: Vec<String>,
    pub(crate) context: Vec<ContextField>,
    pub(crate) texts: Vec<String>,
    /// The root node of each table's decision tree.
    pub(crate) tables: Vec<u32>,
    /// Everything else: see `layout.rs`.
    pub(crate) words: Vec<u32>,
    /// Registers by name.
    pub(crate) by_name: HashMap<String, u32>,
    /// Registers by space, offset and size.
    pub(crate) by_place: HashMap<(u32, u64, u32), u32>,
}

const MAGIC: u32 = 0x5453_4c00;
const VERSION: u32 = 2;

impl Language {
    /// Fills the tables that are not stored.
    pub(crate) fn index(&mut self) {
        self.by_name =
            self.registers.iter().enumerate().map(|(index, it)| (it.name.clone(), index as u32)).collect();
        self.by_place = HashMap::with_capacity(self.registers.len());
        for (index, it) in self.registers.iter().enumerate() {
            // The first name of a place is the one that is printed.
            self.by_place.entry((it.space, it.offset, it.size)).or_insert(index as u32);
        }
    }

    /// Whether the most significant byte of data comes first.
    #[must_use]
    pub const fn is_big_endian(&self) -> bool {
        self.big_endian
    }

    /// What instruction addresses are multiples of.
    #[must_use]
    pub const fn alignment(&self) -> u32 {
        self.alignment
    }

    /// The space of instructions.
    #[must_use]
    pub const fn default_space(&self) -> SpaceId {
        SpaceId(self.default_space as u16)
    }

    /// All spaces; those of constants and of temporaries come first.
    #[must_use]
    pub fn spaces(&self) -> &[Space] {
        &self.spaces
    }

    /// A space by its number.
    #[must_use]
    pub fn space(&self, id: SpaceId) -> Option<&Space> {
        self.spaces.get(usize::from(id.0))
    }

    /// All registers, in the order of the specification.
    #[must_use]
    pub fn registers(&self) -> &[Register] {
        &self.registers
    }

    /// The register called `name`, spelt as in the specification.
    #[must_use]
    pub fn register(&self, name: &str) -> Option<&Register> {
        self.by_name.get(name).and_then(|index| self.registers.get(*index as usize))
    }

    /// The register that a varnode is.
    #[must_use]
    pub fn register_at(&self, varnode: &Varnode) -> Option<&Register> {
        self.by_place
            .get(&(varnode.space.0.into(), varnode.offset, varnode.size))
            .and_then(|index| self.registers.get(*index as usize))
    }

    /// The names of the user operations, by number.
    #[must_use]
    pub fn user_ops(&self) -> &[String] {
        &self.user_ops
    }

    /// The fields of the context.
    #[must_use]
    pub fn context_fields(&self) -> &[ContextField] {
        &self.context
    }

    /// A field of the context by its name.
    #[must_use]
    pub fn context_field(&self, name: &str) -> Option<&ContextField> {
        self.context.iter().find(|field| field.name == name)
    }

    /// The bits of the context that the following instructions have too:
    /// those of no field that does not flow.
    #[must_use]
    pub fn flowing_context(&self) -> u128 {
        let mut masks = [Context::default(); 2];
        for field in &self.context {
            masks[usize::from(field.flows)].set(field.high, field.low, u64::MAX);
        }
        masks[1].0 & !masks[0].0
    }

    /// The compiled form as bytes, which [`Self::from_bytes`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer(Vec::with_capacity(4 * self.words.len() + 65536));
        writer.word(MAGIC);
        writer.word(VERSION);
        writer.word(u32::from(self.big_endian));
        writer.word(self.alignment);
        writer.word(self.default_space);
        writer.word(self.spaces.len() as u32);
        for space in &self.spaces {
            writer.text(&space.name);
            writer.word(u32::from(space.is_register));
            writer.word(space.address_size);
            writer.word(space.word_size);
        }
        writer.word(self.registers.len() as u32);
        for register in &self.registers {
            writer.text(&register.name);
            writer.word(register.space);
            writer.word(register.offset as u32);
            writer.word((register.offset >> 32) as u32);
            writer.word(register.size);
        }
        writer.word(self.context.len() as u32);
        for field in &self.context {
            writer.text(&field.name);
            writer.word(field.high);
            writer.word(field.low);
            writer.word(u32::from(field.flows));
        }
        for texts in [&self.user_ops, &self.texts] {
            writer.word(texts.len() as u32);
            for text in texts {
                writer.text(text);
            }
        }
        for words in [&self.tables, &self.words] {
            writer.word(words.len() as u32);
            for word in words {
                writer.word(*word);
            }
        }
        writer.0
    }

    /// Reads the compiled form.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader { bytes };
        if reader.word()? != MAGIC {
            return Err(Error::Damaged("it does not begin as one"));
        }
        if reader.word()? != VERSION {
            return Err(Error::Damaged("it is of another version"));
        }
        let mut language = Self {
            big_endian: reader.word()? != 0,
            alignment: reader.word()?,
            default_space: reader.word()?,
            spaces: Vec::new(),
            registers: Vec::new(),
            user_ops: Vec::new(),
            context: Vec::new(),
            texts: Vec::new(),
            tables: Vec::new(),
            words: Vec::new(),
            by_name: HashMap::new(),
            by_place: HashMap::new(),
        };
        for _ in 0..reader.count()? {
            language.spaces.push(Space {
                name: reader.text()?,
                is_register: reader.word()? != 0,
                address_size: reader.word()?,
                word_size: reader.word()?.max(1),
            });
        }
        for _ in 0..reader.count()? {
            language.registers.push(Register {
                name: reader.text()?,
                space: reader.word()?,
                offset: u64::from(reader.word()?) | u64::from(reader.word()?) << 32,
                size: reader.word()?,
            });
        }
        for _ in 0..reader.count()? {
            let field = ContextField {
                name: reader.text()?,
                high: reader.word()?,
                low: reader.word()?,
                flows: reader.word()? != 0,
            };
            if field.low > 127 || field.high > field.low || field.low - field.high > 63 {
                return Err(Error::Damaged("a context field has no place"));
            }
            language.context.push(field);
        }
        for _ in 0..reader.count()? {
            language.user_ops.push(reader.text()?);
        }
        for _ in 0..reader.count()? {
            language.texts.push(reader.text()?);
        }
        language.tables = reader.words()?;
        language.words = reader.words()?;
        if language.spaces.len() < 3 || language.default_space as usize >= language.spaces.len() {
            return Err(Error::Damaged("it has no space for instructions"));
        }
        language.index();
        Ok(language)
    }

    /// A word of the tables; 0 outside of them, which only a damaged language
    /// asks for.
    pub(crate) fn word(&self, at: u32) -> u32 {
        self.words.get(at as usize).copied().unwrap_or(0)
    }

    /// A word that says where something else is, or how many there are: small
    /// enough to be added to another one.
    pub(crate) fn offset(&self, at: u32) -> u32 {
        self.word(at) & 0x3fff_ffff
    }

    pub(crate) fn text(&self, index: u32) -> &str {
        self.texts.get(index as usize).map_or("", String::as_str)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn word(&mut self, word: u32) {
        self.0.extend_from_slice(&word.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.word(text.len() as u32);
        self.0.extend_from_slice(text.as_bytes());
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Result<&[u8]> {
        let (head, rest) = self.bytes.split_at_checked(count).ok_or(Error::Damaged("it ends too early"))?;
        self.bytes = rest;
        Ok(head)
    }

    fn word(&mut self) -> Result<u32> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// A number of things of at least four bytes each.
    fn count(&mut self) -> Result<usize> {
        let count = self.word()? as usize;
        if count > self.bytes.len() / 4 {
            return Err(Error::Damaged("it ends too early"));
        }
        Ok(count)
    }

    fn text(&mut self) -> Result<String> {
        let length = self.word()? as usize;
        let bytes = self.take(length)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| Error::Damaged("a text is not UTF-8"))
    }

    fn words(&mut self) -> Result<Vec<u32>> {
        let count = self.count()?;
        let bytes = self.take(4 * count)?;
        Ok(bytes.chunks_exact(4).map(|it| u32::from_le_bytes([it[0], it[1], it[2], it[3]])).collect())
    }
}
