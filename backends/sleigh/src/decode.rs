//! [`Decoder`]: finds the constructors that an instruction is made of.

use std::sync::Arc;

use crate::{
    language::{Context, FieldAccess, Language, Space},
    layout::{self, CONSTRUCTOR, OPERAND},
};

/// How many bytes of an instruction are looked at.
const BUFFER: usize = 64;
/// How deep constructors may nest.
pub(crate) const MAX_DEPTH: u32 = 64;
/// How many constructors and operands an instruction may have.
const MAX_NODES: usize = 2048;
/// How many changes of the context a constructor may make.
const MAX_ACTIONS: u32 = 1 << 12;
/// How many patterns are compared for one instruction.
const MAX_PATTERNS: u32 = 1 << 16;
/// How many steps one expression may take.
const MAX_STEPS: u32 = 1 << 12;

/// Why bytes cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// They are no instruction of the processor in its context.
    #[error("no instruction")]
    Invalid,
    /// The instruction would be longer than the bytes that are there.
    #[error("the instruction has {needed} bytes, and {available} are there")]
    Truncated {
        /// How long it would be.
        needed: usize,
        /// How many bytes there are.
        available: usize,
    },
}

/// A constructor with its operands, or an operand that is not a table.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Node {
    /// The constructor's offset; 0 for other operands.
    pub(crate) constructor: u32,
    /// The operand's record; 0 for the root.
    pub(crate) operand: u32,
    pub(crate) parent: u32,
    /// The first operand; they stand in a row.
    pub(crate) first: u32,
    pub(crate) operands: u32,
    /// The first byte in the instruction.
    pub(crate) offset: u32,
    pub(crate) length: u32,
}

/// A change of the context from an address on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContextCommit {
    /// The address.
    pub address: u64,
    /// The bits that change.
    pub mask: u128,
    /// Their values.
    pub value: u128,
    /// Whether it holds for the instructions after that one too.
    pub flows: bool,
}

#[derive(Debug, Clone, Copy)]
struct Commit {
    node: u32,
    address: u32,
    mask: u128,
    /// What the bits are when the commit is made, which later changes of the
    /// context do not change.
    value: u128,
    flows: bool,
}

/// Decodes instructions, one after the other, and holds the last one.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use terrella_sleigh::{Context, Decoder, Language};
///
/// let language = std::sync::Arc::new(Language::from_bytes(&std::fs::read("x86-64.tsl")?)?);
/// let mut decoder = Decoder::new(language);
/// let length = decoder.decode(0x1000, &[0xc3], Context::default())?;
/// assert_eq!((length, decoder.text().as_str()), (1, "RET"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Decoder {
    pub(crate) language: Arc<Language>,
    pub(crate) nodes: Vec<Node>,
    buffer: [u8; BUFFER],
    pub(crate) address: u64,
    context: Context,
    pub(crate) length: u32,
    /// The address after the instruction.
    pub(crate) next: u64,
    /// The address after its delay slot too.
    pub(crate) after_slot: u64,
    /// The address after the next instruction, if that is asked for.
    pub(crate) next2: u64,
    /// The next instruction was asked for, and its bytes were not given.
    lacks_following: bool,
    flags: u32,
    /// How many patterns may still be compared.
    patterns: u32,
    commits: Vec<Commit>,
    /// Bytes of delay slots.
    delay_slot: u32,
    /// How many bytes an address of the default space stands for.
    pub(crate) word_size: u64,
    /// The last address of the default space in bytes.
    last_address: u64,
}

impl Decoder {
    /// A decoder of a language.
    #[must_use]
    pub fn new(language: Arc<Language>) -> Self {
        let space = language.spaces.get(language.default_space as usize);
        let word_size = space.map_or(1, |space| u64::from(space.word_size.max(1)));
        let last_address = space.and_then(Space::end).map_or(u64::MAX, |end| end - 1);
        Self {
            word_size,
            last_address,
            language,
            nodes: Vec::with_capacity(64),
            buffer: [0; BUFFER],
            address: 0,
            context: Context::default(),
            length: 0,
            next: 0,
            after_slot: 0,
            next2: 0,
            lacks_following: false,
            flags: 0,
            patterns: 0,
            commits: Vec::new(),
            delay_slot: 0,
        }
    }

    /// The language.
    #[must_use]
    pub fn language(&self) -> &Arc<Language> {
        &self.language
    }

    /// Decodes the instruction at `address`, whose bytes (and perhaps more)
    /// are given; its length in bytes.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(&mut self, address: u64, bytes: &[u8], context: Context) -> Result<usize, DecodeError> {
        let length = self.decode_one(address, bytes, context)?;
        self.lacks_following = false;
        if self.flags & layout::FLAG_NEXT2 != 0 {
            let mut following = Self::new(Arc::clone(&self.language));
            let rest = bytes.get(length..).unwrap_or_default();
            let skipped = match following.decode_one(self.next, rest, context) {
                Ok(length) => length,
                Err(DecodeError::Truncated { needed, .. }) => {
                    self.lacks_following = true;
                    needed
                }
                // What is no instruction is as long as the shortest one.
                Err(DecodeError::Invalid) => self.language.alignment.max(1) as usize,
            };
            self.next2 = self.wrap(self.next.wrapping_add(skipped as u64));
        }
        Ok(length)
    }

    fn decode_one(&mut self, address: u64, bytes: &[u8], context: Context) -> Result<usize, DecodeError> {
        let available = bytes.len().min(BUFFER - 16);
        self.buffer = [0; BUFFER];
        self.buffer[..available].copy_from_slice(&bytes[..available]);
        self.address = address;
        self.next = address;
        self.context = context;
        self.nodes.clear();
        self.commits.clear();
        self.delay_slot = 0;
        self.length = 0;
        self.flags = 0;
        self.patterns = MAX_PATTERNS;
        self.nodes.push(Node::default());
        let language = Arc::clone(&self.language);
        if self.table(&language, 0, 0, 0).is_none() {
            self.nodes.clear();
            return Err(DecodeError::Invalid);
        }
        let length = self.nodes[0].length.max(1);
        if length as usize > available {
            self.nodes.clear();
            return Err(DecodeError::Truncated { needed: length as usize, available: bytes.len() });
        }
        self.length = length;
        self.next = self.wrap(address.wrapping_add(u64::from(length)));
        self.after_slot = self.next;
        Ok(length as usize)
    }

    /// The address of the last instruction.
    #[must_use]
    pub const fn address(&self) -> u64 {
        self.address
    }

    /// The length of the last instruction in bytes, without a delay slot.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length as usize
    }

    /// Whether the last instruction depends on the length of the one after it.
    #[must_use]
    pub const fn looks_at_following(&self) -> bool {
        self.flags & layout::FLAG_NEXT2 != 0
    }

    /// Whether it does, and the bytes given ended before that one.
    #[must_use]
    pub const fn lacks_following(&self) -> bool {
        self.lacks_following
    }

    /// The bytes in the delay slots of the last instruction; 0 if it has
    /// none. At least one instruction executes there.
    #[must_use]
    pub const fn delay_slot(&self) -> usize {
        self.delay_slot as usize
    }

    /// Says how long the instructions in the delay slots are, which moves the
    /// address after the instruction. To be called before lifting.
    pub fn set_delay_slot_length(&mut self, length: usize) {
        self.after_slot = self.wrap(self.next.wrapping_add(length as u64));
    }

    /// Past the last address of the space of instructions comes the first.
    pub(crate) fn wrap(&self, address: u64) -> u64 {
        if address <= self.last_address { address } else { address % (self.last_address + 1) }
    }

    /// The context after the last instruction's own changes.
    #[must_use]
    pub const fn context(&self) -> Context {
        self.context
    }

    /// The changes of the context that the last instruction makes elsewhere.
    pub fn commits(&self) -> impl Iterator<Item = ContextCommit> + '_ {
        self.commits.iter().filter_map(|commit| {
            let address = match commit.address {
                layout::action::START => self.address,
                layout::action::NEXT => self.next,
                operand => {
                    let node = self.nodes.get(commit.node as usize)?;
                    let child = node.first + operand;
                    self.handle_address(child)?
                }
            };
            let Commit { mask, value, flows, .. } = *commit;
            Some(ContextCommit { address, mask, value, flows })
        })
    }

    /// Sixteen bytes from an offset on, the first one highest.
    fn window(&self, offset: u32) -> Option<u128> {
        let offset = offset as usize;
        let bytes = self.buffer.get(offset..offset + 16)?;
        let mut sixteen = [0; 16];
        sixteen.copy_from_slice(bytes);
        Some(u128::from_be_bytes(sixteen))
    }

    /// Finds the constructor of a table for a node whose offset is set, and
    /// all below it. `None`: nothing matches.
    fn table(&mut self, language: &Language, table: u32, index: usize, depth: u32) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        let offset = self.nodes[index].offset;
        let window = self.window(offset)?;
        let root = *language.tables.get(table as usize)? & 0x3fff_ffff;
        let constructor = find(language, root, window, self.context.0, &mut self.patterns)?;
        let head = language.word(constructor);
        let count = head & 0xff;
        self.flags |= head;
        let first = self.nodes.len();
        if first + count as usize > MAX_NODES {
            return None;
        }
        let lengths = language.word(constructor + 1);
        let node = &mut self.nodes[index];
        node.constructor = constructor;
        node.first = first as u32;
        node.operands = count;
        let records = language.offset(constructor + 2);
        for operand in 0..count {
            self.nodes.push(Node {
                operand: records + operand * OPERAND,
                parent: index as u32,
                ..Node::default()
            });
        }
        self.actions(language, index, language.offset(constructor + 3));
        let mut end = offset + (lengths & 0xff);
        for operand in 0..count as usize {
            let record = records + operand as u32 * OPERAND;
            let head = language.word(record);
            let begin = self.operand_offset(index, head);
            let child = first + operand;
            self.nodes[child].offset = begin;
            match head & 0xff {
                layout::operand::TABLE => {
                    self.table(language, language.word(record + 1), child, depth + 1)?
                }
                kind => {
                    self.nodes[child].length = head >> 24;
                    if matches!(
                        kind,
                        layout::operand::VARIABLES | layout::operand::NAMES | layout::operand::VALUES
                    ) {
                        // What is not in the list does not decode.
                        let raw = self.field(language, record, begin)?;
                        self.attached(language, record, raw)?;
                    }
                }
            }
            end = end.max(self.nodes[child].offset + self.nodes[child].length);
        }
        self.nodes[index].length = end - offset;
        let delay_slot = lengths >> 8 & 0xff;
        if delay_slot != 0 {
            self.delay_slot = delay_slot;
        }
        Some(())
    }

    fn actions(&mut self, language: &Language, index: usize, actions: u32) {
        if actions == 0 {
            return;
        }
        for number in 0..language.offset(actions).min(MAX_ACTIONS) {
            let head = language.word(actions + 1 + 2 * number);
            let data = language.offset(actions + 2 + 2 * number);
            let (high, low) = (head >> 8 & 0x7f, head >> 16 & 0x7f);
            if head & 0xff == layout::action::SET {
                let value = self.evaluate(language, data, index);
                self.context.set(high.min(low), low, value as u64);
            } else {
                let mut mask = Context::default();
                mask.set(high.min(low), low, u64::MAX);
                self.commits.push(Commit {
                    node: index as u32,
                    address: data & 0xff,
                    mask: mask.0,
                    value: self.context.0 & mask.0,
                    flows: data >> 8 & 1 != 0,
                });
            }
        }
    }

    /// Where an operand of a constructor begins.
    fn operand_offset(&self, constructor: usize, head: u32) -> u32 {
        let node = &self.nodes[constructor];
        let distance = head >> 16 & 0xff;
        match head >> 8 & 0xff {
            layout::operand::BEGINNING => node.offset + distance,
            base => {
                let before = self.nodes.get((node.first + base) as usize).copied().unwrap_or_default();
                before.offset + before.length + distance
            }
        }
    }

    /// The raw value of a field operand.
    pub(crate) fn field(&self, language: &Language, record: u32, offset: u32) -> Option<i64> {
        let access = FieldAccess::decode([language.word(record + 2), language.word(record + 3)]);
        Some(self.read_field(access, offset))
    }

    fn read_field(&self, access: FieldAccess, offset: u32) -> i64 {
        let bits = u32::from(access.bits).clamp(1, 64);
        let raw = if access.is_context {
            (self.context.0 >> (access.shift & 127)) as u64
        } else {
            let first = offset as usize + usize::from(access.first);
            let bytes = self.buffer.get(first..first + usize::from(access.size)).unwrap_or(&[]);
            let mut value = 0u64;
            if access.big_endian {
                for byte in bytes {
                    value = value << 8 | u64::from(*byte);
                }
            } else {
                for byte in bytes.iter().rev() {
                    value = value << 8 | u64::from(*byte);
                }
            }
            value >> (access.shift & 63)
        };
        let unused = 64 - bits;
        if access.signed { (raw << unused) as i64 >> unused } else { (raw << unused >> unused) as i64 }
    }

    /// What is attached to a field's value: a word of the list (a register or
    /// a text), or for values the value itself.
    pub(crate) fn attached(&self, language: &Language, record: u32, raw: i64) -> Option<i64> {
        let list = language.offset(record + 1);
        let count = language.offset(list);
        let index = u32::try_from(raw).ok().filter(|index| *index < count)?;
        if language.word(record) & 0xff == layout::operand::VALUES {
            let at = list + 1 + 3 * index;
            (language.word(at) != 0)
                .then(|| (u64::from(language.word(at + 1)) | u64::from(language.word(at + 2)) << 32) as i64)
        } else {
            language.word(list + 1 + index).checked_sub(1).map(i64::from)
        }
    }

    /// The value of an expression of a constructor.
    pub(crate) fn evaluate(&self, language: &Language, expression: u32, constructor: usize) -> i64 {
        self.compute(language, expression, constructor, &mut MAX_STEPS.clone(), 0)
    }

    fn compute(
        &self,
        language: &Language,
        expression: u32,
        constructor: usize,
        steps: &mut u32,
        nesting: u32,
    ) -> i64 {
        use layout::expression as codes;
        let mut stack = [0i64; codes::STACK + 1];
        let mut depth = 0;
        let mut at = expression + 1;
        let end = at + language.offset(expression);
        while at < end {
            let code = language.word(at);
            at += 1;
            // Only damaged languages and circles need as many.
            if *steps == 0 || depth > codes::STACK || nesting > MAX_DEPTH {
                return 0;
            }
            *steps -= 1;
            let value = match code & 0xff {
                codes::CONSTANT => {
                    let value = u64::from(language.word(at)) | u64::from(language.word(at + 1)) << 32;
                    at += 2;
                    value as i64
                }
                codes::FIELD => {
                    let access = FieldAccess::decode([language.word(at), language.word(at + 1)]);
                    at += 2;
                    self.read_field(access, self.nodes[constructor].offset)
                }
                codes::OPERAND => self.operand_value(language, constructor, code >> 8, steps, nesting),
                codes::START => (self.address / self.word_size) as i64,
                codes::CONSTRUCTOR_START => {
                    let offset = u64::from(self.nodes[constructor].offset);
                    (self.address.wrapping_add(offset) / self.word_size) as i64
                }
                codes::NEXT => (self.next / self.word_size) as i64,
                codes::NEXT2 => (self.next2 / self.word_size) as i64,
                codes::NEGATE => {
                    depth = depth.max(1) - 1;
                    stack[depth].wrapping_neg()
                }
                codes::NOT => {
                    depth = depth.max(1) - 1;
                    !stack[depth]
                }
                operator => {
                    depth = depth.max(2) - 2;
                    binary(operator, stack[depth], stack[depth + 1])
                }
            };
            stack[depth] = value;
            depth += 1;
        }
        stack[0]
    }

    /// The value of an operand in an expression: of fields the raw one.
    fn operand_value(
        &self,
        language: &Language,
        constructor: usize,
        operand: u32,
        steps: &mut u32,
        nesting: u32,
    ) -> i64 {
        let node = &self.nodes[constructor];
        if operand >= node.operands {
            return 0;
        }
        let record = language.offset(node.constructor + 2) + operand * OPERAND;
        let head = language.word(record);
        match head & 0xff {
            layout::operand::TABLE | layout::operand::REGISTER => 0,
            layout::operand::EXPRESSION => {
                self.compute(language, language.offset(record + 1), constructor, steps, nesting + 1)
            }
            _ => {
                let offset = self.operand_offset(constructor, head);
                self.field(language, record, offset).unwrap_or(0)
            }
        }
    }

    /// The number that an operand that is not a table or a register stands
    /// for.
    pub(crate) fn node_value(&self, index: usize) -> i64 {
        let node = &self.nodes[index];
        let language = &self.language;
        match language.word(node.operand) & 0xff {
            layout::operand::EXPRESSION => {
                self.evaluate(language, language.offset(node.operand + 1), node.parent as usize)
            }
            layout::operand::VALUES => {
                let raw = self.field(language, node.operand, node.offset).unwrap_or(0);
                self.attached(language, node.operand, raw).unwrap_or(0)
            }
            _ => self.field(language, node.operand, node.offset).unwrap_or(0),
        }
    }

    /// The constructor's words that say where it stands in its specification:
    /// the table and the line.
    #[must_use]
    pub fn constructor_line(&self) -> u32 {
        self.nodes.first().map_or(0, |node| self.language.word(node.constructor + CONSTRUCTOR - 1) >> 12)
    }
}

fn binary(operator: u32, left: i64, right: i64) -> i64 {
    use crate::{compile::expression::apply, spec::syntax::BinaryOperator as B};
    use layout::expression as codes;
    let operator = match operator {
        codes::ADD => B::Add,
        codes::SUBTRACT => B::Subtract,
        codes::MULTIPLY => B::Multiply,
        codes::DIVIDE => B::Divide,
        codes::SHIFT_LEFT => B::ShiftLeft,
        codes::SHIFT_RIGHT => B::ShiftRight,
        codes::AND => B::And,
        codes::OR => B::Or,
        codes::XOR => B::Xor,
        _ => return 0,
    };
    apply(operator, left, right)
}

/// Walks a decision tree.
fn find(language: &Language, root: u32, window: u128, context: u128, patterns: &mut u32) -> Option<u32> {
    use layout::pattern as flags;
    let mut at = root;
    // A tree is less deep than this; a damaged one might go in circles.
    for _ in 0..256 {
        let head = language.word(at);
        if head & 3 == 0 {
            for index in 0..head >> 2 {
                *patterns = patterns.checked_sub(1)?;
                let pattern = language.offset(at + 1 + index);
                let present = language.word(pattern + 1);
                let mut word = pattern + 2;
                let mut matches = true;
                for (flag, bits) in [
                    (flags::INSTRUCTION_HIGH, (window >> 64) as u64),
                    (flags::INSTRUCTION_LOW, window as u64),
                    (flags::CONTEXT_HIGH, (context >> 64) as u64),
                    (flags::CONTEXT_LOW, context as u64),
                ] {
                    if present & flag != 0 {
                        let long = |at| u64::from(language.word(at)) | u64::from(language.word(at + 1)) << 32;
                        matches &= bits & long(word) == long(word + 2);
                        word += 4;
                    }
                }
                if matches {
                    return Some(language.offset(pattern));
                }
            }
            return None;
        }
        let (start, bits) = (head >> 2 & 0x7f, (head >> 16 & 0xff).min(8));
        let source = if head & 3 == 1 { window } else { context };
        let value = (source >> 128u32.saturating_sub(start + bits).min(127)) as u32 & ((1 << bits) - 1);
        at = language.offset(at + 1 + value);
    }
    None
}
